/* facts.h - what this machine is, as far as conditions and steps ask. */
#ifndef TS_FACTS_FACTS_H
#define TS_FACTS_FACTS_H

#include "base/buf.h"
#include "base/err.h"
#include "expr/expr.h"

/* An installed Windows found on a volume. */
struct ts_windows {
    char drive[4];          /* "C:" */
    char dir[64];           /* "C:\Windows" */
    char architecture[16];  /* "amd64", "x86", "arm64": PE machine field of
                               System32\ntdll.dll or ntoskrnl.exe; "" if unreadable */
};

/* Look at every fixed drive (drives.h), in order of letters, for \Windows\System32 with a
 * kernel or ntdll in it.  *n: how many were found (at most cap are written). */
TS_NODISCARD enum ts_code ts_windows_find(struct ts_windows *out, size_t cap, size_t *n,
                                          struct ts_err *err);
/* Machine field of a PE file: "amd64" "x86" "arm64" "arm"; TS_EINPUT if it is not one. */
TS_NODISCARD enum ts_code ts_pe_architecture(const char *path, char out[16],
                                             struct ts_err *err);
/* FILEVERSION of a PE file's version resource as "a.b.c.d".  TS_ENOTFOUND: it has none. */
TS_NODISCARD enum ts_code ts_pe_version(const char *path, char out[32],
                                        struct ts_err *err);

/* For ts_expr_env.fact: files and folders through drives.h (a file's version from its PE
 * resource; modified in CIM form yyyymmddhhmmss.ffffff+zzz or RFC 3339, UTC); os() on
 * this platform from the kernel's release; registry, WMI and software are
 * TS_EUNSUPPORTED on posix, with a message that says so.  ctx: unused. */
enum ts_code ts_facts_ask(void *ctx, const struct ts_expr *x, const char *name,
                          const char *value, const char *part, bool *result,
                          struct ts_buf *why, struct ts_err *err);

#endif
