/* helpers.h - for the tests of this folder: a folder of one's own and short calls. */
#ifndef TS_TESTS_STATE_HELPERS_H
#define TS_TESTS_STATE_HELPERS_H

#include "state/state.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/fs.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64], dir[80]; /* dir: the state's, made by it */
static struct ts_err err;

#define OK(call) cr_assert_eq((call), TS_OK, "%s", err.text)

static inline void setup(void)
{
    snprintf(top, sizeof top, "/tmp/ts-state-XXXXXX");
    cr_assert(mkdtemp(top) != NULL);
    snprintf(dir, sizeof dir, "%s/state", top);
}

static inline void teardown(void)
{
    (void)!ts_fs_remove_tree(top, NULL);
}

static inline char *in(const char *folder, const char *name)
{
    return ts_path_join(folder, name);
}

static inline struct ts_state *open_state(void)
{
    struct ts_state *s;
    OK(ts_state_open(&s, dir, true, false, &err));
    return s;
}

static inline struct ts_run begin(struct ts_state *s)
{
    struct ts_run run = {.sequence_name = "Refresh",
                         .sequence_file = "refresh.lua",
                         .sequence_hash = "abc",
                         .model = "{\"taskseq\":1}",
                         .machine = "machine-1",
                         .position = "{\"pointer\":0}",
                         .work_dir = "/seq"};
    OK(ts_state_begin(s, &run, &err));
    return run;
}

static inline void put(struct ts_state *s, const char *name, const char *value,
                       bool secret)
{
    struct ts_var v = {name, value, TS_SCOPE_STEP, secret};
    ts_state_variable(s, &v, "set-it");
}

static inline void end_run(struct ts_state *s)
{
    ts_state_status(s, TS_RUN_SUCCEEDED, 0, "");
    OK(ts_state_commit(s, &err));
}

/* A run that has ended, closed. */
static inline void ended_state(void)
{
    struct ts_state *s = open_state();
    begin(s);
    put(s, "Name", "value", false);
    end_run(s);
    ts_state_close(s);
}

static inline char *slurp(const char *path, size_t *n)
{
    struct ts_buf b = {0};
    OK(ts_file_read(path, 64 << 20, &b, &err));
    if (n) {
        *n = b.n;
    }
    ts_buf_c(&b, '\0');
    return b.p;
}

static inline void spill(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(p, 1, n, f) == n, "%s", path);
    fclose(f);
}

/* Is `needle` in any file below `folder`? */
static inline bool found_in_files(const char *folder, const char *needle)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    bool found = false;
    if (!d) {
        return false;
    }
    while ((e = readdir(d)) != NULL) {
        char *path = in(folder, e->d_name);
        struct stat st;
        if (e->d_name[0] == '.' || lstat(path, &st) != 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            found = found || found_in_files(path, needle);
        } else {
            size_t n, m = strlen(needle);
            char *text = slurp(path, &n);
            for (size_t i = 0; i + m <= n; i++) {
                found = found || memcmp(text + i, needle, m) == 0;
            }
            ts_free(text);
        }
        ts_free(path);
    }
    closedir(d);
    return found;
}

/* One value out of the database by another way than ours. */
static inline char *query(const char *db_dir, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    char *path = in(db_dir, "state.db"), *out;
    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    out = sqlite3_step(q) == SQLITE_ROW && sqlite3_column_text(q, 0)
              ? ts_strdup((const char *)sqlite3_column_text(q, 0))
              : ts_strdup("");
    sqlite3_finalize(q);
    sqlite3_close(db);
    ts_free(path);
    return out;
}

static inline void execute(const char *db_dir, const char *sql)
{
    sqlite3 *db;
    char *path = in(db_dir, "state.db");
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    sqlite3_close(db);
    ts_free(path);
}

#endif
