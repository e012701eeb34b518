/* rest.c - calls by number, reading folders, time, chance, and the system's name. */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/* ---- reading folders -----------------------------------------------------------------
 */

struct entry { /* as the kernel writes them */
    uint64_t id;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
};

static uint8_t type_of(const struct fk_node *n)
{
    return S_ISDIR(n->meta.mode) ? DT_DIR : S_ISLNK(n->meta.mode) ? DT_LNK : DT_REG;
}

/* The first entry behind position `pos`; NULL at the end. */
static const struct fk_entry *entry_after(const struct fk_node *n, uint64_t pos)
{
    for (size_t i = 0; i < n->entries.n; i++) {
        if (n->entries.list[i].serial > pos) {
            return &n->entries.list[i];
        }
    }
    return NULL;
}

static long getdents(int fd, char *out, size_t n)
{
    const struct fk_entry *e;
    size_t used = 0;

    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    if (!f || !S_ISDIR(f->node->meta.mode)) {
        return fk_done(f ? ENOTDIR : EBADF, 0);
    }
    while ((e = entry_after(f->node, f->pos)) != NULL) {
        size_t size = (offsetof(struct entry, name) + strlen(e->name) + 1 + 7) / 8 * 8;
        if (used + size > n) {
            break;
        }
        struct entry *to = (struct entry *)(void *)(out + used);
        memset(to, 0, size);
        to->id = e->node->id;
        to->next = (int64_t)e->serial;
        to->size = (uint16_t)size;
        to->type = type_of(e->node);
        memcpy(to->name, e->name, strlen(e->name));
        f->pos = e->serial;
        used += size;
    }
    return fk_done(0, (long)used);
}

/* What a DIR is here. */
struct reading {
    int fd;
    struct dirent entry;
};

DIR *fk_fdopendir(int fd)
{
    struct reading *r = calloc(1, sizeof *r);

    r->fd = fd;
    return (DIR *)(void *)r;
}

DIR *fk_opendir(const char *path)
{
    int fd = fk_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);

    return fd < 0 ? NULL : fk_fdopendir(fd);
}

struct dirent *fk_readdir(DIR *d)
{
    struct reading *r = (struct reading *)(void *)d;
    const struct fk_entry *e;

    fk_enter();
    struct fk_open *f = fk_open_of(r->fd);
    e = f ? entry_after(f->node, f->pos) : NULL;
    if (e) {
        f->pos = e->serial;
        r->entry.d_ino = e->node->id;
        r->entry.d_type = type_of(e->node);
        snprintf(r->entry.d_name, sizeof r->entry.d_name, "%s", e->name);
    }
    fk_leave();
    return e ? &r->entry : NULL;
}

int fk_dirfd(DIR *d)
{
    return ((struct reading *)(void *)d)->fd;
}

int fk_closedir(DIR *d)
{
    int rc = fk_close(fk_dirfd(d));

    free(d);
    return rc;
}

/* ---- by number -----------------------------------------------------------------------
 */

static long openat2(int dir, const char *path, const struct open_how *how)
{
    struct fk_place p;
    int fd = -1;

    fk_enter();
    int os = fk_find(dir, path, FK_BENEATH | FK_NO_LINKS | FK_FOLLOW, &p);
    if (os == 0 && !p.node) {
        os = ENOENT;
    }
    if (os == 0 && (how->flags & O_DIRECTORY) && !S_ISDIR(p.node->meta.mode)) {
        os = ENOTDIR;
    }
    if (os == 0) {
        fd = fk_open_new(p.node, (int)how->flags, p.name);
        os = fd < 0 ? EMFILE : 0;
    }
    return fk_done(os, fd);
}

long fk_syscall(long number, ...)
{
    va_list args;

    va_start(args, number);
    if (number == SYS_gettid) {
        va_end(args);
        return gettid();
    }
    int fd = va_arg(args, int);
    void *p = va_arg(args, void *);
    long rc = -1;
    if (number == SYS_getdents64) {
        rc = getdents(fd, p, (size_t)va_arg(args, int));
    } else if (number == SYS_openat2) {
        rc = openat2(fd, p, va_arg(args, struct open_how *));
    } else if (number == SYS_renameat2) {
        int to = va_arg(args, int);
        const char *to_path = va_arg(args, const char *);
        rc = fk_renameat2(fd, p, to, to_path, va_arg(args, unsigned));
    } else if (number == SYS_fchmodat2) {
        mode_t mode = va_arg(args, mode_t);
        rc = fk_fchmodat(fd, p, mode, va_arg(args, int));
    } else {
        errno = ENOSYS;
    }
    va_end(args);
    return rc;
}

/* ---- time and chance -----------------------------------------------------------------
 */

static int64_t pass(int64_t ns)
{
    fk_enter();
    int64_t now = fk->now_ns += ns;
    fk_leave();
    return now;
}

int fk_clock_gettime(clockid_t clock, struct timespec *t)
{
    int64_t now = pass(1000); /* looking takes a microsecond, so no loop waits for ever */

    (void)clock;
    *t = (struct timespec){now / 1000000000, now % 1000000000};
    return 0;
}

int fk_nanosleep(const struct timespec *t, struct timespec *left)
{
    (void)left;
    pass(t->tv_sec * 1000000000 + t->tv_nsec);
    return 0;
}

int fk_poll(int ms)
{
    pass(ms * (int64_t)1000000);
    return 0;
}

void fk_pass_ms(int64_t ms)
{
    pass(ms * 1000000);
}

ssize_t fk_getrandom(void *p, size_t n, unsigned flags)
{
    unsigned char *to = p;

    (void)flags;
    fk_enter();
    for (size_t i = 0; i < n; i++) {
        to[i] = (unsigned char)fk_random(&fk->random);
    }
    fk_leave();
    return (ssize_t)n;
}

/* ---- the system ----------------------------------------------------------------------
 */

uid_t fk_geteuid(void)
{
    return 0;
}

int fk_gethostname(char *out, size_t n)
{
    snprintf(out, n, "fake-machine");
    return 0;
}

long fk_sysconf(int name)
{
    return name == _SC_NPROCESSORS_ONLN ? 2 : name == _SC_PAGESIZE ? 4096 : 1 << 20;
}

int fk_uname(struct utsname *u)
{
    memset(u, 0, sizeof *u);
    snprintf(u->sysname, sizeof u->sysname, "Linux");
    snprintf(u->release, sizeof u->release, "6.1.0");
    snprintf(u->machine, sizeof u->machine, "x86_64");
    return 0;
}

int fk_reboot(int how)
{
    (void)how;
    fk_enter();
    fk->restarts++;
    return (int)fk_done(EPERM, 0); /* the test plays the restart */
}

int fk_restarts_asked(void)
{
    return fk->restarts;
}

/* ---- one start of the machine --------------------------------------------------------
 */

static int to_watcher = -1, from_watcher = -1;

void fk_stand_still(void)
{
    char c = 0;

    if (to_watcher >= 0 &&
        (write(to_watcher, &c, 1) != 1 || read(from_watcher, &c, 1) != 1)) {
        _exit(FK_HUNG); /* the watcher is gone */
    }
}

static void run_and_exit(int (*fn)(void *ctx), void *ctx, unsigned seconds)
{
    alarm(seconds);
    fk_started();
    int code = fn(ctx);
    fflush(stdout);
    fflush(stderr);
    _exit(code);
}

static pid_t start(void)
{
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    if (pid < 0) {
        perror("the fake machine cannot start");
        abort();
    }
    return pid;
}

static int code_of(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) != pid) {
        perror("the fake machine is gone");
        abort();
    }
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) == SIGALRM ? FK_HUNG : 128 + WTERMSIG(status);
    }
    return WEXITSTATUS(status);
}

int fk_start(int (*fn)(void *ctx), void *ctx, unsigned seconds)
{
    pid_t pid = start();

    if (pid == 0) {
        run_and_exit(fn, ctx, seconds);
    }
    return code_of(pid);
}

int fk_start_watched(int (*fn)(void *ctx), void *ctx, unsigned seconds,
                     void (*at_point)(void *look), void *look)
{
    int up[2], down[2];
    char c;

    if (pipe(up) != 0 || pipe(down) != 0) {
        perror("the fake machine cannot be watched");
        abort();
    }
    pid_t pid = start();
    if (pid == 0) {
        close(up[0]);
        close(down[1]);
        to_watcher = up[1];
        from_watcher = down[0];
        run_and_exit(fn, ctx, seconds);
    }
    close(up[1]);
    close(down[0]);
    while (read(up[0], &c, 1) == 1) {
        at_point(look);
        if (write(down[1], &c, 1) != 1) {
            break;
        }
    }
    close(up[0]);
    close(down[1]);
    return code_of(pid);
}
