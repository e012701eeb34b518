/* ipc.h - a request and an answer between programs of one machine and user. */
#ifndef TS_PLATFORM_IPC_H
#define TS_PLATFORM_IPC_H

#include "base/buf.h"
#include "base/err.h"

struct ts_ipc;
/* Listen on a fresh address (a socket file in a new private folder; a named pipe) and
 * answer each request of at most 1 MiB on a thread of its own.  handler: appends the
 * answer. */
TS_NODISCARD enum ts_code ts_ipc_serve(struct ts_ipc **out,
                                       void (*handler)(void *ctx, ts_str request,
                                                       struct ts_buf *answer),
                                       void *ctx, struct ts_err *err);
const char *ts_ipc_address(const struct ts_ipc *s);
void ts_ipc_stop(struct ts_ipc *s); /* NULL is allowed; removes the address */
/* One request.  TS_ENOTFOUND: nobody listens there. */
TS_NODISCARD enum ts_code ts_ipc_call(const char *address, ts_str request,
                                      struct ts_buf *answer, struct ts_err *err);

#endif
