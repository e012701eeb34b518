/* The explanation as text, from the document. */
#include "cli/explain.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect(const char *json, const char *want)
{
    struct ts_arena a = {0};
    struct ts_value *v = NULL;
    struct ts_buf out = {0};
    char *text = ts_strdup(json);

    for (char *p = text; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    cr_assert_eq(ts_json_parse(&v, &a, ts_str_of(text), "doc", NULL), TS_OK);
    ts_explain_print(&out, v);
    cr_expect(strstr(ts_buf_text(&out), want), "no \"%s\" in\n%s", want,
              ts_buf_text(&out));
    ts_free(text);
    ts_buf_free(&out);
    ts_arena_fini(&a);
}

#define HEAD "'step':'a','name':'A','index':4,'type':'Do','path':[],"

Test(explain, every_state_and_reason_has_its_words)
{
    static const struct {
        const char *members, *want;
    } table[] = {
        {"'state':'ignored'", "it failed, and the failure was ignored"},
        {"'state':'open'", "it is under way"},
        {"'state':'interrupted'", "it was cut off"},
        {"'state':'skipped','reason':'interrupted'", "its onInterrupt is skip"},
        {"'state':'skipped','reason':'disabled'", "it is disabled"},
        {"'state':'not-reached','reason':'from'", "(--from)"},
        {"'state':'not-reached','reason':'run-ended','cancelled':'the run was cancelled'",
         "    the run was cancelled\n"},
        {"'state':'not-reached','reason':'run-ended','error':'too many'",
         "    too many\n"},
        {"'state':'not-reached','reason':'group','cause':{'kind':'skipped-group','step':"
         "'g','name':'G','reason':'failed-group','cause':{'kind':'failed-step','step':'b'"
         ","
         "'name':'B','codeText':'5','time':'T','message':'no disk'}}",
         "    group \"G\" (g): a step before it failed its group\n"
         "    step \"B\" (b) failed with 5 at T\n      no disk\n"},
        {"'finally':true,'path':[{'name':'G'},{'name':'H'}]",
         "instruction 4 in \"G\" > \"H\", in the finally list"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        /* the last member of a name counts: path may come twice */
        char *json =
            strstr(table[i].members, "'path'")
                ? ts_format("{'step':'a','name':'A','index':4,%s}", table[i].members)
                : ts_format("{" HEAD "%s}", table[i].members);
        expect(json, table[i].want);
        ts_free(json);
    }
}

Test(explain, parts_and_setters_stand_on_lines_of_their_own)
{
    expect("{" HEAD "'condition':{'text':'X = 1','result':'true','time':'T',"
           "'why':'`X = 1` is true (X is 1); `Y = 2` is true (Y is 2)','variables':["
           "{'name':'X','value':'1','by':'step','step':'s','stepName':'S','time':'T0'},"
           "{'name':'Y','by':'nobody'},{'name':'Z','value':'z','by':'typed'}]}}",
           "  condition   X = 1\n    was true at T\n    `X = 1` is true (X is 1)\n"
           "    `Y = 2` is true (Y is 2)\n    X = '1', set by step \"S\" (s) at T0\n"
           "    Y had no value, set by nobody\n    Z = 'z', typed in the step itself\n");
}

Test(explain, ten_lines_of_output_are_shown)
{
    expect(
        "{" HEAD "'attempts':[{'attempt':1,'started':'T','ended':'U','code':1,"
        "'codeText':'1','succeeded':false,'ignored':true,'note':'timeout','tail':"
        "'1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n10\\n11\\n12\\n'}]}",
        "    1  began T, ended U: failed (ignored), 1\n      timeout\n"
        "      its last output:\n        3\n        4\n        5\n        6\n        7\n"
        "        8\n        9\n        10\n        11\n        12\n");
    expect("{" HEAD "'attempts':[{'attempt':2,'started':'T','ended':'U','code':0,"
           "'codeText':'0','succeeded':true,'note':'','tail':'one\\ntwo'}]}",
           "    2  began T, ended U: succeeded, 0\n      its output:\n        one\n"
           "        two\n");
    expect("{" HEAD "'attempts':[{'attempt':1,'started':'T','ended':null}]}",
           "    1  began T, has not ended\n");
}
