/* mask.h - texts that must not be seen. */
#ifndef TS_VARS_MASK_H
#define TS_VARS_MASK_H

#include "base/buf.h"

struct ts_mask {                    /* zero-initialise */
    struct ts_hidden *by_byte[256]; /* by first byte, longest first */
    size_t n;
};

/* Texts under 3 bytes would hide half of every line and are not taken.  Blanks around a
 * text do not count.  Of a text with several lines each line of 8 bytes or more is hidden
 * too, as output is masked line by line. */
void ts_mask_add(struct ts_mask *m, ts_str text);
void ts_mask_apply(const struct ts_mask *m, struct ts_buf *out, ts_str text);
void ts_mask_fini(struct ts_mask *m);

#endif
