#include "lab.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/drives.h"
#include "platform/power.h"

static void refused(struct lab *l, enum ts_code want, const char *why)
{
    struct ts_err err = {0};
    char *before = snap(l->c, SNAP_PLAIN);

    cr_expect_eq(wipe_c(l, &err), want, "%s: %s", why, err.text);
    cr_expect(strstr(err.text, why) != NULL, "%s\nin %s", why, err.text);
    char *after = snap(l->c, SNAP_PLAIN);
    snap_equal(before, after, "a refused wipe deletes nothing");
    ts_free(before), ts_free(after);
}

static struct lab *captured(void)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    OK(capture(l, NULL, &err));
    return l;
}

Test(wipe, refuses_when_a_file_was_changed)
{
    struct lab *l = captured();

    lab_file(l, "C/Users/Ann/Documents/one.txt", "edited in place");
    refused(l, TS_EREFUSED, "one.txt (was changed since the capture");
    refused(l, TS_EREFUSED, "CaptureUserState { update = true }");
    cr_expect_eq(state_of_store(), TS_STORE_COMPLETE);
    lab_free(l);
}

Test(wipe, refuses_when_a_file_was_added)
{
    struct lab *l = captured();

    lab_file(l, "D/Users/Dora/new.txt", "new on the other drive");
    refused(l, TS_EREFUSED, "new.txt (is new since the capture)");
    lab_free(l);
}

Test(wipe, refuses_when_a_file_was_saved_by_rename)
{
    struct lab *l = captured();
    char *a = lab_path(l, "C/Users/Ann/x"),
         *b = lab_path(l, "C/Users/Ann/Documents/two.txt");

    lab_file(l, "C/Users/Ann/x", "two"); /* the same content, another file */
    cr_assert(rename(a, b) == 0);
    refused(l, TS_EREFUSED, "two.txt (was replaced since the capture)");
    ts_free(a), ts_free(b);
    lab_free(l);
}

Test(wipe, refuses_when_a_profile_is_new)
{
    struct lab *l = captured();

    lab_dir(l, "C/Users/Eve", 0700);
    refused(l, TS_EREFUSED, "Eve (is a new profile since the capture)");
    lab_free(l);
}

/* The store's name of a file of Ann. */
static char *name_in_store(struct lab *l, const char *file)
{
    unsigned long long inode = lab_inode(l, file);
    char *data = lab_path(l, "C/StateStore/data");
    char *text = snap(data, SNAP_PLAIN | SNAP_IDS), *found = NULL;
    char *id = ts_format("id=%llu\n", inode);
    ts_str rest = ts_str_of(text), line;

    while (ts_str_cut(&rest, '\n', &line)) {
        char *z = ts_format("%.*s\n", (int)line.n, line.p);
        char *space = strchr(z, ' ');
        if (strstr(z, id) && space) {
            *space = 0;
            found = ts_format("C/StateStore/data%s", z);
        }
        ts_free(z);
    }
    cr_assert(found != NULL);
    ts_free(data), ts_free(text), ts_free(id);
    return found;
}

Test(wipe, refuses_when_an_entry_is_missing_in_the_store)
{
    struct lab *l = captured();
    char *name = name_in_store(l, "C/Users/Ann/Documents/one.txt");

    lab_remove(l, name);
    refused(l, TS_EREFUSED, "one.txt (is not in the store)");
    refused(l, TS_EREFUSED, "capture again with overwrite = true and force = true");
    ts_free(name);
    lab_free(l);
}

Test(wipe, refuses_when_an_entry_is_another_file)
{
    struct lab *l = captured();
    char *name = name_in_store(l, "C/Users/Ann/Documents/one.txt");

    lab_remove(l, name);
    lab_file(l, name, "one");
    refused(l, TS_EREFUSED, "one.txt (is another file in the store)");
    lab_remove(l, name);
    lab_link(l, name, "/etc/passwd");
    refused(l, TS_EREFUSED, "one.txt (is no file in the store)");
    ts_free(name);
    lab_free(l);
}

Test(wipe, refuses_when_a_size_differs)
{
    struct lab *l = captured();

    lab_file(l, "C/Users/Ann/Documents/one.txt", "longer than before");
    refused(l, TS_EREFUSED, "was changed since the capture: 18 bytes, not 3");
    lab_free(l);
}

Test(wipe, refuses_when_rows_got_lost)
{
    struct lab *l = captured();
    char *path = lab_path(l, "C/StateStore/catalog.db");
    sqlite3 *db = NULL;

    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db,
                              "DELETE FROM object WHERE name = CAST('one.txt' AS BLOB)",
                              NULL, NULL, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_changes(db), 1);
    sqlite3_close(db);
    refused(l, TS_EDAMAGED, "names 3 files, there were 4");
    ts_free(path);
    lab_free(l);
}

/* Memory is taken for the objects there are, not for the numbers they have. */
Test(wipe, refuses_objects_with_impossible_numbers)
{
    static const char *const ids[] = {"1 << 47", "1 << 60", "9223372036854775807"};

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct lab *l = captured();
        char *path = lab_path(l, "C/StateStore/catalog.db");
        char *sql = ts_format("UPDATE object SET id = %s WHERE name = CAST('one.txt' AS "
                              "BLOB)",
                              ids[i]);
        struct ts_capture c = {.store = STORE, .windows_drive = "C:"};
        struct ts_err err;
        sqlite3 *db = NULL;

        cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
        cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sql);
        cr_assert_eq(sqlite3_changes(db), 1);
        sqlite3_close(db);
        refused(l, i ? TS_EDAMAGED : TS_EREFUSED, i ? "makes no sense" : "not in the store");
        if (i)
            cr_expect_eq(ts_migrate_update(&c, lab_env(l), NULL, &err), TS_EDAMAGED, "%s",
                         err.text);
        ts_free(path), ts_free(sql);
        lab_free(l);
    }
}

Test(wipe, refuses_a_damaged_catalogue)
{
    struct lab *l = captured();

    lab_file(l, "C/StateStore/catalog.db",
             "this is no database, but it is long enough to"
             " look at the first hundred bytes of it .......");
    refused(l, TS_EDAMAGED, "catalog.db");
    refused(l, TS_EDAMAGED, "data in C:\\StateStore still holds every file");
    refused(l, TS_EDAMAGED, "do not wipe");
    refused(l, TS_EDAMAGED, "ReleaseStateStore { force = true }");
    lab_free(l);
}

Test(wipe, without_a_store_refuses_profiles)
{
    struct lab *l = lab_new();
    struct ts_wipe w = {.drive = "C:"};
    struct ts_err err;

    lab_small_users(l);
    cr_expect_eq(ts_migrate_wipe(&w, NULL, NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "withoutStore = true") != NULL, "%s", err.text);
    cr_expect(strstr(err.text, "Ann") != NULL, "%s", err.text);
    w.drive = l->c; /* by its folder */
    cr_expect_eq(ts_migrate_wipe(&w, NULL, NULL, &err), TS_EREFUSED);
    w.without_store = true;
    OK(ts_migrate_wipe(&w, NULL, NULL, &err));
    char *after = snap(l->c, SNAP_PLAIN);
    cr_expect_str_eq(after, "");
    cr_expect(lab_has(l, "D/Users/Dora/NTUSER.DAT"));
    /* Nobody's files on it: nothing to ask. */
    lab_dir(l, "C/Data", 0755);
    w.without_store = false;
    OK(ts_migrate_wipe(&w, NULL, NULL, &err));
    ts_free(after);
    lab_free(l);
}

Test(wipe, refuses_a_store_that_was_not_named)
{
    struct lab *l = captured();
    struct ts_wipe w = {.drive = "C:", .without_store = true};
    struct ts_err err;

    cr_expect_eq(ts_migrate_wipe(&w, NULL, NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, STORE) != NULL, "%s", err.text);
    w.drive = "D:"; /* holds only a part of it */
    cr_expect_eq(ts_migrate_wipe(&w, NULL, NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "D:\\StateStore") != NULL, "%s", err.text);
    cr_expect(lab_has(l, "D/Users/Dora"));
    lab_free(l);
}

/* Its files may be the only ones that are left. */
Test(wipe, finds_a_store_whose_catalogue_cannot_be_read)
{
    static const char *const texts[] = {"", "SQLite format 3", "rubbish"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lab *l = captured();
        struct ts_wipe w = {.drive = "C:", .without_store = true};
        struct ts_err err;
        char *found = NULL;

        lab_file(l, "C/StateStore/catalog.db", texts[i]);
        OK(ts_store_find("C:", &found, &err));
        cr_assert(found != NULL, "\"%s\"", texts[i]);
        cr_expect_str_eq(found, STORE);
        cr_expect_eq(ts_migrate_wipe(&w, NULL, NULL, &err), TS_EREFUSED, "%s", err.text);
        cr_expect(lab_has(l, "C/Users/Ann/Documents/one.txt"));
        ts_free(found);
        lab_free(l);
    }
}

Test(wipe, finds_stores_that_hold_state_only)
{
    struct lab *l = lab_new();
    struct ts_err err;
    char *found = NULL;

    lab_small_users(l);
    OK(ts_store_find("C:\\Windows", &found, &err));
    cr_expect_null(found);
    OK(capture(l, NULL, &err));
    OK(ts_store_find("C:", &found, &err));
    cr_assert(found != NULL);
    cr_expect_str_eq(found, "C:\\StateStore");
    ts_free(found);
    OK(ts_store_find("D:", &found, &err));
    cr_assert(found != NULL);
    ts_free(found);
    OK(restore(l, NULL, &err)); /* verified: may go */
    OK(ts_store_find("C:", &found, &err));
    cr_expect_null(found);
    OK(ts_store_find("D:", &found, &err));
    cr_expect_null(found);
    /* What a user makes in the own folder is no store. */
    lab_dir(l, "C/Users/Ann/data", 0755);
    lab_file(l, "C/Users/Ann/catalog.db", "SQLite format 3");
    OK(ts_store_find("C:", &found, &err));
    cr_expect_null(found);
    lab_free(l);
}

static bool protects(void *ctx, const char *native)
{
    return strncmp(native, ctx, strlen(ctx)) == 0;
}

Test(wipe, keeps_what_is_protected_and_the_way_to_it)
{
    struct lab *l = lab_new();
    const char *keep[] = {"C:\\_TASKSEQUENCE\\cache", "C:\\keep.txt", "C:\\nowhere",
                          "D:\\Users", NULL};
    struct ts_wipe w = {
        .drive = "C:", .store = STORE, .keep = keep, .is_protected = protects};
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/_TaskSequence/Cache/pkg", 0755);
    lab_file(l, "C/_TaskSequence/Cache/pkg/setup.exe", "MZ");
    lab_file(l, "C/_TaskSequence/other", "goes");
    lab_file(l, "C/keep.txt", "stays");
    lab_dir(l, "C/a/b/precious", 0755);
    lab_file(l, "C/a/b/precious/x", "stays");
    lab_file(l, "C/a/b/y", "goes");
    OK(capture(l, NULL, &err));
    char *precious = lab_path(l, "C/a/b/precious");
    w.ctx = precious;
    OK(ts_migrate_wipe(&w, lab_env(l), NULL, &err));
    char *after = snap(l->c, SNAP_PLAIN);
    cr_expect(strstr(after, "/_TaskSequence/Cache/pkg/setup.exe f") != NULL, "%s", after);
    cr_expect(!strstr(after, "other"));
    cr_expect(strstr(after, "/keep.txt") != NULL);
    cr_expect(strstr(after, "/a/b/precious/x") != NULL);
    cr_expect(!strstr(after, "/a/b/y"));
    cr_expect(!strstr(after, "/Users"));
    OK(restore(l, NULL, &err));
    ts_free(precious), ts_free(after);
    lab_free(l);
}

Test(wipe, of_everything_protected_is_an_error)
{
    struct lab *l = captured();
    const char *keep[] = {"C:\\", NULL};
    struct ts_wipe w = {.drive = "C:", .store = STORE, .keep = keep};
    struct ts_err err;

    cr_expect_eq(ts_migrate_wipe(&w, NULL, NULL, &err), TS_EINPUT, "%s", err.text);
    lab_free(l);
}

Test(wipe, of_a_restored_store_is_refused)
{
    struct lab *l = captured();
    struct ts_err err;

    OK(wipe_c(l, &err));
    OK(wipe_c(l, &err)); /* again: it goes on */
    OK(restore(l, NULL, &err));
    refused(l, TS_EREFUSED, "was restored already");
    lab_free(l);
}

Test(wipe, goes_on_after_a_cut_without_the_sources)
{
    struct lab *l = captured();
    struct ts_err err;

    OK(wipe_c(l, &err));
    /* Half-way: some of the sources are back or still there. */
    lab_dir(l, "C/Users/Ann/Documents", 0755);
    lab_file(l, "C/Users/Ann/half", "half");
    lab_dir(l, "C/Windows", 0755);
    OK(wipe_c(l, &err));
    cr_expect(!lab_has(l, "C/Users"));
    cr_expect(!lab_has(l, "C/Windows"));
    cr_expect_eq(state_of_store(), TS_STORE_WIPING);
    lab_free(l);
}

Test(wipe, tells_what_is_in_use)
{
    struct lab *l = captured();
    struct ts_err err;
    char *held = lab_path(l, "C/Windows/system.ini");

    ts_power_hold(held);
    cr_expect_eq(wipe_c(l, &err), TS_EBUSY, "%s", err.text);
    cr_expect(strstr(err.text, "system.ini") != NULL, "%s", err.text);
    cr_expect(lab_has(l, "C/Windows/system.ini"));
    cr_expect(!lab_has(l, "C/Users"));
    ts_free(held);
    lab_free(l);
}

/* A user can bring a whole store along: it may say that everything is safe, or that what
 * is in it belongs into the folders of the system. */
Test(wipe, believes_no_store_that_another_user_can_write)
{
    static const char *const given[] = {"C/StateStore", "C/StateStore/catalog.db",
                                        "D/StateStore"};

    if (geteuid() != 0)
        cr_skip("needs root to give a folder away");
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        struct lab *l = captured();
        struct ts_err err;

        lab_owner(l, given[i], 1001, 1001);
        refused(l, TS_EREFUSED, "belongs to another user (id 1001)");
        cr_expect_eq(restore(l, NULL, &err), TS_EREFUSED, "%s: %s", given[i], err.text);
        cr_expect_neq(capture(l, NULL, &err), TS_OK, "%s", given[i]);
        lab_free(l);
    }
}

Test(wipe, a_profile_with_the_names_of_a_store_is_captured)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/Users/Ann/data", 0755);
    lab_file(l, "C/Users/Ann/data/2024.csv", "figures");
    lab_file(l, "C/Users/Ann/catalog.db", "SQLite format 3 of another program");
    lab_file(l, "C/Users/Ann/part.json", "{}");
    lab_file(l, "C/Users/Ann/catalog.tmp", "");
    OK(capture(l, NULL, &err));
    OK(wipe_c(l, &err));
    OK(restore(l, NULL, &err));
    cr_expect(lab_has(l, "C/Users/Ann/data/2024.csv"));
    cr_expect(lab_has(l, "C/Users/Ann/Documents/one.txt"));
    lab_free(l);
}

Test(wipe, a_link_that_stands_for_a_profile_is_told)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/Moved", 0755);
    lab_link(l, "C/Users/Moved", "../Moved");
    OK(capture(l, NULL, &err));
    cr_expect(noted(l, "C:\\Users\\Moved is a link and was not followed"), "%s",
              l->notes);
    cr_expect(!noted(l, "All Users is a link"), "%s", l->notes);
    lab_free(l);
}

Test(wipe, refuses_when_a_link_stands_for_a_profile_that_was_not_captured)
{
    static const char *const targets[] = {"../Moved",  "..\\Moved",
                                          "C:\\Moved", "\\??\\C:\\Moved",
                                          "\\Moved",   "../Moved/Deep"};
    struct ts_capture again = {.store = STORE,
                               .windows_drive = "C:",
                               .machine = "test",
                               .overwrite = true,
                               .force = true};
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/Moved/Deep", 0755);
    lab_file(l, "C/Moved/thesis.txt", "the only one");
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        lab_link(l, "C/Users/Eve", targets[i]);
        OK(ts_migrate_capture(&again, lab_env(l), NULL, &err));
        refused(l, TS_EREFUSED, "C:\\Users\\Eve is a link to C:\\Moved");
        refused(l, TS_EREFUSED, "in `extra`, or remove the link");
        cr_expect_eq(state_of_store(), TS_STORE_COMPLETE);
        lab_remove(l, "C/Users/Eve");
    }
    lab_link(l, "D/Users/Eve", "../../C/Moved");
    OK(ts_migrate_capture(&again, lab_env(l), NULL, &err));
    refused(l, TS_EREFUSED, "D:\\Users\\Eve is a link to C:\\Moved");
    lab_free(l);
}

Test(wipe, goes_on_past_links_that_lead_to_what_is_kept)
{
    static const char *const extra[] = {"C:\\Moved", NULL};
    struct ts_capture c = {
        .store = STORE, .windows_drive = "C:", .machine = "test", .extra = extra};
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/Moved/Deep", 0755);
    lab_file(l, "C/Moved/thesis.txt", "the only one");
    lab_dir(l, "C/ProgramData", 0755);
    lab_link(l, "C/Users/All Users", "../ProgramData");
    lab_link(l, "C/Users/Eve", "../Moved");
    lab_link(l, "C/Users/Deep", "../Moved/Deep");
    lab_link(l, "C/Users/Again", "Ann");
    lab_link(l, "C/Users/Gone", "../Nowhere");
    lab_link(l, "C/Users/Other", "../../D/Users/Dora");
    lab_link(l, "C/Users/File", "../Windows/system.ini");
    lab_link(l, "C/Users/Store", "../StateStore");
    OK(ts_migrate_capture(&c, lab_env(l), NULL, &err));
    OK(wipe_c(l, &err));
    cr_expect(!lab_has(l, "C/Moved"));
    OK(restore(l, NULL, &err));
    cr_expect(lab_has(l, "C/Moved/thesis.txt"));
    lab_free(l);
}

Test(wipe, without_a_store_a_link_to_a_profile_counts_as_one)
{
    struct ts_wipe w = {.drive = "C:"};
    struct lab *l = lab_new();
    struct ts_err err = {0};

    lab_dir(l, "C/Users", 0755);
    lab_dir(l, "C/Moved", 0755);
    lab_file(l, "C/Moved/thesis.txt", "the only one");
    lab_link(l, "C/Users/Eve", "../Moved");
    cr_expect_eq(ts_migrate_wipe(&w, lab_env(l), NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "C:\\Users\\Eve is a link to C:\\Moved"), "%s", err.text);
    cr_expect(lab_has(l, "C/Moved/thesis.txt"));
    w.without_store = true;
    OK(ts_migrate_wipe(&w, lab_env(l), NULL, &err));
    cr_expect(!lab_has(l, "C/Moved"));
    lab_free(l);
}
