/* from_xml.c - sequences of ConfigMgr and MDT as the values of our format. */
#include "parse/xml_import.h"

#include "vars/vars.h"

#include <string.h>

/* ---- values --------------------------------------------------------------------------
 */

static struct ts_value *placed(struct xml_import *x, const struct xml_element *e,
                               struct ts_value *v)
{
    v->file = x->file;
    v->line = e ? e->line : 0;
    v->col = e ? e->col : 0;
    return v;
}

struct ts_value *xml_object(struct xml_import *x, const struct xml_element *e)
{
    return placed(x, e, ts_value_new(x->arena, TS_OBJECT));
}

struct ts_value *xml_list(struct xml_import *x, const struct xml_element *e)
{
    return placed(x, e, ts_value_new(x->arena, TS_ARRAY));
}

struct ts_value *xml_string(struct xml_import *x, const struct xml_element *e, ts_str s)
{
    return placed(x, e, ts_value_string(x->arena, s));
}

void xml_set(struct xml_import *x, struct ts_value *object, const char *key,
             struct ts_value *v)
{
    ts_value_set(x->arena, object, ts_str_of(key), v);
}

void xml_set_text(struct xml_import *x, struct ts_value *object, const char *key,
                  const struct xml_element *e, const char *text)
{
    if (text && *text) {
        xml_set(x, object, key, xml_string(x, e, ts_str_of(text)));
    }
}

void xml_set_bool(struct xml_import *x, struct ts_value *object, const char *key,
                  const struct xml_element *e, bool b)
{
    xml_set(x, object, key, placed(x, e, ts_value_bool(x->arena, b)));
}

void xml_set_some(struct xml_import *x, struct ts_value *object, const char *key,
                  struct ts_value *v)
{
    if (v && v->count) {
        xml_set(x, object, key, v);
    }
}

bool xml_truth(const char *text)
{
    ts_str s = ts_str_trim(ts_str_of(text));

    return ts_str_caseeq(s, TS_S("true")) || ts_str_caseeq(s, TS_S("yes")) ||
           ts_str_caseeq(s, TS_S("1"));
}

/* ---- attributes that groups and steps share ------------------------------------------
 */

enum { MOST_CHARACTERS = 200 };

/* A name as ours may be: no control characters, not too long; NULL if nothing is left. */
static const char *clean_name(struct ts_arena *a, const char *name)
{
    struct ts_buf b = {0};
    ts_str s = ts_str_of(name);
    size_t pos = 0, chars = 0;

    while (pos < s.n && chars < MOST_CHARACTERS) {
        size_t from = pos;
        uint32_t c = ts_utf8_next(s, &pos);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
            ts_buf_c(&b, ' ');
        } else {
            ts_buf_add(&b, s.p + from, pos - from);
        }
        chars++;
    }
    const char *clean =
        ts_str_trim(ts_buf_view(&b)).n ? ts_arena_str(a, ts_buf_view(&b)) : NULL;
    ts_buf_free(&b);
    return clean;
}

static bool is_switch(const char *text)
{
    return ts_caseeq(text, "true") || ts_caseeq(text, "false");
}

static void keep_attribute(struct xml_import *x, struct ts_value *keep,
                           const struct xml_element *e, const struct xml_attr *a)
{
    struct ts_value *all =
        (struct ts_value *)(uintptr_t)ts_value_get(keep, XML_ATTRIBUTES);

    if (!all) {
        all = xml_object(x, e);
        xml_set(x, keep, XML_ATTRIBUTES, all);
    }
    xml_set(x, all, a->name, xml_string(x, e, ts_str_of(a->value)));
}

/* Is everything that this attribute says said by now? */
static bool common_attribute(struct xml_import *x, const struct xml_element *e,
                             const struct xml_attr *a, struct ts_value *node,
                             struct ts_value *keep)
{
    if (ts_caseeq(a->name, "name")) {
        const char *clean = clean_name(x->arena, a->value);
        xml_set_text(x, node, "name", e, clean);
        if (!clean ? *a->value : strcmp(clean, a->value) != 0) {
            xml_set_text(x, keep, XML_NAME, e, a->value);
        }
        return true;
    }
    if (ts_caseeq(a->name, "description")) {
        xml_set_text(x, node, "description", e, a->value);
        return true;
    }
    if (ts_caseeq(a->name, "disable") || ts_caseeq(a->name, "continueOnError")) {
        if (xml_truth(a->value)) {
            xml_set_bool(x, node,
                         ts_caseeq(a->name, "disable") ? "disabled" : "continueOnError",
                         e, true);
        }
        return is_switch(a->value);
    }
    /* What the editor showed open, and a switch that is off. */
    return (ts_caseeq(a->name, "expand") || ts_caseeq(a->name, "runFromNet")) &&
           ts_caseeq(a->value, "false");
}

static bool is_step_attribute(const char *name)
{
    static const char *const names[] = {"type",    "runIn",      "successCodeList",
                                        "timeout", "retryCount", "startIn"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (ts_caseeq(name, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_known_element(const struct xml_element *e, bool step)
{
    return xml_is(e, "condition") || xml_is_operand(e) ||
           (xml_is(e, "action") && (step || ts_str_trim(e->text).n == 0)) ||
           xml_is(e, step ? "defaultVarList" : "group") ||
           (!step && (xml_is(e, "step") || xml_is(e, "subtasksequence")));
}

static void keep_elements(struct xml_import *x, const struct xml_element *e,
                          struct ts_value *keep,
                          bool (*known)(const struct xml_element *))
{
    struct ts_value *list = xml_list(x, e);

    for (const struct xml_element *c = e->first; c; c = c->next) {
        if (!known(c)) {
            struct ts_buf b = {0};
            xml_write(&b, c);
            ts_value_push(list, xml_string(x, c, ts_buf_view(&b)));
            ts_buf_free(&b);
        }
    }
    xml_set_some(x, keep, XML_ELEMENTS, list);
}

static bool known_in_step(const struct xml_element *e)
{
    return is_known_element(e, true);
}

static bool known_in_group(const struct xml_element *e)
{
    return is_known_element(e, false);
}

void xml_common(struct xml_import *x, const struct xml_element *e, struct ts_value *node,
                struct ts_value *keep, const char **why)
{
    bool group = xml_is(e, "group"), raw;
    struct ts_value *condition;

    for (const struct xml_attr *a = e->attrs; a; a = a->next) {
        if (!common_attribute(x, e, a, node, keep) &&
            (group || !is_step_attribute(a->name))) {
            keep_attribute(x, keep, e, a);
        }
    }
    xml_condition(x, e, &condition, &raw, why);
    if (condition) {
        xml_set(x, node, "condition", condition);
    }
    if (raw) {
        xml_set(x, keep, XML_CONDITION, xml_condition_text(x, e));
    }
    keep_elements(x, e, keep, group ? known_in_group : known_in_step);
}

void xml_unsupported(struct xml_import *x, struct ts_value *node,
                     const struct xml_element *e, const char *type, const char *reason)
{
    xml_set(x, node, "type", xml_string(x, e, TS_S("Unsupported")));
    xml_set_text(x, node, "xmlType", e, type);
    xml_set_text(x, node, "reason", e, reason);
}

/* ---- nodes ---------------------------------------------------------------------------
 */

/* A condition that cannot be understood fails its group when the group is reached: by a
 * first step that does. */
static void add_failure(struct xml_import *x, const struct xml_element *e,
                        struct ts_value *list, const char *why)
{
    struct ts_value *node = xml_object(x, e);

    xml_set(x, node, "name", xml_string(x, e, TS_S("Condition of the group")));
    xml_unsupported(
        x, node, e, "condition",
        ts_arena_format(x->arena, "the condition cannot be understood: %s", why));
    ts_value_push(list, node);
}

static enum ts_code add_group(struct xml_import *x, const struct xml_element *e,
                              struct ts_value *list)
{
    struct ts_value *node = xml_object(x, e), *keep = xml_object(x, e);
    struct ts_value *steps = xml_list(x, e);
    bool disabled = xml_truth(xml_attr(e, "disable"));
    const char *why;

    xml_set(x, node, "type", xml_string(x, e, TS_S("Group")));
    xml_common(x, e, node, keep, &why);
    if (why) {
        add_failure(x, e, steps, why);
    }
    x->disabled += disabled;
    enum ts_code rc = xml_nodes(x, e, steps);
    x->disabled -= disabled;
    xml_set_some(x, node, "xml", keep);
    xml_set(x, node, "steps", steps);
    ts_value_push(list, node);
    return rc;
}

enum ts_code xml_nodes(struct xml_import *x, const struct xml_element *parent,
                       struct ts_value *list)
{
    enum ts_code rc = TS_OK;

    for (const struct xml_element *e = parent->first; e && rc == TS_OK; e = e->next) {
        if (xml_is(e, "group")) {
            rc = add_group(x, e, list);
        } else if (xml_is(e, "step") || xml_is(e, "subtasksequence")) {
            rc = xml_add_step(x, e, list);
        }
    }
    if (rc == TS_OK && x->too_long) {
        rc = ts_fail(x->err, TS_EINPUT, "%s:%d:%d: this list has more than %d variables",
                     x->file, x->too_long->line, x->too_long->col, XML_MOST_VARIABLES);
    }
    return rc;
}

/* ---- the head ------------------------------------------------------------------------
 */

static struct ts_value *references(struct xml_import *x, const struct xml_element *e)
{
    static const char *const names[] = {"package", "program", "application"};
    struct ts_value *list = xml_list(x, e);

    for (const struct xml_element *r = e ? e->first : NULL; r; r = r->next) {
        struct ts_value *one = xml_object(x, r);
        for (size_t i = 0; i < 3 && xml_is(r, "reference"); i++) {
            xml_set_text(x, one, names[i], r, xml_attr(r, names[i]));
        }
        if (one->count) {
            ts_value_push(list, one);
        }
    }
    return list;
}

/* Names that only the runtime sets stay in the XML. */
static bool may_be_set(ts_str name)
{
    return ts_var_name_valid(name) && !ts_str_case_starts(name, TS_S("_SMSTS"));
}

static void globals(struct xml_import *x, const struct xml_element *list,
                    struct ts_value *keep)
{
    struct xml_vars vars;
    struct ts_value *next;

    xml_vars_read(x, list, &vars);
    for (struct ts_value *v = vars.visible->first; v; v = next) {
        next = v->next;
        ts_str key = v->key;
        struct ts_value *into = may_be_set(key) ? x->variables : vars.hidden;
        struct ts_value *copy = xml_string(x, NULL, v->str);
        copy->line = v->line;
        copy->col = v->col;
        xml_set(x, into, key.p, copy);
    }
    xml_set_some(x, keep, XML_HIDDEN, vars.hidden);
    xml_set_some(x, keep, XML_PROPERTIES, vars.properties);
}

static bool known_in_sequence(const struct xml_element *e)
{
    return xml_is(e, "group") || xml_is(e, "step") || xml_is(e, "subtasksequence") ||
           xml_is(e, "referenceList") || xml_is(e, "globalVarList");
}

static void head(struct xml_import *x, const struct xml_found *f, struct ts_value *out)
{
    const struct xml_element *e = f->sequence;
    struct ts_value *keep = xml_object(x, e);
    const char *name = xml_attr(e, "name"), *description = xml_attr(e, "description");

    xml_set(x, out, "taskseq", placed(x, e, ts_value_int(x->arena, 1)));
    xml_set_text(x, out, "name", e,
                 clean_name(x->arena, name && *name ? name
                                      : f->name     ? f->name
                                                    : ""));
    xml_set_text(x, out, "description", e,
                 description && *description ? description : f->description);
    xml_set(x, out, "semantics", xml_string(x, e, TS_S("configmgr")));
    xml_set_text(x, keep, XML_CONTAINER, e, f->container);
    xml_set_text(x, keep, XML_VERSION, e, xml_attr(e, "version"));
    for (const struct xml_attr *a = e->attrs; a; a = a->next) {
        if (!ts_caseeq(a->name, "name") && !ts_caseeq(a->name, "description") &&
            !ts_caseeq(a->name, "version")) {
            keep_attribute(x, keep, e, a);
        }
    }
    xml_set_some(x, keep, XML_REFERENCES, references(x, xml_child(e, "referenceList")));
    xml_set_some(x, keep, XML_PACKAGE, f->package);
    globals(x, xml_child(e, "globalVarList"), keep);
    keep_elements(x, e, keep, known_in_sequence);
    xml_set_some(x, out, "xml", keep);
}

/* MDT names the sequence itself and lists no references. */
static bool is_mdt(const struct xml_element *sequence)
{
    return xml_attr(sequence, "name") && !xml_child(sequence, "referenceList");
}

enum ts_code xml_build(struct xml_import *x, struct xml_found *f, struct ts_value **out)
{
    struct xml_busy busy = {.found = f};

    x->file = f->file;
    x->mdt = is_mdt(f->sequence);
    x->busy = &busy;
    if (x->mdt && strcmp(f->container, "sequence") == 0) {
        f->container = "mdt";
    }
    struct ts_value *document = xml_object(x, f->sequence);
    struct ts_value *steps = xml_list(x, f->sequence);
    x->variables = xml_object(x, f->sequence);
    head(x, f, document);
    enum ts_code rc = xml_nodes(x, f->sequence, steps);
    xml_set_some(x, document, "variables", x->variables);
    xml_set(x, document, "steps", steps);
    *out = document;
    return rc;
}
