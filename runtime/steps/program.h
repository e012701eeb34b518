/* program.h - where a command's program is.  For steps/ alone. */
#ifndef TS_STEPS_PROGRAM_H
#define TS_STEPS_PROGRAM_H

#include "base/err.h"

#define TS_PROGRAM_MISSING (-2147024894LL) /* 0x80070002 */

/* Native path of the program `name`: with a letter or absolute as it is; else below each
 * of `folders` (native, NULLs among them are left out), and a bare name then in PATH.
 * Below a mapped drive names are without regard to case and '\' separates; on posix '\'
 * is tried as '/' elsewhere too.  TS_ENOTFOUND: the message lists where it was looked
 * for; TS_EUNSUPPORTED: it is there but a program of Windows. */
TS_NODISCARD enum ts_code ts_program_find(char **out, const char *name,
                                          const char *const *folders, size_t n,
                                          struct ts_err *err);

#endif
