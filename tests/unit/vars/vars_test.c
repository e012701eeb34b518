#include "vars/vars.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static enum ts_code set(struct ts_vars *v, enum ts_scope scope, const char *name,
                        const char *value)
{
    return ts_vars_set(v, scope, ts_str_of(name), ts_str_of(value), false, NULL);
}

static void must_set(struct ts_vars *v, enum ts_scope scope, const char *name,
                     const char *value)
{
    cr_assert_eq(set(v, scope, name, value), TS_OK, "%s", name);
}

static void expect_value(const struct ts_vars *v, const char *name, const char *value)
{
    const char *got = ts_vars_get(v, name);
    if (value) {
        cr_expect(got && strcmp(got, value) == 0, "%s is %s, not %s", name,
                  got ? got : "(missing)", value);
    } else {
        cr_expect_null(got, "%s is %s, not missing", name, got);
    }
}

Test(vars, names_have_no_case_and_keep_the_first_spelling)
{
    struct ts_vars *v = ts_vars_new();
    must_set(v, TS_SCOPE_STEP, "OsDisk", "C:");
    must_set(v, TS_SCOPE_STEP, "OSDISK", "D:");
    expect_value(v, "osdisk", "D:");
    cr_expect_str_eq(ts_vars_spelling(v, TS_S("oSdIsK")), "OsDisk");
    cr_expect_null(ts_vars_spelling(v, TS_S("other")));
    expect_value(v, "other", NULL);
    ts_vars_free(v);
    ts_vars_free(NULL);
}

Test(vars, the_strongest_scope_that_was_set_wins)
{
    static const enum ts_scope order[] = {TS_SCOPE_RUN, TS_SCOPE_DEFAULT, TS_SCOPE_STEP,
                                          TS_SCOPE_RULES};
    static const char *const expected[] = {"run", "run", "step", "step"};
    static const char *const values[] = {"default", "rules", "run", "step"};
    struct ts_vars *v = ts_vars_new();
    for (int i = 0; i < 4; i++) {
        must_set(v, order[i], "X", values[order[i]]);
        expect_value(v, "X", expected[i]);
    }
    must_set(v, TS_SCOPE_STEP, "X", ""); /* hides the weaker ones */
    expect_value(v, "X", NULL);
    must_set(v, TS_SCOPE_RUN, "X", "again");
    expect_value(v, "X", NULL);
    must_set(v, TS_SCOPE_STEP, "X", "back");
    expect_value(v, "X", "back");
    ts_vars_free(v);
}

Test(vars, names_with_underscore_belong_to_the_runtime)
{
    struct ts_vars *v = ts_vars_new();
    struct ts_err err = {0};
    for (int s = TS_SCOPE_DEFAULT; s < TS_SCOPE_ENGINE; s++) {
        cr_expect_eq(
            ts_vars_set(v, (enum ts_scope)s, TS_S("_TSRunId"), TS_S("x"), false, &err),
            TS_EACCESS);
        cr_expect(strstr(err.text, "_TSRunId") && strstr(err.text, "runtime"), "%s",
                  err.text);
    }
    expect_value(v, "_TSRunId", NULL);
    must_set(v, TS_SCOPE_ENGINE, "_TSRunId", "1");
    ts_vars_engine(v, "_SMSTSInWinPE", "true");
    expect_value(v, "_TSRunId", "1");
    expect_value(v, "_smstsinwinpe", "true");

    ts_vars_allow(v, TS_S("_OSDMigrateUseHardlinks"));
    cr_expect_eq(set(v, TS_SCOPE_STEP, "_osdmigrateusehardlinks", "true"), TS_OK);
    ts_vars_allow(v, TS_S("_SMSTSInWinPE"));
    cr_expect_eq(set(v, TS_SCOPE_STEP, "_SMSTSInWinPE", "false"), TS_EACCESS);
    cr_expect_eq(set(v, TS_SCOPE_RULES, "_SMSTSOrgName", "Contoso"), TS_OK);
    cr_expect_eq(set(v, TS_SCOPE_STEP, "_SMSTSOrgName", "Other"), TS_EACCESS);
    ts_vars_free(v);
}

Test(vars, a_step_can_change_a_plain_name_that_the_runtime_set)
{
    struct ts_vars *v = ts_vars_new();
    ts_vars_engine(v, "SMSTSRebootRequested", "");
    must_set(v, TS_SCOPE_STEP, "SMSTSRebootRequested", "WinPE");
    expect_value(v, "SMSTSRebootRequested", "WinPE");
    ts_vars_engine(v, "SMSTSRebootRequested", "");
    expect_value(v, "SMSTSRebootRequested", NULL);
    ts_vars_free(v);
}

Test(vars, only_names_are_taken)
{
    static const char *const bad[] = {"",         "a b", " a",  "a%",
                                      "\xC3\xA4", "a.b", "a=b", "(x)"};
    static const char *const good[] = {"a", "A-b_9", "7zip", "-", "OSDAdapter0Name"};
    char longest[258];
    struct ts_vars *v = ts_vars_new();
    struct ts_err err = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(
            ts_vars_set(v, TS_SCOPE_ENGINE, ts_str_of(bad[i]), TS_S("x"), false, &err),
            TS_EINPUT, "`%s`", bad[i]);
        cr_expect(strstr(err.text, "letters"), "%s", err.text);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_expect_eq(set(v, TS_SCOPE_STEP, good[i], "x"), TS_OK, "`%s`", good[i]);
    }
    memset(longest, 'n', sizeof longest);
    longest[257] = '\0';
    cr_expect_eq(set(v, TS_SCOPE_STEP, longest, "x"), TS_EINPUT);
    longest[256] = '\0';
    cr_expect_eq(set(v, TS_SCOPE_STEP, longest, "x"), TS_OK);
    cr_expect_eq(ts_vars_set(v, TS_SCOPE_STEP, TS_S("Z"), TS_S("a\0b"), false, &err),
                 TS_EINPUT);
    expect_value(v, "Z", NULL);
    ts_vars_free(v);
}

Test(vars, all_values_together_are_bounded)
{
    struct ts_vars *v = ts_vars_new();
    size_t n = (size_t)20 << 20;
    char *big = malloc(n);
    memset(big, 'x', n);
    ts_str text = {big, n};
    cr_expect_eq(ts_vars_set(v, TS_SCOPE_STEP, TS_S("A"), text, false, NULL), TS_OK);
    cr_expect_eq(ts_vars_set(v, TS_SCOPE_STEP, TS_S("B"), text, false, NULL), TS_ELIMIT);
    must_set(v, TS_SCOPE_STEP, "A", "");
    cr_expect_eq(ts_vars_set(v, TS_SCOPE_STEP, TS_S("B"), text, false, NULL), TS_OK);
    free(big);
    ts_vars_free(v);
}

Test(vars, a_value_may_come_from_the_variable_itself)
{
    struct ts_vars *v = ts_vars_new();
    ts_str value;
    must_set(v, TS_SCOPE_STEP, "Password1", "abcdefgh");
    cr_assert(ts_vars_lookup(v, TS_S("Password1"), &value, NULL));
    cr_expect_eq(ts_vars_set(v, TS_SCOPE_STEP, TS_S("Password1"),
                             (ts_str){value.p + 2, value.n - 4}, false, NULL),
                 TS_OK);
    expect_value(v, "Password1", "cdef");
    ts_vars_free(v);
}

Test(vars, expansion_takes_variables_first_then_the_environment)
{
    struct ts_vars *v = ts_vars_new();
    struct ts_buf b = {0};
    bool secret = false;
    setenv("TS_TEST_ENV", "from-env", 1);
    setenv("TS_TEST_BOTH", "from-env", 1);
    setenv("TS_TEST_PASSWORD", "pw-env", 1);
    must_set(v, TS_SCOPE_STEP, "ts_test_both", "from-var");
    ts_vars_expand(v, &b, TS_S("%TS_TEST_ENV% %TS_TEST_BOTH% %TS_TEST_NONE% 100%"),
                   &secret);
    cr_expect_str_eq(ts_buf_text(&b), "from-env from-var %TS_TEST_NONE% 100%");
    cr_expect_not(secret);
    ts_vars_expand(v, &b, TS_S("%TS_TEST_PASSWORD%"), &secret);
    cr_expect(secret);
    ts_buf_free(&b);

    ts_str value;
    bool hidden = false;
    cr_expect_not(ts_vars_env_lookup(v, TS_S("TS_TEST_ENV"), &value, &hidden));
    cr_expect(ts_vars_process_env(NULL, TS_S("TS_TEST_ENV"), &value, &hidden));
    cr_expect_not(ts_vars_process_env(NULL, TS_S(""), &value, &hidden));
    ts_vars_free(v);
}

Test(vars, local_defaults_stand_behind_everything_and_go_together)
{
    struct ts_vars *v = ts_vars_new();
    must_set(v, TS_SCOPE_DEFAULT, "Mode", "typed earlier");
    ts_vars_local_set(v, TS_S("Mode"), TS_S("step"));
    ts_vars_local_set(v, TS_S("_OSDMigrateX"), TS_S("1"));
    ts_vars_local_set(v, TS_S("Only"), TS_S("a"));
    ts_vars_local_set(v, TS_S("Only"), TS_S("b"));
    ts_vars_local_set(v, TS_S("not a name"), TS_S("b"));
    expect_value(v, "Mode", "typed earlier");
    expect_value(v, "_OSDMigrateX", "1");
    expect_value(v, "Only", "b");
    must_set(v, TS_SCOPE_STEP, "Mode", ""); /* gone: the local one shows */
    expect_value(v, "Mode", "step");
    ts_vars_local_clear(v);
    expect_value(v, "Mode", NULL);
    expect_value(v, "_OSDMigrateX", NULL);
    expect_value(v, "Only", NULL);
    ts_vars_local_set(v, TS_S("Only"), TS_S("c"));
    expect_value(v, "Only", "c");
    ts_vars_local_clear(v);
    ts_vars_local_clear(v);
    ts_vars_free(v);
}

static void note(void *ctx, const struct ts_var *var)
{
    ts_buf_fmt(ctx, "%s=%s@%d%s;", var->name, var->value ? var->value : "(gone)",
               (int)var->scope, var->secret ? "!" : "");
}

Test(vars, the_listener_hears_what_becomes_visible)
{
    struct ts_vars *v = ts_vars_new();
    struct ts_buf b = {0};
    ts_vars_listen(v, note, &b);
    must_set(v, TS_SCOPE_DEFAULT, "A", "1");
    must_set(v, TS_SCOPE_STEP, "A", "1");  /* same text: nothing changes for anyone */
    must_set(v, TS_SCOPE_RULES, "A", "2"); /* behind the step's */
    must_set(v, TS_SCOPE_STEP, "A", "3");
    must_set(v, TS_SCOPE_STEP, "A", "");
    must_set(v, TS_SCOPE_STEP, "A", "");
    must_set(v, TS_SCOPE_STEP, "Never", "");
    ts_vars_local_set(v, TS_S("L"), TS_S("x"));
    ts_vars_local_clear(v);
    must_set(v, TS_SCOPE_RUN, "UserPassword", "pw");
    cr_expect_str_eq(ts_buf_text(&b), "A=1@0;A=3@3;A=(gone)@3;UserPassword=pw@2!;");
    ts_buf_free(&b);
    ts_vars_free(v);
}

Test(vars, each_gives_values_and_each_scope_all_entries_in_order)
{
    struct ts_vars *v = ts_vars_new();
    struct ts_buf b = {0};
    must_set(v, TS_SCOPE_STEP, "B", "1");
    must_set(v, TS_SCOPE_RUN, "A", "2");
    must_set(v, TS_SCOPE_STEP, "A", "");
    ts_vars_engine(v, "_E", "3");
    must_set(v, TS_SCOPE_DEFAULT, "B", "0");
    ts_vars_local_set(v, TS_S("L"), TS_S("x"));
    ts_vars_mark_secret(v, TS_S("B"));
    ts_vars_each(v, note, &b);
    cr_expect_str_eq(ts_buf_text(&b), "B=1@3!;_E=3@4;");
    ts_buf_clear(&b);
    ts_vars_each_scope(v, note, &b);
    cr_expect_str_eq(ts_buf_text(&b), "B=0@0!;B=1@3!;A=2@2;A=(gone)@3;_E=3@4;");
    ts_buf_free(&b);
    ts_vars_free(v);
}

static void copy_entry(void *ctx, const struct ts_var *var)
{
    ts_vars_allow(ctx, ts_str_of(var->name));
    cr_assert_eq(ts_vars_set(ctx, var->scope, ts_str_of(var->name), ts_str_of(var->value),
                             var->secret, NULL),
                 TS_OK);
}

Test(vars, each_scope_is_enough_to_rebuild_them)
{
    struct ts_vars *v = ts_vars_new(), *copy = ts_vars_new();
    struct ts_buf a = {0}, b = {0};
    ts_vars_allow(v, TS_S("_OSDx"));
    must_set(v, TS_SCOPE_DEFAULT, "A", "0");
    must_set(v, TS_SCOPE_STEP, "A", "");
    must_set(v, TS_SCOPE_STEP, "_OSDx", "1");
    must_set(v, TS_SCOPE_RULES, "_SMSTSOrgName", "O");
    ts_vars_engine(v, "_SMSTSInWinPE", "true");
    ts_vars_engine(v, "OSDTargetSystemDrive", "C:");
    cr_assert_eq(ts_vars_set(v, TS_SCOPE_RUN, TS_S("P"), TS_S("hunter2"), true, NULL),
                 TS_OK);
    ts_vars_each_scope(v, copy_entry, copy);
    ts_vars_each_scope(v, note, &a);
    ts_vars_each_scope(copy, note, &b);
    cr_expect_str_eq(ts_buf_text(&a), ts_buf_text(&b));
    cr_expect_null(ts_vars_get(copy, "A"));
    ts_buf_free(&a);
    ts_buf_free(&b);
    ts_vars_free(v);
    ts_vars_free(copy);
}
