/* move.c - carrying the state to another folder.
 *
 * The new place is no state until its database gets its name, by one rename after all
 * else is durable; the old one is emptied after that, database first.  So at every
 * instant there is a whole state in one of the two, for a moment the same in both. */
#include "state/state_internal.h"

#include "platform/drives.h"

#include <string.h>

#define MAX_DEPTH 32
#define NEW_NAME TS_DB_NAME ".moved"

/* What moves besides the database.  Logs go with the log (ts_log_move). */
static const char *const moved[] = {"secrets.key", "secrets.bin", "pending", "output",
                                    "archive",     "steps",       "next-boot"};
#define N_MOVED (sizeof moved / sizeof moved[0])

static enum ts_code copy_entry(struct ts_dir *from, const char *name, struct ts_dir *to,
                               const char *to_name, int depth, struct ts_err *err);

static enum ts_code copy_folder(struct ts_dir *from, const char *name, struct ts_dir *to,
                                const char *to_name, int depth, struct ts_err *err)
{
    struct ts_dir *sub_from = NULL, *sub_to = NULL;
    const char *entry;
    enum ts_ftype type;
    enum ts_code rc = ts_mkdir_at(to, to_name, 0700, err);

    if (rc != TS_OK && rc != TS_EEXIST) {
        return rc;
    }
    if (depth > MAX_DEPTH) {
        return ts_fail(err, TS_ELIMIT, "folders below %s nest more than %d deep", name,
                       MAX_DEPTH);
    }
    if ((rc = ts_dir_open_at(&sub_from, from, name, err)) != TS_OK ||
        (rc = ts_dir_open_at(&sub_to, to, to_name, err)) != TS_OK) {
        goto done;
    }
    while ((rc = ts_dir_next(sub_from, &entry, &type, err)) == TS_OK && entry) {
        char *copy = ts_strdup(entry);
        rc = copy_entry(sub_from, copy, sub_to, copy, depth + 1, err);
        ts_free(copy);
        if (rc != TS_OK) {
            break;
        }
    }

done:
    ts_dir_close(sub_from);
    ts_dir_close(sub_to);
    return rc;
}

/* Copy a file or folder; absent: nothing to do.  A file that is there is the rest of a
 * move that was cut short. */
static enum ts_code copy_entry(struct ts_dir *from, const char *name, struct ts_dir *to,
                               const char *to_name, int depth, struct ts_err *err)
{
    struct ts_stat st;
    enum ts_code rc = ts_stat_at(from, name, &st, err);

    if (rc == TS_ENOTFOUND) {
        return TS_OK;
    }
    if (rc != TS_OK || (st.type != TS_F_FILE && st.type != TS_F_DIR)) {
        return rc; /* links are not ours */
    }
    if (st.type == TS_F_DIR) {
        return copy_folder(from, name, to, to_name, depth, err);
    }
    rc = ts_copy_at(from, name, to, to_name, NULL, NULL, err);
    if (rc == TS_EEXIST && (rc = ts_unlink_at(to, to_name, err)) == TS_OK) {
        rc = ts_copy_at(from, name, to, to_name, NULL, NULL, err);
    }
    return rc;
}

/* All files to their place, the database under a name that does not count. */
static enum ts_code copy_all(const char *from_path, const char *to_path,
                             struct ts_err *err)
{
    struct ts_dir *from = NULL, *to = NULL;
    enum ts_code rc;

    if ((rc = ts_dir_open(&from, from_path, true, err)) == TS_OK) {
        rc = ts_dir_open(&to, to_path, true, err);
    }
    for (size_t i = 0; rc == TS_OK && i < N_MOVED; i++) {
        rc = copy_entry(from, moved[i], to, moved[i], 0, err);
    }
    if (rc == TS_OK &&
        (rc = copy_entry(from, TS_DB_NAME, to, NEW_NAME, 0, err)) == TS_OK) {
        rc = ts_volume_sync(to, err);
    }
    ts_dir_close(from);
    ts_dir_close(to);
    return rc;
}

/* ---- the target ----------------------------------------------------------------------
 */

/* An ended run there is put aside, a copy of ours is the rest of an earlier move; another
 * unfinished run stays what it is. */
static enum ts_code clear_target(const char *dir, const char *uid, struct ts_err *err)
{
    struct ts_state *t = NULL;
    struct ts_arena a = {0};
    struct ts_run run;
    enum ts_code rc = ts_state_open(&t, dir, false, false, err);

    if (rc == TS_ENOTFOUND) {
        return TS_OK;
    }
    if (rc == TS_OK && (rc = ts_run_read(t, 0, &a, &run, err)) == TS_OK &&
        strcmp(run.uid, uid) != 0) {
        rc = ts_run_unfinished(run.status)
                 ? ts_fail(
                       err, TS_EREFUSED,
                       "an unfinished run of \"%s\" stands in %s: give it up (--discard) "
                       "or put it aside (--archive) first",
                       run.sequence_name, dir)
                 : ts_state_archive(t, err);
    }
    ts_arena_fini(&a);
    ts_state_close(t);
    return rc == TS_ENOTFOUND ? TS_OK : rc;
}

static void unlink_in(const char *dir, const char *name)
{
    char *path = ts_path_join(dir, name);
    if (ts_fs_exists(path)) {
        (void)!ts_fs_unlink(path, NULL);
    }
    ts_free(path);
}

/* What remains here does no harm: without state.db this is no state. */
static void empty_old(const char *dir)
{
    struct ts_dir *parent;
    char *path = ts_path_join(dir, TS_DB_NAME), *name;

    if (ts_fs_unlink(path, NULL) != TS_OK) {
        ts_free(path);
        return;
    }
    ts_db_remove_side_files(path);
    ts_free(path);
    for (size_t i = 0; i < N_MOVED; i++) {
        char *sub = ts_path_join(dir, moved[i]);
        (void)!ts_fs_remove_tree(sub, NULL);
        ts_free(sub);
    }
    unlink_in(dir, "lock");
    if (ts_path_open_parent(&parent, &name, dir, false, NULL) == TS_OK) {
        (void)!ts_rmdir_at(parent, name, NULL); /* unless logs are still there */
        ts_dir_close(parent);
        ts_free(name);
    }
}

/* A second state object at the new place takes over what belongs to an open database. */
static void take_over(struct ts_state *s, struct ts_state *n)
{
    char *old = ts_strdup(s->dir);

    ts_db_close(s, false);
    ts_state_set_dir(s, n->dir);
    s->db = n->db;
    s->file = n->file;
    memcpy(s->stmts, n->stmts, sizeof s->stmts);
    n->db = NULL;
    memset(n->stmts, 0, sizeof n->stmts);
    empty_old(old);
    ts_lock_release(s->lock);
    s->lock = n->lock;
    n->lock = NULL;
    ts_free(old);
}

static enum ts_code move_to(struct ts_state *s, const char *dir, struct ts_err *err)
{
    struct ts_state *n = NULL;
    char *real = NULL, *lock_path = NULL, *from = NULL, *to = NULL;
    struct ts_lock *lock = NULL;
    enum ts_code rc;

    if ((rc = ts_fs_real(dir, &real, err)) != TS_OK) {
        goto done;
    }
    lock_path = ts_path_join(real, "lock");
    from = ts_path_join(real, NEW_NAME);
    to = ts_path_join(real, TS_DB_NAME);
    if ((rc = ts_lock_take(&lock, lock_path, err)) != TS_OK ||
        (rc = ts_db_checkpoint(s, err)) != TS_OK ||
        (rc = copy_all(s->dir, real, err)) != TS_OK) {
        goto done;
    }
    ts_db_remove_side_files(to);
    if ((rc = ts_fs_rename(from, to, err)) != TS_OK) {
        goto done;
    }
    ts_lock_release(lock);
    lock = NULL;
    if ((rc = ts_state_open(&n, real, false, false, err)) == TS_OK) {
        take_over(s, n);
    } else {
        unlink_in(real,
                  TS_DB_NAME); /* we go on at the old place: this one would go stale */
    }

done:
    ts_lock_release(lock);
    ts_state_close(n);
    ts_free(real);
    ts_free(lock_path);
    ts_free(from);
    ts_free(to);
    return rc;
}

enum ts_code ts_state_move(struct ts_state *s, const char *dir, struct ts_err *err)
{
    char *native = NULL, *real = NULL;
    struct ts_arena a = {0};
    struct ts_run run;
    enum ts_code rc = ts_state_commit(s, err);

    if (rc != TS_OK || (rc = ts_path_native(&native, dir, NULL, err)) != TS_OK) {
        goto done;
    }
    if (ts_fs_real(native, &real, NULL) == TS_OK && strcmp(real, s->dir) == 0) {
        goto done; /* there already */
    }
    rc = ts_run_read(s, 0, &a, &run, err);
    if ((rc != TS_OK && rc != TS_ENOTFOUND) ||
        (rc = ts_fs_mkdirs_durable(native, 0700, err)) != TS_OK ||
        (rc = clear_target(native, run.id ? run.uid : "", err)) != TS_OK) {
        goto done;
    }
    rc = move_to(s, native, err);

done:
    if (rc != TS_OK) {
        ts_err_context(err, "the state could not be moved to %s", dir);
    }
    ts_arena_fini(&a);
    ts_free(native);
    ts_free(real);
    return rc;
}
