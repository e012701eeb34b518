#include "expr/expr.h"

#include <criterion/criterion.h>

Test(expr_compare, follows_the_rules_of_the_engine)
{
    static const struct {
        const char *left; /* NULL: missing */
        enum ts_op op;
        const char *right;
        bool result;
    } t[] = {
        /* text without regard to case */
        {"TRUE", TS_OP_EQ, "true", true},
        {"TRUE", TS_OP_NE, "true", false},
        {"a", TS_OP_LT, "B", true},
        {"b", TS_OP_LT, "A", false},
        {"\xC3\x84", TS_OP_EQ, "\xC3\xA4", true},
        {"a ", TS_OP_EQ, "a", false},
        /* integers as numbers, also for equality */
        {"10", TS_OP_GT, "9", true},
        {"010", TS_OP_EQ, "10", true},
        {" +10 ", TS_OP_EQ, "10", true},
        {"-1", TS_OP_LT, "0", true},
        {"9223372036854775807", TS_OP_GT, "9223372036854775806", true},
        /* one of them not: text */
        {"10", TS_OP_GT, "9a", false},
        {"1.0", TS_OP_EQ, "1", false},
        {"10.0.9200", TS_OP_LT, "10.0.19041", false},
        {"10.0.18362", TS_OP_GE, "6", false},
        {"6.1.7601", TS_OP_GE, "6", true},
        {"18446744073709551616", TS_OP_EQ, "018446744073709551616", false},
        {"0x10", TS_OP_EQ, "16", false},
        /* missing */
        {NULL, TS_OP_EQ, "x", false},
        {NULL, TS_OP_EQ, "", true},
        {NULL, TS_OP_NE, "x", true},
        {NULL, TS_OP_NE, "", false},
        {NULL, TS_OP_LT, "x", false},
        {NULL, TS_OP_LE, "", false},
        {NULL, TS_OP_GT, "-5", false},
        {NULL, TS_OP_GE, "", false},
        {NULL, TS_OP_LIKE, "*", true},
        {NULL, TS_OP_LIKE, "?*", false},
        {NULL, TS_OP_NOTLIKE, "x", true},
        {NULL, TS_OP_EXISTS, "", false},
        {NULL, TS_OP_NOTEXISTS, "", true},
        {"", TS_OP_EXISTS, "", false},
        {"0", TS_OP_EXISTS, "", true},
        {"0", TS_OP_NOTEXISTS, "", false},
        /* wildcards */
        {"Latitude E7270", TS_OP_LIKE, "latitude*", true},
        {"Latitude E7270", TS_OP_LIKE, "latitude", false},
        {"Latitude E7270", TS_OP_NOTLIKE, "*e72?0", false},
        {"abc", TS_OP_LE, "ABC", true},
        {"abc", TS_OP_GE, "abd", false},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        bool got = ts_compare(ts_str_of(t[i].left), !t[i].left, t[i].op,
                              ts_str_of(t[i].right), false);
        cr_expect_eq(got, t[i].result, "'%s' %s '%s'",
                     t[i].left ? t[i].left : "(missing)", ts_op_name(t[i].op),
                     t[i].right);
    }
}

Test(expr_compare, return_codes_are_equal_by_their_low_32_bits)
{
    static const struct {
        const char *left;
        enum ts_op op;
        const char *right;
        bool as_code, plain;
    } t[] = {
        {"-2147467259", TS_OP_EQ, "2147500037", true, false},
        {"2147500037", TS_OP_EQ, "-2147467259", true, false},
        {"2147500037", TS_OP_NE, "-2147467259", false, true},
        {"4294967295", TS_OP_EQ, "-1", true, false},
        {"-1", TS_OP_GE, "4294967295", true, false},
        {"4294967296", TS_OP_EQ, "0", false, false},
        {"-2147483649", TS_OP_EQ, "2147483647", false, false},
        {"3010", TS_OP_EQ, "3010", true, true},
        {"3010", TS_OP_LT, "5000", true, true},
        {"-1", TS_OP_EQ, "x", false, false},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        ts_str left = ts_str_of(t[i].left), right = ts_str_of(t[i].right);
        cr_expect_eq(ts_compare(left, false, t[i].op, right, true), t[i].as_code, "%zu",
                     i);
        cr_expect_eq(ts_compare(left, false, t[i].op, right, false), t[i].plain, "%zu",
                     i);
    }
}

Test(expr_compare, versions_compare_number_by_number)
{
    static const struct {
        const char *a, *b;
        int order;
    } t[] = {
        {"10.0.9200", "10.0.19041", -1},
        {"10.0.19041", "10.0.9200", 1},
        {"10", "10.0.0.0", 0},
        {"10.0", "10.0.1", -1},
        {"", "", 0},
        {"", "0", 0},
        {"1.02", "1.2", 0},
        {" 1.2 ", "1.2", 0},
        {"1..2", "1.0.2", 0},
        {"99999999999999999999999", "99999999999999999999998", 1},
        {"1.2a", "1.2b", -1},
        {"1.2.RC1", "1.2.rc1", 0},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        cr_expect_eq(ts_version_compare(ts_str_of(t[i].a), ts_str_of(t[i].b)), t[i].order,
                     "%s and %s", t[i].a, t[i].b);
        cr_expect_eq(ts_version_compare(ts_str_of(t[i].b), ts_str_of(t[i].a)),
                     -t[i].order);
    }
}
