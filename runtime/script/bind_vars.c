/* bind_vars.c - host.vars: the variables of the run. */
#include <string.h>

#include <lauxlib.h>

#include "script/script_internal.h"

static int vars_get(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *name = ts_arg_text(L, 1);
    ts_str value;
    bool secret;

    if (!ts_vars_lookup(s->call->host->vars, ts_str_of(name), &value, &secret)) {
        lua_pushnil(L);
    } else {
        lua_pushlstring(L, value.p, value.n);
    }
    return 1;
}

static int vars_exists(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *name = ts_arg_text(L, 1);
    ts_str value;
    bool secret;

    lua_pushboolean(
        L, ts_vars_lookup(s->call->host->vars, ts_str_of(name), &value, &secret));
    return 1;
}

/* A value made from a secret is secret: does masking change the text? */
static bool holds_secret(struct ts_script *s, ts_str value)
{
    const struct ts_vars *vars = s->call->host->vars;

    if (!ts_vars_has_secrets(vars)) {
        return false;
    }
    ts_buf_clear(&s->scratch.buf);
    ts_vars_mask(vars, &s->scratch.buf, value);
    return !ts_str_eq(ts_buf_view(&s->scratch.buf), value);
}

static int set_variable(lua_State *L, struct ts_script *s, const char *name, ts_str value,
                        bool secret)
{
    struct ts_err err;

    secret = secret || holds_secret(s, value);
    if (ts_vars_set(s->call->host->vars, TS_SCOPE_STEP, ts_str_of(name), value, secret,
                    &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    return ts_bind_true(L);
}

/* host.vars.set(name, value [, { secret = true }]) */
static int vars_set(lua_State *L)
{
    static const char *const options[] = {"secret", NULL};
    struct ts_script *s = ts_bind_begin(L);
    const char *name = ts_arg_text(L, 1), *value = ts_arg_text(L, 2);
    bool secret = false;

    if (!lua_isnoneornil(L, 3)) {
        ts_arg_options(L, 3, options);
        secret = ts_opt_bool(L, 3, "secret");
    }
    return set_variable(L, s, name, ts_str_of(value), secret);
}

static int vars_delete(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);

    return set_variable(L, s, ts_arg_text(L, 1), (ts_str){"", 0}, false);
}

static int vars_expand(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *text = ts_arg_text(L, 1);
    bool secret = false;

    ts_vars_expand(s->call->host->vars, &s->scratch.buf, ts_str_of(text), &secret);
    if (secret && s->scratch.buf.n) {
        ts_vars_hide(s->call->host->vars, ts_buf_view(&s->scratch.buf));
    }
    lua_pushlstring(L, ts_buf_text(&s->scratch.buf), s->scratch.buf.n);
    return 1;
}

/* What steps of the library find out about the machine, under the names that sequences
 * know.  Other _names stay the engine's, and other steps have no access. */
static int vars_fact(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *name = ts_arg_text(L, 1), *value = ts_arg_text(L, 2);

    if (!s->step->library) {
        return luaL_error(L, "host.vars.fact is for the step library alone: use "
                             "host.vars.set with a name that does not begin with '_'");
    }
    if (!ts_var_name_valid(ts_str_of(name)) ||
        (strncmp(name, "_TS_CR", 6) != 0 && strcmp(name, "_SMSTSUserStatePath") != 0)) {
        return luaL_error(L, "'%s' is not a fact that a step may state", name);
    }
    ts_vars_engine(s->call->host->vars, name, value);
    return ts_bind_true(L);
}

const struct ts_binding ts_bind_vars[] = {
    {"get", vars_get},
    {"set", vars_set},
    {"delete", vars_delete},
    {"exists", vars_exists},
    {"expand", vars_expand},
    {"fact", vars_fact},
    {NULL, NULL},
};
