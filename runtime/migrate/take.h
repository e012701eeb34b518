/* take.h - taking objects of the source into the store: what capture and update share.
 *
 * A file is linked first and looked at afterwards under its name in the store: one stat
 * for each, and what is in the catalogue is what was linked, whatever users did between.
 * linkat does not follow links; what turns out to be no regular file is unlinked again
 * and taken as what it is. */
#ifndef TS_MIGRATE_TAKE_H
#define TS_MIGRATE_TAKE_H

#include "migrate/names.h"
#include "migrate/pool.h"
#include "migrate/scope.h"

#define MIG_BATCH 512

struct mig_batch {
    struct mig_batch *next;
    struct ts_arena arena; /* texts of the rows */
    size_t n, span_n, span_cap;
    struct mig_span *spans;
    struct mig_row rows[MIG_BATCH];
};
void mig_batch_free(struct mig_batch *b);
/* Write the rows and spans of b. */
TS_NODISCARD enum ts_code mig_batch_save(struct mig_catalog *c, const struct mig_batch *b,
                                         struct ts_err *err);

/* Shared by all threads. */
struct mig_take {
    struct mig_run *run;
    struct mig_store *store;
    const struct ts_rules *rules;
    bool skip_unreadable, copy;
    bool windows; /* names that differ only by case are worth a warning */
    atomic_llong next_chunk;
    atomic_ullong other_names; /* files with names we know nothing of */
    atomic_uint copies_said;
    /* Takes over b. */
    enum ts_code (*put)(struct mig_take *t, struct mig_batch *b, struct ts_err *err);
    void *put_ctx;
};

/* One thread's. */
struct mig_taker {
    struct mig_take *take;
    struct mig_worker *w;
    int64_t next, end; /* ids of the chunk this thread fills */
    struct mig_slots slots;
    struct mig_batch *batch;
    struct mig_span span;
    struct ts_buf rel; /* path of the folder, then of an object in it */
    size_t rel_n;
    struct ts_buf extra;
    struct mig_names names;
    size_t names_n;
};

struct mig_taker *mig_taker_new(struct mig_take *t, struct mig_worker *w);
/* Hands in the last batch. */
TS_NODISCARD enum ts_code mig_taker_end(struct mig_taker *t, struct ts_err *err);
void mig_taker_free(struct mig_taker *t);

/* pool->work of a capture. */
enum ts_code mig_take_folder(struct mig_worker *w, struct mig_node *n,
                             struct ts_err *err);
/* Its parts, for update.  Open n and stat it; *dir NULL: nothing to walk (gone, the store
 * itself, unreadable), all said and recorded. */
TS_NODISCARD enum ts_code mig_take_open(struct mig_taker *t, struct mig_node *n,
                                        struct ts_dir **dir, struct ts_stat *st,
                                        struct ts_err *err);
TS_NODISCARD enum ts_code mig_take_folder_row(struct mig_taker *t, struct mig_node *n,
                                              const struct ts_stat *st,
                                              struct ts_err *err);
void mig_take_begin(struct mig_taker *t, struct mig_node *n);
/* Do the rules (and the kind of root) want this entry?  Where the directory did not tell
 * the type it is found out; TS_F_NONE: it is gone. */
TS_NODISCARD enum ts_code mig_take_wanted(struct mig_taker *t, struct ts_dir *d,
                                          struct mig_node *n, const char *name,
                                          enum ts_ftype *type, bool *wanted,
                                          struct ts_err *err);
TS_NODISCARD enum ts_code mig_take_entry(struct mig_taker *t, struct ts_dir *d,
                                         struct mig_node *n, const char *name,
                                         enum ts_ftype type, struct ts_err *err);
TS_NODISCARD enum ts_code mig_take_end(struct mig_taker *t, struct ts_err *err);
/* Keep the metadata block of a folder for its row. */
void mig_node_keep(struct mig_node *n, const struct ts_buf *extra);

#endif
