/* lab_every.c - a cut at every point: what a person and what a script sees of it. */
#include "cli/lab_every.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "lab/every.h"
#include "platform/clock.h"
#include "platform/proc.h"
#include "platform/sysinfo.h"

#define MOST_SHOWN 12
#define PLAIN_LINE_MS 5000

struct view {
    bool quiet, live, shown; /* shown: the last line is a progress line without an end */
    int64_t began_ms, said_ms;
};

static void end_line(struct view *v)
{
    if (v->shown)
        fputs("\r\033[K", stderr);
    v->shown = false;
}

static void say_uncut(void *ctx, uint64_t points, uint64_t user_files)
{
    struct view *v = ctx;

    v->said_ms = ts_now_ms();
    if (!v->quiet)
        fprintf(stderr, "the uncut run has %llu effects; the users have %llu files\n",
                (unsigned long long)points, (unsigned long long)user_files);
}

/* One line that changes on a terminal; else one every few seconds. */
static void say_tried(void *ctx, const struct ts_lab_tried *t)
{
    struct view *v = ctx;
    char failed[40] = "";

    if (v->quiet || (!v->live && ts_now_ms() - v->said_ms < PLAIN_LINE_MS))
        return;
    v->said_ms = ts_now_ms();
    if (t->failed)
        snprintf(failed, sizeof failed, ", %llu ended otherwise",
                 (unsigned long long)t->failed);
    fprintf(stderr, "%spower cut at %llu of %llu%s%s", v->live ? "\r" : "",
            (unsigned long long)t->point, (unsigned long long)t->points, failed,
            v->live ? " ...\033[K" : "\n");
    v->shown = v->live;
}

/* ---- what is passed on ---------------------------------------------------------------
 */

static char **pass_on(const struct ts_args *args)
{
    static const char *const names[] = {"boot",  "hold",   "max-boots", "set",    "vars",
                                        "steps", "stdlib", "discard",   "archive"};
    char **out = ts_alloc_array(args->opt_count + 1, sizeof *out);
    size_t n = 0;

    for (size_t i = 0; i < args->opt_count; i++) {
        const struct ts_opt *o = args->opts[i].opt;

        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (strcmp(o->name, names[k]) == 0)
                out[n++] = o->arg ? ts_format("--%s=%s", o->name, args->opts[i].value)
                                  : ts_format("--%s", o->name);
    }
    return out;
}

/* ---- showing what did not end alike --------------------------------------------------
 */

static const char *text(const struct ts_value *o, const char *key)
{
    const char *t = ts_value_text(o, key);

    return t ? t : "";
}

static unsigned long long number(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_INT ? (unsigned long long)v->integer : 0;
}

static void add_clean(struct ts_buf *b, const char *t)
{
    for (; *t; t++)
        ts_buf_c(b, (unsigned char)*t < 0x20 || *t == 0x7F ? '?' : *t);
}

static void add_moment(struct ts_buf *b, const struct ts_value *f)
{
    const char *when = text(f, "when");

    if (strcmp(when, "end") == 0) {
        ts_buf_z(b, "after the end of the run was recorded");
    } else if (strcmp(when, "during") == 0 || strcmp(when, "after") == 0) {
        ts_buf_fmt(b, "%s step \"", when);
        add_clean(b, text(f, "name"));
        ts_buf_fmt(b, "\" (%s)", text(f, "step"));
    } else {
        ts_buf_z(b, "before the run was recorded");
    }
}

static void add_differences(struct ts_buf *b, const struct ts_value *f)
{
    const struct ts_value *list = ts_value_get(f, "differences");
    unsigned long long all = number(f, "differenceCount"), shown = 0;

    for (const struct ts_value *d = list ? list->first : NULL; d && shown < MOST_SHOWN;
         d = d->next, shown++) {
        const char *what = text(d, "what"), *path = text(d, "path");

        ts_buf_fmt(b, "  %s: ", strcmp(what, "exitCode") == 0 ? "exit code" : what);
        add_clean(b, path);
        if (*path && *text(d, "detail"))
            ts_buf_z(b, ": ");
        add_clean(b, text(d, "detail"));
        ts_buf_c(b, '\n');
    }
    if (all > shown)
        ts_buf_fmt(b, "  and %llu more\n", all - shown);
}

static void add_advice(struct ts_buf *b, const struct ts_value *f)
{
    const char *kind = text(f, "kind"), *name = text(f, "name");

    ts_buf_z(b, "  what to do: ");
    if (strcmp(kind, "stopped") == 0) {
        ts_buf_z(b, "if \"");
        add_clean(b, name);
        ts_buf_z(b, "\" gives the same end when it runs twice, say onInterrupt = "
                    "\"rerun\"; if the run can do without it, continueOnError = true; "
                    "else make it so that it can run twice\n");
    } else if (strcmp(kind, "lost") == 0) {
        ts_buf_z(b, "let the new file be there, on a disk, before the old one is removed"
                    " (write under another name, rename at last)\n");
    } else if (*text(f, "error")) {
        ts_buf_z(b, "what stopped the run after the cut stands above; \"");
        add_clean(b, *name ? name : "the run");
        ts_buf_z(b, "\" has to cope with what it had done before it was cut off\n");
    } else if (*name) {
        ts_buf_z(b, "make \"");
        add_clean(b, name);
        ts_buf_z(b, "\" give the same end when it is cut off and runs again (write whole"
                    " files, do not append; remove last)\n");
    } else {
        ts_buf_z(b, "play a copy of the machine with --power-cut at this point\n");
    }
}

static void say_failure(const struct ts_value *f, const struct ts_lab_proof *proof)
{
    struct ts_buf b = {0};
    const char *kind = text(f, "kind"), *machine = text(f, "machine");

    ts_buf_fmt(&b, "power cut at %llu of %llu, ", number(f, "point"),
               (unsigned long long)proof->points);
    add_moment(&b, f);
    if (strcmp(kind, "stopped") == 0) {
        ts_buf_z(&b, ": the run stopped at \"");
        add_clean(&b, text(f, "name"));
        ts_buf_z(&b, "\": interrupted, it must not run twice (onInterrupt = fail)");
        ts_buf_z(&b, "; the users' files are there\n");
    } else if (strcmp(kind, "lost") == 0) {
        ts_buf_z(&b, ": users' files are lost\n");
    } else {
        ts_buf_z(&b, ": the run does not end as the uncut one did\n");
    }
    if (*text(f, "error")) {
        ts_buf_z(&b, "  ");
        add_clean(&b, text(f, "error"));
        ts_buf_c(&b, '\n');
    }
    add_differences(&b, f);
    add_advice(&b, f);
    if (*machine)
        ts_buf_fmt(&b, "  the machine as it is then: %s\n", machine);
    fputs(ts_buf_text(&b), stderr);
    ts_buf_free(&b);
}

/* ---- the end -------------------------------------------------------------------------
 */

static void say_end(const struct ts_args *args, const struct ts_lab_proof *proof,
                    const struct view *v)
{
    unsigned long long failed = proof->failures->count;
    double seconds = (double)(ts_now_ms() - v->began_ms) / 1000;

    for (const struct ts_value *f = proof->failures->first; f; f = f->next)
        say_failure(f, proof);
    if (v->quiet && !failed)
        return;
    if (proof->gone)
        fprintf(stderr,
                "the sequence itself takes away or changes %llu contents of the users' "
                "files, also without a cut: those are not looked for\n",
                (unsigned long long)proof->gone);
    if (failed)
        fprintf(stderr,
                "to see it: copy %s and play the copy with --power-cut %llu "
                "--check-files\n",
                ts_args_get(args, "machine"), number(proof->failures->first, "point"));
    fprintf(stderr,
            "%llu power cuts, one at a time, in a run of %llu effects: %llu ended as the "
            "uncut run, %llu did not",
            (unsigned long long)proof->tried, (unsigned long long)proof->points,
            (unsigned long long)proof->tried - failed, failed);
    if (proof->stopped)
        fprintf(stderr, " (%llu stopped at a step that must not run twice)",
                (unsigned long long)proof->stopped);
    fprintf(stderr,
            "; %llu of the users' files counted after each, %llu files and folders "
            "compared at each end, %.1f s\n",
            (unsigned long long)proof->user_files, (unsigned long long)proof->compared,
            seconds);
}

static int show_json(const struct ts_lab_proof *proof, const struct view *v)
{
    struct ts_arena a = {0};
    struct ts_value *o = ts_value_new(&a, TS_OBJECT);
    const struct {
        const char *key;
        uint64_t n;
    } numbers[] = {{"points", proof->points},
                   {"tried", proof->tried},
                   {"failed", proof->failures->count},
                   {"stopped", proof->stopped},
                   {"userFiles", proof->user_files},
                   {"goneUncut", proof->gone},
                   {"compared", proof->compared},
                   {"differByNature", proof->unsteady},
                   {"milliseconds", (uint64_t)(ts_now_ms() - v->began_ms)}};
    int rc;

    ts_value_set(&a, o, TS_S("uncutExitCode"), ts_value_int(&a, proof->uncut_exit));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        ts_value_set(&a, o, ts_str_of(numbers[i].key),
                     ts_value_int(&a, (int64_t)numbers[i].n));
    ts_value_set(&a, o, TS_S("failures"), ts_value_copy(&a, proof->failures));
    rc = ts_cli_out_json(o);
    ts_arena_fini(&a);
    return rc;
}

static int exit_code(const struct ts_args *args, const struct ts_lab_proof *proof,
                     enum ts_code rc, const struct ts_err *err, struct view *v)
{
    int code = proof->uncut_exit                           ? proof->uncut_exit
               : proof->failures && proof->failures->count ? TS_EXIT_FAILED
                                                           : TS_EXIT_OK;

    end_line(v);
    if (proof->uncut_exit) {
        fwrite(ts_buf_text(&proof->uncut_words), 1, proof->uncut_words.n, stderr);
        ts_cli_say("the run fails without any power cut (exit code %d): there is "
                   "nothing to compare with",
                   proof->uncut_exit);
    } else if (proof->points) {
        say_end(args, proof, v);
    }
    if (rc != TS_OK)
        return ts_cli_fail(err);
    if (ts_args_has(args, "json")) {
        int shown = show_json(proof, v);

        return shown == TS_EXIT_OK ? code : shown;
    }
    return code;
}

static int jobs_option(const struct ts_args *args, unsigned *out)
{
    const char *t = ts_args_get(args, "jobs");
    int64_t n = 0;

    if (t && (!ts_str_int(ts_str_of(t), &n) || n < 1 || n > 64))
        return ts_cli_usage("--jobs wants a whole number from 1 to 64");
    *out = (unsigned)n;
    return TS_EXIT_OK;
}

int ts_cli_lab_every(const struct ts_args *args, uint64_t step)
{
    static const char *const not_here[] = {"events", "log-dir"};
    struct view v = {.quiet = ts_args_has(args, "quiet"),
                     .live = ts_is_terminal(2),
                     .began_ms = ts_now_ms()};
    struct ts_lab_every e = {.program = ts_cli_program,
                             .sequence = args->words[0],
                             .dir = ts_args_get(args, "machine"),
                             .work = ts_args_get(args, "work"),
                             .step = step,
                             .keep_going = ts_args_has(args, "keep-going"),
                             .keep = ts_args_has(args, "keep"),
                             .files_at_end_only = ts_args_has(args, "files-at-end"),
                             .uncut = say_uncut,
                             .tried = say_tried,
                             .ctx = &v};
    struct ts_lab_proof proof = {0};
    struct ts_err err = {0};
    enum ts_code rc;
    char **more;
    int code;

    for (size_t i = 0; i < sizeof not_here / sizeof *not_here; i++)
        if (ts_args_has(args, not_here[i]))
            return ts_cli_usage("--%s does not go with --power-cut every: each replay "
                                "has its own; play one with --power-cut N",
                                not_here[i]);
    if ((code = jobs_option(args, &e.jobs)) != TS_EXIT_OK)
        return code;
    more = pass_on(args);
    e.args = (const char *const *)more;
    ts_cancel_install();
    rc = ts_lab_every(&e, &proof, &err);
    code = exit_code(args, &proof, rc, &err, &v);
    ts_words_free(more);
    ts_lab_proof_fini(&proof);
    return code;
}
