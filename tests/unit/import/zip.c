#include "zip.h"

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

static void number(struct ts_buf *b, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        ts_buf_c(b, (char)(v >> (8 * i)));
    }
}

/* Version to flags to time: the part both headers share. */
static void shared(struct ts_buf *b, const char *name, ts_str content)
{
    number(b, 20, 2);
    number(b, 0, 2); /* flags */
    number(b, 0, 2); /* stored */
    number(b, 0, 4); /* time */
    number(b, crc(content), 4);
    number(b, (uint32_t)content.n, 4);
    number(b, (uint32_t)content.n, 4);
    number(b, (uint32_t)strlen(name), 2);
    number(b, 0, 2);
}

void zip_add(struct zip *z, const char *name, ts_str content)
{
    uint32_t at = (uint32_t)z->data.n;

    number(&z->data, 0x04034B50, 4);
    shared(&z->data, name, content);
    ts_buf_z(&z->data, name);
    ts_buf_str(&z->data, content);

    number(&z->directory, 0x02014B50, 4);
    number(&z->directory, 20, 2);
    shared(&z->directory, name, content);
    number(&z->directory, 0, 2); /* comment */
    number(&z->directory, 0, 2); /* disk */
    number(&z->directory, 0, 2);
    number(&z->directory, 0, 4);
    number(&z->directory, at, 4);
    ts_buf_z(&z->directory, name);
    z->n++;
}

struct ts_buf zip_end(struct zip *z)
{
    uint32_t at = (uint32_t)z->data.n, size = (uint32_t)z->directory.n;

    ts_buf_str(&z->data, ts_buf_view(&z->directory));
    number(&z->data, 0x06054B50, 4);
    number(&z->data, 0, 4);
    number(&z->data, (uint32_t)z->n, 2);
    number(&z->data, (uint32_t)z->n, 2);
    number(&z->data, size, 4);
    number(&z->data, at, 4);
    number(&z->data, 0, 2);
    ts_buf_free(&z->directory);
    struct ts_buf out = z->data;
    *z = (struct zip){0};
    return out;
}
