/* resume.c - going on after a restart, a crash or a power cut.
 *
 *   status      attempt   meaning                       what happens
 *   restarting  no        the restart was asked for     go on at the position
 *   running     no        cut between two steps         go on at the position
 *   either      yes       cut in the midst of a step    the step's onInterrupt decides
 *   ended       -         only with from_step           go on there
 *
 * A restart that was recorded as asked for counts as done, whoever did it. */
#include "engine/engine_internal.h"

#include "platform/clock.h"
#include "platform/proc.h"

#include <stdio.h>
#include <string.h>

#define MOST_RESTARTS 999999

/* What is not a limit must not pass for one in silence. */
static void warn_of_limit(const struct ts_engine *e, int limit)
{
    const char *text = ts_vars_get(e->vars, "TSRestartLimit");
    int64_t n;

    if (text && (!ts_str_int(ts_str_of(text), &n) || n != limit)) {
        ts_log_write(e->log, TS_LOG_WARNING, NULL,
                     "TSRestartLimit is \"%.40s\": a number from 1 to %d was expected, "
                     "so %d restarts are allowed",
                     text, MOST_RESTARTS, limit);
    }
}

int ts_restart_limit(const struct ts_engine *e)
{
    const char *text = ts_vars_get(e->vars, "TSRestartLimit");
    int64_t n;

    if (text && ts_str_int(ts_str_of(text), &n) && n > 0 && n <= MOST_RESTARTS) {
        return (int)n;
    }
    return e->c->restart_limit > 0 ? e->c->restart_limit : 5;
}

/* What becomes of a step that was cut off, and who says so. */
static enum ts_interrupt policy(const struct ts_engine *e, const struct ts_ins *ins,
                                const char **from)
{
    const struct ts_node *n = ins->node;

    *from = "step";
    if (n->on_interrupt != TS_INTERRUPT_DEFAULT) {
        return n->on_interrupt;
    }
    *from = "configmgr";
    if (e->c->seq->configmgr) {
        return e->cuts + 1 < n->retry.attempts ? TS_INTERRUPT_RERUN : TS_INTERRUPT_FAIL;
    }
    *from = "type";
    return ins->type->on_interrupt == TS_INTERRUPT_DEFAULT ? TS_INTERRUPT_FAIL
                                                           : ins->type->on_interrupt;
}

/* The attempt that was cut off gets its end in the ledger. */
static void close_row(struct ts_engine *e, bool ignored)
{
    struct ts_attempt_end end = {.time_ms = ts_now_ms(),
                                 .code = TS_CODE_INTERRUPTED,
                                 .ignored = ignored,
                                 .note = "interrupted"};

    if (e->row) {
        ts_state_attempt_finished(e->state, e->row, &end);
    }
    e->row = 0;
    e->started = false;
}

static enum ts_code fail_interrupted(struct ts_engine *e, const struct ts_ins *ins,
                                     const char *why, bool fatal, struct ts_err *err)
{
    struct ts_ending v = {.code = TS_CODE_INTERRUPTED, .note = "interrupted"};

    snprintf(v.text, sizeof v.text, "%s", why);
    v.fatal = fatal;
    v.ignored = !fatal && ins->node->continue_on_error;
    e->started = false;
    ts_emit_finished(e, ins, &v, (ts_str){"", 0});
    return ts_step_settle(e, ins, &v, err);
}

enum ts_code ts_fail_interrupted(struct ts_engine *e, const char *why, struct ts_err *err)
{
    return fail_interrupted(e, &e->table.v[e->ip], why, true, err);
}

static enum ts_code interrupted(struct ts_engine *e, enum ts_interrupt what,
                                const char *loop, struct ts_err *err)
{
    const struct ts_ins *ins = &e->table.v[e->ip];
    char count[32];

    e->current = ins;
    e->cuts++;
    switch (what) {
    case TS_INTERRUPT_RERUN:
        close_row(e, false);
        snprintf(count, sizeof count, "%d", e->cuts);
        ts_engine_var(e, "_SMSTSLastActionRetryCount", count);
        ts_log_write(e->log, TS_LOG_WARNING, NULL,
                     "The action (%s) was interrupted and runs again", ins->node->name);
        return ts_engine_commit(e, err);
    case TS_INTERRUPT_SKIP:
        close_row(e, true);
        ts_emit_skipped(e, ins, "interrupted", NULL);
        e->ip++;
        e->again = 0;
        ts_step_forget(e);
        return ts_engine_commit(e, err);
    default:
        return fail_interrupted(e, ins, loop ? loop : TS_TEXT_INTERRUPTED, loop != NULL,
                                err);
    }
}

static enum ts_code wrong_phase(struct ts_engine *e, enum ts_phase meant,
                                struct ts_err *err)
{
    char text[300];

    snprintf(
        text, sizeof text,
        "the machine should have started %s and started %s: check its boot order and "
        "that the %s is still there",
        ts_phase_name(meant), ts_phase_name(e->host->phase),
        meant == TS_PHASE_WINPE ? "boot image" : "installed system");
    if (e->started) {
        return ts_fail_interrupted(e, text, err);
    }
    ts_fail_fatal(e, e->ip, TS_CODE_WRONG_PHASE, text);
    return e->over ? TS_OK : ts_engine_commit(e, err);
}

/* After a crash the machine starts what it starts by default.  Where it can be sent back,
 * it is: the run goes on in the phase it was in. */
static enum ts_code go_back(struct ts_engine *e, enum ts_phase meant, struct ts_err *err)
{
    struct ts_err why;

    if (ts_restart_prepare(e, meant, &why) != TS_OK) {
        ts_log_write(e->log, TS_LOG_ERROR, NULL, "Cannot go back to %s: %s",
                     ts_phase_name(meant), why.text);
        return wrong_phase(e, meant, err);
    }
    return ts_restart_go(e, NULL, meant, err);
}

/* "step "A": the machine restarted 6 times ..." of a run that is stopped for it; the step
 * is named by the caller when it was under way. */
static enum ts_code stop_loop(struct ts_engine *e, const struct ts_arrival *a,
                              struct ts_err *err)
{
    const struct ts_ins *at = ts_where(e);
    struct ts_buf list = {0};
    char text[1000], before[160] = "";

    ts_ledger_tell(e, a->count, &list);
    if (at && !e->started) {
        snprintf(before, sizeof before, "before %s \"%.100s\": ",
                 at->kind == TS_INS_STEP    ? "step"
                 : at->kind == TS_INS_GROUP ? "group"
                                            : "the end of group",
                 at->node->name);
    }
    snprintf(text, sizeof text,
             "%sthe machine restarted %d times without a step being finished, at most %d "
             "are allowed (variable TSRestartLimit): %.700s",
             before, a->count, a->limit, ts_buf_text(&list));
    ts_buf_free(&list);
    e->restarts = 0;
    if (e->started) {
        return interrupted(e, TS_INTERRUPT_FAIL, text, err);
    }
    ts_fail_fatal(e, e->ip, TS_CODE_FAILED, text);
    return e->over ? TS_OK : ts_engine_commit(e, err);
}

/* An arrival somewhere else that a power cut on the way explains. */
static bool used_up(const struct ts_engine *e, const struct ts_arrival *a)
{
    return e->c->restart->one_start && a->count < a->limit;
}

enum next { GO_ON, INTERRUPTED, LOOP, WRONG_PHASE, GO_BACK };

static enum next what_next(const struct ts_engine *e, const struct ts_arrival *a)
{
    enum ts_phase meant = a->target != TS_PHASE_ANY ? a->target : a->was;
    bool trusted = !e->c->restart || e->c->restart->trust_phase;

    if (a->count > a->limit) {
        return LOOP;
    }
    if (!trusted && meant != TS_PHASE_ANY && meant != e->host->phase) {
        return a->expected && !used_up(e, a) ? WRONG_PHASE : GO_BACK;
    }
    return e->started ? INTERRUPTED : GO_ON;
}

static void describe_arrival(struct ts_engine *e, struct ts_arrival *a)
{
    int64_t now = ts_now_ms();

    a->target = e->target;
    a->count = ++e->restarts;
    a->limit = ts_restart_limit(e);
    warn_of_limit(e, a->limit);
    a->cut = e->started ? ts_where(e) : NULL;
    a->ms = -1;
    if (a->expected) {
        ts_ledger_pending(e, a);
        a->ms = a->requested_ms && a->requested_ms <= now ? now - a->requested_ms : -1;
    }
}

/* What the arrival means: sets e->over when this start ends here. */
static enum ts_code arrived(struct ts_engine *e, bool expected, enum ts_phase was,
                            struct ts_err *err)
{
    struct ts_arrival a = {.expected = expected, .was = was};

    describe_arrival(e, &a);
    enum ts_phase meant = a.target != TS_PHASE_ANY ? a.target : was;
    enum next next = what_next(e, &a);
    if (a.cut && next == INTERRUPTED) {
        a.rule = policy(e, a.cut, &a.rule_from);
    } else if (a.cut && (next == LOOP || next == WRONG_PHASE)) {
        a.rule = TS_INTERRUPT_FAIL;
        a.rule_from = next == LOOP ? "limit" : "phase";
    }
    ts_emit_restart_arrived(e, &a);
    e->target = TS_PHASE_ANY;
    if (e->state) {
        ts_state_status(e->state, TS_RUN_RUNNING, 0, "");
    }
    ts_start_phase(e);
    ts_emit_run_resumed(e);
    switch (next) {
    case LOOP:
        return stop_loop(e, &a, err);
    case WRONG_PHASE:
        return wrong_phase(e, meant, err);
    case GO_BACK:
        return go_back(e, meant, err);
    case INTERRUPTED:
        return interrupted(e, a.rule, NULL, err);
    default:
        return ts_engine_commit(e, err);
    }
}

/* A position is absent when the run was cut before its first record: a fresh start. */
static enum ts_code read_run(struct ts_engine *e, enum ts_run_status *status,
                             enum ts_phase *was, bool *fresh, struct ts_err *err)
{
    struct ts_run run;
    enum ts_code rc = ts_state_last_run(e->state, &run, err);

    if (rc != TS_OK) {
        return rc;
    }
    e->run_id = run.id;
    e->host->run = run.uid; /* the text the caller had is gone with this read */
    *status = run.status;
    *fresh = !run.position || !run.position[0];
    e->began_ms = run.started_ms;
    if (!e->host->fake) {
        ts_proc_kill_run(run.uid);
    }
    return *fresh ? TS_OK : ts_position_read(e, run.position, was, err);
}

enum ts_code ts_resume(struct ts_engine *e, const char *from_step, struct ts_err *err)
{
    enum ts_run_status status = TS_RUN_NONE;
    enum ts_phase was = TS_PHASE_ANY;
    bool fresh = false;
    enum ts_code rc;

    if (!e->state) {
        return ts_fail(err, TS_EREFUSED, "there is no state to go on with");
    }
    if ((rc = read_run(e, &status, &was, &fresh, err)) != TS_OK) {
        return rc;
    }
    ts_start_names(e);
    if (fresh && (status == TS_RUN_RUNNING || from_step)) {
        rc = ts_start_fresh(e, err);
        ts_store_all_vars(e);
        return rc == TS_OK ? ts_engine_commit(e, err) : rc;
    }
    bool ended = status != TS_RUN_RUNNING && status != TS_RUN_RESTARTING;
    if (ended && !from_step) {
        return ts_fail(err, TS_EREFUSED, "there is nothing to go on with: the run is %s",
                       ts_run_status_name(status));
    }
    if (!from_step) {
        return arrived(e, status == TS_RUN_RESTARTING, was, err);
    }
    /* Going on by hand: what was cut off or failed is the person's to judge. */
    struct ts_arrival a = {.expected = status == TS_RUN_RESTARTING, .was = was};
    describe_arrival(e, &a);
    if (e->started) {
        close_row(e, false);
    }
    if (!ended) {
        ts_emit_restart_arrived(e, &a);
    }
    e->target = TS_PHASE_ANY;
    e->cancelled = e->fatal = false;
    e->restarts = 0;
    ts_state_status(e->state, TS_RUN_RUNNING, 0, "");
    ts_start_phase(e);
    return TS_OK;
}
