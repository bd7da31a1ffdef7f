#include <dlfcn.h>
#include <string.h>

#include "token/p11.h"

enum { SLOTS_MAX = 64, FIELD_LEN = 32 };

enum kms_rc kms_p11_label(const char *label, CK_UTF8CHAR out[FIELD_LEN])
{
    size_t n = strlen(label);

    if (n == 0 || n > FIELD_LEN)
        return kms_err(KMS_E_CONFIG, "the token label \"%s\" must have 1 to %d bytes",
                       label, FIELD_LEN);
    memset(out, ' ', FIELD_LEN);
    memcpy(out, label, n);
    return KMS_OK;
}

struct kms_str kms_p11_text(const CK_UTF8CHAR *field, size_t n)
{
    while (n > 0 && (field[n - 1] == ' ' || field[n - 1] == '\0'))
        n--;
    return (struct kms_str){(const char *)field, n};
}

enum kms_rc kms_p11_initialize(struct kms_p11 *p11)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_RV rv = p11->fn->C_Initialize(&args);

    /* Another library of this process may use the same module: then it is not ours. */
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return kms_p11_err("C_Initialize", rv);
    p11->ours = rv == CKR_OK;
    return KMS_OK;
}

enum kms_rc kms_p11_start(const char *module, struct kms_p11 *out)
{
    struct kms_p11 p11 = {0};
    CK_C_GetFunctionList get;
    void *dl = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    CK_RV rv;

    if (dl == NULL)
        return kms_err(KMS_E_CONFIG, "the PKCS#11 module cannot be loaded: %s",
                       dlerror());
    /* ISO C has no cast from an object pointer to a function pointer; POSIX does this. */
    *(void **)(void *)&get = dlsym(dl, "C_GetFunctionList");
    if (get == NULL)
        return kms_err(KMS_E_CONFIG, "%s is not a PKCS#11 module", module);
    rv = get(&p11.fn);
    if (rv != CKR_OK)
        return kms_p11_err("C_GetFunctionList", rv);
    KMS_TRY(kms_p11_initialize(&p11));
    *out = p11;
    return KMS_OK;
}

void kms_p11_stop(struct kms_p11 *p11)
{
    if (p11->fn != NULL && p11->ours)
        (void)p11->fn->C_Finalize(NULL);
    p11->ours = false;
}

enum kms_rc kms_p11_slot(const struct kms_p11 *p11, const char *label, CK_SLOT_ID *out)
{
    CK_UTF8CHAR want[FIELD_LEN];
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG n = SLOTS_MAX;
    int found = 0;
    CK_RV rv;

    KMS_TRY(kms_p11_label(label, want));
    rv = p11->fn->C_GetSlotList(CK_TRUE, slots, &n);
    if (rv != CKR_OK)
        return kms_p11_err("C_GetSlotList", rv);
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;

        if (p11->fn->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
            (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
            memcmp(info.label, want, sizeof want) != 0)
            continue;
        *out = slots[i];
        found++;
    }
    if (found == 1)
        return KMS_OK;
    return kms_err(KMS_E_CONFIG,
                   found == 0 ? "no token is labelled \"%s\"; look at the label and, for "
                                "SoftHSM2, at SOFTHSM2_CONF"
                              : "more than one token is labelled \"%s\"; give them "
                                "different labels",
                   label);
}
