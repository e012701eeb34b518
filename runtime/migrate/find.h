/* find.h - stores on a volume. */
#ifndef TS_MIGRATE_FIND_H
#define TS_MIGRATE_FIND_H

#include "migrate/store.h"

/* As ts_store_find; parts of `skip` (may be NULL) do not count. */
TS_NODISCARD enum ts_code mig_store_look(const char *dir, const struct mig_store *skip,
                                         char **out, struct ts_err *err);

/* Is this folder a store, or a part of one?  Its files say so, not their names: users
 * have folders called "data" too. */
bool mig_is_store(struct ts_dir *d);

#endif
