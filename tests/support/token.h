/*
 * token.h - a throw-away SoftHSM2 token for unit tests: a directory of its own, a PIN,
 * a sealing key. Whatever fails, fails the test.
 */
#ifndef KMS_TESTS_SUPPORT_TOKEN_H
#define KMS_TESTS_SUPPORT_TOKEN_H

#include "token/token.h"

struct spare_token {
    char dir[64]; /* holds "token", which holds SoftHSM2's files */
    struct kms_secret *pin;
    uint8_t kek_id[KMS_KEK_ID_LEN];
    struct kms_token *token; /* open, with the sealing key in use */
};

/* Make one; SOFTHSM2_CONF of this process points at it. */
void spare_token_make(struct spare_token *s);
/* Options that open it. */
struct kms_token_opts spare_token_opts(const struct spare_token *s);
/* Close and open again. */
void spare_token_reopen(struct spare_token *s);
/* Close, and remove the directory. */
void spare_token_free(struct spare_token *s);

/* A secret of n bytes, always the same. */
struct kms_secret *spare_secret(size_t n);
/* Seal it under this additional data. */
extern const struct kms_bytes spare_aad;
void spare_seal(struct spare_token *s, const struct kms_secret *secret,
                struct kms_buf *out);
/* Whether it unseals; what was in it is wiped. */
enum kms_rc spare_opens(struct spare_token *s, struct kms_bytes aad,
                        struct kms_bytes sealed);

/* False where SoftHSM2 is not installed: then the caller's tests are skipped. */
bool spare_token_possible(void);

#endif
