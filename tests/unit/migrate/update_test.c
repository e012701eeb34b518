#include "lab.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/drives.h"

static enum ts_code update(struct lab *l, struct ts_mig_totals *t, struct ts_err *err)
{
    struct ts_capture c = {.store = STORE, .windows_drive = "C:"};

    return ts_migrate_update(&c, lab_env(l), t, err);
}

/* Save as editors do: write a new file and rename it over the old one. */
static void save_by_rename(struct lab *l, const char *path, const char *text)
{
    char *temp = ts_format("%s.tmp", path);
    char *a = lab_path(l, temp), *b = lab_path(l, path);

    lab_file(l, temp, text);
    cr_assert(rename(a, b) == 0);
    ts_free(temp), ts_free(a), ts_free(b);
}

static char *seen;

static void finding(void *ctx, const char *path, const char *what)
{
    char *more = ts_format("%s%s: %s\n", seen ? seen : "", path, what);

    (void)ctx;
    ts_free(seen);
    seen = more;
}

static void users_work(struct lab *l)
{
    lab_file(l, "C/Users/Ann/Documents/one.txt", "edited in place");
    save_by_rename(l, "C/Users/Ann/Documents/two.txt", "saved by rename");
    lab_file(l, "C/Users/Ann/Documents/three.txt", "new");
    lab_dir(l, "C/Users/Ann/New/below", 0755);
    lab_file(l, "C/Users/Ann/New/below/four.txt", "new below new");
    lab_remove(l, "C/Users/Ann/link");
    lab_link(l, "C/Users/Ann/link", "elsewhere");
    lab_dir(l, "C/Users/Ann/turns", 0755);
    lab_remove(l, "C/Users/Ann/gone");
    lab_remove(l, "C/Users/Ann/turned");
    lab_dir(l, "C/Users/Ann/turned", 0755);
    lab_file(l, "C/Users/Ann/turned/inside", "was a file");
    lab_dir(l, "C/Users/Carla", 0700);
    lab_file(l, "C/Users/Carla/NTUSER.DAT", "a new user");
}

static void prepare(struct lab *l, struct ts_err *err)
{
    lab_small_users(l);
    lab_dir(l, "C/Users/Ann/gone/deep", 0755);
    lab_file(l, "C/Users/Ann/gone/deep/file", "deleted later");
    lab_file(l, "C/Users/Ann/turned", "a file");
    cr_assert_eq(capture(l, NULL, err), TS_OK, "%s", err->text);
}

Test(update, finds_every_kind_of_change)
{
    struct lab *l = lab_new();
    struct ts_err err;
    static const char *const expected[] = {
        "one.txt: was changed since",
        "two.txt: was replaced since",
        "three.txt: is new",
        "C:\\Users\\Ann\\New: is new",
        "link: leads elsewhere",
        "gone: is gone",
        "turned: became something else",
        "Carla: is a new profile",
        "turns: is new",
    };

    prepare(l, &err);
    OK(ts_store_verify_source(STORE, NULL, NULL, NULL, &err));
    users_work(l);
    cr_expect_eq(ts_store_verify_source(STORE, NULL, finding, NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "9 differences") != NULL, "%s", err.text);
    cr_expect(strstr(err.text, "CaptureUserState { update = true }") != NULL);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        cr_expect(strstr(seen, expected[i]) != NULL, "%s in\n%s", expected[i], seen);
    lab_free(l);
}

Test(update, brings_the_store_up_to_date)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;

    prepare(l, &err);
    users_work(l);
    OK(update(l, &t, &err));
    cr_expect_eq(t.profiles, 3);
    cr_expect_eq(t.deleted, 3); /* gone, deep, file */
    cr_expect_eq(t.changed, 4); /* one, two, link, turned */
    cr_expect_eq(t.added, 4);   /* three, New, turns, Carla */
    OK(ts_store_verify(STORE, NULL, NULL, NULL, &err));
    OK(ts_store_verify_source(STORE, NULL, finding, NULL, &err));
    char *users = lab_path(l, "C/Users");
    char *before = snap(users, SNAP_IDS);
    OK(wipe_c(l, &err));
    OK(restore(l, &t, &err));
    char *after = snap(users, SNAP_IDS);
    /* The folder of the profiles itself belongs to the system. */
    snap_equal(strchr(before, '\n'), strchr(after, '\n'), "after the update");
    OK(ts_store_remove(STORE, false, NULL, NULL, &err));
    cr_expect(!lab_has(l, "C/StateStore"));
    ts_free(before), ts_free(after), ts_free(users);
    lab_free(l);
}

static unsigned long names_in_store(struct lab *l, const char *store)
{
    char *data = ts_format("%s/%s/data", l->dir, store);
    char *text = snap(data, SNAP_PLAIN);
    unsigned long n = 0;

    for (char *p = text; *p; p++)
        n += p[0] == ' ' && p[1] == 'f' && p[2] == ' ';
    ts_free(text);
    ts_free(data);
    return n;
}

Test(update, gives_up_the_names_it_no_longer_needs)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;

    prepare(l, &err);
    users_work(l);
    OK(update(l, &t, &err));
    cr_expect_eq(names_in_store(l, "C/StateStore") + names_in_store(l, "D/StateStore"),
                 t.files);
    lab_remove(l, "C/Users/Ann");
    lab_remove(l, "D/Users/Dora");
    OK(update(l, &t, &err));
    cr_expect(noted(l, "is gone since the capture"), "%s", l->notes);
    cr_expect_eq(t.files, 1);
    cr_expect_eq(names_in_store(l, "C/StateStore") + names_in_store(l, "D/StateStore"),
                 1);
    OK(ts_store_verify_source(STORE, NULL, NULL, NULL, &err));
    lab_free(l);
}

Test(update, takes_copies_again_and_folders_metadata)
{
    struct lab *l = lab_new();
    struct ts_capture c = {.store = STORE, .windows_drive = "C:", .copy = true};
    struct ts_mig_totals t;
    struct ts_err err;

    lab_small_users(l);
    OK(ts_migrate_capture(&c, NULL, NULL, &err));
    lab_file(l, "C/Users/Ann/Documents/one.txt", "edited");
    lab_owner(l, "C/Users/Ann/Documents/two.txt", 1234, 1234);
    lab_dir(l, "C/Users/Ann/Documents", 0711);
    lab_mtime(l, "C/Users/Ann/Documents", 1400000000);
    lab_xattr(l, "C/Users/Ann/Documents", "user.note", "later");
    c.copy = false; /* the store knows that it holds copies */
    OK(ts_migrate_update(&c, NULL, &t, &err));
    cr_expect_eq(t.links, 0);
    cr_expect_eq(t.changed, 2);
    char *users = lab_path(l, "C/Users/Ann");
    char *before = snap(users, 0);
    OK(wipe_c(l, &err));
    OK(restore(l, &t, &err));
    char *after = snap(users, 0);
    snap_equal(before, after, "copied after an update");
    ts_free(before), ts_free(after), ts_free(users);
    lab_free(l);
}

Test(update, works_under_other_letters)
{
    struct lab *l = lab_new();
    struct ts_rules *r = NULL;
    struct ts_capture c = {.store = STORE, .windows_drive = "C:"};
    struct ts_restore rs = {.store = "D:\\StateStore", .windows_drive = "D:"};
    struct ts_mig_totals t;
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/Users/Ann/Music", 0755);
    lab_file(l, "C/Users/Ann/Music/song", "la la");
    OK(ts_rules_parse(&r, TS_S("exclude C:\\Users\\Ann\\Music\\"), "r", &err));
    c.rules = r;
    OK(ts_migrate_capture(&c, NULL, NULL, &err));
    ts_rules_free(r);
    /* WinPE calls the system's volume D: and the other E:. */
    ts_drives_clear();
    OK(ts_drives_map('D', l->c, "volume-c", true, &err));
    OK(ts_drives_map('E', l->d, "volume-d", true, &err));
    c.store = "D:\\StateStore";
    c.windows_drive = "D:";
    c.rules = NULL;
    OK(ts_store_verify_source(c.store, NULL, finding, NULL, &err));
    lab_file(l, "C/Users/Ann/Music/more", "la la la");
    lab_file(l, "D/Users/Dora/new.txt", "new");
    OK(ts_migrate_update(&c, NULL, &t, &err));
    cr_expect_eq(t.added, 1, "the rules know the letters of the capture");
    OK(ts_store_verify_source(c.store, NULL, NULL, NULL, &err));
    OK(ts_migrate_wipe(&(struct ts_wipe){.drive = "D:", .store = c.store}, NULL, NULL,
                       &err));
    cr_expect(!lab_has(l, "C/Users"));
    cr_expect(lab_has(l, "D/Users/Dora/new.txt"));
    OK(ts_migrate_wipe(&(struct ts_wipe){.drive = "E:", .store = c.store}, NULL, NULL,
                       &err));
    cr_expect(!lab_has(l, "D/Users"));
    cr_expect(lab_has(l, "D/StateStore/part.json"));
    OK(ts_migrate_restore(&rs, NULL, &t, &err));
    cr_expect(lab_has(l, "C/Users/Ann/Documents/one.txt"));
    cr_expect(lab_has(l, "D/Users/Dora/new.txt"));
    OK(ts_store_remove(c.store, false, NULL, NULL, &err));
    cr_expect(!lab_has(l, "D/StateStore"));
    lab_free(l);
}

Test(update, is_for_complete_stores)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    cr_expect_eq(update(l, NULL, &err), TS_ENOTFOUND, "%s", err.text);
    OK(capture(l, NULL, &err));
    OK(wipe_c(l, &err));
    cr_expect_eq(update(l, NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "wiping") != NULL, "%s", err.text);
    lab_free(l);
}
