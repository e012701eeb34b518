/* json.c - JSON text to values.
 *
 * cJSON builds the tree.  It is lenient (numbers, control characters, bytes that are no
 * text) and forgets where things stood, so the text is checked strictly beforehand and
 * its tokens are walked along with the tree: they give positions, and the exact text of
 * numbers that a double cannot hold. */
#include "base/value.h"

#include "base/json_scan.h"

#include <cJSON.h>
#include <float.h>
#include <string.h>

enum { MOST_DEPTH = 512, MOST_BYTES = 64 << 20, MOST_VALUES = 2 << 20 };

struct reader {
    struct ts_arena *arena;
    const char *file; /* for messages */
    const char *kept; /* the same in the arena, for values */
    struct json_scan scan;
    size_t place; /* line and col are those of text[place] */
    int line, col;
    struct ts_err *err;
};

static enum ts_code fail_at(struct reader *r, size_t at, const char *why)
{
    size_t from = 0;
    int line = 1, col = 1;

    json_scan_place(r->scan.text, at, &from, &line, &col);
    return ts_fail(r->err, TS_EINPUT, "%s:%d:%d: %s", r->file, line, col, why);
}

/* The next token that is no ',' or ':', and its place. */
static int next_token(struct reader *r)
{
    int token;

    do {
        token = json_scan_next(&r->scan);
    } while (token == ',' || token == ':');
    return token;
}

static struct ts_value *new_value(struct reader *r, enum ts_kind kind)
{
    struct ts_value *v = ts_value_new(r->arena, kind);

    json_scan_place(r->scan.text, r->scan.at, &r->place, &r->line, &r->col);
    v->file = r->kept;
    v->line = r->line;
    v->col = r->col;
    return v;
}

/* ---- keys ----------------------------------------------------------------------------
 */

/* The keys of one object seen so far: open addressing over the members. */
struct keys {
    struct ts_value **slots;
    size_t cap, n;
};

static uint32_t key_hash(ts_str key)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < key.n; i++) {
        h = (h ^ (unsigned char)key.p[i]) * 16777619u;
    }
    return h ^ h >> 15;
}

static bool keys_add(struct keys *k, struct ts_value *member)
{
    if (k->n + 1 > k->cap / 2) {
        struct keys grown = {.cap = k->cap ? k->cap * 2 : 16};
        grown.slots = ts_alloc_array(grown.cap, sizeof(struct ts_value *));
        for (size_t i = 0; i < k->cap; i++) {
            if (k->slots[i]) {
                keys_add(&grown, k->slots[i]);
            }
        }
        ts_free(k->slots);
        *k = grown;
    }
    size_t i = key_hash(member->key) & (k->cap - 1);
    for (; k->slots[i]; i = (i + 1) & (k->cap - 1)) {
        if (ts_str_eq(k->slots[i]->key, member->key)) {
            return false;
        }
    }
    k->slots[i] = member;
    k->n++;
    return true;
}

/* Few members are compared with each other; many go through a table. */
static bool key_is_new(struct ts_value *object, struct ts_value *member, struct keys *k)
{
    if (object->count < 8) {
        for (struct ts_value *m = object->first; m; m = m->next) {
            if (ts_str_eq(m->key, member->key)) {
                return false;
            }
        }
        return true;
    }
    if (k->n == 0) {
        for (struct ts_value *m = object->first; m; m = m->next) {
            keys_add(k, m);
        }
    }
    return keys_add(k, member);
}

/* ---- values --------------------------------------------------------------------------
 */

static struct ts_value *read_number(struct reader *r, const cJSON *node)
{
    struct ts_value *v = new_value(r, TS_REAL);
    ts_str text = {r->scan.text.p + r->scan.at, r->scan.pos - r->scan.at};

    v->real = node->valuedouble;
    if (ts_str_int(text, &v->integer)) {
        v->kind = TS_INT;
    } else if (v->real >= -9007199254740992.0 && v->real <= 9007199254740992.0 &&
               !((double)(int64_t)v->real < v->real) &&
               !((double)(int64_t)v->real > v->real)) {
        v->kind = TS_INT; /* 1e3, 2.0 */
        v->integer = (int64_t)v->real;
    }
    return v;
}

static enum ts_code read_value(struct reader *r, const cJSON *node,
                               struct ts_value **out);

static enum ts_code read_members(struct reader *r, const cJSON *node,
                                 struct ts_value *object)
{
    struct keys seen = {0};
    enum ts_code rc = TS_OK;

    for (const cJSON *c = node->child; c && rc == TS_OK; c = c->next) {
        struct ts_value *v = NULL;
        next_token(r); /* the name */
        size_t at = r->scan.at;
        if ((rc = read_value(r, c, &v)) != TS_OK) {
            break;
        }
        ts_str key = ts_str_of(c->string);
        v->key = (ts_str){ts_arena_str(r->arena, key), key.n};
        if (!key_is_new(object, v, &seen)) {
            rc = fail_at(r, at, "duplicate key");
            if (r->err) {
                size_t n = strlen(r->err->text);
                ts_str shown = {key.p, key.n < 80 ? key.n : 80};
                ts_fail(r->err, rc, "%.*s \"%.*s\"", (int)n, r->err->text, (int)shown.n,
                        shown.p);
            }
            break;
        }
        ts_value_push(object, v);
    }
    ts_free(seen.slots);
    return rc;
}

static enum ts_code read_items(struct reader *r, const cJSON *node,
                               struct ts_value *array)
{
    enum ts_code rc = TS_OK;

    for (const cJSON *c = node->child; c && rc == TS_OK; c = c->next) {
        struct ts_value *v = NULL;
        if ((rc = read_value(r, c, &v)) == TS_OK) {
            ts_value_push(array, v);
        }
    }
    return rc;
}

/* The nesting was checked, so recursion is bounded. */
static enum ts_code read_value(struct reader *r, const cJSON *node, struct ts_value **out)
{
    enum ts_code rc = TS_OK;

    next_token(r);
    switch (node->type & 0xFF) { /* the flags are above */
    case cJSON_String:
        *out = new_value(r, TS_STRING);
        ts_str s = ts_str_of(node->valuestring);
        (*out)->str = (ts_str){ts_arena_str(r->arena, s), s.n};
        break;
    case cJSON_Number:
        *out = read_number(r, node);
        if ((*out)->real > DBL_MAX || (*out)->real < -DBL_MAX) {
            rc = fail_at(r, r->scan.at, "the number is too large");
        }
        break;
    case cJSON_True:
    case cJSON_False:
        *out = new_value(r, TS_BOOL);
        (*out)->boolean = (node->type & 0xFF) == cJSON_True;
        break;
    case cJSON_Array:
        *out = new_value(r, TS_ARRAY);
        rc = read_items(r, node, *out);
        next_token(r);
        break;
    case cJSON_Object:
        *out = new_value(r, TS_OBJECT);
        rc = read_members(r, node, *out);
        next_token(r);
        break;
    default:
        *out = new_value(r, TS_NULL);
        break;
    }
    return rc;
}

enum ts_code ts_json_parse(struct ts_value **out, struct ts_arena *a, ts_str text,
                           const char *file, struct ts_err *err)
{
    struct reader r = {.arena = a, .file = file ? file : "json", .line = 1, .col = 1};
    const char *stop = NULL;

    *out = NULL;
    r.err = err;
    r.scan = json_scan_start(text);
    if (text.n > MOST_BYTES) {
        return ts_fail(err, TS_EINPUT, "%s:1:1: the text is larger than %d MiB", r.file,
                       MOST_BYTES >> 20);
    }
    struct json_scan check = r.scan;
    if (!json_scan_check(&check, MOST_DEPTH, MOST_VALUES)) {
        return fail_at(&r, check.at, check.wrong);
    }
    cJSON *root =
        cJSON_ParseWithLengthOpts(text.p + r.scan.pos, text.n - r.scan.pos, &stop, 0);
    if (!root) { /* not after the check, unless cJSON knows better */
        size_t at = stop ? (size_t)(stop - text.p) : 0;
        return fail_at(&r, at < text.n ? at : text.n, "not valid JSON");
    }
    r.kept = ts_arena_strz(a, r.file);
    enum ts_code rc = read_value(&r, root, out);
    cJSON_Delete(root);
    if (rc != TS_OK) {
        *out = NULL;
    }
    return rc;
}
