#include <string.h>
#include <sys/random.h>

#include "token/p11.h"

enum { SLOTS_MAX = 64, SO_PIN_LEN = 64 };

/* A slot with a token that nobody has initialised yet; SoftHSM2 always offers one. */
static KMS_RC free_slot(const struct kms_p11 *p11, CK_SLOT_ID *out)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG n = SLOTS_MAX;
    CK_RV rv = p11->fn->C_GetSlotList(CK_TRUE, slots, &n);

    if (rv != CKR_OK)
        return kms_p11_err("C_GetSlotList", rv);
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;

        if (p11->fn->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            (info.flags & CKF_TOKEN_INITIALIZED) == 0) {
            *out = slots[i];
            return KMS_OK;
        }
    }
    return kms_err(KMS_E_TOKEN,
                   "token: every token of this module is initialised already; "
                   "initialise one for kmsd with the module's own tool");
}

/* Random hex digits: any token takes them for a PIN. */
static KMS_RC random_pin(struct kms_secret **out)
{
    KMS_AUTO(secret) pin = NULL;
    uint8_t raw[SO_PIN_LEN / 2];
    char hex[SO_PIN_LEN + 1];

    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
        return kms_err(KMS_E_IO, "the kernel gives no random bytes");
    KMS_TRY(kms_secret_new(SO_PIN_LEN, &pin));
    kms_hex_encode(raw, sizeof raw, hex);
    memcpy(kms_secret_fill(pin), hex, SO_PIN_LEN);
    kms_wipe(raw, sizeof raw);
    kms_wipe(hex, sizeof hex);
    *out = KMS_TAKE(pin);
    return KMS_OK;
}

static KMS_RC set_user_pin(const struct kms_p11 *p11, CK_SLOT_ID slot,
                           const struct kms_secret *so_pin, const struct kms_secret *pin)
{
    struct kms_bytes so = kms_secret_view(so_pin), user = kms_secret_view(pin);
    CK_SESSION_HANDLE session;
    CK_RV rv = p11->fn->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                                      NULL, &session);

    if (rv != CKR_OK)
        return kms_p11_err("C_OpenSession", rv);
    rv = p11->fn->C_Login(session, CKU_SO, (CK_UTF8CHAR_PTR)(uintptr_t)so.p, so.n);
    if (rv == CKR_OK)
        rv = p11->fn->C_InitPIN(session, (CK_UTF8CHAR_PTR)(uintptr_t)user.p, user.n);
    (void)p11->fn->C_CloseSession(session); /* the last one logs out */
    return rv == CKR_OK ? KMS_OK : kms_p11_err("setting the user PIN (C_InitPIN)", rv);
}

static KMS_RC init(const struct kms_p11 *p11, const struct kms_token_opts *opts)
{
    KMS_AUTO(secret) so_pin = NULL;
    CK_UTF8CHAR label[32];
    CK_SLOT_ID slot, taken;
    struct kms_bytes so;
    CK_RV rv;

    KMS_TRY(kms_p11_label(opts->label, label));
    if (kms_p11_slot(p11, opts->label, &taken) == KMS_OK)
        return kms_err(KMS_E_CONFIG, "a token labelled \"%s\" is there already",
                       opts->label);
    KMS_TRY(free_slot(p11, &slot));
    KMS_TRY(random_pin(&so_pin));
    so = kms_secret_view(so_pin);
    rv = p11->fn->C_InitToken(slot, (CK_UTF8CHAR_PTR)(uintptr_t)so.p, so.n, label);
    if (rv != CKR_OK)
        return kms_p11_err("C_InitToken", rv);
    return set_user_pin(p11, slot, so_pin, opts->pin);
}

enum kms_rc kms_token_init(const struct kms_token_opts *opts)
{
    struct kms_p11 p11 = {0};
    enum kms_rc rc;

    KMS_TRY(kms_p11_start(opts->module, &p11));
    rc = init(&p11, opts);
    kms_p11_stop(&p11);
    return rc;
}
