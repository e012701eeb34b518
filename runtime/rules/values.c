/* values.c - %Name% and #expression# in a rule's value. */
#include "rules/run.h"

#include "expr/expr.h"

#include <stdio.h>
#include <string.h>

#define EXPANDED_MAX (1 << 20)

const struct ts_rule_set *rules_found(const struct rules_run *x, ts_str name)
{
    uintptr_t place = (uintptr_t)ts_map_get(&x->by_name, name);

    return place ? &x->out->set[place - 1] : NULL;
}

bool rules_lookup(struct rules_run *x, ts_str name, ts_str *value, bool *secret)
{
    const struct ts_rule_set *s = rules_found(x, name);

    if (s) {
        *value = ts_str_of(s->value);
        *secret = *secret || s->secret;
        return true;
    }
    return x->env->value(x->env->ctx, name, value, secret) && value->n > 0;
}

/* %MacAddress% of a list is its first item. */
static bool lookup(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    struct rules_run *x = ctx;
    char first[260];

    if (name.n == 0 || name.n > 250) {
        return false;
    }
    if (!rules_lookup(x, name, value, secret)) {
        snprintf(first, sizeof first, "%.*s001", (int)name.n, name.p);
        if (!rules_lookup(x, ts_str_of(first), value, secret)) {
            return false;
        }
    }
    x->expanded += value->n;
    return x->expanded <= EXPANDED_MAX; /* behind that, %Name% stays as it is */
}

/* oEnvironment.Item("X") is another spelling of "%X%". */
static void plain_items(struct ts_buf *out, ts_str text)
{
    static const char call[] = "oEnvironment.Item(\"";
    const size_t n = sizeof call - 1;

    while (text.n > 0) {
        const char *end = NULL;
        if (text.n > n && ts_str_case_starts(text, ts_str_of(call))) {
            end = memchr(text.p + n, '"', text.n - n);
        }
        if (end && end + 1 < text.p + text.n && end[1] == ')') {
            ts_buf_fmt(out, "\"%%%.*s%%\"", (int)(end - text.p - (long)n), text.p + n);
            text.n -= (size_t)(end + 2 - text.p);
            text.p = end + 2;
        } else {
            ts_buf_c(out, *text.p);
            text.p++;
            text.n--;
        }
    }
}

/* The text between two '#'.  False: it cannot be worked out, and *why says why. */
static bool evaluate(struct rules_run *x, ts_str inside, struct ts_buf *out, bool *secret,
                     const char **why)
{
    struct ts_buf plain = {0}, text = {0};

    plain_items(&plain, inside);
    ts_expand(&text, ts_buf_view(&plain), lookup, x, secret);
    bool ok = rule_expression(out, ts_buf_view(&text), why);
    ts_buf_free(&plain);
    ts_buf_free(&text);
    return ok;
}

bool rules_expand(struct rules_run *x, ts_str value, struct ts_buf *out, bool *secret,
                  const char **why)
{
    x->expanded = 0;
    while (value.n > 0) {
        const char *hash = memchr(value.p, '#', value.n);
        size_t n = hash ? (size_t)(hash - value.p) : value.n;
        ts_expand(out, (ts_str){value.p, n}, lookup, x, secret);
        value = (ts_str){value.p + n, value.n - n};
        if (!hash) {
            break;
        }
        const char *end = value.n > 1 ? memchr(value.p + 1, '#', value.n - 1) : NULL;
        if (end && end > value.p + 1) {
            ts_str inside = {value.p + 1, (size_t)(end - value.p) - 1};
            if (!evaluate(x, inside, out, secret, why)) {
                return false;
            }
            n = inside.n + 2;
        } else {
            n = end ? 2 : 1;
            ts_buf_str(out, (ts_str){value.p, n});
        }
        value = (ts_str){value.p + n, value.n - n};
    }
    return true;
}
