/* ledger.c - what the events say about each restart, beside its row in the ledger.
 *
 * A row is one restart, asked for or not.  Its request and its arrival are events, in the
 * order of the rows, so the n-th restart of the events is the n-th row. */
#include "state/state_internal.h"

#include <string.h>

struct matching {
    struct ts_arena *a;
    struct ts_value *next;    /* the row that the next restart begins */
    struct ts_value *pending; /* asked for, and not yet arrived */
};

static struct ts_value *row_of(struct matching *m, const struct ts_value *event)
{
    const struct ts_value *expected = ts_value_get(event, "expected");
    struct ts_value *row = m->next;

    if (expected && expected->boolean && m->pending) {
        row = m->pending;
    } else if (row) {
        m->next = row->next;
    }
    m->pending = expected ? NULL : row;
    return row;
}

static void add_event(struct matching *m, ts_str json)
{
    static const char *const keys[] = {
        "by",
        "name",
        "index",
        "at",
        "atName",
        "atIndex",
        "was",
        "interrupted",
        "interruptedName",
        "onInterrupt",
        "onInterruptFrom",
        "count",
        "limit",
    };
    struct ts_value *e = NULL, *row;

    if (ts_json_parse(&e, m->a, json, "event", NULL) != TS_OK || !(row = row_of(m, e))) {
        return;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct ts_value *v = ts_value_get(e, keys[i]);
        if (v) {
            ts_value_set(m->a, row, ts_str_of(keys[i]), ts_value_copy(m->a, v));
        }
    }
}

enum ts_code ts_ledger_complete(struct ts_state *s, int64_t run, struct ts_arena *a,
                                struct ts_value *rows, struct ts_err *err)
{
    struct matching m = {a, rows->first, NULL};
    sqlite3_stmt *q = ts_db_stmt(s, TS_Q_LOAD_RESTART_EVENTS);
    int step;
    enum ts_code rc = TS_OK;

    if (!q) {
        return ts_db_fail(s, err, "read");
    }
    sqlite3_bind_int64(q, 1, run);
    while ((step = sqlite3_step(q)) == SQLITE_ROW) {
        add_event(&m, ts_db_str(q, 0));
    }
    if (step != SQLITE_DONE) {
        rc = ts_db_fail(s, err, "read");
    }
    sqlite3_reset(q);
    return rc;
}
