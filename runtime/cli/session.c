#include "cli/session.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "cli/again.h"
#include "platform/clock.h"
#include "platform/power.h"
#include "platform/sysinfo.h"
#include "platform/thread.h"

/* ---- machine and step types ----------------------------------------------------------
 */

static enum ts_code map_drives(const struct ts_args *args, struct ts_err *err)
{
    const char *spec;

    for (size_t i = 0; (spec = ts_args_nth(args, "drive", i)) != NULL; i++) {
        char letter = (char)(spec[0] & ~0x20);
        size_t skip = spec[1] == ':' ? 2 : 1;
        enum ts_code rc;

        if (letter < 'A' || letter > 'Z' || spec[skip] != '=' || !spec[skip + 1])
            return ts_fail(err, TS_EINPUT, "--drive wants LETTER=FOLDER, not \"%s\"",
                           spec);
        rc = ts_drives_map(letter, spec + skip + 1, NULL, letter != 'X', err);
        if (rc != TS_OK)
            return ts_err_context(err, "--drive %s", spec);
    }
    return TS_OK;
}

/* Nothing is gathered before something is asked. */
static enum ts_code choose_facts(struct ts_session *s, struct ts_err *err)
{
    const char *file = ts_args_get(s->args, "facts");
    char *native = NULL;
    enum ts_code rc = TS_OK;

    if (file) {
        rc = ts_path_native(&native, file, NULL, err);
        if (rc == TS_OK)
            rc = ts_facts_read(&s->facts, native, err);
        ts_free(native);
    } else if (s->lab)
        rc = ts_lab_facts(s->lab, &s->facts, err);
    if (rc == TS_OK && !s->facts)
        s->facts = ts_facts_gather();
    return rc;
}

enum ts_code ts_session_machine(struct ts_session *s, const struct ts_args *args,
                                struct ts_err *err)
{
    const char *phase = ts_args_get(args, "phase");
    enum ts_code rc;

    s->args = args;
    if ((rc = ts_lab_attach(&s->lab, err)) != TS_OK ||
        (rc = map_drives(args, err)) != TS_OK)
        return rc;
    if (s->lab) {
        s->phase = s->lab->phase;
        strncpy(s->machine, s->lab->id, sizeof s->machine - 1);
    } else {
        s->phase = ts_in_winpe() ? TS_PHASE_WINPE : TS_PHASE_FULLOS;
        ts_machine_id(s->machine);
    }
    if (phase &&
        (!ts_phase_parse(ts_str_of(phase), &s->phase) || s->phase == TS_PHASE_ANY))
        return ts_fail(err, TS_EINPUT, "--phase is WinPE or FullOS, not \"%s\"", phase);
    return choose_facts(s, err);
}

enum ts_code ts_session_steps(struct ts_session *s, const char *also, struct ts_err *err)
{
    enum ts_code rc = ts_script_new(&s->script, ts_args_get(s->args, "stdlib"), err);
    const char *dir;

    if (rc == TS_OK)
        rc = ts_script_load_library(s->script, &s->steps, err);
    for (size_t i = 0; rc == TS_OK && (dir = ts_args_nth(s->args, "steps", i)); i++)
        rc = ts_script_load_folder(s->script, dir, &s->steps, err);
    if (rc == TS_OK && also && ts_fs_exists(also))
        rc = ts_script_load_folder(s->script, also, &s->steps, err);
    return rc;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return ts_strdup(".");
    return ts_str_dup((ts_str){path, slash == path ? 1 : (size_t)(slash - path)});
}

enum ts_code ts_session_sequence(struct ts_session *s, const char *path,
                                 struct ts_err *err)
{
    char *native = NULL, *dir = NULL, *beside = NULL;
    enum ts_code rc;

    /* A path without a letter stays as it was typed: messages show it. */
    if (ts_path_has_letter(ts_str_of(path)))
        rc = ts_path_native(&native, path, NULL, err);
    else {
        native = ts_strdup(path);
        rc = TS_OK;
    }
    if (rc != TS_OK)
        return rc;
    dir = folder_of(native);
    beside = ts_path_join(dir, "steps");
    if ((rc = ts_session_steps(s, beside, err)) == TS_OK)
        rc = ts_sequence_load(&s->seq, native, &s->steps, err);
    ts_free(beside);
    ts_free(dir);
    ts_free(native);
    return rc;
}

/* ---- a run under way -----------------------------------------------------------------
 */

static void mask(void *ctx, struct ts_buf *out, ts_str text)
{
    ts_vars_mask(ctx, out, text);
}

static void event_to_state(void *ctx, const struct ts_event *e)
{
    if (strcmp(e->type, "step.output") != 0 && strcmp(e->type, "step.progress") != 0)
        ts_state_event(ctx, e);
}

/* The log stands in the state folder unless --log-dir says otherwise, and moves with it.
 */
static enum ts_code open_log(struct ts_session *s, struct ts_err *err)
{
    const char *option = ts_args_get(s->args, "log-dir");
    const char *size = ts_vars_get(s->vars, "TSLogMaxSize");
    const char *keep = ts_vars_get(s->vars, "TSLogMaxHistory");
    int64_t max = 0, history = 0;
    char *dir = NULL;
    enum ts_code rc;

    if (size && (!ts_str_int(ts_str_of(size), &max) || max < 10000))
        return ts_fail(err, TS_EINPUT, "TSLogMaxSize must be 10000 bytes or more, not %s",
                       size);
    if (keep && (!ts_str_int(ts_str_of(keep), &history) || history < 0 || history > 1000))
        return ts_fail(err, TS_EINPUT, "TSLogMaxHistory must be 0 to 1000, not %s", keep);
    if (option)
        rc = ts_path_native(&dir, option, NULL, err);
    else {
        dir = ts_path_join(ts_state_dir(s->state), "logs");
        rc = TS_OK;
    }
    if (rc == TS_OK)
        rc = ts_log_file(s->log, dir, (uint64_t)max, (int)history, err);
    ts_free(dir);
    return rc;
}

/* What names the state's folder, after it moved: variables, and outside the lab the list of
 * deletions that wait for a restart. */
static void name_state_folder(struct ts_session *s)
{
    char *shown = ts_path_display(s->host.state_dir);
    char *pending = ts_path_join(s->host.state_dir, "pending");

    if (!s->lab)
        ts_power_pending_file(pending);
    ts_free(pending);

    ts_vars_engine(s->vars, "_TSStateDir", shown);
    ts_vars_engine(s->vars, "_SMSTSMDataPath", shown);
    ts_free(shown);
}

/* ---- restarts ------------------------------------------------------------------------
 */

static const char *boot_setting(void *ctx, const char *name)
{
    return ts_vars_get(ctx, name);
}

/* The state is where it will be at the next start, as far as we know. */
static enum ts_code enlist(struct ts_session *s, struct ts_err *err)
{
    enum ts_boot_system running =
        s->phase == TS_PHASE_WINPE ? TS_BOOT_WINPE : TS_BOOT_FULLOS;
    enum ts_code rc;

    ts_words_free(s->again);
    s->again = NULL;
    rc = ts_again_new(&s->again, s->args, ts_state_dir(s->state), err);
    s->boot.argv = (const char *const *)s->again;
    s->boot.state_dir = ts_state_dir(s->state);
    return rc == TS_OK ? ts_boot_enlist(&s->boot, running, err) : rc;
}

static bool restarts_itself(const struct ts_session *s)
{
    const char *how = ts_args_get(s->args, "on-restart");

    return how && strcmp(how, "reboot") == 0;
}

void ts_session_ended(struct ts_session *s)
{
    if (restarts_itself(s))
        ts_session_forget(s);
}

void ts_session_forget(struct ts_session *s)
{
    struct ts_err err;

    if (s->lab)
        return;
    s->boot.state_dir = ts_state_dir(s->state);
    if (ts_boot_forget(&s->boot, &err) != TS_OK) {
        ts_log_write(s->log, TS_LOG_WARNING, NULL, "%s", err.text);
        ts_cli_say("warning: %s", err.text);
    }
}

/* A state on the RAM drive goes where a restart does not empty it. */
static enum ts_code settle(void *ctx, const char *path, struct ts_err *err)
{
    struct ts_session *s = ctx;
    char *dir = NULL, *logs = NULL;
    enum ts_code rc;

    if (!s->place.is_volatile)
        return TS_OK;
    if ((rc = ts_place_durable(&dir, path, err)) != TS_OK)
        return rc;
    logs = ts_path_join(dir, "logs");
    /* The log goes first: what is left behind is deleted with the old state folder. */
    if (!ts_args_has(s->args, "log-dir"))
        rc = ts_log_move(s->log, logs, err);
    if (rc == TS_OK)
        rc = ts_state_move(s->state, dir, err);
    if (rc == TS_OK) {
        s->place.is_volatile = false;
        s->host.state_dir = ts_state_dir(s->state);
        ts_host_protect(&s->host, s->host.state_dir);
        name_state_folder(s);
        rc = restarts_itself(s) ? enlist(s, err) : TS_OK;
        ts_log_write(s->log, TS_LOG_INFO, NULL, "The state of the run was moved to %s",
                     dir);
    }
    ts_free(logs);
    ts_free(dir);
    return rc == TS_OK ? TS_OK : ts_err_context(err, "cannot move the state of the run");
}

static enum ts_code prepare_restart(void *ctx, enum ts_phase target, struct ts_err *err)
{
    struct ts_session *s = ctx;
    enum ts_code rc = settle(s, NULL, err);

    return rc == TS_OK ? s->inner.prepare(s->inner.ctx, target, err) : rc;
}

static enum ts_code do_restart(void *ctx, enum ts_phase target, int64_t delay_ms,
                               const char *message, struct ts_err *err)
{
    struct ts_session *s = ctx;

    return s->inner.restart(s->inner.ctx, target, delay_ms, message, err);
}

enum ts_code ts_session_restarts(struct ts_session *s, struct ts_err *err)
{
    const char *how = ts_args_get(s->args, "on-restart");

    if (how && strcmp(how, "exit") != 0 && strcmp(how, "reboot") != 0)
        return ts_fail(err, TS_EINPUT, "--on-restart is reboot or exit, not \"%s\"", how);
    s->boot.setting = boot_setting;
    s->boot.ctx = s->vars;
    if (s->lab && !how)
        s->inner = ts_lab_restart_backend(s->lab);
    else if (restarts_itself(s))
        s->inner = ts_restart_reboot(&s->boot);
    else
        s->inner = ts_restart_exit;
    s->backend = s->inner;
    s->backend.ctx = s;
    s->backend.prepare = prepare_restart;
    s->backend.restart = do_restart;
    return restarts_itself(s) ? enlist(s, err) : TS_OK;
}

static enum ts_code open_events(struct ts_session *s, struct ts_err *err)
{
    const char *path = ts_args_get(s->args, "events");

    ts_events_mask(s->events, mask, s->vars);
    ts_events_run(s->events, s->run.uid, s->run.next_seq);
    ts_events_sink(s->events, event_to_state, s->state);
    ts_events_sink(s->events, ts_display_event, s->display);
    return path ? ts_events_file(s->events, path, err) : TS_OK;
}

enum ts_code ts_session_start(struct ts_session *s, struct ts_err *err)
{
    struct ts_host *h = &s->host;
    enum ts_code rc;

    s->display = ts_display_new(&s->seq, ts_args_has(s->args, "verbose"),
                                ts_args_has(s->args, "quiet"));
    ts_log_mask(s->log, mask, s->vars);
    ts_log_sink(s->log, ts_display_log, s->display);
    if ((rc = open_log(s, err)) != TS_OK || (rc = open_events(s, err)) != TS_OK)
        return rc;
    h->log = s->log;
    h->events = s->events;
    h->vars = s->vars;
    h->seq = s->seq;
    h->phase = s->phase;
    h->machine = s->machine;
    h->facts = s->facts;
    h->run = s->run.uid;
    h->state_dir = ts_state_dir(s->state);
    h->lock = ts_mutex_new();
    h->settle_state = settle;
    h->ctx = s;
    ts_host_protect(h, h->state_dir);
    if (s->place.is_volatile)
        ts_log_write(
            s->log, TS_LOG_WARNING, NULL,
            "The state of this run is on a drive that a restart empties (%s); it "
            "is moved to a fixed drive before a capture or a restart",
            h->state_dir);
    return ts_serve_start(&s->serve, h, err);
}

int ts_session_engine(struct ts_session *s, bool resume, const char *from_step)
{
    struct ts_engine_config c = {.seq = s->seq,
                                 .steps = &s->steps,
                                 .host = &s->host,
                                 .state = s->state,
                                 .restart = &s->backend,
                                 .hash = s->hash};
    struct ts_run_result r = {0};
    struct ts_err err = {0};
    enum ts_code rc;

    ts_mutex_lock(s->host.lock);
    rc = ts_engine_run(&c, resume, from_step, &r, &err);
    ts_mutex_unlock(s->host.lock);
    ts_log_sync(s->log);
    ts_events_sync(s->events);
    if (rc != TS_OK) {
        ts_log_write(s->log, TS_LOG_ERROR, NULL, "%s", err.text);
        ts_cli_say("%s", err.text);
        return rc == TS_EINPUT || rc == TS_ENOTFOUND ? TS_EXIT_USAGE : TS_EXIT_RUNTIME;
    }
    if (r.end == TS_END_RESTART)
        return TS_EXIT_RESTART;
    ts_state_drop_secrets(s->state);
    ts_session_ended(s);
    return r.end == TS_END_SUCCEEDED   ? TS_EXIT_OK
           : r.end == TS_END_CANCELLED ? TS_EXIT_CANCELLED
                                       : TS_EXIT_FAILED;
}

void ts_session_fini(struct ts_session *s)
{
    ts_serve_stop(s->serve);
    if (s->host.lock)
        ts_mutex_free(s->host.lock);
    ts_host_fini(&s->host);
    ts_events_free(s->events);
    ts_log_free(s->log);
    ts_display_free(s->display);
    ts_state_close(s->state);
    ts_vars_free(s->vars);
    ts_sequence_free(s->seq);
    ts_registry_fini(&s->steps);
    ts_script_free(s->script);
    ts_facts_free(s->facts);
    ts_lab_free(s->lab);
    ts_free(s->place.dir);
    ts_words_free(s->again);
    memset(s, 0, sizeof *s);
}
