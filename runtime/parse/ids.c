/* ids.c - a name for every node that tools can rely on.
 *
 * An id that a file gives is kept.  The others are made from the node's own name, in the
 * order of the document and after all given ones are known: the same file gives the same
 * ids every time, and no made one takes a given one's place. */
#include "parse/build.h"

#include <stdio.h>
#include <string.h>

enum { MOST_SLUG = 80 };

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

enum ts_code id_claim(struct build *b, const struct place *at, struct ts_node *n,
                      const char *id)
{
    size_t len = strlen(id);
    bool ok = len >= 1 && len <= MOST_ID;

    for (size_t i = 0; i < len && ok; i++) {
        ok = is_alnum(id[i]) || strchr("._-", id[i]);
    }
    if (!ok) {
        return BUILD_FAIL(b, at,
                          "must be 1 to %d letters, digits, '.', '_' or '-', but is "
                          "\"%.120s\"",
                          MOST_ID, id);
    }
    const struct ts_node *other = ts_map_get(&b->ids, ts_str_of(id));
    if (other) {
        return BUILD_FAIL(b, at, "\"%s\" is taken by \"%.100s\" in %s:%d", id,
                          other->name, other->pos.file ? other->pos.file : "",
                          other->pos.line);
    }
    ts_map_set(&b->ids, ts_str_of(id), n);
    n->id = id;
    return TS_OK;
}

static size_t make_slug(char out[MOST_SLUG + 1], const struct ts_node *node)
{
    size_t n = 0;

    for (const char *p = node->name; *p && n < MOST_SLUG; p++) {
        if (is_alnum(*p)) {
            out[n++] = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
        } else if (n > 0 && out[n - 1] != '-') {
            out[n++] = '-';
        }
    }
    while (n > 0 && out[n - 1] == '-') {
        n--;
    }
    out[n] = '\0';
    return n ? n
             : (size_t)snprintf(out, MOST_SLUG, "%s", node->is_group ? "group" : "step");
}

/* `next` remembers for each slug the number to try, or many steps of one name would be
 * tried against each other. */
static void make_id(struct build *b, struct ts_node *node, struct ts_map *next)
{
    char slug[MOST_SLUG + 1], id[MOST_SLUG + 24];
    ts_str s = {slug, make_slug(slug, node)};
    uintptr_t number = (uintptr_t)ts_map_get(next, s);

    do {
        number++;
        snprintf(id, sizeof id, number > 1 ? "%s-%u" : "%s", slug, (unsigned)number);
    } while (ts_map_get(&b->ids, ts_str_of(id)));
    ts_map_set(next, s, (void *)number);
    node->id = ts_arena_strz(b->arena, id);
    ts_map_set(&b->ids, ts_str_of(id), node);
}

void id_make_all(struct build *b)
{
    struct ts_map next = {0};
    const struct ts_node *root = b->seq->root;

    for (const struct ts_node *n = ts_node_next(root, root); n;
         n = ts_node_next(root, n)) {
        if (!n->id) {
            make_id(b, (struct ts_node *)(uintptr_t)n, &next);
        }
    }
    ts_map_fini(&next, NULL);
}
