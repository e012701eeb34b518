/* Sequences written as Lua and as JSON: what a person would write, and nothing lost. */
#include "support.h"

#include "parse/convert.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int losses;

static void count_loss(void *ctx, const struct ts_node *node, const char *what)
{
    (void)ctx;
    (void)node;
    cr_assert(*what);
    losses++;
}

static const struct ts_losses counted = {NULL, count_loss};

static struct ts_buf as_lua(const struct ts_sequence *s)
{
    struct ts_buf b = {0};

    ts_sequence_write_lua(&b, s, test_registry(), &counted);
    return b;
}

static struct ts_buf as_json(const struct ts_sequence *s)
{
    struct ts_buf b = {0};

    ts_sequence_write_json(&b, s, test_registry());
    return b;
}

static void must_be_equal(const struct ts_sequence *a, const char *text,
                          const char *format)
{
    struct ts_err err = {0};
    struct ts_sequence *b = NULL;
    char h1[65], h2[65];
    enum ts_code rc = ts_sequence_parse(&b, ts_str_of(text), format, "again", NULL,
                                        test_registry(), &err);

    cr_assert_eq(rc, TS_OK, "%s\n%.20000s", err.text, text);
    ts_sequence_hash(h1, a);
    ts_sequence_hash(h2, b);
    cr_assert_str_eq(h1, h2, "%.20000s", text);
    ts_sequence_free(b);
}

static void both_ways(const struct ts_sequence *s)
{
    struct ts_buf lua = as_lua(s), json = as_json(s);

    must_be_equal(s, ts_buf_text(&lua), "lua");
    must_be_equal(s, ts_buf_text(&json), "json");
    ts_buf_free(&lua);
    ts_buf_free(&json);
}

Test(convert, writes_what_a_person_would)
{
    const char *lua =
        "return sequence {\n"
        "  name = \"Refresh\",\n"
        "\n"
        "  variables = { WindowsPartition = \"C:\" },\n"
        "\n"
        "  packages = { USMT = { source = \"packages/usmt\" } },\n"
        "\n"
        "  steps = {\n"
        "    group \"Capture\" {\n"
        "      description = \"What is \\\"kept\\\" isn't lost\",\n"
        "      condition = \"_SMSTSInWinPE = 'TRUE'\",\n"
        "\n"
        "      SetVariable \"Set\" { variable = \"A\", value = \"YES\" },\n"
        "      RunCommandLine {\n"
        "        id = \"mine\",\n"
        "        command = [[cmd /c MKDIR C:\\Store]],\n"
        "        startIn = [[%OSDStateStorePath%\\USMTFiles\\]],\n"
        "        condition = \"A = 'YES'\",\n"
        "        phase = \"FullOS\",\n"
        "        timeout = \"15m\",\n"
        "        successCodes = { 0, 2 },\n"
        "        retry = { attempts = 3, delay = \"10s\", on = { 1618 } },\n"
        "        continueOnError = true,\n"
        "      },\n"
        "\n"
        "      finally = {\n"
        "        Fail {},\n"
        "      },\n"
        "    },\n"
        "\n"
        "    RestartComputer 'Restart \"now\"' { target = \"FullOS\" },\n"
        "    Sample \"Script\" {\n"
        "      text = [[\n"
        "line one\n"
        "  line two, longer\n"
        "]],\n"
        "    },\n"
        "  },\n"
        "}\n";
    char *text = ts_strdup(lua);
    /* long brackets keep quotes and apostrophes as they are */
    char *escaped = strstr(text, "\"What is");
    struct ts_sequence *s = must_lua(lua);
    struct ts_buf out = as_lua(s);

    cr_assert_not_null(escaped);
    const char *plain = "[[What is \"kept\" isn't lost]],\n";
    struct ts_buf want = {0};
    ts_buf_add(&want, text, (size_t)(escaped - text));
    ts_buf_z(&want, plain);
    ts_buf_z(&want, strchr(escaped, '\n') + 1);
    cr_assert_str_eq(ts_buf_text(&out), ts_buf_text(&want));
    ts_buf_free(&want);
    ts_buf_free(&out);
    ts_free(text);
    ts_sequence_free(s);
}

Test(convert, writes_json_on_few_lines)
{
    struct ts_sequence *s = must_lua(
        "return sequence { name = 'x', steps = { group 'G' { SetVariable 'A' { variable "
        "= 'a', value = 'b' }, Sample { list = {'1', '2'}, map = {}, flag = true } } } "
        "}");
    struct ts_buf out = as_json(s);

    cr_assert_str_eq(
        ts_buf_text(&out),
        "{\n"
        "  \"taskseq\": 1,\n"
        "  \"name\": \"x\",\n"
        "  \"steps\": [\n"
        "    {\n"
        "      \"type\": \"Group\",\n"
        "      \"name\": \"G\",\n"
        "      \"steps\": [\n"
        "        { \"type\": \"SetVariable\", \"name\": \"A\", \"variable\": \"a\", "
        "\"value\": \"b\" },\n"
        "        { \"type\": \"Sample\", \"flag\": true, \"list\": [\"1\", \"2\"], "
        "\"map\": {} }\n"
        "      ]\n"
        "    }\n"
        "  ]\n"
        "}\n");
    both_ways(s);
    ts_buf_free(&out);
    ts_sequence_free(s);
}

Test(convert, texts_come_back_as_they_were)
{
    static const char *const texts[] = {
        "",
        "]",
        "]]",
        "a]]b]=]c]==",
        "[[x]]",
        "\\",
        "\\]",
        "a\\]=",
        "x\ny",
        "\n",
        "\nstarts with a line end\\",
        "a long text over\ntwo lines]]\n]=]",
        "tab\tand\\",
        "bell\a\\",
        "cr\r\nline two is indented\r\n   yes\r\n\r\n",
        "\x7f",
        "'\"\\",
        "'",
        "\"",
        "-- no comment",
        "\xc3\xa4\\",
        "a\r",
        "\r\n\r\n \r\n\tmore than twenty bytes",
        "]=====]]====]]===]]==]]=]]] a \\ with every level ]======]]=======]",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ts_buf json = {0};
        ts_buf_z(&json, "{\"taskseq\":1,\"name\":\"x\",\"steps\":[{\"type\":\"Sample\","
                        "\"text\":\"");
        ts_buf_json(&json, ts_str_of(texts[i]));
        ts_buf_z(&json, "\",\"description\":\"");
        ts_buf_json(&json, ts_str_of(texts[i]));
        ts_buf_z(&json, "\"}]}");
        struct ts_sequence *s = must_json(ts_buf_text(&json));
        both_ways(s);
        ts_sequence_free(s);
        ts_buf_free(&json);
    }
}

Test(convert, ids_stand_where_they_do_not_follow_from_names)
{
    struct ts_sequence *s = must_lua(
        "return sequence { name='x', steps = { Fail 'A' {}, Fail 'A' {}, Fail 'A' { id = "
        "'a-3' }, Fail 'A' { id = 'other' }, Fail 'B' { id = 'c' }, Fail 'C' {}, Fail "
        "'D' "
        "{ id = 'd' } } }");
    struct ts_buf lua = as_lua(s);

    /* a-3 and d come out by themselves, c-2 does once c is given */
    cr_assert_null(strstr(ts_buf_text(&lua), "a-3"));
    cr_assert_null(strstr(ts_buf_text(&lua), "\"d\""));
    cr_assert_null(strstr(ts_buf_text(&lua), "c-2"));
    cr_assert(strstr(ts_buf_text(&lua), "Fail \"A\" { id = \"other\" }"));
    cr_assert(strstr(ts_buf_text(&lua), "Fail \"B\" { id = \"c\" }"));
    both_ways(s);
    ts_buf_free(&lua);
    ts_sequence_free(s);
}

Test(convert, the_order_of_inputs_is_listed_as_lost_in_lua)
{
    struct ts_sequence *s = must_json(
        "{\"taskseq\":1,\"name\":\"x\",\"steps\":[],\"inputs\":{\"b\":{},\"a\":{}}}");

    losses = 0;
    both_ways(s);
    cr_assert_eq(losses, 1);
    ts_sequence_free(s);
    s = must_json(
        "{\"taskseq\":1,\"name\":\"x\",\"steps\":[],\"inputs\":{\"a\":{},\"b\":{}}}");
    losses = 0;
    both_ways(s);
    cr_assert_eq(losses, 0);
    ts_sequence_free(s);
}

/* ---- deep and crowded ----------------------------------------------------------------
 */

Test(convert, a_deep_and_crowded_tree_compiles)
{
    for (int crowd = 0; crowd <= 49; crowd += 7) {
        struct ts_buf json = {0};
        ts_buf_z(&json, "{\"taskseq\":1,\"name\":\"x\",\"steps\":[");
        for (int i = 0; i < 100; i++) {
            for (int k = 0; k < crowd; k++) {
                ts_buf_z(&json, "{\"type\":\"Fail\"},");
            }
            ts_buf_fmt(&json, "{\"type\":\"Group\",\"name\":\"g%d\",\"%s\":[", i,
                       i % 7 == 3 ? "finally" : "steps");
        }
        for (int i = 0; i < 100; i++) {
            ts_buf_z(&json, "]}");
        }
        ts_buf_z(&json, "]}");
        struct ts_sequence *s = must_json(ts_buf_text(&json));
        both_ways(s);
        ts_sequence_free(s);
        ts_buf_free(&json);
    }
}

Test(convert, what_came_from_xml_is_kept)
{
    struct ts_buf json = {0};

    ts_buf_z(&json, "{\"taskseq\":1,\"name\":\"x\",\"semantics\":\"configmgr\",\"xml\":{"
                    "\"version\":\"3.00\",\"e\":[],\"deep\":");
    for (int i = 0; i < 60; i++) {
        ts_buf_z(&json, i % 2 ? "{\"a b\":" : "[1,{},\"x\",");
    }
    ts_buf_z(&json, "1.5");
    for (int i = 60; i-- > 0;) {
        ts_buf_c(&json, i % 2 ? '}' : ']');
    }
    ts_buf_z(&json, "},\"steps\":[{\"type\":\"Fail\",\"xml\":{\"defaults\":{\"A\":\"\"},"
                    "\"n\":-9223372036854775808,\"t\":true}}]}");
    struct ts_sequence *s = must_json(ts_buf_text(&json));
    both_ways(s);
    ts_sequence_free(s);
    ts_buf_free(&json);
    cr_assert(strstr(why_json("{\"taskseq\":1,\"name\":\"x\",\"steps\":[],\"xml\":{\"a\":"
                              "[null]}}"),
                     "must not be null"));
}

/* ---- random sequences ----------------------------------------------------------------
 */

static unsigned next_random(unsigned *seed, unsigned n)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16 & 0x7fff) % n;
}

static void random_text(struct ts_buf *b, unsigned *seed, bool name)
{
    static const char *const bits[] = {
        "a", "B",   " ",   "-",   "\\\\",    "\\\"",
        "'", "]",   "=",   "[",   "\\u00e4", "%X%",
        ".", "\\t", "\\n", "\\r", "\\u0007", "long text to fill a line "};
    unsigned n = next_random(seed, name ? 6 : 12);

    ts_buf_c(b, '"');
    for (unsigned i = 0; i < n; i++) {
        ts_buf_z(b, bits[next_random(seed, name ? 13 : sizeof bits / sizeof *bits)]);
    }
    ts_buf_z(b, name ? "n\"" : "\"");
}

static void random_step(struct ts_buf *b, unsigned *seed)
{
    static const char *const params[] = {",\"flag\":true",
                                         ",\"count\":-5",
                                         ",\"list\":[\"a\",\"b\\\\c\"]",
                                         ",\"map\":{\"end\":\"1\",\"a b\":\"2\"}",
                                         ",\"wait\":\"90s\"",
                                         ",\"when\":{\"all\":[\"A = 'b'\"]}",
                                         ",\"colour\":\"red\"",
                                         ",\"map\":{}",
                                         ",\"list\":[]",
                                         ",\"command\":[\"x\",\"y z\"]",
                                         ",\"path\":\"C:\\\\x\"",
                                         ",\"count\":\"%n%\""};
    static const char *const options[] = {
        ",\"phase\":\"WinPE\"",
        ",\"timeout\":\"1h1ms\"",
        ",\"retry\":{\"attempts\":2}",
        ",\"onInterrupt\":\"skip\"",
        ",\"successCodes\":[]",
        ",\"restartCodes\":[3010,\"0x80070005\"]",
        ",\"runAs\":\"me\"",
        ",\"package\":\"P\"",
        ",\"input\":\"a\\nb\"",
        ",\"env\":{\"X\":\"%y%\"}",
        ",\"xml\":{\"defaults\":{\"A\":\"1\"},\"type\":\"T\"}"};
    char used[32] = {0};

    ts_buf_z(b, "\"type\":\"Sample\"");
    if (next_random(seed, 2)) {
        ts_buf_z(b, ",\"text\":");
        random_text(b, seed, false);
    }
    for (unsigned i = 0; i < 3; i++) {
        unsigned k = next_random(seed, sizeof params / sizeof *params);
        unsigned same = k == 7 ? 3 : k == 8 ? 2 : k == 11 ? 1 : k;
        if (!used[same]) {
            ts_buf_z(b, params[k]);
            used[same] = 1;
        }
        k = next_random(seed, sizeof options / sizeof *options);
        if (!used[16 + k]) {
            ts_buf_z(b, options[k]);
            used[16 + k] = 1;
        }
    }
}

static void random_node(struct ts_buf *b, unsigned *seed, int depth, int *id)
{
    bool group = depth < 8 && next_random(seed, 3) == 0;

    ts_buf_c(b, '{');
    if (group) {
        ts_buf_z(b, "\"type\":\"Group\"");
    } else {
        random_step(b, seed);
    }
    if (next_random(seed, 4)) {
        ts_buf_z(b, ",\"name\":");
        random_text(b, seed, true);
    }
    if (next_random(seed, 5) == 0) {
        ts_buf_fmt(b, ",\"id\":\"%s%d\"", next_random(seed, 2) ? "n-" : "I.", ++*id);
    }
    if (next_random(seed, 4) == 0) {
        ts_buf_z(b, ",\"description\":");
        random_text(b, seed, false);
    }
    if (next_random(seed, 4) == 0) {
        ts_buf_z(b,
                 ",\"condition\":\"not (A = 'it''s \\\\x' or exists C) and file('C:\\\\"
                 "x\\\\y')\"");
    }
    if (next_random(seed, 6) == 0) {
        ts_buf_z(b, ",\"disabled\":true,\"continueOnError\":true");
    }
    for (int list = 0; group && list < 2; list++) {
        unsigned n = list ? next_random(seed, 2) : next_random(seed, 6);
        ts_buf_fmt(b, ",\"%s\":[", list ? "finally" : "steps");
        for (unsigned i = 0; i < n; i++) {
            ts_buf_z(b, i ? "," : "");
            random_node(b, seed, depth + 1, id);
        }
        ts_buf_c(b, ']');
    }
    ts_buf_c(b, '}');
}

Test(convert, random_sequences_come_back_equal)
{
    int nodes = 0;

    for (unsigned seed = 1; seed <= 400; seed++) {
        struct ts_buf json = {0};
        unsigned state = seed * 7919;
        int id = 0, n = (int)next_random(&state, 8);
        ts_buf_z(&json, "{\"taskseq\":1,\"name\":");
        random_text(&json, &state, true);
        if (next_random(&state, 2)) {
            ts_buf_z(&json, ",\"semantics\":\"configmgr\",\"variables\":{\"z\":\"1\","
                            "\"_a\":\"[[\",\"for\":\"\"}");
        }
        ts_buf_z(&json,
                 ",\"inputs\":{\"q-1\":{\"prompt\":\"?\",\"choices\":[\"a\",\"b\"],"
                 "\"default\":\"a\",\"secret\":true}},\"steps\":[");
        for (int i = 0; i < n; i++) {
            ts_buf_z(&json, i ? "," : "");
            random_node(&json, &state, 0, &id);
        }
        ts_buf_z(&json, "]}");
        struct ts_sequence *s = must_json(ts_buf_text(&json));
        nodes += (int)s->node_count;
        both_ways(s);
        ts_sequence_free(s);
        ts_buf_free(&json);
    }
    cr_assert_gt(nodes, 1000);
}
