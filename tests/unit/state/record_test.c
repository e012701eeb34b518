#include "helpers.h"

#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

TestSuite(state_record, .init = setup, .fini = teardown);

static const struct ts_value *at(const struct ts_value *array, size_t i)
{
    const struct ts_value *v = array->first;
    while (v && i--) {
        v = v->next;
    }
    cr_assert(v != NULL);
    return v;
}

static const struct ts_value *everything(struct ts_state *s, struct ts_arena *a)
{
    struct ts_value *v;
    OK(ts_state_to_value(s, 0, a, &v, &err));
    return v;
}

static char *as_json(const struct ts_value *v)
{
    struct ts_buf b = {0};
    ts_json_write(&b, v, 0);
    return ts_buf_take(&b);
}

static void finish(struct ts_state *s, int64_t attempt, int64_t code, const char *note,
                   ts_str tail)
{
    struct ts_attempt_end e = {.time_ms = 1700000001000,
                               .code = code,
                               .succeeded = code == 0,
                               .ignored = code == 5,
                               .note = note,
                               .tail = tail};
    ts_state_attempt_finished(s, attempt, &e);
}

Test(state_record, steps_come_back_in_order_with_attempts_and_skips)
{
    struct ts_arena a = {0};
    struct ts_state *s = open_state();
    begin(s);
    int64_t id = ts_state_attempt_started(s, 1, "copy", "Copy", 1, 1700000000000);
    finish(s, id, 5, "timeout", TS_S("first\n"));
    id = ts_state_attempt_started(s, 1, "copy", "Copy", 2, 1700000000000);
    finish(s, id, 0, "", TS_S("second\n"));
    ts_state_skipped(s, 2, "off", "Off", "condition", "X = 1: X is 2", 1700000000000);
    id = ts_state_attempt_started(s, 1, "copy", "Copy", 1, 1700000000000);
    finish(s, id, 0, "", TS_S(""));
    ts_state_attempt_started(s, 4, "run", "Run", 1, 1700000000000);
    OK(ts_state_commit(s, &err));

    const struct ts_value *steps = ts_value_get(everything(s, &a), "steps");
    static const char *const want[] = {
        "{\"index\":1,\"step\":\"copy\",\"name\":\"Copy\",\"attempts\":["
        "{\"attempt\":1,\"started\":\"2023-11-14T22:13:20.000Z\",\"ended\":"
        "\"2023-11-14T22:13:21.000Z\",\"code\":5,\"succeeded\":false,\"ignored\":true,"
        "\"note\":\"timeout\",\"tail\":\"first\\n\"},"
        "{\"attempt\":2,\"started\":\"2023-11-14T22:13:20.000Z\",\"ended\":"
        "\"2023-11-14T22:13:21.000Z\",\"code\":0,\"succeeded\":true,\"ignored\":false,"
        "\"note\":\"\",\"tail\":\"second\\n\"}]}",
        "{\"index\":2,\"step\":\"off\",\"name\":\"Off\",\"skipped\":{\"reason\":"
        "\"condition\",\"why\":\"X = 1: X is 2\",\"time\":\"2023-11-14T22:13:20.000Z\"}}",
        "{\"index\":1,\"step\":\"copy\",\"name\":\"Copy\",\"attempts\":["
        "{\"attempt\":1,\"started\":\"2023-11-14T22:13:20.000Z\",\"ended\":"
        "\"2023-11-14T22:13:21.000Z\",\"code\":0,\"succeeded\":true,\"ignored\":false,"
        "\"note\":\"\",\"tail\":\"\"}]}",
        "{\"index\":4,\"step\":\"run\",\"name\":\"Run\",\"attempts\":[{\"attempt\":1,"
        "\"started\":\"2023-11-14T22:13:20.000Z\",\"ended\":null}]}",
    };
    cr_assert_eq(steps->count, 4);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_str_eq(as_json(at(steps, i)), want[i]);
    }
    ts_state_close(s);
    ts_arena_fini(&a);
}

Test(state_record, run_and_position_have_stable_keys)
{
    struct ts_arena a = {0};
    struct ts_state *s = open_state();
    struct ts_run run = begin(s);
    ts_state_position(s, "{\"pointer\":3,\"stack\":[0]}");
    ts_state_status(s, TS_RUN_FAILED, 5, "it \"broke\"");
    OK(ts_state_commit(s, &err));
    const struct ts_value *v = everything(s, &a), *r = ts_value_get(v, "run");
    static const char *const keys[] = {"run", "position", "steps", "variables",
                                       "restarts"};
    const struct ts_value *c = v->first;
    for (size_t i = 0; i < 5; i++, c = c->next) {
        cr_assert(c && ts_str_eq(c->key, ts_str_of(keys[i])), "%s", keys[i]);
    }
    static const char *const run_keys[] = {
        "id",      "status",  "active", "name",      "file", "hash",  "machine",
        "workDir", "started", "ended",  "elapsedMs", "code", "error", "nextSeq"};
    c = r->first;
    for (size_t i = 0; i < 14; i++, c = c->next) {
        cr_assert(c && ts_str_eq(c->key, ts_str_of(run_keys[i])), "%s", run_keys[i]);
    }
    cr_assert(c == NULL);
    cr_assert_str_eq(ts_value_text(r, "id"), run.uid);
    cr_assert_str_eq(ts_value_text(r, "status"), "failed");
    cr_assert_str_eq(ts_value_text(r, "error"), "it \"broke\"");
    cr_assert_eq(ts_value_get(r, "code")->integer, 5);
    cr_assert_eq(ts_value_get(ts_value_get(v, "position"), "pointer")->integer, 3);
    struct ts_value *none;
    cr_assert_eq(ts_state_to_value(s, 77, &a, &none, &err), TS_ENOTFOUND);
    ts_state_close(s);
    ts_arena_fini(&a);
}

Test(state_record, tail_is_the_last_64_kib_from_a_whole_character)
{
    struct ts_arena a = {0};
    struct ts_state *s = open_state();
    size_t n = 100000;
    char *text = ts_alloc(n + 2);
    for (size_t i = 0; i < n; i += 2) {
        memcpy(text + i, "\xC3\xA9", 2);
    }
    text[n] = '!';
    begin(s);
    finish(s, ts_state_attempt_started(s, 1, "x", "X", 1, 1), 0, "",
           (ts_str){text, n + 1});
    OK(ts_state_commit(s, &err));
    const struct ts_value *step = at(ts_value_get(everything(s, &a), "steps"), 0);
    const char *tail = ts_value_text(at(ts_value_get(step, "attempts"), 0), "tail");
    cr_assert_eq(strlen(tail), 64 * 1024 - 1);
    cr_assert(ts_utf8_valid(ts_str_of(tail)));
    cr_assert_eq(tail[strlen(tail) - 1], '!');
    ts_state_close(s);
    ts_arena_fini(&a);
}

static void record_event(void *ctx, const struct ts_event *e)
{
    ts_state_event(ctx, e);
}

static void emit(struct ts_events *ev, const char *type)
{
    ts_event_begin(ev, type);
    ts_event_add(ev, "step", "a");
    ts_event_end(ev);
}

Test(state_record, events_are_kept_and_numbers_go_on)
{
    struct ts_run run;
    struct ts_state *s = open_state();
    struct ts_events *ev = ts_events_new();
    run = begin(s);
    ts_events_run(ev, run.uid, run.next_seq);
    ts_events_sink(ev, record_event, s);
    emit(ev, "run.started");
    emit(ev, "step.output");
    emit(ev, "step.started");
    OK(ts_state_commit(s, &err));
    emit(ev, "step.finished"); /* 4: lost */
    ts_state_close(s);
    cr_assert_str_eq(query(dir, "SELECT group_concat(seq) FROM events"), "1,3");
    cr_assert(strstr(query(dir, "SELECT json FROM events WHERE seq = 3"),
                     "{\"event\":\"step.started\",") != NULL);
    s = open_state();
    OK(ts_state_last_run(s, &run, &err));
    cr_assert_eq(run.next_seq, 4);
    /* what is only watched counts too */
    ts_events_free(ev);
    ev = ts_events_new();
    ts_events_run(ev, run.uid, run.next_seq);
    ts_events_sink(ev, record_event, s);
    emit(ev, "log");
    emit(ev, "step.progress");
    OK(ts_state_commit(s, &err));
    OK(ts_state_last_run(s, &run, &err));
    cr_assert_eq(run.next_seq, 6);
    ts_state_close(s);
    ts_events_free(ev);
}

static void add_restart(void *ctx, const struct ts_restart *r)
{
    ts_buf_fmt(ctx, "%d-%d %d %s>%s %s %s;", (int)r->requested_ms, (int)r->arrived_ms,
               r->expected, r->target, r->phase, r->step_id, r->message);
}

Test(state_record, ledger_holds_every_restart)
{
    struct ts_buf b = {0};
    struct ts_arena a = {0};
    struct ts_state *s = open_state();
    struct ts_run run = begin(s);
    ts_state_restart_requested(s, "boot", "WinPE", "soon", 10);
    OK(ts_state_commit(s, &err));
    ts_state_restart_arrived(s, true, "WinPE", 20);
    ts_state_restart_arrived(s, false, "FullOS", 30);
    ts_state_restart_requested(s, "boot2", "FullOS", "", 40);
    OK(ts_state_commit(s, &err));
    OK(ts_state_restarts(s, run.id, add_restart, &b, &err));
    cr_assert_str_eq(b.p, "10-20 1 WinPE>WinPE boot soon;0-30 0 >FullOS  ;"
                          "40-0 1 FullOS> boot2 ;");
    ts_state_restart_arrived(s, true, "FullOS", 50);
    ts_state_restart_arrived(s, true, "FullOS", 60); /* nobody had asked for this one */
    OK(ts_state_commit(s, &err));
    ts_buf_clear(&b);
    OK(ts_state_restarts(s, run.id, add_restart, &b, &err));
    cr_assert_str_eq(b.p, "10-20 1 WinPE>WinPE boot soon;0-30 0 >FullOS  ;"
                          "40-50 1 FullOS>FullOS boot2 ;0-60 1 >FullOS  ;");
    const struct ts_value *list = ts_value_get(everything(s, &a), "restarts");
    cr_assert_str_eq(as_json(at(list, 0)),
                     "{\"requested\":\"1970-01-01T00:00:00.010Z\",\"arrived\":"
                     "\"1970-01-01T00:00:00.020Z\",\"expected\":true,\"step\":\"boot\","
                     "\"target\":\"WinPE\",\"phase\":\"WinPE\",\"message\":\"soon\","
                     "\"by\":\"step\",\"ms\":10}");
    cr_assert_str_eq(ts_value_text(at(list, 1), "by"), "nobody");
    ts_state_close(s);
    ts_arena_fini(&a);
}

Test(state_record, commit_without_records_is_nothing)
{
    struct ts_state *s = open_state();
    OK(ts_state_commit(s, &err));
    begin(s);
    OK(ts_state_commit(s, &err));
    char *before = query(dir, "PRAGMA data_version");
    OK(ts_state_commit(s, &err));
    cr_assert_str_eq(query(dir, "PRAGMA data_version"), before);
    ts_state_close(s);
}

/* ---- a disk that is full -------------------------------------------------------------
 */

static void fill_until_refused(struct ts_state *s, enum ts_code expected)
{
    struct ts_run run;
    char *big = ts_alloc(60001);
    int committed = 0;
    enum ts_code rc = TS_OK;
    memset(big, 'b', 60000);
    for (int i = 1; i < 500 && rc == TS_OK; i++) {
        char position[16];
        snprintf(position, sizeof position, "%d", i);
        finish(s, ts_state_attempt_started(s, i, "x", "X", 1, 1), 0, "",
               (ts_str){big, 60000});
        ts_state_position(s, position);
        rc = ts_state_commit(s, &err);
        committed = rc == TS_OK ? i : committed;
    }
    cr_assert_eq(rc, expected, "%d: %s", rc, err.text);
    cr_assert(strstr(err.text, "state.db") != NULL, "%s", err.text);
    cr_assert_gt(committed, 0);
    OK(ts_state_last_run(s, &run, &err));
    cr_assert_eq(atoi(run.position), committed);
}

Test(state_record, full_disk_keeps_the_last_commit)
{
    struct ts_state *s;
    struct ts_run run;
    mkdir(dir, 0700);
    if (geteuid() != 0 || mount("none", dir, "tmpfs", 0, "size=1m") != 0) {
        cr_skip_test("no file system of a given size can be made here");
    }
    s = open_state();
    begin(s);
    OK(ts_state_commit(s, &err));
    fill_until_refused(s, TS_ENOSPC);
    OK(ts_state_last_run(s, &run, &err));
    char *position = ts_strdup(run.position);
    ts_state_close(s);
    s = open_state();
    OK(ts_state_last_run(s, &run, &err));
    cr_assert_str_eq(run.position, position);
    ts_state_close(s);
    umount2(dir, MNT_DETACH);
}

Test(state_record, file_limit_keeps_the_last_commit)
{
    struct rlimit old, small = {900 * 1024, RLIM_INFINITY};
    struct ts_state *s = open_state();
    begin(s);
    OK(ts_state_commit(s, &err));
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    fill_until_refused(s, TS_EIO);
    setrlimit(RLIMIT_FSIZE, &old);
    ts_state_position(s, "\"on\"");
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    cr_assert_str_eq(query(dir, "PRAGMA integrity_check"), "ok");
}
