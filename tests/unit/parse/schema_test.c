#include "support.h"

#include "parse/options.h"
#include "platform/fs.h"
#include "steps/step.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct ts_value *get(const struct ts_value *v, const char *a, const char *b,
                                  const char *c)
{
    v = ts_value_get(v, a);
    v = v && b ? ts_value_get(v, b) : v;
    v = v && c ? ts_value_get(v, c) : v;
    cr_assert_not_null(v, "%s.%s.%s", a, b ? b : "", c ? c : "");
    return v;
}

/* Every "#/$defs/X" must exist. */
static void check_refs(const struct ts_value *v, const struct ts_value *defs)
{
    const char *ref = v->kind == TS_OBJECT ? ts_value_text(v, "$ref") : NULL;

    if (ref) {
        cr_expect(strncmp(ref, "#/$defs/", 8) == 0 && ts_value_get(defs, ref + 8), "%s",
                  ref);
    }
    for (const struct ts_value *m = v->first; m; m = m->next) {
        check_refs(m, defs);
    }
}

Test(parse_schema, describes_every_step_type_and_option)
{
    struct ts_buf b = {0};
    struct ts_arena a = {0};
    struct ts_value *schema;
    struct ts_err err;

    ts_schema_write(&b, test_registry());
    cr_assert_eq(ts_json_parse(&schema, &a, ts_buf_view(&b), "schema", &err), TS_OK, "%s",
                 err.text);
    cr_expect_str_eq(ts_value_text(schema, "$schema"),
                     "https://json-schema.org/draft/2020-12/schema");
    const struct ts_value *defs = get(schema, "$defs", NULL, NULL);
    check_refs(schema, defs);
    const struct ts_value *set = get(defs, "step.SetVariable", NULL, NULL);
    cr_expect_str_eq(get(set, "properties", "type", "const")->str.p, "SetVariable");
    struct ts_buf required = {0};
    ts_json_write(&required, get(set, "required", NULL, NULL), 0);
    cr_expect_str_eq(required.p, "[\"type\",\"variable\",\"value\"]");
    ts_buf_free(&required);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &parse_options[i];
        if (o->where & IN_STEP) {
            get(set, "properties", o->name, NULL);
        }
        if (o->where & IN_GROUP) {
            get(get(defs, "Group", NULL, NULL), "properties", o->name, NULL);
        }
        if (o->where & IN_SEQUENCE) {
            get(schema, "properties", o->name, NULL);
        }
    }
    const struct ts_value *sample = get(defs, "step.Sample", "properties", NULL);
    cr_expect_str_eq(get(sample, "text", "description", NULL)->str.p, "Some \"text\"");
    cr_expect_eq(get(sample, "colour", "anyOf", NULL)->count, 2);
    ts_arena_fini(&a);
    ts_buf_free(&b);
}

Test(parse_schema, options_of_nodes_are_those_that_no_parameter_may_be_called)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &parse_options[i];
        if ((o->where & (IN_STEP | IN_GROUP | IN_INCLUDE)) && i != OPT_PLACE) {
            cr_expect(ts_is_step_option(ts_str_of(o->name)), "%s", o->name);
        }
        cr_expect(o->doc && *o->doc && o->schema && o->schema[0] == '{', "%s", o->name);
    }
}

Test(parse_schema, every_option_is_in_the_manual)
{
    struct ts_buf manual = {0};
    struct ts_err err;

    cr_assert_eq(
        ts_file_read(TASKSEQ_SOURCE_DIR "/docs/sequence.md", 1 << 20, &manual, &err),
        TS_OK, "%s", err.text);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char *quoted = ts_format("`%s`", parse_options[i].name);
        cr_expect(strstr(manual.p, quoted), "%s", quoted);
        ts_free(quoted);
    }
    ts_buf_free(&manual);
}
