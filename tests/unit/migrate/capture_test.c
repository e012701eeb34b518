#include "lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sched.h>
#include <unistd.h>

#include "platform/drives.h"
#include "platform/power.h"

Test(capture, the_store_is_for_the_administrator_only)
{
    struct lab *l = lab_new();
    struct ts_err err;
    struct stat st;

    lab_small_users(l);
    lab_dir(l, "C/StateStore/USMTFiles", 0755); /* made before, with tools in it */
    lab_file(l, "C/StateStore/USMTFiles/loadstate.exe", "MZ");
    OK(capture(l, NULL, &err));
    char *store = lab_path(l, "C/StateStore"), *part = lab_path(l, "D/StateStore");
    cr_assert(stat(store, &st) == 0);
    cr_expect_eq(st.st_mode & 07777, 0700);
    cr_assert(stat(part, &st) == 0);
    cr_expect_eq(st.st_mode & 07777, 0700);
    cr_expect(lab_has(l, "C/StateStore/catalog.db"));
    cr_expect(!lab_has(l, "C/StateStore/capture.json"));
    cr_expect(lab_has(l, "D/StateStore/part.json"));
    OK(ts_store_remove(STORE, true, lab_env(l), NULL, &err));
    cr_expect(lab_has(l, "C/StateStore/USMTFiles/loadstate.exe"), "not the store's");
    cr_expect(!lab_has(l, "C/StateStore/data"));
    cr_expect(!lab_has(l, "C/StateStore/catalog.db"));
    cr_expect(noted(l, "stays"), "%s", l->notes);
    ts_free(store);
    ts_free(part);
    lab_free(l);
}

Test(capture, a_folder_of_another_user_is_no_place_for_a_store)
{
    struct lab *l = lab_new();
    struct ts_err err;

    if (geteuid() != 0)
        cr_skip("needs root to give a folder away");
    lab_small_users(l);
    lab_dir(l, "C/StateStore", 0755);
    lab_owner(l, "C/StateStore", 1001, 1001);
    cr_expect_eq(capture(l, NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "belongs to another user") != NULL, "%s", err.text);
    lab_remove(l, "C/StateStore");
    lab_link(l, "C/StateStore", "/tmp");
    cr_expect_eq(capture(l, NULL, &err), TS_ELINK, "%s", err.text);
    lab_free(l);
}

Test(capture, sockets_and_pipes_are_counted_not_taken)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);

    lab_small_users(l);
    char *fifo = lab_path(l, "C/Users/Ann/pipe");
    cr_assert(mkfifo(fifo, 0600) == 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s/C/Users/Ann/sock", l->dir);
    cr_assert(bind(s, (struct sockaddr *)&a, sizeof a) == 0);
    OK(capture(l, &t, &err));
    cr_expect_eq(t.special, 2);
    OK(ts_store_verify_source(STORE, lab_env(l), NULL, NULL, &err));
    OK(wipe_c(l, &err));
    cr_expect(!lab_has(l, "C/Users"));
    OK(restore(l, NULL, &err));
    cr_expect(!lab_has(l, "C/Users/Ann/pipe"));
    close(s);
    ts_free(fifo);
    lab_free(l);
}

Test(capture, a_complete_store_is_not_replaced_by_mistake)
{
    struct lab *l = lab_new();
    struct ts_capture c = {.store = STORE, .windows_drive = "C:"};
    struct ts_err err;

    lab_small_users(l);
    OK(capture(l, NULL, &err));
    cr_expect_eq(capture(l, NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "update = true") != NULL, "%s", err.text);
    c.overwrite = true;
    cr_expect_eq(ts_migrate_capture(&c, NULL, NULL, &err), TS_EREFUSED);
    c.force = true;
    OK(ts_migrate_capture(&c, NULL, NULL, &err));
    OK(wipe_c(l, &err));
    cr_expect_eq(ts_migrate_capture(&c, NULL, NULL, &err), TS_EREFUSED,
                 "in wiping its names may be the last");
    cr_expect(strstr(err.text, "only names") != NULL, "%s", err.text);
    OK(restore(l, NULL, &err));
    c.force = false;
    OK(ts_migrate_capture(&c, NULL, NULL, &err));
    cr_expect_eq(state_of_store(), TS_STORE_COMPLETE);
    lab_free(l);
}

Test(capture, what_a_cut_left_is_not_a_store)
{
    struct lab *l = lab_new();
    struct ts_store_info info;
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/StateStore/data/0", 0700);
    lab_file(l, "C/StateStore/catalog.tmp", "SQLite format 3");
    lab_file(l, "C/StateStore/capture.json", "{\"parts\": [\"D:\\\\StateStore\"]}");
    lab_hardlink(l, "C/Users/Ann/NTUSER.DAT", "C/StateStore/data/0/1");
    lab_dir(l, "D/StateStore/data/0", 0700);
    lab_file(l, "D/StateStore/part.json",
             "{\"taskseqStorePart\": 1, \"store\": \"0\", \"main\": \"C:\\\\StateStore\","
             " \"mainVolume\": \"volume-c\"}");
    lab_hardlink(l, "D/Users/Dora/NTUSER.DAT", "D/StateStore/data/0/2");
    OK(ts_store_info(STORE, &info, &err));
    cr_expect_eq(info.state, TS_STORE_CAPTURING);
    cr_expect_eq(wipe_c(l, &err), TS_EREFUSED);
    cr_expect_eq(restore(l, NULL, &err), TS_EREFUSED);
    OK(capture(l, NULL, &err));
    cr_expect_eq(state_of_store(), TS_STORE_COMPLETE);
    cr_expect(lab_has(l, "C/Users/Ann/NTUSER.DAT"));
    cr_expect(noted(l, "cut off before"));
    lab_free(l);
}

/* Deletions that wait for a restart would hit the new store at the same place. */
Test(capture, what_a_cut_left_and_is_in_use_stops_the_next_one)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/StateStore/data/0", 0700);
    lab_file(l, "C/StateStore/catalog.tmp", "SQLite format 3");
    lab_file(l, "C/StateStore/capture.json", "{\"parts\": []}");
    lab_hardlink(l, "C/Users/Ann/NTUSER.DAT", "C/StateStore/data/0/1");
    char *held = lab_path(l, "C/StateStore/data/0/1"), *pending = lab_path(l, "pending");
    ts_power_hold(held);
    ts_power_pending_file(pending);
    cr_expect_eq(capture(l, NULL, &err), TS_EBUSY, "%s", err.text);
    cr_expect(strstr(err.text, "in use by another program; end that") != NULL, "%s",
              err.text);
    cr_expect(!ts_fs_exists(pending), "nothing waits for a restart");
    cr_expect_eq(state_of_store(), TS_STORE_CAPTURING);
    ts_free(held), ts_free(pending);
    lab_free(l);
}

Test(capture, a_part_of_another_store_is_left_alone)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "D/StateStore/data", 0700);
    lab_file(l, "D/StateStore/part.json",
             "{\"taskseqStorePart\": 1, \"store\": \"0\", \"main\": \"E:\\\\StateStore\","
             " \"mainVolume\": \"volume-e\"}");
    cr_expect_eq(capture(l, NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "part of the state store E:") != NULL, "%s", err.text);
    cr_expect(lab_has(l, "D/StateStore/part.json"));
    cr_expect(!lab_has(l, "C/StateStore"));
    lab_free(l);
}

Test(capture, the_store_is_left_out_of_the_walk)
{
    struct lab *l = lab_new();
    struct ts_capture c = {.store = "C:\\Users\\Public\\Store", .windows_drive = "C:"};
    struct ts_mig_totals t;
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/Users/Public", 0755);
    lab_file(l, "C/Users/Public/a", "a");
    OK(ts_migrate_capture(&c, NULL, &t, &err));
    cr_expect_eq(t.files, 5); /* 3 of Ann, 1 of Dora, 1 public */
    OK(ts_store_verify_source(c.store, NULL, NULL, NULL, &err));
    lab_free(l);
}

Test(capture, names_that_differ_only_by_case_are_told)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    lab_file(l, "C/Users/Ann/Documents/ÄRGER.txt", "1");
    lab_file(l, "C/Users/Ann/Documents/ärger.TXT", "2");
    OK(capture(l, NULL, &err));
    cr_expect(noted(l, "differ only by case"), "%s", l->notes);
    OK(wipe_c(l, &err));
    OK(restore(l, NULL, &err));
    cr_expect(lab_has(l, "C/Users/Ann/Documents/ÄRGER.txt"));
    cr_expect(lab_has(l, "C/Users/Ann/Documents/ärger.TXT"));
    lab_free(l);
}

Test(capture, a_planted_hard_link_changes_nothing_elsewhere)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "outside", 0755);
    lab_file(l, "outside/shadow", "root:secret");
    lab_owner(l, "outside/shadow", 0, 42);
    lab_mtime(l, "outside/shadow", 1111111111);
    lab_hardlink(l, "outside/shadow", "C/Users/Ann/mine");
    char *outside = lab_path(l, "outside");
    char *before = snap(outside, SNAP_IDS);
    OK(capture(l, NULL, &err));
    cr_expect(noted(l, "more names"), "%s", l->notes);
    OK(wipe_c(l, &err));
    OK(restore(l, NULL, &err));
    OK(ts_store_remove(STORE, false, NULL, NULL, &err));
    char *after = snap(outside, SNAP_IDS);
    snap_equal(before, after, "the foreign file");
    cr_expect_eq(lab_inode(l, "outside/shadow"), lab_inode(l, "C/Users/Ann/mine"));
    ts_free(before), ts_free(after), ts_free(outside);
    lab_free(l);
}

Test(capture, rules_leave_out_and_stay_in_the_catalogue)
{
    struct lab *l = lab_new();
    struct ts_rules *r = NULL;
    struct ts_capture c = {.store = STORE, .windows_drive = "C:"};
    struct ts_mig_totals t;
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/Users/Ann/Temp/deep", 0755);
    lab_file(l, "C/Users/Ann/Temp/deep/junk", "junk");
    lab_file(l, "C/Users/Ann/mail.ost", "cache");
    OK(ts_rules_parse(&r, TS_S("exclude Temp/\nexclude *.ost\n"), "r", &err));
    c.rules = r;
    OK(ts_migrate_capture(&c, NULL, &t, &err));
    ts_rules_free(r);
    cr_expect_eq(t.skipped, 2);
    /* No rules are given: the catalogue's own say what is new. */
    lab_file(l, "C/Users/Ann/Temp/more", "more junk");
    lab_file(l, "C/Users/Ann/second.OST", "cache");
    OK(ts_store_verify_source(STORE, NULL, NULL, NULL, &err));
    lab_file(l, "C/Users/Ann/new.txt", "new");
    cr_expect_eq(ts_store_verify_source(STORE, NULL, NULL, NULL, &err), TS_EREFUSED);
    c.rules = NULL;
    OK(ts_migrate_update(&c, NULL, &t, &err));
    cr_expect_eq(t.added, 1);
    OK(wipe_c(l, &err));
    OK(restore(l, NULL, &err));
    cr_expect(lab_has(l, "C/Users/Ann/new.txt"));
    cr_expect(!lab_has(l, "C/Users/Ann/Temp"));
    cr_expect(!lab_has(l, "C/Users/Ann/mail.ost"));
    lab_free(l);
}

Test(capture, more_folders_are_captured_too)
{
    struct lab *l = lab_new();
    const char *extra[] = {"C:\\Data", "D:\\Users\\Dora", NULL};
    struct ts_capture c = {.store = STORE, .windows_drive = "C:", .extra = extra};
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/Data/a", 0755);
    lab_file(l, "C/Data/a/b", "b");
    OK(ts_migrate_capture(&c, lab_env(l), NULL, &err));
    cr_expect(noted(l, "captured with D:\\Users\\Dora already"), "%s", l->notes);
    OK(wipe_c(l, &err));
    cr_expect(!lab_has(l, "C/Data"));
    OK(restore(l, NULL, &err));
    cr_expect(lab_has(l, "C/Data/a/b"));
    lab_free(l);
}

Test(capture, a_folder_to_capture_that_is_missing_or_a_link_is_an_error)
{
    struct lab *l = lab_new();
    const char *extra[] = {"C:\\Nowhere", NULL};
    struct ts_capture c = {.store = STORE, .windows_drive = "C:", .extra = extra};
    struct ts_err err;

    lab_small_users(l);
    cr_expect_eq(ts_migrate_capture(&c, NULL, NULL, &err), TS_ENOTFOUND);
    cr_expect(strstr(err.text, "Nowhere") != NULL, "%s", err.text);
    cr_expect(!lab_has(l, "C/StateStore"));
    lab_link(l, "C/Nowhere", "/etc");
    cr_expect_eq(ts_migrate_capture(&c, NULL, NULL, &err), TS_ELINK, "%s", err.text);
    lab_free(l);
}

/* ---- profiles ---------------------------------------------------------------------- */

Test(profiles, are_found_on_every_fixed_drive)
{
    struct lab *l = lab_new();
    struct ts_profile *p = NULL;
    struct ts_buf b = {0};
    struct ts_err err;

    lab_users(l);
    lab_dir(l, "X/Users/Administrator", 0755); /* the RAM drive of WinPE */
    OK(ts_profiles_find(&p, "C:", lab_env(l), &err));
    for (struct ts_profile *i = p; i; i = i->next)
        ts_buf_fmt(&b, "%s=%s%s%s ", i->name, i->path, i->orphan ? "(orphan)" : "",
                   i->is_public ? "(public)" : "");
    cr_expect_str_eq(ts_buf_text(&b),
                     "Ann=C:\\Users\\Ann Bob=C:\\Users\\Bob "
                     "Lost.DOMAIN=C:\\Users\\Lost.DOMAIN(orphan) "
                     "Public=C:\\Users\\Public(public) Dora=D:\\Users\\Dora ");
    ts_profiles_free(p);
    ts_buf_free(&b);
    lab_free(l);
}

Test(profiles, a_users_folder_that_is_a_link_is_an_error)
{
    struct lab *l = lab_new();
    struct ts_profile *p = NULL;
    struct ts_err err;

    lab_small_users(l);
    char *d = lab_path(l, "D/Users"), *c = lab_path(l, "C/Users");
    lab_remove(l, "C/Users");
    cr_assert(symlink(d, c) == 0);
    cr_expect_eq(ts_profiles_find(&p, "C:", NULL, &err), TS_ELINK);
    cr_expect(strstr(err.text, "C:\\Users is a link") != NULL, "%s", err.text);
    cr_expect_null(p);
    cr_expect_eq(capture(l, NULL, &err), TS_ELINK);
    ts_free(c);
    ts_free(d);
    lab_free(l);
}

/* The rest needs mounts of its own. */
static bool own_mounts(void)
{
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

Test(profiles, of_linux_are_the_homes)
{
    struct lab *l = lab_new();
    struct ts_profile *p = NULL;
    struct ts_err err;

    if (!own_mounts())
        cr_skip("needs root and mount namespaces");
    lab_dir(l, "home/ann", 0700);
    lab_dir(l, "home/ghost", 0700);
    lab_owner(l, "home/ann", 0, 0);
    lab_owner(l, "home/ghost", 54321, 54321);
    lab_link(l, "home/moved", "/srv/moved");
    char *home = lab_path(l, "home");
    cr_assert(mount(home, "/home", NULL, MS_BIND, NULL) == 0, "%s", strerror(errno));
    OK(ts_profiles_find(&p, NULL, lab_env(l), &err));
    cr_assert(p && p->next && !p->next->next);
    cr_expect_str_eq(p->path, "/home/ann");
    cr_expect(!p->orphan);
    cr_expect_str_eq(p->next->name, "ghost");
    cr_expect(p->next->orphan);
    cr_expect(strstr(p->next->why, "54321") != NULL, "%s", p->next->why);
    cr_expect(noted(l, "moved"), "%s", l->notes);
    ts_profiles_free(p);
    umount("/home");
    ts_free(home);
    lab_free(l);
}

Test(capture, linux_homes_come_back_where_they_were)
{
    struct lab *l = lab_new();
    struct ts_capture c = {0};
    struct ts_restore r = {0};
    struct ts_mig_totals t;
    struct ts_err err;

    if (!own_mounts())
        cr_skip("needs root and mount namespaces");
    lab_profile(l, "home/ann");
    char *home = lab_path(l, "home"), *ann = lab_path(l, "home/ann");
    char *store = lab_path(l, "store");
    char *before = snap(ann, SNAP_IDS);
    cr_assert(mount(home, "/home", NULL, MS_BIND, NULL) == 0);
    c.store = r.store = store;
    OK(ts_migrate_capture(&c, NULL, &t, &err));
    cr_expect_eq(t.profiles, 1);
    OK(ts_store_verify_source(store, NULL, NULL, NULL, &err));
    lab_remove(l, "home/ann");
    OK(ts_migrate_restore(&r, NULL, &t, &err));
    char *after = snap(ann, SNAP_PLAIN);
    char *plain = ts_strdup(after);
    umount("/home");
    cr_expect(strstr(plain, "/Documents/letter.txt") != NULL);
    cr_expect(before != NULL);
    ts_free(before), ts_free(after), ts_free(plain);
    ts_free(home), ts_free(ann), ts_free(store);
    lab_free(l);
}

/* ---- other volumes ----------------------------------------------------------------- */

Test(capture, what_cannot_be_linked_is_copied_with_everything)
{
    struct lab *l = lab_new();
    struct ts_capture c = {.store = STORE, .windows_drive = "C:", .copy = true};
    struct ts_mig_totals t;
    struct stat st, st2;
    struct ts_err err;

    lab_users(l);
    char *ann = lab_path(l, "C/Users/Ann");
    char *before = snap(ann, 0);
    OK(ts_migrate_capture(&c, lab_env(l), &t, &err));
    cr_expect_eq(t.copies, t.files);
    cr_expect_eq(t.links, 0);
    OK(ts_store_verify_source(STORE, NULL, NULL, NULL, &err));
    OK(wipe_c(l, &err));
    OK(restore(l, &t, &err));
    cr_expect_eq(t.links, 0);
    cr_expect(t.copies > 40 && t.conflicts == 0);
    cr_expect_eq(state_of_store(), TS_STORE_VERIFIED);
    /* A copy is not trusted with set-id bits. */
    char *setuid = lab_path(l, "C/Users/Ann/Documents/setuid");
    cr_assert(lstat(setuid, &st) == 0);
    cr_expect_eq(st.st_mode & 07777, 0755);
    cr_assert(chmod(setuid, 06755) == 0);
    char *after = snap(ann, 0);
    snap_equal(before, after, "copied");
    char *hole = lab_path(l, "C/Users/Ann/Documents/sparse.img");
    cr_assert(lstat(hole, &st2) == 0);
    cr_expect(st2.st_blocks * 512 < st2.st_size / 4, "holes stay holes");
    ts_free(before), ts_free(after), ts_free(ann), ts_free(setuid), ts_free(hole);
    lab_free(l);
}

Test(capture, another_file_system_gets_its_own_part_and_a_full_one_is_told)
{
    struct lab *l = lab_new();
    const char *extra[] = {NULL, NULL};
    struct ts_capture c = {.windows_drive = "C:", .extra = extra};
    struct ts_mig_totals t;
    struct ts_err err;

    if (!own_mounts())
        cr_skip("needs root and mount namespaces");
    lab_small_users(l);
    lab_dir(l, "small", 0755);
    char *small = lab_path(l, "small"), *store = lab_path(l, "small/store");
    char *big = lab_path(l, "big"), *store2 = lab_path(l, "store2");
    cr_assert(mount("none", small, "tmpfs", 0, "size=256k") == 0);
    /* The store on the small volume: C: and D: cannot be linked, their parts take them.
     */
    c.store = store;
    OK(ts_migrate_capture(&c, lab_env(l), &t, &err));
    cr_expect_eq(t.copies, 0, "%s", l->notes);
    cr_expect(lab_has(l, "C/store/part.json"));
    OK(ts_store_remove(store, true, NULL, NULL, &err));
    cr_expect(!lab_has(l, "C/store"));
    /* A folder on it is linked into a part at its root. */
    lab_dir(l, "small/data", 0755);
    lab_file(l, "small/data/a", "a");
    char *data = lab_path(l, "small/data");
    extra[0] = data;
    c.store = store2;
    OK(ts_migrate_capture(&c, lab_env(l), &t, &err));
    cr_expect_eq(t.copies, 0);
    cr_expect(lab_has(l, "small/store2/part.json"));
    OK(ts_store_remove(store2, true, NULL, NULL, &err));
    /* Copies that do not fit. */
    lab_dir(l, "big", 0755);
    for (int i = 0; i < 40; i++) {
        char name[32], text[8192];
        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = 0;
        snprintf(name, sizeof name, "small/data/%d", i);
        if (i < 20)
            lab_file(l, name, text);
    }
    c.copy = true;
    cr_expect_eq(ts_migrate_capture(&c, lab_env(l), &t, &err), TS_ENOSPC, "%s", err.text);
    cr_expect(strstr(err.text, "as they were") != NULL, "%s", err.text);
    cr_expect(!lab_has(l, "small/store2"), "the space is given back");
    cr_expect(!lab_has(l, "store2"));
    cr_expect(lab_has(l, "small/data/19"));
    umount(small);
    ts_free(small), ts_free(store), ts_free(store2), ts_free(big), ts_free(data);
    lab_free(l);
}

Test(capture, what_is_mounted_inside_a_profile_is_left_out_and_told)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;

    if (!own_mounts())
        cr_skip("needs root and mount namespaces");
    lab_small_users(l);
    lab_dir(l, "C/Users/Ann/mnt", 0755);
    char *mnt = lab_path(l, "C/Users/Ann/mnt");
    cr_assert(mount("none", mnt, "tmpfs", 0, "size=64k") == 0);
    lab_file(l, "C/Users/Ann/mnt/other", "on another volume");
    OK(capture(l, &t, &err));
    cr_expect(noted(l, "another volume"), "%s", l->notes);
    OK(ts_store_verify_source(STORE, NULL, NULL, NULL, &err));
    OK(wipe_c(l, &err));
    cr_expect(lab_has(l, "C/Users/Ann/mnt/other"), "a wipe stays on its volume");
    cr_expect(!lab_has(l, "C/Users/Ann/NTUSER.DAT"));
    umount(mnt);
    ts_free(mnt);
    lab_free(l);
}

/* ---- what cannot be read ----------------------------------------------------------- */

/* As a user without rights; the exit status tells. */
static int as_nobody(struct lab *l, bool skip)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct ts_capture c = {
            .store = "D:\\Store", .windows_drive = "C:", .skip_unreadable = skip};
        struct ts_mig_totals t = {0};
        struct ts_err err = {0};
        enum ts_code rc;
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(99);
        rc = ts_migrate_capture(&c, lab_env(l), &t, &err);
        if (!skip)
            _exit(rc == TS_EACCESS && strstr(err.text, "secret") ? 0 : 1);
        if (rc != TS_OK || t.unreadable != 2 || !noted(l, "secret") ||
            !noted(l, "closed"))
            _exit(2);
        /* Left out with leave: no difference, until it can be read. */
        rc = ts_store_verify_source(c.store, NULL, NULL, NULL, &err);
        _exit(rc == TS_OK ? 0 : 3);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

Test(capture, what_cannot_be_read_fails_or_is_listed)
{
    struct lab *l = lab_new();

    if (geteuid() != 0)
        cr_skip("needs root to become nobody");
    chmod(l->dir, 0755);
    lab_dir(l, "C/Users/Ann/closed", 0700);
    lab_file(l, "C/Users/Ann/closed/x", "x");
    lab_file(l, "C/Users/Ann/NTUSER.DAT", "hive");
    lab_file(l, "C/Users/Ann/secret", "root's");
    char *secret = lab_path(l, "C/Users/Ann/secret");
    chmod(secret, 0600);
    lab_remove(l, "C/Users/Ann/closed/x");
    lab_remove(l, "C/Users/Ann/NTUSER.DAT");
    lab_dir(l, "D", 0777);
    lab_owner(l, "C/Users/Ann", 65534, 65534);
    lab_dir(l, "C/Users/Ann/closed", 0700);
    cr_expect_eq(as_nobody(l, true), 0);
    lab_remove(l, "D/Store");
    lab_remove(l, "C/Users/Ann/closed");
    cr_expect_eq(as_nobody(l, false), 0);
    ts_free(secret);
    lab_free(l);
}

/* ---- stopping ---------------------------------------------------------------------- */

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

Test(capture, cancelled_leaves_an_incomplete_store_and_every_file)
{
    struct lab *l = lab_new();
    struct ts_mig_env env = {.cancelled = at_once};
    struct ts_capture c = {.store = STORE, .windows_drive = "C:"};
    struct ts_err err;

    lab_users(l);
    char *users = lab_path(l, "C/Users");
    char *before = snap(users, SNAP_IDS);
    cr_expect_eq(ts_migrate_capture(&c, &env, NULL, &err), TS_ECANCELLED, "%s", err.text);
    char *after = snap(users, SNAP_IDS);
    snap_equal(before, after, "cancelled");
    cr_expect_eq(state_of_store(), TS_STORE_CAPTURING);
    OK(capture(l, NULL, &err));
    cr_expect_eq(state_of_store(), TS_STORE_COMPLETE);
    ts_free(before), ts_free(after), ts_free(users);
    lab_free(l);
}

/* ---- hostile trees -------------------------------------------------------------------
 */

Test(hostile, an_endless_path_is_refused_and_can_be_wiped)
{
    struct lab *l = lab_new();
    struct ts_capture c = {
        .store = STORE, .windows_drive = "C:", .skip_unreadable = true};
    struct ts_mig_totals t;
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/Users/Ann/deep", 0755);
    lab_deep(l, "C/Users/Ann/deep", 140000);
    cr_expect_eq(capture(l, NULL, &err), TS_ELIMIT);
    cr_expect(strstr(err.text, "longer than 65536 bytes") != NULL, "%.300s", err.text);
    cr_expect(!lab_has(l, "C/StateStore"));
    OK(ts_migrate_capture(&c, NULL, &t, &err));
    cr_expect_eq(t.unreadable, 1);
    OK(wipe_c(l, &err));
    cr_expect(!lab_has(l, "C/Users"));
    OK(restore(l, NULL, &err));
    cr_expect(lab_has(l, "C/Users/Ann/Documents/one.txt"));
    OK(ts_store_remove(STORE, false, NULL, NULL, &err));
    lab_free(l);
}

/* A user who swaps things for links while root looks at them. */
static pid_t swapper(struct lab *l)
{
    char *a = lab_path(l, "C/Users/Ann/swap"), *b = lab_path(l, "C/Users/Ann/.link");
    char *t = lab_path(l, "C/Users/Ann/.dir"), *f = lab_path(l, "C/Users/Ann/file");
    char *g = lab_path(l, "C/Users/Ann/.flink"), *h = lab_path(l, "C/Users/Ann/.file");
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves nobody behind */
        for (;;) {
            if (rename(a, t) || rename(b, a) || rename(f, h) || rename(g, f) ||
                rename(a, b) || rename(t, a) || rename(f, g) || rename(h, f))
                _exit(1);
        }
    }
    ts_free(a), ts_free(b), ts_free(t), ts_free(f), ts_free(g), ts_free(h);
    return pid;
}

Test(hostile, swapping_things_for_links_leads_nowhere)
{
    struct lab *l = lab_new_in_memory();
    struct ts_capture c = {.store = STORE,
                           .windows_drive = "C:",
                           .overwrite = true,
                           .force = true,
                           .skip_unreadable = true};
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "outside/swap", 0755);
    lab_file(l, "outside/swap/foreign.txt", "foreign");
    lab_file(l, "outside/shadow", "root:secret");
    lab_dir(l, "C/Users/Ann/swap", 0755);
    for (int i = 0; i < 50; i++) {
        char name[64];
        snprintf(name, sizeof name, "C/Users/Ann/swap/%d", i);
        lab_file(l, name, "own");
    }
    /* Many names around it: the listing is read long before the last one is linked. */
    for (int i = 0; i < 600; i++) {
        char name[64];
        snprintf(name, sizeof name, "C/Users/Ann/around %d", i);
        lab_file(l, name, "own");
    }
    lab_file(l, "C/Users/Ann/file", "own file");
    lab_link(l, "C/Users/Ann/.link", "../../../outside/swap");
    lab_link(l, "C/Users/Ann/.flink", "../../../outside/shadow");
    char *foreign = ts_format("id=%llu\n", lab_inode(l, "outside/swap/foreign.txt"));
    char *shadow = ts_format("id=%llu\n", lab_inode(l, "outside/shadow"));
    char *data = lab_path(l, "C/StateStore/data");
    pid_t pid = swapper(l);
    for (int i = 0; i < 60; i++) {
        OK(ts_migrate_capture(&c, NULL, NULL, &err));
        char *store = snap(data, SNAP_IDS);
        cr_assert(!strstr(store, foreign) && !strstr(store, shadow), "%s", store);
        cr_assert(!strstr(store, " l "), "a link is no file of the store: %s", store);
        ts_free(store);
    }
    cr_expect_eq(waitpid(pid, NULL, WNOHANG), 0, "the swapper ended early");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ts_free(foreign), ts_free(shadow), ts_free(data);
    lab_free(l);
}

static bool set_immutable(struct lab *l, const char *path, bool on)
{
    char *p = lab_path(l, path);
    int fd = open(p, O_RDONLY), flags = 0;
    bool ok = ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;

    flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
    ok = ok && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
    close(fd);
    ts_free(p);
    return ok;
}

Test(hostile, an_immutable_file_is_copied_and_a_wipe_names_it)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;

    lab_small_users(l);
    if (!set_immutable(l, "C/Users/Ann/Documents/one.txt", true)) {
        lab_free(l);
        cr_skip("this file system has no immutable files");
    }
    OK(capture(l, &t, &err));
    cr_expect_eq(t.copies, 1);
    cr_expect(noted(l, "copied instead of linked"), "%s", l->notes);
    cr_expect_eq(wipe_c(l, &err), TS_EACCESS);
    cr_expect(strstr(err.text, "one.txt") != NULL, "%s", err.text);
    cr_assert(set_immutable(l, "C/Users/Ann/Documents/one.txt", false));
    OK(wipe_c(l, &err)); /* it goes on */
    OK(restore(l, &t, &err));
    cr_expect(lab_has(l, "C/Users/Ann/Documents/one.txt"));
    lab_free(l);
}

Test(hostile, a_file_with_as_many_names_as_there_can_be_is_copied)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;
    char *from, *name = NULL;
    int n = 0, rc = 0;

    lab_small_users(l);
    lab_dir(l, "C/names", 0755);
    from = lab_path(l, "C/Users/Ann/Documents/one.txt");
    while (n < 70000 && rc == 0) {
        ts_free(name);
        name = ts_format("%s/names/%d", l->c, n++);
        rc = link(from, name);
    }
    if (rc == 0) {
        lab_free(l);
        cr_skip("this file system knows no limit");
    }
    OK(capture(l, &t, &err));
    cr_expect_eq(t.copies, 1, "%s", l->notes);
    OK(wipe_c(l, &err));
    OK(restore(l, &t, &err));
    cr_expect_eq(state_of_store(), TS_STORE_VERIFIED);
    ts_free(from), ts_free(name);
    lab_free(l);
}
