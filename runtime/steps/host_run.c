/* host_run.c - running programs for steps. */
#include "steps/host_internal.h"

#include "platform/clock.h"
#include "platform/drives.h"
#include "platform/fs.h"
#include "platform/sysinfo.h"
#include "platform/thread.h"
#include "steps/program.h"

#include <string.h>

enum {
    CAPTURE_CHARACTERS = 1000,
    CAPTURE_BYTES = 4 * CAPTURE_CHARACTERS, /* a character has 4 bytes at most */
    PATH_MISSING = -2147024893              /* 0x80070003 */
};

/* ---- waiting -------------------------------------------------------------------------
 */

struct waiter {
    struct ts_step_call *call;
    void (*output)(void *ctx, enum ts_stream stream, ts_str bytes);
    void *ctx;
};

static void take_lock(struct ts_host *h)
{
    if (h->lock) {
        ts_mutex_lock(h->lock);
    }
}

static void release_lock(struct ts_host *h)
{
    if (h->lock) {
        ts_mutex_unlock(h->lock);
    }
}

static void on_output(void *ctx, enum ts_stream stream, ts_str bytes)
{
    struct waiter *w = ctx;

    take_lock(w->call->host);
    w->output(w->ctx, stream, bytes);
    release_lock(w->call->host);
}

static bool on_tick(void *ctx)
{
    struct waiter *w = ctx;

    take_lock(w->call->host);
    ts_host_output_idle(w->call);
    release_lock(w->call->host);
    return !ts_cancelled();
}

enum ts_code
ts_host_wait_program(struct ts_step_call *c, struct ts_proc_spec *spec,
                     void (*output)(void *ctx, enum ts_stream stream, ts_str bytes),
                     void *ctx, struct ts_proc_result *out, struct ts_err *err)
{
    struct waiter w = {c, output, ctx};
    enum ts_code rc = ts_host_check(c, err);

    *out = (struct ts_proc_result){0};
    if (rc != TS_OK) {
        return rc;
    }
    if (c->deadline_ns) {
        int64_t left = (c->deadline_ns - ts_mono_ns()) / 1000000;
        spec->timeout_ms = left > 0 ? left : 1;
    }
    spec->output = on_output;
    spec->tick = on_tick;
    spec->ctx = &w;
    release_lock(c->host);
    rc = ts_proc_run(spec, out, err);
    take_lock(c->host);
    ts_host_output_end(c);
    if (rc == TS_OK && (out->timed_out || out->cancelled)) {
        struct ts_buf limit = {0};
        if (c->node && c->node->timeout_ms > 0) {
            ts_buf_z(&limit, " of ");
            ts_duration_print(&limit, c->node->timeout_ms);
        }
        rc = out->timed_out
                 ? ts_fail(err, TS_ETIMEOUT,
                           "the step's time limit%s was reached; %s and what it started "
                           "were ended",
                           ts_buf_text(&limit), spec->argv[0])
                 : ts_fail(err, TS_ECANCELLED,
                           "cancelled by the user; %s and what it started were ended",
                           spec->argv[0]);
        ts_buf_free(&limit);
    }
    return rc;
}

/* ---- environment ---------------------------------------------------------------------
 */

struct env_list {
    char **v;
    size_t n;
};

static void env_add(struct env_list *e, char *text)
{
    e->v = ts_realloc_array(e->v, e->n + 2, sizeof *e->v);
    e->v[e->n++] = text;
    e->v[e->n] = NULL;
}

static enum ts_code env_build(struct env_list *e, const struct ts_host *h,
                              const struct ts_run_spec *s, struct ts_err *err)
{
    const struct ts_value *extra = s->env;
    /* Whoever can set variables rules the sequence, which is more than another account
     * may be trusted with. */
    bool served = h->serve_address && !(s->run_as && s->run_as[0]);
    size_t drives;
    const struct ts_drive *drive = ts_drives_list(&drives);

    for (const struct ts_value *m = extra ? extra->first : NULL; m; m = m->next) {
        if (m->kind != TS_STRING || m->key.n == 0 || memchr(m->key.p, '=', m->key.n) ||
            memchr(m->str.p, 0, m->str.n)) {
            return ts_fail(err, TS_EINPUT,
                           "env: \"%.*s\" cannot be a variable of the environment",
                           (int)m->key.n, m->key.p ? m->key.p : "");
        }
        env_add(e, ts_format("%s=%s", m->key.p, m->str.p));
    }
    for (size_t i = 0; i < drives; i++) {
        env_add(e, ts_format("TASKSEQ_DRIVE_%c=%s", drive[i].letter, drive[i].root));
    }
    if (h->run) {
        env_add(e, ts_format("TASKSEQ_RUN=%s", h->run));
    }
    /* "NAME" alone removes: no address of an outer run may reach the program. */
    env_add(e, served ? ts_format("TASKSEQ_ADDRESS=%s", h->serve_address)
                      : ts_strdup("TASKSEQ_ADDRESS"));
    env_add(e, served ? ts_format("TASKSEQ_TOKEN=%s", h->serve_token)
                      : ts_strdup("TASKSEQ_TOKEN"));
    return TS_OK;
}

static void env_free(struct env_list *e)
{
    for (size_t i = 0; i < e->n; i++) {
        ts_free(e->v[i]);
    }
    ts_free(e->v);
}

/* ---- command and folders -------------------------------------------------------------
 */

/* *argv: ts_free it; its strings are in the same block or belong to `command`. */
static enum ts_code make_argv(const struct ts_value *command, char ***argv,
                              struct ts_err *err)
{
    size_t n = 0;

    *argv = NULL;
    if (command && command->kind == TS_STRING) {
        *argv = ts_argv_split(command->str.p, &n);
    } else if (command && command->kind == TS_ARRAY) {
        *argv = ts_alloc_array((size_t)command->count + 1, sizeof **argv);
        for (const struct ts_value *m = command->first; m; m = m->next) {
            if (m->kind != TS_STRING) {
                ts_free(*argv);
                *argv = NULL;
                return ts_fail(err, TS_EINPUT, "the command's argument %d is %s",
                               (int)n + 1, ts_kind_name(m->kind));
            }
            (*argv)[n++] = (char *)(uintptr_t)m->str.p;
        }
    }
    if (n == 0 || !(*argv)[0][0]) {
        ts_free(*argv);
        *argv = NULL;
        return ts_fail(err, TS_EINPUT, "the command is empty");
    }
    return TS_OK;
}

/* Where a program starts that names no folder.  The sequence's may be on a share that is
 * gone since a restart, which must not keep the run from going on: then it is the root of
 * the drive, where everybody may be and no user can put a program; not the state folder,
 * which "rm *" would empty. */
static char *default_start_in(struct ts_step_call *c, const char *package,
                              const char *sequence)
{
    struct ts_stat st;

    if (package || !sequence || !c->host->state_dir ||
        ts_fs_stat(sequence, &st, NULL) == TS_OK) {
        return ts_strdup(package ? package : sequence);
    }
    ts_host_log(c, TS_LOG_WARNING,
                "The folder of the sequence, %s, is not there now; the program starts in /",
                sequence);
    return ts_strdup("/");
}

static enum ts_code find_start_in(struct ts_step_call *c, const struct ts_run_spec *s,
                                  const char *package, const char *sequence, char **out,
                                  struct ts_err *err)
{
    const char *base = package ? package : sequence;
    struct ts_dir *d = NULL;
    enum ts_code rc;

    *out = NULL;
    if (!s->start_in || !s->start_in[0]) {
        *out = default_start_in(c, package, sequence);
        return TS_OK;
    }
    rc = ts_path_native(out, s->start_in, base, err);
    if (rc == TS_OK) {
        rc = ts_path_open_dir(&d, *out, false, err);
        ts_dir_close(d);
    }
    if (rc == TS_OK) {
        return TS_OK;
    }
    if (rc == TS_ENOTFOUND) {
        ts_fail(err, rc, "the start-in folder %s does not exist (0x80070003)%s%s%s",
                s->start_in, *out ? "; looked for it at " : "", *out ? *out : "", "");
    } else {
        ts_err_context(err, "the start-in folder %s cannot be used", s->start_in);
    }
    ts_free(*out);
    *out = NULL;
    return rc;
}

/* ---- output --------------------------------------------------------------------------
 */

struct sink {
    struct ts_step_call *call;
    struct ts_buf *capture;
};

static void sink_output(void *ctx, enum ts_stream stream, ts_str bytes)
{
    struct sink *k = ctx;

    ts_host_output(k->call, stream, bytes);
    if (!k->capture || stream != TS_STDOUT) {
        return;
    }
    ts_buf_str(k->capture, bytes);
    if (k->capture->n > 8 * CAPTURE_BYTES) {
        size_t cut = k->capture->n - CAPTURE_BYTES;
        memmove(k->capture->p, k->capture->p + cut, CAPTURE_BYTES);
        k->capture->n = CAPTURE_BYTES;
        k->capture->p[CAPTURE_BYTES] = '\0';
    }
}

/* Keep the last characters, counted as people do. */
static void trim_capture(struct ts_buf *b)
{
    size_t at = b->n, characters = 0;

    while (at > 0 && characters < CAPTURE_CHARACTERS) {
        at--;
        while (at > 0 && ((unsigned char)b->p[at] & 0xC0) == 0x80) {
            at--;
        }
        characters++;
    }
    if (at > 0) {
        memmove(b->p, b->p + at, b->n - at);
        b->n -= at;
        b->p[b->n] = '\0';
    }
}

static void log_command(struct ts_step_call *c, const struct ts_run_spec *s,
                        const char *const *argv)
{
    if (s->hide_command) {
        ts_host_log(c, TS_LOG_INFO, "Executing command line: *****");
    } else if (s->command->kind == TS_STRING) {
        ts_host_log(c, TS_LOG_INFO, "Executing command line: %s", s->command->str.p);
    } else {
        char *line = ts_argv_join(argv);
        ts_host_log(c, TS_LOG_INFO, "Executing command line: %s", line);
        ts_free(line);
    }
}

/* ---- running -------------------------------------------------------------------------
 */

static enum ts_code run_found(struct ts_step_call *c, const struct ts_run_spec *s,
                              struct ts_proc_spec *spec, struct ts_proc_result *out,
                              struct ts_err *err)
{
    struct sink sink = {c, s->capture};
    enum ts_code rc;

    if (s->capture) {
        ts_buf_clear(s->capture);
    }
    log_command(c, s, spec->argv);
    rc = ts_host_wait_program(c, spec, sink_output, &sink, out, err);
    if (s->capture) {
        trim_capture(s->capture);
    }
    if (rc == TS_OK) {
        if (out->signal) {
            ts_host_log(c, TS_LOG_WARNING, "%s was ended by signal %d", spec->argv[0],
                        out->signal);
        }
        ts_host_log(c, TS_LOG_INFO, "Process completed with exit code %lld", out->code);
    }
    return rc;
}

enum ts_code ts_host_run(struct ts_step_call *c, const struct ts_run_spec *s,
                         struct ts_proc_result *out, struct ts_err *err)
{
    const char *sequence = c->host->seq ? c->host->seq->folder : NULL;
    struct ts_proc_spec spec = {.input = ts_str_of(s->input)};
    struct env_list env = {0};
    char **argv = NULL, *package = NULL, *start_in = NULL, *program = NULL;
    enum ts_code rc;

    *out = (struct ts_proc_result){0};
    if ((rc = make_argv(s->command, &argv, err)) != TS_OK ||
        (s->package && s->package[0] &&
         (rc = ts_host_package(c, s->package, &package, err)) != TS_OK)) {
        goto done;
    }
    if ((rc = find_start_in(c, s, package, sequence, &start_in, err)) != TS_OK) {
        out->code = rc == TS_ENOTFOUND ? PATH_MISSING : 0;
        goto done;
    }
    const char *folders[] = {start_in, package, sequence};
    if ((rc = ts_program_find(&program, argv[0], folders, 3, err)) != TS_OK) {
        out->code = rc == TS_ENOTFOUND ? TS_PROGRAM_MISSING : 0;
        goto done;
    }
    if (s->run_as && s->run_as[0]) {
        spec.run_as = true;
        if ((rc = ts_user_find(s->run_as, &spec.uid, &spec.gid, err)) != TS_OK) {
            goto done;
        }
    }
    if ((rc = env_build(&env, c->host, s, err)) != TS_OK) {
        goto done;
    }
    spec.argv = (const char *const *)argv;
    spec.program = program;
    spec.cwd = start_in;
    spec.env = (const char *const *)env.v;
    rc = run_found(c, s, &spec, out, err);
done:
    env_free(&env);
    ts_free(program);
    ts_free(start_in);
    ts_free(package);
    ts_free(argv);
    return rc;
}

/* ---- the options of a step -----------------------------------------------------------
 */

static const char *expand_option(struct ts_step_call *c, const char *text)
{
    struct ts_buf b = {0};
    bool secret = false;

    if (!text) {
        return NULL;
    }
    ts_vars_expand(c->host->vars, &b, ts_str_of(text), &secret);
    if (secret) {
        ts_vars_hide(c->host->vars, ts_buf_view(&b));
    }
    const char *kept = ts_arena_strz(c->arena, ts_buf_text(&b));
    ts_buf_free(&b);
    return kept;
}

void ts_host_run_options(struct ts_step_call *c, struct ts_run_spec *s)
{
    const struct ts_node *n = c->node;
    const char *hide = ts_vars_get(c->host->vars, "OSDDoNotLogCommand");

    s->hide_command = hide && ts_caseeq(hide, "TRUE");
    if (!n) {
        return;
    }
    s->package = expand_option(c, n->package);
    s->input = expand_option(c, n->input);
    s->run_as = expand_option(c, n->run_as);
    s->env = NULL;
    if (n->env && n->env->first) {
        struct ts_value *env = ts_value_new(c->arena, TS_OBJECT);
        for (const struct ts_value *m = n->env->first; m; m = m->next) {
            const char *text = expand_option(c, m->kind == TS_STRING ? m->str.p : "");
            ts_value_set(c->arena, env, m->key,
                         ts_value_string(c->arena, ts_str_of(text)));
        }
        s->env = env;
    }
}
