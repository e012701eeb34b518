/* build_include.c - other files that a sequence takes in. */
#include "parse/build.h"

#include <string.h>

/* ---- include -------------------------------------------------------------------------
 */

bool build_is_include(const struct ts_value *v)
{
    if (v->tag) {
        return strcmp(v->tag, "include") == 0;
    }
    return value_member(v, "include") && !value_member(v, "type");
}

enum ts_code build_include(struct build *b, const struct place *at,
                           struct ts_node *parent, bool in_finally, struct ts_node ***end)
{
    const struct ts_value *v = value_member(at->v, "include");
    struct place member = {.up = at, .v = v, .key = "include"};
    const struct source *source, *saved = b->source;
    struct ts_value *document;
    const char *path;
    enum ts_code rc;

    for (const struct ts_value *m = at->v->first; m; m = m->next) {
        struct place other = {.up = at, .v = m, .key = m->key.p};
        if (m != v) {
            return BUILD_FAIL_PLAIN(
                b, &other, "nothing can stand beside include, but %.100s does", m->key.p);
        }
    }
    if ((rc = value_text(b, &member, &path)) != TS_OK ||
        (rc = load_include(b, &member, path, &source, &document)) != TS_OK) {
        return rc;
    }
    struct place root = {.v = document};
    b->source = source;
    rc = build_header(b, &root, true);
    if (rc == TS_OK) {
        rc = build_document(b, &root, parent, in_finally, end);
    }
    b->source = saved;
    return rc;
}

/* ---- child sequences -----------------------------------------------------------------
 */

/* A RunTaskSequence step is replaced by a group with what its file holds.  One with notes
 * of an import stands for a sequence that was not in the export, and stays a step. */
bool build_is_child(const struct ts_value *v)
{
    const struct ts_value *type = value_member(v, "type");
    ts_str name = v->tag                            ? ts_str_of(v->tag)
                  : type && type->kind == TS_STRING ? type->str
                                                    : TS_S("");

    return ts_str_eq(name, TS_S("RunTaskSequence")) && !value_member(v, "xml");
}

/* Take `sequence` out of the step: the rest are options that a group has too. */
static struct ts_value *take_sequence(struct ts_value *object)
{
    struct ts_value **link = &object->first, *before = NULL;

    for (; *link; before = *link, link = &(*link)->next) {
        struct ts_value *v = *link;
        if (ts_str_eq(v->key, TS_S("sequence"))) {
            *link = v->next;
            object->last = object->last == v ? before : object->last;
            object->count--;
            return v;
        }
    }
    return NULL;
}

static enum ts_code build_child_steps(struct build *b, const struct ts_value *document,
                                      const struct source *source, struct ts_node *n)
{
    struct place root = {.v = document};
    const struct source *saved = b->source;
    struct ts_node **end = &n->first;

    b->source = source;
    enum ts_code rc = build_header(b, &root, true);
    if (rc == TS_OK && !*n->name) {
        const struct ts_value *name = value_member(document, "name");
        n->name = name ? name->str.p : ts_arena_strz(b->arena, source->name);
    }
    if (rc == TS_OK && ++b->depth > MOST_GROUPS_DEEP) {
        rc =
            BUILD_FAIL_PLAIN(b, &root, "groups nest more than %d deep", MOST_GROUPS_DEEP);
    }
    rc = rc == TS_OK ? build_document(b, &root, n, false, &end) : rc;
    b->depth--;
    b->source = saved;
    return rc;
}

enum ts_code build_child(struct build *b, const struct place *at, struct ts_node *parent,
                         bool in_finally, struct ts_node ***end)
{
    struct ts_value *v = take_sequence((struct ts_value *)(uintptr_t)at->v);
    struct place member = {.up = at, .v = v, .key = "sequence"};
    const struct source *source;
    struct ts_value *document;
    const char *path;
    enum ts_code rc;

    if (!v) {
        return BUILD_FAIL(b, at, "lacks what is required: sequence");
    }
    if (value_member(at->v, "steps") || value_member(at->v, "finally")) {
        return BUILD_FAIL_PLAIN(b, at, "the steps come from the other sequence");
    }
    if (++b->seq->node_count > MOST_NODES) {
        return BUILD_FAIL_PLAIN(b, at, "there are more than %d steps", MOST_NODES);
    }
    struct ts_node *n = ts_arena_alloc(b->arena, sizeof *n);
    n->is_group = true;
    n->parent = parent;
    n->in_finally = in_finally;
    n->retry.attempts = 1;
    place_position(at, b->source, &n->pos.file, &n->pos.line, &n->pos.col);
    if ((rc = node_name(b, at, "", &n->name)) != TS_OK ||
        (rc = node_members(b, at, NULL, n, NULL)) != TS_OK ||
        (rc = value_text(b, &member, &path)) != TS_OK ||
        (rc = load_include(b, &member, path, &source, &document)) != TS_OK) {
        return rc;
    }
    **end = n;
    *end = &n->next;
    return build_child_steps(b, document, source, n);
}
