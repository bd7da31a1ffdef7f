/* bytes.h - borrowed bytes and borrowed text; neither ever owns what it points to. */
#ifndef KMS_BASE_BYTES_H
#define KMS_BASE_BYTES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* p == NULL means absent; present and empty has a non-NULL p and n == 0. */
struct kms_bytes {
    const uint8_t *p;
    size_t n;
};

/* UTF-8, not NUL-terminated by contract. p == NULL means absent. */
struct kms_str {
    const char *p;
    size_t n;
};

#define KMS_BYTES(array) ((struct kms_bytes){(const uint8_t *)(array), sizeof(array)})
#define KMS_LIT(literal) ((struct kms_str){"" literal, sizeof(literal) - 1})
/* For printf-like calls: "%.*s", KMS_FMT(s) */
#define KMS_FMT(s) (int)(s).n, ((s).p != NULL ? (s).p : "")

/* The text of a C string; absent for NULL. */
struct kms_str kms_str_of(const char *z);
bool kms_str_eq(struct kms_str a, struct kms_str b);
bool kms_str_is(struct kms_str a, const char *z);
bool kms_str_starts(struct kms_str s, const char *prefix);
/* Order by bytes (memcmp), the shorter first on a common prefix. */
int kms_str_cmp(struct kms_str a, struct kms_str b);
/* s without its first n bytes (n <= s.n). */
static inline struct kms_str kms_str_skip(struct kms_str s, size_t n)
{
    assert(n <= s.n);
    return (struct kms_str){s.p + n, s.n - n};
}
bool kms_bytes_eq(struct kms_bytes a, struct kms_bytes b);
struct kms_bytes kms_bytes_of_str(struct kms_str s);

/* Lower-case hex of n bytes into out[2n + 1], NUL-terminated. */
void kms_hex_encode(const uint8_t *p, size_t n, char *out);
/* Exactly n bytes from 2n hex digits of either case; false (out untouched) otherwise. */
bool kms_hex_decode(struct kms_str hex, uint8_t *out, size_t n);

/* Overwrite n bytes in a way the compiler keeps. */
void kms_wipe(void *p, size_t n);

/* Big-endian stores. */
static inline void kms_put_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void kms_put_be32(uint8_t *p, uint32_t v)
{
    kms_put_be16(p, (uint16_t)(v >> 16));
    kms_put_be16(p + 2, (uint16_t)v);
}

static inline void kms_put_be64(uint8_t *p, uint64_t v)
{
    kms_put_be32(p, (uint32_t)(v >> 32));
    kms_put_be32(p + 4, (uint32_t)v);
}

#endif
