#include "model/model.h"

#include <criterion/criterion.h>
#include <string.h>

/* root( a( b ; finally c( d ; finally e ) , f ) , g ) */
struct tree {
    struct ts_sequence seq;
    struct ts_node root, a, b, c, d, e, f, g;
};

static void name(struct ts_node *n, const char *id, struct ts_node *parent, bool group)
{
    n->id = id;
    n->name = id;
    n->parent = parent;
    n->is_group = group;
    n->type = group ? NULL : "Fail";
    n->retry.attempts = 1;
}

static void grow(struct tree *t)
{
    memset(t, 0, sizeof *t);
    t->root.is_group = true;
    name(&t->a, "a", &t->root, true);
    name(&t->b, "b", &t->a, false);
    name(&t->c, "c", &t->a, true);
    name(&t->d, "d", &t->c, false);
    name(&t->e, "e", &t->c, false);
    name(&t->f, "f", &t->a, false);
    name(&t->g, "g", &t->root, false);
    t->root.first = &t->a;
    t->a.next = &t->g;
    t->a.first = &t->b;
    t->a.finally_first = &t->c;
    t->c.next = &t->f;
    t->c.first = &t->d;
    t->c.finally_first = &t->e;
    t->c.in_finally = t->e.in_finally = t->f.in_finally = true;
    t->seq.root = &t->root;
    t->seq.name = "T";
}

Test(model, nodes_come_body_first_then_finally)
{
    struct tree t;
    char order[32] = "";
    size_t n = 0;

    grow(&t);
    for (const struct ts_node *at = &t.root; at; at = ts_node_next(&t.root, at)) {
        order[n++] = at->id ? at->id[0] : '.';
    }
    cr_expect_str_eq(order, ".abcdefg");
    /* also below a node that has something behind it */
    n = 0;
    memset(order, 0, sizeof order);
    for (const struct ts_node *at = &t.c; at; at = ts_node_next(&t.c, at)) {
        order[n++] = at->id[0];
    }
    cr_expect_str_eq(order, "cde");
    cr_expect_null(ts_node_next(&t.b, &t.b), "a step has nothing below it");
}

Test(model, nodes_are_found_by_id_without_regard_to_case)
{
    struct tree t;

    grow(&t);
    cr_expect_eq(ts_sequence_find(&t.seq, "e"), &t.e);
    cr_expect_eq(ts_sequence_find(&t.seq, "G"), &t.g);
    cr_expect_null(ts_sequence_find(&t.seq, "x"));
    cr_expect_null(ts_sequence_find(&t.seq, ""));
}

Test(model, names_of_phases_and_interrupts)
{
    enum ts_phase p;

    cr_expect(ts_phase_parse(TS_S("winpe"), &p) && p == TS_PHASE_WINPE);
    cr_expect(ts_phase_parse(TS_S("FULLOS"), &p) && p == TS_PHASE_FULLOS);
    cr_expect(ts_phase_parse(TS_S("Any"), &p) && p == TS_PHASE_ANY);
    cr_expect(!ts_phase_parse(TS_S(""), &p) && !ts_phase_parse(TS_S("PE"), &p));
    cr_expect_str_eq(ts_phase_name(TS_PHASE_FULLOS), "FullOS");
    cr_expect_str_eq(ts_interrupt_name(TS_INTERRUPT_SKIP), "skip");
    cr_expect_str_eq(ts_interrupt_name(TS_INTERRUPT_DEFAULT), "");
}

Test(model_json, has_a_fixed_order_and_no_defaults)
{
    struct tree t;
    struct ts_buf b = {0};

    grow(&t);
    ts_sequence_to_json(&b, &t.seq, false, 0);
    cr_expect_str_eq(
        b.p,
        "{\"taskseq\":1,\"name\":\"T\",\"steps\":[{\"type\":\"Group\",\"name\":\"a\","
        "\"id\":\"a\",\"steps\":[{\"type\":\"Fail\",\"name\":\"b\",\"id\":\"b\"}],"
        "\"finally\":[{\"type\":\"Group\",\"name\":\"c\",\"id\":\"c\",\"steps\":["
        "{\"type\":\"Fail\",\"name\":\"d\",\"id\":\"d\"}],\"finally\":[{\"type\":"
        "\"Fail\",\"name\":\"e\",\"id\":\"e\"}]},{\"type\":\"Fail\",\"name\":\"f\","
        "\"id\":\"f\"}]},{\"type\":\"Fail\",\"name\":\"g\",\"id\":\"g\"}]}");
    ts_buf_free(&b);
}

Test(model_json, writes_every_option)
{
    static const int64_t codes[] = {0, -1};
    struct tree t;
    struct ts_buf b = {0};
    struct ts_arena a = {0};
    struct ts_expr *x;
    struct ts_err err;

    grow(&t);
    struct ts_value *env = ts_value_new(&a, TS_OBJECT);
    ts_value_set(&a, env, TS_S("Z"), ts_value_string(&a, TS_S("1")));
    ts_value_set(&a, env, TS_S("A"), ts_value_string(&a, TS_S("\"")));
    cr_assert_eq(ts_expr_parse(&x, &a, TS_S("A = 'b'"), &err), TS_OK);
    t.root.first = &t.g;
    t.g.description = "d";
    t.g.disabled = t.g.continue_on_error = true;
    t.g.condition = x;
    t.g.phase = TS_PHASE_WINPE;
    t.g.timeout_ms = 900000;
    t.g.retry = (struct ts_retry){3, 500, {codes, 2, true}};
    t.g.on_interrupt = TS_INTERRUPT_RERUN;
    t.g.success_codes = (struct ts_codes){codes, 2, true};
    t.g.restart_codes = (struct ts_codes){NULL, 0, true};
    t.g.run_as = "u";
    t.g.package = "p";
    t.g.input = "i";
    t.g.env = t.g.params = env;
    t.g.pos = (struct ts_pos){"dir/f.json", 3, 7};
    t.seq.folder = "/dir";
    ts_sequence_to_json(&b, &t.seq, true, 0);
    cr_expect_str_eq(
        b.p,
        "{\"taskseq\":1,\"name\":\"T\",\"@\":\"/dir\",\"steps\":[{\"type\":\"Fail\","
        "\"name\":\"g\",\"id\":\"g\",\"description\":\"d\",\"disabled\":true,"
        "\"condition\":\"A = 'b'\",\"continueOnError\":true,\"@\":\"dir/f.json:3:7\","
        "\"phase\":\"WinPE\",\"timeout\":\"15m\",\"retry\":{\"attempts\":3,\"delay\":"
        "\"500ms\",\"on\":[0,-1]},\"onInterrupt\":\"rerun\",\"successCodes\":[0,-1],"
        "\"restartCodes\":[],\"runAs\":\"u\",\"package\":\"p\",\"input\":\"i\",\"env\":"
        "{\"A\":\"\\\"\",\"Z\":\"1\"},\"A\":\"\\\"\",\"Z\":\"1\"}]}",
        "%s", b.p);
    ts_buf_clear(&b);
    ts_sequence_to_json(&b, &t.seq, false, 2);
    cr_expect(strstr(b.p,
                     "{\n  \"taskseq\": 1,\n  \"name\": \"T\",\n  \"steps\": [\n    {\n"
                     "      \"type\": \"Fail\",\n") == b.p,
              "%s", b.p);
    cr_expect_null(strstr(b.p, "\"@\""));
    ts_buf_free(&b);
    ts_arena_fini(&a);
}

Test(model_json, the_hash_is_of_the_text_without_places)
{
    struct tree t;
    char one[65], two[65];

    grow(&t);
    ts_sequence_hash(one, &t.seq);
    cr_expect_eq(strlen(one), 64);
    t.g.pos = (struct ts_pos){"x", 1, 1};
    ts_sequence_hash(two, &t.seq);
    cr_expect_str_eq(one, two);
    t.g.name = "other";
    ts_sequence_hash(two, &t.seq);
    cr_expect_str_neq(one, two);
}
