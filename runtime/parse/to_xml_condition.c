/* to_xml_condition.c - conditions as ConfigMgr and MDT write them. */
#include "parse/to_xml.h"

#include <string.h>

static void operand(struct xml_out *w, const struct ts_expr *x);

static void operands(struct xml_out *w, const struct ts_expr *first)
{
    w->level++;
    for (; first; first = first->next) {
        operand(w, first);
    }
    w->level--;
}

static void group(struct xml_out *w, const struct ts_expr *x, const char *type)
{
    xml_out_line(w);
    ts_buf_fmt(w->b, "<operator type=\"%s\">", type);
    operands(w, x->first);
    xml_out_line(w);
    ts_buf_z(w->b, "</operator>");
}

static void open(struct xml_out *w, const char *kind)
{
    xml_out_line(w);
    ts_buf_fmt(w->b, "<expression type=\"SMS_TaskSequence_%sConditionExpression\">",
               kind);
    w->level++;
}

static void part(struct xml_out *w, const char *name, const char *value)
{
    if (value) {
        xml_out_variable(w, name, NULL, false, value);
    }
}

static void close(struct xml_out *w)
{
    w->level--;
    xml_out_line(w);
    ts_buf_z(w->b, "</expression>");
}

/* The right side; the name of another variable is its value there. */
static const char *right_side(struct xml_out *w, const struct ts_expr *x)
{
    return x->value_is_name ? ts_arena_format(w->arena, "%%%s%%", x->value)
           : x->value       ? x->value
                            : "";
}

static void compare(struct xml_out *w, const struct ts_expr *x)
{
    open(w, "Variable");
    if (w->mdt) {
        part(w, "Variable", x->name);
        part(w, "Operator", ts_op_name(x->op));
        part(w, "Value", right_side(w, x));
    } else {
        part(w, "Operator", ts_op_name(x->op));
        part(w, "Value", right_side(w, x));
        part(w, "Variable", x->name);
    }
    close(w);
}

static void file(struct xml_out *w, const struct ts_expr *x)
{
    bool version = x->part && strcmp(x->part, "version") == 0;

    open(w, x->kind == TS_X_FILE ? "File" : "Folder");
    part(w, "Path", x->name);
    if (x->part) {
        part(w, version ? "Version" : "DateTime", right_side(w, x));
        part(w, version ? "VersionOperator" : "DateTimeOperator", ts_op_name(x->op));
    }
    close(w);
}

static void registry(struct xml_out *w, const struct ts_expr *x)
{
    bool existence = x->op == TS_OP_EXISTS || x->op == TS_OP_NOTEXISTS;

    open(w, "Registry");
    part(w, "KeyPath", x->name);
    part(w, "Operator", ts_op_name(x->op));
    part(w, "Data", existence ? NULL : right_side(w, x));
    part(w, "Type", x->type);
    part(w, "Value", x->part);
    close(w);
}

static void fact(struct xml_out *w, const struct ts_expr *x)
{
    if (x->kind == TS_X_WMI) {
        open(w, "WMI");
        part(w, "Namespace", x->part);
        part(w, "Query", x->name);
    } else if (x->kind == TS_X_OS) {
        open(w, "OS");
        part(w, "Architecture", x->part);
        part(w, "Operator", ts_op_name(x->op));
        part(w, "Version", right_side(w, x));
    } else {
        open(w, "Software");
        part(w, "Operator", "ThisVersion");
        part(w, "ProductCode", x->name);
        part(w, "Version", x->value);
    }
    close(w);
}

/* Conditions nest at most 100 deep. */
static void operand(struct xml_out *w, const struct ts_expr *x)
{
    switch (x->kind) {
    case TS_X_ALL:
        group(w, x, "and");
        break;
    case TS_X_ANY:
        group(w, x, "or");
        break;
    case TS_X_NONE:
        group(w, x, "not");
        break;
    case TS_X_COMPARE:
        compare(w, x);
        break;
    case TS_X_FILE:
    case TS_X_FOLDER:
        file(w, x);
        break;
    case TS_X_REGISTRY:
        registry(w, x);
        break;
    default:
        fact(w, x);
    }
}

void xml_out_condition(struct xml_out *w, const struct ts_expr *x)
{
    if (!x || (x->kind == TS_X_ALL && !x->first)) {
        return;
    }
    xml_out_line(w);
    ts_buf_z(w->b, "<condition>");
    w->level++;
    if (x->kind == TS_X_ALL) {
        w->level--;
        operands(w, x->first);
        w->level++;
    } else {
        operand(w, x);
    }
    w->level--;
    xml_out_line(w);
    ts_buf_z(w->b, "</condition>");
}
