/* xml_dom.h - an XML text as a tree, with the place of everything in it.
 *
 * Documents inside documents (in CDATA, or with every '<' escaped) are parsed from the
 * text of the element that holds them, and still know where they stand in the file. */
#ifndef TS_PARSE_XML_DOM_H
#define TS_PARSE_XML_DOM_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

enum {
    XML_MOST_DEPTH = 300,
    XML_MOST_ELEMENTS = 500000,
    XML_MOST_ATTRIBUTES = 200, /* of one element */
    XML_MOST_PIECES = 1000000
};

struct xml_attr {
    const char *name, *value;
    struct xml_attr *next;
};

/* Where the parts of a text stood: it is continuous between two pieces. */
struct xml_piece {
    size_t at; /* offset in the text */
    int line, col;
};
struct xml_origin {
    const struct xml_piece *pieces;
    size_t n;
};

struct xml_element {
    const char *name; /* without a prefix */
    struct xml_attr *attrs;
    struct xml_element *parent, *first, *last, *next;
    ts_str text; /* of an element without children; NUL-terminated */
    int line, col;
    struct xml_origin origin; /* of a text that begins with '<'; else n = 0 */
};

/* Parse.  `text` is UTF-8 without a byte order mark; `inside`: the origin of the text
 * when it comes from another document (NULL: it is a file).  Document types are refused,
 * so nothing expands; depth and size are bounded.  TS_EINPUT: "name:line:column: why".
 * Everything of *out is in the arena. */
TS_NODISCARD enum ts_code xml_parse(struct xml_element **out, struct ts_arena *a,
                                    ts_str text, const char *name,
                                    const struct xml_origin *inside, struct ts_err *err);

/* The text of a file as UTF-8 without a byte order mark: UTF-8, UTF-16 of either order
 * (with or without a mark), or what an XML declaration of a one-byte encoding says.
 * TS_EINPUT for bytes that are not what they should be. */
TS_NODISCARD enum ts_code xml_to_utf8(struct ts_buf *out, ts_str bytes, const char *name,
                                      struct ts_err *err);

/* Names are compared without regard to case. */
bool xml_is(const struct xml_element *e, const char *name);
const struct xml_element *xml_child(const struct xml_element *e, const char *name);
const char *xml_attr(const struct xml_element *e, const char *name); /* NULL if absent */
/* The element as text again: the same element gives the same text, and parsing that
 * gives an equal element.  Blanks between elements are not kept. */
void xml_write(struct ts_buf *out, const struct xml_element *e);
void xml_escape(struct ts_buf *out, ts_str s, bool in_attribute);

#endif
