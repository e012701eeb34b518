/* take_internal.h - shared by take.c and taker.c. */
#ifndef TS_MIGRATE_TAKE_INTERNAL_H
#define TS_MIGRATE_TAKE_INTERNAL_H

#include "migrate/take.h"

/* The id of the next child of the folder at hand. */
int64_t mig_new_id(struct mig_taker *t);
TS_NODISCARD enum ts_code mig_put_row(struct mig_taker *t, const struct mig_row *row,
                                      struct ts_err *err);
void mig_put_span(struct mig_taker *t); /* the ids given since the last one */

#endif
