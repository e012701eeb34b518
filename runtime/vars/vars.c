/* vars.c - names, values and scopes. */
#include "vars/vars.h"

#include "base/map.h"
#include "platform/sysinfo.h"
#include "vars/mask.h"

#include <assert.h>
#include <string.h>

#define NAME_MAX_LENGTH 256
#define TOTAL_MAX ((size_t)32 << 20) /* bytes of all values together */

struct slot {
    char *text; /* NULL: deleted in this scope */
    size_t n;
    bool set;
};

struct var {
    const char *name; /* the map's key: first spelling */
    struct slot slots[TS_SCOPE_COUNT];
    const struct slot *top; /* strongest one that is set, or NULL */
    struct slot local;
    struct var *next_local;
    bool secret, allowed;
};

struct ts_vars {
    struct ts_map names; /* of struct var */
    struct ts_mask mask;
    struct var *locals;
    size_t bytes;
    void (*listener)(void *ctx, const struct ts_var *);
    void *listener_ctx;
    const struct ts_value *environment; /* NULL: that of the process */
};

static void free_var(void *p)
{
    struct var *var = p;
    for (int i = 0; i < TS_SCOPE_COUNT; i++) {
        ts_free(var->slots[i].text);
    }
    ts_free(var->local.text);
    ts_free(var);
}

struct ts_vars *ts_vars_new(void)
{
    return ts_alloc(sizeof(struct ts_vars));
}

void ts_vars_free(struct ts_vars *v)
{
    if (v) {
        ts_map_fini(&v->names, free_var);
        ts_mask_fini(&v->mask);
        ts_free(v);
    }
}

bool ts_var_name_valid(ts_str name)
{
    if (name.n == 0 || name.n > NAME_MAX_LENGTH) {
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '_' || c == '-')) {
            return false;
        }
    }
    return true;
}

static struct var *obtain(struct ts_vars *v, ts_str name)
{
    struct var *var = ts_map_get(&v->names, name);
    if (!var) {
        var = ts_alloc(sizeof *var);
        ts_map_set(&v->names, name, var);
        var->name = v->names.entries[v->names.n - 1].key;
        var->secret = ts_var_name_secret(name);
    }
    return var;
}

static const struct slot *visible(const struct var *var)
{
    if (var->top && var->top->text) {
        return var->top;
    }
    return var->local.text ? &var->local : NULL;
}

/* ---- setting --------------------------------------------------------------------------
 */

static bool may_set(const struct var *var, enum ts_scope scope, ts_str name)
{
    if (name.p[0] != '_' || scope == TS_SCOPE_ENGINE || (var && var->allowed)) {
        return true;
    }
    return scope == TS_SCOPE_RULES && ts_str_caseeq(name, TS_S("_SMSTSOrgName"));
}

static void put(struct ts_vars *v, struct slot *slot, ts_str value)
{
    char *old = slot->text; /* `value` may look into it */
    v->bytes -= slot->n;
    slot->text = value.n > 0 ? ts_str_dup(value) : NULL;
    slot->n = value.n;
    ts_free(old);
    slot->set = true;
    v->bytes += slot->n;
}

static void report(struct ts_vars *v, const struct var *var, enum ts_scope scope)
{
    if (!v->listener) {
        return;
    }
    struct ts_var seen = {.name = var->name, .scope = scope, .secret = var->secret};
    if (var->top && var->top->text) {
        seen.value = var->top->text;
        seen.scope = (enum ts_scope)(var->top - var->slots);
    }
    v->listener(v->listener_ctx, &seen);
}

static ts_str text_of(const struct slot *slot)
{
    return slot && slot->text ? (ts_str){slot->text, slot->n} : (ts_str){"", 0};
}

static void make_secret(struct ts_vars *v, struct var *var)
{
    var->secret = true;
    for (int i = 0; i < TS_SCOPE_COUNT; i++) {
        ts_mask_add(&v->mask, text_of(&var->slots[i]));
    }
    ts_mask_add(&v->mask, text_of(&var->local));
}

static void store(struct ts_vars *v, struct var *var, enum ts_scope scope, ts_str value,
                  bool secret)
{
    /* The runtime's value of a plain name is one that a step may change again. */
    if (scope == TS_SCOPE_ENGINE && var->name[0] != '_') {
        scope = TS_SCOPE_STEP;
    }
    struct slot *slot = &var->slots[scope];
    bool behind = var->top && slot < var->top;
    bool changes = !behind && !ts_str_eq(text_of(var->top), value);

    if (secret && !var->secret) {
        make_secret(v, var);
    }
    put(v, slot, value);
    if (var->secret) {
        ts_mask_add(&v->mask, text_of(slot));
    }
    if (!behind) {
        var->top = slot;
    }
    if (changes) {
        report(v, var, scope);
    }
}

enum ts_code ts_vars_set(struct ts_vars *v, enum ts_scope scope, ts_str name,
                         ts_str value, bool secret, struct ts_err *err)
{
    int shown = (int)(name.n > 80 ? 80 : name.n);
    assert(scope >= TS_SCOPE_DEFAULT && scope <= TS_SCOPE_ENGINE);
    if (!ts_var_name_valid(name)) {
        return ts_fail(
            err, TS_EINPUT,
            "`%.*s` cannot name a variable: a name has 1 to 256 letters, digits, "
            "'_' and '-'",
            shown, name.p);
    }
    struct var *var = ts_map_get(&v->names, name);
    if (!may_set(var, scope, name)) {
        return ts_fail(
            err, TS_EACCESS,
            "cannot set variable %.*s: names that begin with '_' are set by the "
            "runtime only",
            shown, name.p);
    }
    if (value.n > 0 && memchr(value.p, '\0', value.n)) {
        return ts_fail(err, TS_EINPUT,
                       "cannot set variable %.*s: its value contains a zero byte", shown,
                       name.p);
    }
    if (value.n > TOTAL_MAX || v->bytes > TOTAL_MAX - value.n) {
        return ts_fail(err, TS_ELIMIT,
                       "cannot set variable %.*s: all values together may have 32 MiB",
                       shown, name.p);
    }
    store(v, var ? var : obtain(v, name), scope, value, secret);
    return TS_OK;
}

void ts_vars_engine(struct ts_vars *v, const char *name, const char *value)
{
    ts_str n = ts_str_of(name);
    assert(ts_var_name_valid(n));
    store(v, obtain(v, n), TS_SCOPE_ENGINE, ts_str_of(value), false);
}

void ts_vars_allow(struct ts_vars *v, ts_str name)
{
    if (ts_var_name_valid(name) && !ts_str_case_starts(name, TS_S("_SMSTS"))) {
        obtain(v, name)->allowed = true;
    }
}

void ts_vars_local_set(struct ts_vars *v, ts_str name, ts_str value)
{
    if (!ts_var_name_valid(name)) {
        return;
    }
    struct var *var = obtain(v, name);
    if (!var->local.set) {
        var->next_local = v->locals;
        v->locals = var;
    }
    put(v, &var->local, value);
    if (var->secret) {
        ts_mask_add(&v->mask, text_of(&var->local));
    }
}

void ts_vars_local_clear(struct ts_vars *v)
{
    while (v->locals) {
        struct var *var = v->locals;
        v->locals = var->next_local;
        put(v, &var->local, (ts_str){"", 0});
        var->local.set = false;
    }
}

/* ---- looking --------------------------------------------------------------------------
 */

bool ts_vars_lookup(const struct ts_vars *v, ts_str name, ts_str *value, bool *secret)
{
    const struct var *var = ts_map_get(&v->names, name);
    const struct slot *slot = var ? visible(var) : NULL;
    if (!slot) {
        return false;
    }
    *value = (ts_str){slot->text, slot->n};
    if (secret) {
        *secret = var->secret;
    }
    return true;
}

bool ts_vars_env_lookup(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    return ts_vars_lookup(ctx, name, value, secret);
}

const char *ts_vars_get(const struct ts_vars *v, const char *name)
{
    ts_str value;
    return ts_vars_lookup(v, ts_str_of(name), &value, NULL) ? value.p : NULL;
}

const char *ts_vars_spelling(const struct ts_vars *v, ts_str name)
{
    const struct var *var = ts_map_get(&v->names, name);
    return var ? var->name : NULL;
}

bool ts_vars_process_env(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    char key[NAME_MAX_LENGTH + 1];
    (void)ctx;
    if (name.n == 0 || name.n > NAME_MAX_LENGTH || memchr(name.p, '=', name.n) ||
        memchr(name.p, '\0', name.n)) {
        return false;
    }
    memcpy(key, name.p, name.n);
    key[name.n] = '\0';
    const char *text = ts_env(key);
    if (!text) {
        return false;
    }
    *value = ts_str_of(text);
    *secret = ts_var_name_secret(name);
    return true;
}

void ts_vars_environment_is(struct ts_vars *v, const struct ts_value *texts)
{
    v->environment = texts;
}

bool ts_vars_environment(const struct ts_vars *v, ts_str name, ts_str *value,
                         bool *secret)
{
    if (!v->environment) {
        return ts_vars_process_env(NULL, name, value, secret);
    }
    for (const struct ts_value *m = v->environment->first; m; m = m->next) {
        if (ts_str_caseeq(m->key, name)) {
            *value = m->str;
            *secret = ts_var_name_secret(name);
            return true;
        }
    }
    return false;
}

static bool variable_or_process(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    return ts_vars_lookup(ctx, name, value, secret) ||
           ts_vars_environment(ctx, name, value, secret);
}

void ts_vars_expand(const struct ts_vars *v, struct ts_buf *out, ts_str text,
                    bool *secret)
{
    ts_expand(out, text, variable_or_process, (void *)v, secret);
}

/* ---- secrets --------------------------------------------------------------------------
 */

bool ts_vars_scope(const struct ts_vars *v, ts_str name, enum ts_scope *out)
{
    const struct var *var = ts_map_get(&v->names, name);

    if (!var || !var->top || !var->top->text) {
        return false;
    }
    *out = (enum ts_scope)(var->top - var->slots);
    return true;
}

bool ts_vars_is_secret(const struct ts_vars *v, ts_str name)
{
    const struct var *var = ts_map_get(&v->names, name);
    return var ? var->secret : ts_var_name_secret(name);
}

void ts_vars_mark_secret(struct ts_vars *v, ts_str name)
{
    if (ts_var_name_valid(name)) {
        make_secret(v, obtain(v, name));
    }
}

void ts_vars_hide(struct ts_vars *v, ts_str text)
{
    ts_mask_add(&v->mask, text);
}

void ts_vars_mask(const struct ts_vars *v, struct ts_buf *out, ts_str text)
{
    ts_mask_apply(&v->mask, out, text);
}

bool ts_vars_has_secrets(const struct ts_vars *v)
{
    return v->mask.n > 0;
}

/* ---- going through all ----------------------------------------------------------------
 */

void ts_vars_each(const struct ts_vars *v, void (*fn)(void *ctx, const struct ts_var *),
                  void *ctx)
{
    for (size_t i = 0; i < v->names.n; i++) {
        const struct var *var = v->names.entries[i].value;
        if (var->top && var->top->text) {
            struct ts_var seen = {.name = var->name,
                                  .value = var->top->text,
                                  .scope = (enum ts_scope)(var->top - var->slots),
                                  .secret = var->secret};
            fn(ctx, &seen);
        }
    }
}

void ts_vars_each_scope(const struct ts_vars *v,
                        void (*fn)(void *ctx, const struct ts_var *), void *ctx)
{
    for (size_t i = 0; i < v->names.n; i++) {
        const struct var *var = v->names.entries[i].value;
        for (int s = 0; s < TS_SCOPE_COUNT; s++) {
            if (var->slots[s].set) {
                struct ts_var seen = {.name = var->name,
                                      .value = var->slots[s].text,
                                      .scope = (enum ts_scope)s,
                                      .secret = var->secret};
                fn(ctx, &seen);
            }
        }
    }
}

void ts_vars_listen(struct ts_vars *v, void (*fn)(void *ctx, const struct ts_var *),
                    void *ctx)
{
    v->listener = fn;
    v->listener_ctx = ctx;
}
