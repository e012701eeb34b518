/* report.c - what was played, as TAP 14 and as data. */
#include "scenario/scenario_internal.h"

#include <stdio.h>
#include <string.h>

/* A description is one line, in which '#' would begin a directive. */
static void description(struct ts_buf *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c == '#' || *c == '\\') {
            ts_buf_c(out, '\\');
        }
        ts_buf_c(out, (unsigned char)*c < ' ' || *c == 0x7F ? ' ' : *c);
    }
}

/* Comments line by line, without what a terminal would obey. */
static void comment(struct ts_buf *out, ts_str text)
{
    ts_str line;

    while (ts_str_cut(&text, '\n', &line)) {
        ts_buf_z(out, "# ");
        for (size_t i = 0; i < line.n; i++) {
            unsigned char c = (unsigned char)line.p[i];
            ts_buf_c(out, c < ' ' || c == 0x7F ? ' ' : (char)c);
        }
        ts_buf_c(out, '\n');
    }
}

/* A JSON text is a YAML text. */
static void yaml(struct ts_buf *out, const char *indent, const char *key,
                 const char *text)
{
    ts_buf_fmt(out, "%s%s\"", indent, key);
    ts_buf_json(out, ts_str_of(text));
    ts_buf_z(out, "\"\n");
}

static void diagnostics(struct ts_buf *out, const struct scn *s)
{
    const struct scn_result *r = s->result;

    ts_buf_z(out, "  ---\n");
    yaml(out, "  ", "file: ", s->file);
    ts_buf_fmt(out, "  line: %d\n", s->line);
    ts_buf_z(out, "  failures:\n");
    for (const struct ts_value *m = r->failures->first; m; m = m->next) {
        const char *expected = ts_value_text(m, "expected"),
                   *came = ts_value_text(m, "came");
        yaml(out, "    ", "- message: ", ts_value_text(m, "message"));
        if (expected) {
            yaml(out, "      ", "expected: ", expected);
        }
        if (came) {
            yaml(out, "      ", "came: ", came);
        }
    }
    ts_buf_fmt(out, "  steps:%s\n", r->steps->first ? "" : " []");
    for (const struct ts_value *m = r->steps->first; m; m = m->next) {
        yaml(out, "    ", "- ", m->str.p);
    }
    ts_buf_z(out, "  ...\n");
}

void ts_scenario_tap_begin(struct ts_buf *out, const struct ts_scenarios *s)
{
    ts_buf_fmt(out, "TAP version 14\n1..%zu\n", s->n);
}

void ts_scenario_tap(struct ts_buf *out, const struct ts_scenarios *s, size_t i,
                     bool verbose)
{
    const struct scn *x = &s->v[i];

    if (!x->result) {
        return;
    }
    ts_buf_fmt(out, "%sok %zu - ", x->result->passed ? "" : "not ", i + 1);
    description(out, x->file);
    ts_buf_z(out, ": ");
    description(out, x->name);
    ts_buf_c(out, '\n');
    if (!x->result->passed) {
        diagnostics(out, x);
    }
    if (verbose) {
        comment(out, ts_buf_view(&x->result->log));
    }
}

static struct ts_value *of_scenario(struct ts_arena *a, const struct scn *s)
{
    static const char *const ends[] = {"succeeded", "failed", "cancelled", "restart"};
    struct ts_value *v = ts_value_new(a, TS_OBJECT);
    const struct scn_result *r = s->result;
    const struct {
        const char *key;
        const struct ts_value *list;
    } lists[] = {{"failures", r->failures},
                 {"steps", r->steps},
                 {"commands", r->shown},
                 {"restarts", r->restarts}};

    ts_value_set(a, v, TS_S("name"), ts_value_string(a, ts_str_of(s->name)));
    ts_value_set(a, v, TS_S("file"), ts_value_string(a, ts_str_of(s->file)));
    ts_value_set(a, v, TS_S("line"), ts_value_int(a, s->line));
    ts_value_set(a, v, TS_S("sequence"),
                 ts_value_string(a, ts_str_of(s->sequence->path)));
    ts_value_set(a, v, TS_S("passed"), ts_value_bool(a, r->passed));
    ts_value_set(a, v, TS_S("elapsedMs"), ts_value_int(a, r->elapsed_ms));
    ts_value_set(a, v, TS_S("boots"), ts_value_int(a, r->boots));
    ts_value_set(
        a, v, TS_S("result"),
        ts_value_string(a, ts_str_of(r->stopped ? "stopped" : ends[r->run.end])));
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        ts_value_set(a, v, ts_str_of(lists[i].key), ts_value_copy(a, lists[i].list));
    }
    return v;
}

struct ts_value *ts_scenario_report(const struct ts_scenarios *s, struct ts_arena *a)
{
    struct ts_value *v = ts_value_new(a, TS_OBJECT), *list = ts_value_new(a, TS_ARRAY);
    size_t failed = ts_scenarios_failed(s);

    for (size_t i = 0; i < s->n; i++) {
        if (s->v[i].result) {
            ts_value_push(list, of_scenario(a, &s->v[i]));
        }
    }
    ts_value_set(a, v, TS_S("passed"), ts_value_int(a, (int64_t)(s->n - failed)));
    ts_value_set(a, v, TS_S("failed"), ts_value_int(a, (int64_t)failed));
    ts_value_set(a, v, TS_S("scenarios"), list);
    return v;
}
