/* loader.c - step types from files. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "script/embedded.h"
#include "script/script_internal.h"

struct load {
    struct ts_origin *origin;
    const char *module; /* "steps/CopyFiles" */
    const char *name;   /* "CopyFiles" */
    struct ts_lua_step *step;
};

static int load_step(lua_State *L)
{
    struct load *l = lua_touserdata(L, 1);
    const char *path;
    ts_str source;

    ts_chunk_load(L, l->origin, l->module, &path, &source);
    lua_call(L, 0, 1);
    l->step = ts_declare(L, l->name, path, source);
    l->step->library = l->origin->library;
    return 0;
}

/* Errors name the file; TS_EINPUT whatever was wrong with it. */
static enum ts_code register_step(struct ts_script *s, struct load *l,
                                  struct ts_registry *r, struct ts_err *err)
{
    enum ts_code rc = ts_script_protect(s, load_step, l, err);

    if (rc == TS_ELIMIT) {
        (void)ts_err_context(err, "%s.lua", l->module);
    }
    if (rc != TS_OK) {
        err->code = TS_EINPUT;
        return TS_EINPUT;
    }
    rc = ts_registry_add(r, &l->step->type, err);
    if (rc != TS_OK) {
        return ts_err_context(err, "%s:1", l->step->type.source);
    }
    return TS_OK;
}

static bool is_type_name(const char *name, size_t n)
{
    bool letter =
        n && ((name[0] >= 'A' && name[0] <= 'Z') || (name[0] >= 'a' && name[0] <= 'z'));

    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        letter = letter && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                            (c >= '0' && c <= '9') || c == '_');
    }
    return letter && n < 100;
}

/* Register the file `base`.lua, whose module is prefix + base. */
static enum ts_code register_file(struct ts_script *s, struct ts_origin *o,
                                  const char *prefix, const char *base,
                                  struct ts_registry *r, struct ts_err *err)
{
    struct load l = {.origin = o, .name = base};

    l.module = ts_arena_format(&s->arena, "%s%s", prefix, base);
    return register_step(s, &l, r, err);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names {
    const char **v;
    size_t n, cap;
};

/* Base names of the *.lua files of a folder, in order. */
static enum ts_code list_files(struct ts_arena *a, const char *dir, struct names *out,
                               struct ts_err *err)
{
    struct ts_dir *d = NULL;
    const char *name;
    enum ts_ftype type;
    enum ts_code rc = ts_dir_open(&d, dir, false, err);

    while (rc == TS_OK && (rc = ts_dir_next(d, &name, &type, err)) == TS_OK && name) {
        ts_str base = ts_str_of(name);
        if (!ts_str_ends(base, TS_S(".lua")) || type == TS_F_DIR || name[0] == '.') {
            continue;
        }
        base.n -= 4;
        if (!is_type_name(base.p, base.n)) {
            rc = ts_fail(err, TS_EINPUT,
                         "%s/%s:1: a file of steps is named like the step type: letters, "
                         "digits and _ before .lua",
                         dir, name);
            break;
        }
        if (out->n == out->cap) {
            out->cap = out->cap ? out->cap * 2 : 32;
            out->v = ts_realloc_array(out->v, out->cap, sizeof *out->v);
        }
        out->v[out->n++] = ts_arena_str(a, base);
    }
    ts_dir_close(d);
    if (rc == TS_OK && out->n) {
        qsort(out->v, out->n, sizeof *out->v, by_text);
    }
    return rc;
}

static enum ts_code load_dir(struct ts_script *s, struct ts_origin *o, const char *dir,
                             const char *prefix, struct ts_registry *r,
                             struct ts_err *err)
{
    struct names files = {0};
    enum ts_code rc = list_files(&s->arena, dir, &files, err);

    for (size_t i = 0; rc == TS_OK && i < files.n; i++) {
        rc = register_file(s, o, prefix, files.v[i], r, err);
    }
    ts_free(files.v);
    return rc;
}

/* The declarations are in the program; the files are compiled when they first run. */
static enum ts_code load_embedded(struct ts_script *s, struct ts_registry *r,
                                  struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    for (const struct ts_embedded_module *m = ts_embedded_modules; rc == TS_OK && m->name;
         m++) {
        if (m->declared) {
            struct ts_lua_step *step = ts_arena_alloc(&s->arena, sizeof *step);
            step->type = *m->declared;
            step->type.ops = &ts_lua_step_ops;
            step->type.self = step;
            step->script = s;
            step->library = true;
            step->module = m->name;
            step->run_ref = LUA_NOREF;
            rc = ts_registry_add(r, &step->type, err);
        }
    }
    return rc;
}

enum ts_code ts_script_load_library(struct ts_script *s, struct ts_registry *r,
                                    struct ts_err *err)
{
    enum ts_code rc;

    if (!s->library->dir) {
        return load_embedded(s, r, err);
    }
    const char *dir = ts_arena_format(&s->arena, "%s/steps", s->library->dir);
    rc = load_dir(s, s->library, dir, "steps/", r, err);
    return rc == TS_OK ? TS_OK : ts_err_context(err, "cannot load the step library");
}

struct new_origin {
    const char *dir;
    struct ts_origin *origin;
};

static int make_origin(lua_State *L)
{
    struct new_origin *n = lua_touserdata(L, 1);

    n->origin = ts_origin_new(ts_script_of(L), false, n->dir);
    return 0;
}

enum ts_code ts_script_load_folder(struct ts_script *s, const char *dir,
                                   struct ts_registry *r, struct ts_err *err)
{
    struct new_origin n = {.dir = dir};
    enum ts_code rc = ts_script_protect(s, make_origin, &n, err);

    return rc == TS_OK ? load_dir(s, n.origin, dir, "", r, err) : rc;
}
