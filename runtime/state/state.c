/* state.c - opening and closing a state folder. */
#include "state/state_internal.h"

#include "platform/drives.h"
#include "platform/power.h"
#include "platform/sysinfo.h"

/* Up to this size the pages of a database are checked at every opening (some milliseconds
 * at the most), above it only after a crash. */
#define ALWAYS_CHECKED ((uint64_t)16 * 1024 * 1024)

void ts_state_set_dir(struct ts_state *s, const char *dir)
{
    char *copy = ts_strdup(dir);
    ts_free(s->dir);
    ts_free(s->path);
    s->dir = copy;
    s->path = ts_path_join(copy, TS_DB_NAME);
}

const char *ts_state_dir(const struct ts_state *s)
{
    return s->dir;
}

/* What the administrator goes on with must be the administrator's. */
static enum ts_code check_owner(const char *path, const struct ts_stat *st,
                                struct ts_err *err)
{
    if (!ts_is_admin() || st->uid == 0) {
        return TS_OK;
    }
    return ts_fail(err, TS_EREFUSED,
                   "%s belongs to user %lu, so the administrator does not go on with it; "
                   "change its owner or use another --state folder",
                   path, (unsigned long)st->uid);
}

enum ts_code ts_state_open_db(struct ts_state *s, struct ts_err *err)
{
    bool unclean;
    enum ts_code rc;

    if ((rc = ts_schema_check_file(s->path, &unclean, &s->file, err)) != TS_OK ||
        (rc = check_owner(s->path, &s->file, err)) != TS_OK) {
        return rc;
    }
    s->immutable = s->readonly && !unclean;
    if ((rc = ts_db_open(s, err)) != TS_OK) {
        return rc;
    }
    bool deep = !s->readonly && (unclean || s->file.size <= ALWAYS_CHECKED);
    if ((rc = ts_schema_check(s, deep, err)) != TS_OK) {
        ts_db_close(s, true);
    }
    return rc;
}

/* An ended run has no use for its secrets; a crash can have kept them here. */
static enum ts_code drop_leftovers(struct ts_state *s, struct ts_err *err)
{
    struct ts_arena a = {0};
    struct ts_run run;
    enum ts_code rc = ts_run_read(s, 0, &a, &run, err);

    if (rc == TS_ENOTFOUND || (rc == TS_OK && !ts_run_unfinished(run.status))) {
        ts_secrets_drop(s->dir);
        rc = TS_OK;
    }
    ts_arena_fini(&a);
    return rc;
}

static enum ts_code lock(struct ts_state *s, struct ts_err *err)
{
    struct ts_stat st;
    char *path = ts_path_join(s->dir, "lock");
    enum ts_code rc = ts_fs_stat(s->dir, &st, err);

    if (rc == TS_OK) {
        rc = check_owner(s->dir, &st, err);
    }
    if (rc == TS_OK && (rc = ts_lock_take(&s->lock, path, err)) == TS_ELOCKED) {
        rc = ts_fail(err, rc, "another run holds the state in %s", s->dir);
    }
    ts_free(path);
    return rc;
}

/* A link that a user planted must not choose where the administrator writes. */
static enum ts_code check_link(const char *path, struct ts_err *err)
{
    struct ts_stat st;

    if (ts_fs_stat(path, &st, NULL) != TS_OK || st.type != TS_F_LINK || st.uid == 0 ||
        st.uid == ts_user_id()) {
        return TS_OK;
    }
    return ts_fail(err, TS_EREFUSED,
                   "%s is a link that user %lu made, so it is not followed; remove it or "
                   "use another --state folder",
                   path, (unsigned long)st.uid);
}

/* s->dir and s->path from what the caller wrote. */
static enum ts_code find_dir(struct ts_state *s, const char *dir, bool create,
                             struct ts_err *err)
{
    char *native = NULL, *real = NULL;
    enum ts_code rc;

    if ((rc = ts_path_native(&native, dir, NULL, err)) != TS_OK ||
        (rc = check_link(native, err)) != TS_OK ||
        (create && (rc = ts_fs_mkdirs_durable(native, 0700, err)) != TS_OK)) {
        goto done;
    }
    if ((rc = ts_fs_real(native, &real, err)) == TS_OK) {
        ts_state_set_dir(s, real);
    } else if (rc == TS_ENOTFOUND) {
        rc = ts_fail(err, rc, "no run is recorded in %s", native);
    }

done:
    ts_free(native);
    ts_free(real);
    return rc;
}

/* A state that is not ours or of another format is refused before anything is made beside
 * it, even the lock. */
static enum ts_code look_first(struct ts_state *s, struct ts_err *err)
{
    struct ts_stat st;
    bool unclean;
    enum ts_code rc;

    if ((rc = ts_schema_check_file(s->path, &unclean, &st, err)) != TS_OK ||
        (rc = check_owner(s->path, &st, err)) != TS_OK) {
        return rc;
    }
    return s->readonly && !unclean ? TS_OK : ts_schema_look(s, err);
}

static enum ts_code open_state(struct ts_state *s, const char *dir, bool create,
                               struct ts_err *err)
{
    enum ts_code rc = find_dir(s, dir, create, err);

    if (rc != TS_OK) {
        return rc;
    }
    if (!create && !ts_fs_exists(s->path)) {
        return ts_fail(err, TS_ENOTFOUND, "no run is recorded in %s", s->dir);
    }
    if (ts_fs_exists(s->path) && (rc = look_first(s, err)) != TS_OK) {
        return rc;
    }
    if (!s->readonly && (rc = lock(s, err)) != TS_OK) {
        return rc;
    }
    if (!ts_fs_exists(s->path) && (rc = ts_schema_create(s->path, err)) != TS_OK) {
        return rc;
    }
    if ((rc = ts_state_open_db(s, err)) != TS_OK || s->readonly) {
        return rc;
    }
    return drop_leftovers(s, err);
}

enum ts_code ts_state_open(struct ts_state **out, const char *dir, bool create,
                           bool readonly, struct ts_err *err)
{
    struct ts_state *s = ts_alloc(sizeof *s);
    enum ts_code rc;

    *out = NULL;
    s->readonly = readonly;
    s->secrets = ts_secrets_new();
    s->next_seq = 1;
    rc = open_state(s, dir, create && !readonly, err);
    if (rc != TS_OK) {
        ts_db_close(s, rc == TS_EDAMAGED);
        ts_state_close(s);
        return rc;
    }
    *out = s;
    return TS_OK;
}

void ts_state_close(struct ts_state *s)
{
    if (!s) {
        return;
    }
    ts_db_close(s, false);
    ts_lock_release(s->lock);
    ts_secrets_free(s->secrets);
    ts_arena_fini(&s->texts);
    ts_free(s->position);
    ts_free(s->error);
    ts_free(s->dir);
    ts_free(s->path);
    ts_free(s);
}

bool ts_state_held(const struct ts_state *s)
{
    char *path = ts_path_join(s->dir, "lock");
    bool held = s->lock || ts_lock_held(path);

    ts_free(path);
    return held;
}

/* A reader that opened the file without locks must not go on so when a run writes to it;
 * and after an archive the path names another file. */
enum ts_code ts_state_refresh(struct ts_state *s, struct ts_err *err)
{
    struct ts_stat st, wal_st;
    bool stale;

    if (!s->readonly) {
        return TS_OK;
    }
    enum ts_code rc = ts_fs_stat(s->path, &st, err);
    if (rc != TS_OK) {
        return rc;
    }
    stale = st.id != s->file.id || !s->db;
    if (s->immutable && !stale) {
        char *wal = ts_format("%s-wal", s->path);
        stale = st.size != s->file.size || st.mtime_ns != s->file.mtime_ns ||
                (ts_fs_stat(wal, &wal_st, NULL) == TS_OK && wal_st.size > 0);
        ts_free(wal);
    }
    if (!stale) {
        return TS_OK;
    }
    ts_db_close(s, true);
    return ts_state_open_db(s, err);
}

/* A file that went missing must not be begun anew: its serials would come again and a
 * name get the value of another. */
static enum ts_code check_newest_secret(struct ts_state *s, struct ts_err *err)
{
    sqlite3_stmt *q = ts_db_stmt(s, TS_Q_NEWEST_SECRET);
    enum ts_code rc = TS_OK;
    int64_t serial = 0;
    ts_str value;

    if (q) {
        sqlite3_bind_int64(q, 1, s->run);
    }
    if (!q || sqlite3_step(q) != SQLITE_ROW) {
        rc = ts_db_fail(s, err, "read");
    } else {
        serial = sqlite3_column_int64(q, 0);
    }
    sqlite3_reset(q);
    if (rc == TS_OK && serial > 0 && !ts_secrets_get(s->secrets, serial, &value)) {
        rc = ts_fail(
            err, TS_EDAMAGED,
            "the secrets of the run are lost: %s/secrets.bin is missing or an older "
            "one; give the run up (--discard) and begin anew",
            s->dir);
    }
    return rc;
}

enum ts_code ts_state_need_secrets(struct ts_state *s, struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    if (!s->secrets_loaded && (rc = ts_secrets_load(s->secrets, s->dir, err)) == TS_OK &&
        (rc = check_newest_secret(s, err)) == TS_OK) {
        s->secrets_loaded = true;
    }
    return rc;
}

void ts_state_drop_secrets(struct ts_state *s)
{
    if (!s->readonly) {
        ts_secrets_free(s->secrets);
        s->secrets = ts_secrets_new();
        s->secrets_loaded = true;
        ts_secrets_drop(s->dir);
    }
}
