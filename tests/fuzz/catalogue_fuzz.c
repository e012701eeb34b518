/* A store of user state whose catalogue was damaged: asked, proved, restored, wiped and
 * removed.  Whatever the catalogue says, no file of a user gets lost and nothing outside
 * the drives is touched.
 *
 * Input: two bytes that choose what is done (see `things`), then changes to the
 * catalogue, its journal and the files that say where the parts are (damage.h). */
#include "damage.h"

#include "migrate/check.h"
#include "migrate/migrate.h"
#include "platform/drives.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE "C:\\StateStore"

enum { FILES = 4, USER_FILES = 4 };
static const char *const names[FILES] = {
    "C/StateStore/catalog.db", "C/StateStore/catalog.db-journal",
    "C/StateStore/capture.json", "D/StateStore/part.json"};
static const char *const user_files[USER_FILES] = {
    "C/Users/Ann/NTUSER.DAT", "C/Users/Ann/Documents/one.txt",
    "C/Users/Ann/Documents/two.txt", "D/Users/Dora/NTUSER.DAT"};

static struct damage_file whole[FILES];
static int held[USER_FILES]; /* open: their link count tells whether they are lost */
static bool built;

/* ---- a machine with a store ----------------------------------------------------------
 */

static void file(const char *rel)
{
    char *path = ts_path_join(fuzz_scratch(), rel), *slash = strrchr(path, '/');

    *slash = '\0';
    FUZZ_CHECK(ts_fs_mkdirs(path, 0755, NULL) == TS_OK, "no folder %s", path);
    *slash = '/';
    fuzz_put_file(path, ts_str_of(rel));
    ts_free(path);
}

static void map(char letter, const char *folder, const char *volume)
{
    struct ts_err err;

    FUZZ_CHECK(ts_drives_map(letter, fuzz_path(folder), volume, true, &err) == TS_OK,
               "%s", err.text);
}

/* Capture, and keep what the catalogue was. */
static void build(void)
{
    struct ts_capture c = {.store = STORE, .windows_drive = "C:", .threads = 1};
    struct ts_err err;

    ts_drives_clear();
    (void)!ts_fs_remove_tree(fuzz_path("C"), NULL);
    (void)!ts_fs_remove_tree(fuzz_path("D"), NULL);
    for (size_t i = 0; i < USER_FILES; i++) {
        file(user_files[i]);
        if (held[i]) {
            close(held[i]);
        }
        held[i] = open(fuzz_path(user_files[i]), O_RDONLY);
    }
    file("C/Windows/system.ini");
    file("outside/canary");
    FUZZ_CHECK(symlink("Documents/one.txt", fuzz_path("C/Users/Ann/link")) == 0,
               "no link");
    map('C', "C", "volume-c");
    map('D', "D", "volume-d");
    FUZZ_CHECK(ts_migrate_capture(&c, NULL, NULL, &err) == TS_OK, "%s", err.text);
    for (size_t i = 0; i < FILES; i++) {
        damage_free(&whole[i]);
        whole[i] = damage_load(fuzz_scratch(), names[i]);
    }
    FUZZ_CHECK(whole[0].exists && whole[3].exists, "the store is not what it should be");
    built = true;
}

/* ---- what is done --------------------------------------------------------------------
 */

static void finding(void *ctx, const char *path, const char *what)
{
    ++*(size_t *)ctx;
    FUZZ_CHECK(path && what && *what, "an empty finding");
}

static enum ts_code verify(struct ts_err *err)
{
    size_t n = 0;

    return ts_store_verify(STORE, NULL, finding, &n, err);
}

static enum ts_code verify_source(struct ts_err *err)
{
    size_t n = 0;

    return ts_store_verify_source(STORE, NULL, finding, &n, err);
}

static enum ts_code verify_restored(struct ts_err *err)
{
    size_t n = 0;

    return ts_migrate_verify_restored(STORE, NULL, finding, &n, err);
}

static enum ts_code restore(struct ts_err *err)
{
    struct ts_restore r = {.store = STORE, .windows_drive = "C:", .threads = 1};
    struct ts_mig_totals t;

    return ts_migrate_restore(&r, NULL, &t, err);
}

static enum ts_code update(struct ts_err *err)
{
    struct ts_capture c = {.store = STORE, .windows_drive = "C:", .threads = 1};
    struct ts_mig_totals t;

    return ts_migrate_update(&c, NULL, &t, err);
}

static enum ts_code wipe(struct ts_err *err)
{
    struct ts_wipe w = {.drive = "C:", .store = STORE};
    struct ts_mig_totals t;

    return ts_migrate_wipe(&w, NULL, &t, err);
}

/* Does the store hold state that is nowhere else?  What cannot be read does; what a cut
 * left of a capture, and what was restored and proved, does not. */
static bool needed(void)
{
    enum ts_store_state state;

    return ts_fs_exists(fuzz_path(names[0])) &&
           (mig_store_probe(STORE, &state, NULL) != TS_OK ||
            (state >= TS_STORE_COMPLETE && state <= TS_STORE_RESTORED));
}

/* Without being told of the store: it is found. */
static enum ts_code wipe_unnamed(struct ts_err *err)
{
    struct ts_wipe w = {.drive = "C:", .without_store = true};
    struct ts_mig_totals t;

    if (!needed()) {
        return ts_fail(err, TS_EREFUSED, "this would delete everything, rightly");
    }
    enum ts_code rc = ts_migrate_wipe(&w, NULL, &t, err);
    FUZZ_CHECK(rc != TS_OK, "a volume with a store was wiped");
    return rc;
}

static enum ts_code remove_store(struct ts_err *err)
{
    struct ts_mig_totals t;

    return ts_store_remove(STORE, false, NULL, &t, err);
}

static enum ts_code capture_again(struct ts_err *err)
{
    struct ts_capture c = {
        .store = STORE, .windows_drive = "C:", .threads = 1, .overwrite = true};
    struct ts_mig_totals t;

    return ts_migrate_capture(&c, NULL, &t, err);
}

static const struct {
    enum ts_code (*run)(struct ts_err *err);
    bool changes;
} things[] = {{verify, false},      {verify_source, false}, {verify_restored, true},
              {restore, true},      {update, true},         {wipe, true},
              {wipe_unnamed, true}, {remove_store, true},   {capture_again, true}};
enum { THINGS = sizeof things / sizeof *things };

/* ---- only below the drives -----------------------------------------------------------
 */

/* "C:\..." and nothing that climbs.  Paths without a letter are native ones, which a
 * catalogue of a Linux system holds: those are not followed here. */
static bool sound(const char *path)
{
    return !*path || ((*path == 'C' || *path == 'D') && path[1] == ':' &&
                      (path[2] == '\\' || path[2] == '/') && !strstr(path, ".."));
}

static bool parts_sound(struct mig_catalog *c)
{
    sqlite3_stmt *q = NULL;
    bool ok = true;

    if (sqlite3_prepare_v2(mig_catalog_db(c), "SELECT path FROM part", -1, &q, NULL) ==
        SQLITE_OK) {
        while (ok && sqlite3_step(q) == SQLITE_ROW) {
            const char *path = (const char *)sqlite3_column_text(q, 0);
            ok = sound(path ? path : "");
        }
    }
    sqlite3_finalize(q);
    return ok;
}

static bool catalogue_sound(void)
{
    struct mig_catalog *c = NULL;
    struct mig_scope scope = {0};
    bool ok = true;

    if (mig_catalog_open(&c, fuzz_path("C/StateStore"), false, NULL) == TS_OK) {
        ok = parts_sound(c);
        (void)!mig_scope_load(&scope, c, NULL);
        for (size_t i = 0; i < scope.n; i++) {
            ok = ok && sound(scope.p[i].path) && sound(scope.p[i].restored);
        }
        mig_scope_fini(&scope);
    }
    mig_catalog_close(c);
    return ok;
}

/* ---- what must hold ------------------------------------------------------------------
 */

static void nothing_is_lost(const char *after)
{
    struct ts_buf b = {0};
    struct stat st;

    for (size_t i = 0; i < USER_FILES; i++) {
        FUZZ_CHECK(fstat(held[i], &st) == 0 && st.st_nlink > 0, "%s is lost: %s",
                   user_files[i], after);
        FUZZ_CHECK(st.st_size == (off_t)strlen(user_files[i]), "%s is another one: %s",
                   user_files[i], after);
    }
    FUZZ_CHECK(fuzz_get_file(fuzz_path("outside/canary"), &b) &&
                   ts_str_eq(ts_buf_view(&b), TS_S("outside/canary")),
               "a file outside was touched: %s", after);
    ts_buf_free(&b);
}

static void check_asking(void)
{
    struct ts_store_info info;
    struct ts_err err = {0};
    char *found = NULL;
    enum ts_code rc = ts_store_info(STORE, &info, &err);

    FUZZ_CHECK(rc == TS_OK || ((rc == TS_EDAMAGED || rc == TS_ENOTFOUND || rc == TS_EIO ||
                                rc == TS_ENOSPC || rc == TS_EACCESS) &&
                               strlen(err.text) > 10),
               "%s: %s", ts_code_name(rc), err.text);
    rc = ts_store_find("C:\\", &found, &err);
    FUZZ_CHECK(rc == TS_OK || strlen(err.text) > 10, "%s: %s", ts_code_name(rc),
               err.text);
    ts_free(found);
}

/* Returns whether the machine may not be as it was. */
static bool run(uint32_t which)
{
    struct ts_err err = {0};
    enum ts_code rc = things[which % THINGS].run(&err);

    FUZZ_CHECK(rc == TS_OK || strlen(err.text) > 10, "%s: %s", ts_code_name(rc),
               err.text);
    nothing_is_lost(rc == TS_OK ? "all went well" : err.text);
    return things[which % THINGS].changes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes in = {data, size};
    uint32_t first = fuzz_u8(&in), second = fuzz_u8(&in);
    struct damage_file files[FILES];

    if (!built) {
        build();
    }
    for (size_t i = 0; i < FILES; i++) {
        files[i] = damage_copy(&whole[i]);
    }
    damage_apply(files, FILES, &in);
    damage_store(fuzz_scratch(), files, FILES);
    check_asking();
    if (catalogue_sound()) {
        built = !run(first);
        if (second) {
            built = !run(second) && built;
        }
    }
    for (size_t i = 0; i < FILES; i++) {
        damage_free(&files[i]);
    }
    return 0;
}
