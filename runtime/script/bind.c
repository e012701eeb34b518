/* bind.c - the host table, and what every binding needs. */
#include <string.h>

#include <lauxlib.h>

#include "script/script_internal.h"

struct ts_script *ts_bind_begin(lua_State *L)
{
    struct ts_script *s = ts_script_of(L);

    if (!s->call) {
        luaL_error(L, "host can only be used while a step runs");
    }
    ts_scratch_clear(&s->scratch);
    return s;
}

int ts_bind_true(lua_State *L)
{
    lua_pushboolean(L, 1);
    return 1;
}

int ts_bind_fail(lua_State *L, const struct ts_err *err)
{
    struct ts_script *s = ts_script_of(L);

    if (err->code == TS_ETIMEOUT || err->code == TS_ECANCELLED || err->code == TS_ELOST) {
        struct ts_err why;
        s->stop = ts_fail(&s->stop_err, err->code, "%s", err->text);
        /* engines below know only "stop"; that it was the time limit, the call knows */
        if (err->code == TS_ECANCELLED && ts_host_check(s->call, &why) == TS_ETIMEOUT) {
            s->stop = ts_fail(&s->stop_err, TS_ETIMEOUT, "%s", why.text);
        }
    }
    lua_pushnil(L);
    lua_pushstring(L, err->text);
    lua_pushstring(L, ts_code_name(err->code));
    return 3;
}

/* ---- arguments -------------------------------------------------------------------- */

static const char *checked_text(lua_State *L, int index, const char *what)
{
    size_t n;
    const char *p;

    if (lua_type(L, index) != LUA_TSTRING) {
        luaL_error(L, "%s must be a string, it is a %s", what, luaL_typename(L, index));
    }
    p = lua_tolstring(L, index, &n);
    if (strlen(p) != n) {
        luaL_error(L, "%s holds a zero byte", what);
    }
    return p;
}

const char *ts_arg_text(lua_State *L, int arg)
{
    char what[32] = "argument 0";

    what[9] = (char)('0' + arg % 10);
    return checked_text(L, arg, what);
}

void ts_arg_options(lua_State *L, int arg, const char *const *names)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, arg)) {
        size_t i = 0;
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "[1]";
        while (names[i] && strcmp(names[i], key) != 0) {
            i++;
        }
        if (!names[i]) {
            luaL_error(L, "there is no option '%s'", key);
        }
        lua_pop(L, 1);
    }
}

const char *ts_opt_text(lua_State *L, int arg, const char *key)
{
    const char *p = NULL;

    if (lua_getfield(L, arg, key) != LUA_TNIL) {
        p = checked_text(L, -1, key);
    }
    lua_pop(L, 1);
    return p;
}

const char *ts_need_text(lua_State *L, int arg, const char *key)
{
    const char *p = ts_opt_text(L, arg, key);

    if (!p) {
        luaL_error(L, "the option '%s' is missing", key);
    }
    return p;
}

bool ts_opt_bool(lua_State *L, int arg, const char *key)
{
    bool b;

    lua_getfield(L, arg, key);
    if (!lua_isnil(L, -1) && !lua_isboolean(L, -1)) {
        luaL_error(L, "%s must be true or false", key);
    }
    b = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return b;
}

int ts_opt_int(lua_State *L, int arg, const char *key, int fallback)
{
    lua_Integer v = fallback;

    if (lua_getfield(L, arg, key) != LUA_TNIL) {
        int integer;
        v = lua_tointegerx(L, -1, &integer);
        if (!integer || v < 0 || v > 1000000000) {
            luaL_error(L, "%s must be an integer from 0 to 1,000,000,000", key);
        }
    }
    lua_pop(L, 1);
    return (int)v;
}

const char *const *ts_opt_list(lua_State *L, int arg, const char *key)
{
    struct ts_script *s = ts_script_of(L);
    const char **list = NULL;

    if (lua_getfield(L, arg, key) != LUA_TNIL) {
        luaL_argcheck(L, lua_istable(L, -1), arg, "a list of strings is expected");
        size_t n = lua_rawlen(L, -1);
        list = n ? ts_arena_alloc(&s->scratch.arena, (n + 1) * sizeof *list) : NULL;
        for (size_t i = 0; i < n; i++) {
            lua_rawgeti(L, -1, (lua_Integer)i + 1);
            list[i] = ts_arena_strz(&s->scratch.arena, checked_text(L, -1, key));
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return list;
}

/* ---- results ---------------------------------------------------------------------- */

void ts_push_value(lua_State *L, const struct ts_value *v)
{
    lua_Integer i = 0;

    luaL_checkstack(L, 4, "a value is nested too deep");
    if (!v) {
        lua_pushnil(L);
        return;
    }
    switch (v->kind) {
    case TS_NULL:
        lua_pushnil(L);
        break;
    case TS_BOOL:
        lua_pushboolean(L, v->boolean);
        break;
    case TS_INT:
        lua_pushinteger(L, v->integer);
        break;
    case TS_REAL:
        lua_pushnumber(L, v->real);
        break;
    case TS_STRING:
        lua_pushlstring(L, v->str.p, v->str.n);
        break;
    case TS_ARRAY:
    case TS_OBJECT:
        lua_createtable(L, v->kind == TS_ARRAY ? (int)v->count : 0,
                        v->kind == TS_OBJECT ? (int)v->count : 0);
        for (const struct ts_value *m = v->first; m; m = m->next) {
            if (v->kind == TS_OBJECT) {
                lua_pushlstring(L, m->key.p, m->key.n);
                ts_push_value(L, m);
                lua_rawset(L, -3);
            } else {
                ts_push_value(L, m);
                lua_rawseti(L, -2, ++i);
            }
        }
        break;
    }
}

void ts_push_u64(lua_State *L, const char *key, uint64_t v)
{
    lua_pushinteger(L, (lua_Integer)v);
    lua_setfield(L, -2, key);
}

void ts_push_text(lua_State *L, const char *key, const char *v)
{
    if (v) {
        lua_pushstring(L, v);
        lua_setfield(L, -2, key);
    }
}

void ts_push_bool(lua_State *L, const char *key, bool v)
{
    lua_pushboolean(L, v);
    lua_setfield(L, -2, key);
}

/* ---- host ------------------------------------------------------------------------- */

static int write_log(lua_State *L, enum ts_level level)
{
    struct ts_script *s = ts_bind_begin(L);

    ts_host_log(s->call, level, "%s", ts_arg_text(L, 1));
    return 0;
}

static int host_log(lua_State *L)
{
    return write_log(L, TS_LOG_INFO);
}

static int host_warn(lua_State *L)
{
    return write_log(L, TS_LOG_WARNING);
}

static int host_verbose(lua_State *L)
{
    return write_log(L, TS_LOG_VERBOSE);
}

static int host_progress(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    lua_Number percent = luaL_optnumber(L, 1, -1);
    const char *text = ts_arg_text(L, 2);

    luaL_argcheck(L, percent >= -1 && percent <= 100, 1, "a percentage is expected");
    ts_host_progress(s->call, (int)percent, text);
    return 0;
}

const struct ts_binding ts_bind_general[] = {
    {"log", host_log},           {"warn", host_warn}, {"verbose", host_verbose},
    {"progress", host_progress}, {NULL, NULL},
};

/* host.phase and its like change while the program lives, so that they are asked for. */
static int host_field(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *key = luaL_checkstring(L, 2);

    if (!ts_bind_field(L, s, key)) {
        luaL_error(L, "host has no field '%s'", key);
    }
    return 1;
}

static void set_functions(lua_State *L, const char *table, const struct ts_binding *b)
{
    for (; b->name; b++) {
        ts_bind_push(L, table, b);
        lua_setfield(L, -2, b->name);
    }
}

void ts_bind_table(lua_State *L, const char *name, const struct ts_binding *b)
{
    lua_newtable(L);
    set_functions(L, name + strlen("host."), b);
    ts_script_strict(L, name, NULL);
}

void ts_bind_host(lua_State *L)
{
    lua_newtable(L);
    set_functions(L, "", ts_bind_general);
    set_functions(L, "", ts_bind_run);
    set_functions(L, "", ts_bind_machine);
    set_functions(L, "", ts_bind_gather);
    ts_bind_table(L, "host.vars", ts_bind_vars);
    lua_setfield(L, -2, "vars");
    ts_bind_table(L, "host.fs", ts_bind_fs);
    lua_setfield(L, -2, "fs");
    ts_bind_table(L, "host.image", ts_bind_image);
    lua_setfield(L, -2, "image");
    ts_bind_table(L, "host.store", ts_bind_store);
    lua_setfield(L, -2, "store");
    ts_script_strict(L, "host", host_field);
}
