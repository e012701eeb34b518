/* files.c - the files that are told of.
 *
 * A list of paths, written with one separator and compared without regard to case.  What
 * a path stands in is a folder by that alone. */
#include "scenario/scenario_internal.h"

#include "platform/fs.h"

#include <stdlib.h>
#include <string.h>

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

/* One separator, none at the end; a relative path stands beside the sequence. */
static char *normal(const struct scn_play *p, const char *path)
{
    bool full = is_separator(path[0]) || (path[0] && path[1] == ':');
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
        if (!is_separator(*c)) {
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
static bool is_below(const char *path, const char *folder, const char **rest)
{
    size_t n = strlen(folder);

    if (n == 1 && folder[0] == '\\') {
        n = 0;
    }
    *rest = path + n + 1;
    return strlen(path) > n + 1 && is_separator(path[n]) &&
           ts_str_caseeq((ts_str){path, n}, (ts_str){folder, n});
}

bool scn_files_told(const struct scn_play *p)
{
    return p->s->files || p->s->folders;
}

static struct scn_file *find(const struct scn_play *p, const char *normalised)
{
    for (size_t i = 0; i < p->file_count; i++) {
        if (ts_caseeq(p->files[i].path, normalised)) {
            return &p->files[i];
        }
    }
    return NULL;
}

static bool is_folder(const struct scn_play *p, const char *normalised)
{
    const struct scn_file *f = find(p, normalised);
    const char *rest;

    for (size_t i = 0; !f && i < p->file_count; i++) {
        if (is_below(p->files[i].path, normalised, &rest)) {
            return true;
        }
    }
    return f && !f->text;
}

const struct scn_file *scn_file_find(const struct scn_play *p, const char *path)
{
    char *n = normal(p, path);
    const struct scn_file *f = find(p, n);

    ts_free(n);
    return f;
}

bool scn_folder_exists(const struct scn_play *p, const char *path)
{
    char *n = normal(p, path);
    bool there = is_folder(p, n);

    ts_free(n);
    return there;
}

/* text.p NULL: a folder. */
static void put(struct scn_play *p, const char *normalised, ts_str text)
{
    struct scn_file *f = find(p, normalised);

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

static void drop(struct scn_play *p, size_t i)
{
    ts_free(p->files[i].path);
    ts_free(p->files[i].text);
    p->files[i] = p->files[--p->file_count];
}

void scn_files_begin(struct scn_play *p)
{
    for (const struct ts_value *m = p->s->files ? p->s->files->first : NULL; m;
         m = m->next) {
        char *n = normal(p, m->key.p);
        put(p, n, m->str);
        ts_free(n);
    }
    for (const struct ts_value *m = p->s->folders ? p->s->folders->first : NULL; m;
         m = m->next) {
        char *n = normal(p, m->str.p);
        put(p, n, (ts_str){NULL, 0});
        ts_free(n);
    }
}

void scn_files_free(struct scn_play *p)
{
    while (p->file_count) {
        drop(p, p->file_count - 1);
    }
    ts_free(p->files);
    while (p->kept_count) {
        ts_free(p->kept[--p->kept_count]);
    }
    ts_free(p->kept);
}

/* ---- looking -------------------------------------------------------------------------
 */

static enum ts_code absent(const char *path, struct ts_err *err)
{
    return ts_fail(err, TS_ENOTFOUND, "cannot find %s: no such file or folder", path);
}

static enum ts_code fs_stat(struct scn_play *p, const char *path, struct ts_arena *a,
                            const struct ts_value **out, struct ts_err *err)
{
    const struct scn_file *f = scn_file_find(p, path);
    struct ts_value *v = ts_value_new(a, TS_OBJECT);

    if (!f && !scn_folder_exists(p, path)) {
        return absent(path, err);
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
        return absent(path, err);
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
    char *folder = normal(p, path);
    struct ts_value **v = ts_alloc_array(p->file_count + 1, sizeof(struct ts_value *));
    struct ts_value *list = ts_value_new(a, TS_ARRAY);
    enum ts_code rc = is_folder(p, folder) ? TS_OK : absent(path, err);
    size_t n = 0;

    for (size_t i = 0; rc == TS_OK && i < p->file_count; i++) {
        const char *rest;
        bool known = false;
        if (!is_below(p->files[i].path, folder, &rest)) {
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

/* ---- changing ------------------------------------------------------------------------
 */

static enum ts_code fs_write(struct scn_play *p, const char *path, ts_str text,
                             bool append, struct ts_err *err)
{
    char *n = normal(p, path);
    const struct scn_file *f = find(p, n);
    enum ts_code rc = TS_OK;
    struct ts_buf all = {0};

    if (is_folder(p, n)) {
        rc = ts_fail(err, TS_EEXIST, "cannot write %s: it is a folder", path);
    } else {
        if (append && f) {
            ts_buf_add(&all, f->text, f->n);
        }
        ts_buf_str(&all, text);
        put(p, n, (ts_str){ts_buf_text(&all), all.n});
    }
    ts_buf_free(&all);
    ts_free(n);
    return rc;
}

static enum ts_code fs_mkdir(struct scn_play *p, const char *path, struct ts_err *err)
{
    char *n = normal(p, path);
    const struct scn_file *f = find(p, n);
    enum ts_code rc = TS_OK;

    if (f && f->text) {
        rc = ts_fail(err, TS_EEXIST, "cannot make the folder %s: it is a file", path);
    } else {
        put(p, n, (ts_str){NULL, 0});
    }
    ts_free(n);
    return rc;
}

struct copied {
    int64_t files, bytes;
};

static enum ts_code copy_one(struct scn_play *p, const char *to, const struct scn_file *f,
                             bool overwrite, struct copied *done, struct ts_err *err)
{
    if (!overwrite && find(p, to)) {
        return ts_fail(err, TS_EEXIST, "%s exists already", to);
    }
    char *text = ts_str_dup((ts_str){f->text, f->n}); /* put may move the list */
    size_t n = f->n;
    put(p, to, (ts_str){text, n});
    ts_free(text);
    done->files++;
    done->bytes += (int64_t)n;
    return TS_OK;
}

static bool flag(const struct ts_value *v, const char *key)
{
    const struct ts_value *m = ts_value_get(v, key);

    return m && m->kind == TS_BOOL && m->boolean;
}

/* What is below `from`, or like its last part, into the folder `to`. */
static enum ts_code copy_many(struct scn_play *p, const char *from, const char *to,
                              const struct ts_value *spec, struct copied *done,
                              struct ts_err *err)
{
    bool recurse = flag(spec, "recurse"), pattern = strpbrk(from, "*?") != NULL;
    size_t last = strlen(from), count = p->file_count;
    enum ts_code rc = TS_OK;

    while (pattern && last > 0 && from[last - 1] != '\\') {
        last--;
    }
    char *folder = ts_str_dup((ts_str){from, pattern && last ? last - 1 : last});
    put(p, to, (ts_str){NULL, 0});
    for (size_t i = 0; rc == TS_OK && i < count; i++) {
        const char *rest;
        if (!is_below(p->files[i].path, folder, &rest)) {
            continue;
        }
        size_t len = strcspn(rest, "\\");
        if ((pattern && !ts_str_like((ts_str){rest, len}, ts_str_of(from + last))) ||
            (!recurse && rest[len])) {
            continue;
        }
        char *target = ts_format("%s\\%s", to, rest);
        if (p->files[i].text) {
            rc = copy_one(p, target, &p->files[i], flag(spec, "overwrite"), done, err);
        } else if (recurse) {
            put(p, target, (ts_str){NULL, 0});
        }
        ts_free(target);
    }
    ts_free(folder);
    return rc;
}

static enum ts_code copy_file(struct scn_play *p, const struct scn_file *f,
                              const char *given, const char *to,
                              const struct ts_value *spec, struct copied *done,
                              struct ts_err *err)
{
    size_t n = strlen(given);
    const char *base = strrchr(f->path, '\\');
    bool into = is_folder(p, to) || (n && is_separator(given[n - 1]));
    char *target =
        into ? ts_format("%s\\%s", to, base ? base + 1 : f->path) : ts_strdup(to);
    enum ts_code rc = copy_one(p, target, f, flag(spec, "overwrite"), done, err);

    ts_free(target);
    return rc;
}

static enum ts_code fs_copy(struct scn_play *p, const struct ts_value *spec,
                            struct ts_arena *a, const struct ts_value **out,
                            struct ts_err *err)
{
    const char *from_text = ts_value_text(spec, "from"),
               *to_text = ts_value_text(spec, "to");
    struct copied done = {0, 0};
    enum ts_code rc = TS_OK;

    if (!from_text || !to_text) {
        return ts_fail(err, TS_EINPUT, "fs.copy needs from and to");
    }
    char *from = normal(p, from_text), *to = normal(p, to_text);
    const struct scn_file *f = find(p, from);
    if (f && f->text) {
        rc = copy_file(p, f, to_text, to, spec, &done, err);
    } else if (strpbrk(from, "*?") || is_folder(p, from)) {
        rc = copy_many(p, from, to, spec, &done, err);
    } else {
        rc = absent(from_text, err);
    }
    struct ts_value *v = ts_value_new(a, TS_OBJECT);
    ts_value_set(a, v, TS_S("files"), ts_value_int(a, done.files));
    ts_value_set(a, v, TS_S("bytes"), ts_value_int(a, done.bytes));
    scn_answer_one(a, out, v);
    ts_free(from);
    ts_free(to);
    return rc;
}

/* Is it a protected folder, in one, or does it hold one? */
static const char *protecting(const struct scn_play *p, const char *path)
{
    for (size_t i = 0; i < p->kept_count; i++) {
        char *kept = normal(p, p->kept[i]);
        const char *rest;
        bool hit = ts_caseeq(kept, path) || is_below(kept, path, &rest) ||
                   is_below(path, kept, &rest);
        ts_free(kept);
        if (hit) {
            return p->kept[i];
        }
    }
    return NULL;
}

static bool goes(const char *path, const char *what, bool recurse)
{
    const char *rest;
    size_t last = strlen(what);

    if (ts_caseeq(path, what) || (recurse && is_below(path, what, &rest))) {
        return true;
    }
    while (last > 0 && what[last - 1] != '\\') {
        last--;
    }
    if (!strpbrk(what, "*?") || last == 0) {
        return false;
    }
    char *folder = ts_str_dup((ts_str){what, last - 1});
    bool hit = is_below(path, folder, &rest);
    size_t len = hit ? strcspn(rest, "\\") : 0;
    hit = hit && ts_str_like((ts_str){rest, len}, ts_str_of(what + last)) &&
          (recurse || !rest[len]);
    ts_free(folder);
    return hit;
}

/* The folder that the last file went from is still there. */
static void keep_folder(struct scn_play *p, char *what)
{
    char *slash = strrchr(what, '\\');

    if (slash && slash > what) {
        *slash = '\0';
        put(p, what, (ts_str){NULL, 0});
    }
}

static enum ts_code fs_delete(struct scn_play *p, const char *path, bool recurse,
                              struct ts_arena *a, const struct ts_value **out,
                              struct ts_err *err)
{
    char *what = normal(p, path);
    const char *kept = protecting(p, what);
    int64_t n = 0;
    enum ts_code rc = TS_OK;

    if (kept) {
        rc = ts_fail(err, TS_EREFUSED, "%s is kept: %s is protected", path, kept);
    } else if (!recurse && is_folder(p, what)) {
        for (size_t i = 0; rc == TS_OK && i < p->file_count; i++) {
            const char *rest;
            if (is_below(p->files[i].path, what, &rest)) {
                rc = ts_fail(err, TS_EEXIST,
                             "the folder %s is not empty, and deleting what is in it was "
                             "not asked for",
                             path);
            }
        }
    }
    for (size_t i = p->file_count; rc == TS_OK && i > 0; i--) {
        if (goes(p->files[i - 1].path, what, recurse)) {
            n += p->files[i - 1].text != NULL;
            drop(p, i - 1);
        }
    }
    if (n) {
        keep_folder(p, what);
    }
    scn_answer_one(a, out, ts_value_int(a, n));
    ts_free(what);
    return rc;
}

/* ---- by name -------------------------------------------------------------------------
 */

static enum ts_code change(struct scn_play *p, const char *name, const char *path,
                           const struct ts_value *args, struct ts_arena *a,
                           const struct ts_value **out, struct ts_err *err)
{
    const struct ts_value *second = args->first ? args->first->next : NULL;
    ts_str text = second && second->kind == TS_STRING ? second->str : TS_S("");

    scn_answer_one(a, out, ts_value_bool(a, true));
    if (strcmp(name, "write") == 0 || strcmp(name, "append") == 0) {
        return fs_write(p, path, text, name[0] == 'a', err);
    }
    if (strcmp(name, "mkdir") == 0) {
        return fs_mkdir(p, path, err);
    }
    if (strcmp(name, "copy") == 0) {
        return fs_copy(p, args->first, a, out, err);
    }
    if (strcmp(name, "delete") == 0) {
        return fs_delete(p, path, second && flag(second, "recurse"), a, out, err);
    }
    return ts_fail(err, TS_EUNSUPPORTED, "fs.%s is not played", name);
}

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
        return change(p, name, path, args, a, out, err);
    }
    return TS_OK;
}
