/* Facts and rules become variables; conditions inside steps; properties that are rules.
 */
#include "fixture.h"

#include <string.h>

#include "base/mem.h"
#include "steps/gather.h"

static const char document[] =
    "{\"taskseqFacts\":1,\"variables\":{\"_Own\":\"x\",\"a.b\":\"x\"},\"classes\":{"
    "\"Win32_ComputerSystem\":[{\"Manufacturer\":\"Dell Inc.\",\"Model\":\"L7\"}],"
    "\"Win32_BIOS\":[{\"SerialNumber\":\"ABC1234\"}],"
    "\"Win32_NetworkAdapterConfiguration\":[{\"IPEnabled\":true,\"MACAddress\":\"AA\","
    "\"IPAddress\":[\"1.1.1.1\",\"fe80::1\"]},{\"IPEnabled\":true,\"MACAddress\":\"BB\"}]"
    "}}";

static struct ts_facts *facts;

static void make(void)
{
    fixture_make();
    answers(TS_OK, ts_facts_parse(&facts, TS_S(document), "pc", &err));
    host.facts = facts;
}

static void unmake(void)
{
    ts_facts_free(facts);
    host.facts = NULL;
    fixture_remove();
}

TestSuite(gather, .init = make, .fini = unmake, .timeout = 30);

static const char *var(const char *name)
{
    const char *value = ts_vars_get(host.vars, name);

    return value ? value : "(none)";
}

static void set(enum ts_scope scope, const char *name, const char *value)
{
    answers(TS_OK, ts_vars_set(host.vars, scope, ts_str_of(name), ts_str_of(value), false,
                               &err));
}

Test(gather, facts_become_variables_that_stronger_ones_hide)
{
    size_t n;

    set(TS_SCOPE_DEFAULT, "Make", "default");
    set(TS_SCOPE_RUN, "Model", "Mine");
    host.phase = TS_PHASE_WINPE;
    answers(TS_OK, ts_gather_facts(&host, &n, &err));
    cr_expect_geq(n, 6);
    cr_expect_str_eq(var("Make"), "Dell Inc.");
    cr_expect_str_eq(var("Model"), "Mine");
    cr_expect_str_eq(var("MacAddress002"), "BB");
    cr_expect_str_eq(var("OSVersion"), "WinPE");
    cr_expect_str_eq(var("_Own"), "(none)");
    host.facts = NULL;
    answers(TS_OK, ts_gather_facts(&host, &n, &err));
    cr_expect_eq(n, 0);
}

Test(gather, hardware_variables_of_the_engine)
{
    ts_gather_hardware(&host);
    cr_expect_str_eq(var("_SMSTSMake"), "Dell Inc.");
    cr_expect_str_eq(var("_SMSTSSerialNumber"), "ABC1234");
    cr_expect_str_eq(var("_SMSTSMacAddresses"), "AA,BB");
    cr_expect_str_eq(var("_SMSTSIPAddresses"), "1.1.1.1,fe80::1");
    cr_expect_str_eq(var("_SMSTSAssetTag"), "(none)");
}

Test(gather, rules_are_stronger_than_defaults_and_weaker_than_the_rest)
{
    struct ts_rules_result r = {0};
    size_t n;

    put("cs.ini",
        "[Settings]\nPriority=Model,D\nProperties=A,B,C,E\n[L7]\nA=%Make%\n[D]\n"
        "A=no\nB=2\nC=3\nE=%C%-%HOME_OF_NOBODY%\n_SMSTSMake=x\n"
        "_SMSTSOrgName=We\nAdminPassword=geheim1\n");
    set(TS_SCOPE_DEFAULT, "B", "default");
    set(TS_SCOPE_RUN, "C", "run");
    answers(TS_OK, ts_gather_facts(&host, &n, &err));
    answers(TS_OK, ts_gather_rules(&host, at("cs.ini"), &r, &err));
    cr_expect_str_eq(var("A"), "Dell Inc.");
    cr_expect_str_eq(var("B"), "2");
    cr_expect_str_eq(var("C"), "run");
    cr_expect_str_eq(var("E"), "run-%HOME_OF_NOBODY%");
    cr_expect_str_eq(var("_SMSTSOrgName"), "We");
    cr_expect_str_eq(var("_SMSTSMake"), "(none)");
    cr_expect(ts_vars_is_secret(host.vars, TS_S("AdminPassword")));
    cr_expect_eq(r.set_count, 5);
    bool refused = false;
    for (size_t i = 0; i < r.note_count; i++) {
        refused = refused || (r.notes[i].line == 11 &&
                              strstr(r.notes[i].text, "set by the runtime only"));
    }
    cr_expect(refused);
    ts_rules_result_fini(&r);
    /* again: what rules set before counts */
    put("cs.ini", "[Settings]\nPriority=D\n[D]\nA=other\n");
    answers(TS_OK, ts_gather_rules(&host, at("cs.ini"), &r, &err));
    cr_expect_eq(r.set_count, 0);
    cr_expect_str_eq(var("A"), "Dell Inc.");
    ts_rules_result_fini(&r);
    answers(TS_ENOTFOUND, ts_gather_rules(&host, at("nowhere.ini"), &r, &err));
}

Test(gather, conditions_see_variables_and_facts)
{
    static const struct {
        const char *condition;
        bool holds;
    } t[] = {
        {"\"A = '1'\"", true},
        {"{\"all\":[\"A = '1'\",{\"variable\":\"A\",\"op\":\"equals\",\"value\":2}]}",
         false},
        {"\"wmi('SELECT * FROM Win32_BIOS WHERE SerialNumber LIKE \\\"%B%\\\"')\"", true},
        {"\"wmi('SELECT * FROM Win32_Nope')\"", false},
    };
    bool holds;

    set(TS_SCOPE_STEP, "A", "1");
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        answers(TS_OK, ts_gather_condition(&host, json(t[i].condition), &holds, &err));
        cr_expect_eq(holds, t[i].holds, "%s", t[i].condition);
    }
    answers(TS_EINPUT, ts_gather_condition(&host, json("\"wmi('x')\""), &holds, &err));
    says("expected SELECT");
    host.facts = NULL;
    answers(TS_EUNSUPPORTED,
            ts_gather_condition(&host, json("\"wmi('SELECT * FROM X')\""), &holds, &err));
}

/* ---- properties of the type "rules" ----------------------------------------------- */

static const struct ts_param params[] = {{.name = "rules", .type = TS_P_RULES}};
static const struct ts_step_type type = {
    .name = "T", .params = params, .param_count = 1, .on_interrupt = TS_INTERRUPT_RERUN};

Test(gather, rules_keep_their_order_and_are_not_expanded_early)
{
    const struct ts_value *props =
        json("{\"rules\":[{\"variables\":{\"Z\":\"%A%\",\"A\":\"2\"},\"secrets\":[\"A\"],"
             "\"condition\":\"B = '1'\"},{\"variables\":{}}]}");
    struct ts_value *out = NULL;
    struct ts_buf b = {0};

    set(TS_SCOPE_STEP, "A", "1");
    answers(TS_OK, ts_params_check(&type, props, NULL, &err));
    answers(TS_OK, ts_params_prepare(&type, props, host.vars, &arena, &out, &err));
    ts_json_write(&b, out, 0);
    cr_expect_str_eq(
        ts_buf_text(&b),
        "{\"rules\":[{\"variables\":[{\"name\":\"Z\",\"value\":\"%A%\"},"
        "{\"name\":\"A\",\"value\":\"2\"}],\"secrets\":[\"A\"],\"condition\":"
        "\"B = '1'\"},{\"variables\":[]}]}");
    ts_buf_free(&b);
}

Test(gather, rules_that_are_wrong)
{
    static const struct {
        const char *props, *says;
    } t[] = {
        {"{\"rules\":\"x\"}", "rules: expected a list of rules"},
        {"{\"rules\":[1]}", "rules: [0]: expected a table with `variables`, found"},
        {"{\"rules\":[{}]}", "rules: [0]: variables: missing"},
        {"{\"rules\":[{\"variables\":{}},{\"variables\":{\"A\":1}}]}",
         "rules: [1]: variables: expected names with strings"},
        {"{\"rules\":[{\"variables\":{},\"secrets\":\"A\"}]}",
         "secrets: expected a list"},
        {"{\"rules\":[{\"variables\":{},\"condition\":\"A =\"}]}",
         "rules: [0]: condition"},
        {"{\"rules\":[{\"variables\":{},\"secret\":[]}]}", "a rule has no secret"},
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        answers(TS_EINPUT, ts_params_check(&type, json(t[i].props), NULL, &err));
        says(t[i].says);
    }
}
