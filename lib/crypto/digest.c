#include <stdlib.h>

#include "crypto/digest.h"
#include "crypto/ossl.h"

static bool update(EVP_MD_CTX *ctx, struct kms_bytes data)
{
    return data.n == 0 || EVP_DigestUpdate(ctx, data.p, data.n) == 1;
}

enum kms_rc kms_sha256_parts(const struct kms_bytes *parts, size_t n,
                             uint8_t out[KMS_SHA256_LEN])
{
    struct kms_ossl *o;
    bool ok;

    KMS_TRY(kms_ossl_get(&o));
    ok = EVP_DigestInit_ex2(o->sha256, NULL, NULL) == 1;
    for (size_t i = 0; ok && i < n; i++)
        ok = update(o->sha256, parts[i]);
    return ok && EVP_DigestFinal_ex(o->sha256, out, NULL) == 1 ? KMS_OK
                                                               : kms_ossl_err("SHA-256");
}

enum kms_rc kms_sha256(struct kms_bytes data, uint8_t out[KMS_SHA256_LEN])
{
    return kms_sha256_parts(&data, 1, out);
}

struct kms_digest {
    EVP_MD_CTX *ctx;
};

enum kms_rc kms_digest_new(struct kms_digest **out)
{
    KMS_AUTO(digest) d = calloc(1, sizeof *d);
    const EVP_MD *md;

    if (d == NULL || (d->ctx = EVP_MD_CTX_new()) == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a digest");
    KMS_TRY(kms_ossl_sha256(&md));
    if (EVP_DigestInit_ex2(d->ctx, md, NULL) != 1)
        return kms_ossl_err("SHA-256");
    *out = KMS_TAKE(d);
    return KMS_OK;
}

void kms_digest_free(struct kms_digest *d)
{
    if (d == NULL)
        return;
    EVP_MD_CTX_free(d->ctx);
    free(d);
}

enum kms_rc kms_digest_add(struct kms_digest *d, struct kms_bytes data)
{
    return update(d->ctx, data) ? KMS_OK : kms_ossl_err("SHA-256");
}

enum kms_rc kms_digest_end(struct kms_digest *d, uint8_t out[KMS_SHA256_LEN])
{
    return EVP_DigestFinal_ex(d->ctx, out, NULL) == 1 &&
                   EVP_DigestInit_ex2(d->ctx, NULL, NULL) == 1
               ? KMS_OK
               : kms_ossl_err("SHA-256");
}
