#include "base/str.h"

#include <criterion/criterion.h>
#include <string.h>

Test(str, compares_without_regard_to_case)
{
    static const struct {
        const char *a, *b;
        int order;
    } table[] = {
        {"", "", 0},
        {"Users", "USERS", 0},
        {"a", "b", -1},
        {"B", "a", 1},
        {"ab", "a", 1},
        {"pa\xC5\xBFswor", "PASsWOR", 0}, /* a long s, and an ASCII one */
        {"pa\xC5\xBF", "pat", -1},
        {"M\xC3\x84RZ", "m\xC3\xA4rz", 0},           /* Latin-1 */
        {"\xC5\xA0koda", "\xC5\xA1KODA", 0},         /* Latin Extended-A */
        {"\xC7\x84", "\xC7\x86", 0},                 /* Latin Extended-B */
        {"\xC5\xB8", "\xC3\xBF", 0},                 /* from A to Latin-1 */
        {"\xCE\xA3\xCE\x91", "\xCF\x83\xCE\xB1", 0}, /* Greek */
        {"\xCF\x82", "\xCF\x83", 0},                 /* final sigma */
        {"\xD0\x96\xD0\xAF\xD0\x81", "\xD0\xB6\xD1\x8F\xD1\x91", 0}, /* Cyrillic */
        {"\xD4\xB1", "\xD5\xA1", 0},                                 /* Armenian */
        {"\xE4\xB8\xAD", "\xE4\xB8\xAD", 0},
        {"stra\xC3\x9F"
         "e",
         "strasse", 1},      /* simple folding keeps lengths */
        {"\xFF", "\xFE", 1}, /* bytes that are no text stay apart */
        {"\xFF", "\xEF\xBF\xBD", 1},
        {"\xC3\x97", "\xC3\xB7", -1}, /* multiplication and division are no letters */
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int got = ts_casecmp(table[i].a, table[i].b);
        cr_expect_eq((got > 0) - (got < 0), table[i].order, "row %zu: %d", i, got);
        got = ts_casecmp(table[i].b, table[i].a);
        cr_expect_eq((got > 0) - (got < 0), -table[i].order, "row %zu swapped: %d", i,
                     got);
        cr_expect_eq(ts_caseeq(table[i].a, table[i].b), table[i].order == 0);
    }
}

Test(str, folding_ends_after_one_step)
{
    for (uint32_t c = 0; c < 0x3000; c++) {
        uint32_t folded = ts_utf8_fold(c);
        cr_assert_eq(ts_utf8_fold(folded), folded, "U+%04X", c);
    }
}

Test(str, likes)
{
    static const struct {
        const char *text, *pattern;
        bool like;
    } table[] = {
        {"", "", true},
        {"", "*", true},
        {"", "?", false},
        {"abc", "abc", true},
        {"abc", "ABC", true},
        {"abc", "a?c", true},
        {"abc", "a*", true},
        {"abc", "*c", true},
        {"abc", "*b*", true},
        {"abc", "a", false},
        {"abc", "*d*", false},
        {"abc", "abc?", false},
        {"abc", "abc*", true},
        {"abcbc", "*bc", true},
        {"aXbXc", "a*x*c", true},
        {"RunScanState_FullOS.BAT", "runscanstate_*", true},
        {"\xC3\xA4", "?", true},
        {"\xC3\x84pfel", "\xC3\xA4*", true},
        {"a\xFF", "a?", true},
        {"mississippi", "m*iss*ip*", true},
        {"mississippi", "m*iss*iz*", false},
        {"aba", "ab*ba", false},
        {"a*c", "a*c", true},
        {"***", "*", true},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_expect_eq(ts_str_like(ts_str_of(table[i].text), ts_str_of(table[i].pattern)),
                     table[i].like, "%s like %s", table[i].text, table[i].pattern);
    }
}

Test(str, like_is_fast_on_hostile_patterns, .timeout = 5)
{
    static char text[50001], pattern[2001];

    memset(text, 'a', sizeof text - 1);
    for (size_t i = 0; i + 2 < sizeof pattern; i += 2) {
        memcpy(pattern + i, "a*", 2);
    }
    pattern[sizeof pattern - 2] = 'b';
    cr_assert_not(ts_str_like(ts_str_of(text), ts_str_of(pattern)));
}

Test(str, integers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } table[] = {
        {"0", true, 0},
        {" 42 ", true, 42},
        {"+7", true, 7},
        {"-7", true, -7},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"1.0", false, 0},
        {"0x10", false, 0},
        {"1 2", false, 0},
        {"- 1", false, 0},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t v = 0;
        cr_expect_eq(ts_str_int(ts_str_of(table[i].text), &v), table[i].ok, "\"%s\"",
                     table[i].text);
        cr_expect_eq(v, table[i].value, "\"%s\"", table[i].text);
    }
}

Test(str, trims_and_looks_at_ends)
{
    cr_assert(ts_str_eq(ts_str_trim(TS_S(" \t\r\n a b \n")), TS_S("a b")));
    cr_assert(ts_str_eq(ts_str_trim(TS_S("  ")), TS_S("")));
    cr_assert(ts_str_starts(TS_S("abc"), TS_S("ab")));
    cr_assert_not(ts_str_starts(TS_S("a"), TS_S("ab")));
    cr_assert(ts_str_case_starts(TS_S("\xC3\x84"
                                      "bc"),
                                 TS_S("\xC3\xA4"
                                      "B")));
    cr_assert_not(ts_str_case_starts(TS_S("a"), TS_S("ab")));
    cr_assert(ts_str_ends(TS_S("x.lua"), TS_S(".lua")));
    cr_assert_eq(ts_str_of(NULL).n, 0);
}

Test(str, cuts_at_a_separator)
{
    ts_str rest = TS_S("a;;b"), part;

    cr_assert(ts_str_cut(&rest, ';', &part) && ts_str_eq(part, TS_S("a")));
    cr_assert(ts_str_cut(&rest, ';', &part) && ts_str_eq(part, TS_S("")));
    cr_assert(ts_str_cut(&rest, ';', &part) && ts_str_eq(part, TS_S("b")));
    cr_assert_not(ts_str_cut(&rest, ';', &part));
    cr_assert_eq(part.n, 0);
}

Test(str, suggests_slips_of_the_finger_only)
{
    static const char *const names[] = {"continueOnError", "condition", "description",
                                        "name", "id"};
    static const struct {
        const char *word, *name;
    } table[] = {
        {"contineOnError", "continueOnError"},
        {"conditoin", "condition"}, /* neighbours swapped */
        {"CONDITION", "condition"},
        {"discription", "description"},
        {"nmae", "name"},
        {"xyz", NULL},
        {"tiny", NULL},
        {"", NULL},
        {"ie", NULL},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *got = ts_str_suggest(ts_str_of(table[i].word), names, 5);
        if (table[i].name) {
            cr_expect(got && strcmp(got, table[i].name) == 0, "%s: %s", table[i].word,
                      got ? got : "nothing");
        } else {
            cr_expect_null(got, "%s: %s", table[i].word, got);
        }
    }
}

Test(utf8, decodes_and_refuses)
{
    static const struct {
        const char *bytes;
        uint32_t c;
        size_t n;
    } table[] = {
        {"A", 'A', 1},
        {"\xC3\xA4", 0xE4, 2},
        {"\xE2\x82\xAC", 0x20AC, 3},
        {"\xF0\x9F\x98\x80", 0x1F600, 4},
        {"\xC0\x80", 0xFFFD, 1}, /* longer than needed */
        {"\xE0\x80\x80", 0xFFFD, 1},
        {"\xED\xA0\x80", 0xFFFD, 1},     /* half of a pair */
        {"\xF4\x90\x80\x80", 0xFFFD, 1}, /* beyond the last */
        {"\xC3", 0xFFFD, 1},             /* cut off */
        {"\x80", 0xFFFD, 1},
        {"\xFF", 0xFFFD, 1},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ts_str s = ts_str_of(table[i].bytes);
        size_t pos = 0;
        cr_expect_eq(ts_utf8_next(s, &pos), table[i].c, "row %zu", i);
        cr_expect_eq(pos, table[i].n, "row %zu", i);
        cr_expect_eq(ts_utf8_valid(s), table[i].c != 0xFFFD, "row %zu", i);
    }
    cr_assert(ts_utf8_valid(TS_S("")));
    cr_assert(ts_utf8_valid(TS_S("\xEF\xBF\xBD")));
}
