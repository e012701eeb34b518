/* xml_vars.c - lists of variables: defaultVarList and globalVarList. */
#include "parse/xml_import.h"

#include <string.h>

bool xml_is_noise(ts_str name, ts_str value)
{
    static const char *const names[] = {
        "RunAsUser", "LoadProfile", "SMSTSDisableWow64Redirection",
        "_SMSTSRunCommandLineAsUser", "_SMSTSRunPowerShellAsUser"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (ts_str_caseeq(name, ts_str_of(names[i]))) {
            return ts_str_caseeq(ts_str_trim(value), TS_S("false"));
        }
    }
    return false;
}

static struct ts_value *find(const struct ts_value *object, const char *name)
{
    for (struct ts_value *m = object ? object->first : NULL; m; m = m->next) {
        if (ts_str_caseeq(m->key, ts_str_of(name))) {
            return m;
        }
    }
    return NULL;
}

static void unlink_member(struct ts_value *object, const struct ts_value *v)
{
    struct ts_value *before = NULL;

    for (struct ts_value *m = object->first; m; before = m, m = m->next) {
        if (m == v) {
            if (before) {
                before->next = m->next;
            } else {
                object->first = m->next;
            }
            if (object->last == m) {
                object->last = before;
            }
            object->count--;
            return;
        }
    }
}

/* The same name again: the last one is meant. */
static void put(struct xml_import *x, struct ts_value *object,
                const struct xml_element *e, const char *name)
{
    struct ts_value *before = find(object, name);

    if (before) {
        unlink_member(object, before);
    }
    xml_set(x, object, name, xml_string(x, e, e->text));
}

void xml_vars_read(struct xml_import *x, const struct xml_element *list,
                   struct xml_vars *out)
{
    *out = (struct xml_vars){.visible = xml_object(x, list),
                             .hidden = xml_object(x, list),
                             .properties = xml_object(x, list)};
    int n = 0;
    for (const struct xml_element *e = list ? list->first : NULL; e; e = e->next) {
        if (++n > XML_MOST_VARIABLES) {
            x->too_long = list;
            break;
        }
        const char *raw = xml_is(e, "variable") ? xml_attr(e, "name") : NULL;
        const char *property = raw ? xml_attr(e, "property") : NULL;
        ts_str trimmed = ts_str_trim(ts_str_of(raw));
        if (trimmed.n == 0) {
            continue;
        }
        const char *name = ts_arena_str(x->arena, trimmed);
        put(x, xml_truth(xml_attr(e, "hidden")) ? out->hidden : out->visible, e, name);
        if (property && *property && strcmp(property, name) != 0) {
            xml_set(x, out->properties, name, xml_string(x, e, ts_str_of(property)));
        }
    }
    struct ts_value *next;
    for (struct ts_value *v = out->visible->first; v; v = next) {
        next = v->next;
        if (v->str.n == 0 || xml_is_noise(v->key, v->str)) {
            struct ts_value *property = find(out->properties, v->key.p);
            if (property) {
                unlink_member(out->properties, property);
            }
            unlink_member(out->visible, v);
        }
    }
}

const struct ts_value *xml_var_value(const struct xml_vars *v, const char *name)
{
    const struct ts_value *found = find(v->visible, name);

    return found && ts_str_trim(found->str).n ? found : NULL;
}

const char *xml_var(const struct xml_vars *v, const char *name)
{
    const struct ts_value *found = xml_var_value(v, name);

    return found ? found->str.p : NULL;
}

const char *xml_any_var(const struct xml_vars *v, const char *name)
{
    const struct ts_value *found = find(v->hidden, name);

    return found && ts_str_trim(found->str).n ? found->str.p : xml_var(v, name);
}

void xml_var_used(struct xml_vars *v, const char *name)
{
    const struct ts_value *found = find(v->visible, name);

    if (found) {
        unlink_member(v->visible, found);
    }
}
