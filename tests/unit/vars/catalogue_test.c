#include "vars/vars.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>

Test(vars_catalogue, every_entry_is_complete_and_stands_once)
{
    size_t n = 0;
    const struct ts_var_doc *docs = ts_vars_catalogue(&n);
    cr_assert_gt(n, 40);
    for (size_t i = 0; i < n; i++) {
        const struct ts_var_doc *d = &docs[i];
        cr_expect(ts_var_name_valid(ts_str_of(d->name)), "%s", d->name);
        cr_expect(strcmp(d->kind, "engine") == 0 || strcmp(d->kind, "control") == 0 ||
                      strcmp(d->kind, "action") == 0 || strcmp(d->kind, "fact") == 0,
                  "%s", d->name);
        cr_expect(d->def && d->meaning && strlen(d->meaning) > 8, "%s", d->name);
        cr_expect_null(strchr(d->meaning, '|'), "%s would break a table", d->name);
        if (strcmp(d->kind, "engine") == 0) {
            cr_expect_eq(d->name[0], '_', "%s is read-only, so it begins with _",
                         d->name);
        }
        for (size_t k = 0; k < i; k++) {
            cr_expect_not(ts_caseeq(d->name, docs[k].name), "%s stands twice", d->name);
        }
    }
}

Test(vars_catalogue, no_entry_is_secret)
{
    size_t n = 0;
    const struct ts_var_doc *docs = ts_vars_catalogue(&n);
    for (size_t i = 0; i < n; i++) {
        cr_expect_not(ts_var_name_secret(ts_str_of(docs[i].name)), "%s", docs[i].name);
    }
}

static struct ts_buf sources;

static int read_source(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    ts_str p = ts_str_of(path);
    if (kind != FTW_F || ts_str_ends(p, TS_S("vars/catalogue.c")) ||
        !(ts_str_ends(p, TS_S(".c")) || ts_str_ends(p, TS_S(".h")) ||
          ts_str_ends(p, TS_S(".lua")))) {
        return 0;
    }
    char part[4096];
    size_t got;
    FILE *f = fopen(path, "rb");
    while (f && (got = fread(part, 1, sizeof part, f)) > 0) {
        ts_buf_add(&sources, part, got);
    }
    if (f) {
        fclose(f);
    }
    return 0;
}

/* What is written down must be real: something else in the program knows each name. */
Test(vars_catalogue, every_name_is_known_to_the_program)
{
    size_t n = 0;
    const struct ts_var_doc *docs = ts_vars_catalogue(&n);
    cr_assert_eq(nftw(TASKSEQ_SOURCE_DIR "/runtime", read_source, 16, FTW_PHYS), 0);
    cr_assert_eq(nftw(TASKSEQ_SOURCE_DIR "/stdlib", read_source, 16, FTW_PHYS), 0);
    for (size_t i = 0; i < n; i++) {
        cr_expect(strstr(ts_buf_text(&sources), docs[i].name), "nothing uses %s",
                  docs[i].name);
    }
    ts_buf_free(&sources);
}
