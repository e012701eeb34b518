/* ipc.h - a request and an answer between programs of one machine and user. */
#ifndef TS_PLATFORM_IPC_H
#define TS_PLATFORM_IPC_H

#include "base/buf.h"
#include "base/err.h"

struct ts_ipc;
/* Listen on a fresh address (a socket without a file, a named pipe: nothing is left behind
 * by a crash) and answer requests of at most 1 MiB, on a thread of its own, from our own
 * user and the administrator.  handler: appends the answer; one call at a time. */
TS_NODISCARD enum ts_code ts_ipc_serve(struct ts_ipc **out,
                                       void (*handler)(void *ctx, ts_str request,
                                                       struct ts_buf *answer),
                                       void *ctx, struct ts_err *err);
const char *ts_ipc_address(const struct ts_ipc *s);
/* Waits for the handler that is running, if any.  NULL is allowed. */
void ts_ipc_stop(struct ts_ipc *s);
/* One request.  TS_ENOTFOUND: nobody listens there. */
TS_NODISCARD enum ts_code ts_ipc_call(const char *address, ts_str request,
                                      struct ts_buf *answer, struct ts_err *err);

#endif
