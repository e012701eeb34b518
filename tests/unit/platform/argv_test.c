#include "platform/proc.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(argv, splits)
{
    static const struct {
        const char *command;
        const char *argv[6];
    } table[] = {
        {"", {NULL}},
        {"   \t ", {NULL}},
        {"a b c", {"a", "b", "c"}},
        {"  a \t b  ", {"a", "b"}},
        {"\"a b\" c", {"a b", "c"}},
        {"a\"b c\"d", {"ab cd"}},
        {"\"\" x", {"", "x"}},
        {"C:\\StateStore\\x", {"C:\\StateStore\\x"}},
        {"\"C:\\Program Files\\\\\" x", {"C:\\Program Files\\", "x"}},
        {"\\\\server\\share", {"\\\\server\\share"}},
        {"a\\\"b", {"a\"b"}},
        {"a\\\\\"b c\"", {"a\\b c"}},
        {"a\\\\\\\"b", {"a\\\"b"}},
        {"a\\\\b", {"a\\\\b"}},
        {"\"abc\" d e", {"abc", "d", "e"}},
        {"a\\\\\\b d\"e f\"g h", {"a\\\\\\b", "de fg", "h"}},
        {"a\\\\\\\\\"b c\" d e", {"a\\\\b c", "d", "e"}},
        {"\"she said \"\"hi\"\"\" x", {"she said \"hi\"", "x"}},
        {"\"a\"\"b c", {"a\"b", "c"}}, /* the second quote ends the part */
        {"\"a b", {"a b"}},            /* not closed: to the end */
        {"\"a\\\"", {"a\""}},
        {"a'b c'", {"a'b", "c'"}},
        {"sh -c \"exit 3\"", {"sh", "-c", "exit 3"}},
        {"a\nb", {"a\nb"}}, /* only blanks and tabs separate */
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t n = 0, wanted = 0;
        char **argv = ts_argv_split(table[i].command, &n);
        while (table[i].argv[wanted]) {
            wanted++;
        }
        cr_assert_eq(n, wanted, "<%s>: %zu", table[i].command, n);
        for (size_t j = 0; j < n; j++) {
            cr_expect_str_eq(argv[j], table[i].argv[j]);
        }
        cr_expect_null(argv[n]);
        ts_free(argv);
    }
}

Test(argv, joins)
{
    static const struct {
        const char *argv[4];
        const char *command;
    } table[] = {
        {{NULL}, ""},
        {{"a", "b"}, "a b"},
        {{"a b", ""}, "\"a b\" \"\""},
        {{"C:\\x y\\"}, "\"C:\\x y\\\\\""},
        {{"C:\\x\\"}, "C:\\x\\"},
        {{"a\"b"}, "\"a\\\"b\""},
        {{"a\\\"b"}, "\"a\\\\\\\"b\""},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *command = ts_argv_join(table[i].argv);
        cr_expect_str_eq(command, table[i].command);
        ts_free(command);
    }
}

Test(argv, what_is_joined_splits_into_the_same)
{
    static const char letters[] = "a \\\"\t\\\"b";

    srand(7);
    for (int round = 0; round < 20000; round++) {
        char text[5][12];
        const char *argv[6] = {NULL};
        size_t count = (size_t)(rand() % 5) + 1, n;
        for (size_t i = 0; i < count; i++) {
            size_t length = (size_t)(rand() % 11);
            for (size_t j = 0; j < length; j++) {
                text[i][j] = letters[rand() % 8];
            }
            text[i][length] = '\0';
            argv[i] = text[i];
        }
        char *command = ts_argv_join(argv);
        char **again = ts_argv_split(command, &n);
        cr_assert_eq(n, count, "<%s>", command);
        for (size_t i = 0; i < count; i++) {
            cr_assert_str_eq(again[i], argv[i], "<%s>", command);
        }
        ts_free(command);
        ts_free(again);
    }
}
