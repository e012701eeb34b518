/* gather.h - variables from what the machine is, and from rules files. */
#ifndef TS_STEPS_GATHER_H
#define TS_STEPS_GATHER_H

#include "rules/ruleset.h"
#include "steps/host.h"

/* Set the variables of the run's facts, in the rules' scope: what --set or a step gave a
 * name stays.  OSVersion is WinPE there.  *n: how many.  Without facts: none. */
TS_NODISCARD enum ts_code ts_gather_facts(struct ts_host *h, size_t *n,
                                          struct ts_err *err);
/* Work through a rules file and set what it says, in the rules' scope.  A name that only
 * the runtime sets is left out with a note.  out: what was set, what was not done. */
TS_NODISCARD enum ts_code ts_gather_rules(struct ts_host *h, const char *native_path,
                                          struct ts_rules_result *out,
                                          struct ts_err *err);
/* Evaluate a condition as the engine would. */
TS_NODISCARD enum ts_code ts_gather_condition(struct ts_host *h,
                                              const struct ts_value *condition,
                                              bool *result, struct ts_err *err);
/* Set the hardware variables of the ConfigMgr engine, _SMSTSMake and its like. */
void ts_gather_hardware(struct ts_host *h);

#endif
