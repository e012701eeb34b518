/* watch.c - effects of programs we start, one by one.
 *
 * A program that a step starts is not ours, so it has no power-cut points.  The kernel
 * can tell us before each of its calls that changes a file (a seccomp filter with a
 * listener), and in that moment the power may go: we die, the listener closes, and no
 * such call of the program, or of any that it started, has an effect any more. */
#include "platform/posix/process.h"

#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

static bool watching;

bool px_watching(void)
{
    return watching;
}

#ifdef OUR_ARCH

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* Calls whose first argument is a file that is open. */
static const int on_files[] = {SYS_write,    SYS_pwrite64,  SYS_writev,    SYS_pwritev,
                               SYS_pwritev2, SYS_ftruncate, SYS_fallocate, SYS_fchmod};
static const int on_names[] = {
#ifdef SYS_rename
    SYS_creat,     SYS_rename,   SYS_unlink,  SYS_link,      SYS_symlink,
    SYS_mkdir,     SYS_rmdir,    SYS_chmod,   SYS_mknod,
#endif
    SYS_renameat2, SYS_unlinkat, SYS_linkat,  SYS_symlinkat, SYS_mkdirat,
    SYS_truncate,  SYS_fchmodat, SYS_mknodat, SYS_utimensat, SYS_copy_file_range,
#ifdef SYS_renameat
    SYS_renameat,
#endif
};

enum { MOST_RULES = 128 };

struct filter {
    struct sock_filter rules[MOST_RULES];
    unsigned short n;
};

static void rule(struct filter *f, unsigned code, unsigned k, unsigned jt, unsigned jf)
{
    f->rules[f->n++] = (struct sock_filter){.code = (unsigned short)code,
                                            .jt = (unsigned char)jt,
                                            .jf = (unsigned char)jf,
                                            .k = k};
}

/* If the call is `nr`, tell. */
static void tell(struct filter *f, int nr)
{
    rule(f, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1);
    rule(f, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
}

/* The same if its argument `arg` says that a file is made or emptied. */
static void tell_open(struct filter *f, int nr, unsigned arg)
{
    unsigned at = (unsigned)(offsetof(struct seccomp_data, args) + arg * 8);

    rule(f, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 4);
    rule(f, BPF_LD | BPF_W | BPF_ABS, at, 0, 0); /* little-endian: the low half */
    rule(f, BPF_JMP | BPF_JSET | BPF_K, O_CREAT | O_TRUNC, 0, 1);
    rule(f, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
    rule(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void make_filter(struct filter *f)
{
    f->n = 0;
    rule(f, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
    rule(f, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
    rule(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    rule(f, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    for (size_t i = 0; i < sizeof on_files / sizeof *on_files; i++)
        tell(f, on_files[i]);
    for (size_t i = 0; i < sizeof on_names / sizeof *on_names; i++)
        tell(f, on_names[i]);
#ifdef SYS_open
    tell_open(f, SYS_open, 1);
#endif
    tell_open(f, SYS_openat, 2);
    rule(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static int install(const struct sock_fprog *program, unsigned long flags)
{
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
}

int px_watch_me(void)
{
    struct filter f;
    struct sock_fprog program = {.filter = f.rules};
    int fd;

    make_filter(&f);
    program.len = f.n;
    for (int tries = 0; tries < 2; tries++) {
        fd = install(&program, SECCOMP_FILTER_FLAG_NEW_LISTENER |
                                   SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
        if (fd < 0 && errno == EINVAL)
            fd = install(&program, SECCOMP_FILTER_FLAG_NEW_LISTENER);
        if (fd >= 0 || errno != EACCES)
            break;
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* without it only root may */
    }
    return fd;
}

/* ---- answering -----------------------------------------------------------------------
 */

/* A pipe, a terminal and the like lose nothing with the power. */
static bool has_effect(const struct seccomp_notif *n)
{
    char path[64];
    struct stat st;

    for (size_t i = 0; i < sizeof on_files / sizeof *on_files; i++) {
        if (n->data.nr == on_files[i]) {
            snprintf(path, sizeof path, "/proc/%u/fd/%d", n->pid, (int)n->data.args[0]);
            return stat(path, &st) == 0 && S_ISREG(st.st_mode);
        }
    }
    return true;
}

/* The kernel's structures may be longer than ours. */
union notification {
    struct seccomp_notif n;
    char room[512];
};
union response {
    struct seccomp_notif_resp r;
    char room[512];
};

static void *answer(void *ctx)
{
    int fd = (int)(intptr_t)ctx;
    struct pollfd p = {.fd = fd, .events = POLLIN};

    for (;;) {
        union notification in;
        union response out;

        p.revents = 0;
        if (poll(&p, 1, -1) < 0 && errno != EINTR)
            break;
        if (p.revents & POLLHUP && !(p.revents & POLLIN))
            break; /* none of them is left */
        if (!(p.revents & POLLIN))
            continue;
        memset(&in, 0, sizeof in);
        memset(&out, 0, sizeof out);
        if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &in) != 0) {
            if (errno == EINTR || errno == ENOENT)
                continue; /* it ended meanwhile */
            break;
        }
        if (has_effect(&in.n))
            ts_power_point();
        out.r.id = in.n.id;
        out.r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &out) != 0 && errno != ENOENT)
            break;
    }
    close(fd);
    return NULL;
}

void px_watch_answer(int listener)
{
    pthread_attr_t attr;
    pthread_t id;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&id, &attr, answer, (void *)(intptr_t)listener) != 0)
        close(listener); /* the program's calls fail, and so does the run */
    pthread_attr_destroy(&attr);
}

bool ts_power_watch(void)
{
    unsigned action = SECCOMP_RET_USER_NOTIF;

    watching = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
    return watching;
}

#else

int px_watch_me(void)
{
    return -1;
}

void px_watch_answer(int listener)
{
    close(listener);
}

bool ts_power_watch(void)
{
    return false;
}

#endif
