/*
 * document.h - is this text a key policy document that can be stored?
 *
 * Source: AWS IAM User Guide, "Grammar of the IAM JSON policy language"; AWS KMS
 * Developer Guide, "Key policies" and "Resource quotas"; RULES.md 1.
 */
#ifndef KMS_POLICY_DOCUMENT_H
#define KMS_POLICY_DOCUMENT_H

#include "base/bytes.h"
#include "base/err.h"

/* A policy may not be longer, in bytes. */
enum { KMS_POLICY_MAX = 32768 };

/*
 * KMS_OK for a document that can be stored. KMS_E_LIMIT_EXCEEDED when it is longer than
 * KMS_POLICY_MAX; otherwise as kms_policy_compile, which it asks.
 */
KMS_RC kms_policy_check(struct kms_str text);

#endif
