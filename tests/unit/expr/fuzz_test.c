#include "expr_test.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

static struct fake_var vars[] = {
    {"A", "1", false}, {"B", "%A%", true}, {NULL, NULL, false}};

static void random_text(struct ts_buf *b, struct dice *d)
{
    static const char *const words[] = {
        "A",
        "B",
        " and ",
        " or ",
        " not ",
        "not ",
        "exists ",
        " like ",
        "(",
        ")",
        ",",
        "'",
        "''",
        "'x'",
        "=",
        "!=",
        "<",
        ">=",
        "%A%",
        "%",
        "5",
        "-1.5",
        "file(",
        "os(",
        "wmi(",
        " ",
        "\n",
        "version",
        "registry(",
        "folder(",
        "software(",
        "variable(",
        "modified",
        "'>='",
        "\"",
        "-eq",
        "\xE2\x80\x9C",
    };
    for (unsigned n = roll(d, 24); n > 0; n--) {
        if (roll(d, 12) == 0) {
            ts_buf_c(b, (char)roll(d, 256));
        } else {
            ts_buf_z(b, words[roll(d, sizeof words / sizeof words[0])]);
        }
    }
}

/* A real condition with a few bytes changed. */
static void damaged_text(struct ts_buf *b, struct dice *d)
{
    static const char *const texts[] = {
        "not A = 'x' and (B like '*%A%*' or exists C) or D != -1.50",
        "file('C:\\x', version >= '1.2') and not os('>=', '10.0', 'x64')",
        "registry('HKLM\\S', 'V' = 'it''s', 'REG_SZ') or wmi('q', 'n') or variable('x "
        "y') = A",
        "software('{A}', > 1) and folder('x', modified < A) and A not like 'x'",
    };
    ts_buf_z(b, texts[roll(d, 4)]);
    for (unsigned n = roll(d, 3); n > 0; n--) {
        b->p[roll(d, (unsigned)b->n)] = "'()%,=x 1\0"[roll(d, 10)];
    }
}

Test(expr_fuzz, no_text_breaks_the_parser)
{
    struct dice d = {77};
    struct ts_expr_env env = {.ctx = vars, .variable = fake_variable, .lenient = true};
    int good = 0;
    for (int i = 0; i < 100000; i++) {
        struct ts_arena a = {0};
        struct ts_buf text = {0}, printed = {0}, why = {0};
        struct ts_expr *x = NULL, *y = NULL;
        struct ts_err err = {0};
        if (i % 2) {
            random_text(&text, &d);
        } else {
            damaged_text(&text, &d);
        }
        enum ts_code rc = ts_expr_parse(&x, &a, ts_buf_view(&text), &err);
        cr_assert(rc == TS_OK || (rc == TS_EINPUT && err.text[0] && !x));
        if (rc == TS_OK) {
            bool result;
            good++;
            ts_expr_print(&printed, x);
            cr_assert_eq(ts_expr_parse(&y, &a, ts_buf_view(&printed), &err), TS_OK);
            cr_assert(ts_expr_equal(x, y));
            cr_assert_eq(ts_expr_eval(x, &env, &result, &why, &err), TS_OK);
        }
        ts_buf_free(&text);
        ts_buf_free(&printed);
        ts_buf_free(&why);
        ts_arena_fini(&a);
    }
    cr_expect_gt(good, 10000, "only %d texts were conditions", good);
}

static struct ts_value *random_data(struct ts_arena *a, struct dice *d, int depth)
{
    static const char *const keys[] = {
        "all",      "any",       "none", "variable", "op",           "value", "file",
        "folder",   "wmi",       "os",   "data",     "registry",     "type",  "version",
        "modified", "namespace", "soft", "software", "architecture",
    };
    static const char *const texts[] = {"A", "equals", "=",     "exists",
                                        "1", "",       "A = 1", ">="};
    struct ts_value *v;
    switch (depth > 0 ? roll(d, 6) : 2 + roll(d, 3)) {
    case 0:
        v = ts_value_new(a, TS_ARRAY);
        for (unsigned n = roll(d, 4); n > 0; n--) {
            ts_value_push(v, random_data(a, d, depth - 1));
        }
        return v;
    case 2:
        return ts_value_int(a, (int64_t)roll(d, 100) - 50);
    case 3:
        return ts_value_bool(a, roll(d, 2) != 0);
    case 4:
        return ts_value_string(a, ts_str_of(texts[roll(d, 8)]));
    default:
        v = ts_value_new(a, TS_OBJECT);
        for (unsigned n = roll(d, 4); n > 0; n--) {
            ts_value_set(a, v, ts_str_of(keys[roll(d, sizeof keys / sizeof keys[0])]),
                         random_data(a, d, depth - 1));
        }
        return v;
    }
}

Test(expr_fuzz, no_data_breaks_the_reader)
{
    struct dice d = {99};
    int good = 0;
    for (int i = 0; i < 100000; i++) {
        struct ts_arena a = {0};
        struct ts_expr *x = NULL;
        struct ts_err err = {0};
        enum ts_code rc = ts_expr_from_value(&x, &a, random_data(&a, &d, 5), &err);
        cr_assert(rc == TS_OK || (rc == TS_EINPUT && err.text[0] && !x));
        good += rc == TS_OK;
        ts_arena_fini(&a);
    }
    cr_expect_gt(good, 100, "only %d were conditions", good);
}

Test(expr_fuzz, random_patterns_and_texts_compare_in_bounded_time)
{
    struct dice d = {5};
    clock_t start = clock();
    for (int i = 0; i < 20000; i++) {
        char left[200], right[200];
        size_t nl = roll(&d, sizeof left), nr = roll(&d, sizeof right);
        for (size_t k = 0; k < nl; k++) {
            left[k] = "ab01"[roll(&d, 4)];
        }
        for (size_t k = 0; k < nr; k++) {
            right[k] = "ab*?"[roll(&d, 4)];
        }
        ts_str l = {left, nl}, r = {right, nr};
        bool like = ts_compare(l, false, TS_OP_LIKE, r, false);
        cr_assert_eq(ts_compare(l, false, TS_OP_NOTLIKE, r, false), !like);
        int order = ts_version_compare(l, r);
        cr_assert_eq(ts_version_compare(r, l), -order);
        cr_assert(ts_compare(l, false, TS_OP_LE, r, false) ==
                      !ts_compare(l, false, TS_OP_GT, r, false) ||
                  nl == 0);
    }
    cr_expect_lt((double)(clock() - start) / CLOCKS_PER_SEC, 20.0);
}
