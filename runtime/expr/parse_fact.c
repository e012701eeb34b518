/* parse_fact.c - the text form of facts: file(...), registry(...) and the like. */
#include "expr/expr_internal.h"

static enum ts_code parse_file(struct ts_lex *l, struct ts_expr *x)
{
    enum ts_code rc = ts_parse_string(l, "a path in single quotes", &x->name);
    if (rc != TS_OK || l->tok.kind != TS_T_COMMA) {
        return rc;
    }
    if ((rc = ts_lex_next(l)) != TS_OK) {
        return rc;
    }
    bool file = x->kind == TS_X_FILE;
    if (file && ts_parse_at_word(l, "version")) {
        x->part = "version";
    } else if (ts_parse_at_word(l, "modified")) {
        x->part = "modified";
    } else {
        return ts_lex_expected(l, file ? "`version` or `modified`" : "`modified`");
    }
    size_t at = l->tok.end;
    if ((rc = ts_lex_next(l)) != TS_OK ||
        (rc = ts_parse_operator(l, x->part, &x->op)) != TS_OK) {
        return rc;
    }
    if (ts_op_is_like(x->op) && x->part[0] == 'm') {
        return ts_lex_fail(l, at,
                           "modified is a time: it is compared with = != < <= > >=");
    }
    return ts_parse_value(l, x);
}

static enum ts_code parse_exists(struct ts_lex *l, struct ts_expr *x)
{
    enum ts_code rc;
    x->op = TS_OP_EXISTS;
    if (l->tok.kind == TS_T_NOT) {
        x->op = TS_OP_NOTEXISTS;
        if ((rc = ts_lex_next(l)) != TS_OK) {
            return rc;
        }
        if (l->tok.kind == TS_T_LIKE && x->part) {
            x->op = TS_OP_NOTLIKE;
            rc = ts_lex_next(l);
            return rc == TS_OK ? ts_parse_value(l, x) : rc;
        }
        return ts_parse_expect(l, TS_T_EXISTS, "`exists` after `not`");
    }
    return l->tok.kind == TS_T_EXISTS ? ts_lex_next(l) : TS_OK;
}

static enum ts_code parse_registry(struct ts_lex *l, struct ts_expr *x)
{
    enum ts_code rc = ts_parse_string(l, "a registry key in single quotes", &x->name);
    if (rc != TS_OK) {
        return rc;
    }
    if (l->tok.kind != TS_T_COMMA) {
        return parse_exists(l, x);
    }
    if ((rc = ts_lex_next(l)) != TS_OK ||
        (rc = ts_parse_string(l, "the name of a registry value in single quotes",
                              &x->part)) != TS_OK) {
        return rc;
    }
    if (l->tok.kind == TS_T_OP || l->tok.kind == TS_T_LIKE) {
        if ((rc = ts_parse_operator(l, "the value's name", &x->op)) != TS_OK ||
            (rc = ts_parse_value(l, x)) != TS_OK) {
            return rc;
        }
    } else if ((rc = parse_exists(l, x)) != TS_OK) {
        return rc;
    }
    if (l->tok.kind != TS_T_COMMA) {
        return TS_OK;
    }
    if ((rc = ts_lex_next(l)) != TS_OK) {
        return rc;
    }
    return ts_parse_string(l, "a registry type in single quotes, as in 'REG_DWORD'",
                           &x->type);
}

static enum ts_code parse_wmi(struct ts_lex *l, struct ts_expr *x)
{
    enum ts_code rc = ts_parse_string(l, "a WMI query in single quotes", &x->name);
    if (rc != TS_OK || l->tok.kind != TS_T_COMMA) {
        return rc;
    }
    if ((rc = ts_lex_next(l)) != TS_OK) {
        return rc;
    }
    return ts_parse_string(l, "a namespace in single quotes", &x->part);
}

static enum ts_code parse_os(struct ts_lex *l, struct ts_expr *x)
{
    enum ts_code rc;
    if (l->tok.kind == TS_T_OP) {
        return ts_lex_fail(l, l->tok.start,
                           "the operator stands in quotes: os('>=', '10.0.19041')");
    }
    if (l->tok.kind != TS_T_STRING) {
        return ts_lex_expected(l, "an operator in single quotes, as in "
                                  "os('>=', '10.0.19041')");
    }
    x->op = ts_op_find(ts_str_of(l->tok.str));
    if (!ts_op_is_order(x->op)) {
        return ts_lex_expected(l, "one of '=' '!=' '<' '<=' '>' '>='");
    }
    if ((rc = ts_lex_next(l)) != TS_OK ||
        (rc = ts_parse_expect(l, TS_T_COMMA, "`,` and a version")) != TS_OK ||
        (rc = ts_parse_value(l, x)) != TS_OK || l->tok.kind != TS_T_COMMA) {
        return rc;
    }
    if ((rc = ts_lex_next(l)) != TS_OK) {
        return rc;
    }
    return ts_parse_string(l, "an architecture in single quotes: 'x64', 'x86' or 'arm64'",
                           &x->part);
}

static enum ts_code parse_software(struct ts_lex *l, struct ts_expr *x)
{
    enum ts_code rc = ts_parse_string(l, "a product code in single quotes", &x->name);
    if (rc != TS_OK || l->tok.kind != TS_T_COMMA) {
        return rc;
    }
    if ((rc = ts_lex_next(l)) != TS_OK ||
        (rc = ts_parse_operator(l, "the product code", &x->op)) != TS_OK) {
        return rc;
    }
    return ts_parse_value(l, x);
}

static const struct {
    const char *name;
    enum ts_expr_kind kind;
    enum ts_code (*parse)(struct ts_lex *, struct ts_expr *);
} facts[] = {
    {"file", TS_X_FILE, parse_file},
    {"folder", TS_X_FOLDER, parse_file},
    {"registry", TS_X_REGISTRY, parse_registry},
    {"wmi", TS_X_WMI, parse_wmi},
    {"os", TS_X_OS, parse_os},
    {"software", TS_X_SOFTWARE, parse_software},
};
#define FACTS (sizeof facts / sizeof facts[0])

enum ts_code ts_parse_fact(struct ts_lex *l, struct ts_expr **out)
{
    const char *names[FACTS + 1];
    for (size_t i = 0; i < FACTS; i++) {
        names[i] = facts[i].name;
        if (!ts_parse_at_word(l, facts[i].name)) {
            continue;
        }
        enum ts_code rc;
        *out = ts_expr_new(l->a, facts[i].kind);
        if ((rc = ts_lex_next(l)) != TS_OK || (rc = ts_lex_next(l)) != TS_OK ||
            (rc = facts[i].parse(l, *out)) != TS_OK) {
            return rc;
        }
        return ts_parse_expect(l, TS_T_CLOSE, "`)`");
    }
    names[FACTS] = "variable";
    ts_str raw = ts_lex_raw(l);
    const char *close = ts_str_suggest(raw, names, FACTS + 1);
    return ts_lex_fail(
        l, l->tok.start,
        "there is no `%.*s(...)`; %s%s%s there are file, folder, registry, "
        "wmi, os and software",
        (int)(raw.n > 60 ? 60 : raw.n), raw.p, close ? "did you mean " : "",
        close ? close : "", close ? "?" : "");
}
