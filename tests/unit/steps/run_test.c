#include "fixture.h"

#include "platform/sysinfo.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(run, .init = fixture_make, .fini = fixture_remove);

static struct ts_proc_result result;

static enum ts_code run_spec(struct ts_run_spec s, const char *command)
{
    s.command = json(command);
    return ts_host_run(&call, &s, &result, &err);
}

static enum ts_code run(const char *command)
{
    return run_spec((struct ts_run_spec){0}, command);
}

static void put_program(const char *rel, const char *text)
{
    put(rel, text);
    chmod(at(rel), 0755);
}

Test(run, the_exit_code_is_the_result_not_an_error)
{
    answers(TS_OK, run("\"sh -c \\\"exit 7\\\"\""));
    cr_assert_eq(result.code, 7);
    log_says("1 Executing command line: sh -c \"exit 7\"\n");
    log_says("1 Process completed with exit code 7\n");
    answers(TS_OK, run("[\"sh\",\"-c\",\"exit 3\"]"));
    cr_assert_eq(result.code, 3);
    log_says("1 Executing command line: sh -c \"exit 3\"\n");
    answers(TS_OK, run("[\"sh\",\"-c\",\"kill -9 $$\"]"));
    cr_assert_eq(result.code, 137);
    log_says("2 sh was ended by signal 9\n");
}

Test(run, arguments_arrive_unharmed)
{
    answers(TS_OK, run("[\"printf\",\"<%s>\\\\n\",\"a b\",\"C:\\\\x\\\\\",\"\\\"q\\\"\","
                       "\"\",\"*\",\"$HOME\"]"));
    cr_assert_str_eq(call.tail.p, "<a b>\n<C:\\x\\>\n<\"q\">\n<>\n<*>\n<$HOME>\n");
    ts_buf_clear(&call.tail);
    answers(TS_OK, run("\"printf <%s>\\\\n C:\\\\StateStore \\\"a b\\\"\""));
    cr_assert_str_eq(call.tail.p, "<C:\\StateStore>\n<a b>\n");
}

static int64_t first_output_ns;

static void note_first(void *ctx, const struct ts_event *e)
{
    (void)ctx;
    if (!first_output_ns && strcmp(e->type, "step.output") == 0) {
        first_output_ns = ts_mono_ns();
    }
}

Test(run, output_streams_also_without_an_end)
{
    int64_t began = ts_mono_ns();

    first_output_ns = 0;
    ts_events_sink(host.events, note_first, NULL);
    answers(TS_OK, run("[\"sh\",\"-c\",\"printf waiting; sleep 3; echo ' done'\"]"));
    int64_t first = (first_output_ns - began) / 1000000;
    cr_assert(first >= 900 && first < 2500, "the first output came after %lld ms",
              (long long)first);
    cr_assert_str_eq(call.tail.p, "waiting done\n");
    cr_assert(strstr(events.p, "\"text\":\"waiting\""));
}

Test(run, a_last_line_without_end_is_kept)
{
    answers(TS_OK, run("[\"sh\",\"-c\",\"printf 'a\\\\nb'; printf c >&2\"]"));
    log_says("1 b\n");
    log_says("1 c\n");
}

Test(run, secrets_do_not_show)
{
    answers(TS_OK, ts_vars_set(host.vars, TS_SCOPE_RUN, TS_S("Token"), TS_S("tr0ub4dor"),
                               true, &err));
    struct ts_run_spec s = {.env = json("{\"T\":\"tr0ub4dor\"}")};
    ts_vars_hide(host.vars, TS_S("tr0ub4dor"));
    answers(TS_OK, run_spec(s, "[\"sh\",\"-c\",\"echo token=$T; echo $T >&2\"]"));
    cr_assert_str_eq(call.tail.p, "token=*****\n*****\n");
    cr_assert_null(strstr(logged.p, "tr0ub4dor"));
    cr_assert_null(strstr(events.p, "tr0ub4dor"));
    s = (struct ts_run_spec){.hide_command = true};
    answers(TS_OK, run_spec(s, "\"true quite-private\""));
    cr_assert_null(strstr(logged.p, "quite-private"));
    log_says("Executing command line: *****\n");
}

Test(run, input_is_what_was_given_or_empty)
{
    answers(TS_OK, run_spec((struct ts_run_spec){.input = "line 1\nline 2"}, "\"cat\""));
    cr_assert_str_eq(call.tail.p, "line 1\nline 2\n");
    ts_buf_clear(&call.tail);
    answers(TS_OK, run("\"wc -c\""));
    cr_assert_str_eq(call.tail.p, "0\n");
}

Test(run, the_environment_is_ours_plus_what_belongs_to_the_run)
{
    struct ts_run_spec s = {.env = json("{\"MINE\":\"a=b\"}")};

    map_drive('C', "c");
    ts_env_set("TASKSEQ_ADDRESS", "outer");
    ts_env_set("TASKSEQ_TOKEN", "outer");
    answers(TS_OK, run_spec(s, "[\"sh\",\"-c\",\"echo $MINE,$TASKSEQ_RUN,"
                               "$TASKSEQ_DRIVE_C,${TASKSEQ_ADDRESS-none},"
                               "${TASKSEQ_TOKEN-none}\"]"));
    char *want = ts_format("a=b,run-1,%s,none,none\n", at("c"));
    cr_assert_str_eq(call.tail.p, want);
    ts_free(want);
    host.serve_address = "@here";
    memcpy(host.serve_token, "t0ken", 6);
    ts_buf_clear(&call.tail);
    answers(TS_OK, run("[\"sh\",\"-c\",\"echo $TASKSEQ_ADDRESS,$TASKSEQ_TOKEN\"]"));
    cr_assert_str_eq(call.tail.p, "@here,t0ken\n");
    s.env = json("{\"A=B\":\"c\"}");
    answers(TS_EINPUT, run_spec(s, "\"true\""));
    says("A=B");
}

Test(run, the_time_limit_ends_the_whole_tree)
{
    int64_t began = ts_mono_ns();

    node.timeout_ms = 400;
    call.deadline_ns = began + node.timeout_ms * 1000000;
    answers(TS_ETIMEOUT, run("[\"sh\",\"-c\",\"(sleep 30; touch late) & echo $!; "
                             "echo before; sleep 30\"]"));
    cr_assert_lt((ts_mono_ns() - began) / 1000000, 5000);
    says("the step's time limit of 400ms was reached");
    cr_assert(strstr(call.tail.p, "before\n"), "the output before the end is kept");
    pid_t child = (pid_t)strtol(call.tail.p, NULL, 10);
    cr_assert_gt(child, 1);
    for (int i = 0; i < 50 && ts_process_alive(child); i++) {
        usleep(20000);
    }
    cr_assert_not(ts_process_alive(child));
    answers(TS_ETIMEOUT, run("\"true\"")); /* nothing more is started */
}

static void cancel_soon(void *ctx)
{
    (void)ctx;
    usleep(300 * 1000);
    ts_cancel_set(true);
}

Test(run, cancelling_ends_it)
{
    struct ts_thread *t = ts_thread_start(cancel_soon, NULL);
    int64_t began = ts_mono_ns();

    answers(TS_ECANCELLED, run("\"sleep 30\""));
    cr_assert_lt((ts_mono_ns() - began) / 1000000, 5000);
    says("cancelled by the user");
    ts_thread_join(t);
}

static void try_lock(void *ctx)
{
    usleep(200 * 1000);
    ts_mutex_lock(host.lock);
    *(int64_t *)ctx = ts_mono_ns();
    ts_mutex_unlock(host.lock);
}

Test(run, the_host_is_free_while_a_program_works)
{
    int64_t had_ns = 0, began = ts_mono_ns();
    struct ts_thread *t = ts_thread_start(try_lock, &had_ns);

    answers(TS_OK, run("\"sleep 1\""));
    ts_thread_join(t);
    cr_assert_lt((had_ns - began) / 1000000, 900);
}

/* ---- where programs are --------------------------------------------------------------
 */

Test(run, start_in_package_and_sequence_folders_are_searched)
{
    static struct ts_package packages[] = {{"Tools", "pkg"}};

    sequence.packages = packages;
    sequence.package_count = 1;
    put_program("seq/pkg/tool", "#!/bin/sh\necho package $(pwd)\n");
    put_program("seq/tool", "#!/bin/sh\necho sequence $(pwd)\n");
    put_program("seq/sub/deep", "#!/bin/sh\necho deep\n");
    put_program("work/tool", "#!/bin/sh\necho start-in $(pwd)\n");
    answers(TS_OK, run("\"tool\""));
    cr_assert_str_eq(call.tail.p, ts_arena_format(&arena, "sequence %s\n", at("seq")));
    ts_buf_clear(&call.tail);
    answers(TS_OK, run_spec((struct ts_run_spec){.package = "tools"}, "\"tool\""));
    cr_assert_str_eq(call.tail.p, ts_arena_format(&arena, "package %s\n", at("seq/pkg")));
    ts_buf_clear(&call.tail);
    struct ts_run_spec s = {.package = "Tools", .start_in = at("work")};
    answers(TS_OK, run_spec(s, "\"tool\""));
    cr_assert_str_eq(call.tail.p, ts_arena_format(&arena, "start-in %s\n", at("work")));
    ts_buf_clear(&call.tail);
    answers(TS_OK, run_spec(s, "\"sub\\\\deep\""));
    cr_assert_str_eq(call.tail.p, "deep\n");
}

Test(run, drive_paths_are_mapped_without_regard_to_case)
{
    struct ts_run_spec s = {.start_in = "C:\\usmtfiles\\"};

    put_program("c/USMTFiles/RunScan", "#!/bin/sh\necho scan $(pwd) \"$1\"\n");
    map_drive('C', "c");
    answers(TS_OK, run_spec(s, "\"RUNSCAN C:\\\\Store\""));
    const char *want = ts_arena_format(&arena, "scan %s C:\\Store\n", at("c/USMTFiles"));
    cr_assert_str_eq(call.tail.p, want);
    ts_buf_clear(&call.tail);
    answers(TS_OK, run_spec(s, "\"c:\\\\USMTFILES\\\\runscan C:\\\\Store\""));
    cr_assert_str_eq(call.tail.p, want);
}

Test(run, a_missing_program_lists_where_it_was_looked_for)
{
    struct ts_run_spec s = {.start_in = at("work")};

    put("work/plain", "not marked");
    answers(TS_ENOTFOUND, run_spec(s, "\"no-such-tool /x\""));
    says("the program no-such-tool was not found (0x80070002)");
    says(at("work/no-such-tool"));
    says(at("seq/no-such-tool"));
    says("PATH (");
    says(ts_env("PATH"));
    cr_assert_eq(result.code, -2147024894LL);
    answers(TS_ENOTFOUND, run_spec(s, "\"plain\""));
    says("not marked as executable");
    answers(TS_ENOTFOUND, run_spec(s, "\"./gone/x\""));
    cr_assert_null(strstr(err.text, "PATH"));
    answers(TS_ENOTFOUND, run("[\"/no/such/program\"]"));
    says("/no/such/program");
}

Test(run, windows_programs_are_said_to_be_that)
{
    answers(TS_ENOTFOUND, run("\"cmd /c MKDIR x\""));
    says("it is a program of Windows");
    put("seq/RunScanState_FullOS.BAT", "@echo off\r\n");
    answers(TS_EUNSUPPORTED, run("\"RunScanState_FullOS.BAT a b\""));
    says("RunScanState_FullOS.BAT is a program of Windows");
    /* going by what is in it: a script for this system may be called like one of Windows */
    put_program("seq/cscript.exe", "#!/bin/sh\nexit 7\n");
    answers(TS_OK, run("\"cscript.exe //nologo x.wsf\""));
    cr_assert_eq(result.code, 7);
}

Test(run, a_missing_start_in_folder_is_said)
{
    struct ts_run_spec s = {.start_in = "C:\\Nowhere"};

    map_drive('C', "c");
    answers(TS_ENOTFOUND, run_spec(s, "\"true\""));
    says("the start-in folder C:\\Nowhere does not exist (0x80070003)");
    cr_assert_eq(result.code, -2147024893LL);
    s.start_in = "Q:\\x";
    answers(TS_EINPUT, run_spec(s, "\"true\""));
    says("--drive");
}

Test(run, the_sequence_s_folder_may_be_gone)
{
    put("state/x", "");
    host.state_dir = at("state");
    sequence.folder = at("gone");
    answers(TS_OK, run("\"pwd\""));
    cr_assert_str_eq(call.tail.p, "/\n"); /* never where the run's record is */
    log_says("is not there now; the program starts in");
}

Test(run, an_empty_command_is_bad_input)
{
    static const char *const empty[] = {"\"\"", "\"  \"", "[]", "[\"\"]", "{}", "[1]"};

    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        answers(TS_EINPUT, run(empty[i]));
    }
    answers(TS_EINPUT, ts_host_run(&call, &(struct ts_run_spec){0}, &result, &err));
}

Test(run, the_last_thousand_characters_are_captured)
{
    struct ts_buf kept = {0};
    struct ts_run_spec s = {.capture = &kept};

    answers(TS_OK, run_spec(s, "[\"sh\",\"-c\",\"echo hello; echo no >&2\"]"));
    cr_assert_str_eq(kept.p, "hello\n");
    answers(TS_OK,
            run_spec(s, "[\"sh\",\"-c\",\"i=0; while [ $i -lt 9000 ]; do "
                        "printf '\\\\303\\\\244'; i=$((i+1)); done; printf end\"]"));
    cr_assert_eq(kept.n, 997 * 2 + 3);
    cr_assert_str_eq(kept.p + kept.n - 5, "\xC3\xA4"
                                          "end");
    ts_buf_free(&kept);
}

Test(run, as_another_user)
{
    struct ts_run_spec s = {.run_as = "nobody", .start_in = "/"};

    if (geteuid() != 0) {
        cr_skip_test("only root may run programs as another user");
    }
    answers(TS_OK, run_spec(s, "\"id -un\""));
    cr_assert_str_eq(call.tail.p, "nobody\n");
    host.serve_address = "@here";
    memcpy(host.serve_token, "t0ken", 6);
    ts_buf_clear(&call.tail);
    answers(TS_OK, run_spec(s, "[\"sh\",\"-c\",\"echo ${TASKSEQ_TOKEN-none}\"]"));
    cr_assert_str_eq(call.tail.p, "none\n");
    s.run_as = "no-such-user-here";
    answers(TS_ENOTFOUND, run_spec(s, "\"id\""));
    says("there is no account \"no-such-user-here\"");
}

Test(run, options_of_the_step_are_expanded)
{
    struct ts_run_spec s = {0};

    answers(TS_OK, ts_vars_set(host.vars, TS_SCOPE_RUN, TS_S("AdminPassword"),
                               TS_S("hunter22"), false, &err));
    node.input = "%AdminPassword%\n";
    node.package = "%P%";
    node.env = json("{\"PW\":\"x%AdminPassword%\"}");
    ts_host_run_options(&call, &s);
    cr_assert_str_eq(s.input, "hunter22\n");
    cr_assert_str_eq(s.package, "%P%");
    cr_assert_str_eq(ts_value_text(s.env, "PW"), "xhunter22");
    cr_assert_null(s.run_as);
    cr_assert_not(s.hide_command);
    s.package = NULL;
    answers(TS_OK, run_spec(s, "[\"sh\",\"-c\",\"cat; echo $PW\"]"));
    cr_assert_str_eq(call.tail.p, "*****\n*****\n");
    answers(TS_OK, ts_vars_set(host.vars, TS_SCOPE_RUN, TS_S("OSDDoNotLogCommand"),
                               TS_S("true"), false, &err));
    ts_host_run_options(&call, &s);
    cr_assert(s.hide_command);
}
