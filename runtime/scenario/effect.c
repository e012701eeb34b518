/* effect.c - functions of the host, answered by name.
 *
 * What is named nowhere here is an effect that only an `on` can answer. */
#include "scenario/scenario_internal.h"

#include "platform/fs.h"
#include "platform/proc.h"

#include <string.h>

const char *scn_command_line(struct ts_arena *a, const struct ts_value *argv)
{
    const char **list = ts_alloc_array(argv->count + 1, sizeof *list);
    size_t n = 0;

    for (const struct ts_value *m = argv->first; m; m = m->next) {
        if (m->kind == TS_STRING) {
            list[n++] = m->str.p;
        }
    }
    char *joined = ts_argv_join(list);
    const char *line = ts_arena_strz(a, joined);
    ts_free(joined);
    ts_free(list);
    return line;
}

void scn_command(struct scn_play *p, const char *line)
{
    ts_value_push(p->r->commands, ts_value_string(p->a, ts_str_of(line)));
    ts_value_push(p->r->shown, ts_value_string(p->a, ts_str_of(scn_shown(p, line))));
}

void scn_answer_one(struct ts_arena *a, const struct ts_value **out, struct ts_value *v)
{
    struct ts_value *list = ts_value_new(a, TS_ARRAY);

    ts_value_push(list, v);
    *out = list;
}

static enum ts_code answer_true(struct ts_arena *a, const struct ts_value **out)
{
    scn_answer_one(a, out, ts_value_bool(a, true));
    return TS_OK;
}

static const char *argument(const struct ts_value *args)
{
    return args->first && args->first->kind == TS_STRING ? args->first->str.p : "";
}

/* `store.wipe drive=C: store=C:\StateStore` */
static const char *describe(struct scn_play *p, const char *name,
                            const struct ts_value *args)
{
    struct ts_buf b = {0};

    ts_buf_z(&b, name);
    for (const struct ts_value *v = args->first; v; v = v->next) {
        if (v->kind != TS_OBJECT) {
            ts_buf_fmt(&b, " %.200s", scn_text(p->a, v));
            continue;
        }
        for (const struct ts_value *m = v->first; m; m = m->next) {
            ts_buf_fmt(&b, " %s=%.200s", m->key.p, scn_text(p->a, m));
        }
    }
    const char *text = ts_arena_str(p->a, ts_buf_view(&b));
    ts_buf_free(&b);
    return text;
}

/* ---- programs ------------------------------------------------------------------------
 */

/* Its line, the program, the program without its folder: what patterns are held against.
 */
static const struct scn_answer *match_command(struct scn_play *p, const char *line,
                                              const struct scn_on **on)
{
    size_t n = 0;
    char **argv = ts_argv_split(line, &n);
    const char *program = n ? argv[0] : "", *base = program;

    for (const char *c = program; *c; c++) {
        base = *c == '/' || *c == '\\' ? c + 1 : base;
    }
    const char *texts[] = {line, program, base};
    const struct scn_answer *x = scn_match(p, texts, 3, on);
    ts_free(argv);
    return x;
}

/* Exit code, and the output where it was asked for. */
static void answer_run(struct ts_arena *a, const struct ts_value *spec,
                       const struct scn_answer *x, const struct ts_value **out)
{
    const struct ts_value *capture = ts_value_get(spec, "capture");
    struct ts_value *list = ts_value_new(a, TS_ARRAY);

    ts_value_push(list, ts_value_int(a, x->exit ? x->exit->integer : 0));
    if (capture && capture->boolean) {
        ts_value_push(list, ts_value_string(a, x->output ? x->output->str : TS_S("")));
    } else {
        ts_value_push(list, ts_value_new(a, TS_NULL));
    }
    *out = list;
}

static enum ts_code effect_run(struct scn_play *p, struct ts_step_call *c,
                               const struct ts_value *args, struct ts_arena *a,
                               const struct ts_value **out, struct ts_err *err)
{
    const struct ts_value *spec = args->first;
    const struct ts_value *v = spec ? ts_value_get(spec, "command") : NULL;
    const struct scn_on *on = NULL;
    enum ts_code rc;

    if (!v || (v->kind != TS_STRING && v->kind != TS_ARRAY)) {
        return ts_fail(err, TS_EINPUT, "host.run needs a command");
    }
    const char *line = v->kind == TS_STRING ? v->str.p : scn_command_line(a, v);
    const char *shown = scn_shown(p, line);
    const struct scn_answer *x = match_command(p, line, &on);
    if (!x) {
        scn_unprepared(p, c, ts_arena_format(p->a, "the command \"%s\"", shown),
                       "on \"COMMAND*\" { exit = 0 } for the command alone");
        return ts_fail(err, TS_ELOST, "not prepared");
    }
    scn_command(p, line);
    if (!scn_answer_fits(p, on, x, SCN_COMMAND, shown)) {
        return ts_fail(err, TS_ELOST, "not prepared");
    }
    if ((rc = scn_answer_do(p, c, x, err)) != TS_OK) {
        return rc;
    }
    if (x->error) {
        return ts_fail(err, TS_EIO, "%s", x->error->str.p);
    }
    answer_run(a, spec, x, out);
    return TS_OK;
}

/* ---- an `on` for an effect -----------------------------------------------------------
 */

static enum ts_code answer_effect(struct scn_play *p, struct ts_step_call *c,
                                  const struct scn_answer *x, struct ts_arena *a,
                                  const struct ts_value **out, struct ts_err *err)
{
    enum ts_code rc = scn_answer_do(p, c, x, err);

    if (rc != TS_OK) {
        return rc;
    }
    if (x->error) {
        struct ts_value *list = ts_value_new(a, TS_ARRAY);
        ts_value_push(list, ts_value_new(a, TS_NULL));
        ts_value_push(list, ts_value_string(a, x->error->str));
        ts_value_push(list, x->code ? ts_value_copy(a, x->code)
                                    : ts_value_string(a, TS_S("system error")));
        *out = list;
        return TS_OK;
    }
    scn_answer_one(a, out,
                   x->result ? ts_value_copy(a, x->result) : ts_value_bool(a, true));
    return TS_OK;
}

/* ---- what is known without preparing -------------------------------------------------
 */

static enum ts_code effect_package(struct scn_play *p, struct ts_step_call *c,
                                   const struct ts_value *args, struct ts_arena *a,
                                   const struct ts_value **out, struct ts_err *err)
{
    const struct ts_sequence *seq = p->sequence->seq;
    const char *name = args->first ? argument(args) : c->node->package;
    struct ts_buf source = {0};

    if (!name || !name[0]) {
        scn_answer_one(a, out, ts_value_new(a, TS_NULL));
        return TS_OK;
    }
    for (size_t i = 0; i < seq->package_count; i++) {
        if (!ts_caseeq(seq->packages[i].name, name)) {
            continue;
        }
        ts_vars_expand(p->vars, &source, ts_str_of(seq->packages[i].source), NULL);
        const char *text = ts_buf_text(&source);
        bool full = ts_path_is_absolute(text) || (text[0] && text[1] == ':');
        char *path = full ? ts_strdup(text) : ts_path_join(seq->folder, text);
        scn_answer_one(a, out, ts_value_string(a, ts_str_of(path)));
        ts_free(path);
        ts_buf_free(&source);
        return TS_OK;
    }
    return ts_fail(err, TS_ENOTFOUND, "the sequence has no package \"%s\"", name);
}

static enum ts_code effect_windows(struct scn_play *p, struct ts_arena *a,
                                   const struct ts_value **out)
{
    scn_answer_one(a, out,
                   p->s->windows ? ts_value_copy(a, p->s->windows)
                                 : ts_value_new(a, TS_ARRAY));
    return TS_OK;
}

static enum ts_code effect_protect(struct scn_play *p, const struct ts_value *args,
                                   struct ts_arena *a, const struct ts_value **out)
{
    p->kept = ts_realloc_array(p->kept, p->kept_count + 1, sizeof *p->kept);
    p->kept[p->kept_count++] = ts_strdup(argument(args));
    return answer_true(a, out);
}

static bool variable(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    return ts_vars_lookup(((struct scn_play *)ctx)->vars, name, value, secret);
}

static bool environment(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    return ts_vars_environment(((struct scn_play *)ctx)->vars, name, value, secret);
}

static enum ts_code effect_condition(struct scn_play *p, const struct ts_value *args,
                                     struct ts_arena *a, const struct ts_value **out,
                                     struct ts_err *err)
{
    struct ts_expr_env env = {
        .ctx = p, .variable = variable, .fact = scn_fact, .environment = environment};
    struct ts_expr *x = NULL;
    bool holds = false;
    enum ts_code rc = args->first ? ts_expr_from_value(&x, a, args->first, err)
                                  : ts_fail(err, TS_EINPUT, "a condition is missing");

    if (rc == TS_OK && (rc = ts_expr_eval(x, &env, &holds, NULL, err)) == TS_OK) {
        scn_answer_one(a, out, ts_value_bool(a, holds));
    }
    return rc;
}

static bool is_one(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0) {
        names++;
    }
    return *names != NULL;
}

/* Harmless: carried out as they are. */
static bool is_harmless(const char *name)
{
    static const char *const names[] = {
        "log",       "warn",     "verbose",     "progress",    "split_command",
        "vars.get",  "vars.set", "vars.delete", "vars.exists", "vars.expand",
        "vars.fact", "fs.join",  NULL};

    return is_one(name, names);
}

/* These look at nothing but the facts. */
static bool asks_facts(const char *name)
{
    static const char *const names[] = {"facts", "gather_facts", "hardware_variables",
                                        NULL};

    return is_one(name, names);
}

/* Those that the told files answer. */
static bool is_of_files(const char *name)
{
    static const char *const names[] = {
        "fs.exists", "fs.is_file", "fs.is_folder", "fs.stat",   "fs.read", "fs.list",
        "fs.write",  "fs.append",  "fs.mkdir",     "fs.delete", "fs.copy", NULL};

    return is_one(name, names);
}

static enum ts_code known(struct scn_play *p, struct ts_step_call *c, const char *name,
                          const struct ts_value *args, struct ts_arena *a,
                          const struct ts_value **out, struct ts_err *err)
{
    if (strcmp(name, "sleep") == 0 || strcmp(name, "settle_state") == 0) {
        return answer_true(a, out);
    }
    if (strcmp(name, "protect") == 0) {
        return effect_protect(p, args, a, out);
    }
    if (strcmp(name, "fs.native") == 0) {
        scn_answer_one(a, out, ts_value_string(a, ts_str_of(argument(args))));
        return TS_OK;
    }
    if (strcmp(name, "package") == 0 && c) {
        return effect_package(p, c, args, a, out, err);
    }
    if (strcmp(name, "condition") == 0) {
        return effect_condition(p, args, a, out, err);
    }
    if (strcmp(name, "windows") == 0 && (p->s->windows || !c)) {
        return effect_windows(p, a, out);
    }
    if (is_of_files(name) && scn_files_told(p)) {
        return scn_files_effect(p, name + 3, args, a, out, err);
    }
    const char *more =
        is_of_files(name)  ? "files = { ... } in the scenario"
        : asks_facts(name) ? "facts = { ... } in the scenario"
        : strcmp(name, "windows") == 0
            ? "windows = { drive = \"C:\" } in the scenario"
            : ts_arena_format(p->a, "on \"%s\" { result = ... } for the effect alone",
                              name);
    scn_unprepared(p, c, describe(p, name, args), more);
    return ts_fail(err, TS_ELOST, "not prepared");
}

enum ts_code scn_effect(void *ctx, struct ts_step_call *call, const char *name,
                        const struct ts_value *args, struct ts_arena *a,
                        const struct ts_value **out, struct ts_err *err)
{
    struct scn_play *p = ctx;
    const struct scn_on *on = NULL;
    const struct scn_answer *x;

    *out = NULL;
    if (is_harmless(name) || (asks_facts(name) && p->facts)) {
        return TS_OK;
    }
    if (strcmp(name, "run") == 0) {
        return effect_run(p, call, args, a, out, err);
    }
    if ((x = scn_match(p, &name, 1, &on)) != NULL) {
        return scn_answer_fits(p, on, x, SCN_EFFECT, name)
                   ? answer_effect(p, call, x, a, out, err)
                   : ts_fail(err, TS_ELOST, "not prepared");
    }
    return known(p, call, name, args, a, out, err);
}
