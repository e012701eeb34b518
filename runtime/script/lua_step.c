/* lua_step.c - running the `run` of a step file.
 *
 * run(p, host) answers true [, code] or nil, message [, code].  A code is the step's exit
 * code, judged by the engine; without one a failure goes up as an error. */
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "script/script_internal.h"

struct running {
    struct ts_lua_step *step;
    bool ok;
    bool has_code;
    int64_t code;
    enum ts_code failure; /* from the name of a code, when run() passed one on */
    struct ts_err err;    /* its text: the message */
};

/* Texts that bindings hand out as third result come back as codes. */
static enum ts_code code_of_name(const char *name)
{
    for (int c = TS_EINPUT; c <= TS_ELINK; c++) {
        if (strcmp(name, ts_code_name((enum ts_code)c)) == 0) {
            return (enum ts_code)c;
        }
    }
    return TS_EIO;
}

static void read_code(lua_State *L, int index, struct running *r)
{
    int integer = 0;
    lua_Integer code = 0;

    if (lua_type(L, index) == LUA_TNUMBER) {
        code = lua_tointegerx(L, index, &integer);
    }
    if (integer) {
        r->has_code = true;
        r->code = code;
    } else if (lua_type(L, index) == LUA_TSTRING && !r->ok) {
        r->failure = code_of_name(lua_tostring(L, index));
    } else if (!lua_isnil(L, index)) {
        luaL_error(L, "run() must answer an integer as exit code, not a %s",
                   luaL_typename(L, index));
    }
}

/* Compile an embedded step file and keep its `run`. */
static void load_run(lua_State *L, struct ts_lua_step *step)
{
    const char *path;
    ts_str source;

    ts_chunk_load(L, step->script->library, step->module, &path, &source);
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "run");
    step->run_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pop(L, 1);
}

static int run_protected(lua_State *L)
{
    struct running *r = lua_touserdata(L, 1);
    struct ts_lua_step *step = r->step;
    struct ts_script *s = step->script;

    if (step->run_ref == LUA_NOREF) {
        load_run(L, step);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, step->run_ref);
    ts_push_value(L, s->call->params);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->host_ref);
    lua_call(L, 2, 3);
    if (lua_type(L, -3) == LUA_TBOOLEAN && lua_toboolean(L, -3)) {
        r->ok = true;
        read_code(L, -2, r);
    } else if (lua_isnil(L, -3) && lua_type(L, -2) == LUA_TSTRING) {
        (void)ts_fail(&r->err, TS_EIO, "%s", lua_tostring(L, -2));
        read_code(L, -1, r);
    } else {
        luaL_error(L,
                   "run() of %s must answer true, or nil and a message; it answered %s "
                   "and %s",
                   step->type.name, luaL_typename(L, -3), luaL_typename(L, -2));
    }
    return 0;
}

static void set_outcome(struct ts_step_call *call, const struct running *r)
{
    call->outcome.has_code = r->has_code;
    call->outcome.code = r->code;
    if (!r->ok) {
        ts_str text = ts_str_of(r->err.text);
        size_t n = text.n, room = sizeof call->outcome.message - 1;
        if (n > room) {
            /* never cut inside a character */
            for (n = room; n && ((unsigned char)text.p[n] & 0xC0) == 0x80; n--) {
            }
        }
        memcpy(call->outcome.message, text.p, n);
        call->outcome.message[n] = 0;
    }
}

/* A Lua error: the message goes up, the traceback into the log for whoever wrote it. */
static void log_traceback(struct ts_script *s)
{
    ts_str rest = ts_buf_view(&s->traceback), line;

    while (ts_str_cut(&rest, '\n', &line)) {
        ts_host_log(s->call, TS_LOG_VERBOSE, "%.*s", (int)line.n, line.p);
    }
}

static enum ts_code lua_step_run(void *self, struct ts_step_call *call,
                                 struct ts_err *err)
{
    struct ts_lua_step *step = self;
    struct ts_script *s = step->script;
    struct running r = {.step = step};
    enum ts_code rc;

    s->step = step;
    s->call = call;
    rc = ts_script_protect(s, run_protected, &r, err);
    if (rc == TS_EIO) {
        log_traceback(s);
    } else if (rc == TS_ELIMIT) {
        (void)ts_err_context(err, "the step %s was stopped", step->type.name);
    } else if (rc == TS_OK && !r.ok && s->stop != TS_OK) {
        rc = ts_fail(err, s->stop, "%s", s->stop_err.text);
    } else if (rc == TS_OK && !r.ok && (!r.has_code || r.code == 0)) {
        /* 0 would read as success, so that it is no code for a failure */
        rc = ts_fail(err, r.failure ? r.failure : TS_EIO, "%s", r.err.text);
    } else if (rc == TS_OK) {
        set_outcome(call, &r);
    }
    ts_bind_drop_temps(s);
    ts_scratch_clear(&s->scratch);
    s->call = NULL;
    s->step = NULL;
    return rc;
}

const struct ts_step_ops ts_lua_step_ops = {lua_step_run};
