#include "fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/power.h"

TestSuite(fs, .init = fixture_make, .fini = fixture_remove);

Test(fs, stat_knows_drives_and_their_roots)
{
    struct ts_stat st;

    put("c/Users/ann.txt", "12345");
    map_drive('C', "c");
    answers(TS_OK, ts_host_stat(&call, "C:\\USERS\\Ann.TXT", &st, &err));
    cr_assert_eq(st.type, TS_F_FILE);
    cr_assert_eq(st.size, 5);
    answers(TS_OK, ts_host_stat(&call, "C:\\", &st, &err));
    cr_assert_eq(st.type, TS_F_DIR);
    answers(TS_OK, ts_host_stat(&call, "c:", &st, &err));
    answers(TS_OK, ts_host_stat(&call, "/", &st, &err));
    answers(TS_ENOTFOUND, ts_host_stat(&call, "C:\\nowhere", &st, &err));
    says("C:\\nowhere");
    put_link("c/link", "Users");
    answers(TS_OK, ts_host_stat(&call, "C:\\link", &st, &err));
    cr_assert_eq(st.type, TS_F_LINK);
}

Test(fs, read_takes_files_only_and_not_too_much)
{
    struct ts_buf b = {0};

    put("c/f.txt", "hello");
    put_link("c/link", "f.txt");
    cr_assert_eq(mkfifo(at("c/pipe"), 0600), 0);
    map_drive('C', "c");
    answers(TS_OK, ts_host_read(&call, "C:\\F.TXT", 5, &b, &err));
    cr_assert_str_eq(b.p, "hello");
    answers(TS_ELIMIT, ts_host_read(&call, "C:\\f.txt", 4, &b, &err));
    answers(TS_ELINK, ts_host_read(&call, "C:\\link", 100, &b, &err));
    answers(TS_EINPUT, ts_host_read(&call, "C:\\pipe", 100, &b, &err));
    answers(TS_EINPUT, ts_host_read(&call, at("c"), 100, &b, &err));
    answers(TS_ENOTFOUND, ts_host_read(&call, "C:\\none", 100, &b, &err));
    says("cannot read C:\\none");
    ts_buf_free(&b);
}

Test(fs, write_replaces_or_appends)
{
    map_drive('C', "c");
    answers(TS_OK,
            ts_host_write(&call, "C:\\New\\Deep\\a.txt", TS_S("one"), false, &err));
    cr_assert_str_eq(content("c/New/Deep/a.txt"), "one");
    chmod(at("c/New/Deep/a.txt"), 0640);
    answers(TS_OK,
            ts_host_write(&call, "C:\\new\\deep\\A.TXT", TS_S("two"), false, &err));
    cr_assert_str_eq(content("c/New/Deep/a.txt"), "two");
    cr_assert_eq(mode_of("c/New/Deep/a.txt"), 0640);
    answers(TS_OK, ts_host_write(&call, "C:\\New\\Deep\\a.txt", TS_S("!"), true, &err));
    cr_assert_str_eq(content("c/New/Deep/a.txt"), "two!");
    answers(TS_EEXIST, ts_host_write(&call, "C:\\New", TS_S("x"), false, &err));
    cr_assert_eq(shell("test $(find c -type f | wc -l) = 1"), 0);
}

Test(fs, write_never_goes_through_a_link)
{
    put("c/victim", "safe");
    put_link("c/file", "victim");
    put_dir("outside");
    put_link("c/folder", "../outside");
    map_drive('C', "c");
    answers(TS_ELINK, ts_host_write(&call, "C:\\file", TS_S("x"), true, &err));
    answers(TS_OK, ts_host_write(&call, "C:\\file", TS_S("x"), false, &err));
    cr_assert_not(is_link("c/file"));
    cr_assert_str_eq(content("c/victim"), "safe");
    answers(TS_ELINK, ts_host_write(&call, "C:\\folder\\f", TS_S("x"), false, &err));
    answers(TS_ELINK, ts_host_mkdir(&call, "C:\\folder\\d", &err));
    cr_assert_eq(shell("test -z \"$(ls outside)\""), 0);
}

Test(fs, mkdir_makes_what_is_missing)
{
    map_drive('C', "c");
    answers(TS_OK, ts_host_mkdir(&call, "C:\\a\\b\\c", &err));
    answers(TS_OK, ts_host_mkdir(&call, "C:\\A\\B\\c", &err));
    cr_assert_eq(shell("test -d c/a/b/c && ! test -e c/A"), 0);
    put("c/file", "x");
    cr_assert_neq(ts_host_mkdir(&call, "C:\\file\\x", &err), TS_OK);
    says("C:\\file\\x");
}

/* ---- copying -------------------------------------------------------------------------
 */

static uint64_t files, bytes;

static enum ts_code copy(const char *from, const char *to, bool overwrite, bool recurse)
{
    struct ts_copy_spec s = {from, to, overwrite, recurse};

    return ts_host_copy(&call, &s, &files, &bytes, &err);
}

static void make_tree(void)
{
    put("c/src/a.txt", "aaa");
    put("c/src/b.log", "bbbb");
    put("c/src/sub/c.txt", "c");
    put_dir("c/src/sub/empty");
    put_link("c/src/sub/up", "../../victim");
    chmod(at("c/src/a.txt"), 0640);
    chmod(at("c/src/sub"), 0750);
    shell("touch -d 2001-02-03T04:05:06 c/src/a.txt c/src/sub");
    map_drive('C', "c");
}

Test(fs, copy_takes_a_tree_with_times_modes_and_links)
{
    make_tree();
    put("c/victim", "safe");
    answers(TS_OK, copy("C:\\SRC", "C:\\dst\\deep", false, true));
    cr_assert_eq(files, 4);
    cr_assert_eq(bytes, 8);
    cr_assert_str_eq(content("c/dst/deep/sub/c.txt"), "c");
    cr_assert(is_link("c/dst/deep/sub/up"));
    cr_assert_eq(mode_of("c/dst/deep/a.txt"), 0640);
    cr_assert_eq(mode_of("c/dst/deep/sub"), 0750);
    cr_assert_eq(shell("test $(stat -c %Y c/dst/deep/a.txt) = $(stat -c %Y c/src/a.txt) "
                       "-a $(stat -c %Y c/dst/deep/sub) = $(stat -c %Y c/src/sub) "
                       "-a -d c/dst/deep/sub/empty"),
                 0);
    cr_assert_eq(shell("test -z \"$(find c -name .taskseq-new)\""), 0);
}

Test(fs, copy_without_recurse_takes_the_files_only)
{
    make_tree();
    answers(TS_OK, copy("C:\\src", "C:\\dst", false, false));
    cr_assert_eq(files, 2);
    cr_assert_not(there("c/dst/sub"));
}

Test(fs, copy_takes_one_file)
{
    make_tree();
    put_dir("c/there");
    answers(TS_OK, copy("C:\\src\\A.TXT", "C:\\new.txt", false, false));
    cr_assert_str_eq(content("c/new.txt"), "aaa");
    answers(TS_OK, copy("C:\\src\\a.txt", "C:\\THERE", false, false));
    cr_assert_str_eq(content("c/there/a.txt"), "aaa");
    answers(TS_OK, copy("C:\\src\\a.txt", "C:\\made\\", false, false));
    cr_assert_str_eq(content("c/made/a.txt"), "aaa");
    answers(TS_OK, copy("C:\\src\\a.txt", "C:\\", false, false));
    cr_assert_str_eq(content("c/a.txt"), "aaa");
    answers(TS_OK, copy(at("c/src/a.txt"), at("native/x"), false, false));
    cr_assert_str_eq(content("native/x"), "aaa");
}

Test(fs, copy_takes_what_matches)
{
    make_tree();
    answers(TS_OK, copy("C:\\src\\*.TXT", "C:\\dst", false, true));
    cr_assert_eq(files, 1);
    cr_assert_not(there("c/dst/b.log"));
    answers(TS_OK, copy("C:\\src\\s*", "C:\\dst2", false, true));
    cr_assert_str_eq(content("c/dst2/sub/c.txt"), "c");
    answers(TS_ENOTFOUND, copy("C:\\src\\*.none", "C:\\dst3", false, true));
    cr_assert_not(there("c/dst3"));
}

Test(fs, copy_overwrites_only_when_asked)
{
    make_tree();
    put("c/dst/A.txt", "old");
    answers(TS_EEXIST, copy("C:\\src", "C:\\dst", false, true));
    says("overwriting was not asked for");
    cr_assert_str_eq(content("c/dst/A.txt"), "old");
    answers(TS_OK, copy("C:\\src", "C:\\dst", true, true));
    cr_assert_str_eq(content("c/dst/A.txt"), "aaa");
    cr_assert_not(there("c/dst/a.txt"), "one name without regard to case");
    answers(TS_OK, copy("C:\\src", "C:\\dst", true, true));
    cr_assert_eq(files, 4);
}

Test(fs, copy_after_a_cut_goes_on)
{
    make_tree();
    put("c/dst/a.txt", "aaa");
    put("c/dst/.taskseq-new", "half of a fi");
    answers(TS_EEXIST, copy("C:\\src", "C:\\dst", false, true));
    call.interrupted_before = true;
    answers(TS_OK, copy("C:\\src", "C:\\dst", false, true));
    cr_assert_eq(files, 4);
    cr_assert_not(there("c/dst/.taskseq-new"));
    put("c/dst/b.log", "BBBB"); /* same size, other content */
    answers(TS_EEXIST, copy("C:\\src", "C:\\dst", false, true));
}

/* The power goes at the n-th effect of a copy; false: it has fewer. */
static bool copy_is_cut(const char *to, unsigned long long n, bool overwrite)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        ts_power_arm(at("counter"), n);
        _exit(copy("C:\\src", to, overwrite, true) == TS_OK ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    unlink(at("counter"));
    cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void copy_cut_at_every_effect(bool overwrite)
{
    unsigned long long n = 0;
    bool cut = true;

    make_tree();
    shell("chmod 555 c/src/sub/empty; touch -d 2002-02-03T04:05:06 c/src/sub/empty");
    answers(TS_OK, copy("C:\\src", "C:\\uncut", overwrite, true));
    while (cut) {
        shell("test ! -e c/cut || { chmod -R u+rwx c/cut; rm -rf c/cut; }");
        call.interrupted_before = false;
        cut = copy_is_cut("C:\\cut", ++n, overwrite);
        call.interrupted_before = true;
        answers(TS_OK, copy("C:\\src", "C:\\cut", overwrite, true));
        cr_assert_eq(
            shell("for d in uncut cut; do (cd c/$d && find . -mindepth 1 -printf "
                  "'%P %y %m %T@ %l\\n' | sort) >$d.list; done; "
                  "diff uncut.list cut.list"),
            0, "cut at effect %llu", n);
    }
    cr_assert_gt(n, 15);
}

Test(fs, copy_cut_anywhere_ends_alike)
{
    copy_cut_at_every_effect(false);
}

Test(fs, copy_that_overwrites_cut_anywhere_ends_alike)
{
    copy_cut_at_every_effect(true);
}

Test(fs, copy_after_a_cut_leaves_the_mode_of_folders_that_were_there)
{
    make_tree();
    put_dir("c/dst/sub");
    chmod(at("c/dst/sub"), 0700);
    copy_is_cut("C:\\dst", 12, true);
    call.interrupted_before = true;
    answers(TS_OK, copy("C:\\src", "C:\\dst", true, true));
    cr_assert_eq(mode_of("c/dst/sub"), 0700);
}

Test(fs, copy_does_not_write_through_links)
{
    make_tree();
    put("c/victim", "safe");
    put_dir("c/dst");
    put_link("c/dst/a.txt", "../victim");
    put_dir("c/elsewhere");
    answers(TS_OK, copy("C:\\src\\a.txt", "C:\\dst", true, true));
    cr_assert_not(is_link("c/dst/a.txt"));
    cr_assert_str_eq(content("c/victim"), "safe");
    put_link("c/dst/sub", "../elsewhere");
    answers(TS_ELINK, copy("C:\\src", "C:\\dst", true, true));
    cr_assert_eq(shell("test -z \"$(ls c/elsewhere)\""), 0);
}

Test(fs, copy_into_itself_is_refused)
{
    make_tree();
    answers(TS_EINPUT, copy("C:\\src", "C:\\src\\sub\\new", false, true));
    says("into itself");
    cr_assert_not(there("c/src/sub/new"));
    answers(TS_EINPUT, copy("C:\\*", "C:\\src", true, true));
    says("into itself");
}

Test(fs, copy_leaves_special_files_out)
{
    make_tree();
    cr_assert_eq(mkfifo(at("c/src/pipe"), 0600), 0);
    answers(TS_OK, copy("C:\\src", "C:\\dst", false, true));
    cr_assert_not(there("c/dst/pipe"));
    log_says("2 pipe is left out");
}

Test(fs, copy_stops_when_asked)
{
    make_tree();
    ts_cancel_set(true);
    answers(TS_ECANCELLED, copy("C:\\src", "C:\\dst", false, true));
    cr_assert_not(there("c/dst"));
}

Test(fs, copy_of_a_deep_tree_ends)
{
    char *path = ts_strdup("c/src");

    for (int i = 0; i < 300; i++) {
        char *next = ts_format("%s/d", path);
        ts_free(path);
        path = next;
    }
    put_dir(path);
    ts_free(path);
    map_drive('C', "c");
    answers(TS_ELIMIT, copy("C:\\src", "C:\\dst", false, true));
    says("levels of folders");
}

/* ---- deleting ------------------------------------------------------------------------
 */

static enum ts_code del(const char *path, bool recurse)
{
    return ts_host_delete(&call, path, recurse, &files, &err);
}

Test(fs, delete_takes_files_trees_and_matches)
{
    make_tree();
    answers(TS_OK, del("C:\\SRC\\a.TXT", false));
    cr_assert_eq(files, 1);
    cr_assert_not(there("c/src/a.txt"));
    answers(TS_OK, del("C:\\src\\nothing", false));
    answers(TS_OK, del("C:\\no\\such\\folder", true));
    cr_assert_eq(files, 0);
    answers(TS_EEXIST, del("C:\\src\\sub", false));
    says("not empty");
    answers(TS_OK, del("C:\\src\\sub\\empty", false));
    answers(TS_OK, del("C:\\src\\*", false));
    cr_assert(there("c/src/sub/c.txt"));
    cr_assert_not(there("c/src/b.log"));
    answers(TS_OK, del("C:\\src", true));
    cr_assert_eq(files, 2);
    cr_assert_not(there("c/src"));
    answers(TS_EREFUSED, del("C:\\", true));
}

Test(fs, delete_never_follows_a_link)
{
    put("outside/keep", "safe");
    put_dir("c/tree/sub");
    put_link("c/tree/sub/trap", "../../../outside");
    put_link("c/door", "../outside");
    map_drive('C', "c");
    answers(TS_OK, del("C:\\tree", true));
    cr_assert_not(there("c/tree"));
    answers(TS_ELINK, del("C:\\door\\keep", true));
    answers(TS_OK, del("C:\\door", true));
    cr_assert_not(there("c/door"));
    cr_assert_str_eq(content("outside/keep"), "safe");
}

Test(fs, delete_refuses_what_is_protected)
{
    static const char *const paths[] = {"C:\\statestore", "C:\\StateStore\\u\\f",
                                        "C:\\StateStore\\*", "C:\\*", "C:\\State*"};

    put("c/StateStore/u/f", "x");
    put("c/AAA/f", "x");
    put_link("short", "c");
    map_drive('C', "c");
    ts_host_protect(&host, at("c/StateStore"));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        answers(TS_EREFUSED, del(paths[i], true));
        says("protected folder");
    }
    answers(TS_EREFUSED, del(at("c"), true));
    answers(TS_EREFUSED, del(at("short/StateStore"), true));
    cr_assert(there("c/StateStore/u/f"));
    cr_assert(there("c/AAA/f"), "nothing goes unless all may go");
    answers(TS_OK, del("C:\\AAA", true));
}

Test(fs, a_tree_is_copied_around_what_is_protected)
{
    struct ts_copy_spec tree = {
        .from = at("tree"), .to = "C:\\", .overwrite = true, .recurse = true};
    struct ts_copy_spec named = {
        .from = at("state.db"), .to = "C:\\State\\", .overwrite = true, .recurse = true};

    put("c/StateStore/data/1", "user");
    put("c/State/state.db", "record");
    put("tree/statestore/data/1", "tree");
    put("tree/statestore/new/2", "tree");
    put("tree/State/state.db", "tree");
    put("tree/State/data.txt", "tree");
    put("tree/Other/3", "tree");
    put("state.db", "tree");
    map_drive('C', "c");
    host.state_dir = at("c/State");
    ts_host_protect(&host, at("c/StateStore"));
    ts_host_protect(&host, host.state_dir);
    answers(TS_OK, ts_host_copy(&call, &tree, NULL, NULL, &err));
    cr_assert_str_eq(content("c/StateStore/data/1"), "user");
    cr_assert_not(there("c/StateStore/new"));
    cr_assert_str_eq(content("c/State/state.db"), "record");
    cr_assert_str_eq(content("c/State/data.txt"), "tree");
    cr_assert_str_eq(content("c/Other/3"), "tree");
    log_says("2 C:\\statestore is left out: that path is protected");
    answers(TS_EREFUSED, ts_host_copy(&call, &named, NULL, NULL, &err));
    says("protected folder");
    cr_assert_str_eq(content("c/State/state.db"), "record");
}

Test(fs, nothing_is_put_into_what_is_protected)
{
    struct ts_copy_spec one = {.from = at("new"),
                               .to = "C:\\StateStore\\catalog.db",
                               .overwrite = true,
                               .recurse = true},
                        tree = {.from = at("tree"),
                                .to = "c:\\statestore",
                                .overwrite = true,
                                .recurse = true};
    static const char *const record[] = {"C:\\State\\state.db", "C:\\State\\state.db-wal",
                                         "C:\\State\\secrets.bin",
                                         "C:\\State\\steps\\Own.lua"};

    put("c/StateStore/catalog.db", "names");
    put("c/State/state.db", "record");
    put("c/State/steps/Own.lua", "step");
    put("tree/f", "x");
    put("new", "x");
    map_drive('C', "c");
    host.state_dir = at("c/State");
    ts_host_protect(&host, at("c/StateStore"));
    ts_host_protect(&host, host.state_dir);
    answers(TS_EREFUSED,
            ts_host_write(&call, "C:\\StateStore\\catalog.db", TS_S("x"), false, &err));
    says("protected folder");
    answers(TS_EREFUSED,
            ts_host_write(&call, "C:\\StateStore\\catalog.db", TS_S("x"), true, &err));
    answers(TS_EREFUSED, ts_host_copy(&call, &one, NULL, NULL, &err));
    answers(TS_EREFUSED, ts_host_copy(&call, &tree, NULL, NULL, &err));
    for (size_t i = 0; i < sizeof record / sizeof record[0]; i++) {
        answers(TS_EREFUSED, ts_host_write(&call, record[i], TS_S("x"), false, &err));
    }
    cr_assert_str_eq(content("c/StateStore/catalog.db"), "names");
    cr_assert_not(there("c/StateStore/f"));
    cr_assert_str_eq(content("c/State/state.db"), "record");
    answers(TS_OK, ts_host_write(&call, "C:\\State\\data.txt", TS_S("x"), false, &err));
}
