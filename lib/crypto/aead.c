#include <openssl/err.h>

#include "crypto/aead.h"
#include "crypto/ossl.h"

static const uint8_t no_key[KMS_GCM_KEY_LEN];

/* Without an output EVP takes the input for additional data. */
static bool feed(EVP_CIPHER_CTX *c, uint8_t *out, struct kms_bytes in)
{
    int n;

    return in.n == 0 || EVP_CipherUpdate(c, out, &n, in.p, (int)in.n) == 1;
}

static bool feed_aad(EVP_CIPHER_CTX *c, const struct kms_gcm *g)
{
    for (size_t i = 0; i < g->n_aad; i++)
        if (!feed(c, NULL, g->aad[i]))
            return false;
    return true;
}

static KMS_RC check_lengths(const struct kms_gcm *g, size_t n)
{
    for (size_t i = 0; i < g->n_aad; i++)
        if (g->aad[i].n > KMS_OSSL_LEN_MAX)
            n = SIZE_MAX;
    return n <= KMS_OSSL_LEN_MAX
               ? KMS_OK
               : kms_err(KMS_E_CRYPTO, "AES-GCM of an oversize message");
}

enum kms_rc kms_gcm_seal(const struct kms_gcm *g, struct kms_bytes plain, uint8_t *out)
{
    struct kms_ossl *o;
    EVP_CIPHER_CTX *c;
    int n;
    bool ok;

    KMS_TRY(kms_ossl_get(&o));
    KMS_TRY(check_lengths(g, plain.n));
    c = o->gcm_seal;
    ok = EVP_EncryptInit_ex2(c, NULL, g->key, g->iv, NULL) == 1 && feed_aad(c, g) &&
         feed(c, out, plain) && EVP_EncryptFinal_ex(c, out + plain.n, &n) == 1 &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, KMS_GCM_TAG_LEN, out + plain.n) ==
             1;
    /* Contexts live in ordinary memory: no key schedule stays behind in them. */
    ok = EVP_EncryptInit_ex2(c, NULL, no_key, NULL, NULL) == 1 && ok;
    return ok ? KMS_OK : kms_ossl_err("AES-256-GCM encryption");
}

enum kms_rc kms_gcm_open(const struct kms_gcm *g, struct kms_bytes sealed, uint8_t *out)
{
    uint8_t unused[KMS_GCM_TAG_LEN];
    struct kms_bytes ct = sealed;
    struct kms_ossl *o;
    EVP_CIPHER_CTX *c;
    bool ok, fits;
    int n;

    if (sealed.n < KMS_GCM_TAG_LEN)
        return KMS_E_INVALID_CIPHERTEXT;
    KMS_TRY(kms_ossl_get(&o));
    KMS_TRY(check_lengths(g, sealed.n));
    ct.n -= KMS_GCM_TAG_LEN;
    c = o->gcm_open;
    ok = EVP_DecryptInit_ex2(c, NULL, g->key, g->iv, NULL) == 1 && feed_aad(c, g) &&
         feed(c, out, ct) &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, KMS_GCM_TAG_LEN,
                             (void *)(uintptr_t)(sealed.p + ct.n)) == 1;
    fits = ok && EVP_DecryptFinal_ex(c, unused, &n) == 1;
    ok = EVP_DecryptInit_ex2(c, NULL, no_key, NULL, NULL) == 1 && ok;
    if (fits && ok)
        return KMS_OK;
    kms_wipe(out, ct.n);
    if (!ok)
        return kms_ossl_err("AES-256-GCM decryption");
    ERR_clear_error();
    return KMS_E_INVALID_CIPHERTEXT;
}
