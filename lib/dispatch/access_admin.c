#include <string.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/rand.h"
#include "dispatch/admin.h"
#include "dispatch/due.h"
#include "policy/policy.h"
#include "policy/who.h"
#include "store/access_keys.h"
#include "wire/base64.h"
#include "wire/jw.h"
#include "wire/timestamp.h"

/* Sessions: a quarter of an hour to a day and a half, as the security token service. */
enum {
    TTL_MIN_S = 900,
    TTL_MAX_S = 36 * 3600,
    SECRET_BYTES = 30, /* 40 characters */
    TOKEN_BYTES = 96,
    ID_RANDOM = 16,
    PAGE = 100,
    EXPIRED_KEPT_MS = 24 * 3600 * 1000
};

struct creation {
    struct kms_access_key row;
    struct kms_arena *arena;
    int64_t now_ms;
};

static enum kms_rc check(const struct kms_service *s, const struct kms_access_wish *wish)
{
    const struct kms_str partition = s->opts.realm.partition;
    struct kms_str rest = wish->principal;
    struct kms_who who;
    bool session;

    if (!kms_who_parse(wish->principal, &who) || who.form != KMS_WHO_ARN)
        return kms_err(KMS_E_VALIDATION,
                       "%.*s is no user or session: write arn:%.*s:iam::111122223333:"
                       "user/alice or arn:%.*s:sts::111122223333:assumed-role/app/name",
                       KMS_FMT(wish->principal), KMS_FMT(partition), KMS_FMT(partition));
    rest = kms_str_skip(rest, strlen("arn:"));
    if (rest.n <= partition.n || memcmp(rest.p, partition.p, partition.n) != 0 ||
        rest.p[partition.n] != ':')
        return kms_err(KMS_E_VALIDATION, "%.*s is not of the partition %.*s",
                       KMS_FMT(wish->principal), KMS_FMT(partition));
    rest = kms_str_skip(rest, partition.n);
    session = kms_str_starts(rest, ":sts::");
    if (!session && memmem(rest.p, rest.n, ":role/", 6) != NULL)
        return kms_err(KMS_E_VALIDATION,
                       "a role is called by its sessions: write arn:%.*s:sts::ACCOUNT:"
                       "assumed-role/ROLE/SESSION",
                       KMS_FMT(partition));
    if ((session || wish->policy.p != NULL) && wish->ttl_s == 0)
        return kms_err(KMS_E_VALIDATION, "a session needs a time to live");
    if (wish->ttl_s != 0 && (wish->ttl_s < TTL_MIN_S || wish->ttl_s > TTL_MAX_S))
        return kms_err(KMS_E_VALIDATION, "a session lasts from %d to %d seconds",
                       TTL_MIN_S, TTL_MAX_S);
    return KMS_OK;
}

static enum kms_rc check_policy(struct kms_str text)
{
    KMS_AUTO_POLICY policy = NULL;

    if (text.p == NULL || kms_policy_compile(text, KMS_POLICY_SESSION, &policy) == KMS_OK)
        return KMS_OK;
    return kms_err(KMS_E_VALIDATION, "the session policy is no policy document");
}

/* "AKIA" or "ASIA" and 16 of the letters of base32. */
static enum kms_rc new_id(bool session, struct kms_arena *a, struct kms_str *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t random[ID_RANDOM];
    char text[4 + ID_RANDOM];

    KMS_TRY(kms_rand_public(random, sizeof random));
    memcpy(text, session ? "ASIA" : "AKIA", 4);
    for (size_t i = 0; i < ID_RANDOM; i++)
        text[4 + i] = letters[random[i] % 32];
    return kms_arena_str(a, (struct kms_str){text, sizeof text}, out);
}

static enum kms_rc new_text(size_t n, struct kms_arena *a, struct kms_str *out)
{
    KMS_AUTO_BUF text = {0};
    uint8_t random[TOKEN_BYTES];
    enum kms_rc rc;

    KMS_TRY(kms_rand_secret(random, n));
    kms_base64_encode((struct kms_bytes){random, n}, &text);
    kms_wipe(random, sizeof random);
    rc = kms_buf_ok(&text);
    return rc == KMS_OK ? kms_arena_str(a, kms_buf_text(&text), out) : rc;
}

static enum kms_rc seal(struct kms_service *s, struct kms_str secret, struct kms_arena *a,
                        struct kms_access_key *row)
{
    KMS_AUTO(secret) kept = NULL;

    KMS_TRY(kms_secret_copy(kms_bytes_of_str(secret), &kept));
    return kms_keyring_seal_access(s->opts.keyring, row->id, kept, a, &row->sealed,
                                   row->kek);
}

static enum kms_rc digest_of(struct kms_str token, struct kms_arena *a,
                             struct kms_bytes *out)
{
    uint8_t digest[KMS_SHA256_LEN];

    KMS_TRY(kms_sha256(kms_bytes_of_str(token), digest));
    return kms_arena_bytes(a, KMS_BYTES(digest), out);
}

static enum kms_rc record(struct kms_service *s, struct kms_tx *tx, const char *name,
                          struct kms_str detail, struct kms_arena *a, int64_t now_ms)
{
    KMS_AUTO_BUF body = {0};
    struct kms_str id;

    KMS_TRY(kms_service_new_id(a, &id));
    KMS_TRY(kms_audit_describe_service(
        &(struct kms_audit_service_event){.at_ms = now_ms,
                                          .event_id = id,
                                          .name = name,
                                          .detail = detail,
                                          .account = s->opts.realm.default_account,
                                          .region = s->opts.realm.default_region,
                                          .dev = s->opts.dev},
        &body));
    return kms_audit_append(s->audit, tx, kms_buf_text(&body), true);
}

/* Sessions that ended a day ago: until then their users are told that they have. */
static enum kms_rc remove_expired(struct kms_service *s, struct kms_tx *tx,
                                  struct kms_arena *a, int64_t now_ms)
{
    const struct kms_str *ids;
    struct kms_str detail;
    size_t n;

    KMS_TRY(kms_access_keys_expired(tx, now_ms - EXPIRED_KEPT_MS, PAGE, a, &ids, &n));
    for (size_t i = 0; i < n; i++) {
        KMS_TRY(kms_access_keys_delete(tx, ids[i]));
        KMS_TRY(kms_arena_fmt(a, &detail, "%.*s: expired", KMS_FMT(ids[i])));
        KMS_TRY(record(s, tx, "DeleteAccessKey", detail, a, now_ms));
    }
    return KMS_OK;
}

static enum kms_rc insert(struct kms_service *s, struct kms_tx *tx, void *arg)
{
    struct creation *c = arg;
    struct kms_str detail;

    KMS_TRY(remove_expired(s, tx, c->arena, c->now_ms));
    KMS_TRY(kms_access_keys_insert(tx, &c->row));
    KMS_TRY(kms_arena_fmt(c->arena, &detail, "%.*s of %.*s", KMS_FMT(c->row.id),
                          KMS_FMT(c->row.principal)));
    return record(s, tx, "CreateAccessKey", detail, c->arena, c->now_ms);
}

enum kms_rc kms_service_access_create(struct kms_service *s,
                                      const struct kms_access_wish *wish,
                                      struct kms_arena *a, struct kms_access_made *out)
{
    struct creation c = {.arena = a, .now_ms = kms_clock_now_ms()};
    struct kms_access_key *row = &c.row;
    struct kms_access_made made = {0};

    KMS_TRY(check(s, wish));
    KMS_TRY(check_policy(wish->policy));
    row->principal = wish->principal;
    row->policy = wish->policy;
    row->created_ms = c.now_ms;
    KMS_TRY(new_id(wish->ttl_s != 0, a, &row->id));
    KMS_TRY(new_text(SECRET_BYTES, a, &made.secret));
    KMS_TRY(seal(s, made.secret, a, row));
    if (wish->ttl_s != 0) {
        row->expires_ms = c.now_ms + (int64_t)wish->ttl_s * 1000;
        KMS_TRY(new_text(TOKEN_BYTES, a, &made.session_token));
        KMS_TRY(digest_of(made.session_token, a, &row->token_sha256));
    }
    KMS_TRY(kms_service_run(s, insert, &c));
    made.id = row->id;
    made.principal = row->principal;
    made.expires_ms = row->expires_ms;
    *out = made;
    return KMS_OK;
}

struct revocation {
    struct kms_str id;
    struct kms_arena *arena;
    bool found;
};

static enum kms_rc revoke(struct kms_service *s, struct kms_tx *tx, void *arg)
{
    struct revocation *r = arg;
    enum kms_rc rc = kms_access_keys_delete(tx, r->id);

    r->found = rc == KMS_OK;
    if (rc == KMS_E_NOT_FOUND)
        return KMS_OK;
    KMS_TRY(rc);
    return record(s, tx, "DeleteAccessKey", r->id, r->arena, kms_clock_now_ms());
}

enum kms_rc kms_service_access_revoke(struct kms_service *s, struct kms_str id)
{
    KMS_AUTO(arena) a = NULL;
    struct revocation r = {.id = id};

    KMS_TRY(kms_arena_new(&a));
    r.arena = a;
    KMS_TRY(kms_service_run(s, revoke, &r));
    return r.found ? KMS_OK
                   : kms_err(KMS_E_NOT_FOUND, "there is no access key %.*s", KMS_FMT(id));
}

static void put_key(struct kms_jw *w, const struct kms_access_key *k)
{
    char time[KMS_TIME_ISO_SIZE];

    kms_jw_object(w);
    kms_jw_member(w, "id", k->id);
    kms_jw_member(w, "principal", k->principal);
    kms_time_iso(k->created_ms, time);
    kms_jw_member(w, "created", kms_str_of(time));
    if (k->expires_ms != 0) {
        kms_time_iso(k->expires_ms, time);
        kms_jw_member(w, "expires", kms_str_of(time));
    }
    kms_jw_member(w, "policy", k->policy);
    kms_jw_end(w);
}

enum kms_rc kms_service_access_list(struct kms_service *s, struct kms_jw *w)
{
    KMS_AUTO(tx) tx = NULL;
    KMS_AUTO(arena) a = NULL;
    struct kms_str after = {NULL, 0};
    bool more = true;

    KMS_TRY(kms_store_read(s->opts.store, &tx));
    KMS_TRY(kms_arena_new(&a));
    kms_jw_array(w);
    while (more) {
        const struct kms_access_key *keys;
        size_t n;

        KMS_TRY(kms_access_keys_list(tx, after, PAGE, a, &keys, &n, &more));
        for (size_t i = 0; i < n; i++)
            put_key(w, &keys[i]);
        if (n != 0)
            after = keys[n - 1].id;
    }
    kms_jw_end(w);
    return KMS_OK;
}
