/*
 * token.h - the PKCS#11 token that seals key material.
 *
 * One non-extractable AES-256 sealing key (KEK), one session, one lock: SoftHSM does
 * not scale with threads and has crashed when sessions closed while others ran. Seal
 * and unseal are CKM_AES_GCM with an AAD that is never empty. PKCS#11 v2.40/3.0.
 */
#ifndef KMS_TOKEN_TOKEN_H
#define KMS_TOKEN_TOKEN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/secret.h"

enum { KMS_KEK_ID_LEN = 16 };

struct kms_token;
KMS_OWNED(token); /* C_Finalize; afterwards leave the process with _exit */

struct kms_token_opts {
    const char *module; /* path of the PKCS#11 module */
    const char *label;  /* token label; slots are never chosen by number */
    const struct kms_secret *pin;
};

/* The usual places of SoftHSM2's module; NULL when it is not installed. */
const char *kms_token_default_module(void);

/*
 * Make a SoftHSM2 token directory at dir (0700) with its configuration file and point
 * SOFTHSM2_CONF of this process at it. Before the first open, while single-threaded.
 * With an existing directory only the environment is set.
 */
KMS_RC kms_token_softhsm_dir(const char *dir);

/* Initialise an empty token: label, user PIN, and an SO PIN that is random and lost. */
KMS_RC kms_token_init(const struct kms_token_opts *opts);

/* Load the module, find the token by label, open the session, log in. */
KMS_RC kms_token_open(const struct kms_token_opts *opts, struct kms_token **out);

/*
 * Make a sealing key with a random CKA_ID: CKA_SENSITIVE, not extractable, not
 * modifiable, encrypt/decrypt only, allowed mechanism CKM_AES_GCM. The token's files
 * are synced (SoftHSM does not do that itself).
 */
KMS_RC kms_token_kek_new(struct kms_token *t, uint8_t id[KMS_KEK_ID_LEN]);
/* Use the sealing key with this CKA_ID; more or fewer than one is an error. */
KMS_RC kms_token_kek_use(struct kms_token *t, const uint8_t id[KMS_KEK_ID_LEN]);

/* Seal under the sealing key: out gets iv[12] | ciphertext | tag[16]. aad not empty. */
KMS_RC kms_token_seal(struct kms_token *t, struct kms_bytes aad,
                      const struct kms_secret *plain, struct kms_buf *out);
/* Whatever the token answers but success is KMS_E_TOKEN. */
KMS_RC kms_token_unseal(struct kms_token *t, struct kms_bytes aad,
                        struct kms_bytes sealed, struct kms_secret **out);

/*
 * Prove that the token refuses to reveal, wrap, weaken or copy-weaken the sealing key;
 * KMS_E_TOKEN names what it permitted.
 */
KMS_RC kms_token_selftest(struct kms_token *t);

/* False after the token failed in a way that a new session did not mend. */
bool kms_token_healthy(struct kms_token *t);

/* For status: "SoftHSM project, SoftHSM v2, library 2.6". Text in the arena. */
KMS_RC kms_token_describe(struct kms_token *t, struct kms_arena *a, struct kms_str *out);

#endif
