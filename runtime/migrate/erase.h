/* erase.h - deleting trees, by several threads, by folder handles, never following a link
 * and never leaving the volume. */
#ifndef TS_MIGRATE_ERASE_H
#define TS_MIGRATE_ERASE_H

#include "migrate/pool.h"
#include "migrate/scope.h"

struct mig_names_list {
    char **p;
    size_t n, cap;
};
void mig_list_add(struct mig_names_list *l, char *path); /* takes it over */
void mig_list_free(struct mig_names_list *l);

/* Node flag: a folder that stays but is gone through. */
enum { MIG_THROUGH = 4 };

struct mig_erase {
    struct mig_run *run;
    /* May this entry of the folder n (open as d) stay?  Sets *through for a folder that
     * itself stays but is gone through.  NULL: everything goes.  Called by workers. */
    bool (*keep)(void *ctx, struct mig_worker *w, struct mig_node *n, struct ts_dir *d,
                 const char *name, enum ts_ftype type, bool *through);
    void *ctx;
    bool top_stays; /* the root folder itself is not removed */
    /* Filled: what is in use, files first to last, then folders from the deepest up. */
    struct mig_names_list busy_files, busy_folders;
    /* What could not be deleted for other reasons. */
    uint64_t failed;
    struct ts_err first;
};

/* Delete everything below the root (open: up, real, dir; now its native path).  What is
 * busy or fails stays and is told in e; the result is about the run itself. */
TS_NODISCARD enum ts_code mig_erase(struct mig_erase *e, struct mig_root *root,
                                    struct ts_err *err);
void mig_erase_fini(struct mig_erase *e);

/* Remove an incomplete store: what a cut capture left, in all its parts.  later: what is
 * in use waits for a restart; else that is TS_EBUSY, and nothing waits: a new store at
 * this place would be deleted by then. */
TS_NODISCARD enum ts_code mig_store_clear(const char *path, struct mig_run *run,
                                          bool later, struct ts_err *err);
/* Remove the folder `part_path` if it is a part of the store at `main_path` on the volume
 * `main_volume`, which is not in that store's catalogue: a cut left it.  TS_EREFUSED if
 * it is a part of another store.  Absent, or no part: nothing happens. */
TS_NODISCARD enum ts_code mig_part_clear(const char *part_path, const char *main_path,
                                         const char *main_volume, struct mig_run *run,
                                         bool later, struct ts_err *err);

#endif
