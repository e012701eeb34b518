/* CMTrace records: whatever is logged, the file holds exactly these records.
 *
 * Input, again and again: level, component up to a zero byte, time, length, text.  They
 * are read back by a parser of our own, written from the description of the format, and
 * by the one of runtime/log. */
#include "fuzz.h"

#include "log/log.h"

#include <stdio.h>
#include <string.h>

struct attributes {
    ts_str time, date, component, context, type, thread, file;
};

static ts_str quoted(ts_str *rest, const char *name)
{
    size_t n = strlen(name);
    const char *end;

    FUZZ_CHECK(rest->n > n + 2 && memcmp(rest->p, name, n) == 0, "no %s in: %.*s", name,
               (int)rest->n, rest->p);
    end = memchr(rest->p + n, '"', rest->n - n);
    FUZZ_CHECK(end, "%s has no end", name);
    ts_str value = {rest->p + n, (size_t)(end - rest->p) - n};
    rest->n -= (size_t)(end + 1 - rest->p);
    rest->p = end + 1;
    return value;
}

/* <![LOG[text]LOG]!><time="..." date="..." component="..." context="..." type="..."
 * thread="..." file="...">, CR LF.  The text ends at the first "]LOG]!>". */
static ts_str take_record(ts_str *rest, struct attributes *a)
{
    const char *end;

    FUZZ_CHECK(rest->n > 7 && memcmp(rest->p, "<![LOG[", 7) == 0, "no record: %.*s",
               (int)rest->n, rest->p);
    end = memmem(rest->p + 7, rest->n - 7, "]LOG]!>", 7);
    FUZZ_CHECK(end, "the text has no end: %.*s", (int)rest->n, rest->p);
    ts_str text = {rest->p + 7, (size_t)(end - rest->p) - 7};
    rest->n -= (size_t)(end + 7 - rest->p);
    rest->p = end + 7;
    a->time = quoted(rest, "<time=\"");
    a->date = quoted(rest, " date=\"");
    a->component = quoted(rest, " component=\"");
    a->context = quoted(rest, " context=\"");
    a->type = quoted(rest, " type=\"");
    a->thread = quoted(rest, " thread=\"");
    a->file = quoted(rest, " file=\"");
    FUZZ_CHECK(rest->n >= 3 && memcmp(rest->p, ">\r\n", 3) == 0, "no end of line");
    rest->p += 3;
    rest->n -= 3;
    return text;
}

/* What is allowed to become of a text: marks get a blank, what is not UTF-8 and zero
 * bytes become U+FFFD. */
static void expected_text(struct ts_buf *out, ts_str s)
{
    for (size_t i = 0; i < s.n;) {
        ts_str rest = {s.p + i, s.n - i};
        size_t start = i;
        if (ts_str_starts(rest, TS_S("<![LOG[")) ||
            ts_str_starts(rest, TS_S("]LOG]!>"))) {
            ts_buf_z(out, s.p[i] == '<' ? "<![LOG [" : "]LOG] !>");
            i += 7;
        } else if (ts_utf8_next(s, &i) == 0xFFFD || s.p[start] == '\0') {
            ts_buf_z(out, "\xEF\xBF\xBD");
        } else {
            ts_buf_add(out, s.p + start, i - start);
        }
    }
}

static void expected_component(struct ts_buf *out, const char *component)
{
    const char *z = *component ? component : "TSManager";

    for (size_t i = 0; z[i] && i < 63; i++) {
        ts_buf_c(out, z[i] == '"' || (unsigned char)z[i] < 0x20 ? '\'' : z[i]);
    }
}

static void check_record(ts_str *rest, const struct ts_log_record *r)
{
    struct ts_buf text = {0}, component = {0};
    struct ts_log_record read = {0};
    struct attributes a;
    char name[64], level[2] = {(char)('0' + (int)r->level), 0};
    size_t used;
    ts_str all = *rest;

    ts_str found = take_record(rest, &a);
    expected_text(&text, r->text);
    expected_component(&component, r->component);
    FUZZ_CHECK(ts_str_eq(found, ts_buf_view(&text)), "the text became: %.*s",
               (int)found.n, found.p);
    FUZZ_CHECK(ts_str_eq(a.component, ts_buf_view(&component)),
               "the component became %.*s", (int)a.component.n, a.component.p);
    FUZZ_CHECK(ts_str_eq(a.type, ts_str_of(level)) && a.context.n == 0 && a.file.n > 0 &&
                   a.thread.n > 0,
               "type %.*s", (int)a.type.n, a.type.p);
    FUZZ_CHECK(ts_cmtrace_parse(all, &read, name, &used), "not read: %.*s", (int)all.n,
               all.p);
    FUZZ_CHECK(used == (size_t)(rest->p - all.p) && ts_str_eq(read.text, found) &&
                   read.level == r->level && ts_str_eq(ts_str_of(name), a.component),
               "read as something else: %.*s", (int)used, all.p);
    FUZZ_CHECK(read.time_ms == r->time_ms, "time %lld became %lld", (long long)r->time_ms,
               (long long)read.time_ms);
    ts_buf_free(&text);
    ts_buf_free(&component);
}

#define MOST 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes in = {data, size};
    struct ts_log_record records[MOST];
    struct ts_buf file = {0};
    size_t n = 0;

    for (; n < MOST && in.n > 0; n++) {
        struct ts_log_record *r = &records[n];
        r->level = (enum ts_level)(fuzz_u8(&in) & 3);
        /* years 1970 to 2105 */
        r->time_ms = (int64_t)fuzz_u32(&in) * 1000 + fuzz_u8(&in);
        r->component = ts_str_dup(fuzz_until(&in, '\0'));
        r->text = fuzz_take(&in, fuzz_u16(&in));
        ts_cmtrace_format(&file, r);
    }
    ts_str rest = ts_buf_view(&file);
    for (size_t i = 0; i < n; i++) {
        check_record(&rest, &records[i]);
        ts_free((char *)records[i].component);
    }
    FUZZ_CHECK(rest.n == 0, "more than was written: %.*s", (int)rest.n, rest.p);
    ts_buf_free(&file);
    return 0;
}
