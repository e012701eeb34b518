#include "fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(host, .init = fixture_make, .fini = fixture_remove);

static void say(enum ts_stream stream, const char *text)
{
    ts_host_output(&call, stream, ts_str_of(text));
}

static void secret(const char *name, const char *value)
{
    answers(TS_OK, ts_vars_set(host.vars, TS_SCOPE_RUN, ts_str_of(name), ts_str_of(value),
                               true, &err));
}

/* ---- output --------------------------------------------------------------------------
 */

Test(host, output_is_split_into_lines)
{
    static const struct {
        const char *parts[6];
        const char *tail;
    } table[] = {
        {{"one\ntwo\n"}, "one\ntwo\n"},
        {{"one\r\ntwo\r\n"}, "one\ntwo\n"},
        {{"one\r", "\ntwo"}, "one\ntwo\n"},
        {{" 1%\r 2%\r 3%\n"}, " 1%\n 2%\n 3%\n"},
        {{"twice\r\r\nend\n"}, "twice\nend\n"},
        {{"a\n\nb\n"}, "a\n\nb\n"},
        {{"o", "n", "e", "\n", "tw", "o"}, "one\ntwo\n"},
        {{"\n"}, "\n"},
        {{""}, ""},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ts_buf_clear(&call.tail);
        for (size_t j = 0; j < 6 && table[i].parts[j]; j++) {
            say(TS_STDOUT, table[i].parts[j]);
        }
        ts_host_output_end(&call);
        cr_expect_str_eq(ts_buf_text(&call.tail), table[i].tail);
    }
}

Test(host, output_goes_to_log_event_and_tail)
{
    say(TS_STDOUT, "hello\n");
    say(TS_STDERR, "trouble\n");
    log_says("1 hello\n");
    log_says("1 trouble\n");
    cr_assert_str_eq(call.tail.p, "hello\ntrouble\n");
    const char *first = strstr(events.p, "\"event\":\"step.output\"");
    cr_assert(first, "%s", events.p);
    cr_assert(strstr(events.p, "\"step\":\"trial-1\",\"name\":\"A trial\",\"index\":7,"
                               "\"stream\":\"stdout\",\"text\":\"hello\""),
              "%s", events.p);
    cr_assert(strstr(events.p, "\"stream\":\"stderr\",\"text\":\"trouble\""));
}

Test(host, a_line_without_end_is_told_when_nothing_more_comes)
{
    say(TS_STDOUT, "Password: ");
    ts_host_output_idle(&call);
    cr_assert_null(strstr(ts_buf_text(&logged), "Password"));
    usleep(1100 * 1000);
    ts_host_output_idle(&call);
    log_says("1 Password: \n");
    say(TS_STDOUT, "accepted\n");
    log_says("1 accepted\n");
    cr_assert_str_eq(call.tail.p, "Password: accepted\n");
}

Test(host, streams_do_not_mix_in_a_line)
{
    say(TS_STDOUT, "half");
    say(TS_STDERR, "error\n");
    say(TS_STDOUT, " line\n");
    cr_assert_str_eq(call.tail.p, "error\nhalf line\n");
}

Test(host, secrets_are_masked_everywhere)
{
    secret("Token", "tr0ub4dor");
    say(TS_STDOUT, "the token is tr0ub");
    say(TS_STDOUT, "4dor, keep it\n");
    log_says("1 the token is *****, keep it\n");
    cr_assert_null(strstr(events.p, "tr0ub4dor"));
    cr_assert_null(strstr(events.p, "tr0ub"));
    cr_assert_str_eq(call.tail.p, "the token is *****, keep it\n");
}

Test(host, a_secret_across_the_cut_of_a_long_line_is_masked)
{
    struct ts_buf line = {0};

    secret("Token", "tr0ub4dor");
    for (int shift = 0; shift < 12; shift++) {
        ts_buf_clear(&line);
        ts_buf_clear(&logged);
        ts_buf_clear(&events);
        ts_buf_clear(&call.tail);
        for (int i = 0; i < 8192 - 12 + shift; i++) {
            ts_buf_c(&line, 'x');
        }
        ts_buf_z(&line, "tr0ub4dor");
        for (int i = 0; i < 20000; i++) {
            ts_buf_c(&line, 'y');
        }
        ts_host_output(&call, TS_STDOUT, ts_buf_view(&line));
        ts_host_output_end(&call);
        cr_assert_eq(count(call.tail.p, "tr0"), 0, "shift %d", shift);
        cr_assert_eq(count(call.tail.p, "dor"), 0, "shift %d", shift);
        cr_assert_eq(count(call.tail.p, "*****"), 1, "shift %d", shift);
        cr_assert_eq(count(logged.p, "tr0"), 0);
        cr_assert_eq(count(events.p, "tr0"), 0);
    }
    ts_buf_free(&line);
}

Test(host, very_long_lines_come_in_pieces)
{
    struct ts_buf line = {0};

    ts_buf_z(&line, "a"); /* so that the cut falls inside a character */
    for (int i = 0; i < 30000; i++) {
        ts_buf_z(&line, "\xC3\xA4");
    }
    ts_buf_c(&line, '\n');
    ts_host_output(&call, TS_STDOUT, ts_buf_view(&line));
    cr_assert_eq(call.tail.n, line.n);
    cr_assert_eq(memcmp(call.tail.p, line.p, line.n), 0);
    cr_assert_eq(count(events.p, "step.output"), 8);
    cr_assert_eq(count(events.p, "\xEF\xBF\xBD"), 0);
    for (const char *p = logged.p, *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        cr_assert_lt(end - p, 8 * 1024 + 3);
    }
    ts_buf_free(&line);
}

Test(host, bytes_that_are_no_text_are_replaced_where_shown)
{
    say(TS_STDOUT, "a\xFF"
                   "b\n");
    log_says("1 a\xEF\xBF\xBD"
             "b\n");
    cr_assert_str_eq(call.tail.p, "a\xFF"
                                  "b\n");
}

Test(host, the_tail_keeps_the_last_64_kib_in_whole_lines)
{
    char line[64];

    for (int i = 0; i < 20000; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        say(TS_STDOUT, line);
    }
    ts_host_output_end(&call);
    cr_assert_leq(call.tail.n, TS_TAIL_MAX);
    cr_assert_gt(call.tail.n, TS_TAIL_MAX - 64);
    cr_assert_eq(strncmp(call.tail.p, "line ", 5), 0);
    cr_assert_str_eq(call.tail.p + call.tail.n - 11, "line 19999\n");
}

/* ---- stopping, progress --------------------------------------------------------------
 */

Test(host, check_tells_cancel_and_time_limit)
{
    answers(TS_OK, ts_host_check(&call, &err));
    call.deadline_ns = ts_mono_ns() + 3600LL * 1000000000;
    answers(TS_OK, ts_host_check(&call, &err));
    node.timeout_ms = 90000;
    call.deadline_ns = ts_mono_ns() - 1;
    answers(TS_ETIMEOUT, ts_host_check(&call, &err));
    cr_assert_str_eq(err.text, "the step's time limit of 90s was reached");
    ts_cancel_set(true);
    answers(TS_ECANCELLED, ts_host_check(&call, &err));
}

Test(host, progress_is_told_now_and_then)
{
    for (int i = 0; i < 1000; i++) {
        ts_host_progress(&call, i / 20, "copying");
    }
    ts_host_progress(&call, 100, "done");
    cr_assert_eq(count(events.p, "step.progress"), 2, "%s", events.p);
    cr_assert(strstr(events.p, "\"percent\":0,\"text\":\"copying\""));
    cr_assert(strstr(events.p, "\"percent\":100,\"text\":\"done\""));
}

Test(host, messages_of_any_length_are_logged)
{
    struct ts_buf text = {0};

    for (int i = 0; i < 10000; i++) {
        ts_buf_c(&text, 'x');
    }
    ts_host_log(&call, TS_LOG_WARNING, "%s!", text.p);
    cr_assert_eq(logged.n, 10000 + 4);
    ts_buf_free(&text);
}

Test(host, the_migration_engine_reports_through_the_step)
{
    struct ts_mig_env env = ts_host_mig_env(&call);

    env.note(env.ctx, TS_LOG_WARNING, "a profile without an account");
    env.progress(env.ctx, 40, "Users");
    log_says("2 a profile without an account\n");
    cr_assert(strstr(events.p, "\"percent\":40,\"text\":\"Users\""));
    cr_assert_not(env.cancelled(env.ctx));
    ts_cancel_set(true);
    cr_assert(env.cancelled(env.ctx));
}

/* ---- packages, protected paths -------------------------------------------------------
 */

Test(host, packages_are_folders_beside_the_sequence)
{
    static struct ts_package packages[] = {
        {"USMT", "packages/usmt"}, {"Drivers", "C:\\Drivers"}, {"Gone", "nowhere"}};
    char *path = NULL;

    sequence.packages = packages;
    sequence.package_count = 3;
    put_dir("seq/packages/usmt");
    put_dir("c/drivers");
    map_drive('C', "c");
    answers(TS_OK, ts_host_package(&call, "usmt", &path, &err));
    cr_assert_str_eq(path, at("seq/packages/usmt"));
    ts_free(path);
    answers(TS_OK, ts_host_package(&call, "Drivers", &path, &err));
    cr_assert_str_eq(path, at("c/drivers"));
    ts_free(path);
    answers(TS_ENOTFOUND, ts_host_package(&call, "Other", &path, &err));
    cr_assert_str_eq(err.text, "the sequence has no package \"Other\"; its packages are "
                               "USMT, Drivers, Gone");
    answers(TS_ENOTFOUND, ts_host_package(&call, "Gone", &path, &err));
    says("nowhere");
    sequence.package_count = 0;
    answers(TS_ENOTFOUND, ts_host_package(&call, "USMT", &path, &err));
    says("declares none");
}

Test(host, protected_is_the_path_and_what_is_below)
{
    static const struct {
        const char *path;
        bool is, holds;
    } table[] = {
        {"/mnt/c/StateStore", true, true},    {"/mnt/c/statestore/a/b", true, false},
        {"/mnt/c//StateStore/", true, true},  {"/mnt/c/./StateStore/x", true, false},
        {"/mnt/c/StateStore2", false, false}, {"/mnt/c", false, true},
        {"/mnt/c/Users", false, false},       {"/", false, true},
        {"/mnt/c/State", false, false},
    };

    ts_host_protect(&host, "/mnt/c/StateStore");
    ts_host_protect(&host, "/mnt/c/StateStore");
    cr_assert_eq(host.protected_count, 1);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_expect_eq(ts_host_is_protected(&host, table[i].path), table[i].is, "%s",
                     table[i].path);
        cr_expect_eq(ts_host_holds_protected(&host, table[i].path), table[i].holds, "%s",
                     table[i].path);
    }
}

Test(host, a_path_protected_through_a_link_is_protected_by_its_real_name)
{
    put_dir("real/store");
    put_link("short", "real");
    ts_host_protect(&host, at("short/store"));
    cr_assert(ts_host_is_protected(&host, at("short/store/x")));
    cr_assert(ts_host_is_protected(&host, at("real/store/x")));
}
