/* path.c - from a path to a node. */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_PATH = 4096, MOST_LINKS = 40 };

static bool is(const struct fk_node *n, mode_t type)
{
    return (n->meta.mode & S_IFMT) == type;
}

static struct fk_node *root(void)
{
    return fk->volumes[1].root;
}

/* The folder above, also out of a volume. */
static struct fk_node *above(struct fk_node *n)
{
    if (n == root()) {
        return n;
    }
    if (n == fk->volumes[n->volume].root) {
        n = n->parent; /* where it is mounted */
    }
    return n->parent ? n->parent : n;
}

struct walk {
    int how, links;
};

static int walk(struct walk *w, struct fk_node *at, const char *path, bool follow,
                struct fk_place *p);

/* Put the node a link leads to in place of it. */
static int follow_link(struct walk *w, struct fk_place *p)
{
    struct fk_place to;
    int os;

    if (w->how & FK_NO_LINKS || ++w->links > MOST_LINKS) {
        return ELOOP;
    }
    if ((os = walk(w, p->dir, p->node->target, true, &to)) != 0) {
        return os;
    }
    *p = to;
    return 0;
}

static int one_part(struct walk *w, struct fk_place *p, const char *part, bool last,
                    bool follow)
{
    struct fk_node *at = p->node;

    if (!is(at, S_IFDIR)) {
        return ENOTDIR;
    }
    if (strcmp(part, ".") == 0) {
        return 0;
    }
    if (strcmp(part, "..") == 0) {
        if (w->how & FK_BENEATH) {
            return EXDEV;
        }
        p->node = above(at);
        p->dir = above(p->node);
        return 0;
    }
    p->dir = at;
    snprintf(p->name, sizeof p->name, "%s", part);
    p->node = fk_look(&at->entries, part);
    if (!p->node) {
        return last ? 0 : ENOENT;
    }
    if (is(p->node, S_IFLNK) && (!last || follow)) {
        int os = follow_link(w, p);
        if (os != 0 || (!p->node && !last)) {
            return os ? os : ENOENT;
        }
    }
    if (p->node && p->node->mounted) {
        p->node = p->node->mounted;
    }
    return 0;
}

static int walk(struct walk *w, struct fk_node *at, const char *path, bool follow,
                struct fk_place *p)
{
    char part[FK_NAME + 1];

    if (path[0] == '/') {
        if (w->how & FK_BENEATH) {
            return EXDEV;
        }
        at = root();
        path += strspn(path, "/");
    }
    *p = (struct fk_place){.dir = above(at), .node = at, .name = "."};
    while (*path) {
        size_t n = strcspn(path, "/"), gap = strspn(path + n, "/");
        bool last = path[n + gap] == '\0';
        if (n > FK_NAME) {
            return ENAMETOOLONG;
        }
        memcpy(part, path, n);
        part[n] = '\0';
        int os = one_part(w, p, part, last, follow || gap > 0);
        if (os != 0) {
            return os;
        }
        if (last && gap > 0 && p->node && !is(p->node, S_IFDIR)) {
            return ENOTDIR;
        }
        path += n + gap;
    }
    return 0;
}

/* "/proc/self/fd/N/rest" leads through an open folder. */
static bool through_handle(int *dir, const char **path)
{
    int fd, n = 0;

    if (sscanf(*path, "/proc/self/fd/%d%n", &fd, &n) != 1 || n == 0) {
        return false;
    }
    *dir = fd;
    *path += n;
    *path += strspn(*path, "/");
    return true;
}

int fk_find(int dir, const char *path, int how, struct fk_place *p)
{
    struct fk_node *at = root();
    struct walk w = {.how = how};
    bool handle = through_handle(&dir, &path);

    if (!handle && path[0] == '\0') {
        return ENOENT;
    }
    if (strlen(path) >= LONGEST_PATH) {
        return ENAMETOOLONG;
    }
    if (path[0] != '/' && dir != AT_FDCWD) {
        struct fk_open *f = fk_open_of(dir);
        if (!f) {
            return EBADF;
        }
        at = f->node;
        if (path[0] && !is(at, S_IFDIR)) {
            return ENOTDIR;
        }
    }
    return walk(&w, at, path, how & FK_FOLLOW, p);
}

static const char *name_in(const struct fk_node *dir, const struct fk_node *n)
{
    for (size_t i = 0; i < dir->entries.n; i++) {
        if (dir->entries.list[i].node == n) {
            return dir->entries.list[i].name;
        }
    }
    return NULL;
}

char *fk_path_of(const struct fk_node *n, char *out, size_t size)
{
    size_t at = size;

    out[--at] = '\0';
    while (n != root()) {
        if (n == fk->volumes[n->volume].root) {
            n = n->parent;
        }
        const char *name = n->parent ? name_in(n->parent, n) : NULL;
        size_t length = name ? strlen(name) : 0;
        if (!name || length + 1 > at) {
            return NULL;
        }
        at -= length;
        memcpy(out + at, name, length);
        out[--at] = '/';
        n = n->parent;
    }
    if (out[at] == '\0') {
        out[--at] = '/';
    }
    memmove(out, out + at, size - at);
    return out;
}

bool fk_may_write(const struct fk_node *n)
{
    return !fk->volumes[n->volume].readonly;
}

void fk_stat_fill(struct stat *st, const struct fk_node *n)
{
    size_t pages = 0;

    for (size_t i = 0; i < n->data.n; i++) {
        pages += n->data.pages[i] != NULL;
    }
    *st = (struct stat){
        .st_dev = (dev_t)n->volume,
        .st_ino = n->id,
        .st_mode = n->meta.mode,
        .st_nlink = n->links,
        .st_uid = n->meta.uid,
        .st_gid = n->meta.gid,
        .st_size = (off_t)(n->target ? strlen(n->target) : n->data.size),
        .st_blocks = (blkcnt_t)(pages * (FK_PAGE / 512)),
        .st_blksize = FK_PAGE,
        .st_atim = {n->meta.atime / 1000000000, n->meta.atime % 1000000000},
        .st_mtim = {n->meta.mtime / 1000000000, n->meta.mtime % 1000000000},
    };
    st->st_ctim = st->st_mtim;
}
