#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "dispatch/admin.h"
#include "dispatch/due.h"
#include "dispatch/refusals.h"
#include "dispatch/schedule.h"
#include "dispatch/service.h"

static enum kms_rc copy_opts(const struct kms_service_opts *from, struct kms_arena *a,
                             struct kms_service_opts *out)
{
    struct kms_service_opts o = *from;

    KMS_TRY(kms_arena_str(a, from->realm.partition, &o.realm.partition));
    KMS_TRY(kms_arena_str(a, from->realm.default_region, &o.realm.default_region));
    KMS_TRY(kms_arena_str(a, from->realm.default_account, &o.realm.default_account));
    *out = o;
    return KMS_OK;
}

/* A queue of a second's work, about: more would be answered later than clients wait. */
enum { CRYPTO_QUEUE = 1024, KEYGEN_QUEUE = 16 };
/* A signature that waits for seven more waits milliseconds; a key would wait seconds. */
enum { CRYPTO_TOGETHER = 8, KEYGEN_TOGETHER = 1 };

static enum kms_rc start_lanes(struct kms_service *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    KMS_TRY(kms_workers_new(cores > 1 ? (size_t)cores : 1, CRYPTO_QUEUE, CRYPTO_TOGETHER,
                            &s->lanes[KMS_LANE_CRYPTO]));
    return kms_workers_new(1, KEYGEN_QUEUE, KEYGEN_TOGETHER, &s->lanes[KMS_LANE_KEYGEN]);
}

/* With the digest of who is who, for it may have changed since the stop. */
static enum kms_rc record_start(struct kms_service *s)
{
    struct kms_str digest = kms_directory_digest(s->directory), detail = {NULL, 0};

    if (digest.p != NULL)
        KMS_TRY(
            kms_arena_fmt(s->arena, &detail, "identities sha256 %.*s", KMS_FMT(digest)));
    return kms_service_event(s, "Start", detail);
}

enum kms_rc kms_service_new(const struct kms_service_opts *opts, struct kms_service **out)
{
    KMS_AUTO(service) s = calloc(1, sizeof *s);

    if (s == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    pthread_mutex_init(&s->directory_lock, NULL);
    s->directory = kms_directory_ref(opts->directory);
    KMS_TRY(kms_arena_new(&s->arena));
    KMS_TRY(copy_opts(opts, s->arena, &s->opts));
    KMS_TRY(kms_authz_new(&s->authz));
    KMS_TRY(kms_access_cache_new(s->opts.store, s->opts.keyring, &s->access));
    KMS_TRY(kms_refusals_new(&s->refusals));
    KMS_TRY(kms_audit_open(s->opts.store, &s->audit));
    KMS_TRY(record_start(s));
    KMS_TRY(start_lanes(s));
    KMS_TRY(kms_veil_new(&s->veil));
    KMS_TRY(kms_schedule_new(s, &s->schedule));
    *out = KMS_TAKE(s);
    return KMS_OK;
}

void kms_service_free(struct kms_service *s)
{
    enum kms_rc rc;

    if (s == NULL)
        return;
    for (int i = 0; i < KMS_LANE_COUNT; i++)
        kms_workers_free(s->lanes[i]);
    kms_veil_free(s->veil); /* the lanes may have filled it */
    kms_schedule_free(s->schedule);
    if (s->audit != NULL && s->refusals != NULL) {
        /* Strangers of the last minute are not forgotten. */
        rc = kms_due_run(s, true);
        if (rc != KMS_OK)
            kms_log_say(KMS_LOG_ERROR, "stop", "last records not written: %s",
                        kms_err_note(rc));
    }
    kms_audit_free(s->audit);
    kms_refusals_free(s->refusals);
    kms_authz_free(s->authz);
    kms_access_cache_free(s->access);
    kms_directory_free(s->directory);
    pthread_mutex_destroy(&s->directory_lock);
    kms_arena_free(s->arena);
    free(s);
}

struct kms_directory *kms_service_directory(struct kms_service *s)
{
    struct kms_directory *d;

    pthread_mutex_lock(&s->directory_lock);
    d = kms_directory_ref(s->directory);
    pthread_mutex_unlock(&s->directory_lock);
    return d;
}

enum kms_rc kms_service_adopt(struct kms_service *s, struct kms_directory *d)
{
    KMS_AUTO(directory) old = d;
    KMS_AUTO(arena) a = NULL;
    struct kms_str digest = kms_directory_digest(d), detail;

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_arena_fmt(a, &detail, "sha256 %.*s", KMS_FMT(digest)));
    KMS_TRY(kms_service_event(s, "IdentitiesReload", detail));
    pthread_mutex_lock(&s->directory_lock);
    old = s->directory;
    s->directory = d;
    pthread_mutex_unlock(&s->directory_lock);
    return KMS_OK;
}

enum kms_rc kms_service_identify(struct kms_service *s, const struct kms_peer *peer,
                                 struct kms_arena *a, struct kms_str *principal)
{
    KMS_AUTO(directory) d = kms_service_directory(s);
    const struct kms_identity_rule *rules;
    struct kms_peer_identity found;
    size_t n;

    rules = kms_directory_rules(d, &n);
    KMS_TRY(kms_principal_of_peer(rules, n, s->opts.realm.partition, peer, a, &found));
    return kms_arena_str(a, found.principal, principal);
}

void kms_service_refused(struct kms_service *s, struct kms_str source_ip,
                         const char *reason)
{
    kms_refusals_count(s->refusals, source_ip, reason, kms_clock_now_ms());
}

enum kms_rc kms_service_new_id(struct kms_arena *a, struct kms_str *out)
{
    uint8_t uuid[KMS_UUID_LEN];
    char text[KMS_KEY_ID_MAX + 1];

    KMS_TRY(kms_keyring_uuid(uuid));
    kms_ident_format(uuid, false, text);
    return kms_arena_str(a, kms_str_of(text), out);
}

void kms_service_destroyed(struct kms_service *s)
{
    atomic_store(&s->destroyed, true);
}
