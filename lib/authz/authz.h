/*
 * authz.h - may this caller do this with this key, and why.
 *
 * What is decided today: a caller acts only on keys of its own account. Key policies
 * are stored and returned but not evaluated, and there are no grants; until they are
 * enforced every authenticated caller of an account has the account's full rights.
 */
#ifndef KMS_AUTHZ_AUTHZ_H
#define KMS_AUTHZ_AUTHZ_H

#include "key/key.h"
#include "policy/caller.h"

/*
 * action is "kms:Encrypt" and the like; key is NULL for acts on the account. KMS_OK and
 * the reason for the audit record (static text), or KMS_E_ACCESS_DENIED with the
 * service's words.
 */
KMS_RC kms_authz_check(const struct kms_caller *caller, const char *action,
                       const struct kms_key *key, struct kms_str *reason);

#endif
