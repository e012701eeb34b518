#include "scenario_play.h"

#include "base/mem.h"
#include "parse/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(const struct scenario_start *s, const char *name, const struct ts_buf *b)
{
    s->world->set(s->world->steps.ctx, name, ts_buf_view(b));
}

static void add_var(void *ctx, const struct ts_var *v)
{
    struct ts_buf *b = ctx;

    if (v->value) {
        ts_buf_fmt(b, "%s\"", b->p[b->n - 1] == '{' ? "" : ",");
        ts_buf_json(b, ts_str_of(v->name));
        ts_buf_z(b, "\":\"");
        ts_buf_json(b, ts_str_of(v->value));
        ts_buf_c(b, '"');
    }
}

static void report(const struct scenario_start *s, struct fake *f)
{
    static const char *const ends[] = {"succeeded", "failed", "cancelled", "restart"};
    struct ts_buf b = {0};

    ts_buf_fmt(&b, "{\"result\":\"%s\",\"code\":%lld,\"text\":\"", ends[f->result.end],
               (long long)f->result.code);
    ts_buf_json(&b, ts_str_of(f->result.text));
    ts_buf_fmt(&b, "\",\"run\":%d,\"failed\":%d,\"skipped\":%d", f->result.steps_run,
               f->result.steps_failed, f->result.steps_skipped);
    ts_buf_fmt(&b, ",\"asked\":\"%s\",\"variables\":{", f->phase_asked);
    ts_vars_each(f->host.vars, add_var, &b);
    ts_buf_z(&b, "}}");
    set(s, "report.json", &b);
    ts_buf_free(&b);
}

static int wrong(const struct scenario_start *s, const char *what,
                 const struct ts_err *err)
{
    if (!s->quiet) {
        fprintf(stderr, "scenario: %s: %s\n", what, err->text);
    }
    s->world->append(s->world->steps.ctx, "stopped", ts_str_of(err->text));
    s->world->append(s->world->steps.ctx, "stopped", TS_S("\n"));
    return SCENARIO_WRONG;
}

static void set_variables(struct fake *f, const struct ts_value *list, bool secret)
{
    struct ts_err err;

    for (const struct ts_value *m = list ? list->first : NULL; m; m = m->next) {
        if (ts_vars_set(f->host.vars, TS_SCOPE_RUN, m->key, m->str, secret, &err) !=
            TS_OK) {
            abort();
        }
    }
}

/* ---- what is under way in the state --------------------------------------------------
 */

static const struct ts_value *last(const struct ts_value *list)
{
    const struct ts_value *v = list ? list->first : NULL;

    while (v && v->next) {
        v = v->next;
    }
    return v;
}

/* Attempts at steps of this name. */
static int attempts_at(const struct ts_value *steps, const char *name)
{
    int n = 0;

    for (const struct ts_value *v = steps->first; v; v = v->next) {
        const struct ts_value *list = ts_value_get(v, "attempts");
        if (list && strcmp(ts_value_text(v, "name"), name) == 0) {
            n += (int)list->count;
        }
    }
    return n;
}

static enum ts_code tell_pending(const struct scenario_start *s, struct fake *f,
                                 int64_t run)
{
    struct ts_arena a = {0};
    struct ts_value *v;
    bool any = false;
    enum ts_code rc = TS_OK;

    if (s->world->pending &&
        (rc = ts_state_to_value(f->config.state, run, &a, &v, &f->err)) == TS_OK) {
        const struct ts_value *steps = ts_value_get(v, "steps");
        for (const struct ts_value *m = steps->first; m; m = m->next) {
            const struct ts_value *attempt = last(ts_value_get(m, "attempts"));
            const struct ts_value *ended =
                attempt ? ts_value_get(attempt, "ended") : NULL;
            if (ended && ended->kind == TS_NULL) {
                const char *name = ts_value_text(m, "name");
                s->world->pending(s->world->steps.ctx, name, attempts_at(steps, name));
                any = true;
            }
        }
        if (!any) {
            s->world->pending(s->world->steps.ctx, NULL, 0);
        }
    }
    ts_arena_fini(&a);
    return rc;
}

/* ---- the state -----------------------------------------------------------------------
 */

static enum ts_code go_on(const struct scenario_start *s, struct fake *f)
{
    struct ts_run run;
    enum ts_code rc = ts_state_last_run(f->config.state, &run, &f->err);

    if (rc == TS_OK) {
        rc = ts_state_load_vars(f->config.state, run.id, f->host.vars, NULL, NULL,
                                &f->err);
        ts_events_run(f->host.events, run.uid, run.next_seq);
    }
    return rc == TS_OK ? tell_pending(s, f, run.id) : rc;
}

static enum ts_code open_state(const struct scenario_start *s, struct fake *f,
                               const struct ts_sequence *seq)
{
    enum ts_code rc =
        ts_state_open(&f->config.state, s->state_dir, !s->resume, false, &f->err);

    if (rc != TS_OK) {
        return rc;
    }
    return s->resume ? go_on(s, f) : fake_begin(f, seq);
}

/* ---- one start -----------------------------------------------------------------------
 */

static const struct ts_value *flag(const struct scenario_start *s, const char *key)
{
    const struct ts_value *v = ts_value_get(s->data, key);

    return v && v->kind == TS_BOOL && v->boolean ? v : NULL;
}

static void prepare(const struct scenario_start *s, struct fake *f)
{
    const struct ts_value *limit = ts_value_get(s->data, "restartLimit");

    f->world = &s->world->steps;
    f->results = ts_value_get(s->data, "results");
    f->ran_file = ts_strdup("ran");
    f->events_file = ts_strdup("events");
    f->host.phase = s->phase;
    f->refuse_restart = flag(s, "refuseRestart");
    f->fail_restart = flag(s, "failRestart");
    f->trust_phase = flag(s, "trustPhase");
    f->one_start = flag(s, "oneStart");
    f->config.restart_limit = limit ? (int)limit->integer : 0;
    if (s->more_restarts) {
        f->config.restart_limit = (limit ? (int)limit->integer : 5) + s->more_restarts;
    }
    if (!s->resume) {
        set_variables(f, ts_value_get(s->data, "variables"), false);
        set_variables(f, ts_value_get(s->data, "secrets"), true);
    }
}

static bool has_ended(struct fake *f)
{
    struct ts_run run;
    struct ts_err err;

    return ts_state_last_run(f->config.state, &run, &err) == TS_OK &&
           run.status != TS_RUN_RUNNING && run.status != TS_RUN_RESTARTING;
}

static int run(const struct scenario_start *s, struct fake *f,
               const struct ts_sequence *seq)
{
    enum ts_code rc = open_state(s, f, seq);

    if (rc != TS_OK) {
        return rc == TS_ENOTFOUND && s->resume ? SCENARIO_NOTHING
                                               : wrong(s, "state", &f->err);
    }
    rc = fake_run(f, seq, s->resume, s->resume ? NULL : ts_value_text(s->data, "from"));
    s->world->append(s->world->steps.ctx, "log", ts_buf_view(&f->log));
    if (rc == TS_EREFUSED && s->resume && has_ended(f)) {
        return SCENARIO_ENDED;
    }
    if (rc != TS_OK) {
        return wrong(s, "engine", &f->err);
    }
    report(s, f);
    return f->result.end == TS_END_RESTART ? 10 : 0;
}

int scenario_start(const struct scenario_start *s)
{
    struct fake f;
    struct ts_sequence *seq = NULL;
    struct ts_buf json = {0};
    int code;

    fake_init(&f);
    ts_json_write(&json, ts_value_get(s->data, "sequence"), 0);
    if (ts_sequence_parse(&seq, ts_buf_view(&json), "json", "sequence", NULL, &f.steps,
                          &f.err) != TS_OK) {
        code = wrong(s, "sequence", &f.err);
    } else {
        prepare(s, &f);
        code = run(s, &f, seq);
    }
    ts_state_close(f.config.state);
    ts_sequence_free(seq);
    ts_buf_free(&json);
    fake_fini(&f);
    return code;
}

/* ---- what is left --------------------------------------------------------------------
 */

static void add_members(struct ts_buf *out, const struct ts_value *v,
                        const char *const *keys)
{
    for (; *keys; keys++) {
        const struct ts_value *m = ts_value_get(v, *keys);
        if (m) {
            ts_buf_fmt(out, " %s=", *keys);
            ts_json_write(out, m, 0);
        }
    }
    ts_buf_c(out, '\n');
}

static void add_step(struct ts_buf *out, const struct ts_value *v)
{
    static const char *const attempt[] = {"attempt", "code", "succeeded",
                                          "ignored", "note", NULL},
                             *const skipped[] = {"reason", "why", NULL};
    const struct ts_value *list = ts_value_get(v, "attempts");

    for (const struct ts_value *m = list ? list->first : NULL; m; m = m->next) {
        ts_buf_fmt(out, "step %s", ts_value_text(v, "name"));
        add_members(out, m, attempt);
    }
    if ((list = ts_value_get(v, "skipped")) != NULL) {
        ts_buf_fmt(out, "left out %s", ts_value_text(v, "name"));
        add_members(out, list, skipped);
    }
}

struct lines {
    char **v;
    size_t n;
};

static void add_line(void *ctx, const struct ts_var *v)
{
    struct lines *out = ctx;

    /* Their values are made by chance or tell of the test. */
    static const char *const other[] = {"_TSRunId", "_TSStateDir", "_SMSTSMDataPath"};

    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        if (ts_caseeq(v->name, other[i])) {
            return;
        }
    }
    /* 0 is what it has where nobody set it. */
    if (ts_caseeq(v->name, "_SMSTSLastActionRetryCount") && v->value &&
        strcmp(v->value, "0") == 0) {
        return;
    }
    if (v->value) {
        out->v = ts_realloc_array(out->v, out->n + 1, sizeof *out->v);
        out->v[out->n++] = ts_format("variable %s=%s\n", v->name, v->value);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order in which they were first set says nothing. */
static void add_variables(struct ts_buf *out, const struct ts_vars *vars)
{
    struct lines all = {0};

    ts_vars_each(vars, add_line, &all);
    qsort(all.v, all.n, sizeof *all.v, by_text);
    for (size_t i = 0; i < all.n; i++) {
        ts_buf_z(out, all.v[i]);
        ts_free(all.v[i]);
    }
    ts_free(all.v);
}

enum ts_code scenario_summary(const char *state_dir, struct ts_buf *out,
                              struct ts_err *err)
{
    static const char *const keys[] = {"status", "code", "error", NULL};
    struct ts_vars *vars = ts_vars_new();
    struct ts_state *state = NULL;
    struct ts_arena a = {0};
    struct ts_value *v = NULL;
    struct ts_run run;
    enum ts_code rc;

    if ((rc = ts_state_open(&state, state_dir, false, true, err)) == TS_OK &&
        (rc = ts_state_last_run(state, &run, err)) == TS_OK &&
        (rc = ts_state_to_value(state, run.id, &a, &v, err)) == TS_OK &&
        (rc = ts_state_load_vars(state, run.id, vars, NULL, NULL, err)) == TS_OK) {
        ts_buf_z(out, "run");
        add_members(out, ts_value_get(v, "run"), keys);
        for (const struct ts_value *m = ts_value_get(v, "steps")->first; m; m = m->next) {
            add_step(out, m);
        }
        add_variables(out, vars);
    }
    ts_arena_fini(&a);
    ts_state_close(state);
    ts_vars_free(vars);
    return rc;
}
