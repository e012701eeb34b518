/* WQL: grammar, comparisons, what is no query, and texts of no sense. */
#include "facts/wql.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

static const char document[] =
    "{\"taskseqFacts\":1,\"classes\":{"
    "\"Win32_ComputerSystem\":[{\"Manufacturer\":\"Dell Inc.\",\"Model\":\"Latitude "
    "E7270\",\"Total\":17179869184,\"Present\":true,\"Domain\":null,\"Path\":\"C:"
    "\\\\Win\","
    "\"Ratio\":1.5,\"Number\":\"250\",\"Zeros\":\"007\",\"Quote\":\"it's\"}],"
    "\"Win32_LogicalDisk\":["
    "{\"DeviceID\":\"C:\",\"DriveType\":3,\"FileSystem\":\"NTFS\",\"Size\":\"100\"},"
    "{\"DeviceID\":\"X:\",\"DriveType\":3,\"FileSystem\":\"NTFS\",\"Size\":\"5\"},"
    "{\"DeviceID\":\"D:\",\"DriveType\":5}],"
    "\"Win32_SystemEnclosure\":[{\"ChassisTypes\":[9,12],\"Tags\":[\"a\",\"b\"]}],"
    "\"Win32_Battery\":[],"
    "\"root\\\\wmi:MSPower\":[{\"Enable\":true}]}}";

static struct ts_facts *facts(void)
{
    struct ts_facts *f = NULL;
    struct ts_err err = {0};

    cr_assert_eq(ts_facts_parse(&f, TS_S(document), "test.json", &err), TS_OK, "%s",
                 err.text);
    return f;
}

/* How many rows a condition finds in a class. */
static size_t rows(struct ts_facts *f, const char *class_name, const char *where)
{
    char *query = ts_format("SELECT * FROM %s WHERE %s", class_name, where);
    struct ts_wql_answer answer;
    struct ts_err err = {0};

    cr_assert_eq(ts_wql_query(f, ts_str_of(query), NULL, NULL, &answer, &err), TS_OK,
                 "%s: %s", query, err.text);
    ts_free(query);
    return answer.count;
}

Test(wql, conditions_on_a_computer)
{
    static const struct {
        const char *where;
        bool holds;
    } t[] = {
        {"Model = 'Latitude E7270'", true},
        {"model = \"LATITUDE e7270\"", true},
        {"Win32_ComputerSystem.Model = 'Latitude E7270'", true},
        {"'Latitude E7270' = Model", true},
        {"Model <> 'Latitude E7270'", false},
        {"Model != 'x'", true},
        {"Model LIKE '%Latitude E7270%'", true},
        {"Model LIKE 'latitude%'", true},
        {"Model LIKE '%E7270'", true},
        {"Model LIKE 'E7270'", false},
        {"Model NOT LIKE '%E7270'", false},
        {"Model LIKE 'Latitude E72_0'", true},
        {"Model LIKE 'Latitude _7[3-9]7%'", false},
        {"Model LIKE 'Latitude _72[0-9]%'", true},
        {"Model LIKE '[k-m]atitude%'", true},
        {"Model LIKE '[k=m]atitude%'", true},
        {"Model LIKE '[^l]atitude%'", false},
        {"Model LIKE '%[%'", false},
        {"Model > 'Latitude'", true},
        {"Model < 'Latitude'", false},
        {"Total = 17179869184", true},
        {"Total >= 17179869184", true},
        {"Total > 17179869184", false},
        {"Total > 1e9", true},
        {"Total = '17179869184'", true},
        {"Total > '17179869183'", true},
        {"16 < Total", true},
        {"16 > Total", false},
        {"Total = 'many'", false},
        {"Total <> 'many'", true},
        {"Total = 0x400000000", true},
        {"Ratio = 1.5", true},
        {"Ratio > 1", true},
        {"Ratio < -1", false},
        {"Number > 30", true},    /* a number as text against a number */
        {"Number > '30'", false}, /* texts */
        {"Zeros = '7'", false},
        {"Zeros = 7", true},
        {"Present = TRUE", true},
        {"Present = false", false},
        {"Present = 'True'", true},
        {"Present = 1", true},
        {"TRUE = Present", true},
        {"Domain IS NULL", true},
        {"Domain IS NOT NULL", false},
        {"Domain = NULL", true},
        {"Domain <> NULL", false},
        {"Nothing IS NULL", true},
        {"Model IS NOT NULL", true},
        {"Domain = 'x'", false},
        {"Domain <> 'x'", false},
        {"NOT Domain = 'x'", true},
        {"Path = 'C:\\\\Win'", true},
        {"Path = 'C:\\Win'", true},
        {"Quote = 'it\\'s'", true},
        {"Quote = \"it's\"", true},
        {"Model = 'x' OR Model LIKE 'Lat%' AND Present = TRUE", true},
        {"(Model = 'x' OR Model LIKE 'Lat%') AND Present = FALSE", false},
        {"NOT Model = 'x' AND Present = TRUE", true},
        {"NOT (Model = 'x' OR Present = TRUE)", false},
        {"NOT NOT Present = TRUE", true},
        {"((((Present=TRUE))))", true},
        {"Model='x'OR(Present=TRUE)", true},
        {"__CLASS = 'win32_computersystem'", true},
    };
    struct ts_facts *f = facts();

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        cr_expect_eq(rows(f, "win32_computersystem", t[i].where), t[i].holds ? 1u : 0u,
                     "%s", t[i].where);
    }
    ts_facts_free(f);
}

Test(wql, rows_and_columns)
{
    struct ts_facts *f = facts();
    struct ts_arena a = {0};
    struct ts_wql_answer answer;
    struct ts_err err = {0};

    cr_expect_eq(rows(f, "Win32_LogicalDisk",
                      "DriveType=3 and DeviceID != 'X:' and FileSystem = 'NTFS'"),
                 1);
    cr_expect_eq(rows(f, "Win32_LogicalDisk", "DriveType=3"), 2);
    cr_expect_eq(rows(f, "Win32_LogicalDisk", "FileSystem IS NULL"), 1);
    cr_expect_eq(rows(f, "Win32_LogicalDisk", "Size > 50"), 1);
    cr_expect_eq(rows(f, "Win32_SystemEnclosure", "ChassisTypes = 12"), 1);
    cr_expect_eq(rows(f, "Win32_SystemEnclosure", "ChassisTypes = 10"), 0);
    cr_expect_eq(rows(f, "Win32_SystemEnclosure", "Tags LIKE 'B'"), 1);
    cr_expect_eq(rows(f, "Win32_SystemEnclosure", "Tags IS NOT NULL"), 1);

    cr_assert_eq(ts_wql_query(f, TS_S("select deviceid, Nope from Win32_LogicalDisk"),
                              "ROOT/CIMV2", &a, &answer, &err),
                 TS_OK);
    cr_assert_eq(answer.count, 3);
    cr_assert_eq(answer.rows->count, 3);
    cr_expect_eq(answer.rows->first->count, 2);
    cr_expect_str_eq(ts_value_text(answer.rows->first, "DeviceID"), "C:");
    cr_expect_eq(ts_value_get(answer.rows->first, "Nope")->kind, TS_NULL);
    ts_arena_fini(&a);
    ts_facts_free(f);
}

static char warned[500];

static void warn(void *ctx, const char *text)
{
    (void)ctx;
    snprintf(warned, sizeof warned, "%s", text);
}

Test(wql, what_is_not_known_finds_nothing_with_a_warning)
{
    static const struct {
        const char *query, *ns, *says;
        size_t count;
    } t[] = {
        {"SELECT * FROM Win32_Nope", NULL, "the facts know no class Win32_Nope", 0},
        {"SELECT * FROM HP_BIOSSetting", "root\\HP\\InstrumentedBIOS",
         "the facts know no namespace root\\HP\\InstrumentedBIOS", 0},
        {"SELECT * FROM MSPower", "\\\\.\\ROOT/WMI", "", 1},
        {"SELECT * FROM MSPower", NULL, "the facts know no class MSPower", 0},
        {"SELECT * FROM Other", "root\\wmi", "the facts know no class Other", 0},
        {"SELECT * FROM Win32_Battery", "", "", 0},
    };
    struct ts_facts *f = facts();

    ts_facts_on_warning(f, warn, NULL);
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct ts_wql_answer answer;
        struct ts_err err = {0};
        warned[0] = '\0';
        cr_assert_eq(ts_wql_query(f, ts_str_of(t[i].query), t[i].ns, NULL, &answer, &err),
                     TS_OK, "%s", err.text);
        cr_expect_eq(answer.count, t[i].count, "%s", t[i].query);
        cr_expect_str_eq(answer.unknown, t[i].says);
        cr_expect_str_eq(warned, t[i].says);
    }
    ts_facts_free(f);
}

Test(wql, what_is_no_query_says_where_and_why)
{
    static const struct {
        const char *query, *says;
        enum ts_code code;
    } t[] = {
        {"", "column 1: expected SELECT, found its end", TS_EINPUT},
        {"   ", "column 4: expected SELECT", TS_EINPUT},
        {"DELETE FROM X", "expected SELECT, found `DELETE`", TS_EINPUT},
        {"SELECT FROM X", "expected * or the names of properties, found `FROM`",
         TS_EINPUT},
        {"SELECT * X", "expected FROM, found `X`", TS_EINPUT},
        {"SELECT a, FROM X", "expected the name of a property", TS_EINPUT},
        {"SELECT * FROM", "expected the name of a class, found its end", TS_EINPUT},
        {"SELECT * FROM 'X'", "expected the name of a class", TS_EINPUT},
        {"SELECT * FROM X Y", "column 17: expected WHERE or the end", TS_EINPUT},
        {"SELECT * FROM X WHERE", "expected the name of a property, found its end",
         TS_EINPUT},
        {"SELECT * FROM X WHERE a", "expected a comparison", TS_EINPUT},
        {"SELECT * FROM X WHERE a =", "expected a text in quotes, a number", TS_EINPUT},
        {"SELECT * FROM X WHERE a = b", "expected a text in quotes, a number", TS_EINPUT},
        {"SELECT * FROM X WHERE a = 'b", "column 27: this text has no end", TS_EINPUT},
        {"SELECT * FROM X WHERE a = 'b' c", "expected AND, OR or the end", TS_EINPUT},
        {"SELECT * FROM X WHERE (a = 1", "expected AND, OR or )", TS_EINPUT},
        {"SELECT * FROM X WHERE a = 1)", "expected AND, OR or the end", TS_EINPUT},
        {"SELECT * FROM X WHERE a IS 1", "expected NULL or NOT NULL", TS_EINPUT},
        {"SELECT * FROM X WHERE a LIKE 1", "expected a text in quotes", TS_EINPUT},
        {"SELECT * FROM X WHERE a NOT 1", "expected LIKE", TS_EINPUT},
        {"SELECT * FROM X WHERE a < NULL", "neither less nor greater", TS_EINPUT},
        {"SELECT * FROM X WHERE a ISA 'b'", "expected a comparison", TS_EINPUT},
        {"SELECT * FROM X WHERE a = 1 AND", "found its end", TS_EINPUT},
        {"SELECT * FROM X WHERE \xC3\xA4 = #", "column 27: this sign has no meaning",
         TS_EINPUT},
        {"SELECT * FROM X;", "column 16: this sign has no meaning", TS_EINPUT},
        {"SELECT * FROM X WHERE a = 1.2.3", "expected a number", TS_EINPUT},
        {"ASSOCIATORS OF {Win32_X='1'}", "only SELECT is", TS_EUNSUPPORTED},
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct ts_err err = {0};
        cr_expect_eq(ts_wql_check(ts_str_of(t[i].query), &err), t[i].code, "%s",
                     t[i].query);
        cr_expect_not_null(strstr(err.text, t[i].says), "%s\n%s", t[i].query, err.text);
    }
}

/* `count` times `part`, between head and tail. */
static enum ts_code repeated(const char *head, const char *part, size_t count,
                             const char *tail, struct ts_err *err)
{
    struct ts_buf b = {0};

    ts_buf_z(&b, head);
    for (size_t i = 0; i < count; i++) {
        ts_buf_z(&b, part);
    }
    ts_buf_z(&b, tail);
    enum ts_code rc = ts_wql_check(ts_buf_view(&b), err);
    ts_buf_free(&b);
    return rc;
}

Test(wql, bounds_hold)
{
    struct ts_err err = {0};

    cr_expect_eq(repeated("SELECT * FROM X WHERE ", "NOT ", 100, "a = 1", &err), TS_OK);
    cr_expect_eq(repeated("SELECT * FROM X WHERE ", "NOT ", 101, "a = 1", &err),
                 TS_ELIMIT);
    cr_expect_eq(repeated("SELECT * FROM X WHERE ", "(", 4000, "a = 1", &err), TS_ELIMIT);
    cr_expect_eq(repeated("SELECT * FROM X WHERE a = 1", " OR a = 1", 1700, "", &err),
                 TS_OK);
    cr_expect_eq(repeated("SELECT * FROM X WHERE a = 1", " OR a = 1", 2000, "", &err),
                 TS_ELIMIT);
    cr_expect_eq(ts_wql_check((ts_str){"SELECT * FROM X\0Y", 17}, &err), TS_EINPUT);
}

Test(wql, like_takes_no_long_time)
{
    struct ts_buf text = {0}, pattern = {0};
    clock_t start = clock();

    for (int i = 0; i < 3000; i++) {
        ts_buf_z(&text, "a");
        ts_buf_z(&pattern, i % 2 ? "%" : "a");
    }
    ts_buf_z(&pattern, "b");
    cr_expect_not(ts_wql_like(ts_buf_view(&text), ts_buf_view(&pattern)));
    cr_expect_lt(clock() - start, 2 * CLOCKS_PER_SEC);
    ts_buf_free(&text);
    ts_buf_free(&pattern);
}

Test(wql, like_knows_its_signs)
{
    static const struct {
        const char *text, *pattern;
        bool fits;
    } t[] = {
        {"", "", true},         {"", "%", true},          {"", "_", false},
        {"a", "", false},       {"abc", "%", true},       {"abc", "%%%", true},
        {"abc", "a%c", true},   {"abc", "a_c", true},     {"abc", "a_", false},
        {"a-b", "a[-]b", true}, {"a]b", "a[]]b", true},   {"a[b", "a[b", true},
        {"abab", "%ab", true},  {"\xC3\x84", "_", true},  {"\xC3\x84", "\xC3\xA4", true},
        {"x5", "x[0-9]", true}, {"x5", "x[^0-9]", false}, {"100%", "100%", true},
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        cr_expect_eq(ts_wql_like(ts_str_of(t[i].text), ts_str_of(t[i].pattern)),
                     t[i].fits, "%s LIKE %s", t[i].text, t[i].pattern);
    }
}

/* Texts of words in any order: never a crash, and an error always says something. */
Test(wql, texts_of_no_sense, .timeout = 60)
{
    static const char *const words[] = {
        "SELECT ",
        "* ",
        "FROM ",
        "WHERE ",
        "Model ",
        "Win32_LogicalDisk ",
        "= ",
        "<> ",
        "LIKE ",
        "'%a%' ",
        "\"x ",
        "(",
        ") ",
        "AND ",
        "OR ",
        "NOT ",
        "IS ",
        "NULL ",
        "3 ",
        "-1.5e3 ",
        "0x",
        "TRUE ",
        ", ",
        "\\",
        "'",
        "\xFF",
        "[a-",
        "DriveType = 3 ",
        "AND FileSystem LIKE '%' ",
        "OR (Size < 9) ",
        "NOT Size IS NULL ",
        ".",
    };
    struct ts_facts *f = facts();
    size_t queries = 0;

    srand(20240131);
    for (int i = 0; i < 60000; i++) {
        struct ts_buf b = {0};
        struct ts_wql_answer answer;
        struct ts_err err = {0};
        ts_buf_z(&b, rand() % 3 ? "SELECT * FROM Win32_LogicalDisk WHERE " : "");
        for (int n = rand() % 10; n > 0; n--) {
            ts_buf_z(&b, words[(size_t)rand() % (sizeof words / sizeof words[0])]);
        }
        if (ts_wql_query(f, ts_buf_view(&b), NULL, NULL, &answer, &err) == TS_OK) {
            queries++;
            cr_assert_leq(answer.count, 3);
        } else {
            cr_assert(err.text[0]);
        }
        ts_buf_free(&b);
    }
    cr_expect_gt(queries, 100);
    ts_facts_free(f);
}
