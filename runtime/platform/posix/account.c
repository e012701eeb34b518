#include "platform/sysinfo.h"

#include "base/mem.h"

#include <errno.h>
#include <pwd.h>

enum { ENTRY_MOST = 1 << 20 };

enum ts_code ts_user_find(const char *name, uint32_t *uid, uint32_t *gid,
                          struct ts_err *err)
{
    struct passwd entry, *found = NULL;
    size_t room = 1024;
    char *text = NULL;
    int64_t number;
    int rc;

    do {
        room *= 2;
        text = ts_realloc_array(text, room, 1);
        rc = getpwnam_r(name, &entry, text, room, &found);
        if (rc == 0 && !found && ts_str_int(ts_str_of(name), &number) && number >= 0 &&
            number < UINT32_MAX) {
            rc = getpwuid_r((uid_t)number, &entry, text, room, &found);
        }
    } while (rc == ERANGE && room < ENTRY_MOST);
    if (found) {
        *uid = entry.pw_uid;
        *gid = entry.pw_gid;
    }
    ts_free(text);
    if (found) {
        return TS_OK;
    }
    /* Some name services answer "no such account" with an error. */
    if (rc == 0 || rc == ENOENT || rc == ESRCH || rc == EBADF || rc == EPERM) {
        return ts_fail(err, TS_ENOTFOUND, "there is no account \"%s\" on this system",
                       name);
    }
    return ts_fail_os(err, rc, "the account \"%s\" cannot be looked up", name);
}
