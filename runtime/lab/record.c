/* record.c - reading the state of a played machine. */
#include "lab/record.h"

#include <string.h>

#include "base/map.h"
#include "engine/engine.h"
#include "lab/lab_internal.h"

#define STATE_FOLDER "_TaskSequence"

bool ts_lab_record(const struct ts_lab_machine *m, int64_t since_ms, struct ts_arena *a,
                   struct ts_lab_record *out)
{
    int64_t newest = since_ms;
    bool found = false;

    for (size_t i = 0; i < m->volume_count; i++) {
        char *dir = ts_path_join(m->volumes[i].folder, STATE_FOLDER);
        struct ts_state *s = NULL;
        struct ts_run run;

        if (ts_state_open(&s, dir, false, true, NULL) == TS_OK &&
            ts_state_last_run(s, &run, NULL) == TS_OK && run.started_ms >= newest &&
            strcmp(run.machine, m->id) == 0) {
            *out = (struct ts_lab_record){.status = run.status};
            found = !a || ts_state_to_value(s, run.id, a, &out->all, NULL) == TS_OK;
            newest = run.started_ms;
        }
        ts_state_close(s);
        ts_free(dir);
    }
    return found;
}

/* ---- where it stands -----------------------------------------------------------------
 */

static const struct ts_value *list(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_ARRAY ? v : NULL;
}

static bool truth(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_BOOL && v->boolean;
}

static const char *text(const struct ts_value *o, const char *key)
{
    const char *t = o ? ts_value_text(o, key) : NULL;

    return t ? t : "";
}

static void put(struct ts_arena *a, struct ts_value *o, const char *key, const char *t)
{
    ts_value_set(a, o, ts_str_of(key),
                 ts_value_string(a, ts_str_of(ts_arena_strz(a, t))));
}

static const struct ts_value *last_attempt(const struct ts_value *step)
{
    const struct ts_value *attempts = list(step, "attempts");

    return attempts ? attempts->last : NULL;
}

static bool unended(const struct ts_value *attempt)
{
    const struct ts_value *ended = ts_value_get(attempt, "ended");

    return !ended || ended->kind != TS_STRING;
}

static struct ts_value *step_value(const struct ts_value *step, struct ts_arena *a)
{
    struct ts_value *o = ts_value_new(a, TS_OBJECT);

    put(a, o, "step", text(step, "step"));
    put(a, o, "name", text(step, "name"));
    return o;
}

struct ts_value *ts_lab_where(const struct ts_lab_record *r, struct ts_arena *a)
{
    const struct ts_value *steps = r ? list(r->all, "steps") : NULL;
    const struct ts_value *last = steps ? steps->last : NULL;
    const struct ts_value *attempt = last ? last_attempt(last) : NULL;
    struct ts_value *o = last ? step_value(last, a) : ts_value_new(a, TS_OBJECT);

    if (r && r->status != TS_RUN_RUNNING && r->status != TS_RUN_RESTARTING)
        put(a, o, "when", "end");
    else if (!last)
        put(a, o, "when", "before");
    else
        put(a, o, "when", attempt && unended(attempt) ? "during" : "after");
    return o;
}

struct ts_value *ts_lab_interrupted(const struct ts_lab_record *r, struct ts_arena *a)
{
    const struct ts_value *steps = list(r->all, "steps");

    if (r->status != TS_RUN_FAILED || !steps ||
        !strstr(text(ts_value_get(r->all, "run"), "error"), TS_TEXT_INTERRUPTED))
        return NULL;
    for (const struct ts_value *s = steps->first; s; s = s->next) {
        const struct ts_value *t = last_attempt(s);

        if (t && strcmp(text(t, "note"), "interrupted") == 0 && !truth(t, "ignored"))
            return step_value(s, a);
    }
    return NULL;
}

/* ---- how the steps ended -------------------------------------------------------------
 */

struct ending {
    const struct ts_value *step;
    const char *result; /* how it ended the last time */
    bool let_go;        /* interrupted, and that was accepted */
    int finished;       /* how often it ran to a good end */
    int order;          /* its place among those that ended well */
};

static const char *result_of(const struct ts_value *step, const struct ts_value *t,
                             struct ts_arena *a)
{
    const struct ts_value *code = t ? ts_value_get(t, "code") : NULL;

    if (!t)
        return ts_arena_format(a, "skipped (%s)",
                               text(ts_value_get(step, "skipped"), "reason"));
    if (unended(t))
        return "did not end";
    if (truth(t, "succeeded"))
        return "succeeded";
    return ts_arena_format(a, "failed (%lld)%s",
                           code && code->kind == TS_INT ? (long long)code->integer : 0,
                           truth(t, "ignored") ? ", ignored" : "");
}

static void endings(const struct ts_lab_record *r, struct ts_map *out, struct ts_arena *a)
{
    const struct ts_value *steps = list(r->all, "steps");
    int order = 0;

    for (const struct ts_value *s = steps ? steps->first : NULL; s; s = s->next) {
        const struct ts_value *t = last_attempt(s);
        ts_str id = ts_str_of(text(s, "step"));
        struct ending *e = ts_map_get(out, id);

        if (!e) {
            e = ts_arena_alloc(a, sizeof *e);
            ts_map_set(out, id, e);
        }
        e->step = s;
        e->result = result_of(s, t, a);
        e->let_go =
            strcmp(text(t, "note"), "interrupted") == 0 ||
            strcmp(text(ts_value_get(s, "skipped"), "reason"), "interrupted") == 0;
        if (t && truth(t, "succeeded")) {
            e->finished++;
            e->order = ++order;
        }
    }
}

static void forget_restarts(const struct ts_lab_record *r, struct ts_map *endings)
{
    const struct ts_value *restarts = list(r->all, "restarts");

    for (const struct ts_value *x = restarts ? restarts->first : NULL; x; x = x->next) {
        struct ending *e = ts_map_get(endings, ts_str_of(text(x, "step")));

        if (e)
            e->let_go = true;
    }
}

static void differ(struct ts_value *out, const struct ending *any, const char *uncut,
                   const char *cut, struct ts_arena *a)
{
    struct ts_value *o = step_value(any->step, a);

    put(a, o, "uncut", uncut);
    put(a, o, "cut", cut);
    ts_value_push(out, o);
}

static void compare_ending(struct ts_value *out, const struct ending *u,
                           const struct ending *c, int *order, struct ts_arena *a)
{
    if (u->let_go || (c && c->let_go))
        return;
    if (!c)
        differ(out, u, u->result, "did not run", a);
    else if (strcmp(u->result, c->result) != 0)
        differ(out, u, u->result, c->result, a);
    else if (u->finished != c->finished)
        differ(out, u, ts_arena_format(a, "ran to its end %d times", u->finished),
               ts_arena_format(a, "ran to its end %d times", c->finished), a);
    else if (c->order && c->order < *order)
        differ(out, u, "ran later", "ran earlier", a);
    if (c && c->order > *order)
        *order = c->order;
}

struct ts_value *ts_lab_step_differences(const struct ts_lab_record *uncut,
                                         const struct ts_lab_record *cut,
                                         struct ts_arena *a)
{
    struct ts_value *out = ts_value_new(a, TS_ARRAY);
    struct ts_map u = {0}, c = {0};
    int order = 0;

    endings(uncut, &u, a);
    endings(cut, &c, a);
    forget_restarts(uncut, &u);
    forget_restarts(cut, &u);
    forget_restarts(uncut, &c);
    forget_restarts(cut, &c);
    for (size_t i = 0; i < u.n; i++)
        compare_ending(out, u.entries[i].value,
                       ts_map_get(&c, ts_str_of(u.entries[i].key)), &order, a);
    for (size_t i = 0; i < c.n; i++) {
        const struct ending *e = c.entries[i].value;

        if (!e->let_go && !ts_map_get(&u, ts_str_of(c.entries[i].key)))
            differ(out, e, "did not run", e->result, a);
    }
    ts_map_fini(&u, NULL);
    ts_map_fini(&c, NULL);
    return out;
}
