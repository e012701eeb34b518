/* shape.c - which members a table may have, and of what kind. */
#include "scenario/scenario_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum ts_code scn_fail(const struct scn_at *at, struct ts_err *err, const char *fmt, ...)
{
    char text[1200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return ts_fail(err, TS_EINPUT, "%s:%d: %s: %s", at->file, at->line, at->what, text);
}

const char *scn_text(struct ts_arena *a, const struct ts_value *v)
{
    struct ts_buf b = {0};

    if (v->kind == TS_STRING) {
        return v->str.p;
    }
    ts_json_write(&b, v, 0);
    const char *text = ts_arena_str(a, ts_buf_view(&b));
    ts_buf_free(&b);
    return text;
}

static bool is_scalar(const struct ts_value *v)
{
    return v->kind == TS_STRING || v->kind == TS_INT || v->kind == TS_REAL ||
           v->kind == TS_BOOL;
}

static bool all(const struct ts_value *v, bool (*is)(const struct ts_value *))
{
    for (const struct ts_value *m = v->first; m; m = m->next) {
        if (!is(m)) {
            return false;
        }
    }
    return true;
}

static bool is_text(const struct ts_value *v)
{
    return v->kind == TS_STRING;
}

static bool fits(const struct ts_value *v, unsigned kinds)
{
    /* An empty table of Lua is an array and stands for an object as well. */
    bool object = v->kind == TS_OBJECT || (v->kind == TS_ARRAY && v->count == 0);

    return (kinds & SCN_ANY) || ((kinds & SCN_TEXT) && v->kind == TS_STRING) ||
           ((kinds & SCN_INT) && v->kind == TS_INT) ||
           ((kinds & SCN_BOOL) && v->kind == TS_BOOL) ||
           ((kinds & SCN_LIST) && v->kind == TS_ARRAY && all(v, is_text)) ||
           ((kinds & SCN_MAP) && object && all(v, is_scalar)) ||
           ((kinds & SCN_OBJECT) && object) ||
           ((kinds & SCN_ARRAY) && v->kind == TS_ARRAY);
}

static void describe(struct ts_buf *b, unsigned kinds)
{
    static const struct {
        unsigned kind;
        const char *text;
    } names[] = {{SCN_TEXT, "a text"},
                 {SCN_INT, "a whole number"},
                 {SCN_BOOL, "true or false"},
                 {SCN_LIST, "a list of texts"},
                 {SCN_MAP, "a table NAME = text"},
                 {SCN_OBJECT, "a table of named values"},
                 {SCN_ARRAY, "a list"}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (kinds & names[i].kind) {
            ts_buf_fmt(b, "%s%s", b->n ? " or " : "", names[i].text);
        }
    }
}

enum ts_code scn_shape(const struct ts_value *table, const struct scn_key *keys, size_t n,
                       const struct scn_at *at, const char *within, struct ts_err *err)
{
    const char *dot = within[0] ? "." : "";
    const char *names[32];

    for (size_t i = 0; i < n; i++) {
        names[i] = keys[i].name;
    }
    for (const struct ts_value *m = table->first; m; m = m->next) {
        const struct scn_key *key = NULL;
        struct ts_buf want = {0};

        for (size_t i = 0; i < n && !key; i++) {
            key = ts_str_eq(m->key, ts_str_of(keys[i].name)) ? &keys[i] : NULL;
        }
        if (!key) {
            const char *near = ts_str_suggest(m->key, names, n);
            return scn_fail(at, err, "unknown key %s%s%.100s%s%s%s", within, dot,
                            m->key.n ? m->key.p : "[1]", near ? "; did you mean " : "",
                            near ? near : "", near ? "?" : "");
        }
        if (!fits(m, key->kinds)) {
            describe(&want, key->kinds);
            enum ts_code rc = scn_fail(
                at, err, "%s%s%s must be %s, but is %s%s", within, dot, key->name,
                ts_buf_text(&want), ts_kind_name(m->kind),
                m->kind == TS_ARRAY || m->kind == TS_OBJECT ? " with other things in it"
                                                            : "");
            ts_buf_free(&want);
            return rc;
        }
    }
    return TS_OK;
}
