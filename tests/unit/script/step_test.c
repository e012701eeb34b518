/* Running the `run` of a step file: results, errors, limits. */
#include "rig.h"

#include <string.h>

#include "platform/clock.h"
#include "platform/proc.h"

static struct rig r;

static void start(void)
{
    rig_start(&r);
}

static void end(void)
{
    ts_cancel_set(false);
    rig_end(&r);
}

TestSuite(lua_step, .init = start, .fini = end, .timeout = 30);

Test(lua_step, results_become_outcomes)
{
    static const struct {
        const char *body;
        enum ts_code rc;
        bool has_code;
        int64_t code;
        const char *message; /* of the outcome or the error */
    } cases[] = {
        {"return true", TS_OK, false, 0, ""},
        {"return true, 0", TS_OK, true, 0, ""},
        {"return true, 3010", TS_OK, true, 3010, ""},
        {"return true, -5", TS_OK, true, -5, ""},
        {"return nil, 'it broke', 7", TS_OK, true, 7, "it broke"},
        {"return nil, 'it broke'", TS_EIO, false, 0, "it broke"},
        {"return nil, 'it broke', 0", TS_EIO, false, 0, "it broke"},
        {"return nil, 'no', 'refused'", TS_EREFUSED, false, 0, "no"},
        {"return nil, 'no', 'not found'", TS_ENOTFOUND, false, 0, "no"},
        {"return", TS_EIO, false, 0, "must answer true, or nil and a message"},
        {"return false, 'x'", TS_EIO, false, 0, "it answered boolean and string"},
        {"return true, 'x'", TS_EIO, false, 0, "an integer as exit code, not a string"},
        {"return true, 1.5", TS_EIO, false, 0, "an integer as exit code"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *name = ts_format("Case%d", (int)i);
        rig_step(&r, name, cases[i].body);
        enum ts_code rc = rig_run(&r, name, NULL);
        cr_expect_eq(rc, cases[i].rc, "%s: %d %s", cases[i].body, rc, r.err.text);
        const char *text = rc == TS_OK ? r.call.outcome.message : r.err.text;
        cr_expect(cases[i].message[0] ? strstr(text, cases[i].message) != NULL : !text[0],
                  "%s: %s", cases[i].body, text);
        cr_expect_eq(r.call.outcome.has_code, cases[i].has_code, "%s", cases[i].body);
        cr_expect_eq(r.call.outcome.code, cases[i].code, "%s", cases[i].body);
        ts_free(name);
    }
}

Test(lua_step, gets_its_parameters_as_lua_values)
{
    rig_step(&r, "Echo",
             "assert(p.text == 'a b' and p.number == 42 and p.yes == true)\n"
             "assert(#p.list == 2 and p.list[2] == 'y' and p.map.K == 'v')\n"
             "assert(math.type(p.number) == 'integer')\n"
             "return true");
    cr_assert_eq(
        ts_vars_set(r.vars, TS_SCOPE_STEP, TS_S("Blank"), TS_S("a b"), false, &r.err),
        TS_OK);
    cr_assert_eq(rig_run(&r, "Echo",
                         "{\"text\":\"%Blank%\",\"number\":\"42\",\"yes\":\"TRUE\","
                         "\"list\":[\"x\",\"y\"],\"map\":{\"K\":\"v\"}}"),
                 TS_OK, "%s", r.err.text);
}

Test(lua_step, an_error_has_file_line_and_a_traceback_in_the_log)
{
    rig_step(&r, "Raise",
             "local t\nlocal function inner() return t.x end\n"
             "local y = inner()\nreturn y");
    cr_assert_eq(rig_run(&r, "Raise", NULL), TS_EIO);
    cr_assert_not_null(strstr(r.err.text, "/Raise.d/Raise.lua:7: attempt to index"), "%s",
                       r.err.text);
    cr_assert_eq(strncmp(r.err.text, r.dir, strlen(r.dir)), 0, "%s", r.err.text);
    cr_assert_not_null(strstr(r.logged.p, "0 stack traceback:"), "%s", r.logged.p);
    cr_assert_not_null(strstr(r.logged.p, "Raise.lua:8: in"), "%s", r.logged.p);
}

Test(lua_step, an_error_that_is_no_text_is_told_too)
{
    rig_step(&r, "Odd", "error({ 1 })");
    cr_assert_eq(rig_run(&r, "Odd", NULL), TS_EIO);
    cr_assert_not_null(strstr(r.err.text, "table: "), "%s", r.err.text);
}

Test(lua_step, a_loop_ends_at_the_time_limit_even_behind_pcall)
{
    static const char *const loops[] = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "while true do coroutine.wrap(function() while true do end end)() end",
    };

    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        char *name = ts_format("Loop%d", (int)i);
        rig_step(&r, name, loops[i]);
        int64_t from = ts_mono_ns();
        r.call.deadline_ns = from + 50 * 1000000LL;
        cr_expect_eq(rig_run(&r, name, NULL), TS_ETIMEOUT, "%s: %s", loops[i],
                     r.err.text);
        cr_expect_lt(ts_mono_ns() - from, 5000 * 1000000LL, "%s", loops[i]);
        ts_free(name);
    }
}

Test(lua_step, a_cancel_stops_it)
{
    rig_step(&r, "Loop", "while true do end");
    rig_step(&r, "Sleep",
             "local ok, err, code = host.sleep(60000)\n"
             "assert(not ok and code == 'cancelled')\nreturn nil, 'tidied up'");
    ts_cancel_set(true);
    cr_expect_eq(rig_run(&r, "Loop", NULL), TS_ECANCELLED, "%s", r.err.text);
    cr_expect_eq(rig_run(&r, "Sleep", NULL), TS_ECANCELLED,
                 "whatever it says, it was cancelled: %s", r.err.text);
    ts_cancel_set(false);
    rig_step(&r, "After", "return true");
    cr_expect_eq(rig_run(&r, "After", NULL), TS_OK, "%s", r.err.text);
}

Test(lua_step, a_program_that_takes_too_long_is_a_time_out)
{
    rig_step(&r, "Slow",
             "local code, err, why = host.run{ command = 'sleep 20' }\n"
             "assert(code == nil and why == 'timed out')\n"
             "return nil, 'anything'");
    r.call.deadline_ns = ts_mono_ns() + 100 * 1000000LL;
    cr_assert_eq(rig_run(&r, "Slow", NULL), TS_ETIMEOUT, "%s", r.err.text);
    cr_assert_not_null(strstr(r.err.text, "sleep"), "%s", r.err.text);
}

Test(lua_step, memory_has_a_bound)
{
    rig_step(&r, "Hungry",
             "local t = {}\nfor i = 1, 1e9 do t[i] = ('x'):rep(2^20) .. i end");
    cr_assert_eq(rig_run(&r, "Hungry", NULL), TS_ELIMIT, "%s", r.err.text);
    cr_assert_not_null(strstr(r.err.text, "256 MiB"), "%s", r.err.text);
    rig_step(&r, "After", "return true");
    cr_assert_eq(rig_run(&r, "After", NULL), TS_OK, "%s", r.err.text);
}

Test(lua_step, a_deep_recursion_is_an_error)
{
    rig_step(&r, "Deep", "local function f() return 1 + f() end\nreturn f()");
    cr_assert_eq(rig_run(&r, "Deep", NULL), TS_EIO);
    cr_assert_not_null(strstr(r.err.text, "stack overflow"), "%s", r.err.text);
}

Test(lua_step, host_is_out_of_reach_between_steps)
{
    rig_step(&r, "Keep", "local kept = string\nkept.host = host\nreturn true");
    cr_assert_eq(rig_run(&r, "Keep", NULL), TS_OK, "%s", r.err.text);
    cr_assert_eq(rig_load(&r, "Later", "string.host.log('now')\nreturn {}"), TS_EINPUT);
    cr_assert_not_null(strstr(r.err.text, "only be used while a step runs"), "%s",
                       r.err.text);
}

Test(lua_step, a_long_message_is_cut_at_a_character)
{
    rig_step(&r, "Long", "return nil, 'x' .. ('\\u{e9}'):rep(400), 9");
    cr_assert_eq(rig_run(&r, "Long", NULL), TS_OK);
    cr_assert_eq(strlen(r.call.outcome.message), 511);
    cr_assert(ts_utf8_valid(ts_str_of(r.call.outcome.message)));
}
