#include "crypto/mac.h"
#include "crypto/ossl.h"

enum kms_rc kms_hmac_sha256_parts(struct kms_bytes key, const struct kms_bytes *parts,
                                  size_t n, uint8_t out[KMS_HMAC_SHA256_LEN])
{
    static const uint8_t no_key[KMS_HMAC_SHA256_LEN];
    struct kms_ossl *o;
    size_t len;
    bool ok;

    KMS_TRY(kms_ossl_get(&o));
    /* The library takes an empty key for "the key of the last time". */
    if (key.n == 0)
        return kms_err(KMS_E_CRYPTO, "HMAC with an empty key");
    ok = EVP_MAC_init(o->hmac_sha256, key.p, key.n, NULL) == 1;
    for (size_t i = 0; ok && i < n; i++)
        ok = parts[i].n == 0 ||
             EVP_MAC_update(o->hmac_sha256, parts[i].p, parts[i].n) == 1;
    ok = ok && EVP_MAC_final(o->hmac_sha256, out, &len, KMS_HMAC_SHA256_LEN) == 1 &&
         len == KMS_HMAC_SHA256_LEN;
    /* Contexts live in ordinary memory: no key's state stays behind in them. */
    ok = EVP_MAC_init(o->hmac_sha256, no_key, sizeof no_key, NULL) == 1 && ok;
    return ok ? KMS_OK : kms_ossl_err("HMAC-SHA-256");
}

enum kms_rc kms_hmac_sha256(struct kms_bytes key, struct kms_bytes data,
                            uint8_t out[KMS_HMAC_SHA256_LEN])
{
    return kms_hmac_sha256_parts(key, &data, 1, out);
}
