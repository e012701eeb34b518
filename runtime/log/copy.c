/* copy.c - carrying the logs to another folder. */
#include "log/log_internal.h"

#include "base/mem.h"

#include <string.h>

#define MAX_DEPTH 16 /* of folders below a log folder; deeper ones are left behind */

/* The target folder may lie below the source: it is not copied into itself. */
struct copy {
    uint64_t to_id, to_volume;
};

/* Append smsts.log of `from` to the one of `to`, without a second BOM. */
static enum ts_code append_log(struct ts_dir *from, struct ts_dir *to, struct ts_err *err)
{
    struct ts_file *in = NULL, *out = NULL;
    char block[16384];
    uint64_t size;
    size_t got;
    bool first = true;
    enum ts_code rc;

    if ((rc = ts_file_open_at(&in, from, TS_LOG_NAME, TS_O_READ, 0, err)) != TS_OK ||
        (rc = ts_file_open_at(&out, to, TS_LOG_NAME, TS_O_READ | TS_O_APPEND, 0, err)) !=
            TS_OK ||
        (rc = ts_logfile_repair(out, &size, err)) != TS_OK) {
        goto done;
    }
    while ((rc = ts_file_get(in, block, sizeof block, &got, err)) == TS_OK && got > 0) {
        size_t skip =
            first && size > 0 && got >= 3 && memcmp(block, TS_LOG_BOM, 3) == 0 ? 3 : 0;
        first = false;
        if ((rc = ts_file_write(out, block + skip, got - skip, err)) != TS_OK) {
            break;
        }
    }

done:
    ts_file_close(in);
    ts_file_close(out);
    return rc;
}

/* Copy one file under its name, or the first free "name.1", "name.2"...  A file with the
 * same content is there already after a copy that was cut short. */
static enum ts_code copy_file(struct ts_dir *from, const char *name, struct ts_dir *to,
                              struct ts_err *err)
{
    char *to_name = ts_strdup(name);
    enum ts_code rc = TS_EEXIST;

    for (int i = 1; i < 1000; i++) {
        struct ts_stat st;
        bool same = false;
        rc = ts_copy_at(from, name, to, to_name, NULL, NULL, err);
        if (rc != TS_EEXIST) {
            break;
        }
        if (ts_stat_at(to, to_name, &st, NULL) == TS_OK && st.type == TS_F_FILE) {
            if ((rc = ts_same_content_at(from, name, to, to_name, &same, err)) != TS_OK ||
                same) {
                break;
            }
            rc = TS_EEXIST;
        }
        ts_free(to_name);
        to_name = ts_format("%s.%d", name, i);
    }
    ts_free(to_name);
    return rc;
}

static enum ts_code copy_folder(const struct copy *c, struct ts_dir *from,
                                struct ts_dir *to, int depth, struct ts_err *err);

static enum ts_code copy_subfolder(const struct copy *c, struct ts_dir *from,
                                   const char *name, struct ts_dir *to, int depth,
                                   struct ts_err *err)
{
    struct ts_dir *sub_from = NULL, *sub_to = NULL;
    enum ts_code rc = ts_mkdir_at(to, name, 0700, err);

    if (rc != TS_OK && rc != TS_EEXIST) {
        return rc;
    }
    if ((rc = ts_dir_open_at(&sub_from, from, name, err)) == TS_OK &&
        (rc = ts_dir_open_at(&sub_to, to, name, err)) == TS_OK) {
        rc = copy_folder(c, sub_from, sub_to, depth + 1, err);
    }
    ts_dir_close(sub_from);
    ts_dir_close(sub_to);
    return rc;
}

static enum ts_code copy_folder(const struct copy *c, struct ts_dir *from,
                                struct ts_dir *to, int depth, struct ts_err *err)
{
    const char *entry;
    enum ts_ftype type;
    enum ts_code rc;

    while ((rc = ts_dir_next(from, &entry, &type, err)) == TS_OK && entry) {
        struct ts_stat st;
        char *name = ts_strdup(entry);
        if ((rc = ts_stat_at(from, name, &st, err)) == TS_ENOTFOUND) {
            rc = TS_OK; /* a program removed it meanwhile */
        } else if (rc == TS_OK && st.type == TS_F_DIR) {
            if (depth < MAX_DEPTH && (st.id != c->to_id || st.volume != c->to_volume)) {
                rc = copy_subfolder(c, from, name, to, depth, err);
            }
        } else if (rc == TS_OK && st.type == TS_F_FILE) {
            struct ts_stat there;
            bool append = depth == 0 && strcmp(name, TS_LOG_NAME) == 0 &&
                          ts_stat_at(to, name, &there, NULL) == TS_OK &&
                          there.type == TS_F_FILE;
            rc = append ? append_log(from, to, err) : copy_file(from, name, to, err);
        }
        ts_free(name);
        if (rc != TS_OK) {
            return rc;
        }
    }
    return rc;
}

enum ts_code ts_logfiles_copy(const char *from, const char *to, struct ts_err *err)
{
    struct ts_dir *d_from = NULL, *d_to = NULL;
    struct ts_stat st;
    enum ts_code rc;

    if ((rc = ts_dir_open(&d_from, from, false, err)) == TS_OK &&
        (rc = ts_dir_open(&d_to, to, false, err)) == TS_OK &&
        (rc = ts_dir_stat(d_to, &st, err)) == TS_OK) {
        struct copy c = {st.id, st.volume};
        rc = copy_folder(&c, d_from, d_to, 0, err);
    }
    if (rc == TS_OK) {
        rc = ts_volume_sync(d_to, err);
    }
    ts_dir_close(d_from);
    ts_dir_close(d_to);
    return rc == TS_OK ? TS_OK : ts_err_context(err, "copying the logs to %s", to);
}
