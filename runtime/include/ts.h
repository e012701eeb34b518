/* ts.h - what a program that embeds libtaskseq sees.
 *
 * A run needs: the step types (ts_script_new, ts_script_load_library), a sequence
 * (ts_sequence_load), variables, a log and events (ts_vars_new, ts_log_new, ts_events_new)
 * in a struct ts_host, a state (ts_state_open, ts_state_begin; NULL for a run in memory
 * only) and ts_engine_run.  cli/session.c plugs all of it together; tests/unit/embed shows
 * the least that works. */
#ifndef TS_INCLUDE_TS_H
#define TS_INCLUDE_TS_H

#include "engine/engine.h"
#include "lab/lab.h"
#include "parse/parse.h"
#include "script/script.h"

#endif
