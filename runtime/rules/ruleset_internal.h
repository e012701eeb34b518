/* ruleset_internal.h - a rules file in memory.  Private to rules/. */
#ifndef TS_RULES_RULESET_INTERNAL_H
#define TS_RULES_RULESET_INTERNAL_H

#include "base/map.h"
#include "rules/ruleset.h"

struct rule_line {
    const char *key, *value; /* without blanks around */
    int line;
    struct rule_line *next;
};

struct rule_section {
    const char *name; /* first spelling */
    int line;
    struct rule_line *first, *last; /* of all sections of this name, in order */
};

struct early_note {
    int line;
    const char *section, *text;
    struct early_note *next;
};

struct ts_ruleset {
    struct ts_arena arena;
    const char *file;
    struct ts_map sections; /* of struct rule_section */
    size_t lines;
    struct early_note *notes, *last_note; /* found while reading */
};

/* The first line of this key, NULL if there is none. */
const struct rule_line *rule_find(const struct rule_section *s, const char *key);

/* expression.c: what a #...# means, where it is text work that needs no script: Left,
 * Right, Mid, UCase, LCase, Trim, LTrim, RTrim, Replace, Len, CStr, CInt, CLng, and &
 * over texts, whole numbers and brackets.  False: something else, *why says what. */
bool rule_expression(struct ts_buf *out, ts_str text, const char **why);

/* known.c: is this a property that MDT's own rules know? */
bool rule_known_property(ts_str name);
/* One that is spelled nearly so, or NULL. */
const char *rule_suggest(ts_str name);

#endif
