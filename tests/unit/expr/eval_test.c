#include "expr_test.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct fake_var vars[] = {
    {"Yes", "YES", false},
    {"Ten", "10", false},
    {"Name", "Ten", false},
    {"Ref", "%Ten%0", false},
    {"Gone", "", false},
    {"Pw", "hunter2", true},
    {"Esc", "a\x1b[2Jb\nc", false},
    {"_SMSTSLastActionRetCode", "-2147467259", false},
    {"Copy", "2147500037", false},
    {NULL, NULL, false},
};

struct asked {
    int calls, warnings;
    char kind[8];
    char name[80], value[80], part[80], warning[400];
    enum ts_code answer;
    bool result;
};

static bool variable(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    (void)ctx;
    return fake_variable(vars, name, value, secret);
}

static bool environment(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    (void)ctx;
    (void)secret;
    if (!ts_str_eq(name, TS_S("windir"))) {
        return false;
    }
    *value = TS_S("C:\\Windows");
    return true;
}

static enum ts_code fact(void *ctx, const struct ts_expr *x, const char *name,
                         const char *value, const char *part, bool *result,
                         struct ts_buf *why, struct ts_err *err)
{
    struct asked *a = ctx;
    (void)x;
    a->calls++;
    snprintf(a->name, sizeof a->name, "%s", name ? name : "(null)");
    snprintf(a->value, sizeof a->value, "%s", value ? value : "(null)");
    snprintf(a->part, sizeof a->part, "%s", part ? part : "(null)");
    if (a->answer != TS_OK) {
        return ts_fail(err, a->answer, "there is no registry on this platform");
    }
    if (why) {
        ts_buf_fmt(why, "it was looked for in %s", name);
    }
    *result = a->result;
    return TS_OK;
}

static void warn(void *ctx, const char *message)
{
    struct asked *a = ctx;
    a->warnings++;
    snprintf(a->warning, sizeof a->warning, "%s", message);
}

static struct ts_expr_env env_of(struct asked *a)
{
    return (struct ts_expr_env){.ctx = a,
                                .variable = variable,
                                .environment = environment,
                                .fact = fact,
                                .warn = warn};
}

static bool eval(const char *text, struct asked *asked, struct ts_buf *why)
{
    struct ts_arena a = {0};
    struct ts_expr *x = NULL;
    struct ts_err err = {0};
    struct ts_expr_env env = env_of(asked);
    bool result = false;
    cr_assert_eq(ts_expr_parse(&x, &a, ts_str_of(text), &err), TS_OK, "`%s`: %s", text,
                 err.text);
    cr_assert_eq(ts_expr_eval(x, &env, &result, why, &err), TS_OK, "%s", err.text);
    ts_arena_fini(&a);
    return result;
}

Test(expr_eval, gives_the_right_answer_and_says_why)
{
    static const struct {
        const char *text;
        bool result;
        const char *why;
    } t[] = {
        {"Yes = 'yes'", true, "`Yes = 'yes'` is true (Yes is 'YES')"},
        {"yEs = 'no'", false, "`yEs = 'no'` is false (yEs is 'YES')"},
        {"TSStartedInWinPE = 'YES'", false,
         "`TSStartedInWinPE = 'YES'` is false (TSStartedInWinPE is missing)"},
        {"not TSStartedInWinPE = 'YES'", true,
         "`TSStartedInWinPE = 'YES'` is false (TSStartedInWinPE is missing)"},
        {"Gone = ''", true, "`Gone = ''` is true (Gone is missing)"},
        {"exists Gone", false, "`exists Gone` is false (Gone is missing)"},
        {"not exists Ten", false, "`not exists Ten` is false (Ten is '10')"},
        {"Ten > 9", true, "`Ten > 9` is true (Ten is '10')"},
        {"Ten = Name", false, "`Ten = Name` is false (Ten is '10', Name is 'Ten')"},
        {"Ten = Nope", false, "`Ten = Nope` is false (Ten is '10', Nope is missing)"},
        {"Ten > Nope", false, "`Ten > Nope` is false (Ten is '10', Nope is missing)"},
        {"Ten >= Nope", false, "`Ten >= Nope` is false (Ten is '10', Nope is missing)"},
        {"Nope = Gone", true, "`Nope = Gone` is true (Nope is missing, Gone is missing)"},
        {"Ten = '%Ten%'", true,
         "`Ten = '%Ten%'` is true (Ten is '10', the right side is '10')"},
        {"Ten = '%Nope%'", false, "`Ten = '%Nope%'` is false (Ten is '10')"},
        {"Ref = '%Ten%0'", false,
         "`Ref = '%Ten%0'` is false (Ref is '%Ten%0', the right side is '100')"},
        {"variable('%Name%') = 10", true,
         "`variable('%Name%') = 10` is true (Ten is '10')"},
        {"X = '%windir%'", false,
         "`X = '%windir%'` is false (X is missing, the right side is 'C:\\Windows')"},
        {"windir = 'C:\\Windows'", false,
         "`windir = 'C:\\Windows'` is false (windir is missing)"},
        {"Pw = 'x'", false, "`Pw = 'x'` is false (Pw is *****)"},
        {"Ten = '%Pw%'", false,
         "`Ten = '%Pw%'` is false (Ten is '10', the right side is *****)"},
        {"Ten = Pw", false, "`Ten = Pw` is false (Ten is '10', Pw is *****)"},
        {"variable('%Pw%') = 1", false,
         "`variable('%Pw%') = 1` is false (***** is missing)"},
        {"Esc = 1", false, "`Esc = 1` is false (Esc is 'a\\x1b[2Jb\\nc')"},
        {"_smstslastactionRETCODE = 2147500037", true,
         "`_smstslastactionRETCODE = 2147500037` is true "
         "(_smstslastactionRETCODE is '-2147467259')"},
        {"Copy = _SMSTSLastActionRetCode", true,
         "`Copy = _SMSTSLastActionRetCode` is true (Copy is '2147500037', "
         "_SMSTSLastActionRetCode is '-2147467259')"},
        {"Copy = -2147467259", false,
         "`Copy = -2147467259` is false (Copy is '2147500037')"},
        {"()", true, ""},
        {"not ()", false, ""},
        /* the first that settles it ends it */
        {"Ten = 1 and Yes = 'YES'", false, "`Ten = 1` is false (Ten is '10')"},
        {"Ten = 10 and Yes = 'YES'", true,
         "`Ten = 10` is true (Ten is '10'); `Yes = 'YES'` is true (Yes is 'YES')"},
        {"Ten = 10 or Yes = 'YES'", true, "`Ten = 10` is true (Ten is '10')"},
        {"Ten = 1 or Yes = 'NO'", false,
         "`Ten = 1` is false (Ten is '10'); `Yes = 'NO'` is false (Yes is 'YES')"},
        {"not (Ten = 10 or Yes = 'YES')", false, "`Ten = 10` is true (Ten is '10')"},
        {"not (Ten = 1 or Yes = 'NO')", true,
         "`Ten = 1` is false (Ten is '10'); `Yes = 'NO'` is false (Yes is 'YES')"},
        {"not (Ten = 10 and Yes = 'NO')", true,
         "`Ten = 10` is true (Ten is '10'); `Yes = 'NO'` is false (Yes is 'YES')"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct asked asked = {0};
        struct ts_buf why = {0};
        cr_expect_eq(eval(t[i].text, &asked, &why), t[i].result, "`%s`", t[i].text);
        cr_expect_str_eq(ts_buf_text(&why), t[i].why);
        cr_expect_eq(eval(t[i].text, &asked, NULL), t[i].result, "`%s`", t[i].text);
        ts_buf_free(&why);
    }
}

Test(expr_eval, no_condition_is_true_and_why_is_appended)
{
    struct asked asked = {0};
    struct ts_expr_env env = env_of(&asked);
    bool result = false;
    cr_assert_eq(ts_expr_eval(NULL, &env, &result, NULL, NULL), TS_OK);
    cr_expect(result);

    struct ts_buf why = {0};
    ts_buf_z(&why, "because ");
    eval("Ten = 1 or Ten = 10", &asked, &why);
    cr_expect_str_eq(ts_buf_text(&why), "because `Ten = 1` is false (Ten is '10'); "
                                        "`Ten = 10` is true (Ten is '10')");
    ts_buf_free(&why);
}

Test(expr_eval, groups_made_by_hand_without_children_are_true)
{
    struct asked asked = {0};
    struct ts_expr_env env = env_of(&asked);
    for (int kind = TS_X_ALL; kind <= TS_X_NONE; kind++) {
        struct ts_expr x = {.kind = (enum ts_expr_kind)kind};
        bool result = false;
        cr_assert_eq(ts_expr_eval(&x, &env, &result, NULL, NULL), TS_OK);
        cr_expect(result);
    }
}

Test(expr_eval, facts_are_asked_with_their_texts_expanded)
{
    struct asked a = {.result = true};
    struct ts_buf why = {0};
    cr_expect(eval("file('%WinDir%\\%Ten%', version >= '%Ten%.0')", &a, &why) == true);
    cr_expect_str_eq(a.name,
                     "%WinDir%\\10"); /* environment names are the system's affair */
    cr_expect_str_eq(a.value, "10.0");
    cr_expect_str_eq(a.part, "version");
    ts_buf_clear(&why);

    cr_expect(eval("file('%windir%\\x')", &a, &why));
    cr_expect_str_eq(a.name, "C:\\Windows\\x");
    cr_expect_str_eq(a.value, "(null)");
    cr_expect_str_eq(a.part, "(null)");
    cr_expect_str_eq(ts_buf_text(&why),
                     "`file('%windir%\\x')` is true (it was looked for "
                     "in C:\\Windows\\x)");
    ts_buf_clear(&why);

    eval("registry('k', '%Ten%' = Name)", &a, &why);
    cr_expect_str_eq(a.part, "10");
    cr_expect_str_eq(a.value, "Ten");
    eval("registry('k', '' = Nope)", &a, NULL);
    cr_expect_str_eq(a.part, "");
    cr_expect_str_eq(a.value, "");
    ts_buf_clear(&why);

    eval("folder('\\\\srv\\%Pw%')", &a, &why);
    cr_expect_str_eq(a.name, "\\\\srv\\hunter2");
    cr_expect_str_eq(ts_buf_text(&why), "`folder('\\\\srv\\%Pw%')` is true (*****)");
    ts_buf_free(&why);
}

Test(expr_eval, a_decided_group_asks_no_more_facts)
{
    struct asked a = {.result = true};
    eval("Ten = 10 or file('x')", &a, NULL);
    eval("Ten = 1 and file('x')", &a, NULL);
    cr_expect_eq(a.calls, 0);
    eval("file('x') or file('y')", &a, NULL);
    cr_expect_eq(a.calls, 1);
}

Test(expr_eval, a_fact_that_cannot_be_asked_is_an_error_with_explanation)
{
    struct asked a = {.answer = TS_EUNSUPPORTED};
    struct ts_arena arena = {0};
    struct ts_expr *x = NULL;
    struct ts_err err = {0};
    struct ts_expr_env env = env_of(&a);
    bool result;
    cr_assert_eq(ts_expr_parse(&x, &arena, TS_S("registry('HKLM\\X')"), &err), TS_OK);
    cr_expect_eq(ts_expr_eval(x, &env, &result, NULL, &err), TS_EUNSUPPORTED);
    cr_expect_str_eq(err.text,
                     "cannot evaluate `registry('HKLM\\X')`: there is no registry "
                     "on this platform");
    env.fact = NULL;
    cr_expect_eq(ts_expr_eval(x, &env, &result, NULL, &err), TS_EUNSUPPORTED);
    env.fact = fact;
    a.answer = TS_EIO;
    env.lenient = true; /* does not excuse real failures */
    cr_expect_eq(ts_expr_eval(x, &env, &result, NULL, &err), TS_EIO);
    cr_expect_eq(ts_expr_eval(x, &env, &result, NULL, NULL), TS_EIO);
    ts_arena_fini(&arena);
}

Test(expr_eval, in_an_imported_sequence_it_is_false_with_a_warning)
{
    struct asked a = {.answer = TS_EUNSUPPORTED};
    struct ts_arena arena = {0};
    struct ts_expr *x = NULL;
    struct ts_err err = {0};
    struct ts_buf why = {0};
    struct ts_expr_env env = env_of(&a);
    bool result = true;
    env.lenient = true;
    cr_assert_eq(ts_expr_parse(&x, &arena, TS_S("registry('K') or Ten = 10"), &err),
                 TS_OK);
    cr_assert_eq(ts_expr_eval(x, &env, &result, &why, &err), TS_OK);
    cr_expect(result);
    cr_expect_eq(a.warnings, 1);
    cr_expect_str_eq(a.warning,
                     "`registry('K')` counts as false: there is no registry on "
                     "this platform");
    cr_expect_str_eq(
        ts_buf_text(&why),
        "`registry('K')` is false (it cannot be asked: there is no registry on "
        "this platform); `Ten = 10` is true (Ten is '10')");
    ts_buf_free(&why);
    ts_arena_fini(&arena);
}
