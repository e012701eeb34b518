/* expr_check.h - what must hold for every condition. */
#ifndef TESTS_FUZZ_EXPR_CHECK_H
#define TESTS_FUZZ_EXPR_CHECK_H

#include "expr/expr.h"
#include "fuzz.h"

#include <string.h>

#define EXPR_SECRET "hunter2-hunter2"

static inline bool expr_variable(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    (void)ctx;
    *secret = ts_str_caseeq(name, TS_S("Secret"));
    *value = *secret                                                ? TS_S(EXPR_SECRET)
             : ts_str_caseeq(name, TS_S("A"))                       ? TS_S("b")
             : ts_str_caseeq(name, TS_S("Count"))                   ? TS_S(" +12 ")
             : ts_str_caseeq(name, TS_S("_SMSTSLastActionRetCode")) ? TS_S("-2147467259")
                                                                    : TS_S("%A%");
    return *secret || name.n != 1 || name.p[0] != 'X';
}

/* Knows everything of files, nothing of the registry. */
static inline enum ts_code expr_fact(void *ctx, const struct ts_expr *x, const char *name,
                                     const char *value, const char *part, bool *result,
                                     struct ts_buf *why, struct ts_err *err)
{
    (void)ctx;
    FUZZ_CHECK(x->kind > TS_X_COMPARE && (!x->name || name) && (!x->value || value) &&
                   (!x->part || part),
               "a fact without its texts");
    if (x->kind == TS_X_REGISTRY) {
        return ts_fail(err, TS_EUNSUPPORTED, "there is no registry here");
    }
    *result = name && (strlen(name) & 1) != 0;
    if (why) {
        ts_buf_fmt(why, "%s has %zu bytes", name ? name : "", name ? strlen(name) : 0);
    }
    return TS_OK;
}

/* Evaluating twice gives the same, and no secret is in what it says. */
static inline void expr_check_eval(const struct ts_expr *x, bool *result)
{
    struct ts_expr_env env = {
        .variable = expr_variable, .fact = expr_fact, .lenient = true};
    struct ts_buf why = {0}, said = {0};
    struct ts_err err = {0};
    bool again = false;

    FUZZ_CHECK(ts_expr_eval(x, &env, result, &why, &err) == TS_OK, "%s", err.text);
    FUZZ_CHECK(ts_expr_eval(x, &env, &again, NULL, &err) == TS_OK, "%s", err.text);
    FUZZ_CHECK(*result == again, "twice asked, two answers");
    ts_expr_print(&said, x); /* the condition may say that text by itself */
    FUZZ_CHECK(strstr(ts_buf_text(&said), EXPR_SECRET) ||
                   !strstr(ts_buf_text(&why), EXPR_SECRET),
               "a secret is shown: %s", ts_buf_text(&why));
    ts_buf_free(&why);
    ts_buf_free(&said);
}

static inline void expr_check(const struct ts_expr *x)
{
    struct ts_arena a = {0};
    struct ts_expr *back = NULL;
    struct ts_buf text = {0}, again = {0};
    struct ts_err err = {0};
    bool before, after;

    ts_expr_print(&text, x);
    FUZZ_CHECK(ts_expr_parse(&back, &a, ts_buf_view(&text), &err) == TS_OK, "%s\n%s",
               err.text, ts_buf_text(&text));
    FUZZ_CHECK(ts_expr_equal(x, back) && ts_expr_equal(back, x), "another tree: %s",
               ts_buf_text(&text));
    ts_expr_print(&again, back);
    FUZZ_CHECK(ts_str_eq(ts_buf_view(&text), ts_buf_view(&again)), "%s\n%s",
               ts_buf_text(&text), ts_buf_text(&again));
    expr_check_eval(x, &before);
    expr_check_eval(back, &after);
    FUZZ_CHECK(before == after, "the text means something else: %s", ts_buf_text(&text));
    ts_buf_free(&text);
    ts_buf_free(&again);
    ts_arena_fini(&a);
}

#endif
