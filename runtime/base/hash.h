/* hash.h - SHA-256 (through mbedTLS) and random bytes' text form. */
#ifndef TS_BASE_HASH_H
#define TS_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct ts_sha256;
struct ts_sha256 *ts_sha256_new(void);
void ts_sha256_add(struct ts_sha256 *h, const void *p, size_t n);
void ts_sha256_end(struct ts_sha256 *h, uint8_t out[32]); /* frees h */
void ts_sha256_hex(char out[65], const void *p, size_t n);
void ts_hex(char *out, const uint8_t *p, size_t n); /* out has 2n+1 bytes */

#endif
