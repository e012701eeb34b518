/* disk.c - memory shared by all starts of the machine; content, nodes and names in it. */
#include "disk.h"

#include "platform/power.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Only what is touched costs anything. */
#define MEMORY ((size_t)1 << 30)

struct fk_machine *fk;

/* ---- memory --------------------------------------------------------------------------
 */

struct block {
    size_t class;
    size_t pad; /* what is handed out is aligned to 16 */
};

/* Small blocks in steps, so that pages waste nothing; large ones by powers of two. */
enum { STEP = 64, STEPS = 96 };

static size_t class_of(size_t n)
{
    size_t c = (n + sizeof(struct block) + STEP - 1) / STEP;

    if (c < STEPS) {
        return c;
    }
    for (c = 13; ((size_t)1 << c) < n + sizeof(struct block);) {
        c++;
    }
    return STEPS + c - 13;
}

static size_t size_of(size_t class)
{
    return class < STEPS ? class * STEP : (size_t)1 << (class - STEPS + 13);
}

void *fk_alloc(size_t n)
{
    size_t c = class_of(n), size = size_of(c);
    struct block *b = fk->free[c];

    if (b) {
        memcpy(&fk->free[c], b + 1, sizeof(void *));
    } else {
        if (fk->used + size > MEMORY) {
            fprintf(stderr, "the fake machine's memory is used up\n");
            abort();
        }
        b = (struct block *)((char *)fk + fk->used);
        fk->used += size;
    }
    b->class = c;
    return memset(b + 1, 0, size - sizeof *b);
}

void fk_free(void *p)
{
    if (p) {
        struct block *b = (struct block *)p - 1;
        memcpy(p, &fk->free[b->class], sizeof(void *));
        fk->free[b->class] = b;
    }
}

char *fk_strdup(const char *z)
{
    size_t n = strlen(z) + 1;

    return memcpy(fk_alloc(n), z, n);
}

/* memcpy that takes nothing from nowhere. */
static void copy(void *to, const void *from, size_t n)
{
    if (n) {
        memcpy(to, from, n);
    }
}

/* splitmix64 */
uint64_t fk_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* ---- content -------------------------------------------------------------------------
 */

static void drop_page(struct fk_page *p)
{
    if (p && --p->refs == 0) {
        fk_free(p);
    }
}

static void want_pages(struct fk_content *c, size_t n)
{
    if (n > c->n) {
        struct fk_page **more = fk_alloc((n + n / 2) * sizeof *more);
        copy(more, c->pages, c->n * sizeof *more);
        fk_free(c->pages);
        c->pages = more;
        c->n = n + n / 2;
    }
}

static unsigned char *own_page(struct fk_content *c, size_t i)
{
    struct fk_page *p = c->pages[i];

    if (!p || p->refs > 1) {
        c->pages[i] = fk_alloc(sizeof *p);
        c->pages[i]->refs = 1;
        if (p) {
            memcpy(c->pages[i]->bytes, p->bytes, FK_PAGE);
            p->refs--;
        }
    }
    return c->pages[i]->bytes;
}

void fk_read_data(const struct fk_content *c, uint64_t at, void *to, size_t n)
{
    unsigned char *t = to;

    while (n) {
        size_t i = at / FK_PAGE, from = at % FK_PAGE;
        size_t part = FK_PAGE - from < n ? FK_PAGE - from : n;
        if (i < c->n && c->pages[i]) {
            memcpy(t, c->pages[i]->bytes + from, part);
        } else {
            memset(t, 0, part);
        }
        t += part, at += part, n -= part;
    }
}

void fk_write_data(struct fk_content *c, uint64_t at, const void *from, size_t n)
{
    const unsigned char *f = from;

    if (n == 0) {
        return;
    }
    want_pages(c, (at + n + FK_PAGE - 1) / FK_PAGE);
    c->size = at + n > c->size ? at + n : c->size;
    while (n) {
        size_t i = at / FK_PAGE, into = at % FK_PAGE;
        size_t part = FK_PAGE - into < n ? FK_PAGE - into : n;
        memcpy(own_page(c, i) + into, f, part);
        f += part, at += part, n -= part;
    }
}

void fk_resize(struct fk_content *c, uint64_t size)
{
    if (size < c->size) {
        size_t keep = (size + FK_PAGE - 1) / FK_PAGE;
        for (size_t i = keep; i < c->n; i++) {
            drop_page(c->pages[i]);
            c->pages[i] = NULL;
        }
        if (size % FK_PAGE && keep <= c->n && c->pages[keep - 1]) {
            memset(own_page(c, keep - 1) + size % FK_PAGE, 0, FK_PAGE - size % FK_PAGE);
        }
    }
    c->size = size;
}

static void clear(struct fk_content *c)
{
    for (size_t i = 0; i < c->n; i++) {
        drop_page(c->pages[i]);
    }
    fk_free(c->pages);
    *c = (struct fk_content){0};
}

void fk_share(struct fk_content *to, const struct fk_content *from)
{
    size_t n = (from->size + FK_PAGE - 1) / FK_PAGE;

    n = n < from->n ? n : from->n;
    want_pages(to, n);
    for (size_t i = 0; i < to->n; i++) {
        struct fk_page *p = i < n ? from->pages[i] : NULL;
        if (to->pages[i] != p) {
            drop_page(to->pages[i]);
            to->pages[i] = p;
            if (p) {
                p->refs++;
            }
        }
    }
    to->size = from->size;
}

void fk_meta_set(struct fk_meta *to, const struct fk_meta *from)
{
    struct fk_xattrs *old = to->xattrs;

    if (from->xattrs) {
        from->xattrs->refs++;
    }
    *to = *from;
    if (old && --old->refs == 0) {
        fk_free(old);
    }
}

/* ---- nodes ---------------------------------------------------------------------------
 */

struct fk_node *fk_node_new(int volume, uint32_t mode)
{
    struct fk_node *n = fk_alloc(sizeof *n);

    n->id = fk->next_id++;
    n->volume = volume;
    n->meta.mode = mode;
    n->meta.atime = n->meta.mtime = fk->now_ns;
    n->durable_meta = n->meta;
    n->ops_end = &n->ops;
    n->next = fk->nodes;
    if (n->next) {
        n->next->before = n;
    }
    fk->nodes = n;
    return n;
}

static void forget_ops(struct fk_node *n)
{
    while (n->ops) {
        struct fk_op *op = n->ops;
        n->ops = op->next;
        fk_meta_set(&op->meta, &(struct fk_meta){0});
        fk_free(op->data);
        fk_free(op);
    }
    n->ops_end = &n->ops;
}

static void forget_entries(struct fk_entries *e)
{
    for (size_t i = 0; i < e->n; i++) {
        fk_free(e->list[i].name);
    }
    fk_free(e->list);
    *e = (struct fk_entries){0};
}

static void node_free(struct fk_node *n)
{
    forget_ops(n);
    forget_entries(&n->entries);
    forget_entries(&n->durable_entries);
    clear(&n->data);
    clear(&n->durable_data);
    fk_meta_set(&n->meta, &(struct fk_meta){0});
    fk_meta_set(&n->durable_meta, &(struct fk_meta){0});
    fk_free(n->target);
    if (n->before) {
        n->before->next = n->next;
    } else {
        fk->nodes = n->next;
    }
    if (n->next) {
        n->next->before = n->before;
    }
    fk_free(n);
}

void fk_use(struct fk_node *n)
{
    n->uses++;
}

void fk_unuse(struct fk_node *n)
{
    assert(n->uses > 0);
    if (--n->uses == 0) {
        node_free(n);
    }
}

/* ---- names ---------------------------------------------------------------------------
 */

static size_t index_of(const struct fk_entries *e, const char *name)
{
    size_t i = 0;

    while (i < e->n && strcmp(e->list[i].name, name) != 0) {
        i++;
    }
    return i;
}

struct fk_node *fk_look(const struct fk_entries *e, const char *name)
{
    size_t i = index_of(e, name);

    return i < e->n ? e->list[i].node : NULL;
}

static void entry_add(struct fk_entries *e, const char *name, struct fk_node *n)
{
    if (e->n == e->cap) {
        size_t cap = e->cap ? e->cap * 2 : 4;
        struct fk_entry *more = fk_alloc(cap * sizeof *more);
        copy(more, e->list, e->n * sizeof *more);
        fk_free(e->list);
        e->list = more;
        e->cap = cap;
    }
    e->list[e->n++] = (struct fk_entry){
        .serial = fk->next_serial++, .node = n, .name = fk_strdup(name)};
    fk_use(n);
}

/* True if it was there.  The caller still uses the node. */
static bool entry_drop(struct fk_entries *e, const char *name)
{
    size_t i = index_of(e, name);

    if (i == e->n) {
        return false;
    }
    struct fk_node *n = e->list[i].node;
    fk_free(e->list[i].name);
    memmove(&e->list[i], &e->list[i + 1], (e->n - i - 1) * sizeof *e->list);
    e->n--;
    fk_unuse(n);
    return true;
}

static void note_name(enum fk_name_change kind, struct fk_node *dir, const char *name,
                      struct fk_node *to, const char *to_name, struct fk_node *n)
{
    struct fk_name_op *op = fk_alloc(sizeof *op);

    *op = (struct fk_name_op){.kind = kind, .dir = dir, .to_dir = to, .node = n};
    op->name = fk_strdup(name);
    op->to_name = to_name ? fk_strdup(to_name) : NULL;
    fk_use(dir);
    fk_use(n);
    if (to) {
        fk_use(to);
    }
    *fk->names_end = op;
    fk->names_end = &op->next;
    dir->meta.mtime = fk->now_ns;
    if (to) {
        to->meta.mtime = fk->now_ns;
    }
}

static bool is_folder(const struct fk_node *n)
{
    return S_ISDIR(n->meta.mode);
}

void fk_add_name(struct fk_node *dir, const char *name, struct fk_node *n)
{
    note_name(FK_N_ADD, dir, name, NULL, NULL, n);
    entry_add(&dir->entries, name, n);
    n->links++;
    if (is_folder(n)) {
        n->parent = dir;
    }
}

void fk_drop_name(struct fk_node *dir, const char *name)
{
    struct fk_node *n = fk_look(&dir->entries, name);

    note_name(FK_N_DROP, dir, name, NULL, NULL, n);
    n->links--;
    entry_drop(&dir->entries, name);
}

void fk_move_name(struct fk_node *dir, const char *name, struct fk_node *to,
                  const char *to_name)
{
    struct fk_node *n = fk_look(&dir->entries, name);
    struct fk_node *old = fk_look(&to->entries, to_name);

    note_name(FK_N_MOVE, dir, name, to, to_name, n);
    if (old) {
        old->links--;
        entry_drop(&to->entries, to_name);
    }
    entry_add(&to->entries, to_name, n);
    entry_drop(&dir->entries, name);
    if (is_folder(n)) {
        n->parent = to;
    }
}

/* ---- changes of files ----------------------------------------------------------------
 */

static struct fk_op *note_op(struct fk_node *n, enum fk_change kind)
{
    struct fk_op *op = fk_alloc(sizeof *op);

    op->kind = kind;
    fk_meta_set(&op->meta, &n->meta);
    *n->ops_end = op;
    n->ops_end = &op->next;
    return op;
}

void fk_change_data(struct fk_node *n, uint64_t at, const void *p, size_t bytes)
{
    struct fk_op *op;

    n->meta.mtime = fk->now_ns;
    op = note_op(n, FK_C_WRITE);
    op->at = at;
    op->n = bytes;
    op->data = memcpy(fk_alloc(bytes), p, bytes);
    fk_write_data(&n->data, at, p, bytes);
}

void fk_change_size(struct fk_node *n, uint64_t size)
{
    n->meta.mtime = fk->now_ns;
    note_op(n, FK_C_SIZE)->at = size;
    fk_resize(&n->data, size);
}

void fk_change_meta(struct fk_node *n, const struct fk_meta *m)
{
    fk_meta_set(&n->meta, m);
    note_op(n, FK_C_META);
}

/* ---- durable -------------------------------------------------------------------------
 */

static void name_op_free(struct fk_name_op *op)
{
    fk_unuse(op->node);
    fk_unuse(op->dir);
    if (op->to_dir) {
        fk_unuse(op->to_dir);
    }
    fk_free(op->name);
    fk_free(op->to_name);
    fk_free(op);
}

static void replace_durable(struct fk_node *dir, const char *name, struct fk_node *n)
{
    fk_use(n);
    entry_drop(&dir->durable_entries, name);
    entry_add(&dir->durable_entries, name, n);
    fk_unuse(n);
}

static void carry_out(struct fk_name_op *op)
{
    if (op->kind == FK_N_ADD) {
        replace_durable(op->dir, op->name, op->node);
    } else if (op->kind == FK_N_DROP) {
        entry_drop(&op->dir->durable_entries, op->name);
    } else {
        entry_drop(&op->dir->durable_entries, op->name);
        replace_durable(op->to_dir, op->to_name, op->node);
    }
}

/* Carry out what is chosen, in order; `rest`: forget what is not. */
static void carry_out_chosen(bool rest)
{
    struct fk_name_op **at = &fk->names;

    while (*at) {
        struct fk_name_op *op = *at;
        if (op->chosen) {
            carry_out(op);
        }
        if (op->chosen || rest) {
            *at = op->next;
            name_op_free(op);
        } else {
            at = &op->next;
        }
    }
    fk->names_end = at;
}

/* All of this folder's changes, and what a move among them needs: the earlier changes of
 * its other folder.  From the newest back, so that later ones of the other are not. */
static void choose_for(struct fk_node *dir)
{
    struct fk_name_op **all;
    size_t n = 0;

    for (struct fk_name_op *op = fk->names; op; op = op->next) {
        n++;
    }
    if (n == 0) {
        return;
    }
    all = fk_alloc(n * sizeof *all);
    n = 0;
    for (struct fk_name_op *op = fk->names; op; op = op->next) {
        all[n++] = op;
        op->dir->marked = false;
        if (op->to_dir) {
            op->to_dir->marked = false;
        }
    }
    dir->marked = true;
    while (n-- > 0) {
        struct fk_name_op *op = all[n];
        op->chosen = op->dir->marked || (op->to_dir && op->to_dir->marked);
        if (op->chosen) {
            op->dir->marked = true;
            if (op->to_dir) {
                op->to_dir->marked = true;
            }
        }
    }
    fk_free(all);
}

void fk_sync_node(struct fk_node *n)
{
    if (is_folder(n)) {
        choose_for(n);
        carry_out_chosen(false);
    }
    fk_share(&n->durable_data, &n->data);
    fk_meta_set(&n->durable_meta, &n->meta);
    forget_ops(n);
}

void fk_sync_volume(int volume)
{
    for (struct fk_name_op *op = fk->names; op; op = op->next) {
        op->chosen = op->dir->volume == volume;
    }
    carry_out_chosen(false);
    for (struct fk_node *n = fk->nodes; n; n = n->next) {
        if (n->volume == volume) {
            fk_share(&n->durable_data, &n->data);
            fk_meta_set(&n->durable_meta, &n->meta);
            forget_ops(n);
        }
    }
}

bool fk_all_durable(void)
{
    if (fk->names) {
        return false;
    }
    for (struct fk_node *n = fk->nodes; n; n = n->next) {
        if (n->ops) {
            return false;
        }
    }
    return true;
}

/* ---- a crash -------------------------------------------------------------------------
 */

static bool one_in(uint64_t *seed, unsigned n)
{
    return fk_random(seed) % n == 0;
}

/* How the names of the folders come back, FK_RANDOM. */
enum names_luck {
    ALL_KEPT,
    ONE_JOURNAL,   /* the folders keep in step */
    ONE_BEHIND,    /* one folder keeps nothing, the others all */
    ONE_AHEAD,     /* one folder keeps all, the others nothing */
    EACH_APART,    /* a prefix of any length for each */
    LUCK_COUNT = 7 /* EACH_APART three times */
};

/* One of the folders that have changes. */
static const struct fk_node *any_folder(uint64_t *seed)
{
    const struct fk_name_op *op = fk->names;
    size_t n = 0;

    for (; op; op = op->next) {
        n++;
    }
    n = n ? fk_random(seed) % n : 0;
    for (op = fk->names; op && n > 0; op = op->next) {
        n--;
    }
    return op ? op->dir : NULL;
}

static bool touches(const struct fk_name_op *op, const struct fk_node *dir)
{
    return op->dir == dir || op->to_dir == dir;
}

static bool stays_within(const struct fk_name_op *op, const struct fk_node *dir)
{
    return op->dir == dir && (!op->to_dir || op->to_dir == dir);
}

/* Each folder keeps a prefix of its changes; a move happens on both sides or not. */
static void choose_names(enum fk_crash how, uint64_t *seed)
{
    unsigned odds = 2 + (unsigned)(fk_random(seed) % 8); /* prefixes long and short */
    unsigned luck = (unsigned)(fk_random(seed) % LUCK_COUNT);
    const struct fk_node *one = any_folder(seed);
    bool over = false;

    for (struct fk_node *n = fk->nodes; n; n = n->next) {
        n->marked = false; /* this folder keeps no more changes */
    }
    for (struct fk_name_op *op = fk->names; op; op = op->next) {
        bool stopped = op->dir->marked || (op->to_dir && op->to_dir->marked) ||
                       (luck == ONE_JOURNAL && over) ||
                       (luck == ONE_BEHIND && touches(op, one)) ||
                       (luck == ONE_AHEAD && !stays_within(op, one));
        bool lucky = luck != ONE_JOURNAL && luck < EACH_APART;
        op->chosen = how == FK_KEEP ||
                     (how == FK_RANDOM && !stopped && (lucky || !one_in(seed, odds)));
        if (!op->chosen) {
            over = true;
            op->dir->marked = true;
            if (op->to_dir) {
                op->to_dir->marked = true;
            }
        }
    }
}

/* The sectors of one write, each kept or not. */
static void keep_sectors(struct fk_node *n, const struct fk_op *op, uint64_t limit,
                         unsigned odds, uint64_t *seed)
{
    uint64_t end = op->at + op->n < limit ? op->at + op->n : limit;

    for (uint64_t at = op->at; at < end;) {
        uint64_t next = (at / FK_SECTOR + 1) * FK_SECTOR;
        next = next < end ? next : end;
        if (!one_in(seed, odds)) {
            fk_write_data(&n->durable_data, at, op->data + (at - op->at),
                          (size_t)(next - at));
        }
        at = next;
    }
}

/* Sizes and metadata keep a prefix of the changes; of the data any sectors of any writes,
 * as long as they lie inside the file as it was and is. */
static void crash_file(struct fk_node *n, uint64_t *seed)
{
    size_t count = 0, i = 0;
    unsigned luck = (unsigned)(fk_random(seed) % 8);
    unsigned odds = luck < 2 ? 1 : luck < 4 ? 1000000000 : luck; /* 1: none is kept */
    uint64_t limit;

    for (struct fk_op *op = n->ops; op; op = op->next) {
        count++;
    }
    size_t kept = luck % 2 ? count : fk_random(seed) % (count + 1);
    limit = n->durable_data.size;
    for (struct fk_op *op = n->ops; op; op = op->next, i++) {
        if (i < kept) {
            fk_meta_set(&n->durable_meta, &op->meta);
            if (op->kind == FK_C_SIZE) {
                fk_resize(&n->durable_data, op->at);
            } else if (op->kind == FK_C_WRITE && op->at + op->n > n->durable_data.size) {
                fk_resize(&n->durable_data, op->at + op->n);
            }
            limit = n->durable_data.size;
        } else if (op->kind == FK_C_SIZE && op->at < limit) {
            limit = op->at; /* what is written behind it later went elsewhere */
        }
        if (op->kind == FK_C_WRITE) {
            keep_sectors(n, op, limit, odds, seed);
        }
    }
}

static void copy_entries(struct fk_node *dir)
{
    struct fk_entries *now = &dir->entries, *then = &dir->durable_entries;

    while (now->n) {
        entry_drop(now, now->list[now->n - 1].name);
    }
    for (size_t i = 0; i < then->n; i++) {
        entry_add(now, then->list[i].name, then->list[i].node);
        now->list[i].serial = then->list[i].serial;
    }
}

static void mark(struct fk_node *n, struct fk_node *parent)
{
    n->links++;
    if (n->marked) {
        return;
    }
    n->marked = true;
    n->parent = parent;
    for (size_t i = 0; i < n->entries.n; i++) {
        mark(n->entries.list[i].node, n);
    }
    if (n->mounted) {
        mark(n->mounted, n);
    }
}

/* Take away what no name leads to any more, open files of the ended process included. */
static void sweep(void)
{
    for (struct fk_node *n = fk->nodes; n; n = n->next) {
        n->marked = false;
        n->links = n->uses = 0;
        fk_use(n);
    }
    mark(fk->volumes[1].root, NULL);
    for (struct fk_node *n = fk->nodes, *next; n; n = next) {
        next = n->next;
        if (!n->marked) {
            node_free(n);
        }
    }
    for (struct fk_node *n = fk->nodes; n; n = n->next) {
        for (size_t i = 0; i < n->entries.n; i++) {
            fk_use(n->entries.list[i].node);
        }
        for (size_t i = 0; i < n->durable_entries.n; i++) {
            fk_use(n->durable_entries.list[i].node);
        }
    }
    for (struct fk_node *n = fk->nodes; n; n = n->next) {
        bool root = n == fk->volumes[n->volume].root;
        if (!root) {
            n->uses--;
        }
        n->links += is_folder(n) ? 1 : 0; /* its own "." */
    }
}

void fk_crash(enum fk_crash how, uint64_t seed)
{
    choose_names(how, &seed);
    carry_out_chosen(true);
    for (struct fk_node *n = fk->nodes; n; n = n->next) {
        if (how == FK_KEEP) {
            fk_sync_node(n);
        } else if (how == FK_RANDOM) {
            crash_file(n, &seed);
        }
        forget_ops(n);
        fk_share(&n->data, &n->durable_data);
        fk_meta_set(&n->meta, &n->durable_meta);
    }
    for (struct fk_node *n = fk->nodes; n; n = n->next) {
        fk_use(n); /* none goes before all is seen */
    }
    for (struct fk_node *n = fk->nodes; n; n = n->next) {
        copy_entries(n);
    }
    sweep();
}

void fk_shut_down(void)
{
    fk_crash(FK_KEEP, 0);
}

/* ---- the whole -----------------------------------------------------------------------
 */

static struct fk_node *volume_new(void)
{
    int v = ++fk->volume_count;

    assert(v <= FK_VOLUMES);
    fk->volumes[v].root = fk_node_new(v, S_IFDIR | 0755);
    fk->volumes[v].root->links = 2;
    fk_use(fk->volumes[v].root);
    return fk->volumes[v].root;
}

static void start_anew(void)
{
    size_t old = fk->used;

    memset(fk, 0, old ? old : sizeof *fk);
    fk->used = (sizeof *fk + 63) / 64 * 64;
    fk->next_id = 100;
    fk->next_serial = 1;
    fk->names_end = &fk->names;
    fk->now_ns = 1767225600000000000; /* 2026-01-01 */
    fk->random = 1;
    volume_new();
}

static struct fk_node *make_folder(struct fk_node *at, const char *name)
{
    struct fk_node *n = fk_look(&at->entries, name);

    if (!n) {
        n = fk_node_new(at->volume, S_IFDIR | 0755);
        fk_use(n);
        fk_add_name(at, name, n);
        fk_unuse(n);
        n->links = 2;
    }
    return n->mounted ? n->mounted : n;
}

static struct fk_node *make_folders(const char *path)
{
    struct fk_node *at = fk->volumes[1].root;
    ts_str rest = ts_str_of(path), part;
    char name[FK_NAME + 1];

    while (ts_str_cut(&rest, '/', &part)) {
        if (part.n) {
            snprintf(name, sizeof name, "%.*s", (int)part.n, part.p);
            at = make_folder(at, name);
        }
    }
    return at;
}

int fk_mount(const char *path)
{
    struct fk_node *at = make_folders(path);

    assert(at != fk->volumes[at->volume].root);
    at->mounted = volume_new();
    at->mounted->parent = at;
    fk_shut_down();
    return fk->volume_count;
}

void fk_readonly(int volume, bool on)
{
    fk->volumes[volume].readonly = on;
}

void fk_sqlite_register(void);

void fk_power_up(void)
{
    if (!fk) {
        fk = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (fk == MAP_FAILED) {
            fprintf(stderr, "no memory for the fake machine\n");
            abort();
        }
    }
    fk_reset();
    fk_sqlite_register();
}

void fk_reset(void)
{
    start_anew();
    make_folders("/tmp");
    fk_shut_down();
}

/* ---- the same machine again? ---------------------------------------------------------
 */

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9E3779B97F4A7C15u;
    return h ^ (h >> 29);
}

static uint64_t mix_bytes(uint64_t h, const void *p, size_t n)
{
    const unsigned char *b = p;
    uint64_t v;

    h = mix(h, n);
    for (; n >= sizeof v; b += sizeof v, n -= sizeof v) {
        memcpy(&v, b, sizeof v);
        h = mix(h, v);
    }
    v = 0;
    memcpy(&v, b, n);
    return mix(h, v);
}

uint64_t fk_content_hash(const struct fk_content *c)
{
    static const unsigned char zeros[FK_PAGE];
    uint64_t h = mix(1, c->size);

    for (size_t i = 0; i < c->n; i++) {
        if (c->pages[i] && memcmp(c->pages[i]->bytes, zeros, FK_PAGE) != 0) {
            h = mix_bytes(mix(h, i), c->pages[i]->bytes, FK_PAGE);
        }
    }
    return h;
}

static uint64_t hash_node(uint64_t h, const struct fk_node *n)
{
    h = mix(h, n->id);
    h = mix_bytes(h, &n->meta, offsetof(struct fk_meta, xattrs));
    if (n->meta.xattrs) {
        h = mix_bytes(h, n->meta.xattrs->bytes, n->meta.xattrs->n);
    }
    h = n->target ? mix_bytes(h, n->target, strlen(n->target)) : h;
    h = mix(h, fk_content_hash(&n->data));
    for (size_t i = 0; i < n->entries.n; i++) {
        h = mix_bytes(h, n->entries.list[i].name, strlen(n->entries.list[i].name));
        h = hash_node(h, n->entries.list[i].node);
    }
    return n->mounted ? hash_node(h, n->mounted) : h;
}

uint64_t fk_hash(void)
{
    uint64_t h = hash_node(1, fk->volumes[1].root);

    for (const struct fk_text *t = fk->texts; t; t = t->next) {
        h = mix_bytes(h, t->name, strlen(t->name));
        h = mix_bytes(h, t->text ? t->text : "", t->n);
    }
    return h;
}

struct fk_snapshot {
    size_t n;
    unsigned char bytes[];
};

struct fk_snapshot *fk_save(void)
{
    struct fk_snapshot *s = malloc(sizeof *s + fk->used);

    if (!s) {
        abort();
    }
    s->n = fk->used;
    memcpy(s->bytes, fk, fk->used);
    return s;
}

void fk_restore(const struct fk_snapshot *s)
{
    memcpy(fk, s->bytes, s->n);
}

void fk_snapshot_free(struct fk_snapshot *s)
{
    free(s);
}

/* ---- notes ---------------------------------------------------------------------------
 */

static struct fk_text *text_of(const char *name)
{
    struct fk_text *t = fk->texts;

    while (t && strcmp(t->name, name) != 0) {
        t = t->next;
    }
    if (!t) {
        t = fk_alloc(sizeof *t);
        t->name = fk_strdup(name);
        t->next = fk->texts;
        fk->texts = t;
    }
    return t;
}

void fk_note(const char *name, ts_str text)
{
    struct fk_text *t = text_of(name);

    if (t->n + text.n + 1 > t->cap) {
        t->cap = (t->n + text.n + 1) * 2;
        char *more = fk_alloc(t->cap);
        copy(more, t->text, t->n);
        fk_free(t->text);
        t->text = more;
    }
    copy(t->text + t->n, text.p, text.n);
    t->n += text.n;
    t->text[t->n] = '\0';
}

void fk_note_set(const char *name, ts_str text)
{
    text_of(name)->n = 0;
    fk_note(name, text);
}

char *fk_noted(const char *name)
{
    struct fk_text *t = text_of(name);
    char *out = malloc(t->n + 1);

    if (!out) {
        abort();
    }
    memcpy(out, t->text ? t->text : "", t->n + (t->text != NULL));
    out[t->n] = '\0';
    return out;
}
