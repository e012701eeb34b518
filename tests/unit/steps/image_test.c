#include "fixture.h"

#include "steps/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(image, .init = fixture_make, .fini = fixture_remove);

static uint64_t files, bytes;

static enum ts_code apply(const char *source, const char *target, int index)
{
    struct ts_image_spec s = {source, target, index};

    return ts_host_image_apply(&call, &s, &files, &bytes, &err);
}

/* ---- a tar file, written by hand so that it may say anything -------------------------
 */

static void tar_add(struct ts_buf *tar, const char *name, char type, const char *link,
                    const char *text)
{
    char h[512] = {0};
    unsigned sum = 0;
    unsigned n = (unsigned)strlen(text);

    snprintf(h, 100, "%s", name);
    snprintf(h + 100, 8, "%07o", type == '5' ? 0755u : 0644u);
    snprintf(h + 108, 8, "%07o", 0u);
    snprintf(h + 116, 8, "%07o", 0u);
    snprintf(h + 124, 12, "%011o", n);
    snprintf(h + 136, 12, "%011o", 981173106u); /* 2001-02-03 */
    memset(h + 148, ' ', 8);
    h[156] = type;
    snprintf(h + 157, 100, "%s", link);
    memcpy(h + 257,
           "ustar\0"
           "00",
           8);
    for (size_t i = 0; i < sizeof h; i++) {
        sum += (unsigned char)h[i];
    }
    snprintf(h + 148, 8, "%06o", sum);
    ts_buf_add(tar, h, sizeof h);
    ts_buf_str(tar, ts_str_of(text));
    while (tar->n % 512) {
        ts_buf_c(tar, '\0');
    }
}

static void tar_save(struct ts_buf *tar, const char *rel)
{
    char zeros[1024] = {0};

    ts_buf_add(tar, zeros, sizeof zeros);
    answers(TS_OK, ts_file_replace(at(rel), tar->p, tar->n, 0644, &err));
    ts_buf_free(tar);
}

struct entry {
    char type;
    const char *name, *link, *text;
};

static void tar_of(const char *rel, const struct entry *e, size_t n)
{
    struct ts_buf tar = {0};

    for (size_t i = 0; i < n; i++) {
        tar_add(&tar, e[i].name, e[i].type, e[i].link ? e[i].link : "",
                e[i].text ? e[i].text : "");
    }
    tar_save(&tar, rel);
}

Test(image, a_tar_is_put_in_place)
{
    static const struct entry e[] = {
        {'5', "./", NULL, NULL},
        {'5', "./Windows/", NULL, NULL},
        {'0', "./Windows/notepad", NULL, "edit"},
        {'0', "implied/folder/f", NULL, "f"},
        {'2', "link", "Windows/notepad", NULL},
        {'1', "second", "./Windows/notepad", NULL},
        {'0', "Windows/notepad.old", NULL, ""},
        {'3', "dev/null", NULL, NULL},
    };

    tar_of("i.tar", e, sizeof e / sizeof e[0]);
    answers(TS_OK, apply(at("i.tar"), at("out"), 0));
    cr_assert_eq(files, 5);
    cr_assert_eq(bytes, 5);
    cr_assert_str_eq(content("out/Windows/notepad"), "edit");
    cr_assert_str_eq(content("out/implied/folder/f"), "f");
    cr_assert(is_link("out/link"));
    cr_assert_eq(inode_of("out/second"), inode_of("out/Windows/notepad"));
    cr_assert_eq(mode_of("out/Windows"), 0755);
    cr_assert_eq(mode_of("out/Windows/notepad"), 0644);
    cr_assert_eq(shell("test $(stat -c %Y out/Windows) = 981173106 "
                       "-a $(stat -c %Y out/Windows/notepad) = 981173106"),
                 0);
    cr_assert_not(there("out/dev/null"));
    log_says("2 dev/null of the image is left out");
    /* and again, over itself */
    answers(TS_OK, apply(at("i.tar"), at("out"), 0));
    cr_assert_eq(inode_of("out/second"), inode_of("out/Windows/notepad"));
    cr_assert_str_eq(content("out/second"), "edit");
}

Test(image, every_usual_compression_is_read)
{
    static const char *const programs[] = {"gzip", "bzip2", "xz", "zstd"};

    put("src/a/b.txt", "packed");
    put("src/\xC3\xA4\xE2\x82\xAC.txt", "names");
    for (size_t i = 0; i < 4; i++) {
        char *line = ts_format("command -v %s >/dev/null", programs[i]);
        if (shell(line) == 0) {
            ts_free(line);
            line = ts_format("rm -rf out && tar -c --format=%s -C src . | %s > i.bin",
                             i % 2 ? "gnu" : "pax", programs[i]);
            cr_assert_eq(shell(line), 0);
            answers(TS_OK, apply(at("i.bin"), at("out"), 0));
            cr_assert_str_eq(content("out/a/b.txt"), "packed", "%s", programs[i]);
            cr_assert_str_eq(content("out/\xC3\xA4\xE2\x82\xAC.txt"), "names", "%s",
                             programs[i]);
        }
        ts_free(line);
    }
}

Test(image, holes_stay_holes)
{
    cr_assert_eq(shell("mkdir src && truncate -s 8M src/sparse && printf x | dd "
                       "of=src/sparse bs=1 seek=4194304 conv=notrunc 2>/dev/null && "
                       "truncate -s 16M src/end && tar -cSf i.tar -C src ."),
                 0);
    answers(TS_OK, apply(at("i.tar"), at("out"), 0));
    cr_assert_eq(shell("cmp src/sparse out/sparse && cmp src/end out/end && "
                       "test $(du -k out/sparse | cut -f1) -lt 1024"),
                 0);
}

Test(image, hostile_entries_are_bad_input)
{
    static const struct {
        struct entry e[3];
        const char *named;
    } table[] = {
        {{{'0', "../outside", NULL, "x"}}, "../outside"},
        {{{'0', "a/../../outside", NULL, "x"}}, "a/../../outside"},
        {{{'0', "/outside", NULL, "x"}}, "/outside"},
        {{{'0', "C:/outside", NULL, "x"}}, "C:/outside"},
        {{{'0', "a/C:/outside", NULL, "x"}}, "a/C:/outside"},
        {{{'0', "..\\outside", NULL, "x"}}, "..\\outside"},
        {{{'0', "\\outside", NULL, "x"}}, "\\outside"},
        {{{'2', "out", "../victims", NULL}, {'0', "out/victim", NULL, "x"}},
         "out/victim"},
        {{{'2', "out", "../victims", NULL}, {'5', "out", NULL, NULL}}, "out"},
        {{{'2', "l", "../victims/victim", NULL}, {'1', "l2", "../victims/victim", NULL}},
         "../victims/victim"},
        {{{'2', "l", "../victims", NULL}, {'1', "l2", "l/victim", NULL}}, "l/victim"},
        {{{'1', "l", "/etc/passwd", NULL}}, "/etc/passwd"},
        {{{'1', "l", "not-there", NULL}}, "not-there"},
        {{{'1', "l", "./", NULL}}, "l"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t n = 0;
        while (n < 3 && table[i].e[n].name) {
            n++;
        }
        shell("rm -rf target victims outside");
        put("victims/victim", "safe");
        tar_of("i.tar", table[i].e, n);
        answers(TS_EINPUT, apply(at("i.tar"), at("target"), 0));
        says(table[i].named);
        cr_assert_str_eq(content("victims/victim"), "safe");
        cr_assert_eq(shell("test $(ls victims | wc -l) = 1 -a $(stat -c %h "
                           "victims/victim) = 1"),
                     0);
        cr_assert_not(there("outside"));
    }
}

Test(image, a_file_replaces_a_link_instead_of_following_it)
{
    static const struct entry e[] = {{'2', "f", "../victim", NULL},
                                     {'0', "f", NULL, "new"}};

    put("victim", "safe");
    tar_of("i.tar", e, 2);
    answers(TS_OK, apply(at("i.tar"), at("out"), 0));
    cr_assert_str_eq(content("victim"), "safe");
    cr_assert_not(is_link("out/f"));
    cr_assert_str_eq(content("out/f"), "new");
}

Test(image, folders_of_a_drive_are_merged_without_regard_to_case)
{
    static const struct entry e[] = {
        {'0', "users/Ann/f", NULL, "new"},
        {'5', "WINDOWS/", NULL, NULL},
        {'0', "windows/win.ini", NULL, "[new]"},
        {'1', "windows/second", "Windows/WIN.INI", NULL},
    };

    put("c/Users/ann/F", "old");
    put("c/Windows/Win.ini", "old");
    map_drive('C', "c");
    tar_of("i.tar", e, sizeof e / sizeof e[0]);
    answers(TS_OK, apply(at("i.tar"), "C:\\", 0));
    cr_assert_str_eq(content("c/Users/ann/F"), "new");
    cr_assert_str_eq(content("c/Windows/Win.ini"), "[new]");
    cr_assert_str_eq(content("c/Windows/second"), "[new]");
    cr_assert_eq(shell("test $(ls c | wc -l) = 2 -a $(ls c/Users/ann | wc -l) = 1"), 0);

    static const struct entry back[] = {{'0', "a\\b", NULL, "x"}};
    tar_of("b.tar", back, 1);
    answers(TS_EINPUT, apply(at("b.tar"), "C:\\", 0));
    says("a\\b");
    answers(TS_OK, apply(at("b.tar"), at("linux"), 0)); /* a name like others there */
    cr_assert(there("linux/a\\b"));
}

Test(image, protected_paths_are_kept)
{
    static const struct entry e[] = {
        {'5', "statestore/", NULL, NULL},
        {'0', "statestore/u/f", NULL, "image"},
        {'0', "_TaskSequence", NULL, "a file where the state is"},
        {'1', "alias", "statestore/u/f", NULL},
        {'0', "Windows/f", NULL, "image"},
    };

    put("c/StateStore/u/f", "user");
    put("c/_TaskSequence/state.db", "state");
    chmod(at("c/StateStore"), 0700);
    map_drive('C', "c");
    ts_host_protect(&host, at("c/StateStore"));
    ts_host_protect(&host, at("c/_TaskSequence/state.db"));
    tar_of("i.tar", e, sizeof e / sizeof e[0]);
    answers(TS_OK, apply(at("i.tar"), "C:", 0));
    cr_assert_str_eq(content("c/StateStore/u/f"), "user");
    cr_assert_str_eq(content("c/_TaskSequence/state.db"), "state");
    cr_assert_eq(mode_of("c/StateStore"), 0700);
    cr_assert_str_eq(content("c/Windows/f"), "image");
    cr_assert_not(there("c/alias"));
    log_says("2 C:\\statestore\\u\\f of the image is left out: that path is protected");
    log_says("2 C:\\_TaskSequence of the image is left out");
}

Test(image, what_is_no_image_is_said)
{
    put("i.txt", "this is no archive, whatever its name may promise to anybody");
    answers(TS_EINPUT, apply(at("i.txt"), at("out"), 0));
    says("neither a folder, nor a WIM, nor a tar archive");
    cr_assert_not(there("out"), "nothing was changed");
    answers(TS_ENOTFOUND, apply(at("none.tar"), at("out"), 0));
    says("none.tar");
    put("empty.tar", "");
    answers(TS_EINPUT, apply(at("empty.tar"), at("out"), 0));
}

Test(image, a_cut_off_archive_is_damaged)
{
    cr_assert_eq(shell("mkdir src && head -c 300000 /dev/urandom > src/r && "
                       "tar -czf i.tgz -C src . && head -c 100000 i.tgz > cut.tgz"),
                 0);
    answers(TS_EDAMAGED, apply(at("cut.tgz"), at("out"), 0));
    says("cut.tgz");
}

Test(image, applying_stops_when_asked)
{
    static const struct entry e[] = {{'0', "f", NULL, "x"}};

    tar_of("i.tar", e, 1);
    call.deadline_ns = 1;
    answers(TS_ETIMEOUT, apply(at("i.tar"), at("out"), 0));
    cr_assert_not(there("out"));
}

/* ---- folders -------------------------------------------------------------------------
 */

static void make_source(void)
{
    put("src/Windows/f", "one");
    put("src/Users/Public/g", "two");
    put_dir("src/closed");
    put_link("src/link", "/absolute/elsewhere");
    cr_assert_eq(shell("ln src/Windows/f src/second && chmod 4755 src/Windows/f && "
                       "chmod 0500 src/closed && chmod 0711 src/Windows && "
                       "touch -d 2001-02-03T04:05:06 src/Windows src/Windows/f && "
                       "touch -h -d 2001-02-03T04:05:06 src/link"),
                 0);
}

static void check_result(const char *out)
{
    char *line = ts_format(
        "cd %s && test $(stat -c %%a Windows/f) = 4755 -a $(stat -c %%a closed) = 500 -a "
        "$(stat -c %%a Windows) = 711 -a $(stat -c %%h Windows/f) = 2 -a "
        "$(stat -c %%Y Windows) = $(stat -c %%Y ../src/Windows) -a "
        "$(stat -c %%Y Windows/f) = $(stat -c %%Y ../src/Windows/f) -a "
        "$(stat -c %%Y link) = $(stat -c %%Y ../src/link) -a "
        "\"$(readlink link)\" = /absolute/elsewhere && cmp Users/Public/g "
        "../src/Users/Public/g && test Windows/f -ef second",
        out);

    cr_assert_eq(shell(line), 0);
    ts_free(line);
}

Test(image, a_folder_is_an_image)
{
    make_source();
    answers(TS_OK, apply(at("src"), at("out"), 0));
    cr_assert_eq(files, 4);
    cr_assert_eq(bytes, 6);
    check_result("out");
    answers(TS_OK, apply(at("src"), at("out"), 0));
    check_result("out");
    answers(TS_EINPUT, apply(at("src"), at("src/Users/new"), 0));
    cr_assert_not(there("src/Users/new"));
    answers(TS_EINPUT, apply(at("src"), at("src"), 0));
}

Test(image, a_folder_keeps_owners_and_attributes)
{
    if (geteuid() != 0) {
        cr_skip_test("only root may give files away");
    }
    put("src/f", "x");
    bool attributes =
        shell("chown 1234:2345 src/f && python3 -c \"import os; "
              "os.setxattr('src/f','user.colour',b'red')\" 2>/dev/null") == 0;
    answers(TS_OK, apply(at("src"), at("out"), 0));
    cr_assert_eq(shell("test $(stat -c %u:%g out/f) = 1234:2345"), 0);
    if (attributes) {
        cr_assert_eq(shell("python3 -c \"import os; assert "
                           "os.getxattr('out/f','user.colour') == b'red'\""),
                     0);
    }
}

/* ---- WIM -----------------------------------------------------------------------------
 */

static void need_wimlib(void)
{
    if (shell("command -v wimlib-imagex >/dev/null") != 0) {
        cr_skip_test("wimlib-imagex (package wimtools) is not installed");
    }
}

Test(image, a_wim_is_put_in_place)
{
    need_wimlib();
    make_source();
    cr_assert_eq(shell("wimlib-imagex capture src i.wim one --unix-data >/dev/null"), 0);
    cr_assert_eq(
        shell("mkdir two && echo 2 > two/2 && wimlib-imagex append two i.wim two "
              ">/dev/null"),
        0);
    put("c/windows/F", "old");
    put("c/StateStore/f", "user");
    put("c/.taskseq-apply-0000/left", "by a cut");
    map_drive('C', "c");
    ts_host_protect(&host, at("c/StateStore"));
    answers(TS_OK, apply(at("i.wim"), "C:\\", 1));
    cr_assert_str_eq(content("c/windows/F"), "one");
    cr_assert_str_eq(content("c/Users/Public/g"), "two");
    cr_assert_str_eq(content("c/StateStore/f"), "user");
    cr_assert_eq(inode_of("c/windows/F"), inode_of("c/second"));
    cr_assert(is_link("c/link"));
    cr_assert_eq(shell("test \"$(readlink c/link)\" = /absolute/elsewhere"), 0);
    cr_assert_eq(shell("test -z \"$(ls -A c | grep taskseq)\""), 0);
    cr_assert_eq(files, 4);
    cr_assert(strstr(events.p, "step.progress"));
    log_says("1 Done applying WIM image.\n");
    cr_assert_eq(count(logged.p, "%) done"), 0);
    answers(TS_OK, apply(at("i.wim"), at("out"), 2));
    cr_assert_str_eq(content("out/2"), "2\n");
    answers(TS_EINPUT, apply(at("i.wim"), at("out3"), 3));
    says("it has no image 3");
    cr_assert_not(there("out3"));
}

Test(image, links_of_a_wim_do_not_lead_into_the_folder_of_the_extraction)
{
    need_wimlib();
    put("src/Windows/f", "one");
    put_link("src/inside", at("src/Windows")); /* kept as "/Windows" in the image */
    cr_assert_eq(shell("wimlib-imagex capture src i.wim one >/dev/null"), 0);
    answers(TS_OK, apply(at("i.wim"), at("out"), 1));
    cr_assert_eq(shell("readlink out/inside | grep -qv taskseq-apply"), 0);
}

Test(image, a_protected_path_is_not_replaced_from_a_wim)
{
    need_wimlib();
    put("src/StateStore/f", "image");
    put("src/g", "g");
    cr_assert_eq(shell("wimlib-imagex capture src i.wim one >/dev/null"), 0);
    put("c/StateStore/f", "user");
    map_drive('C', "c");
    ts_host_protect(&host, at("c/StateStore"));
    answers(TS_OK, apply(at("i.wim"), "C:\\", 1));
    cr_assert_str_eq(content("c/StateStore/f"), "user");
    cr_assert_str_eq(content("c/g"), "g");
    log_says("is left out: that path is protected");
    cr_assert_eq(shell("test -z \"$(ls -A c | grep taskseq)\""), 0);
}

Test(image, a_damaged_wim_is_said)
{
    need_wimlib();
    cr_assert_eq(shell("mkdir src && head -c 200000 /dev/urandom > src/r && "
                       "wimlib-imagex capture src w.wim one >/dev/null && "
                       "head -c 60000 w.wim > i.wim"),
                 0);
    answers(TS_EIO, apply(at("i.wim"), at("out"), 1));
    says("wimlib-imagex ended with exit code");
    cr_assert_not(there("out"));
}

Test(image, without_wimlib_the_package_is_named)
{
    static const char magic[16] = "MSWIM";

    answers(TS_OK, ts_file_replace(at("i.wim"), magic, sizeof magic, 0644, &err));
    cr_assert_eq(setenv("PATH", at("nowhere"), 1), 0);
    answers(TS_ENOTFOUND, apply(at("i.wim"), at("out"), 1));
    says("wimtools");
}

/* ---- names ---------------------------------------------------------------------------
 */

Test(image, entry_names_are_made_plain)
{
    static const struct {
        const char *name, *plain;
    } table[] = {
        {"a", "a"}, {"./a/b/", "a/b"}, {"a//b", "a/b"},        {"./", ""},
        {".", ""},  {"a/./b", "a/b"},  {"..a/b..", "..a/b.."}, {"ab:c", "ab:c"},
    };
    struct ts_buf b = {0};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        answers(TS_OK, ts_image_entry_name(&b, table[i].name, true, &err));
        cr_expect_str_eq(ts_buf_text(&b), table[i].plain);
    }
    answers(TS_EINPUT, ts_image_entry_name(&b, "", true, &err));
    answers(TS_EINPUT, ts_image_entry_name(&b, NULL, true, &err));
    answers(TS_EINPUT, ts_image_entry_name(&b, "a\\b", true, &err));
    answers(TS_OK, ts_image_entry_name(&b, "a\\x2db", false, &err));
    answers(TS_EINPUT, ts_image_entry_name(&b, "a\\..\\..\\b", false, &err));
    ts_buf_free(&b);
}
