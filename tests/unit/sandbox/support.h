/* support.h - run a text in the sandbox and look at what comes back. */
#ifndef TESTS_SANDBOX_SUPPORT_H
#define TESTS_SANDBOX_SUPPORT_H

#include "script/script.h"

/* Its first result as text, or "!" and the message.  Static buffer. */
const char *eval(const char *text);
const char *eval_bounded(const struct ts_lua_bounds *b, const char *text,
                         enum ts_code *code);

#endif
