#include "support.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>

const char *eval_bounded(const struct ts_lua_bounds *b, const char *text,
                         enum ts_code *code)
{
    static char out[4096];
    struct ts_err err = {0};
    lua_State *L = ts_sandbox_new(b);

    *code = ts_sandbox_run(L, ts_str_of(text), "t.lua", &err);
    if (*code == TS_OK) {
        snprintf(out, sizeof out, "%s", luaL_tolstring(L, -1, NULL));
    } else {
        snprintf(out, sizeof out, "!%s", err.text);
    }
    ts_sandbox_free(L);
    return out;
}

const char *eval(const char *text)
{
    enum ts_code code;

    return eval_bounded(NULL, text, &code);
}
