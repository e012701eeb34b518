/* store_internal.h - shared by store.c and parts.c. */
#ifndef TS_MIGRATE_STORE_INTERNAL_H
#define TS_MIGRATE_STORE_INTERNAL_H

#include "migrate/store.h"

/* The folder `path` with mode 0700 and an empty "data"; an existing one must be ours. */
TS_NODISCARD enum ts_code mig_part_folder(const char *path, struct ts_dir **dir,
                                          struct ts_err *err);
/* What is known of a part once its folder is open: stat, link limit, data. */
TS_NODISCARD enum ts_code mig_part_finish(struct mig_part *p, struct ts_err *err);

#endif
