#include <stdio.h>
#include <string.h>

#include "token/p11.h"

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

static enum kms_rc permitted(const char *what)
{
    return kms_err(
        KMS_E_TOKEN,
        "token self-test: the token permits to %s the sealing key; do not trust "
        "this key or this module with anything",
        what);
}

/* What the key says about itself. An attribute a module does not have is no proof. */
static const struct {
    CK_ATTRIBUTE_TYPE type;
    CK_BBOOL want;
    const char *name;
} properties[] = {
    {CKA_PRIVATE, CK_TRUE, "CKA_PRIVATE"},
    {CKA_SENSITIVE, CK_TRUE, "CKA_SENSITIVE"},
    {CKA_ALWAYS_SENSITIVE, CK_TRUE, "CKA_ALWAYS_SENSITIVE"},
    {CKA_EXTRACTABLE, CK_FALSE, "CKA_EXTRACTABLE"},
    {CKA_NEVER_EXTRACTABLE, CK_TRUE, "CKA_NEVER_EXTRACTABLE"},
    {CKA_MODIFIABLE, CK_FALSE, "CKA_MODIFIABLE"},
    {CKA_LOCAL, CK_TRUE, "CKA_LOCAL"},
    {CKA_ENCRYPT, CK_TRUE, "CKA_ENCRYPT"},
    {CKA_DECRYPT, CK_TRUE, "CKA_DECRYPT"},
    {CKA_WRAP, CK_FALSE, "CKA_WRAP"},
    {CKA_UNWRAP, CK_FALSE, "CKA_UNWRAP"},
    {CKA_SIGN, CK_FALSE, "CKA_SIGN"},
    {CKA_DERIVE, CK_FALSE, "CKA_DERIVE"},
};

static KMS_RC check_properties(struct kms_token *t, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM_TYPE allowed[2] = {0};
    CK_ATTRIBUTE mechs = {CKA_ALLOWED_MECHANISMS, allowed, sizeof allowed};
    CK_RV rv;

    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
        CK_BBOOL got = properties[i].want == CK_TRUE ? CK_FALSE : CK_TRUE;
        CK_ATTRIBUTE attr = {properties[i].type, &got, sizeof got};

        rv = t->p11.fn->C_GetAttributeValue(t->session, key, &attr, 1);
        if (rv != CKR_OK)
            return kms_p11_err(properties[i].name, rv);
        if (got != properties[i].want)
            return kms_err(
                KMS_E_TOKEN,
                "token self-test: %s of the sealing key is %s; it was not made "
                "by kmsd, do not use it",
                properties[i].name, got == CK_TRUE ? "true" : "false");
    }
    rv = t->p11.fn->C_GetAttributeValue(t->session, key, &mechs, 1);
    if (rv != CKR_OK)
        return kms_p11_err("CKA_ALLOWED_MECHANISMS", rv);
    if (mechs.ulValueLen != sizeof allowed[0] || allowed[0] != CKM_AES_GCM)
        return kms_err(KMS_E_TOKEN, "token self-test: the sealing key allows other "
                                    "mechanisms than CKM_AES_GCM; do not use it");
    return KMS_OK;
}

static KMS_RC check_reveal(struct kms_token *t, CK_OBJECT_HANDLE key)
{
    uint8_t value[64];
    CK_ATTRIBUTE attr = {CKA_VALUE, value, sizeof value};
    CK_RV rv = t->p11.fn->C_GetAttributeValue(t->session, key, &attr, 1);

    kms_wipe(value, sizeof value);
    return rv == CKR_OK ? permitted("read the value of") : KMS_OK;
}

/* Weaken in place: each of these would make the key extractable, or an oracle. */
static KMS_RC check_weaken(struct kms_token *t, CK_OBJECT_HANDLE key)
{
    static const struct {
        CK_ATTRIBUTE attr;
        const char *what;
    } tries[] = {
        {ATTR(CKA_EXTRACTABLE, yes), "set CKA_EXTRACTABLE of"},
        {ATTR(CKA_SENSITIVE, no), "clear CKA_SENSITIVE of"},
        {ATTR(CKA_WRAP, yes), "set CKA_WRAP of"},
        {ATTR(CKA_UNWRAP, yes), "set CKA_UNWRAP of"},
        {ATTR(CKA_DERIVE, yes), "set CKA_DERIVE of"},
    };

    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        CK_ATTRIBUTE attr = tries[i].attr;

        if (t->p11.fn->C_SetAttributeValue(t->session, key, &attr, 1) == CKR_OK)
            return permitted(tries[i].what);
    }
    return KMS_OK;
}

/* Weaken on the way: the same on a copy. A copy that was permitted is destroyed. */
static KMS_RC check_copies(struct kms_token *t, CK_OBJECT_HANDLE key)
{
    static const CK_MECHANISM_TYPE ecb = CKM_AES_ECB;
    static const struct {
        CK_ATTRIBUTE attr;
        const char *what;
    } tries[] = {
        {ATTR(CKA_EXTRACTABLE, yes), "make an extractable copy of"},
        {ATTR(CKA_SENSITIVE, no), "make a readable copy of"},
        {ATTR(CKA_MODIFIABLE, yes), "make a modifiable copy of"},
        {ATTR(CKA_WRAP, yes), "make a wrapping copy of"},
        {ATTR(CKA_DERIVE, yes), "make a deriving copy of"},
        {ATTR(CKA_ALLOWED_MECHANISMS, ecb), "make a copy for other mechanisms of"},
    };

    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        CK_ATTRIBUTE template[] = {ATTR(CKA_TOKEN, no), tries[i].attr};
        CK_OBJECT_HANDLE copy;

        if (t->p11.fn->C_CopyObject(t->session, key, template, 2, &copy) != CKR_OK)
            continue;
        (void)t->p11.fn->C_DestroyObject(t->session, copy);
        return permitted(tries[i].what);
    }
    return KMS_OK;
}

/*
 * Wrap the key with another one, and another one with it: a key that can wrap and
 * decrypt gives away whatever it wraps. The other key is made for this and may wrap.
 */
static KMS_RC check_wrap(struct kms_token *t, CK_OBJECT_HANDLE key)
{
    static const CK_MECHANISM_TYPE hows[] = {CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD,
                                             CKM_AES_ECB};
    static const CK_ULONG len = 32;
    CK_ATTRIBUTE template[] = {ATTR(CKA_VALUE_LEN, len), ATTR(CKA_TOKEN, no),
                               ATTR(CKA_EXTRACTABLE, yes), ATTR(CKA_WRAP, yes)};
    CK_MECHANISM make = {CKM_AES_KEY_GEN, NULL, 0};
    CK_FUNCTION_LIST *fn = t->p11.fn;
    CK_OBJECT_HANDLE other;
    const char *what = NULL;
    CK_RV rv = fn->C_GenerateKey(t->session, &make, template, 4, &other);

    if (rv != CKR_OK)
        return kms_p11_err("C_GenerateKey (a wrapping key for the self-test)", rv);
    for (size_t i = 0; i < sizeof hows / sizeof hows[0]; i++) {
        CK_MECHANISM how = {hows[i], NULL, 0};
        uint8_t out[256];
        CK_ULONG n = sizeof out;

        if (fn->C_WrapKey(t->session, &how, other, key, out, &n) == CKR_OK)
            what = "wrap (and so export)";
        n = sizeof out;
        if (fn->C_WrapKey(t->session, &how, key, other, out, &n) == CKR_OK)
            what = "wrap other keys with";
        kms_wipe(out, sizeof out);
    }
    (void)fn->C_DestroyObject(t->session, other);
    return what != NULL ? permitted(what) : KMS_OK;
}

/* Another mechanism would turn the key into an oracle for GCM's block cipher. */
static KMS_RC check_mechanisms(struct kms_token *t, CK_OBJECT_HANDLE key)
{
    uint8_t block[16] = {0}, out[64];
    CK_MECHANISM tries[] = {{CKM_AES_ECB, NULL, 0},
                            {CKM_AES_CBC, block, sizeof block},
                            {CKM_AES_CBC_PAD, block, sizeof block}};
    CK_MECHANISM cmac = {CKM_AES_CMAC, NULL, 0};
    CK_FUNCTION_LIST *fn = t->p11.fn;
    CK_ULONG n = sizeof out;

    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        if (fn->C_EncryptInit(t->session, &tries[i], key) != CKR_OK)
            continue;
        /* Permitted: finish the operation, so that the session stays usable. */
        (void)fn->C_Encrypt(t->session, block, sizeof block, out, &n);
        return permitted("encrypt by another mechanism with");
    }
    if (fn->C_SignInit(t->session, &cmac, key) == CKR_OK) {
        (void)fn->C_Sign(t->session, block, sizeof block, out, &n);
        return permitted("sign with");
    }
    return KMS_OK;
}

static KMS_RC check_key(struct kms_token *t, CK_OBJECT_HANDLE key)
{
    KMS_TRY(check_properties(t, key));
    KMS_TRY(check_reveal(t, key));
    KMS_TRY(check_weaken(t, key));
    KMS_TRY(check_copies(t, key));
    KMS_TRY(check_wrap(t, key));
    return check_mechanisms(t, key);
}

/* And what it has to do: open what it sealed, and nothing under another AAD. */
static KMS_RC check_seal(struct kms_token *t)
{
    KMS_AUTO(secret) plain = NULL;
    KMS_AUTO(secret) back = NULL;
    KMS_AUTO(secret) foreign = NULL;
    KMS_AUTO_BUF sealed = {0};

    KMS_TRY(kms_secret_new(32, &plain));
    memset(kms_secret_fill(plain), 0x5a, 32);
    KMS_TRY(kms_token_seal(t, kms_bytes_of_str(KMS_LIT("self-test")), plain, &sealed));
    KMS_TRY(kms_token_unseal(t, kms_bytes_of_str(KMS_LIT("self-test")),
                             kms_buf_view(&sealed), &back));
    if (!kms_secret_equal(plain, back))
        return kms_err(KMS_E_TOKEN,
                       "token self-test: what was sealed opened differently");
    if (kms_token_unseal(t, kms_bytes_of_str(KMS_LIT("another")), kms_buf_view(&sealed),
                         &foreign) == KMS_OK)
        return kms_err(KMS_E_TOKEN,
                       "token self-test: sealed material opens under another "
                       "name; this AES-GCM is no use");
    return KMS_OK;
}

enum kms_rc kms_token_selftest(struct kms_token *t)
{
    enum kms_rc rc;

    pthread_mutex_lock(&t->lock);
    rc = t->has_kek ? check_key(t, t->kek)
                    : kms_err(KMS_E_TOKEN, "token: no sealing key is in use");
    if (rc == KMS_OK && t->use != t->kek)
        rc = check_key(t, t->use);
    pthread_mutex_unlock(&t->lock);
    return rc == KMS_OK ? check_seal(t) : rc;
}
