#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "token/p11.h"

enum { MENDS = 2, RETRY_US = 1000000 };

CK_RV kms_token_gcm(struct kms_token *t, const struct kms_p11_gcm *g, uint8_t *out,
                    CK_ULONG *n)
{
    CK_FUNCTION_LIST *fn = t->p11.fn;
    CK_GCM_PARAMS params = {
        .pIv = (CK_BYTE_PTR)(uintptr_t)g->iv,
        .ulIvLen = KMS_P11_IV_LEN,
        .ulIvBits = 8UL * KMS_P11_IV_LEN,
        .pAAD = (CK_BYTE_PTR)(uintptr_t)g->aad.p,
        .ulAADLen = g->aad.n,
        .ulTagBits = 8UL * KMS_P11_TAG_LEN,
    };
    CK_MECHANISM gcm = {CKM_AES_GCM, &params, sizeof params};
    CK_BYTE_PTR in = (CK_BYTE_PTR)(uintptr_t)g->in.p;
    CK_RV rv = g->encrypt ? fn->C_EncryptInit(t->session, &gcm, g->key)
                          : fn->C_DecryptInit(t->session, &gcm, g->key);

    if (rv != CKR_OK)
        return rv;
    *n = g->in.n + (g->encrypt ? KMS_P11_TAG_LEN : 0);
    return g->encrypt ? fn->C_Encrypt(t->session, in, g->in.n, out, n)
                      : fn->C_Decrypt(t->session, in, g->in.n, out, n);
}

/* True when a new session may help. */
static bool is_loss(CK_RV rv)
{
    switch (rv) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_OPERATION_ACTIVE:
    case CKR_OPERATION_NOT_INITIALIZED:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
    case CKR_DEVICE_ERROR:
    case CKR_DEVICE_REMOVED:
    case CKR_TOKEN_NOT_PRESENT:
        return true;
    default:
        return false;
    }
}

/*
 * Some tokens (SoftHSM2 2.6 is one) answer a wrong tag as they answer everything that
 * goes wrong. Whether the sealing key can still be seen tells a ciphertext that is not
 * the token's own from a token that is gone.
 */
static CK_RV explain(struct kms_token *t, CK_RV rv)
{
    uint8_t id[KMS_KEK_ID_LEN];
    CK_ATTRIBUTE attr = {CKA_ID, id, sizeof id};

    if (rv != CKR_GENERAL_ERROR && rv != CKR_FUNCTION_FAILED)
        return rv;
    return t->p11.fn->C_GetAttributeValue(t->session, t->kek, &attr, 1) == CKR_OK
               ? rv
               : CKR_TOKEN_NOT_PRESENT;
}

/* One try. A fresh IV for each message that is sealed, iv being g->iv. */
static CK_RV attempt(struct kms_token *t, struct kms_p11_gcm *g, uint8_t *iv,
                     uint8_t *out, CK_ULONG *n)
{
    CK_RV rv = CKR_OK;

    if (!t->open)
        return CKR_SESSION_CLOSED;
    if (g->encrypt)
        rv = t->p11.fn->C_GenerateRandom(t->session, iv, KMS_P11_IV_LEN);
    g->key = t->use;
    if (rv == CKR_OK)
        rv = kms_token_gcm(t, g, out, n);
    return explain(t, rv);
}

/* The first time a new session; the second time the module starts anew as well. */
static KMS_RC mend(struct kms_token *t, int times)
{
    if (times > 0) {
        kms_p11_stop(&t->p11);
        t->open = false;
        KMS_TRY(kms_p11_initialize(&t->p11));
    }
    return kms_token_connect(t);
}

static KMS_RC run(struct kms_token *t, struct kms_p11_gcm *g, uint8_t *iv, uint8_t *out,
                  CK_ULONG *n)
{
    const char *call = g->encrypt ? "C_Encrypt" : "C_Decrypt";
    enum kms_rc rc = KMS_OK;
    CK_RV rv;

    if (!t->has_kek)
        return kms_err(KMS_E_TOKEN, "token: no sealing key is in use");
    if (!atomic_load(&t->healthy) && kms_clock_mono_us() < t->retry_us)
        return kms_err(KMS_E_TOKEN,
                       "token: it failed a moment ago and is tried again soon");
    rv = attempt(t, g, iv, out, n);
    for (int times = 0; is_loss(rv) && times < MENDS; times++) {
        rc = mend(t, times);
        if (rc == KMS_OK)
            rv = attempt(t, g, iv, out, n);
    }
    /* A token that refuses a message is well. */
    atomic_store(&t->healthy, !is_loss(rv));
    if (rv == CKR_OK)
        return KMS_OK;
    if (!is_loss(rv))
        return kms_p11_err(call, rv);
    t->retry_us = kms_clock_mono_us() + RETRY_US;
    return rc != KMS_OK ? rc : kms_p11_err(call, rv);
}

enum kms_rc kms_token_seal(struct kms_token *t, struct kms_bytes aad,
                           const struct kms_secret *plain, struct kms_buf *out)
{
    KMS_AUTO_BUF sealed = {0};
    struct kms_bytes in = kms_secret_view(plain);
    uint8_t *at = kms_buf_room(&sealed, KMS_P11_IV_LEN + in.n + KMS_P11_TAG_LEN);
    struct kms_p11_gcm g = {.encrypt = true, .iv = at, .aad = aad, .in = in};
    CK_ULONG n = 0;
    enum kms_rc rc;

    assert(aad.n != 0); /* SoftHSM2 built with assertions aborts on an empty one */
    KMS_TRY(kms_buf_ok(&sealed));
    if (kms_fault_hit(KMS_FAULT_TOKEN_SEAL))
        return kms_p11_err("C_Encrypt", CKR_DEVICE_ERROR);
    pthread_mutex_lock(&t->lock);
    rc = run(t, &g, at, at + KMS_P11_IV_LEN, &n);
    pthread_mutex_unlock(&t->lock);
    KMS_TRY(rc);
    if (n != in.n + KMS_P11_TAG_LEN)
        return kms_err(KMS_E_TOKEN, "token: C_Encrypt made %lu bytes of %zu", n, in.n);
    kms_buf_add(out, sealed.p, sealed.n);
    return kms_buf_ok(out);
}

enum kms_rc kms_token_unseal(struct kms_token *t, struct kms_bytes aad,
                             struct kms_bytes sealed, struct kms_secret **out)
{
    KMS_AUTO(secret) room = NULL;
    struct kms_p11_gcm g = {.aad = aad, .iv = sealed.p};
    CK_ULONG n = 0;
    enum kms_rc rc;

    assert(aad.n != 0);
    if (sealed.n <= KMS_P11_IV_LEN + KMS_P11_TAG_LEN)
        return kms_err(KMS_E_TOKEN, "token: %zu bytes are not sealed material", sealed.n);
    g.in = (struct kms_bytes){sealed.p + KMS_P11_IV_LEN, sealed.n - KMS_P11_IV_LEN};
    KMS_TRY(kms_secret_new(g.in.n, &room)); /* SoftHSM2 wants room for the tag as well */
    if (kms_fault_hit(KMS_FAULT_TOKEN_UNSEAL))
        return kms_p11_err("C_Decrypt", CKR_DEVICE_ERROR);
    pthread_mutex_lock(&t->lock);
    rc = run(t, &g, NULL, kms_secret_fill(room), &n);
    pthread_mutex_unlock(&t->lock);
    KMS_TRY(rc);
    if (n != g.in.n - KMS_P11_TAG_LEN)
        return kms_err(KMS_E_TOKEN, "token: C_Decrypt made %lu bytes of %zu", n, g.in.n);
    return kms_secret_copy((struct kms_bytes){kms_secret_view(room).p, n}, out);
}
