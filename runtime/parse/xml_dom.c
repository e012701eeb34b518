/* xml_dom.c - expat makes a tree.
 *
 * expat reads UTF-8 only here (xml_encoding.c has made it that), which keeps every piece
 * of text that it hands over equal to bytes of the input: places can be worked out. */
#include "parse/xml_dom.h"

#include <expat.h>
#include <string.h>

/* A text without a root element, where everything is escaped, gets one. */
#define WRAP_OPEN "<text>"
#define WRAP_CLOSE "</text>"

struct reader {
    XML_Parser p;
    struct ts_arena *a;
    const char *name;
    const struct xml_origin *inside;
    size_t piece;   /* of `inside` that was found last: places only move forward */
    size_t last_at; /* in that piece, the place worked out last, and its column */
    int last_col;
    size_t wrapped; /* bytes in front that are not in the input */
    ts_str input;
    struct xml_element *root, *open;
    int depth, elements;
    struct ts_buf text; /* of the innermost element, as long as it has no children */
    struct xml_piece *pieces;
    size_t piece_count, piece_cap;
    bool failed;
    struct ts_err *err;
};

/* ---- places --------------------------------------------------------------------------
 */

static int characters(const char *p, size_t n)
{
    int count = 0;

    for (size_t i = 0; i < n; i++) {
        count += ((unsigned char)p[i] & 0xC0) != 0x80;
    }
    return count;
}

static size_t offset_now(const struct reader *r)
{
    XML_Index at = XML_GetCurrentByteIndex(r->p);
    size_t here = at < 0 ? 0 : (size_t)at;

    return here > r->wrapped ? here - r->wrapped : 0;
}

static void place_inside(struct reader *r, size_t at, int *line, int *col)
{
    const struct xml_piece *pieces = r->inside->pieces;

    at = at < r->input.n ? at : r->input.n;
    while (r->piece > 0 && pieces[r->piece].at > at) {
        r->piece--;
    }
    while (r->piece + 1 < r->inside->n && pieces[r->piece + 1].at <= at) {
        r->piece++;
    }
    const struct xml_piece *p = &pieces[r->piece];
    if (r->last_at < p->at || r->last_at > at) {
        r->last_at = p->at;
        r->last_col = p->col;
    }
    if (at > r->last_at) {
        r->last_col += characters(r->input.p + r->last_at, at - r->last_at);
        r->last_at = at;
    }
    *line = p->line;
    *col = r->last_col;
}

static void place_now(struct reader *r, int *line, int *col)
{
    if (r->inside && r->inside->n) {
        place_inside(r, offset_now(r), line, col);
        return;
    }
    *line = (int)XML_GetCurrentLineNumber(r->p);
    *col = (int)XML_GetCurrentColumnNumber(r->p) + 1;
    if (*line == 1 && r->wrapped) {
        *col = *col > (int)r->wrapped ? *col - (int)r->wrapped : 1;
    }
}

static void stop(struct reader *r, const char *why)
{
    int line, col;

    if (!r->failed) {
        place_now(r, &line, &col);
        ts_fail(r->err, TS_EINPUT, "%s:%d:%d: %s", r->name, line, col, why);
        r->failed = true;
    }
    XML_StopParser(r->p, XML_FALSE);
}

/* ---- text ----------------------------------------------------------------------------
 */

static bool begins_xml(ts_str s)
{
    s = ts_str_trim(s);
    return s.n > 0 && s.p[0] == '<';
}

static void add_piece(struct reader *r, size_t at, int line, int col)
{
    if (r->piece_count == XML_MOST_PIECES) {
        stop(r, "a text inside is in too many pieces");
        return;
    }
    if (r->piece_count == r->piece_cap) {
        r->piece_cap = r->piece_cap ? r->piece_cap * 2 : 64;
        r->pieces = ts_realloc_array(r->pieces, r->piece_cap, sizeof *r->pieces);
    }
    r->pieces[r->piece_count++] = (struct xml_piece){.at = at, .line = line, .col = col};
}

/* Only a text that may be a document needs to know where its parts stood. */
static void note_pieces(struct reader *r, size_t n)
{
    size_t at = offset_now(r);
    int line, col;

    place_now(r, &line, &col);
    add_piece(r, r->text.n, line, col);
    if (!r->inside || r->inside->n == 0 || n < 2) {
        return;
    }
    for (size_t i = r->piece + 1; i < r->inside->n && !r->failed; i++) {
        const struct xml_piece *p = &r->inside->pieces[i];
        if (p->at >= at + n) {
            break;
        }
        add_piece(r, r->text.n + (p->at - at), p->line, p->col);
    }
}

static void XMLCALL on_text(void *ctx, const XML_Char *s, int n)
{
    struct reader *r = ctx;
    ts_str so_far = ts_buf_view(&r->text);

    if (r->failed || !r->open || r->open->first) {
        return;
    }
    if (ts_str_trim(so_far).n == 0 || begins_xml(so_far)) {
        note_pieces(r, (size_t)n);
    }
    ts_buf_add(&r->text, s, (size_t)n);
}

static void keep_text(struct reader *r, struct xml_element *e)
{
    ts_str text = ts_buf_view(&r->text);

    e->text = (ts_str){ts_arena_str(r->a, text), text.n};
    if (begins_xml(text) && r->piece_count) {
        struct xml_piece *pieces = ts_arena_alloc(r->a, r->piece_count * sizeof *pieces);
        memcpy(pieces, r->pieces, r->piece_count * sizeof *pieces);
        e->origin = (struct xml_origin){pieces, r->piece_count};
    }
}

static void forget_text(struct reader *r)
{
    ts_buf_clear(&r->text);
    r->piece_count = 0;
}

/* ---- elements ------------------------------------------------------------------------
 */

static const char *local_name(struct ts_arena *a, const char *name)
{
    const char *colon = strrchr(name, ':');

    return ts_arena_strz(a, colon && colon[1] ? colon + 1 : name);
}

static struct xml_attr *copy_attributes(struct reader *r, const XML_Char **attrs)
{
    struct xml_attr *first = NULL, **end = &first;

    for (int n = 0; *attrs; attrs += 2, n++) {
        if (n == XML_MOST_ATTRIBUTES) {
            stop(r, "an element has too many attributes (the limit is 200)");
            break;
        }
        *end = ts_arena_alloc(r->a, sizeof **end);
        (*end)->name = ts_arena_strz(r->a, attrs[0]);
        (*end)->value = ts_arena_strz(r->a, attrs[1]);
        end = &(*end)->next;
    }
    return first;
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attrs)
{
    struct reader *r = ctx;
    if (r->failed) {
        return;
    }
    if (++r->depth > XML_MOST_DEPTH) {
        stop(r, "elements nest too deep (the limit is 300)");
        return;
    }
    if (++r->elements > XML_MOST_ELEMENTS) {
        stop(r, "there are too many elements (the limit is 500000)");
        return;
    }
    struct xml_element *e = ts_arena_alloc(r->a, sizeof *e);
    e->name = local_name(r->a, name);
    e->text = TS_S("");
    e->parent = r->open;
    place_now(r, &e->line, &e->col);
    e->attrs = copy_attributes(r, attrs);
    if (!r->open) {
        r->root = e;
    } else if (r->open->last) {
        r->open->last->next = e;
    } else {
        r->open->first = e;
    }
    if (r->open) {
        r->open->last = e;
    }
    r->open = e;
    forget_text(r);
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct reader *r = ctx;

    (void)name;
    if (r->failed) {
        return;
    }
    if (!r->open->first) {
        keep_text(r, r->open);
    }
    forget_text(r);
    r->open = r->open->parent;
    r->depth--;
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(ctx, "a document type declaration is not read: entities of its own could grow "
              "without bound or name other files; remove it");
}

/* ---- the whole -----------------------------------------------------------------------
 */

static bool feed(struct reader *r, ts_str s, bool last)
{
    return XML_Parse(r->p, s.p, (int)s.n, last) == XML_STATUS_OK;
}

static enum ts_code fail_expat(struct reader *r)
{
    enum XML_Error code = XML_GetErrorCode(r->p);
    int line, col;

    if (r->failed) {
        return TS_EINPUT;
    }
    if (code == XML_ERROR_NO_MEMORY) {
        ts_oom(0);
    }
    place_now(r, &line, &col);
    return ts_fail(r->err, TS_EINPUT, "%s:%d:%d: this is not well-formed XML: %s",
                   r->name, line, col, XML_ErrorString(code));
}

enum ts_code xml_parse(struct xml_element **out, struct ts_arena *a, ts_str text,
                       const char *name, const struct xml_origin *inside,
                       struct ts_err *err)
{
    struct reader r = {.a = a, .name = name, .inside = inside, .input = text, .err = err};
    bool wrap = ts_str_starts(ts_str_trim(text), TS_S("&lt;"));
    enum ts_code rc = TS_OK;
    bool fine;

    *out = NULL;
    if (text.n > INT32_MAX / 2) {
        return ts_fail(err, TS_EINPUT, "%s: this XML is too large", name);
    }
    r.p = XML_ParserCreate("UTF-8");
    if (!r.p) {
        ts_oom(0);
    }
    r.last_at = SIZE_MAX;
    XML_SetUserData(r.p, &r);
    XML_SetElementHandler(r.p, on_start, on_end);
    XML_SetCharacterDataHandler(r.p, on_text);
    XML_SetStartDoctypeDeclHandler(r.p, on_doctype);
    if (wrap) {
        r.wrapped = sizeof WRAP_OPEN - 1;
        fine = feed(&r, TS_S(WRAP_OPEN), false) && feed(&r, text, false) &&
               feed(&r, TS_S(WRAP_CLOSE), true);
    } else {
        fine = feed(&r, text, true);
    }
    if (!fine || r.failed) {
        rc = fail_expat(&r);
    } else {
        *out = r.root;
    }
    XML_ParserFree(r.p);
    ts_buf_free(&r.text);
    ts_free(r.pieces);
    return rc;
}

/* ---- looking and writing -------------------------------------------------------------
 */

bool xml_is(const struct xml_element *e, const char *name)
{
    return e && ts_caseeq(e->name, name);
}

const struct xml_element *xml_child(const struct xml_element *e, const char *name)
{
    for (const struct xml_element *c = e ? e->first : NULL; c; c = c->next) {
        if (xml_is(c, name)) {
            return c;
        }
    }
    return NULL;
}

const char *xml_attr(const struct xml_element *e, const char *name)
{
    for (const struct xml_attr *a = e->attrs; a; a = a->next) {
        if (ts_caseeq(a->name, name)) {
            return a->value;
        }
    }
    return NULL;
}

void xml_escape(struct ts_buf *out, ts_str s, bool in_attribute)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '<':
            ts_buf_z(out, "&lt;");
            break;
        case '>':
            ts_buf_z(out, "&gt;");
            break;
        case '&':
            ts_buf_z(out, "&amp;");
            break;
        case '\r':
            ts_buf_z(out, "&#xD;");
            break;
        case '"':
            ts_buf_z(out, in_attribute ? "&quot;" : "\"");
            break;
        case '\n':
            ts_buf_z(out, in_attribute ? "&#xA;" : "\n");
            break;
        case '\t':
            ts_buf_z(out, in_attribute ? "&#x9;" : "\t");
            break;
        default:
            ts_buf_c(out, s.p[i]);
        }
    }
}

/* Depth is bounded by what the reader accepts. */
void xml_write(struct ts_buf *out, const struct xml_element *e)
{
    ts_buf_fmt(out, "<%s", e->name);
    for (const struct xml_attr *a = e->attrs; a; a = a->next) {
        ts_buf_fmt(out, " %s=\"", a->name);
        xml_escape(out, ts_str_of(a->value), true);
        ts_buf_c(out, '"');
    }
    if (!e->first && e->text.n == 0) {
        ts_buf_z(out, "/>");
        return;
    }
    ts_buf_c(out, '>');
    if (!e->first) {
        xml_escape(out, e->text, false);
    }
    for (const struct xml_element *c = e->first; c; c = c->next) {
        xml_write(out, c);
    }
    ts_buf_fmt(out, "</%s>", e->name);
}
