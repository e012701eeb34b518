/* to_value.c - the model back to the plain document it is read from. */
#include "parse/to.h"

#include "parse/build.h"

#include <string.h>

struct maker {
    struct ts_arena *arena;
    const struct ts_registry *steps;
    struct ts_map given; /* ids that have to be written */
    bool shallow;        /* without children */
};

/* ---- members -------------------------------------------------------------------------
 */

static void put(struct ts_value *object, const char *key, struct ts_value *v)
{
    v->key = ts_str_of(key);
    ts_value_push(object, v);
}

static void put_text(struct maker *m, struct ts_value *o, const char *key,
                     const char *text)
{
    if (text) {
        put(o, key, ts_value_string(m->arena, ts_str_of(text)));
    }
}

static void put_true(struct maker *m, struct ts_value *o, const char *key, bool yes)
{
    if (yes) {
        put(o, key, ts_value_bool(m->arena, true));
    }
}

static void put_duration(struct maker *m, struct ts_value *o, const char *key, int64_t ms)
{
    struct ts_buf text = {0};

    if (ms) {
        ts_duration_print(&text, ms);
        put_text(m, o, key, ts_buf_text(&text));
        ts_buf_free(&text);
    }
}

static void put_codes(struct maker *m, struct ts_value *o, const char *key,
                      const struct ts_codes *codes)
{
    if (codes->set) {
        struct ts_value *list = ts_value_new(m->arena, TS_ARRAY);
        for (size_t i = 0; i < codes->n; i++) {
            ts_value_push(list, ts_value_int(m->arena, codes->v[i]));
        }
        put(o, key, list);
    }
}

/* A value of the model: its own place in the document, its content shared. */
static void put_value(struct maker *m, struct ts_value *o, const struct ts_value *v,
                      ts_str key)
{
    struct ts_value *copy = ts_arena_alloc(m->arena, sizeof *copy);

    *copy = *v;
    copy->key = key;
    copy->next = NULL;
    copy->tag = NULL;
    ts_value_push(o, copy);
}

static void put_object(struct maker *m, struct ts_value *o, const char *key,
                       const struct ts_value *v)
{
    if (v && v->count) {
        put_value(m, o, v, ts_str_of(key));
    }
}

/* ---- nodes ---------------------------------------------------------------------------
 */

static struct ts_value *make_node(struct maker *m, const struct ts_node *n);

static void put_nodes(struct maker *m, struct ts_value *o, const char *key,
                      const struct ts_node *first)
{
    struct ts_value *list = ts_value_new(m->arena, TS_ARRAY);

    for (; first; first = first->next) {
        ts_value_push(list, make_node(m, first));
    }
    put(o, key, list);
}

static void put_condition(struct maker *m, struct ts_value *o, const struct ts_expr *x)
{
    struct ts_buf text = {0};

    if (x) {
        ts_expr_print(&text, x);
        put_text(m, o, "condition", ts_buf_text(&text));
        ts_buf_free(&text);
    }
}

/* As the type declares them, then what it does not know. */
static void put_params(struct maker *m, struct ts_value *o, const struct ts_node *n)
{
    const struct ts_step_type *type = ts_registry_find(m->steps, ts_str_of(n->type));

    for (size_t i = 0; type && n->params && i < type->param_count; i++) {
        const struct ts_value *v = ts_value_get(n->params, type->params[i].name);
        if (v) {
            put_value(m, o, v, v->key);
        }
    }
    for (const struct ts_value *v = n->params ? n->params->first : NULL; v; v = v->next) {
        bool declared = false;
        for (size_t i = 0; type && i < type->param_count && !declared; i++) {
            declared = ts_str_eq(v->key, ts_str_of(type->params[i].name));
        }
        if (!declared) {
            put_value(m, o, v, v->key);
        }
    }
}

static void put_retry(struct maker *m, struct ts_value *o, const struct ts_retry *r)
{
    if (r->attempts != 1 || r->delay_ms || r->on.set) {
        struct ts_value *retry = ts_value_new(m->arena, TS_OBJECT);
        put(retry, "attempts", ts_value_int(m->arena, r->attempts));
        put_duration(m, retry, "delay", r->delay_ms);
        put_codes(m, retry, "on", &r->on);
        put(o, "retry", retry);
    }
}

static void put_step(struct maker *m, struct ts_value *o, const struct ts_node *n)
{
    put_params(m, o, n);
    put_text(m, o, "package", n->package);
    put_text(m, o, "input", n->input);
    put_object(m, o, "env", n->env);
    put_text(m, o, "runAs", n->run_as);
    put_condition(m, o, n->condition);
    put_text(m, o, "phase", n->phase == TS_PHASE_ANY ? NULL : ts_phase_name(n->phase));
    put_duration(m, o, "timeout", n->timeout_ms);
    put_codes(m, o, "successCodes", &n->success_codes);
    put_codes(m, o, "restartCodes", &n->restart_codes);
    put_retry(m, o, &n->retry);
    put_text(m, o, "onInterrupt",
             n->on_interrupt == TS_INTERRUPT_DEFAULT
                 ? NULL
                 : ts_interrupt_name(n->on_interrupt));
    put_true(m, o, "continueOnError", n->continue_on_error);
    put_object(m, o, "xml", n->xml);
}

/* Groups nest at most 100 deep, so recursion is bounded. */
static struct ts_value *make_node(struct maker *m, const struct ts_node *n)
{
    struct ts_value *o = ts_value_new(m->arena, TS_OBJECT);
    const char *type = n->is_group ? "Group" : n->type;

    put_text(m, o, "type", type);
    put_text(m, o, "name", strcmp(n->name, type) == 0 ? NULL : n->name);
    put_text(m, o, "id", ts_map_get(&m->given, ts_str_of(n->id)) ? n->id : NULL);
    put_text(m, o, "description", n->description);
    put_true(m, o, "disabled", n->disabled);
    if (!n->is_group) {
        put_step(m, o, n);
        return o;
    }
    put_condition(m, o, n->condition);
    put_true(m, o, "continueOnError", n->continue_on_error);
    put_object(m, o, "xml", n->xml);
    if (m->shallow) {
        return o;
    }
    put_nodes(m, o, "steps", n->first);
    if (n->finally_first) {
        put_nodes(m, o, "finally", n->finally_first);
    }
    return o;
}

/* ---- the head ------------------------------------------------------------------------
 */

static void put_inputs(struct maker *m, struct ts_value *o, const struct ts_sequence *s)
{
    struct ts_value *all = ts_value_new(m->arena, TS_OBJECT);

    for (size_t i = 0; i < s->input_count; i++) {
        const struct ts_input *in = &s->inputs[i];
        struct ts_value *v = ts_value_new(m->arena, TS_OBJECT);
        put_text(m, v, "prompt", in->prompt);
        put_text(m, v, "default", in->def);
        put_text(m, v, "pattern", in->pattern);
        if (in->choices) {
            put_value(m, v, in->choices, TS_S("choices"));
        }
        put_true(m, v, "secret", in->secret);
        put(all, in->name, v);
    }
    if (s->input_count) {
        put(o, "inputs", all);
    }
}

static void put_packages(struct maker *m, struct ts_value *o, const struct ts_sequence *s)
{
    struct ts_value *all = ts_value_new(m->arena, TS_OBJECT);

    for (size_t i = 0; i < s->package_count; i++) {
        struct ts_value *v = ts_value_new(m->arena, TS_OBJECT);
        put_text(m, v, "source", s->packages[i].source);
        put(all, s->packages[i].name, v);
    }
    if (s->package_count) {
        put(o, "packages", all);
    }
}

struct ts_value *value_of_sequence(struct ts_arena *a, const struct ts_sequence *s,
                                   const struct ts_registry *steps)
{
    struct maker m = {.arena = a, .steps = steps};
    struct ts_value *o = ts_value_new(a, TS_OBJECT);

    ids_given(s, &m.given);
    put(o, "taskseq", ts_value_int(a, 1));
    put_text(&m, o, "name", s->name);
    put_text(&m, o, "description", s->description);
    put_text(&m, o, "semantics", s->configmgr ? "configmgr" : NULL);
    put_inputs(&m, o, s);
    put_object(&m, o, "variables", s->variables);
    put_packages(&m, o, s);
    put_object(&m, o, "xml", s->xml);
    put_nodes(&m, o, "steps", s->root->first);
    ts_map_fini(&m.given, NULL);
    return o;
}

struct ts_value *value_of_node(struct ts_arena *a, const struct ts_node *n,
                               const struct ts_registry *steps)
{
    struct maker m = {.arena = a, .steps = steps, .shallow = true};

    return make_node(&m, n);
}
