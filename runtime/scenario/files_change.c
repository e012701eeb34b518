/* files_change.c - what steps do to the files that are told of. */
#include "scenario/scenario_internal.h"

#include <string.h>

static enum ts_code fs_write(struct scn_play *p, const char *path, ts_str text,
                             bool append, struct ts_err *err)
{
    char *n = scn_path(p, path);
    const struct scn_file *f = scn_path_find(p, n);
    enum ts_code rc = TS_OK;
    struct ts_buf all = {0};

    if (scn_path_is_folder(p, n)) {
        rc = ts_fail(err, TS_EEXIST, "cannot write %s: it is a folder", path);
    } else {
        if (append && f) {
            ts_buf_add(&all, f->text, f->n);
        }
        ts_buf_str(&all, text);
        scn_path_put(p, n, (ts_str){ts_buf_text(&all), all.n});
    }
    ts_buf_free(&all);
    ts_free(n);
    return rc;
}

static enum ts_code fs_mkdir(struct scn_play *p, const char *path, struct ts_err *err)
{
    char *n = scn_path(p, path);
    const struct scn_file *f = scn_path_find(p, n);
    enum ts_code rc = TS_OK;

    if (f && f->text) {
        rc = ts_fail(err, TS_EEXIST, "cannot make the folder %s: it is a file", path);
    } else {
        scn_path_put(p, n, (ts_str){NULL, 0});
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
    if (!overwrite && scn_path_find(p, to)) {
        return ts_fail(err, TS_EEXIST, "%s exists already", to);
    }
    char *text = ts_str_dup((ts_str){f->text, f->n}); /* put may move the list */
    size_t n = f->n;
    scn_path_put(p, to, (ts_str){text, n});
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
    scn_path_put(p, to, (ts_str){NULL, 0});
    for (size_t i = 0; rc == TS_OK && i < count; i++) {
        const char *rest;
        if (!scn_path_below(p->files[i].path, folder, &rest)) {
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
            scn_path_put(p, target, (ts_str){NULL, 0});
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
    bool into = scn_path_is_folder(p, to) || (n && scn_is_separator(given[n - 1]));
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
    char *from = scn_path(p, from_text), *to = scn_path(p, to_text);
    const struct scn_file *f = scn_path_find(p, from);
    if (f && f->text) {
        rc = copy_file(p, f, to_text, to, spec, &done, err);
    } else if (strpbrk(from, "*?") || scn_path_is_folder(p, from)) {
        rc = copy_many(p, from, to, spec, &done, err);
    } else {
        rc = scn_path_absent(from_text, err);
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
        char *kept = scn_path(p, p->kept[i]);
        const char *rest;
        bool hit = ts_caseeq(kept, path) || scn_path_below(kept, path, &rest) ||
                   scn_path_below(path, kept, &rest);
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

    if (ts_caseeq(path, what) || (recurse && scn_path_below(path, what, &rest))) {
        return true;
    }
    while (last > 0 && what[last - 1] != '\\') {
        last--;
    }
    if (!strpbrk(what, "*?") || last == 0) {
        return false;
    }
    char *folder = ts_str_dup((ts_str){what, last - 1});
    bool hit = scn_path_below(path, folder, &rest);
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
        scn_path_put(p, what, (ts_str){NULL, 0});
    }
}

static enum ts_code fs_delete(struct scn_play *p, const char *path, bool recurse,
                              struct ts_arena *a, const struct ts_value **out,
                              struct ts_err *err)
{
    char *what = scn_path(p, path);
    const char *kept = protecting(p, what);
    int64_t n = 0;
    enum ts_code rc = TS_OK;

    if (kept) {
        rc = ts_fail(err, TS_EREFUSED, "%s is kept: %s is protected", path, kept);
    } else if (!recurse && scn_path_is_folder(p, what)) {
        for (size_t i = 0; rc == TS_OK && i < p->file_count; i++) {
            const char *rest;
            if (scn_path_below(p->files[i].path, what, &rest)) {
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
            scn_path_drop(p, i - 1);
        }
    }
    if (n) {
        keep_folder(p, what);
    }
    scn_answer_one(a, out, ts_value_int(a, n));
    ts_free(what);
    return rc;
}

enum ts_code scn_files_change(struct scn_play *p, const char *name, const char *path,
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
