/* export_test.c - sequences written as XML, and read again; the corpus in every form. */
#include "import.h"

#include "parse/convert.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ts_buf losses; /* "name: what" lines */

static void note_loss(void *ctx, const struct ts_node *node, const char *what)
{
    (void)ctx;
    ts_buf_fmt(&losses, "%s: %s\n", node ? node->name : "-", what);
}

static const struct ts_losses noted = {NULL, note_loss};

/* As XML and back; `losses` says what was lost. */
static struct ts_sequence *through_xml(const struct ts_sequence *s, struct ts_buf *xml)
{
    struct ts_sequence *again = NULL;
    struct ts_err err = {0};

    ts_buf_clear(&losses);
    ts_buf_clear(xml);
    cr_assert_eq(ts_sequence_write_xml(xml, s, "t", library(), &noted, &err), TS_OK, "%s",
                 err.text);
    cr_assert_eq(ts_sequence_parse(&again, ts_buf_view(xml), "xml", "t.xml", NULL,
                                   library(), &err),
                 TS_OK, "%s\n%s", err.text, xml->p);
    return again;
}

static struct ts_sequence *from_lua(const char *text)
{
    struct ts_sequence *s = NULL;
    struct ts_err err = {0};

    cr_assert_eq(
        ts_sequence_parse(&s, ts_str_of(text), "lua", "t.lua", NULL, library(), &err),
        TS_OK, "%s\n%s", err.text, text);
    return s;
}

static void same_hash(const struct ts_sequence *a, const struct ts_sequence *b,
                      const char *what)
{
    char h1[65], h2[65];

    ts_sequence_hash(h1, a);
    ts_sequence_hash(h2, b);
    cr_expect_str_eq(h1, h2, "%s", what);
}

/* ---- the corpus ----------------------------------------------------------------------
 */

static void every_form(const char *path)
{
    struct ts_sequence *s = NULL, *again = NULL;
    struct ts_err err = {0};
    struct ts_buf text = {0};

    cr_assert_eq(ts_sequence_load(&s, path, library(), &err), TS_OK, "%s", err.text);
    ts_sequence_write_lua(&text, s, library(), NULL);
    cr_assert_eq(ts_sequence_parse(&again, ts_buf_view(&text), "lua", "t.lua", NULL,
                                   library(), &err),
                 TS_OK, "%s: %s", path, err.text);
    same_hash(s, again, path);
    ts_sequence_free(again);
    ts_buf_clear(&text);
    ts_sequence_write_json(&text, s, library());
    cr_assert_eq(ts_sequence_parse(&again, ts_buf_view(&text), "json", "t.json", NULL,
                                   library(), &err),
                 TS_OK, "%s: %s", path, err.text);
    same_hash(s, again, path);
    ts_sequence_free(again);
    s->name = "t"; /* one without a name is called like its file */
    again = through_xml(s, &text);
    same_hash(s, again, path);
    cr_expect_eq(losses.n, 0, "%s: %s", path, losses.p);
    ts_sequence_free(again);
    ts_sequence_free(s);
    ts_buf_free(&text);
}

Test(export, every_sequence_of_the_corpus_comes_back_in_every_form)
{
    static const char *const folders[] = {"mdt", "configmgr"};
    size_t used = 0;

    for (int i = 0; i < 2; i++) {
        size_t n;
        char **files = corpus_files(folders[i], &n);
        for (size_t k = 0; k < n; k++) {
            every_form(files[k]);
        }
        used += n;
        free_files(files, n);
    }
    if (!used) {
        cr_skip_test("there is no corpus beside the project");
    }
    printf("%d sequences of the corpus went through Lua, JSON and XML\n", (int)used);
    cr_expect_geq(used, 122);
}

/* ---- our own sequences ---------------------------------------------------------------
 */

static const char own[] =
    "return sequence { name = 'Own', variables = { A = '1' }, steps = {\n"
    "  group 'G' { condition = \"A = '1' and (B != 'x' or not exists C)\",\n"
    "    continueOnError = true,\n"
    "    SetVariable 'Set' { variable = 'X', value = 'a \"b\" <c> & %D%' },\n"
    "    SetVariable 'Hidden' { variable = 'Y', value = 'z', secret = true },\n"
    "    RunCommandLine 'Run' { command = [[cmd /c \"a b\" C:\\x\\]], startIn = "
    "[[C:\\T]],\n"
    "      successCodes = { 0, 1 }, timeout = '15m', phase = 'WinPE',\n"
    "      outputVariable = 'Out', condition = [[file('C:\\x', version >= '1.2')\n"
    "        and registry('HKLM\\S', 'v' = '1') and wmi('SELECT * FROM C', 'r')]] },\n"
    "    RunCommandLine 'List' { command = { 'prog', 'two words', 'q\"' },\n"
    "      package = 'PKG00001', disabled = true },\n"
    "    RunPowerShellScript 'Inline' { sourceScript = 'Write \\u{1F600} "
    "\\u{e4}\\r\\n',\n"
    "      parameters = '-x 1', executionPolicy = 'AllSigned' },\n"
    "    RunPowerShellScript 'File' { script = 'a.ps1', package = 'PKG00002' },\n"
    "  },\n"
    "  RestartComputer 'PE' { target = 'WinPE', message = 'Soon', delay = '60' },\n"
    "  ConnectNetworkFolder 'Net' { path = [[\\\\s\\f]], drive = 'Z:', account = [[d\\u]]"
    " },\n"
    "  NextPhase 'Next' {}, Gather 'Rules' { rulesFile = 'x.ini', localOnly = false },\n"
    "} }";

Test(export, what_has_a_word_in_xml_comes_back)
{
    struct ts_sequence *s = from_lua(own);
    struct ts_buf xml = {0};
    struct ts_sequence *again = through_xml(s, &xml);

    cr_expect_str_eq(losses.p, "-: its own rules for errors and cut steps; ConfigMgr's "
                               "are in docs/import.md\n");
    cr_expect(again->configmgr);
    cr_expect_str_eq(again->name, "Own");
    cr_expect_str_eq(prop(node_of(again, "Set"), "value"), "a \"b\" <c> & %D%");
    cr_expect_str_eq(prop(node_of(again, "Hidden"), "secret"), "true");
    cr_expect_str_eq(prop(node_of(again, "Inline"), "sourceScript"),
                     prop(node_of(s, "Inline"), "sourceScript"));
    cr_expect_str_eq(condition_of(node_of(again, "G")),
                     "A = '1' and (B != 'x' or not exists C)");
    cr_expect(strstr(xml.p, "tsenv.exe \"Y=z\" /hiddenflag:True"));
    cr_expect(strstr(xml.p, "smsswd.exe /run:PKG00001 prog \"two words\""));
    cr_expect(strstr(xml.p, "<variable name=\"SMSRebootMessage\" property=\"Message\">"
                            "Soon</variable>"));
    cr_expect(strstr(xml.p, "successCodeList=\"0 3010\""), "what the type implies");
    cr_expect(strstr(xml.p, "timeout=\"900\""));
    /* as XML it is at rest: once more gives the same, and loses nothing */
    struct ts_buf second = {0};
    struct ts_sequence *third = through_xml(again, &second);
    cr_expect_eq(losses.n, 0, "%s", losses.p);
    cr_expect_str_eq(xml.p, second.p);
    same_hash(again, third, "again");
    ts_sequence_free(third);
    ts_sequence_free(again);
    ts_sequence_free(s);
    ts_buf_free(&second);
    ts_buf_free(&xml);
}

Test(export, what_has_no_word_in_xml_is_listed)
{
    static const struct {
        const char *step, *loss;
    } cases[] = {
        {"Fail 'F' {}", "nothing like Fail"},
        {"WipeVolume 'F' { drive = 'C:' }", "nothing like WipeVolume"},
        {"RunScript 'F' { script = 'a.sh' }", "nothing like RunScript"},
        {"RunCommandLine 'F' { command = 'x', env = { A = 'b' } }", "env"},
        {"RunCommandLine 'F' { command = 'x', input = 'y' }", "input"},
        {"RunCommandLine 'F' { command = 'x', retry = { attempts = 3 } }", "retry"},
        {"RunCommandLine 'F' { command = 'x', restartCodes = { 3010 } }", "restartCodes"},
        {"RunCommandLine 'F' { command = 'x', onInterrupt = 'skip' }", "onInterrupt"},
        {"RunCommandLine 'F' { command = 'x', timeout = '1500ms' }", "timeout"},
        {"RunCommandLine 'F' { command = 'x', id = 'mine' }", "its id \"mine\""},
        {"RunCommandLine 'F' { command = 'x', condition = 'A = B' }", "condition"},
        {"RunCommandLine 'F' { command = 'a\\a' }", "command"},
        {"InstallPackage 'F' { command = 'x', package = 'P' }",
         "the type InstallPackage, which becomes RunCommandLine"},
        {"CheckReadiness 'F' { minMemory = 1, requireAdmin = true }", "requireAdmin"},
        {"group 'F' { Fail {}, finally = { NextPhase {} } }", "finally"},
        {"group 'F' { steps = {}, finally = { NextPhase {}, Fail 'Z' {} } }",
         "nothing like Fail"},
        {"SetVariable 'F' { variable = 'a', value = '1', description = 'x\\1' }",
         "description"},
    };
    struct ts_buf xml = {0};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = ts_format("return sequence { name = 't', %s }", cases[i].step);
        struct ts_sequence *s = from_lua(text);
        ts_sequence_free(through_xml(s, &xml));
        cr_expect(strstr(losses.p, cases[i].loss), "%s: %s", cases[i].step, losses.p);
        ts_sequence_free(s);
        ts_free(text);
    }
    struct ts_sequence *s = from_lua(
        "return sequence { name = 't', inputs = { Q = {} }, packages = { P = { source = "
        "'p' } }, variables = { A = 'a\\1' }, NextPhase {} }");
    ts_sequence_free(through_xml(s, &xml));
    cr_expect(strstr(losses.p, "input Q") && strstr(losses.p, "package P") &&
                  strstr(losses.p, "variable A"),
              "%s", losses.p);
    ts_sequence_free(s);
    ts_buf_free(&xml);
}

/* ---- imports that were changed since -------------------------------------------------
 */

static const char imported[] =
    "<step type=\"SMS_TaskSequence_SetVariableAction\" name=\"S\" description=\"\" "
    "odd=\"1\" runIn=\"WinPEandFullOS\" successCodeList=\"0\">"
    "<condition><osConditionGroup type=\"or\"><osExpressionGroup Name=\"W\" type=\"and\">"
    "<expression type=\"SMS_TaskSequence_WMIConditionExpression\">"
    "<variable name=\"Namespace\">root\\cimv2</variable><variable name=\"Query\">SELECT "
    "* "
    "FROM Win32_BIOS</variable></expression></osExpressionGroup></osConditionGroup>"
    "</condition><action>tsenv.exe \"A=old\"</action><defaultVarList><variable "
    "name=\"VariableName\" property=\"VariableName\" hidden=\"true\">A</variable>"
    "<variable name=\"VariableValue\" property=\"VariableValue\" hidden=\"true\">old"
    "</variable></defaultVarList><extra a=\"b\">x</extra></step>";

/* The sequence as Lua with one text replaced. */
static struct ts_sequence *changed(const struct ts_sequence *s, const char *from,
                                   const char *to)
{
    struct ts_buf lua = {0}, edited = {0};

    ts_sequence_write_lua(&lua, s, library(), NULL);
    char *at = strstr(lua.p, from);
    cr_assert_not_null(at, "%s", lua.p);
    ts_buf_add(&edited, lua.p, (size_t)(at - lua.p));
    ts_buf_z(&edited, to);
    ts_buf_z(&edited, at + strlen(from));
    struct ts_sequence *out = from_lua(edited.p);
    ts_buf_free(&lua);
    ts_buf_free(&edited);
    return out;
}

Test(export, a_changed_property_wins_over_what_was_kept)
{
    struct ts_sequence *s = import_steps(imported);
    struct ts_sequence *edited = changed(s, "value = \"old\"", "value = \"new\"");
    struct ts_buf xml = {0};
    struct ts_sequence *again = through_xml(edited, &xml);

    cr_expect_eq(losses.n, 0, "%s", losses.p);
    cr_expect_str_eq(prop(node_of(again, "S"), "value"), "new");
    cr_expect(strstr(xml.p, "A=new") && !strstr(xml.p, "A=old"));
    cr_expect(strstr(xml.p, ">new</variable>"), "what the editor shows too");
    cr_expect(strstr(xml.p, "osConditionGroup"), "what was not changed stays");
    cr_expect(strstr(xml.p, "odd=\"1\"") && strstr(xml.p, "<extra a=\"b\">x</extra>"));
    ts_sequence_free(again);
    ts_sequence_free(edited);
    edited = changed(s, "SELECT * FROM Win32_BIOS", "SELECT * FROM Win32_Fan");
    again = through_xml(edited, &xml);
    cr_expect_eq(losses.n, 0, "%s", losses.p);
    cr_expect(strstr(condition_of(node_of(again, "S")), "Win32_Fan"));
    cr_expect(strstr(xml.p, "A=old"));
    ts_sequence_free(again);
    ts_sequence_free(edited);
    ts_sequence_free(s);
    ts_buf_free(&xml);
}

Test(export, what_is_usual_is_not_kept)
{
    struct ts_sequence *s = import_steps(
        "<step type=\"SMS_TaskSequence_RunCommandLineAction\" name=\"R\" "
        "description=\"\" runIn=\"WinPEandFullOS\" successCodeList=\"0 3010\">"
        "<action>smsswd.exe /run:P1 cmd /c x</action><defaultVarList>"
        "<variable name=\"CommandLine\" property=\"CommandLine\" hidden=\"true\">cmd /c x"
        "</variable><variable name=\"PackageID\" property=\"PackageID\" "
        "hidden=\"true\">P1"
        "</variable><variable name=\"SuccessCodes\" property=\"SuccessCodes\" "
        "hidden=\"true\">0 3010</variable></defaultVarList></step>"
        "<step type=\"SMS_TaskSequence_SetVariableAction\" name=\"S\"><action>tsenv.exe "
        "\"A=1\"</action></step><step name=\"T\"><action>smsswd.exe /run: "
        "x</action></step>"
        "<step type=\"Odd\" name=\"U\"><action> tsenv.exe \"A=1\"</action></step>");
    struct ts_buf xml = {0};

    cr_expect_null(node_of(s, "R")->xml);
    cr_expect(ts_value_get(node_of(s, "S")->xml, "hidden"), "there usually is some");
    cr_expect_eq(ts_value_get(node_of(s, "S")->xml, "hidden")->count, 0);
    cr_expect_str_eq(ts_value_text(node_of(s, "T")->xml, "type"), "", "it had none");
    cr_expect_str_eq(kept(node_of(s, "U"), "type"), "Odd");
    cr_expect_str_eq(kept(node_of(s, "U"), "action"), " tsenv.exe \"A=1\"");
    struct ts_sequence *again = through_xml(s, &xml);
    cr_expect_eq(losses.n, 0, "%s", losses.p);
    same_hash(s, again, "usual");
    cr_expect(strstr(xml.p, "<step name=\"T\""));
    cr_expect(strstr(xml.p, "hidden=\"true\">P1</variable>"));
    ts_sequence_free(again);
    ts_sequence_free(s);
    ts_buf_free(&xml);
}

/* Notes can be edited like everything else in the file: they get no step in unseen. */
Test(export, notes_that_break_out_are_seen)
{
    static const char *const breaking[] = {
        "elements = { \"</step><step name='Evil'><action>evil.exe</action></step><step>\""
        " }",
        "condition = \"<condition/></step><step name='Evil'><action>x</action>\"",
        "elements = { \"<unclosed>\" }",
        "attributes = { [\"a b=''><x\"] = \"1\" }",
    };

    for (size_t i = 0; i < sizeof breaking / sizeof breaking[0]; i++) {
        char *lua =
            ts_format("return sequence { name = 't', semantics = 'configmgr', "
                      "NextPhase 'N' { xml = { action = 'ZTINextPhase.wsf', %s } }"
                      ", Fail 'Last' {} }",
                      breaking[i]);
        struct ts_sequence *s = from_lua(lua);
        struct ts_buf xml = {0};
        struct ts_err err = {0};
        ts_buf_clear(&losses);
        enum ts_code rc = ts_sequence_write_xml(&xml, s, "t", library(), &noted, &err);
        cr_expect(rc == TS_EINPUT || losses.n > 0, "%s", breaking[i]);
        ts_buf_free(&xml);
        ts_sequence_free(s);
        ts_free(lua);
    }
}

Test(export, what_is_around_the_sequence_is_kept)
{
    static const char *const texts[] = {
        "<SmsTaskSequencePackage><BootImageID>B1</BootImageID><Description>d</"
        "Description>"
        "<Name>P &amp; Q</Name><SequenceData><sequence version=\"3.00\"/></SequenceData>"
        "</SmsTaskSequencePackage>",
        "<INSTANCE CLASSNAME=\"SMS_TaskSequencePackage\"><PROPERTY NAME=\"Name\">"
        "<VALUE>O</VALUE></PROPERTY><PROPERTY NAME=\"PackageID\"><VALUE>X1</VALUE>"
        "</PROPERTY><PROPERTY NAME=\"Sequence\"><VALUE><![CDATA[<sequence "
        "version=\"3.10\"><group name=\"&lt;]]&gt;\"/></sequence>]]></VALUE></PROPERTY>"
        "</INSTANCE>",
        "<sequence version=\"3.00\" name=\"M\" description=\"\"/>",
        "<sequence version=\"3.10\" name=\"named\"><referenceList><reference "
        "package=\"A\" program=\"*\"/></referenceList></sequence>",
        "<sequence version=\"3.10\" description=\"alone\" more=\"1\"><odd>x</odd>"
        "</sequence>",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ts_err err = {0};
        struct ts_buf xml = {0};
        struct ts_sequence *s = import_text(texts[i], &err);
        cr_assert(s, "%s", err.text);
        struct ts_sequence *again = through_xml(s, &xml);
        same_hash(s, again, texts[i]);
        cr_expect_eq(losses.n, 0, "%s", losses.p);
        ts_sequence_free(again);
        ts_sequence_free(s);
        ts_buf_free(&xml);
    }
}
