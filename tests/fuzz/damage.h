/* damage.h - files that were whole, and what happens to them.
 *
 * The input is a row of changes, each a byte that says which (see damage.c), a byte that
 * chooses the file, and what it takes: bytes written over, cut off, put behind, pages
 * that change places, a value in a table.  So a fuzzer gets further than with the bytes
 * of a database alone. */
#ifndef TESTS_FUZZ_DAMAGE_H
#define TESTS_FUZZ_DAMAGE_H

#include "fuzz.h"

struct damage_file {
    const char *name;    /* in its folder */
    struct ts_buf bytes; /* now */
    bool exists;
};

struct damage_file damage_load(const char *dir, const char *name);
struct damage_file damage_copy(const struct damage_file *f);
void damage_free(struct damage_file *f);
/* Carry out the changes that the input says, at most 16. */
void damage_apply(struct damage_file *files, size_t n, struct fuzz_bytes *in);
/* Make the files of the folder be these, or not be there. */
void damage_store(const char *dir, const struct damage_file *files, size_t n);
/* Are they these still?  A write-ahead log that was not there may be empty. */
bool damage_unchanged(const char *dir, const struct damage_file *files, size_t n);

#endif
