/* restore.h - putting objects back: what restore.c and put.c share. */
#ifndef TS_MIGRATE_RESTORE_H
#define TS_MIGRATE_RESTORE_H

#include "migrate/check.h"
#include "migrate/names.h"

/* Node flag: the folder was there before, with things in it. */
enum { MIG_EXISTED = 1 };

struct mig_restoring {
    struct mig_run *run;
    struct mig_store *store;
};

/* One thread's. */
struct mig_putter {
    struct mig_restoring *rs;
    struct mig_worker *w;
    struct mig_catalog *cat;
    struct mig_slots slots;
    struct ts_arena arena;
    struct ts_buf text;
    struct mig_names names; /* of the existing folder at hand */
    bool check_names;
};

enum ts_code mig_put_local_new(struct mig_worker *w, struct ts_err *err);
void mig_put_local_free(struct mig_worker *w);
/* pool->work and ->done. */
enum ts_code mig_put_folder(struct mig_worker *w, struct mig_node *n, struct ts_err *err);
enum ts_code mig_put_folder_done(struct mig_worker *w, struct mig_node *n,
                                 struct ts_err *err);

/* Is every row of the folder n, open as d, found there?  What is not becomes a finding.
 * With `descend` folders are pushed.  Reads d from its beginning. */
TS_NODISCARD enum ts_code mig_check_folder(struct mig_putter *p, struct ts_dir *d,
                                           struct mig_node *n,
                                           const struct mig_rows *rows, bool descend,
                                           struct ts_err *err);

/* Give an existing entry another name: "name (before restore)".  path is for the note. */
TS_NODISCARD enum ts_code mig_keep_aside(struct mig_run *run, struct ts_dir *d,
                                         const char *name, const char *path,
                                         struct ts_err *err);

#endif
