/* emit.c - what happens is told three times: to the log (in the words of the engine whose
 * log people can read), to the event stream, and to the state's ledger.
 *
 * The caller of the engine connects the event stream to the state. */
#include "engine/engine_internal.h"

#include "platform/clock.h"
#include "platform/proc.h"

#include <string.h>

static const char *phase_of(const struct ts_engine *e)
{
    return ts_phase_name(e->host->phase);
}

void ts_emit_where(struct ts_events *ev, const struct ts_ins *ins)
{
    ts_event_add(ev, "step", ins->node->id);
    ts_event_add(ev, "name", ins->node->name);
    ts_event_add_int(ev, "index", ins->index);
}

/* ---- variables -----------------------------------------------------------------------
 */

bool ts_is_bookkeeping(const char *name)
{
    static const char *const names[] = {
        "_SMSTSCurrentActionName",      "_SMSTSNextInstructionPointer",
        "_SMSTSInstructionStackString", "_SMSTSInstructionTableSize",
        "_SMSTSLastActionRetCode",      "_SMSTSLastActionName",
        "_SMSTSLastActionSucceeded",    "_SMSTSLastActionRetryCount",
    };

    if (name[0] != '_') {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (ts_caseeq(name, names[i])) {
            return true;
        }
    }
    return false;
}

static void variable_changed(void *ctx, const struct ts_var *v)
{
    struct ts_engine *e = ctx;
    const struct ts_node *n = e->current ? e->current->node : NULL;
    const char *shown = v->secret ? "*****" : v->value ? v->value : "";

    if (e->state) {
        ts_state_variable(e->state, v, n ? n->id : "");
    }
    if (ts_is_bookkeeping(v->name)) {
        return; /* the events of steps and groups say the same */
    }
    if (e->log) {
        ts_log_write(e->log, TS_LOG_VERBOSE, NULL,
                     "Set a global environment variable %s=%s", v->name, shown);
    }
    ts_event_begin(e->events, "variable.set");
    ts_event_add(e->events, "name", v->name);
    ts_event_add(e->events, "value", shown);
    if (n) {
        ts_event_add(e->events, "step", n->id);
        ts_event_add_int(e->events, "index", e->current->index);
    }
    ts_event_end(e->events);
}

void ts_emit_listen(struct ts_engine *e)
{
    e->recording = e->state || ts_events_active(e->events);
    e->want_why = e->recording || e->log;
    if (e->want_why) {
        ts_vars_listen(e->vars, variable_changed, e);
    }
}

void ts_emit_unlisten(struct ts_engine *e)
{
    if (e->want_why) {
        ts_vars_listen(e->vars, NULL, NULL);
    }
}

/* ---- the run -------------------------------------------------------------------------
 */

void ts_emit_run_started(struct ts_engine *e)
{
    ts_log_write(e->log, TS_LOG_INFO, NULL, "Starting Task Sequence Engine . . . ");
    ts_log_write(e->log, TS_LOG_INFO, NULL,
                 "The task execution engine started execution");
    ts_event_begin(e->events, "run.started");
    ts_event_add(e->events, "name", e->c->seq->name);
    ts_event_add(e->events, "file", e->c->seq->file);
    ts_event_add(e->events, "hash", e->c->hash);
    ts_event_add(e->events, "phase", phase_of(e));
    ts_event_end(e->events);
}

void ts_emit_run_resumed(struct ts_engine *e)
{
    ts_log_write(e->log, TS_LOG_INFO, NULL, "Starting Task Sequence Engine . . . ");
    ts_log_write(e->log, TS_LOG_INFO, NULL,
                 "The task execution engine started execution");
    ts_log_write(e->log, TS_LOG_INFO, NULL, "The run goes on at instruction %d", e->ip);
    ts_event_begin(e->events, "run.resumed");
    ts_event_add(e->events, "name", e->c->seq->name);
    ts_event_add_int(e->events, "index", e->ip);
    ts_event_add(e->events, "phase", phase_of(e));
    ts_event_end(e->events);
}

static void log_end(struct ts_engine *e)
{
    if (e->end == TS_END_SUCCEEDED) {
        ts_log_write(e->log, TS_LOG_INFO, NULL,
                     "Successfully completed execution of task sequence");
        return;
    }
    const char *last = ts_vars_get(e->vars, "_SMSTSLastActionName");
    ts_log_write(e->log, TS_LOG_ERROR, NULL, "%s", e->failure.text);
    ts_log_write(e->log, TS_LOG_ERROR, NULL,
                 "Failed to run the last action: %s. Execution of task sequence failed.",
                 last ? last : "");
    ts_log_write(e->log, TS_LOG_ERROR, NULL,
                 e->end == TS_END_CANCELLED
                     ? "Task Sequence Engine failed! Code: enExecutionCancelled"
                     : "Task Sequence Engine failed! Code: enExecutionFail");
    ts_log_write(e->log, TS_LOG_ERROR, NULL,
                 "Task sequence execution failed with error code %s",
                 e->end == TS_END_CANCELLED ? "80004004" : "80004005");
}

void ts_emit_run_finished(struct ts_engine *e)
{
    static const char *const results[] = {
        [TS_END_SUCCEEDED] = "succeeded",
        [TS_END_FAILED] = "failed",
        [TS_END_CANCELLED] = "cancelled",
        [TS_END_RESTART] = "",
    };

    log_end(e);
    ts_event_begin(e->events, "run.finished");
    ts_event_add(e->events, "result", results[e->end]);
    ts_event_add_int(e->events, "code", e->failure.code);
    if (e->end != TS_END_SUCCEEDED) {
        ts_event_add(e->events, "error", e->failure.text);
    }
    ts_event_end(e->events);
}

/* ---- groups --------------------------------------------------------------------------
 */

/* Once: a second attempt asks no condition. */
static void say_why(struct ts_engine *e)
{
    if (e->why && e->why[0]) {
        ts_event_add(e->events, "why", e->why);
    }
    e->why = NULL;
}

void ts_emit_group(struct ts_engine *e, const struct ts_ins *ins, const char *type)
{
    if (!ts_events_active(e->events)) {
        return;
    }
    ts_event_begin(e->events, type);
    ts_emit_where(e->events, ins);
    say_why(e);
    ts_event_end(e->events);
}

void ts_emit_group_finished(struct ts_engine *e, const struct ts_ins *ins, bool succeeded)
{
    if (!ts_events_active(e->events)) {
        return;
    }
    ts_event_begin(e->events, "group.finished");
    ts_emit_where(e->events, ins);
    ts_event_add_bool(e->events, "succeeded", succeeded);
    ts_event_end(e->events);
}

/* ---- skipping ------------------------------------------------------------------------
 */

static void log_skipped(struct ts_engine *e, const struct ts_ins *ins, const char *reason)
{
    const char *kind = ins->kind == TS_INS_STEP ? "action" : "group";
    const char *name = ins->node->name;

    if (strcmp(reason, "condition") == 0) {
        ts_log_write(e->log, TS_LOG_INFO, NULL,
                     "The %s (%s) has been skipped because the condition is evaluated to "
                     "be false",
                     kind, name);
    } else if (strcmp(reason, "disabled") == 0) {
        ts_log_write(e->log, TS_LOG_INFO, NULL,
                     "The %s (%s) has been skipped because it is disabled", kind, name);
    } else if (strcmp(reason, "interrupted") == 0) {
        ts_log_write(e->log, TS_LOG_WARNING, NULL,
                     "The %s (%s) was interrupted and is not run again", kind, name);
    }
    ts_log_write(e->log, TS_LOG_INFO, NULL,
                 "Execution of the instruction (%s) has been skipped", name);
}

void ts_emit_skipped(struct ts_engine *e, const struct ts_ins *ins, const char *reason,
                     const char *why)
{
    bool step = ins->kind == TS_INS_STEP;

    e->steps_skipped += step;
    if (e->log) {
        log_skipped(e, ins, reason);
    }
    if (!e->recording) {
        return;
    }
    if (e->state) {
        ts_state_skipped(e->state, ins->index, ins->node->id, ins->node->name, reason,
                         why ? why : "", ts_now_ms());
    }
    ts_event_begin(e->events, step ? "step.skipped" : "group.skipped");
    ts_emit_where(e->events, ins);
    ts_event_add(e->events, "reason", reason);
    if (why && why[0]) {
        ts_event_add(e->events, "why", why);
    }
    ts_event_end(e->events);
}

/* ---- steps ---------------------------------------------------------------------------
 */

/* A property "command" as one line of text; NULL: there is none. */
static const char *command_line(const struct ts_value *v, struct ts_buf *out)
{
    if (!v) {
        return NULL;
    }
    if (v->kind == TS_STRING) {
        return v->str.p;
    }
    if (v->kind != TS_ARRAY) {
        return NULL;
    }
    const char **argv = ts_alloc_array(v->count + 1, sizeof *argv);
    size_t n = 0;
    for (const struct ts_value *m = v->first; m; m = m->next) {
        if (m->kind == TS_STRING) {
            argv[n++] = m->str.p;
        }
    }
    char *joined = ts_argv_join(argv);
    ts_buf_z(out, joined);
    ts_free(joined);
    ts_free(argv);
    return ts_buf_text(out);
}

static bool hidden_command(const struct ts_engine *e)
{
    const char *v = ts_vars_get(e->vars, "OSDDoNotLogCommand");

    return v && ts_caseeq(v, "TRUE");
}

void ts_emit_started(struct ts_engine *e, const struct ts_ins *ins,
                     const struct ts_value *params)
{
    struct ts_buf typed = {0}, text = {0};
    bool hide = (e->log || e->recording) && hidden_command(e);
    const char *raw;

    /* The log shows the command as it was written, before expansion. */
    if (e->log &&
        (raw = command_line(ts_value_get(ins->node->params, "command"), &typed))) {
        ts_log_write(e->log, TS_LOG_INFO, NULL, "Start executing the command line: %s",
                     hide ? "*****" : raw);
        ts_log_write(
            e->log, TS_LOG_INFO, NULL,
            "!--------------------------------------------------------------------"
            "------------------------!");
    }
    if (ts_events_active(e->events)) {
        const char *command =
            params && !hide ? command_line(ts_value_get(params, "command"), &text) : NULL;
        ts_event_begin(e->events, "step.started");
        ts_emit_where(e->events, ins);
        ts_event_add(e->events, "type", ins->node->type);
        ts_event_add(e->events, "command", command);
        ts_event_add_int(e->events, "attempt", e->attempt);
        say_why(e);
        ts_event_end(e->events);
    }
    ts_buf_free(&typed);
    ts_buf_free(&text);
}

static void log_finished(struct ts_engine *e, const struct ts_ins *ins,
                         const struct ts_ending *v)
{
    char code[160];
    const char *name = ins->node->name;

    if (v->ok) {
        ts_log_write(
            e->log, TS_LOG_INFO, NULL,
            "Successfully completed the action (%s) with the exit win32 code %lld", name,
            (long long)v->code);
        return;
    }
    ts_log_write(e->log, v->ignored || v->again ? TS_LOG_WARNING : TS_LOG_ERROR, NULL,
                 "Failed to run the action: %s. %s%s%s", name, v->text,
                 v->text[0] ? ": " : "", ts_wincode_format(code, sizeof code, v->code));
    if (v->ignored) {
        ts_log_write(e->log, TS_LOG_WARNING, NULL,
                     "The failure of the action (%s) is ignored because it continues on "
                     "error",
                     name);
    } else if (v->again) {
        ts_log_write(e->log, TS_LOG_WARNING, NULL,
                     "The action (%s) is tried again: attempt %d of %d failed", name,
                     e->tries + 1, ins->node->retry.attempts);
    }
}

static void record_finished(struct ts_engine *e, const struct ts_ending *v, ts_str tail)
{
    struct ts_buf masked = {0};
    struct ts_attempt_end end = {.time_ms = ts_now_ms(),
                                 .code = v->code,
                                 .succeeded = v->ok,
                                 .ignored = v->ignored};

    ts_vars_mask(e->vars, &masked, ts_str_of(v->text[0] ? v->text : v->note));
    end.note = v->note[0] ? v->note : ts_buf_text(&masked);
    end.tail = tail;
    ts_state_attempt_finished(e->state, e->row, &end);
    ts_buf_free(&masked);
}

void ts_emit_finished(struct ts_engine *e, const struct ts_ins *ins,
                      const struct ts_ending *v, ts_str tail)
{
    if (e->log) {
        log_finished(e, ins, v);
    }
    if (e->state && e->row) {
        record_finished(e, v, tail);
        e->row = 0;
    }
    if (!ts_events_active(e->events)) {
        return;
    }
    ts_event_begin(e->events, "step.finished");
    ts_emit_where(e->events, ins);
    ts_event_add_int(e->events, "code", v->code);
    ts_event_add_bool(e->events, "succeeded", v->ok);
    ts_event_add_bool(e->events, "ignored", v->ignored);
    ts_event_add_int(e->events, "attempt", e->attempt);
    if (v->again) {
        ts_event_add_bool(e->events, "again", true);
    }
    if (v->text[0]) {
        ts_event_add(e->events, "message", v->text);
    }
    ts_event_end(e->events);
}
