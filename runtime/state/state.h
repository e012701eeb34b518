/* state.h - the durable record of a run: one SQLite database in the state folder.
 *
 * The engine adds records and calls ts_state_commit: after TS_OK all of them survive
 * power loss, before it none need to.  A step costs at most two commits.  Files in the
 * folder: state.db (the database), secrets.bin and secrets.key (sealed secret values),
 * lock, pending (deletions that wait for a restart), logs/, output/, archive/.  Only the
 * administrator can read the folder (0700).  A state is used from one thread; only
 * ts_state_event may be called from others for what it does not keep (see there). */
#ifndef TS_STATE_STATE_H
#define TS_STATE_STATE_H

#include "base/err.h"
#include "base/value.h"
#include "events/events.h"
#include "vars/vars.h"

#define TS_STATE_FORMAT 1

struct ts_state;

enum ts_run_status {
    TS_RUN_NONE,
    TS_RUN_RUNNING,
    TS_RUN_RESTARTING,
    TS_RUN_SUCCEEDED,
    TS_RUN_FAILED,
    TS_RUN_CANCELLED
};
const char *ts_run_status_name(enum ts_run_status s); /* "running" ... */

struct ts_run {      /* texts belong to the state until the next ts_state_last_run */
    int64_t id;      /* row number in this database */
    const char *uid; /* random id, "run" of events and TASKSEQ_RUN */
    const char *sequence_name, *sequence_file, *sequence_hash;
    const char *model;    /* canonical JSON with positions */
    const char *machine;  /* ts_machine_id or lab machine id */
    const char *position; /* the engine's own JSON text */
    const char *work_dir; /* folder of the sequence file, for packages and steps/ */
    enum ts_run_status status;
    int64_t started_ms, ended_ms;
    int64_t result_code;
    uint64_t next_seq; /* of events */
    const char *error; /* of a failed run: one line, "" if none */
};

/* Open (and with `create` make) the state in `dir` and take its lock.  TS_ELOCKED:
 * another run holds it, TS_ENOTFOUND: none there and not create, TS_EDAMAGED: not a state
 * database, of a newer or unknown format, or damaged (nothing is changed; the message
 * says what to do), TS_EACCESS: read-only, TS_EREFUSED: we are the administrator and
 * somebody else owns the folder.  `dir` may be a path with a drive letter.  readonly: no
 * lock, no change (for `status`); while a run writes each call sees what was committed
 * last. Removes secrets left behind by an ended run. */
TS_NODISCARD enum ts_code ts_state_open(struct ts_state **out, const char *dir,
                                        bool create, bool readonly, struct ts_err *err);
void ts_state_close(
    struct ts_state *s); /* NULL is allowed; uncommitted records are lost */
const char *ts_state_dir(const struct ts_state *s);
/* Whether a process works on it: we, who opened it to write, or another. */
bool ts_state_held(const struct ts_state *s);
/* Commits need not survive a crash of this computer: for a state that nobody will want
 * then (taskseq test).  Until it is closed. */
void ts_state_hurry(struct ts_state *s);

/* The newest run, to which records go from now on.  TS_ENOTFOUND if there is none. */
TS_NODISCARD enum ts_code ts_state_last_run(struct ts_state *s, struct ts_run *out,
                                            struct ts_err *err);
/* Start a run: fills id, uid, status, and started_ms and next_seq where they are 0.  It
 * becomes durable with the first commit.  An unfinished one must have been dealt with
 * before (TS_EREFUSED): by ts_state_discard or ts_state_archive. */
TS_NODISCARD enum ts_code ts_state_begin(struct ts_state *s, struct ts_run *run,
                                         struct ts_err *err);
/* Mark an unfinished run as given up (cancelled, kept for reading), durably; its secrets
 * are removed. */
TS_NODISCARD enum ts_code ts_state_discard(struct ts_state *s, int64_t run,
                                           struct ts_err *err);
/* Move database, logs and output of the last run to archive/<uid>/ and start empty.  No
 * log may be open in logs/ meanwhile. */
TS_NODISCARD enum ts_code ts_state_archive(struct ts_state *s, struct ts_err *err);

/* ---- records of the current run, made durable by ts_state_commit -------------------- *
 *
 * The current run is the one begun, or read by ts_state_last_run.  What fails on the way
 * is said by the commit. */

void ts_state_position(struct ts_state *s, const char *json);
void ts_state_status(struct ts_state *s, enum ts_run_status status, int64_t code,
                     const char *error);
/* An attempt at a step: returns its row id for ..._finished. */
int64_t ts_state_attempt_started(struct ts_state *s, int index, const char *step_id,
                                 const char *name, int attempt, int64_t time_ms);
struct ts_attempt_end {
    int64_t time_ms, code;
    bool succeeded, ignored;
    const char *note; /* "", "timeout", "interrupted", "cancelled", error text */
    ts_str tail;      /* last output, masked, at most 64 KiB is kept */
};
void ts_state_attempt_finished(struct ts_state *s, int64_t attempt,
                               const struct ts_attempt_end *end);
void ts_state_skipped(struct ts_state *s, int index, const char *step_id,
                      const char *name, const char *reason, const char *why,
                      int64_t time_ms);
/* A variable in a scope; value NULL: deleted.  A secret's value goes to the sealed file
 * only.  step_id: who set it ("": no step), NULL: who is recorded already.  A value that is
 * a path on a local drive is kept with the drive's volume id, and comes back with the
 * letter that volume then has. */
void ts_state_variable(struct ts_state *s, const struct ts_var *v, const char *step_id);
/* For ts_events_sink.  step.output, step.progress and log are not kept: a step's output
 * stands in its tail.  They only raise next_seq. */
void ts_state_event(struct ts_state *s, const struct ts_event *e);
/* The restart ledger. */
void ts_state_restart_requested(struct ts_state *s, const char *step_id,
                                const char *target, const char *message, int64_t time_ms);
/* expected false: the machine came back without a request (crash, power, someone). */
void ts_state_restart_arrived(struct ts_state *s, bool expected, const char *phase,
                              int64_t time_ms);

/* Make all records since the last commit durable, in one transaction.  On failure
 * (TS_ENOSPC when the disk is full) none of them is kept and the previous commit stands:
 * the caller ends the run. */
TS_NODISCARD enum ts_code ts_state_commit(struct ts_state *s, struct ts_err *err);

/* ---- reading -------------------------------------------------------------------------
 */

/* Put the stored variables (secrets too) into `v`, re-lettering paths.  A path whose
 * volume is not there now keeps its text; `warn` is told.  TS_EDAMAGED: the secrets of an
 * unfinished run are lost; of an ended one they are left out, and `warn` is told.  Listen
 * to `v` only afterwards. */
TS_NODISCARD enum ts_code ts_state_load_vars(struct ts_state *s, int64_t run,
                                             struct ts_vars *v,
                                             void (*warn)(void *ctx, const char *text),
                                             void *ctx, struct ts_err *err);
struct ts_restart {
    int64_t requested_ms, arrived_ms; /* 0: not (yet) */
    const char *step_id, *target, *phase, *message;
    bool expected;
};
/* Ledger in order; texts valid during the call. */
TS_NODISCARD enum ts_code ts_state_restarts(struct ts_state *s, int64_t run,
                                            void (*fn)(void *ctx,
                                                       const struct ts_restart *),
                                            void *ctx, struct ts_err *err);
/* Its events as they were recorded, in order: one JSON text each, valid during the call.
 * What a cut took back is not among them. */
TS_NODISCARD enum ts_code ts_state_events(struct ts_state *s, int64_t run,
                                          void (*fn)(void *ctx, uint64_t seq,
                                                     ts_str json),
                                          void *ctx, struct ts_err *err);
/* Everything about a run as one JSON object (run, position, steps with attempts and
 * tails, variables with setter - secrets masked -, restarts): for `status --json`, `vars
 * --run`. run 0: the newest.  DESIGN.md names the keys. */
TS_NODISCARD enum ts_code ts_state_to_value(struct ts_state *s, int64_t run,
                                            struct ts_arena *a, struct ts_value **out,
                                            struct ts_err *err);
/* Forget secrets now (the run ended). */
void ts_state_drop_secrets(struct ts_state *s);

/* Copy everything but logs/ (ts_log_move does that) to `dir` (created), durably, and go
 * on there; the old place is emptied.  Commits what is recorded.  An ended run in `dir`
 * is archived there, TS_EREFUSED: another unfinished one.  On failure the state goes on
 * at the old place.  The caller calls ts_power_pending_file for the new place.  For a
 * state that began on a volatile drive. */
TS_NODISCARD enum ts_code ts_state_move(struct ts_state *s, const char *dir,
                                        struct ts_err *err);

/* ---- values for programs the run started (`taskseq get`, `taskseq set`) --------------
 * * The running engine serves them over a socket or pipe; see steps/host_serve.h. */

#endif
