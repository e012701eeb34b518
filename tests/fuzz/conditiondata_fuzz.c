/* A condition as data, written in JSON. */
#include "expr_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ts_arena a = {0};
    struct ts_value *v = NULL;
    struct ts_expr *x = NULL;
    struct ts_err err = {0};

    if (ts_json_parse(&v, &a, (ts_str){(const char *)data, size}, "f", &err) == TS_OK) {
        enum ts_code rc = ts_expr_from_value(&x, &a, v, &err);
        if (rc == TS_OK) {
            expr_check(x);
        } else {
            FUZZ_CHECK(rc == TS_EINPUT && err.text[0], "%s: %s", ts_code_name(rc),
                       err.text);
        }
    }
    ts_arena_fini(&a);
    return 0;
}
