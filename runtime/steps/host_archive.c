/* host_archive.c - tar archives as images.
 *
 * libarchive takes the archive apart; what is written goes through folder handles of our
 * own, so that no entry can leave the target, whatever it calls itself. */
#include "steps/image.h"

#include "steps/archive_lib.h"

#include <string.h>

enum { BLOCK = 256 * 1024, NAME_MOST = 16 * 1024 };

struct reader {
    const struct ts_archive_lib *lib;
    struct archive *a;
    struct ts_file *file;
    uint64_t size;
    char *block;
    struct ts_err why; /* why a read failed */
};

/* ---- names ---------------------------------------------------------------------------
 */

static enum ts_code check_part(ts_str part, const char *name, struct ts_err *err)
{
    if (ts_str_eq(part, TS_S(".."))) {
        return ts_fail(err, TS_EINPUT, "its entry \"%s\" climbs out of the target", name);
    }
    return TS_OK;
}

static bool has_letter(const char *name)
{
    return ((name[0] >= 'A' && name[0] <= 'Z') || (name[0] >= 'a' && name[0] <= 'z')) &&
           name[1] == ':';
}

enum ts_code ts_image_entry_name(struct ts_buf *out, const char *name, bool backslash,
                                 struct ts_err *err)
{
    size_t n = name ? strlen(name) : 0;
    const char *p = name;

    ts_buf_clear(out);
    if (n == 0 || n > NAME_MOST) {
        return ts_fail(err, TS_EINPUT, "it has an entry %s",
                       n ? "whose name is too long" : "without a name");
    }
    if (name[0] == '/' || name[0] == '\\') {
        return ts_fail(err, TS_EINPUT, "its entry \"%s\" has an absolute name", name);
    }
    if (backslash && strchr(name, '\\')) {
        return ts_fail(err, TS_EINPUT, "its entry \"%s\" has a '\\' in its name", name);
    }
    while (*p) {
        const char *end = p + strcspn(p, "/\\");
        ts_str part = {p, (size_t)(end - p)};
        enum ts_code rc = check_part(part, name, err);
        if (rc != TS_OK) {
            return rc;
        }
        if (has_letter(p)) {
            return ts_fail(err, TS_EINPUT, "its entry \"%s\" names a drive", name);
        }
        p = end + (*end != '\0');
    }
    for (ts_str rest = {name, n}, part; ts_str_cut(&rest, '/', &part);) {
        if (part.n && !ts_str_eq(part, TS_S("."))) {
            if (out->n) {
                ts_buf_c(out, '/');
            }
            ts_buf_str(out, part);
        }
    }
    return TS_OK;
}

/* ---- reading -------------------------------------------------------------------------
 */

static la_ssize_t on_read(struct archive *a, void *ctx, const void **bytes)
{
    struct reader *r = ctx;
    size_t got = 0;

    *bytes = r->block;
    if (ts_file_get(r->file, r->block, BLOCK, &got, &r->why) != TS_OK) {
        r->lib->set_error(a, 5, "%s", r->why.text);
        return -1;
    }
    return (la_ssize_t)got;
}

static enum ts_code fail_damaged(struct reader *r, struct ts_err *err)
{
    const char *why = r->lib->error_string(r->a);

    return ts_fail(err, r->why.code ? r->why.code : TS_EDAMAGED,
                   "the archive cannot be read: %s", why ? why : "it is damaged");
}

static enum ts_code reader_open(struct reader *r, const char *source, struct ts_err *err)
{
    const struct ts_archive_lib *l;
    enum ts_code rc;

    if ((rc = ts_archive_lib(&l, err)) != TS_OK ||
        (rc = ts_image_open_source(&r->file, source, err)) != TS_OK ||
        (rc = ts_file_size(r->file, &r->size, err)) != TS_OK) {
        return rc;
    }
    r->lib = l;
    r->block = ts_alloc(BLOCK);
    r->a = l->read_new();
    if (!r->a) {
        ts_oom(0);
    }
    /* Not "all": some filters are programs that would be started. */
    l->read_support_filter_none(r->a);
    l->read_support_filter_gzip(r->a);
    l->read_support_filter_bzip2(r->a);
    l->read_support_filter_xz(r->a);
    l->read_support_filter_lzma(r->a);
    l->read_support_filter_lzip(r->a);
    l->read_support_filter_lz4(r->a);
    l->read_support_filter_zstd(r->a);
    l->read_support_filter_compress(r->a);
    l->read_support_format_tar(r->a);
    if (l->read_open(r->a, r, NULL, on_read, NULL) != ARCHIVE_OK) {
        return fail_damaged(r, err);
    }
    return TS_OK;
}

static void reader_close(struct reader *r)
{
    if (r->a) {
        r->lib->read_free(r->a);
    }
    ts_file_close(r->file);
    ts_free(r->block);
}

enum ts_code ts_image_check_archive(const char *source, struct ts_err *err)
{
    struct reader r = {0};
    struct archive_entry *entry;
    enum ts_code rc = reader_open(&r, source, err);

    if (rc == TS_OK) {
        int got = r.lib->read_next_header(r.a, &entry);
        if (got == ARCHIVE_FATAL || got == ARCHIVE_FAILED) {
            rc = fail_damaged(&r, err);
        }
    }
    if (rc == TS_EDAMAGED) {
        const char *why = r.lib->error_string(r.a);
        rc = ts_fail(err, TS_EINPUT,
                     "it is neither a folder, nor a WIM, nor a tar archive: %s",
                     why ? why : "unknown format");
    }
    reader_close(&r);
    return rc;
}

/* ---- entries -------------------------------------------------------------------------
 */

struct unpack {
    struct reader r;
    struct ts_target *to;
    struct archive_entry *entry;
    struct ts_buf rel, other;
    struct ts_err *err;
};

/* Names that are no UTF-8 come as they are. */
static const char *either(const char *utf8, const char *raw)
{
    return utf8 ? utf8 : raw;
}

static void fill_stat(const struct unpack *u, struct ts_stat *st, enum ts_ftype type)
{
    const struct ts_archive_lib *l = u->r.lib;
    struct archive_entry *e = u->entry;

    *st = (struct ts_stat){
        .type = type,
        .mode = (uint32_t)l->entry_perm(e) & 07777,
        .uid = (uint32_t)l->entry_uid(e),
        .gid = (uint32_t)l->entry_gid(e),
    };
    if (l->entry_mtime_is_set(e)) {
        st->mtime_ns = (int64_t)l->entry_mtime(e) * 1000000000 + l->entry_mtime_nsec(e);
    }
    st->atime_ns = l->entry_atime_is_set(e)
                       ? (int64_t)l->entry_atime(e) * 1000000000 + l->entry_atime_nsec(e)
                       : st->mtime_ns;
}

static int meta_of(const struct unpack *u)
{
    int what = ts_image_meta();

    return u->r.lib->entry_mtime_is_set(u->entry) ? what : what & ~TS_META_TIMES;
}

static void tell_percent(struct unpack *u)
{
    int64_t done = u->r.lib->filter_bytes(u->r.a, -1);

    if (u->r.size && done >= 0) {
        u->to->percent = (int)((uint64_t)done * 100 / u->r.size);
        u->to->percent = u->to->percent > 99 ? 99 : u->to->percent;
    }
}

static enum ts_code write_blocks(struct unpack *u, struct ts_file *f)
{
    uint64_t at = 0, size = (uint64_t)u->r.lib->entry_size(u->entry);
    la_int64_t offset;
    const void *bytes;
    size_t n;
    enum ts_code rc = TS_OK;

    while (rc == TS_OK) {
        int got = u->r.lib->read_data_block(u->r.a, &bytes, &n, &offset);
        if (got == ARCHIVE_EOF) {
            break;
        }
        if (got == ARCHIVE_FATAL || got == ARCHIVE_FAILED || offset < 0) {
            return fail_damaged(&u->r, u->err);
        }
        tell_percent(u);
        if ((rc = ts_target_step(u->to, u->rel.p, u->err)) == TS_OK &&
            (uint64_t)offset != at) {
            rc = ts_file_seek(f, (uint64_t)offset, u->err); /* a hole */
        }
        if (rc == TS_OK && n && (rc = ts_file_write(f, bytes, n, u->err)) == TS_OK) {
            u->to->bytes += n;
        }
        at = (uint64_t)offset + n;
    }
    if (rc == TS_OK && at < size) {
        rc = ts_file_truncate(f, size, u->err); /* it ends in a hole */
    }
    return rc;
}

static enum ts_code put_file(struct unpack *u, const struct ts_spot *spot)
{
    struct ts_file *f = NULL;
    struct ts_stat st;
    enum ts_code rc;

    fill_stat(u, &st, TS_F_FILE);
    if ((rc = ts_spot_clear(spot, u->rel.p, u->err)) != TS_OK) {
        return rc;
    }
    rc =
        ts_file_open_at(&f, spot->dir, spot->name, TS_O_CREATE | TS_O_EXCL, 0600, u->err);
    if (rc == TS_OK) {
        rc = write_blocks(u, f);
    }
    ts_file_close(f);
    if (rc == TS_OK) {
        rc = ts_set_meta_at(spot->dir, spot->name, &st, meta_of(u), u->err);
    }
    return rc;
}

static enum ts_code put_symlink(struct unpack *u, const struct ts_spot *spot)
{
    const char *target =
        either(u->r.lib->entry_symlink_utf8(u->entry), u->r.lib->entry_symlink(u->entry));
    struct ts_stat st;
    enum ts_code rc;

    if (!target || !target[0]) {
        return ts_fail(u->err, TS_EINPUT, "its link \"%s\" leads nowhere", u->rel.p);
    }
    fill_stat(u, &st, TS_F_LINK);
    if ((rc = ts_spot_clear(spot, u->rel.p, u->err)) == TS_OK &&
        (rc = ts_symlink_at(spot->dir, spot->name, target, u->err)) == TS_OK) {
        rc = ts_set_meta_at(spot->dir, spot->name, &st,
                            meta_of(u) & (TS_META_OWNER | TS_META_TIMES), u->err);
    }
    return rc;
}

static enum ts_code put_other(struct unpack *u, enum ts_ftype type)
{
    struct ts_spot spot;
    enum ts_code rc = ts_target_spot(u->to, u->rel.p, false, &spot, u->err);

    if (rc != TS_OK || spot.keep) {
        return rc;
    }
    rc = type == TS_F_LINK ? put_symlink(u, &spot) : put_file(u, &spot);
    u->to->files += rc == TS_OK;
    ts_spot_fini(&spot);
    return rc;
}

static enum ts_code put_hardlink(struct unpack *u, const char *name)
{
    enum ts_code rc = ts_image_entry_name(&u->other, name, u->to->caseless, u->err);

    if (rc == TS_OK && u->other.n == 0) {
        rc = ts_fail(u->err, TS_EINPUT, "its entry \"%s\" is another name of the target",
                     u->rel.p);
    }
    if (rc == TS_OK) {
        rc = ts_target_link(u->to, u->rel.p, u->other.p, u->err);
    }
    u->to->files += rc == TS_OK;
    return rc;
}

static enum ts_code put_entry(struct unpack *u)
{
    const struct ts_archive_lib *l = u->r.lib;
    const char *name =
        either(l->entry_pathname_utf8(u->entry), l->entry_pathname(u->entry));
    const char *hardlink =
        either(l->entry_hardlink_utf8(u->entry), l->entry_hardlink(u->entry));
    struct ts_stat st;
    bool keep;
    enum ts_code rc = ts_image_entry_name(&u->rel, name, u->to->caseless, u->err);

    if (rc != TS_OK || u->rel.n == 0) {
        return rc; /* "./": the target itself, which keeps what it has */
    }
    tell_percent(u);
    if ((rc = ts_target_step(u->to, u->rel.p, u->err)) != TS_OK) {
        return rc;
    }
    if (hardlink) {
        return put_hardlink(u, hardlink);
    }
    switch (l->entry_filetype(u->entry)) {
    case AE_IFREG:
        return put_other(u, TS_F_FILE);
    case AE_IFLNK:
        return put_other(u, TS_F_LINK);
    case AE_IFDIR:
        fill_stat(u, &st, TS_F_DIR);
        return ts_target_folder(u->to, u->rel.p, &st, meta_of(u), (ts_str){0}, false,
                                &keep, u->err);
    default:
        ts_host_log(u->to->call, TS_LOG_WARNING,
                    "%s of the image is left out: it is a device, pipe or socket",
                    u->rel.p);
        return TS_OK;
    }
}

enum ts_code ts_image_apply_archive(struct ts_target *to, const char *source,
                                    struct ts_err *err)
{
    struct unpack u = {.to = to, .err = err};
    enum ts_code rc = reader_open(&u.r, source, err);

    while (rc == TS_OK) {
        int got = u.r.lib->read_next_header(u.r.a, &u.entry);
        if (got == ARCHIVE_EOF) {
            break;
        }
        if (got == ARCHIVE_FATAL || got == ARCHIVE_FAILED) {
            rc = fail_damaged(&u.r, err);
        } else if (got == ARCHIVE_OK || got == ARCHIVE_WARN) {
            rc = put_entry(&u);
        } /* else ARCHIVE_RETRY */
    }
    ts_buf_free(&u.rel);
    ts_buf_free(&u.other);
    reader_close(&u.r);
    return rc;
}
