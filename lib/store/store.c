#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/engine.h"
#include "store/file.h"
#include "store/schema.h"

/* A record is a few kilobytes; this many keys answer without the database. */
enum { KEY_CACHE_MAX = 10000 };

static KMS_RC make_store(const struct kms_store_opts *o, struct kms_store **out)
{
    struct kms_store *s = calloc(1, sizeof *s);

    if (s == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for the store");
    s->claim = -1;
    s->on_fatal = o->on_fatal;
    s->on_fatal_arg = o->on_fatal_arg;
    s->writer_tx = (struct kms_tx){.store = s, .writes = true};
    pthread_mutex_init(&s->state_lock, NULL);
    kms_readers_init(&s->readers);
    kms_writer_init(&s->writer);
    s->path = strdup(o->path);
    if (s->path == NULL) {
        kms_store_free(s);
        return kms_err(KMS_E_NOMEM, "out of memory for the store");
    }
    *out = s;
    return KMS_OK;
}

void kms_store_free(struct kms_store *s)
{
    bool abandon;

    if (s == NULL)
        return;
    kms_writer_stop(s);
    /* After a failed sync nothing is written any more, not even what was committed. */
    abandon = atomic_load(&s->stopped);
    kms_checkpointer_stop(&s->checkpointer, abandon);
    kms_readers_close(&s->readers, abandon);
    if (abandon)
        kms_conn_abandon(s->writer_tx.conn);
    /* The last connection folds the log into the database, syncs and removes it. */
    kms_conn_free(s->writer_tx.conn);
    if (s->claim >= 0)
        close(s->claim);
    kms_keycache_free(s->cache);
    kms_aliascache_free(s->aliases);
    kms_arena_free(s->writer_tx.arena);
    kms_writer_clear(&s->writer);
    pthread_mutex_destroy(&s->state_lock);
    free(s->path);
    free(s);
}

/* The journal mode is a property of the file; it says what it could be set to. */
static KMS_RC set_wal(struct kms_conn *c)
{
    sqlite3_stmt *st = NULL;
    bool wal = sqlite3_prepare_v2(c->db, "PRAGMA journal_mode = WAL", -1, &st, NULL) ==
                   SQLITE_OK &&
               sqlite3_step(st) == SQLITE_ROW &&
               strcmp((const char *)sqlite3_column_text(st, 0), "wal") == 0;

    sqlite3_finalize(st);
    return wal ? KMS_OK : kms_conn_err(c, "the database cannot have a write-ahead log");
}

/* One sync at the end is enough: before it there is nothing that could be lost. */
static KMS_RC create_database(struct kms_store *s, const char *profile)
{
    struct kms_conn *c = s->writer_tx.conn;

    KMS_TRY(kms_conn_exec(c, "PRAGMA synchronous = OFF"));
    /* Five usual audit records fit, of 4096 bytes only two: fewer frames to write. */
    KMS_TRY(kms_conn_exec(c, "PRAGMA page_size = 8192"));
    KMS_TRY(set_wal(c));
    KMS_TRY(kms_schema_create(c));
    KMS_TRY(kms_profile_set(&s->writer_tx, profile));
    KMS_TRY(kms_conn_exec(c, "PRAGMA synchronous = FULL"));
    return kms_checkpointer_truncate(&s->checkpointer, c, 0);
}

static KMS_RC open_database(struct kms_store *s, const struct kms_store_opts *o)
{
    struct kms_conn *c;

    KMS_TRY(kms_file_claim(s->path, &s->claim));
    KMS_TRY(kms_conn_open(s->path, KMS_CONN_WRITE, &s->writer_tx.conn));
    c = s->writer_tx.conn;
    if (o->create)
        return create_database(s, o->profile);
    KMS_TRY(kms_schema_migrate(c));
    KMS_TRY(set_wal(c));
    KMS_TRY(kms_schema_check(c));
    return kms_profile_check(&s->writer_tx, o->profile);
}

enum kms_rc kms_store_open(const struct kms_store_opts *opts, struct kms_store **out)
{
    KMS_AUTO(store) s = NULL;
    enum kms_rc rc;

    if (opts->create)
        KMS_TRY(kms_file_create(opts->path));
    KMS_TRY(make_store(opts, &s));
    rc = kms_arena_new(&s->writer_tx.arena);
    if (rc == KMS_OK)
        rc = kms_keycache_new(
            opts->key_cache_max != 0 ? opts->key_cache_max : KEY_CACHE_MAX, &s->cache);
    if (rc == KMS_OK)
        rc = kms_aliascache_new(&s->aliases);
    if (rc == KMS_OK)
        rc = open_database(s, opts);
    if (rc == KMS_OK)
        *out = KMS_TAKE(s);
    else if (opts->create) {
        kms_store_free(KMS_TAKE(s));
        kms_file_remove(opts->path);
    }
    return rc;
}

enum kms_rc kms_store_start(struct kms_store *s, const struct kms_row_mac *mac)
{
    if (atomic_load(&s->started))
        return kms_err(KMS_E_STORE, "the store has started already");
    s->mac = *mac;
    KMS_TRY(kms_store_scan(&s->writer_tx));
    KMS_TRY(kms_checkpointer_start(&s->checkpointer, s->path, s->writer_tx.conn));
    KMS_TRY(kms_writer_start(s));
    atomic_store(&s->started, true);
    return KMS_OK;
}

void kms_store_root(struct kms_store *s, uint64_t *epoch, uint8_t root[32])
{
    pthread_mutex_lock(&s->state_lock);
    *epoch = s->epoch;
    memcpy(root, s->root, KMS_MAC_LEN);
    pthread_mutex_unlock(&s->state_lock);
}

void kms_store_stats(struct kms_store *s, struct kms_store_stats *out)
{
    out->commits = atomic_load(&s->commits);
    out->jobs = atomic_load(&s->jobs);
    kms_keycache_counts(s->cache, &out->key_cache_hits, &out->key_cache_misses);
}
