#include "cli/again.h"

#include <string.h>

#include "base/mem.h"
#include "platform/drives.h"
#include "platform/fs.h"

static void add(char ***argv, size_t *n, char *text)
{
    *argv = ts_realloc_array(*argv, *n + 2, sizeof **argv);
    (*argv)[(*n)++] = text;
    (*argv)[*n] = NULL;
}

static void add_option(char ***argv, size_t *n, const char *name, char *value)
{
    struct ts_buf option = {0};

    ts_buf_fmt(&option, "--%s=%s", name, value);
    add(argv, n, ts_strdup(ts_buf_text(&option)));
    ts_buf_free(&option);
    ts_free(value);
}

/* Absolute, as the next start has another working folder.  A path with a drive letter and
 * "-" stay. */
static char *absolute(const char *path)
{
    if (ts_path_is_absolute(path) || ts_path_has_letter(ts_str_of(path)) ||
        strcmp(path, "-") == 0)
        return ts_strdup(path);
    char *here = ts_fs_cwd(), *full = ts_path_join(here, path);
    ts_free(here);
    return full;
}

/* LETTER=FOLDER or LETTER:=FOLDER */
static char *absolute_drive(const char *spec)
{
    size_t head = spec[1] == ':' ? 3 : 2;
    char *folder = absolute(spec + head);
    struct ts_buf out = {0};

    ts_buf_fmt(&out, "%.*s%s", (int)head, spec, folder);
    ts_free(folder);
    folder = ts_strdup(ts_buf_text(&out));
    ts_buf_free(&out);
    return folder;
}

enum ts_code ts_again_new(char ***out, const struct ts_args *args, const char *state_dir,
                          struct ts_err *err)
{
    static const char *const paths[] = {"steps", "stdlib", "log-dir", "events"};
    const char *value;
    char *program = ts_fs_self();
    size_t n = 0;

    *out = NULL;
    if (!ts_path_is_absolute(program)) {
        ts_free(program);
        return ts_fail(err, TS_EIO,
                       "cannot find out where this program is: is /proc mounted?");
    }
    add(out, &n, program);
    add(out, &n, ts_strdup("resume"));
    add_option(out, &n, "state", absolute(state_dir));
    add(out, &n, ts_strdup("--on-restart=reboot"));
    for (size_t i = 0; (value = ts_args_nth(args, "drive", i)) != NULL; i++)
        add_option(out, &n, "drive", absolute_drive(value));
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++)
        for (size_t i = 0; (value = ts_args_nth(args, paths[p], i)) != NULL; i++)
            add_option(out, &n, paths[p], absolute(value));
    if (ts_args_has(args, "verbose"))
        add(out, &n, ts_strdup("--verbose"));
    if (ts_args_has(args, "quiet"))
        add(out, &n, ts_strdup("--quiet"));
    return TS_OK;
}
