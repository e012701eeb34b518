/* sqlite.c - SQLite's way to the fake disks: a VFS over calls.h, the default one, so that
 * code above knows nothing of it.
 *
 * As SQLite's own for unix: the first sync of a new journal or write-ahead log also syncs
 * its folder.  One process at a time runs on the machine, so locks and shared memory are
 * those of its own connections. */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { REGIONS = 64, SHARED = 8 };

/* What all connections to one file share. */
struct shared {
    struct shared *next;
    const void *node;
    int uses;
    int readers, reserved, writer; /* locks: how many have them */
    bool pending;
    void *regions[REGIONS];
    int shm_readers[SHARED];
    bool shm_writer[SHARED];
    int shm_uses;
};
static struct shared *all;
/* Connections are used by several threads, each its own. */
static pthread_mutex_t sharing = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

struct file {
    sqlite3_file base;
    int fd, lock, error;
    bool sync_folder, delete_it, has_shm;
    unsigned shm_shared, shm_exclusive;
    struct shared *shared;
    char *path;
};

static struct shared *shared_of(int fd)
{
    struct shared *s = all;
    const void *node = fk_node_of(fd);

    while (s && s->node != node) {
        s = s->next;
    }
    if (!s) {
        s = calloc(1, sizeof *s);
        s->node = node;
        s->next = all;
        all = s;
    }
    s->uses++;
    return s;
}

static void shared_drop(struct shared *s)
{
    if (--s->uses > 0) {
        return;
    }
    struct shared **at = &all;
    while (*at != s) {
        at = &(*at)->next;
    }
    *at = s->next;
    for (int i = 0; i < REGIONS; i++) {
        free(s->regions[i]);
    }
    free(s);
}

static int fail(struct file *f, int code)
{
    f->error = errno;
    return errno == ENOSPC ? SQLITE_FULL : code;
}

/* ---- files ---------------------------------------------------------------------------
 */

static int x_unlock(sqlite3_file *p, int level);
static int x_shm_unmap(sqlite3_file *p, int delete_it);

static int x_close(sqlite3_file *p)
{
    struct file *f = (struct file *)p;

    x_unlock(p, SQLITE_LOCK_NONE);
    if (f->has_shm) {
        x_shm_unmap(p, 0);
    }
    if (f->delete_it && fk_unlinkat(AT_FDCWD, f->path, 0) != 0) {
        f->error = errno;
    }
    fk_close(f->fd);
    pthread_mutex_lock(&sharing);
    shared_drop(f->shared);
    pthread_mutex_unlock(&sharing);
    free(f->path);
    return SQLITE_OK;
}

static int x_read(sqlite3_file *p, void *to, int n, sqlite3_int64 at)
{
    struct file *f = (struct file *)p;
    ssize_t got = fk_pread(f->fd, to, (size_t)n, at);

    if (got < 0) {
        return fail(f, SQLITE_IOERR_READ);
    }
    if (got < n) {
        memset((char *)to + got, 0, (size_t)(n - got));
        return SQLITE_IOERR_SHORT_READ;
    }
    return SQLITE_OK;
}

static int x_write(sqlite3_file *p, const void *from, int n, sqlite3_int64 at)
{
    struct file *f = (struct file *)p;

    return fk_pwrite(f->fd, from, (size_t)n, at) == n ? SQLITE_OK
                                                      : fail(f, SQLITE_IOERR_WRITE);
}

static int x_truncate(sqlite3_file *p, sqlite3_int64 size)
{
    struct file *f = (struct file *)p;

    return fk_ftruncate(f->fd, size) == 0 ? SQLITE_OK : fail(f, SQLITE_IOERR_TRUNCATE);
}

static int sync_folder_of(const char *path)
{
    char *folder = strdup(path), *slash = strrchr(folder, '/');
    int fd, rc = -1;

    slash[slash == folder] = '\0';
    fd = fk_openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0) {
        rc = fk_fsync(fd);
        int os = errno;
        fk_close(fd);
        errno = os;
    }
    free(folder);
    return rc;
}

static int x_sync(sqlite3_file *p, int flags)
{
    struct file *f = (struct file *)p;

    (void)flags;
    if (fk_fsync(f->fd) != 0) {
        return fail(f, SQLITE_IOERR_FSYNC);
    }
    if (f->sync_folder && sync_folder_of(f->path) != 0) {
        return fail(f, SQLITE_IOERR_DIR_FSYNC);
    }
    f->sync_folder = false;
    return SQLITE_OK;
}

static int x_size(sqlite3_file *p, sqlite3_int64 *size)
{
    struct file *f = (struct file *)p;
    struct stat st;

    if (fk_fstat(f->fd, &st) != 0) {
        return fail(f, SQLITE_IOERR_FSTAT);
    }
    *size = st.st_size;
    return SQLITE_OK;
}

/* ---- locks of the file ---------------------------------------------------------------
 */

static int x_lock_alone(sqlite3_file *p, int level)
{
    struct file *f = (struct file *)p;
    struct shared *s = f->shared;

    if (f->lock >= level) {
        return SQLITE_OK;
    }
    if (f->lock == SQLITE_LOCK_NONE) {
        if (s->writer || s->pending) {
            return SQLITE_BUSY;
        }
        s->readers++;
        f->lock = SQLITE_LOCK_SHARED;
    }
    if (level >= SQLITE_LOCK_RESERVED && f->lock < SQLITE_LOCK_RESERVED) {
        if (s->reserved) {
            return SQLITE_BUSY;
        }
        s->reserved = 1;
        f->lock = SQLITE_LOCK_RESERVED;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE) {
        s->pending = true;
        f->lock = SQLITE_LOCK_PENDING;
        if (s->readers > 1) {
            return SQLITE_BUSY;
        }
        s->writer = 1;
        f->lock = SQLITE_LOCK_EXCLUSIVE;
    }
    return SQLITE_OK;
}

static int x_lock(sqlite3_file *p, int level)
{
    pthread_mutex_lock(&sharing);
    int rc = x_lock_alone(p, level);
    pthread_mutex_unlock(&sharing);
    return rc;
}

static int x_unlock_alone(sqlite3_file *p, int level)
{
    struct file *f = (struct file *)p;
    struct shared *s = f->shared;

    if (f->lock > SQLITE_LOCK_SHARED && level <= SQLITE_LOCK_SHARED) {
        s->reserved = s->writer = 0;
        s->pending = false;
    }
    if (f->lock >= SQLITE_LOCK_SHARED && level == SQLITE_LOCK_NONE) {
        s->readers--;
    }
    f->lock = f->lock < level ? f->lock : level;
    return SQLITE_OK;
}

static int x_unlock(sqlite3_file *p, int level)
{
    pthread_mutex_lock(&sharing);
    int rc = x_unlock_alone(p, level);
    pthread_mutex_unlock(&sharing);
    return rc;
}

static int x_reserved(sqlite3_file *p, int *out)
{
    *out = ((struct file *)p)->shared->reserved;
    return SQLITE_OK;
}

/* ---- shared memory of the write-ahead log --------------------------------------------
 */

static int x_shm_map_alone(sqlite3_file *p, int i, int size, int extend, void volatile **out)
{
    struct file *f = (struct file *)p;

    if (!f->has_shm) {
        f->has_shm = true;
        f->shared->shm_uses++;
    }
    if (i >= REGIONS) {
        return SQLITE_NOMEM;
    }
    if (!f->shared->regions[i] && extend) {
        f->shared->regions[i] = calloc(1, (size_t)size);
    }
    *out = f->shared->regions[i];
    return SQLITE_OK;
}

static int x_shm_map(sqlite3_file *p, int i, int size, int extend, void volatile **out)
{
    pthread_mutex_lock(&sharing);
    int rc = x_shm_map_alone(p, i, size, extend, out);
    pthread_mutex_unlock(&sharing);
    return rc;
}

static int x_shm_lock_alone(sqlite3_file *p, int first, int n, int flags)
{
    struct file *f = (struct file *)p;
    struct shared *s = f->shared;

    for (int i = first; i < first + n && flags & SQLITE_SHM_LOCK; i++) {
        bool mine = f->shm_shared >> i & 1;
        if (s->shm_writer[i] && !(f->shm_exclusive >> i & 1)) {
            return SQLITE_BUSY;
        }
        if (flags & SQLITE_SHM_EXCLUSIVE && s->shm_readers[i] > (mine ? 1 : 0)) {
            return SQLITE_BUSY;
        }
    }
    for (int i = first; i < first + n; i++) {
        unsigned bit = 1u << i;
        if (flags & SQLITE_SHM_SHARED) {
            bool had = f->shm_shared & bit, want = flags & SQLITE_SHM_LOCK;
            s->shm_readers[i] += want - had;
            f->shm_shared = want ? f->shm_shared | bit : f->shm_shared & ~bit;
        } else if (flags & SQLITE_SHM_LOCK) {
            s->shm_writer[i] = true;
            f->shm_exclusive |= bit;
        } else if (f->shm_exclusive & bit) {
            s->shm_writer[i] = false;
            f->shm_exclusive &= ~bit;
        }
    }
    return SQLITE_OK;
}

static int x_shm_lock(sqlite3_file *p, int first, int n, int flags)
{
    pthread_mutex_lock(&sharing);
    int rc = x_shm_lock_alone(p, first, n, flags);
    pthread_mutex_unlock(&sharing);
    return rc;
}

static void x_shm_barrier(sqlite3_file *p)
{
    (void)p;
    __sync_synchronize();
}

static int x_shm_unmap_alone(sqlite3_file *p, int delete_it)
{
    struct file *f = (struct file *)p;

    (void)delete_it;
    if (f->has_shm) {
        x_shm_lock(p, 0, SHARED, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
        x_shm_lock(p, 0, SHARED, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
        f->has_shm = false;
        if (--f->shared->shm_uses == 0) {
            for (int i = 0; i < REGIONS; i++) {
                free(f->shared->regions[i]);
                f->shared->regions[i] = NULL;
            }
        }
    }
    return SQLITE_OK;
}

static int x_shm_unmap(sqlite3_file *p, int delete_it)
{
    pthread_mutex_lock(&sharing);
    int rc = x_shm_unmap_alone(p, delete_it);
    pthread_mutex_unlock(&sharing);
    return rc;
}

static int x_control(sqlite3_file *p, int op, void *arg)
{
    struct file *f = (struct file *)p;

    if (op == SQLITE_FCNTL_LAST_ERRNO) {
        *(int *)arg = f->error;
        return SQLITE_OK;
    }
    return SQLITE_NOTFOUND;
}

static int x_sector(sqlite3_file *p)
{
    (void)p;
    return FK_SECTOR;
}

/* Nothing is promised beyond what a sector is. */
static int x_character(sqlite3_file *p)
{
    (void)p;
    return 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_reserved,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_character,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap,
};

/* ---- the VFS -------------------------------------------------------------------------
 */

static int last_errno;

static int open_flags(int flags)
{
    int f = flags & SQLITE_OPEN_READWRITE ? O_RDWR : O_RDONLY;

    f |= flags & SQLITE_OPEN_CREATE ? O_CREAT : 0;
    f |= flags & SQLITE_OPEN_EXCLUSIVE ? O_EXCL | O_CREAT : 0;
    f |= flags & SQLITE_OPEN_NOFOLLOW ? O_NOFOLLOW : 0;
    return f;
}

static int x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *p, int flags,
                  int *out_flags)
{
    const int journals =
        SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    struct file *f = (struct file *)p;
    char temporary[64];

    (void)vfs;
    *f = (struct file){.fd = -1};
    if (!name) {
        static int number;
        snprintf(temporary, sizeof temporary, "/tmp/sqlite-%d", ++number);
        name = temporary;
    }
    f->fd = fk_openat(AT_FDCWD, name, open_flags(flags), 0644);
    if (f->fd < 0 && flags & SQLITE_OPEN_READWRITE &&
        (errno == EROFS || errno == EACCES)) {
        flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) |
                SQLITE_OPEN_READONLY;
        f->fd = fk_openat(AT_FDCWD, name, open_flags(flags), 0644);
    }
    if (f->fd < 0) {
        last_errno = errno;
        return errno == ENOSPC ? SQLITE_FULL : SQLITE_CANTOPEN;
    }
    f->path = strdup(name);
    f->delete_it = flags & SQLITE_OPEN_DELETEONCLOSE;
    f->sync_folder = flags & SQLITE_OPEN_CREATE && flags & journals;
    pthread_mutex_lock(&sharing);
    f->shared = shared_of(f->fd);
    pthread_mutex_unlock(&sharing);
    if (out_flags) {
        *out_flags = flags;
    }
    f->base.pMethods = &methods;
    return SQLITE_OK;
}

static int x_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (fk_unlinkat(AT_FDCWD, name, 0) != 0) {
        last_errno = errno;
        return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
    }
    if (sync_folder && sync_folder_of(name) != 0) {
        last_errno = errno;
        return SQLITE_IOERR_DIR_FSYNC;
    }
    return SQLITE_OK;
}

static int x_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct stat st;

    (void)vfs;
    *out = fk_fstatat(AT_FDCWD, name, &st, 0) == 0 &&
           (flags != SQLITE_ACCESS_EXISTS || !S_ISREG(st.st_mode) || st.st_size > 0);
    if (*out && flags == SQLITE_ACCESS_READWRITE) {
        *out = fk_access(name, W_OK) == 0;
    }
    return SQLITE_OK;
}

static int x_full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    struct stat st;

    (void)vfs;
    sqlite3_snprintf(n, out, "%s%s", name[0] == '/' ? "" : "/", name);
    if (fk_fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(st.st_mode)) {
        return SQLITE_OK_SYMLINK;
    }
    return SQLITE_OK;
}

static int x_random(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    return (int)fk_getrandom(out, (size_t)n, 0);
}

static int x_sleep(sqlite3_vfs *vfs, int us)
{
    struct timespec moment = {.tv_nsec = 1000000};

    (void)vfs;
    fk_pass_ms(us / 1000 + 1);
    nanosleep(&moment, NULL); /* who holds the lock is a thread, and needs real time */
    return us;
}

static int x_now(sqlite3_vfs *vfs, sqlite3_int64 *ms)
{
    struct timespec t;

    (void)vfs;
    fk_clock_gettime(CLOCK_REALTIME, &t);
    *ms = 210866760000000 + (sqlite3_int64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    return SQLITE_OK;
}

static int x_last_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs, (void)n, (void)out;
    return last_errno;
}

void fk_sqlite_register(void);

void fk_sqlite_register(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct file),
        .mxPathname = 4096,
        .zName = "fake",
        .xOpen = x_open,
        .xDelete = x_delete,
        .xAccess = x_access,
        .xFullPathname = x_full_path,
        .xRandomness = x_random,
        .xSleep = x_sleep,
        .xGetLastError = x_last_error,
        .xCurrentTimeInt64 = x_now,
    };

    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) {
        abort();
    }
}
