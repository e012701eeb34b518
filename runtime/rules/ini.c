/* ini.c - reading a rules file: bytes to sections of lines. */
#include "rules/ruleset_internal.h"

#include "platform/fs.h"

#include <string.h>

#define FILE_MAX (4u << 20)
#define SECTIONS_MAX 10000
#define LINES_MAX 100000
#define LINE_MAX (32u << 10)

/* ---- text ----------------------------------------------------------------------------
 */

static void add_utf8(struct ts_buf *out, uint32_t c)
{
    if (c < 0x80) {
        ts_buf_c(out, (char)c);
    } else if (c < 0x800) {
        ts_buf_c(out, (char)(0xC0 | c >> 6));
        ts_buf_c(out, (char)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        ts_buf_c(out, (char)(0xE0 | c >> 12));
        ts_buf_c(out, (char)(0x80 | (c >> 6 & 63)));
        ts_buf_c(out, (char)(0x80 | (c & 63)));
    } else {
        ts_buf_c(out, (char)(0xF0 | c >> 18));
        ts_buf_c(out, (char)(0x80 | (c >> 12 & 63)));
        ts_buf_c(out, (char)(0x80 | (c >> 6 & 63)));
        ts_buf_c(out, (char)(0x80 | (c & 63)));
    }
}

static void from_utf16(struct ts_buf *out, ts_str bytes, bool big)
{
    const unsigned char *p = (const unsigned char *)bytes.p;

    for (size_t i = 0; i + 1 < bytes.n; i += 2) {
        uint32_t c =
            big ? (uint32_t)(p[i] << 8 | p[i + 1]) : (uint32_t)(p[i + 1] << 8 | p[i]);
        if (c >= 0xD800 && c < 0xDC00 && i + 3 < bytes.n) {
            uint32_t low = big ? (uint32_t)(p[i + 2] << 8 | p[i + 3])
                               : (uint32_t)(p[i + 3] << 8 | p[i + 2]);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                i += 2;
            }
        }
        add_utf8(out, c >= 0xD800 && c < 0xE000 ? 0xFFFD : c);
    }
}

static void from_windows_1252(struct ts_buf *out, ts_str bytes)
{
    static const uint16_t high[32] = {
        0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
        0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        add_utf8(out, c >= 0x80 && c < 0xA0 ? high[c - 0x80] : c);
    }
}

static enum ts_code to_utf8(struct ts_buf *out, ts_str bytes, struct ts_err *err)
{
    if (ts_str_starts(bytes, TS_S("\xEF\xBB\xBF"))) {
        bytes = (ts_str){bytes.p + 3, bytes.n - 3};
    } else if (ts_str_starts(bytes, TS_S("\xFF\xFE")) ||
               ts_str_starts(bytes, TS_S("\xFE\xFF"))) {
        from_utf16(out, (ts_str){bytes.p + 2, bytes.n - 2}, bytes.p[0] == '\xFE');
        bytes.n = 0;
    }
    if (ts_utf8_valid(bytes)) {
        ts_buf_str(out, bytes);
    } else {
        from_windows_1252(out, bytes);
    }
    if (out->n && memchr(out->p, 0, out->n)) {
        return ts_fail(err, TS_EINPUT, "this is no rules file: it holds zero bytes");
    }
    return TS_OK;
}

/* ---- lines ---------------------------------------------------------------------------
 */

struct reader {
    struct ts_ruleset *r;
    struct rule_section *section; /* NULL before the first */
    int line;
};

static void note(struct reader *x, const char *text)
{
    struct ts_arena *a = &x->r->arena;
    struct early_note *n = ts_arena_alloc(a, sizeof *n);

    *n = (struct early_note){x->line, x->section ? x->section->name : "", text, NULL};
    if (x->r->last_note) {
        x->r->last_note->next = n;
    } else {
        x->r->notes = n;
    }
    x->r->last_note = n;
}

const struct rule_line *rule_find(const struct rule_section *s, const char *key)
{
    for (const struct rule_line *l = s ? s->first : NULL; l; l = l->next) {
        if (ts_caseeq(l->key, key)) {
            return l;
        }
    }
    return NULL;
}

static enum ts_code begin_section(struct reader *x, ts_str name, struct ts_err *err)
{
    struct ts_ruleset *r = x->r;

    x->section = ts_map_get(&r->sections, name);
    if (x->section) {
        note(x, "the section stands in the file twice; its lines are taken together");
        return TS_OK;
    }
    if (r->sections.n == SECTIONS_MAX) {
        return ts_fail(err, TS_ELIMIT, "line %d: more than %d sections", x->line,
                       SECTIONS_MAX);
    }
    x->section = ts_arena_alloc(&r->arena, sizeof *x->section);
    x->section->name = ts_arena_str(&r->arena, name);
    x->section->line = x->line;
    ts_map_set(&r->sections, name, x->section);
    return TS_OK;
}

static void add_line(struct reader *x, ts_str key, ts_str value)
{
    struct rule_line *l = ts_arena_alloc(&x->r->arena, sizeof *l);

    l->key = ts_arena_str(&x->r->arena, key);
    l->value = ts_arena_str(&x->r->arena, value);
    l->line = x->line;
    if (x->section->last) {
        x->section->last->next = l;
    } else {
        x->section->first = l;
    }
    x->section->last = l;
    x->r->lines++;
}

static enum ts_code read_line(struct reader *x, ts_str line, struct ts_err *err)
{
    ts_str t = ts_str_trim(line);
    const char *end;

    if (line.n > LINE_MAX) {
        return ts_fail(err, TS_ELIMIT, "line %d is longer than %u bytes", x->line,
                       LINE_MAX);
    }
    if (t.n == 0 || t.p[0] == ';') {
        return TS_OK;
    }
    if (t.p[0] == '[') {
        end = memchr(t.p, ']', t.n);
        if (!end) {
            note(x, "the section has no ]; it is taken to the end of the line");
        }
        size_t n = end ? (size_t)(end - t.p) - 1 : t.n - 1;
        return begin_section(x, ts_str_trim((ts_str){t.p + 1, n}), err);
    }
    end = memchr(t.p, '=', t.n);
    if (t.p[0] == '#' && !end) {
        return TS_OK; /* a comment as other programs write it */
    }
    ts_str key = ts_str_trim((ts_str){t.p, end ? (size_t)(end - t.p) : t.n});
    if (!end || key.n == 0) {
        note(x, "the line is neither a section nor NAME=VALUE; it is left out");
    } else if (!x->section) {
        note(x, "the line stands before the first section; it is left out");
    } else if (key.p[0] != '#') {
        add_line(x, key, ts_str_trim((ts_str){end + 1, t.n - (size_t)(end + 1 - t.p)}));
    }
    return TS_OK;
}

/* Lines end with CR LF, LF or CR. */
static enum ts_code read_lines(struct reader *x, ts_str text, struct ts_err *err)
{
    size_t at = 0;

    while (at < text.n) {
        size_t n = 0;
        while (at + n < text.n && text.p[at + n] != '\n' && text.p[at + n] != '\r') {
            n++;
        }
        if (++x->line > LINES_MAX) {
            return ts_fail(err, TS_ELIMIT, "more than %d lines", LINES_MAX);
        }
        enum ts_code rc = read_line(x, (ts_str){text.p + at, n}, err);
        if (rc != TS_OK) {
            return rc;
        }
        at += n + 1;
        if (at < text.n && text.p[at - 1] == '\r' && text.p[at] == '\n') {
            at++;
        }
    }
    return TS_OK;
}

enum ts_code ts_ruleset_parse(struct ts_ruleset **out, ts_str bytes, const char *file,
                              struct ts_err *err)
{
    struct ts_ruleset *r = ts_alloc(sizeof *r);
    struct reader x = {.r = r};
    struct ts_buf text = {0};
    enum ts_code rc = TS_OK;

    r->file = ts_arena_strz(&r->arena, file);
    if (bytes.n > FILE_MAX) {
        rc = ts_fail(err, TS_ELIMIT, "a rules file has at most %u bytes", FILE_MAX);
    }
    if (rc == TS_OK) {
        rc = to_utf8(&text, bytes, err);
    }
    if (rc == TS_OK) {
        rc = read_lines(&x, ts_buf_view(&text), err);
    }
    if (rc == TS_OK && r->sections.n == 0) {
        rc = ts_fail(err, TS_EINPUT, "this is no rules file: it has no [section]");
    }
    ts_buf_free(&text);
    if (rc != TS_OK) {
        ts_ruleset_free(r);
        return ts_err_context(err, "%s", file);
    }
    *out = r;
    return TS_OK;
}

enum ts_code ts_ruleset_read(struct ts_ruleset **out, const char *native_path,
                             struct ts_err *err)
{
    const char *name = native_path;
    struct ts_buf bytes = {0};
    enum ts_code rc = ts_file_read(native_path, FILE_MAX, &bytes, err);

    for (const char *p = native_path; *p; p++) {
        name = *p == '/' || *p == '\\' ? p + 1 : name;
    }
    if (rc == TS_OK) {
        rc = ts_ruleset_parse(out, ts_buf_view(&bytes), name, err);
    }
    ts_buf_free(&bytes);
    return rc;
}

void ts_ruleset_free(struct ts_ruleset *r)
{
    if (r) {
        ts_map_fini(&r->sections, NULL);
        ts_arena_fini(&r->arena);
        ts_free(r);
    }
}

size_t ts_ruleset_sections(const struct ts_ruleset *r)
{
    return r->sections.n;
}

size_t ts_ruleset_lines(const struct ts_ruleset *r)
{
    return r->lines;
}
