/* replay.h - one replay: a copy of the machine, a `taskseq lab` on it. */
#ifndef TS_LAB_REPLAY_H
#define TS_LAB_REPLAY_H

#include "lab/every.h"
#include "lab/lab.h"
#include "platform/thread.h"

struct ts_replay {    /* zero-initialise */
    char *dir;        /* the copy */
    int64_t began_ms; /* runs of before are not of this replay */
    int exit_code;
    struct ts_buf out, words; /* standard output, standard error */
    struct ts_value *result;  /* what --json said; NULL: nothing */
    struct ts_arena arena;
};
/* Copy the machine to `dir` and play it; cut_at 0: undisturbed.  `starting` guards what
 * only one thread may do at a time.  TS_ECANCELLED when the user wishes to stop. */
TS_NODISCARD enum ts_code ts_replay_run(struct ts_replay *r, const struct ts_lab_every *e,
                                        const char *dir, uint64_t cut_at,
                                        struct ts_mutex *starting, struct ts_err *err);
void ts_replay_fini(struct ts_replay *r); /* leaves the copy */

#endif
