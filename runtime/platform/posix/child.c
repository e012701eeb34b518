/* child.c - a program that runs beside us. */
#include "platform/posix/process.h"

#include <signal.h>

#include "base/mem.h"
#include "platform/clock.h"

struct ts_child {
    struct px_running running;
    uint64_t began; /* in the kernel's ticks */
    /* of the spec, what is needed while it runs */
    struct ts_proc_spec spec;
    bool done;
    struct ts_proc_result result;
};

enum ts_code ts_child_start(struct ts_child **out, const struct ts_proc_spec *spec,
                            bool inherit_output, struct ts_err *err)
{
    struct ts_child *c = ts_alloc(sizeof *c);
    enum px_output output = inherit_output ? PX_INHERIT
                            : spec->output ? PX_PIPES
                                           : PX_DISCARD;

    *out = NULL;
    px_adopt_begin(); /* until ts_child_free, so that nothing gets away before */
    enum ts_code rc = px_spawn(&c->running, spec, output, true, err);
    if (rc != TS_OK) {
        px_adopt_end();
        ts_free(c);
        return rc;
    }
    c->began = px_start_of(c->running.pid);
    c->spec = (struct ts_proc_spec){
        .output = spec->output, .tick = spec->tick, .ctx = spec->ctx};
    *out = c;
    return TS_OK;
}

enum ts_code ts_child_wait(struct ts_child *c, int64_t ms, bool *done,
                           struct ts_proc_result *out, struct ts_err *err)
{
    int64_t deadline = ms < 0 ? -1 : ts_mono_ns() + ms * 1000000;

    if (!c->done) {
        enum px_end end = px_wait(&c->running, &c->spec, deadline);
        if (end == PX_CANCELLED) {
            *done = false;
            return ts_fail(err, TS_ECANCELLED, "waiting for a program was cancelled");
        }
        if (end == PX_ENDED) {
            px_collect(&c->running, &c->spec, &c->result);
            c->done = true;
        }
    }
    *done = c->done;
    if (c->done && out) {
        *out = c->result;
    }
    return TS_OK;
}

void ts_child_stop(struct ts_child *c)
{
    if (!c->done) {
        (void)kill(c->running.pid, SIGTERM);
    }
}

void ts_child_kill_tree(struct ts_child *c)
{
    px_tree_kill(c->running.pid, c->began, c->done, false);
    if (!c->done) {
        px_collect(&c->running, &c->spec, &c->result);
        c->done = true;
    }
}

void ts_child_free(struct ts_child *c)
{
    if (!c) {
        return;
    }
    if (!c->done) {
        ts_child_kill_tree(c);
    }
    px_adopt_end();
    px_adopt_reap();
    ts_free(c);
}

void ts_child_release(struct ts_child *c)
{
    if (!c) {
        return;
    }
    px_adopt_end(); /* what it leaves behind is nobody's of ours */
    ts_free(c);
}
