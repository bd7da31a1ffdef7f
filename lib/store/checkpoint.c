#include "store/checkpoint.h"
#include "base/thread.h"

/* Pages of 8 KiB: wake the thread at 8 MiB, and leave at most 1 MiB to the writer. */
enum { WAKE_FRAMES = 1024, REST_FRAMES = 128, PASSES_MAX = 8 };
enum { BUSY_MS = 5000 };

/* Called by SQLite after each commit, in the writer's thread. */
static int on_commit(void *arg, sqlite3 *db, const char *name, int frames)
{
    struct kms_checkpointer *c = arg;

    (void)db;
    (void)name;
    atomic_store(&c->frames, frames);
    return SQLITE_OK;
}

static void fold(struct kms_checkpointer *c)
{
    for (int i = 0; i < PASSES_MAX; i++) {
        int in_log = 0, folded = 0;

        if (sqlite3_wal_checkpoint_v2(c->conn->db, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                      &in_log, &folded) != SQLITE_OK)
            return;
        if (atomic_load(&c->frames) - folded <= REST_FRAMES) {
            atomic_store(&c->settled, true);
            return;
        }
    }
}

static void *body(void *arg)
{
    struct kms_checkpointer *c = arg;

    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->due && !c->stopping)
            pthread_cond_wait(&c->wake, &c->lock);
        if (c->stopping)
            break;
        c->due = false;
        pthread_mutex_unlock(&c->lock);
        fold(c);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

enum kms_rc kms_checkpointer_start(struct kms_checkpointer *c, const char *path,
                                   struct kms_conn *writer)
{
    KMS_TRY(kms_conn_open(path, KMS_CONN_WRITE, &c->conn));
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    c->next_at = WAKE_FRAMES;
    KMS_TRY(kms_thread_start(&c->thread, "kms-checkpoint", body, c));
    c->running = true;
    sqlite3_wal_hook(writer->db, on_commit, c);
    return KMS_OK;
}

void kms_checkpointer_stop(struct kms_checkpointer *c, bool abandon)
{
    if (c->running) {
        pthread_mutex_lock(&c->lock);
        c->stopping = true;
        pthread_cond_signal(&c->wake);
        pthread_mutex_unlock(&c->lock);
        pthread_join(c->thread, NULL);
        c->running = false;
    }
    if (c->conn != NULL) {
        if (abandon)
            kms_conn_abandon(c->conn);
        kms_conn_free(c->conn);
        c->conn = NULL;
        pthread_mutex_destroy(&c->lock);
        pthread_cond_destroy(&c->wake);
    }
}

void kms_checkpointer_tend(struct kms_checkpointer *c, struct kms_conn *writer)
{
    int frames = atomic_load(&c->frames);

    if (atomic_exchange(&c->settled, false)) {
        /* Nothing is being written now, so this pass reaches the end of the log. */
        sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                  NULL);
        c->next_at = frames + WAKE_FRAMES;
        return;
    }
    if (frames + WAKE_FRAMES < c->next_at)
        c->next_at = WAKE_FRAMES; /* the log has started over */
    if (frames < c->next_at)
        return;
    c->next_at = frames + WAKE_FRAMES;
    pthread_mutex_lock(&c->lock);
    c->due = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
}

enum kms_rc kms_checkpointer_truncate(struct kms_checkpointer *c, struct kms_conn *writer,
                                      int wait_ms)
{
    int in_log = 0, r;

    sqlite3_busy_timeout(writer->db, wait_ms);
    r = sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &in_log,
                                  NULL);
    sqlite3_busy_timeout(writer->db, BUSY_MS);
    if ((r & 0xff) == SQLITE_BUSY)
        return kms_err(KMS_E_BUSY, "a reader still needs the write-ahead log");
    if (r != SQLITE_OK)
        return kms_conn_err(writer, "cannot fold the write-ahead log into the database");
    atomic_store(&c->frames, in_log > 0 ? in_log : 0);
    c->next_at = WAKE_FRAMES;
    return KMS_OK;
}
