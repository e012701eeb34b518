/* user_links.h - links among the profiles, and whether a wipe would take what they lead
 * to. */
#ifndef TS_MIGRATE_USER_LINKS_H
#define TS_MIGRATE_USER_LINKS_H

#include "migrate/scope.h"

struct mig_links {
    const char *path;         /* the volume that is to be wiped: "C:\" */
    const char *real;         /* its real native path */
    const struct ts_stat *st; /* of its root */
    struct mig_scope *scope;  /* what was captured; NULL: nothing */
    const char *store;        /* for messages; NULL: none was named */
    /* Will this folder outlast the wipe? */
    bool (*stays)(void *ctx, const char *real, const struct ts_stat *st);
    void *ctx;
};

/* TS_EREFUSED: a link directly in a folder of profiles, of this volume or of another
 * fixed drive, leads to a folder of the volume that is in no captured folder and would be
 * wiped. Links to nothing and links out of the volume are left alone. */
TS_NODISCARD enum ts_code mig_links_check(const struct mig_links *k, struct ts_err *err);

#endif
