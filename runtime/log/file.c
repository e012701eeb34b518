/* file.c - smsts.log: whole records only, rolled by size. */
#include "log/log_internal.h"

#include "base/mem.h"
#include "platform/clock.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX_SIZE ((uint64_t)25 * 1024 * 1024)
#define DEFAULT_HISTORY 8
/* More than the longest record, see cmtrace.c (escaping can make a message three times as
 * long). */
#define LOOK_BACK ((uint64_t)1024 * 1024)

/* ---- a torn end ----------------------------------------------------------------------
 */

static enum ts_code read_all(struct ts_file *f, uint64_t from, uint64_t size,
                             struct ts_buf *out, struct ts_err *err)
{
    char block[16384];
    size_t got;
    enum ts_code rc = ts_file_seek(f, from, err);

    while (rc == TS_OK && out->n < size - from) {
        rc = ts_file_get(f, block, sizeof block, &got, err);
        if (rc != TS_OK || got == 0) {
            break;
        }
        ts_buf_add(out, block, got);
    }
    return rc;
}

/* How many bytes of `tail`, the end of a log, are whole records or foreign whole lines.
 */
static size_t whole_part(ts_str tail)
{
    struct ts_log_record r;
    char component[64];
    size_t start = tail.n, used, end;

    /* A mark never stands inside a message of ours, so the last one begins a record. */
    while (start > 0) {
        start--;
        if (tail.p[start] == '<' &&
            ts_str_starts((ts_str){tail.p + start, tail.n - start}, TS_S("<![LOG["))) {
            break;
        }
    }
    ts_str last = {tail.p + start, tail.n - start};
    if (ts_str_starts(last, TS_S("<![LOG["))) {
        if (!ts_cmtrace_parse(last, &r, component, &used) || last.p[used - 1] != '\n') {
            return start;
        }
        end = start + used;
    } else {
        end = ts_str_starts(tail, TS_S(TS_LOG_BOM)) ? 3 : 0;
    }
    size_t whole = tail.n;
    while (whole > end && tail.p[whole - 1] != '\n') {
        whole--;
    }
    return whole;
}

enum ts_code ts_logfile_repair(struct ts_file *f, uint64_t *size, struct ts_err *err)
{
    struct ts_buf tail = {0};
    uint64_t from;
    size_t whole;
    enum ts_code rc;

    if ((rc = ts_file_size(f, size, err)) != TS_OK) {
        return rc;
    }
    from = *size > LOOK_BACK ? *size - LOOK_BACK : 0;
    if ((rc = read_all(f, from, *size, &tail, err)) == TS_OK) {
        whole = whole_part(ts_buf_view(&tail));
        if (whole < tail.n) {
            *size = from + whole;
            rc = ts_file_truncate(f, *size, err);
        }
    }
    ts_buf_free(&tail);
    return rc;
}

/* ---- open and close ------------------------------------------------------------------
 */

static enum ts_code open_file(struct ts_logfile *lf, struct ts_err *err)
{
    char *path = ts_path_join(lf->dir, TS_LOG_NAME);
    struct ts_stat st;
    enum ts_code rc = TS_OK;

    /* A link here would let somebody else say which file we append to. */
    if (ts_fs_stat(path, &st, NULL) == TS_OK && st.type != TS_F_FILE) {
        rc = ts_fail(err, TS_ELINK, "%s is not a plain file, so no log is written to it",
                     path);
    }
    if (rc == TS_OK) {
        rc = ts_file_open(&lf->f, path, TS_O_READ | TS_O_APPEND | TS_O_CREATE, 0600, err);
    }
    if (rc == TS_OK) {
        rc = ts_logfile_repair(lf->f, &lf->size, err);
    }
    if (rc == TS_OK && lf->size == 0) {
        rc = ts_file_write(lf->f, TS_LOG_BOM, 3, err);
        lf->size = rc == TS_OK ? 3 : 0;
    }
    if (rc != TS_OK) {
        ts_file_close(lf->f);
        lf->f = NULL;
    }
    ts_free(path);
    return rc;
}

enum ts_code ts_logfile_open(struct ts_logfile **out, const char *dir, uint64_t max_size,
                             int history, struct ts_err *err)
{
    struct ts_logfile *lf;
    enum ts_code rc = ts_fs_mkdirs(dir, 0700, err);

    *out = NULL;
    if (rc != TS_OK) {
        return rc;
    }
    lf = ts_alloc(sizeof *lf);
    lf->dir = ts_strdup(dir);
    lf->max_size = lf->roll_at = max_size ? max_size : DEFAULT_MAX_SIZE;
    lf->history = history > 0 ? history : DEFAULT_HISTORY;
    if ((rc = open_file(lf, err)) != TS_OK) {
        ts_logfile_close(lf);
        return rc;
    }
    *out = lf;
    return TS_OK;
}

void ts_logfile_close(struct ts_logfile *lf)
{
    if (!lf) {
        return;
    }
    ts_file_close(lf->f);
    ts_free(lf->dir);
    ts_buf_free(&lf->line);
    ts_free(lf);
}

void ts_logfile_sync(struct ts_logfile *lf)
{
    if (lf->f) {
        (void)!ts_file_sync(lf->f, NULL); /* the database is the truth, not the log */
    }
}

/* ---- rolling -------------------------------------------------------------------------
 */

/* smsts-<8 digits>-<6 digits>.log */
static bool is_rolled_name(const char *name)
{
    const char *form = "smsts-00000000-000000.log";

    for (; *form && *name; form++, name++) {
        bool fits = *form == '0' ? *name >= '0' && *name <= '9' : *name == *form;
        if (!fits) {
            return false;
        }
    }
    return !*form && !*name;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Remove the oldest files above the number kept.  Their names sort by time. */
static void prune(struct ts_logfile *lf)
{
    struct ts_dir *d;
    const char *name;
    enum ts_ftype type;
    char **names = NULL;
    size_t n = 0;

    if (ts_dir_open(&d, lf->dir, true, NULL) != TS_OK) {
        return;
    }
    while (ts_dir_next(d, &name, &type, NULL) == TS_OK && name) {
        if (is_rolled_name(name)) {
            names = ts_realloc_array(names, n + 1, sizeof *names);
            names[n++] = ts_strdup(name);
        }
    }
    if (n) {
        qsort(names, n, sizeof *names, by_name);
    }
    for (size_t i = 0; i < n; i++) {
        if (n - i > (size_t)lf->history) {
            (void)!ts_unlink_at(d, names[i], NULL); /* one too many does no harm */
        }
        ts_free(names[i]);
    }
    ts_free(names);
    ts_dir_close(d);
}

/* The first free name from now on: two files rolled in one second get different ones, and
 * they still sort in their order. */
static char *rolled_path(const struct ts_logfile *lf)
{
    struct ts_local t;
    int64_t now = ts_now_ms();

    for (;; now += 1000) {
        char name[64];
        struct ts_buf b = {0};
        ts_time_local(&t, now);
        ts_buf_fmt(&b, "smsts-%04d%02d%02d-%02d%02d%02d.log", t.year, t.month, t.day,
                   t.hour, t.minute, t.second);
        memcpy(name, b.p, b.n < sizeof name ? b.n + 1 : sizeof name);
        name[sizeof name - 1] = '\0';
        ts_buf_free(&b);
        char *path = ts_path_join(lf->dir, name);
        if (!ts_fs_exists(path)) {
            return path;
        }
        ts_free(path);
    }
}

static void roll(struct ts_logfile *lf)
{
    char *path = ts_path_join(lf->dir, TS_LOG_NAME);
    char *old = rolled_path(lf);

    ts_file_close(lf->f); /* Windows renames no open file */
    lf->f = NULL;
    if (ts_fs_rename(path, old, NULL) == TS_OK) {
        lf->roll_at = lf->max_size;
        prune(lf);
    } else {
        lf->roll_at = lf->size + lf->max_size; /* go on in this file, try again later */
    }
    (void)!open_file(lf, NULL);
    ts_free(old);
    ts_free(path);
}

void ts_logfile_write(struct ts_logfile *lf, const struct ts_log_record *r)
{
    ts_buf_clear(&lf->line);
    ts_cmtrace_format(&lf->line, r);
    if (!lf->f && open_file(lf, NULL) != TS_OK) {
        return; /* tried again with the next record */
    }
    if (lf->size > 3 && lf->size + lf->line.n > lf->roll_at) {
        roll(lf);
        if (!lf->f) {
            return;
        }
    }
    if (ts_file_write(lf->f, lf->line.p, lf->line.n, NULL) == TS_OK) {
        lf->size += lf->line.n;
    } else {
        /* A full disk must not leave half a record in front of the next one. */
        (void)!ts_file_truncate(lf->f, lf->size, NULL);
    }
}
