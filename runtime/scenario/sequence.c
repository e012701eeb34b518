/* sequence.c - sequences under test, with our `run` in front of every step type. */
#include "scenario/scenario_internal.h"

#include "parse/parse.h"
#include "platform/fs.h"

#include <string.h>

static char *folder_of(const char *path)
{
    size_t n = strlen(path);

    while (n > 0 && path[n - 1] != '/' && path[n - 1] != '\\') {
        n--;
    }
    return n ? ts_str_dup((ts_str){path, n}) : ts_strdup(".");
}

static enum ts_code load_types(struct ts_scenarios *s, struct scn_sequence *q,
                               struct ts_err *err)
{
    char *folder = folder_of(q->path), *beside = ts_path_join(folder, "steps");
    enum ts_code rc = ts_script_new(&q->script, s->stdlib_dir, err);

    if (rc == TS_OK) {
        rc = ts_script_load_library(q->script, &q->real, err);
    }
    for (size_t i = 0; rc == TS_OK && s->steps && s->steps[i]; i++) {
        rc = ts_script_load_folder(q->script, s->steps[i], &q->real, err);
    }
    if (rc == TS_OK && ts_fs_exists(beside)) {
        rc = ts_script_load_folder(q->script, beside, &q->real, err);
    }
    ts_free(beside);
    ts_free(folder);
    return rc;
}

static enum ts_code wrap_types(struct scn_sequence *q, struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    q->types = ts_alloc_array(q->real.types.n + 1, sizeof *q->types);
    for (size_t i = 0; rc == TS_OK && i < q->real.types.n; i++) {
        struct scn_type *t = &q->types[i];
        t->real = q->real.types.entries[i].value;
        t->sequence = q;
        t->type = *t->real;
        t->type.ops = &scn_step_ops;
        t->type.self = t;
        rc = ts_registry_add(&q->steps, &t->type, err);
    }
    return rc;
}

struct first_error {
    char text[1500];
};

static void note_error(void *ctx, const struct ts_finding *f)
{
    struct first_error *e = ctx;

    if (f->severity == TS_ERROR && !e->text[0]) {
        struct ts_err err;
        (void)ts_fail(&err, TS_EINPUT, "%s:%d: %.1200s [%s]",
                      f->pos.file ? f->pos.file : "", f->pos.line, f->message, f->rule);
        memcpy(e->text, err.text,
               strlen(err.text) < sizeof e->text - 1 ? strlen(err.text) + 1
                                                     : sizeof e->text - 1);
    }
}

/* A sequence with errors in it is not run, so it is not played either. */
static enum ts_code check(struct scn_sequence *q, struct ts_err *err)
{
    struct first_error e = {""};

    (void)ts_check(q->seq, &q->real, note_error, &e);
    return e.text[0] ? ts_fail(err, TS_EINPUT, "%s", e.text) : TS_OK;
}

enum ts_code scn_sequence_get(struct ts_scenarios *s, const char *path,
                              struct scn_sequence **out, struct ts_err *err)
{
    struct scn_sequence *q;
    enum ts_code rc;

    for (q = s->sequences; q; q = q->next) {
        if (strcmp(q->path, path) == 0) {
            *out = q;
            return TS_OK;
        }
    }
    q = ts_alloc(sizeof *q);
    q->path = ts_strdup(path);
    if ((rc = load_types(s, q, err)) != TS_OK ||
        (rc = ts_sequence_load(&q->seq, q->path, &q->real, err)) != TS_OK ||
        (rc = check(q, err)) != TS_OK || (rc = wrap_types(q, err)) != TS_OK) {
        scn_sequence_free(q);
        return rc;
    }
    scn_cover_begin(q);
    *s->sequences_end = q;
    s->sequences_end = &q->next;
    *out = q;
    return TS_OK;
}

void scn_sequence_free(struct scn_sequence *q)
{
    scn_cover_free(q);
    ts_sequence_free(q->seq);
    ts_registry_fini(&q->steps);
    ts_registry_fini(&q->real);
    ts_script_free(q->script);
    ts_free(q->types);
    ts_free(q->path);
    ts_free(q);
}
