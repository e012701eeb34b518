/* loop.h - what the crash loops share: choosing cuts, counting, saying what failed. */
#ifndef TS_TESTS_CRASH_LOOP_H
#define TS_TESTS_CRASH_LOOP_H

#include "fk.h"

#include <stdbool.h>
#include <stdint.h>

struct loop_options {
    bool nightly;
    unsigned lies;   /* FK_LIE_...: failures are what is wanted */
    const char *lie; /* its name */
    const char *program;
    unsigned pairs; /* of cuts, for each scenario */
    uint64_t seed;
    const char *only; /* names that contain this */
    uint64_t call;    /* only the cut before this call; 0: all */
    bool verbose;
    unsigned part, parts; /* of the scenarios: every `parts`-th, beginning with `part` */
};
extern struct loop_options loop;

/* pairs: of cuts in an ordinary run; at night there are 500.
 * --nightly (or TASKSEQ_NIGHTLY=1), --lie KIND, --pairs N, --seed N, --only TEXT, --part
 * I/N, -v. */
void loop_parse(int argc, char **argv, unsigned pairs);

/* Is the i-th thing to be done here? */
bool loop_mine(unsigned i, const char *name);

struct loop_count {
    uint64_t calls;    /* at which the power was cut */
    uint64_t points;   /* crash points: one cut and one way the disk comes back */
    uint64_t machines; /* different ones among them: each was played to its end */
    uint64_t pairs;    /* pairs of cuts tried */
    uint64_t faults;   /* calls that were made to fail */
    uint64_t failures;
};
extern struct loop_count total;

/* A check that did not hold: counted; the first few are shown. */
void loop_failed(const char *name, const char *fmt, ...) TS_PRINTF(2, 3);
/* Calls `one` for the 1st, 2nd … call of every kind with an error (at night: with each of
 * three), until it answers that nothing failed any more. */
void loop_faults(bool (*one)(void *ctx, unsigned kind, const char *name, uint64_t n,
                             int os),
                 void *ctx);
/* "ok NAME" or "not ok NAME", with the figures of this test. */
void loop_line(const char *name, const struct loop_count *before, const char *more);
/* Ends the program: 1 if anything failed; with a lie 1 if nothing did. */
int loop_end(void);

#endif
