/* embedded.h - the Lua modules inside the program, made by cmake/embed.lua. */
#ifndef TS_SCRIPT_EMBEDDED_H
#define TS_SCRIPT_EMBEDDED_H

#include <stddef.h>

struct ts_step_type;

struct ts_embedded_module {
    const char *name; /* "steps/CopyFiles", "ts/text"; NULL ends the list */
    const char *source;
    size_t size;
    /* What a step file declares, without ops: it is compiled when it first runs.  NULL for
     * other modules. */
    const struct ts_step_type *declared;
};

extern const struct ts_embedded_module ts_embedded_modules[];

#endif
