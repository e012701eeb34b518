/* scope.c - which folders are captured, and finding them again. */
#include "migrate/scope.h"

#include <string.h>

#define SHOW_END 300 /* bytes of a path that are shown at its beginning and end */

void mig_root_close(struct mig_root *r)
{
    ts_dir_close(r->dir);
    ts_dir_close(r->up);
    ts_free(r->real);
    r->dir = r->up = NULL;
    r->real = NULL;
}

void mig_scope_fini(struct mig_scope *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct mig_root *r = &s->p[i];
        mig_root_close(r);
        ts_free(r->name);
        ts_free(r->path);
        ts_free(r->now);
        ts_free(r->volume);
        ts_free(r->why);
        ts_free(r->restored);
        ts_free(r->restored_volume);
    }
    ts_free(s->p);
    memset(s, 0, sizeof *s);
}

struct mig_root *mig_scope_add(struct mig_scope *s, enum mig_root_kind kind,
                               const char *path)
{
    struct mig_root *r;

    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 16;
        s->p = ts_realloc_array(s->p, s->cap, sizeof *s->p);
    }
    r = &s->p[s->n];
    *r = (struct mig_root){.index = (int)++s->n, .kind = kind};
    r->path = ts_strdup(path);
    r->now = ts_strdup(path);
    r->volume = ts_strdup("");
    r->name = ts_strdup(mig_path_name(path));
    r->why = ts_strdup("");
    r->restored = ts_strdup("");
    r->restored_volume = ts_strdup("");
    return r;
}

char *mig_root_path(const struct mig_root *r, const char *rel)
{
    const char *base = r->now ? r->now : r->path;
    char *path;

    if (!rel[0])
        return ts_strdup(base);
    path = mig_path_add(base, rel);
    if (ts_path_has_letter(ts_str_of(base))) {
        for (char *p = path + strlen(base); *p; p++) {
            if (*p == '/')
                *p = '\\';
        }
    }
    return path;
}

char *mig_root_show(const struct mig_root *r, const char *rel)
{
    char *path = mig_root_path(r, rel);
    size_t n = strlen(path);

    if (n > 2 * SHOW_END + 3) {
        memcpy(path + SHOW_END, "...", 3);
        memmove(path + SHOW_END + 3, path + n - SHOW_END, SHOW_END + 1);
    }
    return path;
}

enum ts_code mig_root_open(struct mig_root *r, struct ts_err *err)
{
    enum ts_code rc;

    mig_root_close(r);
    if (!r->now)
        return ts_fail(err, TS_ENOTFOUND, "the volume of %s is not there", r->path);
    if ((rc = ts_path_open_parent(&r->up, &r->real, r->now, false, err)) != TS_OK ||
        (rc = ts_dir_open_at(&r->dir, r->up, r->real, err)) != TS_OK ||
        (rc = ts_dir_stat(r->dir, &r->st, err)) != TS_OK) {
        mig_root_close(r);
        return ts_err_context(err, "%s", r->now);
    }
    return TS_OK;
}

/* ---- finding ----------------------------------------------------------------------- */

static enum ts_code open_new(struct mig_root *r, struct ts_err *err)
{
    char volume[80];
    enum ts_code rc = mig_root_open(r, err);

    if (rc != TS_OK)
        return rc;
    mig_volume_of_path(r->now, r->dir, volume);
    ts_free(r->volume);
    r->volume = ts_strdup(volume);
    return TS_OK;
}

/* The folder that holds the profiles, once, for links like "All Users". */
static enum ts_code add_users(struct mig_scope *s, const char *profile,
                              struct ts_err *err)
{
    size_t n = (size_t)(mig_path_name(profile) - profile);
    char *path;
    enum ts_code rc = TS_OK;

    path = ts_str_dup((ts_str){profile, n > 1 ? n - 1 : n});
    for (size_t i = 0; i < s->n; i++) {
        if (s->p[i].kind == MIG_USERS && strcmp(s->p[i].path, path) == 0) {
            ts_free(path);
            return TS_OK;
        }
    }
    rc = open_new(mig_scope_add(s, MIG_USERS, path), err);
    ts_free(path);
    return rc;
}

static enum ts_code add_profile(struct mig_scope *s, const struct ts_profile *p,
                                struct ts_err *err)
{
    struct mig_root *r;
    enum ts_code rc;

    if ((rc = add_users(s, p->path, err)) != TS_OK)
        return rc;
    r = mig_scope_add(s, MIG_PROFILE, p->path);
    r->orphan = p->orphan;
    r->is_public = p->is_public;
    ts_free(r->why);
    r->why = ts_strdup(p->why);
    return open_new(r, err);
}

/* Is `path` the root r or below it?  Both opened: compared by the folders themselves. */
static bool is_below(const struct mig_root *r, const char *path)
{
    char *a = NULL, *b = NULL, *ra = NULL, *rb = NULL;
    bool below = false;
    size_t n;

    if (r->kind != MIG_USERS && ts_path_native(&a, r->now, NULL, NULL) == TS_OK &&
        ts_path_native(&b, path, NULL, NULL) == TS_OK &&
        ts_fs_real(a, &ra, NULL) == TS_OK && ts_fs_real(b, &rb, NULL) == TS_OK) {
        n = strlen(ra);
        below = strncmp(ra, rb, n) == 0 &&
                (!rb[n] || rb[n] == '/' || rb[n] == '\\' || (n && ra[n - 1] == '/'));
    }
    ts_free(a);
    ts_free(b);
    ts_free(ra);
    ts_free(rb);
    return below;
}

static enum ts_code add_extra(struct mig_scope *s, const char *path, struct mig_run *run,
                              struct ts_err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        if (is_below(&s->p[i], path)) {
            mig_note(run, 1, "%s is captured with %s already", path, s->p[i].path);
            return TS_OK;
        }
    }
    return open_new(mig_scope_add(s, MIG_EXTRA, path), err);
}

void mig_root_say_orphan(struct mig_run *run, const struct mig_root *r)
{
    if (r->orphan)
        mig_note(run, 2,
                 "the profile %s belongs to nobody (%s); it is captured like the others",
                 r->path, r->why);
}

enum ts_code mig_scope_find(struct mig_scope *s, const char *drive,
                            const char *const *extra, struct mig_run *run,
                            struct ts_err *err)
{
    struct ts_profile *list = NULL;
    enum ts_code rc = ts_profiles_find(&list, drive, run->env, err);

    for (struct ts_profile *p = list; rc == TS_OK && p; p = p->next)
        rc = add_profile(s, p, err);
    for (; rc == TS_OK && extra && *extra; extra++)
        rc = add_extra(s, *extra, run, err);
    ts_profiles_free(list);
    return rc;
}

/* ---- catalogue --------------------------------------------------------------------- */

static char *text_of(sqlite3_stmt *st, int i)
{
    const char *p = sqlite3_column_blob(st, i);

    return p ? ts_str_dup((ts_str){p, (size_t)sqlite3_column_bytes(st, i)})
             : ts_strdup("");
}

static void load_root(struct mig_scope *s, sqlite3_stmt *st)
{
    char *path = text_of(st, 4);
    struct mig_root *r =
        mig_scope_add(s, (enum mig_root_kind)sqlite3_column_int(st, 2), path);

    ts_free(path);
    ts_free(r->name);
    ts_free(r->volume);
    ts_free(r->why);
    ts_free(r->now);
    ts_free(r->restored);
    ts_free(r->restored_volume);
    r->index = sqlite3_column_int(st, 0);
    r->object = sqlite3_column_int64(st, 1);
    r->name = text_of(st, 3);
    r->volume = text_of(st, 5);
    r->part = sqlite3_column_int(st, 6);
    r->orphan = sqlite3_column_int(st, 7) != 0;
    r->is_public = sqlite3_column_int(st, 8) != 0;
    r->why = text_of(st, 9);
    r->restored = text_of(st, 10);
    r->restored_volume = text_of(st, 11);
    r->now = mig_path_now(r->path, r->volume);
}

enum ts_code mig_scope_load(struct mig_scope *s, struct mig_catalog *c,
                            struct ts_err *err)
{
    sqlite3_stmt *st = NULL;
    enum ts_code rc = TS_OK;
    int step;

    if (sqlite3_prepare_v2(
            mig_catalog_db(c),
            "SELECT id, object, kind, name, path, volume, part, orphan,"
            " public, why, restored, restored_volume FROM root ORDER BY id",
            -1, &st, NULL) != SQLITE_OK)
        return mig_sql_fail(c, err, "read the roots");
    while ((step = sqlite3_step(st)) == SQLITE_ROW)
        load_root(s, st);
    if (step != SQLITE_DONE)
        rc = mig_sql_fail(c, err, "read the roots");
    sqlite3_finalize(st);
    return rc;
}

static void bind_bytes(sqlite3_stmt *st, int i, const char *z)
{
    sqlite3_bind_blob64(st, i, z, strlen(z), SQLITE_STATIC);
}

enum ts_code mig_root_save(struct mig_catalog *c, const struct mig_root *r,
                           struct ts_err *err)
{
    sqlite3_stmt *st = NULL;
    enum ts_code rc = TS_OK;

    if (sqlite3_prepare_v2(mig_catalog_db(c),
                           "INSERT OR REPLACE INTO root VALUES"
                           "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
                           -1, &st, NULL) != SQLITE_OK)
        return mig_sql_fail(c, err, "write the roots");
    sqlite3_bind_int(st, 1, r->index);
    sqlite3_bind_int64(st, 2, r->object);
    sqlite3_bind_int(st, 3, (int)r->kind);
    bind_bytes(st, 4, r->name);
    bind_bytes(st, 5, r->path);
    sqlite3_bind_text(st, 6, r->volume, -1, SQLITE_STATIC);
    sqlite3_bind_int(st, 7, r->part);
    sqlite3_bind_int(st, 8, r->orphan);
    sqlite3_bind_int(st, 9, r->is_public);
    sqlite3_bind_text(st, 10, r->why, -1, SQLITE_STATIC);
    bind_bytes(st, 11, r->restored);
    sqlite3_bind_text(st, 12, r->restored_volume, -1, SQLITE_STATIC);
    if (sqlite3_step(st) != SQLITE_DONE)
        rc = mig_sql_fail(c, err, "write the roots");
    sqlite3_finalize(st);
    return rc;
}

struct mig_root *mig_scope_match(struct mig_scope *s, const struct mig_root *other)
{
    bool letter = ts_path_has_letter(ts_str_of(other->path));

    for (size_t i = 0; i < s->n; i++) {
        struct mig_root *r = &s->p[i];
        if (r->kind != other->kind || ts_path_has_letter(ts_str_of(r->path)) != letter)
            continue;
        if (!letter) {
            if (strcmp(r->path, other->path) == 0)
                return r;
            continue;
        }
        if (strcmp(r->volume, other->volume) == 0 &&
            (r->volume[0] || r->path[0] == other->path[0]) &&
            ts_caseeq(r->path + 1, other->path + 1))
            return r;
    }
    return NULL;
}
