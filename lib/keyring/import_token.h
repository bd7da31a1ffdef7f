/* import_token.h - private to lib/keyring: import tokens (import.h), sealed and opened.
 */
#ifndef KMS_KEYRING_IMPORT_TOKEN_H
#define KMS_KEYRING_IMPORT_TOKEN_H

#include "base/secret.h"
#include "keyring/import.h"

KMS_RC kms_import_token_seal(struct kms_keyring *kr, const struct kms_import_terms *terms,
                             const struct kms_secret *wrapping, struct kms_arena *a,
                             struct kms_bytes *token);
/*
 * terms->key says whose the token has to be; the rest of terms is filled from it. Errors
 * as kms_import_open; whether it expired is not looked at.
 */
KMS_RC kms_import_token_open(struct kms_keyring *kr, struct kms_bytes token,
                             struct kms_import_terms *terms,
                             struct kms_secret **wrapping);

#endif
