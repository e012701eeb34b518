#include "support.h"

#include "platform/clock.h"

#include <criterion/criterion.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>

Test(sandbox, offers_what_the_format_says_and_nothing_else)
{
    static const char *const present[] = {
        "assert",        "error",       "ipairs",       "next",       "pairs",
        "pcall",         "select",      "string",       "tonumber",   "tostring",
        "type",          "table",       "math",         "utf8",       "math.pi",
        "string.rep",    "string.gsub", "table.unpack", "table.pack", "utf8.char",
        "string.format", "math.floor"};
    static const char *const absent[] = {
        "io",         "os",       "package",      "debug",
        "coroutine",  "load",     "loadstring",   "loadfile",
        "dofile",     "require",  "setmetatable", "getmetatable",
        "rawget",     "rawset",   "rawequal",     "rawlen",
        "xpcall",     "print",    "warn",         "collectgarbage",
        "_G",         "_VERSION", "math.random",  "math.randomseed",
        "string.dump"};
    char text[200];

    for (size_t i = 0; i < sizeof present / sizeof *present; i++) {
        snprintf(text, sizeof text, "return %s ~= nil", present[i]);
        cr_expect_str_eq(eval(text), "true", "%s", present[i]);
    }
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        snprintf(text, sizeof text, "return %s == nil", absent[i]);
        cr_expect_str_eq(eval(text), "true", "%s", absent[i]);
    }
}

Test(sandbox, refuses_bytecode_and_gives_no_other_way_in)
{
    enum ts_code code;
    static const struct ts_lua_bounds defaults = {0, 0, 0};
    const char *got = eval_bounded(&defaults, "\x1bLua whatever", &code);

    cr_assert_eq(code, TS_EINPUT);
    cr_assert(strstr(got, "t.lua") && strstr(got, "binary"), "%s", got);
    /* a text has no metatable to get at, and its functions are the bounded ones */
    cr_expect_str_eq(eval("return (''):rep(2) == '' and ('').dump == nil"), "true");
    cr_expect_str_eq(eval("return ('x').rep == string.rep"), "true");
}

Test(sandbox, every_error_names_file_and_line)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"x = = 1", "!t.lua:1: unexpected symbol near '='"},
        {"\n\nerror('boom')", "!t.lua:3: boom"},
        {"\nerror('boom', 0)", "!t.lua:2: boom"},
        {"error({})", "!t.lua:1: an error was raised that is no text but table"},
        {"error()", "!t.lua:1: an error was raised that is no text but nil"},
        {"error(12)", "!t.lua:1: 12"},
        {"local x = nil; return x.y",
         "!t.lua:1: attempt to index a nil value (local 'x')"},
        {"assert(false, 'no')", "!t.lua:1: no"},
        {"\nassert(nil)", "!t.lua:2: assertion failed!"},
        {"return ('x'):rep(-1, 2, {}) .. nil",
         "!t.lua:1: attempt to concatenate a nil value"},
        {"#!/usr/bin/taskseq\nerror('x')", "!t.lua:2: x"},
        {"\xEF\xBB\xBFreturn 1 + nil",
         "!t.lua:1: attempt to perform arithmetic on a nil value"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_str_eq(eval(cases[i].text), cases[i].message, "got %s",
                         eval(cases[i].text));
    }
}

Test(sandbox, long_names_of_files_stay_whole_in_messages)
{
    char name[300] = "folder/";
    struct ts_err err;
    lua_State *L = ts_sandbox_new(NULL);

    for (size_t n = strlen(name); n < 250; n++) {
        name[n] = (char)('a' + n % 26);
        name[n + 1] = '\0';
    }
    strcat(name, ".lua");
    cr_assert_eq(ts_sandbox_run(L, TS_S("\nerror 'x'"), name, &err), TS_EINPUT);
    cr_expect_eq(strncmp(err.text, name, strlen(name)), 0, "%s", err.text);
    cr_expect_str_eq(err.text + strlen(name), ":2: x");
    cr_assert_eq(ts_sandbox_run(L, TS_S("x = = 1"), name, &err), TS_EINPUT);
    cr_expect_eq(strncmp(err.text, name, strlen(name)), 0, "%s", err.text);
    ts_sandbox_free(L);
}

/* ---- bounds --------------------------------------------------------------------------
 */

/* Each would run for ever, or for hours, or take all memory. */
static const char *const runaways[] = {
    "while true do end",
    "local function f() return f() end f()",
    "repeat pcall(function() while true do end end) until false",
    "while true do pcall(error) end",
    "local t = {} while true do t[#t + 1] = {} end",
    "local s = 'x' while true do s = s .. s end",
    "return ('x'):rep(1e10)",
    "return (''):rep(1e18) .. ('x'):rep(1e8):rep(100)",
    "return ('a'):rep(40):find(('a?'):rep(40) .. ('a'):rep(40))",
    "return ('a'):rep(50000):find(('.-'):rep(8) .. 'b')",
    "return ('a'):rep(1000000):find('.-b')",
    "return ('x'):rep(1000000):gsub('.-y', '')",
    "for _ in ('a'):rep(1000000):gmatch('.-b') do end",
    "return ('('):rep(200000):match('%b()') or ('('):rep(200000):gsub('%b()', '')",
    "local s = ('a'):rep(4000000) return s:find(('a'):rep(2000000) .. 'b', 1, true)",
    "return ('a'):rep(100000):match('((a*)%2)*b') or ('a'):rep(1e5):match('(.-)%1b')",
    "table.move({}, 1, 2^31 - 2, 2)",
    "local t = {} for i = 1, 1e6 do t[i] = i end while true do table.insert(t, 1, 0) "
    "table.remove(t, 1) end",
    "local t = {} for i = 1, 2e6 do t[i] = -i end while true do table.sort(t) end",
    "local s = ('a'):rep(1e6) local t = {} for i = 1, 1e5 do t[i] = s end "
    "while true do table.sort(t) end",
    "local t = {} for i = 1, 1e6 do t[i] = '' end while true do table.concat(t) end",
    "local t = {} for i = 1, 1e5 do t[i] = i end while true do for k in pairs(t) do "
    "break end end",
    "table.sort({3, 2, 1, 5}, function() while true do end end)",
    "('x'):gsub('x', function() while true do end end)",
    "local s = ('x'):rep(1e7) while true do local u = s:upper() end",
    "local s = ('x'):rep(1e7) while true do local u = utf8.len(s) end",
    "local s = ('1'):rep(1e7) while true do local u = tonumber(s, 10) end",
    "local a, b = ('x'):rep(1e7), ('x'):rep(1e7) while true do local u = a == b end",
    "local t = {} for i = 1, 1e6 do t[i] = i end while next(t) do t[next(t)] = nil end "
    "while true do end",
    "local s = ('x'):rep(1e7) while true do local u = ('%s%s'):format(s, s) end",
};

Test(sandbox, stops_what_would_not_end, .timeout = 400)
{
    static const struct ts_lua_bounds bounds = {.time_ms = 300, .memory = 64 << 20};

    for (size_t i = 0; i < sizeof runaways / sizeof *runaways; i++) {
        enum ts_code code;
        int64_t start = ts_mono_ns();
        const char *got = eval_bounded(&bounds, runaways[i], &code);
        int64_t ms = (ts_mono_ns() - start) / 1000000;
        bool too_large = strstr(got, "too large") || strstr(got, "too many elements") ||
                         strstr(got, "too complex");
        cr_expect(code == TS_ELIMIT || (code == TS_EINPUT && too_large), "%s gives %s",
                  runaways[i], got);
        cr_expect(strncmp(got, "!t.lua:", 7) == 0, "%s gives %s", runaways[i], got);
        cr_expect_lt(ms, 3000, "%s took %lld ms", runaways[i], (long long)ms);
    }
}

Test(sandbox, says_which_bound_was_reached)
{
    enum ts_code code;
    const char *got = eval_bounded(&(struct ts_lua_bounds){.instructions = 100000},
                                   "\nwhile true do end", &code);
    cr_expect_eq(code, TS_ELIMIT);
    cr_expect_str_eq(got,
                     "!t.lua:2: stopped after 100000 instructions; a sequence is only "
                     "put together here, its steps run later");
    got =
        eval_bounded(&(struct ts_lua_bounds){.time_ms = 50}, "while true do end", &code);
    cr_expect_eq(code, TS_ELIMIT);
    cr_expect(strstr(got, "t.lua:1: stopped after 50 ms"), "%s", got);
    got = eval_bounded(&(struct ts_lua_bounds){.memory = 1 << 20},
                       "local t = {} while true do t[#t + 1] = {} end", &code);
    cr_expect_eq(code, TS_ELIMIT);
    cr_expect_str_eq(got, "!t.lua: stopped at 1024 KiB of memory");
}

Test(sandbox, pcall_catches_errors_but_no_bound)
{
    enum ts_code code;
    static const struct ts_lua_bounds bounds = {.instructions = 1000000,
                                                .memory = 4 << 20};

    cr_expect_str_eq(eval("local ok, e = pcall(error, 'x') return tostring(ok) .. e"),
                     "falsex");
    cr_expect_str_eq(eval("local ok, a, b = pcall(select, 2, 'x', 'y', 'z') "
                          "return tostring(ok) .. a .. b"),
                     "trueyz");
    cr_expect_str_eq(eval("return select('#', pcall(error))"), "2");
    eval_bounded(&bounds, "pcall(function() while true do end end) return 'on'", &code);
    cr_expect_eq(code, TS_ELIMIT);
    eval_bounded(
        &bounds,
        "pcall(pcall, function() local t = {} while true do t[#t + 1] = {} end end)"
        " return 'on'",
        &code);
    cr_expect_eq(code, TS_ELIMIT);
    eval_bounded(&bounds,
                 "pcall(string.find, ('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40))"
                 " return 'on'",
                 &code);
    cr_expect_eq(code, TS_ELIMIT);
}

Test(sandbox, deep_recursion_is_a_clean_error)
{
    cr_expect(strstr(eval("local function f() return 1 + f() end return f()"),
                     "stack overflow"));
    /* here the error is caught inside, and the outermost pcall succeeds */
    cr_expect_str_eq(eval("local function f() return pcall(f) end return (f())"), "true");
    cr_expect(
        strstr(eval("local function f(s) return (s:gsub('.', f)) end return f('x')"),
               "stack overflow"));
    cr_expect(
        strstr(eval("return ('a'):rep(500):match(('a?'):rep(500))"), "too complex"));
    /* nesting of the text itself */
    char text[20000];
    size_t n = 0;
    n += (size_t)snprintf(text, sizeof text, "return ");
    while (n < sizeof text - 2) {
        text[n++] = '(';
    }
    text[n] = '\0';
    cr_expect(strstr(eval(text), "t.lua: C stack overflow"), "%s", eval(text));
}

Test(sandbox, bounds_are_shared_by_all_runs_of_a_state)
{
    lua_State *L = ts_sandbox_new(&(struct ts_lua_bounds){.instructions = 1000000});
    struct ts_err err;
    int runs = 0;

    while (runs < 1000 &&
           ts_sandbox_run(L, TS_S("for i = 1, 100000 do end"), "t.lua", &err) == TS_OK) {
        lua_settop(L, 0);
        runs++;
    }
    cr_expect(runs >= 5 && runs <= 20, "%d", runs);
    cr_expect_eq(err.code, TS_ELIMIT);
    ts_sandbox_free(L);
}

Test(sandbox, is_cheap_to_make)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < 200; i++) {
        int64_t start = ts_mono_ns();
        ts_sandbox_free(ts_sandbox_new(NULL));
        int64_t took = ts_mono_ns() - start;
        best = took < best ? took : best;
    }
    cr_log_info("sandbox: %lld us", (long long)(best / 1000));
    cr_expect_lt(best, 1000000, "%lld ns", (long long)best);
}

/* ---- tables --------------------------------------------------------------------------
 */

Test(sandbox_table, functions_do_what_the_manual_says)
{
    static const struct {
        const char *text, *result;
    } cases[] = {
        {"local t = {1, 2} table.insert(t, 3) table.insert(t, 1, 0) "
         "return table.concat(t, ',')",
         "0,1,2,3"},
        {"return table.insert({}, 5, 1)",
         "!t.lua:1: bad argument #2 to 'insert' (position out of bounds)"},
        {"return table.insert({})", "!t.lua:1: wrong number of arguments to 'insert'"},
        {"local t = {1, 2, 3} return table.remove(t) .. table.remove(t, 1) .. #t", "311"},
        {"return tostring(table.remove({}))", "nil"},
        {"return tostring(table.remove({}, 0))", "nil"},
        {"local t = {1, 2, 3} return tostring(table.remove(t, 4)) .. #t", "nil3"},
        {"return table.remove({1}, 5)",
         "!t.lua:1: bad argument #2 to 'remove' (position out of bounds)"},
        {"return table.concat(table.move({1, 2, 3}, 1, 3, 2), ',')", "1,1,2,3"},
        {"return table.concat(table.move({1, 2, 3}, 2, 3, 1), ',')", "2,3,3"},
        {"return table.concat(table.move({1, 2, 3}, 1, 3, 1, {9}), ',')", "1,2,3"},
        {"return table.concat(table.move({1}, 1, 0, 1, {9}), ',')", "9"},
        {"return table.move({}, -2^63, 2^63 - 1, 1)",
         "!t.lua:1: bad argument #3 to 'move' (number has no integer representation)"},
        {"return table.concat({1, 'a', 2.5}, '-', 2)", "a-2.5"},
        {"return table.concat({1, 2, 3}, ', ', 2, 3)", "2, 3"},
        {"return table.concat({}, ',')", ""},
        {"return table.concat({1, {}, 3})",
         "!t.lua:1: invalid value (at index 2) in table for 'concat'"},
        {"return table.concat({[math.maxinteger] = 'x'}, ',', math.maxinteger, "
         "math.maxinteger)",
         "x"},
        {"local t = {5, 2, 8, 1} table.sort(t) return table.concat(t, ',')", "1,2,5,8"},
        {"local t = {'b', 'a', 'C'} table.sort(t) return table.concat(t)", "Cab"},
        {"local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) "
         "return table.concat(t)",
         "321"},
        {"table.sort({1, 'x'})", "!t.lua:1: attempt to compare string with number"},
        {"local t = {} for i = 1, 1000 do t[i] = i * 7919 % 1009 end table.sort(t) "
         "for i = 2, #t do assert(t[i - 1] <= t[i]) end return #t",
         "1000"},
        /* stable */
        {"local t = {} for i = 1, 20 do t[i] = {i % 3, i} end "
         "table.sort(t, function(a, b) return a[1] < b[1] end) local s = '' "
         "for _, v in ipairs(t) do s = s .. v[2] .. ' ' end return s",
         "3 6 9 12 15 18 1 4 7 10 13 16 19 2 5 8 11 14 17 20 "},
        {"return table.unpack({1, 2, 3}, 2)", "2"},
        {"return select('#', table.unpack({1, nil, 3}, 1, 3))", "3"},
        {"return table.pack(1, nil).n", "2"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_str_eq(eval(cases[i].text), cases[i].result, "%s gives %s",
                         cases[i].text, eval(cases[i].text));
    }
}

Test(sandbox_table, pairs_has_one_order)
{
    static const char text[] =
        "local t = {b = 1, a = 2, [10] = 3, 'one', 'two', [2.5] = 4, [true] = 5, "
        "zz = 6, [-1] = 7, [false] = 8} local s = '' "
        "for k, v in pairs(t) do s = s .. tostring(k) .. '=' .. tostring(v) .. ' ' end "
        "return s";

    for (int i = 0; i < 20; i++) {
        cr_expect_str_eq(eval(text),
                         "-1=7 1=one 2=two 2.5=4 10=3 a=2 b=1 zz=6 false=8 "
                         "true=5 ",
                         "%s", eval(text));
    }
    cr_expect_str_eq(
        eval("local t = {a = 1, b = 2, c = 3} local n = 0 "
             "for k in pairs(t) do n = n + 1 t[k] = nil t.c = nil end return n"),
        "2");
    cr_expect_str_eq(eval("for k in pairs({}) do return k end return 'none'"), "none");
    cr_expect(strstr(eval("for k in pairs(nil) do end"),
                     "bad argument #1 to 'pairs' (table expected, got nil)"),
              "%s", eval("for k in pairs(nil) do end"));
}
