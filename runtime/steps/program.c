#include "steps/program.h"

#include "base/buf.h"
#include "base/mem.h"
#include "platform/drives.h"
#include "platform/proc.h"
#include "platform/sysinfo.h"

#include <string.h>

static bool on_posix(void)
{
    return strcmp(ts_platform_name(), "posix") == 0;
}

/* Going by the ending, as Windows does. */
static bool is_windows_file(const char *name)
{
    static const char *const endings[] = {".exe", ".cmd", ".bat", ".com",
                                          ".vbs", ".wsf", ".msi"};
    size_t n = strlen(name);

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t m = strlen(endings[i]);
        if (n > m && ts_caseeq(name + n - m, endings[i])) {
            return true;
        }
    }
    return false;
}

/* Whatever it is called: a script with an interpreter, or a program of this system. */
static bool is_of_this_system(const char *native)
{
    static const char elf[] = {0x7f, 'E', 'L', 'F'};
    char head[4] = "";
    struct ts_file *f = NULL;
    size_t n = 0;

    bool read = ts_file_open(&f, native, TS_O_READ, 0, NULL) == TS_OK &&
                ts_file_get(f, head, sizeof head, &n, NULL) == TS_OK;
    ts_file_close(f);
    return read && ((n >= 2 && head[0] == '#' && head[1] == '!') ||
                    (n == sizeof elf && memcmp(head, elf, sizeof elf) == 0));
}

/* Programs that every Windows has and that people name without an ending. */
static bool is_windows_name(const char *name)
{
    static const char *const names[] = {
        "cmd",  "powershell", "cscript",  "wscript", "reg",   "xcopy", "robocopy",
        "dism", "diskpart",   "bcdedit",  "msiexec", "wusa",  "net",   "netsh",
        "wmic", "schtasks",   "regsvr32", "bcdboot", "format"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (ts_caseeq(name, names[i])) {
            return true;
        }
    }
    return is_windows_file(name);
}

static void add_place(struct ts_buf *b, const char *path, const char *remark)
{
    char *shown = ts_path_display(path);

    ts_buf_fmt(b, "%s%s%s", b->n ? ", " : "", shown, remark);
    ts_free(shown);
}

/* Is the file there and can it be started?  If not, add it to the places. */
static bool usable(const char *native, struct ts_buf *places)
{
    struct ts_stat st;

    if (ts_fs_stat(native, &st, NULL) != TS_OK) {
        add_place(places, native, "");
    } else if (st.type == TS_F_DIR) {
        add_place(places, native, " (a folder)");
    } else if (on_posix() && st.type == TS_F_FILE && !(st.mode & 0111) &&
               !is_windows_file(native)) {
        add_place(places, native, " (not marked as executable)");
    } else {
        return true;
    }
    return false;
}

/* Look at folder/name. */
static enum ts_code look_below(char **out, const char *folder, const char *name,
                               struct ts_buf *places, struct ts_err *err)
{
    char *base = ts_path_display(folder), *plain = ts_strdup(name), *native = NULL;
    enum ts_code rc;

    if (on_posix() && !ts_path_has_letter(ts_str_of(base))) {
        for (char *p = plain; (p = strchr(p, '\\')) != NULL;) {
            *p = '/';
        }
    }
    rc = ts_path_native(&native, plain, base, err);
    if (rc == TS_OK && usable(native, places)) {
        *out = native;
        native = NULL;
    }
    ts_free(native);
    ts_free(plain);
    ts_free(base);
    return rc;
}

static bool same_before(const char *const *folders, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (folders[j] && strcmp(folders[j], folders[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum ts_code fail_missing(const char *name, const struct ts_buf *places,
                                 struct ts_err *err)
{
    bool hint = on_posix() && is_windows_name(name);

    return ts_fail(err, TS_ENOTFOUND,
                   "the program %s was not found (0x80070002); looked for it at %s%s",
                   name, places->n ? places->p : "no place at all",
                   hint ? "; it is a program of Windows, which this system is not" : "");
}

/* The folders of PATH, by the system's own rule. */
static enum ts_code look_in_path(char **out, const char *name, struct ts_buf *places)
{
    struct ts_err why = {0};
    const char *path = ts_env("PATH");

    if (ts_proc_find(out, name, NULL, NULL, &why) == TS_OK) {
        return TS_OK;
    }
    *out = NULL;
    ts_buf_fmt(places, "%sPATH (%s)", places->n ? ", " : "",
               path && path[0] ? path : "empty");
    return TS_ENOTFOUND;
}

enum ts_code ts_program_find(char **out, const char *name, const char *const *folders,
                             size_t n, struct ts_err *err)
{
    struct ts_buf places = {0};
    bool rooted = ts_path_has_letter(ts_str_of(name)) || ts_path_is_absolute(name);
    bool bare = !rooted && !strpbrk(name, "/\\");
    enum ts_code rc = TS_OK;

    *out = NULL;
    if (rooted) {
        char *native = NULL;
        rc = ts_path_native(&native, name, NULL, err);
        if (rc == TS_OK && usable(native, &places)) {
            *out = native;
            native = NULL;
        }
        ts_free(native);
    }
    for (size_t i = 0; !rooted && i < n && !*out && rc == TS_OK; i++) {
        if (folders[i] && !same_before(folders, i)) {
            rc = look_below(out, folders[i], name, &places, err);
        }
    }
    if (bare && rc == TS_OK && !*out) {
        (void)look_in_path(out, name, &places);
    }
    if (rc == TS_OK && !*out) {
        rc = fail_missing(name, &places, err);
    } else if (rc == TS_OK && on_posix() && is_windows_file(*out) &&
               !is_of_this_system(*out)) {
        rc = ts_fail(err, TS_EUNSUPPORTED,
                     "%s is a program of Windows, which this system cannot run (Wine is "
                     "not used yet)",
                     *out);
        ts_free(*out);
        *out = NULL;
    }
    ts_buf_free(&places);
    return rc;
}
