#include "parse/options.h"

#define ANY_NODE (IN_GROUP | IN_STEP)
#define REF(name) "{\"$ref\":\"#/$defs/" name "\"}"

const struct option parse_options[OPTION_COUNT] = {
    [OPT_TASKSEQ] = {"taskseq", IN_SEQUENCE, IN_SEQUENCE, "{\"const\":1}",
                     "Version of the format, always 1."},
    [OPT_SCHEMA] = {"$schema", IN_SEQUENCE, 0, "{\"type\":\"string\"}",
                    "For editors; not read."},
    [OPT_TYPE] = {"type", ANY_NODE, ANY_NODE, "{\"type\":\"string\"}",
                  "\"Group\" or the name of a step type."},
    [OPT_NAME] = {"name", IN_SEQUENCE | ANY_NODE, 0, REF("name"),
                  "What people see; 1 to 200 characters."},
    [OPT_ID] = {"id", ANY_NODE, 0,
                "{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9._-]{1,100}$\"}",
                "Stable name for tools; made from the name when absent."},
    [OPT_DESCRIPTION] = {"description", IN_SEQUENCE | ANY_NODE, 0,
                         "{\"type\":\"string\"}", "Text for people."},
    [OPT_DISABLED] = {"disabled", ANY_NODE, 0, "{\"type\":\"boolean\"}",
                      "Is passed over, with all that is in it."},
    [OPT_CONDITION] = {"condition", ANY_NODE, 0, REF("condition"),
                       "Runs only if this is true when its turn comes."},
    [OPT_CONTINUE] = {"continueOnError", ANY_NODE, 0, "{\"type\":\"boolean\"}",
                      "A failure does not stop what comes after."},
    [OPT_SEMANTICS] = {"semantics", IN_SEQUENCE, 0, "{\"const\":\"configmgr\"}",
                       "Behaves as an imported sequence expects."},
    [OPT_VARIABLES] = {"variables", IN_SEQUENCE, 0, REF("texts"),
                       "Default values of variables."},
    [OPT_INPUTS] = {"inputs", IN_SEQUENCE, 0,
                    "{\"type\":\"object\",\"additionalProperties\":" REF("Input") "}",
                    "What must be asked before the run, by variable name."},
    [OPT_PACKAGES] = {"packages", IN_SEQUENCE, 0,
                      "{\"type\":\"object\",\"additionalProperties\":" REF("Package") "}",
                      "Folders with content that steps use, by name."},
    [OPT_STEPS] = {"steps", IN_SEQUENCE | IN_GROUP, IN_SEQUENCE, REF("steps"),
                   "Steps and groups, in order."},
    [OPT_FINALLY] = {"finally", IN_GROUP, 0, REF("steps"),
                     "Steps that run once when the group ends, however it ends."},
    [OPT_INCLUDE] = {"include", IN_INCLUDE, IN_INCLUDE, "{\"type\":\"string\"}",
                     "File whose steps stand here, relative to this file."},
    [OPT_PHASE] = {"phase", IN_STEP, 0, "{\"enum\":[\"any\",\"WinPE\",\"FullOS\"]}",
                   "Where the step may run; elsewhere it fails."},
    [OPT_TIMEOUT] = {"timeout", IN_STEP, 0, REF("duration"),
                     "Time limit of one try; absent or 0: none."},
    [OPT_RETRY] = {"retry", IN_STEP, 0, REF("Retry"), "Try again after a failure."},
    [OPT_INTERRUPT] = {"onInterrupt", IN_STEP, 0,
                       "{\"enum\":[\"rerun\",\"skip\",\"fail\"]}",
                       "What to do when a crash or power loss cut the step."},
    [OPT_SUCCESS] = {"successCodes", IN_STEP, 0, REF("codes"),
                     "Results that count as success."},
    [OPT_RESTART] = {"restartCodes", IN_STEP, 0, REF("codes"),
                     "Results that are a success and ask for a restart."},
    [OPT_RUN_AS] = {"runAs", IN_STEP, 0, "{\"type\":\"string\"}",
                    "Account the step's program runs as."},
    [OPT_PACKAGE] = {"package", IN_STEP, 0, "{\"type\":\"string\"}",
                     "Package whose folder the step starts in."},
    [OPT_INPUT] = {"input", IN_STEP, 0, "{\"type\":\"string\"}",
                   "Text for the program's standard input."},
    [OPT_ENV] = {"env", IN_STEP, 0, REF("texts"),
                 "Environment variables for the program."},
    [OPT_ATTEMPTS] = {"attempts", IN_RETRY, IN_RETRY,
                      "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000}",
                      "How many tries in all."},
    [OPT_DELAY] = {"delay", IN_RETRY, 0, REF("duration"), "Pause between two tries."},
    [OPT_ON] = {"on", IN_RETRY, 0, REF("codes"),
                "Results that are worth another try; absent: any failure."},
    [OPT_PROMPT] = {"prompt", IN_INPUT, 0, "{\"type\":\"string\"}", "The question."},
    [OPT_DEFAULT] = {"default", IN_INPUT, 0, REF("text"),
                     "The answer when none is given."},
    [OPT_PATTERN] = {"pattern", IN_INPUT, 0, "{\"type\":\"string\"}",
                     "What an answer looks like, with the wildcards * and ?."},
    [OPT_CHOICES] = {"choices", IN_INPUT, 0,
                     "{\"type\":\"array\",\"minItems\":1,\"items\":" REF("text") "}",
                     "The answers there are."},
    [OPT_SECRET] = {"secret", IN_INPUT, 0, "{\"type\":\"boolean\"}",
                    "The answer is masked wherever text leaves the program."},
    [OPT_SOURCE] = {"source", IN_PACKAGE, IN_PACKAGE,
                    "{\"type\":\"string\",\"minLength\":1}",
                    "Folder of the package, relative to the sequence's."},
    [OPT_PLACE] = {"@", IN_SEQUENCE | ANY_NODE, 0, "{\"type\":\"string\"}",
                   "Where it stood in the file it came from; written by taskseq."},
    [OPT_XML] = {"xml", IN_SEQUENCE | ANY_NODE, 0,
                 "{\"type\":\"object\",\"properties\":{\"defaults\":" REF("texts") "}}",
                 "What the XML it was imported from said besides; written by taskseq."},
};

const struct option *option_find(ts_str name, int where)
{
    for (size_t i = 0; i < OPTION_COUNT && name.n; i++) {
        const struct option *o = &parse_options[i];
        if ((o->where & where) && o->name[0] == name.p[0] &&
            ts_str_eq(name, ts_str_of(o->name))) {
            return o;
        }
    }
    return NULL;
}
