/* wipe.c - deleting everything on a volume but what is protected.
 *
 * The proof comes first: every entry is in the store, and the sources agree with the
 * catalogue.  Then the state becomes `wiping`, durably, and only then the first name is
 * deleted.  From that moment the store's name of a file may be its last, so a wipe that
 * goes on after a cut asks the store only, not the half-deleted sources. */
#include "migrate/check.h"
#include "migrate/erase.h"
#include "migrate/find.h"
#include "migrate/user_links.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "platform/clock.h"

struct file_id {
    uint64_t volume, id;
};

struct ids {
    struct file_id *p;
    size_t n, cap;
};

struct wipe {
    struct mig_run *run;
    const struct ts_wipe *w;
    struct mig_store *store; /* NULL: none */
    struct mig_root root;    /* the volume; now: its real native path */
    char *path;              /* as a person knows it: "C:\" */
    struct ids keep, through;
};

static void ids_add(struct ids *s, const struct ts_stat *st)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 16;
        s->p = ts_realloc_array(s->p, s->cap, sizeof *s->p);
    }
    s->p[s->n++] = (struct file_id){st->volume, st->id};
}

static bool ids_has(const struct ids *s, const struct ts_stat *st)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->p[i].id == st->id && s->p[i].volume == st->volume)
            return true;
    }
    return false;
}

/* ---- protected paths --------------------------------------------------------------- */

static bool sep(char c)
{
    return c == '/' || c == '\\';
}

/* Protect the object at the real native path, and the folders on the way to it. */
static enum ts_code protect_real(struct wipe *wp, const char *real, struct ts_err *err)
{
    size_t n = strlen(wp->root.now);
    char *prefix;
    struct ts_stat st;

    if (n > 0 && sep(wp->root.now[n - 1]))
        n--;
    if (strncmp(real, wp->root.now, n) != 0 || (real[n] && !sep(real[n])))
        return TS_OK; /* on another volume */
    if (!real[n] || !real[n + 1])
        return ts_fail(err, TS_EINPUT, "the whole of %s is protected, nothing to wipe",
                       wp->path);
    prefix = ts_strdup(real);
    for (size_t i = n + 1; prefix[i]; i++) {
        if (!sep(prefix[i]))
            continue;
        char c = prefix[i];
        prefix[i] = 0;
        if (ts_fs_stat(prefix, &st, NULL) == TS_OK)
            ids_add(&wp->through, &st);
        prefix[i] = c;
    }
    if (ts_fs_stat(prefix, &st, NULL) == TS_OK)
        ids_add(&wp->keep, &st);
    ts_free(prefix);
    return TS_OK;
}

/* The object itself, and where a link leads to. */
static enum ts_code protect(struct wipe *wp, const char *path, struct ts_err *err)
{
    char *native = NULL, *real = NULL, *up = NULL, *up_real = NULL, *itself;
    struct ts_stat st;
    enum ts_code rc = ts_path_native(&native, path, NULL, err);

    if (rc != TS_OK)
        return rc;
    if (ts_fs_stat(native, &st, NULL) != TS_OK)
        goto done; /* nothing there to protect */
    if (ts_fs_real(native, &real, NULL) == TS_OK)
        rc = protect_real(wp, real, err);
    if (rc == TS_OK && st.type == TS_F_LINK) {
        up = ts_str_dup((ts_str){native, (size_t)(mig_path_name(native) - native)});
        if (ts_fs_real(up, &up_real, NULL) == TS_OK) {
            itself = ts_path_join(up_real, mig_path_name(native));
            rc = protect_real(wp, itself, err);
            ts_free(itself);
        }
    }
done:
    ts_free(native);
    ts_free(real);
    ts_free(up);
    ts_free(up_real);
    return rc;
}

static enum ts_code protect_all(struct wipe *wp, struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    for (int i = 0; wp->store && i < wp->store->nparts; i++)
        ids_add(&wp->keep, &wp->store->parts[i].st);
    if (wp->store)
        rc = protect(wp, wp->store->native, err);
    for (int i = 1; rc == TS_OK && wp->store && i < wp->store->nparts; i++) {
        struct mig_part *p = &wp->store->parts[i];
        char *now = mig_path_now(p->path, p->volume);
        if (now)
            rc = protect(wp, now, err);
        ts_free(now);
    }
    for (size_t i = 0; rc == TS_OK && wp->w->keep && wp->w->keep[i]; i++)
        rc = protect(wp, wp->w->keep[i], err);
    return rc;
}

/* erase.keep: may this entry stay? */
static bool keep(void *ctx, struct mig_worker *w, struct mig_node *n, struct ts_dir *d,
                 const char *name, enum ts_ftype type, bool *through)
{
    struct wipe *wp = ctx;
    struct ts_stat st;
    bool stays = false;

    *through = false;
    if (!n->parent || (atomic_load(&n->flags) & MIG_THROUGH)) {
        if (ts_stat_at(d, name, &st, NULL) != TS_OK)
            return false;
        if (ids_has(&wp->keep, &st))
            return true;
        if (type == TS_F_DIR && ids_has(&wp->through, &st))
            return *through = true;
    }
    if (wp->w->is_protected) {
        const char *rel = mig_node_rel(w, n);
        char *below = ts_format("%s%s%s", rel, rel[0] ? "/" : "", name);
        char *path = mig_root_path(&wp->root, below);
        ts_mutex_lock(w->run->m); /* one at a time */
        stays = wp->w->is_protected(wp->w->ctx, path);
        ts_mutex_unlock(w->run->m);
        ts_free(below);
        ts_free(path);
    }
    return stays;
}

/* ---- proof ------------------------------------------------------------------------- */

static bool stays(void *ctx, const char *real, const struct ts_stat *st)
{
    struct wipe *wp = ctx;

    return ids_has(&wp->keep, st) ||
           (wp->w->is_protected && wp->w->is_protected(wp->w->ctx, real));
}

static enum ts_code check_links(struct wipe *wp, struct mig_scope *scope,
                                struct ts_err *err)
{
    struct mig_links k = {.path = wp->path,
                          .real = wp->root.now,
                          .st = &wp->root.st,
                          .scope = scope,
                          .store = wp->store ? wp->store->path : NULL,
                          .stays = stays,
                          .ctx = wp};

    return mig_links_check(&k, err);
}

/* Profiles on the volume that the store does not have; without a store, any. */
static enum ts_code check_profiles(struct wipe *wp, struct mig_scope *scope,
                                   struct ts_err *err)
{
    struct ts_profile *list = NULL, **tail = &list;
    enum ts_code rc;

    if (!wp->store && wp->w->without_store)
        return TS_OK;
    rc = mig_profiles_below(&tail, wp->path, wp->run->env, err);
    for (struct ts_profile *p = list; rc == TS_OK && p; p = p->next) {
        struct mig_scope one = {0};
        struct mig_root *r = mig_scope_add(&one, MIG_PROFILE, p->path);
        char volume[80];
        mig_volume_of_path(p->path, wp->root.dir, volume);
        ts_free(r->volume);
        r->volume = ts_strdup(volume);
        if (!wp->store)
            rc = ts_fail(
                err, TS_EREFUSED,
                "%s holds user profiles (%s) and no state store was named: capture"
                " them first, or say withoutStore = true",
                wp->path, p->path);
        else if (!mig_scope_match(scope, r))
            rc = ts_fail(err, TS_EREFUSED,
                         "the profile %s is not in the state store %s: bring the store up"
                         " to date with CaptureUserState { update = true }",
                         p->path, wp->store->path);
        mig_scope_fini(&one);
    }
    ts_profiles_free(list);
    return rc == TS_OK ? check_links(wp, scope, err) : rc;
}

static enum ts_code check_other_stores(struct wipe *wp, struct ts_err *err)
{
    char *other = NULL;
    enum ts_code rc = mig_store_look(wp->path, wp->store, &other, err);

    if (rc == TS_OK && other)
        rc = ts_fail(err, TS_EREFUSED,
                     "%s holds the state store %s, which was not named: name it, restore"
                     " it, or remove it",
                     wp->path, other);
    ts_free(other);
    return rc;
}

static enum ts_code check_state(struct wipe *wp, struct mig_scope *scope,
                                struct ts_err *err)
{
    struct mig_store *s = wp->store;
    struct mig_check ck = {.run = wp->run, .store = s, .scope = scope};
    enum ts_code rc;

    if (s->state != TS_STORE_COMPLETE && s->state != TS_STORE_WIPING)
        return ts_fail(
            err, TS_EREFUSED,
            "%s is not wiped: the state store %s was restored already (its state"
            " is %s) and knows nothing of what changed since; capture again",
            wp->path, s->path, ts_store_state_name(s->state));
    wp->run->doing = "checking the state store";
    if ((rc = mig_check_store(&ck, err)) != TS_OK)
        return ts_err_context(err, "%s is not wiped", wp->path);
    if (s->state == TS_STORE_WIPING)
        return check_profiles(wp, scope, err);
    wp->run->doing = "comparing the users' files with the state store";
    if ((rc = mig_check_source(&ck, err)) != TS_OK ||
        (rc = check_profiles(wp, scope, err)) != TS_OK)
        return ts_err_context(err, "%s is not wiped", wp->path);
    return TS_OK;
}

static enum ts_code prove(struct wipe *wp, struct ts_err *err)
{
    struct mig_scope scope = {0};
    enum ts_code rc = check_other_stores(wp, err);

    if (rc == TS_OK && !wp->store)
        rc = check_profiles(wp, NULL, err);
    else if (rc == TS_OK && (rc = mig_scope_load(&scope, wp->store->cat, err)) == TS_OK)
        rc = check_state(wp, &scope, err);
    mig_scope_fini(&scope);
    return rc;
}

/* ---- wipe -------------------------------------------------------------------------- */

static enum ts_code open_volume(struct wipe *wp, struct ts_err *err)
{
    struct mig_root *r = &wp->root;
    char *native = NULL;
    enum ts_code rc;

    if (ts_path_has_letter(ts_str_of(wp->w->drive)) && wp->w->drive[2] == 0)
        wp->path = ts_format("%c:\\", wp->w->drive[0]);
    else
        wp->path = ts_strdup(wp->w->drive);
    if ((rc = ts_path_open_dir(&r->dir, wp->path, false, err)) != TS_OK ||
        (rc = ts_dir_stat(r->dir, &r->st, err)) != TS_OK ||
        (rc = ts_path_native(&native, wp->path, NULL, err)) != TS_OK ||
        (rc = ts_fs_real(native, &r->now, err)) != TS_OK)
        goto done;
    r->path = r->now;
    if (!ts_path_has_letter(ts_str_of(wp->path))) {
        /* The catalogue knows a mapped drive by its letter. */
        ts_free(wp->path);
        wp->path = ts_path_display(r->now);
    }
done:
    ts_free(native);
    return rc;
}

static enum ts_code erase(struct wipe *wp, struct ts_err *err)
{
    struct mig_erase e = {.run = wp->run, .keep = keep, .ctx = wp, .top_stays = true};
    enum ts_code rc;

    wp->run->doing = "wiping the volume";
    wp->run->expected = 0;
    wp->run->seen = 0;
    memset(&wp->run->totals, 0, sizeof wp->run->totals);
    rc = mig_erase(&e, &wp->root, err);
    if (rc == TS_OK && e.failed > 0)
        rc = ts_fail(err, e.first.code,
                     "%s was not wiped whole, %llu could not be deleted:"
                     " %s",
                     wp->path, (unsigned long long)e.failed, e.first.text);
    else if (rc == TS_OK && e.busy_files.n + e.busy_folders.n > 0)
        rc = ts_fail(err, TS_EBUSY, "%s was not wiped whole, %llu are in use: %s",
                     wp->path, (unsigned long long)(e.busy_files.n + e.busy_folders.n),
                     e.busy_files.n ? e.busy_files.p[0] : e.busy_folders.p[0]);
    mig_erase_fini(&e);
    return rc == TS_OK ? ts_volume_sync(wp->root.dir, err) : rc;
}

enum ts_code ts_migrate_wipe(const struct ts_wipe *w, const struct ts_mig_env *env,
                             struct ts_mig_totals *totals, struct ts_err *err)
{
    struct mig_store store = {0};
    struct mig_run run;
    struct wipe wp = {.run = &run, .w = w};
    enum ts_code rc;

    mig_run_init(&run, env, "wiping the volume");
    if (w->store) {
        if ((rc = mig_store_open(&store, w->store, true, err)) != TS_OK)
            goto done;
        wp.store = &store;
    }
    if ((rc = open_volume(&wp, err)) != TS_OK || (rc = protect_all(&wp, err)) != TS_OK ||
        (rc = prove(&wp, err)) != TS_OK)
        goto done;
    if (wp.store && store.state == TS_STORE_COMPLETE &&
        (rc = mig_state_set(store.cat, TS_STORE_WIPING, err)) != TS_OK)
        goto done;
    rc = erase(&wp, err);
done:
    ts_mutex_lock(run.m);
    mig_run_pump(&run);
    ts_mutex_unlock(run.m);
    run.totals.elapsed_ms = (ts_mono_ns() - run.started_ns) / 1000000;
    if (totals)
        *totals = run.totals;
    ts_dir_close(wp.root.dir);
    ts_free(wp.root.now);
    ts_free(wp.path);
    ts_free(wp.keep.p);
    ts_free(wp.through.p);
    mig_store_close(&store);
    mig_run_about(&run, rc, w->drive, err);
    mig_run_fini(&run);
    return rc;
}
