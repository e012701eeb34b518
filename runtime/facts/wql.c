/* wql.c - rows that a query means. */
#include "facts/wql.h"

#include "facts/facts_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- LIKE ----------------------------------------------------------------------------
 */

/* Does one code point match the set whose "[" stands before `at`?  *at goes behind "]".
 * Without a "]" the bracket is a sign like any other. */
static bool in_set(ts_str pattern, size_t *at, uint32_t c, bool *closed)
{
    size_t i = *at;
    bool negated = i < pattern.n && (pattern.p[i] == '^' || pattern.p[i] == '!');
    bool found = false, any = false;

    i += negated;
    while (i < pattern.n && (pattern.p[i] != ']' || !any)) {
        uint32_t from = ts_utf8_fold(ts_utf8_next(pattern, &i)), to = from;
        any = true;
        /* a range is a-z, in older spelling a=z */
        if (i + 1 < pattern.n && (pattern.p[i] == '-' || pattern.p[i] == '=') &&
            pattern.p[i + 1] != ']') {
            i++;
            to = ts_utf8_fold(ts_utf8_next(pattern, &i));
        }
        found = found || (c >= from && c <= to);
    }
    *closed = i < pattern.n;
    if (*closed) {
        *at = i + 1;
    }
    return found != negated;
}

/* One step of the pattern that is not a '%'. */
static bool match_one(ts_str text, size_t *t, ts_str pattern, size_t *p)
{
    size_t ti = *t, pi = *p;

    if (ti >= text.n) {
        return false;
    }
    uint32_t c = ts_utf8_fold(ts_utf8_next(text, &ti));
    uint32_t want = ts_utf8_fold(ts_utf8_next(pattern, &pi));
    bool fits = want == '_' || c == want;
    if (want == '[') {
        bool closed;
        bool member = in_set(pattern, &pi, c, &closed);
        fits = closed ? member : c == '[';
    }
    if (fits) {
        *t = ti;
        *p = pi;
    }
    return fits;
}

bool ts_wql_like(ts_str text, ts_str pattern)
{
    size_t t = 0, p = 0, retry_text = 0, retry_pattern = (size_t)-1;

    while (t < text.n || p < pattern.n) {
        if (p < pattern.n && pattern.p[p] == '%') {
            retry_pattern = ++p;
            retry_text = t;
        } else if (p < pattern.n && match_one(text, &t, pattern, &p)) {
            continue;
        } else if (retry_pattern != (size_t)-1 && retry_text < text.n) {
            /* the last '%' takes one sign more */
            (void)ts_utf8_next(text, &retry_text);
            t = retry_text;
            p = retry_pattern;
        } else {
            return false;
        }
    }
    return true;
}

/* ---- comparing -----------------------------------------------------------------------
 */

/* A number as the value or the constant gives it; texts of 64-bit numbers are numbers. */
struct number {
    bool is, whole;
    int64_t integer;
    double real;
};

static struct number number_of_text(ts_str s)
{
    struct number n = {0};
    char small[64], *end;

    s = ts_str_trim(s);
    if (ts_str_int(s, &n.integer)) {
        n = (struct number){true, true, n.integer, (double)n.integer};
    } else if (s.n > 0 && s.n < sizeof small && strchr("+-.0123456789", s.p[0])) {
        memcpy(small, s.p, s.n);
        small[s.n] = '\0';
        n.real = strtod(small, &end);
        n.is = *end == '\0';
    }
    return n;
}

static struct number number_of_value(const struct ts_value *v)
{
    if (v->kind == TS_INT) {
        return (struct number){true, true, v->integer, v->real};
    }
    if (v->kind == TS_REAL) {
        return (struct number){true, false, 0, v->real};
    }
    if (v->kind == TS_BOOL) {
        return (struct number){true, true, v->boolean, v->boolean};
    }
    return number_of_text(v->str);
}

static int order_numbers(struct number a, struct number b)
{
    if (a.whole && b.whole) {
        return (a.integer > b.integer) - (a.integer < b.integer);
    }
    return (a.real > b.real) - (a.real < b.real);
}

static bool bool_of(ts_str s, bool *out)
{
    *out = ts_str_caseeq(s, TS_S("true"));
    return *out || ts_str_caseeq(s, TS_S("false"));
}

/* Text of a value that LIKE and text comparison see. */
static ts_str text_of(const struct ts_value *v, char small[64])
{
    if (v->kind == TS_STRING) {
        return v->str;
    }
    if (v->kind == TS_BOOL) {
        return v->boolean ? TS_S("TRUE") : TS_S("FALSE");
    }
    if (v->kind == TS_INT) {
        snprintf(small, 64, "%lld", (long long)v->integer);
    } else {
        snprintf(small, 64, "%.17g", v->real);
    }
    return ts_str_of(small);
}

static bool compare_one(const struct ts_wql_node *n, const struct ts_value *v)
{
    char small[64];
    bool yes;

    if (v->kind == TS_NULL || v->kind == TS_ARRAY || v->kind == TS_OBJECT) {
        return false;
    }
    if (n->op == TS_OP_LIKE || n->op == TS_OP_NOTLIKE) {
        return ts_wql_like(text_of(v, small), n->text) == (n->op == TS_OP_LIKE);
    }
    if (n->type == WQL_BOOL) {
        if (v->kind == TS_STRING && !bool_of(v->str, &yes)) {
            return false;
        }
        bool is = v->kind == TS_STRING ? yes : number_of_value(v).real != 0;
        return ts_op_holds(n->op, (int)is - (int)n->yes);
    }
    if (v->kind == TS_BOOL && n->type == WQL_TEXT && bool_of(n->text, &yes)) {
        return ts_op_holds(n->op, (int)v->boolean - (int)yes);
    }
    struct number want = n->type == WQL_NUMBER
                             ? (struct number){true, n->whole, n->integer, n->real}
                             : number_of_text(n->text);
    struct number have = number_of_value(v);
    /* Two texts are texts, "007" is not "7". */
    if (want.is && have.is && (n->type == WQL_NUMBER || v->kind != TS_STRING)) {
        return ts_op_holds(n->op, order_numbers(have, want));
    }
    if (v->kind != TS_STRING) {
        return n->op == TS_OP_NE; /* a number is not that text */
    }
    return ts_op_holds(n->op, ts_str_casecmp(v->str, n->text));
}

static const struct ts_value *member(const struct ts_value *row, ts_str name)
{
    for (const struct ts_value *m = row->first; m; m = m->next) {
        if (ts_str_caseeq(m->key, name)) {
            return m;
        }
    }
    return NULL;
}

static bool compare(const struct ts_wql_node *n, const struct ts_value *v)
{
    if (v->kind != TS_ARRAY) {
        return compare_one(n, v);
    }
    for (const struct ts_value *x = v->first; x; x = x->next) {
        if (compare_one(n, x)) {
            return true;
        }
    }
    return false;
}

bool ts_wql_holds(const struct ts_wql_node *n, const struct ts_value *row,
                  const char *class_name)
{
    struct ts_value name = {.kind = TS_STRING, .str = ts_str_of(class_name)};
    const struct ts_value *v;

    for (;;) {
        switch (n->kind) {
        case WQL_NOT:
            return !ts_wql_holds(n->first, row, class_name);
        case WQL_AND:
            if (!ts_wql_holds(n->first, row, class_name)) {
                return false;
            }
            n = n->second;
            continue;
        case WQL_OR:
            if (ts_wql_holds(n->first, row, class_name)) {
                return true;
            }
            n = n->second;
            continue;
        case WQL_COMPARE:
        case WQL_NULL:
            v = ts_str_caseeq(n->property, TS_S("__CLASS")) ? &name
                                                            : member(row, n->property);
            if (n->kind == WQL_NULL) {
                return (!v || v->kind == TS_NULL) != n->negated;
            }
            return v && compare(n, v);
        }
    }
}

/* ---- classes -------------------------------------------------------------------------
 */

/* "\\.\ROOT/cimv2" and "root\CIMV2" are one. */
static char *plain_namespace(struct ts_arena *a, const char *ns)
{
    char *copy = ts_arena_strz(a, ns && *ns ? ns : "root\\cimv2");

    for (char *p = copy; *p; p++) {
        *p = *p == '/' ? '\\' : *p;
    }
    if (strncmp(copy, "\\\\", 2) == 0) {
        char *behind = strchr(copy + 2, '\\');
        copy = behind ? behind + 1 : copy;
    }
    while (*copy == '\\') {
        copy++;
    }
    return copy;
}

/* Is a key of the classes one of the namespace?  *name: the class. */
static bool in_namespace(ts_str key, ts_str ns, ts_str *name)
{
    const char *colon = memchr(key.p, ':', key.n);
    ts_str own = TS_S("root\\cimv2");

    *name = key;
    if (colon) {
        own = (ts_str){key.p, (size_t)(colon - key.p)};
        *name = (ts_str){colon + 1, key.n - own.n - 1};
    }
    return ts_str_caseeq(own, ns);
}

static const struct ts_value *find_class(struct ts_facts *f, ts_str ns, ts_str wanted,
                                         bool *known_namespace)
{
    ts_str name;

    *known_namespace = ts_str_caseeq(ns, TS_S("root\\cimv2"));
    for (const struct ts_value *c = ts_facts_classes(f)->first; c; c = c->next) {
        if (in_namespace(c->key, ns, &name)) {
            *known_namespace = true;
            if (ts_str_caseeq(name, wanted)) {
                return c;
            }
        }
    }
    return NULL;
}

static struct ts_value *chosen(const struct ts_wql *q, const struct ts_value *row,
                               struct ts_arena *a)
{
    if (!q->columns) {
        return ts_value_copy(a, row);
    }
    struct ts_value *out = ts_value_new(a, TS_OBJECT);
    for (size_t i = 0; i < q->column_count; i++) {
        const struct ts_value *v = member(row, q->columns[i]);
        ts_value_set(a, out, v ? v->key : q->columns[i],
                     v ? ts_value_copy(a, v) : ts_value_new(a, TS_NULL));
    }
    return out;
}

enum ts_code ts_wql_query(struct ts_facts *f, ts_str query, const char *ns,
                          struct ts_arena *a, struct ts_wql_answer *out,
                          struct ts_err *err)
{
    struct ts_arena scratch = {0};
    struct ts_value *rows = a ? ts_value_new(a, TS_ARRAY) : NULL;
    struct ts_wql q;
    bool known;
    enum ts_code rc = ts_wql_parse(&q, &scratch, query, err);

    *out = (struct ts_wql_answer){.rows = rows};
    if (rc != TS_OK) {
        goto done;
    }
    const char *space = plain_namespace(&scratch, ns);
    const char *name = ts_arena_str(&scratch, q.class_name);
    const struct ts_value *class_rows =
        find_class(f, ts_str_of(space), q.class_name, &known);
    if (!class_rows) {
        snprintf(out->unknown, sizeof out->unknown,
                 known ? "the facts know no class %.80s"
                       : "the facts know no namespace %.120s",
                 known ? name : space);
        ts_facts_warn(f, out->unknown);
        goto done;
    }
    for (const struct ts_value *row = class_rows->first; row; row = row->next) {
        if (!q.where || ts_wql_holds(q.where, row, name)) {
            out->count++;
            if (rows) {
                ts_value_push(rows, chosen(&q, row, a));
            }
        }
    }
done:
    ts_arena_fini(&scratch);
    return rc;
}
