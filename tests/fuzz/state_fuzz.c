/* A state folder that was damaged: it opens and everything can be read, or a clear error
 * says what is wrong, and what was refused is not changed.
 *
 * Input: a byte that chooses a whole state (a run that goes on, one with a write-ahead
 * log as a crash leaves it, one that ended), a byte for what is put into the sealed file
 * (0: nothing), then changes to state.db, its log, secrets.bin and secrets.key
 * (damage.h). */
#include "damage.h"

#include "platform/fs.h"
#include "state/state.h"

#include <mbedtls/gcm.h>
#include <stdio.h>
#include <string.h>

enum { FILES = 4, STATES = 3 };
static const char *const names[FILES] = {"state.db", "state.db-wal", "secrets.bin",
                                         "secrets.key"};
static struct damage_file whole[STATES][FILES];
static bool said; /* the secret stands in the changed database, by the input */

/* ---- whole states --------------------------------------------------------------------
 */

static void put(struct ts_state *s, const char *name, const char *value,
                enum ts_scope scope, bool secret)
{
    struct ts_var v = {name, value, scope, secret};

    ts_state_variable(s, &v, "set-it");
}

static void record(struct ts_state *s)
{
    struct ts_run run = {.sequence_name = "Refresh",
                         .sequence_file = "refresh.lua",
                         .sequence_hash = "abc",
                         .model = "{\"taskseq\":1,\"steps\":[]}",
                         .machine = "machine-1",
                         .position = "{\"ip\":0}",
                         .work_dir = "/seq"};
    struct ts_attempt_end end = {
        .time_ms = 5, .code = 3010, .succeeded = true, .note = "", .tail = TS_S("out\n")};
    struct ts_err err;

    FUZZ_CHECK(ts_state_begin(s, &run, &err) == TS_OK, "%s", err.text);
    put(s, "Name", "value", TS_SCOPE_STEP, false);
    put(s, "Gone", NULL, TS_SCOPE_RUN, false);
    put(s, "_SMSTSLogPath", "C:\\logs", TS_SCOPE_ENGINE, false);
    put(s, "Pin", "geheim99", TS_SCOPE_RUN, true);
    int64_t row = ts_state_attempt_started(s, 0, "one", "One", 1, 4);
    ts_state_attempt_finished(s, row, &end);
    ts_state_skipped(s, 1, "two", "Two", "condition", "`A = '1'` is false", 6);
    ts_state_restart_requested(s, "one", "FullOS", "soon", 7);
    ts_state_restart_arrived(s, true, "FullOS", 8);
    ts_state_restart_arrived(s, false, "WinPE", 9);
    FUZZ_CHECK(ts_state_commit(s, &err) == TS_OK, "%s", err.text);
}

static void keep(struct damage_file to[FILES], const char *dir)
{
    for (size_t i = 0; i < FILES; i++) {
        to[i] = damage_load(dir, names[i]);
    }
}

static void make_whole(void)
{
    const char *dir = fuzz_path("whole");
    struct ts_state *s = NULL;
    struct ts_err err;

    FUZZ_CHECK(ts_state_open(&s, dir, true, false, &err) == TS_OK, "%s", err.text);
    record(s);
    keep(whole[1], dir); /* as it stands while it is written */
    ts_state_close(s);
    keep(whole[0], dir);
    FUZZ_CHECK(ts_state_open(&s, dir, false, false, &err) == TS_OK, "%s", err.text);
    struct ts_run run;
    FUZZ_CHECK(ts_state_last_run(s, &run, &err) == TS_OK, "%s", err.text);
    ts_state_status(s, TS_RUN_SUCCEEDED, 0, "");
    FUZZ_CHECK(ts_state_commit(s, &err) == TS_OK, "%s", err.text);
    ts_state_drop_secrets(s);
    ts_state_close(s);
    keep(whole[2], dir);
    FUZZ_CHECK(whole[1][1].exists && whole[0][2].exists && !whole[2][3].exists,
               "the states are not what they should be");
}

/* ---- the sealed file -----------------------------------------------------------------
 */

/* Bytes sealed under the key that stands beside them, so that their form is read. */
static void seal(struct damage_file *files, ts_str plain)
{
    unsigned char *out = ts_alloc(plain.n + 1), tag[16], nonce[12] = {0}, key[32] = {7};
    mbedtls_gcm_context ctx;

    mbedtls_gcm_init(&ctx);
    FUZZ_CHECK(mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, 256) == 0 &&
                   mbedtls_gcm_crypt_and_tag(&ctx, MBEDTLS_GCM_ENCRYPT, plain.n, nonce,
                                             12, (const unsigned char *)"TSSEAL1\n", 8,
                                             (const unsigned char *)plain.p, out, 16,
                                             tag) == 0,
               "not sealed");
    mbedtls_gcm_free(&ctx);
    for (size_t i = 2; i < FILES; i++) {
        ts_buf_clear(&files[i].bytes);
        files[i].exists = true;
    }
    ts_buf_z(&files[2].bytes, "TSSEAL1\n");
    ts_buf_add(&files[2].bytes, nonce, 12);
    ts_buf_add(&files[2].bytes, tag, 16);
    ts_buf_add(&files[2].bytes, out, plain.n);
    ts_buf_add(&files[3].bytes, key, 32);
    ts_free(out);
}

/* ---- reading -------------------------------------------------------------------------
 */

static void warned(void *ctx, const char *text)
{
    (void)ctx;
    FUZZ_CHECK(*text, "an empty warning");
}

static void restart(void *ctx, const struct ts_restart *r)
{
    ++*(size_t *)ctx;
    FUZZ_CHECK(r->step_id && r->target && r->phase && r->message,
               "a restart without texts");
}

static void clear_error(enum ts_code rc, const struct ts_err *err)
{
    FUZZ_CHECK(rc == TS_OK || ((rc == TS_EDAMAGED || rc == TS_ENOTFOUND || rc == TS_EIO ||
                                rc == TS_EACCESS || rc == TS_ELIMIT) &&
                               strlen(err->text) > 10),
               "%s: %s", ts_code_name(rc), err->text);
}

/* Everything that can be asked of a state. */
static enum ts_code read_all(struct ts_state *s, struct ts_run *run)
{
    struct ts_vars *vars = ts_vars_new();
    struct ts_arena a = {0};
    struct ts_value *v = NULL;
    struct ts_buf text = {0};
    struct ts_err err = {0};
    size_t restarts = 0;
    enum ts_code rc = ts_state_last_run(s, run, &err);

    clear_error(rc, &err);
    if (rc == TS_OK) {
        FUZZ_CHECK(run->uid && run->model && run->position && run->error &&
                       run->status != TS_RUN_NONE,
                   "a run without texts");
        clear_error(ts_state_load_vars(s, run->id, vars, warned, NULL, &err), &err);
        clear_error(ts_state_restarts(s, run->id, restart, &restarts, &err), &err);
    }
    enum ts_code told = ts_state_to_value(s, 0, &a, &v, &err);
    clear_error(told, &err);
    if (told == TS_OK) {
        ts_json_write(&text, v, 0);
        FUZZ_CHECK(said || !strstr(ts_buf_text(&text), "geheim99"), "a secret is shown");
    }
    ts_buf_free(&text);
    ts_arena_fini(&a);
    ts_vars_free(vars);
    return rc;
}

static void check_readonly(const char *dir, const struct damage_file *files)
{
    struct ts_state *s = NULL;
    struct ts_run run;
    struct ts_err err = {0};
    enum ts_code rc = ts_state_open(&s, dir, false, true, &err);

    clear_error(rc, &err);
    if (rc == TS_OK) {
        (void)read_all(s, &run);
    }
    ts_state_close(s);
    FUZZ_CHECK(damage_unchanged(dir, files, FILES), "changed by one who only reads: %s",
               err.text);
}

/* Bytes of the database that its first page counts, with pages of 4096. */
static size_t counted(const struct ts_buf *b)
{
    const unsigned char *p = (const unsigned char *)b->p;

    return b->n < 32 ? 0
                     : ((size_t)p[28] << 24 | (size_t)p[29] << 16 | (size_t)p[30] << 8 |
                        p[31]) *
                           4096;
}

/* What was opened to be written can be written, and opens again.  (One that was cut is
 * taken as it is while there is a write-ahead log, which may hold the rest.) */
static void check_again(const char *dir, enum ts_code read, int64_t id, bool was_cut)
{
    struct ts_state *s = NULL;
    struct ts_run run;
    struct ts_err err = {0};

    enum ts_code rc = ts_state_open(&s, dir, false, false, &err);
    if (rc == TS_EDAMAGED && was_cut) {
        return;
    }
    FUZZ_CHECK(rc == TS_OK, "it does not open again: %s", err.text);
    rc = ts_state_last_run(s, &run, &err);
    FUZZ_CHECK(rc == read && (rc != TS_OK || run.id == id), "read again: %s (%s)",
               ts_code_name(rc), err.text);
    ts_state_close(s);
}

static void check_write(const char *dir, const struct damage_file *files)
{
    struct ts_state *s = NULL;
    struct ts_run run = {0};
    struct ts_err err = {0};
    enum ts_code rc = ts_state_open(&s, dir, false, false, &err);

    clear_error(rc, &err);
    if (rc != TS_OK) {
        FUZZ_CHECK(damage_unchanged(dir, files, FILES), "refused and changed: %s",
                   err.text);
        return;
    }
    enum ts_code read = read_all(s, &run);
    int64_t id = run.id;
    if (read == TS_OK) {
        put(s, "Name", "another", TS_SCOPE_STEP, false);
        ts_state_position(s, "{\"ip\":1}");
        clear_error(ts_state_commit(s, &err), &err);
    }
    ts_state_close(s);
    check_again(dir, read, id, files[0].bytes.n < counted(&files[0].bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes in = {data, size};
    struct damage_file files[FILES];
    char dir[512];

    if (!whole[0][0].exists) {
        make_whole();
    }
    snprintf(dir, sizeof dir, "%s/state", fuzz_scratch());
    const struct damage_file *from = whole[fuzz_u8(&in) % STATES];
    for (size_t i = 0; i < FILES; i++) {
        files[i] = damage_copy(&from[i]);
    }
    uint32_t sealed = fuzz_u8(&in);
    if (sealed) {
        seal(files, fuzz_take(&in, sealed));
    }
    damage_apply(files, FILES, &in);
    said = size >= 8 && memmem(data, size, "geheim99", 8);
    (void)!ts_fs_remove_tree(dir, NULL);
    FUZZ_CHECK(ts_fs_mkdirs(dir, 0700, NULL) == TS_OK, "no folder");
    damage_store(dir, files, FILES);
    check_readonly(dir, files);
    check_write(dir, files);
    for (size_t i = 0; i < FILES; i++) {
        damage_free(&files[i]);
    }
    return 0;
}
