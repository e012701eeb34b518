/* damage.c - changes to files, as an input says them. */
#include "damage.h"

#include "platform/fs.h"

#include <sqlite3.h>
#include <string.h>

enum { PAGE = 4096, MOST_CHANGES = 16, MOST_BYTES = 1 << 20 };

/* The first byte of a change, by its lowest digit. */
enum change {
    OVERWRITE, /* u24 offset, u8 length, bytes */
    CUT,       /* u24 length left */
    APPEND,    /* u16 length, bytes */
    SWAP,      /* u8 page, u8 page */
    COPY,      /* u8 page onto u8 page */
    CLEAR,     /* u8 page */
    VALUE,     /* u8 table, u8 column, u8 row, a value: see bind_value */
    DELETE,    /* u8 table, u8 row */
    WHOLE,     /* u16 length, bytes: this is the file */
    REMOVE,    /* the file is not there */
    CHANGES
};

struct damage_file damage_load(const char *dir, const char *name)
{
    char *path = ts_path_join(dir, name);
    struct damage_file f = {.name = name};

    f.exists = fuzz_get_file(path, &f.bytes);
    ts_free(path);
    return f;
}

struct damage_file damage_copy(const struct damage_file *f)
{
    struct damage_file copy = {.name = f->name, .exists = f->exists};

    ts_buf_add(&copy.bytes, f->bytes.p, f->bytes.n);
    return copy;
}

void damage_free(struct damage_file *f)
{
    ts_buf_free(&f->bytes);
}

void damage_store(const char *dir, const struct damage_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *path = ts_path_join(dir, files[i].name);
        (void)!ts_fs_unlink(path, NULL);
        if (files[i].exists) {
            fuzz_put_file(path, ts_buf_view(&files[i].bytes));
        }
        ts_free(path);
    }
}

bool damage_unchanged(const char *dir, const struct damage_file *files, size_t n)
{
    bool same = true;

    for (size_t i = 0; i < n; i++) {
        struct damage_file now = damage_load(dir, files[i].name);
        same = same &&
               (now.exists == files[i].exists ||
                (now.bytes.n == 0 && ts_str_ends(ts_str_of(now.name), TS_S("-wal")))) &&
               ts_str_eq(ts_buf_view(&now.bytes), ts_buf_view(&files[i].bytes));
        damage_free(&now);
    }
    return same;
}

/* ---- tables --------------------------------------------------------------------------
 */

/* The n-th name that a query gives (counted round and round), copied; NULL: none. */
static char *nth_name(sqlite3 *db, const char *sql, const char *argument, uint32_t n)
{
    sqlite3_stmt *q = NULL;
    char *name = NULL;
    uint32_t rows = 0;

    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK) {
        sqlite3_bind_text(q, 1, argument, -1, SQLITE_STATIC);
        while (rows < 64 && sqlite3_step(q) == SQLITE_ROW) {
            rows++;
        }
        n = rows ? n % rows : 0;
        sqlite3_reset(q);
        for (uint32_t i = 0; rows && i <= n; i++) {
            if (sqlite3_step(q) != SQLITE_ROW) {
                break;
            }
            if (i == n && sqlite3_column_text(q, 0)) {
                name = ts_strdup((const char *)sqlite3_column_text(q, 0));
            }
        }
    }
    sqlite3_finalize(q);
    return name;
}

static void bind_value(sqlite3_stmt *q, struct fuzz_bytes *in)
{
    uint32_t kind = fuzz_u8(in) % 5;
    ts_str s = kind < 3 ? (ts_str){"", 0} : fuzz_take(in, fuzz_u8(in));

    switch (kind) {
    case 0:
        sqlite3_bind_null(q, 1);
        break;
    case 1:
        sqlite3_bind_int64(q, 1, fuzz_i64(in));
        break;
    case 2:
        sqlite3_bind_int64(q, 1, fuzz_u8(in));
        break;
    case 3:
        sqlite3_bind_text(q, 1, s.p, (int)s.n, SQLITE_STATIC);
        break;
    default:
        sqlite3_bind_blob(q, 1, s.p, (int)s.n, SQLITE_STATIC);
    }
}

/* One value set, or a row deleted, where the first column is that of the n-th row. */
static void change_row(sqlite3 *db, bool set, struct fuzz_bytes *in)
{
    static const char tables[] =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND ?1 = ''";
    static const char columns[] = "SELECT name FROM pragma_table_info(?1)";
    char *table = nth_name(db, tables, "", fuzz_u8(in));
    char *column = table && set ? nth_name(db, columns, table, fuzz_u8(in)) : NULL;
    char *key = table ? nth_name(db, columns, table, 0) : NULL;
    uint32_t row = fuzz_u8(in);
    sqlite3_stmt *q = NULL;
    struct ts_buf sql = {0};

    if (table && key && (column || !set)) {
        ts_buf_fmt(
            &sql, set ? "UPDATE OR REPLACE \"%s\" SET \"%s\" = ?1" : "DELETE FROM \"%s\"",
            table, column);
        ts_buf_fmt(&sql,
                   " WHERE \"%s\" = (SELECT \"%s\" FROM \"%s\" LIMIT 1 OFFSET (?2 %% "
                   "max(1, (SELECT count(*) FROM \"%s\"))))",
                   key, key, table, table);
        if (sqlite3_prepare_v2(db, ts_buf_text(&sql), -1, &q, NULL) == SQLITE_OK) {
            if (set) {
                bind_value(q, in);
            }
            sqlite3_bind_int64(q, 2, row);
            (void)sqlite3_step(q);
        }
        sqlite3_finalize(q);
    }
    ts_buf_free(&sql);
    ts_free(table);
    ts_free(column);
    ts_free(key);
}

/* In memory: a database with a write-ahead log is taken for one without. */
static void change_table(struct damage_file *f, bool set, struct fuzz_bytes *in)
{
    sqlite3 *db = NULL;
    sqlite3_int64 n = 0;
    char wal[2];

    if (!f->exists || f->bytes.n < 512 || f->bytes.n > MOST_BYTES ||
        memcmp(f->bytes.p, "SQLite format 3", 16) != 0) {
        return;
    }
    unsigned char *copy = sqlite3_malloc64(f->bytes.n);
    memcpy(copy, f->bytes.p, f->bytes.n);
    memcpy(wal, f->bytes.p + 18, 2);
    copy[18] = copy[19] = 1;
    if (sqlite3_open(":memory:", &db) == SQLITE_OK &&
        sqlite3_deserialize(db, "main", copy, (sqlite3_int64)f->bytes.n,
                            (sqlite3_int64)f->bytes.n,
                            SQLITE_DESERIALIZE_FREEONCLOSE |
                                SQLITE_DESERIALIZE_RESIZEABLE) == SQLITE_OK) {
        change_row(db, set, in);
        unsigned char *now = sqlite3_serialize(db, "main", &n, 0);
        if (now && n >= 512) {
            ts_buf_clear(&f->bytes);
            ts_buf_add(&f->bytes, now, (size_t)n);
            memcpy(f->bytes.p + 18, wal, 2);
        }
        sqlite3_free(now);
    }
    sqlite3_close(db);
}

/* ---- bytes ---------------------------------------------------------------------------
 */

static void change_page(struct damage_file *f, enum change c, struct fuzz_bytes *in)
{
    size_t pages = f->bytes.n / PAGE, a = fuzz_u8(in), b = c == CLEAR ? 0 : fuzz_u8(in);
    char save[PAGE];

    if (pages == 0) {
        return;
    }
    char *pa = f->bytes.p + a % pages * PAGE, *pb = f->bytes.p + b % pages * PAGE;
    memcpy(save, pb, PAGE);
    if (c == CLEAR) {
        memset(pa, 0, PAGE);
    } else {
        memmove(pb, pa, PAGE);
    }
    if (c == SWAP) {
        memcpy(pa, save, PAGE);
    }
}

static void change_bytes(struct damage_file *f, enum change c, struct fuzz_bytes *in)
{
    size_t at = c == APPEND || c == WHOLE ? 0 : fuzz_u16(in) | (size_t)fuzz_u8(in) << 16;
    ts_str s = {"", 0};

    if (c != CUT) {
        s = fuzz_take(in, c == OVERWRITE ? fuzz_u8(in) : fuzz_u16(in));
    }
    if (c == WHOLE) {
        ts_buf_clear(&f->bytes);
        f->exists = true;
    }
    if (!f->exists) {
        return;
    }
    if (c == CUT) {
        f->bytes.n = f->bytes.n ? at % (f->bytes.n + 1) : 0;
    } else if (c != OVERWRITE && f->bytes.n + s.n <= MOST_BYTES) {
        ts_buf_str(&f->bytes, s);
    } else if (c == OVERWRITE && f->bytes.n) {
        at %= f->bytes.n;
        size_t n = s.n < f->bytes.n - at ? s.n : f->bytes.n - at;
        memcpy(f->bytes.p + at, s.p, n);
    }
}

void damage_apply(struct damage_file *files, size_t n, struct fuzz_bytes *in)
{
    for (int i = 0; i < MOST_CHANGES && in->n > 0; i++) {
        enum change c = (enum change)(fuzz_u8(in) % CHANGES);
        struct damage_file *f = &files[fuzz_u8(in) % n];
        switch (c) {
        case SWAP:
        case COPY:
        case CLEAR:
            change_page(f, c, in);
            break;
        case VALUE:
        case DELETE:
            change_table(f, c == VALUE, in);
            break;
        case REMOVE:
            f->exists = false;
            ts_buf_clear(&f->bytes);
            break;
        default:
            change_bytes(f, c, in);
        }
    }
}
