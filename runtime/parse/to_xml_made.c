/* to_xml_made.c - steps as ConfigMgr and MDT would write them. */
#include "parse/to_xml.h"

#include "platform/proc.h"

#include <inttypes.h>
#include <string.h>

/* Nothing there does what the step does, and leaving it out could do harm. */
const char xml_out_no_counterpart[] = "cmd.exe /c exit 50";

struct making {
    struct xml_out *w;
    const struct ts_node *n;
    struct xml_made *out;
};

static const char *text(const struct making *m, const char *param)
{
    const struct ts_value *v = ts_value_get(m->n->params, param);

    return v ? xml_out_value(m->w, "", v) : "";
}

static void put(const struct making *m, struct ts_value *object, const char *name,
                const char *value)
{
    ts_value_set(m->w->arena, object, ts_str_of(name),
                 ts_value_string(m->w->arena, ts_str_of(value)));
}

static void hide(const struct making *m, const char *name, const char *value)
{
    if (!m->w->mdt) {
        put(m, m->out->hidden, name, value);
    }
}

/* A list of arguments becomes the command line that stands for it. */
static const char *command_line(const struct making *m)
{
    const struct ts_value *v = ts_value_get(m->n->params, "command");

    if (!v || v->kind != TS_ARRAY) {
        return v ? text(m, "command") : "";
    }
    const char **argv = ts_alloc_array(v->count + 1, sizeof *argv);
    size_t n = 0;
    for (const struct ts_value *i = v->first; i; i = i->next) {
        argv[n++] = i->str.p;
    }
    char *line = ts_argv_join(argv);
    const char *kept = ts_arena_strz(m->w->arena, line);
    ts_free(line);
    ts_free(argv);
    return kept;
}

static void make_account(const struct making *m, const char *as, const char *name)
{
    if (m->n->run_as) {
        put(m, m->out->variables, m->w->mdt ? "RunAsUser" : as, "true");
        put(m, m->out->variables, name, m->n->run_as);
    }
}

/* ---- one function for each type ------------------------------------------------------
 */

static const char *run_command(const struct making *m)
{
    const char *command = command_line(m), *package = m->n->package;

    make_account(m, "_SMSTSRunCommandLineAsUser", "SMSTSRunCommandLineUserName");
    if (m->w->mdt && !package) {
        return command;
    }
    hide(m, "CommandLine", command);
    if (package) {
        hide(m, "PackageID", package);
    }
    hide(m, "SuccessCodes", xml_out_codes(m->w, m->n));
    return ts_arena_format(m->w->arena, "smsswd.exe /run:%s %s", package ? package : "",
                           command);
}

static const char *set_variable(const struct making *m)
{
    const struct ts_value *secret = ts_value_get(m->n->params, "secret");
    bool hidden = secret && secret->kind == TS_BOOL && secret->boolean;

    if (m->w->mdt && !hidden) {
        return "cscript.exe \"%SCRIPTROOT%\\ZTISetVariable.wsf\"";
    }
    hide(m, "VariableName", text(m, "variable"));
    hide(m, "VariableValue", text(m, "value"));
    return ts_arena_format(m->w->arena, "tsenv.exe \"%s=%s\"%s", text(m, "variable"),
                           text(m, "value"), hidden ? " /hiddenflag:True" : "");
}

static const char *restart(const struct making *m)
{
    const char *target = ts_caseeq(text(m, "target"), "WinPE") ? "WinPE" : "HD";

    if (m->w->mdt && !xml_out_anew(m->w, m->n, ANEW_STEP)) {
        return "smsboot.exe /target:WinPE"; /* always; where it starts is said elsewhere
                                             */
    }
    hide(m, "SMSRebootTarget", target);
    return ts_arena_format(m->w->arena, "smsboot.exe /target:%s", target);
}

static const char *powershell(const struct making *m)
{
    if (m->w->mdt && !ts_value_get(m->n->params, "sourceScript")) {
        return "cscript.exe \"%SCRIPTROOT%\\ZTIPowerShell.wsf\"";
    }
    make_account(m, "_SMSTSRunPowerShellAsUser", "SMSTSRunPowerShellUserName");
    hide(m, "OSDRunPowerShellScriptSuccessCodes", xml_out_codes(m->w, m->n));
    return "OSDRunPowerShellScript.exe";
}

static const char *dynamic_variables(const struct making *m)
{
    (void)m;
    return "OSDSetDynamicVariables.exe";
}

static const char *network_folder(const struct making *m)
{
    if (m->w->mdt && !ts_value_get(m->n->params, "drive") &&
        !ts_value_get(m->n->params, "account")) {
        return ts_arena_format(
            m->w->arena, "cscript.exe \"%%SCRIPTROOT%%\\ZTIConnect.wsf\" /uncpath:%s",
            text(m, "path"));
    }
    return "smsnetuse.exe %SMSConnectNetworkFolderPath%";
}

static const char *install_package(const struct making *m)
{
    const char *package = m->n->package ? m->n->package : "";
    const struct ts_value *go_on = ts_value_get(m->n->params, "continueOnInstallError");

    if (ts_value_get(m->n->params, "command")) {
        m->out->type = "SMS_TaskSequence_RunCommandLineAction";
        return run_command(m);
    }
    if (*package) {
        hide(m, "PackageID", package);
    } else {
        hide(m, "BaseVariableName", text(m, "baseVariable"));
        hide(m, "ContinueOnInstallError", go_on && go_on->boolean ? "true" : "false");
    }
    return ts_arena_format(
        m->w->arena, "smsswd.exe /pkg:%s /install /basevar:%s /continueOnError:%s",
        package, text(m, "baseVariable"), go_on && go_on->boolean ? "True" : "");
}

static const char *install_application(const struct making *m)
{
    if (ts_value_get(m->n->params, "command")) {
        m->out->type = "SMS_TaskSequence_RunCommandLineAction";
        return run_command(m);
    }
    if (m->w->mdt) {
        return "cscript.exe \"%SCRIPTROOT%\\ZTIApplications.wsf\"";
    }
    hide(m, "BaseVariableName", text(m, "baseVariable"));
    return ts_arena_format(m->w->arena,
                           "smsappinstall.exe /app:%s /basevar:%s /continueOnError:False",
                           text(m, "applications"), text(m, "baseVariable"));
}

static const char *readiness(const struct making *m)
{
    if (ts_value_get(m->n->params, "minMemory")) {
        put(m, m->out->variables, "OSDCheckMemory", "true");
    }
    if (ts_value_get(m->n->params, "minDiskSpace")) {
        put(m, m->out->variables, "OSDCheckFreeDiskSpace", "true");
    }
    return "OSDPrestartCheck.exe";
}

static const char *request_store(const struct making *m)
{
    return ts_caseeq(text(m, "mode"), "restore") ? "osdsmpclient.exe /restore"
                                                 : "osdsmpclient.exe /capture";
}

static const char *release_store(const struct making *m)
{
    (void)m;
    return "osdsmpclient.exe /release";
}

static const char *capture_state(const struct making *m)
{
    if (ts_caseeq(text(m, "onUnreadable"), "skip")) {
        put(m, m->out->variables, "OSDMigrateContinueOnLockedFiles", "true");
    }
    return "osdmigrateuserstate.exe /collect";
}

static const char *restore_state(const struct making *m)
{
    (void)m;
    return "osdmigrateuserstate.exe /apply";
}

static const char *child_sequence(const struct making *m)
{
    hide(m, "OSDSubTasksequencePackageID", text(m, "sequence"));
    return "SubTasksequence.exe";
}

static const char *script_of_mdt(const struct making *m)
{
    static const char *const scripts[][2] = {{"Gather", "ZTIGather"},
                                             {"Validate", "ZTIValidate"},
                                             {"NextPhase", "ZTINextPhase"},
                                             {"CopyScripts", "LTICopyScripts"}};

    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        if (strcmp(scripts[i][0], m->n->type) == 0) {
            return ts_arena_format(m->w->arena, "cscript.exe \"%%SCRIPTROOT%%\\%s.wsf\"",
                                   scripts[i][1]);
        }
    }
    return xml_out_no_counterpart;
}

#define SMS(name) "SMS_TaskSequence_" name "Action"
static const struct {
    const char *type, *configmgr, *mdt; /* attribute type there, or NULL */
    const char *(*action)(const struct making *m);
} types[] = {
    {"RunCommandLine", SMS("RunCommandLine"), NULL, run_command},
    {"SetVariable", SMS("SetVariable"), SMS("SetVariable"), set_variable},
    {"RestartComputer", SMS("Reboot"), SMS("Reboot"), restart},
    {"RunPowerShellScript", SMS("RunPowerShellScript"), "BDD_RunPowerShellAction",
     powershell},
    {"SetDynamicVariables", SMS("SetDynamicVariables"), SMS("SetDynamicVariables"),
     dynamic_variables},
    {"ConnectNetworkFolder", SMS("ConnectNetworkFolder"), NULL, network_folder},
    {"InstallPackage", SMS("InstallSoftware"), SMS("InstallSoftware"), install_package},
    {"InstallApplication", SMS("InstallApplication"), "BDD_InstallApplication",
     install_application},
    {"CheckReadiness", SMS("PrestartCheck"), SMS("PrestartCheck"), readiness},
    {"RequestStateStore", SMS("RequestStateStore"), SMS("RequestStateStore"),
     request_store},
    {"ReleaseStateStore", SMS("ReleaseStateStore"), SMS("ReleaseStateStore"),
     release_store},
    {"CaptureUserState", SMS("CaptureUserState"), SMS("CaptureUserState"), capture_state},
    {"RestoreUserState", SMS("RestoreUserState"), SMS("RestoreUserState"), restore_state},
    {"RunTaskSequence", "SMS_TaskSequence_SubTasksequence",
     "SMS_TaskSequence_SubTasksequence", child_sequence},
    {"Gather", "BDD_Gather", "BDD_Gather", script_of_mdt},
    {"Validate", "BDD_Validate", "BDD_Validate", script_of_mdt},
    {"NextPhase", SMS("RunCommandLine"), NULL, script_of_mdt},
    {"CopyScripts", SMS("RunCommandLine"), NULL, script_of_mdt},
};

void xml_out_make(struct xml_out *w, const struct ts_node *n, struct xml_made *out)
{
    struct making m = {w, n, out};

    *out = (struct xml_made){.variables = ts_value_new(w->arena, TS_OBJECT),
                             .hidden = ts_value_new(w->arena, TS_OBJECT)};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].type, n->type) == 0) {
            out->type = w->mdt ? types[i].mdt : types[i].configmgr;
            out->action = types[i].action(&m);
            return;
        }
    }
    out->type = SMS("RunCommandLine");
    out->action =
        w->mdt ? xml_out_no_counterpart
               : ts_arena_format(w->arena, "smsswd.exe /run: %s", xml_out_no_counterpart);
}

/* ---- success -------------------------------------------------------------------------
 */

static void add_codes(struct ts_buf *b, const struct ts_codes *codes)
{
    for (size_t i = 0; i < codes->n; i++) {
        ts_buf_fmt(b, "%s%" PRId64, b->n ? " " : "", codes->v[i]);
    }
}

const char *xml_out_codes(struct xml_out *w, const struct ts_node *n)
{
    static const int64_t run[] = {0, 3010}, none[] = {0};
    const struct ts_step_type *t = ts_registry_find(w->steps, ts_str_of(n->type));
    struct ts_codes codes = {.v = none, .n = 1};
    struct ts_buf b = {0};

    if (n->success_codes.set) {
        codes = n->success_codes;
    } else if (!w->configmgr && t && t->success_codes.set) {
        codes = t->success_codes;
    } else if (!w->configmgr && t && t->runs_command) {
        codes = (struct ts_codes){.v = run, .n = 2};
    }
    add_codes(&b, &codes);
    const char *kept = ts_arena_str(w->arena, ts_buf_view(&b));
    ts_buf_free(&b);
    return kept;
}
