/* record.h - what a machine's state says of the run that was played. */
#ifndef TS_LAB_RECORD_H
#define TS_LAB_RECORD_H

#include "lab/lab.h"
#include "state/state.h"

struct ts_lab_record {
    enum ts_run_status status;
    struct ts_value *all; /* ts_state_to_value; NULL without an arena */
};
/* The newest run of this machine that began at or after `since_ms`, on any volume.  False
 * when none is recorded. */
bool ts_lab_record(const struct ts_lab_machine *m, int64_t since_ms, struct ts_arena *a,
                   struct ts_lab_record *out);

/* Where the run stands: {when, step, name}.  when: "during" the step, "after" it,
 * "before" anything was recorded, at the "end" (recorded).  r NULL: before. */
struct ts_value *ts_lab_where(const struct ts_lab_record *r, struct ts_arena *a);

/* The step that ended a failed run because it was interrupted and must not run twice, as
 * {step, name}; NULL: that was not the reason. */
struct ts_value *ts_lab_interrupted(const struct ts_lab_record *r, struct ts_arena *a);

/* How the steps of two runs differ: an array of {step, name, uncut, cut}, each a text
 * that says how it ended.  Not compared: the codes of steps that succeeded; what an
 * interrupted step's own onInterrupt or continueOnError let go; steps that asked for a
 * restart, since a cut is one. */
struct ts_value *ts_lab_step_differences(const struct ts_lab_record *uncut,
                                         const struct ts_lab_record *cut,
                                         struct ts_arena *a);

#endif
