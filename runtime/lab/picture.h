/* picture.h - what a machine looks like at the end of a run.
 *
 * Everything in the machine's folder but the runs' own state (`_TaskSequence`) and the
 * RAM drive: kind, content, mode, owner, time, number of names, extended attributes,
 * target of links.  What differs between two runs that nothing disturbed (logs, times,
 * ids) differs by nature and is not compared with a third. */
#ifndef TS_LAB_PICTURE_H
#define TS_LAB_PICTURE_H

#include "lab/lab.h"

struct ts_picture;
TS_NODISCARD enum ts_code ts_picture_take(struct ts_picture **out,
                                          const struct ts_lab_machine *m,
                                          struct ts_err *err);
void ts_picture_free(struct ts_picture *p); /* NULL is allowed */
size_t ts_picture_count(const struct ts_picture *p);
size_t ts_picture_user_files(const struct ts_picture *p);

/* Leave out of `p` what `other`, of a second undisturbed run, has otherwise.  Returns how
 * many entries are no longer compared in full. */
size_t ts_picture_settle(struct ts_picture *p, const struct ts_picture *other);

/* Add to the array `out` an object {what, path, detail} for each difference, users' files
 * first; what: "missing", "changed", "extra".  At most `most` are added; returns how many
 * there are. */
size_t ts_picture_compare(const struct ts_picture *p, const struct ts_picture *now,
                          struct ts_value *out, size_t most, struct ts_arena *a);

#endif
