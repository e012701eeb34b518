/* nosync.c - preloaded into a program: what it asks to be made durable is not. */
#include <stddef.h>
#include <sys/types.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int fsync(int fd)
{
    (void)fd;
    return 0;
}

EXPORT int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

EXPORT int syncfs(int fd)
{
    (void)fd;
    return 0;
}

EXPORT void sync(void)
{
}

EXPORT int msync(void *p, size_t n, int flags)
{
    (void)p;
    (void)n;
    (void)flags;
    return 0;
}

EXPORT int sync_file_range(int fd, off_t from, off_t n, unsigned flags)
{
    (void)fd;
    (void)from;
    (void)n;
    (void)flags;
    return 0;
}
