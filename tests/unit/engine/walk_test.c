#include "rig.h"

#include "platform/clock.h"
#include "platform/drives.h"
#include "platform/fs.h"
#include "platform/proc.h"
#include "platform/sysinfo.h"
#include "platform/thread.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* The next lines of `text` are these (levels are the first character of a log line). */
static void expect_lines(const struct ts_buf *have, const char *from,
                         const char *const *want, size_t n)
{
    const char *at = strstr(ts_buf_text(have), from);

    cr_assert(at, "no line \"%s\" in\n%s", from, ts_buf_text(have));
    for (size_t i = 0; i < n; i++) {
        size_t length = strcspn(at, "\n");
        char *line = ts_str_dup((ts_str){at, length});
        cr_expect_str_eq(line, want[i]);
        ts_free(line);
        at += length + 1;
    }
}

Test(walk, the_log_says_it_in_the_known_words)
{
    static const char *const want[] = {
        "1 Start executing an instruction. Instruction name: 'G'.  Pointer: 0. Type: "
        "'Group'. "
        "Disabled: 0",
        "1 The condition for the group (G) is evaluated to be true",
        "1 Condition: `X = '1'` is true (X is '1')",
        "1 The group (G) has been successfully started",
        "1 Start executing an instruction. Instruction name: 'A'.  Pointer: 1. Type: "
        "'RunCommandLine'. Disabled: 0",
        "1 Start executing the command line: tool %X%",
        "1 "
        "!-------------------------------------------------------------------------------"
        "---"
        "----------!",
        "1 Successfully completed the action (A) with the exit win32 code 0",
        "1 Start executing an instruction. Instruction name: 'B'.  Pointer: 2. Type: "
        "'Do'. "
        "Disabled: 1",
        "1 The action (B) has been skipped because it is disabled",
        "1 Execution of the instruction (B) has been skipped",
        "1 Start executing an instruction. Instruction name: 'C'.  Pointer: 3. Type: "
        "'Do'. "
        "Disabled: 0",
        "1 Condition: `X = '2'` is false (X is '1')",
        "1 The action (C) has been skipped because the condition is evaluated to be "
        "false",
        "1 Execution of the instruction (C) has been skipped",
        "1 Start executing an instruction. Instruction name: 'D'.  Pointer: 4. Type: "
        "'Do'. "
        "Disabled: 0",
        "3 Failed to run the action: D. no such drive: 0x80070002 (2147942402): the "
        "system "
        "cannot find the file specified",
        "3 The execution of the group (G) has failed and the execution has been aborted. "
        "An "
        "action failed. 0x80004004 (2147500036): the operation was aborted",
        "3 step \"D\": no such drive [0x80070002 (2147942402): the system cannot find "
        "the "
        "file specified]",
        "3 Failed to run the last action: D. Execution of task sequence failed.",
        "3 Task Sequence Engine failed! Code: enExecutionFail",
        "3 Task sequence execution failed with error code 80004005",
    };
    struct rig r;

    rig_init(&r,
             "{'variables':{'X':'1'},'steps':[{'name':'G','condition':'X = `1`','steps':["
             "{'name':'A','type':'RunCommandLine','command':'tool %X%'},"
             "{'name':'B','disabled':true},{'name':'C','condition':'X = `2`'},"
             "{'name':'D'}]}]}",
             "{'D':{'code':-2147024894,'error':'no such drive'}}");
    rig_run(&r);
    expect_lines(&r.f.log, "1 Start executing an instruction. Instruction name: 'G'",
                 want, COUNT(want));
    rig_fini(&r);
}

/* Events without what differs between runs. */
static char *events_of(const struct rig *r, const char *from)
{
    struct ts_buf out = {0};
    const char *start = strstr(ts_buf_text(&r->f.events), from);
    ts_str rest = ts_str_of(start), line;

    cr_assert(start, "no %s", from);
    while (ts_str_cut(&rest, '\n', &line)) {
        char *z = ts_str_dup(line);
        char *seq = strstr(z, "\"seq\":");
        char *type = strstr(z, "\"event\":\"");
        if (seq && type) {
            seq += strcspn(seq, ",}");
            type += 9;
            ts_buf_fmt(&out, "%.*s%s\n", (int)strcspn(type, "\""), type, seq);
        }
        ts_free(z);
    }
    return ts_buf_take(&out);
}

Test(walk, events_have_the_fields_of_the_catalogue)
{
    struct rig r;

    rig_init(
        &r,
        "{'steps':[{'name':'G','id':'g1','steps':[{'name':'A','type':'RunCommandLine',"
        "'command':['tool','%X%'],'continueOnError':true},"
        "{'name':'S','type':'SetVariable','variable':'X','value':'2'},"
        "{'name':'B','condition':'X = `1`'}]},{'name':'C','disabled':true}]}",
        "{'A':5}");
    fake_set(&r.f, "X", "1");
    rig_run(&r);
    char *have = events_of(&r, "{\"event\":\"group.started");
    cr_expect_str_eq(
        have,
        "group.started,\"step\":\"g1\",\"name\":\"G\",\"index\":0}\n"
        "step.started,\"step\":\"A\",\"name\":\"A\",\"index\":1,\"type\":"
        "\"RunCommandLine\","
        "\"command\":\"tool 1\",\"attempt\":1}\n"
        "step.finished,\"step\":\"A\",\"name\":\"A\",\"index\":1,\"code\":5,"
        "\"succeeded\":false"
        ",\"ignored\":true,\"attempt\":1}\n"
        "step.started,\"step\":\"S\",\"name\":\"S\",\"index\":2,\"type\":\"SetVariable\","
        "\"attempt\":1}\n"
        "variable.set,\"name\":\"X\",\"value\":\"2\",\"step\":\"S\",\"index\":2}\n"
        "step.finished,\"step\":\"S\",\"name\":\"S\",\"index\":2,\"code\":0,"
        "\"succeeded\":true,"
        "\"ignored\":false,\"attempt\":1}\n"
        "step.skipped,\"step\":\"B\",\"name\":\"B\",\"index\":3,\"reason\":\"condition\","
        "\"why\":\"`X = '1'` is false (X is '2')\"}\n"
        "group.finished,\"step\":\"g1\",\"name\":\"G\",\"index\":0,\"succeeded\":true}\n"
        "step.skipped,\"step\":\"C\",\"name\":\"C\",\"index\":5,\"reason\":\"disabled\"}"
        "\n"
        "run.finished,\"result\":\"succeeded\",\"code\":0}\n");
    ts_free(have);
    rig_fini(&r);
}

Test(walk, secrets_are_masked_in_events_log_and_result)
{
    struct rig r;

    rig_init(
        &r,
        "[{'name':'A','type':'RunCommandLine','command':'net use %MyPassword%'},"
        "{'name':'S','type':'SetVariable','variable':'Copy','value':'%MyPassword%'}]",
        "{'A':{'code':0,'set':{'OSDJoinPassword':'tea4two'}}}");
    fake_set(&r.f, "MyPassword", "hunter2");
    rig_run(&r);
    cr_expect(strstr(ts_buf_text(&r.f.events), "\"command\":\"*****\""));
    cr_expect(strstr(ts_buf_text(&r.f.events),
                     "\"name\":\"OSDJoinPassword\",\"value\":\"*****\""));
    cr_expect_null(strstr(ts_buf_text(&r.f.events), "hunter2"));
    cr_expect_null(strstr(ts_buf_text(&r.f.log), "hunter2"));
    cr_expect_null(strstr(ts_buf_text(&r.f.events), "tea4two"));
    rig_fini(&r);
}

Test(walk, a_command_can_be_kept_out_of_log_and_events)
{
    struct rig r;

    rig_init(&r, "[{'name':'A','type':'RunCommandLine','command':'tool /quiet'}]", NULL);
    fake_set(&r.f, "OSDDoNotLogCommand", "TRUE");
    rig_run(&r);
    cr_expect_null(strstr(ts_buf_text(&r.f.events), "/quiet"));
    cr_expect_null(strstr(ts_buf_text(&r.f.log), "/quiet"));
    cr_expect(strstr(ts_buf_text(&r.f.log), "Start executing the command line: *****"));
    rig_fini(&r);
}

Test(walk, the_runtime_s_variables_are_there_from_the_start)
{
    struct rig r;
    char host[256], *dir = rig_folder();

    rig_init(&r, "[{'name':'A'}]", NULL);
    r.f.host.phase = TS_PHASE_WINPE;
    r.f.host.state_dir = dir;
    ts_host_name(host);
    rig_run(&r);
    cr_expect_str_eq(fake_var(&r.f, "_SMSTSInWinPE"), "true");
    cr_expect_str_eq(fake_var(&r.f, "_SMSTSInstructionTableSize"), "1");
    cr_expect_str_eq(fake_var(&r.f, "_SMSTSPackageName"), "Test");
    cr_expect_str_eq(fake_var(&r.f, "_SMSTSMachineName"), host);
    cr_expect_str_eq(fake_var(&r.f, "_SMSTSStandAloneMode"), "true");
    cr_expect_str_eq(fake_var(&r.f, "_SMSTSType"), "1");
    cr_expect_str_eq(fake_var(&r.f, "_SMSTSLaunchMode"), "HD");
    cr_expect_str_eq(fake_var(&r.f, "_SMSTSMDataPath"), dir);
    cr_expect_str_eq(fake_var(&r.f, "_TSStateDir"), dir);
    cr_expect_str_eq(fake_var(&r.f, "_TSRunId"), "run-1");
    cr_expect_neq(fake_var(&r.f, "_TSVersion")[0], '\0');
    rig_remove(dir);
    rig_fini(&r);
}

Test(walk, the_log_folder_is_a_variable_too)
{
    char *dir = rig_folder();

    for (int hidden = 0; hidden < 2; hidden++) {
        struct rig r;
        rig_init(&r, "[{'name':'A'}]", NULL);
        r.f.config.keep_logs_out = hidden;
        cr_assert_eq(ts_log_file(r.f.host.log, dir, 0, 0, &r.f.err), TS_OK);
        rig_run(&r);
        cr_expect_str_eq(fake_var(&r.f, "_SMSTSLogPath"), hidden ? "" : dir);
        rig_fini(&r);
    }
    rig_remove(dir);
}

Test(walk, a_windows_that_was_found_once_is_remembered_after_the_wipe)
{
    struct rig r;

    rig_init(&r, "[{'name':'A'}]", NULL);
    ts_drives_clear();
    ts_vars_engine(r.f.host.vars, "_OSDDetectedWinDrive", "D:");
    rig_run(&r);
    cr_expect_str_eq(fake_var(&r.f, "_OSDDetectedWinDrive"), "D:");
    rig_fini(&r);
}

Test(walk, bookkeeping_makes_no_events)
{
    struct rig r;

    rig_init(&r, "[{'name':'A'},{'name':'B','condition':'X = `1`'}]", NULL);
    rig_run(&r);
    cr_expect_null(strstr(ts_buf_text(&r.f.events), "_SMSTSLastAction"));
    cr_expect_null(strstr(ts_buf_text(&r.f.events), "_SMSTSCurrentActionName"));
    cr_expect_null(strstr(ts_buf_text(&r.f.events), "_SMSTSNextInstructionPointer"));
    rig_fini(&r);
}

Test(walk, the_result_says_how_much_was_done)
{
    struct rig r;

    rig_init(
        &r,
        "[{'name':'A'},{'name':'B','continueOnError':true},{'name':'C','disabled':true},"
        "{'name':'G','condition':'X = `1`','steps':[{'name':'D'}]}]",
        "{'B':1}");
    rig_run(&r);
    cr_expect_eq(r.f.result.end, TS_END_SUCCEEDED);
    cr_expect_eq(r.f.result.steps_run, 2);
    cr_expect_eq(r.f.result.steps_failed, 1);
    cr_expect_eq(r.f.result.steps_skipped, 1);
    cr_expect_eq(r.f.result.code, 0);
    cr_expect_str_eq(r.f.result.text, "");
    rig_fini(&r);
}

Test(walk, properties_that_cannot_be_prepared_fail_the_step)
{
    struct rig r;

    rig_init(&r, "[{'name':'A','type':'RestartComputer','target':'%Nowhere%'}]", NULL);
    rig_run(&r);
    cr_expect_eq(r.f.result.end, TS_END_FAILED);
    cr_expect_eq(r.f.result.code, TS_CODE_FAILED);
    cr_expect(strstr(r.f.result.text, "target: expected one of FullOS, HD, WinPE"), "%s",
              r.f.result.text);
    cr_expect_str_eq(ts_buf_text(&r.f.ran), "", "it must not run");
    rig_fini(&r);
}

Test(walk, an_unknown_first_step_is_bad_input)
{
    struct rig r;

    rig_init(&r, "[{'name':'A'}]", NULL);
    cr_assert_eq(fake_run(&r.f, r.seq, false, "B"), TS_EINPUT);
    cr_expect_str_eq(r.f.err.text, "the sequence has no step or group \"B\"");
    cr_expect_str_eq(ts_buf_text(&r.f.events), "");
    rig_fini(&r);
}

Test(walk, without_a_backend_a_restart_fails)
{
    struct rig r;

    rig_init(&r, "[{'name':'A','type':'RestartComputer'}]", NULL);
    r.f.config =
        (struct ts_engine_config){.seq = r.seq, .steps = &r.f.steps, .host = &r.f.host};
    cr_assert_eq(ts_engine_run(&r.f.config, false, NULL, &r.f.result, &r.f.err), TS_OK);
    cr_expect_eq(r.f.result.end, TS_END_FAILED);
    cr_expect(strstr(r.f.result.text, "no way to restart"), "%s", r.f.result.text);
    rig_fini(&r);
}

/* ---- facts
 * ------------------------------------------------------------------------------ */

static enum ts_code fact(void *ctx, const struct ts_expr *x, const char *name,
                         const char *value, const char *part, bool *result,
                         struct ts_buf *why, struct ts_err *err)
{
    (void)ctx;
    (void)value;
    (void)part;
    (void)why;
    if (x->kind != TS_X_FOLDER) {
        return ts_fail(err, TS_EUNSUPPORTED, "not here");
    }
    *result = strcmp(name, "C:\\there") == 0;
    return TS_OK;
}

Test(walk, facts_are_asked_where_the_configuration_says)
{
    struct rig r;
    char *ran;

    rig_init(&r,
             "[{'name':'A','condition':'folder(`C:\\\\%Where%`)'},"
             "{'name':'B','condition':'folder(`C:\\\\elsewhere`)'}]",
             NULL);
    fake_set(&r.f, "Where", "there");
    r.f.config.fact = fact;
    rig_run(&r);
    ran = fake_ran(&r.f);
    cr_expect_str_eq(ran, "A");
    ts_free(ran);
    rig_fini(&r);
}

/* ---- the lock, and what comes after the end
 * ---------------------------------------------- */

struct waiter {
    struct ts_mutex *lock;
    int64_t got_ns;
};

static void take_lock(void *ctx)
{
    struct waiter *w = ctx;

    ts_mutex_lock(w->lock);
    w->got_ns = ts_mono_ns();
    ts_mutex_unlock(w->lock);
}

Test(walk, programs_reach_the_variables_while_a_retry_waits)
{
    struct waiter w = {.lock = ts_mutex_new()};
    struct rig r;

    rig_init(&r, "[{'name':'A','retry':{'attempts':2,'delay':300}}]", "{'A':[1,0]}");
    r.f.host.lock = w.lock;
    ts_mutex_lock(w.lock);
    struct ts_thread *t = ts_thread_start(take_lock, &w);
    int64_t from = ts_mono_ns();
    rig_run(&r);
    int64_t end = ts_mono_ns();
    ts_mutex_unlock(w.lock);
    ts_thread_join(t);
    cr_expect_geq(end - from, 250 * 1000000LL);
    cr_expect_lt(w.got_ns, end, "the lock was held all the time");
    ts_mutex_free(w.lock);
    rig_fini(&r);
}

Test(walk, the_post_action_is_started_at_the_end)
{
    char *dir = rig_folder(), *file = ts_path_join(dir, "done");
    char *command = ts_format("touch %s", file);
    struct rig r;

    rig_init(&r, "[{'name':'A'}]", "{'A':3}");
    fake_set(&r.f, "SMSTSPostAction", command);
    rig_run(&r);
    cr_expect_eq(r.f.result.end, TS_END_FAILED);
    for (int i = 0; i < 500 && !ts_fs_exists(file); i++) {
        ts_sleep_ms(10);
    }
    cr_expect(ts_fs_exists(file));
    ts_free(command);
    ts_free(file);
    rig_remove(dir);
    rig_fini(&r);
}

Test(walk, a_hundred_open_groups_are_no_trouble)
{
    struct ts_buf b = {0};
    struct rig r;

    ts_buf_z(&b, "[");
    for (int i = 0; i < 100; i++) {
        ts_buf_fmt(&b, "{'name':'g%d','steps':[", i);
    }
    ts_buf_z(&b, "{'name':'A'},{'name':'B'}");
    for (int i = 0; i < 100; i++) {
        ts_buf_z(&b, "],'finally':[{'name':'F'}]}");
    }
    ts_buf_z(&b, "]");
    rig_init(&r, ts_buf_text(&b), "{'A':7}");
    rig_run(&r);
    cr_expect_eq(r.f.result.end, TS_END_FAILED);
    cr_expect_eq(r.f.result.code, 7);
    cr_expect_eq(r.f.result.steps_run, 101);
    rig_fini(&r);
    ts_buf_free(&b);
}
