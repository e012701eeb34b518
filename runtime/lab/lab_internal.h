/* lab_internal.h - for the files of lab/. */
#ifndef TS_LAB_LAB_INTERNAL_H
#define TS_LAB_LAB_INTERNAL_H

#include "lab/lab.h"

/* Environment of the runtime inside a machine. */
#define TS_ENV_LAB "TASKSEQ_LAB"         /* the machine's folder */
#define TS_ENV_HOLD "TASKSEQ_LAB_HOLD"   /* a path another program holds open */
#define TS_ENV_POWER "TASKSEQ_LAB_POWER" /* "CUT_AT COUNTER_FILE" */
#define TS_ENV_ROOT "TASKSEQ_LAB_ROOT"   /* process id of the machine's runtime */

/* The letter a volume has in a phase, 0 if it is not seen there. */
char ts_lab_letter(const struct ts_lab_volume *v, enum ts_phase phase);
/* Map the drives as `phase` shows them. */
TS_NODISCARD enum ts_code ts_lab_map(struct ts_lab_machine *m, struct ts_err *err);

/* ---- making things (tree.c)
 * ------------------------------------------------------------ */

/* Write a file below d (folders on the way are made). */
TS_NODISCARD enum ts_code ts_tree_file(struct ts_dir *d, const char *rel, const void *p,
                                       size_t n, struct ts_err *err);
TS_NODISCARD enum ts_code ts_tree_dir(struct ts_dir *d, const char *rel,
                                      struct ts_dir **out, struct ts_err *err);
/* Copy the content of one folder into another: files, folders, links as links, with modes
 * and times; sockets and devices are left out. */
TS_NODISCARD enum ts_code ts_tree_copy(struct ts_dir *from, struct ts_dir *to,
                                       struct ts_err *err);
/* Copy the folder `from` with all that is in it to `to`, which must not exist.  As
 * ts_tree_copy, and names of one file are names of one file in the copy; extended
 * attributes and, for the administrator, owners come along.  Stops with TS_ECANCELLED
 * when the user wants it. */
TS_NODISCARD enum ts_code ts_tree_clone(const char *from, const char *to,
                                        struct ts_err *err);
/* Call fn for everything below d, a folder before what is in it; path is `prefix` and the
 * way from d.  Links are not followed. */
typedef enum ts_code ts_tree_fn(void *ctx, struct ts_dir *d, const char *name,
                                const char *path, const struct ts_stat *st,
                                struct ts_err *err);
TS_NODISCARD enum ts_code ts_tree_each(struct ts_dir *d, const char *prefix,
                                       ts_tree_fn *fn, void *ctx, struct ts_err *err);
/* Remove a tree of ours, with folders in it that may not be written to.  Absent: fine. */
TS_NODISCARD enum ts_code ts_tree_discard(const char *path, struct ts_err *err);
/* A sum of a file's content, as text: SHA-256 of its blocks, where one of zeros counts by
 * its length only. */
TS_NODISCARD enum ts_code ts_tree_sum(struct ts_dir *d, const char *name, char hex[65],
                                      struct ts_err *err);
/* Make the link `name` of one folder in another, too. */
TS_NODISCARD enum ts_code ts_tree_link(struct ts_dir *from, struct ts_dir *to,
                                       const char *name, struct ts_err *err);
/* Delete everything in a folder. */
TS_NODISCARD enum ts_code ts_tree_empty(const char *path, struct ts_err *err);

/* ---- people (people.c)
 * ----------------------------------------------------------------- */

struct ts_person {
    const char *name;
    int files, folders; /* about so many */
    uint64_t largest;   /* bytes of the few large files */
};
/* Fill a profile folder with real kinds of files, the same ones for the same seed. */
TS_NODISCARD enum ts_code ts_person_make(struct ts_dir *profile,
                                         const struct ts_person *p, uint64_t seed,
                                         struct ts_err *err);

#endif
