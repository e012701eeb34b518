/* data.c - the data form of conditions. */
#include "expr/expr_internal.h"

#include <stdio.h>
#include <string.h>

struct reader {
    struct ts_arena *a;
    struct ts_err *err;
    struct ts_buf path; /* where we are: "all[1].op" */
};

static enum ts_code read_value(struct reader *r, const struct ts_value *v, int depth,
                               struct ts_expr **out);

static size_t enter(struct reader *r, const char *key)
{
    size_t before = r->path.n;
    if (before > 0) {
        ts_buf_c(&r->path, '.');
    }
    ts_buf_z(&r->path, key);
    return before;
}

static size_t enter_index(struct reader *r, unsigned i)
{
    size_t before = r->path.n;
    ts_buf_fmt(&r->path, "[%u]", i);
    return before;
}

static void leave(struct reader *r, size_t before)
{
    r->path.n = before;
    if (r->path.p) {
        r->path.p[before] = '\0';
    }
}

/* Put the path in front of a message that ts_fail has just made. */
static enum ts_code here(struct reader *r)
{
    return r->path.n > 0 ? ts_err_context(r->err, "%s", r->path.p) : TS_EINPUT;
}

static enum ts_code wrong(struct reader *r, const char *key, const char *message)
{
    size_t before = key ? enter(r, key) : r->path.n;
    (void)ts_fail(r->err, TS_EINPUT, "%s", message);
    here(r);
    leave(r, before);
    return TS_EINPUT;
}

/* Member `key` as text.  Numbers and truth values are taken as they would be written; a
 * number sets *number.  Absent: *out stays. */
static enum ts_code get_text(struct reader *r, const struct ts_value *o, const char *key,
                             const char **out, bool *number)
{
    const struct ts_value *v = ts_value_get(o, key);
    if (!v) {
        return TS_OK;
    }
    switch (v->kind) {
    case TS_STRING:
        if (memchr(v->str.p, '\0', v->str.n)) {
            return wrong(r, key, "a zero byte cannot stand in a condition");
        }
        *out = ts_arena_str(r->a, v->str);
        return TS_OK;
    case TS_BOOL:
        *out = v->boolean ? "true" : "false";
        return TS_OK;
    case TS_INT:
        *out = ts_arena_format(r->a, "%lld", (long long)v->integer);
        break;
    case TS_REAL:
        *out = ts_arena_format(r->a, "%.15g", v->real);
        if (!ts_expr_is_number(ts_str_of(*out))) {
            return wrong(r, key, "this number needs to be written as text");
        }
        break;
    default: {
        char message[80];
        snprintf(message, sizeof message, "expected text, found %s",
                 ts_kind_name(v->kind));
        return wrong(r, key, message);
    }
    }
    if (number) {
        *number = true;
    }
    return TS_OK;
}

static enum ts_code need_text(struct reader *r, const struct ts_value *o, const char *key,
                              const char **out)
{
    enum ts_code rc = get_text(r, o, key, out, NULL);
    if (rc == TS_OK && (!*out || !**out)) {
        return wrong(r, key, *out ? "it is empty" : "it is missing");
    }
    return rc;
}

/* `op`; *out stays when it is absent. */
static enum ts_code get_op(struct reader *r, const struct ts_value *o, enum ts_op *out)
{
    const char *text = NULL;
    enum ts_code rc = get_text(r, o, "op", &text, NULL);
    if (rc != TS_OK || !text) {
        return rc;
    }
    enum ts_op op = ts_op_find(ts_str_trim(ts_str_of(text)));
    if (op != TS_OP_NONE) {
        *out = op;
        return TS_OK;
    }
    const char *names[TS_OP_NOTEXISTS];
    for (int i = 0; i < TS_OP_NOTEXISTS; i++) {
        names[i] = ts_op_name((enum ts_op)(i + 1));
    }
    const char *close = ts_str_suggest(ts_str_of(text), names, TS_OP_NOTEXISTS);
    size_t before = enter(r, "op");
    if (close) {
        (void)ts_fail(r->err, TS_EINPUT, "there is no operator `%.60s`; did you mean %s?",
                      text, close);
    } else {
        (void)ts_fail(r->err, TS_EINPUT,
                      "there is no operator `%.60s`; there are equals, notEquals, less, "
                      "lessEqual, greater, greaterEqual, like, notLike, exists and "
                      "notExists",
                      text);
    }
    here(r);
    leave(r, before);
    return TS_EINPUT;
}

static enum ts_code need_order(struct reader *r, const struct ts_value *o, bool or_like,
                               enum ts_op *out)
{
    enum ts_code rc = get_op(r, o, out);
    if (rc != TS_OK) {
        return rc;
    }
    if (*out == TS_OP_NONE) {
        return wrong(r, "op", "it is missing");
    }
    if (!ts_op_is_order(*out) && !(or_like && ts_op_is_like(*out))) {
        return wrong(r, "op",
                     or_like ? "this is compared with equals, notEquals, less, "
                               "lessEqual, greater, greaterEqual, like or notLike"
                             : "this is compared with equals, notEquals, less, "
                               "lessEqual, greater or greaterEqual");
    }
    return TS_OK;
}

/* ---- one function per form ------------------------------------------------------------
 */

static enum ts_code read_variable(struct reader *r, const struct ts_value *o,
                                  struct ts_expr *x)
{
    enum ts_code rc;
    if ((rc = need_text(r, o, "variable", &x->name)) != TS_OK ||
        (rc = get_op(r, o, &x->op)) != TS_OK ||
        (rc = get_text(r, o, "value", &x->value, &x->value_is_number)) != TS_OK) {
        return rc;
    }
    if (x->op == TS_OP_NONE) {
        return wrong(r, "op", "it is missing");
    }
    if (x->op == TS_OP_EXISTS || x->op == TS_OP_NOTEXISTS) {
        if (ts_str_trim(ts_str_of(x->value)).n > 0) {
            return wrong(r, "value", "exists and notExists take no value");
        }
        x->value = NULL;
        x->value_is_number = false;
        return TS_OK;
    }
    return x->value ? TS_OK : wrong(r, "value", "it is missing");
}

/* `version = '1.2', op` or `version = true, op, value`; the same with `modified`. */
static enum ts_code read_file_part(struct reader *r, const struct ts_value *o,
                                   const char *key, struct ts_expr *x)
{
    const struct ts_value *part = ts_value_get(o, key);
    const struct ts_value *value = ts_value_get(o, "value");
    enum ts_code rc;
    if (!part) {
        return TS_OK;
    }
    if (x->part) {
        return wrong(r, key,
                     "version and modified cannot stand in one condition; put two "
                     "into `all`");
    }
    if (part->kind == TS_BOOL && part->boolean) {
        rc = value ? get_text(r, o, "value", &x->value, &x->value_is_number)
                   : wrong(r, "value", "it is missing");
    } else if (value) {
        rc = wrong(r, "value", "the value stands twice");
    } else {
        rc = get_text(r, o, key, &x->value, &x->value_is_number);
    }
    if (rc != TS_OK) {
        return rc;
    }
    x->part = key;
    return need_order(r, o, strcmp(key, "version") == 0, &x->op);
}

static enum ts_code read_file(struct reader *r, const struct ts_value *o,
                              struct ts_expr *x)
{
    enum ts_code rc;
    if ((rc = need_text(r, o, x->kind == TS_X_FILE ? "file" : "folder", &x->name)) !=
            TS_OK ||
        (rc = read_file_part(r, o, "version", x)) != TS_OK ||
        (rc = read_file_part(r, o, "modified", x)) != TS_OK) {
        return rc;
    }
    if (!x->part && (ts_value_get(o, "op") || ts_value_get(o, "value"))) {
        return wrong(r, ts_value_get(o, "op") ? "op" : "value",
                     x->kind == TS_X_FILE ? "it needs `version` or `modified` beside it"
                                          : "it needs `modified` beside it");
    }
    return TS_OK;
}

static enum ts_code read_registry(struct reader *r, const struct ts_value *o,
                                  struct ts_expr *x)
{
    enum ts_code rc;
    x->op = TS_OP_EXISTS;
    if ((rc = need_text(r, o, "registry", &x->name)) != TS_OK ||
        (rc = get_text(r, o, "value", &x->part, NULL)) != TS_OK ||
        (rc = get_op(r, o, &x->op)) != TS_OK ||
        (rc = get_text(r, o, "data", &x->value, &x->value_is_number)) != TS_OK ||
        (rc = get_text(r, o, "type", &x->type, NULL)) != TS_OK) {
        return rc;
    }
    if (x->op == TS_OP_EXISTS || x->op == TS_OP_NOTEXISTS) {
        if (x->value && *x->value) {
            return wrong(r, ts_value_get(o, "op") ? "data" : "op",
                         ts_value_get(o, "op") ? "exists and notExists take no data"
                                               : "it is missing");
        }
        x->value = NULL;
        x->value_is_number = false;
    } else if (!x->value) {
        return wrong(r, "data", "it is missing");
    } else if (!x->part) {
        x->part = ""; /* the key's default value */
    }
    if (x->type && !x->part) {
        return wrong(r, "type", "only a value has a type; name one with `value`");
    }
    return TS_OK;
}

static enum ts_code read_wmi(struct reader *r, const struct ts_value *o,
                             struct ts_expr *x)
{
    enum ts_code rc = need_text(r, o, "wmi", &x->name);
    return rc == TS_OK ? get_text(r, o, "namespace", &x->part, NULL) : rc;
}

static enum ts_code read_os(struct reader *r, const struct ts_value *o, struct ts_expr *x)
{
    enum ts_code rc;
    if ((rc = get_text(r, o, "os", &x->value, &x->value_is_number)) != TS_OK ||
        (rc = get_text(r, o, "architecture", &x->part, NULL)) != TS_OK) {
        return rc;
    }
    return need_order(r, o, false, &x->op);
}

static enum ts_code read_software(struct reader *r, const struct ts_value *o,
                                  struct ts_expr *x)
{
    enum ts_code rc;
    if ((rc = need_text(r, o, "software", &x->name)) != TS_OK ||
        (rc = get_text(r, o, "version", &x->value, &x->value_is_number)) != TS_OK) {
        return rc;
    }
    if (!x->value) {
        return ts_value_get(o, "op") ? wrong(r, "op", "it needs `version` beside it")
                                     : TS_OK;
    }
    return need_order(r, o, true, &x->op);
}

static const struct form {
    const char *key;
    enum ts_expr_kind kind;
    const char *more[4]; /* the other keys it may have */
    enum ts_code (*read)(struct reader *, const struct ts_value *, struct ts_expr *);
} forms[] = {
    {"all", TS_X_ALL, {0}, NULL},
    {"any", TS_X_ANY, {0}, NULL},
    {"none", TS_X_NONE, {0}, NULL},
    {"variable", TS_X_COMPARE, {"op", "value"}, read_variable},
    {"file", TS_X_FILE, {"version", "modified", "op", "value"}, read_file},
    {"folder", TS_X_FOLDER, {"modified", "op", "value"}, read_file},
    {"registry", TS_X_REGISTRY, {"value", "op", "data", "type"}, read_registry},
    {"wmi", TS_X_WMI, {"namespace"}, read_wmi},
    {"os", TS_X_OS, {"op", "architecture"}, read_os},
    {"software", TS_X_SOFTWARE, {"op", "version"}, read_software},
};
#define FORMS (sizeof forms / sizeof forms[0])

static enum ts_code unknown_key(struct reader *r, ts_str key, const char *const *names,
                                size_t n)
{
    const char *close = ts_str_suggest(key, names, n);
    struct ts_buf list = {0};
    for (size_t i = 0; i < n && !close; i++) {
        ts_buf_fmt(&list, "%s%s", i ? (i + 1 == n ? " and " : ", ") : "", names[i]);
    }
    int shown = (int)(key.n > 60 ? 60 : key.n);
    if (close) {
        (void)ts_fail(r->err, TS_EINPUT, "unknown key `%.*s`; did you mean %s?", shown,
                      key.p, close);
    } else {
        (void)ts_fail(r->err, TS_EINPUT, "unknown key `%.*s`; there are %s", shown, key.p,
                      ts_buf_text(&list));
    }
    ts_buf_free(&list);
    return here(r);
}

/* The form whose key the object has; exactly one must be there. */
static enum ts_code find_form(struct reader *r, const struct ts_value *o,
                              const struct form **out)
{
    const char *names[FORMS];
    const struct form *found = NULL;
    for (size_t i = 0; i < FORMS; i++) {
        names[i] = forms[i].key;
        if (!ts_value_get(o, forms[i].key)) {
            continue;
        }
        if (found) {
            (void)ts_fail(
                r->err, TS_EINPUT,
                "`%s` and `%s` cannot stand in one condition; put two into `all`",
                found->key, forms[i].key);
            return here(r);
        }
        found = &forms[i];
    }
    if (found) {
        *out = found;
        return TS_OK;
    }
    if (!o->first) {
        return wrong(r, NULL,
                     "a condition without content; leave it out if there is none");
    }
    return unknown_key(r, o->first->key, names, FORMS);
}

static enum ts_code check_keys(struct reader *r, const struct ts_value *o,
                               const struct form *form)
{
    const char *names[5] = {form->key};
    size_t n = 1;
    while (n < 5 && form->more[n - 1]) {
        names[n] = form->more[n - 1];
        n++;
    }
    for (const struct ts_value *m = o->first; m; m = m->next) {
        bool known = false;
        for (size_t i = 0; i < n; i++) {
            known = known || ts_str_eq(m->key, ts_str_of(names[i]));
        }
        if (!known) {
            return unknown_key(r, m->key, names, n);
        }
    }
    return TS_OK;
}

static enum ts_code read_list(struct reader *r, const struct ts_value *list,
                              enum ts_expr_kind kind, int depth, struct ts_expr **out)
{
    struct ts_expr *first = NULL, **link = &first;
    unsigned i = 0;
    if (list->kind != TS_ARRAY && !(list->kind == TS_OBJECT && !list->first)) {
        return wrong(r, NULL, "expected a list of conditions");
    }
    for (const struct ts_value *v = list->first; v; v = v->next, i++) {
        size_t before = enter_index(r, i);
        enum ts_code rc = read_value(r, v, depth + 1, link);
        if (rc != TS_OK) {
            return rc;
        }
        leave(r, before);
        link = &(*link)->next;
    }
    *out = ts_expr_join(r->a, kind, first);
    return TS_OK;
}

static enum ts_code read_object(struct reader *r, const struct ts_value *o, int depth,
                                struct ts_expr **out)
{
    const struct form *form = NULL;
    enum ts_code rc;
    if ((rc = find_form(r, o, &form)) != TS_OK ||
        (rc = check_keys(r, o, form)) != TS_OK) {
        return rc;
    }
    if (form->read) {
        *out = ts_expr_new(r->a, form->kind);
        return form->read(r, o, *out);
    }
    size_t before = enter(r, form->key);
    rc = read_list(r, ts_value_get(o, form->key), form->kind, depth, out);
    if (rc == TS_OK) {
        leave(r, before);
    }
    return rc;
}

static enum ts_code read_value(struct reader *r, const struct ts_value *v, int depth,
                               struct ts_expr **out)
{
    if (depth > TS_EXPR_MAX_DEPTH) {
        (void)ts_fail(r->err, TS_EINPUT, "conditions nest at most %d deep",
                      TS_EXPR_MAX_DEPTH);
        return here(r);
    }
    switch (v->kind) {
    case TS_STRING:
        if (ts_expr_parse_at(out, r->a, v->str, depth, r->err) != TS_OK) {
            return here(r);
        }
        return TS_OK;
    case TS_ARRAY:
        return read_list(r, v, TS_X_ALL, depth, out);
    case TS_OBJECT:
        return read_object(r, v, depth, out);
    default:
        (void)ts_fail(r->err, TS_EINPUT, "a condition is text or a table, not %s",
                      ts_kind_name(v->kind));
        return here(r);
    }
}

enum ts_code ts_expr_from_value(struct ts_expr **out, struct ts_arena *a,
                                const struct ts_value *v, struct ts_err *err)
{
    struct ts_err scratch;
    struct reader r = {.a = a, .err = err ? err : &scratch};
    struct ts_expr *x = NULL;
    *out = NULL;
    enum ts_code rc = read_value(&r, v, 0, &x);
    if (rc == TS_OK) {
        *out = x;
    }
    ts_buf_free(&r.path);
    return rc;
}
