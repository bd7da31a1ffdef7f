#include "key/spec.h"

enum {
    ENCRYPT = 1u << KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT,
    SIGN = 1u << KMS_KEY_USAGE_TYPE_SIGN_VERIFY,
    MAC = 1u << KMS_KEY_USAGE_TYPE_GENERATE_VERIFY_MAC,
    AGREE = 1u << KMS_KEY_USAGE_TYPE_KEY_AGREEMENT,
    ENCAPSULATE = 1u << KMS_KEY_USAGE_TYPE_ENCAPSULATE_DECAPSULATE
};

enum {
    SYMMETRIC_LEN = 32,
    SYMMETRIC_PLAINTEXT_MAX = 4096,
    SM2_PLAINTEXT_MAX = 1024,
    HMAC_KEY_MAX = 128,
    MU_LEN = 64 /* FIPS 204 section 6.2: mu is 64 bytes of SHAKE256 */
};

static const enum kms_encryption_algorithm_spec symmetric[] = {
    KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT,
};
static const enum kms_encryption_algorithm_spec oaep[] = {
    KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_1,
    KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_256,
};
static const enum kms_encryption_algorithm_spec sm2pke[] = {
    KMS_ENCRYPTION_ALGORITHM_SPEC_SM2PKE,
};
static const enum kms_signing_algorithm_spec rsassa[] = {
    KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_256,
    KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_384,
    KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_512,
    KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_256,
    KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_384,
    KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_512,
};
static const enum kms_signing_algorithm_spec ecdsa_256[] = {
    KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_256,
};
static const enum kms_signing_algorithm_spec ecdsa_384[] = {
    KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_384,
};
static const enum kms_signing_algorithm_spec ecdsa_512[] = {
    KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_512,
};
static const enum kms_signing_algorithm_spec eddsa[] = {
    KMS_SIGNING_ALGORITHM_SPEC_ED25519_PH_SHA_512,
    KMS_SIGNING_ALGORITHM_SPEC_ED25519_SHA_512,
};
static const enum kms_signing_algorithm_spec sm2dsa[] = {
    KMS_SIGNING_ALGORITHM_SPEC_SM2DSA,
};
static const enum kms_signing_algorithm_spec ml_dsa[] = {
    KMS_SIGNING_ALGORITHM_SPEC_ML_DSA_SHAKE_256,
};
static const enum kms_mac_algorithm_spec hmac_224[] = {
    KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_224,
};
static const enum kms_mac_algorithm_spec hmac_256[] = {
    KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_256,
};
static const enum kms_mac_algorithm_spec hmac_384[] = {
    KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_384,
};
static const enum kms_mac_algorithm_spec hmac_512[] = {
    KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_512,
};
static const enum kms_key_agreement_algorithm_spec ecdh[] = {
    KMS_KEY_AGREEMENT_ALGORITHM_SPEC_ECDH,
};

#define LIST(array)                                                                      \
    {                                                                                    \
        (array), sizeof(array) / sizeof(array)[0], true                                  \
    }
#define NO_LIST                                                                          \
    {                                                                                    \
        NULL, 0, false                                                                   \
    }

/* One row a spec. */
static const struct row {
    enum kms_spec_family family;
    unsigned usages;
    size_t width;         /* modulus, coordinate or raw material */
    size_t signature_max; /* DER: two integers of width + 1 bytes in a sequence */
    struct kms_encryption_algorithm_spec_list encryption;
    struct kms_signing_algorithm_spec_list signing;
    struct kms_mac_algorithm_spec_list mac;
    struct kms_key_agreement_algorithm_spec_list agreement;
} rows[KMS_KEY_SPEC_COUNT] = {
#define SYMMETRIC_ROW                                                                    \
    {                                                                                    \
        KMS_FAMILY_SYMMETRIC, ENCRYPT, SYMMETRIC_LEN, 0, LIST(symmetric), NO_LIST,       \
            NO_LIST, NO_LIST                                                             \
    }
#define RSA_ROW(len)                                                                     \
    {                                                                                    \
        KMS_FAMILY_RSA, ENCRYPT | SIGN, (len), (len), LIST(oaep), LIST(rsassa), NO_LIST, \
            NO_LIST                                                                      \
    }
#define NIST_ROW(len, signature, algs)                                                   \
    {                                                                                    \
        KMS_FAMILY_EC, SIGN | AGREE, (len), (signature), NO_LIST, LIST(algs), NO_LIST,   \
            LIST(ecdh)                                                                   \
    }
#define HMAC_ROW(len, algs)                                                              \
    {                                                                                    \
        KMS_FAMILY_HMAC, MAC, (len), 0, NO_LIST, NO_LIST, LIST(algs), NO_LIST            \
    }
#define ML_DSA_ROW(signature)                                                            \
    {                                                                                    \
        KMS_FAMILY_ML_DSA, SIGN, 0, (signature), NO_LIST, LIST(ml_dsa), NO_LIST, NO_LIST \
    }
#define ML_KEM_ROW                                                                       \
    {                                                                                    \
        KMS_FAMILY_ML_KEM, ENCAPSULATE, 0, 0, NO_LIST, NO_LIST, NO_LIST, NO_LIST         \
    }

    [KMS_KEY_SPEC_SYMMETRIC_DEFAULT] = SYMMETRIC_ROW,
    [KMS_KEY_SPEC_RSA_2048] = RSA_ROW(256),
    [KMS_KEY_SPEC_RSA_3072] = RSA_ROW(384),
    [KMS_KEY_SPEC_RSA_4096] = RSA_ROW(512),
    [KMS_KEY_SPEC_ECC_NIST_P256] = NIST_ROW(32, 72, ecdsa_256),
    [KMS_KEY_SPEC_ECC_NIST_P384] = NIST_ROW(48, 104, ecdsa_384),
    [KMS_KEY_SPEC_ECC_NIST_P521] = NIST_ROW(66, 139, ecdsa_512),
    [KMS_KEY_SPEC_ECC_SECG_P256K1] = {KMS_FAMILY_EC, SIGN, 32, 72, NO_LIST,
                                      LIST(ecdsa_256), NO_LIST, NO_LIST},
    [KMS_KEY_SPEC_ECC_NIST_EDWARDS25519] = {KMS_FAMILY_ED25519, SIGN, 32, 64, NO_LIST,
                                            LIST(eddsa), NO_LIST, NO_LIST},
    [KMS_KEY_SPEC_HMAC_224] = HMAC_ROW(28, hmac_224),
    [KMS_KEY_SPEC_HMAC_256] = HMAC_ROW(32, hmac_256),
    [KMS_KEY_SPEC_HMAC_384] = HMAC_ROW(48, hmac_384),
    [KMS_KEY_SPEC_HMAC_512] = HMAC_ROW(64, hmac_512),
    [KMS_KEY_SPEC_SM2] = {KMS_FAMILY_SM2, ENCRYPT | SIGN | AGREE, 32, 72, LIST(sm2pke),
                          LIST(sm2dsa), NO_LIST, LIST(ecdh)},
    [KMS_KEY_SPEC_ML_DSA_44] = ML_DSA_ROW(2420),
    [KMS_KEY_SPEC_ML_DSA_65] = ML_DSA_ROW(3309),
    [KMS_KEY_SPEC_ML_DSA_87] = ML_DSA_ROW(4627),
    [KMS_KEY_SPEC_ML_KEM_512] = ML_KEM_ROW,
    [KMS_KEY_SPEC_ML_KEM_768] = ML_KEM_ROW,
    [KMS_KEY_SPEC_ML_KEM_1024] = ML_KEM_ROW,
};

/* What each signing algorithm takes. */
static const struct signing {
    size_t digest; /* 0: takes no DIGEST */
    bool raw, mu;
} signing[KMS_SIGNING_ALGORITHM_SPEC_COUNT] = {
    [KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_256] = {32, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_384] = {48, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_512] = {64, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_256] = {32, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_384] = {48, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_512] = {64, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_256] = {32, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_384] = {48, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_512] = {64, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_SM2DSA] = {32, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_ML_DSA_SHAKE_256] = {0, true, true},
    [KMS_SIGNING_ALGORITHM_SPEC_ED25519_SHA_512] = {0, true, false},
    [KMS_SIGNING_ALGORITHM_SPEC_ED25519_PH_SHA_512] = {64, false, false},
};

enum kms_spec_family kms_spec_family(enum kms_key_spec spec)
{
    return rows[spec].family;
}

bool kms_spec_allows(enum kms_key_spec spec, enum kms_key_usage_type usage)
{
    return (rows[spec].usages & (1u << usage)) != 0;
}

bool kms_spec_symmetric(enum kms_key_spec spec)
{
    return rows[spec].family == KMS_FAMILY_SYMMETRIC;
}

bool kms_spec_asymmetric(enum kms_key_spec spec)
{
    return rows[spec].family > KMS_FAMILY_HMAC;
}

struct kms_encryption_algorithm_spec_list kms_spec_encryption(enum kms_key_spec spec)
{
    return rows[spec].encryption;
}

struct kms_signing_algorithm_spec_list kms_spec_signing(enum kms_key_spec spec)
{
    return rows[spec].signing;
}

struct kms_mac_algorithm_spec_list kms_spec_mac(enum kms_key_spec spec)
{
    return rows[spec].mac;
}

struct kms_key_agreement_algorithm_spec_list kms_spec_agreement(enum kms_key_spec spec)
{
    return rows[spec].agreement;
}

static enum kms_rc incompatible(const char *alg, enum kms_key_spec spec)
{
    return kms_err(KMS_E_INVALID_KEY_USAGE,
                   "Algorithm %s is incompatible with key spec %s.", alg,
                   kms_key_spec_name(spec));
}

enum kms_rc kms_spec_encrypts(enum kms_key_spec spec,
                              enum kms_encryption_algorithm_spec alg)
{
    for (size_t i = 0; i < rows[spec].encryption.n; i++) {
        if (rows[spec].encryption.v[i] == alg)
            return KMS_OK;
    }
    return incompatible(kms_encryption_algorithm_spec_name(alg), spec);
}

enum kms_rc kms_spec_signs(enum kms_key_spec spec, enum kms_signing_algorithm_spec alg)
{
    for (size_t i = 0; i < rows[spec].signing.n; i++) {
        if (rows[spec].signing.v[i] == alg)
            return KMS_OK;
    }
    return incompatible(kms_signing_algorithm_spec_name(alg), spec);
}

enum kms_rc kms_spec_macs(enum kms_key_spec spec, enum kms_mac_algorithm_spec alg)
{
    for (size_t i = 0; i < rows[spec].mac.n; i++) {
        if (rows[spec].mac.v[i] == alg)
            return KMS_OK;
    }
    return incompatible(kms_mac_algorithm_spec_name(alg), spec);
}

enum kms_rc kms_spec_agrees(enum kms_key_spec spec,
                            enum kms_key_agreement_algorithm_spec alg)
{
    for (size_t i = 0; i < rows[spec].agreement.n; i++) {
        if (rows[spec].agreement.v[i] == alg)
            return KMS_OK;
    }
    return incompatible(kms_key_agreement_algorithm_spec_name(alg), spec);
}

static bool takes(enum kms_signing_algorithm_spec alg, enum kms_message_type type)
{
    switch (type) {
    case KMS_MESSAGE_TYPE_RAW:
        return signing[alg].raw;
    case KMS_MESSAGE_TYPE_DIGEST:
        return signing[alg].digest != 0;
    case KMS_MESSAGE_TYPE_EXTERNAL_MU:
        return signing[alg].mu;
    case KMS_MESSAGE_TYPE_NONE:
        break;
    }
    return false;
}

enum kms_rc kms_spec_message_type(enum kms_key_spec spec, enum kms_message_type type)
{
    for (size_t i = 0; i < rows[spec].signing.n; i++) {
        if (takes(rows[spec].signing.v[i], type))
            return KMS_OK;
    }
    return kms_err(KMS_E_VALIDATION, "Message type %s is incompatible with key spec %s.",
                   kms_message_type_name(type), kms_key_spec_name(spec));
}

enum kms_rc kms_spec_message(enum kms_signing_algorithm_spec alg,
                             enum kms_message_type type, size_t len)
{
    bool digest = type == KMS_MESSAGE_TYPE_DIGEST;

    if (!takes(alg, type))
        return kms_err(KMS_E_VALIDATION,
                       "Message type %s is incompatible with algorithm %s.",
                       kms_message_type_name(type), kms_signing_algorithm_spec_name(alg));
    if (type != KMS_MESSAGE_TYPE_RAW && len != (digest ? signing[alg].digest : MU_LEN))
        return kms_err(KMS_E_VALIDATION, "%s is invalid length for algorithm %s.",
                       digest ? "Digest" : "External Mu",
                       kms_signing_algorithm_spec_name(alg));
    return KMS_OK;
}

size_t kms_spec_plaintext_max(enum kms_key_spec spec,
                              enum kms_encryption_algorithm_spec alg)
{
    const struct kms_encryption_algorithm_spec_list *own = &rows[spec].encryption;

    for (size_t i = 0; i < own->n; i++) {
        if (own->v[i] != alg)
            continue;
        switch (alg) {
        case KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT:
            return SYMMETRIC_PLAINTEXT_MAX;
        case KMS_ENCRYPTION_ALGORITHM_SPEC_SM2PKE:
            return SM2_PLAINTEXT_MAX;
        /* RFC 8017 section 7.1.1: modulus less two hashes less two. */
        case KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_1:
            return rows[spec].width - 2 * 20 - 2;
        case KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_256:
            return rows[spec].width - 2 * 32 - 2;
        default:
            return 0;
        }
    }
    return 0;
}

enum kms_rc kms_spec_plaintext(enum kms_key_spec spec,
                               enum kms_encryption_algorithm_spec alg, size_t len)
{
    size_t max = kms_spec_plaintext_max(spec, alg);

    if (len <= max)
        return KMS_OK;
    return kms_err(KMS_E_VALIDATION,
                   "Algorithm %s and key spec %s cannot encrypt data larger than %zu "
                   "bytes.",
                   kms_encryption_algorithm_spec_name(alg), kms_key_spec_name(spec), max);
}

size_t kms_spec_digest_len(enum kms_signing_algorithm_spec alg)
{
    return signing[alg].digest;
}

size_t kms_spec_signature_max(enum kms_key_spec spec)
{
    return rows[spec].signature_max;
}

size_t kms_spec_mac_len(enum kms_mac_algorithm_spec alg)
{
    static const size_t len[KMS_MAC_ALGORITHM_SPEC_COUNT] = {
        [KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_224] = 28,
        [KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_256] = 32,
        [KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_384] = 48,
        [KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_512] = 64,
    };

    return len[alg];
}

size_t kms_spec_width(enum kms_key_spec spec)
{
    return kms_spec_asymmetric(spec) ? rows[spec].width : 0;
}

size_t kms_spec_material_len(enum kms_key_spec spec)
{
    return kms_spec_asymmetric(spec) ? 0 : rows[spec].width;
}

bool kms_spec_material_fits(enum kms_key_spec spec, size_t len)
{
    switch (rows[spec].family) {
    case KMS_FAMILY_SYMMETRIC:
        return len == SYMMETRIC_LEN;
    case KMS_FAMILY_HMAC:
        return len >= rows[spec].width && len <= HMAC_KEY_MAX;
    default:
        return false;
    }
}
