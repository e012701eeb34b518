/* from_xml.c - sequences of ConfigMgr and MDT as the values of our format. */
#include "parse/readers.h"
#include "parse/xml_import.h"

#include "base/map.h"

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
    if (name.n == 0 || name.n > 256 || ts_str_case_starts(name, TS_S("_SMSTS"))) {
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '_' || c == '-')) {
            return false;
        }
    }
    return true;
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
        if (into != x->variables || !ts_value_get(x->variables, key.p)) {
            struct ts_value *copy = xml_string(x, NULL, v->str);
            copy->line = v->line;
            copy->col = v->col;
            xml_set(x, into, key.p, copy);
        }
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

static enum ts_code build(struct xml_import *x, struct xml_found *f,
                          struct ts_value **out)
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

/* ---- files ---------------------------------------------------------------------------
 */

static enum ts_code parse_one(struct xml_found *out, struct ts_arena *a, ts_str bytes,
                              const char *file, struct ts_err *err)
{
    struct ts_buf text = {0};
    struct xml_element *root;
    enum ts_code rc;

    if ((rc = xml_to_utf8(&text, bytes, file, err)) == TS_OK &&
        (rc = xml_parse(&root, a, ts_buf_view(&text), file, NULL, err)) == TS_OK &&
        (rc = xml_find(out, a, root, file, err)) == TS_OK && !out->sequence) {
        rc = ts_fail(err, TS_EINPUT,
                     "%s:%d:%d: there is no task sequence in this XML (its root is <%s>)",
                     file, root->line, root->col, root->name);
    }
    ts_buf_free(&text);
    return rc;
}

enum ts_code xml_read(struct ts_arena *a, ts_str bytes, const struct source *s,
                      const struct ts_registry *steps, struct ts_value **out,
                      struct ts_err *err)
{
    struct xml_import x = {.arena = a, .steps = steps, .err = err};
    struct xml_found found = {0};
    enum ts_code rc = parse_one(&found, a, bytes, ts_arena_strz(a, s->name), err);

    return rc == TS_OK ? build(&x, &found, out) : rc;
}

/* ---- exports -------------------------------------------------------------------------
 */

/* Which sequences others run: package id -> the one that does, or &many. */
static const struct xml_found many;

static void note_children(struct ts_map *run, const struct xml_found *by,
                          const struct xml_element *e)
{
    const char *property = xml_is(e, "variable") ? xml_attr(e, "property") : NULL;

    if (property && ts_caseeq(property, "TsPackageID")) {
        ts_str id = ts_str_trim(e->text);
        const void *before = ts_map_get(run, id);
        ts_map_set(run, id, (void *)(uintptr_t)(before && before != by ? &many : by));
    }
    for (const struct xml_element *c = e->first; c; c = c->next) {
        note_children(run, by, c);
    }
}

static enum ts_code fail_choice(const struct xml_found *all, size_t n, const char *file,
                                const char *wanted, struct ts_err *err)
{
    struct ts_buf list = {0};

    for (size_t i = 0; i < n && list.n < 800; i++) {
        ts_buf_fmt(&list, "%s%.60s (%.80s)", i ? ", " : "", all[i].id,
                   all[i].name ? all[i].name : "");
    }
    enum ts_code rc =
        wanted ? ts_fail(err, TS_EINPUT,
                         "%s: there is no task sequence %s in this export; there "
                         "are %s",
                         file, wanted, ts_buf_text(&list))
               : ts_fail(err, TS_EINPUT,
                         "%s: there are several task sequences in this export: %s; "
                         "name one, as in %s/%s",
                         file, ts_buf_text(&list), file, all[0].id);
    ts_buf_free(&list);
    return rc;
}

/* The one that no other runs. */
static enum ts_code choose(const struct xml_found *all, size_t n, const char *file,
                           const char *wanted, size_t *out, struct ts_err *err)
{
    struct ts_map run = {0};
    size_t roots = 0;

    for (size_t i = 0; i < n; i++) {
        note_children(&run, &all[i], all[i].sequence);
    }
    for (size_t i = 0; i < n; i++) {
        const void *by = ts_map_get(&run, ts_str_of(all[i].id));
        if (wanted ? ts_caseeq(all[i].id, wanted) : !by || by == &all[i]) {
            *out = i;
            roots++;
        }
    }
    ts_map_fini(&run, NULL);
    return roots == 1 ? TS_OK : fail_choice(all, n, file, wanted, err);
}

enum ts_code xml_read_export(struct ts_arena *a, ts_str bytes, const struct source *s,
                             const char *member, const struct ts_registry *steps,
                             struct ts_value **out, struct ts_err *err)
{
    struct xml_import x = {.arena = a, .steps = steps, .err = err};
    struct xml_archive zip = {0};
    size_t main = 0;
    enum ts_code rc = xml_archive_read(&zip, bytes, s->name, err);

    if (rc == TS_OK && zip.n == 0) {
        rc = ts_fail(err, TS_EINPUT,
                     "%s: there is no task sequence in this archive (no "
                     "SMS_TaskSequencePackage/<id>/object.xml)",
                     s->name);
    }
    x.others = ts_arena_alloc(a, (zip.n + 1) * sizeof *x.others);
    for (size_t i = 0; i < zip.n && rc == TS_OK; i++) {
        const char *file = ts_arena_format(a, "%s/%s", s->name, zip.members[i].path);
        rc = parse_one(&x.others[i], a, ts_buf_view(&zip.members[i].text), file, err);
        x.others[i].id = ts_arena_strz(a, zip.members[i].id);
        x.other_count++;
    }
    if (rc == TS_OK &&
        (rc = choose(x.others, x.other_count, s->name, member, &main, err)) == TS_OK) {
        rc = build(&x, &x.others[main], out);
    }
    xml_archive_fini(&zip);
    return rc;
}
