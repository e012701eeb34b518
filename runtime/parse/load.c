/* load.c - which file, which format, and files that include others. */
#include "parse/build.h"
#include "parse/readers.h"

#include "platform/fs.h"

#include <string.h>

#define MOST_FILE ((size_t)16 << 20)
#define MOST_INCLUDED ((size_t)64 << 20) /* bytes of all included files */
enum { MOST_INCLUDES = 1000, MOST_INCLUDES_DEEP = 32 };

struct included {
    struct included *next;
    struct source source;
};

struct loader {
    const struct ts_registry *steps;
    struct lua_reader *lua;
    struct included *included;
    size_t includes, bytes;
};

static void loader_fini(struct loader *l)
{
    while (l->included) {
        struct included *next = l->included->next;
        ts_free(l->included->source.real);
        ts_free(l->included);
        l->included = next;
    }
    lua_reader_free(l->lua);
}

/* ---- formats -------------------------------------------------------------------------
 */

static bool looks_like_xml(ts_str text)
{
    static const ts_str starts[] = {{"<", 1},        {"&lt;", 4}, {"\xFF\xFE", 2},
                                    {"\xFE\xFF", 2}, {"<\0", 2},  {"\0<", 2}};

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (ts_str_starts(text, starts[i])) {
            return true;
        }
    }
    return false;
}

/* By name, else by the first character; archives by theirs alone.  NULL: none of them. */
static const char *format_of(const char *name, ts_str text)
{
    ts_str n = ts_str_of(name);

    if (ts_str_starts(text, TS_S("PK\x03\x04")) ||
        ts_str_starts(text, TS_S("PK\x05\x06"))) {
        return "zip";
    }
    if (n.n > 4 && ts_caseeq(name + n.n - 4, ".zip")) {
        return "zip";
    }
    if (n.n > 4 && ts_caseeq(name + n.n - 4, ".xml")) {
        return "xml";
    }

    if (n.n > 4 && ts_caseeq(name + n.n - 4, ".lua")) {
        return "lua";
    }
    if (n.n > 5 && ts_caseeq(name + n.n - 5, ".json")) {
        return "json";
    }
    if (ts_str_starts(text, TS_S("\xEF\xBB\xBF"))) {
        text = (ts_str){text.p + 3, text.n - 3};
    }
    text = ts_str_trim(text);
    if (text.n == 0) {
        return NULL;
    }
    if (looks_like_xml(text)) {
        return "xml";
    }
    return text.p[0] == '{' ? "json" : "lua";
}

static enum ts_code read_document(struct loader *l, struct ts_arena *a, ts_str text,
                                  const struct source *s, struct ts_value **out,
                                  struct ts_err *err)
{
    if (strcmp(s->format, "xml") == 0) {
        return xml_read(a, text, s, l->steps, out, err);
    }
    if (strcmp(s->format, "zip") == 0) {
        return xml_read_export(a, text, s, s->member, l->steps, out, err);
    }
    if (!s->lua) {
        return ts_json_parse(out, a, text, s->name, err);
    }
    if (!l->lua) {
        l->lua = lua_reader_new(l->steps);
    }
    return lua_reader_read(l->lua, a, text, s, out, err);
}

/* ---- include -------------------------------------------------------------------------
 */

/* `path` as seen from the file `name`: beside it. */
static char *beside(struct ts_arena *a, const char *name, const char *path)
{
    size_t folder = 0;

    for (size_t i = 0; name[i]; i++) {
        if (name[i] == '/' || name[i] == '\\') {
            folder = i + 1;
        }
    }
    return ts_arena_format(a, "%.*s%s", (int)folder, name, path);
}

static char *folder_of(struct ts_arena *a, const char *path)
{
    size_t n = strlen(path);

    while (n > 0 && path[n - 1] != '/' && path[n - 1] != '\\') {
        n--;
    }
    if (n > 1 && path[n - 2] != ':') { /* keep "/" and "C:\" */
        n--;
    }
    return n ? ts_arena_str(a, (ts_str){path, n}) : ts_arena_strz(a, ".");
}

static enum ts_code check_path(struct build *b, const struct place *at, const char *path)
{
    size_t deep = 0;

    if (!b->loader || !b->source->folder) {
        return BUILD_FAIL(b, at,
                          "is not possible here: no folder is known for this text");
    }
    if (!*path || *path == '/' || *path == '\\' || strchr(path, ':')) {
        return BUILD_FAIL(b, at,
                          "must be a path relative to this file's folder, but is "
                          "\"%.200s\"",
                          path);
    }
    for (const struct source *s = b->source; s; s = s->up) {
        deep++;
    }
    if (deep > MOST_INCLUDES_DEEP) {
        return BUILD_FAIL(b, at, "files include each other more than %d deep",
                          MOST_INCLUDES_DEEP);
    }
    if (++b->loader->includes > MOST_INCLUDES) {
        return BUILD_FAIL(b, at, "more than %d files are included", MOST_INCLUDES);
    }
    return TS_OK;
}

static void add_chain(struct ts_buf *out, const struct source *s,
                      const struct source *first)
{
    if (s != first) {
        add_chain(out, s->up, first);
    }
    ts_buf_fmt(out, "%s -> ", s->name);
}

/* Does the file include itself, by whatever way? */
static enum ts_code check_cycle(struct build *b, const struct place *at, const char *real,
                                const char *name)
{
    for (const struct source *s = b->source; s; s = s->up) {
        if (s->real && strcmp(s->real, real) == 0) {
            struct ts_buf chain = {0};
            add_chain(&chain, b->source, s);
            BUILD_FAIL(b, at, "goes in a circle: %s%s", chain.p, name);
            ts_buf_free(&chain);
            return TS_EINPUT;
        }
    }
    return TS_OK;
}

static enum ts_code read_included(struct build *b, const struct place *at,
                                  const char *native, struct ts_buf *text)
{
    struct ts_err why = {0};

    if (ts_file_read(native, MOST_FILE, text, &why) != TS_OK) {
        return BUILD_FAIL(b, at, "cannot be read: %s", why.text);
    }
    b->loader->bytes += text->n;
    if (b->loader->bytes > MOST_INCLUDED) {
        return BUILD_FAIL(b, at, "brings the included files to more than %d MiB",
                          (int)(MOST_INCLUDED >> 20));
    }
    return TS_OK;
}

enum ts_code load_include(struct build *b, const struct place *at, const char *path,
                          const struct source **source, struct ts_value **out)
{
    struct included *in = NULL;
    struct ts_buf text = {0};
    char *native = NULL, *real = NULL;
    struct ts_err why = {0};
    enum ts_code rc = check_path(b, at, path);

    if (rc != TS_OK) {
        return rc;
    }
    native = ts_path_join(b->source->folder, path);
    if (ts_fs_real(native, &real, &why) != TS_OK) {
        rc = BUILD_FAIL(b, at, "cannot be read: %s", why.text);
        goto done;
    }
    in = ts_alloc(sizeof *in);
    in->next = b->loader->included;
    b->loader->included = in;
    in->source.up = b->source;
    in->source.name = beside(b->arena, b->source->name, path);
    in->source.folder = folder_of(b->arena, native);
    in->source.real = real;
    if ((rc = check_cycle(b, at, real, in->source.name)) != TS_OK ||
        (rc = read_included(b, at, native, &text)) != TS_OK) {
        goto done;
    }
    const char *format = format_of(path, ts_buf_view(&text));
    if (!format || (strcmp(format, "lua") != 0 && strcmp(format, "json") != 0)) {
        rc = BUILD_FAIL(b, at, "is neither a Lua nor a JSON sequence");
        goto done;
    }
    in->source.format = format;
    in->source.lua = strcmp(format, "lua") == 0;
    *source = &in->source;
    rc = read_document(b->loader, b->arena, ts_buf_view(&text), &in->source, out, b->err);

done:
    ts_buf_free(&text);
    ts_free(native);
    return rc;
}

/* ---- sequences -----------------------------------------------------------------------
 */

static enum ts_code parse(struct ts_sequence **out, ts_str text, struct source *s,
                          const struct ts_registry *steps, bool restored,
                          struct ts_err *err)
{
    struct loader l = {.steps = steps};
    struct ts_arena a = {0};
    struct ts_err mine;
    struct ts_value *v = NULL;

    err = err ? err : &mine;
    *out = NULL;
    enum ts_code rc = read_document(&l, &a, text, s, &v, err);
    if (rc == TS_OK) {
        rc = build_sequence(out, &a, v, s, steps, restored ? NULL : &l, restored, err);
    }
    loader_fini(&l);
    ts_arena_fini(&a);
    /* For the caller a bound that was reached is one more thing wrong with the input. */
    return rc == TS_ELIMIT ? (err->code = TS_EINPUT) : rc;
}

enum ts_code ts_sequence_parse(struct ts_sequence **out, ts_str text, const char *format,
                               const char *name, const char *folder,
                               const struct ts_registry *steps, struct ts_err *err)
{
    struct source s = {.name = name,
                       .folder = folder,
                       .format = format,
                       .lua = strcmp(format, "lua") == 0};

    return parse(out, text, &s, steps, false, err);
}

enum ts_code ts_sequence_restore(struct ts_sequence **out, ts_str json,
                                 const struct ts_registry *steps, struct ts_err *err)
{
    struct source s = {.name = "stored sequence", .format = "json"};

    return parse(out, json, &s, steps, true, err);
}

/* "export.zip/PS100010" names a sequence inside an archive. */
static const char *split_member(struct ts_arena *a, const char *path, const char **member)
{
    size_t n = strlen(path);

    while (n > 0 && path[n - 1] != '/' && path[n - 1] != '\\') {
        n--;
    }
    if (n > 5 && path[n] && !ts_fs_exists(path) &&
        ts_str_caseeq((ts_str){path + n - 5, 4}, TS_S(".zip"))) {
        *member = ts_arena_strz(a, path + n);
        return ts_arena_str(a, (ts_str){path, n - 1});
    }
    return path;
}

/* A pipe would be waited for, and a folder has no text. */
static enum ts_code check_plain(const char *path, struct ts_err *err)
{
    struct ts_stat st = {.type = TS_F_FILE};
    char *real = NULL;
    bool there = ts_fs_real(path, &real, NULL) == TS_OK &&
                 ts_fs_stat(real, &st, NULL) == TS_OK;

    ts_free(real);
    return !there || st.type == TS_F_FILE
               ? TS_OK
               : ts_fail(err, TS_EINPUT, "cannot read %s: it is %s", path,
                         st.type == TS_F_DIR ? "a folder" : "not a plain file");
}

/* Too large a file is bad input, as in parse. */
static enum ts_code read_file(const char *path, struct ts_buf *text, struct ts_err *err)
{
    enum ts_code rc = check_plain(path, err);

    if (rc == TS_OK) {
        rc = ts_file_read(path, MOST_FILE, text, err);
    }
    if (rc == TS_ELIMIT) {
        rc = TS_EINPUT;
        if (err) {
            err->code = rc;
        }
    }
    return rc;
}

enum ts_code ts_lua_data_load(struct ts_value **out, struct ts_arena *a, const char *path,
                              const char *const *names, struct ts_err *err)
{
    struct ts_buf text = {0};
    struct source s = {.name = path, .format = "lua", .lua = true};
    enum ts_code rc = read_file(path, &text, err);

    *out = NULL;
    if (rc == TS_OK) {
        struct lua_reader *r = lua_reader_new_data(names);
        s.folder = folder_of(a, path);
        rc = lua_reader_read(r, a, ts_buf_view(&text), &s, out, err);
        lua_reader_free(r);
    }
    ts_buf_free(&text);
    return rc == TS_ELIMIT ? (err->code = TS_EINPUT) : rc;
}

enum ts_code ts_sequence_load(struct ts_sequence **out, const char *path,
                              const struct ts_registry *steps, struct ts_err *err)
{
    struct ts_buf text = {0};
    struct ts_arena scratch = {0};
    struct source s = {0};
    char *cwd = NULL, *absolute = NULL;
    enum ts_code rc;

    *out = NULL;
    path = split_member(&scratch, path, &s.member);
    s.name = path;
    if ((rc = read_file(path, &text, err)) != TS_OK) {
        goto done;
    }
    const char *format = format_of(path, ts_buf_view(&text));
    if (!format) {
        rc = ts_fail(err, TS_EINPUT,
                     "%s: this is no sequence in Lua, JSON or XML, and no export archive",
                     path);
        goto done;
    }
    s.format = format;
    s.lua = strcmp(format, "lua") == 0;
    if ((rc = ts_fs_real(path, &s.real, err)) != TS_OK) {
        goto done;
    }
    if (!ts_path_is_absolute(path)) {
        cwd = ts_fs_cwd();
        absolute = ts_path_join(cwd, path);
    }
    s.folder = folder_of(&scratch, absolute ? absolute : path);
    rc = parse(out, ts_buf_view(&text), &s, steps, false, err);

done:
    ts_buf_free(&text);
    ts_arena_fini(&scratch);
    ts_free(s.real);
    ts_free(cwd);
    ts_free(absolute);
    return rc;
}
