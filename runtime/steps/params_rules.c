/* params_rules.c - properties of the type "rules". */
#include "steps/params_internal.h"

static enum ts_code read_variables(struct ts_value *out, const struct ts_value *v,
                                   struct ts_arena *a, struct ts_err *err)
{
    struct ts_value *list = ts_value_new(a, TS_ARRAY);

    if (!ts_params_empty(v) && (v->kind != TS_OBJECT || !ts_params_strings(v))) {
        return ts_fail(err, TS_EINPUT, "variables: expected names with strings");
    }
    for (const struct ts_value *m = v->first; m; m = m->next) {
        struct ts_value *one = ts_value_new(a, TS_OBJECT);
        ts_value_set(a, one, TS_S("name"), ts_value_string(a, m->key));
        ts_value_set(a, one, TS_S("value"), ts_value_string(a, m->str));
        ts_value_push(list, one);
    }
    ts_value_set(a, out, TS_S("variables"), list);
    return TS_OK;
}

static enum ts_code read_secrets(struct ts_value *out, const struct ts_value *v,
                                 struct ts_arena *a, struct ts_err *err)
{
    if (!ts_params_empty(v) && (v->kind != TS_ARRAY || !ts_params_strings(v))) {
        return ts_fail(err, TS_EINPUT, "secrets: expected a list of names");
    }
    ts_value_set(a, out, TS_S("secrets"), ts_value_copy(a, v));
    return TS_OK;
}

static enum ts_code read_condition(struct ts_value *out, const struct ts_value *v,
                                   struct ts_arena *a, struct ts_err *err)
{
    struct ts_expr *tree;

    if (ts_expr_from_value(&tree, a, v, err) != TS_OK) {
        return ts_err_context(err, "condition");
    }
    ts_value_set(a, out, TS_S("condition"), ts_value_copy(a, v));
    return TS_OK;
}

static enum ts_code read_rule(struct ts_value *out, const struct ts_value *rule,
                              struct ts_arena *a, struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    if (rule->kind != TS_OBJECT) {
        return ts_fail(err, TS_EINPUT, "expected a table with `variables`, found %s",
                       ts_kind_name(rule->kind));
    }
    for (const struct ts_value *m = rule->first; m && rc == TS_OK; m = m->next) {
        if (ts_str_eq(m->key, TS_S("condition"))) {
            rc = read_condition(out, m, a, err);
        } else if (ts_str_eq(m->key, TS_S("variables"))) {
            rc = read_variables(out, m, a, err);
        } else if (ts_str_eq(m->key, TS_S("secrets"))) {
            rc = read_secrets(out, m, a, err);
        } else {
            rc = ts_fail(err, TS_EINPUT,
                         "a rule has no %.*s; it has condition, variables and secrets",
                         (int)(m->key.n > 80 ? 80 : m->key.n), m->key.p);
        }
    }
    if (rc == TS_OK && !ts_value_get(out, "variables")) {
        rc = ts_fail(err, TS_EINPUT, "variables: missing from the rule");
    }
    return rc;
}

enum ts_code ts_params_rules(struct ts_value **out, const struct ts_value *v,
                             struct ts_arena *a, struct ts_err *err)
{
    size_t i = 0;

    *out = ts_value_new(a, TS_ARRAY);
    for (const struct ts_value *rule = v->first; rule; rule = rule->next) {
        struct ts_value *one = ts_value_new(a, TS_OBJECT);
        if (read_rule(one, rule, a, err) != TS_OK) {
            return ts_err_context(err, "[%zu]", i);
        }
        ts_value_push(*out, one);
        i++;
    }
    return TS_OK;
}
