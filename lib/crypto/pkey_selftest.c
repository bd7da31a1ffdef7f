/* pkey_selftest.c - known answers of asymmetric keys, signatures and MACs. */
#include "crypto/digest.h"
#include "crypto/ecdh.h"
#include "crypto/pkey_selftest.h"
#include "crypto/sign.h"
#include "crypto/sign_mac.h"
#include "key/spec.h"

enum { BYTES_MAX = 320 };

/* Bytes written as hex, so that the vectors below read as they are published. */
struct hex {
    uint8_t p[BYTES_MAX];
    size_t n;
};

static struct kms_bytes from_hex(struct hex *h, const char *digits)
{
    struct kms_str s = kms_str_of(digits);

    h->n = s.n / 2;
    return h->n <= sizeof h->p && kms_hex_decode(s, h->p, h->n)
               ? (struct kms_bytes){h->p, h->n}
               : (struct kms_bytes){NULL, 0};
}

static enum kms_rc wrong(const char *what)
{
    return kms_err(KMS_E_CRYPTO,
                   "self-test: %s gives a wrong answer; do not use this libcrypto", what);
}

/* A published signature verifies, and does not verify any more with one bit changed. */
static const struct published {
    const char *what;
    enum kms_key_spec spec;
    enum kms_signing_algorithm_spec alg;
    const char *spki, *message, *signature;
} published[] = {
    /* Wycheproof, rsa_signature_2048_sha256. */
    {"RSASSA-PKCS1-v1_5", KMS_KEY_SPEC_RSA_2048,
     KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_256,
     "30820122300d06092a864886f70d01010105000382010f003082010a0282010100a2b451a0"
     "7d0aa5f96e455671513550514a8a5b462ebef717094fa1fee82224e637f9746d3f7cafd318"
     "78d80325b6ef5a1700f65903b469429e89d6eac8845097b5ab393189db92512ed8a7711a12"
     "53facd20f79c15e8247f3d3e42e46e48c98e254a2fe9765313a03eff8f17e1a029397a1fa2"
     "6a8dce26f490ed81299615d9814c22da610428e09c7d9658594266f5c021d0fceca08d945a"
     "12be82de4d1ece6b4c03145b5d3495d4ed5411eb878daf05fd7afc3e09ada0f1126422f590"
     "975a1969816f48698bcbba1b4d9cae79d460d8f9f85e7975005d9bc22c4e5ac0f7c1a45d12"
     "569a62807d3b9a02e5a530e773066f453d1f5b4c2e9cf7820283f742b9d50203010001",
     "313233343030",
     "1758eb94588e6fc4f50c1be1afcaa41027869f304cad513b1fb12c2f446d63cdc05c4830a7"
     "e3e630da7b2da4f7867cc173bf6420f9732277282596de41ded32e21d0cc31441174da8765"
     "f57419c7764ea758f55bc17646eb100c435d1ac0eed6fc7ba6de5f832094ee2f479979765e"
     "05ac9976788db3c241a9e32a0da864f0019a87646ba623d63f4411af5dee1be9ec488c7e3e"
     "1b231479de70b9ac5f78a17b1f4120aece45f26c07e7bb345fdfeb05e14bcaacc614672a46"
     "5fc523624cb19f66f9c6c3f642b832ca44cb25176d679f0e05606c3fed022cac24c2bf960a"
     "406d48818e3eb7ed53b0446032469047dfed95fc18088c92d91d93722c47f88163a8"},
    /* RFC 6979 A.2.5, SHA-256, "sample". */
    {"ECDSA", KMS_KEY_SPEC_ECC_NIST_P256, KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_256,
     "3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961"
     "eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc"
     "64f2f1b20c2d7e9f5177a3c294d4462299",
     "73616d706c65",
     "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
};

static KMS_RC test_published(const struct published *p)
{
    struct hex spki, message, signature;
    struct kms_tbs tbs = {p->alg, KMS_MESSAGE_TYPE_RAW, from_hex(&message, p->message)};
    struct kms_bytes s = from_hex(&signature, p->signature);
    KMS_AUTO(pkey) key = NULL;

    if (kms_pkey_from_spki(p->spec, from_hex(&spki, p->spki), &key) != KMS_OK ||
        kms_sign_check(key, &tbs, s) != KMS_OK)
        return wrong(p->what);
    signature.p[s.n - 1] ^= 1;
    if (kms_sign_check(key, &tbs, s) != KMS_E_INVALID_SIGNATURE)
        return wrong(p->what);
    return KMS_OK;
}

/* A deterministic signature, byte by byte. */
static KMS_RC test_ed25519(const char *what, enum kms_signing_algorithm_spec alg,
                           enum kms_message_type type, const char *material,
                           const char *message, const char *want)
{
    struct hex m, t, w;
    struct kms_tbs tbs = {alg, type, from_hex(&t, message)};
    struct kms_bytes signature;
    KMS_AUTO(arena) arena = NULL;
    KMS_AUTO(pkey) key = NULL;

    KMS_TRY(kms_arena_new(&arena));
    KMS_TRY(
        kms_pkey_load(KMS_KEY_SPEC_ECC_NIST_EDWARDS25519, from_hex(&m, material), &key));
    KMS_TRY(kms_sign_make(key, &tbs, arena, &signature));
    if (!kms_bytes_eq(signature, from_hex(&w, want)) ||
        kms_sign_check(key, &tbs, signature) != KMS_OK)
        return wrong(what);
    return KMS_OK;
}

/* Wycheproof, ecdh_secp256r1, case 1: material, the peer, the shared secret. */
static KMS_RC test_ecdh(void)
{
    static const char material[] =
        "010612465c89a023ab17855b0a6bcebfd3febb53aef84138647b5352e02c10c34604b59cc7"
        "671dd6a6b836e2cd9396ef5618b2ff3e8192dd7c9d36c27cb56ff916614826d9dbd5ae64cd"
        "d8575068bbc9e63f231ea57ed03248844c09331b95392053";
    static const char peer[] =
        "3059301306072a8648ce3d020106082a8648ce3d0301070342000462d5bd3372af75fe85a0"
        "40715d0f502428e07046868b0bfdfa61d731afe44f26ac333a93a9e70a81cd5a95b5bf8d13"
        "990eb741c8c38872b4a07d275a014e30cf";
    static const char want[] =
        "53020d908b0219328b658b525f26780e3ae12bcd952bb25a93bc0895e1714285";
    struct hex m, p, w;
    struct kms_bytes shared;
    KMS_AUTO(arena) arena = NULL;
    KMS_AUTO(pkey) key = NULL;

    KMS_TRY(kms_arena_new(&arena));
    KMS_TRY(kms_pkey_load(KMS_KEY_SPEC_ECC_NIST_P256, from_hex(&m, material), &key));
    KMS_TRY(kms_ecdh_derive(key, from_hex(&p, peer), arena, &shared));
    return kms_bytes_eq(shared, from_hex(&w, want)) ? KMS_OK : wrong("ECDH");
}

/* RFC 4231 test case 2. */
static KMS_RC test_macs(void)
{
    static const struct {
        enum kms_mac_algorithm_spec alg;
        const char *want;
    } macs[] = {
        {KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_224,
         "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"},
        {KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_256,
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_384,
         "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
         "8e2240ca5e69e2c78b3239ecfab21649"},
        {KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_512,
         "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
         "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    };
    struct hex w;

    for (size_t i = 0; i < sizeof macs / sizeof macs[0]; i++) {
        if (kms_sign_mac_check(macs[i].alg, kms_bytes_of_str(KMS_LIT("Jefe")),
                               kms_bytes_of_str(KMS_LIT("what do ya want for nothing?")),
                               from_hex(&w, macs[i].want)) != KMS_OK)
            return wrong(kms_mac_algorithm_spec_name(macs[i].alg));
    }
    return KMS_OK;
}

/* Wycheproof, mldsa_44_sign_seed, case 1: the public key of a seed, by its SHA-256. */
static KMS_RC test_ml_dsa(void)
{
    enum { PUBLIC = 1312 };
    struct hex m, w;
    uint8_t hash[KMS_SHA256_LEN];
    struct kms_bytes spki;
    KMS_AUTO(pkey) key = NULL;

    if (kms_pkey_supported(KMS_KEY_SPEC_ML_DSA_44) != KMS_OK)
        return KMS_OK;
    KMS_TRY(kms_pkey_load(
        KMS_KEY_SPEC_ML_DSA_44,
        from_hex(&m, "01"
                     "2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a"),
        &key));
    spki = kms_pkey_spki(key);
    KMS_TRY(kms_sha256((struct kms_bytes){spki.p + spki.n - PUBLIC, PUBLIC}, hash));
    return kms_bytes_eq(
               KMS_BYTES(hash),
               from_hex(
                   &w,
                   "d87f8ca136ac1aa55e2d6c4521680efb3a378cbb9bc0bfb446e9c60893931ea3"))
               ? KMS_OK
               : wrong("ML-DSA");
}

enum kms_rc kms_pkey_selftest(void)
{
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
        KMS_TRY(test_published(&published[i]));
    /* RFC 8032 section 7.1, test 2. */
    KMS_TRY(test_ed25519(
        "Ed25519", KMS_SIGNING_ALGORITHM_SPEC_ED25519_SHA_512, KMS_MESSAGE_TYPE_RAW,
        "01"
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e"
        "15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
    /* OpenSSL 3.5, whichever way it is made here. */
    KMS_TRY(test_ed25519(
        "Ed25519ph", KMS_SIGNING_ALGORITHM_SPEC_ED25519_PH_SHA_512,
        KMS_MESSAGE_TYPE_DIGEST,
        "01"
        "ecfdb3516172f126ff94bd1826360c50203fb83f0906451da18c28fb669ce082",
        "f5be68c00ed99905cf29cda098fbdb157035396a3cad66ce49e67c34e8679fed4e1ccf4a41"
        "6295dee7264b44ed70eaf35a30e15571a770cefc806548662ba875",
        "65057269c48f75fba311bd3dd3c49e8cdbe96203c6c870861e13f62019add2970884a00da9"
        "7b2a2054492ab193a484162cd9f9a5a2bd5b378c6b34d86ac26e0c"));
    KMS_TRY(test_ecdh());
    KMS_TRY(test_macs());
    return test_ml_dsa();
}
