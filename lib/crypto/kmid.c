#include <assert.h>

#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "crypto/kmid.h"

#define LABEL "kmsd-kmid-v1"

static_assert((int)KMS_KMID_LEN == (int)KMS_KBKDF_LEN, "an id is one derived block");
static_assert((int)KMS_KMID_LEN == (int)KMS_SHA256_LEN, "or one digest");

enum kms_rc kms_kmid_of_secret(struct kms_bytes material,
                               const uint8_t uuid[KMS_UUID_LEN],
                               uint8_t out[KMS_KMID_LEN])
{
    return kms_kbkdf(material, LABEL, (struct kms_bytes){uuid, KMS_UUID_LEN}, out);
}

enum kms_rc kms_kmid_of_public(struct kms_bytes spki, const uint8_t uuid[KMS_UUID_LEN],
                               uint8_t out[KMS_KMID_LEN])
{
    const struct kms_bytes parts[] = {
        kms_bytes_of_str(KMS_LIT(LABEL)), {uuid, KMS_UUID_LEN}, spki};

    return kms_sha256_parts(parts, 3, out);
}
