/* to_xml_vars.c - properties of steps as variables of XML. */
#include "parse/to_xml.h"

#include "expr/expr.h"
#include "parse/xml_dom.h"

#include <inttypes.h>
#include <string.h>

enum { EITHER, CONFIGMGR, MDT };

/* Where it is not the variable that the step type declares.  The first row that fits. */
static const struct {
    const char *type, *action; /* action: a part of it, or NULL for any */
    int where;
    const char *param, *variable; /* variable NULL: the action says it */
} held[] = {
    {"SetVariable", "SetVariable.", EITHER, "variable", "VariableName"},
    {"SetVariable", "SetVariable.", EITHER, "value", "VariableValue"},
    {"SetVariable", NULL, EITHER, "variable", NULL},
    {"SetVariable", NULL, EITHER, "value", NULL},
    {"SetVariable", NULL, EITHER, "secret", NULL},
    {"RestartComputer", NULL, MDT, "message", "Message"},
    {"RestartComputer", NULL, MDT, "delay", "MessageTimeout"},
    {"RestartComputer", NULL, EITHER, "target", NULL},
    {"RunPowerShellScript", "PowerShell.wsf", EITHER, "script", "ScriptName"},
    {"RunPowerShellScript", "PowerShell.wsf", EITHER, "parameters", "Parameters"},
    {"RunPowerShellScript", "PowerShell.wsf", EITHER, "package", "PackageID"},
    {"RunPowerShellScript", NULL, EITHER, "sourceScript",
     "OSDRunPowerShellScriptSourceScript"},
    {"RunPowerShellScript", NULL, EITHER, "package", "OSDRunPowerShellScriptPackageID"},
    {"SetDynamicVariables", NULL, EITHER, "rules", "OSDSetDynamicVariablesRules"},
    {"RunCommandLine", NULL, EITHER, "command", NULL},
    {"RunCommandLine", NULL, EITHER, "outputVariable",
     "SMSTSRunCommandLineOutputVariableName"},
    {"RunCommandLine", NULL, MDT, "startIn", NULL},
    {"InstallPackage", NULL, EITHER, "command", NULL},
    {"InstallPackage", NULL, EITHER, "baseVariable", NULL},
    {"InstallPackage", NULL, EITHER, "continueOnInstallError", NULL},
    {"InstallApplication", "Applications.", EITHER, "applications", "ApplicationGUID"},
    {"ConnectNetworkFolder", "/uncpath:", EITHER, "path", NULL},
    {"Gather", NULL, EITHER, "localOnly", "GatherLocalOnly"},
    {"Gather", NULL, EITHER, "rulesFile", "RulesFile"},
    {"CaptureUserState", NULL, EITHER, "onUnreadable", NULL},
};

static bool holds(const char *text, const char *part)
{
    size_t n = strlen(part), len = strlen(text);

    for (size_t i = 0; i + n <= len; i++) {
        if (ts_str_caseeq((ts_str){text + i, n}, (ts_str){part, n})) {
            return true;
        }
    }
    return false;
}

static const char *declared(const struct ts_step_type *t, const char *param)
{
    for (size_t i = 0; i < t->param_count; i++) {
        if (strcmp(t->params[i].name, param) == 0) {
            return t->params[i].variable;
        }
    }
    return NULL;
}

const char *xml_out_var_of(const struct xml_out *w, const struct ts_step_type *t,
                           const struct ts_value *kept, const char *action,
                           const char *param)
{
    const char *own = declared(t, param);
    const struct ts_value *properties = kept ? ts_value_get(kept, XML_PROPERTIES) : NULL;

    if (own && properties && ts_value_get(properties, own)) {
        return own;
    }
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++) {
        if (strcmp(held[i].type, t->name) == 0 && strcmp(held[i].param, param) == 0 &&
            (held[i].where == EITHER || (held[i].where == MDT) == w->mdt) &&
            (!held[i].action || holds(action, held[i].action))) {
            return held[i].variable;
        }
    }
    return own;
}

const char *xml_out_property_of(const char *variable)
{
    static const struct {
        const char *variable, *property;
    } names[] = {
        {"SMSRebootMessage", "Message"},
        {"SMSRebootTimeout", "MessageTimeout"},
        {"SMSRebootTarget", "Target"},
        {"SMSTSRunCommandLineOutputVariableName", "OutputVariableName"},
        {"SMSTSRunCommandLineUserName", "UserName"},
        {"_SMSTSRunCommandLineAsUser", "RunAsUser"},
        {"SMSTSRunPowerShellUserName", "UserName"},
        {"SMSTSRunPowerShellWorkingDirectory", "WorkingDirectory"},
        {"_SMSTSRunPowerShellAsUser", "RunAsUser"},
        {"OSDRunPowerShellScriptSourceScript", "SourceScript"},
        {"OSDRunPowerShellScriptScriptName", "ScriptName"},
        {"OSDRunPowerShellScriptPackageID", "PackageID"},
        {"OSDRunPowerShellScriptParameters", "Parameters"},
        {"OSDRunPowerShellScriptExecutionPolicy", "ExecutionPolicy"},
        {"OSDRunPowerShellScriptOutputVariableName", "OutputVariableName"},
        {"OSDRunPowerShellScriptSuccessCodes", "SuccessCodes"},
        {"SMSConnectNetworkFolderPath", "Path"},
        {"SMSConnectNetworkFolderDriveLetter", "DriveLetter"},
        {"SMSConnectNetworkFolderAccount", "Username"},
        {"SMSConnectNetworkFolderPassword", "Password"},
        {"OSDSetDynamicVariablesRules", "Rules"},
        {"_SMSSWDProgramName", "ProgramName"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (ts_caseeq(variable, names[i].variable)) {
            return names[i].property;
        }
    }
    return variable;
}

/* ---- scripts -------------------------------------------------------------------------
 */

static void base64(struct ts_buf *out, const unsigned char *p, size_t n)
{
    static const char all[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t bits = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                        (left > 2 ? p[i + 2] : 0u);
        ts_buf_c(out, all[bits >> 18]);
        ts_buf_c(out, all[bits >> 12 & 63]);
        ts_buf_c(out, left > 1 ? all[bits >> 6 & 63] : '=');
        ts_buf_c(out, left > 2 ? all[bits & 63] : '=');
    }
}

static void put_unit(struct ts_buf *b, uint32_t unit)
{
    ts_buf_c(b, (char)(unit & 0xFF));
    ts_buf_c(b, (char)(unit >> 8 & 0xFF));
}

/* UTF-16 with a mark, in base64. */
static const char *encode_script(struct ts_arena *a, ts_str text)
{
    struct ts_buf units = {0}, out = {0};

    put_unit(&units, 0xFEFF);
    for (size_t pos = 0; pos < text.n;) {
        uint32_t c = ts_utf8_next(text, &pos);
        if (c >= 0x10000) {
            put_unit(&units, 0xD800 + ((c - 0x10000) >> 10));
            c = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        put_unit(&units, c);
    }
    base64(&out, (const unsigned char *)units.p, units.n);
    const char *kept = ts_arena_str(a, ts_buf_view(&out));
    ts_buf_free(&units);
    ts_buf_free(&out);
    return kept;
}

/* ---- rules ---------------------------------------------------------------------------
 */

static bool is_secret(const struct ts_value *rule, ts_str name)
{
    const struct ts_value *list = ts_value_get(rule, "secrets");

    for (const struct ts_value *v = list ? list->first : NULL; v; v = v->next) {
        if (v->kind == TS_STRING && ts_str_caseeq(v->str, name)) {
            return true;
        }
    }
    return false;
}

static void write_rule(struct xml_out *w, const struct ts_value *rule)
{
    const struct ts_value *condition = ts_value_get(rule, "condition");
    const struct ts_value *variables = ts_value_get(rule, "variables");
    struct ts_expr *x = NULL;

    ts_buf_z(w->b, "<Rule>");
    if (condition && ts_expr_from_value(&x, w->arena, condition, NULL) == TS_OK) {
        xml_out_condition(w, x);
    }
    ts_buf_z(w->b, "<Variables>");
    for (const struct ts_value *v = variables ? variables->first : NULL; v; v = v->next) {
        ts_buf_z(w->b, "<Variable");
        xml_out_attr(w, "Name", ts_arena_str(w->arena, v->key));
        xml_out_attr(w, "IsSecret", is_secret(rule, v->key) ? "true" : "false");
        ts_buf_c(w->b, '>');
        xml_out_text(w->b, v->kind == TS_STRING ? v->str.p : "", false);
        ts_buf_z(w->b, "</Variable>");
    }
    ts_buf_z(w->b, "</Variables></Rule>");
}

static const char *rules_text(struct xml_out *w, const struct ts_value *rules)
{
    struct ts_buf text = {0};
    struct xml_out inner = *w;

    inner.b = &text;
    inner.flat = true;
    ts_buf_z(&text, "<Rules>");
    for (const struct ts_value *r = rules->first; r; r = r->next) {
        if (r->kind == TS_OBJECT) {
            write_rule(&inner, r);
        }
    }
    ts_buf_z(&text, "</Rules>");
    const char *kept = ts_arena_str(w->arena, ts_buf_view(&text));
    ts_buf_free(&text);
    return kept;
}

/* ---- values --------------------------------------------------------------------------
 */

const char *xml_out_value(struct xml_out *w, const char *param, const struct ts_value *v)
{
    if (v->kind == TS_ARRAY && strcmp(param, "rules") == 0) {
        return rules_text(w, v);
    }
    if (v->kind == TS_STRING) {
        return strcmp(param, "sourceScript") == 0 ? encode_script(w->arena, v->str)
                                                  : v->str.p;
    }
    if (v->kind == TS_BOOL) {
        return v->boolean ? "true" : "false";
    }
    if (v->kind == TS_INT) {
        return ts_arena_format(w->arena, "%" PRId64, v->integer);
    }
    struct ts_buf text = {0};
    for (const struct ts_value *m = v->kind == TS_ARRAY ? v->first : NULL; m;
         m = m->next) {
        ts_buf_fmt(&text, "%s%s", text.n ? ";" : "",
                   m->kind == TS_STRING ? m->str.p : "");
    }
    const char *kept = ts_arena_str(w->arena, ts_buf_view(&text));
    ts_buf_free(&text);
    return kept;
}
