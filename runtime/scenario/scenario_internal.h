/* scenario_internal.h - what the files of scenario/ share. */
#ifndef TS_SCENARIO_INTERNAL_H
#define TS_SCENARIO_INTERNAL_H

#include "scenario/scenario.h"

#include "base/map.h"
#include "engine/engine.h"
#include "script/script.h"

/* ---- what a file says ----------------------------------------------------------------
 */

struct scn_answer { /* one prepared result */
    const struct ts_value *exit, *error, *code, *output, *set, *restart, *result, *holds;
    bool timeout, power_cut, cancel;
};

struct scn_on {
    const char *pattern, *file;
    int line;
    const struct scn_answer *answers;
    size_t count;
    int64_t times; /* how often it answers; 0: without end */
    bool optional;
};

struct scn {
    const char *name, *file;
    int line;
    struct scn_sequence *sequence;
    enum ts_phase phase;
    const struct ts_value *variables, *environment; /* objects of texts, never NULL */
    const struct ts_value *facts, *windows;         /* NULL: not told */
    const struct ts_value *files, *folders;         /* both NULL: not told */
    const struct ts_value *arrive; /* array: phase of the second start, the third, ... */
    bool refuse_restart;
    struct scn_on *on;
    size_t on_count;
    const struct ts_value *expect;
    struct scn_result *result; /* NULL: not played */
};

/* ---- sequences -----------------------------------------------------------------------
 */

struct scn_type { /* a step type with our `run` in front */
    struct ts_step_type type;
    const struct ts_step_type *real;
    struct scn_sequence *sequence;
};

struct scn_cover { /* of one step or group */
    const struct ts_node *node;
    const struct ts_step_type *type; /* NULL: a group */
    bool ran, truth[2];              /* truth: its condition was false, true */
    bool failed, succeeded;
    int64_t *codes;
    size_t code_count;
};

struct scn_sequence {
    struct scn_sequence *next;
    char *path;
    struct ts_script *script;
    struct ts_registry real, steps; /* steps: ours, what the engine gets */
    struct scn_type *types;
    struct ts_sequence *seq;
    struct scn_cover *cover;
    size_t cover_count;
    struct ts_map by_id; /* of struct scn_cover */
    struct scn_play *play;
    size_t plays;
};

struct ts_scenarios {
    const char *stdlib_dir;
    const char *const *steps;
    struct ts_arena arena;
    struct scn *v;
    size_t n, cap;
    struct scn_sequence *sequences, **sequences_end;
    char *temp; /* made when the first one is played */
};

/* Find or load.  path: native. */
TS_NODISCARD enum ts_code scn_sequence_get(struct ts_scenarios *s, const char *path,
                                           struct scn_sequence **out, struct ts_err *err);
void scn_sequence_free(struct scn_sequence *q);

/* ---- shapes (shape.c) ----------------------------------------------------------------
 */

/* Kinds a member may have, as bits. */
enum {
    SCN_TEXT = 1,
    SCN_INT = 2,
    SCN_BOOL = 4,
    SCN_LIST = 8,    /* array of texts */
    SCN_MAP = 16,    /* object of texts, numbers, true or false */
    SCN_OBJECT = 32, /* any object */
    SCN_ARRAY = 64,  /* any array */
    SCN_ANY = 128
};
struct scn_key {
    const char *name;
    unsigned kinds;
};
struct scn_at { /* where a table stands, for messages */
    const char *file;
    int line;
    const char *what; /* `scenario "x"` */
};
/* Every member is one of `keys` and of its kind.  within: "" or "expect". */
TS_NODISCARD enum ts_code scn_shape(const struct ts_value *table,
                                    const struct scn_key *keys, size_t n,
                                    const struct scn_at *at, const char *within,
                                    struct ts_err *err);
enum ts_code scn_fail(const struct scn_at *at, struct ts_err *err, const char *fmt, ...)
    TS_PRINTF(3, 4);
/* A text, number or truth value as text. */
const char *scn_text(struct ts_arena *a, const struct ts_value *v);

/* ---- one play ------------------------------------------------------------------------
 */

struct scn_file {
    char *path; /* one separator, none at its end */
    char *text; /* NULL: a folder */
    size_t n;
};

struct scn_result {
    struct ts_arena arena;
    bool passed, stopped; /* stopped: something was not prepared, the run has no end */
    int64_t elapsed_ms;
    struct ts_value *failures;      /* array of { message, expected?, came? } */
    struct ts_value *steps;         /* array of texts, what was done in order */
    struct ts_value *ran, *skipped; /* arrays of { name, id, reason? } */
    struct ts_value *commands, *shown, *restarts; /* texts; shown: commands, masked */
    struct ts_buf log;
    int boots;
    struct ts_run_result run;
};

struct scn_play {
    const struct scn *s;
    struct scn_sequence *sequence;
    struct scn_result *r;
    struct ts_arena *a; /* that of r */
    char *dir;          /* of the state */
    enum ts_phase phase, asked;
    struct ts_facts *facts;
    struct scn_file *files;
    size_t file_count, file_cap;
    size_t *used; /* by number of the on */
    char **kept;  /* protected paths */
    size_t kept_count;
    struct ts_vars *vars;      /* of the present start */
    struct ts_step_call *call; /* the step now running, or NULL */
    bool fact_failed;          /* in the condition being asked */
    bool lost, cancelled;      /* in this start: the machine's power; the user, as told */
    bool cancel_told;          /* in any start */
    bool stop;                 /* something was not prepared: the play ends here */
};

/* One more line for "what was expected, what came"; NULL: left out. */
void scn_failure(struct scn_play *p, const char *message, const char *expected,
                 const char *came);
void scn_note(struct scn_play *p, const char *fmt, ...) TS_PRINTF(2, 3);
/* The text with secrets hidden, in the play's arena. */
const char *scn_shown(const struct scn_play *p, const char *text);
/* Values as one line for messages: a list as `a, b`. */
const char *scn_list(struct ts_arena *a, const struct ts_value *list);

TS_NODISCARD enum ts_code scn_play(struct ts_scenarios *all, struct scn *s,
                                   struct ts_err *err);
void scn_result_free(struct scn_result *r);

/* ---- answer.c ------------------------------------------------------------------------
 */

/* The first `on` that fits one of the texts (NULLs are left out) and still answers; uses
 * one of its answers up. */
const struct scn_answer *scn_match(struct scn_play *p, const char *const *texts, size_t n,
                                   const struct scn_on **which);
enum scn_use { SCN_STEP, SCN_COMMAND, SCN_EFFECT, SCN_FACT };
/* Has the answer only what makes sense there?  A failure is noted and ends the play. */
bool scn_answer_fits(struct scn_play *p, const struct scn_on *on,
                     const struct scn_answer *x, enum scn_use use, const char *what);
/* Output, variables, a restart; then what ends the call: TS_ELOST, TS_ECANCELLED,
 * TS_ETIMEOUT. */
TS_NODISCARD enum ts_code scn_answer_do(struct scn_play *p, struct ts_step_call *c,
                                        const struct scn_answer *x, struct ts_err *err);
/* ts_step_ops of every type. */
extern const struct ts_step_ops scn_step_ops;
/* Nobody prepared it: noted, and the play ends. */
void scn_unprepared(struct scn_play *p, struct ts_step_call *c, const char *what,
                    const char *way_out);
/* Every `on` was used. */
void scn_check_used(struct scn_play *p);

/* ---- effect.c, files.c, fact.c --------------------------------------------------------
 */

enum ts_code scn_effect(void *ctx, struct ts_step_call *call, const char *name,
                        const struct ts_value *args, struct ts_arena *a,
                        const struct ts_value **out, struct ts_err *err);

/* A program was run, or would have been. */
void scn_command(struct scn_play *p, const char *line);
/* The arguments as a line that splits into them again. */
const char *scn_command_line(struct ts_arena *a, const struct ts_value *argv);
/* out: one answer. */
void scn_answer_one(struct ts_arena *a, const struct ts_value **out, struct ts_value *v);

bool scn_files_told(const struct scn_play *p);
void scn_files_begin(struct scn_play *p);
void scn_files_free(struct scn_play *p);
/* NULL: absent.  A folder may be there only because something is in it. */
const struct scn_file *scn_file_find(const struct scn_play *p, const char *path);
bool scn_folder_exists(const struct scn_play *p, const char *path);
/* "fs.NAME": out is set, or the error. */
TS_NODISCARD enum ts_code
scn_files_effect(struct scn_play *p, const char *name, const struct ts_value *args,
                 struct ts_arena *a, const struct ts_value **out, struct ts_err *err);

/* Paths here have one separator and none at their end. */
bool scn_is_separator(char c);
char *scn_path(const struct scn_play *p, const char *path); /* caller frees */
/* Is `path` below the folder?  *rest: the part behind it. */
bool scn_path_below(const char *path, const char *folder, const char **rest);
struct scn_file *scn_path_find(const struct scn_play *p, const char *path);
bool scn_path_is_folder(const struct scn_play *p, const char *path);
void scn_path_put(struct scn_play *p, const char *path,
                  ts_str text); /* text.p NULL: folder */
void scn_path_drop(struct scn_play *p, size_t i);
enum ts_code scn_path_absent(const char *path, struct ts_err *err);
/* write, append, mkdir, copy, delete (files_change.c) */
TS_NODISCARD enum ts_code scn_files_change(struct scn_play *p, const char *name,
                                           const char *path, const struct ts_value *args,
                                           struct ts_arena *a,
                                           const struct ts_value **out,
                                           struct ts_err *err);

enum ts_code scn_fact(void *ctx, const struct ts_expr *x, const char *name,
                      const char *value, const char *part, bool *result,
                      struct ts_buf *why, struct ts_err *err);

/* ---- expect.c, cover.c ---------------------------------------------------------------
 */

TS_NODISCARD enum ts_code scn_expect_check(const struct scn *s, const struct scn_at *at,
                                           struct ts_err *err);
void scn_expect(struct scn_play *p);

void scn_cover_begin(struct scn_sequence *q);
void scn_cover_free(struct scn_sequence *q);
void scn_cover_event(struct scn_play *p, const struct ts_event *e);

#endif
