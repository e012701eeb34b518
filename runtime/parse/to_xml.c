/* to_xml.c - a sequence as the XML of ConfigMgr and MDT. */
#include "parse/to_xml.h"

#include "parse/parse.h"
#include "parse/xml_dom.h"

#include <string.h>

/* ---- text ----------------------------------------------------------------------------
 */

void xml_out_line(struct xml_out *w)
{
    if (w->flat) {
        return;
    }
    ts_buf_c(w->b, '\n');
    for (int i = 0; i < 2 * w->level; i++) {
        ts_buf_c(w->b, ' ');
    }
}

void xml_out_text(struct ts_buf *b, const char *text, bool in_attribute)
{
    ts_str s = ts_str_of(text);

    for (size_t pos = 0, from = 0; from < s.n; from = pos) {
        uint32_t c = ts_utf8_next(s, &pos);
        bool fine = (c >= 0x20 || c == '\t' || c == '\n' || c == '\r') && c != 0xFFFE &&
                    c != 0xFFFF;
        xml_escape(b, fine ? (ts_str){s.p + from, pos - from} : TS_S("\xEF\xBF\xBD"),
                   in_attribute);
    }
}

void xml_out_attr(struct xml_out *w, const char *name, const char *value)
{
    ts_buf_fmt(w->b, " %s=\"", name);
    xml_out_text(w->b, value, true);
    ts_buf_c(w->b, '"');
}

void xml_out_variable(struct xml_out *w, const char *name, const char *property,
                      bool hidden, const char *value)
{
    xml_out_line(w);
    ts_buf_z(w->b, "<variable");
    xml_out_attr(w, "name", name);
    if (property) {
        xml_out_attr(w, "property", property);
    }
    if (hidden) {
        xml_out_attr(w, "hidden", "true");
    }
    ts_buf_c(w->b, '>');
    xml_out_text(w->b, value, false);
    ts_buf_z(w->b, "</variable>");
}

bool xml_out_anew(const struct xml_out *w, const struct ts_node *n, int what)
{
    return ((uintptr_t)ts_map_get(&w->anew, ts_str_of(n->id)) & (uintptr_t)what) != 0;
}

/* ---- groups --------------------------------------------------------------------------
 */

static void nodes(struct xml_out *w, const struct ts_node *first);

/* The import puts such a step in front of a group's own when it cannot understand the
 * group's condition; reading the condition again makes it again. */
static bool is_made_by_condition(const struct ts_node *n)
{
    const struct ts_node *group = n->parent;
    const char *type = n->is_group ? NULL : ts_value_text(n->params, "xmlType");

    return type && strcmp(n->type, "Unsupported") == 0 &&
           strcmp(type, "condition") == 0 && group && group->xml && group->first == n &&
           ts_value_text(group->xml, XML_CONDITION) &&
           ts_value_get(group->xml, XML_CONDITION);
}

static void group_attributes(struct xml_out *w, const struct ts_node *n)
{
    const struct ts_value *rest = n->xml ? ts_value_get(n->xml, XML_ATTRIBUTES) : NULL;
    const char *name = n->xml ? ts_value_text(n->xml, XML_NAME) : NULL;

    xml_out_attr(w, "name", name ? name : n->name);
    xml_out_attr(w, "description", n->description ? n->description : "");
    if (n->disabled || w->mdt) {
        xml_out_attr(w, "disable", n->disabled ? "true" : "false");
    }
    if (n->continue_on_error || w->mdt) {
        xml_out_attr(w, "continueOnError", n->continue_on_error ? "true" : "false");
    }
    if (w->mdt && !(rest && ts_value_get(rest, "expand"))) {
        xml_out_attr(w, "expand", "false");
    }
    for (const struct ts_value *v = rest ? rest->first : NULL; v; v = v->next) {
        if (!ts_caseeq(v->key.p, "disable") && !ts_caseeq(v->key.p, "continueOnError")) {
            xml_out_attr(w, v->key.p, v->kind == TS_STRING ? v->str.p : "");
        }
    }
}

static void raw_elements(struct xml_out *w, const struct ts_value *xml)
{
    const struct ts_value *list = xml ? ts_value_get(xml, XML_ELEMENTS) : NULL;

    for (const struct ts_value *v = list ? list->first : NULL; v; v = v->next) {
        xml_out_line(w);
        ts_buf_z(w->b, v->kind == TS_STRING ? v->str.p : "");
    }
}

/* XML has no word for finally: its steps are the last ones of the group. */
static void finally(struct xml_out *w, const struct ts_node *n)
{
    if (n->finally_first) {
        xml_out_line(w);
        ts_buf_z(w->b, "<group name=\"Finally\" description=\"\">");
        w->level++;
        nodes(w, n->finally_first);
        w->level--;
        xml_out_line(w);
        ts_buf_z(w->b, "</group>");
    }
}

static void group(struct xml_out *w, const struct ts_node *n)
{
    const char *raw = n->xml ? ts_value_text(n->xml, XML_CONDITION) : NULL;

    xml_out_line(w);
    ts_buf_z(w->b, "<group");
    group_attributes(w, n);
    ts_buf_c(w->b, '>');
    w->level++;
    if (raw && !xml_out_anew(w, n, ANEW_CONDITION)) {
        xml_out_line(w);
        ts_buf_z(w->b, raw);
    } else {
        xml_out_condition(w, n->condition);
    }
    nodes(w, n->first);
    finally(w, n);
    raw_elements(w, n->xml);
    w->level--;
    xml_out_line(w);
    ts_buf_z(w->b, "</group>");
}

static void nodes(struct xml_out *w, const struct ts_node *first)
{
    for (const struct ts_node *n = first; n; n = n->next) {
        if (n->is_group) {
            group(w, n);
        } else if (!is_made_by_condition(n)) {
            xml_out_step(w, n);
        }
    }
}

/* ---- the sequence --------------------------------------------------------------------
 */

struct head {
    const struct ts_sequence *s;
    const char *container, *version;
    const char *base; /* the name a reader gives to a sequence without one */
};

static void references(struct xml_out *w, const struct ts_sequence *s, bool always)
{
    static const char *const names[] = {"package", "program", "application"};
    const struct ts_value *list = s->xml ? ts_value_get(s->xml, XML_REFERENCES) : NULL;

    if (!list && !always) {
        return;
    }
    xml_out_line(w);
    ts_buf_z(w->b, "<referenceList>");
    w->level++;
    for (const struct ts_value *r = list ? list->first : NULL; r; r = r->next) {
        xml_out_line(w);
        ts_buf_z(w->b, "<reference");
        for (size_t i = 0; i < 3; i++) {
            const char *value = r->kind == TS_OBJECT ? ts_value_text(r, names[i]) : NULL;
            if (value) {
                xml_out_attr(w, names[i], value);
            }
        }
        ts_buf_z(w->b, "/>");
    }
    w->level--;
    xml_out_line(w);
    ts_buf_z(w->b, "</referenceList>");
}

static void globals(struct xml_out *w, const struct ts_sequence *s)
{
    const struct ts_value *hidden = s->xml ? ts_value_get(s->xml, XML_HIDDEN) : NULL;
    const struct ts_value *properties =
        s->xml ? ts_value_get(s->xml, XML_PROPERTIES) : NULL;
    const struct ts_value *lists[] = {s->variables, hidden};

    if (!s->variables->count && !hidden) {
        return;
    }
    xml_out_line(w);
    ts_buf_z(w->b, "<globalVarList>");
    w->level++;
    for (int i = 0; i < 2; i++) {
        for (const struct ts_value *v = lists[i] ? lists[i]->first : NULL; v;
             v = v->next) {
            const char *property =
                properties ? ts_value_text(properties, v->key.p) : NULL;
            xml_out_variable(w, v->key.p, property ? property : v->key.p, i == 1,
                             v->kind == TS_STRING ? v->str.p : "");
        }
    }
    w->level--;
    xml_out_line(w);
    ts_buf_z(w->b, "</globalVarList>");
}

static void sequence(struct xml_out *w, const struct head *h)
{
    const struct ts_sequence *s = h->s;
    const struct ts_value *rest = s->xml ? ts_value_get(s->xml, XML_ATTRIBUTES) : NULL;
    bool alone = strcmp(h->container, "sequence") == 0;
    /* one that has a name but no references is taken for MDT's */
    bool named = w->mdt || (alone && strcmp(s->name, h->base) != 0);

    ts_buf_z(w->b, "<sequence");
    xml_out_attr(w, "version", h->version);
    if (named) {
        const char *name = s->xml ? ts_value_text(s->xml, XML_NAME) : NULL;
        xml_out_attr(w, "name", name ? name : s->name);
    }
    if (w->mdt || (alone && s->description)) {
        xml_out_attr(w, "description", s->description ? s->description : "");
    }
    for (const struct ts_value *v = rest ? rest->first : NULL; v; v = v->next) {
        xml_out_attr(w, v->key.p, v->kind == TS_STRING ? v->str.p : "");
    }
    ts_buf_c(w->b, '>');
    w->level++;
    references(w, s, named && !w->mdt);
    globals(w, s);
    nodes(w, s->root->first);
    finally(w, s->root);
    raw_elements(w, s->xml);
    w->level--;
    xml_out_line(w);
    ts_buf_z(w->b, "</sequence>");
}

/* ---- what is around it ---------------------------------------------------------------
 */

static void child(struct xml_out *w, const char *name, const char *value)
{
    xml_out_line(w);
    ts_buf_fmt(w->b, "<%s>", name);
    xml_out_text(w->b, value, false);
    ts_buf_fmt(w->b, "</%s>", name);
}

/* The export of ConfigMgr 2007. */
static void package(struct xml_out *w, const struct head *h)
{
    const struct ts_value *more = ts_value_get(h->s->xml, XML_PACKAGE);

    ts_buf_z(w->b, "<SmsTaskSequencePackage "
                   "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                   "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">");
    w->level++;
    for (const struct ts_value *v = more ? more->first : NULL; v; v = v->next) {
        child(w, v->key.p, v->kind == TS_STRING ? v->str.p : "");
    }
    child(w, "Name", h->s->name);
    child(w, "Description", h->s->description ? h->s->description : "");
    xml_out_line(w);
    ts_buf_z(w->b, "<SequenceData>");
    w->level++;
    xml_out_line(w);
    sequence(w, h);
    w->level--;
    xml_out_line(w);
    ts_buf_z(w->b, "</SequenceData>");
    w->level--;
    xml_out_line(w);
    ts_buf_z(w->b, "</SmsTaskSequencePackage>");
}

static void property(struct xml_out *w, const char *name, const char *value)
{
    xml_out_line(w);
    ts_buf_z(w->b, "<PROPERTY");
    xml_out_attr(w, "NAME", name);
    ts_buf_z(w->b, " TYPE=\"string\"><VALUE>");
    xml_out_text(w->b, value, false);
    ts_buf_z(w->b, "</VALUE></PROPERTY>");
}

/* The object that newer exports hold.  A "]]>" cannot stand in what is inside: '>' is
 * escaped there. */
static void object(struct xml_out *w, const struct head *h)
{
    const struct ts_value *more = ts_value_get(h->s->xml, XML_PACKAGE);

    ts_buf_z(w->b, "<INSTANCE CLASSNAME=\"SMS_TaskSequencePackage\">");
    w->level++;
    property(w, "Name", h->s->name);
    property(w, "Description", h->s->description ? h->s->description : "");
    for (const struct ts_value *v = more ? more->first : NULL; v; v = v->next) {
        property(w, v->key.p, v->kind == TS_STRING ? v->str.p : "");
    }
    xml_out_line(w);
    ts_buf_z(w->b, "<PROPERTY NAME=\"Sequence\" TYPE=\"string\"><VALUE><![CDATA[");
    sequence(w, h);
    ts_buf_z(w->b, "]]></VALUE></PROPERTY>");
    w->level--;
    xml_out_line(w);
    ts_buf_z(w->b, "</INSTANCE>");
}

static void document(struct xml_out *w, const struct head *h)
{
    ts_buf_clear(w->b);
    ts_buf_z(w->b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    if (strcmp(h->container, "package") == 0) {
        package(w, h);
    } else if (strcmp(h->container, "object") == 0) {
        object(w, h);
    } else {
        sequence(w, h);
    }
    ts_buf_c(w->b, '\n');
}

static enum ts_code read_again(struct ts_sequence **out, const struct xml_out *w,
                               const struct head *h, struct ts_err *err)
{
    char *name = ts_format("%s.xml", h->base);
    enum ts_code rc =
        ts_sequence_parse(out, ts_buf_view(w->b), "xml", name, NULL, w->steps, err);

    ts_free(name);
    return rc;
}

static enum ts_code write_checked(struct xml_out *w, const struct head *h,
                                  const struct ts_losses *losses, struct ts_err *err)
{
    struct ts_sequence *again = NULL;
    size_t count = 0;
    enum ts_code rc;

    document(w, h);
    if ((rc = read_again(&again, w, h, err)) != TS_OK) {
        return rc;
    }
    xml_out_compare(w, h->s, again, NULL, &count);
    if (count) {
        ts_sequence_free(again);
        document(w, h);
        if ((rc = read_again(&again, w, h, err)) != TS_OK) {
            return rc;
        }
    }
    xml_out_compare(w, h->s, again, losses, &count);
    ts_sequence_free(again);
    return TS_OK;
}

enum ts_code ts_sequence_write_xml(struct ts_buf *out, const struct ts_sequence *s,
                                   const char *base, const struct ts_registry *steps,
                                   const struct ts_losses *losses, struct ts_err *err)
{
    struct ts_arena a = {0};
    struct head h = {.s = s, .base = base};
    struct xml_out w = {.b = out, .steps = steps, .arena = &a, .configmgr = s->configmgr};

    h.container = s->xml ? ts_value_text(s->xml, XML_CONTAINER) : NULL;
    h.container = h.container ? h.container : "sequence";
    w.mdt = strcmp(h.container, "mdt") == 0;
    h.version = s->xml ? ts_value_text(s->xml, XML_VERSION) : NULL;
    h.version = h.version ? h.version : w.mdt ? "3.00" : "3.10";
    w.current = strcmp(h.version, "3.00") != 0;
    enum ts_code rc = write_checked(&w, &h, losses, err);
    ts_map_fini(&w.anew, NULL);
    ts_arena_fini(&a);
    return rc;
}
