/* json_scan.h - the tokens of a JSON text, with their places.  Private to base/json*.c.
 */
#ifndef TS_BASE_JSON_SCAN_H
#define TS_BASE_JSON_SCAN_H

#include "base/buf.h"
#include "base/str.h"

/* A token is one of { } [ ] : , or: */
enum {
    JSON_END = 0,
    JSON_BAD = 1,
    JSON_STRING = '"',
    JSON_NUMBER = '0',
    JSON_WORD = 'a'
};

struct json_scan {
    ts_str text;
    size_t pos;        /* where to go on */
    size_t at;         /* where the last token began, or where it is wrong */
    const char *wrong; /* why, after JSON_BAD */
};

/* Start behind a byte order mark, if there is one. */
struct json_scan json_scan_start(ts_str text);
int json_scan_next(struct json_scan *s);

/* Check the whole text: one value, strict grammar, at most `depth` levels and `values`
 * values.  On false s->at and s->wrong say where and why. */
bool json_scan_check(struct json_scan *s, unsigned depth, size_t values);

/* Append what the string token that begins at `at` means. */
void json_scan_string(ts_str text, size_t at, struct ts_buf *out);

/* Line and column (1-based, in characters) of text[at], counted on from the place that
 * *from (at first 0), *line and *col (at first 1) tell, which move there. */
void json_scan_place(ts_str text, size_t at, size_t *from, int *line, int *col);

#endif
