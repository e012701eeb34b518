/* at.c - changing the entries of a folder by its handle.  This is where a migration
 * spends its time, so each function is one system call and little else. */
#include "platform/posix/posix.h"

#include "base/mem.h"
#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum ts_ftype px_type_of_mode(mode_t mode)
{
    return S_ISREG(mode)   ? TS_F_FILE
           : S_ISDIR(mode) ? TS_F_DIR
           : S_ISLNK(mode) ? TS_F_LINK
                           : TS_F_OTHER;
}

static int64_t nanoseconds(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void px_stat_fill(struct ts_stat *out, const struct stat *st)
{
    *out = (struct ts_stat){
        .type = px_type_of_mode(st->st_mode),
        .size = (uint64_t)st->st_size,
        .allocated = (uint64_t)st->st_blocks * 512,
        .id = st->st_ino,
        .volume = st->st_dev,
        .mtime_ns = nanoseconds(st->st_mtim),
        .atime_ns = nanoseconds(st->st_atim),
        .mode = st->st_mode & 07777,
        .uid = st->st_uid,
        .gid = st->st_gid,
        .links = (uint32_t)st->st_nlink,
    };
}

enum ts_code ts_stat_at(struct ts_dir *d, const char *name, struct ts_stat *out,
                        struct ts_err *err)
{
    struct stat st;

    if (!px_name_ok(name)) {
        return px_name_bad(name, err);
    }
    if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return ts_fail_os(err, errno, "cannot look at %s", name);
    }
    px_stat_fill(out, &st);
    return TS_OK;
}

enum ts_code ts_mkdir_at(struct ts_dir *d, const char *name, uint32_t mode,
                         struct ts_err *err)
{
    if (!px_name_ok(name)) {
        return px_name_bad(name, err);
    }
    ts_power_point();
    if (mkdirat(d->fd, name, mode) != 0) {
        return ts_fail_os(err, errno, "cannot make the folder %s", name);
    }
    return TS_OK;
}

enum ts_code ts_link_at(struct ts_dir *from, const char *name, struct ts_dir *to,
                        const char *to_name, struct ts_err *err)
{
    if (!px_name_ok(name) || !px_name_ok(to_name)) {
        return px_name_bad(px_name_ok(name) ? to_name : name, err);
    }
    ts_power_point();
    if (linkat(from->fd, name, to->fd, to_name, 0) != 0) {
        return ts_fail_os(err, errno, "cannot link %s as %s", name, to_name);
    }
    return TS_OK;
}

enum ts_code ts_unlink_at(struct ts_dir *d, const char *name, struct ts_err *err)
{
    if (!px_name_ok(name)) {
        return px_name_bad(name, err);
    }
    if (px_any_held() && px_held(d->fd, name, err) != TS_OK) {
        return TS_EBUSY;
    }
    ts_power_point();
    if (unlinkat(d->fd, name, 0) != 0) {
        return ts_fail_os(err, errno, "cannot remove %s", name);
    }
    return TS_OK;
}

enum ts_code ts_rmdir_at(struct ts_dir *d, const char *name, struct ts_err *err)
{
    if (!px_name_ok(name)) {
        return px_name_bad(name, err);
    }
    if (px_any_held() && px_held(d->fd, name, err) != TS_OK) {
        return TS_EBUSY;
    }
    ts_power_point();
    if (unlinkat(d->fd, name, AT_REMOVEDIR) != 0) {
        return ts_fail_os(err, errno, "cannot remove the folder %s", name);
    }
    return TS_OK;
}

/* Without replacing, where the file system does not know how: for files a link and a
 * removal are the same thing; for folders there is no such way. */
static int rename_by_link(int from, const char *name, int to, const char *to_name)
{
    struct stat st;

    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return -1;
    }
    if (S_ISDIR(st.st_mode)) {
        if (fstatat(to, to_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            errno = EEXIST;
            return -1;
        }
        return errno == ENOENT ? renameat(from, name, to, to_name) : -1;
    }
    return linkat(from, name, to, to_name, 0) == 0 ? unlinkat(from, name, 0) : -1;
}

enum ts_code ts_rename_at(struct ts_dir *from, const char *name, struct ts_dir *to,
                          const char *to_name, bool replace, struct ts_err *err)
{
    int rc;

    if (!px_name_ok(name) || !px_name_ok(to_name)) {
        return px_name_bad(px_name_ok(name) ? to_name : name, err);
    }
    if (px_any_held() && (px_held(from->fd, name, err) != TS_OK ||
                          (replace && px_held(to->fd, to_name, err) != TS_OK))) {
        return TS_EBUSY;
    }
    ts_power_point();
    if (replace) {
        rc = renameat(from->fd, name, to->fd, to_name);
    } else {
        rc = (int)syscall(SYS_renameat2, from->fd, name, to->fd, to_name,
                          RENAME_NOREPLACE);
        if (rc != 0 && (errno == EINVAL || errno == ENOSYS)) {
            rc = rename_by_link(from->fd, name, to->fd, to_name);
        }
    }
    if (rc != 0) {
        return ts_fail_os(err, errno, "cannot rename %s to %s", name, to_name);
    }
    return TS_OK;
}

enum ts_code ts_readlink_at(struct ts_dir *d, const char *name, struct ts_buf *out,
                            struct ts_err *err)
{
    char text[PATH_MAX + 1];

    if (!px_name_ok(name)) {
        return px_name_bad(name, err);
    }
    ssize_t n = readlinkat(d->fd, name, text, sizeof text);
    if (n < 0) {
        return ts_fail_os(err, errno, "cannot read the link %s", name);
    }
    ts_buf_add(out, text, (size_t)n);
    return TS_OK;
}

enum ts_code ts_symlink_at(struct ts_dir *d, const char *name, const char *target,
                           struct ts_err *err)
{
    if (!px_name_ok(name)) {
        return px_name_bad(name, err);
    }
    ts_power_point();
    if (symlinkat(target, d->fd, name) != 0) {
        return ts_fail_os(err, errno, "cannot make the link %s", name);
    }
    return TS_OK;
}
