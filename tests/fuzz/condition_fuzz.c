/* A condition as text. */
#include "expr_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ts_arena a = {0};
    struct ts_expr *x = NULL;
    struct ts_err err = {0};
    enum ts_code rc = ts_expr_parse(&x, &a, (ts_str){(const char *)data, size}, &err);

    if (rc == TS_OK) {
        expr_check(x);
    } else {
        FUZZ_CHECK(rc == TS_EINPUT && strstr(err.text, "column "), "%s: %s",
                   ts_code_name(rc), err.text);
    }
    ts_arena_fini(&a);
    return 0;
}
