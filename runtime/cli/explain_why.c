/* explain_why.c - the condition with the values it saw and who set them, and why a step
 * was not run. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/explain.h"

/* ---- who set a variable --------------------------------------------------------------
 */

static bool is_last_action(ts_str name)
{
    return ts_str_caseeq(name, TS_S("_SMSTSLastActionRetCode")) ||
           ts_str_caseeq(name, TS_S("_SMSTSLastActionName")) ||
           ts_str_caseeq(name, TS_S("_SMSTSLastActionSucceeded"));
}

/* A finally list's steps are forgotten as the last action when its group is left. */
static bool was_put_back(const struct ts_explain *x, const struct ts_past *p,
                         uint64_t until)
{
    const struct ts_ins *ins = ts_table_find(&x->table, p->step);

    while (ins && ins->group >= 0) {
        const struct ts_ins *group = &x->table.v[ins->group];
        if (ins->node->in_finally)
            for (size_t i = 0; i < x->n && x->events[i].seq < until; i++)
                if (x->events[i].seq > p->seq &&
                    strcmp(x->events[i].type, "group.finished") == 0 &&
                    strcmp(x->events[i].step, group->node->id) == 0)
                    return true;
        ins = group;
    }
    return false;
}

/* The step that ended last before event `until`. */
static const struct ts_past *last_action(const struct ts_explain *x, uint64_t until)
{
    for (size_t i = x->n; i-- > 0;) {
        const struct ts_past *p = &x->events[i];
        if (p->seq < until && strcmp(p->type, "step.finished") == 0 &&
            !ts_record_bool(p->v, "again") && !was_put_back(x, p, until))
            return p;
    }
    return NULL;
}

static const struct ts_past *last_set(const struct ts_explain *x, ts_str name,
                                      uint64_t until)
{
    for (size_t i = x->n; i-- > 0;) {
        const struct ts_past *p = &x->events[i];
        if (p->seq < until && strcmp(p->type, "variable.set") == 0 &&
            ts_str_caseeq(ts_str_of(ts_record_text(p->v, "name")), name))
            return p;
    }
    return NULL;
}

/* A row of the variables in this scope. */
static const struct ts_value *row(const struct ts_explain *x, ts_str name,
                                  const char *scope)
{
    for (const struct ts_value *v = ts_record_list(x->all, "variables"); v; v = v->next)
        if (strcmp(ts_record_text(v, "scope"), scope) == 0 &&
            ts_str_caseeq(ts_str_of(ts_record_text(v, "name")), name))
            return v;
    return NULL;
}

static void put_setter(struct ts_explain *x, struct ts_value *o, const char *id,
                       const char *time)
{
    const struct ts_ins *ins = ts_table_find(&x->table, id);

    ts_explain_put(x, o, "by", "step");
    ts_explain_put(x, o, "step", id);
    ts_explain_put(x, o, "stepName", ins ? ins->node->name : id);
    ts_explain_put(x, o, "time", time);
}

static void put_last_action(struct ts_explain *x, struct ts_value *o, ts_str name,
                            const struct ts_past *p)
{
    char code[32];

    snprintf(code, sizeof code, "%lld", (long long)ts_record_int(p->v, "code"));
    ts_explain_put(x, o, "value",
                   ts_str_caseeq(name, TS_S("_SMSTSLastActionName"))
                       ? ts_record_text(p->v, "name")
                   : ts_str_caseeq(name, TS_S("_SMSTSLastActionRetCode")) ? code
                   : ts_record_bool(p->v, "succeeded")                    ? "true"
                                                                          : "false");
    put_setter(x, o, p->step, ts_explain_time(p));
}

/* Is it a setting of an imported step, which its own condition can read? */
static bool is_typed(const struct ts_explain *x, const struct ts_ins *ins, ts_str name)
{
    const struct ts_value *more = ts_value_get(ins->node->xml, "defaults");
    const struct ts_step_type *t = ins->type;

    if (!x->s.seq->configmgr || !t)
        return false;
    for (const struct ts_value *v = more ? more->first : NULL; v; v = v->next)
        if (ts_str_caseeq(v->key, name))
            return true;
    for (size_t i = 0; i < t->param_count; i++)
        if (t->params[i].variable && ts_value_get(ins->node->params, t->params[i].name) &&
            ts_str_caseeq(ts_str_of(t->params[i].variable), name))
            return true;
    return false;
}

/* What no event says was there when the run began, or is the engine's own. */
static void put_initial(struct ts_explain *x, const struct ts_ins *ins,
                        struct ts_value *o, ts_str name)
{
    static const char *const scopes[] = {"run", "rules", "default"};
    static const char *const by[] = {"start", "rules", "default"};

    for (size_t i = 0; i < 3; i++) {
        const struct ts_value *v = row(x, name, scopes[i]);
        if (v && !*ts_record_text(v, "step")) {
            ts_explain_put(x, o, "value", ts_record_text(v, "value"));
            ts_explain_put(x, o, "by", by[i]);
            return;
        }
    }
    ts_explain_put(x, o, "by",
                   row(x, name, "engine")   ? "runtime"
                   : is_typed(x, ins, name) ? "typed"
                                            : "nobody");
}

/* The variables of one condition, as they were before one event. */
struct wanted {
    const struct ts_ins *ins;
    struct ts_value *list;
    uint64_t until;
};

static void add_variable(struct ts_explain *x, const struct wanted *w, ts_str name)
{
    struct ts_value *o;
    const struct ts_past *p;
    char *z = ts_arena_str(&x->arena, name);

    for (o = w->list->first; o; o = o->next)
        if (ts_caseeq(ts_record_text(o, "name"), z))
            return;
    o = ts_value_new(&x->arena, TS_OBJECT);
    ts_explain_put(x, o, "name", z);
    ts_value_push(w->list, o);
    if (is_last_action(name) && (p = last_action(x, w->until)) != NULL) {
        put_last_action(x, o, name, p);
    } else if ((p = last_set(x, name, w->until)) != NULL) {
        if (*ts_record_text(p->v, "value"))
            ts_explain_put(x, o, "value", ts_record_text(p->v, "value"));
        if (*p->step) {
            put_setter(x, o, p->step, ts_explain_time(p));
        } else {
            ts_explain_put(x, o, "by", row(x, name, "default") ? "default" : "runtime");
            ts_explain_put(x, o, "time", ts_explain_time(p));
        }
    } else {
        put_initial(x, w->ins, o, name);
    }
}

/* ---- the variables of a condition ----------------------------------------------------
 */

/* %Name% inside a text. */
static void add_expanded(struct ts_explain *x, const struct wanted *w, const char *text)
{
    const char *open = text ? strchr(text, '%') : NULL, *close;

    while (open && (close = strchr(open + 1, '%')) != NULL) {
        ts_str name = {open + 1, (size_t)(close - open - 1)};
        bool valid = name.n && ts_var_name_valid(name);

        if (valid)
            add_variable(x, w, name);
        open = valid ? strchr(close + 1, '%') : close;
    }
}

static void add_variables(struct ts_explain *x, const struct wanted *w,
                          const struct ts_expr *e)
{
    for (const struct ts_expr *c = e->first; c; c = c->next)
        add_variables(x, w, c);
    if (e->kind == TS_X_COMPARE && e->name && !strchr(e->name, '%'))
        add_variable(x, w, ts_str_of(e->name));
    else
        add_expanded(x, w, e->name);
    if (e->value_is_name && e->value)
        add_variable(x, w, ts_str_of(e->value));
    else
        add_expanded(x, w, e->value);
    add_expanded(x, w, e->part);
}

/* The event that says what the condition came to, NULL: it was never asked. */
static const struct ts_past *evaluation(const struct ts_explain *x, const char *id)
{
    for (size_t i = x->n; i-- > 0;)
        if (strcmp(x->events[i].step, id) == 0 && *ts_record_text(x->events[i].v, "why"))
            return &x->events[i];
    return NULL;
}

struct ts_value *ts_explain_condition(struct ts_explain *x, const struct ts_ins *ins)
{
    struct ts_value *o, *list;
    struct ts_buf text = {0};
    const struct ts_past *p;

    if (!ins->node->condition)
        return NULL;
    o = ts_value_new(&x->arena, TS_OBJECT);
    list = ts_value_new(&x->arena, TS_ARRAY);
    ts_expr_print(&text, ins->node->condition);
    ts_explain_put(x, o, "text", ts_buf_text(&text));
    ts_buf_free(&text);
    p = evaluation(x, ins->node->id);
    ts_explain_put(x, o, "result",
                   !p                            ? "never asked"
                   : strstr(p->type, ".skipped") ? "false"
                                                 : "true");
    if (!p)
        return o;
    ts_explain_put(x, o, "why", ts_record_text(p->v, "why"));
    ts_explain_put(x, o, "time", ts_explain_time(p));
    add_variables(x, &(struct wanted){ins, list, p->seq}, ins->node->condition);
    ts_value_set(&x->arena, o, TS_S("variables"), list);
    return o;
}

/* ---- why not -------------------------------------------------------------------------
 */

/* Does the failure of `ins` reach the group at entry `group`? */
static bool reaches(const struct ts_explain *x, const struct ts_ins *ins, int group)
{
    int g = ins->group;

    while (g >= 0 && g != group) {
        if (x->table.v[g].node->continue_on_error)
            return false;
        g = x->table.v[g].group;
    }
    return g == group;
}

const struct ts_past *ts_explain_failure(const struct ts_explain *x, int group,
                                         uint64_t until)
{
    const struct ts_past *found = NULL;
    bool ended = false;

    for (size_t i = 0; i < x->n && x->events[i].seq < until; i++) {
        const struct ts_past *p = &x->events[i];
        if (ended)
            found = NULL; /* a failed run that goes on with --from begins anew */
        ended = strcmp(p->type, "run.finished") == 0;
        if (found || strcmp(p->type, "step.finished") != 0 ||
            ts_record_bool(p->v, "succeeded") || ts_record_bool(p->v, "ignored") ||
            ts_record_bool(p->v, "again"))
            continue;
        const struct ts_ins *ins = ts_table_find(&x->table, p->step);
        if (ins && reaches(x, ins, group))
            found = p;
    }
    return found;
}

/* A step that failed, as the cause. */
static void blame_step(struct ts_explain *x, struct ts_value *o, const struct ts_past *p)
{
    const struct ts_ins *ins = ts_table_find(&x->table, p->step);
    struct ts_value *c;
    char code[160];

    if (!ins)
        return;
    c = ts_explain_ref(x, ins);
    ts_explain_put(x, c, "kind", "failed-step");
    ts_explain_put(x, c, "codeText",
                   ts_wincode_format(code, sizeof code, ts_record_int(p->v, "code")));
    if (*ts_record_text(p->v, "message"))
        ts_explain_put(x, c, "message", ts_record_text(p->v, "message"));
    ts_explain_put(x, c, "time", ts_explain_time(p));
    ts_value_set(&x->arena, o, TS_S("cause"), c);
}

void ts_explain_blame(struct ts_explain *x, const struct ts_ins *group,
                      struct ts_value *o)
{
    const struct ts_past *p = ts_explain_failure(x, group->index, UINT64_MAX);

    if (p)
        blame_step(x, o, p);
}

/* What ended the group at entry `group` (-1: the run) before event `until`. */
static void blame_failure(struct ts_explain *x, int group, uint64_t until,
                          struct ts_value *o)
{
    const struct ts_past *p = ts_explain_failure(x, group, until);

    if (x->s.run.status == TS_RUN_CANCELLED)
        ts_explain_put(x, o, "cancelled", "the run was cancelled");
    else if (p)
        blame_step(x, o, p);
    else if (*x->s.run.error)
        ts_explain_put(x, o, "error", x->s.run.error);
}

/* A group around it that was left out, as the cause. */
static bool blame_group(struct ts_explain *x, const struct ts_ins *ins,
                        struct ts_value *o)
{
    for (int g = ins->group; g >= 0; g = x->table.v[g].group) {
        const struct ts_ins *group = &x->table.v[g];
        const struct ts_past *p = ts_explain_last(x, "group.skipped", group->node->id);
        struct ts_value *c, *condition;

        if (!p)
            continue;
        c = ts_explain_ref(x, group);
        ts_explain_put(x, c, "kind", "skipped-group");
        ts_explain_put(x, c, "reason", ts_record_text(p->v, "reason"));
        if ((condition = ts_explain_condition(x, group)) != NULL)
            ts_value_set(&x->arena, c, TS_S("condition"), condition);
        if (strcmp(ts_record_text(p->v, "reason"), "failed-group") == 0)
            blame_failure(x, group->group, p->seq, c);
        ts_explain_put(x, o, "reason", "group");
        ts_value_set(&x->arena, o, TS_S("cause"), c);
        return true;
    }
    return false;
}

/* Nothing was ever recorded about it. */
static void not_reached(struct ts_explain *x, const struct ts_ins *ins,
                        struct ts_value *o)
{
    const struct ts_value *at = ts_value_get(x->all, "position");
    bool unfinished =
        x->s.run.status == TS_RUN_RUNNING || x->s.run.status == TS_RUN_RESTARTING;

    if (blame_group(x, ins, o))
        return;
    if (unfinished && ts_record_int(at, "ip") <= ins->index) {
        const struct ts_ins *now = ts_table_find(&x->table, ts_record_text(at, "at"));
        ts_explain_put(x, o, "reason", now == ins ? "next" : "not-yet");
        if (now && now != ins)
            ts_value_set(&x->arena, o, TS_S("cause"), ts_explain_ref(x, now));
    } else if (unfinished || x->s.run.status == TS_RUN_SUCCEEDED) {
        ts_explain_put(x, o, "reason", "from"); /* --from began behind it */
    } else {
        ts_explain_put(x, o, "reason", "run-ended");
        blame_failure(x, -1, UINT64_MAX, o);
    }
}

void ts_explain_why_not(struct ts_explain *x, const struct ts_ins *ins,
                        struct ts_value *o)
{
    const struct ts_past *p = ts_explain_last(
        x, ins->kind == TS_INS_STEP ? "step.skipped" : "group.skipped", ins->node->id);

    if (!p) {
        not_reached(x, ins, o);
        return;
    }
    ts_explain_put(x, o, "reason", ts_record_text(p->v, "reason"));
    ts_explain_put(x, o, "time", ts_explain_time(p));
    if (strcmp(ts_record_text(p->v, "reason"), "failed-group") == 0)
        blame_failure(x, ins->group, p->seq, o);
}
