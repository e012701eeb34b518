#include "engine/table.h"

#include "base/mem.h"

struct builder {
    struct ts_table *t;
    int cap;
    const struct ts_registry *steps;
};

static struct ts_ins *add(struct builder *b, enum ts_ins_kind kind,
                          const struct ts_node *node, int group)
{
    if (b->t->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 64;
        b->t->v = ts_realloc_array(b->t->v, (size_t)b->cap, sizeof *b->t->v);
    }
    struct ts_ins *ins = &b->t->v[b->t->n];
    *ins = (struct ts_ins){.kind = kind, .index = b->t->n, .node = node, .group = group};
    b->t->n++;
    return ins;
}

static enum ts_code add_list(struct builder *b, const struct ts_node *first, int group,
                             struct ts_err *err);

/* Groups nest at most 100 deep (the readers see to it), so recursion is bounded. */
static enum ts_code add_group(struct builder *b, const struct ts_node *n, int group,
                              struct ts_err *err)
{
    enum ts_code rc;
    int start = add(b, TS_INS_GROUP, n, group)->index;

    if ((rc = add_list(b, n->first, start, err)) != TS_OK) {
        return rc;
    }
    int fin = b->t->n;
    if ((rc = add_list(b, n->finally_first, start, err)) != TS_OK) {
        return rc;
    }
    int end = add(b, TS_INS_END, n, group)->index;
    for (int i = start; i <= end; i += end - start) {
        b->t->v[i].start = start;
        b->t->v[i].fin = fin;
        b->t->v[i].end = end;
    }
    return TS_OK;
}

static enum ts_code add_list(struct builder *b, const struct ts_node *first, int group,
                             struct ts_err *err)
{
    for (const struct ts_node *n = first; n; n = n->next) {
        enum ts_code rc = TS_OK;
        if (n->is_group) {
            rc = add_group(b, n, group, err);
        } else {
            struct ts_ins *ins = add(b, TS_INS_STEP, n, group);
            ins->type = ts_registry_find(b->steps, ts_str_of(n->type));
            if (!ins->type) {
                rc = ts_fail(err, TS_EINPUT, "step \"%s\": unknown step type \"%s\"",
                             n->name, n->type ? n->type : "");
            }
        }
        if (rc != TS_OK) {
            return rc;
        }
    }
    return TS_OK;
}

enum ts_code ts_table_build(struct ts_table *out, const struct ts_sequence *seq,
                            const struct ts_registry *steps, struct ts_err *err)
{
    struct builder b = {.t = out, .steps = steps};

    *out = (struct ts_table){0};
    enum ts_code rc = add_list(&b, seq->root->first, -1, err);
    if (rc != TS_OK) {
        ts_table_fini(out);
    }
    return rc;
}

void ts_table_fini(struct ts_table *t)
{
    ts_free(t->v);
    *t = (struct ts_table){0};
}

const struct ts_ins *ts_table_find(const struct ts_table *t, const char *id)
{
    for (int i = 0; i < t->n; i++) {
        if (t->v[i].kind != TS_INS_END && ts_caseeq(t->v[i].node->id, id)) {
            return &t->v[i];
        }
    }
    return NULL;
}

int ts_ins_after(const struct ts_ins *ins)
{
    return ins->kind == TS_INS_GROUP ? ins->end + 1 : ins->index + 1;
}
