/* path.c - our own files, by path. */
#include "platform/posix/posix.h"

#include "base/mem.h"
#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int stat_path(const char *path, struct stat *st)
{
    struct px_place place;

    if (px_place(&place, path) != 0) {
        return errno;
    }
    int os = fstatat(place.dir, place.rest, st, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
    px_place_done(&place);
    return os;
}

enum ts_code ts_fs_stat(const char *path, struct ts_stat *out, struct ts_err *err)
{
    struct stat st;
    int os = stat_path(path, &st);

    if (os != 0) {
        return ts_fail_os(err, os, "cannot look at %s", path);
    }
    px_stat_fill(out, &st);
    return TS_OK;
}

bool ts_fs_exists(const char *path)
{
    struct stat st;

    return stat_path(path, &st) == 0;
}

/* ---- folders -------------------------------------------------------------------------
 */

int px_sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent = !slash          ? ts_strdup(".")
                   : slash == path ? ts_strdup("/")
                                   : ts_str_dup((ts_str){path, (size_t)(slash - path)});
    struct px_place place;
    int os = 0, fd = -1;

    if (px_place(&place, parent) != 0) {
        os = errno;
    } else {
        fd = px_openat(place.dir, place.rest, O_RDONLY | O_DIRECTORY, 0);
        /* Some file systems have nothing to sync in a folder (EINVAL). */
        if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL)) {
            os = errno;
        }
        px_place_done(&place);
    }
    if (fd >= 0) {
        close(fd);
    }
    ts_free(parent);
    return os;
}

/* 0 also if there is a folder already. */
static int make_folder(const char *path, mode_t mode, bool durable)
{
    struct px_place place;
    struct stat st;
    int os = 0;

    if (px_place(&place, path) != 0) {
        return errno;
    }
    ts_power_point();
    if (mkdirat(place.dir, place.rest, mode) != 0) {
        os = errno;
        if (os != ENOENT && fstatat(place.dir, place.rest, &st, 0) == 0) {
            os = S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
        }
    } else if (durable) {
        os = px_sync_parent(path);
    }
    px_place_done(&place);
    return os;
}

static enum ts_code make_folders(const char *path, mode_t mode, bool durable,
                                 struct ts_err *err)
{
    int os = make_folder(path, mode, durable);

    if (os == ENOENT && path[0]) {
        char *part = ts_strdup(path);
        for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
            *slash = '\0';
            os = make_folder(part, mode, durable);
            *slash = '/';
            if (os != 0) {
                break;
            }
        }
        ts_free(part);
        os = make_folder(path, mode, durable);
    }
    return os == 0 ? TS_OK : ts_fail_os(err, os, "cannot make the folder %s", path);
}

enum ts_code ts_fs_mkdirs(const char *path, uint32_t mode, struct ts_err *err)
{
    return make_folders(path, mode, false, err);
}

enum ts_code ts_fs_mkdirs_durable(const char *path, uint32_t mode, struct ts_err *err)
{
    return make_folders(path, mode, true, err);
}

/* ---- whole files ---------------------------------------------------------------------
 */

enum ts_code ts_file_read(const char *path, size_t max, struct ts_buf *out,
                          struct ts_err *err)
{
    struct ts_file *f = NULL;
    char part[16 << 10];
    size_t got = 0;
    enum ts_code rc = ts_file_open(&f, path, TS_O_READ, 0, err);

    ts_buf_clear(out);
    while (rc == TS_OK) {
        rc = ts_file_get(f, part, sizeof part, &got, NULL);
        if (rc != TS_OK) {
            rc = ts_fail_os(err, errno, "cannot read %s", path);
        } else if (got == 0) {
            break;
        } else if (got > max - out->n) {
            rc = ts_fail(err, TS_ELIMIT, "cannot read %s: it has more than %zu bytes",
                         path, max);
        } else {
            ts_buf_add(out, part, got);
        }
    }
    ts_file_close(f);
    return rc;
}

/* The temporary file has a fixed name, so that crashes do not leave more and more of
 * them; the lock keeps two processes from writing to it at the same time. */
static int open_new(const char *path)
{
    for (;;) {
        struct stat ours, named;
        int fd = px_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
        if (fd < 0) {
            return -1;
        }
        while (flock(fd, LOCK_EX) != 0 && errno == EINTR) {
        }
        /* Whoever had it before us has renamed it by now. */
        if (fstat(fd, &ours) == 0 &&
            fstatat(AT_FDCWD, path, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
            ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) {
            return fd;
        }
        close(fd);
    }
}

/* 0 or errno. */
static int replace(const char *path, const char *temporary, const void *p, size_t n,
                   mode_t mode)
{
    int fd = open_new(temporary), os = 0;

    if (fd < 0) {
        return errno;
    }
    if (ftruncate(fd, 0) != 0 || fchmod(fd, mode) != 0) {
        os = errno;
    }
    os = os ? os : px_write_all(fd, p, n);
    if (os == 0 && fsync(fd) != 0) {
        os = errno;
    }
    if (os == 0) {
        ts_power_point(); /* the old content is still there, beside the new */
        os = rename(temporary, path) == 0 ? px_sync_parent(path) : errno;
    }
    if (os != 0) {
        unlink(temporary);
    }
    close(fd);
    return os;
}

enum ts_code ts_file_replace(const char *path, const void *p, size_t n, uint32_t mode,
                             struct ts_err *err)
{
    char *temporary = ts_format("%s.new", path);

    ts_power_point();
    int os = replace(path, temporary, p, n, mode);
    ts_free(temporary);
    return os == 0 ? TS_OK : ts_fail_os(err, os, "cannot write %s", path);
}

enum ts_code ts_fs_rename(const char *from, const char *to, struct ts_err *err)
{
    struct px_place a, b;
    int os = 0;

    if (px_any_held() &&
        (px_held(AT_FDCWD, from, err) != TS_OK || px_held(AT_FDCWD, to, err) != TS_OK)) {
        return TS_EBUSY;
    }
    ts_power_point();
    if (px_place(&a, from) != 0) {
        os = errno;
    } else {
        if (px_place(&b, to) != 0) {
            os = errno;
        } else {
            os = renameat(a.dir, a.rest, b.dir, b.rest) == 0 ? 0 : errno;
            px_place_done(&b);
        }
        px_place_done(&a);
    }
    os = os ? os : px_sync_parent(to);
    os = os ? os : px_sync_parent(from);
    return os == 0 ? TS_OK : ts_fail_os(err, os, "cannot rename %s to %s", from, to);
}

enum ts_code ts_fs_unlink(const char *path, struct ts_err *err)
{
    struct px_place place;
    int os = 0;

    if (px_any_held() && px_held(AT_FDCWD, path, err) != TS_OK) {
        return TS_EBUSY;
    }
    ts_power_point();
    if (px_place(&place, path) != 0) {
        os = errno;
    } else {
        os = unlinkat(place.dir, place.rest, 0) == 0 ? 0 : errno;
        px_place_done(&place);
    }
    return os == 0 ? TS_OK : ts_fail_os(err, os, "cannot remove %s", path);
}

/* ---- names ---------------------------------------------------------------------------
 */

enum ts_code ts_fs_real(const char *path, char **out, struct ts_err *err)
{
    *out = realpath(path, NULL);
    return *out ? TS_OK : ts_fail_os(err, errno, "cannot resolve %s", path);
}

char *ts_path_join(const char *dir, const char *name)
{
    size_t n = strlen(dir);

    if (n == 0) {
        return ts_strdup(name);
    }
    return ts_format("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

bool ts_path_is_absolute(const char *path)
{
    return path[0] == '/';
}

char *ts_fs_cwd(void)
{
    char *cwd = getcwd(NULL, 0);

    return cwd ? cwd : ts_strdup("/");
}

char *ts_fs_self(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    ts_str s = n > 0 ? (ts_str){path, (size_t)n} : TS_S("taskseq");

    /* What the kernel says of a program that was replaced while it runs. */
    if (ts_str_ends(s, TS_S(" (deleted)"))) {
        s.n -= strlen(" (deleted)");
    }
    return ts_str_dup(s);
}

char *ts_fs_temp_dir(void)
{
    const char *dir = getenv("TMPDIR");

    return ts_strdup(dir && dir[0] == '/' ? dir : "/tmp");
}
