#include "base/map.h"

#include "base/mem.h"

#include <string.h>

/* The hash is taken over the folded name, eight bytes at a time: names of ASCII take the
 * short way, and one that folds to ASCII (there are letters that do) ends with the same.
 */
#define EACH_BYTE 0x0101010101010101u

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

/* The low bits choose the slot; the high ones hang on every byte of the last word. */
static uint64_t last(uint64_t h)
{
    return h ^ h >> 52;
}

/* Eight bytes of ASCII in small letters. */
static uint64_t lower(uint64_t word)
{
    uint64_t from_a = word + (0x80 - 'A') * EACH_BYTE;
    uint64_t after_z = word + (0x7f - 'Z') * EACH_BYTE;

    return word | ((from_a ^ after_z) & 0x80 * EACH_BYTE) >> 2;
}

static size_t encode(unsigned char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (unsigned char)c;
        return 1;
    }
    /* Any way will do that keeps ASCII apart. */
    out[0] = (unsigned char)(0x80 | c >> 14);
    out[1] = (unsigned char)(0x80 | (c >> 7 & 0x7f));
    out[2] = (unsigned char)(0x80 | (c & 0x7f));
    return 3;
}

/* From an eighth byte on, where something is not ASCII. */
static uint64_t hash_folded(uint64_t h, ts_str key, size_t pos)
{
    unsigned char group[12] = {0};
    size_t n = 0;
    uint64_t word;

    while (pos < key.n) {
        n += encode(group + n, ts_utf8_fold(ts_utf8_next(key, &pos)));
        if (n >= 8) {
            memcpy(&word, group, 8);
            h = mix(h, word);
            n -= 8;
            memcpy(group, group + 8, 4);
            memset(group + n, 0, sizeof group - n);
        }
    }
    memcpy(&word, group, 8);
    return last(mix(h, word));
}

static uint64_t hash_of(ts_str key)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t pos = 0;; pos += 8) {
        size_t left = key.n - pos;
        uint64_t word = 0;
        if (left) {
            memcpy(&word, key.p + pos, left < 8 ? left : 8);
        }
        if (word & 0x80 * EACH_BYTE) {
            return hash_folded(h, key, pos);
        }
        h = mix(h, lower(word));
        if (left < 8) {
            return last(h);
        }
    }
}

/* Names are mostly asked for as they were written first. */
static bool same_key(const char *have, ts_str key)
{
    return ts_str_eq(ts_str_of(have), key) || ts_str_caseeq(ts_str_of(have), key);
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
