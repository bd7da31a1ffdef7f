#include <assert.h>
#include <string.h>

#include "crypto/kdf.h"
#include "crypto/mac.h"

enum kms_rc kms_kdf_counter(struct kms_bytes key, const struct kms_bytes *fixed, size_t n,
                            uint8_t *out, size_t len)
{
    struct kms_bytes parts[KMS_KDF_PARTS_MAX + 1];
    uint8_t counter[4], block[KMS_HMAC_SHA256_LEN] = {0};
    enum kms_rc rc = KMS_OK;

    assert(n <= KMS_KDF_PARTS_MAX);
    assert(len > 0 && len <= 255 * sizeof block);
    parts[0] = KMS_BYTES(counter);
    if (n != 0)
        memcpy(parts + 1, fixed, n * sizeof *fixed);
    for (size_t at = 0, i = 1; rc == KMS_OK && at < len; at += sizeof block, i++) {
        size_t take = len - at < sizeof block ? len - at : sizeof block;

        kms_put_be32(counter, (uint32_t)i);
        rc = kms_hmac_sha256_parts(key, parts, n + 1, block);
        memcpy(out + at, block, take);
    }
    kms_wipe(block, sizeof block);
    if (rc != KMS_OK)
        kms_wipe(out, len);
    return rc;
}

enum kms_rc kms_kbkdf(struct kms_bytes key, const char *label, struct kms_bytes context,
                      uint8_t out[KMS_KBKDF_LEN])
{
    static const uint8_t zero = 0, bits[4] = {0, 0, 1, 0}; /* u32be(256) */
    const struct kms_bytes fixed[] = {
        kms_bytes_of_str(kms_str_of(label)), {&zero, 1}, context, KMS_BYTES(bits)};

    return kms_kdf_counter(key, fixed, 4, out, KMS_KBKDF_LEN);
}
