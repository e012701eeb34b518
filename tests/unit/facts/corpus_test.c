/* Every query of real sequences is understood. */
#include "facts/wql.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "platform/fs.h"

#define CORPUS TASKSEQ_SOURCE_DIR "/../shared/corpus"

static void unescape(struct ts_buf *out, ts_str s)
{
    static const struct {
        const char *name, *text;
    } entities[] = {
        {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}};

    while (s.n) {
        size_t used = 1, i = 0;
        for (; i < sizeof entities / sizeof entities[0]; i++) {
            if (ts_str_starts(s, ts_str_of(entities[i].name))) {
                used = strlen(entities[i].name);
                ts_buf_z(out, entities[i].text);
                break;
            }
        }
        if (used == 1) {
            ts_buf_c(out, s.p[0]);
        }
        s = (ts_str){s.p + used, s.n - used};
    }
}

static void check(const char *file, ts_str raw)
{
    struct ts_buf once = {0}, twice = {0};
    struct ts_err err = {0};

    unescape(&once, raw); /* sequences stand in other XML, escaped again */
    unescape(&twice, ts_buf_view(&once));
    cr_expect_eq(ts_wql_check(ts_str_trim(ts_buf_view(&twice)), &err), TS_OK,
                 "%s: %s\n%s", file, ts_buf_text(&twice), err.text);
    ts_buf_free(&once);
    ts_buf_free(&twice);
}

/* What stands in <variable name="Query">, plain or escaped. */
static size_t queries(const char *file, const char *text)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, "\"Query\"")) != NULL; p += 7) {
        const char *open = strchr(p, '>'), *escaped = strstr(p, "&gt;");
        if (escaped && (!open || escaped < open)) {
            open = escaped + 3;
        }
        const char *end = open ? strstr(open, "/variable") : NULL;
        if (!end) {
            continue;
        }
        end -= end[-1] == '<' ? 1 : 4; /* "<" or "&lt;" */
        check(file, (ts_str){open + 1, (size_t)(end - open) - 1});
        n++;
    }
    return n;
}

static void folder(const char *name, size_t *files, size_t *found)
{
    char *path = ts_format("%s/%s", CORPUS, name);
    DIR *d = opendir(path);
    struct dirent *e;

    while (d && (e = readdir(d)) != NULL) {
        struct ts_buf text = {0};
        char *file = ts_path_join(path, e->d_name);
        if (e->d_name[0] != '.' && ts_file_read(file, 64 << 20, &text, NULL) == TS_OK &&
            text.n) {
            *found += queries(e->d_name, text.p);
            (*files)++;
        }
        ts_buf_free(&text);
        ts_free(file);
    }
    if (d) {
        closedir(d);
    }
    ts_free(path);
}

Test(wql_corpus, every_query_is_understood)
{
    size_t files = 0, found = 0;

    if (!ts_fs_exists(CORPUS)) {
        cr_skip_test("no corpus of real sequences beside the project");
    }
    folder("mdt", &files, &found);
    folder("configmgr", &files, &found);
    fprintf(stderr, "%zu queries in %zu files\n", found, files);
    cr_expect_geq(files, 100);
    cr_expect_geq(found, 23);
}
