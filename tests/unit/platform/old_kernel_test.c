/* Newer system calls answer as an older kernel would; everything must work all the same.
 */
#include "base/mem.h"
#include "platform/drives.h"
#include "platform/fs.h"
#include "platform/proc.h"
#include "scratch.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static struct ts_err err;

static void make(void)
{
#define answer(call, os)                               \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (os))
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        answer(SYS_openat2, ENOSYS),
        answer(SYS_pidfd_open, ENOSYS),
        answer(SYS_renameat2, EINVAL),
        answer(SYS_fchmodat2, ENOSYS),
        answer(SYS_copy_file_range, ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

    scratch_make();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0 ||
        syscall(SYS_openat2, -1, "", NULL, 0) != -1 || errno != ENOSYS) {
        cr_skip_test("system calls cannot be filtered here");
    }
}

TestSuite(old_kernel, .init = make, .fini = scratch_remove, .timeout = 30);

Test(old_kernel, opens_below_but_never_out_of_it)
{
    struct ts_buf rel = {0};
    struct ts_dir *d = NULL, *next;

    put_dir("a/b/c");
    cr_assert_eq(symlink("b", scratch_path("a/link")), 0);
    answers(TS_OK, ts_dir_open_at(&d, here, "a/b/c", &err));
    ts_dir_close(d);
    answers(TS_ELINK, ts_dir_open_at(&d, here, "a/link/c", &err));
    answers(TS_ELINK, ts_dir_open_at(&d, here, "a/link", &err));
    answers(TS_ENOTFOUND, ts_dir_open_at(&d, here, "a/x/c", &err));
    answers(TS_OK, ts_dir_dup(&d, here, &err));
    for (int i = 0; i < 60; i++) {
        char name[101];
        memset(name, 'n', 100);
        name[100] = '\0';
        answers(TS_OK, ts_mkdir_at(d, name, 0755, &err));
        answers(TS_OK, ts_dir_open_at(&next, d, name, &err));
        ts_dir_close(d);
        d = next;
        ts_buf_fmt(&rel, "%s%s", i ? "/" : "", name);
    }
    ts_dir_close(d);
    cr_assert_gt(rel.n, 6000);
    answers(TS_OK, ts_dir_open_at(&d, here, rel.p, &err));
    ts_dir_close(d);
    ts_buf_free(&rel);
}

Test(old_kernel, renames_without_replacing)
{
    put("a", "A");
    put("b", "B");
    put_dir("d");
    put_dir("e");
    answers(TS_EEXIST, ts_rename_at(here, "a", here, "b", false, &err));
    answers(TS_OK, ts_rename_at(here, "a", here, "c", false, &err));
    cr_assert_not(exists("a"));
    cr_assert_str_eq(get("c"), "A");
    answers(TS_EEXIST, ts_rename_at(here, "d", here, "e", false, &err));
    answers(TS_OK, ts_rename_at(here, "d", here, "f", false, &err));
    cr_assert(exists("f") && !exists("d"));
}

Test(old_kernel, sets_modes_but_not_through_links)
{
    struct ts_stat st = {.type = TS_F_FILE, .mode = 0640}, now;

    put("f", "");
    put("target", "");
    answers(TS_OK, ts_symlink_at(here, "l", "target", &err));
    answers(TS_OK, ts_stat_at(here, "target", &now, &err));
    uint32_t before = now.mode;
    cr_assert_neq(before, 0640);
    answers(TS_OK, ts_set_meta_at(here, "f", &st, TS_META_MODE, &err));
    answers(TS_OK, ts_set_meta_at(here, "l", &st, TS_META_MODE, &err));
    answers(TS_OK, ts_stat_at(here, "f", &now, &err));
    cr_assert_eq(now.mode, 0640);
    answers(TS_OK, ts_stat_at(here, "target", &now, &err));
    cr_assert_eq(now.mode, before);
}

Test(old_kernel, copies)
{
    static char text[1000000];
    struct ts_file *f;
    bool same = false;

    memset(text, 'x', sizeof text);
    answers(TS_OK, ts_file_open_at(&f, here, "a", TS_O_CREATE, 0600, &err));
    answers(TS_OK, ts_file_seek(f, 5000000, &err));
    answers(TS_OK, ts_file_write(f, text, sizeof text, &err));
    answers(TS_OK, ts_file_truncate(f, 9000000, &err));
    ts_file_close(f);
    answers(TS_OK, ts_copy_at(here, "a", here, "b", NULL, NULL, &err));
    answers(TS_OK, ts_same_content_at(here, "a", here, "b", &same, &err));
    cr_assert(same);
    struct ts_stat st;
    answers(TS_OK, ts_stat_at(here, "b", &st, &err));
    cr_assert_eq(st.size, 9000000);
    cr_assert_lt(st.allocated, 3000000);
}

static void hear(void *ctx, enum ts_stream stream, ts_str bytes)
{
    (void)stream;
    ts_buf_str(ctx, bytes);
}

Test(old_kernel, runs_programs_and_ends_them)
{
    const char *argv[] = {"sh", "-c", "echo hello; exit 3", NULL};
    struct ts_buf out = {0};
    struct ts_proc_spec spec = {.argv = argv, .output = hear, .ctx = &out};
    struct ts_proc_result result;

    answers(TS_OK, ts_proc_run(&spec, &result, &err));
    cr_assert_eq(result.code, 3);
    cr_assert_str_eq(ts_buf_text(&out), "hello\n");
    argv[2] = "sleep 300";
    spec.timeout_ms = 200;
    answers(TS_OK, ts_proc_run(&spec, &result, &err));
    cr_assert(result.timed_out);
    ts_buf_free(&out);
}
