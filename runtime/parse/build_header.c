/* build_header.c - variables, inputs, packages and the rest of a sequence's head. */
#include "parse/build.h"

#include "vars/vars.h"

#include <string.h>

enum known { NEW, SAID_BEFORE, TWICE };

/* The first file that says something wins; one file saying it twice is a mistake. */
static enum known note_name(struct build *b, struct ts_map *names, ts_str name)
{
    const struct source *before = ts_map_get(names, name);

    if (before) {
        return before == b->source ? TWICE : SAID_BEFORE;
    }
    ts_map_set(names, name, (void *)(uintptr_t)b->source);
    return NEW;
}

static enum ts_code check_variable_name(struct build *b, const struct place *at)
{
    ts_str name = at->v->key;

    if (!ts_var_name_valid(name)) {
        return BUILD_FAIL(b, at,
                          "is not a name of a variable: letters, digits, '_' and '-', at "
                          "most 256");
    }
    if (name.p[0] == '_' && !b->seq->configmgr) {
        return BUILD_FAIL(b, at,
                          "cannot be set here: names that begin with '_' are set by the "
                          "runtime only");
    }
    return TS_OK;
}

static enum ts_code read_variables(struct build *b, const struct place *at)
{
    struct ts_value *all = (struct ts_value *)(uintptr_t)b->seq->variables, *next;
    enum ts_code rc = value_texts(b, at);

    for (struct ts_value *v = at->v->first; v && rc == TS_OK; v = next) {
        struct place member = {.up = at, .v = v, .key = v->key.p};
        next = v->next;
        if ((rc = check_variable_name(b, &member)) != TS_OK) {
            break;
        }
        enum known known = note_name(b, &b->variables, v->key);
        if (known == TWICE) {
            return BUILD_FAIL(b, &member, "is there twice (case does not matter)");
        }
        if (known == NEW) {
            ts_value_push(all, v);
        }
    }
    return rc;
}

/* ---- inputs --------------------------------------------------------------------------
 */

static enum ts_code read_choices(struct build *b, const struct place *at,
                                 struct ts_input *in)
{
    enum ts_code rc = value_list(b, at);
    size_t n = 0;

    for (const struct ts_value *v = at->v->first; v && rc == TS_OK; v = v->next, n++) {
        struct place item = {.up = at, .v = v, .index = n};
        rc = value_scalar(b, &item);
    }
    if (rc == TS_OK && n == 0) {
        return BUILD_FAIL(b, at, "must hold at least one answer");
    }
    in->choices = at->v;
    return rc;
}

static enum ts_code check_default(struct build *b, const struct place *at,
                                  const struct ts_input *in)
{
    if (!in->def || !in->choices) {
        return TS_OK;
    }
    for (const struct ts_value *v = in->choices->first; v; v = v->next) {
        if (ts_str_caseeq(v->str, ts_str_of(in->def))) {
            return TS_OK;
        }
    }
    return BUILD_FAIL(b, at, "has the default \"%.100s\", which is not among its choices",
                      in->def);
}

static enum ts_code read_input(struct build *b, const struct place *at,
                               struct ts_input *in)
{
    enum ts_code rc = check_variable_name(b, at);

    if (rc == TS_OK) {
        rc = value_object(b, at);
    }
    for (const struct ts_value *v = at->v->first; v && rc == TS_OK; v = v->next) {
        struct place member = {.up = at, .v = v, .key = v->key.p};
        const struct option *o = option_find(v->key, IN_INPUT);
        switch (o ? o - parse_options : -1) {
        case OPT_PROMPT:
            rc = value_text(b, &member, &in->prompt);
            break;
        case OPT_DEFAULT:
            rc = value_scalar(b, &member);
            in->def = v->str.p;
            break;
        case OPT_PATTERN:
            rc = value_text(b, &member, &in->pattern);
            break;
        case OPT_CHOICES:
            rc = read_choices(b, &member, in);
            break;
        case OPT_SECRET:
            rc = value_bool(b, &member, &in->secret);
            break;
        default:
            rc = value_unknown(b, &member, IN_INPUT, NULL);
        }
    }
    return rc == TS_OK ? check_default(b, at, in) : rc;
}

static enum ts_code read_inputs(struct build *b, const struct place *at)
{
    enum ts_code rc = value_object(b, at);

    for (const struct ts_value *v = at->v->first; v && rc == TS_OK; v = v->next) {
        struct place member = {.up = at, .v = v, .key = v->key.p};
        struct ts_input in = {.name = v->key.p};
        if ((rc = read_input(b, &member, &in)) != TS_OK) {
            break;
        }
        enum known known = note_name(b, &b->inputs, v->key);
        if (known == TWICE) {
            return BUILD_FAIL(b, &member, "is there twice (case does not matter)");
        }
        if (known == SAID_BEFORE) {
            continue;
        }
        if (b->seq->input_count == b->input_cap) {
            b->input_cap = b->input_cap ? b->input_cap * 2 : 8;
            b->input_list = ts_realloc_array(b->input_list, b->input_cap, sizeof in);
        }
        b->input_list[b->seq->input_count++] = in;
    }
    return rc;
}

/* ---- packages ------------------------------------------------------------------------
 */

static enum ts_code read_package(struct build *b, const struct place *at,
                                 struct ts_package *p)
{
    struct place name = {.up = at->up, .v = at->v, .key = at->key};
    enum ts_code rc = value_object(b, at);

    if (rc == TS_OK && (at->v->key.n == 0 || at->v->key.n > MOST_NAME)) {
        return BUILD_FAIL(b, &name, "is not a name of 1 to %d characters", MOST_NAME);
    }
    if (rc == TS_OK) {
        rc = value_missing(b, at, IN_PACKAGE);
    }
    for (const struct ts_value *v = at->v->first; v && rc == TS_OK; v = v->next) {
        struct place member = {.up = at, .v = v, .key = v->key.p};
        if (!option_find(v->key, IN_PACKAGE)) {
            rc = value_unknown(b, &member, IN_PACKAGE, NULL);
        } else if ((rc = value_text(b, &member, &p->source)) == TS_OK && !*p->source) {
            rc = BUILD_FAIL(b, &member, "must name a folder, but is empty");
        }
    }
    return rc;
}

static enum ts_code read_packages(struct build *b, const struct place *at)
{
    enum ts_code rc = value_object(b, at);

    for (const struct ts_value *v = at->v->first; v && rc == TS_OK; v = v->next) {
        struct place member = {.up = at, .v = v, .key = v->key.p};
        struct ts_package p = {.name = v->key.p};
        if ((rc = read_package(b, &member, &p)) != TS_OK) {
            break;
        }
        enum known known = note_name(b, &b->packages, v->key);
        if (known == TWICE) {
            return BUILD_FAIL(b, &member, "is there twice (case does not matter)");
        }
        if (known == SAID_BEFORE) {
            continue;
        }
        if (b->seq->package_count == b->package_cap) {
            b->package_cap = b->package_cap ? b->package_cap * 2 : 8;
            b->package_list = ts_realloc_array(b->package_list, b->package_cap, sizeof p);
        }
        b->package_list[b->seq->package_count++] = p;
    }
    return rc;
}

/* ---- the head ------------------------------------------------------------------------
 */

static enum ts_code read_version(struct build *b, const struct place *at)
{
    if (at->v->kind != TS_INT || at->v->integer != 1) {
        return BUILD_FAIL(b, at, "must be 1, the only version of the format there is");
    }
    return TS_OK;
}

/* What names a variable may have depends on it, so this is read first. */
static enum ts_code read_semantics(struct build *b, const struct place *at, bool included)
{
    const struct ts_value *v = value_member(at->v, "semantics");
    struct place member = {.up = at, .v = v, .key = "semantics"};
    bool configmgr = false;

    if (v) {
        if (v->kind != TS_STRING || !ts_str_eq(v->str, TS_S("configmgr"))) {
            return BUILD_FAIL(b, &member, "must be \"configmgr\" or absent");
        }
        configmgr = true;
    }
    if (included && configmgr && !b->seq->configmgr) {
        return BUILD_FAIL(b, &member,
                          "cannot be told in an included file alone; tell it in the file "
                          "that includes it");
    }
    if (included && !configmgr && b->seq->configmgr) {
        return BUILD_FAIL(b, at,
                          "semantics must be \"configmgr\" here as in the file that "
                          "includes this one");
    }
    b->seq->configmgr = configmgr;
    return TS_OK;
}

static enum ts_code read_head(struct build *b, const struct place *at, bool included)
{
    const char *unused;

    const struct option *o = option_find(at->v->key, IN_SEQUENCE);
    switch (o ? o - parse_options : -1) {
    case OPT_TASKSEQ:
        return read_version(b, at);
    case OPT_NAME:
        return value_name(b, at, included ? &unused : &b->seq->name);
    case OPT_DESCRIPTION:
        return value_text(b, at, included ? &unused : &b->seq->description);
    case OPT_VARIABLES:
        return read_variables(b, at);
    case OPT_INPUTS:
        return read_inputs(b, at);
    case OPT_PACKAGES:
        return read_packages(b, at);
    case OPT_PLACE:
        if (b->restored) {
            return value_text(b, at, &b->seq->folder);
        }
        return TS_OK;
    case OPT_XML:
        return included ? TS_OK : value_xml(b, at, &b->seq->xml);
    case OPT_SCHEMA:
    case OPT_SEMANTICS:
    case OPT_STEPS:
        return TS_OK;
    default:
        return value_unknown(b, at, IN_SEQUENCE, NULL);
    }
}

enum ts_code build_header(struct build *b, const struct place *at, bool included)
{
    enum ts_code rc;

    if (at->v->kind != TS_OBJECT) {
        return BUILD_FAIL(b, at, "a sequence must be an object, but this is %s",
                          ts_kind_name(at->v->kind));
    }
    if ((rc = read_semantics(b, at, included)) != TS_OK) {
        return rc;
    }
    for (const struct ts_value *v = at->v->first; v && rc == TS_OK; v = v->next) {
        struct place member = {.up = at, .v = v, .key = v->key.p};
        rc = read_head(b, &member, included);
    }
    return rc == TS_OK ? value_missing(b, at, IN_SEQUENCE) : rc;
}
