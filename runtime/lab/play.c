/* play.c - power on, run, restart, until the run ends. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "lab/census.h"
#include "lab/lab_internal.h"
#include "lab/record.h"
#include "platform/clock.h"
#include "platform/power.h"
#include "platform/proc.h"

#define EXIT_SUCCEEDED 0
#define EXIT_FAILED 1
#define EXIT_NOTHING 2
#define EXIT_RESTART 10
#define EXIT_CANCELLED 11
#define POWER_CUT_SIGNAL 9 /* SIGKILL: how ts_power_point ends a process */

struct play {
    const struct ts_lab_run *r;
    struct ts_lab_end *end;
    struct ts_lab_machine *m;
    struct ts_census *census; /* NULL: the users' files are not watched */
    char *counter;            /* file that counts power points */
    uint64_t cut_at;          /* of the stretch that runs */
    bool resume;              /* the next start goes on with a run */
    bool restarted;    /* the run has asked for a restart: it is recorded for good */
    bool held;         /* the program that holds r->hold is started again */
    int cuts;          /* how often the power was cut */
    int cuts_in_a_row; /* since the last start that was left alone */
    int64_t began_ms;
    uint64_t rng;
};

/* splitmix64: small, and the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Which power point of the coming boot cuts; 0: none.  Random cuts come at distances
 * spread over four orders of magnitude, and stop after 20 so that the run can end. */
static uint64_t choose_cut(struct play *p)
{
    if (p->r->power_cut)
        return p->cuts ? 0 : p->r->power_cut;
    if (!p->r->power_seed || p->cuts >= 20)
        return 0;
    if (p->cuts_in_a_row >= 3) {
        p->cuts_in_a_row = 0;
        return 0;
    }
    return 1 + next_random(&p->rng) % ((uint64_t)1 << (2 + next_random(&p->rng) % 12));
}

/* What every start of a machine does before any program of ours runs. */
static enum ts_code power_on(struct play *p, struct ts_err *err)
{
    struct ts_lab_machine *m = p->m;
    char *pending = ts_path_join(m->dir, "pending");
    size_t done = 0, left = 0;
    enum ts_code rc = TS_OK;

    for (size_t i = 0; rc == TS_OK && i < m->volume_count; i++)
        if (m->volumes[i].ram)
            rc = ts_tree_empty(m->volumes[i].folder, err);
    if (rc == TS_OK && m->next_boot != TS_PHASE_ANY) {
        m->phase = m->next_boot;
        m->next_boot = TS_PHASE_ANY;
        rc = ts_lab_save(m, err);
    }
    if (ts_fs_exists(pending))
        p->held = false; /* the holder was told to let go: this restart ends it */
    if (rc == TS_OK)
        rc = ts_power_run_pending(pending, &done, &left, err);
    ts_free(pending);
    return rc;
}

static char **command(const struct play *p)
{
    const char *const *more = p->resume ? p->r->resume_args : p->r->args;
    size_t n = 0, extra = 0;
    char **argv;

    while (more && more[extra])
        extra++;
    argv = ts_alloc_array(extra + 4, sizeof *argv);
    argv[n++] = ts_strdup(p->r->program);
    argv[n++] = ts_strdup(p->resume ? "resume" : "run");
    if (!p->resume)
        argv[n++] = ts_strdup(p->r->sequence);
    for (size_t i = 0; i < extra; i++)
        argv[n++] = ts_strdup(more[i]);
    return argv;
}

/* Wait for the runtime; a wish to stop is handed on once, so that it can end in order. */
static enum ts_code wait_for(struct ts_child *c, struct ts_proc_result *res,
                             struct ts_err *err)
{
    bool done = false, told = false;
    enum ts_code rc = TS_OK;

    while (rc == TS_OK && !done) {
        rc = ts_child_wait(c, 100, &done, res, err);
        if (!done && !told && ts_cancelled()) {
            ts_child_stop(c);
            told = true;
        }
    }
    return rc;
}

/* One stretch of the runtime's life, from a start of the machine to its end. */
static enum ts_code boot(struct play *p, struct ts_proc_result *res, struct ts_err *err)
{
    char *env[5] = {
        ts_format("%s=%s", TS_ENV_LAB, p->m->dir),
        ts_format("%s=%llu %s", TS_ENV_POWER, (unsigned long long)p->cut_at, p->counter),
        ts_format("%s=%s", TS_ENV_HOLD, p->held && p->r->hold ? p->r->hold : ""),
        ts_strdup(TS_ENV_ROOT), /* removes it: the runtime sets it */ NULL};
    char **argv = command(p);
    struct ts_proc_spec spec = {.argv = (const char *const *)argv,
                                .program = p->r->program,
                                .env = (const char *const *)env};
    struct ts_child *child = NULL;
    enum ts_code rc;

    rc = TS_OK;
    if (p->r->power_seed && ts_fs_exists(p->counter))
        rc = ts_fs_unlink(p->counter, err); /* random cuts count from each start */
    if (rc == TS_OK)
        rc = ts_child_start(&child, &spec, true, err);
    if (rc == TS_OK)
        rc = wait_for(child, res, err);
    if (child) /* a restart ends every process of the machine */
        ts_child_kill_tree(child);
    ts_child_free(child);
    ts_words_free(argv);
    for (int i = 0; i < 4; i++)
        ts_free(env[i]);
    return rc;
}

static uint64_t read_counter(const char *path)
{
    struct ts_buf b = {0};
    uint64_t n = 0;

    if (ts_file_read(path, 64, &b, NULL) == TS_OK && b.n >= sizeof n)
        memcpy(&n, b.p, sizeof n);
    ts_buf_free(&b);
    return n;
}

/* The power can go between the record of a run's end and the end of its program.  Then
 * there is nothing to go on with, and the record says how it ended. */
static bool recorded_end(struct play *p)
{
    struct ts_lab_record r;

    if (!ts_lab_record(p->m, p->began_ms, NULL, &r) ||
        (r.status != TS_RUN_SUCCEEDED && r.status != TS_RUN_FAILED &&
         r.status != TS_RUN_CANCELLED))
        return false;
    p->end->exit_code = r.status == TS_RUN_SUCCEEDED   ? EXIT_SUCCEEDED
                        : r.status == TS_RUN_CANCELLED ? EXIT_CANCELLED
                                                       : EXIT_FAILED;
    return true;
}

/* The machine is off: say where the run was, and look whether every content of the
 * users' files is on a disk. */
static enum ts_code note_cut(struct play *p, struct ts_err *err)
{
    struct ts_arena *a = &p->end->arena;
    struct ts_lab_record r;
    struct ts_value *cut, *lost = NULL;
    bool recorded = ts_lab_record(p->m, p->began_ms, a, &r);
    enum ts_code rc = TS_OK;

    cut = ts_lab_where(recorded ? &r : NULL, a);
    ts_value_set(a, cut, TS_S("effect"), ts_value_int(a, (int64_t)p->cut_at));
    ts_value_set(a, cut, TS_S("start"), ts_value_int(a, p->end->boots + 1));
    if (p->census && (rc = ts_census_lost(p->census, p->m, a, &lost, err)) == TS_OK)
        ts_value_set(a, cut, TS_S("lost"), lost);
    p->end->damage = p->end->damage || (lost && lost->count);
    ts_value_push(p->end->cuts, cut);
    if (rc == TS_OK && p->r->on_cut)
        p->r->on_cut(p->r->ctx, cut);
    return rc;
}

/* At the end each file has to be at its place, too. */
static enum ts_code note_end(struct play *p, struct ts_err *err)
{
    struct ts_arena *a = &p->end->arena;
    struct ts_value *o = ts_value_new(a, TS_OBJECT), *lost = NULL, *displaced = NULL;
    enum ts_code rc = ts_census_lost(p->census, p->m, a, &lost, err);

    if (rc == TS_OK)
        rc = ts_census_displaced(p->census, p->m, a, &displaced, err);
    if (rc != TS_OK)
        return rc;
    ts_value_set(a, o, TS_S("checked"),
                 ts_value_int(a, (int64_t)ts_census_files(p->census)));
    ts_value_set(a, o, TS_S("lost"), lost);
    ts_value_set(a, o, TS_S("displaced"), displaced);
    p->end->files = o;
    p->end->damage = p->end->damage || lost->count || displaced->count;
    return TS_OK;
}

/* After a stretch: true when the machine starts once more. */
static bool goes_on(struct play *p, const struct ts_proc_result *res)
{
    if (res->signal == POWER_CUT_SIGNAL) {
        p->cuts++;
        p->cuts_in_a_row++;
        p->resume = true;
        return true;
    }
    if (res->code == EXIT_RESTART) {
        p->resume = p->restarted = true;
        return true;
    }
    if (p->resume && res->code == EXIT_NOTHING && p->cuts && recorded_end(p))
        return false;
    if (p->resume && res->code == EXIT_NOTHING && p->cuts && !p->restarted) {
        /* Cut before the run was recorded, or with its record on the RAM drive. */
        p->resume = false;
        return true;
    }
    p->end->exit_code = (int)res->code;
    return false;
}

static enum ts_code loop(struct play *p, struct ts_err *err)
{
    int max = p->r->max_boots > 0 ? p->r->max_boots : 50;
    enum ts_code rc = TS_OK;
    bool again = true;

    for (; again && rc == TS_OK; ++p->end->boots) {
        struct ts_proc_result res = {0};

        if (p->end->boots >= max)
            return ts_fail(
                err, TS_EIO,
                "the machine was started %d times and the run has not ended; "
                "taskseq status shows where it is (--max-boots raises the limit)",
                max);
        p->cut_at = choose_cut(p);
        if ((rc = power_on(p, err)) != TS_OK || (rc = boot(p, &res, err)) != TS_OK)
            return rc;
        p->end->points += p->r->power_seed ? read_counter(p->counter) : 0;
        ts_lab_free(p->m);
        p->m = NULL;
        if ((rc = ts_lab_open(&p->m, p->r->dir, err)) != TS_OK)
            return rc;
        if (res.signal == POWER_CUT_SIGNAL)
            rc = note_cut(p, err);
        again = goes_on(p, &res);
    }
    return rc;
}

enum ts_code ts_lab_play(const struct ts_lab_run *r, struct ts_lab_end *end,
                         struct ts_err *err)
{
    struct play p = {
        .r = r, .end = end, .held = true, .rng = r->power_seed, .began_ms = ts_now_ms()};
    enum ts_code rc = ts_lab_open(&p.m, r->dir, err);

    end->cuts = ts_value_new(&end->arena, TS_ARRAY);
    if (rc != TS_OK)
        return rc;
    if (r->boot != TS_PHASE_ANY) {
        p.m->phase = r->boot;
        p.m->next_boot = TS_PHASE_ANY;
        rc = ts_lab_save(p.m, err);
    }
    p.counter = ts_path_join(p.m->dir, ".power");
    if (rc == TS_OK && ts_fs_exists(p.counter))
        rc = ts_fs_unlink(p.counter, err);
    if (rc == TS_OK && r->check_files)
        rc = ts_census_take(&p.census, p.m, err);
    if (rc == TS_OK)
        rc = loop(&p, err);
    end->points = r->power_seed ? end->points : read_counter(p.counter);
    if (ts_fs_exists(p.counter) && ts_fs_unlink(p.counter, rc == TS_OK ? err : NULL) &&
        rc == TS_OK)
        rc = err ? err->code : TS_EIO;
    if (rc == TS_OK && p.census)
        rc = note_end(&p, err);
    ts_census_free(p.census);
    ts_free(p.counter);
    ts_lab_free(p.m);
    return rc;
}

void ts_lab_end_fini(struct ts_lab_end *end)
{
    ts_arena_fini(&end->arena);
}
