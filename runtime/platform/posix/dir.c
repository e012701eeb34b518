/* dir.c - folder handles: opening them and reading their entries. */
#include "platform/posix/posix.h"

#include "base/mem.h"
#include "platform/power.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ENTRIES_SIZE = 64 << 10, CHUNK = PATH_MAX - 64 };

struct ts_dir *px_dir_of(int fd)
{
    struct ts_dir *d = ts_alloc(sizeof *d);

    d->fd = fd;
    return d;
}

int px_openat(int dir, const char *name, int flags, mode_t mode)
{
    int fd;

    do {
        fd = openat(dir, name, flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

int px_link_errno(int dir, const char *name, int os)
{
    struct stat st;

    if ((os == ENOTDIR || os == ENXIO) &&
        fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)) {
        return ELOOP;
    }
    return os;
}

bool px_name_ok(const char *name)
{
    if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))) {
        return false;
    }
    return name[0] != '\0' && !strchr(name, '/');
}

enum ts_code px_name_bad(const char *name, struct ts_err *err)
{
    return ts_fail(err, TS_EINPUT, "\"%s\" is not a name of a file or folder", name);
}

/* ---- opening below a folder ----------------------------------------------------------
 */

static bool parts_ok(const char *rel)
{
    for (const char *p = rel;;) {
        size_t n = strcspn(p, "/");
        if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.')) {
            return false;
        }
        if (p[n] == '\0') {
            return true;
        }
        p += n + 1;
    }
}

static int open_part(int dir, const char *name, int flags)
{
    int fd = px_openat(dir, name, flags | O_NOFOLLOW, 0);

    if (fd < 0) {
        errno = px_link_errno(dir, name, errno);
    }
    return fd;
}

/* Part by part: for systems without openat2, and where it is filtered out. */
static int open_by_parts(int dir, char *rel, int flags)
{
    int at = dir;

    for (;;) {
        char *slash = strchr(rel, '/');
        if (slash) {
            *slash = '\0';
        }
        int next = open_part(at, rel, slash ? O_PATH | O_DIRECTORY : flags);
        int os = errno;
        if (at != dir) {
            close(at);
        }
        if (next < 0 || !slash) {
            errno = os;
            return next;
        }
        at = next;
        rel = slash + 1;
    }
}

/* `rel` is shorter than PATH_MAX and may be written to. */
static int open_chunk(int dir, char *rel, int flags)
{
    static atomic_bool missing; /* openat2: asked only once */
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };

    if (!strchr(rel, '/')) {
        return open_part(dir, rel, flags);
    }
    while (!atomic_load_explicit(&missing, memory_order_relaxed)) {
        long fd = syscall(SYS_openat2, dir, rel, &how, sizeof how);
        if (fd >= 0) {
            return (int)fd;
        }
        if (errno == ENOSYS || errno == EPERM || errno == EINVAL) {
            atomic_store(&missing, errno != EPERM);
            break;
        }
        if (errno != EINTR && errno != EAGAIN) {
            return -1;
        }
    }
    return open_by_parts(dir, rel, flags);
}

int px_open_beneath(int dir, const char *rel, int flags)
{
    char chunk[PATH_MAX];
    int at = dir;

    if (!parts_ok(rel)) {
        errno = EINVAL;
        return -1;
    }
    for (;;) {
        size_t n = strlen(rel);
        bool last = n <= CHUNK;
        if (!last) {
            for (n = CHUNK; n > 0 && rel[n] != '/'; n--) {
            }
        }
        if (n == 0) {
            errno = ENAMETOOLONG; /* a single name of thousands of bytes */
        } else {
            memcpy(chunk, rel, n);
            chunk[n] = '\0';
        }
        int next =
            n == 0 ? -1 : open_chunk(at, chunk, last ? flags : O_PATH | O_DIRECTORY);
        int os = errno;
        if (at != dir) {
            close(at);
        }
        if (next < 0 || last) {
            errno = os;
            return next;
        }
        at = next;
        rel += n + 1;
    }
}

int px_place(struct px_place *place, const char *path)
{
    size_t n = strlen(path);

    *place = (struct px_place){AT_FDCWD, path};
    while (n > CHUNK) {
        char chunk[PATH_MAX];
        size_t cut = CHUNK;
        while (cut > 0 && place->rest[cut] != '/') {
            cut--;
        }
        if (cut == 0) {
            px_place_done(place);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(chunk, place->rest, cut);
        chunk[cut] = '\0';
        int fd = px_openat(place->dir, chunk, O_PATH | O_DIRECTORY, 0);
        int os = errno;
        px_place_done(place);
        if (fd < 0) {
            errno = os;
            return -1;
        }
        place->dir = fd;
        place->rest += cut + strspn(place->rest + cut, "/");
        n = strlen(place->rest);
    }
    if (n == 0) {
        place->rest = path[0] ? "." : path;
    }
    return 0;
}

void px_place_done(struct px_place *place)
{
    if (place->dir != AT_FDCWD) {
        close(place->dir);
        place->dir = AT_FDCWD;
    }
}

/* ---- ts_dir --------------------------------------------------------------------------
 */

enum ts_code ts_dir_open(struct ts_dir **out, const char *path, bool nofollow,
                         struct ts_err *err)
{
    int flags = O_RDONLY | O_DIRECTORY | (nofollow ? O_NOFOLLOW : 0);
    struct px_place place;
    int fd = -1;

    *out = NULL;
    if (px_place(&place, path) == 0) {
        fd = px_openat(place.dir, place.rest, flags, 0);
        if (fd < 0 && nofollow) {
            errno = px_link_errno(place.dir, place.rest, errno);
        }
        int os = errno;
        px_place_done(&place);
        errno = os;
    }
    if (fd < 0) {
        return ts_fail_os(err, errno, "cannot open the folder %s", path);
    }
    *out = px_dir_of(fd);
    return TS_OK;
}

enum ts_code ts_dir_open_at(struct ts_dir **out, struct ts_dir *dir, const char *rel,
                            struct ts_err *err)
{
    int flags = O_RDONLY | O_DIRECTORY;
    int fd = px_name_ok(rel) ? open_part(dir->fd, rel, flags)
                             : px_open_beneath(dir->fd, rel, flags);

    *out = NULL;
    if (fd < 0) {
        if (errno == EINVAL) {
            return ts_fail(err, TS_EINPUT,
                           "cannot open the folder %s: not a plain path below a folder",
                           rel);
        }
        if (errno == ELOOP || errno == EXDEV) {
            ts_fail(err, TS_ELINK,
                    "cannot open the folder %s: a symbolic link is in the way", rel);
            return TS_ELINK;
        }
        return ts_fail_os(err, errno, "cannot open the folder %s", rel);
    }
    *out = px_dir_of(fd);
    return TS_OK;
}

enum ts_code ts_dir_dup(struct ts_dir **out, struct ts_dir *dir, struct ts_err *err)
{
    /* Not dup: that would share the reading position. */
    int fd = px_openat(dir->fd, ".", O_RDONLY | O_DIRECTORY, 0);

    *out = NULL;
    if (fd < 0) {
        return ts_fail_os(err, errno, "cannot open a folder again");
    }
    *out = px_dir_of(fd);
    return TS_OK;
}

void ts_dir_close(struct ts_dir *d)
{
    if (d) {
        close(d->fd);
        ts_free(d->entries);
        ts_free(d);
    }
}

enum ts_code ts_dir_stat(struct ts_dir *d, struct ts_stat *out, struct ts_err *err)
{
    struct stat st;

    if (fstat(d->fd, &st) != 0) {
        return ts_fail_os(err, errno, "cannot look at an open folder");
    }
    px_stat_fill(out, &st);
    return TS_OK;
}

static enum ts_ftype type_of_entry(unsigned char type)
{
    switch (type) {
    case DT_REG:
        return TS_F_FILE;
    case DT_DIR:
        return TS_F_DIR;
    case DT_LNK:
        return TS_F_LINK;
    case DT_UNKNOWN:
        return TS_F_NONE;
    default:
        return TS_F_OTHER;
    }
}

/* What the kernel writes for each entry. */
struct entry {
    uint64_t id;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
};

enum ts_code ts_dir_next(struct ts_dir *d, const char **name, enum ts_ftype *type,
                         struct ts_err *err)
{
    for (;;) {
        if (d->at == d->n) {
            if (!d->entries) {
                d->entries = ts_realloc_array(NULL, ENTRIES_SIZE, 1);
            }
            ssize_t got;
            do {
                got = syscall(SYS_getdents64, d->fd, d->entries, ENTRIES_SIZE);
            } while (got < 0 && errno == EINTR);
            /* A folder removed while it is read has no more entries. */
            if (got <= 0) {
                int os = errno;
                ts_free(d->entries);
                d->entries = NULL;
                d->at = d->n = 0;
                *name = NULL;
                *type = TS_F_NONE;
                return got == 0 || os == ENOENT
                           ? TS_OK
                           : ts_fail_os(err, os, "cannot read a folder");
            }
            d->at = 0;
            d->n = (size_t)got;
        }
        const struct entry *e = (const void *)(d->entries + d->at);
        d->at += e->size;
        const char *n = e->name;
        if (n[0] == '.' && (n[1] == '\0' || (n[1] == '.' && n[2] == '\0'))) {
            continue;
        }
        *name = n;
        *type = type_of_entry(e->type);
        d->id = e->id;
        return TS_OK;
    }
}

uint64_t ts_dir_entry_id(const struct ts_dir *d)
{
    return d->id;
}

void ts_dir_rewind(struct ts_dir *d)
{
    lseek(d->fd, 0, SEEK_SET);
    d->at = d->n = 0;
}

enum ts_code ts_dir_sync(struct ts_dir *d, struct ts_err *err)
{
    int rc;

    do {
        rc = fsync(d->fd);
    } while (rc != 0 && errno == EINTR);
    return rc == 0 ? TS_OK : ts_fail_os(err, errno, "cannot make a folder durable");
}

enum ts_code ts_volume_sync(struct ts_dir *d, struct ts_err *err)
{
    int rc;

    do {
        rc = syncfs(d->fd);
    } while (rc != 0 && errno == EINTR);
    return rc == 0 ? TS_OK : ts_fail_os(err, errno, "cannot make a volume durable");
}
