/* host_image.c - putting images onto drives: which kind it is, and folders as images. */
#include "steps/image.h"

#include "platform/drives.h"
#include "platform/sysinfo.h"

#include <string.h>

int ts_image_meta(void)
{
    return TS_META_MODE | TS_META_TIMES | TS_META_ATTRIBUTES |
           (ts_is_admin() ? TS_META_OWNER : 0);
}

enum ts_code ts_image_open_source(struct ts_file **out, const char *path,
                                  struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    struct ts_stat st;
    char *name = NULL;
    enum ts_code rc;

    *out = NULL;
    if ((rc = ts_path_open_parent(&dir, &name, path, false, err)) == TS_OK &&
        (rc = ts_stat_at(dir, name, &st, err)) == TS_OK) {
        rc = st.type == TS_F_FILE ? ts_file_open_at(out, dir, name, TS_O_READ, 0, err)
                                  : ts_fail(err, TS_EINPUT, "it is not a file");
    }
    ts_dir_close(dir);
    ts_free(name);
    return rc;
}

/* ---- a folder as an image ------------------------------------------------------------
 */

struct tree {
    struct ts_target *to;
    bool move;
    struct ts_map first; /* char *: path of the first name of a file with several */
    uint64_t to_id, to_volume;
};

static enum ts_code read_extra(const struct ts_tree_entry *e, struct ts_buf *extra,
                               struct ts_err *err)
{
    struct ts_err why = {0};
    enum ts_code rc = ts_get_extra_at(e->dir, e->name, extra, &why);
    if (rc == TS_EACCESS || rc == TS_EUNSUPPORTED) {
        ts_buf_clear(extra);
        return TS_OK;
    }
    return rc == TS_OK ? TS_OK : ts_fail(err, rc, "%s", why.text);
}

enum ts_code ts_image_set_extra(struct ts_dir *dir, const char *name, ts_str extra,
                                struct ts_err *err)
{
    struct ts_err why = {0};

    if (extra.n == 0) {
        return TS_OK;
    }
    enum ts_code rc = ts_set_extra_at(dir, name, extra, &why);
    return rc == TS_OK || rc == TS_EUNSUPPORTED || (rc == TS_EACCESS && !ts_is_admin())
               ? TS_OK
               : ts_fail(err, rc, "%s", why.text);
}

static enum ts_code tree_enter(void *ctx, const struct ts_tree_entry *e, bool *descend,
                               struct ts_err *err)
{
    struct tree *w = ctx;
    struct ts_buf extra = {0};
    bool keep = false;
    enum ts_code rc;

    if (e->st->id == w->to_id && e->st->volume == w->to_volume) {
        return ts_fail(err, TS_EINPUT, "the target lies inside the image");
    }
    if ((rc = read_extra(e, &extra, err)) == TS_OK) {
        rc = ts_target_folder(w->to, e->rel, e->st, ts_image_meta(),
                              (ts_str){ts_buf_text(&extra), extra.n}, false, &keep, err);
    }
    *descend = !keep;
    ts_buf_free(&extra);
    return rc;
}

static bool on_bytes(void *ctx, uint64_t bytes)
{
    struct tree *w = ctx;

    w->to->bytes += bytes;
    return ts_host_check(w->to->call, NULL) == TS_OK;
}

static enum ts_code put_content(struct tree *w, const struct ts_tree_entry *e,
                                const struct ts_spot *spot, struct ts_err *err)
{
    struct ts_buf text = {0};
    enum ts_code rc;

    if (e->st->type == TS_F_LINK) {
        if ((rc = ts_readlink_at(e->dir, e->name, &text, err)) == TS_OK) {
            rc = ts_symlink_at(spot->dir, spot->name, ts_buf_text(&text), err);
        }
        ts_buf_free(&text);
        return rc;
    }
    rc = ts_copy_at(e->dir, e->name, spot->dir, spot->name, on_bytes, w, err);
    if (rc == TS_ECANCELLED && (rc = ts_host_check(w->to->call, err)) == TS_OK) {
        rc = TS_ECANCELLED;
    }
    return rc;
}

static enum ts_code put_file(struct tree *w, const struct ts_tree_entry *e,
                             const struct ts_spot *spot, struct ts_err *err)
{
    struct ts_buf extra = {0};
    enum ts_code rc;

    if (w->move) {
        if (spot->st.type == TS_F_DIR) {
            return ts_spot_clear(spot, e->rel, err);
        }
        w->to->bytes += e->st->type == TS_F_FILE ? e->st->size : 0;
        return ts_rename_at(e->dir, e->name, spot->dir, spot->name, true, err);
    }
    if ((rc = ts_spot_clear(spot, e->rel, err)) == TS_OK &&
        (rc = put_content(w, e, spot, err)) == TS_OK &&
        (rc = read_extra(e, &extra, err)) == TS_OK &&
        (rc = ts_image_set_extra(spot->dir, spot->name, ts_buf_view(&extra), err)) ==
            TS_OK) {
        rc = ts_set_meta_at(spot->dir, spot->name, e->st, ts_image_meta(), err);
    }
    ts_buf_free(&extra);
    return rc;
}

/* The path under which this file was put there already, or NULL. */
static const char *known_name(struct tree *w, const struct ts_tree_entry *e)
{
    if (w->move || e->st->links < 2 || e->st->type != TS_F_FILE) {
        return NULL;
    }
    char *key = ts_format("%llx:%llx", (unsigned long long)e->st->volume,
                          (unsigned long long)e->st->id);
    const char *first = ts_map_get(&w->first, ts_str_of(key));
    if (!first) {
        ts_map_set(&w->first, ts_str_of(key), ts_strdup(e->rel));
    }
    ts_free(key);
    return first;
}

static enum ts_code tree_other(void *ctx, const struct ts_tree_entry *e,
                               struct ts_err *err)
{
    struct tree *w = ctx;
    struct ts_spot spot;
    enum ts_code rc = ts_target_step(w->to, e->rel, err);

    if (rc != TS_OK) {
        return rc;
    }
    if (e->st->type == TS_F_OTHER) {
        ts_host_log(w->to->call, TS_LOG_WARNING,
                    "%s of the image is left out: it is a device, pipe or socket",
                    e->rel);
        return TS_OK;
    }
    const char *first = known_name(w, e);
    if (first) {
        rc = ts_target_link(w->to, e->rel, first, err);
        w->to->files += rc == TS_OK;
        return rc;
    }
    if ((rc = ts_target_spot(w->to, e->rel, false, &spot, err)) != TS_OK || spot.keep) {
        return rc;
    }
    rc = put_file(w, e, &spot, err);
    w->to->files += rc == TS_OK;
    ts_spot_fini(&spot);
    return rc;
}

enum ts_code ts_image_put_tree(struct ts_target *to, struct ts_dir *from, bool move,
                               struct ts_err *err)
{
    struct tree w = {.to = to, .move = move};
    struct ts_tree_ops ops = {&w, tree_enter, NULL, tree_other};
    struct ts_stat st, top;
    enum ts_code rc;

    if ((rc = ts_dir_stat(to->levels[0].dir, &st, err)) != TS_OK ||
        (rc = ts_dir_stat(from, &top, err)) != TS_OK) {
        return rc;
    }
    if (st.id == top.id && st.volume == top.volume) {
        return ts_fail(err, TS_EINPUT, "the image and the target are the same folder");
    }
    w.to_id = st.id;
    w.to_volume = st.volume;
    rc = ts_tree_walk(from, &ops, err);
    ts_map_fini(&w.first, ts_free);
    return rc;
}

static enum ts_code apply_folder(struct ts_target *to, const char *source,
                                 struct ts_err *err)
{
    struct ts_dir *from = NULL;
    enum ts_code rc = ts_path_open_dir(&from, source, false, err);

    if (rc == TS_OK) {
        rc = ts_image_put_tree(to, from, false, err);
    }
    ts_dir_close(from);
    return rc;
}

/* A folder copied into a folder below it would never end. */
static enum ts_code refuse_inside(const struct ts_image_spec *s, struct ts_err *err)
{
    char *from = NULL, *to = NULL;
    enum ts_code rc;

    if ((rc = ts_path_native(&from, s->source, NULL, err)) == TS_OK &&
        (rc = ts_path_native(&to, s->target, NULL, err)) == TS_OK) {
        size_t n = strlen(from);
        if (strncmp(to, from, n) == 0 && (to[n] == '/' || to[n] == '\\')) {
            rc = ts_fail(err, TS_EINPUT, "the target %s lies inside the image %s",
                         s->target, s->source);
        }
    }
    ts_free(from);
    ts_free(to);
    return rc;
}

/* ---- which kind ----------------------------------------------------------------------
 */

static enum ts_code is_wim(const char *source, bool *yes, struct ts_err *err)
{
    static const char magic[8] = {'M', 'S', 'W', 'I', 'M', 0, 0, 0};
    struct ts_file *f = NULL;
    char head[8];
    size_t got = 0;
    enum ts_code rc = ts_image_open_source(&f, source, err);

    if (rc == TS_OK) {
        rc = ts_file_get(f, head, sizeof head, &got, err);
    }
    *yes = rc == TS_OK && got == sizeof head && memcmp(head, magic, sizeof head) == 0;
    ts_file_close(f);
    return rc;
}

enum ts_code ts_host_image_apply(struct ts_step_call *c, const struct ts_image_spec *s,
                                 uint64_t *files, uint64_t *bytes, struct ts_err *err)
{
    struct ts_target *to = NULL;
    struct ts_stat st;
    bool wim = false;
    enum ts_code rc = ts_host_check(c, err);

    if (rc != TS_OK || (rc = ts_host_stat(c, s->source, &st, err)) != TS_OK) {
        goto done;
    }
    /* Everything that can be known to be wrong, before the target is touched. */
    rc = st.type == TS_F_DIR ? refuse_inside(s, err) : is_wim(s->source, &wim, err);
    if (rc == TS_OK && wim) {
        rc = ts_image_check_wim(c, s, err);
    } else if (rc == TS_OK && st.type != TS_F_DIR) {
        rc = ts_image_check_archive(s->source, err);
    }
    if (rc != TS_OK || (rc = ts_target_open(&to, c, s->target, err)) != TS_OK) {
        goto done;
    }
    to->keep_protected = true;
    to->link_code = TS_EINPUT;
    rc = wim                   ? ts_image_apply_wim(to, s, err)
         : st.type == TS_F_DIR ? apply_folder(to, s->source, err)
                               : ts_image_apply_archive(to, s->source, err);
    if (rc == TS_OK && (rc = ts_target_finish(to, err)) == TS_OK) {
        ts_host_progress(c, 100, "the image is applied");
    }
done:
    if (rc != TS_OK && rc != TS_ECANCELLED && rc != TS_ETIMEOUT) {
        ts_err_context(err, "cannot apply the image %s", s->source);
    }
    if (files) {
        *files = to ? to->files : 0;
    }
    if (bytes) {
        *bytes = to ? to->bytes : 0;
    }
    ts_target_free(to);
    return rc;
}
