#include "cli/explain.h"

#include <string.h>

#include "base/mem.h"

/* ---- reading -------------------------------------------------------------------------
 */

static void add_event(void *ctx, uint64_t seq, ts_str json)
{
    struct ts_explain *x = ctx;
    struct ts_value *v = NULL;

    if (ts_json_parse(&v, &x->arena, json, "event", NULL) != TS_OK)
        return;
    if (x->n == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 256;
        x->events = ts_realloc_array(x->events, x->cap, sizeof *x->events);
    }
    x->events[x->n++] =
        (struct ts_past){seq, v, ts_record_text(v, "event"), ts_record_text(v, "step")};
}

/* The sequence as it was stored, with the step types beside it; those of an archived run
 * are where the state is that it came from. */
static enum ts_code read_sequence(struct ts_session *s, struct ts_err *err)
{
    const char *dir = ts_state_dir(s->state);
    char *kept = ts_path_join(dir, "steps"), *above = ts_path_join(dir, "../../steps");
    enum ts_code rc = ts_session_steps(s, ts_fs_exists(kept) ? kept : above, err);

    if (rc == TS_OK)
        rc = ts_sequence_restore(&s->seq, ts_str_of(s->run.model), &s->steps, err);
    ts_free(kept);
    ts_free(above);
    return rc == TS_OK ? TS_OK : ts_err_context(err, "the run's sequence");
}

enum ts_code ts_explain_open(struct ts_explain *x, const struct ts_args *args,
                             struct ts_err *err)
{
    enum ts_code rc;

    memset(x, 0, sizeof *x);
    if ((rc = ts_record_open(&x->s, args, err)) != TS_OK ||
        (rc = read_sequence(&x->s, err)) != TS_OK ||
        (rc = ts_table_build(&x->table, x->s.seq, &x->s.steps, err)) != TS_OK ||
        (rc = ts_state_to_value(x->s.state, x->s.run.id, &x->arena, &x->all, err)) !=
            TS_OK)
        return rc;
    return ts_state_events(x->s.state, x->s.run.id, add_event, x, err);
}

void ts_explain_close(struct ts_explain *x)
{
    ts_table_fini(&x->table);
    ts_free(x->events);
    ts_arena_fini(&x->arena);
    ts_session_fini(&x->s);
}

/* ---- which one -----------------------------------------------------------------------
 */

static enum ts_code suggest(const struct ts_explain *x, const char *word,
                            struct ts_err *err)
{
    const char **names = ts_alloc_array((size_t)x->table.n * 2 + 1, sizeof *names);
    size_t n = 0;

    for (int i = 0; i < x->table.n; i++) {
        if (x->table.v[i].kind == TS_INS_END)
            continue;
        names[n++] = x->table.v[i].node->id;
        names[n++] = x->table.v[i].node->name;
    }
    const char *near = ts_str_suggest(ts_str_of(word), names, n);
    enum ts_code rc =
        ts_fail(err, TS_EINPUT,
                "\"%s\" has no step or group %s%s%s%s; taskseq status lists what ran",
                x->s.seq->name, word, near ? "; did you mean " : "", near ? near : "",
                near ? "?" : "");
    ts_free(names);
    return rc;
}

enum ts_code ts_explain_find(const struct ts_explain *x, const char *word,
                             const struct ts_ins **out, struct ts_err *err)
{
    struct ts_buf ids = {0};
    int found = 0;

    if ((*out = ts_table_find(&x->table, word)) != NULL)
        return TS_OK;
    for (int i = 0; i < x->table.n; i++) {
        const struct ts_ins *ins = &x->table.v[i];
        if (ins->kind == TS_INS_END || !ts_caseeq(ins->node->name, word))
            continue;
        *out = ins;
        ts_buf_fmt(&ids, "%s%s", found++ ? ", " : "", ins->node->id);
    }
    enum ts_code rc = TS_OK;
    if (found == 0)
        rc = suggest(x, word, err);
    else if (found > 1)
        rc = ts_fail(err, TS_EINPUT, "%d have the name \"%s\"; say which: %.800s", found,
                     word, ts_buf_text(&ids));
    ts_buf_free(&ids);
    return rc;
}

const struct ts_ins *ts_explain_default(const struct ts_explain *x)
{
    const struct ts_value *at = ts_value_get(x->all, "position");
    const struct ts_past *failed;

    if (x->s.run.status == TS_RUN_SUCCEEDED)
        return NULL;
    if (x->s.run.status == TS_RUN_FAILED &&
        (failed = ts_explain_failure(x, -1, UINT64_MAX)) != NULL)
        return ts_table_find(&x->table, failed->step);
    return ts_table_find(&x->table, ts_record_text(at, "at"));
}

/* ---- parts of the object -------------------------------------------------------------
 */

const struct ts_past *ts_explain_last(const struct ts_explain *x, const char *type,
                                      const char *id)
{
    for (size_t i = x->n; i-- > 0;)
        if (strcmp(x->events[i].step, id) == 0 &&
            (!type || strcmp(x->events[i].type, type) == 0))
            return &x->events[i];
    return NULL;
}

const char *ts_explain_time(const struct ts_past *p)
{
    return ts_record_text(p->v, "time");
}

void ts_explain_put(struct ts_explain *x, struct ts_value *o, const char *key,
                    const char *text)
{
    ts_value_set(&x->arena, o, ts_str_of(key),
                 ts_value_string(&x->arena, ts_str_of(ts_arena_strz(&x->arena, text))));
}

static void put_int(struct ts_explain *x, struct ts_value *o, const char *key, int64_t n)
{
    ts_value_set(&x->arena, o, ts_str_of(key), ts_value_int(&x->arena, n));
}

static void put_bool(struct ts_explain *x, struct ts_value *o, const char *key, bool b)
{
    ts_value_set(&x->arena, o, ts_str_of(key), ts_value_bool(&x->arena, b));
}

struct ts_value *ts_explain_ref(struct ts_explain *x, const struct ts_ins *ins)
{
    struct ts_value *o = ts_value_new(&x->arena, TS_OBJECT);

    ts_explain_put(x, o, "step", ins->node->id);
    ts_explain_put(x, o, "name", ins->node->name);
    put_int(x, o, "index", ins->kind == TS_INS_END ? ins->start : ins->index);
    return o;
}

/* The groups around it, outermost first. */
static struct ts_value *path_of(struct ts_explain *x, const struct ts_ins *ins)
{
    struct ts_value *list = ts_value_new(&x->arena, TS_ARRAY);
    int around[128], n = 0;

    for (int g = ins->group; g >= 0 && n < 128; g = x->table.v[g].group)
        around[n++] = g;
    while (n-- > 0)
        ts_value_push(list, ts_explain_ref(x, &x->table.v[around[n]]));
    return list;
}

/* The attempts as `status --json` has them, and whether another one followed. */
static struct ts_value *attempts_of(struct ts_explain *x, const struct ts_ins *ins)
{
    struct ts_value *list = ts_value_new(&x->arena, TS_ARRAY);
    char code[160];

    for (const struct ts_value *s = ts_record_list(x->all, "steps"); s; s = s->next) {
        if (strcmp(ts_record_text(s, "step"), ins->node->id) != 0)
            continue;
        for (const struct ts_value *a = ts_record_list(s, "attempts"); a; a = a->next) {
            struct ts_value *copy = ts_value_copy(&x->arena, a);
            if (ts_value_get(a, "code"))
                ts_explain_put(
                    x, copy, "codeText",
                    ts_wincode_format(code, sizeof code, ts_record_int(a, "code")));
            copy->next = NULL;
            ts_value_push(list, copy);
        }
    }
    return list;
}

/* The last value it gave to each variable. */
static struct ts_value *set_by(struct ts_explain *x, const struct ts_ins *ins)
{
    struct ts_value *list = ts_value_new(&x->arena, TS_ARRAY);

    for (size_t i = 0; i < x->n; i++) {
        const struct ts_past *p = &x->events[i];
        struct ts_value *o;

        if (strcmp(p->type, "variable.set") != 0 || strcmp(p->step, ins->node->id) != 0)
            continue;
        for (o = list->first; o; o = o->next)
            if (ts_caseeq(ts_record_text(o, "name"), ts_record_text(p->v, "name")))
                break;
        if (!o) {
            o = ts_value_new(&x->arena, TS_OBJECT);
            ts_explain_put(x, o, "name", ts_record_text(p->v, "name"));
            ts_value_push(list, o);
        }
        ts_explain_put(x, o, "value", ts_record_text(p->v, "value"));
        ts_explain_put(x, o, "time", ts_explain_time(p));
    }
    return list;
}

/* Those it asked for, and those that interrupted it. */
static struct ts_value *restarts_of(struct ts_explain *x, const struct ts_ins *ins)
{
    struct ts_value *list = ts_value_new(&x->arena, TS_ARRAY);

    for (const struct ts_value *r = ts_record_list(x->all, "restarts"); r; r = r->next)
        if (strcmp(ts_record_text(r, "step"), ins->node->id) == 0 ||
            strcmp(ts_record_text(r, "interrupted"), ins->node->id) == 0) {
            struct ts_value *copy = ts_value_copy(&x->arena, r);
            copy->next = NULL;
            ts_value_push(list, copy);
        }
    return list;
}

static const char *group_state(const struct ts_explain *x, const struct ts_past *last)
{
    if (strcmp(last->type, "group.finished") == 0)
        return ts_record_bool(last->v, "succeeded") ? "succeeded" : "failed";
    return x->s.run.status == TS_RUN_RUNNING || x->s.run.status == TS_RUN_RESTARTING
               ? "open"
               : "interrupted";
}

/* "succeeded" "failed" "ignored" "running" "open" "interrupted" "skipped" "not-reached"
 */
static const char *state_of(const struct ts_explain *x, const struct ts_ins *ins)
{
    const struct ts_past *p = NULL;

    for (size_t i = x->n; i-- > 0 && !p;)
        if (strcmp(x->events[i].step, ins->node->id) == 0 &&
            (strncmp(x->events[i].type, "step.", 5) == 0 ||
             strncmp(x->events[i].type, "group.", 6) == 0))
            p = &x->events[i];
    if (!p)
        return "not-reached";
    if (strstr(p->type, ".skipped"))
        return "skipped";
    if (ins->kind == TS_INS_GROUP)
        return group_state(x, p);
    if (strcmp(p->type, "step.finished") == 0)
        return ts_record_bool(p->v, "succeeded") ? "succeeded"
               : ts_record_bool(p->v, "ignored") ? "ignored"
               : ts_record_bool(p->v, "again")   ? "running"
                                                 : "failed";
    return strcmp(ts_record_status(ts_value_get(x->all, "run")), "running") == 0
               ? "running"
               : "interrupted";
}

static void put_rule(struct ts_explain *x, const struct ts_ins *ins, struct ts_value *o)
{
    const struct ts_node *n = ins->node;
    const char *from = n->on_interrupt != TS_INTERRUPT_DEFAULT ? "step"
                       : x->s.seq->configmgr                   ? "configmgr"
                                                               : "type";
    enum ts_interrupt rule = n->on_interrupt;

    if (rule == TS_INTERRUPT_DEFAULT)
        rule = x->s.seq->configmgr
                   ? n->retry.attempts > 1 ? TS_INTERRUPT_RERUN : TS_INTERRUPT_FAIL
                   : ins->type->on_interrupt;
    if (rule == TS_INTERRUPT_DEFAULT)
        rule = TS_INTERRUPT_FAIL;
    ts_explain_put(x, o, "onInterrupt", ts_interrupt_name(rule));
    ts_explain_put(x, o, "onInterruptFrom", from);
}

static struct ts_value *run_of(struct ts_explain *x)
{
    struct ts_value *o = ts_value_new(&x->arena, TS_OBJECT);

    ts_explain_put(x, o, "id", x->s.run.uid);
    ts_explain_put(x, o, "name", x->s.run.sequence_name);
    ts_explain_put(x, o, "status", ts_run_status_name(x->s.run.status));
    ts_value_set(
        &x->arena, o, TS_S("active"),
        ts_value_bool(&x->arena, ts_record_bool(ts_value_get(x->all, "run"), "active")));
    return o;
}

struct ts_value *ts_explain_value(struct ts_explain *x, const struct ts_ins *ins)
{
    struct ts_arena *a = &x->arena;
    struct ts_value *o = ts_explain_ref(x, ins), *condition;
    const struct ts_past *finished = ts_explain_last(x, "step.finished", ins->node->id);
    const char *state = state_of(x, ins);

    ts_explain_put(x, o, "type", ins->kind == TS_INS_STEP ? ins->node->type : "Group");
    put_bool(x, o, "finally", ins->node->in_finally);
    put_bool(x, o, "continueOnError", ins->node->continue_on_error);
    ts_value_set(a, o, TS_S("path"), path_of(x, ins));
    ts_value_set(a, o, TS_S("run"), run_of(x));
    ts_explain_put(x, o, "state", state);
    if (strcmp(state, "skipped") == 0 || strcmp(state, "not-reached") == 0)
        ts_explain_why_not(x, ins, o);
    else if (ins->kind == TS_INS_GROUP && strcmp(state, "failed") == 0)
        ts_explain_blame(x, ins, o);
    if ((condition = ts_explain_condition(x, ins)) != NULL)
        ts_value_set(a, o, TS_S("condition"), condition);
    if (finished && *ts_record_text(finished->v, "message"))
        ts_explain_put(x, o, "message", ts_record_text(finished->v, "message"));
    if (ins->kind == TS_INS_STEP) {
        put_rule(x, ins, o);
        ts_value_set(a, o, TS_S("attempts"), attempts_of(x, ins));
        ts_value_set(a, o, TS_S("set"), set_by(x, ins));
    }
    ts_value_set(a, o, TS_S("restarts"), restarts_of(x, ins));
    return o;
}
