/* place.c - paths and volumes, part files, and the chunk folders of a store. */
#include "migrate/store.h"

#include <stdio.h>
#include <string.h>

#include "base/value.h"

char *mig_path_now(const char *path, const char *volume)
{
    const struct ts_drive *d;

    if (!ts_path_has_letter(ts_str_of(path)))
        return ts_strdup(path);
    d = ts_drives_find(path[0]);
    if (d && (!volume[0] || strcmp(d->volume, volume) == 0))
        return ts_strdup(path);
    if (!volume[0] || !(d = ts_drives_by_volume(volume)))
        return NULL;
    return ts_format("%c%s", d->letter, path + 1);
}

void mig_volume_of_path(const char *path, struct ts_dir *dir, char out[80])
{
    struct ts_volume v;
    const struct ts_drive *d = NULL;

    out[0] = 0;
    if (ts_path_has_letter(ts_str_of(path)) && (d = ts_drives_find(path[0])) != NULL)
        snprintf(out, 80, "%s", d->volume);
    else if (ts_volume_of(dir, &v, NULL) == TS_OK)
        snprintf(out, 80, "%s", v.stable);
}

static bool is_sep(char c, bool letter)
{
    return c == '/' || (letter && c == '\\');
}

char *mig_path_add(const char *dir, const char *name)
{
    bool letter = ts_path_has_letter(ts_str_of(dir));
    size_t n = strlen(dir);

    if (n && is_sep(dir[n - 1], letter))
        return ts_format("%s%s", dir, name);
    return ts_format("%s%c%s", dir, letter ? '\\' : '/', name);
}

const char *mig_path_name(const char *path)
{
    bool letter = ts_path_has_letter(ts_str_of(path));
    const char *name = path;

    for (const char *p = path; *p; p++) {
        if (is_sep(*p, letter) && p[1])
            name = p + 1;
    }
    return name;
}

/* ---- part.json --------------------------------------------------------------------- */

void mig_part_file_fini(struct mig_part_file *f)
{
    ts_free(f->store);
    ts_free(f->main);
    ts_free(f->main_volume);
    memset(f, 0, sizeof *f);
}

enum ts_code mig_part_read(struct ts_dir *dir, struct mig_part_file *out, bool *found,
                           struct ts_err *err)
{
    struct ts_file *f = NULL;
    struct ts_arena a = {0};
    struct ts_value *v = NULL;
    struct ts_stat st;
    char text[4096];
    size_t n = 0, got = 0;
    enum ts_code rc;

    *found = false;
    memset(out, 0, sizeof *out);
    if (ts_stat_at(dir, MIG_PART, &st, NULL) != TS_OK || st.type != TS_F_FILE ||
        st.size >= sizeof text)
        return TS_OK;
    if ((rc = ts_file_open_at(&f, dir, MIG_PART, TS_O_READ, 0, err)) != TS_OK)
        return rc;
    do {
        rc = ts_file_get(f, text + n, sizeof text - n, &got, err);
        n += got;
    } while (rc == TS_OK && got > 0 && n < sizeof text);
    ts_file_close(f);
    if (rc == TS_OK &&
        ts_json_parse(&v, &a, (ts_str){text, n}, MIG_PART, NULL) == TS_OK &&
        v->kind == TS_OBJECT && ts_value_get(v, "taskseqStorePart") &&
        ts_value_text(v, "store") && ts_value_text(v, "main")) {
        const char *volume = ts_value_text(v, "mainVolume");
        out->store = ts_strdup(ts_value_text(v, "store"));
        out->main = ts_strdup(ts_value_text(v, "main"));
        out->main_volume = ts_strdup(volume ? volume : "");
        *found = true;
    }
    ts_arena_fini(&a);
    return rc;
}

/* ---- chunk folders ----------------------------------------------------------------- */

enum ts_code mig_slot(struct mig_slots *s, int part, int64_t id, bool create,
                      struct ts_dir **dir, char name[17], struct ts_err *err)
{
    int64_t chunk = id / MIG_CHUNK;
    struct ts_dir *data;
    char hex[17];
    enum ts_code rc;

    if (part < 0 || part >= s->store->nparts)
        return ts_fail(err, TS_EDAMAGED,
                       "object %lld of the store %s is in no part of it", (long long)id,
                       s->store->path);
    snprintf(name, 17, "%llx", (unsigned long long)id);
    if (s->dir[part] && s->chunk[part] == chunk) {
        *dir = s->dir[part];
        return TS_OK;
    }
    ts_dir_close(s->dir[part]);
    s->dir[part] = NULL;
    data = s->store->parts[part].data;
    snprintf(hex, sizeof hex, "%llx", (unsigned long long)chunk);
    if (create) {
        rc = ts_mkdir_at(data, hex, 0700, err);
        if (rc != TS_OK && rc != TS_EEXIST)
            return rc;
    }
    if ((rc = ts_dir_open_at(&s->dir[part], data, hex, err)) != TS_OK)
        return rc;
    s->chunk[part] = chunk;
    *dir = s->dir[part];
    return TS_OK;
}

void mig_slots_close(struct mig_slots *s)
{
    for (int i = 0; i < MIG_PARTS_MAX; i++) {
        ts_dir_close(s->dir[i]);
        s->dir[i] = NULL;
    }
}
