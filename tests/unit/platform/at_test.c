#include "platform/fs.h"

#include "base/mem.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

TestSuite(at, .init = scratch_make, .fini = scratch_remove);

static struct ts_err err;

Test(at, names_are_bytes)
{
    static const char *const names[] = {"line\nbreak", "\xFF\xFE not text", "-rf",
                                        "a\\b",        " blanks ",          "\xC3\xA4",
                                        "quote\"'"};
    struct ts_stat st;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        answers(TS_OK, ts_mkdir_at(here, names[i], 0755, &err));
        answers(TS_EEXIST, ts_mkdir_at(here, names[i], 0755, &err));
    }
    size_t n = 0;
    const char *name;
    enum ts_ftype type;
    for (;; n++) {
        answers(TS_OK, ts_dir_next(here, &name, &type, &err));
        if (!name) {
            break;
        }
        bool known = false;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            known = known || strcmp(name, names[i]) == 0;
        }
        cr_expect(known, "%s", name);
    }
    cr_assert_eq(n, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < n; i++) {
        answers(TS_OK, ts_stat_at(here, names[i], &st, &err));
        answers(TS_OK, ts_rmdir_at(here, names[i], &err));
    }
}

Test(at, links_share_the_file)
{
    struct ts_stat a, b;

    put("file", "x");
    put_dir("d");
    answers(TS_OK, ts_link_at(here, "file", here, "second", &err));
    answers(TS_EEXIST, ts_link_at(here, "file", here, "second", &err));
    answers(TS_ENOTFOUND, ts_link_at(here, "none", here, "third", &err));
    answers(TS_OK, ts_stat_at(here, "file", &a, &err));
    answers(TS_OK, ts_stat_at(here, "second", &b, &err));
    cr_assert_eq(a.id, b.id);
    cr_assert_eq(a.links, 2);
    answers(TS_OK, ts_unlink_at(here, "file", &err));
    cr_assert_str_eq(get("second"), "x");
    cr_assert_neq(ts_unlink_at(here, "d", &err), TS_OK);
    answers(TS_ENOTFOUND, ts_rmdir_at(here, "second", &err));
    answers(TS_ENOTFOUND, ts_unlink_at(here, "file", &err));
}

Test(at, link_of_a_link_is_the_link)
{
    struct ts_stat st;

    answers(TS_OK, ts_symlink_at(here, "to-shadow", "/etc/shadow", &err));
    answers(TS_OK, ts_link_at(here, "to-shadow", here, "second", &err));
    answers(TS_OK, ts_stat_at(here, "second", &st, &err));
    cr_assert_eq(st.type, TS_F_LINK);
}

Test(at, link_to_another_volume_is_refused)
{
    struct ts_dir *shm = NULL;
    struct ts_stat a, b;

    put("file", "x");
    if (ts_dir_open(&shm, "/dev/shm", true, &err) != TS_OK ||
        ts_dir_stat(shm, &a, &err) != TS_OK || ts_dir_stat(here, &b, &err) != TS_OK ||
        a.volume == b.volume) {
        ts_dir_close(shm);
        cr_skip_test("no second volume here");
    }
    answers(TS_EXDEV, ts_link_at(here, "file", shm, "taskseq-test-link", &err));
    ts_dir_close(shm);
}

Test(at, renames_and_replaces_only_when_asked)
{
    put("a", "A");
    put("b", "B");
    put_dir("d/e");
    put_dir("f");
    answers(TS_EEXIST, ts_rename_at(here, "a", here, "b", false, &err));
    cr_assert_str_eq(get("a"), "A");
    cr_assert_str_eq(get("b"), "B");
    answers(TS_OK, ts_rename_at(here, "a", here, "b", true, &err));
    cr_assert_str_eq(get("a"), "(none)");
    cr_assert_str_eq(get("b"), "A");
    answers(TS_EEXIST, ts_rename_at(here, "f", here, "d", false, &err));
    answers(TS_EEXIST, ts_rename_at(here, "f", here, "d", true, &err)); /* not empty */
    answers(TS_OK, ts_rename_at(here, "b", here, "c", false, &err));
    cr_assert_str_eq(get("c"), "A");
    answers(TS_ENOTFOUND, ts_rename_at(here, "b", here, "c", true, &err));
}

Test(at, opening_never_follows_a_link)
{
    struct ts_file *f;

    put("target", "secret");
    answers(TS_OK, ts_symlink_at(here, "link", "target", &err));
    answers(TS_ELINK, ts_file_open_at(&f, here, "link", TS_O_READ, 0, &err));
    answers(TS_ELINK,
            ts_file_open_at(&f, here, "link", TS_O_CREATE | TS_O_TRUNC, 0600, &err));
    cr_assert_str_eq(get("target"), "secret");
    answers(TS_OK, ts_symlink_at(here, "dangling", "new", &err));
    answers(TS_ELINK, ts_file_open_at(&f, here, "dangling", TS_O_CREATE, 0600, &err));
    cr_assert_not(exists("new"));
}

Test(at, opening_a_pipe_does_not_wait, .timeout = 5)
{
    struct ts_file *f;
    bool same;

    put("file", "");
    cr_assert_eq(mkfifo(scratch_path("pipe"), 0600), 0);
    answers(TS_EUNSUPPORTED, ts_file_open_at(&f, here, "pipe", TS_O_READ, 0, &err));
    answers(TS_EUNSUPPORTED, ts_copy_at(here, "pipe", here, "copy", NULL, NULL, &err));
    answers(TS_EUNSUPPORTED, ts_same_content_at(here, "file", here, "pipe", &same, &err));
    cr_assert_not(exists("copy"));
}

Test(at, reads_and_writes_files)
{
    struct ts_file *f;
    char bytes[20];
    size_t got;
    uint64_t size;

    answers(TS_OK, ts_file_open_at(&f, here, "f", TS_O_CREATE | TS_O_READ, 0600, &err));
    answers(TS_OK, ts_file_write(f, "0123456789", 10, &err));
    answers(TS_OK, ts_file_size(f, &size, &err));
    cr_assert_eq(size, 10);
    answers(TS_OK, ts_file_truncate(f, 5, &err));
    answers(TS_OK, ts_file_seek(f, 2, &err));
    answers(TS_OK, ts_file_get(f, bytes, sizeof bytes, &got, &err));
    cr_assert_eq(got, 3);
    cr_assert(memcmp(bytes, "234", 3) == 0);
    answers(TS_OK, ts_file_get(f, bytes, sizeof bytes, &got, &err));
    cr_assert_eq(got, 0);
    answers(TS_OK, ts_file_sync(f, &err));
    ts_file_close(f);
    answers(TS_EEXIST, ts_file_open_at(&f, here, "f", TS_O_EXCL, 0600, &err));
    answers(TS_OK, ts_file_open_at(&f, here, "f", TS_O_APPEND, 0600, &err));
    answers(TS_OK, ts_file_write(f, "x", 1, &err));
    ts_file_close(f);
    cr_assert_str_eq(get("f"), "01234x");
    answers(TS_OK, ts_file_open_at(&f, here, "f", TS_O_TRUNC, 0600, &err));
    ts_file_close(f);
    cr_assert_str_eq(get("f"), "");
}

Test(at, link_targets_are_read_whole)
{
    struct ts_buf out = {0};
    char target[4000];

    memset(target, 't', sizeof target - 1);
    target[sizeof target - 1] = '\0';
    answers(TS_OK, ts_symlink_at(here, "l", target, &err));
    answers(TS_EEXIST, ts_symlink_at(here, "l", target, &err));
    answers(TS_OK, ts_readlink_at(here, "l", &out, &err));
    cr_assert_str_eq(out.p, target);
    ts_buf_free(&out);
}

Test(at, metadata_is_set_on_the_entry_itself)
{
    struct ts_stat st, now, target_before, target_after;
    int all = TS_META_MODE | TS_META_TIMES | TS_META_OWNER;

    put("f", "x");
    put("target", "x");
    answers(TS_OK, ts_symlink_at(here, "l", "target", &err));
    answers(TS_OK, ts_stat_at(here, "target", &target_before, &err));
    answers(TS_OK, ts_stat_at(here, "f", &st, &err));
    st.mode = 04751;
    st.mtime_ns = -1500000000; /* before 1970, between two seconds */
    st.atime_ns = 1234567890123456789;
    if (geteuid() == 0) {
        st.uid = 12345;
        st.gid = 54321;
    }
    answers(TS_OK, ts_set_meta_at(here, "f", &st, all, &err));
    answers(TS_OK, ts_stat_at(here, "f", &now, &err));
    cr_assert_eq(now.mode, 04751); /* the owner went first */
    cr_assert_eq(now.mtime_ns, st.mtime_ns);
    cr_assert_eq(now.atime_ns, st.atime_ns);
    cr_assert_eq(now.uid, st.uid);
    cr_assert_eq(now.gid, st.gid);

    /* the type says file, but a link stands there by now */
    answers(TS_OK, ts_set_meta_at(here, "l", &st, all, &err));
    answers(TS_OK, ts_stat_at(here, "l", &now, &err));
    cr_assert_eq(now.mtime_ns, st.mtime_ns);
    cr_assert_eq(now.uid, st.uid);
    answers(TS_OK, ts_stat_at(here, "target", &target_after, &err));
    cr_assert_eq(target_after.mode, target_before.mode);
    cr_assert_eq(target_after.mtime_ns, target_before.mtime_ns);
    cr_assert_eq(target_after.uid, target_before.uid);
    answers(TS_ENOTFOUND, ts_set_meta_at(here, "none", &st, TS_META_TIMES, &err));
}

Test(at, extended_attributes_make_the_round_trip)
{
    struct ts_buf block = {0}, again = {0};
    char value[100];

    put("a", "");
    put("b", "");
    put_dir("d");
    answers(TS_OK, ts_get_extra_at(here, "a", &block, &err));
    size_t before = block.n; /* a security module may have left a label */
    if (setxattr(scratch_path("a"), "user.note", "v\0w", 3, 0) != 0 && errno == ENOTSUP) {
        cr_skip_test("no extended attributes here");
    }
    cr_assert_eq(setxattr(scratch_path("a"), "user.empty", "", 0, 0), 0);
    answers(TS_OK, ts_get_extra_at(here, "a", &block, &err));
    cr_assert_gt(block.n, before);
    answers(TS_OK, ts_set_extra_at(here, "b", ts_buf_view(&block), &err));
    cr_assert_eq(getxattr(scratch_path("b"), "user.note", value, sizeof value), 3);
    cr_assert(memcmp(value, "v\0w", 3) == 0);
    cr_assert_eq(getxattr(scratch_path("b"), "user.empty", value, sizeof value), 0);
    answers(TS_OK, ts_get_extra_at(here, "b", &again, &err));
    cr_assert_eq(again.n, block.n);
    cr_assert(memcmp(again.p, block.p, block.n) == 0);
    answers(TS_OK, ts_set_extra_at(here, "d", ts_buf_view(&block), &err));
    cr_assert_eq(getxattr(scratch_path("d"), "user.note", value, sizeof value), 3);

    /* a link has none and its target's are not touched */
    answers(TS_OK, ts_symlink_at(here, "l", "a", &err));
    answers(TS_OK, ts_get_extra_at(here, "l", &again, &err));
    cr_assert_eq(again.n, before);
    cr_assert_eq(removexattr(scratch_path("a"), "user.note"), 0);
    cr_assert_neq(ts_set_extra_at(here, "l", ts_buf_view(&block), &err), TS_OK);
    cr_assert_eq(getxattr(scratch_path("a"), "user.note", value, sizeof value), -1);
}

/* The kernel's form of an ACL: version 2, then (tag, permissions, id). */
static const unsigned char acl[] = {
    2,  0, 0, 0,                       /* */
    1,  0, 6, 0, 255,  255,  255, 255, /* owner rw- */
    2,  0, 4, 0, 0x39, 0x30, 0,   0,   /* user 12345 r-- */
    4,  0, 4, 0, 255,  255,  255, 255, /* group r-- */
    16, 0, 4, 0, 255,  255,  255, 255, /* mask r-- */
    32, 0, 0, 0, 255,  255,  255, 255, /* others --- */
};

Test(at, access_lists_make_the_round_trip_and_inherited_ones_go)
{
    struct ts_buf block = {0};
    char value[100];

    put("a", "");
    if (setxattr(scratch_path("a"), "system.posix_acl_access", acl, sizeof acl, 0) != 0) {
        cr_skip_test("no access lists here");
    }
    answers(TS_OK, ts_get_extra_at(here, "a", &block, &err));
    put_dir("d");
    cr_assert_eq(
        setxattr(scratch_path("d"), "system.posix_acl_default", acl, sizeof acl, 0), 0);
    put("d/b", "");
    put("d/c", "");
    struct ts_dir *d;
    answers(TS_OK, ts_dir_open_at(&d, here, "d", &err));
    answers(TS_OK, ts_set_extra_at(d, "b", ts_buf_view(&block), &err));
    cr_assert_eq(
        getxattr(scratch_path("d/b"), "system.posix_acl_access", value, sizeof value),
        sizeof acl);
    cr_assert(memcmp(value, acl, sizeof acl) == 0);
    answers(TS_OK, ts_set_extra_at(d, "c", TS_S(""), &err));
    cr_assert_eq(
        getxattr(scratch_path("d/c"), "system.posix_acl_access", value, sizeof value),
        -1);
    ts_dir_close(d);
}

Test(at, hostile_attribute_blocks_are_refused_whole)
{
    static const struct {
        const char *bytes;
        size_t n;
    } table[] = {
        {"\x02", 1},                                             /* other version */
        {"\x01\x04", 2},                                         /* cut off */
        {"\x01\x06\0\0\0user.a", 11},                            /* no value */
        {"\x01\x06\0\0\0user.a\x05\0\0\0xy", 17},                /* value cut off */
        {"\x01\xFF\xFF\xFF\xFFuser.a\x01\0\0\0x", 16},           /* huge name */
        {"\x01\x06\0\0\0user.a\xFF\xFF\xFF\x7Fx", 16},           /* huge value */
        {"\x01\0\0\0\0\0\0\0\0", 9},                             /* no name */
        {"\x01\x06\0\0\0use\0.a\x01\0\0\0x", 16},                /* NUL inside */
        {"\x01\x06\0\0\0strange\x01\0\0\0x", 17},                /* off by one */
        {"\x01\x08\0\0\0other.ab\x01\0\0\0x", 18},               /* no such space */
        {"\x01\x06\0\0\0user.a\x01\0\0\0x\x06\0\0\0user.b", 26}, /* bad second one */
    };
    char value[10];

    put("f", "");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        enum ts_code rc =
            ts_set_extra_at(here, "f", (ts_str){table[i].bytes, table[i].n}, &err);
        cr_expect_eq(rc, TS_EDAMAGED, "row %zu: %s", i, ts_code_name(rc));
    }
    cr_assert_eq(getxattr(scratch_path("f"), "user.a", value, sizeof value), -1);
    answers(TS_OK, ts_set_extra_at(here, "f", TS_S("\x01"), &err));
}
