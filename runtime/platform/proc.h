/* proc.h - running programs, and being told to stop. */
#ifndef TS_PLATFORM_PROC_H
#define TS_PLATFORM_PROC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum ts_stream { TS_STDOUT, TS_STDERR };

struct ts_proc_spec {
    const char *const *argv;  /* NULL-terminated; argv[0] is looked up by ts_proc_find */
    const char *program;      /* native path to start; NULL: find argv[0] */
    const char *cwd;          /* native; NULL: ours */
    const char *const *env;   /* "NAME=VALUE", NULL-terminated, added to ours; "NAME" alone
                                 removes */
    ts_str input;             /* standard input; empty: an empty stream, never a terminal */
    int64_t timeout_ms;       /* 0: none */
    uint32_t uid, gid;        /* run as; used if run_as */
    bool run_as;
    /* Called as output comes, from the calling thread. */
    void (*output)(void *ctx, enum ts_stream stream, ts_str bytes);
    /* Called about ten times a second; false cancels. */
    bool (*tick)(void *ctx);
    void *ctx;
};

struct ts_proc_result {
    long long code;  /* exit code; 128+n when killed by signal n */
    bool timed_out, cancelled;
    int signal;      /* posix: the signal that ended it, else 0 */
    int64_t elapsed_ms;
};

/* Run to the end.  When the program exits the call returns, even if children of it live on
 * with our pipes open (their output is no longer read).  On time-out or cancel the whole
 * process tree is ended first (job object; process group and subreaper).  TS_ENOTFOUND:
 * could not be found or started. */
TS_NODISCARD enum ts_code ts_proc_run(const struct ts_proc_spec *spec,
                                      struct ts_proc_result *out, struct ts_err *err);

/* Find a program as the system would: with a separator, below `cwd`; else in each of
 * `folders` (NULL-terminated, may be NULL) and then PATH.  Out: caller frees.
 * TS_ENOTFOUND: the message lists every place looked at. */
TS_NODISCARD enum ts_code ts_proc_find(char **out, const char *name, const char *cwd,
                                       const char *const *folders, struct ts_err *err);

/* Split a command line as CommandLineToArgvW does (double quotes group, backslash is
 * itself except before a double quote), on every platform.  *argv: one block, ts_free. */
char **ts_argv_split(const char *command, size_t *n);
/* The reverse: a command line from which ts_argv_split gives argv back.  Caller frees. */
char *ts_argv_join(const char *const *argv);

/* Start a child that runs beside us; it leads a session of its own.  Its output goes where
 * ours goes (inherit_output), else to spec->output while ts_child_wait runs, else nowhere.
 * spec is not needed any more when this returns, but its ctx is. */
struct ts_child;
TS_NODISCARD enum ts_code ts_child_start(struct ts_child **out,
                                         const struct ts_proc_spec *spec,
                                         bool inherit_output, struct ts_err *err);
/* Wait until it ends or `ms` passed (-1: for ever).  *done says which. */
TS_NODISCARD enum ts_code ts_child_wait(struct ts_child *c, int64_t ms, bool *done,
                                        struct ts_proc_result *out, struct ts_err *err);
/* Ask the child to end in order (SIGTERM). */
void ts_child_stop(struct ts_child *c);
/* kill -9 of the child and every descendant, however it detached itself. */
void ts_child_kill_tree(struct ts_child *c);
void ts_child_free(struct ts_child *c);
/* Free the handle and let the child live on, also after we end. NULL is allowed. */
void ts_child_release(struct ts_child *c);
/* End, with force, every process started by an earlier process of this run: those whose
 * environment holds TASKSEQ_RUN=`run` (posix) or that are in its job (Windows), except
 * this one and its parents. */
void ts_proc_kill_run(const char *run);

/* The user's wish to stop (Ctrl-C, SIGTERM): install once; then ask.  From then on output
 * that nobody reads is an error of the write. */
void ts_cancel_install(void);
bool ts_cancelled(void);
void ts_cancel_set(bool on); /* for tests */

#endif
