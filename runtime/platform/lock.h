/* lock.h - one at a time. */
#ifndef TS_PLATFORM_LOCK_H
#define TS_PLATFORM_LOCK_H

#include <stdbool.h>

#include "base/err.h"

struct ts_lock;
/* Take the lock file `path` (created, kept).  TS_ELOCKED if another process holds it; the
 * system drops it when the process ends, however it ends. */
TS_NODISCARD enum ts_code ts_lock_take(struct ts_lock **out, const char *path,
                                       struct ts_err *err);
void ts_lock_release(struct ts_lock *l); /* NULL is allowed */
/* Whether a process holds it at this moment; true also where that cannot be told.  Makes
 * no file, and is never in the way of who takes the lock meanwhile. */
bool ts_lock_held(const char *path);

#endif
