/* build_node.c - steps and groups. */
#include "parse/build.h"

#include <stdlib.h>
#include <string.h>

/* ---- types ---------------------------------------------------------------------------
 */

static enum ts_code unknown_type(struct build *b, const struct place *at, ts_str name)
{
    const char *near = ts_str_caseeq(name, TS_S("Group"))
                           ? "Group"
                           : ts_registry_suggest(b->steps, name);

    if (near) {
        return BUILD_FAIL_PLAIN(b, at, "unknown step type \"%.*s\"; did you mean %s?",
                                (int)(name.n > 100 ? 100 : name.n), name.p, near);
    }
    return BUILD_FAIL_PLAIN(
        b, at,
        "unknown step type \"%.*s\"; `taskseq steps` lists those there "
        "are",
        (int)(name.n > 100 ? 100 : name.n), name.p);
}

/* *type NULL: a group. */
static enum ts_code find_type(struct build *b, const struct place *at,
                              const struct ts_step_type **type)
{
    const struct ts_value *v = value_member(at->v, "type");
    struct place member = {.up = at, .v = v, .key = "type"};
    ts_str name = ts_str_of(at->v->tag);

    *type = NULL;
    if (at->v->tag && v) {
        return BUILD_FAIL(b, &member, "is given by the constructor %s already",
                          at->v->tag);
    }
    if (at->v->tag && strcmp(at->v->tag, "sequence") == 0) {
        return BUILD_FAIL_PLAIN(
            b, at,
            "a sequence cannot stand inside another; use include or a "
            "RunTaskSequence step");
    }
    if (at->v->tag && strcmp(at->v->tag, "group") == 0) {
        return TS_OK;
    }
    if (!at->v->tag) {
        if (!v) {
            return BUILD_FAIL(b, at, "lacks what is required: type");
        }
        if (v->kind != TS_STRING) {
            return BUILD_FAIL(b, &member, "must be a string, but is %s",
                              ts_kind_name(v->kind));
        }
        name = v->str;
        if (ts_str_eq(name, TS_S("Group"))) {
            return TS_OK;
        }
    }
    *type = ts_registry_find(b->steps, name);
    if (!*type || !ts_str_eq(ts_str_of((*type)->name), name)) {
        return unknown_type(b, v ? &member : at, name);
    }
    return TS_OK;
}

/* ---- options -------------------------------------------------------------------------
 */

static enum ts_code read_phase(struct build *b, const struct place *at, struct ts_node *n)
{
    if (at->v->kind != TS_STRING || !ts_phase_parse(at->v->str, &n->phase)) {
        return BUILD_FAIL(b, at, "must be \"any\", \"WinPE\" or \"FullOS\"");
    }
    return TS_OK;
}

static enum ts_code read_interrupt(struct build *b, const struct place *at,
                                   struct ts_node *n)
{
    for (enum ts_interrupt i = TS_INTERRUPT_RERUN; i <= TS_INTERRUPT_FAIL; i++) {
        if (at->v->kind == TS_STRING &&
            ts_str_caseeq(at->v->str, ts_str_of(ts_interrupt_name(i)))) {
            n->on_interrupt = i;
            return TS_OK;
        }
    }
    return BUILD_FAIL(b, at, "must be \"rerun\", \"skip\" or \"fail\"");
}

static enum ts_code read_env(struct build *b, const struct place *at, struct ts_node *n)
{
    enum ts_code rc = value_texts(b, at);

    for (const struct ts_value *v = at->v->first; v && rc == TS_OK; v = v->next) {
        struct place member = {.up = at, .v = v, .key = v->key.p};
        if (v->key.n == 0 || memchr(v->key.p, '=', v->key.n)) {
            rc = BUILD_FAIL(b, &member, "is not a name of an environment variable");
        }
    }
    n->env = at->v->count ? at->v : NULL;
    return rc;
}

/* "file:line:column", noted by ts_sequence_to_json. */
static void read_position(struct build *b, const struct place *at, struct ts_node *n)
{
    ts_str s = at->v->kind == TS_STRING ? at->v->str : (ts_str){"", 0};
    int number[2] = {0, 0};

    for (int i = 1; i >= 0; i--) {
        while (s.n && s.p[s.n - 1] != ':') {
            s.n--;
        }
        if (s.n == 0) {
            return;
        }
        int64_t value = strtol(s.p + s.n, NULL, 10);
        number[i] = value > 0 && value < INT32_MAX ? (int)value : 0;
        s.n--;
    }
    n->pos = (struct ts_pos){
        .file = ts_arena_str(b->arena, s), .line = number[0], .col = number[1]};
}

/* What a step has and a group has not. */
static enum ts_code read_step_option(struct build *b, const struct place *at,
                                     enum option_id option, struct ts_node *n)
{
    switch (option) {
    case OPT_PHASE:
        return read_phase(b, at, n);
    case OPT_TIMEOUT:
        return value_duration(b, at, &n->timeout_ms);
    case OPT_RETRY:
        return value_retry(b, at, &n->retry);
    case OPT_INTERRUPT:
        return read_interrupt(b, at, n);
    case OPT_SUCCESS:
        return value_codes(b, at, &n->success_codes);
    case OPT_RESTART:
        return value_codes(b, at, &n->restart_codes);
    case OPT_RUN_AS:
        return value_text(b, at, &n->run_as);
    case OPT_PACKAGE:
        return value_text(b, at, &n->package);
    case OPT_INPUT:
        return value_text(b, at, &n->input);
    default:
        return read_env(b, at, n);
    }
}

static enum ts_code read_option(struct build *b, const struct place *at,
                                enum option_id option, struct ts_node *n)
{
    const char *id;
    enum ts_code rc;

    switch (option) {
    case OPT_TYPE:
    case OPT_NAME: /* read first */
    case OPT_STEPS:
    case OPT_FINALLY: /* read last */
        return TS_OK;
    case OPT_ID:
        rc = value_text(b, at, &id);
        return rc == TS_OK ? id_claim(b, at, n, id) : rc;
    case OPT_DESCRIPTION:
        return value_text(b, at, &n->description);
    case OPT_DISABLED:
        return value_bool(b, at, &n->disabled);
    case OPT_CONDITION:
        return value_condition(b, at, &n->condition);
    case OPT_CONTINUE:
        return value_bool(b, at, &n->continue_on_error);
    case OPT_PLACE:
        if (b->restored) {
            read_position(b, at, n);
        }
        return TS_OK;
    case OPT_XML:
        return value_xml(b, at, &n->xml);
    default:
        return read_step_option(b, at, option, n);
    }
}

static const struct ts_param *find_param(const struct ts_step_type *type, ts_str name)
{
    for (size_t i = 0; type && i < type->param_count; i++) {
        if (ts_str_eq(name, ts_str_of(type->params[i].name))) {
            return &type->params[i];
        }
    }
    return NULL;
}

/* Lua cannot tell an empty list from an empty map: which it is follows from the type. */
static void settle_empty(const struct ts_param *p, struct ts_value *v)
{
    if (v->count == 0 && (v->kind == TS_ARRAY || v->kind == TS_OBJECT)) {
        v->kind = p->type == TS_P_MAP                             ? TS_OBJECT
                  : p->type == TS_P_LIST || p->type == TS_P_RULES ? TS_ARRAY
                                                                  : v->kind;
    }
}

/* The members: options into the node, the type's own properties into *params. */
enum ts_code node_members(struct build *b, const struct place *at,
                          const struct ts_step_type *type, struct ts_node *n,
                          struct ts_value *params)
{
    int where = type ? IN_STEP : IN_GROUP;
    enum ts_code rc = TS_OK;
    struct ts_value *next, *last = NULL;

    for (struct ts_value *v = at->v->first; v && rc == TS_OK; v = next) {
        struct place member = {.up = at, .v = v, .key = v->key.p};
        const struct option *o = option_find(v->key, where);
        const struct ts_param *param = o ? NULL : find_param(type, v->key);
        next = v->next;
        if (o) {
            rc = read_option(b, &member, (enum option_id)(o - parse_options), n);
        } else if (param) {
            settle_empty(param, v);
            /* it leaves this object and joins the other */
            if (last) {
                last->next = next;
            } else {
                ((struct ts_value *)(uintptr_t)at->v)->first = next;
            }
            ts_value_push(params, v);
            continue;
        } else {
            rc = value_unknown(b, &member, where, type);
        }
        last = v;
    }
    return rc;
}

static enum ts_code check_params(struct build *b, const struct place *at,
                                 const struct ts_step_type *type,
                                 const struct ts_value *params)
{
    const char *name = "";
    struct ts_err why = {0};

    if (ts_params_check(type, params, &name, &why) == TS_OK) {
        return TS_OK;
    }
    struct place member = {.up = at, .v = ts_value_get(params, name), .key = name};
    return BUILD_FAIL_PLAIN(b, name && *name && member.v ? &member : at, "%s", why.text);
}

/* ---- nodes ---------------------------------------------------------------------------
 */

static enum ts_code build_group(struct build *b, const struct place *at,
                                struct ts_node *n)
{
    enum ts_code rc = TS_OK;

    if (++b->depth > MOST_GROUPS_DEEP) {
        return BUILD_FAIL_PLAIN(b, at, "groups nest more than %d deep", MOST_GROUPS_DEEP);
    }
    const struct ts_value *steps = value_member(at->v, "steps");
    const struct ts_value *finally = value_member(at->v, "finally");
    if (steps) {
        struct place list = {.up = at, .v = steps, .key = "steps"};
        struct ts_node **end = &n->first;
        rc = build_nodes(b, &list, n, false, &end);
    }
    if (finally && rc == TS_OK) {
        struct place list = {.up = at, .v = finally, .key = "finally"};
        struct ts_node **end = &n->finally_first;
        rc = build_nodes(b, &list, n, true, &end);
    }
    b->depth--;
    return rc;
}

enum ts_code node_name(struct build *b, const struct place *at, const char *otherwise,
                       const char **out)
{
    const struct ts_value *v = value_member(at->v, "name");
    struct place member = {.up = at, .v = v, .key = "name"};

    *out = otherwise;
    return v ? value_name(b, &member, out) : TS_OK;
}

static enum ts_code build_node(struct build *b, const struct place *at,
                               struct ts_node *parent, bool in_finally,
                               struct ts_node ***end)
{
    const struct ts_step_type *type;
    enum ts_code rc = find_type(b, at, &type);

    if (rc != TS_OK) {
        return rc;
    }
    if (++b->seq->node_count > MOST_NODES) {
        return BUILD_FAIL_PLAIN(b, at, "there are more than %d steps", MOST_NODES);
    }
    struct ts_node *n = ts_arena_alloc(b->arena, sizeof *n);
    struct ts_value *params = type ? ts_value_new(b->arena, TS_OBJECT) : NULL;
    n->is_group = !type;
    n->type = type ? ts_arena_strz(b->arena, type->name) : NULL;
    n->parent = parent;
    n->in_finally = in_finally;
    n->retry.attempts = 1;
    n->params = params;
    place_position(at, b->source, &n->pos.file, &n->pos.line, &n->pos.col);
    if ((rc = node_name(b, at, type ? n->type : "Group", &n->name)) != TS_OK ||
        (rc = node_members(b, at, type, n, params)) != TS_OK) {
        return rc;
    }
    **end = n;
    *end = &n->next;
    return type ? check_params(b, at, type, params) : build_group(b, at, n);
}

/* ---- lists ---------------------------------------------------------------------------
 */

enum ts_code build_nodes(struct build *b, const struct place *at, struct ts_node *parent,
                         bool in_finally, struct ts_node ***end)
{
    enum ts_code rc = value_list(b, at);
    size_t index = 0;

    for (const struct ts_value *v = at->v->first; v && rc == TS_OK; v = v->next) {
        struct place item = {.up = at, .v = v, .index = index++};
        if (v->kind != TS_OBJECT) {
            return BUILD_FAIL(b, &item, "must be a step or a group, but is %s",
                              ts_kind_name(v->kind));
        }
        item.is_node = !build_is_include(v);
        rc = !item.is_node       ? build_include(b, &item, parent, in_finally, end)
             : build_is_child(v) ? build_child(b, &item, parent, in_finally, end)
                                 : build_node(b, &item, parent, in_finally, end);
    }
    return rc;
}

enum ts_code build_document(struct build *b, const struct place *at,
                            struct ts_node *parent, bool in_finally,
                            struct ts_node ***end)
{
    struct place list = {.up = at, .v = value_member(at->v, "steps"), .key = "steps"};

    return build_nodes(b, &list, parent, in_finally, end);
}
