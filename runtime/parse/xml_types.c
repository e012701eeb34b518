/* xml_types.c - what the programs and scripts in actions mean.
 *
 * One table: the name of a program, or of the script that cscript or PowerShell is
 * started with, and the step type that does its work.  What an action says counts; the
 * type attribute only tells an editor which page to show. */
#include "parse/xml_import.h"

#include <string.h>

/* ---- pieces of an action -------------------------------------------------------------
 */

static const char *last_part(const char *p, size_t n)
{
    const char *base = p;

    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\\' || p[i] == '/') {
            base = p + i + 1;
        }
    }
    return base;
}

/* The next word of *rest without its quotes; a quote that is never closed goes to the end
 * (stock sequences have them). */
static ts_str next_word(ts_str *rest)
{
    ts_str s = ts_str_trim(*rest), word;
    bool quoted = s.n && s.p[0] == '"';
    size_t n = 0;

    if (quoted) {
        s = (ts_str){s.p + 1, s.n - 1};
    }
    while (n < s.n && s.p[n] != (quoted ? '"' : ' ')) {
        n++;
    }
    word = (ts_str){s.p, n};
    n += quoted && n < s.n;
    *rest = ts_str_trim((ts_str){s.p + n, s.n - n});
    return word;
}

static ts_str base_name(ts_str path)
{
    const char *base = last_part(path.p, path.n);

    return ts_str_trim((ts_str){base, (size_t)(path.p + path.n - base)});
}

static bool is_program(ts_str base, const char *name)
{
    ts_str n = ts_str_of(name);

    return ts_str_caseeq(base, n) ||
           (base.n == n.n + 4 && ts_str_case_starts(base, n) &&
            ts_str_caseeq((ts_str){base.p + n.n, 4}, TS_S(".exe")));
}

/* What the action is about: a program, or the script an interpreter is given. */
static ts_str subject(struct xml_step *s)
{
    ts_str rest = s->command, base = base_name(next_word(&rest)), word;

    s->arguments = rest;
    if (is_program(base, "cscript") || is_program(base, "wscript")) {
        do {
            word = next_word(&rest);
        } while (ts_str_starts(word, TS_S("//")));
        s->arguments = rest;
        return base_name(word);
    }
    if (is_program(base, "powershell")) {
        word = next_word(&rest);
        if (ts_str_caseeq(word, TS_S("-file"))) {
            word = next_word(&rest);
        }
        if (ts_str_case_starts(base_name(word), TS_S("PSD"))) {
            s->arguments = rest;
            return base_name(word);
        }
    }
    return base;
}

/* The value of "/name:" or "name:" among the arguments, or NULL. */
static const char *argument(struct xml_step *s, const char *name)
{
    ts_str rest = s->arguments, n = ts_str_of(name);

    while (rest.n) {
        ts_str word = next_word(&rest);
        if (ts_str_case_starts(word, n) && word.n > n.n) {
            return ts_arena_str(s->x->arena, (ts_str){word.p + n.n, word.n - n.n});
        }
    }
    return NULL;
}

static bool has_argument(struct xml_step *s, const char *name)
{
    ts_str rest = s->arguments;

    while (rest.n) {
        if (ts_str_caseeq(next_word(&rest), ts_str_of(name))) {
            return true;
        }
    }
    return false;
}

/* ---- properties ----------------------------------------------------------------------
 */

static void param(struct xml_step *s, const char *name, const char *text)
{
    xml_set_text(s->x, s->params, name, s->at, text);
}

/* A property from a visible variable, which it then holds. */
static void from_var(struct xml_step *s, const char *name, const char *var)
{
    const struct ts_value *v = xml_var_value(&s->vars, var);

    if (v) {
        struct ts_value *copy = ts_value_copy(s->x->arena, v);
        xml_set(s->x, s->params, name, copy);
        xml_var_used(&s->vars, var);
    }
}

static void bool_from_var(struct xml_step *s, const char *name, const char *var)
{
    const char *text = xml_var(&s->vars, var);

    if (text) {
        xml_set_bool(s->x, s->params, name, s->at, xml_truth(text));
        xml_var_used(&s->vars, var);
    }
}

static void package_from_var(struct xml_step *s, const char *var)
{
    const char *text = xml_any_var(&s->vars, var);

    if (text && !ts_value_get(s->node, "package")) {
        xml_set_text(s->x, s->node, "package", s->at, text);
        xml_var_used(&s->vars, var);
    }
}

/* ---- programs of the ConfigMgr client ------------------------------------------------
 */

/* tsenv.exe "Name=Value" /hiddenflag:True; the value may hold quotes. */
static const char *set_variable(struct xml_step *s)
{
    ts_str text = s->arguments, flag = TS_S("/hiddenflag:");

    for (size_t i = text.n; i-- > 0;) {
        ts_str tail = {text.p + i, text.n - i};
        if (ts_str_case_starts(tail, flag)) {
            ts_str value = {tail.p + flag.n, tail.n - flag.n};
            if (ts_str_caseeq(ts_str_trim(value), TS_S("True"))) {
                xml_set_bool(s->x, s->params, "secret", s->at, true);
            }
            text = ts_str_trim((ts_str){text.p, i});
            break;
        }
    }
    if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"') {
        text = (ts_str){text.p + 1, text.n - 2};
    }
    const char *eq = text.n ? memchr(text.p, '=', text.n) : NULL;
    if (!eq || eq == text.p) {
        return "it does not say Name=Value";
    }
    ts_str name = ts_str_trim((ts_str){text.p, (size_t)(eq - text.p)});
    ts_str value = {eq + 1, (size_t)(text.p + text.n - eq - 1)};
    xml_set(s->x, s->params, "variable", xml_string(s->x, s->at, name));
    xml_set(s->x, s->params, "value", xml_string(s->x, s->at, value));
    return NULL;
}

/* In MDT the action always says WinPE.  Where the machine starts is decided by what was
 * put into its boot configuration: the boot image if the sequence has put it there since
 * the last restart, else the installed system. */
static const char *restart(struct xml_step *s)
{
    const char *target = argument(s, "/target:");
    bool pe = target && ts_caseeq(target, "WinPE");

    if (s->x->mdt) {
        pe = pe && s->x->pe_applied;
        from_var(s, "message", "Message");
        from_var(s, "delay", "MessageTimeout");
        if (!s->x->disabled) {
            s->x->pe_applied = false;
        }
    }
    param(s, "target", pe ? "WinPE" : "FullOS");
    return NULL;
}

static const char *powershell(struct xml_step *s)
{
    const struct ts_value *v =
        xml_var_value(&s->vars, "OSDRunPowerShellScriptSourceScript");

    if (v) {
        char *script = xml_script_text(s->x->arena, v->str);
        if (!script) {
            return "its script is neither base64 of UTF-16 nor of UTF-8";
        }
        struct ts_value *text = xml_string(s->x, s->e, ts_str_of(script));
        text->line = v->line;
        text->col = v->col;
        xml_set(s->x, s->params, "sourceScript", text);
        xml_var_used(&s->vars, "OSDRunPowerShellScriptSourceScript");
    }
    from_var(s, "script", "OSDRunPowerShellScriptScriptName");
    from_var(s, "parameters", "OSDRunPowerShellScriptParameters");
    from_var(s, "executionPolicy", "OSDRunPowerShellScriptExecutionPolicy");
    from_var(s, "outputVariable", "OSDRunPowerShellScriptOutputVariableName");
    from_var(s, "startIn", "SMSTSRunPowerShellWorkingDirectory");
    package_from_var(s, "OSDRunPowerShellScriptPackageID");
    return v || ts_value_get(s->params, "script") ? NULL : "it names no script";
}

static const char *dynamic_variables(struct xml_step *s)
{
    const struct xml_element *list = xml_child(s->e, "defaultVarList"), *rules = NULL;
    const char *why = NULL;

    for (const struct xml_element *v = list ? list->first : NULL; v; v = v->next) {
        const char *name = xml_attr(v, "name");
        if (name && ts_caseeq(name, "OSDSetDynamicVariablesRules")) {
            rules = v;
        }
    }
    struct ts_value *value = rules ? xml_rules(s->x, rules, &why) : xml_list(s->x, s->e);
    if (value) {
        xml_set(s->x, s->params, "rules", value);
        xml_var_used(&s->vars, "OSDSetDynamicVariablesRules");
    }
    return why;
}

static const char *child_sequence(struct xml_step *s)
{
    const char *id = xml_any_var(&s->vars, "OSDSubTasksequencePackageID");

    if (!id) {
        return "it names no task sequence";
    }
    param(s, "sequence", id);
    s->partly = ts_arena_format(
        s->x->arena, "the task sequence %s that it runs is not in this export", id);
    return NULL;
}

static const char *network_folder(struct xml_step *s)
{
    from_var(s, "path", "SMSConnectNetworkFolderPath");
    from_var(s, "drive", "SMSConnectNetworkFolderDriveLetter");
    from_var(s, "account", "SMSConnectNetworkFolderAccount");
    from_var(s, "password", "SMSConnectNetworkFolderPassword");
    return NULL;
}

/* /pkg:ID /install /basevar:NAME; the program's name is a variable. */
static const char *install_package(struct xml_step *s)
{
    const char *package = argument(s, "/pkg:"), *list = argument(s, "/basevar:");

    if (!has_argument(s, "/install")) {
        return "smsswd.exe is a part of the ConfigMgr client";
    }
    xml_set_text(s->x, s->node, "package", s->at, package);
    param(s, "baseVariable", package ? NULL : list);
    from_var(s, "program", "_SMSSWDProgramName");
    if (xml_truth(argument(s, "/continueOnError:"))) {
        xml_set_bool(s->x, s->params, "continueOnInstallError", s->at, true);
    }
    return package || list ? NULL : "it names no package";
}

/* Applications by their names for people; ids only where there is no name. */
static struct ts_value *applications(struct xml_step *s, const char *ids)
{
    struct ts_value *list = xml_list(s->x, s->at);
    ts_str rest = ts_str_of(ids), id;

    for (int i = 0; ts_str_cut(&rest, ',', &id); i++) {
        const char *shown =
            xml_any_var(&s->vars, ts_arena_format(s->x->arena, "OSDApp%dDisplayName", i));
        ts_value_push(list, xml_string(s->x, s->at, shown ? ts_str_of(shown) : id));
    }
    return list;
}

/* /app:ids /basevar:NAME */
static const char *install_application(struct xml_step *s)
{
    const char *ids = argument(s, "/app:"), *list = argument(s, "/basevar:");

    if (ids) {
        xml_set(s->x, s->params, "applications", applications(s, ids));
    } else {
        param(s, "baseVariable", list);
    }
    if (xml_truth(argument(s, "/continueOnError:"))) {
        xml_set_bool(s->x, s->params, "continueOnInstallError", s->at, true);
    }
    return ids || list ? NULL : "it names no application";
}

/* Switches of checks, and what of ours asks the same. */
static const char *readiness(struct xml_step *s)
{
    static const struct {
        const char *check, *var, *param, *what;
    } checks[] = {
        {"OSDCheckMemory", "OSDMemory", "minMemory", NULL},
        {"OSDCheckFreeDiskSpace", "OSDFreeDiskSpace", "minDiskSpace", NULL},
        {"OSDCheckProcessorSpeed", NULL, NULL, "processor speed"},
        {"OSDCheckOSType", NULL, NULL, "kind of Windows"},
        {"OSDCheckOSArchitecture", NULL, NULL, "architecture of Windows"},
        {"OSDCheckMinOSVersion", NULL, NULL, "lowest version of Windows"},
        {"OSDCheckMaxOSVersion", NULL, NULL, "highest version of Windows"},
        {"OSDCheckCMClientMinVersion", NULL, NULL, "version of the client"},
        {"OSDCheckOSLanguageID", NULL, NULL, "language of Windows"},
        {"OSDCheckPowerState", NULL, NULL, "power supply"},
        {"OSDCheckNetworkConnected", NULL, NULL, "network connection"},
        {"OSDCheckNetworkWired", NULL, NULL, "wired network"},
        {"OSDCheckDeviceUEFI", NULL, NULL, "UEFI"},
        {"OSDCheckDeviceTpmEnabled", NULL, NULL, "TPM enabled"},
        {"OSDCheckDeviceTpmActivated", NULL, NULL, "TPM activated"},
    };
    struct ts_buf left_out = {0};

    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        bool asked = xml_truth(xml_var(&s->vars, checks[i].check));
        if (checks[i].param && asked) {
            from_var(s, checks[i].param, checks[i].var);
        } else if (checks[i].what && asked) {
            ts_buf_fmt(&left_out, "%s%s",
                       left_out.n ? ", " : "not checked here: ", checks[i].what);
        }
    }
    if (left_out.n) {
        s->partly = ts_arena_str(s->x->arena, ts_buf_view(&left_out));
    }
    ts_buf_free(&left_out);
    return NULL;
}

static const char *state_store(struct xml_step *s)
{
    if (has_argument(s, "/release")) {
        s->type = "ReleaseStateStore";
        return NULL;
    }
    s->type = "RequestStateStore";
    param(s, "mode", has_argument(s, "/restore") ? "restore" : "capture");
    return NULL;
}

static const char *user_state(struct xml_step *s)
{
    s->type = has_argument(s, "/apply") ? "RestoreUserState" : "CaptureUserState";
    if (!has_argument(s, "/apply") &&
        xml_truth(xml_var(&s->vars, "OSDMigrateContinueOnLockedFiles"))) {
        param(s, "onUnreadable", "skip");
    }
    return NULL;
}

/* ---- scripts of MDT ------------------------------------------------------------------
 */

static const char *gather(struct xml_step *s)
{
    bool_from_var(s, "localOnly", "GatherLocalOnly");
    from_var(s, "rulesFile", "RulesFile");
    return NULL;
}

static const char *nothing_more(struct xml_step *s)
{
    (void)s;
    return NULL;
}

static const char *mdt_variable(struct xml_step *s)
{
    const char *name = xml_any_var(&s->vars, "VariableName");

    if (!name) {
        return "it names no variable";
    }
    const char *value = xml_any_var(&s->vars, "VariableValue");
    param(s, "variable", ts_arena_str(s->x->arena, ts_str_trim(ts_str_of(name))));
    xml_set(s->x, s->params, "value", xml_string(s->x, s->at, ts_str_of(value)));
    xml_var_used(&s->vars, "VariableName");
    xml_var_used(&s->vars, "VariableValue");
    return NULL;
}

static const char *mdt_powershell(struct xml_step *s)
{
    from_var(s, "script", "ScriptName");
    from_var(s, "parameters", "Parameters");
    package_from_var(s, "PackageID");
    return ts_value_get(s->params, "script") ? NULL : "it names no script";
}

/* Without an application of its own the step works off the lists that rules made. */
static const char *mdt_application(struct xml_step *s)
{
    const struct ts_value *guid = xml_var_value(&s->vars, "ApplicationGUID");

    if (guid) {
        struct ts_value *list = xml_list(s->x, s->at);
        ts_value_push(list, ts_value_copy(s->x->arena, guid));
        xml_set(s->x, s->params, "applications", list);
        xml_var_used(&s->vars, "ApplicationGUID");
    } else {
        param(s, "baseVariable", "Applications");
        s->partly = "the list MandatoryApplications is not worked off";
    }
    return NULL;
}

static const char *mdt_connect(struct xml_step *s)
{
    const char *path = argument(s, "/uncpath:");

    param(s, "path", path);
    return path ? NULL : "it names no folder";
}

/* ---- the table -----------------------------------------------------------------------
 */

static const struct {
    const char *name; /* of the program or script, in any case */
    const char *type; /* NULL: the function says */
    const char *(*map)(struct xml_step *);
} programs[] = {
    {"tsenv.exe", "SetVariable", set_variable},
    {"smsboot.exe", "RestartComputer", restart},
    {"OSDRunPowerShellScript.exe", "RunPowerShellScript", powershell},
    {"OSDSetDynamicVariables.exe", "SetDynamicVariables", dynamic_variables},
    {"SubTasksequence.exe", "RunTaskSequence", child_sequence},
    {"smsnetuse.exe", "ConnectNetworkFolder", network_folder},
    {"smsswd.exe", "InstallPackage", install_package},
    {"smsappinstall.exe", "InstallApplication", install_application},
    {"OSDPrestartCheck.exe", "CheckReadiness", readiness},
    {"osdsmpclient.exe", NULL, state_store},
    {"osdmigrateuserstate.exe", NULL, user_state},
    {"ZTIGather.wsf", "Gather", gather},
    {"ZTIValidate.wsf", "Validate", nothing_more},
    {"ZTISetVariable.wsf", "SetVariable", mdt_variable},
    {"ZTIPowerShell.wsf", "RunPowerShellScript", mdt_powershell},
    {"ZTIApplications.wsf", "InstallApplication", mdt_application},
    {"ZTINextPhase.wsf", "NextPhase", nothing_more},
    {"LTICopyScripts.wsf", "CopyScripts", nothing_more},
    {"ZTIConnect.wsf", "ConnectNetworkFolder", mdt_connect},
    {"PSDGather.ps1", "Gather", gather},
    {"PSDValidate.ps1", "Validate", nothing_more},
    {"PSDSetVariable.ps1", "SetVariable", mdt_variable},
    {"PSDApplications.ps1", "InstallApplication", mdt_application},
    {"PSDNextPhase.ps1", "NextPhase", nothing_more},
};

/* Scripts that come with the toolkit: their own names all begin so. */
static bool is_stock_script(ts_str name)
{
    return (ts_str_case_starts(name, TS_S("ZTI")) ||
            ts_str_case_starts(name, TS_S("LTI")) ||
            ts_str_case_starts(name, TS_S("UDI")) ||
            ts_str_case_starts(name, TS_S("PSD"))) &&
           (ts_str_ends(name, TS_S(".wsf")) || ts_str_ends(name, TS_S(".vbs")) ||
            ts_str_ends(name, TS_S(".ps1")));
}

static void note_boot_image(struct xml_step *s, ts_str name)
{
    bool puts = ts_str_caseeq(name, TS_S("PSDApplyWinPE.ps1")) ||
                (ts_str_caseeq(name, TS_S("LTIApply.wsf")) && has_argument(s, "/PE"));

    s->x->pe_applied = s->x->pe_applied || (puts && !s->x->disabled);
}

const char *xml_map_action(struct xml_step *s)
{
    ts_str name = subject(s);

    note_boot_image(s, name);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (ts_str_caseeq(name, ts_str_of(programs[i].name))) {
            s->type = programs[i].type;
            return programs[i].map(s);
        }
    }
    if (is_stock_script(name)) {
        return ts_arena_format(
            s->x->arena,
            "%.*s is a script of MDT: it needs Windows and the scripts "
            "of a deployment share",
            (int)name.n, name.p);
    }
    return NULL;
}
