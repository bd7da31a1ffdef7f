/*
 * signer.h - the secret of an access key, and the signing key that was made of it last.
 *
 * A signing key belongs to a day, a Region and a service, so almost every request of an
 * access key needs the same one; making it takes four fifths of a verification.
 */
#ifndef KMS_AUTHN_SIGNER_H
#define KMS_AUTHN_SIGNER_H

#include "authn/scope.h"
#include "base/secret.h"

struct kms_signer; /* thread-safe */
KMS_OWNED(signer); /* wipes */

/* A copy of secret is kept. */
KMS_RC kms_signer_new(const struct kms_secret *secret, struct kms_signer **out);
/* Another one with the same secret. */
KMS_RC kms_signer_copy(const struct kms_signer *s, struct kms_signer **out);
/* The signature of text (kms_signature_string) in the scope of c. */
KMS_RC kms_signer_sign(struct kms_signer *s, const struct kms_credential *c,
                       struct kms_bytes text, uint8_t out[32]);

#endif
