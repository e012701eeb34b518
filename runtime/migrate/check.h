/* check.h - proofs, on an open store. */
#ifndef TS_MIGRATE_CHECK_H
#define TS_MIGRATE_CHECK_H

#include "migrate/pool.h"
#include "migrate/scope.h"
#include "migrate/spec.h"

struct mig_check {
    struct mig_run *run;
    struct mig_store *store;
    struct mig_scope *scope;
    atomic_bool broken; /* check_store: not only edited files */
};

/* The way out of a difference with the sources. */
#define MIG_UPDATE_IT \
    "bring the store up to date with CaptureUserState { update = true } and try again"

/* Every entry in the store, by id and size. TS_EREFUSED with findings. */
TS_NODISCARD enum ts_code mig_check_store(struct mig_check *ck, struct ts_err *err);
/* The sources agree with the catalogue. TS_EREFUSED with findings. */
TS_NODISCARD enum ts_code mig_check_source(struct mig_check *ck, struct ts_err *err);
/* Every entry under its restored name; the state is the caller's business. */
TS_NODISCARD enum ts_code mig_check_restored(struct mig_check *ck, struct ts_err *err);
/* Path to show of an object; caller frees. */
char *mig_object_path(struct mig_catalog *c, const struct mig_scope *scope, int64_t id);

#endif
