/* tree.h - walking a folder tree by handles, never through a link.  For steps/ alone. */
#ifndef TS_STEPS_TREE_H
#define TS_STEPS_TREE_H

#include "platform/fs.h"

/* Each level holds a folder open. */
#define TS_TREE_DEPTH 250

struct ts_tree_entry {
    struct ts_dir *dir; /* the folder it is in */
    const char *name;
    const char *rel; /* '/'-separated path from the top */
    const struct ts_stat *st;
};

struct ts_tree_ops {
    void *ctx;
    /* A folder, before its content.  May be NULL: every folder is entered. */
    enum ts_code (*enter)(void *ctx, const struct ts_tree_entry *e, bool *descend,
                          struct ts_err *err);
    /* A folder that was entered, after its content.  May be NULL. */
    enum ts_code (*leave)(void *ctx, const struct ts_tree_entry *e, struct ts_err *err);
    /* Anything that is no folder: files, links, devices. */
    enum ts_code (*other)(void *ctx, const struct ts_tree_entry *e, struct ts_err *err);
};

/* Everything below the folder `top`, not the folder itself.  Removing and adding entries
 * meanwhile is fine; what vanishes is left out.  TS_ELIMIT: too deep. */
TS_NODISCARD enum ts_code ts_tree_walk(struct ts_dir *top, const struct ts_tree_ops *ops,
                                       struct ts_err *err);
/* Remove a folder's content and then the folder, staying on its volume.  check (may be
 * NULL) is asked now and then; *files (may be NULL) counts what was no folder. */
TS_NODISCARD enum ts_code ts_tree_remove(struct ts_dir *dir, const char *name,
                                         enum ts_code (*check)(void *ctx,
                                                               struct ts_err *err),
                                         void *ctx, uint64_t *files, struct ts_err *err);

#endif
