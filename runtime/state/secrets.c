/* secrets.c - the sealed file of secret values.
 *
 * secrets.bin: magic "TSSEAL1\n" (8 bytes), nonce (12), tag (16), ciphertext, AES-256-GCM
 * under the 32 bytes of secrets.key with the magic as additional data.  Plain, it is a
 * list of entries: serial (8 bytes), scope (1), length of name (4), of value (4), name,
 * value; numbers big-endian. */
#include "state/state_internal.h"

#include "platform/clock.h"
#include "platform/power.h"

#include <mbedtls/gcm.h>
#include <mbedtls/platform_util.h>
#include <string.h>

#define BIN_NAME "secrets.bin"
#define KEY_NAME "secrets.key"
#define MAGIC "TSSEAL1\n"
#define MAGIC_N 8
#define NONCE_N 12
#define TAG_N 16
#define KEY_N 32
#define HEAD_N (MAGIC_N + NONCE_N + TAG_N)
#define ENTRY_HEAD_N 17
#define BIN_MAX ((size_t)64 * 1024 * 1024)

struct entry {
    int64_t serial;
    enum ts_scope scope;
    char *name, *value;
    size_t value_n;
    bool superseded; /* relied on by the last commit, no longer by the next */
};

struct ts_secrets {
    struct entry *entries;
    size_t n;
    int64_t next_serial;
    bool dirty;
};

static void fini_entry(struct entry *e)
{
    mbedtls_platform_zeroize(e->value, e->value_n);
    ts_free(e->value);
    ts_free(e->name);
}

static void clear(struct ts_secrets *x)
{
    for (size_t i = 0; i < x->n; i++) {
        fini_entry(&x->entries[i]);
    }
    ts_free(x->entries);
    *x = (struct ts_secrets){.next_serial = 1};
}

struct ts_secrets *ts_secrets_new(void)
{
    struct ts_secrets *x = ts_alloc(sizeof *x);
    x->next_serial = 1;
    return x;
}

void ts_secrets_free(struct ts_secrets *x)
{
    if (x) {
        clear(x);
        ts_free(x);
    }
}

static void wipe(struct ts_buf *b)
{
    if (b->p) {
        mbedtls_platform_zeroize(b->p, b->cap);
    }
    ts_buf_free(b);
}

/* ---- entries -------------------------------------------------------------------------
 */

static void append(struct ts_secrets *x, int64_t serial, enum ts_scope scope, ts_str name,
                   ts_str value)
{
    x->entries = ts_realloc_array(x->entries, x->n + 1, sizeof *x->entries);
    x->entries[x->n++] = (struct entry){.serial = serial,
                                        .scope = scope,
                                        .name = ts_str_dup(name),
                                        .value = ts_str_dup(value),
                                        .value_n = value.n};
    if (serial >= x->next_serial) {
        x->next_serial = serial + 1;
    }
}

static bool is_current(const struct entry *e, enum ts_scope scope, const char *name)
{
    return !e->superseded && e->scope == scope && ts_caseeq(e->name, name);
}

bool ts_secrets_get(const struct ts_secrets *x, int64_t serial, ts_str *value)
{
    for (size_t i = 0; i < x->n; i++) {
        if (x->entries[i].serial == serial) {
            *value = (ts_str){x->entries[i].value, x->entries[i].value_n};
            return true;
        }
    }
    return false;
}

/* Supersede the entries of a name, but for one with this value (NULL: none is kept).
 * After a crash there can be two: the one committed and the one that was to follow. */
static struct entry *supersede(struct ts_secrets *x, enum ts_scope scope,
                               const char *name, const ts_str *value)
{
    struct entry *kept = NULL;

    for (size_t i = x->n; i > 0; i--) {
        struct entry *e = &x->entries[i - 1];
        if (!is_current(e, scope, name)) {
            continue;
        }
        if (value && !kept && ts_str_eq((ts_str){e->value, e->value_n}, *value)) {
            kept = e;
        } else {
            e->superseded = true;
            x->dirty = true;
        }
    }
    return kept;
}

int64_t ts_secrets_put(struct ts_secrets *x, enum ts_scope scope, const char *name,
                       ts_str value)
{
    struct entry *e = supersede(x, scope, name, &value);

    if (!e) {
        append(x, x->next_serial, scope, ts_str_of(name), value);
        x->dirty = true;
        e = &x->entries[x->n - 1];
    }
    return e->serial;
}

void ts_secrets_remove(struct ts_secrets *x, enum ts_scope scope, const char *name)
{
    supersede(x, scope, name, NULL);
}

bool ts_secrets_dirty(const struct ts_secrets *x)
{
    return x->dirty;
}

void ts_secrets_committed(struct ts_secrets *x)
{
    size_t kept = 0;

    if (!x->dirty) {
        return;
    }
    for (size_t i = 0; i < x->n; i++) {
        if (x->entries[i].superseded) {
            fini_entry(&x->entries[i]);
        } else {
            x->entries[kept++] = x->entries[i];
        }
    }
    x->n = kept;
    x->dirty = false;
}

/* ---- the file ------------------------------------------------------------------------
 */

static void put_be(struct ts_buf *b, uint64_t v, int bytes)
{
    while (bytes-- > 0) {
        ts_buf_c(b, (char)(v >> (8 * bytes) & 0xFF));
    }
}

static uint64_t get_be(const unsigned char *p, int bytes)
{
    uint64_t v = 0;
    while (bytes-- > 0) {
        v = v << 8 | *p++;
    }
    return v;
}

static void encode(const struct ts_secrets *x, struct ts_buf *out)
{
    for (size_t i = 0; i < x->n; i++) {
        const struct entry *e = &x->entries[i];
        size_t name_n = strlen(e->name);
        put_be(out, (uint64_t)e->serial, 8);
        put_be(out, e->scope, 1);
        put_be(out, name_n, 4);
        put_be(out, e->value_n, 4);
        ts_buf_add(out, e->name, name_n);
        ts_buf_add(out, e->value, e->value_n);
    }
}

static bool decode(struct ts_secrets *x, const unsigned char *p, size_t n)
{
    while (n >= ENTRY_HEAD_N) {
        uint64_t serial = get_be(p, 8), scope = p[8];
        uint64_t name_n = get_be(p + 9, 4), value_n = get_be(p + 13, 4);
        p += ENTRY_HEAD_N;
        n -= ENTRY_HEAD_N;
        if (serial == 0 || serial > INT32_MAX || scope >= TS_SCOPE_COUNT ||
            name_n + value_n > n) {
            return false;
        }
        append(x, (int64_t)serial, (enum ts_scope)scope,
               (ts_str){(const char *)p, name_n},
               (ts_str){(const char *)p + name_n, value_n});
        p += name_n + value_n;
        n -= name_n + value_n;
    }
    return n == 0;
}

/* Seal or open `n` bytes; false when the tag does not fit. */
static bool gcm(bool seal, const unsigned char *key, const unsigned char *nonce,
                unsigned char *tag, const unsigned char *in, unsigned char *out, size_t n)
{
    mbedtls_gcm_context ctx;
    int rc;

    mbedtls_gcm_init(&ctx);
    rc = mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, KEY_N * 8);
    if (rc == 0 && seal) {
        rc = mbedtls_gcm_crypt_and_tag(&ctx, MBEDTLS_GCM_ENCRYPT, n, nonce, NONCE_N,
                                       (const unsigned char *)MAGIC, MAGIC_N, in, out,
                                       TAG_N, tag);
    } else if (rc == 0) {
        rc = mbedtls_gcm_auth_decrypt(&ctx, n, nonce, NONCE_N,
                                      (const unsigned char *)MAGIC, MAGIC_N, tag, TAG_N,
                                      in, out);
    }
    mbedtls_gcm_free(&ctx);
    return rc == 0;
}

/* The key beside the file; made when there is none.  A key without the file is the rest
 * of something that was removed: a new one is made then too. */
static enum ts_code get_key(const char *dir, bool file_exists, unsigned char key[KEY_N],
                            struct ts_err *err)
{
    char *path = ts_path_join(dir, KEY_NAME);
    struct ts_buf b = {0};
    enum ts_code rc = TS_ENOTFOUND;

    if (file_exists) {
        rc = ts_file_read(path, KEY_N, &b, err);
    }
    if (rc == TS_OK && b.n == KEY_N) {
        memcpy(key, b.p, KEY_N);
    } else if (rc == TS_OK || rc == TS_ENOTFOUND) {
        ts_random_bytes(key, KEY_N);
        rc = ts_file_replace(path, key, KEY_N, 0600, err);
    }
    wipe(&b);
    ts_free(path);
    return rc;
}

enum ts_code ts_secrets_save(struct ts_secrets *x, const char *dir, struct ts_err *err)
{
    unsigned char key[KEY_N], nonce[NONCE_N], tag[TAG_N];
    char *path = ts_path_join(dir, BIN_NAME);
    struct ts_buf plain = {0}, sealed = {0};
    enum ts_code rc = get_key(dir, ts_fs_exists(path), key, err);

    if (rc == TS_OK) {
        encode(x, &plain);
        unsigned char *out = ts_alloc(plain.n + 1);
        ts_random_bytes(nonce, sizeof nonce);
        if (gcm(true, key, nonce, tag, (const unsigned char *)ts_buf_text(&plain), out,
                plain.n)) {
            ts_buf_add(&sealed, MAGIC, MAGIC_N);
            ts_buf_add(&sealed, nonce, sizeof nonce);
            ts_buf_add(&sealed, tag, sizeof tag);
            ts_buf_add(&sealed, out, plain.n);
            rc = ts_file_replace(path, sealed.p, sealed.n, 0600, err);
        } else {
            rc = ts_fail(err, TS_EIO, "secrets could not be sealed into %s", path);
        }
        ts_free(out);
    }
    mbedtls_platform_zeroize(key, sizeof key);
    wipe(&plain);
    ts_buf_free(&sealed);
    ts_free(path);
    return rc;
}

static bool open_sealed(struct ts_secrets *x, const struct ts_buf *file,
                        const struct ts_buf *key)
{
    const unsigned char *p = (const unsigned char *)file->p;
    unsigned char tag[TAG_N];
    bool ok;

    if (file->n < HEAD_N || memcmp(p, MAGIC, MAGIC_N) != 0 || key->n != KEY_N) {
        return false;
    }
    size_t n = file->n - HEAD_N;
    unsigned char *plain = ts_alloc(n + 1);
    memcpy(tag, p + MAGIC_N + NONCE_N, TAG_N);
    ok = gcm(false, (const unsigned char *)key->p, p + MAGIC_N, tag, p + HEAD_N, plain,
             n) &&
         decode(x, plain, n);
    mbedtls_platform_zeroize(plain, n);
    ts_free(plain);
    return ok;
}

enum ts_code ts_secrets_load(struct ts_secrets *x, const char *dir, struct ts_err *err)
{
    char *bin = ts_path_join(dir, BIN_NAME), *key_path = ts_path_join(dir, KEY_NAME);
    struct ts_buf file = {0}, key = {0};
    enum ts_code rc = ts_file_read(bin, BIN_MAX, &file, err);

    clear(x);
    if (rc == TS_ENOTFOUND) {
        rc = TS_OK;
        goto done;
    }
    if (rc == TS_OK) {
        rc = ts_file_read(key_path, KEY_N, &key, err);
    }
    if (rc == TS_OK && open_sealed(x, &file, &key)) {
        goto done;
    }
    if (rc == TS_OK || rc == TS_ENOTFOUND || rc == TS_ELIMIT) {
        rc = ts_fail(
            err, TS_EDAMAGED,
            "the secrets of the run are lost: %s or its key was changed or damaged; "
            "give the run up (--discard) and begin anew",
            bin);
    }
    clear(x);

done:
    wipe(&key);
    ts_buf_free(&file);
    ts_free(bin);
    ts_free(key_path);
    return rc;
}

void ts_secrets_drop(const char *dir)
{
    /* Without the key the rest says nothing, so it goes first. */
    static const char *const names[] = {KEY_NAME, BIN_NAME};

    for (size_t i = 0; i < 2; i++) {
        char *path = ts_path_join(dir, names[i]);
        if (ts_fs_exists(path)) {
            (void)!ts_fs_unlink(path, NULL); /* tried again at the next start */
        }
        ts_free(path);
    }
}
