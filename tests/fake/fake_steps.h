/* fake_steps.h - step types in a few lines of C, a run around them, and what they did.
 *
 * The steps act on nothing but the run's own variables and a list of who ran; what each
 * does is prepared as data ("results"): for a step's name a list with one entry per call,
 * the last one again for all calls after it.  An entry is a code, or an object:
 *
 *   code      the exit code
 *   error     fail with this message
 *   timeout   fail as if the time limit had been reached
 *   cancel    the user cancels while the step runs
 *   cancelled the user cancels, and the step ends well all the same
 *   crash     the process dies in the midst of the step
 *   set       variables to set, by name
 *   wait      milliseconds to work, looking at time limit and cancel
 */
#ifndef TS_TESTS_FAKE_STEPS_H
#define TS_TESTS_FAKE_STEPS_H

#include "engine/engine.h"

#define FAKE_CRASH_EXIT 99

/* Where steps leave their traces, and what else may happen to one. */
struct fake_world {
    void *ctx;
    void (*append)(void *ctx, const char *name, ts_str line);
    char *(*read)(void *ctx, const char *name); /* caller frees; "" if there is nothing */
    /* Before a step leaves its trace and after: false, the user's wish to stop that it is
     * about to make is lost.  May not return.  NULL: nothing happens.  calls: how often
     * the step ran before. */
    bool (*step)(void *ctx, const char *name, size_t calls, bool traced);
    /* The firmware is told what to start next.  May be NULL. */
    void (*next_boot)(void *ctx, enum ts_phase target);
};
extern const struct fake_world fake_files; /* names are paths of files */

struct fake {
    struct ts_registry steps;
    const struct fake_world *world; /* fake_files */
    const struct ts_value *results; /* object, may be NULL */
    char *ran_file;    /* where a step appends its name when it runs; NULL: memory only */
    char *events_file; /* where events go at once; NULL: memory only */
    bool no_cancel;    /* the step under way cannot cancel */
    struct ts_buf ran; /* names of the steps that ran, one a line, this process only */
    struct ts_host host;
    struct ts_engine_config config;
    struct ts_run_result result;
    struct ts_err err;
    struct ts_buf events, log; /* lines */
    char phase_asked[16];      /* by the restart backend */
    int64_t delay_asked;       /* milliseconds */
    bool refuse_restart, fail_restart, trust_phase, one_start;
    int restarts;
    /* Called instead of the backend's own restart; NULL: that. */
    enum ts_code (*backend_restart)(void *ctx, enum ts_phase target, int64_t delay_ms,
                                    const char *message, struct ts_err *err);
    /* For a test that watches: a step begins its work, a step has done it.  NULL: nobody
     * does. */
    void (*on_work)(struct fake *f, struct ts_step_call *c);
    void (*on_done)(struct fake *f, struct ts_step_call *c);
    void *watcher; /* theirs */
    struct ts_restart_backend backend;
};

/* Everything but a sequence: variables, log and events that are kept in memory. */
void fake_init(struct fake *f);
void fake_fini(struct fake *f);
/* Begin a run of `seq` on machine "machine-1" in f->config.state. */
enum ts_code fake_begin(struct fake *f, const struct ts_sequence *seq);
/* Run or resume; the result is in f->result and f->err. */
enum ts_code fake_run(struct fake *f, const struct ts_sequence *seq, bool resume,
                      const char *from);
/* The types registered: Do, SetVariable, RestartComputer, Fail, Rerun, Skip, and those
 * that only check looks at. */
void fake_register(struct fake *f);
/* "A B C": names of the steps that ran, blanks instead of line ends. Caller frees. */
char *fake_ran(const struct fake *f);
const char *fake_var(const struct fake *f, const char *name); /* "" if absent */
void fake_set(struct fake *f, const char *name, const char *value);

#endif
