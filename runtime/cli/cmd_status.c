/* cmd_status.c - status and vars: what the state tells. */
#include <string.h>

#include "base/mem.h"
#include "cli/record.h"
#include "platform/clock.h"

static const struct ts_opt status_options[] = {
    {"state", 0, "DIR", false, "Folder of the run's state"},
    {"json", 0, NULL, false, "Everything as JSON"},
    {"follow", 'f', NULL, false,
     "Show again every second until the run ends or is interrupted"},
    TS_SESSION_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

/* The newest run of the state as data. */
static enum ts_code read_run(const struct ts_args *args, struct ts_arena *a,
                             struct ts_value **out, struct ts_err *err)
{
    struct ts_session s = {0};
    enum ts_code rc = ts_record_open(&s, args, err);

    if (rc == TS_OK)
        rc = ts_state_to_value(s.state, s.run.id, a, out, err);
    ts_session_fini(&s);
    return rc;
}

static void print_attempt(struct ts_buf *out, const struct ts_value *step,
                          const struct ts_value *a, bool interrupted)
{
    const struct ts_value *ended = ts_value_get(a, "ended");
    char code[160];

    ts_buf_fmt(out, "  %4lld  %-44s ", (long long)ts_record_int(step, "index"),
               ts_record_text(step, "name"));
    if (!ended || ended->kind != TS_STRING)
        ts_buf_z(out, interrupted ? "interrupted" : "running");
    else if (ts_record_bool(a, "succeeded"))
        ts_buf_z(out, "ok");
    else {
        ts_wincode_format(code, sizeof code, ts_record_int(a, "code"));
        ts_buf_fmt(out, "%s  %s",
                   ts_record_bool(a, "ignored") ? "failed, ignored" : "FAILED", code);
    }
    if (ts_record_int(a, "attempt") > 1)
        ts_buf_fmt(out, "  (attempt %lld)", (long long)ts_record_int(a, "attempt"));
    if (*ts_record_text(a, "note"))
        ts_buf_fmt(out, "  %s", ts_record_text(a, "note"));
    ts_buf_c(out, '\n');
}

static void print_step(struct ts_buf *out, const struct ts_value *step, bool interrupted)
{
    const struct ts_value *skipped = ts_value_get(step, "skipped");

    for (const struct ts_value *a = ts_record_list(step, "attempts"); a; a = a->next)
        print_attempt(out, step, a, interrupted || a->next);
    if (skipped && skipped->kind == TS_OBJECT)
        ts_buf_fmt(out, "  %4lld  %-44s skipped  %s\n",
                   (long long)ts_record_int(step, "index"), ts_record_text(step, "name"),
                   *ts_record_text(skipped, "why") ? ts_record_text(skipped, "why")
                                                   : ts_record_text(skipped, "reason"));
}

/* Of an unfinished run: where it stands, and how near it is to being stopped for too many
 * restarts. */
static void print_position(struct ts_buf *out, const struct ts_value *all)
{
    const struct ts_value *at = ts_value_get(all, "position");
    const struct ts_value *restarts = ts_value_get(all, "restarts");
    const char *status = ts_record_text(ts_value_get(all, "run"), "status");
    int64_t limit =
        restarts && restarts->last ? ts_record_int(restarts->last, "limit") : 0;

    if (strcmp(status, "running") != 0 && strcmp(status, "restarting") != 0)
        return;
    if (*ts_record_text(at, "at"))
        ts_buf_fmt(out, "  %s %s\n",
                   ts_record_bool(at, "started") ? "at       " : "goes on  ",
                   ts_record_text(at, "at"));
    if (ts_record_int(at, "restarts") && limit)
        ts_buf_fmt(out,
                   "  restarts  %d of at most %d without a step being finished "
                   "(TSRestartLimit)\n",
                   (int)ts_record_int(at, "restarts"), (int)limit);
}

static void print_elapsed(struct ts_buf *out, const struct ts_value *run)
{
    const struct ts_value *ms = ts_value_get(run, "elapsedMs");
    int64_t s = ms && ms->kind == TS_INT ? ms->integer / 1000 : -1;

    if (s >= 0)
        ts_buf_fmt(out, "  elapsed   %lld:%02d:%02d\n", (long long)(s / 3600),
                   (int)(s / 60 % 60), (int)(s % 60));
}

static void print_status(struct ts_buf *out, const struct ts_value *all)
{
    const struct ts_value *run = ts_value_get(all, "run");
    bool interrupted = ts_record_interrupted(run);

    ts_buf_fmt(out, "%s: %s\n", ts_record_text(run, "name"), ts_record_status(run));
    if (interrupted)
        ts_buf_z(out, "  no taskseq works on this run: it was ended, or the power went; "
                      "taskseq resume goes on\n");
    ts_buf_fmt(out, "  run       %s\n  started   %s\n", ts_record_text(run, "id"),
               ts_record_text(run, "started"));
    if (*ts_record_text(run, "ended"))
        ts_buf_fmt(out, "  ended     %s\n", ts_record_text(run, "ended"));
    print_elapsed(out, run);
    if (*ts_record_text(run, "error"))
        ts_buf_fmt(out, "  error     %s\n", ts_record_text(run, "error"));
    print_position(out, all);
    if (ts_record_list(all, "steps"))
        ts_buf_z(out, "steps\n");
    for (const struct ts_value *step = ts_record_list(all, "steps"); step;
         step = step->next)
        print_step(out, step, interrupted);
    if (ts_record_list(all, "restarts"))
        ts_buf_z(out, "restarts\n");
    for (const struct ts_value *r = ts_record_list(all, "restarts"); r; r = r->next)
        ts_record_restart(out, "  ", r);
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
        const char *status = ts_record_status(ts_value_get(run, "run"));

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
        for (const struct ts_value *v = ts_record_list(run, "variables"); v; v = v->next)
            ts_buf_fmt(&out, "%s=%s%s%s%s\n", ts_record_text(v, "name"),
                       ts_record_text(v, "value"),
                       *ts_record_text(v, "step") ? "  (" : "", ts_record_text(v, "step"),
                       *ts_record_text(v, "step") ? ")" : "");
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
