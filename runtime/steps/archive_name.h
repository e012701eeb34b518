/* archive_name.h - what an archive calls its entries.  For steps/ and parse/. */
#ifndef TS_STEPS_ARCHIVE_NAME_H
#define TS_STEPS_ARCHIVE_NAME_H

#include "base/buf.h"
#include "base/err.h"

/* Make `out` the name of an archive's entry below the target: no "." parts, no doubled or
 * last '/'.  Empty: the target itself.  TS_EINPUT: it is absolute, has a drive letter,
 * climbs with "..", or - where '\' separates - holds one.  backslash: '\' separates here
 * (a drive); elsewhere it is only looked through for the same tricks. */
TS_NODISCARD enum ts_code ts_image_entry_name(struct ts_buf *out, const char *name,
                                              bool backslash, struct ts_err *err);

#endif
