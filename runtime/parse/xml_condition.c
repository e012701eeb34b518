/* xml_condition.c - conditions of XML sequences as our data form. */
#include "parse/xml_import.h"

#include "expr/expr.h"

#include <stdio.h>
#include <string.h>

struct conditions {
    struct xml_import *x;
    bool raw;
    const char *why; /* the first thing that is wrong */
};

static struct ts_value *operand(struct conditions *c, const struct xml_element *e);

static struct ts_value *wrong(struct conditions *c, const struct xml_element *e,
                              const char *what, const char *which)
{
    if (!c->why) {
        char *why = ts_arena_format(c->x->arena, "%s \"%.100s\" (line %d, column %d)",
                                    what, which ? which : "", e->line, e->col);
        ts_utf8_mend(why); /* a long name is cut, and this is kept in the sequence */
        c->why = why;
    }
    return NULL;
}

/* ---- expressions ---------------------------------------------------------------------
 */

/* Text of <variable name="…"> inside an expression; NULL if it is absent. */
static const char *part(const struct xml_element *e, const char *name)
{
    for (const struct xml_element *v = e->first; v; v = v->next) {
        const char *is = xml_is(v, "variable") ? xml_attr(v, "name") : NULL;
        if (is && ts_caseeq(is, name)) {
            return v->text.p;
        }
    }
    return NULL;
}

/* The same without blanks around, for names and words. */
static const char *word(struct conditions *c, const struct xml_element *e,
                        const char *name)
{
    const char *text = part(e, name);

    return text ? ts_arena_str(c->x->arena, ts_str_trim(ts_str_of(text))) : NULL;
}

static struct ts_value *text(struct conditions *c, const struct xml_element *e,
                             const char *s)
{
    return xml_string(c->x, e, ts_str_of(s));
}

static bool is_existence(const char *op)
{
    return op && (ts_caseeq(op, "exists") || ts_caseeq(op, "notExists") ||
                  ts_caseeq(op, "nonExists"));
}

static void set_op(struct conditions *c, const struct xml_element *e,
                   struct ts_value *out, const char *op)
{
    if (op && *op) {
        xml_set(c->x, out, "op",
                text(c, e, ts_caseeq(op, "nonExists") ? "notExists" : op));
    }
}

static struct ts_value *variable_test(struct conditions *c, const struct xml_element *e,
                                      const char *name, const char *op, const char *value)
{
    struct ts_value *out = xml_object(c->x, e);

    xml_set(c->x, out, "variable", text(c, e, name ? name : ""));
    set_op(c, e, out, op);
    if (!is_existence(op)) {
        xml_set(c->x, out, "value", text(c, e, value ? value : ""));
    }
    return out;
}

static struct ts_value *variable(struct conditions *c, const struct xml_element *e)
{
    return variable_test(c, e, word(c, e, "Variable"), word(c, e, "Operator"),
                         part(e, "Value"));
}

static struct ts_value *wmi(struct conditions *c, const struct xml_element *e)
{
    struct ts_value *out = xml_object(c->x, e);

    xml_set(c->x, out, "wmi", text(c, e, word(c, e, "Query")));
    xml_set_text(c->x, out, "namespace", e, word(c, e, "Namespace"));
    return out;
}

static struct ts_value *list_of(struct conditions *c, const struct xml_element *e,
                                const char *kind, struct ts_value *const *items, size_t n)
{
    struct ts_value *list = xml_list(c->x, e), *out = xml_object(c->x, e);
    size_t count = 0, last = 0;

    for (size_t i = 0; i < n; i++) {
        if (items[i]) {
            ts_value_push(list, items[i]);
            last = i;
            count++;
        }
    }
    if (count == 1 && strcmp(kind, "none") != 0) {
        return items[last];
    }
    xml_set(c->x, out, kind, list);
    return out;
}

/* One of version and date of a file or folder, NULL if it is not asked. */
static struct ts_value *file_part(struct conditions *c, const struct xml_element *e,
                                  const char *kind, const char *path, const char *key,
                                  const char *value, const char *op)
{
    if (!value || !*value) {
        return NULL;
    }
    struct ts_value *out = xml_object(c->x, e);
    xml_set(c->x, out, kind, text(c, e, path));
    xml_set_bool(c->x, out, key, e, true);
    set_op(c, e, out, op && *op ? op : "equals");
    xml_set(c->x, out, "value", text(c, e, value));
    return out;
}

static struct ts_value *file(struct conditions *c, const struct xml_element *e,
                             const char *kind)
{
    const char *path = word(c, e, "Path");
    struct ts_value *parts[2] = {
        strcmp(kind, "file") == 0
            ? file_part(c, e, kind, path, "version", word(c, e, "Version"),
                        word(c, e, "VersionOperator"))
            : NULL,
        file_part(c, e, kind, path, "modified", word(c, e, "DateTime"),
                  word(c, e, "DateTimeOperator"))};

    if (parts[0] || parts[1]) {
        return list_of(c, e, "all", parts, 2);
    }
    struct ts_value *out = xml_object(c->x, e);
    xml_set(c->x, out, kind, text(c, e, path));
    return out;
}

static struct ts_value *registry(struct conditions *c, const struct xml_element *e)
{
    struct ts_value *out = xml_object(c->x, e);
    const char *op = word(c, e, "Operator"), *data = part(e, "Data");
    const char *value = part(e, "Value");

    xml_set(c->x, out, "registry", text(c, e, word(c, e, "KeyPath")));
    xml_set_text(c->x, out, "value", e, value);
    set_op(c, e, out, op);
    if (op && !is_existence(op)) {
        xml_set(c->x, out, "data", text(c, e, data ? data : ""));
    }
    if (value && *value && is_existence(op)) {
        xml_set_text(c->x, out, "type", e, word(c, e, "Type"));
    } else if (word(c, e, "Type")) {
        c->raw = true; /* the type is not looked at, but stays in the XML */
    }
    return out;
}

/* "6.10.7601.1" means 6.1, build 7601: the minor number has a zero behind it.  The last
 * number is the service pack, which the build implies. */
static char *os_version(struct ts_arena *a, const char *text)
{
    ts_str rest = ts_str_of(text), numbers[4] = {{0}};
    size_t n = 0;

    while (n < 4 && ts_str_cut(&rest, '.', &numbers[n])) {
        n++;
    }
    if (n < 3) {
        return ts_arena_strz(a, text);
    }
    if (numbers[1].n == 2 && numbers[1].p[1] == '0') {
        numbers[1].n = 1;
    }
    return ts_arena_format(a, "%.*s.%.*s.%.*s", (int)numbers[0].n, numbers[0].p,
                           (int)numbers[1].n, numbers[1].p, (int)numbers[2].n,
                           numbers[2].p);
}

static struct ts_value *os(struct conditions *c, const struct xml_element *e)
{
    struct ts_value *out = xml_object(c->x, e);
    const char *version = word(c, e, "Version");

    c->raw = true;
    if (!version || !*version) {
        return wrong(c, e, "an OS condition lacks", "Version");
    }
    xml_set(c->x, out, "os", text(c, e, os_version(c->x->arena, version)));
    set_op(c, e, out, word(c, e, "Operator"));
    xml_set_text(c->x, out, "architecture", e, word(c, e, "Architecture"));
    return out;
}

static struct ts_value *software(struct conditions *c, const struct xml_element *e)
{
    struct ts_value *out = xml_object(c->x, e);
    const char *op = word(c, e, "Operator");
    bool any = op && ts_caseeq(op, "AnyVersion");
    const char *code = word(c, e, any ? "UpgradeCode" : "ProductCode");

    c->raw = true;
    if (!code || !*code) {
        return wrong(c, e, "a software condition lacks",
                     any ? "UpgradeCode" : "ProductCode");
    }
    xml_set(c->x, out, "software", text(c, e, code));
    return out;
}

/* Several variables, each compared where something is given. */
struct named {
    const char *part, *variable, *op;
    bool anywhere; /* the variable is a list, the value may stand anywhere in it */
};

static struct ts_value *several(struct conditions *c, const struct xml_element *e,
                                const char *kind, const struct named *names, size_t n)
{
    struct ts_value *items[4] = {0};

    c->raw = true;
    for (size_t i = 0; i < n; i++) {
        const char *value = word(c, e, names[i].part);
        if (value && *value) {
            items[i] = variable_test(
                c, e, names[i].variable, names[i].anywhere ? "like" : names[i].op,
                names[i].anywhere ? ts_arena_format(c->x->arena, "*%s*", value) : value);
        }
    }
    return list_of(c, e, kind, items, n);
}

static struct ts_value *computer(struct conditions *c, const struct xml_element *e)
{
    static const struct named names[] = {
        {"AssetTag", "_SMSTSAssetTag", "equals", false},
        {"MACAddress", "_SMSTSMacAddresses", "equals", true},
        {"SerialNumber", "_SMSTSSerialNumber", "equals", false},
        {"UUID", "_SMSTSUUID", "equals", false}};

    return several(c, e, "any", names, 4);
}

static struct ts_value *make_model(struct conditions *c, const struct xml_element *e)
{
    static const struct named names[] = {{"Make", "_SMSTSMake", "like", false},
                                         {"Model", "_SMSTSModel", "like", false}};

    return several(c, e, "all", names, 2);
}

static struct ts_value *location(struct conditions *c, const struct xml_element *e)
{
    static const struct named names[] = {
        {"DefaultGateway", "_SMSTSDefaultGateways", "equals", true}};

    return several(c, e, "all", names, 1);
}

static struct ts_value *folder_test(struct conditions *c, const struct xml_element *e)
{
    return file(c, e, "folder");
}

static struct ts_value *file_test(struct conditions *c, const struct xml_element *e)
{
    return file(c, e, "file");
}

static const struct {
    const char *type; /* between SMS_TaskSequence_ and ConditionExpression */
    struct ts_value *(*read)(struct conditions *, const struct xml_element *);
} kinds[] = {
    {"Variable", variable},  {"WMI", wmi},           {"File", file_test},
    {"Folder", folder_test}, {"Registry", registry}, {"OS", os},
    {"Software", software},  {"Computer", computer}, {"MakeModel", make_model},
    {"Location", location},
};

static struct ts_value *expression(struct conditions *c, const struct xml_element *e)
{
    const char *type = xml_attr(e, "type");
    ts_str s = ts_str_trim(ts_str_of(type)), prefix = TS_S("SMS_TaskSequence_"),
           suffix = TS_S("ConditionExpression");

    if (ts_str_case_starts(s, prefix) && s.n > prefix.n + suffix.n) {
        ts_str kind = {s.p + prefix.n, s.n - prefix.n - suffix.n};
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            if (ts_str_caseeq(kind, ts_str_of(kinds[i].type))) {
                return kinds[i].read(c, e);
            }
        }
    }
    return wrong(c, e, "there is no condition of type", type);
}

/* ---- trees ---------------------------------------------------------------------------
 */

/* An operator without operands is true, so that only what stands beside it counts. */
static bool is_empty(const struct ts_value *v)
{
    return v->count == 1 && v->first->kind == TS_ARRAY && v->first->count == 0;
}

static struct ts_value *children(struct conditions *c, const struct xml_element *e,
                                 const char *kind)
{
    struct ts_value *list = xml_list(c->x, e), *out = xml_object(c->x, e);

    for (const struct xml_element *o = e->first; o && !c->why; o = o->next) {
        struct ts_value *v = operand(c, o);
        if (v && !(is_empty(v) && strcmp(kind, "all") == 0)) {
            ts_value_push(list, v);
        }
    }
    if (list->count == 1 && strcmp(kind, "none") != 0) {
        struct ts_value *only = list->first;
        only->next = NULL;
        return only;
    }
    xml_set(c->x, out, kind, list);
    return out;
}

static const char *kind_of(const struct xml_element *e, const char *otherwise)
{
    const char *type = xml_attr(e, "type");

    if (!type || !*type) {
        return otherwise;
    }
    return ts_caseeq(type, "and")   ? "all"
           : ts_caseeq(type, "or")  ? "any"
           : ts_caseeq(type, "not") ? "none"
                                    : NULL;
}

bool xml_is_operand(const struct xml_element *e)
{
    return xml_is(e, "expression") || xml_is(e, "operator") ||
           xml_is(e, "osConditionGroup") || xml_is(e, "osExpressionGroup");
}

static struct ts_value *operand(struct conditions *c, const struct xml_element *e)
{
    bool os_group = xml_is(e, "osConditionGroup") || xml_is(e, "osExpressionGroup");

    if (xml_is(e, "expression")) {
        return expression(c, e);
    }
    if (!os_group && !xml_is(e, "operator")) {
        return wrong(c, e, "a condition holds the unknown element", e->name);
    }
    const char *kind = kind_of(e, xml_is(e, "osConditionGroup") ? "any" : "all");
    if (!kind) {
        return wrong(c, e, "there is no operator", xml_attr(e, "type"));
    }
    c->raw = c->raw || os_group;
    return children(c, e, kind);
}

/* What our own reader says to it: found out before the builder ends everything. */
static void check(struct conditions *c, const struct xml_element *e,
                  const struct ts_value *v)
{
    struct ts_arena scratch = {0};
    struct ts_expr *unused;
    struct ts_err err;

    if (ts_expr_from_value(&unused, &scratch, v, &err) != TS_OK) {
        wrong(c, e, ts_arena_strz(c->x->arena, err.text), e->name);
    }
    ts_arena_fini(&scratch);
}

void xml_condition(struct xml_import *x, const struct xml_element *holder,
                   struct ts_value **out, bool *raw, const char **why)
{
    struct conditions c = {.x = x};
    struct ts_value *list = xml_list(x, holder);
    const struct xml_element *at = holder;

    *out = NULL;
    for (const struct xml_element *e = holder->first; e && !c.why; e = e->next) {
        bool whole = xml_is(e, "condition");
        if (!whole && !xml_is_operand(e)) {
            continue;
        }
        at = e;
        struct ts_value *v = whole ? children(&c, e, "all") : operand(&c, e);
        if (v && !is_empty(v)) {
            ts_value_push(list, v);
        }
    }
    if (list->count == 1) {
        *out = list->first;
    } else if (list->count > 1) {
        *out = xml_object(x, holder);
        xml_set(x, *out, "all", list);
    }
    if (*out && !c.why) {
        check(&c, at, *out);
    }
    *out = c.why ? NULL : *out;
    *raw = c.raw || c.why;
    *why = c.why;
}

struct ts_value *xml_condition_text(struct xml_import *x,
                                    const struct xml_element *holder)
{
    struct ts_buf b = {0};
    struct ts_value *v;

    for (const struct xml_element *e = holder->first; e; e = e->next) {
        if (xml_is(e, "condition") || xml_is_operand(e)) {
            xml_write(&b, e);
        }
    }
    v = xml_string(x, holder, ts_buf_view(&b));
    ts_buf_free(&b);
    return v;
}
