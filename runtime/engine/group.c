/* group.c - entering and leaving groups, and what a failure does to those that are open.
 *
 * A group that is open is in its body or in its finally list.  When the body ends - at
 * its last entry, by a failure, by a cancel - a group with a finally list moves on to
 * that, and is left when it ends; a failed group is then taken up by the group around it,
 * unless its continueOnError stops the failure there. */
#include "engine/engine_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "platform/proc.h"

static struct ts_frame *top(struct ts_engine *e)
{
    assert(e->depth > 0);
    return &e->frames[e->depth - 1];
}

struct ts_frame *ts_frame_push(struct ts_engine *e, int start)
{
    if (e->depth == e->cap) {
        e->cap = e->cap ? e->cap * 2 : 16;
        e->frames = ts_realloc_array(e->frames, (size_t)e->cap, sizeof *e->frames);
    }
    struct ts_frame *f = &e->frames[e->depth++];
    *f = (struct ts_frame){.start = start};
    return f;
}

void ts_frame_pop(struct ts_engine *e)
{
    struct ts_frame *f = top(e);

    ts_free(f->failure.text);
    for (int i = 0; i < TS_LAST_ACTION_VARS; i++) {
        ts_free(f->saved[i]);
    }
    e->depth--;
}

/* The start entries of the open groups, outermost first. */
void ts_stack_string(struct ts_engine *e)
{
    char text[1024] = ""; /* 100 groups of at most 9 digits */
    size_t n = 0;

    for (int i = 0; i < e->depth && n < sizeof text - 12; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%d", i ? " " : "",
                              e->frames[i].start);
    }
    ts_engine_var(e, "_SMSTSInstructionStackString", text);
}

void ts_group_start(struct ts_engine *e, const struct ts_ins *ins)
{
    ts_frame_push(e, ins->start);
    if (e->log) {
        ts_log_write(e->log, TS_LOG_INFO, NULL,
                     "The group (%s) has been successfully started", ins->node->name);
    }
    ts_emit_group(e, ins, "group.started");
    e->ip++;
    ts_stack_string(e);
}

/* ---- finally -------------------------------------------------------------------------
 */

bool ts_finally_due(const struct ts_engine *e)
{
    if (e->depth == 0 || e->frames[e->depth - 1].in_finally) {
        return false;
    }
    const struct ts_ins *g = &e->table.v[e->frames[e->depth - 1].start];
    return g->fin < g->end && e->ip == g->fin;
}

void ts_finally_enter(struct ts_engine *e)
{
    struct ts_frame *f = top(e);

    f->in_finally = true;
    for (int i = 0; i < TS_LAST_ACTION_VARS; i++) {
        f->saved[i] = ts_strdup(ts_vars_get(e->vars, ts_last_action_vars[i]));
    }
    e->ip = e->table.v[f->start].fin;
    ts_log_write(e->log, TS_LOG_INFO, NULL, "The finally steps of the group (%s) begin",
                 e->table.v[f->start].node->name);
}

static void finally_leave(struct ts_engine *e, struct ts_frame *f)
{
    for (int i = 0; i < TS_LAST_ACTION_VARS; i++) {
        ts_engine_var(e, ts_last_action_vars[i], f->saved[i] ? f->saved[i] : "");
    }
}

/* ---- leaving -------------------------------------------------------------------------
 */

/* The first error of a group stays; a later one is only logged. */
static void keep_first(struct ts_frame *f, int64_t code, const char *text)
{
    if (!f->failed) {
        f->failed = true;
        f->failure = (struct ts_failure){code, ts_strdup(text)};
    }
}

static void skip_rest(struct ts_engine *e, int from, int to)
{
    while (from < to) {
        const struct ts_ins *ins = &e->table.v[from];
        ts_emit_skipped(e, ins, "failed-group", NULL);
        from = ts_ins_after(ins);
    }
}

static void log_failed_group(struct ts_engine *e, const struct ts_ins *g, bool ignored)
{
    char code[160];
    const char *name = g->node->name;

    if (!e->log) {
        return;
    }
    if (ignored) {
        ts_log_write(e->log, TS_LOG_WARNING, NULL,
                     "The group (%s) ignored the failure because it continues on error",
                     name);
        return;
    }
    ts_log_write(e->log, TS_LOG_ERROR, NULL,
                 "The execution of the group (%s) has failed and the execution has been "
                 "aborted. An action failed. %s",
                 name, ts_wincode_format(code, sizeof code, TS_CODE_ABORTED));
    if (g->group >= 0) {
        ts_log_write(e->log, TS_LOG_INFO, NULL,
                     "Let the parent group (%s) decides whether to continue execution",
                     e->table.v[g->group].node->name);
    }
}

/* Leave the innermost group, which failed.  True: its continueOnError ends the failure
 * here.  *out gets what failed, to be freed by the caller. */
static bool leave_failed(struct ts_engine *e, struct ts_failure *out)
{
    struct ts_frame *f = top(e);
    const struct ts_ins *g = &e->table.v[f->start];
    bool ignored = g->node->continue_on_error && !f->no_coe;

    if (f->in_finally) {
        finally_leave(e, f);
    }
    *out = f->failure;
    f->failure.text = NULL;
    ts_frame_pop(e);
    log_failed_group(e, g, ignored);
    ts_emit_group_finished(e, g, false);
    e->ip = g->end + 1;
    ts_stack_string(e);
    return ignored;
}

static void run_over(struct ts_engine *e, const struct ts_failure *f)
{
    e->over = true;
    e->end = e->cancelled && !e->fatal ? TS_END_CANCELLED : TS_END_FAILED;
    ts_free(e->failure.text);
    e->failure = (struct ts_failure){f->code, ts_strdup(f->text ? f->text : "")};
}

/* e->ip: where the rest of the innermost group begins. */
static void unwind(struct ts_engine *e, int next, struct ts_failure f)
{
    while (e->depth) {
        struct ts_frame *g = top(e);
        const struct ts_ins *ins = &e->table.v[g->start];
        struct ts_failure handed;
        bool to_finally = !g->in_finally && ins->fin < ins->end;

        keep_first(g, f.code, f.text);
        skip_rest(e, next, g->in_finally ? ins->end : ins->fin);
        ts_free(f.text);
        f.text = NULL;
        if (to_finally && !e->stop) {
            ts_finally_enter(e);
            return;
        }
        if (leave_failed(e, &handed)) {
            ts_free(handed.text);
            return;
        }
        f = handed;
        next = e->ip;
    }
    run_over(e, &f);
    ts_free(f.text);
}

void ts_group_fail(struct ts_engine *e, int next, int64_t code, const char *text)
{
    unwind(e, next, (struct ts_failure){code, ts_strdup(text)});
}

void ts_group_end(struct ts_engine *e)
{
    struct ts_frame *f = top(e);
    const struct ts_ins *g = &e->table.v[f->start];
    struct ts_failure failure;

    if (f->failed) {
        if (leave_failed(e, &failure)) {
            ts_free(failure.text);
        } else {
            unwind(e, e->ip, failure);
        }
        return;
    }
    if (f->in_finally) {
        finally_leave(e, f);
    }
    ts_frame_pop(e);
    if (e->log) {
        ts_log_write(e->log, TS_LOG_INFO, NULL,
                     "The group (%s) has been successfully completed", g->node->name);
    }
    ts_emit_group_finished(e, g, true);
    e->ip = g->end + 1;
    ts_stack_string(e);
}

/* ---- what no continueOnError stops ---------------------------------------------------
 */

static void mark(struct ts_engine *e, int count, int64_t code, const char *text)
{
    for (int i = 0; i < count; i++) {
        e->frames[i].no_coe = true;
        keep_first(&e->frames[i], code, text);
    }
}

void ts_fail_fatal(struct ts_engine *e, int next, int64_t code, const char *text)
{
    if (!e->cancelled) {
        e->fatal = true;
    }
    e->again = 0; /* whatever was under way is over */
    ts_step_forget(e);
    mark(e, e->depth, code, text);
    ts_group_fail(e, next, code, text);
}

bool ts_cancel_begin(struct ts_engine *e)
{
    int shield =
        0; /* the outermost group that is cleaning up; what runs inside goes on */

    ts_log_write(e->log, TS_LOG_WARNING, NULL, "The user cancelled the task sequence");
    if (e->cancelled) {
        e->stop = true;
        mark(e, e->depth, TS_CODE_ABORTED, "cancelled by the user");
        return true;
    }
    e->cancelled = true;
    ts_cancel_set(false); /* finally steps run; a second wish ends them too */
    while (shield < e->depth && !e->frames[shield].in_finally) {
        shield++;
    }
    mark(e, shield < e->depth ? shield + 1 : e->depth, TS_CODE_ABORTED,
         "cancelled by the user");
    return shield == e->depth;
}

void ts_cancel_unwind(struct ts_engine *e, int next)
{
    ts_group_fail(e, next, TS_CODE_ABORTED, "cancelled by the user");
}

/* ---- going to a step by hand ---------------------------------------------------------
 */

static void open_groups(struct ts_engine *e, int group, int inner)
{
    if (group < 0) {
        return;
    }
    const struct ts_ins *g = &e->table.v[group];
    open_groups(e, g->group, group);
    struct ts_frame *f = ts_frame_push(e, group);
    if (inner >= g->fin && inner < g->end) {
        f->in_finally = true;
        for (int i = 0; i < TS_LAST_ACTION_VARS; i++) {
            f->saved[i] = ts_strdup(ts_vars_get(e->vars, ts_last_action_vars[i]));
        }
    }
}

void ts_jump(struct ts_engine *e, int index)
{
    const struct ts_ins *ins = &e->table.v[index];

    while (e->depth) {
        ts_frame_pop(e);
    }
    open_groups(e, ins->kind == TS_INS_END ? ins->start : ins->group, index);
    e->ip = index;
    e->started = false;
    e->again = 0;
    ts_step_forget(e);
    ts_stack_string(e);
}
