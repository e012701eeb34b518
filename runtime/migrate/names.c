/* names.c - a set of hashes of folded names.  Two names with one hash of 64 bits would be
 * taken for one; every user of the set looks again or only warns. */
#include "migrate/names.h"

#include <string.h>

#include "base/mem.h"

static uint64_t hash(const char *name)
{
    ts_str s = ts_str_of(name);
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < s.n;) {
        unsigned char b = (unsigned char)s.p[i];
        uint32_t c = b;
        if (b >= 'A' && b <= 'Z')
            c = b + 32u;
        if (b < 0x80)
            i++;
        else
            c = ts_utf8_fold(ts_utf8_next(s, &i));
        h = (h ^ c) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h ? h : 1;
}

void mig_names_clear(struct mig_names *s)
{
    if (s->n > 0)
        memset(s->slots, 0, s->cap * sizeof *s->slots);
    s->n = 0;
}

void mig_names_free(struct mig_names *s)
{
    ts_free(s->slots);
    memset(s, 0, sizeof *s);
}

static size_t find(const struct mig_names *s, uint64_t h)
{
    size_t i = h & (s->cap - 1);

    while (s->slots[i] && s->slots[i] != h)
        i = (i + 1) & (s->cap - 1);
    return i;
}

static void grow(struct mig_names *s)
{
    struct mig_names wide = {.cap = s->cap ? s->cap * 2 : 64, .n = s->n};

    wide.slots = ts_alloc_array(wide.cap, sizeof *wide.slots);
    for (size_t i = 0; i < s->cap; i++) {
        if (s->slots[i])
            wide.slots[find(&wide, s->slots[i])] = s->slots[i];
    }
    ts_free(s->slots);
    *s = wide;
}

bool mig_names_has(const struct mig_names *s, const char *name)
{
    return s->n > 0 && s->slots[find(s, hash(name))] != 0;
}

bool mig_names_add(struct mig_names *s, const char *name)
{
    uint64_t h = hash(name);
    size_t i;

    if (s->n * 2 >= s->cap)
        grow(s);
    i = find(s, h);
    if (s->slots[i])
        return true;
    s->slots[i] = h;
    s->n++;
    return false;
}
