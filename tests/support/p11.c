#include <check.h>
#include <dlfcn.h>

#include "support/p11.h"

CK_FUNCTION_LIST *raw_module(void)
{
    CK_FUNCTION_LIST *fn;
    CK_C_GetFunctionList get;

    *(void **)(void *)&get =
        dlsym(dlopen(kms_token_default_module(), RTLD_NOW), "C_GetFunctionList");
    ck_assert_int_eq(get(&fn), CKR_OK);
    return fn;
}

CK_SESSION_HANDLE raw_session(CK_FUNCTION_LIST *fn, CK_SLOT_ID *slot)
{
    CK_SLOT_ID slots[8];
    CK_ULONG n = 8;
    CK_SESSION_HANDLE s;

    ck_assert_int_eq(fn->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
    ck_assert_int_eq(
        fn->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s),
        CKR_OK);
    *slot = slots[0];
    return s;
}

void raw_bad_key(const uint8_t id[KMS_KEK_ID_LEN], CK_ATTRIBUTE_TYPE odd,
                 CK_BBOOL odd_value, bool any_mechanism)
{
    CK_FUNCTION_LIST *fn = raw_module();
    CK_MECHANISM how = {CKM_AES_KEY_GEN, NULL, 0};
    CK_MECHANISM_TYPE gcm = CKM_AES_GCM;
    CK_ULONG len = 32;
    struct {
        CK_ATTRIBUTE_TYPE type;
        CK_BBOOL value;
    } flags[] = {{CKA_TOKEN, 1},       {CKA_PRIVATE, 1},    {CKA_SENSITIVE, 1},
                 {CKA_EXTRACTABLE, 0}, {CKA_MODIFIABLE, 0}, {CKA_ENCRYPT, 1},
                 {CKA_DECRYPT, 1},     {CKA_WRAP, 0},       {CKA_UNWRAP, 0},
                 {CKA_SIGN, 0},        {CKA_DERIVE, 0}};
    enum { FLAGS = sizeof flags / sizeof flags[0] };
    CK_ATTRIBUTE t[FLAGS + 3];
    CK_OBJECT_HANDLE key;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE s = raw_session(fn, &slot);

    for (size_t i = 0; i < FLAGS; i++) {
        if (flags[i].type == odd)
            flags[i].value = odd_value;
        t[i] = (CK_ATTRIBUTE){flags[i].type, &flags[i].value, sizeof flags[i].value};
    }
    t[FLAGS] = (CK_ATTRIBUTE){CKA_VALUE_LEN, &len, sizeof len};
    t[FLAGS + 1] = (CK_ATTRIBUTE){CKA_ID, (void *)(uintptr_t)id, KMS_KEK_ID_LEN};
    t[FLAGS + 2] = (CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, &gcm, sizeof gcm};
    ck_assert_int_eq(
        fn->C_GenerateKey(s, &how, t, any_mechanism ? FLAGS + 2 : FLAGS + 3, &key),
        CKR_OK);
    fn->C_CloseSession(s);
}
