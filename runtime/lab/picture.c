/* picture.c - a machine's end, and whether another machine ended so. */
#include "lab/picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "lab/lab_internal.h"

#define STATE_FOLDER "_TaskSequence"

/* What is compared of an entry. */
enum {
    SEE_CONTENT = 1, /* of a file; a link's target */
    SEE_MODE = 2,
    SEE_OWNER = 4,
    SEE_TIME = 8,
    SEE_NAMES = 16, /* a file's number of names */
    SEE_EXTRA = 32,
    SEE_ALL = 63,
    SEE_INSIDE = 64 /* which names a folder has */
};

struct entry {
    const char *path; /* below the machine's folder */
    struct ts_stat st;
    const char *content; /* sum, or target */
    const char *extra;   /* sum */
    int see;             /* 0: not even whether it is there */
};

struct ts_picture {
    struct ts_arena arena;
    struct entry *v;
    size_t n, cap;
    const struct ts_lab_machine *m; /* while it is taken */
};

static bool is_user_path(const char *path)
{
    const char *slash = strchr(path, '/');

    return slash && ts_str_case_starts(ts_str_of(slash + 1), TS_S("Users/"));
}

/* "C/_TaskSequence", and what is below it */
static bool own_state(const char *path)
{
    const char *slash = strchr(path, '/');
    size_t n = sizeof STATE_FOLDER - 1;

    return slash && strncmp(slash + 1, STATE_FOLDER, n) == 0 &&
           (slash[1 + n] == 0 || slash[1 + n] == '/');
}

static bool volatile_path(const struct ts_lab_machine *m, const char *path)
{
    for (size_t i = 0; i < m->volume_count; i++) {
        const char *slash = strrchr(m->volumes[i].folder, '/');
        const char *name = slash ? slash + 1 : m->volumes[i].folder;
        size_t n = strlen(name);

        if (m->volumes[i].ram && strncmp(path, name, n) == 0 &&
            (path[n] == 0 || path[n] == '/'))
            return true;
    }
    return false;
}

static enum ts_code see(struct ts_picture *p, struct entry *e, struct ts_dir *d,
                        const char *name, struct ts_err *err)
{
    struct ts_buf b = {0};
    char hex[65];
    enum ts_code rc = TS_OK;

    if (e->st.type == TS_F_FILE) {
        if ((rc = ts_tree_sum(d, name, hex, err)) == TS_OK)
            e->content = ts_arena_strz(&p->arena, hex);
    } else if (e->st.type == TS_F_LINK) {
        if ((rc = ts_readlink_at(d, name, &b, err)) == TS_OK)
            e->content = ts_arena_strz(&p->arena, ts_buf_text(&b));
    }
    ts_buf_clear(&b);
    if (rc == TS_OK && (e->st.type == TS_F_FILE || e->st.type == TS_F_DIR) &&
        (rc = ts_get_extra_at(d, name, &b, err)) == TS_OK && b.n) {
        ts_sha256_hex(hex, b.p, b.n);
        e->extra = ts_arena_strz(&p->arena, hex);
    }
    ts_buf_free(&b);
    return rc;
}

static enum ts_code add(void *ctx, struct ts_dir *d, const char *name, const char *path,
                        const struct ts_stat *st, struct ts_err *err)
{
    struct ts_picture *p = ctx;
    struct entry e = {.st = *st, .content = "", .extra = ""};
    enum ts_code rc;

    path += 2; /* "./" */
    if (own_state(path) || volatile_path(p->m, path))
        return TS_OK;
    if ((rc = see(p, &e, d, name, err)) != TS_OK)
        return rc;
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 512;
        p->v = ts_realloc_array(p->v, p->cap, sizeof *p->v);
    }
    e.path = ts_arena_strz(&p->arena, path);
    e.see = SEE_ALL | SEE_INSIDE;
    p->v[p->n++] = e;
    return TS_OK;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

enum ts_code ts_picture_take(struct ts_picture **out, const struct ts_lab_machine *m,
                             struct ts_err *err)
{
    struct ts_picture *p = ts_alloc(sizeof *p);
    struct ts_dir *root = NULL;
    enum ts_code rc = ts_dir_open(&root, m->dir, true, err);

    *out = NULL;
    p->m = m;
    if (rc == TS_OK)
        rc = ts_tree_each(root, ".", add, p, err);
    p->m = NULL;
    ts_dir_close(root);
    if (rc != TS_OK) {
        ts_picture_free(p);
        return rc;
    }
    if (p->n)
        qsort(p->v, p->n, sizeof *p->v, by_path);
    *out = p;
    return TS_OK;
}

void ts_picture_free(struct ts_picture *p)
{
    if (!p)
        return;
    ts_free(p->v);
    ts_arena_fini(&p->arena);
    ts_free(p);
}

size_t ts_picture_count(const struct ts_picture *p)
{
    return p->n;
}

size_t ts_picture_user_files(const struct ts_picture *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++)
        n += is_user_path(p->v[i].path) &&
             (p->v[i].st.type == TS_F_FILE || p->v[i].st.type == TS_F_LINK);
    return n;
}

/* What of two entries of one path differs. */
static int difference(const struct entry *a, const struct entry *b)
{
    int d = 0;

    if (a->st.type != b->st.type)
        return SEE_ALL;
    d |= strcmp(a->content, b->content) != 0 ? SEE_CONTENT : 0;
    d |= strcmp(a->extra, b->extra) != 0 ? SEE_EXTRA : 0;
    d |= a->st.mode != b->st.mode || a->st.attributes != b->st.attributes ? SEE_MODE : 0;
    d |= a->st.uid != b->st.uid || a->st.gid != b->st.gid ? SEE_OWNER : 0;
    d |= a->st.mtime_ns != b->st.mtime_ns ? SEE_TIME : 0;
    if (a->st.type == TS_F_FILE && a->st.links != b->st.links)
        d |= SEE_NAMES;
    return d;
}

static struct entry *find(const struct ts_picture *p, const char *path)
{
    struct entry key = {.path = path};

    return p->n ? bsearch(&key, p->v, p->n, sizeof *p->v, by_path) : NULL;
}

/* The folder a path is in; NULL for the machine's own. */
static struct entry *folder_of(const struct ts_picture *p, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? ts_str_dup((ts_str){path, (size_t)(slash - path)}) : NULL;
    struct entry *e = folder ? find(p, folder) : NULL;

    ts_free(folder);
    return e;
}

size_t ts_picture_settle(struct ts_picture *p, const struct ts_picture *other)
{
    size_t unsteady = 0;

    for (size_t i = 0; i < other->n; i++) {
        struct entry *in = folder_of(p, other->v[i].path);

        if (in && !find(p, other->v[i].path))
            in->see &= ~SEE_INSIDE;
    }
    for (size_t i = 0; i < p->n; i++) {
        struct entry *e = &p->v[i], *in;
        const struct entry *o = find(other, e->path);

        if (o) {
            e->see &= ~difference(e, o);
        } else {
            e->see = 0;
            if ((in = folder_of(p, e->path)) != NULL)
                in->see &= ~SEE_INSIDE;
        }
    }
    for (size_t i = 0; i < p->n; i++)
        unsteady += p->v[i].see != (SEE_ALL | SEE_INSIDE);
    return unsteady;
}

/* ---- comparing -----------------------------------------------------------------------
 */

struct comparison {
    struct ts_value *out;
    size_t most, found;
    bool users; /* this round: only theirs, or only the rest */
    struct ts_arena *a;
};

static void differ(struct comparison *c, const char *what, const char *path,
                   const char *detail)
{
    struct ts_value *o;

    if (is_user_path(path) != c->users || c->found++ >= c->most)
        return;
    o = ts_value_new(c->a, TS_OBJECT);
    ts_value_set(c->a, o, TS_S("what"), ts_value_string(c->a, ts_str_of(what)));
    ts_value_set(c->a, o, TS_S("path"),
                 ts_value_string(c->a, ts_str_of(ts_arena_strz(c->a, path))));
    ts_value_set(c->a, o, TS_S("detail"),
                 ts_value_string(c->a, ts_str_of(ts_arena_strz(c->a, detail))));
    ts_value_push(c->out, o);
}

static const char *detail_of(const struct entry *a, const struct entry *b, int d,
                             struct ts_arena *arena)
{
    static const char *const kinds[] = {"nothing", "a file", "a folder", "a link",
                                        "a device"};
    static const struct {
        int bit;
        const char *word;
    } words[] = {{SEE_CONTENT, "content"},  {SEE_MODE, "mode"},
                 {SEE_OWNER, "owner"},      {SEE_TIME, "time"},
                 {SEE_EXTRA, "attributes"}, {SEE_NAMES, "number of names"}};
    struct ts_buf b_text = {0};
    const char *out;

    if (a->st.type != b->st.type)
        return ts_arena_format(arena, "%s, was %s", kinds[b->st.type], kinds[a->st.type]);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (d & words[i].bit)
            ts_buf_fmt(&b_text, "%s%s", b_text.n ? ", " : "", words[i].word);
    if (d & SEE_CONTENT && a->st.size != b->st.size)
        ts_buf_fmt(&b_text, ", %llu bytes, was %llu", (unsigned long long)b->st.size,
                   (unsigned long long)a->st.size);
    if (d & SEE_MODE)
        ts_buf_fmt(&b_text, ", %o, was %o", b->st.mode, a->st.mode);
    out = ts_arena_strz(arena, ts_buf_text(&b_text));
    ts_buf_free(&b_text);
    return out;
}

/* Is the folder of `path` missing, too?  Then that says it. */
static bool said_by_folder(const struct ts_picture *in, const struct ts_picture *not_in,
                           const char *path)
{
    const struct entry *folder = folder_of(in, path);

    return folder && folder->see && !find(not_in, folder->path);
}

static void compare_round(struct comparison *c, const struct ts_picture *p,
                          const struct ts_picture *now)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct entry *e = &p->v[i], *is = e->see ? find(now, e->path) : NULL;
        int d = is ? difference(e, is) & e->see : 0;

        if (e->see && !is && !said_by_folder(p, now, e->path))
            differ(c, "missing", e->path, e->st.type == TS_F_DIR ? "a folder" : "");
        else if (d)
            differ(c, "changed", e->path, detail_of(e, is, d, c->a));
    }
    for (size_t i = 0; i < now->n; i++) {
        const struct entry *e = &now->v[i], *in;

        if (find(p, e->path) || said_by_folder(now, p, e->path))
            continue;
        in = folder_of(p, e->path);
        if (!in || in->see & SEE_INSIDE)
            differ(c, "extra", e->path, e->st.type == TS_F_DIR ? "a folder" : "");
    }
}

size_t ts_picture_compare(const struct ts_picture *p, const struct ts_picture *now,
                          struct ts_value *out, size_t most, struct ts_arena *a)
{
    struct comparison c = {.out = out, .most = most, .users = true, .a = a};

    compare_round(&c, p, now);
    c.users = false;
    compare_round(&c, p, now);
    return c.found;
}
