/* file.c - events as JSON Lines, one write each. */
#include "events/events_internal.h"

#include "base/mem.h"
#include "platform/drives.h"
#include "platform/fs.h"
#include "platform/sysinfo.h"

#include <stdio.h>
#include <string.h>

struct ts_eventfile {
    struct ts_file *f; /* NULL: standard output */
    bool plain;        /* a plain file: `size` is where its last whole line ends */
    uint64_t size;
};

void ts_eventfile_mark(struct ts_buf *out, const char *run)
{
    ts_buf_z(out, "\"run\":\"");
    ts_buf_json(out, ts_str_of(run));
    ts_buf_z(out, "\",\"seq\":");
}

/* ---- reading what is there -----------------------------------------------------------
 */

static uint64_t number_at(ts_str s, size_t pos)
{
    uint64_t n = 0;

    for (; pos < s.n && s.p[pos] >= '0' && s.p[pos] <= '9'; pos++) {
        if (n > (INT64_MAX - 9) / 10) {
            return 0; /* none of ours */
        }
        n = n * 10 + (uint64_t)(s.p[pos] - '0');
    }
    return n;
}

/* The number after `mark` in one line, 0 if it is an event of another run or none. */
static uint64_t seq_of_line(ts_str line, ts_str mark)
{
    for (size_t i = 0; i + mark.n <= line.n;) {
        const char *p = memchr(line.p + i, mark.p[0], line.n - i - mark.n + 1);
        if (!p) {
            break;
        }
        i = (size_t)(p - line.p);
        if (memcmp(p, mark.p, mark.n) == 0) {
            return number_at(line, i + mark.n);
        }
        i++;
    }
    return 0;
}

/* Of a line only the start is kept: the mark stands there, and a foreign file may have
 * lines of any length. */
#define LINE_START 4096

static enum ts_code scan(struct ts_file *f, ts_str mark, uint64_t *whole, uint64_t *last,
                         struct ts_err *err)
{
    struct ts_buf line = {0};
    char block[65536];
    uint64_t pos = 0;
    size_t got;
    enum ts_code rc;

    *whole = 0;
    while ((rc = ts_file_get(f, block, sizeof block, &got, err)) == TS_OK && got > 0) {
        for (size_t i = 0; i < got;) {
            const char *end = memchr(block + i, '\n', got - i);
            size_t n = end ? (size_t)(end - (block + i)) : got - i;
            size_t room = line.n < LINE_START ? LINE_START - line.n : 0;
            ts_buf_add(&line, block + i, n < room ? n : room);
            i += n + (end != NULL);
            if (end) {
                uint64_t seq = seq_of_line(ts_buf_view(&line), mark);
                *last = seq > *last ? seq : *last;
                *whole = pos + i;
                ts_buf_clear(&line);
            }
        }
        pos += got;
    }
    ts_buf_free(&line);
    return rc;
}

static enum ts_code repair(struct ts_eventfile *ef, const char *run, uint64_t *last,
                           struct ts_err *err)
{
    struct ts_buf mark = {0};
    uint64_t size;
    enum ts_code rc;

    ts_eventfile_mark(&mark, run);
    if ((rc = scan(ef->f, ts_buf_view(&mark), &ef->size, last, err)) == TS_OK &&
        (rc = ts_file_size(ef->f, &size, err)) == TS_OK && size > ef->size) {
        rc = ts_file_truncate(ef->f, ef->size, err);
    }
    ts_buf_free(&mark);
    return rc;
}

/* ---- open, write ---------------------------------------------------------------------
 */

/* A pipe or device, perhaps through a link such as /dev/fd/3: written to as it is.  A
 * link that leads to a plain file is refused, and the administrator follows no user's
 * link. */
static enum ts_code open_stream(struct ts_eventfile *ef, const char *path,
                                const struct ts_stat *st, struct ts_err *err)
{
    struct ts_stat target;
    char *native = NULL;
    enum ts_code rc;

    if (st->type == TS_F_LINK && ts_is_admin() && st->uid != 0) {
        return ts_fail(err, TS_ELINK, "it is a link that user %lu made",
                       (unsigned long)st->uid);
    }
    if ((rc = ts_path_native(&native, path, NULL, err)) == TS_OK &&
        (rc = ts_file_open(&ef->f, native, TS_O_APPEND, 0, err)) == TS_OK &&
        (rc = ts_file_stat(ef->f, &target, err)) == TS_OK && target.type != TS_F_OTHER) {
        rc = ts_fail(err, TS_ELINK, "it is a link");
    }
    ts_free(native);
    return rc;
}

static enum ts_code open_path(struct ts_eventfile *ef, const char *path,
                              struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    char *name = NULL;
    struct ts_stat st;
    enum ts_code rc = ts_path_open_parent(&dir, &name, path, false, err);

    if (rc == TS_OK) {
        ef->plain = ts_stat_at(dir, name, &st, NULL) != TS_OK || st.type == TS_F_FILE;
        rc = ef->plain ? ts_file_open_at(&ef->f, dir, name,
                                         TS_O_APPEND | TS_O_CREATE | TS_O_READ, 0600, err)
                       : open_stream(ef, path, &st, err);
    }
    ts_dir_close(dir);
    ts_free(name);
    return rc;
}

enum ts_code ts_eventfile_open(struct ts_eventfile **out, const char *path,
                               const char *run, uint64_t *last, struct ts_err *err)
{
    struct ts_eventfile *ef = ts_alloc(sizeof *ef);
    enum ts_code rc = TS_OK;

    *out = NULL;
    *last = 0;
    if (strcmp(path, "-") != 0) {
        rc = open_path(ef, path, err);
        if (rc == TS_OK && ef->plain) {
            rc = repair(ef, run, last, err);
        }
    }
    if (rc != TS_OK) {
        ts_eventfile_close(ef);
        return ts_err_context(err, "events cannot be written to %s", path);
    }
    *out = ef;
    return TS_OK;
}

void ts_eventfile_close(struct ts_eventfile *ef)
{
    if (!ef) {
        return;
    }
    ts_file_close(ef->f);
    ts_free(ef);
}

void ts_eventfile_write(struct ts_eventfile *ef, struct ts_buf *line)
{
    ts_buf_c(line, '\n');
    if (!ef->f) {
        fwrite(line->p, 1, line->n, stdout);
        fflush(stdout);
    } else if (ts_file_write(ef->f, line->p, line->n, NULL) == TS_OK) {
        ef->size += line->n;
    } else if (ef->plain) {
        /* A full disk must not leave half a line in front of the next one. */
        (void)!ts_file_truncate(ef->f, ef->size, NULL);
    }
}

void ts_eventfile_sync(struct ts_eventfile *ef)
{
    if (ef->f && ef->plain) {
        (void)!ts_file_sync(ef->f, NULL); /* the database is the truth, not this file */
    }
}
