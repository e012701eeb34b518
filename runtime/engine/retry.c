/* retry.c - trying a failed step again. */
#include "engine/engine_internal.h"

#include "platform/clock.h"
#include "platform/proc.h"
#include "platform/thread.h"

bool ts_retry_wanted(const struct ts_engine *e, const struct ts_node *n,
                     const struct ts_ending *v)
{
    if (v->ok || v->refused || v->cancelled || v->fatal) {
        return false;
    }
    return e->tries + 1 < n->retry.attempts &&
           (!n->retry.on.set || ts_codes_have(&n->retry.on, v->code));
}

bool ts_retry_wait(struct ts_engine *e, const struct ts_node *n)
{
    int64_t until = ts_mono_ns() + n->retry.delay_ms * 1000000;
    struct ts_mutex *lock = e->host->lock;

    if (lock) {
        ts_mutex_unlock(lock); /* programs may ask for variables meanwhile */
    }
    while (!ts_cancelled() && !e->host->fake) { /* a told machine's time is free */
        int64_t left = (until - ts_mono_ns()) / 1000000;
        if (left <= 0) {
            break;
        }
        ts_sleep_ms(left > 100 ? 100 : left);
    }
    if (lock) {
        ts_mutex_lock(lock);
    }
    return !ts_cancelled();
}
