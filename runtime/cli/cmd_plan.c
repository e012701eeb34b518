/* cmd_plan.c - what would run. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/session.h"

static const struct ts_opt options[] = {
    TS_VARIABLE_OPTIONS,
    TS_FACTS_OPTION,
    {"result", 0, "STEP=CODE", true,
     "Assume that this step (id or name, * and ?) ends so"},
    {"json", 0, NULL, false, "The plan as JSON"},
    TS_SESSION_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

/* "STEP=CODE", the last '=' divides; STEP is copied, caller frees. */
static bool read_result(const char *word, struct ts_plan_result *out)
{
    const char *eq = strrchr(word, '=');
    int64_t code;

    if (!eq || eq == word || !ts_str_int(ts_str_of(eq + 1), &code))
        return false;
    out->step = ts_str_dup((ts_str){word, (size_t)(eq - word)});
    out->code = code;
    return true;
}

/* Every assumed result is of some step. */
static bool all_known(const struct ts_sequence *seq, const struct ts_plan_result *results,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ts_str pattern = ts_str_of(results[i].step);
        bool found = false;

        for (const struct ts_node *x = seq->root; x && !found;
             x = ts_node_next(seq->root, x))
            found = !x->is_group && (ts_str_like(ts_str_of(x->id), pattern) ||
                                     ts_str_like(ts_str_of(x->name), pattern));
        if (!found) {
            ts_cli_say("--result: no step has the id or name %s", results[i].step);
            return false;
        }
    }
    return true;
}

static int show(struct ts_session *s, const struct ts_plan_result *results, size_t n)
{
    struct ts_engine_config c = {
        .seq = s->seq, .steps = &s->steps, .host = &s->host, .restart = &ts_restart_exit};
    struct ts_arena arena = {0};
    struct ts_value *plan = NULL;
    struct ts_buf out = {0};
    struct ts_err err = {0};
    int rc;

    s->host.vars = s->vars;
    s->host.seq = s->seq;
    s->host.phase = s->phase;
    s->host.machine = s->machine;
    s->host.facts = s->facts;
    s->host.run = s->host.state_dir = "";
    if (ts_plan(&c, results, n, &arena, &plan, &err) != TS_OK)
        rc = ts_cli_fail(&err);
    else if (ts_args_has(s->args, "json"))
        rc = ts_cli_out_json(plan);
    else {
        ts_plan_print(&out, plan);
        rc = ts_cli_out(&out);
    }
    ts_buf_free(&out);
    ts_arena_fini(&arena);
    return rc;
}

static int plan(const struct ts_args *args)
{
    struct ts_session s = {0};
    struct ts_err err = {0};
    struct ts_plan_result *results;
    const char *word;
    size_t n = 0;
    int rc = TS_EXIT_OK;

    if (args->word_count != 1)
        return ts_cli_usage("plan wants one sequence");
    results = ts_alloc_array(args->opt_count + 1, sizeof *results);
    for (size_t i = 0; rc == TS_EXIT_OK && (word = ts_args_nth(args, "result", i)); i++) {
        if (read_result(word, &results[n]))
            n++;
        else
            rc = ts_cli_usage("--result wants STEP=CODE, not \"%s\"", word);
    }
    s.vars = ts_vars_new();
    if (rc == TS_EXIT_OK) {
        if (ts_session_machine(&s, args, &err) != TS_OK ||
            ts_session_sequence(&s, args->words[0], &err) != TS_OK ||
            ts_session_variables(&s, false, &err) != TS_OK)
            rc = ts_cli_fail(&err);
        else if (!all_known(s.seq, results, n))
            rc = TS_EXIT_USAGE;
        else
            rc = show(&s, results, n);
    }
    for (size_t i = 0; i < n; i++)
        ts_free((void *)results[i].step);
    ts_free(results);
    ts_session_fini(&s);
    return rc;
}

const struct ts_command ts_cmd_plan = {
    "plan",
    "what would run, and why the rest would not; touches nothing",
    "plan SEQUENCE [--set NAME=VALUE] [--facts FILE] [--result STEP=CODE]",
    options,
    NULL,
    plan};
