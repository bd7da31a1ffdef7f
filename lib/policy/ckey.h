/*
 * ckey.h - condition keys: which one a name means, so that nobody compares names while a
 * request is decided.
 *
 * Source: AWS KMS Developer Guide, "Condition keys"; IAM User Guide, "Global condition
 * context keys". Names ignore ASCII case (RULES.md 3.1). A name that is not listed here
 * is a condition key like any other, of which no request has a value unless its finder
 * knows.
 */
#ifndef KMS_POLICY_CKEY_H
#define KMS_POLICY_CKEY_H

#include "base/bytes.h"

/* Every key by its name in lower case. */
#define KMS_CKEYS(X)                                                                     \
    X(AWS_CURRENT_TIME, "aws:currenttime")                                               \
    X(AWS_EPOCH_TIME, "aws:epochtime")                                                   \
    X(AWS_MFA_AGE, "aws:multifactorauthage")                                             \
    X(AWS_MFA_PRESENT, "aws:multifactorauthpresent")                                     \
    X(AWS_PRINCIPAL_ACCOUNT, "aws:principalaccount")                                     \
    X(AWS_PRINCIPAL_ARN, "aws:principalarn")                                             \
    X(AWS_PRINCIPAL_IS_SERVICE, "aws:principalisawsservice")                             \
    X(AWS_PRINCIPAL_ORG_ID, "aws:principalorgid")                                        \
    X(AWS_PRINCIPAL_SERVICE_NAME, "aws:principalservicename")                            \
    X(AWS_PRINCIPAL_TYPE, "aws:principaltype")                                           \
    X(AWS_REFERER, "aws:referer")                                                        \
    X(AWS_REQUESTED_REGION, "aws:requestedregion")                                       \
    X(AWS_RESOURCE_ACCOUNT, "aws:resourceaccount")                                       \
    X(AWS_SECURE_TRANSPORT, "aws:securetransport")                                       \
    X(AWS_SOURCE_ACCOUNT, "aws:sourceaccount")                                           \
    X(AWS_SOURCE_ARN, "aws:sourcearn")                                                   \
    X(AWS_SOURCE_IP, "aws:sourceip")                                                     \
    X(AWS_SOURCE_VPC, "aws:sourcevpc")                                                   \
    X(AWS_SOURCE_VPCE, "aws:sourcevpce")                                                 \
    X(AWS_TAG_KEYS, "aws:tagkeys")                                                       \
    X(AWS_TOKEN_ISSUE_TIME, "aws:tokenissuetime")                                        \
    X(AWS_USER_AGENT, "aws:useragent")                                                   \
    X(AWS_USER_ID, "aws:userid")                                                         \
    X(AWS_USER_NAME, "aws:username")                                                     \
    X(AWS_VIA_SERVICE, "aws:viaawsservice")                                              \
    X(BYPASS_LOCKOUT_CHECK, "kms:bypasspolicylockoutsafetycheck")                        \
    X(CALLER_ACCOUNT, "kms:calleraccount")                                               \
    X(CUSTOMER_MASTER_KEY_SPEC, "kms:customermasterkeyspec")                             \
    X(CUSTOMER_MASTER_KEY_USAGE, "kms:customermasterkeyusage")                           \
    X(DATA_KEY_PAIR_SPEC, "kms:datakeypairspec")                                         \
    X(ENCRYPTION_ALGORITHM, "kms:encryptionalgorithm")                                   \
    X(ENCRYPTION_CONTEXT_KEYS, "kms:encryptioncontextkeys")                              \
    X(EXPIRATION_MODEL, "kms:expirationmodel")                                           \
    X(GRANT_CONSTRAINT_TYPE, "kms:grantconstrainttype")                                  \
    X(GRANT_IS_FOR_AWS_RESOURCE, "kms:grantisforawsresource")                            \
    X(GRANT_OPERATIONS, "kms:grantoperations")                                           \
    X(GRANTEE_PRINCIPAL, "kms:granteeprincipal")                                         \
    X(KEY_AGREEMENT_ALGORITHM, "kms:keyagreementalgorithm")                              \
    X(KEY_ORIGIN, "kms:keyorigin")                                                       \
    X(KEY_SPEC, "kms:keyspec")                                                           \
    X(KEY_USAGE, "kms:keyusage")                                                         \
    X(MAC_ALGORITHM, "kms:macalgorithm")                                                 \
    X(MESSAGE_TYPE, "kms:messagetype")                                                   \
    X(MULTI_REGION, "kms:multiregion")                                                   \
    X(MULTI_REGION_KEY_TYPE, "kms:multiregionkeytype")                                   \
    X(PRIMARY_REGION, "kms:primaryregion")                                               \
    X(RE_ENCRYPT_ON_SAME_KEY, "kms:reencryptonsamekey")                                  \
    X(REPLICA_REGION, "kms:replicaregion")                                               \
    X(REQUEST_ALIAS, "kms:requestalias")                                                 \
    X(RESOURCE_ALIASES, "kms:resourcealiases")                                           \
    X(RETIRING_PRINCIPAL, "kms:retiringprincipal")                                       \
    X(ROTATION_PERIOD_IN_DAYS, "kms:rotationperiodindays")                               \
    X(PENDING_WINDOW_IN_DAYS, "kms:schedulekeydeletionpendingwindowindays")              \
    X(SIGNING_ALGORITHM, "kms:signingalgorithm")                                         \
    X(VALID_TO, "kms:validto")                                                           \
    X(VIA_SERVICE, "kms:viaservice")                                                     \
    X(WRAPPING_ALGORITHM, "kms:wrappingalgorithm")                                       \
    X(WRAPPING_KEY_SPEC, "kms:wrappingkeyspec")                                          \
    /* Families: what follows is the suffix. */                                          \
    X(AWS_PRINCIPAL_TAG, "aws:principaltag/")                                            \
    X(AWS_REQUEST_TAG, "aws:requesttag/")                                                \
    X(AWS_RESOURCE_TAG, "aws:resourcetag/")                                              \
    X(ENCRYPTION_CONTEXT, "kms:encryptioncontext:")                                      \
    X(RECIPIENT_ATTESTATION, "kms:recipientattestation:")

enum kms_ckey_id {
    KMS_CKEY_OTHER,
#define KMS_CKEY_ENTRY(id, name) KMS_CKEY_##id,
    KMS_CKEYS(KMS_CKEY_ENTRY)
#undef KMS_CKEY_ENTRY
        KMS_CKEY_COUNT
};

/* A condition key as a policy names it. */
struct kms_ckey {
    enum kms_ckey_id id;
    struct kms_str name;   /* the whole, ASCII letters in lower case */
    struct kms_str suffix; /* of a family: the tag key, the context key; else absent */
};

/* What name means; name is in lower case already (kms_ckey_lower) and stays borrowed. */
struct kms_ckey kms_ckey_of(struct kms_str name);
/* Copy n bytes with ASCII letters in lower case. */
void kms_ckey_lower(char *to, const char *from, size_t n);
/* Is text, of any case, the name that lower is in lower case? For finders of tags. */
bool kms_ckey_same(struct kms_str lower, struct kms_str text);

#endif
