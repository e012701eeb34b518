#include "lab.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/hash.h"
#include "platform/drives.h"

/* ---- machine ----------------------------------------------------------------------- */

static struct lab *new_in(const char *base)
{
    struct lab *l = ts_alloc(sizeof *l);
    struct ts_err err;

    snprintf(l->dir, sizeof l->dir, "%s/ts-migrate-XXXXXX", base);
    cr_assert(mkdtemp(l->dir) != NULL);
    snprintf(l->c, sizeof l->c, "%s/C", l->dir);
    snprintf(l->d, sizeof l->d, "%s/D", l->dir);
    snprintf(l->x, sizeof l->x, "%s/X", l->dir);
    mkdir(l->c, 0755);
    mkdir(l->d, 0755);
    mkdir(l->x, 0755);
    ts_drives_clear();
    OK(ts_drives_map('C', l->c, "volume-c", true, &err));
    OK(ts_drives_map('D', l->d, "volume-d", true, &err));
    OK(ts_drives_map('X', l->x, "volume-x", false, &err));
    l->notes = ts_strdup("");
    return l;
}

struct lab *lab_new(void)
{
    return new_in("/tmp");
}

struct lab *lab_new_in_memory(void)
{
    return new_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

void lab_free(struct lab *l)
{
    pid_t pid = fork();

    /* Another program: what the lab holds is in nobody's way there. */
    if (pid == 0) {
        execlp("rm", "rm", "-rf", l->dir, NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    ts_free(l->notes);
    ts_free(l);
}

static void add_note(void *ctx, int level, const char *text)
{
    struct lab *l = ctx;
    char *more = ts_format("%s%d %s\n", l->notes, level, text);

    ts_free(l->notes);
    l->notes = more;
}

const struct ts_mig_env *lab_env(struct lab *l)
{
    static struct ts_mig_env env;

    env = (struct ts_mig_env){.ctx = l, .note = add_note};
    return &env;
}

bool noted(struct lab *l, const char *part)
{
    return strstr(l->notes, part) != NULL;
}

/* ---- files ------------------------------------------------------------------------- */

char *lab_path(struct lab *l, const char *path)
{
    return ts_format("%s/%s", l->dir, path);
}

void lab_dir(struct lab *l, const char *path, unsigned mode)
{
    char *p = lab_path(l, path);

    for (char *s = p + strlen(l->dir) + 1; *s; s++) {
        if (*s == '/') {
            *s = 0;
            cr_assert(mkdir(p, 0755) == 0 || errno == EEXIST, "%s", p);
            *s = '/';
        }
    }
    cr_assert(mkdir(p, mode) == 0 || errno == EEXIST, "%s", p);
    cr_assert(chmod(p, mode) == 0);
    ts_free(p);
}

void lab_file(struct lab *l, const char *path, const char *text)
{
    char *p = lab_path(l, path);
    int fd = open(p, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    cr_assert(fd >= 0, "%s: %s", p, strerror(errno));
    cr_assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    ts_free(p);
}

void lab_link(struct lab *l, const char *path, const char *target)
{
    char *p = lab_path(l, path);

    cr_assert(symlink(target, p) == 0, "%s", p);
    ts_free(p);
}

void lab_hardlink(struct lab *l, const char *from, const char *to)
{
    char *a = lab_path(l, from), *b = lab_path(l, to);

    cr_assert(link(a, b) == 0, "%s", b);
    ts_free(a);
    ts_free(b);
}

void lab_mtime(struct lab *l, const char *path, long long seconds)
{
    char *p = lab_path(l, path);
    struct timespec t[2] = {{seconds, 123456789}, {seconds, 987654321}};

    cr_assert(utimensat(AT_FDCWD, p, t, AT_SYMLINK_NOFOLLOW) == 0, "%s", p);
    ts_free(p);
}

void lab_owner(struct lab *l, const char *path, unsigned uid, unsigned gid)
{
    char *p = lab_path(l, path);

    if (geteuid() == 0)
        cr_assert(lchown(p, uid, gid) == 0, "%s", p);
    ts_free(p);
}

void lab_xattr(struct lab *l, const char *path, const char *name, const char *value)
{
    char *p = lab_path(l, path);

    cr_assert(lsetxattr(p, name, value, strlen(value), 0) == 0, "%s: %s", p,
              strerror(errno));
    ts_free(p);
}

char *lab_read(struct lab *l, const char *path)
{
    char *p = lab_path(l, path);
    struct ts_buf b = {0};
    enum ts_code rc = ts_file_read(p, 1 << 20, &b, NULL);

    ts_free(p);
    return rc == TS_OK ? (b.p ? ts_buf_take(&b) : ts_strdup("")) : NULL;
}

bool lab_has(struct lab *l, const char *path)
{
    char *p = lab_path(l, path);
    struct stat st;
    bool has = lstat(p, &st) == 0;

    ts_free(p);
    return has;
}

unsigned long long lab_inode(struct lab *l, const char *path)
{
    char *p = lab_path(l, path);
    struct stat st = {0};

    cr_assert(lstat(p, &st) == 0, "%s", p);
    ts_free(p);
    return st.st_ino;
}

void lab_remove(struct lab *l, const char *path)
{
    char *p = lab_path(l, path);
    struct ts_err err;
    struct stat st;

    cr_assert(lstat(p, &st) == 0, "%s", p);
    if (S_ISDIR(st.st_mode))
        OK(ts_fs_remove_tree(p, &err));
    else
        cr_assert(unlink(p) == 0);
    ts_free(p);
}

/* ---- trees ------------------------------------------------------------------------- */

static void inside(struct lab *l, const char *base, const char *name, const char *text)
{
    char *p = ts_format("%s/%s", base, name);

    lab_file(l, p, text);
    ts_free(p);
}

/* Folders below one another until the path has about n bytes. */
void lab_deep(struct lab *l, const char *base, size_t n)
{
    char *p = lab_path(l, base);
    int at = open(p, O_RDONLY | O_DIRECTORY), next;
    size_t len = strlen(p);
    char name[201];

    memset(name, 'd', 200);
    name[200] = 0;
    while (len < n) {
        cr_assert(mkdirat(at, name, 0755) == 0);
        next = openat(at, name, O_RDONLY | O_DIRECTORY);
        cr_assert(next >= 0);
        close(at);
        at = next;
        len += 201;
    }
    next = openat(at, "bottom.txt", O_CREAT | O_WRONLY, 0600);
    cr_assert(write(next, "deep", 4) == 4);
    close(next);
    close(at);
    ts_free(p);
}

static void odd_names(struct lab *l, const char *base)
{
    char name[256];

    inside(l, base, "Brieföffner – Kopie.txt", "umlaut");
    inside(l, base, "日本語の文書.txt", "japanese");
    inside(l, base, "line\nfeed.txt", "newline");
    inside(l, base, "bad\xff\xfe utf8", "bytes");
    inside(l, base, " leading and trailing ", "blanks");
    inside(l, base, "back\\slash", "backslash");
    inside(l, base, "-rf", "dash");
    inside(l, base, "dot.", "dot");
    inside(l, base, "CON", "device name");
    memset(name, 'n', 255);
    name[255] = 0;
    inside(l, base, name, "longest");
}

static void traps(struct lab *l, const char *base)
{
    static const char *const links[][2] = {
        {"absolute", "/etc"},
        {"relative", "../../../.."},
        {"parent", ".."},
        {"self", "self"},
        {"dangling", "nowhere/at/all"},
        {"shadow", "/etc/shadow"},
        {"outside", "../../../outside"},
    };

    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        char *p = ts_format("%s/%s", base, links[i][0]);
        lab_link(l, p, links[i][1]);
        lab_owner(l, p, 1001, 1001);
        lab_mtime(l, p, 1200000000);
        ts_free(p);
    }
}

static void sparse(struct lab *l, const char *path)
{
    char *p = lab_path(l, path);
    int fd = open(p, O_CREAT | O_WRONLY, 0600);

    cr_assert(fd >= 0);
    cr_assert(pwrite(fd, "start", 5, 0) == 5);
    cr_assert(pwrite(fd, "end", 3, 8 << 20) == 3);
    close(fd);
    ts_free(p);
}

/* Owner, times and modes of everything below, made from the names. */
static void dress(int dir, unsigned uid)
{
    DIR *d = fdopendir(dup(dir));
    struct dirent *e;

    while ((e = readdir(d)) != NULL) {
        struct stat st;
        unsigned h = 17;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        for (const char *p = e->d_name; *p; p++)
            h = h * 31 + (unsigned char)*p;
        cr_assert(fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0);
        if (geteuid() == 0)
            cr_assert(fchownat(dir, e->d_name, uid, uid, AT_SYMLINK_NOFOLLOW) == 0);
        if (S_ISDIR(st.st_mode)) {
            int sub = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            dress(sub, uid);
            close(sub);
        }
        struct timespec t[2] = {{1000000000 + h % 500000000, h % 1000},
                                {1000000000 + h % 500000000, h % 999999999}};
        cr_assert(utimensat(dir, e->d_name, t, AT_SYMLINK_NOFOLLOW) == 0);
    }
    closedir(d);
}

static void dress_path(struct lab *l, const char *path, unsigned uid)
{
    char *p = lab_path(l, path);
    int fd = open(p, O_RDONLY | O_DIRECTORY);

    cr_assert(fd >= 0);
    dress(fd, uid);
    close(fd);
    lab_owner(l, path, uid, uid);
    lab_mtime(l, path, 1300000000);
    ts_free(p);
}

static void sub(struct lab *l, const char *base, const char *name, unsigned mode)
{
    char *p = ts_format("%s/%s", base, name);

    lab_dir(l, p, mode);
    ts_free(p);
}

static void chmod_in(struct lab *l, const char *base, const char *name, unsigned mode)
{
    char *p = ts_format("%s/%s/%s", l->dir, base, name);

    cr_assert(chmod(p, mode) == 0, "%s", p);
    ts_free(p);
}

void lab_profile(struct lab *l, const char *path)
{
    static unsigned uid = 1000;
    char *p, *q;

    uid++;
    lab_dir(l, path, 0700);
    inside(l, path, "NTUSER.DAT", "hive of a user");
    sub(l, path, "Documents", 0755);
    sub(l, path, "Documents/Work", 0750);
    sub(l, path, "Documents/Work/2026", 02775);
    sub(l, path, "AppData/Local/Temp", 01777);
    sub(l, path, "Empty", 0700);
    inside(l, path, "Documents/letter.txt", "Dear Sir or Madam");
    inside(l, path, "Documents/zero", "");
    inside(l, path, "Documents/Work/plan.ods", "numbers");
    inside(l, path, "AppData/Local/Temp/junk.tmp", "junk");
    sub(l, path, "Names", 0755);
    p = ts_format("%s/Names", path);
    odd_names(l, p);
    ts_free(p);
    sub(l, path, "Traps", 0755);
    p = ts_format("%s/Traps", path);
    traps(l, p);
    ts_free(p);
    p = ts_format("%s/Documents/sparse.img", path);
    sparse(l, p);
    ts_free(p);
    p = ts_format("%s/Documents/letter.txt", path);
    q = ts_format("%s/Documents/Work/same letter.txt", path);
    lab_hardlink(l, p, q);
    ts_free(p);
    ts_free(q);
    sub(l, path, "Read only", 0755);
    sub(l, path, "Read only/below", 0755);
    inside(l, path, "Read only/below/locked.txt", "cannot be changed");
    inside(l, path, "Documents/setuid", "#!/bin/sh\n");
    sub(l, path, "Deep", 0755);
    p = ts_format("%s/Deep", path);
    lab_deep(l, p, 4000);
    ts_free(p);
    p = ts_format("%s/Documents", path);
    lab_xattr(l, p, "user.comment", "a folder with an attribute");
    ts_free(p);
    p = ts_format("%s/Documents/zero", path);
    lab_xattr(l, p, "user.empty", "a file with an attribute");
    ts_free(p);
    dress_path(l, path, uid);
    chmod_in(l, path, "Documents/setuid", 06755);
    chmod_in(l, path, "Read only/below/locked.txt", 0444);
    chmod_in(l, path, "Read only/below", 0555);
    chmod_in(l, path, "Read only", 0500);
}

void lab_users(struct lab *l)
{
    lab_dir(l, "C/Windows", 0755);
    lab_file(l, "C/Windows/system.ini", "[drivers]");
    lab_dir(l, "outside", 0755);
    lab_file(l, "outside/foreign.txt", "nobody's business");
    lab_profile(l, "C/Users/Ann");
    lab_profile(l, "C/Users/Bob");
    lab_dir(l, "C/Users/Public/Pictures", 0777);
    lab_file(l, "C/Users/Public/Pictures/cat.jpg", "meow");
    lab_dir(l, "C/Users/Lost.DOMAIN", 0700);
    lab_file(l, "C/Users/Lost.DOMAIN/mine.txt", "still mine");
    lab_dir(l, "C/Users/Default", 0755);
    lab_file(l, "C/Users/Default/NTUSER.DAT", "template");
    lab_link(l, "C/Users/All Users", "/ProgramData");
    lab_file(l, "C/Users/desktop.ini", "[.ShellClassInfo]");
    lab_profile(l, "D/Users/Dora");
}

void lab_small_users(struct lab *l)
{
    lab_dir(l, "C/Windows", 0755);
    lab_file(l, "C/Windows/system.ini", "[drivers]");
    lab_dir(l, "C/Users/Ann/Documents", 0750);
    lab_file(l, "C/Users/Ann/NTUSER.DAT", "hive");
    lab_file(l, "C/Users/Ann/Documents/one.txt", "one");
    lab_file(l, "C/Users/Ann/Documents/two.txt", "two");
    lab_link(l, "C/Users/Ann/link", "Documents/one.txt");
    lab_dir(l, "D/Users/Dora", 0700);
    lab_file(l, "D/Users/Dora/NTUSER.DAT", "hive of Dora");
    dress_path(l, "C/Users/Ann", 1001);
    dress_path(l, "D/Users/Dora", 1002);
}

/* ---- snapshots --------------------------------------------------------------------- */

static void content(struct ts_buf *b, int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW);
    struct ts_sha256 *h = ts_sha256_new();
    uint8_t sum[32];
    char hex[65], buf[65536];
    ssize_t n;

    cr_assert(fd >= 0, "%s", name);
    while ((n = read(fd, buf, sizeof buf)) > 0)
        ts_sha256_add(h, buf, (size_t)n);
    ts_sha256_end(h, sum);
    ts_hex(hex, sum, 32);
    ts_buf_fmt(b, " %.16s", hex);
    close(fd);
}

static void attributes(struct ts_buf *b, int dir, const char *name)
{
    char path[400], names[1024], value[256];

    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dir, name);
    ssize_t n = llistxattr(path, names, sizeof names);
    for (char *p = names; p < names + n; p += strlen(p) + 1) {
        ssize_t k = lgetxattr(path, p, value, sizeof value);
        ts_buf_fmt(b, " %s=%.*s", p, (int)(k > 0 ? k : 0), value);
    }
}

struct lines {
    char **p;
    size_t n, cap;
};

static void add_line(struct lines *l, struct ts_buf *b)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->p = ts_realloc_array(l->p, l->cap, sizeof *l->p);
    }
    l->p[l->n++] = ts_buf_take(b);
}

static void describe(struct lines *l, int dir, const char *name, const char *rel,
                     int what, const struct stat *st)
{
    struct ts_buf b = {0};
    char target[4200];
    char type = S_ISDIR(st->st_mode)   ? 'd'
                : S_ISLNK(st->st_mode) ? 'l'
                : S_ISREG(st->st_mode) ? 'f'
                                       : '?';

    for (const char *p = rel; *p; p++)
        ts_buf_c(&b, *p == '\n' ? '?' : *p);
    ts_buf_fmt(&b, " %c", type);
    if (!(what & SNAP_PLAIN)) {
        ts_buf_fmt(&b, " %o %u:%u %lld.%09ld", st->st_mode & 07777, st->st_uid,
                   st->st_gid, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
        if (type != 'l')
            attributes(&b, dir, name);
    }
    if (type == 'f') {
        ts_buf_fmt(&b, " %lld", (long long)st->st_size);
        content(&b, dir, name);
        if (what & SNAP_IDS)
            ts_buf_fmt(&b, " id=%llu", (unsigned long long)st->st_ino);
    }
    if (type == 'l') {
        ssize_t n = readlinkat(dir, name, target, sizeof target);
        ts_buf_fmt(&b, " -> %.*s", (int)n, target);
    }
    add_line(l, &b);
}

static void snap_dir(struct lines *l, int dir, const char *rel, int what)
{
    DIR *d = fdopendir(dup(dir));
    struct dirent *e;

    while ((e = readdir(d)) != NULL) {
        struct stat st;
        char *path;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        cr_assert(fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0);
        path = ts_format("%s/%s", rel, e->d_name);
        describe(l, dir, e->d_name, path, what, &st);
        if (S_ISDIR(st.st_mode)) {
            int sd = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            cr_assert(sd >= 0);
            snap_dir(l, sd, path, what);
            close(sd);
        }
        ts_free(path);
    }
    closedir(d);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *snap(const char *native, int what)
{
    struct lines l = {0};
    struct ts_buf all = {0};
    struct stat st;
    int dir = open(native, O_RDONLY | O_DIRECTORY);

    if (dir < 0)
        return ts_strdup("nothing there\n");
    cr_assert(fstat(dir, &st) == 0);
    snap_dir(&l, dir, "", what);
    close(dir);
    if (l.n)
        qsort(l.p, l.n, sizeof *l.p, by_text);
    if (!(what & SNAP_PLAIN))
        ts_buf_fmt(&all, ". d %o %u:%u %lld.%09ld\n", st.st_mode & 07777, st.st_uid,
                   st.st_gid, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    for (size_t i = 0; i < l.n; i++) {
        ts_buf_z(&all, l.p[i]);
        ts_buf_c(&all, '\n');
        ts_free(l.p[i]);
    }
    ts_free(l.p);
    return all.p ? ts_buf_take(&all) : ts_strdup("");
}

void snap_equal(const char *before, const char *after, const char *what)
{
    ts_str a = ts_str_of(before), b = ts_str_of(after), la, lb;

    while (ts_str_cut(&a, '\n', &la)) {
        if (!ts_str_cut(&b, '\n', &lb))
            lb = TS_S("(end)");
        if (!ts_str_eq(la, lb)) {
            cr_assert_fail("%s:\nwas: %.*s\nis:  %.*s", what,
                           (int)(la.n > 600 ? 600 : la.n), la.p,
                           (int)(lb.n > 600 ? 600 : lb.n), lb.p);
        }
    }
    cr_assert_eq(b.n, 0, "%s: more than before: %.300s", what, b.p);
}

/* ---- steps ------------------------------------------------------------------------- */

enum ts_code capture(struct lab *l, struct ts_mig_totals *t, struct ts_err *err)
{
    struct ts_capture c = {.store = STORE, .windows_drive = "C:", .machine = "test"};

    return ts_migrate_capture(&c, lab_env(l), t, err);
}

enum ts_code restore(struct lab *l, struct ts_mig_totals *t, struct ts_err *err)
{
    struct ts_restore r = {.store = STORE, .windows_drive = "C:"};

    return ts_migrate_restore(&r, lab_env(l), t, err);
}

enum ts_code wipe_c(struct lab *l, struct ts_err *err)
{
    struct ts_wipe w = {.drive = "C:", .store = STORE};

    return ts_migrate_wipe(&w, lab_env(l), NULL, err);
}

enum ts_store_state state_of_store(void)
{
    struct ts_store_info info;
    enum ts_code rc = ts_store_info(STORE, &info, NULL);

    return rc == TS_OK ? info.state : TS_STORE_NONE;
}
