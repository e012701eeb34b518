/* sandbox_table.c - the functions of `table` that could run long inside C, and pairs.
 *
 * Tables of the sandbox have no metatables (there is no setmetatable), so raw access is
 * what the original functions would do too.  sort is a merge sort: stable, and without
 * the random pivot of Lua's own, so that a file evaluates the same every time. */
#include "script/sandbox_internal.h"

#include <string.h>

static lua_Integer check_table(lua_State *L, int arg)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    return (lua_Integer)lua_rawlen(L, arg);
}

static int table_insert(lua_State *L)
{
    lua_Integer n = check_table(L, 1) + 1, at = n;
    int args = lua_gettop(L);

    if (args != 2 && args != 3) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    if (args == 3) {
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, at >= 1 && at <= n, 2, "position out of bounds");
        ts_sandbox_work(L, (uint64_t)(n - at) * 2);
        for (lua_Integer i = n; i > at; i--) {
            lua_rawgeti(L, 1, i - 1);
            lua_rawseti(L, 1, i);
        }
    }
    lua_settop(L, args);
    lua_rawseti(L, 1, at);
    return 0;
}

static int table_remove(lua_State *L)
{
    lua_Integer n = check_table(L, 1), at = luaL_optinteger(L, 2, n);

    if (lua_gettop(L) > 1) {
        luaL_argcheck(L, (at >= 1 && at <= n + 1) || (n == 0 && at == 0), 2,
                      "position out of bounds");
    }
    lua_rawgeti(L, 1, at);
    if (at < n) {
        ts_sandbox_work(L, (uint64_t)(n - at) * 2);
    }
    for (; at < n; at++) {
        lua_rawgeti(L, 1, at + 1);
        lua_rawseti(L, 1, at);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, at);
    return 1;
}

static int table_move(lua_State *L)
{
    int to = lua_isnoneornil(L, 5) ? 1 : 5;

    check_table(L, 1);
    check_table(L, to);
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
    lua_Integer at = luaL_checkinteger(L, 4);
    if (last >= first) {
        luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3,
                      "too many elements to move");
        lua_Integer n = last - first;
        luaL_argcheck(L, n < INT32_MAX && at <= LUA_MAXINTEGER - n, 4,
                      "too many elements to move");
        ts_sandbox_work(L, (uint64_t)n * 2 + 2);
        bool upwards = at > last || at <= first || to != 1;
        for (lua_Integer i = 0; i <= n; i++) {
            lua_Integer k = upwards ? i : n - i;
            lua_rawgeti(L, 1, first + k);
            lua_rawseti(L, to, at + k);
        }
    }
    lua_pushvalue(L, to);
    return 1;
}

static int table_concat(lua_State *L)
{
    lua_Integer n = check_table(L, 1);
    size_t sep_n;
    const char *sep = luaL_optlstring(L, 2, "", &sep_n);
    lua_Integer first = luaL_optinteger(L, 3, 1), last = luaL_optinteger(L, 4, n);
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    for (lua_Integer i = first; i <= last; i++) {
        ts_sandbox_work(L, 2);
        lua_rawgeti(L, 1, i);
        if (!lua_isstring(L, -1)) {
            return luaL_error(L, "invalid value (at index %I) in table for 'concat'",
                              (LUAI_UACINT)i);
        }
        luaL_addvalue(&b);
        if (i == last) {
            break; /* the next number may not exist */
        }
        luaL_addlstring(&b, sep, sep_n);
    }
    luaL_pushresult(&b);
    return 1;
}

/* ---- sorting -------------------------------------------------------------------------
 */

/* Is the value at index b to stand before the one at a?  1 table, 2 function or nil. */
static bool stands_before(lua_State *L, int b, int a)
{
    if (!lua_isnil(L, 2)) {
        lua_pushvalue(L, 2);
        lua_pushvalue(L, b);
        lua_pushvalue(L, a);
        lua_call(L, 2, 1);
        bool before = lua_toboolean(L, -1);
        lua_pop(L, 1);
        return before;
    }
    if (lua_type(L, a) == LUA_TSTRING && lua_type(L, b) == LUA_TSTRING) {
        /* by bytes, whatever the locale */
        size_t an, bn;
        const char *x = lua_tolstring(L, a, &an), *y = lua_tolstring(L, b, &bn);
        size_t n = an < bn ? an : bn;
        ts_sandbox_work(L, 2 + n / 16);
        int order = memcmp(y, x, n);
        return order < 0 || (order == 0 && bn < an);
    }
    ts_sandbox_work(L, 2);
    return lua_compare(L, b, a, LUA_OPLT);
}

/* Merge from[low..mid) and from[mid..high) into `to` (stack indices of tables). */
static void merge(lua_State *L, int from, int to, lua_Integer low, lua_Integer mid,
                  lua_Integer high)
{
    lua_Integer i = low, j = mid;

    for (lua_Integer k = low; k < high; k++) {
        if (i < mid && j < high) {
            lua_rawgeti(L, from, i);
            lua_rawgeti(L, from, j);
            bool second = stands_before(L, lua_gettop(L), lua_gettop(L) - 1);
            if (!second) {
                lua_pop(L, 1);
            }
            lua_rawseti(L, to, k);
            lua_settop(L, 3);
            if (second) {
                j++;
            } else {
                i++;
            }
        } else {
            lua_rawgeti(L, from, i < mid ? i++ : j++);
            lua_rawseti(L, to, k);
        }
    }
}

static int table_sort(lua_State *L)
{
    lua_Integer n = check_table(L, 1);

    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        luaL_checktype(L, 2, LUA_TFUNCTION);
    }
    luaL_argcheck(L, n < INT32_MAX, 1, "array too big");
    lua_createtable(L, (int)n, 0);
    int from = 1, to = 3;
    for (lua_Integer width = 1; width < n; width *= 2) {
        ts_sandbox_work(L, (uint64_t)n * 2);
        for (lua_Integer low = 1; low <= n; low += 2 * width) {
            lua_Integer mid = low + width, high = low + 2 * width;
            merge(L, from, to, low, mid < n + 1 ? mid : n + 1,
                  high < n + 1 ? high : n + 1);
        }
        int other = from;
        from = to;
        to = other;
    }
    for (lua_Integer i = 1; from == 3 && i <= n; i++) {
        lua_rawgeti(L, 3, i);
        lua_rawseti(L, 1, i);
    }
    return 0;
}

void sandbox_table_open(lua_State *L)
{
    sandbox_replace(L, "insert", table_insert);
    sandbox_replace(L, "remove", table_remove);
    sandbox_replace(L, "move", table_move);
    sandbox_replace(L, "concat", table_concat);
    sandbox_replace(L, "sort", table_sort);
}

/* ---- pairs ---------------------------------------------------------------------------
 */

static int rank(lua_State *L, int i)
{
    switch (lua_type(L, i)) {
    case LUA_TNUMBER:
        return 0;
    case LUA_TSTRING:
        return 1;
    case LUA_TBOOLEAN:
        return 2;
    default:
        return 3; /* as they come: a table has no order of its own */
    }
}

static int key_before(lua_State *L)
{
    int a = rank(L, 1), b = rank(L, 2);
    bool before = a < b;

    if (a == b && a < 2) {
        lua_pushnil(L);
        lua_replace(L, 3);
        if (a == 1) {
            size_t an, bn;
            const char *x = lua_tolstring(L, 1, &an), *y = lua_tolstring(L, 2, &bn);
            int order = memcmp(x, y, an < bn ? an : bn);
            before = order < 0 || (order == 0 && an < bn);
        } else {
            before = lua_compare(L, 1, 2, LUA_OPLT);
        }
    } else if (a == b && a == 2) {
        before = !lua_toboolean(L, 1) && lua_toboolean(L, 2);
    }
    lua_pushboolean(L, before);
    return 1;
}

/* Upvalues: the keys in order, how many were given. */
static int pairs_next(lua_State *L)
{
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));

    luaL_checktype(L, 1, LUA_TTABLE);
    for (;;) {
        if (lua_rawgeti(L, lua_upvalueindex(1), ++i) == LUA_TNIL) {
            return 1;
        }
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL) { /* else: removed on the way */
            break;
        }
        lua_pop(L, 2);
    }
    lua_pushinteger(L, i);
    lua_replace(L, lua_upvalueindex(2));
    return 2;
}

int sandbox_pairs(lua_State *L)
{
    lua_Integer n = 0, length = check_table(L, 1);
    bool in_order = true;

    lua_settop(L, 1);
    lua_newtable(L); /* 2: keys */
    for (lua_Integer i = 1; i <= length; i++) {
        lua_pushinteger(L, i);
        lua_rawseti(L, 2, ++n);
    }
    ts_sandbox_work(L, (uint64_t)length);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        lua_pop(L, 1);
        ts_sandbox_work(L, 2);
        if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1 &&
            lua_tointeger(L, -1) <= length) {
            lua_pushvalue(L, -1); /* in the place of the value */
            continue;
        }
        in_order = in_order && n == 0;
        lua_pushvalue(L, -1);
        lua_pushvalue(L, -1);
        lua_rawseti(L, 2, ++n);
    }
    if (!in_order) {
        lua_pushcfunction(L, table_sort);
        lua_pushvalue(L, 2);
        lua_pushcfunction(L, key_before);
        lua_call(L, 2, 0);
    }
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, pairs_next, 2);
    lua_pushvalue(L, 1);
    return 2;
}
