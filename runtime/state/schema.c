/* schema.c - the database's tables, and whether a file is such a database. */
#include "state/state_internal.h"

#include "platform/power.h"

#include <inttypes.h>
#include <string.h>

/* In the order in which they are made.  SQLite keeps these texts as they stand here, so a
 * database can be compared with them: no trigger or view of somebody else is ever run. */
static const struct {
    const char *name, *sql;
} tables[] = {
    {"runs", "CREATE TABLE runs(id INTEGER PRIMARY KEY, uid TEXT, sequence_name TEXT, "
             "sequence_file TEXT, sequence_hash TEXT, model TEXT, machine TEXT, "
             "work_dir TEXT, started_ms INTEGER)"},
    {"progress",
     "CREATE TABLE progress(run INTEGER PRIMARY KEY, status TEXT, "
     "position TEXT, next_seq INTEGER, ended_ms INTEGER, result_code INTEGER, "
     "error TEXT)"},
    {"steps", "CREATE TABLE steps(id INTEGER PRIMARY KEY, run INTEGER, idx INTEGER, "
              "step TEXT, name TEXT, attempt INTEGER, started_ms INTEGER, "
              "ended_ms INTEGER, code INTEGER, succeeded INTEGER, ignored INTEGER, "
              "note TEXT, skipped TEXT, why TEXT, tail TEXT)"},
    {"variables", "CREATE TABLE variables(id INTEGER PRIMARY KEY, run INTEGER, "
                  "scope INTEGER, name TEXT COLLATE NOCASE, value TEXT, volume TEXT, "
                  "secret INTEGER, step TEXT, UNIQUE(run, scope, name))"},
    {"sqlite_autoindex_variables_1", ""},
    {"events", "CREATE TABLE events(id INTEGER PRIMARY KEY, run INTEGER, seq INTEGER, "
               "json TEXT)"},
    {"restarts", "CREATE TABLE restarts(id INTEGER PRIMARY KEY, run INTEGER, "
                 "requested_ms INTEGER, arrived_ms INTEGER, step TEXT, target TEXT, "
                 "message TEXT, phase TEXT, expected INTEGER)"},
};
#define N_TABLES (sizeof tables / sizeof tables[0])

/* ---- making one ----------------------------------------------------------------------
 */

static int build(sqlite3 *db)
{
    struct ts_buf sql = {0};

    ts_buf_fmt(&sql,
               "PRAGMA page_size=4096;PRAGMA application_id=%d;PRAGMA user_version=%d;",
               TS_DB_APPLICATION, TS_STATE_FORMAT);
    ts_buf_z(&sql, "BEGIN;");
    for (size_t i = 0; i < N_TABLES; i++) {
        ts_buf_fmt(&sql, "%s;", tables[i].sql);
    }
    ts_buf_z(&sql, "COMMIT;");
    int rc = sqlite3_exec(db, sql.p, NULL, NULL, NULL);
    ts_buf_free(&sql);
    return rc;
}

/* Made in memory and put in place by one rename: cheaper than letting SQLite make the
 * file, and there is no moment at which half a database stands there. */
enum ts_code ts_schema_create(const char *path, struct ts_err *err)
{
    sqlite3 *db = NULL;
    unsigned char *bytes = NULL;
    sqlite3_int64 n = 0;
    enum ts_code rc;

    if (sqlite3_open(":memory:", &db) != SQLITE_OK || build(db) != SQLITE_OK ||
        !(bytes = sqlite3_serialize(db, "main", &n, 0)) || n < 100) {
        rc = ts_fail(err, TS_EIO, "a new state database could not be made: %s",
                     db ? sqlite3_errmsg(db) : "no memory");
        goto done;
    }
    bytes[18] = bytes[19] = 2; /* file format: read and written with a write-ahead log */
    ts_db_remove_side_files(path);
    rc = ts_file_replace(path, bytes, (size_t)n, 0600, err);

done:
    sqlite3_free(bytes);
    sqlite3_close(db);
    return rc;
}

/* ---- is it one? ----------------------------------------------------------------------
 */

#define WAYS_OUT                                                                         \
    "look at it with sqlite3, or move it away (or use another --state folder) to begin " \
    "anew"

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static enum ts_code other_format(const char *path, uint32_t format, struct ts_err *err)
{
    return ts_fail(
        err, TS_EDAMAGED,
        "%s was written by %s version of taskseq: it has format %" PRIu32
        ", this one reads format %d; it was not touched: go on with it, or give "
        "it up, with the version that wrote it, or begin anew in another --state "
        "folder or after moving it away",
        path, format > TS_STATE_FORMAT ? "a newer" : "an older", format, TS_STATE_FORMAT);
}

static enum ts_code check_header(const char *path, const unsigned char *h, size_t n,
                                 uint64_t size, bool has_wal, struct ts_err *err)
{
    if (n < 16 || memcmp(h, "SQLite format 3", 16) != 0) {
        return ts_fail(err, TS_EDAMAGED,
                       "%s is not a state database and was not touched; " WAYS_OUT, path);
    }
    if (n < 100) {
        return ts_fail(
            err, TS_EDAMAGED,
            "%s is cut off in its first 100 bytes and was not touched; " WAYS_OUT, path);
    }
    if (be32(h + 68) != TS_DB_APPLICATION) {
        return ts_fail(
            err, TS_EDAMAGED,
            "%s is a database of another program and was not touched; " WAYS_OUT, path);
    }
    if (be32(h + 60) != TS_STATE_FORMAT) {
        return other_format(path, be32(h + 60), err);
    }
    uint32_t page = (uint32_t)h[16] << 8 | h[17];
    page = page == 1 ? 65536 : page;
    if (page < 512 || (page & (page - 1)) != 0) {
        return ts_fail(err, TS_EDAMAGED,
                       "%s is damaged (page size) and was not touched; " WAYS_OUT, path);
    }
    /* While a write-ahead log is being carried over the first page can be ahead of the
     * file's length, rightly. */
    if (!has_wal && size < (uint64_t)be32(h + 28) * page) {
        return ts_fail(err, TS_EDAMAGED,
                       "%s is cut off: %" PRIu64 " of %" PRIu64
                       " bytes are there; it was not touched; " WAYS_OUT,
                       path, size, (uint64_t)be32(h + 28) * page);
    }
    return TS_OK;
}

enum ts_code ts_schema_check_file(const char *path, bool *unclean, struct ts_stat *st,
                                  struct ts_err *err)
{
    unsigned char header[100];
    struct ts_file *f = NULL;
    struct ts_stat wal_st;
    size_t n = 0, got;
    char *wal = NULL;
    enum ts_code rc = ts_fs_stat(path, st, err);

    if (rc != TS_OK) {
        return rc;
    }
    if (st->type != TS_F_FILE) {
        return ts_fail(err, TS_EDAMAGED, "%s is not a plain file and was not touched",
                       path);
    }
    wal = ts_format("%s-wal", path);
    *unclean = ts_fs_stat(wal, &wal_st, NULL) == TS_OK && wal_st.size > 0;
    if ((rc = ts_file_open(&f, path, TS_O_READ, 0, err)) != TS_OK) {
        goto done;
    }
    while (n < sizeof header) {
        if ((rc = ts_file_get(f, header + n, sizeof header - n, &got, err)) != TS_OK) {
            goto done;
        }
        if (got == 0) {
            break;
        }
        n += got;
    }
    rc = check_header(path, header, n, st->size, *unclean, err);

done:
    ts_file_close(f);
    ts_free(wal);
    return rc;
}

/* ---- its content ---------------------------------------------------------------------
 */

/* A write-ahead log can hold a newer first page than the file, and so another format. */
static enum ts_code check_version(struct ts_state *s, struct ts_err *err)
{
    sqlite3_stmt *q = NULL;
    enum ts_code rc = TS_OK;

    if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_ROW) {
        rc = ts_db_fail(s, err, "opened");
    } else if (sqlite3_column_int(q, 0) != TS_STATE_FORMAT) {
        rc = other_format(s->path, (uint32_t)sqlite3_column_int(q, 0), err);
    }
    sqlite3_finalize(q);
    return rc;
}

/* Has it exactly our tables? */
static enum ts_code same_tables(struct ts_state *s, bool *same, struct ts_err *err)
{
    sqlite3_stmt *q = NULL;
    size_t i = 0;
    int rc;

    *same = true;
    if (sqlite3_prepare_v2(s->db,
                           "SELECT name, coalesce(sql, '') FROM sqlite_master "
                           "ORDER BY rowid",
                           -1, &q, NULL) != SQLITE_OK) {
        return ts_db_fail(s, err, "opened");
    }
    while ((rc = sqlite3_step(q)) == SQLITE_ROW && *same) {
        *same = i < N_TABLES && ts_str_eq(ts_db_str(q, 0), ts_str_of(tables[i].name)) &&
                ts_str_eq(ts_db_str(q, 1), ts_str_of(tables[i].sql));
        i++;
    }
    *same = *same && i == N_TABLES;
    sqlite3_finalize(q);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? TS_OK : ts_db_fail(s, err, "opened");
}

static enum ts_code other_tables(struct ts_state *s, struct ts_err *err)
{
    return ts_fail(
        err, TS_EDAMAGED,
        "%s has other tables than a state database of format %d has, and was "
        "not touched; go on with it by the version that wrote it, or " WAYS_OUT,
        s->path, TS_STATE_FORMAT);
}

enum ts_code ts_schema_look(struct ts_state *s, struct ts_err *err)
{
    bool readonly = s->readonly, immutable = s->immutable, same = true;

    s->readonly = s->immutable = true;
    /* What cannot be read so, in the middle of a carrying over, is looked at when it is
     * opened. */
    if (ts_db_open(s, NULL) == TS_OK && same_tables(s, &same, NULL) != TS_OK) {
        same = true;
    }
    ts_db_close(s, true);
    s->readonly = readonly;
    s->immutable = immutable;
    return same ? TS_OK : other_tables(s, err);
}

static enum ts_code check_pages(struct ts_state *s, struct ts_err *err)
{
    sqlite3_stmt *q = NULL;
    enum ts_code rc = TS_OK;

    if (sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &q, NULL) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_ROW) {
        rc = ts_db_fail(s, err, "checked");
    } else if (!ts_str_eq(ts_db_str(q, 0), TS_S("ok"))) {
        ts_str found = ts_db_str(q, 0);
        rc = ts_fail(err, TS_EDAMAGED,
                     "%s is damaged (%.*s) and was not changed; " WAYS_OUT, s->path,
                     found.n < 300 ? (int)found.n : 300, found.p);
    }
    sqlite3_finalize(q);
    return rc;
}

enum ts_code ts_schema_check(struct ts_state *s, bool deep, struct ts_err *err)
{
    bool same = false;
    enum ts_code rc;

    if ((rc = check_version(s, err)) != TS_OK ||
        (rc = same_tables(s, &same, err)) != TS_OK) {
        return rc;
    }
    if (!same) {
        return other_tables(s, err);
    }
    return deep ? check_pages(s, err) : TS_OK;
}
