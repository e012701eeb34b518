/* scenario.h - playing sequences on a machine that is only told of (taskseq test).
 *
 * Everything belongs to one struct ts_scenarios: load files, play the scenarios one by
 * one, then write the reports. */
#ifndef TS_SCENARIO_SCENARIO_H
#define TS_SCENARIO_SCENARIO_H

#include "base/buf.h"
#include "base/value.h"

#define TS_SCENARIO_SUFFIX ".scenario.lua"

struct ts_scenarios;
/* stdlib_dir: as of ts_script_new; steps: folders of more step types, NULL-terminated or
 * NULL.  Both must live as long. */
struct ts_scenarios *ts_scenarios_new(const char *stdlib_dir, const char *const *steps);
void ts_scenarios_free(struct ts_scenarios *s); /* removes the temporary folder too */

/* Read a scenario file and the sequences it is about, and check both.  TS_EINPUT
 * "file:line: message", TS_ENOTFOUND. */
TS_NODISCARD enum ts_code ts_scenarios_load(struct ts_scenarios *s, const char *path,
                                            struct ts_err *err);
/* Keep only the scenarios whose name is like the pattern. */
void ts_scenarios_filter(struct ts_scenarios *s, const char *pattern);
size_t ts_scenarios_count(const struct ts_scenarios *s);

/* Play number i.  TS_OK whether it passed or not; TS_ECANCELLED: the user wants to stop;
 * other codes: we could not do our own work. */
TS_NODISCARD enum ts_code ts_scenarios_play(struct ts_scenarios *s, size_t i,
                                            struct ts_err *err);
bool ts_scenarios_passed(const struct ts_scenarios *s, size_t i);
size_t ts_scenarios_failed(const struct ts_scenarios *s);

/* ---- reports: of what was played ------------------------------------------------------
 */

/* TAP 14.  verbose: the log of the play as comments. */
void ts_scenario_tap_begin(struct ts_buf *out, const struct ts_scenarios *s);
void ts_scenario_tap(struct ts_buf *out, const struct ts_scenarios *s, size_t i,
                     bool verbose);
void ts_scenario_junit(struct ts_buf *out, const struct ts_scenarios *s);
/* { passed, failed, scenarios: [...] } */
struct ts_value *ts_scenario_report(const struct ts_scenarios *s, struct ts_arena *a);
/* { full, sequences: [...] }; docs/scenarios.md names the keys. */
struct ts_value *ts_scenario_coverage(const struct ts_scenarios *s, struct ts_arena *a);
/* The same for people: totals and what is missing. */
void ts_scenario_coverage_text(struct ts_buf *out, const struct ts_value *coverage);

#endif
