#include "platform/ipc.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/thread.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct ts_ipc *server;
static struct ts_err err;

static void echo(void *ctx, ts_str request, struct ts_buf *answer)
{
    int *calls = ctx;

    ++*calls;
    ts_buf_fmt(answer, "%zu:", request.n);
    ts_buf_str(answer, request);
}

static int calls;

static void start(void)
{
    calls = 0;
    cr_assert_eq(ts_ipc_serve(&server, echo, &calls, &err), TS_OK, "%s", err.text);
}

static void stop(void)
{
    ts_ipc_stop(server);
    server = NULL;
}

TestSuite(ipc, .init = start, .fini = stop);

static void expect_echo(const char *text)
{
    struct ts_buf answer = {0};
    char *want = ts_format("%zu:%s", strlen(text), text);

    cr_assert_eq(ts_ipc_call(ts_ipc_address(server), ts_str_of(text), &answer, &err),
                 TS_OK, "%s", err.text);
    cr_assert_str_eq(answer.p, want);
    ts_buf_free(&answer);
    ts_free(want);
}

/* A client of our own that may say anything. */
static int connect_raw(void)
{
    const char *address = ts_ipc_address(server);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    memcpy(a.sun_path + 1, address + 1, strlen(address) - 1);
    socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address));
    cr_assert_eq(connect(fd, (struct sockaddr *)&a, n), 0);
    return fd;
}

Test(ipc, a_request_is_answered)
{
    expect_echo("hello");
    expect_echo("");
    expect_echo("again");
    cr_assert_eq(calls, 3);
}

Test(ipc, large_requests_arrive_whole)
{
    struct ts_buf request = {0}, answer = {0};

    for (int i = 0; i < 1 << 20; i++) {
        ts_buf_c(&request, (char)('a' + i % 26));
    }
    cr_assert_eq(
        ts_ipc_call(ts_ipc_address(server), ts_buf_view(&request), &answer, &err), TS_OK,
        "%s", err.text);
    cr_assert_eq(answer.n, request.n + 8);
    cr_assert_eq(memcmp(answer.p + 8, request.p, request.n), 0);
    ts_buf_c(&request, 'x');
    cr_assert_eq(
        ts_ipc_call(ts_ipc_address(server), ts_buf_view(&request), &answer, &err),
        TS_ELIMIT);
    ts_buf_free(&request);
    ts_buf_free(&answer);
}

Test(ipc, a_silent_client_holds_up_nobody)
{
    int silent = connect_raw(), half = connect_raw();

    cr_assert_eq(write(half, "\0\0\0\x10half", 8), 8);
    expect_echo("hello");
    close(silent);
    close(half);
    expect_echo("hello");
    cr_assert_eq(calls, 2);
}

Test(ipc, a_client_that_lies_about_its_size_is_dropped)
{
    static const char *const lies[] = {"\xFF\xFF\xFF\xFFxx", "\0\0\0\1too much"};
    static const size_t sizes[] = {6, 12};
    char byte;

    for (size_t i = 0; i < 2; i++) {
        int fd = connect_raw();
        cr_assert_eq(write(fd, lies[i], sizes[i]), (ssize_t)sizes[i]);
        ssize_t n = read(fd, &byte, 1);
        cr_assert(n <= 0, "the server answered");
        close(fd);
    }
    expect_echo("hello");
    cr_assert_eq(calls, 1);
}

Test(ipc, more_clients_than_places_are_served)
{
    int fds[80];

    for (int i = 0; i < 80; i++) {
        fds[i] = connect_raw();
    }
    for (int i = 0; i < 80; i++) {
        char answer[4] = {0};
        cr_assert_eq(write(fds[i], "\0\0\0\1x", 5), 5);
        cr_assert_eq(read(fds[i], answer, 4), 4);
        close(fds[i]);
    }
    cr_assert_eq(calls, 80);
}

static void call_many(void *ctx)
{
    int *good = ctx;

    for (int i = 0; i < 300; i++) {
        struct ts_buf answer = {0};
        char text[16];
        int n = snprintf(text, sizeof text, "n%d", i);
        if (ts_ipc_call(ts_ipc_address(server), (ts_str){text, (size_t)n}, &answer,
                        NULL) == TS_OK &&
            strcmp(strchr(answer.p, ':') + 1, text) == 0) {
            ++*good;
        }
        ts_buf_free(&answer);
    }
}

Test(ipc, several_threads_ask_at_once)
{
    int good[4] = {0};
    struct ts_thread *t[4];

    for (int i = 0; i < 4; i++) {
        t[i] = ts_thread_start(call_many, &good[i]);
    }
    for (int i = 0; i < 4; i++) {
        ts_thread_join(t[i]);
        cr_assert_eq(good[i], 300);
    }
}

Test(ipc, nobody_listens_after_the_end)
{
    struct ts_buf answer = {0};
    char *address = ts_strdup(ts_ipc_address(server));

    stop();
    cr_assert_eq(ts_ipc_call(address, TS_S("x"), &answer, &err), TS_ENOTFOUND);
    cr_assert_eq(ts_ipc_call("", TS_S("x"), &answer, &err), TS_ENOTFOUND);
    cr_assert_eq(ts_ipc_call("@", TS_S("x"), &answer, &err), TS_ENOTFOUND);
    ts_free(address);
    ts_ipc_stop(NULL);
}

Test(ipc, every_server_has_an_address_of_its_own)
{
    struct ts_ipc *other;

    cr_assert_eq(ts_ipc_serve(&other, echo, &calls, &err), TS_OK);
    cr_assert_str_neq(ts_ipc_address(server), ts_ipc_address(other));
    ts_ipc_stop(other);
    expect_echo("still there");
}

Test(ipc, another_user_gets_no_answer)
{
    if (geteuid() != 0) {
        cr_skip_test("only root may become another user");
    }
    /* root asks a server of its own; nobody is refused */
    pid_t child = fork();
    if (child == 0) {
        struct ts_buf answer = {0};
        if (setgid(65534) != 0 || setuid(65534) != 0) {
            _exit(9);
        }
        enum ts_code rc = ts_ipc_call(ts_ipc_address(server), TS_S("x"), &answer, NULL);
        _exit(rc == TS_OK ? 1 : 0);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(calls, 0);
}
