/* names.c - calls that take paths. */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

static bool is_folder(const struct fk_node *n)
{
    return S_ISDIR(n->meta.mode);
}

static int how_of(int flags)
{
    return flags & AT_SYMLINK_NOFOLLOW ? 0 : FK_FOLLOW;
}

/* The entry must be there. */
static int find_there(int dir, const char *path, int how, struct fk_place *p)
{
    int os = fk_find(dir, path, how, p);

    return os != 0 ? os : p->node ? 0 : ENOENT;
}

int fk_fstatat(int dir, const char *path, struct stat *st, int flags)
{
    struct fk_place p;

    fk_enter();
    int os = find_there(dir, path, how_of(flags), &p);
    if (os == 0) {
        fk_stat_fill(st, p.node);
    }
    return (int)fk_done(os, 0);
}

int fk_access(const char *path, int mode)
{
    struct fk_place p;

    fk_enter();
    int os = find_there(AT_FDCWD, path, FK_FOLLOW, &p);
    if (os == 0 && (mode & X_OK) && !is_folder(p.node) && !(p.node->meta.mode & 0111)) {
        os = EACCES;
    }
    if (os == 0 && (mode & W_OK) && !fk_may_write(p.node)) {
        os = EROFS;
    }
    return (int)fk_done(os, 0);
}

/* A place where something new can stand. */
static int find_free(int dir, const char *path, struct fk_place *p)
{
    int os = fk_find(dir, path, 0, p);

    if (os == 0 && p->node) {
        os = EEXIST;
    }
    return os != 0 ? os : fk_may_write(p->dir) ? 0 : EROFS;
}

static void make(struct fk_place *p, uint32_t mode, const char *target)
{
    struct fk_node *n = fk_node_new(p->dir->volume, mode);

    fk_use(n);
    n->target = target ? fk_strdup(target) : NULL;
    fk_add_name(p->dir, p->name, n);
    n->links += is_folder(n); /* its own "." */
    fk_unuse(n);
}

int fk_mkdirat(int dir, const char *path, mode_t mode)
{
    struct fk_place p;

    fk_enter();
    int os = find_free(dir, path, &p);
    if (os == 0 && (os = fk_point(FK_MKDIR, "mkdir", path)) == 0) {
        make(&p, S_IFDIR | (mode & 07777), NULL);
    }
    return (int)fk_done(os, 0);
}

char *fk_mkdtemp(char *path)
{
    memset(path + strlen(path) - 6, '0', 6);
    return fk_mkdirat(AT_FDCWD, path, 0700) == 0 || errno == EEXIST ? path : NULL;
}

int fk_symlinkat(const char *target, int dir, const char *path)
{
    struct fk_place p;

    fk_enter();
    int os = find_free(dir, path, &p);
    if (os == 0 && (os = fk_point(FK_CREATE, "symlink", path)) == 0) {
        make(&p, S_IFLNK | 0777, target);
    }
    return (int)fk_done(os, 0);
}

int fk_linkat(int from, const char *path, int to, const char *to_path, int flags)
{
    struct fk_place a, b;

    (void)flags;
    fk_enter();
    int os = find_there(from, path, 0, &a);
    os = os ? os : find_free(to, to_path, &b);
    if (os == 0) {
        os = is_folder(a.node)                 ? EPERM
             : a.node->volume != b.dir->volume ? EXDEV
             : a.node->links >= 65000          ? EMLINK
                                               : 0;
    }
    if (os == 0 && (os = fk_point(FK_LINK, "link", to_path)) == 0) {
        fk_add_name(b.dir, b.name, a.node);
    }
    return (int)fk_done(os, 0);
}

static int check_removal(const struct fk_place *p, int flags)
{
    if (!fk_may_write(p->dir)) {
        return EROFS;
    }
    if (!(flags & AT_REMOVEDIR)) {
        return is_folder(p->node) ? EISDIR : 0;
    }
    if (!is_folder(p->node)) {
        return ENOTDIR;
    }
    if (p->node == fk->volumes[p->node->volume].root) {
        return EBUSY;
    }
    return p->node->entries.n ? ENOTEMPTY : 0;
}

int fk_unlinkat(int dir, const char *path, int flags)
{
    struct fk_place p;

    fk_enter();
    int os = find_there(dir, path, 0, &p);
    os = os ? os : check_removal(&p, flags);
    if (os == 0 && (os = fk_point(FK_UNLINK, flags & AT_REMOVEDIR ? "rmdir" : "unlink",
                                  path)) == 0) {
        fk_drop_name(p.dir, p.name);
    }
    return (int)fk_done(os, 0);
}

static bool lies_below(const struct fk_node *n, const struct fk_node *top)
{
    for (; n; n = n->parent) {
        if (n == top) {
            return true;
        }
    }
    return false;
}

static int check_rename(const struct fk_place *a, const struct fk_place *b, bool keep)
{
    if (a->dir->volume != b->dir->volume || a->node->volume != a->dir->volume) {
        return EXDEV;
    }
    if (!fk_may_write(a->dir)) {
        return EROFS;
    }
    if (is_folder(a->node) && lies_below(b->dir, a->node)) {
        return EINVAL;
    }
    if (!b->node) {
        return 0;
    }
    if (keep) {
        return EEXIST;
    }
    if (is_folder(a->node) != is_folder(b->node)) {
        return is_folder(b->node) ? EISDIR : ENOTDIR;
    }
    return is_folder(b->node) && b->node->entries.n ? ENOTEMPTY : 0;
}

int fk_renameat2(int from, const char *path, int to, const char *to_path, unsigned flags)
{
    struct fk_place a, b;

    fk_enter();
    int os = find_there(from, path, 0, &a);
    os = os ? os : fk_find(to, to_path, 0, &b);
    os = os ? os : check_rename(&a, &b, flags & RENAME_NOREPLACE);
    if (os == 0 && a.node != b.node &&
        (os = fk_point(FK_RENAME, "rename", to_path)) == 0) {
        fk_move_name(a.dir, a.name, b.dir, b.name);
    }
    return (int)fk_done(os, 0);
}

ssize_t fk_readlinkat(int dir, const char *path, char *out, size_t n)
{
    struct fk_place p;
    char text[PATH_MAX];
    const char *target = text;
    int os = 0, fd, used = 0;

    fk_enter();
    if (sscanf(path, "/proc/self/fd/%d%n", &fd, &used) == 1 && path[used] == '\0') {
        struct fk_open *f = fk_open_of(fd);
        os = !f ? ENOENT : fk_path_of(f->node, text, sizeof text) ? 0 : ENAMETOOLONG;
    } else if (path[0] == '\0' && fk_open_of(dir)) {
        target = fk_open_of(dir)->node->target;
    } else if ((os = find_there(dir, path, 0, &p)) == 0) {
        target = p.node->target;
    }
    if (os != 0 || !target) {
        return fk_done(os ? os : EINVAL, 0);
    }
    size_t length = strlen(target);
    length = length < n ? length : n;
    memcpy(out, target, length);
    return fk_done(0, (long)length);
}

char *fk_realpath(const char *path, char *room)
{
    struct fk_place p;
    char *out = room ? room : malloc(PATH_MAX + FK_NAME + 2);

    fk_enter();
    int os = find_there(AT_FDCWD, path, FK_FOLLOW, &p);
    if (os == 0 && is_folder(p.node)) {
        os = fk_path_of(p.node, out, PATH_MAX) ? 0 : ENAMETOOLONG;
    } else if (os == 0) {
        os = fk_path_of(p.dir, out, PATH_MAX) ? 0 : ENAMETOOLONG;
        if (os == 0) {
            size_t n = strlen(out);
            snprintf(out + n, FK_NAME + 2, "%s%s", n > 1 ? "/" : "", p.name);
        }
    }
    if (os != 0 && !room) {
        free(out);
    }
    return fk_done(os, 0) == 0 ? out : NULL;
}

char *fk_getcwd(char *room, size_t n)
{
    char *out = room ? room : malloc(2);

    (void)n;
    return strcpy(out, "/");
}

/* ---- metadata ------------------------------------------------------------------------
 */

/* Look up and start a change: the metadata to edit. */
static int begin_meta(int dir, const char *path, int flags, const char *call,
                      struct fk_place *p, struct fk_meta *m)
{
    int os = find_there(dir, path, how_of(flags), p);

    if (os == 0 && !fk_may_write(p->node)) {
        os = EROFS;
    }
    if (os == 0 && (os = fk_point(FK_META, call, path)) == 0) {
        *m = p->node->meta;
    }
    return os;
}

int fk_fchmodat(int dir, const char *path, mode_t mode, int flags)
{
    struct fk_place p;
    struct fk_meta m;

    fk_enter();
    int os = begin_meta(dir, path, flags, "chmod", &p, &m);
    if (os == 0 && S_ISLNK(m.mode)) {
        os = EOPNOTSUPP;
    }
    if (os == 0) {
        m.mode = (m.mode & S_IFMT) | (mode & 07777);
        fk_change_meta(p.node, &m);
    }
    return (int)fk_done(os, 0);
}

int fk_fchownat(int dir, const char *path, uid_t uid, gid_t gid, int flags)
{
    struct fk_place p;
    struct fk_meta m;

    fk_enter();
    int os = begin_meta(dir, path, flags, "chown", &p, &m);
    if (os == 0) {
        m.uid = uid == (uid_t)-1 ? m.uid : uid;
        m.gid = gid == (gid_t)-1 ? m.gid : gid;
        if (S_ISREG(m.mode)) {
            m.mode &= ~(mode_t)(S_ISUID | S_ISGID);
        }
        fk_change_meta(p.node, &m);
    }
    return (int)fk_done(os, 0);
}

int fk_utimensat(int dir, const char *path, const struct timespec times[2], int flags)
{
    struct fk_place p;
    struct fk_meta m;

    fk_enter();
    int os = begin_meta(dir, path, flags, "set times of", &p, &m);
    if (os == 0) {
        m.atime = times[0].tv_sec * 1000000000 + times[0].tv_nsec;
        m.mtime = times[1].tv_sec * 1000000000 + times[1].tv_nsec;
        fk_change_meta(p.node, &m);
    }
    return (int)fk_done(os, 0);
}

/* ---- extended attributes: name NUL, length, value, again and again -------------------
 */

/* Offset of the attribute in the block, or its size. */
static size_t attribute_at(const struct fk_xattrs *x, const char *name)
{
    size_t at = 0, n;

    while (x && at < x->n && strcmp(x->bytes + at, name) != 0) {
        at += strlen(x->bytes + at) + 1;
        memcpy(&n, x->bytes + at, sizeof n);
        at += sizeof n + n;
    }
    return at;
}

static size_t attribute_size(const struct fk_xattrs *x, size_t at)
{
    size_t head = strlen(x->bytes + at) + 1, n;

    memcpy(&n, x->bytes + at + head, sizeof n);
    return head + sizeof n + n;
}

ssize_t fk_llistxattr(const char *path, char *list, size_t n)
{
    struct fk_place p;
    size_t total = 0;

    fk_enter();
    int os = find_there(AT_FDCWD, path, 0, &p);
    const struct fk_xattrs *x = os == 0 ? p.node->meta.xattrs : NULL;
    for (size_t at = 0; x && at < x->n && os == 0; at += attribute_size(x, at)) {
        size_t length = strlen(x->bytes + at) + 1;
        if (total + length > n) {
            os = ERANGE;
        } else {
            memcpy(list + total, x->bytes + at, length);
            total += length;
        }
    }
    return fk_done(os, (long)total);
}

ssize_t fk_lgetxattr(const char *path, const char *name, void *value, size_t n)
{
    struct fk_place p;
    size_t have = 0;

    fk_enter();
    int os = find_there(AT_FDCWD, path, 0, &p);
    const struct fk_xattrs *x = os == 0 ? p.node->meta.xattrs : NULL;
    size_t at = attribute_at(x, name);
    if (os == 0 && (!x || at >= x->n)) {
        os = ENODATA;
    }
    if (os == 0) {
        at += strlen(name) + 1;
        memcpy(&have, x->bytes + at, sizeof have);
        os = have > n ? ERANGE : 0;
    }
    if (os == 0) {
        memcpy(value, x->bytes + at + sizeof have, have);
    }
    return fk_done(os, (long)have);
}

/* The block without `name`, and with it again when value is not NULL. */
static struct fk_xattrs *changed(const struct fk_xattrs *x, const char *name,
                                 const void *value, size_t n)
{
    size_t old = x ? x->n : 0, at = attribute_at(x, name), length = strlen(name) + 1;
    size_t gone = at < old ? attribute_size(x, at) : 0;
    struct fk_xattrs *out = fk_alloc(sizeof *out + old + length + sizeof n + n);

    if (old) {
        memcpy(out->bytes, x->bytes, at);
        memcpy(out->bytes + at, x->bytes + at + gone, old - at - gone);
    }
    out->n = old - gone;
    if (value) {
        char *to = out->bytes + out->n;
        memcpy(to, name, length);
        memcpy(to + length, &n, sizeof n);
        memcpy(to + length + sizeof n, value, n);
        out->n += length + sizeof n + n;
    }
    return out;
}

static int set_attribute(const char *path, const char *name, const void *value, size_t n)
{
    struct fk_place p;
    struct fk_meta m;

    int os = find_there(AT_FDCWD, path, 0, &p);
    if (os == 0 && !value &&
        (!p.node->meta.xattrs ||
         attribute_at(p.node->meta.xattrs, name) >= p.node->meta.xattrs->n)) {
        return ENODATA;
    }
    os = begin_meta(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, "set an attribute of", &p, &m);
    if (os == 0) {
        m.xattrs = changed(m.xattrs, name, value, n);
        fk_change_meta(p.node, &m);
    }
    return os;
}

int fk_lsetxattr(const char *path, const char *name, const void *value, size_t n,
                 int flags)
{
    (void)flags;
    fk_enter();
    return (int)fk_done(set_attribute(path, name, n ? value : "", n), 0);
}

int fk_lremovexattr(const char *path, const char *name)
{
    fk_enter();
    return (int)fk_done(set_attribute(path, name, NULL, 0), 0);
}

int fk_statfs(const char *path, struct statfs *out)
{
    struct fk_place p;

    fk_enter();
    *out = (struct statfs){.f_type = 0xEF53};
    return (int)fk_done(find_there(AT_FDCWD, path, FK_FOLLOW, &p), 0);
}
