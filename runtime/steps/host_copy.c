/* host_copy.c - copying files and trees for steps. */
#include "steps/host_internal.h"

#include "platform/drives.h"
#include "steps/target.h"

#include <string.h>

struct copy {
    struct ts_step_call *call;
    const struct ts_copy_spec *spec;
    struct ts_target *to;
    struct ts_stat to_st; /* of the target's folder: it must not be copied into itself */
    bool again;           /* an earlier attempt may have copied some of it already */
    struct ts_err *err;
};

/* ---- one entry -----------------------------------------------------------------------
 */

static bool on_bytes(void *ctx, uint64_t bytes)
{
    struct copy *w = ctx;

    w->to->bytes += bytes;
    return ts_host_check(w->call, NULL) == TS_OK;
}

/* Content first under a temporary name: a cut leaves no half file under the real one. */
static enum ts_code copy_content(struct copy *w, struct ts_dir *from, const char *name,
                                 const struct ts_stat *st, struct ts_dir *to)
{
    uint64_t before = w->to->bytes;
    enum ts_code rc;

    ts_drop_temporary(to);
    rc = ts_copy_at(from, name, to, TS_TEMPORARY, on_bytes, w, w->err);
    if (rc == TS_ECANCELLED && (rc = ts_host_check(w->call, w->err)) == TS_OK) {
        rc = TS_ECANCELLED;
    }
    if (rc == TS_OK) {
        rc = ts_set_meta_at(to, TS_TEMPORARY, st,
                            TS_META_MODE | TS_META_TIMES | TS_META_ATTRIBUTES, w->err);
    }
    if (rc != TS_OK) {
        w->to->bytes = before;
    }
    return rc;
}

static enum ts_code copy_link(struct copy *w, struct ts_dir *from, const char *name,
                              const struct ts_stat *st, struct ts_dir *to)
{
    struct ts_buf text = {0};
    enum ts_code rc;

    ts_drop_temporary(to);
    if ((rc = ts_readlink_at(from, name, &text, w->err)) == TS_OK &&
        (rc = ts_symlink_at(to, TS_TEMPORARY, ts_buf_text(&text), w->err)) == TS_OK) {
        rc = ts_set_meta_at(to, TS_TEMPORARY, st, TS_META_TIMES, w->err);
    }
    ts_buf_free(&text);
    return rc;
}

static enum ts_code same_link(struct copy *w, struct ts_dir *from, const char *name,
                              const struct ts_spot *spot, bool *same)
{
    struct ts_buf a = {0}, b = {0};
    enum ts_code rc;

    if ((rc = ts_readlink_at(from, name, &a, w->err)) == TS_OK &&
        (rc = ts_readlink_at(spot->dir, spot->name, &b, w->err)) == TS_OK) {
        *same = ts_str_eq(ts_buf_view(&a), ts_buf_view(&b));
    }
    ts_buf_free(&a);
    ts_buf_free(&b);
    return rc;
}

/* Did an earlier attempt copy it already? */
static enum ts_code is_copied(struct copy *w, struct ts_dir *from, const char *name,
                              const struct ts_stat *st, const struct ts_spot *spot,
                              bool *same)
{
    *same = false;
    if (!w->again || st->type != spot->st.type) {
        return TS_OK;
    }
    if (st->type == TS_F_LINK) {
        return same_link(w, from, name, spot, same);
    }
    return st->size != spot->st.size
               ? TS_OK
               : ts_same_content_at(from, name, spot->dir, spot->name, same, w->err);
}

static bool same_meta(const struct ts_stat *a, const struct ts_stat *b)
{
    return a->mtime_ns == b->mtime_ns && a->attributes == b->attributes &&
           (a->type == TS_F_LINK || a->mode == b->mode);
}

/* May `spot` be replaced by this entry?  *done: it holds the same already. */
static enum ts_code check_existing(struct copy *w, struct ts_dir *from, const char *name,
                                   const struct ts_stat *st, const struct ts_spot *spot,
                                   const char *rel, bool *done)
{
    bool same = false;

    *done = false;
    if (spot->st.type == TS_F_NONE) {
        return TS_OK;
    }
    if (spot->st.type == TS_F_DIR) {
        return ts_fail(w->err, TS_EEXIST, "cannot copy %s: a folder has that name in %s",
                       rel, w->spec->to);
    }
    if (spot->st.id == st->id && spot->st.volume == st->volume) {
        *done = true; /* the file itself */
        return TS_OK;
    }
    enum ts_code rc = is_copied(w, from, name, st, spot, &same);
    if (rc != TS_OK) {
        return rc;
    }
    /* What is whole is left alone: the time of its folder may be set already. */
    *done = same && (!w->spec->overwrite || same_meta(st, &spot->st));
    return same || w->spec->overwrite
               ? TS_OK
               : ts_fail(w->err, TS_EEXIST,
                         "cannot copy %s: it exists in %s, and overwriting was not "
                         "asked for",
                         rel, w->spec->to);
}

static enum ts_code copy_entry(struct copy *w, struct ts_dir *from, const char *name,
                               const char *rel, const struct ts_stat *st)
{
    struct ts_spot spot;
    bool done;
    enum ts_code rc = ts_target_step(w->to, rel, w->err);

    if (rc != TS_OK) {
        return rc;
    }
    if (st->type == TS_F_OTHER) {
        ts_host_log(w->call, TS_LOG_WARNING,
                    "%s is left out: it is a device, pipe or socket", rel);
        return TS_OK;
    }
    if ((rc = ts_target_spot(w->to, rel, false, &spot, w->err)) != TS_OK) {
        return rc;
    }
    if (spot.keep) {
        return TS_OK;
    }
    rc = check_existing(w, from, name, st, &spot, rel, &done);
    if (rc == TS_OK && !done) {
        rc = st->type == TS_F_LINK ? copy_link(w, from, name, st, spot.dir)
                                   : copy_content(w, from, name, st, spot.dir);
        if (rc == TS_OK) {
            rc = ts_rename_at(spot.dir, TS_TEMPORARY, spot.dir, spot.name,
                              w->spec->overwrite, w->err);
        }
        if (rc != TS_OK) {
            ts_drop_temporary(spot.dir);
        }
    }
    w->to->files += rc == TS_OK;
    ts_spot_fini(&spot);
    return rc;
}

/* ---- trees ---------------------------------------------------------------------------
 */

static enum ts_code copy_enter(void *ctx, const struct ts_tree_entry *e, bool *descend,
                               struct ts_err *err)
{
    struct copy *w = ctx;
    bool keep = false;
    enum ts_code rc;

    *descend = w->spec->recurse;
    if (!*descend) {
        return TS_OK;
    }
    if (e->st->id == w->to_st.id && e->st->volume == w->to_st.volume) {
        return ts_fail(err, TS_EINPUT, "%s is to be copied into itself", w->spec->from);
    }
    rc = ts_target_folder(w->to, e->rel, e->st, TS_META_MODE | TS_META_TIMES, (ts_str){0},
                          true, &keep, err);
    *descend = !keep;
    return rc;
}

static enum ts_code copy_other(void *ctx, const struct ts_tree_entry *e,
                               struct ts_err *err)
{
    (void)err;
    return copy_entry(ctx, e->dir, e->name, e->rel, e->st);
}

static enum ts_code copy_tree(struct copy *w, struct ts_dir *top)
{
    struct ts_tree_ops ops = {w, copy_enter, NULL, copy_other};

    return ts_tree_walk(top, &ops, w->err);
}

/* A folder that was named or matched, under its own name below the target. */
struct prefixed {
    struct copy *w;
    const char *name;
};

static enum ts_code prefixed_entry(void *ctx, const struct ts_tree_entry *e,
                                   bool *descend, struct ts_err *err)
{
    struct prefixed *p = ctx;
    struct ts_tree_entry below = *e;
    char *rel = ts_format("%s/%s", p->name, e->rel);
    enum ts_code rc;

    below.rel = rel;
    rc = descend ? copy_enter(p->w, &below, descend, err) : copy_other(p->w, &below, err);
    ts_free(rel);
    return rc;
}

static enum ts_code prefixed_other(void *ctx, const struct ts_tree_entry *e,
                                   struct ts_err *err)
{
    return prefixed_entry(ctx, e, NULL, err);
}

static enum ts_code copy_below_name(struct copy *w, struct ts_dir *from, const char *name,
                                    const struct ts_stat *st)
{
    struct prefixed p = {w, name};
    struct ts_tree_ops ops = {&p, prefixed_entry, NULL, prefixed_other};
    struct ts_tree_entry e = {from, name, name, st};
    struct ts_dir *top = NULL;
    bool descend;
    enum ts_code rc = copy_enter(w, &e, &descend, w->err);

    if (rc == TS_OK && descend &&
        (rc = ts_dir_open_at(&top, from, name, w->err)) == TS_OK) {
        rc = ts_tree_walk(top, &ops, w->err);
    }
    ts_dir_close(top);
    return rc;
}

/* ---- what was named ------------------------------------------------------------------
 */

static enum ts_code open_target(struct copy *w, const char *path)
{
    enum ts_code rc = ts_target_open(&w->to, w->call, path, w->err);

    if (rc == TS_OK) {
        w->to->keep_protected = w->to->is_copy = true;
        rc = ts_host_may_put(w->call, w->to->native, w->err);
    }
    return rc == TS_OK ? ts_dir_stat(w->to->levels[0].dir, &w->to_st, w->err) : rc;
}

static enum ts_code copy_matches(struct copy *w, struct ts_dir *from, const char *pattern)
{
    struct ts_names names;
    struct ts_stat st;
    enum ts_code rc = ts_names_like(from, pattern, &names, w->err);

    if (rc == TS_OK && names.n == 0) {
        rc = ts_fail(w->err, TS_ENOTFOUND, "nothing matches %s", w->spec->from);
    }
    if (rc == TS_OK) {
        rc = open_target(w, w->spec->to);
    }
    for (size_t i = 0; i < names.n && rc == TS_OK; i++) {
        if ((rc = ts_stat_at(from, names.v[i], &st, w->err)) != TS_OK) {
            break;
        }
        rc = st.type == TS_F_DIR ? copy_below_name(w, from, names.v[i], &st)
                                 : copy_entry(w, from, names.v[i], names.v[i], &st);
    }
    ts_names_free(&names);
    return rc;
}

static enum ts_code copy_as(struct copy *w, struct ts_dir *from, const char *name,
                            const char *as, const struct ts_stat *st)
{
    char *native = ts_path_join(w->to->native, as);
    /* What was named itself is refused, not left out. */
    enum ts_code rc = ts_host_may_put(w->call, native, w->err);

    ts_free(native);
    return rc == TS_OK ? copy_entry(w, from, name, as, st) : rc;
}

/* One file: into the folder `to` if there is one or a separator ends it, else as `to`. */
static enum ts_code copy_single(struct copy *w, struct ts_dir *from, const char *name,
                                const struct ts_stat *st)
{
    const char *to = w->spec->to;
    size_t n = strlen(to);
    struct ts_dir *parent = NULL;
    struct ts_stat there = {.type = TS_F_NONE};
    char *as = NULL, *folder = NULL;
    enum ts_code rc;

    if (n &&
        (to[n - 1] == '/' || to[n - 1] == '\\' || ts_path_is_root(to) ||
         (ts_host_stat(w->call, to, &there, NULL) == TS_OK && there.type == TS_F_DIR))) {
        rc = open_target(w, to);
        return rc == TS_OK ? copy_as(w, from, name, name, st) : rc;
    }
    if ((rc = ts_path_open_parent(&parent, &as, to, true, w->err)) != TS_OK) {
        return rc;
    }
    ts_dir_close(parent);
    const char *slash = strrchr(to, '/'), *back = strrchr(to, '\\');
    bool drive = ts_path_has_letter(ts_str_of(to));
    slash = drive && back && (!slash || back > slash) ? back : slash;
    folder = slash ? ts_str_dup((ts_str){to, (size_t)(slash - to) + 1}) : ts_strdup(".");
    rc = open_target(w, folder);
    if (rc == TS_OK) {
        rc = copy_as(w, from, name, as, st);
    }
    ts_free(folder);
    ts_free(as);
    return rc;
}

static enum ts_code refuse_inside(const struct ts_copy_spec *s, struct ts_err *err)
{
    char *from = NULL, *to = NULL, *real = NULL;
    enum ts_code rc = TS_OK;

    if (ts_path_native(&from, s->from, NULL, NULL) == TS_OK &&
        ts_path_native(&to, s->to, NULL, NULL) == TS_OK &&
        ts_fs_real(from, &real, NULL) == TS_OK) {
        size_t n = strlen(real);
        if (strncmp(to, real, n) == 0 && (to[n] == '/' || to[n] == '\\')) {
            rc = ts_fail(err, TS_EINPUT, "%s is to be copied into itself, to %s", s->from,
                         s->to);
        }
    }
    ts_free(from);
    ts_free(to);
    ts_free(real);
    return rc;
}

static enum ts_code copy_folder(struct copy *w, const char *path)
{
    struct ts_dir *top = NULL;
    enum ts_code rc;

    if ((rc = refuse_inside(w->spec, w->err)) == TS_OK &&
        (rc = ts_path_open_dir(&top, path, false, w->err)) == TS_OK &&
        (rc = open_target(w, w->spec->to)) == TS_OK) {
        rc = copy_tree(w, top);
    }
    ts_dir_close(top);
    return rc;
}

static enum ts_code copy_named(struct copy *w)
{
    const char *path = w->spec->from;
    struct ts_dir *from = NULL;
    char *name = NULL;
    struct ts_stat st;
    enum ts_code rc;

    if (ts_path_is_root(path)) {
        return copy_folder(w, path);
    }
    if ((rc = ts_path_open_parent(&from, &name, path, false, w->err)) != TS_OK) {
        return rc;
    }
    if (ts_has_wildcard(name)) {
        rc = copy_matches(w, from, name);
    } else if ((rc = ts_stat_at(from, name, &st, w->err)) == TS_OK) {
        rc = st.type == TS_F_DIR ? copy_folder(w, path) : copy_single(w, from, name, &st);
    }
    ts_dir_close(from);
    ts_free(name);
    return rc;
}

enum ts_code ts_host_copy(struct ts_step_call *c, const struct ts_copy_spec *s,
                          uint64_t *files, uint64_t *bytes, struct ts_err *err)
{
    struct copy w = {.call = c,
                     .spec = s,
                     .again = c->interrupted_before || c->attempt > 1,
                     .err = err};
    enum ts_code rc = ts_host_check(c, err);

    if (rc == TS_OK) {
        rc = copy_named(&w);
    }
    if (rc == TS_OK) {
        rc = ts_target_finish(w.to, err);
    }
    if (files) {
        *files = w.to ? w.to->files : 0;
    }
    if (bytes) {
        *bytes = w.to ? w.to->bytes : 0;
    }
    ts_target_free(w.to);
    return rc;
}
