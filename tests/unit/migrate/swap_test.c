/* A user swaps things for links between our look at them and our work on them.  The rules
 * are asked just between the two, so they do the swapping here. */
#include "lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void swap(struct lab *l, const char *path, const char *target)
{
    char *p = lab_path(l, path), *aside = ts_format("%s/aside", l->dir);

    cr_assert(rename(p, aside) == 0 && symlink(target, p) == 0);
    ts_free(p), ts_free(aside);
}

static enum ts_verdict swapping(const struct ts_rules *r, const char *profile,
                                const char *rel, enum ts_ftype type, uint64_t size)
{
    (void)profile, (void)size;
    if (type == TS_F_FILE && strcmp(rel, "swapped") == 0)
        swap(r->self, "C/Users/Ann/swapped", "../../../outside/foreign.txt");
    if (type == TS_F_DIR && strcmp(rel, "swapped") == 0)
        swap(r->self, "C/Users/Ann/swapped", "../../../outside");
    return TS_RULE_KEEP;
}

static void capture_swapping(struct lab *l, struct ts_mig_totals *t)
{
    struct ts_rules rules = {.self = l, .decide = swapping, .text = ""};
    struct ts_capture c = {.store = STORE, .windows_drive = "C:", .rules = &rules};
    char *data = lab_path(l, "C/StateStore/data"), *store, *foreign;
    struct ts_err err;

    lab_dir(l, "outside", 0755);
    lab_file(l, "outside/foreign.txt", "foreign");
    OK(ts_migrate_capture(&c, lab_env(l), t, &err));
    store = snap(data, SNAP_IDS);
    foreign = ts_format("id=%llu\n", lab_inode(l, "outside/foreign.txt"));
    cr_expect(!strstr(store, foreign), "nothing foreign is taken: %s", store);
    cr_expect(!strstr(store, " l "), "a link is no file of the store: %s", store);
    ts_free(data), ts_free(store), ts_free(foreign);
}

Test(swap, a_file_that_became_a_link_is_taken_as_a_link)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;
    char target[64] = "";

    lab_small_users(l);
    lab_file(l, "C/Users/Ann/swapped", "a file at first");
    capture_swapping(l, &t);
    cr_expect_eq(t.files, 4);
    cr_expect_eq(t.symlinks, 2); /* Ann's own link and this one */
    OK(ts_store_verify(STORE, NULL, NULL, NULL, &err));
    OK(ts_store_verify_source(STORE, NULL, NULL, NULL, &err));
    OK(wipe_c(l, &err));
    OK(restore(l, NULL, &err));
    char *p = lab_path(l, "C/Users/Ann/swapped");
    cr_expect(readlink(p, target, sizeof target - 1) > 0);
    cr_expect_str_eq(target, "../../../outside/foreign.txt");
    cr_expect(lab_has(l, "outside/foreign.txt"));
    ts_free(p);
    lab_free(l);
}

Test(swap, a_folder_that_became_a_link_is_told_and_not_followed)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;

    lab_small_users(l);
    lab_dir(l, "C/Users/Ann/swapped", 0755);
    lab_file(l, "C/Users/Ann/swapped/own.txt", "own");
    capture_swapping(l, &t);
    cr_expect_eq(t.files, 4);
    cr_expect(noted(l, "became a link while it was captured"), "%s", l->notes);
    /* So the catalogue is not all there is, and the wipe sees it. */
    cr_expect_eq(ts_store_verify_source(STORE, NULL, NULL, NULL, &err), TS_EREFUSED);
    cr_expect_eq(wipe_c(l, &err), TS_EREFUSED);
    lab_free(l);
}
