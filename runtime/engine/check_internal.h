/* check_internal.h - what the rules of check share. */
#ifndef TS_ENGINE_CHECK_INTERNAL_H
#define TS_ENGINE_CHECK_INTERNAL_H

#include "base/map.h"
#include "engine/engine.h"

struct ts_lint {
    const struct ts_sequence *seq;
    const struct ts_registry *steps;
    void (*fn)(void *ctx, const struct ts_finding *);
    void *ctx;
    size_t count;
};

/* A finding of `rule` at node n (NULL: at the sequence). */
void ts_lint_report(struct ts_lint *l, const char *rule, const struct ts_node *n,
                    const char *fmt, ...) TS_PRINTF(4, 5);

const struct ts_step_type *ts_lint_type(const struct ts_lint *l, const struct ts_node *n);
bool ts_lint_is(const struct ts_node *n, const char *type);
/* Does the node run whenever the run gets to it: enabled, without a condition, and so are
 * the groups around it? */
bool ts_lint_always(const struct ts_node *n);
bool ts_lint_disabled(const struct ts_node *n); /* it, or a group around it */
/* A later node (in the order of the walk) of the type that is enabled, or NULL. */
const struct ts_node *ts_lint_later(const struct ts_lint *l, const struct ts_node *n,
                                    const char *type);

/* Call fn for every %Name% in a text whose name could be a variable's. */
void ts_lint_names(ts_str text, void (*fn)(void *ctx, ts_str name), void *ctx);

/* The rules, file by file. */
void ts_lint_tree(struct ts_lint *l);     /* check_tree.c: names, groups, codes */
void ts_lint_commands(struct ts_lint *l); /* check_command.c */
void ts_lint_vars(struct ts_lint *l);     /* check_vars.c */
void ts_lint_import(struct ts_lint *l);   /* check_import.c */
void ts_lint_flow(struct ts_lint *l);     /* check_flow.c: phases, restarts, user state */

#endif
