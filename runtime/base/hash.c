#include "base/hash.h"

#include "base/mem.h"

#include <assert.h>
#include <mbedtls/sha256.h>

struct ts_sha256 {
    mbedtls_sha256_context ctx;
};

/* SHA-256 in software cannot fail; a build with an accelerator that does is a bug. */
struct ts_sha256 *ts_sha256_new(void)
{
    struct ts_sha256 *h = ts_alloc(sizeof *h);

    mbedtls_sha256_init(&h->ctx);
    int rc = mbedtls_sha256_starts_ret(&h->ctx, 0);
    assert(rc == 0);
    (void)rc;
    return h;
}

void ts_sha256_add(struct ts_sha256 *h, const void *p, size_t n)
{
    int rc = n ? mbedtls_sha256_update_ret(&h->ctx, p, n) : 0;

    assert(rc == 0);
    (void)rc;
}

void ts_sha256_end(struct ts_sha256 *h, uint8_t out[32])
{
    int rc = mbedtls_sha256_finish_ret(&h->ctx, out);

    assert(rc == 0);
    (void)rc;
    mbedtls_sha256_free(&h->ctx);
    ts_free(h);
}

void ts_sha256_hex(char out[65], const void *p, size_t n)
{
    uint8_t sum[32];
    struct ts_sha256 *h = ts_sha256_new();

    ts_sha256_add(h, p, n);
    ts_sha256_end(h, sum);
    ts_hex(out, sum, sizeof sum);
}

void ts_hex(char *out, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * n] = '\0';
}
