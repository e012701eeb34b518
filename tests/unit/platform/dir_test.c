#include "platform/fs.h"

#include "base/mem.h"
#include "scratch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(dir, .init = scratch_make, .fini = scratch_remove);

static struct ts_err err;

Test(dir, lists_every_entry_once)
{
    bool seen[3000] = {false};
    const char *name;
    enum ts_ftype type;
    size_t n = 0;

    for (int i = 0; i < 3000; i++) {
        char text[32];
        snprintf(text, sizeof text, "d/entry-%d", i);
        put(text, "");
    }
    struct ts_dir *d;
    answers(TS_OK, ts_dir_open_at(&d, here, "d", &err));
    for (int round = 0; round < 2; round++) {
        memset(seen, 0, sizeof seen);
        for (n = 0;; n++) {
            int i = -1;
            answers(TS_OK, ts_dir_next(d, &name, &type, &err));
            if (!name) {
                break;
            }
            cr_assert_eq(sscanf(name, "entry-%d", &i), 1, "%s", name);
            cr_assert(i >= 0 && i < 3000 && !seen[i], "%s", name);
            seen[i] = true;
            cr_assert(type == TS_F_FILE || type == TS_F_NONE);
        }
        cr_assert_eq(n, 3000);
        ts_dir_rewind(d);
    }
    ts_dir_close(d);
}

Test(dir, tells_what_entries_are)
{
    struct ts_stat st;

    put("file", "12345");
    put_dir("folder");
    cr_assert_eq(symlinkat("file", open(scratch, O_PATH), "link"), 0);
    cr_assert_eq(mkfifo(scratch_path("pipe"), 0600), 0);
    answers(TS_OK, ts_stat_at(here, "file", &st, &err));
    cr_assert_eq(st.type, TS_F_FILE);
    cr_assert_eq(st.size, 5);
    cr_assert_eq(st.links, 1);
    uint64_t volume = st.volume, id = st.id;
    answers(TS_OK, ts_stat_at(here, "folder", &st, &err));
    cr_assert_eq(st.type, TS_F_DIR);
    cr_assert_eq(st.volume, volume);
    cr_assert_neq(st.id, id);
    answers(TS_OK, ts_stat_at(here, "link", &st, &err));
    cr_assert_eq(st.type, TS_F_LINK);
    answers(TS_OK, ts_stat_at(here, "pipe", &st, &err));
    cr_assert_eq(st.type, TS_F_OTHER);
    answers(TS_ENOTFOUND, ts_stat_at(here, "nothing", &st, &err));
}

Test(dir, opens_below_but_never_out_of_it)
{
    struct ts_dir *d = NULL;

    put_dir("a/b/c");
    put_dir("other");
    cr_assert_eq(symlink("..", scratch_path("a/up")), 0);
    cr_assert_eq(symlink("/", scratch_path("a/root")), 0);
    cr_assert_eq(symlink("b", scratch_path("a/inside")), 0);
    cr_assert_eq(symlink("a", scratch_path("top")), 0);
    put("a/file", "");
    static const struct {
        const char *rel;
        enum ts_code code;
    } table[] = {
        {"a", TS_OK},
        {"a/b/c", TS_OK},
        {"top", TS_ELINK},
        {"top/b", TS_ELINK},
        {"a/up", TS_ELINK},
        {"a/up/other", TS_ELINK},
        {"a/root", TS_ELINK},
        {"a/root/etc", TS_ELINK},
        {"a/inside", TS_ELINK},
        {"a/inside/c", TS_ELINK}, /* though it would stay inside */
        {"a/missing", TS_ENOTFOUND},
        {"a/file", TS_ENOTFOUND},
        {"a/file/x", TS_ENOTFOUND},
        {"..", TS_EINPUT},
        {".", TS_EINPUT},
        {"", TS_EINPUT},
        {"a/..", TS_EINPUT},
        {"a/../other", TS_EINPUT},
        {"a/./b", TS_EINPUT},
        {"a//b", TS_EINPUT},
        {"a/", TS_EINPUT},
        {"/", TS_EINPUT},
        {"/etc", TS_EINPUT},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        enum ts_code rc = ts_dir_open_at(&d, here, table[i].rel, &err);
        cr_expect_eq(rc, table[i].code, "%s: %s (%s)", table[i].rel, ts_code_name(rc),
                     err.text);
        cr_expect_eq(d != NULL, rc == TS_OK);
        ts_dir_close(d);
    }
}

Test(dir, names_given_to_at_functions_are_single_names)
{
    static const char *const names[] = {"", ".", "..", "a/b", "/etc", "a/"};
    struct ts_buf out = {0};
    struct ts_stat st = {0};
    struct ts_file *f;
    bool same;

    put_dir("a/b");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *n = names[i];
        answers(TS_EINPUT, ts_stat_at(here, n, &st, &err));
        answers(TS_EINPUT, ts_mkdir_at(here, n, 0755, &err));
        answers(TS_EINPUT, ts_link_at(here, n, here, "x", &err));
        answers(TS_EINPUT, ts_link_at(here, "x", here, n, &err));
        answers(TS_EINPUT, ts_unlink_at(here, n, &err));
        answers(TS_EINPUT, ts_rmdir_at(here, n, &err));
        answers(TS_EINPUT, ts_rename_at(here, n, here, "x", true, &err));
        answers(TS_EINPUT, ts_rename_at(here, "x", here, n, true, &err));
        answers(TS_EINPUT, ts_file_open_at(&f, here, n, TS_O_READ, 0, &err));
        answers(TS_EINPUT, ts_readlink_at(here, n, &out, &err));
        answers(TS_EINPUT, ts_symlink_at(here, n, "x", &err));
        answers(TS_EINPUT, ts_set_meta_at(here, n, &st, TS_META_MODE, &err));
        answers(TS_EINPUT, ts_get_extra_at(here, n, &out, &err));
        answers(TS_EINPUT, ts_set_extra_at(here, n, TS_S(""), &err));
        answers(TS_EINPUT, ts_copy_at(here, n, here, "x", NULL, NULL, &err));
        answers(TS_EINPUT, ts_copy_at(here, "x", here, n, NULL, NULL, &err));
        answers(TS_EINPUT, ts_same_content_at(here, n, here, "x", &same, &err));
    }
    cr_assert(exists("a/b"));
}

Test(dir, last_link_is_refused_on_request)
{
    struct ts_dir *d = NULL;

    put_dir("folder");
    cr_assert_eq(symlink("folder", scratch_path("link")), 0);
    answers(TS_ELINK, ts_dir_open(&d, scratch_path("link"), true, &err));
    answers(TS_OK, ts_dir_open(&d, scratch_path("link"), false, &err));
    ts_dir_close(d);
    answers(TS_ENOTFOUND, ts_dir_open(&d, scratch_path("none"), true, &err));
}

/* A path of more than 4096 bytes, made folder by folder. */
static char *make_deep(size_t levels)
{
    struct ts_buf path = {0};
    char name[101];
    struct ts_dir *d, *next;

    memset(name, 'd', 100);
    name[100] = '\0';
    answers(TS_OK, ts_dir_dup(&d, here, &err));
    for (size_t i = 0; i < levels; i++) {
        answers(TS_OK, ts_mkdir_at(d, name, 0755, &err));
        answers(TS_OK, ts_dir_open_at(&next, d, name, &err));
        ts_dir_close(d);
        d = next;
        ts_buf_fmt(&path, "%s%s", i ? "/" : "", name);
    }
    struct ts_file *f;
    answers(TS_OK, ts_file_open_at(&f, d, "leaf", TS_O_CREATE, 0600, &err));
    answers(TS_OK, ts_file_write(f, "deep", 4, &err));
    ts_file_close(f);
    ts_dir_close(d);
    return ts_buf_take(&path);
}

Test(dir, paths_of_any_length_work)
{
    char *rel = make_deep(100);
    struct ts_dir *d;
    struct ts_stat st;
    struct ts_buf text = {0};

    cr_assert_gt(strlen(rel), 10000);
    answers(TS_OK, ts_dir_open_at(&d, here, rel, &err));
    answers(TS_OK, ts_stat_at(d, "leaf", &st, &err));
    cr_assert_eq(st.size, 4);
    answers(TS_OK, ts_symlink_at(d, "link", "/", &err));
    ts_dir_close(d);
    char *through = ts_format("%s/link/etc", rel);
    answers(TS_ELINK, ts_dir_open_at(&d, here, through, &err));

    char *path = ts_format("%s/%s/leaf", scratch, rel);
    answers(TS_OK, ts_fs_stat(path, &st, &err));
    answers(TS_OK, ts_file_read(path, 100, &text, &err));
    cr_assert_str_eq(text.p, "deep");
    char *more = ts_format("%s/%s/more/folders", scratch, rel);
    answers(TS_OK, ts_fs_mkdirs(more, 0755, &err));
    cr_assert(ts_fs_exists(more));
    char *moved = ts_format("%s/%s/more/leaf", scratch, rel);
    answers(TS_OK, ts_fs_rename(path, moved, &err));
    cr_assert(ts_fs_exists(moved) && !ts_fs_exists(path));
}

Test(dir, reopened_folder_reads_on_its_own)
{
    struct ts_dir *again;
    const char *name;
    enum ts_ftype type;

    put("only", "");
    answers(TS_OK, ts_dir_next(here, &name, &type, &err));
    cr_assert_str_eq(name, "only");
    answers(TS_OK, ts_dir_dup(&again, here, &err));
    answers(TS_OK, ts_dir_next(again, &name, &type, &err));
    cr_assert_str_eq(name, "only");
    answers(TS_OK, ts_dir_next(here, &name, &type, &err));
    cr_assert_null(name);
    ts_dir_close(again);
}

Test(dir, volume_is_known_and_stays_the_same)
{
    struct ts_volume v, w;
    struct ts_stat st;

    answers(TS_OK, ts_volume_of(here, &v, &err));
    answers(TS_OK, ts_volume_of(here, &w, &err));
    answers(TS_OK, ts_dir_stat(here, &st, &err));
    cr_assert_eq(v.id, st.volume);
    cr_assert_str_eq(v.stable, w.stable);
    cr_assert_gt(v.total, 0);
    cr_assert_leq(v.free, v.total);
    cr_assert_not(v.readonly);
    cr_assert_neq(v.fstype[0], '\0');
    answers(TS_OK, ts_dir_sync(here, &err));
    answers(TS_OK, ts_volume_sync(here, &err));
}
