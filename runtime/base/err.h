/* err.h - how a function says that it could not do its work.
 *
 * A function that can fail returns enum ts_code and fills *err once, where the
 * failure is found.  A message is one sentence, lower case, no full stop: what could
 * not be done, to what, and why.  ts_err has a fixed size: reporting never allocates. */
#ifndef TS_BASE_ERR_H
#define TS_BASE_ERR_H

#include <stddef.h>

#if defined(__GNUC__)
#define TS_NODISCARD __attribute__((warn_unused_result))
#if defined(__clang__)
#define TS_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else /* the standard's conversions, on Windows too */
#define TS_PRINTF(f, a) __attribute__((format(gnu_printf, f, a)))
#endif
#define TS_NORETURN __attribute__((noreturn))
#else
#define TS_NODISCARD
#define TS_PRINTF(f, a)
#define TS_NORETURN
#endif

/* A code exists only because some caller acts on it. */
enum ts_code {
    TS_OK = 0,
    TS_EINPUT,       /* input is wrong: exit code 2, nothing was changed */
    TS_EIO,          /* the system failed us and no more special code fits */
    TS_ENOTFOUND,    /* the thing named does not exist */
    TS_EEXIST,       /* it exists already */
    TS_EACCESS,      /* not allowed, or read-only */
    TS_ENOSPC,       /* no space left, or a quota is used up */
    TS_EBUSY,        /* in use by another process; can be removed after a restart */
    TS_ELOCKED,      /* another run holds the state: exit code 12 */
    TS_ECANCELLED,   /* the user cancelled */
    TS_ETIMEOUT,     /* the time limit was reached */
    TS_EUNSUPPORTED, /* not possible on this platform, volume or file system */
    TS_EXDEV,        /* a link across volumes */
    TS_EMLINK,       /* the file has as many names as the file system allows */
    TS_ELIMIT,       /* a bound of ours was reached (depth, size, instructions) */
    TS_EDAMAGED,     /* stored data fails its checks, or is of another version */
    TS_EREFUSED,     /* refused for safety; the message says how to go on */
    TS_ELINK,        /* a symbolic link or junction stands where none may be followed */
    TS_ELOST         /* a machine that is only played loses its power here */
};

struct ts_err {
    enum ts_code code;
    int os;          /* errno or GetLastError value, 0 if none */
    char text[2048]; /* always NUL-terminated UTF-8 */
};

/* Fill *err (err may be NULL) and return `code`. */
enum ts_code ts_fail(struct ts_err *err, enum ts_code code, const char *fmt, ...)
    TS_PRINTF(3, 4);

/* The same with the system's reason for `os` (an errno value in posix builds) added
 * after a colon; the code is chosen from `os`. */
enum ts_code ts_fail_os(struct ts_err *err, int os, const char *fmt, ...) TS_PRINTF(3, 4);

/* How ts_fail_os understands `os`: writes the reason (lower case, no full stop) and
 * returns the code.  NULL, as it is on posix: an errno value.  The win32 platform sets
 * its own before anything else runs. */
extern enum ts_code (*ts_err_os_explain)(int os, char *text, size_t n);

/* Put "context: " in front of a message already there.  Returns err->code. */
enum ts_code ts_err_context(struct ts_err *err, const char *fmt, ...) TS_PRINTF(2, 3);

/* A short name ("not found") of a code, for tests and JSON. */
const char *ts_code_name(enum ts_code code);

/* Out of memory: prints one line and ends the program with exit code 3. */
TS_NORETURN void ts_oom(size_t wanted);

/* Text for a Windows or HRESULT code known to us ("the system cannot find the file
 * specified"), or NULL.  Accepts 2, 0x80070002, -2147024894 alike. */
const char *ts_wincode_text(long long code);

/* Write `code` as "0x80070002 (2147942402): the system cannot find the file
 * specified" where it has a Windows form (HRESULT, i.e. bit 31 set in its low 32 bits),
 * else as plain decimal, with text in brackets where known.  buf gets at most n bytes. */
const char *ts_wincode_format(char *buf, size_t n, long long code);

#endif
