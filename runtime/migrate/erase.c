/* erase.c - deleting trees. */
#include "migrate/erase.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { KEPT = 1, BUSY = 2 };

void mig_list_add(struct mig_names_list *l, char *path)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 8;
        l->p = ts_realloc_array(l->p, l->cap, sizeof *l->p);
    }
    l->p[l->n++] = path;
}

void mig_list_free(struct mig_names_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        ts_free(l->p[i]);
    ts_free(l->p);
    memset(l, 0, sizeof *l);
}

void mig_erase_fini(struct mig_erase *e)
{
    mig_list_free(&e->busy_files);
    mig_list_free(&e->busy_folders);
}

static char *path_of(struct mig_worker *w, struct mig_node *n, const char *name)
{
    const char *rel = mig_node_rel(w, n);
    char *below, *path;

    if (!name)
        return mig_root_path(n->root, rel);
    below = rel[0] ? ts_format("%s/%s", rel, name) : ts_strdup(name);
    path = mig_root_path(n->root, below);
    ts_free(below);
    return path;
}

/* An entry that stays although it should go. */
static void stays(struct mig_worker *w, struct mig_node *n, const char *name, bool folder,
                  const struct ts_err *err)
{
    struct mig_erase *e = w->ctx;
    char *path = path_of(w, n, name);

    ts_mutex_lock(w->run->m);
    if (err->code == TS_EBUSY) {
        mig_list_add(folder ? &e->busy_folders : &e->busy_files, path);
        path = NULL;
    } else if (e->failed++ == 0) {
        e->first = *err;
        ts_err_context(&e->first, "cannot delete %.400s", path);
    }
    ts_mutex_unlock(w->run->m);
    ts_free(path);
    atomic_fetch_or(&n->flags, err->code == TS_EBUSY ? BUSY : KEPT);
}

static void erase_entry(struct mig_worker *w, struct mig_node *n, struct ts_dir *d,
                        const char *name, enum ts_ftype type)
{
    struct mig_erase *e = w->ctx;
    struct mig_node *sub;
    struct ts_stat st;
    struct ts_err err;
    bool through = false;

    if (type == TS_F_NONE && ts_stat_at(d, name, &st, NULL) == TS_OK)
        type = st.type;
    if (e->keep && e->keep(e->ctx, w, n, d, name, type, &through)) {
        atomic_fetch_or(&n->flags, KEPT);
        if (!through)
            return;
    }
    w->seen++;
    if (type == TS_F_DIR) {
        sub = mig_node_new(n, n->root, 0, name);
        if (through)
            atomic_fetch_or(&sub->flags, KEPT | MIG_THROUGH);
        mig_push(w, sub);
        return;
    }
    if (ts_unlink_at(d, name, &err) == TS_OK)
        w->totals.files++;
    else if (err.code != TS_ENOTFOUND)
        stays(w, n, name, false, &err);
}

/* A path that is too long is made short: the folder becomes a child of the root. */
static enum ts_code bring_up(struct mig_worker *w, struct mig_node *n, struct ts_err *err)
{
    struct mig_node *top = n->parent;
    struct ts_dir *up;
    char name[40];
    enum ts_code rc = mig_worker_open(&up, w, n->parent, n->root->dir, err);

    while (top->parent)
        top = top->parent;
    snprintf(name, sizeof name, ".taskseq-deep-%llx", (unsigned long long)n->serial);
    if (rc == TS_OK)
        rc = ts_rename_at(up, n->name, n->root->dir, name, false, err);
    if (rc == TS_OK)
        mig_push(w, mig_node_new(top, n->root, 0, name));
    return rc;
}

static enum ts_code erase_folder(struct mig_worker *w, struct mig_node *n,
                                 struct ts_err *err)
{
    struct ts_stat st;
    struct ts_dir *d;
    const char *name;
    enum ts_ftype type;
    struct ts_err e;
    enum ts_code rc;

    (void)err;
    rc = mig_worker_open(&d, w, n, n->root->dir, &e);
    if (rc == TS_ELIMIT && bring_up(w, n, &e) == TS_OK)
        return TS_OK;
    if (rc == TS_OK)
        rc = ts_dir_stat(d, &st, &e);
    if (rc == TS_OK && st.volume != n->root->st.volume) {
        char *path = path_of(w, n, NULL);
        mig_note(w->run, 2, "%s is another volume mounted there; it stays", path);
        ts_free(path);
        atomic_fetch_or(&n->flags, KEPT);
        return TS_OK;
    }
    while (rc == TS_OK && (rc = ts_dir_next(d, &name, &type, &e)) == TS_OK && name) {
        if (mig_stopped(w->run))
            return TS_OK;
        erase_entry(w, n, d, name, type);
    }
    if (rc != TS_OK && rc != TS_ENOTFOUND && rc != TS_ELINK)
        stays(w, n, NULL, true, &e);
    return TS_OK;
}

/* n is empty unless something in it stays. */
static enum ts_code erase_done(struct mig_worker *w, struct mig_node *n,
                               struct ts_err *err)
{
    struct mig_erase *e = w->ctx;
    unsigned flags = atomic_load(&n->flags);
    struct ts_dir *up;
    struct ts_err why;
    enum ts_code rc;

    (void)err;
    if (!n->parent && e->top_stays)
        return TS_OK;
    if (flags & (KEPT | BUSY)) {
        if (n->parent)
            atomic_fetch_or(&n->parent->flags, flags & (KEPT | BUSY));
        if ((flags & BUSY) && !(flags & KEPT)) {
            char *path = path_of(w, n, NULL);
            ts_mutex_lock(w->run->m);
            mig_list_add(&e->busy_folders, path);
            ts_mutex_unlock(w->run->m);
        }
        return TS_OK;
    }
    if (!n->parent) {
        rc = ts_rmdir_at(n->root->up, n->root->real, &why);
    } else {
        rc = mig_worker_open(&up, w, n->parent, n->root->dir, &why);
        if (rc == TS_OK)
            rc = ts_rmdir_at(up, n->name, &why);
        /* It became a link since we looked: the link goes, not what it leads to. */
        if (rc == TS_ENOTFOUND && up && ts_unlink_at(up, n->name, NULL) == TS_OK)
            rc = TS_OK;
    }
    if (rc == TS_OK)
        w->totals.folders++;
    else if (rc != TS_ENOTFOUND)
        stays(w, n, NULL, true, &why);
    if (rc != TS_OK && rc != TS_ENOTFOUND && n->parent)
        atomic_fetch_or(&n->parent->flags, rc == TS_EBUSY ? BUSY : KEPT);
    return TS_OK;
}

enum ts_code mig_erase(struct mig_erase *e, struct mig_root *root, struct ts_err *err)
{
    struct mig_pool pool = {
        .run = e->run, .ctx = e, .work = erase_folder, .done = erase_done};
    struct mig_node *n = mig_node_new(NULL, root, 0, "");

    return mig_pool_run(&pool, mig_threads(0), &n, 1, err);
}
