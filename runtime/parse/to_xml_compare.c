/* to_xml_compare.c - what is lost on the way through XML.
 *
 * Losses are not foretold, they are found: what was written is read again, and the two
 * sequences are walked side by side. */
#include "parse/to.h"
#include "parse/to_xml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct comparison {
    struct xml_out *w;
    const struct ts_losses *losses; /* NULL: only find what to write anew */
    bool configmgr;                 /* the sequence came from XML */
    size_t count;
};

static void lost(struct comparison *c, const struct ts_node *n, const char *fmt, ...)
    TS_PRINTF(3, 4);

static void lost(struct comparison *c, const struct ts_node *n, const char *fmt, ...)
{
    struct ts_err text;
    va_list ap;

    c->count++;
    if (c->losses) {
        va_start(ap, fmt);
        vsnprintf(text.text, sizeof text.text, fmt, ap);
        va_end(ap);
        c->losses->lost(c->losses->ctx, n, text.text);
    }
}

/* ---- one node ------------------------------------------------------------------------
 */

/* A comparison with another variable: in XML it is one with "%Name%", which stays as it
 * is while there is no such variable. */
static bool compares_variables(const struct ts_expr *x)
{
    bool found = x && x->kind == TS_X_COMPARE && x->value_is_name;

    for (const struct ts_expr *c = x ? x->first : NULL; c && !found; c = c->next) {
        found = compares_variables(c);
    }
    return found;
}

/* Conditions are the same when they are so as XML. */
static bool same_condition(struct comparison *c, const struct ts_node *a,
                           const struct ts_node *b)
{
    struct ts_buf x = {0}, y = {0};
    struct xml_out w = *c->w;

    if (compares_variables(a->condition)) {
        return false;
    }
    w.flat = true;
    w.b = &x;
    xml_out_condition(&w, a->condition);
    w.b = &y;
    xml_out_condition(&w, b->condition);
    bool same = strcmp(ts_buf_text(&x), ts_buf_text(&y)) == 0 &&
                (!a->condition || b->condition || x.n == 0);
    ts_buf_free(&x);
    ts_buf_free(&y);
    return same;
}

/* A property that became a text on the way, or a command that became a line. */
static bool same_value(struct comparison *c, const struct ts_node *n, ts_str key,
                       const struct ts_value *a, const struct ts_value *b)
{
    struct xml_made made;

    if (ts_value_equal(a, b)) {
        return true;
    }
    if (c->configmgr || !ts_value_get(n->params, key.p)) {
        return false;
    }
    if (a->kind == TS_ARRAY && ts_str_eq(key, TS_S("command"))) {
        xml_out_make(c->w, n, &made);
        return b->kind == TS_STRING && strstr(made.action, b->str.p) != NULL;
    }
    return b->kind == TS_STRING &&
           strcmp(xml_out_value(c->w, key.p, a), xml_out_value(c->w, key.p, b)) == 0;
}

enum verdict { SAME, CONDITION, ELSE };

/* What of the member `key` is not as it was. */
static enum verdict compare_member(struct comparison *c, const struct ts_node *n,
                                   const struct ts_node *again, const struct ts_value *a,
                                   const struct ts_value *b)
{
    ts_str key = a ? a->key : b->key;

    if (ts_str_eq(key, TS_S("condition"))) {
        return same_condition(c, n, again) ? SAME : CONDITION;
    }
    if (ts_str_eq(key, TS_S("xml")) &&
        ((!n->xml && !c->configmgr) || xml_out_anew(c->w, n, ~0))) {
        return SAME; /* notes on what was changed since, or made just now */
    }
    if (ts_str_eq(key, TS_S("successCodes")) && !c->configmgr) {
        struct xml_out w = *c->w;
        w.configmgr = true;
        return strcmp(xml_out_codes(c->w, n), xml_out_codes(&w, again)) == 0 ? SAME
                                                                             : ELSE;
    }
    return a && b && same_value(c, n, key, a, b) ? SAME : ELSE;
}

static void note(struct comparison *c, const struct ts_node *n, enum verdict v,
                 const char *key)
{
    uintptr_t was = (uintptr_t)ts_map_get(&c->w->anew, ts_str_of(n->id));

    if (c->losses) {
        lost(c, n, "%s", key);
    } else if (c->configmgr) {
        c->count++;
        was |= v == CONDITION ? ANEW_CONDITION : ANEW_STEP;
        ts_map_set(&c->w->anew, ts_str_of(n->id), (void *)was);
    }
}

static bool has_no_counterpart(const struct ts_node *n)
{
    const char *command = n->is_group ? NULL : ts_value_text(n->params, "command");

    return command && strcmp(command, xml_out_no_counterpart) == 0;
}

/* Another type: what its properties were says nothing more. */
static bool compare_type(struct comparison *c, const struct ts_node *n,
                         const struct ts_node *again)
{
    if (n->is_group == again->is_group &&
        (n->is_group || strcmp(n->type, again->type) == 0)) {
        return true;
    }
    if (!c->losses) {
        note(c, n, ELSE, "");
    } else if (has_no_counterpart(again)) {
        lost(c, n,
             "the step itself: there is nothing like %s in ConfigMgr; a command that "
             "fails stands in its place",
             n->type);
    } else {
        lost(c, n, "the type %s, which becomes %s", n->is_group ? "Group" : n->type,
             again->is_group ? "Group" : again->type);
    }
    return false;
}

static bool is_child(const struct ts_node *n)
{
    return n->is_group && n->xml && ts_value_get(n->xml, XML_ELEMENT);
}

static void compare_node(struct comparison *c, const struct ts_node *n,
                         const struct ts_node *again)
{
    if (!compare_type(c, n, again)) {
        return;
    }
    const struct ts_value *a = value_of_node(c->w->arena, n, c->w->steps);
    const struct ts_value *b = value_of_node(c->w->arena, again, c->w->steps);
    for (const struct ts_value *v = a->first; v; v = v->next) {
        const struct ts_value *other = ts_value_get(b, v->key.p);
        if (is_child(n) && ts_str_eq(v->key, TS_S("xml"))) {
            if (c->losses) {
                lost(c, n, "that it is a sequence of its own; its steps stand in place");
            }
            continue;
        }
        enum verdict verdict = compare_member(c, n, again, v, other);
        if (verdict != SAME) {
            note(c, n, verdict, v->key.p);
        }
    }
    for (const struct ts_value *v = b->first; v; v = v->next) {
        enum verdict verdict =
            ts_value_get(a, v->key.p) ? SAME : compare_member(c, n, again, NULL, v);
        if (verdict != SAME) {
            note(c, n, verdict, v->key.p);
        }
    }
}

/* ---- the tree ------------------------------------------------------------------------
 */

static void compare_list(struct comparison *c, const struct ts_node *n,
                         const struct ts_node *again, const struct ts_node **left)
{
    for (; n && again; n = n->next, again = again->next) {
        compare_node(c, n, again);
        if (n->is_group && again->is_group) {
            const struct ts_node *rest = NULL;
            compare_list(c, n->first, again->first, &rest);
            if (n->finally_first) {
                if (c->losses) {
                    lost(c, n,
                         "finally: its steps are the last of the group, and do not run "
                         "when one before them fails");
                }
                compare_list(c, n->finally_first, rest ? rest->first : NULL, NULL);
                rest = rest ? rest->next : NULL;
            }
            if (rest) {
                lost(c, n, "the order of its steps");
            }
        }
    }
    if (n) {
        lost(c, n, "the step itself, and what follows it");
    }
    if (left) {
        *left = again;
    }
}

static void compare_ids(struct comparison *c, const struct ts_sequence *s,
                        const struct ts_sequence *again)
{
    struct ts_map ids = {0};

    if (!c->losses) {
        return;
    }
    for (const struct ts_node *n = ts_node_next(again->root, again->root); n;
         n = ts_node_next(again->root, n)) {
        ts_map_set(&ids, ts_str_of(n->id), (void *)(uintptr_t)n);
    }
    for (const struct ts_node *n = ts_node_next(s->root, s->root); n;
         n = ts_node_next(s->root, n)) {
        if (!ts_map_get(&ids, ts_str_of(n->id))) {
            lost(c, n, "its id \"%s\"", n->id);
        }
    }
    ts_map_fini(&ids, NULL);
}

static void compare_head(struct comparison *c, const struct ts_sequence *s,
                         const struct ts_sequence *again)
{
    static const struct ts_value none = {.kind = TS_OBJECT};

    if (!c->losses) {
        return;
    }
    if (strcmp(s->name, again->name) != 0) {
        lost(c, NULL, "the name \"%.200s\"", s->name);
    }
    if (strcmp(s->description ? s->description : "",
               again->description ? again->description : "") != 0) {
        lost(c, NULL, "the description");
    }
    if (!s->configmgr) {
        lost(c, NULL,
             "its own rules for errors and cut steps; ConfigMgr's are in docs/import.md");
    }
    for (size_t i = 0; i < s->input_count; i++) {
        lost(c, NULL, "the input %s, which nobody is asked for", s->inputs[i].name);
    }
    for (size_t i = 0; i < s->package_count; i++) {
        lost(c, NULL, "the folder of the package %s", s->packages[i].name);
    }
    if (!ts_value_equal(s->variables, again->variables)) {
        for (const struct ts_value *v = s->variables->first; v; v = v->next) {
            const struct ts_value *other = ts_value_get(again->variables, v->key.p);
            if (!other || !ts_value_equal(v, other)) {
                lost(c, NULL, "the value of the variable %s", v->key.p);
            }
        }
    }
    if (s->xml && !ts_value_equal(s->xml, again->xml ? again->xml : &none)) {
        lost(c, NULL, "notes of the import on the sequence");
    }
}

void xml_out_compare(struct xml_out *w, const struct ts_sequence *s,
                     const struct ts_sequence *again, const struct ts_losses *losses,
                     size_t *count)
{
    struct comparison c = {w, losses, s->configmgr, 0};
    const struct ts_node *rest = NULL;

    compare_head(&c, s, again);
    compare_list(&c, s->root->first, again->root->first, &rest);
    if (rest) {
        lost(&c, NULL, "the order of its steps");
    }
    compare_ids(&c, s, again);
    *count = c.count;
}
