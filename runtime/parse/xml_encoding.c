/* xml_encoding.c - the bytes of an XML file as UTF-8. */
#include "parse/xml_dom.h"

#include <stdio.h>
#include <string.h>

/* What Windows puts where ISO 8859-1 has control characters; 0: nothing. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

static void add_utf8(struct ts_buf *out, uint32_t c)
{
    char b[4];
    size_t n = 0;

    if (c < 0x80) {
        b[n++] = (char)c;
    } else if (c < 0x800) {
        b[n++] = (char)(0xC0 | (c >> 6));
        b[n++] = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        b[n++] = (char)(0xE0 | (c >> 12));
        b[n++] = (char)(0x80 | ((c >> 6) & 0x3F));
        b[n++] = (char)(0x80 | (c & 0x3F));
    } else {
        b[n++] = (char)(0xF0 | (c >> 18));
        b[n++] = (char)(0x80 | ((c >> 12) & 0x3F));
        b[n++] = (char)(0x80 | ((c >> 6) & 0x3F));
        b[n++] = (char)(0x80 | (c & 0x3F));
    }
    ts_buf_add(out, b, n);
}

/* Line and column of the end of a text: where the next character would stand. */
static enum ts_code fail_here(const struct ts_buf *so_far, const char *name,
                              struct ts_err *err, const char *why)
{
    int line = 1, col = 1;

    for (size_t i = 0; i < so_far->n; i++) {
        if (so_far->p[i] == '\n') {
            line++;
            col = 1;
        } else {
            col += ((unsigned char)so_far->p[i] & 0xC0) != 0x80;
        }
    }
    return ts_fail(err, TS_EINPUT, "%s:%d:%d: %s", name, line, col, why);
}

static uint32_t unit(ts_str s, size_t i, bool big)
{
    uint32_t a = (unsigned char)s.p[i], b = (unsigned char)s.p[i + 1];

    return big ? a << 8 | b : b << 8 | a;
}

static enum ts_code from_utf16(struct ts_buf *out, ts_str s, bool big, const char *name,
                               struct ts_err *err)
{
    for (size_t i = 0; i < s.n; i += 2) {
        if (i + 1 == s.n) {
            return fail_here(out, name, err,
                             "this UTF-16 text ends in the middle of a character");
        }
        uint32_t c = unit(s, i, big);
        if (c >= 0xD800 && c < 0xDC00 && i + 3 < s.n) {
            uint32_t low = unit(s, i + 2, big);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                i += 2;
            }
        }
        if (c >= 0xD800 && c < 0xE000) {
            return fail_here(out, name, err,
                             "half of a character stands here: this is not UTF-16");
        }
        add_utf8(out, c);
    }
    return TS_OK;
}

static enum ts_code from_utf8(struct ts_buf *out, ts_str s, const char *name,
                              struct ts_err *err)
{
    if (ts_utf8_valid(s)) {
        ts_buf_str(out, s);
        return TS_OK;
    }
    size_t good = 0, pos = 0;
    char why[120];
    while (pos < s.n) {
        if (ts_utf8_next(s, &pos) == 0xFFFD &&
            !ts_utf8_valid((ts_str){s.p + good, pos - good})) {
            break;
        }
        good = pos;
    }
    struct ts_buf so_far = {.p = (char *)(uintptr_t)s.p, .n = good};
    snprintf(why, sizeof why,
             "byte 0x%02X is not UTF-8: save the file as UTF-8, or declare its encoding",
             (unsigned)(unsigned char)s.p[good < s.n ? good : 0]);
    return fail_here(&so_far, name, err, why);
}

static void from_one_byte(struct ts_buf *out, ts_str s, bool windows)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char b = (unsigned char)s.p[i];
        uint32_t c = b;
        if (windows && b >= 0x80 && b < 0xA0 && windows_1252[b - 0x80]) {
            c = windows_1252[b - 0x80];
        }
        add_utf8(out, c);
    }
}

/* The value of encoding="…" in an XML declaration, or nothing. */
static ts_str declared(ts_str s)
{
    s = ts_str_trim(s);
    if (!ts_str_starts(s, TS_S("<?xml"))) {
        return TS_S("");
    }
    const char *end = memchr(s.p, '>', s.n < 200 ? s.n : 200);
    ts_str head = {s.p, end ? (size_t)(end - s.p) : 0};
    for (size_t i = 0; i + 9 < head.n; i++) {
        if (memcmp(head.p + i, "encoding", 8) != 0) {
            continue;
        }
        for (i += 8; i < head.n && (head.p[i] == ' ' || head.p[i] == '='); i++) {
        }
        if (i >= head.n || (head.p[i] != '"' && head.p[i] != '\'')) {
            break;
        }
        const char *from = head.p + i + 1;
        const char *to = memchr(from, head.p[i], head.n - i - 1);
        return to ? (ts_str){from, (size_t)(to - from)} : TS_S("");
    }
    return TS_S("");
}

static bool one_of(ts_str s, const char *const *names)
{
    for (; *names; names++) {
        if (ts_str_caseeq(s, ts_str_of(*names))) {
            return true;
        }
    }
    return false;
}

/* Tools write the declaration of the text they had in memory, so "utf-16" in front of a
 * text of single bytes is common and means nothing. */
static enum ts_code from_declared(struct ts_buf *out, ts_str s, const char *name,
                                  struct ts_err *err)
{
    static const char *const unicode[] = {"",        "utf-8",    "utf8",  "utf-16",
                                          "unicode", "us-ascii", "ascii", NULL};
    static const char *const western[] = {"windows-1252", "cp1252", "cp-1252", NULL};
    static const char *const latin[] = {"iso-8859-1", "latin1", "latin-1", NULL};
    ts_str encoding = declared(s);

    if (one_of(encoding, unicode)) {
        return from_utf8(out, s, name, err);
    }
    if (one_of(encoding, western) || one_of(encoding, latin)) {
        from_one_byte(out, s, one_of(encoding, western));
        return TS_OK;
    }
    return ts_fail(err, TS_EINPUT,
                   "%s:1:1: the encoding \"%.*s\" is not known: save the file as UTF-8",
                   name, (int)(encoding.n > 60 ? 60 : encoding.n), encoding.p);
}

static ts_str behind(ts_str s, size_t n)
{
    return (ts_str){s.p + n, s.n - n};
}

enum ts_code xml_to_utf8(struct ts_buf *out, ts_str s, const char *name,
                         struct ts_err *err)
{
    if (ts_str_starts(s, (ts_str){"\xFF\xFE\0\0", 4}) ||
        ts_str_starts(s, (ts_str){"\0\0\xFE\xFF", 4})) {
        return ts_fail(err, TS_EINPUT,
                       "%s:1:1: UTF-32 is not read: save the file as UTF-8", name);
    }
    if (ts_str_starts(s, TS_S("\xFF\xFE"))) {
        return from_utf16(out, behind(s, 2), false, name, err);
    }
    if (ts_str_starts(s, TS_S("\xFE\xFF"))) {
        return from_utf16(out, behind(s, 2), true, name, err);
    }
    if (ts_str_starts(s, (ts_str){"<\0", 2})) {
        return from_utf16(out, s, false, name, err);
    }
    if (ts_str_starts(s, (ts_str){"\0<", 2})) {
        return from_utf16(out, s, true, name, err);
    }
    if (ts_str_starts(s, TS_S("\xEF\xBB\xBF"))) {
        return from_utf8(out, behind(s, 3), name, err);
    }
    return from_declared(out, s, name, err);
}
