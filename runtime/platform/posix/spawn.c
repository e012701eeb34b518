/* spawn.c - starting a program. */
#include "platform/posix/process.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/posix/posix.h"
#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Signals that mean something to us and must mean the usual to the program. */
static const int usual_signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                    SIGPIPE, SIGCHLD, SIGUSR1, SIGUSR2};

/* ---- environment ---------------------------------------------------------------------
 */

static bool same_name(const char *entry, const char *wanted)
{
    size_t n = strcspn(wanted, "=");

    return strncmp(entry, wanted, n) == 0 && entry[n] == '=';
}

static bool overridden(const char *entry, const char *const *changes)
{
    for (size_t i = 0; changes[i]; i++) {
        if (same_name(entry, changes[i])) {
            return true;
        }
    }
    return false;
}

/* Ours with the changes; the array is the caller's, the texts are not. */
static char **merged_environment(const char *const *changes)
{
    size_t ours = 0, theirs = 0, n = 0;

    while (environ && environ[ours]) {
        ours++;
    }
    while (changes && changes[theirs]) {
        theirs++;
    }
    char **env = ts_alloc_array(ours + theirs + 1, sizeof *env);
    for (size_t i = 0; i < ours; i++) {
        if (!changes || !overridden(environ[i], changes)) {
            env[n++] = environ[i];
        }
    }
    for (size_t i = 0; i < theirs; i++) {
        /* The last of several for one name counts. */
        if (strchr(changes[i], '=') && !overridden(changes[i], changes + i + 1)) {
            env[n++] = (char *)changes[i];
        }
    }
    return env;
}

/* ---- standard streams ----------------------------------------------------------------
 */

/* Descriptors below 3 would be in the way of the child's own. */
static int above_standard(int fd)
{
    if (fd < 0 || fd > 2) {
        return fd;
    }
    int higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int os = errno;
    close(fd);
    errno = os;
    return higher;
}

static int make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ends[0] = ends[1] = -1;
        return -1;
    }
    ends[0] = above_standard(ends[0]);
    ends[1] = above_standard(ends[1]);
    return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

/* Something to read `input` from: a pipe that holds it already, or, when it is longer
 * than a pipe, a file in memory.  So nobody has to write while the program runs. */
static int open_input(ts_str input)
{
    int ends[2], fd;

    if (make_pipe(ends) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 &&
        input.n <= PIPE_BUF * 16 &&
        write(ends[1], input.p, input.n) == (ssize_t)input.n) {
        close(ends[1]);
        return ends[0];
    }
    close(ends[0]);
    close(ends[1]);
    fd = above_standard(memfd_create("input", MFD_CLOEXEC));
    if (fd >= 0 &&
        (px_write_all(fd, input.p, input.n) != 0 || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* What the child's descriptors 0, 1, 2 become: -1 is /dev/null, the same number is ours.
 */
struct streams {
    int in, out, err;
};

static void close_fd(int fd)
{
    if (fd > 2) {
        close(fd);
    }
}

static enum ts_code open_streams(struct streams *s, struct px_running *r, ts_str input,
                                 enum px_output output, struct ts_err *err)
{
    int out[2] = {-1, -1}, errors[2] = {-1, -1};

    *s = (struct streams){-1, -1, -1};
    if (input.n && (s->in = open_input(input)) < 0) {
        return ts_fail_os(err, errno, "cannot hand input to a program");
    }
    if (output == PX_INHERIT) {
        s->out = STDOUT_FILENO;
        s->err = STDERR_FILENO;
    }
    if (output != PX_PIPES) {
        return TS_OK;
    }
    if (make_pipe(out) != 0 || make_pipe(errors) != 0) {
        int os = errno;
        close_fd(s->in);
        close_fd(out[0]);
        close_fd(out[1]);
        close_fd(errors[0]);
        close_fd(errors[1]);
        return ts_fail_os(err, os, "cannot make pipes for a program's output");
    }
    r->out[0] = out[0];
    r->out[1] = errors[0];
    s->out = out[1];
    s->err = errors[1];
    return TS_OK;
}

/* ---- starting ------------------------------------------------------------------------
 */

struct start {
    const struct ts_proc_spec *spec;
    const char *program;
    char **env;
    struct streams streams;
    bool session;
};

/* posix_spawn does not copy our memory, so it is as fast for a large process as for a
 * small one.  0 or errno. */
static int start_fast(const struct start *s, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t set;
    int targets[] = {s->streams.in, s->streams.out, s->streams.err}, rc = 0;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attr, &set);
    for (size_t i = 0; i < sizeof usual_signals / sizeof usual_signals[0]; i++) {
        sigaddset(&set, usual_signals[i]);
    }
    posix_spawnattr_setsigdefault(&attr, &set);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(
        &attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                       (s->session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP)));
    for (int i = 0; i < 3 && rc == 0; i++) {
        if (targets[i] < 0) {
            rc = posix_spawn_file_actions_addopen(&actions, i, "/dev/null",
                                                  i == 0 ? O_RDONLY : O_WRONLY, 0);
        } else if (targets[i] != i) {
            rc = posix_spawn_file_actions_adddup2(&actions, targets[i], i);
        }
    }
    if (rc == 0 && s->spec->cwd) {
        rc = posix_spawn_file_actions_addchdir_np(&actions, s->spec->cwd);
    }
    if (rc == 0) {
        rc =
            posix_spawn(pid, s->program, &actions, &attr, (char **)s->spec->argv, s->env);
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return rc;
}

struct identity {
    uid_t uid;
    gid_t gid, groups[256];
    int count;
};

/* Looked up before the fork: the functions that read the accounts may take locks. */
static void find_identity(struct identity *id, const struct ts_proc_spec *spec)
{
    struct passwd entry, *found = NULL;
    char space[4096];

    *id = (struct identity){.uid = spec->uid, .gid = spec->gid, .count = 256};
    if (getpwuid_r(spec->uid, &entry, space, sizeof space, &found) != 0 || !found ||
        getgrouplist(found->pw_name, spec->gid, id->groups, &id->count) < 0) {
        id->groups[0] = spec->gid;
        id->count = 1;
    }
}

/* Hand the listener over to our parent.  System calls only. */
static void send_listener(int report, int listener)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    char byte = 'w';
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &listener, sizeof(int));
    (void)sendmsg(report, &m, MSG_NOSIGNAL);
}

/* In the child, between fork and exec: system calls only.  Returns on failure. */
static void become(const struct start *s, const struct identity *id, int report)
{
    int targets[] = {s->streams.in, s->streams.out, s->streams.err};
    sigset_t none;

    if (s->session ? setsid() < 0 : setpgid(0, 0) != 0) {
        return;
    }
    for (int i = 0; i < 3; i++) {
        int fd = targets[i] >= 0 ? targets[i]
                                 : open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY);
        if (fd < 0 || (fd != i && dup2(fd, i) < 0)) {
            return;
        }
    }
    if (id && (setgroups((size_t)id->count, id->groups) != 0 || setgid(id->gid) != 0 ||
               setuid(id->uid) != 0)) {
        return;
    }
    if (s->spec->cwd && chdir(s->spec->cwd) != 0) {
        return;
    }
    for (size_t i = 0; i < sizeof usual_signals / sizeof usual_signals[0]; i++) {
        signal(usual_signals[i], SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (px_watching()) {
        int listener = px_watch_me();
        if (listener >= 0) {
            send_listener(report, listener);
        }
    }
    execve(s->program, (char **)s->spec->argv, s->env);
}

/* The next message of the child: its listener, or why it could not start.  False: exec
 * has closed the other end. */
static bool hear(int report, int *listener, int *os)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    int word = 0;
    struct iovec iov = {.iov_base = &word, .iov_len = sizeof word};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    ssize_t got;

    do {
        got = recvmsg(report, &m, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (c && c->cmsg_type == SCM_RIGHTS) {
        memcpy(listener, CMSG_DATA(c), sizeof(int));
    } else if (got == sizeof word) {
        *os = word;
    }
    return got > 0;
}

/* By a copy of ourselves: as another user, or watched.  0 or errno. */
static int start_forked(const struct start *s, pid_t *pid)
{
    struct identity id;
    int report[2], os = 0, listener = -1;

    if (s->spec->run_as) {
        find_identity(&id, s->spec);
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) != 0) {
        return errno;
    }
    report[0] = above_standard(report[0]);
    report[1] = above_standard(report[1]);
    *pid = fork();
    if (*pid == 0) {
        become(s, s->spec->run_as ? &id : NULL, report[1]);
        os = errno;
        (void)send(report[1], &os, sizeof os, MSG_NOSIGNAL);
        _exit(127);
    }
    os = *pid < 0 ? errno : 0;
    close(report[1]);
    while (*pid > 0 && hear(report[0], &listener, &os)) {
    }
    close(report[0]);
    if (*pid > 0 && os) {
        waitpid(*pid, NULL, 0);
    }
    if (listener >= 0 && os == 0) {
        px_watch_answer(listener);
    } else if (listener >= 0) {
        close(listener);
    }
    return os;
}

static enum ts_code explain_start(const struct start *s, int os, struct ts_err *err)
{
    struct ts_stat st;
    const char *cwd = s->spec->cwd;

    if (cwd && (ts_fs_stat(cwd, &st, NULL) != TS_OK || access(cwd, X_OK) != 0)) {
        return ts_fail(err, TS_ENOTFOUND,
                       "cannot start %s: its folder %s cannot be entered", s->program,
                       cwd);
    }
    if (os == ENOENT && ts_fs_exists(s->program)) {
        return ts_fail(err, TS_ENOTFOUND,
                       "cannot start %s: the interpreter or loader it asks for does not "
                       "exist",
                       s->program);
    }
    enum ts_code rc = ts_fail_os(err, os, "cannot start %s", s->program);
    if (os == ENOENT || os == ENOTDIR || os == EACCES || os == ENOEXEC || os == ELOOP) {
        rc = TS_ENOTFOUND;
        if (err) {
            err->code = rc;
        }
    }
    return rc;
}

enum ts_code px_spawn(struct px_running *r, const struct ts_proc_spec *spec,
                      enum px_output output, bool session, struct ts_err *err)
{
    struct start s = {.spec = spec, .program = spec->program, .session = session};
    char *found = NULL;
    enum ts_code rc = TS_OK;

    *r = (struct px_running){.pid = -1, .handle = -1, .out = {-1, -1}};
    r->began_ns = ts_mono_ns();
    if (!s.program) {
        if ((rc = ts_proc_find(&found, spec->argv[0], spec->cwd, NULL, err)) != TS_OK) {
            return rc;
        }
        s.program = found;
    }
    if ((rc = open_streams(&s.streams, r, spec->input, output, err)) == TS_OK) {
        s.env = merged_environment(spec->env);
        ts_power_point();
        int os = spec->run_as || px_watching() ? start_forked(&s, &r->pid)
                                               : start_fast(&s, &r->pid);
        close_fd(s.streams.in);
        close_fd(s.streams.out);
        close_fd(s.streams.err);
        ts_free(s.env);
        if (os != 0) {
            close_fd(r->out[0]);
            close_fd(r->out[1]);
            r->out[0] = r->out[1] = -1;
            rc = explain_start(&s, os, err);
        } else {
            px_started_add(r->pid);
            r->handle = (int)syscall(SYS_pidfd_open, r->pid, 0);
        }
    }
    ts_free(found);
    return rc;
}
