#include "steps/tree.h"

#include "base/mem.h"

struct level {
    struct ts_dir *dir;
    struct ts_stat st; /* of the folder, as found in the level above */
    size_t rel_n;      /* length of its path */
};

struct walk {
    const struct ts_tree_ops *ops;
    struct level levels[TS_TREE_DEPTH + 1]; /* [0] is the top */
    size_t depth;
    struct ts_buf rel;
    struct ts_err *err;
};

static struct ts_tree_entry entry_at(struct walk *w, struct ts_dir *dir, size_t before,
                                     const struct ts_stat *st)
{
    return (struct ts_tree_entry){dir, w->rel.p + (before ? before + 1 : 0), w->rel.p,
                                  st};
}

static void cut_rel(struct walk *w, size_t n)
{
    w->rel.n = n;
    if (w->rel.p) {
        w->rel.p[n] = '\0';
    }
}

static enum ts_code go_down(struct walk *w, const struct ts_tree_entry *e)
{
    bool descend = true;
    enum ts_code rc = TS_OK;

    if (w->ops->enter) {
        rc = w->ops->enter(w->ops->ctx, e, &descend, w->err);
    }
    if (rc != TS_OK || !descend) {
        return rc;
    }
    if (w->depth == TS_TREE_DEPTH) {
        return ts_fail(w->err, TS_ELIMIT, "%s has more than %d levels of folders", e->rel,
                       TS_TREE_DEPTH);
    }
    struct level *l = &w->levels[w->depth + 1];
    rc = ts_dir_open_at(&l->dir, e->dir, e->name, w->err);
    if (rc == TS_OK) {
        l->st = *e->st;
        l->rel_n = w->rel.n;
        w->depth++;
    }
    return rc;
}

static enum ts_code go_up(struct walk *w)
{
    struct level *l = &w->levels[w->depth], *above = l - 1;
    enum ts_code rc = TS_OK;

    ts_dir_close(l->dir);
    l->dir = NULL;
    w->depth--;
    cut_rel(w, l->rel_n);
    if (w->ops->leave) {
        struct ts_tree_entry e = entry_at(w, above->dir, above->rel_n, &l->st);
        rc = w->ops->leave(w->ops->ctx, &e, w->err);
    }
    cut_rel(w, above->rel_n);
    return rc;
}

static enum ts_code visit(struct walk *w, const char *name)
{
    struct level *l = &w->levels[w->depth];
    struct ts_err why = {0};
    struct ts_stat st;
    enum ts_code rc = ts_stat_at(l->dir, name, &st, &why);

    if (rc == TS_ENOTFOUND) {
        return TS_OK;
    }
    if (rc != TS_OK) {
        return ts_fail(w->err, rc, "%s", why.text);
    }
    if (l->rel_n) {
        ts_buf_c(&w->rel, '/');
    }
    ts_buf_z(&w->rel, name);
    struct ts_tree_entry e = entry_at(w, l->dir, l->rel_n, &st);
    size_t depth = w->depth;
    rc = st.type == TS_F_DIR ? go_down(w, &e) : w->ops->other(w->ops->ctx, &e, w->err);
    if (w->depth == depth) {
        cut_rel(w, l->rel_n);
    }
    return rc;
}

enum ts_code ts_tree_walk(struct ts_dir *top, const struct ts_tree_ops *ops,
                          struct ts_err *err)
{
    struct walk *w = ts_alloc(sizeof *w);
    enum ts_code rc = TS_OK;
    enum ts_ftype type;
    const char *name;

    w->ops = ops;
    w->err = err;
    w->levels[0].dir = top;
    ts_dir_rewind(top);
    for (;;) {
        rc = ts_dir_next(w->levels[w->depth].dir, &name, &type, err);
        if (rc == TS_OK && name) {
            rc = visit(w, name);
        } else if (rc == TS_OK && w->depth > 0) {
            rc = go_up(w);
        } else {
            break;
        }
        if (rc != TS_OK) {
            break;
        }
    }
    while (w->depth > 0) {
        ts_dir_close(w->levels[w->depth--].dir);
    }
    ts_buf_free(&w->rel);
    ts_free(w);
    return rc;
}

/* ---- removing ------------------------------------------------------------------------
 */

struct removal {
    uint64_t volume;
    enum ts_code (*check)(void *ctx, struct ts_err *err);
    void *ctx;
    uint64_t files;
};

static enum ts_code remove_enter(void *ctx, const struct ts_tree_entry *e, bool *descend,
                                 struct ts_err *err)
{
    struct removal *r = ctx;

    (void)descend;
    if (e->st->volume != r->volume) {
        return ts_fail(err, TS_EREFUSED, "another volume is mounted at %s", e->rel);
    }
    return TS_OK;
}

static enum ts_code remove_leave(void *ctx, const struct ts_tree_entry *e,
                                 struct ts_err *err)
{
    (void)ctx;
    return ts_rmdir_at(e->dir, e->name, err);
}

static enum ts_code remove_other(void *ctx, const struct ts_tree_entry *e,
                                 struct ts_err *err)
{
    struct removal *r = ctx;
    enum ts_code rc = r->check ? r->check(r->ctx, err) : TS_OK;

    if (rc == TS_OK) {
        rc = ts_unlink_at(e->dir, e->name, err);
    }
    r->files += rc == TS_OK;
    return rc;
}

enum ts_code ts_tree_remove(struct ts_dir *dir, const char *name,
                            enum ts_code (*check)(void *ctx, struct ts_err *err),
                            void *ctx, uint64_t *files, struct ts_err *err)
{
    struct removal r = {.check = check, .ctx = ctx};
    struct ts_tree_ops ops = {&r, remove_enter, remove_leave, remove_other};
    struct ts_dir *top = NULL;
    struct ts_stat st;
    enum ts_code rc;

    if ((rc = ts_dir_open_at(&top, dir, name, err)) != TS_OK ||
        (rc = ts_dir_stat(top, &st, err)) != TS_OK) {
        goto done;
    }
    r.volume = st.volume;
    rc = ts_tree_walk(top, &ops, err);
    if (rc == TS_OK) {
        ts_dir_close(top); /* Windows does not remove what is open */
        top = NULL;
        rc = ts_rmdir_at(dir, name, err);
    }
done:
    if (files) {
        *files += r.files;
    }
    ts_dir_close(top);
    return rc;
}
