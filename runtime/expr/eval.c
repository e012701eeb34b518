/* eval.c - what a condition comes to, and why. */
#include "expr/expr_internal.h"

#include <string.h>

struct eval {
    const struct ts_expr_env *env;
    struct ts_buf *why;
    size_t why_start; /* what stood in *why before */
    struct ts_err *err;
};

/* A text of the condition with its %Name% replaced. */
struct text {
    ts_str s;
    struct ts_buf buf; /* holds s if anything was expanded */
    bool expanded, secret;
};

static bool lookup(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    const struct ts_expr_env *env = ctx;
    return env->variable(env->ctx, name, value, secret) ||
           (env->environment && env->environment(env->ctx, name, value, secret));
}

static void resolve(const struct ts_expr_env *env, const char *z, struct text *t)
{
    *t = (struct text){.s = ts_str_of(z)};
    if (t->s.n == 0 || !memchr(t->s.p, '%', t->s.n)) {
        return; /* the usual case allocates nothing */
    }
    ts_expand(&t->buf, t->s, lookup, (void *)env, &t->secret);
    t->expanded = !ts_str_eq(ts_buf_view(&t->buf), t->s);
    t->s = ts_buf_view(&t->buf);
}

static bool fetch(const struct ts_expr_env *env, ts_str name, ts_str *value, bool *secret)
{
    *value = (ts_str){"", 0};
    return name.n > 0 && env->variable(env->ctx, name, value, secret) && value->n > 0;
}

/* ---- saying why -----------------------------------------------------------------------
 */

static void say_value(struct ts_buf *b, ts_str s, bool secret)
{
    if (secret) {
        ts_buf_z(b, "*****");
        return;
    }
    ts_buf_c(b, '\'');
    size_t start = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != 0x7F) {
            continue;
        }
        /* a value must not move the cursor of whoever reads this */
        ts_buf_add(b, s.p + start, i - start);
        ts_buf_fmt(b, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\x%02x", c);
        start = i + 1;
    }
    ts_buf_add(b, s.p + start, s.n - start);
    ts_buf_c(b, '\'');
}

static void say_begin(struct eval *e, const struct ts_expr *x, bool result)
{
    if (e->why->n > e->why_start) {
        ts_buf_z(e->why, "; ");
    }
    ts_buf_c(e->why, '`');
    ts_expr_print(e->why, x);
    ts_buf_z(e->why, result ? "` is true" : "` is false");
}

static void say_variable(struct ts_buf *b, const struct text *name, bool found,
                         ts_str value, bool secret)
{
    if (name->secret) {
        ts_buf_z(b, "*****");
    } else {
        ts_buf_str(b, name->s);
    }
    if (!found) {
        ts_buf_z(b, " is missing");
        return;
    }
    ts_buf_z(b, " is ");
    say_value(b, value, secret);
}

struct compared {
    struct text name, right; /* right: the value, or the name it is found under */
    ts_str left_value, right_value;
    bool found, right_found, left_secret, right_secret;
};

static void say_compared(struct eval *e, const struct ts_expr *x,
                         const struct compared *c, bool result)
{
    say_begin(e, x, result);
    ts_buf_z(e->why, " (");
    say_variable(e->why, &c->name, c->found, c->left_value, c->left_secret);
    if (x->value_is_name) {
        ts_buf_z(e->why, ", ");
        say_variable(e->why, &c->right, c->right_found, c->right_value, c->right_secret);
    } else if (c->right.expanded) {
        ts_buf_z(e->why, ", the right side is ");
        say_value(e->why, c->right.s, c->right.secret);
    }
    ts_buf_c(e->why, ')');
}

/* ---- comparisons ----------------------------------------------------------------------
 */

static bool is_return_code(ts_str name)
{
    /* asked for every comparison: the length settles nearly all of them */
    return (name.n == sizeof "_SMSTSLastActionRetCode" - 1 &&
            ts_str_caseeq(name, TS_S("_SMSTSLastActionRetCode"))) ||
           (name.n == sizeof "_SMSTSOSUpgradeActionReturnCode" - 1 &&
            ts_str_caseeq(name, TS_S("_SMSTSOSUpgradeActionReturnCode")));
}

static bool is_order(enum ts_op op)
{
    return op == TS_OP_LT || op == TS_OP_LE || op == TS_OP_GT || op == TS_OP_GE;
}

/* What is missing comes neither before nor behind anything, whichever side it is on. */
static bool holds(const struct ts_expr *x, const struct compared *c, bool code)
{
    if (x->value_is_name && !c->right_found && is_order(x->op)) {
        return false;
    }
    return ts_compare(c->left_value, !c->found, x->op, c->right_value, code);
}

static bool compare(struct eval *e, const struct ts_expr *x)
{
    struct compared c;
    memset(&c, 0, sizeof c);
    resolve(e->env, x->name, &c.name);
    c.found = fetch(e->env, c.name.s, &c.left_value, &c.left_secret);
    c.left_secret = c.left_secret || c.name.secret;

    resolve(e->env, x->value, &c.right);
    bool code = is_return_code(c.name.s);
    if (x->value_is_name) {
        c.right_found = fetch(e->env, c.right.s, &c.right_value, &c.right_secret);
        c.right_secret = c.right_secret || c.right.secret;
        code = code || is_return_code(c.right.s);
    } else {
        c.right_value = c.right.s;
    }
    bool result = holds(x, &c, code);
    if (e->why) {
        say_compared(e, x, &c, result);
    }
    ts_buf_free(&c.name.buf);
    ts_buf_free(&c.right.buf);
    return result;
}

/* ---- facts ----------------------------------------------------------------------------
 */

static const char *or_null(const char *z, const struct text *t)
{
    return !z ? NULL : t->s.n > 0 ? t->s.p : "";
}

static enum ts_code cannot_ask(struct eval *e, const struct ts_expr *x, bool *result,
                               struct ts_err *reason)
{
    struct ts_buf b = {0};
    ts_expr_print(&b, x);
    if (!e->env->lenient) {
        ts_err_context(reason, "cannot evaluate `%.600s`", ts_buf_text(&b));
        enum ts_code rc = reason->code;
        if (e->err) {
            *e->err = *reason;
        }
        ts_buf_free(&b);
        return rc;
    }
    *result = false;
    if (e->env->warn) {
        char *message =
            ts_format("`%s` counts as false: %s", ts_buf_text(&b), reason->text);
        e->env->warn(e->env->ctx, message);
        ts_free(message);
    }
    if (e->why) {
        say_begin(e, x, false);
        ts_buf_fmt(e->why, " (it cannot be asked: %s)", reason->text);
    }
    ts_buf_free(&b);
    return TS_OK;
}

static enum ts_code ask(struct eval *e, const struct ts_expr *x, bool *result)
{
    struct text name, value, part;
    struct ts_buf seen = {0}, named = {0};
    struct ts_err reason = {0};
    ts_str text = {"", 0};
    enum ts_code rc;

    resolve(e->env, x->name, &name);
    resolve(e->env, x->value, &value);
    resolve(e->env, x->part, &part);
    if (x->value_is_name) {
        (void)fetch(e->env, value.s, &text, &value.secret);
        ts_buf_str(&named, text); /* a ts_str need not end in NUL */
    }
    *result = false;
    if (e->env->fact) {
        rc = e->env->fact(
            e->env->ctx, x, or_null(x->name, &name),
            x->value_is_name ? ts_buf_text(&named) : or_null(x->value, &value),
            or_null(x->part, &part), result, e->why ? &seen : NULL, &reason);
    } else {
        rc = ts_fail(&reason, TS_EUNSUPPORTED, "facts of the machine are not known here");
    }
    if (rc == TS_EUNSUPPORTED) {
        rc = cannot_ask(e, x, result, &reason);
    } else if (rc != TS_OK) {
        if (e->err) {
            *e->err = reason;
        }
        struct ts_buf b = {0};
        ts_expr_print(&b, x);
        ts_err_context(e->err, "cannot evaluate `%.600s`", ts_buf_text(&b));
        ts_buf_free(&b);
    } else if (e->why) {
        say_begin(e, x, *result);
        if (name.secret || value.secret || part.secret) {
            ts_buf_z(e->why, " (*****)");
        } else if (seen.n > 0) {
            ts_buf_fmt(e->why, " (%s)", ts_buf_text(&seen));
        }
    }
    ts_buf_free(&seen);
    ts_buf_free(&named);
    ts_buf_free(&name.buf);
    ts_buf_free(&value.buf);
    ts_buf_free(&part.buf);
    return rc;
}

/* ---- groups ---------------------------------------------------------------------------
 */

static enum ts_code eval(struct eval *e, const struct ts_expr *x, bool *result)
{
    switch (x->kind) {
    case TS_X_ALL:
    case TS_X_ANY:
    case TS_X_NONE:
        break;
    case TS_X_COMPARE:
        *result = compare(e, x);
        return TS_OK;
    default:
        return ask(e, x, result);
    }

    /* the first child that comes to this settles the group */
    bool settles = x->kind != TS_X_ALL;
    bool settled = false;
    for (const struct ts_expr *c = x->first; c && !settled; c = c->next) {
        bool one;
        enum ts_code rc = eval(e, c, &one);
        if (rc != TS_OK) {
            return rc;
        }
        settled = one == settles;
    }
    *result = !x->first || (x->kind == TS_X_ANY ? settled : !settled);
    return TS_OK;
}

enum ts_code ts_expr_eval(const struct ts_expr *x, const struct ts_expr_env *env,
                          bool *result, struct ts_buf *why, struct ts_err *err)
{
    struct eval e = {.env = env, .why = why, .err = err};
    *result = true;
    if (!x) {
        return TS_OK;
    }
    if (why) {
        e.why_start = why->n;
    }
    return eval(&e, x, result);
}
