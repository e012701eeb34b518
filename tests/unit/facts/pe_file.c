#include "pe_file.h"

#include "base/mem.h"
#include "platform/fs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v & 0xFFFF);
    put16(p + 2, v >> 16);
}

/* A resource folder at p with one entry. */
static void put_folder(uint8_t *p, uint32_t id, uint32_t target)
{
    put16(p + 14, 1);
    put32(p + 16, id);
    put32(p + 20, target);
}

void pe_file_build(uint8_t out[PE_FILE_SIZE], unsigned machine, bool wide,
                   const unsigned v[4])
{
    enum { COFF = 0x44, OPTIONAL = COFF + 20, RAW = 0x200, RVA = 0x1000, SIZE = 0x200 };
    static const char key[] = "VS_VERSION_INFO";
    unsigned optional_size = wide ? 240 : 224, directories = wide ? 112 : 96;
    memset(out, 0, PE_FILE_SIZE);
    memcpy(out, "MZ", 2);
    put32(out + 0x3C, 0x40);
    memcpy(out + 0x40, "PE\0\0", 4);
    put16(out + COFF, machine);
    put16(out + COFF + 2, 1);
    put16(out + COFF + 16, optional_size);
    put16(out + OPTIONAL, wide ? 0x20B : 0x10B);
    put32(out + OPTIONAL + directories - 4, 16);
    put32(out + OPTIONAL + directories + 16, RVA);
    put32(out + OPTIONAL + directories + 20, SIZE);

    uint8_t *section = out + OPTIONAL + optional_size;
    memcpy(section, ".rsrc", 5);
    put32(section + 8, SIZE);
    put32(section + 12, RVA);
    put32(section + 16, SIZE);
    put32(section + 20, RAW);

    uint8_t *r = out + RAW;
    put_folder(r, 16, 0x80000020);
    put_folder(r + 0x20, 1, 0x80000040);
    put_folder(r + 0x40, 1033, 0x60);
    put32(r + 0x60, RVA + 0x80);
    put32(r + 0x64, 92);

    uint8_t *info = r + 0x80;
    put16(info, 92);
    put16(info + 2, 52);
    for (size_t i = 0; i < sizeof key; i++) {
        put16(info + 6 + 2 * i, (unsigned char)key[i]);
    }
    put32(info + 40, 0xFEEF04BD);
    put32(info + 48, v[0] << 16 | v[1]);
    put32(info + 52, v[2] << 16 | v[3]);
}

char *new_folder(void)
{
    char *temp = ts_fs_temp_dir();
    char *dir = ts_format("%s/taskseq-facts-XXXXXX", temp);
    cr_assert_not_null(mkdtemp(dir));
    ts_free(temp);
    return dir;
}

void remove_folder(char *dir)
{
    cr_assert_eq(ts_fs_remove_tree(dir, NULL), TS_OK);
    ts_free(dir);
}

char *write_file(const char *dir, const char *rel, const void *p, size_t n)
{
    char *path = ts_path_join(dir, rel);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    cr_assert_eq(ts_fs_mkdirs(path, 0755, NULL), TS_OK);
    *slash = '/';
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
    return path;
}
