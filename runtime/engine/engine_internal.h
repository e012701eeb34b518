/* engine_internal.h - what the files of the engine share.
 *
 * One struct ts_engine is one call of ts_engine_run.  Its position - instruction pointer,
 * open groups, the attempt under way - is what position.c writes with every commit; the
 * rest is either in the variables or can be worked out again from the sequence. */
#ifndef TS_ENGINE_INTERNAL_H
#define TS_ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "engine/outcome.h"
#include "engine/table.h"

/* Why a group or the run could not go on: the first error, never a later one. */
struct ts_failure {
    int64_t code;
    char *text; /* owned */
};

#define TS_LAST_ACTION_VARS 3

/* An open group.  Invariant: frames[i].start is the start entry of the group that
 * directly contains frames[i + 1]'s. */
struct ts_frame {
    int start;
    bool in_finally;
    bool failed; /* its body or a finally step failed: failure says how */
    bool no_coe; /* opened before a cancel or a fatal error: its continueOnError is off */
    struct ts_failure failure;
    char *saved[TS_LAST_ACTION_VARS]; /* _SMSTSLastAction* of the body, NULL: absent */
};

struct ts_engine {
    const struct ts_engine_config *c;
    struct ts_host *host;
    struct ts_log *log;
    struct ts_vars *vars;
    struct ts_events *events;
    struct ts_state *state;
    struct ts_table table;
    struct ts_expr_env env;
    bool want_why;   /* somebody reads why a condition was false */
    bool recording;  /* a state or a listener exists */
    const char *why; /* of the condition that let the instruction begin, until its event
                        has said so; NULL: it had none */

    /* the position */
    int ip;
    struct ts_frame *frames;
    int depth, cap;
    bool started; /* an attempt began and its end is not recorded */
    int64_t row;  /* its row in the state */
    int attempt;  /* of the current step: the last number given to an attempt */
    int tries;    /* of the current step: attempts that failed and are retried */
    int again;    /* of the current step: how often it asked to be run again */
    int cuts;     /* of the current step: how often it was interrupted; > 0: it runs
                     again, without its condition */
    int restarts; /* since a step was finished */
    enum ts_phase target; /* of the restart asked for; ANY: none */
    bool cancelled, fatal;

    bool stop; /* cancelled a second time */
    bool over;
    enum ts_run_end end;
    struct ts_failure failure; /* of the run, when over */
    int64_t began_ms;
    int64_t run_id; /* of the run in the state, known after a resume */
    int steps_run, steps_failed, steps_skipped;
    char *log_path;               /* value of _SMSTSLogPath as set last */
    const struct ts_ins *current; /* variables that change are put down to it */
};

/* ---- start.c -------------------------------------------------------------------------
 */

/* Variables that are set at the start of every phase. */
void ts_start_phase(struct ts_engine *e);
/* Let the steps of an imported sequence set their own names; before anything is set. */
void ts_start_names(struct ts_engine *e);
TS_NODISCARD enum ts_code ts_start_fresh(struct ts_engine *e, struct ts_err *err);
void ts_start_log_path(struct ts_engine *e);
/* Restart and retry requests never survive a start, nor their use. */
void ts_requests_clear(struct ts_engine *e);
/* Set an engine variable if it differs. */
void ts_engine_var(struct ts_engine *e, const char *name, const char *value);
/* Record every variable of every scope. */
void ts_store_all_vars(struct ts_engine *e);
/* SMSTSPostAction, when the run is over. */
void ts_post_action(struct ts_engine *e);

/* ---- walk.c --------------------------------------------------------------------------
 */

/* Write position and make everything recorded durable. */
TS_NODISCARD enum ts_code ts_engine_commit(struct ts_engine *e, struct ts_err *err);
/* Effects 1 of every instruction: name and pointer, and the log line. */
void ts_announce(struct ts_engine *e, const struct ts_ins *ins);
/* The instruction is left out. */
void ts_skip(struct ts_engine *e, const struct ts_ins *ins, const char *reason,
             const char *why);

/* ---- step.c --------------------------------------------------------------------------
 */

TS_NODISCARD enum ts_code ts_step_execute(struct ts_engine *e, const struct ts_ins *ins,
                                          struct ts_err *err);
/* What was typed in an imported step is a default of its variables: readable in its
 * condition, hidden by a value set anywhere, gone after the step.  Nothing happens for
 * other sequences. */
void ts_local_defaults(struct ts_engine *e, const struct ts_node *n,
                       const struct ts_step_type *t);
void ts_local_drop(struct ts_engine *e);
/* Everything after a step's last attempt: result variables, propagation, next pointer,
 * restart and retry requests, commit. */
TS_NODISCARD enum ts_code ts_step_settle(struct ts_engine *e, const struct ts_ins *ins,
                                         struct ts_ending *v, struct ts_err *err);
/* The next instruction is another one, or this one from its beginning. */
void ts_step_forget(struct ts_engine *e);

/* ---- group.c -------------------------------------------------------------------------
 */

void ts_group_start(struct ts_engine *e, const struct ts_ins *ins);
/* The end entry is reached. */
void ts_group_end(struct ts_engine *e);
/* Start the innermost group's finally list: ip moves to its first entry. */
void ts_finally_enter(struct ts_engine *e);
bool ts_finally_due(const struct ts_engine *e);
/* Something directly inside the innermost group failed; `next` is the first entry of that
 * group that is left out for it.  Moves ip to where the run goes on, or sets over. */
void ts_group_fail(struct ts_engine *e, int next, int64_t code, const char *text);
/* The same where no continueOnError helps: every open group fails (finally lists run). */
void ts_fail_fatal(struct ts_engine *e, int next, int64_t code, const char *text);
/* The user cancelled.  Returns false if the running finally list goes on. */
bool ts_cancel_begin(struct ts_engine *e);
void ts_cancel_unwind(struct ts_engine *e, int next);
struct ts_frame *ts_frame_push(struct ts_engine *e, int start);
void ts_frame_pop(struct ts_engine *e);
void ts_stack_string(struct ts_engine *e);
/* Open the groups around `index` as if they had been entered, and go there. */
void ts_jump(struct ts_engine *e, int index);
extern const char *const ts_last_action_vars[TS_LAST_ACTION_VARS];

/* ---- condition.c ---------------------------------------------------------------------
 */

void ts_condition_env(struct ts_engine *e);
/* The facts, which live longer, forget the engine. */
void ts_condition_end(struct ts_engine *e);
TS_NODISCARD enum ts_code ts_condition(struct ts_engine *e, const struct ts_node *n,
                                       bool *result, struct ts_buf *why,
                                       struct ts_err *err);

/* ---- retry.c -------------------------------------------------------------------------
 */

/* May the attempt that ended so be tried again? */
bool ts_retry_wanted(const struct ts_engine *e, const struct ts_node *n,
                     const struct ts_ending *v);
/* Wait for the retry delay.  False: cancelled. */
bool ts_retry_wait(struct ts_engine *e, const struct ts_node *n);
#define TS_AGAIN_MAX 100

/* ---- restarts.c ----------------------------------------------------------------------
 */

/* The restart a step asked for: target in *target, ANY if none.  TS_EINPUT: a value that
 * means nothing. */
TS_NODISCARD enum ts_code ts_restart_wanted(struct ts_engine *e,
                                            const struct ts_ending *v,
                                            enum ts_phase *target, struct ts_err *err);
TS_NODISCARD enum ts_code ts_restart_prepare(struct ts_engine *e, enum ts_phase target,
                                             struct ts_err *err);
/* Record the request with the position, and restart.  `step` NULL: the engine itself. */
TS_NODISCARD enum ts_code ts_restart_go(struct ts_engine *e, const struct ts_ins *step,
                                        enum ts_phase target, struct ts_err *err);

/* ---- ledger.c ------------------------------------------------------------------------
 */

/* A restart that came about. */
struct ts_arrival {
    bool expected;
    enum ts_phase target;     /* what was asked for, ANY: nobody asked */
    enum ts_phase was;        /* the phase the run was in */
    const struct ts_ins *by;  /* the step that asked; NULL: the runtime, or nobody */
    int64_t requested_ms;     /* 0: nobody asked */
    int64_t ms;               /* from the request to the arrival, -1: not known */
    int count, limit;         /* restarts without a step being finished, this one too */
    const struct ts_ins *cut; /* the step that was under way, NULL: none */
    enum ts_interrupt rule;   /* what becomes of it, DEFAULT: not decided here */
    const char *rule_from;    /* "step" "type" "configmgr" "limit" "phase" */
};
/* Fill by and requested_ms from the request that nothing came of yet. */
void ts_ledger_pending(struct ts_engine *e, struct ts_arrival *a);
/* The last n restarts as text, equal ones in a row counted. */
void ts_ledger_tell(struct ts_engine *e, int n, struct ts_buf *out);
/* Log line and event of both, and the ledger's row of an arrival. */
void ts_emit_restart_requested(struct ts_engine *e, const struct ts_ins *ins,
                               enum ts_phase target, const char *message);
void ts_emit_restart_arrived(struct ts_engine *e, const struct ts_arrival *a);
/* The instruction the run stands at, NULL: its end. */
const struct ts_ins *ts_where(const struct ts_engine *e);
int ts_restart_limit(const struct ts_engine *e);

/* ---- resume.c, position.c ------------------------------------------------------------
 */

/* The step that was cut fails, and with it the run, whatever continueOnError says. */
TS_NODISCARD enum ts_code ts_fail_interrupted(struct ts_engine *e, const char *why,
                                              struct ts_err *err);
TS_NODISCARD enum ts_code ts_resume(struct ts_engine *e, const char *from_step,
                                    struct ts_err *err);
void ts_position_write(struct ts_buf *out, const struct ts_engine *e);
/* TS_EDAMAGED: not a position of this sequence. */
TS_NODISCARD enum ts_code ts_position_read(struct ts_engine *e, const char *json,
                                           enum ts_phase *phase, struct ts_err *err);

/* ---- emit.c: events, log lines and ledger rows ---------------------------------------
 */

/* Fields step, name, index of the event begun. */
void ts_emit_where(struct ts_events *ev, const struct ts_ins *ins);
void ts_emit_listen(struct ts_engine *e);
void ts_emit_unlisten(struct ts_engine *e);
void ts_emit_run_started(struct ts_engine *e);
void ts_emit_run_resumed(struct ts_engine *e);
void ts_emit_run_finished(struct ts_engine *e);
void ts_emit_group(struct ts_engine *e, const struct ts_ins *ins, const char *type);
void ts_emit_group_finished(struct ts_engine *e, const struct ts_ins *ins,
                            bool succeeded);
void ts_emit_skipped(struct ts_engine *e, const struct ts_ins *ins, const char *reason,
                     const char *why);
/* params: as prepared, NULL if they could not be. */
void ts_emit_started(struct ts_engine *e, const struct ts_ins *ins,
                     const struct ts_value *params);
/* Closes the attempt's row too; tail: the step's last output. */
void ts_emit_finished(struct ts_engine *e, const struct ts_ins *ins,
                      const struct ts_ending *v, ts_str tail);
/* Is this a variable that the events of steps tell already? */
bool ts_is_bookkeeping(const char *name);

#endif
