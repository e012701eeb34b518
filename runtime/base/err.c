#include "base/err.h"

#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ts_code (*ts_err_os_explain)(int os, char *text, size_t n);

static void set_text(struct ts_err *err, const char *text, size_t most)
{
    size_t n = strlen(text);

    if (n > most) {
        n = most;
        /* never end in the middle of a character */
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    memcpy(err->text, text, n);
    err->text[n] = '\0';
    ts_utf8_mend(err->text); /* "%.60s" can have cut inside one, too */
}

enum ts_code ts_fail(struct ts_err *err, enum ts_code code, const char *fmt, ...)
{
    char text[sizeof err->text + 8]; /* the arguments may point into err->text */
    va_list ap;

    if (err) {
        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        err->code = code;
        err->os = 0;
        set_text(err, text, sizeof err->text - 1);
    }
    return code;
}

static enum ts_code code_of_errno(int os)
{
    switch (os) {
    case ENOENT:
    case ENOTDIR:
        return TS_ENOTFOUND;
    case EEXIST:
    case ENOTEMPTY:
        return TS_EEXIST;
    case EACCES:
    case EPERM:
    case EROFS:
        return TS_EACCESS;
    case ENOSPC:
#ifdef EDQUOT
    case EDQUOT:
#endif
        return TS_ENOSPC;
    case EBUSY:
#ifdef ETXTBSY
    case ETXTBSY:
#endif
        return TS_EBUSY;
    case EXDEV:
        return TS_EXDEV;
    case EMLINK:
        return TS_EMLINK;
#ifdef ELOOP
    case ELOOP:
        return TS_ELINK;
#endif
    case ENOSYS:
#ifdef EOPNOTSUPP
    case EOPNOTSUPP:
#endif
#if defined ENOTSUP && (!defined EOPNOTSUPP || ENOTSUP != EOPNOTSUPP)
    case ENOTSUP:
#endif
        return TS_EUNSUPPORTED;
    case ENAMETOOLONG:
        return TS_ELIMIT;
    case ETIMEDOUT:
        return TS_ETIMEOUT;
    default:
        return TS_EIO;
    }
}

static enum ts_code explain_errno(int os, char *text, size_t n)
{
    snprintf(text, n, "%s", strerror(os));
    /* "No such file" becomes "no such file", but "RPC ..." stays. */
    if (isupper((unsigned char)text[0]) && islower((unsigned char)text[1])) {
        text[0] = (char)tolower((unsigned char)text[0]);
    }
    return code_of_errno(os);
}

enum ts_code ts_fail_os(struct ts_err *err, int os, const char *fmt, ...)
{
    char text[sizeof err->text + 8], reason[256];
    enum ts_code code = ts_err_os_explain ? ts_err_os_explain(os, reason, sizeof reason)
                                          : explain_errno(os, reason, sizeof reason);
    va_list ap;

    if (err) {
        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        /* The reason must survive even when the names are very long. */
        set_text(err, text, sizeof err->text - 1 - 2 - strlen(reason));
        err->code = code;
        err->os = os;
        size_t n = strlen(err->text);
        snprintf(err->text + n, sizeof err->text - n, ": %s", reason);
    }
    return code;
}

enum ts_code ts_err_context(struct ts_err *err, const char *fmt, ...)
{
    char front[sizeof err->text], all[2 * sizeof err->text + 4];
    va_list ap;

    if (!err) {
        return TS_OK;
    }
    va_start(ap, fmt);
    vsnprintf(front, sizeof front, fmt, ap);
    va_end(ap);
    snprintf(all, sizeof all, "%s: %s", front, err->text);
    set_text(err, all, sizeof err->text - 1);
    return err->code;
}

const char *ts_code_name(enum ts_code code)
{
    static const char *const names[] = {
        [TS_OK] = "ok",
        [TS_EINPUT] = "bad input",
        [TS_EIO] = "system error",
        [TS_ENOTFOUND] = "not found",
        [TS_EEXIST] = "exists already",
        [TS_EACCESS] = "not allowed",
        [TS_ENOSPC] = "no space",
        [TS_EBUSY] = "in use",
        [TS_ELOCKED] = "locked",
        [TS_ECANCELLED] = "cancelled",
        [TS_ETIMEOUT] = "timed out",
        [TS_EUNSUPPORTED] = "not supported",
        [TS_EXDEV] = "other volume",
        [TS_EMLINK] = "too many links",
        [TS_ELIMIT] = "limit reached",
        [TS_EDAMAGED] = "damaged",
        [TS_EREFUSED] = "refused",
        [TS_ELINK] = "link in the way",
        [TS_ELOST] = "power lost",
    };

    return (size_t)code < sizeof names / sizeof names[0] ? names[code] : "unknown";
}

void ts_oom(size_t wanted)
{
    fprintf(stderr, "taskseq: out of memory (%zu bytes wanted)\n", wanted);
    _Exit(3);
}
