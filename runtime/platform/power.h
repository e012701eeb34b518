/* power.h - what waits for a restart, and losing power on purpose. */
#ifndef TS_PLATFORM_POWER_H
#define TS_PLATFORM_POWER_H

#include "base/err.h"
#include "base/str.h"

/* Ask that a file or an (by then empty) folder be deleted at the next start, as Windows
 * does with PendingFileRenameOperations.  Native path.  On posix the request is appended,
 * durably, to the file set by ts_power_pending_file (the lab sets it; the run sets it to
 * `pending` in the state folder); TS_EUNSUPPORTED when none is set. */
TS_NODISCARD enum ts_code ts_power_delete_at_restart(const char *path,
                                                     struct ts_err *err);
/* The same for many, in order and made durable once. */
TS_NODISCARD enum ts_code ts_power_delete_list_at_restart(const char *const *paths,
                                                          size_t n, struct ts_err *err);
void ts_power_pending_file(const char *path);
/* Carry out what is pending, in order, and empty the list.  Called by whoever plays the
 * system's start (the lab; `resume` on Linux).  *left: how many could not be done. */
TS_NODISCARD enum ts_code ts_power_run_pending(const char *pending_file, size_t *done,
                                               size_t *left, struct ts_err *err);

/* Paths (native, exact) that another program of the played machine holds open: removing
 * them or anything below them answers TS_EBUSY, as a sharing violation would.  Only the
 * lab sets this. */
void ts_power_hold(const char *native_path);
bool ts_power_is_held(const char *native_path);

/* Power-cut points.  Every function of the platform that changes something calls
 * ts_power_point() once before (ts_file_replace once more before its rename; functions
 * that change several things, once for each) and it costs nothing unless armed.  When
 * armed with a counter file shared by all processes of the played machine, the point that
 * brings the counter to `cut_at` kills this process at once (SIGKILL); cut_at 0 only
 * counts. */
void ts_power_arm(const char *counter_file, uint64_t cut_at);
void ts_power_point(void);
/* From now on every change of a file that a program we start makes, or one that it starts,
 * is a point, too.  False: the system has no way to tell of them. */
bool ts_power_watch(void);
/* A cut in this process ends the process `pid`, the first of the played machine, as well:
 * who plays the machine sees that one end, and ends all others. */
void ts_power_root(long long pid);
uint64_t ts_power_count(void);

#endif
