/* bind_fake.c - host functions where the machine is only told of.
 *
 * Every function of the host passes here, so that none can be forgotten: a told host is
 * asked by name, with the arguments as plain values, and says what the function answers.
 */
#include <string.h>

#include <lauxlib.h>

#include "script/script_internal.h"

enum { MOST_DEEP = 100 };

static struct ts_value *to_value(lua_State *L, struct ts_arena *a, int index, int depth);

static struct ts_value *table_value(lua_State *L, struct ts_arena *a, int index,
                                    int depth)
{
    size_t n = lua_rawlen(L, index);
    struct ts_value *v = ts_value_new(a, n ? TS_ARRAY : TS_OBJECT);

    luaL_checkstack(L, 6, "an argument is nested too deep");
    luaL_argcheck(L, depth < MOST_DEEP, 1, "an argument is nested too deep");
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        ts_value_push(v, to_value(L, a, lua_gettop(L), depth + 1));
        lua_pop(L, 1);
    }
    if (n) {
        return v;
    }
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        ts_str key;
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, 1, "names must be texts");
        key.p = lua_tolstring(L, -2, &key.n);
        ts_value_set(a, v, (ts_str){ts_arena_str(a, key), key.n},
                     to_value(L, a, lua_gettop(L), depth + 1));
    }
    return v;
}

static struct ts_value *to_value(lua_State *L, struct ts_arena *a, int index, int depth)
{
    struct ts_value *v;
    ts_str text;

    switch (lua_type(L, index)) {
    case LUA_TNIL:
        return ts_value_new(a, TS_NULL);
    case LUA_TBOOLEAN:
        return ts_value_bool(a, lua_toboolean(L, index));
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            return ts_value_int(a, lua_tointeger(L, index));
        }
        v = ts_value_new(a, TS_REAL);
        v->real = (double)lua_tonumber(L, index);
        return v;
    case LUA_TSTRING:
        text.p = lua_tolstring(L, index, &text.n);
        return ts_value_string(a, text);
    case LUA_TTABLE:
        return table_value(L, a, index, depth);
    default:
        luaL_argerror(L, index, "a plain value is expected");
        return NULL;
    }
}

/* Ask; the results are pushed, their number is the value.  -1: carry the call out. */
static int ask(lua_State *L, struct ts_script *s, const char *name, int args)
{
    const struct ts_host_fake *fake = s->call->host->fake;
    struct ts_arena *a = &s->scratch.arena;
    struct ts_value *list = ts_value_new(a, TS_ARRAY);
    const struct ts_value *out = NULL;
    struct ts_err err = {0};
    int n = 0;

    for (int i = 1; i <= args; i++) {
        ts_value_push(list, to_value(L, a, i, 0));
    }
    if (fake->effect(fake->ctx, s->call, name, list, a, &out, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    if (!out) {
        return -1;
    }
    for (const struct ts_value *v = out->first; v; v = v->next) {
        ts_push_value(L, v);
        n++;
    }
    return n;
}

/* Upvalues: the binding, its full name. */
static int guarded(lua_State *L)
{
    const struct ts_binding *b = lua_touserdata(L, lua_upvalueindex(1));
    struct ts_script *s = ts_script_of(L);

    if (s->call && s->call->host->fake) {
        ts_bind_begin(L);
        int n = ask(L, s, lua_tostring(L, lua_upvalueindex(2)), lua_gettop(L));
        if (n >= 0) {
            return n;
        }
    }
    return b->fn(L);
}

void ts_bind_push(lua_State *L, const char *table, const struct ts_binding *b)
{
    lua_pushlightuserdata(L, (void *)b);
    lua_pushfstring(L, "%s%s%s", table, table[0] ? "." : "", b->name);
    lua_pushcclosure(L, guarded, 2);
}

bool ts_bind_told(lua_State *L, struct ts_script *s, const char *name)
{
    if (!s->call->host->fake) {
        return false;
    }
    if (ask(L, s, name, 0) != 1) {
        luaL_error(L, "host.%s is not known", name);
    }
    return true;
}
