#include "crypto/attest.h"
#include "crypto/cms.h"
#include "keyring/recipient.h"

static KMS_RC check_key(struct kms_bytes spki)
{
    enum kms_rc rc;

    if (spki.p == NULL)
        return kms_err(KMS_E_VALIDATION,
                       "The attestation document has no public_key to encrypt to.");
    rc = kms_cms_check_key(spki);
    if (rc == KMS_E_VALIDATION)
        return kms_err(KMS_E_VALIDATION,
                       "The public_key of the attestation document is not an RSA key of "
                       "2048, 3072 or 4096 bits in SubjectPublicKeyInfo form.");
    return rc;
}

enum kms_rc kms_keyring_attest(const struct kms_attest_roots *roots,
                               struct kms_bytes document, int64_t now_ms,
                               struct kms_arena *a, const struct kms_attested **out)
{
    struct kms_attest_doc *doc = kms_arena_alloc(a, sizeof *doc);

    if (doc == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    KMS_TRY(kms_attest_parse(document, doc));
    KMS_TRY(kms_attest_verify(roots, doc, now_ms));
    KMS_TRY(check_key(doc->says.public_key));
    *out = &doc->says;
    return KMS_OK;
}

enum kms_rc kms_keyring_envelop(const struct kms_attested *to, struct kms_bytes plain,
                                struct kms_arena *a, struct kms_bytes *out)
{
    KMS_AUTO_BUF cms = {0};

    KMS_TRY(kms_cms_envelop(to->public_key, plain, &cms));
    return kms_arena_bytes(a, kms_buf_view(&cms), out);
}
