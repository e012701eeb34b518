#include "fake_steps.h"

#include "platform/clock.h"
#include "platform/power.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what a step does ----------------------------------------------------------------
 */

static size_t count_lines(ts_str text, const char *name)
{
    ts_str line;
    size_t n = 0;

    while (ts_str_cut(&text, '\n', &line)) {
        n += ts_str_eq(line, ts_str_of(name));
    }
    return n;
}

static void append_line(void *ctx, const char *path, ts_str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    char *line = ts_format("%.*s\n", (int)text.n, text.p);

    (void)ctx;
    if (fd < 0 || write(fd, line, text.n + 1) != (ssize_t)text.n + 1) {
        abort();
    }
    close(fd);
    ts_free(line);
}

static char *read_all(void *ctx, const char *path)
{
    struct ts_buf b = {0};
    enum ts_code rc = ts_file_read(path, 1 << 20, &b, NULL);

    (void)ctx;
    return rc == TS_OK && b.n ? ts_buf_take(&b) : ts_strdup("");
}

const struct fake_world fake_files = {.append = append_line, .read = read_all};

/* How often the step ran before, in this and earlier processes of the run. */
static size_t calls_before(struct fake *f, const char *name)
{
    size_t n;

    if (!f->ran_file) {
        return count_lines(ts_buf_view(&f->ran), name);
    }
    char *ran = f->world->read(f->world->ctx, f->ran_file);
    n = count_lines(ts_str_of(ran), name);
    ts_free(ran);
    return n;
}

static void note(struct fake *f, struct ts_step_call *c)
{
    const struct fake_world *w = f->world;
    const char *name = c->node->name;
    size_t calls = w->step ? calls_before(f, name) : 0;

    if (w->step) {
        w->step(w->ctx, name, calls, false);
    }
    ts_buf_fmt(&f->ran, "%s\n", name);
    if (f->ran_file) {
        w->append(w->ctx, f->ran_file, ts_str_of(name));
    }
    f->no_cancel = w->step && !w->step(w->ctx, name, calls, true);
    if (f->on_work) {
        f->on_work(f, c);
    }
}

static enum ts_code done(struct fake *f, struct ts_step_call *c, enum ts_code rc)
{
    if (f->on_done) {
        f->on_done(f, c);
    }
    return rc;
}

static const struct ts_value *prepared(struct fake *f, const char *name)
{
    const struct ts_value *list = f->results ? ts_value_get(f->results, name) : NULL;
    size_t before = calls_before(f, name);

    if (!list || list->kind != TS_ARRAY) {
        return list;
    }
    const struct ts_value *v = list->first;
    while (v && v->next && before--) {
        v = v->next;
    }
    return v;
}

static bool has(const struct ts_value *v, const char *key)
{
    const struct ts_value *m = ts_value_get(v, key);

    return m && m->kind == TS_BOOL && m->boolean;
}

static enum ts_code set_all(struct ts_step_call *c, const struct ts_value *set,
                            struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    for (const struct ts_value *m = set ? set->first : NULL; m && rc == TS_OK;
         m = m->next) {
        rc = ts_vars_set(c->host->vars, TS_SCOPE_STEP, m->key, m->str, false, err);
    }
    return rc;
}

static enum ts_code work(struct fake *f, struct ts_step_call *c, const struct ts_value *v,
                         struct ts_err *err)
{
    const struct ts_value *wait = ts_value_get(v, "wait");
    int64_t until = wait ? ts_mono_ns() + wait->integer * 1000000 : 0;
    enum ts_code rc;

    if (!f->no_cancel && (has(v, "cancel") || has(v, "cancelled"))) {
        ts_cancel_set(true);
    }
    while ((rc = has(v, "cancelled") ? TS_OK : ts_host_check(c, err)) == TS_OK &&
           ts_mono_ns() < until) {
        ts_sleep_ms(1);
    }
    return rc;
}

static enum ts_code act(struct fake *f, struct ts_step_call *c, const struct ts_value *v,
                        struct ts_err *err)
{
    const struct ts_value *code = v && v->kind == TS_INT ? v : NULL;
    enum ts_code rc;

    if (v && v->kind == TS_OBJECT) {
        if (has(v, "crash")) {
            _exit(FAKE_CRASH_EXIT);
        }
        if ((rc = set_all(c, ts_value_get(v, "set"), err)) != TS_OK ||
            (rc = work(f, c, v, err)) != TS_OK) {
            return rc;
        }
        if (has(v, "timeout")) {
            return ts_fail(err, TS_ETIMEOUT, "the step's time limit was reached");
        }
        code = ts_value_get(v, "code");
    }
    if (code) {
        c->outcome.has_code = true;
        c->outcome.code = code->integer;
    }
    const char *error = v && v->kind == TS_OBJECT ? ts_value_text(v, "error") : NULL;
    return error ? ts_fail(err, TS_EIO, "%s", error) : TS_OK;
}

static enum ts_code run_do(void *self, struct ts_step_call *c, struct ts_err *err)
{
    struct fake *f = self;
    const struct ts_value *v = prepared(f, c->node->name);
    const struct ts_value *code = ts_value_get(c->params, "code");

    ts_power_point(); /* cut off before its effect, and after */
    note(f, c);
    ts_power_point();
    const char *output = ts_value_text(c->params, "output");
    if (output) {
        ts_host_output(c, TS_STDOUT, ts_str_of(output));
    }
    return done(f, c, act(f, c, v ? v : code, err));
}

static enum ts_code run_set(void *self, struct ts_step_call *c, struct ts_err *err)
{
    note(self, c);
    return done(self, c,
                ts_vars_set(c->host->vars, TS_SCOPE_STEP,
                            ts_str_of(ts_value_text(c->params, "variable")),
                            ts_str_of(ts_value_text(c->params, "value")), false, err));
}

static enum ts_code run_restart(void *self, struct ts_step_call *c, struct ts_err *err)
{
    static const char *const names[] = {"SMSTSRebootMessage", "SMSTSRebootDelay",
                                        "SMSTSRebootRequested"};
    const char *values[] = {ts_value_text(c->params, "message"),
                            ts_value_text(c->params, "delay"),
                            ts_value_text(c->params, "target")};
    enum ts_code rc = TS_OK;

    note(self, c);
    for (size_t i = 0; i < 3 && rc == TS_OK; i++) {
        rc = ts_vars_set(c->host->vars, TS_SCOPE_STEP, ts_str_of(names[i]),
                         ts_str_of(values[i]), false, err);
    }
    return done(self, c, rc);
}

static enum ts_code run_fail(void *self, struct ts_step_call *c, struct ts_err *err)
{
    note(self, c);
    return done(self, c, ts_fail(err, TS_EIO, "%s", ts_value_text(c->params, "message")));
}

/* ---- types ---------------------------------------------------------------------------
 */

static const char *const targets[] = {"FullOS", "HD", "WinPE", NULL};
#define TEXT(n, d)                                               \
    {                                                            \
        .name = n, .type = TS_P_STRING, .expand = true, .def = d \
    }

static const struct ts_param do_params[] = {
    {.name = "code", .type = TS_P_INTEGER},
    {.name = "command", .type = TS_P_COMMAND, .expand = true, .variable = "OSDDoCommand"},
    TEXT("output", NULL),
    {.name = "text", .type = TS_P_STRING, .expand = true, .variable = "OSDDoText"},
    {.name = "mode", .type = TS_P_STRING, .expand = true, .variable = "_OSDDoMode"},
    {.name = "password", .type = TS_P_STRING, .expand = true, .secret = true}};
static const struct ts_param set_params[] = {
    {.name = "variable", .type = TS_P_STRING, .required = true, .expand = true},
    TEXT("value", "")};
static const struct ts_param restart_params[] = {{.name = "target",
                                                  .type = TS_P_ENUM,
                                                  .expand = true,
                                                  .def = "FullOS",
                                                  .choices = targets},
                                                 TEXT("message", ""),
                                                 TEXT("delay", "0")};
static const struct ts_param fail_params[] = {TEXT("message", "failed on purpose")};
static const struct ts_param state_params[] = {
    TEXT("store", NULL),
    TEXT("volume", NULL),
    {.name = "withoutStore", .type = TS_P_BOOLEAN}};

static const struct ts_step_ops do_ops = {run_do}, set_ops = {run_set},
                                restart_ops = {run_restart}, fail_ops = {run_fail};
static const int64_t installer_restarts[] = {3010, 1641};

#define N(a) (sizeof(a) / sizeof(a)[0])
#define TYPE(n, p, o, i)                                                      \
    {                                                                         \
        .name = n, .summary = n, .params = p, .param_count = N(p), .ops = &o, \
        .source = "", .on_interrupt = i                                       \
    }

static const struct ts_step_type types[] = {
    TYPE("Do", do_params, do_ops, TS_INTERRUPT_FAIL),
    TYPE("Rerun", do_params, do_ops, TS_INTERRUPT_RERUN),
    TYPE("Skip", do_params, do_ops, TS_INTERRUPT_SKIP),
    TYPE("SetVariable", set_params, set_ops, TS_INTERRUPT_RERUN),
    TYPE("RestartComputer", restart_params, restart_ops, TS_INTERRUPT_RERUN),
    TYPE("Fail", fail_params, fail_ops, TS_INTERRUPT_RERUN),
    TYPE("CaptureUserState", state_params, do_ops, TS_INTERRUPT_RERUN),
    TYPE("ReleaseStateStore", state_params, do_ops, TS_INTERRUPT_RERUN),
    TYPE("WipeVolume", state_params, do_ops, TS_INTERRUPT_RERUN),
    TYPE("FormatPartitionDisk", state_params, do_ops, TS_INTERRUPT_RERUN),
    TYPE("RunCommandLine", do_params, do_ops, TS_INTERRUPT_FAIL),
    TYPE("InstallPackage", do_params, do_ops, TS_INTERRUPT_FAIL),
    TYPE("Unsupported", fail_params, fail_ops, TS_INTERRUPT_FAIL),
    TYPE("OnlyInWinPE", do_params, do_ops, TS_INTERRUPT_FAIL)};
static struct ts_step_type mine[N(types)];

void fake_register(struct fake *f)
{
    struct ts_err err;

    memcpy(mine, types, sizeof mine);
    for (size_t i = 0; i < N(mine); i++) {
        mine[i].self = f;
        mine[i].runs_command = ts_caseeq(mine[i].name, "RunCommandLine");
        if (ts_caseeq(mine[i].name, "InstallPackage")) {
            mine[i].restart_codes = (struct ts_codes){installer_restarts, 2, true};
        }
        if (ts_caseeq(mine[i].name, "OnlyInWinPE")) {
            mine[i].phase = TS_PHASE_WINPE;
        }
        if (ts_registry_add(&f->steps, &mine[i], &err) != TS_OK) {
            abort();
        }
    }
}

/* ---- the run around them -------------------------------------------------------------
 */

static enum ts_code prepare(void *ctx, enum ts_phase target, struct ts_err *err)
{
    struct fake *f = ctx;

    if (f->refuse_restart) {
        return ts_fail(err, TS_EUNSUPPORTED, "this machine cannot start again");
    }
    if (f->world->next_boot) {
        f->world->next_boot(f->world->ctx, target);
    }
    return TS_OK;
}

static enum ts_code restart(void *ctx, enum ts_phase target, int64_t delay_ms,
                            const char *message, struct ts_err *err)
{
    struct fake *f = ctx;

    (void)message;
    if (f->fail_restart) {
        return ts_fail(err, TS_EIO, "the machine did not go down");
    }
    snprintf(f->phase_asked, sizeof f->phase_asked, "%s", ts_phase_name(target));
    f->delay_asked = delay_ms;
    f->restarts++;
    return TS_OK;
}

static void keep_event(void *ctx, const struct ts_event *e)
{
    struct fake *f = ctx;

    ts_buf_str(&f->events, e->json);
    ts_buf_c(&f->events, '\n');
    if (f->events_file) {
        f->world->append(f->world->ctx, f->events_file, e->json);
    }
    if (f->config.state && strcmp(e->type, "step.output") != 0) {
        ts_state_event(f->config.state, e);
    }
}

static void keep_log(void *ctx, const struct ts_log_record *r)
{
    struct fake *f = ctx;

    ts_buf_fmt(&f->log, "%d %.*s\n", (int)r->level, (int)r->text.n, r->text.p);
}

static void mask(void *ctx, struct ts_buf *out, ts_str text)
{
    ts_vars_mask(ctx, out, text);
}

void fake_init(struct fake *f)
{
    memset(f, 0, sizeof *f);
    f->world = &fake_files;
    fake_register(f);
    f->host.vars = ts_vars_new();
    f->host.log = ts_log_new();
    f->host.events = ts_events_new();
    f->host.phase = TS_PHASE_FULLOS;
    f->host.run = "run-1";
    f->host.machine = "machine-1";
    ts_log_mask(f->host.log, mask, f->host.vars);
    ts_log_sink(f->host.log, keep_log, f);
    ts_events_run(f->host.events, "run-1", 1);
    ts_events_mask(f->host.events, mask, f->host.vars);
    ts_events_sink(f->host.events, keep_event, f);
    ts_cancel_set(false);
}

enum ts_code fake_begin(struct fake *f, const struct ts_sequence *seq)
{
    struct ts_run run = {.sequence_name = seq->name,
                         .sequence_file = "",
                         .sequence_hash = "",
                         .model = "{}",
                         .machine = "machine-1",
                         .position = "",
                         .work_dir = "",
                         .status = TS_RUN_RUNNING,
                         .started_ms = 1,
                         .error = ""};

    return ts_state_begin(f->config.state, &run, &f->err);
}

enum ts_code fake_run(struct fake *f, const struct ts_sequence *seq, bool resume,
                      const char *from)
{
    f->backend = (struct ts_restart_backend){.name = "fake",
                                             .ctx = f,
                                             .prepare = prepare,
                                             .restart = f->backend_restart ? f->backend_restart
                                                                           : restart,
                                             .trust_phase = f->trust_phase,
                                             .one_start = f->one_start};
    f->host.seq = seq;
    f->config.seq = seq;
    f->config.steps = &f->steps;
    f->config.host = &f->host;
    f->config.restart = &f->backend;
    return ts_engine_run(&f->config, resume, from, &f->result, &f->err);
}

void fake_fini(struct fake *f)
{
    ts_log_free(f->host.log);
    ts_events_free(f->host.events);
    ts_vars_free(f->host.vars);
    ts_registry_fini(&f->steps);
    ts_host_fini(&f->host);
    ts_buf_free(&f->ran);
    ts_buf_free(&f->events);
    ts_buf_free(&f->log);
    ts_free(f->ran_file);
    ts_free(f->events_file);
    ts_cancel_set(false);
}

char *fake_ran(const struct fake *f)
{
    char *out = ts_strdup(ts_buf_text(&f->ran));
    size_t n = strlen(out);

    for (size_t i = 0; i < n; i++) {
        out[i] = out[i] == '\n' ? ' ' : out[i];
    }
    if (n) {
        out[n - 1] = '\0';
    }
    return out;
}

const char *fake_var(const struct fake *f, const char *name)
{
    const char *v = ts_vars_get(f->host.vars, name);

    return v ? v : "";
}

void fake_set(struct fake *f, const char *name, const char *value)
{
    struct ts_err err;

    if (ts_vars_set(f->host.vars, TS_SCOPE_RUN, ts_str_of(name), ts_str_of(value), false,
                    &err) != TS_OK) {
        abort();
    }
}
