/* wql_parse.c - words and grammar of WQL:
 *
 *   query     = SELECT ( "*" | name { "," name } ) FROM name [ WHERE or ]
 *   or        = and { OR and } ;  and = not { AND not }
 *   not       = NOT not | "(" or ")" | test
 *   test      = name op constant | constant op name | name IS [ NOT ] NULL
 *             | name [ NOT ] LIKE text
 */
#include "facts/wql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_MAX 16384
#define DEPTH_MAX 100

enum word { W_END, W_NAME, W_TEXT, W_NUMBER, W_SIGN };

struct parser {
    ts_str query;
    size_t at; /* behind the word */
    enum word word;
    size_t from; /* where the word begins */
    ts_str text; /* the word; TEXT: unescaped */
    int depth;
    struct ts_arena *arena;
    struct ts_err *err;
};

static enum ts_code fail_at(struct parser *p, size_t at, const char *what)
{
    size_t column = 1;

    for (size_t i = 0; i < at && i < p->query.n; i++) {
        column += ((unsigned char)p->query.p[i] & 0xC0) != 0x80;
    }
    return ts_fail(p->err, TS_EINPUT, "the query is wrong at column %zu: %s", column,
                   what);
}

static enum ts_code expected(struct parser *p, const char *what)
{
    ts_str t = p->text;
    char text[200];

    if (p->word == W_END) {
        snprintf(text, sizeof text, "expected %s, found its end", what);
    } else {
        snprintf(text, sizeof text, "expected %s, found `%.*s`", what,
                 (int)(t.n > 60 ? 60 : t.n), t.p);
    }
    return fail_at(p, p->from, text);
}

/* ---- words ---------------------------------------------------------------------------
 */

static bool is_name_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80 || (!first && ((c >= '0' && c <= '9') || c == '.'));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char byte_at(const struct parser *p, size_t at)
{
    return at < p->query.n ? p->query.p[at] : '\0';
}

static enum ts_code text_word(struct parser *p)
{
    char quote = byte_at(p, p->at);
    char *out = ts_arena_alloc(p->arena, p->query.n - p->at + 1);
    size_t n = 0, i = p->at + 1;

    for (; i < p->query.n && p->query.p[i] != quote; i++) {
        char c = p->query.p[i], next = byte_at(p, i + 1);
        if (c == '\\' && (next == '\\' || next == '\'' || next == '"')) {
            c = next;
            i++;
        }
        out[n++] = c;
    }
    if (i >= p->query.n) {
        return fail_at(p, p->from, "this text has no end");
    }
    p->word = W_TEXT;
    p->text = (ts_str){out, n};
    p->at = i + 1;
    return TS_OK;
}

static void number_word(struct parser *p)
{
    size_t i = p->at + (byte_at(p, p->at) == '-' || byte_at(p, p->at) == '+');

    if (byte_at(p, i) == '0' && (byte_at(p, i + 1) | 0x20) == 'x') {
        for (i += 2; strchr("0123456789abcdefABCDEF", byte_at(p, i)) && byte_at(p, i);) {
            i++;
        }
    } else {
        while (is_digit(byte_at(p, i)) || byte_at(p, i) == '.') {
            i++;
        }
        size_t e = i + 1 + (byte_at(p, i + 1) == '-' || byte_at(p, i + 1) == '+');
        if ((byte_at(p, i) | 0x20) == 'e' && is_digit(byte_at(p, e))) {
            for (i = e; is_digit(byte_at(p, i));) {
                i++;
            }
        }
    }
    p->word = W_NUMBER;
    p->text = (ts_str){p->query.p + p->at, i - p->at};
    p->at = i;
}

static enum ts_code next(struct parser *p)
{
    static const char *const signs[] = {"<>", "<=", ">=", "!=", "<", ">",
                                        "=",  "(",  ")",  ",",  "*"};
    char c;

    while ((c = byte_at(p, p->at)) != '\0' && strchr(" \t\r\n", c)) {
        p->at++;
    }
    p->from = p->at;
    if (p->at >= p->query.n) {
        p->word = W_END;
        p->text = (ts_str){"", 0};
        return TS_OK;
    }
    if (c == '\'' || c == '"') {
        return text_word(p);
    }
    char after = byte_at(p, p->at + 1);
    if (is_digit(c) || ((c == '-' || c == '+' || c == '.') && (is_digit(after)))) {
        number_word(p);
        return TS_OK;
    }
    size_t n = 0;
    while (is_name_byte(byte_at(p, p->at + n), n == 0)) {
        n++;
    }
    p->word = W_NAME;
    for (size_t i = 0; n == 0 && i < sizeof signs / sizeof signs[0]; i++) {
        ts_str rest = {p->query.p + p->at, p->query.n - p->at};
        if (ts_str_starts(rest, ts_str_of(signs[i]))) {
            p->word = W_SIGN;
            n = strlen(signs[i]);
        }
    }
    if (n == 0) {
        return fail_at(p, p->at, "this sign has no meaning here");
    }
    p->text = (ts_str){p->query.p + p->at, n};
    p->at += n;
    return TS_OK;
}

static bool is_word(const struct parser *p, const char *word)
{
    return p->word == W_NAME && ts_str_caseeq(p->text, ts_str_of(word));
}

static bool is_sign(const struct parser *p, const char *sign)
{
    return p->word == W_SIGN && ts_str_eq(p->text, ts_str_of(sign));
}

/* Names with a meaning in a condition. */
static bool is_reserved(const struct parser *p)
{
    static const char *const words[] = {"and",  "or",    "not",  "is",
                                        "like", "null",  "true", "false",
                                        "from", "where", "isa",  "select"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is_word(p, words[i])) {
            return true;
        }
    }
    return false;
}

/* "Win32_X.Name" names the same as "Name". */
static ts_str last_part(ts_str name)
{
    for (size_t i = name.n; i > 0; i--) {
        if (name.p[i - 1] == '.') {
            return (ts_str){name.p + i, name.n - i};
        }
    }
    return name;
}

/* ---- tests ---------------------------------------------------------------------------
 */

static bool read_sign(const struct parser *p, enum ts_op *op)
{
    static const struct {
        const char *sign;
        enum ts_op op;
    } signs[] = {{"=", TS_OP_EQ},  {"<>", TS_OP_NE}, {"!=", TS_OP_NE}, {"<", TS_OP_LT},
                 {"<=", TS_OP_LE}, {">", TS_OP_GT},  {">=", TS_OP_GE}};

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (is_sign(p, signs[i].sign)) {
            *op = signs[i].op;
            return true;
        }
    }
    return false;
}

static enum ts_code read_number(struct parser *p, struct ts_wql_node *n)
{
    char *z = ts_arena_str(p->arena, p->text), *end = NULL;
    bool hex = strchr(z, 'x') || strchr(z, 'X');

    n->type = WQL_NUMBER;
    n->text = p->text;
    if (hex) {
        n->integer = (int64_t)strtoull(z, &end, 16);
        n->real = (double)n->integer;
        n->whole = *end == '\0';
    } else if (ts_str_int(p->text, &n->integer)) {
        n->real = (double)n->integer;
        n->whole = true;
        end = z + strlen(z);
    } else {
        n->real = strtod(z, &end);
    }
    return *end ? expected(p, "a number") : TS_OK;
}

/* A constant; *null: the word NULL. */
static enum ts_code constant(struct parser *p, struct ts_wql_node *n, bool *null)
{
    enum ts_code rc = TS_OK;

    *null = is_word(p, "null");
    if (p->word == W_TEXT) {
        n->type = WQL_TEXT;
        n->text = p->text;
    } else if (p->word == W_NUMBER) {
        rc = read_number(p, n);
    } else if (is_word(p, "true") || is_word(p, "false")) {
        n->type = WQL_BOOL;
        n->yes = is_word(p, "true");
    } else if (!*null) {
        return expected(p, "a text in quotes, a number, TRUE, FALSE or NULL");
    }
    return rc == TS_OK ? next(p) : rc;
}

static enum ts_op turned(enum ts_op op)
{
    return op == TS_OP_LT   ? TS_OP_GT
           : op == TS_OP_GT ? TS_OP_LT
           : op == TS_OP_LE ? TS_OP_GE
           : op == TS_OP_GE ? TS_OP_LE
                            : op;
}

/* `= NULL` and `<> NULL` ask what IS NULL asks. */
static enum ts_code with_null(struct parser *p, struct ts_wql_node *n)
{
    if (n->op != TS_OP_EQ && n->op != TS_OP_NE) {
        return fail_at(p, p->from, "NULL is neither less nor greater than anything");
    }
    n->kind = WQL_NULL;
    n->negated = n->op == TS_OP_NE;
    return TS_OK;
}

/* 'text' = Name */
static enum ts_code constant_first(struct parser *p, struct ts_wql_node *n)
{
    bool null;
    enum ts_code rc = constant(p, n, &null);

    if (rc != TS_OK) {
        return rc;
    }
    if (!read_sign(p, &n->op)) {
        return expected(p, "a comparison (= <> < <= > >=)");
    }
    if ((rc = next(p)) != TS_OK) {
        return rc;
    }
    if (p->word != W_NAME || is_reserved(p)) {
        return expected(p, "the name of a property");
    }
    n->property = last_part(p->text);
    n->op = turned(n->op);
    if (null && (rc = with_null(p, n)) != TS_OK) {
        return rc;
    }
    return next(p);
}

static enum ts_code is_null(struct parser *p, struct ts_wql_node *n)
{
    enum ts_code rc = next(p);

    if (rc == TS_OK && is_word(p, "not")) {
        n->negated = true;
        rc = next(p);
    }
    if (rc == TS_OK && !is_word(p, "null")) {
        return expected(p, n->negated ? "NULL" : "NULL or NOT NULL");
    }
    n->kind = WQL_NULL;
    return rc == TS_OK ? next(p) : rc;
}

static enum ts_code test(struct parser *p, struct ts_wql_node **out)
{
    struct ts_wql_node *n = ts_arena_alloc(p->arena, sizeof *n);
    bool null = false;
    enum ts_code rc;

    *out = n;
    n->kind = WQL_COMPARE;
    if (p->word == W_TEXT || p->word == W_NUMBER || is_word(p, "true") ||
        is_word(p, "false") || is_word(p, "null")) {
        return constant_first(p, n);
    }
    if (p->word != W_NAME || is_reserved(p)) {
        return expected(p, "the name of a property");
    }
    n->property = last_part(p->text);
    if ((rc = next(p)) != TS_OK) {
        return rc;
    }
    if (is_word(p, "is")) {
        return is_null(p, n);
    }
    n->op = TS_OP_LIKE;
    if (is_word(p, "not")) {
        n->op = TS_OP_NOTLIKE;
        if ((rc = next(p)) != TS_OK) {
            return rc;
        }
    }
    if (is_word(p, "like")) {
        if ((rc = next(p)) == TS_OK && p->word != W_TEXT) {
            return expected(p, "a text in quotes");
        }
    } else if (n->op == TS_OP_NOTLIKE) {
        return expected(p, "LIKE");
    } else if (read_sign(p, &n->op)) {
        rc = next(p);
    } else {
        return expected(p, "a comparison (= <> < <= > >= LIKE, IS NULL)");
    }
    if (rc == TS_OK && (rc = constant(p, n, &null)) == TS_OK && null) {
        rc = with_null(p, n);
    }
    return rc;
}

/* ---- conditions ----------------------------------------------------------------------
 */

static enum ts_code parse_or(struct parser *p, struct ts_wql_node **out);

static enum ts_code parse_not(struct parser *p, struct ts_wql_node **out)
{
    bool bracket = is_sign(p, "("), negation = is_word(p, "not");
    enum ts_code rc;

    if (!bracket && !negation) {
        return test(p, out);
    }
    if (++p->depth > DEPTH_MAX) {
        return ts_fail(p->err, TS_ELIMIT, "the query is nested deeper than %d",
                       DEPTH_MAX);
    }
    if ((rc = next(p)) != TS_OK) {
        return rc;
    }
    if (negation) {
        *out = ts_arena_alloc(p->arena, sizeof **out);
        (*out)->kind = WQL_NOT;
        rc = parse_not(p, &(*out)->first);
    } else if ((rc = parse_or(p, out)) == TS_OK) {
        rc = is_sign(p, ")") ? next(p) : expected(p, "AND, OR or )");
    }
    p->depth--;
    return rc;
}

/* Operands joined by one word; the tree leans to the right, so that its depth does not
 * grow with their number in what recurses over the left side. */
static enum ts_code
parse_joined(struct parser *p, const char *word, enum ts_wql_kind kind,
             enum ts_code (*operand)(struct parser *, struct ts_wql_node **),
             struct ts_wql_node **out)
{
    enum ts_code rc = operand(p, out);

    while (rc == TS_OK && is_word(p, word)) {
        struct ts_wql_node *n = ts_arena_alloc(p->arena, sizeof *n);
        n->kind = kind;
        n->first = *out;
        *out = n;
        out = &n->second;
        if ((rc = next(p)) == TS_OK) {
            rc = operand(p, out);
        }
    }
    return rc;
}

static enum ts_code parse_and(struct parser *p, struct ts_wql_node **out)
{
    return parse_joined(p, "and", WQL_AND, parse_not, out);
}

static enum ts_code parse_or(struct parser *p, struct ts_wql_node **out)
{
    return parse_joined(p, "or", WQL_OR, parse_and, out);
}

/* ---- the query -----------------------------------------------------------------------
 */

static enum ts_code columns(struct parser *p, struct ts_wql *q)
{
    enum ts_code rc;

    if (is_sign(p, "*")) {
        return next(p);
    }
    /* no more columns than every second byte */
    q->columns = ts_arena_alloc(p->arena, (p->query.n / 2 + 1) * sizeof *q->columns);
    for (;;) {
        if (p->word != W_NAME || is_reserved(p)) {
            return expected(p, q->column_count ? "the name of a property"
                                               : "* or the names of properties");
        }
        q->columns[q->column_count++] = last_part(p->text);
        if ((rc = next(p)) != TS_OK || !is_sign(p, ",")) {
            return rc;
        }
        if ((rc = next(p)) != TS_OK) {
            return rc;
        }
    }
}

static enum ts_code parse_query(struct parser *p, struct ts_wql *q)
{
    enum ts_code rc = next(p);

    if (rc == TS_OK && (is_word(p, "associators") || is_word(p, "references"))) {
        return ts_fail(p->err, TS_EUNSUPPORTED,
                       "queries by %.*s OF are not answered, only SELECT is",
                       (int)p->text.n, p->text.p);
    }
    if (rc == TS_OK) {
        rc = is_word(p, "select") ? next(p) : expected(p, "SELECT");
    }
    if (rc == TS_OK) {
        rc = columns(p, q);
    }
    if (rc == TS_OK) {
        rc = is_word(p, "from") ? next(p) : expected(p, "FROM");
    }
    if (rc == TS_OK && (p->word != W_NAME || is_reserved(p))) {
        return expected(p, "the name of a class");
    }
    q->class_name = p->text;
    if (rc == TS_OK && (rc = next(p)) == TS_OK && is_word(p, "where") &&
        (rc = next(p)) == TS_OK) {
        rc = parse_or(p, &q->where);
        if (rc == TS_OK && p->word != W_END) {
            return expected(p, "AND, OR or the end");
        }
    }
    if (rc == TS_OK && p->word != W_END) {
        return expected(p, "WHERE or the end");
    }
    return rc;
}

enum ts_code ts_wql_parse(struct ts_wql *out, struct ts_arena *a, ts_str query,
                          struct ts_err *err)
{
    struct parser p = {.query = query, .arena = a, .err = err};

    *out = (struct ts_wql){0};
    if (query.n > QUERY_MAX) {
        return ts_fail(err, TS_ELIMIT, "the query is longer than %d bytes", QUERY_MAX);
    }
    if (query.n && memchr(query.p, 0, query.n)) {
        return ts_fail(err, TS_EINPUT, "the query holds a zero byte");
    }
    return parse_query(&p, out);
}

enum ts_code ts_wql_check(ts_str query, struct ts_err *err)
{
    struct ts_arena a = {0};
    struct ts_wql q;
    enum ts_code rc = ts_wql_parse(&q, &a, query, err);

    ts_arena_fini(&a);
    return rc;
}
