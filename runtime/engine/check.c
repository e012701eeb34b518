/* check.c - looking for what is likely wrong in a sequence that could run. */
#include "engine/check_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* docs/check.md explains each with an example; a test compares the two lists. */
static const struct ts_check_rule rules[] = {
    {"capture-continue-on-error",
     "a failed capture of user state would not stop what deletes the originals",
     TS_WARNING},
    {"code-2-unhandled",
     "ReleaseStateStore may end with 2 (something waits for a restart) and no restart or "
     "condition follows",
     TS_NOTE},
    {"destructive-without-proof",
     "a volume is wiped or formatted and no user state was captured before", TS_WARNING},
    {"duplicate-name", "two steps or groups side by side have the same name", TS_NOTE},
    {"empty-group", "a group has no steps that could run", TS_NOTE},
    {"fact-not-askable", "a condition asks a fact that this platform cannot answer",
     TS_NOTE},
    {"import-command", "a step of an imported sequence is kept as its command line",
     TS_NOTE},
    {"import-partly", "a step does less than the one it was imported from", TS_NOTE},
    {"import-unsupported", "a step of an imported sequence has no counterpart here",
     TS_WARNING},
    {"impossible-value",
     "a variable of the runtime is compared with a value it never has", TS_WARNING},
    {"phase-conflict", "a step's phase excludes the one its type runs in", TS_ERROR},
    {"query-wrong", "a condition holds a WQL query that cannot be understood",
     TS_WARNING},
    {"read-only-variable", "a step sets a variable that only the runtime may set",
     TS_ERROR},
    {"restart-in-finally", "a finally list restarts the machine", TS_NOTE},
    {"retry-never", "a retry can never happen", TS_WARNING},
    {"secret-in-command", "a secret stands in a command line, where others can see it",
     TS_WARNING},
    {"secret-in-sequence", "a secret value is written into the sequence", TS_WARNING},
    {"shell-builtin", "a command is known to the Windows shell only, and none is started",
     TS_WARNING},
    {"shell-operator", "a command holds > | or && but no shell is started", TS_WARNING},
    {"unreachable", "a step stands behind one that always fails", TS_WARNING},
    {"variable-never-set", "a variable is read that nothing in the sequence sets",
     TS_NOTE},
    {"wrong-phase", "a step stands where the machine is in the other phase", TS_WARNING},
};

const struct ts_check_rule *ts_check_rules(size_t *n)
{
    *n = sizeof rules / sizeof rules[0];
    return rules;
}

static const struct ts_check_rule *find_rule(const char *id)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(rules[i].id, id) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

void ts_lint_report(struct ts_lint *l, const char *rule, const struct ts_node *n,
                    const char *fmt, ...)
{
    const struct ts_check_rule *r = find_rule(rule);
    char message[1024];
    va_list ap;

    assert(r);
    l->count++;
    if (!l->fn) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    struct ts_finding f = {.severity = r->severity,
                           .rule = r->id,
                           .pos = {.file = l->seq->file},
                           .step = n ? n->id : "",
                           .message = message};
    if (n) {
        f.pos = n->pos;
    }
    l->fn(l->ctx, &f);
}

/* ---- questions the rules share -------------------------------------------------------
 */

const struct ts_step_type *ts_lint_type(const struct ts_lint *l, const struct ts_node *n)
{
    return n->is_group ? NULL : ts_registry_find(l->steps, ts_str_of(n->type));
}

bool ts_lint_is(const struct ts_node *n, const char *type)
{
    return !n->is_group && n->type && ts_caseeq(n->type, type);
}

bool ts_lint_disabled(const struct ts_node *n)
{
    for (; n; n = n->parent) {
        if (n->disabled) {
            return true;
        }
    }
    return false;
}

bool ts_lint_always(const struct ts_node *n)
{
    for (; n; n = n->parent) {
        if (n->disabled || n->condition) {
            return false;
        }
    }
    return true;
}

const struct ts_node *ts_lint_later(const struct ts_lint *l, const struct ts_node *n,
                                    const char *type)
{
    while ((n = ts_node_next(l->seq->root, n)) != NULL) {
        if (ts_lint_is(n, type) && !ts_lint_disabled(n)) {
            return n;
        }
    }
    return NULL;
}

/* As in expansion: behind a '%' that begins no name the search goes on at once. */
void ts_lint_names(ts_str text, void (*fn)(void *ctx, ts_str name), void *ctx)
{
    size_t i = 0;

    while (i < text.n) {
        const char *from = memchr(text.p + i, '%', text.n - i);
        if (!from) {
            return;
        }
        i = (size_t)(from - text.p) + 1;
        const char *to = memchr(text.p + i, '%', text.n - i);
        if (!to) {
            return;
        }
        ts_str name = {text.p + i, (size_t)(to - text.p) - i};
        if (ts_var_name_valid(name)) {
            fn(ctx, name);
            i += name.n + 1;
        }
    }
}

size_t ts_check(const struct ts_sequence *seq, const struct ts_registry *steps,
                void (*fn)(void *ctx, const struct ts_finding *), void *ctx)
{
    struct ts_lint l = {.seq = seq, .steps = steps, .fn = fn, .ctx = ctx};

    ts_lint_tree(&l);
    ts_lint_commands(&l);
    ts_lint_vars(&l);
    ts_lint_flow(&l);
    ts_lint_import(&l);
    return l.count;
}
