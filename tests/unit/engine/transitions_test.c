/* Plays every row of the tables in docs/transitions.md: a sequence of two steps, A and B,
 * and what happens to the machine at A.  The chain is read back from the state after each
 * start and must be the row's, word for word.
 *
 * TRANSITIONS_SHOW=1 prints the rows as they were played. */
#include "rig.h"

#include "platform/clock.h"
#include "platform/fs.h"

#include <criterion/parameterized.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE TASKSEQ_SOURCE_DIR "/docs/transitions.md"
#define MAX_ROWS 100

/* ---- rows ----------------------------------------------------------------------------
 */

struct row {
    int line;
    char class[64], restart[96], recorded[8];
    int starts;
    char chain[2000];
};

static void copy(char *out, size_t n, ts_str s)
{
    s = ts_str_trim(s);
    if (s.n > 1 && s.p[0] == '`' && s.p[s.n - 1] == '`') {
        s = (ts_str){s.p + 1, s.n - 2};
    }
    cr_assert_lt(s.n, n, "a cell of %s is too long", PAGE);
    snprintf(out, n, "%.*s", (int)s.n, s.p);
}

/* "| rerun | asked for | yes | 2 | `chain` |" */
static bool read_row(ts_str line, struct row *r)
{
    ts_str cell[5];
    char number[16];

    if (!ts_str_starts(line, TS_S("| ")) || line.p[line.n - 1] != '|') {
        return false;
    }
    line = (ts_str){line.p + 1, line.n - 2};
    for (int i = 0; i < 5; i++) {
        if (!ts_str_cut(&line, '|', &cell[i])) {
            return false;
        }
    }
    copy(number, sizeof number, cell[3]);
    if (number[0] < '0' || number[0] > '9') {
        return false; /* a heading */
    }
    copy(r->class, sizeof r->class, cell[0]);
    copy(r->restart, sizeof r->restart, cell[1]);
    copy(r->recorded, sizeof r->recorded, cell[2]);
    copy(r->chain, sizeof r->chain, cell[4]);
    r->starts = atoi(number);
    return true;
}

static size_t read_page(struct row *rows)
{
    struct ts_buf text = {0};
    size_t n = 0;
    int at = 0;
    ts_str rest, line;

    cr_assert_eq(ts_file_read(PAGE, 1 << 20, &text, NULL), TS_OK);
    rest = ts_buf_view(&text);
    while (ts_str_cut(&rest, '\n', &line)) {
        at++;
        cr_assert_lt(n, MAX_ROWS);
        if (read_row(line, &rows[n])) {
            rows[n++].line = at;
        }
    }
    ts_buf_free(&text);
    return n;
}

static bool says(const char *cell, const char *word)
{
    ts_str rest = ts_str_of(cell), one;

    while (ts_str_cut(&rest, ',', &one)) {
        if (ts_str_eq(ts_str_trim(one), ts_str_of(word))) {
            return true;
        }
    }
    return false;
}

/* Every word of a cell has a meaning here: a misspelt one would test something else. */
static void check_words(const struct row *r)
{
    static const char *const words[] = {
        "rerun",       "skip",        "fail",      "continueOnError",
        "retry 3",     "configmgr",   "asked for", "not asked for",
        "once",        "every time",  "cut",       "with SMSTSRetryRequested",
        "no way back", "WinPE comes", "yes",       "no",
    };
    const char *const cells[] = {r->class, r->restart, r->recorded};

    for (size_t c = 0; c < 3; c++) {
        ts_str rest = ts_str_of(cells[c]), one;
        while (ts_str_cut(&rest, ',', &one)) {
            bool known = false;
            for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
                known = known || ts_str_eq(ts_str_trim(one), ts_str_of(words[i]));
            }
            cr_assert(known, "%s:%d: unknown word \"%.*s\"", PAGE, r->line, (int)one.n,
                      one.p);
        }
    }
}

/* "2 times (a #n; b); c" to "a #1; b; a #2; b; c". */
static void expand(const char *chain, struct ts_buf *out)
{
    const char *open = strstr(chain, " times (");
    const char *close = open ? strchr(open, ')') : NULL;

    if (!open || !close) {
        ts_buf_z(out, chain);
        return;
    }
    const char *number = open;
    while (number > chain && number[-1] >= '0' && number[-1] <= '9') {
        number--;
    }
    ts_buf_str(out, (ts_str){chain, (size_t)(number - chain)});
    for (int i = 1; i <= atoi(number); i++) {
        ts_buf_z(out, i > 1 ? "; " : "");
        for (const char *p = open + strlen(" times ("); p < close; p++) {
            if (p[0] == '#' && p[1] == 'n') {
                ts_buf_fmt(out, "#%d", i);
                p++;
            } else {
                ts_buf_c(out, *p);
            }
        }
    }
    expand(close + 1, out);
}

/* ---- one start of the machine, in a child --------------------------------------------
 */

enum place { NOWHERE, IN_THE_MIDST, BEFORE_RECORD, BEHIND };

static bool is_step(const struct ts_event *e, const char *id)
{
    return strcmp(ts_event_text(e, "step"), id) == 0;
}

/* The power fails: what is not committed is gone with the process. */
static void cut(void *ctx, const struct ts_event *e)
{
    const enum place *where = ctx;
    static bool ran; /* A itself, not only its end after an interruption */
    bool now = false;

    ran = ran || (strcmp(e->type, "step.started") == 0 && is_step(e, "A"));

    switch (*where) {
    case NOWHERE:
        break;
    case IN_THE_MIDST:
        now = strcmp(e->type, "variable.set") == 0 && is_step(e, "A");
        break;
    case BEFORE_RECORD:
        now = ran && strcmp(e->type, "step.finished") == 0 && is_step(e, "A");
        break;
    case BEHIND:
        now = strcmp(e->type, "step.started") == 0 && is_step(e, "B");
        break;
    }
    if (now) {
        _exit(FAKE_CRASH_EXIT);
    }
}

static enum ts_code never_down(void *ctx, enum ts_phase target, int64_t delay_ms,
                               const char *message, struct ts_err *err)
{
    (void)ctx, (void)target, (void)delay_ms, (void)message, (void)err;
    _exit(FAKE_CRASH_EXIT);
}

static char *sequence_of(const struct row *r)
{
    const char *policy = says(r->class, "rerun")  ? "rerun"
                         : says(r->class, "skip") ? "skip"
                         : says(r->class, "fail") ? "fail"
                                                  : NULL;
    struct ts_buf b = {0};

    ts_buf_z(&b, says(r->class, "configmgr") ? "{'semantics':'configmgr'," : "{");
    ts_buf_z(&b, "'steps':[{'name':'A'");
    if (policy) {
        ts_buf_fmt(&b, ",'onInterrupt':'%s'", policy);
    }
    if (says(r->class, "continueOnError")) {
        ts_buf_z(&b, ",'continueOnError':true");
    }
    if (says(r->class, "retry 3")) {
        ts_buf_z(&b, ",'retry':{'attempts':3}");
    }
    ts_buf_z(&b, "},{'name':'B'}]}");
    return ts_buf_take(&b);
}

/* What A does, call by call. */
static char *results_of(const struct row *r)
{
    bool again = says(r->restart, "with SMSTSRetryRequested");
    bool always = !again || says(r->restart, "every time");

    return ts_format("{'A':[{'set':{'%s':'HD'%s}}%s]}",
                     says(r->restart, "asked for") ? "SMSTSRebootRequested" : "Work",
                     again ? ",'SMSTSRetryRequested':'1'" : "", always ? "" : ",0");
}

static int start(const struct row *r, const char *dir, bool resume, enum place where,
                 enum ts_phase phase)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        struct rig rig;
        char *seq = sequence_of(r), *results = results_of(r);
        rig_is_child();
        alarm(30);
        rig_init(&rig, seq, results);
        rig_state(&rig, dir, resume);
        rig.f.host.phase = phase;
        rig.f.refuse_restart = says(r->restart, "no way back");
        ts_events_sink(rig.f.host.events, cut, &where);
        if (says(r->restart, "cut")) {
            rig.f.backend_restart = never_down;
        }
        enum ts_code rc = fake_run(&rig.f, rig.seq, resume, NULL);
        if (rc != TS_OK) {
            fprintf(stderr, "%s\n", rig.f.err.text);
            _exit(98);
        }
        _exit(rig.f.result.end == TS_END_RESTART ? 10 : 0);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- the chain, from the state -------------------------------------------------------
 */

struct chain {
    struct ts_buf text;
    uint64_t seen;        /* number of the last event that stands in it */
    enum ts_phase target; /* of the last request */
    bool over;
};

static void add(struct chain *c, const char *fmt, ...) TS_PRINTF(2, 3);
static void add(struct chain *c, const char *fmt, ...)
{
    char text[1500];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    ts_buf_fmt(&c->text, "%s%s", c->text.n ? "; " : "", text);
}

static int64_t int_of(const struct ts_value *e, const char *key)
{
    const struct ts_value *v = ts_value_get(e, key);

    cr_assert(v && v->kind == TS_INT, "no %s in an event", key);
    return v->integer;
}

static bool true_of(const struct ts_value *e, const char *key)
{
    const struct ts_value *v = ts_value_get(e, key);

    cr_assert(v && v->kind == TS_BOOL, "no %s in an event", key);
    return v->boolean;
}

static const char *code_of(const struct ts_value *e)
{
    static char text[16];
    int64_t code = int_of(e, "code");

    snprintf(text, sizeof text, code ? "0x%08" PRIX32 : "%" PRIu32, (uint32_t)code);
    return text;
}

static void add_event(void *ctx, uint64_t seq, ts_str json)
{
    struct chain *c = ctx;
    struct ts_arena a = {0};
    struct ts_value *e = NULL;

    if (seq <= c->seen) {
        return;
    }
    c->seen = seq;
    cr_assert_eq(ts_json_parse(&e, &a, json, "event", NULL), TS_OK);
    const char *type = ts_value_text(e, "event"), *name = ts_value_text(e, "name");
    if (strcmp(type, "step.started") == 0) {
        add(c, "started %s #%d", name, (int)int_of(e, "attempt"));
    } else if (strcmp(type, "step.finished") == 0) {
        add(c, "finished %s %s%s", name, code_of(e),
            true_of(e, "succeeded") ? ""
            : true_of(e, "ignored") ? " ignored"
                                    : " failed");
    } else if (strcmp(type, "step.skipped") == 0) {
        add(c, "skipped %s %s", name, ts_value_text(e, "reason"));
    } else if (strcmp(type, "restart.requested") == 0) {
        const char *target = ts_value_text(e, "target");
        cr_assert(ts_phase_parse(ts_str_of(target), &c->target));
        add(c, "asked for %s by %s", target, name ? name : "the runtime");
    } else if (strcmp(type, "restart.arrived") == 0) {
        add(c, "arrived %s %s", ts_value_text(e, "phase"),
            true_of(e, "expected") ? "expected" : "unexpected");
    } else if (strcmp(type, "run.finished") == 0) {
        const char *error = ts_value_text(e, "error");
        c->over = true;
        add(c, "run %s", ts_value_text(e, "result"));
        if (error) {
            ts_buf_fmt(&c->text, " %s: %s", code_of(e), error);
        }
    }
    ts_arena_fini(&a);
}

static void read_state(struct chain *c, const char *dir)
{
    char *path = ts_path_join(dir, "state");
    struct ts_state *s = NULL;
    struct ts_run run;
    struct ts_err err;

    cr_assert_eq(ts_state_open(&s, path, false, true, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_state_last_run(s, &run, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_state_events(s, run.id, add_event, c, &err), TS_OK, "%s", err.text);
    cr_expect_eq(run.status == TS_RUN_RUNNING || run.status == TS_RUN_RESTARTING,
                 !c->over, "the status and the events disagree");
    ts_state_close(s);
    ts_free(path);
}

/* ---- playing a row -------------------------------------------------------------------
 */

static void play(const struct row *r, enum place where, struct chain *c, int *starts)
{
    char *dir = rig_folder();
    bool always = says(r->restart, "every time");
    enum ts_phase phase = TS_PHASE_FULLOS;

    *starts = 0;
    while (!c->over) {
        cr_assert_lt(*starts, 30, "%s:%d: the run never ends", PAGE, r->line);
        int code =
            start(r, dir, *starts > 0, *starts == 0 || always ? where : NOWHERE, phase);
        cr_assert(code == 0 || code == 10 || code == FAKE_CRASH_EXIT,
                  "%s:%d: exit code %d", PAGE, r->line, code);
        read_state(c, dir);
        if (code == 10) {
            add(c, "down");
            phase = c->target;
        } else if (code == FAKE_CRASH_EXIT) {
            add(c, "cut");
        }
        if (++*starts == 1 && says(r->restart, "WinPE comes")) {
            phase = TS_PHASE_WINPE;
        }
    }
    rig_remove(dir);
}

static void play_and_compare(const struct row *r, enum place where)
{
    static const char *const names[] = {"", " (in its midst)", " (before its record)",
                                        " (behind it)"};
    struct chain c = {0};
    struct ts_buf want = {0};
    int starts;

    play(r, where, &c, &starts);
    expand(r->chain, &want);
    if (getenv("TRANSITIONS_SHOW")) {
        fprintf(stderr, "| %s | %s | %s | %d | `%s` |\n", r->class, r->restart,
                r->recorded, starts, ts_buf_text(&c.text));
    }
    cr_expect_str_eq(ts_buf_text(&c.text), ts_buf_text(&want),
                     "%s:%d%s:\n  is  %s\n  not %s", PAGE, r->line, names[where],
                     ts_buf_text(&c.text), ts_buf_text(&want));
    cr_expect_eq(starts, r->starts, "%s:%d%s: %d starts", PAGE, r->line, names[where],
                 starts);
    ts_buf_free(&c.text);
    ts_buf_free(&want);
}

ParameterizedTestParameters(transitions, every_row_happens_as_it_is_written)
{
    struct row *rows = cr_malloc(sizeof *rows * MAX_ROWS);
    size_t n;

    memset(rows, 0, sizeof *rows * MAX_ROWS);
    n = read_page(rows);
    return cr_make_param_array(struct row, rows, n, NULL);
}

ParameterizedTest(struct row *r, transitions, every_row_happens_as_it_is_written,
                  .timeout = 60)
{
    bool recorded = says(r->recorded, "yes");

    check_words(r);
    if (recorded) {
        play_and_compare(r, says(r->restart, "asked for") ? NOWHERE : BEHIND);
    } else {
        play_and_compare(r, IN_THE_MIDST);
        play_and_compare(r, BEFORE_RECORD);
    }
}

/* ---- the table is complete -----------------------------------------------------------
 */

Test(transitions, the_table_has_every_combination_once)
{
    static const char *const classes[] = {"rerun", "skip", "fail"};
    static const char *const restarts[] = {"asked for", "not asked for, once",
                                           "not asked for, every time"};
    static const char *const recorded[] = {"yes", "no"};
    static struct row rows[MAX_ROWS];
    size_t n = read_page(rows), basic = 0;

    for (int i = 0; i < 18; i++) {
        int found = 0;
        for (size_t k = 0; k < n; k++) {
            found += strcmp(rows[k].class, classes[i % 3]) == 0 &&
                     strcmp(rows[k].restart, restarts[i / 3 % 3]) == 0 &&
                     strcmp(rows[k].recorded, recorded[i / 9]) == 0;
        }
        cr_expect_eq(found, 1, "%s has %d rows of %s, %s, %s", PAGE, found,
                     classes[i % 3], restarts[i / 3 % 3], recorded[i / 9]);
        basic += (size_t)found;
    }
    cr_expect_eq(basic, 18);
    cr_expect_geq(n, basic + 10, "the rows about other steps and arrivals are gone");
}
