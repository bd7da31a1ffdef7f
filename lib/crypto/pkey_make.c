/* pkey_make.c - between components, containers and the library's own key objects. */
#include <string.h>

#include <openssl/x509.h>

#include "crypto/pkey_der.h"
#include "crypto/pkey_impl.h"

KMS_OSSL_OWNED(PKCS8_PRIV_KEY_INFO);

bool kms_pkey_component(const EVP_PKEY *key, const char *name, uint8_t *out, size_t width)
{
    KMS_OSSL_AUTO(BIGNUM) n = NULL;

    return EVP_PKEY_get_bn_param(key, name, &n) == 1 && !BN_is_negative(n) &&
           BN_bn2binpad(n, out, (int)width) == (int)width;
}

void kms_pkey_native(uint8_t *out, const uint8_t *be, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? be[n - 1 - i] : be[i];
}

enum kms_rc kms_pkey_make(const char *type, bool has_private, OSSL_PARAM *params,
                          EVP_PKEY **out)
{
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    KMS_OSSL_AUTO(EVP_PKEY) key = NULL;

    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, has_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          params) != 1)
        return kms_ossl_err("making a key from its components");
    *out = KMS_TAKE(key);
    return KMS_OK;
}

/* The algorithm of a parsed container, compared in DER. */
static bool has_algorithm(const PKCS8_PRIV_KEY_INFO *p8, struct kms_bytes algorithm)
{
    const X509_ALGOR *alg = NULL;
    uint8_t *der = NULL;
    struct kms_bytes rest, body;
    bool same;
    int n;

    if (PKCS8_pkey_get0(NULL, NULL, NULL, &alg, p8) != 1)
        return false;
    n = i2d_X509_ALGOR(alg, &der);
    if (n <= 0)
        return false;
    rest = (struct kms_bytes){der, (size_t)n};
    same = kms_der_take(&rest, KMS_DER_SEQUENCE, &body) && kms_bytes_eq(body, algorithm);
    OPENSSL_free(der);
    return same;
}

/*
 * BER of version 1: a sequence of any length form, and then INTEGER 0. The library reads
 * over the version.
 */
static bool first_version(struct kms_bytes ber)
{
    static const uint8_t zero[] = {KMS_DER_INTEGER, 1, 0};
    size_t octets, head;

    if (ber.n < 2 || ber.p[0] != KMS_DER_SEQUENCE)
        return false;
    octets = ber.p[1] < 0x80 ? 0 : ber.p[1] & 0x7fu;
    head = 2 + octets;
    return ber.n >= head + sizeof zero && memcmp(ber.p + head, zero, sizeof zero) == 0;
}

enum kms_rc kms_pkey_decode(struct kms_bytes der, struct kms_bytes algorithm,
                            EVP_PKEY **out, struct kms_bytes *public_bits)
{
    KMS_AUTO_BUF plain = {0};
    KMS_OSSL_AUTO(PKCS8_PRIV_KEY_INFO) p8 = NULL;
    struct kms_der_pkcs8 parts = {0};
    struct kms_bytes inner, body;
    const uint8_t *at;
    EVP_PKEY *key;

    if (der.n > KMS_OSSL_LEN_MAX)
        return kms_pkey_refuse("the key's container is too long");
    /* OpenSSL 3.0 reads version 1 only: give it that, without attributes. */
    if (kms_der_take_pkcs8(der, &parts)) {
        inner = parts.private_key;
        if (!kms_der_take(&inner, KMS_DER_SEQUENCE, &body) || inner.n != 0)
            return kms_pkey_refuse("the container holds no key of this kind");
        kms_der_pkcs8_head(&plain, parts.algorithm, parts.private_key.n);
        kms_buf_add(&plain, parts.private_key.p, parts.private_key.n);
        KMS_TRY(kms_buf_ok(&plain));
        der = kms_buf_view(&plain);
    } else if (!first_version(der)) {
        return kms_pkey_refuse("the key is not PKCS#8");
    }
    at = der.p;
    p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.n);
    if (p8 == NULL || at != der.p + der.n)
        return kms_pkey_refuse("the key is not PKCS#8");
    if (!has_algorithm(p8, algorithm))
        return kms_pkey_refuse("the key is of another algorithm or curve");
    key = EVP_PKCS82PKEY(p8);
    if (key == NULL)
        return kms_pkey_refuse("the key inside PKCS#8 cannot be read");
    *out = key;
    *public_bits = parts.public_bits;
    return KMS_OK;
}
