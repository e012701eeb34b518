/* explain.h - what the record of a run says about one step or group.
 *
 * Nothing is run or asked again: the values are those that were recorded, and who set
 * them is found in the events that came before. */
#ifndef TS_CLI_EXPLAIN_H
#define TS_CLI_EXPLAIN_H

#include "cli/record.h"
#include "engine/table.h"

struct ts_past { /* an event of the run */
    uint64_t seq;
    const struct ts_value *v;
    const char *type, *step; /* "" where there is none */
};

struct ts_explain {
    struct ts_session s;
    struct ts_arena arena;
    struct ts_value *all; /* ts_state_to_value */
    struct ts_past *events;
    size_t n, cap;
    struct ts_table table;
};

/* Read the newest run of the state that the options name.  Close in any case. */
TS_NODISCARD enum ts_code ts_explain_open(struct ts_explain *x,
                                          const struct ts_args *args, struct ts_err *err);
void ts_explain_close(struct ts_explain *x);

/* The step or group with this id, or with this name if there is only one.  TS_EINPUT:
 * none, with a suggestion, or several. */
TS_NODISCARD enum ts_code ts_explain_find(const struct ts_explain *x, const char *word,
                                          const struct ts_ins **out, struct ts_err *err);
/* The one that a person asks about who names none: under way, or why the run failed.
 * NULL: there is none. */
const struct ts_ins *ts_explain_default(const struct ts_explain *x);

/* Everything about it as an object (docs/explain.md), in x->arena. */
struct ts_value *ts_explain_value(struct ts_explain *x, const struct ts_ins *ins);
/* The object as text. */
void ts_explain_print(struct ts_buf *out, const struct ts_value *v);

/* ---- between the files of explain ----------------------------------------------------
 */

/* What let the condition of `ins` be true or false: { text result why time variables },
 * NULL: it has none. */
struct ts_value *ts_explain_condition(struct ts_explain *x, const struct ts_ins *ins);
/* Why `ins` was not run: sets "reason" and, where something else is to blame, "cause". */
void ts_explain_why_not(struct ts_explain *x, const struct ts_ins *ins,
                        struct ts_value *o);
/* The step for which a group failed, as "cause". */
void ts_explain_blame(struct ts_explain *x, const struct ts_ins *group,
                      struct ts_value *o);
/* The last event of this type for the step, NULL: none.  type NULL: any. */
const struct ts_past *ts_explain_last(const struct ts_explain *x, const char *type,
                                      const char *id);
/* The step whose failure ended the group at table entry `group` (-1: the run) before
 * event `until`, NULL: none. */
const struct ts_past *ts_explain_failure(const struct ts_explain *x, int group,
                                         uint64_t until);
void ts_explain_put(struct ts_explain *x, struct ts_value *o, const char *key,
                    const char *text);
/* { step name index } of an instruction, as member `key`. */
struct ts_value *ts_explain_ref(struct ts_explain *x, const struct ts_ins *ins);
const char *ts_explain_time(const struct ts_past *p);

#endif
