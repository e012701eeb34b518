/* console.h - a person at the terminal. */
#ifndef TS_PLATFORM_CONSOLE_H
#define TS_PLATFORM_CONSOLE_H

#include "base/buf.h"
#include "base/err.h"

/* Show `prompt` on the terminal and read one line (without its end).  secret: typed text
 * is not shown.  TS_EUNSUPPORTED: there is no terminal; TS_ECANCELLED: end of input or
 * Ctrl-C. */
TS_NODISCARD enum ts_code ts_console_ask(const char *prompt, bool secret,
                                         struct ts_buf *out, struct ts_err *err);
/* Columns of the terminal on standard error, 80 if not known. */
int ts_console_width(void);

#endif
