/* readers.h - from text to plain values, one function for each format. */
#ifndef TS_PARSE_READERS_H
#define TS_PARSE_READERS_H

#include "base/value.h"
#include "parse/place.h"
#include "steps/step.h"

/* ---- from_lua.c -----------------------------------------------------------------------
 */

/* One bounded state for all Lua files of a load: an include shares the bounds. */
struct lua_reader;
struct lua_reader *lua_reader_new(const struct ts_registry *steps);
/* For a file of data: `names` (ends with NULL, must live as long) are its constructors. */
struct lua_reader *lua_reader_new_data(const char *const *names);
void lua_reader_free(struct lua_reader *r); /* NULL is allowed */
/* Evaluate the text and convert the sequence { … } it returns. */
TS_NODISCARD enum ts_code lua_reader_read(struct lua_reader *r, struct ts_arena *a,
                                          ts_str text, const struct source *s,
                                          struct ts_value **out, struct ts_err *err);

/* ---- xml_read.c -----------------------------------------------------------------------
 */

/* A sequence of ConfigMgr or MDT, in whatever it is wrapped, as the values that the same
 * sequence in our format would give, each with its place. */
TS_NODISCARD enum ts_code xml_read(struct ts_arena *a, ts_str bytes,
                                   const struct source *s,
                                   const struct ts_registry *steps, struct ts_value **out,
                                   struct ts_err *err);
/* The same from an export archive.  member: package id of one of its sequences; NULL: the
 * one that no other runs. */
TS_NODISCARD enum ts_code xml_read_export(struct ts_arena *a, ts_str bytes,
                                          const struct source *s, const char *member,
                                          const struct ts_registry *steps,
                                          struct ts_value **out, struct ts_err *err);

#endif
