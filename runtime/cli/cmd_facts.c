/* cmd_facts.c - what this machine is. */
#include <string.h>

#include "base/mem.h"
#include "cli/session.h"
#include "facts/facts.h"

static const struct ts_opt options[] = {
    TS_FACTS_OPTION,
    {"query", 0, "WQL", true, "Answer a query over the facts: the rows it finds"},
    {"namespace", 0, "NAME", false, "Namespace of the queries (root\\cimv2)"},
    {"json", 0, NULL, false, "JSON, as --facts takes it (the default without --query)"},
    {"text", 0, NULL, false, "Text to read"},
    TS_SESSION_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

static void say(void *ctx, const char *text)
{
    (void)ctx;
    ts_cli_say("warning: %s", text);
}

static void show_value(struct ts_buf *out, const struct ts_value *v)
{
    if (v->kind == TS_STRING)
        ts_buf_str(out, v->str);
    else if (v->kind == TS_ARRAY)
        for (const struct ts_value *x = v->first; x; x = x->next) {
            ts_buf_z(out, x == v->first ? "" : ", ");
            show_value(out, x);
        }
    else
        ts_json_write(out, v, 0);
}

static void show_rows(struct ts_buf *out, const struct ts_value *rows)
{
    for (const struct ts_value *row = rows->first; row; row = row->next) {
        for (const struct ts_value *p = row->first; p; p = p->next) {
            ts_buf_fmt(out, "  %.*s = ", (int)p->key.n, p->key.p);
            show_value(out, p);
            ts_buf_c(out, '\n');
        }
        if (row->next)
            ts_buf_c(out, '\n');
    }
}

static void show_all(struct ts_buf *out, struct ts_facts *f)
{
    for (const struct ts_value *v = ts_facts_variables(f)->first; v; v = v->next)
        ts_buf_fmt(out, "%.*s=%s\n", (int)v->key.n, v->key.p, v->str.p);
    for (const struct ts_value *c = ts_facts_classes(f)->first; c; c = c->next) {
        ts_buf_fmt(out, "\n%.*s%s\n", (int)c->key.n, c->key.p, c->first ? "" : ": none");
        show_rows(out, c);
    }
}

static int queries(const struct ts_args *args, struct ts_facts *f)
{
    bool json = ts_args_has(args, "json");
    struct ts_arena a = {0};
    struct ts_buf out = {0};
    struct ts_err err = {0};
    const char *query;
    int rc = TS_EXIT_OK;

    for (size_t i = 0; rc == TS_EXIT_OK && (query = ts_args_nth(args, "query", i)); i++) {
        struct ts_wql_answer answer;

        if (ts_wql_query(f, ts_str_of(query), ts_args_get(args, "namespace"), &a, &answer,
                         &err) != TS_OK)
            rc = ts_cli_fail(&err);
        else if (json)
            rc = ts_cli_out_json(answer.rows);
        else
            show_rows(&out, answer.rows);
    }
    if (rc == TS_EXIT_OK && !json)
        rc = ts_cli_out(&out);
    ts_buf_free(&out);
    ts_arena_fini(&a);
    return rc;
}

static int facts(const struct ts_args *args)
{
    struct ts_session s = {0};
    struct ts_buf out = {0};
    struct ts_err err = {0};
    int rc;

    if (args->word_count != 0)
        return ts_cli_usage("facts takes no arguments");
    if (ts_session_machine(&s, args, &err) != TS_OK)
        rc = ts_cli_fail(&err);
    else {
        ts_facts_on_warning(s.facts, say, NULL);
        if (ts_args_has(args, "query"))
            rc = queries(args, s.facts);
        else {
            if (ts_args_has(args, "text"))
                show_all(&out, s.facts);
            else
                ts_facts_write(s.facts, &out);
            rc = ts_cli_out(&out);
        }
    }
    ts_buf_free(&out);
    ts_session_fini(&s);
    return rc;
}

const struct ts_command ts_cmd_facts = {
    "facts",
    "what this machine is: firmware, processors, disks, network",
    "facts [--text] [--query WQL] [--facts FILE]",
    options,
    "Without rights some serial numbers are missing.  The JSON can be kept in a file: "
    "plan,\n"
    "gather and the lab take it as the machine (--facts FILE; \"facts\" in "
    "machine.json).\n",
    facts};
