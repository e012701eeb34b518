/* What the state says of a run: where a cut fell, why it stopped, how its steps ended. */
#include <criterion/criterion.h>

#include <string.h>

#include "engine/engine.h"
#include "lab/record.h"

static struct ts_arena arena;

static void teardown(void)
{
    ts_arena_fini(&arena);
}

TestSuite(record, .fini = teardown);

/* steps, restarts: the insides of the two lists; ' stands for ". */
static struct ts_lab_record record(enum ts_run_status status, const char *error,
                                   const char *steps, const char *restarts)
{
    struct ts_lab_record r = {.status = status};
    struct ts_err err = {0};
    char *json =
        ts_arena_format(&arena, "{'run':{'error':'%s'},'steps':[%s],'restarts':[%s]}",
                        error, steps, restarts);

    for (char *p = json; *p; p++)
        if (*p == '\'')
            *p = '"';
    cr_assert_eq(ts_json_parse(&r.all, &arena, ts_str_of(json), "test", &err), TS_OK,
                 "%s", err.text);
    return r;
}

#define STEP(id, attempts) \
    "{'step':'" id "','name':'The " id "','attempts':[" attempts "]}"
#define DONE "{'ended':'t','code':0,'succeeded':true,'ignored':false,'note':''}"
#define RUNS "{'ended':null}"
#define CUT                                                                    \
    "{'ended':'t','code':-2147023829,'succeeded':false,'ignored':false,'note'" \
    ":'interrupted'}"
#define FAILS "{'ended':'t','code':5,'succeeded':false,'ignored':false,'note':''}"
#define SKIP(id, why) \
    "{'step':'" id "','name':'The " id "','skipped':{'reason':'" why "'}}"

static void expect_where(const struct ts_lab_record *r, const char *when,
                         const char *step)
{
    struct ts_value *v = ts_lab_where(r, &arena);
    const char *is = ts_value_text(v, "step");

    cr_expect_str_eq(ts_value_text(v, "when"), when);
    cr_expect_str_eq(is ? is : "", step);
}

Test(record, says_where_the_cut_fell)
{
    struct ts_lab_record r;

    expect_where(NULL, "before", "");
    r = record(TS_RUN_RUNNING, "", "", "");
    expect_where(&r, "before", "");
    r = record(TS_RUN_RUNNING, "", STEP("a", DONE) "," STEP("b", RUNS), "");
    expect_where(&r, "during", "b");
    r = record(TS_RUN_RUNNING, "", STEP("a", DONE), "");
    expect_where(&r, "after", "a");
    r = record(TS_RUN_RESTARTING, "", STEP("a", DONE) "," SKIP("b", "condition"), "");
    expect_where(&r, "after", "b");
    r = record(TS_RUN_SUCCEEDED, "", STEP("a", DONE), "");
    expect_where(&r, "end", "a");
}

Test(record, knows_a_step_that_must_not_run_twice)
{
    const char *steps = STEP("a", DONE) "," STEP("b", CUT);
    struct ts_lab_record r =
        record(TS_RUN_FAILED, "step b: " TS_TEXT_INTERRUPTED, steps, "");
    struct ts_value *v = ts_lab_interrupted(&r, &arena);

    cr_assert_not_null(v);
    cr_expect_str_eq(ts_value_text(v, "step"), "b");
    cr_expect_str_eq(ts_value_text(v, "name"), "The b");
    r = record(TS_RUN_FAILED, "the machine started WinPE", steps, "");
    cr_expect_null(ts_lab_interrupted(&r, &arena), "another reason");
    r = record(TS_RUN_FAILED, TS_TEXT_INTERRUPTED, STEP("a", FAILS), "");
    cr_expect_null(ts_lab_interrupted(&r, &arena));
}

/* "id: cut, uncut" of all differences. */
static const char *differences(const char *uncut, const char *cut, const char *restarts)
{
    struct ts_lab_record u = record(TS_RUN_SUCCEEDED, "", uncut, restarts);
    struct ts_lab_record c = record(TS_RUN_SUCCEEDED, "", cut, "");
    const struct ts_value *v = ts_lab_step_differences(&u, &c, &arena);
    const char *out = "";

    for (v = v->first; v; v = v->next)
        out = ts_arena_format(&arena, "%s%s%s: %s, %s", out, *out ? "; " : "",
                              ts_value_text(v, "step"), ts_value_text(v, "cut"),
                              ts_value_text(v, "uncut"));
    return out;
}

#define AB STEP("a", DONE) "," STEP("b", DONE)

Test(record, compares_how_steps_ended)
{
    cr_expect_str_eq(differences(AB, AB, ""), "");
    cr_expect_str_eq(differences(AB, STEP("a", CUT "," DONE) "," STEP("b", DONE), ""), "",
                     "run again after the cut");
    cr_expect_str_eq(differences(AB, STEP("a", DONE), ""), "b: did not run, succeeded");
    cr_expect_str_eq(differences(STEP("a", DONE), AB, ""), "b: succeeded, did not run");
    cr_expect_str_eq(differences(AB, STEP("a", DONE) "," SKIP("b", "condition"), ""),
                     "b: skipped (condition), succeeded");
    cr_expect_str_eq(differences(AB, STEP("a", DONE) "," STEP("b", FAILS), ""),
                     "b: failed (5), succeeded");
    cr_expect_str_eq(differences(AB, AB "," STEP("b", DONE), ""),
                     "b: ran to its end 2 times, ran to its end 1 times");
    cr_expect_str_eq(differences(AB, STEP("b", DONE) "," STEP("a", DONE), ""),
                     "b: ran earlier, ran later");
}

Test(record, does_not_compare_what_the_author_let_go_and_restarts)
{
    cr_expect_str_eq(differences(AB, STEP("a", DONE) "," SKIP("b", "interrupted"), ""),
                     "");
    cr_expect_str_eq(differences(AB, STEP("a", DONE), "{'step':'b'}"), "");
}
