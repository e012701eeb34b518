/* check_flow.c - rules about the order of steps: phases, restarts, user state. */
#include "engine/check_internal.h"

/* ---- phases --------------------------------------------------------------------------
 */

static enum ts_phase target_of(const struct ts_node *n)
{
    const char *text = ts_value_text(n->params, "target");

    if (!text || ts_caseeq(text, "FullOS") || ts_caseeq(text, "HD")) {
        return TS_PHASE_FULLOS;
    }
    return ts_caseeq(text, "WinPE") ? TS_PHASE_WINPE : TS_PHASE_ANY;
}

static void check_phase(struct ts_lint *l, const struct ts_node *n, enum ts_phase now)
{
    const struct ts_step_type *t = ts_lint_type(l, n);
    enum ts_phase want = n->phase != TS_PHASE_ANY ? n->phase
                         : t                      ? t->phase
                                                  : TS_PHASE_ANY;

    if (want != TS_PHASE_ANY && now != TS_PHASE_ANY && want != now && ts_lint_always(n)) {
        ts_lint_report(
            l, "wrong-phase", n,
            "this step runs in %s only, and the restart before it leads into %s: "
            "restart into %s first, or give the step a condition",
            ts_phase_name(want), ts_phase_name(now), ts_phase_name(want));
    }
}

/* Known only between restarts that certainly happen. */
static void check_phases(struct ts_lint *l)
{
    enum ts_phase now = TS_PHASE_ANY;

    for (const struct ts_node *n = ts_node_next(l->seq->root, l->seq->root); n;
         n = ts_node_next(l->seq->root, n)) {
        if (n->is_group) {
            continue;
        }
        check_phase(l, n, now);
        if (ts_lint_is(n, "RestartComputer") && !ts_lint_disabled(n)) {
            now = ts_lint_always(n) || target_of(n) == now ? target_of(n) : TS_PHASE_ANY;
            if (ts_lint_always(n) && n->in_finally) {
                now = TS_PHASE_ANY;
            }
        }
    }
}

/* ---- restarts ------------------------------------------------------------------------
 */

static bool in_finally(const struct ts_node *n)
{
    for (; n; n = n->parent) {
        if (n->in_finally) {
            return true;
        }
    }
    return false;
}

static void check_restart(struct ts_lint *l, const struct ts_node *n)
{
    if (ts_lint_is(n, "RestartComputer") && in_finally(n)) {
        ts_lint_report(
            l, "restart-in-finally", n,
            "a finally list also runs after a failure and after a cancel, and "
            "would restart the machine then: move the restart behind the group, "
            "or give it a condition");
    }
}

static bool reads_return_code(const struct ts_expr *x)
{
    for (; x; x = x->next) {
        if ((x->kind == TS_X_COMPARE && ts_caseeq(x->name, "_SMSTSLastActionRetCode")) ||
            reads_return_code(x->first)) {
            return true;
        }
    }
    return false;
}

/* 2 is no failure: something that was held open goes at the next restart. */
static void check_release(struct ts_lint *l, const struct ts_node *n)
{
    if (!ts_lint_is(n, "ReleaseStateStore") || ts_lint_disabled(n) ||
        ts_lint_later(l, n, "RestartComputer")) {
        return;
    }
    for (const struct ts_node *m = n; (m = ts_node_next(l->seq->root, m)) != NULL;) {
        if (reads_return_code(m->condition)) {
            return;
        }
    }
    ts_lint_report(
        l, "code-2-unhandled", n,
        "ReleaseStateStore ends with 2 when something in the store waits for a "
        "restart, and none follows: add RestartComputer with the condition "
        "_SMSTSLastActionRetCode = 2 behind it");
}

/* ---- user state ----------------------------------------------------------------------
 */

static bool destroys(const struct ts_node *n)
{
    return ts_lint_is(n, "WipeVolume") || ts_lint_is(n, "FormatPartitionDisk");
}

static bool without_store(const struct ts_node *n)
{
    const struct ts_value *v = ts_value_get(n->params, "withoutStore");

    return v && ((v->kind == TS_BOOL && v->boolean) ||
                 (v->kind == TS_STRING && ts_str_caseeq(v->str, TS_S("true"))));
}

static void check_destroyer(struct ts_lint *l, const struct ts_node *n, bool captured)
{
    if (!destroys(n) || captured || ts_lint_disabled(n) || without_store(n)) {
        return;
    }
    ts_lint_report(l, "destructive-without-proof", n,
                   "%s deletes what stands on the volume, and no step before it captures "
                   "user state: it refuses a volume with profiles on it; put "
                   "CaptureUserState before it%s",
                   n->type,
                   ts_lint_is(n, "WipeVolume")
                       ? ", or say withoutStore = true if nothing is to be kept"
                       : "");
}

/* Where does a failure of this step stop being one?  NULL: it fails the sequence. */
static const struct ts_node *swallowed_by(const struct ts_node *n)
{
    for (; n; n = n->parent) {
        if (n->continue_on_error) {
            return n;
        }
    }
    return NULL;
}

static bool inside(const struct ts_node *n, const struct ts_node *group)
{
    for (; n; n = n->parent) {
        if (n == group) {
            return true;
        }
    }
    return false;
}

static void check_capture(struct ts_lint *l, const struct ts_node *n)
{
    const struct ts_node *by = swallowed_by(n);

    if (!ts_lint_is(n, "CaptureUserState") || !by || ts_lint_disabled(n)) {
        return;
    }
    for (const struct ts_node *m = n; (m = ts_node_next(l->seq->root, m)) != NULL;) {
        /* In the same group it is left out when the capture fails. */
        bool reached = by == n || !inside(m, by);
        if (destroys(m) && reached && !ts_lint_disabled(m)) {
            ts_lint_report(l, "capture-continue-on-error", n,
                           "the run goes on when this capture fails (continueOnError of "
                           "%s), and reaches %s \"%s\": remove continueOnError, or give "
                           "that step a condition on _SMSTSLastActionSucceeded",
                           by == n ? "the step" : by->name, m->type, m->name);
            return;
        }
    }
}

/* ---- steps that always fail ----------------------------------------------------------
 */

static void check_fail(struct ts_lint *l, const struct ts_node *n)
{
    if (!ts_lint_is(n, "Fail") || n->continue_on_error || n->disabled || n->condition) {
        return;
    }
    for (const struct ts_node *m = n->next; m; m = m->next) {
        if (!m->disabled) {
            ts_lint_report(
                l, "unreachable", m,
                "\"%s\" before it always fails, so this never runs: give \"%s\" "
                "a condition or continueOnError, or move this before it",
                n->name, n->name);
            return;
        }
    }
}

void ts_lint_flow(struct ts_lint *l)
{
    bool captured = false;

    check_phases(l);
    for (const struct ts_node *n = ts_node_next(l->seq->root, l->seq->root); n;
         n = ts_node_next(l->seq->root, n)) {
        check_restart(l, n);
        check_release(l, n);
        check_destroyer(l, n, captured);
        check_capture(l, n);
        check_fail(l, n);
        captured =
            captured || (ts_lint_is(n, "CaptureUserState") && !ts_lint_disabled(n));
    }
}
