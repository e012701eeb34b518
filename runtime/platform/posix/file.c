/* file.c - an open file. */
#include "platform/posix/posix.h"

#include "base/mem.h"
#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int open_flags(int flags)
{
    bool writes = (flags & (TS_O_APPEND | TS_O_CREATE | TS_O_TRUNC | TS_O_EXCL)) != 0;
    int f = !writes ? O_RDONLY : flags & TS_O_READ ? O_RDWR : O_WRONLY;

    f |= flags & TS_O_APPEND ? O_APPEND : 0;
    f |= flags & TS_O_CREATE ? O_CREAT : 0;
    f |= flags & TS_O_TRUNC ? O_TRUNC : 0;
    f |= flags & TS_O_EXCL ? O_CREAT | O_EXCL : 0;
    return f | O_NOCTTY;
}

static struct ts_file *file_of(int fd)
{
    struct ts_file *f = ts_alloc(sizeof *f);

    f->fd = fd;
    return f;
}

enum ts_code ts_file_open(struct ts_file **out, const char *path, int flags,
                          uint32_t mode, struct ts_err *err)
{
    struct px_place place;
    int fd = -1, os;

    *out = NULL;
    if (flags & (TS_O_CREATE | TS_O_TRUNC | TS_O_EXCL)) {
        ts_power_point();
    }
    if (px_place(&place, path) == 0) {
        fd = px_openat(place.dir, place.rest, open_flags(flags), mode);
        os = errno;
        px_place_done(&place);
        errno = os;
    }
    if (fd < 0) {
        return ts_fail_os(err, errno, "cannot open %s", path);
    }
    *out = file_of(fd);
    return TS_OK;
}

enum ts_code ts_file_open_at(struct ts_file **out, struct ts_dir *d, const char *name,
                             int flags, uint32_t mode, struct ts_err *err)
{
    /* Truncate only after it is known what was opened. */
    int f = (open_flags(flags) & ~O_TRUNC) | O_NOFOLLOW | O_NONBLOCK;
    struct stat st;

    *out = NULL;
    if (!px_name_ok(name)) {
        return px_name_bad(name, err);
    }
    if (f & O_CREAT || flags & TS_O_TRUNC) {
        ts_power_point();
    }
    int fd = px_openat(d->fd, name, f, mode);
    if (fd < 0) {
        return ts_fail_os(err, px_link_errno(d->fd, name, errno), "cannot open %s", name);
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return ts_fail(err, TS_EUNSUPPORTED, "cannot open %s: it is not a plain file",
                       name);
    }
    if ((flags & TS_O_TRUNC) && st.st_size > 0 && ftruncate(fd, 0) != 0) {
        int os = errno;
        close(fd);
        return ts_fail_os(err, os, "cannot empty %s", name);
    }
    *out = file_of(fd);
    return TS_OK;
}

int px_write_all(int fd, const void *p, size_t n)
{
    const char *from = p;

    while (n) {
        ssize_t put = write(fd, from, n);
        if (put < 0 && errno != EINTR) {
            return errno;
        }
        if (put > 0) {
            from += put;
            n -= (size_t)put;
        }
    }
    return 0;
}

enum ts_code ts_file_write(struct ts_file *f, const void *p, size_t n, struct ts_err *err)
{
    ts_power_point();
    int os = px_write_all(f->fd, p, n);
    return os == 0 ? TS_OK : ts_fail_os(err, os, "cannot write to a file");
}

enum ts_code ts_file_get(struct ts_file *f, void *p, size_t n, size_t *got,
                         struct ts_err *err)
{
    ssize_t have;

    do {
        have = read(f->fd, p, n);
    } while (have < 0 && errno == EINTR);
    *got = have > 0 ? (size_t)have : 0;
    return have >= 0 ? TS_OK : ts_fail_os(err, errno, "cannot read a file");
}

enum ts_code ts_file_sync(struct ts_file *f, struct ts_err *err)
{
    int rc;

    do {
        rc = fsync(f->fd);
    } while (rc != 0 && errno == EINTR);
    /* A pipe or a terminal has nothing to make durable. */
    return rc == 0 || errno == EINVAL || errno == EROFS
               ? TS_OK
               : ts_fail_os(err, errno, "cannot make a file durable");
}

enum ts_code ts_file_size(struct ts_file *f, uint64_t *out, struct ts_err *err)
{
    struct stat st;

    *out = 0;
    if (fstat(f->fd, &st) != 0) {
        return ts_fail_os(err, errno, "cannot look at an open file");
    }
    *out = (uint64_t)st.st_size;
    return TS_OK;
}

enum ts_code ts_file_truncate(struct ts_file *f, uint64_t size, struct ts_err *err)
{
    int rc;

    ts_power_point();
    do {
        rc = ftruncate(f->fd, (off_t)size);
    } while (rc != 0 && errno == EINTR);
    return rc == 0 ? TS_OK : ts_fail_os(err, errno, "cannot set the size of a file");
}

enum ts_code ts_file_seek(struct ts_file *f, uint64_t pos, struct ts_err *err)
{
    return lseek(f->fd, (off_t)pos, SEEK_SET) >= 0
               ? TS_OK
               : ts_fail_os(err, errno, "cannot go to a place in a file");
}

enum ts_code ts_file_stat(struct ts_file *f, struct ts_stat *out, struct ts_err *err)
{
    struct stat st;

    if (fstat(f->fd, &st) != 0) {
        return ts_fail_os(err, errno, "cannot look at an open file");
    }
    px_stat_fill(out, &st);
    return TS_OK;
}

void ts_file_close(struct ts_file *f)
{
    if (f) {
        close(f->fd);
        ts_free(f);
    }
}
