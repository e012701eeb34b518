/* programs.c - proc.h with programs that are functions of the test. */
#include "inside.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/proc.h"

#include <string.h>

static const struct fk_program *programs;
static size_t program_count;

void fk_programs(const struct fk_program *list, size_t n)
{
    programs = list;
    program_count = n;
}

static const struct fk_program *program_of(const char *name)
{
    ts_str s = ts_str_of(name);

    for (size_t i = s.n; i > 0; i--) {
        if (s.p[i - 1] == '/' || s.p[i - 1] == '\\') {
            s = (ts_str){s.p + i, s.n - i};
            break;
        }
    }
    for (size_t i = 0; i < program_count; i++) {
        if (ts_str_caseeq(s, ts_str_of(programs[i].name))) {
            return &programs[i];
        }
    }
    return NULL;
}

enum ts_code ts_proc_find(char **out, const char *name, const char *cwd,
                          const char *const *folders, struct ts_err *err)
{
    (void)cwd, (void)folders;
    *out = NULL;
    if (!name || !*name) {
        return ts_fail(err, TS_EINPUT, "no program is named");
    }
    if (!program_of(name)) {
        return ts_fail(
            err, TS_ENOTFOUND,
            "cannot find the program %s; looked for it among the scripted ones", name);
    }
    *out = ts_strdup(name);
    return TS_OK;
}

static void say(const struct ts_proc_spec *spec, ts_str text)
{
    if (spec->output) {
        spec->output(spec->ctx, TS_STDOUT, text);
    }
}

static enum ts_code run(const struct ts_proc_spec *spec, struct ts_proc_result *out,
                        struct ts_err *err)
{
    const char *name = spec->program ? spec->program : spec->argv[0];
    const struct fk_program *p = program_of(name);
    int64_t takes;

    *out = (struct ts_proc_result){0};
    if (!p) {
        return ts_fail(err, TS_ENOTFOUND, "cannot find the program %s", name);
    }
    fk_enter();
    fk_point(FK_POINT, "start", name);
    fk_leave();
    takes = p->takes_ms;
    if (spec->timeout_ms > 0 && takes > spec->timeout_ms) {
        takes = spec->timeout_ms;
        out->timed_out = true;
        out->code = 128 + 9;
        out->signal = 9;
    } else {
        out->code = p->run(spec, say);
    }
    fk_pass_ms(takes);
    out->elapsed_ms = takes;
    if (spec->tick && !spec->tick(spec->ctx)) {
        out->cancelled = true;
    }
    fk_enter();
    fk_point(FK_POINT, "end of", name);
    fk_leave();
    return TS_OK;
}

enum ts_code ts_proc_run(const struct ts_proc_spec *spec, struct ts_proc_result *out,
                         struct ts_err *err)
{
    return run(spec, out, err);
}

/* ---- beside us: it has ended when it was started -------------------------------------
 */

struct ts_child {
    struct ts_proc_result result;
};

enum ts_code ts_child_start(struct ts_child **out, const struct ts_proc_spec *spec,
                            bool inherit_output, struct ts_err *err)
{
    struct ts_child *c = ts_alloc(sizeof *c);
    enum ts_code rc = run(spec, &c->result, err);

    (void)inherit_output;
    *out = rc == TS_OK ? c : NULL;
    if (rc != TS_OK) {
        ts_free(c);
    }
    return rc;
}

enum ts_code ts_child_wait(struct ts_child *c, int64_t ms, bool *done,
                           struct ts_proc_result *out, struct ts_err *err)
{
    (void)ms, (void)err;
    *done = true;
    if (out) {
        *out = c->result;
    }
    return TS_OK;
}

void ts_child_stop(struct ts_child *c)
{
    (void)c;
}

void ts_child_kill_tree(struct ts_child *c)
{
    (void)c;
}

void ts_child_free(struct ts_child *c)
{
    ts_free(c);
}

void ts_child_release(struct ts_child *c)
{
    ts_free(c);
}

void ts_proc_kill_run(const char *run_id)
{
    (void)run_id; /* a power cut leaves no process */
}
