/*
 * grant.h - what the grant operations share.
 *
 * Source: AWS KMS Developer Guide, "Grants in AWS KMS"; API Reference, CreateGrant,
 * GrantConstraints; recorded texts in tests/sdk.
 */
#ifndef KMS_OPS_GRANT_H
#define KMS_OPS_GRANT_H

#include "key/grant.h"
#include "ops/ops.h"

enum {
    KMS_GRANTS_PER_KEY = 50000,
    KMS_GRANT_PAIRS_MAX = 8,   /* of a constraint */
    KMS_GRANT_VALUE_MAX = 384, /* characters of a value in it */
    KMS_GRANTS_LIMIT_MAX = 100,
    KMS_GRANTS_LIMIT_DEFAULT = 50
};

/*
 * Tokens of grants: base64 of a nonce, the grant's id and a MAC over both under a key
 * that outlives restarts, so that nothing is kept for them. A token is no secret and
 * gives nobody anything: grants hold at once. A new one is another text every time.
 */
KMS_RC kms_grant_token_make(struct kms_call *call, struct kms_str grant_id,
                            struct kms_str *out);
/* The id of its grant, in the arena; KMS_E_INVALID_GRANT_TOKEN, no words, for others. */
KMS_RC kms_grant_token_read(struct kms_call *call, struct kms_str token,
                            struct kms_str *grant_id);
/*
 * The tokens of a request (GrantTokens): each was made here, and in the transaction, for
 * a grant that is still there. Clients send the tokens they have to whatever key, so the
 * grant may be another key's. KMS_E_INVALID_GRANT_TOKEN, no words.
 */
KMS_RC kms_grant_tokens_check(struct kms_call *call, const void *in);
KMS_RC kms_grant_tokens_find(struct kms_call *call, const void *in);

/*
 * A grantee or retiring principal in the form in which it is kept, in the arena: an
 * account becomes the ARN of its root. KMS_E_INVALID_ARN with the service's words when
 * text is none, or is of another partition. otherwise: the words for one that is no ARN.
 */
KMS_RC kms_grant_principal(struct kms_call *call, struct kms_str text,
                           const char *otherwise, struct kms_str *out);

/*
 * The mask of 1u << operation. KMS_E_VALIDATION with the service's words when the list
 * has one that a grant for this key cannot have.
 */
KMS_RC kms_grant_operations(const struct kms_key *key,
                            struct kms_grant_operation_list list, uint32_t *out);

/* The grant of this id, if it is the key's; KMS_E_NOT_FOUND in the service's words. */
KMS_RC kms_grant_of_key(struct kms_call *call, const struct kms_key *key,
                        struct kms_str id, struct kms_grant *out);

/* Entries of a listing, in the arena. */
KMS_RC kms_grant_entries(struct kms_call *call, const struct kms_grant *rows, size_t n,
                         struct kms_grant_list_entry_list *out);

/* KMS_E_VALIDATION: nobody calls on behalf of services here. NULL text is fine. */
KMS_RC kms_grant_no_service(const char *member, struct kms_str text);

#endif
