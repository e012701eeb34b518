/* cmd_test.c - play scenarios against sequences. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "platform/fs.h"
#include "platform/proc.h"
#include "scenario/scenario.h"

enum { MOST_DEEP = 32 };

static const struct ts_opt options[] = {
    {"junit", 0, "FILE", false, "Write the results as JUnit XML too"},
    {"coverage", 0, NULL, false,
     "Show the steps, outcomes of conditions and results that no scenario saw"},
    {"coverage-json", 0, "FILE", false, "Write the coverage as JSON"},
    {"filter", 0, "PATTERN", false, "Only scenarios with a name like this (* and ?)"},
    {"json", 0, NULL, false, "The results, and the coverage, as one JSON document"},
    {"verbose", 'v', NULL, false, "Show the log of every run as comments"},
    {"steps", 0, "DIR", true, "More step types: every .lua file in DIR"},
    {"stdlib", 0, "DIR", false, "Load the step library from DIR (for its developers)"},
    {NULL, 0, NULL, false, NULL}};

/* ---- finding files -------------------------------------------------------------------
 */

struct paths {
    char **v;
    size_t n, cap;
};

static void add_path(struct paths *p, char *path)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 16;
        p->v = ts_realloc_array(p->v, p->cap, sizeof *p->v);
    }
    p->v[p->n++] = path;
}

static void free_paths(struct paths *p)
{
    for (size_t i = 0; i < p->n; i++)
        ts_free(p->v[i]);
    ts_free(p->v);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Links are not followed, hidden folders not entered. */
static enum ts_code search(struct paths *out, const char *folder, int depth,
                           struct ts_err *err)
{
    struct ts_dir *d = NULL;
    const char *name;
    enum ts_ftype type;
    enum ts_code rc = ts_dir_open(&d, folder, false, err);

    while (rc == TS_OK && (rc = ts_dir_next(d, &name, &type, err)) == TS_OK && name) {
        struct ts_stat st = {.type = type};
        char *path = ts_path_join(folder, name);

        if (type == TS_F_NONE)
            (void)!ts_stat_at(d, name, &st, NULL);
        if (st.type == TS_F_DIR && name[0] != '.' && depth < MOST_DEEP)
            rc = search(out, path, depth + 1, err);
        if (st.type != TS_F_DIR && ts_str_ends(ts_str_of(name), TS_S(TS_SCENARIO_SUFFIX)))
            add_path(out, path);
        else
            ts_free(path);
    }
    ts_dir_close(d);
    return rc;
}

static bool is_folder(const char *path)
{
    struct ts_dir *d = NULL;
    bool yes = ts_dir_open(&d, path, false, NULL) == TS_OK;

    ts_dir_close(d);
    return yes;
}

static enum ts_code collect(struct paths *out, const char *path, struct ts_err *err)
{
    struct ts_stat st;
    struct paths found = {0};
    char *plain = ts_strdup(path);
    size_t n = strlen(plain);
    enum ts_code rc;

    while (n > 1 && (plain[n - 1] == '/' || plain[n - 1] == '\\'))
        plain[--n] = '\0';
    rc = ts_fs_stat(plain, &st, err);
    if (rc == TS_OK && st.type == TS_F_LINK && is_folder(plain))
        st.type = TS_F_DIR;
    if (rc == TS_OK && st.type != TS_F_DIR)
        add_path(out, ts_strdup(plain));
    else if (rc == TS_OK && (rc = search(&found, plain, 0, err)) == TS_OK && found.n == 0)
        rc = ts_fail(err, TS_ENOTFOUND, "there is no *" TS_SCENARIO_SUFFIX " in %s", path);
    if (found.n)
        qsort(found.v, found.n, sizeof *found.v, by_text);
    for (size_t i = 0; i < found.n; i++)
        add_path(out, found.v[i]);
    ts_free(found.v);
    ts_free(plain);
    return rc;
}

static bool seen_before(const struct paths *p, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(p->v[k], p->v[i]) == 0)
            return true;
    return false;
}

/* Every file that is wrong is told, then nothing is played. */
static int load(struct ts_scenarios *s, const struct ts_args *args)
{
    struct paths files = {0};
    struct ts_err err = {0};
    int rc = TS_EXIT_OK;

    for (size_t i = 0; i < args->word_count; i++)
        if (collect(&files, args->words[i], &err) != TS_OK)
            rc = ts_cli_fail(&err);
    for (size_t i = 0; i < files.n; i++)
        if (!seen_before(&files, i) && ts_scenarios_load(s, files.v[i], &err) != TS_OK)
            rc = ts_cli_fail(&err);
    free_paths(&files);
    if (rc == TS_EXIT_OK && ts_args_has(args, "filter")) {
        const char *pattern = ts_args_get(args, "filter");

        ts_scenarios_filter(s, pattern);
        if (ts_scenarios_count(s) == 0)
            rc = ts_cli_usage("no scenario has a name like \"%s\"", pattern);
    }
    return rc;
}

/* ---- playing and telling -------------------------------------------------------------
 */

static int write_file(const char *path, struct ts_buf *text)
{
    struct ts_err err;

    if (ts_cli_put(path, text, &err) == TS_OK)
        return TS_EXIT_OK;
    ts_cli_say("%s", err.text);
    return TS_EXIT_RUNTIME; /* the scenarios were played */
}

static int print(struct ts_buf *out)
{
    int rc = ts_cli_out(out);

    ts_buf_clear(out);
    return rc;
}

/* TAP comes line by line while the scenarios are played. */
static int play(struct ts_scenarios *s, const struct ts_args *args)
{
    bool tap = !ts_args_has(args, "json");
    struct ts_buf out = {0};
    struct ts_err err = {0};
    int rc = TS_EXIT_OK;

    if (tap)
        ts_scenario_tap_begin(&out, s);
    for (size_t i = 0; rc == TS_EXIT_OK && i < ts_scenarios_count(s); i++) {
        if (ts_scenarios_play(s, i, &err) != TS_OK) {
            if (tap)
                ts_buf_fmt(&out, "Bail out! %s\n",
                           err.code == TS_ECANCELLED ? "cancelled" : "see standard error");
            rc = ts_cli_fail(&err);
            if (rc == TS_EXIT_USAGE) /* the files were read before: the trouble is ours */
                rc = TS_EXIT_RUNTIME;
        } else if (tap)
            ts_scenario_tap(&out, s, i, ts_args_has(args, "verbose"));
        if (tap && print(&out) != TS_EXIT_OK)
            rc = TS_EXIT_RUNTIME;
    }
    ts_buf_free(&out);
    return rc;
}

static void comments(struct ts_buf *out, ts_str text)
{
    ts_str line;

    while (ts_str_cut(&text, '\n', &line))
        ts_buf_fmt(out, "# %.*s\n", (int)line.n, line.p);
}

static int show_coverage(const struct ts_value *coverage, const struct ts_args *args)
{
    struct ts_buf text = {0}, out = {0};
    const char *file = ts_args_get(args, "coverage-json");
    int rc = TS_EXIT_OK;

    if (file) {
        ts_json_write(&out, coverage, 2);
        ts_buf_c(&out, '\n');
        rc = write_file(file, &out);
        ts_buf_clear(&out);
    }
    if (rc == TS_EXIT_OK && ts_args_has(args, "coverage") && !ts_args_has(args, "json")) {
        ts_scenario_coverage_text(&text, coverage);
        comments(&out, ts_buf_view(&text));
        rc = ts_cli_out(&out);
    }
    ts_buf_free(&text);
    ts_buf_free(&out);
    return rc;
}

static int show_json(const struct ts_scenarios *s, struct ts_value *coverage,
                     struct ts_arena *a, const struct ts_args *args)
{
    struct ts_value *v;

    if (!ts_args_has(args, "json"))
        return TS_EXIT_OK;
    v = ts_scenario_report(s, a);
    if (ts_args_has(args, "coverage"))
        ts_value_set(a, v, TS_S("coverage"), coverage);
    return ts_cli_out_json(v);
}

static int tell(const struct ts_scenarios *s, const struct ts_args *args)
{
    const char *junit = ts_args_get(args, "junit");
    struct ts_arena arena = {0};
    struct ts_buf xml = {0};
    struct ts_value *coverage = ts_scenario_coverage(s, &arena);
    int rc = show_coverage(coverage, args);

    if (rc == TS_EXIT_OK)
        rc = show_json(s, coverage, &arena, args);
    if (rc == TS_EXIT_OK && junit) {
        ts_scenario_junit(&xml, s);
        rc = write_file(junit, &xml);
    }
    if (rc == TS_EXIT_OK && ts_scenarios_failed(s)) {
        ts_cli_say("%zu of %zu scenarios failed", ts_scenarios_failed(s),
                   ts_scenarios_count(s));
        rc = TS_EXIT_FAILED;
    }
    ts_buf_free(&xml);
    ts_arena_fini(&arena);
    return rc;
}

static int test(const struct ts_args *args)
{
    const char **steps;
    struct ts_scenarios *s;
    int rc;

    if (args->word_count == 0)
        return ts_cli_usage("test wants scenario files, or folders to look for them in");
    ts_cancel_install();
    steps = ts_args_all(args, "steps");
    s = ts_scenarios_new(ts_args_get(args, "stdlib"), steps);
    rc = load(s, args);
    if (rc == TS_EXIT_OK && (rc = play(s, args)) == TS_EXIT_OK)
        rc = tell(s, args);
    ts_scenarios_free(s);
    ts_free(steps);
    return rc;
}

const struct ts_command ts_cmd_test = {
    "test",
    "play scenarios: a sequence on a machine that is only told of",
    "test PATH... [--coverage] [--junit FILE]",
    options,
    "A PATH is a scenario file or a folder that is searched for *.scenario.lua.  Nothing\n"
    "of this machine is touched: programs, files and restarts are what a scenario says,\n"
    "and what nobody prepared fails it.  Standard output is TAP.  Exit codes: 0 all\n"
    "passed, 1 some failed, 2 bad usage or input, 3 the runtime could not do its own\n"
    "work, 11 cancelled.\n",
    test};
