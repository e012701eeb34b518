#include "platform/fs.h"

#include "base/mem.h"
#include "scratch.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(path, .init = scratch_make, .fini = scratch_remove);

static struct ts_err err;

Test(path, replaces_a_file_and_leaves_no_other)
{
    struct ts_stat st;

    answers(TS_OK, ts_file_replace(scratch_path("f"), "one", 3, 0640, &err));
    cr_assert_str_eq(get("f"), "one");
    answers(TS_OK, ts_file_replace(scratch_path("f"), "", 0, 0600, &err));
    cr_assert_str_eq(get("f"), "");
    put("f.new", "left by a crash, longer than what comes now");
    answers(TS_OK, ts_file_replace(scratch_path("f"), "three", 5, 0640, &err));
    cr_assert_str_eq(get("f"), "three");
    answers(TS_OK, ts_fs_stat(scratch_path("f"), &st, &err));
    cr_assert_eq(st.mode, 0640);
    cr_assert_not(exists("f.new"));
    answers(TS_ENOTFOUND, ts_file_replace(scratch_path("none/f"), "x", 1, 0600, &err));
    put_dir("d/inside");
    cr_assert_neq(ts_file_replace(scratch_path("d"), "x", 1, 0600, &err), TS_OK);
    cr_assert_not(exists("d.new"));
}

Test(path, many_writers_never_mix, .timeout = 30)
{
    char text[2][3000];

    for (int i = 0; i < 2; i++) {
        memset(text[i], 'a' + i, sizeof text[i]);
    }
    char *path = scratch_path("f");
    pid_t writers[2];
    for (int i = 0; i < 2; i++) {
        writers[i] = fork();
        if (writers[i] == 0) {
            for (int n = 0; n < 100; n++) {
                if (ts_file_replace(path, text[i], sizeof text[i], 0600, NULL) != TS_OK) {
                    _exit(1);
                }
            }
            _exit(0);
        }
    }
    int status, failed = 0;
    for (int ended = 0; ended < 2;) {
        struct ts_buf now = {0};
        if (ts_file_read(path, 10000, &now, NULL) == TS_OK) {
            cr_assert_eq(now.n, sizeof text[0]);
            cr_assert(memcmp(now.p, text[now.p[0] - 'a'], now.n) == 0);
        }
        ts_buf_free(&now);
        if (waitpid(-1, &status, WNOHANG) > 0) {
            ended++;
            failed += status != 0;
        }
    }
    cr_assert_eq(failed, 0);
}

Test(path, reading_is_bounded)
{
    struct ts_buf out = {0};

    put("f", "12345");
    answers(TS_OK, ts_file_read(scratch_path("f"), 5, &out, &err));
    answers(TS_ELIMIT, ts_file_read(scratch_path("f"), 4, &out, &err));
    answers(TS_ENOTFOUND, ts_file_read(scratch_path("none"), 4, &out, &err));
    answers(TS_OK, ts_file_read("/proc/self/status", 1 << 20, &out, &err));
    cr_assert_gt(out.n, 100); /* a file that says it has 0 bytes */
    ts_buf_free(&out);
}

Test(path, makes_folders_on_the_way)
{
    struct ts_stat st;

    answers(TS_OK, ts_fs_mkdirs(scratch_path("a/b//c/"), 0700, &err));
    answers(TS_OK, ts_fs_mkdirs(scratch_path("a/b/c"), 0700, &err));
    answers(TS_OK, ts_fs_stat(scratch_path("a/b/c"), &st, &err));
    cr_assert_eq(st.type, TS_F_DIR);
    cr_assert_eq(st.mode, 0700);
    put("file", "");
    answers(TS_ENOTFOUND, ts_fs_mkdirs(scratch_path("file/x"), 0700, &err));
    answers(TS_ENOTFOUND, ts_fs_mkdirs(scratch_path("file"), 0700, &err));
}

Test(path, does_not_follow_a_last_link)
{
    struct ts_stat st;

    put("f", "x");
    cr_assert_eq(symlink("f", scratch_path("l")), 0);
    cr_assert_eq(symlink("none", scratch_path("dangling")), 0);
    answers(TS_OK, ts_fs_stat(scratch_path("l"), &st, &err));
    cr_assert_eq(st.type, TS_F_LINK);
    cr_assert(ts_fs_exists(scratch_path("dangling")));
    answers(TS_OK, ts_fs_unlink(scratch_path("l"), &err));
    cr_assert_str_eq(get("f"), "x");
}

Test(path, removes_trees_but_nothing_behind_links)
{
    put("keep/file", "x");
    put("tree/a/b/file", "");
    put("tree/a/file", "");
    put("tree/line\nbreak", "");
    cr_assert_eq(symlink("../keep", scratch_path("tree/link")), 0);
    cr_assert_eq(symlink("../../keep/file", scratch_path("tree/a/link")), 0);
    cr_assert_eq(chmod(scratch_path("tree/a/b"), 0), 0);
    if (geteuid() != 0) {
        chmod(scratch_path("tree/a/b"), 0700);
    }
    answers(TS_OK, ts_fs_remove_tree(scratch_path("tree"), &err));
    cr_assert_not(exists("tree"));
    cr_assert_str_eq(get("keep/file"), "x");
    answers(TS_OK, ts_fs_remove_tree(scratch_path("tree"), &err));
    answers(TS_OK, ts_fs_remove_tree(scratch_path("tree/below"), &err));

    cr_assert_eq(symlink("keep", scratch_path("link")), 0);
    answers(TS_OK, ts_fs_remove_tree(scratch_path("link"), &err));
    cr_assert_str_eq(get("keep/file"), "x");
    answers(TS_OK, ts_fs_remove_tree(scratch_path("keep/file"), &err));
    cr_assert_not(exists("keep/file"));
}

Test(path, removes_wide_and_deep_trees, .timeout = 60)
{
    struct ts_dir *d, *next;
    char name[300];

    /* Deeper than the files a process may open, longer than any path. */
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){200, 200});
    put_dir("deep");
    answers(TS_OK, ts_dir_open_at(&d, here, "deep", &err));
    for (int i = 0; i < 1500; i++) {
        answers(TS_OK, ts_mkdir_at(d, "before", 0755, &err));
        answers(TS_OK, ts_mkdir_at(d, "next", 0755, &err));
        answers(TS_OK, ts_mkdir_at(d, "after", 0755, &err));
        answers(TS_OK, ts_dir_open_at(&next, d, "next", &err));
        ts_dir_close(d);
        d = next;
    }
    ts_dir_close(d);
    answers(TS_OK, ts_fs_remove_tree(scratch_path("deep"), &err));
    cr_assert_not(exists("deep"));

    put_dir("wide");
    answers(TS_OK, ts_dir_open_at(&d, here, "wide", &err));
    for (int i = 0; i < 3000; i++) {
        memset(name, 'w', 200);
        snprintf(name + 200, 100, "%d", i);
        answers(TS_OK, ts_mkdir_at(d, name, 0755, &err));
    }
    ts_dir_close(d);
    answers(TS_OK, ts_fs_remove_tree(scratch_path("wide"), &err));
    cr_assert_not(exists("wide"));
}

Test(path, names)
{
    cr_assert_str_eq(ts_path_join("/a", "b"), "/a/b");
    cr_assert_str_eq(ts_path_join("/a/", "b"), "/a/b");
    cr_assert_str_eq(ts_path_join("", "b"), "b");
    cr_assert(ts_path_is_absolute("/a"));
    cr_assert_not(ts_path_is_absolute("a"));
    cr_assert_eq(chdir(scratch), 0);
    cr_assert_str_eq(ts_fs_cwd(), scratch);
    cr_assert(ts_path_is_absolute(ts_fs_self()) && ts_fs_exists(ts_fs_self()));
    cr_assert(ts_path_is_absolute(ts_fs_temp_dir()));
    char *real = NULL;
    put_dir("d");
    cr_assert_eq(symlink("d", scratch_path("l")), 0);
    answers(TS_OK, ts_fs_real("l/../l/.", &real, &err));
    cr_assert_str_eq(real, scratch_path("d"));
    answers(TS_ENOTFOUND, ts_fs_real("none", &real, &err));
}

Test(path, renames_durably)
{
    put("a/f", "x");
    put_dir("b");
    answers(TS_OK, ts_fs_rename(scratch_path("a/f"), scratch_path("b/g"), &err));
    cr_assert_str_eq(get("b/g"), "x");
    answers(TS_ENOTFOUND, ts_fs_rename(scratch_path("a/f"), scratch_path("b/g"), &err));
}

static size_t open_files(void)
{
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");

    while (readdir(d)) {
        n++;
    }
    closedir(d);
    return n;
}

Test(path, failures_leave_no_file_open)
{
    struct ts_dir *d;
    struct ts_buf b = {0};

    put("f", "x");
    put_dir("tree/x/y");
    size_t before = open_files();
    for (int i = 0; i < 10; i++) {
        ts_file_read(scratch_path("none"), 1, &b, &err) == TS_OK ? abort() : (void)0;
        cr_assert_neq(ts_dir_open_at(&d, here, "f/x", &err), TS_OK);
        cr_assert_neq(ts_copy_at(here, "f", here, "f", NULL, NULL, &err), TS_OK);
        cr_assert_neq(ts_file_replace(scratch_path("tree"), "x", 1, 0600, &err), TS_OK);
        answers(TS_OK, ts_fs_mkdirs(scratch_path("t2/x/y"), 0700, &err));
        answers(TS_OK, ts_fs_remove_tree(scratch_path("t2"), &err));
    }
    cr_assert_eq(open_files(), before);
}
