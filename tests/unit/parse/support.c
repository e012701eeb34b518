#include "support.h"

#include "platform/fs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum ts_code run_nothing(void *self, struct ts_step_call *call, struct ts_err *err)
{
    (void)self;
    (void)err;
    call->outcome.has_code = false;
    return TS_OK;
}

static const struct ts_step_ops ops = {run_nothing};
static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct ts_param set_variable[] = {
    {.name = "variable", .type = TS_P_STRING, .required = true, .expand = true},
    {.name = "value", .type = TS_P_STRING, .required = true, .expand = true},
};
static const struct ts_param run_command[] = {
    {.name = "command", .type = TS_P_COMMAND, .required = true, .expand = true},
    {.name = "startIn", .type = TS_P_PATH, .expand = true},
};
static const struct ts_param restart[] = {
    {.name = "target", .type = TS_P_STRING, .expand = true},
};
static const struct ts_param sample[] = {
    {.name = "text", .type = TS_P_STRING, .expand = true, .doc = "Some \"text\""},
    {.name = "path", .type = TS_P_PATH, .expand = true},
    {.name = "count", .type = TS_P_INTEGER, .expand = true},
    {.name = "flag", .type = TS_P_BOOLEAN, .expand = true},
    {.name = "colour", .type = TS_P_ENUM, .expand = true, .choices = colours},
    {.name = "list", .type = TS_P_LIST, .expand = true},
    {.name = "command", .type = TS_P_COMMAND, .expand = true},
    {.name = "wait", .type = TS_P_DURATION, .expand = true},
    {.name = "map", .type = TS_P_MAP, .expand = true},
    {.name = "when", .type = TS_P_CONDITION},
};

#define TYPE(type_name, list)                                                          \
    {                                                                                  \
        .name = type_name, .summary = "For tests: " type_name, .params = list,         \
        .param_count = sizeof list / sizeof *list, .on_interrupt = TS_INTERRUPT_RERUN, \
        .source = "", .ops = &ops                                                      \
    }

static const struct ts_step_type types[] = {
    TYPE("SetVariable", set_variable),
    TYPE("RunCommandLine", run_command),
    TYPE("RestartComputer", restart),
    TYPE("Sample", sample),
    {.name = "Fail",
     .summary = "Fails",
     .on_interrupt = TS_INTERRUPT_RERUN,
     .source = "",
     .ops = &ops},
};

const struct ts_registry *test_registry(void)
{
    static struct ts_registry registry;
    struct ts_err err;

    for (size_t i = 0; registry.types.n < sizeof types / sizeof *types; i++) {
        cr_assert_eq(ts_registry_add(&registry, &types[i], &err), TS_OK, "%s", err.text);
    }
    return &registry;
}

static struct ts_sequence *parse(const char *text, const char *format, const char *name,
                                 struct ts_err *err)
{
    struct ts_sequence *s = NULL;
    enum ts_code rc =
        ts_sequence_parse(&s, ts_str_of(text), format, name, NULL, test_registry(), err);

    if (rc != TS_OK) {
        cr_assert_null(s);
        cr_assert_eq(rc, TS_EINPUT, "%s: %s", ts_code_name(rc), err->text);
        cr_assert_eq(err->code, TS_EINPUT);
    } else {
        cr_assert_not_null(s);
    }
    return s;
}

struct ts_sequence *parse_lua(const char *text, struct ts_err *err)
{
    return parse(text, "lua", "t.lua", err);
}

struct ts_sequence *parse_json(const char *text, struct ts_err *err)
{
    return parse(text, "json", "t.json", err);
}

struct ts_sequence *must_lua(const char *text)
{
    struct ts_err err = {0};
    struct ts_sequence *s = parse_lua(text, &err);

    cr_assert_not_null(s, "%s", err.text);
    return s;
}

struct ts_sequence *must_json(const char *text)
{
    struct ts_err err = {0};
    struct ts_sequence *s = parse_json(text, &err);

    cr_assert_not_null(s, "%s", err.text);
    return s;
}

const char *why_lua(const char *text)
{
    static struct ts_err err;

    err.text[0] = '\0';
    ts_sequence_free(parse_lua(text, &err));
    return err.text;
}

const char *why_json(const char *text)
{
    static struct ts_err err;

    err.text[0] = '\0';
    ts_sequence_free(parse_json(text, &err));
    return err.text;
}

char *new_folder(void)
{
    char *temp = ts_fs_temp_dir();
    char *folder = ts_format("%s/parse-test-XXXXXX", temp);

    cr_assert_not_null(mkdtemp(folder));
    ts_free(temp);
    return folder;
}

void put_file(const char *folder, const char *name, const char *text)
{
    struct ts_err err;
    char *path = ts_format("%s/%s", folder, name);
    char *slash = strrchr(path, '/');

    *slash = '\0';
    cr_assert_eq(ts_fs_mkdirs(path, 0755, &err), TS_OK, "%s", err.text);
    *slash = '/';
    FILE *f = fopen(path, "wb");
    cr_assert_not_null(f);
    fwrite(text, 1, strlen(text), f);
    fclose(f);
    ts_free(path);
}

void remove_folder(char *folder)
{
    struct ts_err err;

    cr_assert_eq(ts_fs_remove_tree(folder, &err), TS_OK, "%s", err.text);
    ts_free(folder);
}
