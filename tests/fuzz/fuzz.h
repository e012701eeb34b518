/* fuzz.h - what the fuzz targets share.
 *
 * A target is one file NAME_fuzz.c with LLVMFuzzerTestOneInput.  It must not crash, hang,
 * leak or grow without bound whatever the bytes are, and what it says with FUZZ_CHECK
 * must hold.  See README.md. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/buf.h"
#include "base/mem.h"
#include "steps/step.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input.  Says what was wrong and aborts. */
#define FUZZ_CHECK(condition, ...)                                    \
    do {                                                              \
        if (!(condition))                                             \
            fuzz_failed(__FILE__, __LINE__, #condition, __VA_ARGS__); \
    } while (0)
TS_NORETURN void fuzz_failed(const char *file, int line, const char *condition,
                             const char *fmt, ...) TS_PRINTF(4, 5);

/* The input as a row of numbers and pieces, for targets whose input is not one text.  At
 * its end numbers are 0 and pieces empty. */
struct fuzz_bytes {
    const uint8_t *p;
    size_t n;
};
uint32_t fuzz_u8(struct fuzz_bytes *b);
uint32_t fuzz_u16(struct fuzz_bytes *b); /* little-endian */
uint32_t fuzz_u32(struct fuzz_bytes *b);
int64_t fuzz_i64(struct fuzz_bytes *b);
/* Up to n bytes of it. */
ts_str fuzz_take(struct fuzz_bytes *b, size_t n);
/* Up to the next byte `end`, which is passed over. */
ts_str fuzz_until(struct fuzz_bytes *b, char end);
ts_str fuzz_rest(struct fuzz_bytes *b);

/* A folder of this process for scratch files, in memory where the system has that: below
 * TASKSEQ_FUZZ_SCRATCH, /dev/shm or the temporary folder.  Removed at the end. */
const char *fuzz_scratch(void);
/* A path in it; static memory, one for each call of up to 8. */
const char *fuzz_path(const char *name);
void fuzz_put_file(const char *path, ts_str bytes);
/* Whole file appended to *out; false if there is none. */
bool fuzz_get_file(const char *path, struct ts_buf *out);

/* The step library, loaded once. */
const struct ts_registry *fuzz_library(void);

/* ---- sequences.c ---------------------------------------------------------------------
 */

/* A sequence that was loaded comes back equal from the state's form, from JSON and from
 * Lua, the hash says so, and every step's properties can be worked out. */
void fuzz_check_sequence(const struct ts_sequence *s);
/* Parse as `format` and check what was loaded; what is refused is refused with TS_EINPUT
 * and a message that begins with the file's name. */
void fuzz_sequence(ts_str text, const char *format, const char *name);

#endif
