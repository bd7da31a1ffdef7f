#include <string.h>

#include "authn/peer_rule.h"
#include "policy/who.h"

static const char tail_mark[] = "{tail}";

static bool ends(struct kms_str s, const char *suffix)
{
    size_t n = strlen(suffix);

    return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

/* Where sub starts in s; s.n when it does not occur. */
static size_t find(struct kms_str s, const char *sub)
{
    size_t n = strlen(sub);

    for (size_t i = 0; i + n <= s.n; i++)
        if (memcmp(s.p + i, sub, n) == 0)
            return i;
    return s.n;
}

static bool of_set(struct kms_str s, const char *set)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\0' || strchr(set, s.p[i]) == NULL)
            return false;
    return s.n != 0;
}

/* A session's or user's name: what may stand between the slashes of a principal. */
static bool is_name(struct kms_str s)
{
    return s.n >= 2 && s.n <= 64 &&
           of_set(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                     "_+=,.@-");
}

/* No empty, "." or ".." segment, no percent sign, query or fragment. */
static bool is_spiffe_path(struct kms_str s)
{
    while (s.n != 0) {
        struct kms_str segment = kms_str_skip(s, 1);
        const char *slash;

        if (s.p[0] != '/')
            return false;
        slash = segment.n != 0 ? memchr(segment.p, '/', segment.n) : NULL;
        if (slash != NULL)
            segment.n = (size_t)(slash - segment.p);
        if (kms_str_is(segment, ".") || kms_str_is(segment, "..") ||
            !of_set(segment, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789._-"))
            return false;
        s = kms_str_skip(s, segment.n + 1);
    }
    return true;
}

static bool is_spiffe(struct kms_str s)
{
    static const char scheme[] = "spiffe://";
    struct kms_str domain;
    const char *slash;

    if (!kms_str_starts(s, scheme) || s.n > 2048)
        return false;
    domain = kms_str_skip(s, sizeof scheme - 1);
    slash = domain.n != 0 ? memchr(domain.p, '/', domain.n) : NULL;
    if (slash != NULL)
        domain.n = (size_t)(slash - domain.p);
    return domain.n <= 255 && of_set(domain, "abcdefghijklmnopqrstuvwxyz0123456789._-") &&
           is_spiffe_path(kms_str_skip(s, sizeof scheme - 1 + domain.n));
}

/* value is a SPIFFE id, or one with a "/..." for all below it. */
static bool spiffe_matches(struct kms_str value, struct kms_str uri, struct kms_str *tail)
{
    if (!is_spiffe(uri))
        return false;
    if (!ends(value, "/..."))
        return kms_str_eq(value, uri);
    value.n -= 3;
    if (uri.n <= value.n || memcmp(uri.p, value.p, value.n) != 0)
        return false;
    *tail = kms_str_skip(uri, value.n);
    return true;
}

static bool prefix_matches(struct kms_str value, struct kms_str uri, struct kms_str *tail)
{
    if (uri.p == NULL || uri.n < value.n || memcmp(uri.p, value.p, value.n) != 0)
        return false;
    *tail = kms_str_skip(uri, value.n);
    return true;
}

static bool same(struct kms_str a, struct kms_str b)
{
    return b.p != NULL && kms_str_eq(a, b);
}

static bool matches(const struct kms_identity_rule *rule, const struct kms_peer *peer,
                    struct kms_str *tail)
{
    if ((rule->issuer.p != NULL && !same(rule->issuer, peer->issuer)) ||
        (rule->listener.p != NULL && !same(rule->listener, peer->listener)))
        return false;
    switch (rule->match) {
    case KMS_MATCH_URI:
        return same(rule->value, peer->uri_san);
    case KMS_MATCH_URI_PREFIX:
        return prefix_matches(rule->value, peer->uri_san, tail);
    case KMS_MATCH_SPIFFE:
        return spiffe_matches(rule->value, peer->uri_san, tail);
    case KMS_MATCH_SUBJECT:
        return same(rule->value, peer->subject);
    case KMS_MATCH_SPKI:
        return same(rule->value, peer->spki_sha256);
    }
    return false;
}

static bool has_tail(const struct kms_identity_rule *rule)
{
    return rule->match == KMS_MATCH_URI_PREFIX ||
           (rule->match == KMS_MATCH_SPIFFE && ends(rule->value, "/..."));
}

static bool is_caller(struct kms_str arn)
{
    struct kms_who who;

    return kms_who_parse(arn, &who) &&
           (who.form == KMS_WHO_ARN || who.form == KMS_WHO_ROOT);
}

/* The rule's principal with its tail in place; a tail that is no name matches nothing. */
static enum kms_rc fill_in(struct kms_str principal, struct kms_str tail,
                           struct kms_arena *a, struct kms_str *out)
{
    size_t at = find(principal, tail_mark);
    struct kms_str rest;

    if (at == principal.n) {
        *out = principal;
        return KMS_OK;
    }
    rest = kms_str_skip(principal, at + sizeof tail_mark - 1);
    return kms_arena_fmt(a, out, "%.*s%.*s%.*s", (int)at, principal.p, KMS_FMT(tail),
                         KMS_FMT(rest));
}

/* A session of the role, named after the key that proved it. */
static enum kms_rc as_caller(struct kms_str arn, const struct kms_peer *peer,
                             struct kms_arena *a, struct kms_str *out)
{
    static const char iam[] = ":iam::", role[] = ":role/";
    size_t service = find(arn, iam), resource = find(arn, role);
    struct kms_str account, name, session = peer->spki_sha256;

    *out = arn;
    if (service == arn.n || resource == arn.n)
        return KMS_OK;
    account = (struct kms_str){arn.p + service + sizeof iam - 1, 12};
    name = kms_str_skip(arn, resource + sizeof role - 1);
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/') {
            name = kms_str_skip(name, i);
            break;
        }
    if (session.n > 16)
        session.n = 16;
    if (session.p == NULL)
        session = KMS_LIT("certificate");
    return kms_arena_fmt(a, out, "%.*s:sts::%.*s:assumed-role/%.*s/%.*s", (int)service,
                         arn.p, KMS_FMT(account), KMS_FMT(name), KMS_FMT(session));
}

static bool of_partition(struct kms_str arn, struct kms_str partition)
{
    return arn.n > 5 + partition.n && kms_str_starts(arn, "arn:") &&
           memcmp(arn.p + 4, partition.p, partition.n) == 0 &&
           arn.p[4 + partition.n] == ':';
}

enum kms_rc kms_principal_of_peer(const struct kms_identity_rule *rules, size_t n_rules,
                                  struct kms_str partition, const struct kms_peer *peer,
                                  struct kms_arena *a, struct kms_peer_identity *out)
{
    struct kms_peer_identity found = {0};

    for (size_t i = 0; i < n_rules; i++) {
        struct kms_str tail = {NULL, 0}, principal;

        if (!matches(&rules[i], peer, &tail) ||
            (find(rules[i].principal, tail_mark) != rules[i].principal.n &&
             !is_name(tail)))
            continue;
        KMS_TRY(fill_in(rules[i].principal, tail, a, &principal));
        KMS_TRY(as_caller(principal, peer, a, &found.principal));
        found.signs_for = rules[i].signs_for;
        *out = found;
        return KMS_OK;
    }
    if (peer->uri_san.p != NULL && is_caller(peer->uri_san) &&
        of_partition(peer->uri_san, partition)) {
        KMS_TRY(as_caller(peer->uri_san, peer, a, &found.principal));
        *out = found;
        return KMS_OK;
    }
    return kms_err(KMS_E_ACCESS_DENIED,
                   "no identity rule names the certificate with subject %.*s",
                   KMS_FMT(peer->subject));
}

enum kms_rc kms_identity_rule_copy(const struct kms_identity_rule *rule,
                                   struct kms_arena *a, struct kms_identity_rule *out)
{
    struct kms_identity_rule r = {.match = rule->match};

    KMS_TRY(kms_arena_str(a, rule->value, &r.value));
    KMS_TRY(kms_arena_str(a, rule->issuer, &r.issuer));
    KMS_TRY(kms_arena_str(a, rule->listener, &r.listener));
    KMS_TRY(kms_arena_str(a, rule->principal, &r.principal));
    KMS_TRY(kms_arena_str(a, rule->signs_for, &r.signs_for));
    *out = r;
    return KMS_OK;
}

static enum kms_rc check_value(const struct kms_identity_rule *rule)
{
    struct kms_str v = rule->value;

    if (v.n == 0)
        return kms_err(KMS_E_CONFIG, "what a rule compares with is empty");
    if (rule->match == KMS_MATCH_SPKI && (v.n != 64 || !of_set(v, "0123456789abcdef")))
        return kms_err(KMS_E_CONFIG, "\"%.*s\" is not 64 lower-case hex digits",
                       KMS_FMT(v));
    if (rule->match != KMS_MATCH_SPIFFE)
        return KMS_OK;
    if (ends(v, "/..."))
        v.n -= 4;
    return is_spiffe(v) ? KMS_OK
                        : kms_err(KMS_E_CONFIG,
                                  "\"%.*s\" is not like spiffe://example.org/service, or "
                                  "spiffe://example.org/... for all below",
                                  KMS_FMT(rule->value));
}

enum kms_rc kms_identity_rule_check(const struct kms_identity_rule *rule)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_str principal;
    bool tailed = find(rule->principal, tail_mark) != rule->principal.n;

    KMS_TRY(check_value(rule));
    if (tailed && !has_tail(rule))
        return kms_err(KMS_E_CONFIG, "{tail} needs a rule with a prefix");
    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(fill_in(rule->principal, KMS_LIT("name"), a, &principal));
    if (!is_caller(principal) || find(principal, tail_mark) != principal.n)
        return kms_err(KMS_E_CONFIG,
                       "\"%.*s\" is not like arn:aws:iam::111122223333:user/alice",
                       KMS_FMT(rule->principal));
    return KMS_OK;
}
