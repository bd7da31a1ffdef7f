#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "dispatch/service.h"
#include "kmsd/daemon.h"
#include "wire/jw.h"
#include "wire/timestamp.h"

static void put_text(struct kms_jw *w, const char *name, const char *text)
{
    kms_jw_key(w, name);
    kms_jw_z(w, text);
}

static void put_int(struct kms_jw *w, const char *name, int64_t value)
{
    kms_jw_key(w, name);
    kms_jw_int(w, value);
}

static void put_time(struct kms_jw *w, const char *name, int64_t ms)
{
    char text[KMS_TIME_ISO_SIZE];

    kms_time_iso(ms, text);
    put_text(w, name, text);
}

static void put_listeners(struct kms_jw *w, const struct kms_daemon *d)
{
    const struct kms_address *http = kms_front_http(d->front);
    char text[KMS_ADDRESS_TEXT_MAX];

    kms_jw_key(w, "listeners");
    kms_jw_object(w);
    kms_address_text(kms_front_https(d->front), text);
    put_text(w, "https", text);
    if (http != NULL) {
        kms_address_text(http, text);
        put_text(w, "http", text);
    }
    put_int(w, "connections", kms_front_connections(d->front));
    put_time(w, "certificate_expires", kms_front_expires_ms(d->front));
    kms_jw_end(w);
}

static void put_token(struct kms_jw *w, const struct kms_daemon *d)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_str text = {NULL, 0};

    kms_jw_key(w, "token");
    kms_jw_object(w);
    if (kms_arena_new(&a) == KMS_OK &&
        kms_token_describe(d->home->token, a, &text) == KMS_OK)
        kms_jw_member(w, "description", text);
    kms_jw_key(w, "healthy");
    kms_jw_bool(w, kms_token_healthy(d->home->token));
    kms_jw_end(w);
}

static void put_counts(struct kms_jw *w, const struct kms_daemon *d)
{
    struct kms_store_stats store = {0};
    struct kms_keyring_stats keyring = {0};

    kms_store_stats(d->home->store, &store);
    kms_keyring_stats(d->home->keyring, &keyring);
    kms_jw_key(w, "store");
    kms_jw_object(w);
    put_int(w, "commits", (int64_t)store.commits);
    put_int(w, "jobs", (int64_t)store.jobs);
    put_int(w, "key_cache_hits", (int64_t)store.key_cache_hits);
    put_int(w, "key_cache_misses", (int64_t)store.key_cache_misses);
    kms_jw_end(w);
    kms_jw_key(w, "keyring");
    kms_jw_object(w);
    put_int(w, "hits", (int64_t)keyring.hits);
    put_int(w, "unseals", (int64_t)keyring.unseals);
    put_int(w, "cached", (int64_t)keyring.cached);
    kms_jw_end(w);
}

static void put_identities(struct kms_jw *w, const struct kms_daemon *d)
{
    KMS_AUTO(directory) dir = kms_service_directory(d->service);

    put_text(w, "authorization", d->config->no_authz ? "off" : "enforced");
    kms_jw_key(w, "identities");
    kms_jw_object(w);
    if (kms_directory_digest(dir).p != NULL)
        put_text(w, "file", d->config->identities);
    kms_jw_member(w, "sha256", kms_directory_digest(dir));
    put_int(w, "entries", (int64_t)kms_identities_count(kms_directory_identities(dir)));
    kms_jw_end(w);
}

void kms_daemon_status(const struct kms_daemon *d, struct kms_buf *out)
{
    struct kms_jw w = kms_jw_start(out);

    kms_jw_object(&w);
    put_text(&w, "profile", d->config->dev ? "dev" : "server");
    put_text(&w, "version", KMSD_VERSION);
    put_int(&w, "pid", getpid());
    put_time(&w, "time", kms_clock_now_ms());
    put_int(&w, "uptime_s", (kms_clock_mono_us() - d->started_us) / 1000000);
    put_text(&w, "data", d->data);
    put_text(&w, "account", d->config->account);
    put_text(&w, "region", d->config->region);
    put_listeners(&w, d);
    put_identities(&w, d);
    put_token(&w, d);
    put_counts(&w, d);
    kms_jw_key(&w, "secrets_locked");
    kms_jw_bool(&w, kms_secret_locked());
    kms_jw_key(&w, "sandboxed");
    kms_jw_bool(&w, d->sandboxed);
    kms_jw_end(&w);
}
