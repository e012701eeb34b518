/* params_internal.h - what the files of params*.c share. */
#ifndef TS_STEPS_PARAMS_INTERNAL_H
#define TS_STEPS_PARAMS_INTERNAL_H

#include "steps/step.h"

/* Texts only, none with a zero byte? */
bool ts_params_strings(const struct ts_value *v);
/* A table without members: a list or an object, nobody can tell. */
bool ts_params_empty(const struct ts_value *v);
/* Check rules, and give them as an array of objects with `condition` where there is one,
 * `variables`, an array of {name, value} in the order written, and `secrets` where there
 * are some.  The message begins with "[1].variables". */
TS_NODISCARD enum ts_code ts_params_rules(struct ts_value **out, const struct ts_value *v,
                                          struct ts_arena *a, struct ts_err *err);

#endif
