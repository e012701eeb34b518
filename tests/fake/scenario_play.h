/* scenario_play.h - one start of the machine of a scenario (tests/scenario/README.md),
 * and what its run left in the state. */
#ifndef TS_TESTS_SCENARIO_PLAY_H
#define TS_TESTS_SCENARIO_PLAY_H

#include "fake_steps.h"

/* Where notes of the play are kept, outside the machine: "ran" and "events" (lines),
 * "log", "report.json" (what the last start said at its end), "stopped" (why it could not
 * go on). */
struct scenario_world {
    struct fake_world steps;
    void (*append)(void *ctx, const char *name, ts_str text); /* ctx: steps.ctx */
    void (*set)(void *ctx, const char *name, ts_str text);
    /* A step is under way in the state that is gone on with: the name of the step and how
     * many attempts at it are recorded; NULL: none is.  May be NULL. */
    void (*pending)(void *ctx, const char *step, int attempts);
};

struct scenario_start {
    const struct ts_value *data; /* of the file */
    enum ts_phase phase;
    bool resume;
    int more_restarts; /* that the limit lets pass beyond the scenario's own */
    bool quiet;        /* say nothing on standard error */
    const char *state_dir;
    const struct scenario_world *world;
};

/* Exit code of the start: 0 the run ended, 10 a restart, FAKE_CRASH_EXIT (by _exit) a
 * step crashed; NOTHING: there is no run to resume; ENDED: it had ended before; WRONG:
 * said on standard error. */
enum { SCENARIO_NOTHING = 96, SCENARIO_ENDED = 95, SCENARIO_WRONG = 98 };
int scenario_start(const struct scenario_start *s);

/* All that the state says of the newest run and that does not tell of time, chance and
 * restarts: status, code, error, attempts, what was left out, variables; a line each. */
enum ts_code scenario_summary(const char *state_dir, struct ts_buf *out,
                              struct ts_err *err);

#endif
