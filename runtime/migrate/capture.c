/* capture.c - capturing user state into a new store. */
#include "migrate/erase.h"
#include "migrate/spec.h"
#include "migrate/take.h"

#include <string.h>

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/power.h"

#define QUEUE_MAX 8

/* Batches on their way from the workers to the thread that writes the catalogue. */
struct queue {
    struct mig_run *run;
    struct mig_catalog *cat;
    struct mig_batch *first, **last;
    int n;
    struct ts_cond *space;
};

static enum ts_code enqueue(struct mig_take *t, struct mig_batch *b, struct ts_err *err)
{
    struct queue *q = t->put_ctx;

    (void)err;
    ts_mutex_lock(q->run->m);
    while (q->n >= QUEUE_MAX && !mig_stopped(q->run))
        ts_cond_wait_ms(q->space, q->run->m, 50);
    b->next = NULL;
    *q->last = b;
    q->last = &b->next;
    q->n++;
    ts_cond_broadcast(q->run->c);
    ts_mutex_unlock(q->run->m);
    return TS_OK;
}

/* pool->serve: one batch into the catalogue. */
static bool write_batch(void *ctx)
{
    struct queue *q = ctx;
    struct mig_batch *b = q->first;
    struct ts_err err;

    if (!b)
        return false;
    q->first = b->next;
    if (!q->first)
        q->last = &q->first;
    q->n--;
    ts_cond_broadcast(q->space);
    ts_mutex_unlock(q->run->m);
    if (!mig_stopped(q->run) && mig_batch_save(q->cat, b, &err) != TS_OK)
        mig_run_fail(q->run, &err);
    mig_batch_free(b);
    ts_mutex_lock(q->run->m);
    return true;
}

static enum ts_code local_new(struct mig_worker *w, struct ts_err *err)
{
    (void)err;
    w->local = mig_taker_new(w->ctx, w);
    return TS_OK;
}

static void local_free(struct mig_worker *w)
{
    struct ts_err err;

    if (w->local && !mig_stopped(w->run) && mig_taker_end(w->local, &err) != TS_OK)
        mig_run_fail(w->run, &err);
    mig_taker_free(w->local);
    w->local = NULL;
}

/* ---- before ------------------------------------------------------------------------ */

/* May a capture go to this place?  Removes what may be replaced. */
static enum ts_code clear_place(const struct ts_capture *c, struct mig_run *run,
                                struct ts_err *err)
{
    enum ts_store_state state;
    enum ts_code rc = mig_store_probe(c->store, &state, err);

    if (rc != TS_OK)
        return rc;
    switch (state) {
    case TS_STORE_NONE:
        return TS_OK;
    case TS_STORE_CAPTURING:
        mig_note(run, 1, "the capture to %s was cut off before; it starts again",
                 c->store);
        return mig_store_clear(c->store, run, false, err);
    case TS_STORE_COMPLETE:
        if (!c->overwrite || !c->force)
            return ts_fail(
                err, TS_EREFUSED,
                "a complete state store stands at %s: bring it up to date with"
                " update = true, or replace it with overwrite = true and force ="
                " true",
                c->store);
        break;
    case TS_STORE_WIPING:
    case TS_STORE_RESTORED:
        return ts_fail(err, TS_EREFUSED,
                       "the state store %s may hold the only names of users' files (its"
                       " state is %s): restore it first",
                       c->store, ts_store_state_name(state));
    default:
        if (!c->overwrite)
            return ts_fail(err, TS_EREFUSED,
                           "a state store that was restored stands at %s: remove it, or"
                           " replace it with overwrite = true",
                           c->store);
    }
    return ts_store_remove(c->store, true, run->env, NULL, err);
}

/* The roots' own rows: id, part, metadata block. */
static enum ts_code prepare_root(struct mig_store *s, struct mig_run *run,
                                 struct mig_root *r, int64_t id, struct mig_node **node,
                                 struct ts_err *err)
{
    struct ts_buf extra = {0};
    enum ts_code rc;

    r->object = id;
    mig_root_say_orphan(run, r);
    if ((rc = mig_part_for(s, run, r->now, r->dir, &r->part, err)) == TS_OK &&
        (rc = ts_get_extra_at(r->up, r->real, &extra, err)) == TS_OK) {
        *node = mig_node_new(NULL, r, id, "");
        mig_node_keep(*node, &extra);
    }
    ts_buf_free(&extra);
    return rc;
}

enum ts_code mig_meta_spec(struct mig_store *s, const struct ts_capture *c,
                           struct ts_err *err)
{
    struct mig_catalog *cat = s->cat;
    const struct ts_drive *d =
        c->windows_drive ? ts_drives_find(c->windows_drive[0]) : NULL;
    enum ts_code rc;

    if ((rc = mig_meta_set(cat, "state", ts_store_state_name(TS_STORE_COMPLETE), err)) !=
            TS_OK ||
        (rc = mig_meta_set(cat, "id", s->id, err)) != TS_OK ||
        (rc = mig_meta_set(cat, "machine", c->machine ? c->machine : "", err)) != TS_OK ||
        (rc = mig_meta_set(cat, "rules", c->rules ? c->rules->text : "", err)) != TS_OK ||
        (rc = mig_meta_set(cat, "windows", c->windows_drive ? c->windows_drive : "",
                           err)) != TS_OK ||
        (rc = mig_meta_set(cat, "windows_volume", d ? d->volume : "", err)) != TS_OK ||
        (rc = mig_meta_set_int(cat, "ruled", c->rules != NULL, err)) != TS_OK ||
        (rc = mig_meta_set_int(cat, "copy", c->copy, err)) != TS_OK ||
        (rc = mig_meta_set_int(cat, "skip", c->skip_unreadable, err)) != TS_OK)
        return rc;
    return mig_meta_set_int(cat, "created", ts_now_ms(), err);
}

/* ---- the commit -------------------------------------------------------------------- */

/* All data is durable before the catalogue gets its name. */
static enum ts_code commit(struct mig_store *s, struct ts_err *err)
{
    struct mig_catalog *cat = s->cat;
    struct ts_stat st;
    enum ts_code rc;

    s->cat = NULL;
    if ((rc = mig_catalog_seal(cat, err)) != TS_OK ||
        (rc = mig_parts_sync(s, err)) != TS_OK)
        return rc;
    ts_power_point();
    if ((rc = ts_rename_at(s->dir, MIG_CATALOG_TMP, s->dir, MIG_CATALOG, false, err)) !=
        TS_OK)
        return rc;
    s->state = TS_STORE_COMPLETE; /* whatever fails now, its data stays */
    if ((rc = ts_dir_sync(s->dir, err)) != TS_OK)
        return rc;
    ts_power_point();
    if (ts_stat_at(s->dir, MIG_CAPTURE, &st, NULL) == TS_OK)
        rc = ts_unlink_at(s->dir, MIG_CAPTURE, err);
    return rc;
}

static void say_end(struct mig_take *t, const struct mig_scope *scope)
{
    struct ts_mig_totals *n = &t->run->totals;
    unsigned long long other = atomic_load(&t->other_names);

    for (size_t i = 0; i < scope->n; i++) {
        n->profiles += scope->p[i].kind == MIG_PROFILE;
        n->orphans += scope->p[i].orphan;
    }
    if (other > 0)
        mig_note(t->run, 1, "%llu files have more names than the captured one", other);
    if (n->special > 0)
        mig_note(t->run, 1, "%llu sockets, pipes and devices were left out",
                 (unsigned long long)n->special);
}

/* ---- capture ----------------------------------------------------------------------- */

static enum ts_code walk(struct mig_take *take, struct mig_node **nodes, size_t n,
                         int threads, struct ts_err *err)
{
    struct queue q = {.run = take->run, .cat = take->store->cat, .last = &q.first};
    struct mig_pool pool = {.run = take->run,
                            .ctx = take,
                            .work = mig_take_folder,
                            .local_new = local_new,
                            .local_free = local_free,
                            .serve = NULL};
    enum ts_code rc;

    q.space = ts_cond_new();
    take->put = enqueue;
    take->put_ctx = &q;
    pool.serve = write_batch;
    pool.serve_ctx = &q;
    rc = mig_pool_run(&pool, threads, nodes, n, err);
    ts_cond_free(q.space);
    return rc;
}

static enum ts_code fill(struct mig_store *s, struct mig_scope *scope,
                         const struct ts_capture *c, struct mig_run *run,
                         struct ts_err *err)
{
    struct mig_take take = {.run = run,
                            .store = s,
                            .rules = c->rules,
                            .skip_unreadable = c->skip_unreadable,
                            .copy = c->copy,
                            .windows = c->windows_drive != NULL};
    struct mig_node **nodes = ts_alloc_array(scope->n + 1, sizeof *nodes);
    size_t n = 0;
    enum ts_code rc = TS_OK;

    for (; rc == TS_OK && n < scope->n; n++)
        rc = prepare_root(s, run, &scope->p[n], (int64_t)n + 1, &nodes[n], err);
    for (size_t i = 0; rc == TS_OK && i < n; i++)
        rc = mig_root_save(s->cat, &scope->p[i], err);
    if (rc == TS_OK && (rc = mig_parts_save(s, err)) == TS_OK &&
        (rc = mig_meta_spec(s, c, err)) == TS_OK) {
        atomic_init(&take.next_chunk, (long long)n / MIG_CHUNK + 1);
        rc = walk(&take, nodes, n, mig_threads(c->threads), err);
    } else {
        for (size_t i = 0; i < n; i++)
            mig_node_free(nodes[i]);
    }
    ts_free(nodes);
    if (rc == TS_OK) {
        say_end(&take, scope);
        run->totals.elapsed_ms = (ts_mono_ns() - run->started_ns) / 1000000;
        rc = mig_meta_totals(s->cat, &run->totals, err);
    }
    return rc;
}

static enum ts_code check(const struct ts_capture *c, struct ts_err *err)
{
    if (!c->store || !c->store[0])
        return ts_fail(err, TS_EINPUT, "a capture needs a folder for its store");
    return TS_OK;
}

enum ts_code ts_migrate_capture(const struct ts_capture *c, const struct ts_mig_env *env,
                                struct ts_mig_totals *totals, struct ts_err *err)
{
    struct mig_scope scope = {0};
    struct mig_store store = {0};
    struct mig_run run;
    bool made = false;
    enum ts_code rc;

    mig_run_init(&run, env, "capturing user state");
    if ((rc = check(c, err)) != TS_OK || (rc = clear_place(c, &run, err)) != TS_OK ||
        (rc = mig_scope_find(&scope, c->windows_drive, c->extra, &run, err)) != TS_OK)
        goto done;
    made = true;
    if ((rc = mig_store_create(&store, c->store, err)) != TS_OK)
        goto done;
    if ((rc = fill(&store, &scope, c, &run, err)) == TS_OK)
        rc = commit(&store, err);
    if (rc == TS_ENOSPC)
        ts_err_context(err,
                       "no space for the state store %s; the users' files are as they"
                       " were",
                       c->store);
done:
    if (rc != TS_OK && made && rc != TS_ECANCELLED && store.state == TS_STORE_CAPTURING) {
        /* Nobody's last names are in it, and it may be what fills the disk. */
        struct ts_err ignored;
        mig_store_close(&store);
        atomic_store(&run.stop, 0);
        if (mig_store_clear(c->store, &run, false, &ignored) != TS_OK)
            mig_note(&run, 2, "%s stays incomplete: %s", c->store, ignored.text);
    }
    mig_store_close(&store);
    mig_scope_fini(&scope);
    ts_mutex_lock(run.m);
    mig_run_pump(&run);
    ts_mutex_unlock(run.m);
    if (totals)
        *totals = run.totals;
    mig_run_about(&run, rc, c->store, err);
    mig_run_fini(&run);
    return rc;
}
