/* program_loop.c - the whole program: the shipped refresh on a machine of the lab, its
 * steps in Lua, state, catalogue and logs, all of it on the fake disks.
 *
 * Cut at points spread over the run (at night at each); after every crash every content
 * of the users' files stands in some file, and the end is that of the uncut run. */
#include "loop.h"

#include "base/mem.h"
#include "cli/cli.h"
#include "lab/lab_internal.h"
#include "platform/power.h"
#include "platform/sysinfo.h"
#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MACHINE "/lab"
#define SEQUENCE "/sequences/refresh-hardlink.lua"
#define STATE MACHINE "/C/_TaskSequence"

enum { MOST_STARTS = 30, NOTHING = 2, RESTART = 10 };

struct play {
    bool resume, restarted;
    int cuts;
    const char *what;
    const char *end; /* of the uncut run */
    uint64_t stride; /* of the points that are tried */
};

static const char *name = "refresh";

/* ---- the machine ---------------------------------------------------------------------
 */

static const char people[] =
    "{\"users\": [{\"name\": \"Ann\", \"files\": 8, \"folders\": 3, \"largest\": 9000},"
    " {\"name\": \"Bob\", \"files\": 4, \"folders\": 2}]}";

static void must(enum ts_code rc, const struct ts_err *err)
{
    if (rc != TS_OK) {
        fprintf(stderr, "%s\n", err->text);
        exit(2);
    }
}

/* A file of this source tree, put on the fake disk. */
static void bring(const char *from, const char *to)
{
    char *text = NULL;
    size_t n = 0;
    struct ts_err err;
    FILE *f = fopen(from, "rb");
    ssize_t got = f ? getdelim(&text, &n, EOF, f) : -1;

    if (got < 0) {
        fprintf(stderr, "cannot read %s\n", from);
        exit(2);
    }
    must(ts_file_replace(to, text, (size_t)got, 0644, &err), &err);
    free(text);
    fclose(f);
}

static void make_machine(enum ts_phase phase)
{
    struct ts_lab_machine *m = NULL;
    struct ts_lab_new lab = {.dir = MACHINE, .profile = "/people.json", .seed = 3};
    struct ts_err err;

    fk_reset();
    must(ts_file_replace("/people.json", people, sizeof people - 1, 0644, &err), &err);
    must(ts_fs_mkdirs("/sequences", 0755, &err), &err);
    bring(TASKSEQ_SOURCE_DIR SEQUENCE, SEQUENCE);
    must(ts_lab_new(&lab, &err), &err);
    must(ts_lab_open(&m, MACHINE, &err), &err);
    m->phase = phase;
    must(ts_lab_save(m, &err), &err);
    ts_lab_free(m);
    fk_shut_down();
}

/* What every start of a machine does before any program of ours runs (lab/play.c). */
static void power_on(void)
{
    struct ts_lab_machine *m = NULL;
    size_t done, left;
    struct ts_err err;

    must(ts_lab_open(&m, MACHINE, &err), &err);
    for (size_t i = 0; i < m->volume_count; i++) {
        if (m->volumes[i].ram) {
            must(ts_tree_empty(m->volumes[i].folder, &err), &err);
        }
    }
    if (m->next_boot != TS_PHASE_ANY) {
        m->phase = m->next_boot;
        m->next_boot = TS_PHASE_ANY;
        must(ts_lab_save(m, &err), &err);
    }
    must(ts_power_run_pending(MACHINE "/pending", &done, &left, &err), &err);
    ts_lab_free(m);
    fk_shut_down();
}

static int boot(void *ctx)
{
    struct play *p = ctx;
    char program[] = "taskseq", run[] = "run", resume[] = "resume", file[] = SEQUENCE;
    char *argv[] = {program, p->resume ? resume : run, p->resume ? NULL : file, NULL};

    if (!loop.verbose &&
        (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))) {
        return 99;
    }
    ts_env_set("TASKSEQ_LAB", MACHINE);
    return ts_cli_main(p->resume ? 2 : 3, argv);
}

/* The power can go between the record of a run's end and the end of its program. */
static bool recorded_end(int *code)
{
    struct ts_state *s = NULL;
    struct ts_run run;
    bool ended = false;

    if (ts_state_open(&s, STATE, false, true, NULL) == TS_OK &&
        ts_state_last_run(s, &run, NULL) == TS_OK) {
        ended = run.status != TS_RUN_RUNNING && run.status != TS_RUN_RESTARTING;
        *code = run.status == TS_RUN_SUCCEEDED ? 0 : 1;
    }
    ts_state_close(s);
    return ended;
}

/* ---- what must hold ------------------------------------------------------------------
 */

/* Contents of the users' files, sorted. */
struct contents {
    uint64_t *v;
    size_t n;
};
static struct contents of_users;

static void add_content(void *ctx, uint64_t content)
{
    struct contents *c = ctx;

    c->v = ts_realloc_array(c->v, c->n + 1, sizeof *c->v);
    c->v[c->n++] = content;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static struct contents contents_below(const char *path)
{
    struct contents c = {0};

    fk_each_content(path, add_content, &c);
    qsort(c.v, c.n, sizeof *c.v, by_number);
    return c;
}

static bool all_there(struct play *p, const char *when)
{
    struct contents now = contents_below(MACHINE);
    size_t k = 0, lost = 0;

    for (size_t i = 0; i < of_users.n; i++) {
        while (k < now.n && now.v[k] < of_users.v[i]) {
            k++;
        }
        lost += k == now.n || now.v[k] != of_users.v[i];
    }
    if (lost) {
        loop_failed(name, "%s, %s: %zu contents of users' files are nowhere", p->what,
                    when, lost);
    }
    ts_free(now.v);
    return lost == 0;
}

/* All of C: but records and logs; the profiles with owners, modes and times. */
static char *picture(void)
{
    static const char *const profiles[] = {"Ann", "Bob", "left.company"};
    struct ts_buf all = {0}, out = {0};
    ts_str rest, line;

    fk_picture(MACHINE "/C", false, &all);
    rest = ts_buf_view(&all);
    while (ts_str_cut(&rest, '\n', &line)) {
        if (!ts_str_starts(line, TS_S("/_TaskSequence")) &&
            !ts_str_starts(line, TS_S("/Windows/Logs"))) {
            ts_buf_fmt(&out, "%.*s\n", (int)line.n, line.p);
        }
    }
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        char *path = ts_format(MACHINE "/C/Users/%s", profiles[i]);
        ts_buf_fmt(&out, "%s:\n", profiles[i]);
        fk_picture(path, true, &out);
        ts_free(path);
    }
    ts_buf_free(&all);
    return ts_buf_take(&out);
}

static void compare(struct play *p)
{
    char *have = picture();
    ts_str a = ts_str_of(p->end), b = ts_str_of(have), x, y;

    if (strcmp(p->end, have) != 0) {
        do {
            x = y = (ts_str){0};
            ts_str_cut(&a, '\n', &x);
            ts_str_cut(&b, '\n', &y);
        } while (ts_str_eq(x, y));
        loop_failed(name, "%s: another end: \"%.*s\" instead of \"%.*s\"", p->what,
                    (int)y.n, y.p, (int)x.n, x.p);
    }
    ts_free(have);
}

/* ---- playing it ----------------------------------------------------------------------
 */

/* What follows a start that ended with `code`; true: another start. */
static bool goes_on(struct play *p, int *code)
{
    if (*code == FK_CUT || *code == RESTART) {
        p->cuts += *code == FK_CUT;
        p->restarted |= *code == RESTART;
        p->resume = true;
        return true;
    }
    if (p->resume && *code == NOTHING && p->cuts && recorded_end(code)) {
        return false;
    }
    if (p->resume && *code == NOTHING && p->cuts && !p->restarted) {
        p->resume = false; /* cut before the run was recorded */
        return true;
    }
    return false;
}

static void to_the_end(struct play *p, enum fk_crash how, uint64_t seed)
{
    int code = 0;
    bool again = true;

    for (int i = 0; again; i++) {
        if (i == MOST_STARTS) {
            loop_failed(name, "%s: it never ends", p->what);
            return;
        }
        power_on();
        code = fk_start(boot, p, 120);
        if (code == FK_CUT) {
            fk_crash(how, seed + (uint64_t)i);
        } else {
            fk_shut_down();
        }
        if (!all_there(p, "after a start")) {
            return;
        }
        again = goes_on(p, &code);
    }
    if (code != 0) {
        loop_failed(name, "%s: the run ends with %d", p->what, code);
        return;
    }
    compare(p);
}

static void at_point(void *look)
{
    static const enum fk_crash ways[] = {FK_RANDOM, FK_DROP, FK_RANDOM};
    const struct play *at = look;
    uint64_t n = fk_points();
    char what[300], call[120];

    if (loop.call ? n != loop.call : n % at->stride != loop.seed % at->stride) {
        return;
    }
    struct fk_snapshot *now = fk_save();
    snprintf(call, sizeof call, "%s", fk_last_point());
    total.calls++;
    for (size_t i = 0; i < (loop.nightly ? 3 : 1); i++) {
        enum fk_crash how = loop.nightly ? ways[i] : ways[total.calls % 2];
        struct play p = *at;
        fk_restore(now);
        fk_crash(how, loop.seed + n * 10 + i);
        snprintf(what, sizeof what, "cut before call %llu (%s)", (unsigned long long)n,
                 call);
        p.what = what;
        p.resume = true;
        p.cuts = 1;
        total.points++;
        total.machines++;
        if (all_there(&p, "after the crash")) {
            to_the_end(&p, how, loop.seed + n);
        }
    }
    fk_restore(now);
    fk_snapshot_free(now);
}

/* The uncut run; at_point may be NULL.  Gives the calls. */
static uint64_t whole(struct play *p, void (*look)(void *))
{
    int code;

    fk_cut_at(0, 0);
    p->resume = p->restarted = false;
    p->cuts = 0;
    p->what = "without a cut";
    do {
        power_on();
        code = look ? fk_start_watched(boot, p, 6000, look, p) : fk_start(boot, p, 120);
        fk_shut_down();
    } while (goes_on(p, &code));
    if (code != 0) {
        loop_failed(name, "without a cut: the run ends with %d", code);
    }
    return fk_points();
}

static void pairs(struct play *p, const struct fk_snapshot *start, uint64_t calls)
{
    uint64_t seed = loop.seed;
    char what[100];

    for (unsigned i = 0; i < loop.pairs; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t a = 1 + (seed >> 20) % calls, b = 1 + (seed >> 40) % calls;
        struct play q = *p;
        fk_restore(start);
        fk_lie(loop.lies);
        fk_cut_at(a, b);
        snprintf(what, sizeof what, "pair %u: cut at call %llu and %llu calls later", i,
                 (unsigned long long)a, (unsigned long long)b);
        q.what = what;
        q.resume = q.restarted = false;
        total.pairs++;
        to_the_end(&q, FK_RANDOM, loop.seed + i);
        fk_cut_at(0, 0);
    }
}

/* points: how many are tried in an ordinary run. */
static void refresh(const char *what, enum ts_phase phase, unsigned points)
{
    struct loop_count before = total;
    struct play p = {0};
    char more[64];

    name = what;
    make_machine(phase);
    struct fk_snapshot *start = fk_save();
    of_users = contents_below(MACHINE "/C/Users");
    uint64_t calls = whole(&p, NULL);
    char *end = picture();
    p.end = end;
    if (total.failures == before.failures) {
        fk_restore(start);
        fk_lie(loop.lies);
        p.stride = loop.nightly ? 1 : calls / points + 1;
        whole(&p, at_point);
        compare(&p);
        pairs(&p, start, calls);
    }
    snprintf(more, sizeof more, ", of %llu calls", (unsigned long long)calls);
    loop_line(name, &before, more);
    fk_snapshot_free(start);
    ts_free(end);
    ts_free(of_users.v);
}

int main(int argc, char **argv)
{
    loop_parse(argc, argv, 4);
    fk_power_up();
    if (loop_mine(0, "refresh started in Windows")) {
        refresh("refresh started in Windows", TS_PHASE_FULLOS, 100);
    }
    if (loop_mine(1, "refresh started in WinPE")) {
        refresh("refresh started in WinPE", TS_PHASE_WINPE, 60);
    }
    return loop_end();
}
