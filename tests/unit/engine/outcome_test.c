#include "rig.h"

#include "engine/outcome.h"

static const struct {
    int64_t a, b;
    bool equal;
} pairs[] = {
    {0, 0, true},
    {3010, 3010, true},
    {-2147023570, 2147943726, true}, /* the same 32 bits in two spellings */
    {2147943726, 0x8007052E, true},
    {-1, 4294967295, true},
    {-1, 1, false},
    {4294967296, 0, false}, /* does not fit in 32 bits */
    {-2147483649, 2147483647, false},
};

Test(outcome, codes_are_compared_by_their_low_32_bits)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        cr_expect_eq(ts_code_equal(pairs[i].a, pairs[i].b), pairs[i].equal, "%zu", i);
    }
}

static const int64_t two[] = {2}, one_two[] = {1, 2}, none[1];

Test(outcome, the_step_s_list_goes_before_its_type_s_and_that_before_the_default)
{
    struct ts_node n = {0};
    struct ts_step_type t = {.runs_command = true};

    cr_expect(ts_is_success(&n, &t, false, 3010));
    cr_expect_not(ts_is_success(&n, &t, true, 3010), "imported: only 0");
    cr_expect(ts_is_success(&n, &t, true, 0));
    t.runs_command = false;
    cr_expect_not(ts_is_success(&n, &t, false, 3010));
    t.success_codes = (struct ts_codes){one_two, 2, true};
    cr_expect(ts_is_success(&n, &t, false, 2));
    cr_expect(ts_is_success(&n, &t, true, 2),
              "a type's own list holds when imported, too");
    cr_expect_not(ts_is_success(&n, &t, false, 0));
    n.success_codes = (struct ts_codes){two, 1, true};
    cr_expect_not(ts_is_success(&n, &t, false, 1));
    n.success_codes = (struct ts_codes){none, 0, true};
    cr_expect_not(ts_is_success(&n, &t, false, 2), "an empty list: nothing is success");
}

static const struct {
    enum ts_code rc;
    bool has_code;
    int64_t code;
    bool ok, cancelled;
    int64_t want;
    const char *note;
} ends[] = {
    {TS_OK, false, 0, true, false, 0, ""},
    {TS_OK, true, 0, true, false, 0, ""},
    {TS_OK, true, 5, false, false, 5, ""},
    {TS_OK, true, 3010, true, false, 3010, ""},
    {TS_EIO, false, 0, false, false, TS_CODE_FAILED, ""},
    {TS_EIO, true, 7, false, false, 7, ""},
    {TS_EIO, true, 0, false, false, TS_CODE_FAILED, ""}, /* 0 would look well */
    {TS_ENOTFOUND, true, TS_CODE_NOT_FOUND, false, false, TS_CODE_NOT_FOUND, ""},
    {TS_ETIMEOUT, false, 0, false, false, TS_CODE_TIMEOUT, "timeout"},
    {TS_ECANCELLED, false, 0, false, true, TS_CODE_ABORTED, "cancelled"},
    {TS_ECANCELLED, true, 0, false, true, TS_CODE_ABORTED, "cancelled"},
};

Test(outcome, judges_what_a_step_left_behind)
{
    struct ts_node n = {0};
    struct ts_step_type t = {.runs_command = true};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct ts_ending v = {0};
        struct ts_err err = {.text = "why"};
        struct ts_outcome o = {.has_code = ends[i].has_code, .code = ends[i].code};
        ts_judge(&v, &n, &t, false, &o, ends[i].rc, &err);
        cr_expect_eq(v.ok, ends[i].ok, "%zu", i);
        cr_expect_eq(v.code, ends[i].want, "%zu: %lld", i, (long long)v.code);
        cr_expect_eq(v.cancelled, ends[i].cancelled, "%zu", i);
        cr_expect_str_eq(v.note, ends[i].note);
        cr_expect_str_eq(v.text, ends[i].rc == TS_OK ? "" : "why");
    }
}

Test(outcome, a_step_is_assumed_to_end_well)
{
    struct ts_node n = {0};
    struct ts_step_type t = {0};

    cr_expect_eq(ts_assumed_code(&n, &t), 0);
    n.success_codes = (struct ts_codes){one_two, 2, true};
    cr_expect_eq(ts_assumed_code(&n, &t), 1);
}
