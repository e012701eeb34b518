#include "steps/gather.h"

#include <stdio.h>
#include <string.h>

/* ---- facts ---------------------------------------------------------------------------
 */

enum ts_code ts_gather_facts(struct ts_host *h, size_t *n, struct ts_err *err)
{
    const struct ts_value *v = h->facts ? ts_facts_variables(h->facts)->first : NULL;
    enum ts_code rc = TS_OK;

    *n = 0;
    for (; v && rc == TS_OK; v = v->next) {
        /* a facts file may hold names that are none here */
        if (ts_var_name_valid(v->key) && v->key.p[0] != '_') {
            rc = ts_vars_set(h->vars, TS_SCOPE_RULES, v->key, v->str, false, err);
            (*n)++;
        }
    }
    if (rc == TS_OK && h->facts && h->phase == TS_PHASE_WINPE) {
        rc = ts_vars_set(h->vars, TS_SCOPE_RULES, TS_S("OSVersion"), TS_S("WinPE"), false,
                         err);
    }
    return rc;
}

static void put_list(struct ts_host *h, const char *name, const char *list)
{
    struct ts_buf all = {0};
    char item[64];

    for (int i = 1; i <= 999; i++) {
        snprintf(item, sizeof item, "%s%03d", list, i);
        const char *value = ts_facts_variable(h->facts, item);
        if (!value) {
            break;
        }
        ts_buf_fmt(&all, "%s%s", i > 1 ? "," : "", value);
    }
    ts_vars_engine(h->vars, name, ts_buf_text(&all));
    ts_buf_free(&all);
}

void ts_gather_hardware(struct ts_host *h)
{
    static const struct {
        const char *name, *fact;
    } texts[] = {
        {"_SMSTSAssetTag", "AssetTag"}, {"_SMSTSSerialNumber", "SerialNumber"},
        {"_SMSTSUUID", "UUID"},         {"_SMSTSMake", "Make"},
        {"_SMSTSModel", "Model"},       {"_TSSecureBoot", "SecureBoot"},
    };

    if (!h->facts) {
        return;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *value = ts_facts_variable(h->facts, texts[i].fact);
        ts_vars_engine(h->vars, texts[i].name, value ? value : "");
    }
    put_list(h, "_SMSTSMacAddresses", "MacAddress");
    put_list(h, "_SMSTSIPAddresses", "IPAddress");
    put_list(h, "_SMSTSDefaultGateways", "DefaultGateway");
}

/* ---- rules ---------------------------------------------------------------------------
 */

/* The sequence's own defaults are weaker than rules. */
static bool fixed(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    const struct ts_host *h = ctx;
    enum ts_scope scope;

    return ts_vars_scope(h->vars, name, &scope) && scope != TS_SCOPE_DEFAULT &&
           ts_vars_lookup(h->vars, name, value, secret);
}

static bool known(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    const struct ts_host *h = ctx;

    return ts_vars_lookup(h->vars, name, value, secret) ||
           ts_vars_process_env(NULL, name, value, secret);
}

static bool is_secret(void *ctx, ts_str name)
{
    const struct ts_host *h = ctx;

    return ts_vars_is_secret(h->vars, name) || ts_var_name_secret(name);
}

/* Move a result that could not be set to the notes. */
static void refuse(struct ts_rules_result *r, size_t i, const char *why)
{
    struct ts_rule_note *more =
        ts_arena_alloc(&r->arena, (r->note_count + 1) * sizeof *more);

    if (r->note_count) {
        memcpy(more, r->notes, r->note_count * sizeof *more);
    }
    more[r->note_count++] = (struct ts_rule_note){r->set[i].line, r->set[i].section,
                                                  ts_arena_strz(&r->arena, why)};
    r->notes = more;
    memmove(&r->set[i], &r->set[i + 1], (r->set_count - i - 1) * sizeof r->set[0]);
    r->set_count--;
}

enum ts_code ts_gather_rules(struct ts_host *h, const char *native_path,
                             struct ts_rules_result *out, struct ts_err *err)
{
    struct ts_rules_env env = {
        .ctx = h, .fixed = fixed, .value = known, .secret_name = is_secret};
    struct ts_ruleset *rules = NULL;
    enum ts_code rc;

    if ((rc = ts_ruleset_read(&rules, native_path, err)) != TS_OK) {
        return rc;
    }
    rc = ts_ruleset_apply(rules, &env, out, err);
    for (size_t i = 0; rc == TS_OK && i < out->set_count;) {
        const struct ts_rule_set *s = &out->set[i];
        struct ts_err why;
        enum ts_code set = ts_vars_set(h->vars, TS_SCOPE_RULES, ts_str_of(s->name),
                                       ts_str_of(s->value), s->secret, &why);
        if (set == TS_EACCESS || set == TS_EINPUT) {
            refuse(out, i, why.text);
            continue;
        }
        if (set != TS_OK) {
            rc = ts_fail(err, set, "%s", why.text);
            ts_rules_result_fini(out);
        }
        i++;
    }
    ts_ruleset_free(rules);
    return rc;
}

/* ---- conditions ----------------------------------------------------------------------
 */

static enum ts_code ask(void *ctx, const struct ts_expr *x, const char *name,
                        const char *value, const char *part, bool *result,
                        struct ts_buf *why, struct ts_err *err)
{
    const struct ts_host *h = ctx;

    return ts_facts_ask(h->facts, x, name, value, part, result, why, err);
}

static bool variable(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    const struct ts_host *h = ctx;

    return ts_vars_lookup(h->vars, name, value, secret);
}

static void warn(void *ctx, const char *message)
{
    const struct ts_host *h = ctx;

    ts_log_write(h->log, TS_LOG_WARNING, NULL, "%s", message);
}

enum ts_code ts_gather_condition(struct ts_host *h, const struct ts_value *condition,
                                 bool *result, struct ts_err *err)
{
    struct ts_expr_env env = {.ctx = h,
                              .variable = variable,
                              .fact = ask,
                              .warn = warn,
                              .lenient = h->seq && h->seq->configmgr,
                              .environment = ts_vars_process_env};
    struct ts_arena a = {0};
    struct ts_expr *x = NULL;
    enum ts_code rc = ts_expr_from_value(&x, &a, condition, err);

    if (rc == TS_OK) {
        rc = ts_expr_eval(x, &env, result, NULL, err);
    }
    ts_arena_fini(&a);
    return rc;
}
