/* host_delete.c - deleting files and trees for steps. */
#include "steps/host_internal.h"

#include "platform/drives.h"
#include "steps/tree.h"

#include <string.h>

static enum ts_code check_call(void *ctx, struct ts_err *err)
{
    return ts_host_check(ctx, err);
}

static enum ts_code refuse_path(struct ts_step_call *c, const char *native,
                                struct ts_err *err)
{
    const struct ts_host *h = c->host;
    char *shown;

    if (!ts_host_is_protected(h, native) && !ts_host_holds_protected(h, native)) {
        return TS_OK;
    }
    shown = ts_path_display(native);
    ts_fail(err, TS_EREFUSED,
            "%s is not deleted: it %s, which the running sequence needs", shown,
            ts_host_is_protected(h, native) ? "is or lies in a protected folder"
                                            : "holds a protected folder");
    ts_free(shown);
    return TS_EREFUSED;
}

/* Protected by any of its paths: as named, and with links on the way resolved. */
static enum ts_code refuse_protected(struct ts_step_call *c, const char *folder,
                                     const char *name, struct ts_err *err)
{
    char *path = ts_path_join(folder, name), *real = NULL, *real_path = NULL;
    enum ts_code rc = refuse_path(c, path, err);

    if (rc == TS_OK && ts_fs_real(folder, &real, NULL) == TS_OK) {
        real_path = ts_path_join(real, name);
        rc = refuse_path(c, real_path, err);
    }
    ts_free(path);
    ts_free(real);
    ts_free(real_path);
    return rc;
}

static enum ts_code delete_one(struct ts_step_call *c, struct ts_dir *dir,
                               const char *name, bool recurse, uint64_t *files,
                               struct ts_err *err)
{
    struct ts_stat st;
    struct ts_err why = {0};
    enum ts_code rc = ts_stat_at(dir, name, &st, &why);

    if (rc != TS_OK) {
        return rc == TS_ENOTFOUND ? TS_OK : ts_fail(err, rc, "%s", why.text);
    }
    if ((rc = ts_host_check(c, err)) != TS_OK) {
        return rc;
    }
    ts_host_progress(c, -1, name);
    if (st.type != TS_F_DIR) {
        rc = ts_unlink_at(dir, name, err);
        *files += rc == TS_OK;
        return rc;
    }
    if (recurse) {
        return ts_tree_remove(dir, name, check_call, c, files, err);
    }
    rc = ts_rmdir_at(dir, name, &why);
    return rc == TS_OK       ? TS_OK
           : rc == TS_EEXIST ? ts_fail(err, TS_EEXIST,
                                       "the folder %s is not empty, and deleting what is "
                                       "in it was not asked for",
                                       name)
                             : ts_fail(err, rc, "%s", why.text);
}

/* Nothing goes unless all of it may go. */
static enum ts_code delete_matches(struct ts_step_call *c, struct ts_dir *dir,
                                   const char *folder, const char *pattern, bool recurse,
                                   uint64_t *files, struct ts_err *err)
{
    struct ts_names names;
    struct ts_stat st;
    enum ts_code rc = ts_names_like(dir, pattern, &names, err);

    for (size_t i = 0; i < names.n && rc == TS_OK; i++) {
        rc = refuse_protected(c, folder, names.v[i], err);
    }
    for (size_t i = 0; i < names.n && rc == TS_OK; i++) {
        /* Without recurse a pattern means files. */
        if (!recurse && ts_stat_at(dir, names.v[i], &st, NULL) == TS_OK &&
            st.type == TS_F_DIR) {
            continue;
        }
        rc = delete_one(c, dir, names.v[i], recurse, files, err);
    }
    ts_names_free(&names);
    return rc;
}

/* Native path of the folder that holds `path`'s last part, whose real name is `name`. */
static enum ts_code folder_of(char **out, const char *path, struct ts_err *err)
{
    enum ts_code rc = ts_path_native(out, path, NULL, err);

    if (rc == TS_OK) {
        size_t n = strlen(*out);
        while (n > 1 && ((*out)[n - 1] == '/' || (*out)[n - 1] == '\\')) {
            n--;
        }
        while (n > 1 && (*out)[n - 1] != '/' && (*out)[n - 1] != '\\') {
            n--;
        }
        (*out)[n] = '\0';
    }
    return rc;
}

enum ts_code ts_host_delete(struct ts_step_call *c, const char *path, bool recurse,
                            uint64_t *files, struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    char *name = NULL, *folder = NULL;
    uint64_t count = 0;
    struct ts_err why = {0};
    enum ts_code rc;

    if (ts_path_is_root(path)) {
        return ts_fail(
            err, TS_EREFUSED,
            "%s is a whole drive; name what is in it, or use a step that wipes "
            "or formats",
            path);
    }
    if ((rc = folder_of(&folder, path, err)) != TS_OK) {
        goto done;
    }
    rc = ts_path_open_parent(&dir, &name, path, false, &why);
    if (rc != TS_OK) {
        rc = rc == TS_ENOTFOUND ? TS_OK : ts_fail(err, rc, "%s", why.text);
        goto done;
    }
    if (ts_has_wildcard(name)) {
        rc = delete_matches(c, dir, folder, name, recurse, &count, err);
    } else if ((rc = refuse_protected(c, folder, name, err)) == TS_OK) {
        rc = delete_one(c, dir, name, recurse, &count, err);
    }
    if (rc == TS_OK) {
        rc = ts_host_touched(c, dir, err);
    }
    if (rc != TS_OK && rc != TS_EREFUSED && rc != TS_ECANCELLED && rc != TS_ETIMEOUT) {
        ts_err_context(err, "cannot delete %s", path);
    }
done:
    if (files) {
        *files = count;
    }
    ts_dir_close(dir);
    ts_free(name);
    ts_free(folder);
    return rc;
}
