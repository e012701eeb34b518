#include "steps/reference.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_WIDTH 78

static int by_name(const void *a, const void *b)
{
    const struct ts_step_type *const *x = a, *const *y = b;

    return ts_casecmp((*x)->name, (*y)->name);
}

/* The types in order of their names, or the one; caller frees. */
static const struct ts_step_type **sorted(const struct ts_registry *r,
                                          const struct ts_step_type *one, size_t *n)
{
    *n = one ? 1 : r->types.n;
    const struct ts_step_type **v = ts_alloc_array(*n + 1, sizeof *v);

    v[0] = one;
    for (size_t i = 0; !one && i < *n; i++) {
        v[i] = r->types.entries[i].value;
    }
    if (*n > 1) {
        qsort(v, *n, sizeof *v, by_name);
    }
    return v;
}

/* ---- what both texts say --------------------------------------------------------------
 */

static void add_codes(struct ts_buf *b, struct ts_codes codes)
{
    for (size_t i = 0; i < codes.n; i++) {
        ts_buf_fmt(b, "%s%lld", i ? ", " : "", (long long)codes.v[i]);
    }
}

/* The codes that count as success when a step does not say. */
static struct ts_codes success_codes(const struct ts_step_type *t)
{
    static const int64_t plain[] = {0}, command[] = {0, 3010};

    if (t->success_codes.set) {
        return t->success_codes;
    }
    return t->runs_command ? (struct ts_codes){command, 2, true}
                           : (struct ts_codes){plain, 1, true};
}

static const char *interrupt_text(enum ts_interrupt i)
{
    return i == TS_INTERRUPT_RERUN  ? "runs again"
           : i == TS_INTERRUPT_SKIP ? "is skipped"
                                    : "fails";
}

/* "required; default 250; variable OSDMemory", with `q` around what is typed. */
static void add_traits(struct ts_buf *b, const struct ts_param *p, const char *q)
{
    const char *sep = "";

    if (p->required) {
        ts_buf_z(b, "required");
        sep = "; ";
    }
    if (p->def && p->def[0]) {
        ts_buf_fmt(b, "%sdefault %s%s%s", sep, q, p->def, q);
        sep = "; ";
    }
    if (p->choices) {
        ts_buf_fmt(b, "%sone of ", sep);
        for (size_t i = 0; p->choices[i]; i++) {
            ts_buf_fmt(b, "%s%s%s%s", i ? ", " : "", q, p->choices[i], q);
        }
        sep = "; ";
    }
    if (p->variable) {
        ts_buf_fmt(b, "%sthe variable %s%s%s overrides it", sep, q, p->variable, q);
        sep = "; ";
    }
    if (!p->expand) {
        ts_buf_fmt(b, "%s%%Name%% is not replaced", sep);
        sep = "; ";
    }
    if (p->secret) {
        ts_buf_fmt(b, "%shidden wherever it is shown", sep);
    }
}

/* ---- text
 * ------------------------------------------------------------------------------ */

/* Words of `text`, broken into lines that begin with `indent` blanks. */
static void add_wrapped(struct ts_buf *b, const char *text, int indent)
{
    ts_str rest = ts_str_of(text), word;
    size_t column = 0;

    while (ts_str_cut(&rest, ' ', &word)) {
        if (column && column + 1 + word.n > TEXT_WIDTH) {
            ts_buf_c(b, '\n');
            column = 0;
        }
        if (column == 0) {
            ts_buf_fmt(b, "%*s", indent, "");
            column = (size_t)indent;
        } else {
            ts_buf_c(b, ' ');
            column++;
        }
        ts_buf_str(b, word);
        column += word.n;
    }
    ts_buf_c(b, '\n');
}

static void text_param(struct ts_buf *b, const struct ts_param *p)
{
    struct ts_buf traits = {0};

    ts_buf_fmt(b, "  %s (%s)\n", p->name, ts_param_type_name(p->type));
    add_wrapped(b, p->doc, 6);
    add_traits(&traits, p, "");
    if (traits.n) {
        struct ts_buf line = {0};
        ts_buf_fmt(&line, "[%s]", traits.p);
        add_wrapped(b, line.p, 6);
        ts_buf_free(&line);
    }
    ts_buf_free(&traits);
}

static void text_type(struct ts_buf *b, const struct ts_step_type *t)
{
    ts_buf_fmt(b, "%s\n", t->name);
    add_wrapped(b, t->summary, 2);
    if (t->doc && t->doc[0]) {
        ts_buf_c(b, '\n');
        add_wrapped(b, t->doc, 2);
    }
    ts_buf_z(b,
             t->param_count ? "\nProperties:\n" : "\nIt has no properties of its own.\n");
    for (size_t i = 0; i < t->param_count; i++) {
        text_param(b, &t->params[i]);
    }
    ts_buf_fmt(b, "\nSuccess codes: ");
    add_codes(b, success_codes(t));
    if (t->restart_codes.n) {
        ts_buf_z(b, "\nCodes that ask for a restart: ");
        add_codes(b, t->restart_codes);
    }
    if (t->phase != TS_PHASE_ANY) {
        ts_buf_fmt(b, "\nRuns in %s only", ts_phase_name(t->phase));
    }
    ts_buf_fmt(b, "\nCut by a crash, it %s (onInterrupt = \"%s\")\n",
               interrupt_text(t->on_interrupt), ts_interrupt_name(t->on_interrupt));
    if (t->source && t->source[0]) {
        ts_buf_fmt(b, "From %s\n", t->source);
    }
}

void ts_steps_text(struct ts_buf *out, const struct ts_registry *r,
                   const struct ts_step_type *one_or_null)
{
    size_t n, width = 0;
    const struct ts_step_type **v;

    if (one_or_null) {
        text_type(out, one_or_null);
        return;
    }
    v = sorted(r, NULL, &n);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(v[i]->name);
        width = len > width ? len : width;
    }
    for (size_t i = 0; i < n; i++) {
        ts_buf_fmt(out, "%-*s  %s\n", (int)width, v[i]->name, v[i]->summary);
    }
    ts_free(v);
}

/* ---- Markdown
 * -------------------------------------------------------------------------- */

/* Text inside a table's cell or a paragraph: what Markdown would take for its own is
 * escaped, except between backquotes, which step files use themselves. */
static void add_escaped(struct ts_buf *b, const char *text)
{
    bool code = false;

    for (const char *p = text; *p; p++) {
        code = *p == '`' ? !code : code;
        if (*p == '|' || (!code && (*p == '*' || *p == '_' || *p == '<' || *p == '\\'))) {
            ts_buf_c(b, '\\');
        }
        ts_buf_c(b, *p == '\n' ? ' ' : *p);
    }
}

static void markdown_type(struct ts_buf *b, const struct ts_step_type *t)
{
    ts_buf_fmt(b, "## %s\n\n", t->name);
    add_escaped(b, t->summary);
    ts_buf_z(b, ".\n\n");
    if (t->doc && t->doc[0]) {
        add_escaped(b, t->doc);
        ts_buf_z(b, "\n\n");
    }
    if (t->param_count) {
        ts_buf_z(b, "| Property | Type | Meaning |\n|---|---|---|\n");
    }
    for (size_t i = 0; i < t->param_count; i++) {
        const struct ts_param *p = &t->params[i];
        struct ts_buf traits = {0};
        ts_buf_fmt(b, "| `%s` | %s | ", p->name, ts_param_type_name(p->type));
        add_escaped(b, p->doc);
        add_traits(&traits, p, "`");
        if (traits.n) {
            ts_buf_z(b, " (");
            add_escaped(b, traits.p);
            ts_buf_c(b, ')');
        }
        ts_buf_z(b, " |\n");
        ts_buf_free(&traits);
    }
    ts_buf_fmt(b, "%sSuccess codes: ", t->param_count ? "\n" : "");
    add_codes(b, success_codes(t));
    if (t->restart_codes.n) {
        ts_buf_z(b, ". Codes that ask for a restart: ");
        add_codes(b, t->restart_codes);
    }
    ts_buf_fmt(b, ". Cut by a crash, it %s", interrupt_text(t->on_interrupt));
    if (t->phase != TS_PHASE_ANY) {
        ts_buf_fmt(b, ". Runs in %s only", ts_phase_name(t->phase));
    }
    ts_buf_z(b, ".\n");
}

void ts_steps_markdown(struct ts_buf *out, const struct ts_registry *r,
                       const struct ts_step_type *one_or_null)
{
    size_t n;
    const struct ts_step_type **v = sorted(r, one_or_null, &n);

    for (size_t i = 0; i < n; i++) {
        if (i) {
            ts_buf_c(out, '\n');
        }
        markdown_type(out, v[i]);
    }
    ts_free(v);
}

/* ---- JSON
 * ------------------------------------------------------------------------------ */

static void set(struct ts_arena *a, struct ts_value *o, const char *key,
                struct ts_value *v)
{
    ts_value_set(a, o, ts_str_of(key), v);
}

static void set_text(struct ts_arena *a, struct ts_value *o, const char *key,
                     const char *text)
{
    if (text) {
        set(a, o, key, ts_value_string(a, ts_str_of(text)));
    }
}

static void set_codes(struct ts_arena *a, struct ts_value *o, const char *key,
                      struct ts_codes codes)
{
    struct ts_value *list = ts_value_new(a, TS_ARRAY);

    for (size_t i = 0; i < codes.n; i++) {
        ts_value_push(list, ts_value_int(a, codes.v[i]));
    }
    set(a, o, key, list);
}

static struct ts_value *json_param(struct ts_arena *a, const struct ts_param *p)
{
    struct ts_value *o = ts_value_new(a, TS_OBJECT);

    set_text(a, o, "name", p->name);
    set_text(a, o, "type", ts_param_type_name(p->type));
    set(a, o, "required", ts_value_bool(a, p->required));
    set(a, o, "expand", ts_value_bool(a, p->expand));
    set(a, o, "secret", ts_value_bool(a, p->secret));
    set_text(a, o, "default", p->def);
    set_text(a, o, "variable", p->variable);
    if (p->choices) {
        struct ts_value *list = ts_value_new(a, TS_ARRAY);
        for (size_t i = 0; p->choices[i]; i++) {
            ts_value_push(list, ts_value_string(a, ts_str_of(p->choices[i])));
        }
        set(a, o, "choices", list);
    }
    set_text(a, o, "doc", p->doc);
    return o;
}

static struct ts_value *json_type(struct ts_arena *a, const struct ts_step_type *t)
{
    struct ts_value *o = ts_value_new(a, TS_OBJECT);
    struct ts_value *params = ts_value_new(a, TS_ARRAY);

    set_text(a, o, "name", t->name);
    set_text(a, o, "summary", t->summary);
    set_text(a, o, "doc", t->doc);
    set_text(a, o, "source", t->source && t->source[0] ? t->source : NULL);
    set_text(a, o, "phase", ts_phase_name(t->phase));
    set_text(a, o, "onInterrupt", ts_interrupt_name(t->on_interrupt));
    set(a, o, "runsCommand", ts_value_bool(a, t->runs_command));
    set_codes(a, o, "successCodes", success_codes(t));
    set_codes(a, o, "restartCodes", t->restart_codes);
    for (size_t i = 0; i < t->param_count; i++) {
        ts_value_push(params, json_param(a, &t->params[i]));
    }
    set(a, o, "params", params);
    return o;
}

void ts_steps_json(struct ts_buf *out, const struct ts_registry *r,
                   const struct ts_step_type *one_or_null)
{
    struct ts_arena a = {0};
    struct ts_value *all = ts_value_new(&a, TS_ARRAY);
    size_t n;
    const struct ts_step_type **v = sorted(r, one_or_null, &n);

    for (size_t i = 0; i < n; i++) {
        ts_value_push(all, json_type(&a, v[i]));
    }
    ts_json_write(out, one_or_null ? all->first : all, 2);
    if (!out->n || out->p[out->n - 1] != '\n') {
        ts_buf_c(out, '\n');
    }
    ts_free(v);
    ts_arena_fini(&a);
}
