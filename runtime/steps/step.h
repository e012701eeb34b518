/* step.h - what a step type is, and what the engine hands to one.
 *
 * The engine knows only this file: a step type is a table of declared parameters and one
 * function.  Tests register types written in C; the step library registers its Lua files
 * (script/loader.h). */
#ifndef TS_STEPS_STEP_H
#define TS_STEPS_STEP_H

#include "base/map.h"
#include "model/model.h"

enum ts_param_type {
    TS_P_STRING,
    TS_P_PATH, /* a string that names a file or folder */
    TS_P_INTEGER,
    TS_P_BOOLEAN,
    TS_P_ENUM,     /* one of `choices`, without regard to case */
    TS_P_LIST,     /* array of strings (a single string is taken as one) */
    TS_P_COMMAND,  /* a command line: a string or an array of arguments */
    TS_P_DURATION, /* "15m" */
    TS_P_MAP,      /* object of strings */
    TS_P_CONDITION,
    TS_P_RULES /* array of {condition, variables, secrets}; prepared: see params_internal.h */
};
#define TS_P_COUNT (TS_P_RULES + 1)
const char *ts_param_type_name(enum ts_param_type t); /* "string" "path" ... */

struct ts_param {
    const char *name;
    enum ts_param_type type;
    bool required;
    bool expand;          /* %Name% is replaced when the step starts (strings; default) */
    bool secret;          /* masked wherever it is shown */
    const char *def;      /* default as text, NULL if none */
    const char *variable; /* action variable that overrides the property, NULL if none */
    const char *const *choices; /* NULL-terminated, ENUM only */
    const char *doc;
};

struct ts_step_call;

/* How a step type does its work.  TS_OK: it ran, call->outcome says how it ended.  Any
 * other code: it failed with the message in err (the engine gives it 0x80004005, a
 * time-out 0x800705B4, a cancel its own). */
struct ts_step_ops {
    enum ts_code (*run)(void *self, struct ts_step_call *call, struct ts_err *err);
};

struct ts_step_type {
    const char *name, *summary, *doc; /* doc: more text, may be NULL */
    const struct ts_param *params;
    size_t param_count;
    enum ts_interrupt on_interrupt; /* default of the type: never DEFAULT */
    bool runs_command;              /* success codes default to {0, 3010} */
    struct ts_codes success_codes;  /* not set: {0}, or {0,3010} where a command runs */
    struct ts_codes restart_codes;  /* not set: none */
    enum ts_phase phase;            /* where it can run at all; ANY usually */
    const char *source;             /* file it came from, "" for built in */
    const struct ts_step_ops *ops;
    void *self;
};

/* All step types of a run, by name without regard to case. */
struct ts_registry {
    struct ts_map types; /* of const struct ts_step_type * */
};
/* TS_EEXIST if the name is taken; TS_EINPUT if a parameter is named like a step option,
 * declared twice, or has a type that its variable or choices do not suit. */
TS_NODISCARD enum ts_code
ts_registry_add(struct ts_registry *r, const struct ts_step_type *t, struct ts_err *err);
const struct ts_step_type *ts_registry_find(const struct ts_registry *r, ts_str name);
/* Nearest name for a message, or NULL. */
const char *ts_registry_suggest(const struct ts_registry *r, ts_str name);
void ts_registry_fini(struct ts_registry *r); /* the types belong to who added them */

/* Names of the options that every step (or group) has: reserved as parameter names. */
bool ts_is_step_option(ts_str key);

/* Check a step's properties against the declarations (all missing required ones named in
 * one message, unknown keys with a suggestion, types, choices).  Texts that hold a '%'
 * are checked for kind only; a required property with an action variable may be missing
 * here, not when the step starts.  Message begins with the property's name.  *at gets the
 * property the finding is about ("" for the step). */
TS_NODISCARD enum ts_code ts_params_check(const struct ts_step_type *t,
                                          const struct ts_value *props, const char **at,
                                          struct ts_err *err);
/* What a step is handed: defaults filled in, overridden by action variables, expanded,
 * converted.  An object in `a` with a member for every parameter that has a value: TS_INT
 * for integers and durations (milliseconds), TS_BOOL, TS_ARRAY of strings for lists, a
 * string or array for commands, the declared spelling for choices, conditions as they
 * were written.  An action variable's text is taken as it is (';' separates the items of
 * a list).  An empty text is "not given" except for strings.  Secret values that went in
 * are remembered with ts_vars_hide. */
struct ts_vars;
TS_NODISCARD enum ts_code ts_params_prepare(const struct ts_step_type *t,
                                            const struct ts_value *props,
                                            struct ts_vars *vars, struct ts_arena *a,
                                            struct ts_value **out, struct ts_err *err);

struct ts_outcome {
    int64_t code;
    bool has_code;     /* false: 0 on success, 0x80004005 (as -2147467259) on failure */
    char message[512]; /* why it failed, or "" */
};

struct ts_host;
struct ts_step_call {
    struct ts_host *host;
    const struct ts_node *node;
    const struct ts_step_type *type;
    const struct ts_value *params; /* from ts_params_prepare */
    struct ts_arena *arena;        /* freed after the call */
    int64_t deadline_ns;           /* on ts_mono_ns; 0: none */
    int attempt;                   /* 1, 2, ... */
    bool interrupted_before;       /* an earlier attempt was cut by a crash */
    struct ts_buf tail;            /* last output, kept by ts_host_output */
    struct ts_outcome outcome;
    /* Private to host.c; zero at the start.  ts_host_output_end frees what is in it. */
    struct ts_line_state {
        struct ts_buf part[2]; /* by stream: the line that has no end yet */
        int64_t since_ns[2];   /* when its last bytes came */
        bool after_cr[2];      /* the last byte was a CR: a LF now belongs to it */
        bool tail_open;        /* the tail's last line has no end yet */
        int tail_stream;       /* and belongs to this stream */
        int64_t progress_ns;   /* when progress was last told */
    } lines;
    /* Private to host_durable.c; zero at the start.  ts_host_settle frees what is in it. */
    struct ts_touched {
        struct ts_dir *dir[8]; /* one folder on each volume that was written to */
        uint64_t volume[8];
        size_t n;
    } touched;
};

#endif
