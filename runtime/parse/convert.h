/* convert.h - sequences as text that people go on working with.
 *
 * What is written reads back as an equal model (ts_sequence_hash) in Lua and JSON; in XML
 * except for what was listed as lost. */
#ifndef TS_PARSE_CONVERT_H
#define TS_PARSE_CONVERT_H

#include "model/model.h"
#include "steps/step.h"

/* Told what the text cannot say.  node NULL: the sequence itself. */
struct ts_losses {
    void *ctx;
    void (*lost)(void *ctx, const struct ts_node *node, const char *what);
};

/* As a person would write it: names in front, properties in the order in which the step
 * type declares them, defaults left out, conditions as text, ids only where they do not
 * follow from the names.  `steps` gives the order; types that are not in it are written
 * too. */
void ts_sequence_write_lua(struct ts_buf *out, const struct ts_sequence *s,
                           const struct ts_registry *steps,
                           const struct ts_losses *losses);
void ts_sequence_write_json(struct ts_buf *out, const struct ts_sequence *s,
                            const struct ts_registry *steps);
/* As ConfigMgr exports it, or as MDT's ts.xml when it came from there.  base: name of the
 * file without its ending, which a sequence without a name is called by.  TS_EINPUT: what
 * was written cannot be read again. */
TS_NODISCARD enum ts_code
ts_sequence_write_xml(struct ts_buf *out, const struct ts_sequence *s, const char *base,
                      const struct ts_registry *steps, const struct ts_losses *losses,
                      struct ts_err *err);

#endif
