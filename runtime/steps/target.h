/* target.h - a folder that files are put into: by copies and by images.  For steps/
 * alone.
 *
 * Entries are named by '/'-separated paths below the target.  Folders on the way are made
 * or, on a drive, found without regard to case; none of them may be a link.  Folders get
 * their metadata at the end, when nothing is put into them any more. */
#ifndef TS_STEPS_TARGET_H
#define TS_STEPS_TARGET_H

#include "steps/host.h"
#include "steps/tree.h"

struct ts_target {
    struct ts_step_call *call;
    char *native;           /* real path of the target folder */
    bool caseless;          /* it is on a drive */
    bool keep_protected;    /* protected paths are left as they are */
    bool is_copy;           /* no image: the state folder may get data of the run */
    enum ts_code link_code; /* what a link on the way is: TS_ELINK, or TS_EINPUT when the
                               path comes from an image */
    uint64_t files, bytes;  /* put there */
    uint64_t left_out;
    int percent; /* for progress; -1: not known */
    struct ts_target_level {
        struct ts_dir *dir;
        char *name; /* as it was asked for */
        bool listed;
        struct ts_map names; /* char *: real spellings, by name without case */
    } levels[TS_TREE_DEPTH + 1];
    size_t depth; /* levels[0 .. depth] are open */
    struct ts_target_folder {
        char *rel;
        struct ts_stat st;
        struct ts_buf extra;
        int what;
    } * folders;
    size_t folder_count, folder_cap;
};

/* One entry of the target, until the next call with the target. */
struct ts_spot {
    struct ts_dir *dir;
    char *name;        /* real spelling if it exists; freed by ts_spot_fini */
    struct ts_stat st; /* type TS_F_NONE: it does not exist */
    bool keep;         /* protected: leave it out (the warning is in the log) */
};

TS_NODISCARD enum ts_code ts_target_open(struct ts_target **out, struct ts_step_call *c,
                                         const char *path, struct ts_err *err);
void ts_target_free(struct ts_target *t); /* NULL is allowed */

/* Find the place of `rel`, making the folders on the way.  is_dir: what is to be put
 * there. */
TS_NODISCARD enum ts_code ts_target_spot(struct ts_target *t, const char *rel,
                                         bool is_dir, struct ts_spot *out,
                                         struct ts_err *err);
void ts_spot_fini(struct ts_spot *s);
/* Remove what stands there, so that something that is no folder can be made.  TS_EEXIST:
 * it is a folder. */
TS_NODISCARD enum ts_code ts_spot_clear(const struct ts_spot *s, const char *rel,
                                        struct ts_err *err);

/* Make the folder or find it.  `what` of *st (TS_META_...) and extra are set at the end;
 * only_new: only if it was made now, or before a cut.  *keep: it is protected. */
TS_NODISCARD enum ts_code ts_target_folder(struct ts_target *t, const char *rel,
                                           const struct ts_stat *st, int what,
                                           ts_str extra, bool only_new, bool *keep,
                                           struct ts_err *err);
/* Another name for `first`, which was put there before. */
TS_NODISCARD enum ts_code ts_target_link(struct ts_target *t, const char *rel,
                                         const char *first, struct ts_err *err);
/* Set the folders' metadata, and make all that was put there durable: the step counts as
 * finished behind this. */
TS_NODISCARD enum ts_code ts_target_finish(struct ts_target *t, struct ts_err *err);

/* Count, tell progress, and ask whether to stop. */
TS_NODISCARD enum ts_code ts_target_step(struct ts_target *t, const char *rel,
                                         struct ts_err *err);

#endif
