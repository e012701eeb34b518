/* check_import.c - what import could not carry over. */
#include "engine/check_internal.h"

static void check_step(struct ts_lint *l, const struct ts_node *n)
{
    const char *reason = ts_value_text(n->xml, "reason");
    const char *what = ts_value_text(n->params, "xmlType");

    if (ts_lint_is(n, "Unsupported")) {
        reason = ts_value_text(n->params, "reason");
        ts_lint_report(
            l, "import-unsupported", n,
            "a step of type %.200s fails when it is reached: %.600s; replace it, "
            "disable it or give it a condition",
            what ? what : "another engine", reason ? reason : "not supported");
    } else if (reason && ts_lint_is(n, "RunCommandLine")) {
        ts_lint_report(l, "import-command", n,
                       "the command of the original step is run as it is: %.600s",
                       reason);
    } else if (reason) {
        ts_lint_report(l, "import-partly", n,
                       "it does less than the original step: %.600s", reason);
    }
}

void ts_lint_import(struct ts_lint *l)
{
    for (const struct ts_node *n = ts_node_next(l->seq->root, l->seq->root); n;
         n = ts_node_next(l->seq->root, n)) {
        if (!n->is_group && !ts_lint_disabled(n)) {
            check_step(l, n);
        }
    }
}
