#include <assert.h>
#include <string.h>

#include "store/engine.h"

/* Names that start so are the store's own. */
static const char own[] = "store.";
static const char state_name[] = "store.state"; /* u64 epoch | root */
static const char profile_name[] = "store.profile";

static KMS_RC get(struct kms_tx *tx, const char *name, struct kms_arena *a,
                  struct kms_bytes *out)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_META_GET, &s));
    kms_stmt_text(s, 1, kms_str_of(name));
    KMS_TRY(kms_stmt_step(s, &row));
    if (row)
        return kms_arena_bytes(a, kms_stmt_col_bytes(s, 0), out);
    *out = (struct kms_bytes){NULL, 0};
    return KMS_OK;
}

static KMS_RC put(struct kms_tx *tx, const char *name, struct kms_bytes value)
{
    KMS_AUTO(stmt) s = NULL;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_META_PUT, &s));
    kms_stmt_text(s, 1, kms_str_of(name));
    kms_stmt_bytes(s, 2, value);
    return kms_stmt_run(s);
}

enum kms_rc kms_store_meta_get(struct kms_store *s, const char *name, struct kms_arena *a,
                               struct kms_bytes *out)
{
    KMS_AUTO(tx) tx = NULL;

    if (!atomic_load(&s->started))
        return get(&s->writer_tx, name, a, out);
    KMS_TRY(kms_store_read(s, &tx));
    return get(tx, name, a, out);
}

enum kms_rc kms_store_meta_put(struct kms_store *s, const char *name,
                               struct kms_bytes value)
{
    assert(strncmp(name, own, sizeof own - 1) != 0);
    if (atomic_load(&s->started))
        return kms_err(KMS_E_STORE, "%s can be set before the store has started only",
                       name);
    return put(&s->writer_tx, name, value);
}

enum kms_rc kms_profile_set(struct kms_tx *tx, const char *profile)
{
    return put(tx, profile_name, kms_bytes_of_str(kms_str_of(profile)));
}

enum kms_rc kms_profile_check(struct kms_tx *tx, const char *profile)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_bytes made_by;

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(get(tx, profile_name, a, &made_by));
    if (made_by.p == NULL)
        return kms_err(KMS_E_CONFIG, "the database does not say which profile made it");
    if (!kms_bytes_eq(made_by, kms_bytes_of_str(kms_str_of(profile))))
        return kms_err(KMS_E_CONFIG,
                       "the database was made by the %.*s profile and cannot be used by "
                       "the %s profile",
                       (int)made_by.n, (const char *)made_by.p, profile);
    return KMS_OK;
}

enum kms_rc kms_state_load(struct kms_tx *tx, uint64_t *epoch, uint8_t root[KMS_MAC_LEN],
                           bool *there)
{
    KMS_AUTO(stmt) s = NULL;
    struct kms_bytes v;
    uint64_t e = 0;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_META_GET, &s));
    kms_stmt_text(s, 1, kms_str_of(state_name));
    KMS_TRY(kms_stmt_step(s, &row));
    *there = row;
    if (!row)
        return KMS_OK;
    v = kms_stmt_col_bytes(s, 0);
    if (v.n != 8 + KMS_MAC_LEN)
        return kms_err(KMS_E_TAMPERED, "table meta, row store.state: not a state");
    for (int i = 0; i < 8; i++)
        e = e << 8 | v.p[i];
    *epoch = e;
    memcpy(root, v.p + 8, KMS_MAC_LEN);
    return KMS_OK;
}

enum kms_rc kms_state_save(struct kms_tx *tx, uint64_t epoch,
                           const uint8_t root[KMS_MAC_LEN])
{
    uint8_t v[8 + KMS_MAC_LEN];

    kms_put_be64(v, epoch);
    memcpy(v + 8, root, KMS_MAC_LEN);
    return put(tx, state_name, KMS_BYTES(v));
}
