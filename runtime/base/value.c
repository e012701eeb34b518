#include "base/value.h"

struct ts_value *ts_value_new(struct ts_arena *a, enum ts_kind kind)
{
    struct ts_value *v = ts_arena_alloc(a, sizeof *v);

    v->kind = kind;
    return v;
}

struct ts_value *ts_value_string(struct ts_arena *a, ts_str s)
{
    struct ts_value *v = ts_value_new(a, TS_STRING);

    v->str = (ts_str){ts_arena_str(a, s), s.n};
    return v;
}

struct ts_value *ts_value_int(struct ts_arena *a, int64_t i)
{
    struct ts_value *v = ts_value_new(a, TS_INT);

    v->integer = i;
    v->real = (double)i;
    return v;
}

struct ts_value *ts_value_bool(struct ts_arena *a, bool b)
{
    struct ts_value *v = ts_value_new(a, TS_BOOL);

    v->boolean = b;
    return v;
}

void ts_value_push(struct ts_value *array, struct ts_value *v)
{
    v->next = NULL;
    if (array->last) {
        array->last->next = v;
    } else {
        array->first = v;
    }
    array->last = v;
    array->count++;
}

void ts_value_set(struct ts_arena *a, struct ts_value *object, ts_str key,
                  struct ts_value *v)
{
    struct ts_value *before = NULL, *m = object->first;

    while (m && !ts_str_eq(m->key, key)) {
        before = m;
        m = m->next;
    }
    if (!m) {
        v->key = (ts_str){ts_arena_str(a, key), key.n};
        ts_value_push(object, v);
        return;
    }
    /* Take the old member's place. */
    v->key = m->key;
    v->next = m->next;
    if (before) {
        before->next = v;
    } else {
        object->first = v;
    }
    if (object->last == m) {
        object->last = v;
    }
}

const struct ts_value *ts_value_get(const struct ts_value *object, const char *key)
{
    ts_str k = ts_str_of(key);

    if (!object || object->kind != TS_OBJECT) {
        return NULL;
    }
    for (const struct ts_value *m = object->first; m; m = m->next) {
        if (ts_str_eq(m->key, k)) {
            return m;
        }
    }
    return NULL;
}

const char *ts_value_text(const struct ts_value *object, const char *key)
{
    const struct ts_value *v = ts_value_get(object, key);

    return v && v->kind == TS_STRING ? v->str.p : NULL;
}

/* The last file name copied: a document says the same one for all its values. */
struct file_memo {
    const char *from, *to;
};

static struct ts_value *copy_value(struct ts_arena *a, const struct ts_value *v,
                                   struct file_memo *memo)
{
    struct ts_value *copy = ts_value_new(a, v->kind);

    if (v->file && v->file != memo->from) {
        *memo = (struct file_memo){v->file, ts_arena_strz(a, v->file)};
    }
    copy->boolean = v->boolean;
    copy->integer = v->integer;
    copy->real = v->real;
    copy->file = v->file ? memo->to : NULL;
    copy->line = v->line;
    copy->col = v->col;
    copy->tag = ts_arena_strz(a, v->tag);
    if (v->kind == TS_STRING) {
        copy->str = (ts_str){ts_arena_str(a, v->str), v->str.n};
    }
    for (const struct ts_value *m = v->first; m; m = m->next) {
        struct ts_value *child = copy_value(a, m, memo);
        if (v->kind == TS_OBJECT) {
            child->key = (ts_str){ts_arena_str(a, m->key), m->key.n};
        }
        ts_value_push(copy, child);
    }
    return copy;
}

struct ts_value *ts_value_copy(struct ts_arena *a, const struct ts_value *v)
{
    struct file_memo memo = {NULL, NULL};

    return copy_value(a, v, &memo);
}

bool ts_value_equal(const struct ts_value *a, const struct ts_value *b)
{
    if (a->kind != b->kind || a->count != b->count) {
        return false;
    }
    switch (a->kind) {
    case TS_NULL:
        return true;
    case TS_BOOL:
        return a->boolean == b->boolean;
    case TS_INT:
        return a->integer == b->integer;
    case TS_REAL:
        return !(a->real < b->real) && !(a->real > b->real);
    case TS_STRING:
        return ts_str_eq(a->str, b->str);
    case TS_ARRAY:
    case TS_OBJECT:
        break;
    }
    /* Members of an object may stand in any order; usually they stand in the same. */
    const struct ts_value *y = b->first;
    for (const struct ts_value *x = a->first; x; x = x->next, y = y->next) {
        const struct ts_value *other = y;
        if (a->kind == TS_OBJECT && !ts_str_eq(x->key, y->key)) {
            for (other = b->first; other && !ts_str_eq(x->key, other->key);) {
                other = other->next;
            }
        }
        if (!other || !ts_value_equal(x, other)) {
            return false;
        }
    }
    return true;
}

const char *ts_kind_name(enum ts_kind kind)
{
    switch (kind) {
    case TS_NULL:
        return "null";
    case TS_BOOL:
        return "a boolean";
    case TS_INT:
    case TS_REAL:
        return "a number";
    case TS_STRING:
        return "a string";
    case TS_ARRAY:
        return "a list";
    case TS_OBJECT:
        return "an object";
    }
    return "nothing";
}
