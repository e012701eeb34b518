/* diff.h - the sources against the catalogue: what verify and update share. */
#ifndef TS_MIGRATE_DIFF_H
#define TS_MIGRATE_DIFF_H

#include "migrate/check.h"
#include "migrate/take.h"

/* Node flag: the folder is in the catalogue. */
enum { MIG_KNOWN = 1 };

struct mig_diff {
    struct mig_take take;
    bool update;
    /* One thread's connection: verify opens one for each, update uses the store's. */
};

struct mig_differ {
    struct mig_diff *diff;
    struct mig_taker *taker;
    struct mig_catalog *cat;
    struct ts_arena arena;
    bool own_cat;
};

enum ts_code mig_diff_local_new(struct mig_worker *w, struct ts_err *err);
void mig_diff_local_free(struct mig_worker *w);
/* pool->work: ctx is a struct mig_diff. */
enum ts_code mig_diff_folder(struct mig_worker *w, struct mig_node *n,
                             struct ts_err *err);

/* Forget an object and all below it; what it had in the store goes after the commit. */
TS_NODISCARD enum ts_code mig_drop(struct mig_catalog *c, const struct mig_row *row,
                                   uint64_t *count, struct ts_err *err);

#endif
