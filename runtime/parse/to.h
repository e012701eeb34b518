/* to.h - what the writers share. */
#ifndef TS_PARSE_TO_H
#define TS_PARSE_TO_H

#include "parse/convert.h"

/* Lines are at most so wide, where a line break helps. */
enum { TO_WIDTH = 100 };

/* The sequence as the document that the JSON reader takes, its members in the order in
 * which a person would write them.  Parts of the model are shared. */
struct ts_value *value_of_sequence(struct ts_arena *a, const struct ts_sequence *s,
                                   const struct ts_registry *steps);

/* One step or group, a group without its children.  No id. */
struct ts_value *value_of_node(struct ts_arena *a, const struct ts_node *n,
                               const struct ts_registry *steps);

#endif
