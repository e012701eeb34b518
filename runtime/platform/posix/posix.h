/* posix.h - what the files of this folder share. */
#ifndef TS_PLATFORM_POSIX_H
#define TS_PLATFORM_POSIX_H

#include "platform/drives.h"
#include "platform/fs.h"

#include <sys/stat.h>
#include <sys/types.h>

struct ts_dir {
    int fd;
    char *entries; /* what getdents64 gave, from the first ts_dir_next to the end */
    size_t at, n;
    uint64_t id; /* of the entry given last */
};

struct ts_file {
    int fd;
};

/* Wraps fd, which it owns from now on. */
struct ts_dir *px_dir_of(int fd);

/* open(2) again after EINTR, with O_CLOEXEC. */
int px_openat(int dir, const char *name, int flags, mode_t mode);

/* Open `rel` below `dir` without leaving it and without passing a link, a path of any
 * length; -1 and errno (ELOOP: a link).  "." and ".." are EINVAL. */
int px_open_beneath(int dir, const char *rel, int flags);

/* Give up on errno values that mean "a link stands here" for a name that was opened with
 * O_NOFOLLOW: as errno, or ELOOP when `name` is a link (O_DIRECTORY says ENOTDIR). */
int px_link_errno(int dir, const char *name, int os);

/* The folder handle and the rest of the path to use with the *at system calls, so that a
 * path may be longer than PATH_MAX.  Follows links.  px_place_done closes what was
 * opened. */
struct px_place {
    int dir;
    const char *rest;
};
int px_place(struct px_place *place, const char *path);
void px_place_done(struct px_place *place);

/* Is `name` one that may be given to an *_at function: no separator, not "", ".", ".."?
 */
bool px_name_ok(const char *name);
enum ts_code px_name_bad(const char *name, struct ts_err *err);

void px_stat_fill(struct ts_stat *out, const struct stat *st);
enum ts_ftype px_type_of_mode(mode_t mode);

/* Write all; 0 or errno. */
int px_write_all(int fd, const void *p, size_t n);
/* fsync the folder that holds `path`; 0 or errno. */
int px_sync_parent(const char *path);

/* Open (O_PATH) the folder at a native path, following only links that root or we own, at
 * most 40 of them.  create: make what is missing, mode 0755.  -1 and errno; ELOOP: a link
 * of someone else, or too many; *culprit (may be NULL; caller frees) is then its path. */
int px_walk_open(const char *path, bool create, char **culprit);

/* ts_name_find for a folder's descriptor (O_PATH will do). */
enum ts_code px_name_find(int dir, const char *name, char **real, bool *found,
                          struct ts_err *err);

/* The mapped drive that the native path is on or below, and the part behind its root. */
const struct ts_drive *px_drive_of(const char *native, const char **rest);

/* power.c: is anything held at all?  One branch on the way of every removal. */
bool px_any_held(void);
/* TS_EBUSY if the entry `name` of `dir` (AT_FDCWD: `name` is a path) is held. */
enum ts_code px_held(int dir, const char *name, struct ts_err *err);

#endif
