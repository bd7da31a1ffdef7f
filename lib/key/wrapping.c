/* wrapping.c - which wrapping brings in which material: the last of spec.h. */
#include "key/spec.h"

/* RSAES_OAEP under a wrapping key of modulus width, 256, 384 or 512 bytes. */
static bool oaep_wraps(enum kms_key_spec spec, size_t width)
{
    switch (spec) {
    case KMS_KEY_SPEC_SYMMETRIC_DEFAULT:
    case KMS_KEY_SPEC_HMAC_224:
    case KMS_KEY_SPEC_HMAC_256:
    case KMS_KEY_SPEC_HMAC_384:
    case KMS_KEY_SPEC_HMAC_512:
    case KMS_KEY_SPEC_ECC_NIST_P256:
    case KMS_KEY_SPEC_ECC_NIST_P384:
    case KMS_KEY_SPEC_ECC_SECG_P256K1:
        return true;
    /* As recorded of the service, although Ed25519's 48 bytes would fit. */
    case KMS_KEY_SPEC_ECC_NIST_P521:
    case KMS_KEY_SPEC_ECC_NIST_EDWARDS25519:
        return width > 256;
    default:
        return false;
    }
}

static bool wraps(enum kms_key_spec spec, enum kms_algorithm_spec alg,
                  enum kms_key_spec wrapping)
{
    enum kms_spec_family family = kms_spec_family(spec);
    bool rsa = kms_spec_family(wrapping) == KMS_FAMILY_RSA;
    bool sm2 = kms_spec_family(wrapping) == KMS_FAMILY_SM2;

    switch (alg) {
    case KMS_ALGORITHM_SPEC_RSAES_OAEP_SHA_1:
    case KMS_ALGORITHM_SPEC_RSAES_OAEP_SHA_256:
        return rsa && oaep_wraps(spec, kms_spec_width(wrapping));
    /* PKCS#8 of any length: an RSA-4096 key has 2.4 KB. */
    case KMS_ALGORITHM_SPEC_RSA_AES_KEY_WRAP_SHA_1:
    case KMS_ALGORITHM_SPEC_RSA_AES_KEY_WRAP_SHA_256:
        return rsa && (family == KMS_FAMILY_RSA || family == KMS_FAMILY_EC ||
                       family == KMS_FAMILY_ED25519);
    /* At most 1024 bytes: everything that is not RSA. */
    case KMS_ALGORITHM_SPEC_SM2PKE:
        return sm2 && (family == KMS_FAMILY_SYMMETRIC || family == KMS_FAMILY_HMAC ||
                       family == KMS_FAMILY_EC || family == KMS_FAMILY_SM2);
    /* The service withdrew RSAES_PKCS1_V1_5 in October 2023. */
    default:
        return false;
    }
}

enum kms_rc kms_spec_wraps(enum kms_key_spec spec, enum kms_algorithm_spec alg,
                           enum kms_key_spec wrapping)
{
    if (wraps(spec, alg, wrapping))
        return KMS_OK;
    return kms_err(KMS_E_VALIDATION,
                   "Wrapping algorithm %s and wrapping key spec %s cannot be used to "
                   "import a %s key.",
                   kms_algorithm_spec_name(alg), kms_key_spec_name(wrapping),
                   kms_key_spec_name(spec));
}
