/* cli.h - the commands.  One cmd_<name>.c per command (or pair); cli.c has the table. */
#ifndef TS_CLI_CLI_H
#define TS_CLI_CLI_H

#include "base/buf.h"
#include "base/err.h"
#include "base/value.h"
#include "cli/opt.h"

enum ts_exit {
    TS_EXIT_OK = 0,
    TS_EXIT_FAILED = 1,
    TS_EXIT_USAGE = 2,    /* bad usage or input: nothing was done */
    TS_EXIT_RUNTIME = 3,  /* the runtime could not do its own work */
    TS_EXIT_RESTART = 10, /* a restart is pending and was left to the caller */
    TS_EXIT_CANCELLED = 11,
    TS_EXIT_LOCKED = 12
};

struct ts_command {
    const char *name, *summary;
    const char *usage; /* "run SEQ [OPTIONS]" */
    const struct ts_opt *options;
    const char *notes; /* more help, may be NULL */
    int (*run)(const struct ts_args *args);
};
extern const struct ts_command ts_cmd_facts, ts_cmd_gather;
extern const struct ts_command ts_cmd_run, ts_cmd_resume, ts_cmd_status, ts_cmd_check,
    ts_cmd_plan, ts_cmd_steps, ts_cmd_schema, ts_cmd_vars, ts_cmd_get, ts_cmd_set,
    ts_cmd_lab, ts_cmd_convert, ts_cmd_explain, ts_cmd_test;

/* The whole program; the value is its exit code. */
int ts_cli_main(int argc, char **argv);

/* The program's own path, for the lab. */
extern char *ts_cli_program;

/* "taskseq: MESSAGE" on standard error. */
void ts_cli_say(const char *fmt, ...) TS_PRINTF(1, 2);
/* Show an error and give the exit code that fits it. */
int ts_cli_fail(const struct ts_err *err);
int ts_cli_usage(const char *fmt, ...) TS_PRINTF(1, 2);
/* Write a result to standard output; TS_EXIT_RUNTIME if it cannot be written. */
int ts_cli_out(const struct ts_buf *b);
int ts_cli_out_json(const struct ts_value *v);
/* Make the file `path` (native) hold this: durably and at once; behind a link what it leads
 * to; a device or pipe is written to, never replaced. */
TS_NODISCARD enum ts_code ts_cli_put(const char *path, const struct ts_buf *b,
                                     struct ts_err *err);
bool ts_cli_colour(int fd); /* a terminal, and NO_COLOR is not set */

#endif
