/* Criterion's checks for helpers of the unit tests that run in a start of the machine: the
 * first that does not hold ends it, saying so. */
#ifndef TS_TESTS_CRASH_CRITERION_H
#define TS_TESTS_CRASH_CRITERION_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHECK_FAILED = 90 };

#define cr_say(...) (fprintf(stdout, "#   " __VA_ARGS__), fprintf(stdout, "\n"))
#define cr_end(text, ...)                                  \
    do {                                                   \
        cr_say("%s:%d: %s", __FILE_NAME__, __LINE__, text); \
        __VA_OPT__(cr_say(__VA_ARGS__);)                   \
        fflush(stdout);                                    \
        _exit(CHECK_FAILED);                               \
    } while (0)
#define cr_assert(c, ...)                   \
    do {                                    \
        if (!(c))                           \
            cr_end(#c, __VA_ARGS__);        \
    } while (0)
#define cr_assert_eq(a, b, ...) cr_assert((a) == (b), __VA_ARGS__)
#define cr_assert_fail(...) cr_end("failed", __VA_ARGS__)

#endif
