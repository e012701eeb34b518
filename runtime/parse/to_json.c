/* to_json.c - a sequence as JSON for people: what fits on a line stands on one. */
#include "parse/to.h"

#include <string.h>

static void write_text(struct ts_buf *b, ts_str s)
{
    ts_buf_c(b, '"');
    ts_buf_json(b, s);
    ts_buf_c(b, '"');
}

static void new_line(struct ts_buf *b, int level)
{
    ts_buf_c(b, '\n');
    for (int i = 0; i < 2 * level; i++) {
        ts_buf_c(b, ' ');
    }
}

static bool is_table(const struct ts_value *v)
{
    return v->kind == TS_ARRAY || v->kind == TS_OBJECT;
}

/* Groups and lists of steps are clearer with a line for each. */
static bool wants_lines(const struct ts_value *v)
{
    return v->count &&
           (ts_str_eq(v->key, TS_S("steps")) || ts_str_eq(v->key, TS_S("finally")));
}

/* On one line of at most `limit` bytes; else *b is as before and the answer is false. */
static bool write_short(struct ts_buf *b, const struct ts_value *v, size_t limit)
{
    size_t start = b->n;

    if (!is_table(v)) {
        ts_json_write(b, v, 0);
    } else if (!v->count) {
        ts_buf_z(b, v->kind == TS_OBJECT ? "{}" : "[]");
    } else {
        bool fits = !wants_lines(v);
        ts_buf_z(b, v->kind == TS_OBJECT ? "{ " : "[");
        for (const struct ts_value *m = v->first; m && fits; m = m->next) {
            if (v->kind == TS_OBJECT) {
                write_text(b, m->key);
                ts_buf_z(b, ": ");
            }
            fits = b->n - start <= limit && write_short(b, m, limit - (b->n - start));
            if (m->next) {
                ts_buf_z(b, ", ");
            }
        }
        ts_buf_z(b, v->kind == TS_OBJECT ? " }" : "]");
        if (!fits) {
            b->n = start;
            return false;
        }
    }
    if (b->n - start > limit) {
        b->n = start;
        return false;
    }
    return true;
}

/* `used`: how far the line is filled already. */
static void write_value(struct ts_buf *b, const struct ts_value *v, int level,
                        size_t used)
{
    size_t limit = used + 1 < TO_WIDTH ? TO_WIDTH - used - 1 : 0; /* 1: the comma */

    if (write_short(b, v, limit)) {
        return;
    }
    if (!is_table(v)) {
        ts_json_write(b, v, 0);
        return;
    }
    ts_buf_c(b, v->kind == TS_OBJECT ? '{' : '[');
    for (const struct ts_value *m = v->first; m; m = m->next) {
        new_line(b, level + 1);
        size_t start = b->n;
        if (v->kind == TS_OBJECT) {
            write_text(b, m->key);
            ts_buf_z(b, ": ");
        }
        write_value(b, m, level + 1, (size_t)(2 * (level + 1)) + b->n - start);
        if (m->next) {
            ts_buf_c(b, ',');
        }
    }
    new_line(b, level);
    ts_buf_c(b, v->kind == TS_OBJECT ? '}' : ']');
}

void ts_sequence_write_json(struct ts_buf *out, const struct ts_sequence *s,
                            const struct ts_registry *steps)
{
    struct ts_arena a = {0};

    write_value(out, value_of_sequence(&a, s, steps), 0, 0);
    ts_buf_c(out, '\n');
    ts_arena_fini(&a);
}
