/*
 * principal.h - who is calling: by certificate, by signature, or by both.
 *
 * A listener says which proofs it wants. Source: AWS General Reference, "Signature
 * Version 4"; the refusals are those of the service.
 */
#ifndef KMS_AUTHN_PRINCIPAL_H
#define KMS_AUTHN_PRINCIPAL_H

#include "authn/http.h"
#include "authn/peer_rule.h"
#include "authn/signer.h"

/* Account of a principal's ARN; false when arn is not one. */
bool kms_principal_account(struct kms_str arn, struct kms_str *account);

enum kms_proof {
    KMS_PROOF_CERTIFICATE, /* a signature gives the Region, and is checked if it can be */
    KMS_PROOF_SIGNATURE,   /* certificates are not asked for */
    KMS_PROOF_BOTH,
    KMS_PROOF_EITHER /* a certificate, else a signature */
};

/* What is known of an access key. */
struct kms_access {
    struct kms_str principal;      /* ARN of a user or session */
    struct kms_signer *signer;     /* NULL: a dev credential */
    int64_t issued_ms, expires_ms; /* expires 0: a long-term key */
    struct kms_bytes token_sha256; /* of the session token that has to come along; absent:
                                      none may */
};

/* Looks up access keys. */
struct kms_access_source {
    /*
     * KMS_OK with what belongs to id, valid until the exchange ends; KMS_E_NOT_FOUND,
     * bare, when there is no such key. Other errors: it cannot be told.
     */
    KMS_RC (*find)(void *arg, struct kms_str id, struct kms_access *out);
    void *arg;
};

/* What is known about a request before anybody is believed. */
struct kms_proofs {
    const struct kms_request *request;
    enum kms_proof wanted;
    int64_t now_ms;
    struct kms_str partition, default_account, default_region;
    const struct kms_identity_rule *rules;
    size_t n_rules;
    const struct kms_access_source *access; /* NULL: there are no access keys */
    bool dev; /* unknown access keys are users of their account */
};

/* Who was proven. */
struct kms_proven {
    struct kms_caller caller;
    int64_t issued_ms;  /* of temporary credentials; 0: they are not */
    bool signed_by_key; /* a signature was verified */
};

/*
 * Who is calling. An access key that is known is always verified, whatever proofs are
 * wanted, and has to be of the principal that the certificate names (or that its rule
 * lets sign). One that is not known proves nothing; beside a certificate, where the
 * listener can do without signatures, it still gives the Region.
 *
 * In the dev profile an unknown access key is the user of that name, in the account of
 * that name when it is 12 digits, and stands before the certificate then.
 */
KMS_RC kms_authenticate(const struct kms_proofs *proofs, struct kms_arena *a,
                        struct kms_proven *out);

#endif
