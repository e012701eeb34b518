/* lex.c - the words of a condition's text form, and what to say about wrong ones. */
#include "expr/expr_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_char(char c)
{
    return is_letter(c) || is_digit(c) || c == '-';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const struct {
    const char *word;
    enum ts_tok kind;
} keywords[] = {
    {"and", TS_T_AND},       {"or", TS_T_OR},     {"not", TS_T_NOT},
    {"exists", TS_T_EXISTS}, {"like", TS_T_LIKE},
};

static enum ts_tok word_kind(ts_str word)
{
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (ts_str_caseeq(word, ts_str_of(keywords[i].word))) {
            return keywords[i].kind;
        }
    }
    return TS_T_NAME;
}

bool ts_expr_is_keyword(ts_str word)
{
    return word_kind(word) != TS_T_NAME;
}

bool ts_expr_is_plain_name(ts_str s)
{
    if (s.n == 0 || !is_letter(s.p[0]) || ts_expr_is_keyword(s)) {
        return false;
    }
    for (size_t i = 1; i < s.n; i++) {
        if (!is_name_char(s.p[i])) {
            return false;
        }
    }
    return true;
}

static size_t digits(ts_str s, size_t i)
{
    while (i < s.n && is_digit(s.p[i])) {
        i++;
    }
    return i;
}

/* End of the number that starts at i, or i if there is none. */
static size_t number_end(ts_str s, size_t i)
{
    size_t start = i;
    if (i < s.n && (s.p[i] == '+' || s.p[i] == '-')) {
        i++;
    }
    size_t end = digits(s, i);
    if (end == i) {
        return start;
    }
    if (end + 1 < s.n && s.p[end] == '.' && is_digit(s.p[end + 1])) {
        end = digits(s, end + 1);
    }
    return end;
}

bool ts_expr_is_number(ts_str s)
{
    return s.n > 0 && number_end(s, 0) == s.n;
}

ts_str ts_lex_raw(const struct ts_lex *l)
{
    return (ts_str){l->text.p + l->tok.start, l->tok.end - l->tok.start};
}

enum ts_code ts_lex_fail(struct ts_lex *l, size_t at, const char *fmt, ...)
{
    char message[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);

    unsigned line = 1, column = 1;
    for (size_t i = 0; i < at && i < l->text.n; i++) {
        if (l->text.p[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)l->text.p[i] & 0xC0) !=
                   0x80) { /* a character begins */
            column++;
        }
    }
    if (line > 1) {
        return ts_fail(l->err, TS_EINPUT, "line %u, column %u: %s", line, column,
                       message);
    }
    return ts_fail(l->err, TS_EINPUT, "column %u: %s", column, message);
}

enum ts_code ts_lex_expected(struct ts_lex *l, const char *what)
{
    ts_str raw = ts_lex_raw(l);
    if (l->tok.kind == TS_T_END) {
        return ts_lex_fail(l, l->tok.start, "expected %s, found the end", what);
    }
    return ts_lex_fail(l, l->tok.start, "expected %s, found `%.*s`", what,
                       (int)(raw.n > 60 ? 60 : raw.n), raw.p);
}

static enum ts_code lex_string(struct ts_lex *l, size_t i)
{
    ts_str s = l->text;
    size_t start = i++, n = 0;
    char *out;

    for (size_t k = i;; k++, n++) {
        if (k >= s.n) {
            return ts_lex_fail(l, start,
                               "the text that begins here has no closing quote (a quote "
                               "inside a text is written twice: '')");
        }
        if (s.p[k] == '\0') {
            return ts_lex_fail(l, k, "a zero byte cannot stand in a condition");
        }
        if (s.p[k] == '\'') {
            if (k + 1 >= s.n || s.p[k + 1] != '\'') {
                l->tok.end = k + 1;
                break;
            }
            k++;
        }
    }
    out = ts_arena_alloc(l->a, n + 1);
    for (size_t k = 0; k < n; k++, i++) {
        out[k] = s.p[i];
        i += s.p[i] == '\''; /* written twice */
    }
    l->tok.kind = TS_T_STRING;
    l->tok.str = out;
    return TS_OK;
}

static enum ts_code lex_number(struct ts_lex *l, size_t i, size_t end)
{
    ts_str s = l->text;
    if (end < s.n && (is_name_char(s.p[end]) || s.p[end] == '.')) {
        size_t stop = end;
        while (stop < s.n && (is_name_char(s.p[stop]) || s.p[stop] == '.')) {
            stop++;
        }
        int len = (int)(stop - i > 60 ? 60 : stop - i);
        return ts_lex_fail(
            l, i,
            "`%.*s` is neither a number nor a name; a text stands in single "
            "quotes: '%.*s' (a variable of that name: variable('%.*s'))",
            len, s.p + i, len, s.p + i, len, s.p + i);
    }
    l->tok.kind = TS_T_NUMBER;
    l->tok.end = end;
    return TS_OK;
}

/* Habits from other languages, and what to write here. */
static const struct {
    const char *start, *hint;
} slips[] = {
    {"\"", "a text stands in single quotes, as in 'YES'"},
    {"\xE2\x80\x98", "a text stands in straight single quotes, as in 'YES'"},
    {"\xE2\x80\x99", "a text stands in straight single quotes, as in 'YES'"},
    {"\xE2\x80\x9C", "a text stands in straight single quotes, as in 'YES'"},
    {"\xE2\x80\x9D", "a text stands in straight single quotes, as in 'YES'"},
    {"`", "a text stands in single quotes, as in 'YES'"},
    {"&", "write `and`"},
    {"|", "write `or`"},
    {"!", "write `not`, or `!=` for not equal"},
    {"~", "write `like`, with * and ? as wildcards"},
    {"%", "a variable is written without percent signs; they stand only inside quotes"},
    {"$", "a variable is written as its bare name"},
    {"-eq", "write `=`"},
    {"-ne", "write `!=`"},
    {"-lt", "write `<`"},
    {"-le", "write `<=`"},
    {"-gt", "write `>`"},
    {"-ge", "write `>=`"},
    {"-like", "write `like`"},
    {"-notlike", "write `not like`"},
    {"-and", "write `and`"},
    {"-or", "write `or`"},
    {"-not", "write `not`"},
    {"[", "groups stand in round brackets"},
    {"{", "groups stand in round brackets; a product code stands in single quotes"},
};

static enum ts_code lex_wrong(struct ts_lex *l, size_t i)
{
    ts_str rest = {l->text.p + i, l->text.n - i};
    size_t n = 1;
    while (n < rest.n && n < 40 && !is_blank(rest.p[n]) && !strchr("'()", rest.p[n])) {
        n++;
    }
    while (n < rest.n && ((unsigned char)rest.p[n] & 0xC0) == 0x80) {
        n++; /* do not cut a character in two */
    }
    const char *hint = "a text or a path stands in single quotes";
    for (size_t k = 0; k < sizeof slips / sizeof slips[0]; k++) {
        ts_str start = ts_str_of(slips[k].start);
        bool word = start.p[0] == '-'; /* -l is not -lt */
        if (word ? ts_str_caseeq((ts_str){rest.p, n}, start)
                 : ts_str_starts(rest, start)) {
            hint = slips[k].hint;
            break;
        }
    }
    if ((unsigned char)rest.p[0] < 0x20) {
        return ts_lex_fail(l, i, "a control character cannot stand here");
    }
    return ts_lex_fail(l, i, "`%.*s` is not understood; %s", (int)n, rest.p, hint);
}

static enum ts_code lex_operator(struct ts_lex *l, size_t i)
{
    static const char *const symbols[] = {"==", "!=", "<>", "<=", ">=", "=", "<", ">"};
    ts_str rest = {l->text.p + i, l->text.n - i};
    if (ts_str_starts(rest, TS_S("=<")) || ts_str_starts(rest, TS_S("=>"))) {
        return ts_lex_fail(l, i, "`%.2s` is not an operator; write `%c=`", rest.p,
                           rest.p[1]);
    }
    for (size_t k = 0; k < sizeof symbols / sizeof symbols[0]; k++) {
        ts_str symbol = ts_str_of(symbols[k]);
        if (ts_str_starts(rest, symbol)) {
            l->tok.kind = TS_T_OP;
            l->tok.op = ts_op_find(symbol);
            l->tok.end = i + symbol.n;
            return TS_OK;
        }
    }
    return lex_wrong(l, i);
}

enum ts_code ts_lex_next(struct ts_lex *l)
{
    ts_str s = l->text;
    size_t i = l->tok.end;
    while (i < s.n && is_blank(s.p[i])) {
        i++;
    }
    l->tok = (struct ts_token){.kind = TS_T_END, .start = i, .end = i};
    if (i >= s.n) {
        return TS_OK;
    }
    char c = s.p[i];
    size_t end = number_end(s, i);
    if (end > i) {
        return lex_number(l, i, end);
    }
    if (is_letter(c)) {
        end = i + 1;
        while (end < s.n && is_name_char(s.p[end])) {
            end++;
        }
        l->tok.end = end;
        l->tok.kind = word_kind(ts_lex_raw(l));
        return TS_OK;
    }
    switch (c) {
    case '\'':
        return lex_string(l, i);
    case '(':
    case ')':
    case ',':
        l->tok.kind = c == '(' ? TS_T_OPEN : c == ')' ? TS_T_CLOSE : TS_T_COMMA;
        l->tok.end = i + 1;
        return TS_OK;
    case '=':
    case '!':
    case '<':
    case '>':
        return lex_operator(l, i);
    default:
        return lex_wrong(l, i);
    }
}
