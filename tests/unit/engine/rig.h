/* rig.h - sequences from short texts, and runs of them, for the tests of the engine. */
#ifndef TS_TESTS_ENGINE_RIG_H
#define TS_TESTS_ENGINE_RIG_H

#include "../../fake/fake_steps.h"

#include <criterion/criterion.h>

/* A sequence from the JSON format, read by the tests' own few lines (the engine does not
 * know the parser): ' stands for ", ` for '.  With an array only: the steps.  Durations
 * are milliseconds; an id is the name unless given. */
struct ts_sequence *rig_sequence(const char *text);

struct rig {
    struct fake f;
    struct ts_sequence *seq;
    struct ts_arena arena;
};
/* A rig with a sequence and results (may be NULL), both in the form of rig_sequence. */
void rig_init(struct rig *r, const char *sequence, const char *results);
/* Run in memory and expect the engine to do its own work. */
void rig_run(struct rig *r);
void rig_fini(struct rig *r);

/* A new folder; caller frees. */
char *rig_folder(void);
void rig_remove(char *dir); /* and frees it */
/* Open the state in `dir` for r: begin a run, or load the last one for a resume. */
void rig_state(struct rig *r, const char *dir, bool resume);
/* Run in a child process, which may crash; gives its exit code (0: the run ended, 10:
 * restart, FAKE_CRASH_EXIT). */
int rig_child(const char *sequence, const char *results, const char *dir, bool resume);

/* Called in a child made by fork: failures of the rig end it. */
void rig_is_child(void);

#endif
