/* check_tree.c - rules about the shape of the tree and the options of a node. */
#include "engine/check_internal.h"

#include "engine/outcome.h"

static void check_duplicates(struct ts_lint *l, const struct ts_node *first)
{
    struct ts_map seen = {0};

    for (const struct ts_node *n = first; n; n = n->next) {
        const struct ts_node *other = ts_map_set(&seen, ts_str_of(n->name), (void *)n);
        if (other) {
            ts_lint_report(
                l, "duplicate-name", n,
                "another %s of the same group is named \"%s\" too (%s): the log "
                "cannot tell them apart; give them names of their own",
                other->is_group ? "group" : "step", n->name, other->id);
        }
    }
    ts_map_fini(&seen, NULL);
}

static bool any_enabled(const struct ts_node *first)
{
    for (const struct ts_node *n = first; n; n = n->next) {
        if (!n->disabled) {
            return true;
        }
    }
    return false;
}

static void check_group(struct ts_lint *l, const struct ts_node *n)
{
    check_duplicates(l, n->first);
    check_duplicates(l, n->finally_first);
    if (n != l->seq->root && !n->disabled && !any_enabled(n->first)) {
        ts_lint_report(l, "empty-group", n,
                       n->first
                           ? "every step of this group is disabled: disable the group "
                             "or remove it"
                           : "this group has no steps: fill it or remove it");
    }
}

static void check_step(struct ts_lint *l, const struct ts_node *n,
                       const struct ts_step_type *t)
{
    if (n->phase != TS_PHASE_ANY && t->phase != TS_PHASE_ANY && n->phase != t->phase) {
        ts_lint_report(l, "phase-conflict", n,
                       "`phase` is %s, and %s runs in %s only: remove `phase`",
                       ts_phase_name(n->phase), t->name, ts_phase_name(t->phase));
    }
    for (size_t i = 0; n->retry.on.set && i < n->retry.on.n; i++) {
        int64_t code = n->retry.on.v[i];
        if (ts_is_success(n, t, l->seq->configmgr, code) || ts_is_restart(n, t, code)) {
            ts_lint_report(
                l, "retry-never", n,
                "`retry.on` names the code %lld, which counts as success, so it "
                "is never tried again: take it out of `successCodes` or out of "
                "`retry.on`",
                (long long)code);
        }
    }
    if (n->retry.on.set && n->retry.attempts == 1) {
        ts_lint_report(
            l, "retry-never", n,
            "`retry.attempts` is 1, which counts all tries: 2 tries once more");
    }
}

void ts_lint_tree(struct ts_lint *l)
{
    check_group(l, l->seq->root);
    for (const struct ts_node *n = ts_node_next(l->seq->root, l->seq->root); n;
         n = ts_node_next(l->seq->root, n)) {
        const struct ts_step_type *t = ts_lint_type(l, n);
        if (n->is_group) {
            check_group(l, n);
        } else if (t) {
            check_step(l, n, t);
        }
    }
}
