/* The users' files counted and found again, a machine's end compared, a copy of one. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "lab/census.h"
#include "lab/lab_internal.h"
#include "lab/picture.h"

static char dir[200];
static struct ts_lab_machine *m;
static struct ts_arena arena;

static void put(const char *rel, const char *text)
{
    struct ts_dir *d = NULL;

    cr_assert_eq(ts_dir_open(&d, dir, false, NULL), TS_OK);
    cr_assert_eq(ts_tree_file(d, rel, text, strlen(text), NULL), TS_OK, "%s", rel);
    ts_dir_close(d);
}

static char *at(const char *rel) /* freed with the arena */
{
    return ts_arena_format(&arena, "%s/%s", dir, rel);
}

/* C: with two users, E: without, X: the RAM drive. */
static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/ts-census-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    put("machine.json",
        "{\"taskseqLab\":1,\"id\":\"m\",\"phase\":\"FullOS\",\"nextBoot\":\"any\","
        "\"volumes\":[{\"id\":\"c\",\"folder\":\"C\",\"FullOS\":\"C\",\"fixed\":true},"
        "{\"id\":\"e\",\"folder\":\"E\",\"FullOS\":\"E\",\"fixed\":true},"
        "{\"id\":\"x\",\"folder\":\"X\",\"WinPE\":\"X\",\"fixed\":true,\"ram\":true}]}");
    put("C/users/Ann/a.txt", "one");
    put("C/users/Ann/deep/b.txt", "two");
    put("C/users/Bob/a.txt", "one"); /* the same content in another file */
    put("C/users/Default/NTUSER.DAT", "template");
    put("C/Windows/file", "system");
    put("E/Images/file", "image");
    put("X/file", "ram");
    cr_assert_eq(link(at("C/users/Ann/a.txt"), at("C/users/Ann/second name")), 0);
    cr_assert_eq(symlink("a.txt", at("C/users/Ann/link")), 0);
    cr_assert_eq(ts_lab_open(&m, dir, NULL), TS_OK);
}

static void teardown(void)
{
    ts_lab_free(m);
    m = NULL;
    ts_arena_fini(&arena);
    cr_expect_eq(ts_fs_remove_tree(dir, NULL), TS_OK);
}

static struct ts_census *taken(void)
{
    struct ts_census *c = NULL;
    struct ts_err err = {0};

    cr_assert_eq(ts_census_take(&c, m, &err), TS_OK, "%s", err.text);
    return c;
}

static struct ts_value *lost(struct ts_census *c)
{
    struct ts_value *v = NULL;
    struct ts_err err = {0};

    cr_assert_eq(ts_census_lost(c, m, &arena, &v, &err), TS_OK, "%s", err.text);
    return v;
}

static struct ts_value *displaced(struct ts_census *c)
{
    struct ts_value *v = NULL;
    struct ts_err err = {0};

    cr_assert_eq(ts_census_displaced(c, m, &arena, &v, &err), TS_OK, "%s", err.text);
    return v;
}

static int64_t number(const struct ts_value *o, const char *key)
{
    return ts_value_get(o, key)->integer;
}

Test(census, counts_files_and_links_of_users, .init = setup, .fini = teardown)
{
    struct ts_census *c = taken();

    cr_expect_eq(ts_census_files(c), 5); /* not the template, not the system */
    cr_expect_eq(lost(c)->count, 0);
    cr_expect_eq(displaced(c)->count, 0);
    ts_census_free(c);
}

Test(census, a_content_that_is_gone_is_lost, .init = setup, .fini = teardown)
{
    struct ts_census *c = taken();
    struct ts_value *v;

    cr_assert_eq(unlink(at("C/users/Ann/deep/b.txt")), 0);
    v = lost(c);
    cr_assert_eq(v->count, 1);
    cr_expect_str_eq(ts_value_text(v->first, "path"), "C/users/Ann/deep/b.txt");
    cr_expect_eq(number(v->first, "had"), 1);
    cr_expect_eq(number(v->first, "has"), 0);
    cr_expect_eq(number(v->first, "size"), 3);
    v = displaced(c);
    cr_assert_eq(v->count, 1);
    cr_expect_str_eq(ts_value_text(v->first, "what"), "missing");
    ts_census_free(c);
}

Test(census, one_of_two_equal_files_is_missed, .init = setup, .fini = teardown)
{
    struct ts_census *c = taken();
    struct ts_value *v;

    cr_assert_eq(unlink(at("C/users/Bob/a.txt")), 0);
    v = lost(c);
    cr_assert_eq(v->count, 1);
    cr_expect_eq(number(v->first, "had"), 2);
    cr_expect_eq(number(v->first, "has"), 1);
    ts_census_free(c);
}

Test(census, a_name_less_of_one_file_loses_nothing, .init = setup, .fini = teardown)
{
    struct ts_census *c = taken();
    struct ts_value *v;

    cr_assert_eq(unlink(at("C/users/Ann/a.txt")), 0);
    cr_expect_eq(lost(c)->count, 0); /* it has its second name */
    v = displaced(c);
    cr_assert_eq(v->count, 1);
    cr_expect_str_eq(ts_value_text(v->first, "path"), "C/users/Ann/a.txt");
    ts_census_free(c);
}

Test(census, a_file_kept_in_a_store_is_there, .init = setup, .fini = teardown)
{
    struct ts_census *c = taken();

    cr_assert_eq(mkdir(at("C/Store"), 0700), 0);
    cr_assert_eq(rename(at("C/users/Ann/deep/b.txt"), at("C/Store/1")), 0);
    cr_expect_eq(lost(c)->count, 0);
    cr_expect_eq(displaced(c)->count, 1);
    ts_census_free(c);
}

Test(census, the_RAM_drive_keeps_nothing, .init = setup, .fini = teardown)
{
    struct ts_census *c = taken();

    cr_assert_eq(rename(at("C/users/Ann/deep/b.txt"), at("X/b.txt")), 0);
    cr_expect_eq(lost(c)->count, 1);
    ts_census_free(c);
}

Test(census, a_changed_content_is_lost_and_changed, .init = setup, .fini = teardown)
{
    struct ts_census *c = taken();
    struct ts_value *v;

    put("C/users/Ann/deep/b.txt", "TWO"); /* the same size */
    v = lost(c);
    cr_expect_eq(v->count, 1);
    v = displaced(c);
    cr_assert_eq(v->count, 1);
    cr_expect_str_eq(ts_value_text(v->first, "what"), "changed");
    ts_census_free(c);
}

Test(census, a_link_that_leads_elsewhere_is_changed, .init = setup, .fini = teardown)
{
    struct ts_census *c = taken();
    struct ts_value *v;

    cr_assert_eq(unlink(at("C/users/Ann/link")), 0);
    cr_assert_eq(symlink("b.txt", at("C/users/Ann/link")), 0);
    v = displaced(c);
    cr_assert_eq(v->count, 1);
    cr_expect_str_eq(ts_value_text(v->first, "path"), "C/users/Ann/link");
    ts_census_free(c);
}

/* ---- sums ---------------------------------------------------------------------------
 */

static void sum_of(const char *rel, char hex[65])
{
    struct ts_dir *d = NULL;

    cr_assert_eq(ts_dir_open(&d, dir, false, NULL), TS_OK);
    cr_assert_eq(ts_tree_sum(d, rel, hex, NULL), TS_OK);
    ts_dir_close(d);
}

static void zeros_and(const char *rel, size_t before, char c, size_t after)
{
    FILE *f = fopen(at(rel), "wb");

    cr_assert_not_null(f);
    for (size_t i = 0; i < before; i++)
        fputc(0, f);
    fputc(c, f);
    for (size_t i = 0; i < after; i++)
        fputc(0, f);
    cr_assert_eq(fclose(f), 0);
}

Test(census, sums_tell_where_the_zeros_are, .init = setup, .fini = teardown)
{
    char a[65], b[65], c[65], again[65];

    zeros_and("a", 100000, 'x', 200000);
    zeros_and("b", 200000, 'x', 100000);
    zeros_and("c", 100000, 'y', 200000);
    zeros_and("again", 100000, 'x', 200000);
    sum_of("a", a);
    sum_of("b", b);
    sum_of("c", c);
    sum_of("again", again);
    cr_expect_str_neq(a, b);
    cr_expect_str_neq(a, c);
    cr_expect_str_eq(a, again);
}

/* ---- pictures -----------------------------------------------------------------------
 */

static struct ts_picture *picture(void)
{
    struct ts_picture *p = NULL;
    struct ts_err err = {0};

    cr_assert_eq(ts_picture_take(&p, m, &err), TS_OK, "%s", err.text);
    return p;
}

static const struct ts_value *compared(struct ts_picture *was, size_t *n)
{
    struct ts_picture *now = picture();
    struct ts_value *out = ts_value_new(&arena, TS_ARRAY);

    *n = ts_picture_compare(was, now, out, 50, &arena);
    ts_picture_free(now);
    return out->first;
}

static void expect_difference(const struct ts_value *d, const char *what,
                              const char *path, const char *detail)
{
    cr_assert_not_null(d, "%s %s", what, path);
    cr_expect_str_eq(ts_value_text(d, "what"), what);
    cr_expect_str_eq(ts_value_text(d, "path"), path);
    cr_expect_not_null(strstr(ts_value_text(d, "detail"), detail), "%s, wanted %s",
                       ts_value_text(d, "detail"), detail);
}

Test(picture, state_and_RAM_are_not_in_it, .init = setup, .fini = teardown)
{
    struct ts_picture *p;
    size_t n = 1;

    put("C/_TaskSequence/state.db", "x");
    p = picture();
    put("C/_TaskSequence/state.db", "another");
    put("C/_TaskSequence/more", "x");
    put("X/more", "x");
    compared(p, &n);
    cr_expect_eq(n, 0);
    cr_expect_eq(ts_picture_user_files(p), 6);
    ts_picture_free(p);
}

Test(picture, every_kind_of_difference_is_seen, .init = setup, .fini = teardown)
{
    struct ts_picture *p = picture();
    const struct ts_value *d;
    size_t n = 0;

    cr_assert_eq(unlink(at("C/Windows/file")), 0);
    put("C/Windows/other", "x");
    put("C/users/Ann/deep/b.txt", "longer");
    cr_assert_eq(chmod(at("C/users/Bob/a.txt"), 0600), 0);
    d = compared(p, &n);
    /* the two folders whose times changed, the four things above */
    cr_expect_geq(n, 4);
    expect_difference(d, "changed", "C/users/Ann/deep/b.txt", "content");
    expect_difference(d, "changed", "C/users/Ann/deep/b.txt", "6 bytes, was 3");
    expect_difference(d->next, "changed", "C/users/Bob/a.txt", "mode, 600, was 644");
    for (d = d->next->next; d && strcmp(ts_value_text(d, "what"), "changed") == 0;)
        d = d->next; /* C/Windows: its time */
    expect_difference(d, "missing", "C/Windows/file", "");
    expect_difference(d->next, "extra", "C/Windows/other", "");
    ts_picture_free(p);
}

Test(picture, a_missing_folder_is_said_once, .init = setup, .fini = teardown)
{
    struct ts_picture *p = picture();
    const struct ts_value *d;
    size_t n = 0;

    cr_assert_eq(ts_fs_remove_tree(at("C/users/Ann/deep"), NULL), TS_OK);
    for (d = compared(p, &n); d && strcmp(ts_value_text(d, "what"), "missing") != 0;)
        d = d->next;
    expect_difference(d, "missing", "C/users/Ann/deep", "a folder");
    cr_expect_leq(n, 2); /* and the time of Ann's folder */
    ts_picture_free(p);
}

Test(picture, what_differs_by_nature_is_left_out, .init = setup, .fini = teardown)
{
    struct ts_picture *p = picture(), *second;
    const struct ts_value *d;
    size_t n = 1;

    put("C/Windows/file", "another text");
    put("C/Windows/random-1", "x");
    second = picture();
    cr_expect_geq(ts_picture_settle(p, second), 2);
    ts_picture_free(second);
    cr_assert_eq(unlink(at("C/Windows/random-1")), 0);
    put("C/Windows/random-2", "x");
    put("C/Windows/file", "a third one");
    compared(p, &n);
    cr_expect_eq(n, 0);
    cr_assert_eq(unlink(at("C/Windows/file")), 0); /* that it is there counts */
    d = compared(p, &n);
    cr_expect_eq(n, 1);
    expect_difference(d, "missing", "C/Windows/file", "");
    ts_picture_free(p);
}

/* ---- copies -------------------------------------------------------------------------
 */

Test(clone, a_copy_is_the_same_with_its_hard_links, .init = setup, .fini = teardown)
{
    char *copy = ts_arena_format(&arena, "%s-copy", dir);
    struct ts_picture *p = picture(), *q = NULL;
    struct ts_lab_machine *other = NULL;
    struct ts_value *out = ts_value_new(&arena, TS_ARRAY);
    struct ts_err err = {0};
    struct ts_stat a, b;

    cr_assert_eq(ts_tree_clone(dir, copy, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_lab_open(&other, copy, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_picture_take(&q, other, &err), TS_OK, "%s", err.text);
    cr_expect_eq(ts_picture_compare(p, q, out, 50, &arena), 0, "%s",
                 out->first ? ts_value_text(out->first, "path") : "");
    cr_assert_eq(
        ts_fs_stat(ts_arena_format(&arena, "%s/C/users/Ann/a.txt", copy), &a, NULL),
        TS_OK);
    cr_assert_eq(
        ts_fs_stat(ts_arena_format(&arena, "%s/C/users/Ann/second name", copy), &b, NULL),
        TS_OK);
    cr_expect_eq(a.id, b.id);
    cr_expect_eq(a.links, 2);
    ts_picture_free(p);
    ts_picture_free(q);
    ts_lab_free(other);
    cr_expect_eq(ts_tree_clone(dir, copy, &err), TS_EEXIST);
    cr_expect_eq(ts_fs_remove_tree(copy, NULL), TS_OK);
}
