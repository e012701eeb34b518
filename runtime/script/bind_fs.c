/* bind_fs.c - host.fs and host.image: files, folders, images. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "script/script_internal.h"

#define READ_MAX (16u * 1024 * 1024)

static const char *type_name(enum ts_ftype t)
{
    static const char *const names[] = {[TS_F_NONE] = "",
                                        [TS_F_FILE] = "file",
                                        [TS_F_DIR] = "folder",
                                        [TS_F_LINK] = "link",
                                        [TS_F_OTHER] = "other"};

    return names[t];
}

/* Absent is an answer, not an error. */
static enum ts_code stat_or_none(struct ts_script *s, const char *path,
                                 struct ts_stat *st, struct ts_err *err)
{
    enum ts_code rc = ts_host_stat(s->call, path, st, err);

    if (rc == TS_ENOTFOUND) {
        *st = (struct ts_stat){0};
        return TS_OK;
    }
    return rc;
}

static int ask(lua_State *L, bool file, bool folder, bool rest)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_stat st = {0};
    struct ts_err err;

    if (stat_or_none(s, ts_arg_text(L, 1), &st, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_pushboolean(L, st.type == TS_F_FILE  ? file
                       : st.type == TS_F_DIR ? folder
                                             : rest && st.type != TS_F_NONE);
    return 1;
}

static int fs_exists(lua_State *L)
{
    return ask(L, true, true, true);
}

static int fs_is_file(lua_State *L)
{
    return ask(L, true, false, false);
}

static int fs_is_folder(lua_State *L)
{
    return ask(L, false, true, false);
}

static int fs_stat(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_stat st;
    struct ts_err err;

    if (ts_host_stat(s->call, ts_arg_text(L, 1), &st, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_createtable(L, 0, 4);
    ts_push_text(L, "type", type_name(st.type));
    ts_push_u64(L, "size", st.size);
    ts_push_u64(L, "links", st.links);
    lua_pushinteger(L, st.mtime_ns / 1000000);
    lua_setfield(L, -2, "modified");
    return 1;
}

static int fs_read(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    lua_Integer max = luaL_optinteger(L, 2, READ_MAX);
    struct ts_err err;

    luaL_argcheck(L, max > 0 && max <= READ_MAX, 2, "1 to 16777216 bytes can be read");
    if (ts_host_read(s->call, ts_arg_text(L, 1), (size_t)max, &s->scratch.buf, &err) !=
        TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_pushlstring(L, ts_buf_text(&s->scratch.buf), s->scratch.buf.n);
    return 1;
}

static int write_text(lua_State *L, bool append)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *path = ts_arg_text(L, 1);
    struct ts_err err;
    ts_str text;

    text.p = luaL_checklstring(L, 2, &text.n);
    if (ts_host_write(s->call, path, text, append, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    return ts_bind_true(L);
}

static int fs_write(lua_State *L)
{
    return write_text(L, false);
}

static int fs_append(lua_State *L)
{
    return write_text(L, true);
}

static int fs_mkdir(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_err err;

    if (ts_host_mkdir(s->call, ts_arg_text(L, 1), &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    return ts_bind_true(L);
}

static int push_counts(lua_State *L, uint64_t files, uint64_t bytes)
{
    lua_createtable(L, 0, 2);
    ts_push_u64(L, "files", files);
    ts_push_u64(L, "bytes", bytes);
    return 1;
}

static int fs_copy(lua_State *L)
{
    static const char *const options[] = {"from", "to", "overwrite", "recurse", NULL};
    struct ts_script *s = ts_bind_begin(L);
    uint64_t files = 0, bytes = 0;
    struct ts_err err;

    ts_arg_options(L, 1, options);
    struct ts_copy_spec spec = {
        .from = ts_need_text(L, 1, "from"),
        .to = ts_need_text(L, 1, "to"),
        .overwrite = ts_opt_bool(L, 1, "overwrite"),
        .recurse = ts_opt_bool(L, 1, "recurse"),
    };
    if (ts_host_copy(s->call, &spec, &files, &bytes, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    return push_counts(L, files, bytes);
}

/* host.fs.delete(path [, { recurse = true }]) answers how many files went. */
static int fs_delete(lua_State *L)
{
    static const char *const options[] = {"recurse", NULL};
    struct ts_script *s = ts_bind_begin(L);
    const char *path = ts_arg_text(L, 1);
    bool recurse = false;
    uint64_t files = 0;
    struct ts_err err;

    if (!lua_isnoneornil(L, 2)) {
        ts_arg_options(L, 2, options);
        recurse = ts_opt_bool(L, 2, "recurse");
    }
    if (ts_host_delete(s->call, path, recurse, &files, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_pushinteger(L, (lua_Integer)files);
    return 1;
}

/* The separator of the path that is there: a sequence's C:\ or a native one. */
static char separator_of(const char *path)
{
    return ts_path_has_letter(ts_str_of(path)) || strchr(path, '\\') ? '\\' : '/';
}

static int fs_join(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_buf *b = &s->scratch.buf;
    char sep = separator_of(ts_arg_text(L, 1));

    ts_buf_z(b, ts_arg_text(L, 1));
    for (int i = 2; i <= lua_gettop(L); i++) {
        const char *part = ts_arg_text(L, i);
        while (*part == '/' || *part == '\\') {
            part++;
        }
        if (b->n && b->p[b->n - 1] != '/' && b->p[b->n - 1] != '\\') {
            ts_buf_c(b, sep);
        }
        ts_buf_z(b, part);
    }
    lua_pushlstring(L, ts_buf_text(b), b->n);
    return 1;
}

/* host.fs.native(path): what programs of this system call it. */
static int fs_native(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_err err;

    if (ts_path_native(&s->scratch.text, ts_arg_text(L, 1), NULL, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_pushstring(L, s->scratch.text);
    return 1;
}

/* ---- listing ---------------------------------------------------------------------- */

struct entry {
    const char *name;
    enum ts_ftype type;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* Entries in the scratch buffer, as an array of struct entry. */
static enum ts_code list_dir(struct ts_script *s, const char *path, struct ts_err *err)
{
    struct ts_scratch *x = &s->scratch;
    struct entry e = {0};
    enum ts_code rc = ts_path_open_dir(&x->dir, path, false, err);
    const char *name;

    while (rc == TS_OK && (rc = ts_dir_next(x->dir, &name, &e.type, err)) == TS_OK &&
           name) {
        struct ts_stat st;
        if (e.type == TS_F_NONE && (rc = ts_stat_at(x->dir, name, &st, err)) == TS_OK) {
            e.type = st.type;
        }
        e.name = ts_arena_strz(&x->arena, name);
        ts_buf_add(&x->buf, &e, sizeof e);
    }
    ts_dir_close(x->dir);
    x->dir = NULL;
    return rc;
}

static int fs_list(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_err err;

    if (list_dir(s, ts_arg_text(L, 1), &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    struct entry *v = (struct entry *)(void *)s->scratch.buf.p;
    size_t n = s->scratch.buf.n / sizeof *v;
    if (n) {
        qsort(v, n, sizeof *v, by_name);
    }
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_createtable(L, 0, 2);
        ts_push_text(L, "name", v[i].name);
        ts_push_text(L, "type", type_name(v[i].type));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

const struct ts_binding ts_bind_fs[] = {
    {"exists", fs_exists},       {"is_file", fs_is_file},
    {"is_folder", fs_is_folder}, {"stat", fs_stat},
    {"read", fs_read},           {"write", fs_write},
    {"append", fs_append},       {"mkdir", fs_mkdir},
    {"copy", fs_copy},           {"delete", fs_delete},
    {"join", fs_join},           {"native", fs_native},
    {"list", fs_list},           {NULL, NULL},
};

/* ---- images ----------------------------------------------------------------------- */

static int image_apply(lua_State *L)
{
    static const char *const options[] = {"source", "target", "index", NULL};
    struct ts_script *s = ts_bind_begin(L);
    uint64_t files = 0, bytes = 0;
    struct ts_err err;

    ts_arg_options(L, 1, options);
    struct ts_image_spec spec = {
        .source = ts_need_text(L, 1, "source"),
        .target = ts_need_text(L, 1, "target"),
        .index = ts_opt_int(L, 1, "index", 1),
    };
    if (ts_host_image_apply(s->call, &spec, &files, &bytes, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    return push_counts(L, files, bytes);
}

const struct ts_binding ts_bind_image[] = {
    {"apply", image_apply},
    {NULL, NULL},
};
