#include "vars/vars.h"

#include <criterion/criterion.h>
#include <string.h>

Test(vars_catalogue, every_entry_is_complete_and_stands_once)
{
    size_t n = 0;
    const struct ts_var_doc *docs = ts_vars_catalogue(&n);
    cr_assert_gt(n, 50);
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

Test(vars_catalogue, the_password_of_the_catalogue_is_secret_and_nothing_else_is)
{
    size_t n = 0;
    const struct ts_var_doc *docs = ts_vars_catalogue(&n);
    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(ts_var_name_secret(ts_str_of(docs[i].name)),
                     strcmp(docs[i].name, "OSDMigrateLocalAccountPassword") == 0, "%s",
                     docs[i].name);
    }
}
