#include "base/str.h"

#include <string.h>

ts_str ts_str_of(const char *z)
{
    return z ? (ts_str){z, strlen(z)} : (ts_str){"", 0};
}

bool ts_str_eq(ts_str a, ts_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static unsigned lower(unsigned char byte)
{
    return (unsigned)(byte - 'A') < 26u ? byte + 32u : byte;
}

/* Next folded character.  A byte that is no text stays what it is: two names that differ
 * in such bytes are two names. */
static uint32_t next_folded(ts_str s, size_t *pos)
{
    size_t at = *pos;
    unsigned char byte = (unsigned char)s.p[at];

    if (byte < 0x80) { /* nearly all there is */
        ++*pos;
        return lower(byte);
    }
    uint32_t c = ts_utf8_next(s, pos);

    if (c == 0xFFFD && *pos - at == 1) {
        return 0x110000 + (unsigned char)s.p[at];
    }
    return ts_utf8_fold(c);
}

int ts_str_casecmp(ts_str a, ts_str b)
{
    size_t i = 0, j = 0;

    while (i < a.n && j < b.n) {
        uint32_t x = next_folded(a, &i), y = next_folded(b, &j);
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return (int)(i < a.n) - (int)(j < b.n);
}

bool ts_str_caseeq(ts_str a, ts_str b)
{
    return ts_str_casecmp(a, b) == 0;
}

bool ts_caseeq(const char *a, const char *b)
{
    return ts_casecmp(a, b) == 0;
}

/* Most names differ in their first letters, which need neither lengths nor Unicode. */
int ts_casecmp(const char *a, const char *b)
{
    a = a ? a : "";
    b = b ? b : "";
    while (*a && (unsigned char)*a < 0x80 && (unsigned char)*b < 0x80) {
        unsigned x = lower((unsigned char)*a), y = lower((unsigned char)*b);
        if (x != y) {
            return x < y ? -1 : 1;
        }
        a++;
        b++;
    }
    return ts_str_casecmp(ts_str_of(a), ts_str_of(b));
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

ts_str ts_str_trim(ts_str s)
{
    while (s.n && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_blank(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

bool ts_str_starts(ts_str s, ts_str prefix)
{
    return s.n >= prefix.n && ts_str_eq((ts_str){s.p, prefix.n}, prefix);
}

bool ts_str_case_starts(ts_str s, ts_str prefix)
{
    size_t i = 0, j = 0;

    while (j < prefix.n) {
        if (i >= s.n || next_folded(s, &i) != next_folded(prefix, &j)) {
            return false;
        }
    }
    return true;
}

bool ts_str_ends(ts_str s, ts_str suffix)
{
    return s.n >= suffix.n && ts_str_eq((ts_str){s.p + s.n - suffix.n, suffix.n}, suffix);
}

/* One place to go back to, the last '*', is enough: what an earlier one could match, the
 * last one can match too. */
bool ts_str_like(ts_str text, ts_str pattern)
{
    size_t t = 0, p = 0, star_p = SIZE_MAX, star_t = 0;

    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star_p = ++p;
            star_t = t;
            continue;
        }
        if (p < pattern.n) {
            size_t t2 = t, p2 = p;
            uint32_t want = next_folded(pattern, &p2), have = next_folded(text, &t2);
            if (want == '?' || want == have) {
                t = t2;
                p = p2;
                continue;
            }
        }
        if (star_p == SIZE_MAX) {
            return false;
        }
        ts_utf8_next(text, &star_t); /* the '*' takes one more character */
        t = star_t;
        p = star_p;
    }
    while (p < pattern.n && pattern.p[p] == '*') {
        p++;
    }
    return p == pattern.n;
}

bool ts_str_int(ts_str s, int64_t *out)
{
    bool negative = false;
    uint64_t v = 0;

    s = ts_str_trim(s);
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
        negative = s.p[0] == '-';
        s.p++;
        s.n--;
    }
    if (s.n == 0) {
        return false;
    }
    uint64_t most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)((unsigned char)s.p[i] - '0');
        if (d > 9 || v > (most - d) / 10) {
            return false;
        }
        v = v * 10 + d;
    }
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

bool ts_str_cut(ts_str *rest, char sep, ts_str *part)
{
    if (rest->n == 0) {
        *part = (ts_str){rest->p, 0};
        return false;
    }
    const char *at = memchr(rest->p, sep, rest->n);
    size_t n = at ? (size_t)(at - rest->p) : rest->n;
    *part = (ts_str){rest->p, n};
    size_t skip = at ? n + 1 : n;
    rest->p += skip;
    rest->n -= skip;
    return true;
}

/* ---- suggestions ---------------------------------------------------------------------
 */

enum { LONGEST_WORD = 64 };

static size_t fold_word(uint32_t out[LONGEST_WORD], ts_str s)
{
    size_t n = 0;

    for (size_t pos = 0; pos < s.n;) {
        if (n == LONGEST_WORD) {
            return LONGEST_WORD + 1;
        }
        out[n++] = ts_utf8_fold(ts_utf8_next(s, &pos));
    }
    return n;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, changes and swaps of neighbours from a to b. */
static size_t distance(const uint32_t *a, size_t an, const uint32_t *b, size_t bn)
{
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];

    for (size_t j = 0; j <= bn; j++) {
        last[j] = j;
    }
    for (size_t i = 1; i <= an; i++) {
        now[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            size_t d = last[j - 1] + (a[i - 1] != b[j - 1]);
            d = least(d, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d = least(d, before[j - 2] + 1);
            }
            now[j] = d;
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[bn];
}

const char *ts_str_suggest(ts_str word, const char *const *names, size_t n)
{
    uint32_t a[LONGEST_WORD], b[LONGEST_WORD];
    size_t an = fold_word(a, word), best = SIZE_MAX;
    const char *found = NULL;

    if (an == 0 || an > LONGEST_WORD) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        size_t bn = names[i] ? fold_word(b, ts_str_of(names[i])) : 0;
        if (bn == 0 || bn > LONGEST_WORD) {
            continue;
        }
        size_t longer = an > bn ? an : bn;
        size_t allowed = longer < 3 ? 0 : longer < 6 ? 1 : longer < 10 ? 2 : longer / 4;
        size_t d = distance(a, an, b, bn);
        if (d <= allowed && d < best) {
            best = d;
            found = names[i];
        }
    }
    return found;
}
