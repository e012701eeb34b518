/* tree.c - making, viewing and comparing condition trees; the names of operators. */
#include "expr/expr_internal.h"

#include <string.h>

struct ts_expr *ts_expr_new(struct ts_arena *a, enum ts_expr_kind kind)
{
    struct ts_expr *x = ts_arena_alloc(a, sizeof *x);
    x->kind = kind;
    return x;
}

struct ts_expr *ts_expr_negate(struct ts_arena *a, struct ts_expr *child)
{
    if (child->kind == TS_X_COMPARE && child->op == TS_OP_EXISTS) {
        child->op = TS_OP_NOTEXISTS;
        return child;
    }
    struct ts_expr *x = ts_expr_new(a, TS_X_NONE);
    bool is_or = child->kind == TS_X_ANY && child->first;
    x->first = is_or ? child->first : child;
    return x;
}

struct ts_expr *ts_expr_join(struct ts_arena *a, enum ts_expr_kind kind,
                             struct ts_expr *first)
{
    if (!first) {
        return ts_expr_new(a, TS_X_ALL);
    }
    if (!first->next) {
        return kind == TS_X_NONE ? ts_expr_negate(a, first) : first;
    }
    struct ts_expr *x = ts_expr_new(a, kind);
    x->first = first;
    return x;
}

static bool is_group(const struct ts_expr *x)
{
    return x->kind == TS_X_ALL || x->kind == TS_X_ANY || x->kind == TS_X_NONE;
}

static const struct ts_expr *skip_groups_of_one(const struct ts_expr *x)
{
    while ((x->kind == TS_X_ALL || x->kind == TS_X_ANY) && x->first && !x->first->next) {
        x = x->first;
    }
    return x;
}

struct ts_view ts_expr_view(const struct ts_expr *x)
{
    struct ts_view v = {.kind = TS_X_ALL};
    if (!x) {
        return v;
    }
    x = skip_groups_of_one(x);
    if (is_group(x) && !x->first) {
        return v;
    }
    v = (struct ts_view){.x = x, .kind = x->kind, .op = x->op, .first = x->first};
    if (x->kind == TS_X_REGISTRY && x->op == TS_OP_NONE) {
        v.op = TS_OP_EXISTS;
    }
    if (x->kind == TS_X_NONE && !x->first->next) {
        const struct ts_expr *only = skip_groups_of_one(x->first);
        if (only->kind == TS_X_ANY && only->first) {
            v.first = only->first;
        } else if (only->kind == TS_X_COMPARE && only->op == TS_OP_EXISTS) {
            v = (struct ts_view){.x = only, .kind = TS_X_COMPARE, .op = TS_OP_NOTEXISTS};
        }
    }
    return v;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_leaf(const struct ts_view *a, const struct ts_view *b)
{
    const struct ts_expr *x = a->x, *y = b->x;
    return a->op == b->op && same_text(x->name, y->name) &&
           same_text(x->value, y->value) && x->value_is_name == y->value_is_name &&
           x->value_is_number == y->value_is_number && same_text(x->part, y->part) &&
           same_text(x->type, y->type);
}

bool ts_expr_equal(const struct ts_expr *a, const struct ts_expr *b)
{
    struct ts_view va = ts_expr_view(a), vb = ts_expr_view(b);
    if (va.kind != vb.kind) {
        return false;
    }
    if (va.kind != TS_X_ALL && va.kind != TS_X_ANY && va.kind != TS_X_NONE) {
        return same_leaf(&va, &vb);
    }
    const struct ts_expr *x = va.first, *y = vb.first;
    for (; x && y; x = x->next, y = y->next) {
        if (!ts_expr_equal(x, y)) {
            return false;
        }
    }
    return !x && !y;
}

static const struct {
    const char *name, *symbol;
} ops[] = {
    [TS_OP_NONE] = {"", ""},
    [TS_OP_EQ] = {"equals", "="},
    [TS_OP_NE] = {"notEquals", "!="},
    [TS_OP_LT] = {"less", "<"},
    [TS_OP_LE] = {"lessEqual", "<="},
    [TS_OP_GT] = {"greater", ">"},
    [TS_OP_GE] = {"greaterEqual", ">="},
    [TS_OP_LIKE] = {"like", "like"},
    [TS_OP_NOTLIKE] = {"notLike", "not like"},
    [TS_OP_EXISTS] = {"exists", "exists"},
    [TS_OP_NOTEXISTS] = {"notExists", "not exists"},
};

const char *ts_op_name(enum ts_op op)
{
    return ops[op].name;
}

const char *ts_op_symbol(enum ts_op op)
{
    return ops[op].symbol;
}

enum ts_op ts_op_find(ts_str word)
{
    for (int i = TS_OP_EQ; i <= TS_OP_NOTEXISTS; i++) {
        if (ts_str_caseeq(word, ts_str_of(ops[i].name)) ||
            ts_str_caseeq(word, ts_str_of(ops[i].symbol))) {
            return (enum ts_op)i;
        }
    }
    if (ts_str_eq(word, TS_S("=="))) {
        return TS_OP_EQ;
    }
    return ts_str_eq(word, TS_S("<>")) ? TS_OP_NE : TS_OP_NONE;
}

bool ts_op_is_like(enum ts_op op)
{
    return op == TS_OP_LIKE || op == TS_OP_NOTLIKE;
}

bool ts_op_is_order(enum ts_op op)
{
    return op >= TS_OP_EQ && op <= TS_OP_GE;
}
