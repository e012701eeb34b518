/* cmd_lab.c - play a machine in a folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/lab_every.h"
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
    {"power-cut", 0, "N", false,
     "Cut the power at the N-th effect; at random:SEED; every: replay with a cut at each "
     "one (every:K: each K-th)"},
    {"check-files", 0, NULL, false,
     "Count and compare the users' files after each cut and at the end"},
    {"files-at-end", 0, NULL, false,
     "With every: look for the users' files at the end only (a sequence that packs "
     "them)"},
    {"keep-going", 0, NULL, false,
     "With every: go on past the first that ends otherwise"},
    {"keep", 0, NULL, false, "With every: keep the first machine that ends otherwise"},
    {"jobs", 0, "N", false,
     "With every: replays at a time (default: number of processors)"},
    {"work", 0, "DIR", false,
     "With every: folder for the copies of the machine (default: beside it)"},
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

/* "17", "random:SEED", "every" or "every:K" (then *step is not 0) */
static bool power_cut(const char *text, struct ts_lab_run *r, uint64_t *step)
{
    if (!text)
        return true;
    if (strncmp(text, "random:", 7) == 0)
        return number(text + 7, &r->power_seed) && r->power_seed > 0;
    if (strncmp(text, "every:", 6) == 0)
        return number(text + 6, step) && *step > 0;
    if (strcmp(text, "every") == 0) {
        *step = 1;
        return true;
    }
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

/* ---- one run -------------------------------------------------------------------------
 */

static void say_lost(const struct ts_value *lost, const char *key, const char *word)
{
    unsigned shown = 0;

    for (const struct ts_value *x = lost->first; x && shown < 12; x = x->next, shown++)
        ts_cli_say("  %s: %s", key ? ts_value_text(x, key) : word,
                   ts_value_text(x, "path"));
    if (lost->count > shown)
        ts_cli_say("  and %u more", lost->count - shown);
}

static void say_cut(void *ctx, const struct ts_value *cut)
{
    const struct ts_args *args = ctx;
    const struct ts_value *lost = ts_value_get(cut, "lost");
    const char *when = ts_value_text(cut, "when"), *name = ts_value_text(cut, "name");

    if (!ts_args_has(args, "quiet"))
        ts_cli_say("power cut at effect %lld, %s%s%s%s",
                   (long long)ts_value_get(cut, "effect")->integer,
                   strcmp(when, "before") == 0 ? "before the run was recorded"
                   : strcmp(when, "end") == 0  ? "after its end was recorded"
                                               : when,
                   *when == 'd' || *when == 'a' ? " \"" : "",
                   *when == 'd' || *when == 'a' ? name : "",
                   *when == 'd' || *when == 'a' ? "\"" : "");
    if (lost && lost->count) {
        ts_cli_say("after the power cut %u contents of the users' files are in fewer "
                   "files than before the run:",
                   lost->count);
        say_lost(lost, NULL, "lost");
    }
}

static void say_files(const struct ts_args *args, const struct ts_value *files)
{
    const struct ts_value *displaced = ts_value_get(files, "displaced");
    long long checked = (long long)ts_value_get(files, "checked")->integer;

    if (displaced->count) {
        ts_cli_say("of %lld users' files %u are not as they were before the run (the "
                   "sequence may want that; --power-cut every compares with the uncut "
                   "run):",
                   checked, displaced->count);
        say_lost(displaced, "what", NULL);
    } else if (!ts_args_has(args, "quiet")) {
        ts_cli_say("all %lld users' files are as they were before the run", checked);
    }
}

static int show_end(const struct ts_args *args, const struct ts_lab_end *end)
{
    struct ts_arena a = {0};
    int code =
        end->exit_code == TS_EXIT_OK && end->damage ? TS_EXIT_FAILED : end->exit_code;
    struct ts_value *v;
    int rc;

    if (end->files)
        say_files(args, end->files);
    if (!ts_args_has(args, "json"))
        return code;
    v = ts_value_new(&a, TS_OBJECT);
    ts_value_set(&a, v, TS_S("exitCode"), ts_value_int(&a, end->exit_code));
    ts_value_set(&a, v, TS_S("boots"), ts_value_int(&a, end->boots));
    ts_value_set(&a, v, TS_S("powerPoints"), ts_value_int(&a, (int64_t)end->points));
    ts_value_set(&a, v, TS_S("cuts"), ts_value_copy(&a, end->cuts));
    if (end->files)
        ts_value_set(&a, v, TS_S("files"), ts_value_copy(&a, end->files));
    rc = ts_cli_out_json(v);
    ts_arena_fini(&a);
    return rc == TS_EXIT_OK ? code : rc;
}

static int play(const struct ts_args *args, struct ts_lab_run *r)
{
    struct ts_lab_end end = {0};
    struct ts_err err = {0};
    char **run_args = pass_on(args, false), **resume_args = pass_on(args, true);
    int code;

    ts_cancel_install();
    r->args = (const char *const *)run_args;
    r->resume_args = (const char *const *)resume_args;
    r->check_files = ts_args_has(args, "check-files");
    r->on_cut = say_cut;
    r->ctx = (void *)args;
    if (ts_lab_play(r, &end, &err) != TS_OK)
        code = ts_cli_fail(&err);
    else
        code = show_end(args, &end);
    ts_lab_end_fini(&end);
    ts_words_free(run_args);
    ts_words_free(resume_args);
    return code;
}

/* What only a cut at every point has. */
static int not_alone(const struct ts_args *args)
{
    static const char *const of_every[] = {"files-at-end", "keep-going", "keep", "jobs",
                                           "work"};

    for (size_t i = 0; i < sizeof of_every / sizeof *of_every; i++)
        if (ts_args_has(args, of_every[i]))
            return ts_cli_usage("--%s goes with --power-cut every", of_every[i]);
    return TS_EXIT_OK;
}

static int read_and_play(const struct ts_args *args)
{
    struct ts_lab_run r = {.program = ts_cli_program,
                           .sequence = args->words[0],
                           .dir = ts_args_get(args, "machine"),
                           .hold = ts_args_get(args, "hold")};
    const char *boot = ts_args_get(args, "boot");
    uint64_t max = 0, step = 0;
    int code;

    if (boot && (!ts_phase_parse(ts_str_of(boot), &r.boot) || r.boot == TS_PHASE_ANY))
        return ts_cli_usage("--boot is WinPE or FullOS, not \"%s\"", boot);
    if (!power_cut(ts_args_get(args, "power-cut"), &r, &step))
        return ts_cli_usage("--power-cut wants a number from 1, random:SEED, every, or "
                            "every:K with a K from 1");
    if (ts_args_has(args, "max-boots") && !number(ts_args_get(args, "max-boots"), &max))
        return ts_cli_usage("--max-boots wants a whole number");
    r.max_boots = max < 1000000 ? (int)max : 1000000;
    if (step)
        return ts_cli_lab_every(args, step);
    return (code = not_alone(args)) != TS_EXIT_OK ? code : play(args, &r);
}

static int lab(const struct ts_args *args)
{
    if (ts_args_has(args, "new"))
        return make_machine(args);
    if (args->word_count != 1)
        return ts_cli_usage("lab wants one sequence, or --new DIR");
    if (!ts_args_has(args, "machine"))
        return ts_cli_usage("lab wants --machine DIR; taskseq lab --new DIR makes one");
    return read_and_play(args);
}

const struct ts_command ts_cmd_lab = {
    "lab",
    "play a whole machine with its restarts inside a folder",
    "lab SEQUENCE --machine DIR [--boot PHASE] [OPTIONS]\n"
    "       taskseq lab SEQUENCE --machine DIR --power-cut every[:K] [OPTIONS]\n"
    "       taskseq lab --new DIR [--profile NAME] [--seed N] [--from USER=DIR]",
    options,
    "A restart ends every process of the machine, empties the RAM drive, carries out\n"
    "deletions that waited for it, and goes on in the phase that was asked for.\n"
    "--power-cut every leaves the machine as it is: copies of it are played, one for "
    "each\n"
    "point.  Exit code 0: all ended as the uncut run; 1: some did not.\n",
    lab};
