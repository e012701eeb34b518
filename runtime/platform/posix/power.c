#include "platform/power.h"

#include "base/mem.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- power cuts ----------------------------------------------------------------------
 */

static _Atomic uint64_t *counter; /* shared by all processes of the machine */
static uint64_t cut_number;
static pid_t root; /* 0: we are the machine's first process */

void ts_power_arm(const char *counter_file, uint64_t cut_at)
{
    int fd = open(counter_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat st;
    void *p = MAP_FAILED;

    if (fd >= 0 && fstat(fd, &st) == 0 &&
        (st.st_size >= 8 || ftruncate(fd, sizeof *counter) == 0)) {
        p = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (p == MAP_FAILED) { /* a test that cannot cut the power proves nothing */
        fprintf(stderr, "taskseq: cannot use the power-cut counter %s: %s\n",
                counter_file, strerror(errno));
        _Exit(3);
    }
    close(fd);
    cut_number = cut_at;
    counter = p;
}

void ts_power_root(long long pid)
{
    root = (pid_t)pid;
}

static void count_point(void)
{
    if (atomic_fetch_add(counter, 1) + 1 == cut_number) {
        if (root > 0) {
            kill(root, SIGKILL);
        }
        kill(getpid(), SIGKILL);
        for (;;) {
            pause(); /* this thread may run on for a moment: do nothing more */
        }
    }
}

void ts_power_point(void)
{
    if (__builtin_expect(counter != NULL, 0)) {
        count_point();
    }
}

uint64_t ts_power_count(void)
{
    return counter ? atomic_load(counter) : 0;
}

/* ---- what other programs of the played machine hold ----------------------------------
 */

static char **held;
static size_t held_count;

static void hold(char *path)
{
    held = ts_realloc_array(held, held_count + 1, sizeof *held);
    held[held_count++] = path;
}

void ts_power_hold(const char *native_path)
{
    char *real = realpath(native_path, NULL);

    hold(ts_strdup(native_path));
    if (real && strcmp(real, native_path) != 0) {
        hold(real); /* handles know their folder by this name */
    } else {
        free(real);
    }
}

bool px_any_held(void)
{
    return __builtin_expect(held_count != 0, 0);
}

bool ts_power_is_held(const char *native_path)
{
    for (size_t i = 0; i < held_count; i++) {
        size_t n = strlen(held[i]);
        if (strncmp(native_path, held[i], n) == 0 &&
            (native_path[n] == '\0' || native_path[n] == '/')) {
            return true;
        }
    }
    return false;
}

enum ts_code px_held(int dir, const char *name, struct ts_err *err)
{
    char link[32], folder[PATH_MAX];
    char *path = NULL;

    if (dir == AT_FDCWD) {
        path = ts_strdup(name);
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t n = readlink(link, folder, sizeof folder - 1);
        if (n < 0) {
            return TS_OK; /* deeper than a name can say; the lab has no such thing */
        }
        folder[n] = '\0';
        path = ts_path_join(folder, name);
    }
    enum ts_code rc = TS_OK;
    if (ts_power_is_held(path)) {
        rc = ts_fail(err, TS_EBUSY, "%s is in use by another program", path);
    }
    ts_free(path);
    return rc;
}

/* ---- deletions that wait for a restart -----------------------------------------------
 * *
 *
 * The file holds paths, each ended by a NUL: the only byte that no path has in it.  A
 * path without its NUL was being written when the power failed, and was not promised. */

enum { MOST_PENDING = 64 << 20 };

static char *pending_file;

void ts_power_pending_file(const char *path)
{
    ts_free(pending_file);
    pending_file = ts_strdup(path);
}

/* Cut off a path that was not finished. */
static int repair_tail(int fd)
{
    char c = '\0';
    off_t end = lseek(fd, 0, SEEK_END);

    while (end > 0 && pread(fd, &c, 1, end - 1) == 1 && c != '\0') {
        end--;
    }
    return ftruncate(fd, end) == 0 ? 0 : errno;
}

enum ts_code ts_power_delete_list_at_restart(const char *const *paths, size_t n,
                                             struct ts_err *err)
{
    struct ts_buf text = {0};

    if (n == 0) {
        return TS_OK;
    }
    if (!pending_file) {
        return ts_fail(err, TS_EUNSUPPORTED,
                       "cannot delete %s at the next start: nobody would do it",
                       paths[0]);
    }
    for (size_t i = 0; i < n; i++) {
        ts_buf_add(&text, paths[i], strlen(paths[i]) + 1);
    }
    ts_power_point();
    int fd =
        px_openat(AT_FDCWD, pending_file, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    int os = fd < 0 ? errno : repair_tail(fd);
    os = os ? os : px_write_all(fd, text.p, text.n);
    if (os == 0 && fsync(fd) != 0) {
        os = errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    ts_buf_free(&text);
    os = os ? os : px_sync_parent(pending_file);
    return os == 0 ? TS_OK
                   : ts_fail_os(err, os, "cannot note in %s that %s is to be deleted",
                                pending_file, paths[0]);
}

enum ts_code ts_power_delete_at_restart(const char *path, struct ts_err *err)
{
    return ts_power_delete_list_at_restart(&path, 1, err);
}

/* 0 or errno; the folder is reached without following links of users. */
static int delete_pending(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct stat st;
    int os = 0;

    if (!slash || !px_name_ok(slash + 1)) {
        return EINVAL;
    }
    char *folder = ts_str_dup((ts_str){path, (size_t)(slash - path)});
    int dir = px_walk_open(folder[0] ? folder : "/", false, NULL);
    if (dir < 0) {
        os = errno;
    } else {
        ts_power_point();
        if (fstatat(dir, slash + 1, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            unlinkat(dir, slash + 1, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) != 0) {
            os = errno;
        }
        close(dir);
    }
    ts_free(folder);
    return os == ENOENT || os == ENOTDIR ? 0 : os; /* gone is gone */
}

enum ts_code ts_power_run_pending(const char *path, size_t *done, size_t *left,
                                  struct ts_err *err)
{
    struct ts_buf text = {0};

    *done = *left = 0;
    if (!ts_fs_exists(path)) {
        return TS_OK;
    }
    enum ts_code rc = ts_file_read(path, MOST_PENDING, &text, err);
    for (size_t at = 0; rc == TS_OK && at < text.n;) {
        const char *end = memchr(text.p + at, '\0', text.n - at);
        if (!end) {
            break;
        }
        if (delete_pending(text.p + at) == 0) {
            ++*done;
        } else {
            ++*left;
        }
        at = (size_t)(end - text.p) + 1;
    }
    ts_buf_free(&text);
    if (rc != TS_OK || (rc = ts_fs_unlink(path, err)) != TS_OK) {
        return rc;
    }
    int os = px_sync_parent(path);
    return os == 0 ? TS_OK
                   : ts_fail_os(err, os, "cannot make the removal of %s durable", path);
}
