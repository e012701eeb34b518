#include "helpers.h"

#include "state/state_internal.h"

#include <signal.h>
#include <sys/wait.h>

TestSuite(state, .init = setup, .fini = teardown);

Test(state, opens_an_empty_folder_for_the_owner_only)
{
    struct stat st;
    struct ts_run run;
    struct ts_state *s = open_state();
    cr_assert_str_eq(ts_state_dir(s), dir);
    cr_assert_eq(ts_state_last_run(s, &run, &err), TS_ENOTFOUND);
    cr_assert_eq(stat(dir, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0700);
    begin(s);
    OK(ts_state_commit(s, &err));
    static const char *const files[] = {"state.db", "state.db-wal", "state.db-shm"};
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(stat(in(dir, files[i]), &st), 0, "%s", files[i]);
        cr_assert_eq(st.st_mode & 0077, 0, "%s: %o", files[i], st.st_mode);
    }
    ts_state_close(s);
}

Test(state, is_not_there_without_create)
{
    struct ts_state *s;
    cr_assert_eq(ts_state_open(&s, dir, false, false, &err), TS_ENOTFOUND);
    cr_assert(s == NULL);
    cr_assert(!ts_fs_exists(dir));
    cr_assert_eq(ts_state_open(&s, dir, true, true, &err), TS_ENOTFOUND);
    cr_assert(!ts_fs_exists(dir));
    mkdir(dir, 0700);
    cr_assert_eq(ts_state_open(&s, dir, false, false, &err), TS_ENOTFOUND);
    cr_assert(!ts_fs_exists(in(dir, "lock")));
    ts_state_close(NULL);
}

Test(state, gives_a_run_back_as_it_was)
{
    struct ts_run run;
    struct ts_state *s = open_state();
    struct ts_run made = begin(s);
    char *uid = ts_strdup(made.uid);
    cr_assert_eq(strlen(uid), 32);
    cr_assert_gt(made.started_ms, INT64_C(1500000000000));
    ts_state_position(s, "{\"pointer\":7}");
    OK(ts_state_commit(s, &err));
    ts_state_close(s);

    s = open_state();
    OK(ts_state_last_run(s, &run, &err));
    cr_assert_eq(run.id, made.id);
    cr_assert_str_eq(run.uid, uid);
    cr_assert_str_eq(run.sequence_name, "Refresh");
    cr_assert_str_eq(run.sequence_file, "refresh.lua");
    cr_assert_str_eq(run.sequence_hash, "abc");
    cr_assert_str_eq(run.model, "{\"taskseq\":1}");
    cr_assert_str_eq(run.machine, "machine-1");
    cr_assert_str_eq(run.position, "{\"pointer\":7}");
    cr_assert_str_eq(run.work_dir, "/seq");
    cr_assert_str_eq(run.error, "");
    cr_assert_eq(run.status, TS_RUN_RUNNING);
    cr_assert_eq(run.started_ms, made.started_ms);
    cr_assert_eq(run.ended_ms, 0);
    cr_assert_eq(run.next_seq, 1);
    ts_state_close(s);
}

Test(state, keeps_nothing_that_was_not_committed)
{
    struct ts_run run;
    struct ts_state *s = open_state();
    begin(s);
    ts_state_close(s);
    s = open_state();
    cr_assert_eq(ts_state_last_run(s, &run, &err), TS_ENOTFOUND);
    begin(s);
    OK(ts_state_commit(s, &err));
    ts_state_position(s, "{\"pointer\":1}");
    ts_state_attempt_started(s, 1, "a", "A", 1, 1);
    ts_state_close(s);
    s = open_state();
    OK(ts_state_last_run(s, &run, &err));
    cr_assert_str_eq(run.position, "{\"pointer\":0}");
    ts_state_close(s);
    cr_assert_str_eq(query(dir, "SELECT count(*) FROM steps"), "0");
}

Test(state, refuses_to_begin_over_an_unfinished_run)
{
    struct ts_run run = {.sequence_name = "Other"}, last;
    struct ts_state *s = open_state();
    begin(s);
    OK(ts_state_commit(s, &err));
    cr_assert_eq(ts_state_begin(s, &run, &err), TS_EREFUSED);
    cr_assert(strstr(err.text, "\"Refresh\"") && strstr(err.text, "--discard") &&
                  strstr(err.text, "--archive"),
              "%s", err.text);
    ts_state_status(s, TS_RUN_RESTARTING, 0, NULL);
    OK(ts_state_commit(s, &err));
    cr_assert_eq(ts_state_begin(s, &run, &err), TS_EREFUSED);

    OK(ts_state_last_run(s, &last, &err));
    OK(ts_state_discard(s, last.id, &err));
    OK(ts_state_last_run(s, &last, &err));
    cr_assert_eq(last.status, TS_RUN_CANCELLED);
    cr_assert_gt(last.ended_ms, 0);
    OK(ts_state_begin(s, &run, &err));
    OK(ts_state_commit(s, &err));
    OK(ts_state_last_run(s, &last, &err));
    cr_assert_str_eq(last.sequence_name, "Other");
    ts_state_close(s);
    cr_assert_str_eq(query(dir, "SELECT count(*) FROM runs"), "2");
}

Test(state, ends_and_goes_on)
{
    struct ts_run run;
    struct ts_state *s = open_state();
    begin(s);
    ts_state_status(s, TS_RUN_FAILED, -2147467259, "step \"X\": it broke");
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    s = open_state();
    OK(ts_state_last_run(s, &run, &err));
    cr_assert_eq(run.status, TS_RUN_FAILED);
    cr_assert_eq(run.result_code, -2147467259);
    cr_assert_str_eq(run.error, "step \"X\": it broke");
    cr_assert_gt(run.ended_ms, 0);
    ts_state_status(s, TS_RUN_RUNNING, 0, "");
    OK(ts_state_commit(s, &err));
    OK(ts_state_last_run(s, &run, &err));
    cr_assert_eq(run.status, TS_RUN_RUNNING);
    cr_assert_eq(run.ended_ms, 0);
    ts_state_close(s);
}

Test(state, status_names_are_fixed)
{
    static const char *const names[] = {"none",      "running", "restarting",
                                        "succeeded", "failed",  "cancelled"};
    for (int i = 0; i < 6; i++) {
        cr_assert_str_eq(ts_run_status_name((enum ts_run_status)i), names[i]);
    }
}

Test(state, one_run_at_a_time)
{
    struct ts_state *s = open_state(), *second;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        enum ts_code rc = ts_state_open(&second, dir, true, false, &err);
        _exit(rc == TS_ELOCKED && strstr(err.text, dir) ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    cr_assert_eq(status, 0);
    begin(s);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    second = open_state();
    ts_state_close(second);
}

Test(state, another_client_can_read_it_while_it_runs)
{
    struct ts_state *s = open_state();
    begin(s);
    put(s, "A", "1", false);
    OK(ts_state_commit(s, &err));
    put(s, "A", "2", false);
    cr_assert_str_eq(query(dir, "SELECT value FROM variables"), "1");
    OK(ts_state_commit(s, &err));
    cr_assert_str_eq(query(dir, "SELECT value FROM variables"), "2");
    cr_assert_str_eq(query(dir, "PRAGMA journal_mode"), "wal");
    ts_state_close(s);
}

/* Without it a commit would not survive power loss; no test that only kills can see that.
 */
Test(state, commits_wait_for_the_disk)
{
    sqlite3_stmt *q;
    struct ts_state *s = open_state();
    OK(ts_state_archive(s, &err));
    begin(s);
    OK(ts_state_commit(s, &err));
    cr_assert_eq(sqlite3_prepare_v2(s->db, "PRAGMA synchronous", -1, &q, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_step(q), SQLITE_ROW);
    cr_assert_eq(sqlite3_column_int(q, 0), 2);
    sqlite3_finalize(q);
    ts_state_close(s);
}

/* ---- readers -------------------------------------------------------------------------
 */

static size_t files_in(const char *folder)
{
    DIR *d = opendir(folder);
    size_t n = 0;
    while (readdir(d) != NULL) {
        n++;
    }
    closedir(d);
    return n - 2;
}

Test(state, reader_changes_nothing)
{
    struct ts_state *r;
    struct ts_run run;
    size_t n, m;
    ended_state();
    char *before = slurp(in(dir, "state.db"), &n);
    size_t files = files_in(dir);
    OK(ts_state_open(&r, dir, false, true, &err));
    OK(ts_state_last_run(r, &run, &err));
    cr_assert_eq(files_in(dir), files);
    ts_state_drop_secrets(r);
    ts_state_close(r);
    char *after = slurp(in(dir, "state.db"), &m);
    cr_assert(n == m && memcmp(before, after, n) == 0);
    cr_assert_eq(files_in(dir), files);
}

Test(state, reader_of_an_odd_path)
{
    struct ts_state *r;
    struct ts_run run;
    snprintf(dir, sizeof dir, "%s/50%% a?b#c & \xC3\xA9", top);
    ended_state();
    OK(ts_state_open(&r, dir, false, true, &err));
    OK(ts_state_last_run(r, &run, &err));
    ts_state_close(r);
}

/* One that stays open, as `status --follow` does, sees what comes. */
Test(state, reader_follows_the_runs)
{
    struct ts_state *r, *s;
    struct ts_run run;
    ended_state();
    OK(ts_state_open(&r, dir, false, true, &err));
    OK(ts_state_last_run(r, &run, &err));
    cr_assert_eq(run.status, TS_RUN_SUCCEEDED);

    s = open_state();
    begin(s);
    ts_state_position(s, "1");
    OK(ts_state_commit(s, &err));
    OK(ts_state_last_run(r, &run, &err));
    cr_assert_eq(run.status, TS_RUN_RUNNING);
    cr_assert_str_eq(run.position, "1");
    ts_state_position(s, "2");
    OK(ts_state_commit(s, &err));
    OK(ts_state_last_run(r, &run, &err));
    cr_assert_str_eq(run.position, "2");
    end_run(s);
    ts_state_close(s);
    OK(ts_state_last_run(r, &run, &err));
    cr_assert_eq(run.status, TS_RUN_SUCCEEDED);

    s = open_state();
    OK(ts_state_archive(s, &err));
    begin(s);
    ts_state_position(s, "3");
    OK(ts_state_commit(s, &err));
    OK(ts_state_last_run(r, &run, &err));
    cr_assert_str_eq(run.position, "3");
    ts_state_close(s);
    ts_state_close(r);
}

Test(state, reader_sees_what_a_killed_run_committed)
{
    struct ts_state *r;
    struct ts_run run;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct ts_state *s = open_state();
        begin(s);
        ts_state_position(s, "5");
        (void)!ts_state_commit(s, &err);
        ts_state_position(s, "6");
        raise(SIGKILL);
    }
    waitpid(pid, &status, 0);
    OK(ts_state_open(&r, dir, false, true, &err));
    OK(ts_state_last_run(r, &run, &err));
    cr_assert_str_eq(run.position, "5");
    ts_state_close(r);
}

/* ---- no right, no room ---------------------------------------------------------------
 */

Test(state, read_only_folder_is_refused)
{
    struct ts_state *s;
    mkdir(dir, 0555);
    chmod(top, 0755);
    if (geteuid() == 0) {
        cr_assert_eq(seteuid(65534), 0);
    }
    cr_assert_eq(ts_state_open(&s, dir, true, false, &err), TS_EACCESS, "%s", err.text);
    cr_assert(strstr(err.text, dir) != NULL, "%s", err.text);
    if (getuid() == 0) {
        cr_assert_eq(seteuid(0), 0);
    }
}

Test(state, administrator_does_not_go_on_with_a_users_state)
{
    struct ts_state *s;
    if (geteuid() != 0) {
        cr_skip_test("not the administrator");
    }
    ended_state();
    cr_assert_eq(chown(in(dir, "state.db"), 12345, 12345), 0);
    cr_assert_eq(ts_state_open(&s, dir, false, false, &err), TS_EREFUSED);
    cr_assert(strstr(err.text, "user 12345") != NULL, "%s", err.text);
    cr_assert_eq(chown(in(dir, "state.db"), 0, 0), 0);
    cr_assert_eq(chown(dir, 12345, 12345), 0);
    cr_assert_eq(ts_state_open(&s, dir, false, false, &err), TS_EREFUSED);
}

Test(state, a_link_that_a_user_made_is_not_followed)
{
    struct ts_state *s = NULL;
    char *real, *inside;

    if (geteuid() != 0) {
        cr_skip("needs root to give a link away");
    }
    real = in(top, "elsewhere");
    inside = in(real, "state.db");
    cr_assert_eq(mkdir(real, 0700), 0);
    cr_assert_eq(symlink(real, dir), 0);
    cr_assert_eq(lchown(dir, 1001, 1001), 0);
    cr_expect_eq(ts_state_open(&s, dir, true, false, &err), TS_EREFUSED);
    cr_expect(strstr(err.text, "is a link that user 1001 made") != NULL, "%s", err.text);
    cr_expect(!ts_fs_exists(inside));
    cr_assert_eq(lchown(dir, 0, 0), 0);
    OK(ts_state_open(&s, dir, true, false, &err));
    ts_state_close(s);
    ts_free(real);
    ts_free(inside);
}
