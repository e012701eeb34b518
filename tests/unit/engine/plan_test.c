#include "rig.h"

#include <stdlib.h>
#include <string.h>

static struct ts_value *plan_of(struct rig *r, const struct ts_plan_result *results,
                                size_t n)
{
    struct ts_value *v = NULL;

    r->f.config.seq = r->seq;
    r->f.config.steps = &r->f.steps;
    r->f.config.host = &r->f.host;
    cr_assert_eq(ts_plan(&r->f.config, results, n, &r->arena, &v, &r->f.err), TS_OK, "%s",
                 r->f.err.text);
    return v;
}

static void expect_text(const struct ts_value *plan, const char *want)
{
    struct ts_buf b = {0};

    ts_plan_print(&b, plan);
    cr_expect_str_eq(ts_buf_text(&b), want, "%s", ts_buf_text(&b));
    ts_buf_free(&b);
}

Test(plan, tells_what_would_run_and_why_the_rest_would_not)
{
    struct ts_plan_result results[] = {{"D*", 5}};
    struct rig r;

    rig_init(&r,
             "{'variables':{'X':'1'},'steps':["
             "{'name':'S','type':'SetVariable','variable':'Y','value':'%X%-2'},"
             "{'name':'G','condition':'Y = `1-2`','continueOnError':true,'steps':["
             " {'name':'A','disabled':true},{'name':'B','condition':'X = `2`'},"
             " {'name':'D1'},{'name':'E'}],'finally':[{'name':'F'}]},"
             "{'name':'R','type':'RestartComputer','target':'WinPE'},"
             "{'name':'P','phase':'WinPE'},"
             "{'name':'Q','phase':'FullOS'},{'name':'Z'}]}",
             NULL);
    struct ts_value *v = plan_of(&r, results, 1);
    expect_text(v,
                "Test, starting in FullOS\n"
                "   0 + S (SetVariable)\n"
                "   1 ! G: fails, ignored\n"
                "         `Y = '1-2'` is true (Y is '1-2')\n"
                "   2   - A (Do): skipped, disabled\n"
                "   3   - B (Do): skipped, its condition is false\n"
                "           `X = '2'` is false (X is '1')\n"
                "   4   ! D1 (Do): fails with 5\n"
                "   5   - E (Do): skipped, a step before it failed\n"
                "       finally\n"
                "   6     + F (Do)\n"
                "   8 + R (RestartComputer), then restarts into WinPE\n"
                "   9 + P (Do)\n"
                "  10 ! Q (Do): fails with 0x80070032 (2147942450): the request is not "
                "supported\n"
                "         it runs in FullOS only, and this would be WinPE\n"
                "  11 - Z (Do): skipped, a step before it failed\n"
                "The run would fail with 0x80070032 (2147942450): the request is not "
                "supported.\n");
    rig_fini(&r);
}

Test(plan, touches_nothing)
{
    struct rig r;

    rig_init(
        &r,
        "[{'name':'S','type':'SetVariable','variable':'X','value':'new'},{'name':'A'},"
        "{'name':'R','type':'RestartComputer','target':'WinPE'}]",
        NULL);
    fake_set(&r.f, "X", "old");
    (void)plan_of(&r, NULL, 0);
    cr_expect_str_eq(fake_var(&r.f, "X"), "old");
    cr_expect_str_eq(fake_var(&r.f, "_SMSTSInWinPE"), "");
    cr_expect_str_eq(ts_buf_text(&r.f.ran), "");
    cr_expect_str_eq(ts_buf_text(&r.f.events), "");
    cr_expect_eq(r.f.host.phase, TS_PHASE_FULLOS);
    cr_expect_eq(r.f.restarts, 0);
    rig_fini(&r);
}

Test(plan, results_are_by_id_or_name_and_the_last_one_counts)
{
    struct ts_plan_result results[] = {{"*", 1}, {"good", 0}, {"Other*", 0}};
    struct rig r;

    rig_init(&r,
             "[{'name':'First','id':'good'},{'name':'Other one','id':'b'},"
             "{'name':'Third','id':'c'}]",
             NULL);
    struct ts_value *v = plan_of(&r, results, 3);
    cr_expect_str_eq(ts_value_text(v, "result"), "failed");
    cr_expect_eq(ts_value_get(v, "code")->integer, 1);
    const struct ts_value *n = ts_value_get(v, "nodes")->first;
    cr_expect(ts_value_get(n, "succeeded")->boolean);
    cr_expect(ts_value_get(n->next, "succeeded")->boolean);
    cr_expect_not(ts_value_get(n->next->next, "succeeded")->boolean);
    rig_fini(&r);
}

Test(plan, a_restart_code_changes_the_phase)
{
    struct ts_plan_result results[] = {{"I", 3010}};
    struct rig r;

    rig_init(&r, "[{'name':'I','type':'InstallPackage'},{'name':'A','phase':'FullOS'}]",
             NULL);
    r.f.host.phase = TS_PHASE_WINPE;
    struct ts_value *v = plan_of(&r, results, 1);
    cr_expect_str_eq(ts_value_text(v, "result"), "succeeded");
    cr_expect_str_eq(ts_value_text(ts_value_get(v, "nodes")->first, "restart"), "FullOS");
    rig_fini(&r);
}

/* ---- the plan and the run agree
 * ------------------------------------------------------------ */

struct dice {
    uint32_t state;
    int steps;
    struct ts_buf seq, codes;
};

static uint32_t roll(struct dice *d, uint32_t n)
{
    d->state = d->state * 1664525u + 1013904223u;
    return (d->state >> 8) % n;
}

static const char *const conditions[] = {
    "_SMSTSLastActionSucceeded = `false`",
    "_SMSTSLastActionRetCode = 5",
    "V = `1`",
    "not V = `1`",
    "exists V",
    "_SMSTSInWinPE = `true`",
    "registry(`HKLM\\\\X`)",
};

static void options(struct dice *d)
{
    if (roll(d, 4) == 0) {
        ts_buf_fmt(&d->seq, ",'condition':'%s'",
                   conditions[roll(d, sizeof conditions / sizeof conditions[0])]);
    }
    if (roll(d, 3) == 0) {
        ts_buf_z(&d->seq, ",'continueOnError':true");
    }
    if (roll(d, 12) == 0) {
        ts_buf_z(&d->seq, ",'disabled':true");
    }
}

static void make_list(struct dice *d, int depth);

static void make_node(struct dice *d, int depth)
{
    int number = d->steps++;

    if (depth < 4 && roll(d, 3) == 0) {
        ts_buf_fmt(&d->seq, "{'name':'g%d','steps':[", number);
        make_list(d, depth + 1);
        ts_buf_z(&d->seq, "]");
        if (roll(d, 2) == 0) {
            ts_buf_z(&d->seq, ",'finally':[");
            make_list(d, depth + 1);
            ts_buf_z(&d->seq, "]");
        }
    } else if (roll(d, 4) == 0) {
        ts_buf_fmt(&d->seq,
                   "{'name':'s%d','type':'SetVariable','variable':'V','value':'%u'",
                   number, roll(d, 3));
    } else {
        static const int codes[] = {0, 0, 0, 5, 3010};
        ts_buf_fmt(&d->seq, "{'name':'d%d'%s", number,
                   roll(d, 8) == 0 ? ",'phase':'WinPE'" : "");
        ts_buf_fmt(&d->codes, "%s'd%d':%d", d->codes.n ? "," : "", number,
                   codes[roll(d, 5)]);
    }
    options(d);
    ts_buf_z(&d->seq, "}");
}

static void make_list(struct dice *d, int depth)
{
    uint32_t n = roll(d, 4);

    for (uint32_t i = 0; i < n; i++) {
        if (i) {
            ts_buf_c(&d->seq, ',');
        }
        make_node(d, depth);
    }
}

static void collect_ran(const struct ts_value *list, struct ts_buf *out)
{
    for (const struct ts_value *o = list ? list->first : NULL; o; o = o->next) {
        const struct ts_value *runs = ts_value_get(o, "runs");
        const char *why = ts_value_text(o, "why");
        bool refused = why && strstr(why, "it runs in");
        if (runs->boolean && !refused && strcmp(ts_value_text(o, "type"), "Group") != 0) {
            ts_buf_fmt(out, "%s\n", ts_value_text(o, "name"));
        }
        collect_ran(ts_value_get(o, "steps"), out);
        collect_ran(ts_value_get(o, "finally"), out);
    }
}

static const struct ts_plan_result *as_results(const struct ts_value *codes, size_t *n)
{
    struct ts_plan_result *list = ts_alloc_array(codes->count + 1, sizeof *list);

    *n = 0;
    for (const struct ts_value *m = codes->first; m; m = m->next) {
        list[(*n)++] = (struct ts_plan_result){m->key.p, m->integer};
    }
    return list;
}

static void agree(uint32_t seed)
{
    struct dice d = {.state = seed};
    struct ts_buf planned = {0};
    struct rig r;
    size_t n;

    ts_buf_z(&d.seq, "[");
    make_list(&d, 0);
    ts_buf_z(&d.seq, "]");
    char *codes = ts_format("{%s}", ts_buf_text(&d.codes));
    rig_init(&r, ts_buf_text(&d.seq), codes);
    const struct ts_plan_result *results = as_results(r.f.results, &n);
    struct ts_value *v = plan_of(&r, results, n);
    collect_ran(ts_value_get(v, "nodes"), &planned);
    rig_run(&r);
    cr_expect_str_eq(ts_buf_text(&r.f.ran), ts_buf_text(&planned), "seed %u: %s with %s",
                     seed, ts_buf_text(&d.seq), codes);
    bool failed = strcmp(ts_value_text(v, "result"), "failed") == 0;
    cr_expect_eq(failed, r.f.result.end == TS_END_FAILED, "seed %u: %s with %s", seed,
                 ts_buf_text(&d.seq), codes);
    cr_expect_eq(ts_value_get(v, "code")->integer, r.f.result.code, "seed %u: %s with %s",
                 seed, ts_buf_text(&d.seq), codes);
    ts_free((void *)results);
    ts_free(codes);
    ts_buf_free(&planned);
    ts_buf_free(&d.seq);
    ts_buf_free(&d.codes);
    rig_fini(&r);
}

Test(plan, agrees_with_the_run_on_any_tree, .timeout = 120)
{
    for (uint32_t seed = 1; seed <= 3000; seed++) {
        agree(seed * 2654435761u);
    }
}
