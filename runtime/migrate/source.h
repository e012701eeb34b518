/* source.h - what a capture was asked for, read back from its catalogue. */
#ifndef TS_MIGRATE_SOURCE_H
#define TS_MIGRATE_SOURCE_H

#include "migrate/store.h"

struct mig_spec {
    struct ts_rules *rules;
    char *windows_drive;  /* in this session; NULL: Linux homes */
    char recorded_letter; /* its letter at capture */
    bool copy, skip_unreadable;
};

TS_NODISCARD enum ts_code mig_spec_load(struct mig_store *s, struct mig_spec *spec,
                                        struct ts_err *err);
void mig_spec_fini(struct mig_spec *spec);

#endif
