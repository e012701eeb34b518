/* cli.c - find the command, read its options, call it. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "platform/fs.h"
#include "platform/sysinfo.h"

static const struct ts_command *const commands[] = {
    &ts_cmd_facts,   &ts_cmd_gather,  &ts_cmd_run,   &ts_cmd_resume,
    &ts_cmd_status,  &ts_cmd_explain, &ts_cmd_check, &ts_cmd_plan,
    &ts_cmd_test,    &ts_cmd_lab,     &ts_cmd_steps, &ts_cmd_vars,
    &ts_cmd_convert, &ts_cmd_schema,  &ts_cmd_get,   &ts_cmd_set};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

char *ts_cli_program;

void ts_cli_say(const char *fmt, ...)
{
    va_list ap;

    fputs("taskseq: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

int ts_cli_fail(const struct ts_err *err)
{
    ts_cli_say("%s", err->text);
    switch (err->code) {
    case TS_EINPUT:
    case TS_ENOTFOUND:
    case TS_EREFUSED:
    case TS_EDAMAGED:
    case TS_ELIMIT:
    case TS_EUNSUPPORTED:
    case TS_ELINK:
        return TS_EXIT_USAGE;
    case TS_ELOCKED:
        return TS_EXIT_LOCKED;
    case TS_ECANCELLED:
        return TS_EXIT_CANCELLED;
    default:
        return TS_EXIT_RUNTIME;
    }
}

int ts_cli_usage(const char *fmt, ...)
{
    va_list ap;

    fputs("taskseq: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputs(" (see taskseq help)\n", stderr);
    return TS_EXIT_USAGE;
}

int ts_cli_out(const struct ts_buf *b)
{
    if (fwrite(ts_buf_text(b), 1, b->n, stdout) != b->n || fflush(stdout) != 0) {
        ts_cli_say("cannot write the result to standard output");
        return TS_EXIT_RUNTIME;
    }
    return TS_EXIT_OK;
}

enum ts_code ts_cli_put(const char *path, const struct ts_buf *b, struct ts_err *err)
{
    struct ts_stat st;
    struct ts_file *f = NULL;
    char *real = NULL;
    enum ts_code rc;

    if (ts_fs_real(path, &real, NULL) != TS_OK)
        real = ts_strdup(path); /* not there yet */
    if (ts_fs_stat(real, &st, NULL) != TS_OK || st.type != TS_F_OTHER)
        rc = ts_file_replace(real, ts_buf_text(b), b->n, 0644, err);
    else if ((rc = ts_file_open(&f, real, TS_O_APPEND, 0, err)) == TS_OK)
        rc = ts_file_write(f, ts_buf_text(b), b->n, err);
    ts_file_close(f);
    ts_free(real);
    return rc;
}

int ts_cli_out_json(const struct ts_value *v)
{
    struct ts_buf b = {0};
    int rc;

    ts_json_write(&b, v, 2);
    ts_buf_c(&b, '\n');
    rc = ts_cli_out(&b);
    ts_buf_free(&b);
    return rc;
}

bool ts_cli_colour(int fd)
{
    const char *no = ts_env("NO_COLOR");

    return ts_is_terminal(fd) && !(no && *no);
}

static const struct ts_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[COMMAND_COUNT];
    const char *near;

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i]->name;
    near = ts_str_suggest(ts_str_of(name), names, COMMAND_COUNT);
    if (near)
        return ts_cli_usage("unknown command %s; did you mean %s?", name, near);
    return ts_cli_usage("unknown command %s", name);
}

static int help_all(FILE *to)
{
    fprintf(to,
            "taskseq %s - runs task sequences\n\n"
            "usage: taskseq COMMAND [OPTIONS] [ARGUMENTS]\n\n",
            TASKSEQ_VERSION);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(to, "  %-8s %s\n\n", "help",
            "this text, or with a command's name that command's");
    fputs(
        "Exit codes of run, resume and lab: 0 succeeded, 1 failed, 2 bad usage or input\n"
        "(nothing was done), 3 the runtime could not do its own work, 10 a restart is\n"
        "pending and left to the caller, 11 cancelled, 12 another run holds the state.\n",
        to);
    return TS_EXIT_OK;
}

static int help_one(const struct ts_command *c)
{
    struct ts_buf b = {0};
    int rc;

    ts_buf_fmt(&b, "usage: taskseq %s\n\n%s.\n", c->usage, c->summary);
    if (c->notes)
        ts_buf_fmt(&b, "\n%s", c->notes);
    ts_buf_z(&b, "\noptions:\n");
    ts_opt_help(&b, c->options);
    ts_buf_z(&b, "  --help                    this text\n");
    rc = ts_cli_out(&b);
    ts_buf_free(&b);
    return rc;
}

static int help_command(int argc, char **argv)
{
    const struct ts_command *c;

    if (argc < 1)
        return help_all(stdout);
    c = find_command(argv[0]);
    return c ? help_one(c) : unknown_command(argv[0]);
}

/* --help among the words, before a "--". */
static bool asks_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int ts_cli_main(int argc, char **argv)
{
    const struct ts_command *c;
    struct ts_args args = {0};
    struct ts_err err = {0};
    int rc;

    if (argc < 2) {
        help_all(stderr);
        return TS_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("taskseq %s\n", TASKSEQ_VERSION);
        return TS_EXIT_OK;
    }
    if (strcmp(argv[1], "help") == 0)
        return help_command(argc - 2, argv + 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help_all(stdout);
    c = find_command(argv[1]);
    if (!c)
        return unknown_command(argv[1]);
    if (asks_help(argc - 2, argv + 2))
        return help_one(c);
    ts_cli_program = ts_fs_self();
    if (ts_args_parse(&args, c->options, argc - 2, argv + 2, &err) != TS_OK) {
        ts_cli_say("%s (see taskseq help %s)", err.text, c->name);
        rc = TS_EXIT_USAGE;
    } else {
        rc = c->run(&args);
    }
    ts_args_fini(&args);
    ts_free(ts_cli_program);
    return rc;
}
