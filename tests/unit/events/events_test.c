#include "events/events.h"

#include "base/mem.h"
#include "base/value.h"
#include "platform/fs.h"
#include "platform/thread.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct ts_err err;

static void setup(void)
{
    strncpy(dir, "/tmp/ts-events-XXXXXX", sizeof dir - 1);
    cr_assert(mkdtemp(dir) != NULL);
}

static void teardown(void)
{
    (void)!ts_fs_remove_tree(dir, NULL);
}

TestSuite(events_file, .init = setup, .fini = teardown);

static void keep(void *ctx, const struct ts_event *e)
{
    struct ts_buf *b = ctx;
    ts_buf_str(b, e->json);
    ts_buf_c(b, '\n');
}

static const struct ts_value *parse(struct ts_arena *a, ts_str json)
{
    struct ts_value *v;
    cr_assert_eq(ts_json_parse(&v, a, json, "event", &err), TS_OK, "%s in %.*s", err.text,
                 (int)json.n, json.p);
    return v;
}

Test(events, line_has_the_fixed_fields_then_ours_in_order)
{
    struct ts_buf out = {0};
    struct ts_arena a = {0};
    struct ts_events *ev = ts_events_new();
    ts_events_run(ev, "r1", 41);
    ts_events_sink(ev, keep, &out);
    ts_event_begin(ev, "step.finished");
    ts_event_add(ev, "step", "a");
    ts_event_add(ev, "absent", NULL);
    ts_event_add_int(ev, "code", INT64_C(-2147467259));
    ts_event_add_bool(ev, "succeeded", false);
    ts_event_add_raw(ev, "more", TS_S("[1,2]"));
    ts_event_add_raw(ev, "none", TS_S(""));
    ts_event_add_str(ev, "text", TS_S("x"));
    ts_event_end(ev);

    const char *start = "{\"event\":\"step.finished\",\"time\":\"";
    cr_assert(strncmp(out.p, start, strlen(start)) == 0, "%s", out.p);
    cr_assert_str_eq(
        out.p + strlen(start) + 24,
        "\",\"run\":\"r1\",\"seq\":41,\"step\":\"a\",\"code\":-2147467259,"
        "\"succeeded\":false,\"more\":[1,2],\"none\":null,\"text\":\"x\"}\n");
    const char *time = ts_value_text(parse(&a, ts_buf_view(&out)), "time");
    int y, mo, d, h, mi, s, ms, n = 0;
    cr_assert(sscanf(time, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &y, &mo, &d, &h, &mi, &s,
                     &ms, &n) == 7 &&
                  n == 24,
              "%s", time);
    cr_assert_eq(ts_events_next_seq(ev), 42);
    ts_events_free(ev);
    ts_arena_fini(&a);
    ts_buf_free(&out);
}

Test(events, any_bytes_make_valid_json)
{
    static const struct {
        ts_str in;
        const char *out;
    } cases[] = {
        {{"q\"b\\s/", 6}, "q\"b\\s/"},
        {{"tab\tnl\r\n", 8}, "tab\tnl\r\n"},
        {{"\x01\x1f\x7f", 3}, "\x01\x1f\x7f"},
        {{"\xFF\xFE", 2}, "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {{"\xE2\x82", 2}, NULL}, /* a cut character: some replacement */
        {{"\xED\xA0\x80", 3}, NULL},
        {{"\xF0\x9F\x98\x80", 4}, "\xF0\x9F\x98\x80"},
        {{"\xC0\xAF", 2}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ts_buf out = {0};
        struct ts_arena a = {0};
        struct ts_events *ev = ts_events_new();
        ts_events_run(ev, "r", 1);
        ts_events_sink(ev, keep, &out);
        ts_event_begin(ev, "log");
        ts_event_add_str(ev, "text", cases[i].in);
        ts_event_end(ev);
        const char *text = ts_value_text(parse(&a, ts_buf_view(&out)), "text");
        cr_assert(ts_utf8_valid(ts_str_of(text)), "%zu", i);
        if (cases[i].out) {
            cr_assert_str_eq(text, cases[i].out);
        } else {
            cr_assert(strstr(text, "\xEF\xBF\xBD") != NULL, "%zu", i);
        }
        ts_events_free(ev);
        ts_arena_fini(&a);
        ts_buf_free(&out);
    }
}

static void hide(void *ctx, struct ts_buf *out, ts_str text)
{
    (void)ctx;
    ts_str at = text;
    while (at.n && !ts_str_starts(at, TS_S("secret"))) {
        ts_buf_c(out, *at.p++);
        at.n--;
    }
    if (at.n) {
        ts_buf_z(out, "*****");
        ts_buf_add(out, at.p + 6, at.n - 6);
    }
}

static void look(void *ctx, const struct ts_event *e)
{
    int *seen = ctx;
    cr_assert_str_eq(e->type, "variable.set");
    cr_assert_eq(e->seq, 1);
    cr_assert_gt(e->time_ms, INT64_C(1500000000000));
    cr_assert_str_eq(ts_event_text(e, "name"), "Pass");
    cr_assert_str_eq(ts_event_text(e, "value"), "my ***** here");
    cr_assert_str_eq(ts_event_text(e, "absent"), "");
    cr_assert_str_eq(ts_event_text(e, "index"), "");
    cr_assert(ts_event_field(e, "absent") == NULL);
    cr_assert_eq(ts_event_field(e, "index")->number, 3);
    cr_assert_eq(ts_event_field(e, "index")->kind, TS_FIELD_INT);
    cr_assert_eq(e->n, 3);
    ++*seen;
}

Test(events, sinks_see_masked_texts)
{
    struct ts_buf out = {0};
    int seen = 0;
    struct ts_events *ev = ts_events_new();
    ts_events_mask(ev, hide, NULL);
    ts_events_sink(ev, look, &seen);
    ts_events_sink(ev, keep, &out);
    ts_event_begin(ev, "variable.set");
    ts_event_add(ev, "name", "Pass");
    ts_event_add_int(ev, "index", 3);
    ts_event_add(ev, "value", "my secret here");
    ts_event_end(ev);
    cr_assert_eq(seen, 1);
    cr_assert(strstr(out.p, "secret") == NULL, "%s", out.p);
    ts_events_free(ev);
    ts_buf_free(&out);
}

Test(events, many_long_fields_stay_apart)
{
    struct ts_buf out = {0};
    struct ts_arena a = {0};
    struct ts_events *ev = ts_events_new();
    static char keys[40][8];
    char *text = ts_alloc(3001);
    memset(text, 'k', 3000);
    ts_events_sink(ev, keep, &out);
    ts_event_begin(ev, "log");
    for (int i = 0; i < 40; i++) {
        snprintf(keys[i], sizeof keys[i], "k%d", i);
        text[0] = (char)('A' + i);
        ts_event_add(ev, keys[i], text);
    }
    ts_event_end(ev);
    const struct ts_value *v = parse(&a, ts_buf_view(&out));
    for (int i = 0; i < 40; i++) {
        cr_assert_eq(ts_value_text(v, keys[i])[0], 'A' + i);
        cr_assert_eq(strlen(ts_value_text(v, keys[i])), 3000);
    }
    ts_events_free(ev);
}

Test(events, nothing_happens_without_listeners)
{
    struct ts_events *ev = ts_events_new();
    ts_events_run(ev, "r", 7);
    cr_assert(!ts_events_active(ev));
    cr_assert(!ts_events_active(NULL));
    for (int i = 0; i < 2; i++) {
        struct ts_events *none = i ? ev : NULL;
        ts_event_begin(none, "log");
        ts_event_add(none, "text", "x");
        ts_event_add_int(none, "n", 1);
        ts_event_add_bool(none, "b", true);
        ts_event_add_raw(none, "r", TS_S("1"));
        ts_event_end(none);
        ts_events_sync(none);
    }
    cr_assert_eq(ts_events_next_seq(ev), 7);
    ts_events_free(ev);
    ts_events_free(NULL);
}

static void begin_inside(void *ctx, const struct ts_event *e)
{
    (void)e;
    ts_event_begin(ctx, "log");
}

Test(events, sink_that_begins_an_event_is_a_bug, .signal = SIGABRT)
{
    struct ts_events *ev = ts_events_new();
    ts_events_sink(ev, begin_inside, ev);
    ts_event_begin(ev, "log");
    ts_event_end(ev);
}

/* ---- the file ------------------------------------------------------------------------
 */

static char *slurp(const char *path)
{
    struct ts_buf b = {0};
    cr_assert_eq(ts_file_read(path, 64 << 20, &b, &err), TS_OK, "%s", err.text);
    return ts_buf_take(&b);
}

static void spill(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    fputs(text, f);
    fclose(f);
}

/* How many lines there are, each of them one object. */
static size_t whole_lines(const char *text)
{
    struct ts_arena a = {0};
    ts_str rest = ts_str_of(text), line;
    size_t n = 0;
    while (ts_str_cut(&rest, '\n', &line)) {
        if (line.n) {
            parse(&a, line);
            n++;
        }
    }
    ts_arena_fini(&a);
    return n;
}

/* Open `path` for run r1, whose next number is 3, write one event, give its number. */
static uint64_t one_more(const char *path)
{
    struct ts_events *ev = ts_events_new();
    ts_events_run(ev, "r1", 3);
    cr_assert_eq(ts_events_file(ev, path, &err), TS_OK, "%s", err.text);
    cr_assert(ts_events_active(ev));
    uint64_t seq = ts_events_next_seq(ev);
    ts_event_begin(ev, "log");
    ts_event_add(ev, "text", "one more");
    ts_event_end(ev);
    ts_events_sync(ev);
    ts_events_free(ev);
    return seq;
}

Test(events_file, numbers_go_on_after_the_highest_of_this_run)
{
    static const struct {
        const char *before, *kept;
        uint64_t seq;
    } cases[] = {
        {"", "", 3},
        {"{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":9}\n",
         "{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":9}\n", 10},
        {"{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":2}\n",
         "{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":2}\n", 3},
        /* another run's numbers do not count, nor those in a text */
        {"{\"event\":\"log\",\"time\":\"t\",\"run\":\"r11\",\"seq\":90}\n"
         "{\"event\":\"log\",\"time\":\"t\",\"run\":\"r2\",\"seq\":80,\"text\":"
         "\"\\\"run\\\":\\\"r1\\\",\\\"seq\\\":70\"}\n"
         "{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":12}\n"
         "{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":11}\n",
         NULL, 13},
        /* a torn line goes, with its number */
        {"{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":5}\n"
         "{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":6,\"te",
         "{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":5}\n", 6},
        {"{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":6", "", 3},
        /* not ours to judge */
        {"{\"run\":\"r1\",\"seq\":99999999999999999999999}\nhello\n\n", NULL, 3},
    };
    char *path = ts_path_join(dir, "e.jsonl");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *kept = cases[i].kept ? cases[i].kept : cases[i].before;
        spill(path, cases[i].before);
        uint64_t seq = one_more(path);
        cr_assert_eq(seq, cases[i].seq, "case %zu: %llu", i, (unsigned long long)seq);
        char *text = slurp(path);
        cr_assert(strncmp(text, kept, strlen(kept)) == 0, "case %zu: %s", i, text);
        cr_assert(strncmp(text + strlen(kept), "{\"event\":\"log\",", 15) == 0,
                  "case %zu: %s", i, text);
        cr_assert_eq(text[strlen(text) - 1], '\n');
        if (cases[i].kept) {
            whole_lines(text);
        }
        ts_free(text);
    }
}

Test(events_file, every_cut_of_the_last_line_is_mended)
{
    char *path = ts_path_join(dir, "e.jsonl");
    one_more(path);
    char *first = slurp(path);
    one_more(path);
    char *both = slurp(path);
    for (size_t n = strlen(first); n < strlen(both); n++) {
        char *cut = ts_str_dup((ts_str){both, n});
        spill(path, cut);
        cr_assert_eq(one_more(path), 4, "cut at %zu", n);
        char *now = slurp(path);
        cr_assert_eq(whole_lines(now), 2, "cut at %zu: %s", n, now);
        ts_free(now);
        ts_free(cut);
    }
}

Test(events_file, long_foreign_lines_are_passed_over)
{
    char *path = ts_path_join(dir, "e.jsonl");
    FILE *f = fopen(path, "wb");
    for (int i = 0; i < 300000; i++) {
        fputc('x', f);
    }
    fputs("\n{\"event\":\"log\",\"time\":\"t\",\"run\":\"r1\",\"seq\":8}\n", f);
    fclose(f);
    cr_assert_eq(one_more(path), 9);
}

Test(events_file, only_the_owner_reads_it)
{
    struct stat st;
    char *path = ts_path_join(dir, "e.jsonl");
    one_more(path);
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
}

Test(events_file, follows_no_link)
{
    char *path = ts_path_join(dir, "e.jsonl"), *victim = ts_path_join(dir, "victim");
    struct ts_events *ev = ts_events_new();
    spill(victim, "torn line of somebody");
    cr_assert_eq(symlink(victim, path), 0);
    cr_assert_eq(ts_events_file(ev, path, &err), TS_ELINK, "%s", err.text);
    cr_assert(strstr(err.text, path) != NULL, "%s", err.text);
    if (geteuid() == 0) {
        cr_assert_eq(lchown(path, 12345, 12345), 0);
        unlink(victim);
        mkfifo(victim, 0600);
        cr_assert_eq(ts_events_file(ev, path, &err), TS_ELINK, "%s", err.text);
        cr_assert(strstr(err.text, "user 12345") != NULL, "%s", err.text);
        unlink(victim);
        spill(victim, "torn line of somebody");
    }
    cr_assert_str_eq(slurp(victim), "torn line of somebody");
    cr_assert(!ts_events_active(ev));
    ts_events_free(ev);
}

Test(events_file, missing_folder_is_an_error)
{
    struct ts_events *ev = ts_events_new();
    cr_assert_eq(ts_events_file(ev, ts_path_join(dir, "no/e.jsonl"), &err), TS_ENOTFOUND,
                 "%s", err.text);
    ts_events_free(ev);
}

Test(events_file, a_pipe_gets_lines_too)
{
    char *path = ts_path_join(dir, "pipe");
    char line[512] = "";
    cr_assert_eq(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    cr_assert_eq(one_more(path), 3);
    cr_assert_gt(read(fd, line, sizeof line - 1), 0);
    cr_assert(strstr(line, "\"seq\":3,\"text\":\"one more\"}\n") != NULL, "%s", line);
    close(fd);
}

/* As in `--events >(program)`. */
Test(events_file, a_descriptor_gets_lines_too)
{
    char line[512] = "", path[32];
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", fds[1]);
    one_more(path);
    cr_assert_gt(read(fds[0], line, sizeof line - 1), 0);
    cr_assert(strstr(line, "one more") != NULL, "%s", line);
}

Test(events_file, dash_is_standard_output)
{
    char *path = ts_path_join(dir, "out");
    int fd = open(path, O_CREAT | O_RDWR, 0600), old = dup(1);
    dup2(fd, 1);
    one_more("-");
    dup2(old, 1);
    char *text = slurp(path);
    cr_assert(strncmp(text, "{\"event\":\"log\",", 15) == 0, "%s", text);
    cr_assert_eq(text[strlen(text) - 1], '\n');
}

Test(events_file, leaves_whole_lines_on_a_full_disk)
{
    struct rlimit old, small = {450, RLIM_INFINITY};
    char *path = ts_path_join(dir, "e.jsonl");
    struct ts_events *ev = ts_events_new();
    struct ts_arena a = {0};
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    ts_events_run(ev, "r1", 1);
    cr_assert_eq(ts_events_file(ev, path, &err), TS_OK);
    for (int i = 0; i < 12; i++) {
        struct rlimit *now = i == 11 ? &old : &small;
        setrlimit(RLIMIT_FSIZE, now);
        ts_event_begin(ev, "log");
        ts_event_add(ev, "text", "some words");
        ts_event_end(ev);
    }
    ts_events_free(ev);
    char *text = slurp(path);
    ts_str rest = ts_str_of(text), line;
    int64_t last = 0;
    while (ts_str_cut(&rest, '\n', &line)) {
        if (line.n) {
            last = ts_value_get(parse(&a, line), "seq")->integer;
        }
    }
    cr_assert_eq(last, 12);
    cr_assert(strstr(text, "\"seq\":11,") == NULL, "%s", text);
}

static void emit(void *ctx)
{
    for (int i = 0; i < 300; i++) {
        ts_event_begin(ctx, "step.progress");
        ts_event_add_int(ctx, "percent", i);
        ts_event_end(ctx);
    }
}

Test(events_file, takes_events_from_any_thread)
{
    char *path = ts_path_join(dir, "e.jsonl");
    struct ts_events *ev = ts_events_new();
    struct ts_thread *t[4];
    struct ts_arena a = {0};
    ts_events_run(ev, "r", 1);
    cr_assert_eq(ts_events_file(ev, path, &err), TS_OK);
    for (int i = 0; i < 4; i++) {
        t[i] = ts_thread_start(emit, ev);
    }
    for (int i = 0; i < 4; i++) {
        ts_thread_join(t[i]);
    }
    ts_events_free(ev);
    ts_str rest = ts_str_of(slurp(path)), line;
    int64_t n = 0;
    while (ts_str_cut(&rest, '\n', &line)) {
        if (line.n) {
            cr_assert_eq(ts_value_get(parse(&a, line), "seq")->integer, ++n);
        }
    }
    cr_assert_eq(n, 1200);
}
