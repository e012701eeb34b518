/* params.c - from what a sequence says to what a step is handed. */
#include "steps/params_internal.h"

#include "vars/vars.h"

#include <string.h>

const char *ts_param_type_name(enum ts_param_type t)
{
    static const char *const names[] = {
        [TS_P_STRING] = "string",   [TS_P_PATH] = "path",
        [TS_P_INTEGER] = "integer", [TS_P_BOOLEAN] = "boolean",
        [TS_P_ENUM] = "enum",       [TS_P_LIST] = "list",
        [TS_P_COMMAND] = "command", [TS_P_DURATION] = "duration",
        [TS_P_MAP] = "map",         [TS_P_CONDITION] = "condition",
        [TS_P_RULES] = "rules",
    };

    return names[t];
}

/* ---- messages ------------------------------------------------------------------------
 */

static void add_expected(struct ts_buf *b, const struct ts_param *p)
{
    static const char *const texts[] = {
        [TS_P_STRING] = "a string",
        [TS_P_PATH] = "a path",
        [TS_P_INTEGER] = "an integer",
        [TS_P_BOOLEAN] = "true or false",
        [TS_P_LIST] = "a list of strings",
        [TS_P_COMMAND] = "a command: a string or a list of strings",
        [TS_P_DURATION] = "a duration such as 90s, 15m or 2h",
        [TS_P_MAP] = "names with strings",
        [TS_P_CONDITION] = "a condition",
        [TS_P_RULES] = "a list of rules, each with `variables`",
    };

    if (p->type != TS_P_ENUM) {
        ts_buf_z(b, texts[p->type]);
        return;
    }
    ts_buf_z(b, "one of ");
    for (size_t i = 0; p->choices[i]; i++) {
        ts_buf_fmt(b, "%s%s", i ? ", " : "", p->choices[i]);
    }
}

static size_t choice_count(const struct ts_param *p)
{
    size_t n = 0;

    while (p->choices[n]) {
        n++;
    }
    return n;
}

/* "name: expected this, found that"; `origin` says where the value came from. */
static enum ts_code fail_value(const struct ts_param *p, const struct ts_value *found,
                               const char *origin, struct ts_err *err)
{
    struct ts_buf b = {0};

    add_expected(&b, p);
    ts_buf_z(&b, ", found ");
    if (p->secret && found->kind == TS_STRING) {
        ts_buf_z(&b, "*****");
    } else if (found->kind == TS_STRING) {
        size_t n = found->str.n;
        ts_buf_fmt(&b, "\"%.*s\"%s", (int)(n > 200 ? 200 : n), found->str.p,
                   n > 200 ? "..." : "");
        const char *near = p->type == TS_P_ENUM
                               ? ts_str_suggest(found->str, p->choices, choice_count(p))
                               : NULL;
        if (near) {
            ts_buf_fmt(&b, "; did you mean %s?", near);
        } else if (n && memchr(found->str.p, '%', n) && p->type != TS_P_STRING) {
            ts_buf_z(&b, " (is every variable in it set?)");
        }
    } else if (found->kind == TS_INT) {
        ts_buf_fmt(&b, "the number %lld", (long long)found->integer);
    } else {
        ts_buf_z(&b, ts_kind_name(found->kind));
    }
    ts_fail(err, TS_EINPUT, "%s: expected %s%s%s", p->name, ts_buf_text(&b),
            origin ? ", from " : "", origin ? origin : "");
    ts_buf_free(&b);
    return TS_EINPUT;
}

/* ---- kinds ---------------------------------------------------------------------------
 */

bool ts_params_strings(const struct ts_value *v)
{
    for (const struct ts_value *m = v->first; m; m = m->next) {
        if (m->kind != TS_STRING || memchr(m->str.p, 0, m->str.n)) {
            return false;
        }
    }
    return true;
}

bool ts_params_empty(const struct ts_value *v)
{
    return (v->kind == TS_ARRAY || v->kind == TS_OBJECT) && v->count == 0;
}

/* Could this value become one of the type, going by its kind alone?  A NUL would cut a
 * text short on its way to the system, so only plain strings may hold one. */
static bool kind_fits(const struct ts_param *p, const struct ts_value *v)
{
    bool string = v->kind == TS_STRING &&
                  (p->type == TS_P_STRING || !memchr(v->str.p, 0, v->str.n));

    switch (p->type) {
    case TS_P_STRING:
    case TS_P_PATH:
    case TS_P_ENUM:
        return string;
    case TS_P_INTEGER:
    case TS_P_DURATION:
        return string || v->kind == TS_INT;
    case TS_P_BOOLEAN:
        return string || v->kind == TS_BOOL;
    case TS_P_LIST:
        return string || ts_params_empty(v) ||
               (v->kind == TS_ARRAY && ts_params_strings(v));
    case TS_P_COMMAND:
        return string || (v->kind == TS_ARRAY && v->count > 0 && ts_params_strings(v));
    case TS_P_MAP:
        return ts_params_empty(v) || (v->kind == TS_OBJECT && ts_params_strings(v));
    case TS_P_CONDITION:
        return string || v->kind == TS_OBJECT;
    case TS_P_RULES:
        return ts_params_empty(v) || v->kind == TS_ARRAY;
    }
    return false;
}

static bool holds_percent(const struct ts_value *v)
{
    return v->kind == TS_STRING && memchr(v->str.p, '%', v->str.n) != NULL;
}

/* XML writes <property/> for what was left empty in the editor: not given. */
static bool not_given(const struct ts_param *p, const struct ts_value *v)
{
    return !v ||
           (p->type != TS_P_STRING && v->kind == TS_STRING && ts_str_trim(v->str).n == 0);
}

/* ---- conversion ----------------------------------------------------------------------
 */

static bool parse_bool(ts_str s, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1"};

    s = ts_str_trim(s);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (ts_str_caseeq(s, ts_str_of(words[i]))) {
            *out = i % 2 == 1;
            return true;
        }
    }
    return false;
}

static struct ts_value *convert_text(const struct ts_param *p, ts_str s,
                                     struct ts_arena *a)
{
    int64_t number;
    bool yes;
    struct ts_value *list;

    switch (p->type) {
    case TS_P_INTEGER:
        return ts_str_int(s, &number) ? ts_value_int(a, number) : NULL;
    case TS_P_BOOLEAN:
        return parse_bool(s, &yes) ? ts_value_bool(a, yes) : NULL;
    case TS_P_DURATION:
        return ts_duration_parse(ts_str_trim(s), &number) && number >= 0
                   ? ts_value_int(a, number)
                   : NULL;
    case TS_P_ENUM:
        for (size_t i = 0; p->choices[i]; i++) {
            if (ts_str_caseeq(ts_str_trim(s), ts_str_of(p->choices[i]))) {
                return ts_value_string(a, ts_str_of(p->choices[i]));
            }
        }
        return NULL;
    case TS_P_LIST:
        list = ts_value_new(a, TS_ARRAY);
        ts_value_push(list, ts_value_string(a, s));
        return list;
    case TS_P_STRING:
    case TS_P_PATH:
    case TS_P_COMMAND:
    case TS_P_CONDITION:
        return ts_value_string(a, s);
    case TS_P_MAP:
    case TS_P_RULES:
        return NULL;
    }
    return NULL;
}

/* To the type's form.  The kind was found fitting. */
static enum ts_code convert(const struct ts_param *p, const struct ts_value *v,
                            const char *origin, struct ts_arena *a, struct ts_value **out,
                            struct ts_err *err)
{
    struct ts_expr *tree;
    int64_t ms;

    *out = NULL;
    if (v->kind == TS_STRING) {
        *out = convert_text(p, v->str, a);
    } else if (p->type == TS_P_DURATION) {
        /* a bare number is seconds, as in the text form */
        struct ts_buf b = {0};
        ts_buf_fmt(&b, "%lld", (long long)v->integer);
        if (ts_duration_parse(ts_buf_view(&b), &ms) && ms >= 0) {
            *out = ts_value_int(a, ms);
        }
        ts_buf_free(&b);
    } else if (v->count == 0 &&
               (p->type == TS_P_LIST || p->type == TS_P_MAP || p->type == TS_P_RULES)) {
        *out = ts_value_new(a, p->type == TS_P_MAP ? TS_OBJECT : TS_ARRAY);
    } else {
        *out = ts_value_copy(a, v);
    }
    if (!*out) {
        return fail_value(p, v, origin, err);
    }
    if (p->type == TS_P_CONDITION && ts_expr_from_value(&tree, a, v, err) != TS_OK) {
        return ts_err_context(err, "%s", p->name);
    }
    if (p->type == TS_P_RULES && ts_params_rules(out, v, a, err) != TS_OK) {
        return ts_err_context(err, "%s", p->name);
    }
    (*out)->file = v->file;
    (*out)->line = v->line;
    (*out)->col = v->col;
    return TS_OK;
}

/* ---- checking ------------------------------------------------------------------------
 */

static const struct ts_param *find_param(const struct ts_step_type *t, ts_str name)
{
    for (size_t i = 0; i < t->param_count; i++) {
        if (ts_str_eq(ts_str_of(t->params[i].name), name)) {
            return &t->params[i];
        }
    }
    return NULL;
}

static enum ts_code fail_unknown(const struct ts_step_type *t, ts_str key,
                                 struct ts_err *err)
{
    const char **names = ts_alloc_array(t->param_count + 1, sizeof *names);
    struct ts_buf known = {0};

    for (size_t i = 0; i < t->param_count; i++) {
        names[i] = t->params[i].name;
        ts_buf_fmt(&known, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = ts_str_suggest(key, names, t->param_count);
    if (near) {
        ts_fail(err, TS_EINPUT, "%.*s: %s has no such property; did you mean %s?",
                (int)key.n, key.p, t->name, near);
    } else {
        ts_fail(err, TS_EINPUT, "%.*s: %s has no such property; it has %s", (int)key.n,
                key.p, t->name, known.n ? known.p : "none of its own");
    }
    ts_buf_free(&known);
    ts_free(names);
    return TS_EINPUT;
}

/* One message for all of them.  may_wait: a property with an action variable may still be
 * answered by it when the step starts. */
static enum ts_code check_missing(const struct ts_step_type *t,
                                  const struct ts_value *have, bool may_wait,
                                  struct ts_err *err)
{
    struct ts_buf names = {0};
    size_t n = 0;

    for (size_t i = 0; i < t->param_count; i++) {
        const struct ts_param *p = &t->params[i];
        if (!p->required || p->def || (may_wait && p->variable) ||
            !not_given(p, ts_value_get(have, p->name))) {
            continue;
        }
        ts_buf_fmt(&names, "%s%s", n++ ? ", " : "", p->name);
        if (p->variable) {
            ts_buf_fmt(&names, " (or the variable %s)", p->variable);
        }
    }
    if (n == 0) {
        return TS_OK;
    }
    ts_fail(err, TS_EINPUT, "%s: %s missing from %s", names.p,
            n == 1 ? "this required property is" : "these required properties are",
            t->name);
    ts_buf_free(&names);
    return TS_EINPUT;
}

enum ts_code ts_params_check(const struct ts_step_type *t, const struct ts_value *props,
                             const char **at, struct ts_err *err)
{
    struct ts_arena scratch = {0};
    enum ts_code rc = TS_OK;
    const char *none;

    at = at ? at : &none;
    *at = "";
    for (const struct ts_value *m = props ? props->first : NULL; m && rc == TS_OK;
         m = m->next) {
        const struct ts_param *p = find_param(t, m->key);
        struct ts_value *unused;
        *at = m->key.p;
        if (!p) {
            rc = fail_unknown(t, m->key, err);
        } else if (!kind_fits(p, m)) {
            rc = fail_value(p, m, NULL, err);
        } else if (!not_given(p, m) && !(p->expand && holds_percent(m))) {
            rc = convert(p, m, NULL, &scratch, &unused, err);
        }
    }
    if (rc == TS_OK) {
        *at = "";
        rc = check_missing(t, props, true, err);
    }
    ts_arena_fini(&scratch);
    return rc;
}

/* ---- preparing -----------------------------------------------------------------------
 */

struct prepare {
    struct ts_vars *vars;
    struct ts_arena *arena;
    struct ts_err *err;
};

static struct ts_value *expand_text(struct prepare *w, const struct ts_param *p,
                                    ts_str text)
{
    struct ts_buf b = {0};
    bool secret = false;

    if (p->expand && memchr(text.p, '%', text.n)) {
        ts_vars_expand(w->vars, &b, text, &secret);
    } else {
        ts_buf_str(&b, text);
    }
    if ((secret || p->secret) && b.n) {
        ts_vars_hide(w->vars, ts_buf_view(&b));
    }
    struct ts_value *v = ts_value_string(w->arena, (ts_str){ts_buf_text(&b), b.n});
    ts_buf_free(&b);
    return v;
}

/* A copy with every text in it expanded.  Conditions expand when they are evaluated. */
static struct ts_value *expand_value(struct prepare *w, const struct ts_param *p,
                                     const struct ts_value *v)
{
    struct ts_value *out;

    if (p->type == TS_P_CONDITION || p->type == TS_P_RULES) {
        return ts_value_copy(w->arena, v);
    }
    if (v->kind == TS_STRING) {
        out = expand_text(w, p, v->str);
    } else if (v->kind == TS_ARRAY || v->kind == TS_OBJECT) {
        out = ts_value_new(w->arena, v->kind);
        for (const struct ts_value *m = v->first; m; m = m->next) {
            struct ts_value *child = expand_text(w, p, m->str);
            child->key = m->key;
            ts_value_push(out, child);
        }
    } else {
        out = ts_value_copy(w->arena, v);
    }
    out->file = v->file;
    out->line = v->line;
    out->col = v->col;
    return out;
}

/* A variable holds one text; ';' separates what becomes a list. */
static struct ts_value *value_of_variable(struct prepare *w, const struct ts_param *p,
                                          ts_str text, bool secret)
{
    ts_str part;

    if (secret || p->secret) {
        ts_vars_hide(w->vars, text);
    }
    if (p->type != TS_P_LIST) {
        return ts_value_string(w->arena, text);
    }
    struct ts_value *list = ts_value_new(w->arena, TS_ARRAY);
    while (ts_str_cut(&text, ';', &part)) {
        part = ts_str_trim(part);
        if (part.n) {
            ts_value_push(list, ts_value_string(w->arena, part));
        }
    }
    return list;
}

/* Find the value of one parameter; *out NULL: it has none. */
static enum ts_code prepare_one(struct prepare *w, const struct ts_param *p,
                                const struct ts_value *given, struct ts_value **out)
{
    struct ts_value *raw = NULL;
    char origin[300] = "";
    ts_str text;
    bool secret = false;

    *out = NULL;
    if (p->variable && ts_vars_lookup(w->vars, ts_str_of(p->variable), &text, &secret) &&
        text.n) {
        struct ts_buf b = {0};
        ts_buf_fmt(&b, "the variable %.200s", p->variable);
        memcpy(origin, b.p, b.n + 1);
        ts_buf_free(&b);
        raw = value_of_variable(w, p, text, secret);
    } else if (!not_given(p, given)) {
        raw = expand_value(w, p, given);
    }
    if (not_given(p, raw) && p->def) {
        origin[0] = '\0';
        raw = expand_text(w, p, ts_str_of(p->def));
    }
    if (not_given(p, raw)) {
        return TS_OK;
    }
    if (!kind_fits(p, raw)) {
        return fail_value(p, raw, origin[0] ? origin : NULL, w->err);
    }
    return convert(p, raw, origin[0] ? origin : NULL, w->arena, out, w->err);
}

enum ts_code ts_params_prepare(const struct ts_step_type *t, const struct ts_value *props,
                               struct ts_vars *vars, struct ts_arena *a,
                               struct ts_value **out, struct ts_err *err)
{
    struct prepare w = {vars, a, err};
    struct ts_value *object = ts_value_new(a, TS_OBJECT);

    *out = NULL;
    for (const struct ts_value *m = props ? props->first : NULL; m; m = m->next) {
        if (!find_param(t, m->key)) {
            return fail_unknown(t, m->key, err);
        }
    }
    for (size_t i = 0; i < t->param_count; i++) {
        const struct ts_param *p = &t->params[i];
        const struct ts_value *given = ts_value_get(props, p->name);
        struct ts_value *v;
        enum ts_code rc;
        if (given && !kind_fits(p, given)) {
            return fail_value(p, given, NULL, err);
        }
        if ((rc = prepare_one(&w, p, given, &v)) != TS_OK) {
            return rc;
        }
        if (v) {
            ts_value_set(a, object, ts_str_of(p->name), v);
        }
    }
    enum ts_code rc = check_missing(t, object, false, err);
    if (rc == TS_OK) {
        *out = object;
    }
    return rc;
}
