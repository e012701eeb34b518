/* model.h - the sequence as a tree, never changed after it is loaded.
 *
 * Everything belongs to one arena inside struct ts_sequence. */
#ifndef TS_MODEL_MODEL_H
#define TS_MODEL_MODEL_H

#include "base/value.h"
#include "expr/expr.h"

enum ts_phase { TS_PHASE_ANY, TS_PHASE_WINPE, TS_PHASE_FULLOS };
enum ts_interrupt { TS_INTERRUPT_DEFAULT, TS_INTERRUPT_RERUN, TS_INTERRUPT_SKIP,
                    TS_INTERRUPT_FAIL };

struct ts_pos {
    const char *file; /* NULL if unknown */
    int line, col;    /* 0 if unknown */
};

struct ts_codes {
    const int64_t *v;
    size_t n;
    bool set; /* false: the step type's default applies */
};

struct ts_retry {
    int attempts; /* all tries, at least 1 */
    int64_t delay_ms;
    struct ts_codes on; /* not set: any failure */
};

struct ts_node {
    bool is_group;
    const char *id; /* unique; made from the names when not given */
    const char *name, *description; /* description may be NULL */
    bool disabled, continue_on_error;
    const struct ts_expr *condition; /* NULL: true */
    struct ts_pos pos;
    /* What the XML it was imported from said besides (parse/xml_keys.h lists the members),
     * or NULL.  Only `defaults`, an object of strings, has a meaning for the engine: the
     * step's local variables. */
    const struct ts_value *xml;
    struct ts_node *parent, *next;
    bool in_finally; /* this node stands in its parent's finally list */

    /* groups */
    struct ts_node *first, *finally_first;

    /* steps */
    const char *type;
    enum ts_phase phase;
    int64_t timeout_ms; /* 0: none */
    struct ts_retry retry;
    enum ts_interrupt on_interrupt;
    struct ts_codes success_codes, restart_codes;
    const char *run_as, *package, *input; /* NULL if absent; unexpanded */
    const struct ts_value *env;           /* object of strings, or NULL */
    const struct ts_value *params;        /* object: the type's own properties, unexpanded,
                                             defaults not filled in */
};

struct ts_input {
    const char *name, *prompt, *def, *pattern;
    const struct ts_value *choices; /* array of strings or NULL */
    bool secret;
};

struct ts_package {
    const char *name, *source; /* source: folder, relative to the sequence's */
};

struct ts_sequence {
    struct ts_arena arena;
    const char *name, *description;
    const char *file;   /* where it came from, NULL for a stored one */
    const char *folder; /* native folder of file: base of packages and steps/ */
    bool configmgr;     /* semantics = "configmgr" */
    struct ts_node *root; /* a group without a name or id: its children are the steps */
    size_t node_count;
    const struct ts_value *variables; /* object of strings */
    struct ts_input *inputs;
    size_t input_count;
    struct ts_package *packages;
    size_t package_count;
    const struct ts_value *xml; /* as in struct ts_node; nothing in it matters to the engine */
};

void ts_sequence_free(struct ts_sequence *s); /* NULL is allowed */
/* Depth-first, groups before their children, finally lists after the body. */
const struct ts_node *ts_node_next(const struct ts_node *root, const struct ts_node *n);
const struct ts_node *ts_sequence_find(const struct ts_sequence *s, const char *id);
const char *ts_phase_name(enum ts_phase p);         /* "any" "WinPE" "FullOS" */
bool ts_phase_parse(ts_str s, enum ts_phase *out);  /* without regard to case */
const char *ts_interrupt_name(enum ts_interrupt i); /* "rerun" "skip" "fail" "" */
/* "15m" "1h30m" "500ms" "20s" or a bare integer (seconds) to milliseconds. */
bool ts_duration_parse(ts_str s, int64_t *ms);
void ts_duration_print(struct ts_buf *b, int64_t ms); /* shortest exact form */

/* The sequence as canonical JSON in the sequence format: what the state keeps, what
 * `plan --json` and convert print, and what is hashed.  with_pos adds "@" members with
 * "file:line:column", which the JSON reader takes back. */
void ts_sequence_to_json(struct ts_buf *out, const struct ts_sequence *s, bool with_pos,
                         int indent);
/* SHA-256 of the canonical form without positions and without the order of the inputs. */
void ts_sequence_hash(char out[65], const struct ts_sequence *s);

#endif
