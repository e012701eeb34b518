/* cmd_explain.c - why a step ran or not. */
#include "cli/explain.h"

static const struct ts_opt options[] = {
    {"state", 0, "DIR", false, "Folder of the run's state, or of one in its archive"},
    {"json", 0, NULL, false, "As JSON"},
    TS_SESSION_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

static int nothing_to_name(const struct ts_explain *x)
{
    return ts_cli_usage(
        "\"%s\" %s: say which step to explain (taskseq status lists them)",
        x->s.run.sequence_name,
        x->s.run.status == TS_RUN_SUCCEEDED ? "succeeded" : "names no step by itself");
}

static int show(struct ts_explain *x, const struct ts_args *args,
                const struct ts_ins *ins)
{
    const struct ts_value *v = ts_explain_value(x, ins);
    struct ts_buf out = {0};
    int rc;

    if (ts_args_has(args, "json"))
        return ts_cli_out_json(v);
    ts_explain_print(&out, v);
    rc = ts_cli_out(&out);
    ts_buf_free(&out);
    return rc;
}

static int explain(const struct ts_args *args)
{
    struct ts_explain x;
    struct ts_err err = {0};
    const struct ts_ins *ins = NULL;
    int rc;

    if (args->word_count > 1)
        return ts_cli_usage("explain takes one step, got %zu", args->word_count);
    if (ts_explain_open(&x, args, &err) != TS_OK ||
        (args->word_count && ts_explain_find(&x, args->words[0], &ins, &err) != TS_OK))
        rc = ts_cli_fail(&err);
    else if (!ins && (ins = ts_explain_default(&x)) == NULL)
        rc = nothing_to_name(&x);
    else
        rc = show(&x, args, ins);
    ts_explain_close(&x);
    return rc;
}

const struct ts_command ts_cmd_explain = {
    "explain",
    "why a step of a run ran or not, with the values it saw and who set them",
    "explain [STEP-ID] [--json]",
    options,
    "STEP-ID is the id of a step or group, or its name if there is only one of that "
    "name.\n"
    "Without it: the step under way, or the one that failed the run.  It reads what was\n"
    "recorded, also while the run goes on; nothing is run or asked again.\n",
    explain};
