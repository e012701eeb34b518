/* tree.c - making and copying files by folder handle. */
#include <string.h>

#include "base/mem.h"
#include "lab/lab_internal.h"

enum ts_code ts_tree_dir(struct ts_dir *d, const char *rel, struct ts_dir **out,
                         struct ts_err *err)
{
    ts_str rest = ts_str_of(rel), part;
    struct ts_dir *at = NULL, *next = NULL;
    enum ts_code rc = ts_dir_dup(&at, d, err);

    while (rc == TS_OK && ts_str_cut(&rest, '/', &part)) {
        char *name = ts_str_dup(part);

        rc = ts_mkdir_at(at, name, 0755, err);
        if (rc == TS_OK || rc == TS_EEXIST)
            rc = ts_dir_open_at(&next, at, name, err);
        ts_free(name);
        if (rc == TS_OK) {
            ts_dir_close(at);
            at = next;
        }
    }
    if (rc == TS_OK)
        *out = at;
    else
        ts_dir_close(at);
    return rc;
}

enum ts_code ts_tree_file(struct ts_dir *d, const char *rel, const void *p, size_t n,
                          struct ts_err *err)
{
    const char *slash = strrchr(rel, '/');
    char *folder = ts_str_dup((ts_str){rel, slash ? (size_t)(slash - rel) : 0});
    struct ts_dir *at = NULL;
    struct ts_file *f = NULL;
    enum ts_code rc = ts_tree_dir(d, folder, &at, err);

    if (rc == TS_OK)
        rc = ts_file_open_at(&f, at, slash ? slash + 1 : rel,
                             TS_O_CREATE | TS_O_TRUNC | TS_O_APPEND, 0644, err);
    if (rc == TS_OK)
        rc = ts_file_write(f, p, n, err);
    ts_file_close(f);
    ts_dir_close(at);
    ts_free(folder);
    return rc;
}

static enum ts_code copy_folder(struct ts_dir *from, struct ts_dir *to, const char *name,
                                struct ts_err *err)
{
    struct ts_dir *a = NULL, *b = NULL;
    enum ts_code rc = ts_dir_open_at(&a, from, name, err);

    if (rc == TS_OK)
        rc = ts_mkdir_at(to, name, 0755, err);
    if (rc == TS_OK || rc == TS_EEXIST)
        rc = ts_dir_open_at(&b, to, name, err);
    if (rc == TS_OK)
        rc = ts_tree_copy(a, b, err);
    ts_dir_close(a);
    ts_dir_close(b);
    return rc;
}

enum ts_code ts_tree_link(struct ts_dir *from, struct ts_dir *to, const char *name,
                          struct ts_err *err)
{
    struct ts_buf target = {0};
    enum ts_code rc = ts_readlink_at(from, name, &target, err);

    if (rc == TS_OK)
        rc = ts_symlink_at(to, name, ts_buf_text(&target), err);
    ts_buf_free(&target);
    return rc;
}

enum ts_code ts_tree_copy(struct ts_dir *from, struct ts_dir *to, struct ts_err *err)
{
    const char *entry;
    enum ts_ftype type;
    enum ts_code rc;

    while ((rc = ts_dir_next(from, &entry, &type, err)) == TS_OK && entry) {
        char *name = ts_strdup(entry);
        struct ts_stat st;

        rc = ts_stat_at(from, name, &st, err);
        if (rc == TS_OK && st.type == TS_F_DIR)
            rc = copy_folder(from, to, name, err);
        else if (rc == TS_OK && st.type == TS_F_LINK)
            rc = ts_tree_link(from, to, name, err);
        else if (rc == TS_OK && st.type == TS_F_FILE)
            rc = ts_copy_at(from, name, to, name, NULL, NULL, err);
        if (rc == TS_OK && (st.type == TS_F_DIR || st.type == TS_F_FILE))
            rc = ts_set_meta_at(to, name, &st, TS_META_MODE | TS_META_TIMES, err);
        ts_free(name);
        if (rc != TS_OK)
            return rc;
    }
    return rc;
}

enum ts_code ts_tree_empty(const char *path, struct ts_err *err)
{
    enum ts_code rc = ts_fs_remove_tree(path, err);

    return rc == TS_OK ? ts_fs_mkdirs(path, 0755, err) : rc;
}
