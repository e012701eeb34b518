/* to_xml_step.c - one step as XML. */
#include "parse/to_xml.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A variable of the defaultVarList. */
struct line {
    const char *name, *property, *value;
    bool hidden;
};

struct lines {
    struct line *v;
    size_t n, cap;
};

/* What the attributes and elements of the step will be. */
struct step {
    struct xml_out *w;
    const struct ts_node *n;
    const struct ts_value *keep; /* NULL: made from type and properties */
    const char *element, *type, *action;
    struct lines lines;
};

static const char *kept_text(const struct ts_value *keep, const char *key)
{
    return keep ? ts_value_text(keep, key) : NULL;
}

static const struct ts_value *kept(const struct ts_value *keep, const char *key)
{
    return keep ? ts_value_get(keep, key) : NULL;
}

/* ---- variables -----------------------------------------------------------------------
 */

static bool have(const struct lines *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (ts_caseeq(l->v[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void add(struct step *s, const char *name, const char *value, bool hidden)
{
    const struct ts_value *properties = kept(s->n->xml, XML_PROPERTIES);
    const char *property =
        properties ? ts_value_text(properties, name) : xml_out_property_of(name);

    if (have(&s->lines, name)) {
        return;
    }
    property = property ? property : name;
    if (s->lines.n == s->lines.cap) {
        s->lines.cap = s->lines.cap ? s->lines.cap * 2 : 16;
        s->lines.v = ts_realloc_array(s->lines.v, s->lines.cap, sizeof *s->lines.v);
    }
    s->lines.v[s->lines.n++] = (struct line){name, property, value, hidden};
}

static void add_all(struct step *s, const struct ts_value *object, bool hidden)
{
    for (const struct ts_value *v = object ? object->first : NULL; v; v = v->next) {
        add(s, v->key.p, v->kind == TS_STRING ? v->str.p : "", hidden);
    }
}

/* The properties that a variable holds. */
static void add_properties(struct step *s)
{
    const struct ts_step_type *t = ts_registry_find(s->w->steps, ts_str_of(s->n->type));
    const char *action = s->action ? s->action : "";

    for (const struct ts_value *v = s->n->params->first; v && t; v = v->next) {
        const char *name = xml_out_var_of(s->w, t, s->n->xml, action, v->key.p);
        if (name) {
            add(s, name, xml_out_value(s->w, v->key.p, v), false);
        }
    }
    const char *package =
        t && s->n->package ? xml_out_var_of(s->w, t, s->n->xml, action, "package") : NULL;
    if (package) {
        add(s, package, s->n->package, false);
    }
}

/* ConfigMgr sorts them by property. */
static int by_property(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int order = strcmp(x->property, y->property);

    return order ? order : strcmp(x->name, y->name);
}

static void write_variables(struct step *s)
{
    struct xml_out *w = s->w;

    if (s->lines.n == 0) {
        return;
    }
    if (!w->mdt) {
        qsort(s->lines.v, s->lines.n, sizeof *s->lines.v, by_property);
    }
    xml_out_line(w);
    ts_buf_z(w->b, "<defaultVarList>");
    w->level++;
    for (size_t i = 0; i < s->lines.n; i++) {
        const struct line *l = &s->lines.v[i];
        xml_out_variable(w, l->name, l->property, l->hidden, l->value);
    }
    w->level--;
    xml_out_line(w);
    ts_buf_z(w->b, "</defaultVarList>");
}

/* ---- attributes ----------------------------------------------------------------------
 */

/* What the import could not read stays as it was. */
static void attribute(struct step *s, const char *name, const char *value)
{
    const struct ts_value *rest = kept(s->n->xml, XML_ATTRIBUTES);
    const char *odd = rest ? ts_value_text(rest, name) : NULL;

    if (odd || value) {
        xml_out_attr(s->w, name, odd ? odd : value);
    }
}

static bool is_written(const struct step *s, const char *name)
{
    static const char *const always[] = {"runIn", "successCodeList", "timeout"};

    for (size_t i = 0; i < 3; i++) {
        if (ts_caseeq(name, always[i])) {
            return true;
        }
    }
    return !s->w->mdt && s->w->current &&
           (ts_caseeq(name, "retryCount") || ts_caseeq(name, "runFromNet"));
}

static void switches(struct step *s)
{
    bool always = s->w->mdt;

    attribute(s, "disable", s->n->disabled ? "true" : always ? "false" : NULL);
    attribute(s, "continueOnError",
              s->n->continue_on_error ? "true"
              : always                ? "false"
                                      : NULL);
}

static const char *run_in(const struct step *s)
{
    return s->n->phase == TS_PHASE_WINPE    ? "WinPE"
           : s->n->phase == TS_PHASE_FULLOS ? "FullOS"
           : s->w->mdt                      ? NULL
                                            : "WinPEandFullOS";
}

/* How often a step that a restart cut is begun again, which only imports say. */
static const char *retry_count(const struct step *s)
{
    const struct ts_retry *r = &s->n->retry;

    if (r->on.set && r->on.n == 0 && r->attempts > 1) {
        return ts_arena_format(s->w->arena, "%d", r->attempts - 1);
    }
    return s->w->current && !s->w->mdt ? "0" : NULL;
}

static void write_attributes(struct step *s)
{
    struct xml_out *w = s->w;
    const struct ts_value *rest = kept(s->n->xml, XML_ATTRIBUTES);
    const char *name = kept_text(s->n->xml, XML_NAME);
    const struct ts_value *start_in = ts_value_get(s->n->params, "startIn");
    bool run = strcmp(s->n->type, "RunCommandLine") == 0;

    if (s->type) {
        xml_out_attr(w, "type", s->type);
    }
    xml_out_attr(w, "name", name ? name : s->n->name);
    xml_out_attr(w, "description", s->n->description ? s->n->description : "");
    switches(s);
    attribute(s, "timeout",
              s->n->timeout_ms
                  ? ts_arena_format(w->arena, "%" PRId64, (s->n->timeout_ms + 999) / 1000)
                  : NULL);
    attribute(s, "runIn", run_in(s));
    attribute(s, "successCodeList", xml_out_codes(w, s->n));
    if (w->mdt) {
        xml_out_attr(w, "startIn", run && start_in ? xml_out_value(w, "", start_in) : "");
    }
    attribute(s, "retryCount", retry_count(s));
    attribute(s, "runFromNet", w->current && !w->mdt ? "false" : NULL);
    for (const struct ts_value *v = rest ? rest->first : NULL; v; v = v->next) {
        if (!is_written(s, v->key.p) && !ts_caseeq(v->key.p, "disable") &&
            !ts_caseeq(v->key.p, "continueOnError") &&
            !ts_caseeq(v->key.p, "retryCount") && !ts_caseeq(v->key.p, "runFromNet")) {
            xml_out_attr(w, v->key.p, v->kind == TS_STRING ? v->str.p : "");
        }
    }
}

/* ---- the step ------------------------------------------------------------------------
 */

static void write_condition(struct step *s)
{
    const char *raw = kept_text(s->n->xml, XML_CONDITION);

    if (raw && !xml_out_anew(s->w, s->n, ANEW_CONDITION)) {
        xml_out_line(s->w);
        ts_buf_z(s->w->b, raw);
    } else {
        xml_out_condition(s->w, s->n->condition);
    }
}

static void write_action(struct step *s)
{
    if (s->action) {
        xml_out_line(s->w);
        ts_buf_z(s->w->b, "<action>");
        xml_out_text(s->w->b, s->action, false);
        ts_buf_z(s->w->b, "</action>");
    }
}

/* What was kept, else what is usual.  An empty text: there was none. */
static const char *kept_or(const struct step *s, const char *key, const char *usual)
{
    const char *text = kept_text(s->keep, key);

    return !text ? usual : *text ? text : NULL;
}

static void plan(struct step *s)
{
    struct xml_made made = {0};
    const struct ts_value *hidden = kept(s->keep, XML_HIDDEN);

    if (strcmp(s->n->type, "Unsupported") != 0 || !s->keep) {
        xml_out_make(s->w, s->n, &made);
    }
    s->element = kept_text(s->keep, XML_ELEMENT);
    s->type = kept_or(s, XML_TYPE, made.type);
    s->action = kept_or(s, XML_ACTION, made.action);
    if (!s->element) {
        bool child = !s->keep && strcmp(s->n->type, "RunTaskSequence") == 0;
        s->element = child ? "subtasksequence" : "step";
    }
    add_all(s, hidden ? hidden : made.hidden, true);
    if (!s->keep) {
        add_all(s, made.variables, false);
    }
    add_all(s, kept(s->n->xml, XML_DEFAULTS), false);
    add_properties(s);
}

void xml_out_step(struct xml_out *w, const struct ts_node *n)
{
    struct step s = {.w = w, .n = n};

    s.keep = n->xml && !xml_out_anew(w, n, ANEW_STEP) ? n->xml : NULL;
    plan(&s);
    xml_out_line(w);
    ts_buf_fmt(w->b, "<%s", s.element);
    write_attributes(&s);
    ts_buf_c(w->b, '>');
    w->level++;
    const struct ts_value *elements = kept(n->xml, XML_ELEMENTS);
    if (w->mdt) {
        write_variables(&s);
        write_action(&s);
        write_condition(&s);
    } else {
        write_condition(&s);
        write_action(&s);
        write_variables(&s);
    }
    for (const struct ts_value *v = elements ? elements->first : NULL; v; v = v->next) {
        xml_out_line(w);
        ts_buf_z(w->b, v->kind == TS_STRING ? v->str.p : "");
    }
    w->level--;
    xml_out_line(w);
    ts_buf_fmt(w->b, "</%s>", s.element);
    ts_free(s.lines.v);
}
