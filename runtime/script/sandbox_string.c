/* sandbox_string.c - the functions of `string` that could run long inside C. */
#include "script/sandbox_internal.h"

#include <string.h>

static ts_str check_text(lua_State *L, int arg)
{
    ts_str s;

    s.p = luaL_checklstring(L, arg, &s.n);
    return s;
}

/* Where argument `arg` (a position as Lua counts) starts, 0-based; SIZE_MAX: behind the
 * end. */
static size_t check_start(lua_State *L, int arg, size_t n)
{
    lua_Integer at = luaL_optinteger(L, arg, 1);

    if (at > 0) {
        return (lua_Unsigned)at - 1 > n ? SIZE_MAX : (size_t)at - 1;
    }
    if (at == 0 || at < -(lua_Integer)n) {
        return 0;
    }
    return n - (size_t)-at;
}

static void start_match(struct match *m)
{
    m->depth = 0;
    m->captures = 0;
}

static bool has_specials(ts_str pattern)
{
    for (size_t i = 0; i < pattern.n; i++) {
        if (pattern.p[i] && strchr("^$*+?.([%-", pattern.p[i])) {
            return true;
        }
    }
    return false;
}

/* Find `what` as it stands.  Comparing costs, also when it fails late each time. */
static bool find_plain(lua_State *L, ts_str text, ts_str what, size_t *at)
{
    size_t i = *at;

    while (what.n <= text.n - i) {
        const char *p =
            what.n ? memchr(text.p + i, what.p[0], text.n - i - what.n + 1) : text.p + i;
        if (!p) {
            ts_sandbox_work(L, (text.n - i) / 16);
            return false;
        }
        ts_sandbox_work(L, 1 + ((size_t)(p - text.p) - i + what.n) / 16);
        i = (size_t)(p - text.p);
        if (memcmp(p, what.p, what.n) == 0) {
            *at = i;
            return true;
        }
        i++;
    }
    return false;
}

static int find_or_match(lua_State *L, bool find)
{
    struct match m = {.L = L, .text = check_text(L, 1), .pattern = check_text(L, 2)};
    size_t at = check_start(L, 3, m.text.n), end;

    if (at == SIZE_MAX) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || !has_specials(m.pattern))) {
        if (!find_plain(L, m.text, m.pattern, &at)) {
            lua_pushnil(L);
            return 1;
        }
        lua_pushinteger(L, (lua_Integer)at + 1);
        lua_pushinteger(L, (lua_Integer)(at + m.pattern.n));
        return 2;
    }
    bool anchored = m.pattern.n && m.pattern.p[0] == '^';
    do {
        start_match(&m);
        if (!match_at(&m, at, anchored, &end)) {
            continue;
        }
        if (!find) {
            return match_push(&m, at, end, true);
        }
        lua_pushinteger(L, (lua_Integer)at + 1);
        lua_pushinteger(L, (lua_Integer)end);
        return 2 + match_push(&m, at, end, false);
    } while (at++ < m.text.n && !anchored);
    lua_pushnil(L);
    return 1;
}

static int string_find(lua_State *L)
{
    return find_or_match(L, true);
}

static int string_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* Upvalues: text, pattern, where to go on, end of the last match (a match that is empty
 * right there was seen already). */
static int gmatch_next(lua_State *L)
{
    struct match m = {.L = L};
    size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3)), end;
    size_t last = (size_t)lua_tointeger(L, lua_upvalueindex(4));

    m.text.p = lua_tolstring(L, lua_upvalueindex(1), &m.text.n);
    m.pattern.p = lua_tolstring(L, lua_upvalueindex(2), &m.pattern.n);
    for (; at <= m.text.n; at++) {
        start_match(&m);
        if (match_at(&m, at, 0, &end) && end + 1 != last) {
            lua_pushinteger(L, (lua_Integer)end);
            lua_replace(L, lua_upvalueindex(3));
            lua_pushinteger(L, (lua_Integer)end + 1);
            lua_replace(L, lua_upvalueindex(4));
            return match_push(&m, at, end, true);
        }
    }
    lua_pushinteger(L, (lua_Integer)m.text.n + 1); /* stay at the end */
    lua_replace(L, lua_upvalueindex(3));
    return 0;
}

static int string_gmatch(lua_State *L)
{
    ts_str text = check_text(L, 1);

    check_text(L, 2);
    size_t at = check_start(L, 3, text.n);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(at == SIZE_MAX ? text.n + 1 : at));
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

static void add_template(struct match *m, luaL_Buffer *b, size_t at, size_t end)
{
    ts_str t;

    t.p = lua_tolstring(m->L, 3, &t.n);
    ts_sandbox_work(m->L, t.n / 8);
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] != '%') {
            luaL_addchar(b, t.p[i]);
            continue;
        }
        char c = ++i < t.n ? t.p[i] : '\0';
        if (c == '%') {
            luaL_addchar(b, '%');
        } else if (c == '0') {
            luaL_addlstring(b, m->text.p + at, end - at);
        } else if (c >= '1' && c <= '9') {
            match_push_capture(m, c - '1', at, end);
            luaL_tolstring(m->L, -1, NULL);
            lua_remove(m->L, -2);
            luaL_addvalue(b);
        } else {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        }
    }
}

/* Add what stands in place of the match.  False: the match itself. */
static void add_replacement(struct match *m, luaL_Buffer *b, size_t at, size_t end)
{
    lua_State *L = m->L;
    int kind = lua_type(L, 3);

    if (kind == LUA_TSTRING || kind == LUA_TNUMBER) {
        add_template(m, b, at, end);
        return;
    }
    if (kind == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, match_push(m, at, end, true), 1);
    } else {
        match_push_capture(m, 0, at, end);
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, m->text.p + at, end - at);
    } else if (lua_isstring(L, -1)) {
        luaL_addvalue(b);
    } else {
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
}

static int string_gsub(lua_State *L)
{
    struct match m = {.L = L, .text = check_text(L, 1), .pattern = check_text(L, 2)};
    int kind = lua_type(L, 3);
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)m.text.n + 1), count = 0;
    bool anchored = m.pattern.n && m.pattern.p[0] == '^';
    size_t at = 0, end, last = SIZE_MAX;
    luaL_Buffer b;

    luaL_argexpected(L,
                     kind == LUA_TNUMBER || kind == LUA_TSTRING ||
                         kind == LUA_TFUNCTION || kind == LUA_TTABLE,
                     3, "string/function/table");
    lua_settop(L, 4);
    luaL_buffinit(L, &b);
    while (count < most) {
        start_match(&m);
        if (match_at(&m, at, anchored, &end) && end != last) {
            count++;
            add_replacement(&m, &b, at, end);
            at = last = end;
        } else if (at < m.text.n) {
            luaL_addchar(&b, m.text.p[at++]);
        } else {
            break;
        }
        if (anchored) {
            break;
        }
    }
    if (at < m.text.n) {
        luaL_addlstring(&b, m.text.p + at, m.text.n - at);
    }
    luaL_pushresult(&b);
    lua_pushinteger(L, count);
    return 2;
}

/* Check the size of the result before building it, and never loop over nothing. */
static int string_rep(lua_State *L)
{
    ts_str text = check_text(L, 1), sep;
    lua_Integer count = luaL_checkinteger(L, 2);
    luaL_Buffer b;

    sep.p = luaL_optlstring(L, 3, "", &sep.n);
    if (count <= 0 || (text.n == 0 && sep.n == 0)) {
        lua_pushliteral(L, "");
        return 1;
    }
    size_t n = (size_t)count, room = ts_sandbox_room(L);
    if ((lua_Unsigned)count > SIZE_MAX / 2 || n > room / (text.n + sep.n) + 1) {
        return luaL_error(L, "resulting string too large");
    }
    ts_sandbox_work(L, n + n * (text.n + sep.n) / 64);
    luaL_buffinit(L, &b);
    for (size_t i = 0; i < n; i++) {
        luaL_addlstring(&b, text.p, text.n);
        if (i + 1 < n) {
            luaL_addlstring(&b, sep.p, sep.n);
        }
    }
    luaL_pushresult(&b);
    return 1;
}

void sandbox_string_open(lua_State *L)
{
    static const char *const charged[] = {"byte",    "format", "lower", "pack",
                                          "reverse", "unpack", "upper"};

    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    sandbox_replace(L, "find", string_find);
    sandbox_replace(L, "match", string_match);
    sandbox_replace(L, "gmatch", string_gmatch);
    sandbox_replace(L, "gsub", string_gsub);
    sandbox_replace(L, "rep", string_rep);
    for (size_t i = 0; i < sizeof charged / sizeof *charged; i++) {
        sandbox_charge(L, charged[i]);
    }
}
