#include "rig.h"

#include "engine/table.h"

static const char *const nested =
    "[{'name':'A'},"
    "{'name':'G','steps':[{'name':'B'},{'name':'H','steps':[{'name':'C'}]}],"
    "'finally':[{'name':'F'},{'name':'K','steps':[]}]},{'name':'D'}]";

static void build(struct fake *f, struct ts_sequence *seq, struct ts_table *t)
{
    cr_assert_eq(ts_table_build(t, seq, &f->steps, &f->err), TS_OK, "%s", f->err.text);
}

Test(table, a_step_is_one_entry_and_a_group_two)
{
    static const struct {
        const char *name;
        enum ts_ins_kind kind;
        int group;
    } want[] = {{"A", TS_INS_STEP, -1}, {"G", TS_INS_GROUP, -1}, {"B", TS_INS_STEP, 1},
                {"H", TS_INS_GROUP, 1}, {"C", TS_INS_STEP, 3},   {"H", TS_INS_END, 1},
                {"F", TS_INS_STEP, 1},  {"K", TS_INS_GROUP, 1},  {"K", TS_INS_END, 1},
                {"G", TS_INS_END, -1},  {"D", TS_INS_STEP, -1}};
    struct ts_sequence *seq = rig_sequence(nested);
    struct ts_table t;
    struct fake f;

    fake_init(&f);
    build(&f, seq, &t);
    cr_assert_eq(t.n, 11);
    for (int i = 0; i < t.n; i++) {
        cr_expect_eq(t.v[i].index, i);
        cr_expect_str_eq(t.v[i].node->name, want[i].name);
        cr_expect_eq(t.v[i].kind, want[i].kind, "%d", i);
        cr_expect_eq(t.v[i].group, want[i].group, "%d", i);
    }
    ts_table_fini(&t);
    fake_fini(&f);
}

Test(table, the_finally_list_stands_between_body_and_end)
{
    struct ts_sequence *seq = rig_sequence(nested);
    struct ts_table t;
    struct fake f;

    fake_init(&f);
    build(&f, seq, &t);
    cr_expect_eq(t.v[1].fin, 6);
    cr_expect_eq(t.v[1].end, 9);
    cr_expect_eq(t.v[9].start, 1);
    cr_expect_eq(t.v[3].fin, t.v[3].end, "a group without finally");
    cr_expect_eq(ts_ins_after(&t.v[1]), 10);
    cr_expect_eq(ts_ins_after(&t.v[2]), 3);
    ts_table_fini(&t);
    fake_fini(&f);
}

Test(table, finds_by_id_without_regard_to_case)
{
    struct ts_sequence *seq =
        rig_sequence("[{'name':'A','id':'first'},{'name':'G','id':'g','steps':[]}]");
    struct ts_table t;
    struct fake f;

    fake_init(&f);
    build(&f, seq, &t);
    cr_expect_eq(ts_table_find(&t, "FIRST"), &t.v[0]);
    cr_expect_eq(ts_table_find(&t, "g"), &t.v[1]);
    cr_expect_null(ts_table_find(&t, "A"));
    ts_table_fini(&t);
    fake_fini(&f);
}

Test(table, an_unknown_type_is_refused)
{
    struct ts_sequence *seq = rig_sequence("[{'name':'A','type':'Nonsense'}]");
    struct ts_table t;
    struct fake f;

    fake_init(&f);
    cr_assert_eq(ts_table_build(&t, seq, &f.steps, &f.err), TS_EINPUT);
    cr_assert_str_eq(f.err.text, "step \"A\": unknown step type \"Nonsense\"");
    cr_assert_null(t.v);
    fake_fini(&f);
}
