/* The step library at work: real files, real programs, the real migration engine. */
#include "rig.h"

#include <string.h>

#include "platform/drives.h"
#include "platform/fs.h"

static struct rig r;

static void start(void)
{
    rig_start(&r);
    cr_assert_eq(ts_script_load_library(r.script, &r.registry, &r.err), TS_OK, "%s",
                 r.err.text);
}

static void end(void)
{
    ts_drives_clear();
    rig_end(&r);
}

TestSuite(flow, .init = start, .fini = end, .timeout = 60);

static void file(const char *path, const char *text)
{
    char *full = rig_path(&r, path);
    char *slash = strrchr(full, '/');

    *slash = 0;
    cr_assert_eq(ts_fs_mkdirs(full, 0755, &r.err), TS_OK, "%s", r.err.text);
    ts_free(full);
    rig_file(&r, path, text);
}

static bool exists(const char *path)
{
    char *full = rig_path(&r, path);
    bool there = ts_fs_exists(full);

    ts_free(full);
    return there;
}

static void content(const char *path, const char *want)
{
    char *full = rig_path(&r, path);
    struct ts_buf b = {0};

    cr_expect_eq(ts_file_read(full, 1 << 20, &b, &r.err), TS_OK, "%s", r.err.text);
    cr_expect_str_eq(ts_buf_text(&b), want, "%s", path);
    ts_buf_free(&b);
    ts_free(full);
}

static void drive(char letter, const char *folder, const char *volume, bool fixed)
{
    char *full = rig_path(&r, folder);

    cr_assert_eq(ts_fs_mkdirs(full, 0755, NULL), TS_OK);
    cr_assert_eq(ts_drives_map(letter, full, volume, fixed, &r.err), TS_OK);
    ts_free(full);
}

/* A step that must end well. */
static void step(const char *type, const char *props)
{
    enum ts_code rc = rig_run(&r, type, props);

    cr_assert_eq(rc, TS_OK, "%s %s: %s", type, props, r.err.text);
    cr_assert_str_eq(r.call.outcome.message, "", "%s %s", type, props);
}

/* A step that must fail as an error, with this in its message. */
static void refused(const char *type, const char *props, enum ts_code code,
                    const char *message)
{
    enum ts_code rc = rig_run(&r, type, props);

    cr_expect_eq(rc, code, "%s %s: %s: %s", type, props, ts_code_name(rc), r.err.text);
    cr_expect_not_null(strstr(r.err.text, message), "%s: %s", type, r.err.text);
}

/* A machine with one Windows and one user, a new system on D:, started from X:. */
static void make_machine(void)
{
    drive('C', "C", "vol-c", true);
    drive('D', "D", "vol-d", true);
    drive('X', "X", "vol-x", false);
    file("C/Windows/System32/ntdll.dll", "old kernel");
    file("C/Windows/System32/config/SOFTWARE", "hive");
    file("C/Program Files/App/app.exe", "old program");
    file("C/Users/Ann/NTUSER.DAT", "ann's hive");
    file("C/Users/Ann/Documents/letter.txt", "dear");
    file("C/Users/Ann/AppData/Local/Temp/junk.tmp", "junk");
    file("D/image/Windows/System32/ntdll.dll", "new kernel");
    file("D/image/Users/Default/NTUSER.DAT", "default hive");
}

Test(flow, a_refresh_keeps_the_users_files)
{
    struct ts_stat before, after;
    char *letter = rig_path(&r, "C/Users/Ann/Documents/letter.txt");

    make_machine();
    cr_assert_eq(ts_fs_stat(letter, &before, &r.err), TS_OK);

    step("CheckReadiness", "{\"requireWindows\":true,\"requireProfiles\":true,"
                           "\"requireWritable\":true,\"minMemory\":1}");
    cr_expect_str_eq(rig_var(&r, "_TS_CRWINDOWS"), "1");
    step("RequestStateStore", "{\"path\":\"C:\\\\StateStore\",\"minSpace\":1}");
    cr_expect_str_eq(rig_var(&r, "OSDStateStorePath"), "C:\\StateStore");
    step("CaptureUserState", "{\"rules\":[\"exclude AppData/Local/Temp/\"]}");
    cr_expect_not_null(strstr(r.logged.p, "Captured into C:\\StateStore: "), "%s",
                       r.logged.p);

    /* someone saved a file after the capture */
    file("C/Users/Ann/Documents/late.txt", "late");
    refused("WipeVolume", "{}", TS_EREFUSED, "late.txt");
    cr_assert(exists("C/Users/Ann/Documents/late.txt"));
    step("CaptureUserState", "{\"update\":true}");
    step("WipeVolume", "{}");
    cr_expect(!exists("C/Windows") && !exists("C/Program Files") &&
              !exists("C/Users/Ann"));
    cr_expect(exists("C/StateStore"));
    cr_expect_str_eq(rig_var(&r, "OSDTargetSystemDrive"), "C:");

    step("ApplyImage", "{\"source\":\"D:\\\\image\"}");
    content("C/Windows/System32/ntdll.dll", "new kernel");
    step("RequestStateStore", "{\"mode\":\"restore\"}");
    refused("ReleaseStateStore", "{}", TS_EREFUSED, "StateStore");
    cr_expect_str_eq(rig_var(&r, "OSDStateStorePath"), "C:\\StateStore");
    step("RestoreUserState", "{}");
    content("C/Users/Ann/Documents/letter.txt", "dear");
    content("C/Users/Ann/Documents/late.txt", "late");
    content("C/Users/Default/NTUSER.DAT", "default hive");
    cr_expect(!exists("C/Users/Ann/AppData/Local/Temp/junk.tmp"),
              "the rules left it out");
    cr_assert_eq(ts_fs_stat(letter, &after, &r.err), TS_OK, "%s", r.err.text);
    cr_expect_eq(before.id, after.id, "it is the same file, not a copy");

    step("ReleaseStateStore", "{}");
    cr_expect_eq(r.call.outcome.code, 0);
    cr_expect(!exists("C/StateStore"));
    cr_expect_str_eq(rig_var(&r, "OSDStateStorePath"), "");
    content("C/Users/Ann/Documents/letter.txt", "dear");
    ts_free(letter);
}

Test(flow, a_store_is_found_under_another_letter)
{
    make_machine();
    step("RequestStateStore", "{\"path\":\"C:\\\\StateStore\",\"minSpace\":1}");
    step("CaptureUserState", "{}");
    ts_drives_clear();
    drive('D', "C", "vol-c", true); /* the letters changed with the phase */
    drive('C', "D", "vol-d", true);
    step("RequestStateStore", "{\"mode\":\"restore\"}");
    cr_expect_str_eq(rig_var(&r, "OSDStateStorePath"), "D:\\StateStore");
    cr_expect_str_eq(rig_var(&r, "_SMSTSUserStatePath"), "D:\\StateStore");
}

Test(flow, a_volume_with_profiles_is_not_wiped_without_a_store)
{
    make_machine();
    refused("WipeVolume", "{\"drive\":\"C:\"}", TS_EREFUSED, "withoutStore");
    content("C/Users/Ann/Documents/letter.txt", "dear");
    step("WipeVolume", "{\"drive\":\"C:\",\"withoutStore\":true}");
    cr_expect(!exists("C/Users/Ann"));
}

Test(flow, capture_refuses_what_it_cannot_do)
{
    make_machine();
    refused("CaptureUserState", "{}", TS_EIO, "RequestStateStore");
    refused("CaptureUserState", "{\"store\":\"C:\\\\S\",\"rules\":[\"includ x\"]}",
            TS_EINPUT, "rules:1");
    cr_expect(!exists("C/S"));
    step("CaptureUserState", "{\"store\":\"C:\\\\S\"}");
    refused("CaptureUserState", "{\"store\":\"C:\\\\S\"}", TS_EREFUSED, "S");
    r.call.interrupted_before = true;
    step("CaptureUserState", "{\"store\":\"C:\\\\S\"}");
    refused("RestoreUserState", "{\"store\":\"C:\\\\None\"}", TS_ENOTFOUND, "C:\\None");
}

Test(flow, the_wrong_volume_is_refused)
{
    make_machine();
    refused("RequestStateStore", "{\"path\":\"X:\\\\S\"}", TS_EIO,
            "no fixed local drive");
    refused("RequestStateStore", "{\"path\":\"D:\\\\S\",\"minSpace\":1}", TS_EIO,
            "hard links cannot cross volumes");
    refused("RequestStateStore", "{\"path\":\"C:\\\\\"}", TS_EIO, "folder of its own");
    refused("RequestStateStore", "{\"path\":\"Q:\\\\S\"}", TS_EINPUT, "Q:");
    cr_expect_str_eq(rig_var(&r, "OSDStateStorePath"), "");
}

Test(flow, scripts_run_from_text_and_file)
{
    file("packages/tools/hello.sh", "echo \"hello $1 from $(pwd)\"; exit 3\n");
    static struct ts_package list[] = {{"Tools", "packages/tools"}};
    r.seq.packages = list;
    r.seq.package_count = 1;
    r.node.package = "Tools";
    step("RunScript", "{\"script\":\"hello.sh\",\"arguments\":[\"you all\"],"
                      "\"outputVariable\":\"Said\"}");
    cr_expect_eq(r.call.outcome.code, 3);
    char *want = ts_format("hello you all from %s/packages/tools", r.dir);
    cr_expect_str_eq(rig_var(&r, "Said"), want);
    ts_free(want);
    r.node.package = NULL;
    step("RunScript", "{\"inline\":\"echo 100% $1\\necho $0\",\"interpreter\":\"sh\","
                      "\"arguments\":\"-a \\\"b c\\\"\",\"outputVariable\":\"Said\"}");
    const char *said = rig_var(&r, "Said");
    cr_expect_eq(strncmp(said, "100% -a\n", 8), 0, "%s", said);
    cr_expect(!ts_fs_exists(said + 8), "the file of the script is gone: %s", said + 8);
    step("RunScript", "{\"inline\":\"import sys; print(sys.argv[1:])\","
                      "\"interpreter\":\"python3\",\"arguments\":[\"a\",\"b c\"],"
                      "\"outputVariable\":\"Said\"}");
    cr_expect_str_eq(rig_var(&r, "Said"), "['a', 'b c']");
}

Test(flow, commands_run_and_their_absence_is_explained)
{
    step("RunCommandLine", "{\"command\":\"sh -c \\\"echo out; exit 4\\\"\","
                           "\"outputVariable\":\"Out\"}");
    cr_expect_eq(r.call.outcome.code, 4);
    cr_expect_str_eq(rig_var(&r, "Out"), "out");
    cr_assert_eq(rig_run(&r, "RunCommandLine", "{\"command\":\"no-such-tool x\"}"),
                 TS_OK);
    cr_expect_eq(r.call.outcome.code, -2147024894);
    cr_expect_not_null(strstr(r.call.outcome.message, "no-such-tool"), "%s",
                       r.call.outcome.message);
    cr_assert_eq(rig_run(&r, "RunCommandLine",
                         "{\"command\":\"true\",\"startIn\":\"/no/such/folder\"}"),
                 TS_OK);
    cr_expect_eq(r.call.outcome.code, -2147024893);
}

Test(flow, a_hidden_command_stays_out_of_the_log)
{
    cr_assert_eq(ts_vars_set(r.vars, TS_SCOPE_STEP, TS_S("OSDDoNotLogCommand"),
                             TS_S("TRUE"), false, &r.err),
                 TS_OK);
    step("RunCommandLine", "{\"command\":\"true --user ann\"}");
    cr_expect_null(strstr(ts_buf_text(&r.logged), "ann"), "%s", r.logged.p);
}

Test(flow, a_restart_is_asked_for_with_variables)
{
    cr_assert_eq(ts_vars_set(r.vars, TS_SCOPE_RUN, TS_S("SMSRebootTimeout"), TS_S("90"),
                             false, &r.err),
                 TS_OK);
    step("RestartComputer", "{\"target\":\"winpe\",\"message\":\"Soon\"}");
    cr_expect_str_eq(rig_var(&r, "SMSTSRebootRequested"), "WinPE");
    cr_expect_str_eq(rig_var(&r, "SMSTSRebootMessage"), "Soon");
    cr_expect_str_eq(rig_var(&r, "SMSTSRebootDelay"), "90");
    step("RestartComputer", "{}");
    cr_expect_str_eq(rig_var(&r, "SMSTSRebootRequested"), "HD");
}

Test(flow, variables_are_set_and_the_runtimes_names_refused)
{
    step("SetVariable", "{\"variable\":\"A\",\"value\":\"1\"}");
    step("SetVariable", "{\"variable\":\"B\",\"value\":\"%A%2\"}");
    cr_expect_str_eq(rig_var(&r, "B"), "12");
    step("SetVariable", "{\"variable\":\"B\",\"value\":\"\"}");
    cr_expect(!ts_vars_get(r.vars, "B"));
    step("SetVariable", "{\"variable\":\"Pin\",\"value\":\"9876\",\"secret\":true}");
    step("SetVariable", "{\"variable\":\"Line\",\"value\":\"x %Pin%\"}");
    cr_expect(ts_vars_is_secret(r.vars, TS_S("Line")));
    refused("SetVariable", "{\"variable\":\"_SMSTSInWinPE\",\"value\":\"1\"}", TS_EACCESS,
            "_SMSTSInWinPE");
    refused("SetVariable", "{\"variable\":\"A\"}", TS_EINPUT, "value");
}

Test(flow, files_are_written_copied_and_deleted)
{
    char *props = ts_format("{\"path\":\"%s/a.txt\",\"text\":\"one\"}", r.dir);

    step("WriteFile", props);
    ts_free(props);
    props = ts_format("{\"path\":\"%s/a.txt\",\"text\":\"\\n\",\"append\":true}", r.dir);
    step("WriteFile", props);
    content("a.txt", "one\n");
    r.call.interrupted_before = true;
    refused("WriteFile", props, TS_EIO, "an earlier attempt was cut");
    r.call.interrupted_before = false;
    content("a.txt", "one\n");
    ts_free(props);

    file("logs/smsts.log", "line");
    cr_assert_eq(ts_vars_set(r.vars, TS_SCOPE_ENGINE, TS_S("_SMSTSLogPath"),
                             ts_str_of(r.dir), false, &r.err),
                 TS_OK);
    char *logs = rig_path(&r, "logs");
    ts_vars_engine(r.vars, "_SMSTSLogPath", logs);
    props = ts_format("{\"to\":\"%s/kept\"}", r.dir);
    step("CopyLogs", props);
    content("kept/smsts.log", "line");
    ts_free(props);

    props = ts_format("{\"from\":\"logs\",\"to\":\"%s/two\",\"overwrite\":false}", r.dir);
    step("CopyFiles", props);
    content("two/smsts.log", "line");
    refused("CopyFiles", props, TS_EEXIST, "smsts.log");
    ts_free(props);
    props = ts_format("{\"path\":\"%s/two\"}", r.dir);
    cr_expect_neq(rig_run(&r, "DeleteFiles", props), TS_OK, "a folder needs `recurse`");
    ts_free(props);
    props = ts_format("{\"path\":\"%s/two\",\"recurse\":true}", r.dir);
    step("DeleteFiles", props);
    cr_expect(!exists("two"));
    step("DeleteFiles", props);
    ts_free(props);
    ts_free(logs);
}

Test(flow, failing_on_purpose_keeps_message_and_code)
{
    cr_assert_eq(rig_run(&r, "Fail", "{\"message\":\"no\",\"code\":77}"), TS_OK);
    cr_expect_eq(r.call.outcome.code, 77);
    cr_expect_str_eq(r.call.outcome.message, "no");
    refused("Fail", "{\"message\":\"plain\"}", TS_EIO, "plain");
}

Test(flow, readiness_names_everything_that_is_wrong)
{
    make_machine();
    cr_assert_eq(rig_run(&r, "CheckReadiness",
                         "{\"minMemory\":99999999,\"requireWindows\":true,"
                         "\"architecture\":[\"vax\"]}"),
                 TS_OK);
    cr_expect_eq(r.call.outcome.code, 4316);
    cr_expect_not_null(strstr(r.call.outcome.message, "99999999 MB"));
    cr_expect_not_null(strstr(r.call.outcome.message, "vax"));
    cr_expect_str_eq(rig_var(&r, "_TS_CRMEMORY"), "0");
    cr_expect_str_eq(rig_var(&r, "_TS_CRWINDOWS"), "1");
}

Test(flow, the_example_of_the_manual_works)
{
    struct ts_buf page = {0};

    cr_assert_eq(
        ts_file_read(TASKSEQ_SOURCE_DIR "/docs/writing-steps.md", 1 << 20, &page, &r.err),
        TS_OK, "%s", r.err.text);
    char *code = strstr(page.p, "```lua\n");
    cr_assert_not_null(code);
    code += strlen("```lua\n");
    char *stop = strstr(code, "```");
    cr_assert_not_null(stop);
    *stop = 0;
    cr_assert_eq(rig_load(&r, "KeepFile", code), TS_OK, "%s", r.err.text);
    ts_buf_free(&page);

    file("hosts", "127.0.0.1");
    char *props = ts_format("{\"file\":\"%s/hosts\"}", r.dir);
    step("KeepFile", props);
    content("hosts.kept", "127.0.0.1");
    file("hosts", "changed");
    step("KeepFile", props);
    content("hosts.kept", "127.0.0.1");
    ts_free(props);
    refused("KeepFile", "{\"file\":\"/no/such/file\"}", TS_ENOTFOUND,
            "cannot keep /no/such/file");
}
