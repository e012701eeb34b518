/* remove.c - removing a folder tree of any depth.
 *
 * We go down by handles, never by paths, so nobody can put a link in the way.  Only the
 * innermost handles stay open; a folder above them is opened again as ".." of the one
 * below it, and must then be the very folder we came from. */
#include "platform/posix/posix.h"

#include "base/mem.h"
#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { OPEN_LEVELS = 32, ATTEMPTS = 8 };

struct level {
    struct ts_dir *dir; /* NULL: closed for now */
    dev_t dev;
    ino_t ino;
    char *name; /* in the folder above */
    int attempts;
};

struct removal {
    struct level *levels;
    size_t n, cap;
    dev_t volume;
    struct ts_err *err;
};

static enum ts_code push(struct removal *r, struct ts_dir *dir, const char *name)
{
    struct stat st;

    if (fstat(dir->fd, &st) != 0) {
        int os = errno;
        ts_dir_close(dir);
        return ts_fail_os(r->err, os, "cannot look at the folder %s", name);
    }
    if (r->n > 0 && st.st_dev != r->volume) {
        ts_dir_close(dir);
        return ts_fail(r->err, TS_EREFUSED,
                       "cannot remove the folder %s: another volume is mounted there",
                       name);
    }
    r->volume = st.st_dev;
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : OPEN_LEVELS;
        r->levels = ts_realloc_array(r->levels, r->cap, sizeof *r->levels);
    }
    r->levels[r->n++] = (struct level){
        .dir = dir, .dev = st.st_dev, .ino = st.st_ino, .name = ts_strdup(name)};
    if (r->n > OPEN_LEVELS) {
        struct level *outer = &r->levels[r->n - 1 - OPEN_LEVELS];
        ts_dir_close(outer->dir);
        outer->dir = NULL;
    }
    return TS_OK;
}

static void drop_top(struct removal *r)
{
    struct level *top = &r->levels[--r->n];

    ts_dir_close(top->dir);
    ts_free(top->name);
}

/* The folder above the innermost one, opened again if it had to be closed. */
static enum ts_code open_above(struct removal *r)
{
    struct level *below = &r->levels[r->n - 1], *above = below - 1;
    struct stat st;

    if (above->dir) {
        return TS_OK;
    }
    int fd = px_openat(below->dir->fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (fd < 0) {
        return ts_fail_os(r->err, errno, "cannot go back to the folder above %s",
                          below->name);
    }
    above->dir = px_dir_of(fd);
    if (fstat(fd, &st) != 0 || st.st_dev != above->dev || st.st_ino != above->ino) {
        return ts_fail(r->err, TS_EREFUSED,
                       "cannot remove the folder %s: it was moved meanwhile",
                       below->name);
    }
    return TS_OK;
}

/* The innermost folder is empty, as far as we have seen. */
static enum ts_code leave(struct removal *r)
{
    struct level *top = &r->levels[r->n - 1];
    struct ts_err why;
    enum ts_code rc;

    if (r->n == 1) {
        return TS_OK; /* its own folder is the caller's */
    }
    if ((rc = open_above(r)) != TS_OK) {
        return rc;
    }
    rc = ts_rmdir_at(top[-1].dir, top->name, &why);
    if (rc == TS_EEXIST && ++top->attempts < ATTEMPTS) {
        /* Removing while reading may hide entries from us; read again. */
        ts_dir_rewind(top->dir);
        return TS_OK;
    }
    if (rc != TS_OK && rc != TS_ENOTFOUND) {
        if (r->err) {
            *r->err = why;
        }
        return rc;
    }
    drop_top(r);
    return TS_OK;
}

static enum ts_code remove_entry(struct removal *r, struct ts_dir *d, const char *name,
                                 enum ts_ftype type)
{
    struct ts_dir *child = NULL;
    struct ts_err why;

    if (type == TS_F_NONE || type == TS_F_DIR) {
        enum ts_code rc = ts_dir_open_at(&child, d, name, &why);
        if (rc == TS_OK) {
            return push(r, child, name);
        }
        if (type == TS_F_DIR && rc != TS_ENOTFOUND && rc != TS_ELINK) {
            if (r->err) {
                *r->err = why;
            }
            return rc;
        }
    }
    enum ts_code rc = ts_unlink_at(d, name, &why);
    if (rc != TS_OK && rc != TS_ENOTFOUND) {
        if (r->err) {
            *r->err = why;
        }
        return rc;
    }
    return TS_OK;
}

/* Everything in `dir` (which it closes). */
static enum ts_code remove_content(struct ts_dir *dir, struct ts_err *err)
{
    struct removal r = {.err = err};
    const char *name = NULL;
    enum ts_ftype type;
    enum ts_code rc = push(&r, dir, ".");

    while (rc == TS_OK) {
        struct ts_dir *d = r.levels[r.n - 1].dir;
        if ((rc = ts_dir_next(d, &name, &type, err)) != TS_OK) {
            break;
        }
        if (name) {
            rc = remove_entry(&r, d, name, type);
        } else if (r.n == 1) {
            break;
        } else {
            rc = leave(&r);
        }
    }
    while (r.n) {
        drop_top(&r);
    }
    ts_free(r.levels);
    return rc;
}

/* One pass: what is in the folder, then the folder.  0, errno, or -1 with *rc told. */
static int remove_once(const char *path, enum ts_code *rc, struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    struct px_place place;
    int os = 0;

    if ((*rc = ts_dir_open(&dir, path, true, err)) != TS_OK ||
        (*rc = remove_content(dir, err)) != TS_OK ||
        (px_any_held() && (*rc = px_held(AT_FDCWD, path, err)) != TS_OK)) {
        return *rc == TS_ENOTFOUND ? ENOENT : -1;
    }
    ts_power_point();
    if (px_place(&place, path) != 0) {
        return errno;
    }
    if (unlinkat(place.dir, place.rest, AT_REMOVEDIR) != 0) {
        os = errno;
    }
    px_place_done(&place);
    return os;
}

enum ts_code ts_fs_remove_tree(const char *path, struct ts_err *err)
{
    enum ts_code rc = TS_OK;
    struct ts_stat st;
    struct ts_err why;

    if (ts_fs_stat(path, &st, &why) != TS_OK) {
        if (why.code == TS_ENOTFOUND) {
            return TS_OK;
        }
        return ts_fail_os(err, why.os, "cannot remove %s", path);
    }
    if (st.type != TS_F_DIR) {
        return ts_fs_unlink(path, err);
    }
    for (int attempts = 0;; attempts++) {
        int os = remove_once(path, &rc, err);
        if (os == 0 || os == ENOENT) {
            return TS_OK;
        }
        if (os == -1) {
            return rc;
        }
        if ((os != ENOTEMPTY && os != EEXIST) || attempts == ATTEMPTS) {
            return ts_fail_os(err, os, "cannot remove %s", path);
        }
    }
}
