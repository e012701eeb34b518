/* names.h - the names of one folder without regard to case. */
#ifndef TS_MIGRATE_NAMES_H
#define TS_MIGRATE_NAMES_H

#include "base/str.h"

struct mig_names {   /* zero-initialise */
    uint64_t *slots; /* hashes of folded names, 0: free */
    size_t cap, n;
};

void mig_names_clear(struct mig_names *s);
/* True: a name that differs at most by case was there before. */
bool mig_names_add(struct mig_names *s, const char *name);
bool mig_names_has(const struct mig_names *s, const char *name);
void mig_names_free(struct mig_names *s);

#endif
