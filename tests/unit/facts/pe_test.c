#include "facts/facts.h"
#include "pe_file.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

static const unsigned some_version[4] = {10, 0, 19041, 3636};

Test(facts_pe, reads_machine_and_version_of_both_kinds)
{
    static const struct {
        unsigned machine;
        bool wide;
        const char *name;
    } t[] = {
        {0x8664, true, "amd64"},
        {0x14C, false, "x86"},
        {0xAA64, true, "arm64"},
        {0x1C4, false, "arm"},
    };
    char *dir = new_folder();
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        uint8_t pe[PE_FILE_SIZE];
        char architecture[16], version[32];
        struct ts_err err = {0};
        pe_file_build(pe, t[i].machine, t[i].wide, some_version);
        char *path = write_file(dir, "a.dll", pe, sizeof pe);
        cr_expect_eq(ts_pe_architecture(path, architecture, &err), TS_OK, "%s", err.text);
        cr_expect_str_eq(architecture, t[i].name);
        cr_expect_eq(ts_pe_version(path, version, &err), TS_OK, "%s", err.text);
        cr_expect_str_eq(version, "10.0.19041.3636");
        ts_free(path);
    }
    remove_folder(dir);
}

Test(facts_pe, says_what_is_wrong_with_a_file)
{
    char *dir = new_folder();
    uint8_t pe[PE_FILE_SIZE];
    char out[32];
    struct ts_err err = {0};

    char *path = write_file(dir, "empty", "", 0);
    cr_expect_eq(ts_pe_architecture(path, out, &err), TS_EINPUT);
    cr_expect(strstr(err.text, "ends too early"), "%s", err.text);
    ts_free(path);

    memset(pe, ' ', sizeof pe);
    path = write_file(dir, "text", pe, sizeof pe);
    cr_expect_eq(ts_pe_version(path, out, &err), TS_EINPUT);
    cr_expect(strstr(err.text, "MZ"), "%s", err.text);
    cr_expect_str_eq(out, "");
    ts_free(path);

    pe_file_build(pe, 0x1234, true, some_version);
    path = write_file(dir, "other", pe, sizeof pe);
    cr_expect_eq(ts_pe_architecture(path, out, &err), TS_EINPUT);
    cr_expect(strstr(err.text, "0x1234"), "%s", err.text);
    ts_free(path);

    pe_file_build(pe, 0x8664, true, some_version);
    memset(pe + 0x58 + 128, 0, 8); /* no resources */
    path = write_file(dir, "bare", pe, sizeof pe);
    cr_expect_eq(ts_pe_version(path, out, &err), TS_ENOTFOUND);
    cr_expect(strstr(err.text, "no resources"), "%s", err.text);
    ts_free(path);

    pe_file_build(pe, 0x8664, true, some_version);
    pe[0x200 + 16] = 3; /* only icons */
    path = write_file(dir, "icons", pe, sizeof pe);
    cr_expect_eq(ts_pe_version(path, out, &err), TS_ENOTFOUND);
    ts_free(path);

    pe_file_build(pe, 0x8664, true, some_version);
    pe[0x58 + 240 + 16] = 0xA0; /* the section ends inside the version resource */
    pe[0x58 + 240 + 17] = 0;
    path = write_file(dir, "short", pe, sizeof pe);
    cr_expect_eq(ts_pe_version(path, out, &err), TS_ENOTFOUND);
    cr_expect(strstr(err.text, "outside of its sections"), "%s", err.text);
    ts_free(path);

    path = ts_format("%s/none", dir);
    cr_expect_eq(ts_pe_version(path, out, &err), TS_ENOTFOUND);
    ts_free(path);
    remove_folder(dir);
}

Test(facts_pe, does_not_follow_links_or_wait_for_pipes)
{
    char *dir = new_folder();
    uint8_t pe[PE_FILE_SIZE];
    char out[32];
    pe_file_build(pe, 0x8664, true, some_version);
    char *path = write_file(dir, "real.dll", pe, sizeof pe);
    char *link_path = ts_format("%s/link.dll", dir);
    char *pipe_path = ts_format("%s/pipe.dll", dir);
    cr_assert_eq(symlink(path, link_path), 0);
    cr_assert_eq(mkfifo(pipe_path, 0600), 0);
    cr_expect_eq(ts_pe_version(link_path, out, NULL), TS_ELINK);
    cr_expect_neq(ts_pe_version(pipe_path, out, NULL), TS_OK);
    ts_free(path);
    ts_free(link_path);
    ts_free(pipe_path);
    remove_folder(dir);
}

Test(facts_pe, no_damaged_file_breaks_the_reader)
{
    char *dir = new_folder();
    uint64_t state = 20240131;
    int versions = 0;
    clock_t start = clock();
    for (int i = 0; i < 5000; i++) {
        uint8_t pe[PE_FILE_SIZE];
        char out[32], architecture[16];
        struct ts_err err = {0};
        pe_file_build(pe, 0x8664, i % 2, some_version);
        for (int k = 0; k < 1 + i % 6; k++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            size_t at = (state >> 33) % 10 < 7 ? (state >> 40) % 0x300
                                               : (state >> 40) % PE_FILE_SIZE;
            pe[at] = (state >> 20) % 3 ? (uint8_t)(state >> 50) : 0xFF;
        }
        size_t n = i % 5 ? PE_FILE_SIZE : (state >> 30) % PE_FILE_SIZE;
        char *path = write_file(dir, "x", pe, n);
        enum ts_code rc = ts_pe_version(path, out, &err);
        cr_assert(rc == TS_OK || rc == TS_EINPUT || rc == TS_ENOTFOUND, "%s", err.text);
        versions += rc == TS_OK;
        rc = ts_pe_architecture(path, architecture, &err);
        cr_assert(rc == TS_OK || rc == TS_EINPUT, "%s", err.text);
        ts_free(path);
    }
    cr_expect_gt(versions, 300);
    cr_expect_lt((double)(clock() - start) / CLOCKS_PER_SEC, 20.0);
    remove_folder(dir);
}
