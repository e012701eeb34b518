/* walk.c - going through a tree, and copying it with its hard links. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "lab/lab_internal.h"
#include "platform/proc.h"
#include "platform/sysinfo.h"

#define BLOCK ((size_t)64 << 10)

static enum ts_code stopped(struct ts_err *err)
{
    return ts_fail(err, TS_ECANCELLED, "stopped by the user");
}

enum ts_code ts_tree_each(struct ts_dir *d, const char *prefix, ts_tree_fn *fn, void *ctx,
                          struct ts_err *err)
{
    const char *entry;
    enum ts_ftype type;
    enum ts_code rc;

    while ((rc = ts_dir_next(d, &entry, &type, err)) == TS_OK && entry) {
        char *path = ts_format("%s/%s", prefix, entry);
        const char *name = path + strlen(prefix) + 1;
        struct ts_dir *below = NULL;
        struct ts_stat st;

        if ((rc = ts_stat_at(d, name, &st, err)) == TS_OK)
            rc = fn(ctx, d, name, path, &st, err);
        if (rc == TS_OK && st.type == TS_F_DIR &&
            (rc = ts_dir_open_at(&below, d, name, err)) == TS_OK)
            rc = ts_tree_each(below, path, fn, ctx, err);
        ts_dir_close(below);
        ts_free(path);
        if (rc != TS_OK)
            return rc;
    }
    return rc;
}

static enum ts_code unlock(void *ctx, struct ts_dir *d, const char *name,
                           const char *path, const struct ts_stat *st, struct ts_err *err)
{
    struct ts_stat open = *st;

    (void)ctx, (void)path;
    if (st->type != TS_F_DIR || (st->mode & 0700) == 0700)
        return TS_OK;
    open.mode |= 0700;
    return ts_set_meta_at(d, name, &open, TS_META_MODE, err);
}

enum ts_code ts_tree_discard(const char *path, struct ts_err *err)
{
    struct ts_dir *d = NULL;
    enum ts_code rc = ts_fs_remove_tree(path, err);

    if (rc != TS_EACCESS)
        return rc;
    if ((rc = ts_dir_open(&d, path, true, err)) == TS_OK)
        rc = ts_tree_each(d, path, unlock, NULL, err);
    ts_dir_close(d);
    return rc == TS_OK ? ts_fs_remove_tree(path, err) : rc;
}

static bool all_zero(const char *p, size_t n)
{
    return n && p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* Fill the block unless the file ends. */
static enum ts_code read_block(struct ts_file *f, char *block, size_t *n,
                               struct ts_err *err)
{
    enum ts_code rc = TS_OK;
    size_t got = 1;

    for (*n = 0; rc == TS_OK && got && *n < BLOCK; *n += got)
        rc = ts_file_get(f, block + *n, BLOCK - *n, &got, err);
    return rc;
}

/* A block of zeros adds only its length: sparse files are large. */
static void add_block(struct ts_sha256 *h, const char *block, size_t n)
{
    char head[32];
    bool zero = all_zero(block, n);
    int length = snprintf(head, sizeof head, "%c%zu:", zero ? 'z' : 'd', n);

    ts_sha256_add(h, head, (size_t)length);
    if (!zero)
        ts_sha256_add(h, block, n);
}

enum ts_code ts_tree_sum(struct ts_dir *d, const char *name, char hex[65],
                         struct ts_err *err)
{
    struct ts_sha256 *h = ts_sha256_new();
    char *block = ts_realloc_array(NULL, BLOCK, 1);
    struct ts_file *f = NULL;
    uint8_t sum[32];
    size_t n = 1;
    enum ts_code rc = ts_file_open_at(&f, d, name, TS_O_READ, 0, err);

    while (rc == TS_OK && n) {
        if ((rc = read_block(f, block, &n, err)) == TS_OK && n)
            add_block(h, block, n);
        if (rc == TS_OK && ts_cancelled())
            rc = stopped(err);
    }
    ts_file_close(f);
    ts_free(block);
    ts_sha256_end(h, sum);
    ts_hex(hex, sum, sizeof sum);
    return rc;
}

/* ---- a copy that keeps hard links ----------------------------------------------------
 */

struct clone {
    struct ts_dir *root; /* of the copy */
    struct ts_map names; /* "volume:id" of files with several names: path in the copy */
    struct ts_arena arena;
    int meta;
};

/* Give the file that was copied as `first` one more name.  */
static enum ts_code link_again(struct clone *c, const char *first, struct ts_dir *to,
                               const char *name, struct ts_err *err)
{
    const char *slash = strrchr(first, '/');
    char *folder = slash ? ts_str_dup((ts_str){first, (size_t)(slash - first)}) : NULL;
    struct ts_dir *at = NULL;
    enum ts_code rc = folder ? ts_dir_open_at(&at, c->root, folder, err)
                             : ts_dir_dup(&at, c->root, err);

    if (rc == TS_OK)
        rc = ts_link_at(at, slash ? slash + 1 : first, to, name, err);
    ts_dir_close(at);
    ts_free(folder);
    return rc;
}

static bool keep_going(void *ctx, uint64_t bytes)
{
    (void)ctx, (void)bytes;
    return !ts_cancelled();
}

static enum ts_code clone_file(struct clone *c, struct ts_dir *from, struct ts_dir *to,
                               const char *name, const char *path,
                               const struct ts_stat *st, bool *linked, struct ts_err *err)
{
    char *key = NULL;
    const char *first = NULL;
    enum ts_code rc;

    if (st->links > 1) {
        key = ts_format("%llx:%llx", (unsigned long long)st->volume,
                        (unsigned long long)st->id);
        first = ts_map_get(&c->names, ts_str_of(key));
        if (!first)
            ts_map_set(&c->names, ts_str_of(key), ts_arena_strz(&c->arena, path));
    }
    ts_free(key);
    *linked = first != NULL;
    rc = first ? link_again(c, first, to, name, err)
               : ts_copy_at(from, name, to, name, keep_going, NULL, err);
    return rc;
}

static enum ts_code clone_meta(const struct clone *c, struct ts_dir *from,
                               struct ts_dir *to, const char *name,
                               const struct ts_stat *st, struct ts_err *err)
{
    struct ts_buf extra = {0};
    enum ts_code rc = TS_OK;

    if (st->type != TS_F_LINK && (rc = ts_get_extra_at(from, name, &extra, err)) == TS_OK)
        rc = ts_set_extra_at(to, name, ts_buf_view(&extra), err);
    ts_buf_free(&extra);
    return rc == TS_OK ? ts_set_meta_at(to, name, st, c->meta, err) : rc;
}

static enum ts_code clone_folder(struct clone *c, struct ts_dir *from, struct ts_dir *to,
                                 const char *prefix, struct ts_err *err);

static enum ts_code clone_entry(struct clone *c, struct ts_dir *from, struct ts_dir *to,
                                const char *name, const char *path, struct ts_err *err)
{
    struct ts_dir *a = NULL, *b = NULL;
    struct ts_stat st;
    bool linked = false;
    enum ts_code rc = ts_stat_at(from, name, &st, err);

    if (rc != TS_OK || st.type == TS_F_OTHER || st.type == TS_F_NONE)
        return rc;
    if (st.type == TS_F_FILE)
        rc = clone_file(c, from, to, name, path, &st, &linked, err);
    else if (st.type == TS_F_LINK)
        rc = ts_tree_link(from, to, name, err);
    else if ((rc = ts_mkdir_at(to, name, 0700, err)) == TS_OK &&
             (rc = ts_dir_open_at(&a, from, name, err)) == TS_OK &&
             (rc = ts_dir_open_at(&b, to, name, err)) == TS_OK)
        rc = clone_folder(c, a, b, path, err);
    if (rc == TS_OK && !linked)
        rc = clone_meta(c, from, to, name, &st, err);
    ts_dir_close(a);
    ts_dir_close(b);
    return rc;
}

static enum ts_code clone_folder(struct clone *c, struct ts_dir *from, struct ts_dir *to,
                                 const char *prefix, struct ts_err *err)
{
    const char *entry;
    enum ts_ftype type;
    enum ts_code rc;

    while ((rc = ts_dir_next(from, &entry, &type, err)) == TS_OK && entry) {
        char *path = *prefix ? ts_format("%s/%s", prefix, entry) : ts_format("%s", entry);
        const char *name = *prefix ? path + strlen(prefix) + 1 : path;

        rc = ts_cancelled() ? stopped(err) : clone_entry(c, from, to, name, path, err);
        ts_free(path);
        if (rc != TS_OK)
            return rc;
    }
    return rc;
}

enum ts_code ts_tree_clone(const char *from, const char *to, struct ts_err *err)
{
    struct clone c = {.meta = TS_META_MODE | TS_META_TIMES | TS_META_ATTRIBUTES |
                              (ts_is_admin() ? TS_META_OWNER : 0)};
    struct ts_dir *source = NULL;
    enum ts_code rc = ts_dir_open(&source, from, false, err);

    if (rc == TS_OK && ts_fs_exists(to))
        rc = ts_fail(err, TS_EEXIST, "%s exists already", to);
    if (rc == TS_OK)
        rc = ts_fs_mkdirs(to, 0755, err);
    if (rc == TS_OK)
        rc = ts_dir_open(&c.root, to, true, err);
    if (rc == TS_OK)
        rc = clone_folder(&c, source, c.root, "", err);
    ts_dir_close(c.root);
    ts_dir_close(source);
    ts_map_fini(&c.names, NULL);
    ts_arena_fini(&c.arena);
    return rc == TS_OK ? TS_OK : ts_err_context(err, "cannot copy %s", from);
}
