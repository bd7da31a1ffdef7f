#include <string.h>

#include "base/bytes.h"

struct kms_str kms_str_of(const char *z)
{
    return z != NULL ? (struct kms_str){z, strlen(z)} : (struct kms_str){NULL, 0};
}

bool kms_str_eq(struct kms_str a, struct kms_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool kms_str_is(struct kms_str a, const char *z)
{
    return kms_str_eq(a, kms_str_of(z));
}

bool kms_str_starts(struct kms_str s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

int kms_str_cmp(struct kms_str a, struct kms_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int d = n != 0 ? memcmp(a.p, b.p, n) : 0;

    return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

bool kms_bytes_eq(struct kms_bytes a, struct kms_bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

struct kms_bytes kms_bytes_of_str(struct kms_str s)
{
    return (struct kms_bytes){(const uint8_t *)s.p, s.n};
}

void kms_hex_encode(const uint8_t *p, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * n] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool kms_hex_decode(struct kms_str hex, uint8_t *out, size_t n)
{
    if (hex.n != 2 * n)
        return false;
    for (size_t i = 0; i < hex.n; i++)
        if (hex_value(hex.p[i]) < 0)
            return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(hex_value(hex.p[2 * i]) << 4 | hex_value(hex.p[2 * i + 1]));
    return true;
}

void kms_wipe(void *p, size_t n)
{
    if (n != 0)
        explicit_bzero(p, n);
}
