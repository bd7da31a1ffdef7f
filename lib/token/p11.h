/*
 * p11.h - private to lib/token: the PKCS#11 module, its errors, and struct kms_token.
 *
 * No other folder may include this file. Source: PKCS #11 v2.40 base specification.
 */
#ifndef KMS_TOKEN_P11_H
#define KMS_TOKEN_P11_H

#include <pthread.h>
#include <stdatomic.h>

#include <p11-kit/pkcs11.h>

#include "token/token.h"

/* One line of a template; templates take pointers to what they do not change. */
/* clang-format off */
#define ATTR(type, value) {(type), (void *)(uintptr_t)&(value), sizeof(value)}
/* clang-format on */

/*
 * A loaded module. It stays mapped for the life of the process: unloading SoftHSM2 under
 * libcrypto, which both use, ends in exit handlers that are no longer there.
 */
struct kms_p11 {
    CK_FUNCTION_LIST *fn;
    bool ours; /* we called C_Initialize, so we call C_Finalize */
};

struct kms_token {
    struct kms_p11 p11;
    char *label;
    struct kms_secret *pin; /* to log in again */
    pthread_mutex_t lock;   /* everything below but healthy */
    bool open;              /* session is valid as far as we know */
    CK_SESSION_HANDLE session;
    bool has_kek;
    uint8_t kek_id[KMS_KEK_ID_LEN];
    CK_OBJECT_HANDLE kek; /* the token object */
    CK_OBJECT_HANDLE use; /* its copy in the session, or the token object itself */
    int64_t retry_us;     /* while unhealthy: not before this (monotonic) */
    atomic_bool healthy;
};

/*
 * KMS_E_TOKEN (KMS_E_CONFIG for a wrong PIN) with the call, the CKR name and, where
 * there is something to do about it, what.
 */
enum kms_rc kms_p11_err(const char *call, CK_RV rv);
/* "CKR_PIN_INCORRECT"; NULL for a code we have no name for. */
const char *kms_p11_name(CK_RV rv);

/* Load the module and call C_Initialize; an already initialised module is taken over. */
KMS_RC kms_p11_start(const char *module, struct kms_p11 *out);
/* C_Initialize again, after the module lost its state. */
KMS_RC kms_p11_initialize(struct kms_p11 *p11);
/* C_Finalize if it is ours to call. */
void kms_p11_stop(struct kms_p11 *p11);
/* The one slot whose initialised token has this label. */
KMS_RC kms_p11_slot(const struct kms_p11 *p11, const char *label, CK_SLOT_ID *out);
/* The label as a token carries it: 32 bytes, padded with blanks. KMS_E_CONFIG. */
KMS_RC kms_p11_label(const char *label, CK_UTF8CHAR out[32]);
/* Text of a field padded with blanks. */
struct kms_str kms_p11_text(const CK_UTF8CHAR *field, size_t n);

/* Open a session, log in, and find the sealing key again if one was in use. Locked. */
KMS_RC kms_token_connect(struct kms_token *t);
/* Find the sealing key t->kek_id and copy it into the session. Locked. */
KMS_RC kms_token_find_kek(struct kms_token *t);
/* fsync every file of a SoftHSM2 token directory; nothing for other modules. Locked. */
KMS_RC kms_token_sync(struct kms_token *t);

/*
 * One GCM message under key; may be repeated when it returns a lost session's code.
 * encrypt: in is plain, out gets in.n + 16 bytes. Otherwise the reverse, and out must
 * hold in.n bytes (SoftHSM2 wants room for the tag). *n is what was written. Locked.
 */
struct kms_p11_gcm {
    bool encrypt;
    CK_OBJECT_HANDLE key;
    const uint8_t *iv; /* 12 bytes */
    struct kms_bytes aad, in;
};
CK_RV kms_token_gcm(struct kms_token *t, const struct kms_p11_gcm *g, uint8_t *out,
                    CK_ULONG *n);

enum { KMS_P11_IV_LEN = 12, KMS_P11_TAG_LEN = 16 };

#endif
