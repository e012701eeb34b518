/* run.c - rows of `runs` and `progress`: beginning, reading and giving up a run. */
#include "state/state_internal.h"

#include "platform/clock.h"

#include <string.h>

static const char *const names[] = {
    [TS_RUN_NONE] = "none",
    [TS_RUN_RUNNING] = "running",
    [TS_RUN_RESTARTING] = "restarting",
    [TS_RUN_SUCCEEDED] = "succeeded",
    [TS_RUN_FAILED] = "failed",
    [TS_RUN_CANCELLED] = "cancelled",
};

const char *ts_run_status_name(enum ts_run_status s)
{
    return names[s];
}

enum ts_code ts_run_status_parse(ts_str name, enum ts_run_status *out)
{
    for (int i = TS_RUN_NONE; i <= TS_RUN_CANCELLED; i++) {
        if (ts_str_eq(name, ts_str_of(names[i]))) {
            *out = (enum ts_run_status)i;
            return TS_OK;
        }
    }
    return TS_EDAMAGED;
}

bool ts_run_unfinished(enum ts_run_status s)
{
    return s == TS_RUN_RUNNING || s == TS_RUN_RESTARTING;
}

/* The id names a folder below archive/ and goes into environments. */
static bool uid_valid(const char *uid)
{
    size_t n = 0;
    for (; uid[n]; n++) {
        if (!strchr("0123456789abcdef", uid[n])) {
            return false;
        }
    }
    return n == 32;
}

static enum ts_code newest(struct ts_state *s, int64_t *id, struct ts_err *err)
{
    sqlite3_stmt *q = ts_db_stmt(s, TS_Q_LAST_RUN);
    enum ts_code rc = TS_OK;

    if (!q || sqlite3_step(q) != SQLITE_ROW) {
        rc = ts_db_fail(s, err, "read");
    } else {
        *id = sqlite3_column_int64(q, 0);
    }
    sqlite3_reset(q);
    return rc;
}

static void fill(struct ts_arena *a, sqlite3_stmt *q, struct ts_run *out)
{
    *out = (struct ts_run){
        .id = sqlite3_column_int64(q, 0),
        .uid = ts_db_text(a, q, 1),
        .sequence_name = ts_db_text(a, q, 2),
        .sequence_file = ts_db_text(a, q, 3),
        .sequence_hash = ts_db_text(a, q, 4),
        .model = ts_db_text(a, q, 5),
        .machine = ts_db_text(a, q, 6),
        .work_dir = ts_db_text(a, q, 7),
        .started_ms = sqlite3_column_int64(q, 8),
        .position = ts_db_text(a, q, 10),
        .next_seq = (uint64_t)sqlite3_column_int64(q, 11),
        .ended_ms = sqlite3_column_int64(q, 12),
        .result_code = sqlite3_column_int64(q, 13),
        .error = ts_db_text(a, q, 14),
    };
}

enum ts_code ts_run_read(struct ts_state *s, int64_t id, struct ts_arena *a,
                         struct ts_run *out, struct ts_err *err)
{
    enum ts_code rc = TS_OK;
    sqlite3_stmt *q;
    int step;

    memset(out, 0, sizeof *out);
    if (id == 0 && (rc = newest(s, &id, err)) != TS_OK) {
        return rc;
    }
    q = ts_db_stmt(s, TS_Q_RUN);
    if (!q) {
        return ts_db_fail(s, err, "read");
    }
    sqlite3_bind_int64(q, 1, id);
    step = sqlite3_step(q);
    if (step == SQLITE_ROW) {
        fill(a, q, out);
        if (!uid_valid(out->uid) ||
            ts_run_status_parse(ts_db_str(q, 9), &out->status) != TS_OK) {
            rc = ts_fail(err, TS_EDAMAGED,
                         "%s is damaged: the record of its run makes no sense", s->path);
        }
    } else {
        rc = step == SQLITE_DONE
                 ? ts_fail(err, TS_ENOTFOUND, "no run is recorded in %s", s->dir)
                 : ts_db_fail(s, err, "read");
    }
    sqlite3_reset(q);
    return rc;
}

static void set_text(char **at, const char *text)
{
    char *copy = ts_strdup(text ? text : "");
    ts_free(*at);
    *at = copy;
}

void ts_run_current(struct ts_state *s, const struct ts_run *run)
{
    s->run = run->id;
    s->status = run->status;
    s->ended_ms = run->ended_ms;
    s->result_code = run->result_code;
    s->next_seq = run->next_seq;
    set_text(&s->position, run->position);
    set_text(&s->error, run->error);
    s->progress_dirty = false;
}

enum ts_code ts_state_last_run(struct ts_state *s, struct ts_run *out, struct ts_err *err)
{
    enum ts_code rc = ts_state_refresh(s, err);

    ts_arena_fini(&s->texts);
    s->texts = (struct ts_arena){0};
    if (rc == TS_OK && (rc = ts_run_read(s, 0, &s->texts, out, err)) == TS_OK &&
        s->run != out->id) {
        ts_run_current(s, out);
    }
    return rc;
}

/* ---- beginning -----------------------------------------------------------------------
 */

static void bind_text(sqlite3_stmt *q, int i, const char *text)
{
    sqlite3_bind_text(q, i, text ? text : "", -1, SQLITE_STATIC);
}

static enum ts_code insert(struct ts_state *s, struct ts_run *run, struct ts_err *err)
{
    enum ts_code rc;
    sqlite3_stmt *q = ts_db_stmt(s, TS_Q_NEW_RUN);

    if (q) {
        bind_text(q, 1, run->uid);
        bind_text(q, 2, run->sequence_name);
        bind_text(q, 3, run->sequence_file);
        bind_text(q, 4, run->sequence_hash);
        bind_text(q, 5, run->model);
        bind_text(q, 6, run->machine);
        bind_text(q, 7, run->work_dir);
        sqlite3_bind_int64(q, 8, run->started_ms);
    }
    if ((rc = ts_db_run(s, q, "written", err)) != TS_OK) {
        return rc;
    }
    run->id = sqlite3_last_insert_rowid(s->db);
    q = ts_db_stmt(s, TS_Q_NEW_PROGRESS);
    if (q) {
        sqlite3_bind_int64(q, 1, run->id);
        bind_text(q, 2, ts_run_status_name(run->status));
        bind_text(q, 3, run->position);
        sqlite3_bind_int64(q, 4, (int64_t)run->next_seq);
        sqlite3_bind_int64(q, 5, 0);
        sqlite3_bind_int64(q, 6, 0);
        bind_text(q, 7, "");
    }
    return ts_db_run(s, q, "written", err);
}

static enum ts_code refuse_unfinished(struct ts_state *s, struct ts_err *err)
{
    struct ts_arena a = {0};
    struct ts_run last;
    enum ts_code rc = ts_run_read(s, 0, &a, &last, err);

    if (rc == TS_OK && ts_run_unfinished(last.status)) {
        rc = ts_fail(
            err, TS_EREFUSED,
            "an unfinished run of \"%s\" stands in %s: go on with it (resume), give "
            "it up (--discard), or put it aside (--archive)",
            last.sequence_name, s->dir);
    }
    ts_arena_fini(&a);
    return rc == TS_ENOTFOUND ? TS_OK : rc;
}

enum ts_code ts_state_begin(struct ts_state *s, struct ts_run *run, struct ts_err *err)
{
    char uid[33];
    enum ts_code rc = refuse_unfinished(s, err);

    if (rc != TS_OK) {
        return rc;
    }
    ts_random_id(uid);
    run->uid = ts_arena_strz(&s->texts, uid);
    run->status = TS_RUN_RUNNING;
    run->ended_ms = run->result_code = 0;
    run->error = "";
    run->next_seq = run->next_seq ? run->next_seq : 1;
    run->started_ms = run->started_ms ? run->started_ms : ts_now_ms();
    if (!ts_record_begin(s)) {
        return ts_fail(err, s->failed, "%s", s->failure.text);
    }
    if ((rc = insert(s, run, err)) != TS_OK) {
        ts_record_forget(s);
        return rc;
    }
    ts_run_current(s, run);
    ts_state_drop_secrets(s); /* what an ended run may have left */
    s->secrets_loaded = true;
    return TS_OK;
}

enum ts_code ts_state_discard(struct ts_state *s, int64_t id, struct ts_err *err)
{
    struct ts_arena a = {0};
    struct ts_run run;
    enum ts_code rc = ts_run_read(s, id, &a, &run, err);

    if (rc == TS_OK && ts_run_unfinished(run.status)) {
        ts_run_current(s, &run);
        ts_state_status(s, TS_RUN_CANCELLED, 0, "given up");
        if ((rc = ts_state_commit(s, err)) == TS_OK) {
            ts_state_drop_secrets(s);
        }
    }
    ts_arena_fini(&a);
    return rc;
}
