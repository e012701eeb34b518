/* migrate_bench.c - capture, restore and removal against a bare loop of the same system
 * calls, and against cp, rsync and rm.
 *
 *   bench_migrate [--files N] [--runs R] [--threads T] [--dir DIR] [--only capture]
 *
 * Everything is measured in one run and told as a ratio.  Nothing is deleted before the
 * end but what is measured: ext4 is slow to make inodes for a while after it freed some.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "migrate/migrate.h"
#include "platform/drives.h"
#include "platform/sysinfo.h"

static char dir[400];
static int threads, runs = 3;
static long files = 200000;
static bool capture_only, removal_only;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- the tree ---------------------------------------------------------------------- */

static uint32_t seed = 12345;

static uint32_t rnd(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void make_file(int at, const char *name)
{
    static char bytes[8192];
    int fd = openat(at, name, O_CREAT | O_WRONLY | O_EXCL, 0644);
    /* A million of them for the memory alone need no contents. */
    size_t n = files > 400000 ? 16 : 200 + rnd() % 7800;

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        die(name);
    close(fd);
}

/* Ten files to a folder, 50 folders to a group, in four profiles. */
static void make_tree(void)
{
    char path[600];
    long folder = 0;

    snprintf(path, sizeof path, "%s/C/Users", dir);
    mkdir(path, 0755);
    for (long i = 0; i < files; folder++) {
        int at;
        snprintf(path, sizeof path, "%s/C/Users/user%ld", dir, folder % 4);
        mkdir(path, 0755);
        snprintf(path, sizeof path, "%s/C/Users/user%ld/Documents group %ld", dir,
                 folder % 4, folder / 200);
        mkdir(path, 0755);
        snprintf(path + strlen(path), 60, "/Folder number %ld", folder);
        if (mkdir(path, 0755) != 0 || (at = open(path, O_RDONLY | O_DIRECTORY)) < 0)
            die(path);
        for (int k = 0; k < 10 && i < files; k++, i++) {
            char name[64];
            snprintf(name, sizeof name, "Document %ld from %u.docx", i, rnd() % 100000);
            make_file(at, name);
        }
        close(at);
    }
    sync();
}

/* ---- the bare loop: walk, fstatat, mkdir, linkat, final syncfs --------------------- */

struct bare {
    pthread_mutex_t m;
    pthread_cond_t c;
    char **stack;
    size_t n, cap;
    int idle, done;
    int from, to;
    bool erase;
};

static void bare_push(struct bare *b, char *rel)
{
    pthread_mutex_lock(&b->m);
    if (b->n == b->cap)
        b->stack =
            realloc(b->stack, (b->cap = b->cap ? b->cap * 2 : 64) * sizeof(char *));
    b->stack[b->n++] = rel;
    pthread_cond_signal(&b->c);
    pthread_mutex_unlock(&b->m);
}

static void bare_folder(struct bare *b, const char *rel)
{
    int from = openat(b->from, rel, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), to = -1;
    DIR *d = fdopendir(from);
    struct dirent *e;

    if (!b->erase)
        to = openat(b->to, rel, O_RDONLY | O_DIRECTORY);
    while ((e = readdir(d)) != NULL) {
        struct stat st;
        if (e->d_name[0] == '.' && (!e->d_name[1] || e->d_name[1] == '.'))
            continue;
        if (e->d_type == DT_DIR) {
            char *sub = malloc(strlen(rel) + strlen(e->d_name) + 2);
            sprintf(sub, "%s/%s", rel, e->d_name);
            if (!b->erase && (fstatat(from, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
                              mkdirat(to, e->d_name, 0700) != 0))
                die(sub);
            bare_push(b, sub);
        } else if (b->erase) {
            if (unlinkat(from, e->d_name, 0) != 0)
                die(e->d_name);
        } else if (fstatat(from, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
                   linkat(from, e->d_name, to, e->d_name, 0) != 0) {
            die(e->d_name);
        }
    }
    closedir(d);
    if (to >= 0)
        close(to);
    if (b->erase && strcmp(rel, ".") != 0)
        unlinkat(b->from, rel, AT_REMOVEDIR);
}

static void *bare_thread(void *arg)
{
    struct bare *b = arg;

    for (;;) {
        char *rel;
        pthread_mutex_lock(&b->m);
        b->idle++;
        while (b->n == 0 && !b->done) {
            if (b->idle == threads) {
                b->done = 1;
                pthread_cond_broadcast(&b->c);
            } else {
                pthread_cond_wait(&b->c, &b->m);
            }
        }
        if (b->done && b->n == 0) {
            pthread_mutex_unlock(&b->m);
            return NULL;
        }
        b->idle--;
        rel = b->stack[--b->n];
        pthread_mutex_unlock(&b->m);
        bare_folder(b, rel);
        free(rel);
    }
}

/* Mirror `from` to `to`, or with `to` NULL delete two levels of folders. */
static void bare_loop(const char *from, const char *to)
{
    struct bare b = {.erase = to == NULL};
    pthread_t t[64];

    pthread_mutex_init(&b.m, NULL);
    pthread_cond_init(&b.c, NULL);
    b.from = open(from, O_RDONLY | O_DIRECTORY);
    if (to && mkdir(to, 0700) != 0)
        die(to);
    b.to = to ? open(to, O_RDONLY | O_DIRECTORY) : -1;
    bare_push(&b, strdup("."));
    for (int i = 0; i < threads; i++)
        pthread_create(&t[i], NULL, bare_thread, &b);
    for (int i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
    syncfs(b.from);
}

/* ---- ours -------------------------------------------------------------------------- */

static void check(enum ts_code rc, const struct ts_err *err)
{
    if (rc != TS_OK) {
        fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
}

static void map(char letter, const char *folder, const char *volume)
{
    char path[600];
    struct ts_err err;

    snprintf(path, sizeof path, "%s/%s", dir, folder);
    mkdir(path, 0755);
    check(ts_drives_map(letter, path, volume, letter == 'C', &err), &err);
}

static void our_capture(int i)
{
    char store[64];
    struct ts_capture c = {.store = store, .windows_drive = "C:", .threads = threads};
    struct ts_mig_totals t;
    struct ts_err err;

    snprintf(store, sizeof store, "C:\\Store%d", i);
    check(ts_migrate_capture(&c, NULL, &t, &err), &err);
    if (t.files < (uint64_t)files)
        exit(1);
}

static void our_restore(int i)
{
    char store[64], folder[64];
    struct ts_restore r = {.store = store, .windows_drive = "E:", .threads = threads};
    struct ts_mig_totals t;
    struct ts_err err;

    snprintf(store, sizeof store, "C:\\Store%d", i);
    snprintf(folder, sizeof folder, "restored%d", i);
    map('E', folder, "volume-e");
    check(ts_migrate_restore(&r, NULL, &t, &err), &err);
}

static void our_remove(int i)
{
    char store[64];
    struct ts_mig_totals t;
    struct ts_err err;

    snprintf(store, sizeof store, "C:\\Store%d", i);
    check(ts_store_remove(store, true, NULL, &t, &err), &err);
}

static void our_check(int i)
{
    char store[64];
    struct ts_err err;

    snprintf(store, sizeof store, "C:\\Store%d", i);
    check(ts_store_verify(store, NULL, NULL, NULL, &err), &err);
    check(ts_store_verify_source(store, NULL, NULL, NULL, &err), &err);
}

static void our_update(int i)
{
    char store[64];
    struct ts_capture c = {.store = store, .windows_drive = "C:"};
    struct ts_mig_totals t;
    struct ts_err err;

    snprintf(store, sizeof store, "C:\\Store%d", i);
    check(ts_migrate_update(&c, NULL, &t, &err), &err);
}

/* ---- others ------------------------------------------------------------------------ */

static void run_program(const char *const *argv)
{
    execvp(argv[0], (char *const *)argv);
    die(argv[0]);
}

static void bare_mirror(int i)
{
    char from[600], to[600];

    snprintf(from, sizeof from, "%s/C/Users", dir);
    snprintf(to, sizeof to, "%s/bare%d", dir, i);
    bare_loop(from, to);
}

static void bare_mirror_again(int i)
{
    bare_mirror(100 + i);
}

static void cp_al(int i)
{
    char from[600], to[600];

    snprintf(from, sizeof from, "%s/C/Users", dir);
    snprintf(to, sizeof to, "%s/cp%d", dir, i);
    run_program((const char *const[]){"cp", "-al", from, to, NULL});
}

static void rsync(int i)
{
    char from[600], to[600], link_dest[700];

    snprintf(from, sizeof from, "%s/C/Users/", dir);
    snprintf(to, sizeof to, "%s/rsync%d", dir, i);
    snprintf(link_dest, sizeof link_dest, "--link-dest=%s", from);
    run_program((const char *const[]){"rsync", "-a", link_dest, from, to, NULL});
}

static void bare_remove(int i)
{
    char data[600];

    snprintf(data, sizeof data, "%s/C/Store%d/data", dir, i);
    bare_loop(data, NULL);
}

static void rm_rf(int i)
{
    char store[600];

    snprintf(store, sizeof store, "%s/C/Store%d", dir, i);
    run_program((const char *const[]){"rm", "-rf", store, NULL});
}

/* ---- measuring --------------------------------------------------------------------- */

static long peak_kib; /* of the last child */
static double cpu_s;  /* of the last child, all threads */

/* In a process of its own, so that memory is that of one job. */
static double measure(void (*fn)(int), int i)
{
    int fds[2];
    double start, end;
    pid_t pid;
    int status;

    if (pipe(fds) != 0)
        die("pipe");
    start = now();
    pid = fork();
    if (pid == 0) {
        char hwm[32];
        fn(i);
        snprintf(hwm, sizeof hwm, "%llu", (unsigned long long)ts_memory_peak() / 1024);
        if (write(fds[1], hwm, strlen(hwm)) < 0)
            die("pipe");
        _exit(0);
    }
    close(fds[1]);
    struct rusage use;
    wait4(pid, &status, 0, &use);
    end = now();
    cpu_s = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
            (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "a measurement failed\n");
        exit(1);
    }
    char hwm[32] = "";
    peak_kib = read(fds[0], hwm, sizeof hwm - 1) > 0 ? atol(hwm) : 0;
    close(fds[0]);
    sync();
    return end - start;
}

struct series {
    const char *name;
    void (*fn)(int);
    double t[16], cpu[16];
    long peak;
};

static double median(const double *t)
{
    double v[16];

    memcpy(v, t, sizeof v);
    for (int i = 1; i < runs; i++) {
        for (int k = i; k > 0 && v[k] < v[k - 1]; k--) {
            double x = v[k];
            v[k] = v[k - 1];
            v[k - 1] = x;
        }
    }
    return v[runs / 2];
}

static void keep(struct series *s, int r, double t)
{
    s->t[r] = t;
    s->cpu[r] = cpu_s;
    if (peak_kib > s->peak)
        s->peak = peak_kib;
}

/* On a busy machine the processor time says more than the clock. */
static void table(const char *title, const struct series *s, int n)
{
    printf("\n%s\n%-28s %9s %6s  %9s %6s  %9s   runs\n", title, "", "median s", "ratio",
           "cpu s", "ratio", "peak KiB");
    for (int k = 0; k < n; k++) {
        printf("%-28s %9.2f %6.2f  %9.2f %6.2f  %9ld  ", s[k].name, median(s[k].t),
               median(s[k].t) / median(s[0].t), median(s[k].cpu),
               median(s[k].cpu) / median(s[0].cpu), s[k].peak);
        for (int r = 0; r < runs; r++)
            printf(" %.2f", s[k].t[r]);
        printf("\n");
    }
    fflush(stdout);
}

/* Alternating, so that what the machine does besides hits all alike. */
static void compare(const char *title, struct series *s, int n)
{
    for (int r = 0; r < runs; r++) {
        for (int k = 0; k < n; k++) {
            int at = (k + r) % n;
            keep(&s[at], r, measure(s[at].fn, r));
        }
    }
    table(title, s, n);
}

/* Each removal needs a store of its own. */
static void removals(void)
{
    static struct series s[] = {{"bare loop", NULL, {0}, {0}, 0},
                                {"store removal", NULL, {0}, {0}, 0},
                                {"rm -rf", NULL, {0}, {0}, 0}};
    void (*const fn[])(int) = {bare_remove, our_remove, rm_rf};

    for (int i = 0; i < 3 * runs; i++)
        measure(our_capture, 1000 + i);
    for (int r = 0; r < runs; r++) {
        for (int k = 0; k < 3; k++) {
            int at = (k + r) % 3;
            keep(&s[at], r, measure(fn[at], 1000 + 3 * r + k));
        }
    }
    table("removal of a store", s, 3);
}

static void options(int argc, char **argv)
{
    const char *base = "/tmp";

    threads = (int)ts_cpu_count();
    for (int i = 1; i < argc; i++) {
        const char *v = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--files"))
            files = atol(v), i++;
        else if (!strcmp(argv[i], "--runs"))
            runs = atoi(v), i++;
        else if (!strcmp(argv[i], "--threads"))
            threads = atoi(v), i++;
        else if (!strcmp(argv[i], "--dir"))
            base = v, i++;
        else if (!strcmp(argv[i], "--only"))
            capture_only = !strcmp(v, "capture"), removal_only = !strcmp(v, "removal"),
            i++;
        else {
            fprintf(stderr,
                    "usage: %s [--files N] [--runs R] [--threads T] [--dir DIR]"
                    " [--only capture|removal]\n",
                    argv[0]);
            exit(2);
        }
    }
    if (runs < 1 || runs > 16 || threads < 1 || threads > 64 || files < 10)
        exit(2);
    snprintf(dir, sizeof dir, "%s/bench-migrate-XXXXXX", base);
    if (!mkdtemp(dir))
        die(dir);
}

int main(int argc, char **argv)
{
    struct series capture[] = {{"bare mirror loop", bare_mirror, {0}, {0}, 0},
                               {"capture with catalogue", our_capture, {0}, {0}, 0},
                               {"cp -al", cp_al, {0}, {0}, 0},
                               {"rsync -a --link-dest", rsync, {0}, {0}, 0}};
    struct series restore[] = {{"bare mirror loop", bare_mirror_again, {0}, {0}, 0},
                               {"restore and its proof", our_restore, {0}, {0}, 0}};
    struct series checks[] = {{"both proofs before a wipe", our_check, {0}, {0}, 0},
                              {"update, nothing changed", our_update, {0}, {0}, 0}};
    struct ts_err err;

    options(argc, argv);
    printf("%ld files, %d threads, %s\n", files, threads, dir);
    map('C', "C", "volume-c");
    make_tree();
    if (!removal_only)
        compare("capture", capture, files > 400000 ? 2 : 4);
    if (!capture_only && !removal_only) {
        compare("checks", checks, 2);
        compare("restore", restore, 2);
    }
    if (!capture_only)
        removals();
    ts_drives_clear();
    check(ts_fs_remove_tree(dir, &err), &err);
    return 0;
}
