#include "crypto/ecdh.h"
#include "crypto/pkey_impl.h"
#include "crypto/pkey_sm2.h"

static KMS_RC derive(const struct kms_pkey *key, const struct kms_pkey *peer,
                     uint8_t *out)
{
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->evp, NULL);
    size_t w = kms_spec_width(key->spec), n = w;

    /*
     * The peer has been put on the curve, whose cofactor is 1: that is a full validation
     * (SP 800-56A section 5.6.2.3.3), so the library need not multiply by the order
     * again.
     */
    if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
        EVP_PKEY_derive_set_peer_ex(ctx, peer->evp, 0) != 1 ||
        EVP_PKEY_derive(ctx, out, &n) != 1 || n != w)
        return kms_ossl_err("key agreement");
    return KMS_OK;
}

enum kms_rc kms_ecdh_derive(const struct kms_pkey *key, struct kms_bytes peer_spki,
                            struct kms_arena *arena, struct kms_bytes *out)
{
    size_t w = kms_spec_width(key->spec);
    KMS_AUTO(pkey) peer = NULL;
    uint8_t *secret;

    KMS_TRY(kms_spec_agrees(key->spec, KMS_KEY_AGREEMENT_ALGORITHM_SPEC_ECDH));
    if (!key->has_private)
        return kms_err(KMS_E_CRYPTO, "key agreement with half a key");
    KMS_TRY(kms_pkey_from_spki(key->spec, peer_spki, &peer));
    secret = kms_arena_alloc(arena, w);
    if (secret == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a shared secret");
    if (key->spec == KMS_KEY_SPEC_SM2)
        KMS_TRY(kms_pkey_sm2_agree(key, peer, secret));
    else
        KMS_TRY(derive(key, peer, secret));
    *out = (struct kms_bytes){secret, w};
    return KMS_OK;
}
