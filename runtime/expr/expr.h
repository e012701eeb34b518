/* expr.h - conditions and %Name% expansion.  Pure: values come through callbacks.
 *
 * The language is in docs/conditions.md; the rules for comparing are those of the
 * ConfigMgr engine where it documents them: a missing variable equals the empty string and
 * nothing else, is notEquals to everything else, and is never less or greater. */
#ifndef TS_EXPR_EXPR_H
#define TS_EXPR_EXPR_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/value.h"

enum ts_expr_kind {
    TS_X_ALL,      /* and; no children: true */
    TS_X_ANY,      /* or; no children: true */
    TS_X_NONE,     /* not (or); no children: true */
    TS_X_COMPARE,  /* variable op value */
    TS_X_FILE,     /* file('path'[, version|modified op value]) */
    TS_X_FOLDER,   /* folder('path'[, modified op value]) */
    TS_X_REGISTRY, /* registry('key', 'value' op value) */
    TS_X_WMI,      /* wmi('query'[, 'namespace']) */
    TS_X_OS,       /* os('>=', '10.0.19041'[, 'x64']) */
    TS_X_SOFTWARE  /* software('{code}'[, op version]) */
};

enum ts_op {
    TS_OP_NONE, TS_OP_EQ, TS_OP_NE, TS_OP_LT, TS_OP_LE, TS_OP_GT, TS_OP_GE, TS_OP_LIKE,
    TS_OP_NOTLIKE, TS_OP_EXISTS, TS_OP_NOTEXISTS
};

struct ts_expr { /* lives in an arena, never changes */
    enum ts_expr_kind kind;
    struct ts_expr *first, *next; /* children of ALL ANY NONE; siblings */
    enum ts_op op;
    const char *name;   /* COMPARE: variable; facts: path, key, query, product code */
    const char *value;  /* right side as text, unexpanded; NULL with (NOT)EXISTS */
    bool value_is_name; /* right side is the name of a variable, not text */
    bool value_is_number; /* it was written as a number: printed without quotes */
    const char *part;   /* FILE/FOLDER: "version" or "modified" or NULL; REGISTRY: value
                           name ("": the default value) or NULL for the key itself; WMI:
                           namespace or NULL; OS: architecture or NULL */
    const char *type;   /* REGISTRY: value type or NULL */
};

/* Parse the text form.  TS_EINPUT: "column N: what was expected" ("line L, column N" after
 * a line break), nesting over 100 too. */
TS_NODISCARD enum ts_code ts_expr_parse(struct ts_expr **out, struct ts_arena *a,
                                        ts_str text, struct ts_err *err);
/* From data: {all={..}} {any={..}} {none={..}} {variable,op,value} {file,..} ..., or a
 * string in the text form.  The message begins with the path inside ("all[1].op"). */
TS_NODISCARD enum ts_code ts_expr_from_value(struct ts_expr **out, struct ts_arena *a,
                                             const struct ts_value *v, struct ts_err *err);
/* Print as text; parsing it again gives an equal tree.  Equal: groups of one are their
 * child, all empty groups are the same (true), `not exists X` is X notExists; NULL is an
 * empty group. */
void ts_expr_print(struct ts_buf *b, const struct ts_expr *x);
bool ts_expr_equal(const struct ts_expr *a, const struct ts_expr *b);
const char *ts_op_name(enum ts_op op); /* "equals", "notEquals", ... the data form */

struct ts_expr_env {
    void *ctx;
    /* Value of a variable, false if there is none.  *secret is set true for one that must
     * not be shown. */
    bool (*variable)(void *ctx, ts_str name, ts_str *value, bool *secret);
    /* Answer a fact (any kind after COMPARE); strings in *x are already expanded into
     * *name, *value, *part.  Adds to `why` (may be NULL) what it saw.  TS_EUNSUPPORTED: it
     * cannot be asked here. */
    enum ts_code (*fact)(void *ctx, const struct ts_expr *x, const char *name,
                         const char *value, const char *part, bool *result,
                         struct ts_buf *why, struct ts_err *err);
    /* Called for a fact that cannot be asked when `lenient`; then it is false. */
    void (*warn)(void *ctx, const char *message);
    bool lenient; /* semantics of imported ConfigMgr sequences */
    /* May be NULL.  Asked for a %Name% in a text of the condition that `variable` does not
     * know: the process environment.  Never asked for the name that is compared. */
    bool (*environment)(void *ctx, ts_str name, ts_str *value, bool *secret);
};

/* Evaluate.  x NULL is true.  `why` (NULL if not wanted) gets each part with the values it
 * saw, secrets as *****: "`TSStartedInWinPE = 'YES'` is false (TSStartedInWinPE is
 * missing)", parts separated by "; ".  Parts that no longer mattered are not in it. */
TS_NODISCARD enum ts_code ts_expr_eval(const struct ts_expr *x,
                                       const struct ts_expr_env *env, bool *result,
                                       struct ts_buf *why, struct ts_err *err);

/* Compare two texts as a condition does.  return_code: either side is a return code, so
 * that integers with equal low 32 bits are equal.  missing: the left side has no value. */
bool ts_compare(ts_str left, bool missing, enum ts_op op, ts_str right, bool return_code);
/* Does an order (<0, 0, >0) satisfy op, one of EQ NE LT LE GT GE? */
bool ts_op_holds(enum ts_op op, int order);
/* Compare dotted versions number by number, missing ones as 0. -1 0 1 */
int ts_version_compare(ts_str a, ts_str b);

/* Expand %Name%: one pass from left to right; at a '%' the text up to the next '%' is
 * replaced if `variable` knows it, else that one '%' stays and scanning goes on right
 * behind it.  *secret (may be NULL) becomes true when a secret value went in. */
void ts_expand(struct ts_buf *out, ts_str text,
               bool (*variable)(void *ctx, ts_str name, ts_str *value, bool *secret),
               void *ctx, bool *secret);

#endif
