/* cmd_run.c - run and resume. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/session.h"
#include "platform/clock.h"
#include "platform/power.h"
#include "platform/proc.h"
#include "platform/sysinfo.h"

#define TS_RUN_OPTIONS                                                                 \
    {"state", 0, "DIR", false, "Folder of the run's state"},                           \
        {"log-dir", 0, "DIR", false,                                                   \
         "Folder for smsts.log (default: logs in the state)"},                         \
        {"events", 0, "FILE", false,                                                   \
         "Append events as JSON Lines to FILE; - is standard output"},                 \
        {"on-restart", 0, "HOW", false,                                                \
         "reboot: restart this machine, which then goes on by itself; exit (default): " \
         "leave it to the caller, exit code 10"},                                       \
        {"from", 0, "STEP-ID", false, "Go on at this step"},                           \
        {"verbose", 'v', NULL, false, "Show what programs print"},                     \
        {"quiet", 'q', NULL, false, "Show failures only"}, TS_SESSION_OPTIONS

static const struct ts_opt run_options[] = {
    TS_RUN_OPTIONS,
    TS_VARIABLE_OPTIONS,
    {"discard", 0, NULL, false, "Give up an unfinished run found in the state"},
    {"archive", 0, NULL, false,
     "Move an unfinished run found in the state to its archive"},
    {NULL, 0, NULL, false, NULL}};
static const struct ts_opt resume_options[] = {
    TS_RUN_OPTIONS,
    {"accept-changes", 0, "FILE", false,
     "Go on with the sequence as it is in FILE now, at the same step"},
    {NULL, 0, NULL, false, NULL}};

/* The lab moves pending deletions itself; a Linux machine does them at resume. */
static void pending_file(struct ts_session *s, bool carry_out)
{
    char *path;
    size_t done = 0, left = 0;

    if (s->lab)
        return;
    path = ts_path_join(ts_state_dir(s->state), "pending");
    if (carry_out && ts_power_run_pending(path, &done, &left, NULL) == TS_OK &&
        done + left)
        ts_cli_say("%zu deletions that waited for the restart were carried out%s", done,
                   left ? ", some are left" : "");
    ts_power_pending_file(path);
    ts_free(path);
}

/* The step types beside the sequence are kept, so that resume needs no share. */
static enum ts_code keep_steps(struct ts_session *s, const char *sequence,
                               struct ts_err *err)
{
    const char *slash = strrchr(sequence, '/');
    char *folder = slash ? ts_str_dup((ts_str){sequence, (size_t)(slash - sequence) + 1})
                         : ts_strdup("./");
    char *from = ts_path_join(folder, "steps"), *to;
    struct ts_dir *d = NULL;
    const char *name;
    enum ts_ftype type;
    enum ts_code rc = TS_OK;

    to = ts_path_join(ts_state_dir(s->state), "steps");
    if (ts_fs_remove_tree(to, err) != TS_OK)
        rc = err->code;
    if (rc == TS_OK && ts_dir_open(&d, from, false, NULL) == TS_OK)
        rc = ts_fs_mkdirs(to, 0700, err);
    while (rc == TS_OK && d && (rc = ts_dir_next(d, &name, &type, err)) == TS_OK &&
           name) {
        char *source = ts_path_join(from, name), *target = ts_path_join(to, name);
        struct ts_buf text = {0};

        if (ts_str_ends(ts_str_of(name), TS_S(".lua")) &&
            (rc = ts_file_read(source, 16 << 20, &text, err)) == TS_OK)
            rc = ts_file_replace(target, ts_buf_text(&text), text.n, 0600, err);
        ts_buf_free(&text);
        ts_free(source);
        ts_free(target);
    }
    ts_dir_close(d);
    ts_free(to);
    ts_free(from);
    ts_free(folder);
    return rc;
}

/* An unfinished run must be dealt with; a finished one is archived silently. */
static enum ts_code make_room(struct ts_session *s, struct ts_err *err)
{
    struct ts_run last;
    enum ts_code rc = ts_state_last_run(s->state, &last, err);
    char when[32];

    if (rc == TS_ENOTFOUND)
        return TS_OK;
    if (rc != TS_OK)
        return rc;
    if (last.status != TS_RUN_RUNNING && last.status != TS_RUN_RESTARTING)
        return ts_state_archive(s->state, err);
    if (ts_args_has(s->args, "discard"))
        return ts_state_discard(s->state, last.id, err);
    if (ts_args_has(s->args, "archive")) {
        rc = ts_state_discard(s->state, last.id, err);
        return rc == TS_OK ? ts_state_archive(s->state, err) : rc;
    }
    ts_time_rfc3339(when, last.started_ms);
    return ts_fail(
        err, TS_EREFUSED,
        "the state in %s holds an unfinished run of \"%s\" (started %s, %s); go on "
        "with it by taskseq resume, or give it up with --discard or --archive",
        ts_state_dir(s->state), last.sequence_name, when,
        ts_run_status_name(last.status));
}

static void show_finding(void *ctx, const struct ts_finding *f)
{
    int *errors = ctx;

    if (f->severity != TS_ERROR)
        return;
    fprintf(stderr, "%s:%d: error: %s [%s]\n", f->pos.file ? f->pos.file : "",
            f->pos.line, f->message, f->rule);
    ++*errors;
}

static bool stop_on_findings(struct ts_session *s)
{
    int errors = 0;

    (void)ts_check(s->seq, &s->steps, show_finding, &errors);
    return errors > 0;
}

static enum ts_code begin(struct ts_session *s, const char *path, struct ts_err *err)
{
    struct ts_buf model = {0};
    char *native = NULL, *real = NULL;
    enum ts_code rc;

    ts_sequence_to_json(&model, s->seq, true, 0);
    ts_sequence_hash(s->hash, s->seq);
    if ((rc = ts_path_native(&native, path, NULL, err)) != TS_OK ||
        (rc = ts_fs_real(native, &real, err)) != TS_OK)
        goto done;
    s->run = (struct ts_run){.sequence_name = s->seq->name,
                             .sequence_file = real,
                             .sequence_hash = s->hash,
                             .model = ts_buf_text(&model),
                             .machine = s->machine,
                             .position = "",
                             .work_dir = s->seq->folder ? s->seq->folder : "",
                             .status = TS_RUN_RUNNING,
                             .started_ms = ts_now_ms(),
                             .error = ""};
    if ((rc = ts_state_begin(s->state, &s->run, err)) == TS_OK)
        rc = keep_steps(s, real, err);
done:
    /* The texts of s->run live on in the state; only uid and next_seq are used from here.
     */
    ts_buf_free(&model);
    ts_free(native);
    ts_free(real);
    return rc;
}

/* The state, made if it is not there.  A folder that cannot be used is the runtime's
 * trouble, not the input's. */
static enum ts_code open_state(struct ts_session *s, struct ts_err *err)
{
    enum ts_code rc = ts_state_open(&s->state, s->place.dir, true, false, err);

    if (rc == TS_EINPUT || rc == TS_ENOTFOUND || rc == TS_ELINK)
        err->code = rc = TS_EIO;
    return rc;
}

static void new_tools(struct ts_session *s)
{
    s->vars = ts_vars_new();
    s->log = ts_log_new();
    s->events = ts_events_new();
    ts_cancel_install();
}

static int run(const struct ts_args *args)
{
    struct ts_session s = {0};
    struct ts_err err = {0};
    bool ours = false; /* the state folder has no other run to go on with */
    int exit_code;

    if (args->word_count != 1)
        return ts_cli_usage("run wants one sequence, got %zu", args->word_count);
    if (ts_args_has(args, "discard") && ts_args_has(args, "archive"))
        return ts_cli_usage("--discard and --archive exclude each other");
    new_tools(&s);
    if (ts_session_machine(&s, args, &err) != TS_OK)
        goto failed;
    if (ts_session_sequence(&s, args->words[0], &err) != TS_OK) {
        /* Whatever the reason a sequence cannot be read: nothing was done. */
        ts_cli_say("%s", err.text);
        exit_code = TS_EXIT_USAGE;
        goto done;
    }
    if (stop_on_findings(&s)) {
        exit_code = TS_EXIT_USAGE;
        goto done;
    }
    if (ts_args_get(args, "from") &&
        !ts_sequence_find(s.seq, ts_args_get(args, "from"))) {
        ts_fail(&err, TS_EINPUT, "there is no step %s in %s", ts_args_get(args, "from"),
                args->words[0]);
        goto failed;
    }
    if (ts_session_variables(&s, true, &err) != TS_OK ||
        ts_place_new(&s.place, ts_args_get(args, "state"), s.phase, s.machine, &err) !=
            TS_OK ||
        open_state(&s, &err) != TS_OK || make_room(&s, &err) != TS_OK)
        goto failed;
    ts_session_forget(&s); /* of a run that was given up */
    ours = true;
    if (ts_session_restarts(&s, &err) != TS_OK ||
        begin(&s, args->words[0], &err) != TS_OK)
        goto failed;
    pending_file(&s, false);
    if (ts_session_start(&s, &err) != TS_OK)
        goto failed;
    exit_code = ts_session_engine(&s, false, ts_args_get(args, "from"));
    goto done;
failed:
    if (ours)
        ts_session_forget(&s); /* nothing was begun: nothing is to go on */
    exit_code = ts_cli_fail(&err);
done:
    ts_session_fini(&s);
    return exit_code;
}

/* ---- resume --------------------------------------------------------------------------
 */

static void say(void *ctx, const char *text)
{
    (void)ctx;
    ts_cli_say("warning: %s", text);
}

/* Say so when the original can be read and is another sequence now. */
static void compare_original(struct ts_session *s)
{
    struct ts_sequence *now = NULL;
    char hash[65] = "";

    if (ts_sequence_load(&now, s->run.sequence_file, &s->steps, NULL) != TS_OK)
        return; /* the share may be gone, or the file half-written: the stored one counts
                 */
    ts_sequence_hash(hash, now);
    if (strcmp(hash, s->run.sequence_hash) != 0)
        ts_cli_say(
            "%s has changed since this run started; going on with the sequence as it "
            "was (--accept-changes %s takes the new one)",
            s->run.sequence_file, s->run.sequence_file);
    ts_sequence_free(now);
}

/* What to go on with, checked to be ours. */
static enum ts_code open_run(struct ts_session *s, struct ts_err *err)
{
    const char *from = ts_args_get(s->args, "from");
    enum ts_code rc;

    rc = ts_place_find(&s->place, ts_args_get(s->args, "state"), s->phase, s->machine,
                       err);
    if (rc == TS_OK)
        rc = ts_state_open(&s->state, s->place.dir, false, false, err);
    if (rc == TS_OK)
        rc = ts_state_last_run(s->state, &s->run, err);
    if (rc != TS_OK)
        return rc;
    if (strcmp(s->run.machine, s->machine) != 0)
        return ts_fail(
            err, TS_EREFUSED,
            "the state in %s belongs to another machine (%s, this is %s); a run is "
            "never continued on another machine",
            s->place.dir, s->run.machine, s->machine);
    if (s->run.status == TS_RUN_RUNNING || s->run.status == TS_RUN_RESTARTING)
        return TS_OK;
    if (s->run.status == TS_RUN_FAILED && from)
        return TS_OK;
    return ts_fail(err, TS_ENOTFOUND,
                   "there is nothing to go on with: the last run of \"%s\" in %s %s %s%s",
                   s->run.sequence_name, s->place.dir,
                   s->run.status == TS_RUN_CANCELLED ? "was" : "has",
                   ts_run_status_name(s->run.status),
                   s->run.status == TS_RUN_FAILED
                       ? "; --from STEP-ID goes on with a failed run"
                       : "");
}

static enum ts_code stored_sequence(struct ts_session *s, struct ts_err *err)
{
    const char *changed = ts_args_get(s->args, "accept-changes");
    char *kept = ts_path_join(ts_state_dir(s->state), "steps");
    enum ts_code rc;

    if (changed)
        rc = ts_session_sequence(s, changed, err);
    else if ((rc = ts_session_steps(s, kept, err)) == TS_OK)
        rc = ts_sequence_restore(&s->seq, ts_str_of(s->run.model), &s->steps, err);
    if (rc == TS_OK && changed)
        ts_sequence_hash(s->hash, s->seq);
    else
        snprintf(s->hash, sizeof s->hash, "%s", s->run.sequence_hash);
    if (rc == TS_OK && !changed) {
        s->seq->folder = ts_arena_strz(&s->seq->arena, s->run.work_dir);
        compare_original(s);
    }
    ts_free(kept);
    return rc;
}

static int resume(const struct ts_args *args)
{
    struct ts_session s = {0};
    struct ts_err err = {0};
    const char *from = ts_args_get(args, "from");
    int exit_code;

    if (args->word_count != 0)
        return ts_cli_usage("resume takes no sequence: the state holds it");
    new_tools(&s);
    if (ts_session_machine(&s, args, &err) != TS_OK)
        goto failed;
    if (open_run(&s, &err) != TS_OK) {
        if (err.code == TS_ENOTFOUND && s.state)
            ts_session_ended(&s); /* a cut came between the end and this */
        goto failed;
    }
    if (stored_sequence(&s, &err) != TS_OK)
        goto failed;
    if (from && !ts_sequence_find(s.seq, from)) {
        ts_fail(&err, TS_EINPUT,
                "there is no step %s in \"%s\"; taskseq status lists them", from,
                s.seq->name);
        goto failed;
    }
    if (ts_state_load_vars(s.state, s.run.id, s.vars, say, NULL, &err) != TS_OK ||
        (s.run.status == TS_RUN_FAILED && ts_session_secrets(&s, &err) != TS_OK))
        goto failed;
    pending_file(&s, true);
    if (ts_session_restarts(&s, &err) != TS_OK || ts_session_start(&s, &err) != TS_OK)
        goto failed;
    exit_code = ts_session_engine(&s, true, from);
    goto done;
failed:
    exit_code = ts_cli_fail(&err);
done:
    ts_session_fini(&s);
    return exit_code;
}

const struct ts_command ts_cmd_run = {
    "run",
    "check a sequence, then run it",
    "run SEQUENCE [OPTIONS]",
    run_options,
    "The sequence is a .lua or .json file.  It is checked first: with errors in it "
    "nothing\n"
    "is done and the exit code is 2.  Every step is recorded before and after it runs, "
    "so\n"
    "that `taskseq resume` goes on after a restart, a crash or a power cut.\n",
    run};
const struct ts_command ts_cmd_resume = {
    "resume",
    "go on after a restart, a crash or a power cut",
    "resume [OPTIONS]",
    resume_options,
    "The state holds the whole sequence: the file it came from is not needed.  With "
    "nothing\n"
    "to go on with the exit code is 2.  --from STEP-ID goes on with a failed run, its\n"
    "variables kept.\n",
    resume};
