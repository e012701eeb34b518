/* ipc.c - requests over an abstract socket: nothing is left behind by a crash.
 *
 * Both ways a message is its length (4 bytes, big endian) and its bytes.  One thread
 * serves everybody with poll, so that a client that says nothing holds up nobody.  Only
 * our own user and root get an answer. */
#include "platform/ipc.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    MESSAGE_MOST = 1 << 20,
    HEADER = 4,
    CLIENTS_MOST = 64,
    CLIENT_MS = 30 * 1000,  /* a client that is silent for longer is dropped */
    ANSWER_MS = 120 * 1000, /* how long a caller waits */
    ANSWER_MOST = 64 << 20
};

struct client {
    int fd;
    struct ts_buf in, out;
    size_t sent;
    bool answering;
    int64_t since_ns;
};

struct ts_ipc {
    int fd, wake[2];
    char address[64];
    void (*handler)(void *ctx, ts_str request, struct ts_buf *answer);
    void *ctx;
    struct ts_thread *thread;
    struct client clients[CLIENTS_MOST];
    size_t n;
};

static void put_size(char out[HEADER], size_t n)
{
    for (int i = 0; i < HEADER; i++) {
        out[i] = (char)(n >> (8 * (HEADER - 1 - i)) & 0xFF);
    }
}

static size_t get_size(const char *p)
{
    size_t n = 0;

    for (int i = 0; i < HEADER; i++) {
        n = n << 8 | (unsigned char)p[i];
    }
    return n;
}

/* "@name" to a socket address in the abstract name space. */
static bool make_address(struct sockaddr_un *a, socklen_t *len, const char *address)
{
    size_t n = strlen(address);

    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    if (n < 2 || address[0] != '@' || n > sizeof a->sun_path) {
        return false;
    }
    memcpy(a->sun_path + 1, address + 1, n - 1);
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    return true;
}

/* ---- the server ----------------------------------------------------------------------
 */

static bool peer_is_ours(int fd)
{
    struct ucred who;
    socklen_t n = sizeof who;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
           (who.uid == geteuid() || who.uid == 0);
}

static void drop(struct ts_ipc *s, size_t i)
{
    struct client *c = &s->clients[i];

    close(c->fd);
    ts_buf_free(&c->in);
    ts_buf_free(&c->out);
    s->clients[i] = s->clients[--s->n];
}

static void accept_one(struct ts_ipc *s)
{
    int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) {
        return;
    }
    if (!peer_is_ours(fd)) {
        close(fd);
        return;
    }
    s->clients[s->n++] = (struct client){.fd = fd, .since_ns = ts_mono_ns()};
}

static void answer(struct ts_ipc *s, struct client *c)
{
    static const char room[HEADER];

    ts_buf_add(&c->out, room, HEADER);
    s->handler(s->ctx, (ts_str){c->in.p + HEADER, c->in.n - HEADER}, &c->out);
    if (c->out.n - HEADER > ANSWER_MOST) {
        c->out.n = HEADER;
    }
    put_size(c->out.p, c->out.n - HEADER);
    c->answering = true;
}

/* False: this client is done with. */
static bool receive(struct ts_ipc *s, struct client *c)
{
    char bytes[16 * 1024];
    ssize_t got = recv(c->fd, bytes, sizeof bytes, 0);

    if (got <= 0) {
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    ts_buf_add(&c->in, bytes, (size_t)got);
    if (c->in.n < HEADER) {
        return true;
    }
    size_t want = get_size(c->in.p);
    if (want > MESSAGE_MOST || c->in.n > HEADER + want) {
        return false;
    }
    if (c->in.n == HEADER + want) {
        answer(s, c);
    }
    return true;
}

static bool send_more(struct client *c)
{
    ssize_t n = send(c->fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    c->sent += (size_t)n;
    return c->sent < c->out.n;
}

static void serve_clients(struct ts_ipc *s, const struct pollfd *polls)
{
    int64_t now = ts_mono_ns();

    for (size_t i = s->n; i-- > 0;) { /* drop() moves the last one, already served */
        struct client *c = &s->clients[i];
        bool keep = true;
        if (polls[i].revents) {
            keep = c->answering ? send_more(c) : receive(s, c);
            c->since_ns = now;
        } else if (now - c->since_ns > CLIENT_MS * 1000000LL) {
            keep = false;
        }
        if (!keep) {
            drop(s, i);
        }
    }
}

static void serve(void *ctx)
{
    struct ts_ipc *s = ctx;
    struct pollfd polls[CLIENTS_MOST + 2];

    for (;;) {
        size_t n = s->n;
        for (size_t i = 0; i < n; i++) {
            polls[i] = (struct pollfd){
                .fd = s->clients[i].fd,
                .events = s->clients[i].answering ? POLLOUT : POLLIN,
            };
        }
        polls[n] = (struct pollfd){.fd = s->wake[0], .events = POLLIN};
        /* When all places are taken new ones wait in the system's queue. */
        polls[n + 1] =
            (struct pollfd){.fd = n < CLIENTS_MOST ? s->fd : -1, .events = POLLIN};
        if (poll(polls, (nfds_t)n + 2, n ? 1000 : -1) < 0) {
            continue;
        }
        if (polls[n].revents) {
            break;
        }
        bool more = polls[n + 1].revents != 0;
        serve_clients(s, polls);
        if (more) {
            accept_one(s);
        }
    }
    while (s->n) {
        drop(s, s->n - 1);
    }
}

enum ts_code ts_ipc_serve(struct ts_ipc **out,
                          void (*handler)(void *ctx, ts_str request,
                                          struct ts_buf *answer),
                          void *ctx, struct ts_err *err)
{
    struct ts_ipc *s = ts_alloc(sizeof *s);
    struct sockaddr_un a;
    socklen_t len;
    char id[33];
    int os;

    *out = NULL;
    ts_random_id(id);
    snprintf(s->address, sizeof s->address, "@taskseq-%s", id);
    s->handler = handler;
    s->ctx = ctx;
    s->wake[0] = s->wake[1] = -1;
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0 || !make_address(&a, &len, s->address) ||
        bind(s->fd, (struct sockaddr *)&a, len) != 0 || listen(s->fd, 16) != 0 ||
        pipe2(s->wake, O_CLOEXEC) != 0) {
        os = errno;
        if (s->fd >= 0) {
            close(s->fd);
        }
        ts_free(s);
        return ts_fail_os(err, os, "cannot listen for programs of the sequence");
    }
    s->thread = ts_thread_start(serve, s);
    *out = s;
    return TS_OK;
}

const char *ts_ipc_address(const struct ts_ipc *s)
{
    return s->address;
}

void ts_ipc_stop(struct ts_ipc *s)
{
    if (!s) {
        return;
    }
    ssize_t n;
    do {
        n = write(s->wake[1], "", 1);
    } while (n < 0 && errno == EINTR);
    ts_thread_join(s->thread);
    close(s->fd);
    close(s->wake[0]);
    close(s->wake[1]);
    ts_free(s);
}

/* ---- the client ----------------------------------------------------------------------
 */

/* Wait until fd is ready, at most until `until`.  False: the time is over. */
static bool wait_for(int fd, short events, int64_t until)
{
    struct pollfd p = {.fd = fd, .events = events};

    for (;;) {
        int64_t left = (until - ts_mono_ns()) / 1000000;
        if (left <= 0) {
            return false;
        }
        int n = poll(&p, 1, (int)left);
        if (n > 0) {
            return true;
        }
        if (n == 0 || errno != EINTR) {
            return false;
        }
    }
}

static enum ts_code fail_late(struct ts_err *err)
{
    return ts_fail(err, TS_ETIMEOUT, "the running sequence did not answer in time");
}

static enum ts_code send_all(int fd, ts_str s, int64_t until, struct ts_err *err)
{
    while (s.n) {
        if (!wait_for(fd, POLLOUT, until)) {
            return fail_late(err);
        }
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return ts_fail_os(err, errno, "cannot reach the running sequence");
        }
        if (n > 0) {
            s.p += n;
            s.n -= (size_t)n;
        }
    }
    return TS_OK;
}

static enum ts_code receive_all(int fd, struct ts_buf *in, int64_t until,
                                struct ts_err *err)
{
    char bytes[16 * 1024];

    while (in->n < HEADER || in->n < HEADER + get_size(in->p)) {
        if (!wait_for(fd, POLLIN, until)) {
            return fail_late(err);
        }
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        if (n <= 0) {
            return ts_fail(err, TS_EIO, "the running sequence ended the connection");
        }
        ts_buf_add(in, bytes, (size_t)n);
        if (in->n >= HEADER && get_size(in->p) > ANSWER_MOST) {
            return ts_fail(err, TS_EDAMAGED, "the running sequence's answer is damaged");
        }
    }
    return TS_OK;
}

enum ts_code ts_ipc_call(const char *address, ts_str request, struct ts_buf *answer_out,
                         struct ts_err *err)
{
    struct sockaddr_un a;
    struct ts_buf message = {0}, in = {0};
    socklen_t len;
    char header[HEADER];
    enum ts_code rc;
    int64_t until = ts_mono_ns() + ANSWER_MS * 1000000LL;

    if (request.n > MESSAGE_MOST) {
        return ts_fail(err, TS_ELIMIT, "a request may have at most %d bytes",
                       MESSAGE_MOST);
    }
    if (!make_address(&a, &len, address)) {
        return ts_fail(err, TS_ENOTFOUND, "\"%s\" is not an address of a sequence",
                       address);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, len) != 0) {
        rc = errno == ECONNREFUSED || errno == ENOENT
                 ? ts_fail(err, TS_ENOTFOUND, "no sequence runs at \"%s\" any more",
                           address)
                 : ts_fail_os(err, errno, "cannot reach the running sequence");
        goto done;
    }
    put_size(header, request.n);
    ts_buf_add(&message, header, HEADER);
    ts_buf_str(&message, request);
    if ((rc = send_all(fd, ts_buf_view(&message), until, err)) != TS_OK ||
        (rc = receive_all(fd, &in, until, err)) != TS_OK) {
        goto done;
    }
    ts_buf_add(answer_out, in.p + HEADER, get_size(in.p));
done:
    if (fd >= 0) {
        close(fd);
    }
    ts_buf_free(&message);
    ts_buf_free(&in);
    return rc;
}
