/* taker.c - ids, rows and batches of one thread that takes objects. */
#include "migrate/take.h"
#include "migrate/take_internal.h"

#include "base/mem.h"

/* ---- batches ----------------------------------------------------------------------- */

void mig_batch_free(struct mig_batch *b)
{
    if (!b)
        return;
    ts_arena_fini(&b->arena);
    ts_free(b->spans);
    ts_free(b);
}

enum ts_code mig_batch_save(struct mig_catalog *c, const struct mig_batch *b,
                            struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    for (size_t i = 0; rc == TS_OK && i < b->n; i++)
        rc = mig_row_add(c, &b->rows[i], err);
    for (size_t i = 0; rc == TS_OK && i < b->span_n; i++)
        rc = mig_span_add(c, &b->spans[i], err);
    return rc;
}

static enum ts_code flush(struct mig_taker *t, struct ts_err *err)
{
    struct mig_batch *b = t->batch;

    t->batch = NULL;
    return b ? t->take->put(t->take, b, err) : TS_OK;
}

static struct mig_batch *batch(struct mig_taker *t)
{
    if (!t->batch)
        t->batch = ts_alloc(sizeof *t->batch);
    return t->batch;
}

enum ts_code mig_put_row(struct mig_taker *t, const struct mig_row *row,
                         struct ts_err *err)
{
    struct mig_batch *b = batch(t);
    struct mig_row *r = &b->rows[b->n++];

    *r = *row;
    r->name.p = ts_arena_str(&b->arena, row->name);
    if (row->extra.n)
        r->extra.p = ts_arena_str(&b->arena, row->extra);
    t->w->seen++;
    return b->n == MIG_BATCH ? flush(t, err) : TS_OK;
}

void mig_put_span(struct mig_taker *t)
{
    struct mig_batch *b;

    if (!t->span.first)
        return;
    b = batch(t);
    if (b->span_n == b->span_cap) {
        b->span_cap = b->span_cap ? b->span_cap * 2 : 64;
        b->spans = ts_realloc_array(b->spans, b->span_cap, sizeof *b->spans);
    }
    b->spans[b->span_n++] = t->span;
    t->span.first = 0;
}

/* The id of the next child of the folder at hand.  Ids of a thread only grow, and a
 * thread that takes a folder of another whose ids are ahead starts a new chunk, so that a
 * parent's id is below its children's. */
int64_t mig_new_id(struct mig_taker *t)
{
    int64_t id;

    if (t->next == t->end || t->next <= t->span.folder) {
        t->next = atomic_fetch_add(&t->take->next_chunk, 1) * MIG_CHUNK;
        t->end = t->next + MIG_CHUNK;
        if (t->next == 0)
            t->next = 1; /* 0 is no object */
    }
    id = t->next++;
    if (t->span.first && t->span.last + 1 != id)
        mig_put_span(t);
    if (!t->span.first)
        t->span.first = id;
    t->span.last = id;
    return id;
}

/* ---- takers ------------------------------------------------------------------------ */

struct mig_taker *mig_taker_new(struct mig_take *take, struct mig_worker *w)
{
    struct mig_taker *t = ts_alloc(sizeof *t);

    t->take = take;
    t->w = w;
    t->slots.store = take->store;
    return t;
}

enum ts_code mig_taker_end(struct mig_taker *t, struct ts_err *err)
{
    return flush(t, err);
}

void mig_taker_free(struct mig_taker *t)
{
    if (!t)
        return;
    mig_slots_close(&t->slots);
    mig_batch_free(t->batch);
    mig_names_free(&t->names);
    ts_buf_free(&t->rel);
    ts_buf_free(&t->extra);
    ts_free(t);
}
