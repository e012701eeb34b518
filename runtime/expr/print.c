/* print.c - conditions as text.  Brackets stand only where the grammar needs them. */
#include "expr/expr_internal.h"

#include <string.h>

void ts_expr_quote(struct ts_buf *b, ts_str s)
{
    ts_buf_c(b, '\'');
    while (s.n > 0) {
        const char *quote = memchr(s.p, '\'', s.n);
        size_t n = quote ? (size_t)(quote - s.p) + 1 : s.n;
        ts_buf_add(b, s.p, n);
        if (quote) {
            ts_buf_c(b, '\'');
        }
        s = (ts_str){s.p + n, s.n - n};
    }
    ts_buf_c(b, '\'');
}

static void quote_z(struct ts_buf *b, const char *z)
{
    ts_expr_quote(b, ts_str_of(z));
}

static void print_name(struct ts_buf *b, const char *name)
{
    if (ts_expr_is_plain_name(ts_str_of(name))) {
        ts_buf_z(b, name);
        return;
    }
    ts_buf_z(b, "variable(");
    quote_z(b, name);
    ts_buf_c(b, ')');
}

static void print_value(struct ts_buf *b, const struct ts_expr *x)
{
    if (x->value_is_name) {
        print_name(b, x->value);
    } else if (x->value_is_number && ts_expr_is_number(ts_str_of(x->value))) {
        ts_buf_z(b, x->value);
    } else {
        quote_z(b, x->value);
    }
}

static void print_op_value(struct ts_buf *b, const struct ts_expr *x)
{
    ts_buf_fmt(b, " %s ", ts_op_symbol(x->op));
    print_value(b, x);
}

static void print_registry(struct ts_buf *b, const struct ts_view *v)
{
    const struct ts_expr *x = v->x;
    ts_buf_z(b, "registry(");
    quote_z(b, x->name);
    if (x->part) {
        ts_buf_z(b, ", ");
        quote_z(b, x->part);
    }
    if (v->op == TS_OP_NOTEXISTS) {
        ts_buf_z(b, " not exists");
    } else if (v->op != TS_OP_EXISTS) {
        print_op_value(b, x);
    }
    if (x->type) {
        ts_buf_z(b, ", ");
        quote_z(b, x->type);
    }
    ts_buf_c(b, ')');
}

static void print_os(struct ts_buf *b, const struct ts_expr *x)
{
    ts_buf_fmt(b, "os('%s', ", ts_op_symbol(x->op));
    print_value(b, x);
    if (x->part) {
        ts_buf_z(b, ", ");
        quote_z(b, x->part);
    }
    ts_buf_c(b, ')');
}

/* file, folder, wmi, software: a text and one thing more. */
static void print_fact(struct ts_buf *b, const struct ts_expr *x)
{
    static const char *const names[] = {
        [TS_X_FILE] = "file",
        [TS_X_FOLDER] = "folder",
        [TS_X_WMI] = "wmi",
        [TS_X_SOFTWARE] = "software",
    };
    ts_buf_z(b, names[x->kind]);
    ts_buf_c(b, '(');
    quote_z(b, x->name);
    if (x->kind == TS_X_WMI) {
        if (x->part) {
            ts_buf_z(b, ", ");
            quote_z(b, x->part);
        }
    } else if (x->part || (x->kind == TS_X_SOFTWARE && x->op != TS_OP_NONE)) {
        ts_buf_z(b, x->part ? ", " : ",");
        ts_buf_z(b, x->part ? x->part : "");
        print_op_value(b, x);
    }
    ts_buf_c(b, ')');
}

static void print(struct ts_buf *b, const struct ts_expr *x, bool in_and);

static void print_list(struct ts_buf *b, const struct ts_view *v)
{
    const char *between = v->kind == TS_X_ALL ? " and " : " or ";
    for (const struct ts_expr *c = v->first; c; c = c->next) {
        if (c != v->first) {
            ts_buf_z(b, between);
        }
        /* inside "or" only another "or" needs brackets to stay a group of its own */
        struct ts_view child = ts_expr_view(c);
        bool same = child.kind == TS_X_ANY && v->kind != TS_X_ALL && child.first;
        print(b, c, same || v->kind == TS_X_ALL);
    }
}

static void print_group(struct ts_buf *b, const struct ts_view *v, bool brackets)
{
    if (v->kind == TS_X_NONE) {
        bool one = !v->first->next;
        ts_buf_z(b, one ? "not " : "not (");
        if (one) {
            print(b, v->first, true);
        } else {
            print_list(b, v);
            ts_buf_c(b, ')');
        }
        return;
    }
    if (!v->first) {
        ts_buf_z(b, "()");
        return;
    }
    if (brackets) {
        ts_buf_c(b, '(');
    }
    print_list(b, v);
    if (brackets) {
        ts_buf_c(b, ')');
    }
}

/* brackets: put them around "and" and "or" lists. */
static void print(struct ts_buf *b, const struct ts_expr *x, bool brackets)
{
    struct ts_view v = ts_expr_view(x);
    switch (v.kind) {
    case TS_X_ALL:
    case TS_X_ANY:
    case TS_X_NONE:
        print_group(b, &v, brackets);
        break;
    case TS_X_COMPARE:
        if (v.op == TS_OP_EXISTS || v.op == TS_OP_NOTEXISTS) {
            ts_buf_fmt(b, "%s ", ts_op_symbol(v.op));
            print_name(b, v.x->name);
        } else {
            print_name(b, v.x->name);
            print_op_value(b, v.x);
        }
        break;
    case TS_X_REGISTRY:
        print_registry(b, &v);
        break;
    case TS_X_OS:
        print_os(b, v.x);
        break;
    default:
        print_fact(b, v.x);
    }
}

void ts_expr_print(struct ts_buf *b, const struct ts_expr *x)
{
    print(b, x, false);
}
