/* json.c - everything about a run as one object.  DESIGN.md names the keys. */
#include "state/state_internal.h"

#include "platform/clock.h"

#include <string.h>

struct writing {
    struct ts_state *s;
    struct ts_arena *a;
    bool held; /* by a process, before the tables were read */
};

static void put(const struct writing *w, struct ts_value *object, const char *key,
                struct ts_value *v)
{
    ts_value_set(w->a, object, ts_str_of(key), v);
}

static void put_text(const struct writing *w, struct ts_value *object, const char *key,
                     ts_str text)
{
    put(w, object, key,
        ts_value_string(w->a, (ts_str){ts_arena_str(w->a, text), text.n}));
}

static void put_int(const struct writing *w, struct ts_value *object, const char *key,
                    int64_t n)
{
    put(w, object, key, ts_value_int(w->a, n));
}

static void put_bool(const struct writing *w, struct ts_value *object, const char *key,
                     bool b)
{
    put(w, object, key, ts_value_bool(w->a, b));
}

/* A time, null if it has not come. */
static void put_time(const struct writing *w, struct ts_value *object, const char *key,
                     int64_t ms)
{
    char text[32];

    if (ms == 0) {
        put(w, object, key, ts_value_new(w->a, TS_NULL));
        return;
    }
    ts_time_rfc3339(text, ms);
    put_text(w, object, key, ts_str_of(text));
}

/* How long the run took or has taken; null if nobody knows when it was interrupted. */
static struct ts_value *elapsed(const struct writing *w, const struct ts_run *r,
                                bool active)
{
    int64_t end = r->ended_ms                                ? r->ended_ms
                  : active || r->status == TS_RUN_RESTARTING ? ts_now_ms()
                                                             : 0;

    return end ? ts_value_int(w->a, end > r->started_ms ? end - r->started_ms : 0)
               : ts_value_new(w->a, TS_NULL);
}

static struct ts_value *run_value(const struct writing *w, const struct ts_run *r)
{
    struct ts_value *o = ts_value_new(w->a, TS_OBJECT);
    /* A run that ends while we read was held before, one that begins is afterwards. */
    bool active = ts_run_unfinished(r->status) && (w->held || ts_state_held(w->s));

    put_text(w, o, "id", ts_str_of(r->uid));
    put_text(w, o, "status", ts_str_of(ts_run_status_name(r->status)));
    put_bool(w, o, "active", active);
    put_text(w, o, "name", ts_str_of(r->sequence_name));
    put_text(w, o, "file", ts_str_of(r->sequence_file));
    put_text(w, o, "hash", ts_str_of(r->sequence_hash));
    put_text(w, o, "machine", ts_str_of(r->machine));
    put_text(w, o, "workDir", ts_str_of(r->work_dir));
    put_time(w, o, "started", r->started_ms);
    put_time(w, o, "ended", r->ended_ms);
    put(w, o, "elapsedMs", elapsed(w, r, active));
    put_int(w, o, "code", r->result_code);
    put_text(w, o, "error", ts_str_of(r->error));
    put_int(w, o, "nextSeq", (int64_t)r->next_seq);
    return o;
}

/* The engine's own JSON; a text that is none is shown as a text. */
static struct ts_value *position_value(const struct writing *w, const char *position)
{
    struct ts_value *v;
    ts_str text = ts_str_of(position);

    if (text.n == 0) {
        return ts_value_new(w->a, TS_NULL);
    }
    if (ts_json_parse(&v, w->a, text, "position", NULL) == TS_OK) {
        return v;
    }
    return ts_value_string(w->a, (ts_str){ts_arena_str(w->a, text), text.n});
}

/* ---- steps ---------------------------------------------------------------------------
 */

static struct ts_value *attempt_value(const struct writing *w, sqlite3_stmt *q)
{
    struct ts_value *o = ts_value_new(w->a, TS_OBJECT);
    int64_t ended = sqlite3_column_int64(q, 5);

    put_int(w, o, "attempt", sqlite3_column_int64(q, 3));
    put_time(w, o, "started", sqlite3_column_int64(q, 4));
    put_time(w, o, "ended", ended);
    if (ended != 0) {
        put_int(w, o, "code", sqlite3_column_int64(q, 6));
        put_bool(w, o, "succeeded", sqlite3_column_int(q, 7) != 0);
        put_bool(w, o, "ignored", sqlite3_column_int(q, 8) != 0);
        put_text(w, o, "note", ts_db_str(q, 9));
        put_text(w, o, "tail", ts_db_str(q, 12));
    }
    return o;
}

static struct ts_value *skip_value(const struct writing *w, sqlite3_stmt *q)
{
    struct ts_value *o = ts_value_new(w->a, TS_OBJECT);

    put_text(w, o, "reason", ts_db_str(q, 10));
    put_text(w, o, "why", ts_db_str(q, 11));
    put_time(w, o, "time", sqlite3_column_int64(q, 4));
    return o;
}

/* Attempts that follow each other at one step stand in one entry. */
static void add_step(const struct writing *w, struct ts_value *steps, sqlite3_stmt *q)
{
    bool skipped = sqlite3_column_type(q, 10) != SQLITE_NULL;
    struct ts_value *last = steps->last;
    const struct ts_value *index = last ? ts_value_get(last, "index") : NULL;
    const struct ts_value *attempts = last ? ts_value_get(last, "attempts") : NULL;

    if (skipped || !attempts || index->integer != sqlite3_column_int64(q, 0) ||
        sqlite3_column_int64(q, 3) <= 1) {
        last = ts_value_new(w->a, TS_OBJECT);
        put_int(w, last, "index", sqlite3_column_int64(q, 0));
        put_text(w, last, "step", ts_db_str(q, 1));
        put_text(w, last, "name", ts_db_str(q, 2));
        if (skipped) {
            put(w, last, "skipped", skip_value(w, q));
        } else {
            put(w, last, "attempts", ts_value_new(w->a, TS_ARRAY));
        }
        ts_value_push(steps, last);
    }
    if (!skipped) {
        ts_value_push((struct ts_value *)ts_value_get(last, "attempts"),
                      attempt_value(w, q));
    }
}

/* ---- variables and restarts ----------------------------------------------------------
 */

static const char *const scopes[TS_SCOPE_COUNT] = {"default", "rules", "run", "step",
                                                   "engine"};

static void add_variable(const struct writing *w, struct ts_value *list, sqlite3_stmt *q)
{
    int scope = sqlite3_column_int(q, 0);
    int64_t secret = sqlite3_column_int64(q, 4);
    struct ts_value *o;

    if (secret <= 0 && sqlite3_column_type(q, 2) == SQLITE_NULL) {
        return; /* deleted */
    }
    o = ts_value_new(w->a, TS_OBJECT);
    put_text(w, o, "name", ts_db_str(q, 1));
    put_text(w, o, "value", secret > 0 ? TS_S("*****") : ts_db_str(q, 2));
    put_text(w, o, "scope",
             ts_str_of(scope >= 0 && scope < TS_SCOPE_COUNT ? scopes[scope] : ""));
    put_bool(w, o, "secret", secret > 0);
    put_text(w, o, "step", ts_db_str(q, 5));
    ts_value_push(list, o);
}

static void add_restart(const struct writing *w, struct ts_value *list, sqlite3_stmt *q)
{
    struct ts_value *o = ts_value_new(w->a, TS_OBJECT);
    int64_t requested = sqlite3_column_int64(q, 0), arrived = sqlite3_column_int64(q, 1);

    put_time(w, o, "requested", requested);
    put_time(w, o, "arrived", arrived);
    put_bool(w, o, "expected", sqlite3_column_int(q, 6) != 0);
    put_text(w, o, "step", ts_db_str(q, 2));
    put_text(w, o, "target", ts_db_str(q, 3));
    put_text(w, o, "phase", ts_db_str(q, 4));
    put_text(w, o, "message", ts_db_str(q, 5));
    put_text(w, o, "by",
             ts_str_of(requested == 0      ? "nobody"
                       : ts_db_str(q, 2).n ? "step"
                                           : "runtime"));
    if (requested && arrived >= requested) {
        put_int(w, o, "ms", arrived - requested);
    }
    ts_value_push(list, o);
}

static enum ts_code add_rows(const struct writing *w, enum ts_stmt which, int64_t run,
                             struct ts_value *object, const char *key,
                             void (*add)(const struct writing *, struct ts_value *,
                                         sqlite3_stmt *),
                             struct ts_err *err)
{
    struct ts_value *list = ts_value_new(w->a, TS_ARRAY);
    sqlite3_stmt *q = ts_db_stmt(w->s, which);
    int step;
    enum ts_code rc = TS_OK;

    if (!q) {
        return ts_db_fail(w->s, err, "read");
    }
    sqlite3_bind_int64(q, 1, run);
    while ((step = sqlite3_step(q)) == SQLITE_ROW) {
        add(w, list, q);
    }
    if (step != SQLITE_DONE) {
        rc = ts_db_fail(w->s, err, "read");
    }
    sqlite3_reset(q);
    put(w, object, key, list);
    return rc;
}

static enum ts_code build(const struct writing *w, int64_t run, struct ts_value *o,
                          struct ts_err *err)
{
    struct ts_run r;
    enum ts_code rc;

    if ((rc = ts_run_read(w->s, run, w->a, &r, err)) != TS_OK) {
        return rc;
    }
    put(w, o, "run", run_value(w, &r));
    put(w, o, "position", position_value(w, r.position));
    if ((rc = add_rows(w, TS_Q_LOAD_STEPS, r.id, o, "steps", add_step, err)) != TS_OK ||
        (rc = add_rows(w, TS_Q_LOAD_VARS, r.id, o, "variables", add_variable, err)) !=
            TS_OK) {
        return rc;
    }
    if ((rc = add_rows(w, TS_Q_LOAD_RESTARTS, r.id, o, "restarts", add_restart, err)) !=
        TS_OK) {
        return rc;
    }
    return ts_ledger_complete(w->s, r.id, w->a, o->last, err);
}

enum ts_code ts_state_to_value(struct ts_state *s, int64_t run, struct ts_arena *a,
                               struct ts_value **out, struct ts_err *err)
{
    struct writing w = {s, a, ts_state_held(s)};
    struct ts_value *o = ts_value_new(a, TS_OBJECT);
    enum ts_code rc = ts_state_refresh(s, err);

    *out = NULL;
    if (rc != TS_OK) {
        return rc;
    }
    /* One view of all tables, while a run goes on writing. */
    bool alone = sqlite3_get_autocommit(s->db) != 0;
    if (alone && sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        return ts_db_fail(s, err, "read");
    }
    rc = build(&w, run, o, err);
    if (alone) {
        sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    }
    if (rc == TS_OK) {
        *out = o;
    }
    return rc;
}
