/* table.h - the sequence as a table of instructions.
 *
 * Depth first: a step is one entry, a group a start and an end entry.  The entries of a
 * group's finally list stand between its body and its end entry and count like any
 * others; sequences of ConfigMgr have none, so their numbers are the ones known from
 * there. */
#ifndef TS_ENGINE_TABLE_H
#define TS_ENGINE_TABLE_H

#include "steps/step.h"

enum ts_ins_kind { TS_INS_STEP, TS_INS_GROUP, TS_INS_END };

struct ts_ins {
    enum ts_ins_kind kind;
    int index;                       /* of this entry */
    const struct ts_node *node;      /* END: the group's */
    const struct ts_step_type *type; /* steps only */
    int group; /* start entry of the directly containing group, -1 at the top */
    int start; /* GROUP, END: the start entry */
    int fin;   /* GROUP, END: first finally entry, == end if there is none */
    int end;   /* GROUP, END: the end entry */
};

struct ts_table {
    struct ts_ins *v;
    int n;
};

/* TS_EINPUT: a step type the registry does not have. */
TS_NODISCARD enum ts_code ts_table_build(struct ts_table *out,
                                         const struct ts_sequence *seq,
                                         const struct ts_registry *steps,
                                         struct ts_err *err);
void ts_table_fini(struct ts_table *t);
/* Entry of the step or (start of the) group with this id, NULL if there is none. */
const struct ts_ins *ts_table_find(const struct ts_table *t, const char *id);
/* First entry behind this one that is not inside it. */
int ts_ins_after(const struct ts_ins *ins);

#endif
