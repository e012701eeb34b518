/* drives.h - paths of sequences to native paths.
 *
 * A sequence may say "C:\Users\Ann" or "C:/Users/Ann" on every platform.  On Windows the
 * letters are the system's.  On posix a letter is mapped to a folder (the lab's drives, or
 * --drive C=/mnt/windows); below it names are looked up without regard to case, '\' and
 * '/' both separate, and no link is ever followed.  Where two names in a folder differ
 * only by case and neither matches exactly the lookup fails (TS_EINPUT) and says so.
 * Paths without a letter are native; in them a link is followed only if root or the user
 * running this program owns it. */
#ifndef TS_PLATFORM_DRIVES_H
#define TS_PLATFORM_DRIVES_H

#include "platform/fs.h"

struct ts_drive {
    char letter;       /* 'A'..'Z' */
    char *root;        /* native folder (posix) or "C:\" */
    char volume[80];   /* stable volume id, "" if unknown */
    bool fixed;        /* a local fixed volume; false for the RAM drive X: in WinPE, removable media, ... */
};

/* Map a letter to a native folder; replaces an earlier mapping.  `volume` may be NULL
 * (then the file system's UUID is asked).  TS_EUNSUPPORTED on Windows. */
TS_NODISCARD enum ts_code ts_drives_map(char letter, const char *root, const char *volume,
                                        bool fixed, struct ts_err *err);
void ts_drives_clear(void);
/* The drives that exist now, by letter.  The array belongs to drives.c. */
const struct ts_drive *ts_drives_list(size_t *n);
const struct ts_drive *ts_drives_find(char letter);
const struct ts_drive *ts_drives_by_volume(const char *volume);

bool ts_path_has_letter(ts_str path);

/* Native path of `path` (relative ones: below `base`, itself a path of either kind, or the
 * current folder when NULL).  Parts that do not exist are taken as written.  TS_EINPUT for
 * an unmapped letter: the message names --drive.  Only for showing, for programs we start,
 * and for our own files; to touch users' files open handles below. */
TS_NODISCARD enum ts_code ts_path_native(char **out, const char *path, const char *base,
                                         struct ts_err *err);
/* The other way: "C:\Users\Ann" for a native path below a mapped drive, else a copy. */
char *ts_path_display(const char *native);

/* Open the folder `path`.  create: make what is missing, mode 0755. */
TS_NODISCARD enum ts_code ts_path_open_dir(struct ts_dir **out, const char *path,
                                           bool create, struct ts_err *err);
/* Open the folder that holds `path`'s last part, and give that part's real spelling (as
 * written if it does not exist).  *name: caller frees.  A drive's root itself is
 * TS_EINPUT. */
TS_NODISCARD enum ts_code ts_path_open_parent(struct ts_dir **out, char **name,
                                              const char *path, bool create,
                                              struct ts_err *err);
/* Real spelling of `name` in d without regard to case (exact match first); *found false if
 * none; TS_EINPUT if several.  *real: caller frees. */
TS_NODISCARD enum ts_code ts_name_find(struct ts_dir *d, const char *name, char **real,
                                       bool *found, struct ts_err *err);

#endif
