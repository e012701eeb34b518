/* What a program of the run sends to the socket that serves `taskseq get` and `set`: any
 * request behind the right token, and any bytes at all.  The first byte chooses. */
#include "fuzz.h"

#include "platform/ipc.h"
#include "steps/host.h"
#include "vars/vars.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct ts_host host;
static struct ts_serve *serve;

static void start(void)
{
    struct ts_err err;

    host.vars = ts_vars_new();
    FUZZ_CHECK(ts_serve_start(&serve, &host, &err) == TS_OK, "%s", err.text);
}

static void check_answer(const struct ts_buf *answer, ts_str request)
{
    FUZZ_CHECK(answer->n > 0 && (answer->p[0] == '+' || answer->p[0] == '-'),
               "the answer is %s", ts_buf_text(answer));
    if (answer->p[0] == '-') {
        FUZZ_CHECK(memchr(answer->p, '\0', answer->n), "an error without a text");
        return;
    }
    ts_str verb = {0}, name = {0}, value;
    bool secret = false, found;
    FUZZ_CHECK(ts_str_cut(&request, '\0', &verb) && ts_str_cut(&request, '\0', &name),
               "half a request was answered");
    found = ts_vars_lookup(host.vars, name, &value, &secret);
    if (ts_str_eq(verb, TS_S("set"))) {
        FUZZ_CHECK(ts_var_name_valid(name) && name.p[0] != '_' &&
                       found == (request.n > 0) && (!found || ts_str_eq(value, request)),
                   "%.*s was not set", (int)name.n, name.p);
    } else if (ts_str_eq(verb, TS_S("get"))) {
        FUZZ_CHECK(found && ts_str_eq(value, (ts_str){answer->p + 1, answer->n - 1}),
                   "%.*s has another value", (int)name.n, name.p);
    }
}

/* Bytes in place of a message; whatever comes back is read to the end. */
static void send_raw(ts_str bytes)
{
    const char *address = host.serve_address;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t n = strlen(address);
    char answer[4096];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    FUZZ_CHECK(fd >= 0 && n < sizeof a.sun_path, "no socket");
    memcpy(a.sun_path, address, n);
    if (a.sun_path[0] == '@') {
        a.sun_path[0] = '\0';
    }
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    FUZZ_CHECK(connect(fd, (const struct sockaddr *)&a, length) == 0,
               "no connection to %s", address);
    (void)!send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    while (recv(fd, answer, sizeof answer, 0) > 0) {
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes in = {data, size};
    struct ts_buf request = {0}, answer = {0};
    struct ts_err err = {0};

    if (!serve) {
        start();
    }
    if (fuzz_u8(&in) & 1) {
        send_raw(fuzz_rest(&in));
        return 0;
    }
    ts_str rest = fuzz_rest(&in);
    ts_buf_z(&request, host.serve_token);
    ts_buf_c(&request, '\0');
    ts_buf_str(&request, rest);
    FUZZ_CHECK(ts_ipc_call(host.serve_address, ts_buf_view(&request), &answer, &err) ==
                   TS_OK,
               "%s", err.text);
    check_answer(&answer, rest);
    ts_buf_free(&request);
    ts_buf_free(&answer);
    return 0;
}
