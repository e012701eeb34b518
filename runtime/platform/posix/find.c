/* find.c - where a program is. */
#include "platform/proc.h"

#include "base/mem.h"
#include "platform/drives.h"
#include "platform/fs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What keeps a file from being run, NULL if nothing. */
static const char *obstacle(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return "";
    }
    if (S_ISDIR(st.st_mode)) {
        return " (a folder)";
    }
    return access(path, X_OK) == 0 ? NULL : " (not executable)";
}

/* Look at one place; note it when the program is not there. */
static bool look_at(char **out, const char *name, const char *folder, struct ts_buf *seen)
{
    char *path = NULL;

    if (ts_path_native(&path, name, folder, NULL) != TS_OK) {
        ts_buf_fmt(seen, "%s%s", seen->n ? ", " : "", name);
        return false;
    }
    const char *why = obstacle(path);
    if (!why) {
        *out = path;
        return true;
    }
    ts_buf_fmt(seen, "%s%s%s", seen->n ? ", " : "", path, why);
    ts_free(path);
    return false;
}

static bool look_in_path(char **out, const char *name, struct ts_buf *seen)
{
    const char *path = getenv("PATH");
    ts_str rest = ts_str_of(path ? path : "/usr/local/bin:/usr/bin:/bin"), part;
    bool found = false;

    while (!found && ts_str_cut(&rest, ':', &part)) {
        /* An empty part means the current folder, which nobody wants searched. */
        char *folder = part.n ? ts_str_dup(part) : NULL;
        found = folder && look_at(out, name, folder, seen);
        ts_free(folder);
    }
    return found;
}

enum ts_code ts_proc_find(char **out, const char *name, const char *cwd,
                          const char *const *folders, struct ts_err *err)
{
    struct ts_buf seen = {0};
    bool found = false;

    *out = NULL;
    if (!name || name[0] == '\0') {
        return ts_fail(err, TS_EINPUT, "no program is named");
    }
    if (strpbrk(name, "/\\") || ts_path_has_letter(ts_str_of(name))) {
        found = look_at(out, name, cwd, &seen);
    } else {
        for (size_t i = 0; !found && folders && folders[i]; i++) {
            found = look_at(out, name, folders[i], &seen);
        }
        found = found || look_in_path(out, name, &seen);
    }
    enum ts_code rc = TS_OK;
    if (!found) {
        rc = ts_fail(err, TS_ENOTFOUND, "cannot find the program %s; looked for %s", name,
                     ts_buf_text(&seen));
    }
    ts_buf_free(&seen);
    return rc;
}
