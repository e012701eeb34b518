/* smbios.c - the structure table of the firmware (SMBIOS): little-endian records of a
 * type, each followed by its texts, which fields name by number. */
#include "facts/document.h"

#include <stdio.h>
#include <string.h>

#define RECORDS_MAX 4096

struct record {
    const unsigned char *p; /* formatted part */
    size_t n;
    ts_str texts;
};

static unsigned byte_at(const struct record *r, size_t at)
{
    return at < r->n ? r->p[at] : 0;
}

static unsigned word_at(const struct record *r, size_t at)
{
    return byte_at(r, at) | byte_at(r, at + 1) << 8;
}

/* The text whose number stands at `at`; NULL if there is none. */
static const char *text_at(struct ts_arena *a, const struct record *r, size_t at)
{
    unsigned number = byte_at(r, at);
    ts_str rest = r->texts, text = {0};

    while (number > 0 && rest.n > 0) {
        const char *end = memchr(rest.p, 0, rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        text = (ts_str){rest.p, n};
        rest.p += end ? n + 1 : n;
        rest.n -= end ? n + 1 : n;
        number--;
    }
    text = ts_str_trim(text);
    if (number > 0 || text.n == 0) {
        return NULL;
    }
    /* makers write texts in the code page they like */
    if (ts_utf8_valid(text)) {
        return ts_arena_str(a, text);
    }
    char *copy = ts_arena_str(a, text);
    for (char *p = copy; *p; p++) {
        *p = (unsigned char)*p < 0x80 ? *p : '?';
    }
    return copy;
}

static const char *uuid_at(struct ts_arena *a, const struct record *r, size_t at)
{
    const unsigned char *u = r->p + at;
    bool zero = true, ones = true;

    if (r->n < at + 16) {
        return NULL;
    }
    for (int i = 0; i < 16; i++) {
        zero = zero && u[i] == 0;
        ones = ones && u[i] == 0xFF;
    }
    if (zero || ones) {
        return NULL;
    }
    /* the first three fields are little-endian */
    return ts_arena_format(a,
                           "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-"
                           "%02X%02X%02X%02X%02X%02X",
                           u[3], u[2], u[1], u[0], u[5], u[4], u[7], u[6], u[8], u[9],
                           u[10], u[11], u[12], u[13], u[14], u[15]);
}

static void keep(const char **to, const char *text)
{
    if (text && !*to) {
        *to = text;
    }
}

static void read_memory(struct ts_smbios *out, struct ts_arena *a, const struct record *r)
{
    size_t cap = sizeof out->memory / sizeof out->memory[0];
    unsigned size = word_at(r, 0x0C);
    uint64_t bytes;

    if (size == 0 || size == 0xFFFF || out->memory_count == cap) {
        return; /* an empty slot, or one that cannot tell */
    }
    if (size == 0x7FFF) {
        bytes = ((uint64_t)word_at(r, 0x1C) | (uint64_t)(word_at(r, 0x1E) & 0x7FFF) << 16)
                << 20;
    } else {
        bytes = size & 0x8000 ? (uint64_t)(size & 0x7FFF) << 10 : (uint64_t)size << 20;
    }
    out->memory[out->memory_count++] = (struct ts_smbios_memory){
        .locator = text_at(a, r, 0x10),
        .vendor = text_at(a, r, 0x17),
        .serial = text_at(a, r, 0x18),
        .part = text_at(a, r, 0x1A),
        .bytes = bytes,
        .mhz = (int)word_at(r, 0x15),
    };
}

static void read_record(struct ts_smbios *out, struct ts_arena *a, const struct record *r)
{
    struct ts_hw_dmi *d = &out->dmi;

    switch (byte_at(r, 0)) {
    case 0:
        keep(&d->bios_vendor, text_at(a, r, 0x04));
        keep(&d->bios_version, text_at(a, r, 0x05));
        keep(&d->bios_date, text_at(a, r, 0x08));
        break;
    case 1:
        keep(&d->vendor, text_at(a, r, 0x04));
        keep(&d->product, text_at(a, r, 0x05));
        keep(&d->version, text_at(a, r, 0x06));
        keep(&d->serial, text_at(a, r, 0x07));
        keep(&d->uuid, uuid_at(a, r, 0x08));
        keep(&d->sku, text_at(a, r, 0x19));
        keep(&d->family, text_at(a, r, 0x1A));
        break;
    case 2:
        keep(&d->board_vendor, text_at(a, r, 0x04));
        keep(&d->board_product, text_at(a, r, 0x05));
        keep(&d->board_version, text_at(a, r, 0x06));
        keep(&d->board_serial, text_at(a, r, 0x07));
        break;
    case 3:
        keep(&d->chassis_vendor, text_at(a, r, 0x04));
        if (!d->chassis_type) {
            d->chassis_type = (int)(byte_at(r, 0x05) & 0x7F);
        }
        keep(&d->chassis_version, text_at(a, r, 0x06));
        keep(&d->chassis_serial, text_at(a, r, 0x07));
        keep(&d->chassis_asset, text_at(a, r, 0x08));
        break;
    case 4:
        keep(&out->cpu_name, text_at(a, r, 0x10));
        if ((int)word_at(r, 0x14) > out->cpu_mhz) {
            out->cpu_mhz = (int)word_at(r, 0x14);
        }
        break;
    case 17:
        read_memory(out, a, r);
        break;
    default:
        break;
    }
}

void ts_smbios_parse(struct ts_smbios *out, struct ts_arena *a, ts_str table)
{
    const unsigned char *p = (const unsigned char *)table.p;
    size_t at = 0;

    for (int i = 0; i < RECORDS_MAX && at + 4 <= table.n; i++) {
        struct record r = {p + at, p[at + 1], {0}};
        size_t texts = at + r.n, end = texts;
        if (r.n < 4 || texts > table.n || p[at] == 127) {
            return;
        }
        /* the texts end with two zero bytes */
        while (end + 1 < table.n && (p[end] || p[end + 1])) {
            end++;
        }
        r.texts = (ts_str){table.p + texts, end + 1 <= table.n ? end + 1 - texts : 0};
        read_record(out, a, &r);
        at = end + 2;
    }
}
