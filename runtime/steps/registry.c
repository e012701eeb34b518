#include "steps/step.h"

#include <assert.h>

/* What every step or group understands itself, and words the format keeps. */
static const char *const options[] = {
    "type",  "steps",       "finally",      "include",     "name",
    "id",    "description", "disabled",     "condition",   "continueOnError",
    "phase", "timeout",     "retry",        "onInterrupt", "successCodes",
    "runAs", "package",     "restartCodes", "input",       "env",
    "xml",
};

bool ts_is_step_option(ts_str key)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (ts_str_eq(key, ts_str_of(options[i]))) {
            return true;
        }
    }
    return false;
}

static enum ts_code check_params(const struct ts_step_type *t, struct ts_err *err)
{
    for (size_t i = 0; i < t->param_count; i++) {
        const struct ts_param *p = &t->params[i];
        if (!p->name || !p->name[0]) {
            return ts_fail(err, TS_EINPUT, "step type %s: parameter %d has no name",
                           t->name, (int)i + 1);
        }
        if (ts_is_step_option(ts_str_of(p->name))) {
            return ts_fail(
                err, TS_EINPUT,
                "step type %s: parameter %s is named like an option that every "
                "step has",
                t->name, p->name);
        }
        for (size_t j = 0; j < i; j++) {
            if (ts_str_eq(ts_str_of(t->params[j].name), ts_str_of(p->name))) {
                return ts_fail(err, TS_EINPUT,
                               "step type %s: parameter %s is declared twice", t->name,
                               p->name);
            }
        }
        if (p->type == TS_P_ENUM && (!p->choices || !p->choices[0])) {
            return ts_fail(err, TS_EINPUT, "step type %s: parameter %s has no choices",
                           t->name, p->name);
        }
        if (p->variable &&
            (p->type == TS_P_MAP || p->type == TS_P_CONDITION || p->type == TS_P_RULES)) {
            return ts_fail(err, TS_EINPUT,
                           "step type %s: parameter %s is %s, which no variable can hold",
                           t->name, p->name,
                           p->type == TS_P_MAP     ? "a map"
                           : p->type == TS_P_RULES ? "a list of rules"
                                                   : "a condition");
        }
    }
    return TS_OK;
}

enum ts_code ts_registry_add(struct ts_registry *r, const struct ts_step_type *t,
                             struct ts_err *err)
{
    assert(t->name && t->name[0] && t->ops && t->ops->run);
    assert(t->on_interrupt != TS_INTERRUPT_DEFAULT);

    const struct ts_step_type *there = ts_registry_find(r, ts_str_of(t->name));
    if (there) {
        bool known = there->source && there->source[0];
        return ts_fail(err, TS_EEXIST, "the step type %s exists already%s%s%s",
                       there->name, known ? " (in " : "", known ? there->source : "",
                       known ? ")" : "");
    }
    enum ts_code rc = check_params(t, err);
    if (rc == TS_OK) {
        ts_map_set(&r->types, ts_str_of(t->name), (void *)(uintptr_t)t);
    }
    return rc;
}

const struct ts_step_type *ts_registry_find(const struct ts_registry *r, ts_str name)
{
    return ts_map_get(&r->types, name);
}

const char *ts_registry_suggest(const struct ts_registry *r, ts_str name)
{
    const char **names = ts_alloc_array(r->types.n + 1, sizeof *names);
    const char *found;

    for (size_t i = 0; i < r->types.n; i++) {
        names[i] = r->types.entries[i].key;
    }
    found = ts_str_suggest(name, names, r->types.n);
    ts_free(names);
    return found;
}

void ts_registry_fini(struct ts_registry *r)
{
    ts_map_fini(&r->types, NULL);
}
