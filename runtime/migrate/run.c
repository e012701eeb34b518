/* run.c - what workers say, and the calling thread that hands it on. */
#include "migrate/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "platform/clock.h"

/* Workers wait when this much was said and not yet heard, so that memory stays bounded.
 */
#define SAID_MAX 256
#define FIRST_MAX 5
#define TICK_NS 200000000

struct mig_said {
    struct mig_said *next;
    int level; /* 0: a finding */
    char *path, *text;
};

void mig_run_init(struct mig_run *r, const struct ts_mig_env *env, const char *doing)
{
    memset(r, 0, sizeof *r);
    r->env = env;
    r->m = ts_mutex_new();
    r->c = ts_cond_new();
    r->said_tail = &r->said;
    r->doing = doing;
    r->started_ns = ts_mono_ns();
}

static void said_free(struct mig_said *s)
{
    ts_free(s->path);
    ts_free(s->text);
    ts_free(s);
}

void mig_run_fini(struct mig_run *r)
{
    while (r->said) {
        struct mig_said *s = r->said;
        r->said = s->next;
        said_free(s);
    }
    ts_buf_free(&r->first);
    ts_cond_free(r->c);
    ts_mutex_free(r->m);
}

void mig_run_about(const struct mig_run *r, enum ts_code rc, const char *path,
                   struct ts_err *err)
{
    if (rc != TS_OK && rc != TS_ECANCELLED && err && path && !strstr(err->text, path)) {
        ts_err_context(err, "%s (%s)", r->doing, path);
    }
}

static void say(struct mig_run *r, int level, char *path, char *text)
{
    struct mig_said *s = ts_alloc(sizeof *s);
    s->level = level;
    s->path = path;
    s->text = text;
    ts_mutex_lock(r->m);
    *r->said_tail = s;
    r->said_tail = &s->next;
    r->said_n++;
    ts_cond_broadcast(r->c);
    ts_mutex_unlock(r->m);
}

void mig_note(struct mig_run *r, int level, const char *fmt, ...)
{
    char text[2048];
    va_list ap;

    if (!r->env || !r->env->note)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say(r, level, NULL, ts_strdup(text));
}

void mig_finding(struct mig_run *r, const char *path, const char *what)
{
    ts_mutex_lock(r->m);
    if (r->findings++ < FIRST_MAX)
        ts_buf_fmt(&r->first, "%s%.200s (%s)", r->first.n ? "; " : "", path, what);
    ts_mutex_unlock(r->m);
    if (r->fn)
        say(r, 0, ts_strdup(path), ts_strdup(what));
}

enum ts_code mig_run_fail(struct mig_run *r, const struct ts_err *err)
{
    ts_mutex_lock(r->m);
    if (!mig_stopped(r)) {
        r->err = *err;
        atomic_store(&r->stop, 1);
    }
    ts_cond_broadcast(r->c);
    ts_mutex_unlock(r->m);
    return err->code;
}

void mig_run_count(struct mig_run *r, struct ts_mig_totals *t, uint64_t seen)
{
    struct ts_mig_totals *s = &r->totals;

    ts_mutex_lock(r->m);
    s->folders += t->folders;
    s->files += t->files;
    s->links += t->links;
    s->copies += t->copies;
    s->symlinks += t->symlinks;
    s->bytes += t->bytes;
    s->copied_bytes += t->copied_bytes;
    s->skipped += t->skipped;
    s->unreadable += t->unreadable;
    s->special += t->special;
    s->conflicts += t->conflicts;
    s->pending += t->pending;
    s->added += t->added;
    s->changed += t->changed;
    s->deleted += t->deleted;
    r->seen += seen;
    /* Nobody but the list itself is bounded here: the counting thread waits its turn. */
    while (r->said_n > SAID_MAX && !mig_stopped(r))
        ts_cond_wait_ms(r->c, r->m, 10);
    ts_mutex_unlock(r->m);
    memset(t, 0, sizeof *t);
}

static void show_progress(struct mig_run *r, int64_t now)
{
    char text[160];
    int percent = -1;
    uint64_t seen;

    if (!r->env || !r->env->progress || now < r->next_tick_ns)
        return;
    r->next_tick_ns = now + TICK_NS;
    ts_mutex_lock(r->m);
    seen = r->seen;
    ts_mutex_unlock(r->m);
    if (r->expected)
        percent = seen >= r->expected ? 100 : (int)(seen * 100 / r->expected);
    snprintf(text, sizeof text, "%s: %llu objects", r->doing, (unsigned long long)seen);
    r->env->progress(r->env->ctx, percent, text);
}

void mig_run_pump(struct mig_run *r)
{
    struct mig_said *list = r->said;

    r->said = NULL;
    r->said_tail = &r->said;
    r->said_n = 0;
    ts_mutex_unlock(r->m);
    while (list) {
        struct mig_said *s = list;
        list = s->next;
        if (s->level == 0 && r->fn)
            r->fn(r->fn_ctx, s->path, s->text);
        else if (s->level != 0 && r->env && r->env->note)
            r->env->note(r->env->ctx, s->level, s->text);
        said_free(s);
    }
    show_progress(r, ts_mono_ns());
    if (!mig_stopped(r) && r->env && r->env->cancelled &&
        r->env->cancelled(r->env->ctx)) {
        struct ts_err err;
        ts_fail(&err, TS_ECANCELLED, "%s was cancelled", r->doing);
        mig_run_fail(r, &err);
    }
    ts_mutex_lock(r->m);
}

enum ts_code mig_run_tick(struct mig_run *r, struct ts_err *err)
{
    ts_mutex_lock(r->m);
    mig_run_pump(r);
    ts_mutex_unlock(r->m);
    if (mig_stopped(r)) {
        if (err)
            *err = r->err;
        return r->err.code;
    }
    return TS_OK;
}

bool mig_run_going(void *run, uint64_t bytes)
{
    (void)bytes;
    return !mig_stopped(run);
}

enum ts_code mig_run_verdict(struct mig_run *r, struct ts_err *err, const char *what,
                             const char *way_out)
{
    if (r->findings == 0)
        return TS_OK;
    return ts_fail(
        err, TS_EREFUSED, "%s: %llu %s: %s%s%s%s", what, (unsigned long long)r->findings,
        r->findings == 1 ? "difference" : "differences", ts_buf_text(&r->first),
        r->findings > FIRST_MAX ? "; ..." : "", way_out[0] ? "; " : "", way_out);
}
