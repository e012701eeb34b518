/* Messages: place, step, property, what is wrong, and a way out. */
#include "support.h"

#include "script/script.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define HEAD "{\"taskseq\": 1,\n \"steps\": [\n  "
#define TAIL "]}"

Test(parse_errors, json_messages_say_where_and_what)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "t.json:1:1: the text ends too early"},
        {"[]", "t.json:1:1: a sequence must be an object, but this is a list"},
        {"{}", "t.json:1:1: lacks what is required: taskseq, steps"},
        {"{\"taskseq\": 2, \"steps\": []}",
         "t.json:1:13: taskseq must be 1, the only version of the format there is"},
        {"{\"taskseq\": \"1\", \"steps\": []}",
         "t.json:1:13: taskseq must be 1, the only version of the format there is"},
        {"{\"taskseq\": 1, \"stesp\": [], \"steps\": []}",
         "t.json:1:25: stesp is not a property here; did you mean steps?"},
        {"{\"taskseq\": 1, \"steps\": {}}",
         "t.json:1:25: steps must be a list, but is an object"},
        {"{\"taskseq\": 1, \"steps\": [], \"semantics\": \"mdt\"}",
         "t.json:1:42: semantics must be \"configmgr\" or absent"},
        {"{\"taskseq\": 1, \"steps\": [], \"name\": \"\"}",
         "t.json:1:37: name must have 1 to 200 characters, but has 0"},
        {"{\"taskseq\": 1, \"steps\": [], \"name\": \"a\\nb\"}",
         "t.json:1:37: name must not hold control characters"},
        {"{\"taskseq\": 1, \"steps\": [], \"variables\": {\"_SMSTSx\": \"1\"}}",
         "t.json:1:54: variables._SMSTSx cannot be set here: names that begin with '_' "
         "are "
         "set by the runtime only"},
        {"{\"taskseq\": 1, \"steps\": [], \"variables\": {\"a b\": \"1\"}}",
         "t.json:1:50: variables.a b is not a name of a variable: letters, digits, '_' "
         "and "
         "'-', at most 256"},
        {"{\"taskseq\": 1, \"steps\": [], \"variables\": {\"a\": 1, \"A\": 2}}",
         "t.json:1:56: variables.A is there twice (case does not matter)"},
        {"{\"taskseq\": 1, \"steps\": [], \"variables\": {\"a\": []}}",
         "t.json:1:48: variables.a must be a string, but is a list"},
        {"{\"taskseq\": 1, \"steps\": [], \"packages\": {\"P\": {}}}",
         "t.json:1:47: packages.P lacks what is required: source"},
        {"{\"taskseq\": 1, \"steps\": [], \"inputs\": {\"X\": {\"promt\": \"?\"}}}",
         "t.json:1:55: inputs.X.promt is not a property here; did you mean prompt?"},
        {"{\"taskseq\": 1, \"steps\": [], \"inputs\": {\"X\": {\"choices\": [\"a\"], "
         "\"default\": \"b\"}}}",
         "t.json:1:45: inputs.X has the default \"b\", which is not among its choices"},
        {HEAD "7" TAIL,
         "t.json:3:3: steps[0] must be a step or a group, but is a number"},
        {HEAD "{}" TAIL, "t.json:3:3: step: lacks what is required: type"},
        {HEAD "{\"type\": 5}" TAIL,
         "t.json:3:12: step: type must be a string, but is a number"},
        {HEAD "{\"type\": \"RunComandLine\"}" TAIL,
         "t.json:3:12: RunComandLine: unknown step type \"RunComandLine\"; did you mean "
         "RunCommandLine?"},
        {HEAD "{\"type\": \"group\"}" TAIL,
         "t.json:3:12: group: unknown step type \"group\"; did you mean Group?"},
        {HEAD "{\"type\": \"Zzz\", \"name\": \"A\"}" TAIL,
         "t.json:3:12: step \"A\": unknown step type \"Zzz\"; `taskseq steps` lists "
         "those "
         "there are"},
        {HEAD "{\"type\": \"SetVariable\", \"name\": \"A\"}" TAIL,
         "t.json:3:3: step \"A\": variable, value: these required properties are missing "
         "from SetVariable"},
        {HEAD "{\"type\": \"RunCommandLine\", \"comand\": \"x\"}" TAIL,
         "t.json:3:40: RunCommandLine: comand is not a property here; did you mean "
         "command?"},
        {HEAD "{\"type\": \"Fail\", \"continueOnErorr\": true}" TAIL,
         "t.json:3:39: Fail: continueOnErorr is not a property here; did you mean "
         "continueOnError?"},
        {HEAD "{\"type\": \"Group\", \"timeout\": \"1m\"}" TAIL,
         "t.json:3:32: group: timeout is a property of steps only"},
        {HEAD "{\"type\": \"Fail\", \"finally\": []}" TAIL,
         "t.json:3:31: Fail: finally is a property of groups only"},
        {HEAD "{\"type\": \"Fail\", \"variables\": {}}" TAIL,
         "t.json:3:33: Fail: variables is a property of the sequence only"},
        {HEAD "{\"type\": \"Sample\", \"colour\": \"gren\"}" TAIL,
         "t.json:3:32: Sample: colour: expected one of red, green, blue, found \"gren\"; "
         "did you mean green?"},
        {HEAD "{\"type\": \"Fail\", \"disabled\": \"yes\"}" TAIL,
         "t.json:3:32: Fail: disabled must be true or false, but is a string"},
        {HEAD "{\"type\": \"Fail\", \"timeout\": \"soon\"}" TAIL,
         "t.json:3:31: Fail: timeout must be a duration such as \"500ms\", \"90s\", "
         "\"15m\" or \"1h30m\", but is \"soon\""},
        {HEAD "{\"type\": \"Fail\", \"timeout\": -5}" TAIL,
         "t.json:3:31: Fail: timeout must be a duration such as \"500ms\", \"90s\", "
         "\"15m\" or \"1h30m\", but is \"-5\""},
        {HEAD
         "{\"type\": \"Fail\", \"name\": \"A\", \"retry\": {\"attempts\": \"3\"}}" TAIL,
         "t.json:3:55: step \"A\": retry.attempts must be an integer, but is a string"},
        {HEAD "{\"type\": \"Fail\", \"retry\": {\"attempts\": 0}}" TAIL,
         "t.json:3:42: Fail: retry.attempts must be 1 to 1000000 (it counts all tries), "
         "but is 0"},
        {HEAD "{\"type\": \"Fail\", \"retry\": {\"attempts\": 1.5}}" TAIL,
         "t.json:3:42: Fail: retry.attempts must be an integer, but has a fraction"},
        {HEAD "{\"type\": \"Fail\", \"retry\": {\"delay\": \"1s\"}}" TAIL,
         "t.json:3:29: Fail: retry lacks what is required: attempts"},
        {HEAD "{\"type\": \"Fail\", \"successCodes\": 0}" TAIL,
         "t.json:3:36: Fail: successCodes must be a list, but is a number"},
        {HEAD "{\"type\": \"Fail\", \"successCodes\": [0, 4294967296]}" TAIL,
         "t.json:3:40: Fail: successCodes[1] must be a code of 32 bits, but is "
         "4294967296"},
        {HEAD "{\"type\": \"Fail\", \"successCodes\": [\"0x1g\"]}" TAIL,
         "t.json:3:37: Fail: successCodes[0] must be a code such as 3010 or "
         "\"0x80070005\", but is a string that is none"},
        {HEAD "{\"type\": \"Fail\", \"phase\": \"PE\"}" TAIL,
         "t.json:3:29: Fail: phase must be \"any\", \"WinPE\" or \"FullOS\""},
        {HEAD "{\"type\": \"Fail\", \"onInterrupt\": \"retry\"}" TAIL,
         "t.json:3:35: Fail: onInterrupt must be \"rerun\", \"skip\" or \"fail\""},
        {HEAD "{\"type\": \"Fail\", \"env\": {\"A=B\": \"\"}}" TAIL,
         "t.json:3:35: Fail: env.A=B is not a name of an environment variable"},
        {HEAD "{\"type\": \"Fail\", \"id\": \"a b\"}" TAIL,
         "t.json:3:26: Fail: id must be 1 to 100 letters, digits, '.', '_' or '-', but "
         "is "
         "\"a b\""},
        {HEAD
         "{\"type\": \"Fail\", \"id\": \"x\"},\n{\"type\": \"Fail\", \"name\": \"B\", "
         "\"id\": \"X\"}" TAIL,
         "t.json:4:37: step \"B\": id \"X\" is taken by \"Fail\" in t.json:3"},
        {HEAD "{\"include\": \"x.json\"}" TAIL,
         "t.json:3:15: steps[0].include is not possible here: no folder is known for "
         "this "
         "text"},
        {HEAD "{\"type\": \"Fail\"}, ]}", "t.json:3:21: a value should stand here"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_str_eq(why_json(cases[i].text), cases[i].message, "%s\n  gives %s",
                         cases[i].text, why_json(cases[i].text));
    }
}

Test(parse_errors, a_condition_is_read_with_the_file)
{
    const char *why = why_json(HEAD "{\"type\": \"Fail\", \"name\": \"A\",\n"
                                    "\"condition\": \"A ==== 'x'\"}" TAIL);
    cr_expect(
        strstr(why, "t.json:4:14: step \"A\": condition cannot be understood: column "),
        "%s", why);
    why = why_json(HEAD
                   "{\"type\": \"Fail\", \"condition\": {\"all\": [{\"variable\": \"A\", "
                   "\"op\": \"equal\", \"value\": \"\"}]}}" TAIL);
    cr_expect(strstr(why, "t.json:3:33: Fail: condition cannot be understood: all[") &&
                  strstr(why, "equals"),
              "%s", why);
    why = why_json(HEAD "{\"type\": \"Fail\", \"condition\": true}" TAIL);
    cr_expect(strstr(why, "condition must be a condition (text or an object)"), "%s",
              why);
}

Test(parse_errors, lua_messages_have_the_line_of_the_constructor_and_the_path)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "t.lua: the file must return sequence { ... }, but it returns nothing"},
        {"return 5",
         "t.lua: the file must return sequence { ... }, but it returns a number"},
        {"return { steps = {} }",
         "t.lua: the file must return sequence { ... }, but it returns a plain table"},
        {"\nreturn group { }", "t.lua:2: the file must return sequence { ... }, but it "
                               "returns a group"},
        {"return sequence { steps = {}, nme = 'x' }",
         "t.lua:1: nme: nme is not a property here; did you mean name?"},
        {"return sequence {\n steps = {\n  Fail 'a' {},\n  Fail 'b' {\n   retry = { "
         "attempts "
         "= '3' } } } }",
         "t.lua:4: steps[2].retry.attempts: step \"b\": retry.attempts must be an "
         "integer, "
         "but is a string"},
        {"return sequence {\n steps = {\n  group 'G' {\n   Fail 'a' {},\n   Fail 'b' { "
         "successCodes = { 0, {} } } } } }",
         "t.lua:5: steps[1].steps[2].successCodes[2]: step \"b\": successCodes[2] must "
         "be a "
         "code such as 3010 or \"0x80070005\", but is a list"},
        {"return sequence { steps = {\n RunComandLine 'x' {} } }",
         "t.lua:2: unknown step type RunComandLine; did you mean RunCommandLine?"},
        {"return sequence { steps = {\n Grup 'x' {} } }",
         "t.lua:2: unknown step type Grup; did you mean group?"},
        {"return sequence { steps = {\n Zzzzz 'x' {} } }",
         "t.lua:2: unknown step type Zzzzz"},
        {"return sequense {}", "t.lua:1: unknown name sequense; did you mean sequence?"},
        {"\nos.execute('rm -rf /')",
         "t.lua:2: a sequence cannot use `os`: it is only put "
         "together here, its steps act later"},
        {"io.open('/etc/passwd')", "t.lua:1: a sequence cannot use `io`: it is only put "
                                   "together here, its steps act later"},
        {"load('x')",
         "t.lua:1: a sequence cannot use `load`: it is only put together here, "
         "its steps act later"},
        {"return sequence { steps = { Fail 'x' } }",
         "t.lua:1: steps[1]: steps[1] is a constructor without its table: write Type "
         "\"Name\" { ... }"},
        {"return sequence { steps = { Fail } }",
         "t.lua:1: steps[1]: steps[1] is a constructor without its table: write Type "
         "\"Name\" { ... }"},
        {"return sequence { steps = { Fail 'x' 'y' } }",
         "t.lua:1: Fail \"x\" must be followed by { ... }, but here is a string"},
        {"return sequence { steps = { Fail(5) } }",
         "t.lua:1: Fail takes a name and { ... }, but here is a number"},
        {"return sequence { steps = { Fail 'x' { name = 'y' } } }",
         "t.lua:1: the name is given twice, in front of the table and inside"},
        {"return sequence { steps = { group(Fail 'x' {}) } }",
         "t.lua:1: this table is a Fail already"},
        {"return sequence { steps = { group 'G' { Fail 'x' {}, steps = {} } } }",
         "t.lua:1: steps[1]: group \"G\": children stand either in the list part or in "
         "`steps`, not in both"},
        {"return sequence { steps = { RunCommandLine 'x' { 'cmd' } } }",
         "t.lua:1: steps[1]: step \"x\": RunCommandLine takes named properties only, but "
         "has "
         "an item [1]"},
        {"return sequence { steps = { Fail 'x' { env = { 'a', b = 'c' } } } }",
         "t.lua:1: steps[1].env: step \"x\": env has both list items and named values "
         "(such "
         "as b)"},
        {"return sequence { steps = { [1] = Fail 'x' {}, [3] = Fail 'y' {} } }",
         "t.lua:1: steps: steps is a list with a hole: it has 1 items and then [3]"},
        {"return sequence { steps = { Fail 'x' { [true] = 1 } } }",
         "t.lua:1: steps[1]: step \"x\": has a key that is neither text nor a position: "
         "boolean"},
        {"return sequence { steps = { Fail 'x' { description = print } } }",
         "t.lua:1: a sequence cannot use `print`: it is only put together here, its "
         "steps "
         "act later"},
        {"return sequence { steps = { Fail 'x' { description = pcall } } }",
         "t.lua:1: steps[1].description: step \"x\": description cannot be a function"},
        {"return sequence { steps = { Fail 'x' { description = 'a\\0b' } } }",
         "t.lua:1: steps[1].description: step \"x\": description holds a zero byte, "
         "which no "
         "text may"},
        {"return sequence { steps = { Fail 'x' { description = '\\xff' } } }",
         "t.lua:1: steps[1].description: step \"x\": description is not valid UTF-8"},
        {"return sequence { steps = { Fail 'x' { timeout = 1/0 } } }",
         "t.lua:1: steps[1].timeout: step \"x\": timeout is a number that cannot be "
         "written "
         "down"},
        {"return sequence { steps = { Fail 'x' { type = 'Fail' } } }",
         "t.lua:1: steps[1].type: step \"x\": type is given by the constructor Fail "
         "already"},
        {"return sequence { steps = { sequence { steps = {} } } }",
         "t.lua:1: steps[1]: sequence: a sequence cannot stand inside another; use "
         "include or a "
         "RunTaskSequence step"},
        {"return sequence { }", "t.lua:1: lacks what is required: steps"},
        {"return sequence { taskseq = 2, steps = {} }",
         "t.lua:1: taskseq: taskseq must be 1, the only version of the format there is"},
        {"return sequence { steps = { include 'x.lua' } }",
         "t.lua:1: steps[1].include: steps[1].include is not possible here: no folder is "
         "known for this text"},
        {"return require 'x'",
         "t.lua:1: require is not possible here: no folder is known"},
        {"\n\nreturn {{}", "t.lua:3: '}' expected near <eof>"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_str_eq(why_lua(cases[i].text), cases[i].message, "%s\n  gives %s",
                         cases[i].text, why_lua(cases[i].text));
    }
}

Test(parse_errors, a_helper_function_is_named_by_its_own_line)
{
    const char *why =
        why_lua("local function set(name, value)\n"
                "  return SetVariable(name) { variable = name, value = value }\n"
                "end\n"
                "return sequence { steps = { set('a', 'x'), set('b', nil) } }");
    cr_expect_str_eq(why,
                     "t.lua:2: steps[2]: step \"b\": value: this required property is "
                     "missing from SetVariable",
                     "%s", why);
}

Test(parse_errors, runaway_sequences_end_with_bad_input, .timeout = 120)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"while true do end", "t.lua:1: stopped after 100000000 instructions"},
        {"local s, t = ('x'):rep(1e7), {} while true do t[#t + 1] = s .. #t end",
         "t.lua: stopped at 262144 KiB of memory"},
        {"return ('a'):rep(40):find(('a?'):rep(40) .. ('a'):rep(40))",
         "t.lua:1: stopped"},
        {"local t = {} t.steps = { t } return sequence(t)",
         "tables nest more than 512 deep, or one holds itself"},
        {"local s = Fail 'x' {} for i = 1, 40 do s = group 'g' { s, s } end "
         "return sequence { steps = { s } }",
         "makes the sequence too large"},
        {"local s = ('x'):rep(1e4):rep(1e4) local t = {} for i = 1, 1000 do t[i] = Fail "
         "{ "
         "description = s } end return sequence { steps = t }",
         "makes the sequence too large"},
    };

    ts_sandbox_default.time_ms = 100000; /* the clock must not be first on a slow day */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect(strstr(why_lua(cases[i].text), cases[i].part), "%s\n  gives %s",
                  cases[i].text, why_lua(cases[i].text));
    }
}

/* `deep` groups, each in the other. */
static char *nested(size_t deep, const char *open, const char *inner, const char *close,
                    const char *head, const char *tail)
{
    struct ts_buf b = {0};

    ts_buf_z(&b, head);
    for (size_t i = 0; i < deep; i++) {
        ts_buf_z(&b, open);
    }
    ts_buf_z(&b, inner);
    for (size_t i = 0; i < deep; i++) {
        ts_buf_z(&b, close);
    }
    ts_buf_z(&b, tail);
    return ts_buf_take(&b);
}

Test(parse_errors, groups_nest_one_hundred_deep_and_no_more)
{
    for (size_t deep = 100; deep <= 100000; deep = deep == 100   ? 101
                                                   : deep == 101 ? 250
                                                                 : deep * 20) {
        char *json = nested(deep, "{\"type\":\"Group\",\"steps\":[", "", "]}",
                            "{\"taskseq\":1,\"steps\":[", "]}");
        const char *why = why_json(json);
        if (deep == 100) {
            cr_expect_str_eq(why, "", "%s", why);
        } else {
            cr_expect(strstr(why, "groups nest more than 100 deep") ||
                          (deep > 200 && strstr(why, "nest")),
                      "%zu: %s", deep, why);
        }
        ts_free(json);
    }
    for (size_t deep = 100; deep <= 10000; deep = deep == 100 ? 101 : deep * 20) {
        /* made by a loop: the text itself may not nest as deep in Lua */
        char text[300];
        snprintf(text, sizeof text,
                 "local g = Fail {} for i = 1, %zu do g = group { g } end "
                 "return sequence { steps = { g } }",
                 deep);
        const char *why = why_lua(text);
        if (deep == 100) {
            cr_expect_str_eq(why, "", "%s", why);
        } else {
            cr_expect(
                strstr(why, deep == 101 ? "groups nest more than 100 deep" : "nest"),
                "%zu: %s", deep, why);
        }
    }
    char *lua = nested(90, "group { ", "", "}", "return sequence { steps = {", "}}");
    cr_expect_str_eq(why_lua(lua), "", "%s", why_lua(lua));
    ts_free(lua);
}
