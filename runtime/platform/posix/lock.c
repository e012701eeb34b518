#include "platform/lock.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

struct ts_lock {
    int fd;
};

static int try_lock(int fd, int how)
{
    int rc;

    do {
        rc = flock(fd, how | LOCK_NB);
    } while (rc < 0 && errno == EINTR);
    return rc;
}

/* Who only looks (ts_lock_held) shares the lock for an instant: that is waited for, but
 * not for ever; a looker may have been stopped. */
static int take(int fd)
{
    const struct timespec instant = {.tv_nsec = 1000000};

    for (int waited = 0; waited < 2000; waited++) {
        if (try_lock(fd, LOCK_EX) == 0) {
            return 0;
        }
        if (errno != EWOULDBLOCK || try_lock(fd, LOCK_SH) < 0) {
            return -1;
        }
        flock(fd, LOCK_UN);
        nanosleep(&instant, NULL);
    }
    errno = EWOULDBLOCK;
    return -1;
}

enum ts_code ts_lock_take(struct ts_lock **out, const char *path, struct ts_err *err)
{
    int fd;

    *out = NULL;
    do {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        return ts_fail_os(err, errno, "cannot open the lock file %s", path);
    }
    if (take(fd) < 0) {
        int os = errno;
        close(fd);
        if (os == EWOULDBLOCK) {
            return ts_fail(err, TS_ELOCKED, "the lock %s is held by another process",
                           path);
        }
        return ts_fail_os(err, os, "cannot take the lock %s", path);
    }
    *out = ts_alloc(sizeof **out);
    (*out)->fd = fd;
    return TS_OK;
}

void ts_lock_release(struct ts_lock *l)
{
    if (l) {
        /* The file stays: removing it would let two processes hold "the" lock. */
        close(l->fd);
        ts_free(l);
    }
}

bool ts_lock_held(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        return errno != ENOENT;
    }
    bool held = try_lock(fd, LOCK_SH) < 0;
    close(fd);
    return held;
}
