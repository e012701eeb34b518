/* lab.h - a machine with two drives in a temporary folder, and what can be said of a tree
 * of files so that two of them can be compared. */
#ifndef TESTS_MIGRATE_LAB_H
#define TESTS_MIGRATE_LAB_H

#include "base/buf.h"
#include "base/mem.h"
#include "migrate/migrate.h"

struct lab {
    char dir[64];
    char c[160], d[160], x[160]; /* native roots of the drives */
    char *notes;                 /* what was noted, one a line; the last lab's */
};

struct lab *
lab_new(void); /* C: and D: are fixed, each a volume of its own; Windows on C: */
struct lab *lab_new_in_memory(void); /* for tests that make many */
void lab_free(struct lab *l);

/* Paths are relative to the lab: "C/Users/Ann/a.txt". */
void lab_dir(struct lab *l, const char *path, unsigned mode);
void lab_file(struct lab *l, const char *path, const char *text);
void lab_link(struct lab *l, const char *path, const char *target);
void lab_hardlink(struct lab *l, const char *from, const char *to);
void lab_mtime(struct lab *l, const char *path, long long seconds);
void lab_owner(struct lab *l, const char *path, unsigned uid, unsigned gid);
void lab_xattr(struct lab *l, const char *path, const char *name, const char *value);
/* Folders below one another until the path has about n bytes. */
void lab_deep(struct lab *l, const char *path, size_t n);
char *lab_path(struct lab *l, const char *path); /* native; caller frees */
char *lab_read(struct lab *l, const char *path); /* NULL if absent; caller frees */
bool lab_has(struct lab *l, const char *path);
unsigned long long lab_inode(struct lab *l, const char *path);
void lab_remove(struct lab *l, const char *path); /* whatever it is */

/* A profile with a hive, Documents, links of all kinds, a read-only tree, names in all
 * scripts and of all lengths. */
void lab_profile(struct lab *l, const char *path);
/* Ann and Bob on C:, Public, an orphan, links in Users; Dora on D:. */
void lab_users(struct lab *l);
/* A small one for tests that run many times. */
void lab_small_users(struct lab *l);

/* Everything about a tree, a line for each object, sorted.  IDS: file ids of files (not
 * folders); PLAIN: names, types and contents only. */
enum { SNAP_IDS = 1, SNAP_PLAIN = 2 };
char *snap(const char *native, int what);
/* Fails the test with the first line that differs. */
void snap_equal(const char *before, const char *after, const char *what);

const struct ts_mig_env *lab_env(struct lab *l);
bool noted(struct lab *l, const char *part); /* was something like this noted? */

/* Capture C: to C:\StateStore. */
enum ts_code capture(struct lab *l, struct ts_mig_totals *t, struct ts_err *err);
enum ts_code restore(struct lab *l, struct ts_mig_totals *t, struct ts_err *err);
enum ts_code wipe_c(struct lab *l, struct ts_err *err);
enum ts_store_state state_of_store(void);

#define OK(call) cr_assert_eq(call, TS_OK, "%s", err.text)
#define STORE "C:\\StateStore"

#endif
