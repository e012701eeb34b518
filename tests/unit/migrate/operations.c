#include "operations.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"

static const char *const small_contents[] = {"hive", "one", "two", "hive of Dora", NULL};
static const char *const worked_contents[] = {
    "hive", "edited in place", "saved", "hive of Dora", "new", "gone soon", NULL};

const char *missing_content(struct lab *l, const struct operation *op)
{
    char *text = snap(l->dir, SNAP_PLAIN);
    const char *lost = NULL;

    for (const char *const *c = op->contents; *c && !lost; c++) {
        char hex[65], *line;
        if (strcmp(*c, "gone soon") == 0)
            continue; /* the user deleted it */
        ts_sha256_hex(hex, *c, strlen(*c));
        line = ts_format(" f %zu %.16s\n", strlen(*c), hex);
        lost = strstr(text, line) ? NULL : *c;
        ts_free(line);
    }
    ts_free(text);
    return lost;
}

/* ---- capture ----------------------------------------------------------------------- */

static enum ts_code run_capture(struct lab *l, struct ts_err *err)
{
    enum ts_code rc = capture(l, NULL, err);

    /* Cut after the commit: it is complete, which is what was asked for. */
    return rc == TS_EREFUSED && state_of_store() == TS_STORE_COMPLETE ? TS_OK : rc;
}

static void captured(struct lab *l, unsigned n)
{
    struct ts_err err;

    cr_assert_eq(state_of_store(), TS_STORE_COMPLETE, "cut at %u", n);
    OK(ts_store_verify(STORE, NULL, NULL, NULL, &err));
    OK(ts_store_verify_source(STORE, NULL, NULL, NULL, &err));
    cr_assert(lab_has(l, "C/Users/Ann/Documents/one.txt"));
}

/* ---- update ------------------------------------------------------------------------ */

static void before_update(struct lab *l)
{
    struct ts_err err;

    lab_small_users(l);
    lab_file(l, "C/Users/Ann/deleted.txt", "gone soon");
    OK(capture(l, NULL, &err));
    lab_file(l, "C/Users/Ann/Documents/one.txt", "edited in place");
    lab_remove(l, "C/Users/Ann/Documents/two.txt");
    lab_file(l, "C/Users/Ann/Documents/two.txt", "saved");
    lab_dir(l, "C/Users/Ann/New", 0755);
    lab_file(l, "C/Users/Ann/New/new.txt", "new");
    lab_remove(l, "C/Users/Ann/deleted.txt");
}

static enum ts_code run_update(struct lab *l, struct ts_err *err)
{
    struct ts_capture c = {.store = STORE, .windows_drive = "C:"};

    /* At every instant the store is complete. */
    cr_assert_eq(state_of_store(), TS_STORE_COMPLETE);
    return ts_migrate_update(&c, lab_env(l), NULL, err);
}

static void updated(struct lab *l, unsigned n)
{
    struct ts_store_info info;
    struct ts_err err;
    unsigned long names = 0;

    captured(l, n);
    OK(ts_store_info(STORE, &info, &err));
    char *c = lab_path(l, "C/StateStore/data"), *d = lab_path(l, "D/StateStore/data");
    char *a = snap(c, SNAP_PLAIN), *b = snap(d, SNAP_PLAIN);
    for (char *p = a; (p = strstr(p, " f ")) != NULL; p++)
        names++;
    for (char *p = b; (p = strstr(p, " f ")) != NULL; p++)
        names++;
    /* A cut between the commit and the last unlink leaves names for the next update. */
    if (names != info.totals.files) {
        OK(ts_migrate_update(&(struct ts_capture){.store = STORE}, NULL, NULL, &err));
        ts_free(a), ts_free(b);
        a = snap(c, SNAP_PLAIN), b = snap(d, SNAP_PLAIN);
        names = 0;
        for (char *p = a; (p = strstr(p, " f ")) != NULL; p++)
            names++;
        for (char *p = b; (p = strstr(p, " f ")) != NULL; p++)
            names++;
    }
    cr_assert_eq(names, info.totals.files, "cut at %u: %s%s", n, a, b);
    ts_free(a), ts_free(b), ts_free(c), ts_free(d);
}

/* ---- wipe -------------------------------------------------------------------------- */

static void before_wipe(struct lab *l)
{
    struct ts_err err;

    lab_small_users(l);
    OK(capture(l, NULL, &err));
}

static enum ts_code run_wipe(struct lab *l, struct ts_err *err)
{
    (void)l;
    return wipe_c(l, err);
}

static void wiped(struct lab *l, unsigned n)
{
    char *c = snap(l->c, SNAP_PLAIN);
    struct ts_err err;

    cr_assert_eq(state_of_store(), TS_STORE_WIPING);
    cr_assert(!strstr(c, "/Users") && !strstr(c, "/Windows"), "cut at %u: %s", n, c);
    OK(ts_store_verify(STORE, NULL, NULL, NULL, &err));
    OK(restore(l, NULL, &err));
    cr_assert_eq(state_of_store(), TS_STORE_VERIFIED);
    ts_free(c);
}

/* ---- restore ----------------------------------------------------------------------- */

static char *as_captured;

static void before_restore(struct lab *l)
{
    struct ts_err err;

    before_wipe(l);
    char *ann = lab_path(l, "C/Users/Ann");
    ts_free(as_captured);
    as_captured = snap(ann, SNAP_IDS);
    ts_free(ann);
    OK(wipe_c(l, &err));
    lab_dir(l, "C/Users/Ann/Documents", 0755);
    lab_file(l, "C/Users/Ann/Documents/two.txt", "of the new system");
}

static enum ts_code run_restore(struct lab *l, struct ts_err *err)
{
    return restore(l, NULL, err);
}

static void restored(struct lab *l, unsigned n)
{
    char *kept = lab_read(l, "C/Users/Ann/Documents/two.txt (before restore)");
    char *ann = lab_path(l, "C/Users/Ann"), *docs = lab_path(l, "C/Users/Ann/Documents");
    struct stat st;

    cr_assert(kept && strcmp(kept, "of the new system") == 0, "cut at %u", n);
    cr_assert(!lab_has(l, "C/Users/Ann/Documents/two.txt (before restore 2)"));
    /* Without the kept file all is as it was captured. */
    cr_assert(stat(docs, &st) == 0);
    lab_remove(l, "C/Users/Ann/Documents/two.txt (before restore)");
    cr_assert(
        utimensat(AT_FDCWD, docs, (struct timespec[2]){st.st_atim, st.st_mtim}, 0) == 0);
    char *after = snap(ann, SNAP_IDS);
    snap_equal(as_captured, after, "restored after a cut");
    cr_assert_eq(state_of_store(), TS_STORE_VERIFIED);
    ts_free(kept), ts_free(ann), ts_free(docs), ts_free(after);
}

/* By copies: temporary names, and the rename that gives the last one. */
static void before_copied(struct lab *l)
{
    struct ts_capture c = {.store = STORE, .windows_drive = "C:", .copy = true};
    struct ts_err err;

    lab_small_users(l);
    OK(ts_migrate_capture(&c, NULL, NULL, &err));
    OK(wipe_c(l, &err));
    lab_dir(l, "C/Users/Ann/Documents", 0755);
    lab_file(l, "C/Users/Ann/Documents/two.txt", "of the new system");
}

static void copied(struct lab *l, unsigned n)
{
    char *all = snap(l->c, SNAP_PLAIN);

    cr_assert(!strstr(all, ".taskseq-restore-"), "cut at %u: %s", n, all);
    cr_assert_eq(state_of_store(), TS_STORE_VERIFIED);
    ts_free(all);
}

/* ---- removal ----------------------------------------------------------------------- */

static void before_removal(struct lab *l)
{
    struct ts_err err;

    before_wipe(l);
    OK(wipe_c(l, &err));
    OK(restore(l, NULL, &err));
}

static enum ts_code run_removal(struct lab *l, struct ts_err *err)
{
    return ts_store_remove(STORE, false, lab_env(l), NULL, err);
}

static void removed(struct lab *l, unsigned n)
{
    cr_assert(!lab_has(l, "C/StateStore"), "cut at %u", n);
    cr_assert(!lab_has(l, "D/StateStore"), "cut at %u", n);
    cr_assert(lab_has(l, "C/Users/Ann/Documents/one.txt"));
}

/* ---- all of them ------------------------------------------------------------------- */

const struct operation operations[] = {
    {"capture", lab_small_users, run_capture, captured, small_contents},
    {"update", before_update, run_update, updated, worked_contents},
    {"wipe", before_wipe, run_wipe, wiped, small_contents},
    {"restore", before_restore, run_restore, restored, small_contents},
    {"restore of copies", before_copied, run_restore, copied, small_contents},
    {"removal", before_removal, run_removal, removed, small_contents},
};
const size_t operation_count = sizeof operations / sizeof operations[0];
