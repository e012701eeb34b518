/* catalog.c - the catalogue: opening, transactions, meta data. */
#include "migrate/catalog.h"
#include "migrate/catalog_internal.h"

#include <stdio.h>
#include <string.h>

#include "platform/power.h"

static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE part(id INTEGER PRIMARY KEY, path TEXT, volume TEXT);"
    "CREATE TABLE root(id INTEGER PRIMARY KEY, object INTEGER, kind INTEGER, name BLOB,"
    " path BLOB, volume TEXT, part INTEGER, orphan INTEGER, public INTEGER, why TEXT,"
    " restored BLOB, restored_volume TEXT);"
    "CREATE TABLE object(id INTEGER PRIMARY KEY, parent INTEGER, name BLOB, kind INTEGER,"
    " how INTEGER, part INTEGER, size INTEGER, mtime INTEGER, fileid INTEGER,"
    " storeid INTEGER, mode INTEGER, uid INTEGER, gid INTEGER, attributes INTEGER,"
    " extra BLOB);"
    "CREATE TABLE run(folder INTEGER, first INTEGER, last INTEGER,"
    " PRIMARY KEY(folder, first)) WITHOUT ROWID;"
    "CREATE TABLE gone(id INTEGER PRIMARY KEY, part INTEGER);";

enum ts_code mig_sql_fail(struct mig_catalog *c, struct ts_err *err, const char *what)
{
    int rc = c->db ? sqlite3_errcode(c->db) & 0xff : SQLITE_CANTOPEN;
    const char *why = c->db ? sqlite3_errmsg(c->db) : "out of memory";
    enum ts_code code = TS_EIO;

    if (rc == SQLITE_FULL)
        code = TS_ENOSPC;
    else if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB || rc == SQLITE_ERROR)
        code = TS_EDAMAGED;
    else if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
        code = TS_ELOCKED;
    else if (rc == SQLITE_READONLY || rc == SQLITE_PERM)
        code = TS_EACCESS;
    return ts_fail(err, code, "cannot %s in the catalogue %s: %s", what, c->path, why);
}

enum ts_code mig_sql(struct mig_catalog *c, const char *sql, struct ts_err *err)
{
    if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return mig_sql_fail(c, err, "work");
    return TS_OK;
}

static enum ts_code prepare(struct mig_catalog *c, sqlite3_stmt **st, const char *sql,
                            struct ts_err *err)
{
    if (sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL) !=
        SQLITE_OK)
        return mig_sql_fail(c, err, "prepare a query");
    return TS_OK;
}

#define COLUMNS                                                                 \
    "o.id, o.parent, o.name, o.kind, o.how, o.part, o.size, o.mtime, o.fileid," \
    " o.storeid, o.mode, o.uid, o.gid, o.attributes, o.extra"

static enum ts_code prepare_all(struct mig_catalog *c, struct ts_err *err)
{
    enum ts_code rc;

    if ((rc = prepare(c, &c->add,
                      "INSERT OR REPLACE INTO object VALUES"
                      "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
                      err)) != TS_OK ||
        (rc = prepare(c, &c->span, "INSERT OR REPLACE INTO run VALUES(?1,?2,?3)", err)) !=
            TS_OK ||
        (rc = prepare(c, &c->get, "SELECT " COLUMNS " FROM object o WHERE o.id = ?1",
                      err)) != TS_OK ||
        (rc = prepare(c, &c->range,
                      "SELECT " COLUMNS " FROM object o WHERE o.id BETWEEN ?1 AND ?2"
                      " ORDER BY o.id",
                      err)) != TS_OK ||
        (rc = prepare(c, &c->children,
                      "SELECT " COLUMNS " FROM run r CROSS JOIN object o"
                      " ON o.id BETWEEN r.first AND r.last"
                      " WHERE r.folder = ?1 AND o.parent = ?1 ORDER BY r.first, o.id",
                      err)) != TS_OK)
        return rc;
    return TS_OK;
}

static enum ts_code open_db(struct mig_catalog **out, const char *dir, const char *name,
                            int flags, struct ts_err *err)
{
    struct mig_catalog *c = ts_alloc(sizeof *c);
    enum ts_code rc;

    c->path = ts_path_join(dir, name);
    if (sqlite3_open_v2(c->path, &c->db,
                        flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
                        NULL) != SQLITE_OK) {
        rc = mig_sql_fail(c, err, "open");
        mig_catalog_close(c);
        return rc;
    }
    /* The file may come from an untrusted disk. */
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, 256 << 20);
    sqlite3_busy_timeout(c->db, 5000);
    *out = c;
    return TS_OK;
}

enum ts_code mig_catalog_create(struct mig_catalog **out, const char *dir,
                                struct ts_err *err)
{
    struct mig_catalog *c = NULL;
    enum ts_code rc;

    *out = NULL;
    if ((rc = open_db(&c, dir, MIG_CATALOG_TMP,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err)) != TS_OK)
        return rc;
    /* Nothing counts before the rename, so nothing is journaled or synced before. */
    if ((rc = mig_sql(c,
                      "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
                      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-6000;"
                      "PRAGMA application_id=1953721649; PRAGMA user_version=1; BEGIN;",
                      err)) != TS_OK ||
        (rc = mig_sql(c, schema, err)) != TS_OK || (rc = prepare_all(c, err)) != TS_OK) {
        mig_catalog_close(c);
        return rc;
    }
    *out = c;
    return TS_OK;
}

enum ts_code mig_catalog_seal(struct mig_catalog *c, struct ts_err *err)
{
    struct ts_file *f = NULL;
    char *path = ts_strdup(c->path);
    enum ts_code rc = mig_sql(c, "COMMIT", err);

    mig_catalog_close(c);
    if (rc == TS_OK &&
        (rc = ts_file_open(&f, path, TS_O_READ | TS_O_APPEND, 0600, err)) == TS_OK)
        rc = ts_file_sync(f, err);
    ts_file_close(f);
    ts_free(path);
    return rc;
}

static int64_t be32(const unsigned char *p)
{
    return (int64_t)p[0] << 24 | (int64_t)p[1] << 16 | (int64_t)p[2] << 8 | p[3];
}

/* A catalogue of another format is refused by its first bytes, before it is opened as a
 * database: that could roll back a journal. */
static enum ts_code check_header(const char *path, const char *dir, struct ts_err *err)
{
    unsigned char h[100];
    struct ts_file *f = NULL;
    size_t n = 0, got = 1;
    enum ts_code rc = ts_file_open(&f, path, TS_O_READ, 0, err);

    while (rc == TS_OK && n < sizeof h && got > 0 &&
           (rc = ts_file_get(f, h + n, sizeof h - n, &got, err)) == TS_OK)
        n += got;
    ts_file_close(f);
    if (rc != TS_OK || n < sizeof h || memcmp(h, "SQLite format 3", 16) != 0 ||
        be32(h + 68) != MIG_APPLICATION_ID || be32(h + 60) == MIG_FORMAT)
        return rc; /* what is wrong then is said when it is opened */
    char *shown = ts_path_display(dir);
    ts_fail(err, TS_EDAMAGED,
            "the state store %s was written by %s version of taskseq: its catalogue has "
            "format %lld, this one reads format %d; it was not touched: update, restore or "
            "release it with the version that wrote it, and do not wipe the volume",
            shown, be32(h + 60) > MIG_FORMAT ? "a newer" : "an older",
            (long long)be32(h + 60), MIG_FORMAT);
    ts_free(shown);
    return TS_EDAMAGED;
}

/* A catalogue has tables and indexes only: a view or trigger in the place of a table
 * could make us run whatever its author liked. */
static enum ts_code check_tables(struct mig_catalog *c, struct ts_err *err)
{
    int64_t app = 0, version = 0, odd = 0;
    enum ts_code rc;

    if ((rc = mig_number(c, "PRAGMA application_id", &app, err)) != TS_OK ||
        (rc = mig_number(c, "PRAGMA user_version", &version, err)) != TS_OK ||
        (rc = mig_number(c,
                         "SELECT count(*) FROM sqlite_master WHERE type NOT IN"
                         " ('table','index') OR sql LIKE 'CREATE VIRTUAL%'",
                         &odd, err)) != TS_OK)
        return rc;
    if (app != MIG_APPLICATION_ID || version != MIG_FORMAT || odd != 0)
        return ts_fail(err, TS_EDAMAGED, "%s is not a catalogue of user state", c->path);
    return TS_OK;
}

/* Say what can be done about a catalogue that cannot be read. */
static enum ts_code advise(const char *dir, struct ts_err *err)
{
    char *why = ts_strdup(err->text), *shown = ts_path_display(dir);

    ts_fail(
        err, TS_EDAMAGED,
        "%s; do not wipe or format the volume: data in %s still holds every"
        " file that was linked or copied; copy that away or put an earlier " MIG_CATALOG
        " back, and once nothing in it is needed remove the store with"
        " ReleaseStateStore { force = true }",
        why, shown);
    ts_free(why);
    ts_free(shown);
    return TS_EDAMAGED;
}

enum ts_code mig_catalog_open(struct mig_catalog **out, const char *dir, bool write,
                              struct ts_err *err)
{
    struct mig_catalog *c = NULL;
    struct ts_stat st;
    char *path = ts_path_join(dir, MIG_CATALOG);
    enum ts_code rc;

    *out = NULL;
    rc = ts_fs_stat(path, &st, err);
    if (rc == TS_OK && st.type != TS_F_FILE)
        rc = ts_fail(err, TS_EDAMAGED, "%s is not a file", path);
    if (rc == TS_OK)
        rc = check_header(path, dir, err);
    ts_free(path);
    /* A journal left by a cut is rolled back by the first who may write. */
    if (rc == TS_OK)
        rc = open_db(&c, dir, MIG_CATALOG, SQLITE_OPEN_READWRITE, err);
    if (rc != TS_OK)
        return rc;
    if ((rc = check_tables(c, err)) != TS_OK ||
        (rc = mig_sql(c,
                      /* EXTRA: what commits is that the journal goes, and with FULL its
                       * name may come back after a crash. */
                      write ? "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA;"
                              "PRAGMA fullfsync=1; PRAGMA cache_size=-6000;"
                            : "PRAGMA query_only=1; PRAGMA cache_size=-2000;",
                      err)) != TS_OK ||
        (rc = prepare_all(c, err)) != TS_OK) {
        mig_catalog_close(c);
        return rc == TS_EDAMAGED && err ? advise(dir, err) : rc;
    }
    *out = c;
    return TS_OK;
}

void mig_catalog_close(struct mig_catalog *c)
{
    if (!c)
        return;
    sqlite3_finalize(c->add);
    sqlite3_finalize(c->span);
    sqlite3_finalize(c->get);
    sqlite3_finalize(c->range);
    sqlite3_finalize(c->children);
    sqlite3_close(c->db);
    ts_free(c->path);
    ts_free(c);
}

sqlite3 *mig_catalog_db(struct mig_catalog *c)
{
    return c->db;
}

enum ts_code mig_begin(struct mig_catalog *c, struct ts_err *err)
{
    return mig_sql(c, "BEGIN IMMEDIATE", err);
}

enum ts_code mig_commit(struct mig_catalog *c, struct ts_err *err)
{
    enum ts_code rc;

    ts_power_point();
    rc = mig_sql(c, "COMMIT", err);
    ts_power_point();
    return rc;
}

void mig_rollback(struct mig_catalog *c)
{
    if (c && !sqlite3_get_autocommit(c->db))
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- meta -------------------------------------------------------------------------- */

static enum ts_code meta_bind(struct mig_catalog *c, const char *key, const char *text,
                              int64_t v, struct ts_err *err)
{
    sqlite3_stmt *st = NULL;
    enum ts_code rc = prepare(c, &st, "INSERT OR REPLACE INTO meta VALUES(?1,?2)", err);

    if (rc != TS_OK)
        return rc;
    sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
    if (text)
        sqlite3_bind_text(st, 2, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_int64(st, 2, v);
    if (sqlite3_step(st) != SQLITE_DONE)
        rc = mig_sql_fail(c, err, "write");
    sqlite3_finalize(st);
    return rc;
}

enum ts_code mig_meta_set(struct mig_catalog *c, const char *key, const char *text,
                          struct ts_err *err)
{
    return meta_bind(c, key, text, 0, err);
}

enum ts_code mig_meta_set_int(struct mig_catalog *c, const char *key, int64_t v,
                              struct ts_err *err)
{
    return meta_bind(c, key, NULL, v, err);
}

enum ts_code mig_meta_get(struct mig_catalog *c, const char *key, char **out,
                          struct ts_err *err)
{
    sqlite3_stmt *st = NULL;
    enum ts_code rc = prepare(c, &st, "SELECT value FROM meta WHERE key = ?1", err);
    int step;

    *out = NULL;
    if (rc != TS_OK)
        return rc;
    sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
    step = sqlite3_step(st);
    if (step == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(st, 0);
        *out = ts_strdup(text ? (const char *)text : "");
    } else if (step == SQLITE_DONE) {
        *out = ts_strdup("");
    } else {
        rc = mig_sql_fail(c, err, "read");
    }
    sqlite3_finalize(st);
    return rc;
}

enum ts_code mig_meta_get_int(struct mig_catalog *c, const char *key, int64_t *out,
                              struct ts_err *err)
{
    char *text = NULL;
    enum ts_code rc = mig_meta_get(c, key, &text, err);

    *out = 0;
    if (rc == TS_OK && text[0] && !ts_str_int(ts_str_of(text), out))
        rc = ts_fail(err, TS_EDAMAGED, "%s of the catalogue %s is not a number", key,
                     c->path);
    ts_free(text);
    return rc;
}

enum ts_code mig_state_set(struct mig_catalog *c, enum ts_store_state s,
                           struct ts_err *err)
{
    enum ts_code rc;

    if ((rc = mig_begin(c, err)) != TS_OK)
        return rc;
    if ((rc = mig_meta_set(c, "state", ts_store_state_name(s), err)) != TS_OK ||
        (rc = mig_commit(c, err)) != TS_OK)
        mig_rollback(c);
    return rc;
}

enum ts_code mig_state_get(struct mig_catalog *c, enum ts_store_state *s,
                           struct ts_err *err)
{
    char *text = NULL;
    enum ts_code rc = mig_meta_get(c, "state", &text, err);

    *s = TS_STORE_NONE;
    for (int i = TS_STORE_COMPLETE; rc == TS_OK && i <= TS_STORE_REMOVING; i++) {
        if (ts_str_eq(ts_str_of(text), ts_str_of(ts_store_state_name(i))))
            *s = i;
    }
    if (rc == TS_OK && *s == TS_STORE_NONE)
        rc = ts_fail(err, TS_EDAMAGED, "the catalogue %s has the unknown state \"%s\"",
                     c->path, text);
    ts_free(text);
    return rc;
}

enum ts_code mig_number(struct mig_catalog *c, const char *sql, int64_t *out,
                        struct ts_err *err)
{
    sqlite3_stmt *st = NULL;
    enum ts_code rc = prepare(c, &st, sql, err);

    *out = 0;
    if (rc != TS_OK)
        return rc;
    if (sqlite3_step(st) == SQLITE_ROW)
        *out = sqlite3_column_int64(st, 0);
    else
        rc = mig_sql_fail(c, err, "read");
    sqlite3_finalize(st);
    return rc;
}

enum ts_code mig_max_id(struct mig_catalog *c, int64_t *out, struct ts_err *err)
{
    enum ts_code rc =
        mig_number(c, "SELECT coalesce(max(id), 0) FROM object", out, err);

    if (rc == TS_OK && *out > MIG_ID_MAX)
        rc = ts_fail(err, TS_EDAMAGED, "object %lld of the catalogue %s makes no sense",
                     (long long)*out, c->path);
    return rc;
}

enum ts_code mig_next_id(struct mig_catalog *c, int64_t from, int64_t *out,
                         struct ts_err *err)
{
    char sql[96];

    snprintf(sql, sizeof sql,
             "SELECT coalesce(min(id), 0) FROM object WHERE id >= %lld", (long long)from);
    return mig_number(c, sql, out, err);
}
