/* build.c - a document becomes a sequence. */
#include "parse/build.h"

#include <stdlib.h>
#include <string.h>

/* A file without a name for the sequence gives its own. */
static const char *name_of_file(struct build *b)
{
    const char *name = b->source->name, *p;
    size_t n;

    for (p = name; *p; p++) {
        if (*p == '/' || *p == '\\') {
            name = p + 1;
        }
    }
    const char *dot = strrchr(name, '.');
    n = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    return n ? ts_arena_str(b->arena, (ts_str){name, n}) : "sequence";
}

static void *keep_array(struct ts_arena *a, const void *p, size_t n, size_t size)
{
    return n ? memcpy(ts_arena_alloc(a, n * size), p, n * size) : NULL;
}

static int by_key(const void *a, const void *b)
{
    const struct ts_value *x = *(const struct ts_value *const *)a;
    const struct ts_value *y = *(const struct ts_value *const *)b;

    return strcmp(x->key.p, y->key.p);
}

/* Lua gives variables in no order, so that they are set in one that no form decides. */
static void sort_variables(struct ts_value *object)
{
    struct ts_value **all = ts_alloc_array(object->count + 1, sizeof *all);
    size_t n = 0;

    for (struct ts_value *v = object->first; v; v = v->next) {
        all[n++] = v;
    }
    qsort(all, n, sizeof *all, by_key);
    object->first = object->last = NULL;
    object->count = 0;
    for (size_t i = 0; i < n; i++) {
        ts_value_push(object, all[i]);
    }
    ts_free(all);
}

static enum ts_code build(struct build *b, struct ts_value *v)
{
    struct ts_sequence *seq = b->seq;
    struct place root = {.v = v};
    enum ts_code rc;

    seq->variables = ts_value_new(b->arena, TS_OBJECT);
    seq->root = ts_arena_alloc(b->arena, sizeof *seq->root);
    seq->root->is_group = true;
    seq->root->retry.attempts = 1;
    struct ts_node **end = &seq->root->first;
    if ((rc = build_header(b, &root, false)) != TS_OK ||
        (rc = build_document(b, &root, seq->root, false, &end)) != TS_OK) {
        return rc;
    }
    id_make_all(b);
    sort_variables((struct ts_value *)(uintptr_t)seq->variables);
    if (!seq->name) {
        seq->name = name_of_file(b);
    }
    seq->inputs =
        keep_array(b->arena, b->input_list, seq->input_count, sizeof *seq->inputs);
    seq->packages =
        keep_array(b->arena, b->package_list, seq->package_count, sizeof *seq->packages);
    if (!b->restored) {
        seq->file = ts_arena_strz(b->arena, b->source->name);
        seq->folder = ts_arena_strz(b->arena, b->source->folder);
    }
    return TS_OK;
}

enum ts_code build_sequence(struct ts_sequence **out, struct ts_arena *a,
                            struct ts_value *v, const struct source *s,
                            const struct ts_registry *steps, struct loader *loader,
                            bool restored, struct ts_err *err)
{
    struct ts_sequence *seq = ts_alloc(sizeof *seq);
    struct build b = {.seq = seq,
                      .arena = &seq->arena,
                      .steps = steps,
                      .source = s,
                      .restored = restored,
                      .loader = loader,
                      .err = err};

    seq->arena = *a;
    *a = (struct ts_arena){0};
    enum ts_code rc = build(&b, v);
    ts_map_fini(&b.ids, NULL);
    ts_map_fini(&b.variables, NULL);
    ts_map_fini(&b.inputs, NULL);
    ts_map_fini(&b.packages, NULL);
    ts_free(b.input_list);
    ts_free(b.package_list);
    if (rc != TS_OK) {
        ts_sequence_free(seq);
        seq = NULL;
    }
    *out = seq;
    return rc;
}
