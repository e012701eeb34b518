/* A state store that was made once and kept (tests/fixtures), and one of another format.
 */
#include "lab.h"

#include "migrate/catalog.h"
#include "platform/fs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kept store as C:\StateStore of a lab. */
static struct lab *lab_with_store(void)
{
    struct lab *l = lab_new();
    char *to = lab_path(l, "C/StateStore");
    char *command =
        ts_format("cp -r '%s/tests/fixtures/store-1' '%s'", TASKSEQ_SOURCE_DIR, to);

    cr_assert_eq(system(command), 0);
    ts_free(command);
    ts_free(to);
    return l;
}

static void patch(struct lab *l, long offset, unsigned value)
{
    char *path = lab_path(l, "C/StateStore/" MIG_CATALOG);
    FILE *f = fopen(path, "r+b");

    cr_assert(f);
    fseek(f, offset, SEEK_SET);
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc((int)(value >> shift & 0xff), f);
    cr_assert_eq(fclose(f), 0);
    ts_free(path);
}

Test(old, a_store_of_format_1_is_read)
{
    struct lab *l = lab_with_store();
    struct ts_store_info info;
    struct ts_err err;

    cr_assert_eq(ts_store_info("C:\\StateStore", &info, &err), TS_OK, "%s", err.text);
    cr_expect_eq(info.state, TS_STORE_COMPLETE);
    cr_expect_str_eq(info.machine, "fixture-machine");
    cr_expect_eq(strlen(info.id), 32);
    cr_expect_eq(info.totals.files, 2);
    cr_expect_eq(info.totals.bytes, 14);
    cr_expect_gt(info.created_ms, 0);
    lab_free(l);
}

Test(old, a_store_of_another_format_is_refused_and_not_touched)
{
    static const struct {
        unsigned format;
        const char *say;
    } table[] = {{0, "an older version of taskseq"}, {2, "a newer version of taskseq"}};

    for (size_t i = 0; i < 2; i++) {
        struct lab *l = lab_with_store();
        struct ts_store_info info;
        struct ts_mig_totals t;
        struct ts_err err;

        patch(l, 60, table[i].format);
        lab_file(l, "C/StateStore/" MIG_CATALOG "-journal", "left by a cut");
        char *store = lab_path(l, "C/StateStore");
        char *before = snap(store, SNAP_IDS);
        cr_expect_eq(ts_store_info("C:\\StateStore", &info, &err), TS_EDAMAGED);
        cr_expect(strstr(err.text, table[i].say), "%s", err.text);
        cr_expect(strstr(err.text, "reads format 1"), "%s", err.text);
        cr_expect_eq(restore(l, &t, &err), TS_EDAMAGED, "%s", err.text);
        cr_expect_eq(ts_store_remove("C:\\StateStore", false, lab_env(l), &t, &err),
                     TS_EDAMAGED);
        char *after = snap(store, SNAP_IDS);
        snap_equal(before, after, "the store");
        ts_free(store);
        ts_free(before);
        ts_free(after);
        lab_free(l);
    }
}

Test(old, a_catalogue_of_another_program_is_refused)
{
    struct lab *l = lab_with_store();
    struct ts_store_info info;
    struct ts_err err;

    patch(l, 68, 1234);
    cr_expect_eq(ts_store_info("C:\\StateStore", &info, &err), TS_EDAMAGED);
    cr_expect(strstr(err.text, "is not a catalogue of user state"), "%s", err.text);
    lab_free(l);
}
