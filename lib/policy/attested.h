/*
 * attested.h - what a verified attestation document proves about who will read an answer.
 *
 * Policies compare it (kms:RecipientAttestation:ImageSha384 is register 0 of an enclave,
 * :PCR<n> register n, :NitroTPMPCR<n> register n of a TPM; lower-case hex), records show
 * it. Source: AWS Nitro Enclaves, "Attestation document"; AWS KMS Developer Guide,
 * "Condition keys for attested platforms".
 */
#ifndef KMS_POLICY_ATTESTED_H
#define KMS_POLICY_ATTESTED_H

#include "base/bytes.h"

enum { KMS_ATTESTED_PCRS = 32 };

/* Everything is borrowed from the document. */
struct kms_attested {
    struct kms_str module_id;                 /* "i-0123-enc4567" */
    bool tpm;                                 /* of a NitroTPM, else of an enclave */
    int64_t at_ms;                            /* when it was signed */
    struct kms_bytes pcrs[KMS_ATTESTED_PCRS]; /* by index; absent when not in it */
    struct kms_bytes public_key;              /* SubjectPublicKeyInfo, DER; or absent */
};

#endif
