/* Writing a sequence and reading it back; mutated texts; the size of things. */
#include "support.h"

#include "platform/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned next_random(unsigned *seed, unsigned n)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16 & 0x7fff) % n;
}

static bool same_text(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static bool same_codes(const struct ts_codes *a, const struct ts_codes *b)
{
    return a->set == b->set && a->n == b->n &&
           (a->n == 0 || memcmp(a->v, b->v, a->n * sizeof *a->v) == 0);
}

static bool same_value(const struct ts_value *a, const struct ts_value *b)
{
    return (!a && !b) || (a && b && ts_value_equal(a, b));
}

static void compare_nodes(const struct ts_node *a, const struct ts_node *b)
{
    cr_assert_str_eq(a->id, b->id);
    cr_assert_str_eq(a->name, b->name);
    cr_assert(same_text(a->description, b->description) && same_text(a->type, b->type));
    cr_assert(a->is_group == b->is_group && a->disabled == b->disabled &&
              a->continue_on_error == b->continue_on_error &&
              a->in_finally == b->in_finally && a->phase == b->phase &&
              a->timeout_ms == b->timeout_ms && a->on_interrupt == b->on_interrupt);
    cr_assert(a->condition ? b->condition && ts_expr_equal(a->condition, b->condition)
                           : !b->condition);
    cr_assert(a->retry.attempts == b->retry.attempts &&
              a->retry.delay_ms == b->retry.delay_ms &&
              same_codes(&a->retry.on, &b->retry.on) &&
              same_codes(&a->success_codes, &b->success_codes) &&
              same_codes(&a->restart_codes, &b->restart_codes));
    cr_assert(same_text(a->run_as, b->run_as) && same_text(a->package, b->package) &&
              same_text(a->input, b->input) && same_value(a->env, b->env) &&
              same_value(a->params, b->params));
    cr_assert(same_text(a->pos.file, b->pos.file) && a->pos.line == b->pos.line &&
              a->pos.col == b->pos.col);
}

static void compare(const struct ts_sequence *a, const struct ts_sequence *b)
{
    const struct ts_node *x = ts_node_next(a->root, a->root);
    const struct ts_node *y = ts_node_next(b->root, b->root);

    cr_assert(same_text(a->name, b->name) && same_text(a->description, b->description) &&
              same_text(a->folder, b->folder));
    cr_assert(a->configmgr == b->configmgr && a->node_count == b->node_count &&
              a->input_count == b->input_count && a->package_count == b->package_count);
    cr_assert(same_value(a->variables, b->variables));
    for (size_t i = 0; i < a->input_count; i++) {
        const struct ts_input *p = &a->inputs[i], *q = &b->inputs[i];
        cr_assert(same_text(p->name, q->name) && same_text(p->prompt, q->prompt) &&
                  same_text(p->def, q->def) && same_text(p->pattern, q->pattern) &&
                  same_value(p->choices, q->choices) && p->secret == q->secret);
    }
    for (; x && y; x = ts_node_next(a->root, x), y = ts_node_next(b->root, y)) {
        compare_nodes(x, y);
    }
    cr_assert(!x && !y);
}

/* Store it as the state does, take it back: equal, and the same hash. */
static void check_round(const struct ts_sequence *s)
{
    struct ts_buf text = {0}, again = {0};
    struct ts_sequence *back;
    struct ts_err err;
    char h1[65], h2[65];

    ts_sequence_to_json(&text, s, true, 0);
    cr_assert_eq(ts_sequence_restore(&back, ts_buf_view(&text), test_registry(), &err),
                 TS_OK, "%s\n%s", err.text, text.p);
    compare(s, back);
    ts_sequence_to_json(&again, back, true, 0);
    cr_assert_str_eq(text.p, again.p);
    ts_sequence_hash(h1, s);
    ts_sequence_hash(h2, back);
    cr_assert_str_eq(h1, h2);
    ts_sequence_free(back);
    /* without positions it is a file that people can keep */
    ts_buf_clear(&text);
    ts_sequence_to_json(&text, s, false, 2);
    cr_assert_eq(ts_sequence_parse(&back, ts_buf_view(&text), "json", "x.json", NULL,
                                   test_registry(), &err),
                 TS_OK, "%s", err.text);
    ts_sequence_hash(h2, back);
    cr_assert_str_eq(h1, h2);
    ts_sequence_free(back);
    ts_buf_free(&text);
    ts_buf_free(&again);
}

/* ---- random sequences ----------------------------------------------------------------
 */

static const char *pick_text(unsigned *seed)
{
    static const char *const texts[] = {
        "",         "a",        "%Name%",         "\\\"q\\\"", "\\u00e4", "C:\\\\x",
        "x\\ty\\n", "'single'", "\\ud83d\\ude00", "1",         "-0",      "a.b[0]"};
    return texts[next_random(seed, sizeof texts / sizeof *texts)];
}

static const char *pick_condition(unsigned *seed)
{
    static const char *const conditions[] = {
        "\"A = 'b'\"",
        "\"not (A = 'b' or exists C) and D like 'x*'\"",
        "{\"all\": []}",
        "{\"none\": [{\"variable\": \"A\", \"op\": \"less\", \"value\": 5}, \"B = "
        "'1'\"]}",
        "{\"file\": \"C:\\\\x\", \"version\": \"1.2\", \"op\": \"greaterEqual\"}",
        "{\"os\": \"10.0\", \"op\": \">=\"}"};
    return conditions[next_random(seed, sizeof conditions / sizeof *conditions)];
}

static void random_params(struct ts_buf *b, unsigned *seed)
{
    ts_buf_z(b, "{\"type\":\"Sample\"");
    if (next_random(seed, 2)) {
        ts_buf_fmt(b, ",\"text\":\"%s\"", pick_text(seed));
    }
    if (next_random(seed, 2)) {
        ts_buf_fmt(b, ",\"list\":[\"%s\",\"x\"]", pick_text(seed));
    }
    if (next_random(seed, 2)) {
        ts_buf_fmt(b, ",\"map\":{\"z\":\"%s\",\"a\":\"%s\",\"\":\"\"}", pick_text(seed),
                   pick_text(seed));
    }
    if (next_random(seed, 2)) {
        ts_buf_fmt(b, ",\"count\":%d,\"flag\":%s", (int)next_random(seed, 1000) - 500,
                   next_random(seed, 2) ? "true" : "false");
    }
    if (next_random(seed, 3) == 0) {
        ts_buf_fmt(b, ",\"when\":%s", pick_condition(seed));
    }
}

static void random_options(struct ts_buf *b, unsigned *seed, bool step)
{
    static const char *const step_options[] = {
        ",\"phase\":\"WinPE\"",
        ",\"timeout\":\"90061001ms\"",
        ",\"retry\":{\"attempts\":2,\"on\":[]}",
        ",\"retry\":{\"attempts\":1,\"delay\":\"1m\"}",
        ",\"onInterrupt\":\"rerun\"",
        ",\"successCodes\":[]",
        ",\"successCodes\":[0,-1,4294967295]",
        ",\"restartCodes\":[3010]",
        ",\"runAs\":\"me\"",
        ",\"package\":\"P\"",
        ",\"input\":\"\"",
        ",\"env\":{\"B\":\"2\",\"A\":\"%x%\"}",
    };

    if (next_random(seed, 2)) {
        ts_buf_fmt(b, ",\"name\":\"n%u \\u00e4\"", next_random(seed, 5));
    }
    if (next_random(seed, 4) == 0) {
        ts_buf_fmt(b, ",\"description\":\"%s\"", pick_text(seed));
    }
    if (next_random(seed, 4) == 0) {
        ts_buf_fmt(b, ",\"condition\":%s", pick_condition(seed));
    }
    if (next_random(seed, 5) == 0) {
        ts_buf_z(b, ",\"disabled\":true,\"continueOnError\":true");
    }
    if (step && next_random(seed, 2)) {
        ts_buf_z(
            b,
            step_options[next_random(seed, sizeof step_options / sizeof *step_options)]);
    }
}

static void random_nodes(struct ts_buf *b, unsigned *seed, int depth)
{
    unsigned n = next_random(seed, 5);

    ts_buf_c(b, '[');
    for (unsigned i = 0; i < n; i++) {
        ts_buf_z(b, i ? "," : "");
        if (depth < 4 && next_random(seed, 3) == 0) {
            ts_buf_z(b, "{\"type\":\"Group\"");
            random_options(b, seed, false);
            if (next_random(seed, 4)) {
                ts_buf_z(b, ",\"steps\":");
                random_nodes(b, seed, depth + 1);
            }
            if (next_random(seed, 3) == 0) {
                ts_buf_z(b, ",\"finally\":");
                random_nodes(b, seed, depth + 1);
            }
        } else {
            random_params(b, seed);
            random_options(b, seed, true);
        }
        ts_buf_c(b, '}');
    }
    ts_buf_c(b, ']');
}

Test(parse_round, random_sequences_come_back_equal)
{
    unsigned seed = 4711;
    size_t nodes = 0;

    for (int i = 0; i < 2000; i++) {
        struct ts_buf b = {0};
        ts_buf_z(&b, "{\"taskseq\":1");
        if (next_random(&seed, 2)) {
            ts_buf_fmt(&b, ",\"name\":\"N\",\"description\":\"%s\"", pick_text(&seed));
        }
        if (next_random(&seed, 2)) {
            ts_buf_fmt(
                &b,
                ",\"semantics\":\"configmgr\",\"variables\":{\"_z\":\"%s\",\"a\":1.5,"
                "\"B\":\"%s\"}",
                pick_text(&seed), pick_text(&seed));
        }
        if (next_random(&seed, 2)) {
            ts_buf_z(&b,
                     ",\"packages\":{\"z\":{\"source\":\"zz\"},\"a\":{\"source\":\"b\"}},"
                     "\"inputs\":{\"q\":{\"prompt\":\"?\",\"choices\":[\"a\",1]},"
                     "\"p\":{\"secret\":true,\"default\":\"d\",\"pattern\":\"*\"}}");
        }
        ts_buf_z(&b, ",\"steps\":");
        random_nodes(&b, &seed, 0);
        ts_buf_c(&b, '}');
        struct ts_sequence *s = must_json(b.p);
        nodes += s->node_count;
        check_round(s);
        ts_sequence_free(s);
        ts_buf_free(&b);
    }
    cr_expect_gt(nodes, 5000);
}

Test(parse_round, a_file_from_lua_comes_back_equal_with_its_positions)
{
    struct ts_sequence *s = must_lua(
        "return sequence {\n  name = 'N', inputs = { A = { choices = { 'x' } } },\n"
        "  group 'G' {\n    Sample 's' { list = {}, map = {}, when = { any = {} } },\n"
        "    finally = {\n      Fail 'f' { env = {} } } } }");

    check_round(s);
    cr_expect_eq(ts_sequence_find(s, "f")->pos.line, 6);
    ts_sequence_free(s);
}

Test(parse_round, the_hash_sees_changes_but_not_places)
{
    struct ts_sequence *a = must_lua("return sequence { Fail 'x' {}, Fail 'y' {} }");
    struct ts_sequence *b =
        must_lua("\n\nreturn sequence { Fail 'x' {},\n\nFail 'y' {} }");
    struct ts_sequence *c = must_lua("return sequence { Fail 'x' { disabled = true }, "
                                     "Fail 'y' {} }");
    char ha[65], hb[65], hc[65];

    ts_sequence_hash(ha, a);
    ts_sequence_hash(hb, b);
    ts_sequence_hash(hc, c);
    cr_expect_str_eq(ha, hb);
    cr_expect_str_neq(ha, hc);
    ts_sequence_free(a);
    ts_sequence_free(b);
    ts_sequence_free(c);
}

Test(parse_round, what_was_damaged_in_the_state_is_refused)
{
    struct ts_sequence *s;
    struct ts_err err;

    cr_expect_eq(ts_sequence_restore(&s, TS_S("{\"taskseq\":1,"), test_registry(), &err),
                 TS_EINPUT);
    cr_expect(strstr(err.text, "stored sequence:1:"), "%s", err.text);
    cr_expect_eq(
        ts_sequence_restore(&s, TS_S("{\"taskseq\":1,\"steps\":[{\"include\":\"x\"}]}"),
                            test_registry(), &err),
        TS_EINPUT);
    /* a position that is none is only a place that nobody knows */
    cr_assert_eq(ts_sequence_restore(&s,
                                     TS_S("{\"taskseq\":1,\"steps\":[{\"type\":\"Fail\","
                                          "\"@\":\"a:b\"},{\"type\":\"Fail\",\"@\":"
                                          "\"C:\\\\x.lua:7:99999999999\"}]}"),
                                     test_registry(), &err),
                 TS_OK, "%s", err.text);
    cr_expect_str_eq(s->root->first->next->pos.file, "C:\\x.lua");
    cr_expect_eq(s->root->first->next->pos.line, 7);
    cr_expect_eq(s->root->first->next->pos.col, 0);
    ts_sequence_free(s);
}

/* ---- mutations -----------------------------------------------------------------------
 */

static const char json_seed[] =
    "{\"taskseq\": 1, \"name\": \"N\", \"variables\": {\"A\": \"1\"},\n"
    " \"packages\": {\"P\": {\"source\": \"p\"}}, \"inputs\": {\"I\": {\"choices\": "
    "[\"a\"]}},\n \"steps\": [{\"type\": \"Group\", \"name\": \"G\", \"steps\": [\n"
    "  {\"type\": \"Sample\", \"id\": \"s\", \"text\": \"x\", \"list\": [\"a\"], "
    "\"map\": "
    "{\"k\": \"v\"},\n   \"condition\": {\"all\": [\"A = 'b'\", {\"file\": "
    "\"C:\\\\x\"}]},\n"
    "   \"retry\": {\"attempts\": 3, \"delay\": \"1s\", \"on\": [1]}, \"timeout\": "
    "\"1m\",\n"
    "   \"successCodes\": [0, \"0x80070005\"], \"env\": {\"E\": \"e\"}, \"phase\": "
    "\"WinPE\"}],\n  \"finally\": [{\"type\": \"Fail\", \"@\": \"f:1:2\"}]}]}\n";

static const char lua_seed[] =
    "local function set(n, v)\n  return SetVariable(n) { variable = n, value = v }\nend\n"
    "local list = {}\nfor i = 1, 3 do list[#list + 1] = set('V' .. i, ('x'):rep(i)) end\n"
    "table.sort(list, function(a, b) return a.variable < b.variable end)\n"
    "for k, v in pairs({ a = 1 }) do list[#list + 1] = set(k, tostring(v)) end\n"
    "return sequence {\n  name = 'N', variables = { A = '1' },\n"
    "  packages = { P = { source = 'p' } }, inputs = { I = { choices = { 'a' } } },\n"
    "  group 'G' (list),\n  group 'H' {\n    Sample 's' { text = ('a-b'):gsub('%-', "
    "'+'),\n"
    "      condition = { all = { \"A = 'b'\" } }, retry = { attempts = 3, on = { 1 } } "
    "},\n"
    "    finally = { Fail {} } } }\n";

/* Change, drop, double or swap some bytes and pieces. */
static size_t mutate(char *text, size_t n, size_t cap, unsigned *seed)
{
    static const char *const pieces[] = {"{",
                                         "}",
                                         "[",
                                         "]",
                                         "\"",
                                         ",",
                                         "null",
                                         "true",
                                         "1e9",
                                         "-1",
                                         "''",
                                         "{}",
                                         "nil",
                                         "\\u0",
                                         "steps",
                                         "end",
                                         "..",
                                         "#",
                                         "\xff",
                                         "%",
                                         "(",
                                         ")",
                                         "=",
                                         "Fail",
                                         "group",
                                         "\"include\"",
                                         "sequence",
                                         "1/0",
                                         "('x'):rep(1e9)",
                                         "@"};
    unsigned times = 1 + next_random(seed, 4);

    for (unsigned i = 0; i < times && n > 8; i++) {
        size_t at = next_random(seed, (unsigned)n), len = 1 + next_random(seed, 7);
        const char *piece = pieces[next_random(seed, sizeof pieces / sizeof *pieces)];
        size_t k = strlen(piece);
        switch (next_random(seed, 4)) {
        case 0:
            text[at] = (char)next_random(seed, 256);
            break;
        case 1:
            len = at + len > n ? n - at : len;
            memmove(text + at, text + at + len, n - at - len);
            n -= len;
            break;
        case 2:
            if (n + k < cap) {
                memmove(text + at + k, text + at, n - at);
                memcpy(text + at, piece, k);
                n += k;
            }
            break;
        default:
            if (at + 2 * len < n && n + len < cap) {
                memmove(text + at + len, text + at, n - at);
                n += len;
            }
        }
    }
    return n;
}

static void run_mutations(const char *format, const char *text, int rounds, unsigned seed)
{
    size_t size = strlen(text), cap = size + 256;
    char *copy = malloc(cap);
    int accepted = 0;
    int64_t start = ts_mono_ns();

    for (int i = 0; i < rounds; i++) {
        struct ts_sequence *s = NULL;
        struct ts_err err = {0};
        memcpy(copy, text, size);
        size_t n = mutate(copy, size, cap, &seed);
        enum ts_code rc = ts_sequence_parse(&s, (ts_str){copy, n}, format, "fuzz", NULL,
                                            test_registry(), &err);
        if (rc == TS_OK) {
            accepted++;
            check_round(s);
        } else {
            cr_assert_eq(rc, TS_EINPUT, "%s", err.text);
            cr_assert(strncmp(err.text, "fuzz", 4) == 0, "%s", err.text);
            cr_assert_null(s);
        }
        ts_sequence_free(s);
    }
    cr_log_info("%s: %d of %d accepted, %lld ms", format, accepted, rounds,
                (long long)((ts_mono_ns() - start) / 1000000));
    cr_expect_gt(accepted, 0);
    free(copy);
}

Test(parse_fuzz, mutated_json_never_breaks_the_reader, .timeout = 300)
{
    ts_sequence_free(must_json(json_seed));
    run_mutations("json", json_seed, 10000, 1);
}

Test(parse_fuzz, mutated_lua_never_breaks_the_reader, .timeout = 300)
{
    ts_sequence_free(must_lua(lua_seed));
    run_mutations("lua", lua_seed, 10000, 2);
}

/* ---- size ----------------------------------------------------------------------------
 */

static char *large(bool lua, int steps)
{
    struct ts_buf b = {0};

    ts_buf_z(&b, lua ? "return sequence {\n" : "{\"taskseq\":1,\"steps\":[\n");
    for (int i = 0; i < steps; i++) {
        const char *format =
            lua ? "RunCommandLine \"Step number %d\" { command = [[cmd /c echo %d "
                  "%%Name%%]], "
                  "condition = \"Phase = '%d' and not exists Skip\", timeout = \"15m\", "
                  "continueOnError = true },\n"
                : "{\"type\":\"RunCommandLine\",\"name\":\"Step number %d\",\"command\":"
                  "\"cmd /c echo %d %%Name%%\",\"condition\":\"Phase = '%d' and not "
                  "exists "
                  "Skip\",\"timeout\":\"15m\",\"continueOnError\":true},\n";
        ts_buf_fmt(&b, format, i, i, i);
    }
    ts_buf_z(&b, lua ? "}" : "{\"type\":\"Fail\"}]}");
    return ts_buf_take(&b);
}

Test(parse_size, ten_thousand_steps_load_quickly, .timeout = 60)
{
    for (int lua = 0; lua < 2; lua++) {
        char *text = large(lua, 10000);
        int64_t best = INT64_MAX;
        for (int i = 0; i < 3; i++) {
            int64_t start = ts_mono_ns();
            struct ts_sequence *s = lua ? must_lua(text) : must_json(text);
            int64_t took = ts_mono_ns() - start;
            best = took < best ? took : best;
            cr_expect_geq(s->node_count, 10000);
            ts_sequence_free(s);
        }
        cr_log_info("%s: %lld ms", lua ? "lua" : "json", (long long)(best / 1000000));
        /* the budget is 150 ms in a release build; here is room for sanitizers */
        cr_expect_lt(best / 1000000, 3000);
        ts_free(text);
    }
}

Test(parse_size, many_steps_of_one_name_take_no_longer)
{
    struct ts_buf b = {0};
    int64_t start = ts_mono_ns();

    ts_buf_z(&b, "local t = {} for i = 1, 20000 do t[i] = Fail 'same' {} end "
                 "return sequence(t)");
    struct ts_sequence *s = must_lua(b.p);
    cr_expect_str_eq(ts_sequence_find(s, "same-20000")->name, "same");
    cr_expect_lt((ts_mono_ns() - start) / 1000000, 5000);
    ts_sequence_free(s);
    ts_buf_free(&b);
}
