/* find.c - stores on a volume, found by looking. */
#include "migrate/find.h"

#include <string.h>

/* The first 100 bytes of an SQLite file: its magic, and at 68 whose it is. */
static bool is_catalog(struct ts_dir *d)
{
    static const unsigned char id[4] = {
        MIG_APPLICATION_ID >> 24, MIG_APPLICATION_ID >> 16 & 0xff,
        MIG_APPLICATION_ID >> 8 & 0xff, MIG_APPLICATION_ID & 0xff};
    struct ts_file *f = NULL;
    struct ts_stat st;
    char head[100];
    size_t got = 0;
    bool ours = false;

    if (ts_stat_at(d, MIG_CATALOG, &st, NULL) != TS_OK || st.type != TS_F_FILE ||
        ts_file_open_at(&f, d, MIG_CATALOG, TS_O_READ, 0, NULL) != TS_OK)
        return false;
    if (ts_file_get(f, head, sizeof head, &got, NULL) == TS_OK && got == sizeof head)
        ours = memcmp(head, "SQLite format 3", 16) == 0 && memcmp(head + 68, id, 4) == 0;
    ts_file_close(f);
    return ours;
}

bool mig_is_store(struct ts_dir *d)
{
    struct mig_part_file f = {0};
    struct ts_stat st;
    bool found = false;

    if (ts_stat_at(d, MIG_DATA, &st, NULL) != TS_OK || st.type != TS_F_DIR)
        return false;
    if (is_catalog(d))
        return true;
    if (mig_part_read(d, &f, &found, NULL) != TS_OK)
        found = false;
    mig_part_file_fini(&f);
    return found ||
           (ts_stat_at(d, MIG_CATALOG_TMP, &st, NULL) == TS_OK && mig_only_chunks(d));
}

static bool holds_state(enum ts_store_state s)
{
    return s == TS_STORE_COMPLETE || s == TS_STORE_WIPING || s == TS_STORE_RESTORED;
}

/* A part counts while its main store holds state, or cannot be asked. */
static bool part_holds(struct ts_dir *d)
{
    struct mig_part_file f = {0};
    struct ts_store_info info;
    bool found = false, holds = false;
    enum ts_code rc;

    if (mig_part_read(d, &f, &found, NULL) == TS_OK && found) {
        char *now = mig_path_now(f.main, f.main_volume);
        holds = true;
        if (now) {
            rc = ts_store_info(now, &info, NULL);
            if (rc == TS_ENOTFOUND)
                holds = false;
            else if (rc == TS_OK)
                holds = holds_state(info.state) && strcmp(info.id, f.store) == 0;
        }
        ts_free(now);
    }
    mig_part_file_fini(&f);
    return holds;
}

/* The name and what stands beside it: a catalogue whose first bytes are damaged does not
 * say itself what it is. */
static bool was_catalog(struct ts_dir *d)
{
    struct ts_stat st;

    return ts_stat_at(d, MIG_CATALOG, &st, NULL) == TS_OK && mig_only_chunks(d);
}

static bool is_store(struct ts_dir *d, const char *path)
{
    enum ts_store_state state;
    struct ts_err err;
    enum ts_code rc;

    if (!is_catalog(d) && !was_catalog(d))
        return part_holds(d);
    rc = mig_store_probe(path, &state, &err);
    return rc != TS_OK || holds_state(state); /* who cannot be read may hold everything */
}

static enum ts_code look_below(struct ts_dir *d, const char *path, int depth,
                               const struct mig_store *skip, char **out,
                               struct ts_err *err)
{
    const char *name;
    enum ts_ftype type;
    struct ts_stat here, st;
    enum ts_code rc = ts_dir_stat(d, &here, err);

    while (rc == TS_OK && !*out && (rc = ts_dir_next(d, &name, &type, err)) == TS_OK &&
           name) {
        struct ts_dir *sub = NULL;
        char *sub_path;
        if (type != TS_F_DIR && type != TS_F_NONE)
            continue;
        /* What cannot be opened was made by nobody who makes stores. */
        if (ts_dir_open_at(&sub, d, name, NULL) != TS_OK)
            continue;
        sub_path = mig_path_add(path, name);
        if (ts_dir_stat(sub, &st, NULL) == TS_OK && st.volume == here.volume &&
            !(skip && mig_is_part(skip, &st))) {
            if (is_store(sub, sub_path))
                *out = ts_strdup(sub_path);
            /* Users can make what looks like a store in their own folders. */
            else if (depth > 1 && !ts_caseeq(name, "Users") && !ts_caseeq(name, "home"))
                rc = look_below(sub, sub_path, depth - 1, skip, out, err);
        }
        ts_dir_close(sub);
        ts_free(sub_path);
    }
    return rc;
}

enum ts_code mig_store_look(const char *dir, const struct mig_store *skip, char **out,
                            struct ts_err *err)
{
    char drive[4] = "C:\\";
    struct ts_dir *d = NULL;
    enum ts_code rc;

    *out = NULL;
    if (ts_path_has_letter(ts_str_of(dir))) {
        drive[0] = dir[0];
        dir = drive;
    }
    if ((rc = ts_path_open_dir(&d, dir, false, err)) == TS_OK)
        rc = look_below(d, dir, 2, skip, out, err);
    ts_dir_close(d);
    return rc;
}

enum ts_code ts_store_find(const char *dir, char **out, struct ts_err *err)
{
    return mig_store_look(dir, NULL, out, err);
}
