#include "model/model.h"

#include <criterion/criterion.h>

Test(model_duration, parses_integers_with_units)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = {
        {"15m", 900000},
        {"500ms", 500},
        {"20s", 20000},
        {"2h", 7200000},
        {"1h30m", 5400000},
        {"1h1m1s1ms", 3661001},
        {"1m500ms", 60500},
        {"90", 90000},
        {"0", 0},
        {"0s", 0},
        {"  5s ", 5000},
        {"1000000h", INT64_C(3600000000000)},
        {"", -1},
        {" ", -1},
        {"m", -1},
        {"-5s", -1},
        {"+5s", -1},
        {"1.5h", -1},
        {"5 s", -1},
        {"5x", -1},
        {"5S", -1},
        {"1m1h", -1}, /* large units first */
        {"1m1m", -1},
        {"1h30", -1},
        {"5ms3", -1},
        {"1000001h", -1},
        {"99999999999999999999s", -1},
        {"1000000h1ms", -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        bool ok = ts_duration_parse(ts_str_of(cases[i].text), &ms);
        cr_expect_eq(ok, cases[i].ms >= 0, "'%s'", cases[i].text);
        cr_expect_eq(ok ? ms : -1, cases[i].ms, "'%s' gives %lld", cases[i].text,
                     (long long)ms);
    }
}

Test(model_duration, prints_the_shortest_form_that_reads_back)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "0s"},           {1, "1ms"},           {1500, "1500ms"},   {90000, "90s"},
        {900000, "15m"},     {5400000, "90m"},     {3600000, "1h"},    {3661000, "3661s"},
        {36001000, "10h1s"}, {86400001, "24h1ms"}, {61001, "61001ms"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ts_buf b = {0};
        ts_duration_print(&b, cases[i].ms);
        cr_expect_str_eq(b.p, cases[i].text);
        ts_buf_free(&b);
    }
}

Test(model_duration, what_is_printed_is_read_back)
{
    uint64_t seed = 1;

    for (int i = 0; i < 20000; i++) {
        struct ts_buf b = {0};
        int64_t back = -1;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int64_t ms = (int64_t)((seed >> 20) % (UINT64_C(1) << (i % 41)));
        ts_duration_print(&b, ms);
        cr_assert(ts_duration_parse(ts_buf_view(&b), &back), "%s", b.p);
        cr_assert_eq(back, ms, "%s", b.p);
        ts_buf_free(&b);
    }
}
