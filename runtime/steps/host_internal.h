/* host_internal.h - shared by the files of steps/ alone. */
#ifndef TS_STEPS_HOST_INTERNAL_H
#define TS_STEPS_HOST_INTERNAL_H

#include "platform/fs.h"
#include "steps/host.h"

/* The variable that holds the number of the instruction now running. */
#define TS_POINTER_VARIABLE "_SMSTSNextInstructionPointer"

/* "step" and "name" and "index" of the event being built. */
void ts_event_add_step(struct ts_step_call *c);

/* The name under which a file is written before it gets its own.  Fixed, so that what a
 * crash leaves is found and removed by the next attempt. */
#define TS_TEMPORARY ".taskseq-new"
void ts_drop_temporary(struct ts_dir *dir);

/* "C:\", "C:", "/": a folder that has no name in another. */
bool ts_path_is_root(const char *path);
bool ts_has_wildcard(const char *name);
/* Entries of a folder that match a pattern, sorted. */
struct ts_names {
    char **v;
    size_t n;
};
TS_NODISCARD enum ts_code ts_names_like(struct ts_dir *dir, const char *pattern,
                                        struct ts_names *out, struct ts_err *err);
void ts_names_free(struct ts_names *names);

/* Run spec (output, tick and ctx are set here) under the step's time limit, with h->lock
 * released while it runs.  output gets what the program writes, with the lock held.
 * TS_ETIMEOUT and TS_ECANCELLED after its processes were ended. */
TS_NODISCARD enum ts_code
ts_host_wait_program(struct ts_step_call *c, struct ts_proc_spec *spec,
                     void (*output)(void *ctx, enum ts_stream stream, ts_str bytes),
                     void *ctx, struct ts_proc_result *out, struct ts_err *err);

#endif
