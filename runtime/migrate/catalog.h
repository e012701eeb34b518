/* catalog.h - the catalogue of a store: one SQLite file.
 *
 * While capturing its name is catalog.tmp and nothing in it is durable; the rename to
 * catalog.db makes the store complete.  From then on it changes by transactions with
 * synchronous=FULL only.
 *
 * Objects that were found together have ids in one run, so that the children of a folder
 * are found by one or a few ranges of ids (table `run`) instead of an index over all
 * objects.  The id of a parent is below those of its children. */
#ifndef TS_MIGRATE_CATALOG_H
#define TS_MIGRATE_CATALOG_H

#include <sqlite3.h>

#include "migrate/migrate.h"

#define MIG_FORMAT 1
#define MIG_APPLICATION_ID 0x74736d31 /* "tsm1" */
#define MIG_CATALOG "catalog.db"
#define MIG_CATALOG_TMP "catalog.tmp"

/* MIG_LEFT: it is there but could not be read and was left out with leave. */
enum mig_kind { MIG_FOLDER = 1, MIG_FILE = 2, MIG_LINK = 3, MIG_LEFT = 4 };
enum mig_how { MIG_NONE = 0, MIG_LINKED = 1, MIG_COPIED = 2 };

struct mig_row {
    int64_t id, parent; /* parent 0: a root */
    enum mig_kind kind;
    enum mig_how how; /* of files: what stands in the store */
    int part;         /* in which part of it */
    uint64_t size;
    int64_t mtime_ns;
    uint64_t fileid;  /* in the source; of a linked file in the store as well */
    uint64_t storeid; /* of a copy: the file id of the copy */
    uint32_t mode, uid, gid, attributes;
    ts_str name;
    ts_str extra; /* folders, copies: ts_get_extra_at; links: the target */
};

/* Ids [first, last] are children of folder. */
struct mig_span {
    int64_t folder, first, last;
};

struct mig_catalog;

/* A new catalog.tmp in the folder `dir` (native, real). */
TS_NODISCARD enum ts_code mig_catalog_create(struct mig_catalog **out, const char *dir,
                                             struct ts_err *err);
/* Commit and sync catalog.tmp and close it; the caller renames it. */
TS_NODISCARD enum ts_code mig_catalog_seal(struct mig_catalog *c, struct ts_err *err);
/* Open catalog.db.  TS_ENOTFOUND, TS_EDAMAGED. */
TS_NODISCARD enum ts_code mig_catalog_open(struct mig_catalog **out, const char *dir,
                                           bool write, struct ts_err *err);
void mig_catalog_close(struct mig_catalog *c); /* NULL is allowed */
sqlite3 *mig_catalog_db(struct mig_catalog *c);

/* Fill err from the database's last error. */
enum ts_code mig_sql_fail(struct mig_catalog *c, struct ts_err *err, const char *what);
TS_NODISCARD enum ts_code mig_sql(struct mig_catalog *c, const char *sql,
                                  struct ts_err *err);
TS_NODISCARD enum ts_code mig_begin(struct mig_catalog *c, struct ts_err *err);
TS_NODISCARD enum ts_code mig_commit(struct mig_catalog *c, struct ts_err *err);
void mig_rollback(struct mig_catalog *c);

TS_NODISCARD enum ts_code mig_meta_set(struct mig_catalog *c, const char *key,
                                       const char *text, struct ts_err *err);
TS_NODISCARD enum ts_code mig_meta_set_int(struct mig_catalog *c, const char *key,
                                           int64_t v, struct ts_err *err);
/* "" if absent; caller frees. */
TS_NODISCARD enum ts_code mig_meta_get(struct mig_catalog *c, const char *key, char **out,
                                       struct ts_err *err);
TS_NODISCARD enum ts_code mig_meta_get_int(struct mig_catalog *c, const char *key,
                                           int64_t *out, struct ts_err *err);
/* State of a complete store, in a transaction of its own; durable on return. */
TS_NODISCARD enum ts_code mig_state_set(struct mig_catalog *c, enum ts_store_state s,
                                        struct ts_err *err);
TS_NODISCARD enum ts_code mig_state_get(struct mig_catalog *c, enum ts_store_state *s,
                                        struct ts_err *err);

TS_NODISCARD enum ts_code mig_row_add(struct mig_catalog *c, const struct mig_row *row,
                                      struct ts_err *err); /* replaces */
TS_NODISCARD enum ts_code mig_row_delete(struct mig_catalog *c, int64_t id,
                                         struct ts_err *err);
TS_NODISCARD enum ts_code mig_span_add(struct mig_catalog *c, const struct mig_span *s,
                                       struct ts_err *err);

/* One object; texts live in *a. *found false: no such id. */
TS_NODISCARD enum ts_code mig_row_get(struct mig_catalog *c, int64_t id,
                                      struct mig_row *out, struct ts_arena *a,
                                      bool *found, struct ts_err *err);
/* The children of a folder, ordered by name (bytes); texts and array live in *a. */
struct mig_rows {
    struct mig_row *p;
    size_t n;
};
TS_NODISCARD enum ts_code mig_children(struct mig_catalog *c, int64_t folder,
                                       struct mig_rows *out, struct ts_arena *a,
                                       struct ts_err *err);
/* One of them by name, or NULL. */
const struct mig_row *mig_rows_find(const struct mig_rows *rows, const char *name);
/* Objects with ids in [first, last], by id. */
TS_NODISCARD enum ts_code mig_range(struct mig_catalog *c, int64_t first, int64_t last,
                                    struct mig_rows *out, struct ts_arena *a,
                                    struct ts_err *err);
/* 0 without objects.  TS_EDAMAGED: over MIG_ID_MAX, which no capture comes near. */
#define MIG_ID_MAX ((int64_t)1 << 48)
TS_NODISCARD enum ts_code mig_max_id(struct mig_catalog *c, int64_t *out,
                                     struct ts_err *err);
/* The smallest id at or above `from`, 0 if there is none. */
TS_NODISCARD enum ts_code mig_next_id(struct mig_catalog *c, int64_t from, int64_t *out,
                                      struct ts_err *err);
/* One number out of a query without parameters. */
TS_NODISCARD enum ts_code mig_number(struct mig_catalog *c, const char *sql, int64_t *out,
                                     struct ts_err *err);

#endif
