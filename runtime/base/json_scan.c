#include "base/json_scan.h"

#include <ctype.h>
#include <string.h>

struct json_scan json_scan_start(ts_str text)
{
    struct json_scan s = {.text = text};

    if (ts_str_starts(text, TS_S("\xEF\xBB\xBF"))) {
        s.pos = 3;
    }
    return s;
}

static int bad(struct json_scan *s, size_t at, const char *why)
{
    s->at = at;
    s->wrong = why;
    return JSON_BAD;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The four digits at text[pos]; -1 if they are not. */
static int32_t hex4(ts_str t, size_t pos)
{
    int32_t v = 0;

    if (t.n - pos < 4) {
        return -1;
    }
    for (size_t i = 0; i < 4; i++) {
        int d = hex_value(t.p[pos + i]);
        if (d < 0) {
            return -1;
        }
        v = v * 16 + d;
    }
    return v;
}

/* The character of the \u escape whose 'u' stands at *pos (which moves behind it): 0 for
 * what may not be. */
static uint32_t unicode_escape(ts_str t, size_t *pos)
{
    int32_t hi = hex4(t, *pos + 1);

    *pos += 5;
    if (hi < 0xD800 || hi > 0xDFFF) {
        return hi > 0 ? (uint32_t)hi : 0;
    }
    if (hi > 0xDBFF || t.n - *pos < 6 || t.p[*pos] != '\\' || t.p[*pos + 1] != 'u') {
        return 0;
    }
    int32_t lo = hex4(t, *pos + 2);
    *pos += 6;
    if (lo < 0xDC00 || lo > 0xDFFF) {
        return 0;
    }
    return 0x10000 + ((uint32_t)(hi - 0xD800) << 10) + (uint32_t)(lo - 0xDC00);
}

static bool check_escape(struct json_scan *s, size_t *pos)
{
    ts_str t = s->text;
    size_t at = (*pos)++; /* the backslash */

    if (*pos >= t.n) {
        return true; /* the caller sees the end */
    }
    if (t.p[*pos] == 'u') {
        if (hex4(t, *pos + 1) < 0) {
            bad(s, at, "\\u needs four hexadecimal digits");
            return false;
        }
        if (hex4(t, *pos + 1) == 0) {
            bad(s, at, "a string may not hold \\u0000");
            return false;
        }
        if (unicode_escape(t, pos) == 0) {
            bad(s, at, "half of a surrogate pair");
            return false;
        }
        return true;
    }
    if (!memchr("\"\\/bfnrt", t.p[*pos], 8)) {
        bad(s, at, "unknown escape (a backslash itself is written \\\\)");
        return false;
    }
    (*pos)++;
    return true;
}

static int scan_string(struct json_scan *s)
{
    ts_str t = s->text;
    size_t pos = s->at + 1;

    while (pos < t.n) {
        unsigned char c = (unsigned char)t.p[pos];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            pos++; /* most of them */
            continue;
        }
        if (c == '"') {
            s->pos = pos + 1;
            return JSON_STRING;
        }
        if (c == '\\') {
            if (!check_escape(s, &pos)) {
                return JSON_BAD;
            }
        } else if (c == '\n' || c == '\r') {
            return bad(s, s->at, "a string without its closing quote on the same line");
        } else if (c < 0x20) {
            return bad(s, pos, "a control character in a string must be escaped");
        } else {
            size_t at = pos;
            if (ts_utf8_next(t, &pos) == 0xFFFD && pos - at == 1) {
                return bad(s, at, "not valid UTF-8");
            }
        }
    }
    return bad(s, s->at, "a string without its closing quote");
}

static size_t digits(ts_str t, size_t pos)
{
    while (pos < t.n && t.p[pos] >= '0' && t.p[pos] <= '9') {
        pos++;
    }
    return pos;
}

static int scan_number(struct json_scan *s)
{
    ts_str t = s->text;
    size_t pos = s->at + (t.p[s->at] == '-'), from = pos;

    pos = digits(t, pos);
    if (pos == from) {
        return bad(s, s->at, "a number without digits");
    }
    if (t.p[from] == '0' && pos - from > 1) {
        return bad(s, s->at, "a number may not begin with 0");
    }
    if (pos < t.n && t.p[pos] == '.') {
        from = ++pos;
        pos = digits(t, pos);
        if (pos == from) {
            return bad(s, s->at, "a number needs digits behind its point");
        }
    }
    if (pos < t.n && (t.p[pos] == 'e' || t.p[pos] == 'E')) {
        pos++;
        pos += pos < t.n && (t.p[pos] == '+' || t.p[pos] == '-');
        from = pos;
        pos = digits(t, pos);
        if (pos == from) {
            return bad(s, s->at, "a number needs digits in its exponent");
        }
    }
    if (pos - s->at > 60) {
        return bad(s, s->at, "a number of more than 60 characters");
    }
    s->pos = pos;
    return JSON_NUMBER;
}

static int scan_word(struct json_scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    ts_str t = s->text;

    for (size_t i = 0; i < 3; i++) {
        ts_str w = ts_str_of(words[i]);
        if (ts_str_starts((ts_str){t.p + s->at, t.n - s->at}, w)) {
            s->pos = s->at + w.n;
            return JSON_WORD;
        }
    }
    unsigned char c = (unsigned char)t.p[s->at];
    size_t pos = s->at;
    if (c >= 0x80 && ts_utf8_next(t, &pos) == 0xFFFD && pos - s->at == 1) {
        return bad(s, s->at, "not valid UTF-8");
    }
    return bad(s, s->at,
               c == '\''  ? "strings stand in double quotes"
               : c == '/' ? "JSON has no comments"
               : c == 0   ? "a NUL byte"
                          : "no value begins like this");
}

int json_scan_next(struct json_scan *s)
{
    ts_str t = s->text;
    size_t pos = s->pos;

    while (pos < t.n && (t.p[pos] == ' ' || t.p[pos] == '\n' || t.p[pos] == '\t' ||
                         t.p[pos] == '\r')) {
        pos++;
    }
    s->at = s->pos = pos;
    if (pos == t.n) {
        return JSON_END;
    }
    char c = t.p[pos];
    if (c == '{' || c == '}' || c == '[' || c == ']' || c == ':' || c == ',') {
        s->pos++;
        return c;
    }
    if (c == '"') {
        return scan_string(s);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return scan_number(s);
    }
    return scan_word(s);
}

enum { MOST_LEVELS = 512 };

/* Where we are in the text: what may come next follows from the innermost bracket and
 * the last token. */
struct check {
    struct json_scan *s;
    unsigned depth;
    char open[MOST_LEVELS]; /* '{' or '[' */
};

static bool expected(struct check *c, int token, const char *why)
{
    if (token != JSON_BAD) { /* else the token's own reason is better */
        c->s->wrong = token == JSON_END ? "the text ends too early" : why;
    }
    return false;
}

/* Read one member's key and colon; true when its value comes next. */
static bool check_key(struct check *c, int token)
{
    char first = token == JSON_BAD ? c->s->text.p[c->s->at] : '\0';

    if (token == JSON_BAD && (isalnum((unsigned char)first) || strchr("_$'", first))) {
        token = JSON_WORD; /* {name: ...} */
    }
    if (token != JSON_STRING) {
        return expected(c, token, "a member's name in double quotes should stand here");
    }
    token = json_scan_next(c->s);
    return token == ':' || expected(c, token, "a ':' should stand here");
}

/* After a value: close what ends here and go to where the next value begins.  *more is
 * false when the outermost value has ended. */
static bool check_after(struct check *c, bool *more)
{
    *more = false;
    while (c->depth) {
        char open = c->open[c->depth - 1];
        int token = json_scan_next(c->s);
        if (token == ',') {
            *more = true;
            return open == '[' || check_key(c, json_scan_next(c->s));
        }
        if (token != (open == '{' ? '}' : ']')) {
            return expected(c, token,
                            open == '{' ? "a ',' or '}' should stand here"
                                        : "a ',' or ']' should stand here");
        }
        c->depth--;
    }
    return true;
}

bool json_scan_check(struct json_scan *s, unsigned depth, size_t values)
{
    struct check c = {.s = s};
    bool more = true;

    while (more) {
        int token = json_scan_next(s);
        if (values-- == 0) {
            s->wrong = "more values than are allowed";
            return false;
        }
        if (token == '{' || token == '[') {
            if (c.depth == depth || c.depth == MOST_LEVELS) {
                s->wrong = "nested too deep";
                return false;
            }
            struct json_scan ahead = *s;
            int first = json_scan_next(&ahead);
            if (first == (token == '{' ? '}' : ']')) {
                *s = ahead;
            } else {
                c.open[c.depth++] = (char)token;
                if (token == '{' && !check_key(&c, json_scan_next(s))) {
                    return false;
                }
                continue;
            }
        } else if (token != JSON_STRING && token != JSON_NUMBER && token != JSON_WORD) {
            return expected(&c, token, "a value should stand here");
        }
        if (!check_after(&c, &more)) {
            return false;
        }
    }
    return json_scan_next(s) == JSON_END ||
           expected(&c, ',', "nothing more may stand behind the value");
}

static void add_utf8(struct ts_buf *out, uint32_t c)
{
    if (c < 0x80) {
        ts_buf_c(out, (char)c);
    } else if (c < 0x800) {
        ts_buf_c(out, (char)(0xC0 | c >> 6));
        ts_buf_c(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        ts_buf_c(out, (char)(0xE0 | c >> 12));
        ts_buf_c(out, (char)(0x80 | (c >> 6 & 0x3F)));
        ts_buf_c(out, (char)(0x80 | (c & 0x3F)));
    } else {
        ts_buf_c(out, (char)(0xF0 | c >> 18));
        ts_buf_c(out, (char)(0x80 | (c >> 12 & 0x3F)));
        ts_buf_c(out, (char)(0x80 | (c >> 6 & 0x3F)));
        ts_buf_c(out, (char)(0x80 | (c & 0x3F)));
    }
}

void json_scan_string(ts_str text, size_t at, struct ts_buf *out)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";

    for (size_t pos = at + 1; pos < text.n && text.p[pos] != '"';) {
        char c = text.p[pos];
        if (c != '\\' || pos + 1 >= text.n) {
            ts_buf_c(out, c);
            pos++;
            continue;
        }
        c = text.p[++pos];
        if (c == 'u') {
            add_utf8(out, unicode_escape(text, &pos));
            continue;
        }
        const char *which = strchr(letters, c);
        ts_buf_c(out, which ? meanings[which - letters] : c);
        pos++;
    }
}

void json_scan_place(ts_str text, size_t at, size_t *from, int *line, int *col)
{
    size_t pos = *from;

    if (pos == 0 && ts_str_starts(text, TS_S("\xEF\xBB\xBF"))) {
        pos = 3; /* nobody counts the mark as a column */
    }
    for (; pos < at; pos++) {
        unsigned char c = (unsigned char)text.p[pos];
        if (c == '\n') {
            (*line)++;
            *col = 1;
        } else if ((c & 0xC0) != 0x80) {
            (*col)++;
        }
    }
    *from = pos;
}
