/* cmd_lab.c - play a machine in a folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/session.h"
#include "platform/proc.h"

static const struct ts_opt options[] = {
    {"machine", 0, "DIR", false, "Folder of the machine"},
    {"boot", 0, "PHASE", false, "Start in WinPE or FullOS (default: as the machine is)"},
    {"new", 0, "DIR", false, "Make a machine in DIR"},
    {"profile", 0, "NAME", false, "With --new: small (default), large, or a JSON file"},
    {"seed", 0, "N", false, "With --new: the number everything is made from (default 1)"},
    {"from", 0, "USER=DIR", true, "With --new: a user with the files of the folder DIR"},
    {"swap-letters", 0, NULL, false,
     "With --new: WinPE shows the drives under other letters"},
    {"power-cut", 0, "N", false, "Cut the power at the N-th effect, or random:SEED"},
    {"hold", 0, "PATH", false,
     "Another program holds this path open, until a restart deletes what waited for it"},
    {"max-boots", 0, "N", false, "Give up after N starts of the machine (default 50)"},
    {"set", 0, "NAME=VALUE", true, "Set a variable"},
    {"vars", 0, "FILE", true, "Set variables from a JSON object or an INI file"},
    {"events", 0, "FILE", false,
     "Append events as JSON Lines to FILE; - is standard output"},
    {"log-dir", 0, "DIR", false, "Folder for smsts.log (default: logs in the state)"},
    {"steps", 0, "DIR", true, "More step types: every .lua file in DIR"},
    {"stdlib", 0, "DIR", false, "Load the step library from DIR (for its developers)"},
    {"discard", 0, NULL, false, "Give up an unfinished run found on the machine"},
    {"archive", 0, NULL, false,
     "Move an unfinished run found on the machine to its archive"},
    {"verbose", 'v', NULL, false, "Show what programs print"},
    {"quiet", 'q', NULL, false, "Show failures only"},
    {"json", 0, NULL, false, "Print how it went as JSON at the end"},
    {NULL, 0, NULL, false, NULL}};

static bool number(const char *text, uint64_t *out)
{
    int64_t v;

    if (!text || !ts_str_int(ts_str_of(text), &v) || v < 0)
        return false;
    *out = (uint64_t)v;
    return true;
}

static int make_machine(const struct ts_args *args)
{
    struct ts_lab_new n = {.dir = ts_args_get(args, "new"),
                           .profile = ts_args_get(args, "profile"),
                           .seed = 1,
                           .swap_letters = ts_args_has(args, "swap-letters")};
    struct ts_err err = {0};
    const char **from;
    enum ts_code rc;

    if (args->word_count)
        return ts_cli_usage("lab --new takes no sequence");
    if (ts_args_has(args, "seed") && !number(ts_args_get(args, "seed"), &n.seed))
        return ts_cli_usage("--seed wants a whole number");
    if (!n.profile)
        n.profile = "small";
    from = ts_args_all(args, "from");
    n.from = from;
    rc = ts_lab_new(&n, &err);
    ts_free((void *)from);
    if (rc != TS_OK)
        return ts_cli_fail(&err);
    fprintf(stderr,
            "made a machine in %s; play it with\n  taskseq lab SEQUENCE --machine %s\n",
            n.dir, n.dir);
    return TS_EXIT_OK;
}

/* "17" or "random:SEED" */
static bool power_cut(const char *text, struct ts_lab_run *r)
{
    if (!text)
        return true;
    if (strncmp(text, "random:", 7) == 0)
        return number(text + 7, &r->power_seed) && r->power_seed > 0;
    return number(text, &r->power_cut) && r->power_cut > 0;
}

/* Options of `lab` that the runtime inside gets too. */
static char **pass_on(const struct ts_args *args, bool resume)
{
    static const char *const run_only[] = {"set", "vars", "discard", "archive"};
    static const char *const both[] = {"events", "log-dir", "steps",
                                       "stdlib", "verbose", "quiet"};
    char **out = ts_alloc_array(args->opt_count * 2 + 1, sizeof *out);
    size_t n = 0;

    for (size_t i = 0; i < args->opt_count; i++) {
        const struct ts_opt *o = args->opts[i].opt;
        bool pass = false;

        for (size_t k = 0; k < sizeof both / sizeof *both; k++)
            pass = pass || strcmp(o->name, both[k]) == 0;
        for (size_t k = 0; !resume && k < sizeof run_only / sizeof *run_only; k++)
            pass = pass || strcmp(o->name, run_only[k]) == 0;
        if (!pass)
            continue;
        if (o->arg)
            out[n++] = ts_format("--%s=%s", o->name, args->opts[i].value);
        else
            out[n++] = ts_format("--%s", o->name);
    }
    return out;
}

static void free_words(char **w)
{
    for (size_t i = 0; w && w[i]; i++)
        ts_free(w[i]);
    ts_free(w);
}

static int show_end(const struct ts_args *args, int exit_code, uint64_t points, int boots)
{
    struct ts_arena arena = {0};
    struct ts_value *v;
    int rc;

    if (!ts_args_has(args, "json"))
        return exit_code;
    v = ts_value_new(&arena, TS_OBJECT);
    ts_value_set(&arena, v, TS_S("exitCode"), ts_value_int(&arena, exit_code));
    ts_value_set(&arena, v, TS_S("boots"), ts_value_int(&arena, boots));
    ts_value_set(&arena, v, TS_S("powerPoints"), ts_value_int(&arena, (int64_t)points));
    rc = ts_cli_out_json(v);
    ts_arena_fini(&arena);
    return rc == TS_EXIT_OK ? exit_code : rc;
}

static int play(const struct ts_args *args)
{
    struct ts_lab_run r = {.program = ts_cli_program,
                           .sequence = args->words[0],
                           .dir = ts_args_get(args, "machine"),
                           .hold = ts_args_get(args, "hold")};
    const char *boot = ts_args_get(args, "boot");
    struct ts_err err = {0};
    uint64_t points = 0, max = 0;
    int exit_code = TS_EXIT_RUNTIME, boots = 0;
    char **run_args, **resume_args;

    if (boot && (!ts_phase_parse(ts_str_of(boot), &r.boot) || r.boot == TS_PHASE_ANY))
        return ts_cli_usage("--boot is WinPE or FullOS, not \"%s\"", boot);
    if (!power_cut(ts_args_get(args, "power-cut"), &r))
        return ts_cli_usage("--power-cut wants a number from 1, or random:SEED");
    if (ts_args_has(args, "max-boots") && !number(ts_args_get(args, "max-boots"), &max))
        return ts_cli_usage("--max-boots wants a whole number");
    r.max_boots = max < 1000000 ? (int)max : 1000000;
    ts_cancel_install();
    run_args = pass_on(args, false);
    resume_args = pass_on(args, true);
    r.args = (const char *const *)run_args;
    r.resume_args = (const char *const *)resume_args;
    if (ts_lab_play(&r, &exit_code, &points, &boots, &err) != TS_OK)
        exit_code = ts_cli_fail(&err);
    else
        exit_code = show_end(args, exit_code, points, boots);
    free_words(run_args);
    free_words(resume_args);
    return exit_code;
}

static int lab(const struct ts_args *args)
{
    if (ts_args_has(args, "new"))
        return make_machine(args);
    if (args->word_count != 1)
        return ts_cli_usage("lab wants one sequence, or --new DIR");
    if (!ts_args_has(args, "machine"))
        return ts_cli_usage("lab wants --machine DIR; taskseq lab --new DIR makes one");
    return play(args);
}

const struct ts_command ts_cmd_lab = {
    "lab",
    "play a whole machine with its restarts inside a folder",
    "lab SEQUENCE --machine DIR [--boot PHASE] [OPTIONS]\n"
    "       taskseq lab --new DIR [--profile NAME] [--seed N] [--from USER=DIR]",
    options,
    "A restart ends every process of the machine, empties the RAM drive, carries out\n"
    "deletions that waited for it, and goes on in the phase that was asked for.\n",
    lab};
