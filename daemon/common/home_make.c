#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "common/disk.h"
#include "common/home.h"
#include "common/home_lock.h"
#include "common/home_token.h"
#include "common/pin.h"
#include "common/token_keep.h"

/* Who is being made; the texts are NUL-terminated and live in the arena. */
struct making {
    const struct kms_home_opts *opts;
    struct kms_arena *arena;
    struct kms_str pin, own_pin, token, db, db_new, db_wal;
    bool pin_made, token_made; /* by this run, for the words of a failure */
};

static enum kms_rc free_place(const struct making *m, const char *path)
{
    if (!kms_disk_exists(path))
        return KMS_OK;
    return kms_err(KMS_E_CONFIG, "%s is there already%s", path,
                   kms_home_exists(m->opts->data)
                       ? ": this installation is complete, nothing was changed"
                       : " from an init that did not finish; remove it and run again");
}

/* The PIN: a given file that is there is used, else one is made. */
static enum kms_rc get_pin(struct making *m, struct kms_secret **pin)
{
    if (kms_disk_exists(m->pin.p)) {
        KMS_TRY(kms_pin_read(m->pin.p, pin));
        /* 22 base64 digits are 128 bits; another token counts wrong PINs itself. */
        if (m->opts->module == NULL && kms_secret_view(*pin).n < 22)
            return kms_err(KMS_E_CONFIG,
                           "%s: too short for SoftHSM2, which lets a thief of its files "
                           "guess; 22 random characters or more, or name no file and "
                           "one is made",
                           m->pin.p);
        return KMS_OK;
    }
    if (m->opts->module != NULL)
        return kms_err(KMS_E_CONFIG,
                       "%s: no PIN there; write the user PIN of the token into it (0600)",
                       m->pin.p);
    KMS_TRY(kms_pin_make(m->pin.p, pin));
    m->pin_made = true;
    return KMS_OK;
}

/* A module that was named has an initialised token; SoftHSM2 gets a fresh one. */
static enum kms_rc get_token(struct making *m, struct kms_token **out)
{
    KMS_AUTO(secret) pin = NULL;
    struct kms_token_opts opts;

    KMS_TRY(kms_home_token_opts(m->opts, &opts));
    KMS_TRY(get_pin(m, &pin));
    opts.pin = pin;
    if (m->opts->module == NULL) {
        m->token_made = true;
        KMS_TRY(kms_token_softhsm_dir(m->token.p));
        KMS_TRY(kms_token_init(&opts));
    }
    return kms_token_open(&opts, out);
}

static enum kms_rc put_meta(struct kms_store *s, struct kms_bytes kek_id,
                            struct kms_bytes row_key, struct kms_arena *a)
{
    struct kms_str created;

    KMS_TRY(kms_arena_fmt(a, &created, "%lld", (long long)kms_clock_now_ms()));
    KMS_TRY(kms_store_meta_put(s, "kek_id", kek_id));
    KMS_TRY(kms_store_meta_put(s, "row_key", row_key));
    return kms_store_meta_put(s, "created_ms", kms_bytes_of_str(created));
}

/*
 * The database is made under another name and renamed last: it is what makes an
 * installation exist, and it must not exist without the keys that open it.
 */
static enum kms_rc make_db(struct making *m, struct kms_bytes kek_id,
                           struct kms_bytes row_key)
{
    const struct kms_store_opts opts = {
        .path = m->db_new.p, .profile = m->opts->profile, .create = true};
    struct kms_store *store;
    enum kms_rc rc;

    KMS_TRY(kms_store_open(&opts, &store));
    rc = put_meta(store, kek_id, row_key, m->arena);
    kms_store_free(store);
    if (rc == KMS_OK && kms_disk_exists(m->db_wal.p))
        rc = kms_err(KMS_E_STORE, "%s: could not be closed whole", m->db_new.p);
    return rc == KMS_OK ? kms_disk_move_dir(m->db_new.p, m->db.p) : rc;
}

static enum kms_rc make_all(struct making *m)
{
    KMS_AUTO(token) token = NULL;
    KMS_AUTO(keyring) keyring = NULL;
    uint8_t kek_id[KMS_KEK_ID_LEN];
    struct kms_bytes row_key;

    KMS_TRY(get_token(m, &token));
    KMS_TRY(kms_token_kek_new(token, kek_id));
    KMS_TRY(kms_token_kek_use(token, kek_id));
    KMS_TRY(kms_token_selftest(token));
    if (strcmp(m->opts->profile, "dev") != 0)
        KMS_TRY(kms_canary_prove(m->opts, token, kek_id));
    KMS_TRY(kms_keyring_open(&(struct kms_keyring_opts){.token = token, .kek_id = kek_id},
                             &keyring));
    KMS_TRY(kms_keyring_row_key_make(keyring, m->arena, &row_key));
    if (m->opts->module == NULL)
        KMS_TRY(kms_token_keep_save(m->opts->data, m->arena));
    return make_db(m, KMS_BYTES(kek_id), row_key);
}

static enum kms_rc place(struct making *m)
{
    const char *data = m->opts->data;

    KMS_TRY(kms_pin_path(m->opts, m->arena, &m->pin));
    KMS_TRY(kms_arena_fmt(m->arena, &m->own_pin, "%s/pin", data));
    KMS_TRY(kms_arena_fmt(m->arena, &m->token, "%s/token", data));
    KMS_TRY(kms_arena_fmt(m->arena, &m->db, "%s/kmsd.db", data));
    KMS_TRY(kms_arena_fmt(m->arena, &m->db_new, "%s/kmsd.db.new", data));
    KMS_TRY(kms_arena_fmt(m->arena, &m->db_wal, "%s/kmsd.db.new-wal", data));
    KMS_TRY(free_place(m, m->db.p));
    KMS_TRY(free_place(m, m->db_new.p));
    if (m->opts->module == NULL)
        KMS_TRY(free_place(m, m->token.p));
    /* A PIN that was given, by file or as a credential, is used; an old one is not. */
    if (m->opts->module == NULL && kms_str_eq(m->pin, m->own_pin))
        return free_place(m, m->pin.p);
    return KMS_OK;
}

/* Says what the failed run left, so that the next one finds a clean place. */
static enum kms_rc leavings(const struct making *m, enum kms_rc rc)
{
    char why[4096];
    bool db = kms_disk_exists(m->db_new.p);

    if (!m->pin_made && !m->token_made && !db)
        return rc;
    snprintf(why, sizeof why, "%s", kms_err_note(rc));
    return kms_err(rc, "%s; before another try remove what is left:%s%s%s%s%s%s", why,
                   m->pin_made ? " " : "", m->pin_made ? m->pin.p : "",
                   m->token_made ? " " : "", m->token_made ? m->token.p : "",
                   db ? " " : "", db ? m->db_new.p : "");
}

enum kms_rc kms_home_make(const struct kms_home_opts *opts)
{
    KMS_AUTO(arena) a = NULL;
    struct making m = {.opts = opts};
    enum kms_rc rc;
    int lock;

    KMS_TRY(kms_arena_new(&a));
    m.arena = a;
    KMS_TRY(place(&m));
    KMS_TRY(kms_disk_make_dir(opts->data));
    KMS_TRY(kms_home_lock(opts->data, &lock));
    rc = place(&m); /* again: somebody may have been faster to the lock */
    if (rc == KMS_OK)
        rc = make_all(&m);
    close(lock);
    return rc == KMS_OK ? rc : leavings(&m, rc);
}
