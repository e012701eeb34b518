/* migrate_loop.c - capture, update, wipe, restore and removal of user state, cut at every
 * call of the platform, at pairs of calls, and with calls that fail.
 *
 * After each crash and after each start every content of the users' files stands in some
 * file of the machine; the same call again comes to the same end. */
#include "../unit/migrate/operations.h"
#include "loop.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
    const struct operation *op;
    struct lab *l;
    const struct fk_snapshot *start; /* the machine before the operation */
    const char *what;                /* the cut, for messages */
    uint64_t *seen;
    size_t seen_count;
};

enum { REFUSED = 1 };

static int run(void *ctx)
{
    struct job *j = ctx;
    struct ts_err err = {0};
    enum ts_code rc = j->op->run(j->l, &err);

    if (rc != TS_OK) {
        fk_note_set("stopped", ts_str_of(err.text));
    }
    return rc == TS_OK ? 0 : REFUSED;
}

static int check_end(void *ctx)
{
    struct job *j = ctx;

    j->op->after(j->l, 0);
    return 0;
}

/* No name of a file of a user is the last one that went. */
static bool all_there(struct job *j, const char *when)
{
    const char *lost = missing_content(j->l, j->op);

    if (lost) {
        loop_failed(j->op->name, "%s, %s: \"%s\" is nowhere", j->what, when, lost);
    }
    return !lost;
}

/* What a store says of itself holds at every instant: all of it is there, unless it is
 * still being made or removed.  An update finds files that were edited since. */
static int check_store(void *ctx)
{
    struct job *j = ctx;
    enum ts_store_state state = state_of_store();
    struct ts_err err;

    if (strcmp(j->op->name, "update") == 0) {
        cr_assert_eq(state, TS_STORE_COMPLETE);
    } else if (state != TS_STORE_NONE && state != TS_STORE_CAPTURING &&
               state != TS_STORE_REMOVING) {
        OK(ts_store_verify(STORE, NULL, NULL, NULL, &err));
    }
    return 0;
}

static bool holds(struct job *j, const char *when)
{
    struct fk_snapshot *now = fk_save();
    bool ok = all_there(j, when);

    fk_cut_at(0, 0);
    int code = ok ? fk_start(check_store, j, 60) : 0;

    if (code != 0) {
        loop_failed(j->op->name, "%s, %s: the store is not what it says (%d)", j->what,
                    when, code);
    }
    fk_restore(now); /* looking may roll a journal back */
    fk_snapshot_free(now);
    return ok && code == 0;
}

/* The same call again, until it is not cut; then the end. */
static void to_the_end(struct job *j, enum fk_crash how, uint64_t seed)
{
    int code = FK_CUT;

    for (int i = 0; code == FK_CUT && i < 5; i++) {
        code = fk_start(run, j, 60);
        if (code == FK_CUT) {
            fk_crash(how, seed + (uint64_t)i);
        } else {
            fk_shut_down();
        }
        if (code != FK_CUT ? !all_there(j, "after the next start")
                           : !holds(j, "after the next cut")) {
            return;
        }
    }
    if (code != 0) {
        char *why = fk_noted("stopped");
        loop_failed(j->op->name, "%s: the call again ends with %d: %s", j->what, code,
                    why);
        free(why);
        return;
    }
    fk_cut_at(0, 0);
    if ((code = fk_start(check_end, j, 60)) != 0) {
        loop_failed(j->op->name, "%s: the end is not the right one (%d)", j->what, code);
    }
}

static bool seen_before(struct job *j)
{
    uint64_t h = fk_hash();

    for (size_t i = 0; i < j->seen_count; i++) {
        if (j->seen[i] == h) {
            return true;
        }
    }
    j->seen = ts_realloc_array(j->seen, j->seen_count + 1, sizeof *j->seen);
    j->seen[j->seen_count++] = h;
    return false;
}

static void at_point(void *look)
{
    static const enum fk_crash ways[] = {FK_DROP,   FK_RANDOM, FK_RANDOM, FK_RANDOM,
                                         FK_KEEP,   FK_RANDOM, FK_RANDOM, FK_RANDOM,
                                         FK_RANDOM, FK_RANDOM, FK_RANDOM, FK_RANDOM};
    static const char *const names[] = {"all unsynced lost", "nothing lost",
                                        "some unsynced lost"};
    struct job *j = look;
    struct fk_snapshot *now = fk_save();
    uint64_t n = fk_points();
    char what[300], call[120];

    snprintf(call, sizeof call, "%s", fk_last_point());
    total.calls++;
    for (size_t i = 0; i < (loop.nightly ? 12 : 4); i++) {
        fk_restore(now);
        fk_crash(ways[i], loop.seed + n * 10 + i);
        total.points++;
        if (!seen_before(j)) {
            snprintf(what, sizeof what, "cut before call %llu (%s), %s",
                     (unsigned long long)n, call, names[ways[i]]);
            j->what = what;
            total.machines++;
            if (holds(j, "after the crash")) {
                to_the_end(j, ways[i], loop.seed + n * 10 + i);
            }
        }
    }
    fk_restore(now);
    fk_snapshot_free(now);
}

/* What was reported as done is done: the power goes after the call, and it is not called
 * again. */
static void after_its_end(struct job *j)
{
    static const enum fk_crash ways[] = {FK_KEEP, FK_DROP, FK_RANDOM, FK_RANDOM,
                                         FK_RANDOM};
    struct fk_snapshot *end = fk_save();
    int code;

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        fk_restore(end);
        fk_cut_at(0, 0);
        fk_crash(ways[i], loop.seed + i);
        j->what = "cut after the call had ended";
        total.points++;
        if (holds(j, "after the crash") && (code = fk_start(check_end, j, 60)) != 0) {
            loop_failed(j->op->name, "%s: the end is not the right one (%d)", j->what,
                        code);
        }
    }
    fk_snapshot_free(end);
}

/* Gives how many calls the operation makes. */
static uint64_t every_point(struct job *j, const struct fk_snapshot *start)
{
    fk_restore(start);
    fk_lie(loop.lies);
    fk_cut_at(0, 0);
    int code = fk_start_watched(run, j, 3000, at_point, j);
    uint64_t calls = fk_points();

    if (code != 0) {
        loop_failed(j->op->name, "without a cut: %d", code);
        return calls;
    }
    after_its_end(j);
    return calls;
}

static void pairs(struct job *j, const struct fk_snapshot *start, uint64_t calls)
{
    char what[200];
    uint64_t seed = loop.seed;

    for (unsigned i = 0; i < loop.pairs && calls; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t a = 1 + (seed >> 20) % calls, b = 1 + (seed >> 40) % calls;
        enum fk_crash how = i % 4 == 3 ? FK_DROP : FK_RANDOM;
        fk_restore(start);
        fk_lie(loop.lies);
        fk_cut_at(a, b);
        snprintf(what, sizeof what, "pair %u: cut at call %llu and %llu calls later", i,
                 (unsigned long long)a, (unsigned long long)b);
        j->what = what;
        total.pairs++;
        to_the_end(j, how, loop.seed + i);
        fk_cut_at(0, 0);
    }
}

/* ---- calls that fail -----------------------------------------------------------------
 */

/* The message names something of the machine. */
static void check_message(struct job *j)
{
    char *why = fk_noted("stopped");

    if (!strstr(why, "C:") && !strstr(why, "D:") && !strstr(why, j->l->dir) &&
        !strstr(why, "StateStore")) {
        loop_failed(j->op->name, "%s (%s): it stopped saying: %s", j->what,
                    fk_failed_call(), why);
    }
    free(why);
}

static bool one_fault(void *ctx, unsigned kind, const char *name, uint64_t n, int os)
{
    struct job *j = ctx;
    const struct fk_snapshot *start = j->start;
    char what[200];

    fk_restore(start);
    fk_cut_at(0, 0);
    fk_fail(kind, n, os, n % 2 == 0);
    snprintf(what, sizeof what, "%s %llu fails%s: %s", name, (unsigned long long)n,
             n % 2 == 0 ? " for good" : "", strerror(os));
    j->what = what;
    int code = fk_start(run, j, 60);
    bool failed = fk_failed();
    fk_shut_down();
    if (code == REFUSED && failed) {
        check_message(j);
    } else if (code != 0) {
        loop_failed(j->op->name, "%s: ended with %d", what, code);
    }
    fk_fail(0, 0, 0, false);
    if (all_there(j, "after it")) {
        to_the_end(j, FK_KEEP, 0);
    }
    total.faults += failed;
    return failed;
}

static void operation(const struct operation *op)
{
    struct loop_count before = total;
    struct job j = {.op = op};

    fk_reset();
    fk_mount("/tmp/ts-migrate-000000/D");
    j.l = lab_new_in_memory();
    op->before(j.l);
    fk_shut_down();
    struct fk_snapshot *start = fk_save();
    uint64_t calls = every_point(&j, start);
    pairs(&j, start, calls);
    if (!loop.lies) {
        j.start = start;
        loop_faults(one_fault, &j);
    }
    fk_snapshot_free(start);
    ts_free(j.seen);
    loop_line(op->name, &before, "");
}

int main(int argc, char **argv)
{
    loop_parse(argc, argv, 10);
    fk_power_up();
    for (unsigned i = 0; i < operation_count; i++) {
        if (loop_mine(i, operations[i].name)) {
            operation(&operations[i]);
        }
    }
    return loop_end();
}
