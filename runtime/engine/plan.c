/* plan.c - what would run, and why the rest would not.
 *
 * The same table of rules as the walk, without effects: steps are assumed to end with a
 * code, and only what later conditions can see is played - the variables of SetVariable
 * steps, the facts of Gather steps, the last action's, the phase after a restart.  It
 * works on a copy of the variables. */
#include "engine/engine_internal.h"

#include "steps/gather.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct plan {
    struct ts_engine e; /* variables (a copy), condition environment; no log, no state */
    struct ts_host host;
    const struct ts_plan_result *results;
    size_t n;
    struct ts_arena *a;
    int index;
    int64_t code; /* of the failure that ended the last failed list */
};

/* Members are appended as they come, each key once; texts of the sequence are not copied:
 * plans of large sequences are made often. */
static struct ts_value *member(struct plan *p, struct ts_value *o, const char *key,
                               enum ts_kind kind)
{
    struct ts_value *v = ts_value_new(p->a, kind);

    v->key = ts_str_of(key);
    if (o->last) {
        o->last->next = v;
    } else {
        o->first = v;
    }
    o->last = v;
    o->count++;
    return v;
}

static void add_own(struct plan *p, struct ts_value *o, const char *key, const char *text)
{
    member(p, o, key, TS_STRING)->str = ts_str_of(text);
}

static void add(struct plan *p, struct ts_value *o, const char *key, const char *text)
{
    add_own(p, o, key, ts_arena_strz(p->a, text));
}

static void add_bool(struct plan *p, struct ts_value *o, const char *key, bool b)
{
    member(p, o, key, TS_BOOL)->boolean = b;
}

static void add_int(struct plan *p, struct ts_value *o, const char *key, int64_t n)
{
    struct ts_value *v = member(p, o, key, TS_INT);

    v->integer = n;
    v->real = (double)n;
}

/* Behind what is said of the condition, if anything is. */
static void add_why(struct plan *p, struct ts_value *o, const char *text)
{
    for (struct ts_value *v = o->first; v; v = v->next) {
        if (ts_str_eq(v->key, TS_S("why"))) {
            v->str = ts_str_of(ts_arena_format(p->a, "%s; %s", v->str.p, text));
            return;
        }
    }
    add(p, o, "why", text);
}

static void not_run(struct plan *p, struct ts_value *o, const char *reason,
                    const char *why)
{
    add_bool(p, o, "runs", false);
    add_own(p, o, "reason", reason);
    if (why && why[0]) {
        add(p, o, "why", why);
    }
}

/* ---- one step ------------------------------------------------------------------------
 */

static bool assumed(const struct plan *p, const struct ts_node *n, int64_t *code)
{
    bool found = false;

    for (size_t i = 0; i < p->n; i++) {
        ts_str pattern = ts_str_of(p->results[i].step);
        if (ts_str_like(ts_str_of(n->id), pattern) ||
            ts_str_like(ts_str_of(n->name), pattern)) {
            *code = p->results[i].code;
            found = true;
        }
    }
    return found;
}

static void expand_param(struct plan *p, const struct ts_node *n, const char *key,
                         struct ts_buf *out, bool *secret)
{
    const char *text = ts_value_text(n->params, key);

    if (text) {
        ts_vars_expand(p->e.vars, out, ts_str_of(text), secret);
    }
}

static enum ts_code set_variable(struct plan *p, const struct ts_node *n,
                                 struct ts_err *err)
{
    struct ts_buf name = {0}, value = {0};
    bool secret = false;

    expand_param(p, n, "variable", &name, NULL);
    expand_param(p, n, "value", &value, &secret);
    enum ts_code rc = ts_vars_set(p->e.vars, TS_SCOPE_STEP, ts_buf_view(&name),
                                  ts_buf_view(&value), secret, err);
    ts_buf_free(&name);
    ts_buf_free(&value);
    return rc;
}

/* The machine's facts; rules files are not read. */
static void gather(struct plan *p)
{
    struct ts_err ignored; /* a fact that cannot become a variable does without */
    size_t n;
    enum ts_code rc = ts_gather_facts(&p->host, &n, &ignored);

    (void)rc;
}

static void restart(struct plan *p, struct ts_value *o, enum ts_phase target)
{
    p->host.phase = target;
    ts_engine_var(&p->e, "_SMSTSInWinPE", target == TS_PHASE_WINPE ? "true" : "false");
    add_own(p, o, "restart", ts_phase_name(target));
}

static enum ts_phase restart_target(struct plan *p, const struct ts_node *n)
{
    struct ts_buf text = {0};

    expand_param(p, n, "target", &text, NULL);
    enum ts_phase target = ts_str_caseeq(ts_buf_view(&text), TS_S("WinPE"))
                               ? TS_PHASE_WINPE
                               : TS_PHASE_FULLOS;
    ts_buf_free(&text);
    return target;
}

static void last_action(struct plan *p, const struct ts_node *n, int64_t code, bool ok)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRId64, code);
    ts_engine_var(&p->e, "_SMSTSLastActionRetCode", text);
    ts_engine_var(&p->e, "_SMSTSLastActionName", n->name);
    ts_engine_var(&p->e, "_SMSTSLastActionSucceeded", ok ? "true" : "false");
}

/* How the step would end; *why: what the engine itself finds wrong with it. */
static int64_t step_code(struct plan *p, const struct ts_node *n,
                         const struct ts_step_type *t, bool *ok, struct ts_err *why)
{
    enum ts_phase want = n->phase != TS_PHASE_ANY ? n->phase : t->phase;
    int64_t code = ts_assumed_code(n, t);
    bool given = assumed(p, n, &code);

    why->text[0] = '\0';
    *ok = false;
    if (want != TS_PHASE_ANY && want != p->host.phase) {
        ts_fail(why, TS_EINPUT, "it runs in %s only, and this would be %s",
                ts_phase_name(want), ts_phase_name(p->host.phase));
        return TS_CODE_WRONG_PHASE;
    }
    *ok = ts_is_restart(n, t, code) || ts_is_success(n, t, p->e.c->seq->configmgr, code);
    if (*ok && strcmp(t->name, "Gather") == 0) {
        gather(p);
    }
    if (!given && strcmp(t->name, "SetVariable") == 0 &&
        set_variable(p, n, why) != TS_OK) {
        *ok = false;
        return TS_CODE_FAILED;
    }
    if (given && *ok && strcmp(t->name, "SetVariable") == 0 &&
        set_variable(p, n, why) != TS_OK) {
        why->text[0] = '\0'; /* the caller said that it succeeds */
    }
    return code;
}

/* True: the step fails and nothing stops that here. */
static bool plan_step(struct plan *p, const struct ts_node *n,
                      const struct ts_step_type *t, struct ts_value *o)
{
    struct ts_err why;
    bool ok;
    int64_t code = step_code(p, n, t, &ok, &why);

    add_bool(p, o, "runs", true);
    add_int(p, o, "code", code);
    add_bool(p, o, "succeeded", ok);
    if (why.text[0]) {
        add_why(p, o, why.text);
    }
    last_action(p, n, code, ok);
    ts_local_drop(&p->e);
    if (!ok && !n->continue_on_error) {
        p->code = code;
        return true;
    }
    if (!ok) {
        add_bool(p, o, "ignored", true);
    } else if (strcmp(t->name, "RestartComputer") == 0) {
        restart(p, o, restart_target(p, n));
    } else if (ts_is_restart(n, t, code)) {
        restart(p, o, TS_PHASE_FULLOS);
    }
    return false;
}

/* ---- groups and lists ----------------------------------------------------------------
 */

static bool plan_list(struct plan *p, const struct ts_node *first, struct ts_value *owner,
                      const char *key, bool reached);

static void save_last(struct plan *p, char *saved[TS_LAST_ACTION_VARS])
{
    for (int i = 0; i < TS_LAST_ACTION_VARS; i++) {
        saved[i] = ts_strdup(ts_vars_get(p->e.vars, ts_last_action_vars[i]));
    }
}

static void put_last(struct plan *p, char *saved[TS_LAST_ACTION_VARS])
{
    for (int i = 0; i < TS_LAST_ACTION_VARS; i++) {
        ts_engine_var(&p->e, ts_last_action_vars[i], saved[i] ? saved[i] : "");
        ts_free(saved[i]);
    }
}

static bool plan_group(struct plan *p, const struct ts_node *n, struct ts_value *o,
                       bool runs)
{
    bool failed = plan_list(p, n->first, o, "steps", runs);
    int64_t code = p->code;

    if (n->finally_first) {
        char *saved[TS_LAST_ACTION_VARS] = {0};
        save_last(p, saved);
        bool worse = plan_list(p, n->finally_first, o, "finally", runs);
        put_last(p, saved);
        if (failed) {
            p->code = code; /* the first error counts */
        }
        failed = failed || worse;
    }
    p->index++; /* the end entry */
    if (!runs) {
        return false;
    }
    add_bool(p, o, "succeeded", !failed);
    if (failed && n->continue_on_error) {
        add_bool(p, o, "ignored", true);
        return false;
    }
    return failed;
}

/* Condition and disabled: false if the node is left out.  *failed: the condition cannot
 * be evaluated. */
static bool enters(struct plan *p, const struct ts_node *n, const struct ts_step_type *t,
                   struct ts_value *o, bool *failed)
{
    struct ts_buf why = {0};
    struct ts_err err;
    bool runs = true;

    if (n->disabled) {
        not_run(p, o, "disabled", NULL);
        return false;
    }
    if (t) {
        ts_local_defaults(&p->e, n, t);
    }
    if (ts_condition(&p->e, n, &runs, &why, &err) != TS_OK) {
        not_run(p, o, "condition", err.text);
        *failed = true;
        runs = false;
    } else if (!runs) {
        not_run(p, o, "condition", ts_buf_text(&why));
    } else if (why.n) {
        add(p, o, "why", ts_buf_text(&why));
    }
    if (!runs) {
        ts_local_drop(&p->e);
    }
    ts_buf_free(&why);
    return runs;
}

static bool plan_node(struct plan *p, const struct ts_node *n, struct ts_value *o,
                      const char *left_out)
{
    const struct ts_step_type *t = p->e.table.v[p->index].type;
    bool failed = false, runs = false;

    add_int(p, o, "index", p->index++);
    add_own(p, o, "id", n->id);
    add_own(p, o, "name", n->name);
    add_own(p, o, "type", n->is_group ? "Group" : n->type);
    if (left_out) {
        not_run(p, o, left_out, NULL);
    } else {
        runs = enters(p, n, t, o, &failed);
    }
    if (failed) {
        p->code = TS_CODE_FAILED;
        add_int(p, o, "code", p->code);
    }
    if (n->is_group) {
        if (runs) {
            add_bool(p, o, "runs", true);
        }
        return plan_group(p, n, o, runs) || (failed && !n->continue_on_error);
    }
    if (runs) {
        return plan_step(p, n, t, o);
    }
    if (failed) {
        last_action(p, n, p->code, false);
    }
    return failed && !n->continue_on_error;
}

static bool plan_list(struct plan *p, const struct ts_node *first, struct ts_value *owner,
                      const char *key, bool reached)
{
    struct ts_value *list = member(p, owner, key, TS_ARRAY);
    bool failed = false;

    for (const struct ts_node *n = first; n; n = n->next) {
        struct ts_value *o = ts_value_new(p->a, TS_OBJECT);
        const char *left_out = !reached ? "not-reached" : failed ? "failed-group" : NULL;
        ts_value_push(list, o);
        failed = plan_node(p, n, o, left_out) || failed;
    }
    return failed;
}

/* ---- the whole -----------------------------------------------------------------------
 */

static void copy_var(void *ctx, const struct ts_var *v)
{
    struct ts_vars *to = ctx;
    struct ts_err ignored;

    if (v->scope == TS_SCOPE_ENGINE) {
        ts_vars_engine(to, v->name, v->value ? v->value : "");
        return;
    }
    if (v->name[0] == '_') {
        ts_vars_allow(to, ts_str_of(v->name));
    }
    enum ts_code rc = ts_vars_set(to, v->scope, ts_str_of(v->name), ts_str_of(v->value),
                                  v->secret, &ignored);
    (void)rc; /* it was accepted once */
}

static enum ts_code plan_all(struct plan *p, struct ts_value **out, struct ts_err *err)
{
    struct ts_value *o = ts_value_new(p->a, TS_OBJECT);
    const struct ts_sequence *seq = p->e.c->seq;
    enum ts_code rc = ts_start_fresh(&p->e, err);

    if (rc != TS_OK) {
        return rc;
    }
    add(p, o, "name", seq->name ? seq->name : "");
    add(p, o, "phase", ts_phase_name(p->host.phase));
    bool failed = plan_list(p, seq->root->first, o, "nodes", true);
    add(p, o, "result", failed ? "failed" : "succeeded");
    add_int(p, o, "code", failed ? p->code : 0);
    *out = o;
    return TS_OK;
}

enum ts_code ts_plan(const struct ts_engine_config *c,
                     const struct ts_plan_result *results, size_t n, struct ts_arena *a,
                     struct ts_value **out, struct ts_err *err)
{
    struct ts_engine_config config = *c;
    struct plan p = {.results = results, .n = n, .a = a};
    enum ts_code rc;

    p.host = *c->host;
    p.host.log = NULL;
    p.host.events = NULL;
    p.host.vars = ts_vars_new();
    config.host = &p.host;
    config.state = NULL;
    p.e = (struct ts_engine){
        .c = &config, .host = &p.host, .vars = p.host.vars, .want_why = true};
    if (c->host->vars) {
        ts_vars_each_scope(c->host->vars, copy_var, p.host.vars);
    }
    ts_condition_env(&p.e);
    if ((rc = ts_table_build(&p.e.table, c->seq, c->steps, err)) == TS_OK) {
        rc = plan_all(&p, out, err);
    }
    ts_condition_end(&p.e);
    ts_table_fini(&p.e.table);
    ts_free(p.e.log_path);
    ts_vars_free(p.host.vars);
    return rc;
}
