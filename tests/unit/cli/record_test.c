/* The words in which restarts are told. */
#include "cli/record.h"

#include <criterion/criterion.h>

static void expect(const char *json, const char *want)
{
    struct ts_arena a = {0};
    struct ts_value *v = NULL;
    struct ts_buf out = {0};

    cr_assert_eq(ts_json_parse(&v, &a, ts_str_of(json), "row", NULL), TS_OK);
    ts_record_restart(&out, "  ", v);
    cr_expect_str_eq(ts_buf_text(&out), want);
    ts_buf_free(&out);
    ts_arena_fini(&a);
}

Test(record, a_restart_that_was_asked_for)
{
    expect("{\"requested\":\"T1\",\"arrived\":null,\"by\":\"step\",\"step\":\"go\","
           "\"name\":\"Go\",\"target\":\"WinPE\",\"phase\":\"\",\"atName\":\"Next\","
           "\"count\":1,\"limit\":5}",
           "  T1  step \"Go\" (go) asked for WinPE, to go on at \"Next\"\n"
           "    not started again yet; restart 1 of at most 5 without a step being "
           "finished\n");
    expect("{\"requested\":\"T1\",\"arrived\":\"T2\",\"by\":\"step\",\"step\":\"go\","
           "\"name\":\"Go\",\"target\":\"WinPE\",\"phase\":\"FullOS\",\"ms\":12340,"
           "\"count\":1,\"limit\":5}",
           "  T1  step \"Go\" (go) asked for WinPE\n"
           "    FullOS came up at T2, not WinPE, 12.3 s later; restart 1 of at most 5 "
           "without a step being finished\n");
    expect("{\"requested\":\"T1\",\"arrived\":\"T2\",\"by\":\"runtime\",\"step\":\"\","
           "\"target\":\"WinPE\",\"phase\":\"WinPE\"}",
           "  T1  the runtime went back to WinPE\n    WinPE came up at T2\n");
}

Test(record, a_restart_that_nobody_asked_for)
{
    expect("{\"requested\":null,\"arrived\":\"T2\",\"by\":\"nobody\",\"was\":\"WinPE\","
           "\"phase\":\"WinPE\",\"interrupted\":\"a\",\"interruptedName\":\"A\","
           "\"onInterrupt\":\"fail\",\"onInterruptFrom\":\"limit\",\"count\":6,"
           "\"limit\":5}",
           "  T2  nobody asked (crash, power cut or somebody else); the run was in "
           "WinPE\n"
           "    WinPE came up at T2; step \"A\" was interrupted and fails (too many "
           "restarts); restart 6 (5 are allowed) without a step being finished\n");
    expect("{\"requested\":null,\"arrived\":\"T2\",\"phase\":\"FullOS\"}",
           "  T2  nobody asked (crash, power cut or somebody else)\n"
           "    FullOS came up at T2\n");
}
