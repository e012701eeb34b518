/* store.c - making, opening and closing a store. */
#include "migrate/store.h"
#include "migrate/store_internal.h"

#include <stdio.h>
#include <string.h>

#include "platform/clock.h"
#include "platform/power.h"
#include "platform/sysinfo.h"

static const char *const state_names[] = {"none",     "capturing", "complete", "wiping",
                                          "restored", "verified",  "removing"};

const char *ts_store_state_name(enum ts_store_state s)
{
    return s >= TS_STORE_NONE && s <= TS_STORE_REMOVING ? state_names[s] : "unknown";
}

/* ---- what stands there ------------------------------------------------------------- */

static bool has(struct ts_dir *d, const char *name)
{
    struct ts_stat st;

    return ts_stat_at(d, name, &st, NULL) == TS_OK;
}

/* The folder and its real path; TS_ENOTFOUND quietly as the caller likes. */
static enum ts_code open_folder(struct mig_store *s, const char *path, struct ts_err *err)
{
    struct ts_dir *up = NULL;
    char *name = NULL, *native = NULL;
    enum ts_code rc;

    s->path = ts_strdup(path);
    if ((rc = ts_path_open_parent(&up, &name, path, false, err)) != TS_OK ||
        (rc = ts_dir_open_at(&s->dir, up, name, err)) != TS_OK) {
        if (rc != TS_ENOTFOUND)
            ts_err_context(err, "the state store %s", path);
        goto done;
    }
    if ((rc = ts_path_native(&native, path, NULL, err)) == TS_OK)
        rc = ts_fs_real(native, &s->native, err);
done:
    ts_dir_close(up);
    ts_free(name);
    ts_free(native);
    return rc;
}

bool mig_only_chunks(struct ts_dir *dir)
{
    struct ts_dir *data = NULL;
    const char *name = NULL;
    enum ts_ftype type;
    bool only = ts_dir_open_at(&data, dir, MIG_DATA, NULL) == TS_OK;

    while (only && ts_dir_next(data, &name, &type, NULL) == TS_OK && name)
        only = strspn(name, "0123456789abcdef") == strlen(name);
    ts_dir_close(data);
    return only;
}

/* Whoever owns a folder or a catalogue can make it say what he likes: that everything was
 * captured, or that files belong into the folders of the system. */
static enum ts_code trusted(const struct ts_stat *st, const char *what, const char *path,
                            struct ts_err *err)
{
    if (st->uid == 0 || st->uid == ts_user_id())
        return TS_OK;
    return ts_fail(err, TS_EREFUSED,
                   "%s %s belongs to another user (id %u), who could have put anything"
                   " into it: it is not used; if nobody needs it, remove the folder, or"
                   " choose another",
                   what, path, st->uid);
}

static enum ts_code state_of(struct mig_store *s, struct ts_err *err)
{
    struct ts_stat st;

    if (has(s->dir, MIG_CATALOG)) {
        enum ts_code rc;
        if ((rc = ts_dir_stat(s->dir, &st, err)) != TS_OK ||
            (rc = trusted(&st, "the state store", s->path, err)) != TS_OK ||
            (rc = ts_stat_at(s->dir, MIG_CATALOG, &st, err)) != TS_OK ||
            (rc = trusted(&st, "the catalogue of the state store", s->path, err)) !=
                TS_OK)
            return rc;
        rc = mig_catalog_open(&s->cat, s->native, true, err);
        if (rc == TS_OK)
            rc = mig_state_get(s->cat, &s->state, err);
        return rc;
    }
    if (has(s->dir, MIG_PART))
        return TS_OK; /* a part of another store, or what a cut left of one */
    if (has(s->dir, MIG_CATALOG_TMP) || has(s->dir, MIG_CAPTURE))
        s->state = TS_STORE_CAPTURING;
    else if (mig_only_chunks(s->dir)) /* what a cut can leave */
        s->state = TS_STORE_CAPTURING;
    return TS_OK;
}

enum ts_code mig_store_probe(const char *path, enum ts_store_state *state,
                             struct ts_err *err)
{
    struct mig_store s = {0};
    enum ts_code rc = open_folder(&s, path, err);

    *state = TS_STORE_NONE;
    if (rc == TS_OK)
        rc = state_of(&s, err);
    else if (rc == TS_ENOTFOUND)
        rc = TS_OK;
    *state = s.state;
    mig_store_close(&s);
    return rc;
}

/* ---- open and close ---------------------------------------------------------------- */

static enum ts_code open_part(struct mig_store *s, struct mig_part *p, struct ts_err *err)
{
    char *now = mig_path_now(p->path, p->volume);
    struct mig_part_file f = {0};
    struct ts_dir *up = NULL;
    struct ts_stat st;
    char *name = NULL;
    bool found = false;
    enum ts_code rc;

    if (!now)
        return ts_fail(err, TS_ENOTFOUND,
                       "the store's part %s is on a volume that is not there", p->path);
    if ((rc = ts_path_open_parent(&up, &name, now, false, err)) == TS_OK &&
        (rc = ts_dir_open_at(&p->dir, up, name, err)) == TS_OK &&
        (rc = ts_dir_stat(p->dir, &st, err)) == TS_OK &&
        (rc = trusted(&st, "the store's part", now, err)) == TS_OK &&
        (rc = mig_part_read(p->dir, &f, &found, err)) == TS_OK &&
        (!found || strcmp(f.store, s->id) != 0))
        rc = ts_fail(err, TS_EDAMAGED, "%s is not a part of the store %s", now, s->path);
    if (rc == TS_ENOTFOUND)
        ts_err_context(err, "the store's part %s is missing", now);
    mig_part_file_fini(&f);
    ts_dir_close(up);
    ts_free(name);
    ts_free(now);
    return rc;
}

static void ask_few_links(struct mig_part *p)
{
    struct ts_volume v;

    /* ntfs-3g shows itself as fuseblk.  NTFS keeps 1,024 names to a file and some of its
     * drivers do not. */
    if (ts_volume_of(p->dir, &v, NULL) == TS_OK)
        p->few_links = strstr(v.fstype, "ntfs") || strstr(v.fstype, "NTFS") ||
                       strcmp(v.fstype, "fuseblk") == 0;
}

enum ts_code mig_part_finish(struct mig_part *p, struct ts_err *err)
{
    enum ts_code rc;

    if ((rc = ts_dir_stat(p->dir, &p->st, err)) != TS_OK)
        return rc;
    ask_few_links(p);
    rc = ts_dir_open_at(&p->data, p->dir, MIG_DATA, err);
    if (rc != TS_OK)
        ts_err_context(err, "the store's part %s", p->path);
    return rc;
}

static enum ts_code load_parts(struct mig_store *s, struct ts_err *err)
{
    sqlite3_stmt *st = NULL;
    enum ts_code rc = TS_OK;

    if (sqlite3_prepare_v2(mig_catalog_db(s->cat),
                           "SELECT id, path, volume FROM part ORDER BY id", -1, &st,
                           NULL) != SQLITE_OK)
        return mig_sql_fail(s->cat, err, "read the parts");
    while (rc == TS_OK && sqlite3_step(st) == SQLITE_ROW) {
        struct mig_part *p = &s->parts[s->nparts];
        const char *path = (const char *)sqlite3_column_text(st, 1);
        const char *volume = (const char *)sqlite3_column_text(st, 2);
        if (s->nparts == MIG_PARTS_MAX || sqlite3_column_int(st, 0) != s->nparts) {
            rc = ts_fail(err, TS_EDAMAGED, "the parts of the store %s make no sense",
                         s->path);
            break;
        }
        p->path = ts_strdup(path ? path : "");
        p->volume = ts_strdup(volume ? volume : "");
        s->nparts++;
        if (p == s->parts)
            rc = ts_dir_dup(&p->dir, s->dir, err);
        else
            rc = open_part(s, p, err);
        if (rc == TS_OK)
            rc = mig_part_finish(p, err);
    }
    sqlite3_finalize(st);
    if (rc == TS_OK && s->nparts == 0)
        rc = ts_fail(err, TS_EDAMAGED, "the catalogue of %s names no parts", s->path);
    return rc;
}

enum ts_code mig_store_open(struct mig_store *s, const char *path, bool write,
                            struct ts_err *err)
{
    char *id = NULL;
    enum ts_code rc;

    memset(s, 0, sizeof *s);
    if ((rc = open_folder(s, path, err)) != TS_OK) {
        if (rc == TS_ENOTFOUND)
            ts_err_context(err, "there is no state store at %s", path);
        goto done;
    }
    (void)write;
    if ((rc = state_of(s, err)) != TS_OK)
        goto done;
    if (s->state == TS_STORE_NONE) {
        rc = ts_fail(err, TS_ENOTFOUND, "there is no state store in %s%s", path,
                     has(s->dir, MIG_PART) ? " (only a part of one on another volume)"
                                           : "");
        goto done;
    }
    if (s->state == TS_STORE_CAPTURING) {
        rc =
            ts_fail(err, TS_EREFUSED,
                    "the state store %s is not complete: its capture was cut off; capture"
                    " again",
                    path);
        goto done;
    }
    if ((rc = mig_meta_get(s->cat, "id", &id, err)) != TS_OK)
        goto done;
    snprintf(s->id, sizeof s->id, "%s", id);
    rc = load_parts(s, err);
done:
    ts_free(id);
    if (rc != TS_OK)
        mig_store_close(s);
    return rc;
}

void mig_store_close(struct mig_store *s)
{
    for (int i = 0; i < s->nparts; i++) {
        ts_dir_close(s->parts[i].data);
        ts_dir_close(s->parts[i].dir);
        ts_free(s->parts[i].path);
        ts_free(s->parts[i].volume);
    }
    mig_catalog_close(s->cat);
    ts_dir_close(s->dir);
    ts_free(s->path);
    ts_free(s->native);
    memset(s, 0, sizeof *s);
}

/* ---- making ------------------------------------------------------------------------ */

/* `path` with mode 0700 and an empty "data"; an existing folder must be ours. */
enum ts_code mig_part_folder(const char *path, struct ts_dir **dir, struct ts_err *err)
{
    struct ts_stat st = {.mode = 0700}, mine, theirs;
    struct ts_dir *up = NULL;
    char *name = NULL;
    enum ts_code rc;

    *dir = NULL;
    if ((rc = ts_path_open_parent(&up, &name, path, true, err)) != TS_OK)
        goto done;
    rc = ts_mkdir_at(up, name, 0700, err);
    if (rc != TS_OK && rc != TS_EEXIST)
        goto done;
    if ((rc = ts_dir_open_at(dir, up, name, err)) != TS_OK ||
        (rc = ts_set_meta_at(up, name, &st, TS_META_MODE, err)) != TS_OK)
        goto done;
    rc = ts_mkdir_at(*dir, MIG_DATA, 0700, err);
    if (rc == TS_EEXIST)
        rc = ts_fail(err, TS_EREFUSED,
                     "the folder %s holds something called \"" MIG_DATA "\" that is not a"
                     " store's: choose another folder",
                     path);
    if (rc == TS_OK && (rc = ts_stat_at(*dir, MIG_DATA, &mine, err)) == TS_OK &&
        (rc = ts_dir_stat(*dir, &theirs, err)) == TS_OK && mine.uid != theirs.uid &&
        (rc = ts_rmdir_at(*dir, MIG_DATA, err)) == TS_OK)
        rc = ts_fail(err, TS_EREFUSED,
                     "the folder %s belongs to another user (id %u), who could change the"
                     " store: choose another folder",
                     path, theirs.uid);
done:
    ts_dir_close(up);
    ts_free(name);
    return rc;
}

enum ts_code mig_store_create(struct mig_store *s, const char *path, struct ts_err *err)
{
    struct mig_part *p = s->parts;
    char volume[80], *native = NULL;
    enum ts_code rc;

    memset(s, 0, sizeof *s);
    s->path = ts_strdup(path);
    s->state = TS_STORE_CAPTURING;
    ts_random_id(s->id);
    if ((rc = mig_part_folder(path, &s->dir, err)) != TS_OK ||
        (rc = ts_path_native(&native, path, NULL, err)) != TS_OK ||
        (rc = ts_fs_real(native, &s->native, err)) != TS_OK)
        goto done;
    s->nparts = 1;
    p->path = ts_strdup(path);
    mig_volume_of_path(path, s->dir, volume);
    p->volume = ts_strdup(volume);
    if ((rc = ts_dir_dup(&p->dir, s->dir, err)) != TS_OK ||
        (rc = mig_part_finish(p, err)) != TS_OK)
        goto done;
    ts_power_point();
    rc = mig_catalog_create(&s->cat, s->native, err);
done:
    ts_free(native);
    if (rc != TS_OK)
        mig_store_close(s);
    return rc;
}
