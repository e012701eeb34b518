/* dynlib.h - a library that is loaded only when a step needs it. */
#ifndef TS_PLATFORM_DYNLIB_H
#define TS_PLATFORM_DYNLIB_H

#include "base/err.h"

struct ts_dynlib;
/* The first of `names` (NULL-terminated) that loads.  TS_ENOTFOUND lists them. */
TS_NODISCARD enum ts_code ts_dynlib_open(struct ts_dynlib **out, const char *const *names,
                                         struct ts_err *err);
/* NULL if absent.  Cast as needed. */
void (*ts_dynlib_symbol(struct ts_dynlib *l, const char *name))(void);

#endif
