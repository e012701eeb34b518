/* facts.h - what this machine is, as far as conditions, rules and steps ask.
 *
 * Facts are one JSON document:
 *   {"taskseqFacts": 1,
 *    "variables": {"Make": "Dell Inc.", "IsLaptop": "True", ...},
 *    "classes": {"Win32_ComputerSystem": [{"Manufacturer": "Dell Inc.", ...}], ...}}
 * gathered from the machine or read from a file.  Classes are those of WMI's root\cimv2;
 * one of another namespace has it in front: "root\\wmi:MSPower_DeviceEnable".  Variables
 * have the names that MDT gives them; lists are numbered (MacAddress001).  What a
 * document says of its variables counts; others are derived from its classes. */
#ifndef TS_FACTS_FACTS_H
#define TS_FACTS_FACTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/value.h"
#include "expr/expr.h"

/* ---- the document --------------------------------------------------------------------
 */

struct ts_facts;

/* This machine's facts.  Nothing is looked at before something is asked. */
struct ts_facts *ts_facts_gather(void);
/* From a document already read (the "facts" of a lab machine); it is copied. */
TS_NODISCARD enum ts_code
ts_facts_from_value(struct ts_facts **out, const struct ts_value *v, struct ts_err *err);
/* From a text; `file` is for messages.  TS_EINPUT: file:line:column and what is wrong. */
TS_NODISCARD enum ts_code ts_facts_parse(struct ts_facts **out, ts_str text,
                                         const char *file, struct ts_err *err);
/* From a file, at most 16 MiB. */
TS_NODISCARD enum ts_code ts_facts_read(struct ts_facts **out, const char *native_path,
                                        struct ts_err *err);
void ts_facts_free(struct ts_facts *f); /* NULL is allowed */
/* Append the whole document as JSON, derived variables too. */
void ts_facts_write(struct ts_facts *f, struct ts_buf *out);

/* An object of texts; belongs to the facts. */
const struct ts_value *ts_facts_variables(struct ts_facts *f);
/* An object of arrays of objects; belongs to the facts. */
const struct ts_value *ts_facts_classes(struct ts_facts *f);
/* Text of one variable, NULL if the facts do not say it. */
const char *ts_facts_variable(struct ts_facts *f, const char *name);
/* Did the machine start with UEFI?  Quick: gathers nothing for it. */
bool ts_facts_uefi(struct ts_facts *f);
/* Give a class rows when the facts say nothing of it; `rows` is copied. */
void ts_facts_supply(struct ts_facts *f, const char *class_name,
                     const struct ts_value *rows);
/* Called with one sentence for what is asked and not known, such as a class. */
void ts_facts_on_warning(struct ts_facts *f, void (*warn)(void *ctx, const char *text),
                         void *ctx);

/* ---- queries -------------------------------------------------------------------------
 *
 * WQL: SELECT * | property, ... FROM class [WHERE condition].  Conditions compare a
 * property with a constant (= <> != < <= > >= LIKE, IS [NOT] NULL), joined with AND, OR,
 * NOT and brackets.  Texts stand in ' or ", compare without regard to case; \ before \ '
 * " takes away their meaning.  LIKE knows % _ [a-f] [^a-f].  A property that a row does
 * not have is NULL, and NULL compares with nothing.  A list holds if one of its items
 * does. */

struct ts_wql_answer {
    size_t count;                /* rows found */
    const struct ts_value *rows; /* array of objects, in the arena; NULL without one */
    char unknown[200]; /* why there can be no rows: class or namespace; else "" */
};
/* ns: NULL or "" is root\cimv2.  a: for the rows, NULL if only their number counts.
 * TS_EINPUT: "column N: what was expected"; TS_EUNSUPPORTED: ASSOCIATORS OF and the like;
 * TS_ELIMIT: longer than 16,384 bytes or nested deeper than 100.  A class or namespace
 * that the facts do not know gives no rows and a warning. */
TS_NODISCARD enum ts_code ts_wql_query(struct ts_facts *f, ts_str query, const char *ns,
                                       struct ts_arena *a, struct ts_wql_answer *out,
                                       struct ts_err *err);
/* Only whether it is a query. */
TS_NODISCARD enum ts_code ts_wql_check(ts_str query, struct ts_err *err);

/* ---- installed Windows, program files ------------------------------------------------
 */

/* An installed Windows found on a volume. */
struct ts_windows {
    char drive[4];         /* "C:" */
    char dir[64];          /* "C:\Windows" */
    char architecture[16]; /* "amd64", "x86", "arm64": PE machine field of
                              System32\ntdll.dll or ntoskrnl.exe; "" if unreadable */
};

/* Look at every fixed drive (drives.h), in order of letters, for \Windows\System32 with a
 * kernel or ntdll in it.  *n: how many were found (at most cap are written). */
TS_NODISCARD enum ts_code ts_windows_find(struct ts_windows *out, size_t cap, size_t *n,
                                          struct ts_err *err);
/* Machine field of a PE file: "amd64" "x86" "arm64" "arm"; TS_EINPUT if it is not one. */
TS_NODISCARD enum ts_code ts_pe_architecture(const char *path, char out[16],
                                             struct ts_err *err);
/* FILEVERSION of a PE file's version resource as "a.b.c.d".  TS_ENOTFOUND: it has none.
 */
TS_NODISCARD enum ts_code ts_pe_version(const char *path, char out[32],
                                        struct ts_err *err);

/* ---- conditions ----------------------------------------------------------------------
 */

/* For ts_expr_env.fact: files and folders through drives.h (a file's version from its PE
 * resource; modified in CIM form yyyymmddhhmmss.ffffff+zzz or RFC 3339, UTC); os() on
 * this platform from the kernel's release; wmi() from the facts; registry and software
 * are TS_EUNSUPPORTED on posix, with a message that says so.  ctx: struct ts_facts, or
 * NULL: then wmi() is TS_EUNSUPPORTED too. */
enum ts_code ts_facts_ask(void *ctx, const struct ts_expr *x, const char *name,
                          const char *value, const char *part, bool *result,
                          struct ts_buf *why, struct ts_err *err);

#endif
