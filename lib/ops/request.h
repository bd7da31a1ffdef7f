/*
 * request.h - what an operation checks of its request alone, beyond the model.
 *
 * The service refuses such requests before it looks for a key, so dispatch calls this
 * between decoding and resolving. The checks of an operation stand beside its code.
 */
#ifndef KMS_OPS_REQUEST_H
#define KMS_OPS_REQUEST_H

#include "ops/ops.h"

/*
 * KMS_OK when nothing about the decoded request in of call->op is wrong, as far as can
 * be told without the store (call->tx is not looked at); else the service's refusal.
 */
KMS_RC kms_request_check(struct kms_call *call, const void *in);

/* in is the request of the operation of that name. */
typedef enum kms_rc kms_check_fn(const void *in);

kms_check_fn kms_check_create_grant, kms_check_list_grants,
    kms_check_list_retirable_grants, kms_check_retire_grant;
kms_check_fn kms_check_create_alias, kms_check_create_key, kms_check_decrypt,
    kms_check_delete_alias, kms_check_derive_shared_secret, kms_check_generate_data_key,
    kms_check_generate_data_key_pair, kms_check_generate_data_key_without_plaintext,
    kms_check_generate_random, kms_check_import_key_material, kms_check_put_key_policy,
    kms_check_re_encrypt, kms_check_replicate_key, kms_check_schedule_key_deletion,
    kms_check_tag_resource, kms_check_update_alias;

/*
 * Shared by Decrypt and ReEncrypt: the ciphertext may be missing only in a dry run that
 * ignores it, and such a dry run has to name the key (path: how the member is spelt). So
 * has whoever names an asymmetric algorithm: its ciphertexts do not.
 */
struct kms_ciphertext_request {
    struct kms_bytes blob;
    struct kms_str key_id;
    const char *key_path;
    enum kms_encryption_algorithm_spec alg;
    bool dry_run;
    struct kms_dry_run_modifier_type_list modifiers;
};
KMS_RC kms_check_ciphertext(const struct kms_ciphertext_request *r);
/* True when the modifiers say IGNORE_CIPHERTEXT. */
bool kms_ignores_ciphertext(struct kms_dry_run_modifier_type_list modifiers);
/* The same of a whole request, of whatever operation. */
bool kms_request_ignores_ciphertext(const struct kms_op *op, const void *in);

/* A Recipient that is given is whole; its document is verified later (ops/recipient.h). */
KMS_RC kms_check_recipient(const struct kms_recipient_info *recipient);

#endif
