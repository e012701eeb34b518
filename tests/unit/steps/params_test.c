#include "fixture.h"

#include <string.h>

TestSuite(params, .init = fixture_make, .fini = fixture_remove);

static const char *const modes[] = {"Quick", "Full", NULL};
static const struct ts_param all[] = {
    {.name = "text", .type = TS_P_STRING, .expand = true},
    {.name = "raw", .type = TS_P_STRING},
    {.name = "path", .type = TS_P_PATH, .expand = true, .variable = "OSDPath"},
    {.name = "number",
     .type = TS_P_INTEGER,
     .expand = true,
     .def = "5",
     .variable = "OSDNumber"},
    {.name = "flag", .type = TS_P_BOOLEAN, .expand = true, .variable = "OSDFlag"},
    {.name = "mode", .type = TS_P_ENUM, .expand = true, .choices = modes, .def = "quick"},
    {.name = "list", .type = TS_P_LIST, .expand = true, .variable = "OSDList"},
    {.name = "command", .type = TS_P_COMMAND, .expand = true},
    {.name = "wait", .type = TS_P_DURATION, .expand = true},
    {.name = "map", .type = TS_P_MAP, .expand = true},
    {.name = "when", .type = TS_P_CONDITION},
    {.name = "password", .type = TS_P_STRING, .expand = true, .secret = true},
};
static const struct ts_step_type type = {
    .name = "All", .params = all, .param_count = sizeof all / sizeof all[0]};

static const struct ts_param two[] = {
    {.name = "from", .type = TS_P_PATH, .required = true},
    {.name = "to", .type = TS_P_PATH, .required = true},
    {.name = "store", .type = TS_P_PATH, .required = true, .variable = "OSDStore"},
    {.name = "why", .type = TS_P_STRING, .required = true, .def = "because"},
};
static const struct ts_step_type needs = {
    .name = "Needs", .params = two, .param_count = sizeof two / sizeof two[0]};

static void set(const char *name, const char *value, bool secret)
{
    answers(TS_OK, ts_vars_set(host.vars, TS_SCOPE_RUN, ts_str_of(name), ts_str_of(value),
                               secret, &err));
}

static const char *prepared(const char *props)
{
    struct ts_value *out = NULL;
    struct ts_buf b = {0};

    answers(TS_OK, ts_params_prepare(&type, json(props), host.vars, &arena, &out, &err));
    ts_json_write(&b, out, 0);
    const char *text = ts_arena_strz(&arena, ts_buf_text(&b));
    ts_buf_free(&b);
    return text;
}

Test(params, check_accepts_what_may_be_meant)
{
    static const char *const good[] = {
        "{}",
        "{\"text\":\"\"}",
        "{\"number\":\"12\"}",
        "{\"number\":-3,\"flag\":true,\"mode\":\"FULL\",\"wait\":\"1h30m\"}",
        "{\"number\":\"%N%\",\"flag\":\"%F%\",\"mode\":\"%M%\",\"wait\":\"%W%\"}",
        "{\"flag\":\"Yes\",\"wait\":90,\"list\":\"one\",\"command\":[\"a\",\"b\"]}",
        "{\"list\":[],\"map\":[],\"when\":\"A = 'b'\"}",
        "{\"map\":{\"A\":\"b\"},\"when\":{\"all\":[\"A = 'b'\"]}}",
        "{\"number\":\"\"}",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *place = NULL;
        answers(TS_OK, ts_params_check(&type, json(good[i]), &place, &err));
    }
    answers(TS_OK, ts_params_check(&type, NULL, NULL, &err));
}

Test(params, check_names_property_value_and_expectation)
{
    static const struct {
        const char *props, *at, *message;
    } bad[] = {
        {"{\"text\":5}", "text", "text: expected a string, found the number 5"},
        {"{\"number\":\"ten\"}", "number", "number: expected an integer, found \"ten\""},
        {"{\"number\":true}", "number", "number: expected an integer, found a boolean"},
        {"{\"flag\":1}", "flag", "flag: expected true or false, found the number 1"},
        {"{\"flag\":\"maybe\"}", "flag", "flag: expected true or false, found \"maybe\""},
        {"{\"mode\":\"ful\"}", "mode",
         "mode: expected one of Quick, Full, found \"ful\"; did you mean Full?"},
        {"{\"list\":[1]}", "list", "list: expected a list of strings, found a list"},
        {"{\"command\":[]}", "command",
         "command: expected a command: a string or a list of strings, found a list"},
        {"{\"wait\":\"soon\"}", "wait",
         "wait: expected a duration such as 90s, 15m or 2h, found \"soon\""},
        {"{\"wait\":-1}", "wait",
         "wait: expected a duration such as 90s, 15m or 2h, found the number -1"},
        {"{\"map\":{\"a\":1}}", "map",
         "map: expected names with strings, found an object"},
        {"{\"when\":\"A = \"}", "when", "when: "},
        {"{\"text\":null}", "text", "text: expected a string, found null"},
        {"{\"pasword\":\"x\"}", "pasword",
         "pasword: All has no such property; did you mean password?"},
        {"{\"zzzzzzzz\":\"x\"}", "zzzzzzzz",
         "zzzzzzzz: All has no such property; it has text, raw, path"},
        {"{\"password\":[]}", "password", "password: expected a string, found a list"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *place = NULL;
        answers(TS_EINPUT, ts_params_check(&type, json(bad[i].props), &place, &err));
        cr_expect(strncmp(err.text, bad[i].message, strlen(bad[i].message)) == 0,
                  "\"%s\" is not \"%s\"", err.text, bad[i].message);
        cr_expect_str_eq(place, bad[i].at);
    }
}

Test(params, every_missing_property_is_named)
{
    const char *place = NULL;
    struct ts_value *out;

    answers(TS_EINPUT, ts_params_check(&needs, json("{}"), &place, &err));
    cr_assert_str_eq(err.text,
                     "from, to: these required properties are missing from Needs");
    cr_assert_str_eq(place, "");
    answers(TS_EINPUT,
            ts_params_check(&needs, json("{\"to\":\"x\",\"from\":\" \"}"), &place, &err));
    cr_assert_str_eq(err.text, "from: this required property is missing from Needs");

    const struct ts_value *props = json("{\"to\":\"x\",\"from\":\"y\"}");
    answers(TS_OK, ts_params_check(&needs, props, &place, &err));
    answers(TS_EINPUT, ts_params_prepare(&needs, props, host.vars, &arena, &out, &err));
    says("store (or the variable OSDStore)");
    set("OSDStore", "C:\\Store", false);
    answers(TS_OK, ts_params_prepare(&needs, props, host.vars, &arena, &out, &err));
    cr_assert_str_eq(ts_value_text(out, "store"), "C:\\Store");
    cr_assert_str_eq(ts_value_text(out, "why"), "because");
}

Test(params, prepare_converts)
{
    cr_assert_str_eq(prepared("{}"), "{\"number\":5,\"mode\":\"Quick\"}");
    cr_assert_str_eq(prepared("{\"number\":\" 12 \",\"flag\":\"NO\",\"mode\":\"full\","
                              "\"list\":\"one\",\"wait\":\"1m30s\",\"map\":[],"
                              "\"command\":\"a b\",\"when\":\"A = '%B%'\"}"),
                     "{\"number\":12,\"flag\":false,\"mode\":\"Full\",\"list\":[\"one\"],"
                     "\"command\":\"a b\",\"wait\":90000,\"map\":{},"
                     "\"when\":\"A = '%B%'\"}");
    cr_assert_str_eq(prepared("{\"wait\":90}"),
                     "{\"number\":5,\"mode\":\"Quick\",\"wait\":90000}");
}

Test(params, prepare_expands_where_declared)
{
    set("Who", "Ann", false);
    set("N", "8", false);
    cr_assert_str_eq(
        prepared("{\"text\":\"for %who%\",\"raw\":\"for %Who%\",\"number\":\"%N%\","
                 "\"list\":[\"%Who%\",\"x\"],\"command\":[\"run\",\"%Who%\"],"
                 "\"map\":{\"%Who%\":\"%Who%\"}}"),
        "{\"text\":\"for Ann\",\"raw\":\"for %Who%\",\"number\":8,\"mode\":\"Quick\","
        "\"list\":[\"Ann\",\"x\"],\"command\":[\"run\",\"Ann\"],"
        "\"map\":{\"%Who%\":\"Ann\"}}");
}

Test(params, action_variables_override)
{
    set("OSDNumber", "77", false);
    set("OSDFlag", "TRUE", false);
    set("OSDPath", "C:\\%Not%Expanded", false);
    set("OSDList", "a; b ;;c", false);
    cr_assert_str_eq(prepared("{\"number\":1,\"flag\":false,\"path\":\"D:\\\\x\"}"),
                     "{\"path\":\"C:\\\\%Not%Expanded\",\"number\":77,\"flag\":true,"
                     "\"mode\":\"Quick\",\"list\":[\"a\",\"b\",\"c\"]}");
}

Test(params, what_a_variable_spoils_is_said)
{
    struct ts_value *out = NULL;

    set("OSDNumber", "many", false);
    answers(TS_EINPUT,
            ts_params_prepare(&type, json("{}"), host.vars, &arena, &out, &err));
    cr_assert_str_eq(err.text, "number: expected an integer, found \"many\", from the "
                               "variable OSDNumber");
    set("OSDNumber", "", false);
    answers(TS_EINPUT, ts_params_prepare(&type, json("{\"number\":\"%Nope%\"}"),
                                         host.vars, &arena, &out, &err));
    says("found \"%Nope%\" (is every variable in it set?)");
    cr_assert_null(out);
}

Test(params, secrets_that_went_in_are_hidden)
{
    struct ts_buf b = {0};

    set("Token", "tr0ub4dor", true);
    prepared("{\"text\":\"u:%Token%\",\"password\":\"typed-in\"}");
    ts_vars_mask(host.vars, &b, TS_S("typed-in and u:tr0ub4dor"));
    cr_assert_null(strstr(b.p, "typed-in"));
    cr_assert_null(strstr(b.p, "tr0ub4dor"));
    cr_assert_null(strstr(b.p, "u:"), "%s", b.p);
    ts_buf_free(&b);
}

Test(params, a_secret_is_not_in_the_message)
{
    static const struct ts_param pin = {
        .name = "pin", .type = TS_P_INTEGER, .secret = true};
    static const struct ts_step_type t = {
        .name = "Pin", .params = &pin, .param_count = 1};
    struct ts_value *out;

    answers(TS_EINPUT, ts_params_prepare(&t, json("{\"pin\":\"hunter2\"}"), host.vars,
                                         &arena, &out, &err));
    cr_assert_str_eq(err.text, "pin: expected an integer, found *****");
}
