/* mask.c - replace secret texts.  Where two of them overlap everything that belongs to
 * either is covered, so no end of one shows. */
#include "vars/mask.h"

#include "base/mem.h"

#include <string.h>

#define SHORTEST 3
#define SHORTEST_LINE 8

struct ts_hidden {
    struct ts_hidden *next;
    size_t n;
    char p[];
};

static void add_one(struct ts_mask *m, ts_str s)
{
    struct ts_hidden **link = &m->by_byte[(unsigned char)s.p[0]];
    for (; *link && (*link)->n >= s.n; link = &(*link)->next) {
        if ((*link)->n == s.n && memcmp((*link)->p, s.p, s.n) == 0) {
            return;
        }
    }
    struct ts_hidden *h = ts_alloc(sizeof *h + s.n);
    h->n = s.n;
    memcpy(h->p, s.p, s.n);
    h->next = *link;
    *link = h;
    m->n++;
}

void ts_mask_add(struct ts_mask *m, ts_str text)
{
    ts_str bare = ts_str_trim(text), line;
    if (bare.n >= SHORTEST) {
        add_one(m, bare);
    } else if (text.n >= SHORTEST) {
        add_one(m, text);
    }
    if (bare.n == 0 || !memchr(bare.p, '\n', bare.n)) {
        return;
    }
    while (ts_str_cut(&bare, '\n', &line)) {
        line = ts_str_trim(line);
        if (line.n >= SHORTEST_LINE) {
            add_one(m, line);
        }
    }
}

/* Length of the longest hidden text that begins at s, 0 if none does. */
static size_t longest_at(const struct ts_mask *m, ts_str s)
{
    const struct ts_hidden *h = m->by_byte[(unsigned char)s.p[0]];
    for (; h; h = h->next) {
        if (h->n <= s.n && memcmp(h->p, s.p, h->n) == 0) {
            return h->n;
        }
    }
    return 0;
}

void ts_mask_apply(const struct ts_mask *m, struct ts_buf *out, ts_str text)
{
    size_t done = 0; /* what is before it is written, or hidden */
    for (size_t i = 0; m->n > 0 && i < text.n; i++) {
        size_t n = longest_at(m, (ts_str){text.p + i, text.n - i});
        if (n == 0) {
            continue;
        }
        if (i >= done) {
            ts_buf_add(out, text.p + done, i - done);
            ts_buf_z(out, "*****");
        }
        if (i + n > done) {
            done = i + n;
        }
    }
    ts_buf_add(out, text.p + done, text.n - done);
}

void ts_mask_fini(struct ts_mask *m)
{
    for (int i = 0; i < 256; i++) {
        while (m->by_byte[i]) {
            struct ts_hidden *h = m->by_byte[i];
            m->by_byte[i] = h->next;
            ts_free(h);
        }
    }
    m->n = 0;
}
