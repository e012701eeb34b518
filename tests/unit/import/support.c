#include "import.h"

#include "script/script.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct ts_registry *library(void)
{
    static struct ts_registry registry;
    static struct ts_script *script;
    struct ts_err err;

    if (!script) {
        cr_assert_eq(ts_script_new(&script, NULL, &err), TS_OK, "%s", err.text);
        cr_assert_eq(ts_script_load_library(script, &registry, &err), TS_OK, "%s",
                     err.text);
    }
    return &registry;
}

struct ts_sequence *import_text(const char *xml, struct ts_err *err)
{
    struct ts_sequence *s;

    if (ts_sequence_parse(&s, ts_str_of(xml), "xml", "t.xml", "/tmp", library(), err) !=
        TS_OK) {
        return NULL;
    }
    return s;
}

struct ts_sequence *import_steps(const char *content)
{
    char *xml = ts_format("<sequence version=\"3.10\">%s</sequence>", content);
    struct ts_err err = {0};
    struct ts_sequence *s = import_text(xml, &err);

    cr_assert(s, "%s\n%s", err.text, content);
    ts_free(xml);
    return s;
}

const struct ts_node *node_of(const struct ts_sequence *s, const char *name)
{
    for (const struct ts_node *n = ts_node_next(s->root, s->root); n;
         n = ts_node_next(s->root, n)) {
        if (!name || strcmp(n->name, name) == 0) {
            return n;
        }
    }
    cr_assert_fail("there is no step %s", name ? name : "at all");
    return NULL;
}

static const char *text_of(const struct ts_value *v)
{
    static char text[64];

    if (!v) {
        return "";
    }
    if (v->kind == TS_INT) {
        snprintf(text, sizeof text, "%lld", (long long)v->integer);
        return text;
    }
    if (v->kind == TS_BOOL) {
        return v->boolean ? "true" : "false";
    }
    return v->kind == TS_STRING ? v->str.p : "?";
}

const char *prop(const struct ts_node *n, const char *name)
{
    return text_of(ts_value_get(n->params, name));
}

const char *kept(const struct ts_node *n, const char *key)
{
    return text_of(ts_value_get(n->xml, key));
}

const char *kept_in(const struct ts_node *n, const char *object, const char *key)
{
    return text_of(ts_value_get(ts_value_get(n->xml, object), key));
}

const char *condition_of(const struct ts_node *n)
{
    static struct ts_buf b;

    ts_buf_clear(&b);
    if (n->condition) {
        ts_expr_print(&b, n->condition);
    }
    return ts_buf_text(&b);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **corpus_files(const char *folder, size_t *n)
{
    char *path = ts_format("%s/../shared/corpus/%s", TASKSEQ_SOURCE_DIR, folder);
    DIR *d = opendir(path);
    char **files = NULL;

    *n = 0;
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.') {
            files = ts_realloc_array(files, *n + 1, sizeof *files);
            files[(*n)++] = ts_format("%s/%s", path, e->d_name);
        }
    }
    if (d) {
        closedir(d);
    }
    if (files) {
        qsort(files, *n, sizeof *files, by_name);
    }
    ts_free(path);
    return files;
}

void free_files(char **files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ts_free(files[i]);
    }
    ts_free(files);
}
