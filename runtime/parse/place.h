/* place.h - where in a document a reader is, and messages that say so. */
#ifndef TS_PARSE_PLACE_H
#define TS_PARSE_PLACE_H

#include "base/value.h"

#include <stdarg.h>

/* A way from the document down to a value: links on the C stack, innermost first.  It
 * costs nothing until there is something to report. */
struct place {
    const struct place *up; /* NULL: the document */
    const struct ts_value *v;
    const char *key; /* member of `up`; NULL: item number `index` of it */
    size_t index;
    bool is_node; /* a step or group: messages name it */
};

/* The file a document came from. */
struct source {
    const struct source *up; /* the file that includes it */
    const char *name;        /* for messages */
    const char *folder;      /* native; NULL: unknown, so nothing can be included */
    char *real;              /* the file's one true path, to see cycles; or NULL */
    const char *format;      /* "lua" "json" "xml" "zip" */
    const char *member;      /* zip: id of the sequence in it; NULL: the only one */
    bool lua;
};

/* Line and column that stand for the place: its own, or those of what it stands in. */
void place_position(const struct place *at, const struct source *s, const char **file,
                    int *line, int *col);

/* TS_EINPUT with "file:line:column: step "Name": property message", for Lua with the
 * whole path behind the line.  place_fail puts the property in front of the message,
 * place_fail_plain does not. */
enum ts_code place_fail(const struct place *at, const struct source *s,
                        struct ts_err *err, const char *fmt, ...) TS_PRINTF(4, 5);
enum ts_code place_fail_plain(const struct place *at, const struct source *s,
                              struct ts_err *err, const char *fmt, ...) TS_PRINTF(4, 5);

#endif
