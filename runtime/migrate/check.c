/* check.c - is every entry in the store under its recorded file id and size? */
#include "migrate/check.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct local {
    struct mig_catalog *cat;
    struct mig_slots slots;
    struct ts_arena arena;
};

char *mig_object_path(struct mig_catalog *c, const struct mig_scope *scope, int64_t id)
{
    struct ts_arena a = {0};
    struct mig_row row;
    char *path = ts_strdup(""), *whole;
    bool found = false;
    int64_t top = id;

    /* Ids only fall on the way up, so this ends. */
    while (mig_row_get(c, id, &row, &a, &found, NULL) == TS_OK && found && row.parent) {
        char *longer =
            ts_format("%.*s%s%s", (int)row.name.n, row.name.p, path[0] ? "/" : "", path);
        ts_free(path);
        path = longer;
        id = row.parent;
        top = id;
    }
    ts_arena_fini(&a);
    for (size_t i = 0; i < scope->n; i++) {
        if (scope->p[i].object == top) {
            whole = mig_root_show(&scope->p[i], path);
            ts_free(path);
            return whole;
        }
    }
    return path;
}

/* *changed: the file itself was edited through its other name, the store is sound. */
static const char *entry_fault(struct mig_slots *slots, const struct mig_row *row,
                               bool *changed, char text[128])
{
    struct ts_dir *dir;
    struct ts_stat st;
    char name[17];

    *changed = false;
    if (mig_slot(slots, row->part, row->id, false, &dir, name, NULL) != TS_OK ||
        ts_stat_at(dir, name, &st, NULL) != TS_OK)
        return "is not in the store";
    if (st.type != TS_F_FILE)
        return "is no file in the store";
    if (st.id != (row->how == MIG_COPIED ? row->storeid : row->fileid))
        return "is another file in the store";
    if (st.size == row->size)
        return NULL;
    *changed = row->how == MIG_LINKED;
    snprintf(text, 128, "%s: %llu bytes, not %llu",
             *changed ? "was changed since the capture" : "is damaged in the store",
             (unsigned long long)st.size, (unsigned long long)row->size);
    return text;
}

static enum ts_code check_chunk(struct mig_worker *w, struct mig_node *n,
                                struct ts_err *err)
{
    struct mig_check *ck = w->ctx;
    struct local *l = w->local;
    struct mig_rows rows;
    enum ts_code rc;

    ts_arena_fini(&l->arena);
    if ((rc = mig_range(l->cat, n->id * MIG_CHUNK, n->id * MIG_CHUNK + MIG_CHUNK - 1,
                        &rows, &l->arena, err)) != TS_OK)
        return rc;
    for (size_t i = 0; i < rows.n; i++) {
        char text[128];
        const char *fault = NULL;
        bool changed = false;
        w->seen++;
        if (rows.p[i].how != MIG_NONE) {
            fault = entry_fault(&l->slots, &rows.p[i], &changed, text);
            w->totals.files++;
        }
        if (fault) {
            char *path = mig_object_path(l->cat, ck->scope, rows.p[i].id);
            mig_finding(w->run, path, fault);
            if (!changed)
                atomic_store(&ck->broken, true);
            ts_free(path);
        }
    }
    return TS_OK;
}

static enum ts_code local_new(struct mig_worker *w, struct ts_err *err)
{
    struct mig_check *ck = w->ctx;
    struct local *l = ts_alloc(sizeof *l);

    w->local = l;
    l->slots.store = ck->store;
    return mig_catalog_open(&l->cat, ck->store->native, false, err);
}

static void local_free(struct mig_worker *w)
{
    struct local *l = w->local;

    if (!l)
        return;
    mig_slots_close(&l->slots);
    mig_catalog_close(l->cat);
    ts_arena_fini(&l->arena);
    ts_free(l);
}

/* The catalogue holds as many files as when it was made: rows did not get lost. */
static enum ts_code check_count(struct mig_store *s, struct mig_run *run,
                                struct ts_err *err)
{
    struct ts_mig_totals t;
    enum ts_code rc = mig_meta_totals_get(s->cat, &t, err);

    if (rc == TS_OK && run->totals.files != t.files)
        rc = ts_fail(
            err, TS_EDAMAGED,
            "the catalogue of the state store %s names %llu files, there were %llu"
            " when it was made",
            s->path, (unsigned long long)run->totals.files, (unsigned long long)t.files);
    return rc;
}

/* A node for every chunk that has objects: what a damaged catalogue says of ids must not
 * decide how much memory is taken. */
static enum ts_code chunks(struct mig_catalog *c, struct mig_node ***out, size_t *n,
                           struct ts_err *err)
{
    int64_t id = 0, last = 0;
    size_t cap = 0;
    enum ts_code rc = mig_max_id(c, &last, err);

    *out = NULL;
    for (*n = 0; rc == TS_OK && (rc = mig_next_id(c, id, &id, err)) == TS_OK && id > 0;
         id = (id / MIG_CHUNK + 1) * MIG_CHUNK) {
        if (*n == cap) {
            cap = cap ? cap * 2 : 64;
            *out = ts_realloc_array(*out, cap, sizeof **out);
        }
        (*out)[(*n)++] = mig_node_new(NULL, NULL, id / MIG_CHUNK, "");
    }
    for (size_t i = 0; rc != TS_OK && i < *n; i++)
        mig_node_free((*out)[i]);
    return rc;
}

enum ts_code mig_check_store(struct mig_check *ck, struct ts_err *err)
{
    struct mig_pool pool = {.run = ck->run,
                            .ctx = ck,
                            .work = check_chunk,
                            .local_new = local_new,
                            .local_free = local_free};
    struct mig_node **nodes = NULL;
    size_t n;
    enum ts_code rc = chunks(ck->store->cat, &nodes, &n, err);

    ck->run->expected = (uint64_t)n * MIG_CHUNK;
    if (rc == TS_OK)
        rc = mig_pool_run(&pool, mig_threads(0), nodes, n, err);
    ts_free(nodes);
    if (rc == TS_OK)
        rc = check_count(ck->store, ck->run, err);
    if (rc == TS_OK) {
        bool broken = atomic_load(&ck->broken);
        char *what =
            ts_format("the state store %s is not as its catalogue says", ck->store->path);
        rc = mig_run_verdict(ck->run, err, what,
                             ck->store->state != TS_STORE_COMPLETE ? ""
                             : broken
                                 ? "capture again with overwrite = true and force = true"
                                 : MIG_UPDATE_IT);
        ts_free(what);
    }
    return rc;
}

enum ts_code ts_store_verify(const char *store, const struct ts_mig_env *env,
                             ts_finding_fn fn, void *ctx, struct ts_err *err)
{
    struct mig_scope scope = {0};
    struct mig_store s;
    struct mig_run run;
    enum ts_code rc;

    mig_run_init(&run, env, "checking the state store");
    run.fn = fn;
    run.fn_ctx = ctx;
    if ((rc = mig_store_open(&s, store, false, err)) == TS_OK &&
        (rc = mig_scope_load(&scope, s.cat, err)) == TS_OK)
        rc = mig_check_store(
            &(struct mig_check){.run = &run, .store = &s, .scope = &scope}, err);
    mig_scope_fini(&scope);
    mig_store_close(&s);
    mig_run_fini(&run);
    return rc;
}
