/* Small texts that mean a value: durations, points in time, versions, integers, codes,
 * wildcards, names of archive entries.  The first byte chooses. */
#include "fuzz.h"

#include "expr/expr.h"
#include "facts/facts_internal.h"
#include "model/model.h"
#include "steps/archive_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is printed means the same. */
static void duration(ts_str s)
{
    struct ts_buf b = {0};
    int64_t ms = 0, again = 0;

    if (ts_duration_parse(s, &ms)) {
        ts_duration_print(&b, ms);
        FUZZ_CHECK(ms >= 0 && ts_duration_parse(ts_buf_view(&b), &again) && again == ms,
                   "%" PRId64 " ms became %s", ms, ts_buf_text(&b));
    }
    ts_buf_free(&b);
}

static void moment(ts_str s)
{
    int64_t ns, unit = 0;

    if (ts_moment_parse(s, &ns, &unit)) {
        FUZZ_CHECK(unit > 0 && unit <= 1000000000, "unit %" PRId64, unit);
    }
}

/* Two texts are in one order, the other way round from the other side. */
static void order(ts_str a, ts_str b)
{
    int v = ts_version_compare(a, b), c = ts_str_casecmp(a, b);

    FUZZ_CHECK(v == -ts_version_compare(b, a) && ts_version_compare(a, a) == 0,
               "versions: %d and %d", v, ts_version_compare(b, a));
    FUZZ_CHECK((c > 0) == (ts_str_casecmp(b, a) < 0) && (c == 0) == ts_str_caseeq(b, a),
               "texts: %d", c);
    if (a.n == 0 || b.n == 0) {
        return; /* nothing is neither less nor greater */
    }
    bool less = ts_compare(a, false, TS_OP_LT, b, false),
         equal = ts_compare(a, false, TS_OP_EQ, b, false),
         greater = ts_compare(a, false, TS_OP_GT, b, false);
    FUZZ_CHECK(less + equal + greater == 1, "less %d, equal %d, greater %d", less, equal,
               greater);
    FUZZ_CHECK(greater == ts_compare(b, false, TS_OP_LT, a, false), "not turned round");
    FUZZ_CHECK(equal != ts_compare(a, false, TS_OP_NE, b, false), "equal and not");
}

static void integer(ts_str s)
{
    char text[32], buf[200];
    int64_t n = 0, again = 0;

    if (ts_str_int(s, &n)) {
        snprintf(text, sizeof text, "%" PRId64, n);
        FUZZ_CHECK(ts_str_int(ts_str_of(text), &again) && n == again, "%s", text);
        const char *code = ts_wincode_format(buf, sizeof buf, n);
        FUZZ_CHECK(*code && strlen(code) < sizeof buf && ts_utf8_valid(ts_str_of(code)),
                   "%s", code);
        (void)ts_wincode_text(n);
    }
}

/* '*' and '?' once more, the plain way. */
static bool like_again(ts_str t, ts_str p)
{
    size_t ti = 0, pi = 0;

    if (p.n == 0) {
        return t.n == 0;
    }
    uint32_t sign = ts_utf8_next(p, &pi);
    ts_str rest = {p.p + pi, p.n - pi};
    if (sign == '*' && pi == 1) {
        for (size_t i = 0; i <= t.n;) {
            if (like_again((ts_str){t.p + i, t.n - i}, rest)) {
                return true;
            }
            if (i == t.n) {
                break;
            }
            (void)ts_utf8_next(t, &i);
        }
        return false;
    }
    if (t.n == 0) {
        return false;
    }
    uint32_t c = ts_utf8_next(t, &ti);
    return (sign == '?' || ts_utf8_fold(c) == ts_utf8_fold(sign)) &&
           like_again((ts_str){t.p + ti, t.n - ti}, rest);
}

static void wildcards(ts_str pattern, ts_str text)
{
    size_t stars = 0;

    for (size_t i = 0; i < pattern.n; i++) {
        stars += pattern.p[i] == '*';
    }
    bool fits = ts_str_like(text, pattern);
    if (stars <= 3 && text.n <= 60 && pattern.n <= 60 && ts_utf8_valid(text) &&
        ts_utf8_valid(pattern)) {
        FUZZ_CHECK(fits == like_again(text, pattern), "fits %d", fits);
    }
}

/* A name below a folder, whatever an archive calls it. */
static void entry(ts_str s, bool backslash)
{
    char *name = ts_str_dup(s);
    struct ts_buf out = {0};
    struct ts_err err = {0};

    if (ts_image_entry_name(&out, name, backslash, &err) == TS_OK) {
        char *all = ts_format("/%s/", ts_buf_text(&out));
        FUZZ_CHECK(!strstr(all, "/../") && !strstr(all, "/./") &&
                       (out.n == 0 || !strstr(all, "//")),
                   "it became %s", ts_buf_text(&out));
        FUZZ_CHECK(out.n == 0 || (out.p[0] != '/' && out.p[out.n - 1] != '/'), "%s",
                   ts_buf_text(&out));
        ts_free(all);
    } else {
        FUZZ_CHECK(err.code == TS_EINPUT, "%s", err.text);
    }
    ts_buf_free(&out);
    ts_free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes in = {data, size};
    uint32_t kind = fuzz_u8(&in) % 8;
    ts_str a = kind == 2 || kind == 4 ? fuzz_until(&in, '\0') : (ts_str){"", 0};
    ts_str s = fuzz_rest(&in);

    switch (kind) {
    case 0:
        duration(s);
        break;
    case 1:
        moment(s);
        break;
    case 2:
        order(a, s);
        break;
    case 3:
        integer(s);
        break;
    case 4:
        wildcards(a, s);
        break;
    case 5:
    case 6:
        entry(s, kind == 5);
        break;
    default: {
        static const char *const words[] = {"name", "names", "condition", "Wert"};
        const char *near = ts_str_suggest(s, words, 4);
        FUZZ_CHECK(!near || strlen(near) <= s.n + 3, "%s", near);
    }
    }
    return 0;
}
