/* script.h - the Lua side: the step library, and Lua states under bounds. */
#ifndef TS_SCRIPT_SCRIPT_H
#define TS_SCRIPT_SCRIPT_H

#include "steps/host.h"
#include "steps/step.h"

struct ts_script;
/* A VM for step types.  stdlib_dir: load modules from this folder instead of the embedded
 * ones (NULL: embedded).  One VM per run; not thread safe. */
TS_NODISCARD enum ts_code ts_script_new(struct ts_script **out, const char *stdlib_dir,
                                        struct ts_err *err);
void ts_script_free(struct ts_script *s);
/* Register every step type of the library. */
TS_NODISCARD enum ts_code ts_script_load_library(struct ts_script *s,
                                                 struct ts_registry *r,
                                                 struct ts_err *err);
/* Register every *.lua of a user's folder of steps; a type named like a built-in one is
 * an error.  Errors name file and line. */
TS_NODISCARD enum ts_code ts_script_load_folder(struct ts_script *s, const char *dir,
                                                struct ts_registry *r, struct ts_err *err);

/* ---- a bounded state for sequences written in Lua (sandbox.c) ------------------------ */

struct ts_lua_bounds {
    uint64_t instructions; /* 0: 10^8 */
    size_t memory;         /* 0: 256 MiB */
    int64_t time_ms;       /* 0: 5,000 */
};
/* What 0 stands for: the numbers above.  A variable for tests of what happens at a bound. */
extern struct ts_lua_bounds ts_sandbox_default;
struct lua_State;
/* A state with the sandbox of the sequence format: assert error ipairs next pairs pcall
 * select tonumber tostring type, table, math without random, utf8, string without dump;
 * pattern functions count their own steps, rep and format check sizes.  pcall does not
 * catch a bound that was reached. */
struct lua_State *ts_sandbox_new(const struct ts_lua_bounds *b);
void ts_sandbox_free(struct lua_State *L);
/* Run the chunk (text only, named for messages) under the bounds; on success its first
 * result is on the stack.  TS_EINPUT "file:line: message", TS_ELIMIT names the bound. */
TS_NODISCARD enum ts_code ts_sandbox_run(struct lua_State *L, ts_str source,
                                         const char *name, struct ts_err *err);
/* The same for the function on the stack below `args` arguments, which it takes off. */
TS_NODISCARD enum ts_code ts_sandbox_call(struct lua_State *L, int args, const char *name,
                                          struct ts_err *err);
/* For C functions called inside: push the chunk, or false and a message. */
bool ts_sandbox_load(struct lua_State *L, ts_str source, const char *name);
/* Say that n instructions' worth of work is about to be done; raises when a bound is
 * reached.  Memory that is left under the bound. */
void ts_sandbox_work(struct lua_State *L, uint64_t n);
size_t ts_sandbox_room(struct lua_State *L);

#endif
