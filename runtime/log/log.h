/* log.h - smsts.log and other listeners.
 *
 * Every message passes the mask callback before any sink sees it.  Messages may come from
 * any thread; sinks are called one at a time, on the thread that writes, and must not
 * write to the log themselves. */
#ifndef TS_LOG_LOG_H
#define TS_LOG_LOG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum ts_level {
    TS_LOG_VERBOSE = 0,
    TS_LOG_INFO = 1,
    TS_LOG_WARNING = 2,
    TS_LOG_ERROR = 3
};

struct ts_log;
struct ts_log *ts_log_new(void);
void ts_log_free(struct ts_log *l); /* closes every sink */

/* component NULL: "TSManager".  log NULL: nothing happens. */
void ts_log_write(struct ts_log *l, enum ts_level level, const char *component,
                  const char *fmt, ...) TS_PRINTF(4, 5);
void ts_log_text(struct ts_log *l, enum ts_level level, const char *component,
                 ts_str text);

/* mask: append `text` to `out` with secrets hidden. */
void ts_log_mask(struct ts_log *l,
                 void (*mask)(void *ctx, struct ts_buf *out, ts_str text), void *ctx);

struct ts_log_record {
    int64_t time_ms;
    enum ts_level level;
    const char *component;
    ts_str text;
};
void ts_log_sink(struct ts_log *l, void (*fn)(void *ctx, const struct ts_log_record *),
                 void *ctx);
void ts_log_unsink(struct ts_log *l, void *ctx);

/* smsts.log in `dir` (created) in CMTrace form: UTF-8 with BOM, CR LF, rolled to
 * smsts-<yyyymmdd-hhmmss>.log at max_size (0: 25 MB), keeping `history` (0: 8) old ones.
 * A torn last line of an existing file is cut off first.  Written at once, synced only by
 * ts_log_sync.  A second call moves on to another folder (the old one is closed). */
TS_NODISCARD enum ts_code ts_log_file(struct ts_log *l, const char *dir,
                                      uint64_t max_size, int history, struct ts_err *err);
const char *ts_log_dir(const struct ts_log *l); /* NULL if none */
/* Copy what stands in the current log folder (subfolders too, links not) to `dir` and go
 * on there.  An smsts.log in `dir` is appended to; of other files both are kept.  Nothing
 * is removed from the old folder. */
TS_NODISCARD enum ts_code ts_log_move(struct ts_log *l, const char *dir,
                                      struct ts_err *err);
void ts_log_sync(struct ts_log *l);

/* One CMTrace record, with CR LF.  "<![LOG[" and "]LOG]!>" inside the text are broken up
 * by a blank so that a reader always gets one record back; bytes that are not UTF-8
 * become U+FFFD; what passes 256 KiB is left out, and said so. */
void ts_cmtrace_format(struct ts_buf *out, const struct ts_log_record *r);
/* Read the record at the start of `text`: false if it is torn or none.  *used: its bytes,
 * the end of line among them.  r->text points into `text`. */
bool ts_cmtrace_parse(ts_str text, struct ts_log_record *r, char component[64],
                      size_t *used);

#endif
