/*
 * resolve.h - from what a request says to the keys it is about.
 *
 * Source: AWS KMS API Reference, "KeyId" parameters and NotFoundException; recorded
 * texts in tests/sdk.
 */
#ifndef KMS_OPS_RESOLVE_H
#define KMS_OPS_RESOLVE_H

#include "ops/ops.h"

/*
 * The key that ident names, as rule allows it; sets call->alias when it is an alias.
 * The caller frees *out with kms_key_unref. Refusals, all with the service's text:
 *   KMS_E_NOT_FOUND      no such key or alias, a malformed key id, another Region's ARN
 *   KMS_E_INVALID_ARN    not an ARN of a key or alias here, or an alias where
 *                        rule->forms has none
 *   KMS_E_ACCESS_DENIED  an ARN of another account, and nothing is there or the operation
 *                        does not work across accounts (rule->cross_account); in the text
 *                        of a refusal by the key's policy
 */
KMS_RC kms_resolve_key(struct kms_call *call, const struct kms_key_rule *rule,
                       struct kms_str ident, const struct kms_key **out);

/* KMS_E_ACCESS_DENIED: the service's words for a key of which nothing may be told. */
KMS_RC kms_resolve_denied(struct kms_call *call, const struct kms_key_rule *rule);

/*
 * The grant of a request to retire one, by its token or by key and id: sets call->grant
 * and call->key. KMS_E_INVALID_GRANT_TOKEN without words for a token of no grant here;
 * errors as kms_resolve_key; KMS_E_NOT_FOUND when the key has no such grant. Whatever is
 * missing in another account is KMS_E_ACCESS_DENIED.
 */
KMS_RC kms_resolve_grant(struct kms_call *call, const void *in);

/*
 * The key that the ciphertext of the request in (rule->ciphertext) names. With *out set
 * (the request named the key as well) only compares: KMS_E_INCORRECT_KEY when the
 * ciphertext is another key's. With *out NULL finds the key, of whatever account:
 * KMS_E_ACCESS_DENIED when it does not exist, in the text of a refusal by its policy;
 * KMS_E_INVALID_CIPHERTEXT when nothing can be read from the ciphertext.
 *
 * A ciphertext names its key and its key material. Where the two do not belong together
 * the ciphertext is damaged: that is left to decryption to refuse, once the caller may use
 * the key. Nothing is compared for a ciphertext of an asymmetric algorithm, when the
 * request has none, or in a dry run that ignores it.
 */
KMS_RC kms_resolve_ciphertext(struct kms_call *call, const struct kms_key_rule *rule,
                              const void *in, const struct kms_key **out);

#endif
