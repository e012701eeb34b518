/* What holds for both formats. */
#include "support.h"

#include <criterion/criterion.h>

Test(parse_both, the_same_sequence_gives_the_same_model)
{
    struct ts_sequence *lua =
        must_lua("return sequence {\n"
                 "  name = \"Refresh\",\n"
                 "  variables = { WindowsPartition = \"C:\", Count = 3, Yes = true },\n"
                 "  packages = { USMT = { source = \"packages/usmt\" } },\n"
                 "  steps = {\n"
                 "    group \"Capture\" {\n"
                 "      SetVariable \"Set Started\" {\n"
                 "        variable = \"TSStartedInWinPE\", value = \"YES\",\n"
                 "        condition = \"_SMSTSInWinPE = 'TRUE'\",\n"
                 "      },\n"
                 "      RunCommandLine \"Create\" { command = { \"mkdir\", \"x y\" },\n"
                 "        timeout = \"15m\", retry = { attempts = 3, delay = \"10s\", on "
                 "= {1} },\n"
                 "        successCodes = { 0, \"0x80070005\" }, phase = \"winpe\" },\n"
                 "      finally = { Fail \"Clean\" {} },\n"
                 "    },\n"
                 "    RestartComputer \"Restart\" { target = \"FullOS\" },\n"
                 "  },\n"
                 "}\n");
    struct ts_sequence *json = must_json(
        "{ \"taskseq\": 1, \"name\": \"Refresh\",\n"
        "  \"packages\": { \"USMT\": { \"source\": \"packages/usmt\" } },\n"
        "  \"variables\": { \"WindowsPartition\": \"C:\", \"Count\": 3, \"Yes\": true "
        "},\n"
        "  \"steps\": [\n"
        "    { \"type\": \"Group\", \"name\": \"Capture\", \"steps\": [\n"
        "      { \"type\": \"SetVariable\", \"name\": \"Set Started\",\n"
        "        \"variable\": \"TSStartedInWinPE\", \"value\": \"YES\",\n"
        "        \"condition\": {\"variable\": \"_SMSTSInWinPE\", \"op\": \"equals\",\n"
        "                        \"value\": \"TRUE\"} },\n"
        "      { \"type\": \"RunCommandLine\", \"name\": \"Create\",\n"
        "        \"command\": [\"mkdir\", \"x y\"], \"timeout\": 900,\n"
        "        \"retry\": {\"on\": [1], \"delay\": \"10000ms\", \"attempts\": 3},\n"
        "        \"successCodes\": [0, 2147942405], \"phase\": \"WinPE\" } ],\n"
        "      \"finally\": [ { \"type\": \"Fail\", \"name\": \"Clean\" } ] },\n"
        "    { \"type\": \"RestartComputer\", \"name\": \"Restart\",\n"
        "      \"target\": \"FullOS\" } ] }\n");
    struct ts_buf a = {0}, b = {0};
    char ha[65], hb[65];

    ts_sequence_to_json(&a, lua, false, 2);
    ts_sequence_to_json(&b, json, false, 2);
    cr_assert_str_eq(a.p, b.p);
    ts_sequence_hash(ha, lua);
    ts_sequence_hash(hb, json);
    cr_assert_str_eq(ha, hb);
    cr_assert_eq(lua->node_count, 5);
    ts_buf_free(&a);
    ts_buf_free(&b);
    ts_sequence_free(lua);
    ts_sequence_free(json);
}
