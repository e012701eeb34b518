/* every.h - the power goes once at every point of a run.
 *
 * The machine itself is never touched.  Copies of it are played: twice undisturbed, which
 * says how the run ends and what differs by nature, then once for each point with a cut
 * there.  Each replay is a `taskseq lab` of its own on a copy of its own. */
#ifndef TS_LAB_EVERY_H
#define TS_LAB_EVERY_H

#include "base/value.h"

struct ts_lab_tried { /* for a person who waits */
    uint64_t point, points, tried, failed;
};

struct ts_lab_every {
    const char *program; /* this program */
    const char *sequence;
    const char *dir;         /* the machine */
    const char *const *args; /* more words for each `taskseq lab`, NULL-terminated */
    const char *work;        /* folder for the copies; NULL: beside the machine */
    uint64_t step;           /* each step-th point, from 1; at least 1 */
    unsigned jobs;           /* replays at a time; 0: number of processors */
    bool keep_going;         /* past the first failure */
    bool keep;               /* the machine of the first failure */
    bool files_at_end_only;  /* not after each cut */
    /* Called from one thread at a time.  May be NULL. */
    void (*uncut)(void *ctx, uint64_t points, uint64_t user_files);
    void (*tried)(void *ctx, const struct ts_lab_tried *t);
    void *ctx;
};

struct ts_lab_proof { /* zero-initialise */
    int uncut_exit;   /* not 0: the undisturbed run failed, and nothing was cut */
    struct ts_buf uncut_words;       /* what it said */
    uint64_t points, tried, stopped; /* stopped: of the failures, those of `stopped` */
    uint64_t user_files;             /* that the machine has before the run */
    uint64_t gone; /* of their contents, how many the undisturbed run itself takes away */
    uint64_t compared, unsteady; /* entries of the uncut end; differing by nature */
    /* Array, by point, of {point, kind, when, step, name, exitCode, error, differences,
     * differenceCount, machine}.  kind:
     *   "lost"     users' files that were on no disk after the cut, or not at the end
     *   "stopped"  the interrupted step must not run twice: the run failed there
     *   "end"      it ended otherwise than the uncut run
     * differences: {what, path, detail}; what: exitCode, lost, missing, changed, extra,
     * step.  machine: where the failing machine was kept. */
    struct ts_value *failures;
    struct ts_arena arena;
};

/* TS_OK whatever the proof shows.  TS_ECANCELLED: the user stopped it; *out holds what
 * was found so far. */
TS_NODISCARD enum ts_code ts_lab_every(const struct ts_lab_every *e,
                                       struct ts_lab_proof *out, struct ts_err *err);
void ts_lab_proof_fini(struct ts_lab_proof *p);

#endif
