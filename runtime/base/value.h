/* value.h - plain data: what a JSON text or a Lua table says, before it means anything.
 * Values live in an arena and never change after they are built. */
#ifndef TS_BASE_VALUE_H
#define TS_BASE_VALUE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

enum ts_kind { TS_NULL, TS_BOOL, TS_INT, TS_REAL, TS_STRING, TS_ARRAY, TS_OBJECT };

struct ts_value {
    enum ts_kind kind;
    bool boolean;
    int64_t integer; /* TS_INT */
    double real;     /* TS_INT too */
    ts_str str;      /* TS_STRING, NUL-terminated as well */
    /* TS_ARRAY and TS_OBJECT: children in order; key only in objects */
    struct ts_value *first, *last, *next;
    ts_str key;
    uint32_t count;
    /* where it was said: set by the Lua reader for tables made by a constructor, by the
     * JSON and XML readers for everything; 0 = unknown */
    const char *file;
    int line, col;
    const char *tag; /* set by the Lua reader on a constructor's table: the step type,
                        "group" or "sequence" */
};

struct ts_value *ts_value_new(struct ts_arena *a, enum ts_kind kind);
struct ts_value *ts_value_string(struct ts_arena *a, ts_str s);
struct ts_value *ts_value_int(struct ts_arena *a, int64_t i);
struct ts_value *ts_value_bool(struct ts_arena *a, bool b);
/* Append `v` to an array, or set member `key` of an object (an existing one is
 * replaced). */
void ts_value_push(struct ts_value *array, struct ts_value *v);
void ts_value_set(struct ts_arena *a, struct ts_value *object, ts_str key,
                  struct ts_value *v);
const struct ts_value *ts_value_get(const struct ts_value *object, const char *key);
/* Text of member `key` if it is a string, else NULL. */
const char *ts_value_text(const struct ts_value *object, const char *key);
struct ts_value *ts_value_copy(struct ts_arena *a, const struct ts_value *v);
bool ts_value_equal(const struct ts_value *a, const struct ts_value *b);
const char *ts_kind_name(enum ts_kind kind); /* "a string", "a number", ... */

/* json.c, the only file that includes cJSON.
 * Parse one JSON text (nesting at most 512, size at most 64 MiB, at most 2^21 values).
 * Integers of 64 bits are exact (TS_INT), also when written as 2.0 or 1e3 (then up to
 * 2^53).  Values get file, line and column.  TS_EINPUT with
 * "file:line:column: reason"; duplicate keys in one object are an error.  Everything of
 * *out is in the arena. */
TS_NODISCARD enum ts_code ts_json_parse(struct ts_value **out, struct ts_arena *a,
                                        ts_str text, const char *file,
                                        struct ts_err *err);
/* Find line and column (1-based) of the value at `path` ("steps[0].retry.attempts"; the
 * empty path is the document) by walking the text again.  False if the path is absent. */
bool ts_json_locate(ts_str text, const char *path, int *line, int *col);
/* Append as JSON; indent 0 = one line.  Key order is kept. */
void ts_json_write(struct ts_buf *b, const struct ts_value *v, int indent);

#endif
