/* json.c - the canonical text of a sequence.
 *
 * Equal sequences give equal text: members stand in a fixed order, maps are sorted by
 * name, an option with its default value is left out, conditions are in their text form.
 * The order of `inputs` has a meaning (they are asked in it) and is kept, except for the
 * hash: written in Lua they are asked by name, and are the same inputs. */
#include "model/model.h"

#include "base/hash.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    struct ts_buf *out;
    int indent, level;
    bool with_pos, hashed;
    bool first; /* nothing was written yet in the object or list that is open */
};

static void item(struct writer *w)
{
    if (!w->first) {
        ts_buf_c(w->out, ',');
    }
    w->first = false;
    if (w->indent > 0) {
        ts_buf_c(w->out, '\n');
        for (int i = 0; i < w->indent * w->level; i++) {
            ts_buf_c(w->out, ' ');
        }
    }
}

static void open(struct writer *w, char c)
{
    ts_buf_c(w->out, c);
    w->level++;
    w->first = true;
}

static void close(struct writer *w, char c)
{
    bool empty = w->first;

    w->level--;
    w->first = true; /* no comma in front of the bracket */
    if (!empty && w->indent > 0) {
        item(w);
    }
    w->first = false;
    ts_buf_c(w->out, c);
}

static void text(struct writer *w, ts_str s)
{
    ts_buf_c(w->out, '"');
    ts_buf_json(w->out, s);
    ts_buf_c(w->out, '"');
}

static void member(struct writer *w, ts_str key)
{
    item(w);
    text(w, key);
    ts_buf_z(w->out, w->indent > 0 ? ": " : ":");
}

static void member_text(struct writer *w, const char *key, const char *value)
{
    if (value) {
        member(w, ts_str_of(key));
        text(w, ts_str_of(value));
    }
}

static void member_true(struct writer *w, const char *key, bool value)
{
    if (value) {
        member(w, ts_str_of(key));
        ts_buf_z(w->out, "true");
    }
}

static void member_duration(struct writer *w, const char *key, int64_t ms)
{
    if (ms) {
        member(w, ts_str_of(key));
        ts_buf_c(w->out, '"');
        ts_duration_print(w->out, ms);
        ts_buf_c(w->out, '"');
    }
}

static void member_codes(struct writer *w, const char *key, const struct ts_codes *codes)
{
    if (codes->set) {
        member(w, ts_str_of(key));
        ts_buf_c(w->out, '[');
        for (size_t i = 0; i < codes->n; i++) {
            ts_buf_fmt(w->out, "%s%" PRId64, i ? "," : "", codes->v[i]);
        }
        ts_buf_c(w->out, ']');
    }
}

/* ---- values --------------------------------------------------------------------------
 */

static int by_key(const void *a, const void *b)
{
    const struct ts_value *x = *(const struct ts_value *const *)a;
    const struct ts_value *y = *(const struct ts_value *const *)b;
    size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
    int order = n ? memcmp(x->key.p, y->key.p, n) : 0;

    return order ? order : (x->key.n > y->key.n) - (x->key.n < y->key.n);
}

static void value(struct writer *w, const struct ts_value *v);

/* The members of an object into the one that is open. */
static void members(struct writer *w, const struct ts_value *object)
{
    const struct ts_value **sorted = ts_alloc_array(object->count, sizeof *sorted);
    size_t n = 0;

    for (const struct ts_value *m = object->first; m; m = m->next) {
        sorted[n++] = m;
    }
    qsort(sorted, n, sizeof *sorted, by_key);
    for (size_t i = 0; i < n; i++) {
        member(w, sorted[i]->key);
        value(w, sorted[i]);
    }
    ts_free(sorted);
}

static void value(struct writer *w, const struct ts_value *v)
{
    if (v->kind == TS_OBJECT) {
        open(w, '{');
        members(w, v);
        close(w, '}');
    } else if (v->kind == TS_ARRAY) {
        open(w, '[');
        for (const struct ts_value *m = v->first; m; m = m->next) {
            item(w);
            value(w, m);
        }
        close(w, ']');
    } else {
        ts_json_write(w->out, v, 0);
    }
}

static void member_object(struct writer *w, const char *key,
                          const struct ts_value *object)
{
    if (object && object->count) {
        member(w, ts_str_of(key));
        value(w, object);
    }
}

/* ---- nodes ---------------------------------------------------------------------------
 */

static void node(struct writer *w, const struct ts_node *n);

static void nodes(struct writer *w, const char *key, const struct ts_node *first)
{
    member(w, ts_str_of(key));
    open(w, '[');
    for (; first; first = first->next) {
        item(w);
        node(w, first);
    }
    close(w, ']');
}

static void condition(struct writer *w, const struct ts_expr *x)
{
    struct ts_buf printed = {0};

    if (x) {
        ts_expr_print(&printed, x);
        member_text(w, "condition", ts_buf_text(&printed));
        ts_buf_free(&printed);
    }
}

static void step(struct writer *w, const struct ts_node *n)
{
    if (n->phase != TS_PHASE_ANY) {
        member_text(w, "phase", ts_phase_name(n->phase));
    }
    member_duration(w, "timeout", n->timeout_ms);
    if (n->retry.attempts != 1 || n->retry.delay_ms || n->retry.on.set) {
        member(w, TS_S("retry"));
        open(w, '{');
        member(w, TS_S("attempts"));
        ts_buf_fmt(w->out, "%d", n->retry.attempts);
        member_duration(w, "delay", n->retry.delay_ms);
        member_codes(w, "on", &n->retry.on);
        close(w, '}');
    }
    if (n->on_interrupt != TS_INTERRUPT_DEFAULT) {
        member_text(w, "onInterrupt", ts_interrupt_name(n->on_interrupt));
    }
    member_codes(w, "successCodes", &n->success_codes);
    member_codes(w, "restartCodes", &n->restart_codes);
    member_text(w, "runAs", n->run_as);
    member_text(w, "package", n->package);
    member_text(w, "input", n->input);
    member_object(w, "env", n->env);
    if (n->params) {
        members(w, n->params);
    }
}

/* Groups nest at most 100 deep, so recursion is bounded. */
static void node(struct writer *w, const struct ts_node *n)
{
    open(w, '{');
    member_text(w, "type", n->is_group ? "Group" : n->type);
    member_text(w, "name", n->name);
    member_text(w, "id", n->id);
    member_text(w, "description", n->description);
    member_true(w, "disabled", n->disabled);
    condition(w, n->condition);
    member_true(w, "continueOnError", n->continue_on_error);
    if (w->with_pos && n->pos.file) {
        member(w, TS_S("@"));
        ts_buf_c(w->out, '"');
        ts_buf_json(w->out, ts_str_of(n->pos.file));
        ts_buf_fmt(w->out, ":%d:%d\"", n->pos.line, n->pos.col);
    }
    member_object(w, "xml", n->xml);
    if (n->is_group) {
        nodes(w, "steps", n->first);
        if (n->finally_first) {
            nodes(w, "finally", n->finally_first);
        }
    } else {
        step(w, n);
    }
    close(w, '}');
}

/* ---- the header ----------------------------------------------------------------------
 */

static void input(struct writer *w, const struct ts_input *i)
{
    member(w, ts_str_of(i->name));
    open(w, '{');
    member_text(w, "prompt", i->prompt);
    member_text(w, "default", i->def);
    member_text(w, "pattern", i->pattern);
    if (i->choices) {
        member(w, TS_S("choices"));
        value(w, i->choices);
    }
    member_true(w, "secret", i->secret);
    close(w, '}');
}

static int by_input(const void *a, const void *b)
{
    const struct ts_input *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static void inputs(struct writer *w, const struct ts_sequence *s)
{
    if (s->input_count == 0) {
        return;
    }
    const struct ts_input **list = ts_alloc_array(s->input_count, sizeof *list);
    for (size_t i = 0; i < s->input_count; i++) {
        list[i] = &s->inputs[i];
    }
    if (w->hashed) {
        qsort(list, s->input_count, sizeof *list, by_input);
    }
    member(w, TS_S("inputs"));
    open(w, '{');
    for (size_t i = 0; i < s->input_count; i++) {
        input(w, list[i]);
    }
    close(w, '}');
    ts_free(list);
}

static int by_name(const void *a, const void *b)
{
    const struct ts_package *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static void packages(struct writer *w, const struct ts_sequence *s)
{
    if (s->package_count == 0) {
        return;
    }
    const struct ts_package **sorted = ts_alloc_array(s->package_count, sizeof *sorted);
    for (size_t i = 0; i < s->package_count; i++) {
        sorted[i] = &s->packages[i];
    }
    qsort(sorted, s->package_count, sizeof *sorted, by_name);
    member(w, TS_S("packages"));
    open(w, '{');
    for (size_t i = 0; i < s->package_count; i++) {
        member(w, ts_str_of(sorted[i]->name));
        open(w, '{');
        member_text(w, "source", sorted[i]->source);
        close(w, '}');
    }
    close(w, '}');
    ts_free(sorted);
}

static void write_sequence(struct writer *w, const struct ts_sequence *s)
{
    open(w, '{');
    member(w, TS_S("taskseq"));
    ts_buf_c(w->out, '1');
    member_text(w, "name", s->name);
    member_text(w, "description", s->description);
    member_text(w, "semantics", s->configmgr ? "configmgr" : NULL);
    if (w->with_pos) {
        member_text(w, "@", s->folder);
    }
    inputs(w, s);
    member_object(w, "variables", s->variables);
    packages(w, s);
    member_object(w, "xml", s->xml);
    nodes(w, "steps", s->root->first);
    close(w, '}');
}

void ts_sequence_to_json(struct ts_buf *out, const struct ts_sequence *s, bool with_pos,
                         int indent)
{
    struct writer w = {.out = out, .indent = indent, .with_pos = with_pos};

    write_sequence(&w, s);
}

void ts_sequence_hash(char out[65], const struct ts_sequence *s)
{
    struct ts_buf b = {0};
    struct writer w = {.out = &b, .hashed = true};

    write_sequence(&w, s);
    ts_sha256_hex(out, b.p, b.n);
    ts_buf_free(&b);
}
