/* from_lua.c - sequences written in Lua: what the script sees besides the sandbox.
 *
 * `sequence`, `group`, `include` and one constructor for each step type return the table
 * they were given and note beside it what it is and where it was made.  Constructors are
 * made when a script first names them: reading an unknown global ends in unknown_name,
 * which knows the step types. */
#include "parse/lua_value.h"
#include "parse/readers.h"

#include "platform/fs.h"
#include "script/script.h"

#include <lauxlib.h>
#include <string.h>

struct lua_reader {
    lua_State *L;
    const struct ts_registry *steps; /* NULL: data with constructors of their own */
    size_t tag_count;
    const char **tags; /* by tag; names of types are those of the registry */
    char **files;      /* by number */
    int file_count;
    const struct source *source; /* being evaluated */
};

/* ---- constructors: upvalues are the reader, the marks, the tag, (the name) -----------
 */

static struct lua_reader *reader_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int file_number(struct lua_reader *r, const char *source)
{
    const char *name = *source == '@' || *source == '=' ? source + 1 : source;

    for (int i = r->file_count - 1; i >= 0; i--) {
        if (strcmp(r->files[i], name) == 0) {
            return i;
        }
    }
    r->files = ts_realloc_array(r->files, (size_t)r->file_count + 1, sizeof *r->files);
    r->files[r->file_count] = ts_strdup(name);
    return r->file_count++;
}

/* Note what the table at `index` is; it is made where the innermost Lua code runs. */
static void mark(lua_State *L, int index)
{
    struct lua_reader *r = reader_of(L);
    struct lua_mark m;
    lua_Debug ar;

    if (lua_mark_get(L, lua_upvalueindex(2), index, &m)) {
        luaL_error(L, "this table is a %s already", r->tags[m.tag]);
    }
    m = (struct lua_mark){.tag = (int)lua_tointeger(L, lua_upvalueindex(3))};
    for (int level = 1; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline > 0) {
            m.line = ar.currentline;
            m.file = file_number(r, ar.source);
            break;
        }
    }
    lua_mark_set(L, lua_upvalueindex(2), index, &m);
}

static void set_name(lua_State *L, int table, int name)
{
    lua_pushliteral(L, "name");
    if (lua_rawget(L, table) != LUA_TNIL) {
        luaL_error(L, "the name is given twice, in front of the table and inside");
    }
    lua_pop(L, 1);
    lua_pushliteral(L, "name");
    lua_pushvalue(L, name);
    lua_rawset(L, table);
}

static const char *tag_of(lua_State *L)
{
    return reader_of(L)->tags[lua_tointeger(L, lua_upvalueindex(3))];
}

/* Type "Name" { ... }: the second call. */
static int construct_named(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TTABLE) {
        return luaL_error(L, "%s \"%s\" must be followed by { ... }, but here is a %s",
                          tag_of(L), lua_tostring(L, lua_upvalueindex(4)),
                          luaL_typename(L, 1));
    }
    set_name(L, 1, lua_upvalueindex(4));
    mark(L, 1);
    lua_settop(L, 1);
    return 1;
}

static int construct(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TTABLE) {
        mark(L, 1);
        lua_settop(L, 1);
        return 1;
    }
    if (lua_type(L, 1) != LUA_TSTRING) {
        return luaL_error(L, "%s takes a name and { ... }, but here is a %s", tag_of(L),
                          luaL_typename(L, 1));
    }
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushvalue(L, lua_upvalueindex(3));
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, construct_named, 4);
    return 1;
}

/* include "other.lua" is { include = "other.lua" } with a line. */
static int construct_include(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 1);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, 2, "include");
    mark(L, 2);
    return 1;
}

static bool is_constructor(lua_State *L, int index)
{
    lua_CFunction f = lua_tocfunction(L, index);

    return f == construct || f == construct_named;
}

static void push_constructor(lua_State *L, struct lua_reader *r, lua_CFunction fn,
                             int tag)
{
    lua_pushlightuserdata(L, r);
    lua_rawgetp(L, LUA_REGISTRYINDEX, r);
    lua_pushinteger(L, tag);
    lua_pushcclosure(L, fn, 3);
}

/* ---- names ---------------------------------------------------------------------------
 */

static int tag_of_type(const struct lua_reader *r, const char *name)
{
    for (size_t i = TAG_FIRST_TYPE; r->steps && i < r->tag_count; i++) {
        if (strcmp(r->tags[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const char *suggest_name(const struct lua_reader *r, const char *name)
{
    static const char *const others[] = {
        "require", "assert", "error",  "ipairs", "math", "next", "pairs",    "pcall",
        "select",  "string", "table",  "type",   "utf8", "tonumber", "tostring"};
    const char *near = ts_str_suggest(ts_str_of(name), r->tags, r->tag_count);

    return near ? near
                : ts_str_suggest(ts_str_of(name), others, sizeof others / sizeof *others);
}

/* __index of the globals: a step type not named before, or a mistake. */
static int unknown_name(lua_State *L)
{
    static const char *const absent[] = {
        "io",           "os",     "package", "debug",    "coroutine",      "load",
        "loadstring",   "dofile", "_G",      "loadfile", "collectgarbage", "setmetatable",
        "getmetatable", "print",  "rawget",  "rawset",   "rawequal",       "rawlen",
        "xpcall"};
    struct lua_reader *r = reader_of(L);

    if (lua_type(L, 2) != LUA_TSTRING) {
        return luaL_error(L, "there is no such name");
    }
    const char *name = lua_tostring(L, 2);
    int tag = tag_of_type(r, name);
    if (tag >= 0) {
        push_constructor(L, r, construct, tag);
        lua_pushvalue(L, 2);
        lua_pushvalue(L, -2);
        lua_rawset(L, 1);
        return 1;
    }
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        if (strcmp(name, absent[i]) == 0) {
            return luaL_error(L,
                              "%s cannot use `%s`: it is only put together here, its "
                              "steps act later",
                              r->steps ? "a sequence" : "a scenario", name);
        }
    }
    bool capital = name[0] >= 'A' && name[0] <= 'Z';
    const char *kind = r->steps && capital ? "step type" : "name";
    const char *near = suggest_name(r, name);
    if (near) {
        return luaL_error(L, "unknown %s %s; did you mean %s?", kind, name, near);
    }
    return luaL_error(L, "unknown %s %s", kind, name);
}

/* ---- require -------------------------------------------------------------------------
 */

/* Plain names, '.' between folders: no way out of the sequence's folder. */
static bool module_name_ok(const char *name)
{
    bool part = false;

    for (const char *p = name; *p; p++) {
        char c = *p;
        if (c == '.') {
            if (!part) {
                return false;
            }
            part = false;
        } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   (c >= '0' && c <= '9') || c == '_' || c == '-') {
            part = true;
        } else {
            return false;
        }
    }
    return part;
}

/* Push the module's path below `folder`. */
static const char *push_module_path(lua_State *L, const char *folder, size_t n,
                                    const char *name)
{
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    luaL_addlstring(&b, folder, n);
    for (const char *p = name; *p; p++) {
        luaL_addchar(&b, *p == '.' ? '/' : *p);
    }
    luaL_addstring(&b, ".lua");
    luaL_pushresult(&b);
    return lua_tostring(L, -1);
}

/* Load the chunk at `path`; on false a message is on the stack. */
static bool load_module(lua_State *L, const char *path, const char *shown)
{
    struct ts_buf text = {0};
    struct ts_err err = {0};

    if (ts_file_read(path, (size_t)16 << 20, &text, &err) != TS_OK) {
        ts_buf_free(&text);
        lua_pushfstring(L, "cannot read the module: %s", err.text);
        return false;
    }
    bool ok = ts_sandbox_load(L, ts_buf_view(&text), shown);
    ts_buf_free(&text);
    return ok;
}

static void check_circle(lua_State *L, int loading, const char *shown)
{
    lua_Integer deep = (lua_Integer)lua_rawlen(L, loading), i = 1;

    for (; i <= deep; i++) {
        lua_rawgeti(L, loading, i);
        bool same = strcmp(lua_tostring(L, -1), shown) == 0;
        lua_pop(L, 1);
        if (same) {
            break;
        }
    }
    if (i > deep) {
        return;
    }
    for (lua_pushliteral(L, ""); i <= deep; i++) {
        lua_rawgeti(L, loading, i);
        lua_pushliteral(L, " -> ");
        lua_concat(L, 3);
    }
    luaL_error(L, "require goes in a circle: %s%s", lua_tostring(L, -1), shown);
}

/* Run the chunk on top; while it runs its name (at index `shown`) is in the list.  A
 * bound that was reached stays reached whoever catches. */
static void run_module(lua_State *L, int loading, int shown)
{
    lua_Integer deep = (lua_Integer)lua_rawlen(L, loading);

    lua_pushvalue(L, shown);
    lua_rawseti(L, loading, deep + 1);
    int status = lua_pcall(L, 0, 1, 0);
    lua_pushnil(L);
    lua_rawseti(L, loading, deep + 1);
    if (status != LUA_OK) {
        lua_error(L);
    }
}

/* Upvalues: reader, loaded modules by path, list of those being loaded. */
static int sandbox_require(lua_State *L)
{
    const struct source *s = reader_of(L)->source;
    const char *name = luaL_checkstring(L, 1);
    int loaded = lua_upvalueindex(2), loading = lua_upvalueindex(3);
    size_t folder = 0;

    lua_settop(L, 1);
    if (!s->folder) {
        return luaL_error(L, "require is not possible here: no folder is known");
    }
    if (!module_name_ok(name)) {
        return luaL_error(L,
                          "require takes the name of a file beside the sequence, such "
                          "as \"lib\" or \"lib.disks\", not \"%s\"",
                          name);
    }
    for (size_t i = 0; s->name[i]; i++) {
        folder = s->name[i] == '/' || s->name[i] == '\\' ? i + 1 : folder;
    }
    const char *shown = push_module_path(L, s->name, folder, name); /* 2 */
    lua_pushfstring(L, "%s/", s->folder);                           /* 3 */
    const char *path =
        push_module_path(L, lua_tostring(L, 3), strlen(s->folder) + 1, name); /* 4 */
    lua_pushvalue(L, 4);
    if (lua_rawget(L, loaded) != LUA_TNIL) {
        return 1;
    }
    lua_pop(L, 1);
    check_circle(L, loading, shown);
    if (!load_module(L, path, shown)) {
        return lua_type(L, -1) == LUA_TSTRING &&
                       strncmp(lua_tostring(L, -1), "cannot read", 11) == 0
                   ? luaL_error(L, "%s", lua_tostring(L, -1))
                   : lua_error(L);
    }
    run_module(L, loading, 2);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, 4);
    lua_pushvalue(L, -2);
    lua_rawset(L, loaded);
    return 1;
}

/* ---- the reader ----------------------------------------------------------------------
 */

static void weak_table(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
}

static void open_globals(lua_State *L, struct lua_reader *r)
{
    int last = r->steps ? TAG_GROUP : (int)r->tag_count - 1;

    weak_table(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, r);
    lua_pushglobaltable(L);
    for (int tag = 0; tag <= last; tag++) {
        push_constructor(L, r, construct, tag);
        lua_setfield(L, -2, r->tags[tag]);
    }
    if (r->steps) {
        push_constructor(L, r, construct_include, TAG_INCLUDE);
        lua_setfield(L, -2, "include");
    }
    lua_pushlightuserdata(L, r);
    lua_newtable(L);
    lua_newtable(L);
    lua_pushcclosure(L, sandbox_require, 3);
    lua_setfield(L, -2, "require");
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, r);
    lua_pushcclosure(L, unknown_name, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

struct lua_reader *lua_reader_new(const struct ts_registry *steps)
{
    struct lua_reader *r = ts_alloc(sizeof *r);

    r->L = ts_sandbox_new(NULL);
    r->steps = steps;
    r->tag_count = TAG_FIRST_TYPE + steps->types.n;
    r->tags = ts_alloc_array(r->tag_count, sizeof *r->tags);
    r->tags[TAG_SEQUENCE] = "sequence";
    r->tags[TAG_GROUP] = "group";
    r->tags[TAG_INCLUDE] = "include";
    for (size_t i = 0; i < steps->types.n; i++) {
        const struct ts_step_type *t = steps->types.entries[i].value;
        r->tags[TAG_FIRST_TYPE + i] = t->name;
    }
    open_globals(r->L, r);
    return r;
}

struct lua_reader *lua_reader_new_data(const char *const *names)
{
    struct lua_reader *r = ts_alloc(sizeof *r);

    r->L = ts_sandbox_new(NULL);
    while (names[r->tag_count]) {
        r->tag_count++;
    }
    r->tags = ts_alloc_array(r->tag_count, sizeof *r->tags);
    memcpy(r->tags, names, r->tag_count * sizeof *r->tags);
    open_globals(r->L, r);
    return r;
}

void lua_reader_free(struct lua_reader *r)
{
    if (!r) {
        return;
    }
    ts_sandbox_free(r->L);
    for (int i = 0; i < r->file_count; i++) {
        ts_free(r->files[i]);
    }
    ts_free(r->files);
    ts_free(r->tags);
    ts_free(r);
}

static enum ts_code check_returned(struct lua_reader *r, const struct source *s,
                                   struct ts_err *err)
{
    struct lua_mark m;
    const char *first = r->tags[0];

    if (lua_type(r->L, -1) != LUA_TTABLE && !r->steps) {
        return ts_fail(err, TS_EINPUT,
                       "%s: the file must return %s \"NAME\" { ... } or a list of them, "
                       "but it returns %s%s",
                       s->name, first, lua_isnil(r->L, -1) ? "nothing" : "a ",
                       lua_isnil(r->L, -1) ? "" : luaL_typename(r->L, -1));
    }
    if (!r->steps) {
        return TS_OK;
    }
    if (lua_type(r->L, -1) != LUA_TTABLE) {
        return ts_fail(err, TS_EINPUT,
                       "%s: the file must return sequence { ... }, but it returns %s%s",
                       s->name, lua_isnil(r->L, -1) ? "nothing" : "a ",
                       lua_isnil(r->L, -1) ? "" : luaL_typename(r->L, -1));
    }
    if (!lua_mark_get(r->L, lua_gettop(r->L) - 1, lua_gettop(r->L), &m)) {
        return ts_fail(
            err, TS_EINPUT,
            "%s: the file must return sequence { ... }, but it returns a plain "
            "table",
            s->name);
    }
    if (m.tag != TAG_SEQUENCE) {
        return ts_fail(
            err, TS_EINPUT,
            "%s:%d: the file must return sequence { ... }, but it returns a %s",
            r->files[m.file], m.line, r->tags[m.tag]);
    }
    return TS_OK;
}

/* The names of files outlive the reader in the arena. */
static const char **keep_files(const struct lua_reader *r, struct ts_arena *a)
{
    const char **kept = ts_arena_alloc(a, (size_t)(r->file_count + 1) * sizeof *kept);

    for (int i = 0; i < r->file_count; i++) {
        kept[i] = ts_arena_strz(a, r->files[i]);
    }
    return kept;
}

enum ts_code lua_reader_read(struct lua_reader *r, struct ts_arena *a, ts_str text,
                             const struct source *s, struct ts_value **out,
                             struct ts_err *err)
{
    lua_State *L = r->L;
    int top = lua_gettop(L);

    r->source = s;
    lua_rawgetp(L, LUA_REGISTRYINDEX, r);
    enum ts_code rc = ts_sandbox_run(L, text, s->name, err);
    if (rc == TS_OK) {
        rc = check_returned(r, s, err);
    }
    if (rc == TS_OK) {
        struct lua_convert c = {.L = L,
                                .marks = top + 1,
                                .arena = a,
                                .source = s,
                                .tags = r->tags,
                                .files = keep_files(r, a),
                                .is_constructor = is_constructor,
                                .data = !r->steps,
                                .err = err};
        rc = lua_convert(&c, out);
    }
    lua_settop(L, top);
    return rc;
}
