#include <assert.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "crypto/kdf.h"
#include "crypto/rand.h"

enum { VERSION = 1, SUITE = 1, NONCE_LEN = 16 };

/* Where the parts of a blob begin. */
enum {
    AT_UUID = 2,
    AT_KMID = AT_UUID + KMS_UUID_LEN,
    AT_NONCE = AT_KMID + KMS_KMID_LEN,
    AT_IV = AT_NONCE + NONCE_LEN,
    AT_COMMIT = AT_IV + KMS_GCM_IV_LEN,
    AT_SEALED = AT_COMMIT + KMS_KBKDF_LEN
};

static_assert((int)AT_NONCE == (int)KMS_ENVELOPE_HEAD_LEN, "the header is 50 bytes");
static_assert((int)AT_SEALED + (int)KMS_GCM_TAG_LEN == (int)KMS_ENVELOPE_OVERHEAD,
              "version 1 adds 126 bytes");

static void write_head(const struct kms_envelope_key *key, uint8_t *head)
{
    head[0] = VERSION;
    head[1] = SUITE;
    memcpy(head + AT_UUID, key->uuid, KMS_UUID_LEN);
    memcpy(head + AT_KMID, key->kmid, KMS_KMID_LEN);
}

/* This message's key and commitment, from the nonce in the blob and its AAD. */
static KMS_RC derive(struct kms_bytes material, const struct kms_bytes aad[2],
                     const uint8_t *nonce, uint8_t kenc[KMS_GCM_KEY_LEN],
                     uint8_t commit[KMS_KBKDF_LEN])
{
    uint8_t ctx[NONCE_LEN + KMS_SHA256_LEN];

    if (material.n != KMS_ENVELOPE_KEY_LEN)
        return kms_err(KMS_E_CRYPTO, "an envelope key of %zu bytes", material.n);
    memcpy(ctx, nonce, NONCE_LEN);
    KMS_TRY(kms_sha256_parts(aad, 2, ctx + NONCE_LEN));
    KMS_TRY(kms_kbkdf(material, "kmsd-enc-v1", KMS_BYTES(ctx), kenc));
    return kms_kbkdf(material, "kmsd-commit-v1", KMS_BYTES(ctx), commit);
}

enum kms_rc kms_envelope_seal(const struct kms_envelope_key *key,
                              struct kms_bytes context, struct kms_bytes plain,
                              uint8_t *blob)
{
    const struct kms_bytes aad[2] = {{blob, KMS_ENVELOPE_HEAD_LEN}, context};
    uint8_t kenc[KMS_GCM_KEY_LEN];
    const struct kms_gcm g = {kenc, blob + AT_IV, aad, 2};
    enum kms_rc rc;

    write_head(key, blob);
    /* Nonce and IV are neighbours: one draw, one reseed check. */
    KMS_TRY(kms_rand_public(blob + AT_NONCE, NONCE_LEN + KMS_GCM_IV_LEN));
    rc = derive(key->material, aad, blob + AT_NONCE, kenc, blob + AT_COMMIT);
    if (rc == KMS_OK)
        rc = kms_gcm_seal(&g, plain, blob + AT_SEALED);
    kms_wipe(kenc, sizeof kenc);
    return rc;
}

static KMS_RC check_form(struct kms_bytes blob)
{
    return blob.n >= KMS_ENVELOPE_OVERHEAD && blob.p[0] == VERSION && blob.p[1] == SUITE
               ? KMS_OK
               : KMS_E_INVALID_CIPHERTEXT;
}

enum kms_rc kms_envelope_open(const struct kms_envelope_key *key,
                              struct kms_bytes context, struct kms_bytes blob,
                              uint8_t *plain)
{
    uint8_t head[KMS_ENVELOPE_HEAD_LEN], kenc[KMS_GCM_KEY_LEN], commit[KMS_KBKDF_LEN];
    const struct kms_bytes aad[2] = {KMS_BYTES(head), context};
    struct kms_gcm g = {kenc, NULL, aad, 2};
    struct kms_bytes sealed;
    enum kms_rc rc;

    KMS_TRY(check_form(blob));
    sealed = (struct kms_bytes){blob.p + AT_SEALED, blob.n - AT_SEALED};
    g.iv = blob.p + AT_IV;
    /* What is authenticated is the header that this key writes, not the one that came. */
    write_head(key, head);
    rc = derive(key->material, aad, blob.p + AT_NONCE, kenc, commit);
    if (rc == KMS_OK && (memcmp(head, blob.p, sizeof head) != 0 ||
                         !kms_ct_equal(commit, blob.p + AT_COMMIT, sizeof commit)))
        rc = KMS_E_INVALID_CIPHERTEXT;
    if (rc == KMS_OK)
        rc = kms_gcm_open(&g, sealed, plain);
    if (rc != KMS_OK)
        kms_wipe(plain, blob.n - KMS_ENVELOPE_OVERHEAD);
    kms_wipe(kenc, sizeof kenc);
    kms_wipe(commit, sizeof commit);
    return rc;
}

enum kms_rc kms_envelope_names(struct kms_bytes blob, uint8_t uuid[KMS_UUID_LEN],
                               uint8_t kmid[KMS_KMID_LEN])
{
    KMS_TRY(check_form(blob));
    memcpy(uuid, blob.p + AT_UUID, KMS_UUID_LEN);
    memcpy(kmid, blob.p + AT_KMID, KMS_KMID_LEN);
    return KMS_OK;
}
