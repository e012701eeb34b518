/* restored.c - is every entry under its restored name? */
#include "migrate/restore.h"

#include <string.h>

#include "base/mem.h"

static void missing(struct mig_putter *p, const struct mig_node *n, const char *name,
                    const char *what)
{
    const char *rel = mig_node_rel(p->w, n);
    char *below = ts_format("%s%s%s", rel, rel[0] && name[0] ? "/" : "", name);
    char *path = mig_root_show(n->root, below);

    mig_finding(p->w->run, path, what);
    ts_free(below);
    ts_free(path);
}

/* The recorded file, or one with the same content where it was copied. */
static const char *file_fault(struct mig_putter *p, struct ts_dir *d,
                              const struct mig_row *row, const struct ts_stat *st)
{
    uint64_t volume;
    struct ts_dir *slot;
    bool same = false;
    char hex[17];

    if (st->type != TS_F_FILE)
        return "is no file";
    if (row->part < 0 || row->part >= p->rs->store->nparts)
        return "is in no part of the store";
    volume = p->rs->store->parts[row->part].st.volume;
    if (row->how == MIG_LINKED && st->id == row->fileid && st->volume == volume)
        return NULL;
    if (st->size != row->size)
        return "is another file";
    if (mig_slot(&p->slots, row->part, row->id, false, &slot, hex, NULL) != TS_OK ||
        ts_same_content_at(slot, hex, d, row->name.p, &same, NULL) != TS_OK)
        return "could not be compared with the store";
    return same ? NULL : "has other content";
}

/* An entry that the listing did not settle: under another spelling, copied, or wrong. */
static enum ts_code check_entry(struct mig_putter *p, struct ts_dir *d,
                                struct mig_node *n, const struct mig_row *row,
                                bool descend, struct ts_err *err)
{
    struct ts_stat st;
    char *real = NULL;
    const char *fault = NULL;
    bool found = true;
    enum ts_code rc = ts_stat_at(d, row->name.p, &st, err);

    if (rc == TS_ENOTFOUND && row->kind == MIG_FOLDER &&
        ts_path_has_letter(ts_str_of(n->root->now))) {
        if ((rc = ts_name_find(d, row->name.p, &real, &found, err)) == TS_OK && found)
            rc = ts_stat_at(d, real, &st, err);
        else if (rc == TS_OK)
            rc = TS_ENOTFOUND;
    }
    if (rc == TS_ENOTFOUND)
        fault = "is not there";
    else if (rc != TS_OK)
        fault = "cannot be looked at";
    else if (row->kind == MIG_FILE)
        fault = file_fault(p, d, row, &st);
    else if (row->kind == MIG_FOLDER && st.type != TS_F_DIR)
        fault = "is no folder";
    else if (row->kind == MIG_LINK && st.type != TS_F_LINK && n->root->kind != MIG_USERS)
        fault = "is no link";
    if (fault)
        missing(p, n, row->name.p, fault);
    else if (row->kind == MIG_FOLDER && descend)
        mig_push(p->w, mig_node_new(n, n->root, row->id, real ? real : row->name.p));
    ts_free(real);
    return TS_OK;
}

/* Does the listing alone say that this is the row's object? */
static bool settled(struct mig_putter *p, const struct mig_row *row, enum ts_ftype type,
                    uint64_t id, uint64_t volume)
{
    switch (row->kind) {
    case MIG_FILE:
        return type == TS_F_FILE && row->how == MIG_LINKED && id == row->fileid &&
               row->part >= 0 && row->part < p->rs->store->nparts &&
               p->rs->store->parts[row->part].st.volume == volume;
    case MIG_FOLDER:
        return type == TS_F_DIR;
    case MIG_LINK:
        return type == TS_F_LINK;
    default:
        return true;
    }
}

enum ts_code mig_check_folder(struct mig_putter *p, struct ts_dir *d, struct mig_node *n,
                              const struct mig_rows *rows, bool descend,
                              struct ts_err *err)
{
    bool *met = ts_arena_alloc(&p->arena, rows->n + 1);
    struct ts_stat here;
    const char *name;
    enum ts_ftype type;
    enum ts_code rc = ts_dir_stat(d, &here, err);

    if (rc != TS_OK)
        return rc;
    ts_dir_rewind(d);
    while (rows->n > 0 && (rc = ts_dir_next(d, &name, &type, err)) == TS_OK && name) {
        const struct mig_row *row = mig_rows_find(rows, name);
        if (!row || !settled(p, row, type, ts_dir_entry_id(d), here.volume))
            continue;
        met[row - rows->p] = true;
        if (descend && row->kind == MIG_FOLDER)
            mig_push(p->w, mig_node_new(n, n->root, row->id, name));
    }
    for (size_t i = 0; rc == TS_OK && i < rows->n && !mig_stopped(p->w->run); i++) {
        if (!met[i] && rows->p[i].kind != MIG_LEFT)
            rc = check_entry(p, d, n, &rows->p[i], descend, err);
    }
    return rc;
}

static enum ts_code check_folder(struct mig_worker *w, struct mig_node *n,
                                 struct ts_err *err)
{
    struct mig_putter *p = w->local;
    struct mig_rows rows;
    struct ts_dir *d;
    enum ts_code rc;

    if (mig_worker_open(&d, w, n, n->root->dir, err) != TS_OK) {
        missing(p, n, "", "cannot be opened");
        return TS_OK;
    }
    ts_arena_fini(&p->arena);
    if ((rc = mig_children(p->cat, n->id, &rows, &p->arena, err)) != TS_OK)
        return rc;
    w->seen += rows.n;
    return mig_check_folder(p, d, n, &rows, true, err);
}

/* Roots that were restored are opened where they were restored to. */
static enum ts_code open_roots(struct mig_check *ck, struct mig_node **nodes, size_t *n,
                               struct ts_err *err)
{
    for (size_t i = 0; i < ck->scope->n; i++) {
        struct mig_root *r = &ck->scope->p[i];
        enum ts_code rc;
        if (!r->restored[0])
            continue;
        ts_free(r->now);
        r->now = mig_path_now(r->restored, r->restored_volume);
        if ((rc = mig_root_open(r, err)) == TS_OK)
            nodes[(*n)++] = mig_node_new(NULL, r, r->object, "");
        else
            mig_finding(ck->run, r->restored, "cannot be opened");
    }
    return TS_OK;
}

enum ts_code mig_check_restored(struct mig_check *ck, struct ts_err *err)
{
    struct mig_restoring rs = {ck->run, ck->store};
    struct mig_pool pool = {.run = ck->run,
                            .ctx = &rs,
                            .work = check_folder,
                            .local_new = mig_put_local_new,
                            .local_free = mig_put_local_free};
    struct mig_node **nodes = ts_alloc_array(ck->scope->n + 1, sizeof *nodes);
    size_t n = 0;
    enum ts_code rc = open_roots(ck, nodes, &n, err);

    ck->run->seen = 0;
    if (rc == TS_OK)
        rc = mig_pool_run(&pool, mig_threads(0), nodes, n, err);
    ts_free(nodes);
    if (rc == TS_OK) {
        char *what = ts_format("not everything of the state store %s was restored",
                               ck->store->path);
        rc = mig_run_verdict(ck->run, err, what, "restore again");
        ts_free(what);
    }
    return rc;
}

enum ts_code ts_migrate_verify_restored(const char *store, const struct ts_mig_env *env,
                                        ts_finding_fn fn, void *ctx, struct ts_err *err)
{
    struct mig_scope scope = {0};
    struct mig_store s;
    struct mig_run run;
    enum ts_code rc;

    mig_run_init(&run, env, "checking what was restored");
    run.fn = fn;
    run.fn_ctx = ctx;
    if ((rc = mig_store_open(&s, store, true, err)) != TS_OK)
        goto done;
    if (s.state != TS_STORE_RESTORED && s.state != TS_STORE_VERIFIED) {
        rc = ts_fail(err, TS_EREFUSED,
                     "the state store %s was not restored yet (its state is %s)", store,
                     ts_store_state_name(s.state));
        goto done;
    }
    if ((rc = mig_scope_load(&scope, s.cat, err)) != TS_OK)
        goto done;
    for (size_t i = 0; i < scope.n; i++) {
        if (scope.p[i].kind != MIG_USERS && !scope.p[i].restored[0])
            mig_finding(&run, scope.p[i].path, "was not restored");
    }
    rc = mig_check_restored(
        &(struct mig_check){.run = &run, .store = &s, .scope = &scope}, err);
    if (rc == TS_OK && s.state != TS_STORE_VERIFIED)
        rc = mig_state_set(s.cat, TS_STORE_VERIFIED, err);
done:
    ts_mutex_lock(run.m);
    mig_run_pump(&run);
    ts_mutex_unlock(run.m);
    mig_scope_fini(&scope);
    mig_store_close(&s);
    mig_run_fini(&run);
    return rc;
}
