/* data_key.h - what the operations that make data keys and key pairs share. */
#ifndef KMS_OPS_DATA_KEY_H
#define KMS_OPS_DATA_KEY_H

#include "ops/ops.h"

/* What is asked for: exactly one of spec and length. */
struct kms_data_key_request {
    enum kms_data_key_spec spec;
    int32_t number_of_bytes;
    bool has_number_of_bytes;
    struct kms_str_map context;
};

/* Everything in the request's arena. */
struct kms_data_key {
    struct kms_bytes plain, blob;
    struct kms_str kmid; /* key material id of the version that encrypted it */
};

/*
 * KMS_E_INVALID_KEY_USAGE with the service's text unless key is symmetric; what is
 * "data key" or "data key pair".
 */
KMS_RC kms_data_key_gate(const struct kms_key *key, const char *what);

/* KMS_E_VALIDATION with the service's text for both or neither. */
KMS_RC kms_data_key_check(const struct kms_data_key_request *r);
/* A checked request under call->key. */
KMS_RC kms_data_key_make(struct kms_call *call, const struct kms_data_key_request *r,
                         struct kms_data_key *out);

#endif
