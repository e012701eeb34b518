/* run.h - rules being worked through.  Private to rules/. */
#ifndef TS_RULES_RUN_H
#define TS_RULES_RUN_H

#include "rules/ruleset_internal.h"

#define RULES_DEPTH_MAX 32

struct rules_run {
    const struct ts_ruleset *r;
    const struct ts_rules_env *env;
    struct ts_rules_result *out;
    struct ts_map by_name;  /* of ts_rule_set, those in out->set */
    struct ts_map declared; /* names in Properties */
    const struct rule_section *open[RULES_DEPTH_MAX];
    int depth;
    size_t work, bytes, set_cap, note_cap;
    size_t expanded; /* bytes that went into the value being made */
    struct ts_err *err;
};

/* What the rules have set under this name, NULL if nothing. */
const struct ts_rule_set *rules_found(const struct rules_run *x, ts_str name);
/* Value of this very name: set by the rules, else known before. */
bool rules_lookup(struct rules_run *x, ts_str name, ts_str *value, bool *secret);
/* Expand %Name% (of a list: its first item) and #expression#.  A lone '#', and nothing
 * between two, are signs like any other.  False: it cannot be worked out, *why says why.
 */
bool rules_expand(struct rules_run *x, ts_str value, struct ts_buf *out, bool *secret,
                  const char **why);

#endif
