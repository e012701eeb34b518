/* host_internal.h - shared by the files of steps/ alone. */
#ifndef TS_STEPS_HOST_INTERNAL_H
#define TS_STEPS_HOST_INTERNAL_H

#include "steps/host.h"

/* The variable that holds the number of the instruction now running. */
#define TS_POINTER_VARIABLE "_SMSTSNextInstructionPointer"

/* "step" and "name" and "index" of the event being built. */
void ts_event_add_step(struct ts_step_call *c);

/* Run spec (output, tick and ctx are set here) under the step's time limit, with h->lock
 * released while it runs.  output gets what the program writes, with the lock held.
 * TS_ETIMEOUT and TS_ECANCELLED after its processes were ended. */
TS_NODISCARD enum ts_code
ts_host_wait_program(struct ts_step_call *c, struct ts_proc_spec *spec,
                     void (*output)(void *ctx, enum ts_stream stream, ts_str bytes),
                     void *ctx, struct ts_proc_result *out, struct ts_err *err);

#endif
