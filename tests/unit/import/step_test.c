/* step_test.c - what the actions of steps become. */
#include "import.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define VAR(name, value) \
    "<variable name=\"" name "\" property=\"" name "\">" value "</variable>"
#define NAMED(name, property, value) \
    "<variable name=\"" name "\" property=\"" property "\">" value "</variable>"
#define HIDDEN(name, value)                                                    \
    "<variable name=\"" name "\" property=\"" name "\" hidden=\"true\">" value \
    "</variable>"
#define SCRIPT(rest) "cscript.exe \"%SCRIPTROOT%\\" rest

/* One step with this action and these variables; the caller frees the sequence. */
static struct ts_sequence *step_with(const char *attributes, const char *action,
                                     const char *vars)
{
    char *xml = ts_format("<step name=\"S\" %s><action>%s</action><defaultVarList>%s"
                          "</defaultVarList></step>",
                          attributes, action, vars);
    struct ts_sequence *s = import_steps(xml);

    ts_free(xml);
    return s;
}

static const struct {
    const char *action, *vars;
    const char *type;
    const char *props[8]; /* name, value, ... */
    const char *reason;   /* part of it, NULL: none */
} table[] = {
    /* commands */
    {"cmd /c dir", "", "RunCommandLine", {"command", "cmd /c dir"}, NULL},
    {"smsswd.exe /run: cmd /c &quot;a b&quot;",
     "",
     "RunCommandLine",
     {"command", "cmd /c \"a b\""},
     NULL},
    {"SMSSWD.EXE /run:  cmd", "", "RunCommandLine", {"command", "cmd"}, NULL},
    {"cmd",
     NAMED("SMSTSRunCommandLineOutputVariableName", "OutputVariableName", "Out")
         NAMED("WorkingDirectory", "WorkingDirectory", "C:\\W"),
     "RunCommandLine",
     {"command", "cmd", "outputVariable", "Out", "startIn", "C:\\W"},
     NULL},
    {SCRIPT("Custom\\Mine.wsf"),
     "",
     "RunCommandLine",
     {"command", "cscript.exe \"%SCRIPTROOT%\\Custom\\Mine.wsf"},
     NULL},

    /* programs of the client */
    {"tsenv.exe \"A=b\"",
     HIDDEN("VariableName", "A"),
     "SetVariable",
     {"variable", "A", "value", "b"},
     NULL},
    {"tsenv.exe \"A=b=\"c\" %D%\" /hiddenflag:False",
     "",
     "SetVariable",
     {"variable", "A", "value", "b=\"c\" %D%"},
     NULL},
    {"tsenv.exe \"A=\" /hiddenflag:True",
     "",
     "SetVariable",
     {"variable", "A", "value", "", "secret", "true"},
     NULL},
    {"smsswd.exe /run: tsenv.exe \"A=1\"",
     "",
     "SetVariable",
     {"variable", "A", "value", "1"},
     NULL},
    {"tsenv.exe A", "", "Unsupported", {NULL}, "Name=Value"},
    {"smsboot.exe /target:HD",
     NAMED("SMSRebootMessage", "Message", "Soon")
         NAMED("SMSRebootTimeout", "MessageTimeout", "10"),
     "RestartComputer",
     {"target", "FullOS", "message", "Soon", "delay", "10"},
     NULL},
    {"smsboot.exe /target:WinPE",
     HIDDEN("SMSRebootTarget", "WinPE"),
     "RestartComputer",
     {"target", "WinPE"},
     NULL},
    {"OSDRunPowerShellScript.exe",
     NAMED("OSDRunPowerShellScriptSourceScript", "SourceScript",
           "//5lAHgAaQB0ACAANQANAAoA"),
     "RunPowerShellScript",
     {"sourceScript", "exit 5\r\n"},
     NULL},
    {"OSDRunPowerShellScript.exe",
     NAMED("OSDRunPowerShellScriptSourceScript", "SourceScript", "ZQB4AGkAdAAgADUA"),
     "RunPowerShellScript",
     {"sourceScript", "exit 5"},
     NULL},
    {"OSDRunPowerShellScript.exe",
     NAMED("OSDRunPowerShellScriptScriptName", "ScriptName",
           "a.ps1") NAMED("OSDRunPowerShellScriptParameters", "Parameters", "-A 'b'")
         NAMED("OSDRunPowerShellScriptExecutionPolicy", "ExecutionPolicy", "AllSigned")
             NAMED("OSDRunPowerShellScriptOutputVariableName", "OutputVariableName", "O"),
     "RunPowerShellScript",
     {"script", "a.ps1", "parameters", "-A 'b'", "executionPolicy", "AllSigned",
      "outputVariable", "O"},
     NULL},
    {"OSDRunPowerShellScript.exe",
     NAMED("OSDRunPowerShellScriptSourceScript", "SourceScript", "!!!"),
     "Unsupported",
     {NULL},
     "neither base64"},
    {"OSDRunPowerShellScript.exe", "", "Unsupported", {NULL}, "names no script"},
    {"smsnetuse.exe %SMSConnectNetworkFolderPath%",
     NAMED("SMSConnectNetworkFolderPath", "Path", "\\\\s\\f")
         NAMED("SMSConnectNetworkFolderDriveLetter", "DriveLetter", "L:")
             NAMED("SMSConnectNetworkFolderAccount", "Username", "D\\u"),
     "ConnectNetworkFolder",
     {"path", "\\\\s\\f", "drive", "L:", "account", "D\\u"},
     NULL},
    {"smsswd.exe /pkg:P01 /install /basevar: /continueOnError:",
     NAMED("_SMSSWDProgramName", "ProgramName", "Setup"),
     "InstallPackage",
     {"program", "Setup"},
     NULL},
    {"smsswd.exe /pkg: /install /basevar:PACKAGES /continueOnError:True",
     "",
     "InstallPackage",
     {"baseVariable", "PACKAGES", "continueOnInstallError", "true"},
     NULL},
    {"smsswd.exe /pkg: /install /basevar:",
     "",
     "Unsupported",
     {NULL},
     "names no package"},
    {"smsswd.exe /something", "", "Unsupported", {NULL}, "part of the ConfigMgr client"},
    {"smsappinstall.exe /app: /basevar:APPS /continueOnError:False",
     "",
     "InstallApplication",
     {"baseVariable", "APPS"},
     NULL},
    {"SubTasksequence.exe",
     NAMED("OSDSubTasksequencePackageID", "TsPackageID", "P02"),
     "RunTaskSequence",
     {"sequence", "P02"},
     "P02 that it runs is not in this export"},
    {"osdsmpclient.exe /capture", "", "RequestStateStore", {"mode", "capture"}, NULL},
    {"osdsmpclient.exe /restore",
     HIDDEN("OSDStateRequestType", "restore"),
     "RequestStateStore",
     {"mode", "restore"},
     NULL},
    {"osdsmpclient.exe /release", "", "ReleaseStateStore", {NULL}, NULL},
    {"osdmigrateuserstate.exe /collect /skipefs:x",
     VAR("OSDMigrateContinueOnLockedFiles", "true"),
     "CaptureUserState",
     {"onUnreadable", "skip"},
     NULL},
    {"osdmigrateuserstate.exe /apply /continueOnError:x",
     "",
     "RestoreUserState",
     {NULL},
     NULL},
    {"OSDPrestartCheck.exe ",
     VAR("OSDCheckMemory", "true") VAR("OSDMemory", "512")
         VAR("OSDCheckFreeDiskSpace", "false") VAR("OSDFreeDiskSpace", "25000"),
     "CheckReadiness",
     {"minMemory", "512"},
     NULL},
    {"OSDPrestartCheck.exe ",
     VAR("OSDCheckDeviceUEFI", "true"),
     "CheckReadiness",
     {NULL},
     "not checked here: UEFI"},
    {"osddiskpart.exe",
     "",
     "Unsupported",
     {NULL},
     "osddiskpart.exe is a part of the ConfigMgr client"},

    /* scripts of MDT */
    {SCRIPT("ZTIGather.wsf\""),
     VAR("GatherLocalOnly", "false") VAR("RulesFile", "CustomSettings.ini"),
     "Gather",
     {"localOnly", "false", "rulesFile", "CustomSettings.ini"},
     NULL},
    {"smsswd.exe /run:P03 cscript.exe \"%DeployRoot%\\Scripts\\ztigather.wsf\"",
     VAR("GatherLocalOnly", "true"),
     "Gather",
     {"localOnly", "true"},
     NULL},
    {SCRIPT("ZTIValidate.wsf\""),
     VAR("ImageMemory", "768") VAR("VerifyOS", "CLIENT"),
     "Validate",
     {"minMemory", "768", "verifyOS", "CLIENT"},
     NULL},
    {SCRIPT("ZTISetVariable.wsf\""),
     VAR("VariableName", " N ") VAR("VariableValue", "%M% x"),
     "SetVariable",
     {"variable", "N", "value", "%M% x"},
     NULL},
    {SCRIPT("ZTISetVariable.wsf\""),
     VAR("VariableName", "N"),
     "SetVariable",
     {"variable", "N", "value", ""},
     NULL},
    {SCRIPT("ZTIPowerShell.wsf"),
     VAR("ScriptName", "%SCRIPTROOT%\\a.ps1") VAR("Parameters", "-B"),
     "RunPowerShellScript",
     {"script", "%SCRIPTROOT%\\a.ps1", "parameters", "-B"},
     NULL},
    {SCRIPT("ZTINextPhase.wsf\""), VAR("RunAsUser", "false"), "NextPhase", {NULL}, NULL},
    {"powershell.exe -file \"%SCRIPTROOT%\\PSDNextPhase.ps1\"",
     "",
     "NextPhase",
     {NULL},
     NULL},
    {SCRIPT("LTICopyScripts.wsf\""), "", "CopyScripts", {NULL}, NULL},
    {"cscript.exe //nologo \"%SCRIPTROOT%\\ZTIConnect.wsf\" /uncpath:\\\\s\\f$",
     "",
     "ConnectNetworkFolder",
     {"path", "\\\\s\\f$"},
     NULL},
    {SCRIPT("ZTIApplications.wsf\""),
     VAR("ApplicationSuccessCodes", "0 3010"),
     "InstallApplication",
     {"baseVariable", "Applications"},
     "MandatoryApplications"},
    {SCRIPT("LTIApply.wsf\" /PE"),
     "",
     "RunCommandLine",
     {"command", "cscript.exe \"%SCRIPTROOT%\\LTIApply.wsf\" /PE"},
     "LTIApply.wsf is a script of MDT"},
};

Test(step, actions_become_what_they_mean)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ts_sequence *s = step_with("type=\"X\"", table[i].action, table[i].vars);
        const struct ts_node *n = node_of(s, "S");
        bool unsupported = strcmp(n->type, "Unsupported") == 0;
        const char *reason = unsupported ? prop(n, "reason") : kept(n, "reason");
        cr_expect_str_eq(n->type, table[i].type, "%s is %s: %s", table[i].action, n->type,
                         reason);
        for (int k = 0; k < 8 && table[i].props[k]; k += 2) {
            cr_expect_str_eq(prop(n, table[i].props[k]), table[i].props[k + 1],
                             "%s: %s is %s", table[i].action, table[i].props[k],
                             prop(n, table[i].props[k]));
        }
        cr_expect(table[i].reason ? strstr(reason, table[i].reason) != NULL : !*reason,
                  "%s: %s", table[i].action, reason);
        cr_expect_str_eq(kept(n, "type"), "X");
        ts_sequence_free(s);
    }
}

Test(step, a_step_without_an_action_fails_when_it_is_reached)
{
    struct ts_sequence *s = import_steps("<step name='A' type='T'/><step name='B'>"
                                         "<action> </action></step>");

    cr_expect_str_eq(node_of(s, "A")->type, "Unsupported");
    cr_expect_str_eq(prop(node_of(s, "A"), "reason"), "it has no action");
    cr_expect_str_eq(prop(node_of(s, "A"), "xmlType"), "T");
    cr_expect_str_eq(node_of(s, "B")->type, "Unsupported");
    ts_sequence_free(s);
}

Test(step, packages_are_options_of_the_step)
{
    static const char *const actions[] = {
        "smsswd.exe /run:P0100001 cmd",
        "smsswd.exe /pkg:P0100001 /install /basevar:", "osdrunpowershellscript.exe"};

    for (size_t i = 0; i < 3; i++) {
        struct ts_sequence *s = step_with(
            "", actions[i],
            i == 2 ? NAMED("OSDRunPowerShellScriptScriptName", "ScriptName", "a.ps1")
                         NAMED("OSDRunPowerShellScriptPackageID", "PackageID", "P0100001")
                   : HIDDEN("PackageID", "P0100001"));
        cr_expect_str_eq(node_of(s, "S")->package, "P0100001", "%s", actions[i]);
        ts_sequence_free(s);
    }
}

Test(step, applications_have_their_names_for_people)
{
    struct ts_sequence *s =
        step_with("", "smsappinstall.exe /app:I1,I2,I3 /basevar: /continueOnError:True",
                  VAR("OSDApp0DisplayName", "One") VAR("OSDApp2DisplayName", "Three"));
    const struct ts_value *list = ts_value_get(node_of(s, "S")->params, "applications");

    cr_assert_eq(list->count, 3);
    cr_expect_str_eq(list->first->str.p, "One");
    cr_expect_str_eq(list->first->next->str.p, "I2");
    cr_expect_str_eq(list->last->str.p, "Three");
    cr_expect_str_eq(prop(node_of(s, "S"), "continueOnInstallError"), "true");
    ts_sequence_free(s);
}

/* ---- dynamic variables ---------------------------------------------------------------
 */

#define RULES(content)                            \
    NAMED("OSDSetDynamicVariablesRules", "Rules", \
          "&lt;Rules&gt;" content "&lt;/Rules&gt;")

Test(step, rules_are_read_in_order_with_conditions_and_secrets)
{
    struct ts_sequence *s = step_with(
        "", "OSDSetDynamicVariables.exe",
        RULES(
            "&lt;Rule&gt;&lt;condition&gt;&lt;expression "
            "type=\"SMS_TaskSequence_VariableConditionExpression\"&gt;"
            "&lt;variable name=\"Operator\"&gt;equals&lt;/variable&gt;"
            "&lt;variable name=\"Value\"&gt;1&lt;/variable&gt;"
            "&lt;variable name=\"Variable\"&gt;A&lt;/variable&gt;"
            "&lt;/expression&gt;&lt;/condition&gt;&lt;Variables&gt;"
            "&lt;Variable Name=\"X\" IsSecret=\"false\"&gt;%A% &amp;amp; "
            "b&lt;/Variable&gt;"
            "&lt;/Variables&gt;&lt;/Rule&gt;"
            "&lt;Rule&gt;&lt;Variables&gt;&lt;Variable Name=\"Y\" IsSecret=\"true\"/&gt;"
            "&lt;/Variables&gt;&lt;/Rule&gt;"));
    const struct ts_node *n = node_of(s, "S");
    const struct ts_value *rules = ts_value_get(n->params, "rules");

    cr_assert_str_eq(n->type, "SetDynamicVariables", "%s", prop(n, "reason"));
    cr_assert_eq(rules->count, 2);
    cr_expect_str_eq(ts_value_text(ts_value_get(rules->first, "condition"), "variable"),
                     "A");
    cr_expect_str_eq(ts_value_text(ts_value_get(rules->first, "variables"), "X"),
                     "%A% & b");
    cr_expect_null(ts_value_get(rules->last, "condition"));
    cr_expect_str_eq(ts_value_text(ts_value_get(rules->last, "variables"), "Y"), "");
    cr_expect_str_eq(ts_value_get(rules->last, "secrets")->first->str.p, "Y");
    cr_expect_null(ts_value_get(n->xml, "defaults"));
    ts_sequence_free(s);
}

Test(step, rules_that_cannot_be_read_make_the_step_unsupported)
{
    static const char *const broken[] = {
        RULES("&lt;Rule&gt;"),
        RULES("&lt;Rule&gt;&lt;condition&gt;&lt;x/&gt;&lt;/condition&gt;&lt;/Rule&gt;")};

    for (size_t i = 0; i < 2; i++) {
        struct ts_sequence *s = step_with("", "OSDSetDynamicVariables.exe", broken[i]);
        cr_expect_str_eq(node_of(s, "S")->type, "Unsupported");
        cr_expect(kept_in(node_of(s, "S"), "defaults", "OSDSetDynamicVariablesRules")[0],
                  "the rules are kept");
        ts_sequence_free(s);
    }
    struct ts_sequence *s = step_with("", "OSDSetDynamicVariables.exe", "");
    cr_expect_str_eq(node_of(s, "S")->type, "SetDynamicVariables");
    ts_sequence_free(s);
}

/* ---- attributes and variables --------------------------------------------------------
 */

Test(step, attributes_become_options)
{
    struct ts_sequence *s = step_with(
        "type=\"T\" description=\"D\" disable=\"true\" continueOnError=\"TRUE\" "
        "runIn=\"winpe\" successCodeList=\"0 3010,-1 0x80070005\" retryCount=\"2\" "
        "timeout=\"900\" startIn=\"C:\\x\" runFromNet=\"false\"",
        "cmd", "");
    const struct ts_node *n = node_of(s, "S");

    cr_expect_str_eq(n->description, "D");
    cr_expect(n->disabled && n->continue_on_error);
    cr_expect_eq(n->phase, TS_PHASE_WINPE);
    cr_expect_eq(n->timeout_ms, 900000);
    cr_expect_eq(n->retry.attempts, 3);
    cr_expect(n->retry.on.set && n->retry.on.n == 0, "a failure is not tried again");
    cr_assert_eq(n->success_codes.n, 4);
    cr_expect_eq(n->success_codes.v[1], 3010);
    cr_expect_eq(n->success_codes.v[2], -1);
    cr_expect_str_eq(prop(n, "startIn"), "C:\\x");
    cr_expect_null(ts_value_get(n->xml, "attributes"));
    cr_expect_str_eq(kept(n, "action"), "cmd");
    ts_sequence_free(s);
}

Test(step, attributes_without_a_meaning_here_are_kept)
{
    struct ts_sequence *s =
        step_with("disable=\"maybe\" runIn=\"%Where%\" successCodeList=\"0 x\" "
                  "retryCount=\"often\" "
                  "timeout=\"-1\" runFromNet=\"true\" successCodes=\"0 1\" unknown=\"u\"",
                  "cmd", "");
    const struct ts_node *n = node_of(s, "S");
    static const char *const names[] = {"disable",      "runIn",   "successCodeList",
                                        "retryCount",   "timeout", "runFromNet",
                                        "successCodes", "unknown"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cr_expect(*kept_in(n, "attributes", names[i]), "%s", names[i]);
    }
    cr_expect(!n->disabled && n->phase == TS_PHASE_ANY && !n->success_codes.set);
    ts_sequence_free(s);
}

Test(step, an_absent_list_and_a_list_of_0_are_the_same)
{
    struct ts_sequence *s = import_steps("<step name='A'><action>a</action></step>"
                                         "<step name='B' successCodeList='0'><action>a"
                                         "</action></step>");

    cr_expect(!node_of(s, "A")->success_codes.set && !node_of(s, "B")->success_codes.set);
    ts_sequence_free(s);
}

Test(step, hidden_variables_are_no_defaults)
{
    struct ts_sequence *s = step_with(
        "", "mine.exe",
        NAMED("Seen", "Other", "v") HIDDEN("Unseen", "h") VAR("Empty", "")
            VAR("RunAsUser", "false") VAR("LoadProfile", "true") VAR("Twice", "1")
                VAR("twice", "2") VAR("", "x") VAR("_Own", "o"));
    const struct ts_node *n = node_of(s, "S");
    const struct ts_value *defaults = ts_value_get(n->xml, "defaults");

    cr_expect_eq(defaults->count, 4);
    cr_expect_str_eq(ts_value_text(defaults, "Seen"), "v");
    cr_expect_str_eq(ts_value_text(defaults, "LoadProfile"), "true");
    cr_expect_str_eq(ts_value_text(defaults, "twice"), "2");
    cr_expect_str_eq(ts_value_text(defaults, "_Own"), "o");
    cr_expect_str_eq(kept_in(n, "hidden", "Unseen"), "h");
    cr_expect_str_eq(kept_in(n, "properties", "Seen"), "Other");
    ts_sequence_free(s);
}

Test(step, another_account_is_said_only_when_it_is_used)
{
    static const char vars[] = NAMED("SMSTSRunCommandLineUserName", "UserName", "D\\u");
    struct ts_sequence *s = step_with("", "cmd", vars);

    cr_expect_null(node_of(s, "S")->run_as);
    ts_sequence_free(s);
    char *more = ts_format("%s%s", vars, VAR("RunAsUser", "true"));
    s = step_with("", "cmd", more);
    cr_expect_str_eq(node_of(s, "S")->run_as, "D\\u");
    ts_sequence_free(s);
    ts_free(more);
}

/* ---- what is odd in real files -------------------------------------------------------
 */

Test(oddity, groups_may_be_empty_and_have_an_empty_action)
{
    struct ts_sequence *s = import_steps(
        "<group name='A ' expand='true'><action></action></group><group name='A '/>"
        "<group name='B' expand='false'><action>does what?</action></group>");

    cr_expect_str_eq(s->root->first->name, "A ");
    cr_expect_str_eq(s->root->first->id, "a");
    cr_expect_str_eq(s->root->first->next->id, "a-2");
    cr_expect_str_eq(kept_in(s->root->first, "attributes", "expand"), "true");
    cr_expect_null(ts_value_get(s->root->first->xml, "elements"));
    cr_expect_null(node_of(s, "B")->xml ? ts_value_get(node_of(s, "B")->xml, "attributes")
                                        : NULL);
    cr_expect_str_eq(ts_value_get(node_of(s, "B")->xml, "elements")->first->str.p,
                     "<action>does what?</action>");
    ts_sequence_free(s);
}

Test(oddity, names_are_made_fit_and_kept)
{
    struct ts_buf longer = {0};
    struct ts_err err;

    for (int i = 0; i < 300; i++) {
        ts_buf_z(&longer, "\xC3\xA4");
    }
    char *xml =
        ts_format("<sequence name=''><step name=\"a&#xA;b\"><action>c</action></step>"
                  "<step name=\"\"><action>c</action></step><step><action>c</action>"
                  "</step><group name=\"%s\"/></sequence>",
                  longer.p);
    struct ts_sequence *s = import_text(xml, &err);
    cr_assert(s, "%s", err.text);
    cr_expect_str_eq(s->name, "t");
    cr_expect_str_eq(s->root->first->name, "a b");
    cr_expect_str_eq(kept(s->root->first, "name"), "a\nb");
    cr_expect_str_eq(s->root->first->next->name, "RunCommandLine");
    cr_expect_str_eq(s->root->first->next->next->name, "RunCommandLine");
    const struct ts_node *group = s->root->first->next->next->next;
    cr_expect_eq(strlen(group->name), 400);
    cr_expect_str_eq(kept(group, "name"), longer.p);
    ts_sequence_free(s);
    ts_free(xml);
    ts_buf_free(&longer);
}

Test(oddity, of_a_global_variable_said_twice_the_last_counts)
{
    struct ts_sequence *s = import_steps(
        "<globalVarList>" VAR("OSGUID", "1") VAR("OSDAdapterCount", "0")
            VAR("osguid", "2") VAR("_SMSTSSiteCode", "P01") VAR("Not a name", "x")
                NAMED("A", "B", "c") "</globalVarList>");

    cr_expect_eq(s->variables->count, 3);
    cr_expect_str_eq(ts_value_text(s->variables, "osguid"), "2");
    cr_expect_str_eq(ts_value_text(s->variables, "OSDAdapterCount"), "0");
    const struct ts_value *hidden = ts_value_get(s->xml, "hidden");
    cr_expect_str_eq(ts_value_text(hidden, "_SMSTSSiteCode"), "P01");
    cr_expect_str_eq(ts_value_text(hidden, "Not a name"), "x");
    cr_expect_str_eq(ts_value_text(ts_value_get(s->xml, "properties"), "A"), "B");
    ts_sequence_free(s);
}

Test(oddity, what_is_unknown_is_kept)
{
    struct ts_err err;
    struct ts_sequence *s = import_text(
        "<sequence version='3.10' odd='1'><referenceList><reference package='P' "
        "program='*'/>"
        "<reference application='A'/></referenceList><extra a='1'>t</extra>"
        "<step name='S'><action>c</action><more><x/></more></step></sequence>",
        &err);

    cr_assert(s, "%s", err.text);
    cr_expect_str_eq(ts_value_text(ts_value_get(s->xml, "attributes"), "odd"), "1");
    cr_expect_str_eq(ts_value_get(s->xml, "elements")->first->str.p,
                     "<extra a=\"1\">t</extra>");
    const struct ts_value *references = ts_value_get(s->xml, "references");
    cr_expect_str_eq(ts_value_text(references->first, "program"), "*");
    cr_expect_str_eq(ts_value_text(references->last, "application"), "A");
    cr_expect_str_eq(ts_value_get(node_of(s, "S")->xml, "elements")->first->str.p,
                     "<more><x/></more>");
    ts_sequence_free(s);
}

Test(oddity, an_empty_sequence_is_one)
{
    struct ts_sequence *s = import_steps("");

    cr_expect_null(s->root->first);
    ts_sequence_free(s);
}

/* In MDT the action names WinPE always. */
Test(oddity, restarts_of_mdt_go_where_the_sequence_prepared_them)
{
    static const char boot[] =
        "<action>smsboot.exe /target:WinPE</action>"
        "<defaultVarList>" VAR("Message", "") VAR("MessageTimeout", "60")
            VAR("Target", "") "</defaultVarList>";
    static const char pe[] = "<action>" SCRIPT("LTIApply.wsf\" /PE /BCD") "</action>";
    struct ts_err err;
    char *xml = ts_format(
        "<sequence version='3.00' name='M'><step name='A'>%s</step>"
        "<group name='G' disable='true'><step name='x'>%s</step></group>"
        "<step name='B'>%s</step><group name='H'><step name='y'>%s</step></group>"
        "<step name='C'>%s</step><step name='D'>%s</step></sequence>",
        boot, pe, boot, pe, boot, boot);
    struct ts_sequence *s = import_text(xml, &err);

    cr_assert(s, "%s", err.text);
    cr_expect_str_eq(prop(node_of(s, "A"), "target"), "FullOS");
    cr_expect_str_eq(prop(node_of(s, "B"), "target"), "FullOS");
    cr_expect_str_eq(prop(node_of(s, "C"), "target"), "WinPE");
    cr_expect_str_eq(prop(node_of(s, "D"), "target"), "FullOS");
    cr_expect_str_eq(prop(node_of(s, "A"), "delay"), "60");
    ts_sequence_free(s);
    ts_free(xml);
}

/* What the state keeps is the same sequence. */
Test(oddity, an_imported_sequence_survives_the_state)
{
    struct ts_sequence *s = step_with("type=\"T\" unknown=\"u\" retryCount=\"1\"",
                                      "smsswd.exe /run:P01 cmd",
                                      VAR("A", "1") HIDDEN("B", "2")),
                       *again;
    struct ts_buf json = {0};
    struct ts_err err;
    char one[65], two[65];

    ts_sequence_to_json(&json, s, true, 0);
    cr_assert_eq(ts_sequence_restore(&again, ts_buf_view(&json), library(), &err), TS_OK,
                 "%s", err.text);
    ts_sequence_hash(one, s);
    ts_sequence_hash(two, again);
    cr_expect_str_eq(one, two);
    cr_expect_str_eq(kept_in(node_of(again, "S"), "defaults", "A"), "1");
    cr_expect_eq(node_of(again, "S")->pos.col, node_of(s, "S")->pos.col);
    ts_sequence_free(s);
    ts_sequence_free(again);
    ts_buf_free(&json);
}
