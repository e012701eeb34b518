/* files.c - the files that are told of.
 *
 * A list of paths, written with one separator and compared without regard to case.  What
 * a path stands in is a folder by that alone. */
#include "scenario/scenario_internal.h"

#include "platform/fs.h"

#include <stdlib.h>
#include <string.h>

bool scn_is_separator(char c)
{
    return c == '/' || c == '\\';
}

/* One separator, none at the end; a relative path stands beside the sequence. */
char *scn_path(const struct scn_play *p, const char *path)
{
    bool full = scn_is_separator(path[0]) || (path[0] && path[1] == ':');
    const char *folder = p->sequence->seq->folder;
    struct ts_buf b = {0};

    if (!full && folder) {
        ts_buf_z(&b, folder);
        ts_buf_c(&b, '\\');
    }
    ts_buf_z(&b, path);
    char *out = ts_strdup(ts_buf_text(&b)), *to = out;
    ts_buf_free(&b);
    for (const char *c = out; *c; c++) {
        if (!scn_is_separator(*c)) {
            *to++ = *c;
        } else if (to == out || to[-1] != '\\' || to == out + 1) {
            *to++ = '\\'; /* two at the beginning are a share's */
        }
    }
    while (to > out + 1 && to[-1] == '\\') {
        to--;
    }
    *to = '\0';
    return out;
}

/* Is `path` below the folder?  *rest: the part behind it. */
bool scn_path_below(const char *path, const char *folder, const char **rest)
{
    size_t n = strlen(folder);

    if (n == 1 && folder[0] == '\\') {
        n = 0;
    }
    if (strlen(path) <= n + 1 || !scn_is_separator(path[n]) ||
        !ts_str_caseeq((ts_str){path, n}, (ts_str){folder, n})) {
        *rest = "";
        return false;
    }
    *rest = path + n + 1;
    return true;
}

bool scn_files_told(const struct scn_play *p)
{
    return p->s->files || p->s->folders;
}

struct scn_file *scn_path_find(const struct scn_play *p, const char *normalised)
{
    for (size_t i = 0; i < p->file_count; i++) {
        if (ts_caseeq(p->files[i].path, normalised)) {
            return &p->files[i];
        }
    }
    return NULL;
}

bool scn_path_is_folder(const struct scn_play *p, const char *normalised)
{
    const struct scn_file *f = scn_path_find(p, normalised);
    const char *rest;

    for (size_t i = 0; !f && i < p->file_count; i++) {
        if (scn_path_below(p->files[i].path, normalised, &rest)) {
            return true;
        }
    }
    return f && !f->text;
}

const struct scn_file *scn_file_find(const struct scn_play *p, const char *path)
{
    char *n = scn_path(p, path);
    const struct scn_file *f = scn_path_find(p, n);

    ts_free(n);
    return f;
}

bool scn_folder_exists(const struct scn_play *p, const char *path)
{
    char *n = scn_path(p, path);
    bool there = scn_path_is_folder(p, n);

    ts_free(n);
    return there;
}

/* text.p NULL: a folder. */
void scn_path_put(struct scn_play *p, const char *normalised, ts_str text)
{
    struct scn_file *f = scn_path_find(p, normalised);

    if (!f) {
        if (p->file_count == p->file_cap) {
            p->file_cap = p->file_cap ? p->file_cap * 2 : 16;
            p->files = ts_realloc_array(p->files, p->file_cap, sizeof *p->files);
        }
        f = &p->files[p->file_count++];
        *f = (struct scn_file){.path = ts_strdup(normalised)};
    }
    char *copy = text.p ? ts_str_dup(text) : NULL;
    ts_free(f->text);
    f->text = copy;
    f->n = text.n;
}

void scn_path_drop(struct scn_play *p, size_t i)
{
    ts_free(p->files[i].path);
    ts_free(p->files[i].text);
    p->files[i] = p->files[--p->file_count];
}

void scn_files_begin(struct scn_play *p)
{
    for (const struct ts_value *m = p->s->files ? p->s->files->first : NULL; m;
         m = m->next) {
        char *n = scn_path(p, m->key.p);
        scn_path_put(p, n, m->str);
        ts_free(n);
    }
    for (const struct ts_value *m = p->s->folders ? p->s->folders->first : NULL; m;
         m = m->next) {
        char *n = scn_path(p, m->str.p);
        scn_path_put(p, n, (ts_str){NULL, 0});
        ts_free(n);
    }
}

void scn_files_free(struct scn_play *p)
{
    while (p->file_count) {
        scn_path_drop(p, p->file_count - 1);
    }
    ts_free(p->files);
    while (p->kept_count) {
        ts_free(p->kept[--p->kept_count]);
    }
    ts_free(p->kept);
}

/* ---- looking -------------------------------------------------------------------------
 */

enum ts_code scn_path_absent(const char *path, struct ts_err *err)
{
    return ts_fail(err, TS_ENOTFOUND, "cannot find %s: no such file or folder", path);
}

static enum ts_code fs_stat(struct scn_play *p, const char *path, struct ts_arena *a,
                            const struct ts_value **out, struct ts_err *err)
{
    const struct scn_file *f = scn_file_find(p, path);
    struct ts_value *v = ts_value_new(a, TS_OBJECT);

    if (!f && !scn_folder_exists(p, path)) {
        return scn_path_absent(path, err);
    }
    bool file = f && f->text;
    ts_value_set(a, v, TS_S("type"),
                 ts_value_string(a, file ? TS_S("file") : TS_S("folder")));
    ts_value_set(a, v, TS_S("size"), ts_value_int(a, file ? (int64_t)f->n : 0));
    ts_value_set(a, v, TS_S("links"), ts_value_int(a, 1));
    ts_value_set(a, v, TS_S("modified"), ts_value_int(a, 0));
    scn_answer_one(a, out, v);
    return TS_OK;
}

static enum ts_code fs_read(struct scn_play *p, const char *path, struct ts_arena *a,
                            const struct ts_value **out, struct ts_err *err)
{
    const struct scn_file *f = scn_file_find(p, path);

    if (!f || !f->text) {
        return scn_path_absent(path, err);
    }
    scn_answer_one(a, out, ts_value_string(a, (ts_str){f->text, f->n}));
    return TS_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct ts_value *x = *(const struct ts_value *const *)a;
    const struct ts_value *y = *(const struct ts_value *const *)b;

    return ts_str_casecmp(x->first->str, y->first->str);
}

/* { name, type } of what stands directly in the folder, each once, sorted. */
static enum ts_code fs_list(struct scn_play *p, const char *path, struct ts_arena *a,
                            const struct ts_value **out, struct ts_err *err)
{
    char *folder = scn_path(p, path);
    struct ts_value **v = ts_alloc_array(p->file_count + 1, sizeof(struct ts_value *));
    struct ts_value *list = ts_value_new(a, TS_ARRAY);
    enum ts_code rc = scn_path_is_folder(p, folder) ? TS_OK : scn_path_absent(path, err);
    size_t n = 0;

    for (size_t i = 0; rc == TS_OK && i < p->file_count; i++) {
        const char *rest;
        bool known = false;
        if (!scn_path_below(p->files[i].path, folder, &rest)) {
            continue;
        }
        size_t len = strcspn(rest, "\\");
        for (size_t k = 0; k < n && !known; k++) {
            known = ts_str_caseeq(v[k]->first->str, (ts_str){rest, len});
        }
        if (!known) {
            bool file = !rest[len] && p->files[i].text;
            v[n] = ts_value_new(a, TS_OBJECT);
            ts_value_set(a, v[n], TS_S("name"), ts_value_string(a, (ts_str){rest, len}));
            ts_value_set(a, v[n++], TS_S("type"),
                         ts_value_string(a, file ? TS_S("file") : TS_S("folder")));
        }
    }
    if (n) {
        qsort(v, n, sizeof *v, by_name);
    }
    for (size_t i = 0; i < n; i++) {
        ts_value_push(list, v[i]);
    }
    scn_answer_one(a, out, list);
    ts_free(v);
    ts_free(folder);
    return rc;
}

/* ---- by name -------------------------------------------------------------------------
 */

enum ts_code scn_files_effect(struct scn_play *p, const char *name,
                              const struct ts_value *args, struct ts_arena *a,
                              const struct ts_value **out, struct ts_err *err)
{
    const struct ts_value *first = args->first;
    const char *path = first && first->kind == TS_STRING ? first->str.p : "";

    if (!first || (!path[0] && first->kind != TS_OBJECT)) {
        return ts_fail(err, TS_EINPUT, "fs.%s needs a path", name);
    }
    const struct scn_file *f = scn_file_find(p, path);
    bool file = f && f->text, folder = scn_folder_exists(p, path);
    if (strcmp(name, "exists") == 0) {
        scn_answer_one(a, out, ts_value_bool(a, file || folder));
    } else if (strcmp(name, "is_file") == 0) {
        scn_answer_one(a, out, ts_value_bool(a, file));
    } else if (strcmp(name, "is_folder") == 0) {
        scn_answer_one(a, out, ts_value_bool(a, folder));
    } else if (strcmp(name, "stat") == 0) {
        return fs_stat(p, path, a, out, err);
    } else if (strcmp(name, "read") == 0) {
        return fs_read(p, path, a, out, err);
    } else if (strcmp(name, "list") == 0) {
        return fs_list(p, path, a, out, err);
    } else {
        return scn_files_change(p, name, path, args, a, out, err);
    }
    return TS_OK;
}
