/* put.c - putting one folder's objects back.
 *
 * Everything here can have happened before: a restore that was cut off runs again over
 * its own work.  The same file under its name is done; a copy gets its name only when it
 * is whole. */
#include "migrate/restore.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define NAME_LONGEST 255
#define ASIDE_TRIES 1000

enum ts_code mig_keep_aside(struct mig_run *run, struct ts_dir *d, const char *name,
                            const char *path, struct ts_err *err)
{
    char other[NAME_LONGEST + 40];
    size_t n = strlen(name);
    enum ts_code rc = TS_EEXIST;

    if (n > NAME_LONGEST - 30) {
        n = NAME_LONGEST - 30;
        while (n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80)
            n--; /* not within a character */
    }
    for (int i = 1; rc == TS_EEXIST && i < ASIDE_TRIES; i++) {
        if (i == 1)
            snprintf(other, sizeof other, "%.*s (before restore)", (int)n, name);
        else
            snprintf(other, sizeof other, "%.*s (before restore %d)", (int)n, name, i);
        rc = ts_rename_at(d, name, d, other, false, err);
    }
    if (rc == TS_OK)
        mig_note(run, 2, "%s was there before; it is kept as \"%s\"", path, other);
    return rc;
}

static char *show(struct mig_putter *p, const struct mig_node *n, const char *name)
{
    const char *rel = mig_node_rel(p->w, n);
    char *below = ts_format("%s%s%s", rel, rel[0] && name[0] ? "/" : "", name);
    char *path = mig_root_show(n->root, below);

    ts_free(below);
    return path;
}

static enum ts_code keep_aside(struct mig_putter *p, const struct mig_node *n,
                               struct ts_dir *d, const char *name, struct ts_err *err)
{
    char *path = show(p, n, name);
    enum ts_code rc = mig_keep_aside(p->w->run, d, name, path, err);

    p->w->totals.conflicts += rc == TS_OK;
    ts_free(path);
    return rc;
}

/* ---- copies ------------------------------------------------------------------------ */

/* Owner, then lists of rights, then mode and times: each of the later ones would be
 * changed by the earlier ones. */
static enum ts_code set_all(struct ts_dir *d, const char *name, const struct mig_row *row,
                            ts_str extra, bool set_extra, uint32_t mode,
                            struct ts_err *err)
{
    struct ts_stat st = {.type = row->kind == MIG_FOLDER ? TS_F_DIR : TS_F_FILE,
                         .mode = mode,
                         .uid = row->uid,
                         .gid = row->gid,
                         .attributes = row->attributes,
                         .mtime_ns = row->mtime_ns,
                         .atime_ns = row->mtime_ns};
    int rest = TS_META_MODE | TS_META_TIMES | TS_META_ATTRIBUTES;
    enum ts_code rc;

    if (!set_extra)
        return ts_set_meta_at(d, name, &st, TS_META_OWNER | rest, err);
    if ((rc = ts_set_meta_at(d, name, &st, TS_META_OWNER, err)) != TS_OK ||
        (rc = ts_set_extra_at(d, name, extra, err)) != TS_OK)
        return rc;
    return ts_set_meta_at(d, name, &st, rest, err);
}

/* Metadata of a copy: of a file that was copied at capture it is in the row, of a linked
 * one it is on the file in the store.  A copy is not trusted with set-id bits. */
static enum ts_code copy_meta(struct mig_putter *p, struct ts_dir *d, const char *name,
                              const struct mig_row *row, struct ts_dir *slot,
                              const char *hex, struct ts_err *err)
{
    ts_str extra = row->extra;
    enum ts_code rc;

    if (row->how == MIG_LINKED) {
        if ((rc = ts_get_extra_at(slot, hex, &p->text, err)) != TS_OK)
            return rc;
        extra = ts_buf_view(&p->text);
    }
    return set_all(d, name, row, extra, true, row->mode & 01777u, err);
}

static enum ts_code copy_out(struct mig_putter *p, struct ts_dir *d, struct mig_node *n,
                             const struct mig_row *row, const char *name,
                             struct ts_dir *slot, const char *hex, struct ts_err *err)
{
    struct ts_stat st;
    char temp[40];
    bool same = false;
    enum ts_code rc;

    if (ts_stat_at(d, name, &st, NULL) == TS_OK) {
        if (st.type == TS_F_FILE && st.size == row->size &&
            (rc = ts_same_content_at(slot, hex, d, name, &same, err)) != TS_OK)
            return rc;
        if (same)
            return copy_meta(p, d, name, row, slot, hex, err);
        if ((rc = keep_aside(p, n, d, name, err)) != TS_OK)
            return rc;
    }
    snprintf(temp, sizeof temp, ".taskseq-restore-%s", hex);
    rc = ts_copy_at(slot, hex, d, temp, mig_run_going, p->w->run, err);
    if (rc == TS_EEXIST && (rc = ts_unlink_at(d, temp, err)) == TS_OK)
        rc = ts_copy_at(slot, hex, d, temp, mig_run_going, p->w->run, err);
    if (rc != TS_OK || (rc = copy_meta(p, d, temp, row, slot, hex, err)) != TS_OK ||
        (rc = ts_rename_at(d, temp, d, name, false, err)) != TS_OK)
        return rc;
    p->w->totals.copies++;
    p->w->totals.copied_bytes += row->size;
    return TS_OK;
}

/* ---- files ------------------------------------------------------------------------- */

/* A new system often brings the same small files: nobody needs them twice. */
static enum ts_code replace_same(struct mig_putter *p, struct ts_dir *d, const char *name,
                                 struct ts_dir *slot, const char *hex, bool *replaced,
                                 struct ts_err *err)
{
    char temp[40];
    bool same = false;
    enum ts_code rc = ts_same_content_at(slot, hex, d, name, &same, err);

    (void)p;
    *replaced = false;
    if (rc != TS_OK || !same)
        return rc;
    snprintf(temp, sizeof temp, ".taskseq-restore-%s", hex);
    rc = ts_link_at(slot, hex, d, temp, err);
    if (rc == TS_EEXIST && (rc = ts_unlink_at(d, temp, err)) == TS_OK)
        rc = ts_link_at(slot, hex, d, temp, err);
    if (rc != TS_OK)
        return rc == TS_EXDEV || rc == TS_EMLINK || rc == TS_EUNSUPPORTED ? TS_OK : rc;
    if ((rc = ts_rename_at(d, temp, d, name, true, err)) == TS_OK)
        *replaced = true;
    return rc;
}

/* Something stands under the name of a file that is to be linked.  *done: nothing is left
 * to do; else the name is free now. */
static enum ts_code make_way(struct mig_putter *p, struct ts_dir *d, struct mig_node *n,
                             const struct mig_row *row, const char *name,
                             struct ts_dir *slot, const char *hex, bool *done,
                             struct ts_err *err)
{
    uint64_t volume = p->rs->store->parts[row->part].st.volume;
    struct ts_stat st;
    enum ts_code rc = ts_stat_at(d, name, &st, err);

    *done = false;
    if (rc != TS_OK)
        return rc == TS_ENOTFOUND ? TS_OK : rc;
    if (st.type == TS_F_FILE && st.id == row->fileid && st.volume == volume) {
        *done = true;
        return TS_OK;
    }
    if (st.type == TS_F_FILE && st.size == row->size &&
        ((rc = replace_same(p, d, name, slot, hex, done, err)) != TS_OK || *done))
        return rc;
    return keep_aside(p, n, d, name, err);
}

static enum ts_code put_file(struct mig_putter *p, struct ts_dir *d, struct mig_node *n,
                             const struct mig_row *row, const char *name,
                             struct ts_err *err)
{
    struct ts_dir *slot;
    struct ts_stat st;
    char hex[17];
    bool done = false;
    enum ts_code rc = mig_slot(&p->slots, row->part, row->id, false, &slot, hex, err);

    p->w->totals.files++;
    p->w->totals.bytes += row->size;
    if (rc != TS_OK)
        return rc;
    if (row->how == MIG_COPIED)
        return copy_out(p, d, n, row, name, slot, hex, err);
    rc = ts_link_at(slot, hex, d, name, err);
    /* In a folder that may not be written to, an existing name is answered so as well. */
    if (rc == TS_EEXIST || rc == TS_EACCESS) {
        enum ts_code first = rc;
        rc = make_way(p, d, n, row, name, slot, hex, &done, err);
        if (rc == TS_OK && !done)
            rc = ts_link_at(slot, hex, d, name, err);
        if (rc == TS_EACCESS && first == TS_EACCESS)
            rc = TS_EUNSUPPORTED; /* a link may be forbidden where a copy is not */
    }
    if (rc == TS_OK) {
        p->w->totals.links++;
        return TS_OK;
    }
    if (rc == TS_ENOTFOUND && ts_stat_at(slot, hex, &st, NULL) != TS_OK) {
        char *path = show(p, n, name);
        rc = ts_fail(err, TS_EDAMAGED, "%s is not in the state store %s any more", path,
                     p->rs->store->path);
        ts_free(path);
        return rc;
    }
    if (rc == TS_EXDEV || rc == TS_EMLINK || rc == TS_EUNSUPPORTED)
        return copy_out(p, d, n, row, name, slot, hex, err);
    return rc;
}

/* ---- links and folders ------------------------------------------------------------- */

static enum ts_code put_link(struct mig_putter *p, struct ts_dir *d, struct mig_node *n,
                             const struct mig_row *row, const char *name,
                             struct ts_err *err)
{
    struct ts_stat st = {.type = TS_F_LINK,
                         .uid = row->uid,
                         .gid = row->gid,
                         .mtime_ns = row->mtime_ns,
                         .atime_ns = row->mtime_ns};
    enum ts_code rc = ts_symlink_at(d, name, row->extra.p, err);

    p->w->totals.symlinks++;
    if (rc == TS_EEXIST) {
        ts_buf_clear(&p->text);
        if (ts_readlink_at(d, name, &p->text, NULL) != TS_OK ||
            !ts_str_eq(ts_buf_view(&p->text), row->extra)) {
            if (n->root->kind == MIG_USERS)
                return TS_OK; /* the new system's own */
            if ((rc = keep_aside(p, n, d, name, err)) != TS_OK ||
                (rc = ts_symlink_at(d, name, row->extra.p, err)) != TS_OK)
                return rc;
        }
        rc = TS_OK;
    }
    return rc == TS_OK ? ts_set_meta_at(d, name, &st, TS_META_OWNER | TS_META_TIMES, err)
                       : rc;
}

/* A folder that stands there already is used, and must be one we can write to. */
static enum ts_code use_folder(struct ts_dir *d, const char *name, struct ts_stat *st,
                               struct ts_err *err)
{
    if ((st->mode & 0300) == 0300)
        return TS_OK;
    st->mode |= 0700;
    return ts_set_meta_at(d, name, st, TS_META_MODE, err);
}

/* The row of a folder, for when everything below it is done. */
static void keep_row(struct mig_node *n, const struct mig_row *row)
{
    struct mig_row *kept = ts_alloc(sizeof *kept + row->extra.n + 1);
    char *extra = (char *)(kept + 1);

    *kept = *row;
    memcpy(extra, row->extra.p, row->extra.n);
    kept->extra.p = extra;
    kept->name = (ts_str){"", 0};
    n->data = kept;
}

static enum ts_code put_subfolder(struct mig_putter *p, struct ts_dir *d,
                                  struct mig_node *n, const struct mig_row *row,
                                  const char *name, struct ts_err *err)
{
    struct mig_node *sub;
    struct ts_stat st;
    bool existed = false;
    enum ts_code rc = ts_mkdir_at(d, name, 0700, err);

    if (rc == TS_EEXIST && (rc = ts_stat_at(d, name, &st, err)) == TS_OK) {
        if (st.type == TS_F_DIR) {
            existed = true;
            rc = use_folder(d, name, &st, err);
        } else if ((rc = keep_aside(p, n, d, name, err)) == TS_OK) {
            rc = ts_mkdir_at(d, name, 0700, err);
        }
    }
    if (rc != TS_OK)
        return rc;
    sub = mig_node_new(n, n->root, row->id, name);
    if (existed)
        atomic_fetch_or(&sub->flags, MIG_EXISTED);
    keep_row(sub, row);
    p->w->totals.folders++;
    mig_push(p->w, sub);
    return TS_OK;
}

/* ---- a folder ---------------------------------------------------------------------- */

/* On a Windows drive a name that differs only by case is the same name. */
static enum ts_code other_spelling(struct mig_putter *p, struct ts_dir *d,
                                   struct mig_node *n, const struct mig_row *row,
                                   char **use, struct ts_err *err)
{
    bool found = false;
    enum ts_code rc;

    *use = NULL;
    if (!p->check_names || !mig_names_has(&p->names, row->name.p))
        return TS_OK;
    if ((rc = ts_name_find(d, row->name.p, use, &found, err)) != TS_OK || !found ||
        strcmp(*use, row->name.p) == 0 || row->kind == MIG_FOLDER)
        return rc;
    rc = keep_aside(p, n, d, *use, err);
    ts_free(*use);
    *use = NULL;
    return rc;
}

static enum ts_code put_entry(struct mig_putter *p, struct ts_dir *d, struct mig_node *n,
                              const struct mig_row *row, struct ts_err *err)
{
    char *use = NULL;
    const char *name;
    enum ts_code rc = other_spelling(p, d, n, row, &use, err);

    name = use ? use : row->name.p;
    if (rc == TS_OK && row->kind == MIG_FILE)
        rc = put_file(p, d, n, row, name, err);
    else if (rc == TS_OK && row->kind == MIG_FOLDER)
        rc = put_subfolder(p, d, n, row, name, err);
    else if (rc == TS_OK && row->kind == MIG_LINK)
        rc = put_link(p, d, n, row, name, err);
    if (rc != TS_OK) {
        char *path = show(p, n, name);
        ts_err_context(err, "cannot restore %s", path);
        ts_free(path);
    }
    ts_free(use);
    return rc;
}

static enum ts_code list_names(struct mig_putter *p, struct mig_node *n, struct ts_dir *d,
                               struct ts_err *err)
{
    const char *name;
    enum ts_ftype type;
    enum ts_code rc;

    p->check_names = (atomic_load(&n->flags) & MIG_EXISTED) &&
                     ts_path_has_letter(ts_str_of(n->root->now));
    if (!p->check_names)
        return TS_OK;
    mig_names_clear(&p->names);
    while ((rc = ts_dir_next(d, &name, &type, err)) == TS_OK && name)
        mig_names_add(&p->names, name);
    return rc;
}

enum ts_code mig_put_folder(struct mig_worker *w, struct mig_node *n, struct ts_err *err)
{
    struct mig_putter *p = w->local;
    struct mig_rows rows;
    struct ts_dir *d;
    enum ts_code rc;

    if ((rc = mig_worker_open(&d, w, n, n->root->dir, err)) != TS_OK) {
        char *path = show(p, n, "");
        ts_err_context(err, "cannot restore %s", path);
        ts_free(path);
        return rc;
    }
    ts_arena_fini(&p->arena);
    if ((rc = list_names(p, n, d, err)) != TS_OK ||
        (rc = mig_children(p->cat, n->id, &rows, &p->arena, err)) != TS_OK)
        return rc;
    for (size_t i = 0; rc == TS_OK && i < rows.n && !mig_stopped(w->run); i++) {
        w->seen++;
        rc = put_entry(p, d, n, &rows.p[i], err);
    }
    /* The proof, while the rows are at hand: the folder is read again. */
    if (rc == TS_OK && !mig_stopped(w->run))
        rc = mig_check_folder(p, d, n, &rows, false, err);
    return rc;
}

/* Everything below n is in place: now its own metadata, times last. */
enum ts_code mig_put_folder_done(struct mig_worker *w, struct mig_node *n,
                                 struct ts_err *err)
{
    struct mig_putter *p = w->local;
    struct ts_dir *up = n->root->up;
    const char *name = n->parent ? n->name : n->root->real;
    unsigned existed = atomic_load(&n->flags) & MIG_EXISTED;
    const struct mig_row *kept = n->data;
    struct mig_row row;
    bool found = kept != NULL;
    enum ts_code rc = TS_OK;

    if (n->root->kind == MIG_USERS)
        return TS_OK; /* belongs to the new system */
    if (n->parent) {
        existed |= atomic_load(&n->parent->flags) & MIG_EXISTED;
        if ((rc = mig_worker_open(&up, w, n->parent, n->root->dir, err)) != TS_OK)
            return rc;
    } else {
        existed = 1; /* what its folder hands down is not ours to know */
    }
    if (kept) {
        row = *kept;
    } else {
        ts_arena_fini(&p->arena);
        rc = mig_row_get(p->cat, n->id, &row, &p->arena, &found, err);
    }
    if (rc != TS_OK || !found)
        return rc;
    rc = set_all(up, name, &row, row.extra, existed || row.extra.n > 0, row.mode, err);
    if (rc != TS_OK) {
        char *path = show(p, n, "");
        ts_err_context(err, "cannot restore %s", path);
        ts_free(path);
    }
    return rc;
}

enum ts_code mig_put_local_new(struct mig_worker *w, struct ts_err *err)
{
    struct mig_putter *p = ts_alloc(sizeof *p);

    w->local = p;
    p->rs = w->ctx;
    p->w = w;
    p->slots.store = p->rs->store;
    return mig_catalog_open(&p->cat, p->rs->store->native, false, err);
}

void mig_put_local_free(struct mig_worker *w)
{
    struct mig_putter *p = w->local;

    if (!p)
        return;
    mig_slots_close(&p->slots);
    mig_catalog_close(p->cat);
    mig_names_free(&p->names);
    ts_arena_fini(&p->arena);
    ts_buf_free(&p->text);
    ts_free(p);
}
