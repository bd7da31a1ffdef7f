/*
 * document.h - is this text a key policy document at all?
 *
 * Grammar only; what a policy allows is another matter.
 * Source: AWS IAM User Guide, "Grammar of the IAM JSON policy language"; AWS KMS
 * Developer Guide, "Key policies" and "Resource quotas".
 */
#ifndef KMS_POLICY_DOCUMENT_H
#define KMS_POLICY_DOCUMENT_H

#include "base/bytes.h"
#include "base/err.h"

/* A key policy may not be longer, in bytes. */
enum { KMS_POLICY_MAX = 32768 };

/*
 * KMS_OK for a document that can be stored. KMS_E_LIMIT_EXCEEDED when it is longer than
 * KMS_POLICY_MAX; KMS_E_MALFORMED_POLICY_DOCUMENT otherwise, bare for bad JSON and bad
 * grammar, as the service gives no words for them either.
 *
 * The grammar: an object of Version ("2012-10-17" or "2008-10-17"), Id and Statement;
 * Statement is one statement or a list of them. A statement needs Effect ("Allow" or
 * "Deny") and one of Principal and NotPrincipal. Action or Resource may be missing: then
 * the statement has no effect. No other element is known, no name may appear twice.
 */
KMS_RC kms_policy_check(struct kms_str text);

#endif
