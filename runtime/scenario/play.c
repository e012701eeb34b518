/* play.c - one play: starts of a machine that is only told of, until the run ends. */
#include "scenario/scenario_internal.h"

#include "platform/clock.h"
#include "platform/fs.h"
#include "platform/proc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST_BOOTS = 100 };

#define STATE_SHOWN "C:\\_TaskSequence"
#define MACHINE "SCENARIO"

/* ---- notes ---------------------------------------------------------------------------
 */

void scn_failure(struct scn_play *p, const char *message, const char *expected,
                 const char *came)
{
    struct ts_value *v = ts_value_new(p->a, TS_OBJECT);

    message = scn_shown(p, message);
    ts_value_set(p->a, v, TS_S("message"), ts_value_string(p->a, ts_str_of(message)));
    if (expected) {
        ts_value_set(p->a, v, TS_S("expected"),
                     ts_value_string(p->a, ts_str_of(scn_shown(p, expected))));
    }
    if (came) {
        ts_value_set(p->a, v, TS_S("came"),
                     ts_value_string(p->a, ts_str_of(scn_shown(p, came))));
    }
    ts_value_push(p->r->failures, v);
}

void scn_note(struct scn_play *p, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    ts_value_push(p->r->steps, ts_value_string(p->a, ts_str_of(text)));
}

const char *scn_shown(const struct scn_play *p, const char *text)
{
    struct ts_buf b = {0};

    ts_vars_mask(p->vars, &b, ts_str_of(text));
    const char *shown = ts_arena_str(p->a, ts_buf_view(&b));
    ts_buf_free(&b);
    return shown;
}

const char *scn_list(struct ts_arena *a, const struct ts_value *list)
{
    struct ts_buf b = {0};

    for (const struct ts_value *m = list->first; m; m = m->next) {
        const struct ts_value *name = m->kind == TS_OBJECT ? ts_value_get(m, "name") : m;
        ts_buf_fmt(&b, "%s%s", b.n ? ", " : "", scn_text(a, name ? name : m));
    }
    const char *text = b.n ? ts_arena_str(a, ts_buf_view(&b)) : "(none)";
    ts_buf_free(&b);
    return text;
}

/* ---- listeners -----------------------------------------------------------------------
 */

static void on_log(void *ctx, const struct ts_log_record *record)
{
    struct scn_play *p = ctx;

    ts_buf_str(&p->r->log, record->text);
    ts_buf_c(&p->r->log, '\n');
}

static struct ts_value *named(struct scn_play *p, const struct ts_event *e)
{
    struct ts_value *v = ts_value_new(p->a, TS_OBJECT);

    ts_value_set(p->a, v, TS_S("name"),
                 ts_value_string(p->a, ts_str_of(ts_event_text(e, "name"))));
    ts_value_set(p->a, v, TS_S("id"),
                 ts_value_string(p->a, ts_str_of(ts_event_text(e, "step"))));
    return v;
}

static void note_finished(struct scn_play *p, const struct ts_event *e)
{
    const struct ts_field *code = ts_event_field(e, "code");
    const struct ts_field *ok = ts_event_field(e, "succeeded");
    const struct ts_field *ignored = ts_event_field(e, "ignored");
    char shown[160];

    if (ok && ok->number) {
        scn_note(p, "%s: %lld", ts_event_text(e, "name"), (long long)code->number);
        return;
    }
    scn_note(p, "%s: failed%s, %s", ts_event_text(e, "name"),
             ignored && ignored->number ? " (ignored)" : "",
             ts_wincode_format(shown, sizeof shown, code ? code->number : 0));
}

static void on_event(void *ctx, const struct ts_event *e)
{
    struct scn_play *p = ctx;
    const char *type = e->type;

    scn_cover_event(p, e);
    if (strcmp(type, "step.started") == 0) {
        ts_value_push(p->r->ran, named(p, e));
    } else if (strcmp(type, "step.finished") == 0) {
        note_finished(p, e);
    } else if (strcmp(type, "step.skipped") == 0 || strcmp(type, "group.skipped") == 0) {
        struct ts_value *v = named(p, e);
        const char *reason = ts_event_text(e, "reason");
        ts_value_set(p->a, v, TS_S("reason"), ts_value_string(p->a, ts_str_of(reason)));
        ts_value_push(p->r->skipped, v);
        scn_note(p, "%s: left out (%s)", ts_event_text(e, "name"), reason);
    } else if (strcmp(type, "restart.requested") == 0) {
        const char *target = ts_event_text(e, "target");
        ts_value_push(p->r->restarts, ts_value_string(p->a, ts_str_of(target)));
        scn_note(p, "-- restart to %s", target);
    }
}

/* ---- restarts ------------------------------------------------------------------------
 */

static enum ts_code prepare(void *ctx, enum ts_phase target, struct ts_err *err)
{
    struct scn_play *p = ctx;

    if (p->s->refuse_restart) {
        return ts_fail(err, TS_EUNSUPPORTED,
                       "this machine cannot be restarted to %s (refuseRestart)",
                       ts_phase_name(target));
    }
    return TS_OK;
}

static enum ts_code restart(void *ctx, enum ts_phase target, int64_t delay_ms,
                            const char *message, struct ts_err *err)
{
    struct scn_play *p = ctx;

    (void)delay_ms;
    (void)message;
    (void)err;
    p->asked = target;
    return TS_OK;
}

/* The phase in which start number `boot` (1 is the second) comes up. */
static enum ts_phase arrives(const struct scn_play *p, int boot)
{
    const struct ts_value *m = p->s->arrive ? p->s->arrive->first : NULL;
    enum ts_phase phase = p->lost ? p->phase : p->asked;

    while (m && --boot > 0) {
        m = m->next;
    }
    if (m && !ts_caseeq(m->str.p, "asked")) {
        (void)ts_phase_parse(m->str, &phase);
    }
    return phase;
}

/* ---- one start -----------------------------------------------------------------------
 */

static enum ts_code set_variables(struct scn_play *p, struct ts_err *err)
{
    const struct ts_sequence *seq = p->sequence->seq;
    enum ts_code rc = TS_OK;

    for (const struct ts_value *m = p->s->variables->first; m && rc == TS_OK;
         m = m->next) {
        if (m->key.p[0] == '_' && ts_var_name_valid(m->key)) {
            ts_vars_engine(p->vars, m->key.p, m->str.p);
        } else {
            rc = ts_vars_set(p->vars, TS_SCOPE_RUN, m->key, m->str,
                             ts_var_name_secret(m->key), err);
        }
    }
    for (size_t i = 0; i < seq->input_count && rc == TS_OK; i++) {
        const struct ts_input *in = &seq->inputs[i];
        if (in->secret) {
            ts_vars_mark_secret(p->vars, ts_str_of(in->name));
        }
        if (in->def && !ts_vars_get(p->vars, in->name)) {
            rc = ts_vars_set(p->vars, TS_SCOPE_RUN, ts_str_of(in->name),
                             ts_str_of(in->def), in->secret, err);
        }
    }
    return rc;
}

static enum ts_code open_state(struct scn_play *p, struct ts_state **out,
                               struct ts_run *run, bool resume, struct ts_err *err)
{
    const struct ts_sequence *seq = p->sequence->seq;
    enum ts_code rc = ts_state_open(out, p->dir, !resume, false, err);

    if (rc == TS_OK) {
        ts_state_hurry(*out);
    }
    if (rc == TS_OK && resume) {
        rc = ts_state_last_run(*out, run, err);
        return rc == TS_OK ? ts_state_load_vars(*out, run->id, p->vars, NULL, NULL, err)
                           : rc;
    }
    *run = (struct ts_run){.sequence_name = seq->name ? seq->name : "",
                           .sequence_file = "",
                           .sequence_hash = "",
                           .model = "{}",
                           .machine = MACHINE,
                           .position = "",
                           .work_dir = "",
                           .status = TS_RUN_RUNNING,
                           .started_ms = ts_now_ms(),
                           .error = ""};
    return rc == TS_OK ? ts_state_begin(*out, run, err) : rc;
}

static void mask(void *ctx, struct ts_buf *out, ts_str text)
{
    ts_vars_mask(ctx, out, text);
}

static void to_state(void *ctx, const struct ts_event *e)
{
    ts_state_event(ctx, e);
}

static enum ts_code run_engine(struct scn_play *p, struct ts_state *state,
                               const struct ts_run *run, bool resume, struct ts_err *err)
{
    struct ts_host_fake fake = {p, scn_effect};
    struct ts_restart_backend backend = {
        .name = "scenario", .ctx = p, .prepare = prepare, .restart = restart};
    struct ts_host host = {.log = ts_log_new(),
                           .events = ts_events_new(),
                           .vars = p->vars,
                           .seq = p->sequence->seq,
                           .phase = p->phase,
                           .machine = MACHINE,
                           .facts = p->facts,
                           .run = run->uid,
                           .state_dir = STATE_SHOWN,
                           .fake = &fake};
    struct ts_engine_config config = {.seq = p->sequence->seq,
                                      .steps = &p->sequence->steps,
                                      .host = &host,
                                      .state = state,
                                      .restart = &backend,
                                      .keep_logs_out = true,
                                      .fact = scn_fact,
                                      .fact_ctx = p};

    ts_log_mask(host.log, mask, p->vars);
    ts_log_sink(host.log, on_log, p);
    ts_events_mask(host.events, mask, p->vars);
    ts_events_run(host.events, run->uid, run->next_seq);
    ts_events_sink(host.events, to_state, state);
    ts_events_sink(host.events, on_event, p);
    enum ts_code rc = ts_engine_run(&config, resume, NULL, &p->r->run, err);
    ts_host_fini(&host);
    ts_events_free(host.events);
    ts_log_free(host.log);
    return rc;
}

static enum ts_code boot(struct scn_play *p, bool resume, struct ts_err *err)
{
    struct ts_state *state = NULL;
    struct ts_run run;
    enum ts_code rc;

    ts_vars_free(p->vars);
    p->vars = ts_vars_new();
    ts_vars_environment_is(p->vars, p->s->environment);
    p->lost = p->cancelled = false;
    p->r->boots++;
    if (!resume && (rc = set_variables(p, err)) != TS_OK) {
        scn_failure(p, ts_arena_format(p->a, "variables: %s", err->text), NULL, NULL);
        p->stop = true;
        return TS_ELOST;
    }
    if ((rc = open_state(p, &state, &run, resume, err)) == TS_OK) {
        ts_vars_engine(p->vars, "_SMSTSLogPath", STATE_SHOWN "\\logs");
        ts_vars_engine(p->vars, "_SMSTSMachineName", MACHINE);
        rc = run_engine(p, state, &run, resume, err);
    }
    ts_state_close(state);
    /* The engine takes the wish to stop away when it obeys. */
    bool obeyed = rc == TS_OK && p->r->run.end == TS_END_CANCELLED && !p->cancel_told;
    if (p->cancelled) {
        ts_cancel_set(false);
    } else if (ts_cancelled() || obeyed) {
        return ts_fail(err, TS_ECANCELLED, "cancelled by the user");
    }
    return rc;
}

/* ---- the play ------------------------------------------------------------------------
 */

static enum ts_code starts(struct scn_play *p, struct ts_err *err)
{
    bool again = true;

    for (int n = 0; again && !p->stop; n++) {
        if (n == MOST_BOOTS) {
            scn_failure(p,
                        ts_arena_format(p->a, "the run has not ended after %d starts",
                                        MOST_BOOTS),
                        NULL, NULL);
            p->stop = true;
            break;
        }
        if (n > 0) {
            p->phase = arrives(p, n);
            scn_note(p, "-- start in %s", ts_phase_name(p->phase));
        }
        enum ts_code rc = boot(p, n > 0, err);
        if (rc != TS_OK && rc != TS_ELOST) {
            return rc;
        }
        if (p->lost && !p->stop) {
            scn_note(p, "-- the power is cut");
        }
        again = rc == TS_ELOST || p->r->run.end == TS_END_RESTART;
    }
    return TS_OK;
}

static void result_begin(struct scn_result *r)
{
    struct ts_value **lists[] = {&r->failures, &r->steps, &r->ran,     &r->skipped,
                                 &r->commands, &r->shown, &r->restarts};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        *lists[i] = ts_value_new(&r->arena, TS_ARRAY);
    }
}

void scn_result_free(struct scn_result *r)
{
    if (r) {
        ts_buf_free(&r->log);
        ts_arena_fini(&r->arena);
        ts_free(r);
    }
}

static void judge(struct scn_play *p)
{
    p->r->stopped = p->stop;
    if (!p->stop) {
        scn_expect(p);
    }
    if (!p->stop) {
        scn_check_used(p);
    }
    p->r->passed = p->r->failures->count == 0;
}

static enum ts_code make_temp(struct ts_scenarios *all, struct ts_err *err)
{
    char id[33];

    if (all->temp) {
        return TS_OK;
    }
    ts_random_id(id);
    char *folder = ts_fs_temp_dir(), *name = ts_format("taskseq-test-%s", id);
    all->temp = ts_path_join(folder, name);
    ts_free(name);
    ts_free(folder);
    return ts_fs_mkdirs(all->temp, 0700, err);
}

enum ts_code scn_play(struct ts_scenarios *all, struct scn *s, struct ts_err *err)
{
    struct scn_play p = {.s = s, .sequence = s->sequence, .phase = s->phase};
    int64_t began = ts_mono_ns();
    enum ts_code rc = make_temp(all, err);

    if (rc != TS_OK) {
        return rc;
    }
    scn_result_free(s->result);
    s->result = p.r = ts_alloc(sizeof *p.r);
    p.a = &p.r->arena;
    result_begin(p.r);
    p.dir = ts_path_join(all->temp, "state");
    p.used = ts_alloc_array(s->on_count + 1, sizeof *p.used);
    if ((rc = ts_fs_remove_tree(p.dir, err)) == TS_OK && s->facts) {
        rc = ts_facts_from_value(&p.facts, s->facts, err);
    }
    if (rc == TS_OK) {
        s->sequence->play = &p;
        s->sequence->plays++;
        scn_files_begin(&p);
        rc = starts(&p, err);
        s->sequence->play = NULL;
    }
    if (rc == TS_OK) {
        judge(&p);
    }
    p.r->elapsed_ms = (ts_mono_ns() - began) / 1000000;
    if (rc == TS_OK) {
        rc = ts_fs_remove_tree(p.dir, err);
    }
    scn_files_free(&p);
    ts_facts_free(p.facts);
    ts_vars_free(p.vars);
    ts_free(p.used);
    ts_free(p.dir);
    return rc;
}
