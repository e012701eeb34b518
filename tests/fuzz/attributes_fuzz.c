/* The block that keeps the extended attributes of a file: a damaged one is refused before
 * anything is set, and what was set is what is read again. */
#include "fuzz.h"

#include "platform/fs.h"

#include <string.h>
#include <sys/xattr.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_str block = {size ? (const char *)data : "", size};
    struct ts_dir *d = NULL;
    struct ts_buf before = {0}, after = {0}, again = {0};
    struct ts_err err = {0};

    fuzz_put_file(fuzz_path("attributes"), TS_S("x"));
    FUZZ_CHECK(ts_dir_open(&d, fuzz_scratch(), false, &err) == TS_OK &&
                   ts_get_extra_at(d, "attributes", &before, &err) == TS_OK,
               "%s", err.text);
    enum ts_code rc = ts_set_extra_at(d, "attributes", block, &err);
    FUZZ_CHECK(rc == TS_OK || strstr(err.text, "attributes"), "%s", err.text);
    FUZZ_CHECK(ts_get_extra_at(d, "attributes", &after, &err) == TS_OK, "%s", err.text);
    FUZZ_CHECK(rc != TS_EDAMAGED || ts_str_eq(ts_buf_view(&before), ts_buf_view(&after)),
               "refused, and something was set");
    if (rc == TS_OK) { /* what is read can be set */
        FUZZ_CHECK(ts_set_extra_at(d, "attributes", ts_buf_view(&after), &err) == TS_OK &&
                       ts_get_extra_at(d, "attributes", &again, &err) == TS_OK &&
                       ts_str_eq(ts_buf_view(&after), ts_buf_view(&again)),
                   "%s", err.text);
    }
    (void)!ts_unlink_at(d, "attributes", NULL);
    ts_dir_close(d);
    ts_buf_free(&before);
    ts_buf_free(&after);
    ts_buf_free(&again);
    return 0;
}
