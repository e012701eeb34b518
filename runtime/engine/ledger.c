/* ledger.c - what a restart was: who asked, what was meant, what it interrupted.
 *
 * The ledger in the state holds a row for every restart; the events say the rest. Nothing
 * here decides anything. */
#include "engine/engine_internal.h"

#include "platform/clock.h"

#include <stdio.h>
#include <string.h>

/* ---- reading the rows ----------------------------------------------------------------
 */

struct reading {
    const struct ts_engine *e;
    int skip, rows;
    struct ts_arrival *pending; /* gets the last request that nothing came of yet */
    struct ts_buf *list;        /* gets the rows after `skip` as text */
    char last[300];             /* the row said last, and how often it came in turn */
    int times;
};

static const char *name_of(const struct ts_engine *e, const char *id)
{
    const struct ts_ins *ins = ts_table_find(&e->table, id);

    return ins ? ins->node->name : id;
}

static void read_pending(void *ctx, const struct ts_restart *r)
{
    struct reading *x = ctx;

    if (r->requested_ms && !r->arrived_ms) {
        x->pending->requested_ms = r->requested_ms;
        x->pending->by = ts_table_find(&x->e->table, r->step_id);
    }
}

static void count_row(void *ctx, const struct ts_restart *r)
{
    struct reading *x = ctx;

    (void)r;
    x->rows++;
}

static void say_last(struct reading *x)
{
    if (x->times) {
        ts_buf_fmt(x->list, "%s%s", x->list->n ? "; " : "", x->last);
    }
    if (x->times > 1) {
        ts_buf_fmt(x->list, " (%d times)", x->times);
    }
}

static void say_row(void *ctx, const struct ts_restart *r)
{
    struct reading *x = ctx;
    char text[300];

    if (x->skip-- > 0) {
        return;
    }
    if (!r->requested_ms) {
        snprintf(text, sizeof text, "not asked for, %s came up", r->phase);
    } else if (r->step_id[0]) {
        snprintf(text, sizeof text, "step \"%.100s\" asked for %s, %s came up",
                 name_of(x->e, r->step_id), r->target,
                 r->phase[0] ? r->phase : "nothing");
    } else {
        snprintf(text, sizeof text, "the runtime went back to %s, %s came up", r->target,
                 r->phase[0] ? r->phase : "nothing");
    }
    if (x->times && strcmp(text, x->last) == 0) {
        x->times++;
        return;
    }
    say_last(x);
    memcpy(x->last, text, sizeof text);
    x->times = 1;
}

void ts_ledger_pending(struct ts_engine *e, struct ts_arrival *a)
{
    struct reading x = {.e = e, .pending = a};

    if (e->state &&
        ts_state_restarts(e->state, e->run_id, read_pending, &x, NULL) != TS_OK) {
        a->by = NULL; /* it is told, not acted on */
    }
}

void ts_ledger_tell(struct ts_engine *e, int n, struct ts_buf *out)
{
    struct reading x = {.e = e, .list = out};

    if (!e->state ||
        ts_state_restarts(e->state, e->run_id, count_row, &x, NULL) != TS_OK) {
        return;
    }
    x.skip = x.rows - n;
    if (ts_state_restarts(e->state, e->run_id, say_row, &x, NULL) == TS_OK) {
        say_last(&x);
    }
}

/* ---- in words ------------------------------------------------------------------------
 */

const struct ts_ins *ts_where(const struct ts_engine *e)
{
    return e->ip < e->table.n ? &e->table.v[e->ip] : NULL;
}

/* One arrival as a line of the log. */
static void describe(struct ts_buf *out, const struct ts_engine *e,
                     const struct ts_arrival *a)
{
    const char *phase = ts_phase_name(e->host->phase);

    if (!a->expected) {
        ts_buf_fmt(out,
                   "Nobody asked for this restart (crash, power cut or somebody else): "
                   "%s came up",
                   phase);
        if (a->was != TS_PHASE_ANY) {
            ts_buf_fmt(out, ", the run was in %s", ts_phase_name(a->was));
        }
    } else if (a->by) {
        ts_buf_fmt(out, "The step (%s) asked for a restart to %s: %s came up",
                   a->by->node->name, ts_phase_name(a->target), phase);
    } else {
        ts_buf_fmt(out, "The runtime restarted the machine to %s: %s came up",
                   ts_phase_name(a->target), phase);
    }
    if (a->ms >= 0) {
        ts_buf_fmt(out, " after %.1f s", (double)a->ms / 1000);
    }
    if (a->cut) {
        ts_buf_fmt(out, ". The action (%s) was interrupted", a->cut->node->name);
    }
    ts_buf_fmt(out, ". Restart %d %s%d%s without a step being finished", a->count,
               a->count > a->limit ? "(" : "of at most ", a->limit,
               a->count > a->limit ? " are allowed)" : "");
}

/* ---- telling: log, events, the row ---------------------------------------------------
 */

/* Where the run goes on afterwards. */
static void goes_on(struct ts_engine *e)
{
    const struct ts_ins *at = ts_where(e);

    if (at) {
        ts_event_add(e->events, "at", at->node->id);
        ts_event_add(e->events, "atName", at->node->name);
        ts_event_add_int(e->events, "atIndex", at->index);
    }
}

static void log_requested(struct ts_engine *e, const struct ts_ins *ins,
                          enum ts_phase target, const char *message)
{
    const struct ts_ins *at = ts_where(e);

    ts_log_write(e->log, TS_LOG_INFO, NULL, "%s",
                 target == TS_PHASE_WINPE ? "Reboot to the boot image"
                                          : "Reboot to local harddisk");
    ts_log_write(e->log, TS_LOG_INFO, NULL,
                 "%s%s%s a restart to %s; the run goes on at (%s)",
                 ins ? "The step (" : "The runtime, to go back to where the run was",
                 ins ? ins->node->name : "", ins ? ") asked for" : ", asks for",
                 ts_phase_name(target), at ? at->node->name : "its end");
    if (message[0]) {
        ts_log_write(e->log, TS_LOG_INFO, NULL, "%s", message);
    }
}

void ts_emit_restart_requested(struct ts_engine *e, const struct ts_ins *ins,
                               enum ts_phase target, const char *message)
{
    if (e->log) {
        log_requested(e, ins, target, message);
    }
    ts_event_begin(e->events, "restart.requested");
    if (ins) {
        ts_emit_where(e->events, ins);
    }
    ts_event_add(e->events, "target", ts_phase_name(target));
    if (message[0]) {
        ts_event_add(e->events, "message", message);
    }
    ts_event_add(e->events, "by", ins ? "step" : "runtime");
    goes_on(e);
    ts_event_add_int(e->events, "count", e->restarts + 1);
    ts_event_add_int(e->events, "limit", ts_restart_limit(e));
    ts_event_end(e->events);
}

static void log_arrived(struct ts_engine *e, const struct ts_arrival *a)
{
    struct ts_buf text = {0};

    if (!a->expected) {
        ts_log_write(e->log, TS_LOG_WARNING, NULL,
                     "The run was interrupted without having asked for a restart");
    }
    describe(&text, e, a);
    ts_log_write(e->log, TS_LOG_INFO, NULL, "%s", ts_buf_text(&text));
    ts_buf_free(&text);
}

static void add_interrupted(struct ts_engine *e, const struct ts_arrival *a)
{
    ts_event_add(e->events, "interrupted", a->cut->node->id);
    ts_event_add(e->events, "interruptedName", a->cut->node->name);
    if (a->rule != TS_INTERRUPT_DEFAULT) {
        ts_event_add(e->events, "onInterrupt", ts_interrupt_name(a->rule));
        ts_event_add(e->events, "onInterruptFrom", a->rule_from);
    }
}

void ts_emit_restart_arrived(struct ts_engine *e, const struct ts_arrival *a)
{
    int64_t now = ts_now_ms();

    if (e->log) {
        log_arrived(e, a);
    }
    if (e->state) {
        ts_state_restart_arrived(e->state, a->expected, ts_phase_name(e->host->phase),
                                 now);
    }
    ts_event_begin(e->events, "restart.arrived");
    if (a->target != TS_PHASE_ANY) {
        ts_event_add(e->events, "target", ts_phase_name(a->target));
    }
    ts_event_add(e->events, "phase", ts_phase_name(e->host->phase));
    ts_event_add_bool(e->events, "expected", a->expected);
    if (a->by) {
        ts_emit_where(e->events, a->by);
    }
    ts_event_add(e->events, "by",
                 a->by             ? "step"
                 : a->requested_ms ? "runtime"
                                   : "nobody");
    if (a->was != TS_PHASE_ANY) {
        ts_event_add(e->events, "was", ts_phase_name(a->was));
    }
    goes_on(e);
    if (a->cut) {
        add_interrupted(e, a);
    }
    ts_event_add_int(e->events, "count", a->count);
    ts_event_add_int(e->events, "limit", a->limit);
    ts_event_end(e->events);
}
