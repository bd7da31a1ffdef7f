/*
 * seal.h - private to lib/keyring: material as the token keeps it for us.
 *
 * The additional data of a sealed version, which says whose it is:
 *
 *   "kmsd-wrap-v1"            12 bytes
 *   format                     1 byte, 01
 *   kek_uuid                  16 bytes, CKA_ID of the sealing key
 *   key_uuid                  16 bytes
 *   version                    4 bytes, big-endian
 *   spec, usage, origin       each 1 byte of length and the word as it is on the wire
 *                             ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"), so
 *                             that no new numbering of an enum makes old material
 *                             something else
 *   kmid                      32 bytes, key material id
 *   created                    8 bytes, big-endian milliseconds since 1970
 *
 * The row key has no version; its additional data is "kmsd-row-key-v1" | 01 | kek_uuid.
 * That of an access key's secret is "kmsd-access-v1" | 01 | kek_uuid | u8 length and the
 * key's id.
 */
#ifndef KMS_KEYRING_SEAL_H
#define KMS_KEYRING_SEAL_H

#include "base/secret.h"
#include "key/key.h"

struct kms_token;

/* Seal material as the version v of key: number, kmid, kek and created_ms must be set. */
KMS_RC kms_seal_version(struct kms_token *t, const struct kms_key *key,
                        const struct kms_key_version *v,
                        const struct kms_secret *material, struct kms_arena *a,
                        struct kms_bytes *sealed);
/*
 * Unseal version v of key. What the token says is not checked further. Errors name key
 * and version: KMS_E_TOKEN, and KMS_E_KEY_UNAVAILABLE when the material was destroyed.
 */
KMS_RC kms_unseal_version(struct kms_token *t, const struct kms_key *key,
                          const struct kms_key_version *v, struct kms_secret **out);

KMS_RC kms_seal_access(struct kms_token *t, const uint8_t kek[KMS_UUID_LEN],
                       struct kms_str id, const struct kms_secret *secret,
                       struct kms_arena *a, struct kms_bytes *sealed);
KMS_RC kms_unseal_access(struct kms_token *t, const uint8_t kek[KMS_UUID_LEN],
                         struct kms_str id, struct kms_bytes sealed,
                         struct kms_secret **out);

KMS_RC kms_seal_row_key(struct kms_token *t, const uint8_t kek[KMS_UUID_LEN],
                        const struct kms_secret *row_key, struct kms_arena *a,
                        struct kms_bytes *sealed);
KMS_RC kms_unseal_row_key(struct kms_token *t, const uint8_t kek[KMS_UUID_LEN],
                          struct kms_bytes sealed, struct kms_secret **out);

#endif
