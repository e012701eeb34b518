#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for n more bytes and the NUL. */
static void reserve(struct ts_buf *b, size_t n)
{
    if (b->cap > b->n && b->cap - b->n > n) {
        return;
    }
    if (n > SIZE_MAX / 2 - b->n - 1) {
        ts_oom(n);
    }
    size_t cap = b->cap ? b->cap * 2 : 64;
    while (cap < b->n + n + 1) {
        cap *= 2;
    }
    b->p = ts_realloc_array(b->p, cap, 1);
    b->cap = cap;
}

void ts_buf_add(struct ts_buf *b, const void *p, size_t n)
{
    reserve(b, n);
    if (n) {
        memcpy(b->p + b->n, p, n);
    }
    b->n += n;
    b->p[b->n] = '\0';
}

void ts_buf_str(struct ts_buf *b, ts_str s)
{
    ts_buf_add(b, s.p, s.n);
}

void ts_buf_z(struct ts_buf *b, const char *z)
{
    ts_buf_add(b, z, z ? strlen(z) : 0);
}

void ts_buf_c(struct ts_buf *b, char c)
{
    reserve(b, 1);
    b->p[b->n++] = c;
    b->p[b->n] = '\0';
}

void ts_buf_fmt(struct ts_buf *b, const char *fmt, ...)
{
    va_list ap;

    reserve(b, 64);
    va_start(ap, fmt);
    int n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
    va_end(ap);
    if (n < 0) {
        ts_oom(0);
    }
    if ((size_t)n >= b->cap - b->n) {
        reserve(b, (size_t)n);
        va_start(ap, fmt);
        vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
        va_end(ap);
    }
    b->n += (size_t)n;
}

ts_str ts_buf_view(const struct ts_buf *b)
{
    return (ts_str){ts_buf_text(b), b->n};
}

const char *ts_buf_text(const struct ts_buf *b)
{
    return b->p ? b->p : "";
}

char *ts_buf_take(struct ts_buf *b)
{
    char *p = b->p ? b->p : ts_str_dup(TS_S(""));

    *b = (struct ts_buf){0};
    return p;
}

void ts_buf_clear(struct ts_buf *b)
{
    b->n = 0;
    if (b->p) {
        b->p[0] = '\0';
    }
}

void ts_buf_free(struct ts_buf *b)
{
    ts_free(b->p);
    *b = (struct ts_buf){0};
}

/* How a byte below 0x80 is written: 0 as it is, 'u' as \u00XX, else \ and this letter. */
static char escape_of(unsigned char c)
{
    switch (c) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return c < 0x20 || c == 0x7F ? 'u' : '\0';
    }
}

void ts_buf_json(struct ts_buf *b, ts_str s)
{
    size_t from = 0, pos = 0; /* s[from, pos) goes out unchanged */

    while (pos < s.n) {
        unsigned char c = (unsigned char)s.p[pos];
        if (c >= 0x80) {
            size_t at = pos;
            if (ts_utf8_next(s, &pos) == 0xFFFD && pos - at == 1) {
                ts_buf_add(b, s.p + from, at - from);
                ts_buf_add(b, "\xEF\xBF\xBD", 3);
                from = pos;
            }
            continue;
        }
        char e = escape_of(c);
        if (e) {
            ts_buf_add(b, s.p + from, pos - from);
            if (e == 'u') {
                ts_buf_fmt(b, "\\u%04x", c);
            } else {
                ts_buf_c(b, '\\');
                ts_buf_c(b, e);
            }
            from = pos + 1;
        }
        pos++;
    }
    if (pos > from) {
        ts_buf_add(b, s.p + from, pos - from);
    }
}
