/* restart.h - how a machine is restarted and the runtime started again. */
#ifndef TS_ENGINE_RESTART_H
#define TS_ENGINE_RESTART_H

#include "base/err.h"
#include "model/model.h"
#include "platform/boot.h"

struct ts_restart_backend {
    const char *name; /* "exit", "lab", "reboot" */
    void *ctx;
    /* Can the machine come back in `target` and start the runtime again?  Called before
     * the request is recorded; a refusal is fatal whatever continueOnError says. */
    enum ts_code (*prepare)(void *ctx, enum ts_phase target, struct ts_err *err);
    /* Restart now; the state is durable.  delay_ms and message are for a person at the
     * screen.  TS_OK: the caller must end the process (exit code from run/resume: 10 for
     * "exit"). */
    enum ts_code (*restart)(void *ctx, enum ts_phase target, int64_t delay_ms,
                            const char *message, struct ts_err *err);
    /* After "exit" a resume goes on without proof of a reboot: true. */
    bool trust_phase;
    /* What prepare arranges may hold for one start only, and a start that is cut by a power
     * failure uses it up: who then arrives elsewhere is sent on again, as long as the limit
     * of restarts is not reached. */
    bool one_start;
};

extern const struct ts_restart_backend ts_restart_exit;
/* The real machine: its next start is arranged, and its restart done, through
 * platform/boot.h.  `boot` stays the caller's and must live as long as the backend. */
struct ts_restart_backend ts_restart_reboot(struct ts_boot *boot);

#endif
