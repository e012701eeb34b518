/* bench.h - clocks, medians and the table that the benchmarks print. */
#ifndef TS_TESTS_BENCH_H
#define TS_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>

struct sqlite3;

double bench_now(void); /* seconds */
double bench_cpu(void); /* processor seconds of this process */
void bench_die(const char *what);

/* Values of one thing measured several times, in turn with what it is compared to. */
#define BENCH_MAX 1000
struct bench_series {
    double v[BENCH_MAX];
    size_t n;
};
void bench_add(struct bench_series *s, double v);
double bench_median(const struct bench_series *s);

/* A row: ours and the peer's figure with its unit ("ms"; NULL: no peer), their ratio to
 * three digits, the budget in words, and whether it is held. */
struct bench_row {
    const char *what;
    double ours;
    const char *unit;
    const char *peer; /* name */
    double peers;
    double ratio;
    const char *budget; /* "": told for comparison only */
    bool held;
};
void bench_head(const char *title);
void bench_print(const struct bench_row *r);

/* A database as a careful program makes it: write-ahead log, synced at every commit, one
 * table, one row.  Commits one more row of the size of a step's records. */
struct sqlite3 *bench_db_create(const char *path);
void bench_db_commit(struct sqlite3 *db);
void bench_db_close(struct sqlite3 *db);

/* Write the text to a new file; a folder and everything in it goes. */
void bench_write(const char *path, const char *text);
void bench_remove(const char *path);

/* A sequence of n steps to a file; lua: as a program of loops, else JSON. */
void bench_big_sequence(const char *path, int n, bool lua);

#endif
