#include "crypto/cms.h"
#include "crypto/digest.h"
#include "crypto/oaep.h"
#include "crypto/ossl.h"
#include "crypto/pkey_der.h"
#include "crypto/rand.h"
#include "key/spec.h"

KMS_OSSL_OWNED(EVP_CIPHER_CTX);

enum { KEY_LEN = 32, BLOCK = 16, RSA_MAX = 512 };

/* Whole values: object identifiers and what goes with them. */
static const uint8_t enveloped_data[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x07, 0x03};
static const uint8_t data[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                               0xf7, 0x0d, 0x01, 0x07, 0x01};
static const uint8_t aes_256_cbc[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x01, 0x2a};
static const uint8_t version_2[] = {0x02, 0x01, 0x02};
/* rsaesOaep with SHA-256, MGF1 with SHA-256, and the default, empty label (RFC 4055). */
static const uint8_t oaep_sha256[] = {
    0x30, 0x3c, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07,
    0x30, 0x2f, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
    0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a,
    0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60,
    0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00};

enum { SET = 0x31, SUBJECT_KEY_ID = 0x80 };
static const uint8_t open_sequence[] = {0x30, 0x80}, open_context_0[] = {0xa0, 0x80};

static KMS_RC load(struct kms_bytes spki, struct kms_pkey **out)
{
    static const enum kms_key_spec specs[] = {
        KMS_KEY_SPEC_RSA_2048, KMS_KEY_SPEC_RSA_3072, KMS_KEY_SPEC_RSA_4096};
    enum kms_rc rc = KMS_E_VALIDATION;

    for (size_t i = 0; i < sizeof specs / sizeof specs[0] && rc == KMS_E_VALIDATION; i++)
        rc = kms_pkey_from_spki(specs[i], spki, out);
    return rc;
}

enum kms_rc kms_cms_check_key(struct kms_bytes spki)
{
    KMS_AUTO(pkey) key = NULL;

    return load(spki, &key);
}

static void put(struct kms_buf *b, const uint8_t *p, size_t n)
{
    kms_buf_add(b, p, n);
}
#define PUT(b, array) put((b), (array), sizeof(array))

static void put_value(struct kms_buf *b, uint8_t tag, const uint8_t *p, size_t n)
{
    kms_der_head(b, tag, n);
    kms_buf_add(b, p, n);
}

/* A KeyTransRecipientInfo of version 2, alone in its set. */
static KMS_RC put_recipient(struct kms_buf *b, struct kms_bytes spki,
                            const uint8_t *wrapped, size_t n)
{
    uint8_t id[KMS_SHA256_LEN];
    size_t len =
        sizeof version_2 + kms_der_len(sizeof id) + sizeof oaep_sha256 + kms_der_len(n);

    KMS_TRY(kms_sha256(spki, id));
    kms_der_head(b, SET, kms_der_len(len));
    kms_der_head(b, KMS_DER_SEQUENCE, len);
    PUT(b, version_2);
    put_value(b, SUBJECT_KEY_ID, id, sizeof id);
    PUT(b, oaep_sha256);
    put_value(b, KMS_DER_OCTET_STRING, wrapped, n);
    return kms_buf_ok(b);
}

/* Padded as RFC 5652 section 6.3 says. */
static KMS_RC encrypt(const uint8_t key[KEY_LEN], const uint8_t iv[BLOCK],
                      struct kms_bytes plain, struct kms_buf *b)
{
    KMS_OSSL_AUTO(EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new();
    size_t len = (plain.n / BLOCK + 1) * BLOCK;
    uint8_t *out;
    int n = 0, last = 0;

    if (plain.n > KMS_OSSL_LEN_MAX)
        return kms_err(KMS_E_CRYPTO, "AES-CBC of an oversize message");
    kms_der_head(b, KMS_DER_OCTET_STRING, len);
    out = kms_buf_room(b, len);
    KMS_TRY(kms_buf_ok(b));
    if (ctx == NULL || EVP_EncryptInit_ex2(ctx, EVP_aes_256_cbc(), key, iv, NULL) != 1 ||
        EVP_EncryptUpdate(ctx, out, &n, plain.p, (int)plain.n) != 1 ||
        EVP_EncryptFinal_ex(ctx, out + n, &last) != 1 || (size_t)(n + last) != len)
        return kms_ossl_err("AES-256-CBC encryption");
    return KMS_OK;
}

static KMS_RC put_content(struct kms_buf *b, const uint8_t key[KEY_LEN],
                          struct kms_bytes plain)
{
    uint8_t iv[BLOCK];

    KMS_TRY(kms_rand_public(iv, sizeof iv));
    PUT(b, open_sequence); /* EncryptedContentInfo */
    PUT(b, data);
    kms_der_head(b, KMS_DER_SEQUENCE, sizeof aes_256_cbc + kms_der_len(sizeof iv));
    PUT(b, aes_256_cbc);
    put_value(b, KMS_DER_OCTET_STRING, iv, sizeof iv);
    PUT(b, open_context_0); /* encryptedContent, in one piece */
    return encrypt(key, iv, plain, b);
}

static KMS_RC envelop(struct kms_bytes spki, struct kms_bytes plain,
                      const uint8_t key[KEY_LEN], struct kms_buf *out)
{
    static const uint8_t ends[5 * 2]; /* of the five that are open */
    KMS_AUTO(pkey) recipient = NULL;
    uint8_t wrapped[RSA_MAX];

    KMS_TRY(load(spki, &recipient));
    KMS_TRY(kms_oaep_seal(recipient, KMS_OAEP_SHA_256, (struct kms_bytes){key, KEY_LEN},
                          wrapped));
    PUT(out, open_sequence); /* ContentInfo */
    PUT(out, enveloped_data);
    PUT(out, open_context_0);
    PUT(out, open_sequence); /* EnvelopedData */
    PUT(out, version_2);
    KMS_TRY(put_recipient(out, spki, wrapped, kms_spec_width(kms_pkey_spec(recipient))));
    KMS_TRY(put_content(out, key, plain));
    PUT(out, ends);
    return kms_buf_ok(out);
}

enum kms_rc kms_cms_envelop(struct kms_bytes spki, struct kms_bytes plain,
                            struct kms_buf *out)
{
    uint8_t key[KEY_LEN];
    enum kms_rc rc = kms_rand_secret(key, sizeof key);

    if (rc == KMS_OK)
        rc = envelop(spki, plain, key, out);
    kms_wipe(key, sizeof key);
    return rc;
}
