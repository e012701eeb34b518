#include "facts/facts.h"
#include "pe_file.h"
#include "platform/drives.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "base/mem.h"

static const unsigned some_version[4] = {10, 0, 0, 1};

static void put_program(const char *dir, const char *rel, unsigned machine)
{
    uint8_t pe[PE_FILE_SIZE];
    pe_file_build(pe, machine, true, some_version);
    ts_free(write_file(dir, rel, pe, sizeof pe));
}

static void map(char letter, const char *dir, const char *rel, bool fixed)
{
    char *root = ts_path_join(dir, rel);
    cr_assert_eq(ts_fs_mkdirs(root, 0755, NULL), TS_OK);
    cr_assert_eq(ts_drives_map(letter, root, "volume", fixed, NULL), TS_OK);
    ts_free(root);
}

Test(facts_windows, found_on_fixed_drives_in_order_of_letters)
{
    char *dir = new_folder();
    struct ts_windows w[4];
    struct ts_err err = {0};
    size_t n = 9;
    put_program(dir, "e/WINDOWS/system32/NTDLL.DLL", 0xAA64);
    put_program(dir, "d/Windows/System32/ntoskrnl.exe", 0x14C);
    put_program(dir, "x/Windows/System32/ntdll.dll", 0x8664);
    ts_free(write_file(dir, "f/Windows/System32/ntdll.dll", "not a program", 13));
    ts_free(write_file(dir, "g/Windows/System32/other.dll", "", 0));
    map('E', dir, "e", true);
    map('D', dir, "d", true);
    map('X', dir, "x", false); /* the RAM drive of WinPE */
    map('F', dir, "f", true);
    map('G', dir, "g", true);
    map('H', dir, "h", true);

    cr_assert_eq(ts_windows_find(w, 4, &n, &err), TS_OK, "%s", err.text);
    cr_assert_eq(n, 3);
    cr_expect_str_eq(w[0].drive, "D:");
    cr_expect_str_eq(w[0].dir, "D:\\Windows");
    cr_expect_str_eq(w[0].architecture, "x86");
    cr_expect_str_eq(w[1].dir, "E:\\WINDOWS");
    cr_expect_str_eq(w[1].architecture, "arm64");
    cr_expect_str_eq(w[2].dir, "F:\\Windows");
    cr_expect_str_eq(w[2].architecture, "");

    cr_assert_eq(ts_windows_find(w, 1, &n, &err), TS_OK);
    cr_expect_eq(n, 3, "all are counted, one is written");
    ts_drives_clear();
    remove_folder(dir);
}

Test(facts_windows, links_are_not_taken_for_windows)
{
    char *dir = new_folder();
    struct ts_windows w[4];
    size_t n = 9;
    put_program(dir, "real/Windows/System32/ntdll.dll", 0x8664);
    map('C', dir, "c", true);
    char *link_path = ts_format("%s/c/Windows", dir);
    char *target = ts_format("%s/real/Windows", dir);
    cr_assert_eq(symlink(target, link_path), 0);
    cr_assert_eq(ts_windows_find(w, 4, &n, NULL), TS_OK);
    cr_expect_eq(n, 0);
    ts_free(link_path);
    ts_free(target);
    ts_drives_clear();
    remove_folder(dir);
}

Test(facts_windows, no_drives_no_windows)
{
    struct ts_windows w[1];
    size_t n = 9;
    ts_drives_clear();
    cr_assert_eq(ts_windows_find(w, 1, &n, NULL), TS_OK);
    cr_expect_eq(n, 0);
}
