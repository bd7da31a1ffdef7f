/*
 * who.h - the principals that policies and grants name. RULES.md 1.7, 2.3 and 2.4.
 */
#ifndef KMS_POLICY_WHO_H
#define KMS_POLICY_WHO_H

#include "policy/request.h"

/* How a principal is the caller: the better first. */
enum kms_grade {
    KMS_GRADE_SELF,
    KMS_GRADE_ROLE,    /* limited by boundary and session policy */
    KMS_GRADE_ACCOUNT, /* left to the policies of the caller's account */
    KMS_GRADE_NONE
};
enum { KMS_GRADES = KMS_GRADE_NONE };

enum kms_who_form {
    KMS_WHO_EVERYBODY,
    KMS_WHO_ACCOUNT,   /* text is the account */
    KMS_WHO_ROOT,      /* text is the account, partition that of the ARN */
    KMS_WHO_ARN,       /* user, role, session, federated user */
    KMS_WHO_UNIQUE_ID, /* "AIDA..." or "AROA..." */
    KMS_WHO_SERVICE,
    KMS_WHO_PROVIDER /* "Federated" */
};

/* A principal; texts are borrowed from what was parsed. */
struct kms_who {
    enum kms_who_form form;
    struct kms_str text;
    struct kms_str partition; /* of _ROOT */
};

/*
 * The text of an "AWS" principal, also "*", or of a grantee or retiring principal (where
 * the caller refuses _EVERYBODY). False when it is none: wildcards, groups, malformed
 * ARNs.
 */
bool kms_who_parse(struct kms_str text, struct kms_who *out);
/* The text of a "Service" or "Federated" principal. */
bool kms_who_parse_other(struct kms_str text, enum kms_who_form form,
                         struct kms_who *out);

/* The grade in which who is the caller; _NONE if it is somebody else. */
enum kms_grade kms_who_grade(const struct kms_who *who,
                             const struct kms_principal *caller);

/* Does a NotPrincipal of these spare the caller, whose boundary is told apart? */
bool kms_who_spares(const struct kms_who *v, size_t n, const struct kms_principal *caller,
                    bool bounded);

#endif
