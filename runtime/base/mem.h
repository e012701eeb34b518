/* mem.h - memory.  Running out of it ends the program (ts_oom), so nothing here fails. */
#ifndef TS_BASE_MEM_H
#define TS_BASE_MEM_H

#include "base/err.h"
#include "base/str.h"

void *ts_alloc(size_t n);                          /* zeroed */
void *ts_alloc_array(size_t count, size_t size);   /* zeroed, checks overflow */
void *ts_realloc_array(void *p, size_t count, size_t size);
char *ts_strdup(const char *z);                    /* NULL gives NULL */
char *ts_str_dup(ts_str s);
char *ts_format(const char *fmt, ...) TS_PRINTF(1, 2); /* caller frees */
void ts_free(void *p);
void ts_words_free(char **words); /* a NULL-terminated array of texts; NULL is allowed */

/* An arena: many small objects freed at once. */
struct ts_arena {
    struct ts_arena_block *head;
    size_t used; /* bytes handed out, for bounds */
};
void *ts_arena_alloc(struct ts_arena *a, size_t n); /* zeroed, aligned to 16 */
char *ts_arena_str(struct ts_arena *a, ts_str s);   /* NUL-terminated copy */
char *ts_arena_strz(struct ts_arena *a, const char *z); /* NULL gives NULL */
char *ts_arena_format(struct ts_arena *a, const char *fmt, ...) TS_PRINTF(2, 3);
void ts_arena_fini(struct ts_arena *a);

#endif
