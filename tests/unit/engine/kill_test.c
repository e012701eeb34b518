/* The power is cut at every point of a run, one after the other; whatever the point, the
 * run that goes on afterwards must end as the uncut one did. */
#include "rig.h"

#include "platform/fs.h"
#include "platform/power.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Twelve steps: nested groups, ignored failures, finally lists after success and failure,
 * a retry, a retry request, two restarts (one of them inside a finally list). */
static const char *const sequence =
    "{'variables':{'Base':'b'},'steps':["
    "{'name':'1','type':'SetVariable','variable':'V1','value':'%Base%-1'},"
    "{'name':'G','continueOnError':true,'steps':["
    "  {'name':'2','type':'Rerun','retry':{'attempts':3}},"
    "  {'name':'3','type':'RestartComputer','target':'FullOS'},"
    "  {'name':'H','steps':["
    "    {'name':'4','type':'Rerun','continueOnError':true},"
    "    {'name':'5','type':'Rerun'},"
    "    {'name':'never','type':'Rerun'}],"
    "   'finally':["
    "    "
    "{'name':'6','type':'SetVariable','variable':'V6','value':'%_SMSTSLastActionName%'},"
    "    {'name':'7','type':'RestartComputer','target':'FullOS'},"
    "    {'name':'8','type':'Rerun'}]}],"
    " 'finally':[{'name':'9','type':'Rerun','onInterrupt':'rerun'}]},"
    "{'name':'10','type':'SetVariable','variable':'V10',"
    "   'value':'%V1% %_SMSTSLastActionName% %_SMSTSLastActionRetCode%'},"
    "{'name':'11','type':'Rerun','condition':'V10 = `b-1 5 9`'},"
    "{'name':'12','type':'SetVariable','variable':'V12','value':'%Base% end'}]}";
static const char *const results = "{'2':[1,0],'4':4,'5':9}";

enum { NOTHING = 96 }; /* exit code of the rig: the state holds no run */

/* 10: restart; else 20 and how the run ended, now or - the very last cut - before. */
static int end_of(struct rig *r, bool resume)
{
    enum ts_code rc = fake_run(&r->f, r->seq, resume, NULL);
    struct ts_run run;

    if (rc == TS_OK) {
        return r->f.result.end == TS_END_RESTART ? 10 : 20 + (int)r->f.result.end;
    }
    if (rc == TS_EREFUSED &&
        ts_state_last_run(r->f.config.state, &run, &r->f.err) == TS_OK &&
        run.status == TS_RUN_SUCCEEDED) {
        return 20 + TS_END_SUCCEEDED;
    }
    fprintf(stderr, "%s\n", r->f.err.text);
    _exit(98);
}

static int start(const char *dir, bool resume, uint64_t cut)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        char *counter = ts_path_join(dir, "counter");
        struct rig r;
        alarm(60);
        rig_is_child();
        rig_init(&r, sequence, results);
        r.f.config.restart_limit = 1000;
        rig_state(&r, dir, resume);
        ts_power_arm(counter, cut);
        int code = end_of(&r, resume);
        char *out =
            ts_format("%s|%s|%s|%s|%s", fake_var(&r.f, "V1"), fake_var(&r.f, "V6"),
                      fake_var(&r.f, "V10"), fake_var(&r.f, "V12"),
                      fake_var(&r.f, "_SMSTSLastActionName"));
        char *path = ts_path_join(dir, "vars");
        FILE *f = fopen(path, "w");
        if (!f || fputs(out, f) < 0 || fclose(f) != 0) {
            _exit(97);
        }
        _exit(code);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Names in the order in which each ran last: a step that was cut off and runs again
 * counts once, at its second go; a step tried twice by its own retry too. */
static void order_of(const char *dir, struct ts_buf *out)
{
    struct ts_buf b = {0};
    char *path = ts_path_join(dir, "ran");
    ts_str rest, line;

    if (ts_file_read(path, 1 << 20, &b, NULL) != TS_OK) {
        ts_free(path);
        return;
    }
    rest = ts_buf_view(&b);
    while (ts_str_cut(&rest, '\n', &line)) {
        ts_str later = rest, other;
        bool again = false;
        while (ts_str_cut(&later, '\n', &other)) {
            again = again || ts_str_eq(line, other);
        }
        if (line.n && !again) {
            ts_buf_fmt(out, "%.*s ", (int)line.n, line.p);
        }
    }
    ts_free(path);
    ts_buf_free(&b);
}

struct outcome {
    int code, cuts;
    uint64_t points;
    struct ts_buf order, vars;
};

static void run_all(struct outcome *o, uint64_t cut)
{
    char *dir = rig_folder();
    bool resume = false;

    *o = (struct outcome){0};
    for (int boots = 0; boots < 50; boots++) {
        o->code = start(dir, resume, cut);
        if (o->code == -SIGKILL) {
            o->cuts++;
        } else if (o->code != 10 && o->code != NOTHING) {
            break;
        }
        /* Cut before the very first record: there is no run, and it is started again. */
        resume = o->code != NOTHING;
    }
    char *counter = ts_path_join(dir, "counter"), *vars = ts_path_join(dir, "vars");
    struct ts_buf raw = {0};
    cr_assert_eq(ts_file_read(counter, 64, &raw, NULL), TS_OK);
    memcpy(&o->points, raw.p, sizeof o->points);
    cr_assert_eq(ts_file_read(vars, 4096, &o->vars, NULL), TS_OK);
    order_of(dir, &o->order);
    ts_buf_free(&raw);
    ts_free(counter);
    ts_free(vars);
    rig_remove(dir);
}

Test(kill, a_run_cut_at_any_point_ends_like_the_uncut_one, .timeout = 300)
{
    struct outcome uncut, cut;

    run_all(&uncut, 0);
    cr_assert_eq(uncut.code, 20 + TS_END_SUCCEEDED);
    cr_assert_str_eq(ts_buf_text(&uncut.order), "1 2 3 4 5 6 7 8 9 10 11 12 ");
    cr_assert_str_eq(ts_buf_text(&uncut.vars), "b-1|5|b-1 5 9|b end|12");
    cr_assert_gt(uncut.points, 50);
    for (uint64_t n = 1; n <= uncut.points; n++) {
        run_all(&cut, n);
        cr_assert_eq(cut.cuts, 1, "point %llu was not reached", (unsigned long long)n);
        cr_expect_eq(cut.code, uncut.code, "cut at %llu: %d", (unsigned long long)n,
                     cut.code);
        cr_expect_str_eq(ts_buf_text(&cut.order), ts_buf_text(&uncut.order),
                         "cut at %llu", (unsigned long long)n);
        cr_expect_str_eq(ts_buf_text(&cut.vars), ts_buf_text(&uncut.vars), "cut at %llu",
                         (unsigned long long)n);
        ts_buf_free(&cut.order);
        ts_buf_free(&cut.vars);
    }
    ts_buf_free(&uncut.order);
    ts_buf_free(&uncut.vars);
}
