#include <check.h>
#include <string.h>

#include "crypto/pkey_der.h"
#include "key/spec.h"
#include "support/pkey_der.h"

static const uint8_t p256[] = {6, 7,    0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6,
                               8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3,    1, 7};
static const uint8_t p384[] = {6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2,
                               1, 6, 5,    0x2b, 0x81, 4,    0,    0x22};
static const uint8_t p521[] = {6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2,
                               1, 6, 5,    0x2b, 0x81, 4,    0,    0x23};

static struct kms_bytes curve(enum kms_key_spec spec)
{
    return spec == KMS_KEY_SPEC_ECC_NIST_P256   ? KMS_BYTES(p256)
           : spec == KMS_KEY_SPEC_ECC_NIST_P384 ? KMS_BYTES(p384)
                                                : KMS_BYTES(p521);
}

void der_ec_pkcs8(struct kms_buf *out, enum kms_key_spec spec, struct kms_bytes private)
{
    static const uint8_t version[] = {2, 1, 1};
    size_t w = kms_spec_width(spec), body = sizeof version + kms_der_len(w);

    while (private.n > w) {
        ck_assert_int_eq(private.p[0], 0);
        private.p++;
        private.n--;
    }
    kms_der_pkcs8_head(out, curve(spec), kms_der_len(body));
    kms_der_head(out, KMS_DER_SEQUENCE, body);
    kms_buf_add(out, version, sizeof version);
    kms_der_head(out, KMS_DER_OCTET_STRING, w);
    for (size_t i = private.n; i < w; i++)
        kms_buf_byte(out, 0);
    kms_buf_add(out, private.p, private.n);
    ck_assert_int_eq(kms_buf_ok(out), KMS_OK);
}

void der_ml_dsa_spki(struct kms_buf *out, enum kms_key_spec spec, struct kms_bytes public)
{
    uint8_t oid[] = {6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17};

    oid[10] = (uint8_t)(17 + (spec - KMS_KEY_SPEC_ML_DSA_44));
    kms_der_spki(out, KMS_BYTES(oid), public);
    ck_assert_int_eq(kms_buf_ok(out), KMS_OK);
}

enum kms_key_spec der_spec(struct kms_bytes name)
{
    for (int s = 1; s < KMS_KEY_SPEC_COUNT; s++) {
        const char *own = kms_key_spec_name((enum kms_key_spec)s);

        if (strlen(own) == name.n && memcmp(own, name.p, name.n) == 0)
            return (enum kms_key_spec)s;
    }
    ck_abort_msg("no spec is called %.*s", (int)name.n, (const char *)name.p);
    return KMS_KEY_SPEC_NONE;
}
