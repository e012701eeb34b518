/* store.c - making, opening and closing a store. */
#include "migrate/store.h"
#include "migrate/erase.h"

#include <stdio.h>
#include <string.h>

#include "platform/clock.h"
#include "platform/power.h"

static const char *const state_names[] = {"none",     "capturing", "complete", "wiping",
                                          "restored", "verified",  "removing"};

const char *ts_store_state_name(enum ts_store_state s)
{
    return s >= TS_STORE_NONE && s <= TS_STORE_REMOVING ? state_names[s] : "unknown";
}

/* ---- what stands there ---------------------------------------------------------------
 */

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
        (rc = ts_dir_open_at(&s->dir, up, name, err)) != TS_OK)
        goto done;
    if ((rc = ts_path_native(&native, path, NULL, err)) == TS_OK)
        rc = ts_fs_real(native, &s->native, err);
done:
    ts_dir_close(up);
    ts_free(name);
    ts_free(native);
    return rc;
}

static enum ts_code state_of(struct mig_store *s, struct ts_err *err)
{
    if (has(s->dir, MIG_CATALOG)) {
        enum ts_code rc = mig_catalog_open(&s->cat, s->native, true, err);
        if (rc == TS_OK)
            rc = mig_state_get(s->cat, &s->state, err);
        return rc;
    }
    if (has(s->dir, MIG_PART))
        return TS_OK; /* a part of another store, or what a cut left of one */
    if (has(s->dir, MIG_CATALOG_TMP) || has(s->dir, MIG_CAPTURE))
        s->state = TS_STORE_CAPTURING;
    else if (has(s->dir, MIG_DATA)) {
        struct ts_dir *data = NULL;
        const char *name = NULL;
        enum ts_ftype type;
        /* A folder "data" with nothing but chunks in it is what a cut can leave. */
        if (ts_dir_open_at(&data, s->dir, MIG_DATA, NULL) == TS_OK) {
            s->state = TS_STORE_CAPTURING;
            while (ts_dir_next(data, &name, &type, NULL) == TS_OK && name) {
                if (strspn(name, "0123456789abcdef") != strlen(name))
                    s->state = TS_STORE_NONE;
            }
        }
        ts_dir_close(data);
    }
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

/* ---- open and close ------------------------------------------------------------------
 */

static enum ts_code open_part(struct mig_store *s, struct mig_part *p, struct ts_err *err)
{
    char *now = mig_path_now(p->path, p->volume);
    struct mig_part_file f = {0};
    struct ts_dir *up = NULL;
    char *name = NULL;
    bool found = false;
    enum ts_code rc;

    if (!now)
        return ts_fail(err, TS_ENOTFOUND,
                       "the store's part %s is on a volume that is not there", p->path);
    if ((rc = ts_path_open_parent(&up, &name, now, false, err)) == TS_OK &&
        (rc = ts_dir_open_at(&p->dir, up, name, err)) == TS_OK &&
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

static enum ts_code finish_part(struct mig_part *p, struct ts_err *err)
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
            rc = finish_part(p, err);
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

/* ---- making --------------------------------------------------------------------------
 */

/* `path` with mode 0700 and an empty "data"; an existing folder must be ours. */
static enum ts_code make_folder(const char *path, struct ts_dir **dir, struct ts_err *err)
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
    if ((rc = make_folder(path, &s->dir, err)) != TS_OK ||
        (rc = ts_path_native(&native, path, NULL, err)) != TS_OK ||
        (rc = ts_fs_real(native, &s->native, err)) != TS_OK)
        goto done;
    s->nparts = 1;
    p->path = ts_strdup(path);
    mig_volume_of_path(path, s->dir, volume);
    p->volume = ts_strdup(volume);
    if ((rc = ts_dir_dup(&p->dir, s->dir, err)) != TS_OK ||
        (rc = finish_part(p, err)) != TS_OK)
        goto done;
    ts_power_point();
    rc = mig_catalog_create(&s->cat, s->native, err);
done:
    ts_free(native);
    if (rc != TS_OK)
        mig_store_close(s);
    return rc;
}

/* ---- parts on other volumes ----------------------------------------------------------
 */

static void json_field(struct ts_buf *b, const char *key, const char *value, bool last)
{
    ts_buf_fmt(b, "\"%s\": \"", key);
    ts_buf_json(b, ts_str_of(value));
    ts_buf_z(b, last ? "\"" : "\", ");
}

/* Before a part is made its place is written down, so that what a cut leaves is found. */
static enum ts_code save_capture_file(struct mig_store *s, const char *more,
                                      struct ts_err *err)
{
    char *path = ts_path_join(s->native, MIG_CAPTURE);
    struct ts_buf b = {0};
    enum ts_code rc;

    ts_buf_z(&b, "{\"parts\": [");
    for (int i = 1; i <= s->nparts; i++) {
        ts_buf_z(&b, i > 1 ? ", \"" : "\"");
        ts_buf_json(&b, ts_str_of(i < s->nparts ? s->parts[i].path : more));
        ts_buf_c(&b, '"');
    }
    ts_buf_z(&b, "]}\n");
    rc = ts_file_replace(path, b.p, b.n, 0600, err);
    ts_buf_free(&b);
    ts_free(path);
    return rc;
}

static enum ts_code write_part_file(struct mig_store *s, struct mig_part *p,
                                    struct ts_err *err)
{
    struct ts_buf b = {0};
    char *native = NULL, *real = NULL, *path = NULL;
    enum ts_code rc;

    ts_buf_z(&b, "{\"taskseqStorePart\": 1, ");
    json_field(&b, "store", s->id, false);
    json_field(&b, "main", s->parts[0].path, false);
    json_field(&b, "mainVolume", s->parts[0].volume, false);
    json_field(&b, "volume", p->volume, true);
    ts_buf_z(&b, "}\n");
    if ((rc = ts_path_native(&native, p->path, NULL, err)) == TS_OK &&
        (rc = ts_fs_real(native, &real, err)) == TS_OK) {
        path = ts_path_join(real, MIG_PART);
        rc = ts_file_replace(path, b.p, b.n, 0600, err);
    }
    ts_free(native);
    ts_free(real);
    ts_free(path);
    ts_buf_free(&b);
    return rc;
}

/* Where a volume without a letter begins: the highest folder above `path` that is still
 * on it.  Caller frees. */
static char *mount_root(const char *path, uint64_t volume)
{
    char *real = NULL, *best;
    struct ts_stat st;

    if (ts_fs_real(path, &real, NULL) != TS_OK)
        return ts_strdup(path);
    best = ts_strdup(real);
    for (;;) {
        char *slash = strrchr(real, '/');
        if (!slash || !real[1])
            break;
        slash[slash == real ? 1 : 0] = 0;
        if (ts_fs_stat(real, &st, NULL) != TS_OK || st.volume != volume)
            break;
        ts_free(best);
        best = ts_strdup(real);
    }
    ts_free(real);
    return best;
}

/* The same path as the store's on the volume of the root; at the volume's root where the
 * folders above it do not exist there. */
static char *part_path(const struct mig_store *s, const char *root_path, uint64_t volume)
{
    const char *store = s->parts[0].path;
    struct ts_dir *up = NULL;
    char *top, *path, *name = NULL;

    if (ts_path_has_letter(ts_str_of(root_path))) {
        if (ts_path_has_letter(ts_str_of(store))) {
            path = ts_format("%c%s", root_path[0], store + 1);
            bool there = ts_path_open_parent(&up, &name, path, false, NULL) == TS_OK;
            ts_dir_close(up);
            ts_free(name);
            if (there)
                return path;
            ts_free(path);
        }
        return ts_format("%c:\\%s", root_path[0], mig_path_name(store));
    }
    top = mount_root(root_path, volume);
    path = mig_path_add(top, mig_path_name(store));
    ts_free(top);
    return path;
}

/* Takes over path. */
static enum ts_code make_part(struct mig_store *s, struct mig_run *run, char *path,
                              const char *volume, struct ts_err *err)
{
    struct mig_part *p = &s->parts[s->nparts], *first = s->parts;
    enum ts_code rc = TS_OK;

    memset(p, 0, sizeof *p);
    for (int i = 0; i < s->nparts; i++) {
        if (ts_caseeq(s->parts[i].path, path))
            rc = ts_fail(err, TS_EREFUSED,
                         "the volume at %s is not the one it was at the capture", path);
    }
    if (rc != TS_OK ||
        (rc = mig_part_clear(path, first->path, first->volume, run, err)) != TS_OK ||
        (rc = save_capture_file(s, path, err)) != TS_OK ||
        (rc = make_folder(path, &p->dir, err)) != TS_OK) {
        ts_dir_close(p->dir);
        ts_free(path);
        return rc;
    }
    p->path = path;
    p->volume = ts_strdup(volume);
    s->nparts++;
    if ((rc = write_part_file(s, p, err)) != TS_OK)
        return rc;
    return finish_part(p, err);
}

enum ts_code mig_part_for(struct mig_store *s, struct mig_run *run, const char *root_path,
                          struct ts_dir *dir, int *part, struct ts_err *err)
{
    char volume[80];
    struct ts_stat st;
    enum ts_code rc = ts_dir_stat(dir, &st, err);

    *part = 0;
    if (rc != TS_OK)
        return rc;
    mig_volume_of_path(root_path, dir, volume);
    for (int i = 0; i < s->nparts; i++) {
        if (s->parts[i].st.volume == st.volume &&
            strcmp(s->parts[i].volume, volume) == 0) {
            *part = i;
            return TS_OK;
        }
    }
    if (s->nparts == MIG_PARTS_MAX)
        return ts_fail(err, TS_ELIMIT, "a store has at most %d parts", MIG_PARTS_MAX);
    *part = s->nparts;
    rc = make_part(s, run, part_path(s, root_path, st.volume), volume, err);
    if (rc ==
        TS_EACCESS) /* a volume that cannot be written to: copy into the main part */
        *part = 0;
    return rc == TS_EACCESS ? TS_OK : rc;
}

enum ts_code mig_parts_save(struct mig_store *s, struct ts_err *err)
{
    sqlite3_stmt *st = NULL;
    enum ts_code rc = TS_OK;

    if (sqlite3_prepare_v2(mig_catalog_db(s->cat),
                           "INSERT OR REPLACE INTO part VALUES(?1,?2,?3)", -1, &st,
                           NULL) != SQLITE_OK)
        return mig_sql_fail(s->cat, err, "write the parts");
    for (int i = 0; rc == TS_OK && i < s->nparts; i++) {
        sqlite3_bind_int(st, 1, i);
        sqlite3_bind_text(st, 2, s->parts[i].path, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 3, s->parts[i].volume, -1, SQLITE_STATIC);
        if (sqlite3_step(st) != SQLITE_DONE)
            rc = mig_sql_fail(s->cat, err, "write the parts");
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    return rc;
}

enum ts_code mig_parts_sync(struct mig_store *s, struct ts_err *err)
{
    for (int i = 0; i < s->nparts; i++) {
        enum ts_code rc = ts_volume_sync(s->parts[i].dir, err);
        if (rc != TS_OK)
            return rc;
    }
    return TS_OK;
}

bool mig_is_part(const struct mig_store *s, const struct ts_stat *st)
{
    for (int i = 0; i < s->nparts; i++) {
        if (s->parts[i].st.id == st->id && s->parts[i].st.volume == st->volume)
            return true;
    }
    return false;
}
