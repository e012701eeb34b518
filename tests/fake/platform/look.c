/* look.c - what stands on the disks, for tests that compare. */
#include "inside.h"

#include "base/mem.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct lines {
    char **v;
    size_t n, cap;
    bool meta;
};

static void add(struct lines *l, const char *path, const struct fk_node *n)
{
    struct ts_buf b = {0};
    char type = S_ISDIR(n->meta.mode) ? 'd' : S_ISLNK(n->meta.mode) ? 'l' : 'f';

    for (const char *p = path; *p; p++) {
        ts_buf_c(&b, *p == '\n' ? '?' : *p);
    }
    ts_buf_fmt(&b, " %c", type);
    if (l->meta) {
        ts_buf_fmt(&b, " %o %u:%u", n->meta.mode & 07777, n->meta.uid, n->meta.gid);
        ts_buf_fmt(&b, " %" PRId64, n->meta.mtime);
    }
    if (type == 'f') {
        ts_buf_fmt(&b, " %" PRIu64 " %016" PRIx64, n->data.size,
                   fk_content_hash(&n->data));
    }
    ts_buf_fmt(&b, "%s%s\n", n->target ? " -> " : "", n->target ? n->target : "");
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->v = ts_realloc_array(l->v, l->cap, sizeof *l->v);
    }
    l->v[l->n++] = ts_buf_take(&b);
}

static void walk(struct lines *l, const char *path, const struct fk_node *n)
{
    n = n->mounted ? n->mounted : n;
    for (size_t i = 0; i < n->entries.n; i++) {
        char *below = ts_format("%s/%s", path, n->entries.list[i].name);
        add(l, below, n->entries.list[i].node);
        walk(l, below, n->entries.list[i].node);
        ts_free(below);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void fk_picture(const char *path, bool meta, struct ts_buf *out)
{
    struct lines l = {.meta = meta};
    struct fk_place p;

    fk_enter();
    if (fk_find(AT_FDCWD, path, FK_FOLLOW, &p) != 0 || !p.node) {
        fk_leave();
        ts_buf_z(out, "nothing there\n");
        return;
    }
    add(&l, "", p.node);
    walk(&l, "", p.node);
    fk_leave();
    qsort(l.v, l.n, sizeof *l.v, by_text);
    for (size_t i = 0; i < l.n; i++) {
        ts_buf_z(out, l.v[i]);
        ts_free(l.v[i]);
    }
    ts_free(l.v);
}

static void each(const struct fk_node *n, void (*fn)(void *ctx, uint64_t content),
                 void *ctx)
{
    if (S_ISREG(n->meta.mode)) {
        fn(ctx, fk_content_hash(&n->data));
    }
    n = n->mounted ? n->mounted : n;
    for (size_t i = 0; i < n->entries.n; i++) {
        each(n->entries.list[i].node, fn, ctx);
    }
}

void fk_each_content(const char *path, void (*fn)(void *ctx, uint64_t content), void *ctx)
{
    struct fk_place p;

    if (fk_find(AT_FDCWD, path, FK_FOLLOW, &p) == 0 && p.node) {
        each(p.node, fn, ctx);
    }
}
