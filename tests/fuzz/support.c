/* support.c - scratch files, input as numbers, the step library. */
#include "fuzz.h"

#include "platform/fs.h"
#include "script/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void fuzz_failed(const char *file, int line, const char *condition, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: does not hold: %s\n  ", file, line, condition);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    fflush(stderr);
    abort();
}

/* ---- numbers and pieces --------------------------------------------------------------
 */

static uint64_t number(struct fuzz_bytes *b, int bytes)
{
    uint64_t v = 0;

    for (int i = 0; i < bytes && b->n > 0; i++, b->p++, b->n--) {
        v |= (uint64_t)*b->p << (8 * i);
    }
    return v;
}

uint32_t fuzz_u8(struct fuzz_bytes *b)
{
    return (uint32_t)number(b, 1);
}

uint32_t fuzz_u16(struct fuzz_bytes *b)
{
    return (uint32_t)number(b, 2);
}

uint32_t fuzz_u32(struct fuzz_bytes *b)
{
    return (uint32_t)number(b, 4);
}

int64_t fuzz_i64(struct fuzz_bytes *b)
{
    return (int64_t)number(b, 8);
}

ts_str fuzz_take(struct fuzz_bytes *b, size_t n)
{
    n = n < b->n ? n : b->n;
    ts_str s = {n ? (const char *)b->p : "", n};
    b->p += n;
    b->n -= n;
    return s;
}

ts_str fuzz_until(struct fuzz_bytes *b, char end)
{
    const uint8_t *p = b->n ? memchr(b->p, end, b->n) : NULL;
    ts_str s = fuzz_take(b, p ? (size_t)(p - b->p) : b->n);

    if (p) {
        (void)fuzz_u8(b);
    }
    return s;
}

ts_str fuzz_rest(struct fuzz_bytes *b)
{
    return fuzz_take(b, b->n);
}

/* ---- files ---------------------------------------------------------------------------
 */

static char *scratch;

static void remove_scratch(void)
{
    (void)!ts_fs_remove_tree(scratch, NULL);
    ts_free(scratch);
}

const char *fuzz_scratch(void)
{
    const char *top = getenv("TASKSEQ_FUZZ_SCRATCH");
    char *temp = ts_fs_temp_dir();

    if (!scratch) {
        top = top && *top ? top : ts_fs_exists("/dev/shm") ? "/dev/shm" : temp;
        scratch = ts_format("%s/taskseq-fuzz-XXXXXX", top);
        FUZZ_CHECK(mkdtemp(scratch), "no folder can be made: %s", scratch);
        atexit(remove_scratch);
    }
    ts_free(temp);
    return scratch;
}

const char *fuzz_path(const char *name)
{
    static char paths[8][512];
    static size_t next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", fuzz_scratch(), name);
    return path;
}

void fuzz_put_file(const char *path, ts_str bytes)
{
    FILE *f = fopen(path, "wb");

    FUZZ_CHECK(f && fwrite(bytes.p, 1, bytes.n, f) == bytes.n && fclose(f) == 0,
               "cannot write %s", path);
}

bool fuzz_get_file(const char *path, struct ts_buf *out)
{
    return ts_file_read(path, (size_t)64 << 20, out, NULL) == TS_OK;
}

/* ---- step types ----------------------------------------------------------------------
 */

const struct ts_registry *fuzz_library(void)
{
    static struct ts_registry registry;
    static struct ts_script *script;
    struct ts_err err;

    if (!script) {
        FUZZ_CHECK(ts_script_new(&script, NULL, &err) == TS_OK, "%s", err.text);
        FUZZ_CHECK(ts_script_load_library(script, &registry, &err) == TS_OK, "%s",
                   err.text);
    }
    return &registry;
}

/* ---- the end -------------------------------------------------------------------------
 */

/* Running out of memory ends the program with exit code 3 (ts_oom), which a fuzzer does
 * not see as a crash.  It is one: sizes that come from input are checked. */
void _Exit(int code)
{
    FUZZ_CHECK(code != 3, "memory ran out, or a size overflowed");
    _exit(code);
}
