/* files.c - open files; points; what a process has of its own. */
#include "inside.h"

#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { FIRST = 1000, MOST = 1000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct fk_open files[MOST];
static int highest; /* of those ever used: the rest need not be looked at */

void fk_enter(void)
{
    pthread_mutex_lock(&mutex);
}

void fk_leave(void)
{
    pthread_mutex_unlock(&mutex);
}

long fk_done(int os, long result)
{
    fk_leave();
    if (os != 0) {
        errno = os;
        return -1;
    }
    return result;
}

/* ---- points --------------------------------------------------------------------------
 */

static void fail_now(char *line)
{
    fk->failed = true;
    snprintf(fk->failed_call, sizeof fk->failed_call, "%s", line);
}

static bool started; /* this process is a start of the machine, not who looks at it */

void fk_started(void)
{
    started = true;
}

int fk_point(unsigned kind, const char *call, const char *name)
{
    char *line = fk->trace[(started ? ++fk->points : fk->points) % FK_TRACE];

    snprintf(line, sizeof fk->trace[0], "%s %s", call, name);
    fk_stand_still();
    if (started && fk->cut[0] && fk->points == fk->cut[0]) {
        fk->cut[0] = fk->cut[1] ? fk->points + fk->cut[1] : 0;
        fk->cut[1] = 0;
        _exit(FK_CUT); /* all threads at once */
    }
    if (!(fk->fail_kinds & kind) || fk->fail_at == 0 || kind == FK_POINT) {
        return 0;
    }
    fk->fail_seen++;
    if (fk->fail_seen == fk->fail_at ||
        (fk->fail_for_good && fk->fail_seen > fk->fail_at)) {
        if (!fk->failed) {
            fail_now(line);
        }
        return fk->fail_os;
    }
    return 0;
}

void ts_power_point(void)
{
    if (fk) {
        fk_enter();
        fk_point(FK_POINT, "point", "");
        fk_leave();
    }
}

uint64_t ts_power_count(void)
{
    return fk ? fk->points : 0;
}

void fk_cut_at(uint64_t n, uint64_t m)
{
    fk->points = 0;
    fk->cut[0] = n;
    fk->cut[1] = m;
}

uint64_t fk_points(void)
{
    return fk->points;
}

const char *fk_last_point(void)
{
    return fk->trace[fk->points % FK_TRACE];
}

void fk_fail(unsigned kinds, uint64_t n, int os, bool for_good)
{
    fk->fail_kinds = kinds;
    fk->fail_at = n;
    fk->fail_seen = 0;
    fk->fail_os = os;
    fk->fail_for_good = for_good;
    fk->failed = fk->failed && n == 0;
}

bool fk_failed(void)
{
    return fk->failed;
}

const char *fk_failed_call(void)
{
    return fk->failed_call;
}

void fk_lie(unsigned what)
{
    fk->lies = what;
}

/* ---- descriptors ---------------------------------------------------------------------
 */

struct fk_open *fk_open_of(int fd)
{
    if (fd < FIRST || fd >= FIRST + MOST || !files[fd - FIRST].node) {
        return NULL;
    }
    return &files[fd - FIRST];
}

int fk_open_new(struct fk_node *n, int flags, const char *name)
{
    for (int i = 0; i < MOST; i++) {
        if (!files[i].node) {
            files[i] = (struct fk_open){.node = n, .flags = flags};
            highest = i >= highest ? i + 1 : highest;
            snprintf(files[i].name, sizeof files[i].name, "%s", name);
            fk_use(n);
            return FIRST + i;
        }
    }
    return -1;
}

const void *fk_node_of(int fd)
{
    struct fk_open *f = fk_open_of(fd);

    return f ? f->node : NULL;
}

int fk_close(int fd)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    if (!f) {
        return (int)fk_done(EBADF, 0);
    }
    struct fk_node *n = f->node;
    f->node = NULL;
    fk_unuse(n);
    return (int)fk_done(0, 0);
}

int fk_dup(int fd)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    int copy = f ? fk_open_new(f->node, f->flags, f->name) : -1;
    return (int)fk_done(copy < 0 ? EBADF : 0, copy);
}

static bool writes(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH);
}

/* What stands there already: errno or 0. */
static int check_open(const struct fk_node *n, int flags)
{
    mode_t type = n->meta.mode & S_IFMT;

    if (type == S_IFLNK && !(flags & O_PATH)) {
        return ELOOP;
    }
    if ((flags & O_DIRECTORY) && type != S_IFDIR) {
        return ENOTDIR;
    }
    if (type == S_IFDIR && writes(flags)) {
        return EISDIR;
    }
    return writes(flags) && !fk_may_write(n) ? EROFS : 0;
}

static int create(struct fk_place *p, const char *path, mode_t mode)
{
    int os;

    if (!fk_may_write(p->dir)) {
        return EROFS;
    }
    if ((os = fk_point(FK_CREATE, "create", path)) != 0) {
        return os;
    }
    p->node = fk_node_new(p->dir->volume, S_IFREG | (mode & 07777));
    fk_use(p->node);
    fk_add_name(p->dir, p->name, p->node);
    fk_unuse(p->node);
    return 0;
}

static int open_found(struct fk_place *p, const char *path, int flags, mode_t mode,
                      int *fd)
{
    int os = 0;

    if (!p->node) {
        if (!(flags & O_CREAT)) {
            return ENOENT;
        }
        os = create(p, path, mode);
    } else if ((flags & O_CREAT) && (flags & O_EXCL)) {
        os = EEXIST;
    } else {
        os = check_open(p->node, flags);
    }
    if (os == 0 && (flags & O_TRUNC) && writes(flags) && p->node->data.size > 0 &&
        (os = fk_point(FK_WRITE, "empty", path)) == 0) {
        fk_change_size(p->node, 0);
    }
    if (os == 0) {
        *fd = fk_open_new(p->node, flags, p->name);
        os = *fd < 0 ? EMFILE : 0;
    }
    return os;
}

int fk_openat(int dir, const char *path, int flags, ...)
{
    struct fk_place p;
    int fd = -1, os;
    va_list args;

    va_start(args, flags);
    mode_t mode = va_arg(args, int);
    va_end(args);
    fk_enter();
    bool exclusive = (flags & O_CREAT) && (flags & O_EXCL);
    os = fk_find(dir, path, flags & O_NOFOLLOW || exclusive ? 0 : FK_FOLLOW, &p);
    if (os == 0) {
        os = open_found(&p, path, flags, mode, &fd);
    }
    return (int)fk_done(os, fd);
}

/* ---- reading and writing -------------------------------------------------------------
 */

static ssize_t get(struct fk_open *f, void *p, size_t n, uint64_t at)
{
    uint64_t size = f->node->data.size;

    n = at >= size ? 0 : at + n > size ? (size_t)(size - at) : n;
    fk_read_data(&f->node->data, at, p, n);
    return (ssize_t)n;
}

static int check_file(const struct fk_open *f, bool writing)
{
    if (!f || f->flags & O_PATH || (writing && !writes(f->flags))) {
        return EBADF;
    }
    return (f->node->meta.mode & S_IFMT) == S_IFDIR ? EISDIR : 0;
}

ssize_t fk_read(int fd, void *p, size_t n)
{
    ssize_t got = 0;

    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    int os = check_file(f, false);
    if (os == 0) {
        got = get(f, p, n, f->pos);
        f->pos += (uint64_t)got;
    }
    return fk_done(os, got);
}

ssize_t fk_pread(int fd, void *p, size_t n, off_t at)
{
    ssize_t got = 0;

    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    int os = check_file(f, false);
    if (os == 0) {
        got = get(f, p, n, (uint64_t)at);
    }
    return fk_done(os, got);
}

static int put(struct fk_open *f, const void *p, size_t n, uint64_t at)
{
    int os = n ? fk_point(FK_WRITE, "write", f->name) : 0;

    if (os == 0 && n) {
        fk_change_data(f->node, at, p, n);
    }
    return os;
}

ssize_t fk_write(int fd, const void *p, size_t n)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    int os = check_file(f, true);
    if (os == 0) {
        f->pos = f->flags & O_APPEND ? f->node->data.size : f->pos;
        os = put(f, p, n, f->pos);
        f->pos += os == 0 ? n : 0;
    }
    return fk_done(os, (long)n);
}

ssize_t fk_pwrite(int fd, const void *p, size_t n, off_t at)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    int os = check_file(f, true);
    if (os == 0) {
        os = put(f, p, n, (uint64_t)at);
    }
    return fk_done(os, (long)n);
}

/* SEEK_DATA, SEEK_HOLE: by pages. */
static int next_part(const struct fk_node *n, uint64_t at, bool data, uint64_t *out)
{
    uint64_t size = n->data.size;

    if (at >= size) {
        return ENXIO;
    }
    while (at < size) {
        size_t i = at / FK_PAGE;
        if ((i < n->data.n && n->data.pages[i] != NULL) == data) {
            *out = at;
            return 0;
        }
        at = (i + 1) * (uint64_t)FK_PAGE;
    }
    *out = size;
    return data ? ENXIO : 0;
}

off_t fk_lseek(int fd, off_t at, int whence)
{
    int os = 0;

    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    if (!f) {
        return fk_done(EBADF, 0);
    }
    uint64_t to = (uint64_t)at;
    if (whence == SEEK_CUR) {
        to += f->pos;
    } else if (whence == SEEK_END) {
        to += f->node->data.size;
    } else if (whence == SEEK_DATA || whence == SEEK_HOLE) {
        os = next_part(f->node, (uint64_t)at, whence == SEEK_DATA, &to);
    }
    if (os == 0) {
        f->pos = to;
    }
    return fk_done(os, (long)to);
}

int fk_ftruncate(int fd, off_t size)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    int os = check_file(f, true);
    if (os == 0 && (uint64_t)size != f->node->data.size &&
        (os = fk_point(FK_WRITE, "truncate", f->name)) == 0) {
        fk_change_size(f->node, (uint64_t)size);
    }
    return (int)fk_done(os, 0);
}

ssize_t fk_copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t n,
                           unsigned flags)
{
    unsigned char part[FK_PAGE * 8];
    ssize_t got = 0;

    (void)flags;
    fk_enter();
    struct fk_open *from = fk_open_of(in), *to = fk_open_of(out);
    int os = check_file(from, false);
    os = os ? os : check_file(to, true);
    if (os == 0) {
        got = get(from, part, n < sizeof part ? n : sizeof part, (uint64_t)*in_at);
        os = put(to, part, (size_t)got, (uint64_t)*out_at);
    }
    if (os == 0) {
        *in_at += got;
        *out_at += got;
    }
    return fk_done(os, got);
}

/* ---- durable -------------------------------------------------------------------------
 */

static bool ends(const char *name, const char *end)
{
    return ts_str_ends(ts_str_of(name), ts_str_of(end));
}

static bool lies(const struct fk_open *f)
{
    unsigned kind = (f->node->meta.mode & S_IFMT) == S_IFDIR        ? FK_LIE_FOLDERS
                    : ends(f->name, "-wal")                         ? FK_LIE_WAL
                    : ends(f->name, ".db") || ends(f->name, ".tmp") ? FK_LIE_DATABASE
                                                                    : FK_LIE_FILES;

    return (fk->lies & kind) != 0;
}

int fk_fsync(int fd)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    int os = f ? fk_point(FK_SYNC, "sync", f->name) : EBADF;
    if (os == 0 && !lies(f)) {
        fk_sync_node(f->node);
    }
    return (int)fk_done(os, 0);
}

int fk_syncfs(int fd)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    int os = f ? fk_point(FK_SYNC, "sync the volume of", f->name) : EBADF;
    if (os == 0 && !(fk->lies & FK_LIE_VOLUMES)) {
        fk_sync_volume(f->node->volume);
    }
    return (int)fk_done(os, 0);
}

void fk_sync_all(void)
{
    fk_enter();
    fk_point(FK_POINT, "sync all", "");
    for (int i = 1; i <= fk->volume_count; i++) {
        fk_sync_volume(i);
    }
    fk_leave();
}

/* ---- the rest ------------------------------------------------------------------------
 */

int fk_fstat(int fd, struct stat *st)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    if (f) {
        fk_stat_fill(st, f->node);
    }
    return (int)fk_done(f ? 0 : EBADF, 0);
}

int fk_fchmod(int fd, mode_t mode)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    int os = f ? fk_point(FK_META, "chmod", f->name) : EBADF;
    if (os == 0) {
        struct fk_meta m = f->node->meta;
        m.mode = (m.mode & S_IFMT) | (mode & 07777);
        fk_change_meta(f->node, &m);
    }
    return (int)fk_done(os, 0);
}

/* One process at a time runs on the machine, so only its own handles can be in the way.
 */
static bool locked_by_other(const struct fk_open *f)
{
    for (int i = 0; i < highest; i++) {
        if (&files[i] != f && files[i].node == f->node && files[i].locked) {
            return true;
        }
    }
    return false;
}

int fk_flock(int fd, int operation)
{
    for (;;) {
        fk_enter();
        struct fk_open *f = fk_open_of(fd);
        if (!f) {
            return (int)fk_done(EBADF, 0);
        }
        if (operation & LOCK_UN || !locked_by_other(f)) {
            f->locked = !(operation & LOCK_UN);
            return (int)fk_done(0, 0);
        }
        fk_leave();
        if (operation & LOCK_NB) {
            errno = EWOULDBLOCK;
            return -1;
        }
        sched_yield();
    }
}

int fk_fstatvfs(int fd, struct statvfs *out)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    *out =
        (struct statvfs){.f_blocks = 1 << 22, .f_bavail = 1 << 21, .f_frsize = FK_PAGE};
    if (f && !fk_may_write(f->node)) {
        out->f_flag = ST_RDONLY;
    }
    return (int)fk_done(f ? 0 : EBADF, 0);
}

int fk_fstatfs(int fd, struct statfs *out)
{
    fk_enter();
    struct fk_open *f = fk_open_of(fd);
    *out = (struct statfs){.f_type = 0xEF53};
    if (f) {
        out->f_fsid.__val[0] = 0x5A5A0000 + f->node->volume;
    }
    return (int)fk_done(f ? 0 : EBADF, 0);
}
