/* census.h - the users' files of a machine, counted and found again.
 *
 * A census knows every file and link below `Users` of every fixed volume as it was when
 * the census was taken, but for `Users\Default`, from which new users are made: that is
 * the operating system's.  Contents are what counts: a file that was moved, linked or
 * kept under another name is still there; a content that stands in fewer files than
 * before is lost.  Two names of one file are one file. */
#ifndef TS_LAB_CENSUS_H
#define TS_LAB_CENSUS_H

#include "lab/lab.h"

struct ts_census;
TS_NODISCARD enum ts_code ts_census_take(struct ts_census **out,
                                         const struct ts_lab_machine *m,
                                         struct ts_err *err);
void ts_census_free(struct ts_census *c);          /* NULL is allowed */
size_t ts_census_files(const struct ts_census *c); /* links too */

/* Look for every content on all volumes that a power cut leaves as they are.  *out: an
 * array in the arena, one object {path, sum, size, had, has} for each content that
 * stands in fewer files than it did; path is one place where it was.  A file whose id,
 * size and time are those of one that was read before in this census is taken for it. */
TS_NODISCARD enum ts_code ts_census_lost(struct ts_census *c,
                                         const struct ts_lab_machine *m,
                                         struct ts_arena *a, struct ts_value **out,
                                         struct ts_err *err);
/* What is not at its place with its content: an array of {path, what}, what being
 * "missing" or "changed".  Everything is read anew. */
TS_NODISCARD enum ts_code ts_census_displaced(const struct ts_census *c,
                                              const struct ts_lab_machine *m,
                                              struct ts_arena *a, struct ts_value **out,
                                              struct ts_err *err);

#endif
