#include "scratch.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *scratch;
struct ts_dir *here;

void scratch_make(void)
{
    struct ts_err err = {0};
    char *temp = ts_fs_temp_dir(), *path = ts_path_join(temp, "taskseq-test-XXXXXX");

    cr_assert_not_null(mkdtemp(path));
    answers(TS_OK, ts_fs_real(path, &scratch, &err));
    answers(TS_OK, ts_dir_open(&here, scratch, true, &err));
    ts_free(temp);
    ts_free(path);
}

void scratch_remove(void)
{
    struct ts_err err = {0};

    ts_dir_close(here);
    answers(TS_OK, ts_fs_remove_tree(scratch, &err));
    ts_free(scratch);
}

char *scratch_path(const char *format, ...)
{
    char rest[1024];
    va_list ap;

    va_start(ap, format);
    vsnprintf(rest, sizeof rest, format, ap);
    va_end(ap);
    return ts_path_join(scratch, rest);
}

void put_dir(const char *name)
{
    struct ts_err err = {0};
    char *path = ts_path_join(scratch, name);

    answers(TS_OK, ts_fs_mkdirs(path, 0755, &err));
    ts_free(path);
}

void put(const char *name, const char *text)
{
    char *path = ts_path_join(scratch, name), *slash = strrchr(path, '/');
    struct ts_err err = {0};

    *slash = '\0';
    answers(TS_OK, ts_fs_mkdirs(path, 0755, &err));
    *slash = '/';
    FILE *f = fopen(path, "wb");
    cr_assert_not_null(f, "%s", path);
    fputs(text, f);
    fclose(f);
    ts_free(path);
}

const char *get(const char *name)
{
    static struct ts_buf text;
    char *path = ts_path_join(scratch, name);
    enum ts_code rc = ts_file_read(path, 1 << 20, &text, NULL);

    ts_free(path);
    return rc == TS_OK ? ts_buf_text(&text) : "(none)";
}

bool exists(const char *name)
{
    char *path = ts_path_join(scratch, name);
    bool yes = ts_fs_exists(path);

    ts_free(path);
    return yes;
}
