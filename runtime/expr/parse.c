/* parse.c - the text form of conditions: recursive descent over lex.c.
 *
 *   expr    = and { "or" and }        and = unary { "and" unary }
 *   unary   = "not" unary | primary   primary = "(" [ expr ] ")" | "exists" name
 *                                             | name op value | fact
 *
 * Beyond the words of the manual two forms exist so that every tree can be printed:
 * "()" is always true, and variable('...') is a name that is not a plain word. */
#include "expr/expr_internal.h"

#include <string.h>

static enum ts_code parse_or(struct ts_lex *l, int depth, struct ts_expr **out);

static enum ts_code too_deep(struct ts_lex *l)
{
    return ts_lex_fail(l, l->tok.start, "conditions nest at most %d deep",
                       TS_EXPR_MAX_DEPTH);
}

bool ts_parse_at_word(const struct ts_lex *l, const char *word)
{
    return l->tok.kind == TS_T_NAME && ts_str_caseeq(ts_lex_raw(l), ts_str_of(word));
}

enum ts_code ts_parse_expect(struct ts_lex *l, enum ts_tok kind, const char *what)
{
    return l->tok.kind == kind ? ts_lex_next(l) : ts_lex_expected(l, what);
}

enum ts_code ts_parse_string(struct ts_lex *l, const char *what, const char **out)
{
    if (l->tok.kind != TS_T_STRING) {
        return ts_lex_expected(l, what);
    }
    *out = l->tok.str;
    return ts_lex_next(l);
}

/* Is the next thing after the current token a '('?  Asked before a word is taken for a
 * fact, so that variables may be called file or os. */
static bool bracket_follows(const struct ts_lex *l)
{
    size_t i = l->tok.end;
    while (i < l->text.n && strchr(" \t\r\n", l->text.p[i]) && l->text.p[i]) {
        i++;
    }
    return i < l->text.n && l->text.p[i] == '(';
}

/* NAME or variable('...'). */
static enum ts_code parse_name(struct ts_lex *l, const char *what, const char **out)
{
    enum ts_code rc;
    if (l->tok.kind >= TS_T_AND && l->tok.kind <= TS_T_LIKE) {
        ts_str raw = ts_lex_raw(l);
        return ts_lex_fail(
            l, l->tok.start,
            "expected %s, but `%.*s` is a word of the language; a variable "
            "of that name is written variable('%.*s')",
            what, (int)raw.n, raw.p, (int)raw.n, raw.p);
    }
    if (l->tok.kind != TS_T_NAME) {
        return ts_lex_expected(l, what);
    }
    if (!ts_parse_at_word(l, "variable") || !bracket_follows(l)) {
        *out = ts_arena_str(l->a, ts_lex_raw(l));
        return ts_lex_next(l);
    }
    if ((rc = ts_lex_next(l)) != TS_OK || (rc = ts_lex_next(l)) != TS_OK ||
        (rc = ts_parse_string(l, "the variable's name in single quotes", out)) != TS_OK) {
        return rc;
    }
    return ts_parse_expect(l, TS_T_CLOSE, "`)` after the variable's name");
}

static enum ts_code wrong_operator(struct ts_lex *l, const char *after)
{
    static const struct {
        const char *word, *symbol;
    } words[] = {
        {"is", "="},
        {"eq", "="},
        {"equals", "="},
        {"ne", "!="},
        {"notEquals", "!="},
        {"lt", "<"},
        {"less", "<"},
        {"le", "<="},
        {"lessEqual", "<="},
        {"gt", ">"},
        {"greater", ">"},
        {"ge", ">="},
        {"contains", "like '*text*'"},
        {"greaterEqual", ">="},
        {"startsWith", "like 'text*'"},
        {"notLike", "not like"},
        {"endsWith", "like '*text'"},
        {"matches", "like"},
        {"notExists", "not exists NAME"},
    };
    ts_str raw = ts_lex_raw(l);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (ts_parse_at_word(l, words[i].word)) {
            return ts_lex_fail(l, l->tok.start,
                               "expected an operator after %s, found `%.*s`; write `%s`",
                               after, (int)raw.n, raw.p, words[i].symbol);
        }
    }
    if (l->tok.kind == TS_T_EXISTS) {
        return ts_lex_fail(l, l->tok.start,
                           "expected an operator after %s, found `exists`; it stands in "
                           "front of the name: exists NAME",
                           after);
    }
    char what[400];
    ts_str name = ts_str_of(after);
    struct ts_buf b = {0};
    ts_buf_fmt(&b, "an operator (= != < <= > >= like, not like) after %.*s",
               (int)(name.n > 200 ? 200 : name.n), name.p);
    if (l->tok.kind == TS_T_END || l->tok.kind == TS_T_AND || l->tok.kind == TS_T_OR ||
        l->tok.kind == TS_T_CLOSE) {
        ts_buf_z(&b, " (to ask whether it has a value: exists NAME)");
    }
    size_t n = b.n < sizeof what - 1 ? b.n : sizeof what - 1;
    memcpy(what, ts_buf_text(&b), n);
    what[n] = '\0';
    ts_buf_free(&b);
    return ts_lex_expected(l, what);
}

static bool at_operator(const struct ts_lex *l)
{
    return l->tok.kind == TS_T_OP || l->tok.kind == TS_T_LIKE || l->tok.kind == TS_T_NOT;
}

enum ts_code ts_parse_operator(struct ts_lex *l, const char *after, enum ts_op *op)
{
    enum ts_code rc;
    if (!at_operator(l)) {
        return wrong_operator(l, after);
    }
    *op = l->tok.kind == TS_T_OP ? l->tok.op : TS_OP_LIKE;
    if (l->tok.kind == TS_T_NOT) {
        *op = TS_OP_NOTLIKE;
        if ((rc = ts_lex_next(l)) != TS_OK) {
            return rc;
        }
        if (l->tok.kind != TS_T_LIKE) {
            return ts_lex_expected(l, "`like` after `not` (a whole comparison is denied "
                                      "with `not` in front of it)");
        }
    }
    return ts_lex_next(l);
}

enum ts_code ts_parse_value(struct ts_lex *l, struct ts_expr *x)
{
    switch (l->tok.kind) {
    case TS_T_STRING:
        x->value = l->tok.str;
        return ts_lex_next(l);
    case TS_T_NUMBER:
        x->value = ts_arena_str(l->a, ts_lex_raw(l));
        x->value_is_number = true;
        return ts_lex_next(l);
    case TS_T_NAME:
        x->value_is_name = true;
        return parse_name(l, "a value", &x->value);
    case TS_T_AND:
    case TS_T_OR:
    case TS_T_NOT:
    case TS_T_EXISTS:
    case TS_T_LIKE:
        return parse_name(l, "a value", &x->value); /* says why not */
    default:
        return ts_lex_expected(l, "a value: a 'text' in single quotes, a number, or the "
                                  "name of a variable");
    }
}

/* ---- expressions ----------------------------------------------------------------------
 */

static enum ts_code parse_compare(struct ts_lex *l, struct ts_expr **out)
{
    enum ts_code rc;
    struct ts_expr *x = *out = ts_expr_new(l->a, TS_X_COMPARE);
    if ((rc = parse_name(l, "the name of a variable", &x->name)) != TS_OK ||
        (rc = ts_parse_operator(l, x->name, &x->op)) != TS_OK) {
        return rc;
    }
    return ts_parse_value(l, x);
}

static enum ts_code parse_primary(struct ts_lex *l, int depth, struct ts_expr **out)
{
    enum ts_code rc;
    switch (l->tok.kind) {
    case TS_T_OPEN:
        if ((rc = ts_lex_next(l)) != TS_OK) {
            return rc;
        }
        if (l->tok.kind == TS_T_CLOSE) {
            *out = ts_expr_new(l->a, TS_X_ALL);
            return ts_lex_next(l);
        }
        if ((rc = parse_or(l, depth + 1, out)) != TS_OK) {
            return rc;
        }
        return ts_parse_expect(l, TS_T_CLOSE, "`and`, `or` or `)`");
    case TS_T_EXISTS:
        *out = ts_expr_new(l->a, TS_X_COMPARE);
        (*out)->op = TS_OP_EXISTS;
        if ((rc = ts_lex_next(l)) != TS_OK) {
            return rc;
        }
        return parse_name(l, "the name of a variable after `exists`", &(*out)->name);
    case TS_T_NAME:
        if (bracket_follows(l) && !ts_parse_at_word(l, "variable")) {
            return ts_parse_fact(l, out);
        }
        return parse_compare(l, out);
    case TS_T_AND:
    case TS_T_OR:
    case TS_T_LIKE:
        return parse_compare(l, out); /* says why not */
    case TS_T_STRING:
        return ts_lex_expected(l, "the name of a variable without quotes, or file(...), "
                                  "folder(...) and the like");
    default:
        return ts_lex_expected(l, "a condition");
    }
}

static enum ts_code parse_unary(struct ts_lex *l, int depth, struct ts_expr **out)
{
    enum ts_code rc;
    if (depth > TS_EXPR_MAX_DEPTH) {
        return too_deep(l);
    }
    if (l->tok.kind != TS_T_NOT) {
        return parse_primary(l, depth, out);
    }
    if ((rc = ts_lex_next(l)) != TS_OK) {
        return rc;
    }
    /* "not (" is one level: it is one group NONE in data */
    rc = l->tok.kind == TS_T_OPEN ? parse_primary(l, depth, out)
                                  : parse_unary(l, depth + 1, out);
    if (rc == TS_OK) {
        *out = ts_expr_negate(l->a, *out);
    }
    return rc;
}

static enum ts_code parse_and(struct ts_lex *l, int depth, struct ts_expr **out)
{
    struct ts_expr *first = NULL, **link = &first;
    enum ts_code rc;
    for (;;) {
        if ((rc = parse_unary(l, depth, link)) != TS_OK) {
            return rc;
        }
        link = &(*link)->next;
        if (l->tok.kind != TS_T_AND) {
            *out = ts_expr_join(l->a, TS_X_ALL, first);
            return TS_OK;
        }
        if ((rc = ts_lex_next(l)) != TS_OK) {
            return rc;
        }
    }
}

static enum ts_code parse_or(struct ts_lex *l, int depth, struct ts_expr **out)
{
    struct ts_expr *first = NULL, **link = &first;
    enum ts_code rc;
    if (depth > TS_EXPR_MAX_DEPTH) {
        return too_deep(l);
    }
    for (;;) {
        if ((rc = parse_and(l, depth, link)) != TS_OK) {
            return rc;
        }
        link = &(*link)->next;
        if (l->tok.kind != TS_T_OR) {
            *out = ts_expr_join(l->a, TS_X_ANY, first);
            return TS_OK;
        }
        if ((rc = ts_lex_next(l)) != TS_OK) {
            return rc;
        }
    }
}

enum ts_code ts_expr_parse_at(struct ts_expr **out, struct ts_arena *a, ts_str text,
                              int depth, struct ts_err *err)
{
    struct ts_lex l = {.text = text, .a = a, .err = err};
    enum ts_code rc;
    *out = NULL;
    if ((rc = ts_lex_next(&l)) != TS_OK) {
        return rc;
    }
    if (l.tok.kind == TS_T_END) {
        return ts_lex_fail(&l, 0,
                           "the condition is empty; leave it out if there is none");
    }
    struct ts_expr *x = NULL;
    if ((rc = parse_or(&l, depth, &x)) != TS_OK) {
        return rc;
    }
    switch (l.tok.kind) {
    case TS_T_END:
        *out = x;
        return TS_OK;
    case TS_T_NAME:
    case TS_T_NUMBER:
        return ts_lex_expected(&l, "`and`, `or` or the end (a text with blanks stands in "
                                   "single quotes)");
    case TS_T_CLOSE:
        return ts_lex_fail(&l, l.tok.start, "this `)` closes nothing");
    default:
        return ts_lex_expected(&l, "`and`, `or` or the end");
    }
}

enum ts_code ts_expr_parse(struct ts_expr **out, struct ts_arena *a, ts_str text,
                           struct ts_err *err)
{
    return ts_expr_parse_at(out, a, text, 0, err);
}
