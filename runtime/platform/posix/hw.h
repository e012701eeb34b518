/* hw.h - what the files of hardware*.c share: small texts below a root. */
#ifndef TS_PLATFORM_POSIX_HW_H
#define TS_PLATFORM_POSIX_HW_H

#include "platform/hardware.h"

#define HW_LIST_MAX 256 /* disks, cards, batteries: more are not looked at */

struct hw {
    struct ts_hardware *h;
    const char *root;
};

/* Content of a file without blanks around, in the arena; NULL if it cannot be read or is
 * empty.  At most 1 MiB. */
const char *hw_text(struct hw *x, const char *fmt, ...) TS_PRINTF(2, 3);
int64_t hw_int(struct hw *x, int64_t fallback, const char *fmt, ...) TS_PRINTF(3, 4);
bool hw_there(struct hw *x, const char *fmt, ...) TS_PRINTF(2, 3);
/* Last part of what a link points to, NULL if it is none. */
const char *hw_link_name(struct hw *x, const char *fmt, ...) TS_PRINTF(2, 3);
/* Names in a folder, sorted so that eth2 stands before eth10; *n 0 if there is none. */
const char **hw_names(struct hw *x, const char *folder, size_t *n);

void hw_disks(struct hw *x);
void hw_nics(struct hw *x);

#endif
