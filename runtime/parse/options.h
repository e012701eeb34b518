/* options.h - every property that the format itself knows, in one table: the reader, the
 * JSON Schema and the manual's test all go by it. */
#ifndef TS_PARSE_OPTIONS_H
#define TS_PARSE_OPTIONS_H

#include "base/str.h"

/* Where a property may stand. */
enum {
    IN_SEQUENCE = 1,
    IN_GROUP = 2,
    IN_STEP = 4,
    IN_INCLUDE = 8,
    IN_RETRY = 16,
    IN_INPUT = 32,
    IN_PACKAGE = 64
};

enum option_id {
    OPT_TASKSEQ,
    OPT_SCHEMA,
    OPT_TYPE,
    OPT_NAME,
    OPT_ID,
    OPT_DESCRIPTION,
    OPT_DISABLED,
    OPT_CONDITION,
    OPT_CONTINUE,
    OPT_SEMANTICS,
    OPT_VARIABLES,
    OPT_INPUTS,
    OPT_PACKAGES,
    OPT_STEPS,
    OPT_FINALLY,
    OPT_INCLUDE,
    OPT_PHASE,
    OPT_TIMEOUT,
    OPT_RETRY,
    OPT_INTERRUPT,
    OPT_SUCCESS,
    OPT_RESTART,
    OPT_RUN_AS,
    OPT_PACKAGE,
    OPT_INPUT,
    OPT_ENV,
    OPT_ATTEMPTS,
    OPT_DELAY,
    OPT_ON,
    OPT_PROMPT,
    OPT_DEFAULT,
    OPT_PATTERN,
    OPT_CHOICES,
    OPT_SECRET,
    OPT_SOURCE,
    OPT_PLACE,
    OPT_XML,
    OPTION_COUNT
};

struct option {
    const char *name;
    int where;          /* IN_... */
    int required;       /* IN_... where it has to stand (in a JSON text) */
    const char *schema; /* JSON Schema of the value, as JSON text */
    const char *doc;
};

extern const struct option parse_options[OPTION_COUNT];

/* The option of this name at this place, or NULL. */
const struct option *option_find(ts_str name, int where);

#endif
