/* census.c - the users' files, and whether they are still there. */
#include "lab/census.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "lab/lab_internal.h"
#include "platform/drives.h"

struct place {
    const char *path; /* below the machine's folder */
    const char *what; /* the content's sum, or "-> TARGET" of a link */
};

struct content {
    const char *sum, *path;
    uint64_t size, had, has;
};

struct ts_census {
    struct ts_arena arena;
    struct place *places; /* sorted by path once it is taken */
    size_t n, cap;
    struct ts_map contents; /* sum: struct content */
    struct ts_map sizes;    /* sizes that a content has: others need not be read */
    struct ts_map known;    /* "volume:id:size:time" of a file: its sum */
    struct ts_map seen;     /* "volume:id" of files with several names, in one walk */
};

static bool survives_cut(const struct ts_lab_volume *v)
{
    return v->fixed && !v->ram;
}

static bool first_name(struct ts_census *c, const struct ts_stat *st)
{
    char *key;
    bool first;

    if (st->links <= 1)
        return true;
    key = ts_format("%llx:%llx", (unsigned long long)st->volume,
                    (unsigned long long)st->id);
    first = !ts_map_set(&c->seen, ts_str_of(key), c);
    ts_free(key);
    return first;
}

static void forget_seen(struct ts_census *c)
{
    ts_map_fini(&c->seen, NULL);
    memset(&c->seen, 0, sizeof c->seen);
}

static enum ts_code sum_of(struct ts_census *c, struct ts_dir *d, const char *name,
                           const struct ts_stat *st, const char **out, struct ts_err *err)
{
    char *key = ts_format("%llx:%llx:%llx:%llx", (unsigned long long)st->volume,
                          (unsigned long long)st->id, (unsigned long long)st->size,
                          (unsigned long long)st->mtime_ns);
    enum ts_code rc = TS_OK;

    *out = ts_map_get(&c->known, ts_str_of(key));
    if (!*out) {
        char hex[65];

        if ((rc = ts_tree_sum(d, name, hex, err)) == TS_OK) {
            char *sum = ts_arena_strz(&c->arena, hex);

            ts_map_set(&c->known, ts_str_of(key), sum);
            *out = sum;
        }
    }
    ts_free(key);
    return rc;
}

static void count_content(struct ts_census *c, const char *sum, const char *path,
                          uint64_t size)
{
    struct content *x = ts_map_get(&c->contents, ts_str_of(sum));
    char *key;

    if (!x) {
        x = ts_arena_alloc(&c->arena, sizeof *x);
        *x = (struct content){.sum = sum, .path = path, .size = size};
        ts_map_set(&c->contents, ts_str_of(sum), x);
        key = ts_format("%llx", (unsigned long long)size);
        ts_map_set(&c->sizes, ts_str_of(key), c);
        ts_free(key);
    }
    x->had++;
}

static bool wanted_size(const struct ts_census *c, uint64_t size)
{
    char *key = ts_format("%llx", (unsigned long long)size);
    bool wanted = ts_map_get(&c->sizes, ts_str_of(key)) != NULL;

    ts_free(key);
    return wanted;
}

static void add_place(struct ts_census *c, const char *path, const char *what)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 256;
        c->places = ts_realloc_array(c->places, c->cap, sizeof *c->places);
    }
    c->places[c->n++] = (struct place){path, what};
}

/* What new users start from is the operating system's, which may be replaced. */
static bool is_template(const char *path) /* VOLUME/Users/NAME... */
{
    ts_str name = ts_str_of(strchr(strchr(path, '/') + 1, '/') + 1);

    return ts_str_caseeq(name, TS_S("Default")) ||
           ts_str_case_starts(name, TS_S("Default/"));
}

static enum ts_code take_one(void *ctx, struct ts_dir *d, const char *name,
                             const char *path, const struct ts_stat *st,
                             struct ts_err *err)
{
    struct ts_census *c = ctx;
    const char *what = NULL;
    struct ts_buf target = {0};
    enum ts_code rc = TS_OK;

    if (is_template(path))
        return TS_OK;
    if (st->type == TS_F_LINK) {
        if ((rc = ts_readlink_at(d, name, &target, err)) == TS_OK)
            what = ts_arena_format(&c->arena, "-> %s", ts_buf_text(&target));
        ts_buf_free(&target);
    } else if (st->type == TS_F_FILE) {
        rc = sum_of(c, d, name, st, &what, err);
    }
    if (rc != TS_OK || !what)
        return rc;
    path = ts_arena_strz(&c->arena, path);
    add_place(c, path, what);
    if (st->type == TS_F_FILE && first_name(c, st))
        count_content(c, what, path, st->size);
    return TS_OK;
}

static const char *folder_name(const struct ts_lab_volume *v)
{
    const char *slash = strrchr(v->folder, '/');

    return slash ? slash + 1 : v->folder;
}

static enum ts_code take_volume(struct ts_census *c, const struct ts_lab_volume *v,
                                struct ts_err *err)
{
    struct ts_dir *root = NULL, *users = NULL;
    char *name = NULL, *path = NULL;
    bool found = false;
    enum ts_code rc = ts_dir_open(&root, v->folder, true, err);

    if (rc == TS_OK)
        rc = ts_name_find(root, "Users", &name, &found, err);
    if (rc == TS_OK && found && (rc = ts_dir_open_at(&users, root, name, err)) == TS_OK) {
        path = ts_format("%s/%s", folder_name(v), name);
        rc = ts_tree_each(users, path, take_one, c, err);
    }
    ts_free(path);
    ts_free(name);
    ts_dir_close(users);
    ts_dir_close(root);
    return rc;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->path, ((const struct place *)b)->path);
}

enum ts_code ts_census_take(struct ts_census **out, const struct ts_lab_machine *m,
                            struct ts_err *err)
{
    struct ts_census *c = ts_alloc(sizeof *c);
    enum ts_code rc = TS_OK;

    *out = NULL;
    for (size_t i = 0; rc == TS_OK && i < m->volume_count; i++)
        if (survives_cut(&m->volumes[i]))
            rc = take_volume(c, &m->volumes[i], err);
    forget_seen(c);
    if (rc != TS_OK) {
        ts_census_free(c);
        return ts_err_context(err, "cannot count the users' files");
    }
    if (c->n)
        qsort(c->places, c->n, sizeof *c->places, by_path);
    *out = c;
    return TS_OK;
}

void ts_census_free(struct ts_census *c)
{
    if (!c)
        return;
    ts_map_fini(&c->contents, NULL);
    ts_map_fini(&c->sizes, NULL);
    ts_map_fini(&c->known, NULL);
    ts_map_fini(&c->seen, NULL);
    ts_free(c->places);
    ts_arena_fini(&c->arena);
    ts_free(c);
}

size_t ts_census_files(const struct ts_census *c)
{
    return c->n;
}

/* ---- looking for them again ----------------------------------------------------------
 */

static enum ts_code find_one(void *ctx, struct ts_dir *d, const char *name,
                             const char *path, const struct ts_stat *st,
                             struct ts_err *err)
{
    struct ts_census *c = ctx;
    struct content *x;
    const char *sum;
    enum ts_code rc;

    (void)path;
    if (st->type != TS_F_FILE || !wanted_size(c, st->size) || !first_name(c, st))
        return TS_OK;
    if ((rc = sum_of(c, d, name, st, &sum, err)) != TS_OK)
        return rc;
    if ((x = ts_map_get(&c->contents, ts_str_of(sum))) != NULL)
        x->has++;
    return TS_OK;
}

static struct ts_value *lost_value(struct ts_arena *a, const struct content *x)
{
    struct ts_value *o = ts_value_new(a, TS_OBJECT);

    ts_value_set(a, o, TS_S("path"),
                 ts_value_string(a, ts_str_of(ts_arena_strz(a, x->path))));
    ts_value_set(a, o, TS_S("sum"),
                 ts_value_string(a, ts_str_of(ts_arena_strz(a, x->sum))));
    ts_value_set(a, o, TS_S("size"), ts_value_int(a, (int64_t)x->size));
    ts_value_set(a, o, TS_S("had"), ts_value_int(a, (int64_t)x->had));
    ts_value_set(a, o, TS_S("has"), ts_value_int(a, (int64_t)x->has));
    return o;
}

enum ts_code ts_census_lost(struct ts_census *c, const struct ts_lab_machine *m,
                            struct ts_arena *a, struct ts_value **out, struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    for (size_t i = 0; i < c->contents.n; i++)
        ((struct content *)c->contents.entries[i].value)->has = 0;
    for (size_t i = 0; rc == TS_OK && i < m->volume_count; i++) {
        const struct ts_lab_volume *v = &m->volumes[i];
        struct ts_dir *root = NULL;

        if (survives_cut(v) && (rc = ts_dir_open(&root, v->folder, true, err)) == TS_OK)
            rc = ts_tree_each(root, folder_name(v), find_one, c, err);
        ts_dir_close(root);
    }
    forget_seen(c);
    if (rc != TS_OK)
        return ts_err_context(err, "cannot look for the users' files");
    *out = ts_value_new(a, TS_ARRAY);
    for (size_t i = 0; i < c->contents.n; i++) {
        const struct content *x = c->contents.entries[i].value;

        if (x->has < x->had)
            ts_value_push(*out, lost_value(a, x));
    }
    return TS_OK;
}

enum ts_code ts_census_displaced(const struct ts_census *c,
                                 const struct ts_lab_machine *m, struct ts_arena *a,
                                 struct ts_value **out, struct ts_err *err)
{
    struct ts_census *now = NULL;
    enum ts_code rc = ts_census_take(&now, m, err);

    if (rc != TS_OK)
        return rc;
    *out = ts_value_new(a, TS_ARRAY);
    for (size_t i = 0; i < c->n; i++) {
        const struct place *was = &c->places[i];
        const struct place *is =
            now->n ? bsearch(was, now->places, now->n, sizeof *was, by_path) : NULL;
        struct ts_value *o;

        if (is && strcmp(is->what, was->what) == 0)
            continue;
        o = ts_value_new(a, TS_OBJECT);
        ts_value_set(a, o, TS_S("path"),
                     ts_value_string(a, ts_str_of(ts_arena_strz(a, was->path))));
        ts_value_set(a, o, TS_S("what"),
                     ts_value_string(a, is ? TS_S("changed") : TS_S("missing")));
        ts_value_push(*out, o);
    }
    ts_census_free(now);
    return TS_OK;
}
