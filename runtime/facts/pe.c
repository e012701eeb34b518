/* pe.c - machine type and file version out of PE files.
 *
 * The files belong to users and may say anything.  Nothing is believed: every offset is
 * checked against the section it is in, sizes are bounded before they are read, and the
 * resource tree is followed exactly three levels down. */
#include "facts/facts_internal.h"

#include "base/mem.h"
#include "platform/drives.h"

#include <stdio.h>
#include <string.h>

#define MAX_SECTIONS 96  /* the limit of the Windows loader */
#define MAX_ENTRIES 4096 /* looked at in one resource folder */
#define VERSION_TYPE 16

struct section {
    uint32_t rva, size, offset;
};

struct pe {
    struct ts_file *file;
    const char *shown;
    struct ts_err *err;
    uint64_t headers; /* offset of the COFF header */
    uint32_t resources, resources_size;
    struct section sections[MAX_SECTIONS];
    unsigned section_count;
};

static unsigned u16(const uint8_t *p)
{
    return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)u16(p) | (uint32_t)u16(p + 2) << 16;
}

static enum ts_code not_pe(struct pe *pe, const char *why)
{
    return ts_fail(pe->err, TS_EINPUT, "%s is not a program file: %s", pe->shown, why);
}

static enum ts_code no_version(struct pe *pe, const char *why)
{
    return ts_fail(pe->err, TS_ENOTFOUND, "%s has no version: %s", pe->shown, why);
}

/* Exactly n bytes at `offset`; TS_EINPUT if the file ends before. */
static enum ts_code read_at(struct pe *pe, uint64_t offset, void *p, size_t n)
{
    size_t have = 0;
    enum ts_code rc = ts_file_seek(pe->file, offset, pe->err);
    while (rc == TS_OK && have < n) {
        size_t got = 0;
        rc = ts_file_get(pe->file, (char *)p + have, n - have, &got, pe->err);
        if (rc == TS_OK && got == 0) {
            return not_pe(pe, "it ends too early");
        }
        have += got;
    }
    return rc;
}

/* The DOS header leads to the COFF header; *machine from there. */
static enum ts_code read_headers(struct pe *pe, uint8_t coff[20])
{
    uint8_t dos[64], signature[4];
    enum ts_code rc = read_at(pe, 0, dos, sizeof dos);
    if (rc != TS_OK) {
        return rc;
    }
    if (dos[0] != 'M' || dos[1] != 'Z') {
        return not_pe(pe, "it does not begin with MZ");
    }
    pe->headers = (uint64_t)u32(dos + 0x3C) + 4;
    if ((rc = read_at(pe, pe->headers - 4, signature, 4)) != TS_OK) {
        return rc;
    }
    if (memcmp(signature, "PE\0\0", 4) != 0) {
        return not_pe(pe, "it has no PE header");
    }
    return read_at(pe, pe->headers, coff, 20);
}

enum ts_code ts_pe_file_architecture(struct ts_file *f, const char *shown, char out[16],
                                     struct ts_err *err)
{
    struct pe pe = {.file = f, .shown = shown, .err = err};
    uint8_t coff[20];
    const char *name;
    enum ts_code rc;
    out[0] = '\0';
    if ((rc = read_headers(&pe, coff)) != TS_OK) {
        return rc;
    }
    switch (u16(coff)) {
    case 0x014C:
        name = "x86";
        break;
    case 0x8664:
        name = "amd64";
        break;
    case 0xAA64:
        name = "arm64";
        break;
    case 0x01C0:
    case 0x01C4:
        name = "arm";
        break;
    default:
        return ts_fail(err, TS_EINPUT, "%s is for an unknown processor (0x%04x)", shown,
                       u16(coff));
    }
    snprintf(out, 16, "%s", name);
    return TS_OK;
}

static enum ts_code read_sections(struct pe *pe, const uint8_t coff[20])
{
    uint8_t optional[128], raw[40];
    unsigned size = u16(coff + 16);
    unsigned count = u16(coff + 2);
    enum ts_code rc;
    if (size < sizeof optional) {
        return no_version(pe, "its optional header is too small");
    }
    if ((rc = read_at(pe, pe->headers + 20, optional, sizeof optional)) != TS_OK) {
        return rc;
    }
    bool wide = u16(optional) == 0x20B;
    if (!wide && u16(optional) != 0x10B) {
        return not_pe(pe, "its optional header is of an unknown kind");
    }
    /* number of data directories, then the directories: the third is the resources */
    unsigned at = wide ? 108 : 92;
    if (u32(optional + at) < 3) {
        return no_version(pe, "it has no resources");
    }
    if (wide) {
        uint8_t entry[8];
        if (size < at + 4 + 24) {
            return no_version(pe, "its optional header is too small");
        }
        if ((rc = read_at(pe, pe->headers + 20 + at + 4 + 16, entry, 8)) != TS_OK) {
            return rc;
        }
        pe->resources = u32(entry);
        pe->resources_size = u32(entry + 4);
    } else {
        pe->resources = u32(optional + at + 4 + 16);
        pe->resources_size = u32(optional + at + 4 + 20);
    }
    if (pe->resources == 0 || pe->resources_size == 0) {
        return no_version(pe, "it has no resources");
    }
    if (count > MAX_SECTIONS) {
        return not_pe(pe, "it has too many sections");
    }
    for (unsigned i = 0; i < count; i++) {
        if ((rc = read_at(pe, pe->headers + 20 + size + 40u * i, raw, 40)) != TS_OK) {
            return rc;
        }
        pe->sections[i] = (struct section){
            .rva = u32(raw + 12), .size = u32(raw + 16), .offset = u32(raw + 20)};
    }
    pe->section_count = count;
    return TS_OK;
}

/* n bytes at the address rva of the loaded program. */
static enum ts_code read_rva(struct pe *pe, uint64_t rva, void *p, size_t n)
{
    for (unsigned i = 0; i < pe->section_count; i++) {
        const struct section *s = &pe->sections[i];
        if (rva >= s->rva && rva - s->rva < s->size && s->size - (rva - s->rva) >= n) {
            return read_at(pe, s->offset + (rva - s->rva), p, n);
        }
    }
    return no_version(pe, "its resources lie outside of its sections");
}

/* In the resource folder at `offset`: the entry for `id`, or the first one if id < 0.
 * *target: the entry's offset field, whose highest bit says folder. */
static enum ts_code find_entry(struct pe *pe, uint32_t offset, int id, uint32_t *target)
{
    uint8_t head[16], entry[8];
    enum ts_code rc = read_rva(pe, (uint64_t)pe->resources + offset, head, sizeof head);
    if (rc != TS_OK) {
        return rc;
    }
    unsigned n = u16(head + 12) + u16(head + 14);
    for (unsigned i = 0; i < n && i < MAX_ENTRIES; i++) {
        rc = read_rva(pe, (uint64_t)pe->resources + offset + 16 + 8u * i, entry, 8);
        if (rc != TS_OK) {
            return rc;
        }
        if (id < 0 || u32(entry) == (uint32_t)id) {
            *target = u32(entry + 4);
            return TS_OK;
        }
    }
    return no_version(pe, "there is no version resource");
}

/* Type, name, language: three folders, then the place of the data. */
static enum ts_code find_version(struct pe *pe, uint32_t *rva, uint32_t *size)
{
    const uint32_t folder = 0x80000000u;
    uint32_t at = folder;
    uint8_t data[16];
    enum ts_code rc;
    for (int level = 0; level < 3; level++) {
        if (!(at & folder)) {
            return no_version(pe, "its resources are damaged");
        }
        if ((rc = find_entry(pe, at & ~folder, level == 0 ? VERSION_TYPE : -1, &at)) !=
            TS_OK) {
            return rc;
        }
    }
    if (at & folder) {
        return no_version(pe, "its resources are damaged");
    }
    if ((rc = read_rva(pe, (uint64_t)pe->resources + at, data, sizeof data)) != TS_OK) {
        return rc;
    }
    *rva = u32(data);
    *size = u32(data + 4);
    return TS_OK;
}

enum ts_code ts_pe_file_version(struct ts_file *f, const char *shown, char out[32],
                                struct ts_err *err)
{
    /* VS_VERSIONINFO: three 16 bit numbers, the key in UTF-16 with its end, a gap to the
     * next multiple of 4, and there VS_FIXEDFILEINFO. */
    static const char key[] = "VS_VERSION_INFO";
    enum { FIXED = 40, WANTED = FIXED + 16 };
    struct pe pe = {.file = f, .shown = shown, .err = err};
    uint8_t coff[20], info[WANTED];
    uint32_t rva = 0, size = 0;
    enum ts_code rc;

    out[0] = '\0';
    if ((rc = read_headers(&pe, coff)) != TS_OK ||
        (rc = read_sections(&pe, coff)) != TS_OK ||
        (rc = find_version(&pe, &rva, &size)) != TS_OK) {
        return rc;
    }
    if (size < WANTED) {
        return no_version(&pe, "its version resource is too small");
    }
    if ((rc = read_rva(&pe, rva, info, sizeof info)) != TS_OK) {
        return rc;
    }
    for (size_t i = 0; i < sizeof key; i++) {
        if (u16(info + 6 + 2 * i) != (unsigned char)key[i]) {
            return no_version(&pe, "its version resource is damaged");
        }
    }
    if (u32(info + FIXED) != 0xFEEF04BDu) {
        return no_version(&pe, "its version resource is damaged");
    }
    snprintf(out, 32, "%u.%u.%u.%u", u16(info + FIXED + 10), u16(info + FIXED + 8),
             u16(info + FIXED + 14), u16(info + FIXED + 12));
    return TS_OK;
}

static enum ts_code with_file(const char *path, char *out,
                              enum ts_code (*ask)(struct ts_file *, const char *, char *,
                                                  struct ts_err *),
                              struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    struct ts_file *f = NULL;
    char *name = NULL;
    enum ts_code rc;
    out[0] = '\0';
    if ((rc = ts_path_open_parent(&dir, &name, path, false, err)) == TS_OK &&
        (rc = ts_file_open_at(&f, dir, name, TS_O_READ, 0, err)) == TS_OK) {
        rc = ask(f, path, out, err);
    }
    ts_file_close(f);
    ts_dir_close(dir);
    ts_free(name);
    return rc;
}

enum ts_code ts_pe_architecture(const char *path, char out[16], struct ts_err *err)
{
    return with_file(path, out, ts_pe_file_architecture, err);
}

enum ts_code ts_pe_version(const char *path, char out[32], struct ts_err *err)
{
    return with_file(path, out, ts_pe_file_version, err);
}
