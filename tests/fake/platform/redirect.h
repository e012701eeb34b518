/* redirect.h - included before everything else in those files of runtime/platform/posix
 * that run on the fake kernel: their system calls go to calls.h.
 *
 * The macros take arguments, so types and members of the same names stay what they are.
 * ts_power_point is renamed, since each of these calls counts itself. */
#ifndef TS_TESTS_FK_REDIRECT_H
#define TS_TESTS_FK_REDIRECT_H

#include "calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define ts_power_point fk_uncounted_point
#define ts_power_count fk_uncounted

#define access(p, m) fk_access(p, m)
#define chmod(p, m) fk_fchmodat(AT_FDCWD, p, m, 0)
#define clock_gettime(c, t) fk_clock_gettime(c, t)
#define close(f) fk_close(f)
#define closedir(d) fk_closedir(d)
#define copy_file_range(a, x, b, y, n, f) fk_copy_file_range(a, x, b, y, n, f)
#define dirfd(d) fk_dirfd(d)
#define dup(f) fk_dup(f)
#define fchmod(f, m) fk_fchmod(f, m)
#define fchmodat(d, p, m, f) fk_fchmodat(d, p, m, f)
#define fchownat(d, p, u, g, f) fk_fchownat(d, p, u, g, f)
#define fdopendir(f) fk_fdopendir(f)
#define flock(f, o) fk_flock(f, o)
#define fstat(f, s) fk_fstat(f, s)
#define fstatat(d, p, s, f) fk_fstatat(d, p, s, f)
#define fstatfs(f, s) fk_fstatfs(f, s)
#define fstatvfs(f, s) fk_fstatvfs(f, s)
#define fsync(f) fk_fsync(f)
#define ftruncate(f, n) fk_ftruncate(f, n)
#define getcwd(p, n) fk_getcwd(p, n)
#define geteuid() fk_geteuid()
#define gethostname(p, n) fk_gethostname(p, n)
#define getrandom(p, n, f) fk_getrandom(p, n, f)
#define lchown(p, u, g) fk_fchownat(AT_FDCWD, p, u, g, AT_SYMLINK_NOFOLLOW)
#define lgetxattr(p, n, v, s) fk_lgetxattr(p, n, v, s)
#define link(a, b) fk_linkat(AT_FDCWD, a, AT_FDCWD, b, 0)
#define linkat(d, a, e, b, f) fk_linkat(d, a, e, b, f)
#define llistxattr(p, l, n) fk_llistxattr(p, l, n)
#define lremovexattr(p, n) fk_lremovexattr(p, n)
#define lseek(f, o, w) fk_lseek(f, o, w)
#define lsetxattr(p, n, v, s, f) fk_lsetxattr(p, n, v, s, f)
#define lstat(p, s) fk_fstatat(AT_FDCWD, p, s, AT_SYMLINK_NOFOLLOW)
#define mkdtemp(p) fk_mkdtemp(p)
#define mkdir(p, m) fk_mkdirat(AT_FDCWD, p, m)
#define mkdirat(d, p, m) fk_mkdirat(d, p, m)
#define nanosleep(...) fk_nanosleep(__VA_ARGS__)
#define open(p, ...) fk_openat(AT_FDCWD, p, __VA_ARGS__, 0)
#define openat(d, p, ...) fk_openat(d, p, __VA_ARGS__, 0)
#define opendir(p) fk_opendir(p)
#define poll(p, n, t) fk_poll(t)
#define pread(f, p, n, o) fk_pread(f, p, n, o)
#define pwrite(f, p, n, o) fk_pwrite(f, p, n, o)
#define read(f, p, n) fk_read(f, p, n)
#define readdir(d) fk_readdir(d)
#define readlink(p, b, n) fk_readlinkat(AT_FDCWD, p, b, n)
#define readlinkat(d, p, b, n) fk_readlinkat(d, p, b, n)
#define realpath(p, r) fk_realpath(p, r)
#define reboot(h) fk_reboot(h)
#define rename(a, b) fk_renameat2(AT_FDCWD, a, AT_FDCWD, b, 0)
#define renameat(d, a, e, b) fk_renameat2(d, a, e, b, 0)
#define stat(p, s) fk_fstatat(AT_FDCWD, p, s, 0)
#define statfs(p, s) fk_statfs(p, s)
#define symlink(t, p) fk_symlinkat(t, AT_FDCWD, p)
#define symlinkat(t, d, p) fk_symlinkat(t, d, p)
#define sync() fk_sync_all()
#define syncfs(f) fk_syncfs(f)
#define syscall(...) fk_syscall(__VA_ARGS__, 0L, 0L, 0L, 0L, 0L)
#define sysconf(n) fk_sysconf(n)
#define uname(u) fk_uname(u)
#define unlink(p) fk_unlinkat(AT_FDCWD, p, 0)
#define unlinkat(d, p, f) fk_unlinkat(d, p, f)
#define utimensat(...) fk_utimensat(__VA_ARGS__)
#define write(f, p, n) fk_write(f, p, n)

#endif
