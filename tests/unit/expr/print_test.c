#include "expr_test.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *word(struct ts_arena *a, struct dice *d)
{
    static const char *const words[] = {
        "A",    "_SMSTSInWinPE", "OSD-Name",    "like",     "7zip",
        "",     "a b",           "it's",        "''",       "%x%",
        "and",  "file",          "variable",    "\xC3\xA4", "-5",
        "1.50", "C:\\x\\",       "line\nbreak", "exists",   "x'",
    };
    unsigned n = sizeof words / sizeof words[0], pick = roll(d, n + 1);
    return pick < n ? words[pick] : ts_arena_format(a, "w%u", roll(d, 1000));
}

static void random_value(struct ts_arena *a, struct dice *d, struct ts_expr *x)
{
    switch (roll(d, 3)) {
    case 0:
        x->value = ts_arena_format(a, "%s%u%s", roll(d, 2) ? "-" : "", roll(d, 500),
                                   roll(d, 2) ? ".250" : "");
        x->value_is_number = true;
        break;
    case 1:
        x->value = word(a, d);
        x->value_is_name = true;
        break;
    default:
        x->value = word(a, d);
    }
}

static enum ts_op order(struct dice *d)
{
    return (enum ts_op)(TS_OP_EQ + (int)roll(d, 6));
}

static enum ts_op order_or_like(struct dice *d)
{
    return (enum ts_op)(TS_OP_EQ + (int)roll(d, 8));
}

static struct ts_expr *random_leaf(struct ts_arena *a, struct dice *d)
{
    struct ts_expr *x = ts_arena_alloc(a, sizeof *x);
    x->kind = (enum ts_expr_kind)(TS_X_COMPARE + (int)roll(d, 7));
    x->name = word(a, d);
    switch (x->kind) {
    case TS_X_COMPARE:
        x->op = (enum ts_op)(TS_OP_EQ + (int)roll(d, 10));
        if (x->op < TS_OP_EXISTS) {
            random_value(a, d, x);
        }
        break;
    case TS_X_FILE:
    case TS_X_FOLDER:
        if (roll(d, 2)) {
            bool version = x->kind == TS_X_FILE && roll(d, 2);
            x->part = version ? "version" : "modified";
            x->op = version ? order_or_like(d) : order(d);
            random_value(a, d, x);
        }
        break;
    case TS_X_REGISTRY:
        x->part = roll(d, 3) ? word(a, d) : NULL;
        x->op = (enum ts_op)(TS_OP_EXISTS + (int)roll(d, 2));
        if (x->part && roll(d, 2)) {
            x->op = order_or_like(d);
            random_value(a, d, x);
        }
        x->type = x->part && roll(d, 2) ? word(a, d) : NULL;
        break;
    case TS_X_WMI:
        x->part = roll(d, 2) ? word(a, d) : NULL;
        break;
    case TS_X_OS:
        x->name = NULL;
        x->op = order(d);
        random_value(a, d, x);
        x->part = roll(d, 2) ? word(a, d) : NULL;
        break;
    default:
        if (roll(d, 2)) {
            x->op = order_or_like(d);
            random_value(a, d, x);
        }
    }
    return x;
}

static struct ts_expr *random_tree(struct ts_arena *a, struct dice *d, unsigned depth)
{
    if (depth == 0 || roll(d, 3) == 0) {
        return random_leaf(a, d);
    }
    struct ts_expr *x = ts_arena_alloc(a, sizeof *x);
    x->kind = (enum ts_expr_kind)roll(d, 3); /* ALL ANY NONE, any number of children */
    struct ts_expr **link = &x->first;
    for (unsigned n = roll(d, 4); n > 0; n--) {
        *link = random_tree(a, d, depth - 1);
        link = &(*link)->next;
    }
    return x;
}

Test(expr_print, a_random_tree_is_the_same_after_printing_and_parsing)
{
    struct dice d = {20240229};
    for (int i = 0; i < 20000; i++) {
        struct ts_arena a = {0};
        struct ts_buf text = {0}, again = {0};
        struct ts_err err = {0};
        struct ts_expr *x = random_tree(&a, &d, 1 + roll(&d, 6)), *y = NULL;
        ts_expr_print(&text, x);
        cr_assert_eq(ts_expr_parse(&y, &a, ts_buf_view(&text), &err), TS_OK, "`%s`: %s",
                     ts_buf_text(&text), err.text);
        cr_assert(ts_expr_equal(x, y), "`%s`", ts_buf_text(&text));
        cr_assert(ts_expr_equal(y, x), "`%s`", ts_buf_text(&text));
        ts_expr_print(&again, y);
        cr_assert_str_eq(ts_buf_text(&again), ts_buf_text(&text));
        ts_buf_free(&text);
        ts_buf_free(&again);
        ts_arena_fini(&a);
    }
}

Test(expr_print, different_trees_are_not_equal)
{
    static const char *const texts[] = {
        "A = 'x'",
        "A = 'X'",
        "a = 'x'",
        "A != 'x'",
        "A = x",
        "A = 5",
        "A = '5'",
        "exists A",
        "not exists A",
        "not A = 'x'",
        "()",
        "not ()",
        "A = 1 and B = 1",
        "A = 1 or B = 1",
        "B = 1 and A = 1",
        "not (A = 1 or B = 1)",
        "not (A = 1 and B = 1)",
        "A = 1 and B = 1 and C = 1",
        "(A = 1 and B = 1) and C = 1",
        "file('x')",
        "folder('x')",
        "file('x', version = 1)",
        "file('x', modified = 1)",
        "wmi('x')",
        "wmi('x', '')",
        "registry('x')",
        "registry('x', '')",
        "registry('x', '', 'T')",
    };
    size_t n = sizeof texts / sizeof texts[0];
    struct ts_arena a = {0};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            struct ts_expr *x = NULL, *y = NULL;
            cr_assert_eq(ts_expr_parse(&x, &a, ts_str_of(texts[i]), NULL), TS_OK);
            cr_assert_eq(ts_expr_parse(&y, &a, ts_str_of(texts[k]), NULL), TS_OK);
            cr_expect_eq(ts_expr_equal(x, y), i == k, "`%s` and `%s`", texts[i],
                         texts[k]);
        }
    }
    cr_expect(ts_expr_equal(NULL, NULL));
    ts_arena_fini(&a);
}
