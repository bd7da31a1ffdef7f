#include "key/spec.h"

enum {
    ENCRYPT = 1u << KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT,
    SIGN = 1u << KMS_KEY_USAGE_TYPE_SIGN_VERIFY,
    MAC = 1u << KMS_KEY_USAGE_TYPE_GENERATE_VERIFY_MAC,
    AGREE = 1u << KMS_KEY_USAGE_TYPE_KEY_AGREEMENT,
    ENCAPSULATE = 1u << KMS_KEY_USAGE_TYPE_ENCAPSULATE_DECAPSULATE
};

static const enum kms_encryption_algorithm_spec symmetric[] = {
    KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT,
};
static const enum kms_encryption_algorithm_spec oaep[] = {
    KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_1,
    KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_256,
};
static const enum kms_encryption_algorithm_spec sm2[] = {
    KMS_ENCRYPTION_ALGORITHM_SPEC_SM2PKE,
};

#define ALGORITHMS(array)                                                                \
    {                                                                                    \
        (array), sizeof(array) / sizeof(array)[0], true                                  \
    }

/* One row a spec. */
static const struct row {
    unsigned usages;
    struct kms_encryption_algorithm_spec_list encryption;
} rows[KMS_KEY_SPEC_COUNT] = {
    [KMS_KEY_SPEC_SYMMETRIC_DEFAULT] = {ENCRYPT, ALGORITHMS(symmetric)},
    [KMS_KEY_SPEC_RSA_2048] = {ENCRYPT | SIGN, ALGORITHMS(oaep)},
    [KMS_KEY_SPEC_RSA_3072] = {ENCRYPT | SIGN, ALGORITHMS(oaep)},
    [KMS_KEY_SPEC_RSA_4096] = {ENCRYPT | SIGN, ALGORITHMS(oaep)},
    [KMS_KEY_SPEC_ECC_NIST_P256] = {SIGN | AGREE, {0}},
    [KMS_KEY_SPEC_ECC_NIST_P384] = {SIGN | AGREE, {0}},
    [KMS_KEY_SPEC_ECC_NIST_P521] = {SIGN | AGREE, {0}},
    [KMS_KEY_SPEC_ECC_SECG_P256K1] = {SIGN, {0}},
    [KMS_KEY_SPEC_ECC_NIST_EDWARDS25519] = {SIGN, {0}},
    [KMS_KEY_SPEC_HMAC_224] = {MAC, {0}},
    [KMS_KEY_SPEC_HMAC_256] = {MAC, {0}},
    [KMS_KEY_SPEC_HMAC_384] = {MAC, {0}},
    [KMS_KEY_SPEC_HMAC_512] = {MAC, {0}},
    [KMS_KEY_SPEC_SM2] = {ENCRYPT | SIGN | AGREE, ALGORITHMS(sm2)},
    [KMS_KEY_SPEC_ML_DSA_44] = {SIGN, {0}},
    [KMS_KEY_SPEC_ML_DSA_65] = {SIGN, {0}},
    [KMS_KEY_SPEC_ML_DSA_87] = {SIGN, {0}},
    [KMS_KEY_SPEC_ML_KEM_512] = {ENCAPSULATE, {0}},
    [KMS_KEY_SPEC_ML_KEM_768] = {ENCAPSULATE, {0}},
    [KMS_KEY_SPEC_ML_KEM_1024] = {ENCAPSULATE, {0}},
};

bool kms_spec_allows(enum kms_key_spec spec, enum kms_key_usage_type usage)
{
    return (rows[spec].usages & (1u << usage)) != 0;
}

bool kms_spec_symmetric(enum kms_key_spec spec)
{
    return spec == KMS_KEY_SPEC_SYMMETRIC_DEFAULT;
}

struct kms_encryption_algorithm_spec_list kms_spec_encryption(enum kms_key_spec spec)
{
    return rows[spec].encryption;
}

enum kms_rc kms_spec_encrypts(enum kms_key_spec spec,
                              enum kms_encryption_algorithm_spec alg)
{
    for (size_t i = 0; i < rows[spec].encryption.n; i++) {
        if (rows[spec].encryption.v[i] == alg)
            return KMS_OK;
    }
    return kms_err(KMS_E_INVALID_KEY_USAGE,
                   "Algorithm %s is incompatible with key spec %s.",
                   kms_encryption_algorithm_spec_name(alg), kms_key_spec_name(spec));
}
