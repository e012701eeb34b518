/* load.c - from a scenario file to struct scn. */
#include "scenario/scenario_internal.h"

#include "parse/parse.h"
#include "platform/fs.h"

#include <string.h>

static const char *const constructors[] = {"scenario", "on", NULL};

struct reader {
    struct ts_scenarios *all;
    const char *path, *folder; /* of the scenario file */
    struct scn_at at;
    struct ts_err *err;
};

static struct ts_value *empty_object(struct ts_arena *a)
{
    return ts_value_new(a, TS_OBJECT);
}

/* Member `key` as an object of texts; an empty one when it is absent. */
static const struct ts_value *texts(struct ts_arena *a, const struct ts_value *table,
                                    const char *key)
{
    const struct ts_value *v = ts_value_get(table, key);
    struct ts_value *out = empty_object(a);

    for (const struct ts_value *m = v ? v->first : NULL; m; m = m->next) {
        ts_value_set(a, out, m->key, ts_value_string(a, ts_str_of(scn_text(a, m))));
    }
    return out;
}

static bool truth(const struct ts_value *table, const char *key)
{
    const struct ts_value *v = ts_value_get(table, key);

    return v && v->kind == TS_BOOL && v->boolean;
}

/* ---- answers -------------------------------------------------------------------------
 */

#define ANSWER_KEYS                                                               \
    {"exit", SCN_INT}, {"error", SCN_TEXT}, {"code", SCN_TEXT | SCN_INT},         \
        {"output", SCN_TEXT}, {"set", SCN_MAP}, {"restart", SCN_TEXT | SCN_BOOL}, \
        {"result", SCN_ANY}, {"holds", SCN_BOOL}, {"timeout", SCN_BOOL},          \
        {"powerCut", SCN_BOOL},                                                   \
    {                                                                             \
        "cancel", SCN_BOOL                                                        \
    }
static const struct scn_key answer_keys[] = {ANSWER_KEYS};
static const struct scn_key on_keys[] = {ANSWER_KEYS,
                                         {"name", SCN_TEXT},
                                         {"items", SCN_ARRAY},
                                         {"times", SCN_INT},
                                         {"optional", SCN_BOOL}};
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static enum ts_code read_answer(struct reader *r, const struct ts_value *v,
                                struct scn_answer *out)
{
    const struct ts_value *restart = ts_value_get(v, "restart");

    *out = (struct scn_answer){.exit = ts_value_get(v, "exit"),
                               .error = ts_value_get(v, "error"),
                               .code = ts_value_get(v, "code"),
                               .output = ts_value_get(v, "output"),
                               .restart = restart,
                               .result = ts_value_get(v, "result"),
                               .holds = ts_value_get(v, "holds"),
                               .timeout = truth(v, "timeout"),
                               .power_cut = truth(v, "powerCut"),
                               .cancel = truth(v, "cancel")};
    out->set = ts_value_get(v, "set") ? texts(&r->all->arena, v, "set") : NULL;
    if (restart && restart->kind == TS_STRING && !ts_caseeq(restart->str.p, "WinPE") &&
        !ts_caseeq(restart->str.p, "FullOS")) {
        return scn_fail(&r->at, r->err, "restart must be \"WinPE\", \"FullOS\" or true");
    }
    if (out->timeout + out->power_cut + out->cancel > 1) {
        return scn_fail(&r->at, r->err,
                        "timeout, powerCut and cancel exclude each other");
    }
    return TS_OK;
}

static enum ts_code read_answers(struct reader *r, const struct ts_value *v,
                                 struct scn_on *on)
{
    const struct ts_value *items = ts_value_get(v, "items");
    size_t n = items ? items->count : 1, i = 0;
    struct scn_answer *list = ts_arena_alloc(&r->all->arena, n * sizeof *list);
    enum ts_code rc = TS_OK;

    on->answers = list;
    on->count = n;
    if (!items) {
        return read_answer(r, v, &list[0]);
    }
    for (size_t k = 0; k < COUNT(answer_keys); k++) {
        if (ts_value_get(v, answer_keys[k].name)) {
            return scn_fail(&r->at, r->err,
                            "the answers stand in a list, so that %s belongs into one of "
                            "them",
                            answer_keys[k].name);
        }
    }
    for (const struct ts_value *m = items->first; m && rc == TS_OK; m = m->next) {
        if (m->tag || (m->kind != TS_OBJECT && m->count)) {
            return scn_fail(&r->at, r->err, "item %u must be an answer { ... }",
                            (unsigned)i + 1);
        }
        rc = scn_shape(m, answer_keys, COUNT(answer_keys), &r->at, "", r->err);
        rc = rc == TS_OK ? read_answer(r, m, &list[i++]) : rc;
    }
    return rc;
}

static enum ts_code read_on(struct reader *r, const struct ts_value *v, struct scn *s)
{
    const char *name = ts_value_text(v, "name");
    struct scn_at outside = r->at;
    const struct ts_value *times = ts_value_get(v, "times");
    struct scn_on on = {.pattern = name, .file = v->file, .line = v->line};
    enum ts_code rc;

    r->at = (struct scn_at){v->file, v->line, "on"};
    if (!name || !name[0]) {
        return scn_fail(&r->at, r->err,
                        "a pattern is missing: write on \"NAME\" { ... }");
    }
    r->at.what = ts_arena_format(&r->all->arena, "on \"%s\"", name);
    if ((rc = scn_shape(v, on_keys, COUNT(on_keys), &r->at, "", r->err)) != TS_OK ||
        (rc = read_answers(r, v, &on)) != TS_OK) {
        return rc;
    }
    on.optional = truth(v, "optional");
    on.times = times ? times->integer : 0;
    if (times && (times->integer < 1 || times->integer > 1000000)) {
        return scn_fail(&r->at, r->err, "times must be 1 or more");
    }
    r->at = outside;
    s->on = ts_realloc_array(s->on, s->on_count + 1, sizeof *s->on);
    s->on[s->on_count++] = on;
    return TS_OK;
}

/* Lists of `on` may stand in lists: what several scenarios share. */
static enum ts_code read_items(struct reader *r, const struct ts_value *items,
                               struct scn *s)
{
    enum ts_code rc = TS_OK;

    for (const struct ts_value *m = items ? items->first : NULL; m && rc == TS_OK;
         m = m->next) {
        if (m->tag && strcmp(m->tag, "on") == 0) {
            rc = read_on(r, m, s);
        } else if (!m->tag && m->kind == TS_ARRAY) {
            rc = read_items(r, m, s);
        } else {
            rc =
                scn_fail(&r->at, r->err,
                         "the list part holds on \"NAME\" { ... } and lists of them, but "
                         "here is %s%s",
                         m->tag ? "a " : "", m->tag ? m->tag : ts_kind_name(m->kind));
        }
    }
    return rc;
}

/* ---- one scenario --------------------------------------------------------------------
 */

static const struct scn_key scenario_keys[] = {
    {"name", SCN_TEXT},     {"items", SCN_ARRAY},
    {"sequence", SCN_TEXT}, {"phase", SCN_TEXT},
    {"variables", SCN_MAP}, {"environment", SCN_MAP},
    {"facts", SCN_OBJECT},  {"windows", SCN_OBJECT | SCN_ARRAY},
    {"files", SCN_MAP},     {"folders", SCN_LIST},
    {"arrive", SCN_LIST},   {"refuseRestart", SCN_BOOL},
    {"expect", SCN_OBJECT}};

static enum ts_code read_phases(struct reader *r, const struct ts_value *v, struct scn *s)
{
    const char *phase = ts_value_text(v, "phase");
    enum ts_phase ignored;

    s->phase = TS_PHASE_FULLOS;
    if (phase &&
        (!ts_phase_parse(ts_str_of(phase), &s->phase) || s->phase == TS_PHASE_ANY)) {
        return scn_fail(&r->at, r->err, "phase is WinPE or FullOS, not \"%.60s\"", phase);
    }
    s->arrive = ts_value_get(v, "arrive");
    for (const struct ts_value *m = s->arrive ? s->arrive->first : NULL; m; m = m->next) {
        if (!ts_caseeq(m->str.p, "asked") &&
            (!ts_phase_parse(m->str, &ignored) || ignored == TS_PHASE_ANY)) {
            return scn_fail(&r->at, r->err,
                            "arrive holds WinPE, FullOS or asked, not \"%.60s\"",
                            m->str.p);
        }
    }
    return TS_OK;
}

/* A list of { drive, dir, architecture }, the directory filled in. */
static enum ts_code read_windows(struct reader *r, const struct ts_value *v,
                                 const struct ts_value **out)
{
    static const struct scn_key keys[] = {
        {"drive", SCN_TEXT}, {"dir", SCN_TEXT}, {"architecture", SCN_TEXT}};
    struct ts_arena *a = &r->all->arena;
    const struct ts_value *w = ts_value_get(v, "windows");
    struct ts_value *list = ts_value_new(a, TS_ARRAY);
    enum ts_code rc = TS_OK;

    if (!w) {
        return TS_OK;
    }
    if (w->kind == TS_OBJECT) {
        ts_value_push(list, ts_value_copy(a, w));
    } else {
        list = ts_value_copy(a, w);
    }
    for (struct ts_value *m = list->first; m && rc == TS_OK; m = m->next) {
        const char *drive = ts_value_text(m, "drive");
        if (m->kind != TS_OBJECT || !drive) {
            return scn_fail(&r->at, r->err,
                            "windows must say a drive: { drive = \"C:\", architecture = "
                            "\"amd64\" }");
        }
        rc = scn_shape(m, keys, COUNT(keys), &r->at, "windows", r->err);
        if (!ts_value_get(m, "dir")) {
            const char *dir = ts_arena_format(a, "%s\\Windows", drive);
            ts_value_set(a, m, TS_S("dir"), ts_value_string(a, ts_str_of(dir)));
        }
    }
    *out = list;
    return rc;
}

static enum ts_code read_facts(struct reader *r, const struct ts_value *v,
                               const struct ts_value **out)
{
    struct ts_arena *a = &r->all->arena;
    const struct ts_value *facts = ts_value_get(v, "facts");
    struct ts_facts *trial = NULL;
    struct ts_err why;

    if (!facts) {
        return TS_OK;
    }
    struct ts_value *copy =
        facts->kind == TS_OBJECT ? ts_value_copy(a, facts) : empty_object(a);
    if (!ts_value_get(copy, "taskseqFacts")) {
        ts_value_set(a, copy, TS_S("taskseqFacts"), ts_value_int(a, 1));
    }
    *out = copy;
    if (ts_facts_from_value(&trial, copy, &why) != TS_OK) {
        return scn_fail(&r->at, r->err, "facts: %.600s", why.text);
    }
    ts_facts_free(trial);
    return TS_OK;
}

static enum ts_code read_files(struct reader *r, const struct ts_value *v, struct scn *s)
{
    s->files = ts_value_get(v, "files");
    s->folders = ts_value_get(v, "folders");
    for (const struct ts_value *m = s->files ? s->files->first : NULL; m; m = m->next) {
        if (m->kind != TS_STRING) {
            return scn_fail(&r->at, r->err,
                            "files: the value of %.200s must be the text in it; folders "
                            "stand in `folders`",
                            m->key.p);
        }
    }
    return TS_OK;
}

/* X.scenario.lua is about X.lua, X.json or X.xml beside it. */
static enum ts_code find_sequence(struct reader *r, const char *given, char **out)
{
    static const char *const ends[] = {"lua", "json", "xml", "zip"};
    ts_str base = ts_str_of(r->path);

    if (given) {
        *out = ts_path_is_absolute(given) ? ts_strdup(given)
               : r->folder[0]             ? ts_path_join(r->folder, given)
                                          : ts_strdup(given);
        return TS_OK;
    }
    if (!ts_str_ends(base, TS_S(TS_SCENARIO_SUFFIX))) {
        return scn_fail(
            &r->at, r->err,
            "which sequence it is about is not told: say sequence = \"FILE\"");
    }
    base.n -= sizeof TS_SCENARIO_SUFFIX - 1;
    for (size_t i = 0; i < COUNT(ends); i++) {
        *out = ts_format("%.*s.%s", (int)base.n, base.p, ends[i]);
        if (ts_fs_exists(*out)) {
            return TS_OK;
        }
        ts_free(*out);
        *out = NULL;
    }
    return scn_fail(
        &r->at, r->err,
        "there is no sequence %.*s.lua, .json or .xml beside it: say sequence "
        "= \"FILE\"",
        (int)base.n, base.p);
}

static enum ts_code attach_sequence(struct reader *r, const struct ts_value *v,
                                    struct scn *s)
{
    struct ts_err why;
    char *path = NULL;
    enum ts_code rc = find_sequence(r, ts_value_text(v, "sequence"), &path);

    if (rc == TS_OK && scn_sequence_get(r->all, path, &s->sequence, &why) != TS_OK) {
        rc = why.code == TS_EINPUT || why.code == TS_ENOTFOUND ? TS_EINPUT : why.code;
        (void)ts_fail(r->err, rc, "%s (the sequence of %s:%d)", why.text, s->file,
                      s->line);
    }
    ts_free(path);
    return rc;
}

/* What the sequence asks for has an answer. */
static enum ts_code check_inputs(struct reader *r, const struct scn *s)
{
    const struct ts_sequence *seq = s->sequence->seq;

    for (size_t i = 0; i < seq->input_count; i++) {
        const struct ts_input *in = &seq->inputs[i];
        const struct ts_value *m = s->variables->first;
        while (m && !ts_str_caseeq(m->key, ts_str_of(in->name))) {
            m = m->next;
        }
        if (!m && !in->def) {
            return scn_fail(&r->at, r->err,
                            "the sequence needs a value for %s: say variables = { %s = "
                            "... }",
                            in->name, in->name);
        }
    }
    return TS_OK;
}

static enum ts_code read_scenario(struct reader *r, const struct ts_value *v)
{
    struct ts_arena *a = &r->all->arena;
    struct scn s = {.name = ts_value_text(v, "name"), .file = v->file, .line = v->line};
    const struct ts_value *expect = ts_value_get(v, "expect");
    enum ts_code rc;

    r->at = (struct scn_at){v->file, v->line, "scenario"};
    if (!s.name || !s.name[0]) {
        return scn_fail(&r->at, r->err, "a name is missing: write scenario \"NAME\" { }");
    }
    r->at.what = ts_arena_format(a, "scenario \"%s\"", s.name);
    s.expect = expect ? expect : empty_object(a);
    s.variables = texts(a, v, "variables");
    s.environment = texts(a, v, "environment");
    if ((rc = scn_shape(v, scenario_keys, COUNT(scenario_keys), &r->at, "", r->err)) !=
            TS_OK ||
        (rc = read_phases(r, v, &s)) != TS_OK ||
        (rc = read_windows(r, v, &s.windows)) != TS_OK ||
        (rc = read_facts(r, v, &s.facts)) != TS_OK ||
        (rc = read_files(r, v, &s)) != TS_OK ||
        (rc = scn_expect_check(&s, &r->at, r->err)) != TS_OK ||
        (rc = read_items(r, ts_value_get(v, "items"), &s)) != TS_OK ||
        (rc = attach_sequence(r, v, &s)) != TS_OK ||
        (rc = check_inputs(r, &s)) != TS_OK) {
        ts_free(s.on);
        return rc;
    }
    s.refuse_restart = truth(v, "refuseRestart");
    struct ts_scenarios *all = r->all;
    if (all->n == all->cap) {
        all->cap = all->cap ? all->cap * 2 : 16;
        all->v = ts_realloc_array(all->v, all->cap, sizeof *all->v);
    }
    all->v[all->n++] = s;
    return TS_OK;
}

static bool is_scenario(const struct ts_value *v)
{
    return v->tag && strcmp(v->tag, "scenario") == 0;
}

/* A scenario, a list of them, lists in lists. */
static enum ts_code read_list(struct reader *r, const struct ts_value *v)
{
    enum ts_code rc = TS_OK;

    if (is_scenario(v)) {
        return read_scenario(r, v);
    }
    if (v->tag || v->kind != TS_ARRAY || !v->first) {
        return ts_fail(r->err, TS_EINPUT,
                       "%s: the file must return scenario \"NAME\" { ... } or a list of "
                       "them, but there is %s",
                       r->path,
                       v->tag                                    ? "an on"
                       : v->kind == TS_ARRAY && v->first == NULL ? "an empty table"
                                                                 : ts_kind_name(v->kind));
    }
    for (const struct ts_value *m = v->first; m && rc == TS_OK; m = m->next) {
        rc = read_list(r, m);
    }
    return rc;
}

enum ts_code ts_scenarios_load(struct ts_scenarios *all, const char *path,
                               struct ts_err *err)
{
    struct reader r = {.all = all, .err = err};
    struct ts_value *v = NULL;
    size_t n = strlen(path), before = all->n;
    enum ts_code rc;

    r.path = ts_arena_strz(&all->arena, path);
    while (n > 0 && path[n - 1] != '/' && path[n - 1] != '\\') {
        n--;
    }
    r.folder = ts_arena_str(&all->arena, (ts_str){path, n > 1 ? n - 1 : n});
    if ((rc = ts_lua_data_load(&v, &all->arena, r.path, constructors, err)) != TS_OK) {
        return rc;
    }
    rc = read_list(&r, v);
    for (size_t i = before; rc == TS_OK && i < all->n; i++) {
        for (size_t k = before; k < i && rc == TS_OK; k++) {
            if (ts_caseeq(all->v[i].name, all->v[k].name)) {
                struct scn_at at = {all->v[i].file, all->v[i].line, "scenario"};
                rc = scn_fail(&at, err,
                              "the name \"%.200s\" is given twice (also in line %d)",
                              all->v[i].name, all->v[k].line);
            }
        }
    }
    return rc;
}
