/* parts.c - the parts of a store on other volumes than its own. */
#include "migrate/erase.h"
#include "migrate/store.h"
#include "migrate/store_internal.h"

#include <string.h>

/* ---- parts on other volumes -------------------------------------------------------- */

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
        (rc = mig_part_clear(path, first->path, first->volume, run, false, err)) !=
            TS_OK ||
        (rc = save_capture_file(s, path, err)) != TS_OK ||
        (rc = mig_part_folder(path, &p->dir, err)) != TS_OK) {
        ts_dir_close(p->dir);
        ts_free(path);
        return rc;
    }
    p->path = path;
    p->volume = ts_strdup(volume);
    s->nparts++;
    if ((rc = write_part_file(s, p, err)) != TS_OK)
        return rc;
    return mig_part_finish(p, err);
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
    enum ts_code rc = TS_OK;

    for (int i = 0; rc == TS_OK && i < s->nparts; i++) {
        bool again = false; /* two letters can be one file system, in the lab */
        for (int k = 0; k < i; k++)
            again |= s->parts[k].st.volume == s->parts[i].st.volume;
        if (!again)
            rc = ts_volume_sync(s->parts[i].dir, err);
    }
    return rc;
}

bool mig_is_part(const struct mig_store *s, const struct ts_stat *st)
{
    for (int i = 0; i < s->nparts; i++) {
        if (s->parts[i].st.id == st->id && s->parts[i].st.volume == st->volume)
            return true;
    }
    return false;
}
