/* SQLite on the fake disks: what was committed is there after any crash when the disk is
 * honest, and goes missing when it lies. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "fk.h"

static const char *mode; /* of the journal */

static int count(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    int n = -1;

    if (sqlite3_open_v2("/db", &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW) {
        n = sqlite3_column_int(q, 0);
    }
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

/* Each committed row is noted outside the machine.  EXTRA: with FULL the removal of a
 * journal, which is what commits, is not made durable. */
static int add_rows(void *ctx)
{
    sqlite3 *db = NULL;
    char sql[200];
    int rc;

    (void)ctx;
    rc = sqlite3_open_v2("/db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s; PRAGMA synchronous=EXTRA;", mode);
    rc = rc ? rc : sqlite3_exec(db, sql, NULL, NULL, NULL);
    rc = rc ? rc
            : sqlite3_exec(db, "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, x)",
                           NULL, NULL, NULL);
    for (int i = 0; i < 12 && rc == SQLITE_OK; i++) {
        rc = sqlite3_exec(db, "INSERT INTO t(x) VALUES(randomblob(3000))", NULL, NULL,
                          NULL);
        if (rc == SQLITE_OK) {
            fk_note("rows", TS_S("x"));
        }
    }
    sqlite3_close(db);
    return rc;
}

/* Cut at every point with every kind of crash; gives the number of crashes that lost a
 * committed row or damaged the database. */
static int losses(unsigned lies, int *points)
{
    int lost = 0;
    bool cut = true;

    *points = 0;
    for (uint64_t n = 1; cut; n++) {
        fk_reset();
        fk_lie(lies);
        fk_cut_at(n, 0);
        cut = fk_start(add_rows, NULL, 20) == FK_CUT;
        fk_cut_at(0, 0);
        *points += cut;
        struct fk_snapshot *at_cut = fk_save();
        for (uint64_t seed = 0; seed < 4; seed++) {
            fk_restore(at_cut);
            fk_crash(seed == 0 ? FK_DROP : FK_RANDOM, n * 100 + seed);
            char *noted = fk_noted("rows");
            size_t rows = strlen(noted);
            int have = rows ? count("SELECT count(*) FROM t") : 0;
            if (have < (int)rows || have > (int)rows + 1 ||
                (rows && count("PRAGMA quick_check") != 0)) {
                lost++;
            }
            free(noted);
        }
        fk_snapshot_free(at_cut);
    }
    return lost;
}

static void honest_and_lying(unsigned lie, int least)
{
    int points;

    fk_power_up();
    cr_expect_eq(losses(0, &points), 0, "%s: rows lost on an honest disk", mode);
    cr_expect(points > 60, "%s: %d points", mode, points);
    int lost = losses(lie, &points);
    cr_expect(lost >= least, "%s: only %d losses on a lying disk", mode, lost);
}

Test(fake_sqlite, write_ahead_log, .timeout = 120)
{
    mode = "wal";
    honest_and_lying(FK_LIE_WAL, 20);
}

Test(fake_sqlite, journal, .timeout = 120)
{
    mode = "delete";
    honest_and_lying(FK_LIE_FILES, 20);
}

Test(fake_sqlite, the_folder_of_a_journal_counts, .timeout = 120)
{
    mode = "wal";
    honest_and_lying(FK_LIE_FOLDERS, 20);
}

Test(fake_sqlite, two_connections_see_each_other)
{
    sqlite3 *a, *b;

    fk_power_up();
    mode = "wal";
    cr_assert_eq(add_rows(NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_open("/db", &a), SQLITE_OK);
    cr_assert_eq(sqlite3_open("/db", &b), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(a, "BEGIN IMMEDIATE; INSERT INTO t(x) VALUES(1)", 0, 0, 0),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_exec(b, "SELECT count(*) FROM t", 0, 0, 0), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(b, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_BUSY);
    cr_assert_eq(sqlite3_exec(a, "COMMIT", 0, 0, 0), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(b, "BEGIN IMMEDIATE; COMMIT", 0, 0, 0), SQLITE_OK);
    sqlite3_close(a);
    sqlite3_close(b);
    cr_assert_eq(count("SELECT count(*) FROM t"), 13);
}
