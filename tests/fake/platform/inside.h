/* inside.h - what the files that make up the system calls share. */
#ifndef TS_TESTS_FK_INSIDE_H
#define TS_TESTS_FK_INSIDE_H

#include "calls.h"
#include "disk.h"

/* One call at a time. */
void fk_enter(void);
void fk_leave(void);
/* Leave with a result; os not 0: errno, and -1. */
long fk_done(int os, long result);

/* A point at which the power may go, or this call fail: errno or 0.  Call it when it is
 * known what will be done, before it is done. */
int fk_point(unsigned kind, const char *call, const char *name);

/* From now on this process is a start of the machine: its power can go. */
void fk_started(void);
/* In a start that is watched: stand still until the watcher has seen this point. */
void fk_stand_still(void);

struct fk_open {
    struct fk_node *node; /* NULL: free */
    uint64_t pos;
    int flags;
    bool locked;
    char name[FK_NAME + 1];
};
struct fk_open *fk_open_of(int fd); /* NULL: EBADF */
int fk_open_new(struct fk_node *n, int flags, const char *name);

/* What a path leads to. */
struct fk_place {
    struct fk_node *dir;  /* the folder that holds it */
    struct fk_node *node; /* NULL: nothing there */
    char name[FK_NAME + 1];
};
enum { FK_FOLLOW = 1, FK_BENEATH = 2, FK_NO_LINKS = 4 };
int fk_find(int dir, const char *path, int how, struct fk_place *p);
char *fk_path_of(const struct fk_node *n, char *out, size_t size); /* NULL: too long */
void fk_stat_fill(struct stat *st, const struct fk_node *n);
bool fk_may_write(const struct fk_node *n);

#endif
