#include "log/log.h"

#include "base/mem.h"
#include "platform/fs.h"
#include "platform/thread.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

static char dir[64];
static struct ts_err err;

static void setup(void)
{
    strncpy(dir, "/tmp/ts-log-XXXXXX", sizeof dir - 1);
    cr_assert(mkdtemp(dir) != NULL);
}

static void teardown(void)
{
    (void)!ts_fs_remove_tree(dir, NULL);
}

TestSuite(log_file, .init = setup, .fini = teardown);

static char *path_of(const char *folder, const char *name)
{
    return ts_path_join(folder, name);
}

static char *slurp(const char *path, size_t *n)
{
    struct ts_buf b = {0};
    cr_assert_eq(ts_file_read(path, 64 << 20, &b, &err), TS_OK, "%s: %s", path, err.text);
    if (n) {
        *n = b.n;
    }
    char *text = ts_strdup(ts_buf_text(&b));
    ts_buf_free(&b);
    return text;
}

static char *log_text(void)
{
    return slurp(path_of(dir, "smsts.log"), NULL);
}

static void spill(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(p, 1, n, f) == n);
    fclose(f);
}

/* Messages of a log in order, joined by '|'. */
static char *messages(const char *path)
{
    struct ts_log_record r;
    struct ts_buf out = {0};
    char component[64];
    size_t used, n;
    char *text = slurp(path, &n);
    ts_str rest = {text + 3, n - 3};

    cr_assert(memcmp(text, "\xEF\xBB\xBF", 3) == 0, "no BOM");
    while (rest.n > 0) {
        cr_assert(ts_cmtrace_parse(rest, &r, component, &used), "not a record: %.*s",
                  (int)rest.n, rest.p);
        ts_buf_str(&out, r.text);
        ts_buf_c(&out, '|');
        rest.p += used;
        rest.n -= used;
    }
    ts_free(text);
    return ts_buf_take(&out);
}

static void seen(void *ctx, const struct ts_log_record *r)
{
    struct ts_buf *b = ctx;
    ts_buf_fmt(b, "%d %s %.*s;", (int)r->level, r->component, (int)r->text.n, r->text.p);
}

static void hide(void *ctx, struct ts_buf *out, ts_str text)
{
    (void)ctx;
    const char *at = strstr(text.p, "hunter2");
    if (at) {
        ts_buf_add(out, text.p, (size_t)(at - text.p));
        ts_buf_z(out, "*****");
        ts_buf_z(out, at + 7);
    } else {
        ts_buf_str(out, text);
    }
}

Test(log, hands_each_message_to_every_sink)
{
    struct ts_buf a = {0}, b = {0};
    struct ts_log *l = ts_log_new();
    ts_log_sink(l, seen, &a);
    ts_log_sink(l, seen, &b);
    ts_log_write(l, TS_LOG_WARNING, NULL, "%s %d", "disk", 7);
    ts_log_unsink(l, &b);
    ts_log_text(l, TS_LOG_INFO, "Reboot", TS_S("now"));
    cr_assert_str_eq(ts_buf_text(&a), "2 TSManager disk 7;1 Reboot now;");
    cr_assert_str_eq(ts_buf_text(&b), "2 TSManager disk 7;");
    ts_log_free(l);
    ts_buf_free(&a);
    ts_buf_free(&b);
}

Test(log, keeps_long_messages_whole)
{
    struct ts_buf a = {0};
    struct ts_log *l = ts_log_new();
    char *text = ts_alloc(5001);
    memset(text, 'x', 5000);
    ts_log_sink(l, seen, &a);
    ts_log_write(l, TS_LOG_INFO, "c", "%s!", text);
    cr_assert_eq(a.n, strlen("1 c ") + 5000 + strlen("!;"));
    ts_log_free(l);
}

Test(log, does_nothing_without_a_log)
{
    ts_log_write(NULL, TS_LOG_INFO, NULL, "%d", 1);
    ts_log_text(NULL, TS_LOG_INFO, NULL, TS_S("x"));
    ts_log_sync(NULL);
    ts_log_free(NULL);
    cr_assert(ts_log_dir(NULL) == NULL);
}

Test(log_file, masks_before_any_sink)
{
    struct ts_buf a = {0};
    struct ts_log *l = ts_log_new();
    ts_log_mask(l, hide, NULL);
    ts_log_sink(l, seen, &a);
    cr_assert_eq(ts_log_file(l, dir, 0, 0, &err), TS_OK, "%s", err.text);
    ts_log_write(l, TS_LOG_INFO, "c", "join with hunter2 now");
    ts_log_free(l);
    cr_assert_str_eq(ts_buf_text(&a), "1 c join with ***** now;");
    cr_assert(strstr(log_text(), "hunter2") == NULL);
    cr_assert(strstr(log_text(), "join with ***** now") != NULL);
}

Test(log_file, has_bom_and_crlf_records_only_the_owner_reads)
{
    struct ts_log *l = ts_log_new();
    struct stat st;
    char *sub = path_of(dir, "a/b");
    cr_assert_eq(ts_log_file(l, sub, 0, 0, &err), TS_OK, "%s", err.text);
    cr_assert_str_eq(ts_log_dir(l), sub);
    ts_log_write(l, TS_LOG_INFO, NULL, "one");
    ts_log_write(l, TS_LOG_ERROR, "X", "two\nlines");
    ts_log_free(l);
    char *path = path_of(sub, "smsts.log");
    cr_assert_str_eq(messages(path), "one|two\nlines|");
    char *text = slurp(path, NULL);
    cr_assert_str_eq(text + strlen(text) - 2, "\r\n");
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
}

/* However many bytes of the last record reached the disk, it goes and the others stay. */
Test(log_file, cuts_off_a_torn_last_record)
{
    struct ts_log *l = ts_log_new();
    char *path = path_of(dir, "smsts.log");
    size_t whole, all;
    cr_assert_eq(ts_log_file(l, dir, 0, 0, &err), TS_OK);
    ts_log_write(l, TS_LOG_INFO, NULL, "first\r\nsecond line");
    ts_free(slurp(path, &whole));
    ts_log_write(l, TS_LOG_INFO, NULL, "torn\r\nin the middle <![LOG[ of it]LOG]!>\n");
    char *text = slurp(path, &all);
    ts_log_free(l);

    for (size_t n = whole; n < all; n++) {
        spill(path, text, n);
        l = ts_log_new();
        cr_assert_eq(ts_log_file(l, dir, 0, 0, &err), TS_OK);
        ts_log_write(l, TS_LOG_INFO, NULL, "after");
        ts_log_free(l);
        cr_assert_str_eq(messages(path), "first\r\nsecond line|after|", "cut at %zu", n);
    }
}

Test(log_file, cuts_off_a_tail_of_zeros)
{
    struct ts_log *l = ts_log_new();
    char *path = path_of(dir, "smsts.log");
    char zeros[300] = {0};
    cr_assert_eq(ts_log_file(l, dir, 0, 0, &err), TS_OK);
    ts_log_write(l, TS_LOG_INFO, NULL, "first");
    ts_log_free(l);
    FILE *f = fopen(path, "ab");
    fwrite(zeros, 1, sizeof zeros, f);
    fclose(f);
    l = ts_log_new();
    cr_assert_eq(ts_log_file(l, dir, 0, 0, &err), TS_OK);
    ts_log_write(l, TS_LOG_INFO, NULL, "after");
    ts_log_free(l);
    cr_assert_str_eq(messages(path), "first|after|");
}

static size_t rolled(void)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    size_t n = 0;
    while ((e = readdir(d)) != NULL) {
        unsigned a, b;
        char end[8];
        if (sscanf(e->d_name, "smsts-%8u-%6u.lo%1[g]", &a, &b, end) == 3) {
            n++;
        }
    }
    closedir(d);
    return n;
}

Test(log_file, rolls_by_size_and_keeps_the_newest)
{
    struct ts_log *l = ts_log_new();
    struct ts_stat st;
    char *path = path_of(dir, "smsts.log");
    spill(path_of(dir, "smsts-notes.log"), "mine", 4);
    cr_assert_eq(ts_log_file(l, dir, 1000, 3, &err), TS_OK);
    for (int i = 0; i < 60; i++) {
        ts_log_write(l, TS_LOG_INFO, NULL, "message %d", i);
        cr_assert_eq(ts_fs_stat(path, &st, &err), TS_OK);
        cr_assert_leq(st.size, 1000);
    }
    ts_log_free(l);
    cr_assert_eq(rolled(), 3);
    cr_assert(ts_fs_exists(path_of(dir, "smsts-notes.log")));
    char *last = messages(path);
    cr_assert(strstr(last, "message 59|") != NULL, "%s", last);
}

Test(log_file, loses_nothing_by_rolling)
{
    struct ts_log *l = ts_log_new();
    DIR *d;
    struct dirent *e;
    int found = 0;
    cr_assert_eq(ts_log_file(l, dir, 2000, 50, &err), TS_OK);
    for (int i = 0; i < 100; i++) {
        ts_log_write(l, TS_LOG_INFO, NULL, "n%d", i);
    }
    ts_log_free(l);
    d = opendir(dir);
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] == 's') {
            for (char *m = messages(path_of(dir, e->d_name)); *m; m++) {
                found += *m == '|';
            }
        }
    }
    closedir(d);
    cr_assert_eq(found, 100);
}

Test(log_file, writes_one_record_larger_than_the_limit)
{
    struct ts_log *l = ts_log_new();
    char *text = ts_alloc(3001);
    memset(text, 'y', 3000);
    cr_assert_eq(ts_log_file(l, dir, 1000, 3, &err), TS_OK);
    ts_log_write(l, TS_LOG_INFO, NULL, "%s", text);
    ts_log_free(l);
    cr_assert_eq(strlen(messages(path_of(dir, "smsts.log"))), 3001);
    cr_assert_eq(rolled(), 0);
}

Test(log_file, second_call_goes_on_elsewhere)
{
    struct ts_log *l = ts_log_new();
    char *a = path_of(dir, "a"), *b = path_of(dir, "b");
    cr_assert_eq(ts_log_file(l, a, 0, 0, &err), TS_OK);
    ts_log_write(l, TS_LOG_INFO, NULL, "one");
    cr_assert_eq(ts_log_file(l, b, 0, 0, &err), TS_OK);
    ts_log_write(l, TS_LOG_INFO, NULL, "two");
    cr_assert_str_eq(ts_log_dir(l), b);
    ts_log_free(l);
    cr_assert_str_eq(messages(path_of(a, "smsts.log")), "one|");
    cr_assert_str_eq(messages(path_of(b, "smsts.log")), "two|");
}

Test(log_file, stays_where_it_is_when_the_new_folder_fails)
{
    struct ts_log *l = ts_log_new();
    char *a = path_of(dir, "a"), *f = path_of(dir, "file");
    spill(f, "x", 1);
    cr_assert_eq(ts_log_file(l, a, 0, 0, &err), TS_OK);
    cr_assert_neq(ts_log_file(l, f, 0, 0, &err), TS_OK);
    cr_assert_neq(ts_log_move(l, f, &err), TS_OK);
    ts_log_write(l, TS_LOG_INFO, NULL, "still here");
    ts_log_free(l);
    cr_assert_str_eq(messages(path_of(a, "smsts.log")), "still here|");
}

Test(log_file, follows_no_link_in_place_of_the_log)
{
    struct ts_log *l = ts_log_new();
    char *victim = path_of(dir, "victim"), *sub = path_of(dir, "sub");
    spill(victim, "precious", 8);
    mkdir(sub, 0777);
    cr_assert_eq(symlink(victim, path_of(sub, "smsts.log")), 0);
    cr_assert_eq(ts_log_file(l, sub, 0, 0, &err), TS_ELINK);
    cr_assert_str_eq(slurp(victim, NULL), "precious");
    ts_log_free(l);
}

Test(log_file, moves_with_everything_in_the_folder)
{
    struct ts_log *l = ts_log_new();
    char *a = path_of(dir, "a"), *b = path_of(dir, "b");
    cr_assert_eq(ts_log_file(l, b, 0, 0, &err), TS_OK);
    ts_log_write(l, TS_LOG_INFO, NULL, "earlier");
    cr_assert_eq(ts_log_file(l, a, 0, 0, &err), TS_OK);
    ts_log_write(l, TS_LOG_INFO, NULL, "one");
    spill(path_of(a, "usmt.log"), "new", 3);
    spill(path_of(b, "usmt.log"), "old", 3);
    spill(path_of(a, "same.log"), "same", 4);
    spill(path_of(b, "same.log"), "same", 4);
    mkdir(path_of(a, "sub"), 0700);
    spill(path_of(a, "sub/x.log"), "x", 1);
    cr_assert_eq(symlink("/etc/hostname", path_of(a, "link.log")), 0);

    cr_assert_eq(ts_log_move(l, b, &err), TS_OK, "%s", err.text);
    ts_log_write(l, TS_LOG_INFO, NULL, "two");
    cr_assert_str_eq(ts_log_dir(l), b);
    ts_log_free(l);
    cr_assert_str_eq(messages(path_of(b, "smsts.log")), "earlier|one|two|");
    cr_assert_str_eq(slurp(path_of(b, "usmt.log"), NULL), "old");
    cr_assert_str_eq(slurp(path_of(b, "usmt.log.1"), NULL), "new");
    cr_assert_str_eq(slurp(path_of(b, "sub/x.log"), NULL), "x");
    cr_assert(!ts_fs_exists(path_of(b, "same.log.1")));
    cr_assert(!ts_fs_exists(path_of(b, "link.log")));
    cr_assert_str_eq(messages(path_of(a, "smsts.log")), "one|");
}

Test(log_file, moves_into_its_own_subfolder_and_nowhere)
{
    struct ts_log *l = ts_log_new();
    char *sub = path_of(dir, "deep");
    cr_assert_eq(ts_log_move(l, dir, &err), TS_OK, "%s", err.text);
    ts_log_write(l, TS_LOG_INFO, NULL, "one");
    cr_assert_eq(ts_log_move(l, dir, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_log_move(l, sub, &err), TS_OK, "%s", err.text);
    ts_log_write(l, TS_LOG_INFO, NULL, "two");
    ts_log_free(l);
    cr_assert_str_eq(messages(path_of(sub, "smsts.log")), "one|two|");
    cr_assert(!ts_fs_exists(path_of(sub, "deep")));
}

/* A limit on the file's size stands in for a full disk. */
Test(log_file, leaves_whole_records_on_a_full_disk)
{
    struct rlimit old, small = {700, RLIM_INFINITY};
    struct ts_log *l = ts_log_new();
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    cr_assert_eq(ts_log_file(l, dir, 0, 0, &err), TS_OK);
    setrlimit(RLIMIT_FSIZE, &small);
    for (int i = 0; i < 10; i++) {
        ts_log_write(l, TS_LOG_INFO, NULL, "message number %d", i);
    }
    setrlimit(RLIMIT_FSIZE, &old);
    ts_log_write(l, TS_LOG_INFO, NULL, "space again");
    ts_log_free(l);
    char *all = messages(path_of(dir, "smsts.log"));
    cr_assert(strstr(all, "message number 0|") == all, "%s", all);
    cr_assert(strstr(all, "number 9") == NULL, "%s", all);
    cr_assert_str_eq(strstr(all, "space"), "space again|");
}

struct writer {
    struct ts_log *l;
    int id;
};

static void write_many(void *ctx)
{
    struct writer *w = ctx;
    for (int i = 0; i < 200; i++) {
        ts_log_write(w->l, TS_LOG_INFO, NULL, "thread %d message %d", w->id, i);
    }
}

Test(log_file, takes_messages_from_any_thread)
{
    struct ts_log *l = ts_log_new();
    struct writer w[4];
    struct ts_thread *t[4];
    size_t n = 0;
    cr_assert_eq(ts_log_file(l, dir, 0, 0, &err), TS_OK);
    for (int i = 0; i < 4; i++) {
        w[i] = (struct writer){l, i};
        t[i] = ts_thread_start(write_many, &w[i]);
    }
    for (int i = 0; i < 4; i++) {
        ts_thread_join(t[i]);
    }
    ts_log_sync(l);
    ts_log_free(l);
    for (char *m = messages(path_of(dir, "smsts.log")); *m; m++) {
        n += *m == '|';
    }
    cr_assert_eq(n, 800);
}
