#include "events/events.h"

#include "base/mem.h"
#include "platform/fs.h"

#include <criterion/criterion.h>
#include <string.h>

/* The manual page, and the part of it below the heading of one event. */
static char *manual(void)
{
    struct ts_buf b = {0};
    struct ts_err err;
    cr_assert_eq(ts_file_read(TASKSEQ_SOURCE_DIR "/docs/events.md", 1 << 20, &b, &err),
                 TS_OK, "%s", err.text);
    return ts_buf_take(&b);
}

static char *section(const char *text, const char *type)
{
    char *heading = ts_format("\n### `%s`\n", type);
    const char *at = strstr(text, heading);
    cr_assert(at != NULL, "docs/events.md does not describe %s", type);
    at += strlen(heading);
    const char *end = strstr(at, "\n##");
    char *out = ts_str_dup((ts_str){at, end ? (size_t)(end - at) : strlen(at)});
    ts_free(heading);
    return out;
}

static void check_fields(const char *part, const char *type,
                         const struct ts_event_field_doc *f, size_t n)
{
    size_t rows = 0;
    for (size_t i = 0; i < n; i++) {
        char *row = ts_format("\n| `%s` | %s%s |", f[i].key, f[i].kind,
                              f[i].optional ? ", optional" : "");
        cr_assert(strstr(part, row) != NULL, "%s: docs/events.md lacks%s", type, row);
        ts_free(row);
        ts_str values = ts_str_of(f[i].values), value;
        while (ts_str_cut(&values, '|', &value) && value.n) {
            char *said = ts_format("`%.*s`", (int)value.n, value.p);
            cr_assert(strstr(part, said) != NULL, "%s: no %s", type, said);
            ts_free(said);
        }
    }
    for (const char *p = part; (p = strstr(p, "\n| `")) != NULL; p++) {
        rows++;
    }
    cr_assert_eq(rows, n, "%s: docs/events.md has %zu fields, the catalogue %zu", type,
                 rows, n);
}

Test(events_catalogue, manual_describes_every_event_with_its_fields)
{
    size_t n, n_common, headings = 0;
    char *text = manual();
    const struct ts_event_doc *docs = ts_events_catalogue(&n);
    const struct ts_event_field_doc *common = ts_events_common(&n_common);

    for (size_t i = 0; i < n; i++) {
        char *part = section(text, docs[i].type);
        check_fields(part, docs[i].type, docs[i].fields, docs[i].n);
        ts_free(part);
    }
    for (const char *p = text; (p = strstr(p, "\n### `")) != NULL; p++) {
        headings++;
    }
    cr_assert_eq(headings, n);
    for (size_t i = 0; i < n_common; i++) {
        char *row = ts_format("\n| `%s` | %s |", common[i].key, common[i].kind);
        cr_assert(strstr(text, row) != NULL, "%s", row);
        ts_free(row);
    }
}

Test(events_catalogue, has_the_events_of_a_run)
{
    static const char *const types[] = {
        "run.started",       "run.resumed",     "run.finished", "group.started",
        "group.finished",    "group.skipped",   "step.started", "step.output",
        "step.progress",     "step.finished",   "step.skipped", "variable.set",
        "restart.requested", "restart.arrived", "log"};
    size_t n;
    const struct ts_event_doc *docs = ts_events_catalogue(&n);
    cr_assert_eq(n, sizeof types / sizeof *types);
    for (size_t i = 0; i < n; i++) {
        cr_assert_str_eq(docs[i].type, types[i]);
        cr_assert(docs[i].meaning[0] && docs[i].n > 0);
    }
}
