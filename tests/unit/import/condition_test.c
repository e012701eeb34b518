/* condition_test.c - every kind of condition, and what is odd in real files. */
#include "import.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define X(type, parts)                                                         \
    "<expression type=\"SMS_TaskSequence_" type "ConditionExpression\">" parts \
    "</expression>"
#define V(name, value) "<variable name=\"" name "\">" value "</variable>"
#define VAR(name, op, value) \
    X("Variable", V("Operator", op) V("Value", value) V("Variable", name))
#define C(content) "<condition>" content "</condition>"
#define OP(type, content) "<operator type=\"" type "\">" content "</operator>"

static const struct {
    const char *xml, *text;
    bool raw; /* the XML is kept beside it */
} table[] = {
    /* variables: every operator, in any spelling */
    {C(VAR("A", "equals", "x")), "A = 'x'", false},
    {C(VAR("A", "Equals", "x")), "A = 'x'", false},
    {C(VAR("A", "notequals", "x")), "A != 'x'", false},
    {C(VAR("A", "less", "1")), "A < '1'", false},
    {C(VAR("A", "lessEqual", "1")), "A <= '1'", false},
    {C(VAR("A", "greater", "1")), "A > '1'", false},
    {C(VAR("A", "greaterEqual", "6")), "A >= '6'", false},
    {C(VAR("A", "like", "*x?")), "A like '*x?'", false},
    {C(VAR("A", "notLike", "x*")), "A not like 'x*'", false},
    {C(VAR("A", "exists", "\n      ")), "exists A", false},
    {C(VAR("A", "notExists", "")), "not exists A", false},
    {C(VAR("A", "nonExists", "")), "not exists A", false},
    {C(VAR(" A ", " equals ", " x ")), "A = ' x '", false},
    {C(X("Variable", V("Variable", "A") V("Operator", "equals"))), "A = ''", false},
    {C(VAR("A", "equals", "%B%")), "A = '%B%'", false},

    /* groups */
    {C(VAR("A", "equals", "1") VAR("B", "equals", "2")), "A = '1' and B = '2'", false},
    {C(OP("and", VAR("A", "equals", "1") VAR("B", "equals", "2"))), "A = '1' and B = '2'",
     false},
    {C(OP("or", VAR("A", "equals", "1") VAR("B", "equals", "2"))), "A = '1' or B = '2'",
     false},
    {C(OP("NOT", VAR("A", "equals", "1"))), "not A = '1'", false},
    {C(OP("not", VAR("A", "equals", "1") VAR("B", "equals", "2"))),
     "not (A = '1' or B = '2')", false},
    {C(VAR("A", "equals", "1") OP("or", VAR("B", "equals", "2") VAR("C", "equals", "3"))),
     "A = '1' and (B = '2' or C = '3')", false},
    {C("<operator>" VAR("A", "equals", "1") VAR("B", "equals", "2") "</operator>"),
     "A = '1' and B = '2'", false},

    /* facts */
    {C(X("WMI",
         V("Namespace", "root\\cimv2") V("Query", "SELECT * FROM X WHERE Y LIKE '%z%'"))),
     "wmi('SELECT * FROM X WHERE Y LIKE ''%z%''', 'root\\cimv2')", false},
    {C(X("File", V("Path", "%D%\\a.txt"))), "file('%D%\\a.txt')", false},
    {C(X("File",
         V("Path", "a") V("Version", "1.2") V("VersionOperator", "greaterEqual"))),
     "file('a', version >= '1.2')", false},
    {C(X("File", V("Path", "a") V("Version", "1") V("VersionOperator", "less")
                     V("DateTime", "20200102030405.000000+000")
                         V("DateTimeOperator", "greater"))),
     "file('a', version < '1') and file('a', modified > '20200102030405.000000+000')",
     false},
    {C(X("Folder", V("Path", "C:\\x"))), "folder('C:\\x')", false},
    {C(X("Folder", V("Path", "C:\\x") V("DateTime", "20200102030405.000000+000")
                       V("DateTimeOperator", "less"))),
     "folder('C:\\x', modified < '20200102030405.000000+000')", false},
    {C(X("Registry", V("KeyPath", "HKEY_LOCAL_MACHINE\\S") V("Operator", "exists"))),
     "registry('HKEY_LOCAL_MACHINE\\S')", false},
    {C(X("Registry", V("KeyPath", "K") V("Operator", "notExists") V("Value", "v")
                         V("Type", "REG_DWORD"))),
     "registry('K', 'v' not exists, 'REG_DWORD')", false},
    {C(X("Registry", V("Data", "5") V("KeyPath", "K") V("Operator", "equals")
                         V("Type", "REG_SZ") V("Value", "v"))),
     "registry('K', 'v' = '5')", true},
    {C(X("Software", V("Operator", "ThisVersion") V("ProductCode", "{P}"))),
     "software('{P}')", true},
    {C(X("Software", V("Operator", "AnyVersion") V("UpgradeCode", "{U}"))),
     "software('{U}')", true},
    {C(X("OS",
         V("Architecture", "X64") V("Operator", "equals") V("Version", "6.10.7601.1"))),
     "os('=', '6.1.7601', 'X64')", true},
    {C(X("OS", V("Operator", "greaterEqual") V("Version", "10.00.10240.0"))),
     "os('>=', '10.0.10240')", true},
    {C("<osConditionGroup type=\"or\"><osExpressionGroup Name=\"All\" type=\"and\">" X(
         "WMI", V("Namespace", "n") V("Query", "q1"))
           X("WMI", V("Query", "q2")) "</osExpressionGroup><osExpressionGroup "
                                      "Name=\"Other\" type=\"and\">" X(
                                          "WMI",
                                          V("Query", "q3")) "</osExpressionGroup></"
                                                            "osConditionGroup>"),
     "wmi('q1', 'n') and wmi('q2') or wmi('q3')", true},
    {C(X("Computer", V("AssetTag", "a") V("MACAddress", "00:11") V("SerialNumber", "")
                         V("UUID", "u"))),
     "_SMSTSAssetTag = 'a' or _SMSTSMacAddresses like '*00:11*' or _SMSTSUUID = 'u'",
     true},
    {C(X("MakeModel", V("Make", "Dell*") V("Model", "?"))),
     "_SMSTSMake like 'Dell*' and _SMSTSModel like '?'", true},
    {C(X("Location", V("DefaultGateway", "10.0.0.1"))),
     "_SMSTSDefaultGateways like '*10.0.0.1*'", true},

    /* what is found in real files */
    {C(""), "", false},
    {"<condition/>", "", false},
    {"<condition>\n  </condition>", "", false},
    {C(OP("and", "")), "", false},
    {C("<operator type=\"or\"/>" VAR("A", "equals", "1")), "A = '1'", false},
    {VAR("A", "equals", "1"), "A = '1'", false},
    {VAR("A", "equals", "1") C(VAR("B", "equals", "2")), "A = '1' and B = '2'", false},
};

Test(condition, every_kind_becomes_ours)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *xml = ts_format("<step name=\"S\" successCodeList=\"0\">%s"
                              "<action>cmd</action></step><group name=\"G\">%s</group>",
                              table[i].xml, table[i].xml);
        struct ts_sequence *s = import_steps(xml);
        for (int k = 0; k < 2; k++) {
            const struct ts_node *n = node_of(s, k ? "G" : "S");
            cr_expect_str_eq(condition_of(n), table[i].text, "row %zu (%s): %s", i,
                             n->name, condition_of(n));
            cr_expect_eq(*kept(n, "condition") != '\0', table[i].raw, "row %zu: %s", i,
                         kept(n, "condition"));
        }
        ts_sequence_free(s);
        ts_free(xml);
    }
}

Test(condition, a_malformed_one_fails_the_step_when_it_is_reached)
{
    static const char *const broken[] = {
        C(X("Variable", V("Variable", "A") V("Operator", "roughly") V("Value", "x"))),
        C(X("Variable", V("Variable", "") V("Operator", "equals") V("Value", "x"))),
        C(X("WMI", V("Namespace", "root"))),
        C(X("Moon", V("Phase", "full"))),
        C("<expression/>"),
        C(OP("xor", VAR("A", "equals", "1"))),
        C(X("File", "")),
        C(X("Software", V("Operator", "ThisVersion"))),
        C(X("OS", V("Operator", "equals"))),
        C("<unknown/>"),
    };

    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char *xml = ts_format("<step name=\"S\" type=\"T\">%s<action>cmd</action></step>"
                              "<group name=\"G\">%s<step name=\"I\"><action>cmd</action>"
                              "</step></group>",
                              broken[i], broken[i]);
        struct ts_sequence *s = import_steps(xml);
        const struct ts_node *n = node_of(s, "S"), *g = node_of(s, "G");
        cr_expect_str_eq(n->type, "Unsupported", "%s", broken[i]);
        cr_expect(strstr(prop(n, "reason"), "its condition cannot be understood"), "%s",
                  prop(n, "reason"));
        cr_expect_str_eq(prop(n, "xmlType"), "T");
        cr_expect_null(n->condition);
        cr_expect_str_eq(kept(n, "action"), "cmd");
        cr_expect(strstr(kept(n, "condition"), "<condition>"));
        cr_expect_null(g->condition);
        cr_expect_str_eq(g->first->type, "Unsupported");
        cr_expect_str_eq(g->first->next->name, "I");
        ts_sequence_free(s);
        ts_free(xml);
    }
}

/* A message is cut to length, but never so that the sequence is no UTF-8 any more. */
Test(condition, a_reason_that_names_something_long_can_be_written)
{
    struct ts_buf name = {0};

    for (int shift = 0; shift < 3; shift++) {
        ts_buf_clear(&name);
        ts_buf_add(&name, "xy", (size_t)shift);
        for (int i = 0; i < 100; i++) {
            ts_buf_z(&name, "\xE2\x82\xAC");
        }
        char *xml = ts_format(
            "<step name=\"S\">" C("<expression type=\"%s\"/>") "<action>a</action></step>"
            "<step name=\"T\">" C(X("Variable", V("Variable", "A") V("Operator", "%s")))
            "<action>a</action></step>", ts_buf_text(&name), ts_buf_text(&name));
        struct ts_sequence *s = import_steps(xml);
        for (const struct ts_node *n = s->root->first; n; n = n->next) {
            cr_expect_str_eq(n->type, "Unsupported");
            cr_expect(strstr(prop(n, "reason"), "\xE2\x82\xAC"), "%s", prop(n, "reason"));
            cr_expect(ts_utf8_valid(ts_str_of(prop(n, "reason"))), "%s", prop(n, "reason"));
        }
        ts_sequence_free(s);
        ts_free(xml);
    }
    ts_buf_free(&name);
}

Test(condition, conditions_that_nest_deep_are_understood_or_refused)
{
    struct ts_buf b = {0};

    ts_buf_z(&b, "<step name=\"S\" type=\"T\"><condition>");
    for (int i = 0; i < 150; i++) {
        ts_buf_z(&b, "<operator type=\"not\">");
    }
    ts_buf_z(&b, VAR("A", "equals", "1"));
    for (int i = 0; i < 150; i++) {
        ts_buf_z(&b, "</operator>");
    }
    ts_buf_z(&b, "</condition><action>cmd</action></step>");
    struct ts_sequence *s = import_steps(ts_buf_text(&b));
    cr_expect_str_eq(node_of(s, "S")->type, "Unsupported");
    ts_sequence_free(s);
    ts_buf_free(&b);
}
