#include "base/buf.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(buf, grows_and_stays_terminated)
{
    struct ts_buf b = {0};

    cr_assert_str_eq(ts_buf_text(&b), "");
    for (int i = 0; i < 1000; i++) {
        ts_buf_fmt(&b, "%d,", i);
        cr_assert_eq(b.p[b.n], '\0');
    }
    cr_assert_eq(strlen(b.p), b.n);
    cr_assert(ts_str_starts(ts_buf_view(&b), TS_S("0,1,2,")));
    cr_assert(ts_str_ends(ts_buf_view(&b), TS_S(",998,999,")));
    ts_buf_clear(&b);
    cr_assert_str_eq(b.p, "");
    ts_buf_add(&b, "a\0b", 3);
    cr_assert_eq(b.n, 3);
    ts_buf_fmt(&b, "%0300d", 7); /* longer than what is there */
    cr_assert_eq(b.n, 303);
    char *taken = ts_buf_take(&b);
    cr_assert_eq(taken[302], '7');
    cr_assert_null(b.p);
    ts_free(taken);
    taken = ts_buf_take(&b);
    cr_assert_str_eq(taken, "");
    ts_free(taken);
    ts_buf_free(&b);
}

Test(buf, escapes_for_json)
{
    static const struct {
        const char *raw, *json;
    } table[] = {
        {"plain", "plain"},
        {"C:\\a \"b\"", "C:\\\\a \\\"b\\\""},
        {"\n\r\t\b\f", "\\n\\r\\t\\b\\f"},
        {"\x01\x1F\x7F", "\\u0001\\u001f\\u007f"},
        {"\xC3\xA4", "\xC3\xA4"},
        {"a\xFFz", "a\xEF\xBF\xBDz"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xEF\xBF\xBD", "\xEF\xBF\xBD"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ts_buf b = {0};
        ts_buf_json(&b, ts_str_of(table[i].raw));
        cr_expect_str_eq(ts_buf_text(&b), table[i].json);
        ts_buf_free(&b);
    }
}

Test(arena, hands_out_aligned_zeroed_memory)
{
    struct ts_arena a = {0};
    unsigned char *before = NULL;

    for (size_t i = 0; i < 2000; i++) {
        size_t n = i % 7 == 0 ? 100000 : i % 50;
        unsigned char *p = ts_arena_alloc(&a, n);
        cr_assert_eq((uintptr_t)p % 16, 0);
        for (size_t j = 0; j < n; j += 97) {
            cr_assert_eq(p[j], 0);
        }
        memset(p, 0xAA, n);
        cr_assert_neq(p, before);
        before = p;
    }
    cr_assert_geq(a.used, 2000 / 7 * 100000);
    cr_assert_str_eq(ts_arena_format(&a, "%s-%d", "x", 5), "x-5");
    cr_assert_str_eq(ts_arena_str(&a, (ts_str){"abcdef", 3}), "abc");
    cr_assert_null(ts_arena_strz(&a, NULL));
    ts_arena_fini(&a);
    cr_assert_eq(a.used, 0);
}

static int freed;

static void count_free(void *p)
{
    (void)p;
    freed++;
}

Test(map, keeps_order_and_first_spelling)
{
    struct ts_map m = {0};
    static int values[5000];
    char key[32];

    cr_assert_null(ts_map_get(&m, TS_S("x")));
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "Name%d", i);
        cr_assert_null(ts_map_set(&m, ts_str_of(key), &values[i]));
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "NAME%d", i);
        cr_assert_eq(ts_map_get(&m, ts_str_of(key)), &values[i]);
    }
    cr_assert_eq(ts_map_set(&m, TS_S("nAmE7"), &values[0]), &values[7]);
    cr_assert_eq(m.n, 5000);
    cr_assert_str_eq(m.entries[7].key, "Name7");
    cr_assert_eq(m.entries[7].value, &values[0]);
    cr_assert_null(ts_map_set(&m, TS_S("\xC3\x84"), &values[1]));
    cr_assert_eq(ts_map_get(&m, TS_S("\xC3\xA4")), &values[1]);
    ts_map_fini(&m, count_free);
    cr_assert_eq(freed, 5001);
    cr_assert_eq(m.n, 0);
}

/* Spellings of one letter have 1 to 3 bytes: U+017F is an s too. */
Test(map, finds_a_name_however_it_is_written)
{
    static const char *const letters[][3] = {
        {"s", "S", "\xC5\xBF"},
        {"a", "A", "a"},
        {"z", "Z", "z"},
        {"\xC3\xA4", "\xC3\x84", "\xC3\x84"},
        {"@", "@", "@"},
        {"[", "[", "["},
        {"\xE1\xB8\x81", "\xE1\xB8\x80", "\xE1\xB8\x81"}};
    uint32_t seed = 1;

    for (int i = 0; i < 3000; i++) {
        struct ts_buf one = {0}, other = {0};
        struct ts_map m = {0};
        for (int k = i % 41; k > 0; k--) {
            seed = seed * 1664525u + 1013904223u;
            const char *const *letter = letters[i % 3 ? (seed >> 8) % 7 : 0];
            ts_buf_z(&one, letter[(seed >> 16) % 3]);
            ts_buf_z(&other, letter[(seed >> 24) % 3]);
        }
        ts_map_set(&m, ts_buf_view(&one), &seed);
        cr_assert_eq(ts_map_get(&m, ts_buf_view(&other)), &seed, "%s and %s",
                     ts_buf_text(&one), ts_buf_text(&other));
        ts_map_fini(&m, NULL);
        ts_buf_free(&one);
        ts_buf_free(&other);
    }
}

/* A zero byte is a byte of the name like any other; it does not end it. */
Test(map, tells_a_name_from_one_with_zero_bytes_behind_it)
{
    static const char asked[] = "ab\0\0\0";
    struct ts_map m = {0};
    int value;

    ts_map_set(&m, TS_S("ab"), &value);
    for (size_t n = 1; n < sizeof asked; n++) {
        cr_expect_eq(ts_map_get(&m, (ts_str){asked, n}), n == 2 ? &value : NULL, "%zu", n);
    }
    ts_map_fini(&m, NULL);
}

Test(hash, knows_the_published_sums)
{
    char hex[65];
    uint8_t sum[32];

    ts_sha256_hex(hex, "", 0);
    cr_assert_str_eq(hex,
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ts_sha256_hex(hex, "abc", 3);
    cr_assert_str_eq(hex,
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct ts_sha256 *h = ts_sha256_new();
    for (int i = 0; i < 1000; i++) {
        ts_sha256_add(h, "aaaaaaaaaa", 10 * (i % 2));
        ts_sha256_add(h, "aaaaaaaaaa", 10 * ((i + 1) % 2));
    }
    ts_sha256_end(h, sum);
    char again[65];
    static char many[10000];
    memset(many, 'a', sizeof many);
    ts_sha256_hex(hex, many, sizeof many);
    ts_hex(again, sum, 32);
    cr_assert_str_eq(again, hex);
}
