#include "cli/again.h"

#include "base/mem.h"
#include "platform/fs.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct ts_opt table[] = {
    {"state", 0, "DIR", false, ""},     {"drive", 0, "L=DIR", true, ""},
    {"steps", 0, "DIR", true, ""},      {"events", 0, "FILE", false, ""},
    {"log-dir", 0, "DIR", false, ""},   {"phase", 0, "PHASE", false, ""},
    {"set", 0, "NAME=VALUE", true, ""}, {"quiet", 'q', NULL, false, ""},
    {"discard", 0, NULL, false, ""},    {NULL, 0, NULL, false, NULL}};
static struct ts_err err;
static char **made;

static void again(int argc, char **argv, const char *state_dir)
{
    struct ts_args args = {0};

    cr_assert_eq(ts_args_parse(&args, table, argc, argv, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_again_new(&made, &args, state_dir, &err), TS_OK, "%s", err.text);
    ts_args_fini(&args);
}

static void is(size_t i, const char *text)
{
    cr_assert_str_eq(made[i], text);
}

Test(again, only_what_a_resume_needs)
{
    char *argv[] = {
        "s.lua",      "--set",     "A=1",      "--discard", "--phase=FullOS",
        "--state",    "state",     "--drive",  "C=/mnt/c",  "--drive=X:=/run/x",
        "--events=-", "--log-dir", "C:\\Logs", "-q"};

    again(14, argv, "/mnt/c/_TaskSequence");
    cr_assert(ts_path_is_absolute(made[0]));
    is(1, "resume");
    is(2, "--state=/mnt/c/_TaskSequence");
    is(3, "--on-restart=reboot");
    is(4, "--drive=C=/mnt/c");
    is(5, "--drive=X:=/run/x");
    is(6, "--log-dir=C:\\Logs");
    is(7, "--events=-");
    is(8, "--quiet");
    cr_assert_null(made[9]);
    ts_words_free(made);
}

Test(again, paths_are_absolute)
{
    char *argv[] = {"--drive=C=c", "--drive", "D:=../d", "--steps", "a", "--steps=b"};
    char *here = ts_fs_cwd(), wanted[5000];

    again(6, argv, "state");
    snprintf(wanted, sizeof wanted, "--state=%s/state", here);
    is(2, wanted);
    snprintf(wanted, sizeof wanted, "--drive=C=%s/c", here);
    is(4, wanted);
    snprintf(wanted, sizeof wanted, "--drive=D:=%s/../d", here);
    is(5, wanted);
    snprintf(wanted, sizeof wanted, "--steps=%s/a", here);
    is(6, wanted);
    snprintf(wanted, sizeof wanted, "--steps=%s/b", here);
    is(7, wanted);
    cr_assert_null(made[8]);
    ts_words_free(made);
    ts_free(here);
}
