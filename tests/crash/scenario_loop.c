/* scenario_loop.c - every scenario of tests/scenario with the power cut at every call of
 * the platform, then at pairs of calls, then with calls that fail.
 *
 * What must come of a cut run is played, not guessed: which step was under way at the cut
 * (the state says it) and whether it had left its trace (the list of who ran says it)
 * gives a run in which that step crashes at that moment on a disk that loses nothing.
 * State, order of effects and variables must then be the same to the last line. */
#include "../fake/scenario_play.h"
#include "loop.h"

#include "base/mem.h"
#include "platform/fs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER TASKSEQ_SOURCE_DIR "/tests/scenario"
#define STATE "/machine/state"

enum {
    MOST_STARTS = 60,
    MOST_INTERRUPTS = 8,
    INJECTED = 94 /* a reference's own crash */
};

/* Left out, and why.  Everything else goes through all loops. */
static const struct {
    const char *file, *why;
} left_out[] = {
    {"restart-loop.json", "a cut is a restart, and it counts restarts"},
    {"restart-loop-variable.json", "a cut is a restart, and it counts restarts"},
    {"crash-cannot-go-back.json", "its starts are numbered, and a cut adds one"},
    {"crash-other-phase.json", "its starts are numbered, and a cut adds one"},
    {"restart-trusted.json", "its starts are numbered, and a cut adds one"},
    {"restart-wrong-phase.json", "its starts are numbered, and a cut adds one"},
    {"restart-does-not-happen.json",
     "a cut is the restart that does not happen otherwise"},
};

/* A step that was under way when the power went. */
struct interrupt {
    char step[64];
    size_t ran;  /* traces it had left by then */
    bool traced; /* the attempt that was cut off had left its own */
};

struct game {
    const char *name;
    const struct ts_value *data;
    enum ts_phase phase, first_phase;
    bool resume, reference, cancels;
    bool faulty; /* calls fail: it may stop */
    int starts;  /* the scenario's own */
    int cuts;
    /* of a reference: where it crashes, and the steps whose cancel is lost */
    struct interrupt crash[MOST_INTERRUPTS], lost[MOST_INTERRUPTS];
    int crashes, losses;
};

/* ---- notes ---------------------------------------------------------------------------
 */

static size_t lines_of(const char *note, const char *text)
{
    char *all = fk_noted(note);
    ts_str rest = ts_str_of(all), line;
    size_t n = 0;

    while (ts_str_cut(&rest, '\n', &line)) {
        n += line.n && (!text || ts_str_eq(line, ts_str_of(text)));
    }
    free(all);
    return n;
}

static void add_line(void *ctx, const char *name, ts_str line)
{
    (void)ctx;
    fk_note(name, line);
    fk_note(name, TS_S("\n"));
}

static void add_text(void *ctx, const char *name, ts_str text)
{
    (void)ctx;
    fk_note(name, text);
}

static void set_text(void *ctx, const char *name, ts_str text)
{
    (void)ctx;
    fk_note_set(name, text);
}

static char *read_text(void *ctx, const char *name)
{
    (void)ctx;
    return fk_noted(name);
}

static void next_boot(void *ctx, enum ts_phase target)
{
    (void)ctx;
    fk_note_set("firmware", ts_str_of(ts_phase_name(target)));
}

/* "STEP|traces|traced" for each interrupt, the newest last. */
static int read_interrupts(const char *note, struct interrupt *out)
{
    char *all = fk_noted(note);
    ts_str rest = ts_str_of(all), line;
    int n = 0;

    while (ts_str_cut(&rest, '\n', &line) && n < MOST_INTERRUPTS) {
        char *z = ts_str_dup(line);
        int traced = 0;
        if (line.n &&
            sscanf(z, "%63[^|]|%zu|%d", out[n].step, &out[n].ran, &traced) == 3) {
            out[n++].traced = traced != 0;
        }
        ts_free(z);
    }
    free(all);
    return n;
}

/* No step was under way.  A wish to stop that came in the last one is lost unless the
 * state says it. */
static void note_last(void)
{
    char *ran = fk_noted("ran"), *last = ran;
    char line[128];

    for (char *p = ran; *p; p++) {
        if (*p == '\n' && p[1]) {
            last = p + 1;
        }
    }
    last[strcspn(last, "\n")] = '\0';
    if (*last) {
        snprintf(line, sizeof line, "%s|%zu|1\n", last, lines_of("ran", last));
        fk_note("quiet", ts_str_of(line));
    }
    free(ran);
}

/* The step that the state calls under way is the last one that was said to begin: the end
 * of a step is durable before the next one begins. */
static void check_last_started(const char *step)
{
    char *events = fk_noted("events"), *last = NULL;
    char *wanted = ts_format("\"name\":\"%s\"", step);

    for (char *p = events; (p = strstr(p, "\"step.started\"")) != NULL; p++) {
        last = p;
    }
    if (last) {
        last[strcspn(last, "\n")] = '\0';
        if (!strstr(last, wanted)) {
            fk_note("violations", ts_str_of(step));
            fk_note("violations", TS_S(" is under way, but another step has begun\n"));
        }
    }
    ts_free(wanted);
    free(events);
}

/* Told at each start that goes on: with the same step twice when the first was cut before
 * it had dealt with it. */
static void pending(void *ctx, const char *step, int attempts)
{
    if (!step) {
        note_last();
        return;
    }
    struct interrupt before[MOST_INTERRUPTS];
    int n = read_interrupts("interrupts", before), untraced = 0;
    size_t ran = lines_of("ran", step);
    char line[128];

    (void)ctx;
    check_last_started(step);
    for (int i = 0; i < n; i++) {
        untraced += !before[i].traced && strcmp(before[i].step, step) == 0;
    }
    snprintf(line, sizeof line, "%d", attempts);
    char *key = ts_format("%s %d", step, attempts);
    char *last = fk_noted("last interrupt");
    if (strcmp(key, last) != 0) {
        snprintf(line, sizeof line, "%s|%zu|%d\n", step, ran,
                 (int)ran >= attempts - untraced);
        fk_note("interrupts", ts_str_of(line));
        fk_note_set("last interrupt", ts_str_of(key));
    }
    free(last);
    ts_free(key);
}

/* In a reference: crash where it is to crash, lose what is to be lost. */
static bool step(void *ctx, const char *name, size_t calls, bool traced)
{
    struct game *g = ctx;
    size_t done = lines_of("crashed", NULL);
    const struct interrupt *next = &g->crash[done];

    if (!g->reference) {
        return true;
    }
    if ((int)done < g->crashes && strcmp(next->step, name) == 0 &&
        next->traced == traced && next->ran == calls + traced) {
        fk_note("crashed", TS_S("x\n"));
        _exit(INJECTED);
    }
    for (int i = 0; traced && i < g->losses; i++) {
        if (strcmp(g->lost[i].step, name) == 0 && g->lost[i].ran == calls + 1) {
            return false;
        }
    }
    return true;
}

/* ---- the machine ---------------------------------------------------------------------
 */

static int boot(void *ctx)
{
    struct game *g = ctx;
    struct scenario_world world = {
        .steps = {.ctx = g,
                  .append = add_line,
                  .read = read_text,
                  .step = step,
                  .next_boot = next_boot},
        .append = add_text,
        .set = set_text,
        .pending = g->reference ? NULL : pending,
    };
    struct scenario_start start = {.data = g->data,
                                   .phase = g->phase,
                                   .resume = g->resume,
                                   .more_restarts = 10,
                                   .quiet = g->faulty || loop.lies,
                                   .state_dir = STATE,
                                   .world = &world};

    return scenario_start(&start);
}

/* What the next start of the machine is: as the firmware was told, unless the scenario
 * says what comes.  own: it was not a cut. */
static void arrive(struct game *g, bool own)
{
    const struct ts_value *list = ts_value_get(g->data, "arrive");
    const struct ts_value *v = list ? list->first : NULL;
    char *firmware = fk_noted("firmware");
    int n = g->starts;

    if (firmware[0]) {
        ts_phase_parse(ts_str_of(firmware), &g->phase);
        fk_note_set("firmware", TS_S(""));
    }
    while (v && --n > 0) {
        v = v->next;
    }
    if (own && v && v->kind == TS_STRING) {
        ts_phase_parse(v->str, &g->phase);
    }
    free(firmware);
}

static void begin(struct game *g)
{
    fk_reset();
    fk_lie(loop.lies);
    g->phase = g->first_phase;
    g->resume = false;
    g->starts = g->cuts = 0;
}

enum end { RUNS_ON, CUT, ENDED, STOPPED, BROKEN };

/* What comes after a start that ended with `code`. */
static enum end after(struct game *g, int code, enum fk_crash how, uint64_t seed)
{
    if (code == FK_CUT) {
        g->cuts++;
        return CUT;
    }
    if (code == FAKE_CRASH_EXIT || code == INJECTED) {
        fk_crash(g->reference ? FK_KEEP : how, seed + 77);
    } else {
        fk_shut_down();
    }
    if (code == SCENARIO_NOTHING) {
        if (lines_of("ran", NULL) > 0) {
            loop_failed(g->name, "steps ran, but no run is recorded");
            return BROKEN;
        }
        g->resume = false;
        return RUNS_ON;
    }
    if (code == 0 || code == SCENARIO_ENDED) {
        return ENDED;
    }
    g->resume = true;
    if (code == INJECTED) {
        arrive(g, false);
        return RUNS_ON;
    }
    g->starts++;
    if (code == 10 || code == FAKE_CRASH_EXIT) {
        arrive(g, true);
        return RUNS_ON;
    }
    if (code != SCENARIO_WRONG) {
        loop_failed(g->name, "a start ended with code %d", code);
        return BROKEN;
    }
    return STOPPED;
}

/* The power is back. */
static void back(struct game *g, enum fk_crash how, uint64_t seed)
{
    fk_crash(how, seed);
    g->resume = true;
    arrive(g, false);
}

/* The message names the file or its folder. */
static bool stopped_in_order(struct game *g)
{
    char *why = fk_noted("stopped");
    bool ok = fk_failed() && strstr(why, STATE);

    if (!ok) {
        loop_failed(g->name, "%s failed, and it stopped saying: %s", fk_failed_call(),
                    why);
    }
    free(why);
    return ok;
}

/* To the end, through whatever cuts are set. */
static bool play(struct game *g, enum fk_crash how, uint64_t seed)
{
    for (int i = 0; i < MOST_STARTS; i++) {
        switch (after(g, fk_start(boot, g, 30), how, seed)) {
        case CUT:
            back(g, how, seed + (uint64_t)i);
            break;
        case ENDED:
            return true;
        case RUNS_ON:
            break;
        case STOPPED:
            if (g->faulty && stopped_in_order(g)) {
                fk_fail(0, 0, 0, false); /* what was wrong is put right */
                break;
            }
            loop_failed(g->name, "the runtime stopped, see above");
            return false;
        case BROKEN:
            return false;
        }
    }
    loop_failed(g->name, "the run never ends");
    return false;
}

/* Caller frees; NULL: the state cannot be read. */
static char *summary(struct game *g)
{
    struct ts_buf b = {0};
    struct ts_err err;
    char *ran = fk_noted("ran");

    if (scenario_summary(STATE, &b, &err) != TS_OK) {
        loop_failed(g->name, "the state cannot be read at the end: %s", err.text);
        ts_buf_free(&b);
        free(ran);
        return NULL;
    }
    ts_buf_fmt(&b, "ran:\n%s", ran);
    free(ran);
    return ts_buf_take(&b);
}

/* ---- what may come of it -------------------------------------------------------------
 */

struct reference {
    struct reference *next;
    char *key, *end;
};
static struct reference *references;

static char *key_of(const struct game *g)
{
    struct ts_buf b = {0};

    for (int i = 0; i < g->losses; i++) {
        ts_buf_fmt(&b, " lost %s|%zu", g->lost[i].step, g->lost[i].ran);
    }
    for (int i = 0; i < g->crashes; i++) {
        ts_buf_fmt(&b, " %s|%zu|%d", g->crash[i].step, g->crash[i].ran,
                   g->crash[i].traced);
    }
    return ts_buf_take(&b);
}

/* The end of the run in which these crashes happen; NULL: they do not. */
static const char *reference_end(const struct game *like, const struct interrupt *crash,
                                 int n, const struct interrupt *lost, int losses)
{
    struct game g = *like;
    struct reference *r;

    g.reference = true;
    g.faulty = false;
    g.crashes = n;
    g.losses = losses;
    for (int i = 0; i < n; i++) {
        g.crash[i] = crash[i];
    }
    for (int i = 0; i < losses; i++) {
        g.lost[i] = lost[i];
    }
    char *key = key_of(&g);
    for (r = references; r && strcmp(r->key, key) != 0; r = r->next) {
    }
    if (r) {
        ts_free(key);
        return r->end;
    }
    r = ts_alloc(sizeof *r);
    r->key = key;
    r->next = references;
    references = r;
    begin(&g);
    fk_lie(0);
    fk_cut_at(0, 0);
    fk_fail(0, 0, 0, false);
    if (play(&g, FK_KEEP, 0) && (int)lines_of("crashed", NULL) == n) {
        r->end = summary(&g);
    }
    return r->end;
}

static void forget_references(void)
{
    while (references) {
        struct reference *r = references;
        references = r->next;
        ts_free(r->key);
        ts_free(r->end);
        ts_free(r);
    }
}

static void tell_difference(const struct game *g, const char *what, const char *want,
                            const char *have)
{
    ts_str a = ts_str_of(want), b = ts_str_of(have), x = {0}, y = {0};

    while (ts_str_eq(x, y)) {
        bool more = ts_str_cut(&a, '\n', &x), too = ts_str_cut(&b, '\n', &y);
        x = more ? x : TS_S("(the end)");
        y = too ? y : TS_S("(the end)");
        if (!more && !too) {
            break;
        }
    }
    loop_failed(g->name, "%s: \"%.*s\" instead of \"%.*s\"%s%s", what, (int)y.n, y.p,
                (int)x.n, x.p, loop.verbose ? "\n" : "", loop.verbose ? have : "");
}

static void tell_interrupts(const struct interrupt *cut, int n)
{
    for (int i = 0; i < n && loop.verbose; i++) {
        printf("#   %s was under way, %zu traces, its own %d\n", cut[i].step, cut[i].ran,
               cut[i].traced);
    }
}

/* A run whose user's wish to stop got lost with the power, or with each of two cuts: only
 * where nothing ran after the step in which it came. */
static bool lost_its_cancel(struct game *g, const struct interrupt *cut, int n,
                            const char *have)
{
    struct interrupt quiet[MOST_INTERRUPTS], lost[MOST_INTERRUPTS];
    int count = read_interrupts("quiet", quiet);

    for (unsigned some = 1; some < 1u << count; some++) {
        int losses = 0;
        for (int i = 0; i < count; i++) {
            if (some & 1u << i) {
                lost[losses++] = quiet[i];
            }
        }
        const char *want = reference_end(g, cut, n, lost, losses);
        if (want && strcmp(want, have) == 0) {
            return true;
        }
    }
    return false;
}

/* The machine has come to an end: is it one that may come? */
static void judge(struct game *g, const char *what)
{
    struct interrupt cut[MOST_INTERRUPTS];
    int n = read_interrupts("interrupts", cut);
    struct fk_snapshot *now = fk_save();
    char *have = summary(g), *violations = fk_noted("violations");
    const char *want;

    if (violations[0]) {
        loop_failed(g->name, "%s: %s", what, violations);
    }
    free(violations);
    if (have) {
        want = reference_end(g, cut, n, NULL, 0);
        if (!want || strcmp(want, have) != 0) {
            fk_restore(now);
            if (!g->cancels || !lost_its_cancel(g, cut, n, have)) {
                tell_difference(g, what, want ? want : "(no such run)", have);
                tell_interrupts(cut, n);
            }
        }
    }
    fk_snapshot_free(now);
    ts_free(have);
}

/* ---- the loops -----------------------------------------------------------------------
 */

/* Machines that were played to their end. */
static uint64_t *seen;
static size_t seen_count;

static bool seen_before(const struct game *g)
{
    uint64_t h = fk_hash() * 31 + (uint64_t)g->phase * 7 + (uint64_t)g->starts * 3 +
                 (g->resume ? 1 : 0);

    for (size_t i = 0; i < seen_count; i++) {
        if (seen[i] == h) {
            return true;
        }
    }
    seen = ts_realloc_array(seen, seen_count + 1, sizeof *seen);
    seen[seen_count++] = h;
    return false;
}

static void one_way(const struct game *at_cut, enum fk_crash how, uint64_t seed,
                    const char *call)
{
    static const char *const names[] = {"all unsynced lost", "nothing lost",
                                        "some unsynced lost"};
    struct game g = *at_cut;
    char what[300];

    total.points++;
    back(&g, how, seed);
    if (seen_before(&g)) {
        return; /* it goes on as it did then */
    }
    total.machines++;
    fk_cut_at(0, 0);
    snprintf(what, sizeof what, "cut before call %s, %s", call, names[how]);
    if (play(&g, how, seed)) {
        judge(&g, what);
    } else {
        loop_failed(g.name, "%s: no end", what);
    }
}

/* The power goes here: the machine comes back in several ways, each goes on to its end.
 */
static void at_point(void *look)
{
    static const enum fk_crash ways[] = {FK_DROP, FK_RANDOM, FK_RANDOM,
                                         FK_KEEP, FK_RANDOM, FK_RANDOM};
    struct fk_snapshot *now = fk_save();
    uint64_t n = fk_points();
    char call[150];

    snprintf(call, sizeof call, "%llu (%s)", (unsigned long long)n, fk_last_point());
    total.calls++;
    for (size_t i = 0; i < (loop.nightly ? 6 : 2); i++) {
        fk_restore(now);
        one_way(look, ways[i], loop.seed + n * 10 + i, call);
    }
    fk_restore(now);
    fk_snapshot_free(now);
}

/* The uncut run, looked at before each call.  Gives how many calls it makes. */
static uint64_t every_point(struct game *g)
{
    enum end end;

    begin(g);
    fk_cut_at(0, 0);
    seen_count = 0;
    do {
        end = after(g, fk_start_watched(boot, g, 600, at_point, g), FK_RANDOM, 1);
    } while (end == RUNS_ON);
    uint64_t calls = fk_points();
    if (end == ENDED) {
        judge(g, "without a cut");
    } else {
        loop_failed(g->name, "without a cut: no end");
    }
    return calls;
}

static void pairs(struct game *g, uint64_t calls, unsigned count)
{
    uint64_t seed = loop.seed;
    char what[200];

    for (unsigned i = 0; i < count && calls > 0; i++) {
        uint64_t a =
            1 + (seed = seed * 6364136223846793005u + 1442695040888963407u) / 7 % calls;
        uint64_t b =
            1 + (seed = seed * 6364136223846793005u + 1442695040888963407u) / 7 % calls;
        /* Half of them soon after one another: in the midst of going on. */
        b = i % 2 ? 1 + b % 60 : b;
        begin(g);
        fk_cut_at(a, b);
        snprintf(what, sizeof what, "pair %u: cut at call %llu and %llu calls later", i,
                 (unsigned long long)a, (unsigned long long)b);
        total.pairs++;
        if (play(g, i % 4 == 3 ? FK_DROP : FK_RANDOM, loop.seed + i)) {
            judge(g, what);
        } else {
            loop_failed(g->name, "%s: no end", what);
        }
    }
}

/* ---- calls that fail -----------------------------------------------------------------
 */

/* The scenarios whose calls are made to fail in every run; all are at night. */
static const char *const with_faults[] = {"order-of-effects", "finally-restart",
                                          "retry.json", "interrupt-in-finally"};

static bool wants_faults(const char *file)
{
    for (size_t i = 0; i < sizeof with_faults / sizeof with_faults[0]; i++) {
        if (strstr(file, with_faults[i])) {
            return true;
        }
    }
    return loop.nightly;
}

/* The n-th call of a kind fails; false: there are not so many. */
static bool one_fault(void *ctx, unsigned kind, const char *name, uint64_t n, int os)
{
    struct game *g = ctx;
    bool for_good = n % 2 == 0; /* until the next start, else once */
    char what[200];

    begin(g);
    g->faulty = true;
    fk_cut_at(0, 0);
    fk_fail(kind, n, os, for_good);
    bool ended = play(g, FK_KEEP, 0), failed = fk_failed();
    fk_fail(0, 0, 0, false);
    snprintf(what, sizeof what, "%s %llu fails%s: %s", name, (unsigned long long)n,
             for_good ? " for good" : "", strerror(os));
    if (ended) {
        judge(g, what);
    } else {
        loop_failed(g->name, "%s: no end", what);
    }
    g->faulty = false;
    total.faults += failed;
    return failed;
}

static void scenario(const char *file, const struct ts_value *data)
{
    const char *phase = ts_value_text(data, "phase");
    struct game g = {.name = file, .data = data};
    struct loop_count before = total;
    struct ts_buf text = {0};

    ts_json_write(&text, data, 0);
    g.cancels = strstr(ts_buf_text(&text), "\"cancel") != NULL;
    ts_buf_free(&text);
    ts_phase_parse(ts_str_of(phase ? phase : "FullOS"), &g.first_phase);
    uint64_t calls = every_point(&g);
    pairs(&g, calls, loop.pairs);
    if (wants_faults(file) && !loop.lies) {
        loop_faults(one_fault, &g);
    }
    forget_references();
    loop_line(file, &before, "");
}

/* ---- the files -----------------------------------------------------------------------
 */

static const char *why_left_out(const char *file)
{
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        if (strcmp(left_out[i].file, file) == 0) {
            return left_out[i].why;
        }
    }
    return NULL;
}

static void one_file(const char *file)
{
    struct ts_arena a = {0};
    struct ts_value *data = NULL;
    struct ts_err err;
    char *path = ts_path_join(FOLDER, file), *text = NULL;
    FILE *f = fopen(path, "rb");
    size_t n = 0;

    if (!f || getdelim(&text, &n, EOF, f) < 0 ||
        ts_json_parse(&data, &a, ts_str_of(text), file, &err) != TS_OK) {
        loop_failed(file, "cannot be read");
    } else if (why_left_out(file)) {
        printf("# left out: %s: %s\n", file, why_left_out(file));
    } else {
        scenario(file, data);
    }
    if (f) {
        fclose(f);
    }
    free(text);
    ts_free(path);
    ts_arena_fini(&a);
}

int main(int argc, char **argv)
{
    struct dirent **list;

    loop_parse(argc, argv, 8);
    int n = scandir(FOLDER, &list, NULL, alphasort);
    fk_power_up();
    for (int i = 0; i < n; i++) {
        const char *file = list[i]->d_name;
        if (ts_str_ends(ts_str_of(file), TS_S(".json")) && loop_mine((unsigned)i, file)) {
            one_file(file);
        }
        free(list[i]);
    }
    free(list);
    return loop_end();
}
