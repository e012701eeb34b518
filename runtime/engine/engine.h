/* engine.h - running a sequence.
 *
 * The tree is flattened to a table of instructions (a step one, a group two, as in
 * ConfigMgr, so that numbers in logs mean the same); the position in it, with the open
 * groups and what a finally list has to put back, is all the engine needs to go on.
 * DESIGN.md has the order of effects. */
#ifndef TS_ENGINE_ENGINE_H
#define TS_ENGINE_ENGINE_H

#include "engine/restart.h"
#include "state/state.h"
#include "steps/host.h"

#define TS_CODE_FAILED (-2147467259LL)      /* 0x80004005 */
#define TS_CODE_ABORTED (-2147467260LL)     /* 0x80004004: a group, or cancelled */
#define TS_CODE_TIMEOUT (-2147023436LL)     /* 0x800705B4 */
#define TS_CODE_WRONG_PHASE (-2147024846LL) /* 0x80070032 */
/* What the failure of a step says whose onInterrupt is `fail`. */
#define TS_TEXT_INTERRUPTED \
    "the machine or the runtime stopped while the step was running"
#define TS_CODE_INTERRUPTED \
    (-2147023829LL)                       /* 0x8007042B: the process ended unexpectedly */
#define TS_CODE_NOT_FOUND (-2147024894LL) /* 0x80070002 */

struct ts_engine_config {
    const struct ts_sequence *seq;
    const struct ts_registry *steps;
    struct ts_host *host;   /* log, events, vars, phase inside */
    struct ts_state *state; /* NULL: in memory only */
    const struct ts_restart_backend *restart;
    const char *hash;   /* of the sequence, for run.started; may be NULL */
    int restart_limit;  /* restarts without a step finished in between; 0: 5 */
    bool keep_logs_out; /* do not set _SMSTSLogPath (tests) */
    /* Answers facts in conditions, as in ts_expr_env; NULL: this machine (ts_facts_ask).
     */
    enum ts_code (*fact)(void *ctx, const struct ts_expr *x, const char *name,
                         const char *value, const char *part, bool *result,
                         struct ts_buf *why, struct ts_err *err);
    void *fact_ctx;
};

enum ts_run_end { TS_END_SUCCEEDED, TS_END_FAILED, TS_END_CANCELLED, TS_END_RESTART };

struct ts_run_result {
    enum ts_run_end end;
    int64_t code;    /* of a failed run: the failing step's */
    char text[1024]; /* one line: what failed where and why */
    int steps_run, steps_failed, steps_skipped;
    int64_t elapsed_ms;
};

/* Run from the start, or - resume - from the state's position.  from_step (an id or NULL)
 * moves the pointer before the first instruction.  TS_OK: *result says how it ended
 * (TS_END_RESTART: the restart backend was called or the caller must restart).  Any other
 * code: the runtime could not do its own work (exit code 3); TS_EINPUT and TS_EREFUSED
 * come before anything was done (an unknown from_step, nothing to go on with); TS_ELOST
 * comes from a machine that is only told of (host->fake): the state is as a power cut in
 * the midst of a step leaves it, closing it without a commit completes that.
 *
 * The caller has begun the run in the state, or for a resume loaded its variables; it has
 * connected the events to the state (ts_state_event) and told them run and next number;
 * it holds host->lock if there is one.  A resume first ends what is left of the run's old
 * processes. */
TS_NODISCARD enum ts_code ts_engine_run(const struct ts_engine_config *c, bool resume,
                                        const char *from_step,
                                        struct ts_run_result *result, struct ts_err *err);

/* ---- plan ----------------------------------------------------------------------------
 */

struct ts_plan_result { /* an assumed result of a step: by id or name, wildcards allowed
                         */
    const char *step;
    int64_t code;
};
/* What would run with the host's variables and these results, touching nothing: an object
 * { name, phase, result, code, nodes }, each node with index, id, name, type, runs, and
 * where they apply reason ("disabled" "condition" "failed-group" "not-reached"), why,
 * code, succeeded, ignored, restart (a phase), steps, finally.  Steps are assumed to
 * succeed (code 0, or the first of their success codes) unless results say otherwise;
 * SetVariable sets its variable, RestartComputer and restart codes change the phase.
 * Facts are asked as in a run.  Its texts belong to `a` or to the sequence. */
TS_NODISCARD enum ts_code ts_plan(const struct ts_engine_config *c,
                                  const struct ts_plan_result *results, size_t n,
                                  struct ts_arena *a, struct ts_value **out,
                                  struct ts_err *err);
/* The plan as an indented text tree. */
void ts_plan_print(struct ts_buf *out, const struct ts_value *plan);

/* ---- check ---------------------------------------------------------------------------
 */

enum ts_severity { TS_NOTE, TS_WARNING, TS_ERROR };
struct ts_finding {
    enum ts_severity severity;
    const char *rule; /* "secret-in-command" */
    struct ts_pos pos;
    const char *step;    /* id or "" */
    const char *message; /* what, and a way out */
};
/* Lint a loaded sequence.  Returns how many findings were given to fn (which may be
 * NULL); rules are listed in docs/check.md. */
size_t ts_check(const struct ts_sequence *seq, const struct ts_registry *steps,
                void (*fn)(void *ctx, const struct ts_finding *), void *ctx);
/* Name and one-line explanation of every rule. */
struct ts_check_rule {
    const char *id, *text;
    enum ts_severity severity;
};
const struct ts_check_rule *ts_check_rules(size_t *n);

#endif
