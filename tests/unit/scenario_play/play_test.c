/* Scenario files loaded and played in process: what they may say, told files, coverage,
 * and files that are no scenarios. */
#include "scenario/scenario.h"

#include "base/mem.h"
#include "platform/fs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];

static void set_up(void)
{
    strcpy(dir, "/tmp/taskseq-play-XXXXXX");
    cr_assert(mkdtemp(dir));
}

static void tear_down(void)
{
    struct ts_err err;

    cr_assert_eq(ts_fs_remove_tree(dir, &err), TS_OK, "%s", err.text);
}

static char *put(const char *name, const char *text, size_t n)
{
    char *path = ts_path_join(dir, name);
    FILE *f = fopen(path, "wb");

    cr_assert(f && fwrite(text, 1, n, f) == n && fclose(f) == 0);
    return path;
}

static void put_text(const char *name, const char *text)
{
    ts_free(put(name, text, strlen(text)));
}

static struct ts_scenarios *load(const char *scenarios, enum ts_code want,
                                 const char *says)
{
    struct ts_scenarios *s = ts_scenarios_new(NULL, NULL);
    char *path = put("s.scenario.lua", scenarios, strlen(scenarios));
    struct ts_err err = {0};
    enum ts_code rc = ts_scenarios_load(s, path, &err);

    cr_assert_eq(rc, want, "%s: %s", scenarios, err.text);
    if (says) {
        cr_expect(strstr(err.text, says), "wanted \"%s\" in \"%s\"", says, err.text);
    }
    ts_free(path);
    return s;
}

/* The TAP text of all of them; the caller frees. */
static char *play(struct ts_scenarios *s)
{
    struct ts_buf out = {0};
    struct ts_err err;

    ts_scenario_tap_begin(&out, s);
    for (size_t i = 0; i < ts_scenarios_count(s); i++) {
        cr_assert_eq(ts_scenarios_play(s, i, &err), TS_OK, "%s", err.text);
        ts_scenario_tap(&out, s, i, false);
    }
    return ts_buf_take(&out);
}

static void passes(const char *sequence, const char *scenarios)
{
    put_text("s.lua", sequence);
    struct ts_scenarios *s = load(scenarios, TS_OK, NULL);
    char *tap = play(s);

    cr_expect_eq(ts_scenarios_failed(s), 0, "%s", tap);
    ts_free(tap);
    ts_scenarios_free(s);
}

static void fails(const char *sequence, const char *scenarios, const char *says)
{
    put_text("s.lua", sequence);
    struct ts_scenarios *s = load(scenarios, TS_OK, NULL);
    char *tap = play(s);

    cr_expect_gt(ts_scenarios_failed(s), 0, "%s", tap);
    cr_expect(strstr(tap, says), "wanted \"%s\" in:\n%s", says, tap);
    ts_free(tap);
    ts_scenarios_free(s);
}

/* ---- the shipped sequence ------------------------------------------------------------
 */

Test(scenario_play, the_refresh_passes_and_is_covered)
{
    struct ts_scenarios *s = ts_scenarios_new(NULL, NULL);
    struct ts_arena a = {0};
    struct ts_err err;

    cr_assert_eq(
        ts_scenarios_load(
            s, TASKSEQ_SOURCE_DIR "/sequences/refresh-hardlink.scenario.lua", &err),
        TS_OK, "%s", err.text);
    char *tap = play(s);
    cr_expect_eq(ts_scenarios_failed(s), 0, "%s", tap);
    const struct ts_value *c = ts_scenario_coverage(s, &a);
    struct ts_buf text = {0};
    ts_scenario_coverage_text(&text, c);
    cr_expect(ts_value_get(c, "full")->boolean, "%s", ts_buf_text(&text));
    cr_expect(strstr(text.p, "steps run                17 of 17"), "%s", text.p);
    ts_buf_free(&text);
    ts_free(tap);
    ts_arena_fini(&a);
    ts_scenarios_free(s);
}

/* ---- told files ----------------------------------------------------------------------
 */

#define SEQ(steps) "return sequence { name = 's', steps = { " steps " } }"
#define SCN(rest) "return scenario 's' { " rest " }"

Test(scenario_play, files, .init = set_up, .fini = tear_down)
{
    passes(SEQ("WriteFile 'A' { path = [[C:\\new\\a.txt]], text = 'x' },"
               "CopyFiles 'B' { from = [[c:/old]], to = [[D:\\copy]] },"
               "CopyFiles 'C' { from = [[C:\\old\\*.log]], to = [[D:\\logs]] },"
               "CopyFiles 'D' { from = [[C:\\old\\b.txt]], to = [[D:\\]] },"
               "DeleteFiles 'E' { path = [[C:\\old]], recurse = true },"
               "DeleteFiles 'F' { path = [[C:\\not there]] }"),
           SCN("files = { ['C:\\\\OLD\\\\b.txt'] = '12', ['C:\\\\old\\\\sub\\\\c.log'] = "
               "'3', "
               "['C:\\\\old\\\\d.log'] = '4' },"
               "expect = { result = 'succeeded', files = { ['C:\\\\new\\\\a.txt'] = 'x', "
               "['d:\\\\copy\\\\sub\\\\c.log'] = '3', ['D:\\\\logs\\\\d.log'] = '4', "
               "['D:\\\\logs\\\\b.txt'] = false, ['D:\\\\b.txt'] = '12', "
               "['C:\\\\old'] = false, ['C:\\\\'] = true } }"));
}

Test(scenario_play, files_that_are_not_there, .init = set_up, .fini = tear_down)
{
    passes(SEQ("CopyFiles 'A' { from = [[C:\\no]], to = [[D:\\copy]] }"),
           SCN("files = {}, expect = { result = 'failed', error = 'no such file' }"));
    passes(SEQ("DeleteFiles 'A' { path = [[C:\\full]] }"),
           SCN("folders = { 'C:\\\\full\\\\sub' },"
               "expect = { result = 'failed', error = 'not empty' }"));
    passes(SEQ("CopyFiles 'A' { from = [[C:\\a]], to = [[C:\\b]], overwrite = false }"),
           SCN("files = { ['C:\\\\a'] = '', ['C:\\\\b'] = 'old' },"
               "expect = { result = 'failed', files = { ['C:\\\\b'] = 'old' } }"));
    fails(SEQ("CopyFiles 'A' { from = [[C:\\no]], to = [[D:\\copy]] }"),
          SCN("expect = { result = 'failed' }"), "fs.copy");
}

/* ---- the machine ---------------------------------------------------------------------
 */

Test(scenario_play, no_environment_and_no_name_of_this_computer, .init = set_up,
     .fini = tear_down)
{
    setenv("TASKSEQ_PLAY_TEST", "seen", 1);
    passes(
        SEQ("SetVariable 'A' { variable = 'X', value = '%TASKSEQ_PLAY_TEST%|%windir%' }"),
        SCN("environment = { windir = 'C:\\\\Windows' },"
            "expect = { variables = { X = '%TASKSEQ_PLAY_TEST%|C:\\\\Windows', "
            "_SMSTSMachineName = 'SCENARIO' } }"));
}

Test(scenario_play, a_cut_in_a_step_is_asked_for_once, .init = set_up, .fini = tear_down)
{
    const char *sequence =
        SEQ("SetVariable 'A' { variable = 'X', value = '%X%1', onInterrupt = 'skip' },"
            "SetVariable 'B' { variable = 'Y', value = '1' }");

    passes(sequence,
           SCN("on 'A' { powerCut = true }, expect = { result = 'succeeded', boots "
               "= 2, ran = { 'A', 'B' }, skipped = { A = 'interrupted' }, "
               "variables = { X = false, Y = 1 } }"));
    passes(sequence, SCN("on 'B' { powerCut = true },"
                         "expect = { result = 'failed', error = 'restarted' }"));
}

Test(scenario_play, a_cut_brings_the_machine_back_where_it_was, .init = set_up,
     .fini = tear_down)
{
    passes(SEQ("SetVariable 'A' { variable = 'X', value = '1', phase = 'WinPE' }"),
           SCN("phase = 'WinPE', on 'A' { powerCut = true, times = 1 },"
               "expect = { result = 'succeeded', boots = 2, restarts = {} }"));
    passes(SEQ("SetVariable 'A' { variable = 'X', value = '1', phase = 'WinPE' }"),
           SCN("phase = 'WinPE', arrive = { 'FullOS' }, on 'A' { powerCut = true, times "
               "= 1 },"
               "expect = { result = 'succeeded', boots = 3, restarts = { 'WinPE' } }"));
}

Test(scenario_play, a_run_that_never_ends_is_ended, .init = set_up, .fini = tear_down)
{
    fails(SEQ("SetVariable 'A' { variable = 'SMSTSRetryRequested', value = 'true' },"
              "RestartComputer 'B' { target = 'FullOS' }"),
          "return scenario 's' { variables = { TSRestartLimit = '900000' }, "
          "on 'A' {}, on 'B' { powerCut = true }, expect = { result = 'succeeded' } }",
          "has not ended after 100 starts");
}

/* ---- what a file may say -------------------------------------------------------------
 */

Test(scenario_play, lists_in_lists, .init = set_up, .fini = tear_down)
{
    put_text("s.lua", SEQ("SetVariable 'A' { variable = 'X', value = '1' }"));
    struct ts_scenarios *s =
        load("local function s(n) return scenario(n) { expect = { boots = 1 } } end\n"
             "return { s 'one', { s 'two', { s 'three' } } }",
             TS_OK, NULL);
    cr_expect_eq(ts_scenarios_count(s), 3);
    ts_scenarios_filter(s, "T*");
    cr_expect_eq(ts_scenarios_count(s), 2);
    char *tap = play(s);
    cr_expect_eq(ts_scenarios_failed(s), 0, "%s", tap);
    ts_free(tap);
    ts_scenarios_free(s);
}

Test(scenario_play, what_is_wrong_is_said, .init = set_up, .fini = tear_down)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"return on 'x' {}", "there is an on"},
        {"return {}", "an empty table"},
        {"return 5", "it returns a number"},
        {"return { 1 }", "a number"},
        {SCN("expect = { boots = 1 }, 5"), "the list part holds on"},
        {SCN("expect = { boots = 1 }, on 'a' { { exit = 1 }, exit = 2 }"),
         "belongs into one of them"},
        {SCN("expect = { boots = 1 }, on 'a' { timeout = true, cancel = true }"),
         "exclude each other"},
        {SCN("expect = { boots = 1 }, on 'a' { times = 0 }"), "times must be 1 or more"},
        {SCN("expect = { boots = 1 }, on 'a' { restart = 'DOS' }"), "restart must be"},
        {SCN("expect = { boots = 1 }, on 'a' { { exit = 1, times = 2 } }"),
         "unknown key"},
        {SCN("expect = { result = 'good' }"), "expect.result is succeeded"},
        {SCN("expect = { restarts = { 'DOS' } }"), "expect.restarts holds"},
        {SCN("expect = { files = { a = 1 } }"), "expect.files"},
        {SCN("expect = { boots = 1 }, arrive = { 'DOS' }"), "arrive holds"},
        {SCN("expect = { boots = 1 }, windows = { architecture = 'x86' }"),
         "must say a drive"},
        {SCN("expect = { boots = 1 }, files = { a = true }"), "files: the value of a"},
        {"local t = {} t[1] = t return t", "nest more than"},
        {SCN("expect = { ran = { { 'x' } } }"), "expect.ran must be a list of texts"},
    };

    put_text("s.lua", SEQ(""));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ts_scenarios_free(load(cases[i].text, TS_EINPUT, cases[i].says));
    }
}

/* Cut and changed at every place, a scenario file never does harm. */
Test(scenario_play, spoilt_files, .init = set_up, .fini = tear_down)
{
    const char *good =
        "return { scenario 's' { files = { a = 'b' }, windows = { drive = 'C:' "
        "}, on 'A' { { exit = 1 }, { holds = true } }, expect = { ran = { 'A' "
        "}, code = 1 } } }";
    size_t n = strlen(good);

    put_text("s.lua", SEQ("SetVariable 'A' { variable = 'X', value = '1' }"));
    for (size_t i = 0; i < n; i++) {
        struct ts_scenarios *s = ts_scenarios_new(NULL, NULL);
        struct ts_err err = {0};
        char *text = ts_strdup(good);
        text[i] = i % 3 == 0 ? '\xFF' : i % 3 == 1 ? '{' : '\0';
        char *path = put("s.scenario.lua", text, i % 2 ? i : n);
        enum ts_code rc = ts_scenarios_load(s, path, &err);
        cr_expect(rc == TS_OK || rc == TS_EINPUT, "%s: %s", text, err.text);
        for (size_t k = 0; rc == TS_OK && k < ts_scenarios_count(s); k++) {
            cr_expect_eq(ts_scenarios_play(s, k, &err), TS_OK, "%s", err.text);
        }
        ts_free(path);
        ts_free(text);
        ts_scenarios_free(s);
    }
}

/* ---- coverage ------------------------------------------------------------------------
 */

Test(scenario_play, coverage_counts, .init = set_up, .fini = tear_down)
{
    struct ts_arena a = {0};

    put_text(
        "s.lua",
        SEQ("group 'G' { condition = \"A = '1'\","
            "  RunCommandLine 'R' { command = 'x', successCodes = { 0, 5 }, retry = { "
            "attempts = 2, on = { 9 } }, condition = \"B = '1'\" } },"
            "group 'Off' { disabled = true, SetVariable 'O' { variable = 'X', value = "
            "'1' } },"
            "Fail 'F' { message = 'x', condition = \"C = '1'\" }"));
    struct ts_scenarios *s = load(
        "return { scenario 'one' { variables = { A = '1', B = '1' }, "
        "on 'x' { { exit = 9 }, { exit = 5 } }, expect = { result = 'succeeded' } } }",
        TS_OK, NULL);
    char *tap = play(s);
    cr_expect_eq(ts_scenarios_failed(s), 0, "%s", tap);
    struct ts_buf text = {0};
    ts_scenario_coverage_text(&text, ts_scenario_coverage(s, &a));
    const char *lines[] = {"by 1 scenario: not full",
                           "steps run                 1 of 2",
                           "outcomes of conditions    3 of 6",
                           "results of steps          4 of 6",
                           "group \"G\" condition is never false",
                           "step \"R\" condition is never false",
                           "step \"R\" never ends with code 0 (successCodes)",
                           "step \"F\" condition is never true",
                           "step \"F\" never runs",
                           "step \"F\" never fails"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_expect(strstr(ts_buf_text(&text), lines[i]), "%s is not in:\n%s", lines[i],
                  ts_buf_text(&text));
    }
    cr_expect(!strstr(ts_buf_text(&text), "\"O\""));
    ts_buf_free(&text);
    ts_free(tap);
    ts_arena_fini(&a);
    ts_scenarios_free(s);
}
