/* The step library as it is inside the program. */
#include "rig.h"

#include <string.h>

#include "platform/clock.h"
#include "platform/fs.h"
#include "script/script_internal.h"
#include "steps/reference.h"

static struct rig r;

static void start(void)
{
    rig_start(&r);
    cr_assert_eq(ts_script_load_library(r.script, &r.registry, &r.err), TS_OK, "%s",
                 r.err.text);
}

static void end(void)
{
    rig_end(&r);
}

TestSuite(library, .init = start, .fini = end);

Test(library, has_every_step_type_once_with_documentation)
{
    static const char *const types[] = {"ApplyImage",
                                        "CaptureUserState",
                                        "CheckReadiness",
                                        "CopyFiles",
                                        "CopyLogs",
                                        "DeleteFiles",
                                        "Fail",
                                        "ReleaseStateStore",
                                        "RequestStateStore",
                                        "RestartComputer",
                                        "RestoreUserState",
                                        "RunCommandLine",
                                        "RunScript",
                                        "SetVariable",
                                        "WipeVolume",
                                        "WriteFile"};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        cr_expect_not_null(ts_registry_find(&r.registry, ts_str_of(types[i])), "%s",
                           types[i]);
    }
    for (size_t i = 0; i < r.registry.types.n; i++) {
        const struct ts_step_type *t = r.registry.types.entries[i].value;
        cr_expect_str_eq(t->source, "", "%s is built in", t->name);
        cr_expect(t->summary[0] && t->summary[strlen(t->summary) - 1] != '.', "%s",
                  t->name);
        cr_expect(t->doc && t->doc[0], "%s has more to say", t->name);
        cr_expect_neq(t->on_interrupt, TS_INTERRUPT_DEFAULT, "%s", t->name);
    }
}

Test(library, declares_what_the_engine_relies_on)
{
    const struct ts_step_type *run =
        ts_registry_find(&r.registry, TS_S("runcommandline"));
    const struct ts_step_type *release =
        ts_registry_find(&r.registry, TS_S("ReleaseStateStore"));
    const struct ts_step_type *wipe = ts_registry_find(&r.registry, TS_S("WipeVolume"));

    cr_assert(run->runs_command);
    cr_assert_eq(run->on_interrupt, TS_INTERRUPT_FAIL);
    cr_assert_str_eq(run->params[0].name, "command", "declared order is kept");
    cr_assert_eq(run->params[0].type, TS_P_COMMAND);
    cr_assert_str_eq(run->params[1].variable, "WorkingDirectory");
    cr_assert(release->success_codes.set);
    cr_assert_eq(release->success_codes.n, 2);
    cr_assert_eq(release->success_codes.v[1], 2);
    cr_assert_eq(wipe->phase, TS_PHASE_WINPE);
    cr_assert_eq(wipe->on_interrupt, TS_INTERRUPT_RERUN);
}

/* Everything a type declares, but where it came from. */
static void declared(struct ts_buf *out, const struct ts_registry *reg, const char *name)
{
    struct ts_step_type copy = *ts_registry_find(reg, ts_str_of(name));

    copy.source = "";
    ts_steps_json(out, reg, &copy);
}

/* What cmake/embed.lua put into the program against what declare.c reads. */
Test(library, declares_the_same_as_its_files)
{
    struct ts_script *s = NULL;
    struct ts_registry other = {0};

    cr_assert_eq(ts_script_new(&s, TASKSEQ_SOURCE_DIR "/stdlib", &r.err), TS_OK);
    cr_assert_eq(ts_script_load_library(s, &other, &r.err), TS_OK, "%s", r.err.text);
    cr_assert_eq(other.types.n, r.registry.types.n, "the manifest lists every file");
    for (size_t i = 0; i < other.types.n; i++) {
        const char *name = other.types.entries[i].key;
        struct ts_buf a = {0}, b = {0};
        cr_assert_not_null(ts_registry_find(&r.registry, ts_str_of(name)), "%s", name);
        declared(&a, &r.registry, name);
        declared(&b, &other, name);
        cr_expect_str_eq(a.p, b.p, "%s", name);
        ts_buf_free(&a);
        ts_buf_free(&b);
    }
    const struct ts_step_type *t = ts_registry_find(&other, TS_S("Fail"));
    cr_assert_str_eq(t->source, TASKSEQ_SOURCE_DIR "/stdlib/steps/Fail.lua");
    ts_registry_fini(&other);
    ts_script_free(s);
}

/* tests/lint/docs.sh --update writes it anew. */
Test(library, manual_page_is_up_to_date)
{
    struct ts_buf made = {0}, page = {0};

    ts_buf_z(&made, "<!-- begin generated: steps -->\n");
    ts_steps_markdown(&made, &r.registry, NULL);
    ts_buf_z(&made, "<!-- end generated: steps -->\n");
    cr_assert_eq(
        ts_file_read(TASKSEQ_SOURCE_DIR "/docs/steps.md", 1 << 20, &page, &r.err), TS_OK,
        "%s", r.err.text);
    cr_expect(strstr(page.p, made.p) != NULL,
              "docs/steps.md is not what the step files say; run tests/lint/docs.sh "
              "TASKSEQ --update");
    ts_buf_free(&made);
    ts_buf_free(&page);
}

static void annotated(const char *text, const char *group, const struct ts_binding *b)
{
    for (; b->name; b++) {
        char *line = ts_format("\nfunction %s.%s(", group, b->name);
        cr_expect(strstr(text, line) != NULL, "stdlib/types/host.d.lua lacks %s.%s",
                  group, b->name);
        ts_free(line);
    }
}

Test(library, every_host_function_is_annotated)
{
    struct ts_buf page = {0};

    cr_assert_eq(ts_file_read(TASKSEQ_SOURCE_DIR "/stdlib/types/host.d.lua", 1 << 20,
                              &page, &r.err),
                 TS_OK, "%s", r.err.text);
    annotated(page.p, "host", ts_bind_general);
    annotated(page.p, "host", ts_bind_run);
    annotated(page.p, "host", ts_bind_machine);
    annotated(page.p, "vars", ts_bind_vars);
    annotated(page.p, "fs", ts_bind_fs);
    annotated(page.p, "image", ts_bind_image);
    annotated(page.p, "store", ts_bind_store);
    ts_buf_free(&page);
}

Test(library, reference_says_everything_in_each_form)
{
    const struct ts_step_type *t = ts_registry_find(&r.registry, TS_S("RestartComputer"));
    struct ts_buf text = {0}, json = {0}, all = {0};
    struct ts_value *v = NULL;

    ts_steps_text(&text, &r.registry, t);
    cr_expect_not_null(strstr(text.p, "RestartComputer\n  Restart the machine"));
    cr_expect_not_null(strstr(text.p, "  target (enum)\n"));
    cr_expect_not_null(strstr(text.p, "default FullOS; one of FullOS, HD, WinPE"));
    cr_expect_not_null(strstr(text.p, "onInterrupt = \"rerun\""));

    ts_steps_json(&json, &r.registry, t);
    cr_assert_eq(ts_json_parse(&v, &r.arena, ts_buf_view(&json), "json", &r.err), TS_OK,
                 "%s", r.err.text);
    cr_expect_str_eq(ts_value_text(v, "name"), "RestartComputer");
    cr_expect_str_eq(ts_value_text(v, "phase"), "any");
    const struct ts_value *params = ts_value_get(v, "params");
    cr_assert_eq(params->count, 3);
    cr_expect_str_eq(ts_value_text(params->first, "variable"), "SMSRebootTarget");
    cr_expect_eq(ts_value_get(params->first, "choices")->count, 3);

    ts_steps_json(&all, &r.registry, NULL);
    cr_assert_eq(ts_json_parse(&v, &r.arena, ts_buf_view(&all), "json", &r.err), TS_OK);
    cr_expect_eq(v->kind, TS_ARRAY);
    cr_expect_eq(v->count, r.registry.types.n);
    cr_expect_str_eq(ts_value_text(v->first, "name"), "ApplyImage");

    ts_buf_clear(&text);
    ts_steps_text(&text, &r.registry, NULL);
    cr_expect_eq(strncmp(text.p, "ApplyImage  ", 12), 0, "%.40s", text.p);
    ts_buf_free(&text);
    ts_buf_free(&json);
    ts_buf_free(&all);
}

/* A start of the program pays for this every time; the bound is wide because other work
 * may run on the machine. */
Test(library, loads_within_its_budget)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < 10; i++) {
        struct ts_script *s = NULL;
        struct ts_registry reg = {0};
        int64_t from = ts_mono_ns();
        cr_assert_eq(ts_script_new(&s, NULL, &r.err), TS_OK);
        cr_assert_eq(ts_script_load_library(s, &reg, &r.err), TS_OK);
        int64_t took = ts_mono_ns() - from;
        best = took < best ? took : best;
        ts_registry_fini(&reg);
        ts_script_free(s);
    }
    cr_log_info("the library loads in %lld us", (long long)best / 1000);
    cr_assert_lt(best, 20 * 1000000LL, "%lld us", (long long)best / 1000);
}
