/* answer.c - which `on` answers, and what an answer does. */
#include "scenario/scenario_internal.h"

#include "platform/proc.h"

#include <stdio.h>
#include <string.h>

/* ---- matching ------------------------------------------------------------------------
 */

static bool like_one(const char *pattern, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (texts[i] && ts_str_like(ts_str_of(texts[i]), ts_str_of(pattern))) {
            return true;
        }
    }
    return false;
}

const struct scn_answer *scn_match(struct scn_play *p, const char *const *texts, size_t n,
                                   const struct scn_on **which)
{
    for (size_t i = 0; i < p->s->on_count; i++) {
        const struct scn_on *on = &p->s->on[i];
        if ((on->times && p->used[i] >= (size_t)on->times) ||
            !like_one(on->pattern, texts, n)) {
            continue;
        }
        size_t k = p->used[i]++;
        *which = on;
        return &on->answers[k < on->count ? k : on->count - 1];
    }
    return NULL;
}

bool scn_answer_fits(struct scn_play *p, const struct scn_on *on,
                     const struct scn_answer *x, enum scn_use use, const char *what)
{
    static const char *const uses[] = {"a step", "a command", "an effect",
                                       "a fact of a condition"};
    const char *wrong = NULL;

    if (use == SCN_FACT) {
        wrong = !x->holds ? "no holds = true or false" : NULL;
    } else if (x->holds) {
        wrong = "`holds`, which only a fact of a condition has";
    } else if (x->result && use != SCN_EFFECT) {
        wrong = "`result`, which only an effect has";
    } else if (x->exit && use == SCN_EFFECT) {
        wrong = "`exit`, which only steps and commands have";
    } else if (x->code && use != SCN_EFFECT) {
        wrong = "`code`, which only an effect has: a step or command has `exit`";
    }
    if (wrong) {
        const char *message =
            ts_arena_format(p->a, "on \"%s\" (line %d) answers %s (%s), but it has %s",
                            on->pattern, on->line, uses[use], what, wrong);
        scn_failure(p, message, NULL, NULL);
        p->stop = true;
    }
    return !wrong;
}

void scn_unprepared(struct scn_play *p, struct ts_step_call *c, const char *what,
                    const char *way_out)
{
    const char *message =
        c ? ts_arena_format(p->a,
                            "step \"%s\": %s is not prepared; add on \"%s\" { ... } for "
                            "the whole step, or %s",
                            c->node->name, what, c->node->name, way_out)
          : ts_arena_format(p->a, "%s is not prepared; %s", what, way_out);

    scn_failure(p, scn_shown(p, message), NULL, NULL);
    p->stop = true;
}

void scn_check_used(struct scn_play *p)
{
    for (size_t i = 0; i < p->s->on_count; i++) {
        const struct scn_on *on = &p->s->on[i];
        size_t want = on->times ? (size_t)on->times : on->count;

        if (on->optional || p->used[i] >= want) {
            continue;
        }
        scn_failure(p,
                    p->used[i]
                        ? ts_arena_format(p->a,
                                          "on \"%s\" (line %d): only %zu of its %zu "
                                          "answers were used; what is never used "
                                          "tests nothing",
                                          on->pattern, on->line, p->used[i], want)
                        : ts_arena_format(p->a,
                                          "on \"%s\" (line %d) was never used: no "
                                          "step, command or effect like it came; "
                                          "what is never used tests nothing "
                                          "(optional = true allows it)",
                                          on->pattern, on->line),
                    NULL, NULL);
    }
}

/* ---- what an answer does -------------------------------------------------------------
 */

static enum ts_code set_variables(struct scn_play *p, const struct scn_answer *x,
                                  struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    for (const struct ts_value *m = x->set ? x->set->first : NULL; m && rc == TS_OK;
         m = m->next) {
        rc = ts_vars_set(p->vars, TS_SCOPE_STEP, m->key, m->str, false, err);
    }
    if (rc == TS_OK && x->restart &&
        !(x->restart->kind == TS_BOOL && !x->restart->boolean)) {
        bool pe = x->restart->kind == TS_STRING && ts_caseeq(x->restart->str.p, "WinPE");
        rc = ts_vars_set(p->vars, TS_SCOPE_STEP, TS_S("SMSTSRebootRequested"),
                         ts_str_of(pe ? "WinPE" : "HD"), false, err);
    }
    return rc;
}

static enum ts_code time_out(const struct ts_step_call *c, struct ts_err *err)
{
    struct ts_buf limit = {0};

    if (c && c->node->timeout_ms > 0) {
        ts_buf_z(&limit, " of ");
        ts_duration_print(&limit, c->node->timeout_ms);
    }
    enum ts_code rc = ts_fail(err, TS_ETIMEOUT, "the step's time limit%s was reached",
                              ts_buf_text(&limit));
    ts_buf_free(&limit);
    return rc;
}

enum ts_code scn_answer_do(struct scn_play *p, struct ts_step_call *c,
                           const struct scn_answer *x, struct ts_err *err)
{
    enum ts_code rc;

    if (x->output && c) {
        ts_host_output(c, TS_STDOUT, x->output->str);
    }
    if ((rc = set_variables(p, x, err)) != TS_OK) {
        scn_failure(
            p, ts_arena_format(p->a, "an answer cannot set what it says: %s", err->text),
            NULL, NULL);
        p->stop = true;
        return TS_ELOST;
    }
    if (x->power_cut) {
        p->lost = true;
        return ts_fail(err, TS_ELOST, "the power is cut");
    }
    if (x->cancel) {
        p->cancelled = p->cancel_told = true;
        ts_cancel_set(true);
        return ts_fail(err, TS_ECANCELLED, "cancelled by the user");
    }
    return x->timeout ? time_out(c, err) : TS_OK;
}

/* ---- steps ---------------------------------------------------------------------------
 */

/* A step that does not run would have run this. */
static void note_command(struct scn_play *p, const struct ts_step_call *c)
{
    const struct ts_value *v = c->params ? ts_value_get(c->params, "command") : NULL;

    if (v && v->kind == TS_STRING) {
        scn_command(p, v->str.p);
    } else if (v && v->kind == TS_ARRAY) {
        scn_command(p, scn_command_line(p->a, v));
    }
}

static enum ts_code answer_step(struct scn_play *p, struct ts_step_call *c,
                                const struct scn_on *on, const struct scn_answer *x,
                                struct ts_err *err)
{
    enum ts_code rc;

    if (!scn_answer_fits(p, on, x, SCN_STEP, c->node->name)) {
        return TS_ELOST;
    }
    note_command(p, c);
    if ((rc = scn_answer_do(p, c, x, err)) != TS_OK) {
        return rc;
    }
    if (x->error && (!x->exit || x->exit->integer == 0)) {
        return ts_fail(err, TS_EIO, "%s", x->error->str.p);
    }
    c->outcome.has_code = x->exit != NULL;
    c->outcome.code = x->exit ? x->exit->integer : 0;
    if (x->error) {
        snprintf(c->outcome.message, sizeof c->outcome.message, "%s", x->error->str.p);
    }
    return TS_OK;
}

static enum ts_code run_step(void *self, struct ts_step_call *c, struct ts_err *err)
{
    struct scn_type *t = self;
    struct scn_play *p = t->sequence->play;
    const char *type = ts_arena_format(p->a, "type:%s", c->node->type);
    const char *texts[] = {c->node->name, c->node->id, type};
    const struct scn_on *on = NULL;
    const struct scn_answer *x = NULL;
    enum ts_code rc;

    if (!p->stop) {
        x = scn_match(p, texts, 3, &on);
        p->call = c;
        rc = x ? answer_step(p, c, on, x, err) : t->real->ops->run(t->real->self, c, err);
        p->call = NULL;
    }
    /* Whatever the step made of it. */
    if (p->stop || p->lost) {
        return ts_fail(err, TS_ELOST, "the play ends here");
    }
    return rc;
}

const struct ts_step_ops scn_step_ops = {run_step};
