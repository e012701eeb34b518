#include "machine.h"

#include "../fake/fake_steps.h"

#include "parse/parse.h"
#include "platform/fs.h"
#include "platform/power.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_BOOTS = 60,
    MAX_WORKED = 1000,
    LEFT_RESTART = 10,
    LEFT_ENDED = 20,
    LEFT_BROKEN = 98
};

/* What outlives a start: shared with the children, so that it survives their end. */
struct notes {
    int worked, commits;
    bool die_recorded;            /* at the next commit's return */
    char prepared[16], asked[16]; /* phases */
    int64_t delay;
    size_t ran_n, end_n;
    char ran[1 << 20], end[1 << 18];
};
static struct notes *notes;

static void note_text(char *to, size_t size, size_t *n, const struct ts_buf *b)
{
    if (*n + b->n >= size) {
        abort();
    }
    memcpy(to + *n, ts_buf_text(b), b->n);
    *n += b->n;
}

/* ---- losing power --------------------------------------------------------------------
 */

static const struct ts_value *kills; /* of the case */

static void lose_power(void)
{
    kill(getpid(), SIGKILL);
    for (;;) {
        pause();
    }
}

static bool is_due(const char *kind, int n)
{
    for (const struct ts_value *k = kills ? kills->first : NULL; k; k = k->next) {
        if (ts_value_get(k, "n")->integer == n &&
            strcmp(ts_value_text(k, "kind"), kind) == 0) {
            return true;
        }
    }
    return false;
}

/* The next power point to cut at, behind those already passed; 0: none. */
static uint64_t next_point(uint64_t passed)
{
    uint64_t best = 0;

    for (const struct ts_value *k = kills ? kills->first : NULL; k; k = k->next) {
        uint64_t n = (uint64_t)ts_value_get(k, "n")->integer;
        if (strcmp(ts_value_text(k, "kind"), "point") == 0 && n > passed &&
            (!best || n < best)) {
            best = n;
        }
    }
    return best;
}

/* The linker puts this in place of the state's own function. */
enum ts_code __real_ts_state_commit(struct ts_state *s, struct ts_err *err);
enum ts_code __wrap_ts_state_commit(struct ts_state *s, struct ts_err *err);
enum ts_code __wrap_ts_state_commit(struct ts_state *s, struct ts_err *err)
{
    enum ts_code rc = __real_ts_state_commit(s, err);

    notes->commits++;
    if (notes->die_recorded) {
        lose_power();
    }
    return rc;
}

/* The fake steps start no programs. */
void __wrap_ts_proc_kill_run(const char *run);
void __wrap_ts_proc_kill_run(const char *run)
{
    (void)run;
}

static void broken(const char *what, const char *why)
{
    struct ts_buf b = {0};

    ts_buf_z(&b, "\"broken\":\"");
    ts_buf_json(&b, ts_str_of(what));
    ts_buf_z(&b, ": ");
    ts_buf_json(&b, ts_str_of(why));
    ts_buf_c(&b, '"');
    note_text(notes->end, sizeof notes->end, &notes->end_n, &b);
    _exit(LEFT_BROKEN);
}

/* ---- watching the steps --------------------------------------------------------------
 */

static const char *const watched[] = {"_SMSTSCurrentActionName",
                                      "_SMSTSNextInstructionPointer",
                                      "_SMSTSInstructionStackString",
                                      "_SMSTSInstructionTableSize",
                                      "_SMSTSLastActionName",
                                      "_SMSTSLastActionRetCode",
                                      "_SMSTSLastActionSucceeded",
                                      "_SMSTSLastActionRetryCount",
                                      "_SMSTSInWinPE"};

static bool is_watched(const char *name)
{
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        if (ts_str_caseeq(ts_str_of(name), ts_str_of(watched[i]))) {
            return true;
        }
    }
    return name[0] != '_' || ts_str_starts(ts_str_of(name), TS_S("_OSDDo"));
}

static void add_var(void *ctx, const struct ts_var *v)
{
    struct ts_buf *b = ctx;

    if (v->value && is_watched(v->name)) {
        ts_buf_z(b, b->p[b->n - 1] == '{' ? "\"" : ",\"");
        ts_buf_json(b, ts_str_of(v->name));
        ts_buf_z(b, "\":\"");
        ts_buf_json(b, ts_str_of(v->value));
        ts_buf_c(b, '"');
    }
}

static void on_work(struct fake *f, struct ts_step_call *c)
{
    struct ts_buf b = {0};

    ts_buf_fmt(&b, "%s{\"name\":\"", notes->ran_n ? "," : "");
    ts_buf_json(&b, ts_str_of(c->node->name));
    ts_buf_fmt(&b, "\",\"attempt\":%d,\"variables\":{", c->attempt);
    ts_vars_each(f->host.vars, add_var, &b);
    ts_buf_z(&b, "}}");
    note_text(notes->ran, sizeof notes->ran, &notes->ran_n, &b);
    ts_buf_free(&b);
    notes->worked++;
    if (notes->worked > MAX_WORKED) {
        broken("the run never ends", c->node->name);
    }
    if (is_due("mid", notes->worked)) {
        lose_power();
    }
}

static void on_done(struct fake *f, struct ts_step_call *c)
{
    (void)f;
    (void)c;
    if (is_due("late", notes->worked)) {
        lose_power();
    }
    notes->die_recorded = is_due("recorded", notes->worked);
}

/* A boot entry for one start: the machine keeps it, whatever becomes of the process. */
static void next_boot(void *ctx, enum ts_phase target)
{
    (void)ctx;
    snprintf(notes->prepared, sizeof notes->prepared, "%s", ts_phase_name(target));
}

/* ---- one start, in a child -----------------------------------------------------------
 */

static void note_end(struct fake *f, const char *result, int64_t code, const char *text)
{
    struct ts_buf b = {0};

    ts_buf_fmt(&b, "\"result\":\"%s\",\"code\":%lld,\"error\":\"", result,
               (long long)code);
    ts_buf_json(&b, ts_str_of(text));
    ts_buf_z(&b, "\",\"variables\":{");
    ts_vars_each(f->host.vars, add_var, &b);
    ts_buf_c(&b, '}');
    note_text(notes->end, sizeof notes->end, &notes->end_n, &b);
    ts_buf_free(&b);
}

static int64_t number(const struct ts_value *data, const char *key)
{
    const struct ts_value *v = ts_value_get(data, key);

    return v && v->kind == TS_INT ? v->integer : 0;
}

static bool reached(const struct ts_value *data, const char *key, int boot)
{
    int64_t from = number(data, key);

    return from > 0 && boot >= from;
}

static struct ts_sequence *load(struct fake *f, const struct ts_value *data)
{
    struct ts_sequence *seq = NULL;
    struct ts_buf json = {0};

    ts_json_write(&json, ts_value_get(data, "sequence"), 0);
    if (ts_sequence_parse(&seq, ts_buf_view(&json), "json", "sequence", NULL, &f->steps,
                          &f->err) != TS_OK) {
        broken("sequence", f->err.text);
    }
    ts_buf_free(&json);
    return seq;
}

static void begin(struct fake *f, const struct ts_value *data,
                  const struct ts_sequence *seq)
{
    const struct ts_value *vars = ts_value_get(data, "variables");

    for (const struct ts_value *m = vars ? vars->first : NULL; m; m = m->next) {
        fake_set(f, m->key.p, m->str.p);
    }
    if (fake_begin(f, seq) != TS_OK) {
        broken("begin", f->err.text);
    }
}

/* Is there a run to go on with?  Ends the process if it is over: the cut came between the
 * record of its end and the end of its process. */
static bool go_on(struct fake *f)
{
    struct ts_run run;
    enum ts_code rc = ts_state_last_run(f->config.state, &run, &f->err);

    if (rc == TS_ENOTFOUND) {
        return false;
    }
    if (rc == TS_OK) {
        rc = ts_state_load_vars(f->config.state, run.id, f->host.vars, NULL, NULL,
                                &f->err);
    }
    if (rc != TS_OK) {
        broken("state", f->err.text);
    }
    if (run.status >= TS_RUN_SUCCEEDED) {
        note_end(f, ts_run_status_name(run.status), run.result_code, run.error);
        _exit(LEFT_ENDED);
    }
    ts_events_run(f->host.events, run.uid, run.next_seq);
    return true;
}

static void run_here(struct fake *f, const struct ts_sequence *seq, bool resume)
{
    static const char *const ends[] = {"succeeded", "failed", "cancelled", "restart"};

    if (fake_run(f, seq, resume, NULL) != TS_OK) {
        broken("engine", f->err.text);
    }
    note_end(f, ends[f->result.end], f->result.code, f->result.text);
    snprintf(notes->asked, sizeof notes->asked, "%s", f->phase_asked);
    notes->delay = f->delay_asked;
    ts_state_close(f->config.state);
    _exit(f->result.end == TS_END_RESTART ? LEFT_RESTART : LEFT_ENDED);
}

static void child(const char *dir, const struct ts_value *data, int boot,
                  enum ts_phase phase)
{
    const struct ts_value *trust = ts_value_get(data, "trustPhase");
    char *counter = ts_path_join(dir, "counter"), *state = ts_path_join(dir, "state");
    struct fake f;

    alarm(60);
    fake_init(&f);
    struct ts_sequence *seq = load(&f, data);
    f.results = ts_value_get(data, "results");
    f.ran_file = ts_path_join(dir, "ran");
    f.host.phase = phase;
    f.refuse_restart = reached(data, "refuseFrom", boot);
    f.fail_restart = reached(data, "failFrom", boot);
    f.trust_phase = trust && trust->boolean;
    f.config.restart_limit = (int)number(data, "restartLimit");
    f.on_work = on_work;
    f.on_done = on_done;
    struct fake_world world = *f.world;
    world.next_boot = next_boot;
    f.world = &world;
    ts_power_arm(counter, 0);
    ts_power_arm(counter, next_point(ts_power_count()));
    if (ts_state_open(&f.config.state, state, true, false, &f.err) != TS_OK) {
        broken("state", f.err.text);
    }
    bool resume = boot > 1 && go_on(&f);
    if (!resume) {
        begin(&f, data, seq);
    }
    run_here(&f, seq, resume);
}

/* ---- the machine ---------------------------------------------------------------------
 */

/* What comes up at start number `boot`: what the case says, else what was prepared, else
 * the same again. */
static enum ts_phase arrives(const struct ts_value *data, int boot, enum ts_phase now)
{
    const struct ts_value *list = ts_value_get(data, "arrive");
    const struct ts_value *v = list ? list->first : NULL;
    enum ts_phase phase = now;

    for (int i = 2; v && i < boot; i++) {
        v = v->next;
    }
    if (!(v && v->kind == TS_STRING && ts_phase_parse(v->str, &phase)) &&
        notes->prepared[0]) {
        ts_phase_parse(ts_str_of(notes->prepared), &phase);
    }
    notes->prepared[0] = '\0';
    return phase;
}

static const char *left_how(int status)
{
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) == SIGKILL ? "killed" : "signal";
    }
    return WEXITSTATUS(status) == LEFT_RESTART ? "restart"
           : WEXITSTATUS(status) == LEFT_ENDED ? "ended"
                                               : "broken";
}

static void print_boot(struct ts_buf *out, int boot, enum ts_phase phase, const char *how)
{
    ts_buf_fmt(out, "%s{\"phase\":\"%s\",\"end\":\"%s\",\"ran\":[", boot > 1 ? "," : "",
               ts_phase_name(phase), how);
    ts_buf_add(out, notes->ran, notes->ran_n);
    ts_buf_fmt(out, "],\"asked\":\"%s\",\"delay\":%lld}", notes->asked,
               (long long)notes->delay);
}

static const char *start(const char *dir, const struct ts_value *data, int boot,
                         enum ts_phase phase)
{
    int status = 0;

    notes->ran_n = notes->end_n = 0;
    notes->asked[0] = '\0';
    notes->delay = 0;
    notes->die_recorded = false;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        child(dir, data, boot, phase);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        abort();
    }
    return left_how(status);
}

static const char *play(const char *dir, const struct ts_value *data, struct ts_buf *out)
{
    const char *first = ts_value_text(data, "phase"), *how = "restart";
    enum ts_phase phase = TS_PHASE_FULLOS;

    if (first) {
        ts_phase_parse(ts_str_of(first), &phase);
    }
    for (int boot = 1; boot <= MAX_BOOTS; boot++) {
        phase = boot > 1 ? arrives(data, boot, phase) : phase;
        how = start(dir, data, boot, phase);
        print_boot(out, boot, phase, how);
        if (strcmp(how, "restart") != 0 && strcmp(how, "killed") != 0) {
            return strcmp(how, "signal") == 0 ? "a process died" : NULL;
        }
    }
    return "the run never ends";
}

static uint64_t points_passed(const char *dir)
{
    char *path = ts_path_join(dir, "counter");
    struct ts_buf raw = {0};
    uint64_t n = 0;

    if (ts_file_read(path, 64, &raw, NULL) == TS_OK && raw.n >= sizeof n) {
        memcpy(&n, raw.p, sizeof n);
    }
    ts_buf_free(&raw);
    ts_free(path);
    return n;
}

void machine_clean(const char *dir)
{
    struct ts_err err;

    if (ts_fs_remove_tree(dir, &err) != TS_OK) {
        fprintf(stderr, "model_driver: %s\n", err.text);
        exit(3);
    }
}

void machine_play(const char *dir, const struct ts_value *data, struct ts_buf *out)
{
    char *state = ts_path_join(dir, "state");

    if (!notes) {
        notes = mmap(NULL, sizeof *notes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    machine_clean(dir);
    if (notes == MAP_FAILED || mkdir(dir, 0700) != 0) {
        fprintf(stderr, "model_driver: %s cannot be made anew\n", dir);
        exit(3);
    }
    notes->worked = notes->commits = 0;
    notes->prepared[0] = '\0';
    kills = ts_value_get(data, "kills");
    ts_buf_z(out, "{\"boots\":[");
    const char *wrong = play(dir, data, out);
    ts_buf_fmt(out, "],\"points\":%llu,\"commits\":%d,\"record\":",
               (unsigned long long)points_passed(dir), notes->commits);
    if (!record_read(state, out) && !wrong && !notes->end_n) {
        wrong = "the state's record cannot be read";
    }
    if (wrong) {
        ts_buf_fmt(out, ",\"broken\":\"%s\"", wrong);
    } else {
        ts_buf_c(out, ',');
        ts_buf_add(out, notes->end, notes->end_n);
    }
    ts_buf_c(out, '}');
    ts_free(state);
}
