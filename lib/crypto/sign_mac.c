#include <openssl/core_names.h>

#include "base/secret.h"
#include "crypto/ossl.h"
#include "crypto/pkey_lib.h"
#include "crypto/sign_mac.h"
#include "key/spec.h"

KMS_OSSL_OWNED(EVP_MAC_CTX);

enum { MAC_MAX = 64 };

static KMS_RC compute(enum kms_mac_algorithm_spec alg, struct kms_bytes key,
                      struct kms_bytes message, uint8_t out[MAC_MAX])
{
    static const char *const hash[KMS_MAC_ALGORITHM_SPEC_COUNT] = {
        [KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_224] = "SHA224",
        [KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_256] = "SHA256",
        [KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_384] = "SHA384",
        [KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_512] = "SHA512",
    };
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(
                               OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)hash[alg], 0),
                           OSSL_PARAM_construct_end()};
    KMS_OSSL_AUTO(EVP_MAC_CTX) ctx = NULL;
    size_t n = 0;

    /* The library takes an empty key for "the key of the last time". */
    if (hash[alg] == NULL || key.n == 0)
        return kms_err(KMS_E_CRYPTO, "HMAC without an algorithm or a key");
    ctx = EVP_MAC_CTX_new(kms_pkey_lib()->hmac);
    if (ctx == NULL || EVP_MAC_init(ctx, key.p, key.n, params) != 1 ||
        EVP_MAC_update(ctx, message.p, message.n) != 1 ||
        EVP_MAC_final(ctx, out, &n, MAC_MAX) != 1 || n != kms_spec_mac_len(alg))
        return kms_ossl_err("HMAC");
    return KMS_OK;
}

enum kms_rc kms_sign_mac(enum kms_mac_algorithm_spec alg, struct kms_bytes key,
                         struct kms_bytes message, struct kms_arena *arena,
                         struct kms_bytes *out)
{
    uint8_t mac[MAC_MAX];

    KMS_TRY(compute(alg, key, message, mac));
    return kms_arena_bytes(arena, (struct kms_bytes){mac, kms_spec_mac_len(alg)}, out);
}

enum kms_rc kms_sign_mac_check(enum kms_mac_algorithm_spec alg, struct kms_bytes key,
                               struct kms_bytes message, struct kms_bytes mac)
{
    uint8_t own[MAC_MAX];
    bool same;

    KMS_TRY(compute(alg, key, message, own));
    same = mac.n == kms_spec_mac_len(alg) && kms_ct_equal(own, mac.p, mac.n);
    /* The right MAC of somebody's message: not to be left on the stack. */
    kms_wipe(own, sizeof own);
    return same ? KMS_OK : KMS_E_INVALID_MAC;
}
