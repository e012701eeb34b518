/* xml_zip.c - the sequences inside an export archive, read into memory.
 *
 * Nothing is written to disk, so names only matter for finding members; those that climb
 * out are refused all the same, since such an archive was not made by an export. */
#include "parse/xml_import.h"

#include "steps/archive_lib.h"
#include "steps/archive_name.h"

#include <string.h>

#define MOST_MEMBER ((size_t)16 << 20) /* bytes of one sequence */
#define MOST_TOGETHER ((size_t)64 << 20)
enum { MOST_ENTRIES = 20000, MOST_SEQUENCES = 500 };

struct unzip {
    const struct ts_archive_lib *lib;
    struct archive *a;
    struct archive_entry *entry;
    const char *name;
    struct xml_archive *out;
    size_t together;
    struct ts_err *err;
};

static enum ts_code damaged(struct unzip *u)
{
    const char *why = u->lib->error_string(u->a);

    return ts_fail(u->err, TS_EINPUT, "%s: the archive cannot be read: %s", u->name,
                   why ? why : "it is damaged");
}

static enum ts_code read_entry(struct unzip *u, const char *path, struct ts_buf *out)
{
    const void *bytes;
    la_int64_t offset;
    size_t n;

    for (;;) {
        int got = u->lib->read_data_block(u->a, &bytes, &n, &offset);
        if (got == ARCHIVE_EOF) {
            return TS_OK;
        }
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN) {
            return damaged(u);
        }
        if (offset < 0 || (size_t)offset != out->n) {
            return ts_fail(u->err, TS_EINPUT, "%s: %s has holes", u->name, path);
        }
        u->together += n;
        if (n > MOST_MEMBER - out->n || u->together > MOST_TOGETHER) {
            return ts_fail(
                u->err, TS_EINPUT,
                "%s: %s is too large (16 MiB is the most for a sequence, 64 MiB "
                "for all of an export)",
                u->name, path);
        }
        ts_buf_add(out, bytes, n);
    }
}

/* The folder a path's last part stands in, if the path ends in `file` there. */
static bool stands_in(ts_str path, const char *file, ts_str *folder, ts_str *above)
{
    size_t n = strlen(file);

    if (path.n <= n + 1 || path.p[path.n - n - 1] != '/' ||
        !ts_str_caseeq((ts_str){path.p + path.n - n, n}, ts_str_of(file))) {
        return false;
    }
    size_t end = path.n - n - 1, from = end;
    while (from > 0 && path.p[from - 1] != '/') {
        from--;
    }
    *folder = (ts_str){path.p + from, end - from};
    *above = (ts_str){path.p, from ? from - 1 : 0};
    return folder->n > 0;
}

/* An exported object, or a sequence of a deployment share. */
static bool is_sequence(ts_str path, ts_str *id)
{
    ts_str above;

    return (stands_in(path, "object.xml", id, &above) &&
            (ts_str_caseeq(above, TS_S("SMS_TaskSequencePackage")) ||
             (above.n > 24 && ts_str_caseeq((ts_str){above.p + above.n - 24, 24},
                                            TS_S("/SMS_TaskSequencePackage"))))) ||
           stands_in(path, "ts.xml", id, &above);
}

static enum ts_code add_member(struct unzip *u, ts_str path, ts_str id)
{
    struct xml_archive *out = u->out;

    if (out->n == MOST_SEQUENCES) {
        return ts_fail(u->err, TS_EINPUT, "%s: there are more than %d sequences in it",
                       u->name, MOST_SEQUENCES);
    }
    if (out->n == out->cap) {
        out->cap = out->cap ? out->cap * 2 : 8;
        out->members = ts_realloc_array(out->members, out->cap, sizeof *out->members);
    }
    struct xml_member *m = &out->members[out->n++];
    *m = (struct xml_member){.path = ts_str_dup(path), .id = ts_str_dup(id)};
    return read_entry(u, m->path, &m->text);
}

static enum ts_code one_entry(struct unzip *u)
{
    const char *name = u->lib->entry_pathname_utf8(u->entry);
    struct ts_buf path = {0};
    ts_str id;
    enum ts_code rc;

    name = name ? name : u->lib->entry_pathname(u->entry);
    rc = ts_image_entry_name(&path, name, false, u->err);
    if (rc != TS_OK) {
        ts_err_context(u->err, "%s", u->name);
        rc = u->err->code = TS_EINPUT;
    } else if (u->lib->entry_filetype(u->entry) == AE_IFREG &&
               is_sequence(ts_buf_view(&path), &id)) {
        rc = add_member(u, ts_buf_view(&path), id);
    }
    ts_buf_free(&path);
    return rc;
}

static enum ts_code all_entries(struct unzip *u)
{
    enum ts_code rc = TS_OK;

    for (int i = 0; rc == TS_OK; i++) {
        int got = u->lib->read_next_header(u->a, &u->entry);
        if (got == ARCHIVE_EOF) {
            break;
        }
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN) {
            rc = damaged(u);
        } else if (i == MOST_ENTRIES) {
            rc = ts_fail(u->err, TS_EINPUT, "%s: there are more than %d files in it",
                         u->name, MOST_ENTRIES);
        } else {
            rc = one_entry(u);
        }
    }
    return rc;
}

enum ts_code xml_archive_read(struct xml_archive *out, ts_str bytes, const char *name,
                              struct ts_err *err)
{
    struct unzip u = {.name = name, .out = out, .err = err};
    enum ts_code rc = ts_archive_lib(&u.lib, err);

    if (rc != TS_OK) {
        return rc;
    }
    u.a = u.lib->read_new();
    if (!u.a) {
        ts_oom(0);
    }
    u.lib->read_support_format_zip(u.a);
    rc = u.lib->read_open_memory(u.a, bytes.p, bytes.n) == ARCHIVE_OK ? all_entries(&u)
                                                                      : damaged(&u);
    u.lib->read_free(u.a);
    return rc;
}

void xml_archive_fini(struct xml_archive *a)
{
    for (size_t i = 0; i < a->n; i++) {
        ts_free(a->members[i].path);
        ts_free(a->members[i].id);
        ts_buf_free(&a->members[i].text);
    }
    ts_free(a->members);
    *a = (struct xml_archive){0};
}
