#include "platform/fs.h"

#include "scratch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(copy, .init = scratch_make, .fini = scratch_remove);

static struct ts_err err;
static uint64_t counted;
static int calls;

static bool count(void *ctx, uint64_t bytes)
{
    (void)ctx;
    counted += bytes;
    calls++;
    return true;
}

static bool refuse(void *ctx, uint64_t bytes)
{
    (void)ctx;
    (void)bytes;
    return false;
}

static void put_random(const char *name, size_t n)
{
    int fd = open(scratch_path("%s", name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    char block[4096];

    srand(1);
    for (size_t i = 0; i < n;) {
        size_t part = n - i < sizeof block ? n - i : sizeof block;
        for (size_t j = 0; j < part; j++) {
            block[j] = (char)rand();
        }
        cr_assert_eq(write(fd, block, part), (ssize_t)part);
        i += part;
    }
    close(fd);
}

Test(copy, content_is_the_same)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 262144, 10000001};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ts_stat st;
        bool same = false;
        counted = 0;
        put_random("a", sizes[i]);
        answers(TS_OK, ts_copy_at(here, "a", here, "b", count, NULL, &err));
        cr_assert_eq(counted, sizes[i]);
        answers(TS_OK, ts_stat_at(here, "b", &st, &err));
        cr_assert_eq(st.size, sizes[i]);
        cr_assert_eq(st.mode, 0600);
        answers(TS_OK, ts_same_content_at(here, "a", here, "b", &same, &err));
        cr_assert(same);
        answers(TS_EEXIST, ts_copy_at(here, "a", here, "b", NULL, NULL, &err));
        if (sizes[i]) {
            int fd = open(scratch_path("b"), O_WRONLY);
            char last;
            int rd = open(scratch_path("b"), O_RDONLY);
            cr_assert_eq(pread(rd, &last, 1, (off_t)sizes[i] - 1), 1);
            last = (char)(last + 1);
            cr_assert_eq(pwrite(fd, &last, 1, (off_t)sizes[i] - 1), 1);
            close(fd);
            close(rd);
            answers(TS_OK, ts_same_content_at(here, "a", here, "b", &same, &err));
            cr_assert_not(same);
        }
        answers(TS_OK, ts_unlink_at(here, "b", &err));
    }
}

Test(copy, keeps_holes)
{
    int fd = open(scratch_path("sparse"), O_RDWR | O_CREAT, 0644);
    struct ts_stat a, b;
    bool same = false;

    cr_assert_eq(pwrite(fd, "begin", 5, 0), 5);
    cr_assert_eq(pwrite(fd, "middle", 6, 300 << 20), 6);
    cr_assert_eq(ftruncate(fd, 1 << 30), 0); /* ends in a hole */
    close(fd);
    answers(TS_OK, ts_stat_at(here, "sparse", &a, &err));
    if (a.allocated > 1 << 20) {
        cr_skip_test("no holes here");
    }
    counted = 0;
    answers(TS_OK, ts_copy_at(here, "sparse", here, "copy", count, NULL, &err));
    answers(TS_OK, ts_stat_at(here, "copy", &b, &err));
    cr_assert_eq(b.size, a.size);
    cr_assert_leq(b.allocated, a.allocated + 65536);
    cr_assert_lt(counted, 1 << 20);
    answers(TS_OK, ts_same_content_at(here, "sparse", here, "copy", &same, &err));
    cr_assert(same);
}

Test(copy, can_be_cancelled_and_leaves_nothing)
{
    put_random("a", 100000);
    answers(TS_ECANCELLED, ts_copy_at(here, "a", here, "b", refuse, NULL, &err));
    cr_assert_not(exists("b"));
    cr_assert(exists("a"));
}

Test(copy, never_follows_links)
{
    bool same;

    put("a", "x");
    answers(TS_OK, ts_symlink_at(here, "link", "a", &err));
    answers(TS_OK, ts_symlink_at(here, "dangling", "new", &err));
    answers(TS_ELINK, ts_copy_at(here, "link", here, "b", NULL, NULL, &err));
    answers(TS_EEXIST, ts_copy_at(here, "a", here, "dangling", NULL, NULL, &err));
    answers(TS_ELINK, ts_same_content_at(here, "a", here, "link", &same, &err));
    cr_assert_not(exists("new"));
}

Test(copy, goes_to_another_volume)
{
    struct ts_dir *shm = NULL;
    bool same = false;

    put_random("a", 3000000);
    if (ts_dir_open(&shm, "/dev/shm", true, &err) != TS_OK) {
        cr_skip_test("no second volume here");
    }
    char name[64];
    snprintf(name, sizeof name, "taskseq-test-%d", (int)getpid());
    answers(TS_OK, ts_copy_at(here, "a", shm, name, count, NULL, &err));
    enum ts_code rc = ts_same_content_at(here, "a", shm, name, &same, &err);
    answers(TS_OK, ts_unlink_at(shm, name, &err));
    answers(TS_OK, rc);
    cr_assert(same);
    cr_assert_eq(counted, 3000000);
    ts_dir_close(shm);
}
