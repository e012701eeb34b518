/* The least that an embedding program does: run a sequence in memory. */
#include <criterion/criterion.h>

#include <string.h>

#include "include/ts.h"
#include "platform/thread.h"

Test(embed, a_sequence_runs_in_memory)
{
    static const char text[] =
        "return sequence { name = 'Embedded', steps = {\n"
        "  SetVariable 'One' { variable = 'Answer', value = '41' },\n"
        "  SetVariable 'Two' { variable = 'Answer', value = '42', condition = 'Answer = 41' },\n"
        "} }";
    struct ts_script *script = NULL;
    struct ts_registry steps = {0};
    struct ts_sequence *seq = NULL;
    struct ts_host host = {.vars = ts_vars_new(),
                           .log = ts_log_new(),
                           .events = ts_events_new(),
                           .phase = TS_PHASE_FULLOS,
                           .machine = "here",
                           .run = "1",
                           .state_dir = "",
                           .lock = ts_mutex_new()};
    struct ts_engine_config config = {.steps = &steps,
                                      .host = &host,
                                      .restart = &ts_restart_exit};
    struct ts_run_result result = {0};
    struct ts_err err = {0};

    cr_assert_eq(ts_script_new(&script, NULL, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_script_load_library(script, &steps, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_sequence_parse(&seq, ts_str_of(text), "lua", "embedded.lua", ".", &steps,
                                   &err),
                 TS_OK, "%s", err.text);
    config.seq = host.seq = seq;
    ts_mutex_lock(host.lock);
    cr_assert_eq(ts_engine_run(&config, false, NULL, &result, &err), TS_OK, "%s", err.text);
    ts_mutex_unlock(host.lock);
    cr_expect_eq(result.end, TS_END_SUCCEEDED, "%s", result.text);
    cr_expect_eq(result.steps_run, 2);
    cr_expect_str_eq(ts_vars_get(host.vars, "Answer"), "42");
    ts_mutex_free(host.lock);
    ts_host_fini(&host);
    ts_events_free(host.events);
    ts_log_free(host.log);
    ts_vars_free(host.vars);
    ts_sequence_free(seq);
    ts_registry_fini(&steps);
    ts_script_free(script);
}
