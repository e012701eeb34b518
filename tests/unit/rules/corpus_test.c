/* Every real rules file is read and worked through. */
#include "rules/ruleset.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "platform/fs.h"

#define CORPUS TASKSEQ_SOURCE_DIR "/../shared/corpus/customsettings"

static bool none(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    (void)ctx;
    (void)name;
    (void)value;
    (void)secret;
    return false;
}

Test(rules_corpus, every_file_is_worked_through)
{
    size_t files = 0, sections = 0, lines = 0, set = 0, notes = 0;
    struct ts_rules_env env = {.fixed = none, .value = none};
    DIR *d = opendir(CORPUS);
    struct dirent *e;

    if (!d) {
        cr_skip_test("no corpus of rules files beside the project");
    }
    while ((e = readdir(d)) != NULL) {
        struct ts_ruleset *r = NULL;
        struct ts_rules_result result = {0};
        struct ts_err err = {0};
        char *path = ts_path_join(CORPUS, e->d_name);
        if (e->d_name[0] == '.') {
            ts_free(path);
            continue;
        }
        cr_assert_eq(ts_ruleset_read(&r, path, &err), TS_OK, "%s", err.text);
        cr_assert_eq(ts_ruleset_apply(r, &env, &result, &err), TS_OK, "%s", err.text);
        cr_expect_str_eq(result.file, e->d_name);
        files++;
        sections += ts_ruleset_sections(r);
        lines += ts_ruleset_lines(r);
        set += result.set_count;
        notes += result.note_count;
        ts_rules_result_fini(&result);
        ts_ruleset_free(r);
        ts_free(path);
    }
    closedir(d);
    fprintf(stderr, "%zu files: %zu sections, %zu lines, %zu variables set, %zu notes\n",
            files, sections, lines, set, notes);
    cr_expect_geq(files, 90);
    cr_expect_gt(set, 1000);
}
