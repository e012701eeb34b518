/* replay.c - a fuzz target without a fuzzer: runs every file it is given, and every file
 * of a folder, once. */
#include "fuzz.h"

#include "platform/fs.h"

#include <stdio.h>

static size_t ran;

static void run_file(const char *path)
{
    struct ts_buf bytes = {0};

    FUZZ_CHECK(fuzz_get_file(path, &bytes), "cannot read %s", path);
    /* exactly as long as the input: a read behind its end is found */
    uint8_t *copy = malloc(bytes.n ? bytes.n : 1);
    FUZZ_CHECK(copy, "no memory for %s", path);
    for (size_t i = 0; i < bytes.n; i++) {
        copy[i] = (uint8_t)bytes.p[i];
    }
    LLVMFuzzerTestOneInput(copy, bytes.n);
    free(copy);
    ts_buf_free(&bytes);
    ran++;
}

static void run_folder(const char *path)
{
    struct ts_dir *d = NULL;
    struct ts_err err;
    const char *name;
    enum ts_ftype type;

    FUZZ_CHECK(ts_dir_open(&d, path, false, &err) == TS_OK, "%s", err.text);
    while (ts_dir_next(d, &name, &type, NULL) == TS_OK && name) {
        char *file = ts_path_join(path, name);
        run_file(file);
        ts_free(file);
    }
    ts_dir_close(d);
}

int main(int argc, char **argv)
{
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        struct ts_stat st;
        bool folder = ts_fs_stat(argv[i], &st, NULL) == TS_OK && st.type == TS_F_DIR;
        (folder ? run_folder : run_file)(argv[i]);
    }
    printf("%zu inputs\n", ran);
    return 0;
}
