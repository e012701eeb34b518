/* restarts.c - asking for a restart, and the backends but the lab's. */
#include "engine/engine_internal.h"

#include "platform/clock.h"

#include <stdio.h>

enum ts_code ts_restart_wanted(struct ts_engine *e, const struct ts_ending *v,
                               enum ts_phase *target, struct ts_err *err)
{
    const char *asked = ts_vars_get(e->vars, "SMSTSRebootRequested");

    *target = TS_PHASE_ANY;
    if (!asked) {
        *target = v->restart ? TS_PHASE_FULLOS : TS_PHASE_ANY;
        return TS_OK;
    }
    if (ts_caseeq(asked, "WinPE")) {
        *target = TS_PHASE_WINPE;
    } else if (ts_caseeq(asked, "HD") || ts_caseeq(asked, "FullOS") ||
               ts_caseeq(asked, "true")) {
        *target = TS_PHASE_FULLOS;
    } else {
        return ts_fail(err, TS_EINPUT,
                       "SMSTSRebootRequested is \"%.100s\": WinPE or HD was expected",
                       asked);
    }
    return TS_OK;
}

enum ts_code ts_restart_prepare(struct ts_engine *e, enum ts_phase target,
                                struct ts_err *err)
{
    const struct ts_restart_backend *b = e->c->restart;

    if (!b) {
        return ts_fail(err, TS_EUNSUPPORTED,
                       "this run has no way to restart the machine");
    }
    return b->prepare ? b->prepare(b->ctx, target, err) : TS_OK;
}

/* Seconds, as in ConfigMgr. */
static int64_t delay_ms(const struct ts_engine *e)
{
    const char *text = ts_vars_get(e->vars, "SMSTSRebootDelay");
    int64_t s = 0;

    if (!text || !ts_str_int(ts_str_of(text), &s) || s < 0) {
        return 0;
    }
    return s > 86400 ? 86400000 : s * 1000;
}

/* A delay holds for one restart; SMSTSRebootDelayNext is that of the ones after it. */
static void next_delay(struct ts_engine *e)
{
    const char *next = ts_vars_get(e->vars, "SMSTSRebootDelayNext");
    struct ts_err ignored;
    enum ts_code rc;

    if (next || ts_vars_get(e->vars, "SMSTSRebootDelay")) {
        char *copy = ts_strdup(next ? next : "");
        rc = ts_vars_set(e->vars, TS_SCOPE_STEP, TS_S("SMSTSRebootDelay"),
                         ts_str_of(copy), false, &ignored);
        (void)rc; /* a valid name of this scope: cannot fail */
        ts_free(copy);
    }
}

/* The machine did not go down: the run cannot go on as if it had. */
static enum ts_code not_restarted(struct ts_engine *e, const char *why,
                                  struct ts_err *err)
{
    char text[1500];

    snprintf(text, sizeof text, "the restart to %s failed: %.1400s",
             ts_phase_name(e->target), why);
    e->target = TS_PHASE_ANY;
    if (e->state) {
        ts_state_status(e->state, TS_RUN_RUNNING, 0, "");
    }
    if (e->started) { /* it was to be sent back, after a crash */
        return ts_fail_interrupted(e, text, err);
    }
    ts_fail_fatal(e, e->ip, TS_CODE_FAILED, text);
    return e->over ? TS_OK : ts_engine_commit(e, err);
}

enum ts_code ts_restart_go(struct ts_engine *e, const struct ts_ins *step,
                           enum ts_phase target, struct ts_err *err)
{
    const struct ts_restart_backend *b = e->c->restart;
    const char *asked = ts_vars_get(e->vars, "SMSTSRebootMessage");
    struct ts_buf shown = {0}; /* it goes to the screen and stays in the ledger */
    char *message;
    int64_t delay = delay_ms(e);
    struct ts_err why;
    enum ts_code rc;

    ts_vars_mask(e->vars, &shown, ts_str_of(asked ? asked : ""));
    message = ts_strdup(ts_buf_text(&shown));
    ts_buf_free(&shown);
    e->target = target;
    ts_emit_restart_requested(e, step, target, message);
    ts_requests_clear(e);
    next_delay(e);
    if (e->state) {
        ts_state_restart_requested(e->state, step ? step->node->id : "",
                                   ts_phase_name(target), message, ts_now_ms());
        ts_state_status(e->state, TS_RUN_RESTARTING, 0, "");
        ts_store_all_vars(e); /* also those that a stronger scope hides at the moment */
    }
    if ((rc = ts_engine_commit(e, err)) == TS_OK) {
        ts_log_write(e->log, TS_LOG_INFO, NULL, "Calling RebootSystem()");
        ts_log_sync(e->log);
        ts_events_sync(e->events);
        if (b->restart(b->ctx, target, delay, message, &why) == TS_OK) {
            e->over = true;
            e->end = TS_END_RESTART;
        } else {
            rc = not_restarted(e, why.text, err);
        }
    }
    ts_free(message);
    return rc;
}

/* ---- backends ------------------------------------------------------------------------
 */

static enum ts_code leave_it(void *ctx, enum ts_phase target, struct ts_err *err)
{
    (void)ctx;
    (void)target;
    (void)err;
    return TS_OK;
}

static enum ts_code leave_restart(void *ctx, enum ts_phase target, int64_t delay,
                                  const char *message, struct ts_err *err)
{
    (void)ctx;
    (void)target;
    (void)delay;
    (void)message;
    (void)err;
    return TS_OK;
}

const struct ts_restart_backend ts_restart_exit = {
    .name = "exit", .prepare = leave_it, .restart = leave_restart, .trust_phase = true};

static enum ts_boot_system system_of(enum ts_phase phase)
{
    return phase == TS_PHASE_WINPE ? TS_BOOT_WINPE : TS_BOOT_FULLOS;
}

static enum ts_code arrange(void *ctx, enum ts_phase target, struct ts_err *err)
{
    return ts_boot_arrange(ctx, system_of(target), err);
}

static enum ts_code reboot(void *ctx, enum ts_phase target, int64_t delay,
                           const char *message, struct ts_err *err)
{
    (void)message; /* was logged, and is in the event */
    ts_sleep_ms(delay);
    return ts_boot_restart(ctx, system_of(target), err);
}

struct ts_restart_backend ts_restart_reboot(struct ts_boot *boot)
{
    return (struct ts_restart_backend){
        .name = "reboot",
        .ctx = boot,
        .prepare = arrange,
        .restart = reboot,
        .one_start = true};
}
