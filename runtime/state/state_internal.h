/* state_internal.h - shared by the files of this folder only.  DESIGN.md has the whole.
 */
#ifndef TS_STATE_STATE_INTERNAL_H
#define TS_STATE_STATE_INTERNAL_H

#include "base/mem.h"
#include "platform/fs.h"
#include "platform/lock.h"
#include "state/state.h"

#include <sqlite3.h>

#define TS_DB_NAME "state.db"
#define TS_DB_APPLICATION 0x54534551 /* "TSEQ" */
#define TS_TAIL_MAX ((size_t)64 * 1024)

/* Statements are prepared at first use and kept. */
enum ts_stmt {
    TS_Q_BEGIN,
    TS_Q_COMMIT,
    TS_Q_ROLLBACK,
    TS_Q_LAST_RUN,
    TS_Q_RUN,
    TS_Q_NEW_RUN,
    TS_Q_NEW_PROGRESS,
    TS_Q_PROGRESS,
    TS_Q_STEP_STARTED,
    TS_Q_STEP_FINISHED,
    TS_Q_STEP_SKIPPED,
    TS_Q_VARIABLE,
    TS_Q_EVENT,
    TS_Q_RESTART_REQUESTED,
    TS_Q_RESTART_ARRIVED,
    TS_Q_RESTART_UNEXPECTED,
    TS_Q_FORGET_SECRETS,
    TS_Q_NEWEST_SECRET,
    TS_Q_LOAD_VARS,
    TS_Q_LOAD_STEPS,
    TS_Q_LOAD_RESTARTS,
    TS_Q_LOAD_EVENTS,
    TS_Q_LOAD_RESTART_EVENTS,
    TS_Q_COUNT
};

struct ts_secrets;

struct ts_state {
    char *dir;  /* real path */
    char *path; /* of the database */
    bool readonly;
    bool immutable;      /* opened without locks: nobody was writing */
    struct ts_stat file; /* of the database when it was opened, for readers */
    struct ts_lock *lock;
    sqlite3 *db;
    sqlite3_stmt *stmts[TS_Q_COUNT];

    /* The current run and its row of `progress`, written at the next commit if dirty. */
    int64_t run;
    enum ts_run_status status;
    char *position, *error;
    int64_t ended_ms, result_code;
    uint64_t next_seq;
    bool progress_dirty;

    bool in_tx;          /* records are waiting in an open transaction */
    enum ts_code failed; /* recording failed: the next commit says so */
    struct ts_err failure;
    struct ts_secrets *secrets;
    bool secrets_loaded;
    struct ts_arena texts; /* of the struct ts_run given out last */
};

/* ---- db.c: SQLite in our terms -------------------------------------------------------
 */

/* Say what went wrong with the database, in words that help. */
enum ts_code ts_db_fail(struct ts_state *s, struct ts_err *err, const char *what);
/* Open s->path.  The header must have been checked. */
TS_NODISCARD enum ts_code ts_db_open(struct ts_state *s, struct ts_err *err);
/* keep_wal: do not carry the write-ahead log over into the file (it is damaged). */
void ts_db_close(struct ts_state *s, bool keep_wal);
/* Everything into state.db itself, its write-ahead log emptied. */
TS_NODISCARD enum ts_code ts_db_checkpoint(struct ts_state *s, struct ts_err *err);
/* A kept statement, reset; NULL when it cannot be prepared (then the cause is with db).
 */
sqlite3_stmt *ts_db_stmt(struct ts_state *s, enum ts_stmt q);
/* Run a statement that gives no rows.  q NULL is an error too. */
TS_NODISCARD enum ts_code ts_db_run(struct ts_state *s, sqlite3_stmt *q, const char *what,
                                    struct ts_err *err);
/* Remove what SQLite left beside a database that is closed or gone. */
void ts_db_remove_side_files(const char *db_path);
/* Column texts: "" for NULL. */
ts_str ts_db_str(sqlite3_stmt *q, int column);
const char *ts_db_text(struct ts_arena *a, sqlite3_stmt *q, int column);

/* ---- schema.c: what a state database is ----------------------------------------------
 */

/* Write a new database to `path`; a crash leaves it whole or absent. */
TS_NODISCARD enum ts_code ts_schema_create(const char *path, struct ts_err *err);
/* Is the file one of ours, of this format and whole, as far as can be seen without
 * opening it as a database?  Reads only. */
TS_NODISCARD enum ts_code ts_schema_check_file(const char *path, bool *unclean,
                                               struct ts_stat *st, struct ts_err *err);
/* Look at the tables of the file alone, which changes nothing in its folder.  TS_EDAMAGED:
 * they are others. */
TS_NODISCARD enum ts_code ts_schema_look(struct ts_state *s, struct ts_err *err);
/* Has it exactly our tables? and, `deep`, do its pages agree with each other? */
TS_NODISCARD enum ts_code ts_schema_check(struct ts_state *s, bool deep,
                                          struct ts_err *err);

/* ---- run.c ---------------------------------------------------------------------------
 */

TS_NODISCARD enum ts_code ts_run_status_parse(ts_str name, enum ts_run_status *out);
bool ts_run_unfinished(enum ts_run_status s);
/* id 0: the newest.  TS_ENOTFOUND.  The texts go to `a`. */
TS_NODISCARD enum ts_code ts_run_read(struct ts_state *s, int64_t id, struct ts_arena *a,
                                      struct ts_run *out, struct ts_err *err);
/* Make the run that was read the one that records go to. */
void ts_run_current(struct ts_state *s, const struct ts_run *run);

/* ---- state.c -------------------------------------------------------------------------
 */

/* Before reading: a reader notices that a run began writing, or another file stands in
 * place of the one it knows. */
TS_NODISCARD enum ts_code ts_state_refresh(struct ts_state *s, struct ts_err *err);
/* Set s->dir and s->path. */
void ts_state_set_dir(struct ts_state *s, const char *dir);
/* Check the file in s->path and open it. */
TS_NODISCARD enum ts_code ts_state_open_db(struct ts_state *s, struct ts_err *err);
/* Read the sealed file of the current run, once.  TS_EDAMAGED: what the run relies on is
 * not in it. */
TS_NODISCARD enum ts_code ts_state_need_secrets(struct ts_state *s, struct ts_err *err);

/* ---- ledger.c ------------------------------------------------------------------------
 */

/* Put into the objects of the ledger's rows what the restart's events say. */
TS_NODISCARD enum ts_code ts_ledger_complete(struct ts_state *s, int64_t run,
                                             struct ts_arena *a, struct ts_value *rows,
                                             struct ts_err *err);

/* ---- record.c ------------------------------------------------------------------------
 */

/* Is the transaction open? opens it; false when recording has failed before. */
bool ts_record_begin(struct ts_state *s);
/* Keep the first failure for ts_state_commit. */
void ts_record_result(struct ts_state *s, enum ts_code rc, const struct ts_err *err);
void ts_record_forget(struct ts_state *s); /* roll back */

/* ---- secrets.c: secrets.bin and secrets.key ------------------------------------------
 * *
 *
 * A secret's row in `variables` names an entry of the sealed file by its serial number.
 * The file is replaced before the commit that relies on it and keeps the entries that the
 * last commit relies on, so the two fit together whichever of them a crash leaves. */

struct ts_secrets *ts_secrets_new(void);
void ts_secrets_free(struct ts_secrets *x); /* NULL is allowed; wipes the values */
/* Read the folder's file; absent: empty.  TS_EDAMAGED: secrets are lost. */
TS_NODISCARD enum ts_code ts_secrets_load(struct ts_secrets *x, const char *dir,
                                          struct ts_err *err);
/* Value of an entry; false if it is not there. */
bool ts_secrets_get(const struct ts_secrets *x, int64_t serial, ts_str *value);
/* Add a value (the one the name had in this scope goes away after the next commit);
 * returns the entry's serial.  A value that is there already keeps its serial. */
int64_t ts_secrets_put(struct ts_secrets *x, enum ts_scope scope, const char *name,
                       ts_str value);
/* The name has no value any more in this scope. */
void ts_secrets_remove(struct ts_secrets *x, enum ts_scope scope, const char *name);
bool ts_secrets_dirty(const struct ts_secrets *x);
TS_NODISCARD enum ts_code ts_secrets_save(struct ts_secrets *x, const char *dir,
                                          struct ts_err *err);
void ts_secrets_committed(struct ts_secrets *x);
/* Remove both files. */
void ts_secrets_drop(const char *dir);

/* ---- volume.c: paths that survive other drive letters --------------------------------
 */

/* The stable id of the volume that a value like "C:\dir" is on, or NULL. */
const char *ts_volume_of_value(const char *value);
/* The value with the letter that the volume has now (caller frees).  NULL: not there. */
char *ts_volume_reletter(const char *value, const char *volume);

#endif
