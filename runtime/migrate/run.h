/* run.h - one call of the engine: its threads talk to the caller through this.
 *
 * Callbacks of the caller (ts_mig_env, findings) are only ever called by the thread that
 * called us: workers leave what they have to say in a list, and the calling thread hands
 * it on while it waits for them. */
#ifndef TS_MIGRATE_RUN_H
#define TS_MIGRATE_RUN_H

#include <stdatomic.h>

#include "migrate/migrate.h"
#include "platform/thread.h"

struct mig_said;

struct mig_run {
    const struct ts_mig_env *env;
    struct ts_mutex *m;
    struct ts_cond *c; /* the calling thread waits here */
    atomic_int stop;   /* not 0: every worker ends soon */
    struct ts_err err; /* the first failure, which set stop */

    struct mig_said *said, **said_tail;
    size_t said_n;

    ts_finding_fn fn;
    void *fn_ctx;
    uint64_t findings;
    struct ts_buf first; /* the first few findings, for the message */

    struct ts_mig_totals totals; /* sum of what workers handed in */
    uint64_t seen, expected;     /* objects, for the percentage */
    const char *doing;           /* "capturing user state" */
    int64_t started_ns, next_tick_ns;
};

void mig_run_init(struct mig_run *r, const struct ts_mig_env *env, const char *doing);
void mig_run_fini(struct mig_run *r);
/* A failure says what it was about: `path`, unless the message names it. */
void mig_run_about(const struct mig_run *r, enum ts_code rc, const char *path,
                   struct ts_err *err);

/* For workers. */
void mig_note(struct mig_run *r, int level, const char *fmt, ...) TS_PRINTF(3, 4);
void mig_finding(struct mig_run *r, const char *path, const char *what);
/* Keep the first failure and stop everybody.  Returns err->code. */
enum ts_code mig_run_fail(struct mig_run *r, const struct ts_err *err);
static inline bool mig_stopped(struct mig_run *r)
{
    return atomic_load_explicit(&r->stop, memory_order_relaxed) != 0;
}
/* Add t to the sum and clear it. */
void mig_run_count(struct mig_run *r, struct ts_mig_totals *t, uint64_t seen);

/* For the calling thread: hand on what was said, look at cancelled, show progress. Call
 * with r->m locked; it is unlocked around callbacks. */
void mig_run_pump(struct mig_run *r);
/* The same for the calling thread's own work, unlocked.  TS_ECANCELLED. */
TS_NODISCARD enum ts_code mig_run_tick(struct mig_run *r, struct ts_err *err);
/* For copies: false when the run was stopped. */
bool mig_run_going(void *run, uint64_t bytes);

/* TS_EREFUSED with count and the first findings; TS_OK if there were none. */
TS_NODISCARD enum ts_code mig_run_verdict(struct mig_run *r, struct ts_err *err,
                                          const char *what, const char *way_out);

#endif
