/* diff.c - one folder of the source against its rows. */
#include "migrate/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- dropping ---------------------------------------------------------------------- */

static enum ts_code drop_one(struct mig_catalog *c, const struct mig_row *row,
                             struct ts_err *err)
{
    char sql[96];
    enum ts_code rc = TS_OK;

    if (row->how != MIG_NONE) {
        sqlite3_snprintf(sizeof sql, sql, "INSERT OR REPLACE INTO gone VALUES(%lld,%d)",
                         (long long)row->id, row->part);
        rc = mig_sql(c, sql, err);
    }
    if (rc == TS_OK && row->kind == MIG_FOLDER) {
        sqlite3_snprintf(sizeof sql, sql, "DELETE FROM run WHERE folder = %lld",
                         (long long)row->id);
        rc = mig_sql(c, sql, err);
    }
    return rc == TS_OK ? mig_row_delete(c, row->id, err) : rc;
}

enum ts_code mig_drop(struct mig_catalog *c, const struct mig_row *row, uint64_t *count,
                      struct ts_err *err)
{
    struct ts_arena a = {0};
    struct mig_row *stack = NULL;
    size_t n = 0, cap = 0;
    enum ts_code rc = TS_OK;

    stack = ts_realloc_array(NULL, cap = 64, sizeof *stack);
    stack[n++] = *row;
    while (rc == TS_OK && n > 0) {
        struct mig_row at = stack[--n];
        struct mig_rows kids = {0};
        if (at.kind == MIG_FOLDER)
            rc = mig_children(c, at.id, &kids, &a, err);
        for (size_t i = 0; rc == TS_OK && i < kids.n; i++) {
            if (n == cap)
                stack = ts_realloc_array(stack, cap *= 2, sizeof *stack);
            stack[n++] = kids.p[i];
        }
        if (rc == TS_OK) {
            rc = drop_one(c, &at, err);
            (*count)++;
        }
    }
    ts_free(stack);
    ts_arena_fini(&a);
    return rc;
}

/* ---- saying ------------------------------------------------------------------------ */

static void found(struct mig_differ *df, const struct mig_node *n, ts_str name,
                  const char *what)
{
    struct mig_worker *w = df->taker->w;
    const char *rel = mig_node_rel(w, n);
    char *below =
        ts_format("%s%s%.*s", rel, rel[0] && name.n ? "/" : "", (int)name.n, name.p);
    char *path = mig_root_show(n->root, below);

    mig_finding(w->run, path, what);
    ts_free(below);
    ts_free(path);
}

/* ---- entries ----------------------------------------------------------------------- */

static enum ts_code is_new(struct mig_differ *df, struct ts_dir *d, struct mig_node *n,
                           const char *name, enum ts_ftype type, struct ts_err *err)
{
    struct ts_stat st;

    if (type == TS_F_OTHER)
        return TS_OK;
    if (type == TS_F_DIR && ts_stat_at(d, name, &st, NULL) == TS_OK &&
        mig_is_part(df->diff->take.store, &st))
        return TS_OK;
    df->taker->w->totals.added++;
    if (df->diff->update)
        return mig_take_entry(df->taker, d, n, name, type, err);
    found(df, n, ts_str_of(name), "is new since the capture");
    return TS_OK;
}

static enum ts_code is_gone(struct mig_differ *df, struct mig_node *n,
                            const struct mig_row *row, struct ts_err *err)
{
    if (!df->diff->update) {
        if (row->kind != MIG_LEFT)
            found(df, n, row->name, "is gone since the capture");
        return TS_OK;
    }
    return mig_drop(df->cat, row, &df->taker->w->totals.deleted, err);
}

static enum ts_code replaced(struct mig_differ *df, struct ts_dir *d, struct mig_node *n,
                             const struct mig_row *row, const char *name,
                             enum ts_ftype type, const char *what, struct ts_err *err)
{
    uint64_t count = 0;
    enum ts_code rc;

    df->taker->w->totals.changed++;
    if (!df->diff->update) {
        found(df, n, row->name, what);
        return TS_OK;
    }
    if ((rc = mig_drop(df->cat, row, &count, err)) != TS_OK)
        return rc;
    return mig_take_entry(df->taker, d, n, name, type, err);
}

static enum ts_code same_file(struct mig_differ *df, struct ts_dir *d, struct mig_node *n,
                              const struct mig_row *row, const char *name,
                              struct ts_err *err)
{
    struct ts_stat st;
    struct mig_row now = *row;
    bool copy = row->how == MIG_COPIED, meta;
    enum ts_code rc = ts_stat_at(d, name, &st, err);

    if (rc == TS_ENOTFOUND)
        return is_gone(df, n, row, err);
    if (rc != TS_OK)
        return rc;
    if (st.id != row->fileid || st.type != TS_F_FILE)
        return replaced(df, d, n, row, name, st.type, "was replaced since the capture",
                        err);
    meta = st.mode != row->mode || st.uid != row->uid || st.gid != row->gid;
    if (st.size == row->size && st.mtime_ns == row->mtime_ns && !(copy && meta))
        return TS_OK;
    if (copy || !df->diff->update)
        return replaced(df, d, n, row, name, st.type, "was changed since the capture",
                        err);
    /* Edited in place: the store's name leads to the same file. */
    df->taker->w->totals.changed++;
    now.size = st.size;
    now.mtime_ns = st.mtime_ns;
    now.mode = st.mode;
    now.uid = st.uid;
    now.gid = st.gid;
    now.attributes = st.attributes;
    return mig_row_add(df->cat, &now, err);
}

static enum ts_code same_link(struct mig_differ *df, struct ts_dir *d, struct mig_node *n,
                              const struct mig_row *row, const char *name,
                              struct ts_err *err)
{
    struct ts_buf target = {0};
    bool same = ts_readlink_at(d, name, &target, NULL) == TS_OK &&
                ts_str_eq(ts_buf_view(&target), row->extra);

    ts_buf_free(&target);
    if (same)
        return TS_OK;
    return replaced(df, d, n, row, name, TS_F_NONE, "leads elsewhere since the capture",
                    err);
}

static enum ts_code same_folder(struct mig_differ *df, struct ts_dir *d,
                                struct mig_node *n, const struct mig_row *row,
                                const char *name, struct ts_err *err)
{
    struct mig_node *sub = mig_node_new(n, n->root, row->id, name);
    enum ts_code rc = TS_OK;

    atomic_fetch_or(&sub->flags, MIG_KNOWN);
    if (df->diff->update) {
        rc = ts_get_extra_at(d, name, &df->taker->extra, err);
        mig_node_keep(sub, &df->taker->extra);
        if (rc == TS_ENOTFOUND || rc == TS_EACCESS)
            rc = TS_OK;
    }
    mig_push(df->taker->w, sub);
    return rc;
}

static enum ts_code is_known(struct mig_differ *df, struct ts_dir *d, struct mig_node *n,
                             const struct mig_row *row, const char *name,
                             enum ts_ftype type, struct ts_err *err)
{
    static const enum ts_ftype types[] = {
        [MIG_FOLDER] = TS_F_DIR, [MIG_FILE] = TS_F_FILE, [MIG_LINK] = TS_F_LINK};

    df->taker->w->seen++;
    if (row->kind == MIG_LEFT)
        return df->diff->update ? replaced(df, d, n, row, name, type, "", err) : TS_OK;
    if (type != types[row->kind])
        return replaced(df, d, n, row, name, type,
                        "became something else since the capture", err);
    switch (row->kind) {
    case MIG_FILE:
        return same_file(df, d, n, row, name, err);
    case MIG_LINK:
        return same_link(df, d, n, row, name, err);
    default:
        return same_folder(df, d, n, row, name, err);
    }
}

/* ---- folders ----------------------------------------------------------------------- */

static enum ts_code compare(struct mig_differ *df, struct ts_dir *d, struct mig_node *n,
                            struct mig_rows *rows, struct ts_err *err)
{
    struct mig_taker *t = df->taker;
    bool *met = ts_arena_alloc(&df->arena, rows->n + 1);
    const char *name;
    enum ts_ftype type;
    enum ts_code rc;

    mig_take_begin(t, n);
    while ((rc = ts_dir_next(d, &name, &type, err)) == TS_OK && name) {
        const struct mig_row *row;
        bool wanted;
        if (mig_stopped(t->take->run))
            return TS_OK;
        if ((rc = mig_take_wanted(t, d, n, name, &type, &wanted, err)) != TS_OK)
            return rc;
        if (!wanted)
            continue;
        row = mig_rows_find(rows, name);
        if (row) {
            met[row - rows->p] = true;
            rc = is_known(df, d, n, row, name, type, err);
        } else {
            rc = is_new(df, d, n, name, type, err);
        }
        if (rc != TS_OK)
            return rc;
    }
    for (size_t i = 0; rc == TS_OK && i < rows->n; i++) {
        if (!met[i])
            rc = is_gone(df, n, &rows->p[i], err);
    }
    return rc == TS_OK ? mig_take_end(t, err) : rc;
}

/* The row of a folder whose metadata changed. */
static enum ts_code refresh_row(struct mig_differ *df, struct mig_node *n,
                                const struct ts_stat *st, struct ts_err *err)
{
    struct mig_row row;
    bool there = false;
    const ts_str *extra = n->data;
    ts_str now = extra ? *extra : (ts_str){"", 0};
    enum ts_code rc = mig_row_get(df->cat, n->id, &row, &df->arena, &there, err);

    if (rc != TS_OK ||
        (there && row.mode == st->mode && row.uid == st->uid && row.gid == st->gid &&
         row.mtime_ns == st->mtime_ns && row.attributes == st->attributes &&
         row.fileid == st->id && ts_str_eq(row.extra, now)))
        return rc;
    df->taker->w->totals.folders--; /* it is not another one */
    return mig_take_folder_row(df->taker, n, st, err);
}

static enum ts_code open_known(struct mig_differ *df, struct mig_node *n,
                               struct ts_dir **d, struct ts_stat *st, struct ts_err *err)
{
    struct mig_worker *w = df->taker->w;
    char *path;
    enum ts_code rc = mig_worker_open(d, w, n, n->root->dir, err);

    if (rc == TS_OK && (rc = ts_dir_stat(*d, st, err)) == TS_OK)
        return TS_OK;
    *d = NULL;
    if (rc == TS_ENOTFOUND && !df->diff->update) {
        found(df, n, TS_S(""), "is gone since the capture");
        return TS_OK;
    }
    path = mig_root_show(n->root, mig_node_rel(w, n));
    if (df->diff->take.skip_unreadable && df->diff->update && rc != TS_ECANCELLED) {
        mig_note(w->run, 2, "%s cannot be read any more (%s); what was captured is kept",
                 path, err->text);
        rc = TS_OK;
    } else {
        ts_err_context(err, "cannot read %s", path);
    }
    ts_free(path);
    return rc;
}

enum ts_code mig_diff_folder(struct mig_worker *w, struct mig_node *n, struct ts_err *err)
{
    struct mig_differ *df = w->local;
    struct mig_rows rows = {0};
    struct ts_dir *d;
    struct ts_stat st;
    enum ts_code rc;

    if (!(atomic_load(&n->flags) & MIG_KNOWN)) {
        /* New: everything below it is.  take.c finds its taker in w->local. */
        w->local = df->taker;
        rc = mig_take_folder(w, n, err);
        w->local = df;
        return rc;
    }
    if ((rc = open_known(df, n, &d, &st, err)) != TS_OK || !d)
        return rc;
    ts_arena_fini(&df->arena);
    if (df->diff->update && (rc = refresh_row(df, n, &st, err)) != TS_OK)
        return rc;
    if (st.volume != n->root->st.volume)
        return TS_OK; /* mounted there; nothing below it is in the catalogue */
    if ((rc = mig_children(df->cat, n->id, &rows, &df->arena, err)) != TS_OK)
        return rc;
    return compare(df, d, n, &rows, err);
}

enum ts_code mig_diff_local_new(struct mig_worker *w, struct ts_err *err)
{
    struct mig_diff *diff = w->ctx;
    struct mig_differ *df = ts_alloc(sizeof *df);

    w->local = df;
    df->diff = diff;
    df->taker = mig_taker_new(&diff->take, w);
    df->own_cat = !diff->update;
    df->cat = diff->take.store->cat;
    if (!df->own_cat)
        return TS_OK;
    df->cat = NULL;
    return mig_catalog_open(&df->cat, diff->take.store->native, false, err);
}

void mig_diff_local_free(struct mig_worker *w)
{
    struct mig_differ *df = w->local;
    struct ts_err err;

    if (!df)
        return;
    if (!mig_stopped(w->run) && mig_taker_end(df->taker, &err) != TS_OK)
        mig_run_fail(w->run, &err);
    mig_taker_free(df->taker);
    if (df->own_cat)
        mig_catalog_close(df->cat);
    ts_arena_fini(&df->arena);
    ts_free(df);
}
