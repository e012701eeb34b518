/* cmd_check.c - check, steps, schema. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/session.h"
#include "steps/reference.h"

static const struct ts_opt check_options[] = {
    {"format", 0, "FORMAT", false, "text (default), json or sarif"},
    {"json", 0, NULL, false, "The same as --format json"},
    TS_SESSION_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

struct findings {
    struct ts_arena arena;
    struct ts_value *list;
    int problems; /* errors and warnings */
    const char *file;
};

static const char *severity_name(enum ts_severity s)
{
    return s == TS_ERROR ? "error" : s == TS_WARNING ? "warning" : "note";
}

static void text_member(struct findings *f, struct ts_value *o, const char *key,
                        const char *text)
{
    ts_value_set(&f->arena, o, ts_str_of(key),
                 ts_value_string(&f->arena, ts_str_of(text ? text : "")));
}

static void add_finding(void *ctx, const struct ts_finding *x)
{
    struct findings *f = ctx;
    struct ts_value *o = ts_value_new(&f->arena, TS_OBJECT);

    text_member(f, o, "file", x->pos.file ? x->pos.file : f->file);
    ts_value_set(&f->arena, o, TS_S("line"), ts_value_int(&f->arena, x->pos.line));
    ts_value_set(&f->arena, o, TS_S("column"), ts_value_int(&f->arena, x->pos.col));
    text_member(f, o, "severity", severity_name(x->severity));
    text_member(f, o, "rule", x->rule);
    text_member(f, o, "step", x->step);
    text_member(f, o, "message", x->message);
    ts_value_push(f->list, o);
    f->problems += x->severity != TS_NOTE;
}

/* "FILE:LINE:COLUMN: rest" as the loader writes it. */
static void add_load_error(struct findings *f, const char *path, const struct ts_err *err)
{
    struct ts_finding x = {.severity = TS_ERROR, .rule = "syntax", .step = ""};
    size_t n = strlen(path);
    const char *rest = err->text;
    int used = 0;

    x.pos.file = path;
    if (strncmp(rest, path, n) == 0 && rest[n] == ':') {
        rest += n;
        if (sscanf(rest, ":%d:%d: %n", &x.pos.line, &x.pos.col, &used) >= 2 && used > 0)
            rest += used;
        else if (sscanf(rest, ":%d: %n", &x.pos.line, &used) >= 1 && used > 0) {
            rest += used;
            x.pos.col = 0;
        }
    }
    x.message = rest;
    add_finding(f, &x);
}

static void print_text(struct ts_buf *out, const struct findings *f)
{
    for (const struct ts_value *o = f->list->first; o; o = o->next) {
        int64_t line = ts_value_get(o, "line")->integer;
        int64_t col = ts_value_get(o, "column")->integer;

        ts_buf_z(out, ts_value_text(o, "file"));
        if (line > 0)
            ts_buf_fmt(out, ":%lld", (long long)line);
        if (col > 0)
            ts_buf_fmt(out, ":%lld", (long long)col);
        ts_buf_fmt(out, ": %s: %s [%s]\n", ts_value_text(o, "severity"),
                   ts_value_text(o, "message"), ts_value_text(o, "rule"));
    }
}

static void sarif_result(struct ts_buf *out, const struct ts_value *o)
{
    int64_t line = ts_value_get(o, "line")->integer;

    ts_buf_fmt(out, "{\"ruleId\":\"%s\",\"level\":\"%s\",\"message\":{\"text\":\"",
               ts_value_text(o, "rule"), ts_value_text(o, "severity"));
    ts_buf_json(out, ts_str_of(ts_value_text(o, "message")));
    ts_buf_z(
        out,
        "\"},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"");
    ts_buf_json(out, ts_str_of(ts_value_text(o, "file")));
    ts_buf_z(out, "\"}");
    if (line > 0)
        ts_buf_fmt(out, ",\"region\":{\"startLine\":%lld,\"startColumn\":%lld}",
                   (long long)line,
                   (long long)(ts_value_get(o, "column")->integer > 0
                                   ? ts_value_get(o, "column")->integer
                                   : 1));
    ts_buf_z(out, "}}]}");
}

/* SARIF 2.1.0, the least that its schema asks for. */
static void print_sarif(struct ts_buf *out, const struct findings *f)
{
    size_t n;
    const struct ts_check_rule *rules = ts_check_rules(&n);

    ts_buf_z(out, "{\"version\":\"2.1.0\",\"$schema\":"
                  "\"https://json.schemastore.org/sarif-2.1.0.json\",\"runs\":[{\"tool\":"
                  "{\"driver\":{\"name\":\"taskseq\",\"version\":\"" TASKSEQ_VERSION
                  "\",\"rules\":[{\"id\":\"syntax\",\"shortDescription\":{\"text\":"
                  "\"the file cannot be read as a sequence\"}}");
    for (size_t i = 0; i < n; i++) {
        ts_buf_fmt(out, ",{\"id\":\"%s\",\"shortDescription\":{\"text\":\"", rules[i].id);
        ts_buf_json(out, ts_str_of(rules[i].text));
        ts_buf_z(out, "\"}}");
    }
    ts_buf_z(out, "]}},\"results\":[");
    for (const struct ts_value *o = f->list->first; o; o = o->next) {
        if (o != f->list->first)
            ts_buf_c(out, ',');
        sarif_result(out, o);
    }
    ts_buf_z(out, "]}]}\n");
}

static int print_findings(struct findings *f, const char *format)
{
    struct ts_buf out = {0};
    int rc;

    if (strcmp(format, "json") == 0) {
        ts_json_write(&out, f->list, 2);
        ts_buf_c(&out, '\n');
    } else if (strcmp(format, "sarif") == 0)
        print_sarif(&out, f);
    else
        print_text(&out, f);
    rc = ts_cli_out(&out);
    ts_buf_free(&out);
    return rc;
}

/* One file.  An error in reading it as a sequence is a finding and exit code 2. */
static int check_one(struct findings *f, const struct ts_args *args, const char *path)
{
    struct ts_session s = {0};
    struct ts_err err = {0};
    int rc = TS_EXIT_OK;

    f->file = path;
    if (ts_session_machine(&s, args, &err) != TS_OK ||
        ts_session_sequence(&s, path, &err) != TS_OK) {
        add_load_error(f, path, &err);
        rc = TS_EXIT_USAGE;
    } else
        (void)ts_check(s.seq, &s.steps, add_finding, f);
    ts_session_fini(&s);
    return rc;
}

static int check(const struct ts_args *args)
{
    const char *format = ts_args_has(args, "json") ? "json" : ts_args_get(args, "format");
    struct findings f = {0};
    int worst = TS_EXIT_OK, rc;

    if (!format)
        format = "text";
    if (args->word_count == 0)
        return ts_cli_usage("check wants one sequence or more");
    if (strcmp(format, "text") && strcmp(format, "json") && strcmp(format, "sarif"))
        return ts_cli_usage("--format is text, json or sarif, not %s", format);
    f.list = ts_value_new(&f.arena, TS_ARRAY);
    for (size_t i = 0; i < args->word_count; i++) {
        rc = check_one(&f, args, args->words[i]);
        worst = rc > worst ? rc : worst;
    }
    if (worst == TS_EXIT_OK && f.problems)
        worst = TS_EXIT_FAILED;
    rc = print_findings(&f, format);
    if (strcmp(format, "text") == 0 && worst == TS_EXIT_OK)
        fprintf(stderr, "%zu %s checked, no errors or warnings\n", args->word_count,
                args->word_count == 1 ? "sequence" : "sequences");
    ts_arena_fini(&f.arena);
    return rc == TS_EXIT_OK ? worst : rc;
}

/* ---- steps, schema -------------------------------------------------------------------
 */

static const struct ts_opt steps_options[] = {
    {"json", 0, NULL, false, "Everything as JSON"},
    {"markdown", 0, NULL, false, "As the manual page"},
    TS_SESSION_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

static int unknown_type(const struct ts_session *s, const char *name)
{
    const char *near = ts_registry_suggest(&s->steps, ts_str_of(name));

    if (near)
        return ts_cli_usage("there is no step type %s; did you mean %s?", name, near);
    return ts_cli_usage("there is no step type %s; taskseq steps lists them", name);
}

static int steps(const struct ts_args *args)
{
    struct ts_session s = {0};
    struct ts_err err = {0};
    struct ts_buf out = {0};
    const struct ts_step_type *one = NULL;
    int rc;

    if (args->word_count > 1)
        return ts_cli_usage("steps wants one step type at most");
    if (ts_session_machine(&s, args, &err) != TS_OK ||
        ts_session_steps(&s, NULL, &err) != TS_OK) {
        rc = ts_cli_fail(&err);
        goto done;
    }
    if (args->word_count &&
        !(one = ts_registry_find(&s.steps, ts_str_of(args->words[0])))) {
        rc = unknown_type(&s, args->words[0]);
        goto done;
    }
    if (ts_args_has(args, "json"))
        ts_steps_json(&out, &s.steps, one);
    else if (ts_args_has(args, "markdown"))
        ts_steps_markdown(&out, &s.steps, one);
    else
        ts_steps_text(&out, &s.steps, one);
    rc = ts_cli_out(&out);
done:
    ts_buf_free(&out);
    ts_session_fini(&s);
    return rc;
}

static const struct ts_opt schema_options[] = {TS_SESSION_OPTIONS,
                                               {NULL, 0, NULL, false, NULL}};

static int schema(const struct ts_args *args)
{
    struct ts_session s = {0};
    struct ts_err err = {0};
    struct ts_buf out = {0};
    int rc;

    if (args->word_count)
        return ts_cli_usage("schema takes no arguments");
    if (ts_session_machine(&s, args, &err) != TS_OK ||
        ts_session_steps(&s, NULL, &err) != TS_OK)
        rc = ts_cli_fail(&err);
    else {
        ts_schema_write(&out, &s.steps);
        rc = ts_cli_out(&out);
    }
    ts_buf_free(&out);
    ts_session_fini(&s);
    return rc;
}

const struct ts_command ts_cmd_check = {
    "check",
    "read, validate and lint sequences; touches nothing",
    "check SEQUENCE... [--format text|json|sarif]",
    check_options,
    "Every finding has file, line, column, a rule and a way out (docs/check.md).  Exit "
    "code\n"
    "0: no errors or warnings, 1: some, 2: bad usage or a file that is not a sequence.\n",
    check};
const struct ts_command ts_cmd_steps = {"steps",
                                        "the reference of the step types",
                                        "steps [TYPE] [--json]",
                                        steps_options,
                                        NULL,
                                        steps};
const struct ts_command ts_cmd_schema = {
    "schema", "the JSON Schema of the sequence format", "schema", schema_options, NULL,
    schema};
