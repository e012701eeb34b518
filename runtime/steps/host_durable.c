/* host_durable.c - what a step put on a disk is there before the step counts as finished.
 *
 * A volume is synced once, when the step ends, and not for each file: a sync waits for
 * everything that any program has left to be written there. */
#include "steps/host.h"

#include "platform/fs.h"

#define MOST \
    (sizeof((struct ts_touched *)0)->dir / sizeof((struct ts_touched *)0)->dir[0])

enum ts_code ts_host_touched(struct ts_step_call *c, struct ts_dir *dir,
                             struct ts_err *err)
{
    struct ts_touched *t = &c->touched;
    struct ts_stat st;
    enum ts_code rc = ts_dir_stat(dir, &st, err);

    if (rc != TS_OK) {
        return rc;
    }
    for (size_t i = 0; i < t->n; i++) {
        if (t->volume[i] == st.volume) {
            return TS_OK;
        }
    }
    if (t->n == MOST) {
        return ts_volume_sync(dir, err);
    }
    if ((rc = ts_dir_dup(&t->dir[t->n], dir, err)) == TS_OK) {
        t->volume[t->n++] = st.volume;
    }
    return rc;
}

enum ts_code ts_host_settle(struct ts_step_call *c, struct ts_err *err)
{
    struct ts_touched *t = &c->touched;
    enum ts_code rc = TS_OK;

    for (size_t i = 0; i < t->n; i++) {
        if (rc == TS_OK && (rc = ts_volume_sync(t->dir[i], err)) != TS_OK) {
            ts_err_context(err, "what the step wrote is not safe on the disk");
        }
        ts_dir_close(t->dir[i]);
    }
    *t = (struct ts_touched){.n = 0};
    return rc;
}
