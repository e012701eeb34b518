/* An export archive: the bytes of one, and one made of the names and sequences in the
 * input ("name NUL content NUL ..."), so that its check sums are right.  The first byte
 * chooses. */
#include "fuzz.h"

#include <string.h>

static uint32_t crc(ts_str s)
{
    uint32_t c = 0xFFFFFFFF;

    for (size_t i = 0; i < s.n; i++) {
        c ^= (unsigned char)s.p[i];
        for (int k = 0; k < 8; k++) {
            c = c & 1 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
        }
    }
    return ~c;
}

static void number(struct ts_buf *b, size_t v, int bytes)
{
    for (int i = 0; i < bytes; i++, v >>= 8) {
        ts_buf_c(b, (char)v);
    }
}

/* Version to lengths: what both headers share; the content is stored as it is. */
static void shared(struct ts_buf *b, ts_str name, ts_str content)
{
    number(b, 20, 2);
    number(b, 0, 8); /* flags, method, time */
    number(b, crc(content), 4);
    number(b, content.n, 4);
    number(b, content.n, 4);
    number(b, name.n, 2);
    number(b, 0, 2);
}

static void add(struct ts_buf *data, struct ts_buf *directory, ts_str name,
                ts_str content)
{
    size_t at = data->n;

    ts_buf_add(data, "PK\x03\x04", 4);
    shared(data, name, content);
    ts_buf_str(data, name);
    ts_buf_str(data, content);
    ts_buf_add(directory, "PK\x01\x02", 4);
    number(directory, 20, 2);
    shared(directory, name, content);
    number(directory, 0, 10); /* comment, disk, attributes */
    number(directory, at, 4);
    ts_buf_str(directory, name);
}

static struct ts_buf pack(struct fuzz_bytes in)
{
    struct ts_buf data = {0}, directory = {0};
    size_t n = 0;

    for (; in.n > 0; n++) {
        ts_str name = fuzz_until(&in, '\0');
        add(&data, &directory, name, fuzz_until(&in, '\0'));
    }
    size_t at = data.n;
    ts_buf_str(&data, ts_buf_view(&directory));
    ts_buf_add(&data, "PK\x05\x06", 4);
    number(&data, 0, 4);
    number(&data, n, 2);
    number(&data, n, 2);
    number(&data, directory.n, 4);
    number(&data, at, 4);
    number(&data, 0, 2);
    ts_buf_free(&directory);
    return data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes in = {data, size};

    if (fuzz_u8(&in) == 'Z') {
        fuzz_sequence(fuzz_rest(&in), "zip", "f.zip");
    } else {
        struct ts_buf zip = pack(in);
        fuzz_sequence(ts_buf_view(&zip), "zip", "f.zip");
        ts_buf_free(&zip);
    }
    return 0;
}
