#include "model/model.h"

#include <string.h>

void ts_sequence_free(struct ts_sequence *s)
{
    if (s) {
        /* The sequence itself is not in its arena. */
        ts_arena_fini(&s->arena);
        ts_free(s);
    }
}

const struct ts_node *ts_node_next(const struct ts_node *root, const struct ts_node *n)
{
    if (n->first) {
        return n->first;
    }
    if (n->finally_first) {
        return n->finally_first;
    }
    while (n != root && n) {
        if (n->next) {
            return n->next;
        }
        if (!n->in_finally && n->parent && n->parent->finally_first) {
            return n->parent->finally_first;
        }
        n = n->parent;
    }
    return NULL;
}

const struct ts_node *ts_sequence_find(const struct ts_sequence *s, const char *id)
{
    for (const struct ts_node *n = s->root; n; n = ts_node_next(s->root, n)) {
        if (n->id && ts_caseeq(n->id, id)) {
            return n;
        }
    }
    return NULL;
}

const char *ts_phase_name(enum ts_phase p)
{
    switch (p) {
    case TS_PHASE_WINPE:
        return "WinPE";
    case TS_PHASE_FULLOS:
        return "FullOS";
    case TS_PHASE_ANY:
        break;
    }
    return "any";
}

bool ts_phase_parse(ts_str s, enum ts_phase *out)
{
    for (enum ts_phase p = TS_PHASE_ANY; p <= TS_PHASE_FULLOS; p++) {
        if (ts_str_caseeq(s, ts_str_of(ts_phase_name(p)))) {
            *out = p;
            return true;
        }
    }
    return false;
}

const char *ts_interrupt_name(enum ts_interrupt i)
{
    switch (i) {
    case TS_INTERRUPT_RERUN:
        return "rerun";
    case TS_INTERRUPT_SKIP:
        return "skip";
    case TS_INTERRUPT_FAIL:
        return "fail";
    case TS_INTERRUPT_DEFAULT:
        break;
    }
    return "";
}
