/* compare.c - how a condition compares. */
#include "expr/expr.h"

#include <assert.h>
#include <string.h>

static bool in_code_range(int64_t v)
{
    return v >= INT32_MIN && v <= (int64_t)UINT32_MAX;
}

static int compare_ints(int64_t a, int64_t b, bool return_code)
{
    /* -2147024894, 2147942402 and 0x80070002 are one code seen by three programs */
    if (return_code && in_code_range(a) && in_code_range(b) &&
        (uint32_t)a == (uint32_t)b) {
        return 0;
    }
    return (a > b) - (a < b);
}

bool ts_op_holds(enum ts_op op, int order)
{
    switch (op) {
    case TS_OP_EQ:
        return order == 0;
    case TS_OP_NE:
        return order != 0;
    case TS_OP_LT:
        return order < 0;
    case TS_OP_LE:
        return order <= 0;
    case TS_OP_GT:
        return order > 0;
    case TS_OP_GE:
        return order >= 0;
    default:
        assert(false && "an operator without order");
        return false;
    }
}

bool ts_compare(ts_str left, bool missing, enum ts_op op, ts_str right, bool return_code)
{
    int64_t a, b;
    missing = missing || left.n == 0; /* a variable set to nothing is gone */
    if (missing) {
        left.n = 0;
    }
    switch (op) {
    case TS_OP_EXISTS:
        return !missing;
    case TS_OP_NOTEXISTS:
        return missing;
    case TS_OP_LIKE:
        return ts_str_like(left, right);
    case TS_OP_NOTLIKE:
        return !ts_str_like(left, right);
    case TS_OP_EQ:
    case TS_OP_NE:
        break;
    default:
        if (missing) {
            return false;
        }
    }
    if (ts_str_int(left, &a) && ts_str_int(right, &b)) {
        return ts_op_holds(op, compare_ints(a, b, return_code));
    }
    return ts_op_holds(op, ts_str_casecmp(left, right));
}

static bool all_digits(ts_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return true;
}

/* Numbers of any length, a missing part counts as 0; anything else as text. */
static int compare_parts(ts_str a, ts_str b)
{
    a = ts_str_trim(a);
    b = ts_str_trim(b);
    if (!all_digits(a) || !all_digits(b)) {
        int order = ts_str_casecmp(a, b);
        return (order > 0) - (order < 0);
    }
    while (a.n > 0 && a.p[0] == '0') {
        a = (ts_str){a.p + 1, a.n - 1};
    }
    while (b.n > 0 && b.p[0] == '0') {
        b = (ts_str){b.p + 1, b.n - 1};
    }
    if (a.n != b.n) {
        return a.n < b.n ? -1 : 1;
    }
    int order = a.n > 0 ? memcmp(a.p, b.p, a.n) : 0;
    return (order > 0) - (order < 0);
}

int ts_version_compare(ts_str a, ts_str b)
{
    for (;;) {
        ts_str part_a = {"", 0}, part_b = {"", 0};
        bool more_a = ts_str_cut(&a, '.', &part_a);
        bool more_b = ts_str_cut(&b, '.', &part_b);
        if (!more_a && !more_b) {
            return 0;
        }
        int order = compare_parts(more_a ? part_a : (ts_str){"", 0},
                                  more_b ? part_b : (ts_str){"", 0});
        if (order != 0) {
            return order;
        }
    }
}
