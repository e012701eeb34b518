/* parse.h - sequences from files. */
#ifndef TS_PARSE_PARSE_H
#define TS_PARSE_PARSE_H

#include "model/model.h"
#include "steps/step.h"

/* Load a sequence and check it against the step types.  The format is told by the file's
 * name (.lua .json .xml .zip) or else its first characters; XML and archives are
 * sequences of ConfigMgr and MDT (docs/import.md), "export.zip/ID" is one of several in
 * an archive. Errors: TS_EINPUT with "file:line:column: message" (Lua: "file:line:
 * steps[2].retry: message"), with a suggestion where a name is close. TS_ENOTFOUND: no
 * such file. */
TS_NODISCARD enum ts_code ts_sequence_load(struct ts_sequence **out, const char *path,
                                           const struct ts_registry *steps,
                                           struct ts_err *err);
/* The same from text in memory; name is used in messages, folder for include. format:
 * "lua", "json", "xml" or "zip". */
TS_NODISCARD enum ts_code ts_sequence_parse(struct ts_sequence **out, ts_str text,
                                            const char *format, const char *name,
                                            const char *folder,
                                            const struct ts_registry *steps,
                                            struct ts_err *err);
/* From the canonical JSON kept in the state ("@" positions taken back). */
TS_NODISCARD enum ts_code ts_sequence_restore(struct ts_sequence **out, ts_str json,
                                              const struct ts_registry *steps,
                                              struct ts_err *err);
/* Evaluate a Lua file of data under the bounds of sequences.  `names` (ends with NULL) are
 * its constructors: NAME "Text" { ... } gives an object with tag, file and line, `name`,
 * and what stands in its list part as the array `items`.  Errors as of ts_sequence_load. */
TS_NODISCARD enum ts_code ts_lua_data_load(struct ts_value **out, struct ts_arena *a,
                                           const char *path, const char *const *names,
                                           struct ts_err *err);
/* The JSON Schema (2020-12) of the sequence format with these step types. */
void ts_schema_write(struct ts_buf *out, const struct ts_registry *steps);

#endif
