/* spec.h - what a capture was asked for, kept in the catalogue, and totals. */
#ifndef TS_MIGRATE_SPEC_H
#define TS_MIGRATE_SPEC_H

#include "migrate/store.h"

/* Everything but the roots and the parts. */
TS_NODISCARD enum ts_code mig_meta_spec(struct mig_store *s, const struct ts_capture *c,
                                        struct ts_err *err);
TS_NODISCARD enum ts_code
mig_meta_totals(struct mig_catalog *c, const struct ts_mig_totals *t, struct ts_err *err);
TS_NODISCARD enum ts_code
mig_meta_totals_get(struct mig_catalog *c, struct ts_mig_totals *t, struct ts_err *err);

#endif
