/* cmd_getset.c - get and set, for programs that a running sequence started. */
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "steps/host.h"

static const struct ts_opt get_options[] = {
    {"path", 0, NULL, false,
     "The value as a path of this system (C:\\ in the lab: a folder)"},
    {NULL, 0, NULL, false, NULL}};
static const struct ts_opt set_options[] = {{NULL, 0, NULL, false, NULL}};

static int get(const struct ts_args *args)
{
    struct ts_err err = {0};
    struct ts_buf out = {0};
    char *value = NULL;
    int rc;

    if (args->word_count != 1)
        return ts_cli_usage("get wants one NAME");
    if (ts_serve_call(ts_args_has(args, "path") ? "path" : "get", args->words[0], NULL,
                      &value, &err) != TS_OK)
        return ts_cli_fail(&err);
    ts_buf_z(&out, value);
    ts_buf_c(&out, '\n');
    rc = ts_cli_out(&out);
    ts_buf_free(&out);
    ts_free(value);
    return rc;
}

static int set(const struct ts_args *args)
{
    struct ts_err err = {0};
    char *value = NULL, *name;
    const char *eq;
    int rc = TS_EXIT_OK;

    if (args->word_count != 1 || !(eq = strchr(args->words[0], '=')))
        return ts_cli_usage("set wants NAME=VALUE (NAME= deletes)");
    name = ts_str_dup((ts_str){args->words[0], (size_t)(eq - args->words[0])});
    if (ts_serve_call("set", name, eq + 1, &value, &err) != TS_OK) {
        if (err.code ==
            TS_EACCESS) /* a name of the runtime: wrong use, no trouble of ours */
            err.code = TS_EINPUT;
        rc = ts_cli_fail(&err);
    }
    ts_free(name);
    ts_free(value);
    return rc;
}

const struct ts_command ts_cmd_get = {
    "get",
    "print a variable of the run that started this program",
    "get NAME [--path]",
    get_options,
    "For a variable that is not set nothing is printed and the exit code is 2.\n",
    get};
const struct ts_command ts_cmd_set = {
    "set",
    "set a variable of the run that started this program",
    "set NAME=VALUE",
    set_options,
    NULL,
    set};
