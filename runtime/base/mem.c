#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *ts_alloc(size_t n)
{
    void *p = calloc(1, n ? n : 1);

    if (!p) {
        ts_oom(n);
    }
    return p;
}

void *ts_alloc_array(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1); /* checks the product */

    if (!p) {
        ts_oom(count);
    }
    return p;
}

void *ts_realloc_array(void *p, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        ts_oom(SIZE_MAX);
    }
    size_t n = count * size;
    void *q = realloc(p, n ? n : 1);
    if (!q) {
        ts_oom(n);
    }
    return q;
}

char *ts_strdup(const char *z)
{
    return z ? ts_str_dup(ts_str_of(z)) : NULL;
}

char *ts_str_dup(ts_str s)
{
    char *p = malloc(s.n + 1);

    if (!p) {
        ts_oom(s.n);
    }
    if (s.n) {
        memcpy(p, s.p, s.n);
    }
    p[s.n] = '\0';
    return p;
}

char *ts_format(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        ts_oom(0); /* only a text beyond INT_MAX can fail here */
    }
    char *p = malloc((size_t)n + 1);
    if (!p) {
        ts_oom((size_t)n);
    }
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

void ts_free(void *p)
{
    free(p);
}

void ts_words_free(char **words)
{
    for (size_t i = 0; words && words[i]; i++) {
        ts_free(words[i]);
    }
    ts_free(words);
}

/* ---- arena ---------------------------------------------------------------------------
 */

#define ALIGN 16
#define FIRST_BLOCK 4096
#define LARGEST_BLOCK (256 * 1024)

struct ts_arena_block {
    struct ts_arena_block *next;
    size_t n, cap; /* bytes used and available after this header */
};

#define HEADER ((sizeof(struct ts_arena_block) + ALIGN - 1) / ALIGN * ALIGN)

static struct ts_arena_block *new_block(size_t cap)
{
    struct ts_arena_block *b = malloc(HEADER + cap);

    if (!b) {
        ts_oom(cap);
    }
    b->n = 0;
    b->cap = cap;
    return b;
}

static void *take(struct ts_arena *a, size_t n)
{
    struct ts_arena_block *b = a->head;

    if (n > SIZE_MAX / 2) {
        ts_oom(n);
    }
    n = (n + ALIGN - 1) / ALIGN * ALIGN;
    a->used += n;
    if (b && b->cap - b->n >= n) {
        void *p = (char *)b + HEADER + b->n;
        b->n += n;
        return p;
    }
    if (n > LARGEST_BLOCK / 4 && b) {
        /* A large object gets a block of its own behind the current one. */
        struct ts_arena_block *big = new_block(n);
        big->n = n;
        big->next = b->next;
        b->next = big;
        return (char *)big + HEADER;
    }
    size_t cap = !b                            ? FIRST_BLOCK
                 : b->cap >= LARGEST_BLOCK / 2 ? LARGEST_BLOCK
                                               : b->cap * 2;
    struct ts_arena_block *fresh = new_block(cap > n ? cap : n);
    fresh->next = b;
    fresh->n = n;
    a->head = fresh;
    return (char *)fresh + HEADER;
}

void *ts_arena_alloc(struct ts_arena *a, size_t n)
{
    return memset(take(a, n ? n : 1), 0, n ? n : 1);
}

char *ts_arena_str(struct ts_arena *a, ts_str s)
{
    char *p = take(a, s.n + 1);

    if (s.n) {
        memcpy(p, s.p, s.n);
    }
    p[s.n] = '\0';
    return p;
}

char *ts_arena_strz(struct ts_arena *a, const char *z)
{
    return z ? ts_arena_str(a, ts_str_of(z)) : NULL;
}

char *ts_arena_format(struct ts_arena *a, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        ts_oom(0);
    }
    char *p = take(a, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

void ts_arena_fini(struct ts_arena *a)
{
    struct ts_arena_block *b = a->head;

    while (b) {
        struct ts_arena_block *next = b->next;
        free(b);
        b = next;
    }
    a->head = NULL;
    a->used = 0;
}
