#include "expr/expr.h"

#include <criterion/criterion.h>
#include <string.h>

static struct ts_expr *parse(struct ts_arena *a, const char *text)
{
    struct ts_expr *x = NULL;
    struct ts_err err = {0};
    cr_assert_eq(ts_expr_parse(&x, a, ts_str_of(text), &err), TS_OK, "`%s`: %s", text,
                 err.text);
    return x;
}

/* text in, canonical text out */
static void expect_prints(const char *text, const char *canonical)
{
    struct ts_arena a = {0};
    struct ts_buf b = {0};
    ts_expr_print(&b, parse(&a, text));
    cr_expect_str_eq(ts_buf_text(&b), canonical, "`%s` printed as `%s`", text,
                     ts_buf_text(&b));
    ts_buf_free(&b);
    ts_arena_fini(&a);
}

Test(expr_parse, every_form_prints_back)
{
    static const struct {
        const char *in, *out;
    } t[] = {
        {"A = 'x'", "A = 'x'"},
        {"A=='x'", "A = 'x'"},
        {"A<>5", "A != 5"},
        {"A != 5", "A != 5"},
        {"A<5", "A < 5"},
        {"A <=  -5", "A <= -5"},
        {"A>+5.250", "A > +5.250"},
        {"A >= 007", "A >= 007"},
        {"A = B", "A = B"},
        {"OSD-Name_1 = 'it''s'", "OSD-Name_1 = 'it''s'"},
        {"A LIKE '*x?'", "A like '*x?'"},
        {"A Not Like '*x?'", "A not like '*x?'"},
        {"EXISTS A", "exists A"},
        {"not exists A", "not exists A"},
        {"not (exists A)", "not exists A"},
        {"not not exists A", "not not exists A"},
        {"not A = 'YES'", "not A = 'YES'"},
        {"NOT (A = 1 OR B = 2)", "not (A = 1 or B = 2)"},
        {"not (A = 1 and B = 2)", "not (A = 1 and B = 2)"},
        {"not A = 1 and B = 2", "not A = 1 and B = 2"},
        {"A = 1 and B = 2 or C = 3", "A = 1 and B = 2 or C = 3"},
        {"(A = 1 and B = 2) or C = 3", "A = 1 and B = 2 or C = 3"},
        {"A = 1 and (B = 2 or C = 3)", "A = 1 and (B = 2 or C = 3)"},
        {"(A = 1 and B = 2) and C = 3", "(A = 1 and B = 2) and C = 3"},
        {"A = 1 or (B = 2 or C = 3)", "A = 1 or (B = 2 or C = 3)"},
        {"((((A = 1))))", "A = 1"},
        {"()", "()"},
        {"not ()", "not ()"},
        {"A\t=\n'x'\r\nand B='y'", "A = 'x' and B = 'y'"},
        {"file('C:\\a b')", "file('C:\\a b')"},
        {"FILE( 'C:\\a' )", "file('C:\\a')"},
        {"file('a', version >= '1.2.3')", "file('a', version >= '1.2.3')"},
        {"file('a', Version like '1.*')", "file('a', version like '1.*')"},
        {"file('a', modified < '20240101000000.000000+000')",
         "file('a', modified < '20240101000000.000000+000')"},
        {"folder('%Store%\\x')", "folder('%Store%\\x')"},
        {"folder('a', modified > When)", "folder('a', modified > When)"},
        {"registry('HKLM\\Soft')", "registry('HKLM\\Soft')"},
        {"registry('HKLM\\Soft' not exists)", "registry('HKLM\\Soft' not exists)"},
        {"registry('k', 'v')", "registry('k', 'v')"},
        {"registry('k', 'v' exists)", "registry('k', 'v')"},
        {"registry('k', 'v' not exists)", "registry('k', 'v' not exists)"},
        {"registry('k', 'v', 'REG_DWORD')", "registry('k', 'v', 'REG_DWORD')"},
        {"registry('k', 'v' = 'd')", "registry('k', 'v' = 'd')"},
        {"registry('k', '' >= 5)", "registry('k', '' >= 5)"},
        {"registry('k', 'v' not like '*d')", "registry('k', 'v' not like '*d')"},
        {"wmi('SELECT * FROM X WHERE N LIKE ''%a%''')",
         "wmi('SELECT * FROM X WHERE N LIKE ''%a%''')"},
        {"wmi('q', 'root\\wmi')", "wmi('q', 'root\\wmi')"},
        {"os('>=', '10.0.19041', 'x64')", "os('>=', '10.0.19041', 'x64')"},
        {"os('greaterEqual', 6)", "os('>=', 6)"},
        {"software('{A-B}')", "software('{A-B}')"},
        {"software('{A-B}', >= '1.2')", "software('{A-B}', >= '1.2')"},
        {"variable('7zip') = 'x'", "variable('7zip') = 'x'"},
        {"variable('%A%1') = variable('b c')", "variable('%A%1') = variable('b c')"},
        {"variable('Plain') = 1", "Plain = 1"},
        {"exists variable('like')", "exists variable('like')"},
        {"variable = 'x'", "variable = 'x'"},
        {"file = 'x' and os = folder", "file = 'x' and os = folder"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        expect_prints(t[i].in, t[i].out);
        expect_prints(t[i].out, t[i].out);
    }
}

Test(expr_parse, and_binds_closer_than_or_and_not_closest)
{
    struct ts_arena a = {0};
    struct ts_expr *x = parse(&a, "not A = 1 and B = 2 or C = 3");
    cr_assert_eq(x->kind, TS_X_ANY);
    cr_assert_eq(x->first->kind, TS_X_ALL);
    cr_assert_eq(x->first->first->kind, TS_X_NONE);
    cr_assert_eq(x->first->first->first->kind, TS_X_COMPARE);
    cr_assert_str_eq(x->first->first->next->name, "B");
    cr_assert_str_eq(x->first->next->name, "C");
    cr_assert_null(x->first->next->next);
    ts_arena_fini(&a);
}

Test(expr_parse, keeps_the_parts_of_a_leaf)
{
    struct ts_arena a = {0};
    struct ts_expr *x = parse(&a, "registry('HKLM\\S', 'V' <= -1.50, 'REG_SZ')");
    cr_assert_eq(x->kind, TS_X_REGISTRY);
    cr_assert_eq(x->op, TS_OP_LE);
    cr_assert_str_eq(x->name, "HKLM\\S");
    cr_assert_str_eq(x->part, "V");
    cr_assert_str_eq(x->value, "-1.50");
    cr_assert(x->value_is_number && !x->value_is_name);
    cr_assert_str_eq(x->type, "REG_SZ");

    x = parse(&a, "Left like Right");
    cr_assert_eq(x->op, TS_OP_LIKE);
    cr_assert(x->value_is_name && !x->value_is_number);
    cr_assert_str_eq(x->value, "Right");
    ts_arena_fini(&a);
}

Test(expr_parse, errors_name_the_column_and_the_way_out)
{
    static const struct {
        const char *in, *column, *says;
    } t[] = {
        {"", "column 1:", "empty"},
        {"   ", "column 1:", "empty"},
        {"A", "column 2:", "exists NAME"},
        {"A =", "column 4:", "expected a value"},
        {"A = ", "column 5:", "found the end"},
        {"A = 'x", "column 5:", "no closing quote"},
        {"A = \"x\"", "column 5:", "single quotes"},
        {"A = \xE2\x80\x98x\xE2\x80\x99", "column 5:", "straight single quotes"},
        {"\xC3\xA4 = 'x'", "column 1:", "not understood"},
        {"A = '\xC3\xA4' && B = 1", "column 9:", "write `and`"},
        {"A = 1 || B = 1", "column 7:", "write `or`"},
        {"!A = 1", "column 1:", "write `not`"},
        {"A -eq 1", "column 3:", "write `=`"},
        {"A -NE 1", "column 3:", "write `!=`"},
        {"A -like 'x'", "column 3:", "write `like`"},
        {"A =< 1", "column 3:", "write `<=`"},
        {"A => 1", "column 3:", "write `>=`"},
        {"A =~ 'x'", "column 4:", "write `like`"},
        {"%A% = 1", "column 1:", "percent signs"},
        {"$A = 1", "column 1:", "bare name"},
        {"A = Windows 10", "column 13:", "text with blanks stands in single quotes"},
        {"A = C:\\x", "column 6:", "single quotes"},
        {"A = 10.0.19041", "column 5:", "'10.0.19041'"},
        {"A = 2024-01-02", "column 5:", "'2024-01-02'"},
        {"7zip = 1", "column 1:", "variable('7zip')"},
        {"A = 5.", "column 5:", "neither a number"},
        {"A equals 'x'", "column 3:", "write `=`"},
        {"A contains 'x'", "column 3:", "like '*text*'"},
        {"A exists", "column 3:", "exists NAME"},
        {"A not = 'x'", "column 7:", "`like` after `not`"},
        {"A = and", "column 5:", "word of the language"},
        {"like = 1", "column 1:", "variable('like')"},
        {"exists not", "column 8:", "variable('not')"},
        {"exists 'A'", "column 8:", "expected the name"},
        {"'A' = 'x'", "column 1:", "without quotes"},
        {"A = 1 and", "column 10:", "expected a condition, found the end"},
        {"and A = 1", "column 1:", "word of the language"},
        {"(A = 1", "column 7:", "`)`"},
        {"A = 1)", "column 6:", "closes nothing"},
        {"A = 1 B = 2", "column 7:", "`and`, `or` or the end"},
        {"A = 1,", "column 6:", "`and`, `or` or the end"},
        {"A = = 1", "column 5:", "expected a value"},
        {"fille('x')", "column 1:", "did you mean file?"},
        {"frobnicate('x')", "column 1:", "there is no `frobnicate(...)`"},
        {"file()", "column 6:", "a path in single quotes"},
        {"file('x', size > 1)", "column 11:", "`version` or `modified`"},
        {"folder('x', version > 1)", "column 13:", "expected `modified`"},
        {"file('x', modified like '2')", "column 19:", "it is compared with"},
        {"file('x' 'y')", "column 10:", "expected `)`"},
        {"os(>= '10')", "column 4:", "stands in quotes"},
        {"os('like', '10')", "column 4:", "one of"},
        {"os('>=')", "column 8:", "a version"},
        {"registry('k' = 1)", "column 14:", "expected `)`"},
        {"variable('x'", "column 13:", "`)`"},
        {"A = 1\nand B \n= \"x\"", "line 3, column 3:", "single quotes"},
        {"A = 1 [", "column 7:", "round brackets"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct ts_arena a = {0};
        struct ts_expr *x = NULL;
        struct ts_err err = {0};
        cr_expect_eq(ts_expr_parse(&x, &a, ts_str_of(t[i].in), &err), TS_EINPUT, "`%s`",
                     t[i].in);
        cr_expect_null(x);
        cr_expect(strncmp(err.text, t[i].column, strlen(t[i].column)) == 0, "`%s`: %s",
                  t[i].in, err.text);
        cr_expect(strstr(err.text, t[i].says), "`%s`: %s", t[i].in, err.text);
        ts_arena_fini(&a);
    }
}

Test(expr_parse, a_zero_byte_is_refused)
{
    struct ts_arena a = {0};
    struct ts_expr *x = NULL;
    struct ts_err err = {0};
    cr_expect_eq(ts_expr_parse(&x, &a, TS_S("A = 'x\0y'"), &err), TS_EINPUT);
    cr_expect_eq(ts_expr_parse(&x, &a, TS_S("A = 1\0"), &err), TS_EINPUT);
    ts_arena_fini(&a);
}

static enum ts_code parse_nested(const char *open, const char *close, int n)
{
    struct ts_arena a = {0};
    struct ts_buf b = {0};
    struct ts_err err = {0};
    struct ts_expr *x = NULL;
    for (int i = 0; i < n; i++) {
        ts_buf_z(&b, open);
    }
    ts_buf_z(&b, "A = 1");
    for (int i = 0; i < n; i++) {
        ts_buf_z(&b, close);
    }
    enum ts_code rc = ts_expr_parse(&x, &a, ts_buf_view(&b), &err);
    if (rc != TS_OK) {
        cr_expect(strstr(err.text, "100 deep"), "%s", err.text);
    }
    ts_buf_free(&b);
    ts_arena_fini(&a);
    return rc;
}

Test(expr_parse, nesting_is_bounded)
{
    cr_expect_eq(parse_nested("(", ")", 100), TS_OK);
    cr_expect_eq(parse_nested("(", ")", 101), TS_EINPUT);
    cr_expect_eq(parse_nested("not ", "", 100), TS_OK);
    cr_expect_eq(parse_nested("not ", "", 101), TS_EINPUT);
    cr_expect_eq(parse_nested("not (", ")", 100), TS_OK);
    cr_expect_eq(parse_nested("not (", ")", 101), TS_EINPUT);
    cr_expect_eq(parse_nested("(", ")", 1000000), TS_EINPUT);
    cr_expect_eq(parse_nested("not ", "", 1000000), TS_EINPUT);
}
