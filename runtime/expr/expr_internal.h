/* expr_internal.h - what the files of expr/ share.
 *
 * Trees have one canonical shape, so that a text and its data form give equal trees:
 * a group of one is its child, an empty group is an ALL without children, NONE of one ANY
 * is NONE of its children, and NONE of (exists X) is (X notExists).  Both readers build
 * that shape; ts_view shows any tree, also one put together by hand, in it. */
#ifndef TS_EXPR_EXPR_INTERNAL_H
#define TS_EXPR_EXPR_INTERNAL_H

#include "expr/expr.h"

#define TS_EXPR_MAX_DEPTH 100

struct ts_expr *ts_expr_new(struct ts_arena *a, enum ts_expr_kind kind);
/* The canonical node for a group of these children (linked by next). */
struct ts_expr *ts_expr_join(struct ts_arena *a, enum ts_expr_kind kind,
                             struct ts_expr *first);
struct ts_expr *ts_expr_negate(struct ts_arena *a, struct ts_expr *child);

struct ts_view {
    const struct ts_expr *x; /* strings and flags of a leaf */
    enum ts_expr_kind kind;
    enum ts_op op;
    const struct ts_expr *first; /* children of a group */
};
struct ts_view ts_expr_view(const struct ts_expr *x);

/* The text operator "=" "not like" ..., and an operator in any spelling (NONE: not one).
 */
const char *ts_op_symbol(enum ts_op op);
enum ts_op ts_op_find(ts_str word);
bool ts_op_is_like(enum ts_op op);  /* LIKE or NOTLIKE */
bool ts_op_is_order(enum ts_op op); /* = != < <= > >= */

bool ts_expr_is_keyword(ts_str word);
bool ts_expr_is_number(ts_str s);     /* sign, digits, optional fraction */
bool ts_expr_is_plain_name(ts_str s); /* can stand in a text without variable('...') */
void ts_expr_quote(struct ts_buf *b, ts_str s);

/* ts_expr_parse for a text that stands `depth` groups deep in data. */
TS_NODISCARD enum ts_code ts_expr_parse_at(struct ts_expr **out, struct ts_arena *a,
                                           ts_str text, int depth, struct ts_err *err);

/* ---- lex.c ----------------------------------------------------------------------------
 */

enum ts_tok {
    TS_T_END,
    TS_T_NAME,
    TS_T_STRING,
    TS_T_NUMBER,
    TS_T_OP,
    TS_T_OPEN,
    TS_T_CLOSE,
    TS_T_COMMA,
    TS_T_AND,
    TS_T_OR,
    TS_T_NOT,
    TS_T_EXISTS,
    TS_T_LIKE
};

struct ts_token {
    enum ts_tok kind;
    size_t start, end; /* bytes of the text */
    enum ts_op op;     /* TS_T_OP */
    const char *str;   /* TS_T_STRING: without its quotes */
};

struct ts_lex {
    ts_str text;
    struct ts_arena *a;
    struct ts_err *err;
    struct ts_token tok; /* the current one */
};

TS_NODISCARD enum ts_code ts_lex_next(struct ts_lex *l);
ts_str ts_lex_raw(const struct ts_lex *l); /* the current token as written */
/* TS_EINPUT with "column N: " in front; N counts characters from 1. */
enum ts_code ts_lex_fail(struct ts_lex *l, size_t at, const char *fmt, ...)
    TS_PRINTF(3, 4);
/* "expected <what>, found <the current token>" */
enum ts_code ts_lex_expected(struct ts_lex *l, const char *what);

/* ---- parse.c, for parse_fact.c: each goes on to the next token when it is content
 * ------- */

bool ts_parse_at_word(const struct ts_lex *l, const char *word);
TS_NODISCARD enum ts_code ts_parse_expect(struct ts_lex *l, enum ts_tok kind,
                                          const char *what);
TS_NODISCARD enum ts_code ts_parse_string(struct ts_lex *l, const char *what,
                                          const char **out);
TS_NODISCARD enum ts_code ts_parse_operator(struct ts_lex *l, const char *after,
                                            enum ts_op *op);
TS_NODISCARD enum ts_code ts_parse_value(struct ts_lex *l, struct ts_expr *x);

/* parse_fact.c: from the fact's word, known to be followed by "(", past its ")". */
TS_NODISCARD enum ts_code ts_parse_fact(struct ts_lex *l, struct ts_expr **out);

#endif
