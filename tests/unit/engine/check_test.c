#include "rig.h"

#include "platform/fs.h"
#include "platform/sysinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct found {
    struct ts_buf rules;
    const char *want;
    char step[64], message[1024];
    enum ts_severity severity;
};

static void keep(void *ctx, const struct ts_finding *f)
{
    struct found *o = ctx;

    ts_buf_fmt(&o->rules, "%s ", f->rule);
    if (o->want && strcmp(f->rule, o->want) == 0) {
        snprintf(o->step, sizeof o->step, "%s", f->step);
        snprintf(o->message, sizeof o->message, "%s", f->message);
        o->severity = f->severity;
    }
}

static size_t check(const char *text, struct found *o)
{
    struct ts_sequence *seq = rig_sequence(text);
    struct fake f;

    fake_init(&f);
    size_t n = ts_check(seq, &f.steps, keep, o);
    fake_fini(&f);
    ts_arena_fini(&seq->arena);
    ts_free(seq);
    return n;
}

static const struct {
    const char *rule, *step; /* rule NULL: nothing is found */
    const char *sequence;
    const char *says; /* part of the message */
} table[] = {
    {NULL, "", "[{'name':'A'}]", NULL},
    {NULL, "", "[]", NULL},

    {"secret-in-command", "A",
     "{'inputs':{'Pin':{'secret':true}},'steps':[{'name':'A','type':'RunCommandLine',"
     "'command':'tool /pin:%Pin%'}]}",
     "`input` or `env`"},
    {"secret-in-command", "A",
     "{'inputs':{'OSDJoinPassword':{}},'steps':[{'name':'A','type':'RunCommandLine',"
     "'command':['net','use','%OSDJoinPassword%']}]}",
     "%OSDJoinPassword%"},
    {NULL, "",
     "{'inputs':{'Pin':{'secret':true}},'steps':[{'name':'A','type':'RunCommandLine',"
     "'command':'tool','env':{'PIN':'%Pin%'}}]}",
     NULL},

    {"secret-in-sequence", "A",
     "[{'name':'A','type':'SetVariable','variable':'AdminPassword','value':'hunter2'}]",
     "AdminPassword"},
    {"secret-in-sequence", "A", "[{'name':'A','password':'hunter2'}]", "password"},
    {"secret-in-sequence", "", "{'variables':{'MySecret':'x'},'steps':[{'name':'A'}]}",
     "MySecret"},
    {NULL, "", "{'inputs':{'P':{'secret':true}},'steps':[{'name':'A','password':'%P%'}]}",
     NULL},

    {"variable-never-set", "A", "[{'name':'A','condition':'Wehre = `x`'}]", "Wehre"},
    {"variable-never-set", "A",
     "{'variables':{'TargetDrive':'C:'},'steps':[{'name':'A','text':'%TargetDirve%'}]}",
     "did you mean TargetDrive?"},
    {NULL, "",
     "[{'name':'A','condition':'_SMSTSInWinPE = `true`','text':'%windir% 100%'}]", NULL},
    {NULL, "",
     "[{'name':'S','type':'SetVariable','variable':'Mine','value':'1'},"
     "{'name':'A','condition':'Mine = `1`','text':'%Mine% %OSDDoText%'}]",
     NULL},

    {"wrong-phase", "B",
     "[{'name':'R','type':'RestartComputer','target':'WinPE'},{'name':'B','phase':'"
     "FullOS'}]",
     "restart into FullOS first"},
    {"wrong-phase", "B",
     "[{'name':'R','type':'RestartComputer'},{'name':'B','type':'OnlyInWinPE'}]",
     "WinPE"},
    {NULL, "",
     "[{'name':'R','type':'RestartComputer','target':'WinPE','condition':"
     "'_SMSTSInWinPE = `false`'},{'name':'B','phase':'FullOS'}]",
     NULL},
    {NULL, "",
     "[{'name':'R','type':'RestartComputer','target':'WinPE'},{'name':'B','phase':'"
     "FullOS',"
     "'condition':'_SMSTSInWinPE = `false`'}]",
     NULL},

    {"phase-conflict", "A", "[{'name':'A','type':'OnlyInWinPE','phase':'FullOS'}]",
     "remove `phase`"},
    {NULL, "", "[{'name':'A','type':'OnlyInWinPE','phase':'WinPE'}]", NULL},

    {"destructive-without-proof", "W", "[{'name':'W','type':'WipeVolume'}]",
     "withoutStore = true"},
    {"destructive-without-proof", "W",
     "[{'name':'W','type':'FormatPartitionDisk'},{'name':'C','type':'CaptureUserState'}]",
     "CaptureUserState before it"},
    {NULL, "", "[{'name':'W','type':'WipeVolume','withoutStore':true}]", NULL},
    {NULL, "",
     "[{'name':'C','type':'CaptureUserState'},{'name':'W','type':'WipeVolume'}]", NULL},

    {"capture-continue-on-error", "C",
     "[{'name':'C','type':'CaptureUserState','continueOnError':true},"
     "{'name':'W','type':'WipeVolume'}]",
     "WipeVolume \"W\""},
    {"capture-continue-on-error", "C",
     "[{'name':'G','continueOnError':true,'steps':[{'name':'C','type':'CaptureUserState'}"
     "]},"
     "{'name':'W','type':'WipeVolume'}]",
     "continueOnError of G"},
    {NULL, "",
     "[{'name':'G','continueOnError':true,'steps':[{'name':'C','type':'CaptureUserState'}"
     ","
     "{'name':'W','type':'WipeVolume'}]}]",
     NULL},

    {"restart-in-finally", "R",
     "[{'name':'G','steps':[{'name':'A'}],'finally':[{'name':'R','type':'RestartComputer'"
     "}]}]",
     "also runs after a failure"},
    {"duplicate-name", "b", "[{'name':'A','id':'a'},{'name':'A','id':'b'}]",
     "named \"A\" too (a)"},
    {NULL, "", "[{'name':'A','id':'a'},{'name':'G','steps':[{'name':'A','id':'b'}]}]",
     NULL},
    {"empty-group", "G", "[{'name':'G','steps':[]}]", "has no steps"},
    {"empty-group", "G", "[{'name':'G','steps':[{'name':'A','disabled':true}]}]",
     "every step of this group is disabled"},
    {NULL, "", "[{'name':'G','disabled':true,'steps':[]}]", NULL},

    {"code-2-unhandled", "L", "[{'name':'L','type':'ReleaseStateStore'}]",
     "_SMSTSLastActionRetCode = 2"},
    {NULL, "",
     "[{'name':'L','type':'ReleaseStateStore'},{'name':'R','type':'RestartComputer',"
     "'condition':'_SMSTSLastActionRetCode = 2'}]",
     NULL},

    {"unreachable", "B", "[{'name':'F','type':'Fail'},{'name':'B'}]", "never runs"},
    {NULL, "",
     "[{'name':'F','type':'Fail','condition':'_SMSTSInWinPE = `true`'},{'name':'B'}]",
     NULL},

    {"read-only-variable", "A",
     "[{'name':'A','type':'SetVariable','variable':'_Mine','value':'1'}]",
     "begin with '_'"},
    {NULL, "",
     "{'semantics':'configmgr','steps':[{'name':'A','type':'SetVariable','variable':'_"
     "Mine',"
     "'value':'1'}]}",
     NULL},

    {"shell-builtin", "A",
     "[{'name':'A','type':'RunCommandLine','command':'copy a.txt b.txt'}]",
     "cmd /c copy"},
    {NULL, "",
     "[{'name':'A','type':'RunCommandLine','command':'cmd /c copy a.txt b.txt'}]", NULL},
    {"shell-operator", "A",
     "[{'name':'A','type':'RunCommandLine','command':'tool.exe > out.txt'}]", "\">\""},
    {NULL, "",
     "[{'name':'A','type':'RunCommandLine','command':'C:\\\\Windows\\\\cmd.exe /c a > "
     "b'}]",
     NULL},

    {"retry-never", "A", "[{'name':'A','retry':{'attempts':3,'on':[0,5]}}]",
     "the code 0, which counts as success"},
    {"retry-never", "A", "[{'name':'A','retry':{'attempts':1,'on':[5]}}]", "is 1"},
    {NULL, "", "[{'name':'A','retry':{'attempts':3,'on':[5]}}]", NULL},

    {"import-command", "A",
     "[{'name':'A','type':'RunCommandLine','command':'cscript x.wsf',"
     "'xml':{'reason':'it needs Windows'}}]",
     "run as it is: it needs Windows"},
    {NULL, "",
     "[{'name':'A','type':'RunCommandLine','command':'x','xml':{'action':'x'}}]", NULL},
    {"import-partly", "A", "[{'name':'A','xml':{'reason':'not checked here: UEFI'}}]",
     "not checked here: UEFI"},
    {"import-unsupported", "A",
     "[{'name':'A','type':'Unsupported','xmlType':'BDD_X','reason':'it has no action'}]",
     "type BDD_X fails when it is reached: it has no action"},
    {NULL, "", "[{'name':'B'},{'name':'A','type':'Unsupported','disabled':true}]", NULL},

    {"query-wrong", "A", "[{'name':'A','condition':'wmi(`SELECT * WHERE Model = 1`)'}]",
     "expected FROM"},
    {NULL, "", "[{'name':'A','condition':'wmi(`SELECT * FROM A WHERE B > 1`)'}]", NULL},
    {NULL, "", "[{'name':'A','condition':'wmi(`SELECT * %windir%`)'}]", NULL},

    {"impossible-value", "A", "[{'name':'A','condition':'_SMSTSInWinPE = `YES`'}]",
     "'true' or 'false'"},
    {NULL, "", "[{'name':'A','condition':'_SMSTSInWinPE = `TRUE`'}]", NULL},
};

Test(check, every_rule_finds_what_it_is_for_and_nothing_else)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct found o = {.want = table[i].rule};
        size_t n = check(table[i].sequence, &o);
        cr_expect_eq(n, table[i].rule ? 1 : 0, "%s: %s", table[i].sequence,
                     ts_buf_text(&o.rules));
        if (table[i].rule) {
            cr_expect_str_eq(o.step, table[i].step, "%s: %s", table[i].sequence,
                             ts_buf_text(&o.rules));
            cr_expect(strstr(o.message, table[i].says), "%s: %s", table[i].sequence,
                      o.message);
        }
        ts_buf_free(&o.rules);
    }
}

Test(check, facts_that_only_windows_can_answer)
{
    struct found o = {.want = "fact-not-askable"};
    bool windows = strcmp(ts_platform_name(), "windows") == 0;

    cr_expect_eq(check("[{'name':'A','condition':'not (software(`{1}`) and "
                       "registry(`HKLM\\\\X`))'}]",
                       &o),
                 windows ? 0 : 2);
    cr_expect(windows || strstr(o.message, "the step fails"), "%s", o.message);
    cr_expect_eq(o.severity, TS_NOTE);
    o.rules.n = 0;
    cr_expect_eq(check("{'semantics':'configmgr','steps':[{'name':'A','condition':"
                       "'software(`{1}`)'}]}",
                       &o),
                 windows ? 0 : 1);
    cr_expect(windows || strstr(o.message, "here it is false"), "%s", o.message);
    ts_buf_free(&o.rules);
}

static size_t table_has(const char *rule)
{
    size_t n = strcmp(rule, "fact-not-askable") == 0;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        n += table[i].rule && strcmp(table[i].rule, rule) == 0;
    }
    return n;
}

Test(check, every_rule_is_tested_and_in_the_manual)
{
    struct ts_buf manual = {0};
    struct ts_err err;
    size_t n;
    const struct ts_check_rule *rules = ts_check_rules(&n);

    cr_assert_eq(
        ts_file_read(TASKSEQ_SOURCE_DIR "/docs/check.md", 1 << 20, &manual, &err), TS_OK,
        "%s", err.text);
    cr_assert_geq(n, 10);
    for (size_t i = 0; i < n; i++) {
        static const char *const names[] = {"note", "warning", "error"};
        char *line = ts_format("## %s\n\n*%s*", rules[i].id, names[rules[i].severity]);
        cr_expect(table_has(rules[i].id), "%s has no test", rules[i].id);
        cr_expect(strstr(ts_buf_text(&manual), line), "not in docs/check.md: %s", line);
        cr_expect(i == 0 || strcmp(rules[i - 1].id, rules[i].id) < 0, "sorted");
        ts_free(line);
    }
    ts_buf_free(&manual);
}

Test(check, counts_without_a_listener)
{
    struct ts_sequence *seq = rig_sequence("[{'name':'G','steps':[]}]");
    struct fake f;

    fake_init(&f);
    cr_expect_eq(ts_check(seq, &f.steps, NULL, NULL), 1);
    fake_fini(&f);
}
