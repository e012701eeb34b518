/* Plays every .json file of tests/scenario: whole runs as data, on fake steps and a real
 * state.
 *
 * Every start of the machine is a process of its own, as on a real machine; a step that
 * crashes ends it.  docs in tests/scenario/README.md. */
#include "../../fake/scenario_play.h"

#include "platform/fs.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER TASKSEQ_SOURCE_DIR "/tests/scenario"

static const char *now; /* file of the scenario being played */

struct scenario {
    char file[128];
};

struct play {
    struct ts_arena arena;
    struct ts_value *data;
    char dir[64];
    enum ts_phase phase;
};

static char *inside(const struct play *p, const char *name)
{
    return ts_path_join(p->dir, name);
}

static void append(const struct play *p, const char *name, const struct ts_buf *b)
{
    char *path = inside(p, name);
    FILE *f = fopen(path, "ab");

    if (!f || fwrite(ts_buf_text(b), 1, b->n, f) != b->n || fclose(f) != 0) {
        abort();
    }
    ts_free(path);
}

static char *slurp(const struct play *p, const char *name)
{
    struct ts_buf b = {0};
    char *path = inside(p, name);
    enum ts_code rc = ts_file_read(path, 16 << 20, &b, NULL);

    ts_free(path);
    return rc == TS_OK && b.n ? ts_buf_take(&b) : ts_strdup("");
}

/* ---- one start of the machine, in a child
 * ---------------------------------------------- */

static void append_note(void *ctx, const char *name, ts_str text)
{
    struct ts_buf b = {0};

    ts_buf_str(&b, text);
    append(ctx, name, &b);
    ts_buf_free(&b);
}

static void append_line(void *ctx, const char *name, ts_str line)
{
    append_note(ctx, name, line);
    append_note(ctx, name, TS_S("\n"));
}

static void set_note(void *ctx, const char *name, ts_str text)
{
    char *path = inside(ctx, name);

    remove(path);
    ts_free(path);
    append_note(ctx, name, text);
}

static char *read_note(void *ctx, const char *name)
{
    return slurp(ctx, name);
}

static void child(struct play *p, bool resume)
{
    struct scenario_world world = {
        .steps = {.ctx = p, .append = append_line, .read = read_note},
        .append = append_note,
        .set = set_note,
    };
    struct scenario_start start = {
        .data = p->data, .phase = p->phase, .resume = resume, .world = &world};

    start.state_dir = inside(p, "state");
    _exit(scenario_start(&start));
}

/* ---- the machine
 * ------------------------------------------------------------------------ */

static struct ts_value *parse(struct play *p, const char *text)
{
    struct ts_value *v = NULL;
    struct ts_err err;

    cr_assert_eq(ts_json_parse(&v, &p->arena, ts_str_of(text), "report", &err), TS_OK,
                 "%s", err.text);
    return v;
}

static struct ts_value *read_report(struct play *p)
{
    char *text = slurp(p, "report.json");
    struct ts_value *v = parse(p, text);

    ts_free(text);
    return v;
}

/* The phase of the n-th start after the first: as asked, unless the file says what comes.
 */
static enum ts_phase arrives(struct play *p, int boot, bool crashed)
{
    const struct ts_value *list = ts_value_get(p->data, "arrive");
    const struct ts_value *v = list ? list->first : NULL;
    enum ts_phase phase = p->phase;

    while (v && --boot > 0) {
        v = v->next;
    }
    if (v && v->kind == TS_STRING) {
        cr_assert(ts_phase_parse(v->str, &phase));
    } else if (!crashed) {
        struct ts_value *r = read_report(p);
        cr_assert(ts_phase_parse(ts_str_of(ts_value_text(r, "asked")), &phase));
    }
    return phase;
}

static int play(struct play *p)
{
    int boots = 0, status = 0;
    bool again = true;

    while (again) {
        cr_assert_lt(boots, 30, "%s: the run never ends", now);
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(20);
            child(p, boots > 0);
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_assert(WIFEXITED(status), "%s: killed by signal %d", now, WTERMSIG(status));
        int code = WEXITSTATUS(status);
        boots++;
        cr_assert(code == 0 || code == 10 || code == FAKE_CRASH_EXIT, "exit code %d",
                  code);
        again = code != 0;
        if (again) {
            p->phase = arrives(p, boots, code == FAKE_CRASH_EXIT);
        }
    }
    return boots;
}

/* ---- expectations
 * ----------------------------------------------------------------------- */

static void expect_ran(struct play *p, const struct ts_value *want)
{
    struct ts_buf b = {0};
    char *ran = slurp(p, "ran");

    for (const struct ts_value *m = want->first; m; m = m->next) {
        ts_buf_fmt(&b, "%s\n", m->str.p);
    }
    cr_expect_str_eq(ran, ts_buf_text(&b), "%s: steps that ran", now);
    ts_buf_free(&b);
    ts_free(ran);
}

static void expect_variables(const struct ts_value *report_, const struct ts_value *want)
{
    const struct ts_value *vars = ts_value_get(report_, "variables");

    for (const struct ts_value *m = want->first; m; m = m->next) {
        const char *have = NULL;
        for (const struct ts_value *v = vars->first; v; v = v->next) {
            have = ts_str_caseeq(v->key, m->key) ? v->str.p : have;
        }
        cr_expect_str_eq(have ? have : "", m->str.p, "%s: variable %s", now, m->key.p);
    }
}

/* "event name[ field=value...]" of every event, as lines. */
static bool event_matches(const struct ts_value *e, const char *want)
{
    ts_str rest = ts_str_of(want), word, key;
    bool first = true;

    while (ts_str_cut(&rest, '|', &word)) {
        word = ts_str_trim(word);
        if (first) {
            first = false;
            if (!ts_str_eq(ts_value_get(e, "event")->str, word)) {
                return false;
            }
            continue;
        }
        ts_str_cut(&word, '=', &key);
        char *k = ts_str_dup(key);
        const struct ts_value *v = ts_value_get(e, k);
        ts_free(k);
        struct ts_buf b = {0};
        if (v && v->kind == TS_STRING) {
            ts_buf_str(&b, v->str);
        } else if (v) {
            ts_json_write(&b, v, 0);
        }
        bool same = v && ts_str_eq(ts_buf_view(&b), word);
        ts_buf_free(&b);
        if (!same) {
            return false;
        }
    }
    return true;
}

/* The listed events come in this order, others in between. */
static void expect_events(struct play *p, const struct ts_value *want)
{
    char *text = slurp(p, "events");
    ts_str rest = ts_str_of(text), line;
    const struct ts_value *m = want->first;

    while (m && ts_str_cut(&rest, '\n', &line)) {
        char *z = ts_str_dup(line);
        if (line.n && event_matches(parse(p, z), m->str.p)) {
            m = m->next;
        }
        ts_free(z);
    }
    cr_expect(m == NULL, "%s: no event (in this order): %s\n%s", now, m ? m->str.p : "",
              getenv("SCENARIO_EVENTS") ? text : "");
    ts_free(text);
}

/* ---- every event is as the catalogue says
 * ---------------------------------------------- */

static bool fits(const struct ts_event_field_doc *doc, const struct ts_value *v)
{
    ts_str rest = ts_str_of(doc->values), one;

    if (strcmp(doc->kind, "integer") == 0) {
        return v->kind == TS_INT;
    }
    if (strcmp(doc->kind, "boolean") == 0) {
        return v->kind == TS_BOOL;
    }
    if (v->kind != TS_STRING || rest.n == 0) {
        return v->kind == TS_STRING;
    }
    while (ts_str_cut(&rest, '|', &one)) {
        if (ts_str_eq(one, v->str)) {
            return true;
        }
    }
    return false;
}

static size_t known_fields(const struct ts_value *e,
                           const struct ts_event_field_doc *docs, size_t n)
{
    size_t known = 0;

    for (size_t i = 0; i < n; i++) {
        const struct ts_value *v = ts_value_get(e, docs[i].key);
        cr_expect(v || docs[i].optional, "%s: %s has no %s", now,
                  ts_value_text(e, "event"), docs[i].key);
        cr_expect(!v || fits(&docs[i], v), "%s: %s of %s is not as documented", now,
                  docs[i].key, ts_value_text(e, "event"));
        known += v != NULL;
    }
    return known;
}

static void check_event(const struct ts_value *e)
{
    size_t n, common;
    const struct ts_event_doc *docs = ts_events_catalogue(&n);
    const struct ts_event_field_doc *always = ts_events_common(&common);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(docs[i].type, ts_value_text(e, "event")) == 0) {
            size_t known = known_fields(e, always, common);
            known += known_fields(e, docs[i].fields, docs[i].n);
            cr_expect_eq(known, e->count, "%s: a field of %s is not documented", now,
                         docs[i].type);
            return;
        }
    }
    cr_expect(false, "%s: event %s is not documented", now, ts_value_text(e, "event"));
}

static void check_events(struct play *p)
{
    char *text = slurp(p, "events");
    ts_str rest = ts_str_of(text), line;

    while (ts_str_cut(&rest, '\n', &line)) {
        char *z = ts_str_dup(line);
        if (line.n) {
            check_event(parse(p, z));
        }
        ts_free(z);
    }
    ts_free(text);
}

static void expect_log(struct play *p, const struct ts_value *want)
{
    char *log = slurp(p, "log");

    for (const struct ts_value *m = want->first; m; m = m->next) {
        cr_expect(strstr(log, m->str.p), "%s: not in the log: %s", now, m->str.p);
    }
    ts_free(log);
}

static void expect_skipped(struct play *p, const struct ts_value *want)
{
    char *text = slurp(p, "events");
    ts_str rest = ts_str_of(text), line;
    struct ts_buf b = {0}, w = {0};

    while (ts_str_cut(&rest, '\n', &line)) {
        char *z = ts_str_dup(line);
        struct ts_value *e = line.n ? parse(p, z) : NULL;
        if (e && ts_str_ends(ts_value_get(e, "event")->str, TS_S(".skipped"))) {
            ts_buf_fmt(&b, "%s: %s\n", ts_value_text(e, "name"),
                       ts_value_text(e, "reason"));
        }
        ts_free(z);
    }
    for (const struct ts_value *m = want->first; m; m = m->next) {
        ts_buf_fmt(&w, "%s\n", m->str.p);
    }
    cr_expect_str_eq(ts_buf_text(&b), ts_buf_text(&w), "%s: left out", now);
    ts_buf_free(&b);
    ts_buf_free(&w);
    ts_free(text);
}

static void expect_one(struct play *p, const struct ts_value *report_,
                       const struct ts_value *m, int boots)
{
    if (ts_str_eq(m->key, TS_S("ran"))) {
        expect_ran(p, m);
    } else if (ts_str_eq(m->key, TS_S("result"))) {
        cr_expect_str_eq(ts_value_text(report_, "result"), m->str.p, "%s: result: %s",
                         now, ts_value_text(report_, "text"));
    } else if (ts_str_eq(m->key, TS_S("code"))) {
        cr_expect_eq(ts_value_get(report_, "code")->integer, m->integer,
                     "%s: code is %lld", now,
                     (long long)ts_value_get(report_, "code")->integer);
    } else if (ts_str_eq(m->key, TS_S("text"))) {
        cr_expect(strstr(ts_value_text(report_, "text"), m->str.p), "%s: text is \"%s\"",
                  now, ts_value_text(report_, "text"));
    } else if (ts_str_eq(m->key, TS_S("variables"))) {
        expect_variables(report_, m);
    } else if (ts_str_eq(m->key, TS_S("events"))) {
        expect_events(p, m);
    } else if (ts_str_eq(m->key, TS_S("log"))) {
        expect_log(p, m);
    } else if (ts_str_eq(m->key, TS_S("skipped"))) {
        expect_skipped(p, m);
    } else if (ts_str_eq(m->key, TS_S("boots"))) {
        cr_expect_eq(boots, (int)m->integer, "%s: %d starts of the machine", now, boots);
    } else {
        cr_expect(false, "unknown expectation %s", m->key.p);
    }
}

/* ---- files
 * ------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct scenario *)a)->file, ((const struct scenario *)b)->file);
}

ParameterizedTestParameters(scenario, plays_as_expected)
{
    size_t n = 0;
    struct scenario *list = cr_malloc(sizeof *list * 500);
    DIR *d = opendir(FOLDER);
    struct dirent *e;

    while (d && (e = readdir(d)) != NULL && n < 500) {
        if (ts_str_ends(ts_str_of(e->d_name), TS_S(".json"))) {
            memset(&list[n], 0, sizeof list[n]);
            snprintf(list[n++].file, sizeof list[n].file, "%.120s", e->d_name);
        }
    }
    if (d) {
        closedir(d);
    }
    qsort(list, n, sizeof *list, by_name);
    return cr_make_param_array(struct scenario, list, n, NULL);
}

ParameterizedTest(struct scenario *s, scenario, plays_as_expected)
{
    struct play p = {.dir = "/tmp/taskseq-scenario-XXXXXX"};
    struct ts_buf text = {0};
    struct ts_err err;
    char *path = ts_path_join(FOLDER, s->file);

    now = s->file;

    cr_assert_eq(ts_file_read(path, 1 << 20, &text, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_json_parse(&p.data, &p.arena, ts_buf_view(&text), s->file, &err),
                 TS_OK, "%s", err.text);
    cr_assert(mkdtemp(p.dir));
    const char *phase = ts_value_text(p.data, "phase");
    cr_assert(ts_phase_parse(ts_str_of(phase ? phase : "FullOS"), &p.phase));
    int boots = play(&p);
    struct ts_value *r = read_report(&p);
    const struct ts_value *expect = ts_value_get(p.data, "expect");
    cr_assert(expect && expect->first, "%s expects nothing", s->file);
    for (const struct ts_value *m = expect->first; m; m = m->next) {
        expect_one(&p, r, m, boots);
    }
    check_events(&p);
    cr_assert_eq(ts_fs_remove_tree(p.dir, &err), TS_OK, "%s", err.text);
    ts_buf_free(&text);
    ts_free(path);
    ts_arena_fini(&p.arena);
}

Test(scenario, there_are_enough_of_them)
{
    int n = 0;
    DIR *d = opendir(FOLDER);

    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        n += ts_str_ends(ts_str_of(e->d_name), TS_S(".json"));
    }
    cr_assert_geq(n, 25);
    closedir(d);
}
