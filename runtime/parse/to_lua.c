/* to_lua.c - a sequence as the Lua a person would write.
 *
 * A constructor's list keeps its items in the function's registers until 50 are there,
 * and the parser nests on the C stack, so a deep or crowded tree does not compile as one
 * expression.  `held` estimates the registers in use; past a bound a table becomes a
 * statement of its own before the rest: parts[3] = group "Name" { ... }. */
#include "parse/to.h"

#include <inttypes.h>
#include <string.h>

enum {
    MOST_HELD = 150,
    PER_TABLE = 2,  /* constructor call and table, or table and key */
    PER_FLUSH = 50, /* items a list keeps in registers */
};

struct writer {
    struct ts_buf *out;
    struct ts_buf parts; /* statements in front of `return` */
    int level, part_count;
    int held;
};

/* What a table is, which decides how it is written. */
enum role { PLAIN, NODE, NODE_LIST, SEQUENCE };

/* ---- words and texts -----------------------------------------------------------------
 */

static bool is_name(ts_str s)
{
    static const char *const keywords[] = {
        "and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
        "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
        "repeat",   "return", "then", "true", "until",  "while"};

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (ts_str_eq(s, ts_str_of(keywords[i]))) {
            return false;
        }
    }
    return s.n > 0;
}

/* Names of Lua's own begin with a small letter, so a type that does not is no word of it.
 */
static bool is_constructor_name(const char *type)
{
    return type[0] >= 'A' && type[0] <= 'Z' && is_name(ts_str_of(type));
}

static void new_line(struct writer *w)
{
    ts_buf_c(w->out, '\n');
    for (int i = 0; i < 2 * w->level; i++) {
        ts_buf_c(w->out, ' ');
    }
}

struct look { /* what is in a text */
    size_t lines, quotes, apostrophes, backslashes;
    bool controls; /* other than line ends and tabs */
    bool returns;  /* CR, which a long bracket would change */
};

static struct look look_at(ts_str s)
{
    struct look l = {0};

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        l.lines += c == '\n';
        l.quotes += c == '"';
        l.apostrophes += c == '\'';
        l.backslashes += c == '\\';
        l.returns = l.returns || c == '\r';
        l.controls = l.controls || c == 0x7f || (c < 0x20 && !strchr("\n\t\r", c));
    }
    return l;
}

/* How many '=' keep the end of a long bracket from being found too early: inside the
 * text, or made of its last characters and the real end.  -1: none that is sensible. */
static int long_level(ts_str s)
{
    uint64_t taken = 0;

    for (size_t i = 0; i < s.n; i++) {
        size_t k = 0;
        while (s.p[i] == ']' && i + 1 + k < s.n && s.p[i + 1 + k] == '=') {
            k++;
        }
        if (s.p[i] == ']' && k < 64 && (i + 1 + k == s.n || s.p[i + 1 + k] == ']')) {
            taken |= (uint64_t)1 << k;
        }
    }
    for (int level = 0; level < 8; level++) {
        if (!(taken >> level & 1)) {
            return level;
        }
    }
    return -1;
}

static void write_long(struct writer *w, ts_str s, int level, bool lines)
{
    const char *equals = "========";

    ts_buf_c(w->out, '[');
    ts_buf_add(w->out, equals, (size_t)level);
    ts_buf_z(w->out, lines ? "[\n" : "["); /* a first line break is not of the text */
    ts_buf_str(w->out, s);
    ts_buf_c(w->out, ']');
    ts_buf_add(w->out, equals, (size_t)level);
    ts_buf_c(w->out, ']');
}

static void write_escaped(struct writer *w, char c, char quote)
{
    const char *from = "\n\r\t", *to = "nrt";
    const char *known = c ? strchr(from, c) : NULL;

    if (c == quote || c == '\\') {
        ts_buf_fmt(w->out, "\\%c", c);
    } else if (known) {
        ts_buf_fmt(w->out, "\\%c", to[known - from]);
    } else if ((unsigned char)c < 0x20 || c == 0x7f) {
        ts_buf_fmt(w->out, "\\%03d", c);
    } else {
        ts_buf_c(w->out, c);
    }
}

/* In quotes.  Many lines (with CR, or they would stand in long brackets) stay lines: \z
 * takes the line break of the source and the blanks behind it out again. */
static void write_quoted(struct writer *w, ts_str s, char quote, bool lines)
{
    ts_buf_c(w->out, quote);
    for (size_t i = 0; i < s.n; i++) {
        write_escaped(w, s.p[i], quote);
        if (lines && s.p[i] == '\n' && i + 1 < s.n) {
            w->level++;
            ts_buf_z(w->out, "\\z");
            new_line(w);
            w->level--;
            if (s.p[i + 1] == ' ') {
                ts_buf_z(w->out, "\\x20");
                i++;
            }
        }
    }
    ts_buf_c(w->out, quote);
}

static void write_text(struct writer *w, ts_str s)
{
    struct look l = look_at(s);
    bool lines = l.lines > 0 && s.n > 20;

    int level = l.controls || l.returns ? -1 : long_level(s);

    if (level >= 0 && (lines || l.backslashes || (l.quotes && l.apostrophes))) {
        write_long(w, s, level, l.lines > 0);
    } else {
        write_quoted(w, s, l.quotes && !l.apostrophes ? '\'' : '"', lines && l.returns);
    }
}

static void write_scalar(struct writer *w, const struct ts_value *v)
{
    if (v->kind == TS_STRING) {
        write_text(w, v->str);
    } else if (v->kind == TS_NULL) {
        ts_buf_z(w->out, "nil");
    } else if (v->kind == TS_INT && v->integer == INT64_MIN) {
        ts_buf_z(w->out, "math.mininteger"); /* its digits would be read as a fraction */
    } else {
        ts_json_write(w->out, v, 0);
    }
}

/* ---- tables --------------------------------------------------------------------------
 */

static bool is_table(const struct ts_value *v)
{
    return v->kind == TS_ARRAY || v->kind == TS_OBJECT;
}

static void write_key(struct writer *w, ts_str key)
{
    if (is_name(key)) {
        ts_buf_str(w->out, key);
    } else {
        ts_buf_c(w->out, '[');
        write_quoted(w, key, '"', false);
        ts_buf_c(w->out, ']');
    }
    ts_buf_z(w->out, " = ");
}

static bool is_group(const struct ts_value *v, enum role role)
{
    return role == NODE && strcmp(ts_value_text(v, "type"), "Group") == 0;
}

/* `Type "Name" ` in front of the table. */
static void write_head(struct writer *w, const struct ts_value *v, enum role role)
{
    const char *type = ts_value_text(v, "type");
    const struct ts_value *name = ts_value_get(v, "name");

    if (role == SEQUENCE) {
        ts_buf_z(w->out, "sequence ");
    } else if (role == NODE && strcmp(type, "Group") == 0) {
        ts_buf_z(w->out, "group ");
    } else if (role == NODE && is_constructor_name(type)) {
        ts_buf_fmt(w->out, "%s ", type);
    } else {
        return;
    }
    if (role == NODE && name) {
        write_text(w, name->str);
        ts_buf_c(w->out, ' ');
    }
}

/* Is the member said otherwise: by the constructor, or as the list part? */
static bool is_said(const struct ts_value *v, const struct ts_value *m, enum role role)
{
    const char *type = ts_value_text(v, "type");

    if (role == SEQUENCE) {
        return ts_str_eq(m->key, TS_S("taskseq"));
    }
    if (role != NODE) {
        return false;
    }
    if (strcmp(type, "Group") == 0 && ts_str_eq(m->key, TS_S("steps"))) {
        return true;
    }
    return (strcmp(type, "Group") == 0 || is_constructor_name(type)) &&
           (ts_str_eq(m->key, TS_S("type")) || ts_str_eq(m->key, TS_S("name")));
}

static enum role role_of_member(const struct ts_value *m, enum role role)
{
    bool nodes = ts_str_eq(m->key, TS_S("steps")) || ts_str_eq(m->key, TS_S("finally"));

    return nodes && m->kind == TS_ARRAY && (role == NODE || role == SEQUENCE) ? NODE_LIST
                                                                              : PLAIN;
}

/* A group, and a list with something in it, has a line for each. */
static bool wants_lines(const struct ts_value *v, enum role role)
{
    return role == SEQUENCE || (role == NODE_LIST && v->count) || is_group(v, role);
}

/* On this line within `limit` bytes; else nothing is written and the answer is false. */
static bool write_short(struct writer *w, const struct ts_value *v, enum role role,
                        size_t limit)
{
    struct ts_buf *b = w->out;
    size_t start = b->n, members = 0;
    bool fits = !is_table(v) || !wants_lines(v, role);

    if (fits && !is_table(v)) {
        fits = v->kind != TS_STRING || !memchr(v->str.p, '\n', v->str.n);
        if (fits) {
            write_scalar(w, v);
        }
    } else if (fits) {
        write_head(w, v, role);
        ts_buf_c(b, '{');
        for (const struct ts_value *m = v->first; m && fits; m = m->next) {
            if (is_said(v, m, role)) {
                continue;
            }
            ts_buf_z(b, members++ ? ", " : " ");
            if (v->kind == TS_OBJECT) {
                write_key(w, m->key);
            }
            fits =
                b->n - start <= limit &&
                write_short(w, m, v->kind == TS_OBJECT ? role_of_member(m, role) : PLAIN,
                            limit - (b->n - start));
        }
        ts_buf_z(b, members ? " }" : "}");
    }
    if (!fits || b->n - start > limit) {
        b->n = start;
        return false;
    }
    return true;
}

static void write_value(struct writer *w, const struct ts_value *v, enum role role);

/* Between the parts of the head and around groups there is an empty line. */
static bool wants_gap(const struct ts_value *before, const struct ts_value *m,
                      enum role of)
{
    if (of == SEQUENCE) {
        return is_table(m);
    }
    return of == NODE_LIST && (is_group(before, NODE) || is_group(m, NODE));
}

/* One more line of the table: `count` says what stands in it already. */
static void write_line(struct writer *w, const struct ts_value *m, bool keyed,
                       enum role role, size_t count)
{
    int held = w->held;

    new_line(w);
    if (keyed) {
        write_key(w, m->key);
    } else {
        w->held += (int)(count % PER_FLUSH);
    }
    write_value(w, m, role);
    ts_buf_c(w->out, ',');
    w->held = held;
}

static void write_lines(struct writer *w, const struct ts_value *v, enum role role)
{
    bool group = is_group(v, role);
    const struct ts_value *before = NULL;
    const struct ts_value *steps = group ? ts_value_get(v, "steps") : NULL;
    const struct ts_value *finally = group ? ts_value_get(v, "finally") : NULL;
    size_t options = 0, n = 0;

    write_head(w, v, role);
    ts_buf_c(w->out, '{');
    w->level++;
    w->held += PER_TABLE;
    for (const struct ts_value *m = v->first; m; m = m->next) {
        if (!is_said(v, m, role) && m != finally) {
            if (before && wants_gap(before, m, role)) {
                ts_buf_c(w->out, '\n');
            }
            before = m;
            write_line(w, m, v->kind == TS_OBJECT,
                       v->kind == TS_OBJECT ? role_of_member(m, role)
                       : role == NODE_LIST  ? NODE
                                            : PLAIN,
                       n++);
            options++;
        }
    }
    n = 0;
    for (const struct ts_value *m = steps ? steps->first : NULL; m; m = m->next) {
        if (n == 0 ? options > 0 : wants_gap(before, m, NODE_LIST)) {
            ts_buf_c(w->out, '\n');
        }
        before = m;
        write_line(w, m, false, NODE, n++);
    }
    if (finally) {
        if (options || n) {
            ts_buf_c(w->out, '\n');
        }
        w->held += PER_FLUSH;
        write_line(w, finally, true, NODE_LIST, 0);
        w->held -= PER_FLUSH;
    }
    w->level--;
    w->held -= PER_TABLE;
    if (options || n || finally) {
        new_line(w);
    }
    ts_buf_c(w->out, '}');
}

/* The table as a statement of its own; here stands its name. */
static void write_part(struct writer *w, const struct ts_value *v, enum role role)
{
    struct ts_buf text = {0};
    struct writer part = {
        .out = &text, .parts = w->parts, .part_count = w->part_count, .held = PER_TABLE};

    write_value(&part, v, role);
    w->parts = part.parts;
    w->part_count = part.part_count + 1;
    ts_buf_fmt(&w->parts, "parts[%d] = %s\n", w->part_count, ts_buf_text(&text));
    ts_buf_fmt(w->out, "parts[%d]", w->part_count);
    ts_buf_free(&text);
}

static size_t line_used(const struct ts_buf *b)
{
    size_t n = b->n;

    while (n > 0 && b->p[n - 1] != '\n') {
        n--;
    }
    return b->n - n;
}

static void write_value(struct writer *w, const struct ts_value *v, enum role role)
{
    size_t used = line_used(w->out);

    if (is_table(v) && w->held > MOST_HELD) {
        write_part(w, v, role);
    } else if (write_short(w, v, role, used + 1 < TO_WIDTH ? TO_WIDTH - used - 1 : 0)) {
        return;
    } else if (is_table(v)) {
        write_lines(w, v, role);
    } else {
        write_scalar(w, v);
    }
}

/* ---- the file ------------------------------------------------------------------------
 */

/* In Lua the inputs are asked by name; what else order says is in the lists. */
static void report_order(const struct ts_sequence *s, const struct ts_losses *losses)
{
    for (size_t i = 1; i < s->input_count; i++) {
        if (strcmp(s->inputs[i - 1].name, s->inputs[i].name) > 0) {
            losses->lost(losses->ctx, NULL,
                         "the order in which the inputs are asked; in Lua it is that of "
                         "their names");
            return;
        }
    }
}

void ts_sequence_write_lua(struct ts_buf *out, const struct ts_sequence *s,
                           const struct ts_registry *steps,
                           const struct ts_losses *losses)
{
    struct ts_arena a = {0};
    struct ts_buf text = {0};
    struct writer w = {.out = &text};

    if (losses) {
        report_order(s, losses);
    }
    write_value(&w, value_of_sequence(&a, s, steps), SEQUENCE);
    if (w.part_count) {
        ts_buf_z(out, "local parts = {}\n");
        ts_buf_str(out, ts_buf_view(&w.parts));
    }
    ts_buf_z(out, "return ");
    ts_buf_str(out, ts_buf_view(&text));
    ts_buf_c(out, '\n');
    ts_buf_free(&w.parts);
    ts_buf_free(&text);
    ts_arena_fini(&a);
}
