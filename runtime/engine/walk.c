/* walk.c - the loop over the instructions. */
#include "engine/engine_internal.h"

#include "platform/clock.h"
#include "platform/power.h"
#include "platform/proc.h"

#include <stdio.h>
#include <string.h>

enum ts_code ts_engine_commit(struct ts_engine *e, struct ts_err *err)
{
    struct ts_buf position = {0};

    if (!e->state) {
        return TS_OK;
    }
    ts_position_write(&position, e);
    ts_state_position(e->state, ts_buf_text(&position));
    ts_buf_free(&position);
    ts_power_point(); /* what was done is not recorded yet */
    enum ts_code rc = ts_state_commit(e->state, err);
    if (rc != TS_OK) {
        return ts_err_context(err, "the run cannot be recorded");
    }
    ts_power_point(); /* what is recorded is not done yet */
    return TS_OK;
}

static const char *kind_name(const struct ts_ins *ins)
{
    return ins->kind == TS_INS_STEP ? ins->node->type : "Group";
}

void ts_announce(struct ts_engine *e, const struct ts_ins *ins)
{
    char pointer[16];

    e->current = ins;
    snprintf(pointer, sizeof pointer, "%d", ins->index);
    ts_engine_var(e, "_SMSTSCurrentActionName", ins->node->name);
    ts_engine_var(e, "_SMSTSNextInstructionPointer", pointer);
    if (e->log) {
        ts_log_write(
            e->log, TS_LOG_INFO, NULL,
            "Start executing an instruction. Instruction name: '%s'.  Pointer: %d. "
            "Type: '%s'. Disabled: %d",
            ins->node->name, ins->index, kind_name(ins), ins->node->disabled);
    }
}

void ts_skip(struct ts_engine *e, const struct ts_ins *ins, const char *reason,
             const char *why)
{
    ts_emit_skipped(e, ins, reason, why);
    e->ip = ts_ins_after(ins);
}

static enum ts_code start_group(struct ts_engine *e, const struct ts_ins *ins,
                                struct ts_err *err)
{
    struct ts_buf why = {0};
    struct ts_err wrong;
    bool runs = true;
    enum ts_code rc = TS_OK;

    if (ins->node->disabled) {
        ts_skip(e, ins, "disabled", NULL);
    } else if (ts_condition(e, ins->node, &runs, &why, &wrong) != TS_OK) {
        char text[1600];
        snprintf(text, sizeof text,
                 "group \"%.200s\": its condition cannot be evaluated: "
                 "%.1200s",
                 ins->node->name, wrong.text);
        ts_log_write(e->log, TS_LOG_ERROR, NULL, "%s", text);
        ts_emit_group_finished(e, ins, false);
        if (ins->node->continue_on_error) {
            e->ip = ins->end + 1;
        } else {
            ts_group_fail(e, ins->end + 1, TS_CODE_FAILED, text);
        }
        rc = e->over ? TS_OK : ts_engine_commit(e, err);
    } else if (!runs) {
        ts_skip(e, ins, "condition", ts_buf_text(&why));
    } else {
        e->why = ts_buf_text(&why);
        ts_group_start(e, ins);
    }
    e->why = NULL;
    ts_buf_free(&why);
    return rc;
}

static enum ts_code execute(struct ts_engine *e, struct ts_err *err)
{
    const struct ts_ins *ins = &e->table.v[e->ip];
    enum ts_code rc = TS_OK;

    ts_announce(e, ins);
    switch (ins->kind) {
    case TS_INS_GROUP:
        rc = start_group(e, ins, err);
        break;
    case TS_INS_END:
        ts_group_end(e);
        break;
    case TS_INS_STEP:
        rc = ts_step_execute(e, ins, err);
        break;
    }
    if (e->cuts == 0) {
        ts_engine_var(e, "_SMSTSLastActionRetryCount", "0");
    }
    return rc;
}

static enum ts_code loop(struct ts_engine *e, struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    while (rc == TS_OK && !e->over) {
        if (e->ip >= e->table.n) {
            e->over = true; /* no group is open here */
            e->end = TS_END_SUCCEEDED;
        } else if (ts_cancelled() && ts_cancel_begin(e)) {
            ts_cancel_unwind(e, e->ip);
        } else if (ts_finally_due(e)) {
            ts_finally_enter(e);
        } else {
            rc = execute(e, err);
        }
    }
    return rc;
}

/* ---- the ends ------------------------------------------------------------------------
 */

static enum ts_code begin(struct ts_engine *e, bool resume, const char *from_step,
                          struct ts_err *err)
{
    enum ts_code rc;
    const struct ts_ins *from = NULL;

    if (from_step && !(from = ts_table_find(&e->table, from_step))) {
        return ts_fail(err, TS_EINPUT, "the sequence has no step or group \"%s\"",
                       from_step);
    }
    rc = resume ? ts_resume(e, from_step, err) : ts_start_fresh(e, err);
    if (rc != TS_OK || (resume && !from)) {
        return rc;
    }
    if (from) {
        ts_jump(e, from->index);
        if (resume) {
            ts_emit_run_resumed(e);
        }
    }
    ts_store_all_vars(e);
    return ts_engine_commit(e, err);
}

static enum ts_code finish(struct ts_engine *e, struct ts_err *err)
{
    static const enum ts_run_status status[] = {
        [TS_END_SUCCEEDED] = TS_RUN_SUCCEEDED,
        [TS_END_FAILED] = TS_RUN_FAILED,
        [TS_END_CANCELLED] = TS_RUN_CANCELLED,
        [TS_END_RESTART] = TS_RUN_RESTARTING,
    };
    enum ts_code rc = TS_OK;

    if (e->end == TS_END_RESTART) {
        return TS_OK; /* was recorded when it was asked for */
    }
    e->current = NULL;
    ts_emit_run_finished(e);
    if (e->state) {
        ts_state_status(e->state, status[e->end], e->failure.code,
                        e->failure.text ? e->failure.text : "");
        rc = ts_engine_commit(e, err);
    }
    ts_log_sync(e->log);
    ts_events_sync(e->events);
    if (rc == TS_OK) {
        ts_post_action(e);
        if (e->state) {
            ts_state_drop_secrets(e->state);
        }
    }
    return rc;
}

static void fill_result(const struct ts_engine *e, struct ts_run_result *r)
{
    *r = (struct ts_run_result){.end = e->end,
                                .code = e->failure.code,
                                .steps_run = e->steps_run,
                                .steps_failed = e->steps_failed,
                                .steps_skipped = e->steps_skipped,
                                .elapsed_ms = ts_now_ms() - e->began_ms};
    snprintf(r->text, sizeof r->text, "%s", e->failure.text ? e->failure.text : "");
}

static void engine_fini(struct ts_engine *e)
{
    while (e->depth) {
        ts_frame_pop(e);
    }
    ts_free(e->frames);
    ts_free(e->failure.text);
    ts_free(e->log_path);
    ts_table_fini(&e->table);
}

enum ts_code ts_engine_run(const struct ts_engine_config *c, bool resume,
                           const char *from_step, struct ts_run_result *result,
                           struct ts_err *err)
{
    struct ts_engine e = {.c = c,
                          .host = c->host,
                          .log = c->host->log,
                          .vars = c->host->vars,
                          .events = c->host->events,
                          .state = c->state};
    enum ts_code rc = ts_table_build(&e.table, c->seq, c->steps, err);

    if (rc != TS_OK) {
        return rc;
    }
    ts_condition_env(&e);
    ts_emit_listen(&e);
    if ((rc = begin(&e, resume, from_step, err)) == TS_OK &&
        (rc = loop(&e, err)) == TS_OK) {
        rc = finish(&e, err);
        fill_result(&e, result);
    }
    ts_emit_unlisten(&e);
    ts_condition_end(&e);
    engine_fini(&e);
    return rc;
}
