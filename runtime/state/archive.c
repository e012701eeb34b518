/* archive.c - putting the record of a run aside. */
#include "state/state_internal.h"

#include <string.h>

/* `dir`/name, or with a number behind it where that is taken (by an archive that was cut
 * short). */
static char *free_path(const char *dir, const char *name)
{
    char *path = ts_path_join(dir, name);

    for (int i = 2; ts_fs_exists(path); i++) {
        char *numbered = ts_format("%s.%d", name, i);
        ts_free(path);
        path = ts_path_join(dir, numbered);
        ts_free(numbered);
    }
    return path;
}

static enum ts_code put_aside(const char *dir, const char *name, const char *target,
                              struct ts_err *err)
{
    char *from = ts_path_join(dir, name);
    enum ts_code rc = TS_OK;

    if (ts_fs_exists(from)) {
        char *to = free_path(target, name);
        rc = ts_fs_rename(from, to, err);
        ts_free(to);
    }
    ts_free(from);
    return rc;
}

/* The database goes last: as long as it stands here the run is not archived, and the next
 * try goes on where this one ended. */
static enum ts_code move_files(struct ts_state *s, const char *uid, struct ts_err *err)
{
    char *archive = ts_path_join(s->dir, "archive");
    char *target = ts_path_join(archive, uid);
    enum ts_code rc;

    if ((rc = ts_fs_mkdirs_durable(target, 0700, err)) == TS_OK &&
        (rc = put_aside(s->dir, "logs", target, err)) == TS_OK &&
        (rc = put_aside(s->dir, "output", target, err)) == TS_OK) {
        ts_db_remove_side_files(s->path);
        rc = put_aside(s->dir, TS_DB_NAME, target, err);
    }
    ts_free(archive);
    ts_free(target);
    return rc;
}

enum ts_code ts_state_archive(struct ts_state *s, struct ts_err *err)
{
    struct ts_arena a = {0};
    struct ts_run run;
    char uid[33];
    enum ts_code rc, opened;

    ts_record_forget(s);
    if ((rc = ts_run_read(s, 0, &a, &run, err)) == TS_OK) {
        memcpy(uid, run.uid, sizeof uid); /* its form was checked when it was read */
    }
    ts_arena_fini(&a);
    if (rc != TS_OK) {
        return rc == TS_ENOTFOUND ? TS_OK : rc;
    }
    ts_state_drop_secrets(s);
    if ((rc = ts_db_checkpoint(s, err)) != TS_OK) {
        return rc;
    }
    ts_db_close(s, false); /* Windows renames no open file */
    rc = move_files(s, uid, err);
    if (rc == TS_OK) {
        s->run = 0;
        s->progress_dirty = false;
        rc = ts_schema_create(s->path, err);
    }
    if (ts_fs_exists(s->path)) {
        opened = ts_state_open_db(s, rc == TS_OK ? err : NULL);
        rc = rc == TS_OK ? opened : rc;
    }
    return rc == TS_OK ? TS_OK : ts_err_context(err, "the run could not be archived");
}
