/* xml_step.c - one step of an XML sequence. */
#include "parse/xml_import.h"

#include <inttypes.h>
#include <string.h>

/* Programs that exist inside a ConfigMgr client only, and talk to its engine. */
static bool is_vendor_program(ts_str program)
{
    static const char *const names[] = {"tsenv.exe",
                                        "smsboot.exe",
                                        "smsswd.exe",
                                        "smsnetuse.exe",
                                        "smsappinstall.exe",
                                        "tsinstallswupdate.exe",
                                        "subtasksequence.exe",
                                        "osdapplyos.exe",
                                        "osdbitlocker.exe",
                                        "osddiskpart.exe",
                                        "osddownloadcontent.exe",
                                        "osddriverclient.exe",
                                        "osdjoin.exe",
                                        "osdnetsettings.exe",
                                        "osdwinsettings.exe",
                                        "osdupgradeos.exe",
                                        "osdsetupwindows.exe",
                                        "osdsmpclient.exe",
                                        "osdprepareos.exe",
                                        "osdpreparesmsclient.exe",
                                        "osdprestartcheck.exe",
                                        "osdmigrateuserstate.exe",
                                        "osdofflinebitlocker.exe",
                                        "osdcapturesystemimage.exe",
                                        "osdrunpowershellscript.exe",
                                        "osdsetdynamicvariables.exe"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (ts_str_caseeq(program, ts_str_of(names[i]))) {
            return true;
        }
    }
    return false;
}

static ts_str program_of(ts_str command)
{
    ts_str s = ts_str_trim(command);
    size_t n = 0, from = 0;
    char end = ' ';

    if (s.n == 0) {
        return TS_S("");
    }
    if (s.p[0] == '"') {
        s = (ts_str){s.p + 1, s.n - 1};
        end = '"';
    }
    for (; n < s.n && s.p[n] != end; n++) {
        if (s.p[n] == '\\' || s.p[n] == '/') {
            from = n + 1;
        }
    }
    return (ts_str){s.p + from, n - from};
}

/* ---- attributes ----------------------------------------------------------------------
 */

static void set_phase(struct xml_step *s, struct ts_value *attributes)
{
    const char *run_in = xml_attr(s->e, "runIn");
    ts_str text = ts_str_trim(ts_str_of(run_in));

    if (ts_str_caseeq(text, TS_S("WinPE")) || ts_str_caseeq(text, TS_S("FullOS"))) {
        xml_set_text(s->x, s->node, "phase", s->e,
                     ts_str_caseeq(text, TS_S("WinPE")) ? "WinPE" : "FullOS");
    } else if (text.n && !ts_str_caseeq(text, TS_S("WinPEandFullOS"))) {
        xml_set_text(s->x, attributes, "runIn", s->e, run_in);
    }
}

/* A list of codes as written: numbers with blanks, commas or semicolons between. */
static struct ts_value *codes(struct xml_import *x, const struct xml_element *e,
                              const char *text, bool *all)
{
    struct ts_value *list = xml_list(x, e);
    const char *p = text;

    *all = true;
    while (*p) {
        size_t n = strcspn(p, " ,;\t\r\n");
        ts_str word = {p, n};
        int64_t code;
        if (n && ts_str_int(word, &code) && code >= INT32_MIN && code <= UINT32_MAX) {
            ts_value_push(list, ts_value_int(x->arena, code));
        } else if (n > 2 && word.p[0] == '0' && (word.p[1] | 0x20) == 'x' && n <= 10) {
            ts_value_push(list, xml_string(x, e, word));
        } else if (n) {
            *all = false;
        }
        p += n + (p[n] != '\0');
    }
    return list;
}

/* Only 0 is what an imported step without a list goes by. */
static void set_codes(struct xml_step *s, struct ts_value *attributes)
{
    const char *text = xml_attr(s->e, "successCodeList");
    bool all;

    if (!text || !*text) {
        return;
    }
    struct ts_value *list = codes(s->x, s->e, text, &all);
    if (!all) {
        xml_set_text(s->x, attributes, "successCodeList", s->e, text);
    }
    if (list->count > 1 ||
        (list->count == 1 && (list->first->kind != TS_INT || list->first->integer))) {
        xml_set(s->x, s->node, "successCodes", list);
    }
}

static bool number(const char *text, int64_t most, int64_t *out)
{
    return text && ts_str_int(ts_str_of(text), out) && *out >= 0 && *out <= most;
}

/* retryCount is no retry after a failure: it says how often a step that an unexpected
 * restart cut off is begun again. */
static void set_retry(struct xml_step *s, struct ts_value *attributes)
{
    const char *text = xml_attr(s->e, "retryCount");
    int64_t n;

    if (!number(text, 1000, &n)) {
        xml_set_text(s->x, attributes, "retryCount", s->e, text);
    } else if (n > 0) {
        struct ts_value *retry = xml_object(s->x, s->e);
        xml_set(s->x, retry, "attempts", ts_value_int(s->x->arena, n + 1));
        xml_set(s->x, retry, "on", xml_list(s->x, s->e));
        xml_set(s->x, s->node, "retry", retry);
    }
}

static void set_timeout(struct xml_step *s, struct ts_value *attributes)
{
    const char *text = xml_attr(s->e, "timeout");
    int64_t n;

    if (!number(text, 31536000, &n)) {
        xml_set_text(s->x, attributes, "timeout", s->e, text);
    } else if (n > 0) {
        xml_set(s->x, s->node, "timeout", ts_value_int(s->x->arena, n));
    }
}

static void attributes(struct xml_step *s, struct ts_value *keep)
{
    struct ts_value *rest =
        (struct ts_value *)(uintptr_t)ts_value_get(keep, XML_ATTRIBUTES);
    struct ts_value *more = rest ? rest : xml_object(s->x, s->e);

    set_phase(s, more);
    set_codes(s, more);
    set_retry(s, more);
    set_timeout(s, more);
    if (!rest) {
        xml_set_some(s->x, keep, XML_ATTRIBUTES, more);
    }
}

/* Another account than the run's own. */
static void set_account(struct xml_step *s)
{
    static const char *const names[] = {"SMSTSRunCommandLineUserName",
                                        "SMSTSRunPowerShellUserName"};

    if (xml_truth(xml_var(&s->vars, "RunAsUser")) ||
        xml_truth(xml_var(&s->vars, "_SMSTSRunCommandLineAsUser")) ||
        xml_truth(xml_var(&s->vars, "_SMSTSRunPowerShellAsUser"))) {
        for (size_t i = 0; i < 2; i++) {
            xml_set_text(s->x, s->node, "runAs", s->at, xml_var(&s->vars, names[i]));
        }
    }
}

/* ---- what it becomes -----------------------------------------------------------------
 */

static const struct ts_step_type *find_type(const struct xml_step *s, const char *name)
{
    return ts_registry_find(s->x->steps, ts_str_of(name));
}

/* A variable that the step types declare as overriding a property is that property. */
static void variables_to_params(struct xml_step *s, const struct ts_step_type *t)
{
    for (size_t i = 0; i < t->param_count; i++) {
        const struct ts_param *p = &t->params[i];
        const struct ts_value *v =
            p->variable ? xml_var_value(&s->vars, p->variable) : NULL;
        if (!v || ts_value_get(s->params, p->name)) {
            continue;
        }
        struct ts_value *one = xml_object(s->x, s->e);
        const char *at = "";
        xml_set(s->x, one, p->name, xml_string(s->x, s->e, v->str));
        if (ts_params_check(t, one, &at, NULL) == TS_OK || !*at) {
            xml_set(s->x, s->params, p->name, xml_string(s->x, s->e, v->str));
            xml_var_used(&s->vars, p->variable);
        }
    }
}

/* NULL if the type takes what it is given. */
static const char *accept(struct xml_step *s, const char *name)
{
    const struct ts_step_type *t = find_type(s, name);
    struct ts_err why = {0};
    const char *at;

    if (!t) {
        return ts_arena_format(s->x->arena, "there is no step type %s", name);
    }
    variables_to_params(s, t);
    if (ts_params_check(t, s->params, &at, &why) != TS_OK) {
        return ts_arena_format(s->x->arena, "%s cannot do it: %s", name, why.text);
    }
    s->type = t->name;
    return NULL;
}

static const char *as_command(struct xml_step *s)
{
    const char *start_in = xml_attr(s->e, "startIn");

    s->params = xml_object(s->x, s->e);
    xml_set(s->x, s->params, "command", xml_string(s->x, s->at, s->command));
    xml_set_text(s->x, s->params, "startIn", s->e, start_in);
    const char *output = xml_var(&s->vars, "SMSTSRunCommandLineOutputVariableName");
    if (output) {
        xml_set_text(s->x, s->params, "outputVariable", s->at, output);
        xml_var_used(&s->vars, "SMSTSRunCommandLineOutputVariableName");
    }
    xml_set_text(s->x, s->node, "package", s->at, s->package);
    return accept(s, "RunCommandLine");
}

/* The type and params of the step; the reason when it is less than what it was. */
static const char *decide(struct xml_step *s)
{
    struct ts_value *visible = ts_value_copy(s->x->arena, s->vars.visible);
    const char *reason = xml_map_action(s), *type = s->type;

    s->type = NULL;
    if (type && !reason) {
        reason = accept(s, type);
        if (!reason) {
            return s->partly;
        }
    }
    s->vars.visible = visible;
    ts_str program = program_of(s->command);
    if (s->command.n && !is_vendor_program(program)) {
        const char *not_even = as_command(s);
        return not_even ? not_even : reason;
    }
    return reason ? reason
                  : ts_arena_format(s->x->arena, "%.*s is a part of the ConfigMgr client",
                                    (int)program.n, program.p);
}

static void move_members(struct xml_import *x, struct ts_value *to, struct ts_value *from)
{
    for (struct ts_value *v = from->first, *next; v; v = next) {
        next = v->next;
        ts_value_set(x->arena, to, v->key, v);
    }
}

static void keep_rest(struct xml_step *s, struct ts_value *keep, const char *reason)
{
    const struct xml_element *action = xml_child(s->e, "action");

    if (xml_is(s->e, "subtasksequence")) {
        xml_set_text(s->x, keep, XML_ELEMENT, s->e, "subtasksequence");
    }
    xml_set_text(s->x, keep, XML_TYPE, s->e, xml_attr(s->e, "type"));
    if (action) {
        xml_set_text(s->x, keep, XML_ACTION, action, action->text.p);
    }
    xml_set_some(s->x, keep, XML_DEFAULTS, s->vars.visible);
    xml_set_some(s->x, keep, XML_HIDDEN, s->vars.hidden);
    xml_set_some(s->x, keep, XML_PROPERTIES, s->vars.properties);
    xml_set_text(s->x, keep, XML_REASON, s->at, reason);
}

/* smsswd.exe /run:PKG command: the command, in the package's folder. */
static void unwrap_run(struct xml_step *s)
{
    ts_str text = ts_str_trim(s->at->text);
    ts_str program = program_of(text);

    s->command = text;
    if (!ts_str_caseeq(program, TS_S("smsswd.exe"))) {
        return;
    }
    const char *behind = program.p + program.n;
    if (behind < text.p + text.n && *behind == '"') {
        behind++;
    }
    ts_str rest = ts_str_trim((ts_str){behind, (size_t)(text.p + text.n - behind)});
    if (!ts_str_case_starts(rest, TS_S("/run:"))) {
        return;
    }
    rest = (ts_str){rest.p + 5, rest.n - 5};
    size_t n = 0;
    while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != '\t') {
        n++;
    }
    s->package = n ? ts_arena_str(s->x->arena, (ts_str){rest.p, n}) : NULL;
    s->command = ts_str_trim((ts_str){rest.p + n, rest.n - n});
}

static void make(struct xml_step *s, struct ts_value *keep, const char *malformed)
{
    const char *type = xml_attr(s->e, "type"), *reason;

    if (malformed) {
        reason = ts_arena_format(s->x->arena, "its condition cannot be understood: %s",
                                 malformed);
    } else if (s->at == s->e) {
        reason = "it has no action";
    } else {
        reason = decide(s);
    }
    if (s->type) {
        xml_set(s->x, s->node, "type", xml_string(s->x, s->e, ts_str_of(s->type)));
        move_members(s->x, s->node, s->params);
    } else {
        xml_unsupported(s->x, s->node, s->e,
                        type ? type : ts_arena_str(s->x->arena, program_of(s->command)),
                        reason);
        reason = NULL;
    }
    set_account(s);
    keep_rest(s, keep, reason);
    if (s->type) {
        xml_leave_out_usual(s, keep);
    }
}

/* ---- child sequences -----------------------------------------------------------------
 */

enum { MOST_INLINED = 1000 };

static struct xml_found *find_child(struct xml_import *x, const struct xml_vars *vars)
{
    const char *id = xml_any_var(vars, "OSDSubTasksequencePackageID");
    ts_str wanted = ts_str_trim(ts_str_of(id));

    for (size_t i = 0; i < x->other_count && wanted.n; i++) {
        if (x->others[i].sequence && x->others[i].id &&
            ts_str_caseeq(ts_str_of(x->others[i].id), wanted)) {
            return &x->others[i];
        }
    }
    return NULL;
}

/* The child's own variables hold where its parent says nothing. */
static void child_variables(struct xml_import *x, const struct xml_element *sequence)
{
    struct xml_vars vars;

    xml_vars_read(x, xml_child(sequence, "globalVarList"), &vars);
    for (const struct ts_value *v = vars.visible->first; v; v = v->next) {
        if (!ts_value_get(x->variables, v->key.p) && v->key.p[0] != '_') {
            xml_set(x, x->variables, v->key.p, xml_string(x, sequence, v->str));
        }
    }
}

/* The engine we import from puts a child's steps in the place of the step that runs it,
 * as a group: so do we, where the export holds the child. */
static enum ts_code inline_child(struct xml_step *s, struct xml_found *child,
                                 struct ts_value *keep)
{
    struct xml_import *x = s->x;
    struct xml_busy busy = {.up = x->busy, .found = child};
    struct ts_value *steps = xml_list(x, s->e);
    const char *file = x->file;

    for (const struct xml_busy *b = x->busy; b; b = b->up) {
        if (b->found == child) {
            return ts_fail(x->err, TS_EINPUT,
                           "%s:%d:%d: the task sequence %s runs itself: this would never "
                           "end",
                           x->file, s->e->line, s->e->col, child->id);
        }
    }
    if (++x->inlined > MOST_INLINED) {
        return ts_fail(x->err, TS_EINPUT,
                       "%s:%d:%d: more than %d child sequences are run", x->file,
                       s->e->line, s->e->col, MOST_INLINED);
    }
    xml_set(x, s->node, "type", xml_string(x, s->e, TS_S("Group")));
    keep_rest(s, keep, NULL);
    child_variables(x, child->sequence);
    x->busy = &busy;
    x->file = child->file;
    enum ts_code rc = xml_nodes(x, child->sequence, steps);
    x->file = file;
    x->busy = busy.up;
    xml_set(x, s->node, "steps", steps);
    return rc;
}

/* ---- the step ------------------------------------------------------------------------
 */

enum ts_code xml_add_step(struct xml_import *x, const struct xml_element *e,
                          struct ts_value *list)
{
    struct xml_step s = {.x = x, .e = e, .at = e, .node = xml_object(x, e)};
    struct ts_value *keep = xml_object(x, e);
    const struct xml_element *action = xml_child(e, "action");
    const char *malformed;
    enum ts_code rc = TS_OK;

    s.params = xml_object(x, e);
    xml_common(x, e, s.node, keep, &malformed);
    xml_vars_read(x, xml_child(e, "defaultVarList"), &s.vars);
    if (action && ts_str_trim(action->text).n) {
        s.at = action;
        unwrap_run(&s);
    }
    x->disabled += xml_truth(xml_attr(e, "disable"));
    struct xml_found *child = malformed ? NULL : find_child(x, &s.vars);
    if (child) {
        rc = inline_child(&s, child, keep);
    } else {
        attributes(&s, keep);
        make(&s, keep, malformed);
    }
    x->disabled -= xml_truth(xml_attr(e, "disable"));
    xml_set_some(x, s.node, "xml", keep);
    ts_value_push(list, s.node);
    return rc;
}
