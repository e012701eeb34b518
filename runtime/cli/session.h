/* session.h - everything a run needs, plugged together. */
#ifndef TS_CLI_SESSION_H
#define TS_CLI_SESSION_H

#include "cli/cli.h"
#include "cli/display.h"
#include "cli/place.h"
#include "engine/engine.h"
#include "facts/facts.h"
#include "lab/lab.h"
#include "parse/parse.h"
#include "platform/boot.h"
#include "script/script.h"

struct ts_session {
    const struct ts_args *args;
    struct ts_lab_machine *lab; /* NULL outside the lab */
    enum ts_phase phase;
    char machine[64];
    struct ts_facts
        *facts; /* --facts, the lab machine's, else this one's, gathered late */
    struct ts_script *script;
    struct ts_registry steps;
    struct ts_sequence *seq;
    struct ts_vars *vars;
    struct ts_log *log;
    struct ts_events *events;
    struct ts_display *display;
    struct ts_state *state;
    struct ts_place place;
    struct ts_run run;
    char hash[65]; /* of the sequence that runs */
    struct ts_host host;
    struct ts_serve *serve;
    struct ts_restart_backend inner,
        backend; /* backend: inner, after settling the state */
    struct ts_boot boot; /* of --on-restart reboot: argv is set then */
    char **again;
};

/* Drives (lab, --drive), phase, machine id, facts. */
TS_NODISCARD enum ts_code
ts_session_machine(struct ts_session *s, const struct ts_args *args, struct ts_err *err);
/* The step library and the folders of more step types: --steps, then `also` (may be NULL;
 * need not exist). */
TS_NODISCARD enum ts_code ts_session_steps(struct ts_session *s, const char *also,
                                           struct ts_err *err);
/* Load the sequence `path` with the step types beside it. */
TS_NODISCARD enum ts_code ts_session_sequence(struct ts_session *s, const char *path,
                                              struct ts_err *err);
/* Variables from machine, --vars, TASKSEQ_VAR_*, --set; then the sequence's inputs, if
 * there is one, are asked for. */
TS_NODISCARD enum ts_code ts_session_variables(struct ts_session *s, bool ask,
                                               struct ts_err *err);
/* An ended run has forgotten its secrets: those that inputs ask for are taken from
 * TASKSEQ_VAR_NAME or asked for again. */
TS_NODISCARD enum ts_code ts_session_secrets(struct ts_session *s, struct ts_err *err);
/* How this run restarts the machine.  With --on-restart reboot the machine's starts go on
 * with the run from here on.  The state is open. */
TS_NODISCARD enum ts_code ts_session_restarts(struct ts_session *s, struct ts_err *err);
/* No start of the machine goes on with the run any more. */
void ts_session_ended(struct ts_session *s);
/* The same whoever arranged it: a new run begins in this state folder, or one did not
 * begin after all. */
void ts_session_forget(struct ts_session *s);
/* Log, events, display, server, host: the state is open, run is filled. */
TS_NODISCARD enum ts_code ts_session_start(struct ts_session *s, struct ts_err *err);
/* Run the engine, show the end, give the exit code. */
int ts_session_engine(struct ts_session *s, bool resume, const char *from_step);
void ts_session_fini(struct ts_session *s);

/* Options every command with a session has. */
#define TS_SESSION_OPTIONS                                                     \
    {"drive", 0, "L=DIR", true,                                                \
     "Let drive letter L of the sequence be the folder DIR (not on Windows)"}, \
        {"steps", 0, "DIR", true, "More step types: every .lua file in DIR"},  \
        {"stdlib", 0, "DIR", false,                                            \
         "Load the step library from DIR (for its developers)"},               \
    {                                                                          \
        "phase", 0, "PHASE", false, "WinPE or FullOS, instead of finding out"  \
    }
#define TS_FACTS_OPTION                                                                \
    {                                                                                  \
        "facts", 0, "FILE", false, "Take this machine for the one that FILE describes" \
    }
#define TS_VARIABLE_OPTIONS                                                        \
    {"set", 0, "NAME=VALUE", true, "Set a variable"},                              \
    {                                                                              \
        "vars", 0, "FILE", true, "Set variables from a JSON object or an INI file" \
    }

#endif
