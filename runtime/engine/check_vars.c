/* check_vars.c - rules about variables: who sets them, who reads them, which are secret.
 */
#include "engine/check_internal.h"

#include "facts/facts.h"
#include "platform/sysinfo.h"

#include <stdio.h>
#include <string.h>

struct names {
    struct ts_lint *l;
    struct ts_map set;          /* names that something sets */
    struct ts_map secret;       /* of those, and of inputs */
    struct ts_map known;        /* found in the catalogue or the environment */
    struct ts_map reported;     /* one finding for a name is enough */
    bool open;                  /* a step sets names that the sequence does not show */
    const struct ts_node *node; /* being looked at */
    const char *what;
};

static char marker; /* what the maps hold: only the keys count */

static void put(struct ts_map *m, ts_str name)
{
    ts_map_set(m, name, &marker);
}

/* ---- who sets ------------------------------------------------------------------------
 */

static bool bool_param(const struct ts_node *n, const char *key)
{
    const struct ts_value *v = ts_value_get(n->params, key);

    return v && ((v->kind == TS_BOOL && v->boolean) ||
                 (v->kind == TS_STRING && ts_str_caseeq(v->str, TS_S("true"))));
}

/* Properties that name a variable are called so: variable, outputVariable, ... */
static bool names_variable(const struct ts_param *p)
{
    return ts_str_ends(ts_str_of(p->name), TS_S("ariable"));
}

static void collect_step(struct names *w, const struct ts_node *n)
{
    static const char *const open_types[] = {"Gather", "SetDynamicVariables", "Prompt"};
    const struct ts_step_type *t = ts_lint_type(w->l, n);

    for (size_t i = 0; i < sizeof open_types / sizeof open_types[0]; i++) {
        w->open = w->open || ts_lint_is(n, open_types[i]);
    }
    for (size_t i = 0; t && i < t->param_count; i++) {
        const char *text = ts_value_text(n->params, t->params[i].name);
        if (!text || !names_variable(&t->params[i])) {
            continue;
        }
        put(&w->set, ts_str_of(text));
        w->open = w->open || strchr(text, '%');
        if (bool_param(n, "secret")) {
            put(&w->secret, ts_str_of(text));
        }
    }
}

static void collect(struct names *w)
{
    const struct ts_sequence *seq = w->l->seq;
    const struct ts_value *list = seq->variables;

    for (const struct ts_value *m = list ? list->first : NULL; m; m = m->next) {
        put(&w->set, m->key);
    }
    for (size_t i = 0; i < seq->input_count; i++) {
        put(&w->set, ts_str_of(seq->inputs[i].name));
        if (seq->inputs[i].secret) {
            put(&w->secret, ts_str_of(seq->inputs[i].name));
        }
    }
    for (const struct ts_node *n = ts_node_next(seq->root, seq->root); n;
         n = ts_node_next(seq->root, n)) {
        const struct ts_value *own = ts_value_get(n->xml, "defaults");
        for (const struct ts_value *m = own ? own->first : NULL; m; m = m->next) {
            put(&w->set, m->key);
        }
        collect_step(w, n);
    }
}

static bool is_secret(struct names *w, ts_str name)
{
    return ts_map_get(&w->secret, name) || ts_var_name_secret(name);
}

/* ---- who reads -----------------------------------------------------------------------
 */

/* Names that Windows gives every process: a sequence for it may be checked elsewhere. */
static bool is_environment(ts_str name)
{
    static const char *const known[] = {"ALLUSERSPROFILE",
                                        "APPDATA",
                                        "COMPUTERNAME",
                                        "ComSpec",
                                        "HOMEDRIVE",
                                        "HOMEPATH",
                                        "LOCALAPPDATA",
                                        "NUMBER_OF_PROCESSORS",
                                        "OS",
                                        "PATH",
                                        "PROCESSOR_ARCHITECTURE",
                                        "ProgramData",
                                        "ProgramFiles",
                                        "ProgramW6432",
                                        "PUBLIC",
                                        "SystemDrive",
                                        "SystemRoot",
                                        "TEMP",
                                        "TMP",
                                        "USERDOMAIN",
                                        "USERNAME",
                                        "USERPROFILE",
                                        "windir",
                                        "CommonProgramFiles"};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (ts_str_caseeq(name, ts_str_of(known[i]))) {
            return true;
        }
    }
    char *z = ts_str_dup(name);
    bool found = ts_env(z) != NULL;
    ts_free(z);
    return found;
}

/* The catalogue has "OSDAdapter<n>IPAddressList" and the like: their beginning is enough.
 */
static bool in_catalogue(ts_str name)
{
    size_t n;
    const struct ts_var_doc *docs = ts_vars_catalogue(&n);

    for (size_t i = 0; i < n; i++) {
        const char *pattern = strchr(docs[i].name, '<');
        ts_str known = ts_str_of(docs[i].name);
        if (pattern) {
            known.n = (size_t)(pattern - docs[i].name);
            if (known.n && ts_str_case_starts(name, known)) {
                return true;
            }
        } else if (ts_str_caseeq(name, known)) {
            return true;
        }
    }
    return false;
}

/* The variable behind a property of any step type is told from outside by design. */
static void add_action_variables(struct names *w)
{
    const struct ts_map *types = &w->l->steps->types;

    for (size_t i = 0; i < types->n; i++) {
        const struct ts_step_type *t = types->entries[i].value;
        for (size_t k = 0; k < t->param_count; k++) {
            if (t->params[k].variable) {
                put(&w->known, ts_str_of(t->params[k].variable));
            }
        }
    }
}

static const char *nearest(struct names *w, ts_str name)
{
    const char **list = ts_alloc_array(w->set.n + 1, sizeof *list);

    for (size_t i = 0; i < w->set.n; i++) {
        list[i] = w->set.entries[i].key;
    }
    const char *found = ts_str_suggest(name, list, w->set.n);
    ts_free(list);
    return found;
}

static void reads(void *ctx, ts_str name)
{
    struct names *w = ctx;

    if (w->open || ts_map_get(&w->set, name) || ts_map_get(&w->known, name) ||
        ts_map_get(&w->reported, name)) {
        return;
    }
    if (in_catalogue(name) || is_environment(name)) {
        put(&w->known, name);
        return;
    }
    put(&w->reported, name);
    const char *near = nearest(w, name);
    ts_lint_report(
        w->l, "variable-never-set", w->node,
        "%s reads the variable %.*s, which nothing in the sequence sets%s%s%s; if "
        "it comes from --set or from a script, declare it under `variables` or "
        "`inputs`",
        w->what, (int)name.n, name.p, near ? " (did you mean " : "", near ? near : "",
        near ? "?)" : "");
}

static void reads_text(struct names *w, const char *text)
{
    if (text) {
        ts_lint_names(ts_str_of(text), reads, w);
    }
}

static void reads_value(struct names *w, const struct ts_value *v)
{
    if (!v) {
        return;
    }
    if (v->kind == TS_STRING) {
        ts_lint_names(v->str, reads, w);
    }
    for (const struct ts_value *m = v->first; m; m = m->next) {
        reads_value(w, m);
    }
}

/* ---- conditions ----------------------------------------------------------------------
 */

static void check_boolean(struct names *w, const struct ts_expr *x)
{
    static const char *const booleans[] = {"_SMSTSInWinPE", "_SMSTSLastActionSucceeded"};
    bool equality = x->op == TS_OP_EQ || x->op == TS_OP_NE;

    if (!equality || x->value_is_name || !x->value || strchr(x->value, '%')) {
        return;
    }
    for (size_t i = 0; i < sizeof booleans / sizeof booleans[0]; i++) {
        if (ts_caseeq(x->name, booleans[i]) && !ts_caseeq(x->value, "true") &&
            !ts_caseeq(x->value, "false")) {
            ts_lint_report(
                w->l, "impossible-value", w->node,
                "the condition compares %s with '%s', and it is always true or "
                "false: write 'true' or 'false'",
                x->name, x->value);
        }
    }
}

/* A query with %Name% in it is known only when the step starts. */
static void check_query(struct names *w, const struct ts_expr *x)
{
    struct ts_err err;

    if (!strchr(x->name, '%') && ts_wql_check(ts_str_of(x->name), &err) != TS_OK) {
        ts_lint_report(w->l, "query-wrong", w->node,
                       "the condition's wmi(...) will fail the step: %s", err.text);
    }
}

static void check_fact(struct names *w, const struct ts_expr *x)
{
    const char *what = x->kind == TS_X_REGISTRY   ? "registry(...)"
                       : x->kind == TS_X_SOFTWARE ? "software(...)"
                                                  : NULL;

    if (x->kind == TS_X_WMI) {
        check_query(w, x);
    }
    if (what && strcmp(ts_platform_name(), "windows") != 0) {
        ts_lint_report(
            w->l, "fact-not-askable", w->node,
            w->l->seq->configmgr
                ? "the condition asks %s, which only Windows can answer: here it "
                  "is false, with a warning in the log"
                : "the condition asks %s, which only Windows can answer: here "
                  "the step fails; put a condition before it that is false here",
            what);
    }
}

/* Nesting is at most 100 (the parser sees to it). */
static void check_condition(struct names *w, const struct ts_expr *x)
{
    for (; x; x = x->next) {
        if (x->kind == TS_X_COMPARE) {
            check_boolean(w, x);
            if (ts_var_name_valid(ts_str_of(x->name))) {
                reads(w, ts_str_of(x->name));
            }
            if (x->value_is_name && x->value) {
                reads(w, ts_str_of(x->value));
            }
        } else {
            check_fact(w, x);
            reads_text(w, x->name);
        }
        if (!x->value_is_name) {
            reads_text(w, x->value);
        }
        reads_text(w, x->part);
        check_condition(w, x->first);
    }
}

/* ---- secrets -------------------------------------------------------------------------
 */

static void secret_in_command(void *ctx, ts_str name)
{
    struct names *w = ctx;

    if (is_secret(w, name)) {
        ts_lint_report(
            w->l, "secret-in-command", w->node,
            "%%%.*s%% is secret and stands in a command line, which every user "
            "of the machine can see while it runs: hand it over with `input` or "
            "`env`",
            (int)name.n, name.p);
    }
}

static void commands(struct names *w, const struct ts_value *v)
{
    for (const struct ts_value *m = v->kind == TS_ARRAY ? v->first : v; m;
         m = v->kind == TS_ARRAY ? m->next : NULL) {
        if (m->kind == TS_STRING) {
            ts_lint_names(m->str, secret_in_command, w);
        }
    }
}

static void typed_secret(struct names *w, const struct ts_value *v, const char *what)
{
    if (v && v->kind == TS_STRING && v->str.n && !memchr(v->str.p, '%', v->str.n)) {
        ts_lint_report(
            w->l, "secret-in-sequence", w->node,
            "the value of %s is written into the sequence, where everybody who "
            "can read it finds it: declare it under `inputs` with `secret = true` "
            "and write %%Name%% here",
            what);
    }
}

static void check_params(struct names *w, const struct ts_node *n,
                         const struct ts_step_type *t)
{
    for (size_t i = 0; i < t->param_count; i++) {
        const struct ts_param *p = &t->params[i];
        const struct ts_value *v = ts_value_get(n->params, p->name);
        if (!v) {
            continue;
        }
        if (p->expand) {
            reads_value(w, v);
        }
        if (p->type == TS_P_COMMAND) {
            commands(w, v);
        }
        if (p->secret) {
            typed_secret(w, v, p->name);
        }
    }
}

static void check_set_variable(struct names *w, const struct ts_node *n)
{
    const char *name = ts_value_text(n->params, "variable");

    if (!name) {
        return;
    }
    if (name[0] == '_' && !w->l->seq->configmgr) {
        ts_lint_report(w->l, "read-only-variable", n,
                       "%s cannot be set by a step: names that begin with '_' are the "
                       "runtime's; choose another name",
                       name);
    }
    if (is_secret(w, ts_str_of(name))) {
        typed_secret(w, ts_value_get(n->params, "value"), name);
    }
}

static void check_node(struct names *w, const struct ts_node *n)
{
    const struct ts_step_type *t = ts_lint_type(w->l, n);

    w->node = n;
    w->what = "the condition";
    check_condition(w, n->condition);
    if (!t) {
        return;
    }
    w->what = "the step";
    check_params(w, n, t);
    const struct ts_value *own = ts_value_get(n->xml, "defaults");
    for (const struct ts_value *m = own ? own->first : NULL; m; m = m->next) {
        if (is_secret(w, m->key)) {
            typed_secret(w, m, m->key.p);
        }
    }
    reads_text(w, n->input);
    reads_text(w, n->run_as);
    reads_text(w, n->package);
    reads_value(w, n->env);
    if (ts_lint_is(n, "SetVariable")) {
        check_set_variable(w, n);
    }
}

static void check_header(struct names *w)
{
    const struct ts_value *list = w->l->seq->variables;

    w->what = "`variables`";
    for (const struct ts_value *m = list ? list->first : NULL; m; m = m->next) {
        char *name = ts_str_dup(m->key);
        reads_value(w, m);
        if (is_secret(w, m->key)) {
            typed_secret(w, m, name);
        }
        ts_free(name);
    }
}

void ts_lint_vars(struct ts_lint *l)
{
    struct names w = {.l = l};

    collect(&w);
    add_action_variables(&w);
    check_header(&w);
    for (const struct ts_node *n = ts_node_next(l->seq->root, l->seq->root); n;
         n = ts_node_next(l->seq->root, n)) {
        check_node(&w, n);
    }
    ts_map_fini(&w.set, NULL);
    ts_map_fini(&w.secret, NULL);
    ts_map_fini(&w.known, NULL);
    ts_map_fini(&w.reported, NULL);
}
