/* tree.c - the processes below one of ours, and ending them.
 *
 * A process can leave its group and session, and its parent can end, but it cannot choose
 * its new parent: that is the nearest ancestor that asked for it, and while we run a
 * program that is us.  So every descendant is found either below the program or among our
 * own children, where it is known by being younger than the program. */
#include "platform/posix/process.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/fs.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- who is whose --------------------------------------------------------------------
 */

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pid_t *started;
static size_t started_count, started_cap;
static int adopters;
static bool adopted_before; /* somebody else had asked for it */

void px_started_add(pid_t pid)
{
    pthread_mutex_lock(&guard);
    if (started_count == started_cap) {
        started_cap = started_cap ? started_cap * 2 : 16;
        started = ts_realloc_array(started, started_cap, sizeof *started);
    }
    started[started_count++] = pid;
    pthread_mutex_unlock(&guard);
}

void px_started_remove(pid_t pid)
{
    pthread_mutex_lock(&guard);
    for (size_t i = 0; i < started_count; i++) {
        if (started[i] == pid) {
            started[i] = started[--started_count];
            break;
        }
    }
    pthread_mutex_unlock(&guard);
}

bool px_started(pid_t pid)
{
    bool found = false;

    pthread_mutex_lock(&guard);
    for (size_t i = 0; i < started_count && !found; i++) {
        found = started[i] == pid;
    }
    pthread_mutex_unlock(&guard);
    return found;
}

void px_adopt_begin(void)
{
    pthread_mutex_lock(&guard);
    if (adopters++ == 0) {
        int before = 0;
        prctl(PR_GET_CHILD_SUBREAPER, &before);
        adopted_before = before != 0;
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    }
    pthread_mutex_unlock(&guard);
}

void px_adopt_end(void)
{
    pthread_mutex_lock(&guard);
    if (--adopters == 0 && !adopted_before) {
        prctl(PR_SET_CHILD_SUBREAPER, 0);
    }
    pthread_mutex_unlock(&guard);
}

/* An adopted process descends from one that we put into a group of its own; children that
 * a program around us made are, as a rule, in our own group and stay untouched. */
static bool is_adopted(pid_t pid)
{
    return !px_started(pid) && getpgid(pid) != getpgrp();
}

void px_adopt_reap(void)
{
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            info.si_pid == 0 || !is_adopted(info.si_pid) ||
            waitpid(info.si_pid, NULL, WNOHANG) <= 0) {
            return;
        }
    }
}

/* ---- the list of all processes -------------------------------------------------------
 */

struct process {
    pid_t pid, parent;
    char state; /* 'Z': ended, not waited for */
    uint64_t began;
    bool chosen;
};

struct processes {
    struct process *p;
    size_t n, cap;
};

static bool read_process(pid_t pid, struct process *out)
{
    char path[64], text[1024];
    long long parent;
    unsigned long long began;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        close(fd);
    }
    if (n <= 0) {
        return false;
    }
    text[n] = '\0';
    /* "pid (name) state parent ...": the name may hold anything, even brackets. */
    char *p = strrchr(text, ')');
    if (!p || p[1] != ' ' ||
        sscanf(
            p + 2,
            "%c %lld %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
            "%llu",
            &out->state, &parent, &began) != 3) {
        return false;
    }
    out->pid = pid;
    out->parent = (pid_t)parent;
    out->began = began;
    out->chosen = false;
    return true;
}

uint64_t px_start_of(pid_t pid)
{
    struct process p;

    return read_process(pid, &p) ? p.began : 0;
}

static void list_processes(struct processes *list)
{
    DIR *d = opendir("/proc");

    list->n = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        struct process p;
        if (!isdigit((unsigned char)e->d_name[0]) ||
            !read_process((pid_t)strtol(e->d_name, NULL, 10), &p)) {
            continue;
        }
        if (list->n == list->cap) {
            list->cap = list->cap ? list->cap * 2 : 256;
            list->p = ts_realloc_array(list->p, list->cap, sizeof *list->p);
        }
        list->p[list->n++] = p;
    }
    if (d) {
        closedir(d);
    }
}

static struct process *find_process(struct processes *list, pid_t pid)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->p[i].pid == pid) {
            return &list->p[i];
        }
    }
    return NULL;
}

/* ---- ending them ---------------------------------------------------------------------
 */

enum { GRACE_MS = 200, LONGEST_MS = 10000 };

static void nap(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* Send to all that are chosen; how many were still there?  Those of our children that
 * have ended are waited for, except `keep`, whose result someone wants. */
static size_t signal_chosen(struct processes *list, int signal_number, pid_t keep)
{
    size_t alive = 0;

    for (size_t i = 0; i < list->n; i++) {
        struct process *p = &list->p[i];
        if (!p->chosen) {
            continue;
        }
        if (p->state == 'Z' || p->state == 'X') {
            if (p->parent == getpid() && p->pid != keep) {
                waitpid(p->pid, NULL, WNOHANG);
            }
            continue;
        }
        alive++;
        if (signal_number) {
            kill(p->pid, signal_number);
        }
        if (signal_number == SIGTERM) {
            kill(p->pid, SIGCONT); /* or one that was stopped would not hear it */
        }
    }
    return alive;
}

static void choose_tree(struct processes *list, pid_t root, uint64_t since, bool waited)
{
    pid_t self = getpid();
    bool more = true;

    for (size_t i = 0; i < list->n; i++) {
        struct process *p = &list->p[i];
        p->chosen = p->pid == root
                        ? !waited
                        : p->parent == self && p->began >= since && is_adopted(p->pid);
    }
    while (more) { /* until no child of a chosen one is left out */
        more = false;
        for (size_t i = 0; i < list->n; i++) {
            struct process *p = &list->p[i];
            struct process *parent = p->chosen ? NULL : find_process(list, p->parent);
            if (parent && parent->chosen && p->pid != self) {
                p->chosen = more = true;
            }
        }
    }
}

void px_tree_kill(pid_t root, uint64_t since, bool root_waited, bool gentle)
{
    struct processes list = {0};
    int64_t began = ts_mono_ns(), grace = gentle ? GRACE_MS * INT64_C(1000000) : 0;
    size_t alive = 1;
    bool asked = false;

    while (alive && ts_mono_ns() - began < grace) {
        list_processes(&list);
        choose_tree(&list, root, since, root_waited);
        alive = signal_chosen(&list, asked ? 0 : SIGTERM, root);
        asked = true;
        if (alive) {
            nap(10);
        }
    }
    /* Again and again: one may have made another while we looked. */
    alive = 1;
    while (alive && ts_mono_ns() - began < LONGEST_MS * INT64_C(1000000)) {
        list_processes(&list);
        choose_tree(&list, root, since, root_waited);
        alive = signal_chosen(&list, SIGKILL, root);
        if (alive) {
            nap(2);
        }
    }
    ts_free(list.p);
}

/* ---- what an earlier process of the run left behind ----------------------------------
 */

static bool belongs_to_run(pid_t pid, ts_str wanted, struct ts_buf *space)
{
    char path[64];
    ts_str entry;

    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    if (ts_file_read(path, 8 << 20, space, NULL) != TS_OK) {
        return false;
    }
    ts_str rest = ts_buf_view(space);
    while (ts_str_cut(&rest, '\0', &entry)) {
        if (ts_str_eq(entry, wanted)) {
            return true;
        }
    }
    return false;
}

void ts_proc_kill_run(const char *run)
{
    char *wanted = ts_format("TASKSEQ_RUN=%s", run);
    struct processes list = {0};
    struct ts_buf space = {0};
    int64_t began = ts_mono_ns();
    size_t alive = 1;

    while (alive && ts_mono_ns() - began < LONGEST_MS * INT64_C(1000000)) {
        list_processes(&list);
        for (size_t i = 0; i < list.n; i++) {
            list.p[i].chosen = belongs_to_run(list.p[i].pid, ts_str_of(wanted), &space);
        }
        for (struct process *p = find_process(&list, getpid()); p;
             p = p->parent ? find_process(&list, p->parent) : NULL) {
            p->chosen = false; /* ourselves and those who wait for us */
        }
        alive = signal_chosen(&list, SIGKILL, 0);
        if (alive) {
            nap(2);
        }
    }
    ts_buf_free(&space);
    ts_free(list.p);
    ts_free(wanted);
}
