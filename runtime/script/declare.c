/* declare.c - from the table a step file returns to a step type.
 *
 * Users write these files too, so that every mistake is named with the line it stands on.
 * Lua tables know no lines; a line is found by looking for the word in the source, which
 * is right whenever the word is written there once. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "script/script_internal.h"

struct declaration {
    lua_State *L;
    struct ts_arena *arena;
    const char *path;
    ts_str source;
};

struct key {
    const char *name;
    int type; /* LUA_T*; LUA_TNONE: any */
};

static const struct key step_keys[] = {
    {"summary", LUA_TSTRING},     {"doc", LUA_TSTRING},
    {"onInterrupt", LUA_TSTRING}, {"runsCommand", LUA_TBOOLEAN},
    {"phase", LUA_TSTRING},       {"successCodes", LUA_TTABLE},
    {"params", LUA_TTABLE},       {"restartCodes", LUA_TTABLE},
    {"run", LUA_TFUNCTION},       {NULL, 0},
};

static const struct key param_keys[] = {
    {"name", LUA_TSTRING},      {"type", LUA_TSTRING},
    {"required", LUA_TBOOLEAN}, {"expand", LUA_TBOOLEAN},
    {"doc", LUA_TSTRING},       {"secret", LUA_TBOOLEAN},
    {"variable", LUA_TSTRING},  {"choices", LUA_TTABLE},
    {"default", LUA_TNONE},     {NULL, 0},
};

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_';
}

static const char *find_word(ts_str text, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; n && i + n <= text.n; i++) {
        if (text.p[i] == '-' && i + 1 < text.n && text.p[i + 1] == '-') {
            while (i < text.n && text.p[i] != '\n') {
                i++;
            }
        } else if (memcmp(text.p + i, word, n) == 0 &&
                   (i == 0 || !word_char(text.p[i - 1])) &&
                   (i + n == text.n || !word_char(text.p[i + n]))) {
            return text.p + i;
        }
    }
    return NULL;
}

/* The line of `word`, looked for behind `owner` when that is given. */
static int line_of(const struct declaration *d, const char *owner, const char *word)
{
    const char *end = d->source.p + d->source.n;
    const char *at = owner ? find_word(d->source, owner) : NULL;
    const char *from = at ? at : d->source.p;
    const char *found =
        word ? find_word((ts_str){from, (size_t)(end - from)}, word) : NULL;
    int line = 1;

    found = found ? found : at;
    for (const char *p = d->source.p; found && p < found; p++) {
        line += *p == '\n';
    }
    return line;
}

static void decl_fail(const struct declaration *d, const char *owner, const char *word,
                      const char *fmt, ...) TS_PRINTF(4, 5) TS_NORETURN;
static void decl_fail(const struct declaration *d, const char *owner, const char *word,
                      const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    luaL_error(d->L, "%s:%d: %s", d->path, line_of(d, owner, word), text);
    abort(); /* luaL_error does not return */
}

static const char *type_text(int type)
{
    return type == LUA_TSTRING     ? "a string"
           : type == LUA_TBOOLEAN  ? "true or false"
           : type == LUA_TFUNCTION ? "a function"
                                   : "a table";
}

/* Every key of the table on top is known and of the right type.  `owner`: the parameter
 * it declares, NULL for the step itself. */
static void check_keys(const struct declaration *d, const struct key *keys,
                       const char *owner)
{
    lua_State *L = d->L;
    const char *names[16];
    size_t n = 0;

    while (keys[n].name) {
        names[n] = keys[n].name;
        n++;
    }
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        size_t i = 0;
        if (lua_type(L, -2) != LUA_TSTRING) {
            decl_fail(d, owner, NULL, "%s%s has an entry without a name",
                      owner ? "the parameter " : "the step", owner ? owner : "");
        }
        const char *key = lua_tostring(L, -2);
        while (i < n && strcmp(names[i], key) != 0) {
            i++;
        }
        if (i == n) {
            const char *near = ts_str_suggest(ts_str_of(key), names, n);
            decl_fail(d, owner, key, "unknown key '%s'%s%s%s%s%s", key,
                      owner ? " in the parameter " : "", owner ? owner : "",
                      near ? " (did you mean '" : "", near ? near : "",
                      near ? "'?)" : "");
        }
        if (keys[i].type != LUA_TNONE && lua_type(L, -1) != keys[i].type) {
            decl_fail(d, owner, key, "'%s' must be %s, it is a %s", key,
                      type_text(keys[i].type), luaL_typename(L, -1));
        }
        lua_pop(L, 1);
    }
}

/* Text of a field of the table on top, copied; NULL if absent. */
static const char *field_text(const struct declaration *d, const char *key)
{
    size_t n = 0;

    lua_getfield(d->L, -1, key);
    const char *p =
        lua_type(d->L, -1) == LUA_TSTRING ? lua_tolstring(d->L, -1, &n) : NULL;
    const char *copy = p ? ts_arena_str(d->arena, (ts_str){p, n}) : NULL;
    lua_pop(d->L, 1);
    return copy;
}

static bool field_bool(const struct declaration *d, const char *key, bool fallback)
{
    int type = lua_getfield(d->L, -1, key);
    bool b = type == LUA_TNIL ? fallback : (bool)lua_toboolean(d->L, -1);

    lua_pop(d->L, 1);
    return b;
}

static struct ts_codes field_codes(const struct declaration *d, const char *key)
{
    lua_State *L = d->L;
    struct ts_codes codes = {0};

    if (lua_getfield(L, -1, key) == LUA_TTABLE) {
        size_t n = lua_rawlen(L, -1);
        int64_t *v = ts_arena_alloc(d->arena, (n + 1) * sizeof *v);
        for (size_t i = 0; i < n; i++) {
            int integer;
            lua_rawgeti(L, -1, (lua_Integer)i + 1);
            v[i] = lua_tointegerx(L, -1, &integer);
            if (!integer || lua_type(L, -1) != LUA_TNUMBER) {
                decl_fail(d, NULL, key, "'%s' must be a list of integers", key);
            }
            lua_pop(L, 1);
        }
        codes = (struct ts_codes){v, n, true};
    }
    lua_pop(L, 1);
    return codes;
}

static enum ts_param_type param_type(const struct declaration *d, const char *owner)
{
    const char *names[TS_P_COUNT];
    const char *said = field_text(d, "type");

    if (!said) {
        decl_fail(d, owner, NULL, "the parameter %s needs a 'type'", owner);
    }
    for (int t = 0; t < TS_P_COUNT; t++) {
        names[t] = ts_param_type_name((enum ts_param_type)t);
        if (strcmp(names[t], said) == 0) {
            return (enum ts_param_type)t;
        }
    }
    const char *near = ts_str_suggest(ts_str_of(said), names, TS_P_COUNT);
    decl_fail(d, owner, said,
              "the parameter %s has the unknown type '%s'%s%s%s: there are string path "
              "integer boolean enum list command duration map condition rules",
              owner, said, near ? " (did you mean '" : "", near ? near : "",
              near ? "'?)" : "");
}

static const char *const *param_choices(const struct declaration *d, const char *owner,
                                        enum ts_param_type type)
{
    lua_State *L = d->L;
    const char **list = NULL;
    bool there = lua_getfield(L, -1, "choices") == LUA_TTABLE;
    size_t n = there ? lua_rawlen(L, -1) : 0;

    if (there != (type == TS_P_ENUM) || (there && n == 0)) {
        decl_fail(d, owner, there ? "choices" : NULL,
                  type == TS_P_ENUM ? "the parameter %s needs 'choices', a list of texts"
                                    : "the parameter %s has 'choices' but is no enum",
                  owner);
    }
    if (there) {
        list = ts_arena_alloc(d->arena, (n + 1) * sizeof *list);
        for (size_t i = 0; i < n; i++) {
            if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING) {
                decl_fail(d, owner, "choices", "the choices of %s must be texts", owner);
            }
            list[i] = ts_arena_strz(d->arena, lua_tostring(L, -1));
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return list;
}

/* Is the default's text one that a sequence could have written? */
static bool default_fits(const struct ts_param *p)
{
    ts_str text = ts_str_of(p->def);
    int64_t number;

    if (p->expand && strchr(p->def, '%')) {
        return true;
    }
    switch (p->type) {
    case TS_P_INTEGER:
        return ts_str_int(text, &number);
    case TS_P_DURATION:
        return ts_duration_parse(text, &number);
    case TS_P_BOOLEAN:
        return ts_str_eq(text, TS_S("true")) || ts_str_eq(text, TS_S("false"));
    case TS_P_ENUM:
        for (size_t i = 0; p->choices[i]; i++) {
            if (strcmp(p->choices[i], p->def) == 0) {
                return true;
            }
        }
        return false;
    case TS_P_MAP:
    case TS_P_CONDITION:
    case TS_P_RULES:
        return false;
    default:
        return true;
    }
}

static void param_default(const struct declaration *d, struct ts_param *p)
{
    lua_State *L = d->L;
    int type = lua_getfield(L, -1, "default");

    if (type == LUA_TBOOLEAN) {
        p->def = lua_toboolean(L, -1) ? "true" : "false";
    } else if (type == LUA_TSTRING || lua_isinteger(L, -1)) {
        p->def = ts_arena_strz(d->arena, lua_tostring(L, -1));
    } else if (type != LUA_TNIL) {
        decl_fail(d, p->name, "default",
                  "the default of %s must be a text, an integer, or true or false",
                  p->name);
    }
    lua_pop(L, 1);
    if (p->def && p->required) {
        decl_fail(d, p->name, "default",
                  "the parameter %s is required, so that it cannot have a default",
                  p->name);
    }
    if (p->def && !default_fits(p)) {
        decl_fail(d, p->name, "default",
                  "the default '%s' of %s is not a value of type %s", p->def, p->name,
                  ts_param_type_name(p->type));
    }
}

/* The table on top declares the parameter `name`. */
static void read_param(const struct declaration *d, const char *name, struct ts_param *p)
{
    if (!word_char(name[0]) || (name[0] >= '0' && name[0] <= '9') ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
            strlen(name)) {
        decl_fail(d, NULL, name, "'%s' is not a name for a parameter", name);
    }
    if (ts_is_step_option(ts_str_of(name))) {
        decl_fail(d, NULL, name,
                  "the parameter %s has the name of an option that every "
                  "step has: choose another one",
                  name);
    }
    p->name = name;
    check_keys(d, param_keys, name);
    p->type = param_type(d, name);
    p->required = field_bool(d, "required", false);
    p->expand = field_bool(d, "expand", true);
    p->secret = field_bool(d, "secret", false);
    p->variable = field_text(d, "variable");
    p->doc = field_text(d, "doc");
    if (!p->doc || !p->doc[0]) {
        decl_fail(d, name, NULL, "the parameter %s needs a 'doc'", name);
    }
    p->choices = param_choices(d, name, p->type);
    param_default(d, p);
}

static void check_twice(const struct declaration *d, const struct ts_param *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v[i].name, v[n].name) == 0) {
            decl_fail(d, NULL, v[n].name, "the parameter %s is declared twice",
                      v[n].name);
        }
    }
}

static int by_need_then_name(const void *a, const void *b)
{
    const struct ts_param *x = a, *y = b;

    return x->required != y->required ? (x->required ? -1 : 1) : strcmp(x->name, y->name);
}

/* Parameters by name; the table is on top.  How many there were. */
static size_t read_named_params(const struct declaration *d, struct ts_param *v)
{
    lua_State *L = d->L;
    size_t n = 0;

    lua_pushnil(L);
    while (lua_next(L, -2)) {
        const char *name = ts_arena_strz(d->arena, lua_tostring(L, -2));
        const char *said = field_text(d, "name");
        if (said && strcmp(said, name) != 0) {
            decl_fail(d, name, "name", "the parameter %s has the other name '%s' inside",
                      name, said);
        }
        read_param(d, name, &v[n++]);
        lua_pop(L, 1);
    }
    if (n) {
        qsort(v, n, sizeof *v, by_need_then_name);
    }
    return n;
}

/* `params` is on top: a list of {name=...}, whose order the manual keeps, or a map. */
static void read_params(const struct declaration *d, struct ts_step_type *t)
{
    lua_State *L = d->L;
    size_t listed = lua_rawlen(L, -1), n = 0;
    struct ts_param *v;

    lua_pushnil(L);
    while (lua_next(L, -2)) {
        n++;
        if ((lua_type(L, -2) == LUA_TSTRING) == (listed > 0) || !lua_istable(L, -1)) {
            decl_fail(d, NULL, "params",
                      "'params' must be a list of tables or a table of tables by name");
        }
        lua_pop(L, 1);
    }
    v = ts_arena_alloc(d->arena, (n + 1) * sizeof *v);
    n = 0;
    for (size_t i = 1; i <= listed; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i);
        const char *name = field_text(d, "name");
        if (!name) {
            decl_fail(d, NULL, "params", "the parameter number %d needs a 'name'",
                      (int)i);
        }
        read_param(d, name, &v[n]);
        check_twice(d, v, n++);
        lua_pop(L, 1);
    }
    if (!listed) {
        n = read_named_params(d, v);
    }
    t->params = v;
    t->param_count = n;
}

static enum ts_interrupt interrupt_of(const struct declaration *d)
{
    const char *said = field_text(d, "onInterrupt");

    for (int i = TS_INTERRUPT_RERUN; said && i <= TS_INTERRUPT_FAIL; i++) {
        if (strcmp(said, ts_interrupt_name((enum ts_interrupt)i)) == 0) {
            return (enum ts_interrupt)i;
        }
    }
    decl_fail(d, NULL, said ? "onInterrupt" : NULL,
              "the step needs 'onInterrupt': \"rerun\", \"skip\" or \"fail\"");
}

static void read_step(const struct declaration *d, struct ts_step_type *t)
{
    lua_State *L = d->L;

    check_keys(d, step_keys, NULL);
    t->summary = field_text(d, "summary");
    if (!t->summary || !t->summary[0]) {
        decl_fail(d, NULL, "summary", "the step needs a 'summary'");
    }
    t->doc = field_text(d, "doc");
    t->on_interrupt = interrupt_of(d);
    t->runs_command = field_bool(d, "runsCommand", false);
    t->success_codes = field_codes(d, "successCodes");
    t->restart_codes = field_codes(d, "restartCodes");
    const char *phase = field_text(d, "phase");
    if (phase && !ts_phase_parse(ts_str_of(phase), &t->phase)) {
        decl_fail(d, NULL, "phase", "'phase' must be \"any\", \"WinPE\" or \"FullOS\"");
    }
    if (lua_getfield(L, -1, "params") == LUA_TTABLE) {
        read_params(d, t);
    }
    lua_pop(L, 1);
    if (lua_getfield(L, -1, "run") != LUA_TFUNCTION) {
        decl_fail(d, NULL, NULL, "the step needs a function 'run'");
    }
}

struct ts_lua_step *ts_declare(lua_State *L, const char *name, const char *path,
                               ts_str source)
{
    struct ts_script *s = ts_script_of(L);
    struct declaration d = {L, &s->arena, path, source};
    struct ts_lua_step *step = ts_arena_alloc(&s->arena, sizeof *step);

    if (!lua_istable(L, -1)) {
        decl_fail(&d, NULL, NULL, "the file must return a table, it returns a %s",
                  luaL_typename(L, -1));
    }
    step->script = s;
    step->type.name = ts_arena_strz(&s->arena, name);
    step->type.ops = &ts_lua_step_ops;
    step->type.self = step;
    step->type.source = path;
    read_step(&d, &step->type);
    step->run_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pop(L, 1);
    return step;
}
