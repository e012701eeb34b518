#include "platform/proc.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/sysinfo.h"
#include "scratch.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(proc, .init = scratch_make, .fini = scratch_remove, .timeout = 30);

static struct ts_err err;
static struct ts_proc_result result;

struct heard {
    struct ts_buf out, errors;
    int ticks, stop_at; /* cancel at this tick */
};

static void hear(void *ctx, enum ts_stream stream, ts_str bytes)
{
    struct heard *h = ctx;

    ts_buf_str(stream == TS_STDOUT ? &h->out : &h->errors, bytes);
}

static bool tick(void *ctx)
{
    struct heard *h = ctx;

    return ++h->ticks != h->stop_at;
}

/* sh -c script */
static enum ts_code sh(const char *script, struct ts_proc_spec spec, struct heard *h)
{
    const char *argv[] = {"sh", "-c", script, NULL};

    spec.argv = argv;
    spec.output = h ? hear : NULL;
    spec.ctx = h;
    return ts_proc_run(&spec, &result, &err);
}

/* The process whose number the script wrote to this file is gone. */
static bool is_gone(const char *pid_file)
{
    for (int i = 0; i < 200; i++) {
        long pid = strtol(get(pid_file), NULL, 10);
        cr_assert_gt(pid, 0, "%s", pid_file);
        if (!ts_process_alive(pid)) {
            return true;
        }
        usleep(5000);
    }
    return false;
}

Test(proc, exit_codes_and_signals)
{
    answers(TS_OK, sh("exit 0", (struct ts_proc_spec){0}, NULL));
    cr_assert_eq(result.code, 0);
    answers(TS_OK, sh("exit 42", (struct ts_proc_spec){0}, NULL));
    cr_assert_eq(result.code, 42);
    cr_assert_eq(result.signal, 0);
    answers(TS_OK, sh("kill -TERM $$", (struct ts_proc_spec){0}, NULL));
    cr_assert_eq(result.code, 128 + SIGTERM);
    cr_assert_eq(result.signal, SIGTERM);
    cr_assert_not(result.timed_out || result.cancelled);
}

Test(proc, output_streams_arrive_whole)
{
    struct heard h = {0};

    answers(TS_OK, sh("printf 'a\\0b'; printf oops >&2", (struct ts_proc_spec){0}, &h));
    cr_assert_eq(h.out.n, 3);
    cr_assert(memcmp(h.out.p, "a\0b", 3) == 0);
    cr_assert_str_eq(ts_buf_text(&h.errors), "oops");
    ts_buf_clear(&h.out);
    /* more than any pipe holds */
    answers(TS_OK, sh("head -c 5000000 /dev/zero | tr '\\0' x; exit 3",
                      (struct ts_proc_spec){0}, &h));
    cr_assert_eq(h.out.n, 5000000);
    cr_assert_eq(result.code, 3);
}

Test(proc, input_is_given_or_empty)
{
    static char large[3000000];
    struct heard h = {0};

    answers(TS_OK, sh("cat; echo end", (struct ts_proc_spec){0}, &h));
    cr_assert_str_eq(ts_buf_text(&h.out), "end\n");
    ts_buf_clear(&h.out);
    answers(TS_OK, sh("cat", (struct ts_proc_spec){.input = TS_S("hello")}, &h));
    cr_assert_str_eq(ts_buf_text(&h.out), "hello");
    ts_buf_clear(&h.out);
    memset(large, 'z', sizeof large);
    answers(TS_OK, sh("cat", (struct ts_proc_spec){.input = {large, sizeof large}}, &h));
    cr_assert_eq(h.out.n, sizeof large);
    /* one that does not want it */
    answers(TS_OK,
            sh("exit 5", (struct ts_proc_spec){.input = {large, sizeof large}}, &h));
    cr_assert_eq(result.code, 5);
    answers(TS_OK,
            sh("test -t 0 && echo terminal; exit 0", (struct ts_proc_spec){0}, &h));
    cr_assert_null(strstr(ts_buf_text(&h.out), "terminal"));
}

Test(proc, folder_and_environment)
{
    const char *env[] = {"ADDED=one two", "REMOVED", "CHANGED=old", "CHANGED=new", NULL};
    struct heard h = {0};

    setenv("REMOVED", "x", 1);
    setenv("CHANGED", "x", 1);
    setenv("KEPT", "kept", 1);
    answers(TS_OK,
            sh("pwd; echo \"$ADDED|${REMOVED-none}|$CHANGED|$KEPT\"; env | grep -c "
               "^CHANGED=",
               (struct ts_proc_spec){.cwd = scratch, .env = env}, &h));
    char *wanted = ts_format("%s\none two|none|new|kept\n1\n", scratch);
    cr_assert_str_eq(ts_buf_text(&h.out), wanted);
    ts_free(wanted);
}

Test(proc, arguments_pass_unharmed)
{
    const char *argv[] = {"printf", "<%s>", "a b",  "",  "\"q\"",
                          "$HOME",  "*",    "x\ny", NULL};
    struct heard h = {0};
    struct ts_proc_spec spec = {.argv = argv, .output = hear, .ctx = &h};

    answers(TS_OK, ts_proc_run(&spec, &result, &err));
    cr_assert_str_eq(ts_buf_text(&h.out), "<a b><><\"q\"><$HOME><*><x\ny>");
}

Test(proc, leads_a_group_of_its_own_with_usual_signals)
{
    struct heard h = {0};

    signal(SIGPIPE, SIG_IGN);
    answers(TS_OK,
            sh("read -r _ _ _ _ group _ < /proc/$$/stat; test $group = $$ && echo ok; "
               "grep -E '^Sig(Ign|Blk)' /proc/self/status",
               (struct ts_proc_spec){0}, &h));
    cr_assert(strstr(h.out.p, "ok\n"), "%s", h.out.p);
    cr_assert(strstr(h.out.p, "SigBlk:\t0000000000000000"), "%s", h.out.p);
    /* the C library keeps signals 32 and above for itself */
    const char *ignored = strstr(h.out.p, "SigIgn:\t");
    cr_assert_eq(strtoull(ignored + 8, NULL, 16) & 0x7FFFFFFF, 0, "%s", h.out.p);
}

Test(proc, time_out_ends_the_whole_tree)
{
    struct heard h = {0};
    /* A child, a grandchild in a session of its own, one whose parent has ended, and one
     * that does not listen to SIGTERM. */
    static const char script[] =
        "sleep 300 & echo $! > child\n"
        "setsid sh -c 'echo $$ > session; sleep 300' &\n"
        "(setsid sh -c 'echo $$ > orphan; exec sleep 300' & )\n"
        "sh -c 'trap \"\" TERM; echo $$ > deaf; while :; do sleep 1; done' &\n"
        "while ! test -s child -a -s session -a -s orphan -a -s deaf; do sleep 0.01; "
        "done\n"
        "echo ready; sleep 300\n";

    answers(TS_OK,
            sh(script, (struct ts_proc_spec){.cwd = scratch, .timeout_ms = 1500}, &h));
    cr_assert(result.timed_out);
    cr_assert_not(result.cancelled);
    cr_assert_geq(result.code, 128);
    cr_assert_str_eq(ts_buf_text(&h.out), "ready\n");
    cr_assert_geq(result.elapsed_ms, 1500);
    cr_assert_lt(result.elapsed_ms, 5000);
    cr_assert(is_gone("child"));
    cr_assert(is_gone("session"));
    cr_assert(is_gone("orphan"));
    cr_assert(is_gone("deaf"));
}

Test(proc, gets_a_moment_to_clean_up)
{
    put("ready", "");
    answers(TS_OK, sh("trap 'echo cleaned > mark; exit 7' TERM; sleep 300 & wait",
                      (struct ts_proc_spec){.cwd = scratch, .timeout_ms = 300}, NULL));
    cr_assert(result.timed_out);
    cr_assert_eq(result.code, 7);
    cr_assert_str_eq(get("mark"), "cleaned\n");
}

Test(proc, tick_cancels)
{
    struct heard h = {.stop_at = 3};

    answers(TS_OK, sh("echo $$ > pid; sleep 300",
                      (struct ts_proc_spec){.cwd = scratch, .tick = tick}, &h));
    cr_assert(result.cancelled);
    cr_assert_not(result.timed_out);
    cr_assert_eq(h.ticks, 3);
    cr_assert_geq(result.elapsed_ms, 200);
    cr_assert_lt(result.elapsed_ms, 3000);
    cr_assert(is_gone("pid"));
}

Test(proc, ticks_also_while_output_floods)
{
    struct heard h = {.stop_at = 3};

    answers(TS_OK, sh("yes", (struct ts_proc_spec){.tick = tick}, &h));
    cr_assert(result.cancelled);
    ts_buf_free(&h.out);
}

Test(proc, background_child_does_not_delay_and_lives_on)
{
    struct heard h = {0};
    int64_t began = ts_mono_ns();

    answers(TS_OK, sh("sleep 300 & echo $! > pid; echo said; exit 4",
                      (struct ts_proc_spec){.cwd = scratch}, &h));
    cr_assert_eq(result.code, 4);
    cr_assert_lt((ts_mono_ns() - began) / 1000000, 3000);
    cr_assert_str_eq(ts_buf_text(&h.out), "said\n");
    long pid = strtol(get("pid"), NULL, 10);
    cr_assert(ts_process_alive(pid));
    kill((pid_t)pid, SIGKILL);
}

Test(proc, background_writer_does_not_delay)
{
    struct heard h = {0};

    answers(TS_OK,
            sh("yes & echo $! > pid; exit 0", (struct ts_proc_spec){.cwd = scratch}, &h));
    cr_assert_eq(result.code, 0);
    kill((pid_t)strtol(get("pid"), NULL, 10), SIGKILL);
}

Test(proc, time_out_spares_what_earlier_programs_left)
{
    answers(TS_OK,
            sh("setsid sh -c 'echo $$ > old; exec sleep 300' & while ! test -s old; do "
               "sleep 0.01; done",
               (struct ts_proc_spec){.cwd = scratch}, NULL));
    long old = strtol(get("old"), NULL, 10);
    usleep(50000); /* ages are told apart in hundredths of a second */
    answers(TS_OK, sh("sleep 300", (struct ts_proc_spec){.timeout_ms = 200}, NULL));
    cr_assert(result.timed_out);
    cr_assert(ts_process_alive(old));
    kill((pid_t)old, SIGKILL);
}

Test(proc, children_of_others_stay_theirs)
{
    pid_t ours = fork();
    if (ours == 0) {
        _exit(9);
    }
    pid_t sleeper = fork();
    if (sleeper == 0) {
        pause();
    }
    usleep(50000);
    answers(TS_OK, sh("sleep 300", (struct ts_proc_spec){.timeout_ms = 200}, NULL));
    int status;
    cr_assert_eq(waitpid(ours, &status, 0), ours);
    cr_assert_eq(WEXITSTATUS(status), 9);
    cr_assert(ts_process_alive(sleeper));
    kill(sleeper, SIGKILL);
    waitpid(sleeper, NULL, 0);
}

Test(proc, missing_programs_are_explained)
{
    const char *argv[] = {"no-such-program", NULL};
    const char *folders[] = {"/somewhere", "/else", NULL};
    struct ts_proc_spec spec = {.argv = argv};
    char *found = NULL;

    answers(TS_ENOTFOUND, ts_proc_run(&spec, &result, &err));
    setenv("PATH", "/bin::/nowhere", 1);
    answers(TS_ENOTFOUND, ts_proc_find(&found, "no-such-program", "/tmp", folders, &err));
    cr_assert_str_eq(err.text, "cannot find the program no-such-program; looked for "
                               "/somewhere/no-such-program, /else/no-such-program, "
                               "/bin/no-such-program, /nowhere/no-such-program");
    cr_assert_null(found);

    put("data", "");
    put_dir("folder");
    answers(TS_ENOTFOUND, ts_proc_find(&found, "./data", scratch, NULL, &err));
    cr_assert(strstr(err.text, "(not executable)"), "%s", err.text);
    answers(TS_ENOTFOUND, ts_proc_find(&found, "./folder", scratch, NULL, &err));
    cr_assert(strstr(err.text, "(a folder)"), "%s", err.text);
    answers(TS_EINPUT, ts_proc_find(&found, "", scratch, NULL, &err));

    put("script", "#!/no/such/interpreter\n");
    cr_assert_eq(chmod(scratch_path("script"), 0755), 0);
    spec.program = scratch_path("script");
    answers(TS_ENOTFOUND, ts_proc_run(&spec, &result, &err));
    cr_assert(strstr(err.text, "interpreter"), "%s", err.text);
    spec.program = "/bin/true";
    spec.cwd = scratch_path("none");
    answers(TS_ENOTFOUND, ts_proc_run(&spec, &result, &err));
    cr_assert(strstr(err.text, "none"), "%s", err.text);
}

Test(proc, programs_are_found_where_they_should_be)
{
    char *found = NULL;
    char *folder = scratch_path("folder");
    const char *folders[] = {folder, NULL};

    put("folder/tool", "#!/bin/sh\necho from folder\n");
    cr_assert_eq(chmod(scratch_path("folder/tool"), 0755), 0);
    answers(TS_OK, ts_proc_find(&found, "tool", NULL, folders, &err));
    cr_assert_str_eq(found, scratch_path("folder/tool"));
    answers(TS_OK, ts_proc_find(&found, "folder/tool", scratch, NULL, &err));
    cr_assert_str_eq(found, scratch_path("folder/tool"));
    answers(TS_OK, ts_proc_find(&found, "folder\\tool", scratch, NULL, &err));
    cr_assert_str_eq(found, scratch_path("folder/tool"));
    answers(TS_OK, ts_proc_find(&found, "/bin/sh", scratch, NULL, &err));
    cr_assert_str_eq(found, "/bin/sh");
    answers(TS_ENOTFOUND, ts_proc_find(&found, "tool", scratch, NULL, &err));

    setenv("PATH", folder, 1);
    const char *argv[] = {"tool", NULL};
    struct heard h = {0};
    struct ts_proc_spec spec = {.argv = argv, .output = hear, .ctx = &h};
    answers(TS_OK, ts_proc_run(&spec, &result, &err));
    cr_assert_str_eq(ts_buf_text(&h.out), "from folder\n");
}

Test(proc, runs_as_another_user)
{
    struct heard h = {0};

    if (geteuid() != 0) {
        answers(TS_EACCESS, sh("id", (struct ts_proc_spec){.run_as = true}, &h));
        cr_skip_test("needs root");
    }
    answers(TS_OK, sh("echo $(id -u):$(id -g):$(id -G); touch mine; exit 6",
                      (struct ts_proc_spec){
                          .run_as = true, .uid = 12345, .gid = 54321, .cwd = "/"},
                      &h));
    cr_assert_str_eq(ts_buf_text(&h.out), "12345:54321:54321\n");
    cr_assert_eq(result.code, 6);
    cr_assert_eq(chmod(scratch, 0700), 0);
    answers(TS_ENOTFOUND,
            sh("exit 0",
               (struct ts_proc_spec){
                   .run_as = true, .uid = 12345, .gid = 54321, .program = "/no/such"},
               &h));
}

static size_t open_files(void)
{
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");

    while (readdir(d)) {
        n++;
    }
    closedir(d);
    return n;
}

Test(proc, leaves_no_file_open_and_no_zombie)
{
    struct heard h = {0};
    size_t before = open_files();

    for (int i = 0; i < 20; i++) {
        answers(TS_OK,
                sh("cat; (sleep 0.05 &)", (struct ts_proc_spec){.input = TS_S("x")}, &h));
    }
    struct ts_proc_spec bad = {.argv = (const char *[]){"x", NULL}, .program = "/none"};
    answers(TS_ENOTFOUND, ts_proc_run(&bad, &result, &err));
    cr_assert_eq(open_files(), before);
    usleep(200000);
    answers(TS_OK, sh("exit 0", (struct ts_proc_spec){0}, &h)); /* collects the adopted */
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
}

Test(child, waits_kills_and_reports)
{
    const char *argv[] = {"sh", "-c", "exit 8", NULL};
    struct ts_proc_spec spec = {.argv = argv};
    struct ts_child *c;
    bool done = false;

    answers(TS_OK, ts_child_start(&c, &spec, true, &err));
    answers(TS_OK, ts_child_wait(c, -1, &done, &result, &err));
    cr_assert(done);
    cr_assert_eq(result.code, 8);
    answers(TS_OK, ts_child_wait(c, 0, &done, &result, &err)); /* again */
    cr_assert(done);
    ts_child_free(c);

    argv[2] = "sleep 300";
    answers(TS_OK, ts_child_start(&c, &spec, false, &err));
    answers(TS_OK, ts_child_wait(c, 50, &done, &result, &err));
    cr_assert_not(done);
    ts_child_kill_tree(c);
    answers(TS_OK, ts_child_wait(c, -1, &done, &result, &err));
    cr_assert(done);
    cr_assert_eq(result.signal, SIGKILL);
    ts_child_free(c);
    ts_child_free(NULL);
}

Test(child, tree_dies_however_it_was_detached, .init = scratch_make,
     .fini = scratch_remove)
{
    static const char script[] =
        "setsid sh -c 'trap \"\" TERM HUP; (setsid sh -c \"echo \\$\\$ > deep; sleep "
        "300\" &); "
        "echo $$ > session; exec sleep 300' &\n"
        "(sh -c 'echo $$ > orphan; exec sleep 300' &)\n"
        "while ! test -s deep -a -s session -a -s orphan; do sleep 0.01; done\n";
    const char *argv[] = {"sh", "-c", script, NULL};
    struct ts_proc_spec spec = {.argv = argv, .cwd = scratch};
    struct ts_child *c;
    bool done;

    answers(TS_OK, ts_child_start(&c, &spec, false, &err));
    answers(TS_OK, ts_child_wait(c, -1, &done, &result, &err)); /* it ends by itself */
    cr_assert(ts_process_alive(strtol(get("deep"), NULL, 10)));
    ts_child_kill_tree(c);
    cr_assert(is_gone("deep"));
    cr_assert(is_gone("session"));
    cr_assert(is_gone("orphan"));
    ts_child_free(c);
}

Test(child, hands_on_output_when_asked)
{
    const char *argv[] = {"sh", "-c", "echo one; sleep 0.1; echo two >&2", NULL};
    struct heard h = {0};
    struct ts_proc_spec spec = {.argv = argv, .output = hear, .ctx = &h};
    struct ts_child *c;
    bool done;

    answers(TS_OK, ts_child_start(&c, &spec, false, &err));
    answers(TS_OK, ts_child_wait(c, -1, &done, &result, &err));
    cr_assert_str_eq(ts_buf_text(&h.out), "one\n");
    cr_assert_str_eq(ts_buf_text(&h.errors), "two\n");
    ts_child_free(c);
}

Test(proc, old_processes_of_a_run_are_ended)
{
    const char *ours[] = {"TASKSEQ_RUN=test-run-1", NULL};
    const char *other[] = {"TASKSEQ_RUN=test-run-12", NULL};

    answers(TS_OK,
            sh("setsid sh -c 'echo $$ > ours; exec sleep 300' & while ! test -s ours; "
               "do sleep 0.01; done",
               (struct ts_proc_spec){.cwd = scratch, .env = ours}, NULL));
    answers(TS_OK, sh("setsid sh -c 'echo $$ > other; exec sleep 300' & while ! test -s "
                      "other; do sleep 0.01; done",
                      (struct ts_proc_spec){.cwd = scratch, .env = other}, NULL));
    ts_proc_kill_run("test-run-1");
    cr_assert(is_gone("ours"));
    long pid = strtol(get("other"), NULL, 10);
    cr_assert(ts_process_alive(pid));
    kill((pid_t)pid, SIGKILL);
}

Test(cancel, signals_set_the_flag)
{
    ts_cancel_set(false);
    cr_assert_not(ts_cancelled());
    ts_cancel_install();
    raise(SIGINT);
    raise(SIGINT); /* a second one is as safe */
    raise(SIGTERM);
    cr_assert(ts_cancelled());
    int64_t began = ts_mono_ns();
    ts_sleep_ms(5000); /* does not sleep any more */
    cr_assert_lt((ts_mono_ns() - began) / 1000000, 500);
    ts_cancel_set(false);
    cr_assert_not(ts_cancelled());
    began = ts_mono_ns();
    ts_sleep_ms(60);
    cr_assert_geq((ts_mono_ns() - began) / 1000000, 59);
}
