/* rig.h - a run without an engine: a folder of steps, variables, a log that is kept. */
#ifndef TS_TEST_SCRIPT_RIG_H
#define TS_TEST_SCRIPT_RIG_H

#include <criterion/criterion.h>

#include "script/script.h"

struct rig {
    char *dir;   /* temporary folder, removed at the end */
    char *steps; /* dir/steps */
    struct ts_script *script;
    struct ts_registry registry;
    struct ts_vars *vars;
    struct ts_log *log;
    struct ts_buf logged; /* "level text\n" */
    struct ts_host host;
    struct ts_sequence seq;
    struct ts_node node;
    struct ts_arena arena;
    struct ts_step_call call;
    struct ts_err err;
};

void rig_start(struct rig *r);
void rig_end(struct rig *r);
/* Write dir/name. */
void rig_file(struct rig *r, const char *name, const char *text);
char *rig_path(struct rig *r, const char *name); /* caller frees */
/* Register a type from the body of its `run`, or from a whole file. */
void rig_step(struct rig *r, const char *name, const char *body);
enum ts_code rig_load(struct rig *r, const char *name, const char *file);
/* Prepare and run a step with these properties (JSON, NULL: none). */
enum ts_code rig_run(struct rig *r, const char *type, const char *props);
const char *rig_var(struct rig *r, const char *name); /* "" if unset */

#endif
