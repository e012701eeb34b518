/* reference.h - the step reference, from what the step types declare: for people as text
 * and Markdown, for programs as JSON.  Types come in order of their names. */
#ifndef TS_STEPS_REFERENCE_H
#define TS_STEPS_REFERENCE_H

#include "steps/step.h"

/* One type in full, or (NULL) every type with its summary in one line. */
void ts_steps_text(struct ts_buf *out, const struct ts_registry *r,
                   const struct ts_step_type *one_or_null);
/* For the manual: one type, or (NULL) all of them, each under a heading of level 2. */
void ts_steps_markdown(struct ts_buf *out, const struct ts_registry *r,
                       const struct ts_step_type *one_or_null);
/* An object for one type, or (NULL) an array of all; indented, with an end of line.
 * Members: name, summary, doc, source, phase, onInterrupt, runsCommand, successCodes,
 * restartCodes, params: [name, type, required, expand, secret, default, variable,
 * choices, doc]; what is not declared is left out. */
void ts_steps_json(struct ts_buf *out, const struct ts_registry *r,
                   const struct ts_step_type *one_or_null);

#endif
