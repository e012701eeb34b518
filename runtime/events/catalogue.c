/* catalogue.c - every event there is, for the manual and the schema. */
#include "events/events.h"

#define N(a) (sizeof(a) / sizeof(a)[0])

static const struct ts_event_field_doc common[] = {
    {"event", "text", false, "", "what happened: the name of the event"},
    {"time", "text", false, "", "when: RFC 3339, UTC, with milliseconds"},
    {"run", "text", false, "", "id of the run, the same across its restarts"},
    {"seq", "integer", false, "", "counts the run's events up, across restarts too"},
};

#define STEP_FIELDS                                                                 \
    {"step", "text", false, "", "id of the step or group"},                         \
        {"name", "text", false, "", "its name"},                                    \
    {                                                                               \
        "index", "integer", false, "", "its place in the instruction table, from 0" \
    }

#define WHY                                                                            \
    {                                                                                  \
        "why", "text", true, "", "the parts of the condition with the values they saw" \
    }
/* Where the run goes on behind a restart. */
#define GOES_ON                                                                   \
    {"at", "text", true, "", "id of the step or group at which the run goes on"}, \
        {"atName", "text", true, "", "its name"},                                 \
    {                                                                             \
        "atIndex", "integer", true, "", "its place in the instruction table"      \
    }
#define LIMIT                                                                           \
    {                                                                                   \
        "limit", "integer", false, "", "how many of those are allowed (TSRestartLimit)" \
    }

static const struct ts_event_field_doc run_started[] = {
    {"name", "text", false, "", "name of the sequence"},
    {"file", "text", true, "", "file it was read from"},
    {"hash", "text", true, "", "SHA-256 of the evaluated sequence"},
    {"phase", "text", true, "WinPE|FullOS", "where the run began"},
};
static const struct ts_event_field_doc run_resumed[] = {
    {"name", "text", false, "", "name of the sequence"},
    {"index", "integer", true, "", "instruction at which the run goes on"},
    {"phase", "text", true, "WinPE|FullOS", "where the run goes on"},
};
static const struct ts_event_field_doc run_finished[] = {
    {"result", "text", false, "succeeded|failed|cancelled", "how the run ended"},
    {"code", "integer", false, "", "code of the last action, 0 when the run succeeded"},
    {"error", "text", true, "", "of a failed run: why, in one line"},
};
static const struct ts_event_field_doc group_started[] = {STEP_FIELDS, WHY};
static const struct ts_event_field_doc group_finished[] = {
    STEP_FIELDS, {"succeeded", "boolean", false, "", "whether the group succeeded"}};
static const struct ts_event_field_doc skipped[] = {
    STEP_FIELDS,
    {"reason", "text", false, "condition|disabled|failed-group|interrupted",
     "why it was not run"},
    WHY};
static const struct ts_event_field_doc step_started[] = {
    STEP_FIELDS,
    {"type", "text", false, "", "type of the step"},
    {"command", "text", true, "", "command line, secrets masked"},
    {"attempt", "integer", true, "", "number of this attempt, from 1"},
    WHY};
static const struct ts_event_field_doc step_output[] = {
    STEP_FIELDS,
    {"stream", "text", false, "stdout|stderr", "where the program wrote it"},
    {"text", "text", false, "", "one line without its end, or a part of one"}};
static const struct ts_event_field_doc step_progress[] = {
    STEP_FIELDS,
    {"percent", "integer", true, "", "0 to 100, where it is known"},
    {"text", "text", true, "", "what the step is doing"}};
static const struct ts_event_field_doc step_finished[] = {
    STEP_FIELDS,
    {"code", "integer", false, "", "the step's code"},
    {"succeeded", "boolean", false, "", "whether that counts as success"},
    {"ignored", "boolean", false, "", "whether continue-on-error applied to a failure"},
    {"attempt", "integer", true, "", "number of the attempt that ended, from 1"},
    {"again", "boolean", true, "", "true: another attempt follows"},
    {"message", "text", true, "", "why it failed, in one line"}};
static const struct ts_event_field_doc variable_set[] = {
    {"name", "text", false, "", "name of the variable"},
    {"value", "text", false, "", "its new value, secrets masked; empty: deleted"},
    {"step", "text", true, "", "id of the step that set it; absent: the runtime"},
    {"index", "integer", true, "", "that step's place in the instruction table"}};
static const struct ts_event_field_doc restart_requested[] = {
    {"step", "text", true, "", "id of the step that asked for it"},
    {"name", "text", true, "", "that step's name"},
    {"index", "integer", true, "", "that step's place in the instruction table"},
    {"target", "text", false, "WinPE|FullOS", "what is to be started"},
    {"message", "text", true, "", "what a person at the screen is told"},
    {"by", "text", false, "step|runtime", "who asked"},
    GOES_ON,
    {"count", "integer", false, "",
     "how many restarts there are then since a step was finished"},
    LIMIT};
static const struct ts_event_field_doc restart_arrived[] = {
    {"target", "text", true, "WinPE|FullOS", "what was to be started, if anybody asked"},
    {"phase", "text", false, "WinPE|FullOS", "what was started"},
    {"expected", "boolean", false, "",
     "false: crash, power loss, or somebody else's doing"},
    {"step", "text", true, "", "id of the step that asked for it"},
    {"name", "text", true, "", "that step's name"},
    {"index", "integer", true, "", "that step's place in the instruction table"},
    {"by", "text", false, "step|runtime|nobody", "who asked"},
    {"was", "text", true, "WinPE|FullOS", "the phase the run was in before"},
    GOES_ON,
    {"interrupted", "text", true, "", "id of the step that was cut off"},
    {"interruptedName", "text", true, "", "that step's name"},
    {"onInterrupt", "text", true, "rerun|skip|fail", "what becomes of that step"},
    {"onInterruptFrom", "text", true, "step|type|configmgr|limit|phase",
     "who says so: the step's option, its type, the rule of imported sequences, too many "
     "restarts, the wrong phase"},
    {"count", "integer", false, "",
     "restarts since a step was finished, this one included"},
    LIMIT};
static const struct ts_event_field_doc log_record[] = {
    {"level", "text", false, "verbose|info|warning|error", "weight of the message"},
    {"component", "text", false, "", "who wrote it"},
    {"text", "text", false, "", "the message, secrets masked"},
    {"step", "text", true, "", "id of the step that was running"},
    {"index", "integer", true, "", "that step's place in the instruction table"}};

static const struct ts_event_doc catalogue[] = {
    {"run.started", "a run begins", run_started, N(run_started)},
    {"run.resumed", "a run goes on after a restart or crash", run_resumed,
     N(run_resumed)},
    {"run.finished", "a run has ended", run_finished, N(run_finished)},
    {"group.started", "a group's body begins", group_started, N(group_started)},
    {"group.finished", "a group has ended", group_finished, N(group_finished)},
    {"group.skipped", "a group and all in it are left out", skipped, N(skipped)},
    {"step.started", "a step begins", step_started, N(step_started)},
    {"step.output", "a step's program wrote something", step_output, N(step_output)},
    {"step.progress", "a step says how far it is", step_progress, N(step_progress)},
    {"step.finished", "a step has ended", step_finished, N(step_finished)},
    {"step.skipped", "a step is left out", skipped, N(skipped)},
    {"variable.set", "a variable has a new value", variable_set, N(variable_set)},
    {"restart.requested", "the machine is about to be restarted", restart_requested,
     N(restart_requested)},
    {"restart.arrived", "the machine was started again", restart_arrived,
     N(restart_arrived)},
    {"log", "a message of the log", log_record, N(log_record)},
};

const struct ts_event_doc *ts_events_catalogue(size_t *n)
{
    *n = N(catalogue);
    return catalogue;
}

const struct ts_event_field_doc *ts_events_common(size_t *n)
{
    *n = N(common);
    return common;
}
