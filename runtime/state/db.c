/* db.c - SQLite in our terms. */
#include "state/state_internal.h"

#include "platform/power.h"

#include <string.h>

static const char *const sql[TS_Q_COUNT] = {
    [TS_Q_BEGIN] = "BEGIN IMMEDIATE",
    [TS_Q_COMMIT] = "COMMIT",
    [TS_Q_ROLLBACK] = "ROLLBACK",
    [TS_Q_LAST_RUN] = "SELECT max(id) FROM runs",
    [TS_Q_RUN] =
        "SELECT id, uid, sequence_name, sequence_file, sequence_hash, model, "
        "machine, work_dir, started_ms, status, position, next_seq, ended_ms, "
        "result_code, error FROM runs LEFT JOIN progress ON run = id WHERE id = ?1",
    [TS_Q_NEW_RUN] =
        "INSERT INTO runs(uid, sequence_name, sequence_file, sequence_hash, "
        "model, machine, work_dir, started_ms) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
    [TS_Q_NEW_PROGRESS] =
        "INSERT INTO progress(run, status, position, next_seq, ended_ms, "
        "result_code, error) VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [TS_Q_PROGRESS] = "UPDATE progress SET status = ?2, position = ?3, next_seq = ?4, "
                      "ended_ms = ?5, result_code = ?6, error = ?7 WHERE run = ?1",
    [TS_Q_STEP_STARTED] = "INSERT INTO steps(run, idx, step, name, attempt, started_ms) "
                          "VALUES(?1,?2,?3,?4,?5,?6)",
    [TS_Q_STEP_FINISHED] = "UPDATE steps SET ended_ms = ?2, code = ?3, succeeded = ?4, "
                           "ignored = ?5, note = ?6, tail = ?7 WHERE id = ?1",
    [TS_Q_STEP_SKIPPED] = "INSERT INTO steps(run, idx, step, name, started_ms, ended_ms, "
                          "skipped, why) VALUES(?1,?2,?3,?4,?5,?5,?6,?7)",
    [TS_Q_VARIABLE] =
        "INSERT INTO variables(run, scope, name, value, volume, secret, step) "
        "VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(run, scope, name) DO UPDATE "
        "SET value = excluded.value, volume = excluded.volume, "
        "secret = excluded.secret, step = coalesce(excluded.step, step)",
    [TS_Q_EVENT] = "INSERT INTO events(run, seq, json) VALUES(?1,?2,?3)",
    [TS_Q_RESTART_REQUESTED] =
        "INSERT INTO restarts(run, requested_ms, arrived_ms, step, "
        "target, message, expected) VALUES(?1,?2,0,?3,?4,?5,1)",
    [TS_Q_RESTART_ARRIVED] =
        "UPDATE restarts SET arrived_ms = ?2, phase = ?3 WHERE id = (SELECT max(id) FROM "
        "restarts WHERE run = ?1 AND arrived_ms = 0)",
    [TS_Q_RESTART_UNEXPECTED] =
        "INSERT INTO restarts(run, requested_ms, arrived_ms, phase, "
        "expected) VALUES(?1,0,?2,?3,?4)",
    [TS_Q_FORGET_SECRETS] =
        "UPDATE variables SET secret = -1 WHERE run = ?1 AND secret > 0",
    [TS_Q_NEWEST_SECRET] = "SELECT max(secret) FROM variables WHERE run = ?1",
    [TS_Q_LOAD_VARS] = "SELECT scope, name, value, volume, secret, step FROM variables "
                       "WHERE run = ?1 ORDER BY id",
    [TS_Q_LOAD_STEPS] = "SELECT idx, step, name, attempt, started_ms, ended_ms, code, "
                        "succeeded, ignored, note, skipped, why, tail FROM steps "
                        "WHERE run = ?1 ORDER BY id",
    [TS_Q_LOAD_RESTARTS] =
        "SELECT requested_ms, arrived_ms, step, target, phase, message, "
        "expected FROM restarts WHERE run = ?1 ORDER BY id",
    [TS_Q_LOAD_RESTART_EVENTS] =
        "SELECT json FROM events WHERE run = ?1 AND json GLOB '{\"event\":\"restart.*' "
        "ORDER BY id",
    [TS_Q_LOAD_EVENTS] = "SELECT seq, json FROM events WHERE run = ?1 ORDER BY id",
};

enum ts_code ts_db_fail(struct ts_state *s, struct ts_err *err, const char *what)
{
    if (!s->db) {
        return ts_fail(err, TS_EIO, "%s could not be %s: it is not open", s->path, what);
    }
    int os = sqlite3_system_errno(s->db);
    const char *why = sqlite3_errmsg(s->db);

    switch (sqlite3_errcode(s->db) & 0xFF) {
    case SQLITE_NOMEM:
        ts_oom(0);
    case SQLITE_FULL:
        return ts_fail(err, TS_ENOSPC, "%s could not be %s: no space left", s->path,
                       what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ts_fail(
            err, TS_EDAMAGED,
            "%s is damaged (%s); look at it with sqlite3, or move it away (or use "
            "another --state folder) to begin anew",
            s->path, why);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return ts_fail(err, TS_EACCESS, "%s could not be %s: %s", s->path, what, why);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ts_fail(
            err, TS_EBUSY,
            "%s could not be %s: another program has been using it for too long", s->path,
            what);
    case SQLITE_IOERR:
        if (os != 0) {
            return ts_fail_os(err, os, "%s could not be %s", s->path, what);
        }
        break;
    default:
        break;
    }
    return ts_fail(err, TS_EIO, "%s could not be %s: %s", s->path, what, why);
}

/* "file:///dir/state.db?immutable=1": no locks, nothing made beside the file. */
static char *immutable_uri(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~/:";
    struct ts_buf b = {0};

    ts_buf_z(&b, path[0] == '/' ? "file://" : "file:///");
    for (const char *p = path; *p; p++) {
        char c = *p == '\\' ? '/' : *p;
        if (strchr(plain, c)) {
            ts_buf_c(&b, c);
        } else {
            ts_buf_fmt(&b, "%%%02X", (unsigned)(unsigned char)c);
        }
    }
    ts_buf_z(&b, "?immutable=1");
    return ts_buf_take(&b);
}

static int open_handle(struct ts_state *s)
{
    int flags = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX;
    int rc;

    if (!s->readonly) {
        return sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_READWRITE, NULL);
    }
    if (!s->immutable) {
        return sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_READONLY, NULL);
    }
    char *uri = immutable_uri(s->path);
    rc = sqlite3_open_v2(uri, &s->db, flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                         NULL);
    ts_free(uri);
    return rc;
}

enum ts_code ts_db_open(struct ts_state *s, struct ts_err *err)
{
    if (open_handle(s) != SQLITE_OK) {
        if (!s->db) {
            ts_oom(0);
        }
        enum ts_code rc = ts_db_fail(s, err, "opened");
        ts_db_close(s, true);
        return rc;
    }
    sqlite3_busy_timeout(s->db, 5000);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, 256 * 1024 * 1024);
    if (sqlite3_exec(s->db,
                     "PRAGMA synchronous=FULL;PRAGMA cell_size_check=ON;"
                     "PRAGMA temp_store=MEMORY",
                     NULL, NULL, NULL) != SQLITE_OK) {
        enum ts_code rc = ts_db_fail(s, err, "opened");
        ts_db_close(s, true);
        return rc;
    }
    return TS_OK;
}

void ts_state_hurry(struct ts_state *s)
{
    int rc = sqlite3_exec(s->db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);

    (void)rc; /* it is only slower then */
}

void ts_db_close(struct ts_state *s, bool keep_wal)
{
    for (size_t i = 0; i < TS_Q_COUNT; i++) {
        sqlite3_finalize(s->stmts[i]);
        s->stmts[i] = NULL;
    }
    if (!s->db) {
        return;
    }
    if (keep_wal) {
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    } else if (!s->readonly) {
        ts_power_point(); /* closing carries the write-ahead log over and removes it */
    }
    sqlite3_close(s->db);
    s->db = NULL;
    s->in_tx = false;
}

enum ts_code ts_db_checkpoint(struct ts_state *s, struct ts_err *err)
{
    ts_power_point();
    if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
        SQLITE_OK) {
        return ts_db_fail(s, err, "written");
    }
    ts_power_point();
    return TS_OK;
}

sqlite3_stmt *ts_db_stmt(struct ts_state *s, enum ts_stmt q)
{
    if (!s->stmts[q]) {
        sqlite3_prepare_v3(s->db, sql[q], -1, SQLITE_PREPARE_PERSISTENT, &s->stmts[q],
                           NULL);
    } else {
        sqlite3_reset(s->stmts[q]);
        sqlite3_clear_bindings(s->stmts[q]);
    }
    return s->stmts[q];
}

enum ts_code ts_db_run(struct ts_state *s, sqlite3_stmt *q, const char *what,
                       struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    if (!q || sqlite3_step(q) != SQLITE_DONE) {
        rc = ts_db_fail(s, err, what);
    }
    sqlite3_reset(q); /* frees what it holds; NULL is allowed */
    return rc;
}

void ts_db_remove_side_files(const char *db_path)
{
    static const char *const ends[] = {"-wal", "-shm", "-journal"};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char *path = ts_format("%s%s", db_path, ends[i]);
        if (ts_fs_exists(path)) {
            (void)!ts_fs_unlink(path, NULL);
        }
        ts_free(path);
    }
}

ts_str ts_db_str(sqlite3_stmt *q, int column)
{
    const char *p = (const char *)sqlite3_column_text(q, column);
    return (ts_str){p ? p : "", p ? (size_t)sqlite3_column_bytes(q, column) : 0};
}

const char *ts_db_text(struct ts_arena *a, sqlite3_stmt *q, int column)
{
    return ts_arena_str(a, ts_db_str(q, column));
}
