#include "platform/sysinfo.h"

#include "base/mem.h"
#include "platform/fs.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

unsigned ts_cpu_count(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (unsigned)n : 1;
}

uint64_t ts_memory_total(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

uint64_t ts_memory_peak(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

bool ts_is_admin(void)
{
    return geteuid() == 0;
}

uint32_t ts_user_id(void)
{
    return geteuid();
}

bool ts_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

/* A file of /proc or /sys or /etc, without blanks around; false if it cannot be read. */
static bool read_small(const char *path, char *out, size_t n)
{
    struct ts_buf text = {0};
    bool ok = ts_file_read(path, 64 << 10, &text, NULL) == TS_OK;
    ts_str s = ts_str_trim(ts_buf_view(&text));

    ok = ok && s.n < n;
    if (ok) {
        memcpy(out, s.p, s.n);
        out[s.n] = '\0';
    }
    ts_buf_free(&text);
    return ok;
}

bool ts_in_winpe(void)
{
    enum { RAMFS = 0x858458f6, TMPFS = 0x01021994 };
    char line[8192];
    struct statfs root;

    if (read_small("/proc/cmdline", line, sizeof line)) {
        ts_str rest = ts_str_of(line), word;
        while (ts_str_cut(&rest, ' ', &word)) {
            if (ts_str_case_starts(word, TS_S("taskseq.phase="))) {
                return ts_str_caseeq(word, TS_S("taskseq.phase=WinPE"));
            }
        }
    }
    return statfs("/", &root) == 0 &&
           ((unsigned long)root.f_type == RAMFS || (unsigned long)root.f_type == TMPFS);
}

/* Boards without an id answer with one digit all along. */
static bool is_real_uuid(const char *uuid)
{
    char first = '\0';

    for (const char *p = uuid; *p; p++) {
        if (!isxdigit((unsigned char)*p)) {
            continue;
        }
        if (!first) {
            first = *p;
        } else if (*p != first) {
            return true;
        }
    }
    return false;
}

void ts_machine_id(char out[64])
{
    out[0] = '\0';
    if (read_small("/sys/class/dmi/id/product_uuid", out, 64) && is_real_uuid(out)) {
        for (char *p = out; *p; p++) {
            *p = (char)tolower((unsigned char)*p);
        }
        return;
    }
    if (!read_small("/etc/machine-id", out, 64)) {
        out[0] = '\0';
    }
}

void ts_host_name(char out[256])
{
    if (gethostname(out, 256) != 0) {
        out[0] = '\0';
    }
    out[255] = '\0';
}

const char *ts_env(const char *name)
{
    return getenv(name);
}

void ts_env_set(const char *name, const char *value)
{
    if (!value) {
        unsetenv(name);
    } else if (setenv(name, value, 1) != 0 && errno == ENOMEM) {
        ts_oom(strlen(value));
    }
}

const char *ts_platform_name(void)
{
    return "posix";
}

const char *ts_platform_arch(void)
{
    static struct utsname names;

    if (!names.machine[0] && uname(&names) != 0) {
        return "unknown";
    }
    return names.machine;
}

char *ts_default_state_dir(void)
{
    const char *home = getenv("HOME"), *xdg = getenv("XDG_STATE_HOME");

    if (geteuid() == 0) {
        return ts_strdup("/var/lib/taskseq");
    }
    if (xdg && xdg[0] == '/') {
        return ts_path_join(xdg, "taskseq");
    }
    if (home && home[0] == '/') {
        return ts_path_join(home, ".local/state/taskseq");
    }
    return ts_format("/var/tmp/taskseq-%lu", (unsigned long)geteuid());
}

bool ts_process_alive(long long pid)
{
    char path[64], line[1024];

    if (pid <= 0 || (pid_t)pid != pid || (kill((pid_t)pid, 0) != 0 && errno == ESRCH)) {
        return false;
    }
    /* One that has ended and was not waited for still has its number. */
    snprintf(path, sizeof path, "/proc/%lld/stat", pid);
    if (!read_small(path, line, sizeof line)) {
        return kill((pid_t)pid, 0) == 0 || errno == EPERM;
    }
    const char *after_name = strrchr(line, ')');
    return !(after_name && (after_name[2] == 'Z' || after_name[2] == 'X'));
}

long long ts_process_id(void)
{
    return getpid();
}

unsigned long ts_thread_id(void)
{
    return (unsigned long)syscall(SYS_gettid);
}

void ts_user_name(uint32_t uid, char *out, size_t n)
{
    struct passwd entry, *found = NULL;
    char space[4096];

    out[0] = '\0';
    if (getpwuid_r(uid, &entry, space, sizeof space, &found) == 0 && found) {
        snprintf(out, n, "%s", found->pw_name);
    }
}
