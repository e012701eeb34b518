/* copy.c - copying and comparing content. */
#include "platform/posix/posix.h"

#include "base/mem.h"
#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 256 << 10, STRIDE = 8 << 20 };

struct copy {
    int in, out;
    bool by_hand; /* the kernel cannot do it between these two */
    char *block;
    bool (*progress)(void *ctx, uint64_t bytes);
    void *ctx;
};

/* Open a file of a user's tree to read it: only a plain file, and without waiting for a
 * writer should it be a pipe.  Reading leaves no trace where we are allowed to. */
static int open_source(int dir, const char *name, struct stat *st)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = px_openat(dir, name, flags | O_NOATIME, 0);

    if (fd < 0 && errno == EPERM) {
        fd = px_openat(dir, name, flags, 0);
    }
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
        close(fd);
        errno = EOPNOTSUPP;
        return -1;
    }
    return fd;
}

/* Up to n bytes from `at`; 0 at the end of the file, -1 and errno. */
static ssize_t copy_by_hand(struct copy *c, off_t at, size_t n)
{
    if (!c->block) {
        c->block = ts_realloc_array(NULL, BLOCK, 1);
    }
    ssize_t got;
    do {
        got = pread(c->in, c->block, n < BLOCK ? n : BLOCK, at);
    } while (got < 0 && errno == EINTR);
    for (ssize_t done = 0; done < got;) {
        ssize_t put = pwrite(c->out, c->block + done, (size_t)(got - done), at + done);
        if (put < 0 && errno != EINTR) {
            return -1;
        }
        done += put > 0 ? put : 0;
    }
    return got;
}

static ssize_t copy_some(struct copy *c, off_t at, size_t n)
{
    if (!c->by_hand) {
        off_t in_at = at, out_at = at;
        ssize_t got = copy_file_range(c->in, &in_at, c->out, &out_at, n, 0);
        if (got > 0 || (got < 0 && errno == EINTR)) {
            return got;
        }
        /* 0 is the end, or a file system whose files have no size beforehand. */
        if (got < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
            errno != EOPNOTSUPP && errno != EPERM && errno != EBADF) {
            return -1;
        }
        c->by_hand = true;
    }
    return copy_by_hand(c, at, n);
}

/* One stretch of data.  0, errno, or ECANCELED. */
static int copy_data(struct copy *c, off_t from, off_t to)
{
    while (from < to) {
        size_t n = to - from < STRIDE ? (size_t)(to - from) : STRIDE;
        ssize_t got = copy_some(c, from, n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno;
        }
        if (got == 0) {
            return 0; /* it became shorter */
        }
        from += got;
        if (c->progress && !c->progress(c->ctx, (uint64_t)got)) {
            return ECANCELED;
        }
    }
    return 0;
}

static int copy_content(struct copy *c, off_t size)
{
    off_t at = 0;
    struct stat st;

    while (at < size) {
        off_t data = lseek(c->in, at, SEEK_DATA), hole;
        if (data < 0 && errno == ENXIO) {
            break; /* only a hole is left */
        }
        if (data < 0) { /* a file system without the notion */
            data = at;
            hole = size;
        } else {
            hole = lseek(c->in, data, SEEK_HOLE);
            hole = hole < 0 ? size : hole;
        }
        int os = copy_data(c, data, hole);
        if (os != 0) {
            return os;
        }
        at = hole;
    }
    /* The size as it is now: a hole at the end needs it, and a file that became shorter
     * must not end in zeros. */
    if (fstat(c->in, &st) != 0 || ftruncate(c->out, st.st_size) != 0) {
        return errno;
    }
    return 0;
}

enum ts_code ts_copy_at(struct ts_dir *from, const char *name, struct ts_dir *to,
                        const char *to_name, bool (*progress)(void *ctx, uint64_t bytes),
                        void *ctx, struct ts_err *err)
{
    struct copy c = {.in = -1, .out = -1, .progress = progress, .ctx = ctx};
    struct stat st;

    if (!px_name_ok(name) || !px_name_ok(to_name)) {
        return px_name_bad(px_name_ok(name) ? to_name : name, err);
    }
    c.in = open_source(from->fd, name, &st);
    if (c.in < 0) {
        return ts_fail_os(err, errno, "cannot read %s", name);
    }
    ts_power_point();
    c.out = px_openat(to->fd, to_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (c.out < 0) {
        int os = errno;
        close(c.in);
        return ts_fail_os(err, os, "cannot make %s", to_name);
    }
    int os = copy_content(&c, st.st_size);
    close(c.in);
    if (close(c.out) != 0 && os == 0 && errno != EINTR) {
        os = errno; /* a network file system may say here that the disk is full */
    }
    ts_free(c.block);
    if (os != 0) {
        unlinkat(to->fd, to_name, 0);
    }
    if (os == ECANCELED) {
        return ts_fail(err, TS_ECANCELLED, "copying %s was cancelled", name);
    }
    return os == 0 ? TS_OK : ts_fail_os(err, os, "cannot copy %s to %s", name, to_name);
}

/* Fill the block unless the file ends. */
static ssize_t read_full(int fd, char *p, size_t n, off_t at)
{
    size_t have = 0;

    while (have < n) {
        ssize_t got = pread(fd, p + have, n - have, at + (off_t)have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        have += (size_t)got;
    }
    return (ssize_t)have;
}

/* Where the next data of either file begins: what both have as holes is the same. */
static off_t skip_holes(int a, int b, off_t at, off_t size)
{
    off_t x = lseek(a, at, SEEK_DATA);
    x = x < 0 ? (errno == ENXIO ? size : at) : x;
    off_t y = lseek(b, at, SEEK_DATA);
    y = y < 0 ? (errno == ENXIO ? size : at) : y;
    off_t next = x < y ? x : y;
    return next > at ? next : at;
}

static int compare(int a, int b, off_t size, bool *same)
{
    char *space = ts_realloc_array(NULL, 2, BLOCK);
    int os = 0;

    *same = true;
    for (off_t at = 0;; at += BLOCK) {
        at = skip_holes(a, b, at, size);
        ssize_t x = read_full(a, space, BLOCK, at);
        ssize_t y = x < 0 ? -1 : read_full(b, space + BLOCK, BLOCK, at);
        if (x < 0 || y < 0) {
            os = errno;
            break;
        }
        *same = x == y && memcmp(space, space + BLOCK, (size_t)x) == 0;
        if (!*same || x < BLOCK) {
            break;
        }
    }
    ts_free(space);
    return os;
}

enum ts_code ts_same_content_at(struct ts_dir *a, const char *a_name, struct ts_dir *b,
                                const char *b_name, bool *same, struct ts_err *err)
{
    struct stat x, y;

    *same = false;
    if (!px_name_ok(a_name) || !px_name_ok(b_name)) {
        return px_name_bad(px_name_ok(a_name) ? b_name : a_name, err);
    }
    int a_fd = open_source(a->fd, a_name, &x);
    if (a_fd < 0) {
        return ts_fail_os(err, errno, "cannot read %s", a_name);
    }
    int b_fd = open_source(b->fd, b_name, &y);
    if (b_fd < 0) {
        int os = errno;
        close(a_fd);
        return ts_fail_os(err, os, "cannot read %s", b_name);
    }
    int os = 0;
    if (x.st_dev == y.st_dev && x.st_ino == y.st_ino) {
        *same = true; /* two names of one file */
    } else if (x.st_size == y.st_size) {
        os = compare(a_fd, b_fd, x.st_size, same);
    }
    close(a_fd);
    close(b_fd);
    return os == 0 ? TS_OK
                   : ts_fail_os(err, os, "cannot compare %s and %s", a_name, b_name);
}
