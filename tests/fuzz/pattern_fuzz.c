/* The sandbox's own pattern functions beside those of Lua: the same results, or both
 * fail.
 *
 * Input: function, init, pattern up to a zero byte, replacement up to a zero byte, text.
 */
#include "fuzz.h"

#include "script/script.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

static const char *const functions[] = {
    "string.find(text, pattern, init)",
    "string.match(text, pattern, init)",
    "string.find(text, pattern, init, true)",
    "string.gsub(text, pattern, repl)",
    "string.gsub(text, pattern, repl, init)",
    "string.gsub(text, pattern, { a = 'x', b = false, ['1'] = 2 })",
    "string.gsub(text, pattern, function(a, b) return b and a end)",
    "all(text, pattern)",
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* Results as one text. */
static const char frame[] = "local function all(text, pattern) local t = {} "
                            "for a, b in string.gmatch(text, pattern) do "
                            "t[#t + 1] = tostring(a) .. '|' .. tostring(b) end "
                            "return table.concat(t, ';') end "
                            "local t = table.pack(%s) for i = 1, t.n do t[i] = "
                            "type(t[i]) .. ':' .. tostring(t[i]) end "
                            "return t.n .. ' ' .. table.concat(t, ' ')";

/* What Lua takes exponential time for is left out: the sandbox stops there. */
static bool is_tame(ts_str pattern)
{
    int repeats = 0;

    for (size_t i = 0; i < pattern.n; i++) {
        repeats += strchr("*+-?", pattern.p[i]) != NULL;
    }
    return repeats <= 3 && pattern.n <= 60;
}

static void set(lua_State *L, const char *name, ts_str s)
{
    lua_pushlstring(L, s.p, s.n);
    lua_setglobal(L, name);
}

static void set_all(lua_State *L, ts_str pattern, ts_str repl, ts_str text, int init)
{
    set(L, "pattern", pattern);
    set(L, "repl", repl);
    set(L, "text", text);
    lua_pushinteger(L, init);
    lua_setglobal(L, "init");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ts_lua_bounds bounds = {.instructions = 20000000, .time_ms = 20000};
    struct fuzz_bytes in = {data, size};
    const char *function = functions[fuzz_u8(&in) % FUNCTIONS];
    int init = (int)fuzz_u8(&in) - 8;
    ts_str pattern = fuzz_until(&in, '\0'), repl = fuzz_until(&in, '\0');
    ts_str text = fuzz_take(&in, 200);
    char source[600];
    struct ts_err err = {0};
    size_t n, m;

    if (!is_tame(pattern)) {
        return 0;
    }
    snprintf(source, sizeof source, frame, function);
    lua_State *L = ts_sandbox_new(&bounds), *plain = luaL_newstate();
    luaL_openlibs(plain);
    set_all(L, pattern, repl, text, init);
    set_all(plain, pattern, repl, text, init);
    bool ours = ts_sandbox_run(L, ts_str_of(source), "ours", &err) == TS_OK;
    bool theirs = luaL_dostring(plain, source) == LUA_OK;
    const char *a = ours ? lua_tolstring(L, -1, &n) : NULL;
    const char *b = lua_tolstring(plain, -1, &m);
    FUZZ_CHECK(ours == theirs, "%s\nours: %s\ntheirs: %s", function, ours ? a : err.text,
               b);
    FUZZ_CHECK(!ours || (n == m && memcmp(a, b, n) == 0), "%s\nours: %s\ntheirs: %s",
               function, a, b);
    lua_close(plain);
    ts_sandbox_free(L);
    return 0;
}
