/* cmtrace.c - one log record as text, and back. */
#include "log/log_internal.h"

#include "platform/clock.h"
#include "platform/sysinfo.h"

#include <string.h>

/* The longest message kept whole: repairing a torn file looks back this far (and a bit).
 */
#define MESSAGE_MAX ((size_t)256 * 1024)

static const ts_str open_mark = {"<![LOG[", 7};
static const ts_str close_mark = {"]LOG]!>", 7};

/* The index of `mark` in s at or after `from`, or s.n. */
static size_t find(ts_str s, size_t from, ts_str mark)
{
    while (from + mark.n <= s.n) {
        const char *p = memchr(s.p + from, mark.p[0], s.n - from - mark.n + 1);
        if (!p) {
            break;
        }
        if (memcmp(p, mark.p, mark.n) == 0) {
            return (size_t)(p - s.p);
        }
        from = (size_t)(p - s.p) + 1;
    }
    return s.n;
}

/* Text that a viewer shows as it is: valid UTF-8 without NUL, and without either mark
 * (a blank goes into it), so that records can be told apart whatever a program prints. */
static void add_message(struct ts_buf *out, ts_str s)
{
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        ts_str rest = {s.p + i, s.n - i};
        if (ts_str_starts(rest, open_mark)) {
            ts_buf_z(out, "<![LOG [");
            i += open_mark.n;
        } else if (ts_str_starts(rest, close_mark)) {
            ts_buf_z(out, "]LOG] !>");
            i += close_mark.n;
        } else if (c != 0 && c < 0x80) {
            ts_buf_c(out, (char)c);
            i++;
        } else {
            size_t start = i;
            if (c == 0 || ts_utf8_next(s, &i) == 0xFFFD) {
                i = i == start ? start + 1 : i;
                ts_buf_z(out, "\xEF\xBF\xBD");
            } else {
                ts_buf_add(out, s.p + start, i - start);
            }
        }
    }
}

/* Most messages need none of that. */
static bool message_is_plain(ts_str s)
{
    return find(s, 0, open_mark) == s.n && find(s, 0, close_mark) == s.n &&
           (s.n == 0 || memchr(s.p, 0, s.n) == NULL) && ts_utf8_valid(s);
}

/* A component is a name: at most 63 bytes, no quotes or line breaks. */
static void add_component(struct ts_buf *out, const char *component)
{
    const char *z = component && *component ? component : "TSManager";
    for (size_t n = 0; *z && n < 63; z++, n++) {
        unsigned char c = (unsigned char)*z;
        ts_buf_c(out, c == '"' || c < 0x20 ? '\'' : *z);
    }
}

void ts_cmtrace_format(struct ts_buf *out, const struct ts_log_record *r)
{
    struct ts_local t;
    ts_str text = r->text;
    size_t left_out = 0;

    if (text.n > MESSAGE_MAX) {
        left_out = text.n - MESSAGE_MAX;
        text.n = MESSAGE_MAX;
    }
    ts_time_local(&t, r->time_ms);
    ts_buf_str(out, open_mark);
    if (message_is_plain(text)) {
        ts_buf_str(out, text);
    } else {
        add_message(out, text);
    }
    if (left_out) {
        ts_buf_fmt(out, " ... (%lu more bytes)", (unsigned long)left_out);
    }
    ts_buf_fmt(out,
               "]LOG]!><time=\"%02d:%02d:%02d.%03d%+04d\" date=\"%02d-%02d-%04d\" "
               "component=\"",
               t.hour, t.minute, t.second, t.ms, t.bias_min, t.month, t.day, t.year);
    add_component(out, r->component);
    ts_buf_fmt(out, "\" context=\"\" type=\"%d\" thread=\"%lu\" file=\"taskseq\">\r\n",
               (int)r->level, ts_thread_id());
}

/* ---- reading -------------------------------------------------------------------------
 */

/* `name="value"` at *pos, after blanks. */
static bool attribute(ts_str s, size_t *pos, ts_str *name, ts_str *value)
{
    size_t i = *pos;
    while (i < s.n && s.p[i] == ' ') {
        i++;
    }
    size_t start = i;
    while (i < s.n && s.p[i] >= 'a' && s.p[i] <= 'z') {
        i++;
    }
    *name = (ts_str){s.p + start, i - start};
    if (i == start || i + 1 >= s.n || s.p[i] != '=' || s.p[i + 1] != '"') {
        return false;
    }
    start = i += 2;
    while (i < s.n && s.p[i] != '"' && s.p[i] != '\n') {
        i++;
    }
    if (i >= s.n || s.p[i] != '"') {
        return false;
    }
    *value = (ts_str){s.p + start, i - start};
    *pos = i + 1;
    return true;
}

/* Digits at *pos, at most `most` of them are taken into account. */
static bool number(ts_str s, size_t *pos, int most, int *out)
{
    int n = 0;
    *out = 0;
    while (*pos < s.n && s.p[*pos] >= '0' && s.p[*pos] <= '9') {
        if (n < most) {
            *out = *out * 10 + (s.p[*pos] - '0');
        }
        n++;
        (*pos)++;
    }
    return n > 0;
}

static bool skip(ts_str s, size_t *pos, char c)
{
    if (*pos < s.n && s.p[*pos] == c) {
        (*pos)++;
        return true;
    }
    return false;
}

/* "HH:MM:SS[.mmm][+bias]" as milliseconds from local midnight; *bias in minutes. */
static bool time_of_day(ts_str s, int64_t *ms, int *bias)
{
    size_t i = 0, start;
    int h, m, sec, frac = 0;

    *bias = 0;
    if (!number(s, &i, 2, &h) || !skip(s, &i, ':') || !number(s, &i, 2, &m) ||
        !skip(s, &i, ':') || !number(s, &i, 2, &sec)) {
        return false;
    }
    if (skip(s, &i, '.')) {
        start = i;
        if (!number(s, &i, 3, &frac)) {
            return false;
        }
        for (size_t digits = i - start; digits < 3; digits++) {
            frac *= 10;
        }
    }
    bool minus = i < s.n && s.p[i] == '-';
    if ((skip(s, &i, '+') || skip(s, &i, '-')) && !number(s, &i, 4, bias)) {
        return false;
    }
    *bias = minus ? -*bias : *bias;
    *ms = ((int64_t)h * 3600 + m * 60 + sec) * 1000 + frac;
    return i == s.n && h < 24 && m < 60 && sec < 61;
}

/* "MM-DD-YYYY" as days since 1970. */
static bool date_days(ts_str s, int64_t *days)
{
    size_t i = 0;
    int m, d, y;

    if (!number(s, &i, 2, &m) || !skip(s, &i, '-') || !number(s, &i, 2, &d) ||
        !skip(s, &i, '-') || !number(s, &i, 4, &y) || i != s.n || m < 1 || m > 12 ||
        d < 1 || d > 31) {
        return false;
    }
    /* Count in years that begin in March, so that a leap day is a year's last. */
    int64_t yy = m <= 2 ? y - 1 : y;
    int64_t day_of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
    *days = yy * 365 + yy / 4 - yy / 100 + yy / 400 + day_of_year - 719468;
    return true;
}

static bool read_attributes(ts_str s, size_t *pos, struct ts_log_record *r,
                            char component[64])
{
    ts_str name, value;
    int64_t day_ms = -1, days = INT64_MIN;
    int bias = 0;

    while (attribute(s, pos, &name, &value)) {
        if (ts_str_eq(name, TS_S("time"))) {
            if (!time_of_day(value, &day_ms, &bias)) {
                return false;
            }
        } else if (ts_str_eq(name, TS_S("date"))) {
            if (!date_days(value, &days)) {
                return false;
            }
        } else if (ts_str_eq(name, TS_S("component"))) {
            size_t n = value.n < 63 ? value.n : 63;
            memcpy(component, value.p, n);
            component[n] = '\0';
        } else if (ts_str_eq(name, TS_S("type"))) {
            int64_t type;
            r->level = ts_str_int(value, &type) && type >= 0 && type <= 3
                           ? (enum ts_level)type
                           : TS_LOG_INFO;
        }
    }
    if (day_ms < 0 || days == INT64_MIN || !skip(s, pos, '>')) {
        return false;
    }
    r->time_ms = days * 86400000 + day_ms + (int64_t)bias * 60000;
    return true;
}

bool ts_cmtrace_parse(ts_str text, struct ts_log_record *r, char component[64],
                      size_t *used)
{
    size_t pos, end;

    if (!ts_str_starts(text, open_mark)) {
        return false;
    }
    end = find(text, open_mark.n, close_mark);
    pos = end + close_mark.n;
    if (end == text.n || pos >= text.n || text.p[pos++] != '<') {
        return false;
    }
    component[0] = '\0';
    r->level = TS_LOG_INFO;
    if (!read_attributes(text, &pos, r, component)) {
        return false;
    }
    skip(text, &pos, '\r');
    skip(text, &pos, '\n');
    r->component = component;
    r->text = (ts_str){text.p + open_mark.n, end - open_mark.n};
    *used = pos;
    return true;
}
