/* check_command.c - rules about command lines: no shell stands around them. */
#include "engine/check_internal.h"

#include "platform/proc.h"

#include <string.h>

static const char *base_name(const char *path)
{
    const char *base = path;

    for (const char *p = path; *p; p++) {
        if (*p == '/' || *p == '\\') {
            base = p + 1;
        }
    }
    return base;
}

static bool one_of(const char *word, const char *const *list)
{
    for (; *list; list++) {
        if (ts_caseeq(word, *list)) {
            return true;
        }
    }
    return false;
}

static bool is_shell(const char *program)
{
    static const char *const shells[] = {
        "cmd", "cmd.exe",    "%comspec%",      "sh",   "bash",     "dash", "zsh",
        "ksh", "powershell", "powershell.exe", "pwsh", "pwsh.exe", NULL};

    return one_of(base_name(program), shells);
}

/* Only words that are no program on any platform. */
static void check_builtin(struct ts_lint *l, const struct ts_node *n, const char *program)
{
    static const char *const builtins[] = {"copy", "del",  "erase",  "md",   "rd",
                                           "ren",  "move", "mklink", "call", "start",
                                           "type", "cd",   "if",     "for",  NULL};

    if (one_of(program, builtins)) {
        ts_lint_report(
            l, "shell-builtin", n,
            "\"%s\" is a command of the Windows shell, not a program: write cmd "
            "/c %s ..., or use a step type that does it",
            program, program);
    }
}

static void check_operator(struct ts_lint *l, const struct ts_node *n, char *const *argv,
                           size_t count)
{
    static const char *const operators[] = {">",    ">>",   "<",  "|", "&&", "||",
                                            "2>&1", "1>&2", "2>", "&", NULL};

    for (size_t i = 1; i < count; i++) {
        if (one_of(argv[i], operators)) {
            ts_lint_report(l, "shell-operator", n,
                           "\"%s\" is handed to %s as an argument, since no shell is "
                           "started: write sh -c \"...\" or cmd /c ...",
                           argv[i], argv[0]);
            return;
        }
    }
}

static void check_command(struct ts_lint *l, const struct ts_node *n, const char *text)
{
    size_t count = 0;
    char **argv = ts_argv_split(text, &count);

    if (count && !is_shell(argv[0])) {
        check_builtin(l, n, argv[0]);
        check_operator(l, n, argv, count);
    }
    ts_free(argv);
}

void ts_lint_commands(struct ts_lint *l)
{
    for (const struct ts_node *n = ts_node_next(l->seq->root, l->seq->root); n;
         n = ts_node_next(l->seq->root, n)) {
        const struct ts_step_type *t = ts_lint_type(l, n);
        for (size_t i = 0; t && i < t->param_count; i++) {
            const char *text = t->params[i].type == TS_P_COMMAND
                                   ? ts_value_text(n->params, t->params[i].name)
                                   : NULL;
            if (text) {
                check_command(l, n, text);
            }
        }
    }
}
