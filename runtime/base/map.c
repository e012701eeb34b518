#include "base/map.h"

#include "base/mem.h"

#include <string.h>

static uint64_t hash_of(ts_str key)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a over folded code points */
    size_t pos = 0;

    while (pos < key.n) {
        unsigned char byte = (unsigned char)key.p[pos];
        uint32_t c = byte < 0x80
                         ? (pos++, (unsigned)(byte - 'A') < 26u ? byte + 32u : byte)
                         : ts_utf8_fold(ts_utf8_next(key, &pos));
        h = (h ^ c) * 0x100000001b3u;
    }
    return h ^ h >> 29;
}

/* Names are mostly asked for as they were written first. */
static bool same_key(const char *have, ts_str key)
{
    return (strncmp(have, key.p, key.n) == 0 && have[key.n] == '\0') ||
           ts_str_caseeq(ts_str_of(have), key);
}

/* Slot of the key, or of the free place where it would go. */
static size_t slot_of(const struct ts_map *m, ts_str key, uint64_t hash)
{
    size_t mask = m->index_cap - 1, i = (size_t)hash & mask;

    for (;; i = (i + 1) & mask) {
        uint32_t at = m->index[i];
        if (at == 0) {
            return i;
        }
        const struct ts_map_entry *e = &m->entries[at - 1];
        if (e->hash == hash && same_key(e->key, key)) {
            return i;
        }
    }
}

static void grow_index(struct ts_map *m)
{
    size_t cap = m->index_cap ? m->index_cap * 2 : 16;

    ts_free(m->index);
    m->index = ts_alloc_array(cap, sizeof *m->index);
    m->index_cap = cap;
    for (size_t i = 0; i < m->n; i++) {
        size_t j = (size_t)m->entries[i].hash & (cap - 1);
        while (m->index[j]) {
            j = (j + 1) & (cap - 1);
        }
        m->index[j] = (uint32_t)i + 1;
    }
}

void *ts_map_get(const struct ts_map *m, ts_str key)
{
    if (m->n == 0) {
        return NULL;
    }
    uint32_t at = m->index[slot_of(m, key, hash_of(key))];
    return at ? m->entries[at - 1].value : NULL;
}

void *ts_map_set(struct ts_map *m, ts_str key, void *value)
{
    uint64_t hash = hash_of(key);

    if (m->n + 1 > m->index_cap / 4 * 3) {
        grow_index(m);
    }
    uint32_t *slot = &m->index[slot_of(m, key, hash)];
    if (*slot) {
        struct ts_map_entry *e = &m->entries[*slot - 1];
        void *old = e->value;
        e->value = value;
        return old;
    }
    if (m->n == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 8;
        m->entries = ts_realloc_array(m->entries, m->cap, sizeof *m->entries);
    }
    m->entries[m->n] =
        (struct ts_map_entry){.key = ts_str_dup(key), .value = value, .hash = hash};
    *slot = (uint32_t)++m->n;
    return NULL;
}

void ts_map_fini(struct ts_map *m, void (*free_value)(void *))
{
    for (size_t i = 0; i < m->n; i++) {
        if (free_value && m->entries[i].value) {
            free_value(m->entries[i].value);
        }
        ts_free(m->entries[i].key);
    }
    ts_free(m->entries);
    ts_free(m->index);
    *m = (struct ts_map){0};
}
