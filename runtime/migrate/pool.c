/* pool.c - threads that work off a tree. */
#include "migrate/pool.h"

#include <string.h>

#include "base/mem.h"
#include "platform/sysinfo.h"

int mig_threads(int wanted)
{
    int n = wanted > 0 ? wanted : (int)ts_cpu_count();

    if (n < 1)
        n = 1;
    if (n > (wanted > 0 ? 64 : 8))
        n = wanted > 0 ? 64 : 8;
    return n;
}

struct mig_node *mig_node_new(struct mig_node *parent, struct mig_root *root, int64_t id,
                              const char *name)
{
    static atomic_ullong serial;
    size_t len = strlen(name);
    struct mig_node *n = ts_alloc(sizeof *n + len + 1);

    n->parent = parent;
    n->root = root;
    n->id = id;
    n->serial = atomic_fetch_add(&serial, 1) + 1;
    n->path_n = parent ? parent->path_n + len + 1 : 0;
    atomic_init(&n->open, 1);
    memcpy(n->name, name, len + 1);
    return n;
}

void mig_node_free(struct mig_node *n)
{
    if (!n)
        return;
    ts_free(n->data);
    ts_free(n);
}

/* ---- stacks: all under pool->m ----------------------------------------------------- */

static void stack_push(struct mig_worker *w, struct mig_node *n)
{
    if (w->head + w->n == w->cap) {
        if (w->head > 0 && w->head >= w->cap / 2) {
            memmove(w->stack, w->stack + w->head, w->n * sizeof *w->stack);
        } else {
            size_t cap = w->cap ? w->cap * 2 : 64;
            struct mig_node **s = ts_alloc_array(cap, sizeof *s);
            if (w->n)
                memcpy(s, w->stack + w->head, w->n * sizeof *s);
            ts_free(w->stack);
            w->stack = s;
            w->cap = cap;
        }
        w->head = 0;
    }
    w->stack[w->head + w->n++] = n;
}

static struct mig_node *stack_take(struct mig_worker *w)
{
    struct mig_worker *victim = NULL;

    if (w->n > 0)
        return w->stack[w->head + --w->n];
    for (int i = 0; i < w->pool->threads; i++) {
        struct mig_worker *o = &w->pool->workers[i];
        if (o->n > 0 && (!victim || o->n > victim->n))
            victim = o;
    }
    if (!victim)
        return NULL;
    victim->n--;
    return victim->stack[victim->head++]; /* the oldest: most likely the largest part */
}

/* The next node, or NULL when all is done or stopped. */
static struct mig_node *next_node(struct mig_worker *w)
{
    struct mig_pool *p = w->pool;
    struct mig_node *n;

    ts_mutex_lock(p->m);
    for (size_t i = 0; i < w->born_n; i++)
        stack_push(w, w->born[i]);
    if (w->born_n > 0 && p->idle > 0)
        ts_cond_broadcast(p->c);
    w->born_n = 0;
    while ((n = stack_take(w)) == NULL && !p->finish) {
        if (++p->idle == p->threads) {
            p->finish = true;
            ts_cond_broadcast(p->c);
        } else {
            ts_cond_wait(p->c, p->m);
        }
        p->idle--;
    }
    ts_mutex_unlock(p->m);
    return n;
}

/* ---- nodes ------------------------------------------------------------------------- */

void mig_push(struct mig_worker *w, struct mig_node *n)
{
    if (n->parent)
        atomic_fetch_add(&n->parent->open, 1);
    if (w->born_n == w->born_cap) {
        w->born_cap = w->born_cap ? w->born_cap * 2 : 64;
        w->born = ts_realloc_array(w->born, w->born_cap, sizeof *w->born);
    }
    w->born[w->born_n++] = n;
}

/* One reason less to keep n: when it was the last, n and all below it is done. */
static enum ts_code node_close(struct mig_worker *w, struct mig_node *n,
                               struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    while (n && atomic_fetch_sub(&n->open, 1) == 1) {
        struct mig_node *up = n->parent;
        if (rc == TS_OK && w->pool->done && !mig_stopped(w->run))
            rc = w->pool->done(w, n, err);
        mig_node_free(n);
        n = up;
    }
    return rc;
}

const char *mig_node_rel(struct mig_worker *w, const struct mig_node *n)
{
    size_t len = 0;

    for (const struct mig_node *i = n; i->parent; i = i->parent)
        len += strlen(i->name) + 1;
    ts_buf_clear(&w->rel);
    if (len == 0)
        return "";
    for (size_t i = 0; i < len; i++)
        ts_buf_c(&w->rel, '/');
    for (const struct mig_node *i = n; i->parent; i = i->parent) {
        size_t k = strlen(i->name);
        len -= k + 1;
        memcpy(w->rel.p + len, i->name, k);
    }
    w->rel.p[--w->rel.n] = 0;
    return w->rel.p;
}

void mig_worker_forget(struct mig_worker *w)
{
    ts_dir_close(w->last);
    w->last = NULL;
    w->last_serial = 0;
}

enum ts_code mig_worker_open(struct ts_dir **out, struct mig_worker *w,
                             struct mig_node *n, struct ts_dir *top, struct ts_err *err)
{
    struct ts_dir *d = NULL;
    enum ts_code rc;

    *out = NULL;
    if (n->path_n > MIG_PATH_MAX)
        return ts_fail(err, TS_ELIMIT, "the path is longer than %d bytes", MIG_PATH_MAX);
    if (w->last && w->last_serial == n->serial) {
        *out = w->last;
        return TS_OK;
    }
    if (w->last && n->parent && w->last_serial == n->parent->serial) {
        rc = ts_dir_open_at(&d, w->last, n->name, err);
    } else if (!n->parent) {
        rc = ts_dir_dup(&d, top, err);
    } else {
        rc = ts_dir_open_at(&d, top, mig_node_rel(w, n), err);
    }
    if (rc != TS_OK)
        return rc;
    mig_worker_forget(w);
    w->last = d;
    w->last_serial = n->serial;
    *out = d;
    return TS_OK;
}

/* ---- threads ----------------------------------------------------------------------- */

static void worker_main(void *arg)
{
    struct mig_worker *w = arg;
    struct mig_pool *p = w->pool;
    struct mig_node *n;
    struct ts_err err;
    bool ready = true;

    if (p->local_new && p->local_new(w, &err) != TS_OK) {
        mig_run_fail(w->run, &err);
        ready = false;
    }
    while ((n = next_node(w)) != NULL) {
        /* When stopped the nodes are still taken, to be freed. */
        if (ready && !mig_stopped(w->run) && p->work(w, n, &err) != TS_OK)
            mig_run_fail(w->run, &err);
        if (node_close(w, n, &err) != TS_OK)
            mig_run_fail(w->run, &err);
        mig_run_count(w->run, &w->totals, w->seen);
        w->seen = 0;
    }
    mig_worker_forget(w);
    if (p->local_free)
        p->local_free(w);
    mig_run_count(w->run, &w->totals, w->seen);
    ts_buf_free(&w->rel);
    ts_free(w->born);
    ts_mutex_lock(w->run->m);
    p->ended++;
    ts_cond_broadcast(w->run->c);
    ts_mutex_unlock(w->run->m);
}

enum ts_code mig_pool_run(struct mig_pool *p, int threads, struct mig_node **nodes,
                          size_t n, struct ts_err *err)
{
    struct mig_run *r = p->run;

    p->threads = threads;
    p->ended = p->idle = 0;
    p->finish = false;
    p->m = ts_mutex_new();
    p->c = ts_cond_new();
    p->workers = ts_alloc_array((size_t)threads, sizeof *p->workers);
    for (int i = 0; i < threads; i++)
        p->workers[i] =
            (struct mig_worker){.pool = p, .run = r, .ctx = p->ctx, .index = i};
    for (size_t i = 0; i < n; i++)
        stack_push(&p->workers[i % (size_t)threads], nodes[i]);
    for (int i = 0; i < threads; i++)
        p->workers[i].thread = ts_thread_start(worker_main, &p->workers[i]);

    ts_mutex_lock(r->m);
    while (p->ended < threads) {
        if (!p->serve || !p->serve(p->serve_ctx))
            ts_cond_wait_ms(r->c, r->m, 100);
        mig_run_pump(r);
    }
    while (p->serve && p->serve(p->serve_ctx))
        ;
    mig_run_pump(r);
    ts_mutex_unlock(r->m);

    for (int i = 0; i < threads; i++) {
        ts_thread_join(p->workers[i].thread);
        ts_free(p->workers[i].stack);
    }
    ts_free(p->workers);
    p->workers = NULL;
    ts_cond_free(p->c);
    ts_mutex_free(p->m);
    if (mig_stopped(r)) {
        if (err)
            *err = r->err;
        return r->err.code;
    }
    return TS_OK;
}
