/* proc.c - running a program to its end. */
#include "platform/posix/process.h"

#include "base/mem.h"
#include "platform/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MS = 100, OLD_KERNEL_MS = 5, MOST_LEFT_IN_PIPE = 1 << 20 };

/* Hand on what one read gives.  False when the stream has ended. */
static bool read_some(struct px_running *r, int stream, const struct ts_proc_spec *spec,
                      size_t *total)
{
    char bytes[32 << 10];
    ssize_t n = read(r->out[stream], bytes, sizeof bytes);

    if (n > 0) {
        *total += (size_t)n;
        spec->output(spec->ctx, stream == 0 ? TS_STDOUT : TS_STDERR,
                     (ts_str){bytes, (size_t)n});
        return true;
    }
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    close(r->out[stream]);
    r->out[stream] = -1;
    return false;
}

/* The program has ended: hand on what is in the pipes already, and no more, since what it
 * left behind may write for ever. */
static void drain(struct px_running *r, const struct ts_proc_spec *spec)
{
    for (int i = 0; i < 2; i++) {
        size_t total = 0;
        struct pollfd p = {.fd = r->out[i], .events = POLLIN};
        while (r->out[i] >= 0 && total < MOST_LEFT_IN_PIPE && poll(&p, 1, 0) > 0) {
            if (!read_some(r, i, spec, &total)) {
                break;
            }
        }
    }
}

static bool has_ended(struct px_running *r, short events)
{
    siginfo_t info = {0};

    if (r->handle >= 0) {
        return events != 0;
    }
    return waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid != 0;
}

static int poll_time(const struct px_running *r, bool ticks, int64_t left_ns)
{
    int64_t ms = left_ns < 0 ? -1 : (left_ns + 999999) / 1000000;

    if (r->handle < 0 && (ms < 0 || ms > OLD_KERNEL_MS)) {
        ms = OLD_KERNEL_MS;
    }
    if (ticks && (ms < 0 || ms > TICK_MS)) {
        ms = TICK_MS;
    }
    return ms > 1000000 ? 1000000 : (int)ms;
}

enum px_end px_wait(struct px_running *r, const struct ts_proc_spec *spec,
                    int64_t deadline_ns)
{
    int64_t last_tick = ts_mono_ns(), now = last_tick;
    size_t total = 0;

    for (;;) {
        int64_t left = deadline_ns < 0 ? -1 : deadline_ns <= now ? 0 : deadline_ns - now;
        struct pollfd p[3] = {
            {.fd = r->handle, .events = POLLIN},
            {.fd = r->out[0], .events = POLLIN},
            {.fd = r->out[1], .events = POLLIN},
        };
        int ready = poll(p, 3, poll_time(r, spec->tick != NULL, left));
        for (int i = 0; i < 2 && ready > 0; i++) {
            if (p[i + 1].revents) {
                read_some(r, i, spec, &total);
            }
        }
        if (has_ended(r, ready > 0 ? p[0].revents : 0)) {
            return PX_ENDED;
        }
        now = ts_mono_ns();
        if (deadline_ns >= 0 && now >= deadline_ns) {
            return PX_DEADLINE;
        }
        bool woken = ready < 0 && errno == EINTR; /* perhaps by Ctrl-C */
        if (spec->tick && (woken || now - last_tick >= TICK_MS * 900000)) {
            last_tick = now;
            if (!spec->tick(spec->ctx)) {
                return PX_CANCELLED;
            }
        }
    }
}

void px_collect(struct px_running *r, const struct ts_proc_spec *spec,
                struct ts_proc_result *out)
{
    int status = 0;
    pid_t got;

    drain(r, spec);
    /* After a kill that had no effect (a process stuck in the kernel) we do not wait. */
    do {
        got = waitpid(r->pid, &status, out->timed_out || out->cancelled ? WNOHANG : 0);
    } while (got < 0 && errno == EINTR);
    if (got != r->pid) {
        out->signal = SIGKILL;
        out->code = 128 + SIGKILL;
    } else if (WIFSIGNALED(status)) {
        out->signal = WTERMSIG(status);
        out->code = 128 + WTERMSIG(status);
    } else {
        out->code = WEXITSTATUS(status);
    }
    out->elapsed_ms = (ts_mono_ns() - r->began_ns) / 1000000;
    px_started_remove(r->pid);
    for (int i = 0; i < 2; i++) {
        if (r->out[i] >= 0) {
            close(r->out[i]);
            r->out[i] = -1;
        }
    }
    if (r->handle >= 0) {
        close(r->handle);
        r->handle = -1;
    }
}

enum ts_code ts_proc_run(const struct ts_proc_spec *spec, struct ts_proc_result *out,
                         struct ts_err *err)
{
    struct px_running r;

    *out = (struct ts_proc_result){0};
    px_adopt_begin();
    enum ts_code rc =
        px_spawn(&r, spec, spec->output ? PX_PIPES : PX_DISCARD, false, err);
    if (rc == TS_OK) {
        int64_t deadline =
            spec->timeout_ms > 0 ? r.began_ns + spec->timeout_ms * 1000000 : -1;
        enum px_end end = px_wait(&r, spec, deadline);
        if (end != PX_ENDED) {
            out->timed_out = end == PX_DEADLINE;
            out->cancelled = end == PX_CANCELLED;
            px_tree_kill(r.pid, px_start_of(r.pid), false, true);
        }
        px_collect(&r, spec, out);
    }
    px_adopt_end();
    px_adopt_reap();
    return rc;
}
