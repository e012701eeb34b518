/* expression.c - the small part of VBScript that rules use to cut texts:
 *
 *   sum    = value { "&" value }
 *   value  = "text" | number | "(" sum ")" | name [ "(" [ sum { "," sum } ] ")" ]
 *
 * Functions take and give texts; numbers are whole.  Everything else is a script's work.
 */
#include "rules/ruleset_internal.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 50
#define ARGS_MAX 4
#define TEXT_MAX (64 << 10)

struct vbs {
    ts_str rest;
    int depth;
    const char *why;
};

static void blanks(struct vbs *x)
{
    while (x->rest.n && (x->rest.p[0] == ' ' || x->rest.p[0] == '\t')) {
        x->rest.p++;
        x->rest.n--;
    }
}

static bool sign(struct vbs *x, char c)
{
    blanks(x);
    if (x->rest.n == 0 || x->rest.p[0] != c) {
        return false;
    }
    x->rest.p++;
    x->rest.n--;
    return true;
}

static bool fail(struct vbs *x, const char *why)
{
    if (!x->why) {
        x->why = why;
    }
    return false;
}

/* "say ""yes""" */
static bool text(struct vbs *x, struct ts_buf *out)
{
    for (;;) {
        const char *end = x->rest.n ? memchr(x->rest.p, '"', x->rest.n) : NULL;
        if (!end) {
            return fail(x, "a text in the expression has no end");
        }
        size_t n = (size_t)(end - x->rest.p);
        ts_buf_add(out, x->rest.p, n);
        x->rest = (ts_str){end + 1, x->rest.n - n - 1};
        if (x->rest.n == 0 || x->rest.p[0] != '"') {
            return true;
        }
        ts_buf_c(out, '"');
        x->rest.p++;
        x->rest.n--;
    }
}

/* ---- functions -----------------------------------------------------------------------
 */

/* Bytes of the first `count` signs. */
static size_t bytes_of(ts_str s, int64_t count)
{
    size_t at = 0;

    while (count-- > 0 && at < s.n) {
        (void)ts_utf8_next(s, &at);
    }
    return at;
}

static int64_t signs(ts_str s)
{
    int64_t n = 0;

    for (size_t at = 0; at < s.n; n++) {
        (void)ts_utf8_next(s, &at);
    }
    return n;
}

static ts_str trim(ts_str s, bool left, bool right)
{
    while (left && s.n && s.p[0] == ' ') {
        s.p++;
        s.n--;
    }
    while (right && s.n && s.p[s.n - 1] == ' ') {
        s.n--;
    }
    return s;
}

static bool cut(struct vbs *x, const char *name, ts_str *a, size_t n, struct ts_buf *out)
{
    int64_t first = 0, count = 0;

    if (n < 2 || n > (ts_caseeq(name, "Mid") ? 3 : 2)) {
        return fail(x, "a function in the expression has too few or too many arguments");
    }
    if (!ts_str_int(a[1], &first) || (n > 2 && !ts_str_int(a[2], &count))) {
        return fail(x, "a length in the expression is no whole number");
    }
    if (ts_caseeq(name, "Mid")) {
        if (first < 1 || count < 0) {
            return fail(x, "a length in the expression is out of range");
        }
        size_t from = bytes_of(a[0], first - 1);
        ts_str rest = {a[0].p + from, a[0].n - from};
        ts_buf_str(out, (ts_str){rest.p, n > 2 ? bytes_of(rest, count) : rest.n});
        return true;
    }
    if (first < 0) {
        return fail(x, "a length in the expression is out of range");
    }
    int64_t all = signs(a[0]);
    if (ts_caseeq(name, "Left")) {
        ts_buf_str(out, (ts_str){a[0].p, bytes_of(a[0], first)});
    } else {
        size_t from = bytes_of(a[0], all > first ? all - first : 0);
        ts_buf_str(out, (ts_str){a[0].p + from, a[0].n - from});
    }
    return true;
}

static void replace(ts_str s, ts_str what, ts_str by, struct ts_buf *out)
{
    while (s.n > 0 && out->n <= TEXT_MAX) {
        if (what.n && ts_str_starts(s, what)) {
            ts_buf_str(out, by);
            s = (ts_str){s.p + what.n, s.n - what.n};
        } else {
            ts_buf_c(out, *s.p);
            s = (ts_str){s.p + 1, s.n - 1};
        }
    }
}

static void change_case(ts_str s, bool upper, struct ts_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool other = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
        ts_buf_c(out, other ? (char)(c ^ 0x20) : c);
    }
}

static bool call(struct vbs *x, const char *name, ts_str *a, size_t n, struct ts_buf *out)
{
    int64_t number;

    if (ts_caseeq(name, "Left") || ts_caseeq(name, "Right") || ts_caseeq(name, "Mid")) {
        return cut(x, name, a, n, out);
    }
    if (ts_caseeq(name, "Replace") && n == 3) {
        replace(a[0], a[1], a[2], out);
    } else if (n == 1 && (ts_caseeq(name, "UCase") || ts_caseeq(name, "LCase"))) {
        change_case(a[0], ts_caseeq(name, "UCase"), out);
    } else if (n == 1 && (ts_caseeq(name, "Trim") || ts_caseeq(name, "LTrim") ||
                          ts_caseeq(name, "RTrim"))) {
        ts_buf_str(out, trim(a[0], !ts_caseeq(name, "RTrim"), !ts_caseeq(name, "LTrim")));
    } else if (n == 1 && ts_caseeq(name, "Len")) {
        ts_buf_fmt(out, "%lld", (long long)signs(a[0]));
    } else if (n == 1 && ts_caseeq(name, "CStr")) {
        ts_buf_str(out, a[0]);
    } else if (n == 1 && (ts_caseeq(name, "CInt") || ts_caseeq(name, "CLng")) &&
               ts_str_int(a[0], &number)) {
        ts_buf_fmt(out, "%lld", (long long)number);
    } else {
        return fail(x, "the expression needs a script");
    }
    return true;
}

/* ---- grammar -------------------------------------------------------------------------
 */

static bool sum(struct vbs *x, struct ts_buf *out);

static bool arguments(struct vbs *x, const char *name, struct ts_buf *out)
{
    struct ts_buf args[ARGS_MAX] = {{0}};
    ts_str views[ARGS_MAX];
    size_t n = 0;
    bool ok = true;

    while (ok && !(n == 0 && sign(x, ')'))) {
        ok = n < ARGS_MAX ? sum(x, &args[n++]) : fail(x, "the expression needs a script");
        if (ok && !sign(x, ',')) {
            ok = sign(x, ')') || fail(x, "a bracket in the expression is not closed");
            break;
        }
    }
    for (size_t i = 0; i < n; i++) {
        views[i] = ts_buf_view(&args[i]);
    }
    ok = ok && call(x, name, views, n, out);
    for (size_t i = 0; i < ARGS_MAX; i++) {
        ts_buf_free(&args[i]);
    }
    return ok;
}

static bool value(struct vbs *x, struct ts_buf *out)
{
    char name[32];
    size_t n = 0;

    blanks(x);
    if (sign(x, '"')) {
        return text(x, out);
    }
    if (sign(x, '(')) {
        return sum(x, out) &&
               (sign(x, ')') || fail(x, "a bracket in the expression is not closed"));
    }
    while (n < x->rest.n && n + 1 < sizeof name &&
           ((x->rest.p[n] | 0x20) >= 'a' && (x->rest.p[n] | 0x20) <= 'z')) {
        name[n] = x->rest.p[n];
        n++;
    }
    if (n > 0) {
        name[n] = '\0';
        x->rest = (ts_str){x->rest.p + n, x->rest.n - n};
        return sign(x, '(') ? arguments(x, name, out)
                            : fail(x, "the expression needs a script");
    }
    while (n < x->rest.n && x->rest.p[n] >= '0' && x->rest.p[n] <= '9') {
        n++;
    }
    if (n == 0) {
        return fail(x, "the expression needs a script");
    }
    ts_buf_add(out, x->rest.p, n);
    x->rest = (ts_str){x->rest.p + n, x->rest.n - n};
    return true;
}

static bool sum(struct vbs *x, struct ts_buf *out)
{
    bool ok = true;

    if (++x->depth > DEPTH_MAX) {
        return fail(x, "the expression is nested too deep");
    }
    do {
        ok = value(x, out);
        if (ok && out->n > TEXT_MAX) {
            ok = fail(x, "the expression gives too long a text");
        }
    } while (ok && sign(x, '&'));
    x->depth--;
    return ok;
}

bool rule_expression(struct ts_buf *out, ts_str source, const char **why)
{
    struct vbs x = {.rest = source};
    struct ts_buf made = {0};
    bool ok = sum(&x, &made);

    blanks(&x);
    if (ok && x.rest.n) {
        ok = fail(&x, "the expression needs a script");
    }
    if (ok) {
        ts_buf_str(out, ts_buf_view(&made));
    } else {
        *why = x.why;
    }
    ts_buf_free(&made);
    return ok;
}
