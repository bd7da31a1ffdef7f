/*
 * retire.h - may this caller retire this grant, and why.
 *
 * The grant itself decides, whatever the key policy says (policy/RULES.md 7.4).
 * Source: AWS KMS Developer Guide, "Retiring and revoking grants".
 */
#ifndef KMS_AUTHZ_RETIRE_H
#define KMS_AUTHZ_RETIRE_H

#include "key/grant.h"
#include "key/key.h"
#include "policy/caller.h"

/*
 * The retiring principal may; so may the grantee when the grant has the operation, the
 * account that issued it and the account of the key. KMS_OK and the reason for the audit
 * record (static text), or KMS_E_ACCESS_DENIED with the service's words.
 */
KMS_RC kms_authz_retire(const struct kms_caller *caller, const struct kms_grant *grant,
                        const struct kms_key *key, struct kms_str *reason);

#endif
