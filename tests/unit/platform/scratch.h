/* scratch.h - a folder for one test, and short ways to fill and look at it. */
#ifndef TS_TESTS_SCRATCH_H
#define TS_TESTS_SCRATCH_H

#include "platform/fs.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Criterion's init and fini of a test suite that needs the folder. */
void scratch_make(void);
void scratch_remove(void);

extern char *scratch;       /* its path, without links in it */
extern struct ts_dir *here; /* open */
char *scratch_path(const char *format, ...) TS_PRINTF(1, 2); /* below it; never freed */

void put(const char *name, const char *text); /* name: relative to it; makes folders */
const char *get(const char *name);            /* "(none)" if it is not there */
void put_dir(const char *name);
bool exists(const char *name);

/* The call must answer this code; shows the message when it does not. */
#define answers(code, call)                                                          \
    do {                                                                             \
        enum ts_code got_ = (call);                                                  \
        cr_assert_eq(got_, (code), "%s: %s, not %s (%s)", #call, ts_code_name(got_), \
                     ts_code_name(code), err.text);                                  \
    } while (0)

#endif
