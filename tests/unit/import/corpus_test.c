/* corpus_test.c - real sequences, read where they are beside the project.  A clone that
 * has none reports these tests as skipped. */
#include "import.h"

#include "engine/engine.h"
#include "platform/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    char *name;
    int mapped, partly, command, unsupported;
};

struct table {
    struct tally *rows;
    size_t n;
};

static struct tally *row(struct table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->rows[i].name, name) == 0) {
            return &t->rows[i];
        }
    }
    t->rows = ts_realloc_array(t->rows, t->n + 1, sizeof *t->rows);
    t->rows[t->n] = (struct tally){.name = ts_strdup(name)};
    return &t->rows[t->n++];
}

static void count_steps(struct table *t, const struct ts_sequence *s)
{
    for (const struct ts_node *n = ts_node_next(s->root, s->root); n;
         n = ts_node_next(s->root, n)) {
        const char *type = n->xml ? ts_value_text(n->xml, "type") : NULL;
        const char *reason = n->xml ? ts_value_text(n->xml, "reason") : NULL;
        if (n->is_group) {
            continue;
        }
        /* the type that a step of ours usually has there is not kept */
        struct tally *r = row(t, type ? (*type ? type : "(no type)") : n->type);
        if (strcmp(n->type, "Unsupported") == 0) {
            r->unsupported++;
        } else if (!reason) {
            r->mapped++;
        } else if (strcmp(n->type, "RunCommandLine") == 0) {
            r->command++;
        } else {
            r->partly++;
        }
    }
}

static int by_count(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    int m = x->mapped + x->partly + x->command + x->unsupported;
    int n = y->mapped + y->partly + y->command + y->unsupported;

    return m != n ? n - m : strcmp(x->name, y->name);
}

static void print_table(struct table *t)
{
    struct tally sum = {0};

    qsort(t->rows, t->n, sizeof *t->rows, by_count);
    printf("%-50s %7s %7s %7s %11s\n", "step type", "mapped", "partly", "command",
           "unsupported");
    for (size_t i = 0; i < t->n; i++) {
        const struct tally *r = &t->rows[i];
        printf("%-50s %7d %7d %7d %11d\n", r->name, r->mapped, r->partly, r->command,
               r->unsupported);
        sum.mapped += r->mapped;
        sum.partly += r->partly;
        sum.command += r->command;
        sum.unsupported += r->unsupported;
        ts_free(r->name);
    }
    printf("%-50s %7d %7d %7d %11d\n", "all", sum.mapped, sum.partly, sum.command,
           sum.unsupported);
    ts_free(t->rows);
}

static double ms_since(int64_t from_ns)
{
    return (double)(ts_mono_ns() - from_ns) / 1e6;
}

static void ignore(void *ctx, const struct ts_finding *f)
{
    (void)ctx;
    (void)f;
}

/* Loading and checking; the time it took. */
static double import_file(struct table *t, const char *path)
{
    struct ts_sequence *s = NULL;
    struct ts_err err = {0};
    int64_t began = ts_mono_ns();
    enum ts_code rc = ts_sequence_load(&s, path, library(), &err);

    cr_expect_eq(rc, TS_OK, "%s", err.text);
    if (rc != TS_OK) {
        return 0;
    }
    ts_check(s, library(), ignore, NULL);
    double took = ms_since(began);
    cr_expect(s->configmgr);
    count_steps(t, s);
    ts_sequence_free(s);
    return took;
}

Test(corpus, every_sequence_is_imported, .timeout = 120)
{
    static const char *const folders[] = {"mdt", "configmgr"};
    struct table t = {0};
    double all = 0, most = 0;
    size_t used = 0;

    library();
    for (size_t f = 0; f < 2; f++) {
        size_t n;
        char **files = corpus_files(folders[f], &n);
        for (size_t i = 0; i < n; i++) {
            double took = import_file(&t, files[i]);
            all += took;
            most = took > most ? took : most;
        }
        used += n;
        free_files(files, n);
    }
    if (used == 0) {
        cr_skip("there is no ../shared/corpus beside the project");
    }
    print_table(&t);
    printf("corpus: %zu sequences imported and checked in %.0f ms, the slowest %.1f ms\n",
           used, all, most);
    cr_expect_geq(used, 122);
}

/* The sequence without what stands around it: its name, and the package it came in. */
static char *hash_of_steps(const char *path)
{
    struct ts_sequence *s;
    struct ts_err err = {0};
    char *hash = ts_alloc(65);

    cr_assert_eq(ts_sequence_load(&s, path, library(), &err), TS_OK, "%s", err.text);
    s->name = "same";
    s->description = NULL;
    s->xml = NULL;
    ts_sequence_hash(hash, s);
    ts_sequence_free(s);
    return hash;
}

static char *corpus_file(const char *part)
{
    size_t n;
    char **files = corpus_files("configmgr", &n), *found = NULL;

    for (size_t i = 0; i < n; i++) {
        if (!found && strstr(files[i], part)) {
            found = ts_strdup(files[i]);
        }
    }
    free_files(files, n);
    return found;
}

/* The corpus has one export twice: as the object and as the sequence taken out of it. */
Test(corpus, two_forms_of_one_export_are_one_model, .timeout = 60)
{
    char *object = corpus_file("RSC002A6__object.xml");
    char *extracted = corpus_file("RSC002A6__extracted.xml");

    if (!object) {
        cr_skip("there is no ../shared/corpus beside the project");
    }
    cr_assert_not_null(extracted);
    char *a = hash_of_steps(object), *b = hash_of_steps(extracted);
    cr_expect_str_eq(a, b);
    ts_free(a);
    ts_free(b);
    ts_free(object);
    ts_free(extracted);
}
