#include "platform/drives.h"

#include "base/mem.h"
#include "scratch.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ts_err err;

static void make(void)
{
    scratch_make();
    put("c/Users/Ann/Documents/Letter.TXT", "letter");
    put("c/Users/\xC3\x84rger/x", "");
    put("c/both/Name", "upper");
    put("c/both/name", "lower");
    put("c/twice/AB", "");
    put("c/twice/ab", "");
    put("outside/secret", "secret");
    put_dir("d");
    cr_assert_eq(symlink("../outside", scratch_path("c/link")), 0);
    cr_assert_eq(symlink("../../outside/secret", scratch_path("c/Users/file-link")), 0);
    answers(TS_OK, ts_drives_map('c', scratch_path("c"), "vol-c", true, &err));
    answers(TS_OK, ts_drives_map('D', scratch_path("d"), "vol-d", false, &err));
}

static void unmake(void)
{
    ts_drives_clear();
    scratch_remove();
}

TestSuite(drives, .init = make, .fini = unmake);

Test(drives, are_listed_by_letter)
{
    size_t n;

    answers(TS_OK, ts_drives_map('A', scratch_path("outside"), "vol-a", true, &err));
    answers(TS_OK, ts_drives_map('D', scratch_path("outside"), "vol-d2", true, &err));
    const struct ts_drive *list = ts_drives_list(&n);
    cr_assert_eq(n, 3);
    cr_assert_eq(list[0].letter, 'A');
    cr_assert_eq(list[1].letter, 'C');
    cr_assert_eq(list[2].letter, 'D');
    cr_assert_str_eq(list[2].root, scratch_path("outside"));
    cr_assert(list[2].fixed);
    cr_assert_str_eq(ts_drives_find('c')->volume, "vol-c");
    cr_assert_null(ts_drives_find('Z'));
    cr_assert_eq(ts_drives_by_volume("vol-c")->letter, 'C');
    cr_assert_null(ts_drives_by_volume(""));
    cr_assert_null(ts_drives_by_volume("none"));
    answers(TS_EINPUT, ts_drives_map('1', scratch_path("d"), NULL, true, &err));
    answers(TS_ENOTFOUND, ts_drives_map('E', scratch_path("none"), NULL, true, &err));
    ts_drives_clear();
    ts_drives_list(&n);
    cr_assert_eq(n, 0);
}

Test(drives, volume_of_a_mapped_folder_is_the_mapped_one)
{
    struct ts_volume v;
    struct ts_dir *d;

    answers(TS_OK, ts_path_open_dir(&d, "C:\\Users\\Ann", false, &err));
    answers(TS_OK, ts_volume_of(d, &v, &err));
    cr_assert_str_eq(v.stable, "vol-c");
    ts_dir_close(d);
}

Test(drives, know_letters)
{
    static const struct {
        const char *path;
        bool letter;
    } table[] = {
        {"C:", true},   {"c:\\x", true}, {"C:/x", true},      {"C:x", false},
        {"CC:", false}, {"1:\\", false}, {"/c:/x", false},    {"", false},
        {"C", false},   {":", false},    {"\\\\s\\c", false},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_expect_eq(ts_path_has_letter(ts_str_of(table[i].path)), table[i].letter, "%s",
                     table[i].path);
    }
}

Test(drives, native_paths)
{
    static const struct {
        const char *path, *base, *native; /* native: below the scratch folder */
    } table[] = {
        {"C:", NULL, "c"},
        {"C:\\", NULL, "c"},
        {"c:/users/ANN", NULL, "c/Users/Ann"},
        {"C:\\USERS\\ann\\documents\\letter.txt", NULL,
         "c/Users/Ann/Documents/Letter.TXT"},
        {"C:\\Users\\New\\Folder", NULL, "c/Users/New/Folder"},
        {"C:\\users\\.\\ann\\\\..\\Ann\\", NULL, "c/Users/Ann"},
        {"C:\\Users\\\xC3\xA4RGER", NULL, "c/Users/\xC3\x84rger"},
        {"C:\\both\\name", NULL, "c/both/name"}, /* the exact one of two */
        {"C:\\both\\Name", NULL, "c/both/Name"},
        {"ann\\documents", "C:\\users", "c/Users/Ann/Documents"},
        {"..\\users", "C:\\both", "c/Users"},
        {"\\\\?\\C:\\users", NULL, "c/Users"},
        {"D:\\x", NULL, "d/x"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *out = NULL, *wanted = ts_path_join(scratch, table[i].native);
        answers(TS_OK, ts_path_native(&out, table[i].path, table[i].base, &err));
        cr_expect_str_eq(out, wanted);
        ts_free(out);
        ts_free(wanted);
    }
}

Test(drives, native_paths_without_letters)
{
    char *out = NULL;

    cr_assert_eq(chdir(scratch), 0);
    answers(TS_OK, ts_path_native(&out, "/etc/x", NULL, &err));
    cr_assert_str_eq(out, "/etc/x");
    answers(TS_OK, ts_path_native(&out, "outside/secret", NULL, &err));
    cr_assert_str_eq(out, scratch_path("outside/secret"));
    answers(TS_OK, ts_path_native(&out, "b", "/a", &err));
    cr_assert_str_eq(out, "/a/b");
    /* written on Windows, or a name with a backslash in it if that exists */
    answers(TS_OK, ts_path_native(&out, "outside\\secret", NULL, &err));
    cr_assert_str_eq(out, scratch_path("outside/secret"));
    put("odd\\name", "");
    answers(TS_OK, ts_path_native(&out, "odd\\name", NULL, &err));
    cr_assert_str_eq(out, scratch_path("odd\\name"));
    /* below a drive's folder the rules of drives hold, however it was named */
    answers(TS_OK, ts_path_native(&out, "USERS", scratch_path("c"), &err));
    cr_assert_str_eq(out, scratch_path("c/Users"));
}

Test(drives, bad_paths_are_explained)
{
    static const struct {
        const char *path, *part; /* of the message */
    } table[] = {
        {"E:\\x", "--drive E="},
        {"e:\\x", "--drive E="},
        {"C:\\..", "above the root of drive C:"},
        {"C:\\Users\\..\\..\\x", "above the root of drive C:"},
        {"\\Users", "drive letter is missing"},
        {"\\\\server\\share", "network paths"},
        {"", "empty"},
        {"C:\\twice\\Ab\\x", "\"AB\""},
        {"C:\\twice\\aB", "\"ab\""},
    };
    char *out = NULL;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        answers(TS_EINPUT, ts_path_native(&out, table[i].path, NULL, &err));
        cr_expect(strstr(err.text, table[i].part), "%s", err.text);
        cr_expect_null(out);
    }
}

Test(drives, shown_paths)
{
    cr_assert_str_eq(ts_path_display(scratch_path("c/Users/Ann")), "C:\\Users\\Ann");
    cr_assert_str_eq(ts_path_display(scratch_path("c")), "C:\\");
    cr_assert_str_eq(ts_path_display(scratch_path("cc/x")), scratch_path("cc/x"));
    cr_assert_str_eq(ts_path_display("/etc"), "/etc");
}

Test(drives, folders_are_opened_and_made)
{
    struct ts_dir *d = NULL;
    struct ts_stat st;

    answers(TS_OK, ts_path_open_dir(&d, "c:\\USERS\\ann\\DOCUMENTS", false, &err));
    answers(TS_OK, ts_stat_at(d, "Letter.TXT", &st, &err));
    ts_dir_close(d);
    answers(TS_ENOTFOUND, ts_path_open_dir(&d, "C:\\users\\bob\\x", false, &err));
    cr_assert(strstr(err.text, "C:\\users\\bob"), "%s", err.text);
    answers(TS_OK, ts_path_open_dir(&d, "C:\\users\\Bob\\x", true, &err));
    ts_dir_close(d);
    cr_assert(exists("c/Users/Bob/x"));
    answers(TS_EINPUT, ts_path_open_dir(&d, "C:\\twice\\Ab", true, &err));
    cr_assert(strstr(err.text, "C:\\twice"), "%s", err.text);
    answers(TS_ENOTFOUND,
            ts_path_open_dir(&d, "C:\\users\\ann\\documents\\letter.txt", false, &err));
    answers(TS_OK, ts_path_open_dir(&d, "C:", false, &err));
    ts_dir_close(d);
}

Test(drives, links_below_a_drive_are_never_followed)
{
    struct ts_dir *d = NULL;
    char *name = NULL;

    answers(TS_ELINK, ts_path_open_dir(&d, "C:\\link", false, &err));
    cr_assert(strstr(err.text, "C:\\link"), "%s", err.text);
    answers(TS_ELINK, ts_path_open_dir(&d, "C:\\LINK\\x", true, &err));
    answers(TS_ELINK, ts_path_open_parent(&d, &name, "C:\\link\\secret", true, &err));
    cr_assert_null(name);
    cr_assert_not(exists("outside/x"));
    /* the link itself can be named */
    answers(TS_OK, ts_path_open_parent(&d, &name, "C:\\users\\FILE-LINK", false, &err));
    cr_assert_str_eq(name, "file-link");
    struct ts_file *f;
    answers(TS_ELINK, ts_file_open_at(&f, d, name, TS_O_READ, 0, &err));
    ts_dir_close(d);
}

Test(drives, parents_are_opened)
{
    struct ts_dir *d = NULL;
    char *name = NULL;
    struct ts_stat st;

    answers(TS_OK, ts_path_open_parent(&d, &name, "C:\\users\\ann\\documents\\LETTER.txt",
                                       false, &err));
    cr_assert_str_eq(name, "Letter.TXT");
    answers(TS_OK, ts_stat_at(d, name, &st, &err));
    ts_dir_close(d);
    answers(TS_OK, ts_path_open_parent(&d, &name, "C:\\users\\New.txt", false, &err));
    cr_assert_str_eq(name, "New.txt");
    ts_dir_close(d);
    answers(TS_OK, ts_path_open_parent(&d, &name, "D:\\a\\b\\c", true, &err));
    ts_dir_close(d);
    cr_assert(exists("d/a/b"));
    cr_assert_not(exists("d/a/b/c"));
    answers(TS_EINPUT, ts_path_open_parent(&d, &name, "C:\\", false, &err));
    answers(TS_EINPUT, ts_path_open_parent(&d, &name, "C:\\users\\..", false, &err));
    answers(TS_EINPUT, ts_path_open_parent(&d, &name, "/", false, &err));
    answers(TS_EINPUT, ts_path_open_parent(&d, &name, "/tmp/..", false, &err));
    answers(TS_OK,
            ts_path_open_parent(&d, &name, scratch_path("outside/secret/"), false, &err));
    cr_assert_str_eq(name, "secret");
    ts_dir_close(d);
    cr_assert_eq(chdir(scratch_path("outside")), 0);
    answers(TS_OK, ts_path_open_parent(&d, &name, "secret", false, &err));
    answers(TS_OK, ts_stat_at(d, name, &st, &err));
    ts_dir_close(d);
}

Test(drives, native_paths_follow_only_links_of_root_and_ours)
{
    struct ts_dir *d = NULL;
    struct ts_stat st;

    cr_assert_eq(symlink("outside", scratch_path("ours")), 0);
    cr_assert_eq(symlink(scratch_path("ours"), scratch_path("twice")), 0);
    cr_assert_eq(symlink("loop", scratch_path("loop")), 0);
    answers(TS_OK, ts_path_open_dir(&d, scratch_path("twice/../twice/."), false, &err));
    answers(TS_OK, ts_stat_at(d, "secret", &st, &err));
    ts_dir_close(d);
    answers(TS_ELINK, ts_path_open_dir(&d, scratch_path("loop"), false, &err));
    answers(TS_OK, ts_path_open_dir(&d, scratch_path("ours/made/x"), true, &err));
    ts_dir_close(d);
    cr_assert(exists("outside/made/x"));
    if (geteuid() != 0) {
        cr_skip_test("needs another user's link");
    }
    cr_assert_eq(symlink("outside", scratch_path("theirs")), 0);
    cr_assert_eq(lchown(scratch_path("theirs"), 12345, 12345), 0);
    answers(TS_ELINK, ts_path_open_dir(&d, scratch_path("theirs"), false, &err));
    cr_assert(strstr(err.text, scratch_path("theirs")), "%s", err.text);
    char *name;
    answers(TS_ELINK,
            ts_path_open_parent(&d, &name, scratch_path("theirs/x"), true, &err));
    answers(TS_ELINK, ts_path_open_dir(&d, scratch_path("ours/../theirs"), false, &err));
}

Test(drives, names_are_found_without_regard_to_case)
{
    struct ts_dir *d;
    char *real;
    bool found;

    answers(TS_OK, ts_path_open_dir(&d, "C:\\both", false, &err));
    answers(TS_OK, ts_name_find(d, "Name", &real, &found, &err));
    cr_assert(found);
    cr_assert_str_eq(real, "Name");
    answers(TS_EINPUT, ts_name_find(d, "NAME", &real, &found, &err));
    cr_assert_null(real);
    answers(TS_OK, ts_name_find(d, "other", &real, &found, &err));
    cr_assert_not(found);
    cr_assert_null(real);
    answers(TS_EINPUT, ts_name_find(d, "..", &real, &found, &err));
    ts_dir_close(d);
}
