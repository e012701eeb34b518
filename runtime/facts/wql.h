/* wql.h - a query as a tree.  Private to facts/. */
#ifndef TS_FACTS_WQL_H
#define TS_FACTS_WQL_H

#include "facts/facts.h"

enum ts_wql_kind {
    WQL_AND, /* first, second */
    WQL_OR,
    WQL_NOT,     /* first */
    WQL_COMPARE, /* property op constant */
    WQL_NULL     /* property IS NULL; negated: IS NOT NULL */
};

enum ts_wql_constant { WQL_TEXT, WQL_NUMBER, WQL_BOOL };

struct ts_wql_node {
    enum ts_wql_kind kind;
    struct ts_wql_node *first, *second;
    ts_str property;
    enum ts_op op; /* EQ NE LT LE GT GE LIKE NOTLIKE */
    bool negated;
    enum ts_wql_constant type;
    ts_str text; /* TEXT unescaped; NUMBER as written */
    int64_t integer;
    double real;
    bool whole; /* NUMBER: it is `integer` */
    bool yes;   /* BOOL */
};

struct ts_wql {
    ts_str *columns; /* NULL: all */
    size_t column_count;
    ts_str class_name;
    struct ts_wql_node *where; /* NULL: every row */
};

/* Everything in the arena. */
TS_NODISCARD enum ts_code ts_wql_parse(struct ts_wql *out, struct ts_arena *a,
                                       ts_str query, struct ts_err *err);
/* Text against a pattern of LIKE, without regard to case. */
bool ts_wql_like(ts_str text, ts_str pattern);
/* Is this row one that the condition means? */
bool ts_wql_holds(const struct ts_wql_node *where, const struct ts_value *row,
                  const char *class_name);

#endif
