#include "steps/target.h"

#include "platform/drives.h"

#include <string.h>

enum { WARNINGS_MOST = 20 };

/* ---- levels --------------------------------------------------------------------------
 */

static void close_level(struct ts_target_level *l)
{
    ts_dir_close(l->dir);
    ts_free(l->name);
    ts_map_fini(&l->names, ts_free);
    *l = (struct ts_target_level){0};
}

/* Learn the names of a folder: looking each one up without case would read the whole
 * folder every time. */
static enum ts_code list_names(struct ts_target_level *l, struct ts_err *err)
{
    enum ts_code rc;
    enum ts_ftype type;
    const char *name;

    ts_dir_rewind(l->dir);
    while ((rc = ts_dir_next(l->dir, &name, &type, err)) == TS_OK && name) {
        char *before = ts_map_set(&l->names, ts_str_of(name), ts_strdup(name));
        if (before) { /* two names that differ by case: "" stands for both */
            ts_free(before);
            ts_free(ts_map_set(&l->names, ts_str_of(name), ts_strdup("")));
        }
    }
    l->listed = rc == TS_OK;
    return rc;
}

/* Find `name` in a level: its real spelling and what it is. */
static enum ts_code find_in(const struct ts_target *t, struct ts_target_level *l,
                            const char *name, char **real, struct ts_stat *st,
                            struct ts_err *err)
{
    struct ts_err why = {0};
    enum ts_code rc = ts_stat_at(l->dir, name, st, &why);

    *real = ts_strdup(name);
    if (rc == TS_OK) {
        return TS_OK;
    }
    if (rc != TS_ENOTFOUND) {
        return ts_fail(err, rc, "%s", why.text);
    }
    *st = (struct ts_stat){.type = TS_F_NONE};
    if (!t->caseless) {
        return TS_OK;
    }
    if (!l->listed && (rc = list_names(l, err)) != TS_OK) {
        return rc;
    }
    const char *known = ts_map_get(&l->names, ts_str_of(name));
    if (!known) {
        return TS_OK;
    }
    if (!known[0]) {
        return ts_fail(err, TS_EINPUT,
                       "\"%s\" could be one of several names that differ only by case",
                       name);
    }
    rc = ts_stat_at(l->dir, known, st, &why);
    if (rc == TS_ENOTFOUND) { /* removed since the folder was read */
        *st = (struct ts_stat){.type = TS_F_NONE};
        return TS_OK;
    }
    ts_free(*real);
    *real = ts_strdup(known);
    return rc == TS_OK ? TS_OK : ts_fail(err, rc, "%s", why.text);
}

static void note_added(struct ts_target_level *l, const char *name)
{
    if (l->listed) {
        ts_free(ts_map_set(&l->names, ts_str_of(name), ts_strdup(name)));
    }
}

/* Open the folder `name` of the deepest level as the next level. */
static enum ts_code push(struct ts_target *t, ts_str part, struct ts_err *err)
{
    struct ts_target_level *l = &t->levels[t->depth], *next = l + 1;
    char *name = ts_str_dup(part), *real = NULL;
    struct ts_stat st;
    enum ts_code rc;
    bool made = false;

    if (t->depth == TS_TREE_DEPTH) {
        rc = ts_fail(err, TS_ELIMIT, "there are more than %d levels of folders",
                     TS_TREE_DEPTH);
        goto done;
    }
    if ((rc = find_in(t, l, name, &real, &st, err)) != TS_OK) {
        goto done;
    }
    if (st.type == TS_F_NONE) {
        rc = ts_mkdir_at(l->dir, real, 0755, err);
        made = rc == TS_OK;
    } else if (st.type == TS_F_LINK) {
        rc = ts_fail(err, t->link_code, "\"%s\" is a link, and links are not followed",
                     real);
    } else if (st.type != TS_F_DIR) {
        rc = ts_fail(err, TS_EEXIST, "\"%s\" exists and is not a folder", real);
    }
    if (rc != TS_OK || (rc = ts_dir_open_at(&next->dir, l->dir, real, err)) != TS_OK) {
        rc = rc == TS_ELINK ? t->link_code : rc;
        goto done;
    }
    if (made) {
        note_added(l, real);
    }
    next->listed = made; /* a new folder holds nothing */
    next->name = name;
    name = NULL;
    t->depth++;
done:
    ts_free(name);
    ts_free(real);
    return rc;
}

/* Make levels[depth] the folder `rel`. */
static enum ts_code enter(struct ts_target *t, ts_str rel, struct ts_err *err)
{
    size_t level = 0;
    ts_str part;

    while (ts_str_cut(&rel, '/', &part)) {
        if (level < t->depth && ts_str_eq(ts_str_of(t->levels[level + 1].name), part)) {
            level++;
            continue;
        }
        while (t->depth > level) {
            close_level(&t->levels[t->depth--]);
        }
        enum ts_code rc = push(t, part, err);
        if (rc != TS_OK) {
            return rc;
        }
        level++;
    }
    while (t->depth > level) {
        close_level(&t->levels[t->depth--]);
    }
    return TS_OK;
}

/* ---- the target ----------------------------------------------------------------------
 */

enum ts_code ts_target_open(struct ts_target **out, struct ts_step_call *c,
                            const char *path, struct ts_err *err)
{
    struct ts_target *t = ts_alloc(sizeof *t);
    char *native = NULL;
    enum ts_code rc;

    t->call = c;
    t->link_code = TS_ELINK;
    t->percent = -1;
    if ((rc = ts_path_open_dir(&t->levels[0].dir, path, true, err)) != TS_OK ||
        (rc = ts_path_native(&native, path, NULL, err)) != TS_OK ||
        (rc = ts_fs_real(native, &t->native, err)) != TS_OK) {
        ts_target_free(t);
        t = NULL;
    } else {
        char *shown = ts_path_display(t->native);
        t->caseless = ts_path_has_letter(ts_str_of(shown));
        ts_free(shown);
    }
    ts_free(native);
    *out = t;
    return rc;
}

void ts_target_free(struct ts_target *t)
{
    if (!t) {
        return;
    }
    for (size_t i = 0; i <= t->depth; i++) {
        close_level(&t->levels[i]);
    }
    for (size_t i = 0; i < t->folder_count; i++) {
        ts_free(t->folders[i].rel);
        ts_buf_free(&t->folders[i].extra);
    }
    ts_free(t->folders);
    ts_free(t->native);
    ts_free(t);
}

enum ts_code ts_target_step(struct ts_target *t, const char *rel, struct ts_err *err)
{
    ts_host_progress(t->call, t->percent, rel);
    return ts_host_check(t->call, err);
}

/* ---- entries -------------------------------------------------------------------------
 */

/* A protected path stays as it is; so does a folder that holds one when the image has
 * something else in its place. */
static bool must_keep(struct ts_target *t, const char *rel, bool is_dir)
{
    struct ts_host *h = t->call->host;

    if (!t->keep_protected || h->protected_count == 0) {
        return false;
    }
    char *native = ts_path_join(t->native, rel);
    bool keep = (t->is_copy ? ts_host_may_put(t->call, native, NULL) != TS_OK
                            : ts_host_is_protected(h, native)) ||
                (!is_dir && !t->is_copy && ts_host_holds_protected(h, native));
    if (keep && t->left_out++ < WARNINGS_MOST) {
        char *shown = ts_path_display(native);
        ts_host_log(t->call, TS_LOG_WARNING, "%s%s is left out: that path is protected",
                    shown, t->is_copy ? "" : " of the image");
        ts_free(shown);
    }
    ts_free(native);
    return keep;
}

static ts_str parent_of(const char *rel, const char **name)
{
    const char *slash = strrchr(rel, '/');

    *name = slash ? slash + 1 : rel;
    return (ts_str){rel, slash ? (size_t)(slash - rel) : 0};
}

enum ts_code ts_target_spot(struct ts_target *t, const char *rel, bool is_dir,
                            struct ts_spot *out, struct ts_err *err)
{
    const char *name;
    ts_str parent = parent_of(rel, &name);
    enum ts_code rc;

    *out = (struct ts_spot){.st = {.type = TS_F_NONE}};
    out->keep = must_keep(t, rel, is_dir);
    if (out->keep) {
        return TS_OK;
    }
    if ((rc = enter(t, parent, err)) != TS_OK) {
        ts_err_context(err, "cannot put %s into %s", rel, t->native);
        return rc;
    }
    struct ts_target_level *l = &t->levels[t->depth];
    out->dir = l->dir;
    rc = find_in(t, l, name, &out->name, &out->st, err);
    if (rc != TS_OK) {
        ts_err_context(err, "cannot put %s into %s", rel, t->native);
        ts_spot_fini(out);
    } else if (out->st.type == TS_F_NONE) {
        note_added(l, out->name);
    }
    return rc;
}

void ts_spot_fini(struct ts_spot *s)
{
    ts_free(s->name);
    s->name = NULL;
}

enum ts_code ts_spot_clear(const struct ts_spot *s, const char *rel, struct ts_err *err)
{
    if (s->st.type == TS_F_NONE) {
        return TS_OK;
    }
    if (s->st.type == TS_F_DIR) {
        return ts_fail(err, TS_EEXIST, "cannot put %s there: a folder has that name",
                       rel);
    }
    return ts_unlink_at(s->dir, s->name, err);
}

/* The mode of a folder that was made and has not got its own yet: one that nobody gives
 * to a folder, so that after a cut it is known which ones were made before. */
enum { BEING_FILLED = 01700 };

static void defer_folder(struct ts_target *t, const char *rel, const struct ts_stat *st,
                         int what, ts_str extra)
{
    if (t->folder_count == t->folder_cap) {
        t->folder_cap = t->folder_cap ? t->folder_cap * 2 : 64;
        t->folders = ts_realloc_array(t->folders, t->folder_cap, sizeof *t->folders);
    }
    struct ts_target_folder *f = &t->folders[t->folder_count++];
    *f = (struct ts_target_folder){.rel = ts_strdup(rel), .st = *st, .what = what};
    ts_buf_str(&f->extra, extra);
}

enum ts_code ts_target_folder(struct ts_target *t, const char *rel,
                              const struct ts_stat *st, int what, ts_str extra,
                              bool only_new, bool *keep, struct ts_err *err)
{
    struct ts_spot spot;
    enum ts_code rc = ts_target_spot(t, rel, true, &spot, err);

    *keep = spot.keep;
    if (rc != TS_OK || spot.keep) {
        return rc;
    }
    if (spot.st.type == TS_F_NONE) {
        /* Closed until its own mode is set at the end. */
        rc = ts_mkdir_at(spot.dir, spot.name, what ? BEING_FILLED : 0755, err);
    } else if (spot.st.type == TS_F_LINK) {
        rc = ts_fail(err, t->link_code,
                     "cannot put the folder %s there: a link has that name", rel);
    } else if (spot.st.type != TS_F_DIR) {
        rc = ts_fail(err, TS_EEXIST,
                     "cannot put the folder %s there: a file has that name", rel);
    }
    bool ours = spot.st.type == TS_F_NONE ||
                (spot.st.type == TS_F_DIR && spot.st.mode == BEING_FILLED);
    if (rc == TS_OK && what && (ours || !only_new)) {
        defer_folder(t, rel, st, what, extra);
    }
    ts_spot_fini(&spot);
    return rc;
}

enum ts_code ts_target_link(struct ts_target *t, const char *rel, const char *first,
                            struct ts_err *err)
{
    struct ts_spot a = {0}, b = {0};
    struct ts_dir *from = NULL;
    enum ts_code rc = ts_target_spot(t, first, false, &a, err);

    if (rc != TS_OK || a.keep) {
        goto done; /* a name of something that was left out is left out as well */
    }
    if (a.st.type != TS_F_FILE && a.st.type != TS_F_LINK) {
        rc = ts_fail(err, TS_EINPUT, "%s is to be another name of %s, which is not there",
                     rel, first);
        goto done;
    }
    if ((rc = ts_dir_dup(&from, a.dir, err)) != TS_OK ||
        (rc = ts_target_spot(t, rel, false, &b, err)) != TS_OK || b.keep) {
        goto done;
    }
    if (b.st.type == a.st.type && b.st.id == a.st.id && b.st.volume == a.st.volume) {
        goto done; /* it is already */
    }
    if ((rc = ts_spot_clear(&b, rel, err)) == TS_OK) {
        rc = ts_link_at(from, a.name, b.dir, b.name, err);
    }
done:
    ts_dir_close(from);
    ts_spot_fini(&a);
    ts_spot_fini(&b);
    return rc;
}

enum ts_code ts_target_finish(struct ts_target *t, struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    /* Backwards: a folder's own times after those of what is in it. */
    for (size_t i = t->folder_count; i-- > 0 && rc == TS_OK;) {
        struct ts_target_folder *f = &t->folders[i];
        struct ts_spot spot;
        rc = ts_target_spot(t, f->rel, true, &spot, err);
        if (rc == TS_OK && !spot.keep && spot.st.type == TS_F_DIR) {
            if (f->extra.n) {
                rc = ts_set_extra_at(spot.dir, spot.name, ts_buf_view(&f->extra), err);
            }
            if (rc == TS_OK) {
                rc = ts_set_meta_at(spot.dir, spot.name, &f->st, f->what, err);
            }
        }
        ts_spot_fini(&spot);
    }
    if (t->left_out > WARNINGS_MOST) {
        ts_host_log(t->call, TS_LOG_WARNING,
                    "%llu entries%s were left out because of protected paths",
                    (unsigned long long)t->left_out, t->is_copy ? "" : " of the image");
    }
    if (rc == TS_OK && (rc = ts_volume_sync(t->levels[0].dir, err)) != TS_OK) {
        ts_err_context(err, "what was put into %s", t->native);
    }
    return rc;
}
