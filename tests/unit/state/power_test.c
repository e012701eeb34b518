/* power_test.c - a writer is killed at every point at which something durable changes;
 * what is then found must be what was acknowledged, or that and the one commit under way.
 */
#include "helpers.h"

#include "platform/power.h"

#include <signal.h>
#include <sys/wait.h>

TestSuite(state_power, .init = setup, .fini = teardown, .timeout = 300);

/* Run `body` in a process of its own that loses power at point n.  True if it came to its
 * end.  What it acknowledged last stands in *acked. */
static bool run_cut(void (*body)(int ack_fd), uint64_t n, int *acked)
{
    int fds[2], status, value;
    char *counter = in(top, "points");

    *acked = 0;
    unlink(counter);
    cr_assert_eq(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        ts_power_arm(counter, n);
        body(fds[1]);
        _exit(0);
    }
    close(fds[1]);
    while (read(fds[0], &value, sizeof value) == sizeof value) {
        *acked = value;
    }
    close(fds[0]);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL,
              "the writer failed at cut %d", (int)n);
    ts_free(counter);
    return WIFEXITED(status);
}

static void must(enum ts_code rc)
{
    if (rc != TS_OK) {
        fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
}

static void acknowledge(int fd, int value)
{
    if (write(fd, &value, sizeof value) != sizeof value) {
        _exit(1);
    }
}

#define COMMITS 6

/* Everything a commit holds says the same number k. */
static void record(struct ts_state *s, int k)
{
    char text[32];
    snprintf(text, sizeof text, "%d", k);
    ts_state_position(s, text);
    struct ts_var plain = {"Plain", text, TS_SCOPE_STEP, false};
    ts_state_variable(s, &plain, "x");
    int64_t a = ts_state_attempt_started(s, k, text, "X", 1, 1);
    struct ts_attempt_end end = {.time_ms = 2, .succeeded = true};
    ts_state_attempt_finished(s, a, &end);
    snprintf(text, sizeof text, "secret-%d", k);
    struct ts_var secret = {"Secret", text, TS_SCOPE_STEP, true};
    ts_state_variable(s, &secret, "x");
}

static void writer(int fd)
{
    struct ts_state *s;
    struct ts_run run;
    must(ts_state_open(&s, dir, true, false, &err));
    run = (struct ts_run){.sequence_name = "Refresh", .model = "{}"};
    must(ts_state_begin(s, &run, &err));
    for (int k = 1; k <= COMMITS; k++) {
        record(s, k);
        must(ts_state_commit(s, &err));
        acknowledge(fd, k);
    }
    ts_state_close(s);
}

static void no_warning(void *ctx, const char *text)
{
    (void)ctx;
    cr_assert(false, "%s", text);
}

/* The number that everything in the state agrees on; 0 when there is no run. */
static int check(const char *folder, bool secrets)
{
    struct ts_state *s;
    struct ts_run run;
    struct ts_arena a = {0};
    struct ts_value *v;
    int k;
    enum ts_code rc = ts_state_open(&s, folder, false, false, &err);
    if (rc == TS_ENOTFOUND) {
        return 0;
    }
    cr_assert_eq(rc, TS_OK, "%s", err.text);
    rc = ts_state_last_run(s, &run, &err);
    if (rc == TS_ENOTFOUND) {
        ts_state_close(s);
        return 0;
    }
    cr_assert_eq(rc, TS_OK, "%s", err.text);
    k = atoi(run.position);
    struct ts_vars *vars = ts_vars_new();
    OK(ts_state_load_vars(s, run.id, vars, secrets ? no_warning : NULL, NULL, &err));
    cr_assert_eq(atoi(ts_vars_get(vars, "Plain")), k);
    if (secrets) {
        cr_assert_eq(atoi(ts_vars_get(vars, "Secret") + 7), k, "position %d, secret %s",
                     k, ts_vars_get(vars, "Secret"));
    }
    OK(ts_state_to_value(s, 0, &a, &v, &err));
    const struct ts_value *steps = ts_value_get(v, "steps");
    cr_assert_eq((int)steps->count, k);
    cr_assert_str_eq(ts_value_text(steps->last, "step"), run.position);
    ts_arena_fini(&a);
    ts_vars_free(vars);
    ts_state_close(s);
    return k;
}

Test(state_power, what_was_acknowledged_is_there_whole)
{
    int acked, behind = 0;
    bool done = false;
    uint64_t n = 1;
    for (; !done; n++) {
        (void)!ts_fs_remove_tree(dir, NULL);
        done = run_cut(writer, n, &acked);
        int k = check(dir, true);
        cr_assert(k == acked || k == acked + 1, "cut %d: %d there, %d acknowledged",
                  (int)n, k, acked);
        behind += k == acked + 1;
        cr_assert(!found_in_files(dir, "secret-"));
    }
    cr_assert_eq(acked, COMMITS);
    cr_assert_gt(
        n, 4 * COMMITS); /* the points are there: two for each commit at the least */
    cr_assert_geq(behind, COMMITS);
}

/* The run goes on after each cut, from what is there, until it is through. */
static void go_on(int fd)
{
    struct ts_state *s;
    struct ts_run run = {.sequence_name = "Refresh", .model = "{}"}, last;
    int k = 0;
    must(ts_state_open(&s, dir, true, false, &err));
    enum ts_code rc = ts_state_last_run(s, &last, &err);
    if (rc == TS_ENOTFOUND) {
        must(ts_state_begin(s, &run, &err));
    } else {
        must(rc);
        k = atoi(last.position);
    }
    while (k < COMMITS) {
        record(s, ++k);
        must(ts_state_commit(s, &err));
        acknowledge(fd, k);
    }
    ts_state_close(s);
}

Test(state_power, going_on_after_each_cut_comes_to_the_same_end)
{
    for (uint64_t n = 6; n < 24; n++) {
        int acked, before = 0, starts = 0;
        (void)!ts_fs_remove_tree(dir, NULL);
        while (!run_cut(go_on, n, &acked) && ++starts < 50) {
            int k = check(dir, true);
            cr_assert_geq(k, before);
            before = k;
        }
        cr_assert(starts < 50 || before < COMMITS);
        if (starts < 50) {
            cr_assert_eq(check(dir, true), COMMITS);
        }
    }
}

/* ---- archive and move ----------------------------------------------------------------
 */

static void one_run(void)
{
    struct ts_state *s = open_state();
    begin(s);
    record(s, 1);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    OK(ts_fs_mkdirs(in(dir, "logs"), 0700, &err));
    OK(ts_fs_mkdirs(in(dir, "output"), 0700, &err));
    spill(in(dir, "logs/smsts.log"), "log", 3);
    spill(in(dir, "output/x"), "out", 3);
}

static void archiver(int fd)
{
    struct ts_state *s;
    must(ts_state_open(&s, dir, true, false, &err));
    must(ts_state_archive(s, &err));
    acknowledge(fd, 1);
    ts_state_close(s);
}

static size_t count_files(const char *folder, const char *name)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    size_t n = 0;
    while (d && (e = readdir(d)) != NULL) {
        char *path = in(folder, e->d_name);
        struct stat st;
        n += strcmp(e->d_name, name) == 0;
        if (e->d_name[0] != '.' && lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
            n += count_files(path, name);
        }
        ts_free(path);
    }
    if (d) {
        closedir(d);
    }
    return n;
}

Test(state_power, archive_has_the_run_here_or_there)
{
    bool done = false;
    uint64_t n = 1;
    for (; !done; n++) {
        struct ts_state *s;
        struct ts_run run;
        int acked;
        (void)!ts_fs_remove_tree(dir, NULL);
        one_run();
        done = run_cut(archiver, n, &acked);
        OK(ts_state_open(&s, dir, true, false, &err));
        enum ts_code rc = ts_state_last_run(s, &run, &err);
        if (rc == TS_OK) { /* still here: archiving goes on */
            cr_assert_eq(acked, 0);
            OK(ts_state_archive(s, &err));
        } else {
            cr_assert_eq(rc, TS_ENOTFOUND, "%s", err.text);
        }
        ts_state_close(s);
        char *archive = in(dir, "archive");
        cr_assert_eq(count_files(archive, "state.db"), 1, "cut %d", (int)n);
        cr_assert_eq(count_files(archive, "smsts.log"), 1, "cut %d", (int)n);
        cr_assert_eq(count_files(archive, "x"), 1, "cut %d", (int)n);
        cr_assert_eq(count_files(dir, "secrets.bin"), 0);
        cr_assert_eq(count_files(dir, "state.db"), 2);
    }
    cr_assert_gt(n, 8);
}

static char target[96];

static void mover(int fd)
{
    struct ts_state *s;
    struct ts_run run;
    must(ts_state_open(&s, dir, false, false, &err));
    must(ts_state_last_run(s, &run, &err));
    must(ts_state_move(s, target, &err));
    acknowledge(fd, 1);
    record(s, 2);
    must(ts_state_commit(s, &err));
    acknowledge(fd, 2);
    ts_state_close(s);
}

Test(state_power, move_leaves_a_whole_state_in_one_place_at_least)
{
    bool done = false;
    uint64_t n = 1;
    int both = 0;
    snprintf(target, sizeof target, "%s/target", top);
    for (; !done; n++) {
        int acked;
        (void)!ts_fs_remove_tree(dir, NULL);
        (void)!ts_fs_remove_tree(target, NULL);
        one_run();
        done = run_cut(mover, n, &acked);
        /* the new place is asked first, as one does that finds two */
        int there = check(target, true), here = check(dir, there == 0);
        cr_assert(there == 1 || there == 2 || (there == 0 && here == 1), "cut %d: %d, %d",
                  (int)n, there, here);
        cr_assert_geq(there, acked, "cut %d", (int)n);
        both += there && here;
        if (there) {
            cr_assert_eq(count_files(target, "x"), 1);
        }
        if (here && !there) { /* and it can be done again */
            int again;
            cr_assert(run_cut(mover, 1000000, &again));
            cr_assert_eq(check(target, true), 2);
            cr_assert_eq(count_files(target, "x"), 1);
        }
    }
    cr_assert_geq(both, 1);
    cr_assert(!ts_fs_exists(in(dir, "state.db")));
}
