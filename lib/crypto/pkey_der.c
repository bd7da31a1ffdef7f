#include "crypto/pkey_der.h"

/* Octets after the first length octet: none for the short form. */
static size_t length_octets(size_t n)
{
    size_t octets = 0;

    if (n < 0x80)
        return 0;
    for (; n != 0; n >>= 8)
        octets++;
    return octets;
}

size_t kms_der_head_len(size_t n)
{
    return 2 + length_octets(n);
}

size_t kms_der_len(size_t n)
{
    return kms_der_head_len(n) + n;
}

/* Skips zeros on the left; zero itself is nothing. */
static struct kms_bytes magnitude(const uint8_t *be, size_t n)
{
    while (n > 0 && *be == 0) {
        be++;
        n--;
    }
    return (struct kms_bytes){be, n};
}

/* An INTEGER is signed: a set top bit asks for one more octet, and zero has one. */
static bool needs_zero(struct kms_bytes m)
{
    return m.n == 0 || m.p[0] >= 0x80;
}

size_t kms_der_uint_len(const uint8_t *be, size_t n)
{
    struct kms_bytes m = magnitude(be, n);

    return kms_der_len(m.n + needs_zero(m));
}

void kms_der_head(struct kms_buf *b, uint8_t tag, size_t n)
{
    size_t octets = length_octets(n);

    kms_buf_byte(b, tag);
    if (octets == 0) {
        kms_buf_byte(b, (uint8_t)n);
        return;
    }
    kms_buf_byte(b, (uint8_t)(0x80 | octets));
    while (octets-- > 0)
        kms_buf_byte(b, (uint8_t)(n >> (8 * octets)));
}

void kms_der_uint(struct kms_buf *b, const uint8_t *be, size_t n)
{
    struct kms_bytes m = magnitude(be, n);

    kms_der_head(b, KMS_DER_INTEGER, m.n + needs_zero(m));
    if (needs_zero(m))
        kms_buf_byte(b, 0);
    kms_buf_add(b, m.p, m.n);
}

bool kms_der_take(struct kms_bytes *rest, uint8_t tag, struct kms_bytes *value)
{
    size_t head = 2, n, octets;

    if (rest->n < head || rest->p[0] != tag)
        return false;
    n = rest->p[1];
    if (n >= 0x80) {
        octets = n & 0x7f;
        if (octets == 0 || octets > 4 || rest->n < head + octets)
            return false;
        n = 0;
        for (size_t i = 0; i < octets; i++)
            n = n << 8 | rest->p[head + i];
        head += octets;
    }
    /* Exactly the octets that this length needs: anything else is BER. */
    if (head != kms_der_head_len(n) || n > rest->n - head)
        return false;
    *value = (struct kms_bytes){rest->p + head, n};
    *rest = (struct kms_bytes){rest->p + head + n, rest->n - head - n};
    return true;
}

bool kms_der_take_uint(struct kms_bytes *rest, struct kms_bytes *value)
{
    struct kms_bytes after = *rest, v;

    if (!kms_der_take(&after, KMS_DER_INTEGER, &v) || v.n == 0 || v.p[0] >= 0x80 ||
        (v.n > 1 && v.p[0] == 0 && v.p[1] < 0x80))
        return false;
    *value = magnitude(v.p, v.n);
    *rest = after;
    return true;
}

void kms_der_spki(struct kms_buf *b, struct kms_bytes algorithm, struct kms_bytes key)
{
    kms_der_head(b, KMS_DER_SEQUENCE, kms_der_len(algorithm.n) + kms_der_len(key.n + 1));
    kms_der_head(b, KMS_DER_SEQUENCE, algorithm.n);
    kms_buf_add(b, algorithm.p, algorithm.n);
    kms_der_head(b, KMS_DER_BIT_STRING, key.n + 1);
    kms_buf_byte(b, 0);
    kms_buf_add(b, key.p, key.n);
}

bool kms_der_take_spki(struct kms_bytes der, struct kms_bytes algorithm,
                       struct kms_bytes *key)
{
    struct kms_bytes body, alg, bits;

    if (!kms_der_take(&der, KMS_DER_SEQUENCE, &body) || der.n != 0 ||
        !kms_der_take(&body, KMS_DER_SEQUENCE, &alg) || !kms_bytes_eq(alg, algorithm) ||
        !kms_der_take(&body, KMS_DER_BIT_STRING, &bits) || body.n != 0 || bits.n == 0 ||
        bits.p[0] != 0)
        return false;
    *key = (struct kms_bytes){bits.p + 1, bits.n - 1};
    return true;
}

void kms_der_pkcs8_head(struct kms_buf *b, struct kms_bytes algorithm, size_t inner_len)
{
    static const uint8_t version[] = {KMS_DER_INTEGER, 1, 0};

    kms_der_head(b, KMS_DER_SEQUENCE,
                 sizeof version + kms_der_len(algorithm.n) + kms_der_len(inner_len));
    kms_buf_add(b, version, sizeof version);
    kms_der_head(b, KMS_DER_SEQUENCE, algorithm.n);
    kms_buf_add(b, algorithm.p, algorithm.n);
    kms_der_head(b, KMS_DER_OCTET_STRING, inner_len);
}

/* RFC 5958 section 2. */
bool kms_der_take_pkcs8(struct kms_bytes der, struct kms_der_pkcs8 *out)
{
    struct kms_bytes body, version, ignored, bits;
    struct kms_der_pkcs8 got = {0};
    bool second;

    if (!kms_der_take(&der, KMS_DER_SEQUENCE, &body) || der.n != 0 ||
        !kms_der_take_uint(&body, &version) || version.n > 1 ||
        !kms_der_take(&body, KMS_DER_SEQUENCE, &got.algorithm) ||
        !kms_der_take(&body, KMS_DER_OCTET_STRING, &got.private_key))
        return false;
    second = version.n == 1;
    if (second && version.p[0] != 1)
        return false;
    (void)(body.n > 0 && kms_der_take(&body, KMS_DER_CONTEXT_0, &ignored));
    if (second && kms_der_take(&body, KMS_DER_PRIMITIVE_1, &bits)) {
        if (bits.n == 0 || bits.p[0] != 0)
            return false;
        got.public_bits = (struct kms_bytes){bits.p + 1, bits.n - 1};
    }
    if (body.n != 0)
        return false;
    *out = got;
    return true;
}
