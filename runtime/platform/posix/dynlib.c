#include "platform/dynlib.h"

#include "base/buf.h"
#include "base/mem.h"

#include <dlfcn.h>
#include <string.h>

struct ts_dynlib {
    void *handle;
};

enum ts_code ts_dynlib_open(struct ts_dynlib **out, const char *const *names,
                            struct ts_err *err)
{
    struct ts_buf tried = {0};

    *out = NULL;
    for (size_t i = 0; names[i]; i++) {
        void *handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        if (handle) {
            ts_buf_free(&tried);
            *out = ts_alloc(sizeof **out);
            (*out)->handle = handle;
            return TS_OK;
        }
        ts_buf_fmt(&tried, "%s%s", i ? ", " : "", names[i]);
    }
    enum ts_code rc =
        ts_fail(err, TS_ENOTFOUND, "none of these libraries could be loaded: %s",
                ts_buf_text(&tried));
    ts_buf_free(&tried);
    return rc;
}

void (*ts_dynlib_symbol(struct ts_dynlib *l, const char *name))(void)
{
    void *p = dlsym(l->handle, name);
    void (*fn)(void);

    /* ISO C has no cast from an object to a function; POSIX says this works. */
    memcpy(&fn, &p, sizeof fn);
    return fn;
}
