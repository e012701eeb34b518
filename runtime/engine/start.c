/* start.c - what the variables hold before the first instruction. */
#include "engine/engine_internal.h"

#include "facts/facts.h"
#include "platform/clock.h"
#include "platform/sysinfo.h"

#include <stdio.h>
#include <string.h>

void ts_engine_var(struct ts_engine *e, const char *name, const char *value)
{
    const char *now = ts_vars_get(e->vars, name);

    if (strcmp(now ? now : "", value) != 0) {
        ts_vars_engine(e->vars, name, value);
    }
}

void ts_requests_clear(struct ts_engine *e)
{
    static const char *const names[] = {"SMSTSRebootRequested", "SMSTSRebootMessage",
                                        "SMSTSRebootReason", "SMSTSRetryRequested"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (ts_vars_get(e->vars, names[i])) {
            struct ts_err ignored;
            enum ts_code rc = ts_vars_set(e->vars, TS_SCOPE_STEP, ts_str_of(names[i]),
                                          TS_S(""), false, &ignored);
            (void)rc; /* a valid name of this scope: cannot fail */
        }
    }
}

static void store_one(void *ctx, const struct ts_var *v)
{
    struct ts_engine *e = ctx;

    ts_state_variable(e->state, v, NULL);
}

void ts_store_all_vars(struct ts_engine *e)
{
    if (e->state) {
        ts_vars_each_scope(e->vars, store_one, e);
    }
}

/* ---- every phase ---------------------------------------------------------------------
 */

static void set_path(struct ts_engine *e, const char *name, const char *native)
{
    char *shown = ts_path_display(native);

    ts_engine_var(e, name, shown);
    ts_free(shown);
}

/* Once the old system is wiped there is none to find: what was found before is kept, for
 * the steps that name the drive it stood on. */
static void set_windows(struct ts_engine *e, const char *drive, const char *dir,
                        const char *architecture)
{
    ts_engine_var(e, "_OSDDetectedWinDrive", drive);
    ts_engine_var(e, "_OSDDetectedWinDir", dir);
    ts_engine_var(e, "_TSDetectedArchitecture", architecture);
}

static const char *told(const struct ts_value *object, const char *key)
{
    const char *text = ts_value_text(object, key);

    return text ? text : "";
}

static void told_windows(struct ts_engine *e)
{
    const struct ts_host_fake *fake = e->host->fake;
    struct ts_arena a = {0};
    const struct ts_value *none = ts_value_new(&a, TS_ARRAY), *out = NULL;
    struct ts_err err;

    if (fake->effect(fake->ctx, NULL, "windows", none, &a, &out, &err) == TS_OK && out &&
        out->first && out->first->first) {
        const struct ts_value *w = out->first->first;
        set_windows(e, told(w, "drive"), told(w, "dir"), told(w, "architecture"));
    }
    ts_arena_fini(&a);
}

static void detect_windows(struct ts_engine *e)
{
    struct ts_windows w[1];
    struct ts_err err;
    size_t n = 0;

    if (e->host->fake) {
        told_windows(e);
        return;
    }
    if (ts_windows_find(w, 1, &n, &err) != TS_OK) {
        ts_log_write(e->log, TS_LOG_WARNING, NULL,
                     "Cannot look for installed systems: %s", err.text);
        return;
    }
    if (n > 0) {
        set_windows(e, w[0].drive, w[0].dir, w[0].architecture);
    }
}

void ts_start_log_path(struct ts_engine *e)
{
    const char *dir = e->log ? ts_log_dir(e->log) : NULL;

    if (!dir || e->c->keep_logs_out || (e->log_path && strcmp(dir, e->log_path) == 0)) {
        return;
    }
    ts_free(e->log_path);
    e->log_path = ts_strdup(dir);
    set_path(e, "_SMSTSLogPath", dir);
}

void ts_start_phase(struct ts_engine *e)
{
    char text[256];

    snprintf(text, sizeof text, "%d", e->table.n);
    ts_engine_var(e, "_SMSTSInstructionTableSize", text);
    ts_requests_clear(e);
    ts_engine_var(e, "_SMSTSInWinPE",
                  e->host->phase == TS_PHASE_WINPE ? "true" : "false");
    if (e->host->facts) {
        ts_engine_var(e, "_SMSTSBootUEFI",
                      ts_facts_uefi(e->host->facts) ? "true" : "false");
    }
    ts_engine_var(e, "_SMSTSLaunchMode", "HD");
    ts_engine_var(e, "_SMSTSPackageName", e->c->seq->name ? e->c->seq->name : "");
    ts_engine_var(e, "_SMSTSType", "1");
    ts_engine_var(e, "_SMSTSStandAloneMode", "true");
    if (!e->host->fake) {
        ts_host_name(text);
        ts_engine_var(e, "_SMSTSMachineName", text);
    }
    ts_engine_var(e, "_TSRunId", e->host->run ? e->host->run : "");
    ts_engine_var(e, "_TSVersion", TASKSEQ_VERSION);
    if (e->host->state_dir) {
        set_path(e, "_TSStateDir", e->host->state_dir);
        set_path(e, "_SMSTSMDataPath", e->host->state_dir);
    }
    ts_start_log_path(e);
    detect_windows(e);
}

/* ---- a fresh start -------------------------------------------------------------------
 */

/* In imported sequences a step's own settings may be variables whose names the runtime
 * keeps for itself elsewhere. */
static void allow_names(struct ts_engine *e, const struct ts_value *object)
{
    for (const struct ts_value *m = object ? object->first : NULL; m; m = m->next) {
        if (m->key.n && m->key.p[0] == '_') {
            ts_vars_allow(e->vars, m->key);
        }
    }
}

void ts_start_names(struct ts_engine *e)
{
    if (e->c->seq->configmgr) {
        allow_names(e, e->c->seq->variables);
    }
    for (int i = 0; e->c->seq->configmgr && i < e->table.n; i++) {
        const struct ts_step_type *t = e->table.v[i].type;
        allow_names(e, ts_value_get(e->table.v[i].node->xml, "defaults"));
        for (size_t k = 0; t && k < t->param_count; k++) {
            if (t->params[k].variable && t->params[k].variable[0] == '_') {
                ts_vars_allow(e->vars, ts_str_of(t->params[k].variable));
            }
        }
    }
}

/* The sequence's own variables, in order, each expanded with those before it. */
static enum ts_code set_defaults(struct ts_engine *e, struct ts_err *err)
{
    const struct ts_value *list = e->c->seq->variables;
    struct ts_buf b = {0};
    enum ts_code rc = TS_OK;

    for (const struct ts_value *m = list ? list->first : NULL; m && rc == TS_OK;
         m = m->next) {
        bool secret = false;
        ts_buf_clear(&b);
        ts_vars_expand(e->vars, &b, m->str, &secret);
        rc = ts_vars_set(e->vars, TS_SCOPE_DEFAULT, m->key, ts_buf_view(&b), secret, err);
    }
    ts_buf_free(&b);
    return rc == TS_OK ? TS_OK : ts_err_context(err, "the sequence's variables");
}

enum ts_code ts_start_fresh(struct ts_engine *e, struct ts_err *err)
{
    enum ts_code rc;

    e->began_ms = ts_now_ms();
    ts_emit_run_started(e); /* the first event of a run */
    ts_start_names(e);
    if ((rc = set_defaults(e, err)) == TS_OK) {
        ts_start_phase(e);
        ts_step_forget(e);
    }
    return rc;
}
