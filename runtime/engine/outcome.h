/* outcome.h - what a step's end means. */
#ifndef TS_ENGINE_OUTCOME_H
#define TS_ENGINE_OUTCOME_H

#include "steps/step.h"

/* How an attempt at a step ended, judged. */
struct ts_ending {
    int64_t code;
    bool ok;      /* the code is in the success (or restart) list */
    bool ignored; /* failed, and the step's continueOnError applies */
    bool restart; /* the code asks for a restart */
    bool cancelled;
    bool refused;     /* the engine did not run it (phase, properties, condition) */
    bool again;       /* another attempt follows */
    bool fatal;       /* continueOnError has no effect */
    const char *note; /* "", "timeout", "interrupted", "cancelled" */
    char text[1024];  /* why it failed, "" if nothing is known but the code */
};

/* Is `code` one of the list, comparing the low 32 bits of what fits in 32? */
bool ts_codes_have(const struct ts_codes *codes, int64_t code);
bool ts_code_equal(int64_t a, int64_t b);

/* Judge what a step type's run function left behind.  rc and err are what it returned. */
void ts_judge(struct ts_ending *v, const struct ts_node *n, const struct ts_step_type *t,
              bool configmgr, const struct ts_outcome *o, enum ts_code rc,
              const struct ts_err *err);
/* A verdict for a step that was not run. */
void ts_refuse(struct ts_ending *v, int64_t code, const char *text);
bool ts_is_success(const struct ts_node *n, const struct ts_step_type *t, bool configmgr,
                   int64_t code);
bool ts_is_restart(const struct ts_node *n, const struct ts_step_type *t, int64_t code);
/* The code a step is assumed to end with: 0, or the first of its success codes. */
int64_t ts_assumed_code(const struct ts_node *n, const struct ts_step_type *t);

#endif
