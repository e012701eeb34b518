/* Command lines: what is split and joined, and joined and split, comes back. */
#include "fuzz.h"

#include "platform/proc.h"

#include <string.h>

static void check_join(const char *const *argv, size_t n)
{
    char *line = ts_argv_join(argv);
    size_t count;
    char **back = ts_argv_split(line ? line : "", &count);

    FUZZ_CHECK(count == n, "%zu arguments, %zu came back from: %s", n, count, line);
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(strcmp(argv[i], back[i]) == 0, "\"%s\" became \"%s\" in: %s", argv[i],
                   back[i], line);
    }
    ts_free(back);
    ts_free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes in = {data, size};
    char *line = ts_str_dup((ts_str){(const char *)data, size});
    const char *argv[33] = {NULL};
    size_t n;

    char **split = ts_argv_split(line, &n);
    check_join((const char *const *)split, n);
    ts_free(split);
    ts_free(line);

    /* the same bytes as arguments with a zero byte between them */
    for (n = 0; n < 32 && in.n > 0; n++) {
        argv[n] = ts_str_dup(fuzz_until(&in, '\0'));
    }
    check_join(argv, n);
    for (size_t i = 0; i < n; i++) {
        ts_free((char *)argv[i]);
    }
    return 0;
}
