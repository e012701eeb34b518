/* build_value.c - single values of the format. */
#include "parse/build.h"

#include <inttypes.h>
#include <string.h>

struct ts_value *value_member(const struct ts_value *object, const char *key)
{
    ts_str k = ts_str_of(key);

    for (struct ts_value *m = object->first; m; m = m->next) {
        if (ts_str_eq(m->key, k)) {
            return m;
        }
    }
    return NULL;
}

static enum ts_code wrong_kind(struct build *b, const struct place *at,
                               const char *wanted)
{
    return BUILD_FAIL(b, at, "must be %s, but is %s", wanted, ts_kind_name(at->v->kind));
}

enum ts_code value_text(struct build *b, const struct place *at, const char **out)
{
    if (at->v->kind != TS_STRING) {
        return wrong_kind(b, at, "a string");
    }
    *out = at->v->str.p;
    return TS_OK;
}

enum ts_code value_name(struct build *b, const struct place *at, const char **out)
{
    size_t chars = 0;

    if (at->v->kind != TS_STRING) {
        return wrong_kind(b, at, "a string");
    }
    ts_str s = at->v->str;
    for (size_t pos = 0; pos < s.n; chars++) {
        uint32_t c = ts_utf8_next(s, &pos);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
            return BUILD_FAIL(b, at, "must not hold control characters");
        }
    }
    if (chars < 1 || chars > MOST_NAME) {
        return BUILD_FAIL(b, at, "must have 1 to %d characters, but has %d", MOST_NAME,
                          (int)(chars < INT32_MAX ? chars : INT32_MAX));
    }
    *out = s.p;
    return TS_OK;
}

enum ts_code value_bool(struct build *b, const struct place *at, bool *out)
{
    if (at->v->kind != TS_BOOL) {
        return wrong_kind(b, at, "true or false");
    }
    *out = at->v->boolean;
    return TS_OK;
}

enum ts_code value_duration(struct build *b, const struct place *at, int64_t *ms)
{
    const struct ts_value *v = at->v;
    struct ts_buf text = {0};

    if (v->kind == TS_INT) {
        ts_buf_fmt(&text, "%" PRId64, v->integer);
    } else if (v->kind == TS_STRING) {
        ts_buf_str(&text, v->str);
    } else {
        return wrong_kind(b, at, "a duration such as \"15m\"");
    }
    enum ts_code rc = TS_OK;
    if (!ts_duration_parse(ts_buf_view(&text), ms)) {
        rc = BUILD_FAIL(b, at,
                        "must be a duration such as \"500ms\", \"90s\", \"15m\" or "
                        "\"1h30m\", but is \"%.60s\"",
                        ts_buf_text(&text));
    }
    ts_buf_free(&text);
    return rc;
}

/* A result code: -2147483648 to 4294967295, or "0x80070005". */
static enum ts_code value_code(struct build *b, const struct place *at, int64_t *out)
{
    const struct ts_value *v = at->v;
    bool ok = v->kind == TS_INT;

    *out = v->integer;
    if (v->kind == TS_STRING) {
        ts_str s = ts_str_trim(v->str);
        ok = ts_str_int(s, out);
        if (!ok && s.n > 2 && s.n <= 10 && ts_str_case_starts(s, TS_S("0x"))) {
            ok = true;
            *out = 0;
            for (size_t i = 2; i < s.n; i++) {
                const char *digits = "0123456789abcdef";
                const char *d = strchr(digits, s.p[i] | 0x20);
                ok = ok && d && s.p[i] && ((s.p[i] | 0x20) != ' ');
                *out = *out * 16 + (d ? d - digits : 0);
            }
        }
    }
    if (!ok) {
        return BUILD_FAIL(
            b, at, "must be a code such as 3010 or \"0x80070005\", but is %s%s",
            ts_kind_name(v->kind), v->kind == TS_STRING ? " that is none" : "");
    }
    if (*out < INT32_MIN || *out > (int64_t)UINT32_MAX) {
        return BUILD_FAIL(b, at, "must be a code of 32 bits, but is %" PRId64, *out);
    }
    return TS_OK;
}

enum ts_code value_codes(struct build *b, const struct place *at, struct ts_codes *out)
{
    size_t n = 0;

    enum ts_code rc = value_list(b, at);
    if (rc != TS_OK) {
        return rc;
    }
    int64_t *codes = ts_arena_alloc(b->arena, (at->v->count + 1) * sizeof *codes);
    for (const struct ts_value *v = at->v->first; v; v = v->next, n++) {
        struct place item = {.up = at, .v = v, .index = n};
        if ((rc = value_code(b, &item, &codes[n])) != TS_OK) {
            return rc;
        }
    }
    *out = (struct ts_codes){.v = codes, .n = n, .set = true};
    return TS_OK;
}

static enum ts_code value_attempts(struct build *b, const struct place *at, int *out)
{
    if (at->v->kind == TS_REAL) {
        return BUILD_FAIL(b, at, "must be an integer, but has a fraction");
    }
    if (at->v->kind != TS_INT) {
        return wrong_kind(b, at, "an integer");
    }
    if (at->v->integer < 1 || at->v->integer > 1000000) {
        return BUILD_FAIL(b, at,
                          "must be 1 to 1000000 (it counts all tries), but is %" PRId64,
                          at->v->integer);
    }
    *out = (int)at->v->integer;
    return TS_OK;
}

enum ts_code value_retry(struct build *b, const struct place *at, struct ts_retry *out)
{
    enum ts_code rc = value_object(b, at);

    if (rc == TS_OK) {
        rc = value_missing(b, at, IN_RETRY);
    }
    for (const struct ts_value *v = at->v->first; v && rc == TS_OK; v = v->next) {
        struct place member = {.up = at, .v = v, .key = v->key.p};
        const struct option *o = option_find(v->key, IN_RETRY);
        switch (o ? o - parse_options : -1) {
        case OPT_ATTEMPTS:
            rc = value_attempts(b, &member, &out->attempts);
            break;
        case OPT_DELAY:
            rc = value_duration(b, &member, &out->delay_ms);
            break;
        case OPT_ON:
            rc = value_codes(b, &member, &out->on);
            break;
        default:
            rc = value_unknown(b, &member, IN_RETRY, NULL);
        }
    }
    return rc;
}

enum ts_code value_condition(struct build *b, const struct place *at,
                             const struct ts_expr **out)
{
    struct ts_expr *x = NULL;
    struct ts_err why = {0};

    if (at->v->kind != TS_STRING && at->v->kind != TS_OBJECT) {
        return wrong_kind(b, at, "a condition (text or an object)");
    }
    if (ts_expr_from_value(&x, b->arena, at->v, &why) != TS_OK) {
        return BUILD_FAIL(b, at, "cannot be understood: %s", why.text);
    }
    *out = x;
    return TS_OK;
}

enum ts_code value_scalar(struct build *b, const struct place *at)
{
    struct ts_value *v = (struct ts_value *)(uintptr_t)at->v;

    if (v->kind == TS_STRING) {
        return TS_OK;
    }
    if (v->kind != TS_INT && v->kind != TS_REAL && v->kind != TS_BOOL) {
        return wrong_kind(b, at, "a string");
    }
    struct ts_buf text = {0};
    ts_json_write(&text, v, 0);
    v->kind = TS_STRING;
    v->str = (ts_str){ts_arena_str(b->arena, ts_buf_view(&text)), text.n};
    ts_buf_free(&text);
    return TS_OK;
}

/* Lua cannot tell an empty list from an empty object, so an empty one is either. */
static bool take_empty(const struct build *b, const struct place *at, enum ts_kind kind)
{
    struct ts_value *v = (struct ts_value *)(uintptr_t)at->v;

    if (b->source->lua && v->count == 0 &&
        (v->kind == TS_ARRAY || v->kind == TS_OBJECT)) {
        v->kind = kind;
    }
    return v->kind == kind;
}

enum ts_code value_object(struct build *b, const struct place *at)
{
    return take_empty(b, at, TS_OBJECT) ? TS_OK : wrong_kind(b, at, "an object");
}

enum ts_code value_list(struct build *b, const struct place *at)
{
    return take_empty(b, at, TS_ARRAY) ? TS_OK : wrong_kind(b, at, "a list");
}

enum ts_code value_texts(struct build *b, const struct place *at)
{
    enum ts_code rc = value_object(b, at);

    for (const struct ts_value *v = at->v->first; v && rc == TS_OK; v = v->next) {
        struct place member = {.up = at, .v = v, .key = v->key.p};
        rc = value_scalar(b, &member);
    }
    return rc;
}

/* What Lua cannot say is not kept: nothing is null, an empty list is an empty object.  At
 * most MOST_XML_DEEP levels. */
static enum ts_code settle_xml(struct build *b, const struct place *at, int deep)
{
    struct ts_value *v = (struct ts_value *)(uintptr_t)at->v;
    enum ts_code rc = TS_OK;
    size_t n = 0;

    if (v->kind == TS_NULL) {
        return BUILD_FAIL(b, at, "must not be null");
    }
    if (deep > MOST_XML_DEEP) {
        return BUILD_FAIL(b, at, "nests more than %d deep", MOST_XML_DEEP);
    }
    if (v->kind == TS_ARRAY && v->count == 0) {
        v->kind = TS_OBJECT;
    }
    bool list = v->kind == TS_ARRAY;
    for (const struct ts_value *m = v->first; m && rc == TS_OK; m = m->next) {
        struct place member = {
            .up = at, .v = m, .key = list ? NULL : m->key.p, .index = n++};
        rc = settle_xml(b, &member, deep + 1);
    }
    return rc;
}

enum ts_code value_xml(struct build *b, const struct place *at,
                       const struct ts_value **out)
{
    enum ts_code rc = value_object(b, at);

    rc = rc == TS_OK ? settle_xml(b, at, 0) : rc;
    struct ts_value *defaults = rc == TS_OK ? value_member(at->v, "defaults") : NULL;
    struct place member = {.up = at, .v = defaults, .key = "defaults"};

    *out = at->v;
    return defaults ? value_texts(b, &member) : rc;
}

enum ts_code value_unknown(struct build *b, const struct place *at, int where,
                           const struct ts_step_type *type)
{
    size_t params = type ? type->param_count : 0, n = 0;
    const char **names = ts_alloc_array(OPTION_COUNT + params, sizeof *names);
    const struct option *elsewhere = option_find(ts_str_of(at->key), ~0);
    enum ts_code rc;

    for (size_t i = 0; i < params; i++) {
        names[n++] = type->params[i].name;
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (parse_options[i].where & where) {
            names[n++] = parse_options[i].name;
        }
    }
    const char *near = ts_str_suggest(ts_str_of(at->key), names, n);
    if (near) {
        rc = BUILD_FAIL(b, at, "is not a property here; did you mean %s?", near);
    } else if (elsewhere && (elsewhere->where & (IN_STEP | IN_GROUP | IN_SEQUENCE)) &&
               (where & (IN_STEP | IN_GROUP | IN_SEQUENCE))) {
        rc = BUILD_FAIL(b, at, "is a property of %s",
                        elsewhere->where & IN_STEP    ? "steps only"
                        : elsewhere->where & IN_GROUP ? "groups only"
                                                      : "the sequence only");
    } else {
        struct ts_buf list = {0};
        for (size_t i = 0; i < n; i++) {
            ts_buf_fmt(&list, "%s%s", i ? ", " : "", names[i]);
        }
        rc =
            BUILD_FAIL(b, at, "is not a property here; there are %s", ts_buf_text(&list));
        ts_buf_free(&list);
    }
    ts_free(names);
    return rc;
}

enum ts_code value_missing(struct build *b, const struct place *at, int where)
{
    struct ts_buf names = {0};
    size_t n = 0;

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &parse_options[i];
        bool implied = b->source->lua && (i == OPT_TASKSEQ || i == OPT_TYPE);
        if ((o->required & where) && !implied && !value_member(at->v, o->name)) {
            ts_buf_fmt(&names, "%s%s", n++ ? ", " : "", o->name);
        }
    }
    if (n == 0) {
        return TS_OK;
    }
    enum ts_code rc = BUILD_FAIL(b, at, "lacks what is required: %s", names.p);
    ts_buf_free(&names);
    return rc;
}
