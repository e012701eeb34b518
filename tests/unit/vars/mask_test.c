#include "vars/vars.h"

#include <criterion/criterion.h>
#include <string.h>

static void set_secret(struct ts_vars *v, const char *name, const char *value)
{
    cr_assert_eq(
        ts_vars_set(v, TS_SCOPE_RUN, ts_str_of(name), ts_str_of(value), true, NULL),
        TS_OK);
}

static void expect_mask(const struct ts_vars *v, const char *in, const char *out)
{
    struct ts_buf b = {0};
    ts_vars_mask(v, &b, ts_str_of(in));
    cr_expect_str_eq(ts_buf_text(&b), out, "`%s` gave `%s`", in, ts_buf_text(&b));
    ts_buf_free(&b);
}

Test(vars_mask, every_occurrence_is_replaced)
{
    struct ts_vars *v = ts_vars_new();
    expect_mask(v, "nothing to hide", "nothing to hide");
    cr_expect_not(ts_vars_has_secrets(v));
    set_secret(v, "A", "hunter2");
    cr_expect(ts_vars_has_secrets(v));
    expect_mask(v, "", "");
    expect_mask(v, "hunter2", "*****");
    expect_mask(v, "-p hunter2 -q \"hunter2\"", "-p ***** -q \"*****\"");
    expect_mask(v, "hunter2hunter2", "**********");
    expect_mask(v, "xhunter", "xhunter");
    expect_mask(v, "Hunter2", "Hunter2");
    ts_vars_free(v);
}

Test(vars_mask, the_longest_is_taken_and_overlaps_show_no_end)
{
    struct ts_vars *v = ts_vars_new();
    set_secret(v, "A", "pass");
    set_secret(v, "B", "password");
    set_secret(v, "C", "word-and-more");
    expect_mask(v, "a password b", "a ***** b");
    expect_mask(v, "a pass b", "a ***** b");
    expect_mask(v, "password-and-more!", "*****!");
    set_secret(v, "D", "aaa");
    expect_mask(v, "aaaaab", "*****b");
    ts_vars_free(v);
}

Test(vars_mask, short_values_are_shown)
{
    struct ts_vars *v = ts_vars_new();
    set_secret(v, "A", "ab");
    set_secret(v, "B", "");
    cr_expect_not(ts_vars_has_secrets(v));
    set_secret(v, "C", "abc");
    expect_mask(v, "ab abc", "ab *****");
    ts_vars_free(v);
}

Test(vars_mask, blanks_around_and_lines_inside_do_not_help)
{
    struct ts_vars *v = ts_vars_new();
    set_secret(v, "A", " padded \n");
    set_secret(v, "Pem", "-----BEGIN-----\r\nMIIEvQIBADAN\r\nYES\r\n");
    expect_mask(v, "x padded y", "x ***** y");
    expect_mask(v, "out: MIIEvQIBADAN", "out: *****");
    expect_mask(v, "YES", "YES");
    ts_vars_free(v);
}

Test(vars_mask, old_values_and_texts_made_from_secrets_stay_hidden)
{
    struct ts_vars *v = ts_vars_new();
    set_secret(v, "A", "first-one");
    set_secret(v, "A", "second-one");
    set_secret(v, "A", "");
    ts_vars_hide(v, TS_S("user:first"));
    expect_mask(v, "first-one second-one user:first", "***** ***** *****");
    ts_vars_free(v);
}

Test(vars_mask, a_name_that_becomes_secret_hides_what_it_holds_in_every_scope)
{
    struct ts_vars *v = ts_vars_new();
    cr_assert_eq(ts_vars_set(v, TS_SCOPE_RUN, TS_S("X"), TS_S("weak-value"), false, NULL),
                 TS_OK);
    cr_assert_eq(
        ts_vars_set(v, TS_SCOPE_STEP, TS_S("X"), TS_S("strong-value"), false, NULL),
        TS_OK);
    expect_mask(v, "weak-value strong-value", "weak-value strong-value");
    cr_expect_not(ts_vars_is_secret(v, TS_S("X")));
    ts_vars_mark_secret(v, TS_S("x"));
    cr_expect(ts_vars_is_secret(v, TS_S("X")));
    expect_mask(v, "weak-value strong-value", "***** *****");

    ts_vars_mark_secret(v, TS_S("Later"));
    cr_expect_null(ts_vars_get(v, "Later"));
    cr_assert_eq(
        ts_vars_set(v, TS_SCOPE_STEP, TS_S("Later"), TS_S("late-value"), false, NULL),
        TS_OK);
    expect_mask(v, "late-value", "*****");
    ts_str value;
    bool secret = false;
    cr_expect(ts_vars_lookup(v, TS_S("later"), &value, &secret) && secret);
    ts_vars_free(v);
}

Test(vars_mask, names_of_the_catalogue_are_secret_by_themselves)
{
    static const char *const secret[] = {
        "OSDJoinPassword", "userpassword",        "OSDLocalAdminPassword",
        "ProductKey",      "OSDProductKey",       "ClientSecret",
        "OSDBitLockerPIN", "_SMSTSReserved1-000", "OSDBitLockerStartupKey",
    };
    static const char *const open[] = {
        "SkipProductKey", "SkipAdminPassword", "OSDRandomAdminPassword", "KeyboardLocale",
        "BDEKeyLocation", "BDERecoveryKey",    "OSDComputerName",        "",
    };
    struct ts_vars *v = ts_vars_new();
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        cr_expect(ts_var_name_secret(ts_str_of(secret[i])), "%s", secret[i]);
        cr_expect(ts_vars_is_secret(v, ts_str_of(secret[i])), "%s", secret[i]);
    }
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        cr_expect_not(ts_var_name_secret(ts_str_of(open[i])), "%s", open[i]);
    }
    cr_assert_eq(ts_vars_set(v, TS_SCOPE_STEP, TS_S("OSDJoinPassword"), TS_S("join-me"),
                             false, NULL),
                 TS_OK);
    ts_vars_local_set(v, TS_S("OSDCaptureAccountPassword"), TS_S("local-pw"));
    expect_mask(v, "net join-me local-pw", "net ***** *****");
    ts_vars_free(v);
}

/* Against a plain way of doing the same: mark every byte of every occurrence. */
Test(vars_mask, agrees_with_a_simple_model_on_random_texts)
{
    uint64_t state = 42;
    for (int round = 0; round < 20000; round++) {
        struct ts_vars *v = ts_vars_new();
        char text[40], texts[4][8];
        bool hidden[40] = {false};
        size_t n = 30, sizes[4];
        for (int k = 0; k < 4; k++) {
            char name[2] = {(char)('A' + k), '\0'};
            sizes[k] = 3 + (state >> 20) % 4;
            for (size_t i = 0; i < sizes[k]; i++) {
                state = state * 6364136223846793005u + 1442695040888963407u;
                texts[k][i] = (char)('a' + (state >> 33) % 2);
            }
            texts[k][sizes[k]] = '\0';
            set_secret(v, name, texts[k]);
        }
        for (size_t i = 0; i < n; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            text[i] = "ababx"[(state >> 33) % 5];
        }
        text[n] = '\0';
        for (int k = 0; k < 4; k++) {
            for (size_t i = 0; i + sizes[k] <= n; i++) {
                if (memcmp(text + i, texts[k], sizes[k]) == 0) {
                    memset(hidden + i, true, sizes[k]);
                }
            }
        }
        /* touching runs may give one ***** or two: compare what is shown */
        struct ts_buf b = {0};
        char shown[80], model[80];
        size_t ns = 0, nm = 0;
        ts_vars_mask(v, &b, ts_str_of(text));
        for (size_t i = 0; i < b.n; i++) {
            if (b.p[i] != '*' || ns == 0 || shown[ns - 1] != '*') {
                shown[ns++] = b.p[i];
            }
        }
        for (size_t i = 0; i < n; i++) {
            if (!hidden[i]) {
                model[nm++] = text[i];
            } else if (nm == 0 || model[nm - 1] != '*') {
                model[nm++] = '*';
            }
        }
        shown[ns] = model[nm] = '\0';
        cr_assert_str_eq(shown, model, "%s", text);
        ts_buf_free(&b);
        ts_vars_free(v);
    }
}
