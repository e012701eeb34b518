/* rows.c - objects in the catalogue. */
#include "migrate/catalog_internal.h"

#include <stdlib.h>
#include <string.h>

static enum ts_code run_once(struct mig_catalog *c, sqlite3_stmt *st, struct ts_err *err)
{
    int rc = sqlite3_step(st);

    if (rc != SQLITE_DONE) {
        enum ts_code code = mig_sql_fail(c, err, "write");
        sqlite3_reset(st);
        return code;
    }
    sqlite3_reset(st);
    return TS_OK;
}

enum ts_code mig_row_add(struct mig_catalog *c, const struct mig_row *row,
                         struct ts_err *err)
{
    sqlite3_stmt *st = c->add;

    sqlite3_bind_int64(st, 1, row->id);
    sqlite3_bind_int64(st, 2, row->parent);
    sqlite3_bind_blob64(st, 3, row->name.p ? row->name.p : "", row->name.n,
                        SQLITE_STATIC);
    sqlite3_bind_int(st, 4, (int)row->kind);
    sqlite3_bind_int(st, 5, (int)row->how);
    sqlite3_bind_int(st, 6, row->part);
    sqlite3_bind_int64(st, 7, (int64_t)row->size);
    sqlite3_bind_int64(st, 8, row->mtime_ns);
    sqlite3_bind_int64(st, 9, (int64_t)row->fileid);
    sqlite3_bind_int64(st, 10, (int64_t)row->storeid);
    sqlite3_bind_int64(st, 11, row->mode);
    sqlite3_bind_int64(st, 12, row->uid);
    sqlite3_bind_int64(st, 13, row->gid);
    sqlite3_bind_int64(st, 14, row->attributes);
    if (row->extra.n)
        sqlite3_bind_blob64(st, 15, row->extra.p, row->extra.n, SQLITE_STATIC);
    else
        sqlite3_bind_null(st, 15);
    return run_once(c, st, err);
}

enum ts_code mig_row_delete(struct mig_catalog *c, int64_t id, struct ts_err *err)
{
    sqlite3_stmt *st = NULL;
    enum ts_code rc;

    if (sqlite3_prepare_v2(c->db, "DELETE FROM object WHERE id = ?1", -1, &st, NULL) !=
        SQLITE_OK)
        return mig_sql_fail(c, err, "prepare a query");
    sqlite3_bind_int64(st, 1, id);
    rc = run_once(c, st, err);
    sqlite3_finalize(st);
    return rc;
}

enum ts_code mig_span_add(struct mig_catalog *c, const struct mig_span *s,
                          struct ts_err *err)
{
    sqlite3_bind_int64(c->span, 1, s->folder);
    sqlite3_bind_int64(c->span, 2, s->first);
    sqlite3_bind_int64(c->span, 3, s->last);
    return run_once(c, c->span, err);
}

static ts_str column(sqlite3_stmt *st, int i, struct ts_arena *a)
{
    const void *p = sqlite3_column_blob(st, i);
    ts_str s = {p, (size_t)sqlite3_column_bytes(st, i)};

    if (!p)
        return (ts_str){"", 0};
    return (ts_str){ts_arena_str(a, s), s.n};
}

/* What a damaged or hostile catalogue says must not lead us out of a folder. */
static bool name_is_sound(ts_str name, bool root)
{
    if (name.n == 0)
        return root;
    return !memchr(name.p, '/', name.n) && !memchr(name.p, 0, name.n) &&
           !ts_str_eq(name, TS_S(".")) && !ts_str_eq(name, TS_S(".."));
}

static enum ts_code read_row(struct mig_catalog *c, sqlite3_stmt *st, struct mig_row *out,
                             struct ts_arena *a, struct ts_err *err)
{
    *out = (struct mig_row){
        .id = sqlite3_column_int64(st, 0),
        .parent = sqlite3_column_int64(st, 1),
        .kind = (enum mig_kind)sqlite3_column_int(st, 3),
        .how = (enum mig_how)sqlite3_column_int(st, 4),
        .part = sqlite3_column_int(st, 5),
        .size = (uint64_t)sqlite3_column_int64(st, 6),
        .mtime_ns = sqlite3_column_int64(st, 7),
        .fileid = (uint64_t)sqlite3_column_int64(st, 8),
        .storeid = (uint64_t)sqlite3_column_int64(st, 9),
        .mode = (uint32_t)sqlite3_column_int64(st, 10),
        .uid = (uint32_t)sqlite3_column_int64(st, 11),
        .gid = (uint32_t)sqlite3_column_int64(st, 12),
        .attributes = (uint32_t)sqlite3_column_int64(st, 13),
    };
    out->name = column(st, 2, a);
    out->extra = column(st, 14, a);
    if (out->kind < MIG_FOLDER || out->kind > MIG_LEFT || out->how < MIG_NONE ||
        out->how > MIG_COPIED || (out->kind == MIG_FILE) != (out->how != MIG_NONE) ||
        out->id <= 0 || out->parent >= out->id || out->parent < 0 ||
        !name_is_sound(out->name, out->parent == 0))
        return ts_fail(err, TS_EDAMAGED, "object %lld of the catalogue %s makes no sense",
                       (long long)out->id, c->path);
    return TS_OK;
}

enum ts_code mig_row_get(struct mig_catalog *c, int64_t id, struct mig_row *out,
                         struct ts_arena *a, bool *found, struct ts_err *err)
{
    enum ts_code rc = TS_OK;
    int step;

    *found = false;
    sqlite3_bind_int64(c->get, 1, id);
    step = sqlite3_step(c->get);
    if (step == SQLITE_ROW) {
        *found = true;
        rc = read_row(c, c->get, out, a, err);
    } else if (step != SQLITE_DONE) {
        rc = mig_sql_fail(c, err, "read");
    }
    sqlite3_reset(c->get);
    return rc;
}

static enum ts_code read_all(struct mig_catalog *c, sqlite3_stmt *st,
                             struct mig_rows *out, struct ts_arena *a, struct ts_err *err)
{
    enum ts_code rc = TS_OK;
    size_t cap = 0;
    int step;

    *out = (struct mig_rows){0};
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        if (out->n == cap) {
            struct mig_row *p;
            cap = cap ? cap * 2 : 32;
            p = ts_arena_alloc(a, cap * sizeof *p);
            if (out->n)
                memcpy(p, out->p, out->n * sizeof *p);
            out->p = p;
        }
        if ((rc = read_row(c, st, &out->p[out->n], a, err)) != TS_OK)
            break;
        out->n++;
    }
    if (rc == TS_OK && step != SQLITE_DONE)
        rc = mig_sql_fail(c, err, "read");
    sqlite3_reset(st);
    return rc;
}

static int by_name(const void *x, const void *y)
{
    const struct mig_row *a = x, *b = y;
    size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
    int d = n ? memcmp(a->name.p, b->name.p, n) : 0;

    if (d)
        return d;
    return a->name.n < b->name.n ? -1 : a->name.n > b->name.n;
}

static int name_cmp(const void *key, const void *element)
{
    ts_str a = ts_str_of(key);
    const struct mig_row *row = element;
    size_t n = a.n < row->name.n ? a.n : row->name.n;
    int d = n ? memcmp(a.p, row->name.p, n) : 0;

    if (d)
        return d;
    return a.n < row->name.n ? -1 : a.n > row->name.n;
}

const struct mig_row *mig_rows_find(const struct mig_rows *rows, const char *name)
{
    return rows->n ? bsearch(name, rows->p, rows->n, sizeof *rows->p, name_cmp) : NULL;
}

enum ts_code mig_children(struct mig_catalog *c, int64_t folder, struct mig_rows *out,
                          struct ts_arena *a, struct ts_err *err)
{
    enum ts_code rc;

    sqlite3_bind_int64(c->children, 1, folder);
    if ((rc = read_all(c, c->children, out, a, err)) == TS_OK && out->n > 1)
        qsort(out->p, out->n, sizeof *out->p, by_name);
    return rc;
}

enum ts_code mig_range(struct mig_catalog *c, int64_t first, int64_t last,
                       struct mig_rows *out, struct ts_arena *a, struct ts_err *err)
{
    sqlite3_bind_int64(c->range, 1, first);
    sqlite3_bind_int64(c->range, 2, last);
    return read_all(c, c->range, out, a, err);
}
