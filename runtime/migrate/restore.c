/* restore.c - restoring user state. */
#include "migrate/restore.h"
#include "migrate/source.h"

#include <string.h>

#include "base/mem.h"
#include "platform/clock.h"

/* ---- where to ---------------------------------------------------------------------- */

static bool is_wanted(const struct mig_root *r, const char *const *users)
{
    bool letter = ts_path_has_letter(ts_str_of(r->path));

    if (!users)
        return true;
    for (; r->kind == MIG_PROFILE && *users; users++) {
        if (letter ? ts_caseeq(r->name, *users) : strcmp(r->name, *users) == 0)
            return true;
    }
    return false;
}

/* The path a root is restored to.  Caller frees. */
static char *destination(const struct mig_root *r, const char *drive, const char *windows,
                         const char *windows_volume, struct mig_run *run)
{
    char letter = drive ? drive[0] : windows[0] ? windows[0] : 'C';
    char *now;

    if (!ts_path_has_letter(ts_str_of(r->path)))
        return ts_strdup(r->path);
    if (drive && (windows_volume[0] ? strcmp(r->volume, windows_volume) == 0
                                    : r->path[0] == windows[0]))
        return ts_format("%c%s", letter, r->path + 1);
    if ((now = mig_path_now(r->path, r->volume)) != NULL)
        return now;
    mig_note(run, 2,
             "the volume of %s is not there any more; it is restored to drive %c:",
             r->path, letter);
    return ts_format("%c%s", letter, r->path + 1);
}

static enum ts_code open_destination(struct mig_root *r, struct mig_run *run,
                                     struct ts_err *err)
{
    struct ts_stat st;
    enum ts_code rc;

    mig_root_close(r);
    if ((rc = ts_path_open_parent(&r->up, &r->real, r->now, true, err)) != TS_OK)
        return rc;
    rc = ts_mkdir_at(r->up, r->real, r->kind == MIG_USERS ? 0755 : 0700, err);
    r->existed = rc == TS_EEXIST;
    if (rc == TS_EEXIST && (rc = ts_stat_at(r->up, r->real, &st, err)) == TS_OK) {
        if (st.type != TS_F_DIR &&
            (rc = mig_keep_aside(run, r->up, r->real, r->now, err)) == TS_OK) {
            run->totals.conflicts++;
            r->existed = false;
            rc = ts_mkdir_at(r->up, r->real, 0700, err);
        }
    }
    if (rc == TS_OK && (rc = ts_dir_open_at(&r->dir, r->up, r->real, err)) == TS_OK)
        rc = ts_dir_stat(r->dir, &r->st, err);
    if (rc != TS_OK)
        ts_err_context(err, "cannot restore to %s", r->now);
    return rc;
}

struct restore {
    struct mig_run *run;
    struct mig_store *store;
    struct mig_scope *scope;
    struct mig_node **nodes;
    size_t n;
};

static enum ts_code known_users(const struct restore *rt, const char *const *users,
                                struct ts_err *err)
{
    for (; users && *users; users++) {
        const char *const one[] = {*users, NULL};
        bool found = false;
        for (size_t i = 0; i < rt->scope->n; i++)
            found |= is_wanted(&rt->scope->p[i], one);
        if (!found)
            return ts_fail(err, TS_ENOTFOUND,
                           "the state store %s holds no profile \"%s\"", rt->store->path,
                           *users);
    }
    return TS_OK;
}

static enum ts_code open_destinations(struct restore *rt, const struct ts_restore *r,
                                      struct ts_err *err)
{
    char *windows = NULL, *volume = NULL;
    enum ts_code rc;

    if ((rc = known_users(rt, r->users, err)) != TS_OK ||
        (rc = mig_meta_get(rt->store->cat, "windows", &windows, err)) != TS_OK ||
        (rc = mig_meta_get(rt->store->cat, "windows_volume", &volume, err)) != TS_OK)
        goto done;
    for (size_t i = 0; rc == TS_OK && i < rt->scope->n; i++) {
        struct mig_root *root = &rt->scope->p[i];
        struct mig_node *n;
        if (!is_wanted(root, r->users))
            continue;
        ts_free(root->now);
        root->now = destination(root, r->windows_drive, windows, volume, rt->run);
        if ((rc = open_destination(root, rt->run, err)) != TS_OK)
            break;
        n = mig_node_new(NULL, root, root->object, "");
        if (root->existed)
            atomic_fetch_or(&n->flags, MIG_EXISTED);
        rt->nodes[rt->n++] = n;
        rt->run->totals.profiles += root->kind == MIG_PROFILE;
        rt->run->totals.orphans += root->orphan;
    }
done:
    ts_free(windows);
    ts_free(volume);
    return rc;
}

/* ---- afterwards -------------------------------------------------------------------- */

/* The volume of root i, unless an earlier one was on it. */
static enum ts_code sync_once(const struct mig_scope *scope, size_t i, struct ts_err *err)
{
    for (size_t k = 0; k < i; k++) {
        if (scope->p[k].dir && scope->p[k].st.volume == scope->p[i].st.volume)
            return TS_OK;
    }
    return ts_volume_sync(scope->p[i].dir, err);
}

static enum ts_code record(struct restore *rt, struct ts_err *err)
{
    struct mig_store *s = rt->store;
    enum ts_code rc = TS_OK;

    for (size_t i = 0; rc == TS_OK && i < rt->scope->n; i++) {
        struct mig_root *r = &rt->scope->p[i];
        char volume[80];
        if (!r->dir)
            continue;
        rc = sync_once(rt->scope, i, err);
        mig_volume_of_path(r->now, r->dir, volume);
        ts_free(r->restored);
        ts_free(r->restored_volume);
        r->restored = ts_strdup(r->now);
        r->restored_volume = ts_strdup(volume);
    }
    if (rc != TS_OK || (rc = mig_begin(s->cat, err)) != TS_OK)
        return rc;
    for (size_t i = 0; rc == TS_OK && i < rt->scope->n; i++) {
        if (rt->scope->p[i].dir)
            rc = mig_root_save(s->cat, &rt->scope->p[i], err);
    }
    if (rc == TS_OK)
        rc = mig_meta_set(s->cat, "state", ts_store_state_name(TS_STORE_RESTORED), err);
    if (rc == TS_OK)
        rc = mig_commit(s->cat, err);
    if (rc != TS_OK)
        mig_rollback(s->cat);
    else
        s->state = TS_STORE_RESTORED;
    return rc;
}

/* The state that the proof allows.  put.c looked at every folder again; what an earlier
 * call restored is looked at now. */
static enum ts_code prove(struct restore *rt, struct ts_err *err)
{
    char *what =
        ts_format("not everything of the state store %s was restored", rt->store->path);
    struct ts_mig_totals totals = rt->run->totals;
    size_t left = 0, earlier = 0;
    enum ts_code rc = mig_run_verdict(rt->run, err, what, "restore again");

    ts_free(what);
    for (size_t i = 0; i < rt->scope->n; i++) {
        struct mig_root *r = &rt->scope->p[i];
        left += r->kind != MIG_USERS && !r->restored[0];
        earlier += r->restored[0] && !r->dir;
    }
    if (rc == TS_OK && left == 0 && earlier > 0)
        rc = mig_check_restored(
            &(struct mig_check){.run = rt->run, .store = rt->store, .scope = rt->scope},
            err);
    rt->run->totals = totals;
    if (rc == TS_OK && left == 0)
        return mig_state_set(rt->store->cat, TS_STORE_VERIFIED, err);
    if (rc == TS_OK)
        mig_note(rt->run, 1,
                 "%llu folders of the state store are not restored yet; it stays",
                 (unsigned long long)left);
    return rc;
}

static enum ts_code may_restore(const struct mig_store *s, struct ts_err *err)
{
    if (s->state == TS_STORE_COMPLETE || s->state == TS_STORE_WIPING ||
        s->state == TS_STORE_RESTORED)
        return TS_OK;
    return ts_fail(err, TS_EREFUSED,
                   "the state store %s is being removed (its state is %s); it cannot be"
                   " restored",
                   s->path, ts_store_state_name(s->state));
}

static enum ts_code put_all(struct restore *rt, const struct ts_restore *r,
                            struct ts_err *err)
{
    struct mig_restoring rs = {rt->run, rt->store};
    struct mig_pool pool = {.run = rt->run,
                            .ctx = &rs,
                            .work = mig_put_folder,
                            .done = mig_put_folder_done,
                            .local_new = mig_put_local_new,
                            .local_free = mig_put_local_free};
    int64_t last = 0;
    enum ts_code rc = mig_max_id(rt->store->cat, &last, err);

    rt->nodes = ts_alloc_array(rt->scope->n + 1, sizeof *rt->nodes);
    if (rc == TS_OK)
        rc = open_destinations(rt, r, err);
    if (rc != TS_OK) {
        for (size_t i = 0; i < rt->n; i++)
            mig_node_free(rt->nodes[i]);
    } else {
        rt->run->expected = (uint64_t)last;
        rc = mig_pool_run(&pool, mig_threads(r->threads), rt->nodes, rt->n, err);
    }
    ts_free(rt->nodes);
    return rc;
}

enum ts_code ts_migrate_restore(const struct ts_restore *r, const struct ts_mig_env *env,
                                struct ts_mig_totals *totals, struct ts_err *err)
{
    struct mig_scope scope = {0};
    struct mig_store store;
    struct mig_run run;
    struct restore rt = {.run = &run, .store = &store, .scope = &scope};
    enum ts_code rc;

    mig_run_init(&run, env, "restoring user state");
    if ((rc = mig_store_open(&store, r->store, true, err)) != TS_OK)
        goto done;
    if (store.state == TS_STORE_VERIFIED) {
        mig_note(&run, 1, "the state store %s was restored and verified before",
                 r->store);
        goto done;
    }
    if ((rc = may_restore(&store, err)) == TS_OK &&
        (rc = mig_scope_load(&scope, store.cat, err)) == TS_OK &&
        (rc = put_all(&rt, r, err)) == TS_OK && (rc = record(&rt, err)) == TS_OK)
        rc = prove(&rt, err);
done:
    ts_mutex_lock(run.m);
    mig_run_pump(&run);
    ts_mutex_unlock(run.m);
    run.totals.elapsed_ms = (ts_mono_ns() - run.started_ns) / 1000000;
    if (totals)
        *totals = run.totals;
    mig_scope_fini(&scope);
    mig_store_close(&store);
    mig_run_about(&run, rc, r->store, err);
    mig_run_fini(&run);
    return rc;
}
