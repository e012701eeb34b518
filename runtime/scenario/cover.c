/* cover.c - coverage: what the plays of a sequence have seen.
 *
 * Counted are: every step (did it run), both outcomes of every condition of a step or
 * group, and of every step its success, its failure, and every code that its
 * successCodes, restartCodes or retry.on name.  What is disabled cannot run and is not
 * counted; a step that exists to fail (Fail, Unsupported) has no success. */
#include "scenario/scenario_internal.h"

#include "engine/outcome.h"

#include <stdio.h>
#include <string.h>

static bool disabled(const struct ts_node *n)
{
    for (; n; n = n->parent) {
        if (n->disabled) {
            return true;
        }
    }
    return false;
}

void scn_cover_begin(struct scn_sequence *q)
{
    const struct ts_node *root = q->seq->root;

    q->cover = ts_alloc_array(q->seq->node_count + 1, sizeof *q->cover);
    for (const struct ts_node *n = ts_node_next(root, root); n;
         n = ts_node_next(root, n)) {
        struct scn_cover *c = &q->cover[q->cover_count++];
        c->node = n;
        c->type = n->is_group ? NULL : ts_registry_find(&q->real, ts_str_of(n->type));
        (void)ts_map_set(&q->by_id, ts_str_of(n->id), c);
    }
}

void scn_cover_free(struct scn_sequence *q)
{
    for (size_t i = 0; i < q->cover_count; i++) {
        ts_free(q->cover[i].codes);
    }
    ts_free(q->cover);
    ts_map_fini(&q->by_id, NULL);
}

/* ---- collecting ----------------------------------------------------------------------
 */

static void add_code(struct scn_cover *c, int64_t code)
{
    for (size_t i = 0; i < c->code_count; i++) {
        if (c->codes[i] == code) {
            return;
        }
    }
    c->codes = ts_realloc_array(c->codes, c->code_count + 1, sizeof *c->codes);
    c->codes[c->code_count++] = code;
}

void scn_cover_event(struct scn_play *p, const struct ts_event *e)
{
    struct scn_cover *c =
        ts_map_get(&p->sequence->by_id, ts_str_of(ts_event_text(e, "step")));
    const struct ts_field *attempt = ts_event_field(e, "attempt");
    const char *type = e->type;

    if (!c) {
        return;
    }
    if (strcmp(type, "step.started") == 0) {
        c->ran = true;
        /* Another attempt is made without asking the condition again. */
        c->truth[1] = c->truth[1] || (attempt && attempt->number == 1 && !p->fact_failed);
        p->fact_failed = false;
    } else if (strcmp(type, "group.started") == 0) {
        c->ran = c->truth[1] = true;
    } else if (strcmp(type, "step.skipped") == 0 || strcmp(type, "group.skipped") == 0) {
        c->truth[0] = c->truth[0] || strcmp(ts_event_text(e, "reason"), "condition") == 0;
    } else if (strcmp(type, "group.finished") == 0) {
        p->fact_failed = false;
    } else if (strcmp(type, "step.finished") == 0) {
        const struct ts_field *ok = ts_event_field(e, "succeeded");
        const struct ts_field *code = ts_event_field(e, "code");
        c->succeeded = c->succeeded || (ok && ok->number);
        c->failed = c->failed || !(ok && ok->number);
        add_code(c, code ? code->number : 0);
    }
}

/* ---- counting ------------------------------------------------------------------------
 */

struct count {
    int64_t total, seen;
};

struct counts {
    struct count steps, conditions, results;
    struct ts_value *missing, *disabled;
    struct ts_arena *a;
};

static struct ts_value *place(struct ts_arena *a, const struct ts_node *n)
{
    struct ts_value *v = ts_value_new(a, TS_OBJECT);

    ts_value_set(a, v, TS_S("file"),
                 ts_value_string(a, ts_str_of(n->pos.file ? n->pos.file : "")));
    ts_value_set(a, v, TS_S("line"), ts_value_int(a, n->pos.line));
    ts_value_set(a, v, TS_S("kind"),
                 ts_value_string(a, n->is_group ? TS_S("group") : TS_S("step")));
    ts_value_set(a, v, TS_S("id"), ts_value_string(a, ts_str_of(n->id)));
    ts_value_set(a, v, TS_S("name"), ts_value_string(a, ts_str_of(n->name)));
    return v;
}

static void count(struct counts *k, struct count *which, const struct ts_node *n,
                  bool seen, const char *what)
{
    which->total++;
    which->seen += seen;
    if (!seen) {
        struct ts_value *v = place(k->a, n);
        ts_value_set(k->a, v, TS_S("missing"), ts_value_string(k->a, ts_str_of(what)));
        ts_value_push(k->missing, v);
    }
}

static void count_codes(struct counts *k, const struct scn_cover *c,
                        const struct ts_codes *codes, const char *where)
{
    for (size_t i = 0; codes->set && i < codes->n; i++) {
        bool seen = false;
        for (size_t j = 0; j < c->code_count && !seen; j++) {
            seen = ts_code_equal(c->codes[j], codes->v[i]);
        }
        count(k, &k->results, c->node, seen,
              ts_arena_format(k->a, "never ends with code %lld (%s)",
                              (long long)codes->v[i], where));
    }
}

static bool only_fails(const struct ts_step_type *t)
{
    return t && (strcmp(t->name, "Fail") == 0 || strcmp(t->name, "Unsupported") == 0);
}

static void count_node(struct counts *k, const struct scn_cover *c)
{
    const struct ts_node *n = c->node;

    if (disabled(n)) {
        ts_value_push(k->disabled, place(k->a, n));
        return;
    }
    if (n->condition) {
        count(k, &k->conditions, n, c->truth[1], "condition is never true");
        count(k, &k->conditions, n, c->truth[0], "condition is never false");
    }
    if (n->is_group) {
        return;
    }
    count(k, &k->steps, n, c->ran, "never runs");
    if (!only_fails(c->type)) {
        count(k, &k->results, n, c->succeeded, "never succeeds");
    }
    count(k, &k->results, n, c->failed, "never fails");
    count_codes(k, c, &n->success_codes, "successCodes");
    count_codes(k, c, &n->restart_codes, "restartCodes");
    count_codes(k, c, &n->retry.on, "retry.on");
}

static void put_count(struct ts_arena *a, struct ts_value *v, const char *key,
                      const struct count *c)
{
    struct ts_value *m = ts_value_new(a, TS_OBJECT);

    ts_value_set(a, m, TS_S("total"), ts_value_int(a, c->total));
    ts_value_set(a, m, TS_S("seen"), ts_value_int(a, c->seen));
    ts_value_set(a, v, ts_str_of(key), m);
}

static struct ts_value *of_sequence(struct ts_arena *a, const struct scn_sequence *q,
                                    bool *full)
{
    struct counts k = {.a = a,
                       .missing = ts_value_new(a, TS_ARRAY),
                       .disabled = ts_value_new(a, TS_ARRAY)};
    struct ts_value *v = ts_value_new(a, TS_OBJECT);

    for (size_t i = 0; i < q->cover_count; i++) {
        count_node(&k, &q->cover[i]);
    }
    ts_value_set(a, v, TS_S("sequence"), ts_value_string(a, ts_str_of(q->path)));
    ts_value_set(a, v, TS_S("scenarios"), ts_value_int(a, (int64_t)q->plays));
    put_count(a, v, "steps", &k.steps);
    put_count(a, v, "conditions", &k.conditions);
    put_count(a, v, "results", &k.results);
    ts_value_set(a, v, TS_S("full"), ts_value_bool(a, !k.missing->first));
    ts_value_set(a, v, TS_S("missing"), k.missing);
    ts_value_set(a, v, TS_S("disabled"), k.disabled);
    *full = *full && !k.missing->first;
    return v;
}

struct ts_value *ts_scenario_coverage(const struct ts_scenarios *s, struct ts_arena *a)
{
    struct ts_value *v = ts_value_new(a, TS_OBJECT), *list = ts_value_new(a, TS_ARRAY);
    bool full = true;

    for (const struct scn_sequence *q = s->sequences; q; q = q->next) {
        ts_value_push(list, of_sequence(a, q, &full));
    }
    ts_value_set(a, v, TS_S("full"), ts_value_bool(a, full));
    ts_value_set(a, v, TS_S("sequences"), list);
    return v;
}

/* ---- as text -------------------------------------------------------------------------
 */

static long long number(const struct ts_value *v, const char *key, const char *member)
{
    const struct ts_value *m = ts_value_get(v, key);

    m = member && m ? ts_value_get(m, member) : m;
    return m ? (long long)m->integer : 0;
}

static void print_sequence(struct ts_buf *out, const struct ts_value *v)
{
    static const struct {
        const char *key, *text;
    } counted[] = {{"steps", "steps run"},
                   {"conditions", "outcomes of conditions"},
                   {"results", "results of steps"}};
    const struct ts_value *missing = ts_value_get(v, "missing");
    long long n = number(v, "scenarios", NULL);

    ts_buf_fmt(out, "coverage of %s by %lld scenario%s: %s\n",
               ts_value_text(v, "sequence"), n, n == 1 ? "" : "s",
               missing->first ? "not full" : "full");
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        ts_buf_fmt(out, "  %-22s %4lld of %lld\n", counted[i].text,
                   number(v, counted[i].key, "seen"), number(v, counted[i].key, "total"));
    }
    for (const struct ts_value *m = missing->first; m; m = m->next) {
        ts_buf_fmt(out, "  %s:%lld: %s \"%s\" %s\n", ts_value_text(m, "file"),
                   number(m, "line", NULL), ts_value_text(m, "kind"),
                   ts_value_text(m, "name"), ts_value_text(m, "missing"));
    }
}

void ts_scenario_coverage_text(struct ts_buf *out, const struct ts_value *coverage)
{
    for (const struct ts_value *m = ts_value_get(coverage, "sequences")->first; m;
         m = m->next) {
        print_sequence(out, m);
    }
}
