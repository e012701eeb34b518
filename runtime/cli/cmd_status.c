/* cmd_status.c - status and vars: what the state tells. */
#include <string.h>

#include "base/mem.h"
#include "cli/session.h"
#include "platform/clock.h"

static const struct ts_opt status_options[] = {
    {"state", 0, "DIR", false, "Folder of the run's state"},
    {"json", 0, NULL, false, "Everything as JSON"},
    {"follow", 'f', NULL, false, "Show again every second until the run ends"},
    TS_SESSION_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

/* The newest run of the state as data. */
static enum ts_code read_run(const struct ts_args *args, struct ts_arena *a,
                             struct ts_value **out, struct ts_err *err)
{
    struct ts_session s = {0};
    struct ts_run run;
    enum ts_code rc;

    rc = ts_session_machine(&s, args, err);
    if (rc == TS_OK)
        rc = ts_place_find(&s.place, ts_args_get(args, "state"), s.phase, s.machine, err);
    if (rc == TS_OK)
        rc = ts_state_open(&s.state, s.place.dir, false, true, err);
    if (rc == TS_OK)
        rc = ts_state_last_run(s.state, &run, err);
    if (rc == TS_OK)
        rc = ts_state_to_value(s.state, run.id, a, out, err);
    ts_session_fini(&s);
    return rc;
}

static int64_t int_of(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_INT ? v->integer : 0;
}

static const char *text_of(const struct ts_value *o, const char *key)
{
    const char *t = ts_value_text(o, key);

    return t ? t : "";
}

static bool bool_of(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_BOOL && v->boolean;
}

static void print_attempt(struct ts_buf *out, const struct ts_value *step,
                          const struct ts_value *a)
{
    const struct ts_value *ended = ts_value_get(a, "ended");
    char code[160];

    ts_buf_fmt(out, "  %4lld  %-44s ", (long long)int_of(step, "index"),
               text_of(step, "name"));
    if (!ended || ended->kind != TS_STRING)
        ts_buf_z(out, "running");
    else if (bool_of(a, "succeeded"))
        ts_buf_z(out, "ok");
    else {
        ts_wincode_format(code, sizeof code, int_of(a, "code"));
        ts_buf_fmt(out, "%s  %s", bool_of(a, "ignored") ? "failed, ignored" : "FAILED",
                   code);
    }
    if (int_of(a, "attempt") > 1)
        ts_buf_fmt(out, "  (attempt %lld)", (long long)int_of(a, "attempt"));
    if (*text_of(a, "note"))
        ts_buf_fmt(out, "  %s", text_of(a, "note"));
    ts_buf_c(out, '\n');
}

static const struct ts_value *list_of(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_ARRAY ? v->first : NULL;
}

static void print_step(struct ts_buf *out, const struct ts_value *step)
{
    const struct ts_value *skipped = ts_value_get(step, "skipped");

    for (const struct ts_value *a = list_of(step, "attempts"); a; a = a->next)
        print_attempt(out, step, a);
    if (skipped && skipped->kind == TS_OBJECT)
        ts_buf_fmt(out, "  %4lld  %-44s skipped  %s\n", (long long)int_of(step, "index"),
                   text_of(step, "name"),
                   *text_of(skipped, "why") ? text_of(skipped, "why")
                                            : text_of(skipped, "reason"));
}

static void print_restart(struct ts_buf *out, const struct ts_value *r)
{
    if (bool_of(r, "expected"))
        ts_buf_fmt(out, "  %s asked by %s: %s, arrived in %s\n", text_of(r, "requested"),
                   text_of(r, "step"), text_of(r, "target"),
                   *text_of(r, "phase") ? text_of(r, "phase") : "(not yet)");
    else if (*text_of(r, "requested"))
        ts_buf_fmt(out, "  %s asked by %s: %s\n", text_of(r, "requested"),
                   text_of(r, "step"), text_of(r, "target"));
    else
        ts_buf_fmt(out, "  %s not asked for (crash, power cut or somebody else): %s\n",
                   text_of(r, "arrived"), text_of(r, "phase"));
}

static void print_status(struct ts_buf *out, const struct ts_value *all)
{
    const struct ts_value *run = ts_value_get(all, "run");

    ts_buf_fmt(out, "%s: %s\n", text_of(run, "name"), text_of(run, "status"));
    ts_buf_fmt(out, "  run       %s\n  started   %s\n", text_of(run, "id"),
               text_of(run, "started"));
    if (*text_of(run, "ended"))
        ts_buf_fmt(out, "  ended     %s\n", text_of(run, "ended"));
    if (*text_of(run, "error"))
        ts_buf_fmt(out, "  error     %s\n", text_of(run, "error"));
    if (list_of(all, "steps"))
        ts_buf_z(out, "steps\n");
    for (const struct ts_value *step = list_of(all, "steps"); step; step = step->next)
        print_step(out, step);
    if (list_of(all, "restarts"))
        ts_buf_z(out, "restarts\n");
    for (const struct ts_value *r = list_of(all, "restarts"); r; r = r->next)
        print_restart(out, r);
}

static int show_once(const struct ts_args *args, bool *running)
{
    struct ts_arena a = {0};
    struct ts_value *run = NULL;
    struct ts_err err = {0};
    struct ts_buf out = {0};
    int rc;

    *running = false;
    if (read_run(args, &a, &run, &err) != TS_OK)
        rc = ts_cli_fail(&err);
    else {
        const char *status = text_of(ts_value_get(run, "run"), "status");

        *running = strcmp(status, "running") == 0 || strcmp(status, "restarting") == 0;
        if (ts_args_has(args, "json"))
            rc = ts_cli_out_json(run);
        else {
            print_status(&out, run);
            rc = ts_cli_out(&out);
        }
    }
    ts_buf_free(&out);
    ts_arena_fini(&a);
    return rc;
}

static int status(const struct ts_args *args)
{
    bool running;
    int rc;

    if (args->word_count)
        return ts_cli_usage("status takes no arguments");
    rc = show_once(args, &running);
    while (rc == TS_EXIT_OK && running && ts_args_has(args, "follow")) {
        ts_sleep_ms(1000);
        rc = show_once(args, &running);
    }
    return rc;
}

/* ---- vars ----------------------------------------------------------------------------
 */

static const struct ts_opt vars_options[] = {
    {"run", 0, NULL, false,
     "The values of the newest run, each with the step that set it"},
    {"state", 0, "DIR", false, "With --run: folder of the run's state"},
    {"json", 0, NULL, false, "As JSON"},
    {"markdown", 0, NULL, false, "The catalogue as the manual's table"},
    TS_SESSION_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

static int run_values(const struct ts_args *args)
{
    struct ts_arena a = {0};
    struct ts_value *run = NULL;
    struct ts_err err = {0};
    struct ts_buf out = {0};
    int rc;

    if (read_run(args, &a, &run, &err) != TS_OK)
        rc = ts_cli_fail(&err);
    else if (ts_args_has(args, "json")) {
        const struct ts_value *vars = ts_value_get(run, "variables");

        ts_json_write(&out, vars ? vars : run, 2);
        ts_buf_c(&out, '\n');
        rc = ts_cli_out(&out);
    } else {
        for (const struct ts_value *v = list_of(run, "variables"); v; v = v->next)
            ts_buf_fmt(&out, "%s=%s%s%s%s\n", text_of(v, "name"), text_of(v, "value"),
                       *text_of(v, "step") ? "  (" : "", text_of(v, "step"),
                       *text_of(v, "step") ? ")" : "");
        rc = ts_cli_out(&out);
    }
    ts_buf_free(&out);
    ts_arena_fini(&a);
    return rc;
}

static void catalogue_json(struct ts_buf *out, const struct ts_var_doc *d, size_t n)
{
    ts_buf_z(out, "[");
    for (size_t i = 0; i < n; i++) {
        ts_buf_fmt(out, "%s\n  {\"name\":\"%s\",\"kind\":\"%s\",\"default\":\"",
                   i ? "," : "", d[i].name, d[i].kind);
        ts_buf_json(out, ts_str_of(d[i].def));
        ts_buf_z(out, "\",\"meaning\":\"");
        ts_buf_json(out, ts_str_of(d[i].meaning));
        ts_buf_z(out, "\"}");
    }
    ts_buf_z(out, "\n]\n");
}

static int catalogue(const struct ts_args *args)
{
    size_t n;
    const struct ts_var_doc *d = ts_vars_catalogue(&n);
    struct ts_buf out = {0};
    int rc;

    if (ts_args_has(args, "json"))
        catalogue_json(&out, d, n);
    else if (ts_args_has(args, "markdown")) {
        ts_buf_z(&out, "| Variable | Kind | Default | Meaning |\n|---|---|---|---|\n");
        for (size_t i = 0; i < n; i++)
            ts_buf_fmt(&out, "| `%s` | %s | %s | %s |\n", d[i].name, d[i].kind, d[i].def,
                       d[i].meaning);
    } else {
        for (size_t i = 0; i < n; i++)
            ts_buf_fmt(&out, "%-34s %-8s %s%s%s%s\n", d[i].name, d[i].kind, d[i].meaning,
                       *d[i].def ? " (default " : "", d[i].def, *d[i].def ? ")" : "");
    }
    rc = ts_cli_out(&out);
    ts_buf_free(&out);
    return rc;
}

static int vars(const struct ts_args *args)
{
    if (args->word_count)
        return ts_cli_usage("vars takes no arguments");
    return ts_args_has(args, "run") ? run_values(args) : catalogue(args);
}

const struct ts_command ts_cmd_status = {"status",
                                         "what runs or ran: position, results, restarts",
                                         "status [--json] [--follow]",
                                         status_options,
                                         NULL,
                                         status};
const struct ts_command ts_cmd_vars = {
    "vars",
    "the variables the runtime provides, or those of a run",
    "vars [--run] [--json]",
    vars_options,
    NULL,
    vars};
