/* remove.c - removing a store.
 *
 * The state becomes `removing` first, durably; then the data of all parts goes, then what
 * makes a folder a part, and the catalogue last.  Whatever instant a cut comes, the next
 * removal finds a catalogue in `removing`, or nothing.  Only what is a store's is
 * deleted: what else stands in its folder stays, and then the folder does. */
#include "migrate/erase.h"

#include <string.h>

#include "platform/clock.h"
#include "platform/drives.h"
#include "platform/power.h"

/* What belongs to a store, in the order in which it goes; the catalogue last. */
static const char *const own_files[] = {MIG_CAPTURE,
                                        MIG_PART,
                                        MIG_CATALOG_TMP,
                                        MIG_CATALOG_TMP "-journal",
                                        MIG_CATALOG "-wal",
                                        MIG_CATALOG "-shm",
                                        MIG_CATALOG "-journal",
                                        MIG_CATALOG};

struct removal {
    struct mig_run *run;
    struct mig_names_list pending; /* files before the folders that hold them */
};

static void unlink_own(struct removal *rm, struct ts_dir *dir, const char *native,
                       const char *name, bool later, struct ts_err *err)
{
    struct ts_err e;
    enum ts_code rc = TS_EBUSY;
    struct ts_stat st;

    if (ts_stat_at(dir, name, &st, NULL) != TS_OK)
        return;
    if (!later)
        rc = ts_unlink_at(dir, name, &e);
    if (rc == TS_EBUSY)
        mig_list_add(&rm->pending, ts_path_join(native, name));
    else if (rc != TS_OK && rc != TS_ENOTFOUND && err->code == TS_OK)
        *err = e;
}

static bool is_empty(struct ts_dir *dir)
{
    const char *name = NULL;
    enum ts_ftype type;

    ts_dir_rewind(dir);
    return ts_dir_next(dir, &name, &type, NULL) == TS_OK && !name;
}

/* Only files that are ours, or nothing, in the folder. */
static bool only_ours(struct ts_dir *dir)
{
    const char *name = NULL;
    enum ts_ftype type;
    bool ours = true;

    ts_dir_rewind(dir);
    while (ours && ts_dir_next(dir, &name, &type, NULL) == TS_OK && name) {
        ours = strcmp(name, MIG_DATA) == 0;
        for (size_t i = 0; i < sizeof own_files / sizeof own_files[0]; i++)
            ours |= strcmp(name, own_files[i]) == 0;
    }
    return ours;
}

static enum ts_code erase_data(struct removal *rm, struct ts_dir *dir, const char *native,
                               struct ts_err *err)
{
    struct mig_erase e = {.run = rm->run};
    struct mig_root root = {.up = dir, .real = (char *)MIG_DATA, .path = (char *)""};
    struct ts_stat st;
    enum ts_code rc;

    if (ts_stat_at(dir, MIG_DATA, &st, NULL) != TS_OK)
        return TS_OK;
    if (st.type != TS_F_DIR) /* not what we made: the name goes, nothing behind it */
        return ts_unlink_at(dir, MIG_DATA, err);
    if ((rc = ts_dir_open_at(&root.dir, dir, MIG_DATA, err)) != TS_OK)
        return rc;
    root.now = ts_path_join(native, MIG_DATA);
    if ((rc = ts_dir_stat(root.dir, &root.st, err)) == TS_OK)
        rc = mig_erase(&e, &root, err);
    if (rc == TS_OK && e.failed > 0) {
        *err = e.first;
        rc = err->code;
    }
    for (size_t i = 0; i < e.busy_files.n; i++)
        mig_list_add(&rm->pending, ts_strdup(e.busy_files.p[i]));
    for (size_t i = 0; i < e.busy_folders.n; i++)
        mig_list_add(&rm->pending, ts_strdup(e.busy_folders.p[i]));
    mig_erase_fini(&e);
    ts_dir_close(root.dir);
    ts_free(root.now);
    return rc;
}

/* One part, or the main folder. */
static enum ts_code remove_folder(struct removal *rm, const char *path,
                                  struct ts_err *err)
{
    struct ts_dir *up = NULL, *dir = NULL;
    char *name = NULL, *given = NULL, *native = NULL;
    struct ts_err e = {.code = TS_OK};
    bool later;
    enum ts_code rc;

    if ((rc = ts_path_open_parent(&up, &name, path, false, err)) != TS_OK ||
        (rc = ts_dir_open_at(&dir, up, name, err)) != TS_OK ||
        (rc = ts_path_native(&given, path, NULL, err)) != TS_OK ||
        (rc = ts_fs_real(given, &native, err)) != TS_OK ||
        (rc = erase_data(rm, dir, native, err)) != TS_OK)
        goto done;
    /* While data waits for a restart the catalogue waits behind it. */
    later = rm->pending.n > 0;
    for (size_t i = 0; i < sizeof own_files / sizeof own_files[0]; i++)
        unlink_own(rm, dir, native, own_files[i], later, &e);
    if ((rc = e.code) != TS_OK) {
        *err = e;
        goto done;
    }
    if (is_empty(dir)) {
        rc = ts_rmdir_at(up, name, err);
        if (rc == TS_EBUSY) {
            mig_list_add(&rm->pending, ts_strdup(native));
            rc = TS_OK;
        } else if (rc == TS_OK) {
            rc = ts_dir_sync(up, err);
        }
    } else if (later && only_ours(dir)) {
        mig_list_add(&rm->pending, ts_strdup(native));
    } else if (!only_ours(dir)) {
        mig_note(rm->run, 2, "%s stays: there is something in it that is not the store's",
                 path);
    }
done:
    ts_dir_close(dir);
    ts_dir_close(up);
    ts_free(name);
    ts_free(given);
    ts_free(native);
    return rc == TS_ENOTFOUND ? TS_OK : rc;
}

static enum ts_code hand_over(struct removal *rm, struct ts_err *err)
{
    enum ts_code rc = ts_power_delete_list_at_restart((const char *const *)rm->pending.p,
                                                      rm->pending.n, err);

    if (rc == TS_OK)
        rm->run->totals.pending += rm->pending.n;
    return rc;
}

/* The same as a step before something else, whose totals it is none of. */
static enum ts_code remove_aside(struct mig_run *run, const char *path, bool later,
                                 struct ts_err *err)
{
    struct removal rm = {.run = run};
    struct ts_mig_totals totals = run->totals;
    uint64_t seen = run->seen;
    enum ts_code rc = remove_folder(&rm, path, err);

    run->totals = totals;
    run->seen = seen;
    if (rc == TS_OK && rm.pending.n && !later) {
        char *shown = ts_path_display(rm.pending.p[0]);
        rc = ts_fail(err, TS_EBUSY,
                     "what a capture that was cut off left in %s cannot be removed: %s is"
                     " in use by another program; end that program and capture again",
                     path, shown);
        ts_free(shown);
    }
    if (rc == TS_OK)
        rc = hand_over(&rm, err);
    mig_list_free(&rm.pending);
    return rc;
}

/* ---- incomplete stores ------------------------------------------------------------- */

static bool is_main(const struct mig_part_file *f, const char *path, const char *volume)
{
    if (f->main_volume[0] && ts_path_has_letter(ts_str_of(path)) &&
        ts_path_has_letter(ts_str_of(f->main)))
        return strcmp(f->main_volume, volume) == 0 && ts_caseeq(f->main + 1, path + 1);
    return ts_caseeq(f->main, path);
}

/* A cut between the folder of a part and its part.json leaves an empty "data". */
static enum ts_code remove_stub(const char *path, struct ts_dir *dir, struct ts_err *err)
{
    struct ts_dir *up = NULL;
    char *name = NULL;
    enum ts_code rc = TS_OK;

    if (ts_rmdir_at(dir, MIG_DATA, NULL) == TS_OK && is_empty(dir) &&
        (rc = ts_path_open_parent(&up, &name, path, false, err)) == TS_OK)
        rc = ts_rmdir_at(up, name, err);
    ts_dir_close(up);
    ts_free(name);
    return rc;
}

enum ts_code mig_part_clear(const char *part_path, const char *main_path,
                            const char *main_volume, struct mig_run *run, bool later,
                            struct ts_err *err)
{
    struct mig_part_file f = {0};
    struct ts_dir *dir = NULL;
    bool found = false;
    enum ts_code rc;

    rc = ts_path_open_dir(&dir, part_path, false, err);
    if (rc == TS_ENOTFOUND)
        return TS_OK;
    if (rc != TS_OK)
        return rc;
    rc = mig_part_read(dir, &f, &found, err);
    if (rc == TS_OK && !found)
        rc = remove_stub(part_path, dir, err);
    ts_dir_close(dir);
    if (rc == TS_OK && found && !is_main(&f, main_path, main_volume))
        rc = ts_fail(err, TS_EREFUSED, "%s is a part of the state store %s", part_path,
                     f.main);
    mig_part_file_fini(&f);
    return rc == TS_OK && found ? remove_aside(run, part_path, later, err) : rc;
}

/* The parts that capture.json names. */
static enum ts_code clear_parts(const char *path, struct mig_run *run, bool later,
                                struct ts_err *err)
{
    char *native = NULL, *file = NULL, volume[80];
    struct ts_buf text = {0};
    struct ts_arena a = {0};
    struct ts_value *v = NULL;
    const struct ts_value *parts;
    struct ts_dir *dir = NULL;
    enum ts_code rc;

    if ((rc = ts_path_native(&native, path, NULL, err)) != TS_OK ||
        (rc = ts_path_open_dir(&dir, path, false, err)) != TS_OK) {
        ts_free(native);
        return rc;
    }
    mig_volume_of_path(path, dir, volume);
    ts_dir_close(dir);
    file = ts_path_join(native, MIG_CAPTURE);
    if (ts_file_read(file, 1 << 20, &text, NULL) == TS_OK &&
        ts_json_parse(&v, &a, ts_buf_view(&text), MIG_CAPTURE, NULL) == TS_OK &&
        v->kind == TS_OBJECT && (parts = ts_value_get(v, "parts")) != NULL) {
        for (const struct ts_value *p = parts->first; rc == TS_OK && p; p = p->next) {
            if (p->kind == TS_STRING)
                rc = mig_part_clear(p->str.p, path, volume, run, later, err);
        }
    }
    ts_arena_fini(&a);
    ts_buf_free(&text);
    ts_free(file);
    ts_free(native);
    return rc;
}

enum ts_code mig_store_clear(const char *path, struct mig_run *run, bool later,
                             struct ts_err *err)
{
    enum ts_code rc = clear_parts(path, run, later, err);

    return rc == TS_OK ? remove_aside(run, path, later, err) : rc;
}

/* ---- complete stores --------------------------------------------------------------- */

static enum ts_code may_remove(const char *path, enum ts_store_state state, bool force,
                               struct ts_err *err)
{
    static const char *const missing[] = {
        [TS_STORE_COMPLETE] = "its user state was not restored yet",
        [TS_STORE_WIPING] =
            "a wipe began after its capture, so it may hold the only names"
            " of users' files; restore it first",
        [TS_STORE_RESTORED] =
            "it was restored but not every entry was found again; run the"
            " restore again and look at what it lists",
    };

    if (force || state == TS_STORE_VERIFIED || state == TS_STORE_REMOVING)
        return TS_OK;
    return ts_fail(err, TS_EREFUSED,
                   "the state store %s is not removed: %s (its state is %s; force = true"
                   " removes it all the same)",
                   path, missing[state], ts_store_state_name(state));
}

/* Where the other parts are now, from the catalogue; sets the state `removing`. */
static enum ts_code begin_removing(const char *path, struct mig_names_list *parts,
                                   struct ts_err *err)
{
    struct mig_catalog *c = NULL;
    sqlite3_stmt *st = NULL;
    char *native = NULL, *real = NULL;
    enum ts_store_state state;
    enum ts_code rc;

    if ((rc = ts_path_native(&native, path, NULL, err)) == TS_OK &&
        (rc = ts_fs_real(native, &real, err)) == TS_OK &&
        (rc = mig_catalog_open(&c, real, true, err)) == TS_OK &&
        (rc = mig_state_get(c, &state, err)) == TS_OK && state != TS_STORE_REMOVING)
        rc = mig_state_set(c, TS_STORE_REMOVING, err);
    if (rc == TS_OK && sqlite3_prepare_v2(mig_catalog_db(c),
                                          "SELECT path, volume FROM part WHERE id > 0",
                                          -1, &st, NULL) != SQLITE_OK)
        rc = mig_sql_fail(c, err, "read the parts");
    while (rc == TS_OK && sqlite3_step(st) == SQLITE_ROW) {
        const char *p = (const char *)sqlite3_column_text(st, 0);
        const char *volume = (const char *)sqlite3_column_text(st, 1);
        char *now = p ? mig_path_now(p, volume ? volume : "") : NULL;
        if (now)
            mig_list_add(parts, now);
    }
    sqlite3_finalize(st);
    mig_catalog_close(c);
    ts_free(native);
    ts_free(real);
    return rc;
}

/* The catalogue is closed while its folder goes: Windows would not delete it otherwise.
 */
static enum ts_code remove_all(const char *path, struct mig_run *run, struct ts_err *err)
{
    struct removal rm = {.run = run};
    struct mig_names_list parts = {0};
    enum ts_code rc = begin_removing(path, &parts, err);

    for (size_t i = 0; rc == TS_OK && i < parts.n; i++)
        rc = remove_folder(&rm, parts.p[i], err);
    if (rc == TS_OK && (rc = remove_folder(&rm, path, err)) == TS_OK)
        rc = hand_over(&rm, err);
    mig_list_free(&parts);
    mig_list_free(&rm.pending);
    return rc;
}

/* A cut between the catalogue and its folder leaves an empty folder. */
static enum ts_code remove_empty(const char *path, struct mig_run *run,
                                 struct ts_err *err)
{
    struct ts_dir *up = NULL, *dir = NULL;
    char *name = NULL;
    enum ts_code rc;

    if ((rc = ts_path_open_parent(&up, &name, path, false, err)) == TS_OK &&
        (rc = ts_dir_open_at(&dir, up, name, err)) == TS_OK && is_empty(dir))
        rc = ts_rmdir_at(up, name, err);
    else if (rc == TS_OK || rc == TS_ENOTFOUND)
        mig_note(run, 1, "there is no state store at %s, nothing to remove", path);
    ts_dir_close(dir);
    ts_dir_close(up);
    ts_free(name);
    return rc == TS_ENOTFOUND ? TS_OK : rc;
}

enum ts_code ts_store_remove(const char *store, bool force, const struct ts_mig_env *env,
                             struct ts_mig_totals *totals, struct ts_err *err)
{
    enum ts_store_state state;
    struct mig_run run;
    enum ts_code rc;

    mig_run_init(&run, env, "removing the state store");
    rc = mig_store_probe(store, &state, err);
    if (rc == TS_EDAMAGED && force) {
        mig_note(&run, 2,
                 "the catalogue cannot be read (%s); the store is removed all the"
                 " same",
                 err->text);
        rc = mig_store_clear(store, &run, true, err);
    } else if (rc == TS_EDAMAGED) {
        ts_err_context(err, "the state store %s is not removed, it may hold users' files",
                       store);
    } else if (rc == TS_OK && state == TS_STORE_NONE) {
        rc = remove_empty(store, &run, err);
    } else if (rc == TS_OK && state == TS_STORE_CAPTURING) {
        rc = mig_store_clear(store, &run, true, err);
    } else if (rc == TS_OK && (rc = may_remove(store, state, force, err)) == TS_OK) {
        rc = remove_all(store, &run, err);
    }
    ts_mutex_lock(run.m);
    mig_run_pump(&run);
    ts_mutex_unlock(run.m);
    run.totals.elapsed_ms = (ts_mono_ns() - run.started_ns) / 1000000;
    if (totals)
        *totals = run.totals;
    mig_run_about(&run, rc, store, err);
    mig_run_fini(&run);
    return rc;
}
