/* script_internal.h - what the files of script/ share.
 *
 * One Lua state holds the whole step library.  Its extra space points at struct
 * ts_script, so that every C function finds it.  Three rules keep the boundary safe:
 *
 *  - every entry from C goes through ts_script_protect;
 *  - what a binding builds in plain C lives in s->scratch, which the next binding clears,
 *    so that a Lua error in between loses nothing;
 *  - declarations and chunk names live in s->arena until the script is freed. */
#ifndef TS_SCRIPT_SCRIPT_INTERNAL_H
#define TS_SCRIPT_SCRIPT_INTERNAL_H

#include <lua.h>

#include "script/script.h"
#include "steps/gather.h"

#define TS_SCRIPT_MEMORY (256u * 1024 * 1024)
#define TS_SCRIPT_SOURCE_MAX (1024u * 1024)

/* Where a chunk comes from decides what its `require` finds. */
struct ts_origin {
    struct ts_origin *next;
    bool library;    /* the step library: also where "ts.*" of every origin comes from */
    const char *dir; /* NULL: embedded */
    int env_ref;     /* the globals its chunks see: read-only, with its own require */
    int loaded_ref;  /* modules by name */
};

struct ts_chunk { /* full path of a chunk, because Lua shortens long ones */
    struct ts_chunk *next;
    const char *path;
};

struct ts_scratch {
    struct ts_arena arena;
    struct ts_buf buf;
    struct ts_profile *profiles;
    struct ts_rules *rules;
    struct ts_dir *dir;
    struct ts_rules_result gathered;
    char *text;
};

struct ts_temp {
    struct ts_temp *next;
    char *path;
};

struct ts_script {
    lua_State *L;
    size_t memory; /* in use by Lua */
    struct ts_arena arena;
    struct ts_origin *origins; /* the library is the last one */
    struct ts_origin *library;
    struct ts_chunk *chunks;
    struct ts_scratch scratch;
    struct ts_buf traceback;
    int host_ref;
    const struct ts_lua_step *step; /* running, or NULL */
    struct ts_step_call *call;      /* of the running step, or NULL */
    struct ts_temp *temps;          /* files to delete when the step ends */
    char *temp_dir;                 /* made by this process, or NULL */
    uint64_t load_left;             /* count hooks until loading is given up */
    enum ts_code stop;              /* why Lua is being stopped, or TS_OK */
    struct ts_err stop_err;
};

struct ts_lua_step {
    struct ts_step_type type;
    struct ts_script *script;
    bool library;
    const char *module; /* to be compiled when it first runs, else NULL */
    int run_ref;        /* the file's `run`, LUA_NOREF before */
};

/* ---- vm.c ------------------------------------------------------------------------- */

struct ts_script *ts_script_of(lua_State *L);
void ts_scratch_clear(struct ts_scratch *x);
/* Call fn with `arg` as its light userdata argument, under the bounds.  A Lua error comes
 * back as TS_EIO with the message, its traceback is in s->traceback; a bound that was
 * reached as its own code. */
TS_NODISCARD enum ts_code ts_script_protect(struct ts_script *s, lua_CFunction fn,
                                            void *arg, struct ts_err *err);
/* Replace the table on top by one that cannot be changed and answers an unknown key with
 * an error that names it, or with what `ask` (table, key) answers. */
void ts_script_strict(lua_State *L, const char *name, lua_CFunction ask);

/* ---- chunk.c ---------------------------------------------------------------------- */

/* Make the environment and module table of a new origin.  Raises. */
struct ts_origin *ts_origin_new(struct ts_script *s, bool library, const char *dir);
/* Push the chunk `module` ("steps/Fail") of an origin, compiled.  *path is what messages
 * call it, *source its text; both live in the arena.  Raises. */
void ts_chunk_load(lua_State *L, const struct ts_origin *o, const char *module,
                   const char **path, ts_str *source);
/* Put the full path back into a message that starts with a shortened one. */
void ts_chunk_full_name(const struct ts_script *s, struct ts_err *err);

/* ---- declare.c -------------------------------------------------------------------- */

/* Turn the table at the top of the stack, returned by the chunk `path`, into a step type;
 * pops it.  Raises "path:line: message". */
struct ts_lua_step *ts_declare(lua_State *L, const char *name, const char *path,
                               ts_str source);

/* ---- lua_step.c ------------------------------------------------------------------- */

extern const struct ts_step_ops ts_lua_step_ops;

/* One function of a table, for ts_bind_table. */
struct ts_binding {
    const char *name;
    lua_CFunction fn;
};

/* ---- bind_fake.c: a machine that is only told of ------------------------------------- */

/* Push `b` as a function of the host.  Where the run's host is a told one the function
 * asks it instead of doing its work.  table: "store.", "" for the host's own. */
void ts_bind_push(lua_State *L, const char *table, const struct ts_binding *b);
/* A host field that is not part of the run ("system") from a told host: false where the
 * machine is real. */
bool ts_bind_told(lua_State *L, struct ts_script *s, const char *name);

/* ---- bind.c: helpers for bindings ------------------------------------------------- */

/* Push the host table.  Raises. */
void ts_bind_host(lua_State *L);

/* Every binding begins with this: clears the scratch space; raises outside of a step. */
struct ts_script *ts_bind_begin(lua_State *L);
int ts_bind_true(lua_State *L);
/* nil, message, name of the code; a cancel or time-out also stops the Lua code. */
int ts_bind_fail(lua_State *L, const struct ts_err *err);

/* Arguments.  Text is checked for zero bytes and stays valid while its holder is on the
 * stack. */
const char *ts_arg_text(lua_State *L, int arg);
/* Raise unless `arg` is a table with these keys only (NULL-terminated). */
void ts_arg_options(lua_State *L, int arg, const char *const *names);
const char *ts_opt_text(lua_State *L, int arg, const char *key); /* NULL if absent */
const char *ts_need_text(lua_State *L, int arg, const char *key);
bool ts_opt_bool(lua_State *L, int arg, const char *key);
int ts_opt_int(lua_State *L, int arg, const char *key, int fallback);
/* NULL-terminated array of texts in the scratch arena, NULL if absent or empty. */
const char *const *ts_opt_list(lua_State *L, int arg, const char *key);

/* Push a strict table with these functions (ends with NULL); name ("host.vars") for
 * messages. */
void ts_bind_table(lua_State *L, const char *name, const struct ts_binding *b);

void ts_push_value(lua_State *L, const struct ts_value *v);  /* NULL: nil */
void ts_push_u64(lua_State *L, const char *key, uint64_t v); /* into the table on top */
void ts_push_text(lua_State *L, const char *key, const char *v); /* NULL: nothing */
void ts_push_bool(lua_State *L, const char *key, bool v);

extern const struct ts_binding ts_bind_general[], ts_bind_vars[], ts_bind_fs[],
    ts_bind_store[], ts_bind_image[], ts_bind_run[], ts_bind_machine[], ts_bind_gather[];
/* host.phase, host.attempt...: false if there is no such field. */
bool ts_bind_field(lua_State *L, struct ts_script *s, const char *key);
/* Delete the files host.temp_file made. */
void ts_bind_drop_temps(struct ts_script *s);

#endif
