#include "platform/lock.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

struct ts_lock {
    int fd;
};

enum ts_code ts_lock_take(struct ts_lock **out, const char *path, struct ts_err *err)
{
    int fd, rc;

    *out = NULL;
    do {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        return ts_fail_os(err, errno, "cannot open the lock file %s", path);
    }
    do {
        rc = flock(fd, LOCK_EX | LOCK_NB);
    } while (rc < 0 && errno == EINTR);
    if (rc < 0) {
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
