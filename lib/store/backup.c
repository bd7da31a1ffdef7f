#include "store/engine.h"
#include "store/file.h"

/*
 * One step copies everything under one snapshot of a reader's connection: the writer is
 * not held up, and the copy cannot be restarted by its commits.
 */
static KMS_RC copy(struct kms_conn *from, const char *path)
{
    KMS_AUTO(conn) to = NULL;
    sqlite3_backup *b;
    int r;

    KMS_TRY(kms_conn_open(path, KMS_CONN_WRITE, &to));
    b = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (b == NULL)
        return kms_conn_err(to, "cannot begin the backup");
    sqlite3_backup_step(b, -1);
    r = sqlite3_backup_finish(b);
    if (r != SQLITE_OK)
        return kms_err(KMS_E_STORE, "the backup failed: %s", sqlite3_errstr(r));
    return KMS_OK;
}

enum kms_rc kms_store_backup(struct kms_store *s, const char *path)
{
    KMS_AUTO(conn) from = NULL;
    enum kms_rc rc;

    if (atomic_load(&s->stopped))
        return kms_err(KMS_E_STORE, "the store has stopped: a commit failed");
    KMS_TRY(kms_conn_open(s->path, KMS_CONN_READ, &from));
    KMS_TRY(kms_file_create(path));
    rc = copy(from, path);
    if (rc == KMS_OK)
        rc = kms_file_sync(path);
    if (rc != KMS_OK)
        kms_file_remove(path);
    return rc;
}
