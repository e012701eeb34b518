/* disk.h - what the files of the fake kernel share: the disks in shared memory. */
#ifndef TS_TESTS_FK_DISK_H
#define TS_TESTS_FK_DISK_H

#include "fk.h"

#include <stddef.h>

enum { FK_PAGE = 4096, FK_SECTOR = 512, FK_VOLUMES = 8, FK_NAME = 255, FK_TRACE = 256 };

struct fk_page {
    uint32_t refs; /* pages are shared until written to */
    unsigned char bytes[FK_PAGE];
};

struct fk_content {
    uint64_t size;
    size_t n;               /* of pages */
    struct fk_page **pages; /* NULL: a hole */
};

struct fk_xattrs { /* never changed once made */
    uint32_t refs;
    size_t n;
    char bytes[]; /* name NUL length(size_t) value ... */
};

struct fk_meta {
    uint32_t mode, uid, gid; /* mode with the type's bits */
    int64_t atime, mtime;
    struct fk_xattrs *xattrs;
};

enum fk_change { FK_C_WRITE, FK_C_SIZE, FK_C_META };

/* A change of a file that is not durable yet. */
struct fk_op {
    struct fk_op *next;
    enum fk_change kind;
    uint64_t at; /* or the size */
    size_t n;
    unsigned char *data;
    struct fk_meta meta; /* as it was after the change */
};

struct fk_entry {
    uint64_t serial; /* order and reading position */
    struct fk_node *node;
    char *name;
};

struct fk_entries {
    struct fk_entry *list;
    size_t n, cap;
};

struct fk_node {
    struct fk_node *next, *before; /* of all nodes */
    uint64_t id;
    int volume;
    uint32_t links; /* names it has now */
    uint32_t uses;  /* names now and durable, pending changes, open files */
    bool marked;
    struct fk_meta meta, durable_meta;
    struct fk_content data, durable_data; /* of files */
    struct fk_op *ops, **ops_end;
    struct fk_entries entries, durable_entries; /* of folders */
    struct fk_node *parent;
    struct fk_node *mounted; /* root of the volume that stands here */
    char *target;            /* of a link */
};

/* A change of names that is not durable yet, in the order they were made. */
enum fk_name_change { FK_N_ADD, FK_N_DROP, FK_N_MOVE };
struct fk_name_op {
    struct fk_name_op *next;
    enum fk_name_change kind;
    struct fk_node *dir, *to_dir; /* to_dir: of a move, else NULL */
    char *name, *to_name;
    struct fk_node *node;
    bool chosen; /* while deciding */
};

struct fk_volume {
    struct fk_node *root;
    bool readonly;
};

struct fk_text {
    struct fk_text *next;
    char *name, *text;
    size_t n, cap;
};

struct fk_machine {
    size_t used;     /* bytes of the memory that were ever handed out */
    void *free[130]; /* blocks by class */
    struct fk_node *nodes;
    struct fk_volume volumes[FK_VOLUMES + 1]; /* from 1 on */
    int volume_count;
    uint64_t next_id, next_serial;
    struct fk_name_op *names, **names_end;
    int64_t now_ns;
    uint64_t random;
    struct fk_text *texts;
    /* power and faults */
    uint64_t points, cut[2];
    unsigned fail_kinds, lies;
    uint64_t fail_at, fail_seen;
    int fail_os;
    bool fail_for_good, failed;
    char failed_call[320];
    char trace[FK_TRACE][120];
    int restarts;
};
extern struct fk_machine *fk;

void *fk_alloc(size_t n); /* zeroed, in the shared memory */
void fk_free(void *p);
char *fk_strdup(const char *z);
uint64_t fk_random(uint64_t *state);

/* ---- content ---- */
void fk_read_data(const struct fk_content *c, uint64_t at, void *to, size_t n);
void fk_write_data(struct fk_content *c, uint64_t at, const void *from, size_t n);
void fk_resize(struct fk_content *c, uint64_t size);
void fk_share(struct fk_content *to, const struct fk_content *from);
void fk_meta_set(struct fk_meta *to, const struct fk_meta *from); /* counts xattrs */

/* Size and bytes; pages of zeros count as holes. */
uint64_t fk_content_hash(const struct fk_content *c);

/* ---- nodes and names ---- */
struct fk_node *fk_node_new(int volume, uint32_t mode);
void fk_use(struct fk_node *n);
void fk_unuse(struct fk_node *n); /* gone with the last use */
struct fk_node *fk_look(const struct fk_entries *e, const char *name);
/* Change names now; durable later. */
void fk_add_name(struct fk_node *dir, const char *name, struct fk_node *n);
void fk_drop_name(struct fk_node *dir, const char *name);
void fk_move_name(struct fk_node *dir, const char *name, struct fk_node *to,
                  const char *to_name);
/* Change a file now; durable later. */
void fk_change_data(struct fk_node *n, uint64_t at, const void *p, size_t bytes);
void fk_change_size(struct fk_node *n, uint64_t size);
void fk_change_meta(struct fk_node *n, const struct fk_meta *m);

/* ---- durable ---- */
void fk_sync_node(struct fk_node *n); /* a file's data and metadata, a folder's names */
void fk_sync_volume(int volume);

#endif
