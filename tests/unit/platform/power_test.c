#include "platform/power.h"

#include "base/mem.h"
#include "platform/fs.h"
#include "platform/lock.h"
#include "platform/proc.h"
#include "scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(power, .init = scratch_make, .fini = scratch_remove, .timeout = 20);

static struct ts_err err;

/* Make folders 0, 1, 2 ... in a process that loses power; how many were there? */
static int make_until_cut(uint64_t cut_at, int most, int *status)
{
    char *counter = scratch_path("counter");
    char name[16];
    pid_t pid = fork();

    if (pid == 0) {
        ts_power_arm(counter, cut_at);
        for (int i = 0; i < most; i++) {
            snprintf(name, sizeof name, "%d", i);
            if (ts_mkdir_at(here, name, 0755, NULL) == TS_EEXIST) {
                continue;
            }
        }
        _exit(0);
    }
    waitpid(pid, status, 0);
    int n = 0;
    for (snprintf(name, sizeof name, "%d", n); exists(name);
         snprintf(name, sizeof name, "%d", n)) {
        n++;
    }
    return n;
}

Test(power, is_cut_before_the_change)
{
    int status;

    cr_assert_eq(make_until_cut(3, 10, &status), 2);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

Test(power, counts_over_all_processes)
{
    int status;

    cr_assert_eq(make_until_cut(5, 3, &status), 3);
    cr_assert(WIFEXITED(status));
    /* the next process goes on at the fourth point */
    cr_assert_eq(make_until_cut(5, 10, &status), 3);
    cr_assert(WIFSIGNALED(status));
    cr_assert_eq(make_until_cut(0, 10, &status), 10); /* 0 only counts */
    cr_assert(WIFEXITED(status));
    ts_power_arm(scratch_path("counter"), 0);
    cr_assert_eq(ts_power_count(), 15);
}

Test(power, every_change_is_a_point)
{
    struct ts_stat st = {.mode = 0600};
    struct ts_file *f;
    struct ts_buf buf = {0};
    struct ts_dir *d;
    uint64_t n = 0;

    put("file", "x");
    put_dir("folder");
    ts_power_arm(scratch_path("counter"), 0);
    cr_assert_eq(ts_power_count(), 0);

#define is_a_point(call, points)                                                         \
    do {                                                                                 \
        answers(TS_OK, call);                                                            \
        n += (points);                                                                   \
        cr_expect_eq(ts_power_count(), n, "%s: %d", #call, (int)(ts_power_count() - n)); \
        n = ts_power_count();                                                            \
    } while (0)

    is_a_point(ts_mkdir_at(here, "d", 0755, &err), 1);
    is_a_point(ts_link_at(here, "file", here, "l", &err), 1);
    is_a_point(ts_rename_at(here, "l", here, "m", false, &err), 1);
    is_a_point(ts_unlink_at(here, "m", &err), 1);
    is_a_point(ts_rmdir_at(here, "d", &err), 1);
    is_a_point(ts_symlink_at(here, "s", "x", &err), 1);
    is_a_point(ts_set_meta_at(here, "file", &st, TS_META_MODE, &err), 1);
    is_a_point(ts_set_extra_at(here, "file", TS_S(""), &err), 1);
    is_a_point(ts_copy_at(here, "file", here, "copy", NULL, NULL, &err), 1);
    is_a_point(ts_file_open_at(&f, here, "new", TS_O_CREATE, 0600, &err), 1);
    is_a_point(ts_file_write(f, "x", 1, &err), 1);
    is_a_point(ts_file_truncate(f, 0, &err), 1);
    is_a_point(ts_file_sync(f, &err), 0);
    ts_file_close(f);
    is_a_point(ts_file_open(&f, scratch_path("file"), TS_O_READ, 0, &err), 0);
    ts_file_close(f);
    is_a_point(ts_file_replace(scratch_path("file"), "y", 1, 0600, &err), 2);
    is_a_point(ts_fs_rename(scratch_path("file"), scratch_path("file2"), &err), 1);
    is_a_point(ts_fs_unlink(scratch_path("file2"), &err), 1);
    is_a_point(ts_fs_mkdirs(scratch_path("folder/x"), 0700, &err), 1);
    is_a_point(ts_fs_remove_tree(scratch_path("folder"), &err), 2);
    is_a_point(ts_stat_at(here, "copy", &st, &err), 0);
    is_a_point(ts_dir_open_at(&d, here, "none", &err) == TS_ENOTFOUND ? TS_OK : TS_EIO,
               0);
    is_a_point(ts_get_extra_at(here, "copy", &buf, &err), 0);
}

Test(power, a_file_is_old_or_new_wherever_it_is_cut)
{
    for (uint64_t cut = 1; cut <= 3; cut++) {
        int status;
        char *counter = scratch_path("counter-%d", (int)cut);
        put("f", "old");
        pid_t pid = fork();
        if (pid == 0) {
            ts_power_arm(counter, cut);
            _exit(ts_file_replace(scratch_path("f"), "new", 3, 0600, NULL) == TS_OK ? 0
                                                                                    : 1);
        }
        waitpid(pid, &status, 0);
        cr_expect_str_eq(get("f"), cut <= 2 ? "old" : "new");
        cr_expect_eq(WIFSIGNALED(status), cut <= 2);
        /* what the cut left behind is in nobody's way */
        answers(TS_OK, ts_file_replace(scratch_path("f"), "next", 4, 0600, &err));
        cr_expect_str_eq(get("f"), "next");
        cr_expect_not(exists("f.new"));
    }
}

Test(power, pending_deletions_are_done_in_order)
{
    char *pending = scratch_path("state/pending");
    size_t done, left;

    put("dir/file", "");
    put("line\nbreak", "");
    put("\xFF\xFE", "");
    put("full/x", "");
    put_dir("state");
    put("target", "kept");
    cr_assert_eq(symlink("target", scratch_path("link")), 0);
    answers(TS_EUNSUPPORTED, ts_power_delete_at_restart(scratch_path("dir"), &err));
    answers(TS_OK, ts_power_run_pending(pending, &done, &left, &err)); /* none yet */
    cr_assert_eq(done + left, 0);

    ts_power_pending_file(pending);
    char *both[] = {ts_strdup(scratch_path("dir/file")), ts_strdup(scratch_path("dir"))};
    answers(TS_OK, ts_power_delete_list_at_restart((const char *const *)both, 2, &err));
    ts_free(both[0]);
    ts_free(both[1]);
    answers(TS_OK, ts_power_delete_at_restart(scratch_path("line\nbreak"), &err));
    answers(TS_OK, ts_power_delete_at_restart(scratch_path("\xFF\xFE"), &err));
    answers(TS_OK, ts_power_delete_at_restart(scratch_path("full"), &err));
    answers(TS_OK, ts_power_delete_at_restart(scratch_path("gone"), &err));
    answers(TS_OK, ts_power_delete_at_restart(scratch_path("link"), &err));
    cr_assert(exists("dir/file"));
    answers(TS_OK, ts_power_run_pending(pending, &done, &left, &err));
    cr_assert_eq(done, 6);
    cr_assert_eq(left, 1); /* "full" is not empty */
    cr_assert_not(exists("dir") || exists("line\nbreak") || exists("\xFF\xFE"));
    cr_assert_not(exists("link"));
    cr_assert(exists("full/x"));
    cr_assert_str_eq(get("target"), "kept");
    cr_assert_not(exists("state/pending"));
}

Test(power, torn_pending_entry_is_not_done_and_not_in_the_way)
{
    char *pending = scratch_path("pending");
    size_t done, left;

    put("a", "");
    put("ab", "");
    put("b", "");
    ts_power_pending_file(pending);
    answers(TS_OK, ts_power_delete_at_restart(scratch_path("b"), &err));
    struct ts_file *f;
    answers(TS_OK, ts_file_open(&f, pending, TS_O_APPEND, 0, &err));
    char *torn = scratch_path("a"); /* of ".../ab" */
    answers(TS_OK, ts_file_write(f, torn, strlen(torn), &err));
    ts_file_close(f);
    answers(TS_OK, ts_power_delete_at_restart(scratch_path("ab"), &err));
    answers(TS_OK, ts_power_run_pending(pending, &done, &left, &err));
    cr_assert_eq(done, 2);
    cr_assert(exists("a"));
    cr_assert_not(exists("ab") || exists("b"));
}

Test(power, pending_deletion_never_goes_through_a_users_link)
{
    char *pending = scratch_path("pending");
    size_t done, left;

    if (geteuid() != 0) {
        cr_skip_test("needs another user's link");
    }
    put("victim/file", "");
    put("home/dir/file", "");
    ts_power_pending_file(pending);
    answers(TS_OK, ts_power_delete_at_restart(scratch_path("home/dir/file"), &err));
    answers(TS_OK, ts_fs_remove_tree(scratch_path("home/dir"), &err));
    cr_assert_eq(symlink("../victim", scratch_path("home/dir")), 0);
    cr_assert_eq(lchown(scratch_path("home/dir"), 12345, 12345), 0);
    answers(TS_OK, ts_power_run_pending(pending, &done, &left, &err));
    cr_assert_eq(left, 1);
    cr_assert(exists("victim/file"));
}

Test(power, held_files_are_busy)
{
    struct ts_dir *d;

    put("d/held/below", "");
    put("d/held-not", "");
    put("d/other", "");
    answers(TS_OK, ts_dir_open_at(&d, here, "d", &err));
    ts_power_hold(scratch_path("d/held"));
    cr_assert(ts_power_is_held(scratch_path("d/held")));
    cr_assert(ts_power_is_held(scratch_path("d/held/below")));
    cr_assert_not(ts_power_is_held(scratch_path("d/held-not")));
    cr_assert_not(ts_power_is_held(scratch_path("d")));

    struct ts_dir *held;
    answers(TS_OK, ts_dir_open_at(&held, d, "held", &err));
    answers(TS_EBUSY, ts_unlink_at(held, "below", &err));
    answers(TS_EBUSY, ts_rmdir_at(d, "held", &err));
    answers(TS_EBUSY, ts_rename_at(d, "held", d, "moved", true, &err));
    answers(TS_EBUSY, ts_rename_at(d, "other", held, "below", true, &err));
    answers(TS_EBUSY, ts_fs_unlink(scratch_path("d/held/below"), &err));
    answers(TS_EBUSY, ts_fs_rename(scratch_path("d/held"), scratch_path("x"), &err));
    answers(TS_EBUSY, ts_fs_remove_tree(scratch_path("d/held"), &err));
    cr_assert(exists("d/held/below"));
    answers(TS_OK, ts_unlink_at(d, "held-not", &err));
    answers(TS_OK, ts_unlink_at(d, "other", &err));
    ts_dir_close(held);
    ts_dir_close(d);

    /* a restart ends every program, and what they held with them */
    char *pending = scratch_path("pending");
    size_t done, left;
    ts_power_pending_file(pending);
    answers(TS_OK, ts_power_delete_at_restart(scratch_path("d/held/below"), &err));
    answers(TS_OK, ts_power_run_pending(pending, &done, &left, &err));
    cr_assert_eq(done, 1);
    cr_assert_not(exists("d/held/below"));
    /* past our functions, for which it is still held */
    cr_assert_eq(rmdir(scratch_path("d/held")), 0);
}

Test(lock, is_held_by_one_process, .init = scratch_make, .fini = scratch_remove)
{
    struct ts_lock *l = NULL, *second = NULL;
    int ready[2], status;
    char c;

    answers(TS_OK, ts_lock_take(&l, scratch_path("lock"), &err));
    answers(TS_ELOCKED, ts_lock_take(&second, scratch_path("lock"), &err));
    cr_assert_null(second);
    ts_lock_release(l);
    cr_assert(exists("lock"));

    cr_assert_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (ts_lock_take(&l, scratch_path("lock"), NULL) == TS_OK) {
            status = (int)write(ready[1], "x", 1);
        }
        pause();
    }
    cr_assert_eq(read(ready[0], &c, 1), 1);
    answers(TS_ELOCKED, ts_lock_take(&second, scratch_path("lock"), &err));
    cr_expect(ts_lock_held(scratch_path("lock")));
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    cr_expect_not(ts_lock_held(scratch_path("lock")));
    cr_expect_not(ts_lock_held(scratch_path("none")));
    cr_expect_not(exists("none"));
    answers(TS_OK, ts_lock_take(&second, scratch_path("lock"), &err));
    ts_lock_release(second);
    ts_lock_release(NULL);
    answers(TS_ENOTFOUND, ts_lock_take(&l, scratch_path("none/lock"), &err));
    cr_assert_eq(symlink("lock", scratch_path("link")), 0);
    answers(TS_ELINK, ts_lock_take(&l, scratch_path("link"), &err));
}

Test(lock, who_looks_is_not_in_the_way, .init = scratch_make, .fini = scratch_remove)
{
    struct ts_lock *l = NULL;
    int status, taken = 0;

    answers(TS_OK, ts_lock_take(&l, scratch_path("lock"), &err));
    ts_lock_release(l);
    pid_t pid = fork();
    if (pid == 0) {
        for (;;) {
            ts_lock_held(scratch_path("lock"));
        }
    }
    for (int i = 0; i < 2000; i++) {
        if (ts_lock_take(&l, scratch_path("lock"), &err) == TS_OK) {
            ts_lock_release(l);
            taken++;
        }
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    cr_assert_eq(taken, 2000, "%d: %s", taken, err.text);
}

Test(lock, who_looks_for_ever_is_told_of, .init = scratch_make, .fini = scratch_remove,
     .timeout = 30)
{
    struct ts_lock *l = NULL;

    answers(TS_OK, ts_lock_take(&l, scratch_path("lock"), &err));
    ts_lock_release(l);
    int fd = open(scratch_path("lock"), O_RDONLY | O_CLOEXEC);
    cr_assert_eq(flock(fd, LOCK_SH), 0);
    answers(TS_ELOCKED, ts_lock_take(&l, scratch_path("lock"), &err));
    close(fd);
    answers(TS_OK, ts_lock_take(&l, scratch_path("lock"), &err));
    ts_lock_release(l);
}

/* ---- programs we start ---------------------------------------------------------------
 */

/* A process that loses power while a shell works for it; *count: the points so far. */
static void run_watched(const char *script, uint64_t cut_at, int *status, uint64_t *count)
{
    char *counter = scratch_path("counter"), *beneath = scratch;
    pid_t pid = fork();

    if (pid == 0) {
        const char *argv[] = {"sh", "-c", script, NULL};
        struct ts_proc_spec spec = {.argv = argv, .cwd = beneath};
        struct ts_proc_result result = {0};

        ts_power_arm(counter, cut_at);
        if (!ts_power_watch())
            _exit(99);
        _exit(ts_proc_run(&spec, &result, NULL) == TS_OK ? (int)result.code : 98);
    }
    waitpid(pid, status, 0);
    if (count) {
        ts_power_arm(counter, 0);
        *count = ts_power_count();
    }
}

Test(power, effects_of_programs_are_points_too)
{
    uint64_t count = 0;
    int status;

    run_watched(
        "mkdir a; echo text | cat >a/b; (mv a/b a/c); rm a/c; cat /dev/null; exit 7", 0,
        &status, &count);
    if (WEXITSTATUS(status) == 99)
        cr_skip_test("this kernel does not tell of the effects of programs");
    cr_expect_eq(WEXITSTATUS(status), 7);
    /* the start, mkdir, open and write, mv, rm */
    cr_expect_eq(count, 6, "%d", (int)count);
    cr_expect(exists("a"));
    cr_expect_not(exists("a/c"));
}

Test(power, a_program_has_no_effect_after_the_cut)
{
    int status, most = 0;

    for (uint64_t cut = 2; cut < 12; cut++) {
        char name[32];
        int made = 0;

        /* The program lives on: nobody ends it here. */
        run_watched("for i in 1 2 3 4 5 6 7 8 9 10; do mkdir d$i; done; "
                    "setsid sh -c 'mkdir later'; touch end",
                    cut, &status, NULL);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
            cr_skip_test("this kernel does not tell of the effects of programs");
        cr_assert(WIFSIGNALED(status));
        usleep(50000);
        for (int i = 1; i <= 10; i++) {
            snprintf(name, sizeof name, "d%d", i);
            made += exists(name) && rmdir(scratch_path(name)) == 0;
        }
        cr_expect_eq(made, (int)cut - 2, "cut %d: %d", (int)cut, made);
        cr_expect_not(exists("later"));
        cr_expect_not(exists("end"));
        most = made > most ? made : most;
        unlink(scratch_path("counter"));
    }
    cr_expect_eq(most, 9);
}
