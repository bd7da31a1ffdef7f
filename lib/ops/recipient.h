/*
 * recipient.h - Recipient and CiphertextForRecipient: answers for an attested enclave.
 *
 * Dispatch asks here before it authorizes and after the operation has run, so that no
 * operation can forget to: with a Recipient no plaintext leaves but encrypted to it.
 * Source: AWS KMS Developer Guide, "Cryptographic attestation support in AWS KMS".
 */
#ifndef KMS_OPS_RECIPIENT_H
#define KMS_OPS_RECIPIENT_H

#include "ops/ops.h"

/* The Recipient of a request; NULL when it has none, or when the operation takes none. */
const struct kms_recipient_info *kms_recipient_of(const struct kms_op *op,
                                                  const void *in);

/*
 * Verify the document of the request's Recipient, if there is one: sets call->attested.
 * Milliseconds of work. KMS_E_VALIDATION with words for the client, also when there is no
 * root to verify it by.
 */
KMS_RC kms_recipient_attest(struct kms_call *call, const void *in);

/*
 * The answer of an operation that has run: with call->attested its plaintext becomes
 * CiphertextForRecipient, and what the service leaves out then is left out.
 */
KMS_RC kms_recipient_seal(struct kms_call *call, void *out);

#endif
