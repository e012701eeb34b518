/* step.c - one step: its condition, its attempts, and what follows from how they end. */
#include "engine/engine_internal.h"

#include "platform/clock.h"
#include "platform/proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- local defaults (imported sequences) ---------------------------------------------
 */

static bool as_text(const struct ts_value *v, struct ts_buf *out)
{
    switch (v->kind) {
    case TS_STRING:
        ts_buf_str(out, v->str);
        return true;
    case TS_INT:
        ts_buf_fmt(out, "%" PRId64, v->integer);
        return true;
    case TS_BOOL:
        ts_buf_z(out, v->boolean ? "true" : "false");
        return true;
    default:
        return false;
    }
}

static void set_local(struct ts_engine *e, ts_str name, const struct ts_value *v,
                      bool secret)
{
    struct ts_buf text = {0}, value = {0};

    if (v && as_text(v, &text)) {
        ts_vars_expand(e->vars, &value, ts_buf_view(&text), &secret);
        if (!secret) { /* hidden ones are never put into the environment */
            ts_vars_local_set(e->vars, name, ts_buf_view(&value));
        }
    }
    ts_buf_free(&text);
    ts_buf_free(&value);
}

void ts_local_defaults(struct ts_engine *e, const struct ts_node *n,
                       const struct ts_step_type *t)
{
    const struct ts_value *more = ts_value_get(n->xml, "defaults");

    if (!e->c->seq->configmgr) {
        return;
    }
    for (const struct ts_value *v = more ? more->first : NULL; v; v = v->next) {
        if (ts_var_name_valid(v->key)) {
            set_local(e, v->key, v, false);
        }
    }
    for (size_t i = 0; i < t->param_count; i++) {
        const struct ts_param *p = &t->params[i];
        if (p->variable) {
            set_local(e, ts_str_of(p->variable), ts_value_get(n->params, p->name),
                      p->secret);
        }
    }
}

void ts_local_drop(struct ts_engine *e)
{
    if (e->c->seq->configmgr) {
        ts_vars_local_clear(e->vars);
    }
}

/* ---- one attempt ---------------------------------------------------------------------
 */

static void check_phase(struct ts_engine *e, const struct ts_ins *ins,
                        struct ts_ending *v)
{
    enum ts_phase want = ins->node->phase;
    char text[256];

    if (want == TS_PHASE_ANY) {
        want = ins->type->phase;
    }
    if (v->refused || want == TS_PHASE_ANY || want == e->host->phase) {
        return;
    }
    snprintf(
        text, sizeof text,
        "this step runs in %s only, and this is %s: a restart to %s is missing before "
        "it, or a condition on _SMSTSInWinPE",
        ts_phase_name(want), ts_phase_name(e->host->phase), ts_phase_name(want));
    ts_refuse(v, TS_CODE_WRONG_PHASE, text);
}

/* TS_ELOST: the machine is gone, so that there is nobody to record anything. */
static enum ts_code run_step(struct ts_engine *e, const struct ts_ins *ins,
                             struct ts_step_call *call, struct ts_ending *v)
{
    struct ts_err err;
    int64_t limit = ins->node->timeout_ms;

    err.text[0] = '\0';
    call->deadline_ns = limit > 0 ? ts_mono_ns() + limit * 1000000 : 0;
    enum ts_code rc = ins->type->ops->run(ins->type->self, call, &err);
    struct ts_err lost;
    enum ts_code settled = ts_host_settle(call, rc == TS_OK ? &err : &lost);
    rc = rc == TS_OK ? settled : rc;
    ts_host_output_end(call);
    ts_judge(v, ins->node, ins->type, e->c->seq->configmgr, &call->outcome, rc, &err);
    return rc == TS_ELOST ? TS_ELOST : TS_OK;
}

/* A step that never stops asking to be run again would never let the run end.  One that
 * failed anyway, and is ignored, keeps its own code. */
static void bound_again(struct ts_engine *e, struct ts_ending *v)
{
    if (e->again < TS_AGAIN_MAX || !ts_vars_get(e->vars, "SMSTSRetryRequested")) {
        return;
    }
    ts_requests_clear(e);
    if (v->ok) {
        v->ok = v->restart = false;
        v->code = TS_CODE_FAILED;
        snprintf(
            v->text, sizeof v->text,
            "the step asked to be run again (SMSTSRetryRequested) more than %d times",
            TS_AGAIN_MAX);
    }
}

static void judge_further(struct ts_engine *e, const struct ts_ins *ins,
                          struct ts_ending *v)
{
    bound_again(e, v);
    v->again = ts_retry_wanted(e, ins->node, v);
    v->ignored =
        !v->ok && !v->again && !v->cancelled && !v->fatal && ins->node->continue_on_error;
}

/* Commit 1, the work, and the records of its end (commit 2 is the caller's). */
static enum ts_code attempt(struct ts_engine *e, const struct ts_ins *ins,
                            struct ts_ending *v, struct ts_err *err)
{
    struct ts_arena arena = {0};
    struct ts_step_call call = {.host = e->host,
                                .node = ins->node,
                                .type = ins->type,
                                .arena = &arena,
                                .attempt = ++e->attempt,
                                .interrupted_before = e->cuts > 0};
    struct ts_value *params = NULL;
    struct ts_buf tail = {0};
    struct ts_err why;
    enum ts_code rc = TS_OK;

    if (!v->refused && ts_params_prepare(ins->type, ins->node->params, e->vars, &arena,
                                         &params, &why) != TS_OK) {
        ts_refuse(v, TS_CODE_FAILED, why.text);
    }
    check_phase(e, ins, v);
    call.params = params;
    ts_emit_started(e, ins, params);
    if (e->state) {
        e->row = ts_state_attempt_started(e->state, ins->index, ins->node->id,
                                          ins->node->name, e->attempt, ts_now_ms());
        if (!v->refused) { /* what does not run cannot be interrupted */
            e->started = true;
            rc = ts_engine_commit(e, err);
        }
    }
    if (rc == TS_OK && !v->refused && run_step(e, ins, &call, v) == TS_ELOST) {
        rc = ts_fail(err, TS_ELOST, "the power was lost in step \"%s\"", ins->node->name);
    }
    if (rc == TS_OK) {
        e->started = false;
        judge_further(e, ins, v);
        if (call.tail.n) {
            ts_vars_mask(e->vars, &tail, ts_buf_view(&call.tail));
        }
        ts_emit_finished(e, ins, v, ts_buf_view(&tail));
    }
    ts_buf_free(&call.tail);
    ts_buf_free(&tail);
    ts_arena_fini(&arena);
    return rc;
}

static enum ts_code attempts(struct ts_engine *e, const struct ts_ins *ins,
                             struct ts_ending *v, struct ts_err *err)
{
    enum ts_code rc;

    while ((rc = attempt(e, ins, v, err)) == TS_OK && v->again) {
        e->tries++;
        if ((rc = ts_engine_commit(e, err)) != TS_OK) {
            return rc;
        }
        if (!ts_retry_wait(e, ins->node)) {
            v->again = false;
            v->cancelled = true;
            return TS_OK;
        }
        memset(v, 0, sizeof *v);
    }
    return rc;
}

/* ---- afterwards ----------------------------------------------------------------------
 */

static void set_last_action(struct ts_engine *e, const struct ts_ins *ins,
                            const struct ts_ending *v)
{
    char code[32];

    snprintf(code, sizeof code, "%" PRId64, v->code);
    ts_engine_var(e, "_SMSTSLastActionRetCode", code);
    ts_engine_var(e, "_SMSTSLastActionName", ins->node->name);
    ts_engine_var(e, "_SMSTSLastActionSucceeded", v->ok ? "true" : "false");
}

/* step "Copy drivers" (seq.json:42): cannot read D:\Drivers: no such folder */
static void describe(const struct ts_ins *ins, const struct ts_ending *v, char *out,
                     size_t n)
{
    const struct ts_pos *pos = &ins->node->pos;
    char code[160], place[300] = "";

    if (pos->file && pos->line) {
        snprintf(place, sizeof place, " (%s:%d)", pos->file, pos->line);
    }
    ts_wincode_format(code, sizeof code, v->code);
    if (v->text[0]) {
        snprintf(out, n, "step \"%.200s\"%s: %s [%s]", ins->node->name, place, v->text,
                 code);
    } else {
        snprintf(out, n, "step \"%.200s\"%s ended with code %s", ins->node->name, place,
                 code);
    }
}

void ts_step_forget(struct ts_engine *e)
{
    e->attempt = e->tries = e->cuts = 0;
    ts_engine_var(e, "_SMSTSLastActionRetryCount", "0");
}

static enum ts_code settle_failed(struct ts_engine *e, const struct ts_ins *ins,
                                  struct ts_ending *v, struct ts_err *err)
{
    char text[1600];
    int next = ins->index + 1;

    describe(ins, v, text, sizeof text);
    ts_requests_clear(e);
    e->again = e->restarts = 0;
    if (v->fatal) {
        ts_fail_fatal(e, next, v->code, text);
    } else if (v->cancelled) {
        (void)ts_cancel_begin(e);
        ts_cancel_unwind(e, next);
    } else {
        ts_group_fail(e, next, v->code, text);
    }
    return e->over ? TS_OK : ts_engine_commit(e, err);
}

static enum ts_code refuse_restart(struct ts_engine *e, const struct ts_ins *ins,
                                   const char *why, struct ts_err *err)
{
    char text[1600];

    snprintf(text, sizeof text,
             "the restart that step \"%.200s\" asked for cannot be done: "
             "%.1200s",
             ins->node->name, why);
    ts_requests_clear(e);
    e->restarts = 0;
    ts_fail_fatal(e, ins->index + 1, TS_CODE_FAILED, text);
    return e->over ? TS_OK : ts_engine_commit(e, err);
}

enum ts_code ts_step_settle(struct ts_engine *e, const struct ts_ins *ins,
                            struct ts_ending *v, struct ts_err *err)
{
    enum ts_phase target = TS_PHASE_ANY;
    struct ts_err why;
    bool again;

    set_last_action(e, ins, v);
    ts_local_drop(e);
    e->steps_run++;
    e->steps_failed += !v->ok;
    ts_step_forget(e);
    if (!v->ok && !v->ignored) {
        return settle_failed(e, ins, v, err);
    }
    if (ts_cancelled()) { /* takes effect behind this step: not behind a restart */
        ts_requests_clear(e);
        v->restart = false;
    }
    if (ts_restart_wanted(e, v, &target, &why) != TS_OK ||
        (target != TS_PHASE_ANY && ts_restart_prepare(e, target, &why) != TS_OK)) {
        return refuse_restart(e, ins, why.text, err);
    }
    again = ts_vars_get(e->vars, "SMSTSRetryRequested") != NULL;
    if (again) {
        ts_log_write(e->log, TS_LOG_INFO, NULL, "The action (%s) requested a retry",
                     ins->node->name);
        e->again++;
    } else {
        e->ip = ins->index + 1;
        e->again = e->restarts = 0;
    }
    if (target != TS_PHASE_ANY) {
        return ts_restart_go(e, ins, target, err);
    }
    ts_requests_clear(e);
    return ts_engine_commit(e, err);
}

enum ts_code ts_step_execute(struct ts_engine *e, const struct ts_ins *ins,
                             struct ts_err *err)
{
    struct ts_ending v = {0};
    struct ts_buf why = {0};
    struct ts_err wrong;
    enum ts_code rc = TS_OK;
    bool runs = true;

    if (ins->node->disabled) {
        ts_skip(e, ins, "disabled", NULL);
        return TS_OK;
    }
    ts_local_defaults(e, ins->node, ins->type);
    /* A step that was cut off had passed its condition; what it changed since must not
     * keep it from being finished.  The same holds while it is tried again. */
    if (e->cuts == 0 && e->tries == 0 &&
        ts_condition(e, ins->node, &runs, &why, &wrong) != TS_OK) {
        ts_err_context(&wrong, "its condition cannot be evaluated");
        ts_refuse(&v, TS_CODE_FAILED, wrong.text);
        runs = true;
    }
    if (runs) {
        ts_start_log_path(e);
        e->why = ts_buf_text(&why);
        if ((rc = attempts(e, ins, &v, err)) == TS_OK) {
            rc = ts_step_settle(e, ins, &v, err);
        }
    } else {
        ts_local_drop(e);
        e->again = 0; /* it had asked to be run again: that is over */
        ts_skip(e, ins, "condition", ts_buf_text(&why));
    }
    e->why = NULL;
    ts_buf_free(&why);
    return rc;
}
