/* sandbox_internal.h - what the files of the sandbox share. */
#ifndef TS_SCRIPT_SANDBOX_INTERNAL_H
#define TS_SCRIPT_SANDBOX_INTERNAL_H

#include "base/str.h"
#include "script/script.h"

#include <lauxlib.h>
#include <lua.h>

/* Replace what the libraries on top of the stack (string, table) do in C without bound.
 * Each leaves the stack as it was. */
void sandbox_string_open(lua_State *L);
void sandbox_table_open(lua_State *L);

/* Put `fn` in place of the function `name` of the table on top. */
void sandbox_replace(lua_State *L, const char *name, lua_CFunction fn);
/* Let function `name` of the table on top pay for the length of its texts first. */
void sandbox_charge(lua_State *L, const char *name);

/* pairs in an order that is the same in every run: numbers, then texts, then the rest. */
int sandbox_pairs(lua_State *L);

/* ---- patterns (sandbox_match.c) ------------------------------------------------------
 */

enum { MATCH_MOST_CAPTURES = 32 };
#define MATCH_OPEN ((size_t)-1)     /* a capture that is not closed yet */
#define MATCH_POSITION ((size_t)-2) /* "()" */

struct match {
    lua_State *L;
    ts_str text, pattern;
    unsigned depth;
    uint64_t steps; /* not yet paid for */
    int captures;
    struct {
        size_t at, n;
    } capture[MATCH_MOST_CAPTURES];
};

/* Match the pattern from its byte `from` at text[at]: true, and where the match ends.
 * Raises for a malformed pattern and when the bounds are reached. */
bool match_at(struct match *m, size_t at, size_t from, size_t *end);
void match_push_capture(struct match *m, int i, size_t at, size_t end);
/* Push all captures, or the whole match if there are none and `whole`. */
int match_push(struct match *m, size_t at, size_t end, bool whole);

#endif
