/*
 * Any bytes as a policy document: it is refused in one of two ways, or it is a policy
 * that means the same whoever listens, whichever copy is asked, and however often.
 *
 * The input is a line for the request and then the document. Of the line the first byte
 * picks the kind and the caller, and all of it is the value of whatever key is asked for.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "policy/decide.h"
#include "policy/document.h"
#include "wire/json.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    kms_json_setup();
    return 0;
}

static const struct kms_principal callers[] = {
    {.kind = KMS_PRINCIPAL_USER,
     .account = {"111122223333", 12},
     .arn = {"arn:aws:iam::111122223333:user/a", 32},
     .unique_id = {"AIDACKCEVSQ6C2EXAMPLE", 21}},
    {.kind = KMS_PRINCIPAL_ROLE,
     .account = {"111122223333", 12},
     .arn = {"arn:aws:sts::111122223333:assumed-role/r/s", 42},
     .parent_arn = {"arn:aws:iam::111122223333:role/r", 32}},
    {.kind = KMS_PRINCIPAL_ROOT,
     .account = {"444455556666", 12},
     .arn = {"arn:aws:iam::444455556666:root", 30}},
    {.kind = KMS_PRINCIPAL_SERVICE, .account = {"", 0}, .arn = {"s3.amazonaws.com", 16}},
};

/* No value, one, or two, by what the name of the key is like. */
static void find(void *arg, const struct kms_ckey *key, struct kms_policy_values *out)
{
    const struct kms_str *two = arg;

    out->v = two;
    out->n = key->name.n % 3;
}

static void listen(void *arg, unsigned depth, const char *text)
{
    size_t *heard = arg;

    *heard += depth + strlen(text);
}

static void same(const struct kms_policy_verdict *a, const struct kms_policy_verdict *b)
{
    assert(a->deny == b->deny && a->unfinished == b->unfinished);
    /* Who does not listen hears of no Allow once the matter is settled. */
    assert(a->deny >= 0 || kms_policy_allows(a) == kms_policy_allows(b));
}

static void evaluate(const struct kms_policy *policy, const struct kms_policy *copy,
                     struct kms_policy_request *r)
{
    size_t heard = 0;
    struct kms_policy_trace trace = {listen, &heard};
    struct kms_policy_verdict quiet, again, loud;

    kms_policy_evaluate(policy, r, &quiet);
    kms_policy_evaluate(copy, r, &again);
    same(&quiet, &again);
    r->trace = &trace;
    kms_policy_evaluate(policy, r, &loud);
    assert(heard > 0);
    if (!loud.unfinished)
        same(&quiet, &loud);
    assert(quiet.deny < (int)kms_policy_statements(policy));
    for (int g = 0; g < KMS_GRADES; g++)
        assert(quiet.allow[g] < (int)kms_policy_statements(policy));
}

/* A policy alone never lets a stranger's Deny be overruled. */
static void decide(const struct kms_policy *policy, enum kms_policy_kind kind,
                   const struct kms_policy_request *r)
{
    struct kms_named_policy named = {KMS_LIT("p"), policy};
    struct kms_decide in = {.request = *r, .key_account = {"111122223333", 12}};
    struct kms_policy_verdict verdict;
    struct kms_decision d;

    in.request.trace = NULL;
    if (kind == KMS_POLICY_KEY)
        in.key_policy = policy;
    else
        in.key_account = (struct kms_str){NULL, 0};
    if (kind == KMS_POLICY_IDENTITY)
        in.identity = (struct kms_named_policies){&named, 1};
    else if (kind == KMS_POLICY_SESSION)
        in.session = (struct kms_named_policies){&named, 1};
    kms_policy_evaluate(policy, &in.request, &verdict);
    kms_decide(&in, &d);
    assert(d.allowed == (d.why == KMS_WHY_ALLOWED));
    assert(!(d.allowed && (verdict.deny >= 0 || verdict.unfinished)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    KMS_AUTO_POLICY policy = NULL;
    KMS_AUTO_POLICY copy = NULL;
    const uint8_t *end = size != 0 ? memchr(data, '\n', size) : NULL;
    struct kms_str text, two[2];
    struct kms_policy_request r = {
        .resource = KMS_LIT("arn:aws:kms:us-east-1:111122223333:key/1")};
    enum kms_policy_kind kind;
    enum kms_rc rc;

    if (end == NULL || end == data)
        return 0;
    text = (struct kms_str){(const char *)end + 1, size - (size_t)(end + 1 - data)};
    two[0] = two[1] = (struct kms_str){(const char *)data, (size_t)(end - data)};
    kind = (enum kms_policy_kind)(data[0] % 3);
    r.principal = &callers[data[0] / 3 % 4];
    r.action = KMS_LIT("kms:Encrypt");
    r.bounded = (data[0] & 0x80) != 0;
    r.context.find = find;
    r.context.arg = two;
    rc = kms_policy_compile(text, kind, &policy);
    assert(rc == KMS_OK || rc == KMS_E_MALFORMED_POLICY_DOCUMENT);
    assert((rc == KMS_OK) == (policy != NULL));
    if (rc != KMS_OK)
        return 0;
    rc = kms_policy_compile(text, kind, &copy);
    assert(rc == KMS_OK && kms_policy_size(policy) == kms_policy_size(copy));
    evaluate(policy, copy, &r);
    decide(policy, kind, &r);
    return 0;
}
