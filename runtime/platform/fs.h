/* fs.h - files and folders, all we ask of a machine.
 *
 * Text paths given here are native ("/a/b" here, "\\?\C:\a" forms are made inside win32);
 * paths of sequences ("C:\Users") go through drives.h first.  Names are raw bytes on
 * posix (any byte but '/' and NUL) and WTF-8 on Windows.  All times are nanoseconds since
 * 1970 UTC.  Functions that change something are power-cut points (power.h). */
#ifndef TS_PLATFORM_FS_H
#define TS_PLATFORM_FS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum ts_ftype { TS_F_NONE, TS_F_FILE, TS_F_DIR, TS_F_LINK, TS_F_OTHER };

struct ts_stat {
    enum ts_ftype type; /* TS_F_LINK: symbolic link, junction, any reparse point */
    uint64_t size;
    uint64_t allocated; /* bytes on disk; less than size for a sparse file */
    uint64_t id;        /* file id (inode number), unique in its volume */
    uint64_t volume;    /* volume id while mounted (st_dev) */
    int64_t mtime_ns, atime_ns;
    uint32_t mode;     /* permission bits with setuid/setgid/sticky (posix) */
    uint32_t uid, gid; /* posix; 0 on Windows */
    uint32_t links;
    uint32_t attributes; /* Windows attribute bits; 0 on posix */
};

/* ---- by path: for our own files in folders only the administrator can write ------- */

TS_NODISCARD enum ts_code ts_fs_stat(const char *path, struct ts_stat *out,
                                     struct ts_err *err); /* does not follow a last link */
bool ts_fs_exists(const char *path);
TS_NODISCARD enum ts_code ts_fs_mkdirs(const char *path, uint32_t mode,
                                       struct ts_err *err); /* existing: fine */
/* The same, and the folders it makes survive a crash. */
TS_NODISCARD enum ts_code ts_fs_mkdirs_durable(const char *path, uint32_t mode,
                                               struct ts_err *err);
/* Whole file into *out; more than `max` bytes is TS_ELIMIT. */
TS_NODISCARD enum ts_code ts_file_read(const char *path, size_t max, struct ts_buf *out,
                                       struct ts_err *err);
/* Make `path` hold exactly these bytes, durably and at once: a crash leaves the old
 * content or the new.  (temporary name, write, sync, rename, sync folder) */
TS_NODISCARD enum ts_code ts_file_replace(const char *path, const void *p, size_t n,
                                          uint32_t mode, struct ts_err *err);
TS_NODISCARD enum ts_code ts_fs_rename(const char *from, const char *to,
                                       struct ts_err *err); /* then syncs both folders */
TS_NODISCARD enum ts_code ts_fs_unlink(const char *path, struct ts_err *err);
/* Remove a folder tree, never leaving it through a link, never crossing to another
 * volume.  Absent: fine. */
TS_NODISCARD enum ts_code ts_fs_remove_tree(const char *path, struct ts_err *err);
/* Absolute path with every link resolved; caller frees. */
TS_NODISCARD enum ts_code ts_fs_real(const char *path, char **out, struct ts_err *err);
char *ts_path_join(const char *dir, const char *name); /* caller frees */
bool ts_path_is_absolute(const char *path);
char *ts_fs_cwd(void);     /* caller frees */
char *ts_fs_self(void);    /* path of the running program; caller frees */
char *ts_fs_temp_dir(void); /* caller frees */

/* ---- a file being written or read ---------------------------------------------------- */

struct ts_file;
enum { TS_O_READ = 1, TS_O_APPEND = 2, TS_O_CREATE = 4, TS_O_TRUNC = 8, TS_O_EXCL = 16 };
TS_NODISCARD enum ts_code ts_file_open(struct ts_file **out, const char *path, int flags,
                                       uint32_t mode, struct ts_err *err);
TS_NODISCARD enum ts_code ts_file_write(struct ts_file *f, const void *p, size_t n,
                                        struct ts_err *err);
/* Reads up to n bytes; *got 0 at the end. */
TS_NODISCARD enum ts_code ts_file_get(struct ts_file *f, void *p, size_t n, size_t *got,
                                      struct ts_err *err);
TS_NODISCARD enum ts_code ts_file_sync(struct ts_file *f, struct ts_err *err);
TS_NODISCARD enum ts_code ts_file_size(struct ts_file *f, uint64_t *out,
                                       struct ts_err *err);
TS_NODISCARD enum ts_code ts_file_truncate(struct ts_file *f, uint64_t size,
                                           struct ts_err *err);
TS_NODISCARD enum ts_code ts_file_seek(struct ts_file *f, uint64_t pos,
                                       struct ts_err *err);
TS_NODISCARD enum ts_code ts_file_stat(struct ts_file *f, struct ts_stat *out,
                                       struct ts_err *err);
void ts_file_close(struct ts_file *f); /* NULL is allowed */

/* ---- by folder handle: the only way to walk trees that users own --------------------- *
 *
 * A ts_dir is an open folder.  Names given to the *_at functions are single names, never
 * paths, except where "rel" is said: '/'-separated, no "." or "..", never followed out
 * of the folder nor through any link on the way (TS_ELINK).  Every *_at function works on
 * a link itself, not on what it points to.  Paths of any length work. */

struct ts_dir;
/* Open a folder by native path.  `nofollow`: TS_ELINK if the last part is a link. */
TS_NODISCARD enum ts_code ts_dir_open(struct ts_dir **out, const char *path, bool nofollow,
                                      struct ts_err *err);
TS_NODISCARD enum ts_code ts_dir_open_at(struct ts_dir **out, struct ts_dir *dir,
                                         const char *rel, struct ts_err *err);
TS_NODISCARD enum ts_code ts_dir_dup(struct ts_dir **out, struct ts_dir *dir,
                                     struct ts_err *err);
void ts_dir_close(struct ts_dir *d);
TS_NODISCARD enum ts_code ts_dir_stat(struct ts_dir *d, struct ts_stat *out,
                                      struct ts_err *err);
/* Next entry in directory order, without "." and "..".  *name is valid until the next
 * call on d, NULL at the end.  *type is TS_F_NONE where the system does not tell: stat. */
TS_NODISCARD enum ts_code ts_dir_next(struct ts_dir *d, const char **name,
                                      enum ts_ftype *type, struct ts_err *err);
/* File id of the entry that ts_dir_next gave last, without asking for it; 0 where the
 * system does not tell. */
uint64_t ts_dir_entry_id(const struct ts_dir *d);
void ts_dir_rewind(struct ts_dir *d);
TS_NODISCARD enum ts_code ts_stat_at(struct ts_dir *d, const char *name,
                                     struct ts_stat *out, struct ts_err *err);
TS_NODISCARD enum ts_code ts_mkdir_at(struct ts_dir *d, const char *name, uint32_t mode,
                                      struct ts_err *err); /* TS_EEXIST */
TS_NODISCARD enum ts_code ts_link_at(struct ts_dir *from, const char *name,
                                     struct ts_dir *to, const char *to_name,
                                     struct ts_err *err); /* TS_EXDEV TS_EMLINK TS_EEXIST */
TS_NODISCARD enum ts_code ts_unlink_at(struct ts_dir *d, const char *name,
                                       struct ts_err *err); /* TS_EBUSY: after a restart */
TS_NODISCARD enum ts_code ts_rmdir_at(struct ts_dir *d, const char *name,
                                      struct ts_err *err);
/* Fails with TS_EEXIST instead of replacing when `replace` is false. */
TS_NODISCARD enum ts_code ts_rename_at(struct ts_dir *from, const char *name,
                                       struct ts_dir *to, const char *to_name, bool replace,
                                       struct ts_err *err);
/* Plain files only (TS_EUNSUPPORTED for others, and never waits for a pipe's other end);
 * TS_ELINK for a link. */
TS_NODISCARD enum ts_code ts_file_open_at(struct ts_file **out, struct ts_dir *d,
                                          const char *name, int flags, uint32_t mode,
                                          struct ts_err *err);
/* Target text of a link (on Windows with its reparse tag in front as "tag:"). */
TS_NODISCARD enum ts_code ts_readlink_at(struct ts_dir *d, const char *name,
                                         struct ts_buf *out, struct ts_err *err);
TS_NODISCARD enum ts_code ts_symlink_at(struct ts_dir *d, const char *name,
                                        const char *target, struct ts_err *err);
/* Set what `what` names from *st on the entry itself (a link's own, never its target's;
 * a link has no mode).  Call it after ts_set_extra_at: an access list changes the mode. */
enum { TS_META_OWNER = 1, TS_META_MODE = 2, TS_META_TIMES = 4, TS_META_ATTRIBUTES = 8 };
TS_NODISCARD enum ts_code ts_set_meta_at(struct ts_dir *d, const char *name,
                                         const struct ts_stat *st, int what,
                                         struct ts_err *err);
/* Everything beyond the stat of a file or folder (extended attributes, ACLs, named
 * streams of 64 KiB at most) as one opaque block; empty when there is nothing.  Setting
 * checks the whole block first (TS_EDAMAGED), and takes away access lists the entry
 * inherited that are not in it. */
TS_NODISCARD enum ts_code ts_get_extra_at(struct ts_dir *d, const char *name,
                                          struct ts_buf *out, struct ts_err *err);
TS_NODISCARD enum ts_code ts_set_extra_at(struct ts_dir *d, const char *name, ts_str block,
                                          struct ts_err *err);
/* Copy content, keeping holes; creates to_name (TS_EEXIST) with mode 0600; metadata is
 * the caller's.  progress may be NULL; bytes: copied since its last call; returning false
 * cancels (TS_ECANCELLED) and removes what was made. */
TS_NODISCARD enum ts_code ts_copy_at(struct ts_dir *from, const char *name,
                                     struct ts_dir *to, const char *to_name,
                                     bool (*progress)(void *ctx, uint64_t bytes), void *ctx,
                                     struct ts_err *err);
/* Same bytes? */
TS_NODISCARD enum ts_code ts_same_content_at(struct ts_dir *a, const char *a_name,
                                             struct ts_dir *b, const char *b_name,
                                             bool *same, struct ts_err *err);
TS_NODISCARD enum ts_code ts_dir_sync(struct ts_dir *d, struct ts_err *err);
/* Make everything written to the volume of d durable (syncfs). */
TS_NODISCARD enum ts_code ts_volume_sync(struct ts_dir *d, struct ts_err *err);

struct ts_volume {
    uint64_t id;           /* as ts_stat.volume */
    char stable[80];       /* id that survives restarts: UUID of the file system, lab
                              volume id; "" if unknown */
    uint64_t total, free;  /* bytes */
    char fstype[32];
    bool readonly;
};
TS_NODISCARD enum ts_code ts_volume_of(struct ts_dir *d, struct ts_volume *out,
                                       struct ts_err *err);

#endif
