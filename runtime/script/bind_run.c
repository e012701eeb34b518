/* bind_run.c - host.run: programs, their packages and the files written for them. */
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "platform/clock.h"
#include "script/script_internal.h"

/* ---- host.run --------------------------------------------------------------------- */

static struct ts_value *command_value(lua_State *L, struct ts_script *s, int arg)
{
    struct ts_arena *a = &s->scratch.arena;
    struct ts_value *v;

    if (lua_getfield(L, arg, "command") == LUA_TSTRING) {
        v = ts_value_string(a, ts_str_of(ts_need_text(L, arg, "command")));
    } else {
        const char *const *list =
            lua_istable(L, -1) ? ts_opt_list(L, arg, "command") : NULL;
        if (!list) {
            luaL_error(L, "command must be a string or a list of strings, not empty");
        }
        v = ts_value_new(a, TS_ARRAY);
        for (size_t i = 0; list[i]; i++) {
            ts_value_push(v, ts_value_string(a, ts_str_of(list[i])));
        }
    }
    lua_pop(L, 1);
    return v;
}

/* The step's own environment, with what run() adds on top. */
static const struct ts_value *environment(lua_State *L, struct ts_script *s, int arg,
                                          const struct ts_value *own)
{
    struct ts_arena *a = &s->scratch.arena;

    if (lua_getfield(L, arg, "env") == LUA_TNIL) {
        lua_pop(L, 1);
        return own;
    }
    struct ts_value *env = own ? ts_value_copy(a, own) : ts_value_new(a, TS_OBJECT);
    luaL_argcheck(L, lua_istable(L, -1), arg, "env must be a table of strings");
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
            luaL_error(L, "env must be a table of strings by name");
        }
        ts_value_set(a, env, ts_str_of(ts_arena_strz(a, lua_tostring(L, -2))),
                     ts_value_string(a, ts_str_of(lua_tostring(L, -1))));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return env;
}

/* What the caller leaves out comes from the step's own options: package, input, env,
 * runAs. */
static struct ts_run_spec run_spec(lua_State *L, struct ts_script *s, int arg)
{
    struct ts_run_spec spec = {0};
    const char *text;

    ts_host_run_options(s->call, &spec);
    spec.command = command_value(L, s, arg);
    spec.start_in = ts_opt_text(L, arg, "startIn");
    spec.env = environment(L, s, arg, spec.env);
    spec.hide_command = spec.hide_command || ts_opt_bool(L, arg, "hide");
    spec.capture = ts_opt_bool(L, arg, "capture") ? &s->scratch.buf : NULL;
    if ((text = ts_opt_text(L, arg, "package")) != NULL) {
        spec.package = text;
    }
    if ((text = ts_opt_text(L, arg, "input")) != NULL) {
        spec.input = text;
    }
    if ((text = ts_opt_text(L, arg, "runAs")) != NULL) {
        spec.run_as = text;
    }
    return spec;
}

/* host.run{...}: exit code and output.  A failure's third result is the exit code that
 * stands for it where there is one. */
static int host_run(lua_State *L)
{
    static const char *const options[] = {"command", "startIn", "package", "input", "env",
                                          "runAs",   "hide",    "capture", NULL};
    struct ts_script *s = ts_bind_begin(L);
    struct ts_proc_result result = {0};
    struct ts_err err = {0};

    ts_arg_options(L, 1, options);
    struct ts_run_spec spec = run_spec(L, s, 1);
    enum ts_code rc = ts_host_run(s->call, &spec, &result, &err);
    if (rc != TS_OK) {
        int n = ts_bind_fail(L, &err);
        if (result.code != 0 && rc == TS_ENOTFOUND) {
            lua_pushinteger(L, (lua_Integer)result.code);
            lua_replace(L, -2);
        }
        return n;
    }
    lua_pushinteger(L, (lua_Integer)result.code);
    if (spec.capture) {
        lua_pushlstring(L, ts_buf_text(spec.capture), spec.capture->n);
    } else {
        lua_pushnil(L);
    }
    return 2;
}

/* host.split_command(text): the arguments a command line stands for. */
static int host_split_command(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *text = ts_arg_text(L, 1);
    size_t n;

    char **argv = ts_argv_split(text, &n);
    const char **copy = ts_arena_alloc(&s->scratch.arena, (n + 1) * sizeof *copy);
    for (size_t i = 0; i < n; i++) {
        copy[i] = ts_arena_strz(&s->scratch.arena, argv[i]);
    }
    ts_free(argv);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushstring(L, copy[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* host.package([name]): folder of a package, of the step's own when no name is given; nil
 * without a message when the step has none. */
static int host_package(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_run_spec own = {0};
    struct ts_err err;

    ts_host_run_options(s->call, &own);
    const char *name = lua_isnoneornil(L, 1) ? own.package : ts_arg_text(L, 1);
    if (!name || !name[0]) {
        lua_pushnil(L);
        return 1;
    }
    if (ts_host_package(s->call, name, &s->scratch.text, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_pushstring(L, s->scratch.text);
    return 1;
}

/* ---- files written for a program -------------------------------------------------- */

/* A folder only we can read.  What an earlier process left there is removed. */
static enum ts_code temp_dir(struct ts_script *s, struct ts_err *err)
{
    const char *state = s->call->host->state_dir;
    char *dir = NULL, *temp = NULL;
    enum ts_code rc;

    if (s->temp_dir) {
        return TS_OK;
    }
    if (state) {
        dir = ts_path_join(state, "temp");
    } else {
        char id[33];
        ts_random_id(id);
        temp = ts_fs_temp_dir();
        char *name = ts_format("taskseq-%s", id);
        dir = ts_path_join(temp, name);
        ts_free(name);
    }
    if ((rc = ts_fs_remove_tree(dir, err)) == TS_OK &&
        (rc = ts_fs_mkdirs(dir, 0700, err)) == TS_OK) {
        s->temp_dir = dir;
        dir = NULL;
    }
    ts_free(dir);
    ts_free(temp);
    return rc;
}

static enum ts_code write_temp(struct ts_script *s, ts_str text, const char *suffix,
                               const char **path, struct ts_err *err)
{
    char id[33];
    enum ts_code rc = temp_dir(s, err);

    if (rc != TS_OK) {
        return rc;
    }
    ts_random_id(id);
    char *name = ts_format("%s%s", id, suffix);
    struct ts_temp *t = ts_alloc(sizeof *t);
    t->path = ts_path_join(s->temp_dir, name);
    t->next = s->temps;
    s->temps = t;
    ts_free(name);
    *path = t->path;
    return ts_file_replace(t->path, text.p, text.n, 0700, err);
}

/* host.temp_file(text, suffix): native path of a private file that is deleted when the
 * step ends. */
static int host_temp_file(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *suffix = ts_arg_text(L, 2), *path;
    ts_str text;
    struct ts_err err;

    text.p = luaL_checklstring(L, 1, &text.n);
    luaL_argcheck(L, !strpbrk(suffix, "/\\") && strlen(suffix) <= 16, 2,
                  "a suffix such as \".ps1\" is expected");
    if (write_temp(s, text, suffix, &path, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_pushstring(L, path);
    return 1;
}

void ts_bind_drop_temps(struct ts_script *s)
{
    bool any = s->temps != NULL;

    while (s->temps) {
        struct ts_temp *t = s->temps;
        s->temps = t->next;
        (void)!ts_fs_unlink(t->path, NULL);
        ts_free(t->path);
        ts_free(t);
    }
    if (any && s->temp_dir) {
        /* the state may move to another drive before the next one is needed */
        (void)!ts_fs_remove_tree(s->temp_dir, NULL);
        ts_free(s->temp_dir);
        s->temp_dir = NULL;
    }
}

const struct ts_binding ts_bind_run[] = {
    {"run", host_run},
    {"split_command", host_split_command},
    {"package", host_package},
    {"temp_file", host_temp_file},
    {NULL, NULL},
};
