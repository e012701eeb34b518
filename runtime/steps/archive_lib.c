#include "steps/archive_lib.h"

#include "platform/dynlib.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define NAME_OF(name) {"archive_" #name, offsetof(struct ts_archive_lib, name)},
static const struct {
    const char *name;
    size_t at;
} functions[] = {TS_ARCHIVE_FUNCTIONS(NAME_OF)};
#undef NAME_OF

enum ts_code ts_archive_lib(const struct ts_archive_lib **out, struct ts_err *err)
{
    static const char *const names[] = {"libarchive.so.13", "libarchive.so",
                                        "libarchive-13.dll", "archive.dll", NULL};
    static struct ts_archive_lib lib;
    static bool loaded;
    static struct ts_dynlib *l; /* stays loaded */

    *out = &lib;
    if (loaded) {
        return TS_OK;
    }
    if (ts_dynlib_open(&l, names, err) != TS_OK) {
        return ts_fail(err, TS_ENOTFOUND,
                       "archives need libarchive (package libarchive13): %s",
                       err ? err->text : "");
    }
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        void (*fn)(void) = ts_dynlib_symbol(l, functions[i].name);
        if (!fn) {
            return ts_fail(err, TS_ENOTFOUND, "libarchive has no function %s",
                           functions[i].name);
        }
        memcpy((char *)&lib + functions[i].at, &fn, sizeof fn);
    }
    loaded = true;
    return TS_OK;
}
