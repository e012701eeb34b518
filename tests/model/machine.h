/* machine.h - a machine that plays one case: the real engine on fake steps and a real
 * state, every start in a process of its own, cut off where the case says.
 *
 * A case is an object:
 *
 *   sequence, results, variables, phase   as in tests/scenario/README.md
 *   arrive        by start (the second one first): the phase that comes up; null: as
 * asked restartLimit, trustPhase refuseFrom, failFrom   from this start on (1: the first)
 * the backend refuses to prepare a restart, or the machine does not go down kills [{kind,
 * n}]: power is lost mid       in the n-th step that works, before it has done anything
 *                   late      in the n-th step that works, after it has done everything
 *                   recorded  right after the first record that follows its work
 *                   point     at the n-th power point of the run (platform/power.h)
 *
 * Power points count on across starts; so do the steps that work. */
#ifndef TS_TESTS_MODEL_MACHINE_H
#define TS_TESTS_MODEL_MACHINE_H

#include "base/value.h"

/* Play it in `dir` (a folder of its own, which is emptied first), and append what
 * happened as one line of JSON without its end:
 *
 *   boots   each start: phase, end (restart, ended, killed, broken), ran (name, attempt
 *           and the variables that each step saw), asked, delay
 *   result, code, error, variables   of the last start
 *   record  what the state holds: status, code, events, steps
 *   points, commits   how many there were
 *   broken  the engine could not do its work, or the run never ended: why */
void machine_play(const char *dir, const struct ts_value *data, struct ts_buf *out);

/* Remove the folder and all in it. */
void machine_clean(const char *dir);

/* What the state in `dir` holds, as JSON; false: none, or it cannot be read. */
bool record_read(const char *dir, struct ts_buf *out);

#endif
