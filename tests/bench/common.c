#include "bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/fs.h"

static double clock_of(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bench_now(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

double bench_cpu(void)
{
    return clock_of(CLOCK_PROCESS_CPUTIME_ID);
}

void bench_die(const char *what)
{
    fprintf(stderr, "benchmark: %s\n", what);
    exit(1);
}

/* ---- figures -------------------------------------------------------------------------
 */

void bench_add(struct bench_series *s, double v)
{
    if (s->n == BENCH_MAX) {
        bench_die("too many measurements");
    }
    s->v[s->n++] = v;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double bench_median(const struct bench_series *s)
{
    double v[BENCH_MAX];

    memcpy(v, s->v, s->n * sizeof *v);
    qsort(v, s->n, sizeof *v, by_value);
    return v[s->n / 2];
}

void bench_head(const char *title)
{
    printf("\n%s\n%-38s %14s  %-32s %7s  %-28s\n", title, "", "taskseq", "compared to",
           "ratio", "budget");
    fflush(stdout); /* before children inherit what is not written */
}

void bench_print(const struct bench_row *r)
{
    char ours[32], peer[80] = "";

    snprintf(ours, sizeof ours, "%.*f %s", r->ours < 100 ? 2 : 0, r->ours, r->unit);
    if (r->peer) {
        snprintf(peer, sizeof peer, "%s %.*f %s", r->peer, r->peers < 100 ? 2 : 0,
                 r->peers, r->unit);
    }
    printf("%-38s %14s  %-32s %7.2f  %-28s %s\n", r->what, ours, peer, r->ratio,
           r->budget,
           !r->budget[0] ? ""
           : r->held     ? "held"
                         : "missed");
    fflush(stdout);
}

/* ---- a bare database -----------------------------------------------------------------
 */

static void exec(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        bench_die(sqlite3_errmsg(db));
    }
}

sqlite3 *bench_db_create(const char *path)
{
    sqlite3 *db = NULL;

    if (sqlite3_open(path, &db) != SQLITE_OK) {
        bench_die(path);
    }
    exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
             "CREATE TABLE t(id INTEGER PRIMARY KEY, text TEXT)");
    bench_db_commit(db);
    return db;
}

void bench_db_commit(sqlite3 *db)
{
    exec(db, "INSERT INTO t(text) VALUES('{\"ip\":12,\"id\":\"a step of the sequence\","
             "\"started\":true,\"row\":12,\"attempt\":1,\"phase\":\"FullOS\"}')");
}

void bench_db_close(sqlite3 *db)
{
    sqlite3_close(db);
}

/* ---- files ---------------------------------------------------------------------------
 */

void bench_write(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0) {
        bench_die(path);
    }
}

void bench_remove(const char *path)
{
    struct ts_err err;

    if (ts_fs_remove_tree(path, &err) != TS_OK) {
        bench_die(err.text);
    }
}

static void big_json(FILE *f, int n)
{
    fputs("{ \"taskseq\": 1, \"name\": \"Big\", \"steps\": [\n", f);
    for (int i = 0; i < n; i++) {
        if (i % 100 == 0) {
            fprintf(f, "%s{ \"type\": \"Group\", \"name\": \"Group %d\", \"steps\": [\n",
                    i ? "] },\n" : "", i / 100);
        }
        fprintf(f, "%s  { \"name\": \"Step %d\", ", i % 100 ? ",\n" : "", i);
        if (i % 2) {
            fprintf(f,
                    "\"type\": \"SetVariable\",\n    \"variable\": \"V%d\", \"value\": "
                    "\"x%%V%d%%\", \"condition\": \"V%d != 'z%d'\" }",
                    i % 50, (i + 1) % 50, i % 50, i);
        } else {
            fprintf(f,
                    "\"type\": \"RunCommandLine\",\n    \"command\": \"/bin/echo %d "
                    "%%V%d%%\", \"continueOnError\": true }",
                    i, i % 50);
        }
    }
    fputs("] } ] }\n", f);
}

static void big_lua(FILE *f, int n)
{
    fprintf(
        f,
        "local groups, i = {}, 0\n"
        "while i < %d do\n"
        "  local steps = {}\n"
        "  for k = i, math.min(i + 99, %d) do\n"
        "    if k %% 2 == 1 then\n"
        "      steps[#steps + 1] = SetVariable('Step ' .. k) {\n"
        "        variable = 'V' .. k %% 50, value = 'x%%V' .. (k + 1) %% 50 .. '%%',\n"
        "        condition = 'V' .. k %% 50 .. \" != 'z\" .. k .. \"'\" }\n"
        "    else\n"
        "      steps[#steps + 1] = RunCommandLine('Step ' .. k) {\n"
        "        command = '/bin/echo ' .. k .. ' %%V' .. k %% 50 .. '%%',\n"
        "        continueOnError = true }\n"
        "    end\n"
        "  end\n"
        "  groups[#groups + 1] = group('Group ' .. i // 100)(steps)\n"
        "  i = i + 100\n"
        "end\n"
        "return sequence { name = 'Big', steps = groups }\n",
        n, n - 1);
}

void bench_big_sequence(const char *path, int n, bool lua)
{
    FILE *f = fopen(path, "w");

    if (!f) {
        bench_die(path);
    }
    if (lua) {
        big_lua(f, n);
    } else {
        big_json(f, n);
    }
    if (fclose(f) != 0) {
        bench_die(path);
    }
}
