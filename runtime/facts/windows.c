/* windows.c - Windows installations on the fixed drives. */
#include "facts/facts_internal.h"

#include "base/mem.h"
#include "platform/drives.h"

#include <stdio.h>

static enum ts_code try_file(struct ts_dir *system32, const char *file, bool *there,
                             char architecture[16], struct ts_err *err)
{
    struct ts_stat st;
    struct ts_file *f = NULL;
    char *real = NULL;
    bool found = false;
    enum ts_code rc = ts_name_find(system32, file, &real, &found, err);
    if (rc == TS_OK && found) {
        rc = ts_stat_at(system32, real, &st, err);
        if (rc == TS_OK && st.type == TS_F_FILE) {
            *there = true;
            if (!architecture[0] &&
                ts_file_open_at(&f, system32, real, TS_O_READ, 0, NULL) == TS_OK &&
                ts_pe_file_architecture(f, real, architecture, NULL) != TS_OK) {
                architecture[0] = '\0'; /* an unreadable one is still a Windows */
            }
        }
    }
    ts_file_close(f);
    ts_free(real);
    return rc;
}

/* *there: the drive has a Windows, described in *out. */
static enum ts_code look(char letter, struct ts_windows *out, bool *there,
                         struct ts_err *err)
{
    char path[32];
    struct ts_dir *root = NULL, *system32 = NULL;
    char *real = NULL;
    enum ts_code rc;

    *out = (struct ts_windows){0};
    snprintf(path, sizeof path, "%c:\\Windows", letter);
    if ((rc = ts_path_open_parent(&root, &real, path, false, err)) != TS_OK) {
        goto done;
    }
    snprintf(out->drive, sizeof out->drive, "%c:", letter);
    snprintf(out->dir, sizeof out->dir, "%c:\\%.40s", letter, real);
    snprintf(path, sizeof path, "%c:\\Windows\\System32", letter);
    if ((rc = ts_path_open_dir(&system32, path, false, err)) != TS_OK ||
        (rc = try_file(system32, "ntdll.dll", there, out->architecture, err)) != TS_OK) {
        goto done;
    }
    rc = try_file(system32, "ntoskrnl.exe", there, out->architecture, err);
done:
    ts_dir_close(system32);
    ts_dir_close(root);
    ts_free(real);
    return rc;
}

enum ts_code ts_windows_find(struct ts_windows *out, size_t cap, size_t *n,
                             struct ts_err *err)
{
    size_t count = 0;
    const struct ts_drive *drives = ts_drives_list(&count);
    struct ts_err first = {0};

    *n = 0;
    for (size_t i = 0; i < count; i++) {
        struct ts_windows found;
        struct ts_err why = {0};
        bool there = false;
        if (!drives[i].fixed) {
            continue;
        }
        enum ts_code rc = look(drives[i].letter, &found, &there, &why);
        if (rc != TS_OK && rc != TS_ENOTFOUND && rc != TS_ELINK && !there) {
            if (first.code == TS_OK) {
                first = why;
            }
        } else if (there) {
            if (*n < cap) {
                out[*n] = found;
            }
            (*n)++;
        }
    }
    /* A drive that cannot be looked at matters only if nothing else was found. */
    if (*n == 0 && first.code != TS_OK) {
        if (err) {
            *err = first;
        }
        return first.code;
    }
    return TS_OK;
}
