/*
 * Any names in a certificate: whoever it is, is somebody a rule or the URI itself names, and
 * a caller: never a bare role, a wildcard or another account than the rule's.
 *
 * The input is a URI, a subject and an issuer, each on a line of its own.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "authn/peer_rule.h"
#include "policy/who.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 4096 };

#define ACCOUNT "arn:aws:iam::111122223333:"
#define STS "arn:aws:sts::111122223333:"

static const struct kms_identity_rule rules[] = {
    {.match = KMS_MATCH_SPIFFE,
     .value = {"spiffe://corp.example/...", 25},
     .principal = {STS "assumed-role/app/{tail}", sizeof STS + 22}},
    {.match = KMS_MATCH_URI_PREFIX,
     .value = {"urn:user:", 9},
     .principal = {ACCOUNT "user/{tail}", sizeof ACCOUNT + 10}},
    {.match = KMS_MATCH_SUBJECT,
     .value = {"CN=backup", 9},
     .issuer = {"CN=ca", 5},
     .principal = {ACCOUNT "role/backup", sizeof ACCOUNT + 10}},
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        assert(kms_identity_rule_check(&rules[i]) == KMS_OK);
    return 0;
}

static struct kms_str line(struct kms_str *rest)
{
    const char *end = rest->n != 0 ? memchr(rest->p, '\n', rest->n) : NULL;
    struct kms_str s = {rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n};

    *rest = kms_str_skip(*rest, s.n + (end != NULL ? 1 : 0));
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_str rest = {(const char *)data, size};
    struct kms_peer peer = {.spki_sha256 = KMS_LIT("0123456789abcdef0123456789abcdef")};
    struct kms_peer_identity found;
    struct kms_who who;

    if (size == 0 || size > INPUT_MAX || kms_arena_new(&a) != KMS_OK)
        return 0;
    peer.uri_san = line(&rest);
    peer.subject = line(&rest);
    peer.issuer = rest;
    if (kms_principal_of_peer(rules, sizeof rules / sizeof rules[0], KMS_LIT("aws"), &peer,
                              a, &found) != KMS_OK)
        return 0;
    assert(kms_who_parse(found.principal, &who));
    assert(who.form == KMS_WHO_ARN || who.form == KMS_WHO_ROOT);
    assert(memmem(found.principal.p, found.principal.n, ":role/", 6) == NULL);
    assert(memchr(found.principal.p, '{', found.principal.n) == NULL);
    /* Where it is not the URI itself, a rule has put the account there. */
    if (!kms_str_starts(peer.uri_san, "arn:aws:"))
        assert(memmem(found.principal.p, found.principal.n, "::111122223333:", 15) != NULL);
    return 0;
}
