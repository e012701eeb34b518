/* json_write.c - values to JSON text. */
#include "base/value.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shortest text that reads back as the same number, and as no integer. */
static void write_real(struct ts_buf *b, double real)
{
    char text[40];

    if (!(real <= DBL_MAX && real >= -DBL_MAX)) {
        ts_buf_z(b, "null"); /* JSON has no such numbers */
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, real);
        double again = strtod(text, NULL);
        if (!(again < real) && !(again > real)) {
            break;
        }
    }
    ts_buf_z(b, text);
    if (!strpbrk(text, ".e")) {
        ts_buf_z(b, ".0");
    }
}

static void new_line(struct ts_buf *b, int indent, int level)
{
    if (indent > 0) {
        ts_buf_c(b, '\n');
        for (int i = 0; i < indent * level; i++) {
            ts_buf_c(b, ' ');
        }
    }
}

static void write_string(struct ts_buf *b, ts_str s)
{
    ts_buf_c(b, '"');
    ts_buf_json(b, s);
    ts_buf_c(b, '"');
}

static void write_value(struct ts_buf *b, const struct ts_value *v, int indent, int level)
{
    switch (v->kind) {
    case TS_NULL:
        ts_buf_z(b, "null");
        return;
    case TS_BOOL:
        ts_buf_z(b, v->boolean ? "true" : "false");
        return;
    case TS_INT:
        ts_buf_fmt(b, "%" PRId64, v->integer);
        return;
    case TS_REAL:
        write_real(b, v->real);
        return;
    case TS_STRING:
        write_string(b, v->str);
        return;
    case TS_ARRAY:
    case TS_OBJECT:
        break;
    }
    ts_buf_c(b, v->kind == TS_OBJECT ? '{' : '[');
    for (const struct ts_value *m = v->first; m; m = m->next) {
        new_line(b, indent, level + 1);
        if (v->kind == TS_OBJECT) {
            write_string(b, m->key);
            ts_buf_z(b, indent > 0 ? ": " : ":");
        }
        write_value(b, m, indent, level + 1);
        if (m->next) {
            ts_buf_c(b, ',');
        }
    }
    if (v->first) {
        new_line(b, indent, level);
    }
    ts_buf_c(b, v->kind == TS_OBJECT ? '}' : ']');
}

void ts_json_write(struct ts_buf *b, const struct ts_value *v, int indent)
{
    write_value(b, v, indent, 0);
}
