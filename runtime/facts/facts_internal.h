/* facts_internal.h - what the files of facts/ share. */
#ifndef TS_FACTS_FACTS_INTERNAL_H
#define TS_FACTS_FACTS_INTERNAL_H

#include "facts/facts.h"
#include "platform/fs.h"

/* ts_pe_architecture and ts_pe_version of an open file; `shown` names it in messages. */
TS_NODISCARD enum ts_code ts_pe_file_architecture(struct ts_file *f, const char *shown,
                                                  char out[16], struct ts_err *err);
TS_NODISCARD enum ts_code ts_pe_file_version(struct ts_file *f, const char *shown,
                                             char out[32], struct ts_err *err);

/* A point in time as a condition says it: CIM "yyyymmddhhmmss.ffffff+zzz" (zzz: minutes
 * that local time is ahead of UTC; from the right, parts may be left out as far as the
 * date) or RFC 3339 (the time may be left out).  Without an offset it is UTC.  *unit_ns:
 * how exact it was said, 1 second or less. */
bool ts_moment_parse(ts_str text, int64_t *ns, int64_t *unit_ns);

void ts_facts_warn(struct ts_facts *f, const char *text);

#endif
