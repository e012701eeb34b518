/* meta.c - owner, mode, times, extended attributes. */
#include "platform/posix/posix.h"

#include "base/mem.h"
#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/* Never follows; a link has no mode of its own, which is fine. */
static int set_mode(int dir, const char *name, mode_t mode)
{
    long rc = syscall(SYS_fchmodat2, dir, name, mode, AT_SYMLINK_NOFOLLOW);

    if (rc != 0 && (errno == ENOSYS || errno == EPERM)) {
        /* Before Linux 6.6 the C library goes through an O_PATH handle and /proc. */
        rc = fchmodat(dir, name, mode, AT_SYMLINK_NOFOLLOW);
    }
    return rc != 0 && errno == EOPNOTSUPP ? 0 : (int)rc;
}

static struct timespec timespec_of(int64_t ns)
{
    struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = (long)(ns % 1000000000)};

    if (t.tv_nsec < 0) {
        t.tv_nsec += 1000000000;
        t.tv_sec--;
    }
    return t;
}

enum ts_code ts_set_meta_at(struct ts_dir *d, const char *name, const struct ts_stat *st,
                            int what, struct ts_err *err)
{
    if (!px_name_ok(name)) {
        return px_name_bad(name, err);
    }
    ts_power_point();
    /* The owner first: changing it clears the setuid and setgid bits. */
    if ((what & TS_META_OWNER) &&
        fchownat(d->fd, name, st->uid, st->gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return ts_fail_os(err, errno, "cannot set the owner of %s", name);
    }
    if ((what & TS_META_MODE) && st->type != TS_F_LINK &&
        set_mode(d->fd, name, st->mode) != 0) {
        return ts_fail_os(err, errno, "cannot set the mode of %s", name);
    }
    if (what & TS_META_TIMES) {
        struct timespec times[2] = {timespec_of(st->atime_ns), timespec_of(st->mtime_ns)};
        if (utimensat(d->fd, name, times, AT_SYMLINK_NOFOLLOW) != 0) {
            return ts_fail_os(err, errno, "cannot set the times of %s", name);
        }
    }
    return TS_OK; /* TS_META_ATTRIBUTES: there are none here */
}

/* ---- extended attributes -------------------------------------------------------------
 * *
 *
 * A block is a version byte, then for each attribute: length of the name (32 bits, least
 * significant byte first), name, length of the value, value.
 *
 * The l*xattr calls take a path.  "/proc/self/fd/N/name" leads through our own handle to
 * the folder and then to the entry itself, which they do not follow; nothing has to be
 * opened, so devices, pipes and files we may not read are no trouble. */

enum { BLOCK_VERSION = 1, LONGEST_NAME = 255, LONGEST_VALUE = 64 << 10 };

struct entry_path {
    char text[32 + NAME_MAX + 1];
};

static bool entry_path(struct entry_path *p, struct ts_dir *d, const char *name)
{
    int n = snprintf(p->text, sizeof p->text, "/proc/self/fd/%d/%s", d->fd, name);

    return n > 0 && (size_t)n < sizeof p->text;
}

static void add_u32(struct ts_buf *b, size_t v)
{
    unsigned char bytes[4] = {v & 255, v >> 8 & 255, v >> 16 & 255, v >> 24 & 255};

    ts_buf_add(b, bytes, sizeof bytes);
}

/* Labels are the business of the security module of the system that reads them. */
static bool may_fail(const char *attribute, int os)
{
    return strcmp(attribute, "security.selinux") == 0 || os == ENODATA ||
           os == EOPNOTSUPP;
}

/* The names, NUL after NUL; *names is NULL when there are none.  0 or errno. */
static int list_names(const char *path, char **names, size_t *n)
{
    char few[1024];

    *names = NULL;
    *n = 0;
    ssize_t got = llistxattr(path, few, sizeof few);
    if (got > 0) {
        *names = ts_alloc((size_t)got);
        memcpy(*names, few, (size_t)got);
        *n = (size_t)got;
        return 0;
    }
    /* At most 64 KiB says the kernel; a list that grows meanwhile is read once more. */
    for (int tries = 0; got < 0 && errno == ERANGE && tries < 2; tries++) {
        ts_free(*names);
        *names = ts_alloc(LONGEST_VALUE);
        got = llistxattr(path, *names, LONGEST_VALUE);
    }
    if (got > 0) {
        *n = (size_t)got;
        return 0;
    }
    int os = got < 0 ? errno : 0;
    ts_free(*names);
    *names = NULL;
    return os == EOPNOTSUPP ? 0 : os;
}

static int add_attribute(struct ts_buf *out, const char *path, const char *attribute,
                         char *space)
{
    ssize_t got = lgetxattr(path, attribute, space, LONGEST_VALUE);

    if (got < 0) {
        return may_fail(attribute, errno) ? 0 : errno;
    }
    if (out->n == 0) {
        ts_buf_c(out, BLOCK_VERSION);
    }
    add_u32(out, strlen(attribute));
    ts_buf_z(out, attribute);
    add_u32(out, (size_t)got);
    ts_buf_add(out, space, (size_t)got);
    return 0;
}

enum ts_code ts_get_extra_at(struct ts_dir *d, const char *name, struct ts_buf *out,
                             struct ts_err *err)
{
    struct entry_path path;
    char *names = NULL, *space = NULL;
    size_t n = 0;

    ts_buf_clear(out);
    if (!px_name_ok(name) || !entry_path(&path, d, name)) {
        return px_name_bad(name, err);
    }
    int os = list_names(path.text, &names, &n);
    if (os == 0 && n > 0) {
        space = ts_realloc_array(NULL, LONGEST_VALUE, 1);
        for (size_t at = 0; at < n && os == 0; at += strlen(names + at) + 1) {
            os = add_attribute(out, path.text, names + at, space);
        }
    }
    ts_free(space);
    ts_free(names);
    if (os != 0) {
        ts_buf_clear(out);
        return ts_fail_os(err, os, "cannot read the extended attributes of %s", name);
    }
    return TS_OK;
}

/* Takes `n` bytes after their length off the block. */
static bool take_counted(ts_str *block, size_t most, ts_str *out)
{
    if (block->n < 4) {
        return false;
    }
    const unsigned char *p = (const unsigned char *)block->p;
    size_t n = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
    if (n > most || n > block->n - 4) {
        return false;
    }
    *out = (ts_str){block->p + 4, n};
    block->p += 4 + n;
    block->n -= 4 + n;
    return true;
}

/* Takes one attribute off the block; its name must be one that attributes have. */
static bool take_attribute(ts_str *block, char name[LONGEST_NAME + 1], ts_str *value)
{
    ts_str n;

    if (!take_counted(block, LONGEST_NAME, &n) ||
        !take_counted(block, LONGEST_VALUE, value) || n.n == 0 ||
        memchr(n.p, '\0', n.n)) {
        return false;
    }
    memcpy(name, n.p, n.n);
    name[n.n] = '\0';
    return ts_str_starts(n, TS_S("user.")) || ts_str_starts(n, TS_S("security.")) ||
           ts_str_starts(n, TS_S("trusted.")) ||
           ts_str_starts(n, TS_S("system.posix_acl_"));
}

/* Nothing is set before the whole block was understood. */
static bool block_ok(ts_str block)
{
    char name[LONGEST_NAME + 1];
    ts_str value;

    if (block.n == 0) {
        return true;
    }
    if (block.p[0] != BLOCK_VERSION) {
        return false;
    }
    block = (ts_str){block.p + 1, block.n - 1};
    while (block.n) {
        if (!take_attribute(&block, name, &value)) {
            return false;
        }
    }
    return true;
}

/* Lists that were inherited from the new folder do not belong to the old entry. */
static void drop_inherited(const char *path, bool has_access, bool has_default)
{
    if (!has_access) {
        lremovexattr(path, "system.posix_acl_access");
    }
    if (!has_default) {
        lremovexattr(path, "system.posix_acl_default");
    }
}

enum ts_code ts_set_extra_at(struct ts_dir *d, const char *name, ts_str block,
                             struct ts_err *err)
{
    char attribute[LONGEST_NAME + 1];
    bool has_access = false, has_default = false;
    struct entry_path path;
    ts_str value;

    if (!px_name_ok(name) || !entry_path(&path, d, name)) {
        return px_name_bad(name, err);
    }
    if (!block_ok(block)) {
        return ts_fail(err, TS_EDAMAGED,
                       "the stored extended attributes of %s are not in a known form",
                       name);
    }
    ts_power_point();
    if (block.n) {
        block = (ts_str){block.p + 1, block.n - 1};
    }
    while (block.n && take_attribute(&block, attribute, &value)) {
        has_access |= strcmp(attribute, "system.posix_acl_access") == 0;
        has_default |= strcmp(attribute, "system.posix_acl_default") == 0;
        if (lsetxattr(path.text, attribute, value.p, value.n, 0) != 0 &&
            strcmp(attribute, "security.selinux") != 0) {
            return ts_fail_os(err, errno, "cannot set the extended attribute %s of %s",
                              attribute, name);
        }
    }
    drop_inherited(path.text, has_access, has_default);
    return TS_OK;
}
