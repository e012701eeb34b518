#include "fixture.h"

#include "platform/sysinfo.h"

#include <stdio.h>
#include <string.h>

static struct ts_serve *serve;

static void start(void)
{
    fixture_make();
    ts_mutex_unlock(host.lock); /* as while a program runs */
    answers(TS_OK, ts_serve_start(&serve, &host, &err));
    ts_env_set("TASKSEQ_ADDRESS", host.serve_address);
    ts_env_set("TASKSEQ_TOKEN", host.serve_token);
}

static void stop(void)
{
    ts_serve_stop(serve);
    ts_mutex_lock(host.lock);
    fixture_remove();
}

TestSuite(serve, .init = start, .fini = stop);

static const char *ask(const char *what, const char *name, const char *value)
{
    char *out = NULL;

    answers(TS_OK, ts_serve_call(what, name, value, &out, &err));
    const char *text = ts_arena_strz(&arena, out);
    ts_free(out);
    return text;
}

static enum ts_code fails(const char *what, const char *name, const char *value)
{
    char *out = NULL;
    enum ts_code rc = ts_serve_call(what, name, value, &out, &err);

    cr_assert_null(out);
    return rc;
}

Test(serve, programs_get_and_set)
{
    ask("set", "Colour", "light blue\nand more");
    cr_assert_str_eq(ts_vars_get(host.vars, "colour"), "light blue\nand more");
    cr_assert_str_eq(ask("get", "COLOUR", NULL), "light blue\nand more");
    cr_assert_str_eq(ask("get", "_SMSTSNextInstructionPointer", NULL), "7");
    ask("set", "Colour", "");
    answers(TS_ENOTFOUND, fails("get", "Colour", NULL));
    says("there is no variable \"Colour\"");
}

Test(serve, the_rules_of_variables_hold)
{
    answers(TS_EACCESS, fails("set", "_SMSTSInWinPE", "TRUE"));
    answers(TS_EINPUT, fails("set", "not a name", "x"));
    answers(TS_EINPUT, fails("forget", "Colour", NULL));
    cr_assert_null(ts_vars_get(host.vars, "_SMSTSInWinPE"));
}

Test(serve, path_is_native)
{
    put_dir("c/Users");
    map_drive('C', "c");
    ask("set", "Home", "C:\\users\\Ann");
    cr_assert_str_eq(ask("path", "Home", NULL), at("c/Users/Ann"));
    ask("set", "Home", "Q:\\x");
    answers(TS_EINPUT, fails("path", "Home", NULL));
}

Test(serve, a_wrong_token_is_refused)
{
    static const char *const wrong[] = {"0123456789abcdef0123456789abcdef", "x"};

    for (size_t i = 0; i < 2; i++) {
        ts_env_set("TASKSEQ_TOKEN", wrong[i]);
        answers(TS_EACCESS, fails("set", "Colour", "red"));
        answers(TS_EACCESS, fails("get", "_SMSTSNextInstructionPointer", NULL));
    }
    cr_assert_null(ts_vars_get(host.vars, "Colour"));
}

Test(serve, without_a_run_it_says_so)
{
    ts_env_set("TASKSEQ_TOKEN", NULL);
    answers(TS_ENOTFOUND, fails("get", "Colour", NULL));
    says("no sequence runs around this program");
    ts_env_set("TASKSEQ_TOKEN", "x");
    ts_env_set("TASKSEQ_ADDRESS", "@taskseq-nobody");
    answers(TS_ENOTFOUND, fails("get", "Colour", NULL));
}

Test(serve, stopping_takes_the_address_away)
{
    ts_serve_stop(serve);
    serve = NULL;
    cr_assert_null(host.serve_address);
    cr_assert_str_eq(host.serve_token, "");
    answers(TS_ENOTFOUND, fails("get", "Colour", NULL));
    ts_serve_stop(NULL);
}

enum { ROUNDS = 200 };

static void set_many(void *ctx)
{
    struct ts_err why = {0};
    char name[32], value[32];

    for (int i = 0; i < ROUNDS; i++) {
        char *out = NULL;
        snprintf(name, sizeof name, "%s%d", (const char *)ctx, i);
        snprintf(value, sizeof value, "%d", i);
        if (ts_serve_call("set", name, value, &out, &why) != TS_OK) {
            break; /* what is missing is found by who started us */
        }
        ts_free(out);
        if (ts_serve_call("get", name, NULL, &out, &why) != TS_OK) {
            break;
        }
        ts_free(out);
    }
}

Test(serve, several_programs_at_once)
{
    char a[] = "A", b[] = "B", name[32], value[32];
    struct ts_thread *one = ts_thread_start(set_many, a), *two;

    two = ts_thread_start(set_many, b);
    ts_thread_join(one);
    ts_thread_join(two);
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(value, sizeof value, "%d", i);
        for (int j = 0; j < 2; j++) {
            snprintf(name, sizeof name, "%s%d", j ? b : a, i);
            const char *got = ts_vars_get(host.vars, name);
            cr_assert(got && strcmp(got, value) == 0, "%s", name);
        }
    }
}

Test(serve, a_request_waits_until_the_host_is_free)
{
    char a[] = "W";
    struct ts_thread *t;

    ts_mutex_lock(host.lock);
    t = ts_thread_start(set_many, a);
    ts_sleep_ms(100);
    cr_assert_null(ts_vars_get(host.vars, "W0"));
    ts_mutex_unlock(host.lock);
    ts_thread_join(t);
    cr_assert_not_null(ts_vars_get(host.vars, "W0"));
}
