/* junit.c - what was played, as JUnit XML: one test suite for each scenario file. */
#include "scenario/scenario_internal.h"

#include <string.h>

/* XML 1.0 has no way to say most control characters: they become U+FFFD. */
static void escape(struct ts_buf *out, ts_str text)
{
    for (size_t at = 0; at < text.n;) {
        size_t from = at;
        uint32_t c = ts_utf8_next(text, &at);
        if (c == '<') {
            ts_buf_z(out, "&lt;");
        } else if (c == '>') {
            ts_buf_z(out, "&gt;");
        } else if (c == '&') {
            ts_buf_z(out, "&amp;");
        } else if (c == '"') {
            ts_buf_z(out, "&quot;");
        } else if (c == '\n' || c == '\t' || c == '\r') {
            ts_buf_fmt(out, "&#%u;", (unsigned)c);
        } else if (c < ' ' || c == 0xFFFD || c == 0xFFFE || c == 0xFFFF) {
            ts_buf_z(out, "\xEF\xBF\xBD");
        } else {
            ts_buf_add(out, text.p + from, at - from);
        }
    }
}

static void attribute(struct ts_buf *out, const char *name, const char *text)
{
    ts_buf_fmt(out, " %s=\"", name);
    escape(out, ts_str_of(text));
    ts_buf_c(out, '"');
}

static void seconds(struct ts_buf *out, int64_t ms)
{
    ts_buf_fmt(out, " time=\"%lld.%03lld\"", (long long)(ms / 1000),
               (long long)(ms % 1000));
}

static void failure(struct ts_buf *out, const struct scn_result *r)
{
    struct ts_buf text = {0};

    for (const struct ts_value *m = r->failures->first; m; m = m->next) {
        const char *expected = ts_value_text(m, "expected"),
                   *came = ts_value_text(m, "came");
        ts_buf_fmt(&text, "%s\n", ts_value_text(m, "message"));
        if (expected) {
            ts_buf_fmt(&text, "  expected: %s\n", expected);
        }
        if (came) {
            ts_buf_fmt(&text, "  came: %s\n", came);
        }
    }
    ts_buf_z(&text, "steps:\n");
    for (const struct ts_value *m = r->steps->first; m; m = m->next) {
        ts_buf_fmt(&text, "  %s\n", m->str.p);
    }
    ts_buf_z(out, "      <failure");
    attribute(out, "message", ts_value_text(r->failures->first, "message"));
    ts_buf_z(out, ">");
    escape(out, ts_buf_view(&text));
    ts_buf_z(out, "</failure>\n");
    ts_buf_free(&text);
}

static void one_case(struct ts_buf *out, const struct scn *s)
{
    const struct scn_result *r = s->result;

    ts_buf_z(out, "    <testcase");
    attribute(out, "classname", s->sequence->path);
    attribute(out, "name", s->name);
    attribute(out, "file", s->file);
    ts_buf_fmt(out, " line=\"%d\"", s->line);
    seconds(out, r->elapsed_ms);
    if (r->passed) {
        ts_buf_z(out, "/>\n");
        return;
    }
    ts_buf_z(out, ">\n");
    failure(out, r);
    ts_buf_z(out, "    </testcase>\n");
}

/* Scenarios of one file stand together. */
static size_t one_suite(struct ts_buf *out, const struct ts_scenarios *s, size_t from)
{
    struct ts_buf cases = {0};
    int64_t ms = 0;
    size_t i = from, failed = 0, n = 0;

    for (; i < s->n && strcmp(s->v[i].file, s->v[from].file) == 0; i++) {
        if (s->v[i].result) {
            one_case(&cases, &s->v[i]);
            ms += s->v[i].result->elapsed_ms;
            failed += !s->v[i].result->passed;
            n++;
        }
    }
    ts_buf_z(out, "  <testsuite");
    attribute(out, "name", s->v[from].file);
    ts_buf_fmt(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\"", n,
               failed);
    seconds(out, ms);
    ts_buf_z(out, ">\n");
    ts_buf_str(out, ts_buf_view(&cases));
    ts_buf_z(out, "  </testsuite>\n");
    ts_buf_free(&cases);
    return i;
}

void ts_scenario_junit(struct ts_buf *out, const struct ts_scenarios *s)
{
    ts_buf_fmt(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
               "<testsuites name=\"taskseq test\" tests=\"%zu\" failures=\"%zu\">\n",
               s->n, ts_scenarios_failed(s));
    for (size_t i = 0; i < s->n;) {
        i = one_suite(out, s, i);
    }
    ts_buf_z(out, "</testsuites>\n");
}
