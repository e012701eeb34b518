/* take.c - taking files, links and folders. */
#include "migrate/take.h"
#include "migrate/take_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "platform/power.h"

#define MOST_NAMES 1024   /* NTFS */
#define CASE_ENTRIES 4096 /* a folder with more is not looked at for case */
#define COPY_TRIES 3
#define COPIES_SAID 20

/* ---- saying ------------------------------------------------------------------------ */

/* Path to show of an object in the folder at hand; caller frees. */
static char *show(struct mig_taker *t, const struct mig_node *n, const char *name)
{
    const char *rel = mig_node_rel(t->w, n);
    char *full, *path;

    if (!name)
        return mig_root_show(n->root, rel);
    full = rel[0] ? ts_format("%s/%s", rel, name) : ts_strdup(name);
    path = mig_root_show(n->root, full);
    ts_free(full);
    return path;
}

/* Failures that no other object would be spared. */
static bool is_fatal(enum ts_code rc)
{
    return rc == TS_ENOSPC || rc == TS_ECANCELLED || rc == TS_EDAMAGED ||
           rc == TS_ETIMEOUT;
}

/* n's entry `name` cannot be read (*err says why). */
static enum ts_code unreadable(struct mig_taker *t, const struct mig_node *n,
                               const char *name, int64_t id, struct ts_err *err)
{
    struct mig_row row = {.id = id, .parent = n->id, .kind = MIG_LEFT};
    char *path = show(t, n, name);
    enum ts_code rc = TS_OK;

    if (!t->take->skip_unreadable) {
        rc = ts_err_context(err, "cannot capture %s", path);
    } else {
        mig_note(t->take->run, 2, "left out, it cannot be read: %s (%s)", path,
                 err->text);
        t->w->totals.unreadable++;
        row.name = ts_str_of(name);
        rc = mig_put_row(t, &row, err);
    }
    ts_free(path);
    return rc;
}

static struct mig_row row_of(const struct ts_stat *st, int64_t id, int64_t parent,
                             enum mig_kind kind, const char *name)
{
    return (struct mig_row){
        .id = id,
        .parent = parent,
        .kind = kind,
        .size = kind == MIG_FILE ? st->size : 0,
        .mtime_ns = st->mtime_ns,
        .fileid = st->id,
        .mode = st->mode,
        .uid = st->uid,
        .gid = st->gid,
        .attributes = st->attributes,
        .name = ts_str_of(name),
    };
}

/* ---- files ------------------------------------------------------------------------- */

/* A file or link of that name in the store is what a cut update left. */
static enum ts_code link_fresh(struct ts_dir *d, const char *name, struct ts_dir *slot,
                               const char *hex, struct ts_err *err)
{
    enum ts_code rc = ts_link_at(d, name, slot, hex, err);

    if (rc != TS_EEXIST)
        return rc;
    if ((rc = ts_unlink_at(slot, hex, err)) != TS_OK)
        return rc;
    return ts_link_at(d, name, slot, hex, err);
}

static enum ts_code copy_fresh(struct mig_taker *t, struct ts_dir *d, const char *name,
                               struct ts_dir *slot, const char *hex, struct ts_err *err)
{
    enum ts_code rc = ts_copy_at(d, name, slot, hex, mig_run_going, t->take->run, err);

    if (rc != TS_EEXIST)
        return rc;
    if ((rc = ts_unlink_at(slot, hex, err)) != TS_OK)
        return rc;
    return ts_copy_at(d, name, slot, hex, mig_run_going, t->take->run, err);
}

/* Copy until the file stays the same meanwhile. */
static enum ts_code copy_settled(struct mig_taker *t, struct ts_dir *d, const char *name,
                                 struct ts_dir *slot, const char *hex, struct ts_stat *st,
                                 struct ts_err *err)
{
    struct ts_stat after;
    enum ts_code rc;

    for (int i = 0; i < COPY_TRIES; i++) {
        if ((rc = ts_stat_at(d, name, st, err)) != TS_OK)
            return rc;
        if (st->type != TS_F_FILE)
            return ts_fail(err, TS_ELINK, "it is no file any more");
        if ((rc = copy_fresh(t, d, name, slot, hex, err)) != TS_OK ||
            (rc = ts_stat_at(d, name, &after, err)) != TS_OK)
            return rc;
        if (after.id == st->id && after.size == st->size &&
            after.mtime_ns == st->mtime_ns)
            return TS_OK;
    }
    return ts_fail(err, TS_EBUSY, "it keeps changing while it is copied");
}

static enum ts_code take_copy(struct mig_taker *t, struct ts_dir *d, struct mig_node *n,
                              const char *name, int64_t id, struct ts_err *err)
{
    struct ts_dir *slot;
    struct ts_stat st, copy;
    struct mig_row row;
    char hex[17];
    enum ts_code rc;

    if ((rc = mig_slot(&t->slots, n->root->part, id, true, &slot, hex, err)) != TS_OK)
        return rc;
    rc = copy_settled(t, d, name, slot, hex, &st, err);
    if (rc == TS_OK && (rc = ts_get_extra_at(d, name, &t->extra, err)) == TS_OK)
        rc = ts_stat_at(slot, hex, &copy, err);
    if (rc != TS_OK) {
        struct ts_err ignored;
        if (ts_unlink_at(slot, hex, &ignored) != TS_OK)
            ts_power_point(); /* nothing was there, or the store is removed anyway */
        if (rc == TS_ENOTFOUND)
            return TS_OK; /* deleted meanwhile */
        if (rc == TS_ELINK)
            return mig_take_entry(t, d, n, name, TS_F_NONE, err);
        return is_fatal(rc) ? rc : unreadable(t, n, name, id, err);
    }
    row = row_of(&st, id, n->id, MIG_FILE, name);
    row.how = MIG_COPIED;
    row.part = n->root->part;
    row.size = copy.size;
    row.storeid = copy.id;
    row.extra = ts_buf_view(&t->extra);
    t->w->totals.files++;
    t->w->totals.copies++;
    t->w->totals.bytes += copy.size;
    t->w->totals.copied_bytes += copy.size;
    return mig_put_row(t, &row, err);
}

static void say_copied(struct mig_taker *t, const struct mig_node *n, const char *name,
                       const char *why)
{
    unsigned said = atomic_fetch_add(&t->take->copies_said, 1);
    char *path;

    if (said > COPIES_SAID)
        return;
    path = show(t, n, name);
    if (said == COPIES_SAID)
        mig_note(t->take->run, 1, "more files are copied; the rest is not listed");
    else
        mig_note(t->take->run, 1, "copied instead of linked: %s (%s)", path, why);
    ts_free(path);
}

static enum ts_code take_file(struct mig_taker *t, struct ts_dir *d, struct mig_node *n,
                              const char *name, struct ts_err *err)
{
    int part = n->root->part;
    int64_t id = mig_new_id(t);
    struct ts_dir *slot;
    struct ts_stat st;
    struct mig_row row;
    char hex[17];
    enum ts_code rc;

    if (t->take->copy)
        return take_copy(t, d, n, name, id, err);
    if ((rc = mig_slot(&t->slots, part, id, true, &slot, hex, err)) != TS_OK)
        return rc;
    rc = link_fresh(d, name, slot, hex, err);
    if (rc == TS_ENOTFOUND)
        return TS_OK; /* deleted meanwhile */
    if (is_fatal(rc))
        return rc;
    if (rc == TS_OK && (rc = ts_stat_at(slot, hex, &st, err)) != TS_OK)
        return rc;
    if (rc == TS_OK && st.type != TS_F_FILE) {
        if ((rc = ts_unlink_at(slot, hex, err)) != TS_OK)
            return rc;
        return mig_take_entry(t, d, n, name, TS_F_NONE, err);
    }
    if (rc == TS_OK && t->take->store->parts[part].few_links && st.links > MOST_NAMES) {
        if ((rc = ts_unlink_at(slot, hex, err)) != TS_OK)
            return rc;
        rc = ts_fail(err, TS_EMLINK, "it has as many names as NTFS allows");
    }
    if (rc != TS_OK) {
        say_copied(t, n, name, err->text);
        return take_copy(t, d, n, name, id, err);
    }
    if (st.links > 2)
        atomic_fetch_add_explicit(&t->take->other_names, 1, memory_order_relaxed);
    row = row_of(&st, id, n->id, MIG_FILE, name);
    row.how = MIG_LINKED;
    row.part = part;
    t->w->totals.files++;
    t->w->totals.links++;
    t->w->totals.bytes += st.size;
    return mig_put_row(t, &row, err);
}

/* ---- links and folders ------------------------------------------------------------- */

static enum ts_code take_link(struct mig_taker *t, struct ts_dir *d, struct mig_node *n,
                              const char *name, struct ts_err *err)
{
    struct ts_stat st;
    struct mig_row row;
    enum ts_code rc;

    ts_buf_clear(&t->extra);
    if ((rc = ts_stat_at(d, name, &st, err)) == TS_OK)
        rc = ts_readlink_at(d, name, &t->extra, err);
    if (rc == TS_ENOTFOUND)
        return TS_OK;
    if (rc != TS_OK)
        return is_fatal(rc) ? rc : unreadable(t, n, name, mig_new_id(t), err);
    row = row_of(&st, mig_new_id(t), n->id, MIG_LINK, name);
    row.extra = ts_buf_view(&t->extra);
    t->w->totals.symlinks++;
    return mig_put_row(t, &row, err);
}

void mig_node_keep(struct mig_node *n, const struct ts_buf *extra)
{
    ts_str *s;

    ts_free(n->data);
    n->data = NULL;
    if (extra->n == 0)
        return;
    s = ts_alloc(sizeof *s + extra->n);
    s->p = (char *)(s + 1);
    s->n = extra->n;
    memcpy(s + 1, extra->p, extra->n);
    n->data = s;
}

static enum ts_code take_subfolder(struct mig_taker *t, struct ts_dir *d,
                                   struct mig_node *n, const char *name,
                                   struct ts_err *err)
{
    int64_t id = mig_new_id(t);
    struct mig_node *sub;
    enum ts_code rc = ts_get_extra_at(d, name, &t->extra, err);

    if (rc == TS_ENOTFOUND)
        return TS_OK;
    if (rc != TS_OK)
        return is_fatal(rc) ? rc : unreadable(t, n, name, id, err);
    sub = mig_node_new(n, n->root, id, name);
    mig_node_keep(sub, &t->extra);
    mig_push(t->w, sub);
    return TS_OK;
}

enum ts_code mig_take_folder_row(struct mig_taker *t, struct mig_node *n,
                                 const struct ts_stat *st, struct ts_err *err)
{
    struct mig_row row =
        row_of(st, n->id, n->parent ? n->parent->id : 0, MIG_FOLDER, n->name);
    const ts_str *extra = n->data;

    if (extra)
        row.extra = *extra;
    t->w->totals.folders++;
    return mig_put_row(t, &row, err);
}

/* ---- entries ----------------------------------------------------------------------- */

void mig_take_begin(struct mig_taker *t, struct mig_node *n)
{
    t->span = (struct mig_span){.folder = n->id};
    t->names_n = 0;
    mig_names_clear(&t->names);
    if (t->take->rules) {
        const char *rel = mig_node_rel(t->w, n);
        ts_buf_clear(&t->rel);
        ts_buf_z(&t->rel, rel);
        if (rel[0])
            ts_buf_c(&t->rel, '/');
        t->rel_n = t->rel.n;
    }
}

enum ts_code mig_take_end(struct mig_taker *t, struct ts_err *err)
{
    (void)err;
    mig_put_span(t);
    return TS_OK;
}

enum ts_code mig_take_wanted(struct mig_taker *t, struct ts_dir *d, struct mig_node *n,
                             const char *name, enum ts_ftype *type, bool *wanted,
                             struct ts_err *err)
{
    const struct ts_rules *rules = t->take->rules;
    struct ts_stat st = {0};
    enum ts_verdict v;
    enum ts_code rc = TS_OK;

    *wanted = true;
    if (*type == TS_F_NONE || rules) {
        rc = ts_stat_at(d, name, &st, err);
        if (rc == TS_OK)
            *type = st.type;
        if (rc == TS_ENOTFOUND) {
            *type = TS_F_NONE;
            *wanted = false;
            return TS_OK;
        }
        if (rc != TS_OK)
            return rc;
    }
    if (n->root->kind == MIG_USERS)
        *wanted = *type == TS_F_LINK;
    if (!*wanted || !rules)
        return TS_OK;
    t->rel.n = t->rel_n;
    ts_buf_z(&t->rel, name);
    v = rules->decide(rules, n->root->path, ts_buf_text(&t->rel), *type, st.size);
    *wanted = v == TS_RULE_KEEP || (v == TS_RULE_SKIP && *type == TS_F_DIR);
    return TS_OK;
}

static void check_case(struct mig_taker *t, const struct mig_node *n, const char *name)
{
    if (++t->names_n > CASE_ENTRIES || !mig_names_add(&t->names, name))
        return;
    char *path = show(t, n, name);
    mig_note(t->take->run, 2,
             "two names differ only by case, Windows shows one of them: %s", path);
    ts_free(path);
}

enum ts_code mig_take_entry(struct mig_taker *t, struct ts_dir *d, struct mig_node *n,
                            const char *name, enum ts_ftype type, struct ts_err *err)
{
    struct ts_stat st;

    if (type == TS_F_NONE) {
        enum ts_code rc = ts_stat_at(d, name, &st, err);
        if (rc == TS_ENOTFOUND)
            return TS_OK;
        if (rc != TS_OK)
            return unreadable(t, n, name, mig_new_id(t), err);
        type = st.type;
    }
    switch (type) {
    case TS_F_FILE:
        return take_file(t, d, n, name, err);
    case TS_F_LINK:
        return take_link(t, d, n, name, err);
    case TS_F_DIR:
        return take_subfolder(t, d, n, name, err);
    default:
        t->w->totals.special++;
        return TS_OK;
    }
}

/* ---- folders ----------------------------------------------------------------------- */

enum ts_code mig_take_open(struct mig_taker *t, struct mig_node *n, struct ts_dir **dir,
                           struct ts_stat *st, struct ts_err *err)
{
    enum ts_code rc = mig_worker_open(dir, t->w, n, n->root->dir, err);
    char *path;

    if (rc == TS_OK && (rc = ts_dir_stat(*dir, st, err)) == TS_OK) {
        if (mig_is_part(t->take->store, st))
            *dir = NULL;
        return TS_OK;
    }
    *dir = NULL;
    if (!n->parent || is_fatal(rc))
        return rc;
    if (rc == TS_ENOTFOUND)
        return TS_OK;
    if (rc == TS_ELINK) {
        path = show(t, n, NULL);
        mig_note(t->take->run, 2, "%s became a link while it was captured", path);
        ts_free(path);
        return TS_OK;
    }
    return unreadable(t, n->parent, n->name, n->id, err);
}

static enum ts_code take_children(struct mig_taker *t, struct ts_dir *d,
                                  struct mig_node *n, struct ts_err *err)
{
    const char *name;
    enum ts_ftype type;
    enum ts_code rc;

    mig_take_begin(t, n);
    while ((rc = ts_dir_next(d, &name, &type, err)) == TS_OK && name) {
        bool wanted;
        if (mig_stopped(t->take->run))
            break;
        if ((rc = mig_take_wanted(t, d, n, name, &type, &wanted, err)) != TS_OK) {
            if ((rc = unreadable(t, n, name, mig_new_id(t), err)) != TS_OK)
                return rc;
            continue;
        }
        if (!wanted) {
            t->w->totals.skipped += n->root->kind != MIG_USERS && type != TS_F_NONE;
            continue;
        }
        if (t->take->windows)
            check_case(t, n, name);
        if ((rc = mig_take_entry(t, d, n, name, type, err)) != TS_OK)
            return rc;
    }
    if (rc != TS_OK && t->take->skip_unreadable && !is_fatal(rc)) {
        char *path = show(t, n, NULL);
        mig_note(t->take->run, 2, "the rest of %s cannot be read (%s)", path, err->text);
        ts_free(path);
        t->w->totals.unreadable++;
        rc = TS_OK;
    } else if (rc != TS_OK) {
        char *path = show(t, n, NULL);
        ts_err_context(err, "cannot capture %s", path);
        ts_free(path);
    }
    return rc == TS_OK ? mig_take_end(t, err) : rc;
}

enum ts_code mig_take_folder(struct mig_worker *w, struct mig_node *n, struct ts_err *err)
{
    struct mig_taker *t = w->local;
    struct ts_dir *d;
    struct ts_stat st;
    enum ts_code rc;

    if ((rc = mig_take_open(t, n, &d, &st, err)) != TS_OK || !d)
        return rc;
    if ((rc = mig_take_folder_row(t, n, &st, err)) != TS_OK)
        return rc;
    if (st.volume != n->root->st.volume) {
        char *path = show(t, n, NULL);
        mig_note(w->run, 2, "%s is another volume mounted there; it was left out", path);
        ts_free(path);
        return TS_OK;
    }
    return take_children(t, d, n, err);
}
