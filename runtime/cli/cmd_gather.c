/* cmd_gather.c - what rules files make of this machine. */
#include <string.h>

#include "base/mem.h"
#include "cli/session.h"
#include "steps/gather.h"

static const struct ts_opt options[] = {
    {"rules", 0, "FILE", true,
     "CustomSettings.ini or BootStrap.ini; the first one first"},
    TS_FACTS_OPTION,
    TS_VARIABLE_OPTIONS,
    {"json", 0, NULL, false, "The result as JSON"},
    TS_SESSION_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

struct gather {
    struct ts_session s;
    bool json;
    struct ts_buf out;
    struct ts_arena arena;
    struct ts_value *variables, *notes;
};

static struct ts_value *text(struct gather *g, const char *z)
{
    return ts_value_string(&g->arena, ts_str_of(z));
}

static void json_result(struct gather *g, const struct ts_rules_result *r)
{
    for (size_t i = 0; i < r->set_count; i++) {
        const struct ts_rule_set *s = &r->set[i];
        struct ts_value *o = ts_value_new(&g->arena, TS_OBJECT);

        ts_value_set(&g->arena, o, TS_S("name"), text(g, s->name));
        ts_value_set(&g->arena, o, TS_S("value"),
                     text(g, s->secret ? "*****" : s->value));
        if (s->secret)
            ts_value_set(&g->arena, o, TS_S("secret"), ts_value_bool(&g->arena, true));
        ts_value_set(&g->arena, o, TS_S("file"), text(g, r->file));
        ts_value_set(&g->arena, o, TS_S("line"), ts_value_int(&g->arena, s->line));
        ts_value_set(&g->arena, o, TS_S("section"), text(g, s->section));
        ts_value_push(g->variables, o);
    }
    for (size_t i = 0; i < r->note_count; i++) {
        struct ts_value *o = ts_value_new(&g->arena, TS_OBJECT);

        ts_value_set(&g->arena, o, TS_S("file"), text(g, r->file));
        ts_value_set(&g->arena, o, TS_S("line"),
                     ts_value_int(&g->arena, r->notes[i].line));
        ts_value_set(&g->arena, o, TS_S("section"), text(g, r->notes[i].section));
        ts_value_set(&g->arena, o, TS_S("text"), text(g, r->notes[i].text));
        ts_value_push(g->notes, o);
    }
}

static void text_result(struct gather *g, const struct ts_rules_result *r)
{
    for (size_t i = 0; i < r->set_count; i++) {
        const struct ts_rule_set *s = &r->set[i];

        ts_buf_fmt(&g->out, "%s=%s   (%s:%d [%s])\n", s->name,
                   s->secret ? "*****" : s->value, r->file, s->line, s->section);
    }
    for (size_t i = 0; i < r->note_count; i++) {
        const struct ts_rule_note *n = &r->notes[i];

        ts_cli_say("%s:%d: %s%s%s%s", r->file, n->line, n->section[0] ? "[" : "",
                   n->section, n->section[0] ? "] " : "", n->text);
    }
}

static enum ts_code one_file(struct gather *g, const char *path, struct ts_err *err)
{
    struct ts_rules_result r = {0};
    char *native = NULL;
    enum ts_code rc = ts_path_native(&native, path, NULL, err);

    if (rc == TS_OK)
        rc = ts_gather_rules(&g->s.host, native, &r, err);
    if (rc == TS_OK && g->json)
        json_result(g, &r);
    else if (rc == TS_OK)
        text_result(g, &r);
    ts_rules_result_fini(&r);
    ts_free(native);
    return rc;
}

static enum ts_code all(struct gather *g, const struct ts_args *args, struct ts_err *err)
{
    struct ts_session *s = &g->s;
    const char *path;
    size_t facts;
    enum ts_code rc;

    if ((rc = ts_session_machine(s, args, err)) != TS_OK ||
        (rc = ts_session_variables(s, false, err)) != TS_OK)
        return rc;
    s->host.vars = s->vars;
    s->host.phase = s->phase;
    s->host.facts = s->facts;
    rc = ts_gather_facts(&s->host, &facts, err);
    for (size_t i = 0; rc == TS_OK && (path = ts_args_nth(args, "rules", i)); i++)
        rc = one_file(g, path, err);
    return rc;
}

static int show(struct gather *g)
{
    struct ts_value *o = ts_value_new(&g->arena, TS_OBJECT);

    if (!g->json)
        return ts_cli_out(&g->out);
    ts_value_set(&g->arena, o, TS_S("variables"), g->variables);
    ts_value_set(&g->arena, o, TS_S("notes"), g->notes);
    return ts_cli_out_json(o);
}

static int gather(const struct ts_args *args)
{
    struct gather g = {.json = ts_args_has(args, "json")};
    struct ts_err err = {0};
    int rc;

    if (args->word_count != 0 || !ts_args_has(args, "rules"))
        return ts_cli_usage("gather wants --rules FILE and no other words");
    g.variables = ts_value_new(&g.arena, TS_ARRAY);
    g.notes = ts_value_new(&g.arena, TS_ARRAY);
    g.s.vars = ts_vars_new();
    rc = all(&g, args, &err) == TS_OK ? show(&g) : ts_cli_fail(&err);
    ts_buf_free(&g.out);
    ts_arena_fini(&g.arena);
    ts_session_fini(&g.s);
    return rc;
}

const struct ts_command ts_cmd_gather = {
    "gather",
    "what a rules file makes of this machine; each variable with the line that set it",
    "gather --rules FILE [--facts FILE] [--set NAME=VALUE] [--json]",
    options,
    "Variables of --set, --vars and the facts have their values already and win over "
    "the\n"
    "rules.  What was met and not done (scripts, databases, odd lines) stands on "
    "standard\n"
    "error.  Nothing is changed.\n",
    gather};
