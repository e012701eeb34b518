/* A log file as a crash or another program left it: opened, repaired, written on.
 *
 * The input is smsts.log as it stands there. */
#include "fuzz.h"

#include "log/log.h"
#include "platform/fs.h"

#include <string.h>

static const char line[] = "a line behind what was there";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_str before = {(const char *)data, size};
    const char *path = fuzz_path("smsts.log");
    struct ts_log *log = ts_log_new();
    struct ts_buf after = {0};
    struct ts_err err = {0};
    struct ts_log_record r;
    char component[64];
    size_t used, from = 0;

    fuzz_put_file(path, before);
    FUZZ_CHECK(ts_log_file(log, fuzz_scratch(), 0, 0, &err) == TS_OK, "%s", err.text);
    ts_log_write(log, TS_LOG_WARNING, "Fuzz", "%s", line);
    ts_log_free(log);
    FUZZ_CHECK(fuzz_get_file(path, &after), "no file");

    /* The last record is ours; before it stands a beginning of what was there. */
    ts_str s = ts_buf_view(&after);
    for (size_t i = 0; i + 7 <= s.n; i++) {
        if (memcmp(s.p + i, "<![LOG[", 7) == 0) {
            from = i;
        }
    }
    FUZZ_CHECK(ts_cmtrace_parse((ts_str){s.p + from, s.n - from}, &r, component, &used) &&
                   from + used == s.n && ts_str_eq(r.text, ts_str_of(line)) &&
                   r.level == TS_LOG_WARNING,
               "our record is not the last one: %.*s", (int)(s.n - from), s.p + from);
    bool kept = from <= before.n && memcmp(s.p, before.p, from) == 0;
    FUZZ_CHECK(kept || (from == 3 && memcmp(s.p, "\xEF\xBB\xBF", 3) == 0),
               "what was there is changed: %zu of %zu bytes", from, before.n);
    ts_buf_free(&after);
    return 0;
}
