#include "log/log.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *format(const char *component, enum ts_level level, ts_str text, int64_t ms)
{
    struct ts_buf b = {0};
    struct ts_log_record r = {ms, level, component, text};
    ts_cmtrace_format(&b, &r);
    return ts_buf_take(&b);
}

/* 2019-10-18 14:19:13.567 UTC */
#define MOMENT INT64_C(1571408353567)

static void zone(const char *tz)
{
    setenv("TZ", tz, 1);
    tzset();
}

Test(cmtrace, line_is_exact)
{
    static const struct {
        const char *tz, *line;
    } cases[] = {
        {"UTC", "<![LOG[hello]LOG]!><time=\"14:19:13.567+000\" date=\"10-18-2019\" "},
        {"XXX4", "<![LOG[hello]LOG]!><time=\"10:19:13.567+240\" date=\"10-18-2019\" "},
        {"XXX-2", "<![LOG[hello]LOG]!><time=\"16:19:13.567-120\" date=\"10-18-2019\" "},
        {"XXX-10:30",
         "<![LOG[hello]LOG]!><time=\"00:49:13.567-630\" date=\"10-19-2019\" "},
        {"XXX-1", "<![LOG[hello]LOG]!><time=\"15:19:13.567-060\" date=\"10-18-2019\" "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        zone(cases[i].tz);
        char *line = format("TSManager", TS_LOG_WARNING, TS_S("hello"), MOMENT);
        cr_assert(strncmp(line, cases[i].line, strlen(cases[i].line)) == 0, "%s", line);
        char *rest = line + strlen(cases[i].line);
        const char *mid = "component=\"TSManager\" context=\"\" type=\"2\" thread=\"";
        cr_assert(strncmp(rest, mid, strlen(mid)) == 0, "%s", rest);
        rest += strlen(mid);
        rest += strspn(rest, "0123456789");
        cr_assert_str_eq(rest, "\" file=\"taskseq\">\r\n");
    }
}

Test(cmtrace, any_text_comes_back_as_one_record)
{
    static const struct {
        ts_str in;
        const char *out;
    } cases[] = {
        {{"", 0}, ""},
        {{"plain", 5}, "plain"},
        {{"two\r\nlines", 10}, "two\r\nlines"},
        {{"a]LOG]!>b", 9}, "a]LOG] !>b"},
        {{"]LOG]!><time=\"", 14}, "]LOG] !><time=\""},
        {{"x]LOG", 5}, "x]LOG"},
        {{"x]LOG]!", 7}, "x]LOG]!"},
        {{"<![LOG[nested]LOG]!>", 20}, "<![LOG [nested]LOG] !>"},
        {{"caf\xC3\xA9 \xE2\x82\xAC", 9}, "caf\xC3\xA9 \xE2\x82\xAC"},
        {{"bad \xFF\xC3", 6}, "bad \xEF\xBF\xBD\xEF\xBF\xBD"},
        {{"nul\0byte", 8},
         "nul\xEF\xBF\xBD"
         "byte"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ts_log_record r;
        char component[64];
        size_t used;
        char *line =
            format("A", (enum ts_level)(i % 4), cases[i].in, MOMENT + (int64_t)i);
        char *two = ts_format("%s%s", line, line);
        cr_assert(ts_cmtrace_parse(ts_str_of(two), &r, component, &used), "%s", line);
        cr_assert_eq(used, strlen(line));
        cr_assert_eq(r.text.n, strlen(cases[i].out), "%zu: %s", i, line);
        cr_assert(memcmp(r.text.p, cases[i].out, r.text.n) == 0, "%s", line);
        cr_assert_eq(r.time_ms, MOMENT + (int64_t)i);
        cr_assert_eq(r.level, (enum ts_level)(i % 4));
        cr_assert_str_eq(r.component, "A");
    }
}

Test(cmtrace, component_cannot_break_the_line)
{
    struct ts_log_record r;
    char component[64];
    size_t used;
    char *line =
        format("a\"b\nc"
               "0123456789012345678901234567890123456789012345678901234567890123456789",
               TS_LOG_INFO, TS_S("t"), MOMENT);
    cr_assert(ts_cmtrace_parse(ts_str_of(line), &r, component, &used));
    cr_assert_eq(strlen(component), 63);
    cr_assert(strncmp(component, "a'b'c0123", 9) == 0);
}

Test(cmtrace, very_long_text_is_cut_and_says_so)
{
    struct ts_log_record r;
    char component[64];
    size_t used, n = 300 * 1024;
    char *text = ts_alloc(n + 1);
    memset(text, 'z', n);
    char *line = format(NULL, TS_LOG_INFO, (ts_str){text, n}, MOMENT);
    cr_assert(ts_cmtrace_parse(ts_str_of(line), &r, component, &used));
    cr_assert_str_eq(r.component, "TSManager");
    cr_assert(ts_str_ends(r.text, TS_S(" ... (45056 more bytes)")));
}

Test(cmtrace, reads_the_lines_of_others)
{
    static const struct {
        const char *line, *component, *text;
        int level;
        int64_t ms;
    } cases[] = {
        {"<![LOG[Property LogPath is now = X:\\MININT]LOG]!><time=\"14:52:01.000+000\" "
         "date=\"02-20-2024\" component=\"LiteTouch\" context=\"\" type=\"1\" "
         "thread=\"\" "
         "file=\"LiteTouch\">\n",
         "LiteTouch", "Property LogPath is now = X:\\MININT", 1, 1708440721000},
        {"<![LOG[Expand a string: "
         "%_SMSTSMDataPath%\\Logs]LOG]!><time=\"16:56:13.115+480\" "
         "date=\"02-07-2024\" component=\"TSManager\" context=\"\" type=\"0\" "
         "thread=\"1328\" file=\"executionenv.cxx:776\">\r\n",
         "TSManager", "Expand a string: %_SMSTSMDataPath%\\Logs", 0, 1707353773115},
        {"<![LOG[x]LOG]!><time=\"01:02:03.5-60\" date=\"2-29-2024\" component=\"c\" "
         "context=\"\" type=\"9\" thread=\"1\" file=\"\">",
         "c", "x", 1, 1709164923500},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ts_log_record r;
        char component[64];
        size_t used;
        ts_str line = ts_str_of(cases[i].line);
        cr_assert(ts_cmtrace_parse(line, &r, component, &used), "%s", cases[i].line);
        cr_assert_eq(used, line.n);
        cr_assert_str_eq(r.component, cases[i].component);
        cr_assert(ts_str_eq(r.text, ts_str_of(cases[i].text)));
        cr_assert_eq((int)r.level, cases[i].level);
        cr_assert_eq(r.time_ms, cases[i].ms, "%lld", (long long)r.time_ms);
    }
}

Test(cmtrace, refuses_what_is_no_record)
{
    static const char *const cases[] = {
        "",
        "plain line\r\n",
        "<![LOG[no end",
        "<![LOG[a]LOG]!>",
        "<![LOG[a]LOG]!><>",
        "<![LOG[a]LOG]!><time=\"10:00:00.000+000\" date=\"10-18-2019\"",
        "<![LOG[a]LOG]!><time=\"10:00:00.000+000\">",
        "<![LOG[a]LOG]!><time=\"25:00:00.000+000\" date=\"10-18-2019\">",
        "<![LOG[a]LOG]!><time=\"10:00:00.000+000\" date=\"13-18-2019\">",
        "<![LOG[a]LOG]!><time=\"10:00:00.000+000\" date=\"10-18-2019>",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ts_log_record r;
        char component[64];
        size_t used;
        cr_assert(!ts_cmtrace_parse(ts_str_of(cases[i]), &r, component, &used), "%s",
                  cases[i]);
    }
}

/* Every cut before the end of the closing mark leaves no record. */
Test(cmtrace, knows_a_torn_record)
{
    char *line = format("TSManager", TS_LOG_INFO, TS_S("some text"), MOMENT);
    for (size_t n = 0; n + 2 < strlen(line); n++) {
        struct ts_log_record r;
        char component[64];
        size_t used;
        cr_assert(!ts_cmtrace_parse((ts_str){line, n}, &r, component, &used), "%zu", n);
    }
}
