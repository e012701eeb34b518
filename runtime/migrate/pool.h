/* pool.h - a tree worked off by several threads, folder by folder.
 *
 * Every thread has a stack of its own, so that it stays in one part of the tree and the
 * number of waiting folders stays that of a walk in depth; a thread with nothing to do
 * takes the oldest folder of another.  A node knows its name and its parent only: the
 * path below the root is put together when it is needed. */
#ifndef TS_MIGRATE_POOL_H
#define TS_MIGRATE_POOL_H

#include "migrate/run.h"

struct mig_root;
struct mig_pool;

struct mig_node {
    struct mig_node *parent; /* NULL: a root */
    struct mig_root *root;
    atomic_int open; /* itself and the children not yet done */
    uint64_t serial; /* unlike its address never used again */
    size_t path_n;   /* bytes of the path below the root */
    int64_t id;      /* object id */
    void *data;      /* freed with the node */
    atomic_uint flags;
    char name[]; /* "" for a root */
};

struct mig_worker {
    struct mig_pool *pool;
    struct mig_run *run;
    void *ctx;   /* of the pool */
    void *local; /* made by pool->local_new */
    int index;
    struct mig_node **stack; /* waiting: [head, head + n) */
    size_t head, n, cap;
    struct mig_node **born; /* pushed while one node is worked on */
    size_t born_n, born_cap;
    struct ts_mig_totals totals; /* handed in after each node */
    uint64_t seen;
    struct ts_buf rel; /* scratch for mig_node_rel */
    /* Last folder worked on: its child is opened from here, without the way from the
     * root.  mig_worker_open keeps it. */
    struct ts_dir *last;
    uint64_t last_serial;
    struct ts_thread *thread;
};

struct mig_pool {
    struct mig_run *run;
    void *ctx;
    /* Work on n, pushing its subfolders.  A failure stops the run. */
    enum ts_code (*work)(struct mig_worker *w, struct mig_node *n, struct ts_err *err);
    /* n and everything below it is done; may be NULL. */
    enum ts_code (*done)(struct mig_worker *w, struct mig_node *n, struct ts_err *err);
    enum ts_code (*local_new)(struct mig_worker *w, struct ts_err *err); /* may be NULL */
    void (*local_free)(struct mig_worker *w);                            /* may be NULL */
    /* Work of the calling thread while it waits (capture: rows to the catalogue); called
     * with run->m locked, may unlock it meanwhile; false: nothing to do now. */
    bool (*serve)(void *ctx);
    void *serve_ctx;

    struct mig_worker *workers;
    int threads, ended;
    int idle;
    bool finish; /* nothing is waiting and nobody works */
    struct ts_mutex *m;
    struct ts_cond *c;
};

/* How many threads: `wanted`, or as many as processors, at most 8. */
int mig_threads(int wanted);

struct mig_node *mig_node_new(struct mig_node *parent, struct mig_root *root, int64_t id,
                              const char *name);
void mig_node_free(struct mig_node *n); /* one that was never worked on; NULL is fine */
/* Work off `nodes` and everything pushed; returns when all threads have ended. */
TS_NODISCARD enum ts_code mig_pool_run(struct mig_pool *p, int threads,
                                       struct mig_node **nodes, size_t n,
                                       struct ts_err *err);
/* From work(): another folder, a child of the one being worked on. */
void mig_push(struct mig_worker *w, struct mig_node *n);
/* Path below the root with '/', "" for the root; valid until the next call. */
const char *mig_node_rel(struct mig_worker *w, const struct mig_node *n);
/* Open the folder of n below its root's handle `top`; the worker keeps it open till it
 * opens another.  Paths longer than MIG_PATH_MAX are TS_ELIMIT: whoever makes them wants
 * to keep us busy (Windows ends at 32,767 characters). */
#define MIG_PATH_MAX 65536
TS_NODISCARD enum ts_code mig_worker_open(struct ts_dir **out, struct mig_worker *w,
                                          struct mig_node *n, struct ts_dir *top,
                                          struct ts_err *err);
void mig_worker_forget(struct mig_worker *w); /* close what is kept */

#endif
