/* sandbox.c - a Lua state that cannot run away: the bounds and what it offers.
 *
 * Lua's count hook sees the instructions of Lua code; functions in C say through
 * ts_sandbox_work what they do.  Both add to one sum, and the clock is looked at on the
 * way.  Once a bound is reached the state is spent: whatever is called next raises again,
 * and pcall passes it on. */
#include "script/sandbox_internal.h"

#include "base/mem.h"
#include "platform/clock.h"

#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOOK_EVERY = 100, CLOCK_EVERY = 10000, LARGE = 64 * 1024 };
enum reached { NOTHING, INSTRUCTIONS, MEMORY, TIME };

struct ts_lua_bounds ts_sandbox_default = {
    .instructions = 100000000, .memory = (size_t)256 << 20, .time_ms = 5000};

struct chunk {
    char *name;                 /* as messages shall have it */
    char short_src[LUA_IDSIZE]; /* as Lua writes it */
};

struct sandbox {
    struct ts_lua_bounds bounds;
    bool bounded; /* false until the libraries stand */
    size_t memory;
    uint64_t spent, clock_seen;
    int64_t deadline_ns, left_ns;
    bool running;
    enum reached reached;
    struct chunk *chunks;
    size_t chunk_count;
    lua_State *L;
};

static struct sandbox *sandbox_of(lua_State *L)
{
    return *(struct sandbox **)lua_getextraspace(L);
}

/* ---- bounds --------------------------------------------------------------------------
 */

static const char *bound_text(lua_State *L, const struct sandbox *s)
{
    switch (s->reached) {
    case INSTRUCTIONS:
        return lua_pushfstring(L,
                               "stopped after %I instructions; a sequence is only put "
                               "together here, its steps run later",
                               (LUAI_UACINT)s->bounds.instructions);
    case TIME:
        return lua_pushfstring(L,
                               "stopped after %I ms; a sequence is only put together "
                               "here, its steps run later",
                               (LUAI_UACINT)s->bounds.time_ms);
    default:
        return lua_pushfstring(L, "stopped at %I KiB of memory",
                               (LUAI_UACINT)(s->bounds.memory / 1024));
    }
}

/* "file:line: " of the innermost Lua code, or "". */
static void push_where(lua_State *L)
{
    lua_Debug ar;

    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline > 0) {
            lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
            return;
        }
    }
    lua_pushliteral(L, "");
}

static void raise_reached(lua_State *L)
{
    push_where(L);
    bound_text(L, sandbox_of(L));
    lua_concat(L, 2);
    lua_error(L);
}

static void spend(lua_State *L, uint64_t n, bool look)
{
    struct sandbox *s = sandbox_of(L);

    if (!s->running) {
        return;
    }
    s->spent += n;
    if (s->reached == NOTHING && s->spent > s->bounds.instructions) {
        s->reached = INSTRUCTIONS;
    }
    if (s->reached == NOTHING && (look || s->spent - s->clock_seen >= CLOCK_EVERY)) {
        s->clock_seen = s->spent;
        if (ts_mono_ns() > s->deadline_ns) {
            s->reached = TIME;
        }
    }
    if (s->reached != NOTHING) {
        raise_reached(L);
    }
}

void ts_sandbox_work(lua_State *L, uint64_t n)
{
    spend(L, n, false);
}

size_t ts_sandbox_room(lua_State *L)
{
    const struct sandbox *s = sandbox_of(L);

    return s->memory < s->bounds.memory ? s->bounds.memory - s->memory : 0;
}

/* Never sets the hook anew: that walks the whole stack of calls. */
static void on_count(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    spend(L, HOOK_EVERY, true);
}

/* A large allocation usually means that one instruction moved a lot of memory, so the
 * clock is looked at; raising is for the hook, which then comes at once. */
static void *allocate(void *ud, void *p, size_t old, size_t n)
{
    struct sandbox *s = ud;
    size_t had = p ? old : 0;

    if (n == 0) {
        free(p);
        s->memory -= had;
        return NULL;
    }
    if (s->bounded && n > had && s->memory + (n - had) > s->bounds.memory) {
        return NULL;
    }
    void *q = realloc(p, n);
    if (q) {
        s->memory += n - had;
    }
    if (n >= LARGE && s->running && s->reached == NOTHING &&
        ts_mono_ns() > s->deadline_ns) {
        s->reached = TIME;
        lua_sethook(s->L, on_count, LUA_MASKCOUNT, 1);
    }
    return q;
}

/* ---- what it offers ------------------------------------------------------------------
 */

void sandbox_replace(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_pushcfunction(L, fn);
    lua_setfield(L, -2, name);
}

static int charged(lua_State *L)
{
    uint64_t n = 1;
    int args = lua_gettop(L);

    for (int i = 1; i <= args; i++) {
        if (lua_type(L, i) == LUA_TSTRING) {
            n += lua_rawlen(L, i) / 8;
        }
    }
    ts_sandbox_work(L, n);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, args, LUA_MULTRET);
    return lua_gettop(L);
}

void sandbox_charge(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, charged, 1);
    lua_setfield(L, -2, name);
}

static int sandbox_pcall(lua_State *L)
{
    struct sandbox *s = sandbox_of(L);

    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
    if (status == LUA_ERRMEM && s->reached == NOTHING) {
        s->reached = MEMORY;
    }
    if (s->reached != NOTHING) {
        return lua_error(L);
    }
    if (status != LUA_OK) {
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    return lua_gettop(L);
}

static void remove_from(lua_State *L, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, names[i]);
    }
}

/* The functions of the base library that stay; everything else it brings goes, also what
 * a later Lua adds. */
static void open_base(lua_State *L)
{
    static const char *const kept[] = {"assert", "error",    "ipairs",   "next",
                                       "select", "tonumber", "tostring", "type"};

    lua_newtable(L); /* the globals to be */
    luaL_requiref(L, "_G", luaopen_base, 0);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        lua_getfield(L, -1, kept[i]);
        lua_setfield(L, -3, kept[i]);
    }
    lua_pop(L, 1);
    sandbox_replace(L, "pairs", sandbox_pairs);
    sandbox_replace(L, "pcall", sandbox_pcall);
    sandbox_charge(L, "tonumber");
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

static int open_libraries(lua_State *L)
{
    static const char *const random[] = {"random", "randomseed"};

    open_base(L);
    luaL_requiref(L, "string", luaopen_string, 1);
    sandbox_string_open(L);
    luaL_requiref(L, "table", luaopen_table, 1);
    sandbox_table_open(L);
    luaL_requiref(L, "math", luaopen_math, 1);
    remove_from(L, random, 2);
    luaL_requiref(L, "utf8", luaopen_utf8, 1);
    sandbox_charge(L, "len");
    sandbox_charge(L, "offset");
    return 0;
}

static int panic(lua_State *L)
{
    (void)L;
    ts_oom(0);
}

struct lua_State *ts_sandbox_new(const struct ts_lua_bounds *b)
{
    struct sandbox *s = ts_alloc(sizeof *s);

    s->bounds = b ? *b : (struct ts_lua_bounds){0};
    s->bounds.instructions =
        s->bounds.instructions ? s->bounds.instructions : ts_sandbox_default.instructions;
    s->bounds.memory = s->bounds.memory ? s->bounds.memory : ts_sandbox_default.memory;
    s->bounds.time_ms =
        s->bounds.time_ms ? s->bounds.time_ms : ts_sandbox_default.time_ms;
    s->left_ns = s->bounds.time_ms * 1000000;
    lua_State *L = lua_newstate(allocate, s);
    if (!L) {
        ts_oom(sizeof *s);
    }
    s->L = L;
    *(struct sandbox **)lua_getextraspace(L) = s;
    lua_atpanic(L, panic);
    lua_pushcfunction(L, open_libraries);
    lua_call(L, 0, 0);
    s->bounded = true;
    return L;
}

void ts_sandbox_free(struct lua_State *L)
{
    if (!L) {
        return;
    }
    struct sandbox *s = sandbox_of(L);
    lua_close(L);
    for (size_t i = 0; i < s->chunk_count; i++) {
        ts_free(s->chunks[i].name);
    }
    ts_free(s->chunks);
    ts_free(s);
}

/* ---- running -------------------------------------------------------------------------
 */

/* Lua cuts long names in messages; remember what to put back. */
static void remember_chunk(lua_State *L, const char *name, const char *chunk)
{
    struct sandbox *s = sandbox_of(L);
    lua_Debug ar;

    for (size_t i = 0; i < s->chunk_count; i++) {
        if (strcmp(s->chunks[i].name, name) == 0) {
            return;
        }
    }
    if (luaL_loadbufferx(L, "", 0, chunk, "t") != LUA_OK) {
        lua_pop(L, 1);
        return;
    }
    lua_getinfo(L, ">S", &ar);
    s->chunks = ts_realloc_array(s->chunks, s->chunk_count + 1, sizeof *s->chunks);
    struct chunk *c = &s->chunks[s->chunk_count++];
    c->name = ts_strdup(name);
    memcpy(c->short_src, ar.short_src, sizeof c->short_src);
}

bool ts_sandbox_load(lua_State *L, ts_str source, const char *name)
{
    char *chunk = ts_format("@%s", name);
    size_t skip = ts_str_starts(source, TS_S("\xEF\xBB\xBF")) ? 3 : 0;

    remember_chunk(L, name, chunk);
    if (skip < source.n && source.p[skip] == '#') { /* "#!" line; keep the line count */
        const char *end = memchr(source.p + skip, '\n', source.n - skip);
        skip = end ? (size_t)(end - source.p) : source.n;
    }
    const char *text = source.n ? source.p + skip : "";
    int status = luaL_loadbufferx(L, text, source.n - skip, chunk, "t");
    ts_free(chunk);
    if (status == LUA_ERRMEM) {
        sandbox_of(L)->reached = MEMORY;
    }
    return status == LUA_OK;
}

/* The chunk whose name the message begins with, as Lua writes it. */
static const struct chunk *chunk_of(const struct sandbox *s, const char *message)
{
    for (size_t i = 0; i < s->chunk_count; i++) {
        size_t n = strlen(s->chunks[i].short_src);
        if (strncmp(message, s->chunks[i].short_src, n) == 0 && message[n] == ':') {
            return &s->chunks[i];
        }
    }
    return NULL;
}

/* Every error names the file, whatever was raised. */
static int add_place(lua_State *L)
{
    int kind = lua_type(L, 1);

    if (kind == LUA_TSTRING && chunk_of(sandbox_of(L), lua_tostring(L, 1))) {
        return 1;
    }
    push_where(L);
    if (kind == LUA_TSTRING || kind == LUA_TNUMBER) {
        lua_pushvalue(L, 1);
    } else {
        lua_pushfstring(L, "an error was raised that is no text but %s",
                        kind == LUA_TNIL ? "nil" : luaL_typename(L, 1));
    }
    lua_concat(L, 2);
    return 1;
}

static enum ts_code report(lua_State *L, const char *name, struct ts_err *err)
{
    struct sandbox *s = sandbox_of(L);
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "failed";
    enum ts_code code = s->reached == NOTHING ? TS_EINPUT : TS_ELIMIT;
    const struct chunk *c = chunk_of(s, message);

    if (c) {
        return ts_fail(err, code, "%s%s", c->name, message + strlen(c->short_src));
    }
    if (s->reached == MEMORY) { /* Lua could not say where */
        return ts_fail(err, code, "%s: stopped at %llu KiB of memory", name,
                       (unsigned long long)(s->bounds.memory / 1024));
    }
    bool named = strncmp(message, name, strlen(name)) == 0;
    return ts_fail(err, code, "%s%s%s", named ? "" : name, named ? "" : ": ", message);
}

enum ts_code ts_sandbox_call(struct lua_State *L, int args, const char *name,
                             struct ts_err *err)
{
    struct sandbox *s = sandbox_of(L);
    int base = lua_gettop(L) - args;
    int64_t start = ts_mono_ns();

    lua_pushcfunction(L, add_place);
    lua_insert(L, base);
    s->deadline_ns = start + s->left_ns;
    s->running = true;
    lua_sethook(L, on_count, LUA_MASKCOUNT, HOOK_EVERY);
    int status = lua_pcall(L, args, 1, base);
    lua_sethook(L, NULL, 0, 0);
    s->running = false;
    s->left_ns -= ts_mono_ns() - start;
    lua_remove(L, base);
    if (status == LUA_ERRMEM && s->reached == NOTHING) {
        s->reached = MEMORY;
    }
    if (status != LUA_OK) {
        enum ts_code rc = report(L, name, err);
        lua_settop(L, base - 1);
        return rc;
    }
    return TS_OK;
}

enum ts_code ts_sandbox_run(struct lua_State *L, ts_str source, const char *name,
                            struct ts_err *err)
{
    if (!lua_checkstack(L, 8)) {
        return ts_fail(err, TS_ELIMIT, "%s: no room left on the Lua stack", name);
    }
    if (!ts_sandbox_load(L, source, name)) {
        enum ts_code rc = report(L, name, err);
        lua_pop(L, 1);
        return rc;
    }
    return ts_sandbox_call(L, 0, name, err);
}
