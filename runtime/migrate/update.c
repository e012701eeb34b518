/* update.c - bringing a complete store up to date.
 *
 * One transaction: until it commits, the store is the old one and complete; names that a
 * cut left behind in the store are in chunks above the last id of the catalogue, and the
 * next update clears them first.  What is no longer needed is unlinked after the commit,
 * by a list that the same transaction wrote. */
#include "migrate/diff.h"
#include "migrate/erase.h"
#include "migrate/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/power.h"

/* ---- what a cut left --------------------------------------------------------------- */

static enum ts_code erase_chunk(struct mig_run *run, struct mig_part *p, const char *name,
                                struct ts_err *err)
{
    struct mig_erase e = {.run = run};
    struct mig_root root = {.up = p->data, .real = (char *)name, .path = p->path};
    enum ts_code rc = ts_dir_open_at(&root.dir, p->data, name, err);

    if (rc == TS_OK && (rc = ts_dir_stat(root.dir, &root.st, err)) == TS_OK)
        rc = mig_erase(&e, &root, err);
    mig_erase_fini(&e);
    ts_dir_close(root.dir);
    return rc;
}

static enum ts_code clear_left_chunks(struct mig_run *run, struct mig_store *s,
                                      struct ts_err *err)
{
    struct mig_names_list names = {0};
    int64_t last = 0;
    enum ts_code rc = mig_max_id(s->cat, &last, err);

    for (int i = 0; rc == TS_OK && i < s->nparts; i++) {
        const char *name = NULL;
        enum ts_ftype type;
        ts_dir_rewind(s->parts[i].data);
        while ((rc = ts_dir_next(s->parts[i].data, &name, &type, err)) == TS_OK && name) {
            if (strspn(name, "0123456789abcdef") == strlen(name) && strlen(name) < 15 &&
                strtoll(name, NULL, 16) > last / MIG_CHUNK)
                mig_list_add(&names, ts_strdup(name));
        }
        for (size_t k = 0; rc == TS_OK && k < names.n; k++)
            rc = erase_chunk(run, &s->parts[i], names.p[k], err);
        mig_list_free(&names);
    }
    return rc;
}

/* Unlink what the catalogue gave up. */
static enum ts_code clear_gone(struct mig_store *s, struct ts_err *err)
{
    struct mig_slots slots = {.store = s};
    sqlite3_stmt *st = NULL;
    enum ts_code rc = TS_OK;
    uint64_t n = 0;

    if (sqlite3_prepare_v2(mig_catalog_db(s->cat),
                           "SELECT id, part FROM gone WHERE id NOT IN"
                           " (SELECT id FROM object) ORDER BY id",
                           -1, &st, NULL) != SQLITE_OK)
        return mig_sql_fail(s->cat, err, "read what is gone");
    while (rc == TS_OK && sqlite3_step(st) == SQLITE_ROW) {
        struct ts_dir *dir;
        char name[17];
        n++;
        rc = mig_slot(&slots, sqlite3_column_int(st, 1), sqlite3_column_int64(st, 0),
                      false, &dir, name, err);
        if (rc == TS_OK)
            rc = ts_unlink_at(dir, name, err);
        if (rc == TS_ENOTFOUND || rc == TS_EBUSY)
            rc = TS_OK; /* the removal of the store takes it along */
    }
    sqlite3_finalize(st);
    mig_slots_close(&slots);
    if (rc == TS_OK && n > 0) /* the list is given up when they are gone for good */
        rc = mig_parts_sync(s, err);
    if (rc == TS_OK && n > 0 && (rc = mig_begin(s->cat, err)) == TS_OK) {
        if ((rc = mig_sql(s->cat, "DELETE FROM gone", err)) != TS_OK ||
            (rc = mig_commit(s->cat, err)) != TS_OK)
            mig_rollback(s->cat);
    }
    return rc;
}

/* ---- roots ------------------------------------------------------------------------- */

struct update {
    struct mig_run *run;
    struct mig_store *store;
    struct mig_scope old, now;
    struct mig_node **nodes;
    size_t n;
    int64_t next_root; /* id for a root that is new */
    int next_index;
};

static enum ts_code add_node(struct update *u, struct mig_root *r, bool known,
                             struct ts_err *err)
{
    struct ts_buf extra = {0};
    struct mig_node *n;
    enum ts_code rc = ts_get_extra_at(r->up, r->real, &extra, err);

    if (rc == TS_OK) {
        n = mig_node_new(NULL, r, r->object, "");
        mig_node_keep(n, &extra);
        if (known)
            atomic_fetch_or(&n->flags, MIG_KNOWN);
        u->nodes[u->n++] = n;
    }
    ts_buf_free(&extra);
    return rc;
}

/* Rules know the letters of the capture. */
static void recorded_letter(struct update *u, struct mig_root *r)
{
    for (size_t i = 0; i < u->old.n; i++) {
        const struct mig_root *o = &u->old.p[i];
        if (o->volume[0] && strcmp(o->volume, r->volume) == 0 &&
            ts_path_has_letter(ts_str_of(o->path)) &&
            ts_path_has_letter(ts_str_of(r->path))) {
            r->path[0] = o->path[0];
            return;
        }
    }
}

static enum ts_code new_root(struct update *u, struct mig_root *r, struct ts_err *err)
{
    enum ts_code rc;

    r->object = u->next_root++;
    r->index = u->next_index++;
    recorded_letter(u, r);
    if ((rc = mig_part_for(u->store, u->run, r->now, r->dir, &r->part, err)) != TS_OK ||
        (rc = mig_root_save(u->store->cat, r, err)) != TS_OK)
        return rc;
    u->run->totals.added++;
    mig_root_say_orphan(u->run, r);
    if (r->kind == MIG_PROFILE)
        mig_note(u->run, 1, "the profile %s is new since the capture", r->now);
    return add_node(u, r, false, err);
}

/* A root of the catalogue: walked again where it is now, dropped when it is no more. */
static enum ts_code old_root(struct update *u, struct mig_root *r, struct ts_err *err)
{
    struct ts_arena a = {0};
    struct mig_row row;
    bool found = false;
    char sql[64];
    enum ts_code rc = mig_root_open(r, err);

    if (rc == TS_OK)
        return add_node(u, r, true, err);
    if (rc != TS_ENOTFOUND || !r->now)
        return rc;
    mig_note(u->run, 2, "%s is gone since the capture; it leaves the store", r->now);
    rc = mig_row_get(u->store->cat, r->object, &row, &a, &found, err);
    if (rc == TS_OK && found)
        rc = mig_drop(u->store->cat, &row, &u->run->totals.deleted, err);
    if (rc == TS_OK) {
        snprintf(sql, sizeof sql, "DELETE FROM root WHERE id = %d", r->index);
        rc = mig_sql(u->store->cat, sql, err);
    }
    ts_arena_fini(&a);
    return rc;
}

static enum ts_code roots(struct update *u, struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    u->nodes = ts_alloc_array(u->old.n + u->now.n + 1, sizeof *u->nodes);
    for (size_t i = 0; rc == TS_OK && i < u->old.n; i++) {
        u->next_index =
            u->old.p[i].index >= u->next_index ? u->old.p[i].index + 1 : u->next_index;
        rc = old_root(u, &u->old.p[i], err);
    }
    for (size_t i = 0; rc == TS_OK && i < u->now.n; i++) {
        if (!mig_scope_match(&u->old, &u->now.p[i]))
            rc = new_root(u, &u->now.p[i], err);
    }
    return rc;
}

/* ---- totals ------------------------------------------------------------------------ */

/* What the whole store holds now, out of the catalogue. */
static enum ts_code whole_totals(struct mig_store *s, const struct ts_mig_totals *walk,
                                 struct ts_mig_totals *t, struct ts_err *err)
{
    static const char *const sql[] = {
        "SELECT count(*) FROM root WHERE kind = 1",
        "SELECT count(*) FROM root WHERE orphan",
        "SELECT count(*) FROM object WHERE kind = 1",
        "SELECT count(*) FROM object WHERE kind = 2",
        "SELECT count(*) FROM object WHERE how = 1",
        "SELECT count(*) FROM object WHERE how = 2",
        "SELECT count(*) FROM object WHERE kind = 3",
        "SELECT coalesce(sum(size), 0) FROM object WHERE kind = 2",
        "SELECT coalesce(sum(size), 0) FROM object WHERE how = 2",
        "SELECT count(*) FROM object WHERE kind = 4",
    };
    int64_t v[sizeof sql / sizeof sql[0]];
    enum ts_code rc;

    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        if ((rc = mig_number(s->cat, sql[i], &v[i], err)) != TS_OK)
            return rc;
    }
    *t = (struct ts_mig_totals){.profiles = (uint64_t)v[0],
                                .orphans = (uint64_t)v[1],
                                .folders = (uint64_t)v[2],
                                .files = (uint64_t)v[3],
                                .links = (uint64_t)v[4],
                                .copies = (uint64_t)v[5],
                                .symlinks = (uint64_t)v[6],
                                .bytes = (uint64_t)v[7],
                                .copied_bytes = (uint64_t)v[8],
                                .unreadable = (uint64_t)v[9],
                                .skipped = walk->skipped,
                                .special = walk->special,
                                .added = walk->added,
                                .changed = walk->changed,
                                .deleted = walk->deleted};
    return mig_meta_totals(s->cat, t, err);
}

/* ---- update ------------------------------------------------------------------------ */

static enum ts_code save_now(struct mig_take *t, struct mig_batch *b, struct ts_err *err)
{
    enum ts_code rc = mig_batch_save(t->store->cat, b, err);

    mig_batch_free(b);
    return rc;
}

/* The walk, inside the transaction. */
static enum ts_code walk(struct update *u, const struct ts_capture *c,
                         const struct mig_spec *spec, struct ts_err *err)
{
    struct mig_diff diff = {.update = true,
                            .take = {.run = u->run,
                                     .store = u->store,
                                     .rules = c->rules ? c->rules : spec->rules,
                                     .skip_unreadable = c->skip_unreadable,
                                     .copy = c->copy || spec->copy,
                                     .windows = spec->windows_drive != NULL,
                                     .put = save_now}};
    struct mig_pool pool = {.run = u->run,
                            .ctx = &diff,
                            .work = mig_diff_folder,
                            .local_new = mig_diff_local_new,
                            .local_free = mig_diff_local_free};
    int64_t last = 0;
    enum ts_code rc = mig_max_id(u->store->cat, &last, err);

    if (rc != TS_OK)
        return rc;
    u->next_root = (last / MIG_CHUNK + 1) * MIG_CHUNK;
    if ((rc = roots(u, err)) != TS_OK) {
        for (size_t i = 0; i < u->n; i++)
            mig_node_free(u->nodes[i]);
        return rc;
    }
    atomic_init(&diff.take.next_chunk, (long long)((u->next_root - 1) / MIG_CHUNK + 1));
    u->run->expected = (uint64_t)last;
    /* One thread: the walk writes into the transaction it reads from. */
    return mig_pool_run(&pool, 1, u->nodes, u->n, err);
}

static enum ts_code transact(struct update *u, const struct ts_capture *c,
                             const struct mig_spec *spec, struct ts_mig_totals *whole,
                             struct ts_err *err)
{
    struct mig_store *s = u->store;
    enum ts_code rc = mig_begin(s->cat, err);

    if (rc != TS_OK)
        return rc;
    if ((rc = walk(u, c, spec, err)) == TS_OK && (rc = mig_parts_save(s, err)) == TS_OK &&
        (!c->rules ||
         ((rc = mig_meta_set(s->cat, "rules", c->rules->text, err)) == TS_OK &&
          (rc = mig_meta_set_int(s->cat, "ruled", 1, err)) == TS_OK)) &&
        (rc = mig_meta_set_int(s->cat, "skip", c->skip_unreadable, err)) == TS_OK &&
        (rc = mig_meta_set_int(s->cat, "created", ts_now_ms(), err)) == TS_OK) {
        u->run->totals.elapsed_ms = (ts_mono_ns() - u->run->started_ns) / 1000000;
        rc = whole_totals(s, &u->run->totals, whole, err);
    }
    if (rc == TS_OK && (rc = mig_parts_sync(s, err)) == TS_OK)
        rc = mig_commit(s->cat, err);
    if (rc != TS_OK) {
        mig_rollback(s->cat);
        if (rc == TS_ENOSPC)
            ts_err_context(err, "no space to update the state store %s; it is as it was",
                           s->path);
    }
    return rc;
}

enum ts_code ts_migrate_update(const struct ts_capture *c, const struct ts_mig_env *env,
                               struct ts_mig_totals *totals, struct ts_err *err)
{
    struct mig_store store;
    struct mig_run run;
    struct mig_spec spec = {0};
    struct ts_mig_totals whole = {0};
    struct update u = {.run = &run, .store = &store};
    enum ts_code rc;

    mig_run_init(&run, env, "updating the state store");
    if ((rc = mig_store_open(&store, c->store, true, err)) == TS_OK &&
        store.state != TS_STORE_COMPLETE)
        rc = ts_fail(err, TS_EREFUSED,
                     "the state store %s cannot be brought up to date any more: its state"
                     " is %s",
                     c->store, ts_store_state_name(store.state));
    if (rc == TS_OK && (rc = mig_spec_load(&store, &spec, err)) == TS_OK &&
        (rc = clear_gone(&store, err)) == TS_OK &&
        (rc = clear_left_chunks(&run, &store, err)) == TS_OK &&
        (rc = mig_scope_load(&u.old, store.cat, err)) == TS_OK &&
        (rc = mig_scope_find(&u.now,
                             c->windows_drive ? c->windows_drive : spec.windows_drive,
                             c->extra, &run, err)) == TS_OK) {
        memset(&run.totals, 0, sizeof run.totals);
        if ((rc = transact(&u, c, &spec, &whole, err)) == TS_OK)
            rc = clear_gone(&store, err);
    }
    ts_free(u.nodes);
    mig_scope_fini(&u.old);
    mig_scope_fini(&u.now);
    mig_spec_fini(&spec);
    mig_store_close(&store);
    ts_mutex_lock(run.m);
    mig_run_pump(&run);
    ts_mutex_unlock(run.m);
    whole.elapsed_ms = (ts_mono_ns() - run.started_ns) / 1000000;
    if (totals)
        *totals = whole;
    mig_run_about(&run, rc, c->store, err);
    mig_run_fini(&run);
    return rc;
}
