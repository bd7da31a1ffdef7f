#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "crypto/cose.h"
#include "crypto/pki_ext.h"
#include "wire/cbor.h"

KMS_OSSL_OWNED(ECDSA_SIG);
KMS_OSSL_OWNED(EVP_MD_CTX);

enum { TAG_SIGN1 = 0xd2 /* tag 18 */, HALF = KMS_COSE_ES384_LEN / 2, DER_MAX = 128 };

/* {1: -35}: the algorithm is ES384. */
static const uint8_t es384[] = {0xa1, 0x01, 0x38, 0x22};

bool kms_cose_parse(struct kms_bytes message, struct kms_cose_sign1 *out)
{
    struct kms_bytes rest = message;
    struct kms_cbor array, header, unprotected, payload, signature;

    if (rest.n != 0 && rest.p[0] == TAG_SIGN1)
        rest = (struct kms_bytes){rest.p + 1, rest.n - 1};
    if (!kms_cbor_take_kind(&rest, KMS_CBOR_ARRAY, &array) || array.number != 4 ||
        !kms_cbor_take_kind(&rest, KMS_CBOR_BYTES, &header) ||
        !kms_cbor_take_kind(&rest, KMS_CBOR_MAP, &unprotected) ||
        !kms_cbor_take_kind(&rest, KMS_CBOR_BYTES, &payload) ||
        !kms_cbor_take_kind(&rest, KMS_CBOR_BYTES, &signature) || rest.n != 0)
        return false;
    if (!kms_bytes_eq(header.bytes, KMS_BYTES(es384)) || unprotected.number != 0 ||
        signature.bytes.n != KMS_COSE_ES384_LEN)
        return false;
    *out = (struct kms_cose_sign1){header.bytes, payload.bytes, signature.bytes};
    return true;
}

/* The head of a byte string (RFC 8949 section 3), shortest form. */
static void put_bytes(struct kms_buf *b, struct kms_bytes s)
{
    uint8_t len[4];

    kms_put_be32(len, (uint32_t)s.n);
    if (s.n < 24) {
        kms_buf_byte(b, (uint8_t)(0x40 | s.n));
    } else if (s.n <= UINT8_MAX) {
        kms_buf_byte(b, 0x58);
        kms_buf_add(b, len + 3, 1);
    } else if (s.n <= UINT16_MAX) {
        kms_buf_byte(b, 0x59);
        kms_buf_add(b, len + 2, 2);
    } else {
        kms_buf_byte(b, 0x5a);
        kms_buf_add(b, len, 4);
    }
    kms_buf_add(b, s.p, s.n);
}

/* RFC 9052 section 4.4: what is signed. */
static KMS_RC sig_structure(const struct kms_cose_sign1 *m, struct kms_buf *out)
{
    static const char context[] = "\x84\x6aSignature1"; /* array of 4, text of 10 */

    kms_buf_add(out, context, sizeof context - 1);
    put_bytes(out, m->protected_header);
    put_bytes(out, (struct kms_bytes){(const uint8_t *)"", 0}); /* no external data */
    put_bytes(out, m->payload);
    return kms_buf_ok(out);
}

/* The library takes signatures as DER. */
static KMS_RC to_der(struct kms_bytes raw, uint8_t *der, size_t *n)
{
    KMS_OSSL_AUTO(ECDSA_SIG) sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.p, HALF, NULL), *s = BN_bin2bn(raw.p + HALF, HALF, NULL);
    int len;

    if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return kms_ossl_err("reading a signature");
    }
    len = i2d_ECDSA_SIG(sig, &der);
    if (len <= 0)
        return kms_ossl_err("reading a signature");
    *n = (size_t)len;
    return KMS_OK;
}

static bool is_p384(const EVP_PKEY *key)
{
    char group[32];
    size_t n;

    return key != NULL && EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &n) == 1 &&
           strcmp(group, "secp384r1") == 0;
}

static KMS_RC verify(const struct kms_cose_sign1 *m, EVP_PKEY *key)
{
    KMS_OSSL_AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    KMS_AUTO_BUF signed_bytes = {0};
    uint8_t der[DER_MAX];
    size_t n = 0;
    int good;

    KMS_TRY(sig_structure(m, &signed_bytes));
    KMS_TRY(to_der(m->signature, der, &n));
    if (ctx == NULL ||
        EVP_DigestVerifyInit_ex(ctx, NULL, "SHA384", NULL, NULL, key, NULL) != 1)
        return kms_ossl_err("setting up a signature check");
    good = EVP_DigestVerify(ctx, der, n, signed_bytes.p, signed_bytes.n);
    ERR_clear_error();
    return good == 1 ? KMS_OK : KMS_E_VALIDATION;
}

enum kms_rc kms_cose_verify(const struct kms_cose_sign1 *m, struct kms_bytes certificate)
{
    const uint8_t *at = certificate.p;
    KMS_OSSL_AUTO(X509) x = d2i_X509(NULL, &at, (long)certificate.n);
    EVP_PKEY *key = x != NULL ? X509_get0_pubkey(x) : NULL;

    ERR_clear_error();
    return is_p384(key) ? verify(m, key) : KMS_E_VALIDATION;
}
