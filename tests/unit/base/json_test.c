#include "base/value.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct ts_value *parse(struct ts_arena *a, const char *text)
{
    struct ts_value *v = NULL;
    struct ts_err err = {0};

    cr_assert_eq(ts_json_parse(&v, a, ts_str_of(text), "t.json", &err), TS_OK, "%s: %s",
                 text, err.text);
    return v;
}

static char *round_trip(struct ts_arena *a, const char *text, int indent)
{
    struct ts_buf b = {0};

    ts_json_write(&b, parse(a, text), indent);
    return ts_buf_take(&b);
}

Test(json, reads_and_writes)
{
    static const struct {
        const char *in, *out;
    } table[] = {
        {"null", "null"},
        {" true ", "true"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[1,-2,3.5,1e3,-0]", "[1,-2,3.5,1000,0]"},
        {"[9223372036854775807,-9223372036854775808]",
         "[9223372036854775807,-9223372036854775808]"},
        {"[9007199254740993]", "[9007199254740993]"}, /* no double holds it */
        {"[2.0,0.1,1e300]", "[2,0.1,1e+300]"},
        {"{\"b\":1,\"a\":{\"c\":[null,false]}}", "{\"b\":1,\"a\":{\"c\":[null,false]}}"},
        {"\"\\u00e4\\ud83d\\ude00\\/\\n\"", "\"\xC3\xA4\xF0\x9F\x98\x80/\\n\""},
        {"\xEF\xBB\xBF[1]", "[1]"},
        {"{\"\":1}", "{\"\":1}"},
        {"[\"1\",\"-2\",7]", "[\"1\",\"-2\",7]"}, /* numbers in strings are passed over */
    };
    struct ts_arena a = {0};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *out = round_trip(&a, table[i].in, 0);
        cr_expect_str_eq(out, table[i].out);
        ts_free(out);
    }
    char *out = round_trip(&a, "{\"a\":[1,{}],\"b\":{}}", 2);
    cr_expect_str_eq(out, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {}\n}");
    ts_free(out);
    ts_arena_fini(&a);
}

Test(json, keeps_integers_exact)
{
    struct ts_arena a = {0};
    const struct ts_value *v = parse(&a, "[9007199254740993,1.5,2.0,1e19]")->first;

    cr_assert_eq(v->kind, TS_INT);
    cr_assert_eq(v->integer, INT64_C(9007199254740993));
    cr_assert_eq(v->next->kind, TS_REAL);
    cr_assert_eq(v->next->next->kind, TS_INT);
    cr_assert_eq(v->next->next->integer, 2);
    cr_assert_eq(v->next->next->next->kind, TS_REAL);
    ts_arena_fini(&a);
}

Test(json, errors_have_their_place)
{
    static const struct {
        const char *text, *message;
    } table[] = {
        {"", "t.json:1:1: the text ends too early"},
        {"[1,\n 2", "t.json:2:3: the text ends too early"},
        {"{\"a\": }", "t.json:1:7: a value should stand here"},
        {"{\"a\" 1}", "t.json:1:6: a ':' should stand here"},
        {"{\"a\":1 \"b\":2}", "t.json:1:8: a ',' or '}' should stand here"},
        {"[1 2]", "t.json:1:4: a ',' or ']' should stand here"},
        {"[1,]", "t.json:1:4: a value should stand here"},
        {"{\"a\":1,}", "t.json:1:8: a member's name in double quotes should stand here"},
        {"{a:1}", "t.json:1:2: a member's name in double quotes should stand here"},
        {"[1]]", "t.json:1:4: nothing more may stand behind the value"},
        {"[\n\n  nope]", "t.json:3:3: no value begins like this"},
        {"['a']", "t.json:1:2: strings stand in double quotes"},
        {"// x\n1", "t.json:1:1: JSON has no comments"},
        {"[\"\xC3\xA4\", x]", "t.json:1:7: no value begins like this"}, /* characters */
        {"\xEF\xBB\xBF[x]", "t.json:1:2: no value begins like this"},
        {"[\"a\xFF\"]", "t.json:1:4: not valid UTF-8"},
        {"[\xFF]", "t.json:1:2: not valid UTF-8"},
        {"[\"\\u0000\"]", "t.json:1:3: a string may not hold \\u0000"},
        {"[\"\\ud800\"]", "t.json:1:3: half of a surrogate pair"},
        {"[\"\\udc00\"]", "t.json:1:3: half of a surrogate pair"},
        {"[\"C:\\Users\"]",
         "t.json:1:5: unknown escape (a backslash itself is written \\\\)"},
        {"[\"\\u12\"]", "t.json:1:3: \\u needs four hexadecimal digits"},
        {"[\"a\nb\"]", "t.json:1:2: a string without its closing quote on the same line"},
        {"[\"a", "t.json:1:2: a string without its closing quote"},
        {"[\"\x01\"]", "t.json:1:3: a control character in a string must be escaped"},
        {"[01]", "t.json:1:2: a number may not begin with 0"},
        {"[1.]", "t.json:1:2: a number needs digits behind its point"},
        {"[-]", "t.json:1:2: a number without digits"},
        {"[1e]", "t.json:1:2: a number needs digits in its exponent"},
        {"[1e999]", "t.json:1:2: the number is too large"},
        {"{\"a\":1,\n \"b\":2,\n \"a\":3}", "t.json:3:2: duplicate key \"a\""},
        {"[{\"x\":{\"k\":1,\"k\":{}}}]", "t.json:1:14: duplicate key \"k\""},
        {"{\"a\":1,\"\\u0061\":3}", "t.json:1:8: duplicate key \"a\""},
    };
    struct ts_arena a = {0};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ts_value *v = NULL;
        struct ts_err err = {0};
        cr_expect_eq(ts_json_parse(&v, &a, ts_str_of(table[i].text), "t.json", &err),
                     TS_EINPUT, "%s", table[i].text);
        cr_expect_str_eq(err.text, table[i].message);
        cr_expect_null(v);
    }
    ts_arena_fini(&a);
}

Test(json, nul_byte_in_the_text_is_an_error)
{
    struct ts_arena a = {0};
    struct ts_value *v;
    struct ts_err err;

    cr_assert_eq(ts_json_parse(&v, &a, TS_S("[1,\0 2]"), "t.json", &err), TS_EINPUT);
    cr_assert_str_eq(err.text, "t.json:1:4: a NUL byte");
    ts_arena_fini(&a);
}

static char *nested(int depth)
{
    struct ts_buf b = {0};

    for (int i = 0; i < depth; i++) {
        ts_buf_c(&b, '[');
    }
    for (int i = 0; i < depth; i++) {
        ts_buf_c(&b, ']');
    }
    return ts_buf_take(&b);
}

Test(json, depth_is_bounded)
{
    struct ts_arena a = {0};
    struct ts_value *v;
    struct ts_err err;
    char *fits = nested(512), *deeper = nested(513), *bomb = nested(1000000);

    cr_assert_eq(ts_json_parse(&v, &a, ts_str_of(fits), "t", &err), TS_OK, "%s",
                 err.text);
    cr_assert_eq(ts_json_parse(&v, &a, ts_str_of(deeper), "t", &err), TS_EINPUT);
    cr_assert_str_eq(err.text, "t:1:513: nested too deep");
    cr_assert_eq(ts_json_parse(&v, &a, ts_str_of(bomb), "t", &err), TS_EINPUT);
    ts_free(fits);
    ts_free(deeper);
    ts_free(bomb);
    ts_arena_fini(&a);
}

Test(json, size_is_bounded)
{
    struct ts_arena a = {0};
    struct ts_value *v;
    struct ts_err err;
    size_t n = (64u << 20) + 1;
    char *text = malloc(n);

    memset(text, ' ', n);
    cr_assert_eq(ts_json_parse(&v, &a, (ts_str){text, n}, "t", &err), TS_EINPUT);
    cr_assert_str_eq(err.text, "t:1:1: the text is larger than 64 MiB");
    free(text);
    ts_arena_fini(&a);
}

Test(json, many_keys_are_checked_quickly, .timeout = 10)
{
    struct ts_buf b = {0};
    struct ts_arena a = {0};
    struct ts_value *v;
    struct ts_err err;

    ts_buf_c(&b, '{');
    for (int i = 0; i < 100000; i++) {
        ts_buf_fmt(&b, "\"key%d\":%d,", i, i);
    }
    size_t before_last = b.n;
    ts_buf_z(&b, "\"last\":1}");
    cr_assert_eq(ts_json_parse(&v, &a, ts_buf_view(&b), "t", &err), TS_OK, "%s",
                 err.text);
    cr_assert_eq(v->count, 100001);
    b.n = before_last;
    ts_buf_z(&b, "\"key500\":1}");
    cr_assert_eq(ts_json_parse(&v, &a, ts_buf_view(&b), "t", &err), TS_EINPUT);
    cr_assert(strstr(err.text, "duplicate key \"key500\""));
    ts_buf_free(&b);
    ts_arena_fini(&a);
}

Test(json, values_know_their_place)
{
    struct ts_arena a = {0};
    const struct ts_value *v =
        parse(&a, "{\n  \"a\": [10,\n    \"x\"],\n  \"b\": true\n}");
    const struct ts_value *list = ts_value_get(v, "a");

    cr_assert_eq(v->line, 1);
    cr_assert_eq(list->line, 2);
    cr_assert_eq(list->col, 8);
    cr_assert_eq(list->first->next->line, 3);
    cr_assert_eq(list->first->next->col, 5);
    cr_assert_eq(ts_value_get(v, "b")->line, 4);
    cr_assert_str_eq(list->file, "t.json");
    ts_arena_fini(&a);
}

Test(json, locates_paths)
{
    static const char text[] = "{\n"
                               "  \"name\": \"x\",\n"
                               "  \"steps\": [\n"
                               "    { \"retry\": { \"attempts\": 3 } },\n"
                               "    { \"a.b\": { \"c[0]\": 1 }, \"a\": { \"b\": 2 } }\n"
                               "  ]\n"
                               "}\n";
    static const struct {
        const char *path;
        int line, col;
    } table[] = {
        {"", 1, 1},
        {"name", 2, 11},
        {"steps", 3, 12},
        {"steps[0]", 4, 5},
        {"steps[0].retry", 4, 16},
        {"steps[0].retry.attempts", 4, 30},
        {"steps[1].a.b", 5, 14},
        {"steps[1].a.b.c[0]", 5, 24},
        {"steps[1].a", 5, 34},
        {"steps[2]", 0, 0},
        {"steps[x]", 0, 0},
        {"nope", 0, 0},
        {"name.x", 0, 0},
        {"name[0]", 0, 0},
        {"steps[99999999999999999999]", 0, 0},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int line = 0, col = 0;
        bool found = ts_json_locate(ts_str_of(text), table[i].path, &line, &col);
        cr_expect_eq(found, table[i].line != 0, "%s", table[i].path);
        cr_expect(line == table[i].line && col == table[i].col, "%s: %d:%d",
                  table[i].path, line, col);
    }
}

Test(json, locating_in_broken_text_ends)
{
    static const char *const texts[] = {
        "", "{", "[", "{\"a\"", "{\"a\":", "[1", "{\"a\":[1,{", "]", "[\"x"};
    int line, col;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_expect_not(ts_json_locate(ts_str_of(texts[i]), "a[5]", &line, &col), "%s",
                      texts[i]);
    }
}

Test(value, sets_replaces_and_finds)
{
    struct ts_arena a = {0};
    struct ts_value *o = ts_value_new(&a, TS_OBJECT);
    char key[] = "one";

    ts_value_set(&a, o, ts_str_of(key), ts_value_int(&a, 1));
    memset(key, 'x', 3); /* it keeps a copy */
    ts_value_set(&a, o, TS_S("two"), ts_value_string(&a, TS_S("2")));
    ts_value_set(&a, o, TS_S("one"), ts_value_bool(&a, true));
    ts_value_set(&a, o, TS_S("three"), ts_value_new(&a, TS_NULL));
    cr_assert_eq(o->count, 3);
    struct ts_buf b = {0};
    ts_json_write(&b, o, 0);
    cr_assert_str_eq(b.p, "{\"one\":true,\"two\":\"2\",\"three\":null}");
    ts_buf_free(&b);
    cr_assert_str_eq(ts_value_text(o, "two"), "2");
    cr_assert_null(ts_value_text(o, "one"));
    cr_assert_null(ts_value_get(o, "four"));
    cr_assert_null(ts_value_get(NULL, "four"));
    ts_arena_fini(&a);
}

Test(value, copies_are_equal_and_independent)
{
    struct ts_arena a = {0}, b = {0};
    struct ts_value *v = parse(&a, "{\"x\":[1,2.5,\"s\",null,true],\"y\":{\"z\":1}}");
    struct ts_value *copy = ts_value_copy(&b, v);
    struct ts_value *other = parse(&b, "{\"y\":{\"z\":1},\"x\":[1,2.5,\"s\",null,true]}");
    struct ts_value *less = parse(&b, "{\"y\":{\"z\":2},\"x\":[1,2.5,\"s\",null,true]}");

    ts_arena_fini(&a);
    cr_assert(ts_value_equal(copy, other)); /* order of members does not matter */
    cr_assert_not(ts_value_equal(copy, less));
    cr_assert_not(ts_value_equal(copy->first, other->first));
    cr_assert_str_eq(copy->file, "t.json");
    ts_arena_fini(&b);
}
