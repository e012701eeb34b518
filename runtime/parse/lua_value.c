/* lua_value.c - tables to plain values.
 *
 * Runs after the script, outside of its bounds, so it has its own: how deep, how many
 * values, how many bytes (tables may be shared, and what is shared is copied).  Nothing
 * here makes Lua allocate but the stack, so nothing raises. */
#include "parse/lua_value.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DEEP = 512, MOST_VALUES = 1 << 20, MOST_BYTES = 256 << 20 };

/* ---- marks ---------------------------------------------------------------------------
 */

bool lua_mark_get(lua_State *L, int marks, int index, struct lua_mark *out)
{
    lua_pushvalue(L, index);
    lua_rawget(L, marks);
    bool found = lua_isinteger(L, -1);
    uint64_t packed = (uint64_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
    out->line = (int)(packed & 0x7fffffff);
    out->file = (int)(packed >> 31 & 0xffff);
    out->tag = (int)(packed >> 47);
    return found;
}

void lua_mark_set(lua_State *L, int marks, int index, const struct lua_mark *m)
{
    uint64_t packed = (uint64_t)m->tag << 47 | (uint64_t)(m->file & 0xffff) << 31 |
                      (uint64_t)(m->line & 0x7fffffff);

    lua_pushvalue(L, index);
    lua_pushinteger(L, (lua_Integer)packed);
    lua_rawset(L, marks);
}

/* ---- conversion ----------------------------------------------------------------------
 */

#define FAIL(c, at, ...) place_fail((at), (c)->source, (c)->err, __VA_ARGS__)

static enum ts_code convert(struct lua_convert *c, const struct place *at, int depth,
                            struct ts_value *out);

static enum ts_code convert_text(struct lua_convert *c, const struct place *at,
                                 struct ts_value *out)
{
    ts_str s;

    s.p = lua_tolstring(c->L, -1, &s.n);
    if (s.n && memchr(s.p, '\0', s.n)) {
        return FAIL(c, at, "holds a zero byte, which no text may");
    }
    if (!ts_utf8_valid(s)) {
        return FAIL(c, at, "is not valid UTF-8");
    }
    out->kind = TS_STRING;
    out->str = (ts_str){ts_arena_str(c->arena, s), s.n};
    return TS_OK;
}

static enum ts_code convert_number(struct lua_convert *c, const struct place *at,
                                   struct ts_value *out)
{
    out->real = (double)lua_tonumber(c->L, -1);
    if (lua_isinteger(c->L, -1)) {
        out->kind = TS_INT;
        out->integer = lua_tointeger(c->L, -1);
        return TS_OK;
    }
    if (!(out->real >= -1.7e308 && out->real <= 1.7e308)) {
        return FAIL(c, at, "is a number that cannot be written down");
    }
    out->kind = TS_REAL;
    if (out->real >= -9007199254740992.0 && out->real <= 9007199254740992.0 &&
        !((double)(int64_t)out->real < out->real) &&
        !((double)(int64_t)out->real > out->real)) {
        out->kind = TS_INT; /* 2.0 is 2, as in JSON */
        out->integer = (int64_t)out->real;
    }
    return TS_OK;
}

/* The items 1..n of the table on top. */
static enum ts_code convert_items(struct lua_convert *c, const struct place *at,
                                  int depth, size_t n, struct ts_value *out)
{
    enum ts_code rc = TS_OK;

    for (size_t i = 0; i < n && rc == TS_OK; i++) {
        struct ts_value *item = ts_value_new(c->arena, TS_NULL);
        struct place there = {.up = at, .v = item, .index = i};
        lua_rawgeti(c->L, -1, (lua_Integer)i + 1);
        rc = convert(c, &there, depth, item);
        lua_pop(c->L, 1);
        ts_value_push(out, item);
    }
    return rc;
}

static int by_key(const void *a, const void *b)
{
    const struct ts_value *x = *(const struct ts_value *const *)a;
    const struct ts_value *y = *(const struct ts_value *const *)b;

    return strcmp(x->key.p, y->key.p);
}

/* Lua keeps no order and changes its own from run to run, so members stand sorted. */
static void sort_members(struct ts_value *object)
{
    struct ts_value *few[32], **all = few;
    size_t n = object->count;

    if (n > 32) {
        all = ts_alloc_array(n, sizeof *all);
    }
    n = 0;
    for (struct ts_value *v = object->first; v; v = v->next) {
        all[n++] = v;
    }
    qsort(all, n, sizeof *all, by_key);
    object->first = object->last = NULL;
    object->count = 0;
    for (size_t i = 0; i < n; i++) {
        ts_value_push(object, all[i]);
    }
    if (all != few) {
        ts_free(all);
    }
}

static enum ts_code check_key(struct lua_convert *c, const struct place *at, size_t items)
{
    if (lua_type(c->L, -2) == LUA_TSTRING) {
        ts_str key;
        key.p = lua_tolstring(c->L, -2, &key.n);
        if (memchr(key.p, '\0', key.n) || !ts_utf8_valid(key)) {
            return FAIL(c, at, "has a key that is no text");
        }
        return TS_OK;
    }
    if (lua_isinteger(c->L, -2)) {
        return FAIL(c, at, "is a list with a hole: it has %lld items and then [%lld]",
                    (long long)items, (long long)lua_tointeger(c->L, -2));
    }
    return FAIL(c, at, "has a key that is neither text nor a position: %s",
                lua_typename(c->L, lua_type(c->L, -2)));
}

static bool key_is_name(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TSTRING &&
           strcmp(lua_tostring(L, index), "name") == 0;
}

/* Messages about the other members need the name, and Lua gives members in any order. */
static enum ts_code convert_name(struct lua_convert *c, const struct place *at,
                                 struct ts_value *out)
{
    enum ts_code rc = TS_OK;

    for (lua_pushnil(c->L); lua_next(c->L, -2); lua_pop(c->L, 1)) {
        if (key_is_name(c->L, -2) && lua_type(c->L, -1) == LUA_TSTRING) {
            struct ts_value *v = ts_value_new(c->arena, TS_NULL);
            struct place there = {.up = at, .v = v, .key = "name"};
            v->key = TS_S("name");
            rc = convert_text(c, &there, v);
            ts_value_push(out, v);
            lua_pop(c->L, 2);
            break;
        }
    }
    return rc;
}

/* The members of the table on top that are not items, nor in *out already. */
static enum ts_code convert_members(struct lua_convert *c, const struct place *at,
                                    int depth, size_t items, struct ts_value *out)
{
    enum ts_code rc = TS_OK;
    bool named = out->count > 0;

    for (lua_pushnil(c->L); lua_next(c->L, -2); lua_pop(c->L, 1)) {
        if (lua_isinteger(c->L, -2) && lua_tointeger(c->L, -2) >= 1 &&
            (lua_Unsigned)lua_tointeger(c->L, -2) <= items) {
            continue;
        }
        if (named && key_is_name(c->L, -2)) {
            continue;
        }
        if ((rc = check_key(c, at, items)) != TS_OK) {
            return rc;
        }
        struct ts_value *v = ts_value_new(c->arena, TS_NULL);
        ts_str key;
        key.p = lua_tolstring(c->L, -2, &key.n);
        v->key = (ts_str){ts_arena_str(c->arena, key), key.n};
        struct place there = {.up = at, .v = v, .key = v->key.p};
        if ((rc = convert(c, &there, depth, v)) != TS_OK) {
            return rc;
        }
        ts_value_push(out, v);
    }
    sort_members(out);
    return rc;
}

/* A table that a constructor made: its items are the steps of a group. */
static enum ts_code convert_marked(struct lua_convert *c, const struct place *at,
                                   int depth, const struct lua_mark *m,
                                   struct ts_value *out)
{
    size_t items = lua_rawlen(c->L, -1);
    struct place here = *at;

    out->kind = TS_OBJECT;
    out->tag = c->tags[m->tag];
    out->file = c->files[m->file];
    out->line = m->line;
    here.is_node = !c->data && m->tag != TAG_SEQUENCE && m->tag != TAG_INCLUDE;
    enum ts_code rc = convert_name(c, &here, out);
    if (rc == TS_OK) {
        rc = convert_members(c, &here, depth, items, out);
    }
    if (rc != TS_OK || items == 0) {
        return rc;
    }
    const char *list = c->data ? "items" : "steps";
    if (!c->data && m->tag != TAG_GROUP && m->tag != TAG_SEQUENCE) {
        return place_fail_plain(&here, c->source, c->err,
                                "%s takes named properties only, but has an item [1]",
                                out->tag);
    }
    for (struct ts_value *v = out->first; v; v = v->next) {
        if (strcmp(v->key.p, list) == 0) {
            return place_fail_plain(&here, c->source, c->err,
                                    "children stand either in the list part or in "
                                    "`%s`, not in both",
                                    list);
        }
    }
    struct ts_value *steps = ts_value_new(c->arena, TS_ARRAY);
    steps->key = ts_str_of(list);
    struct place there = {.up = &here, .v = steps, .key = list};
    rc = convert_items(c, &there, depth, items, steps);
    ts_value_push(out, steps);
    return rc;
}

static enum ts_code convert_table(struct lua_convert *c, const struct place *at,
                                  int depth, struct ts_value *out)
{
    struct lua_mark mark;
    size_t items = lua_rawlen(c->L, -1);

    if (depth > MOST_DEEP) {
        return FAIL(c, at, "tables nest more than %d deep, or one holds itself",
                    MOST_DEEP);
    }
    if (!lua_checkstack(c->L, 8)) {
        return FAIL(c, at, "no memory is left");
    }
    if (lua_mark_get(c->L, c->marks, lua_gettop(c->L), &mark)) {
        return convert_marked(c, at, depth, &mark, out);
    }
    out->kind = TS_OBJECT;
    enum ts_code rc = convert_members(c, at, depth, items, out);
    if (rc != TS_OK || (items == 0 && out->count > 0)) {
        return rc;
    }
    if (items > 0 && out->count > 0) {
        return FAIL(c, at, "has both list items and named values (such as %.60s)",
                    out->first->key.p);
    }
    out->kind = TS_ARRAY;
    return convert_items(c, at, depth, items, out);
}

static enum ts_code convert(struct lua_convert *c, const struct place *at, int depth,
                            struct ts_value *out)
{
    if (++c->values > MOST_VALUES || c->arena->used > MOST_BYTES) {
        return FAIL(c, at, "makes the sequence too large");
    }
    switch (lua_type(c->L, -1)) {
    case LUA_TBOOLEAN:
        out->kind = TS_BOOL;
        out->boolean = lua_toboolean(c->L, -1);
        return TS_OK;
    case LUA_TNUMBER:
        return convert_number(c, at, out);
    case LUA_TSTRING:
        return convert_text(c, at, out);
    case LUA_TTABLE:
        return convert_table(c, at, depth + 1, out);
    default:
        if (c->is_constructor(c->L, lua_gettop(c->L))) {
            return FAIL(c, at,
                        "is a constructor without its table: write "
                        "Type \"Name\" { ... }");
        }
        return FAIL(c, at, "cannot be a %s", lua_typename(c->L, lua_type(c->L, -1)));
    }
}

enum ts_code lua_convert(struct lua_convert *c, struct ts_value **out)
{
    *out = ts_value_new(c->arena, TS_NULL);
    struct place root = {.v = *out};
    return convert(c, &root, 0, *out);
}
