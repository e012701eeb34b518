#include "parse/place.h"

#include <stdio.h>
#include <string.h>

void place_position(const struct place *at, const struct source *s, const char **file,
                    int *line, int *col)
{
    *file = s->name;
    *line = *col = 0;
    for (; at; at = at->up) {
        if (at->v && at->v->line) {
            *file = at->v->file ? at->v->file : s->name;
            *line = at->v->line;
            *col = at->v->col;
            return;
        }
    }
}

/* Lua counts from 1, JSON's paths from 0.  `stop` (not shown) ends the way up. */
static void add_path(struct ts_buf *b, const struct place *at, const struct place *stop,
                     bool lua)
{
    if (!at || at == stop) {
        return;
    }
    add_path(b, at->up, stop, lua);
    if (at->key) {
        ts_buf_fmt(b, "%s%.100s", b->n ? "." : "", at->key);
    } else if (at->up) {
        ts_buf_fmt(b, "[%u]", (unsigned)at->index + lua);
    }
}

enum { PATH_START = 60, PATH_END = 140 };

/* The middle of a long path says little. */
static void shorten(struct ts_buf *path)
{
    if (path->n > PATH_START + PATH_END + 3) {
        struct ts_buf b = {0};
        ts_buf_add(&b, path->p, PATH_START);
        ts_buf_z(&b, "...");
        ts_buf_add(&b, path->p + path->n - PATH_END, PATH_END);
        ts_buf_free(path);
        *path = b;
    }
}

static const struct place *node_of(const struct place *at)
{
    while (at && !at->is_node) {
        at = at->up;
    }
    return at;
}

/* `step "Name": `, by what is there of a name. */
static void add_node(struct ts_buf *b, const struct place *node)
{
    const char *name = ts_value_text(node->v, "name");
    const char *type = node->v->tag ? node->v->tag : ts_value_text(node->v, "type");
    bool group = type && (strcmp(type, "group") == 0 || strcmp(type, "Group") == 0);

    if (name && *name) {
        ts_buf_fmt(b, "%s \"%.100s\": ", group ? "group" : "step", name);
    } else if (type && !group) {
        ts_buf_fmt(b, "%.100s: ", type);
    } else {
        ts_buf_fmt(b, "%s: ", group ? "group" : "step");
    }
}

static enum ts_code fail(const struct place *at, const struct source *s, bool property,
                         struct ts_err *err, const char *message)
{
    const struct place *node = node_of(at);
    struct ts_buf b = {0}, path = {0};
    const char *file;
    int line, col;

    place_position(at, s, &file, &line, &col);
    ts_buf_z(&b, file);
    if (line) {
        ts_buf_fmt(&b, ":%d", line);
    }
    if (col) {
        ts_buf_fmt(&b, ":%d", col);
    }
    ts_buf_z(&b, ": ");
    if (s->lua) {
        add_path(&path, at, NULL, true);
        shorten(&path);
        ts_buf_fmt(&b, "%s%s", ts_buf_text(&path), path.n ? ": " : "");
    }
    if (node) {
        add_node(&b, node);
    }
    ts_buf_clear(&path);
    if (property) {
        add_path(&path, at, node, s->lua);
        shorten(&path);
    }
    enum ts_code rc = ts_fail(err, TS_EINPUT, "%s%s%s%s", b.p, ts_buf_text(&path),
                              path.n ? " " : "", message);
    ts_buf_free(&b);
    ts_buf_free(&path);
    return rc;
}

enum ts_code place_fail(const struct place *at, const struct source *s,
                        struct ts_err *err, const char *fmt, ...)
{
    char message[1200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    return fail(at, s, true, err, message);
}

enum ts_code place_fail_plain(const struct place *at, const struct source *s,
                              struct ts_err *err, const char *fmt, ...)
{
    char message[1200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    return fail(at, s, false, err, message);
}
