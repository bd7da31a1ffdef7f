#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/disk.h"
#include "common/home.h"
#include "common/home_lock.h"
#include "common/home_token.h"
#include "common/token_keep.h"
#include "crypto/selftest.h"

bool kms_home_exists(const char *data)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/kmsd.db", data);

    return n > 0 && (size_t)n < sizeof path && kms_disk_exists(path);
}

void kms_home_free(struct kms_home *h)
{
    if (h == NULL)
        return;
    kms_store_free(h->store);
    kms_keyring_free(h->keyring);
    kms_token_free(h->token);
    if (h->lock_fd >= 0)
        close(h->lock_fd); /* gives the lock up; the file stays */
    free(h->data);
    free(h);
}

/* A directory that others may write in can be given another token or database. */
static enum kms_rc check_dir(const char *data)
{
    struct stat st;

    if (stat(data, &st) != 0 || !S_ISDIR(st.st_mode))
        return kms_err(KMS_E_CONFIG,
                       "%s: no such directory; kmsctl init --data makes one", data);
    if ((st.st_mode & 0022) != 0)
        return kms_err(KMS_E_CONFIG,
                       "%s: others may write here (mode %04o); chmod 700 it", data,
                       (unsigned)st.st_mode & 07777);
    if (!kms_home_exists(data))
        return kms_err(KMS_E_CONFIG, "%s: holds no kmsd.db; kmsctl init --data makes one",
                       data);
    return KMS_OK;
}

/* A value that init put into the database and without which nothing can be opened. */
static enum kms_rc need_meta(const struct kms_home *h, const char *name,
                             struct kms_arena *a, struct kms_bytes *out)
{
    KMS_TRY(kms_store_meta_get(h->store, name, a, out));
    if (out->p == NULL)
        return kms_err(KMS_E_TAMPERED, "%s/kmsd.db: \"%s\" is missing; restore a backup",
                       h->data, name);
    return KMS_OK;
}

static enum kms_rc open_keys(struct kms_home *h)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_bytes kek_id, row_key;
    struct kms_row_mac mac;

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(need_meta(h, "kek_id", a, &kek_id));
    KMS_TRY(need_meta(h, "row_key", a, &row_key));
    if (kek_id.n != KMS_KEK_ID_LEN)
        return kms_err(KMS_E_TAMPERED, "%s/kmsd.db: \"kek_id\" has %zu bytes, not %d",
                       h->data, kek_id.n, KMS_KEK_ID_LEN);
    KMS_TRY(kms_token_kek_use(h->token, kek_id.p));
    KMS_TRY(kms_token_selftest(h->token));
    KMS_TRY(kms_keyring_open(
        &(struct kms_keyring_opts){.token = h->token, .kek_id = kek_id.p}, &h->keyring));
    KMS_TRY(kms_keyring_row_key_load(h->keyring, row_key));
    mac = kms_keyring_row_mac(h->keyring);
    return kms_store_start(h->store, &mac);
}

enum kms_rc kms_home_open(const struct kms_home_opts *opts, struct kms_home **out)
{
    KMS_AUTO(home) h = calloc(1, sizeof *h);
    KMS_AUTO(arena) a = NULL;
    struct kms_str db;

    if (h == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory at start");
    h->lock_fd = -1;
    if ((h->data = strdup(opts->data)) == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory at start");
    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_crypto_selftest());
    KMS_TRY(check_dir(opts->data));
    KMS_TRY(kms_home_lock(opts->data, &h->lock_fd));
    KMS_TRY(kms_home_token_open(opts, &h->token));
    KMS_TRY(kms_arena_fmt(a, &db, "%s/kmsd.db", opts->data));
    KMS_TRY(kms_store_open(&(struct kms_store_opts){.path = db.p,
                                                    .profile = opts->profile,
                                                    .on_fatal = opts->on_fatal,
                                                    .on_fatal_arg = opts->on_fatal_arg},
                           &h->store));
    KMS_TRY(open_keys(h));
    if (opts->module == NULL)
        KMS_TRY(kms_token_keep_save(opts->data, a));
    *out = KMS_TAKE(h);
    return KMS_OK;
}
