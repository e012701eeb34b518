/* schema.c - the JSON Schema of the format, from the options and the step types.
 *
 * It is for editors, so it describes what people should write: the readers also take some
 * other spellings (case of enums, numbers as text). */
#include "parse/options.h"
#include "parse/parse.h"

#include <assert.h>
#include <string.h>

struct member_list {
    struct ts_buf *out;
    bool first;
};

static void text(struct ts_buf *b, const char *z)
{
    ts_buf_c(b, '"');
    ts_buf_json(b, ts_str_of(z));
    ts_buf_c(b, '"');
}

static void key(struct member_list *m, const char *name)
{
    if (!m->first) {
        ts_buf_c(m->out, ',');
    }
    m->first = false;
    text(m->out, name);
    ts_buf_c(m->out, ':');
}

/* `schema` with a description in it.  Beside a $ref that is allowed since 2019-09. */
static void described(struct ts_buf *b, const char *schema, const char *doc)
{
    ts_buf_add(b, schema, strlen(schema) - 1);
    if (doc && *doc) {
        ts_buf_z(b, ",\"description\":");
        text(b, doc);
    }
    ts_buf_c(b, '}');
}

/* ---- parameters ----------------------------------------------------------------------
 */

static const char with_variables[] = "{\"type\":\"string\",\"pattern\":\"%.+%\"}";

static void enum_schema(struct ts_buf *b, const struct ts_param *p)
{
    ts_buf_z(b, "{\"enum\":[");
    for (size_t i = 0; p->choices[i]; i++) {
        ts_buf_z(b, i ? "," : "");
        text(b, p->choices[i]);
    }
    ts_buf_z(b, "]}");
}

static void param_schema(struct ts_buf *out, const struct ts_param *p)
{
    static const char *const schemas[] = {
        [TS_P_STRING] = "{\"type\":\"string\"}",
        [TS_P_PATH] = "{\"type\":\"string\"}",
        [TS_P_INTEGER] = "{\"type\":\"integer\"}",
        [TS_P_BOOLEAN] = "{\"type\":\"boolean\"}",
        [TS_P_ENUM] = "",
        [TS_P_LIST] = "{\"$ref\":\"#/$defs/list\"}",
        [TS_P_COMMAND] = "{\"$ref\":\"#/$defs/command\"}",
        [TS_P_DURATION] = "{\"$ref\":\"#/$defs/duration\"}",
        [TS_P_MAP] = "{\"type\":\"object\",\"additionalProperties\":"
                     "{\"type\":\"string\"}}",
        [TS_P_CONDITION] = "{\"$ref\":\"#/$defs/condition\"}",
        [TS_P_RULES] =
            "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
            "\"condition\":{\"$ref\":\"#/$defs/condition\"},"
            "\"variables\":{\"type\":\"object\",\"additionalProperties\":"
            "{\"type\":\"string\"}},"
            "\"secrets\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},"
            "\"required\":[\"variables\"],\"additionalProperties\":false}}",
    };
    bool may_expand = p->expand && (p->type == TS_P_INTEGER || p->type == TS_P_BOOLEAN ||
                                    p->type == TS_P_ENUM || p->type == TS_P_DURATION);
    struct ts_buf one = {0}, all = {0};

    if (p->type == TS_P_ENUM) {
        enum_schema(&one, p);
    } else {
        ts_buf_z(&one, schemas[p->type]);
    }
    if (may_expand) {
        ts_buf_fmt(&all, "{\"anyOf\":[%s,%s]}", one.p, with_variables);
    } else {
        ts_buf_z(&all, one.p);
    }
    described(out, all.p, p->doc);
    ts_buf_free(&one);
    ts_buf_free(&all);
}

/* ---- objects -------------------------------------------------------------------------
 */

static void required(struct ts_buf *out, int where, const struct ts_step_type *type)
{
    size_t n = 0;

    ts_buf_z(out, ",\"required\":[");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (parse_options[i].required & where) {
            ts_buf_z(out, n++ ? "," : "");
            text(out, parse_options[i].name);
        }
    }
    for (size_t i = 0; type && i < type->param_count; i++) {
        const struct ts_param *p = &type->params[i];
        if (p->required && !p->def && !p->variable) {
            ts_buf_z(out, n++ ? "," : "");
            text(out, p->name);
        }
    }
    ts_buf_c(out, ']');
}

/* An object with the options of one place; of a step also its type's parameters. */
static void object(struct ts_buf *out, int where, const struct ts_step_type *type,
                   const char *const_type, const char *doc)
{
    struct member_list m = {out, true};

    ts_buf_z(out, "{\"type\":\"object\",");
    if (doc && *doc) {
        ts_buf_z(out, "\"description\":");
        text(out, doc);
        ts_buf_c(out, ',');
    }
    ts_buf_z(out, "\"additionalProperties\":false,\"properties\":{");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &parse_options[i];
        if (!(o->where & where)) {
            continue;
        }
        key(&m, o->name);
        if (i == OPT_TYPE && const_type) {
            ts_buf_z(out, "{\"const\":");
            text(out, const_type);
            ts_buf_c(out, '}');
        } else {
            described(out, o->schema, o->doc);
        }
    }
    for (size_t i = 0; type && i < type->param_count; i++) {
        key(&m, type->params[i].name);
        param_schema(out, &type->params[i]);
    }
    ts_buf_c(out, '}');
    required(out, where, type);
    ts_buf_c(out, '}');
}

/* ---- definitions ---------------------------------------------------------------------
 */

static const struct {
    const char *name, *schema;
} fixed[] = {
    {"name", "{\"type\":\"string\",\"minLength\":1,\"maxLength\":200}"},
    {"text", "{\"type\":[\"string\",\"number\",\"boolean\"]}"},
    {"texts",
     "{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/text\"}}"},
    {"list", "{\"anyOf\":[{\"type\":\"string\"},"
             "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}]}"},
    {"command", "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"minItems\":1,"
                "\"items\":{\"type\":\"string\"}}]}"},
    {"duration",
     "{\"description\":\"Integers with ms, s, m or h; a bare integer is in seconds.\","
     "\"anyOf\":[{\"type\":\"integer\",\"minimum\":0},{\"type\":\"string\",\"pattern\":"
     "\"^ *([0-9]+|(?=[0-9])([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?) *$\"}]}"},
    {"codes", "{\"type\":\"array\",\"items\":{\"anyOf\":[{\"type\":\"integer\","
              "\"minimum\":-2147483648,\"maximum\":4294967295},{\"type\":\"string\","
              "\"pattern\":\"^ *(0[xX][0-9a-fA-F]{1,8}|[+-]?[0-9]+) *$\"}]}}"},
    {"condition",
     "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"oneOf\":["
     "{\"required\":[\"all\"]},{\"required\":[\"any\"]},{\"required\":[\"none\"]},"
     "{\"required\":[\"variable\"]},{\"required\":[\"file\"]},{\"required\":[\"folder\"]}"
     ","
     "{\"required\":[\"registry\"]},{\"required\":[\"wmi\"]},{\"required\":[\"os\"]},"
     "{\"required\":[\"software\"]}],\"properties\":{"
     "\"all\":{\"$ref\":\"#/$defs/conditions\"},\"any\":{\"$ref\":\"#/$defs/"
     "conditions\"},"
     "\"none\":{\"$ref\":\"#/$defs/conditions\"}}}]}"},
    {"conditions", "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/condition\"}}"},
    {"steps", "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/node\"}}"},
};

/* if type is X then X's schema: an editor that knows the type shows only its errors. */
static void node_schema(struct ts_buf *out, const struct ts_registry *steps)
{
    ts_buf_z(out,
             "{\"if\":{\"required\":[\"include\"],\"not\":{\"required\":[\"type\"]}},"
             "\"then\":{\"$ref\":\"#/$defs/Include\"},\"else\":{\"type\":\"object\","
             "\"required\":[\"type\"],\"properties\":{\"type\":{\"enum\":[\"Group\"");
    for (size_t i = 0; i < steps->types.n; i++) {
        ts_buf_c(out, ',');
        text(out, ((const struct ts_step_type *)steps->types.entries[i].value)->name);
    }
    ts_buf_z(out, "]}},\"allOf\":[{\"if\":{\"required\":[\"type\"],\"properties\":{"
                  "\"type\":{\"const\":\"Group\"}}},"
                  "\"then\":{\"$ref\":\"#/$defs/Group\"}}");
    for (size_t i = 0; i < steps->types.n; i++) {
        const struct ts_step_type *t = steps->types.entries[i].value;
        ts_buf_z(
            out,
            ",{\"if\":{\"required\":[\"type\"],\"properties\":{\"type\":{\"const\":");
        text(out, t->name);
        ts_buf_z(out, "}}},\"then\":{\"$ref\":\"#/$defs/step.");
        ts_buf_json(out, ts_str_of(t->name));
        ts_buf_z(out, "\"}}");
    }
    ts_buf_z(out, "]}}");
}

static void definitions(struct ts_buf *out, const struct ts_registry *steps)
{
    static const struct {
        const char *name, *type;
        int where;
    } objects[] = {{"Group", "Group", IN_GROUP},
                   {"Include", NULL, IN_INCLUDE},
                   {"Retry", NULL, IN_RETRY},
                   {"Input", NULL, IN_INPUT},
                   {"Package", NULL, IN_PACKAGE}};
    struct member_list m = {out, true};
    struct ts_buf name = {0};

    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        key(&m, fixed[i].name);
        ts_buf_z(out, fixed[i].schema);
    }
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        key(&m, objects[i].name);
        object(out, objects[i].where, NULL, objects[i].type, NULL);
    }
    key(&m, "node");
    node_schema(out, steps);
    for (size_t i = 0; i < steps->types.n; i++) {
        const struct ts_step_type *t = steps->types.entries[i].value;
        ts_buf_clear(&name);
        ts_buf_fmt(&name, "step.%s", t->name);
        key(&m, name.p);
        object(out, IN_STEP, t, t->name, t->summary);
    }
    ts_buf_free(&name);
}

void ts_schema_write(struct ts_buf *out, const struct ts_registry *steps)
{
    struct ts_buf b = {0}, head = {0};
    struct ts_arena a = {0};
    struct ts_value *v;
    struct ts_err err;

    object(&head, IN_SEQUENCE, NULL, NULL, NULL);
    ts_buf_z(&b, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
                 "\"title\":\"taskseq sequence\",");
    ts_buf_add(&b, head.p + 1, head.n - 2);
    ts_buf_z(&b, ",\"$defs\":{");
    definitions(&b, steps);
    ts_buf_z(&b, "}}");
    /* Put together as one line; for people it is laid out. */
    enum ts_code rc = ts_json_parse(&v, &a, ts_buf_view(&b), "schema", &err);
    assert(rc == TS_OK); /* it is ours */
    ts_json_write(out, v, 2);
    ts_buf_c(out, '\n');
    ts_arena_fini(&a);
    ts_buf_free(&head);
    ts_buf_free(&b);
}
