/* process.h - what proc.c, child.c, spawn.c and tree.c share. */
#ifndef TS_PLATFORM_POSIX_PROCESS_H
#define TS_PLATFORM_POSIX_PROCESS_H

#include "platform/proc.h"

#include <sys/types.h>

/* A program that was started and not yet waited for. */
struct px_running {
    pid_t pid;
    int handle; /* pidfd, -1 on old kernels */
    int out[2]; /* our ends of its output, -1 if there is none (any more) */
    int64_t began_ns;
};

enum px_output { PX_DISCARD, PX_PIPES, PX_INHERIT };

enum ts_code px_spawn(struct px_running *r, const struct ts_proc_spec *spec,
                      enum px_output output, bool session, struct ts_err *err);

/* Hand on output and call tick until the program ends, `deadline_ns` (monotonic; -1:
 * none) passes, or tick says no. */
enum px_end { PX_ENDED, PX_DEADLINE, PX_CANCELLED };
enum px_end px_wait(struct px_running *r, const struct ts_proc_spec *spec,
                    int64_t deadline_ns);
/* Collect the ended program's result and close everything. */
void px_collect(struct px_running *r, const struct ts_proc_spec *spec,
                struct ts_proc_result *out);

/* Processes whose parents end become our children while at least one user wants it. */
void px_adopt_begin(void);
void px_adopt_end(void);
/* Wait for adopted children that have ended, never for those that px_spawn started. */
void px_adopt_reap(void);
void px_started_add(pid_t pid);
void px_started_remove(pid_t pid);
bool px_started(pid_t pid);

/* Are effects of the programs we start power-cut points?  See watch.c. */
bool px_watching(void);
/* In the new process, as its last act before exec: what hears of its effects from now on.
 * -1: nothing, and it goes on unheard (it is heard by somebody else already). */
int px_watch_me(void);
/* In ours: count them, until none of its processes is left. */
void px_watch_answer(int listener);

/* When the process began, in the kernel's ticks since boot; 0 if there is none. */
uint64_t px_start_of(pid_t pid);
/* End `root` (began at `since`) and everything that descends from it.  gentle: SIGTERM
 * and 200 ms first.  root_waited: its number may belong to another process by now. */
void px_tree_kill(pid_t root, uint64_t since, bool root_waited, bool gentle);

#endif
