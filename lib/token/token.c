#include <stdlib.h>
#include <string.h>

#include "token/p11.h"

/* Log in, unless this process is logged in already: that is per application. */
static KMS_RC log_in(struct kms_token *t, CK_SESSION_HANDLE session)
{
    struct kms_bytes pin = kms_secret_view(t->pin);
    CK_RV rv =
        t->p11.fn->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)pin.p, pin.n);

    return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN ? KMS_OK
                                                            : kms_p11_err("C_Login", rv);
}

enum kms_rc kms_token_connect(struct kms_token *t)
{
    CK_FUNCTION_LIST *fn = t->p11.fn;
    CK_SESSION_HANDLE session;
    CK_SLOT_ID slot;
    enum kms_rc rc;
    CK_RV rv;

    if (t->open)
        (void)fn->C_CloseSession(t->session);
    t->open = false;
    KMS_TRY(kms_p11_slot(&t->p11, t->label, &slot));
    rv = fn->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                           &session);
    if (rv != CKR_OK)
        return kms_p11_err("C_OpenSession", rv);
    rc = log_in(t, session);
    if (rc != KMS_OK) {
        (void)fn->C_CloseSession(session);
        return rc;
    }
    t->session = session;
    t->open = true;
    return t->has_kek ? kms_token_find_kek(t) : KMS_OK;
}

enum kms_rc kms_token_open(const struct kms_token_opts *opts, struct kms_token **out)
{
    KMS_AUTO(token) t = calloc(1, sizeof *t);

    if (t == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a token");
    pthread_mutex_init(&t->lock, NULL);
    atomic_init(&t->healthy, true);
    t->label = strdup(opts->label);
    if (t->label == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a token");
    KMS_TRY(kms_secret_copy(kms_secret_view(opts->pin), &t->pin));
    KMS_TRY(kms_p11_start(opts->module, &t->p11));
    KMS_TRY(kms_token_connect(t));
    *out = KMS_TAKE(t);
    return KMS_OK;
}

void kms_token_free(struct kms_token *t)
{
    if (t == NULL)
        return;
    if (t->open)
        (void)t->p11.fn->C_CloseSession(t->session);
    kms_p11_stop(&t->p11);
    kms_secret_free(t->pin);
    pthread_mutex_destroy(&t->lock);
    free(t->label);
    free(t);
}

bool kms_token_healthy(struct kms_token *t)
{
    return atomic_load(&t->healthy);
}

enum kms_rc kms_token_describe(struct kms_token *t, struct kms_arena *a,
                               struct kms_str *out)
{
    CK_INFO lib;
    CK_TOKEN_INFO token;
    CK_SLOT_ID slot;
    struct kms_str maker, model;
    enum kms_rc rc;
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&t->lock);
    rc = kms_p11_slot(&t->p11, t->label, &slot);
    if (rc == KMS_OK)
        rv = t->p11.fn->C_GetTokenInfo(slot, &token);
    if (rc == KMS_OK && rv == CKR_OK)
        rv = t->p11.fn->C_GetInfo(&lib);
    pthread_mutex_unlock(&t->lock);
    KMS_TRY(rc);
    if (rv != CKR_OK)
        return kms_p11_err("C_GetTokenInfo", rv);
    maker = kms_p11_text(token.manufacturerID, sizeof token.manufacturerID);
    model = kms_p11_text(token.model, sizeof token.model);
    return kms_arena_fmt(a, out, "%.*s, %.*s, library %d.%d", KMS_FMT(maker),
                         KMS_FMT(model), lib.libraryVersion.major,
                         lib.libraryVersion.minor);
}
