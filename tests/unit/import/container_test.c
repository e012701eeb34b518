/* container_test.c - what a sequence may be wrapped in: it is the same one everywhere. */
#include "import.h"
#include "zip.h"

#include "platform/fs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS                                                                           \
    "<group name=\"G\">\r\n"                                                            \
    "  <step type=\"SMS_TaskSequence_RunCommandLineAction\" name=\"K\xC3\xA4se\" "      \
    "successCodeList=\"0 3010\" runIn=\"FullOS\">\r\n"                                  \
    "    <condition><expression type=\"SMS_TaskSequence_VariableConditionExpression\">" \
    "<variable name=\"Operator\">equals</variable>"                                     \
    "<variable name=\"Value\">&lt;1 &amp; 2&gt;</variable>"                             \
    "<variable name=\"Variable\">A</variable></expression></condition>\r\n"             \
    "    <action>smsswd.exe /run: cmd /c \"echo &gt; x\"</action>\r\n"                  \
    "  </step>\r\n</group>"
#define SEQUENCE "<sequence version=\"3.10\">\r\n" STEPS "\r\n</sequence>"
#define REFERENCES "<referenceList><reference package=\"P0100001\"/></referenceList>"

static char *escaped(const char *text)
{
    struct ts_buf b = {0};

    for (; *text; text++) {
        switch (*text) {
        case '<':
            ts_buf_z(&b, "&lt;");
            break;
        case '>':
            ts_buf_z(&b, "&gt;");
            break;
        case '&':
            ts_buf_z(&b, "&amp;");
            break;
        default:
            ts_buf_c(&b, *text);
        }
    }
    return ts_buf_take(&b);
}

/* The characters used here are below U+0800. */
static struct ts_buf utf16(const char *text, bool big, bool mark)
{
    struct ts_buf b = {0};
    ts_str s = ts_str_of(text);

    if (mark) {
        ts_buf_add(&b, big ? "\xFE\xFF" : "\xFF\xFE", 2);
    }
    for (size_t pos = 0; pos < s.n;) {
        uint32_t c = ts_utf8_next(s, &pos);
        ts_buf_c(&b, (char)(big ? c >> 8 : c));
        ts_buf_c(&b, (char)(big ? c : c >> 8));
    }
    return b;
}

static struct ts_sequence *import(ts_str bytes, const char *format)
{
    struct ts_sequence *s = NULL;
    struct ts_err err = {0};
    enum ts_code rc =
        ts_sequence_parse(&s, bytes, format, "t.xml", "/tmp", library(), &err);

    cr_assert_eq(rc, TS_OK, "%s", err.text);
    return s;
}

/* The hash without the package around it. */
static const char *hash_of(struct ts_sequence *s)
{
    static char hash[65];

    s->name = "same";
    s->description = NULL;
    s->xml = NULL;
    ts_sequence_hash(hash, s);
    return hash;
}

static void expect_same(ts_str bytes, const char *format, const char *what, int line,
                        int col)
{
    static char want[65];
    struct ts_sequence *s;

    if (!want[0]) {
        s = import(TS_S(SEQUENCE), "xml");
        memcpy(want, hash_of(s), sizeof want);
        ts_sequence_free(s);
    }
    s = import(bytes, format);
    const struct ts_node *n = node_of(s, "K\xC3\xA4se");
    cr_expect(n->pos.line == line && n->pos.col == col, "%s: the step is at %d:%d", what,
              n->pos.line, n->pos.col);
    cr_expect_str_eq(condition_of(n), "A = '<1 & 2>'");
    cr_expect_str_eq(prop(n, "command"), "cmd /c \"echo > x\"");
    cr_expect_str_eq(hash_of(s), want, "%s", what);
    ts_sequence_free(s);
}

static void expect_text(char *text, const char *what, int line, int col)
{
    expect_same(ts_str_of(text), "xml", what, line, col);
    ts_free(text);
}

#define OBJECT_HEAD                                                                   \
    "<INSTANCE CLASSNAME=\"SMS_TaskSequencePackage\">\n"                              \
    "<PROPERTY NAME=\"Name\" TYPE=\"string\"><VALUE>Deploy</VALUE></PROPERTY>\n"      \
    "<PROPERTY NAME=\"PackageID\"><VALUE>P0100009</VALUE></PROPERTY>\n"               \
    "<PROPERTY NAME=\"Sequence\">\n<QUALIFIER NAME=\"CIMTYPE\"><VALUE>string</VALUE>" \
    "</QUALIFIER>\n<VALUE>"
#define OBJECT_TAIL "</VALUE>\n</PROPERTY>\n</INSTANCE>\n"

Test(container, every_wrapping_holds_the_same_sequence)
{
    char *text = escaped(SEQUENCE);

    expect_same(TS_S(SEQUENCE), "xml", "the sequence", 3, 3);
    expect_same(TS_S("<?xml version=\"1.0\"?>\n" SEQUENCE), "xml", "with a head", 4, 3);
    expect_text(
        ts_format("<sequence version=\"3.10\">%s\n%s</sequence>", REFERENCES, STEPS),
        "with references", 3, 3);
    expect_text(ts_format("<SmsTaskSequencePackage><Name>N</Name><SequenceData>\n%s"
                          "</SequenceData></SmsTaskSequencePackage>",
                          SEQUENCE),
                "the package of 2007", 4, 3);
    expect_text(ts_format(OBJECT_HEAD "<![CDATA[%s]]>" OBJECT_TAIL, SEQUENCE),
                "the object with CDATA", 8, 3);
    expect_text(ts_format(OBJECT_HEAD "%s" OBJECT_TAIL, text), "the object, escaped", 8,
                3);
    expect_text(ts_format("<frag>%s</frag>", text), "escaped in anything", 3, 3);
    expect_text(ts_strdup(text), "escaped alone", 3, 3);
    ts_free(text);
}

Test(container, every_encoding_holds_the_same_sequence)
{
    for (int i = 0; i < 4; i++) {
        struct ts_buf b = utf16(SEQUENCE, i & 1, i & 2);
        expect_same(ts_buf_view(&b), "xml", "UTF-16", 3, 3);
        ts_buf_free(&b);
    }
    expect_same(TS_S("\xEF\xBB\xBF" SEQUENCE), "xml", "UTF-8 with a mark", 3, 3);
    struct ts_buf object =
        utf16(OBJECT_HEAD "<![CDATA[" SEQUENCE "]]>" OBJECT_TAIL, false, true);
    expect_same(ts_buf_view(&object), "xml", "the object in UTF-16", 8, 3);
    ts_buf_free(&object);
}

Test(container, the_package_gives_name_and_description)
{
    struct ts_sequence *s =
        import(TS_S(OBJECT_HEAD "<![CDATA[" SEQUENCE "]]>" OBJECT_TAIL), "xml");

    cr_expect_str_eq(s->name, "Deploy");
    cr_expect(s->configmgr);
    cr_expect_str_eq(ts_value_text(s->xml, "container"), "object");
    cr_expect_str_eq(ts_value_text(ts_value_get(s->xml, "package"), "PackageID"),
                     "P0100009");
    ts_sequence_free(s);

    s = import(TS_S("<SmsTaskSequencePackage><BootImageID>B</BootImageID><Name>Old</Name>"
                    "<Description>What</Description><SequenceData>" SEQUENCE
                    "</SequenceData></SmsTaskSequencePackage>"),
               "xml");
    cr_expect_str_eq(s->name, "Old");
    cr_expect_str_eq(s->description, "What");
    cr_expect_str_eq(ts_value_text(ts_value_get(s->xml, "package"), "BootImageID"), "B");
    ts_sequence_free(s);

    s = import(TS_S("<sequence version=\"3.00\" name=\"Lite\" description=\"D\"/>"),
               "xml");
    cr_expect_str_eq(s->name, "Lite");
    cr_expect_str_eq(s->description, "D");
    cr_expect_str_eq(ts_value_text(s->xml, "container"), "mdt");
    cr_expect_str_eq(ts_value_text(s->xml, "version"), "3.00");
    ts_sequence_free(s);
}

static const char *why(ts_str bytes, const char *format)
{
    static struct ts_err err;
    struct ts_sequence *s;

    cr_assert_eq(ts_sequence_parse(&s, bytes, format, "t", "/tmp", library(), &err),
                 TS_EINPUT);
    cr_expect_null(s);
    return err.text;
}

Test(container, xml_without_a_sequence_is_refused)
{
    cr_expect_str_eq(why(TS_S("\n<html/>"), "xml"),
                     "t:2:1: there is no task sequence in this XML (its root is <html>)");
    cr_expect(strstr(why(TS_S("<a>&lt;b&gt;</a>"), "xml"), "there is no task sequence") !=
              NULL);
    cr_expect(strstr(why(TS_S(OBJECT_HEAD "<![CDATA[<sequence>]]>" OBJECT_TAIL), "xml"),
                     "t:6:") != NULL);
    cr_expect(strstr(why(TS_S("<sequence><group name='x'>"), "xml"), "t:1:27") != NULL);
}

/* ---- exports -------------------------------------------------------------------------
 */

#define CHILD(id)                                                                   \
    "<subtasksequence type=\"SMS_TaskSequence_SubTasksequence\" name=\"Run " id     \
    "\" successCodeList=\"0\"><action>SubTasksequence.exe</action><defaultVarList>" \
    "<variable name=\"OSDSubTasksequencePackageID\" property=\"TsPackageID\">" id   \
    "</variable></defaultVarList></subtasksequence>"
#define OBJECT(steps)                                             \
    TS_S(OBJECT_HEAD "<![CDATA[<sequence version=\"3.10\">" steps \
                     "</sequence>]]>" OBJECT_TAIL)
#define MEMBER(id) "SMS_TaskSequencePackage/" id "/object.xml"

Test(container, an_export_holds_the_same_sequence)
{
    struct zip z = {0};

    zip_add(&z, "Manifest.xml", TS_S("<LibraryDocument/>"));
    zip_add(&z, MEMBER("P0100009"),
            TS_S(OBJECT_HEAD "<![CDATA[" SEQUENCE "]]>" OBJECT_TAIL));
    zip_add(&z, "SMS_Package/P0100001/object.xml", TS_S("<INSTANCE/>"));
    struct ts_buf b = zip_end(&z);
    expect_same(ts_buf_view(&b), "zip", "an export", 8, 3);
    struct ts_sequence *s = import(ts_buf_view(&b), "zip");
    cr_expect_str_eq(node_of(s, NULL)->pos.file,
                     "t.xml/SMS_TaskSequencePackage/P0100009/object.xml");
    ts_sequence_free(s);
    ts_buf_free(&b);
}

#define STEP(name) \
    "<step name=\"" name "\" successCodeList=\"0\"><action>cmd</action></step>"

Test(container, a_child_sequence_stands_in_the_place_of_its_step)
{
    struct zip z = {0};

    zip_add(
        &z, MEMBER("P0100002"),
        OBJECT("<globalVarList><variable name=\"V\">child</variable>"
               "<variable name=\"W\">child</variable></globalVarList>" STEP("Inner")));
    zip_add(
        &z, MEMBER("P0100001"),
        OBJECT(
            "<globalVarList><variable name=\"V\">parent</variable></globalVarList>" STEP(
                "First") CHILD("P0100002") CHILD("P0100002")));
    struct ts_buf b = zip_end(&z);
    struct ts_sequence *s = import(ts_buf_view(&b), "zip");
    const struct ts_node *group = node_of(s, "Run P0100002");
    cr_expect(group->is_group);
    cr_expect_str_eq(group->first->name, "Inner");
    cr_expect_str_eq(kept(group, "element"), "subtasksequence");
    cr_expect_str_eq(group->next->first->id, "inner-2");
    cr_expect(strstr(group->first->pos.file, "P0100002") != NULL);
    cr_expect_str_eq(ts_value_text(s->variables, "V"), "parent");
    cr_expect_str_eq(ts_value_text(s->variables, "W"), "child");
    ts_sequence_free(s);
    ts_buf_free(&b);
}

Test(container, a_sequence_that_runs_itself_is_refused)
{
    struct zip z = {0};

    zip_add(&z, MEMBER("P0100001"), OBJECT(CHILD("P0100002")));
    zip_add(&z, MEMBER("P0100002"), OBJECT(CHILD("P0100003")));
    zip_add(&z, MEMBER("P0100003"), OBJECT(CHILD("P0100002")));
    struct ts_buf b = zip_end(&z);
    cr_expect(strstr(why(ts_buf_view(&b), "zip"), "P0100002 runs itself") != NULL);
    ts_buf_free(&b);

    zip_add(&z, MEMBER("P0100001"), OBJECT(CHILD("P0100001")));
    b = zip_end(&z);
    cr_expect(strstr(why(ts_buf_view(&b), "zip"), "runs itself") != NULL);
    ts_buf_free(&b);
}

/* Each runs the one before twice: 2^20 steps if nobody counted. */
Test(container, children_of_children_are_counted, .timeout = 20)
{
    struct zip z = {0};

    zip_add(&z, MEMBER("P00"), OBJECT(STEP("S")));
    for (int i = 1; i <= 20; i++) {
        char *steps =
            ts_format(CHILD("P%02d") CHILD("P%02d"), i - 1, i - 1, i - 1, i - 1);
        char *text = ts_format("<sequence>%s</sequence>", steps);
        char *name = ts_format(MEMBER("P%02d"), i);
        zip_add(&z, name, ts_str_of(text));
        ts_free(steps);
        ts_free(text);
        ts_free(name);
    }
    struct ts_buf b = zip_end(&z);
    cr_expect(strstr(why(ts_buf_view(&b), "zip"), "child sequences are run") != NULL);
    ts_buf_free(&b);
}

Test(container, of_several_sequences_one_has_to_be_named)
{
    struct zip z = {0};
    char dir[] = "/tmp/taskseq-import-XXXXXX";
    struct ts_sequence *s;
    struct ts_err err;

    zip_add(&z, MEMBER("P0100001"), OBJECT(STEP("One")));
    zip_add(&z, MEMBER("P0100002"), OBJECT(STEP("Two")));
    struct ts_buf b = zip_end(&z);
    cr_expect(
        strstr(why(ts_buf_view(&b), "zip"),
               "several task sequences in this export: P0100001 (Deploy), P0100002") !=
        NULL);
    cr_assert(mkdtemp(dir));
    char *path = ts_format("%s/e.zip", dir), *one = ts_format("%s/p0100002", path);
    char *none = ts_format("%s/P0100003", path);
    cr_assert_eq(ts_file_replace(path, b.p, b.n, 0600, &err), TS_OK);
    cr_assert_eq(ts_sequence_load(&s, one, library(), &err), TS_OK, "%s", err.text);
    cr_expect_str_eq(s->root->first->name, "Two");
    ts_sequence_free(s);
    cr_expect_eq(ts_sequence_load(&s, none, library(), &err), TS_EINPUT);
    cr_expect(strstr(err.text, "no task sequence P0100003"), "%s", err.text);
    cr_assert_eq(ts_fs_remove_tree(dir, &err), TS_OK);
    ts_free(path);
    ts_free(one);
    ts_free(none);
    ts_buf_free(&b);
}

Test(container, archives_that_climb_out_or_are_none_are_refused)
{
    static const char *const names[] = {"../x/object.xml", "/etc/object.xml",
                                        "a/../../b/object.xml", "C:\\x", "..\\x"};
    struct zip z = {0};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        zip_add(&z, MEMBER("P0100001"), OBJECT(STEP("One")));
        zip_add(&z, names[i], TS_S("x"));
        struct ts_buf b = zip_end(&z);
        const char *text = why(ts_buf_view(&b), "zip");
        cr_expect(strstr(text, "its entry") != NULL, "%s: %s", names[i], text);
        ts_buf_free(&b);
    }
    zip_add(&z, "readme.txt", TS_S("x"));
    struct ts_buf b = zip_end(&z);
    cr_expect(strstr(why(ts_buf_view(&b), "zip"), "no task sequence in this archive") !=
              NULL);
    cr_expect(strstr(why((ts_str){b.p, 20}, "zip"), "cannot be read") != NULL);
    cr_expect(strstr(why(TS_S("PK\x03\x04 not at all"), "zip"), "cannot be read") !=
              NULL);
    ts_buf_free(&b);
}
