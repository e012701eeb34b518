/* Paths of sequences: one with a drive letter never leads out of the drive's folder, not
 * by "..", not through a link. */
#include "fuzz.h"

#include "platform/drives.h"

#include <string.h>
#include <unistd.h>

static struct ts_stat inside[4];
static size_t count;

static void folder(const char *rel)
{
    struct ts_err err;

    FUZZ_CHECK(ts_fs_mkdirs(fuzz_path(rel), 0755, &err) == TS_OK &&
                   ts_fs_stat(fuzz_path(rel), &inside[count++], &err) == TS_OK,
               "%s", err.text);
}

static void build(void)
{
    struct ts_err err;

    FUZZ_CHECK(ts_fs_mkdirs(fuzz_path("outside/deep"), 0755, &err) == TS_OK, "%s",
               err.text);
    folder("C");
    folder("C/Users");
    folder("C/Users/Ann");
    folder("C/Users/\xC3\x84");
    FUZZ_CHECK(symlink("../../outside", fuzz_path("C/Users/link")) == 0 &&
                   symlink("/", fuzz_path("C/root")) == 0,
               "no link");
    ts_drives_clear();
    FUZZ_CHECK(ts_drives_map('C', fuzz_path("C"), "volume-c", true, &err) == TS_OK, "%s",
               err.text);
}

static void check_dir(struct ts_dir *d, const char *path)
{
    struct ts_stat st;
    bool ours = false;

    FUZZ_CHECK(ts_dir_stat(d, &st, NULL) == TS_OK, "no folder");
    for (size_t i = 0; i < count; i++) {
        ours = ours || (st.id == inside[i].id && st.volume == inside[i].volume);
    }
    FUZZ_CHECK(ours, "%s leads out of the drive", path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes in = {data, size};
    char *base = ts_str_dup(fuzz_until(&in, '\n')), *path = ts_str_dup(fuzz_rest(&in));
    char *native = NULL, *shown, *name = NULL;
    struct ts_dir *d = NULL;
    struct ts_err err = {0};

    if (!count) {
        build();
    }
    enum ts_code rc = ts_path_native(&native, path, *base ? base : NULL, &err);
    FUZZ_CHECK(rc == TS_OK || err.text[0], "no message");
    if (rc == TS_OK) {
        shown = ts_path_display(native);
        ts_free(shown);
    }
    if (ts_path_has_letter(ts_str_of(path))) {
        if (ts_path_open_parent(&d, &name, path, false, &err) == TS_OK) {
            check_dir(d, path);
            FUZZ_CHECK(*name && !strchr(name, '/') && strcmp(name, "..") != 0, "%s",
                       name);
        }
        ts_dir_close(d);
        d = NULL;
        if (ts_path_open_dir(&d, path, false, &err) == TS_OK) {
            check_dir(d, path);
        }
        ts_dir_close(d);
    }
    ts_free(native);
    ts_free(name);
    ts_free(base);
    ts_free(path);
    return 0;
}
