/* expr_test.h - a small table of variables behind struct ts_expr_env, and random trees.
 */
#ifndef TESTS_EXPR_TEST_H
#define TESTS_EXPR_TEST_H

#include "expr/expr.h"

struct fake_var {
    const char *name, *value;
    bool secret;
};

/* ctx: an array of fake_var ended by a NULL name. */
bool fake_variable(void *ctx, ts_str name, ts_str *value, bool *secret);

/* A generator of its own, so that a seed means the same everywhere. */
struct dice {
    uint64_t state;
};
unsigned roll(struct dice *d, unsigned sides); /* 0 .. sides-1 */

#endif
