#include "rig.h"

#include "platform/fs.h"
#include "platform/power.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *ran_in(const char *dir)
{
    struct ts_buf b = {0};
    char *path = ts_path_join(dir, "ran");
    enum ts_code rc = ts_file_read(path, 1 << 20, &b, NULL);

    ts_free(path);
    for (size_t i = 0; i < b.n; i++) {
        b.p[i] = b.p[i] == '\n' ? ' ' : b.p[i];
    }
    return rc == TS_OK && b.n ? ts_buf_take(&b) : ts_strdup("");
}

static void expect_ran(const char *dir, const char *want, const char *what)
{
    char *ran = ran_in(dir);

    cr_expect_str_eq(ran, want, "%s: ran %s", what, ran);
    ts_free(ran);
}

/* ---- what becomes of a step that was cut off
 * --------------------------------------------- */

static const struct {
    const char *type, *option; /* option NULL: none */
    bool configmgr;
    int attempts;
    const char *ran; /* behind the crash */
    enum ts_run_end end;
    const char *last; /* _SMSTSLastActionRetCode seen behind the step */
} table[] = {
    {"Rerun", NULL, false, 1, "X A A B ", TS_END_SUCCEEDED, "0"},
    {"Skip", NULL, false, 1, "X A B ", TS_END_SUCCEEDED, "3"},
    {"Do", NULL, false, 1, "X A ", TS_END_FAILED, "-2147023829"},
    {"Rerun", "'rerun'", false, 1, "X A A B ", TS_END_SUCCEEDED, "0"},
    {"Rerun", "'skip'", false, 1, "X A B ", TS_END_SUCCEEDED, "3"},
    {"Rerun", "'fail'", false, 1, "X A ", TS_END_FAILED, "-2147023829"},
    {"Skip", "'rerun'", false, 1, "X A A B ", TS_END_SUCCEEDED, "0"},
    {"Skip", "'skip'", false, 1, "X A B ", TS_END_SUCCEEDED, "3"},
    {"Skip", "'fail'", false, 1, "X A ", TS_END_FAILED, "-2147023829"},
    {"Do", "'rerun'", false, 1, "X A A B ", TS_END_SUCCEEDED, "0"},
    {"Do", "'skip'", false, 1, "X A B ", TS_END_SUCCEEDED, "3"},
    {"Do", "'fail'", false, 1, "X A ", TS_END_FAILED, "-2147023829"},
    /* imported: fail, unless a retry count allows another go */
    {"Rerun", NULL, true, 1, "X A ", TS_END_FAILED, "-2147023829"},
    {"Skip", NULL, true, 1, "X A ", TS_END_FAILED, "-2147023829"},
    {"Do", NULL, true, 2, "X A A B ", TS_END_SUCCEEDED, "0"},
    {"Rerun", NULL, true, 2, "X A A B ", TS_END_SUCCEEDED, "0"},
    {"Do", "'skip'", true, 2, "X A B ", TS_END_SUCCEEDED, "3"},
    {"Do", "'fail'", true, 2, "X A ", TS_END_FAILED, "-2147023829"},
    /* a retry count of a native sequence is about failures */
    {"Do", NULL, false, 2, "X A ", TS_END_FAILED, "-2147023829"},
};

Test(resume, on_interrupt_decides_about_a_step_that_was_cut_off)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *dir = rig_folder();
        char *option = table[i].option ? ts_format(",'onInterrupt':%s", table[i].option)
                                       : ts_strdup("");
        char *seq = ts_format("{%s'steps':[{'name':'X','successCodes':[3]},{'name':'A',"
                              "'type':'%s','retry':{'attempts':%d}%s},{'name':'B',"
                              "'type':'Rerun','code':0}]}",
                              table[i].configmgr ? "'semantics':'configmgr'," : "",
                              table[i].type, table[i].attempts, option);
        const char *results = "{'X':3,'A':[{'crash':true},0]}";
        struct rig r;

        cr_assert_eq(rig_child(seq, results, dir, false), FAKE_CRASH_EXIT);
        rig_init(&r, seq, results);
        rig_state(&r, dir, true);
        /* B would overwrite what is looked at: it is seen when B begins. */
        cr_assert_eq(fake_run(&r.f, r.seq, true, NULL), TS_OK, "%s", r.f.err.text);
        char *what = ts_format("row %zu (%s)", i, seq);
        expect_ran(dir, table[i].ran, what);
        cr_expect_eq(r.f.result.end, table[i].end, "%s", what);
        if (table[i].end == TS_END_FAILED) {
            cr_expect_str_eq(fake_var(&r.f, "_SMSTSLastActionRetCode"), table[i].last);
            cr_expect_eq(r.f.result.code, TS_CODE_INTERRUPTED);
        }
        ts_free(what);
        ts_free(seq);
        ts_free(option);
        rig_fini(&r);
        rig_remove(dir);
    }
}

Test(resume, a_skipped_interruption_leaves_the_last_action_alone)
{
    const char *seq = "[{'name':'X','successCodes':[3]},{'name':'A','type':'Skip'},"
                      "{'name':'S','type':'SetVariable','variable':'Saw',"
                      "'value':'%_SMSTSLastActionName% %_SMSTSLastActionRetCode%'}]";
    char *dir = rig_folder();
    struct rig r;

    cr_assert_eq(rig_child(seq, "{'X':3,'A':{'crash':true}}", dir, false),
                 FAKE_CRASH_EXIT);
    rig_init(&r, seq, NULL);
    rig_state(&r, dir, true);
    cr_assert_eq(fake_run(&r.f, r.seq, true, NULL), TS_OK, "%s", r.f.err.text);
    cr_expect_str_eq(fake_var(&r.f, "Saw"), "X 3");
    rig_fini(&r);
    rig_remove(dir);
}

/* At a restart every variable is recorded again. */
Test(resume, who_set_a_variable_is_known_behind_a_restart)
{
    const char *seq = "[{'name':'S','type':'SetVariable','variable':'V','value':'1'},"
                      "{'name':'R','type':'RestartComputer','target':'FullOS'},"
                      "{'name':'B'}]";
    char *dir = rig_folder();
    struct ts_arena a = {0};
    struct ts_value *all = NULL;
    const char *setter = NULL;
    struct rig r;

    cr_assert_eq(rig_child(seq, NULL, dir, false), 10);
    rig_init(&r, seq, NULL);
    rig_state(&r, dir, true);
    cr_assert_eq(fake_run(&r.f, r.seq, true, NULL), TS_OK, "%s", r.f.err.text);
    cr_assert_eq(ts_state_to_value(r.f.config.state, 0, &a, &all, &r.f.err), TS_OK);
    for (const struct ts_value *v = ts_value_get(all, "variables")->first; v; v = v->next) {
        if (strcmp(ts_value_text(v, "name"), "V") == 0) {
            setter = ts_value_text(v, "step");
        }
    }
    cr_assert(setter);
    cr_expect_str_eq(setter, "S");
    ts_arena_fini(&a);
    rig_fini(&r);
    rig_remove(dir);
}

/* ---- how a cut step looks in the ledger
 * ----------------------------------------------------- */

static const struct ts_value *find_step(const struct ts_value *run, const char *id)
{
    const struct ts_value *steps = ts_value_get(run, "steps");

    for (const struct ts_value *m = steps ? steps->first : NULL; m; m = m->next) {
        const char *have =
            ts_value_text(m, "step") ? ts_value_text(m, "step") : ts_value_text(m, "id");
        if (have && strcmp(have, id) == 0) {
            return m;
        }
    }
    return NULL;
}

Test(resume, the_ledger_has_both_attempts_and_the_unexpected_restart)
{
    const char *seq = "[{'name':'A','type':'Rerun','output':'hello\\n'}]";
    const char *results = "{'A':[{'crash':true},0]}";
    char *dir = rig_folder();
    struct ts_value *v = NULL;
    struct ts_buf json = {0};
    struct ts_run run;
    struct rig r;

    cr_assert_eq(rig_child(seq, results, dir, false), FAKE_CRASH_EXIT);
    rig_init(&r, seq, results);
    rig_state(&r, dir, true);
    cr_assert_eq(fake_run(&r.f, r.seq, true, NULL), TS_OK, "%s", r.f.err.text);
    cr_assert_eq(ts_state_last_run(r.f.config.state, &run, &r.f.err), TS_OK);
    cr_expect_eq(run.status, TS_RUN_SUCCEEDED);
    cr_expect_str_eq(fake_var(&r.f, "_TSRunId"), run.uid);
    cr_assert_eq(ts_state_to_value(r.f.config.state, run.id, &r.arena, &v, &r.f.err),
                 TS_OK);
    ts_json_write(&json, v, 0);
    const struct ts_value *step = find_step(v, "A");
    cr_assert(step, "%s", ts_buf_text(&json));
    const struct ts_value *attempts = ts_value_get(step, "attempts");
    cr_assert(attempts && attempts->count == 2, "%s", ts_buf_text(&json));
    cr_expect(strstr(ts_buf_text(&json), "interrupted"), "%s", ts_buf_text(&json));
    cr_expect(strstr(ts_buf_text(&json), "hello"), "%s", ts_buf_text(&json));
    const struct ts_value *restarts = ts_value_get(v, "restarts");
    cr_assert(restarts && restarts->count == 1);
    cr_expect_not(ts_value_get(restarts->first, "expected")->boolean);
    ts_buf_free(&json);
    rig_fini(&r);
    rig_remove(dir);
}

/* ---- what may be gone on with
 * ---------------------------------------------------------------- */

Test(resume, an_ended_run_is_not_gone_on_with)
{
    char *dir = rig_folder();
    struct rig r;

    cr_assert_eq(rig_child("[{'name':'A'}]", NULL, dir, false), 0);
    rig_init(&r, "[{'name':'A'}]", NULL);
    rig_state(&r, dir, true);
    cr_assert_eq(fake_run(&r.f, r.seq, true, NULL), TS_EREFUSED);
    cr_expect_str_eq(r.f.err.text,
                     "there is nothing to go on with: the run is succeeded");
    expect_ran(dir, "A ", "nothing more");
    rig_fini(&r);
    rig_remove(dir);
}

Test(resume, a_failed_run_goes_on_at_a_named_step_with_its_variables)
{
    const char *seq = "[{'name':'S','type':'SetVariable','variable':'X','value':'1'},"
                      "{'name':'G','steps':[{'name':'A'},{'name':'B'}],'finally':"
                      "[{'name':'F'}]},{'name':'C','condition':'X = `1`'}]";
    char *dir = rig_folder();
    struct ts_run run;
    struct rig r;

    cr_assert_eq(rig_child(seq, "{'A':[1,0]}", dir, false), 0);
    expect_ran(dir, "S A F ", "first");
    rig_init(&r, seq, "{'A':[1,0]}");
    rig_state(&r, dir, true);
    cr_assert_eq(fake_run(&r.f, r.seq, true, "A"), TS_OK, "%s", r.f.err.text);
    cr_expect_eq(r.f.result.end, TS_END_SUCCEEDED);
    expect_ran(dir, "S A F A B F C ", "then");
    cr_assert_eq(ts_state_last_run(r.f.config.state, &run, &r.f.err), TS_OK);
    cr_expect_eq(run.status, TS_RUN_SUCCEEDED);
    cr_expect(strstr(ts_buf_text(&r.f.events), "run.resumed"));
    rig_fini(&r);
    rig_remove(dir);
}

Test(resume, a_step_inside_a_finally_list_can_be_gone_on_with)
{
    const char *seq = "[{'name':'G','steps':[{'name':'A'}],'finally':[{'name':'F'},"
                      "{'name':'F2'}]},{'name':'C'}]";
    char *dir = rig_folder();
    struct rig r;

    cr_assert_eq(rig_child(seq, "{'F':[1]}", dir, false), 0);
    rig_init(&r, seq, NULL);
    rig_state(&r, dir, true);
    cr_assert_eq(fake_run(&r.f, r.seq, true, "F2"), TS_OK, "%s", r.f.err.text);
    cr_expect_eq(r.f.result.end, TS_END_SUCCEEDED);
    expect_ran(dir, "A F F2 C ", "finally runs once");
    rig_fini(&r);
    rig_remove(dir);
}

Test(resume, without_a_state_there_is_nothing)
{
    struct rig r;

    rig_init(&r, "[{'name':'A'}]", NULL);
    cr_assert_eq(fake_run(&r.f, r.seq, true, NULL), TS_EREFUSED);
    rig_fini(&r);
}

Test(resume, a_run_that_was_cut_before_its_first_record_starts_afresh)
{
    char *dir = rig_folder();
    struct rig r;

    rig_init(&r, "{'variables':{'X':'1'},'steps':[{'name':'A','condition':'X = `1`'}]}",
             NULL);
    rig_state(&r, dir, false); /* begun, and nothing else */
    cr_assert_eq(fake_run(&r.f, r.seq, true, NULL), TS_OK, "%s", r.f.err.text);
    expect_ran(dir, "A ", "fresh");
    rig_fini(&r);
    rig_remove(dir);
}

/* ---- positions
 * -------------------------------------------------------------------------------- */

Test(resume, a_changed_sequence_goes_on_at_the_step_with_the_same_id)
{
    const char *before = "[{'name':'A'},{'name':'G','steps':[{'name':'B','type':'Rerun'},"
                         "{'name':'C'}]}]";
    const char *after =
        "[{'name':'New'},{'name':'A'},{'name':'G2','steps':[{'name':'More'},"
        "{'name':'B','type':'Rerun'},{'name':'C'}],'finally':[{'name':'F'}]}]";
    char *dir = rig_folder();
    struct rig r;

    cr_assert_eq(rig_child(before, "{'B':{'crash':true}}", dir, false), FAKE_CRASH_EXIT);
    rig_init(&r, after, NULL);
    rig_state(&r, dir, true);
    cr_assert_eq(fake_run(&r.f, r.seq, true, NULL), TS_OK, "%s", r.f.err.text);
    expect_ran(dir, "A B B C F ", "changed");
    rig_fini(&r);
    rig_remove(dir);
}

Test(resume, a_changed_sequence_without_that_step_is_refused)
{
    char *dir = rig_folder();
    struct rig r;

    cr_assert_eq(
        rig_child("[{'name':'A','type':'Rerun'}]", "{'A':{'crash':true}}", dir, false),
        FAKE_CRASH_EXIT);
    rig_init(&r, "[{'name':'Z'}]", NULL);
    rig_state(&r, dir, true);
    cr_assert_eq(fake_run(&r.f, r.seq, true, NULL), TS_EREFUSED);
    cr_expect(strstr(r.f.err.text, "stands at \"A\""), "%s", r.f.err.text);
    expect_ran(dir, "A ", "nothing more");
    rig_fini(&r);
    rig_remove(dir);
}

/* Whatever stands in the state, reading it ends in an error or a position in the table.
 */
static const char *const broken[] = {
    "nonsense",
    "[]",
    "{}",
    "{\"ip\":5,\"at\":\"A\",\"groups\":[]}",
    "{\"ip\":-1,\"at\":\"Q\",\"groups\":[]}",
    "{\"ip\":99999999999,\"at\":\"Q\",\"groups\":[]}",
    "{\"ip\":0,\"at\":\"Q\",\"groups\":[{\"start\":0,\"id\":\"A\"}]}",
    "{\"ip\":2,\"at\":\"Q\",\"groups\":[{\"start\":1,\"id\":\"G\"},{\"start\":1,\"id\":"
    "\"G\"}]}",
    "{\"ip\":4,\"groups\":[{\"start\":1,\"id\":\"G\"}]}",
    "{\"ip\":0,\"at\":7,\"groups\":{}}",
};

Test(resume, a_position_that_makes_no_sense_is_refused)
{
    const char *seq = "[{'name':'A','type':'Rerun'},{'name':'G','steps':[{'name':'B'}]}]";

    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char *dir = rig_folder();
        struct rig r;
        rig_init(&r, seq, NULL);
        rig_state(&r, dir, false);
        ts_state_position(r.f.config.state, broken[i]);
        cr_assert_eq(ts_state_commit(r.f.config.state, &r.f.err), TS_OK, "%s",
                     r.f.err.text);
        enum ts_code rc = fake_run(&r.f, r.seq, true, NULL);
        /* one of them names a step that exists: that one is found by its id */
        if (strstr(broken[i], "\"at\":\"A\"")) {
            cr_expect_eq(rc, TS_OK, "%zu", i);
        } else {
            cr_expect(rc == TS_EDAMAGED || rc == TS_EREFUSED, "%zu: %d", i, (int)rc);
            expect_ran(dir, "", broken[i]);
        }
        rig_fini(&r);
        rig_remove(dir);
    }
}

/* ---- commits
 * -------------------------------------------------------------------------------- */

static uint64_t points_of(int steps)
{
    struct ts_buf b = {0};
    char *dir = rig_folder(), *counter = ts_path_join(dir, "counter");
    struct rig r;

    ts_buf_z(&b, "[");
    for (int i = 0; i < steps; i++) {
        ts_buf_fmt(&b,
                   "%s{'name':'s%d','type':'SetVariable','variable':'X','value':'%d'}",
                   i ? "," : "", i, i);
    }
    ts_buf_z(&b, "]");
    rig_init(&r, ts_buf_text(&b), NULL);
    rig_state(&r, dir, false);
    ts_power_arm(counter, 0);
    uint64_t before = ts_power_count();
    rig_run(&r);
    uint64_t after = ts_power_count();
    rig_fini(&r);
    ts_buf_free(&b);
    ts_free(counter);
    rig_remove(dir);
    return after - before;
}

Test(resume, a_step_costs_two_commits)
{
    /* The engine passes two power points with each commit; the state may add its own. */
    uint64_t ten = points_of(10), twenty = points_of(20);
    uint64_t none = points_of(0), one = points_of(1);

    cr_expect_eq(twenty - ten, 10 * (one - none));
    cr_expect_geq(one - none, 4);
    cr_expect_leq(one - none, 2 * (none / 2),
                  "one step costs more than start and end do");
}
