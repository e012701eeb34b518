/* lua_value.h - what from_lua.c and lua_value.c share. */
#ifndef TS_PARSE_LUA_VALUE_H
#define TS_PARSE_LUA_VALUE_H

#include "parse/place.h"

#include <lua.h>

/* Where a constructor made a table, and as what: one number, kept beside the table in a
 * weak table, so that a script can neither see it nor make it up. */
struct lua_mark {
    int tag, file, line;
};
enum { TAG_SEQUENCE, TAG_GROUP, TAG_INCLUDE, TAG_FIRST_TYPE };

struct lua_convert {
    lua_State *L;
    int marks; /* stack index of the weak table */
    struct ts_arena *arena;
    const struct source *source;
    const char *const *tags;  /* by lua_mark.tag, in the arena or longer-lived */
    const char *const *files; /* by lua_mark.file */
    /* Is the function at the top one of our constructors, waiting for its table? */
    bool (*is_constructor)(lua_State *L, int index);
    size_t values;
    bool data; /* not a sequence: items of every constructor become `items` */
    struct ts_err *err;
};

bool lua_mark_get(lua_State *L, int marks, int index, struct lua_mark *out);
void lua_mark_set(lua_State *L, int marks, int index, const struct lua_mark *m);

/* Convert the value on top of the stack (it stays there). */
enum ts_code lua_convert(struct lua_convert *c, struct ts_value **out);

#endif
