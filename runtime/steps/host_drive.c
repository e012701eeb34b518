/* host_drive.c - letters that steps give to folders. */
#include "steps/host_drive.h"

#include "base/mem.h"
#include "platform/drives.h"

#include <string.h>

static bool same_folder(const char *a, const char *b)
{
    char *x = NULL, *y = NULL;
    bool same = ts_fs_real(a, &x, NULL) == TS_OK && ts_fs_real(b, &y, NULL) == TS_OK &&
                strcmp(x, y) == 0;

    ts_free(x);
    ts_free(y);
    return same;
}

enum ts_code ts_host_map_drive(const char *letter, const char *folder, struct ts_err *err)
{
    char c = (char)(letter[0] & ~0x20);
    struct ts_dir *dir = NULL;

    if (c < 'A' || c > 'Z' || (letter[1] && strcmp(letter + 1, ":") != 0)) {
        return ts_fail(err, TS_EINPUT, "\"%.20s\" is no drive letter", letter);
    }
    const struct ts_drive *there = ts_drives_find(c);
    if (there) {
        return same_folder(there->root, folder)
                   ? TS_OK
                   : ts_fail(err, TS_EEXIST, "the drive %c: exists already", c);
    }
    enum ts_code rc = ts_dir_open(&dir, folder, false, err);
    if (rc != TS_OK) {
        return rc;
    }
    ts_dir_close(dir);
    return ts_drives_map(c, folder, NULL, false, err);
}
