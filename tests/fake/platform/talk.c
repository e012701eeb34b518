/* talk.c - ipc.h inside one process: scripted programs are functions of the test, so a
 * request is a call. */
#include "inside.h"

#include "base/mem.h"
#include "platform/ipc.h"
#include "platform/thread.h"

#include <stdio.h>
#include <string.h>

enum { SERVERS = 8 };

struct ts_ipc {
    char address[32];
    void (*handler)(void *ctx, ts_str request, struct ts_buf *answer);
    void *ctx;
    struct ts_mutex *m;
};
static struct ts_ipc *servers[SERVERS];

enum ts_code ts_ipc_serve(struct ts_ipc **out,
                          void (*handler)(void *ctx, ts_str request,
                                          struct ts_buf *answer),
                          void *ctx, struct ts_err *err)
{
    static unsigned number;

    *out = NULL;
    for (size_t i = 0; i < SERVERS; i++) {
        if (!servers[i]) {
            struct ts_ipc *s = ts_alloc(sizeof *s);
            snprintf(s->address, sizeof s->address, "fake-%u", ++number);
            s->handler = handler;
            s->ctx = ctx;
            s->m = ts_mutex_new();
            *out = servers[i] = s;
            return TS_OK;
        }
    }
    return ts_fail(err, TS_ELIMIT, "no more than %d can listen", SERVERS);
}

const char *ts_ipc_address(const struct ts_ipc *s)
{
    return s->address;
}

void ts_ipc_stop(struct ts_ipc *s)
{
    for (size_t i = 0; s && i < SERVERS; i++) {
        if (servers[i] == s) {
            servers[i] = NULL;
            ts_mutex_free(s->m);
            ts_free(s);
            return;
        }
    }
}

enum ts_code ts_ipc_call(const char *address, ts_str request, struct ts_buf *answer,
                         struct ts_err *err)
{
    for (size_t i = 0; i < SERVERS; i++) {
        if (servers[i] && strcmp(servers[i]->address, address) == 0) {
            ts_mutex_lock(servers[i]->m);
            servers[i]->handler(servers[i]->ctx, request, answer);
            ts_mutex_unlock(servers[i]->m);
            return TS_OK;
        }
    }
    return ts_fail(err, TS_ENOTFOUND, "no sequence runs at \"%s\" any more", address);
}
