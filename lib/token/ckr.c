#include "token/p11.h"

/* Codes a token may be expected to answer, with what the operator can do about them. */
static const struct row {
    CK_RV rv;
    const char *name;
    const char *hint; /* or NULL */
} rows[] = {
    {CKR_HOST_MEMORY, "CKR_HOST_MEMORY", NULL},
    {CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID", NULL},
    {CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR",
     "the module does not say why; with SoftHSM2 look at SOFTHSM2_CONF and at who owns "
     "the token directory"},
    {CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED", NULL},
    {CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD", NULL},
    {CKR_CANT_LOCK, "CKR_CANT_LOCK", "the module is not made for threads; use another"},
    {CKR_ATTRIBUTE_READ_ONLY, "CKR_ATTRIBUTE_READ_ONLY", NULL},
    {CKR_ATTRIBUTE_SENSITIVE, "CKR_ATTRIBUTE_SENSITIVE", NULL},
    {CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID",
     "the module lacks an attribute that the sealing key needs; use another module"},
    {CKR_ATTRIBUTE_VALUE_INVALID, "CKR_ATTRIBUTE_VALUE_INVALID", NULL},
    {CKR_ACTION_PROHIBITED, "CKR_ACTION_PROHIBITED", NULL},
    {CKR_DATA_INVALID, "CKR_DATA_INVALID", NULL},
    {CKR_DATA_LEN_RANGE, "CKR_DATA_LEN_RANGE", NULL},
    {CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", "look at the device and its own log"},
    {CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY", "the token is full"},
    {CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED", "put the device back"},
    {CKR_ENCRYPTED_DATA_INVALID, "CKR_ENCRYPTED_DATA_INVALID", NULL},
    {CKR_ENCRYPTED_DATA_LEN_RANGE, "CKR_ENCRYPTED_DATA_LEN_RANGE", NULL},
    {CKR_FUNCTION_CANCELED, "CKR_FUNCTION_CANCELED", NULL},
    {CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED", NULL},
    {CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID", NULL},
    {CKR_KEY_SIZE_RANGE, "CKR_KEY_SIZE_RANGE", NULL},
    {CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT", NULL},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED", NULL},
    {CKR_KEY_NOT_WRAPPABLE, "CKR_KEY_NOT_WRAPPABLE", NULL},
    {CKR_KEY_UNEXTRACTABLE, "CKR_KEY_UNEXTRACTABLE", NULL},
    {CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID",
     "the module has no AES-GCM, or its configuration turns it off"},
    {CKR_MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID",
     "the module wants another form of AES-GCM parameters; use another module"},
    {CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID",
     "the key is gone from the token"},
    {CKR_OPERATION_ACTIVE, "CKR_OPERATION_ACTIVE", NULL},
    {CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED", NULL},
    {CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT",
     "the PIN that was configured is not the user PIN of this token"},
    {CKR_PIN_INVALID, "CKR_PIN_INVALID", "the token does not accept these characters"},
    {CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE",
     "the PIN is too short or too long for this token"},
    {CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED", "set a new user PIN with the token's own tool"},
    {CKR_PIN_LOCKED, "CKR_PIN_LOCKED",
     "too many wrong PINs; unlock it with the token's own tool"},
    {CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED", NULL},
    {CKR_SESSION_COUNT, "CKR_SESSION_COUNT", "others use up the token's sessions"},
    {CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID", NULL},
    {CKR_SESSION_READ_ONLY, "CKR_SESSION_READ_ONLY", NULL},
    {CKR_SESSION_EXISTS, "CKR_SESSION_EXISTS", "another program uses the token; end it"},
    {CKR_TEMPLATE_INCOMPLETE, "CKR_TEMPLATE_INCOMPLETE", NULL},
    {CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT", NULL},
    {CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT", "put the token back"},
    {CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED", NULL},
    {CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED",
     "the token or its directory is read-only"},
    {CKR_USER_ALREADY_LOGGED_IN, "CKR_USER_ALREADY_LOGGED_IN", NULL},
    {CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN", NULL},
    {CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED",
     "the token has no user PIN yet; set one with the token's own tool"},
    {CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN", NULL},
    {CKR_BUFFER_TOO_SMALL, "CKR_BUFFER_TOO_SMALL", NULL},
    {CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED", NULL},
    {CKR_CRYPTOKI_ALREADY_INITIALIZED, "CKR_CRYPTOKI_ALREADY_INITIALIZED", NULL},
    {CKR_FUNCTION_REJECTED, "CKR_FUNCTION_REJECTED", NULL},
};

static const struct row *row_of(CK_RV rv)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].rv == rv)
            return &rows[i];
    return NULL;
}

const char *kms_p11_name(CK_RV rv)
{
    const struct row *r = row_of(rv);

    return r != NULL ? r->name : NULL;
}

enum kms_rc kms_p11_err(const char *call, CK_RV rv)
{
    const struct row *r = row_of(rv);
    enum kms_rc rc = rv == CKR_PIN_INCORRECT ? KMS_E_CONFIG : KMS_E_TOKEN;

    return kms_err(rc, "token: %s answered %s (0x%lx)%s%s", call,
                   r != NULL ? r->name : "a code of its own", rv,
                   r != NULL && r->hint != NULL ? ": " : "",
                   r != NULL && r->hint != NULL ? r->hint : "");
}
