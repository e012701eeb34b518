#include "helpers.h"

#include <signal.h>
#include <sys/wait.h>

TestSuite(state_damage, .init = setup, .fini = teardown);

/* Opening must fail so, say the file's name, and leave every byte as it is. */
static void expect_refused(enum ts_code code, const char *word)
{
    struct ts_state *s;
    size_t n, m;
    char *path = in(dir, "state.db");
    char *before = slurp(path, &n);
    for (int readonly = 0; readonly < 2; readonly++) {
        enum ts_code rc = ts_state_open(&s, dir, true, readonly, &err);
        cr_assert_eq(rc, code, "%s (readonly %d): %s", word, readonly, err.text);
        cr_assert(strstr(err.text, path) != NULL, "%s", err.text);
        cr_assert(strstr(err.text, word) != NULL, "\"%s\" not in: %s", word, err.text);
    }
    char *after = slurp(path, &m);
    cr_assert(n == m && memcmp(before, after, n) == 0, "%s: the file was changed", word);
    ts_free(before);
    ts_free(after);
}

Test(state_damage, is_not_a_database)
{
    mkdir(dir, 0700);
    static const char text[] =
        "these are my notes, and they are longer than a header of a "
        "database, which has 100 bytes, so that all of it is read";
    spill(in(dir, "state.db"), text, sizeof text);
    expect_refused(TS_EDAMAGED, "not a state database");
    spill(in(dir, "state.db"), "", 0);
    expect_refused(TS_EDAMAGED, "not a state database");
}

Test(state_damage, is_a_folder_or_link)
{
    struct ts_state *s;
    mkdir(dir, 0700);
    mkdir(in(dir, "state.db"), 0700);
    cr_assert_eq(ts_state_open(&s, dir, true, false, &err), TS_EDAMAGED);
    rmdir(in(dir, "state.db"));
    spill(in(top, "x"), "x", 1);
    cr_assert_eq(symlink(in(top, "x"), in(dir, "state.db")), 0);
    cr_assert_eq(ts_state_open(&s, dir, true, false, &err), TS_EDAMAGED);
    cr_assert_str_eq(slurp(in(top, "x"), NULL), "x");
}

Test(state_damage, is_another_programs_database)
{
    mkdir(dir, 0700);
    execute(dir, "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
    expect_refused(TS_EDAMAGED, "another program");
}

Test(state_damage, is_of_a_newer_format)
{
    ended_state();
    execute(dir, "PRAGMA user_version=2");
    expect_refused(TS_EDAMAGED, "format 2");
    execute(dir, "PRAGMA user_version=0");
    expect_refused(TS_EDAMAGED, "format 0");
}

Test(state_damage, is_cut_off)
{
    ended_state();
    size_t n;
    char *path = in(dir, "state.db"), *all = slurp(path, &n);
    static const double parts[] = {0.002, 0.1, 0.5, 0.9, 0.999};
    for (size_t i = 0; i < 5; i++) {
        spill(path, all, (size_t)((double)n * parts[i]));
        expect_refused(TS_EDAMAGED, "cut off");
    }
}

Test(state_damage, has_other_tables)
{
    static const char *const changes[] = {
        "CREATE TRIGGER x AFTER INSERT ON steps BEGIN DELETE FROM runs; END",
        "CREATE VIEW x AS SELECT 1",
        "CREATE TABLE x(a)",
        "DROP TABLE events",
        "ALTER TABLE runs ADD COLUMN more",
        "DROP TABLE steps; CREATE VIEW steps AS SELECT 1",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        teardown(); /* each case begins in a folder of its own */
        setup();
        ended_state();
        execute(dir, changes[i]);
        expect_refused(TS_EDAMAGED, "other tables");
    }
}

Test(state_damage, has_records_that_make_no_sense)
{
    static const char *const changes[] = {
        "UPDATE runs SET uid = '../../../etc'",
        "UPDATE runs SET uid = NULL",
        "UPDATE progress SET status = 'perhaps'",
        "DELETE FROM progress",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct ts_state *s;
        teardown(); /* each case begins in a folder of its own */
        setup();
        ended_state();
        execute(dir, changes[i]);
        cr_assert_eq(ts_state_open(&s, dir, true, false, &err), TS_EDAMAGED, "%s",
                     changes[i]);
    }
}

/* Each page in turn is overwritten with rubbish: found, or of no importance; never a
 * crash, never changed. */
Test(state_damage, has_a_bad_page)
{
    struct ts_state *s;
    size_t n, m, found = 0, pages;
    s = open_state();
    begin(s);
    for (int i = 0; i < 300; i++) {
        int64_t a = ts_state_attempt_started(s, i, "step", "Step", 1, 1);
        struct ts_attempt_end end = {
            .time_ms = 2, .succeeded = true, .tail = TS_S("tail")};
        ts_state_attempt_finished(s, a, &end);
        char name[16];
        snprintf(name, sizeof name, "V%d", i);
        put(s, name, "value", false);
    }
    end_run(s);
    ts_state_close(s);
    char *path = in(dir, "state.db"), *all = slurp(path, &n);
    pages = n / 4096;
    for (size_t p = 1; p < pages; p++) {
        char *bad = ts_alloc(n);
        memcpy(bad, all, n);
        for (size_t i = 0; i < 4096; i++) {
            bad[p * 4096 + i] = (char)(i * 7 + p);
        }
        spill(path, bad, n);
        enum ts_code rc = ts_state_open(&s, dir, false, false, &err);
        found += rc == TS_EDAMAGED;
        cr_assert(rc == TS_EDAMAGED, "page %zu: %d", p, rc);
        cr_assert(strstr(err.text, path) != NULL, "%s", err.text);
        char *now = slurp(path, &m);
        cr_assert(m == n && memcmp(now, bad, n) == 0, "page %zu was changed", p);
        ts_free(now);
        ts_free(bad);
    }
    cr_assert_gt(found, 5);
}

/* The write-ahead log of a killed run stays as it is when the database is damaged. */
Test(state_damage, keeps_the_write_ahead_log_of_a_damaged_database)
{
    struct ts_state *s;
    size_t n, m, k;
    int status;
    ended_state();
    pid_t pid = fork();
    if (pid == 0) {
        s = open_state();
        begin(s);
        (void)!ts_state_commit(s, &err);
        raise(SIGKILL);
    }
    waitpid(pid, &status, 0);
    char *path = in(dir, "state.db"), *wal = in(dir, "state.db-wal");
    char *all = slurp(path, &n), *log = slurp(wal, &m);
    memset(all + 4096, 0x5A, n - 4096);
    spill(path, all, n);
    cr_assert_eq(ts_state_open(&s, dir, false, false, &err), TS_EDAMAGED, "%s", err.text);
    char *now = slurp(path, &k);
    cr_assert(k == n && memcmp(now, all, n) == 0);
    now = slurp(wal, &k);
    cr_assert(k == m && memcmp(now, log, m) == 0);
}

Test(state_damage, keeps_the_write_ahead_log_when_its_records_make_no_sense)
{
    size_t n, m;
    int status;
    ended_state();
    pid_t pid = fork();
    if (pid == 0) {
        struct ts_state *s = open_state();
        execute(dir, "UPDATE progress SET status = 'perhaps'");
        (void)!ts_state_dir(s);
        raise(SIGKILL);
    }
    waitpid(pid, &status, 0);
    char *wal = in(dir, "state.db-wal"), *before = slurp(wal, &n), *after;
    struct ts_state *s;
    cr_assert_gt(n, 0);
    cr_assert_eq(ts_state_open(&s, dir, false, false, &err), TS_EDAMAGED, "%s", err.text);
    after = slurp(wal, &m);
    cr_assert(n == m && memcmp(before, after, n) == 0);
}
