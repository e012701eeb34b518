#include "lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/drives.h"
#include "platform/power.h"

static struct lab *wiped(void)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    OK(capture(l, NULL, &err));
    OK(wipe_c(l, &err));
    return l;
}

static void expect_text(struct lab *l, const char *path, const char *text)
{
    char *is = lab_read(l, path);

    cr_expect(is && strcmp(is, text) == 0, "%s: %s", path, is ? is : "absent");
    ts_free(is);
}

Test(restore, keeps_an_existing_file_under_another_name)
{
    struct lab *l = wiped();
    struct ts_mig_totals t;
    struct ts_err err;

    lab_dir(l, "C/Users/Ann/Documents", 0700);
    lab_file(l, "C/Users/Ann/Documents/one.txt", "of the new system");
    lab_file(l, "C/Users/Ann/Documents/two.txt (before restore)", "taken");
    lab_file(l, "C/Users/Ann/Documents/two.txt", "2");
    lab_file(l, "C/Users/Ann/NTUSER.DAT", "hive"); /* the same: not kept twice */
    lab_file(l, "C/Users/Ann/Documents/other.txt", "nobody's conflict");
    OK(restore(l, &t, &err));
    cr_expect_eq(t.conflicts, 2);
    expect_text(l, "C/Users/Ann/Documents/one.txt", "one");
    expect_text(l, "C/Users/Ann/Documents/one.txt (before restore)", "of the new system");
    expect_text(l, "C/Users/Ann/Documents/two.txt", "two");
    expect_text(l, "C/Users/Ann/Documents/two.txt (before restore)", "taken");
    expect_text(l, "C/Users/Ann/Documents/two.txt (before restore 2)", "2");
    expect_text(l, "C/Users/Ann/Documents/other.txt", "nobody's conflict");
    cr_expect(!lab_has(l, "C/Users/Ann/NTUSER.DAT (before restore)"));
    cr_expect(noted(l, "one.txt was there before"), "%s", l->notes);
    cr_expect_eq(state_of_store(), TS_STORE_VERIFIED);
    lab_free(l);
}

static long long link_time(struct lab *l, const char *path)
{
    char *native = lab_path(l, path);
    struct stat st = {0};

    cr_expect_eq(lstat(native, &st), 0);
    ts_free(native);
    return (long long)st.st_mtime;
}

/* A cut between making the link and giving it its time. */
Test(restore, a_link_among_the_profiles_that_is_there_gets_its_time)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;

    lab_small_users(l);
    lab_link(l, "C/Users/All Users", "/ProgramData");
    lab_link(l, "C/Users/Old", "/ProgramData");
    lab_mtime(l, "C/Users/All Users", 1000000000);
    lab_mtime(l, "C/Users/Old", 1000000000);
    OK(capture(l, NULL, &err));
    OK(wipe_c(l, &err));
    lab_dir(l, "C/Users", 0755);
    lab_link(l, "C/Users/All Users", "/ProgramData");
    lab_link(l, "C/Users/Old", "/Elsewhere"); /* the new system's own */
    OK(restore(l, &t, &err));
    cr_expect_eq(link_time(l, "C/Users/All Users"), 1000000000);
    cr_expect_gt(link_time(l, "C/Users/Old"), 1000000000);
    cr_expect_eq(state_of_store(), TS_STORE_VERIFIED);
    lab_free(l);
}

Test(restore, replaces_what_stands_in_the_way_of_any_kind)
{
    struct lab *l = wiped();
    struct ts_mig_totals t;
    struct ts_err err;

    lab_dir(l, "outside", 0755);
    lab_dir(l, "C/Users/Ann/link", 0755); /* a folder where a link goes */
    lab_link(l, "C/Users/Ann/Documents",
             "../../../outside");               /* a link where a folder goes */
    lab_dir(l, "C/Users/Ann/NTUSER.DAT", 0755); /* a folder where a file goes */
    OK(restore(l, &t, &err));
    cr_expect_eq(t.conflicts, 3);
    expect_text(l, "C/Users/Ann/Documents/one.txt", "one");
    expect_text(l, "C/Users/Ann/NTUSER.DAT", "hive");
    cr_expect(lab_has(l, "C/Users/Ann/Documents (before restore)"));
    cr_expect(!lab_has(l, "outside/one.txt"), "nothing is written through a link");
    lab_free(l);
}

Test(restore, of_a_profile_that_became_a_link_writes_nothing_through_it)
{
    struct lab *l = wiped();
    struct ts_mig_totals t;
    struct ts_err err;

    lab_dir(l, "outside", 0755);
    lab_dir(l, "C/Users", 0755);
    lab_link(l, "C/Users/Ann", "../../outside");
    OK(restore(l, &t, &err));
    cr_expect_eq(t.conflicts, 1);
    expect_text(l, "C/Users/Ann/NTUSER.DAT", "hive");
    cr_expect(!lab_has(l, "outside/NTUSER.DAT"));
    lab_free(l);
}

Test(restore, uses_the_spelling_that_is_there)
{
    struct lab *l = wiped();
    struct ts_mig_totals t;
    struct ts_err err;

    lab_dir(l, "C/USERS/ann/documents", 0755);
    lab_file(l, "C/USERS/ann/documents/ONE.TXT", "of the new system");
    OK(restore(l, &t, &err));
    expect_text(l, "C/USERS/ann/documents/one.txt", "one");
    expect_text(l, "C/USERS/ann/documents/ONE.TXT (before restore)", "of the new system");
    cr_expect(!lab_has(l, "C/Users"));
    cr_expect_eq(state_of_store(), TS_STORE_VERIFIED);
    lab_free(l);
}

Test(restore, a_second_run_changes_nothing)
{
    struct lab *l = wiped();
    struct ts_mig_totals t;
    struct ts_err err;
    const char *ann[] = {"ann", NULL};
    struct ts_restore r = {.store = STORE, .windows_drive = "C:", .users = ann};

    OK(ts_migrate_restore(&r, NULL, &t, &err));
    cr_expect_eq(t.profiles, 1);
    char *before = snap(l->c, SNAP_IDS);
    OK(ts_migrate_restore(&r, NULL, &t, &err));
    cr_expect_eq(t.conflicts, 0);
    char *after = snap(l->c, SNAP_IDS);
    /* The catalogue was written to; its line is the store's business. */
    cr_expect_eq(strlen(before), strlen(after));
    cr_expect_eq(state_of_store(), TS_STORE_RESTORED, "Dora is not restored yet");
    cr_expect_eq(ts_store_remove(STORE, false, NULL, NULL, &err), TS_EREFUSED);
    r.users = NULL;
    OK(ts_migrate_restore(&r, NULL, &t, &err));
    cr_expect_eq(t.conflicts, 0);
    cr_expect_eq(state_of_store(), TS_STORE_VERIFIED);
    OK(ts_migrate_restore(&r, lab_env(l), &t, &err));
    cr_expect(noted(l, "verified before"));
    ts_free(before), ts_free(after);
    lab_free(l);
}

Test(restore, of_an_unknown_user_is_an_error)
{
    struct lab *l = wiped();
    const char *who[] = {"Ann", "Zoe", NULL};
    struct ts_restore r = {.store = STORE, .windows_drive = "C:", .users = who};
    struct ts_err err;

    cr_expect_eq(ts_migrate_restore(&r, NULL, NULL, &err), TS_ENOTFOUND);
    cr_expect(strstr(err.text, "Zoe") != NULL, "%s", err.text);
    cr_expect(!lab_has(l, "C/Users"));
    lab_free(l);
}

Test(restore, to_another_drive_is_by_links_where_it_can_be)
{
    struct lab *l = wiped();
    struct ts_restore r = {.store = STORE, .windows_drive = "D:"};
    struct ts_mig_totals t;
    struct ts_err err;

    OK(ts_migrate_restore(&r, NULL, &t, &err));
    expect_text(l, "D/Users/Ann/Documents/one.txt", "one");
    cr_expect(!lab_has(l, "C/Users"));
    lab_free(l);
}

Test(restore, of_a_volume_that_is_gone_goes_to_the_system_drive)
{
    struct lab *l = lab_new();
    const char *extra[] = {"X:\\Data", NULL};
    struct ts_capture c = {
        .store = STORE, .windows_drive = "C:", .extra = extra, .copy = true};
    struct ts_mig_totals t;
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "X/Data/deep", 0755);
    lab_file(l, "X/Data/deep/file", "from X");
    OK(ts_migrate_capture(&c, NULL, NULL, &err));
    OK(wipe_c(l, &err));
    /* The part's volume has another letter now, and the old letter is another volume. */
    ts_drives_clear();
    OK(ts_drives_map('C', l->c, "volume-c", true, &err));
    OK(ts_drives_map('D', l->d, "volume-d", true, &err));
    OK(ts_drives_map('F', l->x, "volume-x", false, &err));
    lab_remove(l, "X/Data");
    OK(restore(l, &t, &err));
    expect_text(l, "X/Data/deep/file", "from X");
    cr_expect_eq(state_of_store(), TS_STORE_VERIFIED);
    lab_free(l);
}

Test(restore, that_failed_keeps_the_store)
{
    struct lab *l = wiped();
    struct ts_mig_totals t;
    struct ts_err err;
    char *data = lab_path(l, "C/StateStore/data");
    char *text = snap(data, SNAP_PLAIN);

    /* One entry of the store is lost. */
    char *end = strchr(strstr(text, " f "), '\n'), *line = end;
    while (line > text && line[-1] != '\n')
        line--;
    char *name =
        ts_format("C/StateStore/data%.*s", (int)(strchr(line, ' ') - line), line);
    lab_remove(l, name);
    cr_expect_eq(restore(l, &t, &err), TS_EDAMAGED, "%s", err.text);
    cr_expect_eq(state_of_store(), TS_STORE_WIPING);
    cr_expect_eq(ts_store_remove(STORE, false, NULL, NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "restore it first") != NULL, "%s", err.text);
    cr_expect(lab_has(l, "C/StateStore/catalog.db"));
    ts_free(data), ts_free(text), ts_free(name);
    lab_free(l);
}

static char *seen;

static void finding(void *ctx, const char *path, const char *what)
{
    char *more = ts_format("%s%s: %s\n", seen ? seen : "", path, what);

    (void)ctx;
    ts_free(seen);
    seen = more;
}

Test(restore, its_proof_lists_what_is_missing)
{
    struct lab *l = wiped();
    const char *ann[] = {"Ann", NULL};
    struct ts_restore r = {.store = STORE, .windows_drive = "C:", .users = ann};
    struct ts_err err;

    cr_expect_eq(ts_migrate_verify_restored(STORE, NULL, NULL, NULL, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "was not restored yet") != NULL, "%s", err.text);
    OK(ts_migrate_restore(&r, NULL, NULL, &err));
    lab_remove(l, "C/Users/Ann/Documents/one.txt");
    lab_remove(l, "C/Users/Ann/Documents/two.txt");
    lab_file(l, "C/Users/Ann/Documents/two.txt", "owt");
    lab_remove(l, "C/Users/Ann/link");
    cr_expect_eq(ts_migrate_verify_restored(STORE, NULL, finding, NULL, &err),
                 TS_EREFUSED);
    cr_expect(strstr(seen, "one.txt: is not there") != NULL, "%s", seen);
    cr_expect(strstr(seen, "two.txt: has other content") != NULL, "%s", seen);
    cr_expect(strstr(seen, "link: is not there") != NULL, "%s", seen);
    cr_expect(strstr(seen, "Dora: was not restored") != NULL, "%s", seen);
    cr_expect_eq(state_of_store(), TS_STORE_RESTORED);
    r.users = NULL;
    OK(ts_migrate_restore(&r, NULL, NULL, &err));
    OK(ts_migrate_verify_restored(STORE, NULL, NULL, NULL, &err));
    cr_expect_eq(state_of_store(), TS_STORE_VERIFIED);
    lab_free(l);
}

/* ---- removal ----------------------------------------------------------------------- */

Test(removal, says_what_is_missing)
{
    static const struct {
        enum ts_store_state at;
        const char *why;
    } cases[] = {{TS_STORE_COMPLETE, "was not restored yet"},
                 {TS_STORE_WIPING, "only names of users' files"}};
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    OK(capture(l, NULL, &err));
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(state_of_store(), cases[i].at);
        cr_expect_eq(ts_store_remove(STORE, false, NULL, NULL, &err), TS_EREFUSED);
        cr_expect(strstr(err.text, cases[i].why) != NULL, "%s", err.text);
        cr_expect(strstr(err.text, "force = true") != NULL, "%s", err.text);
        if (i == 0)
            OK(wipe_c(l, &err));
    }
    OK(restore(l, NULL, &err));
    OK(ts_store_remove(STORE, false, NULL, NULL, &err));
    OK(ts_store_remove(STORE, false, lab_env(l), NULL, &err)); /* nothing: fine */
    cr_expect(noted(l, "nothing to remove"));
    lab_free(l);
}

/* The next start: a process that nobody holds anything in.  Waits for a byte, then
 * carries out what is pending and exits with what was left. */
static pid_t next_start(const char *pending, int *go)
{
    int fds[2];
    pid_t pid;

    cr_assert(pipe(fds) == 0);
    pid = fork();
    if (pid == 0) {
        size_t done = 0, left = 0;
        struct ts_err err;
        char c;
        if (read(fds[0], &c, 1) != 1 ||
            ts_power_run_pending(pending, &done, &left, &err) != TS_OK)
            _exit(99);
        _exit(left > 90 ? 90 : (int)left);
    }
    *go = fds[1];
    return pid;
}

Test(removal, hands_over_what_is_in_use)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;
    int go, status;

    lab_small_users(l);
    OK(capture(l, NULL, &err));
    OK(restore(l, NULL, &err));
    char *data = lab_path(l, "C/StateStore/data"), *pending = lab_path(l, "pending");
    char *text = snap(data, SNAP_PLAIN);
    char *end = strchr(strstr(text, " f "), '\n'), *line = end;
    while (line > text && line[-1] != '\n')
        line--;
    char *held = ts_format("%s%.*s", data, (int)(strchr(line, ' ') - line), line);
    pid_t pid = next_start(pending, &go);
    ts_power_hold(held);
    cr_expect_eq(ts_store_remove(STORE, false, NULL, &t, &err), TS_EUNSUPPORTED,
                 "nobody is there to hand it to: %s", err.text);
    ts_power_pending_file(pending);
    OK(ts_store_remove(STORE, false, lab_env(l), &t, &err));
    cr_expect_eq(t.pending, 5); /* the file, its chunk, data, the catalogue, the store */
    cr_expect(lab_has(l, "C/StateStore/catalog.db"));
    cr_expect(!lab_has(l, "D/StateStore"));
    cr_expect_eq(state_of_store(), TS_STORE_REMOVING);
    cr_assert(write(go, "x", 1) == 1);
    waitpid(pid, &status, 0);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_expect(!lab_has(l, "C/StateStore"), "in the right order it all goes");
    expect_text(l, "C/Users/Ann/Documents/one.txt", "one");
    ts_free(data), ts_free(text), ts_free(held), ts_free(pending);
    lab_free(l);
}

Test(removal, follows_no_link_that_was_planted_in_the_store)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "outside/deep", 0755);
    lab_file(l, "outside/deep/precious", "precious");
    OK(capture(l, NULL, &err));
    lab_dir(l, "C/StateStore/data/ff", 0700);
    lab_link(l, "C/StateStore/data/ff/planted", "../../../../outside");
    lab_link(l, "C/StateStore/data/planted", "../../../outside");
    OK(ts_store_remove(STORE, true, NULL, NULL, &err));
    cr_expect(!lab_has(l, "C/StateStore"));
    cr_expect(lab_has(l, "outside/deep/precious"));
    lab_free(l);
}

Test(removal, of_a_damaged_store_needs_force)
{
    struct lab *l = lab_new();
    struct ts_err err;

    lab_small_users(l);
    OK(capture(l, NULL, &err));
    lab_file(l, "C/StateStore/catalog.db", "damaged");
    cr_expect_eq(ts_store_remove(STORE, false, NULL, NULL, &err), TS_EDAMAGED);
    cr_expect(strstr(err.text, "may hold users' files") != NULL, "%s", err.text);
    OK(ts_store_remove(STORE, true, NULL, NULL, &err));
    cr_expect(!lab_has(l, "C/StateStore"));
    lab_free(l);
}
