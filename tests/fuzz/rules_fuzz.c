/* Rules files (CustomSettings.ini), read and worked through. */
#include "fuzz.h"

#include "rules/ruleset.h"
#include "vars/vars.h"

#include <string.h>

static bool fixed(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    (void)ctx;
    (void)secret;
    *value = TS_S("given");
    return ts_str_caseeq(name, TS_S("Given"));
}

static bool known(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    static const char *const pairs[] = {"Make",          "Dell Inc.",
                                        "Model",         "Latitude",
                                        "MacAddress001", "00:11:22:33:44:55",
                                        "MacAddress002", "aa:bb",
                                        "IsLaptop",      "True",
                                        "SerialNumber",  "AB 12",
                                        "Empty",         "",
                                        "Odd",           "%Odd%#Left(\"x\", 1)#"};

    if (ts_str_caseeq(name, TS_S("Pin"))) {
        *value = TS_S("geheim99");
        *secret = true;
        return true;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i += 2) {
        if (ts_str_caseeq(name, ts_str_of(pairs[i]))) {
            *value = ts_str_of(pairs[i + 1]);
            return true;
        }
    }
    return fixed(ctx, name, value, secret);
}

static bool secret_name(void *ctx, ts_str name)
{
    (void)ctx;
    return ts_var_name_secret(name);
}

static void check_result(const struct ts_rules_result *r, ts_str text)
{
    size_t bytes = 0;
    bool said = text.n >= 8 && memmem(text.p, text.n, "geheim99", 8);

    for (size_t i = 0; i < r->set_count; i++) {
        const struct ts_rule_set *s = &r->set[i];
        FUZZ_CHECK(ts_var_name_valid(ts_str_of(s->name)), "no name: %s", s->name);
        FUZZ_CHECK(!ts_caseeq(s->name, "Given"), "what was given is replaced");
        FUZZ_CHECK(s->secret || said || !strstr(s->value, "geheim99"),
                   "%s shows a secret: %s", s->name, s->value);
        FUZZ_CHECK(s->secret || !ts_var_name_secret(ts_str_of(s->name)),
                   "%s is no secret", s->name);
        FUZZ_CHECK(s->line > 0 && s->section && *s->section, "%s comes from nowhere",
                   s->name);
        bytes += strlen(s->value);
    }
    FUZZ_CHECK(bytes <= (size_t)4 << 20, "%zu bytes of values", bytes);
    for (size_t i = 0; i < r->note_count; i++) {
        FUZZ_CHECK(r->notes[i].text && *r->notes[i].text, "an empty note");
        FUZZ_CHECK(said || !strstr(r->notes[i].text, "geheim99"), "a secret is told: %s",
                   r->notes[i].text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ts_rules_env env = {NULL, fixed, known, secret_name};
    ts_str text = {(const char *)data, size};
    struct ts_ruleset *r = NULL;
    struct ts_rules_result result = {0};
    struct ts_err err = {0};
    enum ts_code rc = ts_ruleset_parse(&r, text, "f.ini", &err);

    if (rc == TS_OK) {
        rc = ts_ruleset_apply(r, &env, &result, &err);
        if (rc == TS_OK) {
            check_result(&result, text);
        }
    }
    FUZZ_CHECK(rc == TS_OK ||
                   ((rc == TS_EINPUT || rc == TS_ELIMIT) && strstr(err.text, "f.ini")),
               "%s: %s", ts_code_name(rc), err.text);
    ts_rules_result_fini(&result);
    ts_ruleset_free(r);
    return 0;
}
