/* record.c - what the engine records, and making it durable.
 *
 * Records go into an open transaction as they come; a commit ends it.  What fails on the
 * way is kept and said by the commit, so that recording itself needs no error paths. */
#include "state/state_internal.h"

#include "platform/clock.h"
#include "platform/power.h"

#include <assert.h>
#include <string.h>

static void forget_transaction(struct ts_state *s)
{
    if (s->in_tx && !sqlite3_get_autocommit(s->db)) { /* SQLite may have done it itself */
        (void)!ts_db_run(s, ts_db_stmt(s, TS_Q_ROLLBACK), "rolled back", NULL);
    }
    s->in_tx = false;
}

void ts_record_forget(struct ts_state *s)
{
    forget_transaction(s);
    s->failed = TS_OK;
}

void ts_record_result(struct ts_state *s, enum ts_code rc, const struct ts_err *err)
{
    if (rc != TS_OK && s->failed == TS_OK) {
        s->failed = rc;
        s->failure = *err;
        forget_transaction(s);
    }
}

bool ts_record_begin(struct ts_state *s)
{
    struct ts_err err;

    if (!s->in_tx && s->failed == TS_OK) {
        enum ts_code rc = ts_db_run(s, ts_db_stmt(s, TS_Q_BEGIN), "written", &err);
        s->in_tx = rc == TS_OK;
        ts_record_result(s, rc, &err);
    }
    return s->in_tx;
}

/* Open the transaction and give the statement with the run as its first parameter; NULL
 * when recording has failed. */
static sqlite3_stmt *record(struct ts_state *s, enum ts_stmt which)
{
    struct ts_err err;
    sqlite3_stmt *q;

    assert(s->run != 0 && !s->readonly); /* records belong to a run */
    if (!ts_record_begin(s)) {
        return NULL;
    }
    if (!(q = ts_db_stmt(s, which))) {
        ts_record_result(s, ts_db_fail(s, &err, "written"), &err);
        return NULL;
    }
    sqlite3_bind_int64(q, 1, s->run);
    return q;
}

static void run_record(struct ts_state *s, sqlite3_stmt *q)
{
    struct ts_err err;
    ts_record_result(s, ts_db_run(s, q, "written", &err), &err);
}

static void bind_text(sqlite3_stmt *q, int i, const char *text)
{
    sqlite3_bind_text(q, i, text ? text : "", -1, SQLITE_STATIC);
}

/* ---- progress ------------------------------------------------------------------------
 */

static void set_text(char **at, const char *text)
{
    char *copy = ts_strdup(text ? text : "");
    ts_free(*at);
    *at = copy;
}

void ts_state_position(struct ts_state *s, const char *json)
{
    set_text(&s->position, json);
    s->progress_dirty = true;
}

/* A run that had ended goes on: its secrets went when it ended. */
static void forget_secrets(struct ts_state *s)
{
    sqlite3_stmt *q = record(s, TS_Q_FORGET_SECRETS);

    if (q) {
        run_record(s, q);
        ts_state_drop_secrets(s);
    }
}

void ts_state_status(struct ts_state *s, enum ts_run_status status, int64_t code,
                     const char *error)
{
    if (ts_run_unfinished(status) && !ts_run_unfinished(s->status)) {
        forget_secrets(s);
    }
    s->status = status;
    s->result_code = code;
    set_text(&s->error, error);
    s->ended_ms = ts_run_unfinished(status) ? 0 : ts_now_ms();
    s->progress_dirty = true;
}

static void write_progress(struct ts_state *s)
{
    sqlite3_stmt *q = record(s, TS_Q_PROGRESS);

    if (!q) {
        return;
    }
    bind_text(q, 2, ts_run_status_name(s->status));
    bind_text(q, 3, s->position);
    sqlite3_bind_int64(q, 4, (int64_t)s->next_seq);
    sqlite3_bind_int64(q, 5, s->ended_ms);
    sqlite3_bind_int64(q, 6, s->result_code);
    bind_text(q, 7, s->error);
    run_record(s, q);
    if (s->failed == TS_OK && sqlite3_changes(s->db) != 1) {
        struct ts_err err;
        ts_record_result(
            s,
            ts_fail(&err, TS_EIO, "%s does not hold the run that is recorded", s->path),
            &err);
    }
}

/* ---- steps ---------------------------------------------------------------------------
 */

int64_t ts_state_attempt_started(struct ts_state *s, int index, const char *step_id,
                                 const char *name, int attempt, int64_t time_ms)
{
    sqlite3_stmt *q = record(s, TS_Q_STEP_STARTED);

    if (!q) {
        return 0;
    }
    sqlite3_bind_int(q, 2, index);
    bind_text(q, 3, step_id);
    bind_text(q, 4, name);
    sqlite3_bind_int(q, 5, attempt);
    sqlite3_bind_int64(q, 6, time_ms);
    run_record(s, q);
    return s->failed == TS_OK ? sqlite3_last_insert_rowid(s->db) : 0;
}

/* The last 64 KiB, from the first byte of a character on. */
static ts_str tail_of(ts_str s)
{
    if (s.n > TS_TAIL_MAX) {
        s.p += s.n - TS_TAIL_MAX;
        s.n = TS_TAIL_MAX;
        for (int i = 0; i < 3 && s.n > 0 && ((unsigned char)*s.p & 0xC0) == 0x80; i++) {
            s.p++;
            s.n--;
        }
    }
    return s;
}

void ts_state_attempt_finished(struct ts_state *s, int64_t attempt,
                               const struct ts_attempt_end *end)
{
    sqlite3_stmt *q = record(s, TS_Q_STEP_FINISHED);
    ts_str tail = tail_of(end->tail);

    if (!q) {
        return;
    }
    sqlite3_bind_int64(q, 1, attempt);
    sqlite3_bind_int64(q, 2, end->time_ms);
    sqlite3_bind_int64(q, 3, end->code);
    sqlite3_bind_int(q, 4, end->succeeded);
    sqlite3_bind_int(q, 5, end->ignored);
    bind_text(q, 6, end->note);
    sqlite3_bind_text(q, 7, tail.n ? tail.p : "", (int)tail.n, SQLITE_STATIC);
    run_record(s, q);
}

void ts_state_skipped(struct ts_state *s, int index, const char *step_id,
                      const char *name, const char *reason, const char *why,
                      int64_t time_ms)
{
    sqlite3_stmt *q = record(s, TS_Q_STEP_SKIPPED);

    if (!q) {
        return;
    }
    sqlite3_bind_int(q, 2, index);
    bind_text(q, 3, step_id);
    bind_text(q, 4, name);
    sqlite3_bind_int64(q, 5, time_ms);
    bind_text(q, 6, reason);
    bind_text(q, 7, why);
    run_record(s, q);
}

/* ---- variables -----------------------------------------------------------------------
 */

/* Column `secret`: 0 no, a serial of the sealed file, or this: a secret that was deleted
 * (the name stays secret). */
#define DELETED_SECRET (-1)

static int64_t seal(struct ts_state *s, const struct ts_var *v)
{
    struct ts_err err;

    if (!v->secret) {
        return 0; /* a name that was ever secret stays so: there is none to remove */
    }
    /* What the file holds from before a restart must stay in it. */
    ts_record_result(s, ts_state_need_secrets(s, &err), &err);
    if (s->failed != TS_OK) {
        return 0;
    }
    if (!v->value) {
        ts_secrets_remove(s->secrets, v->scope, v->name);
        return DELETED_SECRET;
    }
    return ts_secrets_put(s->secrets, v->scope, v->name, ts_str_of(v->value));
}

void ts_state_variable(struct ts_state *s, const struct ts_var *v, const char *step_id)
{
    int64_t sealed = seal(s, v);
    sqlite3_stmt *q = record(s, TS_Q_VARIABLE);
    const char *volume;

    if (!q) {
        return;
    }
    sqlite3_bind_int(q, 2, (int)v->scope);
    bind_text(q, 3, v->name);
    if (v->value && !v->secret) {
        bind_text(q, 4, v->value);
        if ((volume = ts_volume_of_value(v->value)) != NULL) {
            bind_text(q, 5, volume);
        }
    }
    sqlite3_bind_int64(q, 6, sealed);
    if (step_id) {
        bind_text(q, 7, step_id);
    }
    run_record(s, q);
}

/* ---- events and restarts -------------------------------------------------------------
 */

/* Output stands in the attempt's tail, the log has its file, and progress is over when it
 * was seen: stored, they would make the database grow with what a program prints. */
static bool event_is_kept(const char *type)
{
    return strcmp(type, "step.output") != 0 && strcmp(type, "step.progress") != 0 &&
           strcmp(type, "log") != 0;
}

void ts_state_event(struct ts_state *s, const struct ts_event *e)
{
    sqlite3_stmt *q;

    if (e->seq >= s->next_seq) {
        s->next_seq = e->seq + 1;
        s->progress_dirty = true;
    }
    if (!event_is_kept(e->type) || !(q = record(s, TS_Q_EVENT))) {
        return;
    }
    sqlite3_bind_int64(q, 2, (int64_t)e->seq);
    sqlite3_bind_text(q, 3, e->json.p, (int)e->json.n, SQLITE_STATIC);
    run_record(s, q);
}

void ts_state_restart_requested(struct ts_state *s, const char *step_id,
                                const char *target, const char *message, int64_t time_ms)
{
    sqlite3_stmt *q = record(s, TS_Q_RESTART_REQUESTED);

    if (!q) {
        return;
    }
    sqlite3_bind_int64(q, 2, time_ms);
    bind_text(q, 3, step_id);
    bind_text(q, 4, target);
    bind_text(q, 5, message);
    run_record(s, q);
}

static void arrived(struct ts_state *s, enum ts_stmt which, bool expected,
                    const char *phase, int64_t time_ms)
{
    sqlite3_stmt *q = record(s, which);

    if (!q) {
        return;
    }
    sqlite3_bind_int64(q, 2, time_ms);
    bind_text(q, 3, phase);
    if (which == TS_Q_RESTART_UNEXPECTED) {
        sqlite3_bind_int(q, 4, expected);
    }
    run_record(s, q);
}

void ts_state_restart_arrived(struct ts_state *s, bool expected, const char *phase,
                              int64_t time_ms)
{
    if (expected) {
        arrived(s, TS_Q_RESTART_ARRIVED, true, phase, time_ms);
        if (s->failed != TS_OK || sqlite3_changes(s->db) > 0) {
            return;
        }
    }
    arrived(s, TS_Q_RESTART_UNEXPECTED, expected, phase, time_ms);
}

/* ---- commit --------------------------------------------------------------------------
 */

/* Records first, then the sealed file, then the commit that relies on it. */
static enum ts_code commit(struct ts_state *s, struct ts_err *err)
{
    enum ts_code rc;

    if (s->progress_dirty) {
        write_progress(s);
    }
    if (s->failed != TS_OK) {
        return ts_fail(err, s->failed, "%s", s->failure.text);
    }
    if (ts_secrets_dirty(s->secrets) &&
        (rc = ts_secrets_save(s->secrets, s->dir, err)) != TS_OK) {
        return rc;
    }
    if (!s->in_tx) {
        return TS_OK;
    }
    ts_power_point();
    rc = ts_db_run(s, ts_db_stmt(s, TS_Q_COMMIT), "written", err);
    ts_power_point();
    return rc;
}

enum ts_code ts_state_commit(struct ts_state *s, struct ts_err *err)
{
    enum ts_code rc = commit(s, err);

    if (rc != TS_OK) {
        ts_record_forget(s);
        return rc;
    }
    s->in_tx = false;
    s->progress_dirty = false;
    ts_secrets_committed(s->secrets);
    return TS_OK;
}
