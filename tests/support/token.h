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

/* False where SoftHSM2 is not installed: then the caller's tests are skipped. */
bool spare_token_possible(void);

#endif
