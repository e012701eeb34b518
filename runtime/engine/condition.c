/* condition.c - conditions over the run's variables and this machine's facts. */
#include "engine/engine_internal.h"

#include "facts/facts.h"

static void warn(void *ctx, const char *message)
{
    struct ts_engine *e = ctx;

    ts_log_write(e->log, TS_LOG_WARNING, NULL, "%s", message);
}

static bool variable(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    struct ts_engine *e = ctx;

    return ts_vars_env_lookup(e->vars, name, value, secret);
}

/* %windir% inside a text of a condition. */
static bool environment(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    const struct ts_engine *e = ctx;

    *secret = false;
    return ts_vars_environment(e->vars, name, value, secret);
}

static enum ts_code fact(void *ctx, const struct ts_expr *x, const char *name,
                         const char *value, const char *part, bool *result,
                         struct ts_buf *why, struct ts_err *err)
{
    struct ts_engine *e = ctx;

    if (e->c->fact) {
        return e->c->fact(e->c->fact_ctx, x, name, value, part, result, why, err);
    }
    return ts_facts_ask(e->host->facts, x, name, value, part, result, why, err);
}

void ts_condition_env(struct ts_engine *e)
{
    e->env = (struct ts_expr_env){
        .ctx = e,
        .variable = variable,
        .fact = fact,
        .warn = warn,
        .lenient = e->c->seq->configmgr,
        .environment = environment,
    };
    if (e->host->facts) {
        ts_facts_on_warning(e->host->facts, warn, e);
    }
}

void ts_condition_end(struct ts_engine *e)
{
    if (e->host->facts) {
        ts_facts_on_warning(e->host->facts, NULL, NULL);
    }
}

enum ts_code ts_condition(struct ts_engine *e, const struct ts_node *n, bool *result,
                          struct ts_buf *why, struct ts_err *err)
{
    *result = true;
    if (!n->condition) {
        return TS_OK;
    }
    enum ts_code rc =
        ts_expr_eval(n->condition, &e->env, result, e->want_why ? why : NULL, err);
    if (rc != TS_OK || !e->log) {
        return rc;
    }
    if (*result) {
        ts_log_write(e->log, TS_LOG_INFO, NULL,
                     "The condition for the %s (%s) is evaluated to be true",
                     n->is_group ? "group" : "action", n->name);
    }
    if (why->n) {
        ts_log_write(e->log, TS_LOG_INFO, NULL, "Condition: %s", ts_buf_text(why));
    }
    return TS_OK;
}
