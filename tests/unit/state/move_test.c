#include "helpers.h"

TestSuite(state_move, .init = setup, .fini = teardown);
TestSuite(state_archive, .init = setup, .fini = teardown);

static void make(const char *folder, const char *name, const char *text)
{
    char *path = in(folder, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    OK(ts_fs_mkdirs(path, 0700, &err));
    *slash = '/';
    spill(path, text, strlen(text));
    ts_free(path);
}

Test(state_archive, puts_the_run_aside_and_starts_empty)
{
    struct ts_run run;
    struct ts_state *s = open_state();
    run = begin(s);
    char *target = ts_format("%s/archive/%s", dir, run.uid);
    put(s, "A", "secret-a", true);
    end_run(s);
    make(dir, "logs/smsts.log", "log");
    make(dir, "output/x.txt", "output");
    OK(ts_state_archive(s, &err));

    cr_assert_eq(ts_state_last_run(s, &run, &err), TS_ENOTFOUND);
    cr_assert(!ts_fs_exists(in(dir, "logs")));
    cr_assert(!ts_fs_exists(in(dir, "output")));
    cr_assert(!ts_fs_exists(in(dir, "secrets.bin")));
    cr_assert_str_eq(slurp(in(target, "logs/smsts.log"), NULL), "log");
    cr_assert_str_eq(slurp(in(target, "output/x.txt"), NULL), "output");
    cr_assert_str_eq(query(target, "SELECT status FROM progress"), "succeeded");
    begin(s);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    cr_assert_str_eq(query(dir, "SELECT count(*) FROM runs"), "1");
    struct ts_state *old;
    OK(ts_state_open(&old, target, false, true, &err));
    OK(ts_state_last_run(old, &run, &err));
    cr_assert_str_eq(run.sequence_name, "Refresh");
    ts_state_close(old);
}

Test(state_archive, takes_an_unfinished_run_too_and_nothing_from_an_empty_state)
{
    struct ts_run run;
    struct ts_state *s = open_state();
    OK(ts_state_archive(s, &err));
    cr_assert(!ts_fs_exists(in(dir, "archive")));
    begin(s);
    OK(ts_state_commit(s, &err));
    OK(ts_state_archive(s, &err));
    cr_assert_eq(ts_state_last_run(s, &run, &err), TS_ENOTFOUND);
    begin(s);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
}

Test(state_archive, leaves_out_what_was_not_committed)
{
    struct ts_state *s = open_state();
    begin(s); /* never committed: there is no run */
    OK(ts_state_archive(s, &err));
    cr_assert(!ts_fs_exists(in(dir, "archive")));
    struct ts_run run = begin(s);
    char *target = ts_format("%s/archive/%s", dir, run.uid);
    put(s, "A", "1", false);
    OK(ts_state_commit(s, &err));
    put(s, "A", "2", false);
    OK(ts_state_archive(s, &err));
    ts_state_close(s);
    cr_assert_str_eq(query(target, "SELECT value FROM variables"), "1");
}

Test(state_archive, goes_on_with_one_that_was_cut_short)
{
    struct ts_state *s = open_state();
    struct ts_run run = begin(s);
    char *target = ts_format("%s/archive/%s", dir, run.uid);
    end_run(s);
    make(target, "logs/smsts.log", "moved before the cut");
    make(dir, "logs/smsts.log", "written after it");
    OK(ts_state_archive(s, &err));
    cr_assert_str_eq(slurp(in(target, "logs/smsts.log"), NULL), "moved before the cut");
    cr_assert_str_eq(slurp(in(target, "logs.2/smsts.log"), NULL), "written after it");
    ts_state_close(s);
}

Test(state_archive, works_while_somebody_reads)
{
    struct ts_state *s = open_state(), *r;
    struct ts_run run;
    begin(s);
    OK(ts_state_commit(s, &err));
    OK(ts_state_open(&r, dir, false, true, &err));
    OK(ts_state_last_run(r, &run, &err));
    OK(ts_state_archive(s, &err));
    cr_assert_eq(ts_state_last_run(r, &run, &err), TS_ENOTFOUND, "%s", err.text);
    ts_state_close(r);
    begin(s);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
}

/* ---- moving --------------------------------------------------------------------------
 */

static void get(void *ctx, const char *text)
{
    (void)ctx;
    cr_assert(false, "%s", text);
}

Test(state_move, carries_everything_and_goes_on)
{
    char *to = in(top, "target/deep");
    struct ts_state *s = open_state();
    struct ts_run run = begin(s), now;
    char *uid = ts_strdup(run.uid);
    put(s, "A", "secret-a", true);
    OK(ts_state_commit(s, &err));
    make(dir, "output/sub/x.txt", "output");
    make(dir, "pending", "a path");
    make(dir, "next-boot", "WinPE\n");
    make(dir, "steps/Mine.lua", "a step type");
    make(dir, "archive/old/state.db", "older");
    make(dir, "logs/smsts.log", "log");
    ts_state_position(s, "{\"pointer\":9}"); /* not committed: the move does that */
    OK(ts_state_move(s, to, &err));
    cr_assert_str_eq(ts_state_dir(s), to);
    ts_state_position(s, "{\"pointer\":10}");
    put(s, "B", "secret-b", true);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);

    cr_assert_str_eq(slurp(in(to, "output/sub/x.txt"), NULL), "output");
    cr_assert_str_eq(slurp(in(to, "pending"), NULL), "a path");
    cr_assert_str_eq(slurp(in(to, "next-boot"), NULL), "WinPE\n");
    cr_assert_str_eq(slurp(in(to, "steps/Mine.lua"), NULL), "a step type");
    cr_assert_str_eq(slurp(in(to, "archive/old/state.db"), NULL), "older");
    static const char *const gone[] = {"state.db",    "state.db-wal", "secrets.bin",
                                       "secrets.key", "output",       "pending",
                                       "archive",     "lock",         "steps",
                                       "next-boot"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        cr_assert(!ts_fs_exists(in(dir, gone[i])), "%s", gone[i]);
    }
    cr_assert(ts_fs_exists(in(dir, "logs/smsts.log")), "logs move with the log");

    struct ts_vars *v = ts_vars_new();
    OK(ts_state_open(&s, to, false, false, &err));
    OK(ts_state_last_run(s, &now, &err));
    cr_assert_str_eq(now.uid, uid);
    cr_assert_str_eq(now.position, "{\"pointer\":10}");
    OK(ts_state_load_vars(s, now.id, v, get, NULL, &err));
    cr_assert_str_eq(ts_vars_get(v, "A"), "secret-a");
    cr_assert_str_eq(ts_vars_get(v, "B"), "secret-b");
    ts_vars_free(v);
    ts_state_close(s);
}

Test(state_move, empty_folder_goes_and_the_lock_comes_along)
{
    char *to = in(top, "target");
    struct ts_state *s = open_state(), *other;
    begin(s);
    OK(ts_state_move(s, to, &err));
    cr_assert(!ts_fs_exists(dir));
    cr_assert_eq(ts_state_open(&other, to, false, false, &err), TS_ELOCKED);
    OK(ts_state_move(s, to, &err)); /* there already */
    ts_state_close(s);
}

Test(state_move, puts_an_ended_run_there_aside)
{
    char *to = in(top, "target");
    struct ts_state *s;
    char *from = ts_strdup(dir);
    snprintf(dir, sizeof dir, "%s", to);
    ended_state();
    char *old = query(to, "SELECT uid FROM runs");
    snprintf(dir, sizeof dir, "%s", from);
    s = open_state();
    struct ts_run run = begin(s);
    char *uid = ts_strdup(run.uid);
    OK(ts_state_move(s, to, &err));
    ts_state_close(s);
    cr_assert_str_eq(query(to, "SELECT group_concat(uid) FROM runs"), uid);
    cr_assert(ts_fs_exists(ts_format("%s/archive/%s/state.db", to, old)));
}

Test(state_move, leaves_another_unfinished_run_alone)
{
    char *to = in(top, "target");
    struct ts_state *s, *other;
    struct ts_run run;
    OK(ts_state_open(&other, to, true, false, &err));
    run = begin(other);
    char *uid = ts_strdup(run.uid);
    OK(ts_state_commit(other, &err));
    s = open_state();
    begin(s);
    cr_assert_eq(ts_state_move(s, to, &err), TS_ELOCKED);
    ts_state_close(other);
    cr_assert_eq(ts_state_move(s, to, &err), TS_EREFUSED);
    cr_assert(strstr(err.text, to) != NULL, "%s", err.text);
    cr_assert_str_eq(ts_state_dir(s), dir);
    ts_state_position(s, "{\"still\":1}");
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    cr_assert_str_eq(query(to, "SELECT uid FROM runs"), uid);
    cr_assert_str_eq(query(dir, "SELECT position FROM progress"), "{\"still\":1}");
}

/* Both places hold the run when power went between the copy and the emptying. */
Test(state_move, replaces_its_own_copy)
{
    char *to = in(top, "target");
    struct ts_state *s = open_state();
    begin(s);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    OK(ts_fs_mkdirs(to, 0700, &err));
    size_t n;
    char *bytes = slurp(in(dir, "state.db"), &n);
    spill(in(to, "state.db"), bytes, n);
    spill(in(to, "state.db.moved"), bytes, 100);
    struct ts_run run;
    s = open_state();
    OK(ts_state_last_run(s, &run, &err));
    ts_state_position(s, "{\"newer\":1}");
    OK(ts_state_move(s, to, &err));
    ts_state_close(s);
    cr_assert_str_eq(query(to, "SELECT position FROM progress"), "{\"newer\":1}");
    cr_assert(!ts_fs_exists(in(to, "state.db.moved")));
}

Test(state_move, fails_where_nothing_can_be_written)
{
    struct ts_state *s = open_state();
    begin(s);
    spill(in(top, "file"), "x", 1);
    cr_assert_neq(ts_state_move(s, in(top, "file/below"), &err), TS_OK);
    cr_assert(strstr(err.text, "could not be moved") != NULL, "%s", err.text);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
}
