/*
 * op.h - one row for each operation of the service: what dispatch has to know.
 *
 * The rows come from proto/ops (wire/ops.gen.h) and hold no function: which operations
 * have code is known above, in ops/ops.gen.h.
 */
#ifndef KMS_WIRE_OP_H
#define KMS_WIRE_OP_H

#include "base/err.h"
#include "wire/shape.h"
#include "wire/shapes.gen.h"

/* Picks the transaction and the class of the audit record (readOnly: not CHANGE). */
enum kms_effect {
    KMS_EFFECT_READ,  /* describes, gets, lists */
    KMS_EFFECT_USE,   /* cryptographic; counts as a use of the key */
    KMS_EFFECT_CHANGE /* everything else */
};

/* Who decides about permission. */
enum kms_scope {
    KMS_SCOPE_KEY,     /* the policy and grants of the keys */
    KMS_SCOPE_ACCOUNT, /* identity policies of the caller's account alone */
    KMS_SCOPE_GRANT    /* the grant named in the request */
};

/* Which forms of identifier a member may have. */
enum kms_forms {
    KMS_FORMS_ANY,  /* key id, key ARN, alias name, alias ARN */
    KMS_FORMS_KEY,  /* key id, key ARN; an alias is InvalidArnException */
    KMS_FORMS_ALIAS /* an alias name */
};

/* A key the operation is about: how it is found, and what it must be like. */
struct kms_key_rule {
    const struct kms_member *from; /* string member of the request that names the key */
    enum kms_forms forms;
    bool cross_account;
    uint32_t states;  /* states that pass the gate: 1u << enum kms_key_state */
    uint32_t origins; /* 1u << enum kms_origin_type; 0: any */
    enum kms_key_usage_type usage; /* NONE: any */
    const char *action;            /* permission on this key: "kms:ReEncryptFrom" */
    /* The rest may be NULL: the blob that names the key when from is absent ... */
    const struct kms_member *ciphertext;
    /* ... and the encryption context and algorithm that go with this key. */
    const struct kms_member *context;
    const struct kms_member *algorithm;
};

enum { KMS_OP_KEYS_MAX = 2 };

struct kms_op {
    unsigned index;     /* enum kms_op_id */
    const char *name;   /* "Encrypt" */
    const char *action; /* "kms:Encrypt" */
    enum kms_effect effect;
    enum kms_scope scope;
    const struct kms_shape *in;
    const struct kms_shape *out; /* NULL: the answer has no body */
    size_t out_size;             /* of struct kms_<op>_out, never 0 */
    /*
     * Most have one. ReEncrypt: source, destination. UpdateAlias: the key the alias
     * will name, the one it names now. An optional from may name no key at all.
     */
    struct kms_key_rule keys[KMS_OP_KEYS_MAX];
    size_t n_keys;
    const struct kms_member *dry_run;      /* boolean, or NULL */
    const struct kms_member *grant_tokens; /* list of string, or NULL */
    const enum kms_rc *errors;             /* wire exceptions the model names */
    size_t n_errors;
};

/* The row of an operation by its exact name, or NULL. */
const struct kms_op *kms_op_find(struct kms_str name);
/* Row i of kms_op_count(), in order of name. */
const struct kms_op *kms_op_at(size_t i);
size_t kms_op_count(void);

/* What the request in, decoded by op->in, says. */
bool kms_op_is_dry_run(const struct kms_op *op, const void *in);
struct kms_str_list kms_op_grant_tokens(const struct kms_op *op, const void *in);

#endif
