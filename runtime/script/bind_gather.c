/* bind_gather.c - what the machine is, rules files, conditions. */
#include <string.h>

#include <lauxlib.h>

#include "script/script_internal.h"

/* host.facts(): { variables = {...}, classes = {...} }, nil when nobody knows. */
static int host_facts(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_facts *f = s->call->host->facts;

    if (!f) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 2);
    ts_push_value(L, ts_facts_variables(f));
    lua_setfield(L, -2, "variables");
    ts_push_value(L, ts_facts_classes(f));
    lua_setfield(L, -2, "classes");
    return 1;
}

/* host.gather_facts(): the facts become variables; how many. */
static int host_gather_facts(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_err err;
    size_t n;

    if (ts_gather_facts(s->call->host, &n, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}

/* host.gather(file): the rules' variables are set; { set = {...}, notes = {...} }. */
static int host_gather(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *path = ts_arg_text(L, 1);
    const struct ts_sequence *seq = s->call->host->seq;
    struct ts_rules_result *r = &s->scratch.gathered;
    struct ts_err err;

    if (ts_path_native(&s->scratch.text, path, seq ? seq->folder : NULL, &err) != TS_OK ||
        ts_gather_rules(s->call->host, s->scratch.text, r, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_createtable(L, 0, 3);
    ts_push_text(L, "file", r->file);
    lua_createtable(L, (int)r->set_count, 0);
    for (size_t i = 0; i < r->set_count; i++) {
        lua_createtable(L, 0, 5);
        ts_push_text(L, "name", r->set[i].name);
        ts_push_text(L, "value", r->set[i].value);
        ts_push_bool(L, "secret", r->set[i].secret);
        ts_push_text(L, "section", r->set[i].section);
        ts_push_u64(L, "line", (uint64_t)r->set[i].line);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "set");
    lua_createtable(L, (int)r->note_count, 0);
    for (size_t i = 0; i < r->note_count; i++) {
        lua_createtable(L, 0, 3);
        ts_push_text(L, "text", r->notes[i].text);
        ts_push_text(L, "section", r->notes[i].section);
        ts_push_u64(L, "line", (uint64_t)r->notes[i].line);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "notes");
    return 1;
}

/* A condition as a step is handed it: a text or a tree of tables. */
static struct ts_value *to_value(lua_State *L, struct ts_arena *a, int index, int depth)
{
    luaL_checkstack(L, 6, "a condition is nested too deep");
    luaL_argcheck(L, depth < 110, 1, "a condition is nested too deep");
    index = lua_absindex(L, index);
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        return ts_value_bool(a, lua_toboolean(L, index));
    case LUA_TNUMBER:
        luaL_argcheck(L, lua_isinteger(L, index), 1,
                      "a condition has whole numbers only");
        return ts_value_int(a, lua_tointeger(L, index));
    case LUA_TSTRING: {
        size_t n;
        const char *p = lua_tolstring(L, index, &n);
        return ts_value_string(a, (ts_str){p, n});
    }
    case LUA_TTABLE:
        break;
    default:
        luaL_argerror(L, 1, "a condition is a text or a table");
    }
    bool list = lua_rawlen(L, index) > 0;
    struct ts_value *v = ts_value_new(a, list ? TS_ARRAY : TS_OBJECT);
    for (lua_Integer i = 1; list && i <= (lua_Integer)lua_rawlen(L, index); i++) {
        lua_rawgeti(L, index, i);
        ts_value_push(v, to_value(L, a, -1, depth + 1));
        lua_pop(L, 1);
    }
    if (list) {
        return v;
    }
    lua_pushnil(L);
    while (lua_next(L, index)) {
        size_t n;
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, 1, "a condition has names");
        const char *key = lua_tolstring(L, -2, &n);
        ts_value_set(a, v, (ts_str){key, n}, to_value(L, a, -1, depth + 1));
        lua_pop(L, 1);
    }
    return v;
}

/* host.condition(text or table): does it hold now? */
static int host_condition(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_err err;
    bool result = false;

    luaL_checkany(L, 1);
    const struct ts_value *v = to_value(L, &s->scratch.arena, 1, 0);
    if (ts_gather_condition(s->call->host, v, &result, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_pushboolean(L, result);
    return 1;
}

/* host.hardware_variables(): _SMSTSMake and its like; for the step library. */
static int host_hardware(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);

    if (!s->step->library) {
        return luaL_error(L, "host.hardware_variables is for the step library alone");
    }
    ts_gather_hardware(s->call->host);
    return ts_bind_true(L);
}

const struct ts_binding ts_bind_gather[] = {
    {"facts", host_facts},
    {"gather_facts", host_gather_facts},
    {"gather", host_gather},
    {"condition", host_condition},
    {"hardware_variables", host_hardware},
    {NULL, NULL},
};
