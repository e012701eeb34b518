/* The whole way: capture, wipe, restore, verified, removed. */
#include "lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

Test(flow, everything_is_as_before_after_capture_wipe_restore)
{
    struct lab *l = lab_new();
    struct ts_mig_totals t;
    struct ts_err err;

    lab_users(l);
    char *ann = lab_path(l, "C/Users/Ann"), *bob = lab_path(l, "C/Users/Bob");
    char *pub = lab_path(l, "C/Users/Public"), *lost = lab_path(l, "C/Users/Lost.DOMAIN");
    char *ann0 = snap(ann, SNAP_IDS), *bob0 = snap(bob, SNAP_IDS);
    char *pub0 = snap(pub, SNAP_IDS), *lost0 = snap(lost, SNAP_IDS);

    OK(capture(l, &t, &err));
    cr_expect_eq(state_of_store(), TS_STORE_COMPLETE);
    cr_expect_eq(t.profiles, 5);
    cr_expect_eq(t.orphans, 1);
    cr_expect_eq(t.links, t.files);
    cr_expect_eq(t.copies, 0);
    cr_expect_eq(t.symlinks, 3 * 7 + 1);
    cr_expect(noted(l, "Lost.DOMAIN"), "%s", l->notes);
    cr_expect(noted(l, "no user hive"));
    char *ann1 = snap(ann, SNAP_IDS);
    snap_equal(ann0, ann1, "a capture changes nothing");

    OK(wipe_c(l, &err));
    cr_expect_eq(state_of_store(), TS_STORE_WIPING);
    cr_expect(!lab_has(l, "C/Users"));
    cr_expect(!lab_has(l, "C/Windows"));
    cr_expect(lab_has(l, "D/Users/Dora/NTUSER.DAT"));
    cr_expect(lab_has(l, "outside/foreign.txt"), "a wipe follows no link");

    OK(restore(l, &t, &err));
    cr_expect_eq(state_of_store(), TS_STORE_VERIFIED);
    cr_expect_eq(t.conflicts, 0);
    char *ann2 = snap(ann, SNAP_IDS), *bob2 = snap(bob, SNAP_IDS);
    char *pub2 = snap(pub, SNAP_IDS), *lost2 = snap(lost, SNAP_IDS);
    snap_equal(ann0, ann2, "Ann");
    snap_equal(bob0, bob2, "Bob");
    snap_equal(pub0, pub2, "Public");
    snap_equal(lost0, lost2, "the orphan");
    cr_expect(!lab_has(l, "C/Users/Default"), "the template is the new system's");
    cr_expect(lab_has(l, "C/Users/All Users"));

    OK(ts_store_remove(STORE, false, lab_env(l), &t, &err));
    cr_expect(!lab_has(l, "C/StateStore"));
    cr_expect(!lab_has(l, "D/StateStore"));
    char *ann3 = snap(ann, SNAP_IDS);
    snap_equal(ann0, ann3, "after the removal");

    ts_free(ann0), ts_free(bob0), ts_free(pub0), ts_free(lost0), ts_free(ann1);
    ts_free(ann2), ts_free(bob2), ts_free(pub2), ts_free(lost2), ts_free(ann3);
    ts_free(ann), ts_free(bob), ts_free(pub), ts_free(lost);
    lab_free(l);
}
