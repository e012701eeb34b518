/* vars.h - the variables of a run.
 *
 * Names are without regard to case and keep their first spelling; values are text; setting
 * the empty text deletes.  Each name has a value per scope; the strongest scope that was
 * set wins (a deletion in a stronger scope hides the weaker ones). */
#ifndef TS_VARS_VARS_H
#define TS_VARS_VARS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/value.h"
#include "expr/expr.h"

enum ts_scope {
    TS_SCOPE_DEFAULT, /* the sequence's `variables` */
    TS_SCOPE_RULES,   /* a rules file */
    TS_SCOPE_RUN,     /* --set, --vars, answers */
    TS_SCOPE_STEP,    /* set by a step or a program it started */
    TS_SCOPE_ENGINE   /* set by the runtime; the only one that may set _names */
};
#define TS_SCOPE_COUNT 5

struct ts_vars;
struct ts_vars *ts_vars_new(void);
void ts_vars_free(struct ts_vars *v);

/* TS_EACCESS: a name starting with '_' and scope below ENGINE (the message says the runtime
 * sets it), except _SMSTSOrgName from rules and names given to ts_vars_allow; TS_EINPUT:
 * not a name (letters, digits, '_', '-', 1-256 long), or a value with a zero byte;
 * TS_ELIMIT: all values together over 32 MiB.  secret: keep it from view; a name that was
 * ever secret stays so. */
TS_NODISCARD enum ts_code ts_vars_set(struct ts_vars *v, enum ts_scope scope, ts_str name,
                                      ts_str value, bool secret, struct ts_err *err);
/* The engine's own settings: name must be valid; cannot fail. */
void ts_vars_engine(struct ts_vars *v, const char *name, const char *value);
/* Let steps set this _name (introduced by a step's default list in an imported sequence).
 * No effect on _SMSTS names.  To be said again before stored values are set. */
void ts_vars_allow(struct ts_vars *v, ts_str name);
const char *ts_vars_get(const struct ts_vars *v, const char *name); /* NULL if absent */
bool ts_vars_lookup(const struct ts_vars *v, ts_str name, ts_str *value, bool *secret);
/* The strongest scope in which it was set; false if it has no value there. */
bool ts_vars_scope(const struct ts_vars *v, ts_str name, enum ts_scope *out);
/* Marked, set as secret, or matching the catalogue's secret names (*Password*, *Secret*,
 * *Key, without switches such as SkipProductKey). */
bool ts_vars_is_secret(const struct ts_vars *v, ts_str name);
void ts_vars_mark_secret(struct ts_vars *v, ts_str name);
bool ts_var_name_valid(ts_str name);
bool ts_var_name_secret(ts_str name); /* by the catalogue's patterns alone */
/* Same name? and the first spelling of a known one, else NULL. */
const char *ts_vars_spelling(const struct ts_vars *v, ts_str name);

/* %Name% from variables, then from the process environment. */
void ts_vars_expand(const struct ts_vars *v, struct ts_buf *out, ts_str text, bool *secret);
/* Let this object of texts, which must live as long, stand for the process environment. */
void ts_vars_environment_is(struct ts_vars *v, const struct ts_value *texts);
/* That object, or else the process environment; secret by name. */
bool ts_vars_environment(const struct ts_vars *v, ts_str name, ts_str *value,
                         bool *secret);
/* Text with every secret value in it (3 bytes or longer; also JSON- or URL-escaped is not
 * tried) replaced by *****.  A value that was secret once stays hidden when it is changed
 * or deleted.  Cheap when there are no secrets. */
void ts_vars_mask(const struct ts_vars *v, struct ts_buf *out, ts_str text);
/* Remember one more text to hide in ts_vars_mask: a value expanded from a secret. */
void ts_vars_hide(struct ts_vars *v, ts_str text);
bool ts_vars_has_secrets(const struct ts_vars *v);

/* An action's local defaults (semantics "configmgr"): behind every other scope (they show
 * where a name has no value or was deleted), dropped together.  Any valid name, also _names;
 * others are ignored.  ts_vars_each and the listener do not see them. */
void ts_vars_local_set(struct ts_vars *v, ts_str name, ts_str value);
void ts_vars_local_clear(struct ts_vars *v);

struct ts_var {
    const char *name, *value; /* value NULL: deleted */
    enum ts_scope scope;
    bool secret;
};
/* Every variable with a value, in order of first setting. */
void ts_vars_each(const struct ts_vars *v, void (*fn)(void *ctx, const struct ts_var *),
                  void *ctx);
/* Every scope's own entries (what must be stored to rebuild v), deletions included. */
void ts_vars_each_scope(const struct ts_vars *v,
                        void (*fn)(void *ctx, const struct ts_var *), void *ctx);
/* Called after each change of what is visible. One listener; it must not set variables. */
void ts_vars_listen(struct ts_vars *v, void (*fn)(void *ctx, const struct ts_var *),
                    void *ctx);

/* For ts_expr_env.variable: ctx is the ts_vars. Environment variables are not seen. */
bool ts_vars_env_lookup(void *ctx, ts_str name, ts_str *value, bool *secret);
/* For ts_expr_env.environment: the process environment; ctx is not used.  Secret by name. */
bool ts_vars_process_env(void *ctx, ts_str name, ts_str *value, bool *secret);

/* The catalogue of variables that the runtime gives a meaning. */
struct ts_var_doc {
    const char *name;    /* "_SMSTSInWinPE" */
    const char *kind;    /* "engine" (read-only), "control", "action", "fact" */
    const char *def;     /* default or "" */
    const char *meaning;
};
const struct ts_var_doc *ts_vars_catalogue(size_t *n);

#endif
