#include <string.h>

#include "token/p11.h"

static const CK_OBJECT_CLASS secret_key = CKO_SECRET_KEY;
static const CK_KEY_TYPE aes = CKK_AES;

static KMS_RC generate(struct kms_token *t, const uint8_t id[KMS_KEK_ID_LEN])
{
    static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    static const CK_ULONG len = 32;
    static const CK_MECHANISM_TYPE gcm = CKM_AES_GCM;
    static const char label[] = {'k', 'm', 's', 'd', ' ', 'k', 'e', 'k'};
    CK_MECHANISM how = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE template[] = {
        ATTR(CKA_CLASS, secret_key), ATTR(CKA_KEY_TYPE, aes),
        ATTR(CKA_VALUE_LEN, len),    ATTR(CKA_TOKEN, yes),
        ATTR(CKA_PRIVATE, yes),      ATTR(CKA_MODIFIABLE, no),
        ATTR(CKA_SENSITIVE, yes),    ATTR(CKA_EXTRACTABLE, no),
        ATTR(CKA_ENCRYPT, yes),      ATTR(CKA_DECRYPT, yes),
        ATTR(CKA_SIGN, no),          ATTR(CKA_VERIFY, no),
        ATTR(CKA_WRAP, no),          ATTR(CKA_UNWRAP, no),
        ATTR(CKA_DERIVE, no),        ATTR(CKA_ALLOWED_MECHANISMS, gcm),
        ATTR(CKA_LABEL, label),      {CKA_ID, (void *)(uintptr_t)id, KMS_KEK_ID_LEN},
    };
    CK_OBJECT_HANDLE key;
    CK_RV rv = t->p11.fn->C_GenerateKey(t->session, &how, template,
                                        sizeof template / sizeof template[0], &key);

    return rv == CKR_OK ? KMS_OK : kms_p11_err("C_GenerateKey (the sealing key)", rv);
}

enum kms_rc kms_token_kek_new(struct kms_token *t, uint8_t id[KMS_KEK_ID_LEN])
{
    uint8_t fresh[KMS_KEK_ID_LEN];
    enum kms_rc rc;
    CK_RV rv;

    pthread_mutex_lock(&t->lock);
    rv = t->p11.fn->C_GenerateRandom(t->session, fresh, sizeof fresh);
    rc = rv == CKR_OK ? generate(t, fresh) : kms_p11_err("C_GenerateRandom", rv);
    if (rc == KMS_OK)
        rc = kms_token_sync(t);
    pthread_mutex_unlock(&t->lock);
    if (rc == KMS_OK)
        memcpy(id, fresh, sizeof fresh);
    return rc;
}

/* At most two handles of AES keys with the id: the second tells that there are others. */
static KMS_RC find(struct kms_token *t, CK_OBJECT_HANDLE found[2], CK_ULONG *n)
{
    CK_FUNCTION_LIST *fn = t->p11.fn;
    static const CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = {
        ATTR(CKA_CLASS, secret_key),
        ATTR(CKA_KEY_TYPE, aes),
        ATTR(CKA_TOKEN, yes),
        ATTR(CKA_ID, t->kek_id),
    };
    CK_RV rv = fn->C_FindObjectsInit(t->session, template, 4);

    if (rv != CKR_OK)
        return kms_p11_err("C_FindObjectsInit", rv);
    rv = fn->C_FindObjects(t->session, found, 2, n);
    (void)fn->C_FindObjectsFinal(t->session);
    return rv == CKR_OK ? KMS_OK : kms_p11_err("C_FindObjects", rv);
}

enum kms_rc kms_token_find_kek(struct kms_token *t)
{
    static const CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE session_only = ATTR(CKA_TOKEN, no);
    char id[2 * KMS_KEK_ID_LEN + 1];
    CK_OBJECT_HANDLE found[2];
    CK_ULONG n = 0;

    t->kek = t->use = CK_INVALID_HANDLE;
    KMS_TRY(find(t, found, &n));
    if (n != 1) {
        kms_hex_encode(t->kek_id, KMS_KEK_ID_LEN, id);
        return kms_err(KMS_E_TOKEN,
                       n == 0
                           ? "token: no sealing key with CKA_ID %s; this is not the "
                             "token that the database was made with, or the key is gone"
                           : "token: more than one key has CKA_ID %s; remove the one "
                             "that is not kmsd's",
                       id);
    }
    t->kek = found[0];
    /*
     * A copy in the session is not read from the token's storage at every use. Modules
     * may refuse it for a key that is not modifiable (SoftHSM2 2.6 does): the token
     * object serves as well, only slower.
     */
    if (t->p11.fn->C_CopyObject(t->session, t->kek, &session_only, 1, &t->use) != CKR_OK)
        t->use = t->kek;
    return KMS_OK;
}

enum kms_rc kms_token_kek_use(struct kms_token *t, const uint8_t id[KMS_KEK_ID_LEN])
{
    enum kms_rc rc;

    pthread_mutex_lock(&t->lock);
    memcpy(t->kek_id, id, KMS_KEK_ID_LEN);
    rc = kms_token_find_kek(t);
    t->has_kek = rc == KMS_OK;
    pthread_mutex_unlock(&t->lock);
    return rc;
}
