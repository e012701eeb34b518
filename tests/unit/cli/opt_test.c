#include <criterion/criterion.h>

#include <string.h>

#include "cli/opt.h"

static const struct ts_opt table[] = {{"state", 0, "DIR", false, "Folder"},
                                      {"set", 0, "NAME=VALUE", true, "Variable"},
                                      {"quiet", 'q', NULL, false, "Quiet"},
                                      {NULL, 0, NULL, false, NULL}};

static enum ts_code parse(struct ts_args *a, struct ts_err *err, int argc, ...)
{
    static char *argv[16];
    va_list ap;

    va_start(ap, argc);
    for (int i = 0; i < argc; i++)
        argv[i] = va_arg(ap, char *);
    va_end(ap);
    return ts_args_parse(a, table, argc, argv, err);
}

Test(opt, options_stand_anywhere)
{
    struct ts_args a;
    struct ts_err err = {0};

    cr_assert_eq(
        parse(&a, &err, 7, "--set", "A=1", "one.lua", "--state=/s", "-q", "--set", "B=2"),
        TS_OK);
    cr_assert_eq(a.word_count, 1);
    cr_assert_str_eq(a.words[0], "one.lua");
    cr_assert_str_eq(ts_args_get(&a, "state"), "/s");
    cr_assert_str_eq(ts_args_nth(&a, "set", 0), "A=1");
    cr_assert_str_eq(ts_args_nth(&a, "set", 1), "B=2");
    cr_assert_null(ts_args_nth(&a, "set", 2));
    cr_assert(ts_args_has(&a, "quiet"));
    ts_args_fini(&a);
}

Test(opt, two_dashes_end_them)
{
    struct ts_args a;
    struct ts_err err = {0};

    cr_assert_eq(parse(&a, &err, 3, "-q", "--", "--state"), TS_OK);
    cr_assert_eq(a.word_count, 1);
    cr_assert_str_eq(a.words[0], "--state");
    ts_args_fini(&a);
}

Test(opt, wrong_ones_are_named)
{
    static const struct {
        const char *words[2];
        int n;
        const char *message;
    } wrong[] = {{{"--stat"}, 1, "did you mean --state?"},
                 {{"--state"}, 1, "needs a value (DIR)"},
                 {{"--quiet=1"}, 1, "takes no value"},
                 {{"-x"}, 1, "unknown option -x"},
                 {{"--quiet", "-q"}, 2, "given twice"}};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct ts_args a;
        struct ts_err err = {0};

        cr_assert_eq(parse(&a, &err, wrong[i].n, wrong[i].words[0], wrong[i].words[1]),
                     TS_EINPUT);
        cr_expect_not_null(strstr(err.text, wrong[i].message), "%s", err.text);
        ts_args_fini(&a);
    }
}

Test(opt, help_names_every_option)
{
    struct ts_buf b = {0};

    ts_opt_help(&b, table);
    cr_expect_not_null(strstr(b.p, "--state DIR"));
    cr_expect_not_null(strstr(b.p, "-q, --quiet"));
    ts_buf_free(&b);
}
