/* host_fs.c - single files and folders for steps. */
#include "steps/host_internal.h"

#include "platform/drives.h"

#include <stdlib.h>
#include <string.h>

/* A drive's root, or "/": it has no name in a folder. */
bool ts_path_is_root(const char *path)
{
    const char *p = path + (ts_path_has_letter(ts_str_of(path)) ? 2 : 0);

    return path[0] && p[strspn(p, "/\\")] == '\0' && (p != path || p[0] == '/');
}

enum ts_code ts_host_stat(struct ts_step_call *c, const char *path, struct ts_stat *out,
                          struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    char *name = NULL;
    enum ts_code rc;

    (void)c;
    if (ts_path_is_root(path)) {
        if ((rc = ts_path_open_dir(&dir, path, false, err)) == TS_OK) {
            rc = ts_dir_stat(dir, out, err);
        }
    } else if ((rc = ts_path_open_parent(&dir, &name, path, false, err)) == TS_OK) {
        rc = ts_stat_at(dir, name, out, err);
    }
    if (rc != TS_OK) {
        ts_err_context(err, "cannot look at %s", path);
    }
    ts_dir_close(dir);
    ts_free(name);
    return rc;
}

static enum ts_code read_all(struct ts_step_call *c, struct ts_file *f, size_t max,
                             struct ts_buf *out, struct ts_err *err)
{
    char bytes[32 * 1024];
    size_t got = 0;
    enum ts_code rc;

    do {
        if ((rc = ts_host_check(c, err)) != TS_OK ||
            (rc = ts_file_get(f, bytes, sizeof bytes, &got, err)) != TS_OK) {
            return rc;
        }
        if (got > max - out->n) {
            return ts_fail(err, TS_ELIMIT, "it has more than %llu bytes",
                           (unsigned long long)max);
        }
        ts_buf_add(out, bytes, got);
    } while (got);
    return TS_OK;
}

enum ts_code ts_host_read(struct ts_step_call *c, const char *path, size_t max,
                          struct ts_buf *out, struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    struct ts_file *f = NULL;
    char *name = NULL;
    struct ts_stat st;
    enum ts_code rc;

    ts_buf_clear(out);
    if ((rc = ts_path_open_parent(&dir, &name, path, false, err)) != TS_OK ||
        (rc = ts_stat_at(dir, name, &st, err)) != TS_OK) {
        goto done;
    }
    if (st.type != TS_F_FILE) { /* a pipe would make us wait for ever */
        rc = st.type == TS_F_LINK ? ts_fail(err, TS_ELINK, "it is a link")
                                  : ts_fail(err, TS_EINPUT, "it is not a file");
        goto done;
    }
    if ((rc = ts_file_open_at(&f, dir, name, TS_O_READ, 0, err)) == TS_OK) {
        rc = read_all(c, f, max, out, err);
    }
done:
    if (rc != TS_OK && rc != TS_ECANCELLED && rc != TS_ETIMEOUT) {
        ts_err_context(err, "cannot read %s", path);
    }
    ts_file_close(f);
    ts_dir_close(dir);
    ts_free(name);
    return rc;
}

void ts_drop_temporary(struct ts_dir *dir)
{
    if (ts_unlink_at(dir, TS_TEMPORARY, NULL) != TS_OK) {
        /* there is none, or making it will say what is wrong */
    }
}

/* ---- writing -------------------------------------------------------------------------
 */

static enum ts_code write_file(struct ts_dir *dir, const char *name, int flags,
                               uint32_t mode, ts_str text, struct ts_err *err)
{
    struct ts_file *f = NULL;
    enum ts_code rc;

    if ((rc = ts_file_open_at(&f, dir, name, flags, mode, err)) == TS_OK &&
        (rc = ts_file_write(f, text.p, text.n, err)) == TS_OK) {
        rc = ts_file_sync(f, err);
    }
    ts_file_close(f);
    return rc;
}

/* The old content or the new, never a part of it. */
static enum ts_code replace_file(struct ts_dir *dir, const char *name, ts_str text,
                                 const struct ts_stat *old, struct ts_err *err)
{
    uint32_t mode = old->type == TS_F_FILE ? old->mode & 0777 : 0644;
    enum ts_code rc;

    ts_drop_temporary(dir); /* left by a crash */
    rc = write_file(dir, TS_TEMPORARY, TS_O_APPEND | TS_O_CREATE | TS_O_EXCL, mode, text,
                    err);
    if (rc == TS_OK && old->type == TS_F_FILE) {
        rc = ts_set_meta_at(dir, TS_TEMPORARY, old, TS_META_MODE, err);
    }
    if (rc == TS_OK) {
        rc = ts_rename_at(dir, TS_TEMPORARY, dir, name, true, err);
    }
    if (rc != TS_OK) {
        ts_drop_temporary(dir);
    }
    return rc;
}

enum ts_code ts_host_write(struct ts_step_call *c, const char *path, ts_str text,
                           bool append, struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    char *name = NULL, *native = NULL;
    struct ts_stat old = {.type = TS_F_NONE};
    enum ts_code rc;

    if ((rc = ts_host_check(c, err)) != TS_OK) {
        return rc;
    }
    if ((rc = ts_path_open_parent(&dir, &name, path, true, err)) != TS_OK ||
        (rc = ts_path_native(&native, path, NULL, err)) != TS_OK ||
        (rc = ts_host_may_put(c, native, err)) != TS_OK) {
        goto done;
    }
    if (ts_stat_at(dir, name, &old, NULL) != TS_OK) {
        old = (struct ts_stat){.type = TS_F_NONE};
    }
    if (old.type == TS_F_DIR || old.type == TS_F_OTHER) {
        rc = ts_fail(err, TS_EEXIST, "it exists and is not a file");
    } else if (!append) {
        rc = replace_file(dir, name, text, &old, err);
    } else if (old.type == TS_F_LINK) {
        rc = ts_fail(err, TS_ELINK, "it is a link");
    } else {
        rc = write_file(dir, name, TS_O_APPEND | TS_O_CREATE, 0644, text, err);
    }
    if (rc == TS_OK) { /* the names too, also of folders that were made on the way */
        rc = ts_host_touched(c, dir, err);
    }
done:
    if (rc != TS_OK) {
        ts_err_context(err, "cannot write %s", path);
    }
    ts_dir_close(dir);
    ts_free(native);
    ts_free(name);
    return rc;
}

enum ts_code ts_host_mkdir(struct ts_step_call *c, const char *path, struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    enum ts_code rc = ts_host_check(c, err);

    if (rc == TS_OK && ((rc = ts_path_open_dir(&dir, path, true, err)) != TS_OK ||
                        (rc = ts_host_touched(c, dir, err)) != TS_OK)) {
        ts_err_context(err, "cannot make the folder %s", path);
    }
    ts_dir_close(dir);
    return rc;
}

/* ---- wildcards -----------------------------------------------------------------------
 */

bool ts_has_wildcard(const char *name)
{
    return strpbrk(name, "*?") != NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum ts_code ts_names_like(struct ts_dir *dir, const char *pattern, struct ts_names *out,
                           struct ts_err *err)
{
    size_t cap = 0;
    enum ts_code rc;
    enum ts_ftype type;
    const char *name;

    *out = (struct ts_names){0};
    ts_dir_rewind(dir);
    while ((rc = ts_dir_next(dir, &name, &type, err)) == TS_OK && name) {
        if (!ts_str_like(ts_str_of(name), ts_str_of(pattern))) {
            continue;
        }
        if (out->n == cap) {
            cap = cap ? cap * 2 : 16;
            out->v = ts_realloc_array(out->v, cap, sizeof *out->v);
        }
        out->v[out->n++] = ts_strdup(name);
    }
    if (out->n) {
        qsort(out->v, out->n, sizeof *out->v, by_text);
    }
    return rc;
}

void ts_names_free(struct ts_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        ts_free(names->v[i]);
    }
    ts_free(names->v);
    *names = (struct ts_names){0};
}
