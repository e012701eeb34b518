/* The evaluated sequence as the state keeps it: what a damaged one says is refused, or is
 * a sequence like any other. */
#include "fuzz.h"

#include "parse/parse.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ts_sequence *s = NULL;
    struct ts_err err = {0};
    enum ts_code rc =
        ts_sequence_restore(&s, (ts_str){(const char *)data, size}, fuzz_library(), &err);

    if (rc == TS_OK) {
        fuzz_check_sequence(s);
    } else {
        FUZZ_CHECK(rc == TS_EINPUT && strncmp(err.text, "stored sequence", 15) == 0,
                   "%s: %s", ts_code_name(rc), err.text);
    }
    ts_sequence_free(s);
    return 0;
}
