/* buf.h - building text.  Zero-initialise; p is NUL-terminated whenever it is not NULL. */
#ifndef TS_BASE_BUF_H
#define TS_BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

struct ts_buf {
    char *p;
    size_t n, cap;
};

void ts_buf_add(struct ts_buf *b, const void *p, size_t n);
void ts_buf_str(struct ts_buf *b, ts_str s);
void ts_buf_z(struct ts_buf *b, const char *z);
void ts_buf_c(struct ts_buf *b, char c);
void ts_buf_fmt(struct ts_buf *b, const char *fmt, ...) TS_PRINTF(2, 3);
ts_str ts_buf_view(const struct ts_buf *b);
const char *ts_buf_text(const struct ts_buf *b); /* "" when empty, never NULL */
char *ts_buf_take(struct ts_buf *b);             /* caller frees; b is empty afterwards */
void ts_buf_clear(struct ts_buf *b);             /* keeps the memory */
void ts_buf_free(struct ts_buf *b);
/* Append s as the inside of a JSON string (without quotes); invalid UTF-8 bytes become
 * U+FFFD. */
void ts_buf_json(struct ts_buf *b, ts_str s);

#endif
