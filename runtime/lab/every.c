/* every.c - a cut at every point, several at a time. */
#include "lab/every.h"

#include <string.h>

#include "base/mem.h"
#include "lab/judge.h"
#include "lab/lab_internal.h"
#include "platform/clock.h"
#include "platform/proc.h"
#include "platform/sysinfo.h"

struct proving {
    const struct ts_lab_every *e;
    struct ts_lab_proof *proof;
    struct ts_uncut uncut;
    char *work;            /* folder of the copies */
    struct ts_mutex *lock; /* of everything below */
    struct ts_mutex *starting;
    uint64_t next;   /* point */
    uint64_t kept;   /* point whose machine is kept; 0: none */
    bool enough;     /* no more points */
    enum ts_code rc; /* the first trouble of ours */
    struct ts_err *err;
};

static void remove_copy(const char *dir)
{
    /* The machine was a copy; what cannot be removed is said by the last removal. */
    (void)!ts_tree_discard(dir, NULL);
}

/* ---- undisturbed ---------------------------------------------------------------------
 */

/* Texts made of the time, to the second, have to differ between the two. */
static void next_second(int64_t began_ms)
{
    while (ts_now_ms() / 1000 == began_ms / 1000 && !ts_cancelled())
        ts_sleep_ms(20);
}

static enum ts_code undisturbed(struct proving *p, struct ts_replay *r, const char *name,
                                bool *failed, struct ts_err *err)
{
    char *dir = ts_path_join(p->work, name);
    enum ts_code rc = ts_replay_run(r, p->e, dir, 0, p->starting, err);

    ts_free(dir);
    if (rc != TS_OK)
        return rc;
    /* 1 with a result of 0: the run succeeded, and users' files are not what they were.
     */
    *failed = !r->result || r->exit_code > 1;
    if (r->result) {
        const struct ts_value *code = ts_value_get(r->result, "exitCode");

        *failed = *failed || !code || code->kind != TS_INT || code->integer != 0;
    }
    if (*failed) {
        p->proof->uncut_exit = r->exit_code ? r->exit_code : 3;
        ts_buf_str(&p->proof->uncut_words, ts_buf_view(&r->words));
    }
    return TS_OK;
}

static enum ts_code uncut(struct proving *p, struct ts_err *err)
{
    struct ts_replay one = {0}, two = {0};
    bool failed = false;
    enum ts_code rc = undisturbed(p, &one, "uncut", &failed, err);

    if (rc == TS_OK && !failed) {
        next_second(one.began_ms);
        rc = undisturbed(p, &two, "uncut-again", &failed, err);
    }
    if (rc == TS_OK && !failed)
        rc = ts_uncut_take(&p->uncut, &one, &two, p->proof, err);
    if (one.dir)
        remove_copy(one.dir);
    if (two.dir)
        remove_copy(two.dir);
    ts_replay_fini(&one);
    ts_replay_fini(&two);
    if (rc == TS_OK && !failed && p->e->uncut)
        p->e->uncut(p->e->ctx, p->proof->points, p->proof->user_files);
    return rc;
}

/* ---- with a cut ----------------------------------------------------------------------
 */

static bool take_point(struct proving *p, uint64_t *point)
{
    bool more;

    ts_mutex_lock(p->lock);
    more = !p->enough && p->rc == TS_OK && !ts_cancelled() && p->next <= p->proof->points;
    *point = p->next;
    if (more)
        p->next += p->e->step;
    ts_mutex_unlock(p->lock);
    return more;
}

/* In order of the points, whichever replay ended first. */
static void insert_failure(struct ts_lab_proof *proof, struct ts_value *f, uint64_t point)
{
    struct ts_value **at = &proof->failures->first;

    while (*at && (uint64_t)ts_value_get(*at, "point")->integer < point)
        at = &(*at)->next;
    f->next = *at;
    *at = f;
    if (!f->next)
        proof->failures->last = f;
    proof->failures->count++;
}

static void keep_machine(struct proving *p, struct ts_value *f, const char *dir,
                         uint64_t point)
{
    struct ts_arena *a = &p->proof->arena;

    if (!p->e->keep || (p->kept && p->kept < point))
        return;
    if (p->kept) {
        char *name = ts_format("cut-%llu", (unsigned long long)p->kept);
        char *other = ts_path_join(p->work, name);

        remove_copy(other);
        ts_free(other);
        ts_free(name);
        for (struct ts_value *x = p->proof->failures->first; x; x = x->next)
            if ((uint64_t)ts_value_get(x, "point")->integer == p->kept)
                ts_value_set(a, x, TS_S("machine"), ts_value_new(a, TS_NULL));
    }
    p->kept = point;
    ts_value_set(a, f, TS_S("machine"),
                 ts_value_string(a, ts_str_of(ts_arena_strz(a, dir))));
}

static void note_failure(struct proving *p, const struct ts_value *failure,
                         const char *dir, uint64_t point)
{
    struct ts_value *f = ts_value_copy(&p->proof->arena, failure);

    f->next = NULL;
    insert_failure(p->proof, f, point);
    if (strcmp(ts_value_text(f, "kind"), "stopped") == 0)
        p->proof->stopped++;
    keep_machine(p, f, dir, point);
    p->enough = p->enough || !p->e->keep_going;
}

static void note_trouble(struct proving *p, enum ts_code rc, const struct ts_err *err)
{
    if (p->rc == TS_OK || (p->rc == TS_ECANCELLED && rc != TS_ECANCELLED)) {
        p->rc = rc;
        if (p->err)
            *p->err = *err;
    }
}

static void try_point(struct proving *p, uint64_t point)
{
    char *name = ts_format("cut-%llu", (unsigned long long)point);
    char *dir = ts_path_join(p->work, name);
    struct ts_value *failure = NULL;
    struct ts_replay r = {0};
    struct ts_err err = {0};
    enum ts_code rc = ts_replay_run(&r, p->e, dir, point, p->starting, &err);
    bool kept;

    if (rc == TS_OK)
        rc = ts_replay_judge(&p->uncut, &r, point, p->e->files_at_end_only, &r.arena,
                             &failure, &err);
    ts_mutex_lock(p->lock);
    if (rc != TS_OK) {
        note_trouble(p, rc, &err);
    } else {
        struct ts_lab_tried t;

        p->proof->tried++;
        if (failure)
            note_failure(p, failure, dir, point);
        t = (struct ts_lab_tried){point, p->proof->points, p->proof->tried,
                                  p->proof->failures->count};
        if (p->e->tried)
            p->e->tried(p->e->ctx, &t);
    }
    kept = p->kept == point;
    ts_mutex_unlock(p->lock);
    if (!kept)
        remove_copy(dir);
    ts_replay_fini(&r);
    ts_free(dir);
    ts_free(name);
}

static void worker(void *ctx)
{
    struct proving *p = ctx;
    uint64_t point;

    while (take_point(p, &point))
        try_point(p, point);
}

static void all_points(struct proving *p)
{
    unsigned jobs = p->e->jobs ? p->e->jobs : ts_cpu_count();
    struct ts_thread **threads;

    jobs = jobs > 64 ? 64 : jobs < 1 ? 1 : jobs;
    threads = ts_alloc_array(jobs, sizeof *threads);
    for (unsigned i = 1; i < jobs; i++)
        threads[i] = ts_thread_start(worker, p);
    worker(p);
    for (unsigned i = 1; i < jobs; i++)
        ts_thread_join(threads[i]);
    ts_free(threads);
}

/* Without --keep-going the first is what counts, not which else ran beside it. */
static void only_first(struct proving *p)
{
    struct ts_value *list = p->proof->failures;

    if (p->e->keep_going || !list->first)
        return;
    list->last = list->first;
    list->first->next = NULL;
    list->count = 1;
    p->proof->tried =
        ((uint64_t)ts_value_get(list->first, "point")->integer - 1) / p->e->step + 1;
    p->proof->stopped = strcmp(ts_value_text(list->first, "kind"), "stopped") == 0;
}

/* ---- the whole -----------------------------------------------------------------------
 */

/* "DIR.cuts-PID" beside the machine, or below the folder that was asked for. */
static enum ts_code make_work(struct proving *p, struct ts_err *err)
{
    char *real = NULL, *name;
    enum ts_code rc = ts_fs_real(p->e->work ? p->e->work : p->e->dir, &real, err);

    if (rc != TS_OK)
        return rc;
    name = ts_format("taskseq-cuts-%lld", ts_process_id());
    p->work = p->e->work ? ts_path_join(real, name)
                         : ts_format("%s.cuts-%lld", real, ts_process_id());
    ts_free(name);
    ts_free(real);
    if (ts_fs_exists(p->work))
        return ts_fail(err, TS_EEXIST, "%s exists already; remove it", p->work);
    rc = ts_fs_mkdirs(p->work, 0700, err);
    return rc == TS_OK ? TS_OK
                       : ts_err_context(err, "the copies of the machine need a place "
                                             "(--work DIR names another)");
}

enum ts_code ts_lab_every(const struct ts_lab_every *e, struct ts_lab_proof *out,
                          struct ts_err *err)
{
    struct proving p = {.e = e, .proof = out, .next = 1, .err = err};
    struct ts_lab_machine *m = NULL;
    enum ts_code rc = ts_lab_open(&m, e->dir, err); /* is it one? */

    ts_lab_free(m);
    out->failures = ts_value_new(&out->arena, TS_ARRAY);
    if (rc != TS_OK || (rc = make_work(&p, err)) != TS_OK) {
        ts_free(p.work);
        return rc;
    }
    p.lock = ts_mutex_new();
    p.starting = ts_mutex_new();
    rc = uncut(&p, err);
    if (rc == TS_OK && !out->uncut_exit) {
        all_points(&p);
        only_first(&p);
        rc = p.rc;
    }
    if (rc == TS_OK && ts_cancelled())
        rc = ts_fail(err, TS_ECANCELLED, "stopped by the user");
    if (!p.kept) {
        struct ts_err again = {0};
        enum ts_code gone = ts_tree_discard(p.work, &again);

        if (gone != TS_OK && rc == TS_OK)
            rc = ts_fail(err, gone, "%s", again.text);
    }
    ts_uncut_fini(&p.uncut);
    ts_mutex_free(p.lock);
    ts_mutex_free(p.starting);
    ts_free(p.work);
    return rc;
}

void ts_lab_proof_fini(struct ts_lab_proof *p)
{
    ts_buf_free(&p->uncut_words);
    ts_arena_fini(&p->arena);
}
