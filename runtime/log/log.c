/* log.c - one message to everybody who listens. */
#include "log/log_internal.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/thread.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sink {
    void (*fn)(void *ctx, const struct ts_log_record *);
    void *ctx;
};

struct ts_log {
    struct ts_mutex *mutex; /* a message reaches all sinks before the next one begins */
    void (*mask)(void *ctx, struct ts_buf *out, ts_str text);
    void *mask_ctx;
    struct sink *sinks;
    size_t n_sinks;
    struct ts_logfile *file;
    struct ts_buf masked; /* kept for its memory */
};

struct ts_log *ts_log_new(void)
{
    struct ts_log *l = ts_alloc(sizeof *l);
    l->mutex = ts_mutex_new();
    return l;
}

void ts_log_free(struct ts_log *l)
{
    if (!l) {
        return;
    }
    ts_logfile_close(l->file);
    ts_mutex_free(l->mutex);
    ts_free(l->sinks);
    ts_buf_free(&l->masked);
    ts_free(l);
}

void ts_log_text(struct ts_log *l, enum ts_level level, const char *component,
                 ts_str text)
{
    if (!l) {
        return;
    }
    ts_mutex_lock(l->mutex);
    struct ts_log_record r = {ts_now_ms(), level, component ? component : "TSManager",
                              text};
    if (l->mask) {
        ts_buf_clear(&l->masked);
        l->mask(l->mask_ctx, &l->masked, text);
        r.text = ts_buf_view(&l->masked);
    }
    if (l->file) {
        ts_logfile_write(l->file, &r);
    }
    for (size_t i = 0; i < l->n_sinks; i++) {
        l->sinks[i].fn(l->sinks[i].ctx, &r);
    }
    ts_mutex_unlock(l->mutex);
}

void ts_log_write(struct ts_log *l, enum ts_level level, const char *component,
                  const char *fmt, ...)
{
    char small[512];
    char *text = small;
    va_list ap;

    if (!l) {
        return;
    }
    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0) { /* a wide character that cannot be shown: the format itself says most */
        ts_log_text(l, level, component, ts_str_of(fmt));
        return;
    }
    if ((size_t)n >= sizeof small) {
        text = ts_alloc((size_t)n + 1);
        va_start(ap, fmt);
        vsnprintf(text, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    ts_log_text(l, level, component, (ts_str){text, (size_t)n});
    if (text != small) {
        ts_free(text);
    }
}

void ts_log_mask(struct ts_log *l,
                 void (*mask)(void *ctx, struct ts_buf *out, ts_str text), void *ctx)
{
    ts_mutex_lock(l->mutex);
    l->mask = mask;
    l->mask_ctx = ctx;
    ts_mutex_unlock(l->mutex);
}

void ts_log_sink(struct ts_log *l, void (*fn)(void *ctx, const struct ts_log_record *),
                 void *ctx)
{
    ts_mutex_lock(l->mutex);
    l->sinks = ts_realloc_array(l->sinks, l->n_sinks + 1, sizeof *l->sinks);
    l->sinks[l->n_sinks++] = (struct sink){fn, ctx};
    ts_mutex_unlock(l->mutex);
}

void ts_log_unsink(struct ts_log *l, void *ctx)
{
    size_t kept = 0;

    ts_mutex_lock(l->mutex);
    for (size_t i = 0; i < l->n_sinks; i++) {
        if (l->sinks[i].ctx != ctx) {
            l->sinks[kept++] = l->sinks[i];
        }
    }
    l->n_sinks = kept;
    ts_mutex_unlock(l->mutex);
}

/* ---- the file ------------------------------------------------------------------------
 */

enum ts_code ts_log_file(struct ts_log *l, const char *dir, uint64_t max_size,
                         int history, struct ts_err *err)
{
    struct ts_logfile *lf;
    enum ts_code rc;

    ts_mutex_lock(l->mutex);
    rc = ts_logfile_open(&lf, dir, max_size, history, err);
    if (rc == TS_OK) {
        ts_logfile_close(l->file);
        l->file = lf;
    }
    ts_mutex_unlock(l->mutex);
    return rc;
}

const char *ts_log_dir(const struct ts_log *l)
{
    return l && l->file ? l->file->dir : NULL;
}

/* Two spellings of one folder? */
static bool same_folder(const char *a, const char *b)
{
    struct ts_stat sa, sb;
    return ts_fs_stat(a, &sa, NULL) == TS_OK && ts_fs_stat(b, &sb, NULL) == TS_OK &&
           sa.id == sb.id && sa.volume == sb.volume;
}

static enum ts_code move(struct ts_log *l, const char *dir, struct ts_err *err)
{
    struct ts_logfile *lf;
    enum ts_code rc;

    if (!l->file) {
        rc = ts_logfile_open(&lf, dir, 0, 0, err);
    } else if (same_folder(l->file->dir, dir)) {
        return TS_OK;
    } else {
        if ((rc = ts_fs_mkdirs(dir, 0700, err)) != TS_OK ||
            (rc = ts_logfiles_copy(l->file->dir, dir, err)) != TS_OK) {
            return rc;
        }
        rc = ts_logfile_open(&lf, dir, l->file->max_size, l->file->history, err);
    }
    if (rc == TS_OK) {
        ts_logfile_close(l->file);
        l->file = lf;
    }
    return rc;
}

enum ts_code ts_log_move(struct ts_log *l, const char *dir, struct ts_err *err)
{
    ts_mutex_lock(l->mutex);
    enum ts_code rc = move(l, dir, err);
    ts_mutex_unlock(l->mutex);
    return rc;
}

void ts_log_sync(struct ts_log *l)
{
    if (!l) {
        return;
    }
    ts_mutex_lock(l->mutex);
    if (l->file) {
        ts_logfile_sync(l->file);
    }
    ts_mutex_unlock(l->mutex);
}
