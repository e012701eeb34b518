/* chunk.c - finding and compiling Lua files, and what they see as globals. */
#include <string.h>

#include <lauxlib.h>

#include "script/embedded.h"
#include "script/script_internal.h"

static const char loading; /* its address marks a module that is being loaded */

static const struct ts_embedded_module *find_embedded(const char *module)
{
    for (const struct ts_embedded_module *m = ts_embedded_modules; m->name; m++) {
        if (strcmp(m->name, module) == 0) {
            return m;
        }
    }
    return NULL;
}

/* The text of a module in the arena, or a message. */
static enum ts_code find_source(struct ts_script *s, const struct ts_origin *o,
                                const char *module, const char **path, ts_str *source,
                                struct ts_err *err)
{
    struct ts_buf text = {0};
    enum ts_code rc;

    if (!o->dir) {
        const struct ts_embedded_module *m = find_embedded(module);
        *path = ts_arena_format(&s->arena, "stdlib/%s.lua", module);
        if (!m) {
            return ts_fail(err, TS_ENOTFOUND, "there is no %s", *path);
        }
        *source = (ts_str){m->source, m->size};
        return TS_OK;
    }
    *path = ts_arena_format(&s->arena, "%s/%s.lua", o->dir, module);
    rc = ts_file_read(*path, TS_SCRIPT_SOURCE_MAX, &text, err);
    if (rc == TS_OK) {
        source->p = ts_arena_str(&s->arena, ts_buf_view(&text));
        source->n = text.n;
    }
    ts_buf_free(&text);
    return rc;
}

void ts_chunk_load(lua_State *L, const struct ts_origin *o, const char *module,
                   const char **path, ts_str *source)
{
    struct ts_script *s = ts_script_of(L);
    struct ts_err err;

    if (find_source(s, o, module, path, source, &err) != TS_OK) {
        luaL_error(L, "%s", err.text);
    }
    struct ts_chunk *c = ts_arena_alloc(&s->arena, sizeof *c);
    *c = (struct ts_chunk){s->chunks, *path};
    s->chunks = c;

    lua_pushfstring(L, "@%s", *path);
    if (luaL_loadbufferx(L, source->p, source->n, lua_tostring(L, -1), "t") != LUA_OK) {
        lua_error(L);
    }
    lua_remove(L, -2);
    lua_rawgeti(L, LUA_REGISTRYINDEX, o->env_ref);
    lua_setupvalue(L, -2, 1);
}

void ts_chunk_full_name(const struct ts_script *s, struct ts_err *err)
{
    ts_str text = ts_str_of(err->text);
    const char *colon = strchr(err->text, ':');

    if (!ts_str_starts(text, TS_S("...")) || !colon) {
        return;
    }
    ts_str tail = {err->text + 3, (size_t)(colon - err->text) - 3};
    for (const struct ts_chunk *c = s->chunks; c; c = c->next) {
        if (ts_str_ends(ts_str_of(c->path), tail)) {
            char rest[sizeof err->text];
            memcpy(rest, colon, strlen(colon) + 1);
            (void)ts_fail(err, err->code, "%s%s", c->path, rest);
            return;
        }
    }
}

/* Names of modules are identifiers with dots: no path can be said with them. */
static bool module_path(struct ts_buf *out, const char *name)
{
    bool start = true;

    for (const char *p = name; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';
        bool digit = *p >= '0' && *p <= '9';
        if (*p == '.' && !start) {
            ts_buf_c(out, '/');
            start = true;
        } else if (letter || (digit && !start)) {
            ts_buf_c(out, *p);
            start = false;
        } else {
            return false;
        }
    }
    return !start;
}

/* require, with the origin as upvalue: "ts.text" is of the library, other names stand
 * beside the file that asks. */
static int chunk_require(lua_State *L)
{
    struct ts_script *s = ts_script_of(L);
    const struct ts_origin *o = lua_touserdata(L, lua_upvalueindex(1));
    const char *name = luaL_checkstring(L, 1);
    const char *path, *module;
    ts_str source;

    struct ts_buf file = {0};
    bool valid = strlen(name) < 200 && module_path(&file, name);
    module = ts_arena_str(&s->arena, ts_buf_view(&file));
    ts_buf_free(&file);
    if (!valid) {
        return luaL_error(L, "'%s' is not the name of a module", name);
    }
    if (strncmp(name, "ts.", 3) == 0) {
        o = s->library;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, o->loaded_ref);
    if (lua_getfield(L, -1, name) == LUA_TLIGHTUSERDATA) {
        return luaL_error(L, "module '%s' requires itself", name);
    }
    if (!lua_isnil(L, -1)) {
        return 1;
    }
    lua_pop(L, 1);
    lua_pushlightuserdata(L, (void *)&loading);
    lua_setfield(L, -2, name);
    ts_chunk_load(L, o, module, &path, &source);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1)) {
        return luaL_error(L, "%s returns nothing", path);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, name);
    return 1;
}

static int no_global(lua_State *L)
{
    return luaL_error(L, "assignment to the global '%s': declare it with local",
                      luaL_tolstring(L, 2, NULL));
}

struct ts_origin *ts_origin_new(struct ts_script *s, bool library, const char *dir)
{
    lua_State *L = s->L;
    struct ts_origin *o = ts_arena_alloc(&s->arena, sizeof *o);

    o->library = library;
    o->dir = ts_arena_strz(&s->arena, dir);
    lua_newtable(L);
    o->loaded_ref = luaL_ref(L, LUA_REGISTRYINDEX);

    lua_newtable(L); /* the environment */
    lua_pushlightuserdata(L, o);
    lua_pushcclosure(L, chunk_require, 1);
    lua_setfield(L, -2, "require");
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
    lua_newtable(L); /* its metatable */
    lua_pushglobaltable(L);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, no_global);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    o->env_ref = luaL_ref(L, LUA_REGISTRYINDEX);

    o->next = s->origins;
    s->origins = o;
    return o;
}
