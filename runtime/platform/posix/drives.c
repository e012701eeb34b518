/* drives.c - the letters, and names without regard to case. */
#include "platform/drives.h"

#include "base/mem.h"
#include "platform/posix/posix.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ts_drive drives[26]; /* by letter, without gaps */
static size_t drive_count;

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

enum ts_code ts_drives_map(char letter, const char *root, const char *volume, bool fixed,
                           struct ts_err *err)
{
    struct ts_volume info = {0};
    struct ts_dir *dir = NULL;
    char *real = NULL;
    enum ts_code rc;

    if (!is_letter(letter)) {
        return ts_fail(err, TS_EINPUT, "cannot map a drive: '%c' is not a letter",
                       letter);
    }
    letter = (char)toupper((unsigned char)letter);
    if ((rc = ts_fs_real(root, &real, err)) != TS_OK ||
        (rc = ts_dir_open(&dir, real, true, err)) != TS_OK) {
        ts_free(real);
        ts_err_context(err, "cannot map drive %c", letter);
        return rc;
    }
    if (!volume && ts_volume_of(dir, &info, NULL) == TS_OK) {
        volume = info.stable;
    }
    ts_dir_close(dir);

    size_t i = 0;
    while (i < drive_count && drives[i].letter < letter) {
        i++;
    }
    if (i < drive_count && drives[i].letter == letter) {
        ts_free(drives[i].root);
    } else {
        memmove(&drives[i + 1], &drives[i], (drive_count - i) * sizeof drives[0]);
        drive_count++;
    }
    drives[i] = (struct ts_drive){.letter = letter, .root = real, .fixed = fixed};
    snprintf(drives[i].volume, sizeof drives[i].volume, "%s", volume ? volume : "");
    return TS_OK;
}

void ts_drives_clear(void)
{
    for (size_t i = 0; i < drive_count; i++) {
        ts_free(drives[i].root);
    }
    memset(drives, 0, sizeof drives);
    drive_count = 0;
}

const struct ts_drive *ts_drives_list(size_t *n)
{
    *n = drive_count;
    return drives;
}

const struct ts_drive *ts_drives_find(char letter)
{
    for (size_t i = 0; i < drive_count; i++) {
        if (drives[i].letter == toupper((unsigned char)letter)) {
            return &drives[i];
        }
    }
    return NULL;
}

const struct ts_drive *ts_drives_by_volume(const char *volume)
{
    for (size_t i = 0; i < drive_count; i++) {
        if (volume[0] && strcmp(drives[i].volume, volume) == 0) {
            return &drives[i];
        }
    }
    return NULL;
}

bool ts_path_has_letter(ts_str path)
{
    return path.n >= 2 && is_letter(path.p[0]) && path.p[1] == ':' &&
           (path.n == 2 || path.p[2] == '\\' || path.p[2] == '/');
}

const struct ts_drive *px_drive_of(const char *native, const char **rest)
{
    const struct ts_drive *best = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < drive_count; i++) {
        const char *root = drives[i].root;
        size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);
        if (strncmp(native, root, n) == 0 && (native[n] == '\0' || native[n] == '/') &&
            (!best || n > longest)) {
            best = &drives[i];
            longest = n;
            *rest = native + n + strspn(native + n, "/");
        }
    }
    return best;
}

char *ts_path_display(const char *native)
{
    const char *rest = NULL;
    const struct ts_drive *drive = px_drive_of(native, &rest);

    if (!drive) {
        return ts_strdup(native);
    }
    char *shown = ts_format("%c:\\%s", drive->letter, rest);
    for (char *p = shown; *p; p++) {
        if (*p == '/') {
            *p = '\\';
        }
    }
    return shown;
}

/* ---- names without regard to case ----------------------------------------------------
 */

static enum ts_code scan_for(struct ts_dir *d, const char *name, char **real,
                             struct ts_err *err)
{
    ts_str wanted = ts_str_of(name);
    enum ts_ftype type;
    const char *entry;
    enum ts_code rc;

    for (;;) {
        if ((rc = ts_dir_next(d, &entry, &type, err)) != TS_OK || !entry) {
            return rc;
        }
        if (!ts_str_caseeq(ts_str_of(entry), wanted)) {
            continue;
        }
        if (*real) {
            return ts_fail(err, TS_EINPUT,
                           "\"%s\" could be \"%s\" or \"%s\", which differ only by case",
                           name, *real, entry);
        }
        *real = ts_strdup(entry);
    }
}

enum ts_code px_name_find(int dir, const char *name, char **real, bool *found,
                          struct ts_err *err)
{
    struct stat st;

    *real = NULL;
    *found = false;
    if (!px_name_ok(name)) {
        return px_name_bad(name, err);
    }
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        *real = ts_strdup(name);
        *found = true;
        return TS_OK;
    }
    if (errno != ENOENT && errno != ENAMETOOLONG) {
        return ts_fail_os(err, errno, "cannot look for %s", name);
    }
    int fd = px_openat(dir, ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) {
        return ts_fail_os(err, errno, "cannot look for %s in its folder", name);
    }
    struct ts_dir *d = px_dir_of(fd);
    enum ts_code rc = scan_for(d, name, real, err);
    ts_dir_close(d);
    if (rc != TS_OK) {
        ts_free(*real);
        *real = NULL;
    }
    *found = *real != NULL;
    return rc;
}

enum ts_code ts_name_find(struct ts_dir *d, const char *name, char **real, bool *found,
                          struct ts_err *err)
{
    return px_name_find(d->fd, name, real, found, err);
}
