/* host.h - what steps may do, in plain C.  Every effect of a step goes through here. */
#ifndef TS_STEPS_HOST_H
#define TS_STEPS_HOST_H

#include "events/events.h"
#include "facts/facts.h"
#include "log/log.h"
#include "migrate/migrate.h"
#include "platform/proc.h"
#include "steps/step.h"
#include "vars/vars.h"

#define TS_TAIL_MAX (64 * 1024)

/* A machine that is only told of (taskseq test): it answers whatever steps and engine would
 * ask of the real one or do to it. */
struct ts_host_fake {
    void *ctx;
    /* `name`: what a step calls ("run", "fs.write", "store.wipe"), `args`: an array of its
     * arguments.  *out: an array of what the call answers, in `a` or longer-lived; left
     * NULL the call touches no machine and is carried out.  call NULL: the engine asks, for
     * "windows" or "run".  An error is the call's; after TS_ELOST the engine stops where it
     * is, as a machine without power does. */
    enum ts_code (*effect)(void *ctx, struct ts_step_call *call, const char *name,
                           const struct ts_value *args, struct ts_arena *a,
                           const struct ts_value **out, struct ts_err *err);
};

/* One per run; made by whoever runs the engine. */
struct ts_host {
    struct ts_log *log;
    struct ts_events *events;
    struct ts_vars *vars;
    const struct ts_sequence *seq;
    enum ts_phase phase;       /* now: WINPE or FULLOS */
    const char *machine;       /* id */
    struct ts_facts *facts;    /* what the machine is; NULL: nobody knows */
    const char *run;           /* uid */
    const char *state_dir;     /* native; changes when the state moves */
    const char *serve_address; /* for `taskseq get`, NULL if not served */
    char serve_token[33];      /* what authorises it; random per run, "" if not served */
    struct ts_mutex *lock;     /* held by the engine's thread except while it waits for a
                                  program; the server takes it to read or set variables */
    /* Move a state that is on a volatile drive to the drive that `path` is on. May be
     * NULL. */
    enum ts_code (*settle_state)(void *ctx, const char *path, struct ts_err *err);
    void *ctx;
    /* Folders destructive steps must keep, native paths: added by RequestStateStore and
     * the runtime. */
    char **protected_paths;
    size_t protected_count;
    const struct ts_host_fake *fake; /* NULL: the machine is real */
};
void ts_host_protect(struct ts_host *h, const char *native_path);
/* Is it a protected path, or below one?  Without regard to case. */
bool ts_host_is_protected(const struct ts_host *h, const char *native_path);
/* May a step put a file there?  Not into a state store: one file over its catalogue, and
 * what a wipe left of the users' files has no names any more; nor over the run's record. */
TS_NODISCARD enum ts_code ts_host_may_put(struct ts_step_call *c, const char *native_path,
                                          struct ts_err *err);
/* Is a protected path below it?  Removing it would take that along. */
bool ts_host_holds_protected(const struct ts_host *h, const char *native_path);
void ts_host_fini(struct ts_host *h); /* what host.c allocated */

/* ---- for every step ------------------------------------------------------------------
 */

/* TS_OK, or TS_ECANCELLED / TS_ETIMEOUT when the step has to stop. */
TS_NODISCARD enum ts_code ts_host_check(struct ts_step_call *c, struct ts_err *err);
void ts_host_log(struct ts_step_call *c, enum ts_level level, const char *fmt, ...)
    TS_PRINTF(3, 4);
/* percent -1: not known.  Told at most five times a second, except 100. */
void ts_host_progress(struct ts_step_call *c, int percent, const char *text);
/* Output of a program, secrets masked: to log, event and tail.  LF, CR LF and a lone CR
 * end a line; lines longer than 8 KiB come in pieces; a last line without an end is kept
 * until more comes, ts_host_output_idle finds it a second old, or ts_host_output_end. */
void ts_host_output(struct ts_step_call *c, enum ts_stream stream, ts_str bytes);
void ts_host_output_idle(struct ts_step_call *c);
void ts_host_output_end(struct ts_step_call *c);
/* Something was changed on the volume of `dir`: it is durable after ts_host_settle. */
TS_NODISCARD enum ts_code ts_host_touched(struct ts_step_call *c, struct ts_dir *dir,
                                          struct ts_err *err);
/* Make all that the step changed through this interface durable, once for each volume.
 * Whoever runs a step calls it when the step has ended, before that is recorded. */
TS_NODISCARD enum ts_code ts_host_settle(struct ts_step_call *c, struct ts_err *err);
/* Callbacks for the migration engine that report through this step. */
struct ts_mig_env ts_host_mig_env(struct ts_step_call *c);
/* Folder of a package of the sequence, native.  Caller frees.  TS_ENOTFOUND: says which
 * packages there are. */
TS_NODISCARD enum ts_code ts_host_package(struct ts_step_call *c, const char *name,
                                          char **out, struct ts_err *err);

/* ---- programs (host_run.c) -----------------------------------------------------------
 */

struct ts_run_spec {
    const struct ts_value *command; /* string or array of strings, expanded */
    const char *start_in;           /* NULL: package folder, else the sequence's folder */
    const char *package;            /* NULL: none */
    const char *input;              /* NULL: empty */
    const struct ts_value *env;     /* object of strings or NULL */
    const char *run_as;             /* user name or NULL */
    bool hide_command;              /* OSDDoNotLogCommand */
    struct ts_buf *capture; /* last 1,000 characters of standard output, or NULL */
};
/* Fill package, input, env and run_as from the options of the step's node, expanded, with
 * secrets that went in hidden, and hide_command from OSDDoNotLogCommand.  What it points
 * to is in the call's arena.  command, start_in and capture are left alone. */
void ts_host_run_options(struct ts_step_call *c, struct ts_run_spec *s);

/* Run it under the step's time limit; output goes to the log as it comes; the program
 * finds TASKSEQ_RUN, TASKSEQ_ADDRESS, TASKSEQ_TOKEN in its environment (with run_as not
 * the last two: another account may not steer the sequence), and for every drive letter
 * TASKSEQ_DRIVE_C=/native/folder.  start_in and a
 * program path given with a drive letter are mapped; arguments are passed unchanged.  A
 * relative start_in is below the package's folder, else the sequence's.  The program is
 * looked for in the start-in folder, the package's, the sequence's, then in PATH.
 * TS_ENOTFOUND: the program or start-in folder does not exist; the message says where it
 * was looked for, with 0x80070002 (or 0x80070003 for the folder), and out->code holds
 * that code.  TS_EUNSUPPORTED: a Windows program on a system that cannot run it.
 * TS_ETIMEOUT, TS_ECANCELLED: it and every process it started were ended first. */
TS_NODISCARD enum ts_code ts_host_run(struct ts_step_call *c, const struct ts_run_spec *s,
                                      struct ts_proc_result *out, struct ts_err *err);

/* ---- files (host_fs.c): paths of either kind; users' links are never followed -------
 */

TS_NODISCARD enum ts_code ts_host_stat(struct ts_step_call *c, const char *path,
                                       struct ts_stat *out, struct ts_err *err);
TS_NODISCARD enum ts_code ts_host_read(struct ts_step_call *c, const char *path,
                                       size_t max, struct ts_buf *out,
                                       struct ts_err *err);
TS_NODISCARD enum ts_code ts_host_write(struct ts_step_call *c, const char *path,
                                        ts_str text, bool append, struct ts_err *err);
TS_NODISCARD enum ts_code ts_host_mkdir(struct ts_step_call *c, const char *path,
                                        struct ts_err *err);
struct ts_copy_spec {
    const char *from, *to; /* from: file, folder, or last part with wildcards */
    bool overwrite;        /* else an existing file is TS_EEXIST */
    bool recurse;
};
/* Copy content, times and permission bits; a folder's content into `to` (made).  *files:
 * copied.  Running it again gives the same end. */
TS_NODISCARD enum ts_code ts_host_copy(struct ts_step_call *c,
                                       const struct ts_copy_spec *s, uint64_t *files,
                                       uint64_t *bytes, struct ts_err *err);
/* Delete a file, a folder tree, or what matches wildcards in the last part.  Absent:
 * fine. A protected path, or one that holds one, is TS_EREFUSED. */
TS_NODISCARD enum ts_code ts_host_delete(struct ts_step_call *c, const char *path,
                                         bool recurse, uint64_t *files,
                                         struct ts_err *err);

/* ---- images (host_image.c, host_archive.c) -------------------------------------------
 */

struct ts_image_spec {
    const char *source; /* folder, tar archive (any filter libarchive reads), or .wim */
    const char *target; /* folder or drive */
    int index;          /* WIM image, 1.. */
};
/* Put an image onto a drive.  Protected paths are kept: an entry of the image below one
 * is left out with a warning.  Names in the image that climb out, are absolute, or go
 * through a link are TS_EINPUT. */
TS_NODISCARD enum ts_code ts_host_image_apply(struct ts_step_call *c,
                                              const struct ts_image_spec *s,
                                              uint64_t *files, uint64_t *bytes,
                                              struct ts_err *err);

/* ---- variables for programs (host_serve.c) -------------------------------------------
 */

struct ts_serve;
/* Serve `taskseq get/set` until stopped: on a thread, under h->lock.  Sets
 * h->serve_address and h->serve_token, which is random per run.  Programs of the run may
 * read every variable, secret ones too, and set what a step may. */
TS_NODISCARD enum ts_code ts_serve_start(struct ts_serve **out, struct ts_host *h,
                                         struct ts_err *err);
/* Waits for a request being answered, so h->lock must not be held.  NULL is allowed. */
void ts_serve_stop(struct ts_serve *s);
/* The client: what: "get", "path" (the value as a native path), "set".  Address and token
 * from the environment.  TS_ENOTFOUND: no run around, or no such variable (the message
 * says which).  *out: caller frees. */
TS_NODISCARD enum ts_code ts_serve_call(const char *what, const char *name,
                                        const char *value, char **out,
                                        struct ts_err *err);

#endif
