#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "script/script_internal.h"

/* Instructions between two looks at the clock and the user's wish to stop. */
#define HOOK_COUNT 10000
#define LOAD_HOOKS (100000000u / HOOK_COUNT)

struct ts_script *ts_script_of(lua_State *L)
{
    return *(struct ts_script **)lua_getextraspace(L);
}

void ts_scratch_clear(struct ts_scratch *x)
{
    ts_profiles_free(x->profiles);
    ts_rules_free(x->rules);
    ts_dir_close(x->dir);
    ts_rules_result_fini(&x->gathered);
    ts_free(x->text);
    ts_buf_free(&x->buf);
    ts_arena_fini(&x->arena);
    *x = (struct ts_scratch){0};
}

static void *lua_alloc(void *ud, void *p, size_t old, size_t want)
{
    struct ts_script *s = ud;
    size_t had = p ? old : 0; /* without p, `old` is a kind of object */

    if (want == 0) {
        free(p);
        s->memory -= had;
        return NULL;
    }
    if (want > had && s->memory - had + want > TS_SCRIPT_MEMORY) {
        return NULL; /* becomes a Lua memory error, which fails the step */
    }
    void *q = realloc(p, want);
    if (q) {
        s->memory = s->memory - had + want;
    }
    return q;
}

/* Runs every HOOK_COUNT instructions.  Once there is a reason to stop it fires at every
 * instruction, so that a pcall cannot go on behind it. */
static void on_count(lua_State *L, lua_Debug *ar)
{
    struct ts_script *s = ts_script_of(L);

    (void)ar;
    if (s->stop == TS_OK && s->call) {
        s->stop = ts_host_check(s->call, &s->stop_err);
    } else if (s->stop == TS_OK && --s->load_left == 0) {
        s->stop = ts_fail(&s->stop_err, TS_ELIMIT,
                          "loading it takes more than 100,000,000 instructions");
    }
    if (s->stop != TS_OK) {
        lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
        luaL_error(L, "%s", s->stop_err.text);
    }
}

static int on_error(lua_State *L)
{
    struct ts_script *s = ts_script_of(L);

    luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, NULL, 1);
    ts_buf_clear(&s->traceback);
    ts_buf_z(&s->traceback, lua_tostring(L, -1));
    lua_pop(L, 1);
    return 1;
}

enum ts_code ts_script_protect(struct ts_script *s, lua_CFunction fn, void *arg,
                               struct ts_err *err)
{
    lua_State *L = s->L;
    int top = lua_gettop(L);
    enum ts_code rc = TS_OK;

    s->stop = TS_OK;
    s->load_left = LOAD_HOOKS;
    ts_buf_clear(&s->traceback);
    lua_sethook(L, on_count, LUA_MASKCOUNT, HOOK_COUNT);

    lua_pushcfunction(L, on_error);
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, arg);
    int status = lua_pcall(L, 1, 0, top + 1);
    if (s->stop != TS_OK && status != LUA_OK) {
        rc = ts_fail(err, s->stop, "%s", s->stop_err.text);
    } else if (status == LUA_ERRMEM) {
        rc = ts_fail(err, TS_ELIMIT, "it needs more than %u MiB of memory",
                     TS_SCRIPT_MEMORY / (1024 * 1024));
    } else if (status != LUA_OK) {
        const char *text = lua_tostring(L, -1);
        rc = ts_fail(err, TS_EIO, "%s", text ? text : "an error without a message");
        ts_chunk_full_name(s, err);
    }
    lua_settop(L, top);
    return rc;
}

static int unknown_key(lua_State *L)
{
    return luaL_error(L, "%s has no field '%s'", lua_tostring(L, lua_upvalueindex(1)),
                      luaL_tolstring(L, 2, NULL));
}

static int no_assignment(lua_State *L)
{
    return luaL_error(L, "%s cannot be changed (field '%s')",
                      lua_tostring(L, lua_upvalueindex(1)), luaL_tolstring(L, 2, NULL));
}

void ts_script_strict(lua_State *L, const char *name, lua_CFunction ask)
{
    /* The functions' own table asks for what it does not have. */
    lua_createtable(L, 0, 1);
    lua_pushstring(L, name);
    lua_pushcclosure(L, ask ? ask : unknown_key, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);

    /* An empty table in front, so that every assignment is seen. */
    lua_newtable(L);
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_pushcclosure(L, no_assignment, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}

static void open_libraries(lua_State *L)
{
    static const luaL_Reg libs[] = {
        {LUA_GNAME, luaopen_base},        {LUA_TABLIBNAME, luaopen_table},
        {LUA_STRLIBNAME, luaopen_string}, {LUA_MATHLIBNAME, luaopen_math},
        {LUA_UTF8LIBNAME, luaopen_utf8},  {LUA_COLIBNAME, luaopen_coroutine},
    };
    /* What reads files, runs bytecode, or writes to the console. */
    static const char *const removed[] = {"dofile", "loadfile",       "load",
                                          "print",  "collectgarbage", "warn"};

    for (size_t i = 0; i < sizeof libs / sizeof libs[0]; i++) {
        luaL_requiref(L, libs[i].name, libs[i].func, 1);
        lua_pop(L, 1);
    }
    for (size_t i = 0; i < sizeof removed / sizeof removed[0]; i++) {
        lua_pushnil(L);
        lua_setglobal(L, removed[i]);
    }
    lua_getglobal(L, "string");
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    lua_pop(L, 1);
}

static int set_up(lua_State *L)
{
    struct ts_script *s = ts_script_of(L);
    const char *stdlib_dir = lua_touserdata(L, 1);

    open_libraries(L);
    s->library = ts_origin_new(s, true, stdlib_dir);
    ts_bind_host(L);
    s->host_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

enum ts_code ts_script_new(struct ts_script **out, const char *stdlib_dir,
                           struct ts_err *err)
{
    struct ts_script *s = ts_alloc(sizeof *s);

    *out = NULL;
    s->L = lua_newstate(lua_alloc, s);
    if (!s->L) {
        ts_oom(1);
    }
    *(struct ts_script **)lua_getextraspace(s->L) = s;
    const char *dir = ts_arena_strz(&s->arena, stdlib_dir);
    enum ts_code rc = ts_script_protect(s, set_up, (void *)dir, err);
    if (rc != TS_OK) {
        ts_script_free(s);
        return rc;
    }
    *out = s;
    return TS_OK;
}

void ts_script_free(struct ts_script *s)
{
    if (!s) {
        return;
    }
    ts_bind_drop_temps(s);
    lua_close(s->L);
    ts_scratch_clear(&s->scratch);
    ts_buf_free(&s->traceback);
    ts_free(s->temp_dir);
    ts_arena_fini(&s->arena);
    ts_free(s);
}
