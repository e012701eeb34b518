/* The fake disks: what a crash drops, keeps and tears, and what a sync protects. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "calls.h"
#include "fk.h"
#include "platform/clock.h"
#include "platform/fs.h"
#include "platform/lock.h"
#include "platform/power.h"
#include "platform/sysinfo.h"

#define OK(call) cr_assert_eq(call, TS_OK, "%s", err.text)

static struct ts_err err;

static void power_up(void)
{
    fk_power_up();
}

TestSuite(fake_disk, .init = power_up);

static void put(const char *path, const char *text, bool sync)
{
    struct ts_file *f;

    OK(ts_file_open(&f, path, TS_O_CREATE | TS_O_TRUNC, 0644, &err));
    OK(ts_file_write(f, text, strlen(text), &err));
    if (sync) {
        OK(ts_file_sync(f, &err));
    }
    ts_file_close(f);
}

static void sync_folder(const char *path)
{
    struct ts_dir *d;

    OK(ts_dir_open(&d, path, true, &err));
    OK(ts_dir_sync(d, &err));
    ts_dir_close(d);
}

/* Content, or "-" if there is no such file. */
static const char *get(const char *path)
{
    static char text[1 << 16];
    struct ts_buf b = {0};

    if (ts_file_read(path, sizeof text - 1, &b, NULL) != TS_OK) {
        return "-";
    }
    memcpy(text, ts_buf_text(&b), b.n);
    text[b.n] = '\0';
    ts_buf_free(&b);
    return text;
}

/* ---- names ---------------------------------------------------------------------------
 */

Test(fake_disk, a_name_is_durable_when_its_folder_was_synced)
{
    put("/a", "text", true);
    fk_crash(FK_DROP, 0);
    cr_assert_str_eq(get("/a"), "-");
    put("/a", "text", true);
    sync_folder("/");
    fk_crash(FK_DROP, 0);
    cr_assert_str_eq(get("/a"), "text");
}

Test(fake_disk, content_is_durable_when_the_file_was_synced)
{
    put("/a", "text", false);
    sync_folder("/");
    fk_crash(FK_DROP, 0);
    cr_assert_str_eq(get("/a"), "");
}

Test(fake_disk, a_folder_never_synced_takes_all_in_it_along)
{
    OK(ts_fs_mkdirs("/x/y", 0755, &err));
    put("/x/y/a", "text", true);
    sync_folder("/x/y");
    sync_folder("/x");
    fk_crash(FK_DROP, 0);
    cr_assert(!ts_fs_exists("/x/y") || ts_fs_exists("/x"));
    cr_assert_str_eq(get("/x/y/a"), ts_fs_exists("/x") ? "text" : "-");
}

Test(fake_disk, the_volume_is_durable_at_once)
{
    struct ts_dir *d;

    OK(ts_fs_mkdirs("/x/y", 0755, &err));
    put("/x/y/a", "text", false);
    OK(ts_dir_open(&d, "/x", true, &err));
    OK(ts_volume_sync(d, &err));
    ts_dir_close(d);
    cr_assert(fk_all_durable());
    fk_crash(FK_DROP, 0);
    cr_assert_str_eq(get("/x/y/a"), "text");
}

Test(fake_disk, a_rename_within_a_volume_happens_on_both_sides_or_not)
{
    OK(ts_fs_mkdirs("/from", 0755, &err));
    OK(ts_fs_mkdirs("/to", 0755, &err));
    put("/from/a", "text", true);
    fk_shut_down();
    struct fk_snapshot *before = fk_save();
    int here = 0, there = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        fk_restore(before);
        put("/from/other", "", false);
        put("/to/other", "", false);
        cr_assert_eq(fk_renameat2(AT_FDCWD, "/from/a", AT_FDCWD, "/to/a", 0), 0);
        fk_crash(FK_RANDOM, seed);
        bool a = ts_fs_exists("/from/a"), b = ts_fs_exists("/to/a");
        cr_assert(a != b, "seed %d", (int)seed);
        cr_assert(!b || (ts_fs_exists("/from/other") && ts_fs_exists("/to/other")),
                  "not a prefix");
        here += a, there += b;
    }
    cr_assert(here > 5 && there > 5, "%d %d", here, there);
    fk_snapshot_free(before);
}

Test(fake_disk, syncing_one_side_of_a_rename_keeps_it_and_what_came_before)
{
    OK(ts_fs_mkdirs("/from", 0755, &err));
    OK(ts_fs_mkdirs("/to", 0755, &err));
    fk_shut_down();
    put("/from/first", "", false);
    put("/from/a", "text", true);
    put("/to/later", "", false);
    cr_assert_eq(fk_renameat2(AT_FDCWD, "/from/a", AT_FDCWD, "/to/a", 0), 0);
    put("/from/after", "", false);
    sync_folder("/to");
    fk_crash(FK_DROP, 0);
    cr_assert_str_eq(get("/to/a"), "text");
    cr_assert(ts_fs_exists("/to/later") && ts_fs_exists("/from/first"));
    cr_assert(!ts_fs_exists("/from/after") && !ts_fs_exists("/from/a"));
}

Test(fake_disk, a_link_and_an_unlink_elsewhere_may_come_in_any_order)
{
    OK(ts_fs_mkdirs("/from", 0755, &err));
    OK(ts_fs_mkdirs("/to", 0755, &err));
    put("/from/a", "text", true);
    fk_shut_down();
    struct fk_snapshot *before = fk_save();
    bool lost = false;
    for (uint64_t seed = 1; seed <= 50 && !lost; seed++) {
        fk_restore(before);
        cr_assert_eq(fk_linkat(AT_FDCWD, "/from/a", AT_FDCWD, "/to/a", 0), 0);
        cr_assert_eq(fk_unlinkat(AT_FDCWD, "/from/a", 0), 0);
        fk_crash(FK_RANDOM, seed);
        lost = !ts_fs_exists("/from/a") && !ts_fs_exists("/to/a");
    }
    cr_assert(lost, "the folders kept in step without a sync");
    fk_snapshot_free(before);
}

Test(fake_disk, a_deleted_name_comes_back_unless_its_folder_was_synced)
{
    put("/a", "text", true);
    fk_shut_down();
    OK(ts_fs_unlink("/a", &err));
    fk_crash(FK_DROP, 0);
    cr_assert_str_eq(get("/a"), "text");
    OK(ts_fs_unlink("/a", &err));
    sync_folder("/");
    fk_crash(FK_DROP, 0);
    cr_assert_str_eq(get("/a"), "-");
}

Test(fake_disk, links_are_counted_again)
{
    struct ts_stat st;

    put("/a", "text", true);
    fk_shut_down();
    cr_assert_eq(fk_linkat(AT_FDCWD, "/a", AT_FDCWD, "/b", 0), 0);
    OK(ts_fs_stat("/a", &st, &err));
    cr_assert_eq(st.links, 2);
    fk_crash(FK_DROP, 0);
    OK(ts_fs_stat("/a", &st, &err));
    cr_assert_eq(st.links, 1);
    cr_assert(!ts_fs_exists("/b"));
}

/* ---- content -------------------------------------------------------------------------
 */

Test(fake_disk, writes_are_torn_at_sectors)
{
    char old[4096], new[4096];
    int both = 0, size = (int)sizeof old;

    memset(old, 'o', sizeof old);
    memset(new, 'n', sizeof new);
    int fd = fk_openat(AT_FDCWD, "/a", O_RDWR | O_CREAT, 0600);
    cr_assert_eq(fk_pwrite(fd, old, sizeof old, 0), size);
    fk_close(fd);
    fk_shut_down();
    struct fk_snapshot *before = fk_save();
    for (uint64_t seed = 1; seed <= 60; seed++) {
        fk_restore(before);
        fd = fk_openat(AT_FDCWD, "/a", O_RDWR, 0);
        cr_assert_eq(fk_pwrite(fd, new, sizeof new, 0), size);
        fk_close(fd);
        fk_crash(FK_RANDOM, seed);
        const char *now = get("/a");
        cr_assert_eq(strlen(now), sizeof old);
        for (size_t at = 0; at < sizeof old; at += 512) {
            for (size_t i = 1; i < 512; i++) {
                cr_assert_eq(now[at], now[at + i], "torn inside a sector");
            }
        }
        both += strchr(now, 'o') && strchr(now, 'n');
    }
    cr_assert(both > 10, "%d", both);
    fk_snapshot_free(before);
}

Test(fake_disk, a_longer_file_may_come_back_short_or_with_zeros)
{
    char text[2000];
    int shorter = 0, zeros = 0, whole = 0;

    memset(text, 'x', sizeof text);
    put("/a", "", true);
    fk_shut_down();
    struct fk_snapshot *before = fk_save();
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct ts_stat st;
        fk_restore(before);
        int fd = fk_openat(AT_FDCWD, "/a", O_RDWR, 0);
        fk_pwrite(fd, text, sizeof text, 0);
        fk_close(fd);
        fk_crash(FK_RANDOM, seed);
        OK(ts_fs_stat("/a", &st, &err));
        shorter += st.size == 0;
        bool zero = st.size && memchr(get("/a"), '\0', st.size) != NULL;
        zeros += zero;
        whole += st.size == sizeof text && !zero;
    }
    cr_assert(shorter > 5 && zeros > 5 && whole > 5, "%d %d %d", shorter, zeros, whole);
    fk_snapshot_free(before);
}

Test(fake_disk, a_replaced_file_holds_the_old_or_the_new)
{
    int old = 0, new = 0;

    OK(ts_file_replace("/a", "old", 3, 0600, &err));
    fk_shut_down();
    struct fk_snapshot *before = fk_save();
    for (uint64_t cut = 1; cut < 20; cut++) {
        for (uint64_t seed = 1; seed < 20; seed++) {
            fk_restore(before);
            /* as ts_file_replace does it, but cut at a point */
            fk_cut_at(0, 0);
            int fd = fk_openat(AT_FDCWD, "/a.new", O_RDWR | O_CREAT, 0600);
            fk_pwrite(fd, "new", 3, 0);
            if (cut > 2) {
                fk_fsync(fd);
            }
            fk_close(fd);
            if (cut > 3) {
                fk_renameat2(AT_FDCWD, "/a.new", AT_FDCWD, "/a", 0);
            }
            fk_crash(FK_RANDOM, seed);
            const char *now = get("/a");
            old += strcmp(now, "old") == 0;
            new += strcmp(now, "new") == 0;
            cr_assert(!strcmp(now, "old") || !strcmp(now, "new"), "%s", now);
        }
    }
    cr_assert(old && new);
    fk_snapshot_free(before);
}

/* The same without the sync before the rename must show an empty or torn file. */
Test(fake_disk, a_rename_without_a_sync_before_it_shows)
{
    bool seen = false;

    OK(ts_file_replace("/a", "old", 3, 0600, &err));
    fk_shut_down();
    struct fk_snapshot *before = fk_save();
    for (uint64_t seed = 1; seed < 50 && !seen; seed++) {
        fk_restore(before);
        put("/a.new", "new", false);
        fk_renameat2(AT_FDCWD, "/a.new", AT_FDCWD, "/a", 0);
        sync_folder("/");
        fk_crash(FK_RANDOM, seed);
        const char *now = get("/a");
        seen = strcmp(now, "old") != 0 && strcmp(now, "new") != 0;
    }
    cr_assert(seen);
    fk_snapshot_free(before);
}

Test(fake_disk, keeping_all_is_a_killed_process)
{
    put("/a", "text", false);
    fk_crash(FK_KEEP, 0);
    cr_assert_str_eq(get("/a"), "text");
    cr_assert(fk_all_durable());
}

Test(fake_disk, holes_stay_holes)
{
    struct ts_stat st;
    struct ts_dir *d;
    int fd = fk_openat(AT_FDCWD, "/a", O_RDWR | O_CREAT, 0600);

    fk_pwrite(fd, "end", 3, 8 << 20);
    fk_close(fd);
    fk_shut_down();
    OK(ts_dir_open(&d, "/", true, &err));
    OK(ts_copy_at(d, "a", d, "b", NULL, NULL, &err));
    bool same = false;
    OK(ts_same_content_at(d, "a", d, "b", &same, &err));
    cr_assert(same);
    OK(ts_fs_stat("/b", &st, &err));
    cr_assert_eq(st.size, (8 << 20) + 3);
    cr_assert_eq(st.allocated, 4096);
    ts_dir_close(d);
}

/* ---- power, faults, lies -------------------------------------------------------------
 */

static int write_ten(void *ctx)
{
    (void)ctx;
    int fd = fk_openat(AT_FDCWD, "/log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (int i = 0; i < 10; i++) {
        char c = (char)('0' + i);
        if (fk_write(fd, &c, 1) != 1) {
            return errno;
        }
    }
    return 0;
}

Test(fake_disk, power_goes_before_the_call_is_done)
{
    fk_cut_at(4, 0); /* create, then the third write */
    cr_assert_eq(fk_start(write_ten, NULL, 5), FK_CUT);
    cr_assert_eq(fk_points(), 4);
    fk_crash(FK_KEEP, 0);
    cr_assert_str_eq(get("/log"), "01");
    fk_reset();
    fk_cut_at(4, 3); /* the second start: no creation any more */
    cr_assert_eq(fk_start(write_ten, NULL, 5), FK_CUT);
    cr_assert_eq(fk_start(write_ten, NULL, 5), FK_CUT);
    fk_crash(FK_KEEP, 0);
    cr_assert_str_eq(get("/log"), "0101");
    cr_assert_eq(fk_start(write_ten, NULL, 5), 0);
}

Test(fake_disk, the_nth_call_of_a_kind_fails)
{
    fk_fail(FK_WRITE, 3, ENOSPC, false);
    cr_assert_eq(fk_start(write_ten, NULL, 5), ENOSPC);
    cr_assert(fk_failed());
    cr_assert_str_eq(fk_failed_call(), "write log");
    fk_shut_down();
    cr_assert_str_eq(get("/log"), "01");
    fk_fail(FK_CREATE, 1, EACCES, false);
    struct ts_file *f;
    cr_assert_eq(ts_file_open(&f, "/new", TS_O_CREATE, 0600, &err), TS_EACCESS);
    cr_assert(strstr(err.text, "/new"), "%s", err.text);
    OK(ts_file_open(&f, "/new", TS_O_CREATE, 0600, &err)); /* once */
    ts_file_close(f);
}

Test(fake_disk, a_disk_that_lies_loses_what_was_synced)
{
    fk_lie(FK_LIE_FILES);
    put("/a", "text", true);
    sync_folder("/");
    fk_crash(FK_DROP, 0);
    cr_assert_str_eq(get("/a"), "");
    fk_lie(FK_LIE_FOLDERS);
    put("/b", "text", true);
    sync_folder("/");
    fk_crash(FK_DROP, 0);
    cr_assert_str_eq(get("/b"), "-");
}

/* ---- the machine around them ---------------------------------------------------------
 */

Test(fake_disk, volumes_are_apart)
{
    struct ts_stat a, b;
    struct ts_dir *d, *e;
    int second = fk_mount("/mnt/two");

    put("/one", "1", true);
    put("/mnt/two/two", "2", true);
    OK(ts_fs_stat("/one", &a, &err));
    OK(ts_fs_stat("/mnt/two/two", &b, &err));
    cr_assert(a.volume != b.volume);
    OK(ts_dir_open(&d, "/", true, &err));
    OK(ts_dir_open(&e, "/mnt/two", true, &err));
    cr_assert_eq(ts_link_at(d, "one", e, "one", &err), TS_EXDEV);
    cr_assert_eq(ts_rename_at(d, "one", e, "one", true, &err), TS_EXDEV);
    OK(ts_volume_sync(e, &err));
    fk_crash(FK_DROP, 0);
    cr_assert_str_eq(get("/one"), "-");
    cr_assert_str_eq(get("/mnt/two/two"), "2");
    fk_readonly(second, true);
    cr_assert_neq(ts_fs_unlink("/mnt/two/two", &err), TS_OK);
    ts_dir_close(d);
    ts_dir_close(e);
}

Test(fake_disk, metadata_and_attributes_wait_for_a_sync_too)
{
    static const char block[] = "\1\11\0\0\0user.test\3\0\0\0abc";
    struct ts_stat st = {.type = TS_F_FILE,
                         .mode = 0640,
                         .uid = 7,
                         .gid = 8,
                         .mtime_ns = 1000000000,
                         .atime_ns = 5};
    struct ts_buf b = {0};
    struct ts_dir *d;

    put("/a", "text", true);
    fk_shut_down();
    OK(ts_dir_open(&d, "/", true, &err));
    OK(ts_set_extra_at(d, "a", (ts_str){block, sizeof block - 1}, &err));
    OK(ts_set_meta_at(d, "a", &st, TS_META_OWNER | TS_META_MODE | TS_META_TIMES, &err));
    OK(ts_get_extra_at(d, "a", &b, &err));
    cr_assert_eq(b.n, sizeof block - 1);
    cr_assert(memcmp(b.p, block, b.n) == 0);
    struct fk_snapshot *before = fk_save();
    fk_crash(FK_DROP, 0);
    OK(ts_fs_stat("/a", &st, &err));
    cr_assert(st.uid == 0 && st.mode == 0644);
    OK(ts_get_extra_at(d, "a", &b, &err));
    cr_assert_eq(b.n, 0);
    fk_restore(before);
    OK(ts_volume_sync(d, &err));
    fk_crash(FK_DROP, 0);
    OK(ts_fs_stat("/a", &st, &err));
    cr_assert(st.uid == 7 && st.mode == 0640 && st.mtime_ns == 1000000000);
    OK(ts_get_extra_at(d, "a", &b, &err));
    cr_assert_eq(b.n, sizeof block - 1);
}

Test(fake_disk, links_are_not_followed_where_they_must_not)
{
    struct ts_dir *d, *e;
    struct ts_buf b = {0};
    char *real;

    OK(ts_fs_mkdirs("/x/y", 0755, &err));
    OK(ts_dir_open(&d, "/x", true, &err));
    OK(ts_symlink_at(d, "to", "y", &err));
    OK(ts_readlink_at(d, "to", &b, &err));
    cr_assert_str_eq(ts_buf_text(&b), "y");
    cr_assert_eq(ts_dir_open(&e, "/x/to", true, &err), TS_ELINK);
    cr_assert_eq(ts_dir_open_at(&e, d, "to", &err), TS_ELINK);
    OK(ts_dir_open_at(&e, d, "y", &err));
    ts_dir_close(e);
    OK(ts_fs_real("/x/to/../to", &real, &err));
    cr_assert_str_eq(real, "/x/y");
}

Test(fake_disk, what_is_held_cannot_be_removed)
{
    struct ts_dir *d;

    OK(ts_fs_mkdirs("/x", 0755, &err));
    put("/x/a", "text", true);
    ts_power_hold("/x/a");
    OK(ts_dir_open(&d, "/x", true, &err));
    cr_assert_eq(ts_unlink_at(d, "a", &err), TS_EBUSY);
}

Test(fake_disk, trees_of_any_depth_are_removed)
{
    struct ts_dir *d, *e;

    OK(ts_fs_mkdirs("/x", 0755, &err));
    OK(ts_dir_open(&d, "/x", true, &err));
    for (int i = 0; i < 300; i++) {
        OK(ts_mkdir_at(d, "a folder with a long name", 0755, &err));
        OK(ts_dir_open_at(&e, d, "a folder with a long name", &err));
        ts_dir_close(d);
        d = e;
    }
    ts_dir_close(d);
    OK(ts_fs_remove_tree("/x", &err));
    cr_assert(!ts_fs_exists("/x"));
}

Test(fake_disk, time_and_chance_are_the_machines)
{
    char a[33], b[33];

    int64_t now = ts_now_ms();
    ts_sleep_ms(3600000);
    cr_assert(ts_now_ms() - now >= 3600000 && ts_now_ms() - now < 3600100);
    ts_random_id(a);
    fk_reset();
    ts_random_id(b);
    cr_assert_str_eq(a, b);
    cr_assert(ts_is_admin());
    cr_assert_eq(ts_cpu_count(), 2);
}

Test(fake_disk, locks_exclude)
{
    struct ts_lock *a, *b;

    OK(ts_lock_take(&a, "/lock", &err));
    cr_assert_eq(ts_lock_take(&b, "/lock", &err), TS_ELOCKED);
    ts_lock_release(a);
    OK(ts_lock_take(&b, "/lock", &err));
    ts_lock_release(b);
}
