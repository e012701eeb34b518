#include "fixture.h"

#include <string.h>

static enum ts_code do_nothing(void *self, struct ts_step_call *c, struct ts_err *e)
{
    (void)self;
    (void)c;
    (void)e;
    return TS_OK;
}

static const struct ts_step_ops ops = {do_nothing};
static const struct ts_step_type wipe = {
    .name = "WipeVolume", .ops = &ops, .on_interrupt = TS_INTERRUPT_RERUN};
static const struct ts_step_type again = {.name = "wipevolume",
                                          .ops = &ops,
                                          .on_interrupt = TS_INTERRUPT_FAIL,
                                          .source = "mine.lua"};

Test(registry, finds_types_without_regard_to_case)
{
    struct ts_registry r = {0};

    answers(TS_OK, ts_registry_add(&r, &wipe, &err));
    cr_assert(ts_registry_find(&r, TS_S("WIPEvolume")) == &wipe);
    cr_assert_null(ts_registry_find(&r, TS_S("Wipe")));
    answers(TS_EEXIST, ts_registry_add(&r, &again, &err));
    says("WipeVolume");
    cr_assert_str_eq(ts_registry_suggest(&r, TS_S("WipeVolum")), "WipeVolume");
    cr_assert_null(ts_registry_suggest(&r, TS_S("CopyFiles")));
    ts_registry_fini(&r);
}

Test(registry, refuses_types_that_cannot_be_meant)
{
    static const char *const none[] = {NULL};
    static const struct {
        struct ts_param params[2];
        size_t n;
        const char *why;
    } table[] = {
        {{{.name = "timeout"}}, 1, "timeout is named like an option"},
        {{{.name = "from"}, {.name = "from"}}, 2, "declared twice"},
        {{{.name = "mode", .type = TS_P_ENUM, .choices = none}}, 1, "no choices"},
        {{{.name = "m", .type = TS_P_MAP, .variable = "OSDM"}},
         1,
         "no variable can hold"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ts_registry r = {0};
        struct ts_step_type t = wipe;
        t.params = table[i].params;
        t.param_count = table[i].n;
        answers(TS_EINPUT, ts_registry_add(&r, &t, &err));
        says(table[i].why);
        cr_assert_null(ts_registry_find(&r, TS_S("WipeVolume")));
        ts_registry_fini(&r);
    }
}

Test(registry, knows_the_options_of_every_step)
{
    static const char *const options[] = {
        "name",        "id",           "description",
        "disabled",    "condition",    "continueOnError",
        "phase",       "timeout",      "retry",
        "onInterrupt", "successCodes", "restartCodes",
        "runAs",       "package",      "input",
        "env",         "type",         "steps",
        "finally",     "include"};

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        cr_expect(ts_is_step_option(ts_str_of(options[i])), "%s", options[i]);
    }
    cr_expect(!ts_is_step_option(TS_S("Name")));
    cr_expect(!ts_is_step_option(TS_S("command")));
    cr_expect(!ts_is_step_option(TS_S("")));
}
