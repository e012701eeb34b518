/* A file of events as a crash or another program left it: its last line is repaired, the
 * number of the last event found, and lines are written behind it. */
#include "fuzz.h"

#include "events/events_internal.h"

#include <string.h>

static const char run[] = "0123456789abcdef";

static uint64_t open_and_write(const char *path, uint64_t seq)
{
    struct ts_eventfile *f = NULL;
    struct ts_buf line = {0};
    struct ts_err err = {0};
    uint64_t last;

    FUZZ_CHECK(ts_eventfile_open(&f, path, run, &last, &err) == TS_OK, "%s", err.text);
    if (seq) {
        ts_buf_c(&line, '{');
        ts_eventfile_mark(&line, run);
        ts_buf_fmt(&line, "%llu}", (unsigned long long)seq);
        ts_eventfile_write(f, &line);
    }
    ts_eventfile_sync(f);
    ts_eventfile_close(f);
    ts_buf_free(&line);
    return last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_path("events.jsonl");
    struct ts_buf now = {0};
    size_t whole = size;

    while (whole > 0 && data[whole - 1] != '\n') {
        whole--;
    }
    fuzz_put_file(path, (ts_str){(const char *)data, size});
    uint64_t last = open_and_write(path, 0);
    FUZZ_CHECK(fuzz_get_file(path, &now) && now.n == whole &&
                   (whole == 0 || memcmp(now.p, data, whole) == 0),
               "%zu bytes, whole lines are %zu, left are %zu", size, whole, now.n);
    FUZZ_CHECK(last <= INT64_MAX, "number %llu", (unsigned long long)last);
    if (last < INT64_MAX / 100) { /* no run gets near to that */
        open_and_write(path, last + 1);
        uint64_t again = open_and_write(path, 0);
        FUZZ_CHECK(again == last + 1, "written %llu, found %llu",
                   (unsigned long long)last + 1, (unsigned long long)again);
    }
    ts_buf_free(&now);
    return 0;
}
