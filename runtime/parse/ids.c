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

enum { MOST_DERIVED = MOST_SLUG + 24 };

/* The first id of the node's name that is not taken.  `next` remembers for each slug the
 * number to try, or many steps of one name would be tried against each other. */
static void derive_id(char out[MOST_DERIVED], const struct ts_node *node,
                      const struct ts_map *taken, struct ts_map *next)
{
    char slug[MOST_SLUG + 1];
    ts_str s = {slug, make_slug(slug, node)};
    uintptr_t number = (uintptr_t)ts_map_get(next, s);

    do {
        number++;
        snprintf(out, MOST_DERIVED, number > 1 ? "%s-%u" : "%s", slug, (unsigned)number);
    } while (ts_map_get(taken, ts_str_of(out)));
    ts_map_set(next, s, (void *)number);
}

void id_make_all(struct build *b)
{
    struct ts_map next = {0};
    const struct ts_node *root = b->seq->root;

    for (const struct ts_node *n = ts_node_next(root, root); n;
         n = ts_node_next(root, n)) {
        if (!n->id) {
            struct ts_node *node = (struct ts_node *)(uintptr_t)n;
            char id[MOST_DERIVED];
            derive_id(id, n, &b->ids, &next);
            node->id = ts_arena_strz(b->arena, id);
            ts_map_set(&b->ids, ts_str_of(id), node);
        }
    }
    ts_map_fini(&next, NULL);
}

/* Derive all ids but the given ones; those that come out otherwise have to be given.
 * False: there were such. */
static bool derive_again(const struct ts_sequence *s, struct ts_map *given)
{
    struct ts_map taken = {0}, next = {0};
    bool same = true;
    char id[MOST_DERIVED];

    for (size_t i = 0; i < given->n; i++) {
        ts_map_set(&taken, ts_str_of(given->entries[i].key), given->entries[i].value);
    }
    for (const struct ts_node *n = ts_node_next(s->root, s->root); n;
         n = ts_node_next(s->root, n)) {
        ts_str mine = ts_str_of(n->id);
        if (ts_map_get(given, mine)) {
            continue;
        }
        derive_id(id, n, &taken, &next);
        if (strcmp(id, n->id) != 0) {
            ts_map_set(given, mine, (void *)(uintptr_t)n);
            same = false;
        }
        ts_map_set(&taken, mine, (void *)(uintptr_t)n);
    }
    ts_map_fini(&taken, NULL);
    ts_map_fini(&next, NULL);
    return same;
}

void ids_given(const struct ts_sequence *s, struct ts_map *given)
{
    /* Each id given moves the derived ones a little; a few rounds do, but names can be
     * made up for which it takes as many as there are steps. */
    for (int round = 0; round < 16; round++) {
        if (derive_again(s, given)) {
            return;
        }
    }
    for (const struct ts_node *n = ts_node_next(s->root, s->root); n;
         n = ts_node_next(s->root, n)) {
        ts_map_set(given, ts_str_of(n->id), (void *)(uintptr_t)n);
    }
}
