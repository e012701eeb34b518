/* map.h - string keys to pointers, without regard to case, in order of insertion. */
#ifndef TS_BASE_MAP_H
#define TS_BASE_MAP_H

#include "base/str.h"

struct ts_map_entry {
    char *key; /* first spelling */
    void *value;
    uint64_t hash;
};

struct ts_map { /* zero-initialise */
    struct ts_map_entry *entries;
    size_t n, cap;
    uint32_t *index; /* open addressing over entries + 1 */
    size_t index_cap;
};

void *ts_map_get(const struct ts_map *m, ts_str key); /* NULL if absent */
/* Sets and returns the old value (or NULL).  The key is copied at first insertion. */
void *ts_map_set(struct ts_map *m, ts_str key, void *value);
/* Forgets everything; values are handed to `free_value` if it is not NULL. */
void ts_map_fini(struct ts_map *m, void (*free_value)(void *));

#endif
