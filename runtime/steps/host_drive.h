/* host_drive.h - letters that steps give to folders. */
#ifndef TS_STEPS_HOST_DRIVE_H
#define TS_STEPS_HOST_DRIVE_H

#include "base/err.h"

/* Let the letter ("Z:") stand for a native folder until the next restart.  TS_EEXIST: it
 * stands for another one.  TS_EUNSUPPORTED on Windows. */
TS_NODISCARD enum ts_code ts_host_map_drive(const char *letter, const char *folder,
                                            struct ts_err *err);

#endif
