/* calls.h - the fake kernel's system calls: arguments, results and errno as in Linux, as
 * far as runtime/platform/posix uses them. */
#ifndef TS_TESTS_FK_CALLS_H
#define TS_TESTS_FK_CALLS_H

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

struct statvfs;
struct statfs;
struct utsname;

/* ---- open files ---- */
int fk_openat(int dir, const char *path, int flags, ...);
int fk_close(int fd);
int fk_dup(int fd);
ssize_t fk_read(int fd, void *p, size_t n);
ssize_t fk_write(int fd, const void *p, size_t n);
ssize_t fk_pread(int fd, void *p, size_t n, off_t at);
ssize_t fk_pwrite(int fd, const void *p, size_t n, off_t at);
off_t fk_lseek(int fd, off_t at, int whence);
int fk_ftruncate(int fd, off_t size);
int fk_fstat(int fd, struct stat *st);
int fk_fsync(int fd);
int fk_syncfs(int fd);
void fk_sync_all(void);
int fk_fchmod(int fd, mode_t mode);
int fk_flock(int fd, int operation);
ssize_t fk_copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t n,
                           unsigned flags);
int fk_fstatvfs(int fd, struct statvfs *out);
int fk_fstatfs(int fd, struct statfs *out);
/* Lock of the whole file within this process, for the VFS: the node behind fd. */
const void *fk_node_of(int fd);

/* ---- names ---- */
int fk_fstatat(int dir, const char *path, struct stat *st, int flags);
int fk_access(const char *path, int mode);
int fk_mkdirat(int dir, const char *path, mode_t mode);
char *fk_mkdtemp(char *path); /* always the same name; it may be there */
int fk_linkat(int from, const char *path, int to, const char *to_path, int flags);
int fk_unlinkat(int dir, const char *path, int flags);
int fk_renameat2(int from, const char *path, int to, const char *to_path, unsigned flags);
int fk_symlinkat(const char *target, int dir, const char *path);
ssize_t fk_readlinkat(int dir, const char *path, char *out, size_t n);
char *fk_realpath(const char *path, char *room);
char *fk_getcwd(char *room, size_t n);
int fk_fchmodat(int dir, const char *path, mode_t mode, int flags);
int fk_fchownat(int dir, const char *path, uid_t uid, gid_t gid, int flags);
int fk_utimensat(int dir, const char *path, const struct timespec times[2], int flags);
ssize_t fk_llistxattr(const char *path, char *list, size_t n);
ssize_t fk_lgetxattr(const char *path, const char *name, void *value, size_t n);
int fk_lsetxattr(const char *path, const char *name, const void *value, size_t n,
                 int flags);
int fk_lremovexattr(const char *path, const char *name);
int fk_statfs(const char *path, struct statfs *out);
DIR *fk_opendir(const char *path);
DIR *fk_fdopendir(int fd);
struct dirent *fk_readdir(DIR *d);
int fk_closedir(DIR *d);
int fk_dirfd(DIR *d);

/* ---- the rest ---- */
long fk_syscall(long number, ...);
int fk_clock_gettime(clockid_t clock, struct timespec *t);
int fk_nanosleep(const struct timespec *t, struct timespec *left);
int fk_poll(int ms);
ssize_t fk_getrandom(void *p, size_t n, unsigned flags);
uid_t fk_geteuid(void);
int fk_gethostname(char *out, size_t n);
long fk_sysconf(int name);
int fk_uname(struct utsname *u);
int fk_reboot(int how);

#endif
