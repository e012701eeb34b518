/* What the readers make of what they accept. */
#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct ts_node *node(const struct ts_sequence *s, const char *id)
{
    const struct ts_node *n = ts_sequence_find(s, id);

    cr_assert_not_null(n, "no node %s", id);
    return n;
}

Test(parse_accept, every_option_of_a_step)
{
    struct ts_sequence *s = must_json(
        "{\"taskseq\": 1, \"$schema\": \"x\", \"description\": \"d\", \"steps\": [\n"
        " {\"type\": \"Fail\", \"name\": \"Do it\", \"id\": \"it\", \"description\": "
        "\"text\",\n"
        "  \"disabled\": true, \"continueOnError\": true, \"condition\": \"A = 'b'\",\n"
        "  \"phase\": \"fullos\", \"timeout\": \"1h30m\", \"onInterrupt\": \"Skip\",\n"
        "  \"retry\": {\"attempts\": 4, \"delay\": \"500ms\", \"on\": [1, "
        "-2147467259]},\n"
        "  \"successCodes\": [0, 3010, \"0x80070005\", \"-1\"], \"restartCodes\": [],\n"
        "  \"runAs\": \"%User%\", \"package\": \"P\", \"input\": \"in\",\n"
        "  \"env\": {\"A\": \"x\", \"B\": 5, \"C\": true}}]}");
    const struct ts_node *n = node(s, "IT");

    cr_expect_str_eq(n->name, "Do it");
    cr_expect_str_eq(n->description, "text");
    cr_expect_str_eq(n->type, "Fail");
    cr_expect(n->disabled && n->continue_on_error && !n->is_group && !n->in_finally);
    cr_expect_eq(n->condition->kind, TS_X_COMPARE);
    cr_expect_eq(n->phase, TS_PHASE_FULLOS);
    cr_expect_eq(n->timeout_ms, 5400000);
    cr_expect_eq(n->on_interrupt, TS_INTERRUPT_SKIP);
    cr_expect_eq(n->retry.attempts, 4);
    cr_expect_eq(n->retry.delay_ms, 500);
    cr_expect(n->retry.on.set && n->retry.on.n == 2 && n->retry.on.v[1] == -2147467259);
    cr_expect(n->success_codes.set && n->success_codes.n == 4);
    cr_expect_eq(n->success_codes.v[2], 0x80070005);
    cr_expect_eq(n->success_codes.v[3], -1);
    cr_expect(n->restart_codes.set && n->restart_codes.n == 0);
    cr_expect_str_eq(n->run_as, "%User%");
    cr_expect_str_eq(n->package, "P");
    cr_expect_str_eq(n->input, "in");
    cr_expect_str_eq(ts_value_text(n->env, "B"), "5");
    cr_expect_str_eq(ts_value_text(n->env, "C"), "true");
    cr_expect_str_eq(n->pos.file, "t.json");
    cr_expect_eq(n->pos.line, 2);
    cr_expect_eq(n->pos.col, 2);
    cr_expect_str_eq(s->name, "t");
    cr_expect_str_eq(s->description, "d");
    ts_sequence_free(s);
}

Test(parse_accept, defaults_are_what_the_format_says)
{
    struct ts_sequence *s = must_json(
        "{\"taskseq\": 1, \"steps\": [{\"type\": \"Fail\"}, {\"type\": \"Group\"}]}");
    const struct ts_node *n = s->root->first;

    cr_expect_str_eq(n->name, "Fail");
    cr_expect_str_eq(n->id, "fail");
    cr_expect(!n->disabled && !n->continue_on_error && !n->condition && !n->env);
    cr_expect_eq(n->phase, TS_PHASE_ANY);
    cr_expect_eq(n->timeout_ms, 0);
    cr_expect_eq(n->retry.attempts, 1);
    cr_expect(!n->success_codes.set && !n->restart_codes.set && !n->retry.on.set);
    cr_expect_eq(n->on_interrupt, TS_INTERRUPT_DEFAULT);
    cr_expect_eq(n->params->count, 0);
    cr_expect_eq(n->parent, s->root);
    n = n->next;
    cr_expect(n->is_group && !n->first && !n->finally_first);
    cr_expect_str_eq(n->name, "Group");
    cr_expect_str_eq(n->id, "group");
    cr_expect_null(s->root->name);
    cr_expect_null(s->root->id);
    ts_sequence_free(s);
}

Test(parse_accept, the_header)
{
    struct ts_sequence *s = must_lua(
        "return sequence { name = 'N', semantics = 'configmgr',\n"
        " variables = { _SMSTSx = 'a', Count = 5, Real = 1.5, Yes = true, Two = 2.0 },\n"
        " packages = { A = { source = 'a' }, B = { source = [[\\\\srv\\b]] } },\n"
        " inputs = { Name = { prompt = 'Name?', pattern = 'PC-*', default = 7 },\n"
        "            Kind = { choices = { 'x', 5 }, default = 'X' },\n"
        "            Pass = { secret = true }, Any = {} },\n"
        " steps = {} }");

    cr_expect(s->configmgr);
    cr_expect_str_eq(s->name, "N");
    cr_expect_str_eq(ts_value_text(s->variables, "_SMSTSx"), "a");
    cr_expect_str_eq(ts_value_text(s->variables, "Count"), "5");
    cr_expect_str_eq(ts_value_text(s->variables, "Real"), "1.5");
    cr_expect_str_eq(ts_value_text(s->variables, "Yes"), "true");
    cr_expect_str_eq(ts_value_text(s->variables, "Two"), "2");
    cr_assert_eq(s->package_count, 2);
    cr_expect_str_eq(s->packages[1].name, "B");
    cr_expect_str_eq(s->packages[1].source, "\\\\srv\\b");
    cr_assert_eq(s->input_count, 4); /* in Lua by name */
    cr_expect_str_eq(s->inputs[0].name, "Any");
    cr_expect_str_eq(s->inputs[1].choices->last->str.p, "5");
    cr_expect_str_eq(s->inputs[2].def, "7");
    cr_expect_str_eq(s->inputs[2].pattern, "PC-*");
    cr_expect(s->inputs[3].secret && !s->inputs[0].secret);
    ts_sequence_free(s);
    s = must_json("{\"taskseq\": 1, \"inputs\": {\"Z\": {}, \"A\": {}}, \"steps\": []}");
    cr_expect_str_eq(s->inputs[0].name, "Z", "in JSON in the order of the file");
    ts_sequence_free(s);
}

Test(parse_accept, parameters_stay_as_they_were_written)
{
    struct ts_sequence *s = must_lua(
        "return sequence { steps = { Sample 's' { text = '%A%', count = '%N%', flag = "
        "true,\n"
        " colour = 'RED', list = {}, map = {}, command = { 'a', 'b' }, wait = '5m',\n"
        " when = { all = {} } } } }");
    struct ts_buf b = {0};

    ts_json_write(&b, s->root->first->params, 0);
    cr_expect_str_eq(b.p,
                     "{\"colour\":\"RED\",\"command\":[\"a\",\"b\"],\"count\":\"%N%\","
                     "\"flag\":true,\"list\":[],\"map\":{},\"text\":\"%A%\","
                     "\"wait\":\"5m\",\"when\":{\"all\":[]}}");
    ts_buf_free(&b);
    ts_sequence_free(s);
}

Test(parse_accept, groups_in_lua_take_children_either_way)
{
    struct ts_sequence *s =
        must_lua("return sequence {\n"
                 "  group 'A' { Fail {}, condition = \"X = '1'\", Fail 'two' {} },\n"
                 "  group { name = 'B', steps = { Fail 'three' {} }, finally = { Fail "
                 "'four' {} } },\n"
                 "  { type = 'Group', name = 'C', steps = { { type = 'Fail', name = "
                 "'five' } } },\n"
                 "  group 'D' {},\n"
                 "}\n");
    const struct ts_node *a = s->root->first, *b = a->next, *c = b->next;

    cr_expect_str_eq(a->first->next->name, "two");
    cr_expect_not_null(a->condition);
    cr_expect_str_eq(b->finally_first->name, "four");
    cr_expect(b->finally_first->in_finally && !b->first->in_finally);
    cr_expect_str_eq(c->first->name, "five");
    cr_expect_eq(a->first->pos.line, 2);
    cr_expect_eq(a->first->pos.col, 0);
    cr_expect_eq(c->first->pos.line, 1,
                 "a plain table has the line of what it stands in");
    cr_expect_eq(s->node_count, 9);
    ts_sequence_free(s);
}

Test(parse_accept, lua_can_build_the_tree_with_code)
{
    struct ts_sequence *s =
        must_lua("local steps = {}\n"
                 "for i, name in ipairs { 'one', 'two', 'three' } do\n"
                 "  steps[#steps + 1] = SetVariable('Set ' .. name) {\n"
                 "    variable = name, value = tostring(i) }\n"
                 "end\n"
                 "local again = Fail 'Same' {}\n"
                 "return sequence { name = ('x'):rep(3), steps = { group 'All' (steps), "
                 "again, again }"
                 " }");
    const struct ts_node *all = s->root->first;

    cr_expect_str_eq(all->first->next->id, "set-two");
    cr_expect_eq(all->first->pos.line, 3);
    cr_expect_str_eq(all->next->id, "same");
    cr_expect_str_eq(all->next->next->id, "same-2");
    ts_sequence_free(s);
}

Test(parse_accept, ids_come_from_names_and_never_collide)
{
    static const struct {
        const char *name, *id;
    } cases[] = {
        {"Capture User Files - FullOS", "capture-user-files-fullos"},
        {"Capture User Files - FullOS", "capture-user-files-fullos-2"},
        {"  (1) x_y.z!  ", "1-x-y-z"},
        {"\xC3\x84rger", "rger"},
        {"\xE6\x97\xA5", "step"},
        {"\xE6\x9C\xAC", "step-2"},
        {"---", "step-3"},
        {"Given", "given-2"}, /* "given" is an id that a later step has */
        {"Given 2", "given-2-2"},
        {"Given", "given-3"},
    };
    struct ts_buf b = {0};

    ts_buf_z(&b, "{\"taskseq\":1,\"steps\":[");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ts_buf_fmt(&b, "{\"type\":\"Fail\",\"name\":\"%s\"},", cases[i].name);
    }
    ts_buf_z(&b, "{\"type\":\"Fail\",\"id\":\"GIVEN\"}]}");
    struct ts_sequence *s = must_json(b.p);
    const struct ts_node *n = s->root->first;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++, n = n->next) {
        cr_expect_str_eq(n->id, cases[i].id, "%s gives %s", cases[i].name, n->id);
    }
    cr_expect_str_eq(n->id, "GIVEN");
    ts_buf_free(&b);
    ts_sequence_free(s);
}

Test(parse_accept, long_names_are_cut_in_ids)
{
    char name[201], text[600];

    memset(name, 'n', 200);
    name[200] = '\0';
    snprintf(text, sizeof text,
             "return sequence { steps = { Fail '%s' {}, Fail '%s' {} } }", name, name);
    struct ts_sequence *s = must_lua(text);
    cr_expect_eq(strlen(s->root->first->id), 80);
    cr_expect_eq(strlen(s->root->first->next->id), 82);
    ts_sequence_free(s);
}

Test(parse_accept, evaluation_gives_the_same_every_time)
{
    static const char text[] =
        "local t = { zeta = 'z', alpha = 'a', beta = 'b', [3] = 'three' }\n"
        "local steps = {}\n"
        "for k, v in pairs(t) do\n"
        "  steps[#steps + 1] = SetVariable { variable = tostring(k), value = v }\n"
        "end\n"
        "return sequence { variables = { b = 1, a = 2, c = 3 }, steps = steps }";
    char first[65], hash[65];

    for (int i = 0; i < 20; i++) {
        struct ts_sequence *s = must_lua(text);
        ts_sequence_hash(i ? hash : first, s);
        cr_expect(i == 0 || strcmp(first, hash) == 0);
        ts_sequence_free(s);
    }
}

Test(parse_accept, a_bom_and_a_first_line_for_the_shell)
{
    ts_sequence_free(
        must_lua("\xEF\xBB\xBF#!/usr/bin/taskseq\nreturn sequence { steps = {} }"));
    ts_sequence_free(must_json("\xEF\xBB\xBF{\"taskseq\": 1, \"steps\": []}"));
}
