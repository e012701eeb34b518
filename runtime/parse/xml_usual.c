/* xml_usual.c - what an import need not keep.
 *
 * An action such as tsenv.exe "A=1" says what the step's type and properties say already,
 * and the hidden variables of the editor say it a third time.  What the writer would give
 * a step of this type and with these properties anyway is left out; a person then sees
 * the step and nothing else. */
#include "parse/to_xml.h"
#include "parse/xml_import.h"

#include <string.h>

static void remove_member(struct ts_value *object, const char *key)
{
    struct ts_value *before = NULL;

    for (struct ts_value *v = object->first; v; before = v, v = v->next) {
        if (ts_str_eq(v->key, ts_str_of(key))) {
            if (before) {
                before->next = v->next;
            } else {
                object->first = v->next;
            }
            object->last = object->last == v ? before : object->last;
            object->count--;
            return;
        }
    }
}

/* A text that is kept unless it is the usual one; "" stands for none where there usually
 * is one. */
static void settle_text(struct xml_import *x, struct ts_value *keep, const char *key,
                        const char *usual)
{
    const char *is = ts_value_text(keep, key);

    if (is && usual && strcmp(is, usual) == 0) {
        remove_member(keep, key);
    } else if (!is && usual) {
        xml_set(x, keep, key, xml_string(x, NULL, TS_S("")));
    }
}

static void settle_hidden(struct xml_import *x, struct ts_value *keep,
                          const struct ts_value *usual)
{
    const struct ts_value *is = ts_value_get(keep, XML_HIDDEN);

    if (is && ts_value_equal(is, usual)) {
        remove_member(keep, XML_HIDDEN);
    } else if (!is && usual->count) {
        xml_set(x, keep, XML_HIDDEN, xml_object(x, NULL));
    }
}

/* Does the editor call every variable as it usually does? */
static bool usual_properties(const struct xml_element *list)
{
    for (const struct xml_element *e = list ? list->first : NULL; e; e = e->next) {
        const char *raw = xml_is(e, "variable") ? xml_attr(e, "name") : NULL;
        const char *property = raw ? xml_attr(e, "property") : NULL;
        bool hidden = raw && xml_truth(xml_attr(e, "hidden"));
        if (!raw ||
            (!hidden && (e->text.n == 0 || xml_is_noise(ts_str_of(raw), e->text)))) {
            continue;
        }
        if (strcmp(property && *property ? property : raw, xml_out_property_of(raw))) {
            return false;
        }
    }
    return true;
}

static bool read_codes(struct xml_import *x, const struct ts_value *list,
                       struct ts_codes *out)
{
    size_t n = 0;

    if (!list) {
        return true;
    }
    int64_t *v = ts_arena_alloc(x->arena, (list->count + 1) * sizeof *v);
    for (const struct ts_value *c = list->first; c; c = c->next) {
        if (c->kind != TS_INT) {
            return false;
        }
        v[n++] = c->integer;
    }
    *out = (struct ts_codes){.v = v, .n = n, .set = true};
    return true;
}

void xml_leave_out_usual(struct xml_step *s, struct ts_value *keep)
{
    struct xml_import *x = s->x;
    struct xml_out w = {
        .steps = x->steps, .arena = x->arena, .mdt = x->mdt, .configmgr = true};
    struct ts_node n = {.id = "",
                        .type = s->type,
                        .package = ts_value_text(s->node, "package"),
                        .run_as = ts_value_text(s->node, "runAs"),
                        .params = s->node};
    struct xml_made made;

    if (!read_codes(x, ts_value_get(s->node, "successCodes"), &n.success_codes)) {
        return;
    }
    xml_out_make(&w, &n, &made);
    settle_text(x, keep, XML_TYPE, made.type);
    settle_text(x, keep, XML_ACTION, made.action);
    settle_hidden(x, keep, made.hidden);
    if (usual_properties(xml_child(s->e, "defaultVarList"))) {
        remove_member(keep, XML_PROPERTIES);
    } else if (!ts_value_get(keep, XML_PROPERTIES)) {
        xml_set(x, keep, XML_PROPERTIES, xml_object(x, NULL));
    }
}
